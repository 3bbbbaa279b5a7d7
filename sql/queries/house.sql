-- name: house_now :maybe
-- How the installation is by the newest sample, and whether that is as new as it should be.
SELECT s.at AS seen_at, s.at < now() - interval '3 minutes' AS is_stale,
       s.due, s.running, s.dead, s.oldest_due, s.oldest_due >= 300 AS is_queue_late, s.unsent_mail, s.held, s.sealing_lag, s.stopped,
       s.sealing_lag >= 60 OR s.stopped > 0 AS is_sealing_late, s.sealing_lag >= 0 AS has_sealing,
       s.heads_unsent, s.heads_failing > 0 OR s.heads_unsent >= 900 AS is_heads_late, s.heads_unsent IS NOT NULL AS has_heads,
       s.backup_age IS NOT NULL AS has_backups, s.backup_age < 0 OR s.backup_age >= 26 * 3600 AS is_backup_late, s.backup_age >= 0 AS was_backed_up,
       s.backup_age / 3600 AS backup_hours, s.drill_age < 0 OR s.drill_age >= 8 * 86400 AS is_drill_late, s.drill_age >= 0 AS was_drilled, s.drill_age / 86400 AS drill_days
FROM app.house_sample s
ORDER BY s.at DESC
LIMIT 1;

-- name: house_pools :many
-- The pools: how many of their workers are busy, what they run and since when. busy_width: of 100.
SELECT p.pool, p.is_up, p.version, p.started_at, p.idle + p.busy + p.starting AS workers, p.busy, p.deaths, p.reloads,
       (100 * p.busy / greatest(p.idle + p.busy + p.starting, 1))::int AS busy_width,
       CASE WHEN now() - p.started_at < interval '2 minutes' THEN 'just now'
            WHEN now() - p.started_at < interval '2 hours' THEN (extract(epoch FROM now() - p.started_at) / 60)::int || ' minutes'
            WHEN now() - p.started_at < interval '2 days' THEN (extract(epoch FROM now() - p.started_at) / 3600)::int || ' hours'
            ELSE (extract(epoch FROM now() - p.started_at) / 86400)::int || ' days' END AS uptime
FROM app.house_pool p
ORDER BY array_position(ARRAY['staff', 'public', 'slow'], p.pool), p.pool;

-- name: house_bins :many
-- The last three hours in steps of five minutes, as bars: x, and tops and heights of at most 100.
WITH sample AS (
    SELECT s.*, lag(s.answers) OVER w AS answers_before, lag(s.failed) OVER w AS failed_before, lag(s.us) OVER w AS us_before, lag(s.database_us) OVER w AS database_before
    FROM app.house_sample s WHERE s.at > now() - interval '3 hours 10 minutes'
    WINDOW w AS (ORDER BY s.at)
), step AS ( -- a counter that fell began anew
    SELECT s.at, s.due, s.sealing_lag,
           CASE WHEN s.answers >= s.answers_before THEN s.answers - s.answers_before WHEN s.answers_before IS NULL THEN 0 ELSE s.answers END AS answers,
           CASE WHEN s.failed >= s.failed_before THEN s.failed - s.failed_before WHEN s.failed_before IS NULL THEN 0 ELSE s.failed END AS failed,
           CASE WHEN s.us >= s.us_before THEN s.us - s.us_before WHEN s.us_before IS NULL THEN 0 ELSE s.us END AS us,
           CASE WHEN s.database_us >= s.database_before THEN s.database_us - s.database_before WHEN s.database_before IS NULL THEN 0 ELSE s.database_us END AS database_us
    FROM sample s
), bin AS (
    SELECT b.n, b.starts, coalesce(sum(t.answers), 0)::bigint AS answers, coalesce(sum(t.failed), 0)::bigint AS failed,
           coalesce(sum(t.us) / nullif(sum(t.answers), 0) / 1000, 0)::float8 AS mean_ms,
           coalesce(sum(t.database_us) / nullif(sum(t.answers), 0) / 1000, 0)::float8 AS database_ms,
           coalesce(max(t.due), 0) AS due, coalesce(max(t.sealing_lag), 0) AS sealing_lag
    FROM (SELECT n, date_bin('5 minutes', now(), '2000-01-01') - (35 - n) * interval '5 minutes' AS starts FROM generate_series(0, 35) AS n) AS b
    LEFT JOIN step t ON t.at >= b.starts AND t.at < b.starts + interval '5 minutes'
    GROUP BY b.n, b.starts
), most AS (
    SELECT greatest(max(answers), 1) AS answers, greatest(max(mean_ms), 1) AS mean_ms, greatest(max(due), 1) AS due, greatest(max(sealing_lag), 60) AS lag FROM bin
)
SELECT b.starts, b.n * 20 AS x, b.answers, b.failed, round(b.mean_ms::numeric, 1)::float8 AS mean_ms, round(b.database_ms::numeric, 1)::float8 AS database_ms, b.due, b.sealing_lag,
       100 - h.answers AS answers_y, h.answers AS answers_h, 100 - h.failed AS failed_y, h.failed AS failed_h,
       100 - h.mean AS mean_y, h.mean - h.database AS mean_h, 100 - h.database AS database_y, h.database AS database_h,
       100 - h.due AS due_y, h.due AS due_h, 100 - h.lag AS lag_y, h.lag AS lag_h
FROM bin b, most m,
     LATERAL (SELECT ceil(100.0 * b.answers / m.answers)::int AS answers, ceil(100.0 * b.failed / m.answers)::int AS failed, ceil(100 * b.mean_ms / m.mean_ms)::int AS mean,
                     floor(100 * b.database_ms / m.mean_ms)::int AS database, ceil(100.0 * b.due / m.due)::int AS due, ceil(100.0 * b.sealing_lag / m.lag)::int AS lag) AS h
ORDER BY b.n;

-- name: house_sums :maybe
-- The last three hours in words: the most of each, for beside the drawings, and all answers since the pools started.
WITH sample AS (
    SELECT s.*, lag(s.answers) OVER w AS before, lag(s.failed) OVER w AS failed_before FROM app.house_sample s
    WHERE s.at > now() - interval '3 hours' WINDOW w AS (ORDER BY s.at)
)
SELECT coalesce(sum(CASE WHEN s.before IS NULL THEN 0 WHEN s.answers >= s.before THEN s.answers - s.before ELSE s.answers END), 0)::bigint AS answers,
       coalesce(sum(CASE WHEN s.failed_before IS NULL THEN 0 WHEN s.failed >= s.failed_before THEN s.failed - s.failed_before ELSE s.failed END), 0)::bigint AS failed,
       coalesce(max(s.due), 0) AS most_due, coalesce(max(s.sealing_lag), 0) AS most_lag,
       (SELECT coalesce(round((sum(p.us) / nullif(sum(u.n), 0) / 1000)::numeric, 1), 0)::float8 FROM app.house_page p, LATERAL (SELECT sum(x) AS n FROM unnest(p.statuses) x) u) AS mean_ms,
       (SELECT coalesce(round((sum(p.database_us) / nullif(sum(u.n), 0) / 1000)::numeric, 1), 0)::float8 FROM app.house_page p, LATERAL (SELECT sum(x) AS n FROM unnest(p.statuses) x) u) AS database_ms
FROM sample s;

-- name: house_durations :many
-- How long answers took since the pools started: a bar for each of the buckets, at most 100 high.
WITH bucket AS (
    SELECT b.n, sum(b.answers)::bigint AS answers
    FROM app.house_page p CROSS JOIN LATERAL unnest(p.buckets) WITH ORDINALITY AS b (answers, n)
    GROUP BY b.n
)
SELECT b.answers, ((b.n - 1) * 52)::int AS x, ((b.n - 1) * 52 + 22)::int AS middle, h.height, 100 - h.height AS y,
       (ARRAY['0.5', '1', '2.5', '5', '10', '25', '50', '100', '250', '500', '1 s', '2.5 s', '10 s', 'more'])[b.n] AS label,
       (ARRAY['to 0.5 ms', 'to 1 ms', 'to 2.5 ms', 'to 5 ms', 'to 10 ms', 'to 25 ms', 'to 50 ms', 'to 100 ms', 'to 250 ms', 'to 500 ms', 'to 1 s', 'to 2.5 s',
              'to 10 s', 'more than 10 s'])[b.n] AS words
FROM bucket b, LATERAL (SELECT ceil(100.0 * b.answers / greatest((SELECT max(m.answers) FROM bucket m), 1))::int AS height) AS h
ORDER BY b.n;

-- name: house_pages :many
-- The pages that took the most time since their pool started. Bars of the histogram: 14, at most 20 high.
SELECT p.pool || ' ' || p.method || ' ' || p.route AS page_key, p.pool, p.method, regexp_replace(p.route, ':[a-z]+\}', '}', 'g') AS route, c.answers, p.statuses[5] AS refused, p.statuses[6] AS failed,
       round((p.us / greatest(c.answers, 1) / 1000)::numeric, 1)::float8 AS mean_ms, round((p.database_us / greatest(c.answers, 1) / 1000)::numeric, 1)::float8 AS database_ms
FROM app.house_page p CROSS JOIN LATERAL (SELECT sum(x)::numeric AS n, sum(x)::bigint AS answers FROM unnest(p.statuses) AS x) AS c
ORDER BY p.us DESC, p.pool, p.route, p.method
LIMIT 15;

-- name: house_page_bars :many
-- The histograms of these pages, bar by bar.
SELECT p.pool || ' ' || p.method || ' ' || p.route AS page_key, ((b.n - 1) * 6)::int AS x, h.height, 20 - h.height AS y
FROM (SELECT * FROM app.house_page q ORDER BY q.us DESC, q.pool, q.route, q.method LIMIT 15) AS p
CROSS JOIN LATERAL unnest(p.buckets) WITH ORDINALITY AS b (answers, n)
CROSS JOIN LATERAL (SELECT ceil(20.0 * b.answers / greatest((SELECT max(x) FROM unnest(p.buckets) AS x), 1))::int AS height) AS h
WHERE b.answers > 0
ORDER BY page_key, b.n;
