// kill.test.js -- takes about a minute and a half. Workers and jobs are killed with signal 9 at 200 random points of booking, signing and saving
// (SECURITY.md T30, B-05, D-20, D-25). FOYER_TEST_SEED=N repeats a run's choices; FOYER_TEST_KILLS=N: how many.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const stack = require("./stack");
const { mailServer, storm, compare, compareMail } = require("./storm");

const KILLS = Number(process.env.FOYER_TEST_KILLS) || 200;
let s, mail, since;
before(async () => {
  mail = await mailServer({ delay: () => 5 });
  s = stack.start("kill", { conf: `smtp_url = ${mail.url}\njobs_poll_ms = 200\n` });
  since = s.h.one("SELECT now()");
});
after(() => { mail?.close(); s?.stop(); });

test("T30: 200 kills at random points: nothing confirmed is lost, nothing is done twice, the pools come back", async (t) => {
  const random = stack.dice(), pools = ["public", "staff"], masters = Object.fromEntries(pools.map((p) => [p, s.child(p)]));
  const count = Object.fromEntries(pools.map((p) => [p, s.workers(p).length]));
  t.diagnostic(`seed ${random.seed}`);
  const people = await storm(s), killed = { public: 0, staff: 0, jobs: 0 };
  for (let n = 0; n < KILLS && people.failures.length === 0; n++) {
    await stack.sleep(30 + random.below(250));
    const die = random.below(20);
    const victim = die === 0 ? "jobs" : die < 15 ? "public" : "staff";
    const pid = victim === "jobs" ? s.child("jobs") : random.of(s.workers(victim));
    if (!pid || !stack.lives(pid)) { n--; continue; } // not there yet again
    process.kill(pid, "SIGKILL");
    killed[victim]++;
  }
  await people.end();
  t.diagnostic(`killed: ${JSON.stringify(killed)}`);
  t.diagnostic(compare(s, people));
  for (const pool of pools) {
    assert.equal(s.child(pool), masters[pool], "the master of a pool has changed");
    await stack.until(() => s.workers(pool).length === count[pool], `${pool} has ${s.workers(pool).length} of ${count[pool]} workers`, 5000);
  }
});

test("B-05 D-20: what dead workers held is free", async () => {
  await stack.until(() => s.h.one(`SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory'`) === "0", "advisory locks are held", 3000);
  assert.equal(s.h.one("SELECT count(*) FROM pg_stat_activity WHERE usename ~ '^foyer_' AND state LIKE 'idle in transaction%'"), "0");
});

test("D-25: each message went out once, or is flagged as unknown", async (t) => {
  // Leases of killed runners last two minutes; the test does not.
  await stack.until(() => {
    s.h.sql(`SELECT set_config('foyer.tenant_id', '${s.h.tenantId("glow")}', false);
             UPDATE app.job SET lease_until = now() - interval '1 second' WHERE state = 'running' AND lease_until < now() + interval '100 seconds' AND lease_until > now();
             UPDATE app.job SET run_at = now() WHERE state = 'ready' AND run_at > now();`);
    return s.h.one("SELECT count(*) FROM app.job WHERE state IN ('ready', 'running') AND kind = 'message.send'") === "0";
  }, "jobs wait for ever", 120000);
  t.diagnostic(JSON.stringify(compareMail(s, mail.mails, since)));
});

test("the trail is whole", () => {
  assert.equal(s.program(["foyer", "audit", "seal"]).status, 0);
  const r = s.program(["foyer", "audit", "verify"]);
  assert.equal(r.status, 0, r.stdout + r.stderr);
});

test("no process, no shared memory is left when it ends", async () => {
  const shared = (pid) => fs.readFileSync(`/proc/${pid}/maps`, "utf8").split("\n").map((l) => l.match(/\/dev\/shm\/\S+/)?.[0]).filter(Boolean);
  const master = s.child("postgresql");
  const segments = () => fs.readFileSync("/proc/sysvipc/shm", "utf8").split("\n").slice(1).map((l) => l.trim().split(/\s+/)).filter((w) => Number(w[4]) === master);
  const files = new Set([master, ...s.kids(master)].flatMap(shared));
  s.stop();
  let left;
  await stack.until(() => {
    const parent = (p) => Number(fs.readFileSync(`/proc/${p}/status`, "utf8").match(/^PPid:\s+(\d+)/m)[1]);
    left = fs.readdirSync("/proc").filter((p) => /^\d+$/.test(p) && Number(p) !== process.pid).flatMap((p) => {
      try {
        if (parent(p) === process.pid || parent(parent(p)) === process.pid) return []; // the psql of these tests
        const words = fs.readFileSync(`/proc/${p}/cmdline`, "utf8").replaceAll("\0", " ");
        return words.includes(s.vardir) ? [`${p} ${words}`] : [];
      } catch { return []; }
    });
    return left.length === 0;
  }, "no process", 20000).catch((e) => assert.fail(`${e.message}: ${left.join("; ")}`));
  assert.deepEqual([...files].filter((f) => fs.existsSync(f)), [], "shared memory is left");
  assert.equal(segments().length, 0, "a System V segment is left");
});
