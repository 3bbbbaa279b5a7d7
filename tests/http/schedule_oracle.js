// schedule_oracle.js -- what must be free, worked out once more in another way: minute by minute, with the zone arithmetic of
// Intl, and nothing of the SQL. Not a test: schedule_oracle.test.js compares the two.
"use strict";
const MINUTE = 60000;
const DAY = 1440;

// How many minutes a zone's wall clock is ahead of UTC at an instant (ms); asked of Intl once for each half hour.
const zones = new Map();
function offsetAt(zone, at) {
  let known = zones.get(zone);
  if (!known) {
    known = { offsets: new Map(), clock: new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit",
      day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" }) };
    zones.set(zone, known);
  }
  const half = Math.floor(at / (30 * MINUTE));
  let minutes = known.offsets.get(half);
  if (minutes === undefined) {
    const start = half * 30 * MINUTE;
    const [day, month, year, hour, minute, second] = known.clock.format(start).match(/\d+/g).map(Number);
    minutes = (Date.UTC(year, month - 1, day, hour, minute, second) - start) / MINUTE;
    known.offsets.set(half, minutes);
  }
  return minutes;
}

// Wall time as if it were UTC (ms), of an instant; and the instant of a wall time: of two, the second; of none, as the clock went on.
const wallOf = (zone, at) => at + offsetAt(zone, at) * MINUTE;
function instantOf(zone, wall) {
  const early = wall - offsetAt(zone, wall - 26 * 60 * MINUTE) * MINUTE;
  const late = wall - offsetAt(zone, wall + 26 * 60 * MINUTE) * MINUTE;
  const earlyFits = wallOf(zone, early) === wall;
  const lateFits = wallOf(zone, late) === wall;
  if (earlyFits && lateFits) return Math.max(early, late);
  if (lateFits) return late;
  return early;
}
const dayOf = (text) => Date.parse(`${text}T00:00:00Z`) / (DAY * MINUTE);
const dayText = (n) => new Date(n * DAY * MINUTE).toISOString().slice(0, 10);
const clock = (text) => { const [h, m] = text.split(":").map(Number); return h * 60 + m; };

// The days on which a zone's clock changes within so many days from today.
function changes(zone, today, days) {
  const found = [];
  for (let d = today; d < today + days; d++) {
    const length = instantOf(zone, (d + 1) * DAY * MINUTE) - instantOf(zone, d * DAY * MINUTE);
    if (length !== DAY * MINUTE) found.push(d);
  }
  return found;
}

// Starts that are free in a situation, as "person instant"; now: the database's clock (ms).
function expected(s, now) {
  const zone = s.zone;
  const place = s.place;
  const from = dayOf(s.from);
  const to = Math.min(dayOf(s.to), from + 62);
  const base = instantOf(zone, (from - 1) * DAY * MINUTE);
  const n = Math.round((instantOf(zone, (to + 2) * DAY * MINUTE) - base) / MINUTE);
  const service = s.service;
  const kindly = s.kind === "staff";
  const out = [];
  if (!service.is_active) return out;
  if (!kindly && !s.client && !service.is_online) return out;
  const mark = (line, a, b, value) => {
    const lo = Math.max(0, Math.round((a - base) / MINUTE));
    const hi = Math.min(n, Math.round((b - base) / MINUTE));
    for (let i = lo; i < hi; i++) line[i] = value;
  };
  const taken = (id) => {
    const line = new Uint8Array(n);
    for (const t of s.slots) {
      if (t.resource !== id) continue;
      if (t.state === "booked" || (t.state === "hold" && t.alive)) mark(line, t.from, t.to, 1);
    }
    return line;
  };
  // the place
  const open = new Uint8Array(n);
  if (s.hours.length === 0) open.fill(1);
  for (let d = from - 1; d <= to; d++) {
    const weekday = (d + 4) % 7; // 1970-01-01 was a Thursday
    for (const h of s.hours)
      if (h.weekday === weekday) {
        const a = instantOf(zone, (d * DAY + clock(h.opens)) * MINUTE);
        const b = instantOf(zone, (d * DAY + clock(h.closes)) * MINUTE);
        if (a < b) mark(open, a, b, 1);
      }
  }
  for (const c of s.closures)
    if (c.place === null || c.place === place) mark(open, instantOf(zone, c.from), instantOf(zone, c.to), 0);
  // what of each kind there is
  const rooms = s.units.filter((u) => u.kind === "room");
  const groups = [];
  if (rooms.length) groups.push(rooms);
  const names = new Set(s.units.filter((u) => u.kind === "device" && u.group).map((u) => u.group));
  for (const name of names) groups.push(s.units.filter((u) => u.kind === "device" && u.group === name));
  const alone = s.units.filter((u) => u.kind === "device" && !u.group);
  const here = alone.filter((u) => u.place === place);
  if (alone.length && !here.length) groups.push([]);
  for (const u of here) groups.push([u]);
  const lines = groups.map((g) => g.filter((u) => u.place === place && u.is_active).map((u) => taken(u.id)));

  for (const person of s.people) {
    if (!person.does || (s.wanted && s.wanted !== person.id) || !person.is_active) continue;
    if (person.places.length && !person.places.includes(place)) continue;
    const free = new Uint8Array(n);
    for (let d = from - 1; d <= to; d++) {
      const special = s.specials.filter((x) => x.person === person.id && x.day === dayText(d));
      const spans = special.length
        ? special.filter((x) => x.place === place).map((x) => [x.starts, x.ends])
        : s.shifts.filter((x) => x.person === person.id && x.place === place && x.weekday === (d + 4) % 7
            && dayText(d) >= x.valid_from && (!x.valid_to || dayText(d) <= x.valid_to)).map((x) => [x.starts, x.ends]);
      for (const [a, b] of spans) {
        const x = instantOf(zone, (d * DAY + clock(a)) * MINUTE);
        const y = instantOf(zone, (d * DAY + clock(b)) * MINUTE);
        if (x < y) mark(free, x, y, 1);
      }
    }
    const busy = taken(person.id);
    for (const o of s.away) if (o.person === person.id && o.state === "approved") mark(busy, o.from, o.to, 1);
    for (const o of s.outside) if (o.person === person.id) mark(busy, o.from, o.to, 1);
    const length = (person.minutes || service.duration) + s.extra;
    for (let i = service.before; i < n; i++) {
      if (!free[i] || busy[i] || !open[i]) continue;
      const at = base + i * MINUTE;
      const wall = wallOf(zone, at);
      const day = Math.floor(wall / (DAY * MINUTE));
      if (day < from || day >= to) continue;
      if ((wall / MINUTE) % service.step !== 0) continue;
      if (instantOf(zone, wall) !== at) continue;
      if (kindly ? at < now - 60 * MINUTE : at < now + service.notice * MINUTE) continue;
      if (!kindly && day > Math.floor(wallOf(zone, now) / (DAY * MINUTE)) + service.horizon) continue;
      if (service.licence && !s.licences.some((c) => c.person === person.id && c.kind === service.licence
          && (c.place === null || c.place === place) && c.valid_to >= dayText(day))) continue;
      if (!kindly && !allowed(s, at, day)) continue;
      const a = i - service.before;
      const b = i + length + service.after;
      let fits = true;
      for (let m = a; m < b && fits; m++) fits = free[m] === 1 && open[m] === 1 && busy[m] === 0;
      if (!fits) continue;
      fits = lines.every((group) => group.some((line) => {
        for (let m = a; m < b; m++) if (line[m]) return false;
        return true;
      }));
      if (fits) out.push(`${person.id} ${at}`);
    }
  }
  return out.sort();
}

// The rules for one whom the studio knows, or who told her due date.
function allowed(s, at, day) {
  const v = s.service;
  const due = s.client?.due ?? s.told;
  if (v.weekFrom) {
    if (due) {
      const days = 280 - (dayOf(due) - day);
      if (days < v.weekFrom * 7 || days > v.weekTo * 7 + 6) return false;
    } else if (s.client) return false;
  }
  if (!s.client) return true;
  const been = s.client.visits.some((x) => ["arrived", "in_room", "done"].includes(x.status));
  if (v.newRule === "new" && been) return false;
  if (v.newRule === "known" && !been) return false;
  if (s.client.missed >= s.maxMissed) return false;
  if (v.prerequisite) {
    return s.client.visits.some((x) => x.isPrerequisite && ["booked", "confirmed", "arrived", "in_room", "done"].includes(x.status)
      && x.to <= at && day <= Math.floor(wallOf(s.zone, x.from) / (DAY * MINUTE)) + v.prerequisite);
  }
  return true;
}

module.exports = { expected, wallOf, instantOf, dayOf, dayText, changes, MINUTE, DAY };
