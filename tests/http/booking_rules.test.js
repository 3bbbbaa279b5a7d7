// booking_rules.test.js -- the studio's rules of booking: read and accepted before, kept in their version, shown afterwards, and what a
// client with a link may still do by them, in kind words. L21 B14 B02 L09.
"use strict";
const { test, describe, before, after } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");
const k = require("./booking_client");

let c, was;
const publish = (columns) => h.sql(`SELECT set_config('foyer.tenant_id', :'v1', false);
  INSERT INTO app.booking_rule (tenant_id, version, cancel_hours, move_hours, max_moves, late_minutes, late_cancel_cents, no_show_cents)
  SELECT :'v1', coalesce(max(version), 0) + 1, ${columns} FROM app.booking_rule WHERE tenant_id = :'v1'`, c.tenant);
const newest = () => h.sql(`SELECT id, version FROM app.booking_rule WHERE tenant_id = :'v1' ORDER BY version DESC LIMIT 1`, c.tenant)[0];
const state = (b) => h.one("SELECT status FROM app.appointment WHERE id = :'v1'", b.appointment);
const text = (r) => h.decode(r.text.replace(/<[^>]*>/g, " ").replace(/\s+/g, " "));
before(() => {
  c = k.corner("glow", { forms: true });
  was = h.one(`SELECT concat_ws(', ', cancel_hours, move_hours, coalesce(max_moves::text, 'NULL'), late_minutes, late_cancel_cents, no_show_cents)
               FROM app.booking_rule WHERE tenant_id = :'v1' ORDER BY version DESC LIMIT 1`, c.tenant) || "0, 0, NULL, 15, 0, 0";
  publish("24, 12, 2, 10, 2500, 5000");
});
after(() => { publish(was); k.close(c); });

describe("before, at and after booking", () => {
  test("they are read in plain words, must be ticked, and the version that holds is kept and shown, in the mail too", async () => {
    const v = new h.Visitor("glow"), at = await k.hold(v, c, 0, { days: 30 }), page = await v.get(at), [id, version] = newest();
    const words = text(page);
    const said = ["You can cancel online until 24 hours before your visit. After that, please call us.", "You can move it online until 12 hours before it, 2 times at most.",
      "If you are more than 10 minutes late, we may have to shorten or move your visit.", "A later cancellation may cost $25.", "If you do not come and do not tell us, it may cost $50."];
    for (const one of said) assert.ok(words.includes(one), one);
    assert.ok(words.includes(`(version ${version})`));
    const { rule: _, ...rest } = k.person();
    const unticked = await k.confirm(v, at, rest);
    assert.equal(unticked.status, 422);
    assert.match(unticked.text, /id="rule-error">Please read this and tick it/);
    const done = await k.confirm(v, at, k.person());
    assert.equal(done.status, 303);
    const link = done.location.split("/")[2];
    const [appointment, client] = h.sql("SELECT appointment_id, client_id FROM app.link WHERE id = :'v1'", link)[0];
    assert.equal(h.one("SELECT booking_rule_id FROM app.appointment WHERE id = :'v1'", appointment), id);
    const after = text(await v.get(done.location));
    assert.ok(after.includes(`The rules you agreed to (version ${version})`));
    const mail = (await k.message(c, client, "booked")).text.replace(/\s+/g, " ");
    for (const one of said) assert.ok(after.includes(one) && mail.includes(one), one);
  });
  test("rules that changed while the page was open are read again, and nothing is booked by the old ones", async () => {
    const v = new h.Visitor("glow"), at = await k.hold(v, c, 1, { days: 30 }), form = h.formOf((await v.get(at)).text), values = k.person();
    publish("48, 24, 2, 10, 2500, 5000");
    const r = await v.post(at, { ...form.values, ...values }, { from: h.somewhere() });
    assert.equal(r.status, 422);
    assert.match(r.text, /id="rule-error">These rules have changed/);
    assert.match(text(r), /until 48 hours before/);
    assert.equal(h.formOf(r.text).values.name, values.name);
    assert.equal((await v.post(at, { ...h.formOf(r.text).values, rule: "true" }, { from: h.somewhere() })).status, 303);
  });
});

describe("what she may do herself", () => {
  test("too close to it: no button but kind words and the number; a form that was open is refused; what staff let pass is hers again", async () => {
    publish("720, 720, 2, 10, 0, 0");
    const b = await k.book(c, { slot: 2, days: 20 });
    const page = await b.v.get(`${b.at}/visit`);
    assert.match(text(page), /It is too close to be moved here\. Please call us/);
    assert.match(text(page), /too close to be cancelled here\. Please call us; we know that things come up/);
    assert.match(page.text, /href="tel:\+/);
    assert.doesNotMatch(page.text, /\/cancel"/);
    const keys = h.formOf(page.text, /^\/v\//).values, version = h.one("SELECT version FROM app.appointment WHERE id = :'v1'", b.appointment);
    const r = await b.v.post(`${b.at}/cancel`, { csrf: keys.csrf, idem: h.uuid(), version });
    assert.equal(r.status, 422);
    assert.match(text(r), /could be cancelled here until 720 hours before it starts\. Please call us/);
    assert.match(text(await b.v.get(`${b.at}/move`)), /can no longer be moved here\. Please call us/);
    assert.equal(state(b), "booked");
    h.sql(`SELECT set_config('foyer.tenant_id', :'v1', false);
      INSERT INTO app.booking_waiver (tenant_id, appointment_id, what, reason, by_id) SELECT :'v1', :'v2', 'cancel', 'She was ill', id FROM app.staff WHERE tenant_id = :'v1' LIMIT 1`, c.tenant, b.appointment);
    const again = await b.v.get(`${b.at}/visit`), form = h.formOf(again.text, `${b.at}/cancel`);
    assert.equal((await b.v.post(form.action, form.values)).status, 303);
    assert.equal(state(b), "cancelled");
  });
  test("moved as often as it can be: said, and refused", async () => {
    publish("0, 0, 1, 10, 0, 0");
    const b = await k.book(c, { slot: 3, days: 21 });
    const page = await b.v.get(`${b.at}/move?day=${k.dayIn(21)}&week=${k.dayIn(21)}`), form = h.formOf(page.text), [one, two] = k.slotsOf(page.text).slice(1);
    assert.match(text(page), /You can move it once more here/);
    assert.equal((await b.v.post(form.action, { ...form.values, slot: one })).status, 303);
    assert.match(text(await b.v.get(`${b.at}/visit`)), /moved as often as it can be here/);
    const version = h.one("SELECT version FROM app.appointment WHERE id = :'v1'", b.appointment);
    const r = await b.v.post(form.action, { ...form.values, slot: two, version, idem: h.uuid() });
    assert.equal(r.status, 422);
    assert.match(text(r), /moved as often as it can be here/);
  });
});
