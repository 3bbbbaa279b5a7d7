-- 1081_recall_paper: the letters of a recall that go out on paper, to those whom no e-mail reaches.

SET LOCAL ROLE foyer_owner;

-- What was printed at one time: one text for all of them, which names nobody.
CREATE TABLE app.recall_paper (
    tenant_id uuid NOT NULL DEFAULT app.tenant(),
    id        uuid NOT NULL DEFAULT gen_random_uuid(),
    lot_id    uuid NOT NULL,
    body      text NOT NULL CONSTRAINT recall_paper_has_words CHECK (length(btrim(body)) BETWEEN 1 AND 4000),
    made_at   timestamptz NOT NULL DEFAULT now(),
    made_by   uuid NOT NULL DEFAULT app.actor(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, lot_id, id),
    FOREIGN KEY (tenant_id, lot_id) REFERENCES app.product_lot (tenant_id, id),
    FOREIGN KEY (tenant_id, made_by) REFERENCES app.staff (tenant_id, id)
);
COMMENT ON CONSTRAINT recall_paper_has_words ON app.recall_paper IS 'body: Write what they shall read.';
CREATE INDEX recall_paper_by_staff ON app.recall_paper (tenant_id, made_by);
SELECT app.guard_table('app.recall_paper');

-- To whom: a person once for a lot.
CREATE TABLE app.recall_paper_to (
    tenant_id uuid NOT NULL DEFAULT app.tenant(),
    lot_id    uuid NOT NULL,
    client_id uuid NOT NULL,
    paper_id  uuid NOT NULL,
    PRIMARY KEY (tenant_id, lot_id, client_id),
    FOREIGN KEY (tenant_id, lot_id, paper_id) REFERENCES app.recall_paper (tenant_id, lot_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id)
);
CREATE INDEX recall_paper_to_by_client ON app.recall_paper_to (tenant_id, client_id);
CREATE INDEX recall_paper_to_by_paper ON app.recall_paper_to (tenant_id, lot_id, paper_id);
SELECT app.guard_table('app.recall_paper_to');

GRANT SELECT, INSERT (id, lot_id, body) ON app.recall_paper TO foyer_staff;
GRANT SELECT, INSERT (lot_id, client_id, paper_id) ON app.recall_paper_to TO foyer_staff;
CREATE POLICY staff_may_read ON app.recall_paper AS RESTRICTIVE FOR SELECT TO foyer_staff USING ((SELECT app.may_some('chart_read')));
CREATE POLICY staff_may_add ON app.recall_paper AS RESTRICTIVE FOR INSERT TO foyer_staff WITH CHECK ((SELECT app.may('message_write')));
CREATE POLICY staff_may_read ON app.recall_paper_to AS RESTRICTIVE FOR SELECT TO foyer_staff
    USING ((SELECT app.may('chart_read')) OR ((SELECT app.may_some('chart_read')) AND app.reaches('chart_read', client_id)));
CREATE POLICY staff_may_add ON app.recall_paper_to AS RESTRICTIVE FOR INSERT TO foyer_staff WITH CHECK ((SELECT app.may('message_write')));

RESET ROLE;
