// booking_spam.test.js -- what keeps machines from the booking pages, and how kind that is to people: V-07 B-09 T23 T24 X-09, L21.
"use strict";
const { test, describe, before, after } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");
const k = require("./booking_client");

let c;
const set = (what) => k.within(c.tenant, `UPDATE app.tenant SET ${what} WHERE id = :'v1'`, c.tenant);
const state = (at) => h.one("SELECT status FROM app.appointment WHERE id = :'v1'", at.match(/[0-9a-f-]{36}/)[0]);
before(() => { c = k.corner("glow", { minutes: 15 }); });
after(() => { set("booking_seconds = 0, booking_code = false"); k.close(c); });
const said = (r) => h.decode((r.text.match(/class="errors"[\s\S]*?<\/div>/) || [""])[0]);

describe("machines", () => {
  test("who confirms quicker than people type looks once more, with everything kept, and goes on", async () => {
    const v = new h.Visitor("glow"), at = await k.hold(v, c, 0, { days: 14 }), values = k.person();
    set("booking_seconds = 30");
    const r = await k.confirm(v, at, values);
    set("booking_seconds = 0");
    assert.equal(r.status, 422);
    assert.match(said(r), /very quick/);
    const form = h.formOf(r.text);
    assert.equal(form.values.name, values.name);
    assert.equal(state(at), "held");
    assert.equal((await v.post(at, form.values)).status, 303);
    assert.equal(state(at), "booked");
  });
  test("a field that people do not see: said, emptied, and the next try goes through", async () => {
    const v = new h.Visitor("glow"), at = await k.hold(v, c, 1, { days: 14 });
    const page = (await v.get(at)).text;
    assert.match(page, /class="bait" aria-hidden="true"[\s\S]*name="website" value="" tabindex="-1"/);
    const r = await k.confirm(v, at, { ...k.person(), website: "https://spam.example" });
    assert.equal(r.status, 422);
    assert.match(said(r), /people do not see/);
    assert.equal(h.formOf(r.text).values.website, "");
    assert.equal(state(at), "held");
    assert.equal((await v.post(at, h.formOf(r.text).values)).status, 303);
  });
  test("V-07: one phone number books six times in an hour, then it is asked to call; nothing that was typed is lost", async () => {
    const phone = k.person().phone, seen = [];
    let v, r;
    for (let i = 0; i < 7; i++) {
      v = new h.Visitor("glow");
      const at = await k.hold(v, c, i, { days: 15 });
      r = await k.confirm(v, at, k.person({ phone, name: "Kept Name" }));
      seen.push(r.status);
    }
    assert.deepEqual(seen, [303, 303, 303, 303, 303, 303, 429]);
    assert.match(said(r), /please call us/);
    assert.equal(h.formOf(r.text).values.name, "Kept Name");
    assert.equal((await v.post(h.formOf(r.text).action || r.at, { ...h.formOf(r.text).values, phone: k.person().phone }, { from: h.somewhere() })).status, 303, "another number books");
  });
});

describe("a code by e-mail before a booking counts", () => {
  before(() => set("booking_code = true"));
  after(() => set("booking_code = false"));
  // The mails about it are nobody's to read; the test's code is taken from its MAC, which only the master key makes.
  const crypto = require("node:crypto"), fs = require("node:fs"), path = require("node:path");
  const master = () => { const m = fs.readFileSync(path.join(h.env.vardir, "master.key")); return m.length === 32 ? m : Buffer.from(m.toString().trim(), "hex"); };
  function codeOf(hold) {
    const key = Buffer.from(crypto.hkdfSync("sha256", master(), Buffer.alloc(0), "foyer/booking-code", 32));
    const mac = h.one("SELECT encode(code_mac, 'hex') FROM sec.booking_code WHERE hold_id = :'v1'", hold);
    for (let n = 0; n < 1000000; n++) {
      const code = String(n).padStart(6, "0");
      if (crypto.createHmac("sha256", key).update(`${c.tenant}\n${hold}\n${code}`).digest("hex") === mac) return code;
    }
    throw new Error("no code of six digits has this MAC");
  }
  const macOf = (hold, code) => crypto.createHmac("sha256", Buffer.from(crypto.hkdfSync("sha256", master(), Buffer.alloc(0), "foyer/booking-code", 32))).update(`${c.tenant}\n${hold}\n${code}`).digest("hex");
  // From now on it is this one that was sent.
  const plant = (hold, code) => h.sql("UPDATE sec.booking_code SET code_mac = decode(:'v2', 'hex') WHERE hold_id = :'v1'", hold, macOf(hold, code));
  const mails = (to) => h.sql("SELECT kind, subject, body IS NULL, client_id IS NULL, position('123' in coalesce(body, '')) FROM app.message WHERE to_address = :'v1'", to);
  const ids = (at) => at.match(/[0-9a-f-]{36}/)[0];

  test("is sent to the address, asked for in the same form, and the time is kept meanwhile; nothing is booked before it", async () => {
    const v = new h.Visitor("glow"), at = await k.hold(v, c, 0, { days: 16 }), values = k.person();
    k.within(c.tenant, "UPDATE app.slot SET hold_until = now() + interval '1 minute' WHERE appointment_id = :'v1'", ids(at));
    const r = await k.confirm(v, at, values);
    assert.equal(r.status, 422);
    assert.match(r.text, /autocomplete="one-time-code"/);
    assert.ok(r.text.includes(`six digits to ${values.email}`));
    const form = h.formOf(r.text);
    assert.equal(form.values.name, values.name);
    assert.equal(h.one("SELECT count(*) FROM app.client WHERE email = :'v1'", values.email), "0");
    assert.equal(h.one("SELECT hold_until > now() + interval '8 minutes' FROM app.slot WHERE appointment_id = :'v1' LIMIT 1", ids(at)), "t");
    assert.equal(mails(values.email).length, 1);
    assert.deepEqual(mails(values.email)[0].slice(0, 1).concat(mails(values.email)[0].slice(2, 4)), ["account_booking_code", "t", "t"]);
    const desk = await h.staff("glow", "owner");
    assert.ok(!(await desk.get("/messages")).text.includes(values.email), "the studio reads no codes");
    const code = codeOf(ids(at)), wrong = code === "000000" ? "000001" : "000000";
    const again = await v.post(at, { ...form.values, code: wrong });
    assert.equal(again.status, 422);
    assert.match(again.text, /not the code that we sent\. You can try 4 more times/);
    assert.equal((await v.post(at, { ...form.values, code: wrong })).status, 422, "the same form twice");
    assert.equal(h.one("SELECT tries FROM sec.booking_code WHERE hold_id = :'v1'", ids(at)), "1", "and counts once");
    const done = await v.post(at, { ...h.formOf(again.text).values, code: `${code.slice(0, 3)} ${code.slice(3)}` });
    assert.equal(done.status, 303);
    assert.equal(state(at), "booked");
  });
  test("five wrong ones end it; a code of ten minutes ago, of another hold or of another address opens nothing", async () => {
    const v = new h.Visitor("glow"), at = await k.hold(v, c, 2, { days: 16 }), values = k.person();
    let form = h.formOf((await k.confirm(v, at, values)).text);
    const code = "481516", wrong = "000000";
    plant(ids(at), code);
    const other = new h.Visitor("glow"), there = await k.hold(other, c, 3, { days: 16 }), theirs = h.formOf((await k.confirm(other, there, values)).text);
    plant(ids(there), "999999");
    assert.equal((await other.post(there, { ...theirs.values, code })).status, 422);
    const moved = await v.post(at, { ...form.values, email: k.person().email, code });
    assert.equal(moved.status, 422);
    assert.equal(state(at), "held", "another address has a code of its own");
    form = h.formOf(moved.text);
    plant(ids(at), code);
    h.sql("UPDATE sec.booking_code SET made_at = now() - interval '11 minutes' WHERE hold_id = :'v1'", ids(at));
    const late = await v.post(at, { ...form.values, code });
    assert.equal(late.status, 422);
    assert.equal(state(at), "held");
    form = h.formOf(late.text);
    plant(ids(at), code);
    for (const left of [4, 3, 2, 1]) {
      const r = await v.post(at, { ...form.values, code: wrong });
      assert.match(r.text, new RegExp(`try ${left} more time`));
      form = h.formOf(r.text);
    }
    assert.match((await v.post(at, { ...form.values, code: wrong })).text, /The code was wrong five times/);
    assert.equal(h.one("SELECT tries FROM sec.booking_code WHERE hold_id = :'v1'", ids(at)), "5", "and then the right one opens nothing");
    assert.equal(state(at), "held");
  });
  test("no more than three an hour to one address: it is said where they are", async () => {
    const values = k.person(), seen = [];
    let r;
    for (let i = 4; i < 8; i++) {
      const v = new h.Visitor("glow");
      r = await k.confirm(v, await k.hold(v, c, i, { days: 16 }), values);
      seen.push(r.status);
    }
    assert.deepEqual(seen, [422, 422, 422, 429]);
    assert.match(said(r), /Several codes were sent/);
    assert.equal(h.formOf(r.text).values.name, values.name);
    assert.equal(mails(values.email).length, 3);
  });
});
