-- 851_declined: the staff is told when somebody declines to sign a form.

SET LOCAL ROLE foyer_owner;

CREATE FUNCTION app.form_decline_tell() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO app.job (tenant_id, kind, subject_id, dedupe_key) VALUES (NEW.tenant_id, 'form.declined', NEW.id, NEW.id::text);
    RETURN NULL;
END $$;
CREATE TRIGGER form_decline_is_told AFTER INSERT ON app.form_decline FOR EACH ROW EXECUTE FUNCTION app.form_decline_tell();

RESET ROLE;
