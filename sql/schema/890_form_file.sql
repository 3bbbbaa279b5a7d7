-- 890_form_file: questions of a form that are answered by pictures or a PDF. The bytes lie in the store, sealed, as all files of clients do
-- (820_media); here is to which question of which form they belong, and what the client called them.

SET LOCAL ROLE foyer_owner;

ALTER TABLE app.form_question DROP CONSTRAINT form_question_kind_check,
    ADD CONSTRAINT form_question_kind_check CHECK (kind IN ('text', 'long', 'choice', 'multi', 'date', 'number', 'yes_no', 'allergies', 'medications', 'body',
                                                            'initials', 'acknowledge', 'file'));

-- form: attached to a form, by the client. A picture is made anew as every picture is; a PDF is kept as it came.
ALTER TABLE app.media DROP CONSTRAINT media_kind_check, DROP CONSTRAINT media_type_check,
    ADD CONSTRAINT media_kind_check CHECK (kind IN ('photo', 'form')),
    ADD CONSTRAINT media_type_check CHECK (type = 'image/jpeg' OR type = 'application/pdf' AND kind = 'form'),
    ADD CONSTRAINT media_of_a_client UNIQUE (tenant_id, client_id, id);

CREATE TABLE app.form_file (
    tenant_id     uuid NOT NULL DEFAULT app.tenant(),
    id            uuid NOT NULL,  -- the file's, in app.media
    client_id     uuid NOT NULL,
    assignment_id uuid NOT NULL,
    question_key  text COLLATE "C" NOT NULL,  -- and not the question's id: what is attached goes on into the form's next version
    name_sealed   bytea NOT NULL,  -- as she called it, without what could mislead
    sha256_sealed bytea NOT NULL,  -- of what it holds: the signed text names it
    stored_sha256 bytea NOT NULL CHECK (length(stored_sha256) = 32),  -- of the sealed object, so that it can be compared without a key
    added_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id, id) REFERENCES app.media (tenant_id, client_id, id),
    FOREIGN KEY (tenant_id, client_id, assignment_id) REFERENCES app.form_assignment (tenant_id, client_id, id)
);
CREATE INDEX form_file_by_media ON app.form_file (tenant_id, client_id, id);
CREATE INDEX form_file_by_form ON app.form_file (tenant_id, client_id, assignment_id, added_at);
SELECT app.guard_table('app.form_file');

-- What the trail keeps of the files that a signature names: SHA-256 over its id and each file's id and sealed hash, in the order of the ids.
CREATE FUNCTION app.form_files_digest(tenant uuid, signature uuid, files text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT encode(sha256(convert_to(concat_ws('|', 'foyer-form-files-v1', tenant, signature, array_to_string(files, ',')), 'UTF8')), 'hex') $$;
REVOKE ALL ON FUNCTION app.form_files_digest(uuid, uuid, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.form_files_digest(uuid, uuid, text[]) TO foyer_auth, foyer_seal_owner;
GRANT SELECT ON app.form_file TO foyer_auth, foyer_seal_owner;
GRANT SELECT (tenant_id, id, client_id, removed_at) ON app.media TO foyer_auth, foyer_seal_owner;
GRANT SELECT (tenant_id, client_id, destroyed_at) ON app.client_key TO foyer_seal_owner;

-- Only into a form that is due, of a question that asks for files, five at most. The form is locked, so that nothing is attached or taken away
-- while it is signed.
CREATE FUNCTION app.form_file_add() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    due record;
BEGIN
    SELECT a.state, a.form_id INTO due FROM app.form_assignment a
    WHERE a.tenant_id = NEW.tenant_id AND a.client_id = NEW.client_id AND a.id = NEW.assignment_id
    FOR UPDATE;
    IF NOT FOUND OR NOT EXISTS (SELECT FROM app.form_question q
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
    IF (SELECT count(*) FROM app.form_file f
        WHERE f.tenant_id = NEW.tenant_id AND f.client_id = NEW.client_id AND f.assignment_id = NEW.assignment_id) >= 100 THEN
        RAISE EXCEPTION 'So much was attached to this form and taken away again that nothing more is taken. Please ask the studio.' USING ERRCODE = 'FY422', COLUMN = 'form';
    END IF;
    NEW.added_at := clock_timestamp();
    RETURN NEW;
END $$;
CREATE TRIGGER form_file_only_where_asked BEFORE INSERT ON app.form_file FOR EACH ROW EXECUTE FUNCTION app.form_file_add();
CREATE TRIGGER form_file_never_changes BEFORE UPDATE ON app.form_file FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER form_file_signed_stays BEFORE DELETE ON app.form_file FOR EACH ROW EXECUTE FUNCTION app.form_answer_keep();
CREATE TRIGGER form_file_never_truncated BEFORE TRUNCATE ON app.form_file FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();

-- Removed is removed: the key goes with the row's change, the file by a job right afterwards. Nothing else of a row ever changes. What a signed
-- form names stays as long as her key: it goes only when she is erased.
CREATE OR REPLACE FUNCTION app.media_removed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    its_form text;
BEGIN
    IF OLD.removed_at IS NOT NULL OR NEW.removed_at IS NULL THEN
        RAISE EXCEPTION 'a file is kept or removed, never changed' USING ERRCODE = '42501';
    END IF;
    IF OLD.kind = 'form' THEN
        SELECT a.state INTO its_form FROM app.form_file f
        JOIN app.form_assignment a ON a.tenant_id = f.tenant_id AND a.client_id = f.client_id AND a.id = f.assignment_id
        WHERE f.tenant_id = OLD.tenant_id AND f.client_id = OLD.client_id AND f.id = OLD.id
        FOR UPDATE OF a;
        IF its_form = 'signed' AND EXISTS (SELECT FROM app.client_key k WHERE k.tenant_id = OLD.tenant_id AND k.client_id = OLD.client_id AND k.destroyed_at IS NULL) THEN
            RAISE EXCEPTION 'This form is signed; what is attached to it stays.' USING ERRCODE = 'FY422', COLUMN = 'form';
        END IF;
    END IF;
    NEW := OLD;
    NEW.removed_at := now();
    NEW.removed_by := CASE WHEN app.actor_kind() = 'staff' THEN app.actor() END;
    NEW.key_sealed := NULL;
    NEW.sha256_sealed := NULL;
    INSERT INTO app.job (tenant_id, kind, subject_id, dedupe_key) VALUES (NEW.tenant_id, 'media.remove', NEW.id, NEW.id::text) ON CONFLICT DO NOTHING;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.form_file_add(), app.media_removed() FROM PUBLIC;

-- Who sees a photo of her is one thing, who reads what she attached to a form another: whoever reads the form's answers, and she herself by her
-- link. She alone attaches and removes. The slow pool alone has the keys.
GRANT SELECT (type, bytes, small_bytes) ON app.media TO foyer_staff;
GRANT SELECT (tenant_id, id, client_id, kind, type, bytes, small_bytes, removed_at), UPDATE (removed_at) ON app.media TO foyer_public;
GRANT UPDATE (removed_at) ON app.media TO foyer_jobs;
GRANT SELECT ON app.form_file TO foyer_staff, foyer_public, foyer_slow, foyer_jobs;
GRANT INSERT (id, client_id, assignment_id, question_key, name_sealed, sha256_sealed, stored_sha256) ON app.form_file TO foyer_slow;

DROP POLICY staff_may_read ON app.media;
DROP POLICY staff_may_add ON app.media;
DROP POLICY staff_may_write ON app.media;
CREATE POLICY who_may_read ON app.media AS RESTRICTIVE FOR SELECT TO foyer_staff, foyer_slow
    USING (CASE kind WHEN 'photo' THEN (SELECT app.may('client_read')) OR ((SELECT app.may_some('client_read')) AND app.reaches('client_read', client_id))
                                    OR (SELECT app.may('client_write')) OR ((SELECT app.may_some('client_write')) AND app.reaches('client_write', client_id))
                     ELSE (SELECT app.may('chart_read')) OR ((SELECT app.may_some('chart_read')) AND app.reaches('chart_read', client_id))
                       OR client_id = (SELECT app.own_client()) END);
CREATE POLICY who_may_add ON app.media AS RESTRICTIVE FOR INSERT TO foyer_slow
    WITH CHECK (CASE kind WHEN 'photo' THEN (SELECT app.may('client_write')) OR ((SELECT app.may_some('client_write')) AND app.reaches('client_write', client_id))
                          ELSE client_id = (SELECT app.own_client()) END);
CREATE POLICY who_may_remove ON app.media AS RESTRICTIVE FOR UPDATE TO foyer_slow
    USING (kind = 'photo' AND ((SELECT app.may('client_write')) OR ((SELECT app.may_some('client_write')) AND app.reaches('client_write', client_id))));
CREATE POLICY own_client ON app.media AS RESTRICTIVE TO foyer_public USING (kind = 'form' AND client_id = (SELECT app.own_client()));
CREATE POLICY who_may_read ON app.form_file AS RESTRICTIVE FOR SELECT TO foyer_staff, foyer_slow
    USING ((SELECT app.may('chart_read')) OR ((SELECT app.may_some('chart_read')) AND app.reaches('chart_read', client_id)) OR client_id = (SELECT app.own_client()));
CREATE POLICY she_alone_adds ON app.form_file AS RESTRICTIVE FOR INSERT TO foyer_slow WITH CHECK (client_id = (SELECT app.own_client()));
CREATE POLICY own_client ON app.form_file AS RESTRICTIVE TO foyer_public USING (client_id = (SELECT app.own_client()));

RESET ROLE;

-- Signing: which files the text names, and how they lie in the store, stands in the trail.
SET LOCAL ROLE foyer_auth;
CREATE FUNCTION sec.form_files_signed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    files text[] := ARRAY(SELECT f.id || ':' || encode(f.stored_sha256, 'hex') FROM app.form_file f
                          JOIN app.media m ON m.tenant_id = f.tenant_id AND m.client_id = f.client_id AND m.id = f.id AND m.removed_at IS NULL
                          WHERE f.tenant_id = NEW.tenant_id AND f.client_id = NEW.client_id AND f.assignment_id = NEW.assignment_id ORDER BY f.id);
BEGIN
    IF cardinality(files) > 0 THEN
        PERFORM sec.note('form.files', 'ok', app.form_files_digest(NEW.tenant_id, NEW.id, files), ARRAY[NEW.client_id], 'signature', NEW.id);
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION sec.form_files_signed() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.form_files_signed() TO foyer_owner;
RESET ROLE;
SET LOCAL ROLE foyer_owner;
CREATE TRIGGER signature_files_are_in_the_trail AFTER INSERT ON app.signature FOR EACH ROW EXECUTE FUNCTION sec.form_files_signed();
RESET ROLE;
