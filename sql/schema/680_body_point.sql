-- 680_body_point: where on face or body something was given, as points on drawings of a thousand by a thousand.

SET LOCAL ROLE foyer_owner;

CREATE TABLE app.body_point (
    tenant_id    uuid NOT NULL DEFAULT app.tenant(),
    id           uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id    uuid NOT NULL,
    encounter_id uuid NOT NULL,
    drawing      text COLLATE "C" NOT NULL CHECK (drawing IN ('face_front', 'face_left', 'face_right', 'body_front', 'body_back')),
    x            int NOT NULL CONSTRAINT body_point_is_on_the_drawing CHECK (x BETWEEN 0 AND 1000 AND y BETWEEN 0 AND 1000),
    y            int NOT NULL,
    lot_id       uuid,
    amount_milli bigint CONSTRAINT body_point_is_some CHECK (amount_milli BETWEEN 1 AND 100000000),
    depth        text COLLATE "C" CHECK (depth IN ('intradermal', 'subcutaneous', 'intramuscular', 'on_the_bone')),
    remark_sealed bytea,
    noted_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    noted_by     uuid NOT NULL DEFAULT app.actor(),
    void_at      timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id, encounter_id) REFERENCES app.encounter (tenant_id, client_id, id),
    FOREIGN KEY (tenant_id, lot_id) REFERENCES app.product_lot (tenant_id, id),
    FOREIGN KEY (tenant_id, noted_by) REFERENCES app.staff (tenant_id, id)
);
COMMENT ON CONSTRAINT body_point_is_on_the_drawing ON app.body_point IS 'x: The point lies beside the drawing: 0 to 1000 each way.';
COMMENT ON CONSTRAINT body_point_is_some ON app.body_point IS 'amount: This amount cannot be right.';
CREATE INDEX body_point_by_encounter ON app.body_point (tenant_id, client_id, encounter_id);
CREATE INDEX body_point_by_lot ON app.body_point (tenant_id, lot_id);
CREATE INDEX body_point_by_staff ON app.body_point (tenant_id, noted_by);
SELECT app.guard_table('app.body_point');
CREATE TRIGGER body_point_lot_is_not_expired BEFORE INSERT ON app.body_point FOR EACH ROW EXECUTE FUNCTION app.encounter_product_fits();
GRANT SELECT ON app.body_point TO foyer_staff, foyer_slow, foyer_jobs;
GRANT INSERT (id, client_id, encounter_id, drawing, x, y, lot_id, amount_milli, depth, remark_sealed), UPDATE (void_at) ON app.body_point TO foyer_staff;
CREATE POLICY staff_may_read ON app.body_point AS RESTRICTIVE FOR SELECT TO foyer_staff, foyer_slow
    USING ((SELECT app.may('chart_read')) OR ((SELECT app.may_some('chart_read')) AND app.reaches('chart_read', client_id)));
CREATE POLICY staff_may_add ON app.body_point AS RESTRICTIVE FOR INSERT TO foyer_staff
    WITH CHECK ((SELECT app.may('chart_write')) OR ((SELECT app.may_some('chart_write')) AND app.reaches('chart_write', client_id)));
CREATE POLICY staff_may_write ON app.body_point AS RESTRICTIVE FOR UPDATE TO foyer_staff
    USING ((SELECT app.may('chart_write')) OR ((SELECT app.may_some('chart_write')) AND app.reaches('chart_write', client_id)));

RESET ROLE;
