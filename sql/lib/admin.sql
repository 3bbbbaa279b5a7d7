-- admin: what the operator's command `foyer` does to a whole business. Owned by the role that row security does not
-- bind (these rows exist before there is a tenant to enter), executable by the migrator only.

GRANT INSERT ON app.tenant, app.role, app.role_permission, app.location TO foyer_backfill;
GRANT SELECT ON app.tenant, app.role, app.staff, app.location TO foyer_backfill;
GRANT INSERT (tenant_id, id, name, email, title, is_provider) ON app.staff TO foyer_backfill;
GRANT INSERT ON app.staff_role TO foyer_backfill;
GRANT SELECT, INSERT, UPDATE ON sec.credential TO foyer_backfill;
GRANT CREATE ON SCHEMA app TO foyer_backfill;
GRANT USAGE ON SCHEMA app TO foyer_migrator;
-- Triggers of these tables read under row security, in the tenant that is being written.
GRANT SET ON PARAMETER "foyer.tenant_id" TO foyer_backfill;

-- A new business with its built-in roles. kind 'operator' makes the installation's own realm (slug 'ops').
CREATE OR REPLACE FUNCTION app.tenant_create(new_id uuid, new_slug text, new_name text, new_kind text, new_country text, new_accent text)
RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted record;
    made uuid;
BEGIN
    IF EXISTS (SELECT FROM app.tenant t WHERE t.slug = new_slug) THEN
        RAISE EXCEPTION 'tenant ''%'' already exists; choose another slug or use ''foyer tenant show %''', new_slug, new_slug
            USING ERRCODE = 'FY422', COLUMN = 'slug';
    END IF;
    PERFORM set_config('foyer.tenant_id', new_id::text, true);
    INSERT INTO app.tenant (id, slug, name, kind, realm, country, accent)
    VALUES (new_id, new_slug, new_name, new_kind, CASE new_kind WHEN 'operator' THEN 'operator' ELSE 'studio' END, new_country, new_accent);

    FOR wanted IN SELECT * FROM (VALUES
        ('studio', 'owner', 'Owner', '{calendar_read,booking_write,client_read,client_write,chart_read,chart_write,message_read,message_write,audit_read,settings_write}'::text[]),
        ('studio', 'manager', 'Manager', '{calendar_read,booking_write,client_read,client_write,chart_read,message_read,message_write,settings_write}'),
        ('studio', 'front-desk', 'Front desk', '{calendar_read,booking_write,client_read,client_write,message_read,message_write}'),
        ('studio', 'provider', 'Provider', '{calendar_read,booking_write,client_read,chart_read,chart_write}'),
        ('studio', 'biller', 'Biller', '{calendar_read,client_read}'),
        ('studio', 'auditor', 'Auditor', '{audit_read}'),
        ('operator', 'operator', 'Operator', '{demo_read,message_read,settings_write,audit_read}')
    ) AS r(realm, slug, name, perms)
    WHERE r.realm = CASE new_kind WHEN 'operator' THEN 'operator' ELSE 'studio' END
    LOOP
        INSERT INTO app.role (tenant_id, slug, name) VALUES (new_id, wanted.slug, wanted.name) RETURNING id INTO made;
        INSERT INTO app.role_permission (tenant_id, role_id, permission) SELECT new_id, made, p FROM unnest(wanted.perms) AS p;
    END LOOP;
    RETURN new_id;
END $$;

-- A member of staff with one role everywhere, and her password (an Argon2id string).
CREATE OR REPLACE FUNCTION app.staff_create(at_slug text, new_id uuid, new_name text, new_email text, new_title text, provides boolean, role_slug text, phc text)
RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    at_tenant uuid := (SELECT t.id FROM app.tenant t WHERE t.slug = at_slug);
    with_role uuid := (SELECT r.id FROM app.role r WHERE r.tenant_id = at_tenant AND r.slug = role_slug);
BEGIN
    IF at_tenant IS NULL THEN
        RAISE EXCEPTION 'there is no tenant ''%''; ''foyer tenant list'' names them', at_slug USING ERRCODE = 'FY422', COLUMN = 'tenant';
    END IF;
    IF with_role IS NULL THEN
        RAISE EXCEPTION 'tenant ''%'' has no role ''%''', at_slug, role_slug USING ERRCODE = 'FY422', COLUMN = 'role';
    END IF;
    PERFORM set_config('foyer.tenant_id', at_tenant::text, true);
    INSERT INTO app.staff (tenant_id, id, name, email, title, is_provider)
    VALUES (at_tenant, new_id, new_name, new_email, new_title, provides);
    INSERT INTO app.staff_role (tenant_id, staff_id, role_id) VALUES (at_tenant, new_id, with_role);
    INSERT INTO sec.credential (tenant_id, staff_id, phc) VALUES (at_tenant, new_id, phc);
    RETURN new_id;
END $$;

ALTER FUNCTION app.tenant_create(uuid, text, text, text, text, text) OWNER TO foyer_backfill;
ALTER FUNCTION app.staff_create(text, uuid, text, text, text, boolean, text, text) OWNER TO foyer_backfill;
REVOKE ALL ON FUNCTION app.tenant_create(uuid, text, text, text, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION app.staff_create(text, uuid, text, text, text, boolean, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.tenant_create(uuid, text, text, text, text, text) TO foyer_migrator;
GRANT EXECUTE ON FUNCTION app.staff_create(text, uuid, text, text, text, boolean, text, text) TO foyer_migrator;
