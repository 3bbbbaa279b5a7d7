-- 530_client_agreement: no client without the agreement, whichever way she is entered (R-06, PROMISES L03): the desk's form, a booking, a
-- list that is read in. Asked once a statement, so that a list of thousands asks once.

SET LOCAL ROLE foyer_auth;

-- sec.agreement_check (sql/lib/099_agreement.sql) asks for the entered business. Rows of another one are only ever written by a role that
-- bypasses row security, as when a backup is read back.
CREATE FUNCTION sec.client_needs_agreement() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM entered e WHERE e.tenant_id = app.tenant()) THEN
        PERFORM sec.agreement_check(app.actor_kind());
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION sec.client_needs_agreement() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.client_needs_agreement() TO foyer_owner;
RESET ROLE;

SET LOCAL ROLE foyer_owner;
CREATE TRIGGER client_needs_agreement AFTER INSERT ON app.client
    REFERENCING NEW TABLE AS entered FOR EACH STATEMENT EXECUTE FUNCTION sec.client_needs_agreement();
RESET ROLE;
