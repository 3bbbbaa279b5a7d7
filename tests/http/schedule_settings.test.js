// schedule_settings.test.js -- what a studio sets up of what can be booked and when: services, rooms, hours, weeks, time off,
// licences, rules; holiday files and calendars elsewhere, read from hostile bytes.
"use strict";
const { test, describe, before, after } = require("node:test");
const assert = require("node:assert/strict");
const http = require("node:http");
const h = require("./harness");

const tenant = () => h.tenantId("glow");
const within = (s) => h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', '${tenant()}', true); ${s} COMMIT;`);
const one = (s, ...v) => h.one(s, ...v);
const words = (html) => h.decode(html.slice(html.indexOf("<main")).replace(/<[^>]*>/g, " ")).replace(/\s+/g, " ");
let owner, place, person;
const email = `settings.${h.uuid()}@glow.example`;
before(async () => {
  owner = await h.staff("glow", "owner");
  place = one("SELECT id FROM app.location WHERE tenant_id = :'v1' ORDER BY position LIMIT 1", tenant());
  // somebody of our own, so that nobody else's week is changed
  within(`INSERT INTO app.staff (name, email, is_provider) VALUES ('Settings Person', '${email}', true);`);
  person = one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email = :'v2'", tenant(), email);
});
// Rules that are published stay for ever, and would have to be accepted in every booking of the tests after this.
const newest = () => h.sql("SELECT coalesce(max(version), 0) FROM app.booking_rule WHERE tenant_id = :'v1'", tenant())[0][0];
let rules;
before(() => { rules = newest(); });
after(() => h.sql("SET session_replication_role = replica; DELETE FROM app.booking_rule WHERE tenant_id = :'v1' AND version > :'v2'::int", tenant(), rules));
after(() => within(`UPDATE app.staff SET is_active = false WHERE id = '${person}'; DELETE FROM app.closure WHERE reason LIKE 'T14 %';`));

async function send(v, page, action, values) {
  const form = h.formOf((await v.get(page)).text, action);
  return v.post(action, { ...form.values, ...values });
}

describe("B14: what can be booked", () => {
  let service;
  test("a new service with all that it asks for; the trail says so; the form shows it again", async () => {
    const room = one("SELECT id FROM app.resource WHERE tenant_id = :'v1' AND kind = 'room' ORDER BY id LIMIT 1", tenant());
    const name = `Scan ${h.uuid()}`;
    const r = await send(owner, "/settings/services/new", "/settings/services/new", { name, category: "Scans", price: "$1,120.50", deposit: "20", duration_min: "40", before_min: "5", after_min: "10",
      week_from: "12", week_to: "16", licence: "Sonographer", people: [person], units: [room], color: "#7a6a9a", notice_hours: "24", new_client_rule: "new", step_min: "20" });
    assert.equal(r.status, 303, words(r.text));
    service = r.location.match(/services\/([0-9a-f-]{36})/)[1];
    assert.ok(h.trail(r.id).some((e) => e.action === "service.create"));
    assert.deepEqual(h.sql("SELECT price_cents, deposit_cents, min_notice_min, week_from, week_to, licence, new_client_rule, step_min, is_online FROM app.service WHERE id = :'v1'", service)[0],
      ["112050", "2000", "1440", "12", "16", "Sonographer", "new", "20", "t"]);
    assert.equal(one("SELECT count(*) FROM app.service_staff WHERE service_id = :'v1' AND staff_id = :'v2'", service, person), "1");
    const { values } = h.formOf((await owner.get(`/settings/services/${service}`)).text, `/settings/services/${service}`);
    assert.deepEqual([values.name, values.price, values.people, values.units, values.notice_hours], [name, "1120.50", person, room, "24"]);
  });
  test("what does not fit is told beside its field, and all that was typed is still there", async () => {
    const wrong = { price: ["ten", /such as 120/], deposit: ["5000", /at most the price/], color: ["#ffffff", /too light/], duration_min: ["4", /5 to 480/], week_to: ["11", /the first one first/] };
    for (const [field, [typed, said]] of Object.entries(wrong)) {
      const form = h.formOf((await owner.get(`/settings/services/${service}`)).text, `/settings/services/${service}`);
      const r = await owner.post(form.action, { ...form.values, description: "Typed before", [field]: typed, people: [] });
      assert.equal(r.status, 422, field);
      assert.match(h.decode(r.text.match(new RegExp(`id="${field}-error">([^<]*)`))?.[1] || ""), said, field);
      const again = h.formOf(r.text, form.action).values;
      assert.deepEqual([again[field], again.description, again.people], [typed, "Typed before", undefined]);
    }
    assert.match((await send(owner, `/settings/services/${service}`, `/settings/services/${service}`, { color: "#000000" })).text, /too dark/);
  });
  test("a change is kept, and nothing else with it", async () => {
    const path = `/settings/services/${service}`, all = () => h.sql("SELECT price_cents, deposit_cents, min_notice_min, week_from, week_to, licence, new_client_rule, step_min, is_online FROM app.service WHERE id = :'v1'", service)[0];
    const was = all();
    assert.equal((await send(owner, path, path, { description: "Changed by hand" })).status, 303);
    assert.equal(one("SELECT description FROM app.service WHERE id = :'v1'", service), "Changed by hand");
    assert.deepEqual(all(), was);
  });
  test("her own time and places; put away and brought back", async () => {
    const own = `/settings/services/${service}/people/${person}`;
    assert.equal((await send(owner, own, own, { own_min: "55", places: [place] })).status, 303);
    assert.deepEqual(h.sql("SELECT x.duration_min, p.location_id FROM app.service_staff x JOIN app.service_staff_place p USING (tenant_id, service_id, staff_id) WHERE x.service_id = :'v1'", service), [["55", place]]);
    for (const [put, is] of [["away", "f"], ["back", "t"]]) {
      assert.equal((await send(owner, `/settings/services/${service}`, `/settings/services/${service}/put`, { put })).status, 303);
      assert.equal(one("SELECT is_active FROM app.service WHERE id = :'v1'", service), is);
    }
  });
  test("add-ons go with services; rooms and devices stand somewhere and have a group", async () => {
    let r = await send(owner, "/settings/addons/new", "/settings/addons/new", { name: "Photo print", minutes: "5", price: "12", services: [service] });
    assert.equal(r.status, 303);
    const addon = r.location.match(/addons\/([0-9a-f-]{36})/)[1];
    assert.equal(one("SELECT count(*) FROM app.service_addon WHERE service_id = :'v1' AND addon_id = :'v2'", service, addon), "1");
    assert.equal((await send(owner, `/settings/addons/${addon}`, `/settings/addons/${addon}`, { services: [] })).status, 303);
    assert.equal(one("SELECT count(*) FROM app.service_addon WHERE addon_id = :'v1'", addon), "0");
    r = await send(owner, "/settings/rooms/new", "/settings/rooms/new", { name: `Probe ${h.uuid()}`, unit_kind: "device", location_id: place, unit_group: "Probe" });
    const unit = r.location.match(/rooms\/([0-9a-f-]{36})/)[1];
    assert.deepEqual(h.sql("SELECT kind, unit_group, location_id FROM app.resource WHERE id = :'v1'", unit), [["device", "Probe", place]]);
    assert.equal((await send(owner, `/settings/rooms/${unit}`, `/settings/rooms/${unit}`, { unit_group: "Probe, large" })).status, 303);
    assert.equal(one("SELECT unit_group FROM app.resource WHERE id = :'v1'", unit), "Probe, large");
    assert.equal((await send(owner, `/settings/rooms/${unit}`, `/settings/rooms/${unit}/put`, { put: "away" })).status, 303);
    assert.equal((await send(owner, `/settings/addons/${addon}`, `/settings/addons/${addon}/put`, { put: "away" })).status, 303);
    assert.equal(one("SELECT is_active FROM app.addon WHERE id = :'v1'", addon), "f");
    assert.equal(one("SELECT is_active FROM app.resource WHERE id = :'v1'", unit), "f");
    within(`UPDATE app.service SET is_active = false WHERE id = '${service}'; UPDATE app.addon SET is_active = false WHERE id = '${addon}';`);
  });
  test("T03: rows of another studio are not found, and cannot be named in a form", async () => {
    const theirs = h.tenantId("first-light"), its = (table, more = "true") => one(`SELECT id FROM app.${table} WHERE tenant_id = :'v1' AND ${more} LIMIT 1`, theirs);
    for (const path of [`/settings/services/${its("service")}`, `/settings/rooms/${its("resource", "kind = 'room'")}`, `/settings/hours/${its("location")}`, `/settings/people/${its("staff")}`])
      assert.equal((await owner.get(path)).status, 404, path);
    const r = await send(owner, `/settings/services/${service}`, `/settings/services/${service}`, { people: [its("staff")] });
    assert.equal(r.status, 422);
    assert.equal(one("SELECT count(*) FROM app.service_staff x JOIN app.service s ON s.id = x.service_id WHERE x.tenant_id <> s.tenant_id"), "0");
  });
});

describe("B14 L17: when", () => {
  test("hours are read as people write them, and refused in words", () => {
    const read = (typed) => h.sql("SELECT string_agg(to_char(starts, 'HH24:MI') || '-' || to_char(ends, 'HH24:MI'), ' ') FROM app.spans_or_refuse(:'v1', 'd1')", typed)[0]?.[0] || "";
    const good = { "9-13, 14-18": "09:00-13:00 14:00-18:00", "9 am - 1 pm, 2 - 6 pm": "09:00-13:00 14:00-18:00", "9-1pm": "09:00-13:00", "08:30 – 12:15": "08:30-12:15", "10 to 4pm": "10:00-16:00", "22-24": "22:00-24:00", "12 - 5 pm": "12:00-17:00", off: "", "": "", "9am-12pm and 1pm-5pm": "09:00-12:00 13:00-17:00" };
    for (const [typed, is] of Object.entries(good)) assert.equal(read(typed), is, typed);
    for (const typed of ["13-9", "9-13, 12-18", "25-26", "nine to five", "9", "9:75-10", "24-25", "13pm-14pm"]) assert.throws(() => read(typed), /Write hours|Hours begin/, typed);
  });
  test("opening hours and a closure, with the visits that are booked in it", async () => {
    const page = `/settings/hours/${place}`, was = h.sql("SELECT weekday, opens, closes FROM app.location_hours WHERE location_id = :'v1' ORDER BY 1, 2", place);
    const keep = h.formOf((await owner.get(page)).text, page).values;
    assert.equal((await send(owner, page, page, { d1: "8-20", d2: "8-12, 13-20", d0: "" })).status, 303);
    assert.deepEqual(h.sql("SELECT weekday, opens FROM app.location_hours WHERE location_id = :'v1' AND weekday IN (0, 1, 2) ORDER BY 1, 2", place), [["1", "08:00:00"], ["2", "08:00:00"], ["2", "13:00:00"]]);
    const bad = await send(owner, page, page, { d3: "20-8" });
    assert.equal(bad.status, 422);
    assert.match(bad.text, /id="d3-error">Hours begin before they end/);
    assert.equal(h.formOf(bad.text, page).values.d3, "20-8");
    assert.equal((await send(owner, page, page, keep)).status, 303);
    assert.deepEqual(h.sql("SELECT weekday, opens, closes FROM app.location_hours WHERE location_id = :'v1' ORDER BY 1, 2", place), was, "what the form shows is what is kept");
    const [from, to, end] = h.sql("SELECT current_date + 100, current_date + 101, current_date + 102")[0];
    assert.equal((await send(owner, "/settings/hours", "/settings/closures", { from_day: from, to_day: to, reason: "T14 works" })).status, 303);
    assert.deepEqual(h.sql("SELECT starts_local, ends_local, location_id IS NULL FROM app.closure WHERE reason = 'T14 works'"), [[`${from} 00:00:00`, `${end} 00:00:00`, "t"]]);
    assert.match(words((await owner.get("/settings/hours")).text), /T14 works/);
    const id = one("SELECT id FROM app.closure WHERE reason = 'T14 works'");
    const r = await send(owner, "/settings/hours", `/settings/closures/${id}/remove`, {});
    assert.equal(r.status, 303);
    assert.equal(one("SELECT count(*) FROM app.closure WHERE id = :'v1'", id), "0");
  });
  test("L17: a week from a day on ends the old one the day before; visits outside are listed before it is saved, and stay", async () => {
    const page = `/settings/people/${person}/week/${place}`;
    const today = one("SELECT (now() AT TIME ZONE zone)::date FROM app.location WHERE id = :'v1'", place);
    const all = Object.fromEntries([0, 1, 2, 3, 4, 5, 6].map((d) => [`d${d}`, "9-18"]));
    assert.equal((await send(owner, page, page, { ...all, since: today })).status, 303);
    // a visit a week from now, at ten
    within(`INSERT INTO app.appointment (client_id, service_id, staff_id, location_id, starts_at, ends_at, status)
      SELECT c.id, s.id, '${person}', l.id, ((now() AT TIME ZONE l.zone)::date + 7 + time '10:00') AT TIME ZONE l.zone, ((now() AT TIME ZONE l.zone)::date + 7 + time '10:30') AT TIME ZONE l.zone, 'booked'
      FROM app.location l, (SELECT id FROM app.client WHERE tenant_id = '${tenant()}' LIMIT 1) c, (SELECT id FROM app.service WHERE tenant_id = '${tenant()}' LIMIT 1) s WHERE l.id = '${place}';`);
    const visit = one("SELECT id FROM app.appointment WHERE staff_id = :'v1'", person);
    const since = one("SELECT (:'v1'::date + 3)::text", today);
    const late = Object.fromEntries([0, 1, 2, 3, 4, 5, 6].map((d) => [`d${d}`, "12-18"]));
    const warned = await send(owner, page, page, { ...late, since });
    assert.equal(warned.status, 422);
    assert.match(words(warned.text), /One visit that is booked would fall outside/);
    assert.ok(warned.text.includes(`/appointments/${visit}`), "the visit is not listed");
    assert.equal(h.formOf(warned.text, page).values.d3, "12-18");
    assert.equal(one("SELECT count(*) FROM app.shift WHERE staff_id = :'v1' AND valid_to IS NOT NULL", person), "0", "nothing was saved");
    assert.equal((await send(owner, page, page, { ...late, since, is_seen: "on" })).status, 303);
    assert.deepEqual(h.sql("SELECT DISTINCT starts, valid_from, coalesce(valid_to::text, '') FROM app.shift WHERE staff_id = :'v1' ORDER BY 2", person),
      [["09:00:00", today, one("SELECT (:'v1'::date - 1)::text", since)], ["12:00:00", since, ""]]);
    assert.equal(one("SELECT status FROM app.appointment WHERE id = :'v1'", visit), "booked");
    const before = await send(owner, page, page, { ...late, since: "2020-01-01" });
    assert.match(before.text, /id="since-error">Choose today or a later day/);
    // that one day she comes early after all
    const day = one("SELECT (:'v1'::date + 7)::text", today), days = `/settings/people/${person}/days`;
    assert.equal((await send(owner, days, days, { day, location_id: place, hours: "9:30-11" })).status, 303);
    assert.deepEqual(h.sql("SELECT day, starts, ends FROM app.shift_day WHERE staff_id = :'v1'", person), [[day, "09:30:00", "11:00:00"]]);
    const off = await send(owner, days, days, { day, location_id: place, hours: "" });
    assert.equal(off.status, 422);
    assert.ok(off.text.includes(`/appointments/${visit}`));
    assert.equal((await send(owner, `/settings/people/${person}`, `/settings/people/${person}/days/${day}/remove`, {})).status, 303);
    assert.equal(one("SELECT count(*) FROM app.shift_day WHERE staff_id = :'v1'", person), "0");
  });
  test("a licence, and the list of those that end", async () => {
    const page = `/settings/people/${person}/licences`, soon = one("SELECT (current_date + 20)::text");
    assert.equal((await send(owner, page, page, { kind: "Zz licence", number: "L-1", valid_to: soon })).status, 303);
    assert.match(words((await owner.get("/settings")).text), /Settings Person : Zz licence ends on/);
    const id = one("SELECT id FROM app.staff_licence WHERE staff_id = :'v1'", person);
    assert.equal((await send(owner, `/settings/people/${person}`, `${page}/${id}/remove`, {})).status, 303);
    assert.doesNotMatch(words((await owner.get("/settings")).text), /Zz licence ends on/);
  });
});

describe("B14 B15: time off is asked for, decided, told and then counts", () => {
  test("she asks, a decider sees her visits of that time, says yes; she is told, and only then it is approved", async () => {
    const her = await h.staff("glow", "provider"), email = h.staffOf("glow", "provider").email;
    const mine = one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email = :'v2'", tenant(), email);
    const first = one("SELECT (current_date + 700)::text"), last = one("SELECT (current_date + 704)::text");
    assert.equal((await send(her, "/time-off", "/time-off", { from_day: first, to_day: last, reason: "A wedding" })).status, 303);
    const id = one("SELECT id FROM app.time_off WHERE staff_id = :'v1' AND state = 'asked' ORDER BY asked_at DESC LIMIT 1", mine);
    assert.match(words((await her.get("/time-off")).text), /A wedding.*asked/);
    assert.equal((await her.get(`/settings/time-off/${id}`)).status, 403, "she does not decide");
    assert.match(words((await owner.get("/settings")).text), /to decide/);
    assert.match(words((await owner.get(`/settings/time-off/${id}`)).text), /A wedding/);
    const forms = (await owner.get(`/settings/time-off/${id}`)).text;
    const { values } = h.formOf(forms, `/settings/time-off/${id}`);
    const told = () => Number(one("SELECT count(*) FROM app.message WHERE to_staff = :'v1' AND kind = 'account_time_off'", mine)), before = told();
    const r = await owner.post(`/settings/time-off/${id}`, { ...values, new_state: "approved" });
    assert.equal(r.status, 303, words(r.text));
    assert.deepEqual(h.sql("SELECT state, decided_by IS NOT NULL FROM app.time_off WHERE id = :'v1'", id), [["approved", "t"]]);
    assert.equal(told(), before + 1, "she is told");
    const again = await owner.post(`/settings/time-off/${id}`, { ...values, idem: h.uuid(), new_state: "approved" });
    assert.equal(again.status, 422, "decided twice");
    assert.match(words((await her.get("/time-off")).text), /approved/);
    assert.equal((await send(her, "/time-off", `/time-off/${id}/withdraw`, {})).status, 303);
    assert.equal(one("SELECT state FROM app.time_off WHERE id = :'v1'", id), "withdrawn");
    // somebody else's is not hers to withdraw
    within(`INSERT INTO app.time_off (staff_id, starts_at, ends_at, state) VALUES ('${person}', now() + interval '800 days', now() + interval '801 days', 'asked');`);
    const other = one("SELECT id FROM app.time_off WHERE staff_id = :'v1'", person);
    const keys = h.formOf((await her.get("/time-off")).text, "/logout").values;
    assert.equal((await her.post(`/time-off/${other}/withdraw`, { ...keys, idem: h.uuid() })).status, 404);
    within(`DELETE FROM app.time_off WHERE id = '${other}';`);
  });
  test("it is entered for somebody, approved at once", async () => {
    assert.equal((await send(owner, "/settings/time-off", "/settings/time-off", { person_id: person, from_day: one("SELECT (current_date + 500)::text"), hours: "14-18" })).status, 303);
    assert.equal(one("SELECT state || ' ' || (ends_at - starts_at) FROM app.time_off WHERE staff_id = :'v1'", person), "approved 04:00:00");
  });
});

describe("L09 B14: rules of booking", () => {
  test("each change is a new version; two at once do not overwrite each other; clients' words stand beside", async () => {
    const first = h.formOf((await owner.get("/settings/rules")).text, "/settings/rules").values;
    const values = { ...first, cancel_hours: "24", move_hours: "12", max_moves: "2", late_minutes: "10", late_cancel: "25", no_show: "50.50", max_no_shows: "3" };
    assert.equal((await owner.post("/settings/rules", values)).status, 303);
    const version = Number(first.seen_version) + 1;
    assert.equal(one("SELECT late_cancel_cents || ' ' || no_show_cents FROM app.booking_rule WHERE tenant_id = :'v1' AND version = :'v2'", tenant(), version), "2500 5050");
    const page = words((await owner.get("/settings/rules")).text);
    assert.match(page, /You can cancel online until 24 hours before your visit\./);
    assert.match(page, /2 times at most\..*more than 10 minutes late.*may cost \$25\..*may cost \$50\.50\./);
    const late = await owner.post("/settings/rules", { ...values, idem: h.uuid(), cancel_hours: "1" });
    assert.equal(late.status, 422);
    assert.match(late.text, /Somebody else has just changed these rules/);
    // the demo's rules again, for whoever tests after this
    const { values: now } = h.formOf((await owner.get("/settings/rules")).text, "/settings/rules");
    assert.equal((await owner.post("/settings/rules", { ...first, seen_version: now.seen_version, csrf: now.csrf, idem: now.idem })).status, 303);
  });
});

// ---- calendar files ----

const calendar = (...lines) => ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", ...lines, "END:VCALENDAR", ""].join("\r\n");
const event = (...lines) => ["BEGIN:VEVENT", `UID:${h.uuid()}`, "DTSTAMP:20260101T000000Z", ...lines, "END:VEVENT"].join("\r\n");
async function upload(v, text, more = {}) {
  const { values } = h.formOf((await v.get("/settings/closures/import")).text, "/settings/closures/import");
  const mark = `x${h.uuid()}`, part = (name, value) => `--${mark}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const body = Buffer.concat([Buffer.from(Object.entries({ ...values, ...more }).map(([k, x]) => part(k, x)).join("")),
    Buffer.from(`--${mark}\r\nContent-Disposition: form-data; name="file"; filename="holidays.ics"\r\nContent-Type: text/calendar\r\n\r\n`), Buffer.from(text), Buffer.from(`\r\n--${mark}--\r\n`)]);
  return v.post("/settings/closures/import", body, { headers: { "Content-Type": `multipart/form-data; boundary=${mark}` } });
}

describe("B14 H-10: a holiday calendar is shown before it closes anything", () => {
  test("what it would close, once for each place and however often it is read", async () => {
    const year = new Date().getUTCFullYear() + 1;
    const text = calendar(event(`DTSTART;VALUE=DATE:${year}1224`, `DTEND;VALUE=DATE:${year}1226`, "SUMMARY:T14 Christmas", "TRANSP:TRANSPARENT"),
      event(`DTSTART;VALUE=DATE:${year - 20}0704`, "RRULE:FREQ=YEARLY", "SUMMARY:T14 Fourth of July"), event("DTSTART;VALUE=DATE:20010101", "SUMMARY:T14 long ago"));
    const seen = await upload(owner, text);
    assert.equal(seen.status, 200, words(seen.text));
    assert.match(words(seen.text), /T14 Fourth of July.*T14 Christmas/);
    assert.doesNotMatch(seen.text, /long ago/);
    assert.equal(one("SELECT count(*) FROM app.closure WHERE reason LIKE 'T14 %'"), "0", "nothing is closed yet");
    const { values } = h.formOf(seen.text, "/settings/closures/imported");
    assert.equal((await owner.post("/settings/closures/imported", values)).status, 303);
    const closed = () => h.sql("SELECT reason, starts_local, ends_local FROM app.closure WHERE reason LIKE 'T14 %' ORDER BY starts_local");
    const was = closed();
    assert.ok(was.some(([r, s, e]) => r === "T14 Christmas" && s === `${year}-12-24 00:00:00` && e === `${year}-12-26 00:00:00`), JSON.stringify(was));
    assert.ok(was.filter(([r]) => r === "T14 Fourth of July").length >= 1);
    const again = await upload(owner, text);
    assert.match(words(again.text), /T14 Christmas.*closed already/);
    assert.equal((await owner.post("/settings/closures/imported", h.formOf(again.text, "/settings/closures/imported").values)).status, 303);
    assert.deepEqual(closed(), was, "closed twice");
  });
  test("T12 H-10: hostile files end quickly, in words", async () => {
    const bomb = (rule) => calendar(event("DTSTART:19700101T000000Z", "DTEND:19700101T000100Z", `RRULE:${rule}`, "SUMMARY:T14 bomb"));
    const deep = "BEGIN:VCALENDAR\r\n" + "BEGIN:VEVENT\r\n".repeat(5000) + "END:VEVENT\r\n".repeat(5000);
    const hostile = {
      "too long": [`${calendar()}${"X".repeat(257 * 1024)}`, 422], "no calendar": ["hello", 422], "no text": [Buffer.from([0xff, 0xfe, 0, 1]), 422], "too many": [calendar(...Array.from({ length: 1001 }, () => event("DTSTART:20270101T000000Z"))), 422],
      deep: [deep, 422], "each second": [bomb("FREQ=SECONDLY"), 200], "never": [bomb("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"), 200], "never, yearly": [bomb("FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6"), 200],
      "a count": [bomb("FREQ=DAILY;COUNT=2000000000"), 200], "no zone": [calendar(event("DTSTART;TZID=Nowhere/Land:20270301T100000", "DTEND;TZID=Nowhere/Land:20270301T110000", "SUMMARY:T14 nowhere")), 200],
      "a zone that never ends": [calendar("BEGIN:VTIMEZONE", "TZID:Bad", "BEGIN:STANDARD", "DTSTART:16010101T000000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "RRULE:FREQ=SECONDLY", "END:STANDARD", "END:VTIMEZONE", event("DTSTART;TZID=Bad:20270301T100000", "DTEND;TZID=Bad:20270301T110000")), 200],
      "bad dates": [calendar(event("DTSTART:99999999T999999Z"), event("DTSTART;VALUE=DATE:20270230"), event("DTSTART:20270101T100000Z", "DURATION:-PT1H")), 200],
      markup: [calendar(event("DTSTART;VALUE=DATE:20270510", "SUMMARY:T14 <script>alert(1)</script>")), 200],
    };
    for (const [what, [text, status]] of Object.entries(hostile)) {
      const r = await upload(owner, text);
      assert.equal(r.status, status, `${what}: ${words(r.text).slice(0, 300)}`);
      assert.doesNotMatch(r.text.slice(r.text.indexOf("<main")), /<script>/, what);
    }
    const keys = h.formOf((await owner.get("/settings/hours")).text, "/logout").values;
    for (const found of ["[", "{}", "[1]", '[{"s":"x"}]', `[${"{},".repeat(4000)}{}]`]) {
      const r = await owner.post("/settings/closures/imported", { ...keys, idem: h.uuid(), found });
      assert.ok(r.status >= 400 && r.status < 500 || r.status === 303, `${found.slice(0, 20)}: ${r.status}`);
    }
    assert.equal(one("SELECT count(*) FROM app.closure WHERE reason LIKE 'T14 bomb'"), "0");
  });
});

describe("B14 L21: a calendar elsewhere is read as busy", () => {
  let server, base, text, etag = '"one"', asked = [], status = 200;
  const her = () => h.staff("glow", "provider");
  const mine = () => one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email = :'v2'", tenant(), h.staffOf("glow", "provider").email);
  before(async () => {
    server = http.createServer((req, res) => {
      asked.push({ url: req.url, match: req.headers["if-none-match"] });
      if (req.url.startsWith("/moved")) { res.writeHead(302, { location: "http://169.254.169.254/latest" }); res.end(); return; }
      if (req.headers["if-none-match"] === etag) { res.writeHead(304); res.end(); return; }
      res.writeHead(status, { "content-type": "text/calendar", etag });
      res.end(text);
    });
    await new Promise((r) => server.listen(0, "127.0.0.1", r));
    base = `http://localhost:${server.address().port}`;
  });
  after(() => { server.closeAllConnections(); server.close(); within(`DELETE FROM app.outside_calendar WHERE staff_id = '${mine()}';`); });
  const add = async (path) => {
    const v = await her(), { values } = h.formOf((await v.get("/account/calendars")).text, "/account/calendars");
    const r = await v.post("/account/calendars", { ...values, name: "Private", calendar_url: `${base}${path}` });
    assert.equal(r.status, 303, words(r.text));
    assert.ok(!r.location.includes("s3cret"));
    return one("SELECT id FROM app.outside_calendar WHERE staff_id = :'v1' ORDER BY created_at DESC LIMIT 1", mine());
  };
  // Until the job has read it (again).
  const read = async (id, since) => {
    for (let n = 0; n < 1200; n++) {
      // (its job is put off a moment after that, and cannot be asked for before)
      if (one("SELECT coalesce(c.tried_at > :'v2'::timestamptz, false) AND NOT EXISTS (SELECT FROM app.job j WHERE j.subject_id = c.id AND j.state = 'running') FROM app.outside_calendar c WHERE c.id = :'v1'", id, since) === "t") return;
      await new Promise((r) => setTimeout(r, 50));
    }
    throw new Error("it was never read");
  };
  const now = () => one("SELECT clock_timestamp()");
  const again = async (id) => { const t = now(); h.sql("UPDATE app.job SET run_at = now() - interval '1 second' WHERE subject_id = :'v1' AND state = 'ready'; NOTIFY foyer_jobs", id); await read(id, t); };
  const busy = (id, zone = "UTC") => h.sql("SELECT to_char(starts_at AT TIME ZONE :'v2', 'MM-DD HH24:MI'), to_char(ends_at AT TIME ZONE :'v2', 'MM-DD HH24:MI') FROM app.outside_busy WHERE calendar_id = :'v1' ORDER BY starts_at", id, zone);

  test("L21: series keep their wall time over both changes of the clock, in the zone's name, the file's own zone and none; moved, cancelled, free and all-day events", async () => {
    // The next Sunday in March, two weeks away at least, on which New York's clock goes forward; all is within two weeks of it. (Thirteen months are read.)
    const second = (y) => Date.UTC(y, 2, 14 - new Date(Date.UTC(y, 2, 14)).getUTCDay());
    const thisYear = new Date().getUTCFullYear(), turn = second(thisYear) - Date.now() > 16 * 86400000 ? second(thisYear) : second(thisYear + 1);
    const y = new Date(turn).getUTCFullYear(), on = (n) => new Date(turn + n * 86400000).toISOString().slice(5, 10);
    const d = (n, clock) => `${y}${on(n).replace("-", "")}T${clock}`;
    const zone = ["BEGIN:VTIMEZONE", "TZID:Eastern Standard Time", "BEGIN:STANDARD", "DTSTART:16011104T020000", "RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11", "TZOFFSETFROM:-0400", "TZOFFSETTO:-0500", "END:STANDARD",
      "BEGIN:DAYLIGHT", "DTSTART:16010311T020000", "RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3", "TZOFFSETFROM:-0500", "TZOFFSETTO:-0400", "END:DAYLIGHT", "END:VTIMEZONE"];
    const uid = h.uuid();
    text = calendar(...zone,
      // daily over the change: 09:00 there each day, the second moved to 15:00, the fourth cancelled
      ["BEGIN:VEVENT", `UID:${uid}`, `DTSTART;TZID=America/New_York:${d(-1, "090000")}`, `DTEND;TZID=America/New_York:${d(-1, "100000")}`, "RRULE:FREQ=DAILY;COUNT=4", `EXDATE;TZID=America/New_York:${d(2, "090000")}`, "END:VEVENT"].join("\r\n"),
      ["BEGIN:VEVENT", `UID:${uid}`, `RECURRENCE-ID;TZID=America/New_York:${d(0, "090000")}`, `DTSTART;TZID=America/New_York:${d(0, "150000")}`, `DTEND;TZID=America/New_York:${d(0, "160000")}`, "END:VEVENT"].join("\r\n"),
      event(`DTSTART;TZID=Eastern Standard Time:${d(-4, "120000")}`, `DTEND;TZID=Eastern Standard Time:${d(-4, "123000")}`, "RRULE:FREQ=WEEKLY;COUNT=2"),
      event(`DTSTART:${d(-12, "080000")}Z`, "DURATION:PT30M"), event(`DTSTART;VALUE=DATE:${d(-9, "").slice(0, 8)}`, "SUMMARY:A secret day"),
      event(`DTSTART:${d(-11, "080000")}Z`, `DTEND:${d(-11, "090000")}Z`, "TRANSP:TRANSPARENT"), event(`DTSTART:${d(-10, "080000")}Z`, `DTEND:${d(-10, "090000")}Z`, "STATUS:CANCELLED"));
    const t = now(), id = await add("/s3cret-token/calendar.ics");
    await read(id, t);
    assert.equal(one("SELECT coalesce(problem, 'none') FROM app.outside_calendar WHERE id = :'v1'", id), "none");
    const here = one("SELECT zone FROM app.tenant WHERE id = :'v1'", tenant());
    const local = busy(id, "America/New_York");
    assert.deepEqual(local.filter(([s]) => s >= on(-1) && !/ 12:00$/.test(s)), [[`${on(-1)} 09:00`, `${on(-1)} 10:00`], [`${on(0)} 15:00`, `${on(0)} 16:00`], [`${on(1)} 09:00`, `${on(1)} 10:00`]]);
    assert.deepEqual(local.filter(([s]) => / 12:00$/.test(s)).map(([s]) => s), [`${on(-4)} 12:00`, `${on(3)} 12:00`], "the zone that the file describes");
    assert.deepEqual(busy(id).filter(([s]) => s.startsWith(on(-12))), [[`${on(-12)} 08:00`, `${on(-12)} 08:30`]]);
    assert.deepEqual(busy(id, here).filter(([s]) => s.startsWith(on(-9))), [[`${on(-9)} 00:00`, `${on(-8)} 00:00`]]);
    assert.equal(busy(id).filter(([s]) => s.startsWith(on(-11)) || s.startsWith(on(-10))).length, 0);
    assert.equal(one("SELECT count(*) FROM app.outside_calendar WHERE encode(url_sealed, 'escape') LIKE '%s3cret%'"), "0", "its address is sealed");
    const page = await (await her()).get("/account/calendars");
    assert.doesNotMatch(page.text, /s3cret/);
    assert.match(words(page.text), /localhost · read/);
    assert.match(words((await owner.get(`/settings/people/${mine()}`)).text), /Calendar elsewhere: Private/);
  });
  test("it is asked again only whether it has changed; a problem keeps what was read, and says so; removed, all of it is gone at once", async () => {
    const id = one("SELECT id FROM app.outside_calendar WHERE staff_id = :'v1' LIMIT 1", mine()), n = busy(id).length;
    asked = [];
    await again(id);
    assert.equal(asked[0].match, '"one"');
    etag = '"two"'; status = 200; text = "<html>Log in</html>";
    await again(id);
    assert.equal(one("SELECT problem FROM app.outside_calendar WHERE id = :'v1'", id), "content");
    assert.equal(busy(id).length, n);
    assert.match(words((await (await her()).get("/account/calendars")).text), /not a calendar/);
    status = 500;
    await again(id);
    assert.equal(one("SELECT problem FROM app.outside_calendar WHERE id = :'v1'", id), "answer");
    status = 200; etag = '"three"'; text = calendar(event("DTSTART:20380101T000000Z", "DURATION:PT1H"));
    await again(id);
    assert.deepEqual([one("SELECT coalesce(problem, 'none') FROM app.outside_calendar WHERE id = :'v1'", id), busy(id).length], ["none", 0]);
    assert.equal((await send(await her(), "/account/calendars", `/account/calendars/${id}/remove`, {})).status, 303);
    assert.equal(one("SELECT count(*) FROM app.outside_busy WHERE calendar_id = :'v1'", id), "0");
  });
  test("H-14: an address inside, or one that leads inside, is not asked", async () => {
    const v = await her(), { values } = h.formOf((await v.get("/account/calendars")).text, "/account/calendars");
    for (const url of ["http://example.com/x.ics", "file:///etc/passwd", "https://user:pw@example.com/x", "gopher://x", "https://"]) {
      const r = await v.post("/account/calendars", { ...values, idem: h.uuid(), name: "Bad", calendar_url: url });
      assert.equal(r.status, 422, url);
      assert.ok(!r.text.includes(url), "the address is shown again");
    }
    const t = now(), id = await add("/moved");
    await read(id, t);
    assert.equal(one("SELECT problem FROM app.outside_calendar WHERE id = :'v1'", id), "address");
    const other = await h.staff("glow", "manager"), keys = h.formOf((await other.get("/account/calendars")).text, "/logout").values;
    assert.equal((await other.post(`/account/calendars/${id}/remove`, { ...keys, idem: h.uuid() })).status, 404, "it is not the manager's own");
    assert.equal((await send(owner, `/settings/people/${mine()}`, `/settings/people/${mine()}/calendars/${id}/remove`, {})).status, 303);
  });
});
