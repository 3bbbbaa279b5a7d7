// review.test.js -- unusual access (R-04, A-15): what is seeded is found, an ordinary week yields nothing, each week is signed once,
// and the owners are told once. And the daily head that each owner gets (A-07).
"use strict";
const { test, describe } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { spawnSync } = require("node:child_process");
const h = require("./harness");

const tenant = h.tenantId("glow"), zone = h.one("SELECT zone FROM app.tenant WHERE id = :'v1'", tenant);
const person = (email) => h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email_norm = :'v2'", tenant, email);
const desk = person("desk@glow.example"), provider = person("provider@glow.example"), owner = person("owner@glow.example");
// A Monday so many weeks ago; and some of weeks that nobody has left a row in, not even this test when it ran before.
const free = h.sql(`SELECT d::date FROM (SELECT date_trunc('week', now() AT TIME ZONE :'v1') AS monday) n, generate_series(n.monday - interval '70 days', n.monday - interval '21 days', '7 days') AS d
  WHERE NOT EXISTS (SELECT FROM audit.event e WHERE e.tenant_id = :'v2'::uuid AND e.at >= d AT TIME ZONE :'v1' AND e.at < (d + interval '7 days') AT TIME ZONE :'v1') ORDER BY 1 DESC`, zone, tenant).map(([d]) => d);
const monday = (weeks) => h.one("SELECT (date_trunc('week', now() AT TIME ZONE :'v1') - make_interval(weeks => :'v2'))::date", zone, String(weeks));
const clients = h.sql("SELECT id FROM app.client WHERE tenant_id = :'v1' AND split_part(app.norm(name), ' ', 2) NOT IN ('alvarez', 'voss') ORDER BY id LIMIT 60", tenant).map(([id]) => id);
// Rows of the trail as a person left them: [day of the week from 0, "HH:MM", who, action, client, more].
function seed(week, rows) {
  const values = rows.map(([day, clock, who, action, client, o = {}]) => `(${[`'${tenant}'::uuid`, `(('${week}'::date + ${day}) + '${clock}'::time) AT TIME ZONE '${o.zone || zone}'`, `'${o.kind || "staff"}'`,
    who ? `'${who}'::uuid` : "NULL::uuid", `'${action}'`, client ? `ARRAY['${client}'::uuid]` : "'{}'::uuid[]", `'${o.outcome || "ok"}'`, o.object ? `'${o.object[0]}', '${o.object[1]}'::uuid` : "NULL, NULL::uuid"].join(", ")})`);
  h.sql(`INSERT INTO audit.event (tenant_id, at, actor_kind, actor_id, action, client_ids, outcome, object_kind, object_id) VALUES ${values.join(", ")}`);
}
const found = (week) => h.sql("SELECT kind, coalesce(staff_id::text, ''), day - :'v2'::date, coalesce(client_id::text, ''), times FROM app.review_finding WHERE tenant_id = :'v1' AND week = :'v2'::date ORDER BY 1, 2, 3, 4", tenant, week);
async function gather(week) {
  const v = await h.staff("glow", "owner");
  const r = await v.submit(`/audit/review?week=${week}`, {}, { action: "/audit/review/gather" });
  assert.equal(r.status, 303);
  return found(week);
}
const clock = (minutes) => `${String(9 + Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;

describe("R-04: an ordinary week", () => {
  const week = free[0];
  test("yields nothing: work within the hours, a busy desk, a few refusals, a lunch break, a name like another's first name", async () => {
    const rows = [];
    for (let day = 0; day < 5; day++) {
      for (let i = 0; i < 25; i++) rows.push([day, clock(i * 2), desk, "client.read", clients[i]], [day, clock(120 + i * 10), provider, "chart.read", clients[i]]);
      rows.push([day, "13:30", provider, "chart.read", clients[30]], [day, "19:40", provider, "note.sign", clients[30]], [day, "07:10", desk, "calendar.read", null]);
      for (let i = 0; i < 3; i++) rows.push([day, clock(i), desk, "chart.read", null, { outcome: "refused" }]);
      for (let i = 0; i < 4; i++) rows.push([day, clock(i * 61), desk, "GET /settings", null, { outcome: "refused" }]);
      rows.push([day, "23:30", owner, "audit.read", null], [day, "02:00", null, "message.send", clients[3], { kind: "job" }], [day, "02:00", null, "form.read", clients[3], { kind: "client" }]);
    }
    seed(week, rows);
    assert.deepEqual(await gather(week), []);
    const page = await (await h.staff("glow", "owner")).get(`/audit/review?week=${week}`);
    assert.match(page.text, /Nothing unusual was found/);
    assert.doesNotMatch(page.text, /Sign the week/);
  });
});

describe("R-04 A-15: a week in which each kind happened", () => {
  const week = free[1];
  let same, watched;
  test("each is found, once for a person and a day, and nothing else", async () => {
    const owns = (await h.staff("glow", "owner"));
    // somebody of the provider's surname, with an accent; somebody under watch, set by the page
    same = h.uuid();
    h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); INSERT INTO app.client (tenant_id, id, name) VALUES (:'v1'::uuid, :'v2'::uuid, 'Marie-Claire Vóss'); COMMIT`, tenant, same);
    watched = clients[50];
    const page = await owns.get(`/clients/${watched}`);
    const r = await owns.post(`/clients/${watched}/watch`, h.formOf(page.text, `/clients/${watched}/watch`).values);
    assert.equal(r.status, 303);
    assert.deepEqual(h.trail(r.id).map((e) => [e.action, e.clients.join()]), [["client.watch", watched]]);
    assert.match((await owns.get(`/clients/${watched}`)).text, /Under watch/);
    const rows = [];
    // 31 clients from 9:40 to 10:20: no hour of the clock has them all
    for (let i = 0; i < 31; i++) rows.push([0, clock(40 + i), desk, "client.read", clients[i]], [0, clock(40 + i), desk, "client.read", clients[i]]);
    for (let i = 0; i < 31; i++) rows.push([1, clock(i), provider, "client.read", clients[i % 29]]); // the same ones again: 29
    rows.push([1, "20:01", provider, "chart.read", clients[1]], [1, "20:30", provider, "chart.read", clients[2]], [6, "03:30", desk, "client.search", clients[1]]);
    rows.push([2, "10:00", provider, "chart.read", same], [2, "11:00", provider, "note.create", same], [2, "10:00", desk, "client.read", watched]);
    for (let i = 0; i < 6; i++) rows.push([3, clock(i), desk, "chart.read", null, { outcome: "refused" }], [3, clock(i), null, "login", null, { kind: "visitor", outcome: "failed", object: ["staff", owner] }]);
    rows.push([4, "10:00", owner, "audit.export", null], [4, "10:00", provider, "chart.read", clients[5], { object: ["emergency", h.uuid()] }], [4, "11:00", owner, "mfa.reset", null], [4, "12:00", owner, "role.change", null], [4, "12:10", owner, "person.change", null]);
    seed(week, rows);
    assert.deepEqual(await gather(week), [
      ["emergency", provider, "4", "", "1"], ["export", owner, "4", "", "1"], ["factor", owner, "4", "", "1"],
      ["hours", ...[desk, "6", "", "1"]], ["hours", provider, "1", "", "2"], ["login", owner, "3", "", "6"], ["refused", desk, "3", "", "6"],
      ["rights", owner, "4", "", "1"], ["surname", provider, "2", same, "2"], ["volume", desk, "0", "", "31"], ["watched", desk, "2", watched, "1"],
    ].sort((a, b) => (a.slice(0, 4).join("|") < b.slice(0, 4).join("|") ? -1 : 1)));
  });
  test("gathered again, and by two at once, it is the same to the last byte: a job that is killed leaves nothing", async () => {
    const all = () => h.sql("SELECT f::text FROM app.review_finding f WHERE tenant_id = :'v1' AND week = :'v2'::date ORDER BY id", tenant, week).join();
    const first = all();
    await Promise.all([gather(week), gather(week), gather(week)]);
    assert.equal(all(), first);
  });
  test("the page groups them by person and links to the rows; an auditor reads no client's name", async () => {
    const v = await h.staff("glow", "owner"), text = h.decode((await v.get(`/audit/review?week=${week}`)).text);
    const name = h.one("SELECT name FROM app.staff WHERE id = :'v1'::uuid", provider);
    for (let i = 0; i < 50 && h.one("SELECT count(*) FROM app.review_finding f WHERE f.tenant_id = :'v1' AND NOT EXISTS (SELECT FROM audit.leaf l WHERE l.tenant_id = f.tenant_id AND l.id = f.first_event)", tenant) !== "0"; i++) await new Promise((r) => setTimeout(r, 200));
    assert.equal(text.split(`<h3>${name}</h3>`).length, 2);
    assert.match(text, /opened 31 clients within an hour/);
    assert.ok(text.includes("Marie-Claire Vóss"));
    for (const [, target] of [...text.matchAll(/href="(\/audit\/(?:events|people|clients)\/[^"]*)"/g)].slice(0, 12)) assert.equal((await v.get(target)).status, 200, target);
    const auditor = await h.staff("glow", "auditor");
    const hers = await auditor.get(`/audit/review?week=${week}`);
    assert.equal(hers.status, 200);
    assert.ok(!h.decode(hers.text).includes("Marie-Claire Vóss"));
  });
  test("a week is signed once, with a note, and stays as it was signed", async () => {
    const v = await h.staff("glow", "owner");
    const short = await v.submit(`/audit/review?week=${week}`, { note: "x" }, { action: "/audit/review/sign" });
    assert.equal(short.status, 422);
    assert.match(short.text, /what came of it/);
    const r = await v.submit(`/audit/review?week=${week}`, { note: "I spoke with Nina; a list for the mailing." }, { action: "/audit/review/sign" });
    assert.equal(r.status, 303);
    assert.deepEqual(h.trail(r.id).map((e) => e.action), ["audit.review.sign"]);
    const page = h.decode((await v.get(`/audit/review?week=${week}`)).text);
    assert.match(page, /Signed by .* on .*: I spoke with Nina; a list for the mailing\./);
    const keys = h.formOf((await v.get("/settings/privacy")).text, "/settings/privacy").values;
    const twice = await v.post("/audit/review/sign", { csrf: keys.csrf, idem: h.uuid(), week, note: "once more" });
    assert.equal(twice.status, 422);
    assert.match(twice.text, /signed this week already/);
    seed(week, [[5, "03:00", desk, "client.read", clients[1]]]);
    const before = found(week);
    await v.post("/audit/review/gather", { csrf: keys.csrf, idem: h.uuid(), week });
    assert.deepEqual(found(week), before);
  });
  test("the watch is ended where it was begun; without the permission there is no such form, and none is taken", async () => {
    const v = await h.staff("glow", "owner"), page = await v.get(`/clients/${watched}`);
    const r = await v.post(`/clients/${watched}/unwatch`, h.formOf(page.text, `/clients/${watched}/unwatch`).values);
    assert.equal(r.status, 303);
    assert.doesNotMatch((await v.get(`/clients/${watched}`)).text, /Under watch/);
    const front = await h.staff("glow", "front-desk");
    assert.doesNotMatch((await front.get(`/clients/${watched}`)).text, /\/watch"/);
    assert.equal((await front.post(`/clients/${watched}/watch`, { ...h.formOf((await front.get("/clients")).text, "/logout").values, idem: h.uuid() })).status, 403);
  });
  test("a week that still runs cannot be signed", async () => {
    const v = await h.staff("glow", "owner"), now = monday(0);
    await gather(now);
    const keys = h.formOf((await v.get("/settings/privacy")).text, "/settings/privacy").values;
    const r = await v.post("/audit/review/sign", { csrf: keys.csrf, idem: h.uuid(), week: now, note: "done already" });
    assert.equal(r.status, 422);
    assert.match(r.text, /not over/);
  });
});

// A job of this kind, carried out; lost: its runner died after its work and before it could say so.
async function runJob(kind, { lost } = {}) {
  const key = `test-${h.uuid()}`;
  h.sql("BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); INSERT INTO app.job (tenant_id, kind, dedupe_key) VALUES (:'v1'::uuid, :'v2', :'v3'); COMMIT", tenant, kind, key);
  const state = () => h.one("SELECT state FROM app.job WHERE dedupe_key = :'v1'", key);
  const done = async () => { for (let i = 0; i < 150 && state() !== "done"; i++) await new Promise((r) => setTimeout(r, 200)); assert.equal(state(), "done"); };
  await done();
  if (!lost) return;
  h.sql("BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); UPDATE app.job SET state = 'running', finished_at = NULL, lease_until = now() - interval '1 second' WHERE dedupe_key = :'v2'; COMMIT; SELECT pg_notify('foyer_jobs', '')", tenant, key);
  await done();
}
const mails = (kind, of = tenant) => h.sql("SELECT to_address, dedupe_key FROM app.message WHERE tenant_id = :'v1' AND kind = :'v2' ORDER BY 1, 2", of, kind);

describe("R-04: the owners are told while a week waits", () => {
  const week = free[2];
  test("the job gathers what is over, by itself, and mails each owner once a week, also when it is killed half way", async () => {
    seed(week, [[2, "03:00", desk, "client.read", clients[1]]]);
    h.sql("BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); DELETE FROM app.review_week WHERE tenant_id = :'v1'::uuid AND week = :'v2'::date; COMMIT", tenant, week);
    await runJob("trail.review", { lost: true });
    await runJob("trail.review");
    assert.deepEqual(found(week), [["hours", desk, "2", "", "1"]]);
    assert.deepEqual(mails("account_review").map(([to]) => to), ["owner@glow.example"]);
    const page = h.decode((await (await h.staff("glow", "owner")).get("/audit/review")).text);
    assert.match(page, new RegExp(`href="/audit/review\\?week=${week}"`));
    assert.match(page, /Overdue/);
  });
  test("what is signed waits no more", async () => {
    const v = await h.staff("glow", "owner");
    await v.submit(`/audit/review?week=${week}`, { note: "The alarm system; the desk was called in." }, { action: "/audit/review/sign" });
    assert.doesNotMatch((await v.get("/audit/review")).text, new RegExp(`review\\?week=${week}"><span`));
  });
});

describe("A-07: the day's signed head goes to each owner", () => {
  test("once a day of the business's own clock, however often the job runs or dies", async () => {
    await runJob("trail.digest", { lost: true });
    await runJob("trail.digest");
    const today = h.one("SELECT (now() AT TIME ZONE :'v1')::date", zone);
    assert.deepEqual(mails("account_digest").filter(([, key]) => key.startsWith(`digest:${today}:`)).map(([to]) => to), ["owner@glow.example"]);
  });
  test("every business has the day's two jobs, written once", () => {
    for (let i = 0; i < 2; i++) h.sql("SELECT sec.daily_jobs()"); // (the jobs ask every ten minutes; a day may have begun since)
    const rows = h.sql("SELECT t.slug, j.kind, count(*) FROM app.job j JOIN app.tenant t ON t.id = j.tenant_id WHERE j.kind IN ('trail.digest', 'trail.review') AND j.dedupe_key = (now() AT TIME ZONE t.zone)::date::text AND t.slug IN ('glow', 'first-light') GROUP BY 1, 2 ORDER BY 1, 2");
    assert.deepEqual(rows.map(([slug, kind, n]) => `${slug} ${kind} ${n}`), ["first-light trail.digest 1", "first-light trail.review 1", "glow trail.digest 1", "glow trail.review 1"]);
  });
  test("its text, saved as it came, is what foyer audit verify --heads takes; a digit changed in it is a finding", () => {
    const head = JSON.parse(h.one(`SELECT to_json(x) FROM (SELECT tenant_id, size::text, encode(root, 'hex') AS root, to_char(signed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS signed_at, key_id, encode(signature, 'hex') AS signature,
      'Glow' AS tenant_name, 'Vivian' AS owner_name, 'today' AS day_words FROM audit.tree_head WHERE tenant_id = :'v1' ORDER BY size DESC LIMIT 1) x`, tenant));
    const foyer = (...args) => spawnSync(path.join(h.env.bin, "foyer"), ["--config", path.join(h.env.vardir, "foyer.conf"), ...args], { encoding: "utf8", input: JSON.stringify(head) });
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), "digest-"));
    fs.chmodSync(dir, 0o755);
    const verify = (text) => {
      fs.writeFileSync(path.join(dir, "mail"), text, { mode: 0o644 });
      const prefix = process.getuid() === 0 ? ["runuser", "-u", process.env.FOYER_OS_USER || "foyer", "--"] : [];
      const all = [...prefix, path.join(h.env.bin, "foyer"), "--config", path.join(h.env.vardir, "foyer.conf"), "audit", "verify", "--tenant", "glow", "--heads", path.join(dir, "mail")];
      return spawnSync(all[0], all.slice(1), { encoding: "utf8", cwd: "/" });
    };
    const template = fs.readFileSync(path.join(h.root, "templates", "message", "account_digest.txt.mustache"), "utf8");
    const text = template.replace(/\{\{(\w+)\}\}/g, (m, name) => { assert.ok(name in head, name); return head[name]; });
    const good = verify(text);
    assert.equal(good.status, 0, good.stdout + good.stderr);
    const bad = verify(text.replace(/^([0-9a-f-]{36} \d+ )(.)/m, (m, a, b) => a + (b === "0" ? "1" : "0")));
    assert.equal(bad.status, 1);
    assert.match(bad.stdout, /is not a head that was signed/);
    fs.rmSync(dir, { recursive: true });
  });
});
