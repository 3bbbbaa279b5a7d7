-- 997_form_on_paper: a form that was signed by hand on paper, as the studio noted it, with a picture of the paper. It stands like one that was
-- signed here, and never passes for one: no terms of signing electronically, no link, no copy with a certificate.

SET LOCAL ROLE foyer_owner;

-- place and method 'paper': what was signed is on the paper; signed_at is the day that stands on it, at noon, or the moment of the noting where that
-- is earlier. The text says who noted it and names the picture.
ALTER TABLE app.signature
    ALTER COLUMN disclosure_id DROP NOT NULL,
    ADD COLUMN noted_by uuid,
    ADD COLUMN noted_at timestamptz,
    ADD FOREIGN KEY (tenant_id, noted_by) REFERENCES app.staff (tenant_id, id),
    DROP CONSTRAINT signature_method_check,
    ADD CONSTRAINT signature_method_check CHECK (method IN ('typed', 'drawn', 'paper')),
    DROP CONSTRAINT signature_place_check,
    ADD CONSTRAINT signature_place_check CHECK (place IN ('link', 'kiosk', 'desk', 'paper')),
    ADD CONSTRAINT signature_on_paper_is_noted_by_somebody CHECK (
        (place = 'paper') = (method = 'paper') AND (place = 'paper') = (noted_by IS NOT NULL) AND (place = 'paper') = (noted_at IS NOT NULL)
        AND (place = 'paper') = (disclosure_id IS NULL)),
    ADD CONSTRAINT signature_on_paper_is_no_electronic_one CHECK (place <> 'paper' OR num_nonnulls(link_id, strokes_sealed, code_channel, seconds_spent) = 0);
CREATE INDEX signature_by_noter ON app.signature (tenant_id, noted_by) WHERE noted_by IS NOT NULL;

-- (as before; of one on paper "-" stands for the terms)
CREATE OR REPLACE FUNCTION app.signature_digest(s app.signature) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT sha256(convert_to(concat_ws('|', 'foyer-form-v1', s.tenant_id, s.id, s.client_id, s.assignment_id, s.form_version_id, coalesce(s.disclosure_id::text, '-'),
                                       s.signer, coalesce(s.guardian_id::text, '-'), s.place, coalesce(s.witness_id::text, '-'), s.language,
                                       s.method, s.second_factor, coalesce(s.code_channel, '-'),
                                       to_char(s.signed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), s.zone,
                                       encode(s.wording_sha256, 'hex'), encode(s.document_sha256, 'hex')), 'UTF8'))
$$;

-- No copy that proves itself is made of a paper.
CREATE OR REPLACE FUNCTION app.signature_asks_for_its_copy() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NEW.place <> 'paper' THEN
        INSERT INTO app.job (tenant_id, kind, subject_id, dedupe_key, run_at)
        VALUES (NEW.tenant_id, 'form.pdf', NEW.id, NEW.id::text, now() + interval '3 seconds');
    END IF;
    RETURN NULL;
END $$;

-- As before; and the staff puts in pictures of the paper (question_key 'paper', which no question has: a builder's keys begin with q_).
CREATE OR REPLACE FUNCTION app.form_file_add() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    due record;
    is_paper boolean := NEW.question_key = 'paper' AND app.actor_kind() = 'staff';
BEGIN
    SELECT a.state, a.form_id INTO due FROM app.form_assignment a
    WHERE a.tenant_id = NEW.tenant_id AND a.client_id = NEW.client_id AND a.id = NEW.assignment_id
    FOR UPDATE;
    IF NOT FOUND OR NOT is_paper AND NOT EXISTS (SELECT FROM app.form_question q
                                WHERE q.tenant_id = NEW.tenant_id AND q.form_version_id = app.form_in_force(due.form_id) AND q.key = NEW.question_key AND q.kind = 'file')
       OR NOT EXISTS (SELECT FROM app.media m WHERE m.tenant_id = NEW.tenant_id AND m.id = NEW.id AND m.kind = 'form' AND m.removed_at IS NULL) THEN
        RAISE EXCEPTION 'no such question' USING ERRCODE = 'FY404';
    END IF;
    IF due.state <> 'due' THEN
        RAISE EXCEPTION 'This form is no longer open; nothing can be attached to it.' USING ERRCODE = 'FY422', COLUMN = 'form';
    END IF;
    IF (SELECT count(*) FROM app.form_file f
        JOIN app.media m ON m.tenant_id = f.tenant_id AND m.client_id = f.client_id AND m.id = f.id AND m.removed_at IS NULL
        WHERE f.tenant_id = NEW.tenant_id AND f.client_id = NEW.client_id AND f.assignment_id = NEW.assignment_id AND f.question_key = NEW.question_key) >= 5 THEN
        RAISE EXCEPTION 'Five files can be attached here, and no more. Remove one on the form first.' USING ERRCODE = 'FY422', COLUMN = 'form';
    END IF;
    -- (who goes on attaching and taking away fills nobody's disk)
    IF NOT is_paper AND (SELECT count(*) FROM app.form_file f
        WHERE f.tenant_id = NEW.tenant_id AND f.client_id = NEW.client_id AND f.assignment_id = NEW.assignment_id) >= 100 THEN
        RAISE EXCEPTION 'So much was attached to this form and taken away again that nothing more is taken. Please ask the studio.' USING ERRCODE = 'FY422', COLUMN = 'form';
    END IF;
    NEW.added_at := clock_timestamp();
    RETURN NEW;
END $$;

DROP POLICY who_may_add ON app.media;
CREATE POLICY who_may_add ON app.media AS RESTRICTIVE FOR INSERT TO foyer_slow
    WITH CHECK (CASE kind WHEN 'photo' THEN (SELECT app.may('client_write')) OR ((SELECT app.may_some('client_write')) AND app.reaches('client_write', client_id))
                          ELSE client_id = (SELECT app.own_client())
                            OR (SELECT app.may('booking_write')) OR ((SELECT app.may_some('booking_write')) AND app.reaches('booking_write', client_id)) END);
DROP POLICY she_alone_adds ON app.form_file;
CREATE POLICY she_adds_or_a_paper_is_put_in ON app.form_file AS RESTRICTIVE FOR INSERT TO foyer_slow
    WITH CHECK (client_id = (SELECT app.own_client())
             OR question_key = 'paper' AND ((SELECT app.may('booking_write')) OR ((SELECT app.may_some('booking_write')) AND app.reaches('booking_write', client_id))));

RESET ROLE;
