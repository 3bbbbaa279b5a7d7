-- 310_booking: what the booking functions read of the new tables, and visits that ask to be looked at when a due date changes.

SET LOCAL ROLE foyer_owner;

GRANT SELECT (due_date) ON app.client TO foyer_booking;
GRANT SELECT ON app.booking_waiver TO foyer_booking;

-- Another due date: her future visits whose weeks no longer fit ask for a look, and no longer ask when they fit again. The work is
-- done by app.look_again (sql/lib/042_rules.sql).
SET LOCAL ROLE foyer_booking;
CREATE FUNCTION app.due_date_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.look_again(NEW.id, NULL);
    RETURN NULL;
END $$;
GRANT EXECUTE ON FUNCTION app.due_date_changed() TO foyer_owner;
SET LOCAL ROLE foyer_owner;
CREATE TRIGGER client_due_date_changed AFTER UPDATE OF due_date ON app.client
    FOR EACH ROW WHEN (NEW.due_date IS DISTINCT FROM OLD.due_date) EXECUTE FUNCTION app.due_date_changed();

RESET ROLE;
