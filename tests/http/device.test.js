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
    assert.equal((await v.get("/clients")).status, 303);
    const before = mails(h.staffOf("glow", "manager"));
    await logIn(v, h.staffOf("glow", "manager"));
    assert.equal(mails(h.staffOf("glow", "manager")), before + 1, "the same computer, another person's account");
    const odd = new h.Visitor("glow");
    odd.jar.set("__Host-device /", { name: "__Host-device", at: "/", value: "short" });
    assert.ok((await logIn(odd)).cookies.some((c) => /^__Host-device=[\w-]{43};/.test(c)), "a broken cookie is replaced");
  });
});
