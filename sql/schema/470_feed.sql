-- 470_feed: private calendar feeds of the staff.

SET LOCAL ROLE foyer_auth;

-- An address (/feed/TOKEN.ics) under which calendar programs read one person's own visits; known by the hash of its token only. It
-- says "Busy", the time and the place; with has_details also the service and the client's initial. hour_at, hour_reads: how often it
-- was read in that hour.
CREATE TABLE sec.feed (
    tenant_id   uuid NOT NULL,
    id          uuid NOT NULL DEFAULT gen_random_uuid(),
    staff_id    uuid NOT NULL,
    name        text NOT NULL CONSTRAINT feed_has_a_name CHECK (length(btrim(name)) BETWEEN 1 AND 60),
    has_details boolean NOT NULL DEFAULT false,
    token_hash  bytea NOT NULL CHECK (length(token_hash) = 32),
    created_at  timestamptz NOT NULL DEFAULT now(),
    revoked_at  timestamptz,
    read_at     timestamptz,
    read_from   inet,
    hour_at     timestamptz,
    hour_reads  int NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT feed_token_is_used_once UNIQUE (tenant_id, token_hash)
);
COMMENT ON CONSTRAINT feed_has_a_name ON sec.feed IS 'name: Give a name of at most 60 characters.';
CREATE INDEX feed_by_staff ON sec.feed (tenant_id, staff_id);

RESET ROLE;
ALTER TABLE sec.feed ADD FOREIGN KEY (tenant_id, staff_id) REFERENCES app.staff (tenant_id, id) ON DELETE CASCADE;
SELECT app.guard_table('sec.feed');
