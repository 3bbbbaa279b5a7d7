-- 063_retire: months of the trail that are older than their term, for foyer_retirer. Owner: foyer_retire_owner, whom alone the
-- guard lets drop a month. The leaves stay, and a signed record says how many rows went, so that the trail still verifies.

SET LOCAL ROLE foyer_retire_owner;

-- Months whose last row is older than the term: the installation's, or the longest of the tenants that have rows in it; none
-- that a legal hold is on.
CREATE OR REPLACE FUNCTION audit.retirable(years int) RETURNS TABLE (month text, part text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT to_char(p.first AT TIME ZONE 'UTC', 'YYYY-MM'), p.part
    FROM (
        SELECT c.oid::regclass::text AS part, (b.ends)[1]::timestamptz AS first, (b.ends)[2]::timestamptz AS behind
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        CROSS JOIN LATERAL regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''([^'']+)''\) TO \(''([^'']+)''\)') AS b (ends)
        WHERE i.inhparent = 'audit.event'::regclass AND c.relname ~ '^event_[0-9]{4}_[0-9]{2}$'
    ) AS p
    WHERE p.behind <= now() - make_interval(years => greatest(retirable.years, 6))
      AND NOT EXISTS (
          SELECT FROM audit.retention k
          WHERE (k.held_because IS NOT NULL OR p.behind > now() - make_interval(years => k.years))
            AND EXISTS (SELECT FROM audit.event e WHERE e.tenant_id = k.tenant_id AND e.at >= p.first AND e.at < p.behind))
    ORDER BY 1
$$;

-- Retires one month. The records must name each of its tenants with all her rows, and each row must be sealed; the program has
-- compared the rows with their leaves and signed the records.
CREATE OR REPLACE FUNCTION audit.retire(gone text, years int, tenants uuid[], counts bigint[], roots bytea[], moment timestamptz, key text, signatures bytea[])
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    part text := (SELECT r.part FROM audit.retirable(retire.years) r WHERE r.month = gone);
    wrong bigint;
    n bigint;
BEGIN
    IF part IS NULL THEN
        RAISE EXCEPTION '% is not due to be retired', gone USING ERRCODE = '42501';
    END IF;
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', part);
    EXECUTE format('SELECT count(*) FROM %s e WHERE NOT EXISTS (SELECT FROM audit.leaf l WHERE l.tenant_id = e.tenant_id AND l.id = e.id AND l.at = e.at)', part)
    INTO wrong;
    IF wrong > 0 THEN
        RAISE EXCEPTION '% rows of % are not sealed', wrong, gone USING ERRCODE = '55000';
    END IF;
    EXECUTE format('SELECT count(*), count(*) FILTER (WHERE h.n IS DISTINCT FROM g.n)
                    FROM (SELECT e.tenant_id, count(*) AS n FROM %s e GROUP BY 1) AS h
                    FULL JOIN (SELECT * FROM unnest($1, $2) AS u (tenant_id, n)) AS g ON g.tenant_id = h.tenant_id', part)
    INTO n, wrong USING tenants, counts;
    IF wrong > 0 THEN
        RAISE EXCEPTION 'the records of % do not name its rows', gone USING ERRCODE = '55000';
    END IF;
    INSERT INTO audit.retired (tenant_id, month, leaves, root, retired_at, key_id, signature)
    SELECT u.tenant_id, to_date(gone, 'YYYY-MM'), u.n, u.root, moment, key, u.signature
    FROM unnest(tenants, counts, roots, signatures) AS u (tenant_id, n, root, signature);
    INSERT INTO audit.event (tenant_id, actor_kind, action, reason) SELECT u, 'system', 'trail.retire', gone FROM unnest(tenants) AS u;
    EXECUTE format('DROP TABLE %s', part);
    RETURN (SELECT coalesce(sum(u), 0) FROM unnest(counts) AS u);
END $$;

-- How long a tenant's trail is kept, and whether a legal hold is on it ('' ends one). NULL: stays as it is.
CREATE OR REPLACE FUNCTION audit.keep(wanted text, keep_years int, hold text) RETURNS TABLE (years int, held_because text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    tenant uuid := (SELECT t.id FROM app.tenant t WHERE t.slug = wanted COLLATE "C");
BEGIN
    IF tenant IS NULL THEN
        RAISE EXCEPTION 'no tenant is called %', wanted USING ERRCODE = 'FY404';
    END IF;
    IF keep_years IS NOT NULL OR hold IS NOT NULL THEN
        INSERT INTO audit.retention AS k (tenant_id, years, held_because) VALUES (tenant, coalesce(keep_years, 6), nullif(hold, ''))
        ON CONFLICT (tenant_id) DO UPDATE SET years = coalesce(keep_years, k.years), changed_at = now(),
            held_because = CASE WHEN hold IS NULL THEN k.held_because ELSE nullif(hold, '') END;
        INSERT INTO audit.event (tenant_id, actor_kind, action, reason)
        VALUES (tenant, 'system', 'trail.keep', concat_ws('; ', keep_years || ' years', CASE WHEN hold = '' THEN 'hold ended' ELSE 'held: ' || hold END));
    END IF;
    RETURN QUERY SELECT coalesce(k.years, 6), coalesce(k.held_because, '') FROM (SELECT) AS one LEFT JOIN audit.retention k ON k.tenant_id = tenant;
END $$;

REVOKE ALL ON FUNCTION audit.retirable(int), audit.retire(text, int, uuid[], bigint[], bytea[], timestamptz, text, bytea[]), audit.keep(text, int, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.retirable(int), audit.retire(text, int, uuid[], bigint[], bytea[], timestamptz, text, bytea[]), audit.keep(text, int, text)
    TO foyer_retirer;
