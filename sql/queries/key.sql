-- name: key_places :many
-- Where something may be sealed by the business's own key.
-- clients: none
SELECT p.place, p.in_schema || '.' || p.in_table || '|' || p.sealed_column AS sealed_as, p.place = 'app.client_key' AS is_client_key
FROM app.own_sealed_places() AS p;

-- name: key_sealed :many
-- Some values that a key of before sealed.
-- clients: none
SELECT v.row_id, v.sealed FROM app.own_sealed(:place, :old_key::bytea, :after_row::uuid) AS v;

-- name: key_sealed_anew :one
-- The same under the new key.
-- clients: none
SELECT app.own_sealed_anew(:place, :row_ids::uuid[], :was::bytea[], :again::bytea[]) AS n_done;

-- name: key_look_again :one
-- There is more to do: at the end of the row of jobs.
-- clients: none
SELECT sec.key_look();

-- name: key_backup_age :one
-- How old the newest backup is, in seconds; -1: there are none.
-- clients: none
SELECT w.backup_age_seconds FROM audit.watch_backups() AS w;

-- name: key_destroy_note :one
-- A key of before is about to be destroyed.
-- clients: none
SELECT sec.key_destroy_note(:old_key::bytea);
