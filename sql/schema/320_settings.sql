-- 320_settings: what the pages of settings need beside 300_schedule: who asks for time off and who sees that she did, and a
-- person's calendar elsewhere: hers, for the jobs to read.

SET LOCAL ROLE foyer_owner;

-- Asked for through app.time_off_ask, by herself; who decides changes the state.
GRANT INSERT (id, staff_id, starts_at, ends_at, reason, state), UPDATE (state, decided_by, decided_at) ON app.time_off TO foyer_booking;
ALTER TABLE app.time_off ADD CONSTRAINT time_off_reason_is_short CHECK (length(reason) <= 200);
COMMENT ON CONSTRAINT time_off_reason_is_short ON app.time_off IS 'reason: Use at most 200 characters.';
-- host: the part of the address that she may see again. etag: what the other server called its last answer. read_at: the last
-- good reading. problem and tried_at: what became of the last one.
ALTER TABLE app.outside_calendar
    ADD COLUMN host text COLLATE "C" NOT NULL DEFAULT '' CHECK (length(host) <= 253),
    ADD COLUMN etag text COLLATE "C" CHECK (length(etag) <= 300),
    ADD COLUMN tried_at timestamptz;
GRANT SELECT (tenant_id, id, staff_id, name, host, created_at, read_at, tried_at, next_at, n_busy, problem), INSERT (id, staff_id, name, host, url_sealed), DELETE
    ON app.outside_calendar TO foyer_staff;
GRANT SELECT, UPDATE (read_at, tried_at, next_at, n_busy, content_sha, etag, problem) ON app.outside_calendar TO foyer_jobs;
GRANT SELECT, INSERT, DELETE ON app.outside_busy TO foyer_jobs;
CREATE POLICY hers_or_settings ON app.outside_calendar AS RESTRICTIVE FOR SELECT TO foyer_staff
    USING (staff_id = (SELECT app.actor()) OR (SELECT app.may('settings_write')));
CREATE POLICY hers_alone ON app.outside_calendar AS RESTRICTIVE FOR INSERT TO foyer_staff WITH CHECK (staff_id = (SELECT app.actor()));
CREATE POLICY hers_or_settings_drop ON app.outside_calendar AS RESTRICTIVE FOR DELETE TO foyer_staff
    USING (staff_id = (SELECT app.actor()) OR (SELECT app.may('settings_write')));

-- A licence and a room carry words that a form can be refused for.
ALTER TABLE app.closure ADD CONSTRAINT closure_reason_is_short CHECK (length(reason) <= 120);
COMMENT ON CONSTRAINT closure_reason_is_short ON app.closure IS 'reason: Use at most 120 characters.';
COMMENT ON CONSTRAINT closure_ends_after_it_starts ON app.closure IS 'to_day: A closure ends after it begins.';

RESET ROLE;
