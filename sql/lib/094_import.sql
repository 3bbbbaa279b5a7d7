-- 094_import: lists of clients: what a row means, who is in it already, entering all of them or none, and taking them out again.

SET LOCAL ROLE foyer_owner;

-- What a column may hold, in groups for the page; heads: how other programs call it.
DROP FUNCTION IF EXISTS app.import_fields();
CREATE OR REPLACE FUNCTION app.import_fields() RETURNS TABLE (field text, words text, part text, place int, heads text[])
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT v.field, v.words, v.part, (row_number() OVER ())::int, v.heads FROM (VALUES
        ('name', 'Name', 'The person', ARRAY['name', 'full name', 'client', 'client name', 'patient', 'patient name', 'customer']),
        ('first_name', 'First name', 'The person', ARRAY['first name', 'first', 'given name', 'firstname', 'vorname']),
        ('last_name', 'Last name', 'The person', ARRAY['last name', 'last', 'surname', 'family name', 'lastname', 'nachname']),
        ('preferred_name', 'Called', 'The person', ARRAY['preferred name', 'called', 'nickname', 'goes by']),
        ('pronouns', 'Pronouns', 'The person', ARRAY['pronouns', 'pronoun']),
        ('birth_date', 'Date of birth', 'The person', ARRAY['birth date', 'date of birth', 'dob', 'birthday', 'birthdate', 'geburtsdatum']),
        ('due_date', 'Due date', 'The person', ARRAY['due date', 'edd', 'estimated due date']),
        ('client_since', 'Client since', 'The person', ARRAY['client since', 'customer since', 'patient since', 'created', 'created at', 'date created', 'date added', 'registered']),
        ('tags', 'Tags', 'The person', ARRAY['tags', 'tag', 'labels']),
        ('phone', 'Phone', 'Contact', ARRAY['phone', 'mobile', 'cell', 'phone number', 'mobile phone', 'cell phone', 'mobile number', 'telephone', 'telefon']),
        ('email', 'E-mail', 'Contact', ARRAY['email', 'e mail', 'email address', 'e mail address', 'mail']),
        ('further_phones', 'Further phones', 'Contact', ARRAY['further phones', 'phone 2', 'second phone', 'other phone', 'alternate phone', 'home phone', 'work phone', 'phone number 2']),
        ('further_emails', 'Further e-mails', 'Contact', ARRAY['further emails', 'further e mails', 'email 2', 'second email', 'other email', 'alternate email', 'email address 2']),
        ('street', 'Street', 'Contact', ARRAY['street', 'address', 'address 1', 'address line 1', 'street address']),
        ('city', 'City', 'Contact', ARRAY['city', 'town', 'ort']),
        ('region', 'State or region', 'Contact', ARRAY['state', 'region', 'province', 'county']),
        ('postal_code', 'Postal code', 'Contact', ARRAY['postal code', 'postcode', 'zip', 'zip code', 'plz']),
        ('country', 'Country (two letters)', 'Contact', ARRAY['country', 'country code', 'land']),
        ('preferred_language', 'Preferred language', 'Contact', ARRAY['preferred language', 'language', 'sprache']),
        ('preferred_way', 'Preferred way: e-mail, text or phone', 'Contact', ARRAY['preferred way', 'preferred contact', 'preferred contact method', 'contact preference']),
        ('best_time', 'Best time', 'Contact', ARRAY['best time', 'best time to call']),
        ('emergency_contact_name', 'In an emergency: name', 'Whom to call', ARRAY['emergency contact name', 'emergency contact']),
        ('emergency_contact_relation', 'In an emergency: relation', 'Whom to call', ARRAY['emergency contact relation', 'emergency contact relationship', 'emergency relation', 'emergency relationship']),
        ('emergency_contact_phone', 'In an emergency: phone', 'Whom to call', ARRAY['emergency contact phone', 'emergency phone', 'emergency contact number', 'emergency number']),
        ('guardian_name', 'Guardian: name', 'Guardians', ARRAY['guardian name', 'guardian', 'parent', 'parent name', 'parent guardian', 'responsible party']),
        ('guardian_relation', 'Guardian: relation', 'Guardians', ARRAY['guardian relation', 'guardian relationship', 'relationship to guardian']),
        ('guardian_phone', 'Guardian: phone', 'Guardians', ARRAY['guardian phone', 'parent phone', 'guardian phone number']),
        ('guardian_email', 'Guardian: e-mail', 'Guardians', ARRAY['guardian email', 'parent email', 'guardian e mail']),
        ('guardian_birth_date', 'Guardian: date of birth', 'Guardians', ARRAY['guardian birth date', 'guardian date of birth', 'guardian dob']),
        ('guardian_may_sign', 'Guardian: may sign (yes or no)', 'Guardians', ARRAY['guardian may sign']),
        ('guardians', 'Guardians, as clients.csv has them', 'Guardians', ARRAY['guardians']),
        ('email_service', 'E-mails about visits and forms (yes or no)', 'What may be sent', ARRAY['email service', 'email reminders', 'email notifications', 'email opt in', 'email consent']),
        ('email_news', 'E-mails with offers and news (yes or no)', 'What may be sent', ARRAY['email news', 'email marketing', 'marketing emails', 'newsletter', 'accepts marketing']),
        ('sms_service', 'Text messages about visits and forms (yes or no)', 'What may be sent', ARRAY['sms service', 'sms reminders', 'text reminders', 'sms opt in', 'sms consent', 'text message consent']),
        ('sms_news', 'Text messages with offers and news (yes or no)', 'What may be sent', ARRAY['sms news', 'sms marketing', 'marketing texts']),
        ('phone_service', 'Calls about visits and forms (yes or no)', 'What may be sent', ARRAY['phone service', 'phone reminders', 'phone consent']),
        ('phone_news', 'Calls with offers and news (yes or no)', 'What may be sent', ARRAY['phone news', 'phone marketing']),
        ('messages', 'What may be sent, as clients.csv has it', 'What may be sent', ARRAY['messages'])) AS v (field, words, part, heads)
$$;

-- The parts of a cell that lists several, between commas or semicolons; one that has these itself stands in quotes, as app.import_listed puts
-- it and clients.csv has it. Of another separator: those between it.
CREATE OR REPLACE FUNCTION app.import_parts(cell text, separators text DEFAULT ',;') RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT
AS $$
BEGIN
    RETURN ARRAY(
        SELECT q.part
        FROM (SELECT m.n, CASE WHEN m.x[1] ~ '^"([^"]|"")*"$' THEN replace(substr(m.x[1], 2, length(m.x[1]) - 2), '""', '"') ELSE btrim(m.x[1]) END AS part
              FROM regexp_matches(cell, format('[[:space:]]*("(?:[^"]|"")*"(?=[[:space:]]*(?:[%1$s]|$))|[^%1$s]*)[[:space:]]*(?:[%1$s]|$)', separators), 'g') WITH ORDINALITY AS m (x, n)) AS q
        WHERE q.part <> '' ORDER BY q.n);
END $$;
CREATE OR REPLACE FUNCTION app.import_listed(part text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
AS $$ SELECT CASE WHEN part ~ '[,;"]' THEN '"' || replace(part, '"', '""') || '"' ELSE part END $$;

-- Yes or no, where a cell says it in so many words; NULL: it does not.
CREATE OR REPLACE FUNCTION app.import_yes_no(cell text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN app.norm(cell) IN ('yes', 'y', 'true', '1', 'opted in', 'opt in', 'subscribed', 'ja', 'si', 'oui') THEN true
                WHEN app.norm(cell) IN ('no', 'n', 'false', '0', 'opted out', 'opt out', 'unsubscribed', 'nein', 'non') THEN false END
$$;

-- How a guardian is related; NULL: by none of these.
CREATE OR REPLACE FUNCTION app.import_relation(cell text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN app.norm(cell) IN ('parent', 'mother', 'father', 'mom', 'mum', 'dad') THEN 'parent'
                WHEN app.norm(cell) IN ('legal guardian', 'guardian') THEN 'legal_guardian'
                WHEN app.norm(cell) IN ('grandparent', 'grandmother', 'grandfather', 'grandma', 'grandpa') THEN 'grandparent'
                WHEN app.norm(cell) IN ('foster parent', 'foster mother', 'foster father') THEN 'foster_parent'
                WHEN app.norm(cell) IN ('carer', 'caregiver', 'caretaker') THEN 'carer'
                WHEN app.norm(cell) = 'other' THEN 'other' END
$$;

-- A language by its code, in its own words or in English.
CREATE OR REPLACE FUNCTION app.import_language(cell text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
BEGIN
    RETURN coalesce(
        (SELECT l.language FROM app.form_languages() AS l WHERE lower(cell) IN (l.language, lower(l.words))),
        (SELECT v.code FROM (VALUES ('spanish', 'es'), ('french', 'fr'), ('portuguese', 'pt'), ('german', 'de'), ('italian', 'it'), ('polish', 'pl'), ('russian', 'ru'),
            ('ukrainian', 'uk'), ('arabic', 'ar'), ('persian', 'fa'), ('farsi', 'fa'), ('hindi', 'hi'), ('chinese', 'zh'), ('mandarin', 'zh'), ('japanese', 'ja'), ('korean', 'ko'),
            ('vietnamese', 'vi'), ('haitian creole', 'ht')) AS v (words, code) WHERE v.words = app.norm(cell)),
        CASE WHEN cell ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$' AND cell NOT IN ('yes', 'no', 'any') THEN cell END);
END $$;
CREATE OR REPLACE FUNCTION app.import_way(cell text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN app.norm(cell) IN ('email', 'e mail', 'mail') THEN 'email' WHEN app.norm(cell) IN ('text', 'sms', 'text message', 'texting') THEN 'text'
                WHEN app.norm(cell) IN ('phone', 'call', 'phone call', 'telephone') THEN 'phone' END
$$;
CREATE OR REPLACE FUNCTION app.import_email(cell text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT CASE WHEN length(cell) <= 254 AND cell ~ '^[^@[:space:]<>()\[\],;:\\"]{1,64}@[^@[:space:]<>()\[\],;:\\".]+(\.[^@[:space:]<>()\[\],;:\\".]+)+$' THEN cell END $$;
CREATE OR REPLACE FUNCTION app.import_short(cell text, most int) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT CASE WHEN length(cell) <= most THEN cell END $$;

-- Guardians as clients.csv has them: semicolons between them; of each the name, then in any order how he is related, date of birth, phone,
-- e-mail, "may sign". n_left: parts that are none of these.
CREATE OR REPLACE FUNCTION app.import_guardians(cell text, land text, latest date, OUT list jsonb, OUT n_left int)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    one text;
    part text;
    parts text[];
    g jsonb;
BEGIN
    list := '[]';
    n_left := 0;
    -- (quotes stay until each one's parts are taken apart)
    FOR one IN SELECT m[1] FROM regexp_matches(cell, '((?:"(?:[^"]|"")*"|[^;"])+)', 'g') AS m LOOP
        parts := app.import_parts(one, ',');
        CONTINUE WHEN cardinality(parts) = 0;
        IF length(parts[1]) > 120 THEN
            n_left := n_left + 1;
            CONTINUE;
        END IF;
        g := jsonb_build_object('name', parts[1], 'relation', 'other', 'may_sign', false);
        FOREACH part IN ARRAY parts[2:] LOOP
            IF app.norm(part) = 'may sign' THEN
                g := g || '{"may_sign": true}';
            ELSIF app.import_relation(part) IS NOT NULL THEN
                g := g || jsonb_build_object('relation', app.import_relation(part));
            ELSIF app.import_day(part, 'ymd', '1890-01-01', latest) IS NOT NULL THEN
                g := g || jsonb_build_object('birth_date', app.import_day(part, 'ymd', '1890-01-01', latest));
            ELSIF app.import_email(part) IS NOT NULL THEN
                g := g || jsonb_build_object('email', lower(part));
            ELSIF app.phone_e164(part, land) IS NOT NULL THEN
                g := g || jsonb_build_object('phone', app.phone_e164(part, land));
            ELSE
                n_left := n_left + 1;
            END IF;
        END LOOP;
        list := list || g;
    END LOOP;
END $$;

-- What may be sent as clients.csv has it, a row for each part of the cell; is_given NULL: it cannot be read.
CREATE OR REPLACE FUNCTION app.import_messages(cell text) RETURNS TABLE (channel text, purpose text, is_given boolean)
LANGUAGE plpgsql STABLE STRICT ROWS 4
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT k.channel, k.purpose, CASE WHEN k.channel IS NOT NULL THEN app.import_yes_no(split_part(p, ':', 2)) END
    FROM unnest(app.import_parts(cell, ';')) AS p
    LEFT JOIN (SELECT c AS channel, u AS purpose FROM unnest(ARRAY['email', 'sms', 'phone']) AS c, unnest(ARRAY['visits', 'forms', 'reminders', 'news']) AS u) AS k
        ON app.norm(split_part(p, ':', 1)) = app.norm(app.messaging_words(k.purpose) || ' by ' || app.channel_words(k.channel));
END $$;

-- A date as the file writes it (2026-11-21 always counts), with or without a time of day; NULL when it is none. Of a year with two digits
-- the century is the last one in which the day is not after `latest`; without that it is none.
DROP FUNCTION IF EXISTS app.import_date(text, text);
CREATE OR REPLACE FUNCTION app.import_date(typed text, format text, latest date DEFAULT NULL) RETURNS date
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    day text := regexp_replace(btrim(typed), '[T ]+[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?( ?[AaPp][Mm])?(Z|[+-][0-9]{2}:?[0-9]{2})?$', '');
    p text[] := regexp_match(day, '^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})$');
    d date;
BEGIN
    IF p IS NULL THEN
        p := regexp_match(day, CASE format WHEN 'ymd' THEN '^([0-9]{4}|[0-9]{2})[-./ ]+([0-9]{1,2})[-./ ]+([0-9]{1,2})$' ELSE '^([0-9]{1,2})[-./ ]+([0-9]{1,2})[-./ ]+([0-9]{4}|[0-9]{2})$' END);
        p := CASE format WHEN 'ymd' THEN p WHEN 'mdy' THEN ARRAY[p[3], p[1], p[2]] ELSE ARRAY[p[3], p[2], p[1]] END;
    END IF;
    IF length(p[1]) = 2 THEN
        d := make_date(2000 + p[1]::int, p[2]::int, p[3]::int);
        RETURN CASE WHEN latest IS NULL THEN NULL WHEN d > latest THEN make_date(1900 + p[1]::int, p[2]::int, p[3]::int) ELSE d END;
    END IF;
    RETURN make_date(p[1]::int, p[2]::int, p[3]::int);
EXCEPTION WHEN datetime_field_overflow OR invalid_datetime_format THEN
    RETURN NULL;
END $$;
-- The same, within what can be; NULL otherwise.
CREATE OR REPLACE FUNCTION app.import_day(typed text, format text, first date, last date) RETURNS date
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    d date;
BEGIN
    IF typed IS NOT NULL THEN
        d := app.import_date(typed, format, last);
    END IF;
    RETURN CASE WHEN d BETWEEN first AND last THEN d END;
END $$;
-- How many rows a part of a file has; its last part has what is left. Who cuts a file asks for it.
CREATE OR REPLACE FUNCTION app.import_part_rows() RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT 250 $$;

-- What was found of a row, in words.
CREATE OR REPLACE FUNCTION app.import_verdict_words(verdict text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE verdict WHEN 'add' THEN 'will be added' WHEN 'maybe' THEN 'may be here' WHEN 'here' THEN 'already here' WHEN 'twice' THEN 'twice in the file'
                        WHEN 'bad' THEN 'cannot be read' END
$$;
REVOKE ALL ON FUNCTION app.import_fields(), app.import_parts(text, text), app.import_listed(text), app.import_yes_no(text), app.import_relation(text), app.import_language(text),
    app.import_way(text), app.import_email(text), app.import_short(text, int), app.import_guardians(text, text, date), app.import_messages(text),
    app.import_date(text, text, date), app.import_day(text, text, date, date), app.import_part_rows(), app.import_verdict_words(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.import_fields(), app.import_verdict_words(text), app.import_listed(text) TO foyer_slow;
GRANT EXECUTE ON FUNCTION app.import_part_rows() TO foyer_slow, foyer_jobs;
GRANT EXECUTE ON FUNCTION app.import_date(text, text, date) TO foyer_disclosure, foyer_auth, foyer_jobs;
GRANT EXECUTE ON FUNCTION app.import_fields(), app.import_parts(text, text), app.import_yes_no(text), app.import_relation(text), app.import_language(text), app.import_way(text),
    app.import_email(text), app.import_short(text, int), app.import_guardians(text, text, date), app.import_messages(text),
    app.import_day(text, text, date, date), app.form_languages() TO foyer_disclosure;

SET LOCAL ROLE foyer_disclosure;

-- What becomes of rows: read, and compared with who is there, by the reasons of app.duplicates. here: the same name with the same phone,
-- e-mail or date of birth; maybe: one of the other reasons, and for a name without anything else, the same name. reason says what
-- is wrong, never what stands there; bad: without a name there is no client. A cell beside the name that cannot be read is left out, and left_out
-- says which and why. keys: a person who stands in the file again has one of them again. Internal.
DROP FUNCTION IF EXISTS app.client_import_judge(uuid, jsonb);
CREATE OR REPLACE FUNCTION app.client_import_judge(import uuid, cells jsonb)
RETURNS TABLE (n int, line int, verdict text, reason text, left_out text, client_id uuid, keys bigint[], name text, preferred_name text, pronouns text, phone text, email text,
               birth_date date, due_date date, client_since date, street text, city text, region text, postal_code text, country text,
               preferred_language text, preferred_way text, best_time text, emergency_contact_name text, emergency_contact_relation text, emergency_contact_phone text,
               tag_ids uuid[], phones text[], emails text[], guardians jsonb, said jsonb, own jsonb, id uuid, wrapped_key bytea)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    t uuid := app.tenant();
    land text;
    format text;
    latest date := app.last_due_date();
    today date := app.last_due_date() - 287;
BEGIN
    SELECT b.country INTO land FROM app.tenant b WHERE b.id = t;
    format := cells ->> 'date_format';
    RETURN QUERY
    WITH typed AS MATERIALIZED (
        SELECT x.*, coalesce(nullif(x.name, ''), nullif(concat_ws(' ', x.first_name, x.last_name), '')) AS called
        FROM jsonb_to_recordset(cells -> 'rows') AS x (n int, line int, bad text, unkept text[], name text, first_name text, last_name text, preferred_name text, pronouns text, phone text,
             email text, birth_date text, due_date text, client_since text, street text, city text, region text, postal_code text, country text, preferred_language text, preferred_way text,
             best_time text, emergency_contact_name text, emergency_contact_relation text, emergency_contact_phone text, tags text, further_phones text, further_emails text,
             guardian_name text, guardian_relation text, guardian_phone text, guardian_email text, guardian_birth_date text, guardian_may_sign text, guardians text,
             email_service text, email_news text, sms_service text, sms_news text, phone_service text, phone_news text, messages text, own jsonb, own_left text[], id uuid, key text)
    ), cell AS MATERIALIZED (
        SELECT x.n, x.line, x.id, x.own, decode(x.key, 'hex') AS wrapped_key, x.called AS name, app.norm(x.called) AS norm,
               CASE WHEN x.bad IS NOT NULL THEN x.bad
                    WHEN x.unkept && ARRAY['name', 'first_name', 'last_name'] THEN 'The name contains characters that cannot be kept.'
                    WHEN x.called IS NULL THEN 'There is no name.'
                    WHEN length(x.called) > 120 THEN 'The name is longer than 120 characters.' END AS wrong,
               app.import_short(x.preferred_name, 120) AS preferred_name, app.import_short(x.pronouns, 40) AS pronouns,
               app.phone_e164(x.phone, land) AS phone, app.import_email(x.email) AS email,
               app.import_day(x.birth_date, format, '1890-01-01', today) AS birth_date, app.import_day(x.due_date, format, '1940-01-01', latest) AS due_date,
               app.import_day(x.client_since, format, '1890-01-01', today) AS client_since,
               app.import_short(x.street, 200) AS street, app.import_short(x.city, 100) AS city, app.import_short(x.region, 100) AS region, app.import_short(x.postal_code, 20) AS postal_code,
               CASE WHEN upper(x.country) ~ '^[A-Z]{2}$' THEN upper(x.country) END AS country,
               app.import_language(x.preferred_language) AS preferred_language, app.import_way(x.preferred_way) AS preferred_way, app.import_short(x.best_time, 80) AS best_time,
               app.import_short(x.emergency_contact_name, 120) AS emergency_contact_name, app.import_short(x.emergency_contact_relation, 60) AS emergency_contact_relation,
               app.phone_e164(x.emergency_contact_phone, land) AS emergency_contact_phone,
               g.n_tags, coalesce(g.ids, '{}') AS tag_ids, f.n_phones, f.n_emails, coalesce(f.phones, '{}') AS phones, coalesce(f.emails, '{}') AS emails,
               app.import_short(x.guardian_name, 120) AS guardian_name, app.import_relation(x.guardian_relation) AS guardian_relation, app.phone_e164(x.guardian_phone, land) AS guardian_phone,
               app.import_email(x.guardian_email) AS guardian_email, app.import_day(x.guardian_birth_date, format, '1890-01-01', today) AS guardian_birth_date,
               app.import_yes_no(x.guardian_may_sign) AS guardian_may_sign, w.list AS guardians, w.n_left AS guardians_left,
               s.said, s.n_left AS said_left, s.is_unread, s.is_advert
        FROM typed x
        LEFT JOIN LATERAL (SELECT cardinality(u.typed) AS n_tags, ARRAY(SELECT k.id FROM app.tag k WHERE k.tenant_id = t AND k.is_active AND k.name_norm = ANY (u.typed)) AS ids
                           FROM (SELECT ARRAY(SELECT DISTINCT app.norm(i) FROM unnest(app.import_parts(x.tags)) AS i) AS typed) AS u OFFSET 0) AS g ON x.tags IS NOT NULL
        LEFT JOIN LATERAL (SELECT cardinality(u.phones) AS n_phones, cardinality(u.emails) AS n_emails,
                                  ARRAY(SELECT e FROM unnest(u.phones) AS i, app.phone_e164(i, land) AS e WHERE e IS NOT NULL) AS phones,
                                  ARRAY(SELECT lower(i) FROM unnest(u.emails) AS i WHERE app.import_email(i) IS NOT NULL) AS emails
                           FROM (SELECT coalesce(app.import_parts(x.further_phones), '{}') AS phones, coalesce(app.import_parts(x.further_emails), '{}') AS emails) AS u
                           OFFSET 0) AS f ON num_nonnulls(x.further_phones, x.further_emails) > 0
        LEFT JOIN LATERAL app.import_guardians(x.guardians, land, today) AS w ON x.guardians IS NOT NULL
        LEFT JOIN LATERAL (
            -- (a column of one kind of message goes before the list of all)
            SELECT jsonb_agg(jsonb_build_object('channel', k.channel, 'purpose', k.purpose, 'is_given', k.is_given)) FILTER (WHERE k.is_first AND k.is_given IS NOT NULL AND NOT k.is_advert) AS said,
                   count(*) FILTER (WHERE k.is_given IS NULL OR k.is_advert) AS n_left, bool_or(k.is_list AND k.is_given IS NULL) AS is_unread, bool_or(k.is_list AND k.is_advert) AS is_advert
            FROM (SELECT u.channel, u.purpose, u.is_given, u.is_list, u.is_given IS TRUE AND u.purpose = 'news' AND u.channel <> 'email' AS is_advert,
                         row_number() OVER (PARTITION BY u.channel, u.purpose ORDER BY u.is_given IS NULL, u.is_list) = 1 AS is_first
                  FROM (SELECT split_part(v.field, '_', 1) AS channel, r AS purpose, app.import_yes_no(v.typed) AS is_given, false AS is_list
                        FROM (VALUES ('email_service', x.email_service), ('email_news', x.email_news), ('sms_service', x.sms_service), ('sms_news', x.sms_news),
                                     ('phone_service', x.phone_service), ('phone_news', x.phone_news)) AS v (field, typed)
                        CROSS JOIN LATERAL unnest(CASE split_part(v.field, '_', 2) WHEN 'news' THEN ARRAY['news'] ELSE ARRAY['visits', 'forms', 'reminders'] END) AS r
                        WHERE v.typed IS NOT NULL
                        UNION ALL SELECT m.channel, m.purpose, m.is_given, true FROM app.import_messages(x.messages) AS m) AS u) AS k
            OFFSET 0) AS s ON num_nonnulls(x.email_service, x.email_news, x.sms_service, x.sms_news, x.phone_service, x.phone_news, x.messages) > 0
    ), told AS MATERIALIZED (
        -- (which cells were left out is found out for those rows alone in which more was typed than is kept)
        SELECT c.*, lower(c.email) AS email_norm,
               CASE WHEN cardinality(x.unkept) > 0 OR cardinality(x.own_left) > 0 OR c.guardians_left > 0 OR c.said_left > 0
                      OR c.n_tags > cardinality(c.tag_ids) OR c.n_phones > cardinality(c.phones) OR c.n_emails > cardinality(c.emails)
                      OR (c.guardian_name IS NULL AND num_nonnulls(x.guardian_relation, x.guardian_phone, x.guardian_email, x.guardian_birth_date, x.guardian_may_sign) > 0)
                      OR num_nonnulls(x.preferred_name, x.pronouns, x.phone, x.email, x.birth_date, x.due_date, x.client_since, x.street, x.city, x.region, x.postal_code, x.country,
                             x.preferred_language, x.preferred_way, x.best_time, x.emergency_contact_name, x.emergency_contact_relation, x.emergency_contact_phone,
                             x.guardian_name, x.guardian_relation, x.guardian_phone, x.guardian_email, x.guardian_birth_date, x.guardian_may_sign)
                       > num_nonnulls(c.preferred_name, c.pronouns, c.phone, c.email, c.birth_date, c.due_date, c.client_since, c.street, c.city, c.region, c.postal_code, c.country,
                             c.preferred_language, c.preferred_way, c.best_time, c.emergency_contact_name, c.emergency_contact_relation, c.emergency_contact_phone,
                             c.guardian_name, c.guardian_relation, c.guardian_phone, c.guardian_email, c.guardian_birth_date, c.guardian_may_sign)
                    THEN concat_ws('; ', (
                        SELECT string_agg(d.words || ': ' || coalesce(v.why, 'has characters that cannot be kept'), '; ' ORDER BY d.place)
                        FROM app.import_fields() AS d
                        LEFT JOIN (VALUES
                            ('preferred_name', x.preferred_name <> '' AND c.preferred_name IS NULL, 'is longer than 120 characters'), ('pronouns', x.pronouns <> '' AND c.pronouns IS NULL, 'is longer than 40 characters'),
                            ('phone', x.phone <> '' AND c.phone IS NULL, 'does not look like a number; one of another country begins with + and the country'),
                            ('email', x.email <> '' AND c.email IS NULL, 'does not look like an address'),
                            ('birth_date', x.birth_date <> '' AND c.birth_date IS NULL, 'cannot be read in the format that was chosen, or cannot be right'),
                            ('due_date', x.due_date <> '' AND c.due_date IS NULL, 'cannot be read in the format that was chosen, or cannot be right'),
                            ('client_since', x.client_since <> '' AND c.client_since IS NULL, 'cannot be read in the format that was chosen, or cannot be right'),
                            ('street', x.street <> '' AND c.street IS NULL, 'is longer than 200 characters'), ('city', x.city <> '' AND c.city IS NULL, 'is longer than 100 characters'),
                            ('region', x.region <> '' AND c.region IS NULL, 'is longer than 100 characters'), ('postal_code', x.postal_code <> '' AND c.postal_code IS NULL, 'is longer than 20 characters'),
                            ('country', x.country <> '' AND c.country IS NULL, 'is not two letters, such as US'),
                            ('preferred_language', x.preferred_language <> '' AND c.preferred_language IS NULL, 'is none that is known; a code such as es is'),
                            ('preferred_way', x.preferred_way <> '' AND c.preferred_way IS NULL, 'is neither e-mail, text nor phone'), ('best_time', x.best_time <> '' AND c.best_time IS NULL, 'is longer than 80 characters'),
                            ('emergency_contact_name', x.emergency_contact_name <> '' AND c.emergency_contact_name IS NULL, 'is longer than 120 characters'),
                            ('emergency_contact_relation', x.emergency_contact_relation <> '' AND c.emergency_contact_relation IS NULL, 'is longer than 60 characters'),
                            ('emergency_contact_phone', x.emergency_contact_phone <> '' AND c.emergency_contact_phone IS NULL, 'does not look like a number'),
                            ('tags', c.n_tags > cardinality(c.tag_ids), 'one is not among your tags; add it in the settings first'),
                            ('further_phones', c.n_phones > cardinality(c.phones), 'one does not look like a number'), ('further_emails', c.n_emails > cardinality(c.emails), 'one does not look like an address'),
                            ('guardian_name', c.guardian_name IS NULL AND num_nonnulls(x.guardian_name, x.guardian_relation, x.guardian_phone, x.guardian_email, x.guardian_birth_date, x.guardian_may_sign) > 0,
                                'there is none, or it is longer than 120 characters'),
                            ('guardian_relation', x.guardian_relation <> '' AND c.guardian_relation IS NULL, 'is none that is known'),
                            ('guardian_phone', x.guardian_phone <> '' AND c.guardian_phone IS NULL, 'does not look like a number'),
                            ('guardian_email', x.guardian_email <> '' AND c.guardian_email IS NULL, 'does not look like an address'),
                            ('guardian_birth_date', x.guardian_birth_date <> '' AND c.guardian_birth_date IS NULL, 'cannot be read in the format that was chosen, or cannot be right'),
                            ('guardian_may_sign', x.guardian_may_sign <> '' AND c.guardian_may_sign IS NULL, 'is neither yes nor no'),
                            ('guardians', c.guardians_left > 0, 'a part cannot be read'),
                            ('email_service', x.email_service <> '' AND app.import_yes_no(x.email_service) IS NULL, 'is neither yes nor no'),
                            ('email_news', x.email_news <> '' AND app.import_yes_no(x.email_news) IS NULL, 'is neither yes nor no'),
                            ('sms_service', x.sms_service <> '' AND app.import_yes_no(x.sms_service) IS NULL, 'is neither yes nor no'),
                            ('sms_news', x.sms_news <> '' AND app.import_yes_no(x.sms_news) IS NULL, 'is neither yes nor no'),
                            ('sms_news', app.import_yes_no(x.sms_news), 'for advertising by text it takes the client''s own yes in writing'),
                            ('phone_service', x.phone_service <> '' AND app.import_yes_no(x.phone_service) IS NULL, 'is neither yes nor no'),
                            ('phone_news', x.phone_news <> '' AND app.import_yes_no(x.phone_news) IS NULL, 'is neither yes nor no'),
                            ('phone_news', app.import_yes_no(x.phone_news), 'for advertising by phone it takes the client''s own yes in writing'),
                            ('messages', c.is_unread, 'a part cannot be read'),
                            ('messages', c.is_advert, 'for advertising by text or phone it takes the client''s own yes in writing')) AS v (field, is_left, why)
                            ON v.field = d.field AND v.is_left
                        WHERE v.field IS NOT NULL OR d.field = ANY (x.unkept)), nullif(array_to_string(x.own_left, '; '), '')) END AS left_out
        FROM cell c JOIN typed x USING (n)
    )
    SELECT o.n, o.line,
           CASE WHEN o.wrong IS NOT NULL THEN 'bad' WHEN m.is_sure THEN 'here' WHEN m.id IS NOT NULL THEN 'maybe' ELSE 'add' END,
           coalesce(o.wrong, m.words, ''), CASE WHEN o.wrong IS NULL THEN left(coalesce(o.left_out, ''), 4000) ELSE '' END, m.id,
           CASE WHEN o.wrong IS NULL THEN ARRAY(
               SELECT hashtextextended(import || k, 0) FROM unnest(ARRAY['b' || o.norm || '|' || o.birth_date, 'p' || o.norm || '|' || o.phone, 'e' || o.norm || '|' || o.email_norm,
                   CASE WHEN o.birth_date IS NULL AND o.phone IS NULL AND o.email IS NULL THEN 'n' || o.norm END]) AS k WHERE k IS NOT NULL) ELSE '{}' END,
           o.name, o.preferred_name, o.pronouns, o.phone, o.email, o.birth_date, o.due_date, o.client_since, o.street, o.city, o.region, o.postal_code, o.country,
           o.preferred_language, o.preferred_way, o.best_time, o.emergency_contact_name, o.emergency_contact_relation, o.emergency_contact_phone,
           o.tag_ids, o.phones, o.emails,
           CASE WHEN o.guardian_name IS NULL THEN '[]' ELSE jsonb_build_array(jsonb_build_object('name', o.guardian_name, 'relation', coalesce(o.guardian_relation, 'other'), 'phone', o.guardian_phone,
               'email', lower(o.guardian_email), 'birth_date', o.guardian_birth_date, 'may_sign', coalesce(o.guardian_may_sign, false))) END || coalesce(o.guardians, '[]'), coalesce(o.said, '[]'), coalesce(o.own, '[]'), o.id, o.wrapped_key
    FROM told o
    LEFT JOIN LATERAL (
        SELECT app.record_of(p.id) AS id, s.name AND (s.birth OR ((s.phone OR s.email) AND s.birth IS NOT FALSE)) IS TRUE AS is_sure,
               concat_ws(', ', CASE WHEN s.phone THEN 'same phone' END, CASE WHEN s.email THEN 'same e-mail' END,
                   CASE WHEN s.name AND s.birth THEN 'same name and date of birth' WHEN s.name THEN 'same name' WHEN s.is_alike THEN 'similar name, same date of birth' END) AS words
        FROM (SELECT c.id, c.phone, c.email_norm, c.name_norm, c.birth_date FROM app.client c WHERE c.tenant_id = t AND c.is_active AND c.phone = o.phone
              UNION SELECT c.id, c.phone, c.email_norm, c.name_norm, c.birth_date FROM app.client c WHERE c.tenant_id = t AND c.is_active AND c.email_norm = o.email_norm
              UNION SELECT c.id, c.phone, c.email_norm, c.name_norm, c.birth_date FROM app.client c WHERE c.tenant_id = t AND c.is_active AND c.birth_date = o.birth_date
                    AND (c.name_norm = o.norm OR app.names_near(c.name_norm, o.norm))
              UNION SELECT c.id, c.phone, c.email_norm, c.name_norm, c.birth_date FROM app.client c WHERE c.tenant_id = t AND c.is_active AND c.name_norm = o.norm
                    AND o.birth_date IS NULL AND o.phone IS NULL AND o.email IS NULL) AS p
        CROSS JOIN LATERAL (SELECT p.phone = o.phone AS phone, p.email_norm = o.email_norm AS email, p.name_norm = o.norm AS name, p.birth_date = o.birth_date AS birth,
                                   p.birth_date = o.birth_date AND app.names_alike(p.name_norm, o.norm) AS is_alike OFFSET 0) AS s -- (OFFSET: found out once)
        WHERE o.wrong IS NULL AND (s.phone OR s.email OR s.name OR s.is_alike)
        ORDER BY 2 DESC, CASE WHEN s.phone THEN 3 ELSE 0 END + CASE WHEN s.email THEN 3 ELSE 0 END + CASE WHEN s.name AND s.birth THEN 5 WHEN s.is_alike THEN 4 ELSE 0 END DESC, p.id
        LIMIT 1) AS m ON true
    ORDER BY o.n;
END $$;
REVOKE ALL ON FUNCTION app.client_import_judge(uuid, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.client_import_judge(uuid, jsonb) TO foyer_owner, foyer_auth;

SET LOCAL ROLE foyer_owner;

-- Internal: the import, locked, where it stands where the caller thinks; and the next piece of work, which others' jobs may come before.
CREATE OR REPLACE FUNCTION app.client_import_at(import uuid, wanted text, part int) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM FROM app.client_import i WHERE i.tenant_id = app.tenant() AND i.id = import AND i.state = wanted AND (part IS NULL OR i.next_part = part) FOR UPDATE;
    RETURN FOUND;
END $$;
CREATE OR REPLACE FUNCTION app.client_import_queue(import uuid, kind text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ INSERT INTO app.job (tenant_id, kind, subject_id, dedupe_key) VALUES (app.tenant(), kind, import, import || ':' || gen_random_uuid()) $$;

-- Internal: the import, locked, for somebody who may decide about lists; one decision of a business after the other. All NULL: there is none.
CREATE OR REPLACE FUNCTION app.client_import_taken(import uuid) RETURNS app.client_import
LANGUAGE plpgsql
AS $$
DECLARE
    i app.client_import;
BEGIN
    IF NOT app.may('client_lists') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('lists of clients of ' || app.tenant(), 0));
    SELECT x.* INTO i FROM app.client_import x WHERE x.tenant_id = app.tenant() AND x.id = import FOR UPDATE;
    RETURN i;
END $$;

-- Internal: FY422 while another list of the business is at work; more: what is said behind that.
CREATE OR REPLACE FUNCTION app.client_import_alone(import uuid, more text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    IF EXISTS (SELECT FROM app.client_import x WHERE x.tenant_id = app.tenant() AND x.id <> import AND x.state IN ('importing', 'failed', 'undoing')) THEN
        RAISE EXCEPTION 'Another list is being read in or taken out. Wait until it is done%.', more USING ERRCODE = 'FY422';
    END IF;
END $$;

-- The columns are named: each row is looked at. Internal checks raise what the page shows.
CREATE OR REPLACE FUNCTION app.client_import_map(import uuid, chosen text[], format text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    i app.client_import := app.client_import_taken(import);
BEGIN
    IF i.id IS NULL THEN
        RETURN NULL;
    ELSIF i.state NOT IN ('mapping', 'checked') THEN
        RAISE EXCEPTION 'The columns of this file can no longer be changed.' USING ERRCODE = 'FY422', COLUMN = 'column';
    ELSIF cardinality(chosen) <> i.n_columns OR EXISTS (SELECT FROM unnest(chosen) AS c WHERE c <> '' AND c NOT IN (SELECT f.field FROM app.import_fields() f
          UNION ALL SELECT 'field_' || w.id FROM app.client_field w WHERE w.tenant_id = app.tenant() AND w.retired_at IS NULL)) THEN
        RAISE EXCEPTION 'Say of each column what it holds.' USING ERRCODE = 'FY422', COLUMN = 'column';
    ELSIF EXISTS (SELECT FROM unnest(chosen) AS c WHERE c <> '' GROUP BY c HAVING count(*) > 1) THEN
        RAISE EXCEPTION 'Two columns cannot both hold "%". Leave one of them out.',
            (SELECT coalesce((SELECT f.words FROM app.import_fields() f WHERE f.field = d.c), (SELECT w.name FROM app.client_field w WHERE w.tenant_id = app.tenant() AND 'field_' || w.id = d.c))
             FROM (SELECT c FROM unnest(chosen) AS c WHERE c <> '' GROUP BY c HAVING count(*) > 1 ORDER BY 1 LIMIT 1) AS d)
            USING ERRCODE = 'FY422', COLUMN = 'column';
    ELSIF NOT ('name' = ANY (chosen) OR 'first_name' = ANY (chosen) OR 'last_name' = ANY (chosen)) THEN
        RAISE EXCEPTION 'Say which column holds the name.' USING ERRCODE = 'FY422', COLUMN = 'column';
    ELSIF 'name' = ANY (chosen) AND ('first_name' = ANY (chosen) OR 'last_name' = ANY (chosen)) THEN
        RAISE EXCEPTION 'Choose either the name, or first and last name.' USING ERRCODE = 'FY422', COLUMN = 'column';
    END IF;
    DELETE FROM app.client_import_row r WHERE r.tenant_id = app.tenant() AND r.import_id = import;
    DELETE FROM app.client_import_key k WHERE k.tenant_id = app.tenant() AND k.import_id = import;
    UPDATE app.client_import x SET state = 'checking', columns = chosen, date_format = format, next_part = 1, n_done = 0 WHERE x.tenant_id = app.tenant() AND x.id = import;
    PERFORM app.client_import_queue(import, 'client.import.check');
    RETURN import;
END $$;

-- A part of the file is looked at. true: it was this one's turn.
CREATE OR REPLACE FUNCTION app.client_import_check(import uuid, part int, cells jsonb) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
    t uuid := app.tenant();
    rows constant int := app.import_part_rows();
    again int[];
    first_lines int[];
BEGIN
    IF NOT app.client_import_at(import, 'checking', part) THEN
        RETURN false;
    END IF;
    INSERT INTO app.client_import_row (import_id, n, line, verdict, reason, left_out, client_id, keys)
    SELECT import, j.n, j.line, j.verdict, j.reason, j.left_out, j.client_id, j.keys FROM app.client_import_judge(import, cells) j;
    INSERT INTO app.client_import_key (import_id, key, n, line)
    SELECT import, k, r.n, r.line FROM app.client_import_row r CROSS JOIN LATERAL unnest(r.keys) AS k
    WHERE r.tenant_id = t AND r.import_id = import AND r.n > (part - 1) * rows AND r.n <= part * rows ORDER BY r.n
    ON CONFLICT DO NOTHING;
    -- (first who, then the change: in one statement the planner, which knows nothing of fresh rows, would look for each of them again)
    SELECT array_agg(x.n), array_agg(x.line) INTO again, first_lines
    FROM (SELECT r.n, min(k.line) AS line
          FROM app.client_import_row r CROSS JOIN LATERAL unnest(r.keys) AS y
          CROSS JOIN LATERAL (SELECT q.line FROM app.client_import_key q WHERE q.tenant_id = t AND q.import_id = import AND q.key = y AND q.n < r.n OFFSET 0) AS k
          WHERE r.tenant_id = t AND r.import_id = import AND r.n > (part - 1) * rows AND r.n <= part * rows GROUP BY r.n) AS x;
    FOR i IN 1..coalesce(cardinality(again), 0) LOOP
        UPDATE app.client_import_row r SET verdict = 'twice', client_id = NULL, reason = 'The same person stands in line ' || first_lines[i] || '.'
        WHERE r.tenant_id = t AND r.import_id = import AND r.n = again[i] AND r.verdict IN ('add', 'maybe');
    END LOOP;
    UPDATE app.client_import i SET next_part = part + 1, n_done = least(part * rows, i.n_rows)
    WHERE i.tenant_id = t AND i.id = import;
    RETURN true;
END $$;

-- The jobs have come to the end of the file, or go on with it: true when it is over.
CREATE OR REPLACE FUNCTION app.client_import_step(import uuid, is_last boolean) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    i record;
BEGIN
    SELECT * INTO i FROM app.client_import x WHERE x.tenant_id = app.tenant() AND x.id = import FOR UPDATE;
    IF i.state = 'checking' AND is_last THEN
        UPDATE app.client_import x SET state = 'checked' WHERE x.tenant_id = app.tenant() AND x.id = import;
    ELSIF i.state = 'importing' AND is_last THEN
        -- From here on they are all seen, by one row. (Later than what the transaction wrote: app.client_import_take compares.)
        UPDATE app.client_import x SET state = 'done', is_hidden = false, done_at = clock_timestamp() WHERE x.tenant_id = app.tenant() AND x.id = import;
        PERFORM app.client_import_clear(import);
    ELSIF i.state = 'undoing' AND is_last THEN
        UPDATE app.client_import x SET state = 'undone', undone_at = now() WHERE x.tenant_id = app.tenant() AND x.id = import;
        PERFORM app.client_import_clear(import);
    ELSIF i.state IN ('checking', 'importing', 'undoing') THEN
        PERFORM app.client_import_queue(import, CASE i.state WHEN 'checking' THEN 'client.import.check' WHEN 'importing' THEN 'client.import.add' ELSE 'client.import.undo' END);
    END IF;
    RETURN is_last;
END $$;

-- What the file said goes. Internal.
CREATE OR REPLACE FUNCTION app.client_import_clear(import uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM app.client_import_part p WHERE p.tenant_id = app.tenant() AND p.import_id = import;
    DELETE FROM app.client_import_key k WHERE k.tenant_id = app.tenant() AND k.import_id = import;
    UPDATE app.client_import_row r SET keys = '{}' WHERE r.tenant_id = app.tenant() AND r.import_id = import;
$$;

-- All rows that are to be added are, by the jobs. Once: a second call finds it under way.
CREATE OR REPLACE FUNCTION app.client_import_start(import uuid, maybe boolean) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    i app.client_import := app.client_import_taken(import);
BEGIN
    IF i.id IS NULL OR i.state IN ('importing', 'done') THEN
        RETURN i.id;
    ELSIF i.state NOT IN ('checked', 'failed') THEN
        RAISE EXCEPTION 'This list cannot be read in now. Load the page again to see how it stands.' USING ERRCODE = 'FY422';
    END IF;
    PERFORM app.client_import_alone(import, '; then who came with it is compared too');
    UPDATE app.client_import x SET state = 'importing', with_maybe = CASE i.state WHEN 'failed' THEN x.with_maybe ELSE coalesce(maybe, false) END,
        next_part = CASE i.state WHEN 'failed' THEN x.next_part ELSE 1 END, n_done = CASE i.state WHEN 'failed' THEN x.n_done ELSE 0 END
    WHERE x.tenant_id = app.tenant() AND x.id = import;
    PERFORM app.client_import_queue(import, 'client.import.add');
    RETURN import;
END $$;

-- What was read in is taken out again, by the jobs.
CREATE OR REPLACE FUNCTION app.client_import_undo(import uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    i app.client_import := app.client_import_taken(import);
BEGIN
    IF i.id IS NULL OR i.state IN ('undoing', 'undone') THEN
        RETURN i.id;
    ELSIF i.state NOT IN ('done', 'failed') THEN
        RAISE EXCEPTION 'There is nothing to take out.' USING ERRCODE = 'FY422';
    END IF;
    PERFORM app.client_import_alone(import, '');
    UPDATE app.client_import x SET state = 'undoing', next_part = 0, n_removed = 0 WHERE x.tenant_id = app.tenant() AND x.id = import;
    PERFORM app.client_import_queue(import, 'client.import.undo');
    RETURN import;
END $$;

-- Internal: a file that is not read in goes, with all that was found of it; how: 'dropped' or 'stopped'.
CREATE OR REPLACE FUNCTION app.client_import_end(import uuid, how text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE app.client_import x SET state = how WHERE x.tenant_id = app.tenant() AND x.id = import;
    DELETE FROM app.client_import_row r WHERE r.tenant_id = app.tenant() AND r.import_id = import;
    PERFORM app.client_import_clear(import);
END $$;

-- Somebody decides that it is not read in.
CREATE OR REPLACE FUNCTION app.client_import_drop(import uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    i app.client_import := app.client_import_taken(import);
BEGIN
    IF i.state IN ('mapping', 'checking', 'checked') THEN
        PERFORM app.client_import_end(import, 'dropped');
    END IF;
    RETURN i.id;
END $$;

-- A job that nobody will try again: what was looked at is looked at anew when its columns are named again, the rest waits for a decision.
CREATE OR REPLACE FUNCTION app.client_import_give_up(import uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE app.client_import x SET state = CASE x.state WHEN 'checking' THEN 'mapping' WHEN 'importing' THEN 'failed' WHEN 'undoing' THEN CASE WHEN x.is_hidden THEN 'failed' ELSE 'done' END ELSE x.state END
    WHERE x.tenant_id = app.tenant() AND x.id = import
$$;

-- Files that wait for longer than their time go; what stopped half-way is taken out. Of the entered business.
CREATE OR REPLACE FUNCTION app.client_import_expire() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    i record;
BEGIN
    FOR i IN SELECT x.id, x.state FROM app.client_import x
             WHERE x.tenant_id = app.tenant() AND x.expires_at < now() AND x.state IN ('mapping', 'checking', 'checked', 'failed') FOR UPDATE LOOP
        IF i.state = 'failed' THEN
            UPDATE app.client_import x SET state = 'undoing', next_part = 0 WHERE x.tenant_id = app.tenant() AND x.id = i.id;
            PERFORM app.client_import_queue(i.id, 'client.import.undo');
            PERFORM app.client_import_clear(i.id);
        ELSE
            PERFORM app.client_import_end(i.id, 'dropped');
        END IF;
    END LOOP;
END $$;

-- Who is erased stands in no file that waits: one that was not looked at, or in which she was found, goes; otherwise reading it in would
-- enter her again. For app.client_erase. Internal.
CREATE OR REPLACE FUNCTION app.client_import_forget(client uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    i record;
BEGIN
    FOR i IN SELECT x.id FROM app.client_import x
             WHERE x.tenant_id = app.tenant() AND (x.state IN ('mapping', 'checking') OR (x.state = 'checked' AND EXISTS (
                 SELECT FROM app.client_import_row r WHERE r.tenant_id = x.tenant_id AND r.import_id = x.id AND r.client_id = client))) FOR UPDATE LOOP
        PERFORM app.client_import_end(i.id, 'stopped');
    END LOOP;
    UPDATE app.client_import_row r SET client_id = NULL, is_in = false, reason = '', left_out = '' WHERE r.tenant_id = app.tenant() AND r.client_id = client;
END $$;

-- How a row of one of these tables is said to keep a client.
CREATE OR REPLACE FUNCTION app.import_kept_words(part_of text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE part_of
        WHEN 'appointment' THEN 'has a visit' WHEN 'series' THEN 'has visits' WHEN 'waitlist_entry' THEN 'waits for a time'
        WHEN 'chart_note' THEN 'has a note' WHEN 'form_assignment' THEN 'has a form' WHEN 'signature' THEN 'has signed a form'
        WHEN 'client_change' THEN 'was changed since' WHEN 'client_contact' THEN 'has another phone or e-mail' WHEN 'client_tag' THEN 'has another tag'
        WHEN 'client_pregnancy' THEN 'has another due date' WHEN 'client_field_value' THEN 'has something in your own fields' WHEN 'messaging_consent' THEN 'has said what may be sent'
        WHEN 'client_guardian' THEN 'has a guardian, or is one'
        WHEN 'message' THEN 'was written to' WHEN 'link' THEN 'was sent a link' WHEN 'client_merged' THEN 'was joined with another record'
        ELSE 'has something in the record' END
$$;

-- Takes out the next so many clients of a list: each row is locked, then every table that names clients is asked; who stands in none of
-- them, but for what the list itself wrote (before it was done), is removed. Gives the removed; is_over when none is left. Internal.
CREATE OR REPLACE FUNCTION app.client_import_take(import uuid, how_many int, OUT removed uuid[], OUT is_over boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
    t uuid := app.tenant();
    i record;
    ids uuid[];
    touched uuid[];
    last int;
    k record;
BEGIN
    removed := '{}';
    is_over := true;
    SELECT * INTO i FROM app.client_import x WHERE x.tenant_id = t AND x.id = import AND x.state = 'undoing' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT array_agg(q.client_id), max(q.n) INTO ids, last
    FROM (SELECT r.client_id, r.n FROM app.client_import_row r WHERE r.tenant_id = t AND r.import_id = import AND r.is_in AND r.n > i.next_part ORDER BY r.n LIMIT how_many) AS q;
    IF ids IS NULL THEN
        RETURN;
    END IF;
    is_over := false;
    PERFORM FROM app.client c WHERE c.tenant_id = t AND c.id = ANY (ids) FOR UPDATE;
    removed := ids;
    FOR k IN SELECT x.conrelid::regclass AS part_of, b.relname::text AS name, a.attname::text AS col
             FROM pg_constraint x
             JOIN pg_class b ON b.oid = x.conrelid
             JOIN pg_attribute f ON f.attrelid = x.confrelid AND f.attname = 'id'
             JOIN pg_attribute a ON a.attrelid = x.conrelid AND a.attnum = x.conkey[array_position(x.confkey, f.attnum)]
             WHERE x.contype = 'f' AND x.confrelid = 'app.client'::regclass AND b.relname NOT IN ('client_word', 'client_key') ORDER BY 2, 3 LOOP
        EXECUTE format('SELECT array_agg(DISTINCT x.%1$I) FROM %2$s x WHERE x.tenant_id = $1 AND x.%1$I = ANY ($2)%3$s', k.col, k.part_of,
                CASE k.name WHEN 'client_tag' THEN ' AND x.at > $3' WHEN 'client_pregnancy' THEN ' AND (x.noted_at > $3 OR x.ended_on IS NOT NULL)'
                            WHEN 'client_change' THEN ' AND x.at > $3' WHEN 'messaging_consent' THEN ' AND x.at > $3' WHEN 'client_field_value' THEN ' AND x.at > $3'
                            WHEN 'client_contact' THEN ' AND x.created_at > $3' WHEN 'client_guardian' THEN CASE k.col WHEN 'client_id' THEN ' AND x.created_at > $3' ELSE '' END ELSE '' END)
            INTO touched USING t, removed, coalesce(i.done_at, 'infinity');
        IF touched IS NOT NULL THEN
            UPDATE app.client_import_row r SET reason = app.import_kept_words(k.name) WHERE r.tenant_id = t AND r.import_id = import AND r.client_id = ANY (touched);
            removed := ARRAY(SELECT x FROM unnest(removed) AS x WHERE x <> ALL (touched));
        END IF;
    END LOOP;
    DELETE FROM app.client_pregnancy p WHERE p.tenant_id = t AND p.client_id = ANY (removed);
    DELETE FROM app.client_tag g WHERE g.tenant_id = t AND g.client_id = ANY (removed);
    DELETE FROM app.client_contact g WHERE g.tenant_id = t AND g.client_id = ANY (removed);
    DELETE FROM app.client_guardian g WHERE g.tenant_id = t AND g.client_id = ANY (removed);
    DELETE FROM app.client_field_value g WHERE g.tenant_id = t AND g.client_id = ANY (removed);
    DELETE FROM app.messaging_consent g WHERE g.tenant_id = t AND g.client_id = ANY (removed);
    DELETE FROM app.client_change g WHERE g.tenant_id = t AND g.client_id = ANY (removed); -- last, for those before it are written down in it
    DELETE FROM app.client c WHERE c.tenant_id = t AND c.id = ANY (removed) AND c.import_id = import;
    UPDATE app.client_import_row r SET is_in = false, client_id = NULL, reason = 'Taken out again.', left_out = '' WHERE r.tenant_id = t AND r.import_id = import AND r.client_id = ANY (removed);
    UPDATE app.client_import x SET next_part = last, n_removed = x.n_removed + cardinality(removed) WHERE x.tenant_id = t AND x.id = import;
END $$;

-- What came of the rows of a part: lefts, what was left out of those who were entered; others are changes, {n, verdict, client_id, reason}. Internal.
DROP FUNCTION IF EXISTS app.client_import_entered(uuid, int, uuid[], int[], jsonb);
CREATE OR REPLACE FUNCTION app.client_import_entered(import uuid, part int, ids uuid[], rows int[], lefts text[], others jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE app.client_import_row r SET is_in = true, client_id = x.id, reason = '', left_out = x.left_out
    FROM unnest(rows, ids, lefts) AS x (n, id, left_out) WHERE r.tenant_id = app.tenant() AND r.import_id = import AND r.n = x.n;
    UPDATE app.client_import_row r SET verdict = x.verdict, client_id = x.client_id, reason = x.reason
    FROM jsonb_to_recordset(others) AS x (n int, verdict text, client_id uuid, reason text) WHERE r.tenant_id = app.tenant() AND r.import_id = import AND r.n = x.n;
    UPDATE app.client_import i SET next_part = part + 1, n_added = i.n_added + cardinality(ids), n_done = least(part * app.import_part_rows(), i.n_rows)
    WHERE i.tenant_id = app.tenant() AND i.id = import;
END $$;

REVOKE ALL ON FUNCTION app.client_import_at(uuid, text, int), app.client_import_queue(uuid, text), app.client_import_taken(uuid), app.client_import_alone(uuid, text),
    app.client_import_end(uuid, text), app.client_import_map(uuid, text[], text), app.client_import_check(uuid, int, jsonb),
    app.client_import_step(uuid, boolean), app.client_import_clear(uuid), app.client_import_start(uuid, boolean), app.client_import_undo(uuid), app.client_import_drop(uuid),
    app.client_import_give_up(uuid), app.client_import_expire(), app.client_import_forget(uuid), app.import_kept_words(text), app.client_import_take(uuid, int),
    app.client_import_entered(uuid, int, uuid[], int[], text[], jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.client_import_map(uuid, text[], text), app.client_import_start(uuid, boolean), app.client_import_undo(uuid), app.client_import_drop(uuid) TO foyer_slow;
GRANT EXECUTE ON FUNCTION app.client_import_check(uuid, int, jsonb), app.client_import_step(uuid, boolean), app.client_import_give_up(uuid) TO foyer_jobs;
GRANT EXECUTE ON FUNCTION app.client_import_at(uuid, text, int), app.client_import_entered(uuid, int, uuid[], int[], text[], jsonb), app.client_import_take(uuid, int),
    app.client_import_expire() TO foyer_auth;

SET LOCAL ROLE foyer_auth;

-- Enters the clients of a part: who was to be added, unless somebody like them came since. Nobody sees them before app.client_import_step
-- says that all are there. The trail has them by their ids, a row for each part.
CREATE OR REPLACE FUNCTION sec.client_import_add(import uuid, part int, cells jsonb) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
    t uuid := app.tenant();
    maybe boolean;
    ids uuid[];
    rows int[];
    lefts text[];
    more jsonb;
    others jsonb;
BEGIN
    IF NOT app.client_import_at(import, 'importing', part) THEN
        RETURN 0;
    END IF;
    SELECT i.with_maybe INTO maybe FROM app.client_import i WHERE i.tenant_id = t AND i.id = import;
    WITH judged AS MATERIALIZED (
        SELECT j.*, j.verdict = 'add' OR (maybe AND j.verdict = 'maybe') AS is_wanted
        FROM app.client_import_judge(import, cells) j
        JOIN app.client_import_row r ON r.tenant_id = t AND r.import_id = import AND r.n = j.n AND NOT r.is_in AND (r.verdict = 'add' OR (maybe AND r.verdict = 'maybe'))
    ), entered AS (
        INSERT INTO app.client (id, name, preferred_name, pronouns, phone, email, birth_date, due_date, street, city, region, postal_code, country, preferred_language, preferred_way, best_time,
                                emergency_contact_name, emergency_contact_relation, emergency_contact_phone, created_at, source, import_id)
        SELECT j.id, j.name, j.preferred_name, j.pronouns, j.phone, j.email, j.birth_date, j.due_date, j.street, j.city, j.region, j.postal_code, j.country, j.preferred_language, j.preferred_way, j.best_time,
               j.emergency_contact_name, j.emergency_contact_relation, j.emergency_contact_phone, coalesce(j.client_since::timestamp AT TIME ZONE app.zone(), now()), 'import', import
        FROM judged j WHERE j.is_wanted
    ), keyed AS (
        INSERT INTO app.client_key (client_id, wrapped_key) SELECT j.id, j.wrapped_key FROM judged j WHERE j.is_wanted
    ), tagged AS (
        INSERT INTO app.client_tag (client_id, tag_id) SELECT j.id, x FROM judged j CROSS JOIN LATERAL unnest(j.tag_ids) AS x WHERE j.is_wanted
    ), allowed AS (
        INSERT INTO app.messaging_consent (client_id, channel, purpose, is_given, source, wording_id)
        SELECT j.id, x.channel, x.purpose, x.is_given, 'import', w.id
        FROM judged j CROSS JOIN LATERAL jsonb_to_recordset(j.said) AS x (channel text, purpose text, is_given boolean)
        CROSS JOIN LATERAL (SELECT y.id FROM app.messaging_wording y WHERE y.tenant_id = t AND y.channel = x.channel AND y.purpose = x.purpose ORDER BY y.version DESC LIMIT 1) AS w
        WHERE j.is_wanted
    ), filled AS (
        INSERT INTO app.client_field_value (id, client_id, field_id, value_sealed)
        SELECT x.id, j.id, x.field, decode(x.value, 'hex') FROM judged j CROSS JOIN LATERAL jsonb_to_recordset(j.own) AS x (id uuid, field uuid, value text) WHERE j.is_wanted
    )
    SELECT coalesce(array_agg(j.id) FILTER (WHERE j.is_wanted), '{}'), coalesce(array_agg(j.n) FILTER (WHERE j.is_wanted), '{}'), coalesce(array_agg(j.left_out) FILTER (WHERE j.is_wanted), '{}'),
           jsonb_agg(jsonb_build_object('id', j.id, 'phone', j.phone, 'email', lower(j.email), 'phones', j.phones, 'emails', j.emails, 'guardians', j.guardians))
               FILTER (WHERE j.is_wanted AND (cardinality(j.phones) > 0 OR cardinality(j.emails) > 0 OR j.guardians <> '[]')),
           coalesce(jsonb_agg(jsonb_build_object('n', j.n, 'verdict', j.verdict, 'client_id', j.client_id, 'reason', j.reason))
               FILTER (WHERE NOT j.is_wanted), '[]')
    INTO ids, rows, lefts, more, others FROM judged j;
    -- Further numbers and guardians, when her own words are there (app.client_keep_words_of); in their order, which is kept by when they came.
    INSERT INTO app.client_contact (client_id, kind, value, created_at)
    SELECT j.id, x.kind, x.value, now() + min(x.n) * interval '1 microsecond'
    FROM jsonb_to_recordset(more) AS j (id uuid, phone text, email text, phones text[], emails text[])
    CROSS JOIN LATERAL (SELECT 'phone', p.value, p.n FROM unnest(j.phones) WITH ORDINALITY AS p (value, n) WHERE p.value IS DISTINCT FROM j.phone
                        UNION ALL SELECT 'email', e.value, e.n FROM unnest(j.emails) WITH ORDINALITY AS e (value, n) WHERE e.value IS DISTINCT FROM j.email) AS x (kind, value, n)
    GROUP BY 1, 2, 3;
    INSERT INTO app.client_guardian (client_id, name, relation, phone, email, birth_date, may_sign, created_at)
    SELECT j.id, x.name, x.relation, x.phone, x.email, x.birth_date, x.may_sign, now() + y.n * interval '1 microsecond'
    FROM jsonb_to_recordset(more) AS j (id uuid, guardians jsonb)
    CROSS JOIN LATERAL jsonb_array_elements(j.guardians) WITH ORDINALITY AS y (guardian, n)
    CROSS JOIN LATERAL jsonb_to_record(y.guardian) AS x (name text, relation text, phone text, email text, birth_date date, may_sign boolean);
    PERFORM app.client_import_entered(import, part, ids, rows, lefts, others);
    IF cardinality(ids) > 0 THEN
        PERFORM sec.note('client.import', 'ok', cardinality(ids) || ' entered', ids, 'client_import', import);
    END IF;
    RETURN cardinality(ids);
END $$;

-- Takes the next clients of a list out again. true: that were all.
CREATE OR REPLACE FUNCTION sec.client_import_take(import uuid, how_many int) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    x record;
BEGIN
    SELECT k.removed, k.is_over INTO x FROM app.client_import_take(import, how_many) k;
    IF cardinality(x.removed) > 0 THEN
        PERFORM sec.note('client.import.undo', 'ok', cardinality(x.removed) || ' taken out again', x.removed, 'client_import', import);
    END IF;
    RETURN x.is_over;
END $$;
REVOKE ALL ON FUNCTION sec.client_import_add(uuid, int, jsonb), sec.client_import_take(uuid, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.client_import_add(uuid, int, jsonb), sec.client_import_take(uuid, int) TO foyer_jobs;
RESET ROLE;
