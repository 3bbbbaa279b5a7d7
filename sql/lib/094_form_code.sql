-- 094_form_code: the code by e-mail that a form may ask for before it is signed. Owner: foyer_auth. Errors: FY403; FY404 no such form;
-- FY422 no address; FY429 too often.

SET LOCAL ROLE foyer_auth;

-- Where the code of a form goes: to the client's address on record. Of a minor to who signs for her, never to hers: to the guardian that the link
-- was sent to, else to the first of those who may sign and have an address. Internal.
CREATE OR REPLACE FUNCTION sec.form_code_address(assignment uuid, link uuid) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN NOT app.is_minor(c.id) THEN c.email
                WHEN l.guardian_id IS NOT NULL THEN g.email
                ELSE (SELECT y.email FROM app.client_guardian y
                      WHERE y.tenant_id = a.tenant_id AND y.client_id = a.client_id AND y.may_sign AND y.ended_at IS NULL AND y.email IS NOT NULL
                      ORDER BY y.created_at, y.id LIMIT 1) END
    FROM app.form_assignment a
    JOIN app.client c ON c.tenant_id = a.tenant_id AND c.id = a.client_id
    LEFT JOIN app.link l ON l.tenant_id = a.tenant_id AND l.id = link AND l.client_id = a.client_id
    LEFT JOIN app.client_guardian g ON g.tenant_id = a.tenant_id AND g.client_id = a.client_id AND g.id = l.guardian_id
    WHERE a.tenant_id = app.tenant() AND a.id = assignment
$$;

-- What the link's client is told of the code of a form: whether it takes one, whether one is on its way, whether it was typed in. At the
-- desk a witness sees who signs: where there is no address, none is asked for. address_hint: enough to know which mailbox.
CREATE OR REPLACE FUNCTION sec.form_code_state(assignment uuid, OUT needs_code boolean, OUT is_sent boolean, OUT is_proven boolean, OUT has_address boolean, OUT address_hint text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    link uuid := nullif(current_setting('foyer.link_id', true), '')::uuid;
    address text;
BEGIN
    SELECT f.needs_code INTO needs_code
    FROM app.form_assignment a JOIN app.form f ON f.tenant_id = a.tenant_id AND f.id = a.form_id
    WHERE a.tenant_id = app.tenant() AND a.id = assignment AND a.client_id = app.own_client();
    address := sec.form_code_address(assignment, link);
    has_address := address IS NOT NULL;
    IF needs_code AND NOT has_address AND EXISTS (SELECT FROM app.link l WHERE l.tenant_id = app.tenant() AND l.id = link AND l.place = 'desk') THEN
        needs_code := false;
    END IF;
    needs_code := coalesce(needs_code, false);
    address_hint := CASE WHEN needs_code THEN left(address, 1) || '…@' || split_part(address, '@', 2) END;
    SELECT coalesce(bool_or(k.proven_at IS NULL AND k.tries < 5 AND k.made_at > now() - interval '10 minutes'), false),
           coalesce(bool_or(k.proven_link = link AND k.proven_at > now() - interval '30 minutes'), false)
    INTO is_sent, is_proven
    FROM sec.form_code k WHERE k.tenant_id = app.tenant() AND k.assignment_id = assignment;
END $$;

-- A new code for a form that is due, and the mail that carries it: sealed by the business's key, shown to nobody. The one before ends.
-- Three an hour for a form, and 30 from one network.
CREATE OR REPLACE FUNCTION sec.form_code_new(assignment uuid, code_mac bytea, message_id uuid, subject text, body_sealed bytea, dedupe_key text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    link uuid := nullif(current_setting('foyer.link_id', true), '')::uuid;
    by_form bytea := sec.throttle_key('form-code', app.tenant() || '|' || assignment);
    address text;
BEGIN
    IF app.own_client() IS NULL OR link IS NULL THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    PERFORM FROM app.form_assignment a JOIN app.form f ON f.tenant_id = a.tenant_id AND f.id = a.form_id AND f.needs_code
    WHERE a.tenant_id = app.tenant() AND a.id = assignment AND a.client_id = app.own_client() AND a.state = 'due';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such form' USING ERRCODE = 'FY404';
    END IF;
    address := sec.form_code_address(assignment, link);
    IF address IS NULL THEN
        RAISE EXCEPTION 'There is no e-mail address to send a code to. Please call the studio.' USING ERRCODE = 'FY422', COLUMN = 'code';
    END IF;
    PERFORM sec.count_try('form-code', nullif(current_setting('foyer.ip', true), '')::inet, 30);
    IF sec.throttle_wait(by_form, 3) > 0 THEN
        RAISE EXCEPTION 'too many codes for one form' USING ERRCODE = 'FY429';
    END IF;
    PERFORM sec.throttle_fail(by_form);
    INSERT INTO sec.form_code AS k (tenant_id, assignment_id, code_mac) VALUES (app.tenant(), assignment, code_mac)
    ON CONFLICT (tenant_id, assignment_id) DO UPDATE SET code_mac = excluded.code_mac, tries = 0, made_at = now(), proven_at = NULL, proven_link = NULL;
    INSERT INTO app.message (id, kind, channel, to_address, subject, body_sealed, dedupe_key)
    VALUES (message_id, 'account_form_code', 'email', address, subject, body_sealed, dedupe_key);
    INSERT INTO app.job (kind, subject_id, dedupe_key) VALUES ('message.send', message_id, dedupe_key);
END $$;

-- Whether a code is the one that was sent; then this link may sign once. A wrong one is counted, so the transaction must be committed
-- whatever comes of it.
CREATE OR REPLACE FUNCTION sec.form_code_try(assignment uuid, mac bytea, OUT is_right boolean, OUT tries_left int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    k record;
BEGIN
    SELECT c.code_mac, c.tries INTO k FROM sec.form_code c
    JOIN app.form_assignment a ON a.tenant_id = c.tenant_id AND a.id = c.assignment_id AND a.client_id = app.own_client()
    WHERE c.tenant_id = app.tenant() AND c.assignment_id = assignment AND c.proven_at IS NULL AND c.tries < 5 AND c.made_at > now() - interval '10 minutes'
    FOR UPDATE OF c;
    is_right := FOUND AND k.code_mac = mac;
    tries_left := CASE WHEN k.tries IS NULL THEN 0 WHEN is_right THEN 5 - k.tries ELSE 4 - k.tries END;
    IF is_right THEN
        UPDATE sec.form_code c SET proven_at = now(), proven_link = nullif(current_setting('foyer.link_id', true), '')::uuid
        WHERE c.tenant_id = app.tenant() AND c.assignment_id = assignment;
    ELSIF k.tries IS NOT NULL THEN
        UPDATE sec.form_code c SET tries = c.tries + 1 WHERE c.tenant_id = app.tenant() AND c.assignment_id = assignment;
    END IF;
END $$;

-- For the trigger of app.signature: uses up the code that this link has proven. channel: NULL, none was; has_address: one could be sent.
CREATE OR REPLACE FUNCTION sec.form_code_take(assignment uuid, link uuid, OUT channel text, OUT has_address boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM sec.form_code k
    WHERE k.tenant_id = app.tenant() AND k.assignment_id = assignment AND k.proven_link = link AND k.proven_at > now() - interval '30 minutes';
    channel := CASE WHEN FOUND THEN 'email' END;
    has_address := sec.form_code_address(assignment, link) IS NOT NULL;
END $$;

REVOKE ALL ON FUNCTION sec.form_code_address(uuid, uuid), sec.form_code_state(uuid), sec.form_code_new(uuid, bytea, uuid, text, bytea, text),
    sec.form_code_try(uuid, bytea), sec.form_code_take(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.form_code_state(uuid), sec.form_code_new(uuid, bytea, uuid, text, bytea, text), sec.form_code_try(uuid, bytea) TO foyer_public;
GRANT EXECUTE ON FUNCTION sec.form_code_take(uuid, uuid) TO foyer_owner;
RESET ROLE;
