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

describe("T22: a proof that has ended", () => {
  const asked = (r, what) => {
    assert.equal(r.status, 401, what);
    assert.match(r.text, /Please open your link again/, what);
  };
  test("is answered with what to do on every page, by its link it goes on; a page left open sends nothing away", async () => {
    const b = await booked();
    const page = await b.v.get(`${b.at}/visit`);
    const form = h.formOf(page.text, `${b.at}/cancel`);
    for (const end of ["DELETE FROM sec.link_session WHERE link_id = :'v1'", ""]) {
      if (end) h.sql(end, b.link);
      for (const at of ["", "/visit", "/booked", "/move", "/visit.ics"]) asked(await b.v.follow(await b.v.get(`${b.at}${at}`), `${b.at}${at}`), at);
      asked(await b.v.follow(await b.v.post(`${b.at}/cancel`, form.values), `${b.at}/cancel`), "cancel");
    }
    assert.equal(state(b)[0], "booked");
    b.v.jar.clear(); // the browser has let the cookie go
    asked(await b.v.post(`${b.at}/cancel`, form.values), "cancel without a cookie");
    asked(await b.v.post(`${b.at}/prove`, { ...form.values, birth_date: "1990-04-05" }), "prove without a cookie");
    const a = await arrive(b);
    assert.equal((await prove(a)).status, 303);
    assert.equal((await a.v.get(`${a.at}/visit`)).status, 200);
  });
  test("two hours, then it has ended by itself", async () => {
    const b = await booked();
    assert.equal((await b.v.get(`${b.at}/visit`)).status, 200);
    h.sql("UPDATE sec.link_session SET expires_at = now() WHERE link_id = :'v1'", b.link);
    asked(await b.v.follow(await b.v.get(`${b.at}/visit`)), "after two hours");
  });
});

describe("T22 T23: tokens", () => {
  test("T22: five scanners that follow a link, each with GET and HEAD on all its pages, use nothing up and change nothing", async () => {
    const b = await booked();
    const { token } = await k.message(c, b.client, "booked");
    const link = () => h.sql("SELECT id, uses_left, failures, locked_at, revoked_at, expires_at FROM app.link WHERE client_id = :'v1' ORDER BY id", b.client);
    const before = [link(), state(b)];
    await Promise.all(Array.from({ length: 5 }, async () => {
      const scanner = new h.Visitor("glow");
      for (const method of ["HEAD", "GET", "GET"]) {
        const entry = await scanner.get(`/l/${token}`, { method, from: h.somewhere() });
        assert.equal(entry.status, 303);
        for (const end of ["", "/visit", "/move", "/visit.ics", "/booked"]) assert.ok((await scanner.get(entry.location + end, { method })).status < 500);
      }
    }));
    assert.deepEqual([link(), state(b)], before);
    const a = await arrive(b);
    assert.equal((await prove(a)).status, 303, "the person comes after them, and gets in");
  });
  test("T22: an altered token, a used one, one of another studio's host, one after it was withdrawn: all the same to look at", async () => {
    const b = await booked();
    const { token } = await k.message(c, b.client, "booked");
    const flip = (t, i) => t.slice(0, i) + (t[i] === "A" ? "B" : "A") + t.slice(i + 1);
    const plain = (r) => r.text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "");
    const wanted = plain(await h.request("glow", `/l/${"A".repeat(43)}`));
    for (const forged of [0, 1, 20, 41].map((i) => flip(token, i)).concat(token.toLowerCase(), token.slice(0, 42), token + "A", token + "=", "A".repeat(86))) {
      const r = await h.request("glow", `/l/${forged}`);
      if (forged.endsWith("=")) { assert.equal(r.status, 404); continue; } // no token at all
      assert.equal(r.status, 410, forged);
      assert.equal(plain(r), wanted);
    }
    assert.equal((await h.request("first-light", `/l/${token}`)).status, 410);
    assert.equal((await h.request("ops", `/l/${token}`)).status, 404);
    h.sql("UPDATE app.link SET uses_left = 0 WHERE token_hash = sha256(decode(translate(:'v1' || '=', '-_', '+/'), 'base64'))", token);
    assert.equal(plain(await h.request("glow", `/l/${token}`)), wanted, "used up");
    h.sql("UPDATE app.link SET uses_left = NULL, revoked_at = now() WHERE token_hash = sha256(decode(translate(:'v1' || '=', '-_', '+/'), 'base64'))", token);
    assert.equal(plain(await h.request("glow", `/l/${token}`)), wanted, "withdrawn");
  });
  test("T23: twenty wrong dates from one address, over as many links, and it has to wait; another address does not", async () => {
    h.sql("DELETE FROM sec.throttle");
    const from = h.somewhere();
    const links = [];
    for (let i = 0; i < 7; i++) links.push(await booked());
    const doors = [];
    for (const b of links) doors.push(await arrive(b));
    let wrong = 0;
    for (const a of doors)
      for (let i = 0; i < 3 && wrong < 20; i++, wrong++) {
        const page = h.formOf((await a.v.get(a.at, { from })).text);
        assert.equal((await a.v.post(page.action, { ...page.values, birth_date: `198${i}-01-01` }, { from })).status, 422);
      }
    const a = doors.at(-1), page = h.formOf((await a.v.get(a.at)).text);
    const r = await a.v.post(page.action, { ...page.values, birth_date: "1990-04-05" }, { from });
    assert.equal(r.status, 429);
    assert.ok(Number(r.headers["retry-after"]) > 0);
    assert.equal((await a.v.post(page.action, { ...page.values, birth_date: "1990-04-05" }, { from: h.somewhere() })).status, 303);
    h.sql("DELETE FROM sec.throttle");
  });
  test("T23: tokens tried at random find nothing", async () => {
    // A million over SQL as the pool's role (2^20, less those of the HTTP part), the same look-up that the page does.
    const [tried, found] = h.sql(`WITH t AS MATERIALIZED (
        SELECT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) AS hash FROM generate_series(1, 1048576 - 500))
      SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM t JOIN app.link k ON k.token_hash = t.hash)`)[0];
    assert.deepEqual([tried, found], ["1048076", "0"]);
    const statuses = new Set();
    for (let i = 0; i < 10; i++)
      for (const r of await Promise.all(Array.from({ length: 50 }, () => h.request("glow", `/l/${require("node:crypto").randomBytes(32).toString("base64url")}`, { from: h.somewhere() }))))
        statuses.add(r.status);
    assert.deepEqual([...statuses], [410]);
  });
  test("T23: tokens tried from one address are counted: after a hundred it waits, also with one that is right; another address does not", async () => {
    const b = await booked(), { token } = await k.message(c, b.client, "booked"), from = h.somewhere(), random = () => require("node:crypto").randomBytes(32).toString("base64url");
    const ask = async (n) => (await Promise.all(Array.from({ length: n }, () => h.request("glow", `/l/${random()}`, { from })))).map((r) => r.status);
    const statuses = [];
    for (let i = 0; i < 10; i++) statuses.push(...await ask(10));
    assert.deepEqual([...new Set(statuses)], [410]);
    h.sql("UPDATE sec.throttle SET fails = fails + 5 WHERE fails >= 100"); // (as if it had tried on: it waits longer than this test takes)
    for (let i = 0; i < 90; i++) statuses.push(...await ask(10)); // a thousand in all
    assert.deepEqual([...new Set(statuses.slice(100))], [429]);
    const right = await h.request("glow", `/l/${token}`, { from });
    assert.equal(right.status, 429);
    assert.ok(Number(right.headers["retry-after"]) > 0);
    assert.equal((await h.request("glow", `/l/${token}`, { from: h.somewhere() })).status, 303);
    h.sql("DELETE FROM sec.throttle");
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
    // whoever has the visit gets a mail that leads to her page, and says nothing of her
    const told = () => h.sql(`SELECT m.kind, m.client_id IS NULL, m.subject FROM app.appointment v JOIN app.message m ON m.dedupe_key = 'locked:' || :'v2' || ':' || v.staff_id AND m.to_staff = v.staff_id
      WHERE v.id = :'v1'`, b.appointment, a.at.slice(3));
    await h.until(() => told().length > 0, "nobody is told");
    assert.deepEqual(told(), [["account_link_locked", "t", "A client’s link was locked at Glow Medical Spa"]]);
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
      assert.equal(r.headers["x-robots-tag"], "noindex, nofollow", "S-16");
      return Object.fromEntries(r.text.replace(/\r\n[ \t]/g, "").split("\r\n").map((l) => [l.split(/[:;]/)[0], l.slice(l.indexOf(":") + 1)]));
    };
    const one = await read();
    assert.equal(one.SUMMARY, "Glow Medical Spa: appointment");
    assert.equal(one.UID, `${b.appointment}@glow.foyer.localhost`);
    assert.equal(one.DTSTART, new Date(Number(state(b)[2]) * 1000).toISOString().replace(/[-:]|\.000/g, ""));
    assert.doesNotMatch(JSON.stringify(one), /Zz test/);
    const page = await b.v.get(`${b.at}/move?day=${k.dayIn(day)}&week=${k.dayIn(day)}`);
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
    const page = await b.v.get(`${b.at}/move?day=${k.dayIn(day)}&week=${k.dayIn(day)}`);
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

describe("all that is coming", () => {
  const second = h.uuid();
  h.sql(`INSERT INTO app.service (tenant_id, id, name, category, duration_min, step_min, min_notice_min, horizon_days, position) VALUES (:'v1', :'v2', 'Zz second part', 'Zz test', 30, 30, 0, 60, 902);
         INSERT INTO app.service_staff (tenant_id, service_id, staff_id) VALUES (:'v1', :'v2', :'v3')`, c.tenant, second, c.people[0]);
  after(() => h.sql("UPDATE app.service SET is_active = false WHERE id = :'v1'", second));
  // One visit of two services: two appointments of one client.
  const twice = async () => {
    const b = await k.book(c, { slot: 4, days: 40, more: `&also=${second}` });
    const [one, two] = h.sql("SELECT id FROM app.appointment WHERE client_id = :'v1' ORDER BY group_position", b.client).flat();
    return { b, one, two };
  };
  const statuses = (b) => h.sql("SELECT status FROM app.appointment WHERE client_id = :'v1' ORDER BY group_position", b.client).flat();
  test("one link shows them all, after the proof alone; each can be looked at, moved and cancelled by itself", async () => {
    const { b, two } = await twice();
    const a = await arrive(b);
    assert.deepEqual([(await a.v.get(`${a.at}/visits/${two}`)).status], [303]);
    assert.equal((await prove(a)).status, 303);
    const page = await a.v.get(`${a.at}/visit`);
    assert.match(page.text, /All your coming appointments[\s\S]*Part 1 of 2 of one visit[\s\S]*Zz second part[\s\S]*Part 2 of 2/);
    const other = await a.v.get(`${a.at}/visits/${two}`);
    assert.equal(other.status, 200);
    assert.match(other.text, /Zz second part, 30 min/);
    assert.deepEqual(h.trail(other.id).map((e) => [e.action, e.clients]), [["booking.read", [b.client]]]);
    assert.match((await a.v.get(`${a.at}/visits/${two}/visit.ics`)).text, new RegExp(`UID:${two}@`));
    const times = await a.v.get(`${a.at}/visits/${two}/move`), form = h.formOf(times.text, /\/move\?/);
    const fill = await a.v.post(`${a.at}/visits/${two}/fill`, { csrf: form.values.csrf, idem: h.uuid() });
    assert.match(fill.location, /^\/v\/[0-9a-f-]{36}\/forms$/);
    const moved = await a.v.post(form.action, { ...form.values, slot: k.slotsOf(times.text).at(-1) });
    assert.deepEqual([moved.status, moved.location], [303, `${a.at}/visits/${two}?done=moved`]);
    const gone = h.formOf((await a.v.get(`${a.at}/visits/${two}`)).text, `${a.at}/visits/${two}/cancel`);
    assert.equal((await a.v.post(gone.action, gone.values)).location, `${a.at}/visits/${two}`);
    assert.deepEqual(statuses(b), ["booked", "cancelled"]);
  });
  test("T02: somebody else's appointment behind one's own link is not there, to look at, move or cancel", async () => {
    const [mine, theirs] = [await booked(), await booked()];
    const own = h.formOf((await mine.v.get(`${mine.at}/visit`)).text, `${mine.at}/cancel`).values;
    assert.equal((await mine.v.post(`${mine.at}/visits/${theirs.appointment}/fill`, { csrf: own.csrf, idem: h.uuid() })).status, 404, "/fill");
    for (const end of ["", "/move", "/visit.ics"]) assert.equal((await mine.v.get(`${mine.at}/visits/${theirs.appointment}${end}`)).status, 404, end);
    const keys = h.formOf((await mine.v.get(`${mine.at}/visit`)).text, `${mine.at}/cancel`).values;
    for (const more of [{}, { whole: "true" }]) {
      const r = await mine.v.post(`${mine.at}/visits/${theirs.appointment}/cancel`, { ...keys, idem: h.uuid(), version: state(theirs)[1], ...more });
      assert.ok([404, 422].includes(r.status), String(r.status));
    }
    assert.equal(state(theirs)[0], "booked");
  });
  test("parts of one visit are cancelled together when she says so", async () => {
    const { b } = await twice();
    const form = h.formOf((await b.v.get(`${b.at}/visit`)).text, `${b.at}/cancel`);
    assert.equal((await b.v.post(form.action, { ...form.values, whole: "true" })).status, 303);
    assert.deepEqual(statuses(b), ["cancelled", "cancelled"]);
    await k.message(c, b.client, "cancelled");
  });
  test("B-08 L09: she moves a visit of several services as a whole: all parts or none, one after the other, told once; its forms are asked for once", async () => {
    h.sql("INSERT INTO app.service_form (tenant_id, service_id, form_id) SELECT tenant_id, :'v2', form_id FROM app.service_form WHERE service_id = :'v1'", c.service, second);
    try {
      const { b, one, two } = await twice();
      const forms = (id) => Number(h.one("SELECT count(*) FROM app.form_assignment WHERE appointment_id = :'v1'", id));
      assert.ok(forms(one) > 0 && forms(two) === 0, "both parts ask");
      assert.match((await b.v.get(`${b.at}/visits/${two}`)).text, /Fill in/);
      const link = h.decode((await b.v.get(`${b.at}/visit`)).text.match(/href="([^"]*\/move[^"]*)"/)[1]);
      assert.equal(link, `${b.at}/move?whole=true`);
      const page = await b.v.get(`${link}&week=${k.dayIn(41)}&day=${k.dayIn(41)}`), form = h.formOf(page.text, /\/move\?/);
      assert.match(page.text, /Another time for the whole visit/);
      const slot = k.slotsOf(page.text)[3];
      const taken = await k.hold(new h.Visitor("glow"), c, slot, { days: 41 });
      assert.ok(taken);
      const late = await b.v.post(form.action, { ...form.values, slot });
      assert.equal(late.status, 409);
      const near = k.slotsOf(late.text.slice(late.text.indexOf("Nearest free times")))[0], again = h.formOf(late.text, /\/move\?/);
      const r = await b.v.post(again.action, { ...again.values, slot: near });
      assert.deepEqual([r.status, r.location], [303, `${b.at}/visit?done=moved`]);
      assert.deepEqual(h.sql("SELECT extract(epoch FROM starts_at)::bigint - :v2, n_moves FROM app.appointment WHERE client_id = :'v1' ORDER BY group_position", b.client, near), [["0", "1"], ["1800", "1"]]);
      assert.match((await k.message(c, b.client, "moved")).text, /2 parts/);
      assert.equal(h.one("SELECT count(*) FROM app.message WHERE client_id = :'v1' AND kind = 'moved'", b.client), "1");
      const old = await b.v.post(again.action, { ...again.values, idem: h.uuid(), slot: k.slotsOf(late.text)[1] });
      assert.ok([409, 422].includes(old.status), "an older page moved it again");
    } finally {
      h.sql("DELETE FROM app.service_form WHERE service_id = :'v1'", second);
    }
  });
  test("B57: her due date changes, and she and the studio see what no longer fits", async () => {
    const f = k.corner("first-light"), week = (w, days) => k.dayIn(280 - w * 7 + days);
    h.sql("UPDATE app.service SET week_from = 26, week_to = 32 WHERE id = :'v1'", f.service);
    const b = await k.book(f, { slot: 0, days: 20, person: { due_date: week(28, 20) } });
    assert.match((await b.v.get(`${b.at}/visit`)).text, /you will be in week 28/);
    const odd = await b.v.submit(`${b.at}/visit`, { due_date: k.dayIn(500) }, { action: `${b.at}/due` });
    assert.equal(odd.status, 422);
    assert.match(odd.text, /a due date lies at most 41 weeks ahead/);
    const told = await b.v.submit(`${b.at}/visit`, { due_date: week(20, 20) }, { action: `${b.at}/due` });
    assert.equal(told.status, 303);
    const page = (await b.v.get(told.location)).text;
    assert.match(page, /you will be in week 20 that day\. This visit is best between weeks 26 and 32\. We have seen it/);
    assert.deepEqual(h.trail(told.id).map((e) => e.action), ["booking.due_date"]);
    const desk = await h.staff("first-light", "front-desk");
    assert.match((await desk.get(`/appointments/${b.appointment}`)).text, /due date/i);
    assert.equal(h.one("SELECT asks_look FROM app.appointment WHERE id = :'v1'", b.appointment), "due_date");
    await b.v.submit(`${b.at}/visit`, { due_date: week(29, 20) }, { action: `${b.at}/due` });
    assert.equal(h.one("SELECT asks_look IS NULL FROM app.appointment WHERE id = :'v1'", b.appointment), "t");
    k.close(f);
  });
});
