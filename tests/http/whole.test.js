// whole.test.js -- the trail lacks nothing and invents nothing (SECURITY.md, T16): for every page of
// `foyer routes --json`, and for every request that the tests before this one made.
"use strict";
const { test, describe } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const h = require("./harness");
const { fill } = require("./samples");
const { session, somebody } = require("./form_client");
const booking = require("./booking_client");

const pages = h.routes();
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
const name = (p) => `${p.method} ${p.realm} ${p.path}`;
const naughty = require("./naughty"); // names that other tests gave to clients, demo requests and all else alike say nothing
const people = h.sql("SELECT id, name, coalesce(email, ''), coalesce(phone, '') FROM app.client")
  .filter(([, full]) => !full.includes(" ¦ ") && !naughty.all.some((text) => text.trim() === full || text === full)).map(([id, full, email, phone]) => ({ id, full, email, phone }));
const escaped = (s) => s.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

// Clients of whom a text says anything: each as the ids that may be meant (several may share a name, a phone, an address).
function shownIn(text) {
  const ids = new Set([...text.matchAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g)].map(([x]) => x));
  return people.filter((p) => ids.has(p.id) || (p.email && text.includes(p.email)) || (p.phone && text.includes(p.phone)) ||
    (p.full.length > 6 && new RegExp(`(^|[^\\p{L}])${escaped(p.full)}($|[^\\p{L}])`, "u").test(text)))
    .map((p) => ({ who: p, mayBe: people.filter((q) => q.id === p.id || q.full === p.full || (p.email && q.email === p.email) || (p.phone && q.phone === p.phone)).map((q) => q.id) }));
}

// Links of clients that open their pages: to a visit, to forms that are due, to one that is signed.
let links;
async function linkTargets() {
  if (links) return links;
  const due = await somebody("glow");
  const signed = h.sql(`WITH one AS (
      SELECT a.tenant_id, a.client_id, a.appointment_id, a.id FROM app.signature s JOIN app.form_assignment a ON a.tenant_id = s.tenant_id AND a.id = s.assignment_id
      WHERE s.tenant_id = :'v1'::uuid AND a.appointment_id IS NOT NULL ORDER BY s.id LIMIT 1), made AS (
      INSERT INTO app.link (tenant_id, purpose, client_id, appointment_id, token_hash, expires_at)
      SELECT tenant_id, 'form', client_id, appointment_id, sha256(gen_random_uuid()::text::bytea), now() + interval '1 day' FROM one RETURNING id)
    SELECT made.id, one.id FROM one, made`, h.tenantId("glow"))[0];
  // The demo's form that asks for pictures: due for one (of those who have booked since, perhaps), signed by another with what she attached.
  const [[asking, asked], [hers, herForm, herFile]] = h.sql(`SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null
    WITH pictured AS (SELECT DISTINCT ON (a.state) a.id, a.client_id, a.state, f.id AS file FROM app.form_assignment a
      JOIN app.form o ON o.tenant_id = a.tenant_id AND o.id = a.form_id AND o.name = 'Skin, in pictures'
      LEFT JOIN app.form_file f ON f.tenant_id = a.tenant_id AND f.assignment_id = a.id
      WHERE a.tenant_id = :'v1' AND (a.state = 'due' OR a.state = 'signed' AND f.id IS NOT NULL) ORDER BY a.state, a.id, f.id), made AS (
      INSERT INTO app.link (tenant_id, purpose, client_id, token_hash, expires_at)
      SELECT :'v1'::uuid, 'form', client_id, sha256(gen_random_uuid()::text::bytea), now() + interval '1 day' FROM pictured RETURNING id, client_id)
    SELECT made.id, pictured.id, pictured.file FROM pictured JOIN made USING (client_id) ORDER BY pictured.state`, h.tenantId("glow"));
  const c = booking.corner("glow", {});
  const visit = await booking.book(c);
  booking.close(c);
  const other = h.sql(`SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null
    INSERT INTO app.appointment (tenant_id, client_id, service_id, staff_id, location_id, starts_at, ends_at, status)
    SELECT tenant_id, client_id, service_id, staff_id, location_id, starts_at + interval '1 day', ends_at + interval '1 day', 'booked' FROM app.appointment WHERE id = :'v2' RETURNING id`,
  h.tenantId("glow"), visit.appointment)[0][0];
  people.push({ id: visit.client, full: visit.values.name, email: visit.values.email, phone: "" }, { id: due.client, full: due.name, email: due.email, phone: "" });
  links = {
    "/v/{link_id:uuid}/forms": [due.v, due.at],
    "/v/{link_id:uuid}/forms/{assignment_id:uuid}": [due.v, `${due.at}/${due.intake}`],
    "/v/{link_id:uuid}/forms/{assignment_id:uuid}/consent": [due.v, `${due.at}/${due.consent}/consent`],
    "/v/{link_id:uuid}/forms/{assignment_id:uuid}/copy": [session("glow", signed[0]), `/v/${signed[0]}/forms/${signed[1]}/copy`],
    "/v/{link_id:uuid}/forms/{assignment_id:uuid}/signed-form.pdf": [session("glow", signed[0]), `/v/${signed[0]}/forms/${signed[1]}/signed-form.pdf`],
    "/v/{link_id:uuid}/forms/{assignment_id:uuid}/files/{question_key:slug}": [session("glow", asking), `/v/${asking}/forms/${asked}/files/picture`],
  };
  for (const part of ["whole", "small"]) links[`/v/{link_id:uuid}/forms/{assignment_id:uuid}/files/{media_id:uuid}/${part}`] = [session("glow", hers), `/v/${hers}/forms/${herForm}/files/${herFile}/${part}`];
  for (const end of ["", "/visit.ics", "/move"]) links[`/v/{link_id:uuid}/visits/{appointment_id:uuid}${end}`] = [visit.v, `${visit.at}/visits/${other}${end}`];
  for (const end of ["waitlist", "booked", "visit", "visit.ics", "move", "looked", "allowed", "correct"]) links[`/v/{link_id:uuid}/${end}`] = [visit.v, `${visit.at}/${end}`];
  return links;
}
async function ask(p) {
  if (p.door === "staff") {
    const [label, role] = p.realm === "operator" ? ["ops", "operator"] : ["glow", p.permission === "chart_emergency" ? "provider" : "owner"];
    const v = await h.staff(label, role);
    return v.get(fill(p, label));
  }
  const [v, target] = (await linkTargets())[p.path];
  return v.get(target);
}
const readable = pages.filter((p) => p.method === "GET" && (p.door === "staff" || p.door === "link"));

describe("T16 A-02: a page leaves exactly its row, and the row names everybody of whom the page says anything", () => {
  for (const p of readable)
    test(name(p), async () => {
      const r = await ask(p);
      assert.ok([200, 204, 303].includes(r.status), `answered ${r.status}`);
      const rows = h.trail(r.id), shown = r.status === 200 ? shownIn(h.decode(r.text)) : [];
      if (!p.action) {
        assert.deepEqual(rows, []);
        assert.deepEqual(shown.map(({ who }) => who.full), [], "clients, and the page declares no action");
        return;
      }
      assert.deepEqual(rows.map((e) => [e.action, e.outcome]), [[p.action, "ok"]]);
      for (const { who, mayBe } of shown) assert.ok(mayBe.some((id) => rows[0].clients.includes(id)), `${who.id} is shown, and not named`);
    });
});

describe("T16: what all tests did until now, request by request", () => {
  const logs = () => fs.readdirSync(path.join(h.env.vardir, "log")).filter((f) => f.endsWith(".log") && !["access.log", "harden.log"].includes(f)); // also of budget.test.js's own pool
  const requests = () => logs().flatMap((f) => fs.readFileSync(path.join(h.env.vardir, "log", f), "utf8").split("\n"))
    .filter((l) => l.includes('"event":"request"')).map((l) => JSON.parse(l));
  test("every answer of a page that discloses has its row; every row has its request", async () => {
    await sleep(300);
    const since = h.one("SELECT min(at) FROM audit.event WHERE request_id IS NOT NULL");
    const rows = new Map();
    for (const [id, action, outcome, kind, clients, agent] of h.sql("SELECT request_id, action, outcome, actor_kind, cardinality(client_ids), agent FROM audit.event WHERE request_id IS NOT NULL AND agent IS DISTINCT FROM 'harden.test.js'")) // (through a pool that it killed)
      rows.set(id, [...(rows.get(id) || []), { action, outcome, kind, clients: Number(clients), agent }]);
    const actions = new Map(pages.map((p) => [`${p.method} ${p.path}`, p]));
    let compared = 0;
    const seen = new Set(), named = new Map(), abouts = /\{(client_id|appointment_id|assignment_id|link_id|hold_id)|^\/(clients|appointments|series|waitlist)\/new$/;
    for (const l of requests()) {
      seen.add(l.request);
      const { action, door } = actions.get(`${l.method} ${l.route}`) || {};
      // (A GET that redirects leads to the log-in, a link's POST may lead back to its door.)
      const told = l.status === "200" || (l.status === "303" && l.method === "POST" && door === "staff");
      if (!action || !told || new Date(l.at) < new Date(since)) continue;
      compared++;
      const own = (rows.get(l.request) || []).filter((e) => e.action === action && e.outcome === "ok");
      assert.equal(own.length, 1, `${l.method} ${l.route} ${l.status} ${l.request}: ${own.length} rows '${action}'`);
      // What is shown or downloaded of a client names her, and so does what is done to her (but for a form sent twice: it does nothing).
      if (l.method === "POST" && abouts.test(l.route)) named.set(l.route, (named.get(l.route) || 0) + own[0].clients);
      if (l.method === "GET" && /\{(client_id|link_id|assignment_id)/.test(l.route) && !/^\/audit/.test(l.route))
        assert.ok(own[0].clients > 0, `${l.method} ${l.route} ${l.status} ${l.request}: the row '${action}' names nobody`);
    }
    assert.deepEqual([...named].filter(([, n]) => n === 0), [], "forms about clients whose rows name none");
    assert.ok(compared > 20, `only ${compared} requests`);
    // Of a worker that a test killed between its commit and its answer nginx alone tells: the visitor was answered 503.
    const cut = new Set(fs.readFileSync(path.join(h.env.vardir, "log", "access.log"), "utf8").split("\n").filter((l) => /"status":(50[234]|499),/.test(l)).map((l) => JSON.parse(l).request_id));
    const orphans = [...rows].filter(([id, es]) => !seen.has(id) && !cut.has(id) && es.some((e) => e.kind !== "job" && e.kind !== "system" && e.agent !== "fastcgi.js")); // (a pool of a test's own, which keeps no log)
    assert.deepEqual(orphans.slice(0, 5), [], "rows of requests that nobody made");
  });
});

describe("A-03: when the trail cannot be written no page with client data is answered, and none of it leaves", () => {
  const columns = "tenant_id, actor_kind, actor_id, session_id, link_id, ip, agent, action, object_kind, object_id, client_ids, fields, outcome, reason, request_id";
  test("INSERT is revoked: 503 for every such page, without a byte of anybody", async () => {
    const targets = readable.filter((p) => p.action);
    for (const p of targets) await ask(p); // logs in and makes what is missing, while that can be written
    const v = await h.staff("glow", "owner");
    const keys = h.formOf((await v.get("/settings")).text, "/logout").values;
    h.sql("REVOKE INSERT ON audit.event FROM foyer_auth, foyer_disclosure");
    try {
      for (const p of targets) {
        const r = await ask(p);
        assert.equal(r.status, 503, name(p));
        assert.equal(r.headers["retry-after"], "5", name(p));
        assert.deepEqual(shownIn(h.decode(r.text)).map(({ who }) => who.full), [], name(p));
      }
      for (const p of pages.filter((x) => x.method === "POST" && x.action && x.door === "staff" && x.realm !== "operator")) {
        const r = await v.post(fill(p, "glow"), { csrf: keys.csrf, idem: `k${h.uuid()}` });
        assert.ok(r.status >= 400, `${name(p)} answered ${r.status}`);
        assert.deepEqual(shownIn(h.decode(r.text)).map(({ who }) => who.full), [], name(p));
      }
    } finally {
      h.sql(`GRANT INSERT (${columns}) ON audit.event TO foyer_auth, foyer_disclosure`);
    }
    assert.equal((await v.get("/clients")).status, 200);
  });
});
