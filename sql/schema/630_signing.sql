-- 630_signing: for whom a link was made and where it is used; what is known of who signs by it; consents that name their signature's client.

SET LOCAL ROLE foyer_owner;

-- guardian_id: the guardian it was sent to, whose own date of birth opens it. place: sent, opened on the studio's tablet, or opened at
-- the desk; created_by then opened it, and at the desk is the witness. signing_*: who signs in the transaction of that number (sec.signer_take),
-- which the trigger of app.signature believes and nothing else.
ALTER TABLE app.link
    ADD COLUMN guardian_id uuid,
    ADD COLUMN place text COLLATE "C" NOT NULL DEFAULT 'link' CHECK (place IN ('link', 'kiosk', 'desk')),
    ADD COLUMN signing_in xid8,
    ADD COLUMN signing_guardian uuid,
    ADD COLUMN signing_witness uuid,
    DROP CONSTRAINT link_second_factor_check,
    ADD CONSTRAINT link_second_factor_check CHECK (second_factor IN ('birth_date', 'none', 'staff')),  -- staff: who opened it saw who she is
    ADD CONSTRAINT link_on_the_spot_was_opened_by_somebody CHECK (place = 'link' OR created_by IS NOT NULL),
    ADD CONSTRAINT link_staff_is_on_the_spot CHECK (second_factor <> 'staff' OR place <> 'link'),
    ADD FOREIGN KEY (tenant_id, client_id, guardian_id) REFERENCES app.client_guardian (tenant_id, client_id, id);
CREATE INDEX link_by_guardian ON app.link (tenant_id, client_id, guardian_id);
GRANT SELECT (guardian_id, place) ON app.link TO foyer_staff, foyer_public, foyer_jobs;

-- A consent is of the client who signed, for a purpose that the signed version asks for, and changes once: when it is withdrawn.
ALTER TABLE app.signature ADD CONSTRAINT signature_of_client UNIQUE (tenant_id, client_id, id);
ALTER TABLE app.consent ADD CONSTRAINT consent_of_her_signature FOREIGN KEY (tenant_id, client_id, signature_id) REFERENCES app.signature (tenant_id, client_id, id);
CREATE INDEX consent_by_signature ON app.consent (tenant_id, client_id, signature_id);

CREATE FUNCTION app.consent_keep() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NOT EXISTS (SELECT FROM app.signature s
                       JOIN app.form_question q ON q.tenant_id = s.tenant_id AND q.form_version_id = s.form_version_id AND q.purpose = NEW.purpose
                       WHERE s.tenant_id = NEW.tenant_id AND s.id = NEW.signature_id AND s.client_id = NEW.client_id) THEN
            RAISE EXCEPTION 'the signed form does not ask for this' USING ERRCODE = 'FY422', COLUMN = 'form';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.withdrawn_at IS NULL AND NEW.withdrawn_at IS NOT NULL
       AND (to_jsonb(NEW) - '{withdrawn_at,withdrawn_kind,withdrawn_by}'::text[]) = (to_jsonb(OLD) - '{withdrawn_at,withdrawn_kind,withdrawn_by}'::text[]) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'What was consented to stays as it was. It can only be withdrawn.' USING ERRCODE = '42501';
END $$;
CREATE TRIGGER consent_only_ends BEFORE INSERT OR UPDATE OR DELETE ON app.consent FOR EACH ROW EXECUTE FUNCTION app.consent_keep();
CREATE TRIGGER consent_never_truncated BEFORE TRUNCATE ON app.consent FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();

RESET ROLE;
