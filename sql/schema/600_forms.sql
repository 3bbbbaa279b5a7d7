-- 600_forms: forms as a studio builds them: more kinds of questions, questions that depend on another, several languages, drafts and
-- withdrawal, how long a signature stands, whom a form is asked of, and reminders of what is still due.

SET LOCAL ROLE foyer_owner;

-- How long a signature stands (validity), and of whom a form is asked: with the services that name it, and by a rule of its own.
ALTER TABLE app.form
    ADD COLUMN validity text COLLATE "C" NOT NULL DEFAULT 'visit' CHECK (validity IN ('visit', 'days', 'life')),
    ADD COLUMN valid_days int,
    ADD COLUMN asked_with text COLLATE "C" NOT NULL DEFAULT 'services' CHECK (asked_with IN ('services', 'first_visit', 'every_visit')),
    ADD COLUMN for_whom text COLLATE "C" NOT NULL DEFAULT 'everybody' CHECK (for_whom IN ('everybody', 'minors', 'adults', 'guarded')),
    ADD COLUMN edition int NOT NULL DEFAULT 1,
    ADD CONSTRAINT form_days_are_given CHECK (validity <> 'days' OR valid_days IS NOT NULL),
    ADD CONSTRAINT form_days_are_possible CHECK (valid_days BETWEEN 1 AND 3650);
COMMENT ON CONSTRAINT form_days_are_given ON app.form IS 'valid_days: For how many days does a signature stand?';
COMMENT ON CONSTRAINT form_days_are_possible ON app.form IS 'valid_days: Give 1 to 3650 days.';
GRANT INSERT (validity, valid_days, asked_with, for_whom), UPDATE (validity, valid_days, asked_with, for_whom, edition) ON app.form TO foyer_staff;

-- A version is a draft (one at a time), published, or published and withdrawn. edition counts the savings of a draft, so that who
-- saves over somebody else's work is told. asks_again: whose signature under an older version stands is asked anew.
ALTER TABLE app.form_version
    ADD COLUMN language text COLLATE "C" NOT NULL DEFAULT 'en' CHECK (language ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'),
    ADD COLUMN edition int NOT NULL DEFAULT 1,
    ADD COLUMN edited_at timestamptz,
    ADD COLUMN edited_by uuid,
    ADD COLUMN asks_again boolean NOT NULL DEFAULT false,
    ADD COLUMN withdrawn_at timestamptz,
    ADD COLUMN withdrawn_by uuid,
    ADD COLUMN withdrawn_why text CHECK (length(withdrawn_why) <= 500),
    ADD FOREIGN KEY (tenant_id, edited_by) REFERENCES app.staff (tenant_id, id),
    ADD FOREIGN KEY (tenant_id, withdrawn_by) REFERENCES app.staff (tenant_id, id),
    ADD CONSTRAINT form_version_withdrawn_was_published CHECK (withdrawn_at IS NULL OR published_at IS NOT NULL);
CREATE UNIQUE INDEX form_version_one_draft ON app.form_version (tenant_id, form_id) WHERE published_at IS NULL;
CREATE INDEX form_version_by_editor ON app.form_version (tenant_id, edited_by);
CREATE INDEX form_version_by_withdrawer ON app.form_version (tenant_id, withdrawn_by);
GRANT INSERT (language, edited_at, edited_by), UPDATE (edition, edited_at, edited_by, asks_again), DELETE ON app.form_version TO foyer_staff;
CREATE POLICY settings_drop ON app.form_version AS RESTRICTIVE FOR DELETE TO foyer_staff USING ((SELECT app.may('settings_write')));

-- Published, it never changes; only that it is withdrawn is added, once.
CREATE OR REPLACE FUNCTION app.form_version_keep() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF OLD.published_at IS NULL THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.withdrawn_at IS NULL AND NEW.withdrawn_at IS NOT NULL
       AND to_jsonb(NEW) - '{withdrawn_at,withdrawn_by,withdrawn_why}'::text[] = to_jsonb(OLD) - '{withdrawn_at,withdrawn_by,withdrawn_why}'::text[] THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'This version is published and stays as it is. Make a new version.' USING ERRCODE = 'FY422', COLUMN = 'body';
END $$;

-- when_key, when_value: asked only when that earlier question of the same version has (among others) that answer.
ALTER TABLE app.form_question
    ADD COLUMN number_min double precision,
    ADD COLUMN number_max double precision,
    ADD COLUMN unit text CHECK (length(unit) <= 20),
    ADD COLUMN when_key text COLLATE "C",
    ADD COLUMN when_value text,
    ADD COLUMN edition int NOT NULL DEFAULT 1,
    ADD CONSTRAINT form_question_condition_is_whole CHECK ((when_key IS NULL) = (when_value IS NULL)),
    ADD CONSTRAINT form_question_numbers_in_order CHECK (number_min <= number_max),
    DROP CONSTRAINT form_question_kind_check,
    ADD CONSTRAINT form_question_kind_check CHECK (kind IN ('text', 'long', 'choice', 'multi', 'date', 'number', 'yes_no', 'allergies', 'medications', 'body',
                                                            'initials', 'acknowledge'));
COMMENT ON CONSTRAINT form_question_numbers_in_order ON app.form_question IS 'number_max: The largest number is smaller than the smallest.';
COMMENT ON CONSTRAINT form_question_choice_has_options ON app.form_question IS 'options: Write what can be chosen, a line each.';
COMMENT ON CONSTRAINT form_question_purpose_is_a_yes ON app.form_question IS 'purpose: Only a yes or no, or a tick, can allow photos.';
GRANT INSERT (number_min, number_max, unit, when_key, when_value),
    UPDATE (position, kind, label, help, options, is_required, follow_up_label, purpose, number_min, number_max, unit, when_key, when_value, edition)
    ON app.form_question TO foyer_staff;
CREATE POLICY settings_change ON app.form_question AS RESTRICTIVE FOR UPDATE TO foyer_staff USING ((SELECT app.may('settings_write')));

-- A version in another language; what is not translated is shown as it is. Options stand in the order of the question's own.
CREATE TABLE app.form_translation (
    tenant_id       uuid NOT NULL DEFAULT app.tenant(),
    form_version_id uuid NOT NULL,
    language        text COLLATE "C" NOT NULL CHECK (language ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'),
    title           text NOT NULL,
    body            text NOT NULL,
    edition         int NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, form_version_id, language),
    FOREIGN KEY (tenant_id, form_version_id) REFERENCES app.form_version (tenant_id, id) ON DELETE CASCADE
);
SELECT app.guard_table('app.form_translation');
CREATE TABLE app.form_question_translation (
    tenant_id       uuid NOT NULL DEFAULT app.tenant(),
    form_version_id uuid NOT NULL,
    question_id     uuid NOT NULL,
    language        text COLLATE "C" NOT NULL,
    label           text NOT NULL,
    help            text NOT NULL DEFAULT '',
    options         text[] NOT NULL DEFAULT '{}',
    follow_up_label text,
    unit            text CHECK (length(unit) <= 20),
    PRIMARY KEY (tenant_id, question_id, language),
    FOREIGN KEY (tenant_id, form_version_id, language) REFERENCES app.form_translation (tenant_id, form_version_id, language) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, question_id) REFERENCES app.form_question (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX form_question_translation_by_version ON app.form_question_translation (tenant_id, form_version_id, language);
SELECT app.guard_table('app.form_question_translation');
CREATE TRIGGER form_translation_published_never_changes BEFORE INSERT OR UPDATE OR DELETE ON app.form_translation
    FOR EACH ROW EXECUTE FUNCTION app.form_question_keep();
CREATE TRIGGER form_translation_never_truncated BEFORE TRUNCATE ON app.form_translation FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER form_question_translation_published_never_changes BEFORE INSERT OR UPDATE OR DELETE ON app.form_question_translation
    FOR EACH ROW EXECUTE FUNCTION app.form_question_keep();
CREATE TRIGGER form_question_translation_never_truncated BEFORE TRUNCATE ON app.form_question_translation FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
GRANT SELECT ON app.form_translation, app.form_question_translation TO foyer_staff, foyer_public, foyer_slow, foyer_jobs;
GRANT INSERT (form_version_id, language, title, body), UPDATE (title, body, edition), DELETE ON app.form_translation TO foyer_staff;
GRANT INSERT (form_version_id, question_id, language, label, help, options, follow_up_label, unit),
    UPDATE (label, help, options, follow_up_label, unit), DELETE ON app.form_question_translation TO foyer_staff;
CREATE POLICY settings_add ON app.form_translation AS RESTRICTIVE FOR INSERT TO foyer_staff WITH CHECK ((SELECT app.may('settings_write')));
CREATE POLICY settings_change ON app.form_translation AS RESTRICTIVE FOR UPDATE TO foyer_staff USING ((SELECT app.may('settings_write')));
CREATE POLICY settings_drop ON app.form_translation AS RESTRICTIVE FOR DELETE TO foyer_staff USING ((SELECT app.may('settings_write')));
CREATE POLICY settings_add ON app.form_question_translation AS RESTRICTIVE FOR INSERT TO foyer_staff WITH CHECK ((SELECT app.may('settings_write')));
CREATE POLICY settings_change ON app.form_question_translation AS RESTRICTIVE FOR UPDATE TO foyer_staff USING ((SELECT app.may('settings_write')));
CREATE POLICY settings_drop ON app.form_question_translation AS RESTRICTIVE FOR DELETE TO foyer_staff USING ((SELECT app.may('settings_write')));

-- In which language she answers.
ALTER TABLE app.form_draft ADD COLUMN language text COLLATE "C" CHECK (language ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$');
GRANT INSERT (language), UPDATE (language) ON app.form_draft TO foyer_public;

-- So many hours before a visit its client is reminded of forms that are still due; NULL: never. A reminder is written down before it
-- is sent, once for each visit.
ALTER TABLE app.tenant ADD COLUMN form_reminder_hours int CONSTRAINT tenant_reminder_is_possible CHECK (form_reminder_hours BETWEEN 2 AND 336);
COMMENT ON CONSTRAINT tenant_reminder_is_possible ON app.tenant IS 'form_reminder_hours: Give 2 to 336 hours, or nothing for no reminder.';
GRANT UPDATE (form_reminder_hours) ON app.tenant TO foyer_staff;
CREATE TABLE app.form_reminder (
    tenant_id      uuid NOT NULL DEFAULT app.tenant(),
    appointment_id uuid NOT NULL,
    client_id      uuid NOT NULL,
    hours          int NOT NULL,  -- before the visit, as it was set then
    at             timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, appointment_id),
    FOREIGN KEY (tenant_id, client_id, appointment_id) REFERENCES app.appointment (tenant_id, client_id, id)
);
CREATE INDEX form_reminder_by_client ON app.form_reminder (tenant_id, client_id, appointment_id);
SELECT app.guard_table('app.form_reminder');
GRANT SELECT, INSERT (appointment_id, client_id, hours) ON app.form_reminder TO foyer_jobs;
GRANT SELECT ON app.form_reminder TO foyer_staff;
CREATE POLICY staff_may_see ON app.form_reminder AS RESTRICTIVE FOR SELECT TO foyer_staff
    USING ((SELECT app.may('client_read')) OR (SELECT app.may('chart_read')));

RESET ROLE;
