// tenant.test.js -- the operator's pages of the businesses: facts and counts, nothing of a client; what she may change, and that a
// business whose pages are closed keeps all it has (PROMISES B19; SECURITY.md T01, T03, S-12).
"use strict";
const { test, describe, before, after } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");
const naughty = require("./naughty");
const { fill } = require("./samples");

const glow = h.tenantId("glow");
const ops = h.tenantId("ops");
const rows = (tenant, action, since) => h.sql(`SELECT actor_kind, coalesce(reason, ''), coalesce(object_kind, '') FROM audit.event
  WHERE tenant_id = :'v1' AND action = :'v2' AND at > :'v3'::timestamptz`, tenant, action, since);
const now = () => h.one("SELECT clock_timestamp()");
// She has just proved who she is, with all her factors.
const prove = () => h.sql("UPDATE sec.session SET proved_at = now() WHERE tenant_id = :'v1'", ops);

let operator;
before(async () => { operator = await h.staff("ops", "operator"); prove(); });
after(() => h.sql(`UPDATE sec.site SET is_suspended = false;
  UPDATE app.tenant SET suspended_at = NULL, suspended_why = NULL, messages_per_day = 2000 WHERE slug = 'glow'`));

test("B19: the list has each business with its counts", async () => {
  const r = await operator.get("/tenants");
  assert.equal(r.status, 200);
  for (const [slug, name, people, places] of h.sql(`SELECT t.slug, t.name, (SELECT count(*) FROM app.staff f WHERE f.tenant_id = t.id AND f.is_active AND NOT f.is_support),
      (SELECT count(*) FROM app.location l WHERE l.tenant_id = t.id AND l.is_active) FROM app.tenant t WHERE t.realm = 'studio'`)) {
    const row = r.text.match(new RegExp(`<tr><th[^>]*><a href="/tenants/${slug}">[\\s\\S]*?</tr>`))?.[0];
    assert.ok(row, `${slug} is not in the list`);
    assert.ok(h.decode(row).includes(name));
    assert.match(row, new RegExp(`data-label="People">${people}<`));
    assert.match(row, new RegExp(`data-label="Places">${places}<`));
  }
  assert.ok(!r.text.includes('href="/tenants/ops"'), "the operator is no business");
});

test("B19: one business has its facts, its owners, its health", async () => {
  const r = await operator.get("/tenants/glow");
  assert.equal(r.status, 200);
  for (const [name, email] of h.sql(`SELECT f.name, f.email FROM app.staff f JOIN app.staff_role q ON q.tenant_id = f.tenant_id AND q.staff_id = f.id
      JOIN app.role r ON r.tenant_id = q.tenant_id AND r.id = q.role_id WHERE f.tenant_id = :'v1' AND r.slug = 'owner' AND f.is_active`, glow))
    assert.ok(h.decode(r.text).includes(`${name}, `) && r.text.includes(`mailto:${email}`));
  // of the others nobody, not even a name
  for (const [email] of h.sql(`SELECT f.email FROM app.staff f WHERE f.tenant_id = :'v1' AND f.role_names NOT LIKE '%Owner%'`, glow))
    assert.ok(!r.text.includes(email), `${email} is on the page`);
  assert.match(r.text, /2,000/);
  assert.ok(h.trail(r.id).some((e) => e.action === "tenant.read"), "the look is not in the operator's trail");
  for (const none of ["nothing", "ops", "glow2"])
    assert.equal((await operator.get(`/tenants/${none}`)).status, 404);
});

test("B19 L48: no page of the operator's host has anything of a client", async () => {
  // (what other tests typed into every field says nothing: it is in requests for a demo as well)
  const canaries = h.sql(`SELECT id, name, coalesce(email, ''), coalesce(phone, '') FROM app.client`).flat()
    .filter((s) => s.length > 7 && !s.includes(" ¦ ") && !naughty.all.some((text) => text.trim() === s));
  assert.ok(canaries.length > 500);
  const asked = [];
  for (const p of h.routes().filter((x) => x.method === "GET" && ["operator", "staffed"].includes(x.realm))) {
    const target = fill(p, "ops");
    if (!target) continue;
    const r = await operator.get(target);
    const text = h.decode(r.text);
    asked.push(target);
    for (const c of canaries) assert.ok(!text.includes(c), `${target} shows ${c}`);
  }
  assert.ok(asked.includes("/tenants") && asked.includes("/tenants/glow"), asked.join(" "));
});

test("T03 S-12: what an operator changes is said in both trails, and only what is there for it changes", async () => {
  const since = now();
  const was = h.one("SELECT to_jsonb(t) - 'messages_per_day' FROM app.tenant t WHERE slug = 'glow'");
  let r = await operator.submit("/tenants/glow", { per_day: "1234", name: "Stolen", plan: "gold", tenant_id: ops }, { action: "/tenants/glow/messages" });
  assert.equal(r.status, 303);
  assert.equal(r.location, "/tenants/glow");
  assert.equal(h.one("SELECT messages_per_day FROM app.tenant WHERE slug = 'glow'"), "1234");
  assert.equal(h.one("SELECT to_jsonb(t) - 'messages_per_day' FROM app.tenant t WHERE slug = 'glow'"), was);
  assert.deepEqual(rows(glow, "tenant.messages", since), [["operator", "1234", "tenant"]]);
  assert.deepEqual(rows(ops, "tenant.messages", since), [["staff", "1234", "tenant"]]);
  for (const bad of ["-1", "1000001", "x", ""]) {
    r = await operator.submit("/tenants/glow", { per_day: bad }, { action: "/tenants/glow/messages" });
    assert.equal(r.status, 422);
  }
  assert.equal(h.one("SELECT messages_per_day FROM app.tenant WHERE slug = 'glow'"), "1234");
  r = await operator.submit("/tenants/glow", { per_day: "5" }, { action: "/tenants/glow/messages", extra: {} });
  const form = h.formOf((await operator.get("/tenants/glow")).text, "/tenants/glow/messages");
  assert.equal((await operator.post("/tenants/ops/messages", { ...form.values, per_day: "7" })).status, 404, "her own is none of the businesses");
});

describe("B19: a business whose pages are closed", () => {
  const everybody = ["/", "/book", "/login", "/clients", "/privacy", "/brand.css", `/v/${h.uuid()}`, `/l/${"A".repeat(43)}`];
  let owner;
  test("is closed by an operator who has just proved who she is, with a reason", async () => {
    owner = await h.staff("glow", "owner");
    h.sql("UPDATE sec.session SET proved_at = now() - interval '6 minutes' WHERE tenant_id = :'v1'", ops);
    let r = await operator.submit("/tenants/glow", { why: "It has not paid for half a year." }, { action: "/tenants/glow/suspend" });
    assert.equal(r.status, 422, "S-07: without a fresh proof nothing happens");
    assert.match(r.text, /Please confirm that it is you/);
    assert.equal(h.one("SELECT suspended_at FROM app.tenant WHERE slug = 'glow'") || "", "");
    prove();
    r = await operator.submit("/tenants/glow", { why: "short" }, { action: "/tenants/glow/suspend" });
    assert.equal(r.status, 422);
    const since = now();
    r = await operator.submit("/tenants/glow", { why: "It has not paid for half a year." }, { action: "/tenants/glow/suspend" });
    assert.equal(r.status, 303);
    assert.deepEqual(rows(glow, "tenant.suspend", since), [["operator", "It has not paid for half a year.", "tenant"]]);
    assert.deepEqual(rows(ops, "tenant.suspend", since), [["staff", "It has not paid for half a year.", "tenant"]]);
    assert.match((await operator.get("/tenants")).text, /closed/);
  });
  test("shows everybody one kind page, and lets nobody do anything", async () => {
    const count = () => h.one("SELECT (SELECT count(*) FROM app.client) + (SELECT count(*) FROM app.appointment) + (SELECT count(*) FROM sec.session)");
    const was = count();
    for (const v of [owner, new h.Visitor("glow")])
      for (const target of everybody) {
        const r = await v.get(target);
        if (r.status === 303) { // to the log-in page, which is closed as well
          assert.match(r.location, /^\/login/);
          continue;
        }
        assert.equal(r.status, 503, target);
        assert.equal(r.headers["retry-after"], "3600");
        assert.match(r.text, /These pages are closed for now/);
        assert.ok(!r.text.includes("paid"), "the reason is nobody's business here");
      }
    const account = h.staffOf("glow", "owner");
    const other = new h.Visitor("first-light");
    const keys = h.formOf((await other.get("/login")).text).values;
    const r = await h.request("glow", "/login", { method: "POST", body: { ...keys, email: account.email, password: account.password } });
    assert.ok([403, 503].includes(r.status), `log-in answered ${r.status}`);
    assert.equal(r.cookies.filter((c) => c.startsWith("__Host-sid")).length, 0);
    assert.equal(count(), was);
  });
  test("leaves the others and the apex alone", async () => {
    assert.equal((await h.request("first-light", "/book")).status, 200);
    assert.equal((await h.request("", "/")).status, 200);
    assert.equal((await operator.get("/tenants/glow")).status, 200);
  });
  test("opens again with all it had, sessions as well", async () => {
    const since = now();
    const r = await operator.submit("/tenants/glow", {}, { action: "/tenants/glow/resume" });
    assert.equal(r.status, 303);
    assert.equal((await owner.get("/clients")).status, 200);
    assert.equal((await h.request("glow", "/book")).status, 200);
    assert.deepEqual(rows(glow, "tenant.resume", since), [["operator", "", "tenant"]]);
    assert.deepEqual(rows(ops, "tenant.resume", since), [["staff", "", "tenant"]]);
  });
});

test("T03 B19: at a studio these pages are not there, whatever its roles are called", async () => {
  const owner = await h.staff("glow", "owner");
  const role = h.one("SELECT id FROM app.role WHERE tenant_id = :'v1' AND slug = 'owner'", glow);
  const inside = `BEGIN; SELECT set_config('foyer.tenant_id', '${glow}', true);`;
  h.sql(`${inside} INSERT INTO app.role_permission (tenant_id, role_id, permission) VALUES ('${glow}', '${role}', 'tenant_read') ON CONFLICT DO NOTHING; COMMIT`);
  try {
    for (const target of ["/tenants", "/tenants/first-light"]) assert.equal((await owner.get(target)).status, 404);
    const out = h.sql(`SET ROLE foyer_staff; SELECT app.is_operator('tenant_read')`);
    assert.deepEqual(out, [["f"]]);
  } finally {
    h.sql(`${inside} DELETE FROM app.role_permission WHERE tenant_id = '${glow}' AND role_id = '${role}' AND permission = 'tenant_read'; COMMIT`);
  }
});
