-- 132_house_backups: how old the newest backup and the newest drill were, where backups are taken (NULL: they are not).

SET LOCAL ROLE foyer_owner;
ALTER TABLE app.house_sample ADD COLUMN backup_age bigint, ADD COLUMN drill_age bigint;
RESET ROLE;
