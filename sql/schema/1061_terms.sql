-- 1061_terms: the terms of signing electronically are written by language.
SET LOCAL ROLE foyer_owner;
COMMENT ON CONSTRAINT policy_version_language_is_a_tag ON app.policy_version IS 'lang: Choose a language of the list.';
RESET ROLE;
