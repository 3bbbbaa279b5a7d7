-- 1121_disagreement: what a client says when a correction is refused, and what the business answers to that; corrections of records that were
-- joined are seen by each link of the person.

SET LOCAL ROLE foyer_owner;

ALTER TABLE app.correction ADD CONSTRAINT correction_of_client UNIQUE (tenant_id, client_id, id);

-- A statement of disagreement follows a refusal, and one rebuttal may follow it; either is said once, and sealed.
CREATE TABLE app.correction_statement (
    tenant_id        uuid NOT NULL DEFAULT app.tenant(),
    id               uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id        uuid NOT NULL,
    correction_id    uuid NOT NULL,
    kind             text COLLATE "C" NOT NULL CHECK (kind IN ('disagreement', 'rebuttal')),
    statement_sealed bytea NOT NULL,
    said_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    said_kind        text COLLATE "C" NOT NULL DEFAULT app.actor_kind(),
    said_by          uuid DEFAULT app.actor(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id, correction_id) REFERENCES app.correction (tenant_id, client_id, id),
    FOREIGN KEY (tenant_id, said_by) REFERENCES app.staff (tenant_id, id),
    CONSTRAINT correction_statement_is_said_once UNIQUE (tenant_id, client_id, correction_id, kind)
);
COMMENT ON CONSTRAINT correction_statement_is_said_once ON app.correction_statement IS 'form: This was said already, and stands below.';
CREATE INDEX correction_statement_by_staff ON app.correction_statement (tenant_id, said_by);
SELECT app.guard_table('app.correction_statement');
GRANT SELECT ON app.correction_statement TO foyer_staff, foyer_public;
GRANT INSERT (id, client_id, correction_id, kind, statement_sealed) ON app.correction_statement TO foyer_staff, foyer_public;

CREATE FUNCTION app.correction_statement_keep() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM app.correction x WHERE x.tenant_id = NEW.tenant_id AND x.id = NEW.correction_id AND x.decision = 'refused') THEN
        RAISE EXCEPTION 'A statement of disagreement is about a correction that was refused.' USING ERRCODE = 'FY422', COLUMN = 'statement';
    END IF;
    IF NEW.kind = 'rebuttal' AND NOT EXISTS (SELECT FROM app.correction_statement s WHERE s.tenant_id = NEW.tenant_id AND s.correction_id = NEW.correction_id AND s.client_id = NEW.client_id AND s.kind = 'disagreement') THEN
        RAISE EXCEPTION 'A rebuttal answers a statement of disagreement, and there is none.' USING ERRCODE = 'FY422', COLUMN = 'statement';
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.correction_statement_keep() FROM PUBLIC;
CREATE TRIGGER correction_statement_follows_a_refusal BEFORE INSERT ON app.correction_statement FOR EACH ROW EXECUTE FUNCTION app.correction_statement_keep();
CREATE TRIGGER correction_statement_never_changes BEFORE UPDATE ON app.correction_statement FOR EACH ROW EXECUTE FUNCTION app.refuse_change();

-- Read by whoever reads the correction, written by whoever decides about it; by the person herself, from a link of any of her records.
DO $$
DECLARE
    writes CONSTANT text := '(SELECT app.may(%1$L)) OR ((SELECT app.may_some(%1$L)) AND app.reaches(%1$L, client_id))';
BEGIN
    EXECUTE 'CREATE POLICY staff_may_read ON app.correction_statement AS RESTRICTIVE FOR SELECT TO foyer_staff
        USING (EXISTS (SELECT FROM app.correction x WHERE x.tenant_id = correction_statement.tenant_id AND x.id = correction_id))';
    EXECUTE format('CREATE POLICY staff_may_add ON app.correction_statement AS RESTRICTIVE FOR INSERT TO foyer_staff
        WITH CHECK (CASE (SELECT x.field FROM app.correction x WHERE x.tenant_id = correction_statement.tenant_id AND x.id = correction_id) WHEN ''chart'' THEN %s ELSE %s END)',
        format(writes, 'chart_write'), format(writes, 'client_write'));
END $$;
-- (From a link of any of the records: 094_person.sql.)
CREATE POLICY own_client ON app.correction_statement AS RESTRICTIVE TO foyer_public USING (client_id = (SELECT app.own_client()));

RESET ROLE;
