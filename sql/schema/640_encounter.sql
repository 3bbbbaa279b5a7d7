-- 640_encounter: what was done at a visit or without one: products with their lots, devices with their settings, aftercare; and the
-- business's register of products and lots.

SET LOCAL ROLE foyer_owner;

CREATE TABLE app.product (
    tenant_id uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    id        uuid NOT NULL DEFAULT gen_random_uuid(),
    name      text NOT NULL CONSTRAINT product_has_a_name CHECK (length(btrim(name)) BETWEEN 1 AND 120),
    kind      text COLLATE "C" NOT NULL CHECK (kind IN ('toxin', 'filler', 'topical', 'peel', 'consumable', 'other')),
    unit      text COLLATE "C" NOT NULL CHECK (unit IN ('units', 'ml', 'mg', 'g', 'pieces')),
    is_active boolean NOT NULL DEFAULT true,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT product_named_once UNIQUE (tenant_id, name)
);
COMMENT ON CONSTRAINT product_has_a_name ON app.product IS 'name: Give the product a name.';
COMMENT ON CONSTRAINT product_named_once ON app.product IS 'name: There is a product of this name already.';
SELECT app.guard_table('app.product');

-- A delivery of it. expires_on: the last day on which it may be used.
CREATE TABLE app.product_lot (
    tenant_id   uuid NOT NULL DEFAULT app.tenant(),
    id          uuid NOT NULL DEFAULT gen_random_uuid(),
    product_id  uuid NOT NULL,
    lot         text NOT NULL CONSTRAINT lot_has_a_number CHECK (length(btrim(lot)) BETWEEN 1 AND 60),
    expires_on  date NOT NULL,
    received_on date NOT NULL,
    used_up_at  timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, product_id) REFERENCES app.product (tenant_id, id),
    CONSTRAINT lot_registered_once UNIQUE (tenant_id, product_id, lot),
    CONSTRAINT lot_expires_after_it_came CHECK (expires_on >= received_on)
);
COMMENT ON CONSTRAINT lot_has_a_number ON app.product_lot IS 'lot: Give the lot''s number, as it stands on the pack.';
COMMENT ON CONSTRAINT lot_registered_once ON app.product_lot IS 'lot: This lot is in the register already.';
COMMENT ON CONSTRAINT lot_expires_after_it_came ON app.product_lot IS 'expires_on: It had expired before it came.';
SELECT app.guard_table('app.product_lot');

-- void: entered in error. The row stays, and is shown as such no more.
CREATE TABLE app.encounter (
    tenant_id        uuid NOT NULL DEFAULT app.tenant(),
    id               uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id        uuid NOT NULL,
    appointment_id   uuid,
    service_id       uuid,
    provider_id      uuid NOT NULL,
    done_on          date NOT NULL,
    aftercare_sealed bytea,
    noted_at         timestamptz NOT NULL DEFAULT now(),
    noted_by         uuid NOT NULL DEFAULT app.actor(),
    void_at          timestamptz,
    void_by          uuid,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, client_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id, appointment_id) REFERENCES app.appointment (tenant_id, client_id, id),
    FOREIGN KEY (tenant_id, service_id) REFERENCES app.service (tenant_id, id),
    FOREIGN KEY (tenant_id, provider_id) REFERENCES app.staff (tenant_id, id),
    FOREIGN KEY (tenant_id, noted_by) REFERENCES app.staff (tenant_id, id),
    FOREIGN KEY (tenant_id, void_by) REFERENCES app.staff (tenant_id, id)
);
CREATE UNIQUE INDEX encounter_once_per_visit ON app.encounter (tenant_id, appointment_id) WHERE appointment_id IS NOT NULL AND void_at IS NULL;
CREATE INDEX encounter_by_visit ON app.encounter (tenant_id, client_id, appointment_id);
CREATE INDEX encounter_by_client ON app.encounter (tenant_id, client_id, done_on);
CREATE INDEX encounter_by_service ON app.encounter (tenant_id, service_id);
CREATE INDEX encounter_by_provider ON app.encounter (tenant_id, provider_id);
CREATE INDEX encounter_by_staff ON app.encounter (tenant_id, noted_by);
CREATE INDEX encounter_by_voider ON app.encounter (tenant_id, void_by);
SELECT app.guard_table('app.encounter');

-- amount_milli: thousandths of the product's unit.
CREATE TABLE app.encounter_product (
    tenant_id    uuid NOT NULL DEFAULT app.tenant(),
    id           uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id    uuid NOT NULL,
    encounter_id uuid NOT NULL,
    lot_id       uuid NOT NULL,
    amount_milli bigint NOT NULL CONSTRAINT encounter_product_is_some CHECK (amount_milli BETWEEN 1 AND 100000000),
    area_sealed  bytea,
    noted_at     timestamptz NOT NULL DEFAULT now(),
    noted_by     uuid NOT NULL DEFAULT app.actor(),
    void_at      timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id, encounter_id) REFERENCES app.encounter (tenant_id, client_id, id),
    FOREIGN KEY (tenant_id, lot_id) REFERENCES app.product_lot (tenant_id, id),
    FOREIGN KEY (tenant_id, noted_by) REFERENCES app.staff (tenant_id, id)
);
COMMENT ON CONSTRAINT encounter_product_is_some ON app.encounter_product IS 'amount: This amount cannot be right.';
CREATE INDEX encounter_product_by_encounter ON app.encounter_product (tenant_id, client_id, encounter_id);
CREATE INDEX encounter_product_by_lot ON app.encounter_product (tenant_id, lot_id);
CREATE INDEX encounter_product_by_staff ON app.encounter_product (tenant_id, noted_by);
SELECT app.guard_table('app.encounter_product');

-- settings: a line each, "Fluence: 12 J/cm²".
CREATE TABLE app.encounter_device (
    tenant_id       uuid NOT NULL DEFAULT app.tenant(),
    id              uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id       uuid NOT NULL,
    encounter_id    uuid NOT NULL,
    device_id       uuid NOT NULL,
    settings_sealed bytea NOT NULL,
    noted_at        timestamptz NOT NULL DEFAULT now(),
    noted_by        uuid NOT NULL DEFAULT app.actor(),
    void_at         timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id, encounter_id) REFERENCES app.encounter (tenant_id, client_id, id),
    FOREIGN KEY (tenant_id, device_id) REFERENCES app.resource (tenant_id, id),
    FOREIGN KEY (tenant_id, noted_by) REFERENCES app.staff (tenant_id, id)
);
CREATE INDEX encounter_device_by_encounter ON app.encounter_device (tenant_id, client_id, encounter_id);
CREATE INDEX encounter_device_by_device ON app.encounter_device (tenant_id, device_id);
CREATE INDEX encounter_device_by_staff ON app.encounter_device (tenant_id, noted_by);
SELECT app.guard_table('app.encounter_device');

-- What a lot must be to be used, whoever writes.
CREATE FUNCTION app.encounter_product_fits() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    e record;
    l record;
BEGIN
    SELECT x.done_on, x.void_at INTO e FROM app.encounter x WHERE x.tenant_id = NEW.tenant_id AND x.id = NEW.encounter_id;
    SELECT x.expires_on INTO l FROM app.product_lot x WHERE x.tenant_id = NEW.tenant_id AND x.id = NEW.lot_id;
    IF e.void_at IS NOT NULL THEN
        RAISE EXCEPTION 'This treatment was marked as entered in error.' USING ERRCODE = 'FY422', COLUMN = 'lot_id';
    END IF;
    IF l.expires_on < e.done_on THEN
        RAISE EXCEPTION 'This lot expired on % and must not be used. Choose another.', to_char(l.expires_on, 'FMDD Mon YYYY')
            USING ERRCODE = 'FY422', COLUMN = 'lot_id';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER encounter_product_is_not_expired BEFORE INSERT ON app.encounter_product FOR EACH ROW EXECUTE FUNCTION app.encounter_product_fits();
REVOKE ALL ON FUNCTION app.encounter_product_fits() FROM PUBLIC;

GRANT SELECT ON app.product, app.product_lot TO foyer_staff, foyer_slow, foyer_jobs;
GRANT INSERT (id, name, kind, unit), UPDATE (name, kind, unit, is_active) ON app.product TO foyer_staff;
GRANT INSERT (id, product_id, lot, expires_on, received_on), UPDATE (used_up_at) ON app.product_lot TO foyer_staff;
GRANT SELECT ON app.encounter, app.encounter_product, app.encounter_device TO foyer_staff, foyer_slow, foyer_jobs;
GRANT INSERT (id, client_id, appointment_id, service_id, provider_id, done_on, aftercare_sealed), UPDATE (aftercare_sealed, void_at, void_by) ON app.encounter TO foyer_staff;
GRANT INSERT (id, client_id, encounter_id, lot_id, amount_milli, area_sealed), UPDATE (void_at) ON app.encounter_product TO foyer_staff;
GRANT INSERT (id, client_id, encounter_id, device_id, settings_sealed), UPDATE (void_at) ON app.encounter_device TO foyer_staff;
DO $$
DECLARE
    t text;
    reads text := '(SELECT app.may(''chart_read'')) OR ((SELECT app.may_some(''chart_read'')) AND app.reaches(''chart_read'', client_id))';
    writes text := '(SELECT app.may(''chart_write'')) OR ((SELECT app.may_some(''chart_write'')) AND app.reaches(''chart_write'', client_id))';
BEGIN
    FOREACH t IN ARRAY ARRAY['app.product', 'app.product_lot'] LOOP
        EXECUTE format('CREATE POLICY staff_may_read ON %s AS RESTRICTIVE FOR SELECT TO foyer_staff, foyer_slow USING ((SELECT app.may_some(''chart_read'')) OR (SELECT app.may_some(''chart_write'')) OR (SELECT app.may(''settings_write'')))', t);
        EXECUTE format('CREATE POLICY staff_may_add ON %s AS RESTRICTIVE FOR INSERT TO foyer_staff WITH CHECK ((SELECT app.may(''settings_write'')))', t);
        EXECUTE format('CREATE POLICY staff_may_write ON %s AS RESTRICTIVE FOR UPDATE TO foyer_staff USING ((SELECT app.may(''settings_write'')))', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['app.encounter', 'app.encounter_product', 'app.encounter_device'] LOOP
        EXECUTE format('CREATE POLICY staff_may_read ON %s AS RESTRICTIVE FOR SELECT TO foyer_staff, foyer_slow USING (%s)', t, reads);
        EXECUTE format('CREATE POLICY staff_may_add ON %s AS RESTRICTIVE FOR INSERT TO foyer_staff WITH CHECK (%s)', t, writes);
        EXECUTE format('CREATE POLICY staff_may_write ON %s AS RESTRICTIVE FOR UPDATE TO foyer_staff USING (%s)', t, writes);
    END LOOP;
END $$;

RESET ROLE;
