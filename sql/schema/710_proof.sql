-- 710_proof: the signed copy as a file. What makes it, who may have it, and what a studio decided about sending it; a chart as a file.

SET LOCAL ROLE foyer_owner;

GRANT SELECT ON app.signature TO foyer_jobs;

-- As with the signature itself: whom her roles reach.
ALTER POLICY staff_may_see ON app.signature_copy
    USING ((SELECT app.may('chart_read')) OR ((SELECT app.may_some('chart_read')) AND app.reaches('chart_read', client_id)));

-- Each signature has its copy made, however it came: a few seconds later, so that the copy can name its place in the sealed trail.
CREATE FUNCTION app.signature_asks_for_its_copy() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO app.job (tenant_id, kind, subject_id, dedupe_key, run_at)
    VALUES (NEW.tenant_id, 'form.pdf', NEW.id, NEW.id::text, now() + interval '3 seconds');
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION app.signature_asks_for_its_copy() FROM PUBLIC;
CREATE TRIGGER signature_gets_its_copy AFTER INSERT ON app.signature
    FOR EACH ROW EXECUTE FUNCTION app.signature_asks_for_its_copy();

-- Whether a link to the copy goes to who signed by itself, or when somebody of the staff sends it (the standard, PROMISES L26).
ALTER TABLE app.tenant ADD COLUMN copy_sending text COLLATE "C" NOT NULL DEFAULT 'asked'
    CONSTRAINT tenant_copy_sending_is_known CHECK (copy_sending IN ('asked', 'signed'));
COMMENT ON CONSTRAINT tenant_copy_sending_is_known ON app.tenant IS 'copy_sending: Choose one of the two.';
GRANT UPDATE (copy_sending) ON app.tenant TO foyer_staff;

-- A chart to be printed or handed over, made by the jobs for who asked; it goes after a day.
CREATE TABLE app.chart_copy (
    tenant_id      uuid NOT NULL DEFAULT app.tenant(),
    id             uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id      uuid NOT NULL,
    asked_by       uuid NOT NULL DEFAULT app.actor(),
    asked_at       timestamptz NOT NULL DEFAULT now(),
    state          text COLLATE "C" NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'ready', 'failed')),
    content_sealed bytea,  -- what her roles showed her when she asked; the jobs set it as a file
    pdf_sealed     bytea,
    n_pages        int CHECK (n_pages > 0),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, asked_by) REFERENCES app.staff (tenant_id, id),
    CONSTRAINT chart_copy_is_there_when_ready CHECK ((state = 'ready') = (pdf_sealed IS NOT NULL AND n_pages IS NOT NULL))
);
CREATE INDEX chart_copy_by_client ON app.chart_copy (tenant_id, client_id, asked_at);
CREATE INDEX chart_copy_by_asker ON app.chart_copy (tenant_id, asked_by, asked_at);
SELECT app.guard_table('app.chart_copy');
GRANT SELECT, INSERT (id, client_id, content_sealed) ON app.chart_copy TO foyer_staff;
GRANT SELECT ON app.chart_copy TO foyer_slow;
GRANT SELECT, UPDATE (state, content_sealed, pdf_sealed, n_pages), DELETE ON app.chart_copy TO foyer_jobs;
CREATE POLICY only_who_asked ON app.chart_copy AS RESTRICTIVE TO foyer_staff, foyer_slow
    USING (asked_by = (SELECT app.actor())
           AND ((SELECT app.may('chart_read')) OR ((SELECT app.may_some('chart_read')) AND app.reaches('chart_read', client_id))));

RESET ROLE;
