-- 050_schedule: services, resources, working hours, appointments and the slots that they take.

SET LOCAL ROLE foyer_owner;

CREATE TABLE app.service (
    tenant_id      uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    id             uuid NOT NULL DEFAULT gen_random_uuid(),
    name           text NOT NULL CHECK (length(btrim(name)) BETWEEN 1 AND 120),
    category       text NOT NULL DEFAULT '',
    description    text NOT NULL DEFAULT '',
    duration_min   int NOT NULL CHECK (duration_min BETWEEN 5 AND 480),
    before_min     int NOT NULL DEFAULT 0 CHECK (before_min BETWEEN 0 AND 120),
    after_min      int NOT NULL DEFAULT 0 CHECK (after_min BETWEEN 0 AND 120),
    price_cents    bigint NOT NULL DEFAULT 0 CHECK (price_cents >= 0),
    is_online      boolean NOT NULL DEFAULT true,
    is_active      boolean NOT NULL DEFAULT true,
    color          text COLLATE "C" NOT NULL DEFAULT '#b08968' CHECK (color ~ '^#[0-9a-f]{6}$'),
    min_notice_min int NOT NULL DEFAULT 60 CHECK (min_notice_min >= 0),
    horizon_days   int NOT NULL DEFAULT 90 CHECK (horizon_days BETWEEN 1 AND 730),
    step_min       int NOT NULL DEFAULT 15 CHECK (step_min IN (5, 10, 15, 20, 30, 60)),
    position       int NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
SELECT app.guard_table('app.service');

-- What can be busy: a provider (same id as in app.staff), a room, a device.
CREATE TABLE app.resource (
    tenant_id   uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    id          uuid NOT NULL DEFAULT gen_random_uuid(),
    kind        text COLLATE "C" NOT NULL CHECK (kind IN ('staff', 'room', 'device')),
    name        text NOT NULL CHECK (length(btrim(name)) BETWEEN 1 AND 120),
    location_id uuid,
    position    int NOT NULL DEFAULT 1,
    is_active   boolean NOT NULL DEFAULT true,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, location_id) REFERENCES app.location (tenant_id, id),
    CONSTRAINT resource_room_stands_somewhere CHECK ((kind = 'staff') = (location_id IS NULL))
);
CREATE INDEX resource_by_location ON app.resource (tenant_id, location_id);
SELECT app.guard_table('app.resource');

-- Every member of staff can be busy.
CREATE FUNCTION app.staff_is_a_resource() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO app.resource (tenant_id, id, kind, name, position, is_active)
    VALUES (NEW.tenant_id, NEW.id, 'staff', NEW.name, NEW.position, NEW.is_active)
    ON CONFLICT (tenant_id, id) DO UPDATE
    SET name = excluded.name, position = excluded.position, is_active = excluded.is_active;
    RETURN NULL;
END $$;
CREATE TRIGGER staff_is_a_resource AFTER INSERT OR UPDATE OF name, position, is_active ON app.staff
    FOR EACH ROW EXECUTE FUNCTION app.staff_is_a_resource();

-- Who does which service.
CREATE TABLE app.service_staff (
    tenant_id  uuid NOT NULL DEFAULT app.tenant(),
    service_id uuid NOT NULL,
    staff_id   uuid NOT NULL,
    PRIMARY KEY (tenant_id, service_id, staff_id),
    FOREIGN KEY (tenant_id, service_id) REFERENCES app.service (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, staff_id) REFERENCES app.staff (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX service_staff_by_staff ON app.service_staff (tenant_id, staff_id);
SELECT app.guard_table('app.service_staff');

-- Which rooms suit a service; a service without any needs none.
CREATE TABLE app.service_room (
    tenant_id   uuid NOT NULL DEFAULT app.tenant(),
    service_id  uuid NOT NULL,
    resource_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, service_id, resource_id),
    FOREIGN KEY (tenant_id, service_id) REFERENCES app.service (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, resource_id) REFERENCES app.resource (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX service_room_by_resource ON app.service_room (tenant_id, resource_id);
SELECT app.guard_table('app.service_room');

-- Weekly hours in the location's wall time; weekday 0 is Sunday.
CREATE TABLE app.shift (
    tenant_id   uuid NOT NULL DEFAULT app.tenant(),
    id          uuid NOT NULL DEFAULT gen_random_uuid(),
    staff_id    uuid NOT NULL,
    location_id uuid NOT NULL,
    weekday     smallint NOT NULL CHECK (weekday BETWEEN 0 AND 6),
    starts      time NOT NULL,
    ends        time NOT NULL,
    valid_from  date NOT NULL DEFAULT '2000-01-01',
    valid_to    date,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, staff_id) REFERENCES app.staff (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, location_id) REFERENCES app.location (tenant_id, id),
    CONSTRAINT shift_ends_after_it_starts CHECK (ends > starts),
    CONSTRAINT shift_is_valid_for_some_days CHECK (valid_to >= valid_from)
);
COMMENT ON CONSTRAINT shift_ends_after_it_starts ON app.shift IS 'ends: The shift must end after it starts.';
CREATE INDEX shift_by_staff ON app.shift (tenant_id, staff_id, weekday);
CREATE INDEX shift_by_location ON app.shift (tenant_id, location_id, weekday);
SELECT app.guard_table('app.shift');

-- Closed hours in wall time: of one location, or of all (NULL).
CREATE TABLE app.closure (
    tenant_id    uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    id           uuid NOT NULL DEFAULT gen_random_uuid(),
    location_id  uuid,
    starts_local timestamp NOT NULL,
    ends_local   timestamp NOT NULL,
    reason       text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, location_id) REFERENCES app.location (tenant_id, id),
    CONSTRAINT closure_ends_after_it_starts CHECK (ends_local > starts_local)
);
CREATE INDEX closure_by_location ON app.closure (tenant_id, location_id);
CREATE INDEX closure_by_time ON app.closure (tenant_id, ends_local);
SELECT app.guard_table('app.closure');

CREATE TABLE app.time_off (
    tenant_id uuid NOT NULL DEFAULT app.tenant(),
    id        uuid NOT NULL DEFAULT gen_random_uuid(),
    staff_id  uuid NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at   timestamptz NOT NULL,
    reason    text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, staff_id) REFERENCES app.staff (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT time_off_ends_after_it_starts CHECK (ends_at > starts_at)
);
CREATE INDEX time_off_by_staff ON app.time_off (tenant_id, staff_id, ends_at);
SELECT app.guard_table('app.time_off');

-- A visit. While a visitor fills in the form it is 'held' and has no client.
CREATE TABLE app.appointment (
    tenant_id         uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    id                uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id         uuid,
    service_id        uuid NOT NULL,
    staff_id          uuid NOT NULL,
    room_id           uuid,
    location_id       uuid NOT NULL,
    starts_at         timestamptz NOT NULL,
    ends_at           timestamptz NOT NULL,
    status            text COLLATE "C" NOT NULL DEFAULT 'held'
        CHECK (status IN ('held', 'booked', 'confirmed', 'arrived', 'in_room', 'done', 'no_show', 'cancelled', 'expired')),
    source            text COLLATE "C" NOT NULL DEFAULT 'online' CHECK (source IN ('online', 'staff', 'import')),
    price_cents       bigint NOT NULL DEFAULT 0 CHECK (price_cents >= 0),
    policy_version_id uuid,
    booked_by         uuid,
    cancel_reason     text COLLATE "C" CONSTRAINT appointment_cancel_reason_is_known
        CHECK (cancel_reason IN ('client_asked', 'client_ill', 'studio', 'mistake', 'other')),
    version           int NOT NULL DEFAULT 1,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, client_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, service_id) REFERENCES app.service (tenant_id, id),
    FOREIGN KEY (tenant_id, staff_id) REFERENCES app.staff (tenant_id, id),
    FOREIGN KEY (tenant_id, room_id) REFERENCES app.resource (tenant_id, id),
    FOREIGN KEY (tenant_id, location_id) REFERENCES app.location (tenant_id, id),
    FOREIGN KEY (tenant_id, policy_version_id) REFERENCES app.policy_version (tenant_id, id),
    FOREIGN KEY (tenant_id, booked_by) REFERENCES app.staff (tenant_id, id),
    CONSTRAINT appointment_ends_after_it_starts CHECK (ends_at > starts_at),
    CONSTRAINT appointment_only_cancelled_has_a_reason CHECK (cancel_reason IS NULL OR status = 'cancelled'),
    CONSTRAINT appointment_booked_has_a_client CHECK (client_id IS NOT NULL OR status IN ('held', 'expired', 'cancelled'))
);
CREATE INDEX appointment_by_time ON app.appointment (tenant_id, location_id, starts_at);
CREATE INDEX appointment_by_staff ON app.appointment (tenant_id, staff_id, starts_at);
CREATE INDEX appointment_by_client ON app.appointment (tenant_id, client_id, starts_at);
CREATE INDEX appointment_by_service ON app.appointment (tenant_id, service_id);
CREATE INDEX appointment_by_room ON app.appointment (tenant_id, room_id);
CREATE INDEX appointment_by_policy ON app.appointment (tenant_id, policy_version_id);
CREATE INDEX appointment_by_booker ON app.appointment (tenant_id, booked_by);
SELECT app.guard_table('app.appointment');
ALTER TABLE app.chart_note ADD CONSTRAINT chart_note_is_of_the_clients_visit
    FOREIGN KEY (tenant_id, client_id, appointment_id) REFERENCES app.appointment (tenant_id, client_id, id);
CREATE INDEX chart_note_by_appointment ON app.chart_note (tenant_id, client_id, appointment_id);

-- Everything that happened to a visit, in order.
CREATE TABLE app.appointment_event (
    tenant_id      uuid NOT NULL DEFAULT app.tenant(),
    id             uuid NOT NULL DEFAULT gen_random_uuid(),
    appointment_id uuid NOT NULL,
    at             timestamptz NOT NULL DEFAULT clock_timestamp(),
    what           text COLLATE "C" NOT NULL CHECK (what IN ('status', 'moved')),
    status         text COLLATE "C" NOT NULL,
    from_status    text COLLATE "C",
    reason         text COLLATE "C",
    from_starts_at timestamptz,
    from_staff_id  uuid,
    by_kind        text COLLATE "C" NOT NULL DEFAULT app.actor_kind(),
    by_id          uuid DEFAULT app.actor(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, appointment_id) REFERENCES app.appointment (tenant_id, id)
);
CREATE INDEX appointment_event_by_appointment ON app.appointment_event (tenant_id, appointment_id, at);
SELECT app.guard_table('app.appointment_event');
CREATE TRIGGER appointment_event_never_changes BEFORE UPDATE OR DELETE ON app.appointment_event
    FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER appointment_event_never_truncated BEFORE TRUNCATE ON app.appointment_event
    FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();

-- Which status may follow which; the same for every role.
CREATE FUNCTION app.appointment_may_become(from_status text, to_status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE from_status
        WHEN 'held'      THEN to_status IN ('booked', 'expired', 'cancelled')
        WHEN 'expired'   THEN to_status = 'booked'
        WHEN 'booked'    THEN to_status IN ('confirmed', 'arrived', 'no_show', 'cancelled')
        WHEN 'confirmed' THEN to_status IN ('booked', 'arrived', 'no_show', 'cancelled')
        WHEN 'arrived'   THEN to_status IN ('confirmed', 'in_room', 'done', 'cancelled')
        WHEN 'in_room'   THEN to_status IN ('arrived', 'done')
        WHEN 'no_show'   THEN to_status IN ('booked', 'arrived')
        ELSE false
    END
$$;

GRANT EXECUTE ON FUNCTION app.appointment_may_become(text, text) TO PUBLIC;

CREATE FUNCTION app.appointment_check_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NEW.status <> OLD.status AND NOT app.appointment_may_become(OLD.status, NEW.status) THEN
        RAISE EXCEPTION 'An appointment that is % cannot become %.', replace(OLD.status, '_', ' '), replace(NEW.status, '_', ' ')
            USING ERRCODE = 'FY422', COLUMN = 'status';
    END IF;
    IF OLD.client_id IS NOT NULL AND NEW.client_id IS DISTINCT FROM OLD.client_id THEN
        RAISE EXCEPTION 'An appointment stays with its client.' USING ERRCODE = 'FY422', COLUMN = 'client_id';
    END IF;
    NEW.version := OLD.version + 1;
    NEW.updated_at := now();
    RETURN NEW;
END $$;
CREATE TRIGGER appointment_changes_by_the_rules BEFORE UPDATE ON app.appointment
    FOR EACH ROW EXECUTE FUNCTION app.appointment_check_change();

CREATE FUNCTION app.appointment_write_history() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO app.appointment_event (tenant_id, appointment_id, what, status)
        VALUES (NEW.tenant_id, NEW.id, 'status', NEW.status);
        RETURN NULL;
    END IF;
    IF NEW.status <> OLD.status THEN
        INSERT INTO app.appointment_event (tenant_id, appointment_id, what, status, from_status, reason)
        VALUES (NEW.tenant_id, NEW.id, 'status', NEW.status, OLD.status, NEW.cancel_reason);
    END IF;
    IF (NEW.starts_at, NEW.staff_id, NEW.location_id) IS DISTINCT FROM (OLD.starts_at, OLD.staff_id, OLD.location_id) THEN
        INSERT INTO app.appointment_event (tenant_id, appointment_id, what, status, from_starts_at, from_staff_id)
        VALUES (NEW.tenant_id, NEW.id, 'moved', NEW.status, OLD.starts_at, OLD.staff_id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER appointment_has_a_history AFTER INSERT OR UPDATE ON app.appointment
    FOR EACH ROW EXECUTE FUNCTION app.appointment_write_history();

-- Time that an appointment takes from a resource, buffers included. The last constraint is the product's promise:
-- no person, room or device is ever booked twice.
CREATE TABLE app.slot (
    tenant_id      uuid NOT NULL DEFAULT app.tenant(),
    id             uuid NOT NULL DEFAULT gen_random_uuid(),
    appointment_id uuid NOT NULL,
    resource_id    uuid NOT NULL,
    during         tstzrange NOT NULL,
    starts_at      timestamptz NOT NULL GENERATED ALWAYS AS (lower(during)) STORED,
    state          text COLLATE "C" NOT NULL CHECK (state IN ('hold', 'booked', 'released')),
    hold_until     timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, appointment_id) REFERENCES app.appointment (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, resource_id) REFERENCES app.resource (tenant_id, id),
    CONSTRAINT slot_hold_has_an_end CHECK ((state = 'hold') = (hold_until IS NOT NULL)),
    CONSTRAINT slot_has_a_sane_length CHECK (NOT isempty(during) AND lower_inc(during) AND NOT upper_inc(during)
        AND upper(during) - lower(during) BETWEEN interval '5 minutes' AND interval '12 hours'),
    CONSTRAINT slot_not_double_booked EXCLUDE USING gist
        (tenant_id WITH OPERATOR(pg_catalog.=), resource_id WITH OPERATOR(pg_catalog.=), during WITH &&) WHERE (state IN ('hold', 'booked'))
);
COMMENT ON CONSTRAINT slot_not_double_booked ON app.slot IS 'starts_at: This time has just been taken.';
CREATE INDEX slot_by_time ON app.slot (tenant_id, resource_id, starts_at) INCLUDE (during, state, hold_until);
CREATE INDEX slot_by_appointment ON app.slot (tenant_id, appointment_id);
SELECT app.guard_table('app.slot');

GRANT SELECT ON app.service, app.resource, app.service_staff, app.service_room TO foyer_staff, foyer_public, foyer_slow, foyer_jobs, foyer_booking;
GRANT INSERT, UPDATE ON app.service, app.resource TO foyer_staff;
GRANT INSERT, DELETE ON app.service_staff, app.service_room TO foyer_staff;
GRANT SELECT ON app.shift, app.closure, app.time_off TO foyer_staff, foyer_booking;
GRANT INSERT, UPDATE, DELETE ON app.shift, app.closure, app.time_off TO foyer_staff;
GRANT SELECT ON app.appointment, app.appointment_event TO foyer_staff, foyer_public, foyer_slow, foyer_jobs;
GRANT SELECT ON app.slot TO foyer_staff;
GRANT SELECT, INSERT, UPDATE ON app.appointment, app.slot TO foyer_booking;
GRANT SELECT (tenant_id, id, client_id, starts_at, status) ON app.appointment TO foyer_auth;

CREATE POLICY offered_online ON app.service AS RESTRICTIVE TO foyer_public
    USING ((is_online AND is_active) OR nullif(current_setting('foyer.client_id', true), '') IS NOT NULL);
CREATE POLICY settings_add ON app.service AS RESTRICTIVE FOR INSERT TO foyer_staff WITH CHECK ((SELECT app.may('settings_write')));
CREATE POLICY settings_change ON app.service AS RESTRICTIVE FOR UPDATE TO foyer_staff USING ((SELECT app.may('settings_write')));
CREATE POLICY settings_add ON app.resource AS RESTRICTIVE FOR INSERT TO foyer_staff WITH CHECK ((SELECT app.may('settings_write')));
CREATE POLICY settings_change ON app.resource AS RESTRICTIVE FOR UPDATE TO foyer_staff USING ((SELECT app.may('settings_write')));
CREATE POLICY settings_add ON app.service_staff AS RESTRICTIVE FOR INSERT TO foyer_staff WITH CHECK ((SELECT app.may('settings_write')));
CREATE POLICY settings_drop ON app.service_staff AS RESTRICTIVE FOR DELETE TO foyer_staff USING ((SELECT app.may('settings_write')));
CREATE POLICY settings_add ON app.service_room AS RESTRICTIVE FOR INSERT TO foyer_staff WITH CHECK ((SELECT app.may('settings_write')));
CREATE POLICY settings_drop ON app.service_room AS RESTRICTIVE FOR DELETE TO foyer_staff USING ((SELECT app.may('settings_write')));
CREATE POLICY staff_may_see ON app.shift AS RESTRICTIVE TO foyer_staff USING ((SELECT app.may('calendar_read')) OR (SELECT app.may('settings_write')))
    WITH CHECK ((SELECT app.may('settings_write')));
CREATE POLICY settings_drop ON app.shift AS RESTRICTIVE FOR DELETE TO foyer_staff USING ((SELECT app.may('settings_write')));
CREATE POLICY staff_may_see ON app.closure AS RESTRICTIVE TO foyer_staff USING ((SELECT app.may('calendar_read')) OR (SELECT app.may('settings_write')))
    WITH CHECK ((SELECT app.may('settings_write')));
CREATE POLICY settings_drop ON app.closure AS RESTRICTIVE FOR DELETE TO foyer_staff USING ((SELECT app.may('settings_write')));
CREATE POLICY staff_may_see ON app.time_off AS RESTRICTIVE TO foyer_staff USING ((SELECT app.may('calendar_read')) OR (SELECT app.may('settings_write')))
    WITH CHECK ((SELECT app.may('settings_write')));
CREATE POLICY settings_drop ON app.time_off AS RESTRICTIVE FOR DELETE TO foyer_staff USING ((SELECT app.may('settings_write')));
CREATE POLICY staff_may_see ON app.appointment AS RESTRICTIVE TO foyer_staff, foyer_slow
    USING ((SELECT app.may('calendar_read')) OR (SELECT app.may('client_read')) OR (SELECT app.may('chart_read')));
CREATE POLICY staff_may_see ON app.appointment_event AS RESTRICTIVE TO foyer_staff, foyer_slow
    USING ((SELECT app.may('calendar_read')) OR (SELECT app.may('client_read')) OR (SELECT app.may('chart_read')));
CREATE POLICY staff_may_see ON app.slot AS RESTRICTIVE TO foyer_staff USING ((SELECT app.may('calendar_read')));
CREATE POLICY own_client ON app.appointment AS RESTRICTIVE TO foyer_public USING (client_id = (SELECT app.own_client()));
CREATE POLICY own_client ON app.appointment_event AS RESTRICTIVE TO foyer_public
    USING (EXISTS (SELECT FROM app.appointment a WHERE a.tenant_id = appointment_event.tenant_id AND a.id = appointment_event.appointment_id));

RESET ROLE;
