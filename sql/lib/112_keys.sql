-- 112_keys: other keys in the place of those in use (cgi-src/features/key_command.c, key_job.c). The keys themselves are not in the
-- database: here is what they sealed, and the trail of what was done.

SET LOCAL ROLE foyer_auth;

GRANT EXECUTE ON FUNCTION sec.note(text, text, text, uuid[], text, uuid) TO foyer_disclosure;

-- A row in the trail of a business, which is entered. false: there is none of this id.
CREATE OR REPLACE FUNCTION sec.key_note(tenant uuid, what text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM sec.site s WHERE s.tenant = key_note.tenant AND NOT s.is_apex) THEN
        RETURN false;
    END IF;
    PERFORM sec.enter_tenant(tenant, 'system', 'operator.command', NULL);
    CASE what
        WHEN 'master_rotate' THEN PERFORM sec.note('key.master_rotate', 'ok', NULL, '{}', 'tenant', tenant);
        WHEN 'master_retire' THEN PERFORM sec.note('key.master_retire', 'ok', NULL, '{}', 'tenant', tenant);
        WHEN 'rotate' THEN PERFORM sec.note('key.rotate', 'ok', NULL, '{}', 'tenant', tenant);
    END CASE;
    RETURN true;
END $$;

-- The jobs look at once whether the entered business has keys of before; daily they do so anyhow (sec.daily_jobs).
CREATE OR REPLACE FUNCTION sec.key_look() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ INSERT INTO app.job (kind, dedupe_key) VALUES ('key.rewrap', gen_random_uuid()::text) $$;

-- A key of before of the entered business is about to be destroyed: its id.
CREATE OR REPLACE FUNCTION sec.key_destroy_note(key bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM sec.note('key.destroy', 'ok', encode(key, 'hex'), '{}', 'tenant', app.tenant());
END $$;

RESET ROLE;
REVOKE ALL ON FUNCTION sec.key_note(uuid, text), sec.key_look(), sec.key_destroy_note(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.key_note(uuid, text) TO foyer_migrator, foyer_backfill;
GRANT EXECUTE ON FUNCTION sec.key_look() TO foyer_migrator, foyer_backfill, foyer_jobs;
GRANT EXECUTE ON FUNCTION sec.key_destroy_note(bytea) TO foyer_jobs;

SET LOCAL ROLE foyer_disclosure;

-- Where something is sealed by a business's own key: clients' keys, and what belongs to no client. A column that is missing here would keep
-- an old key for ever in use (tests/db/150_keys.sql looks for it). condition: of which rows; at_once: how many are read together, few where they
-- are parts of files.
CREATE OR REPLACE FUNCTION app.own_sealed_places()
RETURNS TABLE (place text, in_schema text, in_table text, id_column text, sealed_column text, condition text, at_once int)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT v.s || '.' || v.t, v.* FROM (VALUES
        ('app', 'client_key', 'client_id', 'wrapped_key', '', 200),
        ('app', 'message', 'id', 'body_sealed', 'AND x.client_id IS NULL', 50),
        ('app', 'trail_export_part', 'id', 'body_sealed', '', 2),
        ('app', 'client_import_part', 'id', 'body_sealed', '', 2),
        ('app', 'outside_calendar', 'id', 'url_sealed', '', 200),
        ('app', 'sso', 'id', 'secret_sealed', '', 200),
        ('sec', 'sso_try', 'id', 'asked_sealed', '', 200),
        ('sec', 'totp', 'id', 'secret_sealed', '', 200)
    ) AS v (s, t, i, c, w, n)
$$;

-- Some values of the entered business that this key sealed, after the row given: its id as envelopes name it (crypto.h). Each look that
-- finds some is in the trail, for wrapped keys are among them. (By the index, to where the batch is full: nobody knows how many rows a key sealed,
-- and taken for few, all of all businesses were read for each batch.)
CREATE OR REPLACE FUNCTION app.own_sealed(place text, key bytea, after uuid) RETURNS TABLE (row_id uuid, sealed bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
#variable_conflict use_variable
DECLARE
    p record;
    n bigint;
BEGIN
    SELECT * INTO STRICT p FROM app.own_sealed_places() AS o WHERE o.place = own_sealed.place;
    RETURN QUERY EXECUTE format(
        'SELECT x.%1$I, x.%2$I FROM %3$I.%4$I x WHERE x.tenant_id = app.tenant() %5$s AND x.%1$I > $1 AND substring(x.%2$I FROM 2 FOR 8) = $2 ORDER BY x.%1$I LIMIT $3',
        p.id_column, p.sealed_column, p.in_schema, p.in_table, p.condition) USING after, key, p.at_once;
    GET DIAGNOSTICS n = ROW_COUNT;
    IF n > 0 THEN
        PERFORM sec.note('key.rewrap', 'ok', n || ' in ' || place, '{}', 'tenant', app.tenant());
    END IF;
END $$;

-- The same values under the new key; was: the head of each of before, whose nonce is no other's. How many: what changed or went meanwhile
-- needs none of this.
CREATE OR REPLACE FUNCTION app.own_sealed_anew(place text, row_ids uuid[], was bytea[], again bytea[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
#variable_conflict use_variable
DECLARE
    p record;
    n bigint;
BEGIN
    SELECT * INTO STRICT p FROM app.own_sealed_places() AS o WHERE o.place = own_sealed_anew.place;
    EXECUTE format('UPDATE %3$I.%4$I x SET %2$I = v.again FROM unnest($1, $2, $3) AS v (id, was, again)
                    WHERE x.tenant_id = app.tenant() %5$s AND x.%1$I = v.id AND substring(x.%2$I FROM 1 FOR 21) = v.was AND octet_length(x.%2$I) = octet_length(v.again)',
        p.id_column, p.sealed_column, p.in_schema, p.in_table, p.condition) USING row_ids, was, again;
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END $$;

RESET ROLE;
REVOKE ALL ON FUNCTION app.own_sealed_places(), app.own_sealed(text, bytea, uuid), app.own_sealed_anew(text, uuid[], bytea[], bytea[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.own_sealed_places(), app.own_sealed(text, bytea, uuid), app.own_sealed_anew(text, uuid[], bytea[], bytea[]) TO foyer_jobs;
