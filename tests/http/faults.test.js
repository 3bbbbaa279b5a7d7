// faults.test.js -- a dozen workers die while people book, sign and save. The long run, and all other faults, are in tests/slow.
// SECURITY.md T30, B-05, D-20.
"use strict";
const { test, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const h = require("./harness");
const k = require("./booking_client");
const { dice, sleep, until } = require("../slow/stack");
const { storm, compare } = require("../slow/storm");

const child = (name) => Number(fs.readFileSync(path.join(h.env.vardir, "run", `${name}.child`), "utf8"));
const workersOf = (name) => fs.readFileSync(`/proc/${child(name)}/task/${child(name)}/children`, "utf8").trim().split(/\s+/).filter(Boolean).map(Number);
const c = k.corner("glow");
after(() => k.close(c));

test("T30: twelve workers killed at random points: nothing confirmed is lost, nothing is done twice", async (t) => {
  const random = dice(), count = { public: workersOf("public").length, staff: workersOf("staff").length };
  t.diagnostic(`seed ${random.seed}`);
  const people = await storm({ h }, { people: 4, staff: 1 });
  for (let n = 0; n < 12 && people.failures.length === 0; n++) {
    await sleep(100 + random.below(300));
    const pool = random.below(4) ? "public" : "staff", pid = random.of(workersOf(pool));
    if (pid) process.kill(pid, "SIGKILL");
  }
  await people.end();
  t.diagnostic(compare({ h }, people));
  for (const pool of ["public", "staff"]) await until(() => workersOf(pool).length === count[pool], `${pool} is not whole again`, 10000);
});

test("B-05 D-20: a killed worker's lock is free within 2 s, its half of a booking is gone, and the same form sent again gets the time", async () => {
  const v = new h.Visitor("glow");
  const page = await k.timesPage(v, c, 3);
  const form = h.formOf(page.text, /^\/book\//), values = { ...form.values, slot: k.slotsOf(page.text)[0] };
  const locks = () => Number(h.one("SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND l.granted AND a.datname = current_database() AND a.usename = 'foyer_public'")); // (the jobs lock times too)
  assert.equal(locks(), 0);
  const release = await h.holding("LOCK TABLE app.slot IN SHARE ROW EXCLUSIVE MODE"); // it gets as far as its rows
  try {
    const sent = v.post(form.action, values).catch(() => ({ status: 503 }));
    await until(() => locks() > 0, "it does not lock", 10000);
    for (const pid of workersOf("public")) process.kill(pid, "SIGKILL");
    await until(() => locks() === 0, "the lock of a dead worker is held", 2000);
    assert.equal((await sent).status, 503);
  } finally {
    await release();
  }
  assert.equal(h.one("SELECT count(*) FROM app.appointment WHERE service_id = :'v1'", c.service), "0");
  let again;
  await until(async () => (again = await v.post(form.action, values).catch(() => ({}))).status === 303, "the same form does not get it", 10000);
  assert.match(again.location, /^\/book\/hold\//);
  assert.equal(h.one("SELECT count(*) FROM app.appointment WHERE service_id = :'v1' AND status = 'held'", c.service), "1");
  assert.equal((await new h.Visitor("glow").post(form.action, { ...values, idem: h.uuid() })).status, 409);
});
