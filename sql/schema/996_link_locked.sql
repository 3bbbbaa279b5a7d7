-- 996_link_locked: a link that five wrong dates of birth have locked: the staff is told (S-15), for the client waits for nobody otherwise.

SET LOCAL ROLE foyer_owner;

CREATE FUNCTION app.link_locked_tell() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO app.job (tenant_id, kind, subject_id, dedupe_key) VALUES (NEW.tenant_id, 'link.locked', NEW.id, NEW.id::text);
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION app.link_locked_tell() FROM PUBLIC;
CREATE TRIGGER link_locked_is_told AFTER UPDATE OF locked_at ON app.link
    FOR EACH ROW WHEN (OLD.locked_at IS NULL AND NEW.locked_at IS NOT NULL) EXECUTE FUNCTION app.link_locked_tell();

RESET ROLE;
