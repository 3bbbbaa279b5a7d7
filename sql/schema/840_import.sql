-- 840_import: lists of clients that are read in: the file for as long as it is needed, what was found of each row, and which clients came
-- of it. None of them is seen before all are there.

SET LOCAL ROLE foyer_owner;

-- One file. mapping: its columns wait to be named; checking: the jobs look at each row; checked: it waits for a decision; importing: the
-- jobs enter them; undoing, undone; dropped: its file is gone unused; stopped: so, because somebody in it was erased. columns: for each
-- column of the file what it holds, '' for nothing. next_part: where the jobs go on. is_hidden: its clients are not seen yet.
CREATE TABLE app.client_import (
    tenant_id   uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    id          uuid NOT NULL DEFAULT gen_random_uuid(),
    state       text COLLATE "C" NOT NULL DEFAULT 'mapping'
                CHECK (state IN ('mapping', 'checking', 'checked', 'importing', 'done', 'failed', 'undoing', 'undone', 'dropped', 'stopped')),
    separator   text COLLATE "C" NOT NULL CHECK (separator IN (',', ';', E'\t')),
    n_columns   int NOT NULL CHECK (n_columns BETWEEN 1 AND 100),
    n_rows      int NOT NULL CHECK (n_rows BETWEEN 1 AND 50000),
    columns     text[] COLLATE "C" NOT NULL DEFAULT '{}',
    date_format text COLLATE "C" NOT NULL DEFAULT 'ymd' CHECK (date_format IN ('ymd', 'mdy', 'dmy')),
    next_part   int NOT NULL DEFAULT 1,
    n_done      int NOT NULL DEFAULT 0,
    n_added     int NOT NULL DEFAULT 0,
    n_removed   int NOT NULL DEFAULT 0,
    with_maybe  boolean NOT NULL DEFAULT false,
    is_hidden   boolean NOT NULL DEFAULT true,
    made_at     timestamptz NOT NULL DEFAULT now(),
    made_by     uuid DEFAULT app.actor(),
    expires_at  timestamptz NOT NULL DEFAULT now() + interval '14 days',
    done_at     timestamptz,
    undone_at   timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, made_by) REFERENCES app.staff (tenant_id, id),
    CONSTRAINT import_is_seen_when_it_is_done CHECK (is_hidden OR done_at IS NOT NULL)
);
CREATE INDEX client_import_by_time ON app.client_import (tenant_id, made_at);
CREATE INDEX client_import_by_staff ON app.client_import (tenant_id, made_by);
-- Two lists at once could each bring the same person, for neither sees the other's.
CREATE UNIQUE INDEX client_import_one_at_a_time ON app.client_import (tenant_id) WHERE state IN ('importing', 'failed', 'undoing');
SELECT app.guard_table('app.client_import');

-- The file, cut between rows, under the business's own key: it names people who may never be clients. Part 0 is the first line.
CREATE TABLE app.client_import_part (
    tenant_id   uuid NOT NULL DEFAULT app.tenant(),
    id          uuid NOT NULL,
    import_id   uuid NOT NULL,
    n           int NOT NULL CHECK (n >= 0),
    first_row   int NOT NULL,
    first_line  int NOT NULL,
    body_sealed bytea NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, import_id) REFERENCES app.client_import (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT import_part_is_written_once UNIQUE (tenant_id, import_id, n)
);
SELECT app.guard_table('app.client_import_part');

-- What was found of a row: never what stands in it. client_id: whom it is like, or who came of it (is_in). keys: hashes by which a person
-- who stands twice in the file is found; they go with the file. No foreign key: a client who is removed again leaves her row.
CREATE TABLE app.client_import_row (
    tenant_id uuid NOT NULL DEFAULT app.tenant(),
    import_id uuid NOT NULL,
    n         int NOT NULL,
    line      int NOT NULL,
    verdict   text COLLATE "C" NOT NULL CHECK (verdict IN ('add', 'maybe', 'here', 'twice', 'bad')),
    reason    text NOT NULL DEFAULT '' CHECK (length(reason) <= 200),
    client_id uuid,
    is_in     boolean NOT NULL DEFAULT false,
    keys      bigint[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (tenant_id, import_id, n),
    FOREIGN KEY (tenant_id, import_id) REFERENCES app.client_import (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT import_row_in_has_a_client CHECK (NOT is_in OR verdict IN ('add', 'maybe'))
);
CREATE INDEX client_import_row_by_verdict ON app.client_import_row (tenant_id, import_id, verdict, n);
CREATE INDEX client_import_row_by_client ON app.client_import_row (tenant_id, client_id) WHERE client_id IS NOT NULL;
SELECT app.guard_table('app.client_import_row');
CREATE TABLE app.client_import_key (
    tenant_id uuid NOT NULL DEFAULT app.tenant(),
    import_id uuid NOT NULL,
    key       bigint NOT NULL,
    n         int NOT NULL,
    line      int NOT NULL,
    PRIMARY KEY (tenant_id, import_id, key)
);
SELECT app.guard_table('app.client_import_key');

ALTER TABLE app.client ADD COLUMN import_id uuid;
ALTER TABLE app.client ADD FOREIGN KEY (tenant_id, import_id) REFERENCES app.client_import (tenant_id, id);
ALTER TABLE app.client ADD CONSTRAINT client_of_a_list_says_so CHECK (import_id IS NULL OR source = 'import');
CREATE INDEX client_by_import ON app.client (tenant_id, import_id) WHERE import_id IS NOT NULL;

-- The lists whose clients are not seen yet. The job that takes them out again sees them.
CREATE FUNCTION app.imports_hidden() RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(array_agg(i.id), '{}') FROM app.client_import i
    WHERE i.tenant_id = app.tenant() AND i.is_hidden AND i.state IN ('importing', 'failed', 'undoing')
      AND NOT (app.actor_kind() = 'job' AND current_setting('foyer.action', true) = 'client.import.undo')
$$;
REVOKE ALL ON FUNCTION app.imports_hidden() FROM PUBLIC;
-- (every role that reads clients; foyer_owner made it)
GRANT EXECUTE ON FUNCTION app.imports_hidden() TO foyer_staff, foyer_public, foyer_slow, foyer_jobs, foyer_auth, foyer_booking, foyer_disclosure, foyer_audit_reader;
CREATE POLICY read_in_whole_or_not ON app.client AS RESTRICTIVE FOR SELECT
    USING (import_id IS NULL OR import_id <> ALL ((SELECT app.imports_hidden())::uuid[]));

GRANT SELECT, INSERT (id, separator, n_columns, n_rows) ON app.client_import TO foyer_slow;
GRANT SELECT, INSERT (id, import_id, n, first_row, first_line, body_sealed) ON app.client_import_part TO foyer_slow;
GRANT SELECT ON app.client_import_row TO foyer_slow;
GRANT SELECT ON app.client_import, app.client_import_part TO foyer_jobs;
GRANT SELECT ON app.client_import TO foyer_auth;
GRANT SELECT (tenant_id, import_id, n, verdict, is_in, client_id) ON app.client_import_row TO foyer_auth;
GRANT INSERT (pronouns, street, city, region, postal_code, country, import_id) ON app.client TO foyer_auth;
GRANT INSERT (client_id, tag_id) ON app.client_tag TO foyer_auth;
GRANT SELECT (email_norm) ON app.client TO foyer_disclosure;
GRANT SELECT ON app.tag TO foyer_disclosure;
GRANT SELECT (id, country) ON app.tenant TO foyer_disclosure;
CREATE POLICY staff_may ON app.client_import AS RESTRICTIVE TO foyer_slow USING ((SELECT app.may('client_lists')));
CREATE POLICY staff_may ON app.client_import_part AS RESTRICTIVE TO foyer_slow USING ((SELECT app.may('client_lists')));
CREATE POLICY staff_may ON app.client_import_row AS RESTRICTIVE TO foyer_slow USING ((SELECT app.may('client_lists')));

-- What a business may have lying about at a time.
CREATE FUNCTION app.client_import_budget() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('lists of clients of ' || NEW.tenant_id, 0));
    IF (SELECT count(*) FROM app.client_import i WHERE i.tenant_id = NEW.tenant_id AND i.state IN ('mapping', 'checking', 'checked', 'importing', 'failed')) >= 5 THEN
        RAISE EXCEPTION 'Five files are waiting already. Finish or remove one of them first.' USING ERRCODE = 'FY422';
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.client_import_budget() FROM PUBLIC;
CREATE TRIGGER client_import_stays_within_its_budget BEFORE INSERT ON app.client_import FOR EACH ROW EXECUTE FUNCTION app.client_import_budget();

RESET ROLE;
GRANT SELECT (tenant_id, client_id) ON sec.kiosk TO foyer_owner;
