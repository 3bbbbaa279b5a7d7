// clock.test.js -- takes about a minute. The database's clock jumps by an hour and a day, forwards and back (SECURITY.md T34, A-10): sessions and links
// stay on the safe side, no message goes out twice, the trail is sealed on in its order. Needs libfaketime; without it the test is
// skipped. The clock of the database is the one that decides: sessions, links, holds, jobs and the trail ask no other.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { spawn } = require("node:child_process");
const stack = require("./stack");
const { mailServer, compareMail } = require("./storm");

const library = ["/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1", "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1"].find((f) => fs.existsSync(f));
let s, h, mail, clock, supervisor;
before(async () => {
  if (!library) return;
  mail = await mailServer();
  s = stack.start("clock", { conf: `smtp_url = ${mail.url}\njobs_poll_ms = 200\n` });
  h = s.h;
  s.stop();
  // The same again, with a clock that can be set before PostgreSQL's eyes.
  clock = path.join(s.vardir, "clock");
  const at = path.join(s.vardir, "app", "scripts", "supervise"), text = fs.readFileSync(at, "utf8");
  const plain = 'command=(postgres -D "$FOYER_VAR/pg")';
  assert.ok(text.includes(plain));
  fs.writeFileSync(at, text.replace(plain, `command=(env LD_PRELOAD=${library} FAKETIME_TIMESTAMP_FILE=${clock} FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 postgres -D "$FOYER_VAR/pg")`));
  set("+0");
  const words = stack.asOwner([at]);
  const env = { PATH: "/usr/lib/postgresql/15/bin:/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8", HOME: "/", ...s.env };
  supervisor = spawn(words[0], words.slice(1), { cwd: "/", env, stdio: "ignore" });
  await stack.until(() => fs.existsSync(path.join(s.run, "ready")), "it does not start", 60000);
});
after(() => { mail?.close(); s?.stop(); });

const set = (text) => { fs.writeFileSync(`${clock}.new`, `${text}\n`); fs.chmodSync(`${clock}.new`, 0o644); fs.renameSync(`${clock}.new`, clock); };
const offset = () => Math.round((Date.parse(`${h.one("SELECT clock_timestamp() AT TIME ZONE 'UTC'")}Z`.replace(" ", "T")) - Date.now()) / 60000);
const jump = async (text, minutes) => {
  set(text);
  await stack.until(() => Math.abs(offset() - minutes) < 2, `the clock does not jump to ${text}: ${offset()} minutes`, 10000);
};
const open = () => Number(h.one("SELECT count(*) FROM app.job WHERE kind = 'message.send' AND state IN ('ready', 'running')"));

test("T34 A-10: an hour and a day, forwards and back", async (t) => {
  if (!library) return t.skip("libfaketime is not installed");
  const k = require("../http/booking_client"), c = k.corner("glow", { minutes: 5 }), since = h.one("SELECT now() - interval '3 days'");
  const answer = async (v) => (await v.get("/clients")).status;
  let day = 5;
  for (const [text, minutes, what] of [["+3600", 60, "an hour on"], ["+0", 0, "an hour back"], ["-3600", -60, "another hour back"], ["+0", 0, "right again"],
    ["+86400", 1440, "a day on"], ["+0", 0, "a day back"], ["-86400", -1440, "another day back"], ["+0", 0, "and right"]]) {
    const was = offset();
    const desk = await h.staff("glow", "front-desk", { fresh: true });
    assert.equal(await answer(desk), 200);
    const booked = await k.book(c, { days: day++ });
    await stack.until(() => open() === 0 || was !== 0, "a message waits", 20000);
    await jump(text, minutes);
    // Forwards her fifteen idle minutes are over; back they would last an hour or a day longer: she logs in again.
    assert.equal(await answer(desk), 303, `${what}: she is still let in`);
    // Who comes now is served: a session, a booking, its row in the trail.
    const again = await h.staff("glow", "front-desk", { fresh: true });
    assert.equal(await answer(again), 200, `${what}: a new session`);
    const r = await booked.v.get(`${booked.at}/booked`);
    assert.ok([200, 303, 401, 410].includes(r.status), `${what}: her link answered ${r.status}`);
    assert.equal((await k.book(c, { days: day++ })).v.constructor, h.Visitor);
    // Sealing goes on, in the order of the index.
    assert.equal(s.program(["foyer", "audit", "seal"]).status, 0, what);
    await stack.until(() => Number(h.one("SELECT (SELECT count(*) FROM audit.event) - (SELECT count(*) FROM audit.leaf)")) <= 1, `${what}: sealing stands still`, 20000);
  }
  // The jobs of the times between: each due by now, or soon.
  h.sql(`SELECT set_config('foyer.tenant_id', '${h.tenantId("glow")}', false); UPDATE app.job SET run_at = least(run_at, now()), lease_until = CASE WHEN state = 'running' THEN now() - interval '1 second' END`);
  await stack.until(() => open() === 0, "messages wait", 30000);
  t.diagnostic(JSON.stringify(compareMail(s, mail.mails, since)));
  k.close(c);
  const r = s.program(["foyer", "audit", "verify"]);
  assert.equal(r.status, 0, r.stdout + r.stderr);
});
