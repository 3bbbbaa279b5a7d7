-- 1080_import_more: a list that is read in brings what else is known of a client: further numbers, guardians, whom to call, what may be sent to
-- her, the business's own fields. A cell that cannot be read does not lose its row.

SET LOCAL ROLE foyer_owner;

-- Which cells of a row were left out and why, by the names of their columns: never what stands in them.
ALTER TABLE app.client_import_row ADD COLUMN left_out text NOT NULL DEFAULT '' CONSTRAINT import_row_left_out_is_short CHECK (length(left_out) <= 4000);

-- (created_at: since when she is a client, where the list says it)
GRANT INSERT (preferred_language, preferred_way, best_time, emergency_contact_name, emergency_contact_relation, emergency_contact_phone, created_at) ON app.client TO foyer_auth;
GRANT INSERT (client_id, kind, value, created_at) ON app.client_contact TO foyer_auth;
GRANT INSERT (client_id, name, relation, email, phone, birth_date, may_sign, created_at) ON app.client_guardian TO foyer_auth;
GRANT INSERT (client_id, channel, purpose, is_given, source, wording_id) ON app.messaging_consent TO foyer_auth;
GRANT INSERT (id, client_id, field_id, value_sealed) ON app.client_field_value TO foyer_auth;
GRANT SELECT ON app.messaging_wording TO foyer_auth;
GRANT SELECT ON app.client_field TO foyer_jobs;

-- A further number or a guardian adds words and takes none, so they are put beside those that are there: a client of a list that is being read
-- in is not seen yet, and her own words could not be made anew.
CREATE OR REPLACE FUNCTION app.client_keep_words_of() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    x jsonb := to_jsonb(NEW);
    words text[];
    kinds text[];
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM app.client_words_again(coalesce(NEW.tenant_id, OLD.tenant_id), coalesce(NEW.client_id, OLD.client_id));
        RETURN NULL;
    END IF;
    SELECT array_agg(y.word ORDER BY length(y.word) DESC), array_agg(y.kind ORDER BY length(y.word) DESC) INTO words, kinds
    FROM (SELECT e.word, CASE WHEN bool_or(e.kind = 'name') THEN 'name' WHEN bool_or(e.kind = 'email') THEN 'email' ELSE 'phone' END AS kind
          FROM (SELECT w.word, w.kind FROM app.client_word w WHERE w.tenant_id = NEW.tenant_id AND w.client_id = NEW.client_id
                UNION ALL
                SELECT k.word, k.kind
                FROM app.client_words_by_kind(x ->> 'name', NULL, CASE WHEN x ->> 'kind' = 'email' THEN x ->> 'value' ELSE x ->> 'email' END,
                         CASE WHEN x ->> 'kind' = 'phone' THEN x ->> 'value' ELSE x ->> 'phone' END) AS k) AS e
          GROUP BY e.word) AS y;
    INSERT INTO app.client_word AS w (tenant_id, word, client_id, kind, beside)
    SELECT NEW.tenant_id, k.word, NEW.client_id, k.kind, k.beside FROM app.client_words_kept(words, kinds) AS k
    ON CONFLICT (tenant_id, word, client_id) DO UPDATE SET kind = excluded.kind, beside = excluded.beside
        WHERE w.kind <> excluded.kind OR w.beside IS DISTINCT FROM excluded.beside;
    RETURN NULL;
END $$;

-- What a list said of messages goes with the client when the list is taken out again; nothing else of it ever changes.
CREATE FUNCTION app.messaging_consent_keep() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.source = 'import' AND app.actor_kind() = 'job' AND current_setting('foyer.action', true) = 'client.import.undo' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'What was said of messages is not written again.' USING ERRCODE = '42501';
END $$;
REVOKE ALL ON FUNCTION app.messaging_consent_keep() FROM PUBLIC;
DROP TRIGGER messaging_consent_never_changes ON app.messaging_consent;
CREATE TRIGGER messaging_consent_never_changes BEFORE UPDATE OR DELETE ON app.messaging_consent FOR EACH ROW EXECUTE FUNCTION app.messaging_consent_keep();
RESET ROLE;
