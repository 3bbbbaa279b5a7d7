// Which times are free, against a checker that works it out minute by minute in another language (schedule_oracle.js): a thousand
// random situations in three zones, many of them on the days when clocks change; and a year of bookings whose wall time must stay
// what was asked for. Everything happens in transactions that are rolled back. Ids: L17, L21, T34, B-01, B-03, B-06, B-08.
"use strict";
const test = require("node:test");
const assert = require("node:assert/strict");
const { sql } = require("./harness");
const { expected, wallOf, instantOf, dayOf, dayText, changes, MINUTE, DAY } = require("./schedule_oracle");

const ZONES = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe"];
const SITUATIONS = Number(process.env.FOYER_TEST_SITUATIONS || 1000);
const SEED = Number(process.env.FOYER_TEST_SEED || Date.now() % 1e9);

// mulberry32: the same numbers for the same seed, so that a failure can be looked at again
let state = SEED;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const below = (n) => Math.floor(random() * n);
const pick = (list) => list[below(list.length)];
const chance = (p) => random() < p;
const some = (list, p) => list.filter(() => chance(p));
const times = (n, make) => Array.from({ length: n }, (_, i) => make(i));
let serial = 0;
const id = () => `c0ffee00-0000-4000-8000-${String(++serial).padStart(12, "0")}`;
const hm = (m) => `${String(Math.floor(m / 60)).padStart(2, "0")}:${String(m % 60).padStart(2, "0")}`;
const iso = (ms) => new Date(ms).toISOString();

const known = new Map();
function turnsOf(zone, today) {
  if (!known.has(zone)) known.set(zone, changes(zone, today + 2, 372));
  return known.get(zone);
}

const PEOPLE = times(3, id);
const TENANT = id();

function span(first, last, shortest, grid) {
  const a = first + below((last - first - shortest) / grid) * grid;
  return [a, a + shortest + below((last - a - shortest) / grid + 1) * grid];
}

// A due date with which a day is about the first or the last day of the service's weeks, or somewhere between.
function dueFor(service, day) {
  const [first, last] = [(service.weekFrom ?? 20) * 7, (service.weekTo ?? 22) * 7 + 6];
  return dayText(day + 280 - pick([first, last, first + below(last - first)]) + below(3) - 1);
}

// One situation: what the oracle reads, and the rows (table by table) that make it so in the database.
function situation(now, today) {
  const zone = pick(ZONES);
  const kind = pick(["staff", "staff", "visitor", "client"]);
  const turns = turnsOf(zone, today);
  const near = chance(0.2);
  const first = near ? today + below(3) - 1 : chance(0.55) && turns.length ? pick(turns) - below(2) : today + 3 + below(200);
  const days = 1 + below(2);
  const place = id();
  const other = id();
  const grid = pick([1, 5, 15]);
  const s = { zone, kind, place, from: dayText(first), to: dayText(first + days), extra: 0, wanted: chance(0.3) ? pick(PEOPLE) : null,
    units: [], slots: [], people: [], shifts: [], specials: [], hours: [], closures: [], away: [], outside: [], licences: [], maxMissed: Infinity };
  const rows = { location: [{ id: place, name: "Here", zone }, { id: other, name: "There", zone }] };
  const put = (table, row) => (rows[table] ||= []).push(row);

  const service = { id: id(), is_active: true, is_online: kind === "staff" ? chance(0.8) : chance(0.9), duration: 10 + below(18) * 5,
    before: pick([0, 0, 5, 10, 15]), after: pick([0, 0, 5, 10, 30]), step: pick([5, 10, 15, 20, 30, 60]), notice: pick([0, 60, 600, 2880]),
    horizon: pick([1, 90, 730, 730, 730]), licence: chance(0.25) ? "Laser" : null, newRule: pick(["any", "any", "any", "new", "known"]),
    prerequisite: chance(0.25) ? 1 + below(60) : null };
  if (chance(kind === "staff" ? 0.1 : 0.5)) { service.weekFrom = 8 + below(30); service.weekTo = Math.min(42, service.weekFrom + below(6)); }
  s.service = service;
  const before = id();
  const base = { name: "Service", duration_min: 30, before_min: 0, after_min: 0, step_min: 15, min_notice_min: 0, horizon_days: 90, is_online: true,
    licence: null, new_client_rule: "any", prerequisite_id: null, prerequisite_days: null, week_from: null, week_to: null };
  put("service", { id: before, ...base });
  put("service", { id: service.id, ...base, duration_min: service.duration, before_min: service.before, after_min: service.after, step_min: service.step,
    min_notice_min: service.notice, horizon_days: service.horizon, is_online: service.is_online, licence: service.licence,
    new_client_rule: service.newRule, prerequisite_id: service.prerequisite ? before : null, prerequisite_days: service.prerequisite,
    week_from: service.weekFrom ?? null, week_to: service.weekTo ?? null });
  const addons = chance(0.2) ? times(1 + below(2), () => ({ id: id(), minutes: below(7) * 5 })) : [];
  s.addons = addons.map((a) => a.id);
  s.extra = addons.reduce((n, a) => n + a.minutes, 0);
  for (const a of addons) {
    put("addon", { id: a.id, name: "Extra", minutes: a.minutes });
    put("service_addon", { service_id: service.id, addon_id: a.id });
  }

  for (const person of PEOPLE) {
    const p = { id: person, does: chance(0.85), is_active: true, minutes: chance(0.2) ? 10 + below(12) * 5 : null,
      places: chance(0.2) ? some([place, other], 0.7) : [] };
    s.people.push(p);
    if (p.does) {
      put("service_staff", { service_id: service.id, staff_id: person, duration_min: p.minutes });
      for (const at of p.places) put("service_staff_place", { service_id: service.id, staff_id: person, location_id: at });
    } else p.places = [];
    for (const at of [place, place, other])
      for (let weekday = 0; weekday < 7; weekday++) {
        if (chance(at === place ? 0.35 : 0.8)) continue;
        const [a, b] = chance(0.15) ? [0, 1440] : span(0, 1440, 30, grid);
        const shift = { person, place: at, weekday, starts: hm(a), ends: b === 1440 ? "24:00" : hm(b), valid_from: "2000-01-01", valid_to: null };
        if (chance(0.15)) shift.valid_from = dayText(first + below(3) - 1);
        if (chance(0.15)) shift.valid_to = dayText(Math.max(first + below(3) - 1, dayOf(shift.valid_from)));
        s.shifts.push(shift);
        put("shift", { staff_id: person, location_id: at, weekday, starts: shift.starts, ends: shift.ends, valid_from: shift.valid_from, valid_to: shift.valid_to });
      }
    for (let d = first - 1; d <= first + days; d++) {
      if (!chance(0.12)) continue;
      const off = chance(0.3);
      for (let k = off ? 0 : below(2); k >= 0; k--) {
        const [a, b] = span(0, 1440, 60, grid);
        const x = { person, day: dayText(d), place: off ? null : pick([place, place, other]), starts: off ? null : hm(a), ends: off ? null : b === 1440 ? "24:00" : hm(b) };
        s.specials.push(x);
        put("shift_day", { staff_id: person, day: x.day, location_id: x.place, starts: x.starts, ends: x.ends });
      }
    }
    const range = () => {
      const a = instantOf(zone, (first - 1) * DAY * MINUTE) + below((days + 2) * DAY / grid) * grid * MINUTE;
      return { person, from: a, to: a + (grid + below(600 / grid) * grid) * MINUTE };
    };
    if (chance(0.4)) {
      const o = { ...range(), state: pick(["asked", "approved", "approved", "refused", "withdrawn"]) };
      s.away.push(o);
      put("time_off", { staff_id: person, starts_at: iso(o.from), ends_at: iso(o.to), state: o.state });
    }
    if (chance(0.3)) {
      const o = range();
      const calendar = id();
      s.outside.push(o);
      put("outside_calendar", { id: calendar, staff_id: person, name: "Elsewhere", url_sealed: "\\x00" });
      put("outside_busy", { calendar_id: calendar, staff_id: person, starts_at: iso(o.from), ends_at: iso(o.to) });
    }
    for (const c of times(below(3), () => ({ person, kind: pick(["Laser", "Laser", "Nursing"]), place: pick([null, place, other]), valid_to: dayText(first + below(5) - 2) }))) {
      s.licences.push(c);
      put("staff_licence", { staff_id: person, kind: c.kind, location_id: c.place, valid_to: c.valid_to });
    }
  }
  if (chance(0.4))
    for (let weekday = 0; weekday < 7; weekday++)
      for (let k = below(3); k > 0; k--) {
        const [a, b] = span(0, 1440, 120, grid);
        s.hours.push({ weekday, opens: hm(a), closes: b === 1440 ? "24:00" : hm(b) });
        put("location_hours", { location_id: place, ...s.hours.at(-1) });
      }
  for (let k = below(3); k > 0; k--) {
    const a = (first - 1) * DAY + below((days + 2) * DAY / grid) * grid;
    const c = { place: pick([null, place, other]), from: a * MINUTE, to: (a + grid + below(400 / grid) * grid) * MINUTE };
    s.closures.push(c);
    put("closure", { location_id: c.place, starts_local: iso(c.from).slice(0, 19), ends_local: iso(c.to).slice(0, 19) });
  }
  const named = pick([[], ["Laser"], ["Laser", "Probe"]]);
  const unit = (kindOf, group) => ({ id: id(), kind: kindOf, group, place: chance(0.8) ? place : other, is_active: chance(0.9) });
  if (chance(0.5)) s.units.push(...times(1 + below(3), () => unit("room", "")));
  for (const group of named) s.units.push(...times(1 + below(2), () => unit("device", group)));
  if (chance(0.2)) s.units.push(...times(1 + below(2), () => unit("device", "")));
  for (const [i, u] of s.units.entries()) {
    put("resource", { id: u.id, kind: u.kind, name: `Unit ${i}`, location_id: u.place, unit_group: u.group, is_active: u.is_active });
    put("service_room", { service_id: service.id, resource_id: u.id });
  }
  for (const resource of [...PEOPLE, ...s.units.map((u) => u.id)]) {
    const line = [];
    for (let k = below(7); k > 0; k--) {
      const a = instantOf(zone, (first - 1) * DAY * MINUTE) + below((days + 2) * DAY / grid) * grid * MINUTE;
      const t = { resource, from: a, to: a + Math.max(5, grid + below(150 / grid) * grid) * MINUTE, state: pick(["booked", "booked", "hold", "released"]), alive: chance(0.6) };
      const over = line.some((o) => o.from < t.to && o.to > t.from);
      if (over && t.state !== "released" && chance(0.7)) continue;
      line.push(t);
      s.slots.push(t);
      const visit = id();
      put("appointment", { id: visit, client_id: null, service_id: before, staff_id: PEOPLE[0], location_id: place, starts_at: iso(t.from), ends_at: iso(t.to), status: "held" });
      put("slot", { appointment_id: visit, resource_id: resource, during: `[${iso(t.from)},${iso(t.to)})`, state: t.state,
        hold_until: t.state === "hold" ? iso(t.alive ? now + 3600000 : now - 60000) : null, is_over: over });
    }
  }
  if (kind === "client") {
    s.client = { id: id(), due: chance(0.8) ? dueFor(service, first) : null, visits: [], missed: 0 };
    put("client", { id: s.client.id, name: "Somebody", due_date: s.client.due });
    for (let k = below(4); k > 0; k--) {
      const a = (first + 1) * DAY * MINUTE - below(70 * DAY) * MINUTE;
      const v = { from: Math.floor(a / MINUTE) * MINUTE, to: Math.floor(a / MINUTE) * MINUTE + 30 * MINUTE, isPrerequisite: chance(0.7),
        status: pick(["booked", "confirmed", "done", "done", "no_show", "cancelled"]) };
      s.client.visits.push(v);
      s.client.missed += v.status === "no_show" ? 1 : 0;
      put("appointment", { id: id(), client_id: s.client.id, service_id: v.isPrerequisite ? before : service.id, staff_id: PEOPLE[0],
        location_id: other, starts_at: iso(v.from), ends_at: iso(v.to), status: v.status });
    }
    if (chance(0.3)) {
      s.maxMissed = 1;
      put("booking_rule", { id: id(), version: 1, max_no_shows: 1 });
    }
  } else if (kind === "visitor" && service.weekFrom && chance(0.7)) {
    s.told = dueFor(service, first);
  }
  return { s, rows };
}

const ORDER = ["location", "service", "addon", "service_addon", "service_staff", "service_staff_place", "shift", "shift_day", "time_off", "outside_calendar",
  "outside_busy", "staff_licence", "location_hours", "closure", "resource", "service_room", "client", "appointment", "slot", "booking_rule"];

// A studio of its own, gone with the transaction.
const AGREED = `INSERT INTO app.agreement (version, text_sha, accepted_by, accepted_name) VALUES (1, sha256('the agreement'), '${PEOPLE[0]}', 'Person 0');`;
const STUDIO = `
SELECT sec.tenant_new('${TENANT}', 'oracle', 'Oracle', 'medspa', 'US') IS NOT NULL AS made \\gset
SELECT set_config('foyer.tenant_id', '${TENANT}', true), set_config('foyer.actor_kind', 'system', true) \\gset
${PEOPLE.map((p, i) => `SELECT app.staff_new('${p}', 'Person ${i}', 'p${i}@oracle.test', '', true, 'provider') \\gset x${i}_`).join("\n")}
${AGREED}`;

test("L17 L21 B-01 B-03 B-06 B-08 T34: a checker of another kind agrees with what is offered, in a thousand random situations", () => {
  const now = Math.floor(Date.now() / 1000) * 1000;
  const today = Math.floor(now / (DAY * MINUTE));
  const made = times(SITUATIONS, () => situation(now, today));
  const lines = made.map(({ s, rows }, n) => JSON.stringify({ n, kind: s.kind, client: s.client?.id ?? null, told: s.told ?? null, service: s.service.id, place: s.place,
    wanted: s.wanted, from: s.from, to: s.to, addons: s.addons, tables: ORDER.filter((t) => rows[t]).map((t) => ({ t, rows: rows[t] })) }));
  const answers = sql(`BEGIN;
${STUDIO}
CREATE TEMP TABLE situation (j text) ON COMMIT DROP;
CREATE FUNCTION pg_temp.look(j jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    x jsonb;
    said text;
    unsound text;
BEGIN
    PERFORM set_config('foyer.actor_kind', 'system', true), set_config('foyer.perms', '', true), set_config('foyer.client_id', '', true);
    FOR x IN SELECT e FROM jsonb_array_elements(j -> 'tables') AS e LOOP
        EXECUTE (SELECT format('INSERT INTO app.%I (%s) SELECT %2$s FROM jsonb_populate_recordset(NULL::app.%1$I, $1)', x ->> 't', string_agg(quote_ident(k), ', '))
                 FROM jsonb_object_keys(x -> 'rows' -> 0) AS k) USING x -> 'rows';
    END LOOP;
    PERFORM set_config('foyer.actor_kind', j ->> 'kind', true), set_config('foyer.perms', ',calendar_read,booking_write,', true),
            set_config('foyer.client_id', coalesce(j ->> 'client', ''), true);
    SELECT extract(epoch FROM now()) * 1000 || ' ' || count(*) || ' ' || count(*) FILTER (WHERE f.starts_local <> f.starts_at AT TIME ZONE l.zone) || ' '
           || coalesce(string_agg(f.staff_id || '/' || extract(epoch FROM f.starts_at)::bigint || '/' || coalesce(f.room_id::text, ''), ' '), '')
    INTO said
    FROM app.location l,
         LATERAL app.offered_times((j ->> 'service')::uuid, l.id, (j ->> 'wanted')::uuid, (j ->> 'from')::date, (j ->> 'to')::date, NULL,
                     (j ->> 'client')::uuid, ARRAY(SELECT e::uuid FROM jsonb_array_elements_text(j -> 'addons') AS e), (j ->> 'told')::date) AS f
    WHERE l.id = (j ->> 'place')::uuid;
    -- what says why a time is not free must say nothing exactly where it is (a due date told by a visitor is not asked for there)
    IF j ->> 'told' IS NULL AND (j ->> 'n')::int % 6 = 0 THEN
        SELECT string_agg(w.wall::text || ' ' || w.person, ', ') INTO unsound
        FROM (SELECT coalesce((j ->> 'wanted')::uuid, (ARRAY[${PEOPLE.map((p) => `'${p}'::uuid`).join(", ")}])[1 + (j ->> 'n')::int % 3]) AS person, x.wall, x.wall AT TIME ZONE l.zone AS at, l.zone,
                     ARRAY(SELECT e::uuid FROM jsonb_array_elements_text(j -> 'addons') AS e) AS addons
              FROM app.location l, app.service v, generate_series(0, 2) AS k,
                   LATERAL (SELECT (j ->> 'from')::date + make_interval(mins => v.step_min * (((j ->> 'n')::int * 37 + k * 29) % (1440 / v.step_min))) AS wall) AS x
              WHERE l.id = (j ->> 'place')::uuid AND v.id = (j ->> 'service')::uuid AND (x.wall AT TIME ZONE l.zone) AT TIME ZONE l.zone = x.wall) AS w
        WHERE EXISTS (SELECT FROM app.offered_times((j ->> 'service')::uuid, (j ->> 'place')::uuid, w.person, w.wall::date, w.wall::date + 1, NULL, (j ->> 'client')::uuid, w.addons) AS f WHERE f.starts_at = w.at)
            = EXISTS (SELECT FROM app.why_not((j ->> 'service')::uuid, (j ->> 'place')::uuid, w.person, w.at, (j ->> 'client')::uuid, w.addons));
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'FY999', MESSAGE = coalesce(said, '') || coalesce(' UNSOUND ' || unsound, '');
EXCEPTION WHEN SQLSTATE 'FY999' THEN
    RETURN SQLERRM;
END $$;
SET LOCAL plan_cache_mode = force_generic_plan;
-- rows of a moment: without the triggers that keep histories and foreign keys
SET LOCAL session_replication_role = replica;
\\copy situation FROM STDIN (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02')
${lines.join("\n")}
\\.
SELECT (j::jsonb ->> 'n')::int, extract(epoch FROM now())::text, pg_temp.look(j::jsonb) FROM situation ORDER BY 1;
ROLLBACK;
`);
  assert.equal(answers.length, SITUATIONS);
  const rich = { free: 0, starts: 0, kinds: new Set() };
  for (const [n, clockText, text] of answers) {
    const { s } = made[Number(n)];
    assert.doesNotMatch(text, /UNSOUND/, `situation ${n} of seed ${SEED}: why a time is not free is said where it is, or not said where it is not`);
    const [, , wrong, ...found] = text.split(" ").filter((x, i) => i < 3 || x);
    const offered = found.map((x) => x.split("/")).map(([p, at, room]) => ({ key: `${p} ${Number(at) * 1000}`, at: Number(at) * 1000, room }));
    const wanted = expected(s, Number(clockText) * 1000);
    const got = offered.map((o) => o.key).sort();
    if (text) assert.equal(wrong, "0", `situation ${n} of seed ${SEED}: a wall time is not that of its instant`);
    const missing = wanted.filter((x) => !got.includes(x));
    const extra = got.filter((x) => !wanted.includes(x));
    assert.deepEqual({ missing: missing.slice(0, 3), extra: extra.slice(0, 3), n: got.length }, { missing: [], extra: [], n: wanted.length },
      `situation ${n} of seed ${SEED}: ${JSON.stringify(s)}`);
    const rooms = s.units.filter((u) => u.kind === "room").map((u) => u.id);
    for (const o of offered) assert.ok(rooms.length ? rooms.includes(o.room) : o.room === "", `situation ${n}: the room is one of those that suit`);
    if (got.length) { rich.free++; rich.kinds.add(s.kind); }
    rich.starts += got.length;
  }
  // the situations are not so hard that nothing is ever free
  assert.ok(rich.free > SITUATIONS / 5 && rich.starts > 5000 && rich.kinds.size === 3, `seed ${SEED}: ${rich.free} with something free, ${rich.starts} starts`);
});

test("B-06 T34: a year of random bookings, more of them about both nights when the clock changes, keeps every wall time in three zones", () => {
  const today = Math.floor(Date.now() / (DAY * MINUTE));
  const asked = [];
  for (const zone of ZONES) {
    const turns = turnsOf(zone, today);
    assert.ok(turns.length >= 2, `the clock of ${zone} changes twice in a year`);
    const days = [...turns.flatMap((d) => times(8, () => d - 3 + below(7))), ...times(60, () => today + 3 + below(360))];
    for (const day of days) asked.push({ zone, wall: `${dayText(day)}T${hm(below(96) * 15)}:00` });
    // a time that the clock leaves out, and one that it shows twice
    for (const day of turns) for (const wall of ["02:15", "01:45"]) asked.push({ zone, wall: `${dayText(day)}T${wall}:00` });
  }
  const zones = ZONES.map((zone) => ({ zone, place: id() }));
  const service = id();
  const client = id();
  const answers = sql(`BEGIN;
${STUDIO}
SELECT set_config('foyer.actor_kind', 'staff', true), set_config('foyer.actor', '${PEOPLE[0]}', true), set_config('foyer.perms', ',calendar_read,booking_write,', true) \\gset
INSERT INTO app.service (id, name, duration_min, step_min, horizon_days) VALUES ('${service}', 'Visit', 45, 15, 730);
INSERT INTO app.client (id, name) VALUES ('${client}', 'Somebody');
${zones.map(({ zone, place }, i) => `INSERT INTO app.location (id, name, zone) VALUES ('${place}', '${zone}', '${zone}');
INSERT INTO app.service_staff (service_id, staff_id) VALUES ('${service}', '${PEOPLE[i]}');
INSERT INTO app.shift (staff_id, location_id, weekday, starts, ends) SELECT '${PEOPLE[i]}', '${place}', d, '00:00', '24:00' FROM generate_series(0, 6) AS d;`).join("\n")}
-- books a wall time, the way the desk's page does, or says why not; then moves it by exactly a week of wall time
CREATE FUNCTION pg_temp.visit(place uuid, person uuid, wall timestamp) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    z text := (SELECT l.zone FROM app.location l WHERE l.id = place);
    visit uuid;
    first text;
BEGIN
    visit := app.book('${service}', place, person, app.wall_instant(wall, z), '${client}', NULL);
    SELECT extract(epoch FROM a.starts_at) || ' ' || extract(epoch FROM a.ends_at) || ' ' || to_char(a.starts_at AT TIME ZONE z, 'YYYY-MM-DD"T"HH24:MI:SS') INTO first
    FROM app.appointment a WHERE a.tenant_id = app.tenant() AND a.id = visit;
    PERFORM app.appointment_move(visit, person, app.wall_instant(wall + interval '7 days', z), NULL);
    RETURN first || ' ' || (SELECT extract(epoch FROM a.starts_at) FROM app.appointment a WHERE a.tenant_id = app.tenant() AND a.id = visit);
EXCEPTION WHEN SQLSTATE 'FY409' OR SQLSTATE 'FY422' THEN
    RETURN SQLSTATE;
END $$;
SET LOCAL plan_cache_mode = force_generic_plan;
SELECT a.n, pg_temp.visit(a.place, a.person, a.wall)
FROM (VALUES ${asked.map((a, n) => `(${n}, '${zones.find((x) => x.zone === a.zone).place}'::uuid, '${PEOPLE[ZONES.indexOf(a.zone)]}'::uuid, '${a.wall}'::timestamp)`).join(",\n")}) AS a (n, place, person, wall);
ROLLBACK;
`);
  assert.equal(answers.length, asked.length);
  let booked = 0;
  let left = 0;
  for (const [n, text] of answers) {
    const { zone, wall } = asked[Number(n)];
    if (text === "FY409") continue; // taken by an earlier one
    const exists = (w) => wallOf(zone, instantOf(zone, w)) === w;
    const asWall = Date.parse(`${wall}Z`);
    if (text === "FY422") {
      assert.ok(!exists(asWall) || !exists(asWall + 7 * DAY * MINUTE), `${wall} in ${zone}: refused, so the clock leaves it out`);
      left++;
      continue;
    }
    assert.ok(exists(asWall), `${wall} in ${zone}: what the clock leaves out is not booked`);
    booked++;
    const [starts, ends, shown, moved] = text.split(" ");
    const what = `${wall} in ${zone}, seed ${SEED}`;
    const words = (at) => new Date(wallOf(zone, Number(at) * 1000)).toISOString().slice(0, 19);
    assert.equal(words(starts), wall, `${what}: its wall time`);
    assert.equal(shown, wall, `${what}: and what is shown`);
    assert.equal(Number(ends) - Number(starts), 45 * 60, `${what}: its length is of real minutes`);
    assert.equal(words(moved).slice(11), wall.slice(11), `${what}: a week later at the same time of the day`);
  }
  assert.ok(booked > asked.length / 2 && left >= ZONES.length, `${booked} of ${asked.length} were booked`);
});
