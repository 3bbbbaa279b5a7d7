-- 998_in_error: what was told a client to do afterwards, in lines as all that is noted of a treatment; who marked a line as an error, and why;
-- who ended an allergy, a medication or a condition, and why; how severe an allergy is may be unknown.

SET LOCAL ROLE foyer_owner;

-- What of before stands in app.encounter.aftercare_sealed stays there, and is written no more.
CREATE TABLE app.encounter_advice (
    tenant_id          uuid NOT NULL DEFAULT app.tenant(),
    id                 uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id          uuid NOT NULL,
    encounter_id       uuid NOT NULL,
    advice_sealed      bytea NOT NULL,
    noted_at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    noted_by           uuid NOT NULL DEFAULT app.actor(),
    void_at            timestamptz,
    void_by            uuid,
    void_reason_sealed bytea,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id, encounter_id) REFERENCES app.encounter (tenant_id, client_id, id),
    FOREIGN KEY (tenant_id, noted_by) REFERENCES app.staff (tenant_id, id),
    FOREIGN KEY (tenant_id, void_by) REFERENCES app.staff (tenant_id, id)
);
CREATE INDEX encounter_advice_by_encounter ON app.encounter_advice (tenant_id, client_id, encounter_id);
CREATE INDEX encounter_advice_by_staff ON app.encounter_advice (tenant_id, noted_by);
CREATE INDEX encounter_advice_by_voider ON app.encounter_advice (tenant_id, void_by);
SELECT app.guard_table('app.encounter_advice');
GRANT SELECT ON app.encounter_advice TO foyer_staff, foyer_slow, foyer_jobs;
GRANT INSERT (id, client_id, encounter_id, advice_sealed), UPDATE (void_at, void_by, void_reason_sealed) ON app.encounter_advice TO foyer_staff;
REVOKE INSERT (aftercare_sealed), UPDATE (aftercare_sealed) ON app.encounter FROM foyer_staff;

-- Marked once, and by whom is not the page's to say. What is erased with a client is not a change of it.
CREATE FUNCTION app.keep_error() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF OLD.void_at IS NULL AND NEW.void_at IS NOT NULL THEN
        NEW.void_at := now();
        NEW.void_by := app.actor();
    ELSIF (NEW.void_at, NEW.void_by) IS DISTINCT FROM (OLD.void_at, OLD.void_by)
          OR NEW.void_reason_sealed IS NOT NULL AND NEW.void_reason_sealed IS DISTINCT FROM OLD.void_reason_sealed THEN
        RAISE EXCEPTION 'This was marked as entered in error, and stays so.' USING ERRCODE = 'FY422', COLUMN = 'void_reason';
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.keep_error() FROM PUBLIC;

-- No line is noted of a treatment that is itself an error.
CREATE FUNCTION app.encounter_stands() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM app.encounter e WHERE e.tenant_id = NEW.tenant_id AND e.id = NEW.encounter_id AND e.void_at IS NOT NULL) THEN
        RAISE EXCEPTION 'This treatment was marked as entered in error.' USING ERRCODE = 'FY422', COLUMN = TG_ARGV[0];
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.encounter_stands() FROM PUBLIC;
CREATE TRIGGER encounter_advice_of_one_that_stands BEFORE INSERT ON app.encounter_advice FOR EACH ROW EXECUTE FUNCTION app.encounter_stands('aftercare');
CREATE TRIGGER encounter_device_of_one_that_stands BEFORE INSERT ON app.encounter_device FOR EACH ROW EXECUTE FUNCTION app.encounter_stands('device_id');

ALTER TABLE app.encounter ADD COLUMN void_reason_sealed bytea;
GRANT UPDATE (void_reason_sealed) ON app.encounter TO foyer_staff;
DO $$
DECLARE
    t text;
    reads text := '(SELECT app.may(''chart_read'')) OR ((SELECT app.may_some(''chart_read'')) AND app.reaches(''chart_read'', client_id))';
    writes text := '(SELECT app.may(''chart_write'')) OR ((SELECT app.may_some(''chart_write'')) AND app.reaches(''chart_write'', client_id))';
BEGIN
    EXECUTE 'CREATE POLICY staff_may_read ON app.encounter_advice AS RESTRICTIVE FOR SELECT TO foyer_staff, foyer_slow USING (' || reads || ')';
    EXECUTE 'CREATE POLICY staff_may_add ON app.encounter_advice AS RESTRICTIVE FOR INSERT TO foyer_staff WITH CHECK (' || writes || ')';
    EXECUTE 'CREATE POLICY staff_may_write ON app.encounter_advice AS RESTRICTIVE FOR UPDATE TO foyer_staff USING (' || writes || ')';
    FOREACH t IN ARRAY ARRAY['encounter_product', 'encounter_device', 'body_point'] LOOP
        EXECUTE format('ALTER TABLE app.%I ADD COLUMN void_by uuid, ADD COLUMN void_reason_sealed bytea, ADD FOREIGN KEY (tenant_id, void_by) REFERENCES app.staff (tenant_id, id)', t);
        EXECUTE format('CREATE INDEX %I ON app.%I (tenant_id, void_by)', t || '_by_voider', t);
        EXECUTE format('GRANT UPDATE (void_by, void_reason_sealed) ON app.%I TO foyer_staff', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['encounter', 'encounter_product', 'encounter_device', 'encounter_advice', 'body_point'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OF void_at, void_by, void_reason_sealed ON app.%I FOR EACH ROW EXECUTE FUNCTION app.keep_error()', t || '_error_is_kept', t);
    END LOOP;
END $$;

-- Who ended a line of her health, and why. NULL: by whom is not known, of before.
CREATE FUNCTION app.keep_end() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL THEN
        NEW.ended_at := now();
        NEW.ended_by := app.actor();
    ELSIF (NEW.ended_at, NEW.ended_by, NEW.end_reason_sealed) IS DISTINCT FROM (OLD.ended_at, OLD.ended_by, OLD.end_reason_sealed) THEN
        RAISE EXCEPTION 'This was ended already. If it holds again, note it anew.' USING ERRCODE = 'FY422', COLUMN = 'end_reason';
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.keep_end() FROM PUBLIC;
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['allergy', 'medication', 'health_condition'] LOOP
        EXECUTE format('ALTER TABLE app.%I ADD COLUMN ended_by uuid, ADD COLUMN end_reason_sealed bytea, ADD FOREIGN KEY (tenant_id, ended_by) REFERENCES app.staff (tenant_id, id)', t);
        EXECUTE format('CREATE INDEX %I ON app.%I (tenant_id, ended_by)', t || '_by_ender', t);
        EXECUTE format('GRANT UPDATE (ended_by, end_reason_sealed) ON app.%I TO foyer_staff', t);
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OF ended_at, ended_by, end_reason_sealed ON app.%I FOR EACH ROW EXECUTE FUNCTION app.keep_end()', t || '_end_is_kept', t);
    END LOOP;
END $$;
ALTER TABLE app.allergy DROP CONSTRAINT allergy_severity_check,
    ADD CONSTRAINT allergy_severity_is_known_or_said_to_be_unknown CHECK (severity IN ('mild', 'moderate', 'severe', 'unknown'));

RESET ROLE;
