-- 221_sessions: how long a session may still last, as every page is told; how long ended ones are listed; and that nobody's rights grow
-- within a session that was opened before.

SET LOCAL ROLE foyer_owner;
ALTER TABLE app.tenant ADD COLUMN session_days int NOT NULL DEFAULT 400
    CONSTRAINT tenant_sessions_are_kept_a_month_to_six_years CHECK (session_days BETWEEN 30 AND 2200);
COMMENT ON CONSTRAINT tenant_sessions_are_kept_a_month_to_six_years ON app.tenant IS 'session_days: Choose 30 to 2200 days.';
GRANT UPDATE (session_days) ON app.tenant TO foyer_staff;
RESET ROLE;

SET LOCAL ROLE foyer_auth;
ALTER TYPE sec.entered ADD ATTRIBUTE left_seconds int;

-- S-06: who is given a role logs in anew, so that a session that somebody else may hold does not gain by it. What is taken away is
-- gone at the next request without that. The session in which it is done goes on: its holder has just proved who she is.
CREATE FUNCTION sec.role_given() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    entered text := current_setting('foyer.tenant_id', true);
BEGIN
    IF entered IS DISTINCT FROM NEW.tenant_id::text THEN
        PERFORM set_config('foyer.tenant_id', NEW.tenant_id::text, true);
    END IF;
    UPDATE sec.session e SET revoked_at = now()
    WHERE e.tenant_id = NEW.tenant_id AND e.staff_id = NEW.staff_id AND e.revoked_at IS NULL
      AND e.id IS DISTINCT FROM nullif(current_setting('foyer.session_id', true), '')::uuid;
    IF entered IS DISTINCT FROM NEW.tenant_id::text THEN
        PERFORM set_config('foyer.tenant_id', coalesce(entered, ''), true);
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION sec.role_given() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.role_given() TO foyer_owner, foyer_migrator, foyer_backfill;
RESET ROLE;

SET LOCAL ROLE foyer_owner;
CREATE TRIGGER role_given_ends_sessions AFTER INSERT OR UPDATE OF role_id, staff_id, location_id ON app.staff_role
    FOR EACH ROW EXECUTE FUNCTION sec.role_given();
RESET ROLE;
