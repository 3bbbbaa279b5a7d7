-- 040_client: clients, how they are found, their keys, their charts.

SET LOCAL ROLE foyer_owner;

-- A person the business cares for. Nothing here is identity: two clients may share an e-mail address.
CREATE TABLE app.client (
    tenant_id         uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    id                uuid NOT NULL DEFAULT gen_random_uuid(),
    name              text NOT NULL CONSTRAINT client_has_a_name CHECK (length(btrim(name)) BETWEEN 1 AND 120),
    preferred_name    text CHECK (length(preferred_name) <= 120),
    name_norm         text COLLATE "C" NOT NULL GENERATED ALWAYS AS (app.norm(name)) STORED,
    email             text COLLATE "C" CONSTRAINT client_email_looks_like_one CHECK (email ~ '^[^@[:space:]]{1,64}@[^@[:space:]]{1,190}$'),
    email_norm        text COLLATE "C" GENERATED ALWAYS AS (lower(btrim(email))) STORED,
    phone             text COLLATE "C" CONSTRAINT client_phone_is_e164 CHECK (phone ~ '^\+[1-9][0-9]{7,14}$'),
    birth_date        date CONSTRAINT client_birth_date_is_possible CHECK (birth_date BETWEEN '1890-01-01' AND '2200-01-01'),
    due_date          date,
    adult_attested_at timestamptz,
    source            text COLLATE "C" NOT NULL DEFAULT 'staff' CHECK (source IN ('online', 'staff', 'import')),
    is_active         boolean NOT NULL DEFAULT true,
    created_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
COMMENT ON CONSTRAINT client_has_a_name ON app.client IS 'name: Give a name.';
COMMENT ON CONSTRAINT client_email_looks_like_one ON app.client IS 'email: This does not look like an e-mail address.';
COMMENT ON CONSTRAINT client_phone_is_e164 ON app.client IS 'phone: This does not look like a phone number.';
COMMENT ON CONSTRAINT client_birth_date_is_possible ON app.client IS 'birth_date: This date of birth cannot be right.';
CREATE INDEX client_by_name ON app.client (tenant_id, name_norm, id);
CREATE INDEX client_by_email ON app.client (tenant_id, email_norm);
CREATE INDEX client_by_phone ON app.client (tenant_id, phone);
SELECT app.guard_table('app.client');

-- The words by which a client is found: prefixes of them match by index, under row security.
CREATE TABLE app.client_word (
    tenant_id uuid NOT NULL DEFAULT app.tenant(),
    word      text COLLATE "C" NOT NULL,
    client_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, word, client_id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX client_word_by_client ON app.client_word (tenant_id, client_id, word);
SELECT app.guard_table('app.client_word');

-- Words of one client: of the names; the e-mail address and its local part; each end of the phone number with 4 digits or more.
CREATE FUNCTION app.client_words(name text, preferred_name text, email text, phone text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    words text[] := string_to_array(app.norm(concat_ws(' ', name, preferred_name, split_part(email, '@', 1))), ' ');
    digits text := regexp_replace(coalesce(phone, ''), '[^0-9]', '', 'g');
BEGIN
    IF email <> '' THEN
        words := words || lower(btrim(email));
    END IF;
    FOR n IN 4..length(digits) LOOP
        words := words || right(digits, n);
    END LOOP;
    RETURN words;
END $$;

CREATE FUNCTION app.client_keep_words() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    words text[] := app.client_words(NEW.name, NEW.preferred_name, NEW.email, NEW.phone);
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM app.client_word w
        WHERE w.tenant_id = NEW.tenant_id AND w.client_id = NEW.id AND w.word <> ALL (words);
    END IF;
    INSERT INTO app.client_word (tenant_id, word, client_id)
    SELECT DISTINCT NEW.tenant_id, x, NEW.id FROM unnest(words) AS x WHERE x <> ''
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER client_is_found_by_words AFTER INSERT OR UPDATE OF name, preferred_name, email, phone ON app.client
    FOR EACH ROW EXECUTE FUNCTION app.client_keep_words();

-- Each client's data key, wrapped by the tenant's. Read by app.disclose only.
CREATE TABLE app.client_key (
    tenant_id    uuid NOT NULL DEFAULT app.tenant(),
    client_id    uuid NOT NULL,
    wrapped_key  bytea,
    destroyed_at timestamptz,
    made_in      xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (tenant_id, client_id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT client_key_is_there_or_destroyed CHECK ((wrapped_key IS NULL) = (destroyed_at IS NOT NULL))
);
SELECT app.guard_table('app.client_key');

CREATE TABLE app.allergy (
    tenant_id        uuid NOT NULL DEFAULT app.tenant(),
    id               uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id        uuid NOT NULL,
    substance_sealed bytea NOT NULL,
    reaction_sealed  bytea,
    severity         text COLLATE "C" NOT NULL DEFAULT 'moderate' CHECK (severity IN ('mild', 'moderate', 'severe')),
    noted_at         timestamptz NOT NULL DEFAULT now(),
    noted_by         uuid DEFAULT app.actor(),
    ended_at         timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, noted_by) REFERENCES app.staff (tenant_id, id)
);
CREATE INDEX allergy_by_client ON app.allergy (tenant_id, client_id, noted_at);
CREATE INDEX allergy_by_staff ON app.allergy (tenant_id, noted_by);
SELECT app.guard_table('app.allergy');

-- A provider's note: a draft may change, a signed one never; what comes later is an addendum to it.
CREATE TABLE app.chart_note (
    tenant_id      uuid NOT NULL DEFAULT app.tenant(),
    id             uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id      uuid NOT NULL,
    appointment_id uuid,
    body_sealed    bytea NOT NULL,
    state          text COLLATE "C" NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'signed')),
    author_id      uuid NOT NULL DEFAULT app.actor(),
    written_at     timestamptz NOT NULL DEFAULT now(),
    signed_at      timestamptz,
    addendum_to    uuid,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, client_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, author_id) REFERENCES app.staff (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id, addendum_to) REFERENCES app.chart_note (tenant_id, client_id, id),
    CONSTRAINT chart_note_signed_has_a_time CHECK ((state = 'signed') = (signed_at IS NOT NULL))
);
CREATE INDEX chart_note_by_client ON app.chart_note (tenant_id, client_id, written_at);
CREATE INDEX chart_note_by_author ON app.chart_note (tenant_id, author_id);
CREATE INDEX chart_note_by_addendum ON app.chart_note (tenant_id, client_id, addendum_to);
SELECT app.guard_table('app.chart_note');

CREATE FUNCTION app.chart_note_keep() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF OLD.state = 'signed' THEN
        RAISE EXCEPTION 'This note is signed. Write an addendum instead.'
            USING ERRCODE = 'FY422', COLUMN = 'body';
    END IF;
    IF TG_OP = 'UPDATE' AND (NEW.client_id, NEW.author_id, NEW.id, NEW.tenant_id) IS DISTINCT FROM (OLD.client_id, OLD.author_id, OLD.id, OLD.tenant_id) THEN
        RAISE EXCEPTION 'A note stays with its client and its author.' USING ERRCODE = 'FY422', COLUMN = 'body';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF NEW.state = 'signed' THEN
        NEW.signed_at := now();
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER chart_note_signed_never_changes BEFORE UPDATE OR DELETE ON app.chart_note
    FOR EACH ROW EXECUTE FUNCTION app.chart_note_keep();
CREATE TRIGGER chart_note_never_truncated BEFORE TRUNCATE ON app.chart_note
    FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();

GRANT SELECT ON app.client TO foyer_staff, foyer_public, foyer_slow, foyer_jobs;
GRANT SELECT (tenant_id, id, is_active) ON app.client TO foyer_booking;
GRANT SELECT (tenant_id, id, birth_date) ON app.client TO foyer_auth;
GRANT INSERT (id, name, preferred_name, email, phone, birth_date, due_date, adult_attested_at, source) ON app.client TO foyer_auth;
GRANT UPDATE (name, preferred_name, email, phone, birth_date, due_date, is_active) ON app.client TO foyer_staff;
GRANT SELECT ON app.client_word TO foyer_staff;
GRANT INSERT (client_id, wrapped_key) ON app.client_key TO foyer_auth;
GRANT SELECT ON app.client_key TO foyer_disclosure;
GRANT SELECT ON app.allergy TO foyer_staff, foyer_public, foyer_slow, foyer_jobs;
GRANT INSERT (id, client_id, substance_sealed, reaction_sealed, severity) ON app.allergy TO foyer_staff, foyer_public;
GRANT UPDATE (ended_at, severity) ON app.allergy TO foyer_staff;
GRANT SELECT ON app.chart_note TO foyer_staff, foyer_slow;
GRANT INSERT (id, client_id, appointment_id, body_sealed, state, signed_at, addendum_to) ON app.chart_note TO foyer_staff;
GRANT UPDATE (body_sealed, state, signed_at), DELETE ON app.chart_note TO foyer_staff;

-- Which permission opens which rows to the staff; a client's link opens her own rows only.
CREATE POLICY staff_may_read ON app.client AS RESTRICTIVE FOR SELECT TO foyer_staff, foyer_slow
    USING ((SELECT app.may('client_read')) OR (SELECT app.may('client_write')));
CREATE POLICY staff_may_write ON app.client AS RESTRICTIVE FOR UPDATE TO foyer_staff USING ((SELECT app.may('client_write')));
CREATE POLICY own_client ON app.client AS RESTRICTIVE TO foyer_public USING (id = (SELECT app.own_client()));
CREATE POLICY staff_may_read ON app.client_word AS RESTRICTIVE TO foyer_staff USING ((SELECT app.may('client_read')));
CREATE POLICY staff_may_read ON app.allergy AS RESTRICTIVE FOR SELECT TO foyer_staff, foyer_slow
    USING ((SELECT app.may('client_read')) OR (SELECT app.may('chart_read')));
CREATE POLICY staff_may_add ON app.allergy AS RESTRICTIVE FOR INSERT TO foyer_staff WITH CHECK ((SELECT app.may('chart_write')));
CREATE POLICY staff_may_write ON app.allergy AS RESTRICTIVE FOR UPDATE TO foyer_staff USING ((SELECT app.may('chart_write')));
CREATE POLICY own_client ON app.allergy AS RESTRICTIVE TO foyer_public USING (client_id = (SELECT app.own_client()));
CREATE POLICY staff_may_read ON app.chart_note AS RESTRICTIVE FOR SELECT TO foyer_staff, foyer_slow USING ((SELECT app.may('chart_read')));
CREATE POLICY staff_may_add ON app.chart_note AS RESTRICTIVE FOR INSERT TO foyer_staff
    WITH CHECK ((SELECT app.may('chart_write')) AND author_id = (SELECT app.actor()));
CREATE POLICY author_may_write ON app.chart_note AS RESTRICTIVE FOR UPDATE TO foyer_staff
    USING ((SELECT app.may('chart_write')) AND author_id = (SELECT app.actor()));
CREATE POLICY author_may_drop_a_draft ON app.chart_note AS RESTRICTIVE FOR DELETE TO foyer_staff
    USING ((SELECT app.may('chart_write')) AND author_id = (SELECT app.actor()) AND state = 'draft');

RESET ROLE;
