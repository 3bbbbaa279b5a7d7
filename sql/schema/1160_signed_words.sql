-- 1160_signed_words: what a signed treatment says of its products is signed with it. A product keeps its name then, a lot its number and its last
-- day, and the trail's hash holds them; a unit stays as soon as something was counted in it. Why a line of a signed treatment is an error stays, too.

SET LOCAL ROLE foyer_owner;

-- Marked once, a mark of a signed treatment is as signed as the rest.
CREATE OR REPLACE FUNCTION app.encounter_keep() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    marks text[] := '{void_at,void_by,void_reason_sealed}';
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.signed_at IS NOT NULL OR NEW.signed_name IS NOT NULL THEN
            RAISE EXCEPTION 'A treatment is noted first, then signed.' USING ERRCODE = 'FY422', COLUMN = '';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.void_at IS NOT NULL THEN
        marks := '{}';
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

CREATE OR REPLACE FUNCTION app.encounter_line_keep() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    marks text[] := '{void_at,void_by,void_reason_sealed}';
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
        IF OLD.void_at IS NOT NULL THEN
            marks := '{}';
        END IF;
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

-- The hash of treatments that were signed before there was the one below.
ALTER FUNCTION app.encounter_digest(app.encounter) RENAME TO encounter_digest_1;

-- What a line says of its lot, for the hash.
CREATE FUNCTION app.lot_said(tenant uuid, wanted uuid) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT coalesce((SELECT concat_ws('|', app.digest_part(convert_to(o.name, 'UTF8')), o.unit, app.digest_part(convert_to(l.lot, 'UTF8')), to_char(l.expires_on, 'YYYY-MM-DD'))
                     FROM app.product_lot l JOIN app.product o ON o.tenant_id = l.tenant_id AND o.id = l.product_id WHERE l.tenant_id = tenant AND l.id = wanted), '-')
$$;

-- Of a treatment with each of its lines; an error that was marked before it was signed is part of it, one that was marked later is not.
CREATE FUNCTION app.encounter_digest(e app.encounter) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT sha256(convert_to(
        concat_ws('|', 'foyer-treatment-v2', e.tenant_id, e.id, e.client_id, coalesce(e.appointment_id::text, '-'), coalesce(e.service_id::text, '-'), e.provider_id,
                  app.digest_part(convert_to(e.signed_name, 'UTF8')), to_char(e.done_on, 'YYYY-MM-DD'), e.noted_by, app.digest_part(e.noted_at), app.digest_part(e.signed_at),
                  app.digest_part(e.aftercare_sealed))
        || coalesce((
            SELECT string_agg(E'\n' || concat_ws('|', l.kind, l.id, l.what, app.digest_part(l.sealed), l.noted_by, app.digest_part(l.noted_at),
                                                  CASE WHEN l.void_at <= e.signed_at THEN concat_ws('|', app.digest_part(l.void_at), coalesce(l.void_by::text, '-'), app.digest_part(l.void_reason_sealed))
                                                       ELSE '-' END), '' ORDER BY l.kind COLLATE "C", l.id)
            FROM (SELECT 'product' AS kind, p.id, concat_ws('|', p.lot_id, app.lot_said(p.tenant_id, p.lot_id), p.amount_milli) AS what, p.area_sealed AS sealed, p.noted_by, p.noted_at, p.void_at, p.void_by, p.void_reason_sealed
                  FROM app.encounter_product p WHERE p.tenant_id = e.tenant_id AND p.client_id = e.client_id AND p.encounter_id = e.id
                  UNION ALL
                  SELECT 'device', d.id, d.device_id::text, d.settings_sealed, d.noted_by, d.noted_at, d.void_at, d.void_by, d.void_reason_sealed
                  FROM app.encounter_device d WHERE d.tenant_id = e.tenant_id AND d.client_id = e.client_id AND d.encounter_id = e.id
                  UNION ALL
                  SELECT 'aftercare', a.id, '-', a.advice_sealed, a.noted_by, a.noted_at, a.void_at, a.void_by, a.void_reason_sealed
                  FROM app.encounter_advice a WHERE a.tenant_id = e.tenant_id AND a.client_id = e.client_id AND a.encounter_id = e.id
                  UNION ALL
                  SELECT 'point', b.id, concat_ws('|', b.drawing, b.x, b.y, coalesce(b.lot_id::text, '-'), app.lot_said(b.tenant_id, b.lot_id), coalesce(b.amount_milli::text, '-'), coalesce(b.depth, '-'), coalesce(b.was_id::text, '-')),
                         b.remark_sealed, b.noted_by, b.noted_at, b.void_at, b.void_by, b.void_reason_sealed
                  FROM app.body_point b WHERE b.tenant_id = e.tenant_id AND b.client_id = e.client_id AND b.encounter_id = e.id) AS l), ''), 'UTF8'))
$$;
GRANT SELECT ON app.product, app.product_lot TO foyer_auth, foyer_seal_owner;
REVOKE ALL ON FUNCTION app.lot_said(uuid, uuid), app.encounter_digest(app.encounter) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.lot_said(uuid, uuid), app.encounter_digest(app.encounter) TO foyer_auth, foyer_seal_owner;
RESET ROLE;

-- Who signs reads the names of products, which nobody changes before that is done.
SET LOCAL ROLE foyer_auth;
CREATE OR REPLACE FUNCTION sec.encounter_signed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('signed words ' || NEW.tenant_id, 0));
    PERFORM sec.note('encounter.sealed', 'ok', encode(app.encounter_digest(NEW), 'hex'), ARRAY[NEW.client_id], 'encounter', NEW.id);
    RETURN NULL;
END $$;
RESET ROLE;

-- To whom no policy applies: whoever registers products need not read charts.
SET LOCAL ROLE foyer_audit_owner;
GRANT USAGE ON SCHEMA audit TO foyer_owner;
RESET ROLE;
SET LOCAL ROLE foyer_seal_owner;
CREATE FUNCTION audit.product_keep() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    lots CONSTANT uuid[] := CASE TG_TABLE_NAME WHEN 'product_lot' THEN ARRAY[OLD.id]
                                               ELSE ARRAY(SELECT l.id FROM app.product_lot l WHERE l.tenant_id = OLD.tenant_id AND l.product_id = OLD.id) END;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('signed words ' || OLD.tenant_id, 0));
    IF to_jsonb(NEW) ->> 'unit' IS DISTINCT FROM to_jsonb(OLD) ->> 'unit'
       AND (EXISTS (SELECT FROM app.encounter_product x WHERE x.tenant_id = OLD.tenant_id AND x.lot_id = ANY (lots))
            OR EXISTS (SELECT FROM app.body_point x WHERE x.tenant_id = OLD.tenant_id AND x.lot_id = ANY (lots))) THEN
        RAISE EXCEPTION 'Treatments count this product in %. Register another product for another unit, and put this one away.', to_jsonb(OLD) ->> 'unit' USING ERRCODE = 'FY422', COLUMN = 'unit';
    END IF;
    IF EXISTS (SELECT FROM app.encounter_product x JOIN app.encounter e ON e.tenant_id = x.tenant_id AND e.id = x.encounter_id AND e.signed_at IS NOT NULL
               WHERE x.tenant_id = OLD.tenant_id AND x.lot_id = ANY (lots))
       OR EXISTS (SELECT FROM app.body_point x JOIN app.encounter e ON e.tenant_id = x.tenant_id AND e.id = x.encounter_id AND e.signed_at IS NOT NULL
                  WHERE x.tenant_id = OLD.tenant_id AND x.lot_id = ANY (lots)) THEN
        RAISE EXCEPTION 'Signed treatments name it so, and stay as they are. Register another, and put this one away.' USING ERRCODE = 'FY422', COLUMN = CASE TG_TABLE_NAME WHEN 'product' THEN 'name' ELSE '' END;
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION audit.product_keep() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.product_keep() TO foyer_owner;
RESET ROLE;

SET LOCAL ROLE foyer_owner;
CREATE TRIGGER product_signed_stays BEFORE UPDATE ON app.product
    FOR EACH ROW WHEN ((OLD.name, OLD.unit) IS DISTINCT FROM (NEW.name, NEW.unit)) EXECUTE FUNCTION audit.product_keep();
CREATE TRIGGER product_lot_signed_stays BEFORE UPDATE ON app.product_lot
    FOR EACH ROW WHEN ((OLD.product_id, OLD.lot, OLD.expires_on) IS DISTINCT FROM (NEW.product_id, NEW.lot, NEW.expires_on)) EXECUTE FUNCTION audit.product_keep();
RESET ROLE;
