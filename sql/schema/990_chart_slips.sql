-- 990_chart_slips: the visit of a note can be chosen until it is signed; a draft of somebody who left can be put away; a treatment was given
-- on a day that has come, with a lot that was in the house on that day; a point's amount is of a lot.

SET LOCAL ROLE foyer_owner;

GRANT UPDATE (appointment_id) ON app.chart_note TO foyer_staff;
CREATE INDEX chart_note_draft_by_author ON app.chart_note (tenant_id, author_id, written_at) WHERE state = 'draft';

-- A draft goes by its author's hand; when the author works here no more, by anybody's who may write charts.
ALTER POLICY author_may_drop_a_draft ON app.chart_note
    USING (state = 'draft' AND ((SELECT app.may('chart_write')) OR ((SELECT app.may_some('chart_write')) AND app.reaches('chart_write', client_id)))
           AND (author_id = (SELECT app.actor()) OR EXISTS (SELECT FROM app.staff f WHERE f.tenant_id = chart_note.tenant_id AND f.id = chart_note.author_id AND NOT f.is_active)));

-- The day of a treatment: at none of the business's places still to come.
ALTER TABLE app.encounter ADD CONSTRAINT encounter_day_is_possible CHECK (done_on >= '1950-01-01') NOT VALID;
COMMENT ON CONSTRAINT encounter_day_is_possible ON app.encounter IS 'done_on: This day cannot be right.';
CREATE FUNCTION app.encounter_fits() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NEW.done_on > (SELECT max((now() AT TIME ZONE z.zone)::date)
                      FROM (SELECT app.zone() AS zone UNION ALL SELECT l.zone FROM app.location l WHERE l.tenant_id = NEW.tenant_id) AS z) THEN
        RAISE EXCEPTION 'This day is still to come. A treatment is noted when it was given.' USING ERRCODE = 'FY422', COLUMN = 'done_on';
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.encounter_fits() FROM PUBLIC;
CREATE TRIGGER encounter_is_not_of_a_day_to_come BEFORE INSERT ON app.encounter FOR EACH ROW EXECUTE FUNCTION app.encounter_fits();

-- What a lot must be to be used, whoever writes, by a line or by a point.
GRANT UPDATE (received_on) ON app.product_lot TO foyer_staff;
CREATE OR REPLACE FUNCTION app.encounter_product_fits() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    e record;
    l record;
BEGIN
    SELECT x.done_on, x.void_at INTO e FROM app.encounter x WHERE x.tenant_id = NEW.tenant_id AND x.id = NEW.encounter_id;
    SELECT x.expires_on, x.received_on INTO l FROM app.product_lot x WHERE x.tenant_id = NEW.tenant_id AND x.id = NEW.lot_id;
    IF e.void_at IS NOT NULL THEN
        RAISE EXCEPTION 'This treatment was marked as entered in error.' USING ERRCODE = 'FY422', COLUMN = 'lot_id';
    END IF;
    IF NEW.lot_id IS NULL AND NEW.amount_milli IS NOT NULL THEN
        RAISE EXCEPTION 'Choose the lot that this amount was taken from, or leave the amount empty.' USING ERRCODE = 'FY422', COLUMN = 'lot_id';
    END IF;
    IF l.expires_on < e.done_on THEN
        RAISE EXCEPTION 'This lot expired on % and must not be used. Choose another.', to_char(l.expires_on, 'FMDD Mon YYYY')
            USING ERRCODE = 'FY422', COLUMN = 'lot_id';
    END IF;
    IF l.received_on > e.done_on THEN
        RAISE EXCEPTION 'This lot came on %, after the treatment. Choose another, or have that day corrected under Products and lots.', to_char(l.received_on, 'FMDD Mon YYYY')
            USING ERRCODE = 'FY422', COLUMN = 'lot_id';
    END IF;
    RETURN NEW;
END $$;

RESET ROLE;
