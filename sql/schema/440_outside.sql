-- 440_outside: when the times of a calendar elsewhere were last worked out. Its series go on for ever, so that is done again each
-- day, also when the calendar itself is unchanged.

SET LOCAL ROLE foyer_owner;
ALTER TABLE app.outside_calendar ADD COLUMN stored_at timestamptz;
GRANT UPDATE (stored_at) ON app.outside_calendar TO foyer_jobs;
RESET ROLE;
