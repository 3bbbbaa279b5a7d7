-- 610_budget: what a business may have made and kept of its trail at a time (D-26): a copy costs the jobs, which are everybody's, up to some
-- seconds, and its parts stay for a week.

SET LOCAL ROLE foyer_owner;

CREATE FUNCTION app.trail_export_budget() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    kept record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('copies of the trail of ' || NEW.tenant_id, 0));
    SELECT count(*) AS n, coalesce(sum(x.n_bytes), 0) AS bytes, bool_or(x.state = 'waiting') AS is_waiting INTO kept
    FROM app.trail_export x WHERE x.tenant_id = NEW.tenant_id;
    IF kept.is_waiting THEN
        RAISE EXCEPTION 'Another copy is still being made. Please ask again when it is there.' USING ERRCODE = 'FY422';
    END IF;
    IF kept.n >= 50 OR kept.bytes >= 200000000 THEN
        RAISE EXCEPTION 'No more copies can be kept: each stays for seven days. Take one of those, or ask again when the oldest has gone.' USING ERRCODE = 'FY422';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER trail_export_stays_within_its_budget BEFORE INSERT ON app.trail_export
    FOR EACH ROW EXECUTE FUNCTION app.trail_export_budget();

RESET ROLE;
