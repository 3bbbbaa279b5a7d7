-- 970_person_dates: a date of birth does not lie in the future, a due date at most 41 weeks ahead, and a pregnancy that is over has ended:
-- whoever writes it, by whichever page, list or form. (A check cannot know what day it is.)

SET LOCAL ROLE foyer_owner;

CREATE FUNCTION app.person_dates_check() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    row_is jsonb := to_jsonb(NEW);
    row_was jsonb := CASE TG_OP WHEN 'UPDATE' THEN to_jsonb(OLD) ELSE '{}' END;
    born date := row_is ->> 'birth_date';
    due date := row_is ->> 'due_date';
    ended date := row_is ->> 'ended_on';
    today date := (now() AT TIME ZONE app.zone())::date;
BEGIN
    IF app.tenant() IS DISTINCT FROM NEW.tenant_id THEN
        RETURN NEW;  -- a superuser's step outside of any business
    END IF;
    IF born > today AND row_was ->> 'birth_date' IS DISTINCT FROM row_is ->> 'birth_date' THEN
        RAISE EXCEPTION 'This date of birth lies in the future.' USING ERRCODE = 'FY422', COLUMN = TG_ARGV[0];
    END IF;
    IF NOT due BETWEEN '1940-01-01' AND app.last_due_date() AND row_was ->> 'due_date' IS DISTINCT FROM row_is ->> 'due_date' THEN
        RAISE EXCEPTION 'Please look again: a due date lies at most 41 weeks ahead.' USING ERRCODE = 'FY422', COLUMN = TG_ARGV[1];
    END IF;
    IF ended > today AND TG_OP = 'INSERT' THEN
        RAISE EXCEPTION 'This day has not come yet. A pregnancy that goes on is noted as the due date.' USING ERRCODE = 'FY422', COLUMN = TG_ARGV[2];
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.person_dates_check() FROM PUBLIC;

CREATE TRIGGER client_dates_can_be BEFORE INSERT OR UPDATE OF birth_date, due_date ON app.client
    FOR EACH ROW WHEN (NEW.birth_date IS NOT NULL OR NEW.due_date IS NOT NULL) EXECUTE FUNCTION app.person_dates_check('birth_date', 'due_date');
CREATE TRIGGER guardian_dates_can_be BEFORE INSERT OR UPDATE OF birth_date ON app.client_guardian
    FOR EACH ROW WHEN (NEW.birth_date IS NOT NULL) EXECUTE FUNCTION app.person_dates_check('guardian_birth_date', '');
CREATE TRIGGER pregnancy_dates_can_be BEFORE INSERT ON app.client_pregnancy
    FOR EACH ROW EXECUTE FUNCTION app.person_dates_check('', 'earlier_due', 'earlier_end');

-- (beside the fields of the form that says it)
COMMENT ON CONSTRAINT guardian_has_a_name ON app.client_guardian IS 'guardian_name: Give a name.';
COMMENT ON CONSTRAINT guardian_email_looks_like_one ON app.client_guardian IS 'guardian_email: This does not look like an e-mail address.';
COMMENT ON CONSTRAINT guardian_phone_is_e164 ON app.client_guardian IS 'guardian_phone: This does not look like a phone number.';
COMMENT ON CONSTRAINT guardian_birth_date_is_possible ON app.client_guardian IS 'guardian_birth_date: This date of birth cannot be right.';


-- What the first phone and the first e-mail are ("work"), as a further one has its label: it goes along when one is made the first, and
-- with a number that is written over.
ALTER TABLE app.client
    ADD COLUMN phone_label text NOT NULL DEFAULT '' CONSTRAINT client_phone_label_is_short CHECK (length(phone_label) <= 40),
    ADD COLUMN email_label text NOT NULL DEFAULT '' CONSTRAINT client_email_label_is_short CHECK (length(email_label) <= 40);
GRANT SELECT (phone_label, email_label), UPDATE (phone_label, email_label) ON app.client TO foyer_staff;
CREATE FUNCTION app.client_label_follows() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NEW.phone IS DISTINCT FROM OLD.phone THEN
        NEW.phone_label := '';
    END IF;
    IF NEW.email IS DISTINCT FROM OLD.email THEN
        NEW.email_label := '';
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.client_label_follows() FROM PUBLIC;
CREATE TRIGGER client_label_follows BEFORE UPDATE OF phone, email ON app.client FOR EACH ROW EXECUTE FUNCTION app.client_label_follows();

RESET ROLE;
