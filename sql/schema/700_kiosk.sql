-- 700_kiosk: the studio's tablet in a client's hands, and the PIN that takes it back.

SET LOCAL ROLE foyer_auth;

-- A tablet that was handed over: whose session is set aside meanwhile (its token is nobody's until she takes the tablet back), and for which
-- link. It ends when she does, when the PIN was wrong five times, or at ends_at.
CREATE TABLE sec.kiosk (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL DEFAULT gen_random_uuid(),
    token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
    staff_id   uuid NOT NULL,
    session_id uuid NOT NULL,
    link_id    uuid NOT NULL,
    client_id  uuid NOT NULL,
    began_at   timestamptz NOT NULL DEFAULT now(),
    ends_at    timestamptz NOT NULL,
    ended_at   timestamptz,
    failures   int NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT kiosk_token_is_used_once UNIQUE (tenant_id, token_hash)
);
CREATE INDEX kiosk_by_staff ON sec.kiosk (tenant_id, staff_id);
CREATE INDEX kiosk_by_session ON sec.kiosk (tenant_id, session_id);
CREATE INDEX kiosk_by_link ON sec.kiosk (tenant_id, link_id);
CREATE INDEX kiosk_by_client ON sec.kiosk (tenant_id, client_id);

-- Four to eight digits, hashed like a password. It takes a tablet back and opens nothing else.
CREATE TABLE sec.kiosk_pin (
    tenant_id uuid NOT NULL,
    staff_id  uuid NOT NULL,
    phc       text COLLATE "C" NOT NULL,
    set_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, staff_id)
);

RESET ROLE;
ALTER TABLE sec.kiosk
    ADD FOREIGN KEY (tenant_id, staff_id) REFERENCES app.staff (tenant_id, id) ON DELETE CASCADE,
    ADD FOREIGN KEY (tenant_id, session_id) REFERENCES sec.session (tenant_id, id) ON DELETE CASCADE,
    ADD FOREIGN KEY (tenant_id, link_id) REFERENCES app.link (tenant_id, id) ON DELETE CASCADE,
    ADD FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id);
ALTER TABLE sec.kiosk_pin ADD FOREIGN KEY (tenant_id, staff_id) REFERENCES app.staff (tenant_id, id) ON DELETE CASCADE;
SELECT app.guard_table('sec.kiosk');
SELECT app.guard_table('sec.kiosk_pin');
