-- 060_forms: forms and their versions, what clients answer, what they sign.

SET LOCAL ROLE foyer_owner;

CREATE TABLE app.form (
    tenant_id  uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    id         uuid NOT NULL DEFAULT gen_random_uuid(),
    name       text NOT NULL CHECK (length(btrim(name)) BETWEEN 1 AND 120),
    kind       text COLLATE "C" NOT NULL CHECK (kind IN ('intake', 'consent')),
    is_active  boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
SELECT app.guard_table('app.form');

-- The wording that is signed. Published, it never changes: a new wording is a new version.
CREATE TABLE app.form_version (
    tenant_id    uuid NOT NULL DEFAULT app.tenant(),
    id           uuid NOT NULL DEFAULT gen_random_uuid(),
    form_id      uuid NOT NULL,
    version      int NOT NULL CHECK (version > 0),
    title        text NOT NULL CHECK (length(btrim(title)) > 0),
    body         text NOT NULL,
    published_at timestamptz,
    sha256       bytea NOT NULL GENERATED ALWAYS AS (app.sha256_of(title || chr(10) || body)) STORED,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, form_id, id),
    FOREIGN KEY (tenant_id, form_id) REFERENCES app.form (tenant_id, id),
    CONSTRAINT form_version_is_numbered_once UNIQUE (tenant_id, form_id, version)
);
SELECT app.guard_table('app.form_version');

CREATE TABLE app.form_question (
    tenant_id       uuid NOT NULL DEFAULT app.tenant(),
    id              uuid NOT NULL DEFAULT gen_random_uuid(),
    form_version_id uuid NOT NULL,
    position        int NOT NULL,
    key             text COLLATE "C" NOT NULL CHECK (key ~ '^[a-z][a-z0-9_]{0,40}$'),
    kind            text COLLATE "C" NOT NULL CHECK (kind IN ('text', 'long', 'choice', 'multi', 'date', 'yes_no', 'allergies', 'acknowledge')),
    label           text NOT NULL CHECK (length(btrim(label)) > 0),
    help            text NOT NULL DEFAULT '',
    options         text[] NOT NULL DEFAULT '{}',
    is_required     boolean NOT NULL DEFAULT false,
    follow_up_label text,  -- asked when the answer is yes
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, form_version_id) REFERENCES app.form_version (tenant_id, id),
    CONSTRAINT form_question_key_is_used_once UNIQUE (tenant_id, form_version_id, key),
    CONSTRAINT form_question_choice_has_options CHECK (kind NOT IN ('choice', 'multi') OR cardinality(options) > 0)
);
CREATE INDEX form_question_by_version ON app.form_question (tenant_id, form_version_id, position);
SELECT app.guard_table('app.form_question');

CREATE FUNCTION app.form_version_keep() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF OLD.published_at IS NOT NULL THEN
        RAISE EXCEPTION 'This version is published and stays as it is. Make a new version.' USING ERRCODE = 'FY422', COLUMN = 'body';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER form_version_published_never_changes BEFORE UPDATE OR DELETE ON app.form_version
    FOR EACH ROW EXECUTE FUNCTION app.form_version_keep();
CREATE TRIGGER form_version_never_truncated BEFORE TRUNCATE ON app.form_version
    FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();

-- Questions belong to the wording: once it is published they stay as well.
CREATE FUNCTION app.form_question_keep() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Fails closed: a version that cannot be seen is no draft either.
    IF (TG_OP <> 'INSERT' AND NOT EXISTS (SELECT FROM app.form_version v
            WHERE v.tenant_id = OLD.tenant_id AND v.id = OLD.form_version_id AND v.published_at IS NULL))
       OR (TG_OP <> 'DELETE' AND NOT EXISTS (SELECT FROM app.form_version v
            WHERE v.tenant_id = NEW.tenant_id AND v.id = NEW.form_version_id AND v.published_at IS NULL)) THEN
        RAISE EXCEPTION 'This version is published and stays as it is. Make a new version.' USING ERRCODE = 'FY422', COLUMN = 'label';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER form_question_published_never_changes BEFORE INSERT OR UPDATE OR DELETE ON app.form_question
    FOR EACH ROW EXECUTE FUNCTION app.form_question_keep();
CREATE TRIGGER form_question_never_truncated BEFORE TRUNCATE ON app.form_question
    FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();

-- Forms that a visit for this service asks for.
CREATE TABLE app.service_form (
    tenant_id  uuid NOT NULL DEFAULT app.tenant(),
    service_id uuid NOT NULL,
    form_id    uuid NOT NULL,
    position   int NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, service_id, form_id),
    FOREIGN KEY (tenant_id, service_id) REFERENCES app.service (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, form_id) REFERENCES app.form (tenant_id, id)
);
CREATE INDEX service_form_by_form ON app.service_form (tenant_id, form_id);
SELECT app.guard_table('app.service_form');

-- A form that a client is asked to fill in and sign.
CREATE TABLE app.form_assignment (
    tenant_id      uuid NOT NULL DEFAULT app.tenant(),
    id             uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id      uuid NOT NULL,
    appointment_id uuid,
    form_id        uuid NOT NULL,
    state          text COLLATE "C" NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'signed', 'withdrawn')),
    due_by         timestamptz,
    position       int NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, client_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id, appointment_id) REFERENCES app.appointment (tenant_id, client_id, id),
    FOREIGN KEY (tenant_id, form_id) REFERENCES app.form (tenant_id, id),
    CONSTRAINT form_assignment_once_per_visit UNIQUE (tenant_id, appointment_id, form_id)
);
COMMENT ON CONSTRAINT form_assignment_once_per_visit ON app.form_assignment IS 'form_id: This visit asks for this form already.';
CREATE INDEX form_assignment_by_visit ON app.form_assignment (tenant_id, client_id, appointment_id);
CREATE INDEX form_assignment_by_form ON app.form_assignment (tenant_id, form_id);
SELECT app.guard_table('app.form_assignment');

-- Half done: which version the client was shown.
CREATE TABLE app.form_draft (
    tenant_id       uuid NOT NULL DEFAULT app.tenant(),
    assignment_id   uuid NOT NULL,
    client_id       uuid NOT NULL,
    form_version_id uuid NOT NULL,
    started_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, assignment_id),
    UNIQUE (tenant_id, client_id, assignment_id),
    FOREIGN KEY (tenant_id, client_id, assignment_id) REFERENCES app.form_assignment (tenant_id, client_id, id),
    FOREIGN KEY (tenant_id, form_version_id) REFERENCES app.form_version (tenant_id, id)
);
CREATE INDEX form_draft_by_version ON app.form_draft (tenant_id, form_version_id);
SELECT app.guard_table('app.form_draft');

-- One answer; replaced whole (a sealed value belongs to its row's id, so a new value takes a new id).
CREATE TABLE app.form_answer (
    tenant_id     uuid NOT NULL DEFAULT app.tenant(),
    id            uuid NOT NULL DEFAULT gen_random_uuid(),
    assignment_id uuid NOT NULL,
    client_id     uuid NOT NULL,
    question_id   uuid NOT NULL,
    answer_sealed bytea,
    detail_sealed bytea,
    answered_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT form_answer_once_per_question UNIQUE (tenant_id, assignment_id, question_id),
    FOREIGN KEY (tenant_id, client_id, assignment_id) REFERENCES app.form_draft (tenant_id, client_id, assignment_id),
    FOREIGN KEY (tenant_id, question_id) REFERENCES app.form_question (tenant_id, id)
);
CREATE INDEX form_answer_by_assignment ON app.form_answer (tenant_id, client_id, assignment_id);
CREATE INDEX form_answer_by_question ON app.form_answer (tenant_id, question_id);
SELECT app.guard_table('app.form_answer');

-- What was signed, exactly as shown, and the circumstances. Written once.
CREATE TABLE app.signature (
    tenant_id          uuid NOT NULL DEFAULT app.tenant(),
    id                 uuid NOT NULL DEFAULT gen_random_uuid(),
    assignment_id      uuid NOT NULL,
    client_id          uuid NOT NULL,
    form_version_id    uuid NOT NULL,
    disclosure_id      uuid NOT NULL,  -- what she accepted about signing electronically
    document_sealed    bytea NOT NULL,
    document_sha256    bytea NOT NULL CHECK (length(document_sha256) = 32),
    wording_sha256     bytea NOT NULL CHECK (length(wording_sha256) = 32),
    method             text COLLATE "C" NOT NULL CHECK (method IN ('typed', 'drawn')),
    signer_name_sealed bytea NOT NULL,
    strokes_sealed     bytea,
    zone               text COLLATE "C" NOT NULL,
    signed_at          timestamptz NOT NULL DEFAULT now(),
    ip                 inet DEFAULT nullif(current_setting('foyer.ip', true), '')::inet,
    agent              text DEFAULT nullif(current_setting('foyer.agent', true), ''),
    link_id            uuid DEFAULT nullif(current_setting('foyer.link_id', true), '')::uuid,
    request_id         uuid DEFAULT nullif(current_setting('foyer.request_id', true), '')::uuid,
    actor_kind         text COLLATE "C" NOT NULL DEFAULT app.actor_kind(),
    second_factor      text COLLATE "C" NOT NULL DEFAULT 'none',
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT signature_once_per_form UNIQUE (tenant_id, assignment_id),
    FOREIGN KEY (tenant_id, client_id, assignment_id) REFERENCES app.form_assignment (tenant_id, client_id, id),
    FOREIGN KEY (tenant_id, form_version_id) REFERENCES app.form_version (tenant_id, id),
    FOREIGN KEY (tenant_id, disclosure_id) REFERENCES app.policy_version (tenant_id, id),
    CONSTRAINT signature_drawn_has_strokes CHECK (method <> 'drawn' OR strokes_sealed IS NOT NULL)
);
COMMENT ON CONSTRAINT signature_once_per_form ON app.signature IS 'form: This form is signed already.';
COMMENT ON CONSTRAINT signature_drawn_has_strokes ON app.signature IS 'signature: Draw your signature, or choose to type it.';
CREATE INDEX signature_by_assignment ON app.signature (tenant_id, client_id, assignment_id);
CREATE INDEX signature_by_version ON app.signature (tenant_id, form_version_id);
CREATE INDEX signature_by_disclosure ON app.signature (tenant_id, disclosure_id);
SELECT app.guard_table('app.signature');

-- Only what is due may be signed, in the wording that is in force now and that she was shown, and under the terms of
-- signing electronically that are in force now.
CREATE FUNCTION app.signature_check() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    due record;
    newest record;
BEGIN
    SELECT a.state, a.form_id INTO due FROM app.form_assignment a
    WHERE a.tenant_id = NEW.tenant_id AND a.id = NEW.assignment_id AND a.client_id = NEW.client_id
    FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such form' USING ERRCODE = 'FY404';
    END IF;
    IF due.state <> 'due' THEN
        RAISE EXCEPTION 'This form is % already.', due.state USING ERRCODE = 'FY422', COLUMN = 'form';
    END IF;
    SELECT v.id, v.sha256 INTO newest FROM app.form_version v
    WHERE v.tenant_id = NEW.tenant_id AND v.form_id = due.form_id AND v.published_at IS NOT NULL
    ORDER BY v.version DESC LIMIT 1;
    IF NOT FOUND OR newest.id <> NEW.form_version_id OR newest.sha256 <> NEW.wording_sha256 THEN
        RAISE EXCEPTION 'The wording of this form has changed since you opened it. Please read the new text and sign again.'
            USING ERRCODE = 'FY422', COLUMN = 'form';
    END IF;
    IF NEW.disclosure_id IS DISTINCT FROM (
        SELECT p.id FROM app.policy_version p
        WHERE p.tenant_id = NEW.tenant_id AND p.kind = 'terms' AND p.effective_on <= current_date
        ORDER BY p.version DESC LIMIT 1) THEN
        RAISE EXCEPTION 'The terms of signing electronically have changed since you opened this form. Please read them again.'
            USING ERRCODE = 'FY422', COLUMN = 'form';
    END IF;
    SELECT coalesce((SELECT l.second_factor FROM app.link l WHERE l.tenant_id = NEW.tenant_id AND l.id = NEW.link_id), 'none')
    INTO NEW.second_factor;
    UPDATE app.form_assignment a SET state = 'signed' WHERE a.tenant_id = NEW.tenant_id AND a.id = NEW.assignment_id;
    RETURN NEW;
END $$;
CREATE TRIGGER signature_is_of_what_was_shown BEFORE INSERT ON app.signature
    FOR EACH ROW EXECUTE FUNCTION app.signature_check();
CREATE TRIGGER signature_never_changes BEFORE UPDATE OR DELETE ON app.signature
    FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER signature_never_truncated BEFORE TRUNCATE ON app.signature
    FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();

-- Answers stand still once the form is signed.
CREATE FUNCTION app.form_answer_keep() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    concerned uuid;
BEGIN
    IF TG_OP = 'INSERT' THEN
        concerned := NEW.assignment_id;
    ELSE
        concerned := OLD.assignment_id;
    END IF;
    IF NOT EXISTS (SELECT FROM app.form_assignment a WHERE a.tenant_id = app.tenant() AND a.id = concerned AND a.state = 'due') THEN
        RAISE EXCEPTION 'This form is signed; its answers can no longer change.' USING ERRCODE = 'FY422', COLUMN = 'form';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER form_answer_signed_never_changes BEFORE INSERT OR UPDATE OR DELETE ON app.form_answer
    FOR EACH ROW EXECUTE FUNCTION app.form_answer_keep();
CREATE TRIGGER form_answer_never_truncated BEFORE TRUNCATE ON app.form_answer
    FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER form_draft_signed_never_changes BEFORE UPDATE OR DELETE ON app.form_draft
    FOR EACH ROW EXECUTE FUNCTION app.form_answer_keep();

GRANT SELECT ON app.form, app.form_version, app.form_question, app.service_form TO foyer_staff, foyer_public, foyer_slow, foyer_jobs, foyer_booking;
GRANT INSERT (id, name, kind, is_active), UPDATE (name, is_active) ON app.form TO foyer_staff;
GRANT INSERT (id, form_id, version, title, body, published_at), UPDATE (title, body, published_at) ON app.form_version TO foyer_staff;
GRANT INSERT (id, form_version_id, position, key, kind, label, help, options, is_required, follow_up_label), DELETE ON app.form_question TO foyer_staff;
GRANT INSERT, DELETE ON app.service_form TO foyer_staff;
GRANT SELECT ON app.form_assignment TO foyer_staff, foyer_public, foyer_slow, foyer_jobs, foyer_booking;
GRANT INSERT (id, client_id, appointment_id, form_id, due_by, position) ON app.form_assignment TO foyer_staff, foyer_booking;
GRANT UPDATE (state, due_by) ON app.form_assignment TO foyer_staff;
GRANT UPDATE (due_by) ON app.form_assignment TO foyer_booking;
GRANT SELECT, INSERT (assignment_id, client_id, form_version_id), UPDATE (form_version_id, updated_at) ON app.form_draft TO foyer_public;
GRANT SELECT ON app.form_draft, app.form_answer, app.signature TO foyer_staff, foyer_slow;
GRANT SELECT, INSERT (id, assignment_id, client_id, question_id, answer_sealed, detail_sealed),
    UPDATE (id, answer_sealed, detail_sealed, answered_at), DELETE ON app.form_answer TO foyer_public;
GRANT SELECT, INSERT (id, assignment_id, client_id, form_version_id, disclosure_id, document_sealed, document_sha256, wording_sha256, method,
    signer_name_sealed, strokes_sealed, zone) ON app.signature TO foyer_public;

CREATE POLICY settings_add ON app.form AS RESTRICTIVE FOR INSERT TO foyer_staff WITH CHECK ((SELECT app.may('settings_write')));
CREATE POLICY settings_change ON app.form AS RESTRICTIVE FOR UPDATE TO foyer_staff USING ((SELECT app.may('settings_write')));
CREATE POLICY settings_add ON app.form_version AS RESTRICTIVE FOR INSERT TO foyer_staff WITH CHECK ((SELECT app.may('settings_write')));
CREATE POLICY settings_change ON app.form_version AS RESTRICTIVE FOR UPDATE TO foyer_staff USING ((SELECT app.may('settings_write')));
CREATE POLICY only_published ON app.form_version AS RESTRICTIVE TO foyer_public USING (published_at IS NOT NULL);
CREATE POLICY settings_add ON app.form_question AS RESTRICTIVE FOR INSERT TO foyer_staff WITH CHECK ((SELECT app.may('settings_write')));
CREATE POLICY settings_drop ON app.form_question AS RESTRICTIVE FOR DELETE TO foyer_staff USING ((SELECT app.may('settings_write')));
CREATE POLICY settings_add ON app.service_form AS RESTRICTIVE FOR INSERT TO foyer_staff WITH CHECK ((SELECT app.may('settings_write')));
CREATE POLICY settings_drop ON app.service_form AS RESTRICTIVE FOR DELETE TO foyer_staff USING ((SELECT app.may('settings_write')));

CREATE POLICY staff_may_see ON app.form_assignment AS RESTRICTIVE FOR SELECT TO foyer_staff, foyer_slow
    USING ((SELECT app.may('client_read')) OR (SELECT app.may('chart_read')) OR (SELECT app.may('calendar_read')));
CREATE POLICY staff_may_add ON app.form_assignment AS RESTRICTIVE FOR INSERT TO foyer_staff
    WITH CHECK ((SELECT app.may('message_write')) OR (SELECT app.may('booking_write')) OR (SELECT app.may('chart_write')));
CREATE POLICY staff_may_change ON app.form_assignment AS RESTRICTIVE FOR UPDATE TO foyer_staff
    USING (state <> 'signed' AND ((SELECT app.may('booking_write')) OR (SELECT app.may('chart_write'))))
    WITH CHECK (state <> 'signed');
CREATE POLICY staff_may_see ON app.form_draft AS RESTRICTIVE TO foyer_staff, foyer_slow USING ((SELECT app.may('chart_read')));
CREATE POLICY staff_may_see ON app.form_answer AS RESTRICTIVE TO foyer_staff, foyer_slow USING ((SELECT app.may('chart_read')));
CREATE POLICY staff_may_see ON app.signature AS RESTRICTIVE TO foyer_staff, foyer_slow USING ((SELECT app.may('chart_read')));
CREATE POLICY own_client ON app.form_assignment AS RESTRICTIVE TO foyer_public USING (client_id = (SELECT app.own_client()));
CREATE POLICY own_client ON app.form_draft AS RESTRICTIVE TO foyer_public USING (client_id = (SELECT app.own_client()));
CREATE POLICY own_client ON app.form_answer AS RESTRICTIVE TO foyer_public USING (client_id = (SELECT app.own_client()));
CREATE POLICY own_client ON app.signature AS RESTRICTIVE TO foyer_public USING (client_id = (SELECT app.own_client()));

RESET ROLE;
