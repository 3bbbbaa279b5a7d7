-- 092_business: what a business says of itself, changed by its own people. They run with the rights of who calls them.
SET LOCAL ROLE foyer_owner;

CREATE OR REPLACE FUNCTION app.phone_or_refuse(phone text) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    number text := app.phone_e164(nullif(btrim(phone), ''), (SELECT t.country FROM app.tenant t WHERE t.id = app.tenant()));
BEGIN
    IF btrim(phone) <> '' AND number IS NULL THEN
        RAISE EXCEPTION 'Please check this phone number; use digits, with the area code.' USING ERRCODE = 'FY422', COLUMN = 'phone';
    END IF;
    RETURN number;
END $$;

DROP FUNCTION IF EXISTS app.business_change(text, text);
CREATE OR REPLACE FUNCTION app.business_change(name text, phone text, language text) RETURNS boolean
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
BEGIN
    IF NOT EXISTS (SELECT FROM app.form_languages() l WHERE l.language = language) THEN
        RAISE EXCEPTION 'Choose a language of the list.' USING ERRCODE = 'FY422', COLUMN = 'language';
    END IF;
    UPDATE app.tenant t
    SET name = btrim(name), phone = app.phone_or_refuse(phone),
        locale = CASE WHEN split_part(t.locale, '-', 1) = language COLLATE "C" THEN t.locale ELSE language END
    WHERE t.id = app.tenant();
    RETURN FOUND;
END $$;

CREATE OR REPLACE FUNCTION app.location_change(location uuid, name text, street text, city text, region text, postal_code text, phone text) RETURNS boolean
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
BEGIN
    UPDATE app.location l
    SET name = btrim(name), street = btrim(street), city = btrim(city), region = btrim(region), postal_code = btrim(postal_code),
        phone = app.phone_or_refuse(phone)
    WHERE l.tenant_id = app.tenant() AND l.id = location;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such location' USING ERRCODE = 'FY404';
    END IF;
    RETURN true;
END $$;

REVOKE ALL ON FUNCTION app.phone_or_refuse(text), app.business_change(text, text, text), app.location_change(uuid, text, text, text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.phone_or_refuse(text), app.business_change(text, text, text), app.location_change(uuid, text, text, text, text, text, text) TO foyer_staff;
RESET ROLE;
