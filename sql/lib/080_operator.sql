-- 080_operator: what the operator's command needs. Owner: foyer_owner; called as foyer_migrator.

SET LOCAL ROLE foyer_auth;

-- The domain under which the installation is reached.
CREATE OR REPLACE FUNCTION sec.domain_set(wanted text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE sec.instance SET domain = lower(wanted) WHERE domain <> lower(wanted);
    IF FOUND THEN
        UPDATE sec.site SET host = CASE WHEN is_apex THEN lower(wanted) ELSE slug || '.' || lower(wanted) END;
    END IF;
END $$;

-- A new tenant, entered for the rest of this transaction, with the roles that every business starts with.
CREATE OR REPLACE FUNCTION sec.tenant_new(tenant uuid, slug text, name text, kind text, country text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    made uuid := coalesce(tenant, gen_random_uuid());
BEGIN
    IF EXISTS (SELECT FROM sec.site s WHERE s.slug = slug COLLATE "C") THEN
        RAISE EXCEPTION 'tenant ''%'' already exists; choose another slug', slug USING ERRCODE = 'FY409', COLUMN = 'slug';
    END IF;
    PERFORM sec.enter_tenant(made, 'system', 'tenant.new', NULL);
    INSERT INTO app.tenant (id, slug, name, kind, realm, country)
    VALUES (made, slug, name, kind, CASE kind WHEN 'operator' THEN 'operator' ELSE 'studio' END, coalesce(country, 'US'));
    PERFORM app.add_standard_roles();
    PERFORM app.add_messaging_wordings();
    PERFORM sec.note('tenant.new', 'ok', NULL, '{}', 'tenant', made);
    RETURN made;
END $$;

-- How many messages the entered business may send in a day.
CREATE OR REPLACE FUNCTION sec.tenant_messages(per_day int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE app.tenant t SET messages_per_day = per_day WHERE t.id = app.tenant();
    PERFORM sec.note('tenant.messages', 'ok', per_day::text, '{}', 'tenant', app.tenant());
END $$;

SET LOCAL ROLE foyer_owner;

-- What the entered business has waiting for tomorrow, or for its pages to be opened again, is tried at once.
CREATE OR REPLACE FUNCTION app.message_try_held() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE app.job q SET run_at = now()
    FROM app.message m
    WHERE m.tenant_id = app.tenant() AND m.state = 'queued' AND m.problem IN ('budget', 'suspended')
          AND q.tenant_id = m.tenant_id AND q.subject_id = m.id AND q.kind = 'message.send' AND q.state = 'ready';
END $$;

-- The roles of the entered tenant, with their permissions; those that exist stay as they are.
CREATE OR REPLACE FUNCTION app.add_standard_roles() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    r record;
    made uuid;
BEGIN
    FOR r IN
        SELECT * FROM (VALUES
            ('owner', 'Owner', ARRAY['calendar_read', 'booking_write', 'client_read', 'client_write', 'chart_read', 'chart_write',
                                     'message_read', 'message_write', 'audit_read', 'settings_write', 'staff_write', 'booking_over', 'report_read', 'client_lists']),
            ('manager', 'Manager', ARRAY['calendar_read', 'booking_write', 'client_read', 'client_write', 'message_read', 'message_write',
                                         'audit_read', 'settings_write', 'staff_write', 'booking_over', 'report_read', 'client_lists']),
            ('front-desk', 'Front desk', ARRAY['calendar_read', 'booking_write', 'client_read', 'client_write', 'message_read', 'message_write']),
            ('provider', 'Provider', ARRAY['calendar_read', 'booking_write', 'client_read', 'chart_read', 'chart_write', 'chart_emergency']),
            ('biller', 'Biller', ARRAY['calendar_read', 'client_read', 'report_read']),
            ('auditor', 'Auditor', ARRAY['audit_read'])
        ) AS v (slug, name, permissions)
        WHERE (SELECT t.realm FROM app.tenant t WHERE t.id = app.tenant()) = 'studio'
        UNION ALL
        SELECT * FROM (VALUES
            ('operator', 'Operator', ARRAY['house_read', 'demo_read', 'message_read', 'audit_read', 'settings_write', 'staff_write', 'tenant_read'])
        ) AS v (slug, name, permissions)
        WHERE (SELECT t.realm FROM app.tenant t WHERE t.id = app.tenant()) = 'operator'
    LOOP
        INSERT INTO app.role (slug, name, is_builtin) VALUES (r.slug, r.name, true) ON CONFLICT (tenant_id, slug) DO NOTHING RETURNING id INTO made;
        IF made IS NOT NULL THEN
            INSERT INTO app.role_permission (role_id, permission) SELECT made, p FROM unnest(r.permissions) AS p;
        END IF;
        made := NULL;
    END LOOP;
END $$;

-- A new member of staff of the entered tenant, with one role everywhere.
CREATE OR REPLACE FUNCTION app.staff_new(staff uuid, name text, email text, title text, is_provider boolean, role_slug text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    made uuid := coalesce(staff, gen_random_uuid());
    role uuid;
BEGIN
    SELECT r.id INTO role FROM app.role r WHERE r.tenant_id = app.tenant() AND r.slug = role_slug COLLATE "C";
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no role is called ''%''', role_slug USING ERRCODE = 'FY404';
    END IF;
    INSERT INTO app.staff (id, name, email, title, is_provider) VALUES (made, name, email, coalesce(title, ''), coalesce(is_provider, false));
    INSERT INTO app.staff_role (staff_id, role_id) VALUES (made, role);
    RETURN made;
END $$;

REVOKE ALL ON FUNCTION app.add_standard_roles(), app.staff_new(uuid, text, text, text, boolean, text), app.message_try_held() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.add_standard_roles() TO foyer_auth, foyer_migrator, foyer_backfill;
GRANT EXECUTE ON FUNCTION app.staff_new(uuid, text, text, text, boolean, text), app.message_try_held() TO foyer_migrator, foyer_backfill;
RESET ROLE;
REVOKE ALL ON FUNCTION sec.domain_set(text), sec.tenant_new(uuid, text, text, text, text), sec.tenant_messages(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.domain_set(text), sec.tenant_new(uuid, text, text, text, text), sec.tenant_messages(int) TO foyer_migrator, foyer_backfill;
