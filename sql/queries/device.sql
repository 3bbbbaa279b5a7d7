-- name: device_seen :one
-- The browser that the session of this transaction was opened in; is_new: she is to be told of it.
-- clients: none
SELECT d.is_new, d.staff_id, d.session_id, d.staff_name, d.to_address, d.how, d.agent, d.address, d.seen_local, d.zone
FROM sec.device_seen(:device::bytea) d;
