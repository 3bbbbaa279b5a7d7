// session_worth.test.js -- T09, the whole row: a session's token that somebody has copied is worth nothing once the session is over, however
// it ended, on every page and for every form (R-02, S-06, S-08, V-17). Each case says how it ends; what is asked afterwards comes from the
// table of pages.
"use strict";
const { test, describe, before, beforeEach, after } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");
const { fill } = require("./samples");

const glow = h.tenantId("glow");
const inside = (s) => h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', '${glow}', true); ${s} COMMIT;`);
const her = h.staffOf("glow", "manager"), owner = () => h.staff("glow", "owner", { fresh: true });
const id = h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email_norm = :'v2'", glow, her.email);
const session = (what) => h.sql(`UPDATE sec.session SET ${what} WHERE staff_id = '${id}' AND revoked_at IS NULL`);
const another = "nine brown otters sleep";
let phc;
beforeEach(() => h.sql("DELETE FROM sec.throttle"));
before(() => { phc = h.one("SELECT phc FROM sec.credential WHERE tenant_id = :'v1' AND staff_id = :'v2'", glow, id); });
// As it was, for the next case: an active account with the demo's password and no second factor.
const mend = () => inside(`UPDATE app.staff SET is_active = true, deactivated_at = NULL WHERE id = '${id}'; UPDATE sec.credential SET phc = '${phc}' WHERE staff_id = '${id}';
  DELETE FROM sec.totp WHERE staff_id = '${id}'; DELETE FROM sec.recovery_code WHERE staff_id = '${id}'; UPDATE sec.session SET revoked_at = now() WHERE staff_id = '${id}' AND revoked_at IS NULL;`);
after(() => { mend(); h.sql("DELETE FROM sec.throttle"); });

const pages = h.routes().filter((p) => p.door === "staff" && p.realm !== "operator");
const few = new Set(["/", "/clients", "/account", "/account/security", "/alive", "/messages", "/people", "/settings/sso", "/confirm"]);
// Every page and form (or some of each pool), with the token and with a form's token that was good for it.
async function everywhere(cookie, csrf, all) {
  const asked = pages.filter((p) => all || few.has(p.path)).map((p) => [p, fill(p, "glow")]).filter(([, target]) => target);
  assert.ok(asked.length >= (all ? 60 : 8), `${asked.length} pages`);
  const one = async ([p, target]) => {
    const r = await h.request("glow", target, p.method === "GET" ? { cookie } : { method: "POST", cookie, body: { csrf, idem: h.uuid() } });
    if (p.method === "GET") {
      assert.equal(r.status, 303, `GET ${target}: ${r.status}`);
      assert.match(r.location, /^\/login\?next=/);
    } else assert.equal(r.status, 401, `POST ${target}: ${r.status}`);
    assert.equal(r.cookies.filter((c) => c.startsWith("__Host-sid=")).length, 0, "no token is given for it");
    assert.doesNotMatch(r.text, /data-who/);
  };
  for (let i = 0; i < asked.length; i += 8) await Promise.all(asked.slice(i, i + 8).map(one));
}
// Somebody copies the cookie of an open session; it is over then.
async function stolen(end, o = {}) {
  mend();
  const v = new h.Visitor("glow");
  assert.equal((await h.logIn(v, her)).status, 303);
  const page = await v.get("/account");
  assert.equal(page.status, 200);
  const cookie = v.cookieFor("/").split("; ").filter((c) => !c.startsWith("__Host-device")).join("; "), { csrf } = h.formOf(page.text, "/logout").values;
  assert.equal((await h.request("glow", "/people", { cookie })).status, 200, "the copy is good while the session is");
  await end(v);
  await everywhere(cookie, csrf, o.all);
  return v;
}

describe("T09: a copied token", () => {
  test("after log-out: on every page and for every form of the table", async () => {
    const v = await stolen(async (x) => { await x.post("/logout", h.formOf((await x.get("/account")).text, "/logout").values); }, { all: true });
    assert.equal((await h.logIn(v, her)).status, 303, "logging in again brings no old one back");
  });
  test("after another password, chosen in another browser: hers goes on, the copy does not", async () => {
    const w = new h.Visitor("glow");
    await stolen(async () => {
      await h.logIn(w, her);
      assert.equal((await w.submit("/account/password", { current: her.password, password: another })).status, 303);
    });
    assert.equal((await w.get("/account")).status, 200);
  });
  test("after a lost password: also the browser that it is chosen in has to log in", async () => {
    await stolen(async () => {
      const token = Buffer.from(h.uuid().replaceAll("-", "").repeat(2), "hex");
      inside(`INSERT INTO sec.account_token (tenant_id, kind, staff_id, email, token_hash, expires_at) VALUES ('${glow}', 'reset', '${id}', '${her.email}', sha256(decode('${token.toString("hex")}', 'hex')), now() + interval '30 minutes');`);
      assert.equal((await new h.Visitor("glow").submit(`/reset/${token.toString("base64url")}`, { password: another })).status, 303);
    });
  });
  test("after the account is closed; opened again, it brings no session back", async () => {
    await stolen(async () => { assert.equal((await (await owner()).submit(`/people/${id}`, {}, { action: `/people/${id}/deactivate` })).status, 303); });
    const cookie = await (async () => { const v = new h.Visitor("glow"); mend(); await h.logIn(v, her); const c = v.cookieFor("/"); inside(`UPDATE app.staff SET is_active = false WHERE id = '${id}';`); return c; })();
    assert.equal((await h.request("glow", "/clients", { cookie })).status, 303, "closed by whatever way");
  });
  test("after 15 minutes and a second without a request", () => stolen(async () => session("last_seen_at = now() - interval '15 minutes 1 second'")));
  test("after 12 hours and a minute, however much it was used", () => stolen(async () => session("created_at = now() - interval '12 hours 1 minute', absolute_until = now() - interval '1 minute', last_seen_at = now()")));
  test("after the clock went back: minutes cannot be counted then", () => stolen(async () => session("last_seen_at = now() + interval '6 minutes'")));
  test("after she ended it from her list of devices, or a colleague who may", async () => {
    const w = new h.Visitor("glow");
    await stolen(async () => {
      await h.logIn(w, her);
      assert.equal((await w.submit("/account/devices", {}, { action: "/account/devices/end-others" })).status, 303);
    });
    await stolen(async () => { assert.equal((await (await owner()).submit(`/people/${id}/sessions`, {}, { action: `/people/${id}/sessions/end` })).status, 303); });
  });
  test("after a sixth log-in: five are the most", () => stolen(async () => { for (let i = 0; i < 5; i++) await h.logIn(new h.Visitor("glow"), her); }));
  test("after she has confirmed who she is: the session has another token, the copy has none", async () => {
    const v = await stolen(async (x) => { assert.equal((await x.submit("/confirm", { password: her.password })).status, 303); });
    assert.equal((await v.get("/account")).status, 200);
  });
  test("after a second factor was set up: also what the password alone had opened elsewhere", () => stolen(async () => {
    const w = new h.Visitor("glow");
    await h.logIn(w, her);
    await w.submit("/account/security", {}, { action: "/account/security/app" });
    const page = (await w.get("/account/security/app")).text, key = page.match(/<code>([A-Z2-7 ]+)<\/code>/)[1];
    assert.equal((await w.post("/account/security/app/confirm", { ...h.formOf(page, "/account/security/app/confirm").values, code: h.totp(key) })).status, 200);
  }));
});

describe("T09: fixation, and other hosts", () => {
  test("a token that was planted before the log-in is not the one afterwards, and opens nothing", async () => {
    mend();
    for (const planted of ["A".repeat(43), Buffer.from(h.uuid().repeat(2)).toString("base64url").slice(0, 43), "", "x"]) {
      const v = new h.Visitor("glow");
      v.jar.set("__Host-sid /", { name: "__Host-sid", at: "/", value: planted });
      assert.equal((await h.logIn(v, her)).status, 303);
      assert.notEqual(v.jar.get("__Host-sid /").value, planted);
      assert.equal((await h.request("glow", "/account", { cookie: `__Host-sid=${planted}` })).status, 303);
    }
  });
  test("a session of one's own, planted in somebody's browser, does not become hers", async () => {
    const thief = await h.staff("glow", "front-desk", { fresh: true }), planted = thief.jar.get("__Host-sid /").value, v = new h.Visitor("glow");
    v.jar.set("__Host-sid /", { name: "__Host-sid", at: "/", value: planted });
    assert.equal((await h.logIn(v, her)).status, 303);
    assert.notEqual(v.jar.get("__Host-sid /").value, planted);
    assert.equal((await h.request("glow", "/people", { cookie: `__Host-sid=${planted}` })).status, 403, "the thief is still only who he was");
  });
  test("S-08: a token is good at its own business's host alone, and the ticket of a log-in half way is no session", async () => {
    const v = await h.staff("glow", "owner", { fresh: true }), token = v.jar.get("__Host-sid /").value;
    for (const label of ["first-light", "ops"]) assert.match((await h.request(label, "/account", { cookie: `__Host-sid=${token}` })).location, /^\/login/);
    const ops = h.staffOf("ops", "operator"), half = new h.Visitor("ops");
    const r = await half.submit("/login", { email: ops.email, password: ops.password }, { action: "/login" });
    assert.match(r.location, /^\/login\/second/);
    const ticket = half.jar.get("__Host-login /").value;
    assert.match((await h.request("ops", "/account", { cookie: `__Host-sid=${ticket}` })).location, /^\/login/);
  });
});
