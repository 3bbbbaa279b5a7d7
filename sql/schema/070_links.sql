-- 070_links: links with a token, which stand for one client and one purpose.

SET LOCAL ROLE foyer_owner;

CREATE TABLE app.link (
    tenant_id      uuid NOT NULL DEFAULT app.tenant(),
    id             uuid NOT NULL DEFAULT gen_random_uuid(),
    purpose        text COLLATE "C" NOT NULL CHECK (purpose IN ('manage', 'form')),
    client_id      uuid NOT NULL,
    appointment_id uuid,
    token_hash     bytea NOT NULL CHECK (length(token_hash) = 32),
    second_factor  text COLLATE "C" NOT NULL DEFAULT 'birth_date' CHECK (second_factor IN ('birth_date', 'none')),
    expires_at     timestamptz NOT NULL,
    uses_left      int CHECK (uses_left >= 0),
    failures       int NOT NULL DEFAULT 0,
    locked_at      timestamptz,
    revoked_at     timestamptz,
    created_at     timestamptz NOT NULL DEFAULT now(),
    created_by     uuid DEFAULT app.actor(),
    made_in        xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id, appointment_id) REFERENCES app.appointment (tenant_id, client_id, id),
    FOREIGN KEY (tenant_id, created_by) REFERENCES app.staff (tenant_id, id),
    CONSTRAINT link_token_is_used_once UNIQUE (tenant_id, token_hash)
);
CREATE INDEX link_by_client ON app.link (tenant_id, client_id, appointment_id);
CREATE INDEX link_by_creator ON app.link (tenant_id, created_by);
SELECT app.guard_table('app.link');
ALTER TABLE app.signature ADD CONSTRAINT signature_came_by_a_link FOREIGN KEY (tenant_id, link_id) REFERENCES app.link (tenant_id, id);
CREATE INDEX signature_by_link ON app.signature (tenant_id, link_id);

GRANT SELECT (tenant_id, id, purpose, client_id, appointment_id, second_factor, expires_at, uses_left, failures, locked_at, revoked_at, created_at, created_by)
    ON app.link TO foyer_staff, foyer_public, foyer_jobs;
GRANT UPDATE (revoked_at) ON app.link TO foyer_staff;
GRANT SELECT, INSERT, UPDATE ON app.link TO foyer_auth;
CREATE POLICY staff_may_see ON app.link AS RESTRICTIVE TO foyer_staff
    USING ((SELECT app.may('message_read')) OR (SELECT app.may('message_write')))
    WITH CHECK ((SELECT app.may('message_write')));
CREATE POLICY own_client ON app.link AS RESTRICTIVE TO foyer_public USING (client_id = (SELECT app.own_client()));

RESET ROLE;
SET LOCAL ROLE foyer_auth;

-- A browser that followed a link and passed the second factor.
CREATE TABLE sec.link_session (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL DEFAULT gen_random_uuid(),
    link_id    uuid NOT NULL,
    token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
    proven_at  timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    ip         inet,
    agent      text,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT link_session_token_is_used_once UNIQUE (tenant_id, token_hash)
);
CREATE INDEX link_session_by_link ON sec.link_session (tenant_id, link_id);

RESET ROLE;
ALTER TABLE sec.link_session ADD FOREIGN KEY (tenant_id, link_id) REFERENCES app.link (tenant_id, id) ON DELETE CASCADE;
SELECT app.guard_table('sec.link_session');
