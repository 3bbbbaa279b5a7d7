// waitlist.test.js -- who waits is offered what becomes free, one after the other, by a real hold; she answers by a button. L21 L24 T28 B-01 B-03.
"use strict";
const { test, describe, before, after } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");
const k = require("./booking_client");

let c, desk, day = 5;
before(async () => {
  c = k.corner("glow");
  desk = await h.staff("glow", "front-desk");
});
after(() => {
  k.within(c.tenant, "UPDATE app.waitlist_entry SET state = 'left' WHERE tenant_id = :'v1' AND service_id = :'v2' AND state = 'waiting'", c.tenant, c.service);
  k.close(c);
});

const until = async (what, ask) => {
  for (let i = 0; i < 200; i++) {
    const got = ask();
    if (got) return got;
    await new Promise((r) => setTimeout(r, 100));
  }
  throw new Error(`never: ${what}`);
};
// Somebody new, with a link of hers; her visit is far from where the others are.
let n = 0;
const somebody = () => k.book(c, { slot: 0, days: 40 + Math.floor(n++ / 12) });
// A visit at ten of a day of its own, which can be given up. Returns {day, slot (seconds), visit}.
async function visitAtTen() {
  const on = k.dayIn(++day), v = new h.Visitor("glow");
  const slot = h.one("SELECT extract(epoch FROM (:'v1'::date + time '10:00') AT TIME ZONE zone)::bigint FROM app.location WHERE id = :'v2'", on, c.place);
  const b = await k.book(c, { slot, days: day });
  return { ...b, on, slot, v };
}
const formKeys = async (v) => h.formOf((await v.get("/clients")).text, "/logout").values;
// On the list by the staff, for ten on a day.
async function waits(client, on, o = {}) {
  const page = await desk.get(`/waitlist/new?client_id=${client}&service_id=${c.service}`);
  const form = h.formOf(page.text, "/waitlist/new");
  const r = await desk.post("/waitlist/new", { ...form.values, service_id: c.service, place: c.place, provider: c.people[0], from_day: on, to_day: on, weekday: ["0", "1", "2", "3", "4", "5", "6"],
    from_time: "10:00", to_time: "10:00", weekday2: [], from_time2: "", to_time2: "", ...o });
  assert.equal(r.status, 303, r.text.match(/class="error"[^>]*>[^<]*/g)?.join());
  return r.location.match(/waitlist\/([0-9a-f-]{36})/)[1];
}
async function cancel(visit) {
  const version = h.one("SELECT version FROM app.appointment WHERE id = :'v1'", visit);
  const r = await desk.post(`/appointments/${visit}/cancel`, { ...(await formKeys(desk)), reason: "studio", quiet: "1", version, idem: h.uuid() });
  assert.equal(r.status, 303);
}
const offersTo = (entry, state = "open") => h.sql("SELECT o.id, o.appointment_id, extract(epoch FROM a.starts_at)::bigint, extract(epoch FROM o.until)::bigint FROM app.waitlist_offer o JOIN app.appointment a ON a.id = o.appointment_id WHERE o.entry_id = :'v1' AND o.state = :'v2'", entry, state);
const openOffer = (entry) => until(`an offer to ${entry}`, () => offersTo(entry)[0]);
const settled = () => until("the jobs are done", () => h.one("SELECT count(*) FROM app.job WHERE kind LIKE 'waitlist.%' AND state IN ('ready', 'running') AND run_at <= now()") === "0");
// She comes by the link in her mail, on another device.
async function arrive(b) {
  const v = new h.Visitor("glow"), { token, text } = await k.message(c, b.client, "waitlist_offer");
  const entry = await v.get(`/l/${token}`);
  assert.equal(entry.status, 303);
  const r = await v.follow(await v.submit(entry.location, { birth_date: "1990-04-05" }), entry.location);
  assert.equal(r.status, 200);
  assert.match(r.at, /\/waitlist$/);
  return { v, at: r.at, page: r, text };
}
// (A pool that has too much to do at this moment says so, and she presses again.)
async function answer(a, what, more = {}) {
  for (let i = 0; ; i++) {
    const r = await a.v.post(`${a.at}/${what}`, { ...h.formOf(a.page.text, `${a.at}/${what}`).values, ...more });
    if (r.status !== 503 || i > 20) return r;
    await new Promise((done) => setTimeout(done, 100));
  }
}
const freeFor = async (on, slot) => k.slotsOf((await new h.Visitor("glow").get(`${c.path}?week=${on}&day=${on}`)).text).includes(slot);
const expire = (offer) => k.within(c.tenant, `UPDATE app.waitlist_offer SET until = now() - interval '1 second' WHERE id = :'v1';
  UPDATE app.slot t SET hold_until = now() - interval '1 second' FROM app.waitlist_offer o WHERE o.id = :'v1' AND t.appointment_id = o.appointment_id AND t.state = 'hold';
  UPDATE app.job SET run_at = now() WHERE kind = 'waitlist.lapse' AND subject_id = :'v1'; NOTIFY foyer_jobs`, offer);
const overlaps = () => h.one(`SELECT count(*) FROM app.slot a JOIN app.slot b ON b.tenant_id = a.tenant_id AND b.resource_id = a.resource_id AND b.id > a.id AND b.during && a.during
  WHERE a.tenant_id = :'v1' AND a.state IN ('hold', 'booked') AND b.state IN ('hold', 'booked') AND NOT a.is_over AND NOT b.is_over`, c.tenant);

test("L21 L24: cancelled, it is offered in the order of joining; declined, and not answered in time, it goes on; the last one takes it", async () => {
  const given = await visitAtTen(), [one, two, three] = [await somebody(), await somebody(), await somebody()];
  const [e1, e2, e3] = [await waits(one.client, given.on), await waits(two.client, given.on), await waits(three.client, given.on)];
  const list = await desk.get("/waitlist");
  assert.ok(list.text.indexOf(e1) < list.text.indexOf(e2) && list.text.indexOf(e2) < list.text.indexOf(e3) && list.text.includes(e1));
  await cancel(given.appointment);
  const [offer, held, at] = await openOffer(e1);
  assert.equal(at, given.slot);
  await settled();
  assert.deepEqual([offersTo(e2).length, offersTo(e3).length], [0, 0], "offered to two");
  assert.equal(h.one("SELECT string_agg(DISTINCT state, ' ') FROM app.slot WHERE appointment_id = :'v1'", held), "hold");
  assert.equal(await freeFor(given.on, given.slot), false, "still offered to the public");
  const a = await arrive(one);
  assert.doesNotMatch(a.text, /Zz test/, "the mail names the service");
  assert.equal(h.one("SELECT state FROM app.waitlist_offer WHERE id = :'v1'", offer), "open", "following the link answered");
  assert.match(a.page.text, /We hold it for you until/);
  assert.equal((await answer(a, "decline")).status, 303);
  const [second] = await openOffer(e2);
  const b = await arrive(two);
  expire(second);
  const [third, booked] = await openOffer(e3);
  assert.equal(h.one("SELECT state FROM app.waitlist_offer WHERE id = :'v1'", second), "lapsed");
  assert.equal((await answer(b, "accept")).status, 422, "a late yes");
  assert.match((await answer(b, "accept", { idem: h.uuid() })).text, /This offer is over/);
  const d = await arrive(three);
  assert.equal((await answer(d, "accept")).status, 303);
  await settled();
  assert.deepEqual(h.sql("SELECT a.status, a.client_id::text, o.state, e.state FROM app.waitlist_offer o JOIN app.appointment a ON a.id = o.appointment_id JOIN app.waitlist_entry e ON e.id = o.entry_id WHERE o.id = :'v1'", third)[0],
    ["booked", three.client, "accepted", "booked"]);
  assert.equal(h.one("SELECT string_agg(DISTINCT state, ' ') FROM app.slot WHERE appointment_id = :'v1'", booked), "booked");
  assert.equal(h.one("SELECT count(*) FROM app.message WHERE client_id = :'v1' AND kind = 'booked'", three.client), "2");
  assert.deepEqual(h.sql("SELECT state FROM app.waitlist_entry WHERE id IN (:'v1', :'v2') ORDER BY state", e1, e2).flat(), ["waiting", "waiting"], "who declines keeps her place");
  assert.deepEqual([offersTo(e1).length, offersTo(e2).length], [0, 0], "the same time twice to one");
  assert.equal(overlaps(), "0");
});

test("T28: two accepts at once, and the same one ten times, give one booking", async () => {
  const given = await visitAtTen(), one = await somebody(), e = await waits(one.client, given.on);
  await cancel(given.appointment);
  const [, held] = await openOffer(e);
  const [a, b] = [await arrive(one), await arrive(one)];
  const all = await Promise.all([answer(a, "accept"), answer(b, "accept"), ...Array.from({ length: 8 }, () => answer(a, "accept")), answer(a, "decline")]);
  const good = all.filter((r) => r.status === 303 && /done=booked/.test(r.location || ""));
  const state = h.one("SELECT state FROM app.waitlist_offer WHERE appointment_id = :'v1'", held);
  if (state === "accepted") {
    assert.equal(good.length, 10, "each that said yes is told yes");
    assert.equal(h.one("SELECT count(*) FROM app.appointment WHERE client_id = :'v1' AND status = 'booked'", one.client), "2");
    assert.equal(h.one("SELECT count(*) FROM app.appointment_event WHERE appointment_id = :'v1' AND status = 'booked'", held), "1");
    assert.equal(h.one("SELECT count(*) FROM app.message WHERE client_id = :'v1' AND kind = 'booked'", one.client), "2");
  } else {
    assert.equal(state, "declined");
    assert.equal(good.length, 0);
  }
  assert.ok(all.every((r) => r.status < 500));
});

test("B-01: a visitor and the list run for the same time: one of them has it", async () => {
  const given = await visitAtTen(), one = await somebody(), e = await waits(one.client, given.on);
  const visitors = await Promise.all(Array.from({ length: 6 }, async () => {
    const v = new h.Visitor("glow"), page = await k.timesPage(v, c, 30), form = h.formOf(page.text, /^\/book\//);
    return { v, form };
  }));
  const tries = visitors.map(({ v, form }) => new Promise((r) => setTimeout(r, Math.random() * 300)).then(() => v.post(`${c.path}?week=${given.on}&day=${given.on}`, { ...form.values, slot: given.slot, place: c.place }, { from: h.somewhere() })));
  await cancel(given.appointment);
  const took = (await Promise.all(tries)).filter((r) => r.status === 303).length;
  await settled();
  assert.equal(took + offersTo(e).length, 1, `${took} visitors, ${offersTo(e).length} offers`);
  assert.equal(overlaps(), "0");
});

test("B-03: a visitor's hold that ends by itself is offered, with no janitor", async () => {
  const on = k.dayIn(++day), one = await somebody(), e = await waits(one.client, on);
  const slot = h.one("SELECT extract(epoch FROM (:'v1'::date + time '10:00') AT TIME ZONE zone)::bigint FROM app.location WHERE id = :'v2'", on, c.place);
  const at = await k.hold(new h.Visitor("glow"), c, slot, { days: day }), hold = at.match(/hold\/([0-9a-f-]{36})/)[1];
  assert.equal(h.one("SELECT count(*) FROM app.job j JOIN app.slot t ON t.id = j.subject_id WHERE t.appointment_id = :'v1' AND j.kind = 'waitlist.fill' AND j.run_at > now()", hold), "1");
  k.within(c.tenant, "UPDATE app.slot SET hold_until = now() - interval '1 second' WHERE appointment_id = :'v1'; UPDATE app.job j SET run_at = now() FROM app.slot t WHERE t.id = j.subject_id AND t.appointment_id = :'v1'; NOTIFY foyer_jobs", hold);
  assert.equal((await openOffer(e))[2], slot);
});

test("L21: time that new hours, an opened day or time off that ends brings is offered too, in the order of joining, once for all that is changed together", async () => {
  if (new Date(k.dayIn(day + 1)).getUTCDay() === 0) day++; // on Sundays the place closes at six
  const [one, two] = [await somebody(), await somebody()], evening = k.dayIn(++day), shut = k.dayIn(++day);
  const e1 = await waits(one.client, evening, { from_time: "18:00", to_time: "18:00" }), e2 = await waits(two.client, evening, { from_time: "18:00", to_time: "18:00" });
  const looks = () => Number(h.one("SELECT count(*) FROM app.job WHERE tenant_id = :'v1' AND kind = 'waitlist.look' AND state = 'ready' AND run_at > now()", c.tenant));
  const look = async () => {
    assert.ok(looks() >= 1 && looks() <= 2, `${looks()} looks`); // a minute may end between two changes
    k.within(c.tenant, "UPDATE app.job SET run_at = now() WHERE kind = 'waitlist.look' AND state = 'ready'; NOTIFY foyer_jobs");
    await settled();
    h.sql("DELETE FROM app.job WHERE tenant_id = :'v1' AND kind = 'waitlist.look'", c.tenant); // this minute is over two minutes before its look, but here
  };
  k.within(c.tenant, `INSERT INTO app.shift_day (tenant_id, staff_id, day, location_id, starts, ends) VALUES (:'v1', :'v2', :'v3', :'v4', '09:00', '17:00');
    INSERT INTO app.shift_day (tenant_id, staff_id, day, location_id, starts, ends) VALUES (:'v1', :'v2', :'v3', :'v4', '18:00', '18:45')`, c.tenant, c.people[0], evening, c.place);
  await look();
  const [offer] = await openOffer(e1);
  assert.equal(offersTo(e2).length, 0, "there is one time, and she joined later");
  assert.equal(h.one("SELECT count(*) FROM app.message WHERE client_id = :'v1' AND kind = 'waitlist_offer'", one.client), "1");
  expire(offer);
  await openOffer(e2);
  // a closure that is taken back
  const three = await somebody();
  k.within(c.tenant, "INSERT INTO app.closure (tenant_id, id, location_id, starts_local, ends_local, reason) VALUES (:'v1', :'v2', :'v3', :'v4'::date, :'v4'::date + 1, 'Zz shut')", c.tenant, e1, c.place, shut);
  const e3 = await waits(three.client, shut);
  await settled();
  assert.equal(offersTo(e3).length, 0);
  k.within(c.tenant, "DELETE FROM app.closure WHERE id = :'v1'", e1);
  await look();
  await openOffer(e3);
  assert.equal(overlaps(), "0");
  // where nobody waits, nobody looks
  const other = h.tenantId("first-light");
  k.within(other, `UPDATE app.waitlist_entry SET state = 'left', left_at = now() WHERE tenant_id = :'v1' AND state = 'waiting'; DELETE FROM app.job WHERE tenant_id = :'v1' AND kind = 'waitlist.look';
    UPDATE app.shift SET ends = ends WHERE tenant_id = :'v1'`, other);
  assert.equal(h.one("SELECT count(*) FROM app.job WHERE tenant_id = :'v1' AND kind = 'waitlist.look'", other), "0");
});

test("a runner that dies in the middle has offered nothing; the next one offers once, and she is told once (T30)", async () => {
  const given = await visitAtTen(), one = await somebody(), e = await waits(one.client, given.on);
  const release = await h.lockTable("app.waitlist_offer");
  let pid;
  try {
    const done = cancel(given.appointment).catch(() => null);
    await done;
    pid = await until("a job in work", () => h.one("SELECT 1 FROM app.job WHERE kind = 'waitlist.fill' AND state = 'running'") && h.one("SELECT pid FROM pg_stat_activity WHERE usename = 'foyer_jobs' AND wait_event_type = 'Lock' LIMIT 1"));
    h.sql("SELECT pg_terminate_backend(:'v1'::int)", pid);
  } finally {
    await release();
  }
  k.within(c.tenant, "UPDATE app.job SET lease_until = now() WHERE kind = 'waitlist.fill' AND state = 'running'; UPDATE app.job SET run_at = now() WHERE kind = 'waitlist.fill' AND state = 'ready'; NOTIFY foyer_jobs");
  await openOffer(e);
  await settled();
  assert.equal(offersTo(e).length, 1);
  assert.equal(h.one("SELECT count(*) FROM app.message WHERE client_id = :'v1' AND kind = 'waitlist_offer'", one.client), "1");
});

describe("by the staff", () => {
  test("a chosen start is offered by hand, taken back, offered once more and taken for her; it is in the trail", async () => {
    const one = await somebody(), on = k.dayIn(++day), e = await waits(one.client, on, { from_time: "09:00", to_time: "17:00" });
    const page = await desk.get(`/waitlist/${e}`), form = h.formOf(page.text, `/waitlist/${e}/offer`);
    const choices = [...page.text.matchAll(/name="choice" value="([^"]+)"/g)].map(([, x]) => h.decode(x));
    assert.ok(choices.length > 3);
    const r = await desk.post(`/waitlist/${e}/offer`, { ...form.values, choice: choices[1] });
    assert.equal(r.status, 303);
    assert.ok(h.trail(r.id).some((x) => x.action === "waitlist.offer" && x.clients.includes(one.client)));
    const [[offer, , at]] = offersTo(e);
    assert.equal(at, choices[1].split("=")[0]);
    assert.equal(await freeFor(on, at), false);
    const again = await desk.post(`/waitlist/${e}/offer`, { ...form.values, choice: choices[2], idem: h.uuid() });
    assert.equal(again.status, 422);
    assert.match(again.text, /There is an offer already/);
    const open = await desk.get(`/waitlist/${e}`);
    assert.equal((await desk.post(`/waitlist/${e}/withdraw`, h.formOf(open.text, `/waitlist/${e}/withdraw`).values)).status, 303);
    assert.equal(h.one("SELECT state FROM app.waitlist_offer WHERE id = :'v1'", offer), "withdrawn");
    assert.equal(await freeFor(on, at), true);
    const [day2, time2] = h.sql("SELECT (to_timestamp(:'v1') AT TIME ZONE l.zone)::date, to_char(to_timestamp(:'v1') AT TIME ZONE l.zone, 'HH24:MI') FROM app.location l WHERE id = :'v2'", choices[3].split("=")[0], c.place)[0];
    assert.equal((await desk.post(`/waitlist/${e}/offer`, { ...form.values, chosen_place: c.place, chosen_staff: "", day: day2, time: time2, idem: h.uuid() })).status, 303);
    const shown = await desk.get(`/waitlist/${e}`);
    const taken = await desk.post(`/waitlist/${e}/accept`, h.formOf(shown.text, `/waitlist/${e}/accept`).values);
    assert.match(taken.location, /^\/appointments\//);
    assert.equal(h.one("SELECT status || ' ' || client_id FROM app.appointment WHERE id = :'v1'", taken.location.split("/").pop()), `booked ${one.client}`);
    const gone = h.one("SELECT extract(epoch FROM now() + interval '10 minutes')::bigint");
    const e2 = await waits((await somebody()).client, on);
    assert.equal((await desk.post(`/waitlist/${e2}/offer`, { ...form.values, choice: `${gone}=${c.place}=${c.people[0]}`, idem: h.uuid() })).status, 422, "without time to answer");
    assert.equal((await desk.post(`/waitlist/${e2}/remove`, { ...form.values, idem: h.uuid() })).status, 303);
    assert.equal(h.one("SELECT state FROM app.waitlist_entry WHERE id = :'v1'", e2), "left");
  });
  test("rules hold also for who waits: a visit that must come before it", async () => {
    const first = k.corner("glow"), given = await visitAtTen(), one = await somebody(), e = await waits(one.client, given.on);
    h.sql("UPDATE app.service SET prerequisite_id = :'v2', prerequisite_days = 30 WHERE id = :'v1'", c.service, first.service);
    try {
      await cancel(given.appointment);
      await settled();
      assert.equal(offersTo(e).length, 0);
    } finally {
      h.sql("UPDATE app.service SET prerequisite_id = NULL, prerequisite_days = NULL WHERE id = :'v1'", c.service);
      k.close(first);
    }
  });
  test("an erased client leaves the list, and what was held for her goes on", async () => {
    const given = await visitAtTen(), [one, two] = [await somebody(), await somebody()];
    const [e1, e2] = [await waits(one.client, given.on), await waits(two.client, given.on)];
    await cancel(given.appointment);
    await openOffer(e1);
    k.within(c.tenant, "SELECT app.client_erase(:'v1')", one.client);
    assert.equal(h.one("SELECT count(*) FROM app.waitlist_entry WHERE client_id = :'v1'", one.client), "0");
    assert.equal((await openOffer(e2))[2], given.slot);
  });
  test("T01: another studio's entry is as if it did not exist; nor may its client be put on the list", async () => {
    const one = await somebody(), e = await waits(one.client, k.dayIn(++day)), v = await h.staff("first-light", "owner");
    assert.equal((await v.get(`/waitlist/${e}`)).status, 404);
    const keys = await formKeys(v);
    for (const what of ["remove", "offer", "withdraw", "accept"])
      assert.ok([404, 422].includes((await v.post(`/waitlist/${e}/${what}`, { ...keys, offer_id: h.uuid(), choice: `1=${c.place}=${c.people[0]}`, idem: h.uuid() })).status), what);
    const theirs = h.one("SELECT id FROM app.client WHERE tenant_id = :'v1' LIMIT 1", h.tenantId("first-light"));
    assert.equal((await desk.post("/waitlist/new", { ...(await formKeys(desk)), client_id: theirs, service_id: c.service, place: c.place, from_day: k.dayIn(1), to_day: k.dayIn(2), weekday: "1", idem: h.uuid() })).status, 404);
    assert.equal(h.one("SELECT state FROM app.waitlist_entry WHERE id = :'v1'", e), "waiting");
  });
});

describe("by herself, from her link", () => {
  test("she joins, once; two windows of hours; leaves again; what is wrong is said, and what she chose is kept", async () => {
    const b = await somebody(), at = `${b.at}/waitlist`;
    assert.match((await b.v.get(`${b.at}/visit`)).text, new RegExp(at));
    const form = h.formOf((await b.v.get(at)).text, at);
    assert.equal(form.values.service_id, c.service, "the service of her visit is chosen");
    const send = (o) => b.v.post(at, { ...form.values, place: c.place, provider: [], weekday: ["1", "3"], weekday2: ["6"], from_time: "09:00", to_time: "12:00", from_time2: "14:00", to_time2: "16:00", ...o, idem: h.uuid() });
    const wrong = await send({ to_time: "08:00" });
    assert.equal(wrong.status, 422);
    assert.match(wrong.text, /The later hour comes second/);
    assert.match(h.formOf(wrong.text, at).html, /name="weekday" value="3" checked/);
    assert.doesNotMatch(h.formOf(wrong.text, at).html, /name="weekday" value="2" checked/);
    assert.equal((await send({ place: [] })).status, 422);
    assert.equal((await send({})).status, 303);
    const page = await b.v.get(at);
    assert.match(page.text, /Mon Wed from 9:00 am to 12:00 pm; Sat from 2:00 pm to 4:00 pm/);
    assert.match((await send({})).text, /You wait for this already/);
    assert.equal((await b.v.post(`${at}/leave`, h.formOf(page.text, `${at}/leave`).values)).status, 303);
    assert.equal(h.one("SELECT string_agg(state, ' ') FROM app.waitlist_entry WHERE client_id = :'v1'", b.client), "left");
  });
  test("B43: another's entry and offer are not hers", async () => {
    const given = await visitAtTen(), [one, two] = [await somebody(), await somebody()], e = await waits(one.client, given.on);
    await cancel(given.appointment);
    const [offer] = await openOffer(e), at = `${two.at}/waitlist`, keys = h.formOf((await two.v.get(at)).text, at).values;
    for (const [what, body] of [["accept", { offer_id: offer }], ["decline", { offer_id: offer }], ["leave", { entry_id: e }]])
      assert.equal((await two.v.post(`${at}/${what}`, { csrf: keys.csrf, idem: h.uuid(), ...body })).status, 404, what);
    assert.equal(offersTo(e).length, 1);
  });
});

test("how long an offer stands: the business's minutes by day, from eight on by night, half an hour before the visit at the latest", async () => {
  const owner = await h.staff("glow", "owner"), form = (await owner.get("/settings/waitlist")).text;
  assert.equal((await owner.post("/settings/waitlist", { ...h.formOf(form, "/settings/waitlist").values, waitlist_minutes: 5, idem: h.uuid() })).status, 422);
  assert.equal((await owner.post("/settings/waitlist", { ...h.formOf(form, "/settings/waitlist").values, waitlist_minutes: 90 })).status, 303);
  const zones = ["America/New_York", "Europe/Berlin", "Asia/Tokyo", "Australia/Sydney", "Pacific/Honolulu", "Asia/Kolkata", "America/Sao_Paulo"];
  let nights = 0;
  for (const zone of zones) {
    const [now, till, near] = h.sql(`BEGIN; SET LOCAL foyer.tenant_id = '${c.tenant}'; UPDATE app.location SET zone = :'v2' WHERE id = :'v1';
      SELECT floor(extract(epoch FROM now())), floor(extract(epoch FROM app.waitlist_until(:'v1', now() + interval '9 days'))), extract(epoch FROM app.waitlist_until(:'v1', now() + interval '40 minutes') - now())::int; ROLLBACK`, c.place, zone)[0].map(Number);
    const clock = (s) => new Intl.DateTimeFormat("sv-SE", { timeZone: zone, hour: "2-digit", minute: "2-digit" }).format(new Date(s * 1000));
    const isNight = clock(now) >= "21:00" || clock(now) < "08:00";
    nights += isNight;
    if (isNight) { assert.equal(clock(till), "09:30", zone); assert.ok(till > now && till - now < 86400, zone); } else assert.equal(till - now, 5400, zone);
    assert.equal(near, 600, zone);
  }
  assert.ok(nights > 0 && nights < zones.length);
  h.sql("UPDATE app.tenant SET waitlist_minutes = 60 WHERE id = :'v1'", c.tenant);
});
