-- 150_message_problem: why a message was not delivered, so that the staff read it beside the message.

SET LOCAL ROLE foyer_owner;

-- A word, never the mail server's own text: that quotes addresses. app.message_problem_words says it to people.
ALTER TABLE app.message ADD COLUMN problem text COLLATE "C"
    CONSTRAINT message_problem_is_known CHECK (problem IN ('refused', 'tries', 'stopped', 'text'));
GRANT UPDATE (problem) ON app.message TO foyer_jobs;

RESET ROLE;
