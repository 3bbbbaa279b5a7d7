-- 108_recall: who received a lot, with the rights and rows of the caller; and a letter to each person, of whose records several may have received it.

SET LOCAL ROLE foyer_owner;

-- Each client who received this lot, by a line of a treatment or by a point of a map; what was entered in error does not count. Of
-- records that were joined: the one that stays, where the caller sees it.
CREATE OR REPLACE FUNCTION app.lot_received(lot uuid) RETURNS TABLE (client_id uuid, last_on date, n_treatments bigint)
LANGUAGE plpgsql STABLE ROWS 50
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    -- (few records are joined: what says which one stays is asked for those alone)
    SELECT coalesce(k.id, r.client_id), max(r.last_on), sum(r.n_treatments)::bigint
    FROM (SELECT u.client_id, max(u.done_on) AS last_on, count(DISTINCT u.encounter_id) AS n_treatments
          FROM (SELECT x.client_id, x.encounter_id, e.done_on
                FROM app.encounter_product x JOIN app.encounter e ON e.id = x.encounter_id AND e.client_id = x.client_id AND e.void_at IS NULL
                WHERE x.lot_id = lot AND x.void_at IS NULL
                UNION ALL
                SELECT p.client_id, p.encounter_id, e.done_on
                FROM app.body_point p JOIN app.encounter e ON e.id = p.encounter_id AND e.client_id = p.client_id AND e.void_at IS NULL
                WHERE p.lot_id = lot AND p.void_at IS NULL) AS u
          GROUP BY u.client_id) AS r
    LEFT JOIN app.client_merged m ON m.client_id = r.client_id AND m.undone_at IS NULL
    LEFT JOIN LATERAL (SELECT c.id FROM app.client c WHERE m.client_id IS NOT NULL AND c.id = app.record_of(r.client_id) LIMIT 1) AS k ON true
    GROUP BY 1;
END $$;
REVOKE ALL ON FUNCTION app.lot_received(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.lot_received(uuid) TO foyer_staff;

-- Writes one letter and keeps it. FY403 without message_write for the whole business. Twice for a person: nothing.
CREATE OR REPLACE FUNCTION app.recall_keep(lot uuid, client uuid, message uuid, to_address text, subject text, body_sealed bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF app.tenant() IS NULL OR app.actor_kind() <> 'staff' OR NOT app.may('message_write') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    IF EXISTS (SELECT FROM app.recall_message m WHERE m.tenant_id = app.tenant() AND m.lot_id = lot AND m.client_id = ANY (app.person_ids(client))) THEN
        RETURN;
    END IF;
    INSERT INTO app.message (tenant_id, id, client_id, kind, channel, to_address, subject, body_sealed, state, dedupe_key)
    VALUES (app.tenant(), message, client, 'lot_recall', 'email', recall_keep.to_address, recall_keep.subject, recall_keep.body_sealed, 'kept',
            'lot_recall:' || lot || ':' || client);
    INSERT INTO app.recall_message (tenant_id, lot_id, client_id, message_id) VALUES (app.tenant(), lot, client, message);
END $$;

-- Hands the kept letters of a recall to the jobs; how many. Of who was erased meanwhile there is none. Where letters were kept for two
-- records that were joined since, the one of the record that stays goes out; the other is dropped, which is what 'suppressed' without a problem means.
CREATE OR REPLACE FUNCTION app.recall_send(lot uuid) RETURNS int
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
             ORDER BY app.record_of(x.client_id) <> x.client_id, x.client_id
             FOR UPDATE OF x LOOP
        IF EXISTS (SELECT FROM app.recall_message o WHERE o.tenant_id = app.tenant() AND o.lot_id = lot AND o.sent_at IS NOT NULL
                      AND o.client_id = ANY (app.person_ids(m.client_id))) THEN
            UPDATE app.message g SET state = 'suppressed' WHERE g.tenant_id = app.tenant() AND g.id = m.message_id;
            CONTINUE;
        END IF;
        UPDATE app.message g SET state = 'queued' WHERE g.tenant_id = app.tenant() AND g.id = m.message_id;
        UPDATE app.recall_message x SET sent_at = now() WHERE x.tenant_id = app.tenant() AND x.lot_id = lot AND x.client_id = m.client_id;
        INSERT INTO app.job (tenant_id, kind, subject_id, dedupe_key) VALUES (app.tenant(), 'message.send', m.message_id, 'lot_recall:' || lot || ':' || m.client_id);
        n := n + 1;
    END LOOP;
    RETURN n;
END $$;

-- How the letter about a lot to a person stands, of whom these are the records; where there are several, that which came furthest. NULLs:
-- there is none. As far as the caller may read the charts of these records.
CREATE OR REPLACE FUNCTION app.recall_letter(lot uuid, clients uuid[], OUT words text, OUT is_sent boolean, OUT is_bad boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    SELECT CASE WHEN x.sent_at IS NULL AND g.state = 'kept' THEN 'prepared' WHEN g.state = 'unknown' THEN 'perhaps sent' ELSE app.message_state_words(g.state) END, g.state = 'sent', g.state IN ('unknown', 'failed', 'suppressed')
    INTO words, is_sent, is_bad
    FROM app.recall_message x
    JOIN app.message g ON g.tenant_id = x.tenant_id AND g.id = x.message_id
    WHERE x.tenant_id = app.tenant() AND x.lot_id = lot AND x.client_id = ANY (clients) AND (app.may('chart_read') OR app.reaches('chart_read', x.client_id))
    ORDER BY array_position(ARRAY['sent', 'sending', 'queued', 'kept', 'unknown', 'failed', 'suppressed'], g.state::text), x.client_id
    LIMIT 1;
    -- one on paper is what there is where none went out by itself
    IF (words IS NULL OR is_bad) AND EXISTS (SELECT FROM app.recall_paper_to x WHERE x.tenant_id = app.tenant() AND x.lot_id = lot AND x.client_id = ANY (clients)
                                                 AND (app.may('chart_read') OR app.reaches('chart_read', x.client_id))) THEN
        words := 'printed';
        is_sent := true;
        is_bad := false;
    END IF;
END $$;

-- How many letters about a lot are prepared and wait, and how many have been given to the post. Whoever may send them may know.
CREATE OR REPLACE FUNCTION app.recall_letters(lot uuid, OUT n_kept bigint, OUT n_given bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT count(*) FILTER (WHERE x.sent_at IS NULL AND g.state = 'kept'), count(x.sent_at)
    FROM app.recall_message x
    JOIN app.message g ON g.tenant_id = x.tenant_id AND g.id = x.message_id
    WHERE x.tenant_id = app.tenant() AND x.lot_id = lot AND app.may('message_write')
$$;
REVOKE ALL ON FUNCTION app.recall_letter(uuid, uuid[]), app.recall_letters(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.recall_letter(uuid, uuid[]), app.recall_letters(uuid) TO foyer_staff;

SET LOCAL ROLE foyer_owner;
-- Where a letter about her treatment goes: a minor's to a guardian who has an address; else to her own, on whichever of her records. Rights
-- of the caller.
CREATE OR REPLACE FUNCTION app.letter_address(client uuid) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    records uuid[] := app.record_ids(client);
    address text;
BEGIN
    IF NOT EXISTS (SELECT FROM unnest(records) AS r (id) JOIN app.client_guardian g ON g.client_id = r.id) THEN
        NULL;  -- (how old she is takes longer to find out)
    ELSIF app.is_minor(client) THEN
        address := (SELECT q.email
                    FROM (SELECT app.guardian_mail(g.guardian_id) AS email, r.id FROM unnest(records) AS r (id) CROSS JOIN LATERAL app.guardians_of(r.id) AS g) AS q
                    WHERE q.email IS NOT NULL ORDER BY q.id, q.email LIMIT 1);
    END IF;
    address := coalesce(address, app.mail_address(client));
    IF address IS NULL AND cardinality(records) > 1 THEN
        address := (SELECT q.email FROM (SELECT app.mail_address(r.id) AS email, r.id FROM unnest(records) AS r (id)) AS q WHERE q.email IS NOT NULL ORDER BY q.id LIMIT 1);
    END IF;
    RETURN address;
END $$;
REVOKE ALL ON FUNCTION app.letter_address(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.letter_address(uuid) TO foyer_staff;

-- What stands in the window of an envelope to her, a line each: a minor's guardians before her, the street, the town as the country writes it,
-- the country where it is another one than the business's. From whichever of her records has it; NULL: none has. Rights of the caller.
CREATE OR REPLACE FUNCTION app.postal_lines(client uuid) RETURNS text
LANGUAGE sql STABLE
AS $$
    SELECT concat_ws(E'\n', CASE WHEN app.is_minor(client) THEN coalesce((SELECT string_agg(g.guardian_name, ', ') FROM app.guardians_of(client) AS g), 'The parents or guardians of') END,
               w.name, c.street,
               CASE WHEN coalesce(c.country, b.country) IN ('US', 'CA', 'PR', 'AU', 'NZ') THEN concat_ws(', ', nullif(c.city, ''), nullif(concat_ws(' ', nullif(c.region, ''), nullif(c.postal_code, '')), ''))
                    WHEN coalesce(c.country, b.country) IN ('GB', 'IE') THEN concat_ws(E'\n', nullif(c.city, ''), nullif(c.postal_code, ''))
                    ELSE concat_ws(' ', nullif(c.postal_code, ''), nullif(c.city, '')) END,
               CASE WHEN c.country <> b.country THEN c.country END)
    FROM unnest(app.record_ids(client)) WITH ORDINALITY AS r (id, n)
    JOIN app.client c ON c.id = r.id AND c.street <> '' AND concat(c.city, c.postal_code) <> ''
    JOIN app.client w ON w.id = client
    CROSS JOIN app.tenant b
    ORDER BY r.n
    LIMIT 1
$$;

-- Who received the lot and has no address for a letter by mail; is_due: but a postal one, and no letter on paper yet. Nearly all have an
-- address of their own, which is asked for before anything else. Rights of the caller.
DROP FUNCTION IF EXISTS app.recall_unprinted(uuid);
CREATE OR REPLACE FUNCTION app.recall_unreached(lot uuid) RETURNS TABLE (client_id uuid, is_due boolean)
LANGUAGE plpgsql STABLE ROWS 50
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT c.id, app.postal_lines(c.id) IS NOT NULL AND NOT EXISTS (SELECT FROM app.recall_paper_to x WHERE x.lot_id = lot AND x.client_id = ANY (app.record_ids(c.id)))
    FROM app.lot_received(lot) AS w JOIN app.client c ON c.id = w.client_id AND c.is_active
    WHERE CASE WHEN app.mail_address(c.id) IS NULL THEN app.letter_address(c.id) IS NULL END;
END $$;

-- Notes a letter on paper to each of these: who they are. FY404: there is no such lot; FY422: there is nobody. Rights of the caller.
DROP FUNCTION IF EXISTS app.recall_print(uuid, uuid, text);
CREATE OR REPLACE FUNCTION app.recall_print(lot uuid, paper uuid, body text) RETURNS SETOF uuid
LANGUAGE plpgsql
AS $$
BEGIN
    IF NOT app.may('message_write') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    ELSIF NOT EXISTS (SELECT FROM app.product_lot l WHERE l.id = recall_print.lot) THEN
        RAISE EXCEPTION 'no such lot' USING ERRCODE = 'FY404';
    END IF;
    INSERT INTO app.recall_paper (id, lot_id, body) VALUES (paper, lot, body);
    RETURN QUERY
    INSERT INTO app.recall_paper_to AS x (lot_id, client_id, paper_id) SELECT lot, u.client_id, paper FROM app.recall_unreached(lot) AS u WHERE u.is_due ON CONFLICT DO NOTHING
    RETURNING x.client_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Nobody of them has a postal address and waits for a letter.' USING ERRCODE = 'FY422', COLUMN = 'paper_body';
    END IF;
END $$;
REVOKE ALL ON FUNCTION app.postal_lines(uuid), app.recall_unreached(uuid), app.recall_print(uuid, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.postal_lines(uuid), app.recall_unreached(uuid), app.recall_print(uuid, uuid, text) TO foyer_staff;
RESET ROLE;
