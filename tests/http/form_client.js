// form_client.js -- a client with forms to fill in, and a browser in which she has proven who she is. For the tests of forms.
"use strict";
const crypto = require("node:crypto");
const h = require("./harness");

// A browser that has followed a link and passed the second factor.
function session(label, linkId) {
  const token = crypto.randomBytes(32);
  h.sql(`INSERT INTO sec.link_session (tenant_id, link_id, token_hash, expires_at)
         SELECT tenant_id, id, sha256(decode(:'v2', 'hex')), now() + interval '1 hour' FROM app.link WHERE id = :'v1'::uuid`,
    linkId, token.toString("hex"));
  const v = new h.Visitor(label);
  v.jar.set("link", { name: "__Secure-link", at: `/v/${linkId}`, value: token.toString("base64url") });
  return v;
}

// Forms of the demo that both ask for words and ticks; other tests make forms of their own, which visits then ask for as well.
const INTAKES = "'Medical history', 'About your pregnancy'", CONSENTS = "'Consent to treatment', 'Elective ultrasound waiver'";
// Somebody with a link to both forms of a visit to come. Each call takes another client.
const taken = [h.uuid()];
function somebody(label) {
  const [link, client, intake, consent] = h.sql(`
    WITH chosen AS (
      SELECT p.tenant_id, p.client_id, p.id, i.id AS intake, c.id AS consent
      FROM app.appointment p
      JOIN app.form_assignment i ON i.appointment_id = p.id AND i.state = 'due'
      JOIN app.form fi ON fi.id = i.form_id AND fi.kind = 'intake' AND fi.name IN (${INTAKES})
      JOIN app.form_assignment c ON c.appointment_id = p.id AND c.state = 'due'
      JOIN app.form fc ON fc.id = c.form_id AND fc.kind = 'consent' AND fc.name IN (${CONSENTS})
      WHERE p.tenant_id = :'v1'::uuid AND p.starts_at > now() + interval '1 hour' AND p.status IN ('booked', 'confirmed')
        AND EXISTS (SELECT FROM app.client y WHERE y.tenant_id = p.tenant_id AND y.id = p.client_id AND y.birth_date < current_date - interval '18 years')
        AND EXISTS (SELECT FROM app.client_key k WHERE k.tenant_id = p.tenant_id AND k.client_id = p.client_id AND k.destroyed_at IS NULL) -- (some tests' samples have none)
        AND p.client_id <> ALL (string_to_array(:'v2', ',')::uuid[])
        AND NOT EXISTS (SELECT FROM app.form_draft d WHERE d.assignment_id IN (i.id, c.id))
      ORDER BY p.starts_at DESC, p.id LIMIT 1),
    made AS (
      INSERT INTO app.link (tenant_id, purpose, client_id, appointment_id, token_hash, expires_at)
      SELECT tenant_id, 'form', client_id, id, sha256(gen_random_uuid()::text::bytea), now() + interval '1 day' FROM chosen
      RETURNING id)
    SELECT made.id, client_id, intake, consent FROM chosen, made`, h.tenantId(label), taken.join(","))[0];
  taken.push(client);
  return { label, link, client, intake, consent, v: session(label, link), at: `/v/${link}/forms` };
}

// A new client with a form of her own that asks for files: "picture" must be answered, "letter" is asked after a yes to "has_letter"; and for regions of the body ("areas") and a signature of its own ("shown"). The
// form is made once for each studio.
const pictured = new Map();
async function withFiles(label) {
  const tenant = h.tenantId(label), inside = "SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\n";
  if (!pictured.has(label)) {
    const [form, version] = [h.uuid(), h.uuid()];
    h.sql(`${inside} INSERT INTO app.form (tenant_id, id, name, kind) VALUES (:'v1', :'v2', 'Files ' || left(:'v2', 8), 'intake');
      INSERT INTO app.form_version (tenant_id, id, form_id, version, title, body) VALUES (:'v1', :'v3', :'v2', 1, 'What we should see', 'It becomes part of your record.');
      INSERT INTO app.form_question (tenant_id, form_version_id, position, key, kind, label, is_required, when_key, when_value) VALUES
        (:'v1', :'v3', 1, 'reason', 'text', 'What is it about?', false, NULL, NULL), (:'v1', :'v3', 2, 'picture', 'file', 'A picture of it', true, NULL, NULL),
        (:'v1', :'v3', 3, 'has_letter', 'yes_no', 'Is there a letter about it?', false, NULL, NULL), (:'v1', :'v3', 4, 'letter', 'file', 'The letter', false, 'has_letter', 'yes'),
        (:'v1', :'v3', 5, 'areas', 'body', 'Where is it?', false, NULL, NULL), (:'v1', :'v3', 6, 'shown', 'signature', 'You may show it to a colleague', false, NULL, NULL);
      UPDATE app.form_version SET published_at = now() WHERE id = :'v3'`, tenant, form, version);
    pictured.set(label, form);
  }
  const added = await (await h.staff(label, "front-desk")).submit("/clients/new", { name: `Files ${h.uuid().slice(0, 8)}`, birth_date: "1990-01-01" }, { action: "/clients/new" });
  const client = added.location.match(/^\/clients\/([0-9a-f-]{36})$/)[1], form = h.uuid(), link = h.uuid();
  h.sql(`${inside} INSERT INTO app.form_assignment (tenant_id, id, client_id, form_id) VALUES (:'v1', :'v4', :'v3', :'v2');
    INSERT INTO app.link (tenant_id, id, purpose, client_id, token_hash, expires_at) VALUES (:'v1', :'v5', 'form', :'v3', sha256(gen_random_uuid()::text::bytea), now() + interval '1 day')`,
  tenant, pictured.get(label), client, form, link);
  return { label, link, client, form, v: session(label, link), at: `/v/${link}/forms`, questions: `/v/${link}/forms/${form}` };
}

// A new client with a form of every kind of question, in English and Spanish, of which one must be answered ("texto"). prefers: the language on
// her record, or "". The form is made once for each studio.
const spoken = new Map();
function inTwoLanguages(label) {
  if (spoken.has(label)) return spoken.get(label);
  const tenant = h.tenantId(label), [form, version] = [h.uuid(), h.uuid()], inside = "SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\n";
  const kinds = [["texto", "text"], ["largo", "long"], ["fecha", "date"], ["numero", "number"], ["elige", "choice"], ["marca", "multi"], ["si_no", "yes_no"], ["alergias", "allergies"],
    ["medicinas", "medications"], ["zonas", "body"], ["iniciales", "initials"], ["acepta", "acknowledge"], ["archivo", "file"], ["firma", "signature"]];
  h.sql(`${inside} INSERT INTO app.form (tenant_id, id, name, kind) VALUES (:'v1', :'v2', 'Words ' || left(:'v2', 8), 'intake');
    INSERT INTO app.form_version (tenant_id, id, form_id, version, title, body) VALUES (:'v1', :'v3', :'v2', 1, 'English title', 'English wording.');
    INSERT INTO app.form_translation (tenant_id, form_version_id, language, title, body) VALUES (:'v1', :'v3', 'es', 'Título en español', 'Texto en español.');
    WITH q AS (INSERT INTO app.form_question (tenant_id, form_version_id, position, key, kind, label, options, is_required, follow_up_label, unit)
               SELECT :'v1', :'v3', k.n, k.key, k.kind, 'English ' || k.key, CASE WHEN k.kind IN ('choice', 'multi') THEN ARRAY['One', 'Two'] ELSE '{}' END, k.key = 'texto',
                      CASE WHEN k.kind = 'yes_no' THEN 'English detail' END, CASE WHEN k.kind = 'number' THEN 'pounds' END
               FROM unnest(string_to_array(:'v4', ','), string_to_array(:'v5', ',')) WITH ORDINALITY AS k (key, kind, n) RETURNING id, key, kind)
    INSERT INTO app.form_question_translation (tenant_id, form_version_id, question_id, language, label, help, options, follow_up_label, unit)
    SELECT :'v1', :'v3', q.id, 'es', 'Pregunta ' || q.key, '', CASE WHEN q.kind IN ('choice', 'multi') THEN ARRAY['Uno', 'Dos'] ELSE '{}' END,
           CASE WHEN q.kind = 'yes_no' THEN 'Detalle' END, CASE WHEN q.kind = 'number' THEN 'libras' END FROM q;
    UPDATE app.form_version SET published_at = now() WHERE id = :'v3'`, tenant, form, version, kinds.map(([key]) => key).join(), kinds.map(([, kind]) => kind).join());
  spoken.set(label, form);
  return form;
}
async function reader(label, prefers) {
  const form = inTwoLanguages(label), inside = "SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\n";
  const added = await (await h.staff(label, "front-desk")).submit("/clients/new", { name: `Zoila Prueba ${h.uuid().slice(0, 8)}`, birth_date: "1990-01-01", email: `${h.uuid()}@mail.example`, is_new: "true" }, { action: "/clients/new" });
  const client = added.location.match(/^\/clients\/([0-9a-f-]{36})$/)[1], which = h.uuid(), link = h.uuid();
  h.sql(`${inside} UPDATE app.client SET preferred_language = nullif(:'v6', '') WHERE id = :'v2';
    INSERT INTO app.form_assignment (tenant_id, id, client_id, form_id) VALUES (:'v1', :'v4', :'v2', :'v3');
    INSERT INTO app.link (tenant_id, id, purpose, client_id, token_hash, expires_at) VALUES (:'v1', :'v5', 'form', :'v2', sha256(gen_random_uuid()::text::bytea), now() + interval '1 day')`,
  h.tenantId(label), client, form, which, link, prefers);
  return { label, client, which, link, v: session(label, link), at: `/v/${link}/forms`, home: `/v/${link}`, page: `/v/${link}/forms/${which}` };
}

module.exports = { session, somebody, withFiles, reader };
