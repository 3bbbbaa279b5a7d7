-- 1011_correction_chart: what a client says of her chart is read and decided by who opens charts; whoever asked is told of the decision.

SET LOCAL ROLE foyer_owner;

-- Read by whoever opens charts, decided by whoever writes them; of the rest as before. (What somebody of the front desk notes about the
-- chart she does not see again.)
DO $$
DECLARE
    p record;
    one text;
    rule text;
    rules text[];
BEGIN
    FOR p IN SELECT * FROM (VALUES ('staff_may_read', ARRAY['chart_read', 'chart_write'], ARRAY['client_read', 'client_write']), ('staff_may_write', ARRAY['chart_write'], ARRAY['client_write'])) AS v (name, chart, rest) LOOP
        rules := '{}';
        FOREACH rule IN ARRAY ARRAY[array_to_string(p.chart, ','), array_to_string(p.rest, ',')] LOOP
            rules := rules || (SELECT string_agg(format('(SELECT app.may(%1$L)) OR ((SELECT app.may_some(%1$L)) AND app.reaches(%1$L, client_id))', x), ' OR ') FROM unnest(string_to_array(rule, ',')) AS x);
        END LOOP;
        EXECUTE format('ALTER POLICY %I ON app.correction USING (CASE WHEN field = ''chart'' THEN %s ELSE %s END)', p.name, rules[1], rules[2]);
    END LOOP;
END $$;

GRANT SELECT (tenant_id, id, client_id) ON app.correction TO foyer_jobs;
CREATE FUNCTION app.correction_tell() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO app.job (tenant_id, kind, subject_id, dedupe_key) VALUES (NEW.tenant_id, 'correction.told', NEW.id, NEW.id::text);
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION app.correction_tell() FROM PUBLIC;
CREATE TRIGGER correction_is_told AFTER UPDATE OF decision ON app.correction
    FOR EACH ROW WHEN (OLD.decision IS NULL AND NEW.decision IS NOT NULL) EXECUTE FUNCTION app.correction_tell();

RESET ROLE;
