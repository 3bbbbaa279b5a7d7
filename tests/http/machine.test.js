// machine.test.js -- a worker dies, the database restarts: what a person notices of it.
// Both are real: signal 9 to workers of this stack, and a restart of its PostgreSQL.
"use strict";
const { test } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
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
  for (let i = 0; i < 60; i++) {
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
  assert.doesNotMatch(log, /tidy\.failed/);
  const months = Number(h.one("SELECT count(*) FROM pg_class WHERE relnamespace = 'audit'::regnamespace AND relname ~ '^event_[0-9]{4}_[0-9]{2}$'"));
  assert.ok(months >= 4);
});
