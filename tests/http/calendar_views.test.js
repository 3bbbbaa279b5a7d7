// calendar_views.test.js -- the calendar beside the day: rooms, week, month, list and its file, the board, what colleagues change.
"use strict";
const { test, describe, before, after } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");

const glow = () => h.tenantId("glow");
const places = () => h.sql("SELECT id, zone, name FROM app.location WHERE tenant_id = :'v1' AND is_active ORDER BY position, name", glow());
const visitsIn = (text) => [...new Set([...text.matchAll(/href="\/appointments\/([0-9a-f-]{36})"/g)].map(([, a]) => a))].sort();
const clientsOf = (visits) => h.sql("SELECT DISTINCT client_id FROM app.appointment WHERE id = ANY (:'v1'::uuid[]) AND client_id IS NOT NULL", `{${visits.join(",")}}`).map(([c]) => c).sort();
const disclosed = (r, action = "calendar.read") => [...h.trail(r.id).find((e) => e.action === action).clients].sort();
const as = "SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\n";
// The day of the place with the most visits that are still to come, and those of its week.
let place, zone, name, day;
before(() => {
  [place, zone, name] = places()[0];
  day = h.one(`SELECT (a.starts_at AT TIME ZONE :'v3')::date FROM app.appointment a WHERE a.tenant_id = :'v1' AND a.location_id = :'v2'
    AND a.status IN ('booked', 'confirmed') AND a.starts_at > now() + interval '8 days' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1`, glow(), place, zone); // other tests book and hold in the next days
});
// Visits that stand in the grid: other tests' holds are among them until they run out.
const ON = `AND a.status NOT IN ('expired', 'cancelled', 'no_show') AND (a.status <> 'held'
  OR EXISTS (SELECT FROM app.slot t WHERE t.tenant_id = a.tenant_id AND t.appointment_id = a.id AND t.state = 'hold' AND t.hold_until >= now()))`;
// Ids of visits that take place from a day to a day (both inclusive), by the place's own clock.
const expected = (from, to, more = "AND a.status NOT IN ('expired', 'held', 'cancelled', 'no_show')", x = "") => h.sql(`SELECT a.id FROM app.appointment a WHERE a.tenant_id = :'v1' AND a.location_id = :'v2'
  AND (a.starts_at AT TIME ZONE :'v3')::date BETWEEN :'v4'::date AND :'v5'::date ${more}`, glow(), place, zone, from, to, x).map(([a]) => a).sort();
const week = () => h.sql("SELECT date_trunc('week', :'v1'::date)::date, date_trunc('week', :'v1'::date)::date + 6", day)[0];

describe("L18 L24: each view shows what there is, and its row in the trail names exactly whom it shows", () => {
  test("the day by room: each visit in the column of what it takes", async () => {
    const v = await h.staff("glow", "front-desk"), r = await v.get(`/rooms/${day}?location=${place}`);
    assert.equal(r.status, 200);
    const inRooms = expected(day, day, `${ON} AND a.room_id IS NOT NULL`);
    assert.deepEqual(visitsIn(r.text), inRooms);
    assert.deepEqual(disclosed(r), clientsOf(inRooms));
    for (const [unit] of h.sql("SELECT name FROM app.resource WHERE tenant_id = :'v1' AND location_id = :'v2' AND is_active", glow(), place)) assert.ok(r.text.includes(`day-name">${unit}`), unit);
    const [id, room] = h.sql("SELECT a.id, r.name FROM app.appointment a JOIN app.resource r ON r.tenant_id = a.tenant_id AND r.id = a.room_id WHERE a.id = :'v1'", inRooms[0])[0];
    const column = r.text.split('class="day-col"').find((c) => c.includes(`day-name">${room}`));
    assert.ok(column.includes(id), "it stands in its own room's column");
  });

  test("the week of the whole place, and of one provider", async () => {
    const v = await h.staff("glow", "front-desk"), [monday, sunday] = week();
    const all = await v.get(`/week/${day}?location=${place}`);
    assert.deepEqual(visitsIn(all.text), expected(monday, sunday, ON));
    assert.deepEqual(disclosed(all), clientsOf(expected(monday, sunday, ON)));
    const who = h.one("SELECT staff_id FROM app.appointment WHERE id = :'v1'", expected(day, day)[0]);
    const hers = expected(monday, sunday, `${ON} AND a.staff_id = :'v6'`, who);
    const one = await v.get(`/week/${day}?location=${place}&staff=${who}`);
    assert.deepEqual(visitsIn(one.text), hers);
    assert.deepEqual(disclosed(one), clientsOf(hers));
    assert.equal((one.text.match(/class="day-col"/g) || []).length, 7);
  });

  test("the colours that were chosen stay in the address, from day to day and from view to view", async () => {
    const v = await h.staff("glow", "front-desk");
    for (const at of ["day", "rooms", "week"]) {
      const r = await v.get(`/${at}/${day}?location=${place}&by=status`);
      assert.match(r.text, /class="[^"]* by-status"/);
      const links = [...h.decode(r.text).matchAll(/href="(\/(?:day|rooms|week)\/[^"]*)" data-key/g)].map(([, href]) => href);
      assert.equal(links.length, 5, "three views, earlier and later");
      for (const link of links) assert.match(link, /&by=status/);
    }
    assert.match((await v.get(`/calendar?day=${day}&location=${place}&by=status&view=week`)).location, new RegExp(`^/week/${day}\\?location=${place}&by=status$`));
  });

  test("the month counts and names nobody", async () => {
    const v = await h.staff("glow", "front-desk"), r = await v.get(`/month/${day}?location=${place}`);
    assert.equal(r.status, 200);
    const cell = r.text.split("<td ").find((c) => c.includes(`datetime="${day}"`));
    assert.match(cell, new RegExp(`<b>${expected(day, day).length}</b>`));
    assert.deepEqual(visitsIn(r.text), []);
    assert.deepEqual(disclosed(r), []);
    h.sql(`${as} INSERT INTO app.closure (location_id, starts_local, ends_local, reason) VALUES (:'v2', :'v3'::date, :'v3'::date + 1, 'Feast of the views')`, glow(), place, day);
    try {
      assert.match((await v.get(`/month/${day}?location=${place}`)).text.split("<td ").find((c) => c.includes(`datetime="${day}"`)), /Closed.*Feast of the views/);
      for (const at of ["day", "rooms"]) assert.match((await v.get(`/${at}/${day}?location=${place}`)).text, /day-band[^>]*>Closed: Feast of the views/);
    } finally { h.sql(`${as} DELETE FROM app.closure WHERE tenant_id = :'v1' AND reason = 'Feast of the views'`, glow()); }
  });

  test("B14: the list holds date, service and place; each filter narrows it down, and stays in the address of the next page", async () => {
    const v = await h.staff("glow", "front-desk"), [monday, sunday] = week();
    const range = `from=${monday}&to=${sunday}&location=${place}`;
    const [id, service, staff, status, client] = h.sql(`SELECT a.id, a.service_id, a.staff_id, a.status, c.name FROM app.appointment a JOIN app.client c ON c.tenant_id = a.tenant_id AND c.id = a.client_id
      WHERE a.id = ANY (:'v1'::uuid[]) AND c.name ~ '^[A-Z][a-z]+ [A-Z][a-z]+$' ORDER BY a.starts_at LIMIT 1`, `{${expected(day, day).join(",")}}`)[0];
    const all = expected(monday, sunday, "AND a.status NOT IN ('expired', 'held')");
    for (const [filter, ids] of [["", all.length > 50 ? null : all],
      [`&service_id=${service}`, expected(monday, sunday, "AND a.status NOT IN ('expired', 'held') AND a.service_id = :'v6'", service)],
      [`&staff_id=${staff}&status=on`, expected(monday, sunday, "AND a.status NOT IN ('expired', 'held', 'cancelled', 'no_show') AND a.staff_id = :'v6'", staff)],
      [`&status=${status}&staff_id=${staff}`, expected(monday, sunday, `AND a.status = '${status}' AND a.staff_id = :'v6'`, staff)],
      [`&q=${encodeURIComponent(client.slice(0, -1))}`, null]]) {
      const r = await v.get(`/visits?${range}${filter}`);
      assert.equal(r.status, 200, filter);
      const shown = visitsIn(r.text);
      if (ids && ids.length <= 50) assert.deepEqual(shown, ids, filter);
      if (filter.startsWith("&q")) assert.ok(shown.includes(id) && shown.length < all.length, "found by a part of her name");
      assert.deepEqual(disclosed(r), clientsOf(shown), filter);
    }
    const wide = await v.get(`/visits?from=2020-01-01&to=2020-12-31&location=${place}`);
    assert.ok(wide.text.includes("No appointments"));
    const long = h.one(`SELECT min(starts_at)::date FROM app.appointment WHERE tenant_id = :'v1'`, glow());
    const r = await v.get(`/visits?from=${long}&status=on&location=${place}&to=2099-01-01`);
    assert.match(h.decode(r.text), new RegExp(`page=2&from=${long}&to=[-0-9]{10}&location=${place}&status=on`));
  });

  test("B14 V-04: the list as a file, after one has proven who one is; each client in it stands in the trail", async () => {
    const v = await h.staff("glow", "owner", { fresh: true }), range = `from=${day}&to=${day}&location=${place}`;
    h.sql("UPDATE sec.session SET proved_at = now() - interval '1 hour' WHERE id = (SELECT session_id FROM audit.event WHERE request_id = :'v1'::uuid AND session_id IS NOT NULL LIMIT 1)", (await v.get(`/day/${day}`)).id);
    const refused = await v.get(`/visits.csv?${range}`);
    assert.notEqual(refused.status, 200);
    assert.notEqual(refused.headers["content-type"], "text/csv; charset=utf-8");
    const w = await h.staff("glow", "owner", { fresh: true }), r = await w.get(`/visits.csv?${range}`);
    assert.equal(r.status, 200);
    assert.match(r.headers["content-disposition"], /appointments\.csv/);
    const lines = r.text.trim().split("\r\n"), ids = expected(day, day, "AND a.status NOT IN ('expired', 'held')");
    assert.match(lines[0], /^"date","starts","ends","zone","service","addons","location","room","provider","client","status"/);
    assert.deepEqual(lines.slice(1).map((l) => l.slice(-37, -1)).sort(), ids);
    for (const line of lines.slice(1)) assert.ok(line.startsWith(`"${day}",`) && line.includes(name));
    assert.deepEqual(disclosed(r, "calendar.export"), clientsOf(ids));
  });
});

describe("L18: somebody stands as they are called, the legal name beside it, with pronouns", () => {
  const called = "Rowan <b> (Legal & Name), they/them";
  const rename = (client, values) => h.sql(`${as} UPDATE app.client SET name = :'v3', preferred_name = nullif(:'v4', ''), pronouns = nullif(:'v5', '') WHERE id = :'v2'`, glow(), client, ...values);
  const whole = (text) => h.decode(text.replace(/<[^>]*>/g, "\u0000")).replace(/\u0000+/g, "|");
  const shown = (r, what) => assert.ok(whole(r.text).includes(called), what);
  let visit, client, was;
  before(() => {
    [visit, client] = h.sql(`SELECT a.id, a.client_id FROM app.appointment a WHERE a.tenant_id = :'v1' AND a.location_id = :'v2' AND a.status IN ('booked', 'confirmed') AND a.room_id IS NOT NULL
      AND (a.starts_at AT TIME ZONE :'v3')::date = :'v4' ORDER BY a.id LIMIT 1`, glow(), place, zone, day)[0];
    was = h.sql("SELECT name, coalesce(preferred_name, ''), coalesce(pronouns, '') FROM app.client WHERE id = :'v1'", client)[0];
    rename(client, ["Legal & Name", "Rowan <b>", "they/them"]);
  });
  after(() => rename(client, was));
  test("day, rooms, week, list, the visit, moving it, the waitlist", async () => {
    const v = await h.staff("glow", "front-desk");
    for (const at of [`/day/${day}?location=${place}`, `/rooms/${day}?location=${place}`, `/week/${day}?location=${place}`, `/visits?from=${day}&to=${day}&location=${place}`, `/appointments/${visit}`, `/appointments/${visit}/move`]) {
      const r = await v.get(at);
      assert.equal(r.status, 200, at);
      shown(r, at);
      assert.ok(!r.text.includes("Rowan <b>"), "escaped");
    }
    const service = h.one("SELECT id FROM app.service v WHERE tenant_id = :'v1' AND is_active AND NOT EXISTS (SELECT FROM app.waitlist_entry w WHERE w.service_id = v.id AND w.client_id = :'v2') ORDER BY position LIMIT 1", glow(), client);
    const entry = h.one(`INSERT INTO app.waitlist_entry (tenant_id, client_id, service_id, places, from_day, to_day) VALUES (:'v1', :'v2', :'v3', ARRAY[:'v4'::uuid], current_date + 20, current_date + 30) RETURNING id`, glow(), client, service, place);
    shown(await v.get("/waitlist"), "the waitlist");
    shown(await v.get(`/waitlist/${entry}`), "the entry");
    h.sql(`${as} DELETE FROM app.waitlist_entry WHERE id = :'v2'`, glow(), entry);
  });
  test("board and arrivals, in each state", async () => {
    const v = await h.staff("glow", "front-desk"), id = h.uuid(), today = h.one("SELECT (now() AT TIME ZONE :'v1')::date", zone);
    h.sql(`${as} INSERT INTO app.appointment SELECT n.* FROM app.appointment a, jsonb_populate_record(a, jsonb_build_object('id', :'v2'::text, 'status', 'booked',
        'location_id', :'v3'::text, 'starts_at', now() - interval '1 second', 'ends_at', now() + interval '10 minutes')) AS n WHERE a.id = :'v4'`, glow(), id, place, visit);
    if (h.one("SELECT (starts_at AT TIME ZONE :'v2')::date = :'v3'::date FROM app.appointment WHERE id = :'v1'", id, zone, today) !== "t") return; // in the second after midnight there
    for (const status of ["booked", "arrived", "in_room"]) {
      h.sql(`${as} UPDATE app.appointment SET status = :'v3' WHERE id = :'v2'`, glow(), id, status);
      const board = await v.get(`/board?location=${place}`), arrivals = await v.get(`/day/${today}?location=${place}`);
      assert.ok(whole(board.text.split('<li class="board-card').find((c) => c.includes(id))).includes(called), `board, ${status}`);
      assert.ok(whole(arrivals.text.slice(arrivals.text.indexOf("arrivals-who")).split("<li>").find((c) => c.includes(id))).includes(called), `arrivals, ${status}`);
    }
    h.sql(`${as} UPDATE app.appointment SET status = 'done' WHERE id = :'v2'`, glow(), id);
  });
});

describe("L09: the board", () => {
  test("expected, here with how long she waits, in a room, done; one button each; late by the rule's minutes", async () => {
    const v = await h.staff("glow", "front-desk");
    const today = h.one("SELECT (now() AT TIME ZONE :'v1')::date", zone);
    // one who should have come twenty minutes ago
    const id = h.uuid();
    h.sql(`${as} INSERT INTO app.appointment SELECT n.* FROM app.appointment a, jsonb_populate_record(a, jsonb_build_object('id', :'v2'::text, 'status', 'booked',
        'location_id', :'v3'::text, 'starts_at', now() - interval '20 minutes', 'ends_at', now() + interval '10 minutes')) AS n
      WHERE a.tenant_id = :'v1' AND a.status = 'booked' AND a.location_id = :'v3' LIMIT 1`, glow(), id, place);
    const isToday = h.one("SELECT (starts_at AT TIME ZONE :'v2')::date = :'v3'::date FROM app.appointment WHERE id = :'v1'", id, zone, today) === "t";
    if (!isToday) return; // within twenty minutes after midnight there
    const card = (r) => r.text.split('<li class="board-card').find((c) => c.includes(id));
    const list = (r) => r.text.slice(0, r.text.indexOf(id)).match(/<h2 id="board-(\w+)"/g).at(-1).match(/board-(\w+)/)[1];
    let r = await v.get(`/board?location=${place}`);
    assert.match(card(r), / is-late"[\s\S]*20 min late/);
    assert.ok(disclosed(r).includes(h.one("SELECT client_id FROM app.appointment WHERE id = :'v1'", id)));
    assert.deepEqual(disclosed(r), clientsOf(visitsIn(r.text)));
    for (const [status, before, then, words] of [["arrived", "expected", "here", /has just come/], ["in_room", "here", "room", /just now/], ["done", "room", "done", /done/]]) {
      assert.equal(list(r), before);
      const form = [...r.text.matchAll(/<form[^>]*action="\/board[\s\S]*?<\/form>/g)].map(([f]) => f).find((f) => f.includes(`value="${status}"`));
      const done = await v.post("/board", { ...h.formOf(form).values, appointment_id: id });
      assert.equal(done.location, `/board?location=${place}`);
      r = await v.get(done.location);
      assert.equal(list(r), then);
      assert.match(card(r), words);
    }
    // (a step that is not allowed says so)
    const form = h.formOf(r.text, /\/board/);
    const no = await v.post("/board", { ...form.values, status: "arrived", appointment_id: id });
    assert.equal(no.status, 422);
    assert.match(no.text, /done cannot become arrived/);
  });
});

describe("what colleagues change: a bare number, no clients, no row in the trail, no sign of life", () => {
  const number = (v, since = "") => v.get(`/calendar/changes.txt?location=${place}&from=${day}&to=${day}${since && `&since=${since}`}`);
  test("204 while nothing has changed; another number after a visit came, changed or went, and after the set-up changed", async () => {
    const v = await h.staff("glow", "front-desk"), first = await number(v);
    assert.equal(first.status, 200);
    assert.match(first.text, /^-?\d+\.\d+$/);
    assert.deepEqual(h.trail(first.id), []);
    assert.equal((await number(v, first.text)).status, 204);
    const id = expected(day, day, "AND a.status = 'booked'")[0];
    h.sql(`${as} UPDATE app.appointment SET status = 'confirmed' WHERE id = :'v2'`, glow(), id);
    const second = await number(v, first.text);
    assert.equal(second.status, 200);
    h.sql(`${as} UPDATE app.appointment SET status = 'booked' WHERE id = :'v2'`, glow(), id);
    const third = await number(v, second.text);
    assert.equal(third.status, 200);
    assert.notEqual(third.text, first.text);
    h.sql("UPDATE app.staff SET title = title WHERE tenant_id = :'v1'", glow());
    assert.equal((await number(v, third.text)).status, 200);
    const there = await h.staff("first-light", "owner");
    assert.match((await number(there)).text, /^0\./, "another studio's place says nothing");
  });
  test("S-06: asked quietly, neither the number nor the page keeps a session alive; an ordinary look does", async () => {
    const v = await h.staff("glow", "front-desk", { fresh: true });
    const session = h.one("SELECT session_id FROM audit.event WHERE request_id = :'v1'::uuid AND session_id IS NOT NULL LIMIT 1", (await v.get(`/day/${day}?location=${place}`)).id);
    const seen = () => h.one("SELECT last_seen_at < now() - interval '5 minutes' FROM sec.session WHERE id = :'v1'", session);
    h.sql("UPDATE sec.session SET last_seen_at = now() - interval '6 minutes' WHERE id = :'v1'", session);
    const quiet = (target) => h.request("glow", target, { cookie: v.cookieFor(target), headers: { "X-Foyer-Quiet": "1" } });
    for (const target of [`/calendar/changes.txt?location=${place}&from=${day}&to=${day}`, `/day/${day}?location=${place}`]) {
      assert.equal((await quiet(target)).status, 200);
      assert.equal(seen(), "t", target);
    }
    assert.equal((await v.get(`/day/${day}?location=${place}`)).status, 200);
    assert.equal(seen(), "f");
  });
});

describe("T02: reaches hold in every view", () => {
  test("who sees her own visits alone sees those alone, and counts those alone", async () => {
    const v = await h.staff("first-light", "scanner"), w = await h.staff("first-light", "owner"), t = h.tenantId("first-light");
    const me = h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email_norm = :'v2'", t, h.staffOf("first-light", "scanner").email);
    const mine = new Set(h.sql("SELECT id FROM app.appointment WHERE tenant_id = :'v1' AND staff_id = :'v2'", t, me).map(([x]) => x));
    const [at, where] = h.sql(`SELECT (a.starts_at AT TIME ZONE l.zone)::date, a.location_id FROM app.appointment a JOIN app.location l ON l.tenant_id = a.tenant_id AND l.id = a.location_id
      WHERE a.tenant_id = :'v1' AND a.status IN ('booked', 'confirmed', 'done') GROUP BY 1, 2 HAVING bool_or(a.staff_id = :'v2') AND bool_or(a.staff_id <> :'v2') ORDER BY 1 DESC LIMIT 1`, t, me)[0];
    for (const target of [`/rooms/${at}?location=${where}`, `/week/${at}?location=${where}`, `/visits?from=${at}&to=${at}&location=${where}`]) {
      const [part, all] = [await v.get(target), await w.get(target)];
      assert.ok(visitsIn(all.text).some((x) => !mine.has(x)), `${target}: the owner sees the others'`);
      assert.ok(visitsIn(part.text).length > 0 && visitsIn(part.text).every((x) => mine.has(x)), `${target}: she sees her own`);
      assert.deepEqual(disclosed(part), h.sql("SELECT DISTINCT client_id FROM app.appointment WHERE id = ANY (:'v1'::uuid[])", `{${visitsIn(part.text).join(",")}}`).map(([c]) => c).sort());
    }
    const count = (r) => Number(r.text.split("<td ").find((c) => c.includes(`datetime="${at}"`)).match(/<b>(\d+)<\/b>/)[1]);
    assert.ok(count(await v.get(`/month/${at}?location=${where}`)) < count(await w.get(`/month/${at}?location=${where}`)));
    for (const r of [await v.get(`/board?location=${where}`)]) assert.ok(visitsIn(r.text).every((x) => mine.has(x)));
  });
});

describe("L17: hours, exceptions and time off are drawn", () => {
  const shifts = (r, who) => { const c = r.text.split('class="day-col"').find((x) => x.includes(`day-name">${who}`)); return c && c.match(/class="shift h(\d+) m(\d+) d(\d+)"/)?.slice(1).map(Number); };
  let who, staff, hours;
  before(() => { hours = h.sql("SELECT location_id, weekday, opens, closes FROM app.location_hours WHERE tenant_id = :'v1'", glow());
    // (the providers that tests make are all called alike)
    [staff, who] = h.sql("SELECT f.id, f.name FROM app.appointment a JOIN app.staff f ON f.tenant_id = a.tenant_id AND f.id = a.staff_id WHERE a.id = ANY (:'v1'::uuid[]) AND f.name !~ '^Zz ' ORDER BY f.position, f.id LIMIT 1", `{${expected(day, day)}}`)[0]; });
  after(() => h.sql(`${as} DELETE FROM app.shift_day WHERE tenant_id = :'v1'; DELETE FROM app.location_hours WHERE tenant_id = :'v1'; DELETE FROM app.time_off WHERE tenant_id = :'v1' AND reason = 'A view';
    INSERT INTO app.location_hours (location_id, weekday, opens, closes) SELECT x[1]::uuid, x[2]::smallint, x[3]::time, x[4]::time FROM (SELECT string_to_array(l, ' ') FROM string_to_table(:'v2', ';') AS l) AS y (x)`, glow(), hours.map((x) => x.join(" ")).join(";")));
  test("an exception of one day replaces the week, the place's hours bound both, what is asked for is told from what is approved", async () => {
    const v = await h.staff("glow", "front-desk"), look = () => v.get(`/day/${day}?location=${place}`);
    assert.ok(shifts(await look(), who)[2] > 60);
    h.sql(`${as} INSERT INTO app.shift_day (staff_id, day, location_id, starts, ends) VALUES (:'v2', :'v3', :'v4', '10:00', '15:00')`, glow(), staff, day, place);
    assert.deepEqual(shifts(await look(), who), [10, 0, 300]);
    h.sql(`${as} DELETE FROM app.location_hours WHERE tenant_id = :'v1'; INSERT INTO app.location_hours (location_id, weekday, opens, closes) SELECT :'v2', d, '11:30', '14:00' FROM generate_series(0, 6) AS d`, glow(), place);
    const bound = await look();
    assert.deepEqual(shifts(bound, who), [11, 30, 150]);
    assert.match(bound.text, /Open from 11:30 am to 2:00 pm/);
    for (const [state, words] of [["asked", "Time off asked for: A view"], ["approved", "Away: A view"]]) {
      h.sql(`${as} DELETE FROM app.time_off WHERE reason = 'A view'; INSERT INTO app.time_off (staff_id, starts_at, ends_at, reason, state) VALUES (:'v2', (:'v3'::date + time '12:00') AT TIME ZONE :'v4', (:'v3'::date + time '13:00') AT TIME ZONE :'v4', 'A view', :'v5')`,
        glow(), staff, day, zone, state);
      assert.ok((await look()).text.includes(words), state);
      assert.ok((await v.get(`/week/${day}?location=${place}&staff=${staff}`)).text.includes(words), state);
    }
    h.sql(`${as} DELETE FROM app.shift_day WHERE tenant_id = :'v1'; INSERT INTO app.shift_day (staff_id, day) VALUES (:'v2', :'v3')`, glow(), staff, day);
    assert.equal(shifts(await look(), who), undefined, "a day off: her visits stay in a column without hours");
  });
});

test("B-09: when somebody is busy in a calendar elsewhere is drawn in her day and her week, within her hours, and nothing of what it is", async () => {
  const v = await h.staff("glow", "front-desk"), calendar = h.uuid();
  const [staff, provider, on] = h.sql(`${as} SELECT f.id, f.name, w.day FROM app.works_days(:'v2', current_date + 70, current_date + 76) AS w JOIN app.staff f ON f.tenant_id = :'v1' AND f.id = w.staff_id AND f.is_active
    GROUP BY f.id, f.name, f.position, w.day HAVING min(w.starts) <= '11:00' AND max(w.ends) BETWEEN '15:00' AND '22:00' ORDER BY f.position, f.id, w.day LIMIT 1`, glow(), place).at(-1);
  h.sql(`${as} INSERT INTO app.outside_calendar (id, staff_id, name, url_sealed, next_at) VALUES (:'v2', :'v3', 'Zz Dentist Privat', '\\x00', 'infinity');
    INSERT INTO app.outside_busy (calendar_id, staff_id, starts_at, ends_at) SELECT :'v2', :'v3', (:'v4'::date + a) AT TIME ZONE :'v5', (:'v4'::date + b) AT TIME ZONE :'v5'
    FROM (VALUES (time '11:00', time '11:30'), ('11:15', '12:00'), ('03:00', '05:00'), ('14:30', '23:30')) AS t (a, b)`, glow(), calendar, staff, on, zone);
  try {
    const r = await v.get(`/day/${on}?location=${place}`), column = r.text.split('<section class="day-col">').find((s) => s.startsWith(`<h2 class="day-name">${provider}`));
    const bands = [...column.matchAll(/<li class="away (h\d+ m\d+ d\d+)">Busy elsewhere<\/li>/g)].map(([, c]) => c);
    assert.equal(bands.length, 2, bands.join("; "));
    assert.equal(bands[0], "h11 m0 d60", "times that touch are one");
    assert.match(bands[1], /^h14 m30 d/);
    assert.ok(Number(bands[1].split(" d")[1]) < 540, "it reaches past her hours");
    assert.equal(r.text.match(/Busy elsewhere/g).length, 2, "in her column alone");
    const week = await v.get(`/week/${on}?location=${place}&staff=${staff}`);
    assert.deepEqual([...week.text.matchAll(/<li class="away (h\d+ m\d+ d\d+)">Busy elsewhere<\/li>/g)].map(([, c]) => c), bands);
    for (const page of [r, week]) assert.doesNotMatch(page.text, /Dentist|Privat/);
    h.sql(`${as} DELETE FROM app.outside_busy WHERE calendar_id = :'v2'`, glow(), calendar);
    assert.doesNotMatch((await v.get(`/day/${on}?location=${place}`)).text, /Busy elsewhere/, "a worker has kept what is gone");
  } finally {
    h.sql(`${as} DELETE FROM app.outside_calendar WHERE id = :'v2'`, glow(), calendar);
  }
});

describe("a visit at the desk: add-ons, several services, over what is taken, rules that are let pass", () => {
  const tag = h.uuid().slice(0, 8);
  let services, client, addon;
  before(async () => {
    services = h.sql("SELECT id, name FROM app.service WHERE tenant_id = :'v1' AND name IN ('Consultation', 'Hydrating facial') ORDER BY name", glow()).map(([id]) => id);
    client = await h.addClient(await h.staff("glow", "front-desk"), { name: `Visit ${h.uuid().slice(0, 8)}`, email: `${h.uuid()}@mail.example`, birth_date: "1990-01-01" });
    addon = h.uuid();
    h.sql(`${as} INSERT INTO app.addon (id, name, minutes, price_cents) VALUES (:'v2', :'v3', 15, 2500); INSERT INTO app.service_addon (service_id, addon_id) VALUES (:'v4', :'v2')`, glow(), addon, `Mask ${tag}`, services[0]);
  });
  after(() => h.sql("UPDATE app.addon SET is_active = false WHERE id = :'v1'", addon));
  // A free start: [staff, day, time], so many days ahead.
  const free = (days) => h.sql(`BEGIN; SET LOCAL client_min_messages = error;
    SELECT set_config('foyer.tenant_id', :'v1', true), set_config('foyer.actor_kind', 'job', true) \\g /dev/null
    SELECT f.staff_id, to_char(f.starts_local, 'YYYY-MM-DD'), to_char(f.starts_local, 'HH24:MI') FROM app.availability(:'v2', :'v3', NULL, current_date + :v4, current_date + :v4 + 10) f
    WHERE f.starts_local::time = '10:00' ORDER BY f.starts_at LIMIT 1; ROLLBACK;`, glow(), services[0], place, days).find((r) => r.length === 3);
  const send = async (v, body, to = "/appointments/new") => {
    const page = (await v.get(`/appointments/new?client_id=${client}`)).text;
    return v.post(to, { ...h.formOf(page.slice(page.indexOf('<form class="form" method="post"')), "/appointments/new").values, location_id: place, quiet: "1", ...body });
  };
  const errors = (r) => r.text.match(/class="error[^>]*>[^<]*/g)?.join();
  const form = async (v, id, action) => h.formOf((await v.get(`/appointments/${id}`)).text, action).values;

  test("an add-on makes it longer and dearer, and its card says so; the form says with which services it goes", async () => {
    const v = await h.staff("glow", "front-desk"), [staff_id, on, time] = free(150);
    const r = await send(v, { service_id: services[0], staff_id, day: on, time, addon: [addon] });
    assert.equal(r.status, 303, errors(r));
    const id = r.location.slice(14);
    const [minutes, own, more] = h.sql(`SELECT extract(epoch FROM a.ends_at - a.starts_at)::int / 60, coalesce(x.duration_min, v.duration_min), a.price_cents - v.price_cents FROM app.appointment a JOIN app.service v ON v.tenant_id = a.tenant_id AND v.id = a.service_id
      JOIN app.service_staff x ON x.tenant_id = a.tenant_id AND x.service_id = a.service_id AND x.staff_id = a.staff_id WHERE a.id = :'v1'`, id)[0].map(Number);
    assert.deepEqual([minutes - own, more], [15, 2500]);
    assert.ok((await v.get(r.location)).text.includes(`with Mask ${tag}`));
    const card = (await v.get(`/day/${on}?location=${place}`)).text.split("<li ").find((x) => x.includes(id));
    assert.match(card, /class="marks">[^<]*Add-ons/);
    const wrong = await send(v, { service_id: services[1], staff_id: "", day: on, time: "12:00", addon: ["not an id"] });
    assert.ok([404, 422].includes(wrong.status), String(wrong.status));
  });

  test("two services in one visit: both or none, one after the other, and each leads to the other", async () => {
    const v = await h.staff("glow", "front-desk"), [staff_id, on, time] = free(160);
    const both = { service_id: services[0], service_2: services[1], staff_id, day: on, time };
    const r = await send(v, { ...both, addon: [addon] });
    assert.equal(r.status, 303, errors(r));
    assert.equal(h.one("SELECT service_id FROM app.appointment a JOIN app.appointment_addon d ON d.tenant_id = a.tenant_id AND d.appointment_id = a.id WHERE d.addon_id = :'v1' AND a.group_id = (SELECT group_id FROM app.appointment WHERE id = :'v2')", addon, r.location.slice(14)), services[0], "the add-on goes with the service that offers it");
    const rows = h.sql("SELECT b.id, b.service_id, b.starts_at >= a.ends_at FROM app.appointment a JOIN app.appointment b ON b.tenant_id = a.tenant_id AND b.group_id = a.group_id AND b.id <> a.id WHERE a.id = :'v1'", r.location.slice(14));
    assert.deepEqual(rows.map(([, s, after]) => [s, after]), [[services[1], "t"]]);
    const page = await v.get(r.location);
    assert.ok(page.text.includes(`/appointments/${rows[0][0]}"`));
    assert.match((await v.get(`/day/${on}?location=${place}`)).text.split("<li ").find((x) => x.includes(rows[0][0])), /One of several/);
    // moved as a whole: shown first, then done; each part as much later
    const parts = () => h.sql("SELECT extract(epoch FROM starts_at)::bigint FROM app.appointment WHERE group_id = (SELECT group_id FROM app.appointment WHERE id = :'v1') ORDER BY group_position", rows[0][0]).map(([s]) => Number(s));
    const before = parts(), own = h.one("SELECT staff_id FROM app.appointment WHERE id = :'v1'", rows[0][0]);
    const night = await v.get(`/appointments/${rows[0][0]}/move?day=${on}&time=23:00&whole=1&staff_id=${own}`);
    assert.match(night.text, /The parts of this visit cannot be done one after the other at this time by the same people[\s\S]*Free near it/);
    const asked = await v.get(h.decode(night.text.match(/href="(\/appointments\/[^"]*\/move\?day=[^"]*&amp;whole=1)"/)[1]));
    assert.match(asked.text, /name="whole" value="1" checked/);
    assert.match(asked.text, /This time is free/);
    const values = h.formOf(asked.text, /\/move$/).values;
    assert.equal((await v.post(`/appointments/${rows[0][0]}/move`, { ...values, time: "23:00", quiet: "1" })).status, 422);
    const moved = await v.post(`/appointments/${rows[0][0]}/move`, { ...values, idem: h.uuid(), quiet: "1" });
    assert.deepEqual([moved.status, moved.location], [303, r.location], errors(moved));
    const after = parts();
    assert.equal(h.one("SELECT to_char(to_timestamp(:v1) AT TIME ZONE :'v2', 'YYYY-MM-DD HH24:MI')", after[1], zone), `${values.day} ${values.time}`);
    assert.deepEqual(after.map((s, i) => s - before[i]), [after[0] - before[0], after[0] - before[0]]);
    assert.notEqual(after[0], before[0]);
  });

  test("B-01 B-09: a room is chosen with a move, and refused in words when it is taken or not for this", async () => {
    const v = await h.staff("glow", "front-desk"), [staff_id, on, time] = free(155), rooms = [h.uuid(), h.uuid(), h.uuid()], service = h.uuid();
    h.sql(`${as} INSERT INTO app.service (id, name, category, duration_min, price_cents, is_online, position) VALUES (:'v2', 'Zz roomy', 'Zz', 30, 0, false, 991);
      INSERT INTO app.service_staff (service_id, staff_id) VALUES (:'v2', :'v3');
      INSERT INTO app.resource (id, kind, name, location_id, position) SELECT r, 'room', 'Zz room ' || n, :'v5', 990 + n FROM unnest(:'v4'::uuid[]) WITH ORDINALITY AS u (r, n);
      INSERT INTO app.service_room (service_id, resource_id) SELECT :'v2', r FROM unnest((:'v4'::uuid[])[1:2]) AS r`, glow(), service, staff_id, `{${rooms.join(",")}}`, place);
    try {
      const id = (await send(v, { service_id: service, staff_id, day: on, time })).location.slice(14), room = () => h.one("SELECT room_id FROM app.appointment WHERE id = :'v1'", id);
      assert.equal(room(), rooms[0]);
      const page = await v.get(`/appointments/${id}/move?day=${on}&time=${time}&room_id=${rooms[1]}&back=rooms`), values = h.formOf(page.text, /\/move$/).values;
      assert.match(page.text, /in Zz room 2<[\s\S]*This time is free/);
      assert.deepEqual([values.room_id, /Zz room 3/.test(page.text)], [rooms[1], false]);
      const r = await v.post(`/appointments/${id}/move`, { ...values, quiet: "1" });
      assert.equal(r.location, `/rooms/${on}?location=${place}`, errors(r));
      assert.equal(room(), rooms[1]);
      const column = (await v.get(r.location)).text.split('<section class="day-col">').find((s) => s.includes("Zz room 2"));
      assert.ok(column.includes(id) && column.includes(`data-unit="${rooms[1]}"`));
      h.sql(`${as} INSERT INTO app.slot (appointment_id, resource_id, during, state) SELECT id, :'v3', tstzrange(starts_at, ends_at), 'booked' FROM app.appointment WHERE id = :'v2'`, glow(), id, rooms[0]); // somebody else's, for the test
      h.sql(`SET session_replication_role = replica; UPDATE app.slot SET appointment_id = (SELECT a.id FROM app.appointment a WHERE a.tenant_id = :'v3' AND a.id <> :'v1' AND a.status = 'booked' LIMIT 1) WHERE appointment_id = :'v1' AND resource_id = :'v2' AND state = 'booked'`, id, rooms[0], glow());
      const move = async (room_id) => v.post(`/appointments/${id}/move`, { ...await form(v, id, /\/move$/), day: on, time, room_id, quiet: "1" });
      assert.match((await v.get(`/appointments/${id}/move?day=${on}&time=${time}&room_id=${rooms[0]}`)).text, /Zz room 1 is taken at this time/);
      const taken = await move(rooms[0]), unfit = await move(rooms[2]);
      assert.deepEqual([taken.status, unfit.status, room()], [422, 422, rooms[1]]);
      assert.match(taken.text, /id="move-room-error">Zz room 1 is taken at this time\./);
      assert.match(unfit.text, /id="move-room-error">This service is not done in Zz room 3\./);
      assert.ok([404, 422].includes((await move(h.uuid())).status));
    } finally {
      h.sql("UPDATE app.resource SET is_active = false WHERE id = ANY (:'v1'::uuid[]); UPDATE app.service SET is_active = false WHERE id = :'v2'; DELETE FROM app.slot WHERE resource_id = :'v3' AND state = 'booked'", `{${rooms.join(",")}}`, service, rooms[0]);
    }
  });

  test("moved over another one by who may, with a reason; who may not is refused, and the trail has its own word for it", async () => {
    const v = await h.staff("glow", "front-desk"), w = await h.staff("glow", "owner"), [staff_id, on, time] = free(170);
    assert.equal((await send(v, { service_id: services[0], staff_id, day: on, time })).status, 303);
    const other = free(180), id = (await send(v, { service_id: services[0], staff_id: other[0], day: other[1], time: other[2] })).location.slice(14);
    const there = { staff_id, day: on, time, quiet: "1" };
    const taken = await w.post(`/appointments/${id}/move`, { ...await form(w, id, /\/move$/), ...there });
    assert.equal(taken.status, 422);
    assert.match(taken.text, /has another visit at this time/);
    assert.match(taken.text, new RegExp(`/appointments/${id}/move\\?day=`), "others are offered");
    assert.equal((await v.post(`/appointments/${id}/move/over`, { ...await form(v, id, /\/move$/), ...there, over_reason: "Twins" })).status, 403);
    const r = await w.post(`/appointments/${id}/move/over`, { ...await form(w, id, /\/move$/), ...there, over_reason: "Twins who come together", back: "week" });
    assert.equal(r.location, `/week/${on}?location=${place}&staff=${staff_id}`);
    assert.ok(h.trail(r.id).some((e) => e.action === "appointment.over" && e.clients.includes(client)));
    assert.match((await w.get(r.location)).text.split("<li ").find((x) => x.includes(id)), /is-over[\s\S]*Overbooked/);
  });

  test("a rule that is let pass, and a visit that was looked at again", async () => {
    const v = await h.staff("glow", "front-desk"), [staff_id, on, time] = free(190);
    const id = (await send(v, { service_id: services[0], staff_id, day: on, time })).location.slice(14);
    h.sql(`${as} UPDATE app.appointment SET deposit_cents = 5000, asks_look = 'due_date' WHERE id = :'v2'`, glow(), id);
    const marks = async () => (await v.get(`/day/${on}?location=${place}`)).text.split("<li ").find((x) => x.includes(id)).match(/class="marks">([^<]*)/)?.[1] ?? "";
    assert.match(await marks(), /Look again: the due date changed · Deposit due/);
    assert.equal((await v.post(`/appointments/${id}/waive`, { ...await form(v, id, /\/waive$/), what: "deposit", why: "" })).status, 422);
    assert.equal((await v.post(`/appointments/${id}/waive`, { ...await form(v, id, /\/waive$/), what: "deposit", why: "A guest of the house" })).location, `/appointments/${id}`);
    assert.equal((await v.post(`/appointments/${id}/looked`, await form(v, id, /\/looked$/))).location, `/appointments/${id}`);
    assert.equal(await marks(), "");
    assert.match((await v.get(`/appointments/${id}`)).text, /Need not pay a deposit: A guest of the house/);
  });
});
