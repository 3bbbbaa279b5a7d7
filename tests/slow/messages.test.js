// messages.test.js -- takes about two minutes. The runner of jobs is killed a hundred times while it sends (SECURITY.md D-25): each message arrives
// exactly once, or is flagged as unknown because the mail server was being spoken to; and a mail server that is slow (T35).
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const path = require("node:path");
const { spawn } = require("node:child_process");
const stack = require("./stack");
const { mailServer, compareMail } = require("./storm");

const KILLS = Number(process.env.FOYER_TEST_KILLS) || 100;
let s, mail, tenant, goOn;
before(async () => {
  s = stack.start("messages");
  tenant = s.h.tenantId("ops");
  goOn = await s.h.pauseJobs(s.child("jobs")); // the runners here are this test's own, for supervise starts a dying one later and later
});
after(() => {
  try { goOn?.(); } catch { /* it has ended */ }
  mail?.close();
  s?.stop();
});

function runner(url) {
  const words = stack.asOwner([path.join(s.vardir, "app", "bin", "foyer-jobs"), "--config", path.join(s.vardir, "foyer.conf")]);
  const child = spawn(words[0], words.slice(1), { cwd: "/", stdio: "ignore",
    env: { PATH: process.env.PATH, FOYER_SMTP_URL: url, FOYER_JOBS_POLL_MS: "100", ASAN_OPTIONS: process.env.ASAN_OPTIONS || "" } });
  child.over = new Promise((r) => child.on("exit", r));
  return child;
}
const inside = (text) => s.h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', '${tenant}', true); ${text} COMMIT;`);
const write = (n) => inside(`
  WITH m AS (INSERT INTO app.message (kind, channel, to_address, subject, body, dedupe_key)
             SELECT 'test', 'email', 'a' || gen_random_uuid() || '@mail.example', 'A test', 'words', gen_random_uuid()::text FROM generate_series(1, ${n}) RETURNING id, dedupe_key)
  INSERT INTO app.job (kind, subject_id, dedupe_key) SELECT 'message.send', id, dedupe_key FROM m;`);
const open = () => Number(s.h.one(`SELECT count(*) FROM app.job WHERE kind = 'message.send' AND state IN ('ready', 'running')`));
// Leases last two minutes and tries come later and later; the test does not wait for them.
const hurry = () => inside(`UPDATE app.job SET lease_until = now() - interval '1 second' WHERE state = 'running'; UPDATE app.job SET run_at = now() WHERE state = 'ready';`);

test("D-25: a hundred kills: each message arrives once, or is flagged as unknown", async (t) => {
  const random = stack.dice(), since = s.h.one("SELECT now()");
  t.diagnostic(`seed ${random.seed}`);
  mail = await mailServer({ delay: () => random.below(20) });
  for (let n = 0; n < KILLS; n++) {
    if (open() < 20) write(40);
    const r = runner(mail.url), sent = mail.mails.length;
    await stack.until(() => mail.mails.length > sent || r.exitCode !== null, "it does not begin", 20000);
    await stack.sleep(random.below(120));
    r.kill("SIGKILL");
    await r.over;
    hurry();
  }
  const last = runner(mail.url);
  await stack.until(() => { hurry(); return open() === 0; }, "messages wait for ever", 120000).finally(() => last.kill("SIGTERM"));
  await last.over;
  const states = compareMail(s, mail.mails, since);
  t.diagnostic(JSON.stringify(states));
  assert.ok(states.sent > KILLS, "hardly anything was sent");
  mail.close();
});

test("T35: a mail server that is slower than we wait: the message is flagged as unknown and not sent again; pages do not wait for it", async () => {
  const since = s.h.one("SELECT now()");
  mail = await mailServer({ delay: () => 40000 });
  write(1);
  const r = runner(mail.url);
  try {
    await stack.until(() => mail.mails.length === 1, "it was not sent", 20000);
    // Meanwhile somebody books: her page is there, her message waits.
    const k = require("../http/booking_client"), c = k.corner("glow");
    await k.book(c);
    k.close(c);
    // the runner waits for 30 s
    const state = () => s.h.one(`SELECT state FROM app.message WHERE kind = 'test' AND created_at > '${since}'`);
    await stack.until(() => state() !== "sending", "it waits for ever", 60000);
    hurry();
    await stack.sleep(1500);
    assert.equal(state(), "unknown", "nobody knows whether it was taken");
    assert.equal(mail.mails.filter((id) => id === mail.mails[0]).length, 1, "it was sent twice");
  } finally {
    r.kill("SIGKILL");
    await r.over;
  }
});
