// seal.test.js -- takes about 5 min. Sealing in earnest: a transaction that stays open, heads that leave by mail and to
// another disk, and a logical restore into another cluster (SECURITY.md, T40).
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const http = require("node:http");
const net = require("node:net");
const path = require("node:path");
const { spawn, spawnSync } = require("node:child_process");
const stack = require("./stack");

let s, sink, port;
const mails = [];
let refuses = true; // the mail server is out of order at first
function receive(c) {
  let data = "", inData = false, rest = "";
  const say = (line) => c.write(`${line}\r\n`);
  c.on("error", () => {});
  say("220 test ESMTP");
  c.on("data", (bytes) => {
    rest += bytes.toString("utf8");
    for (let at; (at = rest.indexOf("\r\n")) >= 0;) {
      const line = rest.slice(0, at);
      rest = rest.slice(at + 2);
      if (inData && line !== ".") { data += `${line}\n`; continue; }
      if (inData) { inData = false; mails.push(data); data = ""; say("250 taken"); continue; }
      const word = line.split(/[ :]/)[0].toUpperCase();
      if (word === "RCPT" && refuses) say("451 later");
      else if (word === "DATA") { inData = true; say("354 go on"); }
      else if (word === "QUIT") { say("221 bye"); c.end(); }
      else say("250 ok");
    }
  });
}
const asText = (mail) => mail.slice(mail.indexOf("\n\n") + 2).replace(/=\n/g, "").replace(/=([0-9A-F]{2})/g, (_, x) => String.fromCharCode(parseInt(x, 16)));

before(async () => {
  sink = net.createServer(receive);
  await new Promise((r) => sink.listen(0, "127.0.0.1", r));
  port = sink.address().port;
  const outside = path.join(process.env.FOYER_TEST_VAR || path.join(stack.root, "var-test"), "slow", "seal", "outside", "heads");
  s = stack.start("seal", { conf: `smtp_url = smtp://127.0.0.1:${port}\nheads_mail = heads@example.com\nheads_minutes = 1\nheads_copy = ${outside}\n` });
});
after(() => { sink.close(); s.stop(); });

const inner = (target) => new Promise((resolve, reject) => {
  http.get({ host: "127.0.0.1", port: s.inner, path: target, agent: false }, (res) => {
    let text = "";
    res.on("data", (d) => (text += d)).on("end", () => resolve({ status: res.statusCode, text }));
  }).on("error", reject);
});
const ready = async (pattern, what, ms) => stack.until(async () => pattern.test((await inner("/health/ready")).text), what, ms);
const foyer = (...words) => s.program(["foyer", ...words]);
const somethingHappens = async () => { await (await s.h.staff("glow", "owner")).get("/clients"); };

test("A-07 heads that do not get outside raise the alarm and are tried again; once they can, they arrive: on the other disk, and by mail", async () => {
  const dir = path.join(s.vardir, "outside");
  await somethingHappens();
  await ready(/^heads outside 1 ALARM \(\d+ s, No such file or directory\)$/m, "no alarm for a disk that is not there");
  assert.equal((await inner("/health/ready")).status, 200, "an alarm, no outage");
  fs.mkdirSync(dir);
  if (stack.isRoot) spawnSync("chown", [stack.osUser, dir]);
  await ready(/^heads outside 1 ok /m, "the heads do not come to the disk", 150000); // (the sandbox has to be made anew)
  await ready(/^heads outside 2 ALARM \(\d+ s, the mail server does not take it\)$/m, "no alarm for a mail server that refuses", 150000);
  assert.match((await inner("/metrics")).text, /^foyer_heads_failing\{destination="2"\} 1$/m);
  refuses = false;
  await stack.until(() => mails.length > 0, "the heads do not come by mail", 240000);
  await ready(/^heads outside 2 ok /m, "the alarm stays", 120000);
  assert.match(mails.at(-1), /^Subject: Signed heads of the audit trail$/m);
  const kept = path.join(dir, "mail"), file = path.join(dir, "heads");
  fs.writeFileSync(kept, asText(mails.at(-1)));
  for (const heads of [kept, file]) {
    const r = foyer("audit", "verify", "--heads", heads);
    assert.equal(r.status, 0, r.stdout + r.stderr);
  }
});

test("A-07 T40 a tail that was cut, with its leaves and heads, is found by what is outside, and by nothing in the house", async () => {
  const goOn = await s.h.pauseJobs(s.child("jobs"));
  const heads = path.join(s.vardir, "outside", "heads"), tenant = s.h.tenantId("glow");
  const size = Number(fs.readFileSync(heads, "utf8").trim().split("\n").filter((l) => l.startsWith(tenant)).at(-1).split(" ")[1]);
  const stop = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'foyer_sealer'`;
  s.h.sql(stop);
  const before = s.h.sql(`SELECT size FROM audit.tree_head WHERE tenant_id = '${tenant}' AND size < ${size} ORDER BY size DESC LIMIT 1`)[0][0];
  s.h.sql(`SET session_replication_role = replica; BEGIN; CREATE TEMP TABLE kept AS SELECT * FROM audit.leaf WHERE tenant_id = '${tenant}' AND idx >= ${before};
    CREATE TABLE public.kept_leaf AS SELECT * FROM kept; CREATE TABLE public.kept_event AS SELECT e.* FROM audit.event e JOIN kept k ON k.tenant_id = e.tenant_id AND k.id = e.id AND k.at = e.at;
    CREATE TABLE public.kept_head AS SELECT * FROM audit.tree_head WHERE tenant_id = '${tenant}' AND size > ${before};
    DELETE FROM audit.event e USING kept k WHERE k.tenant_id = e.tenant_id AND k.id = e.id AND k.at = e.at;
    DELETE FROM audit.leaf WHERE tenant_id = '${tenant}' AND idx >= ${before}; DELETE FROM audit.tree_head WHERE tenant_id = '${tenant}' AND size > ${before}; COMMIT`);
  const own = path.join(s.vardir, "keys", "heads");
  fs.renameSync(own, `${own}.was`); // who rewrites the host rewrites this as well
  try {
    assert.equal(foyer("audit", "verify", "--tenant", "glow").status, 0);
    const r = foyer("audit", "verify", "--tenant", "glow", "--heads", heads);
    assert.equal(r.status, 1);
    assert.match(r.stdout, new RegExp(`^glow: index ${before} to \\d+: cut off: a head over \\d+ rows was signed$`, "m"));
  } finally {
    fs.renameSync(`${own}.was`, own);
    s.h.sql(`SET session_replication_role = replica; BEGIN; INSERT INTO audit.leaf SELECT * FROM public.kept_leaf; INSERT INTO audit.tree_head SELECT * FROM public.kept_head;
      INSERT INTO audit.event (${columns}) SELECT ${columns} FROM public.kept_event; DROP TABLE public.kept_leaf, public.kept_event, public.kept_head; COMMIT`);
    goOn();
  }
  assert.equal(foyer("audit", "verify", "--tenant", "glow", "--heads", heads).status, 0);
});
const columns = "tenant_id, at, id, xid, actor_kind, actor_id, session_id, link_id, ip, agent, action, object_kind, object_id, client_ids, fields, outcome, reason, request_id";

test("A-08 a transaction that is open for 70 s raises the alarm in health and metrics, and when it ends all is sealed", async () => {
  const conninfo = s.conf().match(/^database\s*=\s*(.*)$/m)[1].trim();
  const words = stack.asOwner(["psql", "-X", "-q", "-At", "-d", `${conninfo} user=postgres`]);
  const psql = spawn(words[0], words.slice(1), { cwd: "/", stdio: ["pipe", "pipe", "inherit"] });
  const over = new Promise((r) => psql.on("close", r));
  psql.stdin.write("SET idle_in_transaction_session_timeout = 0; BEGIN; SELECT pg_current_xact_id();\n");
  await new Promise((r) => psql.stdout.once("data", r));
  await ready(/^sealing ok /m, "it was late before");
  const began = Date.now();
  await somethingHappens();
  await stack.sleep(50000);
  assert.match((await inner("/health/ready")).text, /^sealing ok \((4|5)\d s\)$/m);
  await ready(/^sealing ALARM \((6|7)\d s\)$/m, "no alarm", 20000);
  assert.ok(Number((await inner("/metrics")).text.match(/^foyer_sealing_lag_seconds (\d+)$/m)[1]) >= 60);
  await stack.sleep(Math.max(0, 70000 - (Date.now() - began)));
  psql.stdin.end("COMMIT;\n");
  await over;
  await ready(/^sealing ok \(\d s\)$/m, "the alarm stays");
  const r = foyer("audit", "verify");
  assert.equal(r.status, 0, r.stdout + r.stderr);
});

test("A-09 after a dump and a restore into another cluster rows are written, sealed, and the whole trail verifies", async () => {
  const at = path.join(s.vardir, "other"), sockets = path.join(s.vardir, "o");
  for (const d of [at, sockets]) fs.mkdirSync(d);
  if (stack.isRoot) spawnSync("chown", [stack.osUser, at, sockets]);
  const bin = "/usr/lib/postgresql/15/bin";
  const as = (...words) => {
    const all = stack.asOwner(words);
    const r = spawnSync(all[0], all.slice(1), { cwd: "/", encoding: "utf8", maxBuffer: 1 << 29, env: { PATH: process.env.PATH, LANG: "C.UTF-8" } });
    assert.equal(r.status, 0, words.slice(0, 3).join(" ") + r.stderr);
    return r.stdout;
  };
  const host = s.conf().match(/host='?([^'\s]+)/)[1];
  s.h.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'foyer_sealer'");
  const goOn = await s.h.pauseJobs(s.child("jobs")); // so that some rows are dumped before they are sealed
  let server;
  try {
    await somethingHappens();
    as(`${bin}/initdb`, "-D", path.join(at, "pg"), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--auth=trust");
    const lib = path.join(fs.realpathSync(path.join(s.vardir, "app")), "lib");
    const words = stack.asOwner([`${bin}/postgres`, "-D", path.join(at, "pg"), "-c", "listen_addresses=", "-c", `unix_socket_directories=${sockets}`,
      "-c", `shared_preload_libraries=${path.join(lib, "foyerctx.so")}`, "-c", `dynamic_library_path=${lib}:$libdir`, "-c", "fsync=off"]);
    server = spawn(words[0], words.slice(1), { cwd: "/", stdio: "ignore" });
    const there = ["-h", sockets, "-U", "postgres"], here = ["-h", host, "-U", "postgres"];
    await stack.until(() => spawnSync(`${bin}/pg_isready`, ["-q", "-h", sockets]).status === 0, "the other cluster does not start");
    as("bash", "-c", `pg_dumpall --globals-only -h '${host}' -U postgres >'${at}/roles.sql'`);
    as("psql", "-X", "-q", ...there, "-d", "postgres", "-f", `${at}/roles.sql`);
    as(`${bin}/pg_dump`, ...here, "-Fc", "-f", `${at}/dump`, "foyer");
    as(`${bin}/createdb`, ...there, "-T", "template0", "-E", "UTF8", "foyer");
    as(`${bin}/pg_restore`, ...there, "-d", "foyer", "--exit-on-error", `${at}/dump`);
    const sql = (text) => as("psql", "-X", "-q", "-At", ...there, "-d", "foyer", "-c", text).trim();
    const foreign = (...more) => s.program(["foyer", ...more], { FOYER_DATABASE: `host=${sockets} dbname=foyer` });
    const unsealed = "SELECT count(*) FROM audit.event e WHERE NOT EXISTS (SELECT FROM audit.leaf l WHERE l.tenant_id = e.tenant_id AND l.id = e.id AND l.at = e.at)";
    assert.ok(Number(sql(unsealed)) > 0);
    assert.ok(Number(sql("SELECT count(*) FROM audit.event")) > 5);
    sql("INSERT INTO audit.event (tenant_id, actor_kind, action) SELECT id, 'system', 'test.restored' FROM app.tenant, generate_series(1, 5)");
    assert.equal(foreign("audit", "seal").status, 0);
    assert.equal(sql(unsealed), "0");
    sql("INSERT INTO audit.event (tenant_id, actor_kind, action) SELECT id, 'system', 'test.later' FROM app.tenant, generate_series(1, 5)");
    assert.equal(foreign("audit", "seal").status, 0);
    assert.equal(sql(unsealed), "0");
    const r = foreign("audit", "verify");
    assert.equal(r.status, 0, r.stdout + r.stderr);
    assert.match(r.stdout, / 0 rows wait to be sealed: 0 findings$/m);
  } finally {
    goOn();
    server?.kill("SIGINT");
  }
});
