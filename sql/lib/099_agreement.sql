-- 099_agreement: the agreement of a business with whoever runs the installation. No client is entered before an owner has accepted one
-- (R-06, PROMISES L03). Owner: foyer_auth, who alone may step into the operator's business to read its text, and steps back at once.

SET LOCAL ROLE foyer_auth;

-- The operator's text in force today; no row: there is none, and then nothing to accept.
CREATE OR REPLACE FUNCTION sec.agreement_now() RETURNS TABLE (version int, title text, body text, effective_on date, sha bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    here text := current_setting('foyer.tenant_id', true);
BEGIN
    PERFORM sec.step_into(sec.operator_tenant());
    SELECT v.version, v.title, v.body, v.effective_on, v.sha256 INTO version, title, body, effective_on, sha
    FROM app.policy_version v JOIN app.tenant t ON t.id = v.tenant_id
    WHERE v.tenant_id = app.tenant() AND v.kind = 'agreement' AND v.effective_on <= (now() AT TIME ZONE t.zone)::date
    ORDER BY v.version DESC LIMIT 1;
    PERFORM set_config('foyer.tenant_id', coalesce(here, ''), true);
    IF version IS NOT NULL THEN
        RETURN NEXT;
    END IF;
END $$;

-- Whether the entered business may enter clients: it has accepted a version, or there is none. One that came later is asked for on its
-- page of settings and shuts nobody out in the middle of a day.
CREATE OR REPLACE FUNCTION sec.agreement_holds() RETURNS boolean
LANGUAGE sql
AS $$
    SELECT EXISTS (SELECT FROM app.agreement a WHERE a.tenant_id = app.tenant()) OR NOT EXISTS (SELECT FROM sec.agreement_now())
$$;

-- Before a client is entered, by whom or whatever it be: trigger client_needs_agreement. kind: of who enters her. Internal.
CREATE OR REPLACE FUNCTION sec.agreement_check(kind text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    IF NOT sec.agreement_holds() THEN
        RAISE EXCEPTION '%', CASE kind WHEN 'visitor' THEN 'This studio is not open for booking yet.'
                                      ELSE 'Before the first client is entered, an owner accepts the agreement with whoever runs Foyer: Settings, The business.' END
            USING ERRCODE = 'FY422';
    END IF;
END $$;

-- An owner accepts the version that she was shown, after a fresh proof of who she is. Again: nothing happens.
CREATE OR REPLACE FUNCTION sec.agreement_accept(wanted int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    a record;
BEGIN
    PERFORM sec.step_up_check();
    IF NOT sec.owns(app.actor()) THEN
        RAISE EXCEPTION 'Only an owner accepts the agreement for the business.' USING ERRCODE = 'FY422';
    END IF;
    SELECT n.version, n.sha INTO a FROM sec.agreement_now() n;
    IF a.version IS DISTINCT FROM wanted THEN
        RAISE EXCEPTION 'There is another version by now. Please read it first.' USING ERRCODE = 'FY422';
    END IF;
    INSERT INTO app.agreement (version, text_sha, accepted_by, accepted_name, address)
    SELECT a.version, a.sha, f.id, f.name, nullif(current_setting('foyer.ip', true), '')::inet
    FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.id = app.actor()
    ON CONFLICT DO NOTHING;
    IF FOUND THEN
        PERFORM sec.note('agreement.accept', 'ok', 'version ' || a.version, '{}', 'tenant', app.tenant());
    END IF;
END $$;

REVOKE ALL ON FUNCTION sec.agreement_now(), sec.agreement_holds(), sec.agreement_check(text), sec.agreement_accept(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.agreement_now(), sec.agreement_accept(int) TO foyer_staff;
RESET ROLE;
