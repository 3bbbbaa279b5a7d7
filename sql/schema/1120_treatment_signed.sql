-- 1120_treatment_signed: a treatment is signed by its provider and stands from then on, as notes do; what comes afterwards is an addendum or a
-- mark that something was an error, with why. A point that was moved keeps its former place as a row that it follows.

SET LOCAL ROLE foyer_owner;

-- signed_name: what the provider was called then, whatever she is called since.
ALTER TABLE app.encounter
    ADD COLUMN signed_at timestamptz,
    ADD COLUMN signed_name text,
    ADD CONSTRAINT encounter_signed_has_a_name CHECK ((signed_at IS NULL) = (signed_name IS NULL));
CREATE INDEX encounter_unsigned_by_provider ON app.encounter (tenant_id, provider_id, done_on) WHERE signed_at IS NULL AND void_at IS NULL;
GRANT UPDATE (signed_at) ON app.encounter TO foyer_staff;

-- was_id: the place that this one follows, ended then; first_at: when the point was first placed, by which points are numbered.
ALTER TABLE app.body_point
    ADD COLUMN was_id uuid,
    ADD COLUMN first_at timestamptz,
    ADD CONSTRAINT body_point_of_encounter UNIQUE (tenant_id, encounter_id, id),
    ADD CONSTRAINT body_point_follows_one_of_its_treatment FOREIGN KEY (tenant_id, encounter_id, was_id) REFERENCES app.body_point (tenant_id, encounter_id, id),
    ADD CONSTRAINT body_point_is_followed_once UNIQUE (tenant_id, encounter_id, was_id),
    ADD CONSTRAINT body_point_moved_has_a_first_time CHECK ((was_id IS NULL) = (first_at IS NULL));
GRANT INSERT (was_id, first_at) ON app.body_point TO foyer_staff;

-- What is added to a signed treatment; signed as it is written.
CREATE TABLE app.encounter_addendum (
    tenant_id       uuid NOT NULL DEFAULT app.tenant(),
    id              uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id       uuid NOT NULL,
    encounter_id    uuid NOT NULL,
    addendum_sealed bytea NOT NULL,
    author_id       uuid NOT NULL DEFAULT app.actor(),
    author_name     text NOT NULL,
    signed_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id, encounter_id) REFERENCES app.encounter (tenant_id, client_id, id),
    FOREIGN KEY (tenant_id, author_id) REFERENCES app.staff (tenant_id, id)
);
CREATE INDEX encounter_addendum_by_encounter ON app.encounter_addendum (tenant_id, client_id, encounter_id);
CREATE INDEX encounter_addendum_by_author ON app.encounter_addendum (tenant_id, author_id);
SELECT app.guard_table('app.encounter_addendum');
GRANT SELECT ON app.encounter_addendum TO foyer_staff, foyer_slow;
GRANT INSERT (id, client_id, encounter_id, addendum_sealed) ON app.encounter_addendum TO foyer_staff;
CREATE POLICY staff_may_read ON app.encounter_addendum AS RESTRICTIVE FOR SELECT TO foyer_staff, foyer_slow
    USING ((SELECT app.may('chart_read')) OR ((SELECT app.may_some('chart_read')) AND app.reaches('chart_read', client_id)));
CREATE POLICY staff_may_add ON app.encounter_addendum AS RESTRICTIVE FOR INSERT TO foyer_staff
    WITH CHECK ((SELECT app.may('chart_write')) OR ((SELECT app.may_some('chart_write')) AND app.reaches('chart_write', client_id)));

-- The treatment's own row. Rights and rows of the caller, whoever that is.
CREATE FUNCTION app.encounter_keep() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    marks CONSTANT text[] := '{void_at,void_by,void_reason_sealed}';
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.signed_at IS NOT NULL OR NEW.signed_name IS NOT NULL THEN
            RAISE EXCEPTION 'A treatment is noted first, then signed.' USING ERRCODE = 'FY422', COLUMN = '';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.signed_at IS NOT NULL AND (TG_OP = 'DELETE' OR to_jsonb(NEW) - marks IS DISTINCT FROM to_jsonb(OLD) - marks) THEN
        RAISE EXCEPTION 'This treatment is signed, and stays as it is. Write an addendum instead.' USING ERRCODE = 'FY422', COLUMN = '';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF OLD.signed_at IS NOT NULL AND OLD.void_at IS NULL AND NEW.void_at IS NOT NULL THEN
        IF NEW.void_reason_sealed IS NULL THEN
            RAISE EXCEPTION 'This treatment is signed: say why it is an error.' USING ERRCODE = 'FY422', COLUMN = '';
        END IF;
        NEW.void_at := greatest(NEW.void_at, OLD.signed_at + interval '1 microsecond');
    END IF;
    IF OLD.signed_at IS NULL AND (NEW.signed_at IS NOT NULL OR NEW.signed_name IS NOT NULL) THEN
        IF NEW.provider_id IS DISTINCT FROM app.actor() THEN
            RAISE EXCEPTION 'A treatment is signed by its provider.' USING ERRCODE = 'FY422', COLUMN = '';
        END IF;
        IF NEW.void_at IS NOT NULL THEN
            RAISE EXCEPTION 'This treatment was marked as entered in error.' USING ERRCODE = 'FY422', COLUMN = '';
        END IF;
        -- The clock, for the transaction may have begun before a line that it waited for.
        NEW.signed_at := clock_timestamp();
        NEW.signed_name := (SELECT f.name FROM app.staff f WHERE f.tenant_id = NEW.tenant_id AND f.id = NEW.provider_id);
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.encounter_keep() FROM PUBLIC;
CREATE TRIGGER encounter_signed_never_changes BEFORE INSERT OR UPDATE OR DELETE ON app.encounter FOR EACH ROW EXECUTE FUNCTION app.encounter_keep();

-- Its lines and points. The treatment's row is locked, so nothing comes to it while it is signed; who cannot see the treatment writes nothing of it.
CREATE FUNCTION app.encounter_line_keep() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    marks CONSTANT text[] := '{void_at,void_by,void_reason_sealed}';
    studio uuid;
    treatments uuid[];
    signed timestamptz;
    n int;
BEGIN
    IF TG_OP <> 'DELETE' THEN
        studio := NEW.tenant_id;
        treatments := ARRAY[NEW.encounter_id];
    END IF;
    IF TG_OP <> 'INSERT' THEN
        studio := OLD.tenant_id;
        treatments := treatments || OLD.encounter_id;
    END IF;
    SELECT max(x.signed_at), count(*) INTO signed, n
    FROM (SELECT e.signed_at FROM app.encounter e WHERE e.tenant_id = studio AND e.id = ANY (treatments) ORDER BY e.id FOR SHARE) AS x;
    IF n = 0 THEN
        RAISE EXCEPTION 'no such treatment' USING ERRCODE = '42501';
    END IF;
    IF signed IS NOT NULL AND (TG_OP <> 'UPDATE' OR to_jsonb(NEW) - marks IS DISTINCT FROM to_jsonb(OLD) - marks) THEN
        RAISE EXCEPTION 'This treatment is signed, and stays as it is. Write an addendum instead.' USING ERRCODE = 'FY422', COLUMN = '';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF signed IS NOT NULL AND OLD.void_at IS NULL AND NEW.void_at IS NOT NULL THEN
        IF NEW.void_reason_sealed IS NULL THEN
            RAISE EXCEPTION 'This treatment is signed: say why it is an error.' USING ERRCODE = 'FY422', COLUMN = '';
        END IF;
        NEW.void_at := greatest(NEW.void_at, signed + interval '1 microsecond');
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.encounter_line_keep() FROM PUBLIC;

CREATE FUNCTION app.encounter_addendum_keep() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM app.encounter e WHERE e.tenant_id = NEW.tenant_id AND e.id = NEW.encounter_id AND e.signed_at IS NOT NULL AND e.void_at IS NULL) THEN
        RAISE EXCEPTION 'An addendum is written to a signed treatment.' USING ERRCODE = 'FY422', COLUMN = '';
    END IF;
    NEW.author_name := (SELECT f.name FROM app.staff f WHERE f.tenant_id = NEW.tenant_id AND f.id = NEW.author_id);
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.encounter_addendum_keep() FROM PUBLIC;
CREATE TRIGGER encounter_addendum_is_to_a_signed_one BEFORE INSERT ON app.encounter_addendum FOR EACH ROW EXECUTE FUNCTION app.encounter_addendum_keep();
CREATE TRIGGER encounter_addendum_never_changes BEFORE UPDATE OR DELETE ON app.encounter_addendum FOR EACH ROW EXECUTE FUNCTION app.refuse_change();

-- (Triggers go by their names: keep_error has said when and by whom before these are asked.)
CREATE TRIGGER encounter_product_signed_never_changes BEFORE INSERT OR UPDATE OR DELETE ON app.encounter_product FOR EACH ROW EXECUTE FUNCTION app.encounter_line_keep();
CREATE TRIGGER encounter_device_signed_never_changes BEFORE INSERT OR UPDATE OR DELETE ON app.encounter_device FOR EACH ROW EXECUTE FUNCTION app.encounter_line_keep();
CREATE TRIGGER encounter_advice_signed_never_changes BEFORE INSERT OR UPDATE OR DELETE ON app.encounter_advice FOR EACH ROW EXECUTE FUNCTION app.encounter_line_keep();
CREATE TRIGGER body_point_signed_never_changes BEFORE INSERT OR UPDATE OR DELETE ON app.body_point FOR EACH ROW EXECUTE FUNCTION app.encounter_line_keep();
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['encounter', 'encounter_product', 'encounter_device', 'encounter_advice', 'encounter_addendum', 'body_point'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON app.%I FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change()', t || '_never_truncated', t);
        EXECUTE format('GRANT SELECT ON app.%I TO foyer_auth, foyer_seal_owner', t);
    END LOOP;
END $$;

-- What the trail keeps of what was signed: SHA-256 over lines of text in which a sealed value stands as its own SHA-256. docs/record.md has them too.
CREATE FUNCTION app.digest_part(x bytea) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT coalesce(encode(sha256(x), 'hex'), '-') $$;
CREATE FUNCTION app.digest_part(x timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT coalesce(to_char(x AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '-') $$;

-- Of a treatment with each of its lines; an error that was marked before it was signed is part of it, one that was marked later is not.
CREATE FUNCTION app.encounter_digest(e app.encounter) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT sha256(convert_to(
        concat_ws('|', 'foyer-treatment-v1', e.tenant_id, e.id, e.client_id, coalesce(e.appointment_id::text, '-'), coalesce(e.service_id::text, '-'), e.provider_id,
                  app.digest_part(convert_to(e.signed_name, 'UTF8')), to_char(e.done_on, 'YYYY-MM-DD'), e.noted_by, app.digest_part(e.noted_at), app.digest_part(e.signed_at),
                  app.digest_part(e.aftercare_sealed))
        || coalesce((
            SELECT string_agg(E'\n' || concat_ws('|', l.kind, l.id, l.what, app.digest_part(l.sealed), l.noted_by, app.digest_part(l.noted_at),
                                                  CASE WHEN l.void_at <= e.signed_at THEN concat_ws('|', app.digest_part(l.void_at), coalesce(l.void_by::text, '-'), app.digest_part(l.void_reason_sealed))
                                                       ELSE '-' END), '' ORDER BY l.kind COLLATE "C", l.id)
            FROM (SELECT 'product' AS kind, p.id, p.lot_id || '|' || p.amount_milli AS what, p.area_sealed AS sealed, p.noted_by, p.noted_at, p.void_at, p.void_by, p.void_reason_sealed
                  FROM app.encounter_product p WHERE p.tenant_id = e.tenant_id AND p.client_id = e.client_id AND p.encounter_id = e.id
                  UNION ALL
                  SELECT 'device', d.id, d.device_id::text, d.settings_sealed, d.noted_by, d.noted_at, d.void_at, d.void_by, d.void_reason_sealed
                  FROM app.encounter_device d WHERE d.tenant_id = e.tenant_id AND d.client_id = e.client_id AND d.encounter_id = e.id
                  UNION ALL
                  SELECT 'aftercare', a.id, '-', a.advice_sealed, a.noted_by, a.noted_at, a.void_at, a.void_by, a.void_reason_sealed
                  FROM app.encounter_advice a WHERE a.tenant_id = e.tenant_id AND a.client_id = e.client_id AND a.encounter_id = e.id
                  UNION ALL
                  SELECT 'point', b.id, concat_ws('|', b.drawing, b.x, b.y, coalesce(b.lot_id::text, '-'), coalesce(b.amount_milli::text, '-'), coalesce(b.depth, '-'), coalesce(b.was_id::text, '-')),
                         b.remark_sealed, b.noted_by, b.noted_at, b.void_at, b.void_by, b.void_reason_sealed
                  FROM app.body_point b WHERE b.tenant_id = e.tenant_id AND b.client_id = e.client_id AND b.encounter_id = e.id) AS l), ''), 'UTF8'))
$$;
CREATE FUNCTION app.addendum_digest(a app.encounter_addendum) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT sha256(convert_to(concat_ws('|', 'foyer-treatment-addendum-v1', a.tenant_id, a.id, a.client_id, a.encounter_id, a.author_id,
                                       app.digest_part(convert_to(a.author_name, 'UTF8')), app.digest_part(a.signed_at), app.digest_part(a.addendum_sealed)), 'UTF8'))
$$;
-- That a signed treatment (encounter itself) or a line of it was marked as an error afterwards.
CREATE FUNCTION app.error_digest(tenant uuid, encounter uuid, line uuid, void_at timestamptz, void_by uuid, reason bytea) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT sha256(convert_to(concat_ws('|', 'foyer-treatment-error-v1', tenant, encounter, line, app.digest_part(void_at), coalesce(void_by::text, '-'), app.digest_part(reason)), 'UTF8'))
$$;
REVOKE ALL ON FUNCTION app.digest_part(bytea), app.digest_part(timestamptz), app.encounter_digest(app.encounter), app.addendum_digest(app.encounter_addendum),
    app.error_digest(uuid, uuid, uuid, timestamptz, uuid, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.digest_part(bytea), app.digest_part(timestamptz), app.encounter_digest(app.encounter), app.addendum_digest(app.encounter_addendum),
    app.error_digest(uuid, uuid, uuid, timestamptz, uuid, bytea) TO foyer_auth, foyer_seal_owner;
RESET ROLE;

SET LOCAL ROLE foyer_auth;
CREATE FUNCTION sec.encounter_signed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM sec.note('encounter.sealed', 'ok', encode(app.encounter_digest(NEW), 'hex'), ARRAY[NEW.client_id], 'encounter', NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION sec.encounter_added_to() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM sec.note('encounter.added', 'ok', encode(app.addendum_digest(NEW), 'hex'), ARRAY[NEW.client_id], 'encounter_addendum', NEW.id);
    RETURN NULL;
END $$;
-- A mark on a treatment that is not signed is in the trail as what a page did; on a signed one its content is, too.
CREATE FUNCTION sec.encounter_marked() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    treatment CONSTANT uuid := CASE TG_TABLE_NAME WHEN 'encounter' THEN NEW.id ELSE (to_jsonb(NEW) ->> 'encounter_id')::uuid END;
BEGIN
    IF EXISTS (SELECT FROM app.encounter e WHERE e.tenant_id = NEW.tenant_id AND e.id = treatment AND e.signed_at IS NOT NULL) THEN
        PERFORM sec.note('encounter.marked', 'ok', encode(app.error_digest(NEW.tenant_id, treatment, NEW.id, NEW.void_at, NEW.void_by, NEW.void_reason_sealed), 'hex'),
                         ARRAY[NEW.client_id], TG_TABLE_NAME, NEW.id);
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION sec.encounter_signed(), sec.encounter_added_to(), sec.encounter_marked() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.encounter_signed(), sec.encounter_added_to(), sec.encounter_marked() TO foyer_owner;
RESET ROLE;

SET LOCAL ROLE foyer_owner;
CREATE TRIGGER encounter_signed_is_in_the_trail AFTER UPDATE ON app.encounter
    FOR EACH ROW WHEN (OLD.signed_at IS NULL AND NEW.signed_at IS NOT NULL) EXECUTE FUNCTION sec.encounter_signed();
CREATE TRIGGER encounter_addendum_is_in_the_trail AFTER INSERT ON app.encounter_addendum FOR EACH ROW EXECUTE FUNCTION sec.encounter_added_to();
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['encounter', 'encounter_product', 'encounter_device', 'encounter_advice', 'body_point'] LOOP
        EXECUTE format('CREATE TRIGGER %I AFTER UPDATE OF void_at ON app.%I FOR EACH ROW WHEN (OLD.void_at IS NULL AND NEW.void_at IS NOT NULL) EXECUTE FUNCTION sec.encounter_marked()',
                       t || '_error_is_in_the_trail', t);
    END LOOP;
END $$;

RESET ROLE;
