// manage.test.js -- the links in messages: coming in, the appointment, moving and cancelling it.
// B43 B56 L09 L20 T22 T23; SECURITY.md S-14 S-15 S-16 B-08.
"use strict";
const { test, describe, after } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");
const k = require("./booking_client");

const c = k.corner("glow", { forms: true });
after(() => k.close(c));
let day = 3;
const booked = () => k.book(c, { slot: 4, days: ++day });
// She comes by the link in her message, on another device.
async function arrive(b, kind = "booked") {
  const v = new h.Visitor("glow");
  const { token } = await k.message(c, b.client, kind);
  const entry = await v.get(`/l/${token}`);
  assert.equal(entry.status, 303);
  return { v, token, entry, at: entry.location };
}
const prove = (a, birth_date = "1990-04-05") => a.v.submit(a.at, { birth_date });
const state = (b) => h.sql("SELECT status, version, extract(epoch FROM starts_at)::bigint FROM app.appointment WHERE id = :'v1'", b.appointment)[0];

describe("L20 S-14 S-16: the link in a message", () => {
  test("is exchanged for a short cookie of its own path; the token leaves the address", async () => {
    const a = await arrive(await booked());
    assert.match(a.at, /^\/v\/[0-9a-f-]{36}$/);
    assert.equal(a.entry.cookies.length, 1);
    assert.match(a.entry.cookies[0], new RegExp(`^__Secure-link=${a.token}; Path=${a.at}; Secure; HttpOnly; SameSite=Lax; Max-Age=7200$`));
  });
  test("T22: following it uses nothing up, however often; it serves its own studio only", async () => {
    const b = await booked();
    const a = await arrive(b);
    const before = h.sql("SELECT * FROM app.link WHERE client_id = :'v1' ORDER BY id", b.client);
    for (let i = 0; i < 5; i++) assert.equal((await h.request("glow", `/l/${a.token}`)).status, 303);
    assert.deepEqual(h.sql("SELECT * FROM app.link WHERE client_id = :'v1' ORDER BY id", b.client), before);
    assert.equal((await h.request("first-light", `/l/${a.token}`)).status, 410);
  });
  test("unknown, impossible, expired and withdrawn ones answer 410 with the same words", async () => {
    const b = await booked();
    const [one, two] = [await arrive(b), await arrive(b, "forms")];
    const id = (a) => a.at.slice(3);
    h.sql("UPDATE app.link SET expires_at = now() WHERE id = :'v1'", id(one));
    h.sql("UPDATE app.link SET revoked_at = now() WHERE id = :'v1'", id(two));
    const plain = (r) => r.text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "");
    const replies = [];
    for (const t of [one.token, two.token, "A".repeat(43), "short"]) replies.push(await h.request("glow", `/l/${t}`));
    assert.deepEqual(replies.map((r) => r.status), [410, 410, 410, 410]);
    assert.equal(new Set(replies.map(plain)).size, 1);
    assert.match(replies[0].text, /This link has ended/);
    assert.equal((await one.v.get(one.at)).status, 410);
  });
  test("B56: without the cookie there is a clear message, and no loop", async () => {
    const b = await booked();
    for (const end of ["", "/visit", "/booked", "/move", "/visit.ics"]) {
      const r = await h.request("glow", `${b.at}${end}`);
      assert.equal(r.status, 401, end);
      assert.match(r.text, /open your link again/i);
    }
  });
});

describe("S-15 T23: the second factor", () => {
  test("nothing about her is shown before it, and no page opens", async () => {
    const b = await booked();
    const a = await arrive(b);
    const door = await a.v.get(a.at);
    assert.equal(door.status, 200);
    for (const secret of [b.values.name, b.values.email, "Zz test", "1990"]) assert.ok(!door.text.includes(secret), secret);
    const early = await a.v.get(`${a.at}/visit`);
    assert.deepEqual([early.status, early.location], [303, a.at]);
    assert.equal(h.trail(early.id).filter((e) => e.outcome === "ok").length, 0);
  });
  test("the right date opens her appointment for this browser, by a new token", async () => {
    const b = await booked();
    const a = await arrive(b);
    const r = await prove(a);
    assert.deepEqual([r.status, r.location], [303, `${a.at}/visit`]);
    assert.ok(!r.cookies[0].includes(a.token));
    const page = await a.v.get(`${a.at}/visit`);
    assert.equal(page.status, 200);
    assert.match(page.text, /Zz test/);
    assert.equal((await a.v.get(a.at)).location, `${a.at}/visit`);
    assert.ok(h.trail(r.id).some((e) => e.action === "link.prove" && e.outcome === "ok" && e.clients[0] === b.client));
  });
  test("a wrong one says how many tries are left; after five the link is locked, for the right date too", async () => {
    const b = await booked();
    const a = await arrive(b);
    for (const left of [4, 3, 2, 1]) {
      const r = await prove(a, "1991-01-01");
      assert.equal(r.status, 422);
      assert.match(r.text, new RegExp(`try ${left} more time`));
    }
    const page = h.formOf((await a.v.get(a.at)).text).values;
    const last = await prove(a, "1991-01-01");
    assert.equal(last.status, 410);
    assert.match(last.text, /locked/);
    const right = await a.v.post(`${a.at}/prove`, { ...page, birth_date: "1990-04-05" });
    assert.equal(right.status, 410);
    assert.equal((await h.request("glow", `/l/${a.token}`)).status, 410);
    assert.equal((await b.v.get(`${b.at}/visit`)).status, 200, "her other link is not touched");
    h.sql("DELETE FROM sec.throttle");
  });
});

describe("her appointment", () => {
  test("T02: another one's link id is not there; a form link opens no appointment", async () => {
    const [b, other] = [await booked(), await booked()];
    const mine = b.v.cookieFor(`${b.at}/visit`);
    assert.ok([401, 303].includes((await h.request("glow", `${other.at}/visit`, { cookie: mine })).status));
    const nobodys = await h.request("glow", `/v/${h.uuid()}/visit`, { cookie: mine });
    assert.equal(nobodys.status, 404);
    const a = await arrive(b, "forms");
    assert.equal((await prove(a)).location, `${a.at}/forms`);
    assert.equal((await a.v.get(`${a.at}/visit`)).status, 404);
  });
  test("her forms open from here without a second proof", async () => {
    const b = await booked();
    const r = await b.v.submit(`${b.at}/visit`, {}, { action: `${b.at}/fill` });
    assert.match(r.location, /^\/v\/[0-9a-f-]{36}\/forms$/);
    assert.equal((await b.v.get(r.location)).status, 200);
  });
  test("as a calendar entry: a neutral summary, UTC times, the same UID in a higher version after a move", async () => {
    const b = await booked();
    const read = async () => {
      const r = await b.v.get(`${b.at}/visit.ics`);
      assert.equal(r.status, 200);
      assert.match(r.headers["content-type"], /^text\/calendar/);
      return Object.fromEntries(r.text.replace(/\r\n[ \t]/g, "").split("\r\n").map((l) => [l.split(/[:;]/)[0], l.slice(l.indexOf(":") + 1)]));
    };
    const one = await read();
    assert.equal(one.SUMMARY, "Glow Medical Spa: appointment");
    assert.equal(one.UID, `${b.appointment}@glow.foyer.localhost`);
    assert.equal(one.DTSTART, new Date(Number(state(b)[2]) * 1000).toISOString().replace(/[-:]|\.000/g, ""));
    assert.doesNotMatch(JSON.stringify(one), /Zz test/);
    const page = await b.v.get(`${b.at}/move`);
    const form = h.formOf(page.text, `/v/${b.link}/move${h.formOf(page.text).action.match(/\?.*/)[0]}`);
    assert.equal((await b.v.post(form.action, { ...form.values, slot: k.slotsOf(page.text)[1] })).status, 303);
    const two = await read();
    assert.equal(two.UID, one.UID);
    assert.ok(Number(two.SEQUENCE) > Number(one.SEQUENCE));
    assert.notEqual(two.DTSTART, one.DTSTART);
  });
});

describe("moving it", () => {
  test("takes the new time and gives the old one back at once; history and a message are kept (L09 B-08)", async () => {
    const b = await booked();
    const [, , old] = state(b);
    const page = await b.v.get(`${b.at}/move?day=${k.dayIn(day)}&week=${k.dayIn(day)}`);
    const slots = k.slotsOf(page.text), form = h.formOf(page.text);
    assert.ok(!slots.includes(old), "offered what she has");
    const r = await b.v.post(form.action, { ...form.values, slot: slots[1] });
    assert.deepEqual([r.status, r.location], [303, `${b.at}/visit?done=moved`]);
    assert.deepEqual(state(b).slice(0, 1).concat(state(b)[2]), ["booked", slots[1]]);
    assert.equal(h.one("SELECT count(*) FROM app.slot WHERE appointment_id = :'v1' AND state = 'booked'", b.appointment), "1");
    assert.equal(h.one("SELECT extract(epoch FROM from_starts_at)::bigint FROM app.appointment_event WHERE appointment_id = :'v1' AND what = 'moved'", b.appointment), old);
    const free = await b.v.get(`${c.path}?day=${k.dayIn(day)}&week=${k.dayIn(day)}`);
    assert.ok(k.slotsOf(free.text).includes(old), "the old time is not free again");
    const m = await k.message(c, b.client, "moved");
    assert.ok(m.token);
    assert.equal((await b.v.post(form.action, { ...form.values, slot: slots[1] })).location, r.location, "the same form again");
    assert.equal(h.one("SELECT count(*) FROM app.message WHERE client_id = :'v1' AND kind = 'moved'", b.client), "1");
  });
  test("to a time that went meanwhile: she keeps hers, and sees the nearest", async () => {
    const b = await booked();
    const before = state(b);
    const page = await b.v.get(`${b.at}/move?day=${k.dayIn(day)}&week=${k.dayIn(day)}`);
    const slot = k.slotsOf(page.text)[2], form = h.formOf(page.text);
    await k.book(c, { slot, days: day });
    const r = await b.v.post(form.action, { ...form.values, slot });
    assert.equal(r.status, 409);
    assert.match(r.text, /has just been taken/);
    assert.deepEqual(state(b), before);
    assert.ok(k.slotsOf(r.text).length >= 6 && !k.slotsOf(r.text).includes(slot));
  });
  test("an older view of it changes nothing", async () => {
    const b = await booked();
    const page = await b.v.get(`${b.at}/move`);
    const form = h.formOf(page.text), [one, two] = k.slotsOf(page.text);
    assert.equal((await b.v.post(form.action, { ...form.values, slot: one })).status, 303);
    const r = await b.v.post(form.action, { ...form.values, slot: two, idem: "n".repeat(24) });
    assert.equal(r.status, 422);
    assert.match(r.text, /Somebody else has changed/);
    assert.equal(state(b)[2], one);
  });
});

describe("cancelling it", () => {
  test("needs a button, frees the time, is told to her, and stays in the history (L09)", async () => {
    const b = await booked();
    const page = await b.v.get(`${b.at}/visit`);
    assert.equal(state(b)[0], "booked", "looking changed it");
    const form = h.formOf(page.text, `${b.at}/cancel`);
    const [, version, starts] = state(b);
    const stale = await b.v.post(`${b.at}/cancel`, { ...form.values, version: Number(version) - 1, idem: "s".repeat(24) });
    assert.equal(stale.status, 422);
    assert.equal(state(b)[0], "booked");
    const r = await b.v.post(`${b.at}/cancel`, form.values);
    assert.deepEqual([r.status, r.location], [303, `${b.at}/visit`]);
    assert.equal(state(b)[0], "cancelled");
    const shown = await b.v.get(`${b.at}/visit`);
    assert.match(shown.text, /is cancelled/);
    assert.doesNotMatch(shown.text, /\/cancel"/);
    assert.ok(k.slotsOf((await b.v.get(`${c.path}?day=${k.dayIn(day)}&week=${k.dayIn(day)}`)).text).includes(starts));
    await k.message(c, b.client, "cancelled");
    assert.equal(h.one("SELECT string_agg(status, ' ' ORDER BY at) FROM app.appointment_event WHERE appointment_id = :'v1'", b.appointment), "held booked cancelled");
  });
  test("a visit that has begun can no longer be changed here", async () => {
    const b = await booked();
    const form = h.formOf((await b.v.get(`${b.at}/visit`)).text, `${b.at}/cancel`);
    k.within(c.tenant, "UPDATE app.appointment SET starts_at = now() - interval '1 minute' WHERE id = :'v1'", b.appointment);
    const version = state(b)[1];
    const r = await b.v.post(`${b.at}/cancel`, { ...form.values, version });
    assert.equal(r.status, 422);
    assert.match(r.text, /can no longer be changed/);
    assert.equal(state(b)[0], "booked");
  });
});
