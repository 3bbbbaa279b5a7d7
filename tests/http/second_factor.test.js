// second_factor.test.js -- codes of an app, recovery codes, and the stage of a log-in between password and session.
"use strict";
const { test, describe, before, beforeEach, after } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");

const forget = () => h.sql("DELETE FROM sec.throttle");
const who = () => ({ ...h.staffOf("glow", "manager") });
const idOf = (account) => h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email_norm = lower(:'v2')", h.tenantId(account.label), account.email);
// What somebody has enrolled goes, as if it had never been.
function strip(account) {
  h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); DELETE FROM sec.totp WHERE staff_id = :'v2'; DELETE FROM sec.passkey WHERE staff_id = :'v2';
    DELETE FROM sec.recovery_code WHERE staff_id = :'v2'; COMMIT`, h.tenantId(account.label), idOf(account));
}
beforeEach(forget);
after(() => { forget(); strip(who()); });

const codesIn = (text) => (text.match(/<pre[^>]*>([^<]*)<\/pre>/)?.[1] ?? "").split("\n").filter((l) => /^[0-9A-Z]{4}(-[0-9A-Z]{4}){5}$/.test(l));
// Logs in with the password, sets up an app; gives the visitor, the key and the recovery codes.
async function enrol(account) {
  const v = new h.Visitor(account.label);
  assert.equal((await h.logIn(v, account)).status, 303);
  const begun = await v.submit("/account/security", {}, { action: "/account/security/app" });
  assert.equal(begun.location, "/account/security/app");
  const page = await v.get(begun.location);
  const key = page.text.match(/<code>([A-Z2-7 ]+)<\/code>/)[1].replace(/ /g, "");
  const form = h.formOf(page.text, "/account/security/app/confirm");
  const reply = await v.post(form.action, { ...form.values, code: h.totp(key) });
  return { v, key, page, reply, form, codes: codesIn(reply.text) };
}
const lastAct = (action, account) => h.sql(`SELECT outcome, coalesce(reason, '') FROM audit.event WHERE tenant_id = :'v1' AND action = :'v2' AND (actor_id = :'v3' OR object_id = :'v3') ORDER BY at DESC LIMIT 1`,
  h.tenantId(account.label), action, idOf(account))[0];

describe("B46 S-04: an app's codes, set up and used", () => {
  let e;
  const me = who();
  before(async () => { forget(); strip(me); e = await enrol(me); });

  test("the key is shown as a square and as text, once; the database has it only sealed", async () => {
    assert.match(e.page.text, /<svg class="qr"[^>]*>.*<path d="M\d+ \d+h/s);
    assert.equal(e.key.length, 32);
    assert.equal(e.page.headers["cache-control"], "no-store");
    const box = h.one("SELECT encode(secret_sealed, 'hex') FROM sec.totp WHERE staff_id = :'v1'", idOf(me));
    assert.ok(box.length > 80 && !box.includes(Buffer.from(e.key).toString("hex")));
    assert.equal((await e.v.get("/account/security/app")).location, "/account/security", "what counts is not shown again");
  });
  test("ten recovery codes of 120 bits come with it, and only their hashes are kept", async () => {
    assert.equal(e.codes.length, 10);
    assert.equal(new Set(e.codes).size, 10);
    assert.equal(h.one("SELECT count(*) FROM sec.recovery_code WHERE staff_id = :'v1'", idOf(me)), "10");
    const kept = h.sql("SELECT encode(code_hash, 'hex') FROM sec.recovery_code WHERE staff_id = :'v1'", idOf(me)).flat();
    const crypto = require("node:crypto");
    assert.ok(e.codes.every((c) => kept.includes(crypto.createHash("sha256").update(c.replace(/-/g, "")).digest("hex"))));
  });
  test("they are saved as a file by who holds them, and by nobody else", async () => {
    const form = h.formOf(e.reply.text, "/account/security/codes/text");
    const file = await e.v.post(form.action, form.values);
    assert.equal(file.status, 200);
    assert.match(file.headers["content-disposition"], /attachment.*recovery-codes\.txt/);
    for (const c of e.codes) assert.ok(file.text.includes(c));
    const other = await h.staff("glow", "biller");
    const keys = h.formOf((await other.get("/account/security")).text, "/account/security/app").values;
    assert.equal((await other.post(form.action, { ...keys, codes: form.values.codes })).status, 400);
  });
  test("the same form sent twice shows no codes a second time", async () => {
    const again = await e.v.post(e.form.action, { ...e.form.values, code: h.totp(e.key) });
    assert.equal(again.status, 303);
    assert.doesNotMatch(again.text, /-[0-9A-Z]{4}-/);
  });
  test("S-06 T09: enrolling gives the session a new token, and ends those that came in by the password alone", async () => {
    strip(me);
    const before = new h.Visitor("glow"), stolen = new h.Visitor("glow");
    await h.logIn(before, me);
    await h.logIn(stolen, me);
    const old = stolen.cookieFor("/");
    e = await enrol(me);
    assert.equal((await h.request("glow", "/account/security", { cookie: old })).status, 303);
    assert.equal((await before.get("/account/security")).status, 303);
    assert.equal((await e.v.get("/account/security")).status, 200);
  });
  test("S-04 V-14: it is in the trail and told by mail, without the key", async () => {
    assert.deepEqual(lastAct("mfa.app", me), ["ok", ""]);
    assert.ok(Number(h.one("SELECT count(*) FROM app.message WHERE kind = 'account_factor' AND to_staff = :'v1'", idOf(me))) > 0);
  });
  test("L37 S-08: after the right password there is a ticket and no session", async () => {
    const v = new h.Visitor("glow");
    const r = await v.submit("/login", { email: me.email, password: me.password, next_path: "/clients" });
    assert.equal(r.location, "/login/second?next=%2Fclients");
    assert.match(r.cookies.join("\n"), /^__Host-login=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict; Max-Age=600$/m);
    assert.ok(!r.cookies.some((c) => c.startsWith("__Host-sid")));
    assert.equal((await v.get("/clients")).status, 303);
    const asSession = `__Host-sid=${r.cookies.find((c) => c.startsWith("__Host-login")).match(/=([\w-]{43})/)[1]}`;
    assert.equal((await h.request("glow", "/clients", { cookie: asSession })).status, 303, "a ticket is no session");
    assert.deepEqual(lastAct("login.password", me), ["ok", ""]);
    h.freshCodes("glow", me.email);
    const second = await v.submit(r.location, { code: h.totp(e.key) });
    assert.equal(second.location, "/clients");
    const sid = second.cookies.find((c) => c.startsWith("__Host-sid"));
    assert.ok(sid && !sid.includes(r.cookies[0].match(/=([\w-]{43})/)[1]), "fixation: the session's token is not the ticket's");
    assert.equal((await v.get("/clients")).status, 200);
    assert.equal(h.one("SELECT how FROM sec.session WHERE staff_id = :'v1' ORDER BY created_at DESC LIMIT 1", idOf(me)), "totp");
  });
  test("one's own path only afterwards", async () => {
    for (const next of ["//evil.example/", "https://evil.example/", "/\\evil.example"]) {
      const v = new h.Visitor("glow");
      const r = await v.submit("/login", { email: me.email, password: me.password });
      h.freshCodes("glow", me.email);
      assert.equal((await v.submit(r.location, { code: h.totp(e.key), next_path: next })).location, "/");
    }
  });
});

describe("T07 S-04: guessing and repeating the second step", () => {
  let key, codes;
  const me = who();
  before(async () => { forget(); strip(me); ({ key, codes } = await enrol(me)); });
  const half = async () => {
    const v = new h.Visitor("glow");
    assert.match((await v.submit("/login", { email: me.email, password: me.password })).location, /^\/login\/second/);
    return v;
  };
  const guess = (v, values) => v.submit("/login/second", values);

  test("a code that was used is refused, also in another browser", async () => {
    h.freshCodes("glow", me.email);
    const code = h.totp(key);
    assert.equal((await guess(await half(), { code })).status, 303);
    const r = await guess(await half(), { code });
    assert.equal(r.status, 422);
    assert.match(r.text, /used already/);
    assert.deepEqual(lastAct("login.second", me), ["failed", "totp: used before"]);
  });
  test("an older code than the last used one is refused, though its time is not over", async () => {
    h.freshCodes("glow", me.email);
    assert.equal((await guess(await half(), { code: h.totp(key) })).status, 303);
    assert.equal((await guess(await half(), { code: h.totp(key, -1) })).status, 422);
  });
  test("one step before and after counts, two do not", async () => {
    for (const [steps, status] of [[-1, 303], [1, 303], [-2, 422], [2, 422], [20, 422]]) {
      h.freshCodes("glow", me.email);
      forget();
      const v = await half();
      // Near the end of a step, two away may be one away when it arrives.
      while (Date.now() % 30000 > 27000) await new Promise((r) => setTimeout(r, 200));
      assert.equal((await guess(v, { code: h.totp(key, steps) })).status, status, `${steps} steps`);
    }
  });
  test("after five wrong codes the ticket is over, and the next one waits; it is all in the trail", async () => {
    h.freshCodes("glow", me.email);
    const v = await half();
    for (let i = 0; i < 4; i++) assert.equal((await guess(v, { code: "000000" })).status, 422);
    assert.equal((await guess(v, { code: "000000" })).location, "/login?late=1");
    const next = await half();
    const r = await guess(next, { code: h.totp(key) });
    assert.equal(r.status, 422);
    assert.match(r.text, /wait a little/);
    assert.deepEqual(lastAct("login.second", me), ["failed", "totp: throttled"]);
    forget();
    assert.equal((await guess(next, { code: h.totp(key) })).status, 303, "it is no lock for ever");
  });
  test("a recovery code works once, and its use is told by mail", async () => {
    const mails = () => Number(h.one("SELECT count(*) FROM app.message WHERE kind = 'account_factor' AND to_staff = :'v1'", idOf(me)));
    const before = mails();
    const typed = codes[0].toLowerCase().replace(/-/g, " ");
    assert.equal((await guess(await half(), { recovery: typed, code: "" })).status, 303);
    assert.equal(h.one("SELECT how FROM sec.session WHERE staff_id = :'v1' ORDER BY created_at DESC LIMIT 1", idOf(me)), "recovery");
    assert.equal(mails(), before + 1);
    const r = await guess(await half(), { recovery: codes[0], code: "" });
    assert.equal(r.status, 422);
    assert.deepEqual(lastAct("login.second", me), ["failed", "recovery: used before"]);
  });
  test("a recovery code of somebody else is wrong", async () => {
    const other = h.staffOf("first-light", "manager");
    strip(other);
    const theirs = await enrol(other);
    strip(other);
    assert.equal((await guess(await half(), { recovery: theirs.codes[0], code: "" })).status, 422);
  });
  test("ten new codes end the old ones", async () => {
    const v = await half();
    h.freshCodes("glow", me.email);
    await guess(v, { code: h.totp(key) });
    const r = await v.submit("/account/security", {}, { action: "/account/security/codes" });
    const fresh = codesIn(r.text);
    assert.equal(r.status, 200);
    assert.equal(fresh.length, 10);
    assert.equal((await guess(await half(), { recovery: codes[1], code: "" })).status, 422);
    assert.equal((await guess(await half(), { recovery: fresh[0], code: "" })).status, 303);
  });
  test("without a ticket, or with an old one, it begins anew", async () => {
    const v = new h.Visitor("glow");
    assert.equal((await v.get("/login/second")).location, "/login?late=1");
    const late = await half();
    h.sql("UPDATE sec.login_ticket SET expires_at = now() WHERE staff_id = :'v1'", idOf(me));
    assert.equal((await late.get("/login/second")).location, "/login?late=1");
    assert.match((await late.get("/login?late=1")).text, /begin again/);
  });
  test("T08 V-15: a new password opens nothing by itself: the second step is still asked for", async () => {
    const t = h.tenantId("glow"), was = h.one("SELECT phc FROM sec.credential WHERE staff_id = :'v1'", idOf(me));
    h.sql("BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true), set_config('foyer.actor_kind', 'system', true); SELECT sec.password_set(:'v2', :'v3'); COMMIT", t, idOf(me), was);
    assert.equal(h.one("SELECT count(*) FROM sec.session WHERE staff_id = :'v1' AND revoked_at IS NULL", idOf(me)), "0");
    const v = await half();
    assert.equal((await v.get("/clients")).status, 303);
    h.freshCodes("glow", me.email);
    assert.equal((await guess(v, { code: h.totp(key) })).status, 303);
  });
  test("who is deactivated meanwhile does not come in", async () => {
    const v = await half();
    const set = (on) => h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); UPDATE app.staff SET is_active = ${on} WHERE id = :'v2'; COMMIT`, h.tenantId("glow"), idOf(me));
    const form = h.formOf((await v.get("/login/second")).text, "/login/second").values;
    set(false);
    try {
      h.freshCodes("glow", me.email);
      assert.equal((await v.post("/login/second", { ...form, code: h.totp(key) })).location, "/login?late=1");
    } finally { set(true); }
  });
});

describe("B45 S-04 R-01: a role that asks for a second step", () => {
  const me = h.staffOf("first-light", "biller");
  const need = (on) => h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); UPDATE app.role SET needs_mfa = ${on} WHERE tenant_id = :'v1' AND slug = 'biller'; COMMIT`, h.tenantId("first-light"));
  before(() => { strip(me); need(true); });
  after(() => { need(false); strip(me); });

  test("without one only the page to set it up opens, and it says why", async () => {
    const v = new h.Visitor("first-light");
    await h.logIn(v, me);
    for (const target of ["/clients", "/", "/calendar"]) assert.equal((await v.get(target)).location, "/account/security", target);
    const page = await v.get("/account/security");
    assert.match(page.text, /Before you go on, set up a second step/);
    assert.equal((await v.post("/logout", h.formOf(page.text, "/logout").values)).status, 303);
  });
  test("with it everything opens at once, and the last one cannot be removed", async () => {
    const { v } = await enrol(me);
    assert.equal((await v.get("/clients")).status, 200);
    const r = await v.submit("/account/security", {}, { action: "/account/security/app/remove" });
    assert.equal(r.status, 422);
    assert.match(r.text, /this is your only one/);
    need(false);
    assert.equal((await v.submit("/account/security", {}, { action: "/account/security/app/remove" })).status, 303);
    assert.deepEqual(h.sql("SELECT has_mfa, needs_mfa FROM app.staff WHERE id = :'v1'", idOf(me))[0], ["f", "f"]);
    assert.equal(h.one("SELECT count(*) FROM sec.recovery_code WHERE staff_id = :'v1'", idOf(me)), "0");
  });
  test("the operator's roles always ask for it, whatever is set", async () => {
    const t = h.tenantId("ops");
    h.sql("BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); UPDATE app.role SET needs_mfa = false WHERE tenant_id = :'v1'; COMMIT", t);
    assert.equal(h.one("SELECT bool_and(needs_mfa) FROM app.role WHERE tenant_id = :'v1'", t), "t");
    assert.equal(h.one("SELECT bool_and(needs_mfa AND has_mfa) FROM app.staff WHERE tenant_id = :'v1' AND email_norm = 'operator@foyer.example'", t), "t");
    const v = new h.Visitor("ops");
    const operator = h.staffOf("ops", "operator");
    assert.match((await v.submit("/login", { email: operator.email, password: operator.password })).location, /^\/login\/second/);
  });
  test("who has lost everything and has nobody to ask: the operator's command takes the factors away, and the trail says so", async () => {
    const { execFileSync } = require("node:child_process");
    strip(me);
    await enrol(me);
    const words = [require("node:path").join(h.env.vardir, "app", "bin", "foyer"), "--config", require("node:path").join(h.env.vardir, "foyer.conf"),
      "user", "forget-factors", "--as", "postgres", "--tenant", "first-light", "--email", me.email];
    const all = process.getuid() === 0 ? ["runuser", "-u", process.env.FOYER_OS_USER || "foyer", "--", ...words] : words;
    assert.match(execFileSync(all[0], all.slice(1), { encoding: "utf8", cwd: "/" }), /no second factor any more/);
    assert.equal(h.one("SELECT has_mfa FROM app.staff WHERE id = :'v1'", idOf(me)), "f");
    assert.deepEqual(lastAct("mfa.reset", me), ["ok", "by the operator's command"]);
  });
  test("scripts/code shows what the operator's app would", () => {
    const { execFileSync } = require("node:child_process");
    const key = h.staffOf("ops", "operator").key;
    const said = execFileSync(require("node:path").join(h.env.bin, "foyer"), ["user", "code"], { input: `${key}\n`, encoding: "utf8" }).trim();
    assert.ok([h.totp(key), h.totp(key, -1)].includes(said));
  });
});
