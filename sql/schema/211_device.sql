-- 211_device: the browsers that somebody has logged in with, each known by a cookie of its own.

SET LOCAL ROLE foyer_auth;

-- One row for a person and a browser (a desk's computer that three people share has three). The cookie proves nothing about who
-- somebody is; it tells a browser that has come in before from one that has not.
CREATE TABLE sec.device (
    tenant_id     uuid NOT NULL,
    id            uuid NOT NULL DEFAULT gen_random_uuid(),
    staff_id      uuid NOT NULL,
    token_hash    bytea NOT NULL CHECK (length(token_hash) = 32),
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT device_is_known_once UNIQUE (tenant_id, staff_id, token_hash)
);
ALTER TABLE sec.session ADD COLUMN device_id uuid;
CREATE INDEX session_by_device ON sec.session (tenant_id, device_id);

RESET ROLE;
ALTER TABLE sec.device ADD FOREIGN KEY (tenant_id, staff_id) REFERENCES app.staff (tenant_id, id) ON DELETE CASCADE;
ALTER TABLE sec.session ADD FOREIGN KEY (tenant_id, device_id) REFERENCES sec.device (tenant_id, id) ON DELETE SET NULL (device_id);
SELECT app.guard_table('sec.device');
