-- 110_messaging: what may be sent to a client. One place decides (app.messaging_refusal); the table of messages asks it when a message
-- comes in and again before it goes out (app.message_gate). docs/record.md, Messages, says why which purpose needs her yes.

SET LOCAL ROLE foyer_owner;

-- What a message is about. 'always': safety and security, which no objection stops: codes, accounts, the recall of a lot. A kind that
-- is not listed counts as news, so that a new kind is refused until somebody has thought about it.
CREATE OR REPLACE FUNCTION app.message_purpose(kind text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN starts_with(kind, 'account_') OR kind IN ('lot_recall', 'heads', 'demo_request') THEN 'always'
                WHEN kind IN ('booked', 'moved', 'cancelled', 'series_booked', 'series_changed', 'series_cancelled', 'waitlist_offer') THEN 'visits'
                WHEN kind IN ('forms', 'form_link', 'form_copy', 'correction') THEN 'forms'
                WHEN kind IN ('forms_due', 'forms_open') THEN 'reminders'
                ELSE 'news' END
$$;

-- Whether it takes her yes; otherwise it is allowed until she objects.
CREATE OR REPLACE FUNCTION app.messaging_needs_yes(channel text, purpose text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT purpose = 'news' OR channel = 'sms' $$;

CREATE OR REPLACE FUNCTION app.channel_words(channel text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT CASE channel WHEN 'email' THEN 'E-mail' WHEN 'sms' THEN 'Text message' WHEN 'phone' THEN 'Phone call' END $$;

CREATE OR REPLACE FUNCTION app.messaging_words(purpose text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT CASE purpose WHEN 'visits' THEN 'About visits' WHEN 'forms' THEN 'Forms and copies' WHEN 'reminders' THEN 'Reminders' WHEN 'news' THEN 'Offers and news' END $$;

CREATE OR REPLACE FUNCTION app.messaging_source_words(source text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE source WHEN 'form' THEN 'in a signed form' WHEN 'link' THEN 'on the client''s own page' WHEN 'desk' THEN 'told at the desk'
                       WHEN 'paper' THEN 'on paper' WHEN 'import' THEN 'from a list that was read in' WHEN 'booking' THEN 'when booking online'
                       WHEN 'restore' THEN 'known from the list beside the backups' END
$$;

-- Why nothing may be sent to her on this channel for this purpose; NULL: it may. What she said last counts, on any of her joined records.
CREATE OR REPLACE FUNCTION app.messaging_refusal(client uuid, wanted_channel text, wanted_purpose text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    said boolean;
BEGIN
    SELECT m.is_given INTO said FROM app.messaging_consent m
    WHERE m.tenant_id = app.tenant() AND m.client_id = ANY (app.person_ids(client))
      AND m.channel = wanted_channel AND m.purpose = wanted_purpose
    ORDER BY m.at DESC, m.id DESC LIMIT 1;
    RETURN CASE WHEN said THEN NULL WHEN NOT said THEN 'objected' WHEN app.messaging_needs_yes(wanted_channel, wanted_purpose) THEN 'not_asked' END;
END $$;

-- A message to a client that may not be sent is kept as refused, with the reason: when it comes in, and when it would go out, in the
-- transaction that says so. An address that wants nothing more (app.suppression) gets nothing about any client; only mails about
-- accounts and codes, which are about no client, are not asked for.
CREATE OR REPLACE FUNCTION app.message_gate() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    purpose text := app.message_purpose(NEW.kind);
    why text;
BEGIN
    IF NEW.client_id IS NULL OR NEW.state NOT IN ('kept', 'queued', 'sending') OR starts_with(NEW.kind, 'account_') THEN
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT FROM app.suppression s
               WHERE s.tenant_id = NEW.tenant_id AND s.channel = NEW.channel AND s.address_hash = NEW.address_hash AND s.is_out) THEN
        why := 'opted_out';
    ELSIF purpose <> 'always' THEN
        why := app.messaging_refusal(NEW.client_id, NEW.channel, purpose);
    END IF;
    IF why IS NOT NULL THEN
        NEW.state := 'suppressed';
        NEW.problem := why;
    END IF;
    RETURN NEW;
END $$;

-- Whether a message that was written under this key goes out, as far as app.message_gate has it: for who says that it was sent.
CREATE OR REPLACE FUNCTION app.message_goes(written text) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM app.message m WHERE m.tenant_id = app.tenant() AND m.dedupe_key = written AND m.state <> 'suppressed');
END $$;

-- Of each channel and purpose: the words in force, what she said last, and whether it may be sent. For the client herself, for staff
-- that may read her record, and for jobs.
CREATE OR REPLACE FUNCTION app.messaging_of(client uuid)
RETURNS TABLE (channel text, purpose text, place int, wording_id uuid, version int, body text, is_given boolean, at timestamptz, source text, is_allowed boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    ids uuid[] := app.person_ids(client);
BEGIN
    IF NOT (CASE app.actor_kind() WHEN 'client' THEN client = app.own_client()
                                  WHEN 'staff' THEN app.may('client_read') OR app.reaches('client_read', client)
                                  ELSE app.actor_kind() = 'job' END) IS TRUE THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT w.channel, w.purpose, (array_position(ARRAY['visits', 'forms', 'reminders', 'news'], w.purpose) * 10 + array_position(ARRAY['email', 'sms', 'phone'], w.channel)),
           w.id, w.version, w.body, s.is_given, s.at, s.source, coalesce(s.is_given, NOT app.messaging_needs_yes(w.channel, w.purpose))
    FROM (SELECT DISTINCT ON (x.channel, x.purpose) x.channel::text, x.purpose::text, x.id, x.version, x.body
          FROM app.messaging_wording x WHERE x.tenant_id = app.tenant() ORDER BY x.channel, x.purpose, x.version DESC) AS w
    LEFT JOIN LATERAL (SELECT m.is_given, m.at, m.source::text FROM app.messaging_consent m
                       WHERE m.tenant_id = app.tenant() AND m.client_id = ANY (ids) AND m.channel = w.channel AND m.purpose = w.purpose
                       ORDER BY m.at DESC, m.id DESC LIMIT 1) AS s ON true
    ORDER BY 3;
END $$;

-- Whether these are the newest words for their channel and purpose. Internal.
CREATE OR REPLACE FUNCTION app.messaging_in_force(w app.messaging_wording) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    SELECT NOT EXISTS (SELECT FROM app.messaging_wording n
                       WHERE n.tenant_id = w.tenant_id AND n.channel = w.channel AND n.purpose = w.purpose AND n.version > w.version)
$$;

-- The words of this id if they are in force, or FY422: they have changed since they were shown. Internal.
CREATE OR REPLACE FUNCTION app.messaging_wording_now(wanted uuid, OUT channel text, OUT purpose text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    SELECT w.channel, w.purpose INTO channel, purpose FROM app.messaging_wording w
    WHERE w.tenant_id = app.tenant() AND w.id = wanted AND app.messaging_in_force(w);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'The words have changed since you opened this page. Please read them again.' USING ERRCODE = 'FY422', COLUMN = 'allows';
    END IF;
END $$;

-- On her own page: she allows what is among these words, and nothing else. Only what changes is written down.
CREATE OR REPLACE FUNCTION app.messaging_choose(chosen uuid[]) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    client uuid := app.own_client();
    one uuid;
BEGIN
    IF client IS NULL THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    FOREACH one IN ARRAY coalesce(chosen, '{}') LOOP
        PERFORM app.messaging_wording_now(one);
    END LOOP;
    -- Two pages open at once: one after the other.
    PERFORM FROM app.client c WHERE c.tenant_id = app.tenant() AND c.id = client FOR UPDATE;
    INSERT INTO app.messaging_consent (client_id, channel, purpose, is_given, source, wording_id)
    SELECT client, m.channel, m.purpose, m.wording_id = ANY (coalesce(chosen, '{}')), 'link', m.wording_id
    FROM app.messaging_of(client) m
    WHERE m.is_allowed <> (m.wording_id = ANY (coalesce(chosen, '{}')));
    RETURN client;
END $$;

-- The staff notes what she said: at the desk or on paper.
CREATE OR REPLACE FUNCTION app.messaging_note(client uuid, wording uuid, given boolean, source text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    w record;
BEGIN
    IF app.actor_kind() <> 'staff' OR NOT (app.may('client_write') OR app.reaches('client_write', client)) OR source NOT IN ('desk', 'paper') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    PERFORM FROM app.client c WHERE c.tenant_id = app.tenant() AND c.id = client FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such client' USING ERRCODE = 'FY404';
    END IF;
    SELECT n.channel, n.purpose INTO w FROM app.messaging_wording_now(wording) n;
    INSERT INTO app.messaging_consent (client_id, channel, purpose, is_given, source, wording_id)
    VALUES (client, w.channel, w.purpose, given, source, wording);
    RETURN client;
END $$;

-- What a form that the link's client has just signed, or that the staff has just noted as signed on paper, says of messages, by the purposes of its questions. 'service' is all but news.
CREATE OR REPLACE FUNCTION app.messaging_signed(signature uuid, purposes text[], givens boolean[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO app.messaging_consent (client_id, channel, purpose, is_given, source, signature_id, at)
    SELECT s.client_id, split_part(x.purpose, '_', 1), k.purpose, bool_and(x.is_given), 'form', s.id, CASE s.place WHEN 'paper' THEN s.signed_at ELSE clock_timestamp() END
    FROM app.signature s
    JOIN unnest(purposes, givens) AS x (purpose, is_given) ON x.purpose ~ '_(service|news)$'
    JOIN (VALUES ('service', 'visits'), ('service', 'forms'), ('service', 'reminders'), ('news', 'news')) AS k (asked, purpose)
         ON k.asked = split_part(x.purpose, '_', 2)
    WHERE s.tenant_id = app.tenant() AND s.id = signature 
      AND (s.client_id = app.own_client() OR s.place = 'paper' AND s.noted_at = now() AND app.actor_kind() = 'staff')
      AND EXISTS (SELECT FROM app.form_question q WHERE q.tenant_id = s.tenant_id AND q.form_version_id = s.form_version_id AND q.purpose = x.purpose)
      AND NOT EXISTS (SELECT FROM app.messaging_consent m WHERE m.tenant_id = s.tenant_id AND m.client_id = s.client_id AND m.signature_id = s.id)
    GROUP BY s.client_id, s.id, s.place, s.signed_at, split_part(x.purpose, '_', 1), k.purpose;
END $$;

-- Who books online reads the words about visits beside her e-mail address; that she went on is her yes to e-mails about visits.
-- wording: the one that the page showed; when another one is in force by now, nothing is noted, and it stays allowed until she objects.
CREATE OR REPLACE FUNCTION app.messaging_booked(client uuid, wording uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF app.actor_kind() NOT IN ('visitor', 'client') OR NOT EXISTS (
        SELECT FROM app.client c WHERE c.tenant_id = app.tenant() AND c.id = client AND c.created_at = now()) THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    INSERT INTO app.messaging_consent (client_id, channel, purpose, is_given, source, wording_id)
    SELECT client, w.channel, w.purpose, true, 'booking', w.id FROM app.messaging_wording w
    WHERE w.tenant_id = app.tenant() AND w.id = wording AND w.channel = 'email' AND w.purpose = 'visits' AND app.messaging_in_force(w);
END $$;

-- The next version of the words that seen was: FY422 when somebody else has changed them meanwhile. What was agreed to before stays as it was.
CREATE OR REPLACE FUNCTION app.messaging_wording_save(seen uuid, body text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    w record;
BEGIN
    IF app.actor_kind() <> 'staff' OR NOT app.may('settings_write') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('messaging_wording' || app.tenant(), 0));
    SELECT n.channel, n.purpose INTO w FROM app.messaging_wording_now(seen) n;
    INSERT INTO app.messaging_wording (channel, purpose, version, body)
    SELECT w.channel, w.purpose, x.version + 1, btrim(body) FROM app.messaging_wording x
    WHERE x.tenant_id = app.tenant() AND x.id = seen AND x.body <> btrim(body);
END $$;

REVOKE ALL ON FUNCTION app.messaging_refusal(uuid, text, text), app.message_gate(), app.message_goes(text), app.messaging_of(uuid), app.messaging_in_force(app.messaging_wording),
    app.messaging_wording_now(uuid), app.messaging_choose(uuid[]), app.messaging_note(uuid, uuid, boolean, text), app.messaging_signed(uuid, text[], boolean[]), app.messaging_booked(uuid, uuid),
    app.messaging_wording_save(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.message_purpose(text), app.messaging_needs_yes(text, text), app.channel_words(text), app.messaging_words(text),
    app.messaging_source_words(text) TO foyer_staff, foyer_public, foyer_slow, foyer_jobs;
GRANT EXECUTE ON FUNCTION app.channel_words(text), app.messaging_words(text) TO foyer_disclosure;
GRANT EXECUTE ON FUNCTION app.messaging_of(uuid) TO foyer_staff, foyer_public, foyer_jobs;
GRANT EXECUTE ON FUNCTION app.message_goes(text) TO foyer_staff, foyer_jobs;
GRANT EXECUTE ON FUNCTION app.messaging_note(uuid, uuid, boolean, text), app.messaging_wording_save(uuid, text) TO foyer_staff;
GRANT EXECUTE ON FUNCTION app.messaging_choose(uuid[]), app.messaging_signed(uuid, text[], boolean[]), app.messaging_booked(uuid, uuid) TO foyer_public;
GRANT EXECUTE ON FUNCTION app.add_messaging_wordings() TO foyer_auth, foyer_migrator, foyer_backfill;
RESET ROLE;
