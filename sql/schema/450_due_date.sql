-- 450_due_date: a client may tell her due date herself (sec.due_date_told).

SET LOCAL ROLE foyer_owner;
GRANT UPDATE (due_date) ON app.client TO foyer_auth;
GRANT EXECUTE ON FUNCTION app.due_date_changed() TO foyer_auth;
RESET ROLE;
