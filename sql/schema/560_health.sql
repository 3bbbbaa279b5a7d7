-- 560_health: what a client takes and lives with, beside what she is allergic to; and that she has none of it, which somebody said:
-- not the same as that nobody asked.

SET LOCAL ROLE foyer_owner;

CREATE TABLE app.medication (
    tenant_id          uuid NOT NULL DEFAULT app.tenant(),
    id                 uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id          uuid NOT NULL,
    medication_sealed  bytea NOT NULL,
    dose_sealed        bytea,
    taken_since_sealed bytea,  -- in her words: "2019", "last spring"
    noted_at           timestamptz NOT NULL DEFAULT now(),
    noted_by           uuid DEFAULT app.actor(),  -- NULL: by the client, in a form
    ended_at           timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, noted_by) REFERENCES app.staff (tenant_id, id)
);
CREATE INDEX medication_by_client ON app.medication (tenant_id, client_id, noted_at);
CREATE INDEX medication_by_staff ON app.medication (tenant_id, noted_by);
SELECT app.guard_table('app.medication');

CREATE TABLE app.health_condition (
    tenant_id        uuid NOT NULL DEFAULT app.tenant(),
    id               uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id        uuid NOT NULL,
    condition_sealed bytea NOT NULL,
    had_since_sealed bytea,
    remark_sealed    bytea,
    noted_at         timestamptz NOT NULL DEFAULT now(),
    noted_by         uuid DEFAULT app.actor(),
    ended_at         timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, noted_by) REFERENCES app.staff (tenant_id, id)
);
CREATE INDEX health_condition_by_client ON app.health_condition (tenant_id, client_id, noted_at);
CREATE INDEX health_condition_by_staff ON app.health_condition (tenant_id, noted_by);
SELECT app.guard_table('app.health_condition');

-- "None known": who said so, and when. It holds until it is said anew, is taken back, or one is noted.
CREATE TABLE app.none_known (
    tenant_id uuid NOT NULL DEFAULT app.tenant(),
    id        uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id uuid NOT NULL,
    kind      text COLLATE "C" NOT NULL CHECK (kind IN ('allergy', 'medication', 'condition')),
    said_at   timestamptz NOT NULL DEFAULT now(),
    said_by   uuid DEFAULT app.actor(),  -- NULL: the client, in a form
    ended_at  timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, said_by) REFERENCES app.staff (tenant_id, id)
);
CREATE UNIQUE INDEX none_known_once ON app.none_known (tenant_id, client_id, kind) WHERE ended_at IS NULL;
CREATE INDEX none_known_by_client ON app.none_known (tenant_id, client_id, kind, said_at);
CREATE INDEX none_known_by_staff ON app.none_known (tenant_id, said_by);
SELECT app.guard_table('app.none_known');

-- Who notes one and who says that there is none wait for each other, so that not both can hold. Internal.
CREATE FUNCTION app.health_in_turn(client uuid, kind text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$ SELECT pg_advisory_xact_lock(hashtextextended('health ' || kind || ' ' || client, 0)) $$;

-- One that is noted ends what was said before. The argument: of which kind it is.
CREATE FUNCTION app.health_noted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.health_in_turn(NEW.client_id, TG_ARGV[0]);
    UPDATE app.none_known n SET ended_at = now()
    WHERE n.tenant_id = NEW.tenant_id AND n.client_id = NEW.client_id AND n.kind = TG_ARGV[0] AND n.ended_at IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER allergy_ends_none_known AFTER INSERT ON app.allergy FOR EACH ROW EXECUTE FUNCTION app.health_noted('allergy');
CREATE TRIGGER medication_ends_none_known AFTER INSERT ON app.medication FOR EACH ROW EXECUTE FUNCTION app.health_noted('medication');
CREATE TRIGGER health_condition_ends_none_known AFTER INSERT ON app.health_condition FOR EACH ROW EXECUTE FUNCTION app.health_noted('condition');

-- Nobody says "none" beside one that is listed; said anew, it is the newer word that holds.
CREATE FUNCTION app.none_known_said() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    is_listed boolean;
BEGIN
    PERFORM app.health_in_turn(NEW.client_id, NEW.kind);
    is_listed := CASE NEW.kind
        WHEN 'allergy' THEN EXISTS (SELECT FROM app.allergy y WHERE y.tenant_id = NEW.tenant_id AND y.client_id = NEW.client_id AND y.ended_at IS NULL)
        WHEN 'medication' THEN EXISTS (SELECT FROM app.medication y WHERE y.tenant_id = NEW.tenant_id AND y.client_id = NEW.client_id AND y.ended_at IS NULL)
        ELSE EXISTS (SELECT FROM app.health_condition y WHERE y.tenant_id = NEW.tenant_id AND y.client_id = NEW.client_id AND y.ended_at IS NULL) END;
    IF is_listed THEN
        RAISE EXCEPTION 'There is one on the list. End it first, if it no longer holds.' USING ERRCODE = 'FY422', COLUMN = 'none_known';
    END IF;
    UPDATE app.none_known n SET ended_at = now()
    WHERE n.tenant_id = NEW.tenant_id AND n.client_id = NEW.client_id AND n.kind = NEW.kind AND n.ended_at IS NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER none_known_stands_alone BEFORE INSERT ON app.none_known FOR EACH ROW EXECUTE FUNCTION app.none_known_said();
REVOKE ALL ON FUNCTION app.health_in_turn(uuid, text), app.health_noted(), app.none_known_said() FROM PUBLIC;

GRANT SELECT ON app.medication, app.health_condition, app.none_known TO foyer_staff, foyer_slow, foyer_jobs;
GRANT SELECT ON app.medication, app.none_known TO foyer_public;
GRANT INSERT (id, client_id, medication_sealed, dose_sealed, taken_since_sealed) ON app.medication TO foyer_staff, foyer_public;
GRANT INSERT (id, client_id, condition_sealed, had_since_sealed, remark_sealed) ON app.health_condition TO foyer_staff;
GRANT INSERT (id, client_id, kind) ON app.none_known TO foyer_staff, foyer_public;
GRANT UPDATE (ended_at) ON app.medication, app.health_condition, app.none_known TO foyer_staff;

-- Medications and conditions are of the chart; that there are no allergies is for whoever sees the allergies.
DO $$
DECLARE
    p record;
    one text;
    rule text;
BEGIN
    FOR p IN SELECT * FROM (VALUES
        ('app.medication',       'staff_may_read',  'SELECT', ARRAY['chart_read'],  'USING (%s)'),
        ('app.medication',       'staff_may_add',   'INSERT', ARRAY['chart_write'], 'WITH CHECK (%s)'),
        ('app.medication',       'staff_may_write', 'UPDATE', ARRAY['chart_write'], 'USING (%s)'),
        ('app.health_condition', 'staff_may_read',  'SELECT', ARRAY['chart_read'],  'USING (%s)'),
        ('app.health_condition', 'staff_may_add',   'INSERT', ARRAY['chart_write'], 'WITH CHECK (%s)'),
        ('app.health_condition', 'staff_may_write', 'UPDATE', ARRAY['chart_write'], 'USING (%s)'),
        ('app.none_known',       'staff_may_read',  'SELECT', ARRAY['client_read', 'chart_read'], 'USING (%s)'),
        ('app.none_known',       'staff_may_add',   'INSERT', ARRAY['chart_write'], 'WITH CHECK (%s)'),
        ('app.none_known',       'staff_may_write', 'UPDATE', ARRAY['chart_write'], 'USING (%s)')
    ) AS v (guarded, name, what, permissions, form) LOOP
        rule := '';
        FOREACH one IN ARRAY p.permissions LOOP
            rule := rule || format('(SELECT app.may(%L)) OR ', one);
        END LOOP;
        FOREACH one IN ARRAY p.permissions LOOP
            rule := rule || format('((SELECT app.may_some(%1$L)) AND app.reaches(%1$L, client_id)) OR ', one);
        END LOOP;
        EXECUTE format('CREATE POLICY %I ON %s AS RESTRICTIVE FOR %s TO foyer_staff%s ', p.name, p.guarded, p.what,
                       CASE p.what WHEN 'SELECT' THEN ', foyer_slow' ELSE '' END) || replace(p.form, '%s', left(rule, -4));
    END LOOP;
END $$;
CREATE POLICY own_client ON app.medication AS RESTRICTIVE TO foyer_public USING (client_id = (SELECT app.own_client()));
CREATE POLICY own_client ON app.none_known AS RESTRICTIVE TO foyer_public USING (client_id = (SELECT app.own_client()));

RESET ROLE;
