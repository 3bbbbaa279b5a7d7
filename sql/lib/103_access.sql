-- 103_access: when people last came in, last saw a client and last used what they may, from the trail; what was opened in an
-- emergency. Owner: foyer_audit_reader, to whom no policy applies: each function names the tenant itself and asks for the permission.

SET LOCAL ROLE foyer_owner;

-- Which permission an action of the trail needs; an action of pages with several stands for the one that is needed to see it at all.
-- (tests/http/access.test.js compares it with the table of pages.)
CREATE OR REPLACE FUNCTION app.action_permissions() RETURNS TABLE (action text, permission text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    VALUES ('calendar.read', 'calendar_read'), ('appointment.read', 'calendar_read'),
           ('appointment.status', 'booking_write'), ('appointment.move', 'booking_write'), ('appointment.cancel', 'booking_write'), ('appointment.create', 'booking_write'), ('appointment.over', 'booking_over'),
           ('client.search', 'client_read'), ('client.read', 'client_read'), ('client.create', 'client_write'), ('client.update', 'client_write'),
           ('client.photo', 'client_read'), ('client.photo_change', 'client_write'), ('client.contact', 'client_write'), ('client.guardian', 'client_write'), ('client.due', 'client_write'), ('client.tag', 'client_write'), ('client.field', 'client_write'),
           ('correction.decide', 'client_write'), ('correction.disagree', 'client_write'), ('correction.rebut', 'client_write'), ('client.export', 'client_lists'), ('client.import.list', 'client_lists'), ('client.import.upload', 'client_lists'), ('client.import.look', 'client_lists'), ('client.import.map', 'client_lists'), ('client.import.verdicts', 'client_lists'), ('client.import.start', 'client_lists'), ('client.import.drop', 'client_lists'), ('client.import.take', 'client_lists'), ('client.duplicates', 'client_lists'), ('client.join', 'client_lists'), ('client.unjoin', 'client_lists'), ('client.apart', 'client_lists'),
           ('chart.read', 'chart_read'), ('consent.read', 'chart_read'), ('note.create', 'chart_write'), ('note.sign', 'chart_write'), ('note.list', 'chart_write'), ('note.discard', 'chart_write'),
           ('allergy.create', 'chart_write'), ('allergy.end', 'chart_write'),
           ('medication.create', 'chart_write'), ('medication.end', 'chart_write'), ('condition.create', 'chart_write'), ('condition.end', 'chart_write'),
           ('health.none_known', 'chart_write'), ('recall.read', 'chart_read'), ('recall.export', 'chart_read'), ('recall.prepare', 'message_write'), ('recall.send', 'message_write'), ('recall.print', 'message_write'), ('recall.paper', 'chart_read'), ('plan.create', 'chart_write'), ('plan.change', 'chart_write'), ('encounter.create', 'chart_write'), ('encounter.change', 'chart_write'), ('encounter.sign', 'chart_write'), ('encounter.void', 'chart_write'),
           ('emergency.open', 'chart_emergency'),
           ('message.list', 'message_read'), ('message.read', 'message_read'), ('form.send', 'message_write'), ('form.unsigned', 'client_read'), ('audit.read', 'audit_read'),
           ('report.read', 'report_read'), ('report.export', 'report_read'),
           ('role.create', 'staff_write'), ('role.change', 'staff_write'), ('role.remove', 'staff_write')
$$;
REVOKE ALL ON FUNCTION app.action_permissions() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.action_permissions() TO foyer_audit_reader, foyer_staff;

SET LOCAL ROLE foyer_audit_reader;

-- The tenant whose accesses the actor may look through. Internal.
CREATE OR REPLACE FUNCTION audit.reviewable_tenant() RETURNS uuid
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF app.tenant() IS NULL OR app.actor_kind() <> 'staff' OR NOT (app.may('audit_read') OR app.may('staff_write')) THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    RETURN app.tenant();
END $$;

-- When each person last logged in, and last saw a client; of the last two years.
CREATE OR REPLACE FUNCTION audit.last_seen() RETURNS TABLE (staff_id uuid, login_at timestamptz, client_at timestamptz)
LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    tenant uuid := audit.reviewable_tenant();
BEGIN
    RETURN QUERY
    SELECT f.id,
           (SELECT e.at FROM audit.event e WHERE e.tenant_id = tenant AND e.actor_id = f.id AND e.at > now() - interval '2 years'
                                             AND e.action = 'login' AND e.outcome = 'ok' ORDER BY e.at DESC LIMIT 1),
           (SELECT e.at FROM audit.event e WHERE e.tenant_id = tenant AND e.actor_id = f.id AND e.at > now() - interval '2 years'
                                             AND cardinality(e.client_ids) > 0 AND e.outcome = 'ok' ORDER BY e.at DESC LIMIT 1)
    FROM app.staff f WHERE f.tenant_id = tenant;
END $$;

-- When each person last used each permission, in the last 92 days.
CREATE OR REPLACE FUNCTION audit.last_uses() RETURNS TABLE (staff_id uuid, permission text, used_at timestamptz)
LANGUAGE plpgsql STABLE ROWS 100 SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    tenant uuid := audit.reviewable_tenant();
BEGIN
    RETURN QUERY
    SELECT e.actor_id, k.permission, max(e.at)
    FROM audit.event e JOIN app.action_permissions() AS k ON k.action = e.action
    WHERE e.tenant_id = tenant AND e.at > now() - interval '92 days' AND e.actor_kind = 'staff' AND e.outcome = 'ok'
    GROUP BY e.actor_id, k.permission;
END $$;

-- How often something was shown in an emergency.
CREATE OR REPLACE FUNCTION audit.emergency_looks(emergency uuid) RETURNS int
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tenant uuid := audit.readable_tenant();
BEGIN
    RETURN (SELECT count(*)::int FROM app.emergency x
            JOIN audit.event e ON e.tenant_id = tenant AND e.actor_id = x.staff_id AND e.at BETWEEN x.opened_at AND x.until
            WHERE x.tenant_id = tenant AND x.id = emergency AND e.object_kind = 'emergency' AND e.object_id = x.id AND NOT starts_with(e.action, 'emergency.'));
END $$;

REVOKE ALL ON FUNCTION audit.reviewable_tenant(), audit.last_seen(), audit.last_uses(), audit.emergency_looks(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.last_seen(), audit.last_uses(), audit.emergency_looks(uuid) TO foyer_staff;
RESET ROLE;
