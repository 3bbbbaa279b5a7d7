-- 991_search_scripts: names in scripts without blanks are found by any part; vowel signs are parts of words; Arabic and Hebrew are found
-- with and without points.

SET LOCAL ROLE foyer_owner;

-- Text for finding a person: as app.norm, which takes each sign that is not a letter for the end of a word. Here marks of Arabic, Hebrew,
-- Latin, Greek and Cyrillic are left out with what cannot be seen (joiners, marks of direction), forms of alef and the like are one, and
-- the vowel signs of other scripts, without which a word is another one, belong to it. Latin text is what app.norm makes of it.
CREATE FUNCTION app.search_norm(words text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
AS $$
    SELECT CASE WHEN words ~ '^[\u0001-\u024F]*$' THEN app.norm(words) ELSE btrim(regexp_replace(
        regexp_replace(
            translate(lower(ext.unaccent('ext.unaccent'::regdictionary, normalize(words, NFKC)) COLLATE "und-x-icu"), 'أإآٱىة', 'اااايه'),
            '[''’ʼ`´\u00AD\u0300-\u036F\u0483-\u0487\u0591-\u05BD\u05BF\u05C1\u05C2\u05C4\u05C5\u05C7\u05F3\u05F4\u0610-\u061A\u061C\u0640\u064B-\u065F\u0670'
            '\u06D6-\u06DC\u06DF-\u06E4\u06E7\u06E8\u06EA-\u06ED\u0711\u0730-\u074A\u08D3-\u08E1\u08E3-\u08FF\u180B-\u180E\u1AB0-\u1AFF\u1DC0-\u1DFF'
            '\u200B-\u200F\u202A-\u202E\u2060-\u2069\u20D0-\u20F0\uFE00-\uFE0F\uFE20-\uFE2F\uFEFF]', '', 'g'),
        '[^[:alnum:]\u07A6-\u07B0\u07EB-\u07F3\u0816-\u082D\u0859-\u085B\u0900-\u0963\u0966-\u096F\u0971-\u0DF3\u0E31\u0E34-\u0E3A\u0E47-\u0E4E\u0EB1\u0EB4-\u0EBC\u0EC8-\u0ECD'
        '\u0F18\u0F19\u0F35\u0F37\u0F39\u0F3E\u0F3F\u0F71-\u0F84\u0F86\u0F87\u0F8D-\u0FBC\u102B-\u103E\u1056-\u109D\u135D-\u135F\u1712-\u1714\u1732-\u1734\u17B4-\u17D3\u17DD'
        '\u1885\u1886\u18A9\u1920-\u193B\u1A17-\u1A1B\u1A55-\u1A7F\u1B00-\u1B44\u1B80-\u1BF3\u1C24-\u1C37\uA823-\uA827\uA880-\uA8C5\uA8E0-\uA8F1\uA8FF\uA926-\uA92D\uA947-\uA953'
        '\uA980-\uA9C0\uAA29-\uAA36\uAA43\uAA4C\uAA4D\uAA7B-\uAA7D\uAAB0-\uAABF\uAAC1\uAAEB-\uAAEF\uAAF5\uAAF6\uABE3-\uABED\U00011000-\U00011FFF]+', ' ', 'g')) END
$$;

-- The words of a name. Where a script puts no blanks between words (Chinese, Japanese, Korean names; Thai, Lao, Burmese, Khmer) each end of
-- a run is a word too, so any part of it begins one: sixteen of a run at most. Chinese, Japanese and Korean words side by side are one run.
CREATE FUNCTION app.name_words(name text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    norm text := app.search_norm(name);
    words text[] := string_to_array(norm, ' ');
    east text := '[\u1100-\u11FF\u3005-\u3007\u3040-\u30FF\u3130-\u318F\u31F0-\u31FF\u3400-\u4DBF\u4E00-\u9FFF\uAC00-\uD7AF\uF900-\uFAFF\U00020000-\U0003FFFF]';
    south text := '[\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF]';
    run text;
BEGIN
    IF norm ~ '[\u0E00-\uFFFF\U00020000-\U0003FFFF]' THEN
        FOR run IN SELECT m[1] FROM regexp_matches(regexp_replace(norm, '(' || east || ') (?=' || east || ')', '\1', 'g'), '(' || east || '+|' || south || '+)', 'g') AS m LOOP
            FOR n IN 1..least(length(run), 16) LOOP
                IF substr(run, n, 1) COLLATE "und-x-icu" ~ '[[:alnum:]]' THEN  -- not at a vowel sign
                    words := words || left(substr(run, n), 24);
                END IF;
            END LOOP;
        END LOOP;
    END IF;
    RETURN words;
END $$;
REVOKE ALL ON FUNCTION app.search_norm(text), app.name_words(text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION app.client_words(name text, preferred_name text, email text, phone text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- (each by itself: the end of one name and the beginning of another are no word)
    words text[] := coalesce(app.name_words(name), '{}') || coalesce(app.name_words(preferred_name), '{}') || coalesce(app.name_words(split_part(email, '@', 1)), '{}');
    digits text := regexp_replace(coalesce(phone, ''), '[^0-9]', '', 'g');
BEGIN
    IF email <> '' THEN
        words := words || ('@' || lower(btrim(email)));
    END IF;
    FOR n IN 4..length(digits) LOOP
        words := words || right(digits, n);
    END LOOP;
    RETURN words;
END $$;

-- The search looks at tags while it looks for words.
GRANT SELECT (tenant_id, client_id, tag_id) ON app.client_tag TO foyer_disclosure;

-- The words of those whose names, or whose guardians' names, are not Latin.
RESET ROLE;
DO $$
DECLARE
    k record;
BEGIN
    FOR k IN SELECT c.tenant_id, c.id FROM app.client c WHERE concat(c.name, c.preferred_name, c.email) !~ '^[\u0001-\u024F]*$'
             UNION
             SELECT g.tenant_id, g.client_id FROM app.client_guardian g WHERE concat(g.name, g.email) !~ '^[\u0001-\u024F]*$'
             UNION
             SELECT x.tenant_id, x.client_id FROM app.client_contact x WHERE x.value !~ '^[\u0001-\u024F]*$' LOOP
        PERFORM set_config('foyer.tenant_id', k.tenant_id::text, true);
        PERFORM app.client_words_again(k.tenant_id, k.id);
    END LOOP;
    PERFORM set_config('foyer.tenant_id', '', true);
END $$;
