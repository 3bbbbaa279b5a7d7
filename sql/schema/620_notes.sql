-- 620_notes: notes are begun from templates, two windows do not overwrite each other, and what is signed leaves its hash in the trail.

SET LOCAL ROLE foyer_owner;

-- What a note begins with. Nothing of a client stands in it.
CREATE TABLE app.note_template (
    tenant_id uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    id        uuid NOT NULL DEFAULT gen_random_uuid(),
    name      text NOT NULL CONSTRAINT note_template_has_a_name CHECK (length(btrim(name)) BETWEEN 1 AND 80),
    body      text NOT NULL CONSTRAINT note_template_says_something CHECK (length(btrim(body)) BETWEEN 1 AND 8000),
    position  int NOT NULL DEFAULT 1,
    is_active boolean NOT NULL DEFAULT true,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT note_template_named_once UNIQUE (tenant_id, name)
);
COMMENT ON CONSTRAINT note_template_has_a_name ON app.note_template IS 'name: Give the template a name.';
COMMENT ON CONSTRAINT note_template_says_something ON app.note_template IS 'body: Write what a note begins with.';
COMMENT ON CONSTRAINT note_template_named_once ON app.note_template IS 'name: There is a template of this name already.';
SELECT app.guard_table('app.note_template');
GRANT SELECT ON app.note_template TO foyer_staff;
GRANT INSERT (id, name, body, position), UPDATE (name, body, position, is_active) ON app.note_template TO foyer_staff;
CREATE POLICY staff_may_read ON app.note_template AS RESTRICTIVE FOR SELECT TO foyer_staff
    USING ((SELECT app.may_some('chart_write')) OR (SELECT app.may_some('chart_read')) OR (SELECT app.may('settings_write')));
CREATE POLICY staff_may_add ON app.note_template AS RESTRICTIVE FOR INSERT TO foyer_staff WITH CHECK ((SELECT app.may('settings_write')));
CREATE POLICY staff_may_write ON app.note_template AS RESTRICTIVE FOR UPDATE TO foyer_staff USING ((SELECT app.may('settings_write')));

-- version: counts the savings of a draft; editor: the window that saved it last (a random id of the page).
ALTER TABLE app.chart_note
    ADD COLUMN version int NOT NULL DEFAULT 1,
    ADD COLUMN editor uuid;
GRANT INSERT (version, editor), UPDATE (version, editor) ON app.chart_note TO foyer_staff;

-- What the trail keeps of a signed note: SHA-256 over its ids, its author, its time and its sealed text. docs/record.md has it too.
CREATE FUNCTION app.note_digest(n app.chart_note) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT sha256(convert_to(concat_ws('|', 'foyer-note-v1', n.tenant_id, n.id, n.client_id, coalesce(n.appointment_id::text, '-'), n.author_id,
                                       to_char(n.signed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), coalesce(n.addendum_to::text, '-'), ''), 'UTF8')
                  || n.body_sealed)
$$;
REVOKE ALL ON FUNCTION app.note_digest(app.chart_note) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.note_digest(app.chart_note) TO foyer_auth, foyer_seal_owner;
GRANT SELECT ON app.chart_note TO foyer_seal_owner;

RESET ROLE;
SET LOCAL ROLE foyer_auth;
CREATE FUNCTION sec.note_signed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO audit.event (tenant_id, actor_kind, actor_id, session_id, ip, agent, action, object_kind, object_id, client_ids, outcome, reason, request_id)
    VALUES (NEW.tenant_id, coalesce(nullif(app.actor_kind(), ''), 'system'), app.actor(), nullif(current_setting('foyer.session_id', true), '')::uuid,
            nullif(current_setting('foyer.ip', true), '')::inet, nullif(current_setting('foyer.agent', true), ''),
            'note.sealed', 'chart_note', NEW.id, ARRAY[NEW.client_id], 'ok', encode(app.note_digest(NEW), 'hex'),
            nullif(current_setting('foyer.request_id', true), '')::uuid);
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION sec.note_signed() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.note_signed() TO foyer_owner;
RESET ROLE;
SET LOCAL ROLE foyer_owner;
CREATE TRIGGER chart_note_signed_is_in_the_trail AFTER INSERT OR UPDATE ON app.chart_note
    FOR EACH ROW WHEN (NEW.state = 'signed') EXECUTE FUNCTION sec.note_signed();
RESET ROLE;

-- Notes signed before this.
DO $$
DECLARE
    n bigint;
BEGIN
    INSERT INTO audit.event (tenant_id, actor_kind, action, object_kind, object_id, client_ids, outcome, reason)
    SELECT c.tenant_id, 'system', 'note.sealed', 'chart_note', c.id, ARRAY[c.client_id], 'ok', encode(app.note_digest(c), 'hex')
    FROM app.chart_note c WHERE c.state = 'signed';
    GET DIAGNOSTICS n = ROW_COUNT;
    ASSERT n = (SELECT count(*) FROM app.chart_note c WHERE c.state = 'signed'), 'every signed note';
END $$;
