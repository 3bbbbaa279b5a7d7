-- 300_schedule: what a visit needs (units of rooms and devices, a provider's licence, add-ons, weeks of pregnancy, a visit before
-- it), when a place and a person are there, the studio's rules of booking, and visits that belong together.

SET LOCAL ROLE foyer_owner;

INSERT INTO app.permission (name, meaning, reach, realm, position) VALUES
    ('booking_over', 'book over what is taken already, with a reason', 'client', 'studio', 2),
    ('report_read',  'see reports: how busy rooms and people are, and who did not come', 'business', 'studio', 13);

-- ---- what can be booked ----

-- new_client_rule: whether it is for people who have never been here, or only for those who have. prerequisite: a visit of that
-- service must have been done, or be booked, at most so many days before. weeks: of pregnancy, from week_from+0 to week_to+6
-- days, counted from the client's due date. licence: the kind that a provider must hold on the day, NULL: none.
ALTER TABLE app.service
    ADD COLUMN new_client_rule text COLLATE "C" NOT NULL DEFAULT 'any'
        CONSTRAINT service_new_client_rule_is_known CHECK (new_client_rule IN ('any', 'new', 'known')),
    ADD COLUMN prerequisite_id uuid,
    ADD COLUMN prerequisite_days int CONSTRAINT service_prerequisite_days_are_sane CHECK (prerequisite_days BETWEEN 1 AND 3650),
    ADD COLUMN week_from smallint CONSTRAINT service_week_from_is_of_a_pregnancy CHECK (week_from BETWEEN 4 AND 42),
    ADD COLUMN week_to smallint CONSTRAINT service_week_to_is_of_a_pregnancy CHECK (week_to BETWEEN 4 AND 42),
    ADD COLUMN licence text CONSTRAINT service_licence_has_a_name CHECK (length(btrim(licence)) BETWEEN 1 AND 60),
    ADD COLUMN deposit_cents bigint NOT NULL DEFAULT 0 CONSTRAINT service_deposit_is_not_negative CHECK (deposit_cents >= 0),
    ADD FOREIGN KEY (tenant_id, prerequisite_id) REFERENCES app.service (tenant_id, id),
    ADD CONSTRAINT service_prerequisite_is_whole CHECK ((prerequisite_id IS NULL) = (prerequisite_days IS NULL)),
    ADD CONSTRAINT service_prerequisite_is_another CHECK (prerequisite_id <> id),
    ADD CONSTRAINT service_weeks_are_in_order CHECK ((week_from IS NULL) = (week_to IS NULL) AND week_from <= week_to),
    ADD CONSTRAINT service_deposit_is_within_the_price CHECK (deposit_cents <= price_cents);
COMMENT ON CONSTRAINT service_prerequisite_days_are_sane ON app.service IS 'prerequisite_days: Give a number of days from 1 to 3650.';
COMMENT ON CONSTRAINT service_prerequisite_is_whole ON app.service IS 'prerequisite_days: Say which service, and within how many days.';
COMMENT ON CONSTRAINT service_prerequisite_is_another ON app.service IS 'prerequisite_id: Choose another service than this one.';
COMMENT ON CONSTRAINT service_week_from_is_of_a_pregnancy ON app.service IS 'week_from: Give a week from 4 to 42.';
COMMENT ON CONSTRAINT service_week_to_is_of_a_pregnancy ON app.service IS 'week_to: Give a week from 4 to 42.';
COMMENT ON CONSTRAINT service_weeks_are_in_order ON app.service IS 'week_to: Give both weeks, the first one first, or neither.';
COMMENT ON CONSTRAINT service_licence_has_a_name ON app.service IS 'licence: Name the licence in at most 60 characters.';
COMMENT ON CONSTRAINT service_deposit_is_within_the_price ON app.service IS 'deposit: A deposit is at most the price.';
CREATE INDEX service_by_prerequisite ON app.service (tenant_id, prerequisite_id) WHERE prerequisite_id IS NOT NULL;

-- A provider's own time for a service (NULL: the service's), and the places where she does it (no row: wherever she works).
ALTER TABLE app.service_staff
    ADD COLUMN duration_min int CONSTRAINT service_staff_duration_is_sane CHECK (duration_min BETWEEN 5 AND 480);
COMMENT ON CONSTRAINT service_staff_duration_is_sane ON app.service_staff IS 'duration_min: Give 5 to 480 minutes.';
CREATE TABLE app.service_staff_place (
    tenant_id   uuid NOT NULL DEFAULT app.tenant(),
    service_id  uuid NOT NULL,
    staff_id    uuid NOT NULL,
    location_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, service_id, staff_id, location_id),
    FOREIGN KEY (tenant_id, service_id, staff_id) REFERENCES app.service_staff (tenant_id, service_id, staff_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, location_id) REFERENCES app.location (tenant_id, id)
);
CREATE INDEX service_staff_place_by_location ON app.service_staff_place (tenant_id, location_id);
SELECT app.guard_table('app.service_staff_place');

-- Units of one kind share a group: a service that lists lasers of the group "Diode laser" needs one of them. Rooms are one group.
-- app.service_room lists rooms and devices alike: the units that suit a service; of each group among them, one is taken.
ALTER TABLE app.resource ADD COLUMN unit_group text NOT NULL DEFAULT ''
    CONSTRAINT resource_unit_group_is_short CHECK (length(unit_group) <= 60);
COMMENT ON CONSTRAINT resource_unit_group_is_short ON app.resource IS 'unit_group: Use at most 60 characters.';

-- What may be added to a service: takes time and costs.
CREATE TABLE app.addon (
    tenant_id   uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    id          uuid NOT NULL DEFAULT gen_random_uuid(),
    name        text NOT NULL CONSTRAINT addon_has_a_name CHECK (length(btrim(name)) BETWEEN 1 AND 120),
    minutes     int NOT NULL DEFAULT 0 CONSTRAINT addon_takes_up_to_4_hours CHECK (minutes BETWEEN 0 AND 240),
    price_cents bigint NOT NULL DEFAULT 0 CHECK (price_cents >= 0),
    is_online   boolean NOT NULL DEFAULT true,
    is_active   boolean NOT NULL DEFAULT true,
    position    int NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id)
);
COMMENT ON CONSTRAINT addon_has_a_name ON app.addon IS 'name: Give a name.';
COMMENT ON CONSTRAINT addon_takes_up_to_4_hours ON app.addon IS 'minutes: Give 0 to 240 minutes.';
SELECT app.guard_table('app.addon');
CREATE TABLE app.service_addon (
    tenant_id  uuid NOT NULL DEFAULT app.tenant(),
    service_id uuid NOT NULL,
    addon_id   uuid NOT NULL,
    PRIMARY KEY (tenant_id, service_id, addon_id),
    FOREIGN KEY (tenant_id, service_id) REFERENCES app.service (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, addon_id) REFERENCES app.addon (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX service_addon_by_addon ON app.service_addon (tenant_id, addon_id);
SELECT app.guard_table('app.service_addon');

-- A provider's licence; location NULL: it holds everywhere. valid_to: its last day, where she works.
CREATE TABLE app.staff_licence (
    tenant_id   uuid NOT NULL DEFAULT app.tenant(),
    id          uuid NOT NULL DEFAULT gen_random_uuid(),
    staff_id    uuid NOT NULL,
    kind        text NOT NULL CONSTRAINT staff_licence_has_a_kind CHECK (length(btrim(kind)) BETWEEN 1 AND 60),
    number      text NOT NULL DEFAULT '' CONSTRAINT staff_licence_number_is_short CHECK (length(number) <= 60),
    location_id uuid,
    valid_to    date NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, staff_id) REFERENCES app.staff (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, location_id) REFERENCES app.location (tenant_id, id)
);
COMMENT ON CONSTRAINT staff_licence_has_a_kind ON app.staff_licence IS 'kind: Name the licence in at most 60 characters.';
COMMENT ON CONSTRAINT staff_licence_number_is_short ON app.staff_licence IS 'number: Use at most 60 characters.';
CREATE INDEX staff_licence_by_staff ON app.staff_licence (tenant_id, staff_id, valid_to);
CREATE INDEX staff_licence_by_location ON app.staff_licence (tenant_id, location_id) WHERE location_id IS NOT NULL;
SELECT app.guard_table('app.staff_licence');

-- ---- when ----

-- When a place is open, in its wall time; weekday 0 is Sunday. A place without any row is open whenever somebody works there.
CREATE TABLE app.location_hours (
    tenant_id   uuid NOT NULL DEFAULT app.tenant(),
    id          uuid NOT NULL DEFAULT gen_random_uuid(),
    location_id uuid NOT NULL,
    weekday     smallint NOT NULL CHECK (weekday BETWEEN 0 AND 6),
    opens       time NOT NULL,
    closes      time NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, location_id) REFERENCES app.location (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT location_closes_after_it_opens CHECK (closes > opens)
);
COMMENT ON CONSTRAINT location_closes_after_it_opens ON app.location_hours IS 'closes: A place closes after it opens.';
CREATE INDEX location_hours_by_location ON app.location_hours (tenant_id, location_id, weekday);
SELECT app.guard_table('app.location_hours');

-- A closure that came from a calendar file keeps its UID, so that the file can be read in again.
ALTER TABLE app.closure ADD COLUMN uid text COLLATE "C",
    ADD CONSTRAINT closure_uid_is_short CHECK (length(uid) <= 255);
CREATE UNIQUE INDEX closure_is_imported_once ON app.closure (tenant_id, location_id, uid, starts_local) NULLS NOT DISTINCT WHERE uid IS NOT NULL;

-- What a person works on one day instead of her week: each row a span; one row without a place: she does not work that day.
CREATE TABLE app.shift_day (
    tenant_id   uuid NOT NULL DEFAULT app.tenant(),
    id          uuid NOT NULL DEFAULT gen_random_uuid(),
    staff_id    uuid NOT NULL,
    day         date NOT NULL,
    location_id uuid,
    starts      time,
    ends        time,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, staff_id) REFERENCES app.staff (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, location_id) REFERENCES app.location (tenant_id, id),
    CONSTRAINT shift_day_is_whole CHECK ((location_id IS NULL) = (starts IS NULL) AND (starts IS NULL) = (ends IS NULL)),
    CONSTRAINT shift_day_ends_after_it_starts CHECK (ends > starts)
);
COMMENT ON CONSTRAINT shift_day_is_whole ON app.shift_day IS 'starts: Give the place, the first and the last hour, or none of them.';
COMMENT ON CONSTRAINT shift_day_ends_after_it_starts ON app.shift_day IS 'ends: The shift must end after it starts.';
CREATE INDEX shift_day_by_staff ON app.shift_day (tenant_id, staff_id, day);
CREATE INDEX shift_day_by_location ON app.shift_day (tenant_id, location_id, day) WHERE location_id IS NOT NULL;
SELECT app.guard_table('app.shift_day');

-- Time off is asked for, and counts once it is approved. What was entered before this counts.
ALTER TABLE app.time_off
    ADD COLUMN state text COLLATE "C" NOT NULL DEFAULT 'approved'
        CONSTRAINT time_off_state_is_known CHECK (state IN ('asked', 'approved', 'refused', 'withdrawn')),
    ADD COLUMN asked_by uuid DEFAULT app.actor(),
    ADD COLUMN asked_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN decided_by uuid,
    ADD COLUMN decided_at timestamptz,
    ADD FOREIGN KEY (tenant_id, asked_by) REFERENCES app.staff (tenant_id, id),
    ADD FOREIGN KEY (tenant_id, decided_by) REFERENCES app.staff (tenant_id, id);
COMMENT ON CONSTRAINT time_off_ends_after_it_starts ON app.time_off IS 'ends: Time off must end after it starts.';
CREATE INDEX time_off_asked ON app.time_off (tenant_id, asked_at) WHERE state = 'asked';
CREATE INDEX time_off_by_asker ON app.time_off (tenant_id, asked_by) WHERE asked_by IS NOT NULL;
CREATE INDEX time_off_by_decider ON app.time_off (tenant_id, decided_by) WHERE decided_by IS NOT NULL;

-- A person's calendar elsewhere, read by the jobs as busy. Its address is often a secret: sealed by the business's key.
CREATE TABLE app.outside_calendar (
    tenant_id   uuid NOT NULL DEFAULT app.tenant(),
    id          uuid NOT NULL DEFAULT gen_random_uuid(),
    staff_id    uuid NOT NULL,
    name        text NOT NULL CONSTRAINT outside_calendar_has_a_name CHECK (length(btrim(name)) BETWEEN 1 AND 60),
    url_sealed  bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    read_at     timestamptz,
    next_at     timestamptz NOT NULL DEFAULT now(),
    n_busy      int NOT NULL DEFAULT 0,
    content_sha bytea,
    problem     text COLLATE "C" CONSTRAINT outside_calendar_problem_is_known
        CHECK (problem IN ('address', 'unreachable', 'answer', 'large', 'content')),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, staff_id) REFERENCES app.staff (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON CONSTRAINT outside_calendar_has_a_name ON app.outside_calendar IS 'name: Give a name of at most 60 characters.';
CREATE INDEX outside_calendar_by_staff ON app.outside_calendar (tenant_id, staff_id);
CREATE INDEX outside_calendar_next ON app.outside_calendar (tenant_id, next_at);
SELECT app.guard_table('app.outside_calendar');
CREATE TABLE app.outside_busy (
    tenant_id   uuid NOT NULL DEFAULT app.tenant(),
    id          uuid NOT NULL DEFAULT gen_random_uuid(),
    calendar_id uuid NOT NULL,
    staff_id    uuid NOT NULL,
    starts_at   timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, calendar_id) REFERENCES app.outside_calendar (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, staff_id) REFERENCES app.staff (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT outside_busy_ends_after_it_starts CHECK (ends_at > starts_at)
);
CREATE INDEX outside_busy_by_staff ON app.outside_busy (tenant_id, staff_id, ends_at);
CREATE INDEX outside_busy_by_calendar ON app.outside_busy (tenant_id, calendar_id);
SELECT app.guard_table('app.outside_busy');

-- ---- rules of booking ----

-- What the studio asks of those who book; each change is a new version, and a visit keeps the one that was accepted with it.
-- Hours before the visit until which a client may cancel or move it herself; how often; after how many minutes she is late.
CREATE TABLE app.booking_rule (
    tenant_id          uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    id                 uuid NOT NULL DEFAULT gen_random_uuid(),
    version            int NOT NULL,
    cancel_hours       int NOT NULL DEFAULT 0 CONSTRAINT booking_rule_cancel_hours_are_sane CHECK (cancel_hours BETWEEN 0 AND 720),
    move_hours         int NOT NULL DEFAULT 0 CONSTRAINT booking_rule_move_hours_are_sane CHECK (move_hours BETWEEN 0 AND 720),
    max_moves          int CONSTRAINT booking_rule_moves_are_sane CHECK (max_moves BETWEEN 0 AND 20),
    late_minutes       int NOT NULL DEFAULT 15 CONSTRAINT booking_rule_late_minutes_are_sane CHECK (late_minutes BETWEEN 0 AND 120),
    late_cancel_cents  bigint NOT NULL DEFAULT 0 CONSTRAINT booking_rule_late_cancel_is_sane CHECK (late_cancel_cents BETWEEN 0 AND 1000000),
    no_show_cents      bigint NOT NULL DEFAULT 0 CONSTRAINT booking_rule_no_show_is_sane CHECK (no_show_cents BETWEEN 0 AND 1000000),
    max_no_shows       int CONSTRAINT booking_rule_no_shows_are_sane CHECK (max_no_shows BETWEEN 1 AND 20),
    created_at         timestamptz NOT NULL DEFAULT now(),
    created_by         uuid DEFAULT app.actor(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, created_by) REFERENCES app.staff (tenant_id, id),
    CONSTRAINT booking_rule_version_is_used_once UNIQUE (tenant_id, version)
);
COMMENT ON CONSTRAINT booking_rule_version_is_used_once ON app.booking_rule IS 'Somebody else has just changed these rules. Look at them again.';
COMMENT ON CONSTRAINT booking_rule_cancel_hours_are_sane ON app.booking_rule IS 'cancel_hours: Give 0 to 720 hours.';
COMMENT ON CONSTRAINT booking_rule_move_hours_are_sane ON app.booking_rule IS 'move_hours: Give 0 to 720 hours.';
COMMENT ON CONSTRAINT booking_rule_moves_are_sane ON app.booking_rule IS 'max_moves: Give 0 to 20, or nothing for no limit.';
COMMENT ON CONSTRAINT booking_rule_late_minutes_are_sane ON app.booking_rule IS 'late_minutes: Give 0 to 120 minutes.';
COMMENT ON CONSTRAINT booking_rule_no_shows_are_sane ON app.booking_rule IS 'max_no_shows: Give 1 to 20, or nothing for no limit.';
CREATE INDEX booking_rule_by_author ON app.booking_rule (tenant_id, created_by) WHERE created_by IS NOT NULL;
SELECT app.guard_table('app.booking_rule');
CREATE TRIGGER booking_rule_never_changes BEFORE UPDATE OR DELETE ON app.booking_rule FOR EACH ROW EXECUTE FUNCTION app.refuse_change();

-- ---- visits ----

-- group_id, group_position: services that are done one after the other in one visit share a group. series_id: see app.series.
-- deposit_cents: what is due before the visit. n_moves: how often the client has moved it herself. overbook_reason: somebody who may
-- has booked it over what was taken. asks_look: why somebody of the staff should look at it again ('due_date': the weeks no
-- longer fit).
ALTER TABLE app.appointment
    ADD COLUMN group_id uuid,
    ADD COLUMN group_position smallint NOT NULL DEFAULT 1,
    ADD COLUMN series_id uuid,
    ADD COLUMN booking_rule_id uuid,
    ADD COLUMN deposit_cents bigint NOT NULL DEFAULT 0 CONSTRAINT appointment_deposit_is_not_negative CHECK (deposit_cents >= 0),
    ADD COLUMN n_moves int NOT NULL DEFAULT 0,
    ADD COLUMN overbook_reason text CONSTRAINT appointment_overbook_reason_is_told CHECK (length(btrim(overbook_reason)) BETWEEN 3 AND 200),
    ADD COLUMN asks_look text COLLATE "C" CONSTRAINT appointment_asks_look_is_known CHECK (asks_look IN ('due_date')),
    ADD FOREIGN KEY (tenant_id, booking_rule_id) REFERENCES app.booking_rule (tenant_id, id);
COMMENT ON CONSTRAINT appointment_overbook_reason_is_told ON app.appointment IS 'overbook_reason: Say why, in 3 to 200 characters.';
CREATE INDEX appointment_by_group ON app.appointment (tenant_id, group_id) WHERE group_id IS NOT NULL;
CREATE INDEX appointment_by_series ON app.appointment (tenant_id, series_id, starts_at) WHERE series_id IS NOT NULL;
CREATE INDEX appointment_by_rule ON app.appointment (tenant_id, booking_rule_id) WHERE booking_rule_id IS NOT NULL;

CREATE TABLE app.appointment_addon (
    tenant_id      uuid NOT NULL DEFAULT app.tenant(),
    appointment_id uuid NOT NULL,
    addon_id       uuid NOT NULL,
    minutes        int NOT NULL CHECK (minutes >= 0),
    price_cents    bigint NOT NULL CHECK (price_cents >= 0),
    PRIMARY KEY (tenant_id, appointment_id, addon_id),
    FOREIGN KEY (tenant_id, appointment_id) REFERENCES app.appointment (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, addon_id) REFERENCES app.addon (tenant_id, id)
);
CREATE INDEX appointment_addon_by_addon ON app.appointment_addon (tenant_id, addon_id);
SELECT app.guard_table('app.appointment_addon');

-- A rule that the staff did not hold a client to, why, and who decided it.
CREATE TABLE app.booking_waiver (
    tenant_id      uuid NOT NULL DEFAULT app.tenant(),
    id             uuid NOT NULL DEFAULT gen_random_uuid(),
    appointment_id uuid NOT NULL,
    what           text COLLATE "C" NOT NULL
        CONSTRAINT booking_waiver_is_of_a_rule CHECK (what IN ('cancel', 'move', 'late', 'no_show', 'deposit', 'rule')),
    reason         text NOT NULL CONSTRAINT booking_waiver_reason_is_told CHECK (length(btrim(reason)) BETWEEN 3 AND 200),
    at             timestamptz NOT NULL DEFAULT now(),
    by_id          uuid NOT NULL DEFAULT app.actor(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, appointment_id) REFERENCES app.appointment (tenant_id, id),
    FOREIGN KEY (tenant_id, by_id) REFERENCES app.staff (tenant_id, id)
);
COMMENT ON CONSTRAINT booking_waiver_reason_is_told ON app.booking_waiver IS 'reason: Say why, in 3 to 200 characters.';
CREATE INDEX booking_waiver_by_appointment ON app.booking_waiver (tenant_id, appointment_id);
CREATE INDEX booking_waiver_by_person ON app.booking_waiver (tenant_id, by_id);
SELECT app.guard_table('app.booking_waiver');
CREATE TRIGGER booking_waiver_never_changes BEFORE UPDATE OR DELETE ON app.booking_waiver FOR EACH ROW EXECUTE FUNCTION app.refuse_change();

-- A slot that was knowingly booked over another stands outside the promise, and says so.
ALTER TABLE app.slot ADD COLUMN is_over boolean NOT NULL DEFAULT false;
ALTER TABLE app.slot DROP CONSTRAINT slot_not_double_booked,
    ADD CONSTRAINT slot_not_double_booked EXCLUDE USING gist
        (tenant_id WITH OPERATOR(pg_catalog.=), resource_id WITH OPERATOR(pg_catalog.=), during WITH &&)
        WHERE (state IN ('hold', 'booked') AND NOT is_over);
COMMENT ON CONSTRAINT slot_not_double_booked ON app.slot IS 'starts_at: This time has just been taken.';

-- ---- who may ----

GRANT SELECT ON app.service_staff_place, app.addon, app.service_addon TO foyer_staff, foyer_public, foyer_slow, foyer_jobs, foyer_booking;
GRANT INSERT, UPDATE ON app.addon TO foyer_staff;
GRANT INSERT, DELETE ON app.service_staff_place, app.service_addon TO foyer_staff;
GRANT UPDATE (duration_min) ON app.service_staff TO foyer_staff;
GRANT SELECT ON app.staff_licence, app.location_hours, app.shift_day, app.outside_busy TO foyer_staff, foyer_booking;
GRANT INSERT, UPDATE, DELETE ON app.staff_licence, app.location_hours, app.shift_day TO foyer_staff;
GRANT SELECT ON app.booking_rule TO foyer_staff, foyer_public, foyer_slow, foyer_jobs, foyer_booking;
GRANT INSERT (id, version, cancel_hours, move_hours, max_moves, late_minutes, late_cancel_cents, no_show_cents, max_no_shows) ON app.booking_rule TO foyer_staff;
GRANT SELECT ON app.appointment_addon TO foyer_staff, foyer_public, foyer_slow, foyer_jobs, foyer_booking;
GRANT INSERT, DELETE ON app.appointment_addon TO foyer_booking;
GRANT SELECT ON app.booking_waiver TO foyer_staff, foyer_slow;
GRANT INSERT (appointment_id, what, reason) ON app.booking_waiver TO foyer_booking;

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['service_staff_place', 'service_addon', 'addon', 'staff_licence', 'location_hours', 'shift_day', 'booking_rule'] LOOP
        EXECUTE format('CREATE POLICY settings_add ON app.%I AS RESTRICTIVE FOR INSERT TO foyer_staff WITH CHECK ((SELECT app.may(''settings_write'')))', t);
        EXECUTE format('CREATE POLICY settings_change ON app.%I AS RESTRICTIVE FOR UPDATE TO foyer_staff USING ((SELECT app.may(''settings_write'')))', t);
        EXECUTE format('CREATE POLICY settings_drop ON app.%I AS RESTRICTIVE FOR DELETE TO foyer_staff USING ((SELECT app.may(''settings_write'')))', t);
    END LOOP;
END $$;
CREATE POLICY settings_change ON app.service_staff AS RESTRICTIVE FOR UPDATE TO foyer_staff USING ((SELECT app.may('settings_write')));
CREATE POLICY staff_may_see ON app.location_hours AS RESTRICTIVE FOR SELECT TO foyer_staff
    USING ((SELECT app.may_some('calendar_read')) OR (SELECT app.may('settings_write')));
CREATE POLICY staff_may_see ON app.staff_licence AS RESTRICTIVE FOR SELECT TO foyer_staff
    USING ((SELECT app.may('settings_write')) OR staff_id = (SELECT app.actor()));
CREATE POLICY staff_may_see ON app.shift_day AS RESTRICTIVE FOR SELECT TO foyer_staff
    USING ((SELECT app.may('calendar_read')) OR (SELECT app.may('settings_write')) OR app.reaches_colleague('calendar_read', staff_id));
CREATE POLICY staff_may_see ON app.outside_busy AS RESTRICTIVE FOR SELECT TO foyer_staff
    USING ((SELECT app.may('calendar_read')) OR app.reaches_colleague('calendar_read', staff_id));
CREATE POLICY staff_may_see ON app.appointment_addon AS RESTRICTIVE FOR SELECT TO foyer_staff, foyer_slow
    USING (EXISTS (SELECT FROM app.appointment a WHERE a.tenant_id = appointment_addon.tenant_id AND a.id = appointment_addon.appointment_id));
CREATE POLICY own_client ON app.appointment_addon AS RESTRICTIVE FOR SELECT TO foyer_public
    USING (EXISTS (SELECT FROM app.appointment a WHERE a.tenant_id = appointment_addon.tenant_id AND a.id = appointment_addon.appointment_id));
CREATE POLICY staff_may_see ON app.booking_waiver AS RESTRICTIVE FOR SELECT TO foyer_staff, foyer_slow
    USING (EXISTS (SELECT FROM app.appointment a WHERE a.tenant_id = booking_waiver.tenant_id AND a.id = booking_waiver.appointment_id));
CREATE POLICY offered_online ON app.addon AS RESTRICTIVE FOR SELECT TO foyer_public
    USING ((is_online AND is_active) OR nullif(current_setting('foyer.client_id', true), '') IS NOT NULL);

-- ---- the roles that exist already ----

RESET ROLE;
INSERT INTO app.role_permission (tenant_id, role_id, permission)
SELECT r.tenant_id, r.id, p.permission
FROM (VALUES ('owner', 'booking_over'), ('manager', 'booking_over'), ('owner', 'report_read'), ('manager', 'report_read'), ('biller', 'report_read')) AS p (slug, permission)
JOIN app.role r ON r.slug = p.slug AND r.is_builtin
ON CONFLICT DO NOTHING;
