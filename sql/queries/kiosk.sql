-- name: kiosk_desk :one
-- Opens a client's forms at the desk, in this browser.
SELECT sec.spot_open(:new_id::uuid, :client_id::uuid, 'desk', :link_bytes::bytea, :seen_birth::date, :seen_adult::boolean) AS client_id;

-- name: kiosk_begin :one
-- Hands the tablet over to a client.
SELECT sec.kiosk_begin(:new_id::uuid, :client_id::uuid, :link_bytes::bytea, :kiosk_bytes::bytea, :seen_birth::date, :seen_adult::boolean) AS client_id;

-- name: kiosk_state :maybe
-- Who takes this tablet back.
SELECT k.staff_name, k.has_pin, k.tries_left FROM sec.kiosk_state(:kiosk_bytes::bytea) k;

-- name: kiosk_done :exec
-- The client's part is over.
SELECT sec.spot_done();

-- name: kiosk_lookup :maybe
-- What a PIN or password is compared with.
SELECT k.pin_phc, k.password_phc FROM sec.kiosk_lookup(:kiosk_bytes::bytea) k;

-- name: kiosk_leave :one
-- Takes the tablet back, or counts a wrong try.
SELECT k.is_ok, k.is_over, k.tries_left, k.client_id AS back_to FROM sec.kiosk_leave(:kiosk_bytes::bytea, :is_right::boolean, :session_bytes::bytea) k;

-- name: kiosk_pin :one
-- Since when she has a PIN.
SELECT sec.kiosk_pin_since() AT TIME ZONE app.zone() AS since;

-- name: kiosk_pin_set :exec
-- Sets it.
SELECT sec.kiosk_pin_set(:phc);
