-- 1150_translation_of: of which words a translation is one: SHA-256 of what its form, question or permission said when it was written, so that one whose own
-- words changed since can be told (sql/lib/094_form_translation.sql). NULL: it was written before this was kept.

SET LOCAL ROLE foyer_owner;

ALTER TABLE app.form_translation ADD COLUMN of_sha256 bytea CHECK (length(of_sha256) = 32);
ALTER TABLE app.form_question_translation ADD COLUMN of_sha256 bytea CHECK (length(of_sha256) = 32);
ALTER TABLE app.form_authorisation ADD COLUMN of_sha256 bytea CHECK (length(of_sha256) = 32);

RESET ROLE;
