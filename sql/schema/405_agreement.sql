-- 405_agreement: the agreement between a business and whoever runs the installation (R-06, PROMISES L03): its versions are texts of the
-- operator's, and what a business has accepted of them stays.

SET LOCAL ROLE foyer_owner;

ALTER TABLE app.policy_version DROP CONSTRAINT policy_version_kind_check,
    ADD CONSTRAINT policy_version_kind_check CHECK (kind IN ('privacy', 'booking', 'cancellation', 'terms', 'agreement'));

-- It is the operator's to write.
CREATE FUNCTION app.agreement_is_the_operators() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM app.tenant t WHERE t.id = NEW.tenant_id AND t.realm = 'operator') THEN
        RAISE EXCEPTION 'no such text' USING ERRCODE = 'FY404';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER policy_version_agreement_is_the_operators BEFORE INSERT ON app.policy_version
    FOR EACH ROW WHEN (NEW.kind = 'agreement') EXECUTE FUNCTION app.agreement_is_the_operators();

-- An owner's word, and which words she read: text_sha is that of the operator's version (app.policy_version.sha256).
CREATE TABLE app.agreement (
    tenant_id     uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    version       int NOT NULL CHECK (version > 0),
    text_sha      bytea NOT NULL CHECK (length(text_sha) = 32),
    accepted_at   timestamptz NOT NULL DEFAULT now(),
    accepted_by   uuid NOT NULL,
    accepted_name text NOT NULL,
    address       inet,
    PRIMARY KEY (tenant_id, version),
    FOREIGN KEY (tenant_id, accepted_by) REFERENCES app.staff (tenant_id, id)
);
CREATE INDEX agreement_by_staff ON app.agreement (tenant_id, accepted_by);
SELECT app.guard_table('app.agreement');
CREATE TRIGGER agreement_never_changes BEFORE UPDATE OR DELETE ON app.agreement FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER agreement_never_truncated BEFORE TRUNCATE ON app.agreement FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
GRANT SELECT ON app.agreement TO foyer_staff, foyer_auth;
GRANT INSERT (version, text_sha, accepted_by, accepted_name, address) ON app.agreement TO foyer_auth;

RESET ROLE;
