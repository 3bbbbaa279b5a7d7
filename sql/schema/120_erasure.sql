-- 120_erasure: what must outlive a restore of an older database (opt-outs, erasures), and a note of each backup and drill.
-- Both are also lines of the list of tombstones, a file outside PostgreSQL (include/tombstone.h), which a restore replays.

-- Takes the base backup: replication and nothing else; it reads no table.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'foyer_backup') THEN
        BEGIN
            CREATE ROLE foyer_backup LOGIN REPLICATION NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- made by another database's migration a moment ago
        END;
    END IF;
END $$;

SET LOCAL ROLE foyer_owner;

-- Addresses to which a tenant sends nothing, by channel. Only a keyed hash: an opt-out outlives the client's erasure.
CREATE TABLE app.suppression (
    tenant_id    uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    channel      text COLLATE "C" NOT NULL CHECK (channel IN ('email', 'sms')),
    address_hash bytea NOT NULL CHECK (length(address_hash) = 32),
    is_out       boolean NOT NULL,  -- false: she has asked for messages again
    changed_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, channel, address_hash)
);
SELECT app.guard_table('app.suppression');
GRANT SELECT ON app.suppression TO foyer_jobs, foyer_staff;
GRANT SELECT, INSERT, UPDATE ON app.suppression TO foyer_auth;

-- A message that is not sent because of it.
ALTER TABLE app.message DROP CONSTRAINT message_state_check;
ALTER TABLE app.message ADD CONSTRAINT message_state_check
    CHECK (state IN ('kept', 'queued', 'sending', 'sent', 'failed', 'unknown', 'suppressed'));

RESET ROLE;
SET LOCAL ROLE foyer_auth;

-- Backups and drills that ended well, for whoever watches the house. The files themselves say more: docs/backup.md.
CREATE TABLE sec.backup_run (
    kind     text COLLATE "C" NOT NULL CHECK (kind IN ('backup', 'drill')),
    id       text COLLATE "C" NOT NULL CHECK (length(id) BETWEEN 1 AND 40),
    ended_at timestamptz NOT NULL,
    seconds  int NOT NULL CHECK (seconds >= 0),
    bytes    bigint NOT NULL CHECK (bytes >= 0),
    PRIMARY KEY (kind, id)
);
COMMENT ON TABLE sec.backup_run IS '@global backups and drills of the whole installation';
CREATE UNIQUE INDEX backup_run_by_time ON sec.backup_run (kind, ended_at, id);
GRANT SELECT ON sec.backup_run TO foyer_audit_reader;

RESET ROLE;
