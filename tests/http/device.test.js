// device.test.js -- the browsers and sessions of one's own: who is told of a new one, what is listed, what can be ended.
"use strict";
const { test, describe, beforeEach } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");

beforeEach(() => h.sql("DELETE FROM sec.throttle"));
const account = () => h.staffOf("glow", "biller");
const logIn = async (v, who = account()) => {
  const r = await v.submit("/login", { email: who.email, password: who.password });
  assert.equal(r.status, 303);
  return r;
};
// Mails about an account are read by nobody here but their words: they are sealed. That there is one, and to whom.
const mails = (who = account()) => h.sql(`SELECT m.subject FROM app.message m WHERE m.kind = 'account_new_device' AND m.to_address = :'v1'`, who.email).length;

describe("B48: a browser that is new to an account", () => {
  test("is told of by mail, once; the next log-in with it is not", async () => {
    const v = new h.Visitor("glow");
    await logIn(v); // however she came before
    const first = mails();
    const other = new h.Visitor("glow");
    await logIn(other);
    assert.equal(mails(), first + 1);
    await logIn(other);
    assert.equal(mails(), first + 1);
    const [subject] = h.sql("SELECT subject FROM app.message WHERE kind = 'account_new_device' ORDER BY created_at DESC LIMIT 1")[0];
    assert.equal(subject, "A log-in from a new browser at Glow Medical Spa");
  });
  test("L37: has a cookie of its own that no script reads, which the database knows by its hash only", async () => {
    const v = new h.Visitor("glow");
    const r = await logIn(v);
    const line = r.cookies.find((c) => c.startsWith("__Host-device="));
    assert.match(line, /^__Host-device=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict; Max-Age=34560000$/);
    const raw = Buffer.from(line.slice(14, 57), "base64url");
    const hex = require("node:crypto").createHash("sha256").update(raw).digest("hex");
    assert.equal(h.one("SELECT count(*) FROM sec.device WHERE token_hash = decode(:'v1', 'hex')", hex), "1");
    assert.equal(h.one("SELECT count(*) FROM sec.device WHERE token_hash = decode(:'v1', 'hex')", raw.toString("hex")), "0");
  });
  test("the cookie alone opens nothing, and another's cookie makes no browser known", async () => {
    const v = new h.Visitor("glow");
    await logIn(v);
    v.jar.delete("__Host-sid /");
    await logIn(new h.Visitor("glow"), h.staffOf("glow", "manager"));
    assert.equal((await v.get("/clients")).status, 303);
    const before = mails(h.staffOf("glow", "manager"));
    await logIn(v, h.staffOf("glow", "manager"));
    assert.equal(mails(h.staffOf("glow", "manager")), before + 1, "the same computer, another person's account");
    const odd = new h.Visitor("glow");
    odd.jar.set("__Host-device /", { name: "__Host-device", at: "/", value: "short" });
    assert.ok((await logIn(odd)).cookies.some((c) => /^__Host-device=[\w-]{43};/.test(c)), "a broken cookie is replaced");
  });
});

describe("B12 B48 S-06: one's own sessions", () => {
  const chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
  // Somebody logged in with a browser of that name, from that address.
  const come = async (who, agent, from) => {
    const v = new h.Visitor("glow");
    const { values } = h.formOf((await v.get("/login")).text);
    const r = await v.post("/login", { ...values, email: who.email, password: who.password }, { headers: { "User-Agent": agent }, from });
    assert.equal(r.status, 303);
    return v;
  };
  const isIn = async (v) => (await v.get("/account/devices")).status === 200;
  const idOf = (v) => h.one("SELECT id FROM sec.session WHERE token_hash = sha256(decode(:'v1', 'hex'))",
    Buffer.from(v.jar.get("__Host-sid /").value, "base64url").toString("hex"));

  test("are listed with browser, address, times and how she came, and which one this is", async () => {
    const v = await come(account(), chrome, "127.8.7.6");
    const page = h.decode((await v.get("/account/devices", { from: "127.8.7.6" })).text);
    assert.match(page, /Chrome on Windows <strong>\(this one\)<\/strong>/);
    assert.match(page, /Logged in with a password on \w{3} \d/);
    assert.match(page, /From the network address 127\.8\.7\.6, as you now/);
  });
  test("one can be ended, and then all others; the browser is new again", async () => {
    const mine = await come(account(), chrome);
    const other = await come(account(), chrome), third = await come(account(), chrome);
    const form = h.formOf((await mine.get("/account/devices")).text, "/account/devices/end");
    const ended = await mine.post("/account/devices/end", { ...form.values, ended_id: idOf(other) });
    assert.equal(ended.status, 303);
    assert.ok(h.trail(ended.id).some((e) => e.action === "session.end"));
    assert.equal(await isIn(other), false);
    assert.equal(await isIn(third), true);
    const known = mails();
    await logIn(other);
    assert.equal(mails(), known + 1, "it comes back as a stranger");
    const all = h.formOf((await mine.get("/account/devices")).text, "/account/devices/end-others");
    assert.equal((await mine.post("/account/devices/end-others", all.values)).status, 303);
    assert.equal(await isIn(mine), true);
    assert.equal(await isIn(third), false);
    assert.equal(await isIn(other), false);
  });
  test("S-12: another's session is not found, whoever asks without the right; nor is one of another studio's", async () => {
    const mine = await come(account(), chrome);
    const colleague = await come(h.staffOf("glow", "auditor"), chrome);
    const form = h.formOf((await mine.get("/account/devices")).text, "/account/devices/end-others");
    assert.equal((await mine.post("/account/devices/end", { ...form.values, ended_id: idOf(colleague) })).status, 404);
    assert.equal(await isIn(colleague), true);
    const person = h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email = :'v2'", h.tenantId("glow"), h.staffOf("glow", "auditor").email);
    assert.equal((await mine.get(`/people/${person}/sessions`)).status, 403);
    const abroad = await h.staff("first-light", "owner");
    assert.equal((await abroad.get(`/people/${person}/sessions`)).status, 404);
  });
  test("who looks after accounts sees and ends a colleague's, and that is in the trail", async () => {
    const colleague = await come(h.staffOf("glow", "auditor"), chrome);
    const owner = await h.staff("glow", "owner");
    const person = h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email = :'v2'", h.tenantId("glow"), h.staffOf("glow", "auditor").email);
    const page = await owner.get(`/people/${person}/sessions`);
    assert.match(page.text, /Chrome on Windows/);
    assert.ok(h.trail(page.id).some((e) => e.action === "session.list"));
    assert.equal((await owner.post(`/people/${person}/sessions/end`, h.formOf(page.text, `/people/${person}/sessions/end`).values)).status, 303);
    assert.equal(await isIn(colleague), false);
    assert.equal((await owner.get("/account/devices")).status, 200, "her own goes on");
  });
  test("B12: ended ones are listed as long as the business says, and no longer", async () => {
    const v = await come(account(), chrome);
    const ids = [399, 401].map((days) => {
      const id = h.uuid();
      h.sql(`INSERT INTO sec.session (tenant_id, id, staff_id, token_hash, created_at, last_seen_at, absolute_until, agent)
             SELECT tenant_id, '${id}', staff_id, sha256('${id}'), now() - interval '${days} days', now() - interval '${days} days', now() - interval '${days} days', 'Firefox/1'
             FROM sec.session WHERE id = '${idOf(v)}'`);
      return id;
    });
    const there = () => ids.map((id) => h.one("SELECT count(*) FROM sec.session WHERE id = :'v1'", id));
    h.sql("SELECT sec.tidy()");
    assert.deepEqual(there(), ["1", "0"]);
    const t = h.tenantId("glow");
    h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', '${t}', true); UPDATE app.tenant SET session_days = 30 WHERE id = '${t}'; SELECT sec.tidy(); COMMIT;`);
    assert.deepEqual(there(), ["0", "0"]);
    h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', '${t}', true); UPDATE app.tenant SET session_days = 400 WHERE id = '${t}'; COMMIT;`);
  });
});
