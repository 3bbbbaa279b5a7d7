// health.test.js -- what machines may know of the house, and where: the inner address, nowhere else.
"use strict";
const { test } = require("node:test");
const assert = require("node:assert/strict");
const http = require("node:http");
const fs = require("node:fs");
const path = require("node:path");
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

test("counters rise by what was asked for, with the time it took", { skip: !port }, async () => {
  const key = 'pool="public",method="GET",route="/book"';
  await h.request("glow", "/book");
  await sleep(200); // a worker counts when the answer has left
  const before = await metrics();
  for (let i = 0; i < 7; i++) assert.equal((await h.request("glow", "/book")).status, 200);
  await sleep(200);
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

test("metrics name routes, never a person, an address or an id", { skip: !port }, async () => {
  const owner = await h.staff("glow", "owner");
  const [[id, name]] = h.sql("SELECT id, name FROM app.client WHERE tenant_id = :'v1' LIMIT 1", h.tenantId("glow"));
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
    await sleep(300);
    assert.equal((await inner("/health/live")).status, 200);
    const away = await inner("/health/ready");
    assert.equal(away.status, 503);
    assert.match(away.text, /^database away$/m);
  } finally {
    process.kill(master, "SIGCONT");
  }
  let back;
  for (let i = 0; i < 100 && back !== 200; i++) {
    await sleep(100);
    back = (await inner("/health/ready")).status;
  }
  assert.equal(back, 200);
});
