-- 094_form_paper: forms on paper: the words around a sheet, and noting that one was signed.

SET LOCAL ROLE foyer_owner;

-- The words of a sheet in a language; English where there are none.
CREATE OR REPLACE FUNCTION app.paper_words(wanted text)
RETURNS TABLE (name text, born text, yes text, no text, since text, tick text, statement text, signature text, in_print text, day text, guardian text, witness text, attached text, only_after text)
LANGUAGE sql IMMUTABLE
AS $$
    SELECT w.name, w.born, w.yes, w.no, w.since, w.tick, w.statement, w.signature, w.in_print, w.day, w.guardian, w.witness, w.attached, w.only_after
    FROM (VALUES
        ('en', 'Name', 'Date of birth', 'Yes', 'No', 'If yes:', 'Tick what applies.',
         'I have read this form. What I have answered is true and complete as far as I know.', 'Signature', 'Name in capital letters', 'Date',
         'Parent or guardian of somebody under eighteen: relation', 'Witness (staff)', 'Please hand it in with this sheet.', 'Only after the answer'),
        ('es', 'Nombre', 'Fecha de nacimiento', 'Sí', 'No', 'Si es así:', 'Marque lo que corresponda.',
         'He leído este formulario. Lo que he respondido es verdadero y completo hasta donde sé.', 'Firma', 'Nombre en mayúsculas', 'Fecha',
         'Madre, padre o tutor de un menor de dieciocho años: parentesco', 'Testigo (personal)', 'Entréguelo junto con esta hoja, por favor.', 'Solo después de la respuesta'))
        AS w (language, name, born, yes, no, since, tick, statement, signature, in_print, day, guardian, witness, attached, only_after)
    ORDER BY w.language <> wanted, w.language <> 'en' LIMIT 1
$$;

-- Notes that a form that is due was signed by hand on paper. The pictures of it are attached already; what was typed into the form on a screen and never
-- signed goes, for the paper holds the answers. FY422: a day to come, or before this wording was published.
CREATE OR REPLACE FUNCTION app.form_on_paper(made uuid, assignment uuid, version uuid, signed_on date, guardian uuid, witness uuid, said_language text, document bytea,
    document_hash bytea, wording_hash bytea, name bytea, purposes text[], givens boolean[]) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    its record;
    zone text := app.zone();
    at timestamptz := least((signed_on + time '12:00') AT TIME ZONE zone, now());
BEGIN
    SELECT a.client_id, a.form_id, (v.published_at AT TIME ZONE zone)::date AS published_on INTO its
    FROM app.form_assignment a
    JOIN app.form_version v ON v.tenant_id = a.tenant_id AND v.id = version AND v.form_id = a.form_id
    WHERE a.tenant_id = app.tenant() AND a.id = assignment;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such form' USING ERRCODE = 'FY404';
    END IF;
    IF app.actor_kind() <> 'staff' OR NOT (app.may('booking_write') OR app.reaches('booking_write', its.client_id)) THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    IF signed_on > (now() AT TIME ZONE zone)::date THEN
        RAISE EXCEPTION 'This day is still to come.' USING ERRCODE = 'FY422', COLUMN = 'signed_on';
    ELSIF signed_on < its.published_on THEN
        RAISE EXCEPTION 'This wording was published on %, after that day. A paper with an older wording cannot be noted under this one.', to_char(its.published_on, 'FMDD FMMonth YYYY')
            USING ERRCODE = 'FY422', COLUMN = 'signed_on';
    ELSIF NOT EXISTS (SELECT FROM app.form_file f WHERE f.tenant_id = app.tenant() AND f.client_id = its.client_id AND f.assignment_id = assignment AND f.question_key = 'paper') THEN
        RAISE EXCEPTION 'Add a picture or a PDF of the paper.' USING ERRCODE = 'FY422', COLUMN = 'file';
    END IF;
    UPDATE app.media m SET removed_at = now()
    FROM app.form_file f
    WHERE f.tenant_id = app.tenant() AND f.client_id = its.client_id AND f.assignment_id = assignment AND f.question_key <> 'paper'
      AND m.tenant_id = f.tenant_id AND m.client_id = f.client_id AND m.id = f.id AND m.removed_at IS NULL;
    DELETE FROM app.form_answer x WHERE x.tenant_id = app.tenant() AND x.client_id = its.client_id AND x.assignment_id = assignment;
    DELETE FROM app.form_draft d WHERE d.tenant_id = app.tenant() AND d.client_id = its.client_id AND d.assignment_id = assignment;
    INSERT INTO app.signature (id, assignment_id, client_id, form_version_id, document_sealed, document_sha256, wording_sha256, method, signer_name_sealed, zone, signed_at,
                               language, place, signer, guardian_id, witness_id, noted_by, noted_at)
    VALUES (made, assignment, its.client_id, version, document, document_hash, wording_hash, 'paper', name, zone, at,
            said_language, 'paper', CASE WHEN guardian IS NULL THEN 'client' ELSE 'guardian' END, guardian, witness, app.actor(), now());
    INSERT INTO app.consent (client_id, purpose, signature_id, is_given, at)
    SELECT its.client_id, x.purpose, made, bool_and(x.is_given), at FROM unnest(purposes, givens) AS x (purpose, is_given)
    WHERE starts_with(x.purpose, 'photo_') GROUP BY x.purpose;
    PERFORM app.messaging_signed(made, purposes, givens);
    RETURN its.client_id;
END $$;

-- Whether a signed form was signed on paper, also for who sees that it is signed and no chart.
CREATE OR REPLACE FUNCTION app.form_is_on_paper(client uuid, assignment uuid) RETURNS boolean
LANGUAGE plpgsql STABLE COST 10 SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN app.actor_kind() = 'staff'
       AND EXISTS (SELECT FROM app.signature s WHERE s.tenant_id = app.tenant() AND s.client_id = client AND s.assignment_id = assignment AND s.place = 'paper')
       AND (app.may('client_read') OR app.may('chart_read') OR app.may('calendar_read')
            OR app.reaches('client_read', client) OR app.reaches('chart_read', client) OR app.reaches('calendar_read', client));
END $$;

REVOKE ALL ON FUNCTION app.form_is_on_paper(uuid, uuid), app.paper_words(text), app.form_on_paper(uuid, uuid, uuid, date, uuid, uuid, text, bytea, bytea, bytea, bytea, text[], boolean[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.paper_words(text) TO foyer_staff;
GRANT EXECUTE ON FUNCTION app.form_is_on_paper(uuid, uuid) TO foyer_staff, foyer_slow;
GRANT EXECUTE ON FUNCTION app.form_on_paper(uuid, uuid, uuid, date, uuid, uuid, text, bytea, bytea, bytea, bytea, text[], boolean[]) TO foyer_slow;

RESET ROLE;
