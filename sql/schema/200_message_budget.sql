-- 200_message_budget: how many messages a business may send in a day, so that none uses up the mail server's patience for all.

SET LOCAL ROLE foyer_owner;

ALTER TABLE app.tenant ADD COLUMN messages_per_day int NOT NULL DEFAULT 2000
    CONSTRAINT tenant_message_budget_is_sane CHECK (messages_per_day BETWEEN 0 AND 1000000);
COMMENT ON CONSTRAINT tenant_message_budget_is_sane ON app.tenant IS 'Give a number from 0 to 1000000.';

GRANT UPDATE (messages_per_day) ON app.tenant TO foyer_auth;

-- What went out on each of the business's own days.
CREATE TABLE app.message_day (
    tenant_id uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    day       date NOT NULL,
    n         int NOT NULL CHECK (n >= 0),
    PRIMARY KEY (tenant_id, day)
);
SELECT app.guard_table('app.message_day');
GRANT SELECT, INSERT (day, n), UPDATE (n) ON app.message_day TO foyer_jobs;

-- 'budget': it waits for tomorrow.
ALTER TABLE app.message DROP CONSTRAINT message_problem_is_known,
    ADD CONSTRAINT message_problem_is_known CHECK (problem IN ('refused', 'tries', 'stopped', 'text', 'budget'));
CREATE INDEX message_held ON app.message (tenant_id) WHERE state = 'queued' AND problem = 'budget';

ALTER TABLE app.house_sample ADD COLUMN held bigint NOT NULL DEFAULT 0;

RESET ROLE;
