-- 1010_duplicate_ways: who is there twice is found by further phones and e-mails and by guardians', too.

SET LOCAL ROLE foyer_owner;
GRANT SELECT (tenant_id, client_id, kind, value) ON app.client_contact TO foyer_disclosure;
GRANT SELECT (ended_at) ON app.client_guardian TO foyer_disclosure;
CREATE INDEX client_guardian_by_phone ON app.client_guardian (tenant_id, phone) WHERE phone IS NOT NULL;
CREATE INDEX client_guardian_by_email ON app.client_guardian (tenant_id, email) WHERE email IS NOT NULL;
RESET ROLE;
