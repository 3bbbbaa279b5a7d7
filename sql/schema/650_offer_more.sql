-- 650_offer_more: time that comes up by new hours, a day that is opened, or time off that ends is offered to those who wait; when somebody
-- is busy in a calendar elsewhere is drawn in the calendar, and kept by the workers as the rest of what it draws behind the visits.

SET LOCAL ROLE foyer_owner;

CREATE TRIGGER what_is_set_up_changed AFTER INSERT OR UPDATE OR DELETE ON app.outside_busy
    FOR EACH ROW EXECUTE FUNCTION sec.reference_changed();

-- Something was changed that may leave more time free than before: the jobs look who waits, once for all that is changed within a minute.
-- Only where somebody waits, and at most as often; what this very transaction changes is there when they look.
CREATE FUNCTION app.time_opens() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM app.waitlist_entry e WHERE e.tenant_id = app.tenant() AND e.state = 'waiting') THEN
        INSERT INTO app.job (tenant_id, kind, dedupe_key, run_at)
        VALUES (app.tenant(), 'waitlist.look', to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDDHH24MI'), date_trunc('minute', now()) + interval '2 minutes')
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION app.time_opens() FROM PUBLIC;

-- New hours, other hours, a day's hours that are gone again, a closure or time off that is taken back, somebody who does a service now,
-- another calendar's time that is over.
CREATE TRIGGER time_that_opens_is_offered AFTER INSERT OR UPDATE ON app.shift FOR EACH STATEMENT EXECUTE FUNCTION app.time_opens();
CREATE TRIGGER time_that_opens_is_offered AFTER INSERT OR UPDATE OR DELETE ON app.shift_day FOR EACH STATEMENT EXECUTE FUNCTION app.time_opens();
CREATE TRIGGER time_that_opens_is_offered AFTER INSERT OR UPDATE OR DELETE ON app.location_hours FOR EACH STATEMENT EXECUTE FUNCTION app.time_opens();
CREATE TRIGGER time_that_opens_is_offered AFTER UPDATE OR DELETE ON app.closure FOR EACH STATEMENT EXECUTE FUNCTION app.time_opens();
CREATE TRIGGER time_that_opens_is_offered AFTER UPDATE OR DELETE ON app.time_off FOR EACH STATEMENT EXECUTE FUNCTION app.time_opens();
CREATE TRIGGER time_that_opens_is_offered AFTER INSERT OR UPDATE ON app.service_staff FOR EACH STATEMENT EXECUTE FUNCTION app.time_opens();
CREATE TRIGGER time_that_opens_is_offered AFTER DELETE ON app.outside_busy FOR EACH STATEMENT EXECUTE FUNCTION app.time_opens();

RESET ROLE;
