-- data.sql -- a business of :clients clients (and small ones beside it) with names as they are spread among people, into a migrated
-- database without them: psql -v clients=1000000 -f data.sql, as a superuser. The same every time (setseed). The words by which clients are
-- found are made by the schema's own function; triggers do not run.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
SET maintenance_work_mem = '512MB';
SET work_mem = '256MB';
SET plan_cache_mode = auto;
SELECT sec.tenant_new(v.id::uuid, v.slug, v.name, 'medspa', 'US')
FROM (VALUES ('be000000-0000-4000-8000-000000000001', 'search-1', 'Search'), ('be000000-0000-4000-8000-000000000002', 'search-2', 'Beside'), ('be000000-0000-4000-8000-000000000003', 'search-3', 'Small')) AS v (id, slug, name)
WHERE NOT EXISTS (SELECT FROM app.tenant x WHERE x.slug = v.slug) \g /dev/null
BEGIN;
SET LOCAL session_replication_role = replica;
SELECT setseed(0.4242);

-- The names themselves: real ones by rank, and a tail of made ones that begin as names do.
CREATE TEMP TABLE firsts AS SELECT row_number() OVER () AS r, n FROM unnest(string_to_array('Maria Mary Jessica Jennifer Ashley Sarah Emily Emma Olivia Anna Michael James John David Robert Lisa Linda Laura Elizabeth Patricia Barbara Susan Karen Nancy Amanda Melissa Stephanie Rebecca Michelle Kimberly Amy Angela Nicole Samantha Katherine Christine Christina Rachel Heather Megan Lauren Danielle Brittany Hannah Sophia Isabella Ava Mia Charlotte Amelia Harper Evelyn Abigail Ella Sofía Camila Valentina Lucía Guadalupe Juana Carmen Rosa Ana José Luis Carlos Juan Daniel Matthew Andrew Joseph William Thomas Christopher Anthony Mark Kevin Brian Eric Jacob Noah Liam Ethan Mohammed Fatima Aisha Zainab Yusuf Wei Li Xin Mei Jing Hui Thị Linh Minh Trang Priya Anjali Deepa Rahul Olga Natalia Irina Katarzyna Agnieszka Zofia Siobhan Aoife Niamh Renée Chloé Zoë Björn Søren Łukasz Ingrid Astrid Yuki Sakura Haruto Ji-woo Min-jun 芳 娜 伟 Иван Мария أمينة', ' ')) AS n;
CREATE TEMP TABLE lasts AS SELECT row_number() OVER () AS r, n FROM unnest(string_to_array('Smith Johnson Garcia Williams Rodriguez Brown Jones Martinez Miller Davis Hernandez Lopez Gonzalez Wilson Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis Robinson Walker Young Allen King Wright Scott Torres Nguyễn Hill Flores Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter Roberts Gomez Phillips Evans Turner Diaz Parker Cruz Edwards Collins Reyes Stewart Morris Morales Murphy Cook Rogers Gutierrez Ortiz Morgan Cooper Peterson Bailey Reed Kelly Howard Ramos Kim Cox Ward Richardson Watson Brooks Chavez Wood James Bennett Gray Mendoza Ruiz Hughes Price Alvarez Castillo Sanders Patel Myers Long Ross Foster Jimenez Powell Jenkins Perry Russell Sullivan Bell Coleman Butler Henderson Barnes Fisher Vasquez Simmons Romero Jordan Patterson Alexander Hamilton Graham Reynolds Griffin Wallace Moreno West Cole Hayes Bryant Herrera Gibson Ellis Tran Medina Aguilar Stevens Murray Ford Castro Marshall Owens Harrison Fernandez McDonald Woods Washington Kennedy Wells Vargas Henry Chen Freeman Webb Tucker Guzman Burns Crawford Olson Simpson Porter Hunter Gordon Mendez Silva Shaw Snyder Mason Dixon Muñoz Hunt Hicks Holmes Palmer Wagner Black Robertson Boyd Rose Stone Salazar Fox Warren Mills Meyer Rice Schmidt Garza Daniels Ferguson Nichols Stephens Soto Weaver Ryan Gardner Payne Grant Dunn Kelley Spencer Hawkins Wu Wang Li Zhang Liu Yang Huang Zhao Zhou Singh Kumar Khan Ali Ahmed Hussein Müller Schäfer Weiß O’Brien O’Connor MacLeod Wójcik Kowalski Nowak Zieliński Ivanova Petrov Núñez Peña Ibáñez Sørensen Åkerlund Øvergaard Yamamoto Tanaka Sato Park Choi Phạm Lê Trần', ' ')) AS n;
CREATE FUNCTION pg_temp.made(n int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT initcap((ARRAY['ba','be','bo','bra','ca','ce','cha','co','cor','da','de','do','dre','el','es','fa','fe','fo','ga','ge','gra','ha','hel','ho','is','ja','je','jo','ka','ke','kla','la','le','lo','ma','me','mo','na','ne','no','ol','pa','pe','pra','ra','re','ro','sa','se','sha','so','sta','ta','te','tho','tra','va','ve','vi','wa','we','ya','ye','za'])[1 + n % 64]
        || (ARRAY['ber','cki','den','ga','hal','ki','lan','lo','mar','men','na','nic','ran','ri','ro','sen','ta','ter','van','zi'])[1 + n / 64 % 20]
        || (ARRAY['a','as','berg','ez','field','ic','in','ini','ko','ley','man','o','off','on','ov','ow','ova','sson','ton','ward','wska','y','','e','i'])[1 + n / 1280 % 25]) $$;
-- By rank: the first of a hundred comes to one in forty or so, then it falls slowly.
CREATE TEMP TABLE pick_first AS SELECT r, n, sum(1.0 / (r + 14)) OVER (ORDER BY r) / sum(1.0 / (r + 14)) OVER () AS upto FROM firsts;
CREATE TEMP TABLE pick_last AS SELECT r, n, sum(1.0 / (r + 25)) OVER (ORDER BY r) / sum(1.0 / (r + 25)) OVER () AS upto FROM lasts;
CREATE TEMP TABLE first_at AS SELECT g, (SELECT n FROM pick_first p WHERE p.upto >= g / 4000.0 ORDER BY p.upto LIMIT 1) AS n FROM generate_series(1, 4000) AS g;
CREATE TEMP TABLE last_at AS SELECT g, (SELECT n FROM pick_last p WHERE p.upto >= g / 4000.0 ORDER BY p.upto LIMIT 1) AS n FROM generate_series(1, 4000) AS g;
CREATE TEMP TABLE named AS
SELECT (SELECT array_agg(n ORDER BY g) FROM first_at) AS f, (SELECT array_agg(n ORDER BY g) FROM last_at) AS l;
-- A quarter of first names and four of ten surnames are of the tail.
CREATE FUNCTION pg_temp.a_first(f text[]) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN RETURN CASE WHEN random() < 0.75 THEN f[1 + floor(random() * 4000)::int] ELSE pg_temp.made(floor(random() * random() * 32000)::int) END; END $$;
CREATE FUNCTION pg_temp.a_last(l text[]) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN RETURN CASE WHEN random() < 0.6 THEN l[1 + floor(random() * 4000)::int] ELSE pg_temp.made(floor(random() * random() * 32000)::int) END; END $$;

CREATE TEMP TABLE people AS
SELECT q.tenant, q.n, q.f || CASE WHEN random() < 0.15 THEN ' ' || pg_temp.a_first(q.fs) ELSE '' END
           || CASE WHEN random() < 0.03 THEN ' de la ' ELSE ' ' END || q.l || CASE WHEN random() < 0.12 THEN CASE WHEN random() < 0.5 THEN '-' ELSE ' ' END || pg_temp.a_last(q.ls) ELSE '' END AS name,
       CASE WHEN random() < 0.08 THEN left(q.f, 3) || 'y' END AS called, q.f, q.l, random() AS luck, random() AS area
FROM (SELECT b.tenant, g AS n, w.f AS fs, w.l AS ls, pg_temp.a_first(w.f) AS f, pg_temp.a_last(w.l) AS l
      FROM (VALUES ('be000000-0000-4000-8000-000000000001'::uuid, :clients), ('be000000-0000-4000-8000-000000000002', :clients / 10), ('be000000-0000-4000-8000-000000000003', 1000)) AS b (tenant, n), named w, generate_series(1, b.n) AS g OFFSET 0) AS q;

INSERT INTO app.client (tenant_id, id, name, preferred_name, email, phone, birth_date, created_at)
SELECT p.tenant, md5(p.tenant::text || p.n)::uuid, p.name, p.called,
       CASE WHEN p.luck < 0.85 AND m.local <> '' THEN m.local || '@' || (ARRAY['gmail.example', 'mail.example', 'icloud.example', 'work.example'])[1 + p.n % 4] END,
       CASE WHEN random() < 0.93 THEN '+1' || CASE WHEN p.area < 0.4 THEN '212' WHEN p.area < 0.6 THEN '646' WHEN p.area < 0.75 THEN '917' ELSE (201 + floor(random() * 780)::int)::text END
           || (200 + floor(random() * 799)::int)::text || lpad(floor(random() * 10000)::text, 4, '0') END,
       date '1940-01-01' + floor(random() * 27000)::int, now() - random() * interval '3000 days'
FROM people p,
     LATERAL (SELECT regexp_replace(app.norm(p.f), '[^a-z]', '', 'g') AS f, regexp_replace(app.norm(p.l), '[^a-z]', '', 'g') AS l) AS a,
     LATERAL (SELECT CASE WHEN p.luck < 0.3 THEN a.f || '.' || a.l || (10 + p.n % 90) WHEN p.luck < 0.45 THEN a.f || a.l WHEN p.luck < 0.6 THEN left(a.f, 1) || a.l || (1 + p.n % 99)
                          WHEN p.luck < 0.7 THEN a.l || '_' || a.f WHEN p.luck < 0.8 THEN a.f || (1950 + p.n % 60) ELSE lower(pg_temp.made((p.n * 7919::bigint % 32000)::int)) || p.n % 1000 END AS local) AS m;
COMMIT;
VACUUM ANALYZE app.client;
