-- 027_people: the staff of a business, by somebody who may change it, and by the operator's command. Owner: foyer_auth.
-- Nobody gives what she has not, or changes somebody who may more than she (SECURITY.md S-12). Errors: as 026_account.

SET LOCAL ROLE foyer_auth;

-- Whether all that `theirs` allows is within `mine`; both as staff.perms has them: ",name," for the whole business, or of narrower
-- reach ",name@own,name@LOCATION,name@own@LOCATION,". Whoever reads all charts needs no emergency, and what an emergency would
-- open (@emergency) follows from it.
CREATE OR REPLACE FUNCTION sec.perms_cover(mine text, theirs text) RETURNS boolean
LANGUAGE sql IMMUTABLE
AS $$
    SELECT NOT EXISTS (
        SELECT FROM (SELECT p AS entry, split_part(p, '@', 1) AS name, substr(p, length(split_part(p, '@', 1)) + 2) AS reach
                     FROM unnest(string_to_array(btrim(theirs, ','), ',')) AS p) AS t
        WHERE t.entry <> '' AND t.reach <> 'emergency'
          AND strpos(mine, ',' || t.entry || ',') = 0 AND strpos(mine, ',' || t.name || ',') = 0
          AND NOT (t.reach LIKE 'own@%' AND (strpos(mine, ',' || t.name || '@own,') > 0
                                             OR strpos(mine, ',' || t.name || '@' || substr(t.reach, 5) || ',') > 0))
          AND NOT (t.name = 'chart_emergency' AND strpos(mine, ',chart_read,') > 0))
$$;

-- What a role allows when it is given for a location, or (NULL) everywhere: as app.staff_refresh_perms writes it down for its holder.
CREATE OR REPLACE FUNCTION sec.role_reach(role uuid, place uuid) RETURNS text
LANGUAGE sql STABLE
AS $$
    WITH held AS (
        SELECT p.permission AS name, p.scope, q.reach
        FROM app.role_permission p JOIN app.permission q ON q.name = p.permission
        WHERE p.tenant_id = app.tenant() AND p.role_id = role
        UNION
        SELECT 'show_' || m.field, p.scope, 'client'
        FROM app.role_permission p
        JOIN app.role r ON r.tenant_id = p.tenant_id AND r.id = p.role_id
        JOIN (VALUES ('phone', 'client_read'), ('phone', 'client_write'), ('email', 'client_read'), ('email', 'client_write'),
                     ('notes', 'chart_read'), ('notes', 'chart_write')) AS m (field, permission) ON m.permission = p.permission
        WHERE p.tenant_id = app.tenant() AND p.role_id = role AND (m.field <> ALL (r.masks) OR p.permission = 'chart_write'))
    SELECT ',' || coalesce(string_agg(h.name || CASE
               WHEN h.reach <> 'client' THEN ''
               WHEN h.scope = 'own' THEN '@own' || coalesce('@' || place, '')
               WHEN place IS NOT NULL THEN '@' || place
               WHEN h.scope = 'location' THEN '@' || l.id
               ELSE '' END, ','), '') || ','
    FROM held h
    LEFT JOIN app.location l ON l.tenant_id = app.tenant() AND h.scope = 'location' AND h.reach = 'client' AND place IS NULL
    WHERE NOT (h.reach = 'business' AND place IS NOT NULL)
$$;

-- Whether somebody owns the business, or runs the installation. More hangs on that than on the role's permissions (support access, single
-- sign-on, letters), so owners alone make owners and change them, also where another role may just as much. Internal.
CREATE OR REPLACE FUNCTION sec.owns(staff uuid) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    SELECT EXISTS (SELECT FROM app.staff_role sr JOIN app.role r ON r.tenant_id = sr.tenant_id AND r.id = sr.role_id
                   WHERE sr.tenant_id = app.tenant() AND sr.staff_id = staff AND sr.location_id IS NULL AND r.slug IN ('owner', 'operator'))
$$;

-- Whether the actor may give a role so. The operator's command may.
CREATE OR REPLACE FUNCTION sec.may_give(role uuid, place uuid) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    SELECT app.actor_kind() = 'system' OR coalesce((
        SELECT sec.perms_cover(f.perms, sec.role_reach(role, place))
        FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.id = app.actor()), false)
        AND (sec.owns(app.actor())
             OR NOT EXISTS (SELECT FROM app.role r WHERE r.tenant_id = app.tenant() AND r.id = role AND r.slug IN ('owner', 'operator')))
$$;

-- Whether the actor may change this person: she may not be allowed more than the actor is.
CREATE OR REPLACE FUNCTION sec.may_change(staff uuid) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    SELECT app.actor_kind() = 'system' OR app.may('staff_write') AND coalesce((
        SELECT sec.perms_cover(me.perms, f.perms)
        FROM app.staff me, app.staff f
        WHERE me.tenant_id = app.tenant() AND me.id = app.actor() AND f.tenant_id = app.tenant() AND f.id = staff), false)
        AND (sec.owns(app.actor()) OR NOT sec.owns(staff))
$$;

-- The roles of a person with their places, for the trail: one that is given at another place is another one. Internal.
CREATE OR REPLACE FUNCTION sec.roles_words(staff uuid) RETURNS text
LANGUAGE sql STABLE
AS $$
    SELECT coalesce(string_agg(r.name || coalesce(' (' || l.name || ')', ''), ', ' ORDER BY r.name, l.name), '')
    FROM app.staff_role sr
    JOIN app.role r ON r.tenant_id = sr.tenant_id AND r.id = sr.role_id
    LEFT JOIN app.location l ON l.tenant_id = sr.tenant_id AND l.id = sr.location_id
    WHERE sr.tenant_id = app.tenant() AND sr.staff_id = staff
$$;

-- Refuses an actor who may not change people at all, a person that is not there (FY404), and one that may more than she.
CREATE OR REPLACE FUNCTION sec.person_check(staff uuid) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    IF NOT (app.actor_kind() = 'system' OR app.may('staff_write')) THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    -- Held until the end: two who change the same person do so one after the other.
    PERFORM FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.id = staff AND NOT f.is_support FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such person' USING ERRCODE = 'FY404';
    END IF;
    IF NOT sec.may_change(staff) THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403', DETAIL = 'she may more';
    END IF;
END $$;

-- Gives a person exactly these roles: 'ROLE' everywhere, 'ROLE:LOCATION' there. New ones first, so that an owner who stays one is
-- never without. Internal.
CREATE OR REPLACE FUNCTION sec.person_roles(staff uuid, given text[]) RETURNS void
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
DECLARE
    w record;
BEGIN
    IF coalesce(cardinality(given), 0) = 0 THEN
        RAISE EXCEPTION 'Choose at least one role.' USING ERRCODE = 'FY422', COLUMN = 'given';
    END IF;
    FOR w IN
        SELECT split_part(g, ':', 1)::uuid AS role, nullif(split_part(g, ':', 2), '')::uuid AS place FROM unnest(given) AS g
        EXCEPT
        SELECT sr.role_id, sr.location_id FROM app.staff_role sr WHERE sr.tenant_id = app.tenant() AND sr.staff_id = staff
    LOOP
        IF NOT EXISTS (SELECT FROM app.role r WHERE r.tenant_id = app.tenant() AND r.id = w.role)
           OR w.place IS NOT NULL AND NOT EXISTS (SELECT FROM app.location l WHERE l.tenant_id = app.tenant() AND l.id = w.place) THEN
            RAISE EXCEPTION 'no such role or location' USING ERRCODE = 'FY404';
        END IF;
        IF NOT sec.may_give(w.role, w.place) THEN
            RAISE EXCEPTION 'You cannot give a role that allows more than you may yourself. Ask an owner.' USING ERRCODE = 'FY422', COLUMN = 'given';
        END IF;
        INSERT INTO app.staff_role (staff_id, role_id, location_id) VALUES (staff, w.role, w.place);
    END LOOP;
    DELETE FROM app.staff_role sr
    WHERE sr.tenant_id = app.tenant() AND sr.staff_id = staff
      AND NOT (sr.role_id || coalesce(':' || sr.location_id, '')) = ANY (given);
END $$;

-- Everybody, with what the list shows. Only for who may change people; what is not hers to change is marked.
CREATE OR REPLACE FUNCTION sec.people()
RETURNS TABLE (staff_id uuid, name text, email text, title text, is_provider boolean, role_names text, is_active boolean, is_invited boolean, is_left boolean,
               has_mfa boolean, lacks_mfa boolean, is_verified boolean, seen_at timestamptz, invite_until timestamptz, is_self boolean, may_change boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    IF NOT app.may('staff_write') THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT f.id, f.name, f.email, f.title, f.is_provider, f.role_names, f.is_active, f.invited_at IS NOT NULL, NOT f.is_active AND f.invited_at IS NULL,
           f.has_mfa, f.needs_mfa AND NOT f.has_mfa, f.email_verified_at IS NOT NULL,
           (SELECT max(e.last_seen_at) FROM sec.session e WHERE e.tenant_id = f.tenant_id AND e.staff_id = f.id),
           (SELECT max(k.expires_at) FROM sec.account_token k
            WHERE k.tenant_id = f.tenant_id AND k.staff_id = f.id AND k.kind = 'invite' AND k.used_at IS NULL AND k.expires_at > now()
              AND sec.invite_stands(k.made_by, f.id)),
           f.id = app.actor(), sec.may_change(f.id)
    FROM app.staff f
    WHERE f.tenant_id = app.tenant() AND NOT f.is_support
    ORDER BY f.is_active DESC, f.invited_at IS NULL, f.name, f.id;
END $$;

-- Roles that can be given, for each place: given (text, as person_roles takes it). typed: what a form that is shown again had
-- ticked, or NULL for what the person has.
CREATE OR REPLACE FUNCTION sec.person_choices(staff uuid, typed text)
RETURNS TABLE (role_id uuid, role_name text, place_name text, is_everywhere boolean, choice text, is_given boolean, may_give boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    IF NOT app.may('staff_write') THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT c.role_id, c.role_name, c.place_name, c.is_everywhere, c.choice,
           CASE WHEN typed IS NULL THEN EXISTS (SELECT FROM app.staff_role sr WHERE sr.tenant_id = app.tenant() AND sr.staff_id = person_choices.staff
                                                AND sr.role_id = c.role_id AND sr.location_id IS NOT DISTINCT FROM c.place)
                ELSE c.choice = ANY (string_to_array(typed, ',')) END,
           sec.may_give(c.role_id, c.place)
    FROM (SELECT r.id AS role_id, r.name AS role_name, l.name AS place_name, l.id IS NULL AS is_everywhere, l.id AS place,
                 r.id || coalesce(':' || l.id, '') AS choice, r.is_builtin, r.created_at, l.position
          FROM app.role r
          CROSS JOIN LATERAL (SELECT NULL::uuid AS id, 'Everywhere' AS name, 0 AS position
                              UNION ALL
                              SELECT o.id, o.name, o.position FROM app.location o
                              WHERE o.tenant_id = app.tenant() AND o.is_active AND (SELECT count(*) FROM app.location n WHERE n.tenant_id = app.tenant() AND n.is_active) > 1) l
          WHERE r.tenant_id = app.tenant()) c
    ORDER BY NOT c.is_builtin, array_position(ARRAY['Owner', 'Manager', 'Front desk', 'Provider', 'Biller', 'Auditor'], c.role_name), c.role_name, c.position, c.place_name;
END $$;

-- Invites somebody: she is of the staff, without a password and not active, until she accepts. 72 hours (S-11).
CREATE OR REPLACE FUNCTION sec.person_invite(staff uuid, name text, email text, title text, is_provider boolean, given text[], token bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    known record;
BEGIN
    IF NOT (app.actor_kind() = 'system' OR app.may('staff_write')) THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    SELECT f.name, f.is_active, f.invited_at INTO known FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.email_norm = lower(btrim(email));
    IF FOUND THEN
        RAISE EXCEPTION '%', CASE
            WHEN known.is_active THEN known.name || ' works here with this e-mail address already. Change the roles in the list of people.'
            WHEN known.invited_at IS NOT NULL THEN known.name || ' has been invited with this address already. You can send the invitation again.'
            ELSE known.name || ' had an account with this address. You can open it again in the list of people.' END
            USING ERRCODE = 'FY422', COLUMN = 'email';
    END IF;
    INSERT INTO app.staff (id, name, email, title, is_provider, is_active, invited_at)
    VALUES (staff, btrim(name), btrim(email), coalesce(btrim(title), ''), coalesce(is_provider, false), false, now());
    PERFORM sec.person_roles(staff, given);
    PERFORM sec.account_token_new('invite', staff, btrim(email), token, interval '72 hours', NULL, NULL);
    PERFORM sec.note('person.invite', 'ok', sec.roles_words(staff), '{}', 'staff', staff);
END $$;

-- The invitation once more, by a new link; the old one ends.
CREATE OR REPLACE FUNCTION sec.person_invite_again(staff uuid, token bytea) RETURNS TABLE (person text, to_address text, inviter text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    PERFORM sec.person_check(staff);
    SELECT f.name, f.email INTO person, to_address FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.id = staff AND f.invited_at IS NOT NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'This invitation was accepted already.' USING ERRCODE = 'FY422';
    END IF;
    PERFORM sec.account_token_new('invite', staff, to_address, token, interval '72 hours', NULL, NULL);
    PERFORM sec.note('person.invite', 'ok', 'again', '{}', 'staff', staff);
    SELECT f.name INTO inviter FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.id = app.actor();
    RETURN NEXT;
END $$;

-- An invitation that nobody accepted leaves nothing behind but its rows in the trail.
CREATE OR REPLACE FUNCTION sec.person_withdraw(staff uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    PERFORM sec.person_check(staff);
    DELETE FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.id = staff AND f.invited_at IS NOT NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'This invitation was accepted already. Deactivate the account instead.' USING ERRCODE = 'FY422';
    END IF;
    PERFORM sec.note('person.withdraw', 'ok', NULL, '{}', 'staff', staff);
END $$;

CREATE OR REPLACE FUNCTION sec.person_change(staff uuid, name text, title text, is_provider boolean, given text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    before text;
    after text;
BEGIN
    PERFORM sec.person_check(staff);
    before := sec.roles_words(staff);
    UPDATE app.staff f SET name = btrim(name), title = coalesce(btrim(title), ''), is_provider = coalesce(is_provider, false)
    WHERE f.tenant_id = app.tenant() AND f.id = staff;
    PERFORM sec.person_roles(staff, given);
    after := sec.roles_words(staff);
    PERFORM sec.note('person.change', 'ok', CASE WHEN before IS DISTINCT FROM after THEN before || ' -> ' || after END, '{}', 'staff', staff);
END $$;

-- Closes an account: what is open ends, links that were mailed are worth nothing, and she cannot log in. Her work stays as it is.
CREATE OR REPLACE FUNCTION sec.person_deactivate(staff uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    PERFORM sec.person_check(staff);
    IF staff = app.actor() THEN
        RAISE EXCEPTION 'You cannot close your own account. Ask somebody else who may.' USING ERRCODE = 'FY422';
    END IF;
    UPDATE app.staff f SET is_active = false, deactivated_at = now() WHERE f.tenant_id = app.tenant() AND f.id = staff AND f.is_active;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    UPDATE sec.session e SET revoked_at = now() WHERE e.tenant_id = app.tenant() AND e.staff_id = staff AND e.revoked_at IS NULL;
    UPDATE sec.account_token k SET used_at = now() WHERE k.tenant_id = app.tenant() AND k.staff_id = staff AND k.used_at IS NULL;
    -- an address that somebody has still does not live again when she comes back
    UPDATE sec.feed d SET revoked_at = now() WHERE d.tenant_id = app.tenant() AND d.staff_id = staff AND d.revoked_at IS NULL;
    PERFORM sec.note('person.deactivate', 'ok', NULL, '{}', 'staff', staff);
END $$;

CREATE OR REPLACE FUNCTION sec.person_reactivate(staff uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    PERFORM sec.person_check(staff);
    UPDATE app.staff f SET is_active = true, deactivated_at = NULL
    WHERE f.tenant_id = app.tenant() AND f.id = staff AND NOT f.is_active AND f.invited_at IS NULL;
    IF FOUND THEN
        PERFORM sec.note('person.reactivate', 'ok', NULL, '{}', 'staff', staff);
    END IF;
END $$;

-- A link to a new password, for somebody who cannot ask for one herself.
CREATE OR REPLACE FUNCTION sec.person_reset(staff uuid, token bytea) RETURNS TABLE (staff_id uuid, person text, to_address text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    PERFORM sec.person_check(staff);
    SELECT f.id, f.name, f.email INTO staff_id, person, to_address FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.id = staff AND f.is_active;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'This account is closed. Open it again first.' USING ERRCODE = 'FY422';
    END IF;
    PERFORM sec.account_token_new('reset', staff, to_address, token, interval '30 minutes', NULL, NULL);
    PERFORM sec.note('person.reset', 'ok', NULL, '{}', 'staff', staff);
    RETURN NEXT;
END $$;

-- For the operator's command: a person by her address.
CREATE OR REPLACE FUNCTION sec.person_named(address text) RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found_id uuid;
BEGIN
    SELECT f.id INTO found_id FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.email_norm = lower(btrim(address));
    IF NOT FOUND THEN
        RAISE EXCEPTION 'nobody there has that address; ''foyer tenant show'' names the staff' USING ERRCODE = 'FY404';
    END IF;
    RETURN found_id;
END $$;
-- For the same: a role by its name of the list (owner, front-desk ...), as person_roles takes it.
CREATE OR REPLACE FUNCTION sec.role_named(wanted text) RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found_id uuid;
BEGIN
    SELECT r.id INTO found_id FROM app.role r WHERE r.tenant_id = app.tenant() AND r.slug = wanted COLLATE "C";
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no role is called ''%''', wanted USING ERRCODE = 'FY404';
    END IF;
    RETURN ARRAY[found_id::text];
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA sec FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.people(), sec.person_choices(uuid, text) TO foyer_staff;
GRANT EXECUTE ON FUNCTION sec.person_invite(uuid, text, text, text, boolean, text[], bytea), sec.person_deactivate(uuid), sec.person_reset(uuid, bytea)
    TO foyer_staff, foyer_migrator;
GRANT EXECUTE ON FUNCTION sec.person_invite_again(uuid, bytea), sec.person_withdraw(uuid), sec.person_change(uuid, text, text, boolean, text[]),
    sec.person_reactivate(uuid) TO foyer_staff;
GRANT EXECUTE ON FUNCTION sec.person_named(text), sec.role_named(text) TO foyer_migrator;
RESET ROLE;
