-- 105_feed: private calendar feeds of the staff: made, listed and revoked by the person whose they are, opened by their token.
-- Owner: foyer_auth. Errors: FY403 not allowed, FY404 not hers, FY422 with words for people, FY429 too many tries, FY438 prove
-- first who you are.

SET LOCAL ROLE foyer_auth;

-- Whether somebody's permissions let her see visits of hers in a calendar. Internal.
CREATE OR REPLACE FUNCTION sec.feed_may(perms text) RETURNS boolean
LANGUAGE sql IMMUTABLE
AS $$ SELECT strpos(perms, ',calendar_read,') > 0 OR strpos(perms, ',calendar_read@') > 0 $$;

-- A new feed of one's own. token: raw bytes, kept as a hash only. One with details wants a fresh proof of who she is (S-07).
CREATE OR REPLACE FUNCTION sec.feed_make(name text, details boolean, token bytea) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    made uuid;
BEGIN
    IF app.actor() IS NULL OR app.actor_kind() <> 'staff' OR NOT sec.feed_may(current_setting('foyer.perms', true))
       OR EXISTS (SELECT FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.id = app.actor() AND f.is_support) THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    IF coalesce(length(token), 0) <> 32 THEN
        RAISE EXCEPTION 'a token has 32 bytes' USING ERRCODE = 'FY400';
    END IF;
    IF details THEN
        PERFORM sec.step_up_check();
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('feeds of ' || app.actor(), 0));
    IF (SELECT count(*) FROM sec.feed d WHERE d.tenant_id = app.tenant() AND d.staff_id = app.actor() AND d.revoked_at IS NULL) >= 10 THEN
        RAISE EXCEPTION 'You have ten addresses already. Revoke one that you no longer use.' USING ERRCODE = 'FY422', COLUMN = 'name';
    END IF;
    INSERT INTO sec.feed AS d (tenant_id, staff_id, name, has_details, token_hash)
    VALUES (app.tenant(), app.actor(), btrim(name), details, sha256(token))
    RETURNING d.id INTO made;
    PERFORM sec.note('feed.make', 'ok', CASE WHEN details THEN 'with details' ELSE 'busy only' END, '{}', 'feed', made);
    RETURN made;
END $$;

-- One's own feeds that are not revoked.
CREATE OR REPLACE FUNCTION sec.feeds_own()
RETURNS TABLE (feed_id uuid, name text, has_details boolean, created_at timestamptz, read_at timestamptz, read_from text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT d.id, d.name, d.has_details, d.created_at, d.read_at, host(d.read_from)
    FROM sec.feed d
    WHERE d.tenant_id = app.tenant() AND d.staff_id = app.actor() AND d.revoked_at IS NULL
    ORDER BY d.created_at DESC, d.id
$$;

-- Ends one of one's own, from the next time on that it is asked for.
CREATE OR REPLACE FUNCTION sec.feed_revoke(feed uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE sec.feed d SET revoked_at = coalesce(d.revoked_at, now())
    WHERE d.tenant_id = app.tenant() AND d.staff_id = app.actor() AND d.id = feed;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such feed' USING ERRCODE = 'FY404';
    END IF;
    PERFORM sec.note('feed.revoke', 'ok', NULL, '{}', 'feed', feed);
END $$;

-- Opens a feed by its token: one row, and from here on this transaction is that person's, with no permission but to see her calendar
-- and, with details, clients, both as far as they reach today. No row: there is no such feed any more, or nobody who may have it.
-- begin_public came first. A wrong token is counted for its network, a right one never waits for what others guessed; a feed is read
-- at most 120 times an hour.
CREATE OR REPLACE FUNCTION sec.feed_open(token bytea, details boolean, ip inet) RETURNS TABLE (feed_id uuid, feed_name text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    by_address bytea := sec.throttle_key('feed-from', sec.throttle_net(ip));
    this_hour timestamptz := date_trunc('hour', now());
    d record;
BEGIN
    SELECT k.id, k.name, k.staff_id, k.revoked_at, CASE WHEN k.hour_at = this_hour THEN k.hour_reads ELSE 0 END AS reads
    INTO d
    FROM sec.feed k
    WHERE k.tenant_id = app.tenant() AND k.token_hash = sha256(token) AND k.has_details = details;
    IF NOT FOUND THEN
        IF sec.throttle_wait(by_address, 20) > 0 THEN
            RAISE EXCEPTION 'too many tries' USING ERRCODE = 'FY429';
        END IF;
        PERFORM sec.throttle_fail(by_address);
        RETURN;
    END IF;
    PERFORM set_config('foyer.perms', ',' || string_agg(p.perm, ',') || ',', true)
    FROM app.staff f
    CROSS JOIN LATERAL unnest(string_to_array(btrim(f.perms, ','), ',')) AS p (perm)
    WHERE f.tenant_id = app.tenant() AND f.id = d.staff_id AND f.is_active AND NOT f.is_support AND d.revoked_at IS NULL
      AND sec.feed_may(f.perms)
      AND (split_part(p.perm, '@', 1) = 'calendar_read' OR (details AND split_part(p.perm, '@', 1) = 'client_read'))
    HAVING count(*) > 0;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF d.reads >= 120 THEN
        RAISE EXCEPTION 'read too often' USING ERRCODE = 'FY429';
    END IF;
    UPDATE sec.feed k SET read_at = now(), read_from = ip, hour_at = this_hour, hour_reads = d.reads + 1
    WHERE k.tenant_id = app.tenant() AND k.id = d.id;
    PERFORM set_config('foyer.actor_kind', 'staff', true), set_config('foyer.actor', d.staff_id::text, true);
    feed_id := d.id;
    feed_name := d.name;
    RETURN NEXT;
END $$;

REVOKE ALL ON FUNCTION sec.feed_may(text), sec.feed_make(text, boolean, bytea), sec.feeds_own(), sec.feed_revoke(uuid),
    sec.feed_open(bytea, boolean, inet) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.feed_make(text, boolean, bytea), sec.feeds_own(), sec.feed_revoke(uuid) TO foyer_staff;
GRANT EXECUTE ON FUNCTION sec.feed_open(bytea, boolean, inet) TO foyer_slow;
RESET ROLE;
