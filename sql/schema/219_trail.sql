-- 219_trail: what is unusual in the trail and who has looked at that, copies of the trail to take along, clients to be watched over,
-- and what clients are told of who looked.

SET LOCAL ROLE foyer_owner;

-- ---- the business's own choices ----

-- names_to_clients: whether a client reads the names or only the roles of who looked at her record.
-- review_charts_hour: from how many clients that one person opened within an hour on it is unusual.
ALTER TABLE app.tenant ADD COLUMN names_to_clients text COLLATE "C" NOT NULL DEFAULT 'role'
        CONSTRAINT tenant_names_to_clients_is_known CHECK (names_to_clients IN ('role', 'name')),
    ADD COLUMN review_charts_hour int NOT NULL DEFAULT 30
        CONSTRAINT tenant_review_is_5_to_500_charts CHECK (review_charts_hour BETWEEN 5 AND 500);
COMMENT ON CONSTRAINT tenant_names_to_clients_is_known ON app.tenant IS 'names_to_clients: Choose roles or names.';
COMMENT ON CONSTRAINT tenant_review_is_5_to_500_charts ON app.tenant IS 'review_charts_hour: Choose 5 to 500.';
GRANT UPDATE (names_to_clients, review_charts_hour) ON app.tenant TO foyer_staff;

-- ---- clients to be watched over ----

-- Each look at such a client (somebody well known, one of the staff) is a finding of the weekly review.
CREATE TABLE app.client_watch (
    tenant_id uuid NOT NULL DEFAULT app.tenant(),
    client_id uuid NOT NULL,
    set_at    timestamptz NOT NULL DEFAULT now(),
    set_by    uuid DEFAULT app.actor(),
    PRIMARY KEY (tenant_id, client_id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, set_by) REFERENCES app.staff (tenant_id, id)
);
CREATE INDEX client_watch_by_staff ON app.client_watch (tenant_id, set_by);
SELECT app.guard_table('app.client_watch');
GRANT SELECT, INSERT (client_id), DELETE ON app.client_watch TO foyer_staff;
GRANT SELECT (tenant_id, client_id) ON app.client_watch TO foyer_audit_reader;
CREATE POLICY staff_may_read ON app.client_watch AS RESTRICTIVE FOR SELECT TO foyer_staff
    USING ((SELECT app.may('client_read')) OR (SELECT app.may('chart_read')) OR (SELECT app.may('audit_read')));
CREATE POLICY staff_may_add ON app.client_watch AS RESTRICTIVE FOR INSERT TO foyer_staff
    WITH CHECK ((SELECT app.may('chart_write')) OR (SELECT app.may('settings_write')));
CREATE POLICY staff_may_end ON app.client_watch AS RESTRICTIVE FOR DELETE TO foyer_staff
    USING ((SELECT app.may('chart_write')) OR (SELECT app.may('settings_write')));

-- ---- the weekly review (R-04) ----

-- A week of the business's own clock, by its Monday. It is gathered once it is over, and as often as somebody looks at it before;
-- from the day it is signed on it stays as it is. All writing is by the functions of sql/lib/065_review.sql.
CREATE TABLE app.review_week (
    tenant_id   uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    week        date NOT NULL CHECK (extract(isodow FROM week) = 1),
    gathered_at timestamptz NOT NULL DEFAULT now(),
    is_whole    boolean NOT NULL DEFAULT false,
    signed_at   timestamptz,
    signed_by   uuid,
    note        text CONSTRAINT review_note_says_something CHECK (length(btrim(note)) BETWEEN 3 AND 2000),
    PRIMARY KEY (tenant_id, week),
    FOREIGN KEY (tenant_id, signed_by) REFERENCES app.staff (tenant_id, id),
    CONSTRAINT review_is_signed_with_a_note CHECK ((signed_at IS NULL) = (signed_by IS NULL) AND (signed_at IS NULL) = (note IS NULL)),
    CONSTRAINT review_is_signed_when_whole CHECK (signed_at IS NULL OR is_whole)
);
COMMENT ON CONSTRAINT review_note_says_something ON app.review_week IS 'note: Say what you looked at, and what came of it.';
CREATE INDEX review_week_by_signer ON app.review_week (tenant_id, signed_by);
SELECT app.guard_table('app.review_week');

-- Something unusual that one person did on one day: how often, and the first row of the trail that says so.
CREATE TABLE app.review_finding (
    tenant_id   uuid NOT NULL DEFAULT app.tenant(),
    id          uuid NOT NULL DEFAULT gen_random_uuid(),
    week        date NOT NULL,
    kind        text COLLATE "C" NOT NULL CHECK (kind IN ('volume', 'hours', 'surname', 'watched', 'refused', 'login', 'export', 'emergency', 'rights', 'factor')),
    staff_id    uuid,
    day         date NOT NULL,
    client_id   uuid,
    times       int NOT NULL CHECK (times > 0),
    first_event uuid NOT NULL,
    first_at    timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, week) REFERENCES app.review_week (tenant_id, week) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, staff_id) REFERENCES app.staff (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    CONSTRAINT finding_is_found_once UNIQUE NULLS NOT DISTINCT (tenant_id, week, kind, staff_id, day, client_id)
);
CREATE INDEX review_finding_by_staff ON app.review_finding (tenant_id, staff_id);
CREATE INDEX review_finding_by_client ON app.review_finding (tenant_id, client_id);
SELECT app.guard_table('app.review_finding');
GRANT SELECT ON app.review_week, app.review_finding TO foyer_staff, foyer_jobs;
GRANT SELECT, INSERT, UPDATE ON app.review_week TO foyer_audit_reader;
GRANT SELECT, INSERT, DELETE ON app.review_finding TO foyer_audit_reader;
CREATE POLICY staff_may_read ON app.review_week AS RESTRICTIVE TO foyer_staff USING ((SELECT app.may('audit_read')));
CREATE POLICY staff_may_read ON app.review_finding AS RESTRICTIVE TO foyer_staff USING ((SELECT app.may('audit_read')));

-- What the reports need of the rest: surnames, hours, who has a visit.
GRANT SELECT (tenant_id, id, name) ON app.client TO foyer_audit_reader;
GRANT SELECT (tenant_id, staff_id, location_id, weekday, starts, ends, valid_from, valid_to) ON app.shift TO foyer_audit_reader;
GRANT SELECT (tenant_id, client_id, starts_at, status) ON app.appointment TO foyer_audit_reader;

-- ---- copies of the trail to take along (A-14) ----

CREATE TABLE app.trail_export (
    tenant_id uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    id        uuid NOT NULL DEFAULT gen_random_uuid(),
    kind      text COLLATE "C" NOT NULL CHECK (kind IN ('csv', 'jsonl')),
    from_day  date NOT NULL,
    to_day    date NOT NULL,
    staff_id  uuid,
    client_id uuid,
    act       text COLLATE "C",
    refused   boolean NOT NULL DEFAULT false,
    asked_at  timestamptz NOT NULL DEFAULT now(),
    asked_by  uuid DEFAULT app.actor(),
    state     text COLLATE "C" NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'ready', 'failed')),
    n_rows    int CHECK (n_rows >= 0),
    n_bytes   bigint CHECK (n_bytes >= 0),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, staff_id) REFERENCES app.staff (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, asked_by) REFERENCES app.staff (tenant_id, id),
    CONSTRAINT export_period_is_forward CHECK (to_day >= from_day)
);
COMMENT ON CONSTRAINT export_period_is_forward ON app.trail_export IS 'to: This day lies before the first one.';
CREATE INDEX trail_export_by_staff ON app.trail_export (tenant_id, staff_id);
CREATE INDEX trail_export_by_client ON app.trail_export (tenant_id, client_id);
CREATE INDEX trail_export_by_asker ON app.trail_export (tenant_id, asked_by);
SELECT app.guard_table('app.trail_export');

-- The file, a part after the other, under the business's own key.
CREATE TABLE app.trail_export_part (
    tenant_id   uuid NOT NULL DEFAULT app.tenant(),
    id          uuid NOT NULL,
    export_id   uuid NOT NULL,
    n           int NOT NULL CHECK (n >= 0),
    body_sealed bytea NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, export_id) REFERENCES app.trail_export (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT export_part_is_written_once UNIQUE (tenant_id, export_id, n)
);
SELECT app.guard_table('app.trail_export_part');
GRANT SELECT, INSERT (id, kind, from_day, to_day, staff_id, client_id, act, refused) ON app.trail_export TO foyer_staff;
GRANT SELECT ON app.trail_export_part TO foyer_staff;
GRANT SELECT, UPDATE (state, n_rows, n_bytes), DELETE ON app.trail_export TO foyer_jobs;
GRANT SELECT, INSERT (id, export_id, n, body_sealed), DELETE ON app.trail_export_part TO foyer_jobs;
GRANT SELECT ON app.trail_export TO foyer_seal_owner;
CREATE POLICY staff_may_read ON app.trail_export AS RESTRICTIVE TO foyer_staff USING ((SELECT app.may('audit_read'))) WITH CHECK ((SELECT app.may('audit_read')));
CREATE POLICY staff_may_read ON app.trail_export_part AS RESTRICTIVE TO foyer_staff USING ((SELECT app.may('audit_read')));
GRANT SELECT (id, zone) ON app.tenant TO foyer_seal_owner;
GRANT SELECT (tenant_id, id, name) ON app.staff TO foyer_seal_owner;

RESET ROLE;
SET LOCAL ROLE foyer_audit_owner;
GRANT SELECT ON audit.leaf, audit.retired, audit.retention TO foyer_audit_reader;
RESET ROLE;
GRANT USAGE ON SCHEMA audit TO foyer_public;
