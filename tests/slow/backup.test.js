// backup.test.js -- takes about 5 minutes on 2 shared cores. From a running Foyer into a backup directory and back: a base backup under load, points in
// time, erasures and opt-outs that a restore must not undo, what a killed or damaged backup does, and the drill
// (SECURITY.md K-01 to K-03, R-06, D-16, D-21, S-33, S-34; T37 to T39; E-06).
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const http = require("node:http");
const { spawn, spawnSync } = require("node:child_process");
const stack = require("./stack");

let s, h, b, dir, place, identity, corner;
const scripts = (name) => path.join(stack.root, "scripts", name);
const settings = () => ({ ...Object.fromEntries(Object.entries(process.env).filter(([k]) => !/^(FOYER_|PG)|^APP$/.test(k) || /^FOYER_(USER|SANITIZED)$/.test(k))),
  FOYER_VAR: s.vardir, FOYER_BACKUP_DIR: place, FOYER_MIN_FREE_MB: "200" });
function script(name, ...words) {
  const r = spawnSync(scripts(name), words, { env: settings(), encoding: "utf8", timeout: 300000, maxBuffer: 1 << 26 });
  return { code: r.status, out: r.stdout + r.stderr };
}
const good = (r) => { assert.equal(r.code ?? r.status, 0, r.out ?? r.stdout + r.stderr); return r; };
const bases = () => fs.readdirSync(path.join(place, "base")).filter((f) => !f.startsWith(".")).sort();
const inner = (target) => new Promise((resolve, reject) => http.get({ host: "127.0.0.1", port: s.inner, path: target, agent: false }, (res) => {
  let text = "";
  res.on("data", (d) => (text += d)).on("end", () => resolve(text));
}).on("error", reject));
// Connections that were idle while something was restored are closed by now.
async function book(...words) {
  for (let i = 0; i < 5; i++) await h.request("glow", "/book").catch(() => {});
  return b.book(...words);
}
const now = () => h.one("SELECT clock_timestamp()");
// Everything that is committed so far is in the archive when this returns.
async function archived() {
  const name = h.one("SELECT pg_walfile_name(pg_switch_wal())");
  await stack.until(() => fs.existsSync(path.join(place, "wal", `${name}.manifest`)), `WAL ${name} is not archived`);
}
const foyer = (...words) => good(s.program(["foyer", ...words]));

// A restored copy: its own PostgreSQL is started only for the questions of a test.
const restored = [];
function restore(name, ...words) {
  const into = path.join(path.dirname(s.vardir), `restored-${name}`);
  fs.rmSync(into, { recursive: true, force: true });
  restored.push(into);
  const r = script("restore", "--from", place, "--into", into, "--identity", identity, ...words);
  return { ...r, into };
}
function within(copy, ask) {
  const pg = path.join(copy, "pg");
  const socket = fs.readFileSync(path.join(pg, "foyer.conf"), "utf8").match(/^unix_socket_directories = '(.*)'/m)[1];
  const control = (...words) => { const all = stack.asOwner(["/usr/lib/postgresql/15/bin/pg_ctl", "-D", pg, "-w", ...words]); return spawnSync(all[0], all.slice(1), { cwd: "/", encoding: "utf8", stdio: ["ignore", "ignore", "pipe"] }); };
  good({ ...control("-l", path.join(copy, "log", "asked.log"), "start"), code: undefined, stdout: "" });
  const run = (words, input = "") => { const all = stack.asOwner(words); return spawnSync(all[0], all.slice(1), { cwd: "/", input, encoding: "utf8", maxBuffer: 1 << 28,
    env: { PATH: process.env.PATH, FOYER_CONFIG: path.join(copy, "foyer.conf"), ASAN_OPTIONS: process.env.ASAN_OPTIONS || "" } }); };
  try {
    return ask({
      sql: (text) => { const r = good(run(["psql", "-X", "-q", "-A", "-t", "-F", "|", "-v", "ON_ERROR_STOP=1", "-h", socket, "-U", "postgres", "-d", "foyer"], text)); return r.stdout.trim(); },
      foyer: (...words) => run([path.join(copy, "app", "bin", "foyer"), ...words]), run,
    });
  } finally {
    control("-m", "fast", "stop");
  }
}

before(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), "foyer-backups-"));
  fs.chmodSync(dir, 0o755);
  place = path.join(dir, "place");
  identity = path.join(dir, "identity");
  s = stack.start("backup");
  h = s.h;
  b = require("../http/booking_client");
  good(script("backup", "--keygen", identity));
  s.stop();
  fs.writeFileSync(path.join(s.vardir, "local.conf"), `backup_dir = ${place}\n`);
  s.up(); // and from now on it archives, and makes its first backup by itself
  corner = b.corner("glow", { people: 6, forms: true });
});
after(() => {
  s.stop();
  for (const copy of restored) {
    const link = fs.existsSync(copy) && fs.lstatSync(copy).isSymbolicLink() ? fs.realpathSync(copy) : null;
    fs.rmSync(copy, { recursive: true, force: true });
    if (link) fs.rmSync(link, { recursive: true, force: true });
  }
  fs.rmSync(dir, { recursive: true, force: true });
});

test("K-01: a Foyer with a backup directory makes its first backup by itself; health says how old it is", async () => {
  await stack.until(() => bases().length > 0, "no backup was made", 60000);
  await stack.until(async () => /^backup ok/m.test(await inner("/health/ready")), "health does not know");
  const text = await inner("/health/ready");
  assert.match(text, /^archive ok \(0 s\)$/m);
  assert.match(text, /^drill ok/m); // the first one is due in eight days
});

test("K-02: no backup counts while the list of erasures and opt-outs cannot be copied: it is said, and the next one is whole", () => {
  const copy = path.join(place, "tombstones"), aside = path.join(place, "tombstones.aside");
  const were = bases();
  good(spawnSync("sh", ["-c", 'if [ -e "$1" ]; then mv -- "$1" "$2"; fi; mkdir -- "$1"', "-", copy, aside], { encoding: "utf8" }));
  const stop = stack.asOwner([path.join(s.vardir, "app", "bin", "foyer"), "opt-out", "--tenant", "glow", "--channel", "email"]);
  try {
    good(spawnSync(stop[0], stop.slice(1), { cwd: "/", encoding: "utf8", input: "nobody.else@mail.example\n",
      env: { PATH: process.env.PATH, FOYER_CONFIG: path.join(s.vardir, "foyer.conf") } }));
    const r = script("backup");
    assert.equal(r.code, 1, r.out);
    assert.match(r.out, /list of erasures and opt-outs could not be copied/);
    assert.deepEqual(bases(), were);
  } finally {
    good(spawnSync("sh", ["-c", 'rmdir -- "$1"; if [ -e "$2" ]; then mv -- "$2" "$1"; fi', "-", copy, aside], { encoding: "utf8" }));
  }
  good(script("backup"));
  assert.ok(bases().length > were.length);
});

test("K-01: what is written is ciphertext from its first byte on, while a backup of a busy Foyer runs; nothing plain lies beside it", async () => {
  await book(corner, { person: { name: "Canary Bird Openly" } });
  const seen = new Set();
  let over = false, count = 0;
  // Everything below the backup directory and the places for temporary files, looked at all the time.
  const places = [place, "/tmp", "/var/tmp", "/dev/shm"];
  const look = async () => {
    while (!over) {
      for (const at of places) {
        const found = spawnSync("find", [at, "-type", "f", "-newer", identity, "-size", "+0", "-not", "-path", "*/node_modules/*", "-print0"], { encoding: "utf8", maxBuffer: 1 << 26 });
        for (const file of found.stdout.split("\0").filter((f) => f.startsWith(place))) {
          let head;
          try { head = fs.readFileSync(file).subarray(0, 1 << 20); } catch { continue; }
          count++;
          seen.add(path.extname(file) || path.basename(file));
          if (/\.age(\.new)?$/.test(file)) { if (head.length >= 21) assert.equal(head.subarray(0, 21).toString(), "age-encryption.org/v1", file); }
          assert.ok(!head.includes("Canary") && !head.includes("PGDMP") && !head.includes("backup_label"), file);
        }
      }
      await stack.sleep(10);
    }
  };
  const looking = look();
  const visits = (async () => { for (let i = 0; !over && i < 40; i++) await b.book(corner, { slot: i % 10, days: 4 + (i % 20) }).catch(() => {}); })();
  const child = spawn(scripts("backup"), { env: settings(), stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  child.stdout.on("data", (d) => (out += d));
  child.stderr.on("data", (d) => (out += d));
  const code = await new Promise((r) => child.on("exit", r));
  over = true;
  await Promise.all([looking, visits]);
  assert.equal(code, 0, out);
  assert.match(out, /^backup \d{8}T\d{6}Z: \d+ kB in \d+ s, /m, "one line says what was written");
  assert.ok(count > 10 && seen.has(".age"));
});

let quiet;
// Somebody signs a form, and its copy is made: {id, client, bytes}.
async function signedCopy() {
  const p = await require("../http/form_client").somebody("glow"), at = `${p.at}/${p.consent}`;
  const ticks = Object.fromEntries([...(await p.v.get(at)).text.matchAll(/type="checkbox" name="(q-[a-z_]+)" value="yes"/g)].map(([, n]) => [n, "yes"]));
  assert.equal((await p.v.submit(at, { ...ticks, intent: "next" })).location, `${at}/consent`);
  assert.equal((await p.v.submit(`${at}/consent`, { accepts: "yes", signer_name: "Zoë O'Hara", name_meant: "Zoë O'Hara" })).status, 303);
  const id = h.one("SELECT id FROM app.signature WHERE assignment_id = :'v1'::uuid", p.consent);
  await stack.until(() => h.one("SELECT count(*) FROM app.signature_copy WHERE signature_id = :'v1'::uuid", id) === "1", "its copy is not made", 60000);
  return { id, client: p.client };
}
// Its PDF out of a database, opened with the keys that lie beside it.
function pdfOf(q, keys, ask) {
  const [tenant, copyId, sealed, wrapped] = ask(`SELECT x.tenant_id, x.id, encode(x.pdf_sealed, 'hex'), encode(k.wrapped_key, 'hex') FROM app.signature_copy x
    JOIN app.client_key k ON k.tenant_id = x.tenant_id AND k.client_id = x.client_id WHERE x.signature_id = '${q.id}'`);
  return require("../http/mailbox").openedWith(keys, tenant, q.client, `app.signature_copy|pdf_sealed|${copyId}`, Buffer.from(wrapped, "hex"), Buffer.from(sealed, "hex"));
}

test("T37, T38, K-02, E-06: a restore gives every table row for row, its policies, triggers, FORCE and grants, and a trail that verifies", async () => {
  quiet = await book(corner, { days: 30, person: { name: "Quiet Before" } });
  const signed = await signedCopy(), before = pdfOf(signed, { vardir: s.vardir }, (q) => h.sql(q)[0]);
  foyer("audit", "seal");
  good(script("backup"));
  const r = good(restore("equal", "--to", "backup"));
  const [, tables, rows] = r.out.match(/^(\d+) tables are equal, row for row: rows (\d+)$/m);
  assert.ok(Number(tables) > 45 && Number(rows) > 30000, r.out);
  within(r.into, (copy) => {
    assert.equal(copy.sql(`SELECT name FROM app.client WHERE id = '${quiet.client}'`), "Quiet Before");
    assert.match(copy.foyer("audit", "verify", "--heads", path.join(r.into, "keys", "heads")).stdout, /: 0 findings/); // of signed forms and notes too
    // E-06: a signed copy opens with the restored keys, is the same to the byte, and verifies by the restored authority.
    const pdf = pdfOf(signed, { vardir: r.into }, (q) => copy.sql(q).split("|"));
    assert.ok(pdf.equals(before));
    const file = path.join(dir, "restored.pdf");
    fs.writeFileSync(file, pdf, { mode: 0o644 });
    const verdict = copy.foyer("form", "verify", file).stdout;
    assert.match(verdict, /^Good: not one byte/m);
    assert.doesNotMatch(verdict, /The authority is the one that comes in the file/);
    assert.match(copy.foyer("backup", "samples", "20", "--as", "postgres").stdout, /^20 sealed values opened, 0 did not/);
    const lint = copy.run(["psql", "-X", "-At", "-h", path.join(r.into, "run"), "-U", "postgres", "-d", "foyer", "-v", "schemas='app','sec','audit'",
      "-v", "approles='foyer_staff','foyer_public','foyer_slow','foyer_jobs','foyer_sealer','foyer_auditor'", "-f", path.join(r.into, "app", "sql", "check", "lint.sql")]);
    assert.equal(lint.stdout + lint.stderr, "", "D-23: lint.sql in the restored database");
    assert.equal(copy.sql("SHOW data_checksums"), "on"); // D-21
    assert.equal(copy.sql("SELECT count(*) FROM sec.session WHERE revoked_at IS NULL"), "0", "sessions that were ended since do not come back");
    assert.equal(copy.sql("SELECT count(*) FROM app.message WHERE state IN ('queued', 'sending')"), "0", "nothing is sent twice");
  });
  assert.ok(!fs.existsSync(path.join(r.into, "keys", "restore-pending")));
});

test("T37: a moment before a booking does not have it, a moment after has it", async () => {
  const first = now();
  await stack.sleep(1100);
  const made = await book(corner, { days: 31, person: { name: "In Between" } });
  await stack.sleep(1100);
  const second = now();
  await stack.sleep(1100);
  await book(corner, { days: 32 });
  await archived();
  for (const [name, moment, rows] of [["earlier", first, "0"], ["later", second, "1"]]) {
    const r = good(restore(name, "--to", moment));
    within(r.into, (copy) => {
      assert.equal(copy.sql(`SELECT count(*) FROM app.appointment WHERE id = '${made.appointment}'`), rows, name);
      assert.equal(copy.sql(`SELECT count(*) FROM app.client WHERE id = '${quiet.client}'`), "1");
    });
  }
  const future = restore("future", "--to", new Date(Date.now() + 3600000).toISOString());
  assert.notEqual(future.code, 0);
  assert.match(future.out, /there is no WAL as new as/);
});

test("T39, K-02, S-34: an erasure and an opt-out after the backup are done once more before a restored copy opens", async () => {
  const email = `canary.${h.uuid().slice(0, 8)}@mail.example`;
  const her = await book(corner, { days: 33, person: { name: "Canaria Goldfinch", email } });
  const note = h.one("SELECT count(*) FROM app.message WHERE client_id = :'v1' AND length(body_sealed) > 0", her.client);
  assert.notEqual(note, "0");
  await stack.sleep(1100);
  const moment = now();
  await stack.sleep(1100);
  foyer("client", "erase", "--tenant", "glow", "--client", her.client);
  // somebody else takes back what she had allowed, and the hourly list knows it
  const [[other]] = h.sql(`SELECT k.client_id FROM app.client_key k WHERE k.tenant_id = '${corner.tenant}' AND k.destroyed_at IS NULL
    AND NOT EXISTS (SELECT FROM app.messaging_consent m WHERE m.client_id = k.client_id AND m.channel = 'email' AND m.purpose = 'visits' AND NOT m.is_given) LIMIT 1`);
  h.sql(`SET foyer.tenant_id = '${corner.tenant}'; INSERT INTO app.messaging_consent (client_id, channel, purpose, is_given, source, wording_id)
    SELECT '${other}', 'email', 'visits', false, 'desk', w.id FROM app.messaging_wording w WHERE w.tenant_id = '${corner.tenant}' AND w.channel = 'email' AND w.purpose = 'visits' ORDER BY w.version DESC LIMIT 1`);
  good(script("backup", "--rotate"));
  const stop = stack.asOwner([path.join(s.vardir, "app", "bin", "foyer"), "opt-out", "--tenant", "glow", "--channel", "email"]);
  good(spawnSync(stop[0], stop.slice(1), { cwd: "/", input: `${email}\n`, encoding: "utf8", env: { PATH: process.env.PATH, FOYER_CONFIG: path.join(s.vardir, "foyer.conf"), ASAN_OPTIONS: process.env.ASAN_OPTIONS || "" } }));
  await archived();
  assert.match(fs.readFileSync(path.join(place, "tombstones"), "utf8"), new RegExp(`client\\.erase \\S+ ${her.client} `), "the list is in the backup directory at once");
  const r = good(restore("erased", "--to", moment));
  assert.match(r.out, /^3 of \d+ tombstones were done once more/m, r.out);
  assert.ok(r.out.includes(`It will make its backups in ${place}: stop the Foyer it was made of first`), r.out);
  within(r.into, (copy) => {
    // her visit is there, and so the moment is before the erasure
    assert.equal(copy.sql(`SELECT count(*) FROM app.appointment WHERE id = '${her.appointment}'`), "1");
    assert.equal(copy.sql(`SELECT name, email IS NULL, phone IS NULL FROM app.client WHERE id = '${her.client}'`), "Erased client|t|t");
    assert.equal(copy.sql(`SELECT wrapped_key IS NULL FROM app.client_key WHERE client_id = '${her.client}'`), "t");
    assert.equal(copy.sql(`SELECT is_given, source FROM app.messaging_consent WHERE client_id = '${other}' AND channel = 'email' AND purpose = 'visits' ORDER BY at DESC LIMIT 1`), "f|restore");
    assert.equal(copy.sql(`SELECT count(*) FROM app.suppression WHERE is_out AND changed_at > '${moment}'`), "1", "a STOP received after the backup");
    const dump = copy.run(["pg_dump", "-h", path.join(r.into, "run"), "-U", "postgres", "foyer"]);
    assert.equal(dump.status, 0);
    assert.ok(dump.stdout.length > 100000 && !/Canaria|Goldfinch/.test(dump.stdout) && !dump.stdout.includes(email.split("@")[0]));
  });
  foyer("audit", "verify");
  // nor in the bytes of its tables
  const grep = spawnSync("grep", ["-rlaE", "Goldfinch|" + email.split("@")[0], path.join(r.into, "pg", "base"), path.join(r.into, "keys"), path.join(r.into, "log")], { encoding: "utf8" });
  assert.equal(grep.stdout, "", "erased in the files as well");
});

test("S-32: a database from before a business and the installation got other keys opens with the newest copy of the keys", async () => {
  const her = await book(corner, { days: 34, person: { name: "Keyed Before" } });
  const under = (key) => Number(h.one("SELECT count(*) FROM app.client_key WHERE tenant_id = :'v1' AND substring(wrapped_key FROM 2 FOR 8) = decode(:'v2', 'hex')", corner.tenant, key));
  const first = h.one("SELECT encode(substring(wrapped_key FROM 2 FOR 8), 'hex') FROM app.client_key WHERE tenant_id = :'v1' AND client_id = :'v2'", corner.tenant, her.client);
  const clients = under(first);
  assert.ok(clients > 20, `only ${clients}`);
  await stack.sleep(1100);
  const moment = now();
  await stack.sleep(1100);
  foyer("tenant", "rotate-key", "glow");
  await stack.until(() => under(first) === 0, "clients' keys are still under the old one", 120000);
  foyer("master-key", "rotate");
  good(script("backup", "--rotate"));
  await archived();
  const r = good(restore("keys", "--to", moment));
  assert.ok(fs.readFileSync(path.join(r.into, "master.key")).equals(fs.readFileSync(path.join(s.vardir, "master.key"))));
  within(r.into, (copy) => {
    assert.equal(copy.sql(`SELECT count(*) FROM app.client_key WHERE tenant_id = '${corner.tenant}' AND substring(wrapped_key FROM 2 FOR 8) = decode('${first}', 'hex')`), String(clients), "it is from before");
    const samples = copy.foyer("backup", "samples", "200", "--as", "postgres");
    assert.match(samples.stdout, /^[1-9]\d* sealed values opened, 0 did not/m, samples.stderr);
    assert.match(copy.foyer("audit", "verify", "--heads", path.join(r.into, "keys", "heads")).stdout, /findings/);
  });
});

test("K-02: a database put back by hand, past scripts/restore, is brought up to the list at the next start", async () => {
  const her = await book(corner, { days: 34, person: { name: "Handmade Restore" } });
  foyer("client", "erase", "--tenant", "glow", "--client", her.client);
  h.sql(`SET foyer.tenant_id = '${corner.tenant}';
         UPDATE app.client_key SET wrapped_key = '\\x01', destroyed_at = NULL WHERE client_id = '${her.client}'; UPDATE app.client SET name = 'Handmade Restore' WHERE id = '${her.client}'`);
  s.stop();
  s.up();
  assert.equal(h.one("SELECT name FROM app.client WHERE id = :'v1'", her.client), "Erased client");
});

test("K-01: a backup that is killed half way does not count, drops nothing, and the next one clears it away", async () => {
  const was = bases();
  for (let i = 0; i < 3; i++) {
    const child = spawn(scripts("backup"), { env: settings(), stdio: "ignore", detached: true });
    const half = await stack.until(() => fs.readdirSync(path.join(place, "base")).find((f) => f.startsWith(".")), "no backup began");
    await stack.until(() => fs.readdirSync(path.join(place, "base", half)).some((f) => f.startsWith("pg")), "no part was begun").catch(() => {});
    process.kill(-child.pid, "SIGKILL");
    await new Promise((r) => child.on("exit", r));
    assert.deepEqual(bases(), was, "nothing was added and nothing dropped");
  }
  good(script("backup"));
  assert.equal(bases().length, was.length + 1);
  assert.deepEqual(fs.readdirSync(path.join(place, "base")).filter((f) => f.startsWith(".")), []);
  assert.match(good(restore("after-kill", "--to", "backup")).out, /tables are equal/);
});

test("K-01, K-02: wrong identity, a foreign signer, a cut, changed or exchanged part and a directory in use are refused by name", () => {
  const newest = path.join(place, "base", bases().at(-1)), older = path.join(place, "base", bases().at(-2));
  const wrong = path.join(dir, "wrong");
  spawnSync("age-keygen", ["-o", wrong]);
  fs.appendFileSync(wrong, fs.readFileSync(identity, "utf8").match(/^# signer: .*\n/m)[0]);
  const refused = (why, ...words) => {
    const r = restore("refused", ...words);
    assert.notEqual(r.code, 0, String(why));
    assert.match(r.out, why);
    return r;
  };
  refused(/does not open these backups; it is the wrong one/, "--identity", wrong);
  refused(/signed by 0123456789abcdef/, "--signer", "0123456789abcdef");
  for (const part of ["pg.tar.age", "files.tar.age", "fingerprint.age"]) {
    const file = path.join(newest, part), whole = fs.readFileSync(file);
    fs.writeFileSync(file, whole.subarray(0, whole.length - 100));
    refused(new RegExp(`${part}: was cut or grew`), "--to", "backup");
    const flipped = Buffer.from(whole);
    flipped[whole.length - 50] ^= 1;
    fs.writeFileSync(file, flipped);
    refused(new RegExp(`${part}: is not what was written`), "--to", "backup");
    fs.copyFileSync(path.join(older, part), file);
    refused(new RegExp(`${part}: (is not what was written|was cut or grew)`), "--to", "backup");
    fs.writeFileSync(file, whole);
  }
  const manifest = fs.readFileSync(path.join(newest, "manifest"));
  fs.copyFileSync(path.join(older, "manifest"), path.join(newest, "manifest"));
  refused(/is the manifest of another backup/, "--to", "backup");
  fs.writeFileSync(path.join(newest, "manifest"), manifest);
  const used = path.join(dir, "used");
  fs.mkdirSync(used);
  fs.writeFileSync(path.join(used, "something"), "");
  const r = script("restore", "--from", place, "--into", used, "--identity", identity);
  assert.notEqual(r.code, 0);
  assert.match(r.out, /holds other things/);
  assert.deepEqual(fs.readdirSync(used), ["something"]);
  // the list of tombstones cut short: erasures would be undone
  const list = path.join(place, "tombstones"), whole = fs.readFileSync(list);
  const cut = whole.subarray(0, whole.lastIndexOf("\n", whole.length - 2) + 1);
  fs.writeFileSync(list, cut);
  const half = refused(/lacks lines that it had at backup/, "--to", "backup");
  fs.writeFileSync(list, whole);
  assert.ok(fs.existsSync(path.join(half.into, "keys", "restore-pending")), "and what is half restored stays shut");
  const run = spawnSync(scripts("run"), ["--background"], { env: { ...settings(), FOYER_VAR: half.into, FOYER_PORT: "9799", FOYER_HTTP_PORT: "0" }, encoding: "utf8" });
  assert.notEqual(run.status, 0);
  assert.match(run.stdout + run.stderr, /is being restored and must not open yet/);
});

test("K-01: an archive that cannot be written shows in health and the log, WAL is kept, and afterwards nothing is missing", async () => {
  const mark = path.join(place, ".foyer-backup");
  fs.rmSync(mark); // as if the directory were not mounted
  const waiting = await book(corner, { days: 35, person: { name: "While It Was Away" } });
  for (let i = 0; i < 3; i++) {
    h.one("SELECT pg_switch_wal()");
    await book(corner, { days: 36 + i });
  }
  await stack.until(async () => /^archive ALARM/m.test(await inner("/health/ready")), "health does not say so", 90000);
  assert.match(s.log("postgresql"), /is no backup directory, or is not mounted/);
  fs.writeFileSync(mark, "");
  if (stack.isRoot) spawnSync("chown", [`${stack.osUser}:`, mark]);
  await archived().catch(() => archived());
  await stack.until(async () => /^archive ok/m.test(await inner("/health/ready")), "health does not recover", 90000);
  const r = good(restore("whole")); // without --to it refuses a gap
  within(r.into, (copy) => assert.equal(copy.sql(`SELECT count(*) FROM app.appointment WHERE id = '${waiting.appointment}'`), "1"));
  // and a gap is named
  const pieces = fs.readdirSync(path.join(place, "wal")).filter((f) => /^[0-9A-F]{24}\.manifest$/.test(f)).sort();
  const gone = path.join(place, "wal", pieces.at(-2));
  fs.renameSync(gone, `${gone}.away`);
  const gap = restore("gap");
  fs.renameSync(`${gone}.away`, gone);
  assert.notEqual(gap.code, 0);
  assert.match(gap.out, /WAL is missing in .* between/);
});

test("K-03, R-06: the drill restores, compares, opens, starts read-only, and leaves a signed record; it cleans up", async () => {
  const r = good(script("drill", "--identity", identity));
  assert.match(r.out, /tables are equal, row for row/);
  assert.match(r.out, /: 0 findings/);
  assert.match(r.out, /^20 sealed values opened, 0 did not/m);
  const [file] = fs.readdirSync(path.join(place, "drills"));
  const record = JSON.parse(fs.readFileSync(path.join(place, "drills", file), "utf8").split("\n")[0]);
  assert.equal(record.backup, bases().at(-1));
  assert.ok(record.rto_seconds > 0 && record.rto_seconds < 4 * 3600, "RTO within 4 hours");
  assert.ok(record.rpo_seconds < 300, "RPO within 5 minutes");
  assert.ok(record.tables_equal > 45 && record.rows_equal > 30000 && record.pages >= 3);
  good(s.program(["foyer", "backup", "verify", path.join(place, "drills", file)]));
  fs.appendFileSync(path.join(place, "drills", file), " ");
  const forged = path.join(dir, "forged");
  fs.writeFileSync(forged, fs.readFileSync(path.join(place, "drills", file), "utf8").replace(/"rows_equal":\d+/, '"rows_equal":1'));
  fs.chmodSync(forged, 0o644);
  assert.notEqual(s.program(["foyer", "backup", "verify", forged]).status, 0, "a record that was changed is not ours");
  assert.ok(!fs.existsSync(path.join(s.vardir, "drill")));
  assert.match(await inner("/health/ready"), /^drill ok \(\d+ s\)$/m);
  // nine days later, without another
  h.sql("UPDATE sec.backup_run SET ended_at = ended_at - interval '9 days'");
  const late = await inner("/health/ready");
  assert.match(late, /^drill ALARM/m);
  assert.match(late, /^backup ALARM/m);
});
