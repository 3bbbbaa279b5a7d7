-- 094_signing: who may sign, how long it took, and what a signature allows until it is withdrawn.

SET LOCAL ROLE foyer_owner;

-- Words for a purpose, in the middle of a sentence.
CREATE OR REPLACE FUNCTION app.purpose_words(purpose text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE purpose WHEN 'photo_chart' THEN 'Photographs in the chart'
                        WHEN 'photo_teaching' THEN 'Photographs for teaching'
                        WHEN 'photo_website' THEN 'Photographs on the website' END
$$;

CREATE OR REPLACE FUNCTION app.relation_words(relation text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE relation WHEN 'parent' THEN 'Parent' WHEN 'legal_guardian' THEN 'Legal guardian' WHEN 'grandparent' THEN 'Grandparent'
                         WHEN 'foster_parent' THEN 'Foster parent' WHEN 'carer' THEN 'Carer' WHEN 'other' THEN 'Guardian' END
$$;

-- Whether two names (as app.norm gives them) have anything to do with one another: the one in the other, the same word but for the small ones
-- between names, words with the same beginning, or nearly the same. Internal.
CREATE OR REPLACE FUNCTION app.names_touch(one text, other text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
AS $$
    SELECT one <> '' AND other <> '' AND (
        one = other
        OR EXISTS (SELECT FROM (VALUES (replace(one, ' ', ''), replace(other, ' ', '')), (replace(other, ' ', ''), replace(one, ' ', ''))) AS v (part, whole)
                   WHERE strpos(v.whole, v.part) > 0 AND (length(v.part) > 2 OR v.part !~ '^[a-z0-9]'))  -- (a sign of Chinese is a name by itself)
        OR EXISTS (SELECT FROM unnest(string_to_array(one, ' ')) AS a, unnest(string_to_array(other, ' ')) AS b
                   WHERE a = b AND length(a) > 1 AND a <> ALL ('{de,del,la,las,le,los,da,das,do,dos,du,di,el,al,bin,ibn,van,von,der,den,ten,af,av}'::text[])
                      OR length(a) > 3 AND length(b) > 3 AND (left(a, 4) = left(b, 4) OR ext.similarity(a, b) >= 0.4)))
$$;

-- Whether the name that somebody typed to sign has anything to do with one that the link's client has or had, on any of her records, or
-- with the guardian's who signs. For a question alone: nobody is refused for a name.
CREATE OR REPLACE FUNCTION app.signer_fits(typed text, guardian uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    said text := app.norm(typed);
    ids uuid[] := app.person_ids(app.own_client());
BEGIN
    RETURN EXISTS (
        SELECT FROM (SELECT unnest(ARRAY[c.name, c.preferred_name]) AS name FROM app.client c WHERE c.tenant_id = app.tenant() AND c.id = ANY (ids)
                     UNION ALL
                     SELECT h.was FROM app.client_change h
                     WHERE h.tenant_id = app.tenant() AND h.client_id = ANY (ids) AND h.object_id IS NULL AND h.field IN ('name', 'preferred_name')
                     UNION ALL
                     SELECT g.name FROM app.client_guardian g WHERE g.tenant_id = app.tenant() AND g.client_id = ANY (ids) AND g.id = guardian) AS k
        WHERE app.names_touch(said, app.norm(k.name)));
END $$;
REVOKE ALL ON FUNCTION app.names_touch(text, text), app.signer_fits(text, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.signer_fits(text, uuid) TO foyer_public;

-- How long somebody was at a form, in seconds: the time between one thing that happened to it and the next, until now. Where nothing
-- happened for more than five minutes nobody was there.
CREATE OR REPLACE FUNCTION app.form_seconds(client uuid, assignment uuid) RETURNS int
LANGUAGE sql STABLE
AS $$
    SELECT coalesce(sum(g.seconds) FILTER (WHERE g.seconds <= 300), 0)::int
    FROM (SELECT extract(epoch FROM coalesce(lead(e.at) OVER (ORDER BY e.at), clock_timestamp()) - e.at) AS seconds
          FROM app.form_event e
          WHERE e.client_id = client AND e.assignment_id = assignment
            AND e.kind IN ('opened', 'shown', 'kept', 'code_sent', 'code_proven')) AS g
$$;

-- The terms of signing electronically that are in force today for who reads this language: those in it; where there are none, those in the
-- studio's own language, or any. NULL: none are in force. Two versions of one language: the newer.
CREATE OR REPLACE FUNCTION app.terms_in_force(language text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT v.id
    FROM app.policy_version v
    JOIN app.tenant t ON t.id = v.tenant_id
    WHERE v.kind = 'terms' AND v.effective_on <= (now() AT TIME ZONE t.zone)::date
    ORDER BY v.language = terms_in_force.language COLLATE "C" DESC NULLS LAST, v.language = split_part(t.locale, '-', 1) COLLATE "C" DESC, v.version DESC
    LIMIT 1
$$;
REVOKE ALL ON FUNCTION app.terms_in_force(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.terms_in_force(text) TO foyer_staff, foyer_public;

-- Only what is due may be signed, in the wording that is in force now and that she was shown, under the terms of signing electronically
-- that are in force now for who reads the language that it is signed in; of a minor, by a guardian who may, on that day at the studio. Who signs, where, and before whom is what
-- sec.signer_take found out in this transaction; without a link (restored, or by the owner of the database) it is what the row says.
CREATE OR REPLACE FUNCTION app.signature_check() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    due record;
    newest record;
    l record;
    has_address boolean := true;
    minor boolean;
BEGIN
    SELECT a.state, a.form_id, (SELECT f.needs_code FROM app.form f WHERE f.tenant_id = a.tenant_id AND f.id = a.form_id) AS needs_code INTO due
    FROM app.form_assignment a
    WHERE a.tenant_id = NEW.tenant_id AND a.id = NEW.assignment_id AND a.client_id = NEW.client_id
    FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such form' USING ERRCODE = 'FY404';
    END IF;
    IF due.state <> 'due' THEN
        RAISE EXCEPTION 'This form is % already.', due.state USING ERRCODE = 'FY422', COLUMN = 'form';
    END IF;
    SELECT v.id, v.sha256 INTO newest FROM app.form_version v
    WHERE v.tenant_id = NEW.tenant_id AND v.id = app.form_in_force(due.form_id);
    IF NOT FOUND OR newest.id <> NEW.form_version_id OR newest.sha256 <> NEW.wording_sha256 THEN
        RAISE EXCEPTION 'The wording of this form has changed since you opened it. Please read the new text and sign again.'
            USING ERRCODE = 'FY422', COLUMN = 'form';
    END IF;
    IF NEW.place <> 'paper' AND NEW.disclosure_id IS DISTINCT FROM app.terms_in_force(NEW.language) THEN
        RAISE EXCEPTION 'The terms of signing electronically have changed since you opened this form. Please read them again.'
            USING ERRCODE = 'FY422', COLUMN = 'form';
    END IF;
    minor := app.is_minor(NEW.client_id);
    SELECT k.second_factor, k.place, k.guardian_id, k.signing_in = pg_current_xact_id() AS is_taken, k.signing_guardian, k.signing_witness
    INTO l
    FROM app.link k WHERE k.tenant_id = NEW.tenant_id AND k.id = NEW.link_id;
    IF FOUND THEN
        SELECT t.channel, t.has_address INTO NEW.code_channel, has_address FROM sec.form_code_take(NEW.assignment_id, NEW.link_id) t;
        NEW.second_factor := l.second_factor;
        NEW.place := l.place;
        NEW.guardian_id := CASE WHEN l.is_taken THEN l.signing_guardian END;
        NEW.witness_id := CASE WHEN l.is_taken THEN l.signing_witness END;
        NEW.signer := CASE WHEN NEW.guardian_id IS NULL THEN 'client' ELSE 'guardian' END;
        IF NEW.place <> 'link' AND NOT app.age_known(NEW.client_id) THEN
            RAISE EXCEPTION 'Nobody knows yet whether the client is of age. The staff notes the date of birth first.' USING ERRCODE = 'FY422', COLUMN = 'form';
        END IF;
        IF NEW.place = 'desk' AND NEW.witness_id IS NULL THEN
            RAISE EXCEPTION 'At the desk a member of the staff is the witness.' USING ERRCODE = 'FY422', COLUMN = 'form';
        END IF;
    END IF;
    IF NEW.place = 'paper' AND NOT app.age_known(NEW.client_id) THEN
        RAISE EXCEPTION 'Nobody knows yet whether the client is of age. Note the date of birth first.' USING ERRCODE = 'FY422', COLUMN = 'form';
    END IF;
    -- At the desk the witness sees who signs; there alone it goes without a code when no address is known.
    -- On paper nobody types a code: a witness saw it, and is named.
    IF NEW.place = 'paper' AND due.needs_code AND NEW.witness_id IS NULL THEN
        RAISE EXCEPTION 'This form takes a code or a witness: say who of the staff saw it being signed.' USING ERRCODE = 'FY422', COLUMN = 'witness_id';
    ELSIF NEW.place <> 'paper' AND due.needs_code AND NEW.code_channel IS NULL AND NOT (NEW.place = 'desk' AND NOT has_address) THEN
        RAISE EXCEPTION 'This form takes the code that is sent by e-mail.' USING ERRCODE = 'FY422', COLUMN = 'code';
    END IF;
    IF minor AND NOT EXISTS (SELECT FROM app.guardians_of(NEW.client_id) g WHERE g.guardian_id = NEW.guardian_id) THEN
        RAISE EXCEPTION 'For somebody under eighteen a parent or guardian signs.' USING ERRCODE = 'FY422', COLUMN = 'form';
    END IF;
    IF NOT minor AND (NEW.guardian_id IS NOT NULL OR l.guardian_id IS NOT NULL) THEN
        RAISE EXCEPTION 'The client is of age now, and signs in person.' USING ERRCODE = 'FY422', COLUMN = 'form';
    END IF;
    NEW.seconds_spent := CASE WHEN NEW.place <> 'paper' THEN coalesce(NEW.seconds_spent, app.form_seconds(NEW.client_id, NEW.assignment_id)) END;
    UPDATE app.form_assignment a SET state = 'signed' WHERE a.tenant_id = NEW.tenant_id AND a.id = NEW.assignment_id;
    INSERT INTO app.form_event (assignment_id, client_id, kind, detail, at)
    SELECT NEW.assignment_id, NEW.client_id, v.kind, v.detail, CASE WHEN NEW.signed_at < now() THEN NEW.signed_at ELSE clock_timestamp() END
    FROM (VALUES ('consented', 'disclosure'), ('signed', NEW.place)) AS v (kind, detail) WHERE NEW.place <> 'paper' OR v.kind = 'signed';
    RETURN NEW;
END $$;

-- Who signs in this transaction, as sec.signer_take found out: what the signed text says of it. No row: nobody was found out.
CREATE OR REPLACE FUNCTION app.signing_as()
RETURNS TABLE (signer text, guardian_name text, relation text, witness_name text, place text, signed_utc text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT CASE WHEN k.signing_guardian IS NULL THEN 'client' ELSE 'guardian' END, g.name, app.relation_words(g.relation), f.name, k.place,
           to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
    FROM app.link k
    LEFT JOIN app.client_guardian g ON g.tenant_id = k.tenant_id AND g.client_id = k.client_id AND g.id = k.signing_guardian
    LEFT JOIN app.staff f ON f.tenant_id = k.tenant_id AND f.id = k.signing_witness
    WHERE k.tenant_id = app.tenant() AND k.id = nullif(current_setting('foyer.link_id', true), '')::uuid AND k.signing_in = pg_current_xact_id();
END $$;

-- Who is the witness where this transaction's link is used: at the desk, who opened it. NULL elsewhere.
CREATE OR REPLACE FUNCTION app.witness_name() RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT f.name FROM app.link k JOIN app.staff f ON f.tenant_id = k.tenant_id AND f.id = k.created_by
            WHERE k.tenant_id = app.tenant() AND k.id = nullif(current_setting('foyer.link_id', true), '')::uuid AND k.place = 'desk');
END $$;

-- A signed form by the SHA-256 of its text or of the file that proves it: whether by hand on paper; on which day, in the studio's time where it was signed; when
-- it was taken back as a whole, when something that it allowed first was, when a newer one of the same form was signed by the same person, on whichever of her records, and when the studio
-- took its wording out of use. Names nobody. For sec.form_verify.
DROP FUNCTION IF EXISTS app.form_by_hash(bytea);
CREATE OR REPLACE FUNCTION app.form_by_hash(hash bytea)
RETURNS TABLE (signature_id uuid, is_file boolean, is_paper boolean, signed_on date, revoked_on date, taken_back_on date, replaced_on date, out_of_use_on date)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT s.id, s.document_sha256 <> hash, s.place = 'paper', (s.signed_at AT TIME ZONE s.zone)::date,
           (SELECT (w.at AT TIME ZONE s.zone)::date FROM app.form_withdrawal w WHERE w.tenant_id = s.tenant_id AND w.signature_id = s.id),
           (SELECT min(c.withdrawn_at AT TIME ZONE s.zone)::date FROM app.consent c WHERE c.tenant_id = s.tenant_id AND c.signature_id = s.id),
           (SELECT min(n.signed_at AT TIME ZONE s.zone)::date FROM app.form_assignment a
            JOIN app.form_assignment b ON b.tenant_id = a.tenant_id AND b.client_id = ANY (app.person_ids(a.client_id)) AND b.form_id = a.form_id
            JOIN app.signature n ON n.tenant_id = b.tenant_id AND n.client_id = b.client_id AND n.assignment_id = b.id
            WHERE a.tenant_id = s.tenant_id AND a.client_id = s.client_id AND a.id = s.assignment_id AND n.signed_at > s.signed_at),
           (v.withdrawn_at AT TIME ZONE s.zone)::date
    FROM (SELECT x.* FROM app.signature x WHERE x.tenant_id = app.tenant() AND x.document_sha256 = hash
          UNION ALL
          SELECT x.* FROM app.signature_copy f JOIN app.signature x ON x.tenant_id = f.tenant_id AND x.id = f.signature_id
          WHERE f.tenant_id = app.tenant() AND f.pdf_sha256 = hash) AS s
    JOIN app.form_version v ON v.tenant_id = s.tenant_id AND v.id = s.form_version_id
    ORDER BY s.signed_at
    LIMIT 1;
END $$;
REVOKE ALL ON FUNCTION app.form_by_hash(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.form_by_hash(bytea) TO foyer_auth;

-- What she was asked to allow, on any of her records: as it stands (app.consent_stands), since when, by which signature (of which
-- record: client_id), until when (NULL: no end); or when and by whom it ended.
DROP FUNCTION IF EXISTS app.consents_of(uuid);
CREATE OR REPLACE FUNCTION app.consents_of(client uuid)
RETURNS TABLE (client_id uuid, purpose text, stands boolean, is_given boolean, since timestamptz, until timestamptz, withdrawn_at timestamptz, withdrawn_kind text, signature_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    IF app.may_ask_consent(client) THEN
        RETURN QUERY
        SELECT DISTINCT ON (c.purpose) c.client_id, c.purpose, app.consent_stands(client, c.purpose), c.is_given, c.at, app.consent_until(c.client_id, c.signature_id, c.until), c.withdrawn_at, c.withdrawn_kind, c.signature_id
        FROM app.consent c
        WHERE c.client_id = ANY (app.person_ids(client))
        ORDER BY c.purpose, c.at DESC, c.id DESC;
    END IF;
END $$;

-- What a form allows ends with its validity: when the form stands for so many days, so long from its signing.
CREATE OR REPLACE FUNCTION app.consent_keep() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    f record;
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT CASE o.validity WHEN 'days' THEN s.signed_at + make_interval(days => o.valid_days) END AS until INTO f
        FROM app.signature s
        JOIN app.form_version v ON v.tenant_id = s.tenant_id AND v.id = s.form_version_id
        JOIN app.form o ON o.tenant_id = v.tenant_id AND o.id = v.form_id
        WHERE s.tenant_id = NEW.tenant_id AND s.id = NEW.signature_id AND s.client_id = NEW.client_id
          AND EXISTS (SELECT FROM app.form_question q WHERE q.tenant_id = s.tenant_id AND q.form_version_id = s.form_version_id AND q.purpose = NEW.purpose);
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the signed form does not ask for this' USING ERRCODE = 'FY422', COLUMN = 'form';
        END IF;
        NEW.until := f.until;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.withdrawn_at IS NULL AND NEW.withdrawn_at IS NOT NULL
       AND (to_jsonb(NEW) - '{withdrawn_at,withdrawn_kind,withdrawn_by}'::text[]) = (to_jsonb(OLD) - '{withdrawn_at,withdrawn_kind,withdrawn_by}'::text[]) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'What was consented to stays as it was. It can only be withdrawn.' USING ERRCODE = '42501';
END $$;

-- Withdraws what stands of a purpose, at once and on all of her records: by the client, or by staff at her request. Older lines of the
-- purpose end as well, so that none comes back. NULL: nothing stood.
CREATE OR REPLACE FUNCTION app.consent_withdraw(client uuid, wanted text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    by_kind text := app.actor_kind();
    ended uuid;
BEGIN
    IF NOT (CASE by_kind WHEN 'client' THEN client = app.own_client()
                         WHEN 'staff' THEN app.may('chart_write') OR app.reaches('chart_write', client)
                         ELSE false END) IS TRUE THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    IF NOT app.consent_stands(client, wanted) THEN
        RETURN NULL;
    END IF;
    SELECT c.id INTO ended FROM app.consent c
    WHERE c.tenant_id = app.tenant() AND c.client_id = ANY (app.person_ids(client)) AND c.purpose = wanted ORDER BY c.at DESC, c.id DESC LIMIT 1;
    INSERT INTO app.form_event (assignment_id, client_id, kind, detail)
    SELECT s.assignment_id, s.client_id, 'withdrawn', wanted FROM app.consent c JOIN app.signature s ON s.tenant_id = c.tenant_id AND s.id = c.signature_id
    WHERE c.tenant_id = app.tenant() AND c.id = ended;
    UPDATE app.consent c SET withdrawn_at = now(), withdrawn_kind = by_kind, withdrawn_by = CASE by_kind WHEN 'staff' THEN app.actor() END
    WHERE c.tenant_id = app.tenant() AND c.client_id = ANY (app.person_ids(client)) AND c.purpose = wanted AND c.is_given AND c.withdrawn_at IS NULL;
    RETURN ended;
END $$;

REVOKE ALL ON FUNCTION app.form_seconds(uuid, uuid), app.consents_of(uuid), app.consent_withdraw(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.form_seconds(uuid, uuid) TO foyer_staff, foyer_public, foyer_jobs;
REVOKE ALL ON FUNCTION app.witness_name(), app.signing_as() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.witness_name(), app.signing_as() TO foyer_public;
GRANT EXECUTE ON FUNCTION app.consents_of(uuid) TO foyer_staff, foyer_public, foyer_slow, foyer_jobs;
GRANT EXECUTE ON FUNCTION app.consent_withdraw(uuid, text) TO foyer_staff, foyer_public;
GRANT EXECUTE ON FUNCTION app.is_minor(uuid), app.guardians_of(uuid), app.zone() TO foyer_auth;
GRANT EXECUTE ON FUNCTION app.age_on(date, date) TO foyer_staff, foyer_public, foyer_slow, foyer_jobs, foyer_auth;
GRANT EXECUTE ON FUNCTION app.purpose_words(text), app.relation_words(text) TO foyer_staff, foyer_public, foyer_slow, foyer_jobs;

RESET ROLE;
SET LOCAL ROLE foyer_auth;

-- Who signs by the link of this transaction: the client, or for a minor a guardian, whose date of birth is asked for unless the link was
-- sent to him and he gave it at the door. One row always, for failures are counted with those of the link: is_ok, tries_left (5 in all),
-- is_over, wait_seconds (too many from this network). problem: what she is told when it is none of these.
-- chosen: the guardian named on the page; born: the date he gave; witness: token of the session of the staff that opened the link at the desk.
CREATE OR REPLACE FUNCTION sec.signer_take(chosen uuid, born date, witness bytea, OUT is_ok boolean, OUT tries_left int, OUT is_over boolean,
                                           OUT wait_seconds int, OUT problem text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    from_here inet := nullif(current_setting('foyer.ip', true), '')::inet;
    by_address bytea := sec.throttle_key('link-from', sec.throttle_net(from_here));
    l record;
    g record;
    minor boolean := app.is_minor(app.own_client());
    saw uuid;
    guardian uuid;
BEGIN
    is_ok := false;
    is_over := false;
    wait_seconds := 0;
    SELECT k.id, k.client_id, k.guardian_id, k.place, k.created_by, k.failures, k.locked_at IS NOT NULL AS is_locked INTO l
    FROM app.link k
    WHERE k.tenant_id = app.tenant() AND k.id = nullif(current_setting('foyer.link_id', true), '')::uuid AND k.client_id = app.own_client()
    FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    tries_left := greatest(0, 5 - l.failures);
    is_over := l.is_locked;
    IF is_over THEN
        RETURN;
    END IF;
    IF l.place = 'desk' THEN
        SELECT e.staff_id INTO saw
        FROM sec.session e JOIN app.staff f ON f.tenant_id = e.tenant_id AND f.id = e.staff_id AND f.is_active AND NOT f.is_support
        WHERE e.tenant_id = app.tenant() AND e.token_hash = sha256(witness) AND e.revoked_at IS NULL AND e.absolute_until > now() AND e.staff_id = l.created_by;
        IF NOT FOUND THEN
            problem := 'witness';
            RETURN;
        END IF;
    END IF;
    IF NOT minor AND l.guardian_id IS NOT NULL THEN
        problem := 'of_age';
        RETURN;
    END IF;
    IF minor THEN
        SELECT x.guardian_id, x.birth_date INTO g FROM app.guardians_of(l.client_id) x WHERE x.guardian_id = coalesce(l.guardian_id, chosen);
        IF NOT FOUND THEN
            problem := 'guardian';
            RETURN;
        END IF;
        IF l.guardian_id IS NULL AND NOT (g.birth_date IS NULL AND l.place = 'desk') THEN
            IF g.birth_date IS NULL THEN
                problem := 'unknown';
                RETURN;
            END IF;
            wait_seconds := sec.throttle_wait(by_address, 20);
            IF wait_seconds > 0 THEN
                RETURN;
            END IF;
            IF born IS DISTINCT FROM g.birth_date THEN
                PERFORM sec.throttle_fail(by_address);
                UPDATE app.link k SET failures = k.failures + 1, locked_at = CASE WHEN k.failures + 1 >= 5 THEN now() END
                WHERE k.tenant_id = app.tenant() AND k.id = l.id;
                tries_left := greatest(0, tries_left - 1);
                is_over := tries_left = 0;
                PERFORM sec.note('guardian.prove', 'failed', CASE WHEN is_over THEN 'locked' ELSE 'wrong' END, ARRAY[l.client_id], 'link', l.id);
                RETURN;
            END IF;
        END IF;
        guardian := g.guardian_id;
    END IF;
    is_ok := true;
    UPDATE app.link k SET signing_in = pg_current_xact_id(), signing_guardian = guardian, signing_witness = saw
    WHERE k.tenant_id = app.tenant() AND k.id = l.id;
END $$;

REVOKE ALL ON FUNCTION sec.signer_take(uuid, date, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.signer_take(uuid, date, bytea) TO foyer_public;

-- Whether a document with this fingerprint (SHA-256 in hexadecimal, as it is printed; blanks do not count) was signed here. Anybody may
-- ask, 60 times in an hour from one network (FY429); a document that was is noted in the trail, with nobody's name. No row: none was named.
DROP FUNCTION IF EXISTS sec.form_verify(text, inet);
CREATE OR REPLACE FUNCTION sec.form_verify(fingerprint text, address inet)
RETURNS TABLE (is_unreadable boolean, is_unknown boolean, is_file boolean, is_paper boolean, signed_on date, revoked_on date, taken_back_on date, replaced_on date, out_of_use_on date)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    hex text := lower(regexp_replace(coalesce(fingerprint, ''), '[[:space:]:-]+', '', 'g'));
    found_one record;
BEGIN
    IF hex = '' THEN
        RETURN;
    END IF;
    IF hex !~ '^[0-9a-f]{64}$' THEN
        RETURN QUERY SELECT true, false, false, false, NULL::date, NULL::date, NULL::date, NULL::date, NULL::date;
        RETURN;
    END IF;
    PERFORM sec.count_try('verify', address, 60);
    SELECT * INTO found_one FROM app.form_by_hash(decode(hex, 'hex'));
    IF NOT FOUND THEN
        RETURN QUERY SELECT false, true, false, false, NULL::date, NULL::date, NULL::date, NULL::date, NULL::date;
        RETURN;
    END IF;
    PERFORM sec.note('form.verify', 'ok', NULL, '{}', 'signature', found_one.signature_id);
    RETURN QUERY SELECT false, false, found_one.is_file, found_one.is_paper, found_one.signed_on, found_one.revoked_on, found_one.taken_back_on, found_one.replaced_on, found_one.out_of_use_on;
END $$;
REVOKE ALL ON FUNCTION sec.form_verify(text, inet) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.form_verify(text, inet) TO foyer_public;

RESET ROLE;
