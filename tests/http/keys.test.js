// keys.test.js -- S-32: other keys in the place of those in use, while people read and write; killed half-way it goes on; in the end
// everything opens, the old key opens nothing, and other businesses were not touched. Without a process: tests/unit/key_rotation_test.c.
"use strict";
const { test, before, after, describe } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { spawn, spawnSync } = require("node:child_process");
const h = require("./harness");
const mailbox = require("./mailbox");
const { within } = require("./booking_client");

const osUser = process.env.FOYER_OS_USER || process.env.FOYER_USER || "foyer";
const as = process.getuid() === 0 ? ["setpriv", "--reuid", osUser, "--regid", osUser, "--init-groups", "--"] : [];
const o = { cwd: "/", encoding: "utf8", env: { PATH: process.env.PATH, HOME: "/", LANG: "C.UTF-8", FOYER_CONFIG: path.join(h.env.vardir, "foyer.conf"), ASAN_OPTIONS: process.env.ASAN_OPTIONS || "" } };
const words = (args) => [...as, path.join(h.env.vardir, "app", "bin", "foyer"), ...args];
function foyer(...args) {
  const [program, ...rest] = words(args), r = spawnSync(program, rest, o);
  return { code: r.status, out: r.stdout + r.stderr };
}
const good = (r) => { assert.equal(r.code, 0, r.out); return r.out; };
// Killed as soon as it says this.
async function killedAt(what, ...args) {
  const [program, ...rest] = words(args), p = spawn(program, rest, { ...o, stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  p.stdout.on("data", (d) => { said += d; if (what.test(said)) p.kill("SIGKILL"); });
  return new Promise((done) => p.on("exit", (code, signal) => done({ said, signal })));
}
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
async function until(what, seconds, holds) {
  for (const end = Date.now() + seconds * 1000; !holds(); await sleep(50)) assert.ok(Date.now() < end, `not within ${seconds} s: ${what}`);
}
const run = process.env.FOYER_RUN || path.join(h.env.vardir, "run");
const child = (name) => Number(fs.readFileSync(path.join(run, `${name}.child`), "utf8"));
const log = (name) => fs.readFileSync(path.join(h.env.vardir, "log", `${name}.log`), "utf8");
const count = (name, event) => log(name).split(`"event":"${event}"`).length - 1;
async function startAnew() {
  await Promise.all(["staff", "public", "slow"].map(async (pool) => {
    const was = count(pool, "pool.reloaded");
    process.kill(child(pool), "SIGHUP");
    await until(`${pool} has new workers`, 60, () => count(pool, "pool.reloaded") > was);
  }));
  const was = count("jobs", "jobs.started");
  process.kill(child("jobs"), "SIGTERM");
  await until("the jobs are there again", 60, () => count("jobs", "jobs.started") > was);
}
const keyFile = (tenant) => path.join(h.env.vardir, "keys", `${tenant}.key`);
const rows = (label, action) => Number(h.one("SELECT count(*) FROM audit.event WHERE tenant_id = :'v1' AND action = :'v2'", h.tenantId(label), action));

let desk, v, she, secret;
before(async () => {
  [desk, v] = [await h.staff("glow", "front-desk"), await h.staff("glow", "provider")];
  she = await h.addClient(desk, { name: `Keys ${h.uuid().slice(0, 8)}`, birth_date: "1980-01-01" });
  secret = `Thing ${h.uuid()}`;
  await note(secret);
});
// Something sealed under her key, as somebody types it; a form that was open when the master key changed is asked for once more.
async function note(substance) {
  for (let i = 0; i < 3; i++) {
    const keys = h.formOf((await v.get(`/clients/${she}/chart`)).text, "/logout").values;
    const r = await v.post(`/clients/${she}/allergies`, { ...keys, idem: h.uuid(), substance, severity: "mild" });
    if (r.status === 303) return;
    assert.ok(r.status === 403 || r.status === 409 || r.status === 422, `a note was answered by ${r.status}`);
  }
  assert.fail("a note was not taken three times");
}
const reads = async () => {
  const r = await v.get(`/clients/${she}/chart`);
  assert.equal(r.status, 200);
  assert.ok(r.text.includes(secret));
};
// Reads and writes until it is told to stop; what failed, and how often it was done.
function busy() {
  let running = true;
  const seen = { reads: 0, writes: 0, failed: [] };
  const loop = (what, name) => (async () => {
    while (running) await what().then(() => seen[name]++, (e) => { seen.failed.push(e.message); running = false; });
  })();
  const all = [loop(reads, "reads"), loop(() => note(`Later ${h.uuid()}`), "writes")];
  return async () => { running = false; await Promise.all(all); return seen; };
}

describe("S-32: the master key", () => {
  const master = path.join(h.env.vardir, "master.key"), old = `${master}.old`;
  after(() => fs.existsSync(old) && foyer("master-key", "retire"));
  test("a new one is put in its place while people read and write; killed half-way it goes on", async () => {
    const first = fs.readFileSync(master), counted = rows("glow", "key.master_rotate"), biller = h.staffOf("glow", "biller");
    const stop = busy();
    assert.match(foyer("master-key", "retire").out, /there is no old master key/);
    const killed = await killedAt(/wrapped anew/, "master-key", "rotate");
    assert.equal(killed.signal, "SIGKILL", killed.said);
    await reads();
    assert.match(good(foyer("master-key", "rotate")), /is the new master key/);
    assert.ok(!fs.readFileSync(master).equals(first));
    assert.ok(fs.readFileSync(old).equals(first));
    assert.equal(fs.statSync(master).mode & 0o777, 0o600);
    assert.equal(rows("glow", "key.master_rotate") > counted, true, "its trail says so");
    assert.match(good(foyer("master-key", "rotate")), /^0 keys were wrapped anew/, "done twice it is done once");
    await reads();
    await startAnew();
    await reads();
    good(foyer("master-key", "retire"));
    assert.ok(!fs.existsSync(old) && !fs.existsSync(path.join(h.env.vardir, "keys", "master-link.key")));
    assert.equal(rows("glow", "key.master_retire"), 1);
    await note(`After ${h.uuid()}`);
    const seen = await stop();
    assert.deepEqual(seen.failed, []);
    assert.ok(seen.reads > 3 && seen.writes > 3, JSON.stringify(seen));
    // with the old one no key opens
    assert.throws(() => mailbox.open(first, `tenant_key|${h.tenantId("glow")}`, fs.readFileSync(keyFile(h.tenantId("glow"))).subarray(0, 69)));
    // who has a password, still has it
    assert.equal((await h.logIn(new h.Visitor("glow"), biller)).status, 303);
  });
});

describe("S-32: the key of a business", () => {
  const glow = h.tenantId("glow"), other = h.tenantId("first-light");
  const sealedBy = (key) => Number(h.one(`SELECT sum(n) FROM (SELECT count(*) AS n FROM app.client_key WHERE tenant_id = :'v1' AND substring(wrapped_key FROM 2 FOR 8) = decode(:'v2', 'hex')
    UNION ALL SELECT count(*) FROM app.message WHERE tenant_id = :'v1' AND client_id IS NULL AND substring(body_sealed FROM 2 FOR 8) = decode(:'v2', 'hex')
    UNION ALL SELECT count(*) FROM sec.totp WHERE tenant_id = :'v1' AND substring(secret_sealed FROM 2 FOR 8) = decode(:'v2', 'hex')) AS v`, glow, key));
  const idOf = () => h.one("SELECT encode(substring(wrapped_key FROM 2 FOR 8), 'hex') FROM app.client_key WHERE tenant_id = :'v1' AND client_id = :'v2'", glow, she);
  const look = () => h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); INSERT INTO app.job (tenant_id, kind, dedupe_key) VALUES (:'v1', 'key.rewrap', gen_random_uuid()::text); COMMIT`, glow);
  const idle = () => h.one("SELECT count(*) FROM app.job WHERE tenant_id = :'v1' AND kind = 'key.rewrap' AND state IN ('ready', 'running')", glow) === "0";
  let first;

  test("what the old one sealed is sealed anew while people read and write, and jobs are killed", async () => {
    const others = fs.readFileSync(keyFile(other)), theirs = h.one("SELECT md5(string_agg(encode(wrapped_key, 'hex'), '' ORDER BY client_id)) FROM app.client_key WHERE tenant_id = :'v1'", other);
    first = idOf();
    const before = sealedBy(first), clients = h.one("SELECT count(*) FROM app.client_key WHERE tenant_id = :'v1' AND wrapped_key IS NOT NULL", glow);
    assert.ok(before >= Number(clients) && before > 20, `only ${before}`);
    const stop = busy();
    const goOn = await h.pauseJobs();
    const was = child("jobs");
    try { assert.match(good(foyer("tenant", "rotate-key", "glow")), /has a new key/); } finally { goOn(); }
    await until("it has begun", 60, () => sealedBy(first) < before);
    process.kill(was, "SIGKILL");
    await until("the jobs are there again", 60, () => child("jobs") !== was);
    within(glow, "UPDATE app.job SET lease_until = now() - interval '1 second' WHERE kind = 'key.rewrap' AND state = 'running'");
    await until("all is sealed anew", 120, () => sealedBy(first) === 0 && idle());
    await reads();
    await note(`New ${h.uuid()}`);
    const seen = await stop();
    assert.deepEqual(seen.failed, []);
    assert.ok(rows("glow", "key.rotate") >= 1 && rows("glow", "key.rewrap") >= 1, "the trail says so");
    assert.notEqual(idOf(), first);
    // who logs in by an app's codes still does: her secret was sealed anew
    await h.staff("glow", "owner", { fresh: true });
    assert.ok(fs.readFileSync(keyFile(other)).equals(others));
    assert.equal(h.one("SELECT md5(string_agg(encode(wrapped_key, 'hex'), '' ORDER BY client_id)) FROM app.client_key WHERE tenant_id = :'v1'", other), theirs, "another business was touched");
  });

  test("the old one is kept for the backups' time, and destroyed when nothing names it", async () => {
    const file = keyFile(glow), size = () => fs.statSync(file).size;
    assert.equal(size(), 69 + 77, "the old one stands behind the new one");
    look();
    await until("it was looked", 60, idle);
    assert.equal(size(), 69 + 77, "a backup of today may name it");
    // A value of before comes back, as with a restore: it is sealed anew, and the time begins again.
    const [wrapped, kept] = [h.one("SELECT encode(wrapped_key, 'hex') FROM app.client_key WHERE tenant_id = :'v1' AND client_id = :'v2'", glow, she), fs.readFileSync(file)];
    const newest = mailbox.tenantKey(glow), older = mailbox.open(mailbox.masterKey(), `tenant_key|${glow}`, kept.subarray(69, 138));
    const aad = `client_key|${glow}|${she}`, again = mailbox.sealedBy(older, aad, mailbox.open(newest, aad, Buffer.from(wrapped, "hex")));
    const put = (value) => h.sql("UPDATE app.client_key SET wrapped_key = decode(:'v3', 'hex') WHERE tenant_id = :'v1' AND client_id = :'v2'", glow, she, value);
    const aged = () => { const b = fs.readFileSync(file); b.writeBigInt64BE(BigInt(Math.floor(Date.now() / 1000) - 40 * 86400), 138); fs.writeFileSync(file, b); };
    put(again.toString("hex"));
    await reads();
    aged();
    look();
    await until("it was looked", 60, () => idle() && sealedBy(first) === 0);
    assert.equal(size(), 69 + 77, "it was in use until now");
    await reads();
    // What does not open, more of it than a job takes on, is looked at once a day and not without end; the key stays.
    const looked = rows("glow", "key.rewrap"), said = count("jobs", "key.broken");
    within(glow, `INSERT INTO app.message (kind, channel, to_address, body_sealed, state, sent_at, dedupe_key)
      VALUES ('account_reset', 'email', 'nobody@example.com', decode('01${first}' || repeat('00', 200000), 'hex'), 'sent', now(), 'keys-test')`);
    aged();
    look();
    await until("it was looked", 60, idle);
    assert.equal(rows("glow", "key.rewrap"), looked + 1);
    assert.equal(count("jobs", "key.broken"), said + 1);
    assert.equal(size(), 69 + 77, "it may open one day");
    h.sql("DELETE FROM app.message WHERE tenant_id = :'v1' AND dedupe_key = 'keys-test'", glow);
    // Now nothing has named it for longer than a backup is kept.
    aged();
    h.sql("INSERT INTO sec.backup_run (kind, id, ended_at, seconds, bytes) VALUES ('backup', 'keys-test', now(), 1, 1) ON CONFLICT DO NOTHING");
    const destroyed = rows("glow", "key.destroy");
    look();
    await until("it is destroyed", 60, () => size() === 69);
    h.sql("DELETE FROM sec.backup_run WHERE id = 'keys-test'");
    assert.equal(rows("glow", "key.destroy"), destroyed + 1);
    await reads();
    // What it sealed does not open, and the log says which key is missing; nothing else is touched by that.
    const mine = h.one("SELECT encode(wrapped_key, 'hex') FROM app.client_key WHERE tenant_id = :'v1' AND client_id = :'v2'", glow, she), missed = count("staff", "keystore.no_such_key");
    put(again.toString("hex"));
    const refused = await v.get(`/clients/${she}/chart`);
    put(mine);
    assert.equal(refused.status, 500);
    assert.ok(!refused.text.includes(secret));
    assert.equal(count("staff", "keystore.no_such_key") > missed, true);
    assert.match(log("staff"), new RegExp(`"keystore.no_such_key".*"key":"${first}"`));
    await reads();
  });

  test("S-34: a business whose key was destroyed gets no other one", () => {
    assert.match(foyer("tenant", "rotate-key", "no-such-business").out, /no tenant is called/);
    const slug = `zz-${h.uuid().slice(0, 8)}`;
    good(foyer("tenant", "create", slug, "Zz Gone", "--kind", "medspa"));
    const gone = h.tenantId(slug);
    try {
      good(foyer("tenant", "destroy-key", slug));
      const r = foyer("tenant", "rotate-key", slug);
      assert.notEqual(r.code, 0);
      assert.match(r.out, /cannot be changed: it was destroyed/);
      assert.ok(!fs.existsSync(keyFile(gone)));
    } finally {
      h.sql("SET session_replication_role = replica; DELETE FROM app.role_permission WHERE tenant_id = :'v1'; DELETE FROM app.role WHERE tenant_id = :'v1'; DELETE FROM sec.site WHERE tenant = :'v1'; DELETE FROM app.tenant WHERE id = :'v1'", gone);
    }
  });
});
