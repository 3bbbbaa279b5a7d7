-- 262_sso: single sign-on by OpenID Connect, one provider for a business.

SET LOCAL ROLE foyer_owner;

-- The provider. What is found out about it (its addresses and keys) is kept, so that a page never waits for it. secret_sealed: under
-- the business's key. hold_until: it did not answer a moment ago.
CREATE TABLE app.sso (
    tenant_id     uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    id            uuid NOT NULL DEFAULT gen_random_uuid(),
    label         text NOT NULL DEFAULT 'single sign-on' CONSTRAINT sso_has_a_name CHECK (length(btrim(label)) BETWEEN 1 AND 60),
    issuer        text COLLATE "C" NOT NULL CHECK (length(issuer) BETWEEN 8 AND 500),
    client_id     text COLLATE "C" NOT NULL CHECK (length(client_id) BETWEEN 1 AND 300),
    secret_sealed bytea,
    domains       text[] NOT NULL DEFAULT '{}',
    is_on         boolean NOT NULL DEFAULT false,
    is_alone      boolean NOT NULL DEFAULT false,  -- nobody but owners logs in here by other means
    authorization_endpoint text COLLATE "C",
    token_endpoint text COLLATE "C",
    jwks_uri      text COLLATE "C",
    userinfo_endpoint text COLLATE "C",
    takes_secret_in_body boolean NOT NULL DEFAULT false,
    says_iss      boolean NOT NULL DEFAULT false,
    found_at      timestamptz,
    jwks          text CHECK (length(jwks) <= 262144),
    keys_at       timestamptz,
    problem       text CHECK (length(problem) <= 300),
    hold_until    timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT sso_is_one_for_a_business UNIQUE (tenant_id)
);
COMMENT ON CONSTRAINT sso_has_a_name ON app.sso IS 'label: Say how your people call it, such as Microsoft or Google.';
SELECT app.guard_table('app.sso');
GRANT SELECT ON app.sso TO foyer_staff, foyer_jobs, foyer_auth;
GRANT SELECT (tenant_id, id, label, issuer, client_id, is_on, is_alone, authorization_endpoint, says_iss, found_at) ON app.sso TO foyer_slow;
GRANT INSERT (id, label, issuer, client_id, secret_sealed, domains, is_on, is_alone),
    UPDATE (label, issuer, client_id, secret_sealed, domains, is_on, is_alone, found_at, problem, hold_until) ON app.sso TO foyer_staff;
GRANT UPDATE (authorization_endpoint, token_endpoint, jwks_uri, userinfo_endpoint, takes_secret_in_body, says_iss, found_at, jwks, keys_at, problem, hold_until) ON app.sso TO foyer_jobs;
CREATE POLICY staff_with_settings ON app.sso AS RESTRICTIVE TO foyer_staff USING ((SELECT app.may('settings_write')));

RESET ROLE;
SET LOCAL ROLE foyer_auth;

-- Who somebody is at a provider: what binds her is (issuer, subject), never her e-mail.
CREATE TABLE sec.sso_identity (
    tenant_id uuid NOT NULL,
    issuer    text COLLATE "C" NOT NULL,
    subject   text COLLATE "C" NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
    staff_id  uuid NOT NULL,
    made_at   timestamptz NOT NULL DEFAULT now(),
    last_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, issuer, subject),
    CONSTRAINT sso_identity_is_one_for_a_person UNIQUE (tenant_id, staff_id, issuer)
);

-- One log-in on its way. The browser holds the token of which this is the hash; state, nonce and verifier follow from it.
--   begun -> asked (the code came back) -> working (a job has it) -> known (who it is) -> used (she is in); or failed.
CREATE TABLE sec.sso_try (
    tenant_id    uuid NOT NULL,
    id           uuid NOT NULL DEFAULT gen_random_uuid(),
    token_hash   bytea NOT NULL CHECK (length(token_hash) = 32),
    state        text COLLATE "C" NOT NULL DEFAULT 'begun' CHECK (state IN ('begun', 'asked', 'working', 'known', 'used', 'failed')),
    next_path    text NOT NULL DEFAULT '',
    asked_sealed bytea,
    staff_id     uuid,
    problem      text COLLATE "C",
    ip           inet,
    made_at      timestamptz NOT NULL DEFAULT now(),
    asked_at     timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT sso_try_token_is_used_once UNIQUE (tenant_id, token_hash)
);
CREATE INDEX sso_try_by_person ON sec.sso_try (tenant_id, staff_id);
CREATE INDEX sso_try_by_time ON sec.sso_try (tenant_id, made_at);

RESET ROLE;
ALTER TABLE sec.sso_identity ADD FOREIGN KEY (tenant_id, staff_id) REFERENCES app.staff (tenant_id, id) ON DELETE CASCADE;
ALTER TABLE sec.sso_try ADD FOREIGN KEY (tenant_id, staff_id) REFERENCES app.staff (tenant_id, id) ON DELETE CASCADE;
SELECT app.guard_table('sec.sso_identity');
SELECT app.guard_table('sec.sso_try');
