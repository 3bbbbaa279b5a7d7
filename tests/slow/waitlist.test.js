// waitlist.test.js -- takes about four minutes. The waitlist while its jobs are killed with signal 9 and while PostgreSQL is restarted at once:
// each who waits for a time gets it once, in the order of joining, and is told once; what runs out goes on to the next, and in the
// end to everybody (SECURITY.md T28, T30, T31, B-01, B-03, D-20, D-25). FOYER_TEST_SEED=N repeats a run's choices.
"use strict";
const { test, before, after, describe } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { spawn } = require("node:child_process");
const stack = require("./stack");
const { mailServer } = require("./storm");

const DAYS = 3, PEOPLE = 4;
let s, mail, h, k, c, random, day = 5;
before(async () => {
  mail = await mailServer({ delay: () => 5 });
  s = stack.start("waitlist", { conf: `smtp_url = ${mail.url}\njobs_poll_ms = 200\n` });
  h = s.h;
  k = require("../http/booking_client");
  random = stack.dice();
  c = k.corner("glow");
});
after(() => { mail?.close(); s?.stop(); });

const answers = () => { try { return h.one("SELECT 1") === "1"; } catch { return false; } };
const within = (text, ...values) => k.within(c.tenant, text, ...values);
// As the jobs: SQL that acts in the studio.
const act = (text, ...values) => h.sql(`SELECT set_config('foyer.tenant_id', '${c.tenant}', false), set_config('foyer.actor_kind', 'job', false) \\g /dev/null\n${text}`, ...values);
const offers = (entries) => h.sql(`SELECT o.id, o.entry_id, o.state, a.status, o.until >= now(), (SELECT string_agg(DISTINCT t.state, ' ') FROM app.slot t WHERE t.tenant_id = a.tenant_id AND t.appointment_id = a.id)
  FROM app.waitlist_offer o JOIN app.appointment a ON a.tenant_id = o.tenant_id AND a.id = o.appointment_id WHERE o.entry_id = ANY (:'v1'::uuid[]) ORDER BY o.offered_at`, `{${entries.join(",")}}`);
const open = (entries) => offers(entries).filter(([, , state]) => state === "open");
// Nobody answered: the time of every open offer is over.
const timeIsUp = (entries) => act(`UPDATE app.slot t SET hold_until = now() - interval '1 second' FROM app.waitlist_offer o WHERE o.tenant_id = t.tenant_id AND o.entry_id = ANY (:'v1'::uuid[]) AND o.state = 'open'
    AND t.appointment_id = o.appointment_id AND t.state = 'hold';
  UPDATE app.waitlist_offer SET until = now() - interval '1 second' WHERE entry_id = ANY (:'v1'::uuid[]) AND state = 'open';
  UPDATE app.job SET run_at = now() WHERE kind LIKE 'waitlist.%' AND state = 'ready' AND run_at > now(); NOTIFY foyer_jobs`, `{${entries.join(",")}}`);
// A runner that is dead does not keep what it had taken for two minutes; the test does not wait for that.
const deadLeases = (when) => act("UPDATE app.job SET lease_until = now() - interval '1 second' WHERE state = 'running' AND lease_until < :'v1'::timestamptz + interval '120 seconds'; NOTIFY foyer_jobs", when);

// A visit at ten on each of some days, and people who wait for just that time of one of them. Returns {visits, lists: [entry...] by day}.
const people = [];
async function waiting() {
  while (people.length < DAYS * PEOPLE) people.push(await k.book(c, { slot: 0, days: 40 + Math.floor(people.length / 2) }));
  within("UPDATE app.waitlist_entry SET state = 'left', left_at = now() WHERE tenant_id = :'v1' AND service_id = :'v2' AND state = 'waiting'", c.tenant, c.service);
  const visits = [], lists = [];
  for (let d = 0; d < DAYS; d++) {
    const on = k.dayIn(++day), slot = h.one("SELECT extract(epoch FROM (:'v1'::date + time '10:00') AT TIME ZONE zone)::bigint FROM app.location WHERE id = :'v2'", on, c.place);
    visits.push((await k.book(c, { slot, days: day })).appointment);
    lists.push(people.slice(d * PEOPLE, (d + 1) * PEOPLE).map((p) => {
      const entry = h.uuid();
      within(`INSERT INTO app.waitlist_entry (id, client_id, service_id, places, providers, from_day, to_day, joined_at) VALUES (:'v1', :'v2', :'v3', ARRAY[:'v4'::uuid], '{}', :'v5', :'v5', clock_timestamp());
        INSERT INTO app.waitlist_window (entry_id, position, weekdays, from_time, to_time) VALUES (:'v1', 1, '{0,1,2,3,4,5,6}', '10:00', '10:00')`, entry, p.client, c.service, c.place, on);
      return entry;
    }));
  }
  return { visits, lists };
}

// The visits are given up, and harm is done at random moments until everybody has had her offer and let it pass.
async function runThrough(harm, t, most = 80) {
  const { visits, lists } = await waiting(), all = lists.flat(), end = Date.now() + 150000;
  let harms = 0;
  for (const visit of visits) act("SELECT app.appointment_set_status(:'v1', 'cancelled', NULL, 'studio')", visit);
  while (offers(all).length < all.length || open(all).length > 0) {
    assert.ok(Date.now() < end, `never: ${JSON.stringify(offers(all))}`);
    if (open(all).length > 0) timeIsUp(all);
    await stack.sleep(random.below(60));
    if (harms < most && random.below(3) > 0) { await harm(); harms++; }
    await stack.sleep(random.below(120));
  }
  t.diagnostic(`seed ${random.seed}, ${harms} times; ${offers(all).length} offers`);
  assert.ok(harms >= 4, "it went by without harm");
  return { lists, all };
}
async function check({ lists, all }) {
  const made = offers(all);
  assert.equal(made.length, all.length);
  for (const list of lists) assert.deepEqual(made.filter(([, e]) => list.includes(e)).map(([, e]) => e), list, "not in the order of joining, or one of them twice");
  for (const [id, , state, status, , slots] of made) assert.deepEqual([state, status, slots], ["lapsed", "expired", "released"], id);
  assert.equal(h.one(`SELECT count(*) FROM (SELECT o.entry_id, a.staff_id, a.starts_at FROM app.waitlist_offer o JOIN app.appointment a ON a.tenant_id = o.tenant_id AND a.id = o.appointment_id
    WHERE o.tenant_id = :'v1' GROUP BY 1, 2, 3 HAVING count(*) > 1) AS q`, c.tenant), "0", "the same time twice to one");
  assert.equal(h.one(`SELECT count(*) FROM app.slot a JOIN app.slot b ON b.tenant_id = a.tenant_id AND b.resource_id = a.resource_id AND b.id > a.id AND b.during && a.during
    WHERE a.tenant_id = :'v1' AND a.state IN ('hold', 'booked') AND b.state IN ('hold', 'booked') AND NOT a.is_over AND NOT b.is_over`, c.tenant), "0");
  assert.equal(h.one("SELECT count(*) FROM app.appointment a WHERE a.tenant_id = :'v1' AND a.status = 'held' AND NOT EXISTS (SELECT FROM app.slot t WHERE t.tenant_id = a.tenant_id AND t.appointment_id = a.id AND t.state = 'hold')", c.tenant), "0", "a hold without its time");
  const told = h.sql("SELECT m.id, m.dedupe_key, m.state FROM app.message m WHERE m.tenant_id = :'v1' AND m.dedupe_key = ANY (:'v2'::text[])", c.tenant, `{${made.map(([id]) => `waitlist-${id}`).join(",")}}`);
  assert.deepEqual(told.map(([, key]) => key).sort(), made.map(([id]) => `waitlist-${id}`).sort(), "each of them has one message");
  for (const [id] of told) assert.ok(mail.mails.filter((m) => m === id).length <= 1, "a mail went out twice");
}

describe("each gets the time once, in order, and is told once", () => {
  test("T30 D-20 D-25: the jobs are killed with signal 9", async (t) => {
    // A runner of the test's own, for scripts/supervise starts one that ends again and again later and later.
    const supervisor = Number(fs.readFileSync(path.join(s.run, "supervise.pid"), "utf8")), log = fs.openSync(path.join(s.vardir, "log", "jobs.log"), "a");
    let runner;
    const begin = () => {
      const words = stack.asOwner([path.join(s.vardir, "app", "bin", "foyer-jobs"), "--config", path.join(s.vardir, "foyer.conf")]);
      const p = spawn(words[0], words.slice(1), { cwd: "/", stdio: ["ignore", log, log], env: { PATH: process.env.PATH, ASAN_OPTIONS: process.env.ASAN_OPTIONS || "" } });
      p.over = new Promise((r) => p.on("exit", r));
      runner = p;
    };
    process.kill(supervisor, "SIGSTOP");
    try {
      process.kill(s.child("jobs"), "SIGKILL");
      begin();
      const run = await runThrough(async () => {
        // at any moment from its start on
        await stack.sleep(random.below(600));
        runner.kill("SIGKILL");
        await runner.over;
        deadLeases(h.one("SELECT now()"));
        begin();
      }, t);
      await check(run);
      t.diagnostic(`taken from a dead runner: ${h.one("SELECT count(*) FROM app.job WHERE tenant_id = :'v1' AND kind LIKE 'waitlist.%' AND attempts > 1", c.tenant)}`);
    } finally {
      runner?.kill("SIGKILL");
      process.kill(supervisor, "SIGCONT");
    }
  });
  test("T31 B-03: PostgreSQL is restarted at once", async (t) => {
    const run = await runThrough(async () => {
      const postmaster = s.child("postgresql");
      process.kill(postmaster, "SIGQUIT");
      await stack.until(() => s.child("postgresql") !== postmaster, "PostgreSQL is not started again", 30000);
      await stack.until(answers, "PostgreSQL does not answer", 60000);
      deadLeases(h.one("SELECT now()"));
    }, t, 5);
    await check(run);
  });
  test("T28: an offer that stands is still hers after both: she takes it, once", async () => {
    const { visits, lists } = await waiting();
    for (const visit of visits) act("SELECT app.appointment_set_status(:'v1', 'cancelled', NULL, 'studio')", visit);
    await stack.until(() => open(lists.flat()).length === DAYS, "no offers", 30000);
    const postmaster = s.child("postgresql");
    process.kill(s.child("jobs"), "SIGKILL");
    process.kill(postmaster, "SIGQUIT");
    await stack.until(() => s.child("postgresql") !== postmaster && answers(), "PostgreSQL does not answer", 60000);
    const [id, entry, , , , slots] = open(lists.flat())[0];
    assert.equal(slots, "hold");
    assert.deepEqual([1, 2].map(() => act("SELECT x.is_new FROM app.waitlist_accept(:'v1') x", id)[0][0]), ["t", "f"]);
    assert.equal(h.one("SELECT a.status || ' ' || e.state FROM app.waitlist_offer o JOIN app.appointment a ON a.tenant_id = o.tenant_id AND a.id = o.appointment_id JOIN app.waitlist_entry e ON e.tenant_id = o.tenant_id AND e.id = o.entry_id WHERE o.id = :'v1'", id), "booked booked");
    const others = lists.find((l) => l.includes(entry)).filter((e) => e !== entry);
    timeIsUp(lists.flat());
    await stack.until(() => h.one("SELECT count(*) FROM app.job WHERE kind LIKE 'waitlist.%' AND state IN ('ready', 'running') AND run_at <= now()") === "0", "jobs wait for ever", 150000);
    assert.deepEqual(offers(others), [], "a time that is booked was offered again");
  });
});
