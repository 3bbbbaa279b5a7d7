// signup.test.js -- a business comes by itself: six facts, a link in a mail, and it is there (PROMISES B03).
"use strict";
const { test, describe, beforeEach } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const h = require("./harness");
const { mail, mails, pathOf, conf, Patient } = require("./mailbox");

beforeEach(() => h.sql("DELETE FROM sec.throttle"));
const password = "seven grey herons wade";
const facts = (o = {}) => ({ name: "Dana Founder", email: `dana-${h.uuid().slice(0, 8)}@newstudio.example`, password, business: `Día & Night ${h.uuid().slice(0, 4)}`, kind: "medspa",
  street: "12 Harbour Lane", city: "Portland", region: "ME", postal_code: "04101", country_code: "US", time_zone: "America/New_York", phone: "(207) 555-0188", ...o });
const link = async (email, before = 0) => pathOf((await mail("ops", email, "account_signup", before)).link);

describe("B03: sign-up", () => {
  test("B03: all six are asked for; each that is missing is said beside its field, and what was typed stays", async () => {
    const v = new Patient("");
    const r = await v.submit("/signup", facts({ name: "", phone: "", street: "", business: "" }));
    assert.equal(r.status, 422);
    for (const name of ["name", "phone", "street", "business"]) assert.match(r.text, new RegExp(`id="${name}-error"`));
    assert.match(r.text, /value="Portland"/);
    assert.match(r.text, /value="medspa" required checked/);
    assert.doesNotMatch(r.text, new RegExp(password));
    for (const bad of [{ password: "short" }, { password: "passwordpassword" }, { password: "danafounder2026" }, { email: "nobody" }, { phone: "12" }, { time_zone: "Mars/Base" }, { time_zone: "Etc/GMT+5" }, { kind: "bank" }, { country_code: "XX" }, { country_code: "" }, { country_code: "DE", phone: "207" }])
      assert.equal((await v.submit("/signup", facts(bad), { from: h.somewhere() })).status, 422, JSON.stringify(bad));
  });
  test("B03 S-04: the link and the password make the business, its key, its location and its owner, who needs a second factor; it works once", async () => {
    const f = facts(), v = new Patient("");
    const sent = await v.submit("/signup", f);
    assert.equal(sent.location, "/signup/sent");
    assert.equal((await v.get("/signup/sent")).status, 200);
    const at = await link(f.email), m = mails("ops", f.email)[0];
    assert.equal(new URL(m.link).origin, h.origin(""));
    for (let i = 0; i < 3; i++) assert.equal((await new Patient("").get(at)).status, 200);
    assert.equal(h.one("SELECT count(*) FROM app.tenant WHERE name = :'v1'", f.business), "0", "a look made it");
    const guest = new Patient(""), page = await guest.get(at), form = h.formOf(page.text);
    assert.match(form.values.slug, /^dia-night-/);
    form.values.password = "";
    for (const wrong of ["", "seven grey herons wadE"]) {
      const r = await guest.post(at, { ...form.values, password: wrong });
      assert.equal(r.status, 422, "who did not fill in the form makes the business");
      assert.match(r.text, /id="password-error"/);
    }
    assert.equal(h.one("SELECT count(*) FROM sec.signup WHERE email = :'v1' AND confirmed_at IS NOT NULL", f.email), "0");
    form.values.password = password;
    assert.equal((await guest.post(at, { ...form.values, slug: "glow" })).status, 422, "another's address is given");
    assert.equal((await guest.post(at, { ...form.values, slug: "Not A Host!" })).status, 422);
    assert.equal((await guest.post(at, { ...form.values, slug: "admin" })).status, 422);
    // On a host with the package the pools' users share the keys through their group, which the bit says.
    fs.chmodSync(conf().keys, 0o2700);
    const yes = await guest.post(at, form.values);
    assert.equal(yes.status, 303);
    await h.until(async () => /is ready/.test((await guest.get(at)).text), "it never is ready");
    const ready = await guest.get(at);
    fs.chmodSync(conf().keys, 0o700);
    assert.match(h.decode(ready.text), new RegExp(`href="${h.origin(form.values.slug)}/login"`));
    assert.ok((await guest.post(at, { ...form.values, slug: form.values.slug + "-2" })).status >= 400, "it works twice");
    const id = h.tenantId(form.values.slug);
    assert.deepEqual(h.sql("SELECT name, phone, kind FROM app.tenant WHERE id = :'v1'", id), [[f.business, "+12075550188", "medspa"]]);
    assert.deepEqual(h.sql("SELECT street, city, region, postal_code, zone, phone FROM app.location WHERE tenant_id = :'v1'", id), [["12 Harbour Lane", "Portland", "ME", "04101", "America/New_York", "+12075550188"]]);
    assert.deepEqual(h.sql("SELECT name, email, role_names, email_verified_at IS NOT NULL FROM app.staff WHERE tenant_id = :'v1'", id), [["Dana Founder", f.email, "Owner", "t"]]);
    assert.deepEqual(h.sql("SELECT slug FROM app.role WHERE tenant_id = :'v1' AND NOT needs_mfa", id), [], "a role with clients' data does without");
    assert.equal(fs.statSync(path.join(conf().keys, `${id}.key`)).mode & 0o777, 0o640, "its key is not the pools' to read");
    assert.equal(h.one("SELECT phc IS NULL FROM sec.signup WHERE id = :'v1'", id), "t", "the password stays behind");
    const dana = new Patient(form.values.slug), entered = await dana.submit("/login", { email: f.email, password });
    assert.equal(entered.status, 303);
    assert.equal((await dana.get("/people")).location, "/account/security", "she is in without a second factor");
  });
  test("T06 B03: an address that is known, even as an owner, gets the same answer", async () => {
    const known = h.staffOf("glow", "owner").email, other = facts().email;
    const a = await new Patient("").submit("/signup", facts({ email: known })), b = await new Patient("").submit("/signup", facts({ email: other }));
    assert.deepEqual([a.status, a.location], [b.status, b.location]);
    assert.deepEqual(h.trail(a.id).map((e) => e.action), h.trail(b.id).map((e) => e.action));
  });
  test("V-07: the bait and the throttle: no mail for a machine, five from one address", async () => {
    const f = facts();
    assert.equal((await new Patient("").submit("/signup", { ...f, website: "https://spam.example" })).location, "/signup/sent");
    assert.equal(mails("ops", f.email).length, 0);
    const from = h.somewhere();
    let last;
    for (let i = 0; i < 6; i++) last = await new Patient("").submit("/signup", facts(), { from });
    assert.equal(last.status, 429);
  });
  test("T08: a forged link, and one that is over", async () => {
    assert.equal((await new Patient("").get("/signup/" + "A".repeat(43))).status, 410);
    const f = facts();
    await new Patient("").submit("/signup", f);
    const at = await link(f.email), form = h.formOf((await new Patient("").get(at)).text);
    h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); UPDATE sec.account_token SET expires_at = now() WHERE email = :'v2'; COMMIT;`, h.tenantId("ops"), f.email);
    const v = new Patient("");
    assert.equal((await v.get(at)).status, 410);
    assert.ok(form.values.slug);
    assert.equal(h.one("SELECT count(*) FROM sec.signup WHERE email = :'v1' AND confirmed_at IS NOT NULL", f.email), "0");
  });
});

test("B03: a business elsewhere: its country and zone are chosen, and its phone is read as it is written there", async () => {
  const v = new Patient(""), page = (await v.get("/signup")).text;
  assert.match(page, /<option value="US" selected>/);
  for (const zone of ["Europe/Lisbon", "Asia/Kolkata", "America/Argentina/Ushuaia"]) assert.match(h.decode(page), new RegExp(`<option value="${zone}">`));
  const f = facts({ country_code: "DE", city: "Köln", region: "", postal_code: "50667", time_zone: "Europe/Berlin", phone: "0221 555 0188" });
  const wrong = await v.submit("/signup", { ...f, phone: "12" });
  assert.equal(wrong.status, 422);
  assert.match(wrong.text, /<option value="DE" selected>/);
  assert.match(h.decode(wrong.text), /<option value="Europe\/Berlin" selected>/);
  assert.equal((await v.submit("/signup", f)).location, "/signup/sent");
  const at = await link(f.email), guest = new Patient("");
  const form = h.formOf((await guest.get(at)).text);
  assert.equal((await guest.post(at, { ...form.values, password })).status, 303);
  await h.until(async () => /is ready/.test((await guest.get(at)).text), "it never is ready");
  const id = h.tenantId(form.values.slug);
  assert.deepEqual(h.sql("SELECT country, phone FROM app.tenant WHERE id = :'v1'", id), [["DE", "+492215550188"]]);
  assert.equal(h.one("SELECT zone FROM app.location WHERE tenant_id = :'v1'", id), "Europe/Berlin");
});
