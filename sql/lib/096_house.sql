-- 096_house: what the jobs write down each minute of how the installation is. Owner: foyer_owner.

SET LOCAL ROLE foyer_owner;

-- One look: an object of pools and pages as the boards have them, and the counts of audit.watch(). Samples are kept for two days.
DROP FUNCTION IF EXISTS app.house_note(jsonb, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint);
DROP FUNCTION IF EXISTS app.house_note(jsonb, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint);
CREATE OR REPLACE FUNCTION app.house_note(boards jsonb, due bigint, running bigint, dead bigint, oldest_due bigint, unsent_mail bigint, sealing_lag bigint,
    stopped bigint, heads_unsent bigint, heads_failing bigint, backup_age bigint, drill_age bigint, held bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO app.house_pool AS h (pool, seen_at, is_up, version, started_at, idle, busy, starting, deaths, reloads)
    SELECT p.pool, now(), p.is_up, p.version, to_timestamp(p.started), p.idle, p.busy, p.starting, p.deaths, p.reloads
    FROM jsonb_to_recordset(boards -> 'pools')
         AS p (pool text, is_up boolean, version text, started bigint, idle int, busy int, starting int, deaths bigint, reloads bigint)
    ON CONFLICT (pool) DO UPDATE SET seen_at = excluded.seen_at, is_up = excluded.is_up, version = excluded.version, started_at = excluded.started_at,
        idle = excluded.idle, busy = excluded.busy, starting = excluded.starting, deaths = excluded.deaths, reloads = excluded.reloads;
    INSERT INTO app.house_page AS h (pool, method, route, seen_at, statuses, buckets, us, database_us)
    SELECT p.pool, p.method, p.route, now(), p.statuses, p.buckets, p.us, p.database_us
    FROM jsonb_to_recordset(boards -> 'pages')
         AS p (pool text, method text, route text, statuses bigint[], buckets bigint[], us bigint, database_us bigint)
    ON CONFLICT (pool, method, route) DO UPDATE SET seen_at = excluded.seen_at, statuses = excluded.statuses, buckets = excluded.buckets,
        us = excluded.us, database_us = excluded.database_us;
    DELETE FROM app.house_page h WHERE h.seen_at < now();
    INSERT INTO app.house_sample (at, answers, failed, us, database_us, due, running, dead, oldest_due, unsent_mail, sealing_lag, stopped, heads_unsent, heads_failing,
        backup_age, drill_age, held)
    SELECT clock_timestamp(), coalesce(sum(s.n), 0), coalesce(sum(h.statuses[6]), 0), coalesce(sum(h.us), 0), coalesce(sum(h.database_us), 0),
           house_note.due, house_note.running, house_note.dead, house_note.oldest_due, house_note.unsent_mail, house_note.sealing_lag,
           house_note.stopped, house_note.heads_unsent, house_note.heads_failing, house_note.backup_age, house_note.drill_age, house_note.held
    FROM app.house_page h CROSS JOIN LATERAL (SELECT sum(u) AS n FROM unnest(h.statuses) AS u) AS s;
    DELETE FROM app.house_sample h WHERE h.at < now() - interval '2 days';
END $$;

REVOKE ALL ON FUNCTION app.house_note(jsonb, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.house_note(jsonb, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint) TO foyer_jobs;
