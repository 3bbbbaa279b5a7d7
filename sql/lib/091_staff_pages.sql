-- 091_staff_pages: small words and days that the staff's pages share. Rights and rows of the caller.

SET LOCAL ROLE foyer_owner;

-- Today, by the clock of the business as a whole.
CREATE OR REPLACE FUNCTION app.today() RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT (now() AT TIME ZONE app.zone())::date $$;

-- A code such as a status as people read it: 'in_room' is "In room".
CREATE OR REPLACE FUNCTION app.in_words(code text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT upper(left(code, 1)) || replace(substr(code, 2), '_', ' ') $$;

-- A phone number as typed to how it is kept; one that cannot be read stays as it is, for the constraint to refuse it with
-- its words.
CREATE OR REPLACE FUNCTION app.phone_kept(typed text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT coalesce(app.phone_e164(typed, (SELECT t.country FROM app.tenant t)), nullif(btrim(typed), '')) $$;

REVOKE ALL ON FUNCTION app.today(), app.in_words(text), app.phone_kept(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.today(), app.in_words(text), app.phone_kept(text) TO foyer_staff;
GRANT EXECUTE ON FUNCTION app.in_words(text), app.today() TO foyer_public;
GRANT EXECUTE ON FUNCTION app.in_words(text), app.today() TO foyer_slow;
