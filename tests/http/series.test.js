// series.test.js -- visits that repeat: looked at before they are booked, over both changes of the clock in two zones, with a
// conflict; split, exceptions, cancelled; told once. B-06 B-07 B14 L09 T28.
"use strict";
const { test, describe, before, after } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");
const k = require("./booking_client");

const york = h.uuid(), berlin = h.uuid(), year = new Date().getUTCFullYear() + 1;
let ny, de, desk, client, other;
// A corner with a provider who works around the clock at a place that is never closed: hours that the clock leaves out must not fail of
// a shift.
function at(c, place) {
  h.sql("UPDATE app.shift SET location_id = :'v2', starts = '00:00', ends = '23:45' WHERE tenant_id = :'v3' AND staff_id = :'v1'", c.people[0], place, c.tenant);
  return { ...c, place };
}
before(async () => {
  ny = k.corner("glow");
  h.sql("INSERT INTO app.location (tenant_id, id, name, zone, position) VALUES (:'v1', :'v2', 'Zz New York', 'America/New_York', 98), (:'v1', :'v3', 'Zz Berlin', 'Europe/Berlin', 99)", ny.tenant, york, berlin);
  de = at(k.corner("glow"), berlin);
  ny = at(ny, york);
  desk = await h.staff("glow", "front-desk");
  const somebody = (name) => h.addClient(desk, { name: `${name} ${h.uuid().slice(0, 8)}`, email: `${h.uuid()}@mail.example`, birth_date: "1990-01-01" });
  [client, other] = [await somebody("Series"), await somebody("Other")];
});
after(() => {
  k.close(ny); k.close(de);
  h.sql("UPDATE app.location SET is_active = false WHERE id IN (:'v1', :'v2')", york, berlin);
});

const address = (c, o) => `/series/new?${new URLSearchParams({ client_id: client, service_id: c.service, location_id: c.place, staff_id: c.people[0], every: 1, times: "", until: "", ...o })}`;
const picksOf = (form) => [...form.html.matchAll(/<select[^>]*name="pick"[\s\S]*?<\/select>/g)].map(([s]) =>
  ({ chosen: h.decode((s.match(/<option value="([^"]*)" selected/) || s.match(/<option value="([^"]*)"/))[1]), all: [...s.matchAll(/<option value="([^"]*)"/g)].map(([, v]) => h.decode(v)) }));
async function look(target) {
  const page = await desk.get(target);
  assert.equal(page.status, 200, page.text.match(/<h1>.*?<\/h1>/)?.[0]);
  const form = h.formOf(page.text, target.split("?")[0]);
  const post = [...page.text.matchAll(/<form\b[^>]*method="post"[^>]*>/g)].some(([t]) => t.includes(`"${target.split("?")[0]}"`));
  return { page, post, form };
}
// The second form of the page, by POST, with what is chosen in its selects.
function posted(page, path, picks) {
  const html = page.text.slice(page.text.indexOf("<form", page.text.search(new RegExp(`method="post" action="${path}"`)) - 60));
  const form = h.formOf(html, path);
  return { ...form.values, pick: picks || picksOf(form).map((p) => p.chosen) };
}
const book = async (c, o, more = {}, pick) => {
  const page = await desk.get(address(c, o));
  assert.equal(page.status, 200);
  const values = posted(page, "/series/new");
  if (pick) values.pick = pick(picksOf(h.formOf(page.text.slice(page.text.indexOf('method="post" action="/series/new"') - 60), "/series/new")), values.pick);
  return { page, values, reply: await desk.post("/series/new", { ...values, mode: "chosen", ...more }) };
};
// Somebody else's visit at a time, by a series of one.
const takeTime = async (c, day, time) => rows(idOf((await book(c, { client_id: other, day, time, times: 1 }, { quiet: "1" })).reply))[0][4];
const idOf = (r) => { assert.equal(r.status, 303, r.text.match(/class="error"[^>]*>[^<]*/g)?.join()); return r.location.match(/^\/series\/([0-9a-f-]{36})/)[1]; };
const rows = (id) => h.sql(`SELECT to_char(v.rule_at, 'YYYY-MM-DD"T"HH24:MI'), coalesce(extract(epoch FROM a.starts_at)::bigint::text, ''), coalesce(v.left_out, ''), coalesce(a.status, ''), coalesce(a.id::text, ''),
  (SELECT count(*) FROM app.slot t WHERE t.appointment_id = a.id AND t.state = 'booked')
  FROM app.series_visit v LEFT JOIN app.appointment a ON a.id = v.appointment_id WHERE v.series_id = :'v1' ORDER BY v.rule_at`, id);

// An expansion of its own: the instants at which a zone's clock shows a wall time, found by asking Intl; none, one or two.
function instants(zone, wall) {
  const f = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" });
  const naive = Date.parse(`${wall}:00Z`), found = [];
  for (let off = -14 * 60; off <= 14 * 60; off += 15) if (f.format(new Date(naive - off * 60000)).replace(" ", "T") === wall) found.push((naive - off * 60000) / 1000);
  return [...new Set(found)].sort((a, b) => a - b);
}
function expand(zone, first, time, every, n) {
  return Array.from({ length: n }, (_, i) => {
    const wall = `${new Date(Date.parse(`${first}T00:00Z`) + i * every * 7 * 86400000).toISOString().slice(0, 10)}T${time}`;
    return [wall, String(instants(zone, wall).at(-1) ?? "")]; // of two the second
  });
}
// The first Sunday, counted from 1, of a month.
const sunday = (month, nth) => { const d = new Date(Date.UTC(year, month - 1, 1)); d.setUTCDate(1 + ((7 - d.getUTCDay()) % 7) + (nth - 1) * 7); return d.toISOString().slice(0, 10); };
const lastSunday = (month) => { const d = new Date(Date.UTC(year, month, 0)); d.setUTCDate(d.getUTCDate() - d.getUTCDay()); return d.toISOString().slice(0, 10); };
const shift = (day, n) => new Date(Date.parse(`${day}T00:00Z`) + n * 86400000).toISOString().slice(0, 10);

describe("B-06 B-07: a series over both changes of the clock, in two zones, with one conflict", () => {
  for (const [zone, corner, spring] of [["America/New_York", () => ny, () => sunday(3, 2)], ["Europe/Berlin", () => de, () => lastSunday(3)]])
    test(`${zone}: the rows are those of an expansion by other means; each has its own slots; the conflict is left out with its reason`, async () => {
      const c = corner(), first = shift(spring(), -11), time = "10:00";
      const zoneThere = h.one("SELECT zone FROM app.location WHERE id = :'v1'", c.place);
      const wanted = expand(zoneThere, first, time, 2, 19), taken = wanted[4];
      await takeTime(c, taken[0].slice(0, 10), time);
      const { page, reply } = await book(c, { day: first, time, every: 2, until: shift(first, 18 * 14 + 3) });
      const body = page.text.slice(page.text.indexOf("<tbody>"));
      assert.match(body.slice(0, body.indexOf("</tr>")), /Not free/, "the conflict is not first");
      assert.equal(body.match(/Not free/g).length, 1);
      const name = h.one("SELECT name FROM app.client WHERE id = :'v1'", other);
      assert.ok(!h.decode(page.text).includes(name), "says whose visit it is");
      const id = idOf(reply), got = rows(id);
      assert.deepEqual(got.map(([wall, epoch]) => [wall, epoch]), wanted.map(([wall, epoch]) => [wall, wall === taken[0] ? "" : epoch]));
      assert.deepEqual(got.filter((x) => x[2]).map((x) => x[2]), ["taken"]);
      for (const x of got.filter((y) => y[4])) assert.ok(Number(x[5]) >= 1, "without a slot");
      assert.equal(h.one("SELECT count(DISTINCT to_char(a.starts_at AT TIME ZONE l.zone, 'HH24:MI')) FROM app.appointment a JOIN app.location l ON l.id = a.location_id WHERE a.series_id = :'v1'", id), "1");
      assert.ok(new Set(got.filter((x) => x[1]).map((x) => Number(x[1]) % 86400)).size >= 2, "the clock never changed");
      const shown = await desk.get(`/series/${id}`);
      assert.equal(shown.status, 200);
      assert.match(shown.text, /Left out: /);
    });
  test("a time that the clock leaves out is reported and left out, not moved; the one that it repeats is the second", async () => {
    const first = shift(sunday(3, 2), -7);
    const { page, reply } = await book(ny, { day: first, time: "02:30", times: 3 });
    assert.match(page.text, /No such time/);
    assert.match(page.text, /The clock is changed in this night/);
    const got = rows(idOf(reply));
    assert.deepEqual(got.map((x) => x[2]), ["", "clock", ""]);
    const fall = shift(sunday(11, 1), -7);
    const twice = rows(idOf((await book(ny, { day: fall, time: "01:30", times: 2 })).reply));
    assert.deepEqual(twice.map((x) => [x[0], x[1]]), expand("America/New_York", fall, "01:30", 1, 2));
    assert.equal(instants("America/New_York", twice[1][0]).length, 2);
  });
});

describe("B-06: the rules of a zone's clock change after it was booked", () => {
  test("its visits are marked, not moved; put back to their hour after a look, one kept and then not, by the change of a series that there is, and the series goes on", async () => {
    const id = idOf((await book(ny, { day: `${year}-09-08`, time: "20:15", times: 3 })).reply), was = rows(id);
    // as a database that knew other rules would have placed the second and the third
    k.within(ny.tenant, `SET session_replication_role = replica;
      UPDATE app.slot SET during = tstzrange(lower(during) - interval '1 hour', upper(during) - interval '1 hour') WHERE appointment_id IN (:'v1', :'v2');
      UPDATE app.appointment SET starts_at = starts_at - interval '1 hour', ends_at = ends_at - interval '1 hour' WHERE id IN (:'v1', :'v2');
      UPDATE app.series_visit SET rule_starts_at = rule_starts_at - interval '1 hour' WHERE appointment_id IN (:'v1', :'v2')`, was[1][4], was[2][4]);
    const shown = await desk.get(`/series/${id}`);
    assert.match(shown.text, /2 of its appointments now stand at another hour than 8:15 pm/);
    assert.equal(shown.text.match(/The rules of the clock have changed<\/span>/g).length, 2);
    assert.doesNotMatch(shown.text, /Changed singly/);
    const link = h.decode(shown.text.match(/href="(\/series\/[^"]*\/change\?scope=all[^"]*)"/)[1]);
    const list = await desk.get("/series/clock");
    assert.ok(list.text.includes(`/series/${id}/change`));
    assert.ok(h.trail(list.id).some((e) => e.clients.includes(client)));
    const page = await desk.get(link), path = `/series/${id}/change`, picks = picksOf(h.formOf(page.text.slice(page.text.search(new RegExp(`method="post" action="${path}"`)) - 60), path));
    assert.equal(picks.length, 2, "the one that stands right would be moved");
    const first = await desk.post(path, { ...posted(page, path, [picks[0].all.find((p) => p.endsWith("=keep")), picks[1].chosen]), mode: "chosen", quiet: "1" });
    assert.equal(first.location, `/series/${id}?done=changed`, first.text.match(/class="error"[^>]*>[^<]*/g)?.join());
    assert.deepEqual(rows(id).map((x) => x[1]), [was[0][1], String(was[1][1] - 3600), was[2][1]]);
    assert.match((await desk.get(`/series/${id}`)).text, /1 of its appointments now stand/);
    const again = await desk.get(link), rest = await desk.post(path, { ...posted(again, path), mode: "all", quiet: "1" });
    assert.equal(rest.location, `/series/${id}?done=changed`);
    assert.deepEqual(rows(id), was);
    assert.ok(!(await desk.get("/series/clock")).text.includes(`/series/${id}/`));
    assert.equal(h.one("SELECT count(*) FROM app.series WHERE follows_id = :'v1'", id), "0", "it was split");
    const nothing = await desk.get(link), none = await desk.post(path, { ...posted(nothing, path), mode: "chosen", quiet: "1" });
    assert.equal(none.status, 422, "it changed what was right");
  });
});

describe("booking it", () => {
  test("T28: the same form twenty times at once is one series, and she is told once, with all dates", async () => {
    const page = await desk.get(address(ny, { day: `${year}-05-03`, time: "09:00", times: 4 }));
    const values = { ...posted(page, "/series/new"), mode: "chosen" };
    const before = h.one("SELECT count(*) FROM app.message WHERE client_id = :'v1'", client);
    // a pool with too much to do says so, and the browser asks again
    const send = async () => { for (;;) { const r = await desk.post("/series/new", values); if (r.status !== 503) return r; await new Promise((done) => setTimeout(done, 100)); } };
    const all = await Promise.all(Array.from({ length: 20 }, send));
    assert.deepEqual([...new Set(all.map((r) => r.location))].length, 1);
    const id = idOf(all[0]);
    assert.equal(rows(id).length, 4);
    assert.equal(h.one("SELECT count(*) FROM app.message WHERE client_id = :'v1'", client) - before, 1);
    const m = await k.message(ny, client, "series_booked");
    for (const [wall] of rows(id)) assert.match(m.text, new RegExp(`${Number(wall.slice(8, 10))} May ${year}`));
    assert.ok(m.token);
    const again = await desk.post("/series/new", { ...values, every: 2 });
    assert.equal(again.status, 422, "the same key with another body");
  });
  test("all or none: one that is taken, and nothing is booked; then an alternative is chosen for it, and stands as an exception", async () => {
    const day = `${year}-06-07`;
    idOf((await book(ny, { day: shift(day, 7), time: "13:00", times: 1 })).reply);
    const count = () => h.one("SELECT count(*) FROM app.appointment WHERE tenant_id = :'v1'", ny.tenant);
    const was = count();
    const all = await book(ny, { day, time: "13:00", times: 3 }, { mode: "all" });
    assert.equal(all.reply.status, 422);
    assert.match(all.reply.text, /Nothing is booked: /);
    assert.equal(count(), was);
    const chosen = await book(ny, { day, time: "13:00", times: 3 }, { mode: "all" }, (picks) => picks.map((p) => (p.all[0].endsWith("=out") ? p.all[1] : p.chosen)));
    const id = idOf(chosen.reply), got = rows(id);
    assert.equal(got.filter((x) => x[4]).length, 3);
    assert.match((await desk.get(`/series/${id}`)).text, /Changed singly/);
  });
  test("a rule that is wrong is said beside its field; longer than 18 months is refused", async () => {
    for (const [o, words] of [[{ times: 3, until: `${year}-12-01` }, /one of them/], [{ every: 26, times: 10 }, /at most 18 months/], [{ times: "", until: "" }, /one of them/]]) {
      const r = await desk.get(address(ny, { day: `${year}-02-01`, time: "10:00", ...o }));
      assert.match(r.text, words);
      assert.doesNotMatch(r.text, /name="pick"/);
    }
    const long = await book(ny, { day: `${year}-02-02`, time: "10:00", times: 2 }, { every: 26, times: 10 });
    assert.equal(long.reply.status, 422);
  });
  test("a visit is repeated: it is the first of its series", async () => {
    const [[alone, visit]] = h.sql(`SELECT series_id, appointment_id FROM app.series_visit WHERE series_id = :'v1'`, idOf((await book(ny, { day: `${year}-07-06`, time: "11:00", times: 1 }, { quiet: "1" })).reply));
    k.within(ny.tenant, "DELETE FROM app.series_visit WHERE series_id = :'v1'; UPDATE app.appointment SET series_id = NULL WHERE id = :'v2'", alone, visit);
    assert.match((await desk.get(`/appointments/${visit}`)).text, new RegExp(`/series/new\\?from=${visit}`));
    const { page, reply } = await book(ny, { from: visit, day: `${year}-07-06`, time: "11:00", times: 3 });
    assert.match(page.text, /Booked already/);
    const id = idOf(reply);
    assert.equal(rows(id)[0][4], visit);
    assert.match((await desk.get(`/appointments/${visit}`)).text, new RegExp(`/series/${id}`));
    assert.match((await desk.get(`/clients/${client}`)).text, new RegExp(`/series/${id}`));
  });
});

describe("changing it", () => {
  let id, visits;
  const change = async (series, o, more = {}) => {
    const target = `/series/${series}/change?${new URLSearchParams({ what: "change", who: "", minutes: "", ...o })}`;
    const page = await desk.get(target);
    assert.equal(page.status, 200);
    return { page, reply: await desk.post(`/series/${series}/change`, { ...posted(page, `/series/${series}/change`), mode: "chosen", ...more }) };
  };
  before(async () => {
    k.close(de);
    de = at(k.corner("glow"), berlin); // somebody whom no series above has (in some years they would meet)
    id = idOf((await book(de, { day: `${year}-08-02`, time: "10:00", times: 6 })).reply);
    visits = rows(id).map((x) => x[4]);
  });
  test("this one: it stands as an exception, with its history (L09)", async () => {
    const { reply } = await change(id, { scope: "one", visit: visits[2], day: `${year}-08-17`, time: "15:00" });
    assert.equal(idOf(reply), id);
    const got = rows(id);
    assert.equal(got[2][0], `${year}-08-16T10:00`);
    assert.equal(got[2][1], String(instants("Europe/Berlin", `${year}-08-17T15:00`)[0]));
    assert.equal(h.one("SELECT count(*) FROM app.appointment_event WHERE appointment_id = :'v1' AND what = 'moved'", visits[2]), "1");
    assert.equal((await desk.get(`/series/${id}`)).text.match(/Changed singly/g).length, 1);
  });
  test("this and later: the rule is split; the exception stays; a conflict comes first and stays as it was unless chosen otherwise", async () => {
    await takeTime(de, `${year}-08-31`, "11:00");
    const { page, reply } = await change(id, { scope: "later", visit: visits[1], day: `${year}-08-10`, time: "11:00" });
    const body = page.text.slice(page.text.indexOf("<tbody>"));
    assert.match(body.slice(0, body.indexOf("</tr>")), /Not possible/);
    assert.match(page.text, /stays as it was changed/);
    const next = idOf(reply);
    assert.notEqual(next, id);
    assert.deepEqual(rows(id).map((x) => x[0]), [`${year}-08-02T10:00`]);
    assert.equal(h.one("SELECT n_times FROM app.series WHERE id = :'v1'", id), "1");
    assert.equal(h.one("SELECT follows_id || ' ' || n_times FROM app.series WHERE id = :'v1'", next), `${id} 5`);
    const got = rows(next), there = (wall) => String(instants("Europe/Berlin", wall)[0]);
    assert.deepEqual(got.map((x) => x[0]), ["08-10", "08-17", "08-24", "08-31", "09-07"].map((d) => `${year}-${d}T11:00`));
    assert.deepEqual(got.map((x) => x[1]), [there(`${year}-08-10T11:00`), there(`${year}-08-17T15:00`), there(`${year}-08-24T11:00`), there(`${year}-08-30T10:00`), there(`${year}-09-07T11:00`)]);
    assert.equal((await desk.get(`/series/${next}`)).text.match(/Changed singly/g).length, 2);
    assert.deepEqual(h.sql("SELECT DISTINCT series_id FROM app.appointment WHERE id::text = ANY (string_to_array(:'v1', ','))", visits.slice(1).join(",")).map(([x]) => x), [next]);
    id = next;
  });
  test("all or none refuses when one cannot be; another length for all; too far, or seen in an older version, is refused", async () => {
    const slots = () => h.one("SELECT count(*) FROM app.slot t JOIN app.appointment a ON a.id = t.appointment_id WHERE a.series_id = :'v1' AND t.state = 'booked'", id);
    const was = rows(id), n = slots();
    const none = await change(id, { scope: "all", time: "11:00", day: `${year}-08-12` }, { mode: "all", pick: [`${year}-08-24T11:00=keep`] });
    assert.equal(none.reply.status, 422);
    assert.deepEqual(rows(id), was);
    const far = await desk.get(`/series/${id}/change?${new URLSearchParams({ what: "change", scope: "all", day: `${year}-09-12`, time: "11:00" })}`);
    assert.match(far.text, /at most six days/);
    const long = await change(id, { scope: "all", time: "11:00", day: `${year}-08-10`, minutes: 60 });
    assert.equal(idOf(long.reply), id);
    assert.equal(h.one("SELECT count(*) FROM app.appointment WHERE series_id = :'v1' AND ends_at - starts_at = interval '60 minutes'", id), "3");
    assert.equal(slots(), n);
    const old = await change(id, { scope: "all", time: "12:00", day: `${year}-08-10` }, { version: 1 });
    assert.equal(old.reply.status, 422);
    assert.match(old.reply.text, /Somebody else has changed/);
  });
  test("cancelled from one on: its slots are free, she is told once of all, each keeps its history (L09)", async () => {
    const was = h.one("SELECT count(*) FROM app.message WHERE client_id = :'v1'", client), from = rows(id)[2][4];
    const target = `/series/${id}/change?what=cancel&scope=later&visit=${from}`;
    const page = await desk.get(target);
    const values = { ...posted(page, `/series/${id}/change`), mode: "chosen" };
    assert.equal((await desk.post(`/series/${id}/change`, { ...values, reason: "" })).status, 422);
    const r = await desk.post(`/series/${id}/change`, { ...values, reason: "studio", idem: h.uuid() });
    assert.equal(r.status, 303);
    assert.deepEqual(rows(id).map((x) => x[3]), ["booked", "booked", "cancelled", "cancelled", "cancelled"]);
    assert.equal(h.one("SELECT count(*) FROM app.slot t JOIN app.appointment a ON a.id = t.appointment_id WHERE a.series_id = :'v1' AND a.status = 'cancelled' AND t.state <> 'released'", id), "0");
    assert.equal(h.one("SELECT count(*) FROM app.message WHERE client_id = :'v1'", client) - was, 1);
    const m = await k.message(de, client, "series_cancelled");
    assert.equal(m.text.match(new RegExp(`^- .* ${year}, `, "gm")).length, 3);
    assert.equal(h.one("SELECT string_agg(DISTINCT reason, ' ') FROM app.appointment_event e JOIN app.appointment a ON a.id = e.appointment_id WHERE a.series_id = :'v1' AND e.status = 'cancelled'", id), "studio");
  });
  test("T01: ids of another studio are as if they did not exist", async () => {
    const theirs = h.sql("SELECT id, client_id FROM app.appointment WHERE tenant_id = :'v1' AND client_id IS NOT NULL LIMIT 1", h.tenantId("first-light"))[0];
    const page = await desk.get(`/series/new?from=${theirs[0]}`);
    assert.ok(!page.text.includes(theirs[0]) && !page.text.includes(theirs[1]));
    const good = posted(await desk.get(address(ny, { day: `${year}-09-01`, time: "10:00", times: 2 })), "/series/new");
    const hers = () => h.one("SELECT count(*) FROM app.series WHERE client_id = :'v1'", theirs[1]);
    const was = hers(); // the client whom chance picks may have a series in her own studio
    assert.ok([404, 422].includes((await desk.post("/series/new", { ...good, mode: "chosen", client_id: theirs[1] })).status));
    assert.equal(hers(), was);
    const mine = h.one("SELECT id FROM app.series WHERE tenant_id = :'v1' AND ended_at IS NULL LIMIT 1", ny.tenant);
    const v = await h.staff("first-light", "owner");
    assert.equal((await v.get(`/series/${mine}`)).status, 404);
    assert.equal((await desk.get(`/series/${mine}/change?visit=${theirs[0]}`)).status, 404);
  });
  test("a provider who sees her own clients alone does not see it", async () => {
    const v = await h.staff("first-light", "scanner");
    assert.equal((await v.get(`/series/${h.uuid()}`)).status, 404);
  });
});
