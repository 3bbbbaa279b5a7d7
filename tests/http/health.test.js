// health.test.js -- what machines may know of the house, and where: the inner address, nowhere else.
"use strict";
const { test } = require("node:test");
const assert = require("node:assert/strict");
const http = require("node:http");
const fs = require("node:fs");
const path = require("node:path");
const { spawn } = require("node:child_process");
const h = require("./harness");

const port = Number(process.env.FOYER_INNER_PORT || 0);
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
const child = (name) => Number(fs.readFileSync(path.join(h.env.vardir, "run", `${name}.child`), "utf8"));
const inner = (target, o = {}) => new Promise((resolve, reject) => {
  http.get({ host: "127.0.0.1", port, path: target, agent: false, ...o }, (res) => {
    let text = "";
    res.on("data", (d) => (text += d)).on("end", () => resolve({ status: res.statusCode, headers: res.headers, text }));
  }).on("error", reject);
});
// Prometheus text as name{labels} -> value; anything that is none of it fails.
function parse(text) {
  const values = new Map(), types = new Map();
  let family = "";
  for (const line of text.split("\n").filter(Boolean)) {
    const type = line.match(/^# TYPE ([a-z_]+) (counter|gauge|histogram)$/);
    if (type) {
      assert.ok(!types.has(type[1]), `${type[1]} stands twice`);
      types.set(family = type[1], type[2]);
    } else if (!/^# HELP [a-z_]+ \S.*$/.test(line)) {
      const m = line.match(/^([a-z_]+)((?:\{(?:[a-z_]+="[^"\\]*",?)*\})?) (\d+(?:\.\d+)?)$/);
      assert.ok(m, `no sample: ${line}`);
      assert.equal(m[1].replace(/_(bucket|sum|count)$/, (e) => (types.get(family) === "histogram" ? "" : e)), family, line);
      assert.ok(!values.has(m[1] + m[2]), `twice: ${line}`);
      values.set(m[1] + m[2], Number(m[3]));
    }
  }
  return values;
}
const metrics = async () => parse((await inner("/metrics")).text);

test("public hosts know neither health nor metrics", async () => {
  for (const label of ["", "glow", "ops"])
    for (const target of ["/metrics", "/health", "/health/live", "/health/ready"])
      assert.equal((await h.request(label, target)).status, 404, `${label} ${target}`);
});

test("the inner address has health and metrics, under loopback names, and nothing else", { skip: !port }, async () => {
  assert.equal((await inner("/health/live")).status, 200);
  const ready = await inner("/health/ready");
  assert.equal(ready.status, 200, ready.text);
  assert.match((await inner("/metrics")).headers["content-type"], /^text\/plain; version=0\.0\.4/);
  for (const target of ["/", "/login", "/clients", "/metrics/x"]) assert.equal((await inner(target)).status, 404);
  await assert.rejects(inner("/metrics", { headers: { Host: "glow.foyer.localhost" } }));
});

// The numbers, when one of them has stopped growing: a worker counts when the answer has left.
async function settled(name) {
  for (let was = await metrics(); ;) {
    await sleep(200);
    const is = await metrics();
    if (is.get(name) === was.get(name)) return is;
    was = is;
  }
}

test("counters rise by what was asked for, with the time it took", { skip: !port }, async () => {
  const key = 'pool="public",method="GET",route="/book"';
  await h.request("glow", "/book");
  const before = await settled(`foyer_requests_total{${key},status="2xx"}`);
  for (let i = 0; i < 7; i++) assert.equal((await h.request("glow", "/book")).status, 200);
  await h.until(async () => (await metrics()).get(`foyer_requests_total{${key},status="2xx"}`) - before.get(`foyer_requests_total{${key},status="2xx"}`) >= 7, "not counted");
  const after = await metrics(), grown = (name) => after.get(name) - before.get(name);
  assert.equal(grown(`foyer_requests_total{${key},status="2xx"}`), 7);
  assert.equal(grown(`foyer_request_seconds_count{${key}}`), 7);
  assert.equal(grown(`foyer_request_seconds_bucket{${key},le="+Inf"}`), 7);
  assert.ok(grown(`foyer_request_seconds_sum{${key}}`) > 0);
  assert.ok(grown(`foyer_request_database_seconds_total{${key}}`) > 0);
  for (const pool of ["staff", "public", "slow"]) {
    assert.equal(after.get(`foyer_pool_up{pool="${pool}"}`), 1);
    assert.ok(after.get(`foyer_workers{pool="${pool}",state="idle"}`) > 0);
  }
  const sql = (state) => Number(h.one("SELECT count(*) FROM app.job WHERE state = :'v1'", state));
  assert.equal(after.get('foyer_jobs{state="dead"}'), sql("dead"));
  assert.equal(after.get("foyer_database_up"), 1);
});

// A psql that stays open.
function session() {
  const conninfo = fs.readFileSync(path.join(h.env.vardir, "foyer.conf"), "utf8").match(/^database\s*=\s*(.*)$/m)[1].trim();
  const words = ["psql", "-X", "-q", "-At", "-d", `${conninfo} user=${process.env.FOYER_SUPERUSER || "postgres"}`];
  const all = process.getuid() === 0 ? ["runuser", "-u", process.env.FOYER_OS_USER || "foyer", "--", ...words] : words;
  const psql = spawn(all[0], all.slice(1), { cwd: "/", stdio: ["pipe", "pipe", "inherit"] });
  const over = new Promise((r) => psql.on("close", r));
  return {
    say: async (text) => { psql.stdin.write(`${text}; SELECT 'done';\n`); await new Promise((r) => psql.stdout.once("data", r)); },
    end: async () => { psql.stdin.end("ROLLBACK;\n"); await over; },
  };
}

test("known requests, each in its class of status, its histogram and its time in the database; busy workers; queues", { skip: !port }, async () => {
  const owner = await h.staff("glow", "owner"), auditor = await h.staff("glow", "auditor");
  const key = 'pool="staff",method="GET",route="/clients/{client_id:uuid}"';
  const id = await h.addClient(owner, { name: `Metered ${h.uuid().slice(0, 8)}` });
  const before = await settled(`foyer_request_seconds_count{${key}}`);
  for (let i = 0; i < 3; i++) assert.equal((await owner.get(`/clients/${id}`)).status, 200);
  for (let i = 0; i < 2; i++) assert.equal((await owner.get(`/clients/${h.uuid()}`)).status, 404);
  assert.equal((await auditor.get(`/clients/${id}`)).status, 403);
  assert.equal((await h.request("glow", `/clients/${id}`)).status, 303);
  await h.until(async () => (await metrics()).get(`foyer_request_seconds_count{${key}}`) - (before.get(`foyer_request_seconds_count{${key}}`) || 0) >= 7, "not counted");
  let after = await metrics();
  const grown = (name) => after.get(name) - (before.get(name) || 0);
  assert.deepEqual(["2xx", "3xx", "4xx"].map((c) => grown(`foyer_requests_total{${key},status="${c}"}`)), [3, 1, 3]);
  assert.equal(grown(`foyer_request_seconds_count{${key}}`), 7);
  const spent = grown(`foyer_request_seconds_sum{${key}}`), database = grown(`foyer_request_database_seconds_total{${key}}`);
  assert.ok(database > 0 && database < spent, `${database} of ${spent} s`);

  // a page that waits for a lock: its worker is busy, and the wait is the database's
  const lock = session();
  await lock.say("BEGIN; LOCK TABLE app.client");
  const waits = owner.get(`/clients/${id}`);
  await h.until(() => h.one("SELECT count(*) FROM pg_stat_activity WHERE usename = 'foyer_staff' AND wait_event_type = 'Lock'") !== "0", "it does not wait");
  await sleep(600);
  after = await metrics();
  assert.ok(after.get('foyer_workers{pool="staff",state="busy"}') >= 1);
  await lock.end();
  assert.equal((await waits).status, 200);
  const waited = after;
  after = await settled(`foyer_request_seconds_count{${key}}`);
  assert.ok(after.get(`foyer_request_database_seconds_total{${key}}`) - waited.get(`foyer_request_database_seconds_total{${key}}`) > 0.5);

  // two jobs that nobody takes: one is due, one is not
  const goOn = await h.pauseJobs(), ids = [h.uuid(), h.uuid()];
  const operator = h.tenantId("ops"), within = (text) => h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', '${operator}', true); ${text}; COMMIT`);
  try {
    h.sql("UPDATE app.job SET run_at = run_at + interval '5 minutes' WHERE state = 'ready' AND run_at BETWEEN now() AND now() + interval '5 minutes'"); // no other becomes due just then
    const was = await metrics();
    within(`INSERT INTO app.job (tenant_id, id, kind, dedupe_key, run_at) VALUES ('${operator}', '${ids[0]}', 'test.none', '${ids[0]}', now() - interval '5 s'),
      ('${operator}', '${ids[1]}', 'test.none', '${ids[1]}', now() + interval '1 h')`);
    const is = await metrics();
    assert.equal(is.get('foyer_jobs{state="ready"}') - was.get('foyer_jobs{state="ready"}'), 2);
    assert.equal(is.get('foyer_jobs{state="due"}') - was.get('foyer_jobs{state="due"}'), 1);
    assert.ok(is.get("foyer_jobs_oldest_due_seconds") >= 5);
  } finally {
    within(`DELETE FROM app.job WHERE id IN ('${ids[0]}', '${ids[1]}')`);
    goOn();
  }
});

test("histograms are cumulative, end at +Inf with the count, and every family has help and a type", { skip: !port }, async () => {
  const { text } = await inner("/metrics"), values = parse(text);
  const families = [...text.matchAll(/^# TYPE (\S+)/gm)].map((m) => m[1]);
  for (const f of families) assert.match(text, new RegExp(`^# HELP ${f} [A-Z].*\\.$`, "m"));
  const last = new Map();
  for (const [name, n] of values) {
    const m = name.match(/^foyer_request_seconds_bucket\{(.*),le="([^"]+)"\}$/);
    if (!m) continue;
    const le = m[2] === "+Inf" ? Infinity : Number(m[2]), before = last.get(m[1]);
    assert.ok(!before || (le > before.le && n >= before.n), name);
    last.set(m[1], { le, n });
  }
  assert.ok(last.size > 3);
  for (const [labels, { le, n }] of last) {
    assert.equal(le, Infinity);
    assert.equal(n, values.get(`foyer_request_seconds_count{${labels}}`));
    assert.equal(n, [0, 1, 2, 3, 4, 5].reduce((sum, c) => sum + (values.get(`foyer_requests_total{${labels},status="${c}xx"}`) || 0), 0));
  }
});

test("A-08 sealing that is a minute behind raises the alarm in health and shows in metrics; a tree that stands still is named", { skip: !port }, async () => {
  const goOn = await h.pauseJobs(), hurt = h.tenantId("first-light");
  try {
    h.sql("UPDATE audit.seal_state SET sealed_at = clock_timestamp() - interval '62 s'");
    const ready = await inner("/health/ready");
    assert.equal(ready.status, 200, "late sealing takes nobody out of service");
    assert.match(ready.text, /^sealing ALARM \(6\d s\)$/m);
    assert.ok((await metrics()).get("foyer_sealing_lag_seconds") >= 62);
    h.sql("INSERT INTO audit.seal_trouble (tenant_id, why) VALUES (:'v1', 'a test says so')", hurt);
    assert.match((await inner("/health/ready")).text, /^sealing ALARM \(first-light stands still: a test says so\)$/m);
    assert.equal((await metrics()).get("foyer_sealing_stopped"), 1);
  } finally {
    h.sql("DELETE FROM audit.seal_trouble WHERE tenant_id = :'v1'", hurt);
    goOn();
  }
  await h.until(async () => /^sealing ok/m.test((await inner("/health/ready")).text), "it is not sealed again");
});

test("metrics name routes, never a person, an address or an id", { skip: !port }, async () => {
  const owner = await h.staff("glow", "owner");
  const name = `Metered ${h.uuid().slice(0, 8)}`, id = await h.addClient(owner, { name });
  assert.equal((await owner.get(`/clients/${id}`)).status, 200);
  await owner.get(`/clients?q=${encodeURIComponent(name)}`);
  await owner.get(`/nowhere/${id}`);
  const { text } = await inner("/metrics");
  assert.ok(text.includes('route="/clients/{client_id:uuid}"'));
  assert.ok(!text.includes(name) && !text.includes("@") && !/[0-9a-f]{8}-[0-9a-f]{4}-/.test(text));
});

test("ready says 503 while the database is away, live stays, and both are 200 after", { skip: !port }, async () => {
  const master = child("postgresql");
  process.kill(master, "SIGSTOP"); // no connection is made, and those that stand are ended below
  try {
    for (const pid of fs.readFileSync(`/proc/${master}/task/${master}/children`, "utf8").trim().split(/\s+/))
      if (/foyer_jobs foyer/.test(fs.readFileSync(`/proc/${pid}/cmdline`, "utf8"))) process.kill(Number(pid), "SIGTERM");
    let away;
    await h.until(async () => (away = await inner("/health/ready")).status === 503, "it says that the database is there");
    assert.equal((await inner("/health/live")).status, 200);
    assert.match(away.text, /^database away$/m);
  } finally {
    process.kill(master, "SIGCONT");
  }
  await h.until(async () => (await inner("/health/ready")).status === 200, "it does not come back");
});
