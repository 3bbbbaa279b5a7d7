-- 690_recall: the letters of a recall: one for each client who received a lot, kept until somebody sends them.

SET LOCAL ROLE foyer_owner;

CREATE TABLE app.recall_message (
    tenant_id  uuid NOT NULL DEFAULT app.tenant(),
    lot_id     uuid NOT NULL,
    client_id  uuid NOT NULL,
    message_id uuid NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT now(),
    made_by    uuid NOT NULL DEFAULT app.actor(),
    sent_at    timestamptz,
    PRIMARY KEY (tenant_id, lot_id, client_id),
    FOREIGN KEY (tenant_id, lot_id) REFERENCES app.product_lot (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, message_id) REFERENCES app.message (tenant_id, id),
    FOREIGN KEY (tenant_id, made_by) REFERENCES app.staff (tenant_id, id)
);
CREATE INDEX recall_message_by_client ON app.recall_message (tenant_id, client_id);
CREATE INDEX recall_message_by_message ON app.recall_message (tenant_id, message_id);
CREATE INDEX recall_message_by_staff ON app.recall_message (tenant_id, made_by);
SELECT app.guard_table('app.recall_message');
GRANT SELECT ON app.recall_message TO foyer_staff;
CREATE POLICY staff_may_read ON app.recall_message AS RESTRICTIVE FOR SELECT TO foyer_staff
    USING ((SELECT app.may('chart_read')) OR ((SELECT app.may_some('chart_read')) AND app.reaches('chart_read', client_id)));

-- Writes one letter and keeps it. FY403 without message_write for the whole business. Twice for a client: nothing.
CREATE FUNCTION app.recall_keep(lot uuid, client uuid, message uuid, to_address text, subject text, body_sealed bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF app.tenant() IS NULL OR app.actor_kind() <> 'staff' OR NOT app.may('message_write') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    IF EXISTS (SELECT FROM app.recall_message m WHERE m.tenant_id = app.tenant() AND m.lot_id = lot AND m.client_id = client) THEN
        RETURN;
    END IF;
    INSERT INTO app.message (tenant_id, id, client_id, kind, channel, to_address, subject, body_sealed, state, dedupe_key)
    VALUES (app.tenant(), message, client, 'lot_recall', 'email', recall_keep.to_address, recall_keep.subject, recall_keep.body_sealed, 'kept',
            'lot_recall:' || lot || ':' || client);
    INSERT INTO app.recall_message (tenant_id, lot_id, client_id, message_id) VALUES (app.tenant(), lot, client, message);
END $$;

-- Hands the kept letters of a recall to the jobs; how many. Of who was erased meanwhile there is none.
CREATE FUNCTION app.recall_send(lot uuid) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    m record;
    n int := 0;
BEGIN
    IF app.tenant() IS NULL OR app.actor_kind() <> 'staff' OR NOT app.may('message_write') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    FOR m IN SELECT x.message_id, x.client_id FROM app.recall_message x
             JOIN app.message g ON g.tenant_id = x.tenant_id AND g.id = x.message_id AND g.state = 'kept'
             WHERE x.tenant_id = app.tenant() AND x.lot_id = lot AND x.sent_at IS NULL
             ORDER BY x.client_id
             FOR UPDATE OF x LOOP
        UPDATE app.message g SET state = 'queued' WHERE g.tenant_id = app.tenant() AND g.id = m.message_id;
        UPDATE app.recall_message x SET sent_at = now() WHERE x.tenant_id = app.tenant() AND x.lot_id = lot AND x.client_id = m.client_id;
        INSERT INTO app.job (tenant_id, kind, subject_id, dedupe_key) VALUES (app.tenant(), 'message.send', m.message_id, 'lot_recall:' || lot || ':' || m.client_id);
        n := n + 1;
    END LOOP;
    RETURN n;
END $$;
REVOKE ALL ON FUNCTION app.recall_keep(uuid, uuid, uuid, text, text, bytea), app.recall_send(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.recall_keep(uuid, uuid, uuid, text, text, bytea), app.recall_send(uuid) TO foyer_staff;

RESET ROLE;
