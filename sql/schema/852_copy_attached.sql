-- 852_copy_attached: a form without health data may have its signed copy sent in the mail itself; every other goes as a link.

SET LOCAL ROLE foyer_owner;

-- holds_health: its author says otherwise, or it is taken to ask about health. copy_attached: the mail carries the copy.
ALTER TABLE app.form_version
    ADD COLUMN holds_health boolean NOT NULL DEFAULT true,
    ADD COLUMN copy_attached boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT form_version_with_health_goes_as_a_link CHECK (NOT (holds_health AND copy_attached));
COMMENT ON CONSTRAINT form_version_with_health_goes_as_a_link ON app.form_version
    IS 'copy_attached: A form that asks about health is never sent in a mail. Its copy goes out as a link.';
GRANT INSERT (holds_health, copy_attached), UPDATE (holds_health, copy_attached) ON app.form_version TO foyer_staff;

-- Whether a question asks about health by what it is, whatever its author says. Dates of birth and due dates, files and photographs count.
CREATE FUNCTION app.question_is_of_health(kind text, key text, purpose text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT kind IN ('allergies', 'medications', 'body', 'text', 'long', 'number', 'date', 'file') OR key = 'due_date' OR starts_with(coalesce(purpose, ''), 'photo_') $$;
REVOKE ALL ON FUNCTION app.question_is_of_health(text, text, text) FROM PUBLIC;

-- A version is said to hold nothing of health only while none of its questions does; and only of a consent, for an intake asks about her.
CREATE FUNCTION app.form_version_health() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT NEW.holds_health AND (
        EXISTS (SELECT FROM app.form f WHERE f.tenant_id = NEW.tenant_id AND f.id = NEW.form_id AND f.kind <> 'consent')
        OR EXISTS (SELECT FROM app.form_question q WHERE q.tenant_id = NEW.tenant_id AND q.form_version_id = NEW.id
                   AND app.question_is_of_health(q.kind, q.key, q.purpose))) THEN
        RAISE EXCEPTION 'This form can hold something about health: an intake, or a question that is answered freely, by a list, a date, a number or a photograph.'
            USING ERRCODE = 'FY422', COLUMN = 'holds_health';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER form_version_health_is_proven BEFORE INSERT OR UPDATE OF holds_health, copy_attached, published_at ON app.form_version
    FOR EACH ROW EXECUTE FUNCTION app.form_version_health();

-- A question of health that is put into such a draft makes it one of health again.
CREATE FUNCTION app.form_question_health() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF app.question_is_of_health(NEW.kind, NEW.key, NEW.purpose) THEN
        UPDATE app.form_version v SET holds_health = true, copy_attached = false
        WHERE v.tenant_id = NEW.tenant_id AND v.id = NEW.form_version_id AND NOT v.holds_health;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER form_question_health_is_proven AFTER INSERT OR UPDATE ON app.form_question
    FOR EACH ROW EXECUTE FUNCTION app.form_question_health();

-- The signed copy that a message carries: of the same client, of a version that allows it.
ALTER TABLE app.message ADD COLUMN attached_copy uuid,
    ADD CONSTRAINT message_attaches_a_copy FOREIGN KEY (tenant_id, attached_copy) REFERENCES app.signature_copy (tenant_id, id);
CREATE INDEX message_by_copy ON app.message (tenant_id, attached_copy) WHERE attached_copy IS NOT NULL;
GRANT INSERT (attached_copy) ON app.message TO foyer_staff, foyer_public, foyer_slow, foyer_jobs;

CREATE FUNCTION app.message_attaches() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NEW.kind <> 'form_copy' OR NOT EXISTS (
        SELECT FROM app.signature_copy x
        JOIN app.signature s ON s.tenant_id = x.tenant_id AND s.id = x.signature_id AND s.client_id = NEW.client_id
        JOIN app.form_version v ON v.tenant_id = s.tenant_id AND v.id = s.form_version_id AND v.copy_attached AND NOT v.holds_health
        WHERE x.tenant_id = NEW.tenant_id AND x.id = NEW.attached_copy) THEN
        RAISE EXCEPTION 'a signed copy goes out as a link' USING ERRCODE = 'FY403';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER message_attaches_only_what_may BEFORE INSERT OR UPDATE OF attached_copy ON app.message
    FOR EACH ROW WHEN (NEW.attached_copy IS NOT NULL) EXECUTE FUNCTION app.message_attaches();

RESET ROLE;
