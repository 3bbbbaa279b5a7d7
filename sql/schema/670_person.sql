-- 670_person: a client as a person: further phones and e-mails, where she lives, whom to call, her pregnancies, tags, what was changed in her
-- record and what she asked to have corrected, and which records are the same person's.

CREATE EXTENSION pg_trgm SCHEMA ext;
GRANT SELECT (name_norm, birth_date, is_active) ON app.client TO foyer_disclosure;

-- ---- who may enter, join and take out many clients at once ----

INSERT INTO app.permission (name, meaning, reach, realm, position) VALUES
    ('client_lists', 'read in and take out lists of clients, and join records of the same person', 'business', 'studio', 14);
INSERT INTO app.role_permission (tenant_id, role_id, permission)
SELECT r.tenant_id, r.id, 'client_lists' FROM app.role r WHERE r.slug IN ('owner', 'manager') AND r.is_builtin
ON CONFLICT DO NOTHING;
SET LOCAL ROLE foyer_owner;

-- ---- the person ----

ALTER TABLE app.client
    ADD COLUMN pronouns text CONSTRAINT client_pronouns_are_short CHECK (length(pronouns) <= 40),
    ADD COLUMN street text CONSTRAINT client_street_is_short CHECK (length(street) <= 200),
    ADD COLUMN city text CONSTRAINT client_city_is_short CHECK (length(city) <= 100),
    ADD COLUMN region text CONSTRAINT client_region_is_short CHECK (length(region) <= 100),
    ADD COLUMN postal_code text CONSTRAINT client_postal_code_is_short CHECK (length(postal_code) <= 20),
    ADD COLUMN country text COLLATE "C" CONSTRAINT client_country_is_a_code CHECK (country ~ '^[A-Z]{2}$'),
    ADD COLUMN emergency_contact_name text CONSTRAINT client_emergency_name_is_short CHECK (length(emergency_contact_name) <= 120),
    ADD COLUMN emergency_contact_relation text CONSTRAINT client_emergency_relation_is_short CHECK (length(emergency_contact_relation) <= 60),
    ADD COLUMN emergency_contact_phone text COLLATE "C" CONSTRAINT client_emergency_phone_is_e164 CHECK (emergency_contact_phone ~ '^\+[1-9][0-9]{7,14}$');
COMMENT ON CONSTRAINT client_country_is_a_code ON app.client IS 'country: Two letters, such as US.';
COMMENT ON CONSTRAINT client_emergency_phone_is_e164 ON app.client IS 'emergency_contact_phone: This does not look like a phone number.';
GRANT SELECT (pronouns, street, city, region, postal_code, country, emergency_contact_name, emergency_contact_relation) ON app.client TO foyer_staff, foyer_slow;
GRANT SELECT (emergency_contact_phone) ON app.client TO foyer_disclosure;
GRANT UPDATE (pronouns, street, city, region, postal_code, country, emergency_contact_name, emergency_contact_relation, emergency_contact_phone)
    ON app.client TO foyer_staff;

-- Further ways to reach her. Those that count, where messages go and by which she is called first, stay app.client.email and .phone:
-- one place each, so nothing has to be kept in step; app.contact_first swaps one of these with them. They identify nobody.
CREATE TABLE app.client_contact (
    tenant_id  uuid NOT NULL DEFAULT app.tenant(),
    id         uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id  uuid NOT NULL,
    kind       text COLLATE "C" NOT NULL CHECK (kind IN ('phone', 'email')),
    value      text COLLATE "C" NOT NULL,
    label      text NOT NULL DEFAULT '' CONSTRAINT contact_label_is_short CHECK (length(label) <= 40),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT contact_is_there_once UNIQUE (tenant_id, client_id, kind, value),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    CONSTRAINT contact_looks_like_one CHECK (CASE kind WHEN 'phone' THEN value ~ '^\+[1-9][0-9]{7,14}$' ELSE value ~ '^[^@[:space:]]{1,64}@[^@[:space:]]{1,190}$' END)
);
COMMENT ON CONSTRAINT contact_is_there_once ON app.client_contact IS 'contact_value: This is on the list already.';
COMMENT ON CONSTRAINT contact_looks_like_one ON app.client_contact IS 'contact_value: This does not look like one. A number of another country begins with + and the country.';
CREATE INDEX client_contact_by_value ON app.client_contact (tenant_id, kind, value);
SELECT app.guard_table('app.client_contact');
GRANT SELECT ON app.client_contact TO foyer_staff, foyer_slow, foyer_public, foyer_jobs;
GRANT INSERT (id, client_id, kind, value, label), DELETE ON app.client_contact TO foyer_staff;

-- Her pregnancies, the current one and those before. app.client.due_date is the current one's, whoever writes it: a trigger keeps this list.
CREATE TABLE app.client_pregnancy (
    tenant_id  uuid NOT NULL DEFAULT app.tenant(),
    id         uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id  uuid NOT NULL,
    due_date   date NOT NULL CONSTRAINT pregnancy_due_date_is_possible CHECK (due_date BETWEEN '1940-01-01' AND '2200-01-01'),
    noted_at   timestamptz NOT NULL DEFAULT now(),
    noted_by   uuid DEFAULT app.actor(),
    ended_on   date,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, noted_by) REFERENCES app.staff (tenant_id, id),
    CONSTRAINT pregnancy_ends_near_its_due_date CHECK (ended_on IS NULL OR ended_on BETWEEN due_date - 280 AND due_date + 60)
);
COMMENT ON CONSTRAINT pregnancy_due_date_is_possible ON app.client_pregnancy IS 'earlier_due: This date cannot be right.';
COMMENT ON CONSTRAINT pregnancy_ends_near_its_due_date ON app.client_pregnancy IS 'earlier_end: This day does not go with that due date.';
CREATE UNIQUE INDEX client_pregnancy_current ON app.client_pregnancy (tenant_id, client_id) WHERE ended_on IS NULL;
CREATE INDEX client_pregnancy_by_client ON app.client_pregnancy (tenant_id, client_id, due_date);
CREATE INDEX client_pregnancy_by_staff ON app.client_pregnancy (tenant_id, noted_by);
SELECT app.guard_table('app.client_pregnancy');
GRANT SELECT ON app.client_pregnancy TO foyer_staff, foyer_slow, foyer_public, foyer_jobs;
GRANT INSERT (id, client_id, due_date, ended_on), DELETE ON app.client_pregnancy TO foyer_staff;

-- Words that a business sorts its clients by.
CREATE TABLE app.tag (
    tenant_id uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    id        uuid NOT NULL DEFAULT gen_random_uuid(),
    name      text NOT NULL CONSTRAINT tag_has_a_name CHECK (length(btrim(name)) BETWEEN 1 AND 40),
    name_norm text COLLATE "C" NOT NULL GENERATED ALWAYS AS (app.norm(name)) STORED,
    color     text COLLATE "C" NOT NULL DEFAULT 'plain' CHECK (color IN ('plain', 'good', 'info', 'warn', 'bad')),
    is_active boolean NOT NULL DEFAULT true,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT tag_is_there_once UNIQUE (tenant_id, name)
);
COMMENT ON CONSTRAINT tag_has_a_name ON app.tag IS 'name: Give the tag a name.';
COMMENT ON CONSTRAINT tag_is_there_once ON app.tag IS 'name: There is a tag of this name already.';
SELECT app.guard_table('app.tag');
GRANT SELECT ON app.tag TO foyer_staff, foyer_slow, foyer_jobs;
GRANT INSERT (id, name, color), UPDATE (name, color, is_active) ON app.tag TO foyer_staff;
CREATE POLICY staff_may_add ON app.tag AS RESTRICTIVE FOR INSERT TO foyer_staff WITH CHECK ((SELECT app.may('settings_write')));
CREATE POLICY staff_may_write ON app.tag AS RESTRICTIVE FOR UPDATE TO foyer_staff USING ((SELECT app.may('settings_write')));

CREATE TABLE app.client_tag (
    tenant_id uuid NOT NULL DEFAULT app.tenant(),
    client_id uuid NOT NULL,
    tag_id    uuid NOT NULL,
    at        timestamptz NOT NULL DEFAULT now(),
    by_id     uuid DEFAULT app.actor(),
    PRIMARY KEY (tenant_id, client_id, tag_id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, tag_id) REFERENCES app.tag (tenant_id, id),
    FOREIGN KEY (tenant_id, by_id) REFERENCES app.staff (tenant_id, id)
);
CREATE INDEX client_tag_by_tag ON app.client_tag (tenant_id, tag_id, client_id);
CREATE INDEX client_tag_by_staff ON app.client_tag (tenant_id, by_id);
SELECT app.guard_table('app.client_tag');
GRANT SELECT ON app.client_tag TO foyer_staff, foyer_slow;
GRANT INSERT (client_id, tag_id), DELETE ON app.client_tag TO foyer_staff;

-- What was changed in her record: what stood there, what stands there now, who, when; written by triggers, whoever makes the change, and
-- never changed. It holds what app.client and its tables hold in plain, so it is plain as they are; erasing her takes it with her. mask: of
-- what kind it is, for roles that do not show that.
CREATE TABLE app.client_change (
    tenant_id  uuid NOT NULL DEFAULT app.tenant(),
    id         uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id  uuid NOT NULL,
    object_id  uuid,
    field      text COLLATE "C" NOT NULL,
    was        text,
    is_now     text,
    mask       text COLLATE "C" CHECK (mask IN ('phone', 'email')),
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor_kind text COLLATE "C" NOT NULL DEFAULT coalesce(nullif(app.actor_kind(), ''), 'system'),
    actor_id   uuid DEFAULT app.actor(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id)
);
CREATE INDEX client_change_by_client ON app.client_change (tenant_id, client_id, at);
CREATE INDEX client_change_by_object ON app.client_change (tenant_id, object_id);
SELECT app.guard_table('app.client_change');
CREATE TRIGGER client_change_never_changes BEFORE UPDATE ON app.client_change FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER client_change_never_truncated BEFORE TRUNCATE ON app.client_change FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
GRANT SELECT ON app.client_change TO foyer_staff, foyer_slow;

-- What somebody says is wrong in her record, and what was decided about it (PROMISES B50). The words are the client's: sealed.
CREATE TABLE app.correction (
    tenant_id     uuid NOT NULL DEFAULT app.tenant(),
    id            uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id     uuid NOT NULL,
    field         text COLLATE "C" NOT NULL CHECK (field IN ('name', 'preferred_name', 'pronouns', 'birth_date', 'phone', 'email', 'address', 'due_date', 'chart', 'other')),
    words_sealed  bytea NOT NULL,
    asked_at      timestamptz NOT NULL DEFAULT now(),
    asked_kind    text COLLATE "C" NOT NULL DEFAULT app.actor_kind(),
    asked_by      uuid DEFAULT app.actor(),
    decision      text COLLATE "C" CHECK (decision IN ('corrected', 'refused')),
    reason_sealed bytea,
    decided_at    timestamptz,
    decided_by    uuid,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, asked_by) REFERENCES app.staff (tenant_id, id),
    FOREIGN KEY (tenant_id, decided_by) REFERENCES app.staff (tenant_id, id),
    CONSTRAINT correction_is_decided_wholly CHECK ((decision IS NULL) = (decided_at IS NULL) AND (decision IS NULL) = (reason_sealed IS NULL) AND (decision IS NULL) = (decided_by IS NULL))
);
CREATE INDEX correction_by_client ON app.correction (tenant_id, client_id, asked_at);
CREATE INDEX correction_waiting ON app.correction (tenant_id, asked_at) WHERE decision IS NULL;
CREATE INDEX correction_by_asker ON app.correction (tenant_id, asked_by);
CREATE INDEX correction_by_decider ON app.correction (tenant_id, decided_by);
SELECT app.guard_table('app.correction');
GRANT SELECT ON app.correction TO foyer_staff, foyer_public;
GRANT INSERT (id, client_id, field, words_sealed) ON app.correction TO foyer_staff, foyer_public;
GRANT UPDATE (decision, reason_sealed, decided_at, decided_by) ON app.correction TO foyer_staff;
CREATE FUNCTION app.correction_keep() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF OLD.decision IS NOT NULL THEN
        RAISE EXCEPTION 'This was decided already.' USING ERRCODE = 'FY422', COLUMN = 'decision';
    END IF;
    NEW.decided_at := now();
    NEW.decided_by := app.actor();
    RETURN NEW;
END $$;
CREATE TRIGGER correction_is_decided_once BEFORE UPDATE ON app.correction FOR EACH ROW EXECUTE FUNCTION app.correction_keep();

-- Records that are the same person's: client_id is read with into_id from now on. Rows stay with the record that they were written for: what
-- is sealed is bound to that record's key, and what is signed may not be written again. So a join can be undone by ending its row.
CREATE TABLE app.client_merged (
    tenant_id uuid NOT NULL DEFAULT app.tenant(),
    id        uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id uuid NOT NULL,
    into_id   uuid NOT NULL,
    reasons   text NOT NULL DEFAULT '' CHECK (length(reasons) <= 300),
    merged_at timestamptz NOT NULL DEFAULT now(),
    merged_by uuid DEFAULT app.actor(),
    undone_at timestamptz,
    undone_by uuid,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, into_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, merged_by) REFERENCES app.staff (tenant_id, id),
    FOREIGN KEY (tenant_id, undone_by) REFERENCES app.staff (tenant_id, id),
    CONSTRAINT merged_into_another CHECK (client_id <> into_id)
);
COMMENT ON CONSTRAINT merged_into_another ON app.client_merged IS 'into: Choose another record.';
CREATE UNIQUE INDEX client_merged_once ON app.client_merged (tenant_id, client_id) WHERE undone_at IS NULL;
CREATE INDEX client_merged_by_client ON app.client_merged (tenant_id, client_id);
CREATE INDEX client_merged_by_into ON app.client_merged (tenant_id, into_id);
CREATE INDEX client_merged_by_staff ON app.client_merged (tenant_id, merged_by);
CREATE INDEX client_merged_by_undoer ON app.client_merged (tenant_id, undone_by);
SELECT app.guard_table('app.client_merged');
GRANT SELECT ON app.client_merged TO foyer_staff, foyer_slow, foyer_public, foyer_jobs, foyer_auth;
GRANT INSERT (id, client_id, into_id, reasons), UPDATE (undone_at, undone_by) ON app.client_merged TO foyer_staff;

-- Pairs of records that somebody looked at and found to be two people.
CREATE TABLE app.client_apart (
    tenant_id uuid NOT NULL DEFAULT app.tenant(),
    one_id    uuid NOT NULL,
    other_id  uuid NOT NULL,
    at        timestamptz NOT NULL DEFAULT now(),
    by_id     uuid DEFAULT app.actor(),
    PRIMARY KEY (tenant_id, one_id, other_id),
    FOREIGN KEY (tenant_id, one_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, other_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, by_id) REFERENCES app.staff (tenant_id, id),
    CONSTRAINT apart_in_order CHECK (one_id < other_id)
);
CREATE INDEX client_apart_by_other ON app.client_apart (tenant_id, other_id);
CREATE INDEX client_apart_by_staff ON app.client_apart (tenant_id, by_id);
SELECT app.guard_table('app.client_apart');
GRANT SELECT, INSERT (one_id, other_id) ON app.client_apart TO foyer_staff;
GRANT SELECT ON app.client_apart, app.client_merged TO foyer_disclosure;
GRANT SELECT ON app.client_apart TO foyer_slow;
CREATE POLICY staff_may ON app.client_apart AS RESTRICTIVE TO foyer_staff, foyer_slow USING ((SELECT app.may('client_lists')));

-- ---- who sees and writes it: as the client herself; phones and e-mails as far as a role shows them ----

DO $$
DECLARE
    p record;
    one text;
    rule text;
BEGIN
    FOR p IN SELECT * FROM (VALUES
        ('app.client_contact',   'staff_may_read',  'SELECT', 'foyer_staff, foyer_slow', ARRAY['client_read', 'client_write'], true),
        ('app.client_contact',   'staff_may_add',   'INSERT', 'foyer_staff', ARRAY['client_write'], true),
        ('app.client_contact',   'staff_may_drop',  'DELETE', 'foyer_staff', ARRAY['client_write'], true),
        ('app.client_pregnancy', 'staff_may_read',  'SELECT', 'foyer_staff, foyer_slow', ARRAY['client_read', 'client_write', 'chart_read'], false),
        ('app.client_pregnancy', 'staff_may_add',   'INSERT', 'foyer_staff', ARRAY['client_write'], false),
        ('app.client_pregnancy', 'staff_may_drop',  'DELETE', 'foyer_staff', ARRAY['client_write'], false),
        ('app.client_tag',       'staff_may_read',  'SELECT', 'foyer_staff, foyer_slow', ARRAY['client_read', 'client_write'], false),
        ('app.client_tag',       'staff_may_add',   'INSERT', 'foyer_staff', ARRAY['client_write'], false),
        ('app.client_tag',       'staff_may_drop',  'DELETE', 'foyer_staff', ARRAY['client_write'], false),
        ('app.correction',       'staff_may_read',  'SELECT', 'foyer_staff', ARRAY['client_read', 'client_write'], false),
        ('app.correction',       'staff_may_add',   'INSERT', 'foyer_staff', ARRAY['client_write'], false),
        ('app.correction',       'staff_may_write', 'UPDATE', 'foyer_staff', ARRAY['client_write'], false),
        ('app.client_merged',    'staff_may_read',  'SELECT', 'foyer_staff, foyer_slow', ARRAY['client_read', 'client_write', 'chart_read', 'calendar_read', 'message_read'], false),
        ('app.client_merged',    'staff_may_add',   'INSERT', 'foyer_staff', ARRAY['client_lists'], false),
        ('app.client_merged',    'staff_may_write', 'UPDATE', 'foyer_staff', ARRAY['client_lists'], false)
    ) AS v (guarded, name, verb, roles, permissions, is_masked) LOOP
        rule := '';
        FOREACH one IN ARRAY p.permissions LOOP
            rule := rule || format('(SELECT app.may(%L)) OR ', one);
        END LOOP;
        FOREACH one IN ARRAY p.permissions LOOP
            rule := rule || format('((SELECT app.may_some(%1$L)) AND app.reaches(%1$L, client_id)) OR ', one);
        END LOOP;
        rule := '(' || left(rule, -4) || ')';
        IF p.is_masked THEN
            rule := rule || ' AND ((kind = ''phone'' AND ((SELECT app.may(''show_phone'')) OR ((SELECT app.may_some(''show_phone'')) AND app.reaches(''show_phone'', client_id))))
                OR (kind = ''email'' AND ((SELECT app.may(''show_email'')) OR ((SELECT app.may_some(''show_email'')) AND app.reaches(''show_email'', client_id)))))';
        END IF;
        EXECUTE format('CREATE POLICY %I ON %s AS RESTRICTIVE FOR %s TO %s %s (%s)', p.name, p.guarded, p.verb, p.roles,
            CASE p.verb WHEN 'INSERT' THEN 'WITH CHECK' ELSE 'USING' END, rule);
    END LOOP;
    -- Guardians too: narrower reach was left out of their first policies.
    FOR p IN SELECT * FROM (VALUES ('staff_may_read', 'USING', ARRAY['client_read', 'client_write']), ('staff_may_add', 'WITH CHECK', ARRAY['client_write']),
                                   ('staff_may_write', 'USING', ARRAY['client_write'])) AS v (name, clause, permissions) LOOP
        rule := '';
        FOREACH one IN ARRAY p.permissions LOOP
            rule := rule || format('(SELECT app.may(%1$L)) OR ((SELECT app.may_some(%1$L)) AND app.reaches(%1$L, client_id)) OR ', one);
        END LOOP;
        EXECUTE format('ALTER POLICY %I ON app.client_guardian %s (%s)', p.name, p.clause, left(rule, -4));
    END LOOP;
END $$;
CREATE POLICY staff_may_read ON app.client_change AS RESTRICTIVE FOR SELECT TO foyer_staff, foyer_slow USING (
    ((SELECT app.may('client_read')) OR (SELECT app.may('client_write')) OR ((SELECT app.may_some('client_read')) AND app.reaches('client_read', client_id))
        OR ((SELECT app.may_some('client_write')) AND app.reaches('client_write', client_id)))
    AND (mask IS NULL
         OR (mask = 'phone' AND ((SELECT app.may('show_phone')) OR ((SELECT app.may_some('show_phone')) AND app.reaches('show_phone', client_id))))
         OR (mask = 'email' AND ((SELECT app.may('show_email')) OR ((SELECT app.may_some('show_email')) AND app.reaches('show_email', client_id))))));
CREATE POLICY own_client ON app.client_contact AS RESTRICTIVE TO foyer_public USING (client_id = (SELECT app.own_client()));
CREATE POLICY own_client ON app.client_pregnancy AS RESTRICTIVE TO foyer_public USING (client_id = (SELECT app.own_client()));
CREATE POLICY own_client ON app.correction AS RESTRICTIVE TO foyer_public USING (client_id = (SELECT app.own_client()));
CREATE POLICY own_client ON app.client_merged AS RESTRICTIVE TO foyer_public USING (client_id = (SELECT app.own_client()) OR into_id = (SELECT app.own_client()));

-- ---- found by all of it ----

-- The words by which a client is found, anew: her names, what reaches her, and her guardians. Internal.
CREATE FUNCTION app.client_words_again(t uuid, client uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    WITH every AS (
        SELECT k.word, k.kind
        FROM app.client c CROSS JOIN LATERAL app.client_words_by_kind(c.name, c.preferred_name, c.email, c.phone) AS k
        WHERE c.tenant_id = t AND c.id = client
        UNION ALL
        SELECT k.word, k.kind
        FROM app.client_contact x CROSS JOIN LATERAL app.client_words_by_kind(NULL, NULL, CASE x.kind WHEN 'email' THEN x.value END, CASE x.kind WHEN 'phone' THEN x.value END) AS k
        WHERE x.tenant_id = t AND x.client_id = client
        UNION ALL
        SELECT k.word, k.kind
        FROM app.client_guardian g CROSS JOIN LATERAL app.client_words_by_kind(g.name, NULL, g.email, g.phone) AS k
        WHERE g.tenant_id = t AND g.client_id = client AND g.ended_at IS NULL
    ), wanted AS (
        SELECT e.word, CASE WHEN bool_or(e.kind = 'name') THEN 'name' WHEN bool_or(e.kind = 'email') THEN 'email' ELSE 'phone' END AS kind
        FROM every e GROUP BY e.word
    ), gone AS (
        DELETE FROM app.client_word w WHERE w.tenant_id = t AND w.client_id = client AND w.word NOT IN (SELECT y.word FROM wanted y)
    )
    INSERT INTO app.client_word AS w (tenant_id, word, client_id, kind)
    SELECT t, y.word, client, y.kind FROM wanted y
    ON CONFLICT (tenant_id, word, client_id) DO UPDATE SET kind = excluded.kind WHERE w.kind <> excluded.kind;
END $$;
REVOKE ALL ON FUNCTION app.client_words_again(uuid, uuid) FROM PUBLIC;

CREATE OR REPLACE FUNCTION app.client_keep_words() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO app.client_word (tenant_id, word, client_id, kind)
        SELECT NEW.tenant_id, k.word, NEW.id, k.kind
        FROM app.client_words_by_kind(NEW.name, NEW.preferred_name, NEW.email, NEW.phone) AS k
        ON CONFLICT DO NOTHING;
    ELSE
        PERFORM app.client_words_again(NEW.tenant_id, NEW.id);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION app.client_keep_words_of() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.client_words_again(coalesce(NEW.tenant_id, OLD.tenant_id), coalesce(NEW.client_id, OLD.client_id));
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION app.client_keep_words_of() FROM PUBLIC;
CREATE TRIGGER contact_finds_its_client AFTER INSERT OR DELETE ON app.client_contact FOR EACH ROW EXECUTE FUNCTION app.client_keep_words_of();
CREATE TRIGGER guardian_finds_his_client AFTER INSERT OR UPDATE OF name, email, phone, ended_at ON app.client_guardian FOR EACH ROW EXECUTE FUNCTION app.client_keep_words_of();

-- ---- what triggers keep ----

-- The current pregnancy follows app.client.due_date. A date within 120 days of the one before is the same pregnancy, dated anew.
CREATE FUNCTION app.client_keep_pregnancy() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    open record;
    today date := (now() AT TIME ZONE app.zone())::date;
BEGIN
    IF app.tenant() IS DISTINCT FROM NEW.tenant_id THEN
        RETURN NULL;  -- a superuser's step outside of any business
    END IF;
    SELECT p.id, p.due_date INTO open FROM app.client_pregnancy p WHERE p.tenant_id = NEW.tenant_id AND p.client_id = NEW.id AND p.ended_on IS NULL;
    IF open.id IS NOT NULL AND NEW.due_date IS NOT NULL AND abs(NEW.due_date - open.due_date) <= 120 THEN
        UPDATE app.client_pregnancy p SET due_date = NEW.due_date WHERE p.tenant_id = NEW.tenant_id AND p.id = open.id;
        RETURN NULL;
    END IF;
    IF open.id IS NOT NULL THEN
        UPDATE app.client_pregnancy p SET ended_on = greatest(p.due_date - 280, least(today, p.due_date + 60)) WHERE p.tenant_id = NEW.tenant_id AND p.id = open.id;
    END IF;
    IF NEW.due_date BETWEEN '1940-01-01' AND '2200-01-01' THEN
        INSERT INTO app.client_pregnancy (tenant_id, client_id, due_date) VALUES (NEW.tenant_id, NEW.id, NEW.due_date);
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION app.client_keep_pregnancy() FROM PUBLIC;
CREATE TRIGGER client_has_a_due_date AFTER INSERT ON app.client FOR EACH ROW WHEN (NEW.due_date IS NOT NULL) EXECUTE FUNCTION app.client_keep_pregnancy();
CREATE TRIGGER client_has_another_due_date AFTER UPDATE OF due_date ON app.client
    FOR EACH ROW WHEN (NEW.due_date IS DISTINCT FROM OLD.due_date) EXECUTE FUNCTION app.client_keep_pregnancy();

-- Writes what a change of a row changes, field by field. mask: fields that are phones or e-mails, by their ends. Internal.
CREATE FUNCTION app.keep_changes(t uuid, client uuid, object uuid, prefix text, old_row jsonb, new_row jsonb, fields text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO app.client_change (tenant_id, client_id, object_id, field, was, is_now, mask)
    SELECT t, client, object, prefix || f, old_row ->> f, new_row ->> f,
           CASE WHEN f LIKE '%phone' THEN 'phone' WHEN f LIKE '%email' THEN 'email' END
    FROM unnest(fields) AS f
    WHERE app.tenant() = t AND nullif(old_row ->> f, '') IS DISTINCT FROM nullif(new_row ->> f, '')
$$;
REVOKE ALL ON FUNCTION app.keep_changes(uuid, uuid, uuid, text, jsonb, jsonb, text[]) FROM PUBLIC;
CREATE FUNCTION app.client_keep_changes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.keep_changes(NEW.tenant_id, NEW.id, NULL, '', to_jsonb(OLD), to_jsonb(NEW),
        ARRAY['name', 'preferred_name', 'pronouns', 'email', 'phone', 'birth_date', 'due_date', 'street', 'city', 'region', 'postal_code', 'country',
              'emergency_contact_name', 'emergency_contact_relation', 'emergency_contact_phone']);
    RETURN NULL;
END $$;
CREATE FUNCTION app.contact_keep_changes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM app.keep_changes(NEW.tenant_id, NEW.client_id, NEW.id, 'further_', '{}', jsonb_build_object(NEW.kind, NEW.value), ARRAY[NEW.kind]);
    ELSE
        PERFORM app.keep_changes(OLD.tenant_id, OLD.client_id, OLD.id, 'further_', jsonb_build_object(OLD.kind, OLD.value), '{}', ARRAY[OLD.kind]);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION app.guardian_keep_changes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.keep_changes(NEW.tenant_id, NEW.client_id, NEW.id, 'guardian_', CASE TG_OP WHEN 'UPDATE' THEN to_jsonb(OLD) ELSE '{}' END, to_jsonb(NEW),
        ARRAY['name', 'relation', 'email', 'phone', 'birth_date', 'may_sign', 'ended_at']);
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION app.client_keep_changes(), app.contact_keep_changes(), app.guardian_keep_changes() FROM PUBLIC;
CREATE TRIGGER client_change_is_kept AFTER UPDATE ON app.client FOR EACH ROW EXECUTE FUNCTION app.client_keep_changes();
CREATE TRIGGER contact_change_is_kept AFTER INSERT OR DELETE ON app.client_contact FOR EACH ROW EXECUTE FUNCTION app.contact_keep_changes();
CREATE TRIGGER guardian_change_is_kept AFTER INSERT OR UPDATE ON app.client_guardian FOR EACH ROW EXECUTE FUNCTION app.guardian_keep_changes();

-- What is not shown to her she does not change either (as before; now also whom to call).
CREATE OR REPLACE FUNCTION app.client_keep_masked() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF app.actor_kind() = 'staff' AND current_user IN ('foyer_staff', 'foyer_slow') THEN
        IF NOT (app.may('show_phone') OR app.reaches('show_phone', OLD.id)) THEN
            NEW.phone := OLD.phone;
            NEW.emergency_contact_phone := OLD.emergency_contact_phone;
        END IF;
        IF NOT (app.may('show_email') OR app.reaches('show_email', OLD.id)) THEN
            NEW.email := OLD.email;
        END IF;
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER client_keeps_what_is_masked ON app.client;
CREATE TRIGGER client_keeps_what_is_masked BEFORE UPDATE OF phone, email, emergency_contact_phone ON app.client
    FOR EACH ROW EXECUTE FUNCTION app.client_keep_masked();

-- A join: not in a circle, and into the record that stands for all of them.
CREATE FUNCTION app.merged_check() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    up uuid;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('merge ' || NEW.tenant_id, 0));
    IF TG_OP = 'UPDATE' THEN
        IF OLD.undone_at IS NOT NULL THEN
            RAISE EXCEPTION 'This was undone already.' USING ERRCODE = 'FY422', COLUMN = 'into';
        END IF;
        NEW.undone_at := now();
        NEW.undone_by := app.actor();
        RETURN NEW;
    END IF;
    LOOP
        SELECT m.into_id INTO up FROM app.client_merged m WHERE m.tenant_id = NEW.tenant_id AND m.client_id = NEW.into_id AND m.undone_at IS NULL;
        EXIT WHEN NOT FOUND;
        NEW.into_id := up;
    END LOOP;
    IF NEW.into_id = NEW.client_id OR EXISTS (SELECT FROM app.client_merged m WHERE m.tenant_id = NEW.tenant_id AND m.client_id = NEW.client_id AND m.undone_at IS NULL) THEN
        RAISE EXCEPTION 'These records are joined already.' USING ERRCODE = 'FY422', COLUMN = 'into';
    END IF;
    -- (what the calendar shows of a visit, it shows of the visit's own record)
    IF EXISTS (SELECT FROM app.appointment a WHERE a.tenant_id = NEW.tenant_id AND a.client_id = NEW.client_id AND a.ends_at > now()
                  AND a.status IN ('held', 'booked', 'confirmed', 'arrived', 'in_room')) THEN
        RAISE EXCEPTION 'This record has visits to come. Keep it and join the other one to it, or book those visits for the other one first.' USING ERRCODE = 'FY422', COLUMN = 'into';
    END IF;
    IF EXISTS (SELECT FROM app.client_key k WHERE k.tenant_id = NEW.tenant_id AND k.client_id IN (NEW.client_id, NEW.into_id) AND k.destroyed_at IS NOT NULL) THEN
        RAISE EXCEPTION 'One of these was erased.' USING ERRCODE = 'FY422', COLUMN = 'into';
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.merged_check() FROM PUBLIC;
CREATE TRIGGER merged_is_checked BEFORE INSERT OR UPDATE ON app.client_merged FOR EACH ROW EXECUTE FUNCTION app.merged_check();

RESET ROLE;
-- The pregnancies that are known already, and a person's rows of words are right as they are. (A superuser's step: no policy applies.)
INSERT INTO app.client_pregnancy (tenant_id, client_id, due_date)
SELECT c.tenant_id, c.id, c.due_date FROM app.client c WHERE c.due_date BETWEEN '1940-01-01' AND '2200-01-01';
