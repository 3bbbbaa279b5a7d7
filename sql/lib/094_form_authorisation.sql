-- 094_form_authorisation: what a permission must say so that a yes to it counts: its elements as they are printed, and which of them a draft lacks.

SET LOCAL ROLE foyer_owner;

-- Whether a yes to this purpose takes all the elements: what goes beyond her treatment.
CREATE OR REPLACE FUNCTION app.purpose_takes_all(purpose text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT purpose IN ('photo_teaching', 'photo_website') OR purpose ~ '_news$' $$;

-- The elements in their order: the words before each on the form, in a language (English where there are none). Internal.
CREATE OR REPLACE FUNCTION app.authorisation_elements(wanted text) RETURNS TABLE (n int, element text, words text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT k.n, k.element, CASE WHEN wanted ~ '^es(-|$)' THEN k.es ELSE k.en END
    FROM (VALUES (1, 'described', 'What may be used', 'Qué puede usarse'), (2, 'used_by', 'Who may use it', 'Quién puede usarlo'),
                 (3, 'used_for', 'For whom, and what for', 'Para quién y para qué'), (4, 'used_until', 'Until when', 'Hasta cuándo'),
                 (5, 'taking_back', 'How to take it back', 'Cómo retirarlo')) AS k (n, element, en, es)
$$;

-- The elements of a version in one of its languages, as they stand in what is read and signed, a paragraph each; NULL: it has none.
CREATE OR REPLACE FUNCTION app.authorisation_words(of_version uuid, wanted text) RETURNS text
LANGUAGE sql STABLE
AS $$
    SELECT string_agg(e.words || ': ' || btrim(to_jsonb(a) ->> e.element), E'\n\n' ORDER BY e.n)
    FROM app.form_authorisation a CROSS JOIN LATERAL app.authorisation_elements(a.language) e
    WHERE a.form_version_id = of_version AND a.language = wanted AND btrim(to_jsonb(a) ->> e.element) <> ''
$$;

-- What a version lacks: where it asks for such a permission, or says some of the elements, all of them in each of its languages.
CREATE OR REPLACE FUNCTION app.authorisation_missing(of_version uuid) RETURNS TABLE (language text, is_own boolean, n int, words text)
LANGUAGE sql STABLE
AS $$
    SELECT l.language, l.is_own, e.n, e.words
    FROM (SELECT v.language, true AS is_own FROM app.form_version v WHERE v.id = of_version
          UNION ALL SELECT t.language, false FROM app.form_translation t WHERE t.form_version_id = of_version) AS l
    CROSS JOIN LATERAL app.authorisation_elements('en') AS e
    LEFT JOIN app.form_authorisation a ON a.form_version_id = of_version AND a.language = l.language
    WHERE coalesce(btrim(to_jsonb(a) ->> e.element), '') = ''
      AND (EXISTS (SELECT FROM app.form_question q WHERE q.form_version_id = of_version AND app.purpose_takes_all(q.purpose))
           OR EXISTS (SELECT FROM app.form_authorisation s WHERE s.form_version_id = of_version
                      AND btrim(concat(s.described, s.used_by, s.used_for, s.used_until, s.taking_back)) <> ''))
$$;

-- The elements of a draft in one of its languages, as its page says.
CREATE OR REPLACE FUNCTION app.form_authorisation_save(form uuid, language text, seen_edition int, described text, used_by text, used_for text, used_until text, taking_back text) RETURNS uuid
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
DECLARE
    draft uuid := app.form_draft_of(form);
    kept int;
BEGIN
    PERFORM FROM app.form_version v WHERE v.id = draft FOR NO KEY UPDATE;
    IF NOT EXISTS (SELECT FROM app.form_version v WHERE v.id = draft AND v.language = language
                   UNION ALL SELECT FROM app.form_translation t WHERE t.form_version_id = draft AND t.language = language) THEN
        RAISE EXCEPTION 'no such translation' USING ERRCODE = 'FY404';
    END IF;
    SELECT a.edition INTO kept FROM app.form_authorisation a WHERE a.form_version_id = draft AND a.language = language;
    PERFORM app.edition_or_refuse(seen_edition, coalesce(kept, 0));
    INSERT INTO app.form_authorisation AS a (form_version_id, language, described, used_by, used_for, used_until, taking_back)
    VALUES (draft, language, btrim(coalesce(described, '')), btrim(coalesce(used_by, '')), btrim(coalesce(used_for, '')), btrim(coalesce(used_until, '')), btrim(coalesce(taking_back, '')))
    ON CONFLICT ON CONSTRAINT form_authorisation_pkey DO UPDATE
    SET described = excluded.described, used_by = excluded.used_by, used_for = excluded.used_for, used_until = excluded.used_until, taking_back = excluded.taking_back, edition = a.edition + 1;
    PERFORM app.form_touch(draft);
    RETURN form;
END $$;

REVOKE ALL ON FUNCTION app.purpose_takes_all(text), app.authorisation_elements(text), app.authorisation_words(uuid, text), app.authorisation_missing(uuid),
    app.form_authorisation_save(uuid, text, int, text, text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.authorisation_elements(text), app.authorisation_words(uuid, text) TO foyer_staff, foyer_public, foyer_slow, foyer_jobs;
GRANT EXECUTE ON FUNCTION app.purpose_takes_all(text), app.authorisation_missing(uuid), app.form_authorisation_save(uuid, text, int, text, text, text, text, text) TO foyer_staff;

RESET ROLE;
