-- 1060_words: in which language a client reads her pages, and the terms of signing electronically by language.
SET LOCAL ROLE foyer_owner;

-- What she picked on a page of this link; until then what she is on record to prefer counts.
ALTER TABLE app.link ADD COLUMN language text COLLATE "C" CONSTRAINT link_language_is_a_tag CHECK (language ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$');
GRANT SELECT (language) ON app.link TO foyer_public;
GRANT SELECT (preferred_language) ON app.client TO foyer_auth, foyer_jobs;

-- A text is written in one language; the terms of signing electronically may be there in several. Versions are numbered over all of them, so
-- that a number names one text.
ALTER TABLE app.policy_version ADD COLUMN language text COLLATE "C" NOT NULL DEFAULT 'en'
    CONSTRAINT policy_version_language_is_a_tag CHECK (language ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$');
GRANT INSERT (language) ON app.policy_version TO foyer_staff;

RESET ROLE;
SET LOCAL ROLE foyer_auth;
ALTER TYPE sec.entered ADD ATTRIBUTE reader_language text;
RESET ROLE;
