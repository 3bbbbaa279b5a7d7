-- B13, D-06, D-07, D-18, V-25: the search finds those whom a plain statement finds, for queries drawn from names, numbers and addresses as
-- they are mistyped and cut short: for who sees everything, for who sees no numbers or no addresses, and for who reaches a third of the
-- clients. 900 clients of few names, so that words begin alike, seldom ones and all; some have guardians, second numbers, changes. Names,
-- ids and queries are the same at each run, so a finding can be looked at again.
BEGIN;
SELECT no_plan();
SET LOCAL client_min_messages = error;
SELECT setseed(0.31415) \g /dev/null
SELECT set_config('foyer.tenant_id', fx.id('b', 'tenant', 1)::text, true), set_config('foyer.actor_kind', 'system', true), set_config('foyer.actor', fx.id('b', 'staff', 1)::text, true) \g /dev/null
CREATE FUNCTION pg_temp.one_of(list text[]) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT list[1 + floor(random() * random() * cardinality(list))::int] $$;
CREATE FUNCTION pg_temp.a_name() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT pg_temp.one_of(ARRAY['Maria', 'Ana', 'José', 'Jo', 'Li', 'Mary', 'Marie', 'Ann', 'Zoë', 'Anna-Lena', '芳', 'O’Hara', 'Joan']) || ' ' ||
           pg_temp.one_of(ARRAY['Smith', 'García', 'Lee', 'Müller', 'de la Cruz', 'Jo', 'Lima', 'Marino', 'Smythe', 'Ann', '5th', 'Li', 'Annable', 'Zwick']) $$;
CREATE FUNCTION pg_temp.a_mail() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN random() < 0.7 THEN lower(pg_temp.one_of(ARRAY['maria', 'm.smith', 'Jo', '212jo', 'ann_lee', 'sun.shine', 'zwick', 'lima.5'])) || floor(random() * 99)::int || '@' || pg_temp.one_of(ARRAY['mail.example', 'work.example']) END $$;
CREATE FUNCTION pg_temp.a_phone() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN random() < 0.8 THEN '+1' || pg_temp.one_of(ARRAY['212', '646', '917', '305']) || (200 + floor(random() * 12)::int) || lpad(floor(random() * 400)::text, 4, '0') END $$;
INSERT INTO app.client (id, name, preferred_name, email, phone) SELECT md5('client ' || g)::uuid, pg_temp.a_name(), CASE WHEN g % 9 = 0 THEN pg_temp.one_of(ARRAY['Mimi', 'Jo', 'Lia']) END, pg_temp.a_mail(), pg_temp.a_phone() FROM generate_series(1, 900) AS g;
-- a name without a word
INSERT INTO app.client (id, name, phone) VALUES (md5('&')::uuid, '&', '+12125550177'), (md5('—')::uuid, '—', NULL);
CREATE TEMP TABLE n AS SELECT c.id, row_number() OVER (ORDER BY c.id) AS i FROM app.client c WHERE c.tenant_id = fx.id('b', 'tenant', 1);
UPDATE app.client c SET created_by = CASE WHEN n.i % 3 = 0 THEN fx.id('b', 'staff', 4) END FROM n WHERE n.id = c.id AND c.tenant_id = fx.id('b', 'tenant', 1);
INSERT INTO app.client_contact (client_id, kind, value) SELECT n.id, v.kind, v.value FROM n, LATERAL (VALUES ('phone', pg_temp.a_phone()), ('email', pg_temp.a_mail())) AS v (kind, value) WHERE n.i % 20 = 0 AND v.value IS NOT NULL;
INSERT INTO app.client_guardian (client_id, relation, name, phone, email) SELECT n.id, 'parent', pg_temp.a_name(), pg_temp.a_phone(), pg_temp.a_mail() FROM n WHERE n.i % 25 = 0;
UPDATE app.client_guardian g SET ended_at = now() FROM n WHERE n.id = g.client_id AND n.i % 50 = 0;
UPDATE app.client c SET name = pg_temp.a_name(), phone = pg_temp.a_phone() FROM n WHERE n.id = c.id AND c.tenant_id = fx.id('b', 'tenant', 1) AND n.i % 7 = 0;
-- more words than the index may hold beside each other
UPDATE app.client c SET name = left((SELECT string_agg('Maria' || g || 'x', ' ') FROM generate_series(1, 14) AS g), 120) FROM n WHERE n.id = c.id AND n.i = 11 AND c.tenant_id = fx.id('b', 'tenant', 1);
INSERT INTO app.client_guardian (client_id, relation, name) SELECT n.id, 'carer', (SELECT string_agg(md5((k * 100 + g)::text), ' ') FROM generate_series(1, 3) AS g) FROM n, generate_series(1, 12) AS k WHERE n.i = 11;
SELECT is((SELECT count(*) FROM app.client_word w JOIN n ON n.id = w.client_id WHERE n.i = 11 AND w.beside IS NOT NULL), 0::bigint, 'who has too many words is looked at herself');
ANALYZE app.client_word;

-- What is kept beside a word is all that the client is called by.
SELECT is_empty($$ SELECT a.client_id, a.word, b.word FROM app.client_word a JOIN app.client_word b ON b.tenant_id = a.tenant_id AND b.client_id = a.client_id
    WHERE a.beside IS NOT NULL AND NOT starts_with(b.word, '@') AND strpos(a.beside, CASE b.kind WHEN 'phone' THEN '' ELSE ' ' END || b.word) = 0 $$, 'B13: each word of a client stands beside each other one');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''beta'', ''owner'')', 'SELECT max(beside) FROM app.client_word'), '42501', 'V-25: what stands beside a word holds numbers and addresses: no pool reads it');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''beta'', ''owner'')', call), '42501', 'D-18: candidates are given to the search alone: ' || call)
FROM (VALUES ('SELECT app.client_word_order(''{a}'')'), ('SELECT * FROM app.client_word_near(''{a}'', ''{name}'', ''a'', gen_random_uuid(), 5, NULL)')) AS v (call);

-- Queries: words of clients or of nobody, whole or cut short, one to five, in any order; a number, an address.
CREATE TEMP TABLE word AS
SELECT row_number() OVER (ORDER BY x) AS i, x FROM (
    SELECT DISTINCT CASE WHEN v.k % 3 = 0 THEN w.word ELSE left(w.word, 1 + (v.k % 5)::int) END AS x
    FROM (SELECT w.word, row_number() OVER (ORDER BY md5(w.word)) AS k FROM app.client_word w WHERE w.tenant_id = fx.id('b', 'tenant', 1) AND NOT starts_with(w.word, '@') GROUP BY 1) AS v (word, k)
    JOIN app.client_word w ON w.tenant_id = fx.id('b', 'tenant', 1) AND w.word = v.word WHERE v.k % 11 = 0 OR w.kind = 'name'
    UNION SELECT unnest(ARRAY['q', 'mariq', '999', 'smithe', 'an', 'jo', 'li', 'm', 'a', 's', '2', '21', '212', '5', 'l', 'g', 'de'])) AS q;
CREATE TEMP TABLE asked AS
SELECT g AS i, CASE WHEN g % 40 = 0 THEN (SELECT c.email FROM app.client c JOIN n ON n.id = c.id AND n.i = g WHERE c.tenant_id = fx.id('b', 'tenant', 1))
                    ELSE (SELECT string_agg(w.x, ' ' ORDER BY random()) FROM word w WHERE w.i IN (SELECT 1 + floor(random() * (SELECT count(*) FROM word))::int + 0 * g FROM generate_series(1, 1 + g % 5))) END AS typed
FROM generate_series(1, 700) AS g;
INSERT INTO asked SELECT 2000 + row_number() OVER (), a || ' ' || b || coalesce(' ' || c, '')
FROM unnest(ARRAY['m', 'an', 'jo', 'li', 'maria', 's', '21', '5']) AS a, unnest(ARRAY['a', 'smi', 'g', 'l', 'm', '2', 'li']) AS b, unnest(ARRAY[NULL, 'jo', 'l', '21', 'mar']) AS c;
-- numbers as they are dialled abroad, and what looks like one by chance
INSERT INTO asked SELECT 3000 + 5 * row_number() OVER (), v.typed
FROM unnest(ARRAY['011 1212', '011 212', '0111', '01121', '011 1 (646) 2', '+011 212', '00 1212', '0 212', '011 1917 m', '011 122080348', '011 30', '0112120']) AS v (typed);
DELETE FROM asked WHERE typed IS NULL;

-- What a plain statement finds: for each word the clients one of whose words begins so, and of these who is there for all words. A number
-- counts as it was typed, and in this business's country also without the 011 that is dialled before it.
CREATE TEMP TABLE person (who text, perms text, kinds text[], third boolean);
INSERT INTO person VALUES
    ('everything', ',client_read,client_write,show_phone,show_email,', '{name,email,phone}', false), ('no numbers', ',client_read,show_email,', '{name,email}', false),
    ('no addresses', ',client_read,show_phone,', '{name,phone}', false), ('names', ',client_read,', '{name}', false),
    ('a part', ',client_read,client_write,show_phone,show_email,', '{name,email,phone}', false), ('her own', ',client_read@own,show_phone@own,show_email@own,', '{name,email,phone}', true), ('nobody', ',chart_read,show_phone,', '{}', false);
CREATE TEMP TABLE form AS
SELECT a.i, f.is_dialled, f.typed FROM asked a, LATERAL (
    SELECT false AS is_dialled, a.typed
    UNION ALL SELECT true, substr(d.digits, 4) FROM (SELECT regexp_replace(a.typed, '[^0-9]', '', 'g')) AS d (digits) WHERE a.typed !~ '[^-+(). /0-9]' AND a.typed !~ '^ *[+]' AND d.digits ~ '^011..') AS f;
CREATE TEMP TABLE part AS
SELECT f.i, f.is_dialled, w.word, count(*) OVER (PARTITION BY f.i, f.is_dialled) AS parts FROM form f, LATERAL (SELECT DISTINCT x FROM unnest(app.search_words(f.typed)) AS x) AS w (word);
CREATE TEMP TABLE hit AS
SELECT d.word, w.client_id, array_agg(DISTINCT w.kind) AS kinds FROM (SELECT DISTINCT p.word FROM part p) AS d JOIN app.client_word w ON w.tenant_id = fx.id('b', 'tenant', 1) AND starts_with(w.word, d.word) GROUP BY 1, 2;
CREATE INDEX ON hit (word);
ANALYZE hit, part;
CREATE TEMP TABLE plain AS
SELECT p.who, q.i, array_agg(DISTINCT q.client_id) AS ids
FROM person p CROSS JOIN LATERAL (
    SELECT r.i, h.client_id FROM part r JOIN hit h ON h.word = r.word AND h.kinds && p.kinds
    WHERE (NOT p.third OR (SELECT c.created_by FROM app.client c WHERE c.tenant_id = fx.id('b', 'tenant', 1) AND c.id = h.client_id) = fx.id('b', 'staff', 4) OR h.client_id IN (SELECT fx.id('b', 'client', v) FROM generate_series(1, 4) AS v))
      AND (p.who = 'everything' OR r.i % 5 = 0)
    GROUP BY r.i, r.is_dialled, h.client_id, r.parts HAVING count(*) = r.parts) AS q
GROUP BY 1, 2;

CREATE TEMP TABLE got (who text, i int, lim int, ids uuid[]);
GRANT SELECT ON asked TO PUBLIC;
GRANT INSERT ON got TO PUBLIC;
CREATE FUNCTION pg_temp.ask(who text, perms text) RETURNS void LANGUAGE plpgsql AS $fx$
BEGIN
    PERFORM set_config('foyer.actor_kind', 'staff', true), set_config('foyer.actor', fx.id('b', 'staff', 4)::text, true), set_config('foyer.perms', ask.perms, true), set_config('plan_cache_mode', 'force_generic_plan', true);
    SET LOCAL ROLE foyer_staff;
    INSERT INTO got SELECT ask.who, a.i, l.lim, ARRAY(SELECT f.client_id FROM app.client_find(a.typed, l.lim, CASE ask.who WHEN 'a part' THEN 20 END) AS f)
    FROM asked a, LATERAL (SELECT CASE WHEN a.i % 10 = 0 THEN 1000 WHEN a.i % 4 = 1 THEN 5 ELSE 51 END AS lim) AS l WHERE ask.who = 'everything' OR a.i % 5 = 0;
    RESET ROLE;
END $fx$;
SELECT pg_temp.ask(p.who, p.perms) FROM person p \g /dev/null

SELECT cmp_ok((SELECT count(*) FROM got), '>=', 1800::bigint, 'there are queries to look at');
SELECT cmp_ok((SELECT count(*) FROM plain WHERE who = 'everything' AND cardinality(ids) > 51), '>=', 100::bigint, 'many that find more than a page, ');
SELECT cmp_ok((SELECT count(*) FROM plain p JOIN part r ON r.i = p.i AND r.parts >= 3 WHERE p.who = 'everything' AND cardinality(ids) BETWEEN 1 AND 50), '>=', 100::bigint, 'many of three words and more that find a few');
SELECT cmp_ok((SELECT count(*) FROM got WHERE array_position(ids, NULL) IS NOT NULL), '>=', 5::bigint, 'some that are cut short and say so');
SELECT cmp_ok((SELECT count(*) FROM form f JOIN plain p USING (i) WHERE f.is_dialled AND p.who = 'everything'), '>=', 5::bigint, 'some that find by what follows the 011');
SELECT is_empty($$ SELECT g.who, a.typed, g.lim, cardinality(g.ids) AS found, coalesce(cardinality(p.ids), 0) AS are_there FROM got g JOIN asked a ON a.i = g.i LEFT JOIN plain p ON p.who = g.who AND p.i = g.i
    WHERE CASE WHEN array_position(g.ids, NULL) IS NULL THEN cardinality(g.ids) <> least(g.lim, coalesce(cardinality(p.ids), 0))
        ELSE g.who <> 'a part' OR cardinality(g.ids) NOT BETWEEN 6 AND least(g.lim, cardinality(p.ids) + 1) END $$, 'B13: as many are found as there are, a page at most');
SELECT is_empty($$ SELECT g.who, a.typed FROM got g JOIN asked a ON a.i = g.i LEFT JOIN plain p ON p.who = g.who AND p.i = g.i
    WHERE NOT array_remove(g.ids, NULL) <@ coalesce(p.ids, '{}') OR cardinality(g.ids) <> (SELECT count(DISTINCT x) FROM unnest(g.ids) AS x) + (array_position(g.ids, NULL) IS NOT NULL)::int $$, 'B13, V-25, D-18: nobody else, and nobody twice');


-- Names in other scripts, and numbers as people dial them: looked for by what stands here, not by how it is cut into words.
INSERT INTO app.tag (id, name) VALUES (fx.id('b', 'tag', 1), 'Zz seldom');
CREATE TEMP TABLE odd (n int, name text, phone text);
INSERT INTO odd VALUES (1, '田中太郎', NULL), (2, '김 민수', NULL), (3, 'किरण शर्मा', NULL), (4, 'مُحَمَّد العلي', NULL), (5, 'أحمد', NULL), (6, 'שָׂרָה כֹּהֵן', NULL), (7, 'สมชาย ใจดี', NULL),
    (8, 'Ёлкина Зоя', NULL), (9, 'Maria̱ Zwyx', NULL), (10, 'さくら・ヤマダ', NULL), (11, 'Dial Home', '+4930901820'), (12, 'می‌خواهم', NULL), (13, 'Ελένη Παπά', NULL);
INSERT INTO app.client (id, name, phone) SELECT fx.id('b', 'client', 7000 + o.n), o.name, o.phone FROM odd o;
INSERT INTO app.client_tag (client_id, tag_id) VALUES (fx.id('b', 'client', 7009), fx.id('b', 'tag', 1)), ((SELECT n.id FROM n JOIN app.client c ON c.id = n.id AND c.name LIKE 'Maria %' AND c.tenant_id = fx.id('b', 'tenant', 1) ORDER BY n.i DESC LIMIT 1), fx.id('b', 'tag', 1));
CREATE FUNCTION pg_temp.finds(typed text, who int, country text) RETURNS boolean LANGUAGE plpgsql AS $fx$
DECLARE is_found boolean;
BEGIN
    UPDATE app.tenant b SET country = finds.country WHERE b.id = fx.id('b', 'tenant', 1) AND b.country <> finds.country;
    PERFORM set_config('foyer.actor_kind', 'staff', true), set_config('foyer.actor', fx.id('b', 'staff', 4)::text, true), set_config('foyer.perms', ',client_read,client_write,show_phone,show_email,', true);
    SET LOCAL ROLE foyer_staff;
    is_found := fx.id('b', 'client', 7000 + who) IN (SELECT f.client_id FROM app.client_find(typed, 1000) AS f);
    RESET ROLE;
    RETURN is_found;
END $fx$;
GRANT SELECT ON odd TO PUBLIC;
SELECT is(pg_temp.finds(v.typed, v.who, v.country), v.is_there, format('B13: %s, typed in %s, %s', v.typed, v.country, CASE WHEN v.is_there THEN 'finds her' ELSE 'finds somebody else' END))
FROM (VALUES ('太郎', 1, 'US', true), ('田中', 1, 'US', true), ('田中 太郎', 1, 'US', true), ('中太', 1, 'US', true), ('太田', 1, 'US', false), ('민수', 2, 'US', true), ('김민수', 2, 'US', true),
             ('किरण', 3, 'US', true), ('शर्मा किर', 3, 'US', true), ('रण', 3, 'US', false), ('محمد', 4, 'US', true), ('مُحَمَّد', 4, 'US', true), ('العلي محمد', 4, 'US', true), ('احمد', 5, 'US', true),
             ('שרה', 6, 'US', true), ('כהן שרה', 6, 'US', true), ('สมชาย', 7, 'US', true), ('ชาย', 7, 'US', true), ('ใจดี', 7, 'US', true), ('елкина', 8, 'US', true), ('зоя ёлк', 8, 'US', true),
             ('maria zwyx', 9, 'US', true), ('ヤマダ', 10, 'US', true), ('くら', 10, 'US', true), ('خواهم', 12, 'US', false), ('می‌خواهم', 12, 'US', true), ('میخواهم', 12, 'US', true), ('ελενη', 13, 'US', true),
             ('030 901820', 11, 'DE', true), ('030/90 18 20', 11, 'DE', true), ('0049 30 901820', 11, 'DE', true), ('+49 (0)30 901820', 11, 'DE', true), ('901820', 11, 'DE', true), ('030 90', 11, 'DE', true),
             ('011 49 30 901820', 11, 'US', true), ('031 901820', 11, 'DE', false), ('8 30 901820', 11, 'RU', true), ('06 30 901820', 11, 'HU', true)) AS v (typed, who, country, is_there);
-- any part of a name that is written without blanks finds it; each word of any name does, however it is marked
SELECT is_empty($$ SELECT o.name, substr(o.name, a, k) FROM odd o, generate_series(1, 4) AS a, generate_series(1, 4) AS k WHERE o.n IN (1, 10) AND a + k <= 5 AND o.n = 1 AND NOT pg_temp.finds(substr(o.name, a, k), o.n, 'US') $$, 'B13: each part of a name in a script without blanks');
SELECT is_empty($$ SELECT o.name, w FROM odd o, regexp_split_to_table(o.name, '[ ・]') AS w WHERE NOT pg_temp.finds(w, o.n, 'US') $$, 'B13: each word as it is written');
-- a tag is looked at while the words are, not at the first fifty that these find
SELECT is((SELECT count(*) FROM (SELECT set_config('foyer.actor_kind', 'staff', true), set_config('foyer.perms', ',client_read,show_phone,show_email,', true)) AS q), 1::bigint, 'as somebody who reads clients');
SELECT cmp_ok((SELECT count(*) FROM app.client c WHERE c.tenant_id = fx.id('b', 'tenant', 1) AND c.name LIKE '%Maria%'), '>', 51::bigint, 'more than a page are called so, ');
SELECT is((SELECT count(*) FROM app.client_find('maria', 51, 20, fx.id('b', 'tag', 1))), 2::bigint, 'both of the two with the tag are found among them');
SELECT is((SELECT count(*) FROM app.client_find('zwyx', 51, 30000, fx.id('b', 'tag', 1))), 1::bigint, 'and one of them by her other name');

SELECT * FROM finish();
ROLLBACK;
