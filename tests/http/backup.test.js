// backup.test.js -- what a restore must not undo (erasures, opt-outs), and the pieces of which backups are made. The whole way,
// from a running Foyer into a restored one, takes longer: tests/slow/backup.test.js.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { spawnSync } = require("node:child_process");
const h = require("./harness");
const b = require("./booking_client");

const osUser = process.env.FOYER_OS_USER || process.env.FOYER_USER || "foyer";
const as = process.getuid() === 0 ? ["setpriv", "--reuid", osUser, "--regid", osUser, "--init-groups", "--"] : [];
const app = path.join(h.env.vardir, "app");
let dir, place;

// A program of the stack, as its user: {code, out}.
function run(words, o = {}) {
  const all = [...as, ...words];
  const r = spawnSync(all[0], all.slice(1), { encoding: "utf8", input: o.input ?? "", cwd: "/", maxBuffer: 1 << 28,
    env: { PATH: process.env.PATH, HOME: "/", LANG: "C.UTF-8", FOYER_VAR: h.env.vardir, FOYER_CONFIG: path.join(h.env.vardir, "foyer.conf"),
      ASAN_OPTIONS: process.env.ASAN_OPTIONS || "", ...o.env } });
  return { code: r.status, out: r.stdout + r.stderr, stdout: r.stdout };
}
const foyer = (words, o) => run([path.join(app, "bin", "foyer"), ...words], o);
const good = (r) => { assert.equal(r.code, 0, r.out); return r; };
const script = (name, words, o = {}) => run([path.join(app, "scripts", name), ...words],
  { ...o, env: { FOYER_BACKUP_DIR: place, FOYER_BACKUP_RECIPIENTS: path.join(dir, "recipients"), FOYER_BACKUP_WAIT: "1", ...o.env } });
const write = (file, text) => run(["sh", "-c", 'cat >"$1"', "-", file], { input: text });
const list = () => fs.readFileSync(path.join(h.env.vardir, "keys", "tombstones"), "utf8").trim().split("\n");
const until = async (ask, what) => {
  for (const end = Date.now() + 20000; ;) {
    const answer = await ask();
    if (answer) return answer;
    assert.ok(Date.now() < end, what);
    await new Promise((r) => setTimeout(r, 50));
  }
};

let corner;
before(() => {
  corner = b.corner("glow", { forms: true });
  dir = fs.mkdtempSync(path.join(os.tmpdir(), "foyer-backup-"));
  fs.chmodSync(dir, 0o777);
  place = path.join(dir, "place");
  const made = spawnSync("age-keygen", ["-o", path.join(dir, "identity")], { encoding: "utf8" });
  assert.equal(made.status, 0, made.stderr);
  fs.appendFileSync(path.join(dir, "identity"), `# signer: ${good(foyer(["backup", "signer"])).stdout}`);
  fs.chmodSync(path.join(dir, "identity"), 0o644);
  fs.writeFileSync(path.join(dir, "recipients"), spawnSync("age-keygen", ["-y", path.join(dir, "identity")], { encoding: "utf8" }).stdout, { mode: 0o644 });
  good(run(["sh", "-c", 'mkdir -p "$1/base" "$1/keys" "$1/wal" "$1/drills" && touch "$1/.foyer-backup"', "-", place]));
});
after(() => {
  b.close(corner);
  fs.rmSync(dir, { recursive: true, force: true });
});

// ---- erasure ----

const words = { name: "Zerlinde Kanarienvogel", email: "zerlinde.kanari@mail.example", phone: "(929) 867-5142" }; // (no number of the demo)

test("R-12, A-12: an erased client is nobody any more: no name, no address, no key; visits, trail and totals stay", async () => {
  const booked = await b.book(corner, { person: words });
  const id = booked.client;
  const owner = await h.staff("glow", "owner");
  assert.match((await owner.get(`/clients/${id}`)).text, /Zerlinde/);
  const priced = h.one("SELECT count(*) FROM app.appointment WHERE client_id = :'v1' AND price_cents = 5000", id);
  assert.equal((await booked.v.get(`${booked.at}/booked`)).status, 200);
  const wrong = foyer(["client", "erase", "--tenant", "first-light", "--client", id]);
  assert.equal(wrong.code, 1, "another studio's client");
  assert.match(wrong.out, /has no client of that id/);

  good(foyer(["client", "erase", "--tenant", "glow", "--client", id]));
  // every text of every table
  const tables = h.sql(`SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                        WHERE c.relkind = 'r' AND n.nspname IN ('app', 'sec', 'audit')`).map(([t]) => t);
  assert.ok(tables.length > 40);
  // (other tests' clients may have the same date of birth; the name and the addresses are hers alone)
  const found = h.sql(tables.map((t) => `SELECT '${t}' FROM ${t} AS t WHERE t::text ~* 'zerlinde|kanari|9298675142'`).join(" UNION ALL "));
  assert.deepEqual(found, []);
  assert.deepEqual(h.sql("SELECT wrapped_key IS NULL, destroyed_at IS NOT NULL FROM app.client_key WHERE client_id = :'v1'", id), [["t", "t"]]);
  assert.equal(h.one("SELECT count(*) FROM app.appointment WHERE client_id = :'v1' AND price_cents = 5000", id), priced, "totals stay");
  assert.equal(h.one("SELECT status FROM app.appointment WHERE id = :'v1'", booked.appointment), "cancelled");
  assert.equal(h.one("SELECT count(*) FROM app.slot WHERE appointment_id = :'v1' AND state <> 'released'", booked.appointment), "0", "her time is free again");
  assert.equal(h.one("SELECT count(*) FROM audit.event WHERE action = 'client.erase' AND client_ids = ARRAY[:'v1'::uuid]", id), "1");
  const over = await booked.v.follow(await booked.v.get(`${booked.at}/booked`));
  assert.ok([401, 404, 410].includes(over.status), `her link is over: ${over.status} ${over.location}`);
  for (const page of [`/clients/${id}`, `/clients/${id}/chart`]) {
    const r = await owner.get(page);
    assert.equal(r.status, 200, page);
    assert.doesNotMatch(r.text, /Zerlinde|kanari/i);
  }
  assert.match(foyer(["client", "erase", "--tenant", "glow", "--client", id]).out, /was erased before/);
  assert.equal(list().filter((l) => l.includes(` client.erase ${corner.tenant} ${id} `)).length, 1);
  good(foyer(["audit", "seal"]));
  const verified = foyer(["audit", "verify", "--tenant", "glow"]);
  assert.match(verified.out, /: 0 findings/, verified.out);
});

test("K-02: nothing is erased when the list of tombstones cannot be written", () => {
  const [id] = h.sql("SELECT client_id FROM app.client_key WHERE tenant_id = :'v1' AND destroyed_at IS NULL LIMIT 1", corner.tenant)[0];
  const r = foyer(["client", "erase", "--tenant", "glow", "--client", id], { env: { FOYER_TOMBSTONES: "/proc/none/tombstones" } });
  assert.equal(r.code, 1);
  assert.match(r.out, /nothing was done/);
  assert.equal(h.one("SELECT destroyed_at IS NULL AND wrapped_key IS NOT NULL FROM app.client_key WHERE client_id = :'v1'", id), "t");
});

// ---- opting out ----

test("X-03, K-02: nothing is sent to an address that has opted out, by that studio only; an opt-out outlives the erasure", async () => {
  const email = `stop.${h.uuid().slice(0, 8)}@mail.example`;
  const out = (...more) => good(foyer(["opt-out", "--tenant", "glow", "--channel", "email", ...more], { input: `${email.toUpperCase()}\n` }));
  const state = (client) => until(() => {
    const s = h.one("SELECT state FROM app.message WHERE client_id = :'v1' ORDER BY created_at DESC LIMIT 1", client);
    return s !== "queued" && s;
  }, "the message stays in the queue");
  out();
  assert.equal(h.one("SELECT count(*) FROM app.suppression s WHERE s::text ILIKE '%' || :'v1' || '%'", email), "0", "only a hash is kept");
  const first = await b.book(corner, { person: { email }, slot: 1 });
  assert.equal(await state(first.client), "suppressed");
  const page = await (await h.staff("glow", "owner")).get("/messages");
  assert.match(page.text, /opted out/);
  good(foyer(["client", "erase", "--tenant", "glow", "--client", first.client]));
  const again = await b.book(corner, { person: { email }, slot: 2 });
  assert.equal(await state(again.client), "suppressed", "after her erasure as well");
  out("--undo");
  const third = await b.book(corner, { person: { email }, slot: 3 });
  assert.notEqual(await state(third.client), "suppressed");
});

test("K-02: the list of tombstones replays what a database lacks, twice without harm, and the later of two changes counts", () => {
  const erased = h.one("SELECT client_id FROM app.client_key WHERE tenant_id = :'v1' AND destroyed_at IS NOT NULL ORDER BY destroyed_at LIMIT 1", corner.tenant);
  // as if the database were older than the list
  h.sql(`SET foyer.tenant_id = '${corner.tenant}';
         UPDATE app.client_key SET wrapped_key = '\\x01', destroyed_at = NULL WHERE client_id = :'v1';
         UPDATE app.client SET name = 'Back Again' WHERE id = :'v1';
         DELETE FROM app.suppression`, erased);
  const first = good(foyer(["tombstones", "replay"]));
  assert.match(first.out, /^[1-9]\d* of \d+ tombstones were done once more/);
  assert.equal(h.one("SELECT name FROM app.client WHERE id = :'v1'", erased), "Erased client");
  assert.equal(h.one("SELECT wrapped_key IS NULL FROM app.client_key WHERE client_id = :'v1'", erased), "t");
  assert.equal(h.one("SELECT is_out FROM app.suppression ORDER BY changed_at DESC LIMIT 1"), "f", "the undone opt-out");
  assert.match(good(foyer(["tombstones", "replay"])).out, /^0 of/);
});

test("B18, K-02: what clients have taken back is written beside the backups and holds in an older database, unless she has said something since", () => {
  const objections = path.join(place, "objections"), keys = path.join(dir, "replay");
  // a form that was signed, taken back as a whole
  const [signature, signer, its] = h.sql(`SELECT s.id, s.client_id, s.assignment_id FROM app.signature s JOIN app.form_assignment a ON a.tenant_id = s.tenant_id AND a.id = s.assignment_id AND a.revoked_at IS NULL
    WHERE s.tenant_id = :'v1' AND NOT EXISTS (SELECT FROM app.consent c WHERE c.tenant_id = s.tenant_id AND c.signature_id = s.id) AND NOT EXISTS (SELECT FROM app.messaging_consent m WHERE m.tenant_id = s.tenant_id AND m.signature_id = s.id)
      AND EXISTS (SELECT FROM app.client_key k WHERE k.client_id = s.client_id AND k.destroyed_at IS NULL) ORDER BY s.signed_at, s.id LIMIT 1`, corner.tenant)[0];
  h.sql(`SET foyer.tenant_id = '${corner.tenant}'; SELECT app.signature_end(gen_random_uuid(), '${signer}', '${signature}', NULL, 'client', now())`);
  const taken = h.one("SELECT revoked_at FROM app.form_assignment WHERE id = :'v1'", its);
  assert.ok(taken);
  const write = () => good(foyer(["tombstones", "objections"], { env: { FOYER_BACKUP_DIR: place } })).stdout;
  const lines = () => fs.readFileSync(objections, "utf8").trim().split("\n");
  const wording = h.one("SELECT id FROM app.messaging_wording WHERE tenant_id = :'v1' AND channel = 'email' AND purpose = 'news' ORDER BY version DESC LIMIT 1", corner.tenant);
  const [one, two] = h.sql(`SELECT k.client_id FROM app.client_key k WHERE k.tenant_id = :'v1' AND k.destroyed_at IS NULL
    AND NOT EXISTS (SELECT FROM app.messaging_consent m WHERE m.client_id = k.client_id AND m.channel = 'email' AND m.purpose = 'news') LIMIT 2`, corner.tenant).map(([id]) => id);
  const says = (client, given) => h.sql(`SET foyer.tenant_id = '${corner.tenant}';
    INSERT INTO app.messaging_consent (client_id, channel, purpose, is_given, source, wording_id) VALUES ('${client}', 'email', 'news', ${given}, 'paper', '${wording}')`);
  const last = (client) => h.sql("SELECT is_given, source FROM app.messaging_consent WHERE client_id = :'v1' AND channel = 'email' AND purpose = 'news' ORDER BY at DESC, id DESC LIMIT 1", client)[0].join(" ");
  // (samples of the studio have allowed photos, and taken some back)
  const [consent, her, purpose] = h.sql("SELECT id, client_id, purpose FROM app.consent WHERE tenant_id = :'v1' AND withdrawn_at IS NOT NULL ORDER BY id LIMIT 1", corner.tenant)[0];
  for (const client of [one, two]) { says(client, true); says(client, false); }
  const [n, hash] = write().trim().split(" ");
  assert.equal(lines().length, Number(n));
  assert.match(hash, /^[0-9a-f]{64}$/);
  assert.equal(write(), `${n} ${hash}\n`, "twice: nothing is added");
  for (const client of [one, two]) assert.equal(lines().filter((l) => l.includes(` message.object ${corner.tenant} ${client}/email/news/`)).length, 1);
  assert.ok(lines().some((l) => l.includes(` consent.end ${corner.tenant} ${her}/${purpose}/`)));
  assert.equal(lines().filter((l) => l.includes(` form.end ${corner.tenant} ${signer}/${signature}/`)).length, 1);
  for (const l of lines()) assert.match(l, /^\d+ \S+Z (message\.object|consent\.end|form\.end) [0-9a-f-]{36} [0-9a-f-]{36}\/([a-z_/]+|[0-9a-f-]{36})\/[0-9T:.-]+Z [0-9a-f]{64} [0-9a-f]{16} [0-9a-f]+$/, "ids, purposes and moments only");

  // as if the database were older: neither has objected yet; the second says yes again after the restore, before the list is done once more
  h.sql(`BEGIN; SET LOCAL session_replication_role = replica; SET LOCAL foyer.tenant_id = '${corner.tenant}';
    DELETE FROM app.messaging_consent WHERE NOT is_given AND client_id IN ('${one}', '${two}') AND channel = 'email' AND purpose = 'news';
    UPDATE app.consent SET withdrawn_at = NULL, withdrawn_kind = NULL, withdrawn_by = NULL WHERE id = '${consent}';
    DELETE FROM app.form_withdrawal WHERE signature_id = '${signature}'; UPDATE app.form_assignment SET revoked_at = NULL WHERE id = '${its}'; COMMIT`);
  const noted = () => Number(h.one("SELECT count(*) FROM audit.event WHERE tenant_id = :'v1' AND action = 'signature.withdraw' AND reason = 'done once more after a restore' AND :'v2'::uuid = ANY (client_ids)", corner.tenant, signer)), before = noted();
  says(two, true);
  good(run(["sh", "-c", 'mkdir -m 700 "$1" && cp "$2" "$1/objections" && cp "$3" "$1/tombstones"', "-", keys, objections, path.join(h.env.vardir, "keys", "tombstones")]));
  const replay = (file = "tombstones") => foyer(["tombstones", "replay"], { env: { FOYER_TOMBSTONES: path.join(keys, file) } });
  assert.match(good(replay()).out, /^3 of \d+ tombstones were done once more/);
  assert.deepEqual(h.sql("SELECT a.revoked_at, w.by_kind, w.reason_sealed IS NULL FROM app.form_assignment a JOIN app.form_withdrawal w ON w.assignment_id = a.id AND w.signature_id = :'v2' WHERE a.id = :'v1'", its, signature), [[taken, "restore", "t"]], "taken back, when it was");
  assert.equal(h.one("SELECT count(*) FROM app.form_event WHERE assignment_id = :'v1' AND kind = 'withdrawn' AND detail = 'the signature'", its), "2");
  assert.equal(noted(), before + 1, "and the trail says so");
  assert.equal(last(one), "f restore");
  assert.equal(last(two), "t paper");
  assert.deepEqual(h.sql("SELECT withdrawn_at IS NOT NULL, withdrawn_kind FROM app.consent WHERE id = :'v1'", consent), [["t", "restore"]]);
  assert.match(good(replay()).out, /^0 of/);
  // a line that was changed is named, and nothing is done
  good(run(["sh", "-c", 'sed -i "1s/Z m/Z n/;1s/Z c/Z d/" "$1/objections"', "-", keys]));
  const r = replay();
  assert.equal(r.code, 1);
  assert.match(r.out, /objections:1: was not signed by this installation/);
});

test("K-02: a line of the list that was changed, removed or put elsewhere is named", () => {
  const lines = list(), file = path.join(dir, "tombstones");
  assert.ok(lines.length >= 4);
  const verify = (changed) => {
    good(write(file, changed.map((l) => `${l}\n`).join("")));
    return foyer(["tombstones", "verify"], { env: { FOYER_TOMBSTONES: file } });
  };
  assert.equal(verify(lines).code, 0);
  const other = lines[1].replace(/ client\.erase | message\.opt_out /, (w) => (w.includes("erase") ? " message.opt_out " : " client.erase "));
  for (const [what, changed, at, why] of [
    ["changed", [lines[0], other, ...lines.slice(2)], 2, /was not signed by this installation/],
    ["removed", [lines[0], ...lines.slice(2)], 2, /does not follow the line before it/],
    ["exchanged", [lines[1], lines[0], ...lines.slice(2)], 1, /does not follow the line before it/],
    ["added", [...lines, lines[0]], lines.length + 1, /does not follow the line before it/]]) {
    const r = verify(changed);
    assert.equal(r.code, 1, what);
    assert.match(r.out, new RegExp(`tombstones:${at}: `), what);
    assert.match(r.out, why, what);
  }
  for (const line of lines) assert.doesNotMatch(line, /@|mail\.example|Zerlinde/i, "ids and hashes only");
});

test("K-02: what is being restored does not open", () => {
  const keys = path.join(dir, "keys");
  good(run(["sh", "-c", 'mkdir -m 700 "$1" && touch "$1/restore-pending"', "-", keys]));
  for (const program of [["foyer-web", "--config", path.join(h.env.vardir, "foyer.conf"), "--pool", "staff", "--check"], ["foyer-jobs", "--config", path.join(h.env.vardir, "foyer.conf")]]) {
    const r = run([path.join(app, "bin", program[0]), ...program.slice(1)], { env: { FOYER_KEYS: keys } });
    assert.equal(r.code, 78, program[0]);
    assert.match(r.out, /is being restored and must not open yet/);
  }
});

// ---- what is compared ----

test("D-21: the database has checksums on every page", () => assert.equal(h.one("SHOW data_checksums"), "on"));

test("D-16, T38: a role that sees only some rows gets no dump and no fingerprint, but an error", () => {
  for (const role of ["foyer_migrator", "foyer_staff", "foyer_jobs"]) {
    const r = foyer(["backup", "fingerprint", "--as", role]);
    assert.equal(r.code, 1, role);
    assert.match(r.out, /cannot be read whole/);
    const socket = fs.readFileSync(path.join(h.env.vardir, "foyer.conf"), "utf8").match(/host='([^']+)'/)[1];
    const dump = run(["pg_dump", "-h", socket, "-U", role, "-n", "app", "-f", "/dev/null", "foyer"]);
    assert.notEqual(dump.code, 0, `pg_dump as ${role}`);
  }
  const all = good(foyer(["backup", "fingerprint", "--as", "postgres"])).stdout.trim().split("\n");
  assert.ok(all.filter((l) => /^table \S+ \d+ [0-9a-f]{64}$/.test(l)).length > 40);
  for (const kind of ["policies", "triggers", "tables", "functions", "roles", "constraints"])
    assert.ok(all.some((l) => new RegExp(`^catalog ${kind} [1-9]\\d* [0-9a-f]{64}$`).test(l)), kind);
  assert.match(all.at(-1), /^rows [1-9]/);
});

test("K-03: sealed values of clients are found in every table that has them, and open", () =>
  assert.match(good(foyer(["backup", "samples", "50", "--as", "postgres"])).stdout, /^[1-9]\d* sealed values opened, 0 did not$/m));

test("T38: a fingerprint changes with one row, one policy, one grant", () => {
  const lines = () => new Set(good(foyer(["backup", "fingerprint", "--as", "postgres"])).stdout.split("\n").filter((l) => /permission |catalog/.test(l)));
  const changed = (text, back) => {
    const was = lines();
    h.sql(text);
    try { return [...lines()].filter((l) => !was.has(l)).map((l) => l.split(" ").slice(0, 2).join(" ")); } finally { h.sql(back); }
  };
  assert.deepEqual(changed("UPDATE app.permission SET meaning = meaning || '.' WHERE name = 'chart_read'",
    "UPDATE app.permission SET meaning = rtrim(meaning, '.') WHERE name = 'chart_read'"), ["table app.permission"]);
  assert.deepEqual(changed("CREATE POLICY zz_test ON app.client TO foyer_jobs USING (false)", "DROP POLICY zz_test ON app.client"), ["catalog policies"]);
  assert.deepEqual(changed("GRANT DELETE ON app.idem TO foyer_jobs", "REVOKE DELETE ON app.idem FROM foyer_jobs"), ["catalog tables"]);
  assert.deepEqual(changed("ALTER TABLE app.idem NO FORCE ROW LEVEL SECURITY", "ALTER TABLE app.idem FORCE ROW LEVEL SECURITY"), ["catalog tables"]);
});

// ---- parts ----

const wal = "000000010000000000000007";
test("K-01: a piece of WAL lies in the backup directory encrypted; whoever has all of this host but the identity cannot read it", () => {
  const text = `${"Zerlinde in plain words. ".repeat(4000)}`;
  good(write(path.join(dir, "wal"), text));
  good(script("archive-wal", [h.env.vardir, path.join(dir, "wal"), wal]));
  good(script("archive-wal", [h.env.vardir, path.join(dir, "wal"), wal])); // the same again is fine
  const part = fs.readFileSync(path.join(place, "wal", `${wal}.age`));
  assert.ok(part.subarray(0, 21).equals(Buffer.from("age-encryption.org/v1")));
  assert.ok(!part.includes("Zerlinde"));
  // every file that this installation has, tried as an identity
  const files = spawnSync("find", [fs.realpathSync(h.env.vardir), "-maxdepth", "2", "-type", "f", "-size", "-8k", "-not", "-path", "*/out/*", "-not", "-path", "*/log/*"], { encoding: "utf8" }).stdout.trim().split("\n");
  assert.ok(files.some((f) => f.endsWith("master.key")) && files.some((f) => f.endsWith("sealer.key")));
  for (const file of [...files, path.join(dir, "recipients")])
    assert.notEqual(spawnSync("age", ["-d", "-i", file, "-o", "/dev/null", path.join(place, "wal", `${wal}.age`)], { input: "" }).status, 0, file);
  const back = spawnSync("sh", ["-c", 'age -d -i "$1" "$2" | zstd -q -d', "-", path.join(dir, "identity"), path.join(place, "wal", `${wal}.age`)], { encoding: "utf8", maxBuffer: 1 << 26 });
  assert.equal(back.stdout, text);
});

test("K-01: another piece under a name that is taken is refused, and the first one stays", () => {
  const was = fs.readFileSync(path.join(place, "wal", `${wal}.age`));
  good(write(path.join(dir, "other"), "other"));
  const r = script("archive-wal", [h.env.vardir, path.join(dir, "other"), wal]);
  assert.notEqual(r.code, 0);
  assert.match(r.out, /holds another piece of that name/);
  assert.ok(was.equals(fs.readFileSync(path.join(place, "wal", `${wal}.age`))));
});

test("K-01: no backup directory there (not mounted): WAL is refused and kept", () => {
  const r = script("archive-wal", [h.env.vardir, path.join(dir, "wal"), "000000010000000000000008"], { env: { FOYER_BACKUP_DIR: path.join(dir, "nothing") } });
  assert.notEqual(r.code, 0);
  assert.match(r.out, /is no backup directory, or is not mounted/);
  assert.ok(!fs.existsSync(path.join(dir, "nothing")));
});

test("T37: a cut, changed, exchanged or foreign piece stops a restore, and is named; a missing one is the end of WAL", () => {
  const keys = path.join(h.env.vardir, "keys"), signer = good(foyer(["backup", "signer"])).stdout.trim();
  const fetch = (name, o = {}) => run([path.join(app, "scripts", "fetch-wal"), name, path.join(dir, "fetched")],
    { env: { FOYER: path.join(app, "bin", "foyer"), DIR: place, IDENTITY: path.join(dir, "identity"), SIGNER: signer, FOYER_KEYS: keys, ...o } });
  good(fetch(wal));
  assert.equal(fs.readFileSync(path.join(dir, "fetched"), "utf8"), fs.readFileSync(path.join(dir, "wal"), "utf8"));
  assert.equal(fetch("000000010000000000000009").code, 1);
  const second = "00000001000000000000000A", at = (name, end) => path.join(place, "wal", `${name}.${end}`);
  good(script("archive-wal", [h.env.vardir, path.join(dir, "other"), second]));
  const whole = fs.readFileSync(at(wal, "age")), manifest = fs.readFileSync(at(wal, "manifest"), "utf8");
  const flipped = Buffer.from(whole);
  flipped[flipped.length >> 1] ^= 1;
  for (const [what, change, why] of [
    ["cut", () => write(at(wal, "age"), "") && fs.writeFileSync(at(wal, "age"), whole.subarray(0, 100)), /was cut or grew: 100 bytes/],
    ["changed", () => fs.writeFileSync(at(wal, "age"), flipped), /is not what was written/],
    ["exchanged with its manifest", () => { fs.copyFileSync(at(second, "age"), at(wal, "age")); fs.copyFileSync(at(second, "manifest"), at(wal, "manifest")); }, /is that of another piece/],
    ["manifest changed", () => fs.writeFileSync(at(wal, "manifest"), manifest.replace(/^plain ./m, "plain 0").replace(/^ended 2/m, "ended 3")), /was changed, or was not signed/]]) {
    change();
    const r = fetch(wal);
    assert.equal(r.code, 200, what);
    assert.match(r.out, why, what);
    assert.ok(r.out.includes(wal), `${what}: which one`);
    fs.writeFileSync(at(wal, "age"), whole);
    fs.writeFileSync(at(wal, "manifest"), manifest);
  }
  const foreign = fetch(wal, { SIGNER: "0123456789abcdef" });
  assert.equal(foreign.code, 200);
  assert.match(foreign.out, new RegExp(`is signed by ${signer}, not by 0123456789abcdef`));
  spawnSync("age-keygen", ["-o", path.join(dir, "wrong")]);
  fs.chmodSync(path.join(dir, "wrong"), 0o644);
  const wrong = fetch(wal, { IDENTITY: path.join(dir, "wrong") });
  assert.equal(wrong.code, 200);
  assert.match(wrong.out, /cannot be decrypted/);
});

// ---- rotation ----

const stamp = (ms) => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
const idOf = (ms) => stamp(ms).replace(/[-:]/g, "");
// A whole backup of some days ago, signed as real ones are.
function backupOf(kind, days, from) {
  const ended = Date.now() - days * 86400000, at = path.join(place, kind, idOf(ended));
  good(run(["mkdir", at]));
  const signed = good(foyer(["backup", "sign"], { input: `kind ${kind}\nid ${idOf(ended)}\nended ${stamp(ended)}\n${from ? `wal_from ${from}\ntombstones 0 0\n` : ""}` }));
  good(write(path.join(at, "manifest"), signed.stdout));
  return at;
}
const clean = () => good(run(["sh", "-c", 'rm -rf "$1"/base/* "$1"/base/.[0-9]* "$1"/keys/* "$1"/wal/*', "-", place]));
const segment = (n) => `00000001000000000000${n.toString(16).toUpperCase().padStart(4, "0")}`;
const piece = (n) => ["age", "manifest"].forEach((end) => good(write(path.join(place, "wal", `${segment(n)}.${end}`), "x")));

test("K-01: day 31 is gone and day 29 stays, with the WAL that it needs and no older", () => {
  clean();
  const old = backupOf("base", 31, segment(3)), kept = backupOf("base", 29, segment(6)), now = backupOf("base", 0.01, segment(9));
  for (let n = 2; n <= 10; n++) piece(n);
  good(script("backup", ["--rotate"]));
  assert.deepEqual([old, kept, now].map((d) => fs.existsSync(d)), [false, true, true]);
  assert.deepEqual(fs.readdirSync(path.join(place, "wal")).filter((f) => f.endsWith(".age")).sort(),
    [6, 7, 8, 9, 10].map((n) => `${segment(n)}.age`));
});

test("S-32, K-02: keys are not copied with a master key that was retired since; the next backup copies them with the newest one", () => {
  clean();
  backupOf("base", 0.01, segment(9));
  backupOf("keys", 1);
  const store = path.join(dir, "store"), copies = () => fs.readdirSync(path.join(place, "keys")).filter((d) => /^\d/.test(d)).length;
  good(run(["sh", "-c", 'mkdir -m 700 "$1" && head -c 69 /dev/urandom >"$1/lasting.key"', "-", store])); // under another master key
  const r = script("backup", ["--rotate"], { env: { FOYER_KEYS: store } });
  assert.notEqual(r.code, 0);
  assert.match(r.out, /lasting\.key does not open with the master key[^]*copied once this is started anew/);
  assert.equal(copies(), 1);
  good(script("backup", ["--rotate"]));
  assert.equal(copies(), 2);
});

test("K-01: while no backup of the last 26 hours is whole, nothing older is dropped; what was begun does not count", () => {
  clean();
  const old = backupOf("base", 40, segment(3)), kept = backupOf("base", 2, segment(6));
  piece(3);
  good(run(["mkdir", path.join(place, "base", ".20990101T000000Z.part"), path.join(place, "base", idOf(Date.now()))])); // killed; without a manifest
  const r = good(script("backup", ["--rotate"]));
  assert.match(r.out, /nothing is dropped/);
  assert.ok(fs.existsSync(old) && fs.existsSync(kept) && fs.existsSync(path.join(place, "wal", `${segment(3)}.age`)));
  assert.ok(!fs.existsSync(path.join(place, "base", ".20990101T000000Z.part")), "a half one is dropped");
  const forged = path.join(place, "base", idOf(Date.now() + 1000));
  good(run(["cp", "-r", kept, forged]));
  good(run(["sed", "-i", `s/^ended .*/ended ${stamp(Date.now())}/`, path.join(forged, "manifest")]));
  assert.match(good(script("backup", ["--rotate"])).out, /nothing is dropped/, "nor does one that is not signed");
  assert.ok(fs.existsSync(old));
});

test("S-33, S-34: keys lie apart from the database; of their copies the newest three stay, and none from before a key was destroyed", () => {
  clean();
  backupOf("base", 0.01, segment(9));
  const copies = [5, 4, 3, 2, 1].map((d) => backupOf("keys", d));
  good(script("backup", ["--rotate"]));
  const left = () => fs.readdirSync(path.join(place, "keys"));
  assert.ok(left().length >= 3 && left().length <= 4, "three, and one more where a key is newer than the last copy");
  assert.ok(!fs.existsSync(copies[0]));
  // a studio of its own, whose key is destroyed
  const slug = `zz-${h.uuid().slice(0, 8)}`;
  good(foyer(["tenant", "create", slug, "Zz Gone", "--kind", "medspa"]));
  const tenant = h.tenantId(slug), key = path.join(h.env.vardir, "keys", `${tenant}.key`);
  try {
    assert.ok(fs.existsSync(key));
    const kept = copies.slice(2).filter((c) => fs.existsSync(c));
    assert.ok(kept.length > 0);
    good(foyer(["tenant", "destroy-key", slug]));
    assert.ok(!fs.existsSync(key));
    clean();
    backupOf("base", 0.01, segment(9));
    const before = backupOf("keys", 1), after = backupOf("keys", -0.001);
    good(script("backup", ["--rotate"]));
    assert.ok(!fs.existsSync(before), "a copy that held the key");
    assert.ok(fs.existsSync(after));
  } finally {
    h.sql("SET session_replication_role = replica; DELETE FROM app.role_permission WHERE tenant_id = :'v1'; DELETE FROM app.role WHERE tenant_id = :'v1'; DELETE FROM sec.site WHERE tenant = :'v1'; DELETE FROM app.tenant WHERE id = :'v1'", tenant);
  }
});
