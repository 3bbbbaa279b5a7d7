-- 131_house: how the installation was, minute by minute, for the operator's page. Counters only: nothing of a request,
-- a client or a business.

SET LOCAL ROLE foyer_owner;

INSERT INTO app.permission (name, meaning) VALUES ('house_read', 'operator: see how the installation is');

-- One row a minute, written by the jobs. Counters are those of the pools since they started.
CREATE TABLE app.house_sample (
    at            timestamptz PRIMARY KEY,
    answers       bigint NOT NULL,
    failed        bigint NOT NULL,
    us            bigint NOT NULL,
    database_us   bigint NOT NULL,
    due           bigint NOT NULL,
    running       bigint NOT NULL,
    dead          bigint NOT NULL,
    oldest_due    bigint NOT NULL,
    unsent_mail   bigint NOT NULL,
    sealing_lag   bigint NOT NULL,
    stopped       bigint NOT NULL,
    heads_unsent  bigint,
    heads_failing bigint NOT NULL
);
COMMENT ON TABLE app.house_sample IS '@global how the installation was at a minute';

-- How each pool is, as last seen.
CREATE TABLE app.house_pool (
    pool       text COLLATE "C" PRIMARY KEY,
    seen_at    timestamptz NOT NULL,
    is_up      boolean NOT NULL,
    version    text NOT NULL,
    started_at timestamptz NOT NULL,
    idle       int NOT NULL,
    busy       int NOT NULL,
    starting   int NOT NULL,
    deaths     bigint NOT NULL,
    reloads    bigint NOT NULL
);
COMMENT ON TABLE app.house_pool IS '@global the pools of workers';

-- What each page of the table has cost since its pool started.
CREATE TABLE app.house_page (
    pool        text COLLATE "C" NOT NULL,
    method      text COLLATE "C" NOT NULL,
    route       text COLLATE "C" NOT NULL,
    seen_at     timestamptz NOT NULL,
    statuses    bigint[] NOT NULL CHECK (cardinality(statuses) = 6),
    buckets     bigint[] NOT NULL CHECK (cardinality(buckets) = 14),
    us          bigint NOT NULL,
    database_us bigint NOT NULL,
    PRIMARY KEY (pool, method, route)
);
COMMENT ON TABLE app.house_page IS '@global requests by page, with how long they took';

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['house_sample', 'house_pool', 'house_page'] LOOP
        EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY operators_only ON app.%I FOR SELECT TO foyer_staff USING ((SELECT app.may(''house_read'')))', t);
        EXECUTE format('GRANT SELECT ON app.%I TO foyer_staff', t);
    END LOOP;
END $$;

RESET ROLE;

-- The operators of installations that exist already. Row security is forced, so each tenant is entered.
DO $$
DECLARE
    r record;
    n bigint := 0;
BEGIN
    FOR r IN SELECT o.tenant_id, o.id FROM app.role o JOIN app.tenant t ON t.id = o.tenant_id WHERE t.realm = 'operator' AND o.slug = 'operator' LOOP
        PERFORM set_config('foyer.tenant_id', r.tenant_id::text, true);
        INSERT INTO app.role_permission (tenant_id, role_id, permission) VALUES (r.tenant_id, r.id, 'house_read');
        n := n + 1;
    END LOOP;
    IF n <> (SELECT count(*) FROM app.role_permission WHERE permission = 'house_read') THEN
        RAISE EXCEPTION 'the operators did not get their permission';
    END IF;
    PERFORM set_config('foyer.tenant_id', '', true);
END $$;
