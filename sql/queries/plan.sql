-- name: plan_of_client :many
-- Her treatment plans, those that run first, with how far each has come.
SELECT p.id,
       p.client_id,
       p.id AS plan_id,
       p.title_sealed,
       f.name AS made_by,
       (p.made_at AT TIME ZONE app.zone())::date AS made_on,
       p.ended_at IS NULL AS is_running,
       s.n_done,
       s.n_steps
FROM app.treatment_plan p
JOIN app.staff f ON f.id = p.made_by
CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE x.state = 'done') AS n_done, count(*) FILTER (WHERE x.state <> 'dropped') AS n_steps
                    FROM app.plan_step x WHERE x.plan_id = p.id AND x.client_id = p.client_id) AS s
WHERE p.client_id = ANY (app.record_ids(:client_id::uuid))
ORDER BY p.ended_at IS NOT NULL, p.made_at DESC;

-- name: plan_steps :many
-- The steps of her plans in order; the first open one is the next, and has a day from which it is due.
SELECT s.client_id, s.plan_id, s.id AS step_id, s.service_id, v.name AS service, s.after_days, app.in_words(s.state) AS state_words,
       s.state = 'open' AS is_open, s.state = 'done' AS is_done,
       CASE WHEN s.state <> 'open' THEN (s.changed_at AT TIME ZONE app.zone())::date END AS changed_on,
       n.due_on, to_char(greatest(n.due_on, app.today()), 'YYYY-MM-DD') AS book_on
FROM app.plan_step s
JOIN app.treatment_plan p ON p.id = s.plan_id AND p.client_id = s.client_id
JOIN app.service v ON v.id = s.service_id
LEFT JOIN LATERAL (
    SELECT coalesce((SELECT max(x.changed_at) FROM app.plan_step x WHERE x.plan_id = s.plan_id AND x.client_id = s.client_id AND x.state = 'done'), p.made_at)
           AT TIME ZONE app.zone() AS before) AS b ON true
LEFT JOIN LATERAL (
    SELECT b.before::date + s.after_days AS due_on
    WHERE s.state = 'open' AND p.ended_at IS NULL
      AND NOT EXISTS (SELECT FROM app.plan_step x WHERE x.plan_id = s.plan_id AND x.client_id = s.client_id AND x.state = 'open' AND x.position < s.position)) AS n ON true
WHERE s.client_id = ANY (app.record_ids(:client_id::uuid))
ORDER BY s.plan_id, s.position;

-- name: plan_next :many
-- What is next by the plans that run, for the chart.
SELECT p.id, p.client_id, p.title_sealed, v.name AS service, s.service_id, s.due_on, to_char(greatest(s.due_on, app.today()), 'YYYY-MM-DD') AS book_on
FROM app.treatment_plan p
LEFT JOIN LATERAL (
    SELECT x.service_id,
           (coalesce((SELECT max(d.changed_at) FROM app.plan_step d WHERE d.plan_id = p.id AND d.client_id = p.client_id AND d.state = 'done'), p.made_at)
            AT TIME ZONE app.zone())::date + x.after_days AS due_on
    FROM app.plan_step x
    WHERE x.plan_id = p.id AND x.client_id = p.client_id AND x.state = 'open'
    ORDER BY x.position
    LIMIT 1) AS s ON true
LEFT JOIN app.service v ON v.id = s.service_id
WHERE p.client_id = ANY (app.record_ids(:client_id::uuid)) AND p.ended_at IS NULL
ORDER BY p.made_at;

-- name: plan_add :one
-- A plan of so many visits of a service, so many days apart; the first is due at once.
-- seals: treatment_plan
WITH made AS (
    INSERT INTO app.treatment_plan (id, client_id, title_sealed) VALUES (:new_id::uuid, :client_id::uuid, :title_sealed::bytea) RETURNING id, client_id
), steps AS (
    INSERT INTO app.plan_step (client_id, plan_id, position, service_id, after_days)
    SELECT m.client_id, m.id, g, :service_id::uuid, CASE WHEN g = 1 THEN 0 ELSE coalesce(:every_days::int, 28) END
    FROM made m CROSS JOIN generate_series(1, coalesce(:visits::int, 1)) AS g
)
SELECT m.client_id FROM made m;

-- name: plan_step_add :one
-- One more step, at the end.
INSERT INTO app.plan_step AS s (client_id, plan_id, position, service_id, after_days)
SELECT p.client_id, p.id, coalesce((SELECT max(x.position) FROM app.plan_step x WHERE x.plan_id = p.id), 0) + 1, :service_id::uuid, coalesce(:every_days::int, 28)
FROM app.treatment_plan p
WHERE p.id = :plan_id::uuid AND p.client_id = :client_id::uuid AND p.ended_at IS NULL
RETURNING s.client_id;

-- name: plan_step_state :one
-- A step was done, is dropped, or is open again.
UPDATE app.plan_step s SET state = :state, changed_at = now(), changed_by = app.actor()
WHERE s.id = :step_id::uuid AND s.plan_id = :plan_id::uuid AND s.client_id = :client_id::uuid
RETURNING s.client_id;

-- name: plan_end :one
-- The plan is over; it stays.
UPDATE app.treatment_plan p SET ended_at = now() WHERE p.id = :plan_id::uuid AND p.client_id = :client_id::uuid AND p.ended_at IS NULL RETURNING p.client_id;
