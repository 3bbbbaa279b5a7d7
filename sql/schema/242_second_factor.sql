-- 242_second_factor: what a person logs in with besides her password (an app's codes, passkeys, recovery codes), the ticket between
-- the two stages of a log-in, and asking for a colleague's second factors to be taken away.

SET LOCAL ROLE foyer_auth;

-- Codes of an app (RFC 6238). One that counts, and beside it at most one that is being set up. The secret is sealed under the business's
-- key. last_step: the 30 seconds whose code was used last; no step is used twice.
CREATE TABLE sec.totp (
    tenant_id     uuid NOT NULL,
    id            uuid NOT NULL,
    staff_id      uuid NOT NULL,
    secret_sealed bytea NOT NULL,
    made_at       timestamptz NOT NULL DEFAULT now(),
    confirmed_at  timestamptz,
    last_step     bigint NOT NULL DEFAULT 0,
    last_used_at  timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX totp_in_use_is_one ON sec.totp (tenant_id, staff_id) WHERE confirmed_at IS NOT NULL;
CREATE UNIQUE INDEX totp_being_set_up_is_one ON sec.totp (tenant_id, staff_id) WHERE confirmed_at IS NULL;

-- Passkeys (WebAuthn). algorithm: COSE, -7 ES256, -8 EdDSA, -257 RS256; public_key: as libfido2 keeps it.
CREATE TABLE sec.passkey (
    tenant_id     uuid NOT NULL,
    id            uuid NOT NULL,
    staff_id      uuid NOT NULL,
    credential_id bytea NOT NULL CHECK (length(credential_id) BETWEEN 1 AND 1023),
    algorithm     int NOT NULL CHECK (algorithm IN (-7, -8, -257)),
    public_key    bytea NOT NULL,
    sign_count    bigint NOT NULL DEFAULT 0,
    name          text NOT NULL CONSTRAINT passkey_has_a_name CHECK (length(btrim(name)) BETWEEN 1 AND 60),
    is_synced     boolean NOT NULL DEFAULT false,
    made_at       timestamptz NOT NULL DEFAULT now(),
    last_used_at  timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT passkey_is_known_once UNIQUE (tenant_id, credential_id)
);
COMMENT ON CONSTRAINT passkey_has_a_name ON sec.passkey IS 'name: Give it a name of 1 to 60 characters.';
COMMENT ON CONSTRAINT passkey_is_known_once ON sec.passkey IS 'name: This passkey is known here already.';
CREATE INDEX passkey_by_staff ON sec.passkey (tenant_id, staff_id);

-- Ten codes for the day when all else is lost; each works once, and only its hash is kept (the code itself has 120 random bits).
CREATE TABLE sec.recovery_code (
    tenant_id uuid NOT NULL,
    staff_id  uuid NOT NULL,
    code_hash bytea NOT NULL CHECK (length(code_hash) = 32),
    made_at   timestamptz NOT NULL DEFAULT now(),
    used_at   timestamptz,
    PRIMARY KEY (tenant_id, staff_id, code_hash)
);

-- Between the stages of a log-in: the password was right (staff_id), or somebody is about to show a passkey (staff_id NULL). It is no
-- session and opens no page. challenge: what the passkey must sign, once.
CREATE TABLE sec.login_ticket (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL DEFAULT gen_random_uuid(),
    token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
    staff_id   uuid,
    made_at    timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL DEFAULT now() + interval '10 minutes',
    ended_at   timestamptz,
    fails      int NOT NULL DEFAULT 0,
    challenge  bytea,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT login_ticket_token_is_used_once UNIQUE (tenant_id, token_hash)
);
CREATE INDEX login_ticket_by_staff ON sec.login_ticket (tenant_id, staff_id);

-- What a passkey must sign for somebody who is logged in: to be added ('add'), or to confirm that it is she ('confirm'). Once.
CREATE TABLE sec.passkey_challenge (
    tenant_id  uuid NOT NULL,
    session_id uuid NOT NULL,
    purpose    text COLLATE "C" NOT NULL CHECK (purpose IN ('add', 'confirm')),
    challenge  bytea NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, session_id, purpose)
);

-- Somebody lost her second factors: one of the staff asks that they be taken away, a second one does it, if there is a second one.
CREATE TABLE sec.factor_reset (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL DEFAULT gen_random_uuid(),
    staff_id   uuid NOT NULL,
    asked_by   uuid NOT NULL,
    reason     text NOT NULL CONSTRAINT factor_reset_has_a_reason CHECK (length(btrim(reason)) BETWEEN 10 AND 300),
    asked_at   timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL DEFAULT now() + interval '24 hours',
    done_by    uuid,
    ended_at   timestamptz,
    PRIMARY KEY (tenant_id, id)
);
COMMENT ON CONSTRAINT factor_reset_has_a_reason ON sec.factor_reset IS 'reason: Say in 10 to 300 characters why.';
CREATE INDEX factor_reset_by_staff ON sec.factor_reset (tenant_id, staff_id);
CREATE INDEX factor_reset_by_asker ON sec.factor_reset (tenant_id, asked_by);
CREATE INDEX factor_reset_by_doer ON sec.factor_reset (tenant_id, done_by);
CREATE UNIQUE INDEX factor_reset_is_asked_once ON sec.factor_reset (tenant_id, staff_id) WHERE ended_at IS NULL;

RESET ROLE;
ALTER TABLE sec.totp ADD FOREIGN KEY (tenant_id, staff_id) REFERENCES app.staff (tenant_id, id) ON DELETE CASCADE;
ALTER TABLE sec.passkey ADD FOREIGN KEY (tenant_id, staff_id) REFERENCES app.staff (tenant_id, id) ON DELETE CASCADE;
ALTER TABLE sec.recovery_code ADD FOREIGN KEY (tenant_id, staff_id) REFERENCES app.staff (tenant_id, id) ON DELETE CASCADE;
ALTER TABLE sec.login_ticket ADD FOREIGN KEY (tenant_id, staff_id) REFERENCES app.staff (tenant_id, id) ON DELETE CASCADE;
ALTER TABLE sec.passkey_challenge ADD FOREIGN KEY (tenant_id, session_id) REFERENCES sec.session (tenant_id, id) ON DELETE CASCADE;
ALTER TABLE sec.factor_reset ADD FOREIGN KEY (tenant_id, staff_id) REFERENCES app.staff (tenant_id, id) ON DELETE CASCADE,
    ADD FOREIGN KEY (tenant_id, asked_by) REFERENCES app.staff (tenant_id, id) ON DELETE CASCADE,
    ADD FOREIGN KEY (tenant_id, done_by) REFERENCES app.staff (tenant_id, id) ON DELETE CASCADE;
SELECT app.guard_table('sec.totp');
SELECT app.guard_table('sec.passkey');
SELECT app.guard_table('sec.recovery_code');
SELECT app.guard_table('sec.login_ticket');
SELECT app.guard_table('sec.passkey_challenge');
SELECT app.guard_table('sec.factor_reset');

-- ---- what a request reads of this in one row: staff.has_mfa (staff.needs_mfa follows from the roles: 240_reach) ----

SET LOCAL ROLE foyer_auth;
CREATE FUNCTION sec.factors_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    whose uuid := CASE TG_OP WHEN 'DELETE' THEN OLD.staff_id ELSE NEW.staff_id END;
    has boolean;
BEGIN
    has := EXISTS (SELECT FROM sec.totp k WHERE k.tenant_id = app.tenant() AND k.staff_id = whose AND k.confirmed_at IS NOT NULL)
        OR EXISTS (SELECT FROM sec.passkey k WHERE k.tenant_id = app.tenant() AND k.staff_id = whose);
    UPDATE app.staff f SET has_mfa = has WHERE f.tenant_id = app.tenant() AND f.id = whose AND f.has_mfa <> has;
    RETURN NULL;
END $$;
CREATE TRIGGER totp_changes_has_mfa AFTER INSERT OR DELETE OR UPDATE OF confirmed_at ON sec.totp FOR EACH ROW EXECUTE FUNCTION sec.factors_changed();
CREATE TRIGGER passkey_changes_has_mfa AFTER INSERT OR DELETE ON sec.passkey FOR EACH ROW EXECUTE FUNCTION sec.factors_changed();

RESET ROLE;
SET LOCAL ROLE foyer_owner;

-- A role of the operator's realm asks for a second factor, whatever was said when it was made or changed.
CREATE FUNCTION app.role_of_operator_needs_mfa() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF (SELECT t.realm FROM app.tenant t WHERE t.id = NEW.tenant_id) = 'operator' THEN
        NEW.needs_mfa := true;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER role_of_operator_needs_mfa BEFORE INSERT OR UPDATE ON app.role FOR EACH ROW EXECUTE FUNCTION app.role_of_operator_needs_mfa();

RESET ROLE;
-- What a log-in gives back has one column more (sql/lib/020_login.sql makes it anew).
DROP FUNCTION IF EXISTS sec.login_done(text, text, uuid, boolean, bytea, text, inet, text, uuid);

-- The operators of an installation that is older than this, each in her own business.
DO $$
DECLARE
    t uuid;
BEGIN
    FOR t IN SELECT id FROM app.tenant WHERE realm = 'operator' LOOP
        PERFORM set_config('foyer.tenant_id', t::text, true);
        UPDATE app.role SET needs_mfa = true WHERE tenant_id = t;
    END LOOP;
    PERFORM set_config('foyer.tenant_id', '', true);
END $$;
