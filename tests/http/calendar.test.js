// calendar.test.js -- the day by provider, an appointment's way through it, booking at the desk.
"use strict";
const { test, describe } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");

const glow = () => h.tenantId("glow");
const place = (n = 1) => h.sql(`SELECT id, zone FROM app.location WHERE tenant_id = :'v1' AND is_active ORDER BY position, name`, glow())[n - 1];
// A free start of an online service, some days ahead: [service, location, staff, "YYYY-MM-DD", "HH:MM"].
function freeTimes(days, n = 1) {
  return h.sql(`BEGIN; SET LOCAL client_min_messages = error;
    SELECT set_config('foyer.tenant_id', :'v1', true), set_config('foyer.actor_kind', 'job', true) \\g /dev/null
    SELECT s.id, l.id, f.staff_id, to_char(f.starts_local, 'YYYY-MM-DD'), to_char(f.starts_local, 'HH24:MI')
    FROM (SELECT id FROM app.service WHERE tenant_id = :'v1' AND is_active AND is_online ORDER BY position LIMIT 1) s,
         (SELECT id FROM app.location WHERE tenant_id = :'v1' ORDER BY position LIMIT 1) l,
         LATERAL app.availability(s.id, l.id, NULL, current_date + :v2, current_date + :v2 + 14) f
    ORDER BY f.starts_at, f.staff_id LIMIT :v3; ROLLBACK;`, glow(), days, n).filter((r) => r.length === 5);
}
const someClient = (skip = 0) => h.sql(`SELECT id, name FROM app.client WHERE tenant_id = :'v1' AND is_active AND email IS NOT NULL
  ORDER BY id OFFSET :v2 LIMIT 1`, glow(), skip)[0];
const appointment = (id) => h.sql(`SELECT status, version, to_char(starts_at AT TIME ZONE l.zone, 'YYYY-MM-DD HH24:MI'), staff_id
  FROM app.appointment a JOIN app.location l ON l.id = a.location_id WHERE a.id = :'v1'`, id)[0];

// Sends the form that books (the page has another that searches, with the same action).
async function sendNew(v, target, values) {
  const page = (await v.get(target)).text;
  const form = h.formOf(page.slice(page.indexOf('<form class="form" method="post"')), "/appointments/new");
  return v.post("/appointments/new", { ...form.values, ...values });
}
async function bookAtTheDesk(v, client, free) {
  const [service_id, location_id, staff_id, day, time] = free;
  return sendNew(v, `/appointments/new?client_id=${client}&day=${day}&location_id=${location_id}`,
    { service_id, location_id, staff_id, day, time });
}

describe("the day", () => {
  test("/ opens where the person works; the calendar opens today by the place's own clock", async () => {
    const v = await h.staff("glow", "front-desk");
    const home = await v.get("/");
    assert.equal(home.status, 303);
    assert.equal(home.location, "/calendar");
    const [id, zone] = place(2);
    const r = await v.get(`/calendar?location=${id}`);
    const today = h.one(`SELECT to_char(now() AT TIME ZONE :'v1', 'YYYY-MM-DD')`, zone);
    assert.equal(r.location, `/day/${today}?location=${id}`);
    assert.equal((await (await h.staff("glow", "auditor")).get("/")).location, "/audit");
    assert.equal((await (await h.staff("ops", "operator")).get("/")).location, "/demos");
  });

  test("L18 L12: it names exactly the clients shown in the trail, and shows what they are allergic to", async () => {
    const v = await h.staff("glow", "front-desk");
    const [id, zone] = place();
    const day = h.one(`SELECT to_char(a.starts_at AT TIME ZONE :'v3', 'YYYY-MM-DD') FROM app.appointment a
      JOIN app.allergy y ON y.client_id = a.client_id AND y.ended_at IS NULL
      WHERE a.tenant_id = :'v1' AND a.location_id = :'v2' AND a.status = 'booked' ORDER BY a.starts_at DESC LIMIT 1`, glow(), id, zone);
    const r = await v.get(`/day/${day}?location=${id}`);
    assert.equal(r.status, 200);
    assert.match(r.text, /Allergy: \w+/);
    const shown = new Set([...r.text.matchAll(/\/appointments\/([0-9a-f-]{36})"/g)].map(([, a]) => a));
    const expected = h.sql(`SELECT DISTINCT client_id FROM app.appointment WHERE id = ANY (:'v1'::uuid[]) AND client_id IS NOT NULL`,
      `{${[...shown].join(",")}}`).map(([c]) => c).sort();
    const row = h.trail(r.id).find((e) => e.action === "calendar.read");
    assert.deepEqual([...row.clients].sort(), expected);
    const all = h.one(`SELECT count(*) FROM app.appointment WHERE tenant_id = :'v1' AND location_id = :'v2' AND status NOT IN ('expired', 'held')
      AND (starts_at AT TIME ZONE :'v3')::date = :'v4'`, glow(), id, zone, day);
    assert.equal(shown.size, Number(all), "not every visit of the day is shown");
  });

  test("what workers keep of a studio's set-up is never older than the page: its places, hours and services", async () => {
    const v = await h.staff("glow", "front-desk");
    const [id, zone] = place();
    const day = h.one(`SELECT to_char(a.starts_at AT TIME ZONE :'v3', 'YYYY-MM-DD') FROM app.appointment a
      WHERE a.tenant_id = :'v1' AND a.location_id = :'v2' AND a.status = 'booked' ORDER BY a.starts_at DESC LIMIT 1`, glow(), id, zone);
    const target = `/day/${day}?location=${id}`;
    const look = () => Promise.all(Array.from({ length: 40 }, () => v.get(target)));
    const change = (name, service) => {
      h.sql("UPDATE app.location SET name = :'v2' WHERE id = :'v1'", id, name);
      h.sql("UPDATE app.service SET name = name || :'v2' WHERE tenant_id = :'v1'", glow(), service);
    };
    const [before, plain] = [h.one("SELECT name FROM app.location WHERE id = :'v1'", id), (await look())[0].text];
    const services = () => h.sql("SELECT name FROM app.service WHERE tenant_id = :'v1'", glow()).map(([n]) => n);
    try {
      change("Somewhere else entirely", " (new)");
      for (const r of await look()) {
        assert.equal(r.status, 200);
        assert.match(r.text, /Times at Somewhere else entirely/);
        assert.doesNotMatch(r.text, new RegExp(`Times at ${before}`));
        assert.match(r.text, /\(new\)/);
      }
    } finally {
      change(before, "");
      for (const name of services()) h.sql("UPDATE app.service SET name = :'v3' WHERE tenant_id = :'v1' AND name = :'v2'", glow(), name, name.replace(/( \(new\))+$/, ""));
    }
    const strip = (t) => t.replace(/(value|data-left)="[^"]*"/g, "");
    for (const r of await look()) assert.equal(strip(r.text), strip(plain));
  });

  test("a change between the two halves of a page, of which one was asked for again, is not kept as it was before", async () => {
    const v = await h.staff("glow", "front-desk");
    const [id] = place();
    const day = h.one(`SELECT to_char(d, 'YYYY-MM-DD') FROM generate_series(current_date + 400, current_date + 406, interval '1 day') AS d
      WHERE EXISTS (SELECT FROM app.shift s JOIN app.staff f ON f.tenant_id = s.tenant_id AND f.id = s.staff_id
        WHERE s.tenant_id = :'v1' AND s.location_id = :'v2' AND s.weekday = date_part('dow', d) AND f.title <> ''
          AND s.valid_from <= d AND (s.valid_to IS NULL OR s.valid_to >= d)) LIMIT 1`, glow(), id);
    const target = `/day/${day}?location=${id}`;
    const look = (path) => Promise.all(Array.from({ length: 40 }, () => v.get(path)));
    const title = (to) => h.sql("UPDATE app.staff SET title = :'v2' WHERE tenant_id = :'v1' AND title = :'v3'", glow(), ...to);
    const was = h.one(`SELECT f.title FROM app.staff f JOIN app.shift s ON s.tenant_id = f.tenant_id AND s.staff_id = f.id
      WHERE f.tenant_id = :'v1' AND s.location_id = :'v2' AND f.title <> '' AND s.weekday = date_part('dow', :'v3'::date)
        AND s.valid_from <= :'v3' AND (s.valid_to IS NULL OR s.valid_to >= :'v3') LIMIT 1`, glow(), id, day);
    // Services of another day are kept by every worker, and then no longer true; the people of this day are kept by none.
    await look(`/day/${h.one("SELECT to_char(current_date + 410, 'YYYY-MM-DD')")}?location=${id}`);
    h.sql("UPDATE app.service SET position = position WHERE tenant_id = :'v1'", glow());
    const release = await h.lockTable("app.client");
    try {
      const asked = v.get(target); // has read who works, and waits for whom they treat
      for (let i = 0; i < 60 && h.one("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'app.client'::regclass") === "0"; i++)
        await new Promise((r) => setTimeout(r, 25));
      title(["Keeper of bees", was]);
      await release();
      assert.equal((await asked).status, 200);
      for (const r of await look(target)) assert.ok(r.text.includes("Keeper of bees"), `${was} of ${day}: ${r.text.match(/day-name">[^/]*/g)}`);
    } finally {
      await release();
      title([was, "Keeper of bees"]);
    }
  });

  test("a day on which nobody works and nobody comes says so; a visit that was called off makes no column", async () => {
    const v = await h.staff("glow", "front-desk");
    const free = "2027-03-05", [, zone] = place();
    const id = h.one("INSERT INTO app.location (tenant_id, name, zone, position) VALUES (:'v1', 'A place without hours', :'v2', 99) RETURNING id", glow(), zone);
    const target = `/day/${free}?location=${id}`;
    const columns = (r) => (r.text.match(/class="day-col"/g) || []).length;
    const empty = await v.get(target);
    assert.match(empty.text, /Nobody works at/);
    assert.equal(columns(empty), 0);
    const visit = h.uuid();
    const as = "SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\n";
    h.sql(`${as} INSERT INTO app.appointment SELECT n.* FROM app.appointment a,
          jsonb_populate_record(a, jsonb_build_object('id', :'v2'::text, 'location_id', :'v3'::text, 'starts_at', (:'v4'::date + time '12:00') AT TIME ZONE :'v5',
            'ends_at', (:'v4'::date + time '12:30') AT TIME ZONE :'v5')) AS n
      WHERE a.tenant_id = :'v1' AND a.status = 'booked' LIMIT 1`, glow(), visit, id, free, zone);
    const there = await v.get(target);
    assert.doesNotMatch(there.text, /Nobody works at/);
    assert.equal(columns(there), 1);
    h.sql(`${as} UPDATE app.appointment SET status = 'cancelled', cancel_reason = 'client_asked' WHERE id = :'v2'`, glow(), visit);
    const off = await v.get(target);
    assert.equal(columns(off), 0);
    assert.ok(off.text.includes(visit), "what was called off stands below");
    h.sql("UPDATE app.location SET is_active = false WHERE id = :'v1'", id);
  });

  test("A-03 L18: a page whose trail does not name a client whom it shows is not sent", async () => {
    const v = await h.staff("glow", "front-desk");
    const [id, zone] = place();
    const [day, client] = h.sql(`SELECT to_char(a.starts_at AT TIME ZONE :'v3', 'YYYY-MM-DD'), c.name FROM app.appointment a JOIN app.client c ON c.id = a.client_id
      WHERE a.tenant_id = :'v1' AND a.location_id = :'v2' AND a.status = 'booked' ORDER BY a.starts_at DESC LIMIT 1`, glow(), id, zone)[0];
    const [good] = h.sql("SELECT translate(encode(convert_to(pg_get_functiondef('app.disclose_seen()'::regprocedure), 'UTF8'), 'base64'), E'\\n', '')")[0];
    try {
      h.sql(`CREATE OR REPLACE FUNCTION app.disclose_seen() RETURNS TABLE (client_id uuid, wrapped_key bytea) LANGUAGE sql SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $$ SELECT * FROM app.disclose((app.seen_clients())[2:]) $$`);
      const r = await v.get(`/day/${day}?location=${id}`);
      assert.equal(r.status, 500);
      assert.ok(!r.text.includes(client), "a client whom the trail does not name was shown");
    } finally {
      h.sql(Buffer.from(good, "base64").toString("utf8"));
    }
    assert.equal((await v.get(`/day/${day}?location=${id}`)).status, 200);
  });

  test("B12: the day of a change of the clock has its own length", async () => {
    const v = await h.staff("glow", "front-desk");
    const [id] = place();
    for (const day of ["2026-11-01", "2027-03-14"]) assert.equal((await v.get(`/day/${day}?location=${id}`)).status, 200);
  });

  test("a day that is none, or another studio's place, is not found or empty", async () => {
    const v = await h.staff("glow", "front-desk");
    assert.equal((await v.get("/day/2026-13-45")).status, 404);
    const theirs = h.one(`SELECT id FROM app.location WHERE tenant_id = :'v1' LIMIT 1`, h.tenantId("first-light"));
    const r = await v.get(`/day/2026-11-23?location=${theirs}`);
    assert.match(r.text, /There is no such place/);
  });
});

describe("an appointment", () => {
  test("L09: booked at the desk, confirmed, moved; each step in its history with who did it", async () => {
    const v = await h.staff("glow", "front-desk"), since = h.one("SELECT clock_timestamp()");
    const [free, later] = [freeTimes(20)[0], freeTimes(40)[0]];
    const [client] = someClient(7);
    const booked = await bookAtTheDesk(v, client, free);
    assert.equal(booked.status, 303, booked.text.match(/class="error[^>]*>[^<]*/g)?.join());
    const id = booked.location.match(/^\/appointments\/([0-9a-f-]{36})$/)[1];
    assert.deepEqual(appointment(id).slice(0, 3), ["booked", "1", `${free[3]} ${free[4]}`]);
    assert.ok(h.trail(booked.id).some((e) => e.action === "appointment.create" && e.clients.includes(client)));

    const confirmed = await v.submit(`/appointments/${id}`, {}, { action: /\/status$/, extra: { status: "confirmed" } });
    assert.equal(confirmed.location, `/appointments/${id}`);
    const moved = await v.submit(`/appointments/${id}`, { day: later[3], time: later[4], staff_id: later[2] }, { action: /\/move$/ });
    assert.equal(moved.status, 303);
    assert.equal(appointment(id)[2], `${later[3]} ${later[4]}`);
    assert.ok(h.trail(moved.id).some((e) => e.action === "appointment.move" && e.clients.includes(client)));

    assert.deepEqual(h.sql(`SELECT kind FROM app.message WHERE client_id = :'v1' AND created_at > :'v2' AND kind IN ('booked', 'moved')
      ORDER BY kind`, client, since), [["booked"], ["moved"]], "the client is told of both");

    const page = (await v.get(`/appointments/${id}`)).text;
    const name = h.one(`SELECT name FROM app.staff WHERE tenant_id = :'v1' AND email_norm = :'v2'`, glow(), h.staffOf("glow", "front-desk").email);
    const history = page.slice(page.indexOf(">History<"));
    for (const word of ["Booked", "Confirmed", "Moved"]) assert.ok(history.includes(word), word);
    assert.equal(history.split(h.decode(name)).length - 1, 3, "each step names who did it");
  });

  test("a time that is taken is refused beside its field, nearest free ones are offered, and one of them books", async () => {
    const v = await h.staff("glow", "front-desk");
    const free = freeTimes(25)[0];
    assert.equal((await bookAtTheDesk(v, someClient(11)[0], free)).status, 303);
    const again = await bookAtTheDesk(v, someClient(12)[0], free);
    assert.equal(again.status, 422);
    assert.match(again.text, /id="at-time-error">Nobody is free at this time/);
    assert.match(again.text, new RegExp(`value="${free[3]}"`), "what was typed is kept");
    const offered = [...again.text.matchAll(/name="starts_at" value="([^"]+)"/g)].map(([, t]) => t);
    assert.ok(offered.length > 0 && !offered.includes(`${free[3]}T${free[4]}`));
    const form = h.formOf(again.text, "/appointments/new");
    const taken = await v.post("/appointments/new", { ...form.values, starts_at: offered[0] });
    assert.equal(taken.status, 303);
    assert.equal(appointment(taken.location.slice(14))[2], offered[0].replace("T", " "));
  });

  test("two people move the same visit: the second is told, nothing is overwritten", async () => {
    const v = await h.staff("glow", "front-desk"), w = await h.staff("glow", "owner");
    const [free, one, two] = [freeTimes(30)[0], freeTimes(44)[0], freeTimes(46)[0]];
    const id = (await bookAtTheDesk(v, someClient(13)[0], free)).location.slice(14);
    const page = await w.get(`/appointments/${id}`);
    assert.equal((await v.submit(`/appointments/${id}`, { day: one[3], time: one[4], staff_id: one[2] }, { action: /\/move$/ })).status, 303);
    const stale = h.formOf(page.text, /\/move$/);
    const r = await w.post(stale.action, { ...stale.values, day: two[3], time: two[4], staff_id: two[2] });
    assert.equal(r.status, 422);
    assert.match(r.text, /Somebody else has changed this appointment/);
    assert.equal(appointment(id)[2], `${one[3]} ${one[4]}`);
  });

  test("cancelled with a reason: the time is free again, the reason is in the history; without one it is asked for", async () => {
    const v = await h.staff("glow", "front-desk");
    const free = freeTimes(33)[0], client = someClient(14)[0];
    const id = (await bookAtTheDesk(v, client, free)).location.slice(14);
    const asked = await v.submit(`/appointments/${id}`, { reason: "" }, { action: /\/cancel$/ });
    assert.equal(asked.status, 422);
    assert.match(asked.text, /Please say why/);
    const r = await v.submit(`/appointments/${id}`, { reason: "client_ill", quiet: "1" }, { action: /\/cancel$/ });
    assert.equal(r.status, 303);
    assert.equal(appointment(id)[0], "cancelled");
    assert.equal(h.one(`SELECT count(*) FROM app.message WHERE dedupe_key LIKE 'cancelled-' || :'v1' || '%'`, id), "0", "told although the form said not to");
    assert.match((await v.get(`/appointments/${id}`)).text, /Client ill/);
    assert.equal((await bookAtTheDesk(v, client, free)).status, 303, "the time is not free again");
  });

  test("only legal steps: a visit that is done cannot be checked in", async () => {
    const v = await h.staff("glow", "front-desk");
    const id = h.one(`SELECT id FROM app.appointment WHERE tenant_id = :'v1' AND status = 'done' LIMIT 1`, glow());
    const page = await v.get(`/appointments/${id}`);
    assert.doesNotMatch(page.text, /value="arrived"/);
    const { values } = h.formOf(page.text, /\/status$/);
    const r = await v.post(`/appointments/${id}/status`, { ...values, status: "arrived" });
    assert.equal(r.status, 422);
    assert.match(r.text, /An appointment that is done cannot become arrived/);
  });

  test("checked in from today's arrivals, and on to the room", async () => {
    const v = await h.staff("glow", "front-desk");
    const [location, zone] = place();
    const today = h.one(`SELECT to_char(now() AT TIME ZONE :'v1', 'YYYY-MM-DD')`, zone);
    const first = () => h.one(`SELECT id FROM app.appointment WHERE tenant_id = :'v1' AND location_id = :'v2' AND status IN ('booked', 'confirmed')
      AND (starts_at AT TIME ZONE :'v3')::date = :'v4' ORDER BY starts_at LIMIT 1`, glow(), location, zone, today);
    if (!first()) // in the evening: somebody who comes another day is expected at eleven
      h.sql(`BEGIN; SET LOCAL session_replication_role = replica;
        CREATE TEMP TABLE late ON COMMIT DROP AS SELECT a.id, (:'v4'::date + time '23:00') AT TIME ZONE :'v3' - a.starts_at AS later FROM app.appointment a
          WHERE a.tenant_id = :'v1' AND a.location_id = :'v2' AND a.status = 'booked' AND a.starts_at > now() AND a.series_id IS NULL AND a.group_id IS NULL ORDER BY a.starts_at LIMIT 1;
        UPDATE app.slot t SET during = tstzrange(lower(t.during) + l.later, upper(t.during) + l.later) FROM late l WHERE t.appointment_id = l.id;
        UPDATE app.appointment a SET starts_at = a.starts_at + l.later, ends_at = a.ends_at + l.later FROM late l WHERE a.id = l.id; COMMIT`, glow(), location, zone, today);
    const id = first();
    assert.ok(id);
    const day = `/day/${today}?location=${location}`;
    for (const [button, status] of [["arrived", "arrived"], ["in_room", "in_room"]]) {
      const page = await v.get(day);
      const form = [...page.text.matchAll(/<form[^>]*arrivals[^>]*>[\s\S]*?<\/form>/g)].map(([f]) => f)
        .find((f) => f.includes(`name="status" value="${button}"`));
      assert.ok(form.includes(`value="${id}"`), `no button to set ${status}`);
      const r = await v.post(`/day/${today}/arrivals`, { ...h.formOf(form).values, appointment_id: id });
      assert.equal(r.location, day);
      assert.equal(appointment(id)[0], status);
    }
  });

  test("a role without booking_write sees the day but changes nothing", async () => {
    const v = await h.staff("glow", "biller");
    const id = h.one(`SELECT id FROM app.appointment WHERE tenant_id = :'v1' AND status = 'booked' AND starts_at > now() LIMIT 1`, glow());
    const page = await v.get(`/appointments/${id}`);
    assert.equal(page.status, 200);
    assert.doesNotMatch(page.text, /\/(status|move|cancel)"/);
    const { values } = h.formOf(page.text, "/logout");
    assert.equal((await v.post(`/appointments/${id}/cancel`, { ...values, reason: "other", version: 1 })).status, 403);
  });

  test("the same booking sent twice is one booking", async () => {
    const v = await h.staff("glow", "front-desk");
    const [service_id, location_id, staff_id, day, time] = freeTimes(36)[0];
    const [client_id] = someClient(15);
    const page = await v.get(`/appointments/new?client_id=${client_id}`);
    const body = { ...h.formOf(page.text, "/appointments/new").values, service_id, location_id, staff_id, day, time };
    const [a, b] = await Promise.all([v.post("/appointments/new", body), v.post("/appointments/new", body)]);
    assert.equal(a.status, 303);
    assert.equal(a.location, b.location);
  });

  test("a new client is made with the booking, or neither", async () => {
    const v = await h.staff("glow", "front-desk");
    const [service_id, location_id, staff_id, day, time] = freeTimes(38)[0];
    const name = `Desk ${h.uuid()}`;
    const body = { name, phone: "212 555 0143", service_id, location_id, staff_id, day, time };
    const bad = await sendNew(v, "/appointments/new", { ...body, phone: "212 055 0143" });
    assert.equal(bad.status, 422);
    assert.match(bad.text, /id="phone-error"/);
    assert.match(bad.text, new RegExp(`value="${name}"`));
    const r = await sendNew(v, "/appointments/new", body);
    assert.equal(r.status, 303);
    assert.deepEqual(h.sql(`SELECT phone, source FROM app.client WHERE name = :'v1'`, name), [["+12125550143", "staff"]]);
    const taken = await sendNew(v, "/appointments/new", { ...body, name: `${name} two` });
    assert.equal(taken.status, 422);
    assert.equal(h.one(`SELECT count(*) FROM app.client WHERE name = :'v1'`, `${name} two`), "0");
  });
});
