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
// A new client with a visit to come, three weeks ahead or more, that asks for both, and a link to them. Nobody of the demo, and nobody who has
// booked: what either has said, signed or is waiting for differs from one run to the next. The visits are with a provider of their own.
const provider = new Map();
let visits = 0;
async function somebody(label) {
  const tenant = h.tenantId(label);
  if (!provider.has(label)) {
    provider.set(label, h.uuid());
    h.sql(`SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null
      INSERT INTO app.staff (tenant_id, id, name, email, is_provider, position) VALUES (:'v1', :'v2', 'Zz Asker', :'v2' || '@test.example', true, 900)`, tenant, provider.get(label));
  }
  const values = { name: `Asked ${h.uuid().slice(0, 8).replace(/\d/g, "x")}`, birth_date: "1988-03-09", email: `${h.uuid()}@mail.example`, phone: `(646) ${crypto.randomInt(200, 999)}-${crypto.randomInt(1000, 9999)}` };
  const client = await h.addClient(await h.staff(label, "owner"), values);
  const [link, intake, consent] = h.sql(`SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null
    INSERT INTO app.appointment (tenant_id, id, client_id, service_id, staff_id, location_id, starts_at, ends_at, status)
    SELECT l.tenant_id, :'v5', :'v2', x.service_id, :'v3', l.id, t.at, t.at + interval '45 minutes', 'booked'
    FROM (SELECT * FROM app.location WHERE tenant_id = :'v1' AND is_active ORDER BY position, name LIMIT 1) AS l
    CROSS JOIN LATERAL (SELECT ((now() AT TIME ZONE l.zone)::date + 21 + :'v4'::int / 8 + time '09:00' + make_interval(hours => :'v4'::int % 8)) AT TIME ZONE l.zone AS at) AS t
    CROSS JOIN (SELECT i.service_id FROM app.service_form i JOIN app.form fi ON fi.id = i.form_id AND fi.name IN (${INTAKES})
                JOIN app.service_form c ON c.tenant_id = i.tenant_id AND c.service_id = i.service_id JOIN app.form fc ON fc.id = c.form_id AND fc.name IN (${CONSENTS})
                JOIN app.service s ON s.id = i.service_id WHERE i.tenant_id = :'v1' AND s.is_active ORDER BY s.position, s.id LIMIT 1) AS x;
    INSERT INTO app.form_assignment (tenant_id, client_id, appointment_id, form_id, due_by, position)
    SELECT a.tenant_id, a.client_id, a.id, x.form_id, a.starts_at, x.position FROM app.appointment a JOIN app.service_form x ON x.tenant_id = a.tenant_id AND x.service_id = a.service_id
    JOIN app.form f ON f.id = x.form_id AND f.name IN (${INTAKES}, ${CONSENTS}) WHERE a.id = :'v5';
    SELECT app.visit_forms(:'v5') \\g /dev/null
    WITH made AS (
      INSERT INTO app.link (tenant_id, purpose, client_id, appointment_id, token_hash, expires_at)
      VALUES (:'v1', 'form', :'v2', :'v5', sha256(gen_random_uuid()::text::bytea), now() + interval '1 day') RETURNING id)
    SELECT made.id, i.id, c.id FROM made, app.form_assignment i JOIN app.form fi ON fi.id = i.form_id AND fi.name IN (${INTAKES}),
      app.form_assignment c JOIN app.form fc ON fc.id = c.form_id AND fc.name IN (${CONSENTS})
    WHERE i.appointment_id = :'v5' AND c.appointment_id = :'v5'`, tenant, client, provider.get(label), String(visits++), h.uuid())[0];
  return { label, link, client, name: values.name, email: values.email, intake, consent, v: session(label, link), at: `/v/${link}/forms` };
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
  const client = await h.addClient(await h.staff(label, "front-desk"), { name: `Files ${h.uuid().slice(0, 8)}`, birth_date: "1990-01-01" }), form = h.uuid(), link = h.uuid();
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
  const client = await h.addClient(await h.staff(label, "front-desk"), { name: `Zoila Prueba ${h.uuid().slice(0, 8)}`, birth_date: "1990-01-01", email: `${h.uuid()}@mail.example` }), which = h.uuid(), link = h.uuid();
  h.sql(`${inside} UPDATE app.client SET preferred_language = nullif(:'v6', '') WHERE id = :'v2';
    INSERT INTO app.form_assignment (tenant_id, id, client_id, form_id) VALUES (:'v1', :'v4', :'v2', :'v3');
    INSERT INTO app.link (tenant_id, id, purpose, client_id, token_hash, expires_at) VALUES (:'v1', :'v5', 'form', :'v2', sha256(gen_random_uuid()::text::bytea), now() + interval '1 day')`,
  h.tenantId(label), client, form, which, link, prefers);
  return { label, client, which, link, v: session(label, link), at: `/v/${link}/forms`, home: `/v/${link}`, page: `/v/${link}/forms/${which}` };
}

module.exports = { session, somebody, withFiles, reader };
