// machine.test.js -- a worker dies, the database restarts: what a person notices of it.
// Both are real: signal 9 to workers of this stack, and a restart of its PostgreSQL.
"use strict";
const { test } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const crypto = require("node:crypto");
const { execFileSync } = require("node:child_process");
const h = require("./harness");

const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
const child = (name) => Number(fs.readFileSync(path.join(h.env.vardir, "run", `${name}.child`), "utf8"));
const workersOf = (master) => fs.readFileSync(`/proc/${master}/task/${master}/children`, "utf8").trim().split(/\s+/).filter(Boolean).map(Number);

test("a worker that dies is answered by a new one", async () => {
  const master = child("public");
  const before = workersOf(master);
  assert.ok(before.length > 1);
  for (const pid of before.slice(0, 2)) process.kill(pid, "SIGKILL");
  for (let i = 0; i < 20; i++) assert.equal((await h.request("glow", "/brand.css")).status, 200);
  await sleep(1500);
  const after = workersOf(master);
  assert.equal(after.length, before.length);
  assert.equal(child("public"), master, "the master is the same");
});

test("T33: a worker that could not be started for lack of processes is started when there are some", async (t) => {
  const master = child("public"), before = workersOf(master).length;
  const idOf = (what) => fs.readFileSync(`/proc/${master}/status`, "utf8").match(new RegExp(`^${what}:\\s+(\\d+)`, "m"))[1];
  const uid = idOf("Uid");
  if (uid === "0") return t.skip("no limit holds for root");
  const as = process.getuid() === 0 ? ["setpriv", "--reuid", uid, "--regid", idOf("Gid"), "--clear-groups", "prlimit"] : ["prlimit"];
  const limit = (n) => execFileSync(as[0], [...as.slice(1), "--pid", String(master), `--nproc=${n}:`]);
  const usual = fs.readFileSync(`/proc/${master}/limits`, "utf8").match(/^Max processes\s+(\S+)/m)[1];
  limit(1);
  try {
    for (const pid of workersOf(master).slice(0, 3)) process.kill(pid, "SIGKILL");
    await sleep(1500);
    assert.equal(workersOf(master).length, before - 3);
    assert.equal((await h.request("glow", "/brand.css")).status, 200);
  } finally {
    limit(usual);
  }
  await sleep(1500);
  assert.equal(workersOf(master).length, before);
  assert.equal(child("public"), master);
});

test("a master that is killed takes its workers along, and the pool comes back", async () => {
  const master = child("public"), workers = workersOf(master);
  process.kill(master, "SIGKILL");
  let back;
  for (let i = 0; i < 600 && !back; i++) {
    await sleep(100);
    back = child("public") !== master && (await h.request("glow", "/brand.css").catch(() => ({}))).status === 200;
  }
  assert.ok(back, "the pool did not come back");
  const lives = (pid) => { try { return process.kill(pid, 0); } catch { return false; } };
  for (let i = 0; i < 300 && workers.some(lives); i++) await sleep(100);
  assert.deepEqual(workers.filter(lives), [], "workers outlived their master");
});

test("a request in flight is finished when its worker is told to end", async () => {
  const master = child("public"), seen = new Map();
  let running = true;
  const ask = async () => {
    while (running) {
      const { status } = await h.request("glow", "/book").catch((e) => ({ status: e.code }));
      seen.set(status, (seen.get(status) || 0) + 1);
    }
  };
  const askers = [ask(), ask(), ask(), ask()];
  for (let i = 0; i < 4; i++) {
    await sleep(400);
    for (const pid of workersOf(master))
      try { process.kill(pid, "SIGTERM"); } catch (e) { if (e.code !== "ESRCH") throw e; } // one of the round before, which has just ended
  }
  running = false;
  await Promise.all(askers);
  assert.deepEqual([...seen.keys()], [200]);
});

test("after a restart of the database pages come back by themselves; those in flight say 503 kindly", async () => {
  const v = await h.staff("glow", "owner");
  const seen = new Map();
  let running = true;
  const ask = async () => {
    while (running) {
      const r = await v.get("/clients").catch(() => ({ status: "no answer", text: "", headers: {} }));
      seen.set(r.status, (seen.get(r.status) || 0) + 1);
      if (r.status === 503) assert.ok(r.headers["retry-after"], "503 without Retry-After");
      await sleep(20);
    }
  };
  const askers = [ask(), ask(), ask(), ask()];
  await sleep(300);
  process.kill(child("postgresql"), "SIGINT"); // fast shutdown; scripts/run starts it again
  let last;
  for (let i = 0; i < 240; i++) {
    await sleep(250);
    last = await v.get("/clients").catch(() => ({ status: 0 }));
    if (i > 8 && last.status === 200) break;
  }
  running = false;
  await Promise.all(askers);
  assert.equal(last.status, 200, "pages came back");
  for (const status of seen.keys()) assert.ok([200, 503].includes(status), `somebody saw ${status}`);
  assert.ok(seen.get(200) > 5);
  for (let i = 0; i < 30; i++) assert.equal((await v.get("/clients")).status, 200, "a worker still holds a dead connection");
});

test("the jobs keep the house: old keys go, and the next months of the trail are ready", async () => {
  // foyer-jobs does both soon after it starts; what it cannot do it says in its log.
  const log = fs.readFileSync(path.join(h.env.vardir, "log", "jobs.log"), "utf8");
  // (other tests end the database and its connections, and hold locks: that is said too, and tried again)
  assert.deepEqual(log.split("\n").filter((line) => line.includes('"tidy.failed"') && !/"sqlstate":"(57P..|08...|55P03|)"/.test(line)), []);
  const months = Number(h.one("SELECT count(*) FROM pg_class WHERE relnamespace = 'audit'::regnamespace AND relname ~ '^event_[0-9]{4}_[0-9]{2}$'"));
  assert.ok(months >= 4);
});

test("S-33: a program that crashes writes no core, which would hold clients' keys", () => {
  for (const name of ["staff", "public", "slow", "jobs", "postgresql", "nginx"])
    assert.match(fs.readFileSync(`/proc/${child(name)}/limits`, "utf8"), /^Max core file size\s+0\s+0\s/m, name);
});

test("the directory of a Foyer may have a blank in its name", () => {
  const conf = fs.readFileSync(path.join(h.env.vardir, "foyer.conf"), "utf8");
  assert.match(conf, /^database = host='[^']+' dbname=foyer$/m);
});

test("a page whose connection is lost half way is made once, with one cookie", async () => {
  const t = h.tenantId("glow"), token = crypto.randomBytes(32);
  const [visit, client] = h.sql("SELECT id, client_id FROM app.appointment WHERE tenant_id = :'v1' AND client_id IS NOT NULL LIMIT 1", t)[0];
  h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', '${t}', true); INSERT INTO app.link (tenant_id, purpose, client_id, appointment_id, token_hash, expires_at)
    VALUES ('${t}', 'manage', '${client}', '${visit}', sha256('\\x${token.toString("hex")}'), now() + interval '1 day'); COMMIT;`);
  const release = await h.holding("LOCK TABLE app.link IN ACCESS EXCLUSIVE MODE");
  const asked = h.request("glow", `/l/${token.toString("base64url")}`);
  await sleep(400);
  h.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'foyer_public' AND state = 'active'");
  await sleep(400);
  await release();
  const r = await asked;
  assert.equal(r.status, 303);
  assert.match(r.location, /^\/v\//);
  assert.equal(r.cookies.length, 1);
});

test("a page that is too slow is not asked for a second time", async () => {
  const release = await h.holding("LOCK TABLE app.service IN ACCESS EXCLUSIVE MODE");
  const began = Date.now();
  const r = await h.request("glow", "/book");
  const ms = Date.now() - began; // lock_timeout of the roles is 3 s
  await release();
  assert.equal(r.status, 503);
  assert.ok(ms < 5500, `it took ${ms} ms`);
});
