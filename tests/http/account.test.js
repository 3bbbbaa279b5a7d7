// account.test.js -- one's own account: a lost password, another one, another address; which passwords are taken; and that nobody finds out
// who has an account here, or gets in by trying.
"use strict";
const { test, describe, beforeEach, before, after } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");
const { mail, mails, pathOf, Patient } = require("./mailbox");

const glow = h.tenantId("glow");
const password = "seven grey herons wade";
const forget = () => h.sql("DELETE FROM sec.throttle");
beforeEach(forget);
const inside = (text) => h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', '${glow}', true); ${text} COMMIT;`);
const roleId = (slug) => h.one("SELECT id FROM app.role WHERE tenant_id = :'v1' AND slug = :'v2'", glow, slug);
const logIn = async (email, secret = password, v = new Patient("glow"), o = {}) => ({ v, r: await v.submit("/login", { email, password: secret }, o) });
const people = [];
// Somebody new, who has joined.
async function member(name = "Ada Herself") {
  const email = `account-${h.uuid().slice(0, 8)}@glow.example`, owner = await h.staff("glow", "owner", { fresh: true });
  people.push(email);
  assert.equal((await owner.submit("/people/new", { name, email, given: roleId("front-desk") }, { action: "/people/new" })).status, 303);
  assert.equal((await new Patient("glow").submit(pathOf((await mail("glow", email, "account_invite")).link), { password })).status, 303);
  return email;
}
after(() => {
  for (const email of people)
    inside(`DELETE FROM app.message WHERE to_staff IN (SELECT id FROM app.staff WHERE email = '${email}') OR created_by IN (SELECT id FROM app.staff WHERE email = '${email}');
            DELETE FROM app.staff WHERE email = '${email}';`);
  forget();
});

describe("B46 V-13: which passwords are taken", () => {
  let link, page;
  before(async () => {
    const owner = await h.staff("glow", "owner", { fresh: true }), email = `rosalind.brightwater@glow.example`;
    people.push(email);
    await owner.submit("/people/new", { name: "Rosalind Brightwater", email, given: roleId("front-desk") }, { action: "/people/new" });
    link = pathOf((await mail("glow", email, "account_invite")).link);
    page = new Patient("glow");
  });
  const bad = { "eleven char": "abc def ghi", "a list's": "passwordpassword", "a list's with numbers": "iloveyou1234", "a row of keys": "qwertyuiop12", numbers: "123456789012",
    "one letter": "aaaaaaaaaaaaaaaa", "her name": "rosalindbrightwater", "her name in parts": "brightwater2026", "her address": "rosalind.brightwater@glow.example", "the product's": "foyerfoyerfoyer", leet: "p4ssw0rdp4ssw0rd" };
  for (const [what, secret] of Object.entries(bad))
    test(`V-13: ${what} is refused, and the link still works`, async () => {
      const r = await page.submit(link, { password: secret });
      assert.equal(r.status, 422, secret);
      assert.match(r.text, /too short|too easy to guess/);
      assert.doesNotMatch(r.text, /name="password"[^>]*value=/, "the password is given back");
    });
  test("V-13: any script counts in characters; 128 and 1000 are taken whole, never shortened", async () => {
    const email = await member(), long = "ü" + "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich ".repeat(15).trim().slice(0, 990);
    const v = (await logIn(email)).v;
    for (const [from, to] of [[password, "十二个字符的密码在这里呀"], ["十二个字符的密码在这里呀", "x-Kehlkopf Tannenzapfen 7 ".repeat(5).slice(0, 128)],
      ["x-Kehlkopf Tannenzapfen 7 ".repeat(5).slice(0, 128), long]]) {
      const r = await v.submit("/account/password", { current: from, password: to }, { action: "/account/password" });
      assert.equal(r.status, 303, r.text);
      assert.equal((await logIn(email, to)).r.status, 303);
      assert.equal((await logIn(email, to.slice(0, -1))).r.status, 422, "the last character counts for nothing");
      forget();
    }
  });
});

describe("S-10 T08: a lost password", () => {
  test("S-10: a link by mail, once, 30 minutes; sessions end, she is told, and nobody is logged in by it", async () => {
    const email = await member(), { v } = await logIn(email);
    assert.equal((await v.get("/clients")).status, 200);
    const asked = await new Patient("glow").submit("/login/reset", { email: email.toUpperCase() });
    assert.equal(asked.location, "/login/reset?sent=1");
    const m = await mail("glow", email, "account_reset"), at = pathOf(m.link);
    assert.equal(h.one("SELECT expires_at - created_at FROM sec.account_token WHERE email = :'v1' AND kind = 'reset'", email), "00:30:00");
    for (let i = 0; i < 3; i++) assert.equal((await new Patient("glow").get(at)).status, 200, "a look used it up");
    const guest = new Patient("glow"), form = h.formOf((await guest.get(at)).text);
    const r = await guest.post(at, { ...form.values, password: "three brown owls hoot" });
    assert.equal(r.location, "/login?reset=1");
    assert.ok(!r.cookies.some((c) => c.startsWith("__Host-sid")));
    assert.ok(h.trail(r.id).some((e) => e.action === "password.reset" && e.actor));
    assert.equal((await v.get("/clients")).status, 303, "a session outlived the password");
    assert.equal((await guest.post(at, { ...form.values, password: "four white swans sing" })).status, 410);
    assert.equal((await logIn(email, password)).r.status, 422);
    assert.equal((await logIn(email, "three brown owls hoot")).r.status, 303);
    assert.match((await mail("glow", email, "account_password")).text, /new password/);
  });
  test("T08: forged, expired, of another studio, replaced by a newer one: over", async () => {
    const email = await member();
    await new Patient("glow").submit("/login/reset", { email });
    const first = pathOf((await mail("glow", email, "account_reset")).link);
    await new Patient("glow").submit("/login/reset", { email });
    const second = pathOf((await mail("glow", email, "account_reset", 1)).link);
    for (const [label, at] of [["glow", first], ["first-light", second], ["glow", "/reset/" + "B".repeat(43)], ["glow", second.replace("/reset/", "/invite/")], ["glow", second.replace("/reset/", "/email/")]])
      assert.equal((await new Patient(label).get(at)).status, 410, at);
    inside(`UPDATE sec.account_token SET expires_at = now() WHERE email = '${email}';`);
    const guest = new Patient("glow"), csrf = h.formOf((await guest.get("/login")).text).values;
    assert.equal((await guest.post(second, { ...csrf, password: "five red kites soar" })).status, 410);
    assert.equal((await logIn(email)).r.status, 303, "the password was changed all the same");
  });
  test("S-10: the link is of the configured host, whatever the request says of its own", async () => {
    const email = await member();
    const form = h.formOf((await h.request("glow", "/login/reset")).text);
    for (const headers of [{ "X-Forwarded-Host": "evil.example" }, { Forwarded: "host=evil.example" }, { "X-Host": "evil.example" }, { "X-Original-Host": "evil.example" }])
      assert.equal((await h.request("glow", "/login/reset", { method: "POST", body: { ...form.values, email }, headers })).status, 303);
    await mail("glow", email, "account_reset", 2);
    for (const m of mails("glow", email, "account_reset")) {
      assert.equal(new URL(m.link).origin, h.origin("glow"));
      assert.doesNotMatch(m.text, /evil/);
    }
    const other = await h.request("glow", "/login/reset", { method: "POST", body: { ...form.values, email }, headers: { Host: "evil.example" } }).catch(() => ({ status: 0 }));
    assert.ok(other.status === 0 || other.status >= 400, "another host is served");
  });
  test("T06: an unknown address gets the same words and does the same work; only out of sight it turns out that there is none", async () => {
    const email = await member(), stranger = `nobody-${h.uuid().slice(0, 8)}@glow.example`;
    const ask = async (who) => {
      const v = new Patient("glow"), before = h.one("SELECT count(*) FROM app.job WHERE kind = 'account.reset'");
      const r = await v.submit("/login/reset", { email: who }), page = await v.get(r.location);
      const job = h.sql("SELECT kind FROM app.job WHERE kind = 'account.reset' ORDER BY created_at DESC LIMIT 1");
      return { status: r.status, location: r.location, page: page.text.replace(/value="[^"]*"/g, ""), rows: h.trail(r.id).map((e) => [e.action, e.outcome, e.actor]), jobs: Number(h.one("SELECT count(*) FROM app.job WHERE kind = 'account.reset'")) - Number(before), job };
    };
    const known = await ask(email), unknown = await ask(stranger);
    assert.deepEqual(unknown, known);
    await mail("glow", email, "account_reset");
    await h.until(() => h.one("SELECT count(*) FROM sec.reset_request") === "0", "who asked is kept");
    assert.equal(mails("glow", stranger).length, 0);
  });
  test("S-10: three mails an hour to one address, whoever asks; the answer stays the same", async () => {
    const email = await member();
    for (let i = 0; i < 5; i++) assert.equal((await new Patient("glow").submit("/login/reset", { email }, { from: h.somewhere() })).location, "/login/reset?sent=1");
    await mail("glow", email, "account_reset", 2);
    await new Promise((x) => setTimeout(x, 500));
    assert.equal(mails("glow", email, "account_reset").length, 3);
  });
});

describe("B48 S-06: another password", () => {
  test("B48: asks for the one she has, ends other sessions, keeps this one, and writes to her", async () => {
    const email = await member(), { v: here } = await logIn(email), { v: there } = await logIn(email);
    let r = await here.submit("/account/password", { current: "not it at all here", password: "nine blue jays argue" }, { action: "/account/password" });
    assert.equal(r.status, 422);
    assert.match(r.text, /not your password/);
    r = await here.submit("/account/password", { current: password, password: "nine blue jays argue" }, { action: "/account/password" });
    assert.equal(r.location, "/account?password=1");
    assert.equal((await here.get("/account")).status, 200);
    assert.equal((await there.get("/account")).status, 303, "the other session goes on");
    assert.equal((await logIn(email, "nine blue jays argue")).r.status, 303);
    await mail("glow", email, "account_password");
    const first = await here.get("/account/password"), { values } = h.formOf(first.text, "/account/password");
    for (let i = 0; i < 5; i++) await here.post("/account/password", { ...values, current: "guess number " + i, password: "nine blue jays argue!" });
    assert.match((await here.post("/account/password", { ...values, current: "nine blue jays argue", password: "ten black crows sit" })).text, /too many tries/);
  });
});

describe("B03: another address", () => {
  const ask = async (v, email) => v.submit("/account/email", { email }, { action: "/account/email" });
  test("B03: holds when both addresses have said so, in either order, and is told to both", async () => {
    for (const order of [["account_email_old", "account_email_new"], ["account_email_new", "account_email_old"]]) {
      const email = await member(), next = `moved-${h.uuid().slice(0, 8)}@glow.example`, { v } = await logIn(email);
      people.push(next);
      assert.equal((await ask(v, next)).location, "/account/email?asked=1");
      assert.match((await v.get("/account/email")).text, new RegExp(next));
      const links = { account_email_old: pathOf((await mail("glow", email, "account_email_old")).link), account_email_new: pathOf((await mail("glow", next, "account_email_new")).link) };
      for (const at of Object.values(links)) assert.equal((await new Patient("glow").get(at)).status, 200);
      assert.equal((await new Patient("glow").submit(links[order[0]], {})).location, "/login?half=1");
      assert.equal(h.one("SELECT count(*) FROM app.staff WHERE email = :'v1'", email), "1", "one address was enough");
      assert.equal((await new Patient("glow").submit(links[order[1]], {})).location, "/login?changed=1");
      assert.equal((await logIn(email)).r.status, 422);
      assert.equal((await logIn(next)).r.status, 303);
      for (const at of Object.values(links)) assert.equal((await new Patient("glow").get(at)).status, 410);
      await mail("glow", email, "account_email_done");
      await mail("glow", next, "account_email_done");
    }
  });
  test("B03: kept, the links end; somebody's address gets no mail, and nothing is said of that", async () => {
    const email = await member(), { v } = await logIn(email), next = `kept-${h.uuid().slice(0, 8)}@glow.example`;
    await ask(v, next);
    const at = pathOf((await mail("glow", next, "account_email_new")).link);
    assert.equal((await v.submit("/account/email", {}, { action: "/account/email/stop" })).status, 303);
    assert.equal((await new Patient("glow").get(at)).status, 410);
    const theirs = h.staffOf("glow", "auditor").email, before = mails("glow", theirs).length;
    assert.equal((await ask(v, theirs)).location, "/account/email?asked=1");
    assert.equal(mails("glow", theirs).length, before);
    assert.equal((await ask(v, email)).status, 422);
  });
  test("B03: name and phone; the business's name, phone and address", async () => {
    const email = await member(), { v } = await logIn(email);
    assert.equal((await v.submit("/account", { name: "Ada Lately", phone: "(212) 555-0142" }, { action: "/account" })).location, "/account?saved=1");
    assert.deepEqual(h.sql("SELECT name, phone FROM app.staff WHERE email = :'v1'", email), [["Ada Lately", "+12125550142"]]);
    assert.equal((await v.submit("/account", { name: "Ada Lately", phone: "5" }, { action: "/account" })).status, 422);
    const owner = await h.staff("glow", "owner", { fresh: true }), was = h.formOf((await owner.get("/settings/business")).text, "/settings/business").values;
    assert.equal((await owner.submit("/settings/business", { name: "Glow & Co", phone: "212 555 0143" }, { action: "/settings/business" })).status, 303);
    assert.deepEqual(h.sql("SELECT name, phone FROM app.tenant WHERE id = :'v1'", glow), [["Glow & Co", "+12125550143"]]);
    assert.equal((await owner.submit("/settings/business", { language: "xx" }, { action: "/settings/business" })).status, 422);
    assert.equal((await owner.submit("/settings/business", { language: "de" }, { action: "/settings/business" })).status, 303);
    assert.deepEqual(h.sql("SELECT locale FROM app.tenant WHERE id = :'v1'", glow), [["de"]]);
    assert.match((await owner.get("/settings/business")).text, /<option value="de" lang="de" selected>Deutsch/);
    assert.equal((await owner.submit("/settings/business", { name: was.name, phone: was.phone, language: was.language }, { action: "/settings/business" })).status, 303);
    const place = `/settings/locations/${h.one("SELECT id FROM app.location WHERE tenant_id = :'v1' ORDER BY position LIMIT 1", glow)}`;
    const before = h.formOf((await owner.get(place)).text, place).values;
    const saved = await owner.submit(place, { street: "1 New Street" }, { action: place });
    assert.equal(saved.status, 303);
    assert.ok(h.trail(saved.id).some((e) => e.action === "business.location" && e.outcome === "ok"));
    assert.match((await owner.get("/settings/business")).text, /1 New Street/);
    assert.equal((await owner.submit(place, { street: before.street }, { action: place })).status, 303);
  });
  test("B46: an account that was made without a link has its address verified by one", async () => {
    const desk = await h.staff("glow", "front-desk", { fresh: true }), email = h.staffOf("glow", "front-desk").email;
    inside(`UPDATE app.staff SET email_verified_at = NULL WHERE email = '${email}';`);
    const n = mails("glow", email, "account_verify").length;
    assert.equal((await desk.submit("/account", {}, { action: "/account/verify" })).location, "/account?verify=1");
    const at = pathOf((await mail("glow", email, "account_verify", n)).link);
    assert.equal((await new Patient("glow").get(at)).status, 200);
    assert.equal((await new Patient("glow").submit(at, {})).location, "/login?verified=1");
    assert.equal(h.one("SELECT email_verified_at IS NOT NULL FROM app.staff WHERE email = :'v1'", email), "t");
  });
});

describe("S-03 T05 T06: guessing", () => {
  test("T06: a wrong password and an unknown address: the same words, status and rows, and the same counters", async () => {
    const email = await member(), stranger = `nobody-${h.uuid().slice(0, 8)}@glow.example`;
    const say = (r, who) => r.text.replaceAll(who, "WHO").replace(/value="[\w.-]{20,}"/g, "");
    const a = (await logIn(email, "a wrong one entirely")).r, b = (await logIn(stranger, "a wrong one entirely")).r;
    assert.deepEqual([a.status, say(a, email)], [b.status, say(b, stranger)]);
    const rows = (r) => h.trail(r.id).map((e) => [e.action, e.outcome, e.reason, e.actor]);
    assert.deepEqual(rows(a), rows(b));
  });
  test("S-03: a flood of wrong passwords from elsewhere locks her out of no browser that she has used", async () => {
    const email = await member(), { v: hers } = await logIn(email);
    await hers.post("/logout", h.formOf((await hers.get("/account")).text, "/logout").values);
    for (let i = 0; i < 8; i++) await logIn(email, "guess number " + i, new Patient("glow"), { from: h.somewhere() });
    assert.match((await logIn(email, password, new Patient("glow"), { from: h.somewhere() })).r.text, /too many tries/, "a stranger goes on guessing");
    assert.equal((await logIn(email, password, hers)).r.status, 303, "she is locked out");
  });
  test("S-03: in a new browser a link by mail lets her in all the same", async () => {
    const email = await member();
    for (let i = 0; i < 8; i++) await logIn(email, "guess number " + i, new Patient("glow"), { from: h.somewhere() });
    await new Patient("glow").submit("/login/reset", { email });
    const v = new Patient("glow");
    assert.equal((await v.submit(pathOf((await mail("glow", email, "account_reset")).link), { password: "six green finches eat" })).status, 303);
    assert.equal((await logIn(email, "six green finches eat", v)).r.status, 303);
  });
  test("T05: stuffing, 300 accounts x 3 passwords from 50 addresses: a constant few are tried at all, the owner is told, and who is known logs in", async () => {
    const email = await member(), { v: hers } = await logIn(email);
    const csrf = h.formOf((await new Patient("glow").get("/login")).text).values;
    inside("DELETE FROM app.job WHERE kind = 'account.flood';");
    h.sql("DELETE FROM sec.throttle");
    const owner = h.staffOf("glow", "owner").email, told = mails("glow", owner, "account_flood").length;
    const from = Array.from({ length: 50 }, h.somewhere), start = Date.now();
    let n = 0;
    const one = async () => {
      const patient = new Patient("glow");
      for (let i = n++; i < 900; i = n++)
        await patient.again(() => h.request("glow", "/login", { method: "POST", from: from[i % 50], body: { ...csrf, email: `user${i % 300}@glow.example`, password: `hunter${Math.floor(i / 300)}hunter` } }));
    };
    await Promise.all(Array.from({ length: 3 }, one));
    // The free ones, and one for each wait that was over meanwhile: 30 s, then twice as long each time. (tests/slow/stuffing.test.js: all of T05)
    const free = Number(h.one("SELECT sec.login_studio_free()")), tried = Number(h.one(`SELECT sum(t.fails) FROM sec.throttle t JOIN generate_series(0, 1) n
      ON t.key = sec.throttle_key('login-studio', :'v1' || '|' || to_char((now() - make_interval(hours => n)) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24'))`, glow));
    let waits = 0;
    for (let over = 30; over * 1000 <= Date.now() - start; over += 30 * 2 ** ++waits);
    assert.ok(tried >= free && tried <= free + waits, `${tried} of 900 were tried, ${free} are free, ${waits} waits were over`);
    assert.ok((free + 7) / 30000 < 0.001);
    assert.match((await mail("glow", owner, "account_flood", told)).text, /many log-ins/);
    assert.equal((await logIn(email, password, hers)).r.status, 303, "who is known cannot log in");
    assert.equal((await new Patient("first-light").submit("/login", { email: h.staffOf("first-light", "auditor").email, password: h.staffOf("first-light", "auditor").password })).status, 303, "another business suffers");
  });
});
