// support.test.js -- support access (PROMISES B19): an operator asks, an owner decides, the operator comes in by a link of one minute,
// looks, changes nothing, and is out when either ends it or its hours are over. And whoever tries to come in without.
"use strict";
const { test, describe, before, after } = require("node:test");
const assert = require("node:assert/strict");
const crypto = require("node:crypto");
const h = require("./harness");
const { fill } = require("./samples");
const booking = require("./booking_client");
const { mails: mailsTo } = require("./mailbox");

const glow = h.tenantId("glow");
const light = h.tenantId("first-light");
const ops = h.tenantId("ops");
const now = () => h.one("SELECT clock_timestamp()");
const rows = (tenant, action, since) => h.sql(`SELECT actor_kind, coalesce(actor_id::text, ''), coalesce(reason, ''), coalesce(object_id::text, ''), outcome
  FROM audit.event WHERE tenant_id = :'v1' AND action = :'v2' AND at > :'v3'::timestamptz ORDER BY at`, tenant, action, since);
// A session opened with a second factor, whose proof is fresh.
const strong = () => h.sql("UPDATE sec.session SET how = 'totp', proved_at = now() WHERE tenant_id = :'v1'", ops);
const proved = (tenant) => h.sql("UPDATE sec.session SET proved_at = now() WHERE tenant_id = :'v1' AND how <> 'support'", tenant);
const state = (grant) => h.one("SELECT state FROM app.support_grant WHERE id = :'v1'", grant);
const reason = "The calendar of Tuesday shows an hour twice.";

let operator, owner;
before(async () => {
  operator = await h.staff("ops", "operator");
  owner = await h.staff("glow", "owner");
  strong();
  proved(glow);
});

// Whatever waits or is open is over; only what a test makes counts.
function quiet() {
  h.sql(`UPDATE app.support_grant SET state = 'lapsed' WHERE state = 'asked';
    UPDATE app.support_grant SET state = 'ended', ended_at = now(), ended_by = 'studio' WHERE state = 'approved';
    UPDATE app.tenant SET support_until = NULL`);
}
async function asks(o = {}, business = "glow") {
  quiet();
  const values = Object.fromEntries(Object.entries({ reason, hours: "2", see_calendar: "1", see_clients: "1", ...o }).filter(([, v]) => v));
  const r = await operator.submit(`/tenants/${business}`, values, { action: `/tenants/${business}/support` });
  assert.equal(r.status, 303, r.text.match(/class="error"[^<]*<|<p>[^<]*/)?.[0]);
  return h.one("SELECT id FROM app.support_grant WHERE tenant_id = :'v1' AND state = 'asked'", h.tenantId(business));
}
async function approves(grant, v = owner) {
  return v.submit(`/support/${grant}`, { answer: "yes" }, { action: `/support/${grant}/approve` });
}
async function opened(o) {
  const grant = await asks(o);
  proved(glow);
  assert.equal((await approves(grant)).status, 303);
  return grant;
}
// The way in: its whole address.
async function door(grant, v = operator) {
  strong();
  const r = await v.submit("/tenants/glow", {}, { action: `/tenants/glow/support/${grant}/enter` });
  assert.equal(r.status, 200);
  return new URL(h.decode(r.text.match(/href="(https:[^"]*ticket[^"]*)"/)[1]));
}
async function enters(grant) {
  const url = await door(grant);
  const v = new h.Visitor("glow");
  const target = url.pathname + url.search;
  const page = await v.get(target);
  assert.equal(page.status, 200);
  const form = h.formOf(page.text);
  const r = await v.post("/support/enter", form.values);
  assert.equal(r.status, 303);
  return { v, r, ticket: form.values.ticket, keys: form.values };
}

test("B19: asked, approved, entered, looked, given back: and both trails say so", async () => {
  const since = now();
  const grant = await asks();
  const me = h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email = 'operator@foyer.example'", ops);
  assert.deepEqual(rows(glow, "support.ask", since), [["staff", grant, reason, grant, "ok"]]);
  assert.deepEqual(rows(ops, "support.ask", since), [["staff", me, reason, grant, "ok"]]);
  // nobody yet: not among the people, no session, no log-in
  assert.deepEqual(h.sql("SELECT is_support, is_active, perms, is_provider FROM app.staff WHERE id = :'v1'", grant), [["t", "f", ",calendar_read,client_read,", "f"]]);

  // the owners have a mail, sealed, from the operator
  const mails = h.sql("SELECT to_address, client_id IS NULL, body IS NULL, subject FROM app.message WHERE tenant_id = :'v1' AND kind = 'account_support' AND dedupe_key LIKE 'support-' || :'v2' || '-%'", ops, grant);
  assert.deepEqual(mails.map((m) => m[0]).sort(), h.sql(`SELECT f.email FROM app.staff f JOIN app.staff_role q ON q.staff_id = f.id JOIN app.role r ON r.id = q.role_id
    WHERE f.tenant_id = :'v1' AND r.slug = 'owner' AND f.is_active ORDER BY 1`, glow).map(([e]) => e));
  assert.ok(mails.every((m) => m[1] === "t" && m[2] === "t" && /^A request for support access at \S/.test(m[3])), mails.join());

  const letter = mailsTo("ops", "owner@glow.example", "account_support")[0];
  assert.equal(letter.link, `${h.origin("glow")}/support/${grant}`);
  for (const said of [reason, "Robin Hale", "for 2 hours", "the calendar and clients without their contact details", "Dear Vivian Marsh"])
    assert.ok(letter.text.includes(said), `${said} is not in the mail:\n${letter.text}`);

  let page = await owner.get("/settings");
  assert.match(page.text, /a request waits/);
  page = await owner.get("/support");
  assert.ok(h.decode(page.text).includes(reason));
  page = await owner.get(`/support/${grant}`);
  assert.match(page.text, /Approve for 2 hours/);

  // S-07: approving asks for a fresh proof, and keeps the page
  h.sql("UPDATE sec.session SET proved_at = now() - interval '6 minutes' WHERE tenant_id = :'v1'", glow);
  let r = await approves(grant);
  assert.equal(r.status, 422);
  assert.match(r.text, /Please confirm that it is you/);
  assert.equal(state(grant), "asked");
  proved(glow);
  r = await approves(grant);
  assert.equal(r.status, 303);
  assert.equal(state(grant), "approved");
  const who = h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email = 'owner@glow.example'", glow);
  assert.deepEqual(rows(glow, "support.approve", since), [["staff", who, "", grant, "ok"]]);
  assert.deepEqual(rows(ops, "support.approve", since), [["studio", "", "glow", grant, "ok"]]);
  assert.match((await owner.get("/clients")).text, /Support access is open until/, "every page of hers says it");

  const { v, r: entered } = await enters(grant);
  assert.equal(entered.location, "/");
  assert.deepEqual(rows(glow, "support.enter", since), [["staff", grant, reason, grant, "ok"]]);
  assert.deepEqual(rows(ops, "support.enter", since), [["staff", me, "glow", grant, "ok"]]);
  assert.deepEqual(h.sql("SELECT how, absolute_until <= (SELECT ends_at FROM app.support_grant WHERE id = :'v1') FROM sec.session WHERE staff_id = :'v1'", grant), [["support", "t"]]);

  // a look at a client is hers by name, and the client is named in the row
  const [client, name] = h.sql("SELECT c.id, c.name FROM app.client c WHERE c.tenant_id = :'v1' AND c.id IN (SELECT client_id FROM app.signature) LIMIT 1", glow)[0];
  page = await v.get(`/clients/${client}`);
  assert.equal(page.status, 200);
  assert.ok(h.decode(page.text).includes(name));
  for (const [contact] of h.sql("SELECT unnest(ARRAY[email, '-' || right(phone, 4)]) FROM app.client WHERE id = :'v1'", client).filter(([c]) => c))
    assert.ok(!h.decode(page.text.replace(/<script[\s\S]*?<\/script>|[0-9a-f]{8}-[0-9a-f-]{27}|value="[^"]*"/g, "")).includes(contact), `${contact} is shown to support`);
  assert.match(page.text, /You are here for support until/);
  const looked = h.trail(page.id);
  assert.ok(looked.some((e) => e.action === "client.read" && e.actor === grant && e.clients.includes(client)), JSON.stringify(looked));
  assert.match((await owner.get(`/audit/clients/${client}`)).text, /Support: Robin Hale \(operator\)/);
  assert.match((await owner.get(`/audit/people/${grant}`)).text, /Support: Robin Hale/);

  // what was not granted is refused, and that stands in the trail under the same name
  for (const target of ["/audit", "/messages", "/settings", "/support", `/clients/${client}/chart`]) {
    const no = await v.get(target);
    assert.equal(no.status, 403, target);
    assert.ok(h.trail(no.id).some((e) => e.outcome === "refused" && e.actor === grant), target);
  }

  r = await operator.submit("/tenants/glow", {}, { action: `/tenants/glow/support/${grant}/back` });
  assert.equal(r.status, 303);
  assert.equal(state(grant), "ended");
  assert.match((await v.get("/clients")).location, /^\/login/, "out with the next page");
  assert.deepEqual(rows(glow, "support.give_back", since), [["staff", grant, "", grant, "ok"]]);
  assert.deepEqual(rows(ops, "support.give_back", since), [["staff", me, "glow", grant, "ok"]]);
  assert.doesNotMatch((await owner.get("/clients")).text, /Support access is open until/);
});

test("B19 A-13: the client who asks who looked is told that it was support", async () => {
  const corner = booking.corner("glow", {});
  const visit = await booking.book(corner);
  booking.close(corner);
  const grant = await opened();
  const { v } = await enters(grant);
  assert.equal((await v.get(`/clients/${visit.client}`)).status, 200);
  const page = h.decode((await visit.v.get(`${visit.at}/looked`)).text).replace(/<[^>]+>/g, "");
  assert.match(page, /Support(: Robin Hale \(operator\))? opened your page/);
});

test("B19: the owner ends it at any moment; the next page of who is inside is refused", async () => {
  const since = now();
  const grant = await opened();
  const { v } = await enters(grant);
  assert.equal((await v.get("/clients")).status, 200);
  const r = await owner.submit(`/support/${grant}`, {}, { action: `/support/${grant}/end` });
  assert.equal(r.status, 303);
  assert.match((await v.get("/clients")).location, /^\/login/);
  assert.equal((await v.get(`/support/enter?ticket=${"A".repeat(43)}`)).status, 410);
  assert.equal(rows(glow, "support.end", since).length, 1);
  assert.deepEqual(rows(ops, "support.end", since), [["studio", "", "glow", grant, "ok"]]);
  strong();
  const again = await operator.get("/tenants/glow");
  const keys = h.formOf(again.text, "/logout").values;
  assert.equal((await operator.post(`/tenants/glow/support/${grant}/enter`, keys)).status, 404, "no second way in");
});

test("B19: refused, it leads nowhere", async () => {
  const since = now();
  const grant = await asks();
  assert.equal((await owner.submit(`/support/${grant}`, {}, { action: `/support/${grant}/refuse` })).status, 303);
  assert.equal(state(grant), "refused");
  assert.equal(rows(glow, "support.refuse", since).length, 1);
  assert.deepEqual(rows(ops, "support.refuse", since), [["studio", "", "glow", grant, "ok"]]);
  strong();
  const keys = h.formOf((await operator.get("/tenants/glow")).text, "/logout").values;
  assert.equal((await operator.post(`/tenants/glow/support/${grant}/enter`, keys)).status, 404);
  proved(glow);
  const mine = h.formOf((await owner.get("/clients")).text, "/logout").values;
  assert.equal((await owner.post(`/support/${grant}/approve`, { ...mine, idem: h.uuid(), answer: "yes" })).status, 422, "no was said");
});

test("B19: after its hours it is over, without anybody doing anything", async () => {
  const grant = await opened();
  const { v } = await enters(grant);
  assert.equal((await v.get("/clients")).status, 200);
  h.sql(`UPDATE app.support_grant SET decided_at = decided_at - interval '3 hours', ends_at = ends_at - interval '3 hours' WHERE id = :'v1';
    UPDATE sec.session SET absolute_until = absolute_until - interval '3 hours' WHERE staff_id = :'v1'`, grant);
  assert.match((await v.get("/clients")).location, /^\/login/);
  strong();
  const keys = h.formOf((await operator.get("/tenants/glow")).text, "/logout").values;
  assert.equal((await operator.post(`/tenants/glow/support/${grant}/enter`, keys)).status, 404);
  assert.match((await owner.get(`/support/${grant}`)).text, />over</);
  h.sql("SELECT sec.tidy()");
  assert.equal(h.one("SELECT is_active FROM app.staff WHERE id = :'v1'", grant), "f", "who was here is nobody any more");
  assert.equal(h.one("SELECT count(*) FROM sec.session WHERE staff_id = :'v1' AND revoked_at IS NULL", grant), "0");
});

test("B19: a request that nobody answers for a week has lapsed", async () => {
  const grant = await asks();
  h.sql("UPDATE app.support_grant SET asked_at = asked_at - interval '8 days' WHERE id = :'v1'", grant);
  proved(glow);
  const mine = h.formOf((await owner.get("/clients")).text, "/logout").values;
  assert.equal((await owner.post(`/support/${grant}/approve`, { ...mine, idem: h.uuid(), answer: "yes" })).status, 422);
  assert.equal((await owner.get(`/support/${grant}`)).text.includes("Approve for"), false);
});

describe("B19: what is asked", () => {
  test("needs a reason, one to 24 hours, and something to see; what only reads", async () => {
    quiet();
    const form = () => operator.get("/tenants/glow").then((p) => h.formOf(p.text, "/tenants/glow/support").values);
    const bad = [{ reason: "too short" }, { reason: "          " }, { hours: "0" }, { hours: "25" }, { hours: "" }, { see_calendar: undefined }, { reason: "x".repeat(501) }];
    for (const change of bad) {
      const values = { ...(await form()), reason, hours: "2", see_calendar: "1", ...change };
      for (const k of Object.keys(values)) if (values[k] === undefined) delete values[k];
      const r = await operator.post("/tenants/glow/support", values);
      assert.equal(r.status, 422, JSON.stringify(change));
    }
    assert.equal(h.one("SELECT count(*) FROM app.support_grant WHERE state = 'asked'"), "0");
    // names of permissions are not taken from the form
    const r = await operator.post("/tenants/glow/support", { ...(await form()), reason, hours: "2", see_calendar: "1", permissions: "{chart_write}", see_messages: "1", perms: ",chart_write," });
    assert.equal(r.status, 303);
    assert.equal(h.one("SELECT permissions FROM app.support_grant WHERE state = 'asked'"), "{calendar_read}");
    // one request at a time
    const second = await operator.post("/tenants/glow/support", { csrf: (await form().catch(() => null))?.csrf || h.formOf((await operator.get("/tenants/glow")).text, "/logout").values.csrf,
      idem: h.uuid(), reason, hours: "2", see_calendar: "1" });
    assert.equal(second.status, 422);
    assert.match(second.text, /A request waits there already/);
  });
  test("is taken back by who asked", async () => {
    const grant = await asks();
    assert.equal((await operator.submit("/tenants/glow", {}, { action: `/tenants/glow/support/${grant}/back` })).status, 303);
    assert.equal(state(grant), "ended");
  });
});

describe("B19 T03 S-12: nobody but an owner says yes", () => {
  test("not a manager, not the front desk, not an owner of another business", async () => {
    const grant = await asks();
    for (const [label, role, wanted] of [["glow", "manager", 403], ["glow", "front-desk", 403], ["glow", "auditor", 403], ["first-light", "owner", 404]]) {
      const v = await h.staff(label, role);
      proved(h.tenantId(label));
      const home = await v.follow(await v.get("/"));
      const keys = h.formOf(home.text, "/logout").values;
      const r = await v.post(`/support/${grant}/approve`, { ...keys, idem: h.uuid(), answer: "yes" });
      assert.equal(r.status, wanted, `${role} at ${label}`);
      assert.equal((await v.post(`/support/${grant}/refuse`, { ...keys, idem: h.uuid() })).status, wanted);
    }
    assert.equal(state(grant), "asked");
  });
  test("not the operator: her host has no such page, her session is nothing elsewhere", async () => {
    const grant = await asks();
    strong();
    const keys = h.formOf((await operator.get("/tenants/glow")).text, "/logout").values;
    assert.equal((await operator.post(`/support/${grant}/approve`, { ...keys, idem: h.uuid(), answer: "yes" })).status, 404);
    const r = await h.request("glow", `/support/${grant}/approve`, { method: "POST", body: { ...keys, idem: h.uuid(), answer: "yes" }, cookie: operator.cookieFor("/") });
    assert.ok([401, 403].includes(r.status), `answered ${r.status}`);
    assert.equal(state(grant), "asked");
  });
  test("not the operator with an owner's account of the same address there", async () => {
    const grant = await asks();
    h.sql("UPDATE app.support_grant SET asked_email = 'Owner@Glow.example' WHERE id = :'v1'", grant);
    proved(glow);
    assert.equal((await approves(grant)).status, 403);
    assert.equal(state(grant), "asked");
  });
});

describe("B19 T09: ways in that are none", () => {
  const tries = async (label, ticket) => {
    const v = new h.Visitor(label);
    const look = await v.get(`/support/enter?ticket=${ticket}`);
    const keys = h.formOf((await v.get("/login")).text).values;
    const r = await v.post("/support/enter", { csrf: keys.csrf, ticket });
    return { look: look.status, post: r.status, got: r.cookies.filter((c) => c.startsWith("__Host-sid=") && !/Max-Age=0/i.test(c)).length };
  };
  const none = { look: 410, post: 410, got: 0 };
  test("forged", async () => {
    const since = now();
    await opened();
    for (const t of [crypto.randomBytes(32).toString("base64url"), "A".repeat(43)]) assert.deepEqual(await tries("glow", t), none);
    assert.ok(rows(glow, "support.enter", since).every((e) => e[4] === "failed"), "the tries are in the trail");
    assert.equal(rows(glow, "support.enter", since).length, 2);
    for (const t of ["", "x", "A".repeat(42), "A".repeat(200)]) assert.deepEqual(await tries("glow", t), none, t);
  });
  test("looked at as often as one likes, used once", async () => {
    const grant = await opened();
    const { ticket } = await enters(grant);
    assert.deepEqual(await tries("glow", ticket), none);
    assert.equal(h.one("SELECT count(*) FROM sec.session WHERE staff_id = :'v1'", grant), "1");
  });
  test("used twice at the same moment: once", async () => {
    const grant = await opened();
    const url = await door(grant);
    const v = new h.Visitor("glow");
    const form = h.formOf((await v.get(url.pathname + url.search)).text);
    const all = await Promise.all(Array.from({ length: 8 }, () => v.post("/support/enter", form.values)));
    assert.deepEqual(all.map((r) => r.status).sort(), [303, ...Array(7).fill(410)]);
    assert.equal(h.one("SELECT count(*) FROM sec.session WHERE staff_id = :'v1'", grant), "1");
  });
  test("older than a minute", async () => {
    const grant = await opened();
    const url = await door(grant);
    assert.equal(h.one("SELECT expires_at <= now() + interval '60 seconds' FROM sec.support_ticket WHERE grant_id = :'v1'", grant), "t");
    h.sql("UPDATE sec.support_ticket SET expires_at = expires_at - interval '61 seconds' WHERE grant_id = :'v1'", grant);
    assert.deepEqual(await tries("glow", url.searchParams.get("ticket")), none);
  });
  test("replaced by a newer one", async () => {
    const grant = await opened();
    const old = await door(grant);
    const next = await door(grant);
    assert.deepEqual(await tries("glow", old.searchParams.get("ticket")), none);
    assert.equal((await new h.Visitor("glow").get(next.pathname + next.search)).status, 200);
  });
  test("at the host of another business, at the operator's, at the apex", async () => {
    const grant = await opened();
    const url = await door(grant);
    assert.equal(url.host, `glow.${h.env.domain}:${h.env.port}`);
    const ticket = url.searchParams.get("ticket");
    assert.deepEqual(await tries("first-light", ticket), none);
    for (const label of ["ops", ""]) assert.equal((await h.request(label, `/support/enter?ticket=${ticket}`)).status, 404);
    assert.equal(h.one("SELECT count(*) FROM sec.session WHERE staff_id = :'v1'", grant), "0");
    assert.equal((await new h.Visitor("glow").get(url.pathname + url.search)).status, 200, "and is not used up by that");
  });
  test("opened before the owner ended it", async () => {
    const grant = await opened();
    const url = await door(grant);
    assert.equal((await owner.submit(`/support/${grant}`, {}, { action: `/support/${grant}/end` })).status, 303);
    assert.deepEqual(await tries("glow", url.searchParams.get("ticket")), none);
  });
  test("the token is nowhere but in its hash", async () => {
    const grant = await opened();
    const url = await door(grant);
    const raw = Buffer.from(url.searchParams.get("ticket"), "base64url");
    assert.equal(h.one("SELECT encode(token_hash, 'hex') FROM sec.support_ticket WHERE grant_id = :'v1'", grant), crypto.createHash("sha256").update(raw).digest("hex"));
  });
  test("by an operator without a second factor, or whose proof is old", async () => {
    const grant = await opened();
    const keys = () => operator.get("/tenants/glow").then((p) => h.formOf(p.text, "/logout").values);
    h.sql("UPDATE sec.session SET how = 'password' WHERE tenant_id = :'v1'", ops);
    let r = await operator.post(`/tenants/glow/support/${grant}/enter`, await keys());
    assert.equal(r.status, 303);
    assert.equal(r.location, "/account/security");
    strong();
    h.sql("UPDATE sec.session SET proved_at = now() - interval '6 minutes' WHERE tenant_id = :'v1'", ops);
    r = await operator.post(`/tenants/glow/support/${grant}/enter`, await keys());
    assert.equal(r.status, 422);
    assert.match(r.text, /Please confirm that it is you/);
    assert.equal(h.one("SELECT count(*) FROM sec.support_ticket WHERE grant_id = :'v1'", grant), "0");
    strong();
  });
  test("by another operator than who asked", async () => {
    const grant = await opened();
    h.sql("UPDATE app.support_grant SET asked_by = :'v2' WHERE id = :'v1'", grant, h.uuid());
    strong();
    const keys = h.formOf((await operator.get("/tenants/glow")).text, "/logout").values;
    assert.equal((await operator.post(`/tenants/glow/support/${grant}/enter`, keys)).status, 404);
  });
});

describe("B19: inside, nothing can be changed", () => {
  let inside, keys, was, goOn; // (the jobs rest meanwhile: they write too)
  const forms = () => h.routes().filter((x) => x.method === "POST" && x.door === "staff" && ["studio", "staffed"].includes(x.realm) && x.path !== "/logout");
  const everything = () => h.sql(h.sql(`SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('app', 'sec') AND c.relkind = 'r' AND c.relname !~ '^(job|message|house_.*|session|login_ticket|throttle|migration)$' ORDER BY 1`)
    .map(([t]) => `SELECT '${t}', count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM ${t} AS t`).join(" UNION ALL "));
  before(async () => {
    const grant = await opened({ see_charts: "1", see_trail: "1" });
    inside = (await enters(grant)).v;
    keys = h.formOf((await inside.get("/clients")).text, "/logout").values;
    for (const p of forms()) fill(p, "glow"); // some samples are made when they are first asked for
    goOn = await h.pauseJobs();
    was = everything();
  });
  after(() => goOn?.());
  for (const p of forms())
    test(`POST ${p.path}`, async () => {
      const target = fill(p, "glow") || p.path.replace(/\{\w+:(\w+)\}/g, (m, kind) => (kind === "uuid" ? h.uuid() : "nonsense"));
      const r = await inside.post(target, { ...keys, idem: h.uuid() });
      assert.equal(r.status, 403);
      assert.ok(h.trail(r.id).some((e) => e.outcome === "refused"), "the try is not in the trail");
    });
  test("no row is other than before", async () => {
    assert.deepEqual(everything(), was);
    await goOn();
    goOn = null;
  });
  test("she leaves by logging out, and is out", async () => {
    assert.equal((await inside.post("/logout", keys)).status, 303);
    assert.match((await inside.get("/clients")).location, /^\/login/);
  });
});

test("B19: whoever is here for support cannot become more: no role, no password, no other session, no more permissions", async () => {
  const grant = await opened();
  const inGlow = (statement) => { try { h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', '${glow}', true); ${statement}; COMMIT`); return "done"; } catch (e) { return String(e.stderr || e).match(/ERROR: +([^\n]*)/)[1]; } };
  const role = h.one("SELECT id FROM app.role WHERE tenant_id = :'v1' AND slug = 'owner'", glow);
  assert.match(inGlow(`INSERT INTO app.staff_role (tenant_id, staff_id, role_id) VALUES ('${glow}', '${grant}', '${role}')`), /gets no role/);
  assert.match(inGlow(`INSERT INTO sec.credential (tenant_id, staff_id, phc) VALUES ('${glow}', '${grant}', '$argon2id$x')`), /no way in/);
  assert.match(inGlow(`SELECT sec.session_new('${grant}', 'sso', sha256('x'), NULL, NULL)`), /not allowed/);
  const person = h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND NOT is_support LIMIT 1", glow);
  assert.match(inGlow(`SELECT sec.session_new('${person}', 'support', sha256('x'), NULL, NULL)`), /not allowed/);
  assert.match(inGlow(`UPDATE app.staff SET is_support = false WHERE id = '${grant}'`), /stays that/);
  assert.match(inGlow(`UPDATE app.staff SET is_support = true WHERE id = '${person}'`), /stays that/);
  inGlow(`UPDATE app.staff SET perms = ',settings_write,chart_write,' WHERE id = '${grant}'`);
  inGlow(`SELECT app.staff_refresh_perms(ARRAY(SELECT id FROM app.staff WHERE tenant_id = '${glow}'))`);
  assert.equal(h.one("SELECT perms FROM app.staff WHERE id = :'v1'", grant), ",calendar_read,client_read,");
  assert.match(inGlow(`INSERT INTO app.staff (tenant_id, id, name, email, is_support, perms) VALUES ('${glow}', '${h.uuid()}', 'x', 'x@support.invalid', true, ',chart_write,')`), /support_only_reads/);
  assert.equal(h.one("SELECT count(*) FROM app.resource WHERE id = :'v1'", grant), "0", "nobody is booked with her");
});

test("B19: charts bring their clients; what was granted alone is where she lands", async () => {
  const grant = await opened({ see_calendar: undefined, see_clients: undefined, see_charts: "1" });
  assert.equal(h.one("SELECT permissions FROM app.support_grant WHERE id = :'v1'", grant), "{chart_read,client_read}");
  const { r } = await enters(grant);
  assert.equal(r.location, "/clients");
});
