-- 1170_studio_language: the language that a business speaks to whoever asks for none is its own to choose.
SET LOCAL ROLE foyer_owner;
ALTER TABLE app.tenant ADD CONSTRAINT tenant_locale_is_a_tag CHECK (locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$');
GRANT UPDATE (locale) ON app.tenant TO foyer_staff;
RESET ROLE;
