-- 810_carried: which messages led to a signed form.

SET LOCAL ROLE foyer_owner;

-- Which link a message carries, and by which link another was opened (from a visit's page to its forms): the certificate of a signed form
-- names the messages that led to it.
ALTER TABLE app.link ADD COLUMN from_link uuid DEFAULT nullif(current_setting('foyer.link_id', true), '')::uuid,
    ADD FOREIGN KEY (tenant_id, from_link) REFERENCES app.link (tenant_id, id);
CREATE INDEX link_by_origin ON app.link (tenant_id, from_link);
GRANT SELECT (from_link) ON app.link TO foyer_jobs;
ALTER TABLE app.message ADD COLUMN link_id uuid, ADD FOREIGN KEY (tenant_id, link_id) REFERENCES app.link (tenant_id, id);
CREATE INDEX message_by_link ON app.message (tenant_id, link_id);
GRANT INSERT (link_id) ON app.message TO foyer_staff, foyer_public, foyer_slow, foyer_jobs;

RESET ROLE;
