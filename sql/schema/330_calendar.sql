-- 330_calendar: what the calendar draws of hours, exceptions and add-ons is kept by the workers, so its changes are noticed.

SET LOCAL ROLE foyer_owner;
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['location_hours', 'shift_day', 'addon', 'service_addon'] LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER what_is_set_up_changed AFTER INSERT OR UPDATE OR DELETE ON app.%I'
                       ' FOR EACH ROW EXECUTE FUNCTION sec.reference_changed()', name);
    END LOOP;
END $$;

-- The same as before; said so that it can be seen that whoever reads the whole calendar sees all of it.
ALTER POLICY staff_may_see ON app.location_hours
    USING ((SELECT app.may('calendar_read')) OR (SELECT app.may_some('calendar_read')) OR (SELECT app.may('settings_write')));
RESET ROLE;
