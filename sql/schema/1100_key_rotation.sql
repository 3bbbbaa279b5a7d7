-- 1100_key_rotation: what is sealed by a business's own key, read and sealed anew when that key changes (sql/lib/112_keys.sql). Who alone
-- reads wrapped keys does that too.

SET LOCAL ROLE foyer_owner;
GRANT UPDATE (wrapped_key) ON app.client_key TO foyer_disclosure;
GRANT SELECT (tenant_id, id, client_id, body_sealed), UPDATE (body_sealed) ON app.message TO foyer_disclosure;
GRANT SELECT (tenant_id, id, body_sealed), UPDATE (body_sealed) ON app.trail_export_part, app.client_import_part TO foyer_disclosure;
GRANT SELECT (tenant_id, id, secret_sealed), UPDATE (secret_sealed) ON app.sso TO foyer_disclosure;
GRANT SELECT (tenant_id, id, url_sealed), UPDATE (url_sealed) ON app.outside_calendar TO foyer_disclosure;
RESET ROLE;
SET LOCAL ROLE foyer_auth;
GRANT SELECT (tenant_id, id, secret_sealed), UPDATE (secret_sealed) ON sec.totp TO foyer_disclosure;
GRANT SELECT (tenant_id, id, asked_sealed), UPDATE (asked_sealed) ON sec.sso_try TO foyer_disclosure;
RESET ROLE;
