// resume.test.js -- a form that is sent when its session is over: what was typed comes back to the same person, in the same browser, and
// to nobody else (STYLE: a form keeps what was typed; R-02).
"use strict";
const { test, describe, before, beforeEach } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");

const desk = h.staffOf("glow", "front-desk"), owner = h.staffOf("glow", "owner");
const idle = (account) => h.sql(`UPDATE sec.session SET last_seen_at = now() - interval '16 minutes'
  WHERE staff_id = (SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email_norm = lower(:'v2'))`, h.tenantId("glow"), account.email);
const clients = (name) => h.one("SELECT count(*) FROM app.client WHERE name = :'v1'", name);
// She has a form open, her session ends, she sends it.
async function tooLate(account, target, typed, o = {}) {
  const v = new h.Visitor("glow");
  await h.logIn(v, account);
  const form = h.formOf((await v.get(target)).text, o.action || target);
  idle(account);
  const r = await v.post(form.action, { ...form.values, ...typed });
  assert.equal(r.status, 401);
  return { v, page: r.text, form };
}
beforeEach(() => h.sql("DELETE FROM sec.throttle"));

describe("R-02: a form that is sent when its session is over", () => {
  const typed = { name: `Typed Too Late ${Date.now()}`, email: "typed.too.late@example.com" };
  let late;
  before(async () => { late = await tooLate(desk, "/clients/new", typed); });
  const kept = () => h.formOf(late.page, "/resume").values;

  test("nothing is done, and what was typed is in the page, where nobody can read it", () => {
    assert.equal(clients(typed.name), "0");
    assert.equal(h.formOf(late.page, "/login").values.next_path, "/alive");
    assert.ok(kept().kept_form.length > 100);
    assert.doesNotMatch(late.page, /Typed Too Late|typed\.too\.late/);
    assert.doesNotMatch(Buffer.from(kept().kept_form, "base64url").toString("latin1"), /Typed Too Late/);
  });
  test("before she is logged in it opens nothing", async () => {
    const r = await late.v.post("/resume", kept());
    assert.equal(r.status, 401);
    assert.doesNotMatch(r.text, /Typed Too Late/);
  });
  test("logged in from that page, she is shown her form with what she typed; it is sent by her and by nobody else", async () => {
    const login = h.formOf(late.page, "/login");
    const done = await late.v.post("/login", { ...login.values, email: desk.email, password: desk.password });
    assert.equal(done.location, "/alive");
    const r = await late.v.post("/resume", kept());
    assert.equal(r.status, 200);
    assert.match(r.text, /nothing was done/);
    const form = h.formOf(r.text, "/clients/new");
    assert.equal(form.values.name, typed.name);
    assert.equal(form.values.email, typed.email);
    assert.notEqual(form.values.csrf, late.form.values.csrf);
    assert.notEqual(form.values.idem, late.form.values.idem);
    assert.equal(clients(typed.name), "0", "showing it again does nothing");
    assert.equal((await late.v.post("/clients/new", form.values)).status, 303);
    assert.equal(clients(typed.name), "1");
  });
  test("T09: somebody else who logs in there is shown nothing of it", async () => {
    const { v, page } = await tooLate(desk, "/clients/new", typed);
    await h.logIn(v, owner);
    const r = await v.post("/resume", h.formOf(page, "/resume").values);
    assert.equal(r.status, 422);
    assert.match(r.text, /can no longer be shown/);
    assert.doesNotMatch(r.text, /Typed Too Late/);
  });
  test("another browser cannot bring it back, nor one that alters it; a form of another site does not get there", async () => {
    const { v, page } = await tooLate(desk, "/clients/new", typed);
    const values = h.formOf(page, "/resume").values;
    const w = new h.Visitor("glow");
    await h.logIn(w, desk);
    assert.equal((await w.post("/resume", values)).status, 403, "the form's token is bound to the browser");
    const own = h.formOf((await w.get("/clients")).text, "/logout").values;
    assert.match((await w.post("/resume", { ...values, csrf: own.csrf })).text, /can no longer be shown/);
    await h.logIn(v, desk);
    const text = values.kept_form;
    const altered = text.slice(0, 60) + (text[60] === "A" ? "B" : "A") + text.slice(61);
    assert.match((await v.post("/resume", { ...values, kept_form: altered })).text, /can no longer be shown/);
    assert.equal((await v.post("/resume", values, { origin: "https://evil.example", site: "cross-site" })).status, 403);
    assert.equal((await v.post("/resume/slow", values)).status, 422, "the other pool's forms are its own");
    assert.equal(h.formOf((await v.post("/resume", values)).text, "/clients/new").values.name, typed.name);
  });
  test("the address keeps its ids: a note goes back to the chart of the same client", async () => {
    const v = await h.staff("glow", "provider");
    const list = (await v.get("/clients?q=an")).text;
    const id = list.match(/\/clients\/([0-9a-f-]{36})/)[1];
    const account = h.staffOf("glow", "provider");
    const words = `Seen today, told nobody yet ${Date.now()}`;
    const { v: w, page } = await tooLate(account, `/clients/${id}/chart`, { title: "Visit", body: words }, { action: `/clients/${id}/notes` });
    await h.logIn(w, account);
    const r = await w.post("/resume", h.formOf(page, "/resume").values);
    assert.equal(r.status, 200);
    assert.equal(h.formOf(r.text, `/clients/${id}/notes`).values.body, words);
    assert.ok(h.trail(r.id).some((e) => e.clients.includes(id)), "showing the chart again is in the trail");
  });
  test("a form of the slow pool comes back from there", async () => {
    const who = h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email_norm = lower(:'v2')", h.tenantId("glow"), desk.email);
    h.sql("BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); UPDATE app.staff SET has_mfa = true WHERE id = :'v2'; COMMIT", h.tenantId("glow"), who);
    try {
      const target = `/people/${who}/factors`, reason = "Her phone is in the lake.";
      const { v, page } = await tooLate(owner, target, { reason });
      await h.logIn(v, owner);
      const r = await v.post("/resume/slow", h.formOf(page, "/resume/slow").values);
      assert.equal(r.status, 200);
      assert.equal(h.formOf(r.text, target).values.reason, reason);
    } finally {
      h.sql("BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); UPDATE app.staff SET has_mfa = false WHERE id = :'v2'; COMMIT", h.tenantId("glow"), who);
    }
  });
  test("no password travels: a form that holds nothing else is not kept, and one that holds more is kept without it", async () => {
    const { page } = await tooLate(desk, "/account/password", { current: desk.password, password: "another long password of hers" });
    assert.doesNotMatch(page, /kept_form/);
    assert.match(page, /was not kept/);
  });
  test("without a session of before there is nothing to give back", async () => {
    const r = await h.request("glow", "/clients/new", { method: "POST", body: { csrf: "x", idem: h.uuid(), ...typed } });
    assert.equal(r.status, 401);
    assert.doesNotMatch(r.text, /kept_form/);
  });
});
