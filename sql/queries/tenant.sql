-- name: tenant_list :page 100
-- The businesses of this installation, for the operator: facts and counts. needs_a_look: something of its health is not as it should be.
-- clients: none
SELECT b.slug AS business, b.name AS business_name, b.kind, b.created_at AS since, b.people, b.locations, b.messages_today, b.messages_per_day,
       b.plan, b.last_active_at AS active_at, b.suspended_at IS NOT NULL AS is_suspended, b.support_waits, b.support_until IS NOT NULL AS is_support_open,
       b.is_stopped OR b.sealing_lag >= 60 OR b.jobs_dead > 0 OR b.messages_held > 0 OR b.messages_failed > 0 AS needs_a_look
FROM app.businesses(NULL, :page_limit::int, :page_offset::int) b;

-- name: tenant_one :one
-- One business.
-- clients: none
SELECT b.slug AS business, b.name AS business_name, b.kind, b.country, app.zone_words(b.zone) AS zone_words, b.plan, b.created_at AS since, b.suspended_at,
       b.suspended_why, b.people, b.locations, b.messages_today, b.messages_per_day AS per_day, b.last_active_at AS active_at,
       b.sealing_lag, b.is_stopped, b.is_stopped OR b.sealing_lag >= 60 AS is_sealing_late, b.jobs_dead, b.messages_held, b.messages_failed, b.support_waits
FROM app.businesses(:business, 1, 0) b;

-- name: tenant_owners :many
-- Who owns it, so that an operator can reach them.
-- clients: none
SELECT o.name AS owner_name, o.email AS owner_email
FROM app.business_owners(:business) o;

-- name: tenant_support :many
-- What support was asked for there. can_enter: it is open and hers who asks.
-- clients: none
SELECT g.id AS asked_grant, g.asked_name, g.reason, g.hours, app.support_sees_words(g.permissions) AS sees, app.support_state_words(g.state) AS state_words,
       g.state = 'open' AS is_open, g.state = 'asked' AS is_waiting, g.state IN ('asked', 'open') AS can_give_back,
       g.state = 'open' AND g.asked_by = app.actor() AS can_enter, g.asked_at, g.ends_at, g.entered_at, g.ended_at, g.ended_by = 'studio' AS is_ended_there
FROM app.business_support(:business) g;

-- name: tenant_messages :one
-- How many messages the business may send in a day.
SELECT :business::text AS business FROM sec.business_messages(:business, :per_day::int);

-- name: tenant_suspend :one
-- Closes its pages.
SELECT :business::text AS business FROM sec.business_suspend(:business, :why);

-- name: tenant_resume :one
-- Opens them again.
SELECT :business::text AS business FROM sec.business_suspend(:business, NULL);
