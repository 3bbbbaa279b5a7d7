-- 780_joined: what is read of a person over all of her records needs to be asked by those who decide; and a guardian's phone and e-mail are
-- closed to the pages as a client's are: app.guardian_contact and app.guardian_mail say them.

SET LOCAL ROLE foyer_owner;

-- Other columns than before: sql/lib makes them anew.
DROP FUNCTION IF EXISTS app.guardians_of(uuid);
DROP FUNCTION IF EXISTS app.consents_of(uuid);

REVOKE SELECT ON app.client_guardian FROM foyer_staff, foyer_slow;
GRANT SELECT (tenant_id, id, client_id, guardian_client_id, name, relation, birth_date, may_sign, created_at, created_by, ended_at)
    ON app.client_guardian TO foyer_staff, foyer_slow;
GRANT SELECT (tenant_id, id, client_id, email, phone) ON app.client_guardian TO foyer_disclosure;
GRANT SELECT ON app.client_merged TO foyer_booking;

-- What is not shown to her she does not change either.
CREATE FUNCTION app.guardian_keep_masked() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF app.actor_kind() = 'staff' AND current_user IN ('foyer_staff', 'foyer_slow') THEN
        IF NOT (app.may('show_phone') OR app.reaches('show_phone', OLD.client_id)) THEN
            NEW.phone := OLD.phone;
        END IF;
        IF NOT (app.may('show_email') OR app.reaches('show_email', OLD.client_id)) THEN
            NEW.email := OLD.email;
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guardian_keeps_what_is_masked BEFORE UPDATE OF phone, email ON app.client_guardian
    FOR EACH ROW EXECUTE FUNCTION app.guardian_keep_masked();

RESET ROLE;
