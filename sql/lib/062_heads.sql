-- 062_heads: signed heads leave the host, for foyer_sealer; how far they have come, for whoever watches. Owner:
-- foyer_seal_owner, to whom no policy applies. A destination is a mail address, or 'file'.

SET LOCAL ROLE foyer_seal_owner;

-- Heads that a destination has not got: all, or only the greatest of each tree. Internal.
CREATE OR REPLACE FUNCTION audit.heads_missing(wanted text, is_all boolean) RETURNS SETOF audit.tree_head
LANGUAGE sql STABLE
AS $$
    SELECT h.* FROM audit.frontier f
    LEFT JOIN audit.head_arrived a ON a.tenant_id = f.tenant_id AND a.destination = wanted COLLATE "C"
    CROSS JOIN LATERAL (
        SELECT t.* FROM audit.tree_head t WHERE t.tenant_id = f.tenant_id AND t.size > coalesce(a.size, 0)
        ORDER BY t.size DESC LIMIT CASE WHEN is_all THEN 10000 ELSE 1 END) AS h
    ORDER BY h.signed_at, h.tenant_id, h.size
$$;

-- A head as a line. Internal.
CREATE OR REPLACE FUNCTION audit.head_line(h audit.tree_head) RETURNS text
LANGUAGE sql STABLE
AS $$
    SELECT concat_ws(' ', h.tenant_id, h.size, encode(h.root, 'hex'), to_char(h.signed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), h.key_id,
                     encode(h.signature, 'hex'))
$$;

-- These heads, as an object of tenants and sizes, have arrived.
CREATE OR REPLACE FUNCTION audit.heads_arrived(wanted text, sizes jsonb, moment timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO audit.head_arrived AS a (tenant_id, destination, size)
    SELECT s.key::uuid, wanted, s.value::bigint FROM jsonb_each_text(sizes) AS s
    ON CONFLICT (tenant_id, destination) DO UPDATE SET size = greatest(a.size, excluded.size);
    INSERT INTO audit.head_outside AS o (destination, sent_at) VALUES (wanted, moment)
    ON CONFLICT (destination) DO UPDATE SET sent_at = excluded.sent_at, failed_since = NULL, why = NULL;
END $$;

-- They could not be brought there; it is tried again.
CREATE OR REPLACE FUNCTION audit.heads_failed(wanted text, reason text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO audit.head_outside AS o (destination, failed_since, why) VALUES (wanted, now(), reason)
    ON CONFLICT (destination) DO UPDATE SET failed_since = coalesce(o.failed_since, now()), why = excluded.why
$$;

-- For a file: the lines to append, and what to say when that is done. No row: it has all.
CREATE OR REPLACE FUNCTION audit.heads_for_file() RETURNS TABLE (lines text, sizes text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT string_agg(audit.head_line(h), E'\n' ORDER BY h.signed_at, h.tenant_id, h.size) || E'\n',
           (SELECT jsonb_object_agg(g.tenant_id, g.size) FROM audit.heads_missing('file', false) AS g)::text
    FROM audit.heads_missing('file', true) AS h
    HAVING count(*) > 0
$$;

-- For a mail address: sees what became of the mail before, and writes the next one into the outbox of the operator's tenant
-- when it is time: every so many minutes, a minute after a failure. A mail that is under way for longer is given up for a
-- newer one, which holds all that it held.
CREATE OR REPLACE FUNCTION audit.heads_by_mail(address text, minutes int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    o audit.head_outside;
    m record;
    operator uuid := (SELECT t.id FROM app.tenant t WHERE t.realm = 'operator' ORDER BY t.id LIMIT 1);
    made uuid := gen_random_uuid();
    sizes jsonb;
    lines text;
BEGIN
    INSERT INTO audit.head_outside (destination) VALUES (address) ON CONFLICT DO NOTHING;
    SELECT * INTO o FROM audit.head_outside x WHERE x.destination = address COLLATE "C" FOR UPDATE;
    IF o.message_id IS NOT NULL THEN
        SELECT x.state, x.sent_at INTO m FROM app.message x WHERE x.tenant_id = o.message_tenant AND x.id = o.message_id;
        IF m.state = 'sent' THEN
            PERFORM audit.heads_arrived(address, o.message_sizes, m.sent_at);
            UPDATE audit.head_outside x SET message_id = NULL, message_sizes = NULL WHERE x.destination = address COLLATE "C" RETURNING * INTO o;
        ELSIF m.state IS NULL OR m.state IN ('failed', 'unknown', 'kept') OR o.queued_at < now() - make_interval(mins => minutes) THEN
            PERFORM audit.heads_failed(address, CASE m.state WHEN 'kept' THEN 'there is no mail server' WHEN 'unknown' THEN 'the mail server did not say how it ended'
                WHEN 'failed' THEN 'the mail was refused' ELSE 'the mail server does not take it' END);
            UPDATE audit.head_outside x SET message_id = NULL, message_sizes = NULL WHERE x.destination = address COLLATE "C" RETURNING * INTO o;
        ELSE
            RETURN;
        END IF;
    END IF;
    IF operator IS NULL OR o.queued_at > now() - (CASE WHEN o.failed_since IS NULL THEN make_interval(mins => minutes) ELSE interval '1 minute' END) THEN
        RETURN;
    END IF;
    SELECT jsonb_object_agg(h.tenant_id, h.size), string_agg(audit.head_line(h), E'\n' ORDER BY h.tenant_id)
    INTO sizes, lines
    FROM audit.heads_missing(address, false) AS h;
    IF sizes IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO app.message (tenant_id, id, kind, channel, to_address, subject, body, dedupe_key)
    VALUES (operator, made, 'heads', 'email', address, 'Signed heads of the audit trail',
            E'These lines say how far each audit trail reached. Keep them where nobody who runs the database can write.\n'
            'To compare the trails with them: foyer audit verify --heads FILE, where FILE holds this text.\n\n'
            '-----BEGIN FOYER HEADS-----' || E'\n' || lines || E'\n' || '-----END FOYER HEADS-----' || E'\n', 'heads-' || made);
    INSERT INTO app.job (tenant_id, kind, subject_id, dedupe_key) VALUES (operator, 'message.send', made, 'heads-' || made);
    UPDATE audit.head_outside x SET queued_at = now(), message_tenant = operator, message_id = made, message_sizes = sizes
    WHERE x.destination = address COLLATE "C";
    DELETE FROM app.job j USING app.message old
    WHERE old.tenant_id = operator AND old.kind = 'heads' AND old.created_at < now() - interval '7 days'
      AND j.tenant_id = operator AND j.kind = 'message.send' AND j.subject_id = old.id AND j.state IN ('done', 'dead');
    DELETE FROM app.message old WHERE old.tenant_id = operator AND old.kind = 'heads' AND old.created_at < now() - interval '7 days';
END $$;

-- How each of these destinations stands: age of the oldest head that it lacks, whether bringing them there fails, and why.
CREATE OR REPLACE FUNCTION audit.heads_watch(destinations text[])
RETURNS TABLE (place int, unsent_seconds bigint, is_failing boolean, why text, sent_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT w.place::int, coalesce(greatest(0, extract(epoch FROM now() - lacks.oldest)), 0)::bigint, o.failed_since IS NOT NULL, coalesce(o.why, ''), o.sent_at
    FROM unnest(destinations) WITH ORDINALITY AS w (destination, place)
    LEFT JOIN audit.head_outside o ON o.destination = w.destination COLLATE "C"
    CROSS JOIN LATERAL (
        SELECT min(h.signed_at) AS oldest FROM audit.frontier f
        LEFT JOIN audit.head_arrived a ON a.tenant_id = f.tenant_id AND a.destination = w.destination COLLATE "C"
        CROSS JOIN LATERAL (SELECT t.signed_at FROM audit.tree_head t WHERE t.tenant_id = f.tenant_id AND t.size > coalesce(a.size, 0)
                            ORDER BY t.size LIMIT 1) AS h) AS lacks
    ORDER BY w.place
$$;

-- The businesses whose trail is not sealed, and why.
CREATE OR REPLACE FUNCTION audit.watch_stopped() RETURNS TABLE (name text, why text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT coalesce(nullif(s.slug, ''), s.tenant_id), s.why FROM audit.seal_stopped() s $$;

REVOKE ALL ON FUNCTION audit.watch_stopped(), audit.heads_missing(text, boolean), audit.head_line(audit.tree_head), audit.heads_arrived(text, jsonb, timestamptz),
    audit.heads_failed(text, text), audit.heads_for_file(), audit.heads_by_mail(text, int), audit.heads_watch(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.heads_arrived(text, jsonb, timestamptz), audit.heads_failed(text, text), audit.heads_for_file(),
    audit.heads_by_mail(text, int) TO foyer_sealer;
GRANT EXECUTE ON FUNCTION audit.heads_watch(text[]), audit.watch_stopped() TO foyer_jobs;
