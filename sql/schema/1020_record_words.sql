-- 1020_record_words: a question of any of a list whose answers are conditions: what is chosen goes onto the chart's list; how somebody wants
-- to be spoken with; and who signed a note, by the name of that day.

SET LOCAL ROLE foyer_owner;

-- Which of its choices says that there is none of them; set: the others are conditions. Questions of before say nothing of it, and stay so.
ALTER TABLE app.form_question ADD COLUMN none_option text,
    ADD CONSTRAINT form_question_none_is_a_choice CHECK (none_option IS NULL OR (kind = 'multi' AND none_option = ANY (options)));
COMMENT ON CONSTRAINT form_question_none_is_a_choice ON app.form_question IS 'none_option: Write it as it stands among what can be chosen.';
GRANT INSERT (none_option), UPDATE (none_option) ON app.form_question TO foyer_staff;
DROP FUNCTION IF EXISTS app.form_question_save(uuid, uuid, uuid, int, text, text, text, text, boolean, text, text, text, text, text, text);

GRANT SELECT ON app.health_condition TO foyer_public;
GRANT INSERT (id, client_id, condition_sealed, had_since_sealed, remark_sealed) ON app.health_condition TO foyer_public;
CREATE POLICY own_client ON app.health_condition AS RESTRICTIVE TO foyer_public USING (client_id = (SELECT app.own_client()));

-- What is preferred, not what is allowed: app.messaging_consent says that.
ALTER TABLE app.client
    ADD COLUMN preferred_language text COLLATE "C" CONSTRAINT client_language_is_a_tag CHECK (preferred_language ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$'),
    ADD COLUMN preferred_way text COLLATE "C" CONSTRAINT client_way_is_one CHECK (preferred_way IN ('email', 'text', 'phone')),
    ADD COLUMN best_time text CONSTRAINT client_best_time_is_short CHECK (length(best_time) <= 80);
COMMENT ON CONSTRAINT client_language_is_a_tag ON app.client IS 'preferred_language: Choose a language of the list.';
COMMENT ON CONSTRAINT client_best_time_is_short ON app.client IS 'best_time: At most 80 characters.';
GRANT SELECT (preferred_language, preferred_way, best_time) ON app.client TO foyer_staff, foyer_slow;
GRANT UPDATE (preferred_language, preferred_way, best_time) ON app.client TO foyer_staff;
CREATE OR REPLACE FUNCTION app.client_keep_changes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.keep_changes(NEW.tenant_id, NEW.id, NULL, '', to_jsonb(OLD), to_jsonb(NEW),
        ARRAY['name', 'preferred_name', 'pronouns', 'email', 'phone', 'birth_date', 'due_date', 'street', 'city', 'region', 'postal_code', 'country',
              'emergency_contact_name', 'emergency_contact_relation', 'emergency_contact_phone',
              'preferred_language', 'preferred_way', 'best_time']);
    RETURN NULL;
END $$;

-- People change their names; what they signed keeps the one that they had. Notes of before go by the author's name of today.
ALTER TABLE app.chart_note ADD COLUMN author_name text;
CREATE FUNCTION app.chart_note_name_author() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.author_name := CASE WHEN NEW.state = 'signed' THEN (SELECT f.name FROM app.staff f WHERE f.tenant_id = NEW.tenant_id AND f.id = NEW.author_id) END;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.chart_note_name_author() FROM PUBLIC;
CREATE TRIGGER chart_note_signed_by_name BEFORE INSERT ON app.chart_note FOR EACH ROW EXECUTE FUNCTION app.chart_note_name_author();
CREATE TRIGGER chart_note_signed_later_by_name BEFORE UPDATE ON app.chart_note FOR EACH ROW WHEN (OLD.state = 'draft' AND NEW.state = 'signed') EXECUTE FUNCTION app.chart_note_name_author();

RESET ROLE;
