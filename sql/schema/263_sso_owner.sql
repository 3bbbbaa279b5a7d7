-- 263_sso_owner: who says to which provider the business's people go, says who may be whom, the owners included. So an owner says it.

SET LOCAL ROLE foyer_owner;

CREATE FUNCTION app.sso_is_the_owners() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF app.actor_kind() = 'staff' AND NOT EXISTS (
        SELECT FROM app.staff_role sr JOIN app.role r ON r.tenant_id = sr.tenant_id AND r.id = sr.role_id
        WHERE sr.tenant_id = app.tenant() AND sr.staff_id = app.actor() AND sr.location_id IS NULL AND r.slug = 'owner') THEN
        RAISE EXCEPTION 'Only an owner changes where your people log in.' USING ERRCODE = 'FY422', COLUMN = '';
    END IF;
    -- A secret is for the provider that it was given for, and is told to no other.
    IF TG_OP = 'UPDATE' AND NEW.issuer <> OLD.issuer AND NEW.secret_sealed = OLD.secret_sealed THEN
        NEW.secret_sealed := NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sso_is_the_owners BEFORE INSERT OR UPDATE ON app.sso FOR EACH ROW EXECUTE FUNCTION app.sso_is_the_owners();

RESET ROLE;
