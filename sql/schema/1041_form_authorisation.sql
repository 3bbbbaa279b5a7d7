-- 1041_form_authorisation: what a permission must say so that a yes to it counts (45 CFR 164.508(c); SECURITY.md R-10): what may be used, who may
-- use it, for whom and what for, until when, how it is taken back. Signature and day come with signing. Of a version, in each of its languages.

SET LOCAL ROLE foyer_owner;

CREATE TABLE app.form_authorisation (
    tenant_id       uuid NOT NULL DEFAULT app.tenant(),
    form_version_id uuid NOT NULL,
    language        text COLLATE "C" NOT NULL CHECK (language ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'),
    described       text NOT NULL DEFAULT '' CHECK (length(described) <= 1000),
    used_by         text NOT NULL DEFAULT '' CHECK (length(used_by) <= 1000),
    used_for        text NOT NULL DEFAULT '' CHECK (length(used_for) <= 1000),
    used_until      text NOT NULL DEFAULT '' CHECK (length(used_until) <= 1000),
    taking_back     text NOT NULL DEFAULT '' CHECK (length(taking_back) <= 1000),
    edition         int NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, form_version_id, language),
    FOREIGN KEY (tenant_id, form_version_id) REFERENCES app.form_version (tenant_id, id)
);
SELECT app.guard_table('app.form_authorisation');
CREATE TRIGGER form_authorisation_published_never_changes BEFORE INSERT OR UPDATE OR DELETE ON app.form_authorisation
    FOR EACH ROW EXECUTE FUNCTION app.form_question_keep();
CREATE TRIGGER form_authorisation_never_truncated BEFORE TRUNCATE ON app.form_authorisation FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
GRANT SELECT ON app.form_authorisation TO foyer_staff, foyer_public, foyer_slow, foyer_jobs;
GRANT INSERT (form_version_id, language, described, used_by, used_for, used_until, taking_back),
    UPDATE (described, used_by, used_for, used_until, taking_back, edition), DELETE ON app.form_authorisation TO foyer_staff;
CREATE POLICY settings_add ON app.form_authorisation AS RESTRICTIVE FOR INSERT TO foyer_staff WITH CHECK ((SELECT app.may('settings_write')));
CREATE POLICY settings_change ON app.form_authorisation AS RESTRICTIVE FOR UPDATE TO foyer_staff USING ((SELECT app.may('settings_write')));
CREATE POLICY settings_drop ON app.form_authorisation AS RESTRICTIVE FOR DELETE TO foyer_staff USING ((SELECT app.may('settings_write')));

RESET ROLE;
