-- 093_record: ages, guardians and consents, asked in one place each.

SET LOCAL ROLE foyer_owner;

-- Full years on that day; NULL where the date of birth is not known.
CREATE OR REPLACE FUNCTION app.age_on(birth_date date, day date) RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT date_part('year', age(day, birth_date))::int $$;

-- Whether this client is under eighteen today, at the studio; one whose date of birth is not known is
-- taken at her word; where staff is there nobody signs before it is asked (app.age_known).
CREATE OR REPLACE FUNCTION app.is_minor(client uuid) RETURNS boolean
LANGUAGE sql STABLE
AS $$ SELECT coalesce((SELECT app.age_on(c.birth_date, (now() AT TIME ZONE app.zone())::date) < 18 FROM app.client c WHERE c.id = client), false) $$;

-- Whether anybody knows if she is of age: by her date of birth, or because a member of staff has seen it.
CREATE OR REPLACE FUNCTION app.age_known(client uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (SELECT FROM app.client c WHERE c.tenant_id = app.tenant() AND c.id = client AND (c.birth_date IS NOT NULL OR c.adult_seen_at IS NOT NULL))
$$;

-- Notes what staff has found out of her age: the date of birth, where none is on record, or that she is eighteen or older. FY422: neither, and
-- nobody knows it yet. Internal: sec.spot_open, which has asked who may.
CREATE OR REPLACE FUNCTION app.age_note(client uuid, born date, is_adult boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF app.age_known(client) THEN
        RETURN;
    END IF;
    IF born IS NULL AND is_adult IS NOT TRUE THEN
        RAISE EXCEPTION 'Give the date of birth, or tick that you have seen that the client is eighteen or older.' USING ERRCODE = 'FY422', COLUMN = 'seen_birth';
    END IF;
    IF born > (now() AT TIME ZONE app.zone())::date THEN
        RAISE EXCEPTION 'This date of birth lies in the future.' USING ERRCODE = 'FY422', COLUMN = 'seen_birth';
    END IF;
    UPDATE app.client c SET birth_date = born, adult_seen_at = CASE WHEN born IS NULL THEN now() END, adult_seen_by = CASE WHEN born IS NULL THEN app.actor() END
    WHERE c.tenant_id = app.tenant() AND c.id = client;
END $$;

-- Who may sign for her now. Of her own record alone, also where others were joined to it: a signature names a guardian of its own record.
CREATE OR REPLACE FUNCTION app.guardians_of(client uuid)
RETURNS TABLE (guardian_id uuid, guardian_name text, relation text, birth_date date)
LANGUAGE sql STABLE
AS $$
    SELECT g.id, g.name, g.relation, g.birth_date
    FROM app.client_guardian g
    WHERE g.client_id = client AND g.may_sign AND g.ended_at IS NULL
    ORDER BY g.created_at, g.id
$$;

-- Whose consents the caller may ask about: hers, a colleague's of the business who may see her, a job. Internal.
CREATE OR REPLACE FUNCTION app.may_ask_consent(client uuid) RETURNS boolean
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN coalesce(CASE app.actor_kind()
        WHEN 'client' THEN client = ANY (app.person_ids(app.own_client()))
        WHEN 'staff' THEN app.may('client_read') OR app.may('chart_read') OR app.reaches('client_read', client) OR app.reaches('chart_read', client)
        ELSE true END, false);
END $$;

-- Until when what she allowed by a signature may be used: as long as its form stands (app.consent.until), and what a guardian allowed for
-- her until the day on which she is eighteen. NULL: until it is taken back. Internal.
CREATE OR REPLACE FUNCTION app.consent_until(client uuid, signature uuid, until timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE
AS $$
    SELECT least(consent_until.until, (SELECT (c.birth_date + interval '18 years')::date::timestamp AT TIME ZONE app.zone()
                                       FROM app.signature s JOIN app.client c ON c.id = s.client_id
                                       WHERE s.client_id = consent_until.client AND s.id = consent_until.signature AND s.signer = 'guardian'))
$$;

-- Whether she allows this purpose now: what she last said is yes, it is not withdrawn, and its time is not over. The one place that decides; whoever shows a
-- photo asks here on each request. What was said on any of her records counts for all of them, also on one that the caller's role does
-- not reach: or a no would be passed over.
CREATE OR REPLACE FUNCTION app.consent_stands(client uuid, wanted text) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN app.may_ask_consent(client) AND coalesce((
        SELECT c.is_given AND c.withdrawn_at IS NULL AND coalesce(app.consent_until(c.client_id, c.signature_id, c.until) > now(), true)
        FROM app.consent c
        WHERE c.client_id = ANY (app.person_ids(client)) AND c.purpose = wanted
        ORDER BY c.at DESC, c.id DESC
        LIMIT 1), false);
END $$;

REVOKE ALL ON FUNCTION app.may_ask_consent(uuid), app.consent_until(uuid, uuid, timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION app.age_known(uuid), app.age_note(uuid, date, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.age_known(uuid) TO foyer_staff, foyer_public;
GRANT EXECUTE ON FUNCTION app.age_note(uuid, date, boolean) TO foyer_auth;
REVOKE ALL ON FUNCTION app.is_minor(uuid), app.guardians_of(uuid), app.consent_stands(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.is_minor(uuid), app.guardians_of(uuid) TO foyer_staff, foyer_public, foyer_slow, foyer_jobs;
GRANT EXECUTE ON FUNCTION app.consent_stands(uuid, text) TO foyer_staff, foyer_public, foyer_slow, foyer_jobs;

-- What the staff calls somebody, with the legal name beside it and the pronouns: "Sam (Rosemary Reyes), they/them".
CREATE OR REPLACE FUNCTION app.called(name text, preferred_name text, pronouns text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT CASE WHEN preferred_name <> '' AND preferred_name <> name THEN preferred_name || ' (' || name || ')' ELSE name END
             || CASE WHEN pronouns <> '' THEN ', ' || pronouns ELSE '' END $$;
REVOKE ALL ON FUNCTION app.called(text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.called(text, text, text) TO foyer_staff;

-- Lists of the record that grow over the years, such as visits and notes: a hundred lines at a time on a page, which says where they go
-- on; all of them where the chart is taken along (whole = 't'). "from" comes with the address, so whatever is no number begins at the top.
CREATE OR REPLACE FUNCTION app.list_most(whole text) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT CASE WHEN whole = 't' THEN NULL ELSE 100 END::bigint $$;
CREATE OR REPLACE FUNCTION app.list_from(whole text, "from" text) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT CASE WHEN whole = 't' OR "from" IS NULL OR "from" !~ '^[0-9]{1,7}$' THEN 0 ELSE "from"::bigint END $$;
-- What the address says for the lines before and after; NULL: there are none.
CREATE OR REPLACE FUNCTION app.list_newer("from" text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT greatest(app.list_from(NULL, "from") - 100, 0)::text WHERE app.list_from(NULL, "from") > 0 $$;
CREATE OR REPLACE FUNCTION app.list_older("from" text, n_all bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT (app.list_from(NULL, "from") + 100)::text WHERE n_all > app.list_from(NULL, "from") + 100 $$;
REVOKE ALL ON FUNCTION app.list_most(text), app.list_from(text, text), app.list_newer(text), app.list_older(text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.list_most(text), app.list_from(text, text), app.list_newer(text), app.list_older(text, bigint) TO foyer_staff;

RESET ROLE;
