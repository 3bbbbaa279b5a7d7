-- 028_signup: a business comes by itself (PROMISES B03). What was typed waits at the operator's, with a link in a mail; once that is
-- confirmed, a job makes the key and then the business, for the pools of the web cannot write keys. Owner: foyer_auth.

SET LOCAL ROLE foyer_auth;

-- A business's name as it could stand in an address: the first free one.
CREATE OR REPLACE FUNCTION sec.slug_for(business text) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    base text := coalesce(nullif(btrim(left(replace(app.norm(business), ' ', '-'), 32), '-'), ''), 'studio');
BEGIN
    base := coalesce(nullif(btrim(regexp_replace(base, '[^a-z0-9-]', '', 'g'), '-'), ''), 'studio');
    FOR n IN 1..500 LOOP
        IF sec.slug_is_free(base || CASE WHEN n > 1 THEN '-' || n ELSE '' END) THEN
            RETURN base || CASE WHEN n > 1 THEN '-' || n ELSE '' END;
        END IF;
    END LOOP;
    RETURN base || '-' || left(gen_random_uuid()::text, 8);
END $$;

-- Not taken, not wanted by another who has confirmed, and none of those that a visitor would take for the house's own.
CREATE OR REPLACE FUNCTION sec.slug_is_free(wanted text) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    SELECT wanted NOT IN ('www', 'static', 'api', 'ops', 'mail', 'admin', 'login', 'support', 'help', 'status', 'security', 'demo', 'foyer')
           AND NOT EXISTS (SELECT FROM sec.site s WHERE s.slug = wanted COLLATE "C")
           AND NOT EXISTS (SELECT FROM sec.signup g WHERE g.tenant_id = app.tenant() AND g.slug = wanted COLLATE "C")
$$;

-- The countries that a business may be in.
CREATE OR REPLACE FUNCTION sec.countries() RETURNS TABLE (code text, country_name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT c.code, c.name FROM app.country c ORDER BY c.name $$;

-- Somebody fills in the form on the public site. is_new: a mail goes out; not when too many went to that address within the hour,
-- and the answer is the same then.
CREATE OR REPLACE FUNCTION sec.signup_ask(name text, email text, phc text, business text, kind text, street text, city text, region text, postal_code text, country text, zone text,
                                          phone text, token bytea, ip inet) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    by_address bytea := sec.throttle_key('signup', lower(btrim(email)));
    number text := app.phone_e164(phone, country);
    made uuid := gen_random_uuid();
BEGIN
    IF NOT EXISTS (SELECT FROM app.tenant t WHERE t.id = app.tenant() AND t.realm = 'operator') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    PERFORM sec.count_try('signup', ip, 5);
    IF NOT EXISTS (SELECT FROM app.country c WHERE c.code = country) THEN
        RAISE EXCEPTION 'Please choose one of the list.' USING ERRCODE = 'FY422', COLUMN = 'country_code';
    END IF;
    IF number IS NULL THEN
        RAISE EXCEPTION '%', CASE WHEN btrim(phone) LIKE '+%' THEN 'Please check this phone number.'
            ELSE 'Please check this phone number: write it with the area code, or as from abroad, with + and the code of the country.' END
            USING ERRCODE = 'FY422', COLUMN = 'phone';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_timezone_names z WHERE z.name = zone) OR zone !~ '/' OR zone ~ '^(Etc|posix|right|SystemV|US|Canada|Brazil|Chile|Mexico)/' THEN
        RAISE EXCEPTION 'Please choose one of the list.' USING ERRCODE = 'FY422', COLUMN = 'time_zone';
    END IF;
    IF sec.throttle_wait(by_address, 3) > 0 THEN
        RETURN false;
    END IF;
    PERFORM sec.throttle_fail(by_address);
    INSERT INTO sec.signup (tenant_id, id, name, email, phc, business, kind, street, city, region, postal_code, country, zone, phone)
    VALUES (app.tenant(), made, btrim(name), btrim(email), phc, btrim(business), kind, btrim(street), btrim(city), coalesce(btrim(region), ''), coalesce(btrim(postal_code), ''),
            country, zone, number);
    PERFORM sec.account_token_new('signup', NULL, btrim(email), token, interval '1 day', made, NULL);
    PERFORM sec.note('signup.ask', 'ok', NULL, '{}', 'signup', made);
    RETURN true;
END $$;

-- What the link's page shows: before it is confirmed, while the business is being made, and when it is there. Uses nothing up.
CREATE OR REPLACE FUNCTION sec.signup_look(token bytea)
RETURNS TABLE (person text, email text, business text, slug text, is_open boolean, is_made boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT g.name, g.email, g.business, coalesce(g.slug, sec.slug_for(g.business)), g.confirmed_at IS NULL, g.made_at IS NOT NULL
    FROM sec.account_token k
    JOIN sec.signup g ON g.tenant_id = k.tenant_id AND g.id = k.subject_id
    WHERE k.tenant_id = app.tenant() AND k.kind = 'signup' AND k.token_hash = sha256(token) AND k.expires_at > now();
    IF NOT FOUND THEN
        RAISE EXCEPTION 'link is over' USING ERRCODE = 'FY410';
    END IF;
END $$;

-- The hash of the password that was chosen in the form, while it waits for its click: always one row.
CREATE OR REPLACE FUNCTION sec.signup_secret(token bytea) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce((
        SELECT g.phc FROM sec.account_token k
        JOIN sec.signup g ON g.tenant_id = k.tenant_id AND g.id = k.subject_id
        WHERE k.tenant_id = app.tenant() AND k.kind = 'signup' AND k.token_hash = sha256(token) AND k.expires_at > now()
          AND g.confirmed_at IS NULL), '')
$$;

-- The address is confirmed, and the business's own name in addresses is chosen: once. A job does the rest.
CREATE OR REPLACE FUNCTION sec.signup_confirm(token bytea, slug text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    k sec.account_token;
    wanted text := lower(btrim(slug));
BEGIN
    IF wanted !~ '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$' THEN
        RAISE EXCEPTION 'Use small letters, digits and hyphens, as in a web address.' USING ERRCODE = 'FY422', COLUMN = 'slug';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('slug ' || wanted, 0));
    IF NOT sec.slug_is_free(wanted) THEN
        RAISE EXCEPTION 'This one is taken. Please choose another.' USING ERRCODE = 'FY422', COLUMN = 'slug';
    END IF;
    k := sec.account_token_live(token, ARRAY['signup'], true);
    UPDATE sec.signup g SET slug = wanted, confirmed_at = now() WHERE g.tenant_id = k.tenant_id AND g.id = k.subject_id;
    INSERT INTO app.job (kind, subject_id, dedupe_key) VALUES ('account.signup', k.subject_id, 'signup-' || k.subject_id);
    PERFORM sec.note('signup.confirm', 'ok', NULL, '{}', 'signup', k.subject_id);
END $$;

-- The job, once the key of the id is there: the business, its first location, its owner. Made once; again it does nothing. It goes on
-- in the operator's name.
CREATE OR REPLACE FUNCTION sec.signup_make(signup uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    g sec.signup;
    operator uuid := app.tenant();
    request uuid := nullif(current_setting('foyer.request_id', true), '')::uuid;
    owner uuid := gen_random_uuid();
BEGIN
    IF app.actor_kind() <> 'job' THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    SELECT s.* INTO g FROM sec.signup s WHERE s.tenant_id = operator AND s.id = signup AND s.confirmed_at IS NOT NULL FOR UPDATE;
    IF NOT FOUND OR g.made_at IS NOT NULL THEN
        RETURN g.made_at IS NOT NULL;
    END IF;
    PERFORM sec.tenant_new(g.id, g.slug, g.business, g.kind, g.country);
    PERFORM sec.roles_need_mfa();
    UPDATE app.tenant t SET phone = g.phone WHERE t.id = g.id;
    INSERT INTO app.location (name, street, city, region, postal_code, zone, phone, position)
    VALUES (coalesce(nullif(left(g.city, 80), ''), 'Main'), g.street, g.city, g.region, g.postal_code, g.zone, g.phone, 1);
    INSERT INTO app.staff (id, name, email, is_active, email_verified_at) VALUES (owner, g.name, g.email, true, now());
    INSERT INTO app.staff_role (staff_id, role_id) SELECT owner, r.id FROM app.role r WHERE r.tenant_id = g.id AND r.slug = 'owner';
    INSERT INTO sec.credential (tenant_id, staff_id, phc) VALUES (g.id, owner, g.phc);
    PERFORM sec.enter_tenant(operator, 'job', 'account.signup', request);
    UPDATE sec.signup s SET made_at = now(), phc = NULL WHERE s.tenant_id = operator AND s.id = signup;
    RETURN true;
END $$;

-- Whoever works with clients' data in the entered business needs a second factor (S-04). For new ones; the demo's do without.
CREATE OR REPLACE FUNCTION sec.roles_need_mfa() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE app.role r SET needs_mfa = true
    WHERE r.tenant_id = app.tenant() AND EXISTS (
        SELECT FROM app.role_permission p WHERE p.tenant_id = r.tenant_id AND p.role_id = r.id
          AND p.permission IN ('calendar_read', 'booking_write', 'client_read', 'client_write', 'chart_read', 'chart_write', 'message_read', 'audit_read'))
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA sec FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.signup_ask(text, text, text, text, text, text, text, text, text, text, text, text, bytea, inet), sec.signup_look(bytea), sec.signup_secret(bytea), sec.signup_confirm(bytea, text), sec.countries() TO foyer_slow;
GRANT EXECUTE ON FUNCTION sec.signup_make(uuid) TO foyer_jobs;
GRANT EXECUTE ON FUNCTION sec.roles_need_mfa() TO foyer_migrator, foyer_backfill;
RESET ROLE;
