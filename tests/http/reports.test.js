// reports.test.js -- the numbers of the reports against the same worked out another way: minute by minute on the wall clock of
// Intl, on two small made-up places with days on which the clock changes; their files; who sees what.
"use strict";
const { test, describe, before, after } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");
const { wallOf, instantOf } = require("./schedule_oracle");

const MINUTE = 60000, ZONE = "America/New_York";
const tenant = () => h.tenantId("glow");
// Without triggers and foreign keys: what happened, and when, is made up, and all of it is taken out again.
const put = (text, ...values) => h.sql(`SET session_replication_role = replica; ${text}`, ...values);
const place = h.uuid(), bare = h.uuid(), her = h.uuid(), him = h.uuid(), room = h.uuid(), laser = h.uuid(), cell = h.uuid(), facial = h.uuid(), scan = h.uuid(), rule = h.uuid();
const CANCEL_HOURS = 24, LATE_CENTS = 2500, MISSED_CENTS = 5000;

// ---- the corner: hours by wall clock, minutes since midnight; weekday 0 is Sunday ----
const week = [1, 2, 3, 4, 5];
const shifts = [
  ...week.map((weekday) => ({ who: her, at: place, weekday, from: 540, to: 1020 })),
  { who: her, at: place, weekday: 0, from: 0, to: 360 }, // across the change of the clock
  { who: him, at: place, weekday: 1, from: 600, to: 720 }, { who: him, at: bare, weekday: 6, from: 600, to: 840 }, { who: her, at: bare, weekday: 6, from: 780, to: 900 },
];
const special = [{ who: her, day: "2026-10-27" }, { who: her, day: "2026-10-29", at: place, from: 720, to: 1200 }];
const hours = [...week.map((weekday) => ({ weekday, from: 480, to: 960 })), { weekday: 0, from: 0, to: 1440 }];
const closed = { from: "2026-10-28 10:00", to: "2026-10-28 12:00" };
const off = [{ who: her, from: "2026-10-30 13:00", to: "2026-10-30 15:00", state: "approved" }, { who: her, from: "2026-11-02 09:00", to: "2026-11-02 17:00", state: "asked" }];
// ahead: minutes before the visit that it was booked; called: hours before it that it was called off.
const visits = [
  { who: her, unit: [room], service: facial, start: "2026-10-26 09:15", min: 60, before: 5, after: 10, status: "done", source: "online", ahead: 3 * 1440 + 125 },
  { who: her, unit: [room, laser], service: facial, start: "2026-10-26 11:50", min: 90, before: 0, after: 15, status: "done", source: "staff", ahead: 30 },
  { who: him, unit: [room], service: scan, start: "2026-10-26 10:30", min: 30, before: 0, after: 0, status: "arrived", source: "online", ahead: 10 * 1440 },
  { who: her, unit: [room], service: facial, start: "2026-10-28 14:00", min: 60, before: 5, after: 10, status: "no_show", source: "online", ahead: 20 * 1440 },
  { who: her, unit: [room], service: scan, start: "2026-10-30 09:00", min: 30, before: 0, after: 0, status: "no_show", source: "staff", ahead: 5 * 60, waive: "no_show" },
  { who: her, unit: [room], service: scan, start: "2026-10-30 10:00", min: 30, before: 0, after: 0, status: "cancelled", reason: "client_ill", called: 2, source: "online", ahead: 70 * 1440 },
  { who: her, unit: [room], service: scan, start: "2026-10-30 11:00", min: 30, before: 0, after: 0, status: "cancelled", reason: "client_asked", called: 1, source: "online", ahead: 30 * 1440, waive: "rule" },
  { who: her, unit: [room], service: facial, start: "2026-11-02 11:00", min: 60, before: 0, after: 0, status: "cancelled", reason: "client_asked", called: 25, source: "online", ahead: 1440 },
  { who: her, unit: [room], service: facial, start: "2026-11-02 12:00", min: 60, before: 0, after: 0, status: "cancelled", reason: "studio", called: 1, source: "staff", ahead: 9000 },
  { who: her, unit: [room], service: facial, start: "2026-11-02 13:00", min: 60, before: 0, after: 0, status: "cancelled", reason: "mistake", called: 1, source: "staff", ahead: 9000 },
  { who: her, unit: [room], service: scan, start: "2026-11-01 01:30", min: 60, before: 0, after: 0, status: "done", source: "import", ahead: 1 },
  { who: her, unit: [room], service: scan, start: "2026-11-08 23:30", min: 45, before: 0, after: 30, status: "booked", source: "staff", ahead: 1500 }, // outside her hours, over midnight
  { who: her, unit: [room], service: scan, start: "2026-10-25 23:59", min: 30, before: 0, after: 0, status: "done", source: "staff", ahead: 1500 }, // the day before the period
];
const FROM = "2026-10-26", TO = "2026-11-08", SPRING = ["2026-03-06", "2026-03-09"];
const wall = (text) => Date.parse(`${text.replace(" ", "T")}:00Z`);
for (const v of visits) v.at = instantOf(ZONE, wall(v.start));
const iso = (ms) => new Date(ms).toISOString();
const hhmm = (m) => `${String(Math.floor(m / 60)).padStart(2, "0")}:${String(m % 60).padStart(2, "0")}`;

function makeCorner() {
  const t = tenant(), client = h.one("SELECT client_id FROM app.appointment WHERE tenant_id = :'v1' AND client_id IS NOT NULL LIMIT 1", t);
  const s = [];
  for (const [id, name] of [[place, "Zz Corner"], [bare, "Zz Bare"]]) s.push(`INSERT INTO app.location (tenant_id, id, name, zone, is_active, position) VALUES ('${t}', '${id}', '${name}', '${ZONE}', false, 900)`);
  for (const [id, name] of [[her, "=Zz Her"], [him, "Zz Him"]]) {
    s.push(`INSERT INTO app.staff (tenant_id, id, name, email, is_provider, position) VALUES ('${t}', '${id}', '${name}', '${id}@test.example', true, 900)`);
    s.push(`INSERT INTO app.resource (tenant_id, id, kind, name, position) VALUES ('${t}', '${id}', 'staff', '${name}', 900)`);
  }
  for (const [id, kind, name, at] of [[room, "room", "Zz Room", place], [laser, "device", "Zz Laser", place], [cell, "room", "Zz Cell", bare]])
    s.push(`INSERT INTO app.resource (tenant_id, id, kind, name, location_id, position) VALUES ('${t}', '${id}', '${kind}', '${name}', '${at}', 900)`);
  for (const [id, name] of [[facial, "Zz Facial"], [scan, "Zz Scan"]])
    s.push(`INSERT INTO app.service (tenant_id, id, name, duration_min, is_active, is_online, position) VALUES ('${t}', '${id}', '${name}', 30, false, false, 900)`);
  s.push(`INSERT INTO app.booking_rule (tenant_id, id, version, cancel_hours, late_cancel_cents, no_show_cents, created_by) VALUES ('${t}', '${rule}', -1, ${CANCEL_HOURS}, ${LATE_CENTS}, ${MISSED_CENTS}, NULL)`);
  for (const x of shifts) s.push(`INSERT INTO app.shift (tenant_id, staff_id, location_id, weekday, starts, ends) VALUES ('${t}', '${x.who}', '${x.at}', ${x.weekday}, '${hhmm(x.from)}', '${hhmm(x.to)}')`);
  for (const x of special) s.push(`INSERT INTO app.shift_day (tenant_id, staff_id, day, location_id, starts, ends) VALUES ('${t}', '${x.who}', '${x.day}', ${x.at ? `'${x.at}', '${hhmm(x.from)}', '${hhmm(x.to)}'` : "NULL, NULL, NULL"})`);
  for (const x of hours) s.push(`INSERT INTO app.location_hours (tenant_id, location_id, weekday, opens, closes) VALUES ('${t}', '${place}', ${x.weekday}, '${hhmm(x.from)}', '${hhmm(x.to)}')`);
  s.push(`INSERT INTO app.closure (tenant_id, location_id, starts_local, ends_local) VALUES ('${t}', '${place}', '${closed.from}', '${closed.to}')`);
  for (const x of off) s.push(`INSERT INTO app.time_off (tenant_id, staff_id, starts_at, ends_at, state, asked_by) VALUES ('${t}', '${x.who}', '${iso(instantOf(ZONE, wall(x.from)))}', '${iso(instantOf(ZONE, wall(x.to)))}', '${x.state}', NULL)`);
  for (const v of visits) {
    v.id = h.uuid();
    const on = !["no_show", "cancelled"].includes(v.status);
    s.push(`INSERT INTO app.appointment (tenant_id, id, client_id, service_id, staff_id, room_id, location_id, starts_at, ends_at, status, source, cancel_reason, created_at, booking_rule_id)
      VALUES ('${t}', '${v.id}', '${client}', '${v.service}', '${v.who}', '${room}', '${place}', '${iso(v.at)}', '${iso(v.at + v.min * MINUTE)}', '${v.status}', '${v.source}', ${v.reason ? `'${v.reason}'` : "NULL"}, '${iso(v.at - v.ahead * MINUTE)}', '${rule}')`);
    for (const r of [v.who, ...v.unit])
      s.push(`INSERT INTO app.slot (tenant_id, appointment_id, resource_id, during, state) VALUES ('${t}', '${v.id}', '${r}', tstzrange('${iso(v.at - v.before * MINUTE)}', '${iso(v.at + (v.min + v.after) * MINUTE)}'), '${on ? "booked" : "released"}')`);
    if (v.called) s.push(`INSERT INTO app.appointment_event (tenant_id, appointment_id, at, what, status, by_kind) VALUES ('${t}', '${v.id}', '${iso(v.at - v.called * 60 * MINUTE)}', 'status', 'cancelled', 'staff')`);
    if (v.waive) s.push(`INSERT INTO app.booking_waiver (tenant_id, appointment_id, what, reason, by_id) VALUES ('${t}', '${v.id}', '${v.waive}', 'Made up', '${her}')`);
  }
  put(s.join(";\n"));
}
function removeCorner() {
  const ids = visits.map((v) => v.id).join(",");
  for (const table of ["booking_waiver", "appointment_event", "slot"]) put(`DELETE FROM app.${table} WHERE appointment_id = ANY (string_to_array(:'v1', ',')::uuid[])`, ids);
  put(`DELETE FROM app.appointment WHERE location_id = :'v1'; DELETE FROM app.time_off WHERE staff_id = :'v2'; DELETE FROM app.shift_day WHERE staff_id = :'v2'; DELETE FROM app.shift WHERE staff_id IN (:'v2', :'v3');
    DELETE FROM app.closure WHERE location_id = :'v1'; DELETE FROM app.location_hours WHERE location_id = :'v1'; DELETE FROM app.booking_rule WHERE id = :'v5'; DELETE FROM app.service WHERE id IN (:'v6', :'v7');
    DELETE FROM app.resource WHERE location_id IN (:'v1', :'v4') OR id IN (:'v2', :'v3'); DELETE FROM app.staff WHERE id IN (:'v2', :'v3'); DELETE FROM app.location WHERE id IN (:'v1', :'v4')`,
  place, her, him, bare, rule, facial, scan);
}

// ---- the same numbers, another way ----
const dayOf = (ms) => iso(ms).slice(0, 10);
const covers = (x, at) => x.from <= at && at < x.to;
// Of each id and day at a place: minutes in which it could be booked, counted one by one on the wall clock.
function available(at, from, to) {
  const found = new Map(), add = (id, day) => found.set(`${id} ${day}`, (found.get(`${id} ${day}`) || 0) + 1);
  const has_hours = at === place;
  for (let t = instantOf(ZONE, wall(`${from} 00:00`)); t < instantOf(ZONE, wall(`${to} 00:00`) + 1440 * MINUTE); t += MINUTE) {
    const w = wallOf(ZONE, t), day = dayOf(w), minute = (w / MINUTE) % 1440, weekday = new Date(w).getUTCDay();
    if (has_hours && (!hours.some((x) => x.weekday === weekday && covers(x, minute)) || (wall(closed.from) <= w && w < wall(closed.to)))) continue;
    let someone = false;
    for (const who of [her, him]) {
      const instead = special.filter((x) => x.who === who && x.day === day);
      const works = instead.length ? instead.some((x) => x.at === at && covers(x, minute)) : shifts.some((x) => x.who === who && x.at === at && x.weekday === weekday && covers(x, minute));
      if (!works || off.some((x) => x.who === who && x.state === "approved" && wall(x.from) <= w && w < wall(x.to))) continue;
      someone = true;
      add(who, day);
    }
    for (const unit of at === place ? [room, laser] : [cell]) if (has_hours || someone) add(unit, day);
  }
  return found;
}
const inPeriod = (v, from = FROM, to = TO) => v.start.slice(0, 10) >= from && v.start.slice(0, 10) <= to;
const tookPlace = (v) => !["no_show", "cancelled"].includes(v.status);
const sum = (list) => list.reduce((a, b) => a + b, 0);
const days = (from, to) => { const out = []; for (let d = wall(`${from} 00:00`); d <= wall(`${to} 00:00`); d += 1440 * MINUTE) out.push(dayOf(d)); return out; };
function use(ids, at, from, to, only) {
  const could = available(at, from, to);
  const mine = (id) => visits.filter((v) => at === place && inPeriod(v, from, to) && tookPlace(v) && (v.who === id || v.unit.includes(id)) && (!only || v.start.startsWith(only)));
  const a = sum(ids.flatMap((id) => days(from, to).filter((d) => !only || d === only).map((d) => could.get(`${id} ${d}`) || 0)));
  const b = sum(ids.flatMap((id) => mine(id).map((v) => v.min))), c = sum(ids.flatMap((id) => mine(id).map((v) => v.before + v.after)));
  return [String(a), String(b), String(c), a ? String(Math.round((100 * b) / a)) : ""];
}
function missed(list) {
  const n = (f) => list.filter(f).length, late = (v) => v.status === "cancelled" && /^client/.test(v.reason) && v.called < CANCEL_HOURS;
  const owed = (v) => (v.status === "no_show" ? MISSED_CENTS : late(v) ? LATE_CENTS : 0), rate = (a, b) => (b ? (Math.round((1000 * a) / b) / 10).toFixed(1) : "");
  const none = n((v) => v.status === "no_show"), came = n((v) => ["arrived", "done"].includes(v.status)), cancelled = n((v) => v.status === "cancelled"), waived = list.filter((v) => v.waive);
  return [list.length, n((v) => v.status === "booked"), came, none, rate(none, none + came), cancelled, rate(cancelled, list.length), n(late),
    sum(list.filter((v) => !v.waive).map(owed)), waived.length, sum(waived.map(owed))].map(String);
}

// ---- reading pages and files ----
const text = (html) => h.decode(html.replace(/<svg[\s\S]*?<\/svg>/g, "").replace(/<[^>]+>/g, " ")).replace(/\s+/g, " ").trim();
function table(page, id) {
  const found = page.match(new RegExp(`<table[^>]*id="${id}"[\\s\\S]*?</table>`));
  assert.ok(found, `no table ${id}`);
  return [...found[0].match(/<tbody>([\s\S]*)<\/tbody>/)[1].matchAll(/<tr[^>]*>([\s\S]*?)<\/tr>/g)].map(([, row]) => [...row.matchAll(/<t[hd][^>]*>([\s\S]*?)<\/t[hd]>/g)].map(([, c]) => text(c)));
}
const cells = (file) => file.trim().split("\r\n").map((line) => [...line.matchAll(/"((?:[^"]|"")*)"/g)].map(([, c]) => c.replaceAll('""', '"')));
// What the page writes for people, as the file has it.
const bare_number = (c) => {
  const time = c.match(/^(?:([\d,]+) h)? ?(?:(\d+) min)?$/);
  if (c && time) return String(Number((time[1] || "0").replaceAll(",", "")) * 60 + Number(time[2] || 0));
  if (/^\$[\d,]+\.\d\d$/.test(c)) return String(Math.round(Number(c.replace(/[$,]/g, "")) * 100));
  return c.replace(/ %$/, "").replace(/^(–|outside hours)$/, "").replace(/^([\d,]+)$/, (m) => m.replaceAll(",", ""));
};
const period = `from=${FROM}&to=${TO}&location=${place}`;
async function file(v, name, query = period) {
  const r = await v.get(`/reports/${name}/report.csv?${query}`);
  assert.equal(r.status, 200, name);
  assert.match(r.headers["content-type"], /^text\/csv/);
  assert.match(r.headers["content-disposition"], new RegExp(`attachment; filename="${name}-\\d{4}-\\d\\d-\\d\\d-\\d{4}-\\d\\d-\\d\\d\\.csv"`));
  assert.deepEqual(h.trail(r.id).map((e) => [e.action, e.clients.length]), [["report.export", 0]]);
  return cells(r.text).slice(1);
}
async function page(v, at) {
  const r = await v.get(at);
  assert.equal(r.status, 200, at);
  assert.deepEqual(h.trail(r.id).map((e) => [e.action, e.clients.length]), [["report.read", 0]], "it discloses nobody");
  return r.text;
}

before(makeCorner);
after(removeCorner);

describe("L24 B14: the numbers are those that another way of counting finds, and the file has what the page has", () => {
  test("how busy each provider, room and device is, across a day of 25 hours; a name that begins like a formula is a text", async () => {
    const v = await h.staff("glow", "owner"), p = await page(v, `/reports?${period}`), all = (ids) => use(ids, place, FROM, TO);
    const people = [["=Zz Her", ...all([her])], ["Zz Him", ...all([him])], ["All together", ...all([her, him])]];
    assert.deepEqual(table(p, "providers").map((r) => r.map(bare_number)), people);
    assert.deepEqual(await file(v, "providers"), people.map(([n, ...r]) => [n.replace(/^=/, "'="), ...r]));
    const units = [["Zz Room", ...all([room])], ["Zz Laser", ...all([laser])], ["All together", ...all([room, laser])]];
    assert.deepEqual(table(p, "units").map(([n, ...r]) => [n.replace(/ (device )?Zz Corner$/, ""), ...r.map(bare_number)]), units);
    assert.deepEqual((await file(v, "rooms")).map(([n, , ...r]) => [n, ...r]), units);
    assert.equal(use([her], place, FROM, TO, "2026-11-01")[0], "420", "seven hours between midnight and six");
    const byDay = days(FROM, TO).map((d) => use([her, him], place, FROM, TO, d));
    assert.deepEqual(table(p, "days").map(([, ...r]) => r.map(bare_number)), byDay);
    assert.deepEqual(await file(v, "days"), byDay.map((r, i) => [days(FROM, TO)[i], ...r]));
    const one = await page(v, `/reports?${period}&who=${laser}`);
    assert.deepEqual(table(one, "days").map(([, ...r]) => r.map(bare_number)), days(FROM, TO).map((d) => use([laser], place, FROM, TO, d)));
    for (const [day, at, kind, name, ...r] of await file(v, "each-day"))
      assert.deepEqual(r, use([{ "'=Zz Her": her, "Zz Him": him, "Zz Room": room, "Zz Laser": laser }[name]], place, FROM, TO, day), `${day} ${at} ${kind} ${name}`);
    assert.equal((p.match(/<svg class="drawing[^>]*role="img"/g) || []).length, 1);
    assert.match(p, /<title id="by-day-title">[^<]+<\/title><desc id="by-day-words">[^<]+<\/desc>/);
  });
  test("a day of 23 hours, and a place without hours of its own", async () => {
    const v = await h.staff("glow", "owner"), [from, to] = SPRING, cut = (rows) => rows.map((r) => r.slice(-4));
    assert.equal(use([her], place, from, to, "2026-03-08")[0], "300");
    assert.deepEqual(cut(await file(v, "providers", `from=${from}&to=${to}&location=${place}`)), [use([her], place, from, to), use([him], place, from, to), use([her, him], place, from, to)]);
    assert.deepEqual(cut(await file(v, "rooms", `from=${from}&to=${to}&location=${bare}`)), [use([cell], bare, from, to), use([cell], bare, from, to)]);
    assert.equal(use([cell], bare, from, to)[0], "300", "from ten to three, whoever of them is there");
  });
  test("who did not come, who cancelled, how late, what is due and what was let go", async () => {
    const v = await h.staff("glow", "owner"), p = await page(v, `/reports/missed?${period}`);
    const list = visits.filter((x) => inPeriod(x) && x.reason !== "mistake"), weekday = (x) => (new Date(wall(x.start)).getUTCDay() + 6) % 7;
    const expected = {
      services: [["Zz Facial", ...missed(list.filter((x) => x.service === facial))], ["Zz Scan", ...missed(list.filter((x) => x.service === scan))], ["All together", ...missed(list)]],
      providers: [["=Zz Her", ...missed(list.filter((x) => x.who === her))], ["Zz Him", ...missed(list.filter((x) => x.who === him))]],
      weekdays: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"].map((d, i) => [d, ...missed(list.filter((x) => weekday(x) === i))]),
    };
    assert.deepEqual(missed(list).slice(7), ["2", String(MISSED_CENTS + LATE_CENTS), "2", String(MISSED_CENTS + LATE_CENTS)], "one of each is due, one of each was let go");
    for (const [id, rows] of Object.entries(expected)) {
      assert.deepEqual(table(p, id).map((r) => r.map(bare_number)), rows, id);
      assert.deepEqual(await file(v, `missed-${id}`), rows.map(([n, ...r]) => [n.replace(/^=/, "'="), ...r]), id);
    }
  });
  test("how long before it was booked, online and at the desk", async () => {
    const v = await h.staff("glow", "owner"), p = await page(v, `/reports/ahead?${period}`), list = visits.filter((x) => inPeriod(x) && x.source !== "import");
    const within = (part, q) => { const s = part.map((x) => x.ahead).sort((a, b) => a - b), at = q * (s.length - 1), i = Math.floor(at); return s[i] + (at - i) * ((s[i + 1] ?? s[i]) - s[i]); };
    const words = (m) => (m < 60 ? `${Math.round(m)} min` : m < 1440 ? `${Math.floor(m / 60)} h` : `${Math.floor(m / 1440)} ${m < 2880 ? "day" : "days"} ${Math.floor((m % 1440) / 60)} h`);
    const sums = [["All", list], ["Online", list.filter((x) => x.source === "online")], ["At the desk", list.filter((x) => x.source === "staff")]]
      .map(([n, part]) => [n, String(part.length), ...[0.25, 0.5, 0.75].map((q) => words(within(part, q)))]);
    assert.deepEqual(table(p, "sums"), sums);
    assert.deepEqual(await file(v, "ahead"), sums);
    const bounds = [0, 120, 1440, 2880, 10080, 20160, 40320, 80640, Infinity];
    const steps = bounds.slice(0, -1).map((lo, i) => { const n = (s) => list.filter((x) => x.source === s && x.ahead >= lo && x.ahead < bounds[i + 1]).length; return [n("online"), n("staff"), n("online") + n("staff")].map(String); });
    assert.deepEqual(table(p, "steps").map((r) => r.slice(1)), steps);
    assert.deepEqual((await file(v, "ahead-steps")).map((r) => r.slice(1)), steps);
  });
  test("the busiest hours by the wall clock, each number in its cell", async () => {
    const v = await h.staff("glow", "owner"), p = await page(v, `/reports/hours?${period}`), count = new Map();
    for (const x of visits.filter((y) => inPeriod(y) && tookPlace(y))) {
      const seen = new Set();
      for (let t = x.at; t < x.at + x.min * MINUTE; t += MINUTE) { const w = wallOf(ZONE, t); seen.add(`${(new Date(w).getUTCDay() + 6) % 7} ${new Date(w).getUTCHours()}`); }
      for (const k of seen) count.set(k, (count.get(k) || 0) + 1);
    }
    const all = [...count.keys()].map((k) => Number(k.split(" ")[1])), rows = [];
    for (let hour = Math.min(...all); hour <= Math.max(...all); hour++) {
      const line = [0, 1, 2, 3, 4, 5, 6].map((d) => count.get(`${d} ${hour}`) || 0);
      rows.push([...line, sum(line)].map(String));
    }
    assert.deepEqual(table(p, "hours").map((r) => r.slice(1)), rows);
    assert.deepEqual((await file(v, "hours")).map((r) => r.slice(1)), rows);
    const most = Math.max(...count.values());
    for (const [, heat, n] of p.matchAll(/is-heat-(\d)[^>]*>(\d+)</g)) assert.equal(Number(heat), Math.ceil((5 * Number(n)) / most));
  });
});

describe("D-26: reports of one business are made one after the other", () => {
  test("while one of A's is made the next waits, A's other pages and B's reports do not; one that waits too long is told to come back", async () => {
    const a = await h.staff("glow", "owner"), b = await h.staff("first-light", "owner");
    const release = await h.holding(`SELECT pg_advisory_xact_lock(hashtextextended('report of ${tenant()}', 0))`);
    let waiting, file;
    try {
      waiting = a.get("/reports");
      file = a.get("/reports/hours/report.csv");
      assert.equal((await b.get("/reports")).status, 200);
      assert.equal((await a.get("/settings")).status, 200);
      for (const r of await Promise.all([waiting, file])) {
        assert.equal(r.status, 503);
        assert.ok(Number(r.headers["retry-after"]) > 0);
      }
    } finally { await release(); }
    assert.equal((await a.get("/reports")).status, 200);
  });
});

describe("L24: who sees a report, of which days and places", () => {
  const all = ["/reports", "/reports/missed", "/reports/ahead", "/reports/hours", "/reports/days/report.csv"];
  test("only who may see reports, and nothing of another business", async () => {
    const desk = await h.staff("glow", "front-desk"), v = await h.staff("glow", "biller"), theirs = h.one("SELECT id FROM app.location WHERE tenant_id = :'v1' LIMIT 1", h.tenantId("first-light"));
    assert.doesNotMatch((await desk.get("/clients")).text, /href="\/reports"/);
    assert.match((await v.get("/clients")).text, /href="\/reports"/);
    for (const at of all) {
      assert.equal((await desk.get(at)).status, 403, at);
      assert.equal((await v.get(at)).status, 200, at);
      assert.equal((await v.get(`${at}?location=${theirs}`)).status, 404, at);
      assert.equal((await v.get(`${at}?location=nowhere`)).status, 404, at);
    }
    const name = h.one("SELECT name FROM app.staff WHERE tenant_id = :'v1' AND is_provider ORDER BY name LIMIT 1", h.tenantId("first-light"));
    const other = await v.get(`/reports?who=${h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND name = :'v2'", h.tenantId("first-light"), name)}`);
    assert.ok(other.status === 200 && !h.decode(other.text).includes(name));
    assert.equal((await v.get("/reports/nothing/report.csv")).status, 404);
  });
  test("366 days at most, in order, and days; what was typed stays", async () => {
    const v = await h.staff("glow", "owner");
    for (const [days, problem] of [["from=2024-01-01&to=2024-12-31", null], ["from=2025-01-01&to=2026-01-02", /366 days at most/], ["from=2026-02-02&to=2026-02-01", /The last day comes before/],
      ["from=2026-02-02", /Give both days/], ["from=2026-02-30&to=2026-03-01", /Give both days/], ["from=infinity&to=infinity", /Give both days/], ["period=nonsense", null]]) {
      const r = await v.get(`/reports/hours?${days}`);
      assert.equal(r.status, problem ? 422 : 200, days);
      if (problem) assert.match(r.text, problem, days);
      if (days.startsWith("from=2025")) assert.match(r.text, /name="from" type="date" value="2025-01-01"[\s\S]*name="to" type="date" value="2026-01-02"/);
      if (problem) assert.equal((await v.get(`/reports/hours/report.csv?${days}`)).status, 404, days);
    }
  });
  test("this week, last week, this month and last month are those of the place", async () => {
    const v = await h.staff("glow", "owner");
    for (const [name, unit, back, more] of [["this_week", "week", "0 days", "6 days"], ["last_week", "week", "7 days", "6 days"], ["this_month", "month", "0 days", "1 month - 1 day"], ["last_month", "month", "1 month", "1 month - 1 day"]]) {
      const [from, to] = h.sql("SELECT (f - interval ':v3')::date, (f - interval ':v3' + interval ':v4')::date FROM date_trunc(:'v1', now() AT TIME ZONE :'v2') AS f".replaceAll("':v3'", ":'v3'").replaceAll("':v4'", ":'v4'"), unit, ZONE, back, more)[0];
      assert.match((await v.get(`/reports/hours?period=${name}&location=${place}`)).text, new RegExp(`name="from" type="date" value="${from}"[\\s\\S]*name="to" type="date" value="${to}"`), name);
    }
  });
  test("nothing there: each page says so", async () => {
    const v = await h.staff("glow", "owner");
    for (const at of all.slice(0, 4)) assert.match((await v.get(`${at}?from=1999-01-01&to=1999-01-03`)).text, /class="empty"/, at);
  });
  test("T04: who sees a part of the calendar counts that part, and is told", async () => {
    const v = await h.staff("glow", "biller"), mail = h.staffOf("glow", "biller").email, me = h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email_norm = :'v2'", tenant(), mail);
    const was = h.one("SELECT perms FROM app.staff WHERE id = :'v1'", me), become = (perms) => put("UPDATE app.staff SET perms = :'v2' WHERE id = :'v1'", me, perms);
    const booked = async (at) => (await file(v, "providers", `from=${FROM}&to=${TO}&location=${at}`)).at(-1)?.[2] ?? "0";
    const whole = use([her, him], place, FROM, TO)[1];
    try {
      assert.equal(await booked(place), whole);
      become(",calendar_read@own,report_read,");
      assert.equal(await booked(place), "0", "none of these visits is hers");
      assert.match((await v.get(`/reports?${period}`)).text, /these numbers are of that part/);
      become(`,calendar_read@${place},report_read,`);
      assert.equal(await booked(place), whole);
      become(`,calendar_read@${bare},report_read,`);
      assert.equal(await booked(place), "0", "another place");
      become(",calendar_read,");
      assert.equal((await v.get("/reports")).status, 403);
    } finally { become(was); }
  });
});
