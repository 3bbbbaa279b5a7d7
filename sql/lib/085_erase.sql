-- 085_erase: erasing a client, opting out, and what a restore does before the house opens. Called by the operator's command,
-- which writes the list of tombstones first (cgi-src/features/tombstone.c). Everything here may be done twice.

SET LOCAL ROLE foyer_booking;

-- What is still to come of a client's visits is called off, and its time is free again; she waits for none, and her series end. Internal.
CREATE OR REPLACE FUNCTION app.client_call_off(client uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    a record;
BEGIN
    PERFORM app.waitlist_forget(client);
    UPDATE app.series s SET ended_at = now() WHERE s.tenant_id = app.tenant() AND s.client_id = client AND s.ended_at IS NULL;
    FOR a IN SELECT p.id FROM app.appointment p
             WHERE p.tenant_id = app.tenant() AND p.client_id = client AND p.status IN ('booked', 'confirmed') AND p.starts_at > now() LOOP
        UPDATE app.slot t SET state = 'released', hold_until = NULL
        WHERE t.tenant_id = app.tenant() AND t.appointment_id = a.id AND t.state <> 'released';
        UPDATE app.appointment p SET status = 'cancelled', cancel_reason = 'client_asked' WHERE p.tenant_id = app.tenant() AND p.id = a.id;
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION app.client_call_off(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.client_call_off(uuid) TO foyer_owner;

SET LOCAL ROLE foyer_owner;

-- Whether a treatment is signed. Internal.
CREATE OR REPLACE FUNCTION app.encounter_is_signed(encounter uuid) RETURNS boolean
LANGUAGE sql STABLE
AS $$ SELECT EXISTS (SELECT FROM app.encounter e WHERE e.tenant_id = app.tenant() AND e.id = encounter AND e.signed_at IS NOT NULL) $$;
REVOKE ALL ON FUNCTION app.encounter_is_signed(uuid) FROM PUBLIC;

-- Takes from a client all that names her and destroys her key, without which nothing that is sealed opens any more: answers,
-- notes, allergies, signed documents. What stays: visits with service, time and price (aggregates, and the minimum of an
-- invoice), the trail's ids, and an opt-out's hash. What is signed stays as bytes that nobody can read, for its rows are
-- written once. false: there is no such client. Internal.
CREATE OR REPLACE FUNCTION app.client_erase(client uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    guarded uuid[];
    joined uuid;
BEGIN
    PERFORM FROM app.client c WHERE c.tenant_id = app.tenant() AND c.id = client FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    -- Records that were joined to hers are hers.
    FOR joined IN SELECT m.client_id FROM app.client_merged m WHERE m.tenant_id = app.tenant() AND m.into_id = client AND m.undone_at IS NULL LOOP
        PERFORM app.client_erase(joined);
    END LOOP;
    PERFORM app.client_import_forget(client);
    guarded := ARRAY(SELECT g.id FROM app.client_guardian g WHERE g.tenant_id = app.tenant() AND g.guardian_client_id = client);
    PERFORM app.client_call_off(client);
    UPDATE app.client_key k SET wrapped_key = NULL, destroyed_at = now()
    WHERE k.tenant_id = app.tenant() AND k.client_id = client AND k.destroyed_at IS NULL;
    UPDATE app.client c
    SET name = 'Erased client', preferred_name = NULL, email = NULL, phone = NULL, birth_date = NULL, due_date = NULL,
        adult_attested_at = NULL, adult_seen_at = NULL, adult_seen_by = NULL, is_active = false,
        pronouns = NULL, street = NULL, city = NULL, region = NULL, postal_code = NULL, country = NULL,
        emergency_contact_name = NULL, emergency_contact_relation = NULL, emergency_contact_phone = NULL,
        preferred_language = NULL, preferred_way = NULL, best_time = NULL
    WHERE c.tenant_id = app.tenant() AND c.id = client;
    UPDATE app.media m SET removed_at = now() WHERE m.tenant_id = app.tenant() AND m.client_id = client AND m.removed_at IS NULL;
    DELETE FROM app.client_contact x WHERE x.tenant_id = app.tenant() AND x.client_id = client;
    DELETE FROM app.client_pregnancy p WHERE p.tenant_id = app.tenant() AND p.client_id = client;
    DELETE FROM app.client_tag t WHERE t.tenant_id = app.tenant() AND t.client_id = client;
    DELETE FROM app.correction_statement x WHERE x.tenant_id = app.tenant() AND x.client_id = client;
    DELETE FROM app.correction x WHERE x.tenant_id = app.tenant() AND x.client_id = client;
    DELETE FROM app.client_field_value v WHERE v.tenant_id = app.tenant() AND v.client_id = client;
    DELETE FROM app.client_apart x WHERE x.tenant_id = app.tenant() AND client IN (x.one_id, x.other_id);
    DELETE FROM app.chart_copy x WHERE x.tenant_id = app.tenant() AND x.client_id = client;
    DELETE FROM app.client_word w WHERE w.tenant_id = app.tenant() AND w.client_id = client;
    DELETE FROM app.allergy a WHERE a.tenant_id = app.tenant() AND a.client_id = client;
    DELETE FROM app.medication a WHERE a.tenant_id = app.tenant() AND a.client_id = client;
    DELETE FROM app.health_condition a WHERE a.tenant_id = app.tenant() AND a.client_id = client;
    -- Of treatments; what is signed stays, as notes do.
    UPDATE app.body_point a SET remark_sealed = NULL, void_reason_sealed = NULL WHERE a.tenant_id = app.tenant() AND a.client_id = client
        AND NOT app.encounter_is_signed(a.encounter_id);
    DELETE FROM app.body_point a WHERE a.tenant_id = app.tenant() AND a.client_id = client AND a.lot_id IS NULL
        AND NOT app.encounter_is_signed(a.encounter_id);
    DELETE FROM app.plan_step a WHERE a.tenant_id = app.tenant() AND a.client_id = client;
    DELETE FROM app.treatment_plan a WHERE a.tenant_id = app.tenant() AND a.client_id = client;
    DELETE FROM app.encounter_device a WHERE a.tenant_id = app.tenant() AND a.client_id = client
        AND NOT app.encounter_is_signed(a.encounter_id);
    -- That a lot was used stays, for who counts lots; where on her body is gone with her key.
    UPDATE app.encounter_product a SET area_sealed = NULL, void_reason_sealed = NULL WHERE a.tenant_id = app.tenant() AND a.client_id = client
        AND NOT app.encounter_is_signed(a.encounter_id);
    DELETE FROM app.encounter_advice a WHERE a.tenant_id = app.tenant() AND a.client_id = client
        AND NOT app.encounter_is_signed(a.encounter_id);
    UPDATE app.encounter a SET aftercare_sealed = NULL, void_reason_sealed = NULL WHERE a.tenant_id = app.tenant() AND a.client_id = client AND a.signed_at IS NULL;
    DELETE FROM app.none_known a WHERE a.tenant_id = app.tenant() AND a.client_id = client;
    DELETE FROM app.chart_note n WHERE n.tenant_id = app.tenant() AND n.client_id = client AND n.state = 'draft'
        AND NOT EXISTS (SELECT FROM app.chart_note x WHERE x.tenant_id = n.tenant_id AND x.client_id = client AND x.addendum_to = n.id);
    DELETE FROM app.form_answer w USING app.form_assignment f
    WHERE w.tenant_id = app.tenant() AND w.client_id = client AND f.tenant_id = w.tenant_id AND f.id = w.assignment_id AND f.state = 'due';
    -- What she attached to a form that is signed stays as bytes that nobody can read, as the form does; its files went above.
    DELETE FROM app.form_file x USING app.form_assignment f
    WHERE x.tenant_id = app.tenant() AND x.client_id = client AND f.tenant_id = x.tenant_id AND f.id = x.assignment_id AND f.state = 'due';
    DELETE FROM app.form_draft d USING app.form_assignment f
    WHERE d.tenant_id = app.tenant() AND d.client_id = client AND f.tenant_id = d.tenant_id AND f.id = d.assignment_id AND f.state = 'due';
    UPDATE app.client_guardian g SET name = 'Erased guardian', email = NULL, phone = NULL, birth_date = NULL, guardian_client_id = NULL,
        ended_at = coalesce(g.ended_at, now())
    WHERE g.tenant_id = app.tenant() AND (g.client_id = client OR g.guardian_client_id = client);
    -- What the steps above wrote down of themselves goes last, also where she was somebody's guardian.
    DELETE FROM app.client_change h WHERE h.tenant_id = app.tenant()
        AND (h.client_id = client OR h.object_id IN (SELECT g.id FROM app.client_guardian g WHERE g.tenant_id = app.tenant() AND (g.client_id = client OR g.id = ANY (guarded))));
    DELETE FROM app.form_record_reminder x WHERE x.tenant_id = app.tenant() AND x.client_id = client;
    UPDATE app.form_assignment f SET state = 'withdrawn' WHERE f.tenant_id = app.tenant() AND f.client_id = client AND f.state = 'due';
    -- A message about a client has a sealed text; an empty one says that it is gone.
    UPDATE app.message m SET to_address = '(erased)', subject = '', body_sealed = '', link_sealed = NULL, ics_sealed = NULL, address_hash = NULL, attached_copy = NULL,
        state = CASE WHEN m.state IN ('queued', 'kept') THEN 'suppressed' ELSE m.state END,
        problem = CASE WHEN m.state IN ('queued', 'kept') THEN 'erased' ELSE m.problem END
    WHERE m.tenant_id = app.tenant() AND m.client_id = client;
    UPDATE app.link l SET revoked_at = coalesce(l.revoked_at, now()) WHERE l.tenant_id = app.tenant() AND l.client_id = client;
    RETURN true;
END $$;
REVOKE ALL ON FUNCTION app.client_erase(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.client_erase(uuid) TO foyer_auth;

-- What was on its way at the moment to which the database was restored may have been sent since: nobody knows. Internal.
CREATE OR REPLACE FUNCTION app.messages_in_doubt() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ UPDATE app.message m SET state = 'unknown' WHERE m.tenant_id = app.tenant() AND m.state IN ('queued', 'sending') $$;
REVOKE ALL ON FUNCTION app.messages_in_doubt() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.messages_in_doubt() TO foyer_auth;
GRANT SELECT (tenant_id, client_id, destroyed_at) ON app.client_key TO foyer_auth;

-- What clients of the entered tenant have objected to or taken back, each as a line of the list beside the backups says it: client,
-- channel and purpose, purpose alone, or the signed form, and the moment, joined by a slash. A list that was read in says itself what it said. Internal.
CREATE OR REPLACE FUNCTION app.objections() RETURNS TABLE (kind text, subject text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT x.kind, concat_ws('/', x.client_id, x.words, to_char(x.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
    FROM (SELECT 'message.object' AS kind, m.client_id, m.channel || '/' || m.purpose AS words, m.at FROM app.messaging_consent m
          WHERE m.tenant_id = app.tenant() AND NOT m.is_given AND m.source <> 'import'
          UNION ALL
          SELECT 'consent.end', c.client_id, c.purpose, coalesce(c.withdrawn_at, c.at) FROM app.consent c
          WHERE c.tenant_id = app.tenant() AND (c.withdrawn_at IS NOT NULL OR NOT c.is_given)
          UNION ALL
          SELECT 'form.end', w.client_id, w.signature_id::text, w.at FROM app.form_withdrawal w WHERE w.tenant_id = app.tenant() AND w.signature_id IS NOT NULL) AS x
    JOIN app.client_key k ON k.tenant_id = app.tenant() AND k.client_id = x.client_id AND k.destroyed_at IS NULL
    ORDER BY x.at, x.client_id, x.words
$$;

-- She objected then; false: that is known, or she has said something since, or is not there. Internal.
CREATE OR REPLACE FUNCTION app.messaging_object_again(client uuid, channel text, purpose text, said_at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    INSERT INTO app.messaging_consent (client_id, channel, purpose, is_given, at, source)
    SELECT k.client_id, channel, purpose, false, said_at, 'restore' FROM app.client_key k
    WHERE k.tenant_id = app.tenant() AND k.client_id = client AND k.destroyed_at IS NULL
      AND NOT EXISTS (SELECT FROM app.messaging_consent m WHERE m.tenant_id = app.tenant() AND m.client_id = client
                          AND m.channel = messaging_object_again.channel AND m.purpose = messaging_object_again.purpose AND m.at >= said_at);
    RETURN FOUND;
END $$;

-- What she had allowed by then of a purpose, on any of her records, ended then. false: nothing of it stands. Internal.
CREATE OR REPLACE FUNCTION app.consent_end_again(client uuid, wanted text, ended_at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE app.consent c SET withdrawn_at = ended_at, withdrawn_kind = 'restore'
    WHERE c.tenant_id = app.tenant() AND c.client_id = ANY (app.person_ids(client)) AND c.purpose = wanted AND c.is_given
      AND c.withdrawn_at IS NULL AND c.at <= ended_at;
    RETURN FOUND;
END $$;
-- A signed form that was taken back then. false: that is known, or the form is not there. Internal.
CREATE OR REPLACE FUNCTION app.signature_end_again(client uuid, signature uuid, ended_at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM app.signature s WHERE s.tenant_id = app.tenant() AND s.id = signature AND s.client_id = ANY (app.person_ids(client)))
       AND app.signature_end(gen_random_uuid(), client, signature, NULL, 'restore', ended_at);
END $$;
REVOKE ALL ON FUNCTION app.objections(), app.messaging_object_again(uuid, text, text, timestamptz), app.consent_end_again(uuid, text, timestamptz),
    app.signature_end_again(uuid, uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.objections(), app.messaging_object_again(uuid, text, text, timestamptz), app.consent_end_again(uuid, text, timestamptz),
    app.signature_end_again(uuid, uuid, timestamptz) TO foyer_auth;

SET LOCAL ROLE foyer_auth;

-- Of all tenants, for the list beside the backups: what clients have objected to or taken back.
CREATE OR REPLACE FUNCTION sec.objections() RETURNS TABLE (kind text, tenant uuid, subject text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    FOR tenant IN SELECT s.tenant FROM sec.site s WHERE NOT s.is_apex LOOP
        PERFORM sec.enter_tenant(tenant, 'system', 'objections.list', NULL);
        FOR kind, subject IN SELECT o.kind, o.subject FROM app.objections() o LOOP
            RETURN NEXT;
        END LOOP;
    END LOOP;
END $$;

-- One line of that list, done once more. false: it is done already, or she is not (yet) in this database.
CREATE OR REPLACE FUNCTION sec.object_again(kind text, subject text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    parts text[] := string_to_array(subject, '/');
    client uuid := parts[1]::uuid;
    is_message boolean := kind = 'message.object';
    is_new boolean;
BEGIN
    IF is_message THEN
        is_new := app.messaging_object_again(client, parts[2], parts[3], parts[4]::timestamptz);
    ELSIF kind = 'form.end' THEN
        is_new := app.signature_end_again(client, parts[2]::uuid, parts[3]::timestamptz);
    ELSE
        is_new := app.consent_end_again(client, parts[2], parts[3]::timestamptz);
    END IF;
    IF is_new THEN
        PERFORM sec.note(CASE kind WHEN 'message.object' THEN 'messaging.note' WHEN 'form.end' THEN 'signature.withdraw' ELSE 'consent.withdraw' END, 'ok', 'done once more after a restore', ARRAY[client], 'client', client);
    END IF;
    RETURN is_new;
END $$;

-- Erases a client of the entered tenant, with its row of the trail. The caller has written the tombstone.
CREATE OR REPLACE FUNCTION sec.client_erase(client uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT app.client_erase(client) THEN
        RETURN false;
    END IF;
    DELETE FROM sec.link_session e USING app.link l
    WHERE e.tenant_id = app.tenant() AND l.tenant_id = e.tenant_id AND l.id = e.link_id AND l.client_id = client;
    PERFORM sec.note('client.erase', 'ok', NULL, ARRAY[client], 'client', client);
    RETURN true;
END $$;

-- Whether a client of the entered tenant exists, and whether she was erased.
CREATE OR REPLACE FUNCTION sec.client_state(client uuid) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN k.destroyed_at IS NULL THEN 'there' ELSE 'erased' END
    FROM app.client_key k WHERE k.tenant_id = app.tenant() AND k.client_id = client
$$;

-- An address of the entered tenant opts out of a channel, or in again. Of two changes the later one counts, so that a list
-- may be replayed in any order. false: a later one was known already.
CREATE OR REPLACE FUNCTION sec.opt_out(channel text, address_hash bytea, is_out boolean, changed_at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    INSERT INTO app.suppression AS s (tenant_id, channel, address_hash, is_out, changed_at)
    VALUES (app.tenant(), channel, address_hash, is_out, changed_at)
    ON CONFLICT ON CONSTRAINT suppression_pkey DO UPDATE SET is_out = excluded.is_out, changed_at = excluded.changed_at
    WHERE s.changed_at < excluded.changed_at;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM sec.note(CASE WHEN is_out THEN 'message.opt_out' ELSE 'message.opt_in' END, 'ok', NULL, '{}', NULL, NULL);
    RETURN true;
END $$;

-- Does once more what one line of the list says. false: it is done already, or its tenant or client is not (yet) in this
-- database.
CREATE OR REPLACE FUNCTION sec.replay(kind text, tenant uuid, subject text, at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM sec.site s WHERE s.tenant = replay.tenant) THEN
        RETURN false;
    END IF;
    PERFORM sec.enter_tenant(tenant, 'system', 'restore.replay', NULL);
    CASE kind
        WHEN 'client.erase' THEN
            RETURN coalesce(sec.client_state(subject::uuid) = 'there', false) AND sec.client_erase(subject::uuid);
        WHEN 'message.opt_out', 'message.opt_in' THEN
            RETURN sec.opt_out(split_part(subject, ':', 1), decode(split_part(subject, ':', 2), 'hex'), kind = 'message.opt_out', at);
        WHEN 'message.object', 'consent.end', 'form.end' THEN
            RETURN sec.object_again(kind, subject);
        ELSE
            RETURN false;  -- a key of a tenant: not in the database
    END CASE;
END $$;

-- After a restore, before the house opens: sessions that ended since must not come back to life, and messages must not go
-- out twice. Each tenant's trail says so.
CREATE OR REPLACE FUNCTION sec.after_restore(to_time timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    t uuid;
BEGIN
    FOR t IN SELECT s.tenant FROM sec.site s WHERE NOT s.is_apex LOOP
        PERFORM sec.enter_tenant(t, 'system', 'restore', NULL);
        UPDATE sec.session e SET revoked_at = now() WHERE e.tenant_id = t AND e.revoked_at IS NULL;
        DELETE FROM sec.link_session e WHERE e.tenant_id = t;
        DELETE FROM sec.login_ticket k WHERE k.tenant_id = t;
        PERFORM app.messages_in_doubt();
        PERFORM sec.note('system.restore', 'ok', to_char(to_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '{}', NULL, NULL);
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION sec.backup_done(kind text, id text, seconds int, bytes bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM sec.backup_run r WHERE r.ended_at < now() - interval '400 days';
    INSERT INTO sec.backup_run (kind, id, ended_at, seconds, bytes) VALUES (kind, id, now(), seconds, bytes) ON CONFLICT DO NOTHING;
$$;

REVOKE ALL ON FUNCTION sec.client_erase(uuid), sec.client_state(uuid), sec.opt_out(text, bytea, boolean, timestamptz), sec.objections(), sec.object_again(text, text),
    sec.replay(text, uuid, text, timestamptz), sec.after_restore(timestamptz), sec.backup_done(text, text, int, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.client_erase(uuid), sec.client_state(uuid), sec.opt_out(text, bytea, boolean, timestamptz), sec.objections(),
    sec.replay(text, uuid, text, timestamptz), sec.after_restore(timestamptz), sec.backup_done(text, text, int, bigint)
    TO foyer_migrator, foyer_backfill;

RESET ROLE;
SET LOCAL ROLE foyer_audit_reader;

-- How the backups are, in seconds and without a word about what is in them; -1: never. archive_waits: how long WAL has been
-- waiting for an archive that refuses it; 0 when it takes it.
CREATE OR REPLACE FUNCTION audit.watch_backups()
RETURNS TABLE (is_archiving boolean, archive_waits_seconds bigint, backup_age_seconds bigint, drill_age_seconds bigint, first_backup_age_seconds bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT current_setting('archive_mode') <> 'off',
           CASE WHEN a.last_failed_time > coalesce(a.last_archived_time, '-infinity')
                THEN greatest(1, extract(epoch FROM clock_timestamp() - coalesce(a.last_archived_time, a.last_failed_time)))::bigint ELSE 0 END,
           coalesce(extract(epoch FROM clock_timestamp() - (SELECT max(r.ended_at) FROM sec.backup_run r WHERE r.kind = 'backup')), -1)::bigint,
           coalesce(extract(epoch FROM clock_timestamp() - (SELECT max(r.ended_at) FROM sec.backup_run r WHERE r.kind = 'drill')), -1)::bigint,
           coalesce(extract(epoch FROM clock_timestamp() - (SELECT min(r.ended_at) FROM sec.backup_run r WHERE r.kind = 'backup')), -1)::bigint
    FROM pg_stat_archiver a
$$;
REVOKE ALL ON FUNCTION audit.watch_backups() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.watch_backups() TO foyer_jobs;
RESET ROLE;
