// second_factor_confirm.test.js -- a fresh proof before what needs one (S-07), and a colleague who has lost all she had (S-04).
"use strict";
const { test, describe, before, beforeEach, after } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");
const { SoftPasskey } = require("./soft_passkey");

const forget = () => h.sql("DELETE FROM sec.throttle");
const idOf = (account) => h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email_norm = lower(:'v2')", h.tenantId(account.label), account.email);
function strip(account) {
  h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); DELETE FROM sec.totp WHERE staff_id = :'v2'; DELETE FROM sec.passkey WHERE staff_id = :'v2';
    DELETE FROM sec.recovery_code WHERE staff_id = :'v2'; DELETE FROM sec.factor_reset WHERE staff_id = :'v2'; COMMIT`, h.tenantId(account.label), idOf(account));
}
// Her last proof was six minutes ago.
const later = (account) => h.sql("UPDATE sec.session SET proved_at = now() - interval '6 minutes' WHERE staff_id = :'v1'", idOf(account));
const lastAct = (action, account) => h.sql(`SELECT outcome, coalesce(reason, '') FROM audit.event WHERE tenant_id = :'v1' AND action = :'v2' AND (actor_id = :'v3' OR object_id = :'v3') ORDER BY at DESC LIMIT 1`,
  h.tenantId(account.label), action, idOf(account))[0];
const fresh = async (account) => { const v = new h.Visitor(account.label); await h.logIn(v, account); return v; };
async function giveApp(account) {
  const v = await fresh(account);
  await v.submit("/account/security", {}, { action: "/account/security/app" });
  const page = (await v.get("/account/security/app")).text;
  const key = page.match(/<code>([A-Z2-7 ]+)<\/code>/)[1].replace(/ /g, "");
  assert.equal((await v.post("/account/security/app/confirm", { ...h.formOf(page, "/account/security/app/confirm").values, code: h.totp(key) })).status, 200);
  return { v, key };
}
async function givePasskey(v, passkey, name) {
  const form = h.formOf((await v.get("/account/security")).text, "/account/security/passkeys");
  const asked = JSON.parse((await v.post("/account/security/passkeys/ask", { csrf: form.values.csrf })).text);
  return v.post(form.action, { ...form.values, ...passkey.made(asked), name });
}
beforeEach(forget);
const me = h.staffOf("glow", "front-desk");
const owner = h.staffOf("glow", "owner"), manager = h.staffOf("glow", "manager");
after(() => { forget(); for (const a of [me, owner, manager]) strip(a); });

describe("S-07: /confirm", () => {
  let v;
  before(async () => { forget(); strip(me); v = await fresh(me); });

  test("a page that needs a proof leads there and back; the proof gives the session a new token", async () => {
    const begun = await v.submit("/account/security", {}, { action: "/account/security/app" });
    assert.equal(begun.location, "/account/security/app", "five minutes from the log-in on nothing is asked");
    later(me);
    const r = await v.get("/account/security/app");
    assert.equal(r.location, "/confirm?next=%2Faccount%2Fsecurity%2Fapp");
    const old = v.cookieFor("/");
    const done = await v.submit(r.location, { password: me.password });
    assert.equal(done.location, "/account/security/app");
    assert.equal((await h.request("glow", "/clients", { cookie: old.replace(/__Host-was=[^;]*/, "") })).status, 303, "S-06 T09: the token of before is nothing");
    assert.equal((await v.get(done.location)).status, 200);
    assert.deepEqual(lastAct("confirm", me), ["ok", "password"]);
  });
  test("a form that needs one comes back with what was typed, and is taken when she has confirmed in another window", async () => {
    strip(me);
    v = await fresh(me);
    const passkey = new SoftPasskey("glow");
    assert.equal((await givePasskey(v, passkey, "First name")).status, 200);
    const page = (await v.get("/account/security")).text;
    const action = page.match(/action="(\/account\/security\/passkeys\/[0-9a-f-]{36}\/name)"/)[1];
    const form = h.formOf(page, action);
    later(me);
    const r = await v.post(action, { ...form.values, name: "What she typed" });
    assert.equal(r.status, 422);
    assert.match(r.text, /Please confirm that it is you/);
    assert.match(h.decode(r.text), /href="\/confirm" target="_blank"/);
    assert.match(r.text, /value="What she typed"/);
    assert.equal(h.one("SELECT name FROM sec.passkey WHERE staff_id = :'v1'", idOf(me)), "First name");
    const keys = h.formOf((await v.get("/confirm")).text, "/confirm").values;
    const asked = JSON.parse((await v.post("/confirm/passkey/ask", { csrf: keys.csrf })).text);
    const done = await v.post("/confirm", { csrf: keys.csrf, ...passkey.signed(asked) });
    assert.equal(done.location, "/confirm?done=1");
    assert.match((await v.get(done.location)).text, /go back to your form/);
    // The form of the first window was made for the session's old token.
    assert.equal((await v.post(action, { ...form.values, name: "What she typed" })).status, 303);
    assert.equal(h.one("SELECT name FROM sec.passkey WHERE staff_id = :'v1'", idOf(me)), "What she typed");
  });
  test("that an older token's forms are taken opens nothing to a form of nobody's", async () => {
    const form = h.formOf((await v.get("/account/security")).text, "/account/security/app");
    const other = await fresh(h.staffOf("glow", "biller"));
    assert.equal((await other.post("/account/security/app", form.values)).status, 403);
    const was = form.values.csrf.replace(/.$/, (c) => (c === "A" ? "B" : "A"));
    assert.equal((await v.post("/account/security/app", { ...form.values, csrf: was })).status, 403);
  });
  test("only paths of its own are gone to", async () => {
    strip(me);
    v = await fresh(me);
    for (const next of ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"]) {
      const page = await v.get(`/confirm?next=${encodeURIComponent(next)}`);
      assert.equal(h.formOf(page.text, "/confirm").values.next_path, "");
      const r = await v.submit("/confirm", { password: me.password, next_path: next });
      assert.equal(r.location, "/confirm?done=1", next);
    }
  });
  test("a wrong password is counted, waits after five, and is in the trail; the session stays", async () => {
    for (let i = 0; i < 5; i++) assert.equal((await v.submit("/confirm", { password: "wrong wrong wrong" })).status, 422);
    const r = await v.submit("/confirm", { password: me.password });
    assert.equal(r.status, 422);
    assert.match(r.text, /wait a little/);
    assert.deepEqual(lastAct("confirm", me), ["failed", "password: throttled"]);
    assert.equal((await v.get("/clients")).status, 200);
    forget();
    assert.equal((await v.submit("/confirm", { password: me.password })).status, 303);
  });
  test("R-03: who has a second factor proves with it; her password alone opens nothing, and is not even compared", async () => {
    strip(me);
    const { v: w, key } = await giveApp(me);
    later(me);
    const page = (await w.get("/confirm")).text;
    assert.doesNotMatch(page, /name="password"/, "it is not asked for");
    const form = h.formOf(page, "/confirm").values;
    for (let i = 0; i < 6; i++) {
      const r = await w.post("/confirm", { ...form, password: i % 2 ? me.password : "wrong wrong wrong" });
      assert.equal(r.status, 422);
      assert.match(r.text, /alone is not enough/, "right and wrong are answered alike, and counted as nothing");
    }
    assert.deepEqual(lastAct("confirm", me), ["failed", "password: not enough"]);
    assert.equal((await w.get("/account/security/app")).location, "/confirm?next=%2Faccount%2Fsecurity%2Fapp");
    h.freshCodes("glow", me.email);
    assert.equal((await w.post("/confirm", { ...form, password: me.password, code: h.totp(key) })).status, 303, "password and code: the code counts");
    assert.equal((await w.get("/account/security/app")).location, "/account/security", "let in; nothing is being set up");
  });
  test("a code of the app confirms, once", async () => {
    strip(me);
    const { v: w, key } = await giveApp(me);
    later(me);
    h.freshCodes("glow", me.email);
    const code = h.totp(key);
    const form = h.formOf((await w.get("/confirm")).text, "/confirm").values;
    assert.equal((await w.post("/confirm", { ...form, code })).status, 303);
    assert.equal((await w.post("/confirm", { ...form, code })).status, 422);
    assert.deepEqual(lastAct("confirm", me), ["failed", "totp: used before"]);
  });
  test("a passkey confirms, and only with what this session was asked to sign", async () => {
    strip(me);
    const passkey = new SoftPasskey("glow"), w = await fresh(me);
    assert.equal((await givePasskey(w, passkey, "Key")).status, 200);
    later(me);
    const values = h.formOf((await w.get("/confirm")).text, "/confirm").values;
    const asked = JSON.parse((await w.post("/confirm/passkey/ask", { csrf: values.csrf })).text);
    assert.equal((await w.post("/confirm", { csrf: values.csrf, ...passkey.signed({ challenge: "A".repeat(43) }) })).status, 422);
    assert.equal((await w.post("/confirm", { csrf: values.csrf, ...passkey.signed(asked) })).status, 422, "its challenge is taken");
    const anew = JSON.parse((await w.post("/confirm/passkey/ask", { csrf: values.csrf })).text);
    assert.equal((await w.post("/confirm", { csrf: values.csrf, ...passkey.signed(anew) })).status, 303);
    assert.deepEqual(lastAct("confirm", me), ["ok", "passkey"]);
  });
  test("the table of pages that need a proof: all that change what one logs in with (S-07)", () => {
    const need = h.routes().filter((p) => p.method === "POST" && /^\/account\/security|\/factors(\/confirm)?$/.test(p.path) && !/codes\/text$/.test(p.path));
    assert.ok(need.length >= 9);
    for (const p of need) assert.equal(p.step_up, true, p.path);
  });
});

describe("S-04: all is lost, and a colleague takes the second factors away", () => {
  const about = () => `/people/${idOf(me)}/factors`;
  const mailsTo = (account, kind) => Number(h.one("SELECT count(*) FROM app.message WHERE kind = :'v1' AND to_staff = :'v2'", kind, idOf(account)));
  before(async () => { forget(); for (const a of [me, owner, manager]) strip(a); await giveApp(me); });

  test("one asks, with a reason; the others who could confirm get a mail; nothing is gone yet", async () => {
    const v = await fresh(owner), before = mailsTo(manager, "account_reset_asked");
    assert.equal((await v.submit(about(), { reason: "short" }, { action: about() })).status, 422);
    const r = await v.submit(about(), { reason: "She stood before me, her phone is in the lake." }, { action: about() });
    assert.equal(r.status, 303);
    assert.equal(mailsTo(manager, "account_reset_asked"), before + 1);
    assert.equal(h.one("SELECT has_mfa FROM app.staff WHERE id = :'v1'", idOf(me)), "t");
    assert.equal(lastAct("mfa.reset_ask", me)[1], "She stood before me, her phone is in the lake.");
  });
  test("she cannot confirm it herself, nor twice, and not without a fresh proof", async () => {
    const v = await fresh(owner);
    const page = (await v.get(about())).text;
    assert.match(page, /A second person has to confirm/);
    const keys = h.formOf(page, `${about()}/drop`).values;
    assert.equal((await v.post(`${about()}/confirm`, keys)).status, 422);
    assert.equal((await v.post(about(), { ...keys, idem: h.uuid(), reason: "Once more, please." })).status, 422);
    later(owner);
    assert.match((await v.post(about(), { ...keys, idem: h.uuid(), reason: "Once more, please." })).text, /confirm that it is you/);
    assert.equal(h.one("SELECT has_mfa FROM app.staff WHERE id = :'v1'", idOf(me)), "t");
  });
  test("the second person does it: all factors and sessions are gone, she is told, her password is still asked for (V-15)", async () => {
    const hers = await h.one("SELECT count(*) FROM sec.session WHERE staff_id = :'v1' AND revoked_at IS NULL", idOf(me));
    assert.ok(Number(hers) > 0);
    const before = mailsTo(me, "account_factor");
    const v = await fresh(manager);
    const r = await v.submit(about(), {}, { action: `${about()}/confirm` });
    assert.equal(r.status, 303);
    assert.deepEqual(h.sql("SELECT has_mfa, (SELECT count(*) FROM sec.session s WHERE s.staff_id = f.id AND s.revoked_at IS NULL) FROM app.staff f WHERE id = :'v1'", idOf(me))[0], ["f", "0"]);
    assert.equal(mailsTo(me, "account_factor"), before + 1);
    assert.deepEqual(lastAct("mfa.reset", me), ["ok", "confirmed by a second person"]);
    assert.equal((await new h.Visitor("glow").submit("/login", { email: me.email, password: "not this one at all" })).status, 422);
    assert.equal((await new h.Visitor("glow").submit("/login", { email: me.email, password: me.password })).location, "/");
  });
  test("a request can be withdrawn, and is over after a day", async () => {
    await giveApp(me);
    const v = await fresh(manager);
    await v.submit(about(), { reason: "Asked by telephone." }, { action: about() });
    assert.equal((await v.submit(about(), {}, { action: `${about()}/drop` })).status, 303);
    await v.submit(about(), { reason: "Asked by telephone." }, { action: about() });
    h.sql("UPDATE sec.factor_reset SET expires_at = now() WHERE staff_id = :'v1' AND ended_at IS NULL", idOf(me));
    const w = await fresh(owner);
    const keys = h.formOf((await w.get(about())).text, about()).values;
    assert.equal((await w.post(`${about()}/confirm`, keys)).status, 404);
  });
  test("S-12: nobody takes away what protects somebody who may more, nor her own", async () => {
    await giveApp(owner);
    const v = await fresh(manager);
    const target = `/people/${idOf(owner)}/factors`;
    const r = await v.submit(target, { reason: "I would like to be her." }, { action: target });
    assert.equal(r.status, 422);
    assert.match(r.text, /may do more here than you/);
    const own = `/people/${idOf(manager)}/factors`;
    const keys = h.formOf((await v.get(target)).text, target).values;
    assert.equal((await v.post(own, { ...keys, idem: h.uuid(), reason: "It is only mine." })).status, 403);
    assert.equal(h.one("SELECT has_mfa FROM app.staff WHERE id = :'v1'", idOf(owner)), "t");
    strip(owner);
  });
  test("who is alone does it at once", async () => {
    const t = h.tenantId("glow");
    const others = (on) => h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); UPDATE app.staff SET is_active = ${on} WHERE tenant_id = :'v1' AND perms LIKE '%,staff_write,%' AND id <> :'v2'; COMMIT`, t, idOf(owner));
    const left = h.sql("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND perms LIKE '%,staff_write,%' AND NOT is_active", t);
    assert.deepEqual(left, []);
    const v = await fresh(owner);
    others(false);
    try {
      assert.match((await v.get(about())).text, /done at once/);
      assert.equal((await v.submit(about(), { reason: "She is here beside me." }, { action: about() })).status, 303);
      assert.equal(h.one("SELECT has_mfa FROM app.staff WHERE id = :'v1'", idOf(me)), "f");
    } finally { others(true); }
  });
});
