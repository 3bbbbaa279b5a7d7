-- 094_import: lists of clients: what a row means, who is in it already, entering all of them or none, and taking them out again.

SET LOCAL ROLE foyer_owner;

-- What a column may hold.
CREATE OR REPLACE FUNCTION app.import_fields() RETURNS TABLE (field text, words text, place int, heads text[])
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT v.field, v.words, (row_number() OVER ())::int, v.heads FROM (VALUES
        ('name', 'Name', ARRAY['name', 'full name', 'client', 'client name', 'patient', 'patient name', 'customer']),
        ('first_name', 'First name', ARRAY['first name', 'first', 'given name', 'firstname', 'vorname']),
        ('last_name', 'Last name', ARRAY['last name', 'last', 'surname', 'family name', 'lastname', 'nachname']),
        ('preferred_name', 'Called', ARRAY['preferred name', 'called', 'nickname', 'goes by']),
        ('pronouns', 'Pronouns', ARRAY['pronouns', 'pronoun']),
        ('phone', 'Phone', ARRAY['phone', 'mobile', 'cell', 'phone number', 'mobile phone', 'cell phone', 'mobile number', 'telephone', 'telefon']),
        ('email', 'E-mail', ARRAY['email', 'e mail', 'email address', 'e mail address', 'mail']),
        ('birth_date', 'Date of birth', ARRAY['birth date', 'date of birth', 'dob', 'birthday', 'birthdate', 'geburtsdatum']),
        ('due_date', 'Due date', ARRAY['due date', 'edd', 'estimated due date']),
        ('street', 'Street', ARRAY['street', 'address', 'address 1', 'address line 1', 'street address']),
        ('city', 'City', ARRAY['city', 'town', 'ort']),
        ('region', 'State or region', ARRAY['state', 'region', 'province', 'county']),
        ('postal_code', 'Postal code', ARRAY['postal code', 'postcode', 'zip', 'zip code', 'plz']),
        ('country', 'Country (two letters)', ARRAY['country', 'country code', 'land']),
        ('tags', 'Tags', ARRAY['tags', 'tag', 'labels'])) AS v (field, words, heads)
$$;

-- A date as the file writes it (2026-11-21 always counts), with or without a time of day; NULL when it is none. Of a year with two digits
-- the century is the last one in which the day is not after `latest`; without that it is none.
DROP FUNCTION IF EXISTS app.import_date(text, text);
CREATE OR REPLACE FUNCTION app.import_date(typed text, format text, latest date DEFAULT NULL) RETURNS date
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    day text := regexp_replace(btrim(typed), '[T ]+[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?( ?[AaPp][Mm])?(Z|[+-][0-9]{2}:?[0-9]{2})?$', '');
    p text[] := regexp_match(day, '^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})$');
    d date;
BEGIN
    IF p IS NULL THEN
        p := regexp_match(day, CASE format WHEN 'ymd' THEN '^([0-9]{4}|[0-9]{2})[-./ ]+([0-9]{1,2})[-./ ]+([0-9]{1,2})$' ELSE '^([0-9]{1,2})[-./ ]+([0-9]{1,2})[-./ ]+([0-9]{4}|[0-9]{2})$' END);
        p := CASE format WHEN 'ymd' THEN p WHEN 'mdy' THEN ARRAY[p[3], p[1], p[2]] ELSE ARRAY[p[3], p[2], p[1]] END;
    END IF;
    IF length(p[1]) = 2 THEN
        d := make_date(2000 + p[1]::int, p[2]::int, p[3]::int);
        RETURN CASE WHEN latest IS NULL THEN NULL WHEN d > latest THEN make_date(1900 + p[1]::int, p[2]::int, p[3]::int) ELSE d END;
    END IF;
    RETURN make_date(p[1]::int, p[2]::int, p[3]::int);
EXCEPTION WHEN datetime_field_overflow OR invalid_datetime_format THEN
    RETURN NULL;
END $$;
-- How many rows a part of a file has; its last part has what is left. Who cuts a file asks for it.
CREATE OR REPLACE FUNCTION app.import_part_rows() RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT 250 $$;

-- What was found of a row, in words.
CREATE OR REPLACE FUNCTION app.import_verdict_words(verdict text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE verdict WHEN 'add' THEN 'will be added' WHEN 'maybe' THEN 'may be here' WHEN 'here' THEN 'already here' WHEN 'twice' THEN 'twice in the file'
                        WHEN 'bad' THEN 'cannot be read' END
$$;
REVOKE ALL ON FUNCTION app.import_fields(), app.import_date(text, text, date), app.import_part_rows(), app.import_verdict_words(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.import_fields(), app.import_verdict_words(text) TO foyer_slow;
GRANT EXECUTE ON FUNCTION app.import_part_rows() TO foyer_slow, foyer_jobs;
GRANT EXECUTE ON FUNCTION app.import_date(text, text, date) TO foyer_disclosure, foyer_auth;

SET LOCAL ROLE foyer_disclosure;

-- What becomes of rows: read, and compared with who is there, by the reasons of app.duplicates. here: the same name with the same phone,
-- e-mail or date of birth; maybe: one of the other reasons, and for a name without anything else, the same name. reason says what
-- is wrong, never what stands there. keys: a person who stands in the file again has one of them again. Internal.
CREATE OR REPLACE FUNCTION app.client_import_judge(import uuid, cells jsonb)
RETURNS TABLE (n int, line int, verdict text, reason text, client_id uuid, keys bigint[], name text, preferred_name text, pronouns text, phone text, email text,
               birth_date date, due_date date, street text, city text, region text, postal_code text, country text, tag_ids uuid[], id uuid, wrapped_key bytea)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    t uuid := app.tenant();
    land text;
    format text;
    latest date := app.last_due_date();
BEGIN
    SELECT b.country INTO land FROM app.tenant b WHERE b.id = t;
    format := cells ->> 'date_format';
    RETURN QUERY
    WITH cell AS MATERIALIZED (
        SELECT x.n, x.line, x.bad, coalesce(nullif(x.name, ''), nullif(concat_ws(' ', nullif(x.first_name, ''), nullif(x.last_name, '')), '')) AS name,
               nullif(x.preferred_name, '') AS preferred_name, nullif(x.pronouns, '') AS pronouns, nullif(x.phone, '') AS phone_typed, app.phone_e164(nullif(x.phone, ''), land) AS phone,
               nullif(x.email, '') AS email, nullif(x.birth_date, '') AS birth_typed, app.import_date(nullif(x.birth_date, ''), format, latest - 287) AS birth_date,
               nullif(x.due_date, '') AS due_typed, app.import_date(nullif(x.due_date, ''), format, latest) AS due_date, nullif(x.street, '') AS street, nullif(x.city, '') AS city,
               nullif(x.region, '') AS region, nullif(x.postal_code, '') AS postal_code, upper(nullif(x.country, '')) AS country,
               ARRAY(SELECT DISTINCT btrim(g) FROM regexp_split_to_table(x.tags, '[,;]') AS g WHERE btrim(g) <> '') AS tags, x.id, decode(x.key, 'hex') AS wrapped_key
        FROM jsonb_to_recordset(cells -> 'rows') AS x (n int, line int, bad text, name text, first_name text, last_name text, preferred_name text, pronouns text, phone text,
             email text, birth_date text, due_date text, street text, city text, region text, postal_code text, country text, tags text, id uuid, key text)
    ), told AS MATERIALIZED (
        SELECT c.*, app.norm(c.name) AS norm, lower(c.email) AS email_norm,
               ARRAY(SELECT g.id FROM app.tag g WHERE g.tenant_id = t AND g.is_active AND g.name_norm IN (SELECT app.norm(w) FROM unnest(c.tags) AS w)) AS tag_ids,
               CASE WHEN c.bad IS NOT NULL THEN c.bad
                    WHEN c.name IS NULL THEN 'There is no name.'
                    WHEN length(c.name) > 120 OR length(c.preferred_name) > 120 THEN 'The name is longer than 120 characters.'
                    WHEN length(c.pronouns) > 40 THEN 'The pronouns are longer than 40 characters.'
                    WHEN c.phone_typed IS NOT NULL AND c.phone IS NULL THEN 'The phone number does not look like one. One of another country begins with + and the country.'
                    WHEN c.email IS NOT NULL AND (length(c.email) > 254 OR c.email !~ '^[^@[:space:]<>()\[\],;:\\"]{1,64}@[^@[:space:]<>()\[\],;:\\".]+(\.[^@[:space:]<>()\[\],;:\\".]+)+$')
                        THEN 'The e-mail address does not look like one.'
                    WHEN c.birth_typed IS NOT NULL AND c.birth_date IS NULL THEN 'The date of birth cannot be read in the format that was chosen.'
                    WHEN c.birth_date NOT BETWEEN '1890-01-01' AND latest - 287 THEN 'The date of birth cannot be right.'
                    WHEN c.due_typed IS NOT NULL AND c.due_date IS NULL THEN 'The due date cannot be read in the format that was chosen.'
                    WHEN c.due_date NOT BETWEEN '1940-01-01' AND latest THEN 'The due date cannot be right.'
                    WHEN length(c.street) > 200 THEN 'The street is longer than 200 characters.'
                    WHEN length(c.city) > 100 OR length(c.region) > 100 THEN 'The city or region is longer than 100 characters.'
                    WHEN length(c.postal_code) > 20 THEN 'The postal code is longer than 20 characters.'
                    WHEN c.country !~ '^[A-Z]{2}$' THEN 'The country is two letters, such as US.'
                    WHEN EXISTS (SELECT FROM unnest(c.tags) AS w WHERE NOT EXISTS (SELECT FROM app.tag g WHERE g.tenant_id = t AND g.is_active AND g.name_norm = app.norm(w)))
                        THEN 'There is no such tag. Add it in the settings first, or leave the column out.'
               END AS wrong
        FROM cell c
    )
    SELECT o.n, o.line,
           CASE WHEN o.wrong IS NOT NULL THEN 'bad' WHEN m.is_sure THEN 'here' WHEN m.id IS NOT NULL THEN 'maybe' ELSE 'add' END,
           coalesce(o.wrong, m.words, ''), m.id,
           CASE WHEN o.wrong IS NULL THEN ARRAY(
               SELECT hashtextextended(import || k, 0) FROM unnest(ARRAY['b' || o.norm || '|' || o.birth_date, 'p' || o.norm || '|' || o.phone, 'e' || o.norm || '|' || o.email_norm,
                   CASE WHEN o.birth_date IS NULL AND o.phone IS NULL AND o.email IS NULL THEN 'n' || o.norm END]) AS k WHERE k IS NOT NULL) ELSE '{}' END,
           o.name, o.preferred_name, o.pronouns, o.phone, o.email, o.birth_date, o.due_date, o.street, o.city, o.region, o.postal_code, o.country, o.tag_ids, o.id, o.wrapped_key
    FROM told o
    LEFT JOIN LATERAL (
        SELECT app.record_of(p.id) AS id, s.name AND (s.birth OR ((s.phone OR s.email) AND s.birth IS NOT FALSE)) IS TRUE AS is_sure,
               concat_ws(', ', CASE WHEN s.phone THEN 'same phone' END, CASE WHEN s.email THEN 'same e-mail' END,
                   CASE WHEN s.name AND s.birth THEN 'same name and date of birth' WHEN s.name THEN 'same name' WHEN s.is_alike THEN 'similar name, same date of birth' END) AS words
        FROM (SELECT c.id, c.phone, c.email_norm, c.name_norm, c.birth_date FROM app.client c WHERE c.tenant_id = t AND c.is_active AND c.phone = o.phone
              UNION SELECT c.id, c.phone, c.email_norm, c.name_norm, c.birth_date FROM app.client c WHERE c.tenant_id = t AND c.is_active AND c.email_norm = o.email_norm
              UNION SELECT c.id, c.phone, c.email_norm, c.name_norm, c.birth_date FROM app.client c WHERE c.tenant_id = t AND c.is_active AND c.birth_date = o.birth_date
                    AND (c.name_norm = o.norm OR app.names_near(c.name_norm, o.norm))
              UNION SELECT c.id, c.phone, c.email_norm, c.name_norm, c.birth_date FROM app.client c WHERE c.tenant_id = t AND c.is_active AND c.name_norm = o.norm
                    AND o.birth_date IS NULL AND o.phone IS NULL AND o.email IS NULL) AS p
        CROSS JOIN LATERAL (SELECT p.phone = o.phone AS phone, p.email_norm = o.email_norm AS email, p.name_norm = o.norm AS name, p.birth_date = o.birth_date AS birth,
                                   p.birth_date = o.birth_date AND app.names_alike(p.name_norm, o.norm) AS is_alike OFFSET 0) AS s -- (OFFSET: found out once)
        WHERE o.wrong IS NULL AND (s.phone OR s.email OR s.name OR s.is_alike)
        ORDER BY 2 DESC, CASE WHEN s.phone THEN 3 ELSE 0 END + CASE WHEN s.email THEN 3 ELSE 0 END + CASE WHEN s.name AND s.birth THEN 5 WHEN s.is_alike THEN 4 ELSE 0 END DESC, p.id
        LIMIT 1) AS m ON true
    ORDER BY o.n;
END $$;
REVOKE ALL ON FUNCTION app.client_import_judge(uuid, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.client_import_judge(uuid, jsonb) TO foyer_owner, foyer_auth;

SET LOCAL ROLE foyer_owner;

-- Internal: the import, locked, where it stands where the caller thinks; and the next piece of work, which others' jobs may come before.
CREATE OR REPLACE FUNCTION app.client_import_at(import uuid, wanted text, part int) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM FROM app.client_import i WHERE i.tenant_id = app.tenant() AND i.id = import AND i.state = wanted AND (part IS NULL OR i.next_part = part) FOR UPDATE;
    RETURN FOUND;
END $$;
CREATE OR REPLACE FUNCTION app.client_import_queue(import uuid, kind text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ INSERT INTO app.job (tenant_id, kind, subject_id, dedupe_key) VALUES (app.tenant(), kind, import, import || ':' || gen_random_uuid()) $$;

-- Internal: the import, locked, for somebody who may decide about lists; one decision of a business after the other. All NULL: there is none.
CREATE OR REPLACE FUNCTION app.client_import_taken(import uuid) RETURNS app.client_import
LANGUAGE plpgsql
AS $$
DECLARE
    i app.client_import;
BEGIN
    IF NOT app.may('client_lists') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('lists of clients of ' || app.tenant(), 0));
    SELECT x.* INTO i FROM app.client_import x WHERE x.tenant_id = app.tenant() AND x.id = import FOR UPDATE;
    RETURN i;
END $$;

-- Internal: FY422 while another list of the business is at work; more: what is said behind that.
CREATE OR REPLACE FUNCTION app.client_import_alone(import uuid, more text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    IF EXISTS (SELECT FROM app.client_import x WHERE x.tenant_id = app.tenant() AND x.id <> import AND x.state IN ('importing', 'failed', 'undoing')) THEN
        RAISE EXCEPTION 'Another list is being read in or taken out. Wait until it is done%.', more USING ERRCODE = 'FY422';
    END IF;
END $$;

-- The columns are named: each row is looked at. Internal checks raise what the page shows.
CREATE OR REPLACE FUNCTION app.client_import_map(import uuid, chosen text[], format text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    i app.client_import := app.client_import_taken(import);
BEGIN
    IF i.id IS NULL THEN
        RETURN NULL;
    ELSIF i.state NOT IN ('mapping', 'checked') THEN
        RAISE EXCEPTION 'The columns of this file can no longer be changed.' USING ERRCODE = 'FY422', COLUMN = 'column';
    ELSIF cardinality(chosen) <> i.n_columns OR EXISTS (SELECT FROM unnest(chosen) AS c WHERE c <> '' AND c NOT IN (SELECT f.field FROM app.import_fields() f)) THEN
        RAISE EXCEPTION 'Say of each column what it holds.' USING ERRCODE = 'FY422', COLUMN = 'column';
    ELSIF EXISTS (SELECT FROM unnest(chosen) AS c WHERE c <> '' GROUP BY c HAVING count(*) > 1) THEN
        RAISE EXCEPTION 'Two columns cannot both hold "%". Leave one of them out.',
            (SELECT f.words FROM app.import_fields() f WHERE f.field = (SELECT c FROM unnest(chosen) AS c WHERE c <> '' GROUP BY c HAVING count(*) > 1 ORDER BY 1 LIMIT 1))
            USING ERRCODE = 'FY422', COLUMN = 'column';
    ELSIF NOT ('name' = ANY (chosen) OR 'first_name' = ANY (chosen) OR 'last_name' = ANY (chosen)) THEN
        RAISE EXCEPTION 'Say which column holds the name.' USING ERRCODE = 'FY422', COLUMN = 'column';
    ELSIF 'name' = ANY (chosen) AND ('first_name' = ANY (chosen) OR 'last_name' = ANY (chosen)) THEN
        RAISE EXCEPTION 'Choose either the name, or first and last name.' USING ERRCODE = 'FY422', COLUMN = 'column';
    END IF;
    DELETE FROM app.client_import_row r WHERE r.tenant_id = app.tenant() AND r.import_id = import;
    DELETE FROM app.client_import_key k WHERE k.tenant_id = app.tenant() AND k.import_id = import;
    UPDATE app.client_import x SET state = 'checking', columns = chosen, date_format = format, next_part = 1, n_done = 0 WHERE x.tenant_id = app.tenant() AND x.id = import;
    PERFORM app.client_import_queue(import, 'client.import.check');
    RETURN import;
END $$;

-- A part of the file is looked at. true: it was this one's turn.
CREATE OR REPLACE FUNCTION app.client_import_check(import uuid, part int, cells jsonb) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
    t uuid := app.tenant();
    rows constant int := app.import_part_rows();
    again int[];
    first_lines int[];
BEGIN
    IF NOT app.client_import_at(import, 'checking', part) THEN
        RETURN false;
    END IF;
    INSERT INTO app.client_import_row (import_id, n, line, verdict, reason, client_id, keys)
    SELECT import, j.n, j.line, j.verdict, j.reason, j.client_id, j.keys FROM app.client_import_judge(import, cells) j;
    INSERT INTO app.client_import_key (import_id, key, n, line)
    SELECT import, k, r.n, r.line FROM app.client_import_row r CROSS JOIN LATERAL unnest(r.keys) AS k
    WHERE r.tenant_id = t AND r.import_id = import AND r.n > (part - 1) * rows AND r.n <= part * rows ORDER BY r.n
    ON CONFLICT DO NOTHING;
    -- (first who, then the change: in one statement the planner, which knows nothing of fresh rows, would look for each of them again)
    SELECT array_agg(x.n), array_agg(x.line) INTO again, first_lines
    FROM (SELECT r.n, min(k.line) AS line
          FROM app.client_import_row r CROSS JOIN LATERAL unnest(r.keys) AS y
          CROSS JOIN LATERAL (SELECT q.line FROM app.client_import_key q WHERE q.tenant_id = t AND q.import_id = import AND q.key = y AND q.n < r.n OFFSET 0) AS k
          WHERE r.tenant_id = t AND r.import_id = import AND r.n > (part - 1) * rows AND r.n <= part * rows GROUP BY r.n) AS x;
    FOR i IN 1..coalesce(cardinality(again), 0) LOOP
        UPDATE app.client_import_row r SET verdict = 'twice', client_id = NULL, reason = 'The same person stands in line ' || first_lines[i] || '.'
        WHERE r.tenant_id = t AND r.import_id = import AND r.n = again[i] AND r.verdict IN ('add', 'maybe');
    END LOOP;
    UPDATE app.client_import i SET next_part = part + 1, n_done = least(part * rows, i.n_rows)
    WHERE i.tenant_id = t AND i.id = import;
    RETURN true;
END $$;

-- The jobs have come to the end of the file, or go on with it: true when it is over.
CREATE OR REPLACE FUNCTION app.client_import_step(import uuid, is_last boolean) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    i record;
BEGIN
    SELECT * INTO i FROM app.client_import x WHERE x.tenant_id = app.tenant() AND x.id = import FOR UPDATE;
    IF i.state = 'checking' AND is_last THEN
        UPDATE app.client_import x SET state = 'checked' WHERE x.tenant_id = app.tenant() AND x.id = import;
    ELSIF i.state = 'importing' AND is_last THEN
        -- From here on they are all seen, by one row.
        UPDATE app.client_import x SET state = 'done', is_hidden = false, done_at = now() WHERE x.tenant_id = app.tenant() AND x.id = import;
        PERFORM app.client_import_clear(import);
    ELSIF i.state = 'undoing' AND is_last THEN
        UPDATE app.client_import x SET state = 'undone', undone_at = now() WHERE x.tenant_id = app.tenant() AND x.id = import;
        PERFORM app.client_import_clear(import);
    ELSIF i.state IN ('checking', 'importing', 'undoing') THEN
        PERFORM app.client_import_queue(import, CASE i.state WHEN 'checking' THEN 'client.import.check' WHEN 'importing' THEN 'client.import.add' ELSE 'client.import.undo' END);
    END IF;
    RETURN is_last;
END $$;

-- What the file said goes. Internal.
CREATE OR REPLACE FUNCTION app.client_import_clear(import uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM app.client_import_part p WHERE p.tenant_id = app.tenant() AND p.import_id = import;
    DELETE FROM app.client_import_key k WHERE k.tenant_id = app.tenant() AND k.import_id = import;
    UPDATE app.client_import_row r SET keys = '{}' WHERE r.tenant_id = app.tenant() AND r.import_id = import;
$$;

-- All rows that are to be added are, by the jobs. Once: a second call finds it under way.
CREATE OR REPLACE FUNCTION app.client_import_start(import uuid, maybe boolean) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    i app.client_import := app.client_import_taken(import);
BEGIN
    IF i.id IS NULL OR i.state IN ('importing', 'done') THEN
        RETURN i.id;
    ELSIF i.state NOT IN ('checked', 'failed') THEN
        RAISE EXCEPTION 'This list cannot be read in now. Load the page again to see how it stands.' USING ERRCODE = 'FY422';
    END IF;
    PERFORM app.client_import_alone(import, '; then who came with it is compared too');
    UPDATE app.client_import x SET state = 'importing', with_maybe = CASE i.state WHEN 'failed' THEN x.with_maybe ELSE coalesce(maybe, false) END,
        next_part = CASE i.state WHEN 'failed' THEN x.next_part ELSE 1 END, n_done = CASE i.state WHEN 'failed' THEN x.n_done ELSE 0 END
    WHERE x.tenant_id = app.tenant() AND x.id = import;
    PERFORM app.client_import_queue(import, 'client.import.add');
    RETURN import;
END $$;

-- What was read in is taken out again, by the jobs.
CREATE OR REPLACE FUNCTION app.client_import_undo(import uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    i app.client_import := app.client_import_taken(import);
BEGIN
    IF i.id IS NULL OR i.state IN ('undoing', 'undone') THEN
        RETURN i.id;
    ELSIF i.state NOT IN ('done', 'failed') THEN
        RAISE EXCEPTION 'There is nothing to take out.' USING ERRCODE = 'FY422';
    END IF;
    PERFORM app.client_import_alone(import, '');
    UPDATE app.client_import x SET state = 'undoing', next_part = 0, n_removed = 0 WHERE x.tenant_id = app.tenant() AND x.id = import;
    PERFORM app.client_import_queue(import, 'client.import.undo');
    RETURN import;
END $$;

-- Internal: a file that is not read in goes, with all that was found of it; how: 'dropped' or 'stopped'.
CREATE OR REPLACE FUNCTION app.client_import_end(import uuid, how text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE app.client_import x SET state = how WHERE x.tenant_id = app.tenant() AND x.id = import;
    DELETE FROM app.client_import_row r WHERE r.tenant_id = app.tenant() AND r.import_id = import;
    PERFORM app.client_import_clear(import);
END $$;

-- Somebody decides that it is not read in.
CREATE OR REPLACE FUNCTION app.client_import_drop(import uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    i app.client_import := app.client_import_taken(import);
BEGIN
    IF i.state IN ('mapping', 'checking', 'checked') THEN
        PERFORM app.client_import_end(import, 'dropped');
    END IF;
    RETURN i.id;
END $$;

-- A job that nobody will try again: what was looked at is looked at anew when its columns are named again, the rest waits for a decision.
CREATE OR REPLACE FUNCTION app.client_import_give_up(import uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE app.client_import x SET state = CASE x.state WHEN 'checking' THEN 'mapping' WHEN 'importing' THEN 'failed' WHEN 'undoing' THEN CASE WHEN x.is_hidden THEN 'failed' ELSE 'done' END ELSE x.state END
    WHERE x.tenant_id = app.tenant() AND x.id = import
$$;

-- Files that wait for longer than their time go; what stopped half-way is taken out. Of the entered business.
CREATE OR REPLACE FUNCTION app.client_import_expire() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    i record;
BEGIN
    FOR i IN SELECT x.id, x.state FROM app.client_import x
             WHERE x.tenant_id = app.tenant() AND x.expires_at < now() AND x.state IN ('mapping', 'checking', 'checked', 'failed') FOR UPDATE LOOP
        IF i.state = 'failed' THEN
            UPDATE app.client_import x SET state = 'undoing', next_part = 0 WHERE x.tenant_id = app.tenant() AND x.id = i.id;
            PERFORM app.client_import_queue(i.id, 'client.import.undo');
            PERFORM app.client_import_clear(i.id);
        ELSE
            PERFORM app.client_import_end(i.id, 'dropped');
        END IF;
    END LOOP;
END $$;

-- Who is erased stands in no file that waits: one that was not looked at, or in which she was found, goes; otherwise reading it in would
-- enter her again. For app.client_erase. Internal.
CREATE OR REPLACE FUNCTION app.client_import_forget(client uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    i record;
BEGIN
    FOR i IN SELECT x.id FROM app.client_import x
             WHERE x.tenant_id = app.tenant() AND (x.state IN ('mapping', 'checking') OR (x.state = 'checked' AND EXISTS (
                 SELECT FROM app.client_import_row r WHERE r.tenant_id = x.tenant_id AND r.import_id = x.id AND r.client_id = client))) FOR UPDATE LOOP
        PERFORM app.client_import_end(i.id, 'stopped');
    END LOOP;
    UPDATE app.client_import_row r SET client_id = NULL, is_in = false, reason = '' WHERE r.tenant_id = app.tenant() AND r.client_id = client;
END $$;

-- How a row of one of these tables is said to keep a client.
CREATE OR REPLACE FUNCTION app.import_kept_words(part_of text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE part_of
        WHEN 'appointment' THEN 'has a visit' WHEN 'series' THEN 'has visits' WHEN 'waitlist_entry' THEN 'waits for a time'
        WHEN 'chart_note' THEN 'has a note' WHEN 'form_assignment' THEN 'has a form' WHEN 'signature' THEN 'has signed a form'
        WHEN 'client_change' THEN 'was changed since' WHEN 'client_contact' THEN 'has another phone or e-mail' WHEN 'client_tag' THEN 'has another tag'
        WHEN 'client_pregnancy' THEN 'has another due date' WHEN 'client_guardian' THEN 'has a guardian, or is one'
        WHEN 'message' THEN 'was written to' WHEN 'link' THEN 'was sent a link' WHEN 'client_merged' THEN 'was joined with another record'
        ELSE 'has something in her record' END
$$;

-- Takes out the next so many clients of a list: each row is locked, then every table that names clients is asked; who stands in none of
-- them, but for what the list itself wrote, is removed. Gives the removed; is_over when none is left. Internal.
CREATE OR REPLACE FUNCTION app.client_import_take(import uuid, how_many int, OUT removed uuid[], OUT is_over boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
    t uuid := app.tenant();
    i record;
    ids uuid[];
    touched uuid[];
    last int;
    k record;
BEGIN
    removed := '{}';
    is_over := true;
    SELECT * INTO i FROM app.client_import x WHERE x.tenant_id = t AND x.id = import AND x.state = 'undoing' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT array_agg(q.client_id), max(q.n) INTO ids, last
    FROM (SELECT r.client_id, r.n FROM app.client_import_row r WHERE r.tenant_id = t AND r.import_id = import AND r.is_in AND r.n > i.next_part ORDER BY r.n LIMIT how_many) AS q;
    IF ids IS NULL THEN
        RETURN;
    END IF;
    is_over := false;
    PERFORM FROM app.client c WHERE c.tenant_id = t AND c.id = ANY (ids) FOR UPDATE;
    removed := ids;
    FOR k IN SELECT x.conrelid::regclass AS part_of, b.relname::text AS name, a.attname::text AS col
             FROM pg_constraint x
             JOIN pg_class b ON b.oid = x.conrelid
             JOIN pg_attribute f ON f.attrelid = x.confrelid AND f.attname = 'id'
             JOIN pg_attribute a ON a.attrelid = x.conrelid AND a.attnum = x.conkey[array_position(x.confkey, f.attnum)]
             WHERE x.contype = 'f' AND x.confrelid = 'app.client'::regclass AND b.relname NOT IN ('client_word', 'client_key') ORDER BY 2, 3 LOOP
        EXECUTE format('SELECT array_agg(DISTINCT x.%1$I) FROM %2$s x WHERE x.tenant_id = $1 AND x.%1$I = ANY ($2)%3$s', k.col, k.part_of,
                CASE k.name WHEN 'client_tag' THEN ' AND x.at > $3' WHEN 'client_pregnancy' THEN ' AND (x.noted_at > $3 OR x.ended_on IS NOT NULL)' ELSE '' END)
            INTO touched USING t, removed, coalesce(i.done_at, 'infinity');
        IF touched IS NOT NULL THEN
            UPDATE app.client_import_row r SET reason = app.import_kept_words(k.name) WHERE r.tenant_id = t AND r.import_id = import AND r.client_id = ANY (touched);
            removed := ARRAY(SELECT x FROM unnest(removed) AS x WHERE x <> ALL (touched));
        END IF;
    END LOOP;
    DELETE FROM app.client_pregnancy p WHERE p.tenant_id = t AND p.client_id = ANY (removed);
    DELETE FROM app.client_tag g WHERE g.tenant_id = t AND g.client_id = ANY (removed);
    DELETE FROM app.client c WHERE c.tenant_id = t AND c.id = ANY (removed) AND c.import_id = import;
    UPDATE app.client_import_row r SET is_in = false, client_id = NULL, reason = 'Taken out again.' WHERE r.tenant_id = t AND r.import_id = import AND r.client_id = ANY (removed);
    UPDATE app.client_import x SET next_part = last, n_removed = x.n_removed + cardinality(removed) WHERE x.tenant_id = t AND x.id = import;
END $$;

-- What came of the rows of a part: others are changes, {n, verdict, client_id, reason}. Internal.
CREATE OR REPLACE FUNCTION app.client_import_entered(import uuid, part int, ids uuid[], rows int[], others jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE app.client_import_row r SET is_in = true, client_id = x.id, reason = ''
    FROM unnest(rows, ids) AS x (n, id) WHERE r.tenant_id = app.tenant() AND r.import_id = import AND r.n = x.n;
    UPDATE app.client_import_row r SET verdict = x.verdict, client_id = x.client_id, reason = x.reason
    FROM jsonb_to_recordset(others) AS x (n int, verdict text, client_id uuid, reason text) WHERE r.tenant_id = app.tenant() AND r.import_id = import AND r.n = x.n;
    UPDATE app.client_import i SET next_part = part + 1, n_added = i.n_added + cardinality(ids), n_done = least(part * app.import_part_rows(), i.n_rows)
    WHERE i.tenant_id = app.tenant() AND i.id = import;
END $$;

REVOKE ALL ON FUNCTION app.client_import_at(uuid, text, int), app.client_import_queue(uuid, text), app.client_import_taken(uuid), app.client_import_alone(uuid, text),
    app.client_import_end(uuid, text), app.client_import_map(uuid, text[], text), app.client_import_check(uuid, int, jsonb),
    app.client_import_step(uuid, boolean), app.client_import_clear(uuid), app.client_import_start(uuid, boolean), app.client_import_undo(uuid), app.client_import_drop(uuid),
    app.client_import_give_up(uuid), app.client_import_expire(), app.client_import_forget(uuid), app.import_kept_words(text), app.client_import_take(uuid, int),
    app.client_import_entered(uuid, int, uuid[], int[], jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.client_import_map(uuid, text[], text), app.client_import_start(uuid, boolean), app.client_import_undo(uuid), app.client_import_drop(uuid) TO foyer_slow;
GRANT EXECUTE ON FUNCTION app.client_import_check(uuid, int, jsonb), app.client_import_step(uuid, boolean), app.client_import_give_up(uuid) TO foyer_jobs;
GRANT EXECUTE ON FUNCTION app.client_import_at(uuid, text, int), app.client_import_entered(uuid, int, uuid[], int[], jsonb), app.client_import_take(uuid, int),
    app.client_import_expire() TO foyer_auth;

SET LOCAL ROLE foyer_auth;

-- Enters the clients of a part: who was to be added, unless somebody like them came since. Nobody sees them before app.client_import_step
-- says that all are there. The trail has them by their ids, a row for each part.
CREATE OR REPLACE FUNCTION sec.client_import_add(import uuid, part int, cells jsonb) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
    t uuid := app.tenant();
    maybe boolean;
    ids uuid[];
    rows int[];
    others jsonb;
BEGIN
    IF NOT app.client_import_at(import, 'importing', part) THEN
        RETURN 0;
    END IF;
    SELECT i.with_maybe INTO maybe FROM app.client_import i WHERE i.tenant_id = t AND i.id = import;
    WITH judged AS MATERIALIZED (
        SELECT j.*, j.verdict = 'add' OR (maybe AND j.verdict = 'maybe') AS is_wanted
        FROM app.client_import_judge(import, cells) j
        JOIN app.client_import_row r ON r.tenant_id = t AND r.import_id = import AND r.n = j.n AND NOT r.is_in AND (r.verdict = 'add' OR (maybe AND r.verdict = 'maybe'))
    ), entered AS (
        INSERT INTO app.client (id, name, preferred_name, pronouns, phone, email, birth_date, due_date, street, city, region, postal_code, country, source, import_id)
        SELECT j.id, j.name, j.preferred_name, j.pronouns, j.phone, j.email, j.birth_date, j.due_date, j.street, j.city, j.region, j.postal_code, j.country, 'import', import
        FROM judged j WHERE j.is_wanted
    ), keyed AS (
        INSERT INTO app.client_key (client_id, wrapped_key) SELECT j.id, j.wrapped_key FROM judged j WHERE j.is_wanted
    ), tagged AS (
        INSERT INTO app.client_tag (client_id, tag_id) SELECT j.id, x FROM judged j CROSS JOIN LATERAL unnest(j.tag_ids) AS x WHERE j.is_wanted
    )
    SELECT coalesce(array_agg(j.id) FILTER (WHERE j.is_wanted), '{}'), coalesce(array_agg(j.n) FILTER (WHERE j.is_wanted), '{}'),
           coalesce(jsonb_agg(jsonb_build_object('n', j.n, 'verdict', j.verdict, 'client_id', j.client_id, 'reason', j.reason))
               FILTER (WHERE NOT j.is_wanted), '[]')
    INTO ids, rows, others FROM judged j;
    PERFORM app.client_import_entered(import, part, ids, rows, others);
    IF cardinality(ids) > 0 THEN
        PERFORM sec.note('client.import', 'ok', cardinality(ids) || ' entered', ids, 'client_import', import);
    END IF;
    RETURN cardinality(ids);
END $$;

-- Takes the next clients of a list out again. true: that were all.
CREATE OR REPLACE FUNCTION sec.client_import_take(import uuid, how_many int) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    x record;
BEGIN
    SELECT k.removed, k.is_over INTO x FROM app.client_import_take(import, how_many) k;
    IF cardinality(x.removed) > 0 THEN
        PERFORM sec.note('client.import.undo', 'ok', cardinality(x.removed) || ' taken out again', x.removed, 'client_import', import);
    END IF;
    RETURN x.is_over;
END $$;
REVOKE ALL ON FUNCTION sec.client_import_add(uuid, int, jsonb), sec.client_import_take(uuid, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.client_import_add(uuid, int, jsonb), sec.client_import_take(uuid, int) TO foyer_jobs;
RESET ROLE;
