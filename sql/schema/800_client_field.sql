-- 800_client_field: what a business wants to know of its clients beside what the house asks: its own fields, and what stands in them. Any of
-- it may be about health, so each value is sealed under the client's key.

SET LOCAL ROLE foyer_owner;

-- A field is never taken away and its kind never changes, for values stand under it: it is retired, and offered no more.
CREATE TABLE app.client_field (
    tenant_id  uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    id         uuid NOT NULL DEFAULT gen_random_uuid(),
    name       text NOT NULL CONSTRAINT client_field_has_a_name CHECK (length(btrim(name)) BETWEEN 1 AND 60),
    help       text NOT NULL DEFAULT '' CONSTRAINT client_field_help_is_short CHECK (length(help) <= 200),
    kind       text COLLATE "C" NOT NULL CHECK (kind IN ('text', 'long', 'number', 'date', 'yes_no', 'choice')),
    options    text[] NOT NULL DEFAULT '{}',
    on_page    boolean NOT NULL DEFAULT false,  -- stands on her page too, not among the details alone
    position   int NOT NULL DEFAULT 0,
    retired_at timestamptz,
    made_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT client_field_is_there_once UNIQUE (tenant_id, name),
    CONSTRAINT client_field_choice_has_options CHECK (CASE kind WHEN 'choice' THEN cardinality(options) BETWEEN 2 AND 30 ELSE options = '{}' END),
    CONSTRAINT client_field_options_are_short CHECK (length(array_to_string(options, '')) <= 1500 AND array_position(options, NULL) IS NULL AND array_position(options, '') IS NULL)
);
COMMENT ON CONSTRAINT client_field_has_a_name ON app.client_field IS 'name: Give the field a name.';
COMMENT ON CONSTRAINT client_field_is_there_once ON app.client_field IS 'name: There is a field of this name already.';
COMMENT ON CONSTRAINT client_field_choice_has_options ON app.client_field IS 'options: Give two to thirty choices, each on a line of its own; only a choice has them.';
COMMENT ON CONSTRAINT client_field_options_are_short ON app.client_field IS 'options: Keep the choices shorter.';
SELECT app.guard_table('app.client_field');

-- What stood in a field, one row each time it was changed; the row without ended_at is what stands now. No value: it was emptied.
CREATE TABLE app.client_field_value (
    tenant_id    uuid NOT NULL DEFAULT app.tenant(),
    id           uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id    uuid NOT NULL,
    field_id     uuid NOT NULL,
    value_sealed bytea,
    was_id       uuid,  -- what stood there before, on whichever of her records; of an erased one there is nothing any more
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    by_id        uuid DEFAULT app.actor(),
    ended_at     timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, field_id) REFERENCES app.client_field (tenant_id, id),
    FOREIGN KEY (tenant_id, by_id) REFERENCES app.staff (tenant_id, id)
);
CREATE UNIQUE INDEX client_field_value_now ON app.client_field_value (tenant_id, client_id, field_id) WHERE ended_at IS NULL;
CREATE INDEX client_field_value_by_client ON app.client_field_value (tenant_id, client_id, at);
CREATE INDEX client_field_value_by_field ON app.client_field_value (tenant_id, field_id);
CREATE INDEX client_field_value_by_staff ON app.client_field_value (tenant_id, by_id);
SELECT app.guard_table('app.client_field_value');

-- Forty fields are asked at most; the kind stays, and what can be chosen is not taken from under those who chose it (an option may go: the
-- value stays as it was written).
CREATE FUNCTION app.client_field_keep() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' OR (OLD.retired_at IS NOT NULL AND NEW.retired_at IS NULL) THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('client_field ' || NEW.tenant_id, 0));
        IF (SELECT count(*) FROM app.client_field f WHERE f.tenant_id = NEW.tenant_id AND f.retired_at IS NULL AND f.id <> NEW.id) >= 40 THEN
            RAISE EXCEPTION 'There are forty fields already. Retire one that is no longer asked.' USING ERRCODE = 'FY422', COLUMN = 'name';
        END IF;
        IF TG_OP = 'INSERT' THEN
            NEW.position := coalesce((SELECT max(f.position) FROM app.client_field f WHERE f.tenant_id = NEW.tenant_id), 0) + 1;
        END IF;
    END IF;
    IF TG_OP = 'UPDATE' AND (NEW.kind, NEW.id, NEW.tenant_id) IS DISTINCT FROM (OLD.kind, OLD.id, OLD.tenant_id) THEN
        RAISE EXCEPTION 'The kind of a field stays as it is.' USING ERRCODE = 'FY422', COLUMN = 'kind';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER client_field_is_kept BEFORE INSERT OR UPDATE ON app.client_field FOR EACH ROW EXECUTE FUNCTION app.client_field_keep();

-- A new value ends the one before. Who saves over what she has not seen is refused: was_id is what she saw. Nothing goes into a retired field.
CREATE FUNCTION app.client_field_value_new() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('client_field_value ' || NEW.client_id, 0));
    IF EXISTS (SELECT FROM app.client_field f WHERE f.tenant_id = NEW.tenant_id AND f.id = NEW.field_id AND f.retired_at IS NOT NULL) THEN
        RAISE EXCEPTION 'This field was retired meanwhile.' USING ERRCODE = 'FY422', COLUMN = 'fields';
    END IF;
    UPDATE app.client_field_value v SET ended_at = clock_timestamp()
    WHERE v.tenant_id = NEW.tenant_id AND v.client_id = NEW.client_id AND v.field_id = NEW.field_id AND v.ended_at IS NULL AND v.id = NEW.was_id;
    IF EXISTS (SELECT FROM app.client_field_value v
               WHERE v.tenant_id = NEW.tenant_id AND v.client_id = NEW.client_id AND v.field_id = NEW.field_id AND v.ended_at IS NULL)
       OR (NEW.was_id IS NOT NULL AND NOT EXISTS (SELECT FROM app.client_field_value v
               WHERE v.tenant_id = NEW.tenant_id AND v.id = NEW.was_id AND v.field_id = NEW.field_id AND v.client_id = ANY (app.person_ids(NEW.client_id)))) THEN
        RAISE EXCEPTION 'Somebody else changed this meanwhile. Look at what stands there now, and save again.' USING ERRCODE = 'FY422', COLUMN = 'fields';
    END IF;
    NEW.ended_at := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER client_field_value_ends_the_last BEFORE INSERT ON app.client_field_value FOR EACH ROW EXECUTE FUNCTION app.client_field_value_new();

-- A row is written once; only its end is noted.
CREATE FUNCTION app.client_field_value_keep() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF OLD.ended_at IS NOT NULL OR (NEW.tenant_id, NEW.id, NEW.client_id, NEW.field_id, NEW.value_sealed, NEW.was_id, NEW.at, NEW.by_id)
       IS DISTINCT FROM (OLD.tenant_id, OLD.id, OLD.client_id, OLD.field_id, OLD.value_sealed, OLD.was_id, OLD.at, OLD.by_id) THEN
        RAISE EXCEPTION 'What stood in a field is not written again.' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER client_field_value_never_changes BEFORE UPDATE ON app.client_field_value FOR EACH ROW EXECUTE FUNCTION app.client_field_value_keep();
CREATE TRIGGER client_field_value_never_truncated BEFORE TRUNCATE ON app.client_field_value FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
REVOKE ALL ON FUNCTION app.client_field_keep(), app.client_field_value_new(), app.client_field_value_keep() FROM PUBLIC;

GRANT SELECT ON app.client_field TO foyer_staff, foyer_slow;
GRANT INSERT (id, name, help, kind, options, on_page), UPDATE (name, help, options, on_page, position, retired_at) ON app.client_field TO foyer_staff;
CREATE POLICY staff_may_add ON app.client_field AS RESTRICTIVE FOR INSERT TO foyer_staff WITH CHECK ((SELECT app.may('settings_write')));
CREATE POLICY staff_may_write ON app.client_field AS RESTRICTIVE FOR UPDATE TO foyer_staff USING ((SELECT app.may('settings_write')));
GRANT SELECT ON app.client_field_value TO foyer_staff, foyer_slow;
GRANT INSERT (id, client_id, field_id, value_sealed, was_id) ON app.client_field_value TO foyer_staff;
CREATE POLICY staff_may_read ON app.client_field_value AS RESTRICTIVE FOR SELECT TO foyer_staff, foyer_slow
    USING ((SELECT app.may('client_read')) OR (SELECT app.may('client_write'))
        OR ((SELECT app.may_some('client_read')) AND app.reaches('client_read', client_id))
        OR ((SELECT app.may_some('client_write')) AND app.reaches('client_write', client_id)));
CREATE POLICY staff_may_add ON app.client_field_value AS RESTRICTIVE FOR INSERT TO foyer_staff
    WITH CHECK ((SELECT app.may('client_write')) OR ((SELECT app.may_some('client_write')) AND app.reaches('client_write', client_id)));

RESET ROLE;
