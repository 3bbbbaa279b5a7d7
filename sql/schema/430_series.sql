-- 430_series: visits that repeat by a rule (SECURITY.md B-06, B-07), each of them a visit of its own; and the waitlist.

SET LOCAL ROLE foyer_owner;

-- ---- series ----

-- A rule in the wall time of the place: from first_day on, every so many weeks at this hour, so many times or until a day. staff
-- NULL: whoever is free. minutes NULL: as long as the service. A change of this and all later visits ends a series and begins another, which
-- follows it. zone: the clock by which its visits were worked out.
CREATE TABLE app.series (
    tenant_id   uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    id          uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id   uuid NOT NULL,
    service_id  uuid NOT NULL,
    location_id uuid NOT NULL,
    staff_id    uuid,
    addons      uuid[] NOT NULL DEFAULT '{}',
    minutes     int CONSTRAINT series_minutes_are_sane CHECK (minutes BETWEEN 5 AND 480),
    first_day   date NOT NULL,
    at          time NOT NULL,
    every_weeks smallint NOT NULL CONSTRAINT series_comes_every_1_to_26_weeks CHECK (every_weeks BETWEEN 1 AND 26),
    n_times     int CONSTRAINT series_comes_1_to_80_times CHECK (n_times BETWEEN 1 AND 80),
    until       date,
    zone        text COLLATE "C" NOT NULL,
    follows_id  uuid,
    ended_at    timestamptz,
    version     int NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    created_by  uuid DEFAULT app.actor(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, service_id) REFERENCES app.service (tenant_id, id),
    FOREIGN KEY (tenant_id, location_id) REFERENCES app.location (tenant_id, id),
    FOREIGN KEY (tenant_id, staff_id) REFERENCES app.staff (tenant_id, id),
    FOREIGN KEY (tenant_id, follows_id) REFERENCES app.series (tenant_id, id),
    FOREIGN KEY (tenant_id, created_by) REFERENCES app.staff (tenant_id, id),
    CONSTRAINT series_has_one_end CHECK ((n_times IS NULL) <> (until IS NULL)),
    CONSTRAINT series_ends_after_it_begins CHECK (until >= first_day),
    CONSTRAINT series_lasts_up_to_18_months CHECK (
        coalesce(until, first_day + (n_times - 1) * 7 * every_weeks) <= first_day + interval '18 months')
);
COMMENT ON CONSTRAINT series_comes_every_1_to_26_weeks ON app.series IS 'every_weeks: Give 1 to 26 weeks.';
COMMENT ON CONSTRAINT series_comes_1_to_80_times ON app.series IS 'n_times: Give 1 to 80 times.';
COMMENT ON CONSTRAINT series_has_one_end ON app.series IS 'n_times: Say how many times, or until which day; one of them.';
COMMENT ON CONSTRAINT series_ends_after_it_begins ON app.series IS 'until: This is before the first visit.';
COMMENT ON CONSTRAINT series_lasts_up_to_18_months ON app.series IS 'until: A series lasts at most 18 months. Begin another one after it.';
CREATE INDEX series_by_client ON app.series (tenant_id, client_id, created_at);
CREATE INDEX series_by_service ON app.series (tenant_id, service_id);
CREATE INDEX series_by_location ON app.series (tenant_id, location_id);
CREATE INDEX series_by_staff ON app.series (tenant_id, staff_id) WHERE staff_id IS NOT NULL;
CREATE INDEX series_by_predecessor ON app.series (tenant_id, follows_id) WHERE follows_id IS NOT NULL;
CREATE INDEX series_by_author ON app.series (tenant_id, created_by) WHERE created_by IS NOT NULL;
SELECT app.guard_table('app.series');

-- Each time that the rule gives: the visit that stands for it, wherever that was moved to since, or why there is none. rule_starts_at:
-- the instant that the wall time was when it was worked out, so that new rules of a clock can be told from a visit that was moved.
-- minutes: how long it was when the rule placed it. What differs from these and from the rule was changed singly, and is an exception.
CREATE TABLE app.series_visit (
    tenant_id      uuid NOT NULL DEFAULT app.tenant(),
    series_id      uuid NOT NULL,
    rule_at        timestamp NOT NULL,
    rule_starts_at timestamptz,
    appointment_id uuid,
    minutes        int,
    left_out       text COLLATE "C" CONSTRAINT series_visit_left_out_is_known CHECK (left_out IN ('clock', 'taken', 'chosen')),
    why            text NOT NULL DEFAULT '' CHECK (length(why) <= 300),
    PRIMARY KEY (tenant_id, series_id, rule_at),
    FOREIGN KEY (tenant_id, series_id) REFERENCES app.series (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, appointment_id) REFERENCES app.appointment (tenant_id, id),
    CONSTRAINT series_visit_is_booked_or_left_out CHECK ((appointment_id IS NULL) = (left_out IS NOT NULL)),
    CONSTRAINT series_visit_stands_once UNIQUE (tenant_id, appointment_id)
);
SELECT app.guard_table('app.series_visit');

ALTER TABLE app.appointment ADD FOREIGN KEY (tenant_id, series_id) REFERENCES app.series (tenant_id, id);

-- ---- waitlist ----

ALTER TABLE app.tenant ADD COLUMN waitlist_minutes int NOT NULL DEFAULT 60
    CONSTRAINT tenant_waitlist_minutes_are_sane CHECK (waitlist_minutes BETWEEN 10 AND 1440);
COMMENT ON CONSTRAINT tenant_waitlist_minutes_are_sane ON app.tenant IS 'waitlist_minutes: Choose 10 to 1440 minutes.';
GRANT UPDATE (waitlist_minutes) ON app.tenant TO foyer_staff;

-- Somebody who waits for a time. providers empty: anyone. state: 'left' she or the studio took her off, 'booked' she got a time.
CREATE TABLE app.waitlist_entry (
    tenant_id  uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    id         uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id  uuid NOT NULL,
    service_id uuid NOT NULL,
    places     uuid[] NOT NULL CONSTRAINT waitlist_entry_has_a_place CHECK (cardinality(places) BETWEEN 1 AND 20),
    providers  uuid[] NOT NULL DEFAULT '{}' CHECK (cardinality(providers) <= 50),
    from_day   date NOT NULL,
    to_day     date NOT NULL,
    state      text COLLATE "C" NOT NULL DEFAULT 'waiting'
        CONSTRAINT waitlist_entry_state_is_known CHECK (state IN ('waiting', 'booked', 'left')),
    joined_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    joined_by  uuid DEFAULT app.actor(),
    left_at    timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, service_id) REFERENCES app.service (tenant_id, id),
    FOREIGN KEY (tenant_id, joined_by) REFERENCES app.staff (tenant_id, id),
    CONSTRAINT waitlist_entry_days_are_in_order CHECK (to_day >= from_day AND to_day <= from_day + 366)
);
COMMENT ON CONSTRAINT waitlist_entry_has_a_place ON app.waitlist_entry IS 'place: Choose at least one place.';
COMMENT ON CONSTRAINT waitlist_entry_days_are_in_order ON app.waitlist_entry IS 'to_day: Give a last day after the first one, at most a year later.';
-- She waits once for a service.
CREATE UNIQUE INDEX waitlist_entry_waits_once ON app.waitlist_entry (tenant_id, client_id, service_id) WHERE state = 'waiting';
CREATE INDEX waitlist_entry_in_order ON app.waitlist_entry (tenant_id, joined_at) WHERE state = 'waiting';
CREATE INDEX waitlist_entry_by_client ON app.waitlist_entry (tenant_id, client_id, joined_at);
CREATE INDEX waitlist_entry_by_service ON app.waitlist_entry (tenant_id, service_id);
CREATE INDEX waitlist_entry_by_author ON app.waitlist_entry (tenant_id, joined_by) WHERE joined_by IS NOT NULL;
SELECT app.guard_table('app.waitlist_entry');

-- When she could come: on these days of the week (0 is Sunday), from and to these hours, in the wall time of the place.
CREATE TABLE app.waitlist_window (
    tenant_id uuid NOT NULL DEFAULT app.tenant(),
    entry_id  uuid NOT NULL,
    position  smallint NOT NULL CHECK (position BETWEEN 1 AND 5),
    weekdays  smallint[] NOT NULL CONSTRAINT waitlist_window_has_a_day CHECK (cardinality(weekdays) BETWEEN 1 AND 7 AND weekdays <@ '{0,1,2,3,4,5,6}'),
    from_time time NOT NULL,
    to_time   time NOT NULL,
    PRIMARY KEY (tenant_id, entry_id, position),
    FOREIGN KEY (tenant_id, entry_id) REFERENCES app.waitlist_entry (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT waitlist_window_ends_after_it_begins CHECK (to_time >= from_time)
);
COMMENT ON CONSTRAINT waitlist_window_has_a_day ON app.waitlist_window IS 'weekday: Choose at least one day of the week.';
COMMENT ON CONSTRAINT waitlist_window_ends_after_it_begins ON app.waitlist_window IS 'to_time: The later hour comes second.';
SELECT app.guard_table('app.waitlist_window');

-- A time that was offered to her and is held for her until she answers. Nobody else can take it: its hold is under the same constraint as
-- every booking.
CREATE TABLE app.waitlist_offer (
    tenant_id      uuid NOT NULL DEFAULT app.tenant(),
    id             uuid NOT NULL DEFAULT gen_random_uuid(),
    entry_id       uuid NOT NULL,
    appointment_id uuid NOT NULL,
    state          text COLLATE "C" NOT NULL DEFAULT 'open'
        CONSTRAINT waitlist_offer_state_is_known CHECK (state IN ('open', 'accepted', 'declined', 'lapsed', 'withdrawn')),
    offered_at     timestamptz NOT NULL DEFAULT now(),
    until          timestamptz NOT NULL,
    offered_by     uuid DEFAULT app.actor(),
    decided_at     timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, entry_id) REFERENCES app.waitlist_entry (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, appointment_id) REFERENCES app.appointment (tenant_id, id),
    FOREIGN KEY (tenant_id, offered_by) REFERENCES app.staff (tenant_id, id),
    CONSTRAINT waitlist_offer_is_decided_at_some_time CHECK ((state = 'open') = (decided_at IS NULL)),
    CONSTRAINT waitlist_offer_is_of_one_hold UNIQUE (tenant_id, appointment_id)
);
CREATE UNIQUE INDEX waitlist_offer_one_is_open ON app.waitlist_offer (tenant_id, entry_id) WHERE state = 'open';
CREATE INDEX waitlist_offer_by_entry ON app.waitlist_offer (tenant_id, entry_id, offered_at);
CREATE INDEX waitlist_offer_by_author ON app.waitlist_offer (tenant_id, offered_by) WHERE offered_by IS NOT NULL;
SELECT app.guard_table('app.waitlist_offer');

-- The link in an offer opens the waitlist and nothing else.
ALTER TABLE app.link DROP CONSTRAINT link_purpose_check, ADD CONSTRAINT link_purpose_is_known CHECK (purpose IN ('manage', 'form', 'waitlist'));

-- A provider's time becomes free, or a hold on it will end by itself: the jobs look who waits for it. Only where somebody waits.
CREATE FUNCTION app.slot_frees() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF upper(NEW.during) > now()
       AND EXISTS (SELECT FROM app.waitlist_entry e
                   JOIN app.service_staff x ON x.tenant_id = e.tenant_id AND x.service_id = e.service_id
                   WHERE e.tenant_id = NEW.tenant_id AND e.state = 'waiting' AND x.staff_id = NEW.resource_id) THEN
        INSERT INTO app.job (tenant_id, kind, subject_id, dedupe_key, run_at)
        VALUES (NEW.tenant_id, 'waitlist.fill', NEW.id, NEW.state || '-' || NEW.id, coalesce(NEW.hold_until + interval '1 second', now()))
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION app.slot_frees() FROM PUBLIC;
CREATE TRIGGER slot_that_frees_is_offered AFTER UPDATE OF state ON app.slot
    FOR EACH ROW WHEN (NEW.state = 'released' AND OLD.state <> 'released') EXECUTE FUNCTION app.slot_frees();
CREATE TRIGGER slot_that_will_free_is_offered AFTER INSERT ON app.slot
    FOR EACH ROW WHEN (NEW.state = 'hold') EXECUTE FUNCTION app.slot_frees();

-- ---- who may ----

GRANT SELECT ON app.series, app.series_visit TO foyer_staff, foyer_booking;
GRANT SELECT ON app.waitlist_entry, app.waitlist_window, app.waitlist_offer TO foyer_staff, foyer_public, foyer_jobs, foyer_booking;
GRANT INSERT, UPDATE ON app.series, app.series_visit TO foyer_booking;
GRANT DELETE ON app.series_visit TO foyer_booking;
GRANT INSERT, UPDATE, DELETE ON app.waitlist_entry, app.waitlist_window, app.waitlist_offer TO foyer_booking;
GRANT INSERT (id, tenant_id, kind, subject_id, dedupe_key, run_at) ON app.job TO foyer_booking;

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['series', 'waitlist_entry'] LOOP
        EXECUTE format('CREATE POLICY staff_may_see ON app.%I AS RESTRICTIVE FOR SELECT TO foyer_staff USING (
            (SELECT app.may(''calendar_read'')) OR (SELECT app.may(''client_read''))
            OR ((SELECT app.may_some(''calendar_read'')) AND app.reaches(''calendar_read'', client_id))
            OR ((SELECT app.may_some(''client_read'')) AND app.reaches(''client_read'', client_id)))', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['waitlist_window', 'waitlist_offer'] LOOP
        EXECUTE format('CREATE POLICY staff_may_see ON app.%1$I AS RESTRICTIVE FOR SELECT TO foyer_staff
            USING (EXISTS (SELECT FROM app.waitlist_entry e WHERE e.tenant_id = %1$I.tenant_id AND e.id = %1$I.entry_id))', t);
        EXECUTE format('CREATE POLICY own_client ON app.%1$I AS RESTRICTIVE FOR SELECT TO foyer_public
            USING (EXISTS (SELECT FROM app.waitlist_entry e WHERE e.tenant_id = %1$I.tenant_id AND e.id = %1$I.entry_id))', t);
    END LOOP;
END $$;
CREATE POLICY staff_may_see ON app.series_visit AS RESTRICTIVE FOR SELECT TO foyer_staff
    USING (EXISTS (SELECT FROM app.series s WHERE s.tenant_id = series_visit.tenant_id AND s.id = series_visit.series_id));
CREATE POLICY own_client ON app.waitlist_entry AS RESTRICTIVE FOR SELECT TO foyer_public USING (client_id = (SELECT app.own_client()));

RESET ROLE;
