// message_waits.test.js -- messages that must not go out: to somebody who was erased meanwhile, and of a business whose pages are closed.
"use strict";
const { test, after } = require("node:test");
const assert = require("node:assert/strict");
const { execFileSync } = require("node:child_process");
const path = require("node:path");
const h = require("./harness");

const glow = h.tenantId("glow");
const inside = (text) => h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', '${glow}', true); ${text} COMMIT;`);
after(() => {
  h.sql("UPDATE sec.site SET is_suspended = false WHERE tenant = :'v1'; UPDATE app.tenant SET suspended_at = NULL, suspended_why = NULL WHERE id = :'v1'", glow);
  h.sql("UPDATE app.job SET run_at = now() WHERE tenant_id = :'v1' AND state = 'ready' AND kind = 'message.send' AND run_at > now()", glow);
});
// A mail that waits, and its job, due in so many minutes.
function queue(client, to, minutes) {
  const id = h.uuid();
  inside(`INSERT INTO app.message (id, kind, channel, client_id, to_address, subject, body, body_sealed, dedupe_key)
            VALUES ('${id}', 'form_link', 'email', ${client ? `'${client}', '${to}', 'A subject', NULL, '\\x00'` : `NULL, '${to}', 'A subject', 'Words', NULL`}, '${id}');
          INSERT INTO app.job (kind, subject_id, dedupe_key, run_at) VALUES ('message.send', '${id}', '${id}', now() + interval '${minutes} minutes');`);
  return id;
}
const due = (id) => { inside(`UPDATE app.job SET run_at = now() WHERE subject_id = '${id}';`); h.sql("NOTIFY foyer_jobs"); };
const message = (id) => h.sql("SELECT state, coalesce(problem, '') FROM app.message WHERE id = :'v1'", id)[0];
async function until(what, wanted) {
  for (let i = 0; i < 600; i++) {
    if (JSON.stringify(what()) === JSON.stringify(wanted)) return;
    await new Promise((r) => setTimeout(r, 100));
  }
  assert.deepEqual(what(), wanted);
}
const addClient = async (o) => h.addClient(await h.staff("glow", "front-desk"), o);

test("R-12: what waits for somebody who is erased is dropped, and says why; also what came back to be tried again", async () => {
  const client = await addClient({ name: `Soon Gone ${Date.now()}`, email: "soon.gone@example.com" });
  const waits = queue(client, "soon.gone@example.com", 60), tried = queue(client, "soon.gone@example.com", 60);
  const command = [path.join(h.env.vardir, "app", "bin", "foyer"), "client", "erase", "--tenant", "glow", "--client", client];
  const line = ["env", `FOYER_CONFIG=${path.join(h.env.vardir, "foyer.conf")}`, "FOYER_MIGRATE_ROLE=postgres", ...command];
  if (process.getuid() === 0) line.unshift("runuser", "-u", process.env.FOYER_OS_USER || "foyer", "--");
  execFileSync(line[0], line.slice(1), { cwd: "/", encoding: "utf8" });
  assert.deepEqual(message(waits), ["suppressed", "erased"]);
  const v = await h.staff("glow", "owner");
  const page = (await v.get(`/messages/${waits}`)).text;
  assert.match(page, /erased before it went out/);
  assert.doesNotMatch(page, /opted out/);
  // It was being sent at that moment, the server said "later", and its runner put it back.
  inside(`UPDATE app.message SET state = 'queued', problem = NULL WHERE id = '${tried}';`);
  due(tried);
  await until(() => message(tried), ["suppressed", "erased"]);
  await until(() => h.one("SELECT state FROM app.job WHERE subject_id = :'v1'", tried), "done");
});

test("B19: what a business has waiting when its pages are closed waits on, and goes out when they are open again", async () => {
  h.sql("UPDATE sec.site SET is_suspended = true WHERE tenant = :'v1'; UPDATE app.tenant SET suspended_at = now(), suspended_why = 'A test closes it.' WHERE id = :'v1'", glow);
  const id = queue(null, "somebody@example.com", 60); // (due only once it is there: the jobs are fast)
  due(id);
  await until(() => message(id), ["queued", "suspended"]);
  // It is no failed try. (The job is put off once what came of it is kept.)
  await until(() => h.sql("SELECT state, run_at > now(), attempts FROM app.job WHERE subject_id = :'v1'", id)[0], ["ready", "t", "0"]);
  const operator = await h.staff("ops", "operator", { fresh: true });
  assert.match((await operator.get("/tenants/glow")).text, /closed/);
  assert.equal((await operator.submit("/tenants/glow", {}, { action: "/tenants/glow/resume" })).status, 303);
  await until(() => message(id)[0], "kept"); // there is no mail server here
});
