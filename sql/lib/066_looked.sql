-- 066_looked: what a client may know of who looked at her record. Owner: foyer_audit_reader, to whom no policy applies; so the
-- function names tenant and client itself, and both are those of the context: nobody asks it for somebody else.

SET LOCAL ROLE foyer_owner;

-- What an action means to the client whose record it touched, to be read after a name. What is not in here stands as in the
-- catalogue; what says "a client" there says "your" here.
CREATE OR REPLACE FUNCTION app.action_words_to_client(action text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT coalesce((SELECT w.words FROM (VALUES
        ('calendar.read', 'saw your appointment in the calendar'),
        ('appointment.read', 'opened your appointment'),
        ('appointment.create', 'booked an appointment for you'),
        ('appointment.move', 'moved your appointment'),
        ('appointment.over', 'booked or moved your appointment'),
        ('appointment.looked', 'looked at your appointment again'),
        ('appointment.waive', 'let a rule pass for your appointment'),
        ('calendar.export', 'took a list of appointments along, yours among them'),
        ('appointment.status', 'noted how your appointment stands'),
        ('appointment.cancel', 'cancelled your appointment'),
        ('client.search', 'saw your name in a list of clients'),
        ('client.read', 'opened your page'),
        ('client.create', 'added you as a client'),
        ('client.update', 'changed your contact details'),
        ('client.contact', 'changed how you are reached'),
        ('client.photo', 'saw your picture beside your name'),
        ('client.photo_change', 'put in your picture, or took it away'),
        ('client.guardian', 'changed who answers for you'),
        ('client.due', 'changed your due date'),
        ('client.tag', 'changed how you are sorted in their list'),
        ('client.field', 'changed what else they note of you'),
        ('correction.read', 'opened what was asked to be corrected'),
        ('correction.ask', 'asked for a correction'),
        ('correction.decide', 'decided about a correction'),
        ('correction.disagree', 'stated a disagreement with a refused correction'),
        ('correction.rebut', 'answered your statement of disagreement'),
        ('client.export', 'took out a list of clients with you in it'),
        ('client.duplicates', 'looked for a second record of yours'),
        ('client.join', 'joined two records of yours'),
        ('client.unjoin', 'took joined records of yours apart'),
        ('client.apart', 'said that a similar record is not yours'),
        ('client.watch', 'asked for more care with your record'),
        ('client.unwatch', 'ended the special care for your record'),
        ('chart.read', 'read your chart'),
        ('consent.list', 'opened the list of what you allowed'),
        ('chart.export', 'printed your chart, or took it along as a file'),
        ('chart.pdf', 'set your chart as a file'),
        ('consent.read', 'read a form that you signed'),
        ('consent.withdraw', 'ended something that you had allowed'),
        ('consent.copy', 'downloaded a form that you signed'),
        ('consent.file', 'opened a file that you attached to a form'),
        ('form.copy.send', 'sent you a link to your copy of a signed form'),
        ('form.pdf', 'made your copy of a signed form'),
        ('note.create', 'wrote a note in your chart'),
        ('note.sign', 'signed a note in your chart'),
        ('note.list', 'looked at the own notes that are not signed'),
        ('note.discard', 'discarded a draft of a note in your chart'),
        ('allergy.create', 'added an allergy to your chart'),
        ('allergy.end', 'ended an allergy in your chart'),
        ('encounter.create', 'noted a treatment in your chart'),
        ('encounter.sign', 'signed a treatment in your chart, or added to it'),
        ('encounter.change', 'changed a treatment in your chart'),
        ('encounter.void', 'took a treatment off your chart as an error'),
        ('plan.create', 'made a treatment plan for you'),
        ('plan.change', 'changed your treatment plan'),
        ('recall.read', 'looked who had received a product'),
        ('recall.export', 'listed who had received a product'),
        ('recall.prepare', 'prepared a letter to you'),
        ('recall.send', 'sent you a letter'),
        ('recall.print', 'had a letter to you printed'),
        ('recall.paper', 'opened a letter to you to print it'),
        ('medication.create', 'added a medication to your chart'),
        ('medication.end', 'ended a medication in your chart'),
        ('condition.create', 'added a condition to your chart'),
        ('condition.end', 'ended a condition in your chart'),
        ('health.none_known', 'noted in your chart that nothing of a kind is known'),
        ('form.send', 'sent you a link to forms'),
        ('form.unsigned', 'looked who has forms to sign'),
        ('message.list', 'saw a message to you in a list'),
        ('message.read', 'opened a message to you'),
        ('message.send', 'sent you a message'),
        ('booking.create', 'booked an appointment'),
        ('booking.read', 'opened the appointment'),
        ('booking.move', 'moved the appointment'),
        ('booking.cancel', 'cancelled the appointment'),
        ('link.prove', 'came in by a link with the date of birth'),
        ('audit.read', 'checked who had opened your record'),
        ('audit.event', 'checked who had opened your record'),
        ('audit.export', 'had a list made of who opened your record'),
        ('emergency.open', 'opened your chart'),
        ('emergency.end', 'closed your chart again'),
        ('emergency.review', 'checked why your chart was opened'),
        ('looked.read', 'opened this page')
    ) AS w (action, words) WHERE w.action = action_words_to_client.action),
        replace(replace(app.action_words(action), 'a client''s', 'your'), 'a client', 'you'))
$$;
REVOKE ALL ON FUNCTION app.action_words_to_client(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.action_words_to_client(text) TO foyer_audit_reader;

RESET ROLE;
SET LOCAL ROLE foyer_auth;
REVOKE SELECT (tenant_id, id, how) ON sec.session FROM foyer_audit_reader; -- (releases before asked it)
RESET ROLE;
SET LOCAL ROLE foyer_audit_reader;

-- Who looked at the record of the client that the link stands for, the newest first: when, who (by role or name, as the business
-- chose), what, why. Only what came about, nothing of other clients, no address, no browser, no reason as it was typed.
DROP FUNCTION IF EXISTS audit.looked(int, int);
CREATE OR REPLACE FUNCTION audit.looked(lim int, off int)
RETURNS TABLE (at_local timestamp, is_new_day boolean, who text, is_own boolean, is_emergency boolean, what text, why text, visit_on date)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    tenant uuid := app.tenant();
    her uuid := app.own_client();
    how_many int := least(greatest(coalesce(lim, 50), 0), 200);
    skip int := greatest(coalesce(off, 0), 0);
    place record;
BEGIN
    IF tenant IS NULL OR her IS NULL OR app.actor_kind() <> 'client' THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    SELECT t.zone, t.names_to_clients = 'name' AS by_name INTO place FROM app.tenant t WHERE t.id = tenant;
    RETURN QUERY
    SELECT x.at AT TIME ZONE place.zone,
           row_number() OVER w = 1 OR (x.at AT TIME ZONE place.zone)::date <> lag((x.at AT TIME ZONE place.zone)::date) OVER w,
           CASE WHEN x.actor_kind IN ('client', 'visitor') THEN 'You'
                WHEN x.actor_kind = 'staff' AND f.is_support THEN 'Support'
                WHEN x.actor_kind = 'staff' AND place.by_name THEN coalesce(f.name, 'Somebody of the staff')
                WHEN x.actor_kind = 'staff' THEN coalesce(nullif(f.role_names, ''), 'Somebody of the staff')
                WHEN x.actor_kind = 'job' THEN 'Our system'
                ELSE 'Whoever runs our system' END,
           x.actor_kind IN ('client', 'visitor'), x.is_emergency, app.action_words_to_client(x.action),
           y.why, CASE WHEN y.why = 'for your visit' THEN (v.starts_at AT TIME ZONE place.zone)::date END
    FROM (
        SELECT e.at, e.id, e.actor_kind, e.actor_id, e.action, e.action = 'emergency.open' OR (e.action NOT LIKE 'emergency.%' AND e.object_kind IS NOT DISTINCT FROM 'emergency') AS is_emergency FROM (
                SELECT one.* FROM audit.event one WHERE one.tenant_id = tenant AND one.client_id = her
                UNION ALL
                SELECT many.* FROM audit.event many WHERE many.tenant_id = tenant AND many.client_ids @> ARRAY[her] AND cardinality(many.client_ids) > 1
            ) AS e
            WHERE e.outcome = 'ok' AND e.action NOT IN ('note.sealed', 'encounter.sealed', 'encounter.added', 'encounter.marked', 'form.sealed', 'form.files')
            ORDER BY e.at DESC, e.id LIMIT how_many OFFSET skip) AS x
    LEFT JOIN app.staff f ON f.tenant_id = tenant AND f.id = x.actor_id
    LEFT JOIN LATERAL (
        SELECT a.starts_at FROM app.appointment a
        WHERE a.tenant_id = tenant AND a.client_id = her AND a.status NOT IN ('held', 'expired')
          AND a.starts_at >= x.at - interval '7 days' AND a.starts_at < x.at + interval '7 days'
        ORDER BY abs(extract(epoch FROM a.starts_at - x.at)) LIMIT 1) AS v ON true
    CROSS JOIN LATERAL (
        SELECT CASE WHEN x.actor_kind IN ('client', 'visitor', 'job') THEN NULL
            WHEN x.is_emergency THEN 'in an emergency'
            WHEN f.is_support THEN 'to help the studio with its system'
            WHEN x.action ~ '^(audit|client\.(un)?watch|emergency\.review)' THEN 'to look after your privacy'
            WHEN x.action ~ '^(message|form\.send)' THEN 'because of a message to you'
            WHEN v.starts_at IS NOT NULL THEN 'for your visit'
            WHEN x.action ~ '^(appointment|booking|calendar)' THEN 'because of a booking' END AS why) AS y
    WINDOW w AS (ORDER BY x.at DESC, x.id)
    ORDER BY x.at DESC, x.id;
END $$;

REVOKE ALL ON FUNCTION audit.looked(int, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.looked(int, int) TO foyer_public;
