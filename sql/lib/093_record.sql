-- 093_record: ages, guardians and consents, asked in one place each.

SET LOCAL ROLE foyer_owner;

-- Full years on that day; NULL where the date of birth is not known.
CREATE OR REPLACE FUNCTION app.age_on(birth_date date, day date) RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT date_part('year', age(day, birth_date))::int $$;

-- Whether this client is under eighteen today, at the studio; one whose date of birth is not known is taken at her word.
CREATE OR REPLACE FUNCTION app.is_minor(client uuid) RETURNS boolean
LANGUAGE sql STABLE
AS $$ SELECT coalesce((SELECT app.age_on(c.birth_date, (now() AT TIME ZONE app.zone())::date) < 18 FROM app.client c WHERE c.id = client), false) $$;

-- Who may sign for her now.
CREATE OR REPLACE FUNCTION app.guardians_of(client uuid)
RETURNS TABLE (guardian_id uuid, guardian_name text, relation text, email text, phone text, birth_date date)
LANGUAGE sql STABLE
AS $$
    SELECT g.id, g.name, g.relation, g.email, g.phone, g.birth_date
    FROM app.client_guardian g
    WHERE g.client_id = client AND g.may_sign AND g.ended_at IS NULL
    ORDER BY g.created_at, g.id
$$;

-- Whether she allows this purpose now: what she last said is yes, and it is not withdrawn. The one place that decides; whoever shows a
-- photo asks here on each request.
CREATE OR REPLACE FUNCTION app.consent_stands(client uuid, wanted text) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    SELECT coalesce((
        SELECT c.is_given AND c.withdrawn_at IS NULL
        FROM app.consent c
        WHERE c.client_id = client AND c.purpose = wanted
        ORDER BY c.at DESC, c.id DESC
        LIMIT 1), false)
$$;

REVOKE ALL ON FUNCTION app.is_minor(uuid), app.guardians_of(uuid), app.consent_stands(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.is_minor(uuid), app.guardians_of(uuid) TO foyer_staff, foyer_public, foyer_slow, foyer_jobs;
GRANT EXECUTE ON FUNCTION app.consent_stands(uuid, text) TO foyer_staff, foyer_public, foyer_slow, foyer_jobs;

RESET ROLE;
