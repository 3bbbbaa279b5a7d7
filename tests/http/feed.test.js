// feed.test.js -- visits in calendar programs: the private feeds of the staff, and the entries in mails to clients. What a calendar
// makes of them is read by ical.js, which others wrote.
"use strict";
const { test, describe, before, after, beforeEach } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const ICAL = require("ical.js");
const h = require("./harness");
const k = require("./booking_client");
const { opened } = require("./mailbox");

const glow = h.tenantId("glow");
const within = (text, ...values) => k.within(glow, text, ...values);
const provider = h.staffOf("glow", "provider"), me = h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email_norm = :'v2'", glow, provider.email);
const other = h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND is_provider AND id <> :'v2' ORDER BY position, id LIMIT 1", glow, me);
const [place, zone] = h.sql("SELECT id, zone FROM app.location WHERE tenant_id = :'v1' ORDER BY position LIMIT 1", glow)[0];
const tag = h.uuid().slice(0, 8);
const hostile = `Zz ${tag}, "peel"; back\\slash: \u{1F33F}é ${"long ".repeat(12)}BEGIN:VALARM`;
const canaries = { name: `Quixana Canary${tag}`, preferred: `Xanthe${tag}`, phone: "+15125550177", email: `canary.${tag}@example.com`, reason: `surgery-${tag}`, service: "back\\\\slash" };
const ids = { service: h.uuid(), client: h.uuid(), off: h.uuid() };

// Visits without slots: who is busy when is another file's. Wall time at the place, in both nights that change the clock.
function visit(local, o = {}) {
  const id = h.uuid();
  within(`INSERT INTO app.appointment (tenant_id, id, client_id, service_id, staff_id, location_id, starts_at, ends_at, status)
    VALUES (:'v1', :'v2', :'v3', :'v4', :'v5', :'v6', :'v7'::timestamp AT TIME ZONE :'v8', :'v7'::timestamp AT TIME ZONE :'v8' + interval '45 minutes', :'v9')`,
    glow, id, ids.client, ids.service, o.staff || me, place, local, zone, o.status || "booked");
  return id;
}
const calendar = (text) => {
  const c = new ICAL.Component(ICAL.parse(text));
  const events = c.getAllSubcomponents("vevent").map((e) => ({
    uid: e.getFirstPropertyValue("uid"), summary: e.getFirstPropertyValue("summary"), place: e.getFirstPropertyValue("location"),
    sequence: e.getFirstPropertyValue("sequence"), status: e.getFirstPropertyValue("status"), transp: e.getFirstPropertyValue("transp"),
    starts: e.getFirstPropertyValue("dtstart").toUnixTime(), ends: e.getFirstPropertyValue("dtend").toUnixTime(),
    changed: e.getFirstPropertyValue("last-modified").toUnixTime(), stamp: e.getFirstPropertyValue("dtstamp"),
    organizer: e.getFirstProperty("organizer"), attendees: e.getAllProperties("attendee"), names: e.getAllProperties().map((p) => p.name),
  }));
  return { method: c.getFirstPropertyValue("method"), name: c.getFirstPropertyValue("name"), x: c.getFirstPropertyValue("x-wr-calname"), refresh: String(c.getFirstPropertyValue("refresh-interval")), parts: c.getAllSubcomponents().map((s) => s.name), events };
};
let v, busy, full;
const made = [];
// Makes a feed as its person does; its path.
async function make(name, details) {
  const at = details ? "/account/calendar/details" : "/account/calendar";
  const form = h.formOf((await v.get("/account/calendar")).text, "/account/calendar");
  const r = await v.post(at, { ...form.values, name });
  const url = h.decode(r.text).match(/https:\/\/[^\s<]+\.ics/)?.[0];
  if (url) made.push(url);
  return { r, url, path: url && new URL(url).pathname, form };
}
const read = (at, o = {}) => h.request("glow", at, { from: h.somewhere(), ...o });
const proof = (how) => h.sql(`UPDATE sec.session SET proved_at = now() - interval '${how}' WHERE staff_id = :'v1'`, me);

before(async () => {
  within(`INSERT INTO app.service (tenant_id, id, name, category, duration_min, step_min, price_cents, is_online, position) VALUES (:'v1', :'v2', :'v3', 'Zz', 45, 15, 0, false, 990);
    INSERT INTO app.client (tenant_id, id, name, preferred_name, phone, email) VALUES (:'v1', :'v4', :'v5', :'v6', :'v7', :'v8');
    INSERT INTO app.time_off (tenant_id, id, staff_id, starts_at, ends_at, reason) VALUES (:'v1', :'v9', :'v10', now() + interval '50 days', now() + interval '52 days', :'v11')`,
    glow, ids.service, hostile, ids.client, canaries.name, canaries.preferred, canaries.phone, canaries.email, ids.off, me, canaries.reason);
  // Local days around the next change of the clock in each direction, as the database's zone rules have them.
  const changes = h.sql(`SELECT d::date FROM generate_series(current_date, current_date + 380, interval '1 day') AS d
    WHERE (d::timestamp AT TIME ZONE :'v1') + interval '24 hours' <> ((d + interval '1 day')::timestamp AT TIME ZONE :'v1') ORDER BY 1 LIMIT 2`, zone).map(([d]) => d);
  assert.equal(changes.length, 2, `${zone} changes no clock`);
  ids.visits = [...changes.flatMap((d) => [visit(`${d} 00:30`), visit(`${d} 03:30`)]), visit(`${k.dayIn(3)} 10:00`)];
  ids.gone = visit(`${k.dayIn(4)} 10:00`, { status: "cancelled" });
  ids.theirs = visit(`${k.dayIn(4)} 10:00`, { staff: other });
  ids.old = visit(`${k.dayIn(-40)} 10:00`, { status: "done" });
  ids.far = visit(`${k.dayIn(420)} 10:00`);
  v = await h.staff("glow", "provider");
  proof("6 minutes");
  busy = await make(`Phone ${tag}`);
});
after(() => {
  within(`SET session_replication_role = replica;
    DELETE FROM app.appointment_event WHERE appointment_id IN (SELECT id FROM app.appointment WHERE service_id = :'v1');
    DELETE FROM app.appointment WHERE service_id = :'v1';
    DELETE FROM app.client_word WHERE client_id = :'v2'; DELETE FROM app.client WHERE id = :'v2';
    DELETE FROM app.time_off WHERE id = :'v3'; DELETE FROM sec.feed WHERE staff_id = :'v4' AND name <> 'My phone'; DELETE FROM app.service WHERE id = :'v1'`, ids.service, ids.client, ids.off, me);
});
beforeEach(() => h.sql("DELETE FROM sec.throttle"));

describe("a private feed", () => {
  test("T22 S-14: its address is shown once, and kept only as a hash", async () => {
    assert.equal(busy.r.status, 200);
    assert.match(busy.url, /^https:\/\/glow\.[^/]+\/feed\/[A-Za-z0-9_-]{43}\.ics$/);
    const token = busy.path.slice(6, -4);
    const list = await v.get("/account/calendar");
    assert.ok(list.text.includes(`Phone ${tag}`) && !list.text.includes(token));
    const again = await v.post("/account/calendar", { ...busy.form.values, name: `Phone ${tag}` });
    assert.deepEqual([again.status, again.location], [303, "/account/calendar?lost=1"], "the same form again");
    assert.equal(h.one("SELECT count(*) FROM sec.feed WHERE tenant_id = :'v1' AND token_hash = sha256(decode(:'v2', 'hex'))", glow, Buffer.from(token, "base64url").toString("hex")), "1");
    assert.equal(h.one("SELECT count(*) FROM sec.feed d WHERE d::text LIKE '%' || :'v1' || '%'", token), "0");
    assert.match((await v.post("/account/calendar", { ...h.formOf(list.text, "/account/calendar").values, name: "" })).text, /Say which calendar/);
  });
  test("B-09: busy only says when and where, and nothing of anybody", async () => {
    const r = await read(busy.path), c = calendar(r.text);
    assert.equal(r.status, 200);
    assert.match(r.headers["content-type"], /^text\/calendar; charset=utf-8/);
    assert.equal(r.headers["x-robots-tag"], "noindex, nofollow", "S-16");
    assert.equal(r.headers["cache-control"], "private, no-cache");
    assert.deepEqual([...new Set(c.events.map((e) => e.summary))], ["Busy"]);
    for (const [what, canary] of Object.entries(canaries)) assert.ok(!r.text.replace(/\r\n[ \t]/g, "").includes(canary), what);
    const names = h.sql("SELECT name FROM app.client WHERE tenant_id = :'v1' UNION SELECT name FROM app.service WHERE tenant_id = :'v1' UNION SELECT phone FROM app.client WHERE tenant_id = :'v1' AND phone IS NOT NULL UNION SELECT email FROM app.client WHERE tenant_id = :'v1' AND email IS NOT NULL", glow);
    const text = r.text.replace(/\r\n[ \t]/g, "");
    assert.deepEqual(names.map(([n]) => n).filter((n) => text.includes(n)), []);
    for (const e of c.events) assert.deepEqual(e.names.filter((n) => !["uid", "sequence", "dtstamp", "last-modified", "dtstart", "dtend", "summary", "status", "transp", "location"].includes(n)), []);
    assert.deepEqual(h.trail(r.id), [], "who was not shown stands in the trail");
  });
  test("B14 L09: it has each visit of hers once, at the instant that the database has, over both changes of the clock; her time off; nobody else's", async () => {
    const c = calendar((await read(busy.path)).text), by = new Map(c.events.map((e) => [e.uid.split("@")[0], e]));
    assert.equal(by.size, c.events.length, "a UID stands twice");
    assert.ok(c.events.every((e) => e.uid.endsWith(`@${h.host("glow")}`)));
    const rows = h.sql(`SELECT id, extract(epoch FROM starts_at)::bigint, extract(epoch FROM ends_at)::bigint, version, extract(epoch FROM updated_at)::bigint FROM app.appointment
      WHERE tenant_id = :'v1' AND staff_id = :'v2' AND status IN ('booked', 'confirmed', 'arrived', 'in_room', 'done') AND starts_at >= now() - interval '30 days' AND starts_at < now() + interval '13 months'`, glow, me);
    for (const [id, starts, ends, version, changed] of rows) {
      const e = by.get(id);
      assert.ok(e, `visit ${id} is not there`);
      assert.deepEqual([e.starts, e.ends, e.sequence, e.changed, e.status, e.transp], [Number(starts), Number(ends), Number(version), Number(changed), "CONFIRMED", "OPAQUE"]);
    }
    for (const id of ids.visits) assert.ok(by.has(id));
    for (const id of [ids.gone, ids.theirs, ids.old, ids.far]) assert.ok(!by.has(id), id);
    const off = by.get(ids.off);
    assert.equal(off.ends - off.starts, 2 * 86400);
    assert.equal(c.events.length, rows.length + Number(h.one("SELECT count(*) FROM app.time_off WHERE tenant_id = :'v1' AND staff_id = :'v2' AND state = 'approved' AND ends_at >= now() - interval '30 days' AND starts_at < now() + interval '13 months'", glow, me)));
    assert.deepEqual([c.method, c.name, c.x, c.refresh, [...new Set(c.parts)]], ["PUBLISH", `Phone ${tag}`, `Phone ${tag}`, "PT1H", ["vevent"]]);
  });
  test("S-07 L27: with details only after a fresh proof; the service reads back exactly, of the client an initial; each reading is in the trail", async () => {
    const unproven = await make("Desk", true);
    assert.equal(unproven.r.status, 422);
    assert.match(unproven.r.text, /Confirm that it is you/);
    proof("0 minutes");
    full = await make("Desk, with details", true);
    assert.match(full.path, /^\/feed\/details\/[A-Za-z0-9_-]{43}\.ics$/);
    const r = await read(full.path), c = calendar(r.text), mine = c.events.filter((e) => ids.visits.includes(e.uid.split("@")[0]));
    assert.equal(mine.length, ids.visits.length);
    for (const e of mine) assert.equal(e.summary, `${hostile.trim()} (X.)`);
    assert.deepEqual([...new Set(c.parts)], ["vevent"]);
    for (const line of r.text.split("\r\n")) assert.ok(Buffer.byteLength(line) <= 75 && !/[\r\n]/.test(line), line);
    const flat = r.text.replace(/\r\n[ \t]/g, "");
    for (const what of ["name", "preferred", "phone", "email", "reason"]) assert.ok(!flat.includes(canaries[what]), what);
    const [row] = h.trail(r.id);
    assert.deepEqual([row.action, row.outcome, row.actor, row.clients.includes(ids.client)], ["feed.read", "ok", me, true]);
    const again = await read(full.path, { headers: { "If-None-Match": r.headers.etag } });
    assert.equal(again.status, 304);
    assert.equal(h.trail(again.id).length, 1, "a reading that found nothing new is a reading");
    // Who may no longer see clients has the service alone.
    const perms = h.one("SELECT perms FROM app.staff WHERE id = :'v1'", me);
    within("UPDATE app.staff SET perms = ',calendar_read@own,' WHERE id = :'v1'", me);
    try {
      const less = await read(full.path);
      assert.deepEqual([...new Set(calendar(less.text).events.filter((e) => ids.visits.includes(e.uid.split("@")[0])).map((e) => e.summary))], [hostile.trim()]);
      assert.deepEqual(h.trail(less.id).flatMap((e) => e.clients), []);
    } finally {
      within("UPDATE app.staff SET perms = :'v2' WHERE id = :'v1'", me, perms);
    }
  });
  test("an ETag saves sending it again; a move is the same event with a higher number, a cancelled visit is gone", async () => {
    const one = await read(busy.path), { etag } = one.headers;
    for (const said of [etag, `W/${etag}`, `"x", ${etag}`]) {
      const same = await read(busy.path, { headers: { "If-None-Match": said } });
      assert.deepEqual([same.status, same.text], [304, ""], said);
    }
    assert.equal((await read(busy.path, { headers: { "If-None-Match": '"x"' } })).status, 200);
    const head = await read(busy.path, { method: "HEAD" });
    assert.deepEqual([head.status, head.text, head.headers.etag], [200, "", etag]);
    const id = ids.visits.at(-1), find = (r) => calendar(r.text).events.filter((e) => e.uid.startsWith(id));
    within("UPDATE app.appointment SET starts_at = starts_at + interval '1 hour', ends_at = ends_at + interval '1 hour', version = version + 1, updated_at = now() WHERE id = :'v1'", id);
    const two = await read(busy.path, { headers: { "If-None-Match": etag } });
    assert.equal(two.status, 200);
    const [was] = find(one), [is, ...more] = find(two);
    assert.deepEqual([more.length, is.uid, is.sequence, is.starts], [0, was.uid, was.sequence + 1, was.starts + 3600]);
    within("UPDATE app.appointment SET status = 'cancelled', version = version + 1 WHERE id = :'v1'", id);
    assert.deepEqual(find(await read(busy.path)), []);
  });
  test("when and from where it was read last is on its page", async () => {
    const from = h.somewhere();
    await read(busy.path, { from });
    const list = await v.get("/account/calendar");
    assert.ok(list.text.includes(`from the network address ${from}`));
  });
  test("T22 T23: a wrong token, another business's host, the other kind's path: nothing; who guesses has to wait, a right one never", async () => {
    const from = h.somewhere(), token = () => `/feed/${h.uuid().replace(/-/g, "")}AAAAAAAAAAA.ics`;
    assert.equal((await h.request("first-light", busy.path, { from: h.somewhere() })).status, 404);
    assert.equal((await h.request("ops", busy.path, { from: h.somewhere() })).status, 404);
    for (const at of [busy.path.replace(".ics", ""), busy.path.replace(".ics", ".txt"), busy.path.replace("/feed/", "/feed/details/"), full.path.replace("/details", ""), "/feed/x.ics"])
      assert.equal((await read(at)).status, 404, at);
    assert.ok([403, 404, 405].includes((await h.request("glow", busy.path, { method: "POST", body: "", from: h.somewhere() })).status));
    const answers = [];
    for (let i = 0; i < 22; i++) answers.push((await read(token(), { from })).status);
    assert.deepEqual(answers, [...Array(20).fill(404), 429, 429]);
    assert.equal((await read(busy.path, { from })).status, 200, "a right one from there");
    h.sql("UPDATE sec.feed SET hour_at = date_trunc('hour', now()), hour_reads = 120 WHERE staff_id = :'v1'", me);
    assert.equal((await read(busy.path)).status, 429, "read all the time");
    h.sql("UPDATE sec.feed SET hour_reads = 0 WHERE staff_id = :'v1'", me);
  });
  test("T22: it ends with the next reading when it is revoked, its person is deactivated or may no longer see a calendar, or the business is closed", async () => {
    const perms = h.one("SELECT perms FROM app.staff WHERE id = :'v1'", me);
    const cases = [
      ["deactivated", 404, ["UPDATE app.staff SET is_active = false WHERE id = :'v1'", "UPDATE app.staff SET is_active = true WHERE id = :'v1'"]],
      ["no permission", 404, ["UPDATE app.staff SET perms = ',client_read,chart_read,' WHERE id = :'v1'", `UPDATE app.staff SET perms = '${perms}' WHERE id = :'v1'`]],
      ["suspended", 503, ["UPDATE sec.site SET is_suspended = true WHERE tenant = :'v2'", "UPDATE sec.site SET is_suspended = false WHERE tenant = :'v2'"]],
    ];
    for (const [why, status, [end, back]] of cases) {
      within(end, me, glow);
      try {
        for (const at of [busy.path, full.path]) {
          const r = await read(at);
          assert.deepEqual([why, r.status, r.text.includes("VEVENT")], [why, status, false]);
        }
      } finally {
        within(back, me, glow);
      }
      assert.equal((await read(busy.path)).status, 200, `after ${why}`);
    }
    const list = await v.get("/account/calendar"), form = h.formOf(list.text, "/account/calendar/revoke");
    const id = h.one("SELECT id FROM sec.feed WHERE tenant_id = :'v1' AND name = :'v2'", glow, `Phone ${tag}`);
    const colleague = await h.staff("glow", "manager"), theirs = h.formOf((await colleague.get("/account/calendar")).text, "/account/calendar").values;
    assert.equal((await colleague.post("/account/calendar/revoke", { ...theirs, feed_id: id })).status, 404, "a colleague revoked it");
    assert.equal((await v.post("/account/calendar/revoke", { ...form.values, feed_id: id })).status, 303);
    assert.equal((await read(busy.path)).status, 404);
    assert.equal((await read(full.path)).status, 200, "the other one");
    assert.ok(!(await v.get("/account/calendar")).text.includes(`Phone ${tag}`));
  });
  test("T22 S-12: who is taken back has none of the addresses that she had: they ended when her account was closed", async () => {
    const id = h.uuid(), token = Buffer.from(h.uuid() + h.uuid()).subarray(0, 32), at = `/feed/${token.toString("base64url")}.ics`;
    within(`INSERT INTO app.staff (tenant_id, id, name, email, is_provider, perms) VALUES (:'v1', :'v2', 'Zz Comes back', :'v3', true, ',calendar_read,');
      INSERT INTO sec.feed (tenant_id, staff_id, name, token_hash) VALUES (:'v1', :'v2', 'Zz', sha256(decode(:'v4', 'hex')))`, glow, id, `${tag}@back.example`, token.toString("hex"));
    const owner = await h.staff("glow", "owner");
    try {
      assert.equal((await read(at)).status, 200);
      assert.equal((await owner.submit(`/people/${id}`, {}, { action: `/people/${id}/deactivate` })).status, 303);
      assert.equal((await read(at)).status, 404);
      assert.equal((await owner.submit(`/people/${id}`, {}, { action: `/people/${id}/reactivate` })).status, 303);
      assert.equal(h.one("SELECT is_active FROM app.staff WHERE id = :'v1'", id), "t");
      assert.equal((await read(at)).status, 404, "it lives again");
    } finally {
      within("UPDATE app.staff SET is_active = false, deactivated_at = now() WHERE id = :'v1'", id);
    }
  });
  test("V-26 S-16: no token is in a log", async () => {
    const dir = path.join(h.env.vardir, "log"), files = fs.readdirSync(dir);
    assert.ok(files.includes("access.log"));
    for (const file of files) {
      const text = fs.readFileSync(path.join(dir, file), "latin1");
      for (const url of made) assert.ok(!text.includes(path.basename(url, ".ics")), `${file} has the token of a feed`);
    }
    assert.match(fs.readFileSync(path.join(dir, "access.log"), "latin1"), /"path":"\/feed\/-"/);
  });
});

// A calendar program: what comes by mail is put in by its UID when its number is not lower; CANCEL takes it out (RFC 5546).
class Program {
  constructor() { this.entries = new Map(); }
  take(text) {
    const c = calendar(text);
    for (const e of c.events) {
      const have = this.entries.get(e.uid);
      if (have && have.sequence > e.sequence) continue;
      if (c.method === "CANCEL") this.entries.delete(e.uid);
      else this.entries.set(e.uid, e);
    }
    return c;
  }
}
describe("the entry in a mail to a client", () => {
  test("L09 B14: booked, moved and cancelled are one event; it names the studio, her address, no service and nobody", async () => {
    const c = k.corner();
    try {
      const b = await k.book(c, { days: 6 }), program = new Program();
      const entry = (kind) => {
        const [id, hex] = h.sql("SELECT id, encode(ics_sealed, 'hex') FROM app.message WHERE client_id = :'v1' AND kind = :'v2' ORDER BY created_at DESC LIMIT 1", b.client, kind)[0];
        return opened(glow, b.client, `app.message|ics_sealed|${id}`, Buffer.from(hex, "hex")).toString("utf8");
      };
      const starts = () => Number(h.one("SELECT extract(epoch FROM starts_at)::bigint FROM app.appointment WHERE id = :'v1'", b.appointment));
      const booked = program.take(entry("booked")), [first] = booked.events;
      assert.deepEqual([booked.method, first.uid, first.starts], ["REQUEST", `${b.appointment}@${h.host("glow")}`, starts()]);
      assert.match(first.organizer.getFirstValue(), /^mailto:[^@]+@/);
      assert.equal(first.organizer.getParameter("cn"), h.one("SELECT name FROM app.tenant WHERE id = :'v1'", glow));
      assert.deepEqual(first.attendees.map((a) => [a.getFirstValue(), a.getParameter("cn"), a.getParameter("rsvp"), a.getParameter("partstat")]), [[`mailto:${b.values.email}`, undefined, "FALSE", "ACCEPTED"]]);
      for (const word of [b.values.name, "Zz test", b.values.phone]) assert.ok(!entry("booked").includes(word), word);

      const page = await b.v.get(`${b.at}/move?day=${k.dayIn(6)}&week=${k.dayIn(6)}`), form = h.formOf(page.text, new RegExp(`^/v/${b.link}/move`));
      assert.equal((await b.v.post(form.action, { ...form.values, slot: k.slotsOf(page.text)[1] })).status, 303);
      const moved = program.take(entry("moved")), [second] = moved.events;
      assert.deepEqual([moved.method, second.uid, second.sequence > first.sequence, program.entries.size], ["REQUEST", first.uid, true, 1]);
      assert.equal(program.entries.get(first.uid).starts, starts());
      program.take(entry("booked"));
      assert.equal(program.entries.get(first.uid).starts, starts(), "an older mail, read later, moved it back");

      const file = calendar((await b.v.get(`${b.at}/visit.ics`)).text);
      assert.deepEqual([file.method, file.events[0].uid, file.events[0].sequence, file.events[0].attendees.length, Boolean(file.events[0].organizer)], ["PUBLISH", first.uid, second.sequence, 0, true]);

      const now = h.formOf((await b.v.get(`${b.at}/visit`)).text, `${b.at}/cancel`);
      assert.equal((await b.v.post(`${b.at}/cancel`, now.values)).status, 303);
      const cancelled = program.take(entry("cancelled"));
      assert.deepEqual([cancelled.method, cancelled.events[0].status, cancelled.events[0].uid, cancelled.events[0].sequence > second.sequence, program.entries.size], ["CANCEL", "CANCELLED", first.uid, true, 0]);
      assert.deepEqual([cancelled.events[0].organizer.getFirstValue(), cancelled.events[0].attendees.length], [first.organizer.getFirstValue(), 1]);
    } finally {
      k.close(c);
    }
  });
});
