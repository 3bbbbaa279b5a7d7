-- 820_media: pictures and files of clients. Their bytes lie in a store outside the database (include/media.h), each under a key of its own;
-- here is what they are, and that key, sealed under the client's.

SET LOCAL ROLE foyer_owner;

CREATE TABLE app.media (
    tenant_id     uuid NOT NULL DEFAULT app.tenant(),
    id            uuid NOT NULL,
    client_id     uuid NOT NULL,
    kind          text COLLATE "C" NOT NULL CHECK (kind IN ('photo')),  -- photo: of whom the record is, beside her name
    type          text COLLATE "C" NOT NULL CHECK (type IN ('image/jpeg')),
    bytes         bigint NOT NULL CHECK (bytes > 0),
    small_bytes   bigint CHECK (small_bytes > 0),  -- of the small picture; NULL: there is none
    width         int CHECK (width > 0),
    height        int CHECK (height > 0),
    key_sealed    bytea,  -- of the file; gone with it
    sha256_sealed bytea,  -- of what it holds; open, it would tell who has the same picture
    made_at       timestamptz NOT NULL DEFAULT now(),
    made_by       uuid DEFAULT app.actor(),  -- NULL: the client herself
    removed_at    timestamptz,
    removed_by    uuid,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, made_by) REFERENCES app.staff (tenant_id, id),
    FOREIGN KEY (tenant_id, removed_by) REFERENCES app.staff (tenant_id, id),
    CONSTRAINT media_key_goes_with_it CHECK ((removed_at IS NULL) = (key_sealed IS NOT NULL))
);
CREATE INDEX media_by_client ON app.media (tenant_id, client_id, made_at);
CREATE INDEX media_by_maker ON app.media (tenant_id, made_by);
CREATE INDEX media_by_remover ON app.media (tenant_id, removed_by);
CREATE UNIQUE INDEX media_photo_of_a_client ON app.media (tenant_id, client_id) WHERE kind = 'photo' AND removed_at IS NULL;
SELECT app.guard_table('app.media');

-- Removed is removed: the key goes with the row's change, the file by a job right afterwards. Nothing else of a row ever changes.
CREATE FUNCTION app.media_removed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF OLD.removed_at IS NOT NULL OR NEW.removed_at IS NULL THEN
        RAISE EXCEPTION 'a file is kept or removed, never changed' USING ERRCODE = '42501';
    END IF;
    NEW := OLD;
    NEW.removed_at := now();
    NEW.removed_by := CASE WHEN app.actor_kind() = 'staff' THEN app.actor() END;
    NEW.key_sealed := NULL;
    NEW.sha256_sealed := NULL;
    INSERT INTO app.job (tenant_id, kind, subject_id, dedupe_key) VALUES (NEW.tenant_id, 'media.remove', NEW.id, NEW.id::text) ON CONFLICT DO NOTHING;
    RETURN NEW;
END $$;
CREATE TRIGGER media_is_kept_or_removed BEFORE UPDATE ON app.media FOR EACH ROW EXECUTE FUNCTION app.media_removed();
CREATE TRIGGER media_never_deleted BEFORE DELETE ON app.media FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER media_never_truncated BEFORE TRUNCATE ON app.media FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();

-- A new picture of a client takes the place of the one before, which is removed. Two at once wait for each other.
CREATE FUNCTION app.media_replaces() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('photo ' || NEW.client_id, 0));
    UPDATE app.media m SET removed_at = now()
    WHERE m.tenant_id = NEW.tenant_id AND m.client_id = NEW.client_id AND m.kind = 'photo' AND m.removed_at IS NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER media_photo_replaces BEFORE INSERT ON app.media FOR EACH ROW WHEN (NEW.kind = 'photo') EXECUTE FUNCTION app.media_replaces();
REVOKE ALL ON FUNCTION app.media_removed(), app.media_replaces() FROM PUBLIC;

-- The staff's pages say whether there is one; the slow pool alone, which shows them, has the keys.
GRANT SELECT (tenant_id, id, client_id, kind, removed_at) ON app.media TO foyer_staff, foyer_jobs;
GRANT SELECT, INSERT (id, client_id, kind, type, bytes, small_bytes, width, height, key_sealed, sha256_sealed), UPDATE (removed_at) ON app.media TO foyer_slow;

DO $$
DECLARE
    p record;
    one text;
    rule text;
BEGIN
    FOR p IN SELECT * FROM (VALUES
        ('staff_may_read',  'SELECT', 'foyer_staff, foyer_slow', 'USING',      ARRAY['client_read', 'client_write']),
        ('staff_may_add',   'INSERT', 'foyer_slow',              'WITH CHECK', ARRAY['client_write']),
        ('staff_may_write', 'UPDATE', 'foyer_slow',              'USING',      ARRAY['client_write'])
    ) AS v (name, verb, roles, clause, permissions) LOOP
        rule := '';
        FOREACH one IN ARRAY p.permissions LOOP
            rule := rule || format('(SELECT app.may(%1$L)) OR ((SELECT app.may_some(%1$L)) AND app.reaches(%1$L, client_id)) OR ', one);
        END LOOP;
        EXECUTE format('CREATE POLICY %I ON app.media AS RESTRICTIVE FOR %s TO %s %s (%s)', p.name, p.verb, p.roles, p.clause, left(rule, -4));
    END LOOP;
END $$;

RESET ROLE;
