-- classes.sql -- what staff would type, drawn from the data: class, text; :each of a class, the same every time. As a superuser.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SET max_parallel_workers_per_gather = 0;
SELECT setseed(0.77) \g /dev/null
CREATE TEMP TABLE c AS SELECT row_number() OVER () AS i, c.id, c.name, string_to_array(c.name_norm, ' ') AS w, c.email, right(c.phone, 10) AS p
FROM (SELECT * FROM app.client c WHERE c.tenant_id = 'be000000-0000-4000-8000-000000000001' AND c.phone IS NOT NULL AND c.email IS NOT NULL AND c.name_norm ~ ' ' ORDER BY c.id LIMIT 4000) AS c;
CREATE TEMP TABLE top AS SELECT row_number() OVER (PARTITION BY q.is_first ORDER BY n DESC) AS r, q.* FROM (
    SELECT is_first, word, count(*) AS n FROM (SELECT c.w[1] AS word, true AS is_first FROM c UNION ALL SELECT c.w[cardinality(c.w)], false FROM c) AS v GROUP BY 1, 2) AS q;
CREATE FUNCTION pg_temp.f(upto int) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT word FROM top WHERE is_first ORDER BY r OFFSET floor(random() * upto)::int LIMIT 1 $$;
CREATE FUNCTION pg_temp.l(upto int) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT word FROM top WHERE NOT is_first ORDER BY r OFFSET floor(random() * upto)::int LIMIT 1 $$;
CREATE FUNCTION pg_temp.z(low int, high int) RETURNS int LANGUAGE sql VOLATILE AS $$ SELECT low + floor(random() * (high - low + 1))::int $$;
CREATE TEMP TABLE pick AS SELECT g, (SELECT x FROM (SELECT pg_temp.z(1, 4000) + 0 * g AS x) AS y) AS i FROM generate_series(1, :each) AS g;
SELECT v.class, v.typed FROM (
    SELECT 1 AS k, g, 'a name of hers' AS class, c.w[pg_temp.z(1, cardinality(c.w))] AS typed FROM pick JOIN c USING (i)
    UNION ALL SELECT 2, g, 'a common name', CASE WHEN g % 2 = 0 THEN (SELECT word FROM top WHERE is_first AND r = g / 2 % 40 + 1) ELSE (SELECT word FROM top WHERE NOT is_first AND r = g / 2 % 40 + 1) END FROM pick
    UNION ALL SELECT 3, g, 'one to three letters', left(c.w[pg_temp.z(1, cardinality(c.w))], pg_temp.z(1, 3)) FROM pick JOIN c USING (i)
    UNION ALL SELECT 4, g, 'her whole name', c.name FROM pick JOIN c USING (i)
    UNION ALL SELECT 5, g, 'last name, first name', upper(c.w[cardinality(c.w)]) || ', ' || c.w[1] FROM pick JOIN c USING (i)
    UNION ALL SELECT 6, g, 'two common names', pg_temp.f(40) || ' ' || pg_temp.l(40) FROM pick
    UNION ALL SELECT 7, g, 'two to four letters of her names', left(c.w[1], pg_temp.z(2, 4)) || ' ' || left(c.w[cardinality(c.w)], pg_temp.z(2, 4)) FROM pick JOIN c USING (i)
    UNION ALL SELECT 8, g, 'one or two letters, twice', left(c.w[1], pg_temp.z(1, 2)) || ' ' || left(c.w[cardinality(c.w)], pg_temp.z(1, 2)) FROM pick JOIN c USING (i)
    UNION ALL SELECT 9, g, 'two that seldom go together', left(pg_temp.l(150), pg_temp.z(2, 4)) || ' ' || left(pg_temp.l(150), pg_temp.z(2, 4)) FROM pick
    UNION ALL SELECT 10, g, 'two first names', pg_temp.f(60) || ' ' || pg_temp.f(60) FROM pick
    UNION ALL SELECT 11, g, 'three common names', pg_temp.f(30) || ' ' || pg_temp.f(30) || ' ' || pg_temp.l(30) FROM pick
    UNION ALL SELECT 12, g, 'one to three letters, three times', left(pg_temp.f(100), pg_temp.z(1, 3)) || ' ' || left(pg_temp.l(100), pg_temp.z(1, 3)) || ' ' || left(CASE WHEN random() < 0.5 THEN pg_temp.f(100) ELSE pg_temp.l(100) END, pg_temp.z(1, 3)) FROM pick
    UNION ALL SELECT 13, g, 'four or five words', pg_temp.f(40) || ' ' || left(pg_temp.f(40), pg_temp.z(1, 3)) || ' ' || pg_temp.l(40) || ' ' || left(pg_temp.l(40), pg_temp.z(1, 4)) || CASE WHEN random() < 0.5 THEN ' de' ELSE '' END FROM pick
    UNION ALL SELECT 14, g, 'digits of her number', CASE g % 4 WHEN 0 THEN right(c.p, 4) WHEN 1 THEN left(c.p, pg_temp.z(1, 3)) WHEN 2 THEN right(c.p, 7) ELSE '(' || left(c.p, 3) || ') ' || substr(c.p, 4, 3) || '-' || right(c.p, 4) END FROM pick JOIN c USING (i)
    UNION ALL SELECT 15, g, 'a name and digits', CASE g % 5 WHEN 0 THEN pg_temp.f(40) || ' ' || left(c.p, 3) WHEN 1 THEN c.w[1] || ' ' || right(c.p, 4) WHEN 2 THEN pg_temp.l(100) || ' ' || pg_temp.z(1, 9999) WHEN 3 THEN left(pg_temp.f(100), pg_temp.z(1, 2)) || ' ' || pg_temp.z(1, 999) ELSE left(c.w[1], 3) || ' ' || c.w[cardinality(c.w)] || ' ' || left(c.p, pg_temp.z(1, 3)) END FROM pick JOIN c USING (i)
    UNION ALL SELECT 16, g, 'an address, or its beginning', CASE WHEN g % 2 = 0 THEN c.email ELSE left(c.email, strpos(c.email, '@') + pg_temp.z(0, 3)) END FROM pick JOIN c USING (i)
    UNION ALL SELECT 17, g, 'a part of her address and a name', left(split_part(split_part(c.email, '@', 1), '.', 1), pg_temp.z(2, 9)) || ' ' || c.w[cardinality(c.w)] FROM pick JOIN c USING (i)
    UNION ALL SELECT 18, g, 'mistyped', overlay(c.w[1] PLACING chr(97 + pg_temp.z(0, 25)) FROM pg_temp.z(1, length(c.w[1])) FOR 1) || ' ' || left(c.w[cardinality(c.w)], pg_temp.z(3, 9)) FROM pick JOIN c USING (i)
) AS v ORDER BY v.k, v.g;
