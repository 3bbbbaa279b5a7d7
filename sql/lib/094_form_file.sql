-- 094_form_file: what the page on which a client attaches files may know of her form. It runs in the slow pool, which reads no forms of
-- clients otherwise; so these functions name tenant and client themselves, and both are those of the link.

SET LOCAL ROLE foyer_owner;

-- The question of her open form, in the language in which she answers, and how much room there is. No row: there is none like it.
DROP FUNCTION IF EXISTS app.form_file_room(uuid, text);
CREATE FUNCTION app.form_file_room(assignment uuid, wanted text)
RETURNS TABLE (client_id uuid, title text, label text, help text, language text, n_files bigint, most int, is_kiosk boolean, witness_name text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT a.client_id, coalesce(x.title, v.title), coalesce(y.label, q.label), coalesce(nullif(y.help, ''), q.help), coalesce(x.language, v.language),
           (SELECT count(*) FROM app.form_file f
            JOIN app.media m ON m.tenant_id = f.tenant_id AND m.client_id = f.client_id AND m.id = f.id AND m.removed_at IS NULL
            WHERE f.tenant_id = a.tenant_id AND f.client_id = a.client_id AND f.assignment_id = a.id AND f.question_key = q.key), 5, l.place = 'kiosk', app.witness_name()
    FROM app.form_assignment a
    JOIN app.link l ON l.tenant_id = a.tenant_id AND l.client_id = a.client_id AND l.id = nullif(current_setting('foyer.link_id', true), '')::uuid
    JOIN app.form_version v ON v.tenant_id = a.tenant_id AND v.id = app.form_in_force(a.form_id)
    JOIN app.form_question q ON q.tenant_id = v.tenant_id AND q.form_version_id = v.id AND q.key = wanted AND q.kind = 'file'
    LEFT JOIN app.form_draft d ON d.tenant_id = a.tenant_id AND d.client_id = a.client_id AND d.assignment_id = a.id
    LEFT JOIN app.form_translation x ON x.tenant_id = v.tenant_id AND x.form_version_id = v.id AND x.language = d.language
    LEFT JOIN app.form_question_translation y ON y.tenant_id = q.tenant_id AND y.question_id = q.id AND y.language = d.language
    WHERE a.tenant_id = app.tenant() AND a.client_id = app.own_client() AND a.id = assignment AND a.state = 'due';
END $$;

-- Holds her form until the transaction ends: whoever attaches, takes away or signs at the same moment waits.
CREATE OR REPLACE FUNCTION app.form_hold(assignment uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM FROM app.form_assignment a WHERE a.tenant_id = app.tenant() AND a.client_id = app.own_client() AND a.id = assignment FOR UPDATE;
END $$;

-- Whether this transaction's link is used on the studio's tablet.
CREATE OR REPLACE FUNCTION app.on_tablet() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM app.link k WHERE k.tenant_id = app.tenant() AND k.id = nullif(current_setting('foyer.link_id', true), '')::uuid AND k.place = 'kiosk');
END $$;
REVOKE ALL ON FUNCTION app.on_tablet() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.on_tablet() TO foyer_public, foyer_slow;

REVOKE ALL ON FUNCTION app.form_file_room(uuid, text), app.form_hold(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.form_file_room(uuid, text) TO foyer_slow;
GRANT EXECUTE ON FUNCTION app.form_hold(uuid) TO foyer_public;

RESET ROLE;
