-- 240_reach: how far a permission reaches (the whole business, a place, what is one's own), what of a client a role does not show,
-- and the emergency in which a chart is opened all the same.

-- ---- what the server module says of the actor's permissions (cgi-src/pgmodule/foyerctx.c) ----

-- app.may(name) stays what it was: she holds it for the whole business.
CREATE FUNCTION app.may_some(permission text) RETURNS boolean
LANGUAGE c STABLE PARALLEL SAFE STRICT AS 'foyerctx', 'foyer_may_some';
CREATE FUNCTION app.may_own(permission text) RETURNS boolean
LANGUAGE c STABLE PARALLEL SAFE STRICT AS 'foyerctx', 'foyer_may_own';
CREATE FUNCTION app.may_at(permission text, location uuid) RETURNS boolean
LANGUAGE c STABLE PARALLEL SAFE STRICT AS 'foyerctx', 'foyer_may_at';
CREATE FUNCTION app.may_visit(permission text, provider uuid, location uuid) RETURNS boolean
LANGUAGE c STABLE PARALLEL SAFE STRICT AS 'foyerctx', 'foyer_may_visit';
ALTER FUNCTION app.may_some(text) OWNER TO foyer_owner;
ALTER FUNCTION app.may_own(text) OWNER TO foyer_owner;
ALTER FUNCTION app.may_at(text, uuid) OWNER TO foyer_owner;
ALTER FUNCTION app.may_visit(text, uuid, uuid) OWNER TO foyer_owner;
GRANT EXECUTE ON FUNCTION app.may_some(text), app.may_own(text), app.may_at(text, uuid), app.may_visit(text, uuid, uuid) TO PUBLIC;

SET LOCAL ROLE foyer_owner;

-- ---- permissions: which can be given a reach, and whose they are ----

-- reach: 'client' can be held for the whole business, a place, or one's own; 'business' only as a whole, so that a role given for
-- one place leaves it out; 'emergency' holds wherever its role was given, for it is a procedure with a reason and a witness.
ALTER TABLE app.permission ADD COLUMN reach text COLLATE "C" NOT NULL DEFAULT 'business' CHECK (reach IN ('client', 'business', 'emergency')),
    ADD COLUMN realm text COLLATE "C" NOT NULL DEFAULT 'both' CHECK (realm IN ('studio', 'operator', 'both')),
    ADD COLUMN position int NOT NULL DEFAULT 100;
UPDATE app.permission p SET reach = v.reach, realm = v.realm, position = v.position
FROM (VALUES ('calendar_read', 'client', 'studio', 1), ('booking_write', 'client', 'studio', 2), ('client_read', 'client', 'studio', 3),
             ('client_write', 'client', 'studio', 4), ('chart_read', 'client', 'studio', 5), ('chart_write', 'client', 'studio', 6),
             ('chart_emergency', 'emergency', 'studio', 7), ('message_read', 'client', 'both', 8), ('message_write', 'client', 'studio', 9),
             ('audit_read', 'business', 'both', 10), ('settings_write', 'business', 'both', 11), ('staff_write', 'business', 'both', 12),
             ('demo_read', 'business', 'operator', 20), ('house_read', 'business', 'operator', 21), ('tenant_read', 'business', 'operator', 22))
    AS v (name, reach, realm, position)
WHERE p.name = v.name;

-- ---- who made a client's record ----

ALTER TABLE app.client ADD COLUMN created_by uuid;
ALTER TABLE app.client ALTER COLUMN created_by SET DEFAULT app.actor();
ALTER TABLE app.client ADD FOREIGN KEY (tenant_id, created_by) REFERENCES app.staff (tenant_id, id);
CREATE INDEX client_by_author ON app.client (tenant_id, created_by);

-- ---- an emergency: a chart opened with a reason, for half an hour, read-only ----

ALTER TABLE app.tenant ADD COLUMN privacy_officer uuid,
    ADD FOREIGN KEY (id, privacy_officer) REFERENCES app.staff (tenant_id, id);
CREATE INDEX tenant_by_privacy_officer ON app.tenant (id, privacy_officer);
GRANT UPDATE (privacy_officer) ON app.tenant TO foyer_auth;

CREATE TABLE app.emergency (
    tenant_id   uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    id          uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id   uuid NOT NULL,
    staff_id    uuid NOT NULL DEFAULT app.actor(),
    session_id  uuid NOT NULL DEFAULT nullif(current_setting('foyer.session_id', true), '')::uuid,
    reason      text NOT NULL,
    opened_at   timestamptz NOT NULL DEFAULT now(),
    until       timestamptz NOT NULL DEFAULT now() + interval '30 minutes',
    ended_at    timestamptz,
    verdict     text COLLATE "C",
    review_note text NOT NULL DEFAULT '',
    reviewed_at timestamptz,
    reviewed_by uuid,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, staff_id) REFERENCES app.staff (tenant_id, id),
    FOREIGN KEY (tenant_id, reviewed_by) REFERENCES app.staff (tenant_id, id),
    CONSTRAINT emergency_has_a_reason CHECK (length(btrim(reason)) BETWEEN 10 AND 500),
    CONSTRAINT emergency_lasts_half_an_hour CHECK (until > opened_at AND until <= opened_at + interval '30 minutes'),
    CONSTRAINT emergency_verdict_is_known CHECK (verdict IN ('justified', 'not_justified')),
    CONSTRAINT emergency_review_is_whole CHECK ((verdict IS NULL) = (reviewed_at IS NULL) AND (verdict IS NULL) = (reviewed_by IS NULL)),
    CONSTRAINT emergency_is_reviewed_by_another CHECK (reviewed_by <> staff_id)
);
COMMENT ON CONSTRAINT emergency_has_a_reason ON app.emergency IS 'reason: Say why, in ten letters or more.';
COMMENT ON CONSTRAINT emergency_is_reviewed_by_another ON app.emergency IS 'verdict: Somebody else must look at what you opened.';
CREATE INDEX emergency_by_staff ON app.emergency (tenant_id, staff_id, client_id, until);
CREATE INDEX emergency_by_client ON app.emergency (tenant_id, client_id);
CREATE INDEX emergency_by_reviewer ON app.emergency (tenant_id, reviewed_by);
CREATE INDEX emergency_by_time ON app.emergency (tenant_id, opened_at);
SELECT app.guard_table('app.emergency');
GRANT SELECT ON app.emergency TO foyer_staff, foyer_disclosure, foyer_auth, foyer_audit_reader;
GRANT INSERT (client_id, reason), UPDATE (ended_at, verdict, review_note, reviewed_at, reviewed_by) ON app.emergency TO foyer_auth;
GRANT SELECT (name_norm, is_active) ON app.client TO foyer_auth;
CREATE POLICY own_or_to_review ON app.emergency AS RESTRICTIVE TO foyer_staff
    USING (staff_id = (SELECT app.actor()) OR (SELECT app.may('audit_read')) OR (SELECT app.may('staff_write'))
           OR (SELECT app.actor()) = (SELECT t.privacy_officer FROM app.tenant t));

-- ---- who looked through who may do what, and when ----

CREATE TABLE app.access_review (
    tenant_id uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    id        uuid NOT NULL DEFAULT gen_random_uuid(),
    at        timestamptz NOT NULL DEFAULT now(),
    signed_by uuid NOT NULL DEFAULT app.actor(),
    people    int NOT NULL CHECK (people >= 0),
    note      text NOT NULL DEFAULT '' CHECK (length(note) <= 2000),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, signed_by) REFERENCES app.staff (tenant_id, id)
);
CREATE INDEX access_review_by_time ON app.access_review (tenant_id, at);
CREATE INDEX access_review_by_signer ON app.access_review (tenant_id, signed_by);
SELECT app.guard_table('app.access_review');
CREATE TRIGGER access_review_never_changes BEFORE UPDATE OR DELETE ON app.access_review
    FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
GRANT SELECT, INSERT (people, note) ON app.access_review TO foyer_staff;
CREATE POLICY reviewers ON app.access_review AS RESTRICTIVE TO foyer_staff USING ((SELECT app.may('audit_read')) OR (SELECT app.may('staff_write')));

-- ---- what row security asks for a client that is not reached as part of the whole business ----

GRANT SELECT (tenant_id, client_id, staff_id, location_id, status) ON app.appointment TO foyer_disclosure;
GRANT SELECT (tenant_id, id, created_by, phone, email) ON app.client TO foyer_disclosure;
GRANT SELECT (tenant_id, staff_id, location_id) ON app.shift TO foyer_disclosure;
RESET ROLE;
GRANT CREATE ON SCHEMA app TO foyer_disclosure;
SET LOCAL ROLE foyer_disclosure;
-- Their bodies stand in sql/lib/100_reach.sql; until they are there, nothing is reached.
CREATE FUNCTION app.reaches(permission text, client uuid) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT COST 1000 SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ BEGIN RETURN false; END $$;
CREATE FUNCTION app.in_emergency(client uuid) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT COST 1000 SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ BEGIN RETURN false; END $$;
CREATE FUNCTION app.reaches_colleague(permission text, staff uuid) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT COST 1000 SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ BEGIN RETURN false; END $$;
REVOKE ALL ON FUNCTION app.reaches(text, uuid), app.in_emergency(uuid), app.reaches_colleague(text, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.reaches(text, uuid), app.in_emergency(uuid), app.reaches_colleague(text, uuid)
    TO foyer_staff, foyer_slow, foyer_auth, foyer_booking, foyer_owner;
RESET ROLE;
SET LOCAL ROLE foyer_owner;

-- The policies of what is a client's. Whoever holds the permission for the whole business pays what she paid before: two values
-- that the statement asks for once. Only for others is each client asked for.
DO $$
DECLARE
    p record;
    one text;
    rule text;
    n int := 0;
BEGIN
    FOR p IN SELECT * FROM (VALUES
        ('app.client',          'staff_may_read',  'id',        ARRAY['client_read', 'client_write'], '%s', NULL),
        ('app.client',          'staff_may_write', 'id',        ARRAY['client_write'], '%s', NULL),
        ('app.allergy',         'staff_may_read',  'client_id', ARRAY['client_read', 'chart_read'], '%s', NULL),
        ('app.allergy',         'staff_may_add',   'client_id', ARRAY['chart_write'], NULL, '%s'),
        ('app.allergy',         'staff_may_write', 'client_id', ARRAY['chart_write'], '%s', NULL),
        ('app.chart_note',      'staff_may_read',  'client_id', ARRAY['show_notes'], '%s', NULL),
        ('app.chart_note',      'staff_may_add',   'client_id', ARRAY['chart_write'], NULL, '(%s) AND author_id = (SELECT app.actor())'),
        ('app.chart_note',      'author_may_write', 'client_id', ARRAY['chart_write'], '(%s) AND author_id = (SELECT app.actor())', NULL),
        ('app.chart_note',      'author_may_drop_a_draft', 'client_id', ARRAY['chart_write'], '(%s) AND author_id = (SELECT app.actor()) AND state = ''draft''', NULL),
        ('app.form_assignment', 'staff_may_see',   'client_id', ARRAY['client_read', 'chart_read', 'calendar_read'], '%s', NULL),
        ('app.form_assignment', 'staff_may_add',   'client_id', ARRAY['message_write', 'booking_write', 'chart_write'], NULL, '%s'),
        ('app.form_assignment', 'staff_may_change', 'client_id', ARRAY['booking_write', 'chart_write'], 'state <> ''signed'' AND (%s)', 'state <> ''signed'''),
        ('app.form_draft',      'staff_may_see',   'client_id', ARRAY['chart_read'], '%s', NULL),
        ('app.form_answer',     'staff_may_see',   'client_id', ARRAY['chart_read'], '%s', NULL),
        ('app.signature',       'staff_may_see',   'client_id', ARRAY['chart_read'], '%s', NULL),
        ('app.link',            'staff_may_see',   'client_id', ARRAY['message_read', 'message_write'], '%s', NULL),
        ('app.message',         'staff_may_see',   'client_id', ARRAY['message_read'], '%s OR (SELECT app.may(''demo_read''))', NULL),
        ('app.message',         'staff_may_add',   'client_id', ARRAY['message_write', 'booking_write'], NULL, '%s')
    ) AS v (guarded, name, key, permissions, using_form, check_form) LOOP
        rule := '';
        FOREACH one IN ARRAY p.permissions LOOP
            rule := rule || format('(SELECT app.may(%L)) OR ', one);
        END LOOP;
        FOREACH one IN ARRAY p.permissions LOOP
            rule := rule || format('((SELECT app.may_some(%1$L)) AND app.reaches(%1$L, %2$I)) OR ', one, p.key);
        END LOOP;
        rule := left(rule, -4);
        EXECUTE format('ALTER POLICY %I ON %s', p.name, p.guarded)
            || coalesce(' USING (' || replace(p.using_form, '%s', rule) || ')', '')
            || coalesce(' WITH CHECK (' || replace(p.check_form, '%s', rule) || ')', '');
        n := n + 1;
    END LOOP;
    ASSERT n = 18, 'the policies of clients'' data';
END $$;
ALTER POLICY staff_may_see ON app.link
    WITH CHECK ((SELECT app.may('message_write')) OR ((SELECT app.may_some('message_write')) AND app.reaches('message_write', client_id)));

-- Visits go by their own provider and place. calendar_read says how far; who does not hold it sees those that client_read or
-- chart_read reach; an open emergency shows its client's.
ALTER POLICY staff_may_see ON app.appointment USING (
    (SELECT app.may('calendar_read')) OR app.may_visit('calendar_read', staff_id, location_id)
    OR ((SELECT NOT app.may_some('calendar_read'))
        AND ((SELECT app.may('client_read')) OR (SELECT app.may('chart_read'))
             OR app.may_visit('client_read', staff_id, location_id) OR app.may_visit('chart_read', staff_id, location_id)))
    OR ((SELECT app.may_some('chart_emergency')) AND app.in_emergency(client_id)));
ALTER POLICY staff_may_see ON app.appointment_event USING (
    (SELECT app.may('calendar_read'))
    OR EXISTS (SELECT FROM app.appointment a WHERE a.tenant_id = appointment_event.tenant_id AND a.id = appointment_event.appointment_id));
ALTER POLICY staff_may_see ON app.slot USING (
    (SELECT app.may('calendar_read'))
    OR ((SELECT app.may_some('calendar_read'))
        AND EXISTS (SELECT FROM app.appointment a WHERE a.tenant_id = slot.tenant_id AND a.id = slot.appointment_id)));

-- Hours, closures and absences: of those whose visits she sees. (tests/db and viewcheck: for the whole business they are the same for all.)
ALTER POLICY staff_may_see ON app.shift
    USING ((SELECT app.may('calendar_read')) OR (SELECT app.may('settings_write')) OR app.may_visit('calendar_read', staff_id, location_id));
ALTER POLICY staff_may_see ON app.closure
    USING ((SELECT app.may('calendar_read')) OR (SELECT app.may('settings_write')) OR (SELECT app.may_some('calendar_read')));
ALTER POLICY staff_may_see ON app.time_off
    USING ((SELECT app.may('calendar_read')) OR (SELECT app.may('settings_write')) OR app.reaches_colleague('calendar_read', staff_id));

-- ---- phone and e-mail are nobody's by right of the table ----

-- app.contact(client) shows what the person's roles show (sql/lib/100_reach.sql); app.mail_address is for the outbox.
REVOKE SELECT ON app.client FROM foyer_staff, foyer_slow;
GRANT SELECT (tenant_id, id, name, preferred_name, name_norm, birth_date, due_date, adult_attested_at, source, is_active, created_at, created_by)
    ON app.client TO foyer_staff, foyer_slow;

-- A word by which a client is found, and of what it is: a phone number that is not shown does not find her either.
ALTER TABLE app.client_word ADD COLUMN kind text COLLATE "C" NOT NULL DEFAULT 'name' CHECK (kind IN ('name', 'email', 'phone'));
ALTER TABLE app.client_word DROP CONSTRAINT client_word_pkey, ADD PRIMARY KEY (tenant_id, word, client_id) INCLUDE (kind);
DROP INDEX app.client_word_by_client;
CREATE INDEX client_word_by_client ON app.client_word (tenant_id, client_id, word) INCLUDE (kind);
ALTER POLICY staff_may_read ON app.client_word USING (
    ((SELECT app.may('client_read')) OR ((SELECT app.may_some('client_read')) AND app.reaches('client_read', client_id)))
    AND (((SELECT app.may('show_email')) AND (SELECT app.may('show_phone')))
         OR kind = 'name'
         OR (kind = 'email' AND ((SELECT app.may('show_email')) OR ((SELECT app.may_some('show_email')) AND app.reaches('show_email', client_id))))
         OR (kind = 'phone' AND ((SELECT app.may('show_phone')) OR ((SELECT app.may_some('show_phone')) AND app.reaches('show_phone', client_id))))));

-- What a word is of; of a name when it is of several.
CREATE FUNCTION app.client_words_by_kind(name text, preferred_name text, email text, phone text) RETURNS TABLE (word text, kind text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT w.word, CASE WHEN bool_or(w.kind = 'name') THEN 'name' WHEN bool_or(w.kind = 'email') THEN 'email' ELSE 'phone' END
    FROM (SELECT x, 'name' FROM unnest(app.client_words(name, preferred_name, NULL, NULL)) AS x
          UNION ALL
          SELECT x, 'email' FROM unnest(app.client_words(NULL, NULL, email, NULL)) AS x
          UNION ALL
          SELECT x, 'phone' FROM unnest(app.client_words(NULL, NULL, NULL, phone)) AS x) AS w (word, kind)
    WHERE w.word <> ''
    GROUP BY w.word
$$;

CREATE OR REPLACE FUNCTION app.client_keep_words() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM app.client_word w
        WHERE w.tenant_id = NEW.tenant_id AND w.client_id = NEW.id
          AND w.word NOT IN (SELECT k.word FROM app.client_words_by_kind(NEW.name, NEW.preferred_name, NEW.email, NEW.phone) AS k);
    END IF;
    INSERT INTO app.client_word AS w (tenant_id, word, client_id, kind)
    SELECT NEW.tenant_id, k.word, NEW.id, k.kind
    FROM app.client_words_by_kind(NEW.name, NEW.preferred_name, NEW.email, NEW.phone) AS k
    ON CONFLICT (tenant_id, word, client_id) DO UPDATE SET kind = excluded.kind WHERE w.kind <> excluded.kind;
    RETURN NULL;
END $$;

RESET ROLE;
-- The words that are there already. (A superuser's step: no policy applies.)
UPDATE app.client_word w SET kind = k.kind
FROM app.client c CROSS JOIN LATERAL app.client_words_by_kind(c.name, c.preferred_name, c.email, c.phone) AS k
WHERE w.tenant_id = c.tenant_id AND w.client_id = c.id AND w.word = k.word COLLATE "C" AND w.kind <> k.kind;
SET LOCAL ROLE foyer_owner;

-- ---- roles to permissions ----

-- Writes staff.perms anew: each permission with its reach, the wider one swallowing the narrower. Beside what roles name, it holds
-- show_phone, show_email and show_notes, as far as a role that lets her see the client does not mask them (whoever writes notes
-- sees them), and what an open emergency would let her read (@emergency).
CREATE OR REPLACE FUNCTION app.staff_refresh_perms(people uuid[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    WITH allowed AS (
        SELECT sr.tenant_id, sr.staff_id, sr.location_id, q.permission, q.scope, q.reach
        FROM app.staff_role sr
        JOIN app.role r ON r.tenant_id = sr.tenant_id AND r.id = sr.role_id
        CROSS JOIN LATERAL (
            SELECT rp.permission, rp.scope, p.reach
            FROM app.role_permission rp JOIN app.permission p ON p.name = rp.permission
            WHERE rp.tenant_id = r.tenant_id AND rp.role_id = r.id
            UNION ALL
            SELECT 'show_' || m.field, rp.scope, 'client'
            FROM app.role_permission rp
            JOIN (VALUES ('phone', 'client_read'), ('phone', 'client_write'), ('email', 'client_read'), ('email', 'client_write'),
                         ('notes', 'chart_read'), ('notes', 'chart_write')) AS m (field, permission) ON m.permission = rp.permission
            WHERE rp.tenant_id = r.tenant_id AND rp.role_id = r.id AND (m.field <> ALL (r.masks) OR rp.permission = 'chart_write')
            UNION ALL
            SELECT e.permission, 'emergency', 'emergency'
            FROM app.role_permission rp CROSS JOIN (VALUES ('chart_read'), ('client_read'), ('show_notes')) AS e (permission)
            WHERE rp.tenant_id = r.tenant_id AND rp.role_id = r.id AND rp.permission = 'chart_emergency'
        ) AS q
        WHERE sr.staff_id = ANY (people)
    ), entry AS (
        SELECT DISTINCT a.tenant_id, a.staff_id, a.permission,
               CASE WHEN a.scope = 'emergency' THEN '@emergency'
                    WHEN a.reach <> 'client' THEN ''
                    WHEN a.scope = 'own' THEN '@own' || coalesce('@' || a.location_id, '')
                    WHEN a.location_id IS NOT NULL THEN '@' || a.location_id
                    WHEN a.scope = 'location' THEN '@' || l.id
                    ELSE '' END AS suffix
        FROM allowed a
        LEFT JOIN app.location l ON l.tenant_id = a.tenant_id AND a.scope = 'location' AND a.reach = 'client' AND a.location_id IS NULL
        WHERE NOT (a.reach = 'business' AND a.location_id IS NOT NULL)
          AND NOT (a.scope = 'location' AND a.reach = 'client' AND a.location_id IS NULL AND l.id IS NULL)
    ), kept AS (
        SELECT e.tenant_id, e.staff_id, e.permission, e.suffix
        FROM entry e
        WHERE NOT EXISTS (SELECT FROM entry w
                          WHERE w.tenant_id = e.tenant_id AND w.staff_id = e.staff_id AND w.permission = e.permission
                            AND ((w.suffix = '' AND e.suffix <> '')
                                 OR (w.suffix = '@own' AND e.suffix LIKE '@own@%')
                                 OR e.suffix = '@own' || w.suffix))
    ), one AS (
        SELECT k.tenant_id, k.staff_id,
               ',' || string_agg(k.permission || k.suffix, ',' ORDER BY starts_with(k.permission, 'show_'), k.permission, k.suffix) || ',' AS perms,
               array_agg(substr(k.permission, 6)) FILTER (WHERE starts_with(k.permission, 'show_') AND k.suffix <> '@emergency') AS shown
        FROM kept k
        GROUP BY k.tenant_id, k.staff_id
    ), wanted AS (
        SELECT f.tenant_id, f.id, coalesce(o.perms, ',') AS perms,
               ARRAY(SELECT m.field FROM unnest(ARRAY['phone', 'email', 'notes']) WITH ORDINALITY AS m (field, o)
                     WHERE m.field <> ALL (coalesce(o.shown, '{}')) ORDER BY m.o) AS masks,
               coalesce(string_agg(DISTINCT r.name, ', '), '') AS role_names,
               coalesce(bool_or(r.needs_mfa), false) AS needs_mfa
        FROM app.staff f
        LEFT JOIN one o ON o.tenant_id = f.tenant_id AND o.staff_id = f.id
        LEFT JOIN app.staff_role sr ON sr.tenant_id = f.tenant_id AND sr.staff_id = f.id
        LEFT JOIN app.role r ON r.tenant_id = sr.tenant_id AND r.id = sr.role_id
        WHERE f.id = ANY (people)
        GROUP BY f.tenant_id, f.id, o.perms, o.shown
    )
    UPDATE app.staff f
    SET perms = w.perms, role_names = w.role_names, needs_mfa = w.needs_mfa, masks = w.masks
    FROM wanted w
    WHERE f.tenant_id = w.tenant_id AND f.id = w.id
      AND (f.perms, f.role_names, f.needs_mfa, f.masks) IS DISTINCT FROM (w.perms, w.role_names, w.needs_mfa, w.masks);
$$;

DROP TRIGGER role_name_changes_perms ON app.role;
CREATE TRIGGER role_changes_perms AFTER UPDATE OF name, masks, needs_mfa ON app.role
    FOR EACH ROW EXECUTE FUNCTION app.staff_roles_changed();

-- A new place is one more for whoever holds a role of "its place" everywhere.
CREATE FUNCTION app.location_changes_perms() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.staff_refresh_perms(ARRAY(
        SELECT sr.staff_id FROM app.staff_role sr
        JOIN app.role_permission rp ON rp.tenant_id = sr.tenant_id AND rp.role_id = sr.role_id AND rp.scope = 'location'
        WHERE sr.location_id IS NULL));
    RETURN NULL;
END $$;
CREATE TRIGGER location_changes_perms AFTER INSERT ON app.location
    FOR EACH STATEMENT EXECUTE FUNCTION app.location_changes_perms();

-- What is not shown to her she does not change either: a form that was sent without it leaves it as it is.
CREATE FUNCTION app.client_keep_masked() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF app.actor_kind() = 'staff' AND current_user IN ('foyer_staff', 'foyer_slow') THEN
        IF NOT (app.may('show_phone') OR app.reaches('show_phone', OLD.id)) THEN
            NEW.phone := OLD.phone;
        END IF;
        IF NOT (app.may('show_email') OR app.reaches('show_email', OLD.id)) THEN
            NEW.email := OLD.email;
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER client_keeps_what_is_masked BEFORE UPDATE OF phone, email ON app.client
    FOR EACH ROW EXECUTE FUNCTION app.client_keep_masked();

-- ---- roles may be made and changed by the page of roles, by rules that a statement cannot go around (sql/lib/101_roles.sql) ----

GRANT INSERT (id, slug, name, masks, needs_mfa), UPDATE (name, masks, needs_mfa), DELETE ON app.role TO foyer_auth;
GRANT INSERT (role_id, permission, scope), UPDATE (scope), DELETE ON app.role_permission TO foyer_auth;
ALTER TABLE app.staff_role ADD COLUMN given_at timestamptz NOT NULL DEFAULT now(), ADD COLUMN given_by uuid;
ALTER TABLE app.staff_role ALTER COLUMN given_by SET DEFAULT app.actor();
ALTER TABLE app.staff_role ADD FOREIGN KEY (tenant_id, given_by) REFERENCES app.staff (tenant_id, id);
CREATE INDEX staff_role_by_giver ON app.staff_role (tenant_id, given_by);
ALTER TABLE app.role ADD CONSTRAINT role_name_is_used_once UNIQUE (tenant_id, name);
COMMENT ON CONSTRAINT role_name_is_used_once ON app.role IS 'name: There is a role of this name already.';

-- The owner's role keeps what nobody else could give back.
CREATE FUNCTION app.owner_keeps_the_keys() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF OLD.permission IN ('staff_write', 'settings_write') AND (TG_OP = 'DELETE' OR (NEW.permission, NEW.role_id, NEW.tenant_id) IS DISTINCT FROM (OLD.permission, OLD.role_id, OLD.tenant_id))
       AND EXISTS (SELECT FROM app.role r WHERE r.tenant_id = OLD.tenant_id AND r.id = OLD.role_id AND r.slug = 'owner' AND r.is_builtin) THEN
        RAISE EXCEPTION 'Owners keep the right to change people and settings.' USING ERRCODE = 'FY422', COLUMN = OLD.permission;
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER owner_keeps_the_keys BEFORE UPDATE OR DELETE ON app.role_permission
    FOR EACH ROW EXECUTE FUNCTION app.owner_keeps_the_keys();

RESET ROLE;
UPDATE app.staff_role sr SET given_at = f.created_at FROM app.staff f WHERE f.tenant_id = sr.tenant_id AND f.id = sr.staff_id;
-- Everybody's permissions anew, business by business: the function sees one at a time.
DO $$
DECLARE
    t record;
BEGIN
    FOR t IN SELECT x.id FROM app.tenant x LOOP
        PERFORM set_config('foyer.tenant_id', t.id::text, true);
        PERFORM app.staff_refresh_perms(ARRAY(SELECT f.id FROM app.staff f WHERE f.tenant_id = t.id));
    END LOOP;
    PERFORM set_config('foyer.tenant_id', '', true);
    ASSERT NOT EXISTS (SELECT FROM app.staff f JOIN app.staff_role sr ON sr.tenant_id = f.tenant_id AND sr.staff_id = f.id
                       JOIN app.role_permission rp ON rp.tenant_id = sr.tenant_id AND rp.role_id = sr.role_id
                       WHERE sr.location_id IS NULL AND strpos(f.perms, ',' || rp.permission) = 0), 'somebody was left out';
END $$;
