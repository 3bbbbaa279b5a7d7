-- 100_site: what the marketing site takes in, and the keys that make a form count once.

SET LOCAL ROLE foyer_owner;

-- Somebody asks to see the product. These rows belong to the operator's tenant.
CREATE TABLE app.demo_request (
    tenant_id  uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    id         uuid NOT NULL DEFAULT gen_random_uuid(),
    name       text NOT NULL CONSTRAINT demo_request_has_a_name CHECK (length(btrim(name)) BETWEEN 1 AND 120),
    email      text COLLATE "C" NOT NULL CONSTRAINT demo_request_email_looks_like_one CHECK (email ~ '^[^@[:space:]]{1,64}@[^@[:space:]]{1,190}$'),
    phone      text COLLATE "C" CONSTRAINT demo_request_phone_is_short CHECK (length(phone) <= 40),
    spa_name   text NOT NULL CONSTRAINT demo_request_names_the_business CHECK (length(btrim(spa_name)) BETWEEN 1 AND 160),
    locations  int NOT NULL CONSTRAINT demo_request_counts_locations CHECK (locations BETWEEN 1 AND 10000),
    providers  int NOT NULL CONSTRAINT demo_request_counts_providers CHECK (providers BETWEEN 1 AND 100000),
    platform   text NOT NULL CONSTRAINT demo_request_names_the_platform CHECK (length(btrim(platform)) BETWEEN 1 AND 120),
    message    text CONSTRAINT demo_request_message_is_short CHECK (length(message) <= 4000),
    state      text COLLATE "C" NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'scheduled', 'quoted', 'won', 'lost')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
COMMENT ON CONSTRAINT demo_request_has_a_name ON app.demo_request IS 'name: Tell us your name.';
COMMENT ON CONSTRAINT demo_request_email_looks_like_one ON app.demo_request IS 'email: This does not look like an e-mail address.';
COMMENT ON CONSTRAINT demo_request_phone_is_short ON app.demo_request IS 'phone: This phone number is too long.';
COMMENT ON CONSTRAINT demo_request_names_the_business ON app.demo_request IS 'spa_name: Tell us the name of your business.';
COMMENT ON CONSTRAINT demo_request_counts_locations ON app.demo_request IS 'locations: Give a number of 1 or more.';
COMMENT ON CONSTRAINT demo_request_counts_providers ON app.demo_request IS 'providers: Give a number of 1 or more.';
COMMENT ON CONSTRAINT demo_request_names_the_platform ON app.demo_request IS 'platform: Tell us what you use today.';
COMMENT ON CONSTRAINT demo_request_message_is_short ON app.demo_request IS 'message: Keep it under 4,000 characters.';
CREATE INDEX demo_request_by_time ON app.demo_request (tenant_id, created_at);
SELECT app.guard_table('app.demo_request');

-- One row per form that was sent: the same key and body give the same answer.
CREATE TABLE app.idem (
    tenant_id uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    key       text COLLATE "C" NOT NULL CHECK (length(key) BETWEEN 16 AND 100),
    body_sha  bytea NOT NULL CHECK (length(body_sha) = 32),
    route     text COLLATE "C" NOT NULL,
    location  text COLLATE "C",
    at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, key)
);
CREATE INDEX idem_by_time ON app.idem (tenant_id, at);
SELECT app.guard_table('app.idem');

GRANT INSERT (id, name, email, phone, spa_name, locations, providers, platform, message) ON app.demo_request TO foyer_public;
GRANT SELECT, UPDATE (state), DELETE ON app.demo_request TO foyer_staff;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.idem TO foyer_auth;
GRANT SELECT ON app.demo_request TO foyer_jobs;
GRANT SELECT, DELETE ON app.demo_request TO foyer_auth;
CREATE POLICY operators_only ON app.demo_request AS RESTRICTIVE TO foyer_staff USING ((SELECT app.may('demo_read')));
CREATE POLICY only_the_operators ON app.demo_request AS RESTRICTIVE FOR INSERT TO foyer_public
    WITH CHECK (EXISTS (SELECT FROM app.tenant t WHERE t.id = tenant_id AND t.realm = 'operator'));

RESET ROLE;
