// samples.js -- for each kind of id in a path, one of a studio's own, so that every page can be
// asked for. A page with a parameter that is not listed here fails the run: add it.
"use strict";
const { one, sql, tenantId, uuid } = require("./harness");

// Lots that few have received come first, for a page names all of them; those that nobody has come last.
const lots = `(SELECT l.id, l.product_id FROM app.product_lot l CROSS JOIN LATERAL (SELECT count(*) FROM app.encounter_product x WHERE x.tenant_id = l.tenant_id AND x.lot_id = l.id) AS n (received)
  WHERE l.tenant_id = :'t' ORDER BY n.received = 0, n.received, l.received_on, l.id) AS lots`;
// Somebody's treatment whom no test opens, nor finds: without triggers.
const nobody = `SET session_replication_role = replica; WITH c AS (INSERT INTO app.client (tenant_id, name, is_active) VALUES (:'t'::uuid, 'A sample of nobody', false) RETURNING tenant_id, id),
  e AS (INSERT INTO app.encounter (tenant_id, client_id, provider_id, done_on, noted_by) SELECT c.tenant_id, c.id, f.id, '2026-01-01', f.id
    FROM c, LATERAL (SELECT f.id FROM app.staff f WHERE f.tenant_id = c.tenant_id AND NOT f.is_support ORDER BY f.position, f.id LIMIT 1) AS f RETURNING *)`;
// The first signature that was given, of somebody who is still somebody: of the demo. (By their ids it would be any test's.)
const signed = `(SELECT s.* FROM app.signature s JOIN app.client_key k ON k.tenant_id = s.tenant_id AND k.client_id = s.client_id AND k.destroyed_at IS NULL
  WHERE s.tenant_id = :'t' ORDER BY s.signed_at, s.id LIMIT 1)`;
const statements = {
  messaging_wording_id: "SELECT id FROM app.messaging_wording WHERE tenant_id = :'t' ORDER BY channel, purpose, version DESC LIMIT 1",
  service_id: "SELECT id FROM app.service WHERE tenant_id = :'t' AND is_active AND is_online ORDER BY name LIMIT 1",
  addon_id: "WITH made AS (INSERT INTO app.addon (tenant_id, name) SELECT :'t'::uuid, 'A sample' WHERE NOT EXISTS (SELECT FROM app.addon WHERE tenant_id = :'t') RETURNING id) SELECT id FROM made UNION ALL (SELECT id FROM app.addon WHERE tenant_id = :'t' ORDER BY position, id) LIMIT 1",
  resource_id: "SELECT id FROM app.resource WHERE tenant_id = :'t' AND kind = 'room' ORDER BY position, id LIMIT 1",
  closure_id: "WITH made AS (INSERT INTO app.closure (tenant_id, starts_local, ends_local, reason) VALUES (:'t'::uuid, '2031-01-01', '2031-01-02', 'A sample') RETURNING id) SELECT id FROM made",
  licence_id: "WITH made AS (INSERT INTO app.staff_licence (tenant_id, staff_id, kind, valid_to) SELECT f.tenant_id, f.id, 'A sample', '2040-01-01' FROM app.staff f WHERE f.tenant_id = :'t' AND NOT f.is_support ORDER BY f.position, f.id LIMIT 1 RETURNING id) SELECT id FROM made",
  time_off_id: "WITH made AS (INSERT INTO app.time_off (tenant_id, staff_id, starts_at, ends_at, reason, state) SELECT f.tenant_id, f.id, '2031-02-01', '2031-02-02', 'A sample', 'asked' FROM app.staff f WHERE f.tenant_id = :'t' AND NOT f.is_support ORDER BY f.position, f.id LIMIT 1 RETURNING id) SELECT id FROM made",
  calendar_id: "WITH made AS (INSERT INTO app.outside_calendar (tenant_id, staff_id, name, host, url_sealed, next_at) SELECT f.tenant_id, f.id, 'A sample', 'calendar.example', '\\x00', 'infinity' FROM app.staff f WHERE f.tenant_id = :'t' AND NOT f.is_support ORDER BY f.position, f.id LIMIT 1 RETURNING id) SELECT id FROM made",
  hold_id: "SELECT id FROM app.appointment WHERE tenant_id = :'t' AND status IN ('held','expired') LIMIT 1",
  link_id: "SELECT id FROM app.link WHERE tenant_id = :'t' ORDER BY created_at DESC LIMIT 1",
  // A form with a draft in two languages: its pages are open.
  form_id: "SELECT v.form_id FROM app.form_version v JOIN app.form_translation t ON t.tenant_id = v.tenant_id AND t.form_version_id = v.id WHERE v.tenant_id = :'t' AND v.published_at IS NULL ORDER BY v.created_at, v.id LIMIT 1",
  form_version_id: "SELECT v.id FROM app.form_version v JOIN app.form_translation t ON t.tenant_id = v.tenant_id AND t.form_version_id = v.id WHERE v.tenant_id = :'t' AND v.published_at IS NULL ORDER BY v.created_at, v.id LIMIT 1",
  question_id: "SELECT q.id FROM app.form_version v JOIN app.form_translation t ON t.tenant_id = v.tenant_id AND t.form_version_id = v.id JOIN app.form_question q ON q.tenant_id = v.tenant_id AND q.form_version_id = v.id WHERE v.tenant_id = :'t' AND v.published_at IS NULL ORDER BY v.created_at, v.id, q.position LIMIT 1",
  language: "SELECT 'es'",
  client_id: `SELECT client_id FROM ${signed} AS s`,
  appointment_id: "SELECT id FROM app.appointment WHERE tenant_id = :'t' AND status = 'booked' AND starts_at > now() ORDER BY starts_at LIMIT 1",
  series_id: "SELECT s.id FROM app.series s JOIN app.appointment a ON a.tenant_id = s.tenant_id AND a.series_id = s.id AND a.starts_at > now() WHERE s.tenant_id = :'t' AND s.ended_at IS NULL ORDER BY s.created_at LIMIT 1",
  entry_id: "SELECT id FROM app.waitlist_entry WHERE tenant_id = :'t' AND state = 'waiting' ORDER BY joined_at LIMIT 1",
  assignment_id: "SELECT id FROM app.form_assignment WHERE tenant_id = :'t' AND app.form_is_due(state, due_by) ORDER BY created_at, id LIMIT 1",
  signature_id: `SELECT id FROM ${signed} AS s`,
  // One that was removed: its pages say so with 204.
  media_id: `WITH made AS (INSERT INTO app.media (tenant_id, id, client_id, kind, type, bytes, removed_at) SELECT tenant_id, gen_random_uuid(), client_id, 'form', 'image/jpeg', 1, now() FROM ${signed} AS s RETURNING id) SELECT id FROM made`,
  question_key: "SELECT 'picture'",
  contact_id: `SET session_replication_role = replica; WITH made AS (INSERT INTO app.client_contact (tenant_id, client_id, kind, value) SELECT tenant_id, client_id, 'email', 'sample.' || gen_random_uuid() || '@mail.example' FROM ${signed} AS s RETURNING id) SELECT id FROM made`,
  guardian_id: `SET session_replication_role = replica; WITH made AS (INSERT INTO app.client_guardian (tenant_id, client_id, name, relation) SELECT tenant_id, client_id, 'A sample', 'other' FROM ${signed} AS s RETURNING id) SELECT id FROM made`,
  pregnancy_id: `SET session_replication_role = replica; WITH made AS (INSERT INTO app.client_pregnancy (tenant_id, client_id, due_date, ended_on) SELECT tenant_id, client_id, '2019-01-01', '2019-01-01' FROM ${signed} AS s RETURNING id) SELECT id FROM made`,
  joined_id: `SET session_replication_role = replica; WITH c AS (INSERT INTO app.client (tenant_id, name) VALUES (:'t'::uuid, 'A sample that was joined') RETURNING tenant_id, id),
    made AS (INSERT INTO app.client_merged (tenant_id, client_id, into_id) SELECT c.tenant_id, c.id, s.client_id FROM c, ${signed} AS s RETURNING id) SELECT id FROM made`,
  field_id: "SET session_replication_role = replica; INSERT INTO app.client_field (tenant_id, name, kind) VALUES (:'t', 'A sample', 'text') ON CONFLICT (tenant_id, name) DO UPDATE SET retired_at = NULL RETURNING id",
  tag_id: "SELECT id FROM app.tag WHERE tenant_id = :'t' ORDER BY name LIMIT 1",
  chart_copy_id: `WITH made AS (INSERT INTO app.chart_copy (tenant_id, client_id, asked_by) SELECT s.tenant_id, s.client_id, f.id FROM ${signed} AS s JOIN app.staff f ON f.tenant_id = s.tenant_id AND starts_with(f.email_norm, 'owner@') ORDER BY f.id LIMIT 1 RETURNING id) SELECT id FROM made`,
  message_id: "SELECT id FROM app.message WHERE tenant_id = :'t' AND NOT starts_with(kind, 'account_') ORDER BY created_at, id LIMIT 1",
  note_id: "SELECT id FROM app.chart_note WHERE tenant_id = :'t' ORDER BY id LIMIT 1",
  medication_id: "SELECT id FROM app.medication WHERE tenant_id = :'t' ORDER BY id LIMIT 1",
  condition_id: "SELECT id FROM app.health_condition WHERE tenant_id = :'t' ORDER BY id LIMIT 1",
  product_id: `SELECT product_id FROM ${lots} LIMIT 1`,
  lot_id: `SELECT id FROM ${lots} LIMIT 1`,
  paper_id: `WITH lot AS (SELECT id FROM ${lots} LIMIT 1), made AS (INSERT INTO app.recall_paper (tenant_id, lot_id, body, made_by) SELECT :'t'::uuid, lot.id, 'Please call us.', (SELECT id FROM app.staff WHERE tenant_id = :'t' ORDER BY id LIMIT 1)
    FROM lot WHERE NOT EXISTS (SELECT FROM app.recall_paper p WHERE p.tenant_id = :'t' AND p.lot_id = lot.id) RETURNING id)
    SELECT id FROM made UNION ALL SELECT p.id FROM app.recall_paper p JOIN lot ON lot.id = p.lot_id WHERE p.tenant_id = :'t' LIMIT 1`,
  encounter_id: `INSERT INTO app.encounter (tenant_id, client_id, provider_id, done_on, noted_by) SELECT :'t'::uuid, (SELECT client_id FROM ${signed} AS s), f.id, '2026-01-01', f.id FROM app.staff f WHERE f.tenant_id = :'t' AND NOT f.is_support ORDER BY f.position, f.id LIMIT 1 RETURNING id`,
  point_id: "SELECT id FROM app.body_point WHERE tenant_id = :'t' ORDER BY id LIMIT 1",
  plan_id: "SELECT id FROM app.treatment_plan WHERE tenant_id = :'t' ORDER BY id LIMIT 1",
  step_id: "SELECT id FROM app.plan_step WHERE tenant_id = :'t' ORDER BY plan_id, position LIMIT 1",
  line_id: "SELECT id FROM app.encounter_product WHERE tenant_id = :'t' ORDER BY id LIMIT 1",
  // (what opens for nobody stands in the chart of somebody whom no test opens)
  advice_id: `${nobody} INSERT INTO app.encounter_advice (tenant_id, client_id, encounter_id, advice_sealed, noted_by) SELECT e.tenant_id, e.client_id, e.id, '\\x00', e.noted_by FROM e RETURNING id`,
  setting_id: `${nobody} INSERT INTO app.encounter_device (tenant_id, client_id, encounter_id, device_id, settings_sealed, noted_by) SELECT e.tenant_id, e.client_id, e.id, r.id, '\\x00', e.noted_by FROM e JOIN app.resource r ON r.tenant_id = e.tenant_id AND r.kind <> 'staff' ORDER BY r.id LIMIT 1 RETURNING id`,
  template_id: "WITH made AS (INSERT INTO app.note_template (tenant_id, name, body) SELECT :'t'::uuid, 'A sample', 'A sample' WHERE NOT EXISTS (SELECT FROM app.note_template WHERE tenant_id = :'t') RETURNING id) SELECT id FROM made UNION ALL (SELECT id FROM app.note_template WHERE tenant_id = :'t' ORDER BY position, id) LIMIT 1",
  allergy_id: "SELECT id FROM app.allergy WHERE tenant_id = :'t' ORDER BY id LIMIT 1",
  staff_id: "SELECT id FROM app.staff WHERE tenant_id = :'t' AND NOT is_support ORDER BY is_active DESC, position, id LIMIT 1",
  location_id: "SELECT id FROM app.location WHERE tenant_id = :'t' ORDER BY position, id LIMIT 1",
  event_id: "SELECT id FROM audit.event WHERE tenant_id = :'t' ORDER BY at, id LIMIT 1",
  // Nobody's in the demo data, so one that opens nothing: without triggers, its person is not taken to have a second factor.
  passkey_id: `SET session_replication_role = replica;
    INSERT INTO sec.passkey (tenant_id, id, staff_id, credential_id, algorithm, public_key, name)
    SELECT f.tenant_id, gen_random_uuid(), f.id, decode(md5(f.id::text), 'hex'), -7, decode(repeat('00', 64), 'hex'), 'A sample'
    FROM app.staff f WHERE f.tenant_id = :'t' ORDER BY f.email_norm LIMIT 1 ON CONFLICT DO NOTHING;
    SELECT id FROM sec.passkey WHERE tenant_id = :'t' AND name = 'A sample'`,
  // A file that was read in, so that every page about it is there; nobody came of it.
  import_id: "WITH made AS (INSERT INTO app.client_import (tenant_id, state, separator, n_columns, n_rows, columns, made_at) SELECT :'t'::uuid, 'checked', ',', 1, 1, '{name}', now() - interval '1 year' WHERE NOT EXISTS (SELECT FROM app.client_import WHERE tenant_id = :'t' AND state = 'checked' AND made_at < now() - interval '1 month') RETURNING id) SELECT id FROM made UNION ALL (SELECT id FROM app.client_import WHERE tenant_id = :'t' AND state = 'checked' AND made_at < now() - interval '1 month' LIMIT 1)",
  export_id: "WITH made AS (INSERT INTO app.trail_export (tenant_id, kind, from_day, to_day, state, n_rows, n_bytes) VALUES (:'t'::uuid, 'csv', '2020-01-01', '2020-01-01', 'ready', 0, 0) RETURNING id) SELECT id FROM made",
  demo_request_id: "SELECT id FROM app.demo_request WHERE tenant_id = :'t' ORDER BY created_at LIMIT 1",
  grant_id: "SELECT id FROM app.support_grant WHERE tenant_id = :'t' ORDER BY asked_at LIMIT 1",
  business: "SELECT slug FROM app.tenant WHERE id <> :'t' AND slug = 'glow'",
  asked_grant: "SELECT id FROM app.support_grant WHERE tenant_id <> :'t' ORDER BY asked_at LIMIT 1",
  role_id: "SELECT id FROM app.role WHERE tenant_id = :'t' AND slug IN ('front-desk', 'operator') ORDER BY slug LIMIT 1",
  emergency_id: "SELECT id FROM app.emergency WHERE tenant_id = :'t' ORDER BY opened_at, id LIMIT 1",
  day: "SELECT current_date::text",
  version: "SELECT 1",
  kind: "SELECT 'privacy'",
  table: "SELECT 'providers'",
};
// Ids that name a studio's row; another studio must not reach it.
const owned = new Set(Object.keys(statements).filter((k) => !["day", "version", "kind", "language", "table", "business", "asked_grant", "question_key"].includes(k)));

const cache = new Map();
function sample(label, name) {
  if (name === "token") return "A".repeat(43);
  const statement = statements[name];
  if (!statement) throw new Error(`no sample for {${name}}: add one to tests/http/samples.js`);
  const key = `${label} ${name}`;
  if (!cache.has(key))
    cache.set(key, one(statement.replaceAll(":'t'", ":'v1'"), tenantId(label)));
  return cache.get(key);
}
const paramsOf = (page) => [...page.path.matchAll(/\{(\w+):(\w+)\}/g)].map(([, name, kind]) => ({ name, kind }));
// Path of a page with ids of a studio; undefined when the studio has no such row.
function fill(page, label, replace = {}) {
  let missing = false;
  const out = page.path.replace(/\{(\w+):(\w+)\}/g, (m, name, kind) => {
    const v = replace[name] ?? sample(label, name);
    if (!v) missing = true;
    return kind === "ics" ? `${v}.ics` : v;
  });
  return missing ? undefined : out;
}
module.exports = { sample, fill, paramsOf, owned, sql, uuid };
