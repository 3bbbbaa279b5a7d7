-- 850_form_code: a form may ask for a code sent by e-mail before it is signed.

SET LOCAL ROLE foyer_owner;

ALTER TABLE app.form ADD COLUMN needs_code boolean NOT NULL DEFAULT false;
GRANT UPDATE (needs_code) ON app.form TO foyer_staff;
GRANT SELECT (tenant_id, id, needs_code) ON app.form TO foyer_auth;
GRANT SELECT (tenant_id, id, client_id, form_id, state) ON app.form_assignment TO foyer_auth;
GRANT SELECT (email) ON app.client TO foyer_auth;

RESET ROLE;
SET LOCAL ROLE foyer_auth;

-- The code of a form that waits to be signed: one at a time, as a MAC, for ten minutes and five tries. proven_at, proven_link: it was
-- typed in by who follows this link, and is good for one signature within half an hour.
CREATE TABLE sec.form_code (
    tenant_id     uuid NOT NULL,
    assignment_id uuid NOT NULL,
    code_mac      bytea NOT NULL CHECK (length(code_mac) = 32),
    tries         int NOT NULL DEFAULT 0 CHECK (tries BETWEEN 0 AND 5),
    made_at       timestamptz NOT NULL DEFAULT now(),
    proven_at     timestamptz,
    proven_link   uuid,
    PRIMARY KEY (tenant_id, assignment_id),
    CHECK ((proven_at IS NULL) = (proven_link IS NULL))
);

RESET ROLE;
SELECT app.guard_table('sec.form_code');
SET LOCAL ROLE foyer_auth;
-- Its body stands in sql/lib/094_form_code.sql.
CREATE FUNCTION sec.form_code_take(assignment uuid, link uuid, OUT channel text, OUT has_address boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT NULL::text, false $$;
REVOKE ALL ON FUNCTION sec.form_code_take(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.form_code_take(uuid, uuid) TO foyer_owner;
RESET ROLE;
