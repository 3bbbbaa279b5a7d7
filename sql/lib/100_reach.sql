-- 100_reach: whom and what a permission of narrower reach covers, and what of a client is shown. Owner: foyer_disclosure, which
-- sees a business's visits to answer it. Called by policies for those alone who do not hold a permission for the whole business;
-- their COST is what it is for all others, nothing, or the planner would sweep tables in parallel for a call that nobody makes.

SET LOCAL ROLE foyer_disclosure;

-- Whether this person has opened the client's chart in an emergency that still lasts, and may still do so.
CREATE OR REPLACE FUNCTION app.in_emergency(client uuid) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT COST 1 SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN app.may_some('chart_emergency')
       AND EXISTS (SELECT FROM app.emergency e
                   WHERE e.tenant_id = app.tenant() AND e.staff_id = app.actor() AND e.client_id = in_emergency.client
                     AND e.until > now() AND e.ended_at IS NULL);
END $$;

-- Whether a permission reaches a client: by a visit with her, or at a place, that it covers; because she made the client's record;
-- or, to read only, in an emergency.
CREATE OR REPLACE FUNCTION app.reaches(permission text, client uuid) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT COST 1 SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF app.may(permission) THEN
        RETURN true;
    END IF;
    RETURN EXISTS (SELECT FROM app.appointment a
                   WHERE a.tenant_id = app.tenant() AND a.client_id = reaches.client
                     AND app.may_visit(reaches.permission, a.staff_id, a.location_id))
        OR (app.may_own(permission)
            AND EXISTS (SELECT FROM app.client c WHERE c.tenant_id = app.tenant() AND c.id = reaches.client AND c.created_by = app.actor()))
        OR (permission IN ('chart_read', 'client_read', 'show_notes') AND app.in_emergency(client));
END $$;

-- Whether a permission reaches a colleague's hours: her own, or those of who works at a place that it covers.
CREATE OR REPLACE FUNCTION app.reaches_colleague(permission text, staff uuid) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT COST 1 SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN app.may(permission)
        OR (app.may_own(permission) AND staff = app.actor())
        OR EXISTS (SELECT FROM app.shift h
                   WHERE h.tenant_id = app.tenant() AND h.staff_id = reaches_colleague.staff
                     AND app.may_at(reaches_colleague.permission, h.location_id));
END $$;

-- How to reach a client, as far as one of this person's roles shows it; NULL what none does.
CREATE OR REPLACE FUNCTION app.contact(client uuid, OUT phone text, OUT email text)
LANGUAGE plpgsql STABLE STRICT COST 10 SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    SELECT CASE WHEN app.may('show_phone') OR app.reaches('show_phone', contact.client) THEN c.phone END,
           CASE WHEN app.may('show_email') OR app.reaches('show_email', contact.client) THEN c.email END
    INTO phone, email
    FROM app.client c WHERE c.tenant_id = app.tenant() AND c.id = contact.client;
END $$;

-- A value that was copied from a client ('phone', 'email'), as far as it is shown; one of nobody's is shown.
CREATE OR REPLACE FUNCTION app.shown(field text, client uuid, value text) RETURNS text
LANGUAGE plpgsql STABLE COST 10 SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN CASE WHEN client IS NULL OR app.may('show_' || field) OR app.reaches('show_' || field, client) THEN value END;
END $$;

-- Who may know where a message to a client goes: staff that may write to her or book for her, the client herself, a job. Internal.
CREATE OR REPLACE FUNCTION app.may_mail(client uuid) RETURNS boolean
LANGUAGE plpgsql STABLE COST 10
AS $$
BEGIN
    RETURN (CASE app.actor_kind()
            WHEN 'staff' THEN app.may('message_write') OR app.may('booking_write')
                              OR app.reaches('message_write', client) OR app.reaches('booking_write', client)
            WHEN 'job' THEN true
            ELSE client = app.own_client() END) IS TRUE;
END $$;

-- Where a message to a client goes, for the outbox and for no page: also when her address is not shown to who sends it.
CREATE OR REPLACE FUNCTION app.mail_address(client uuid) RETURNS text
LANGUAGE plpgsql STABLE STRICT COST 10 SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT app.may_mail(client) THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT c.email FROM app.client c WHERE c.tenant_id = app.tenant() AND c.id = mail_address.client);
END $$;

REVOKE ALL ON FUNCTION app.reaches(text, uuid), app.in_emergency(uuid), app.reaches_colleague(text, uuid), app.contact(uuid),
    app.shown(text, uuid, text), app.may_mail(uuid), app.mail_address(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.reaches(text, uuid), app.in_emergency(uuid), app.reaches_colleague(text, uuid)
    TO foyer_staff, foyer_slow, foyer_auth, foyer_booking, foyer_owner;
GRANT EXECUTE ON FUNCTION app.contact(uuid), app.shown(text, uuid, text) TO foyer_staff, foyer_slow;
GRANT EXECUTE ON FUNCTION app.mail_address(uuid) TO foyer_staff, foyer_slow, foyer_public, foyer_jobs, foyer_booking;
RESET ROLE;
