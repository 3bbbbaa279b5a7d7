-- 480_record: what several rooms of the client's record share: guardians, how a form was signed, what happened to it, which purposes
-- a signed form allows, and the file that proves it.

SET LOCAL ROLE foyer_owner;

-- Who answers for a client who is a minor, or cannot for herself. guardian_client_id: where that person is a client too. Whoever signs
-- proves her own date of birth, not the child's. A line is never taken away, for signatures name it: it ends.
CREATE TABLE app.client_guardian (
    tenant_id          uuid NOT NULL DEFAULT app.tenant(),
    id                 uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id          uuid NOT NULL,
    guardian_client_id uuid,
    name               text NOT NULL CONSTRAINT guardian_has_a_name CHECK (length(btrim(name)) BETWEEN 1 AND 120),
    relation           text COLLATE "C" NOT NULL CHECK (relation IN ('parent', 'legal_guardian', 'grandparent', 'foster_parent', 'carer', 'other')),
    email              text COLLATE "C" CONSTRAINT guardian_email_looks_like_one CHECK (email ~ '^[^@[:space:]]{1,64}@[^@[:space:]]{1,190}$'),
    phone              text COLLATE "C" CONSTRAINT guardian_phone_is_e164 CHECK (phone ~ '^\+[1-9][0-9]{7,14}$'),
    birth_date         date CONSTRAINT guardian_birth_date_is_possible CHECK (birth_date BETWEEN '1890-01-01' AND '2200-01-01'),
    may_sign           boolean NOT NULL DEFAULT true,
    created_at         timestamptz NOT NULL DEFAULT now(),
    created_by         uuid DEFAULT app.actor(),
    ended_at           timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, client_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, guardian_client_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, created_by) REFERENCES app.staff (tenant_id, id),
    CONSTRAINT guardian_is_somebody_else CHECK (guardian_client_id <> client_id)
);
COMMENT ON CONSTRAINT guardian_has_a_name ON app.client_guardian IS 'name: Give a name.';
COMMENT ON CONSTRAINT guardian_email_looks_like_one ON app.client_guardian IS 'email: This does not look like an e-mail address.';
COMMENT ON CONSTRAINT guardian_phone_is_e164 ON app.client_guardian IS 'phone: This does not look like a phone number.';
COMMENT ON CONSTRAINT guardian_birth_date_is_possible ON app.client_guardian IS 'birth_date: This date of birth cannot be right.';
COMMENT ON CONSTRAINT guardian_is_somebody_else ON app.client_guardian IS 'name: Nobody is her own guardian.';
CREATE INDEX guardian_by_client ON app.client_guardian (tenant_id, client_id, created_at);
CREATE INDEX guardian_by_guardian ON app.client_guardian (tenant_id, guardian_client_id);
CREATE INDEX guardian_by_staff ON app.client_guardian (tenant_id, created_by);
SELECT app.guard_table('app.client_guardian');
GRANT SELECT ON app.client_guardian TO foyer_staff, foyer_public, foyer_slow, foyer_jobs, foyer_auth;
GRANT INSERT (id, client_id, guardian_client_id, name, relation, email, phone, birth_date, may_sign),
    UPDATE (guardian_client_id, name, relation, email, phone, birth_date, may_sign, ended_at) ON app.client_guardian TO foyer_staff;
CREATE POLICY staff_may_read ON app.client_guardian AS RESTRICTIVE FOR SELECT TO foyer_staff, foyer_slow
    USING ((SELECT app.may('client_read')) OR (SELECT app.may('client_write')));
CREATE POLICY staff_may_add ON app.client_guardian AS RESTRICTIVE FOR INSERT TO foyer_staff WITH CHECK ((SELECT app.may('client_write')));
CREATE POLICY staff_may_write ON app.client_guardian AS RESTRICTIVE FOR UPDATE TO foyer_staff USING ((SELECT app.may('client_write')));
CREATE POLICY own_client ON app.client_guardian AS RESTRICTIVE TO foyer_public USING (client_id = (SELECT app.own_client()));

-- How a form was signed. signer: who put the name; place: by her link, on the studio's tablet, or at the desk before a witness.
ALTER TABLE app.signature
    ADD COLUMN signer text COLLATE "C" NOT NULL DEFAULT 'client' CHECK (signer IN ('client', 'guardian')),
    ADD COLUMN guardian_id uuid,
    ADD COLUMN place text COLLATE "C" NOT NULL DEFAULT 'link' CHECK (place IN ('link', 'kiosk', 'desk')),
    ADD COLUMN witness_id uuid,
    ADD COLUMN language text COLLATE "C" NOT NULL DEFAULT 'en' CHECK (language ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'),
    ADD COLUMN seconds_spent int CHECK (seconds_spent >= 0),
    ADD COLUMN code_channel text COLLATE "C" CHECK (code_channel IN ('email', 'sms')),  -- a code sent there was typed in
    ADD FOREIGN KEY (tenant_id, client_id, guardian_id) REFERENCES app.client_guardian (tenant_id, client_id, id),
    ADD FOREIGN KEY (tenant_id, witness_id) REFERENCES app.staff (tenant_id, id),
    ADD CONSTRAINT signature_of_a_guardian_names_him CHECK ((signer = 'guardian') = (guardian_id IS NOT NULL)),
    ADD CONSTRAINT signature_at_the_desk_has_a_witness CHECK (place <> 'desk' OR witness_id IS NOT NULL);
CREATE INDEX signature_by_guardian ON app.signature (tenant_id, client_id, guardian_id);
CREATE INDEX signature_by_witness ON app.signature (tenant_id, witness_id);

-- What happened to a form that a client is asked for, in order; written once. detail: a word of the program (which page, which
-- channel), never what was answered.
CREATE TABLE app.form_event (
    tenant_id     uuid NOT NULL DEFAULT app.tenant(),
    id            uuid NOT NULL DEFAULT gen_random_uuid(),
    assignment_id uuid NOT NULL,
    client_id     uuid NOT NULL,
    kind          text COLLATE "C" NOT NULL CHECK (kind IN ('sent', 'opened', 'shown', 'kept', 'code_sent', 'code_proven', 'consented', 'signed', 'declined',
                                                            'withdrawn', 'copy_made', 'copy_sent', 'copy_read')),
    detail        text COLLATE "C" NOT NULL DEFAULT '' CHECK (length(detail) <= 80),
    at            timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor_kind    text COLLATE "C" NOT NULL DEFAULT app.actor_kind(),
    actor_id      uuid DEFAULT app.actor(),
    link_id       uuid DEFAULT nullif(current_setting('foyer.link_id', true), '')::uuid,
    ip            inet DEFAULT nullif(current_setting('foyer.ip', true), '')::inet,
    agent         text DEFAULT nullif(current_setting('foyer.agent', true), ''),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id, assignment_id) REFERENCES app.form_assignment (tenant_id, client_id, id)
);
CREATE INDEX form_event_by_form ON app.form_event (tenant_id, client_id, assignment_id, at);
SELECT app.guard_table('app.form_event');
CREATE TRIGGER form_event_never_changes BEFORE UPDATE OR DELETE ON app.form_event FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER form_event_never_truncated BEFORE TRUNCATE ON app.form_event FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
GRANT SELECT, INSERT (id, assignment_id, client_id, kind, detail) ON app.form_event TO foyer_staff, foyer_public, foyer_jobs;
GRANT SELECT ON app.form_event TO foyer_slow;
CREATE POLICY staff_may_see ON app.form_event AS RESTRICTIVE FOR SELECT TO foyer_staff, foyer_slow
    USING ((SELECT app.may('client_read')) OR (SELECT app.may('chart_read')));
CREATE POLICY own_client ON app.form_event AS RESTRICTIVE TO foyer_public USING (client_id = (SELECT app.own_client()));

-- What a signed form allows, by purpose; a question that asks for one names it. It stands until it is withdrawn; a later signature
-- adds a line of its own. Read by app.consent_stands alone.
ALTER TABLE app.form_question ADD COLUMN purpose text COLLATE "C"
    CHECK (purpose IN ('photo_chart', 'photo_teaching', 'photo_website')),
    ADD CONSTRAINT form_question_purpose_is_a_yes CHECK (purpose IS NULL OR kind IN ('yes_no', 'acknowledge'));
GRANT INSERT (purpose) ON app.form_question TO foyer_staff;
CREATE TABLE app.consent (
    tenant_id      uuid NOT NULL DEFAULT app.tenant(),
    id             uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id      uuid NOT NULL,
    purpose        text COLLATE "C" NOT NULL CHECK (purpose IN ('photo_chart', 'photo_teaching', 'photo_website')),
    signature_id   uuid NOT NULL,
    is_given       boolean NOT NULL,  -- false: she was asked, and said no; that ends what stood before
    at             timestamptz NOT NULL DEFAULT now(),
    withdrawn_at   timestamptz,
    withdrawn_kind text COLLATE "C" CHECK (withdrawn_kind IN ('client', 'staff')),
    withdrawn_by   uuid,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT consent_once_per_signature UNIQUE (tenant_id, signature_id, purpose),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, signature_id) REFERENCES app.signature (tenant_id, id),
    FOREIGN KEY (tenant_id, withdrawn_by) REFERENCES app.staff (tenant_id, id),
    CONSTRAINT consent_withdrawn_by_somebody CHECK ((withdrawn_at IS NULL) = (withdrawn_kind IS NULL))
);
CREATE INDEX consent_by_client ON app.consent (tenant_id, client_id, purpose, at);
CREATE INDEX consent_by_staff ON app.consent (tenant_id, withdrawn_by);
SELECT app.guard_table('app.consent');
GRANT SELECT ON app.consent TO foyer_staff, foyer_public, foyer_slow, foyer_jobs;
GRANT INSERT (client_id, purpose, signature_id, is_given) ON app.consent TO foyer_public;
CREATE POLICY staff_may_see ON app.consent AS RESTRICTIVE FOR SELECT TO foyer_staff, foyer_slow
    USING ((SELECT app.may('client_read')) OR (SELECT app.may('chart_read')));
CREATE POLICY own_client ON app.consent AS RESTRICTIVE TO foyer_public USING (client_id = (SELECT app.own_client()));

-- The signed form as the file that proves itself, made by the jobs from what was signed; written once.
CREATE TABLE app.signature_copy (
    tenant_id    uuid NOT NULL DEFAULT app.tenant(),
    id           uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id    uuid NOT NULL,
    signature_id uuid NOT NULL,
    pdf_sealed   bytea NOT NULL,
    pdf_sha256   bytea NOT NULL CHECK (length(pdf_sha256) = 32),
    n_pages      int NOT NULL CHECK (n_pages > 0),
    made_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT signature_copy_once UNIQUE (tenant_id, signature_id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, signature_id) REFERENCES app.signature (tenant_id, id)
);
CREATE INDEX signature_copy_by_client ON app.signature_copy (tenant_id, client_id, made_at);
SELECT app.guard_table('app.signature_copy');
CREATE TRIGGER signature_copy_never_changes BEFORE UPDATE OR DELETE ON app.signature_copy FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER signature_copy_never_truncated BEFORE TRUNCATE ON app.signature_copy FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
GRANT SELECT, INSERT (id, client_id, signature_id, pdf_sealed, pdf_sha256, n_pages) ON app.signature_copy TO foyer_jobs;
GRANT SELECT ON app.signature_copy TO foyer_staff, foyer_public, foyer_slow;
CREATE POLICY staff_may_see ON app.signature_copy AS RESTRICTIVE TO foyer_staff, foyer_slow USING ((SELECT app.may('chart_read')));
CREATE POLICY own_client ON app.signature_copy AS RESTRICTIVE TO foyer_public USING (client_id = (SELECT app.own_client()));

RESET ROLE;
