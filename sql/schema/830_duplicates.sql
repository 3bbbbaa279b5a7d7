-- 830_duplicates: who may be there twice is asked by index: same name and date of birth, same address as it is compared.

SET LOCAL ROLE foyer_owner;
CREATE INDEX client_by_birth ON app.client (tenant_id, birth_date, name_norm);
GRANT SELECT (email_norm) ON app.client TO foyer_disclosure;
RESET ROLE;
