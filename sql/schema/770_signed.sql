-- 770_signed: what was signed and how stands in the trail, so that who goes past the triggers is found out; and a signed text is found
-- by its hash, for who holds a paper and asks whether it was signed here.

SET LOCAL ROLE foyer_owner;

-- What the trail keeps of a signature: SHA-256 over its ids, who signed, where, before whom, how and when, and the hash of the signed
-- text. docs/record.md has it too.
CREATE FUNCTION app.signature_digest(s app.signature) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT sha256(convert_to(concat_ws('|', 'foyer-form-v1', s.tenant_id, s.id, s.client_id, s.assignment_id, s.form_version_id, s.disclosure_id,
                                       s.signer, coalesce(s.guardian_id::text, '-'), s.place, coalesce(s.witness_id::text, '-'), s.language,
                                       s.method, s.second_factor, coalesce(s.code_channel, '-'),
                                       to_char(s.signed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), s.zone,
                                       encode(s.wording_sha256, 'hex'), encode(s.document_sha256, 'hex')), 'UTF8'))
$$;
REVOKE ALL ON FUNCTION app.signature_digest(app.signature) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.signature_digest(app.signature) TO foyer_auth, foyer_seal_owner;
GRANT SELECT ON app.signature TO foyer_seal_owner;

CREATE INDEX signature_by_document ON app.signature (tenant_id, document_sha256);
CREATE INDEX signature_copy_by_file ON app.signature_copy (tenant_id, pdf_sha256);

RESET ROLE;
SET LOCAL ROLE foyer_auth;
CREATE FUNCTION sec.form_signed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM sec.note('form.sealed', 'ok', encode(app.signature_digest(NEW), 'hex'), ARRAY[NEW.client_id], 'signature', NEW.id);
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION sec.form_signed() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.form_signed() TO foyer_owner;
RESET ROLE;
SET LOCAL ROLE foyer_owner;
CREATE TRIGGER signature_is_in_the_trail AFTER INSERT ON app.signature FOR EACH ROW EXECUTE FUNCTION sec.form_signed();
RESET ROLE;

-- Forms signed before this.
DO $$
DECLARE
    n bigint;
BEGIN
    INSERT INTO audit.event (tenant_id, actor_kind, action, object_kind, object_id, client_ids, outcome, reason)
    SELECT s.tenant_id, 'system', 'form.sealed', 'signature', s.id, ARRAY[s.client_id], 'ok', encode(app.signature_digest(s), 'hex')
    FROM app.signature s;
    GET DIAGNOSTICS n = ROW_COUNT;
    ASSERT n = (SELECT count(*) FROM app.signature), 'every signature';
END $$;
