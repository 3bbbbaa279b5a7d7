-- 460_report: reports are read in the slow pool, so that a year of visits holds nobody up; it sees of the schedule what the staff's
-- pool sees, by the same rules.

SET LOCAL ROLE foyer_owner;

GRANT SELECT ON app.slot, app.shift, app.shift_day, app.closure, app.time_off, app.location_hours TO foyer_slow;

ALTER POLICY staff_may_see ON app.slot TO foyer_staff, foyer_slow;
ALTER POLICY staff_may_see ON app.shift TO foyer_staff, foyer_slow;
ALTER POLICY staff_may_see ON app.shift_day TO foyer_staff, foyer_slow;
ALTER POLICY staff_may_see ON app.closure TO foyer_staff, foyer_slow;
ALTER POLICY staff_may_see ON app.time_off TO foyer_staff, foyer_slow;
ALTER POLICY staff_may_see ON app.location_hours TO foyer_staff, foyer_slow;

RESET ROLE;
