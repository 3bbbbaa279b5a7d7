-- 980_form_edition: two pages with one form's answers do not overwrite each other.

SET LOCAL ROLE foyer_owner;

-- edition: counts the savings that changed an answer; editor: the page that made the last of them (a random id of its own), which need not
-- look again after its own savings.
ALTER TABLE app.form_draft
    ADD COLUMN edition int NOT NULL DEFAULT 0,
    ADD COLUMN editor uuid;
GRANT INSERT (edition, editor), UPDATE (edition, editor) ON app.form_draft TO foyer_public;

RESET ROLE;
