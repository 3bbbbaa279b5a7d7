-- 094_forms: building forms, publishing and withdrawing them, and which forms a visit asks for. What the builder's pages call runs
-- with the rights of who calls it (foyer_staff and its policies), but for what reaches clients she may not see. Errors: FY404 not
-- there, FY422 with words.

SET LOCAL ROLE foyer_owner;

-- ---- languages ----

CREATE OR REPLACE FUNCTION app.form_languages() RETURNS TABLE (language text, words text)
LANGUAGE sql IMMUTABLE
AS $$
    VALUES ('en', 'English'), ('es', 'Español'), ('fr', 'Français'), ('pt', 'Português'), ('de', 'Deutsch'), ('it', 'Italiano'), ('pl', 'Polski'),
           ('ru', 'Русский'), ('uk', 'Українська'), ('ar', 'العربية'), ('fa', 'فارسی'), ('hi', 'हिन्दी'), ('zh', '中文'), ('ja', '日本語'), ('ko', '한국어'),
           ('vi', 'Tiếng Việt'), ('tl', 'Tagalog'), ('ht', 'Kreyòl ayisyen')
$$;
-- A language in its own words.
CREATE OR REPLACE FUNCTION app.language_words(code text) RETURNS text
LANGUAGE sql IMMUTABLE
AS $$ SELECT coalesce((SELECT l.words FROM app.form_languages() l WHERE l.language = code), code) $$;

-- ---- which forms a visit asks for ----

-- Whether what she signed of this form still stands then: within its validity, under a version that is not asked anew, not withdrawn.
-- (One purpose of photographs that she took back is an answer, and no reason to ask her again.)
-- Internal.
CREATE OR REPLACE FUNCTION app.form_stands(client uuid, form uuid, at timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM app.form_assignment t
        JOIN app.signature s ON s.client_id = t.client_id AND s.assignment_id = t.id
        JOIN app.form_version v ON v.id = s.form_version_id
        JOIN app.form f ON f.id = t.form_id
        WHERE t.client_id = ANY (app.record_ids(client)) AND t.form_id = form AND t.state = 'signed'
          AND (f.validity = 'life' OR f.validity = 'days' AND s.signed_at + make_interval(days => f.valid_days) > at)
          AND v.version >= coalesce((SELECT max(n.version) FROM app.form_version n WHERE n.form_id = form AND n.published_at IS NOT NULL AND n.asks_again), 0)
          -- (one use taken back leaves the rest of the form as it is)
          AND t.revoked_at IS NULL
          -- what a guardian signed for her ends on the day on which she signs herself
          AND NOT (s.signer = 'guardian' AND coalesce(app.age_on((SELECT c.birth_date FROM app.client c WHERE c.id = t.client_id), (at AT TIME ZONE app.zone())::date) >= 18, false)));
END $$;

-- The wording in force: the newest published version, unless it was withdrawn. Internal.
CREATE OR REPLACE FUNCTION app.form_in_force(form uuid) RETURNS uuid
LANGUAGE sql STABLE
AS $$
    SELECT CASE WHEN v.withdrawn_at IS NULL THEN v.id END
    FROM app.form_version v WHERE v.form_id = form AND v.published_at IS NOT NULL ORDER BY v.version DESC LIMIT 1
$$;

-- Forms that a visit asks for: those of its service, and those whose own rule says so; each only of whom it is for, and not while what
-- she signed before stands. First visit: she has no earlier one that was not called off. A day of several services is one visit: what is
-- asked by rule is asked with the first of them. Internal.
CREATE OR REPLACE FUNCTION app.forms_asked(appointment uuid) RETURNS TABLE (form_id uuid, place_in_list int)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    a record;
    is_first boolean;
    leads boolean;
BEGIN
    SELECT p.client_id, p.service_id, p.starts_at, p.group_id, p.group_position, app.age_on(c.birth_date, (p.starts_at AT TIME ZONE l.zone)::date) < 18 AS is_minor,
           EXISTS (SELECT FROM app.client_guardian g WHERE g.client_id = c.id AND g.may_sign AND g.ended_at IS NULL) AS is_guarded INTO a
    FROM app.appointment p
    JOIN app.client c ON c.id = p.client_id
    JOIN app.location l ON l.id = p.location_id
    WHERE p.id = appointment;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    is_first := NOT EXISTS (SELECT FROM app.appointment o
        WHERE o.client_id = ANY (app.record_ids(a.client_id)) AND o.id <> appointment AND o.starts_at < a.starts_at AND o.status NOT IN ('held', 'expired', 'cancelled', 'no_show')
          AND (a.group_id IS NULL OR o.group_id IS DISTINCT FROM a.group_id));
    leads := a.group_id IS NULL OR NOT EXISTS (SELECT FROM app.appointment o
        WHERE o.client_id = a.client_id AND o.group_id = a.group_id AND o.group_position < a.group_position AND o.status <> 'cancelled');
    RETURN QUERY
    SELECT f.id, coalesce(x.position, 100)
    FROM app.form f
    LEFT JOIN app.service_form x ON x.form_id = f.id AND x.service_id = a.service_id
    WHERE f.is_active AND app.form_in_force(f.id) IS NOT NULL
      AND (x.form_id IS NOT NULL OR leads AND (f.asked_with = 'every_visit' OR f.asked_with = 'first_visit' AND is_first))
      AND CASE f.for_whom WHEN 'minors' THEN coalesce(a.is_minor, false) WHEN 'adults' THEN NOT coalesce(a.is_minor, false)
                          WHEN 'guarded' THEN a.is_guarded ELSE true END
      AND (f.validity = 'visit' OR NOT app.form_stands(a.client_id, f.id, a.starts_at));
END $$;

-- A form that stands longer than a visit, once signed, is not due for other visits either.
CREATE OR REPLACE FUNCTION app.form_settle() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    signed uuid := (SELECT t.form_id FROM app.form_assignment t JOIN app.form f ON f.id = t.form_id AND f.validity <> 'visit'
                    WHERE t.tenant_id = NEW.tenant_id AND t.id = NEW.assignment_id);
BEGIN
    IF signed IS NULL THEN
        RETURN NULL;
    END IF;
    UPDATE app.form_assignment t SET state = 'withdrawn'
    WHERE t.tenant_id = NEW.tenant_id AND t.client_id = NEW.client_id AND t.form_id = signed AND t.state = 'due' AND t.id <> NEW.assignment_id
      AND app.form_stands(NEW.client_id, signed, coalesce((SELECT p.starts_at FROM app.appointment p WHERE p.tenant_id = t.tenant_id AND p.id = t.appointment_id), now()));
    RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS signature_settles_others ON app.signature;
CREATE TRIGGER signature_settles_others AFTER INSERT ON app.signature FOR EACH ROW EXECUTE FUNCTION app.form_settle();

-- ---- building ----

-- How a question can be answered.
CREATE OR REPLACE FUNCTION app.form_kinds() RETURNS TABLE (n int, kind text, words text)
LANGUAGE sql IMMUTABLE
AS $$
    VALUES (1, 'text', 'A short text'), (2, 'long', 'A long text'), (3, 'choice', 'One of a list'), (4, 'multi', 'Any of a list'), (5, 'yes_no', 'Yes or no'),
           (6, 'date', 'A date'), (7, 'number', 'A number'), (8, 'allergies', 'Allergies, each with reaction and strength'),
           (9, 'medications', 'Medicines, each with dose and since when'), (10, 'body', 'Regions of face and body'), (11, 'initials', 'Initials'),
           (12, 'acknowledge', 'A tick that it is so'), (13, 'file', 'Pictures or a PDF, attached'), (14, 'signature', 'A signature of its own, typed or drawn')
$$;

-- A draft to work on, and that it is one. Internal.
CREATE OR REPLACE FUNCTION app.form_draft_of(form uuid) RETURNS uuid
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    draft uuid := (SELECT v.id FROM app.form_version v WHERE v.form_id = form AND v.published_at IS NULL);
BEGIN
    IF draft IS NULL THEN
        RAISE EXCEPTION 'there is no draft' USING ERRCODE = 'FY404';
    END IF;
    RETURN draft;
END $$;

-- What was saved meanwhile by somebody else is not overwritten. Internal.
CREATE OR REPLACE FUNCTION app.edition_or_refuse(seen int, kept int) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    IF seen IS DISTINCT FROM kept THEN
        RAISE EXCEPTION 'Somebody saved this meanwhile. What you typed is still here; what is saved stands beside it. Saving again keeps yours.'
            USING ERRCODE = 'FY422', COLUMN = 'seen_edition';
    END IF;
END $$;

-- Who saved a draft last, and when. Internal.
CREATE OR REPLACE FUNCTION app.form_touch(draft uuid) RETURNS void
LANGUAGE sql
AS $$ UPDATE app.form_version v SET edited_at = clock_timestamp(), edited_by = app.actor() WHERE v.id = draft AND v.published_at IS NULL $$;

-- Which state of a draft somebody has seen: text, questions and translations; each change of any of them is another. Internal.
CREATE OR REPLACE FUNCTION app.form_draft_mark(edited_at timestamptz) RETURNS text
LANGUAGE sql IMMUTABLE
AS $$ SELECT coalesce((extract(epoch FROM edited_at) * 1000000)::bigint::text, '-') $$;
REVOKE ALL ON FUNCTION app.form_draft_mark(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.form_draft_mark(timestamptz) TO foyer_staff;

-- A form from the library, with its questions and translations, as the first draft. Internal.
CREATE OR REPLACE FUNCTION app.form_fill_from(form uuid, draft uuid, content jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
    t record;
BEGIN
    INSERT INTO app.form_version (id, form_id, version, title, body, edited_at, edited_by)
    VALUES (draft, form, 1, content ->> 'title', content ->> 'body', now(), app.actor());
    INSERT INTO app.form_question (form_version_id, position, key, kind, label, help, options, is_required, follow_up_label, purpose, number_min, number_max, unit, when_key, when_value, none_option)
    SELECT draft, q.n, q.one ->> 'key', q.one ->> 'kind', q.one ->> 'label', coalesce(q.one ->> 'help', ''),
           coalesce((SELECT array_agg(o.o ORDER BY o.n) FROM jsonb_array_elements_text(q.one -> 'options') WITH ORDINALITY AS o (o, n)), '{}'),
           coalesce((q.one ->> 'required')::boolean, false), q.one ->> 'more', q.one ->> 'purpose', (q.one ->> 'min')::double precision, (q.one ->> 'max')::double precision,
           q.one ->> 'unit', q.one -> 'when' ->> 0, q.one -> 'when' ->> 1, q.one ->> 'none'
    FROM jsonb_array_elements(content -> 'questions') WITH ORDINALITY AS q (one, n);
    INSERT INTO app.form_authorisation (form_version_id, language, described, used_by, used_for, used_until, taking_back)
    SELECT draft, l.language, l.a ->> 'described', l.a ->> 'used_by', l.a ->> 'used_for', l.a ->> 'used_until', l.a ->> 'taking_back'
    FROM (SELECT 'en' AS language, content -> 'authorisation' AS a
          UNION ALL SELECT x.key, x.value -> 'authorisation' FROM jsonb_each(coalesce(content -> 'translations', '{}')) AS x) AS l
    WHERE l.a IS NOT NULL
    ORDER BY l.language <> 'en';  -- (its own before those that are of it)
    FOR t IN SELECT x.key AS language, x.value AS said FROM jsonb_each(coalesce(content -> 'translations', '{}')) AS x LOOP
        INSERT INTO app.form_translation (form_version_id, language, title, body) VALUES (draft, t.language, t.said ->> 'title', t.said ->> 'body');
        INSERT INTO app.form_question_translation (form_version_id, question_id, language, label, help, options, follow_up_label, unit)
        SELECT draft, q.id, t.language, w.said ->> 'label', coalesce(w.said ->> 'help', ''),
               coalesce((SELECT array_agg(o.o ORDER BY o.n) FROM jsonb_array_elements_text(w.said -> 'options') WITH ORDINALITY AS o (o, n)), '{}'), w.said ->> 'more', w.said ->> 'unit'
        FROM app.form_question q
        JOIN LATERAL (SELECT t.said -> 'questions' -> q.key AS said) AS w ON w.said IS NOT NULL
        WHERE q.form_version_id = draft;
    END LOOP;
END $$;

-- A new form with its first draft: blank, or a copy out of the library.
CREATE OR REPLACE FUNCTION app.form_create(new_id uuid, name text, kind text, start text) RETURNS uuid
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
DECLARE
    model record;
BEGIN
    SELECT l.* INTO model FROM app.form_library() l WHERE l.slug = start;
    IF start <> '' AND model.slug IS NULL THEN
        RAISE EXCEPTION 'Choose one of the list.' USING ERRCODE = 'FY422', COLUMN = 'start';
    END IF;
    IF model.slug IS NULL AND coalesce(btrim(name), '') = '' THEN
        RAISE EXCEPTION 'Give the form a name.' USING ERRCODE = 'FY422', COLUMN = 'name';
    END IF;
    INSERT INTO app.form (id, name, kind, validity, valid_days, asked_with, for_whom)
    VALUES (new_id, coalesce(nullif(btrim(name), ''), model.name), coalesce(model.kind, kind), coalesce(model.validity, 'visit'), model.valid_days,
            coalesce(model.asked_with, 'services'), coalesce(model.for_whom, 'everybody'));
    PERFORM app.form_fill_from(new_id, gen_random_uuid(), coalesce(model.content, jsonb_build_object('title', btrim(name), 'body', '', 'questions', '[]'::jsonb)));
    RETURN new_id;
END $$;

-- What holds for a form as a whole: its name, how long a signature stands, of whom it is asked.
DROP FUNCTION IF EXISTS app.form_save(uuid, int, text, text, int, text, text, uuid[]);
CREATE OR REPLACE FUNCTION app.form_save(form uuid, seen_edition int, name text, validity text, valid_days int, asked_with text, for_whom text, services uuid[], needs_code boolean)
RETURNS uuid
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
DECLARE
    kept int;
BEGIN
    SELECT f.edition INTO kept FROM app.form f WHERE f.id = form FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such form' USING ERRCODE = 'FY404';
    END IF;
    PERFORM app.edition_or_refuse(seen_edition, kept);
    UPDATE app.form f SET name = btrim(name), validity = validity, valid_days = CASE WHEN validity = 'days' THEN valid_days END, asked_with = asked_with,
        for_whom = for_whom, needs_code = coalesce(needs_code, false), edition = f.edition + 1
    WHERE f.id = form;
    PERFORM app.form_look_again(form);
    DELETE FROM app.service_form x WHERE x.form_id = form AND x.service_id <> ALL (services);
    INSERT INTO app.service_form (service_id, form_id, position)
    SELECT v.id, form, coalesce((SELECT max(y.position) FROM app.service_form y WHERE y.service_id = v.id), 0) + 1 FROM app.service v WHERE v.id = ANY (services)
    ON CONFLICT DO NOTHING;
    RETURN form;
END $$;

-- A draft of the next version, begun with what is in force; the one there is, when there is one.
CREATE OR REPLACE FUNCTION app.form_draft_begin(form uuid) RETURNS uuid
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
DECLARE
    draft uuid;
    last record;
BEGIN
    PERFORM FROM app.form f WHERE f.id = form FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such form' USING ERRCODE = 'FY404';
    END IF;
    SELECT v.id INTO draft FROM app.form_version v WHERE v.form_id = form AND v.published_at IS NULL;
    IF FOUND THEN
        RETURN form;
    END IF;
    SELECT v.* INTO last FROM app.form_version v WHERE v.form_id = form ORDER BY v.version DESC LIMIT 1;
    draft := gen_random_uuid();
    INSERT INTO app.form_version (id, form_id, version, title, body, language, edited_at, edited_by, holds_health, copy_attached)
    SELECT draft, form, coalesce(last.version, 0) + 1, coalesce(last.title, f.name), coalesce(last.body, ''), coalesce(last.language, 'en'), now(), app.actor(),
           coalesce(last.holds_health, true), coalesce(last.copy_attached, false)
    FROM app.form f WHERE f.id = form;
    INSERT INTO app.form_question (form_version_id, position, key, kind, label, help, options, is_required, follow_up_label, purpose, number_min, number_max, unit, when_key, when_value, none_option)
    SELECT draft, row_number() OVER (ORDER BY q.position, q.key), q.key, q.kind, q.label, q.help, q.options, q.is_required, q.follow_up_label, q.purpose,
           q.number_min, q.number_max, q.unit, q.when_key, q.when_value, q.none_option
    FROM app.form_question q WHERE q.form_version_id = last.id;
    INSERT INTO app.form_translation (form_version_id, language, title, body)
    SELECT draft, t.language, t.title, t.body FROM app.form_translation t WHERE t.form_version_id = last.id;
    INSERT INTO app.form_authorisation (form_version_id, language, described, used_by, used_for, used_until, taking_back)
    SELECT draft, a.language, a.described, a.used_by, a.used_for, a.used_until, a.taking_back FROM app.form_authorisation a WHERE a.form_version_id = last.id
    ORDER BY a.language <> last.language;
    INSERT INTO app.form_question_translation (form_version_id, question_id, language, label, help, options, follow_up_label, unit)
    SELECT draft, n.id, t.language, t.label, t.help, t.options, t.follow_up_label, t.unit
    FROM app.form_question_translation t
    JOIN app.form_question q ON q.id = t.question_id
    JOIN app.form_question n ON n.form_version_id = draft AND n.key = q.key
    WHERE t.form_version_id = last.id;
    RETURN form;
END $$;

CREATE OR REPLACE FUNCTION app.form_draft_drop(form uuid) RETURNS uuid
LANGUAGE plpgsql
AS $$
DECLARE
    draft uuid := app.form_draft_of(form);
BEGIN
    DELETE FROM app.form_authorisation a WHERE a.form_version_id = draft;
    DELETE FROM app.form_translation t WHERE t.form_version_id = draft;
    DELETE FROM app.form_question q WHERE q.form_version_id = draft;
    DELETE FROM app.form_version v WHERE v.id = draft;
    RETURN form;
END $$;

CREATE OR REPLACE FUNCTION app.form_wording_save(form uuid, seen_edition int, title text, body text) RETURNS uuid
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
DECLARE
    draft uuid := app.form_draft_of(form);
    kept int;
BEGIN
    SELECT v.edition INTO kept FROM app.form_version v WHERE v.id = draft FOR NO KEY UPDATE;
    PERFORM app.edition_or_refuse(seen_edition, kept);
    UPDATE app.form_version v SET title = btrim(title), body = coalesce(body, ''), edition = v.edition + 1, edited_at = now(), edited_by = app.actor() WHERE v.id = draft;
    RETURN form;
END $$;

-- A name for a question that stays when its label changes, so that answers go on with it: "q_" and what its label begins with. Internal.
CREATE OR REPLACE FUNCTION app.form_key_for(draft uuid, label text) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    stem text := 'q_' || left(btrim(regexp_replace(lower(app.norm(label)), '[^a-z0-9]+', '_', 'g'), '_'), 28);
    n int := 1;
    made text := rtrim(stem, '_');
BEGIN
    WHILE EXISTS (SELECT FROM app.form_question q WHERE q.form_version_id = draft AND q.key = made) LOOP
        n := n + 1;
        made := rtrim(stem, '_') || '_' || n;
    END LOOP;
    RETURN made;
END $$;

-- What can be chosen, a line each, without blanks and tabs around it; blank and repeated lines do not count. Internal.
CREATE OR REPLACE FUNCTION app.lines_of(typed text) RETURNS text[]
LANGUAGE sql IMMUTABLE
AS $$
    SELECT coalesce(array_agg(x.line ORDER BY x.n), '{}') FROM (
        SELECT btrim(l.l, E' \t\r') AS line, min(l.n) AS n FROM regexp_split_to_table(coalesce(typed, ''), E'\n') WITH ORDINALITY AS l (l, n)
        WHERE btrim(l.l, E' \t\r') <> '' GROUP BY 1) AS x
$$;

-- A number as typed into the builder. Internal.
CREATE OR REPLACE FUNCTION app.number_or_refuse(typed text, field text) RETURNS double precision
LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    IF coalesce(btrim(typed), '') = '' THEN
        RETURN NULL;
    END IF;
    IF btrim(typed) !~ '^-?[0-9]{1,9}([.,][0-9]{1,4})?$' THEN
        RAISE EXCEPTION 'Give a number, such as 40 or 40.5.' USING ERRCODE = 'FY422', COLUMN = field;
    END IF;
    RETURN replace(btrim(typed), ',', '.')::double precision;
END $$;

-- A question as its form says; question NULL: a new one at the end. shown_when: "" for always, or KEY=ANSWER.
CREATE OR REPLACE FUNCTION app.form_question_save(form uuid, question uuid, new_id uuid, seen_edition int, kind text, label text, help text, options text, is_required boolean,
    follow_up text, number_min text, number_max text, unit text, purpose text, shown_when text, none_option text) RETURNS uuid
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
DECLARE
    draft uuid := app.form_draft_of(form);
    q uuid := coalesce(question, new_id);
    kept int;
    was text[] := (SELECT o.options FROM app.form_question o WHERE o.id = question);
    is_listed boolean := kind IN ('choice', 'multi');
    has_condition boolean := coalesce(shown_when, '') <> '';
BEGIN
    PERFORM FROM app.form_version v WHERE v.id = draft FOR NO KEY UPDATE;
    IF question IS NULL THEN
        INSERT INTO app.form_question (id, form_version_id, position, key, kind, label, options)
        SELECT q, draft, coalesce((SELECT max(o.position) FROM app.form_question o WHERE o.form_version_id = draft), 0) + 1, app.form_key_for(draft, label), kind, btrim(label),
               CASE WHEN is_listed THEN app.lines_of(options) ELSE '{}' END;
    ELSE
        SELECT o.edition INTO kept FROM app.form_question o WHERE o.id = question AND o.form_version_id = draft;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'no such question' USING ERRCODE = 'FY404';
        END IF;
        PERFORM app.edition_or_refuse(seen_edition, kept);
    END IF;
    IF has_condition AND NOT EXISTS (SELECT FROM app.form_conditions(draft, q) c WHERE c.choice = shown_when) THEN
        RAISE EXCEPTION 'Choose an answer of a question before this one.' USING ERRCODE = 'FY422', COLUMN = 'shown_when';
    END IF;
    UPDATE app.form_question o
    SET kind = kind, label = btrim(label), help = btrim(coalesce(help, '')), options = CASE WHEN is_listed THEN app.lines_of(options) ELSE '{}' END, is_required = is_required,
        follow_up_label = CASE WHEN kind = 'yes_no' THEN nullif(btrim(coalesce(follow_up, '')), '') END,
        number_min = CASE WHEN kind = 'number' THEN app.number_or_refuse(number_min, 'number_min') END,
        number_max = CASE WHEN kind = 'number' THEN app.number_or_refuse(number_max, 'number_max') END,
        unit = CASE WHEN kind = 'number' THEN nullif(btrim(coalesce(unit, '')), '') END, purpose = nullif(purpose, ''), none_option = CASE WHEN kind = 'multi' THEN nullif(btrim(coalesce(none_option, '')), '') END,
        when_key = CASE WHEN has_condition THEN split_part(shown_when, '=', 1) END,
        when_value = CASE WHEN has_condition THEN substr(shown_when, length(split_part(shown_when, '=', 1)) + 2) END, edition = o.edition + 1
    WHERE o.id = q;
    -- A translation of choices that are others now would put words into her mouth: each stays with its choice, wherever that stands now; where
    -- one is new or said otherwise, all are translated anew.
    UPDATE app.form_question_translation t
    SET options = coalesce((SELECT CASE WHEN bool_and(w.said IS NOT NULL) THEN array_agg(w.said ORDER BY w.n) END
                            FROM (SELECT c.n, t.options[array_position(was, c.choice)] AS said FROM unnest(o.options) WITH ORDINALITY AS c (choice, n)) AS w), '{}')
    FROM app.form_question o WHERE o.id = q AND t.question_id = q AND o.options IS DISTINCT FROM was;
    PERFORM app.form_touch(draft);
    RETURN form;
END $$;

-- What a question may hang on: the answers of those before it that are chosen from a list.
CREATE OR REPLACE FUNCTION app.form_conditions(draft uuid, question uuid) RETURNS TABLE (choice text, words text, place int, n bigint)
LANGUAGE sql STABLE
AS $$
    SELECT q.key || '=' || o.o, q.label || ': ' || CASE WHEN q.kind IN ('yes_no', 'acknowledge') THEN CASE o.o WHEN 'yes' THEN 'yes' ELSE 'no' END ELSE o.o END, q.position, o.n
    FROM app.form_question q
    CROSS JOIN LATERAL unnest(CASE q.kind WHEN 'yes_no' THEN '{yes,no}'::text[] WHEN 'acknowledge' THEN '{yes}' ELSE q.options END) WITH ORDINALITY AS o (o, n)
    WHERE q.form_version_id = draft AND q.kind IN ('choice', 'multi', 'yes_no', 'acknowledge')
      AND q.position < coalesce((SELECT x.position FROM app.form_question x WHERE x.id = question), 2147483647)
$$;

-- One place up or down.
CREATE OR REPLACE FUNCTION app.form_question_move(form uuid, question uuid, direction text) RETURNS uuid
LANGUAGE plpgsql
AS $$
DECLARE
    draft uuid := app.form_draft_of(form);
    was int;
    other record;
BEGIN
    PERFORM FROM app.form_version v WHERE v.id = draft FOR NO KEY UPDATE;
    SELECT q.position INTO was FROM app.form_question q WHERE q.id = question AND q.form_version_id = draft;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such question' USING ERRCODE = 'FY404';
    END IF;
    SELECT q.id, q.position INTO other FROM app.form_question q
    WHERE q.form_version_id = draft AND CASE direction WHEN 'up' THEN q.position < was ELSE q.position > was END
    ORDER BY CASE direction WHEN 'up' THEN -q.position ELSE q.position END LIMIT 1;
    IF FOUND THEN
        UPDATE app.form_question q SET position = CASE q.id WHEN question THEN other.position ELSE was END WHERE q.id IN (question, other.id);
        PERFORM app.form_touch(draft);
    END IF;
    RETURN form;
END $$;

CREATE OR REPLACE FUNCTION app.form_question_drop(form uuid, question uuid) RETURNS uuid
LANGUAGE plpgsql
AS $$
DECLARE
    draft uuid := app.form_draft_of(form);
BEGIN
    DELETE FROM app.form_question q WHERE q.id = question AND q.form_version_id = draft;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such question' USING ERRCODE = 'FY404';
    END IF;
    PERFORM app.form_touch(draft);
    RETURN form;
END $$;

-- ---- translations ----

CREATE OR REPLACE FUNCTION app.form_translation_save(form uuid, language text, seen_edition int, title text, body text) RETURNS text
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
DECLARE
    draft uuid := app.form_draft_of(form);
    kept int;
BEGIN
    PERFORM FROM app.form_version v WHERE v.id = draft FOR NO KEY UPDATE;
    IF NOT EXISTS (SELECT FROM app.form_languages() l WHERE l.language = language) OR EXISTS (SELECT FROM app.form_version v WHERE v.id = draft AND v.language = language) THEN
        RAISE EXCEPTION 'Choose another language.' USING ERRCODE = 'FY422', COLUMN = 'language';
    END IF;
    SELECT t.edition INTO kept FROM app.form_translation t WHERE t.form_version_id = draft AND t.language = language;
    IF kept IS NULL THEN
        INSERT INTO app.form_translation (form_version_id, language, title, body) VALUES (draft, language, btrim(title), coalesce(body, ''));
    ELSE
        PERFORM app.edition_or_refuse(seen_edition, kept);
        UPDATE app.form_translation t SET title = btrim(title), body = coalesce(body, ''), edition = t.edition + 1 WHERE t.form_version_id = draft AND t.language = language;
    END IF;
    PERFORM app.form_touch(draft);
    RETURN language;
END $$;

CREATE OR REPLACE FUNCTION app.form_translation_drop(form uuid, language text) RETURNS uuid
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
DECLARE
    draft uuid := app.form_draft_of(form);
BEGIN
    DELETE FROM app.form_translation t WHERE t.form_version_id = draft AND t.language = language;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such translation' USING ERRCODE = 'FY404';
    END IF;
    DELETE FROM app.form_authorisation a WHERE a.form_version_id = draft AND a.language = language;
    PERFORM app.form_touch(draft);
    RETURN form;
END $$;

CREATE OR REPLACE FUNCTION app.form_question_translate(form uuid, language text, question uuid, label text, help text, options text, follow_up text, unit text) RETURNS text
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
DECLARE
    draft uuid := app.form_draft_of(form);
    said text[] := app.lines_of(options);
    n int;
BEGIN
    SELECT cardinality(q.options) INTO n FROM app.form_question q
    JOIN app.form_translation t ON t.form_version_id = draft AND t.language = language
    WHERE q.id = question AND q.form_version_id = draft;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such question' USING ERRCODE = 'FY404';
    END IF;
    IF n > 0 AND cardinality(said) <> n THEN
        RAISE EXCEPTION 'Write % lines, one for each of the choices.', n USING ERRCODE = 'FY422', COLUMN = 'options';
    END IF;
    INSERT INTO app.form_question_translation AS t (form_version_id, question_id, language, label, help, options, follow_up_label, unit)
    VALUES (draft, question, language, btrim(label), btrim(coalesce(help, '')), CASE WHEN n > 0 THEN said ELSE '{}' END, nullif(btrim(coalesce(follow_up, '')), ''), nullif(btrim(coalesce(unit, '')), ''))
    ON CONFLICT ON CONSTRAINT form_question_translation_pkey DO UPDATE
    SET label = excluded.label, help = excluded.help, options = excluded.options, follow_up_label = excluded.follow_up_label, unit = excluded.unit;
    PERFORM app.form_touch(draft);
    RETURN language;
END $$;

-- ---- publishing and withdrawing ----

-- Published, a version never changes; only that it is withdrawn is added, once. (sha256 is made of title and body after this.)
CREATE OR REPLACE FUNCTION app.form_version_keep() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    added text[] := '{withdrawn_at,withdrawn_by,withdrawn_why,sha256}';
BEGIN
    IF OLD.published_at IS NULL THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.withdrawn_at IS NULL AND NEW.withdrawn_at IS NOT NULL AND to_jsonb(NEW) - added = to_jsonb(OLD) - added THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'This version is published and stays as it is. Make a new version.' USING ERRCODE = 'FY422', COLUMN = 'body';
END $$;

-- Whose signature of this form stood until now is asked anew: with her next visit, or, where that has it already, for her record. It
-- reaches clients that whoever publishes may not see, and tells only how many. Internal.
CREATE OR REPLACE FUNCTION app.form_ask_again(form uuid) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    asked int;
BEGIN
    IF NOT app.may('settings_write') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    WITH standing AS (
        SELECT DISTINCT s.client_id
        FROM app.form_assignment t
        JOIN app.signature s ON s.client_id = t.client_id AND s.assignment_id = t.id
        JOIN app.client c ON c.id = t.client_id AND c.is_active
        WHERE t.form_id = form AND t.state = 'signed' AND app.form_stands(t.client_id, form, now())
          AND NOT EXISTS (SELECT FROM app.form_assignment d WHERE d.client_id = t.client_id AND d.form_id = form AND app.form_is_due(d.state, d.due_by)))
    INSERT INTO app.form_assignment (client_id, appointment_id, form_id, due_by)
    SELECT s.client_id, p.id, form, p.starts_at
    FROM standing s
    LEFT JOIN LATERAL (
        SELECT a.id, a.starts_at FROM app.appointment a
        WHERE a.client_id = s.client_id AND a.status IN ('booked', 'confirmed') AND a.starts_at > now()
          AND NOT EXISTS (SELECT FROM app.form_assignment d WHERE d.client_id = a.client_id AND d.appointment_id = a.id AND d.form_id = form
                            AND d.state <> 'withdrawn' AND d.revoked_at IS NULL)
        ORDER BY a.starts_at LIMIT 1) AS p ON true
    ON CONFLICT (tenant_id, appointment_id, form_id) WHERE revoked_at IS NULL DO UPDATE SET state = 'due', is_dropped = false, due_by = excluded.due_by;
    GET DIAGNOSTICS asked = ROW_COUNT;
    RETURN asked;
END $$;

-- The draft becomes the wording in force. What would leave a client before a question that cannot be answered is refused.
-- seen_draft: when the draft was changed last, as the page had it (app.form_draft_mark).
DROP FUNCTION IF EXISTS app.form_publish(uuid, int, boolean);
CREATE OR REPLACE FUNCTION app.form_publish(form uuid, seen_draft text, asks_again boolean) RETURNS TABLE (form_id uuid, n_asked int)
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
DECLARE
    draft uuid := app.form_draft_of(form);
    d record;
    bad text;
    asked int := 0;
BEGIN
    SELECT v.* INTO d FROM app.form_version v WHERE v.id = draft FOR UPDATE;
    IF seen_draft IS DISTINCT FROM app.form_draft_mark(d.edited_at) THEN
        RAISE EXCEPTION 'Somebody changed the draft since you opened this page. Read it again before it is published.' USING ERRCODE = 'FY422', COLUMN = 'form';
    END IF;
    IF btrim(d.body) = '' AND NOT EXISTS (SELECT FROM app.form_question q WHERE q.form_version_id = draft) THEN
        RAISE EXCEPTION 'There is nothing in it yet: write a text, or ask a question.' USING ERRCODE = 'FY422', COLUMN = 'form';
    END IF;
    SELECT q.label INTO bad FROM app.form_question q
    WHERE q.form_version_id = draft AND q.when_key IS NOT NULL
      AND NOT EXISTS (SELECT FROM app.form_conditions(draft, q.id) c WHERE c.choice = q.when_key || '=' || q.when_value)
    ORDER BY q.position LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '“%” is shown after an answer that is not there before it. Look at its condition.', bad USING ERRCODE = 'FY422', COLUMN = 'form';
    END IF;
    SELECT app.language_words(t.language) || ': “' || q.label || '”' INTO bad
    FROM app.form_translation t
    JOIN app.form_question q ON q.form_version_id = draft
    LEFT JOIN app.form_question_translation w ON w.question_id = q.id AND w.language = t.language
    WHERE t.form_version_id = draft AND (w.label IS NULL OR cardinality(w.options) <> cardinality(q.options) OR (q.follow_up_label IS NOT NULL AND w.follow_up_label IS NULL))
    ORDER BY t.language, q.position LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Not translated yet: %. Who signs must read all of it in one language.', bad USING ERRCODE = 'FY422', COLUMN = 'form';
    END IF;
    SELECT app.language_words(t.language) INTO bad FROM app.form_translation t
    WHERE t.form_version_id = draft AND (btrim(t.body) = '') <> (btrim(d.body) = '') ORDER BY t.language LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '%: the text stands in one language alone. Who signs must read all of it in one language.', bad USING ERRCODE = 'FY422', COLUMN = 'form';
    END IF;
    SELECT app.language_words(s.language) || ': ' || s.words INTO bad FROM app.translations_stale(draft) s ORDER BY s.language, s.n LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Changed since it was translated: %. Look at the translation and save it again. Who signs must read the same in each language.', bad USING ERRCODE = 'FY422', COLUMN = 'form';
    END IF;
    SELECT string_agg(l.words, '; ' ORDER BY l.is_own DESC, l.language) INTO bad
    FROM (SELECT m.language, m.is_own, CASE WHEN m.is_own THEN '' ELSE app.language_words(m.language) || ': ' END || string_agg(lower(m.words), ', ' ORDER BY m.n) AS words
          FROM app.authorisation_missing(draft) m GROUP BY m.language, m.is_own) AS l;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION 'A yes to showing photographs or to offers counts only when the form says what exactly is allowed. Still missing: %.', bad USING ERRCODE = 'FY422', COLUMN = 'form';
    END IF;
    IF asks_again THEN  -- asked before the version is in force: then nothing stands any more
        asked := app.form_ask_again(form);
    END IF;
    UPDATE app.form_version v SET published_at = now(), asks_again = asks_again WHERE v.id = draft;
    PERFORM app.form_look_again(form);
    RETURN QUERY SELECT form, asked;
END $$;

-- The form is asked of nobody any more until another version is published; what is due of it is taken back, and each client's record
-- says so. Signatures stay.
CREATE OR REPLACE FUNCTION app.form_withdraw(form uuid, why text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    version uuid;
BEGIN
    IF NOT app.may('settings_write') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    version := app.form_in_force(form);
    IF version IS NULL THEN
        RAISE EXCEPTION 'no such form' USING ERRCODE = 'FY404';
    END IF;
    UPDATE app.form_version v SET withdrawn_at = now(), withdrawn_by = app.actor(), withdrawn_why = btrim(why) WHERE v.id = version;
    INSERT INTO app.form_event (assignment_id, client_id, kind, detail)
    SELECT t.id, t.client_id, 'withdrawn', 'the form' FROM app.form_assignment t WHERE t.form_id = form AND t.state = 'due';
    UPDATE app.form_assignment t SET state = 'withdrawn' WHERE t.form_id = form AND t.state = 'due';
    RETURN form;
END $$;

-- ---- reminders ----

-- The visits whose clients are to be reminded now of what is due: each is written down here and so is named once. A job asks.
CREATE OR REPLACE FUNCTION app.form_remind() RETURNS SETOF uuid
LANGUAGE sql
AS $$
    INSERT INTO app.form_reminder (appointment_id, client_id, hours)
    SELECT a.id, a.client_id, t.form_reminder_hours
    FROM app.tenant t
    JOIN app.appointment a ON a.tenant_id = t.id AND a.status IN ('booked', 'confirmed') AND a.starts_at > now() + interval '1 hour'
        AND a.starts_at <= now() + make_interval(hours => t.form_reminder_hours)
    WHERE t.id = app.tenant() AND t.form_reminder_hours IS NOT NULL
      AND NOT EXISTS (SELECT FROM app.form_reminder r WHERE r.appointment_id = a.id)
      AND EXISTS (SELECT FROM app.form_assignment d WHERE d.client_id = a.client_id AND d.appointment_id = a.id AND app.form_is_due(d.state, d.due_by)
                  -- who was asked for them only just now has that mail before her
                  AND d.created_at < now() - interval '1 hour')
    ORDER BY a.starts_at
    LIMIT 50
    ON CONFLICT (tenant_id, appointment_id) DO NOTHING
    RETURNING appointment_id
$$;

-- When a link to forms was sent to her last since then, and whether that was a reminder: for staff that may read her record, and for jobs. What
-- was refused was not sent.
CREATE OR REPLACE FUNCTION app.form_sent(client uuid, since timestamptz, OUT at timestamptz, OUT is_reminder boolean)
LANGUAGE plpgsql STABLE COST 10 SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF (CASE app.actor_kind() WHEN 'staff' THEN app.may('client_read') OR app.reaches('client_read', client) ELSE app.actor_kind() = 'job' END) IS TRUE THEN
        SELECT m.created_at, m.kind IN ('forms_due', 'forms_open') INTO at, is_reminder FROM app.message m
        WHERE m.tenant_id = app.tenant() AND m.client_id = client AND m.created_at >= since
          AND m.kind IN ('forms', 'form_link', 'forms_due', 'forms_open') AND m.state <> 'suppressed'
        ORDER BY m.created_at DESC LIMIT 1;
    END IF;
END $$;

-- The clients who are to be reminded now of what is due for their records: so many days after it became due, or a link was sent to them
-- last, and once more; each with the letter that she gets. All that is ripe of hers goes into one. A job asks.
CREATE OR REPLACE FUNCTION app.form_remind_record() RETURNS TABLE (client_id uuid, letter uuid)
LANGUAGE sql
AS $$
    WITH ripe AS MATERIALIZED (
        SELECT d.id, d.client_id, w.since, r.n
        FROM app.tenant t
        JOIN app.form_assignment d ON d.tenant_id = t.id AND d.appointment_id IS NULL AND app.form_is_due(d.state, d.due_by)
            AND d.created_at <= now() - make_interval(days => t.form_reminder_days)
        JOIN app.client c ON c.id = d.client_id AND c.is_active
        CROSS JOIN LATERAL (SELECT coalesce(d.due_again_at, d.created_at) AS since) AS w
        CROSS JOIN LATERAL (SELECT count(*)::int AS n, max(x.at) AS last FROM app.form_record_reminder x WHERE x.assignment_id = d.id AND x.due_since = w.since) AS r
        CROSS JOIN LATERAL app.form_sent(d.client_id, w.since) AS s
        WHERE t.id = app.tenant() AND t.form_reminder_days IS NOT NULL AND r.n < 2
          AND greatest(w.since, r.last, s.at) <= now() - make_interval(days => t.form_reminder_days)),
    letters AS MATERIALIZED (
        SELECT x.client_id, gen_random_uuid() AS letter FROM ripe x GROUP BY x.client_id ORDER BY min(x.since), x.client_id LIMIT 50),
    written AS (
        INSERT INTO app.form_record_reminder (assignment_id, due_since, nth, client_id, letter)
        SELECT x.id, x.since, x.n + 1, x.client_id, l.letter FROM ripe x JOIN letters l ON l.client_id = x.client_id
        ON CONFLICT DO NOTHING
        RETURNING client_id, letter)
    SELECT DISTINCT w.client_id, w.letter FROM written w
$$;

REVOKE ALL ON FUNCTION app.form_sent(uuid, timestamptz), app.form_remind_record(), app.form_stands(uuid, uuid, timestamptz), app.form_in_force(uuid), app.forms_asked(uuid), app.form_settle(), app.form_draft_of(uuid),
    app.edition_or_refuse(int, int), app.form_touch(uuid), app.form_fill_from(uuid, uuid, jsonb), app.form_create(uuid, text, text, text),
    app.form_save(uuid, int, text, text, int, text, text, uuid[], boolean), app.form_draft_begin(uuid), app.form_draft_drop(uuid), app.form_wording_save(uuid, int, text, text),
    app.form_key_for(uuid, text), app.lines_of(text), app.number_or_refuse(text, text),
    app.form_question_save(uuid, uuid, uuid, int, text, text, text, text, boolean, text, text, text, text, text, text, text), app.form_conditions(uuid, uuid),
    app.form_question_move(uuid, uuid, text), app.form_question_drop(uuid, uuid), app.form_translation_save(uuid, text, int, text, text),
    app.form_translation_drop(uuid, text), app.form_question_translate(uuid, text, uuid, text, text, text, text, text), app.form_ask_again(uuid),
    app.form_publish(uuid, text, boolean), app.form_withdraw(uuid, text), app.form_remind(), app.form_languages(), app.language_words(text),
    app.form_kinds() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.form_kinds(), app.form_in_force(uuid), app.form_draft_of(uuid), app.edition_or_refuse(int, int), app.form_touch(uuid), app.form_fill_from(uuid, uuid, jsonb),
    app.form_create(uuid, text, text, text), app.form_save(uuid, int, text, text, int, text, text, uuid[], boolean), app.form_draft_begin(uuid), app.form_draft_drop(uuid),
    app.form_wording_save(uuid, int, text, text), app.form_key_for(uuid, text), app.lines_of(text), app.number_or_refuse(text, text),
    app.form_question_save(uuid, uuid, uuid, int, text, text, text, text, boolean, text, text, text, text, text, text, text), app.form_conditions(uuid, uuid),
    app.form_question_move(uuid, uuid, text), app.form_question_drop(uuid, uuid), app.form_translation_save(uuid, text, int, text, text),
    app.form_translation_drop(uuid, text), app.form_question_translate(uuid, text, uuid, text, text, text, text, text), app.form_ask_again(uuid),
    app.form_publish(uuid, text, boolean), app.form_withdraw(uuid, text) TO foyer_staff;
GRANT EXECUTE ON FUNCTION app.forms_asked(uuid) TO foyer_booking;
GRANT EXECUTE ON FUNCTION app.form_in_force(uuid) TO foyer_slow;
GRANT EXECUTE ON FUNCTION app.form_languages(), app.language_words(text) TO foyer_staff, foyer_public, foyer_slow;
GRANT EXECUTE ON FUNCTION app.form_remind(), app.form_remind_record() TO foyer_jobs;
GRANT EXECUTE ON FUNCTION app.form_sent(uuid, timestamptz) TO foyer_staff, foyer_jobs;
-- In which language it was shown stands with a signature.
GRANT INSERT (language) ON app.signature TO foyer_public;

-- Who is told of something about a client that cannot wait: who has that visit; else the front desk of its place (of any, without a visit);
-- else the owners. Internal.
CREATE OR REPLACE FUNCTION app.staff_told(client uuid, visit uuid) RETURNS TABLE (client_id uuid, staff_id uuid, to_address text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    WITH d AS (
        SELECT p.staff_id, p.location_id
        FROM (SELECT) AS one LEFT JOIN app.appointment p ON p.tenant_id = app.tenant() AND p.id = visit
    ), who AS (
        SELECT d.staff_id, 1 AS rank FROM d WHERE d.staff_id IS NOT NULL
        UNION
        SELECT sr.staff_id, CASE r.slug WHEN 'front-desk' THEN 2 ELSE 3 END
        FROM d
        JOIN app.role r ON r.tenant_id = app.tenant() AND r.slug IN ('front-desk', 'owner')
        JOIN app.staff_role sr ON sr.tenant_id = r.tenant_id AND sr.role_id = r.id
        WHERE r.slug = 'owner' OR sr.location_id IS NULL OR d.location_id IS NULL OR sr.location_id = d.location_id
    ), there AS (
        SELECT f.id, f.email, rank() OVER (ORDER BY w.rank) AS place
        FROM who w JOIN app.staff f ON f.tenant_id = app.tenant() AND f.id = w.staff_id AND f.is_active AND NOT f.is_support
    )
    SELECT client, t.id, t.email FROM there t WHERE t.place = 1
$$;
REVOKE ALL ON FUNCTION app.staff_told(uuid, uuid) FROM PUBLIC;

-- Who is told that somebody declined to sign: whoever has the visit; else the front desk of the place, or of every place; else the owners.
CREATE OR REPLACE FUNCTION app.form_declined_to(decline uuid) RETURNS TABLE (client_id uuid, staff_id uuid, to_address text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT t.client_id, t.staff_id, t.to_address
    FROM app.form_decline x
    JOIN app.form_assignment a ON a.tenant_id = x.tenant_id AND a.client_id = x.client_id AND a.id = x.assignment_id
    CROSS JOIN LATERAL app.staff_told(x.client_id, a.appointment_id) AS t
    WHERE x.tenant_id = app.tenant() AND x.id = decline
$$;
-- Who is told that a link was locked.
CREATE OR REPLACE FUNCTION app.link_locked_to(link uuid) RETURNS TABLE (client_id uuid, staff_id uuid, to_address text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT t.client_id, t.staff_id, t.to_address
    FROM app.link k CROSS JOIN LATERAL app.staff_told(k.client_id, k.appointment_id) AS t
    WHERE k.tenant_id = app.tenant() AND k.id = link
$$;
REVOKE ALL ON FUNCTION app.link_locked_to(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.link_locked_to(uuid) TO foyer_jobs;
REVOKE ALL ON FUNCTION app.form_declined_to(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.form_declined_to(uuid) TO foyer_jobs;

RESET ROLE;
