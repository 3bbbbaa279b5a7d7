-- 094_form_translation: whether what stands in another language is still a translation of what its form says. Who signs reads the same in each of
-- its languages: what changed in its own after it was translated is looked at again before it is published.

SET LOCAL ROLE foyer_owner;

-- SHA-256 of the words of a question in its form's own language.
CREATE OR REPLACE FUNCTION app.question_sha256(q app.form_question) RETURNS bytea
LANGUAGE sql STABLE
AS $$ SELECT app.sha256_of(concat_ws(chr(10), q.label, q.help, array_to_string(q.options, chr(10)), q.follow_up_label, q.unit)) $$;

-- SHA-256 of what the permissions of a version say in its own language.
CREATE OR REPLACE FUNCTION app.authorisation_sha256(of_version uuid) RETURNS bytea
LANGUAGE sql STABLE
AS $$ SELECT app.sha256_of(coalesce(app.authorisation_words(v.id, v.language), '')) FROM app.form_version v WHERE v.id = of_version $$;

-- A translation that is written is one of what stands there now.
CREATE OR REPLACE FUNCTION app.translation_of() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    NEW.of_sha256 := CASE TG_TABLE_NAME WHEN 'form_translation' THEN (SELECT v.sha256 FROM app.form_version v WHERE v.tenant_id = NEW.tenant_id AND v.id = NEW.form_version_id)
                                        ELSE app.authorisation_sha256(NEW.form_version_id) END;
    RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION app.question_translation_of() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    NEW.of_sha256 := (SELECT app.question_sha256(q) FROM app.form_question q WHERE q.tenant_id = NEW.tenant_id AND q.id = NEW.question_id);
    RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS form_translation_of_what ON app.form_translation;
CREATE TRIGGER form_translation_of_what BEFORE INSERT OR UPDATE OF title, body ON app.form_translation FOR EACH ROW EXECUTE FUNCTION app.translation_of();
DROP TRIGGER IF EXISTS form_authorisation_of_what ON app.form_authorisation;
CREATE TRIGGER form_authorisation_of_what BEFORE INSERT OR UPDATE OF described, used_by, used_for, used_until, taking_back ON app.form_authorisation
    FOR EACH ROW EXECUTE FUNCTION app.translation_of();
-- (not of its choices alone: those follow the question by themselves, app.form_question_save)
DROP TRIGGER IF EXISTS form_question_translation_of_what ON app.form_question_translation;
CREATE TRIGGER form_question_translation_of_what BEFORE INSERT OR UPDATE OF label ON app.form_question_translation FOR EACH ROW EXECUTE FUNCTION app.question_translation_of();

-- What of a version has changed in its own language since it was translated; question_id NULL: the text, or what is allowed.
CREATE OR REPLACE FUNCTION app.translations_stale(of_version uuid) RETURNS TABLE (language text, question_id uuid, is_text boolean, words text, n int)
LANGUAGE sql STABLE
AS $$
    SELECT t.language, NULL::uuid, true, 'the text', 0 FROM app.form_translation t JOIN app.form_version v ON v.id = t.form_version_id
    WHERE t.form_version_id = of_version AND t.of_sha256 <> v.sha256
    UNION ALL
    SELECT a.language, NULL, false, 'what is allowed', 1 FROM app.form_authorisation a JOIN app.form_version v ON v.id = a.form_version_id
    WHERE a.form_version_id = of_version AND a.language <> v.language AND a.of_sha256 <> app.authorisation_sha256(of_version)
    UNION ALL
    SELECT w.language, q.id, false, '“' || q.label || '”', 1 + q.position FROM app.form_question_translation w JOIN app.form_question q ON q.id = w.question_id
    WHERE w.form_version_id = of_version AND w.of_sha256 <> app.question_sha256(q)
$$;

REVOKE ALL ON FUNCTION app.question_sha256(app.form_question), app.authorisation_sha256(uuid), app.translation_of(), app.question_translation_of(), app.translations_stale(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.question_sha256(app.form_question), app.authorisation_sha256(uuid), app.translations_stale(uuid) TO foyer_staff;

RESET ROLE;
