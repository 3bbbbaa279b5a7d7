// export.test.js -- copies of the trail (A-14, V-04, T40): complete, signed, checked by Foyer's command and by code that knows
// only the RFC and docs/security.md; and a table that no program takes for formulas.
"use strict";
const { test, describe, before } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { spawnSync } = require("node:child_process");
const crypto = require("node:crypto");
const h = require("./harness");
const { verifyExport } = require("./verify_trail");

const tenant = h.tenantId("glow"), zone = h.one("SELECT zone FROM app.tenant WHERE id = :'v1'", tenant);
const today = h.one("SELECT (now() AT TIME ZONE :'v1')::date", zone);
let v; // logged in freshly: who asks for a copy has just proved who she is
before(async () => { v = await h.staff("glow", "owner", { fresh: true }); });
const newest = () => h.one("SELECT id FROM app.trail_export WHERE tenant_id = :'v1' ORDER BY asked_at DESC LIMIT 1", tenant);
async function copy(values, who = v) {
  const r = await who.submit("/audit/exports", { from: today, to: today, kind: "jsonl", ...values }, { action: "/audit/exports" });
  assert.equal(r.status, 303, r.text);
  assert.equal(r.location, "/audit/exports?asked=1");
  const id = newest();
  for (let i = 0; i < 200 && h.one("SELECT state FROM app.trail_export WHERE id = :'v1'::uuid", id) === "waiting"; i++) await new Promise((x) => setTimeout(x, 200));
  assert.equal(h.one("SELECT state FROM app.trail_export WHERE id = :'v1'::uuid", id), "ready");
  const file = await who.get(`/audit/exports/${id}/trail.copy`);
  assert.equal(file.status, 200);
  return { id, asked: r, file, text: file.bytes.toString("utf8") };
}
const dir = fs.mkdtempSync(path.join(os.tmpdir(), "export-"));
fs.chmodSync(dir, 0o755);
process.on("exit", () => fs.rmSync(dir, { recursive: true, force: true }));
// The key as an auditor would have it, and the command without settings or database.
const as = process.getuid() === 0 ? ["runuser", "-u", process.env.FOYER_OS_USER || "foyer", "--"] : [];
function publicKey(text) {
  const file = path.join(dir, "key.pem"), id = JSON.parse(text.split("\n")[0]).head.key;
  const all = [...as, "cat", path.join(h.env.vardir, "keys", `seal-${id}.pub`)];
  fs.writeFileSync(file, spawnSync(all[0], all.slice(1), { cwd: "/" }).stdout, { mode: 0o644 });
  return file;
}
function command(text, key) {
  fs.writeFileSync(path.join(dir, "copy.jsonl"), text, { mode: 0o644 });
  const all = ["env", "-i", `PATH=${process.env.PATH}`, "ASAN_OPTIONS=detect_leaks=0", path.join(h.env.bin, "foyer"), "audit", "verify-export", path.join(dir, "copy.jsonl"), "--key", key];
  const r = spawnSync(all[0], all.slice(1), { encoding: "utf8", cwd: "/" });
  return { code: r.status, out: r.stdout + r.stderr };
}

describe("A-14 T40: a copy as lines of JSON", () => {
  let made, pem, key;
  before(async () => {
    await (await h.staff("glow", "front-desk")).get("/clients?q=an");
    made = await copy({});
    key = publicKey(made.text);
    pem = fs.readFileSync(key, "utf8");
  });
  test("holds exactly the rows of the period until it was asked for, each as it was sealed", () => {
    const rows = made.text.trim().split("\n").slice(1, -1).map((l) => JSON.parse(l));
    const wanted = h.sql(`SELECT e.id FROM audit.event e JOIN audit.leaf l ON l.tenant_id = e.tenant_id AND l.id = e.id AND l.at = e.at JOIN app.trail_export x ON x.id = :'v2'::uuid
      WHERE e.tenant_id = :'v1' AND e.at >= :'v3'::date::timestamp AT TIME ZONE :'v4' AND e.at < x.asked_at ORDER BY l.idx`, tenant, made.id, today, zone).map(([id]) => id);
    assert.ok(wanted.length > 5);
    assert.deepEqual(rows.map((r) => r.fields[2]), wanted);
    assert.match(made.file.headers["content-disposition"], new RegExp(`attachment; filename="?trail-glow-${today}-${today}\\.jsonl`));
  });
  test("is found good by code that is not Foyer's, and by the command with nothing but the public key", () => {
    assert.deepEqual(verifyExport(made.text, pem), []);
    const r = command(made.text, key);
    assert.equal(r.code, 0, r.out);
    assert.match(r.out, /: 0 findings/);
  });
  const lines = () => made.text.trimEnd().split("\n");
  const join = (l) => l.join("\n") + "\n";
  const alter = (line, f) => { const o = JSON.parse(line); f(o); return JSON.stringify(o); };
  for (const [what, change, said] of [
    ["an altered action", (l) => { l[3] = alter(l[3], (o) => { o.fields[10] = "client.nothing"; }); }, /altered/],
    ["an altered client", (l) => { const i = l.findIndex((x) => /"\{[0-9a-f-]{36}/.test(x)); l[i] = alter(l[i], (o) => { o.fields[13] = `{${h.uuid()}}`; }); }, /altered/],
    ["an altered time", (l) => { l[2] = alter(l[2], (o) => { o.fields[1] = o.fields[1].replace(/^\d{4}/, "2025"); }); }, /altered/],
    ["a deleted row", (l) => { l.splice(4, 1); }, /deleted/],
    ["a deleted row, the others counted anew", (l) => { l.splice(4, 1); for (let i = 1; i < l.length - 1; i++) l[i] = alter(l[i], (o) => { o.n = i; }); }, /deleted/],
    ["a row moved", (l) => { l.splice(5, 0, l.splice(2, 1)[0]); }, /reordered/],
    ["a row twice", (l) => { l.splice(4, 0, l[3]); }, /reordered|twice/],
    ["a row of another place of the tree", (l) => { l[2] = alter(l[2], (o) => { o.index += 1; }); }, /altered/],
    ["the last line gone", (l) => { l.pop(); }, /cut off/],
    ["the first line's period widened", (l) => { l[0] = alter(l[0], (o) => { o.from = "2020-01-01"; }); }, /not signed|does not hold/],
    ["another head's size", (l) => { l[0] = alter(l[0], (o) => { o.head.size += 1; }); }, /not signed|altered/],
    ["deleted from the list of the last line too", (l) => { const [gone] = l.splice(4, 1), i = JSON.parse(gone).index, e = l.length - 1; l[e] = alter(l[e], (o) => { o.indexes = o.indexes.filter((x) => x !== i); o.rows--; }); }, /not signed|does not hold/],
  ])
    test(`T40: ${what} is named, by both`, () => {
      const l = lines();
      change(l);
      const r = command(join(l), key);
      assert.equal(r.code, 1, r.out);
      assert.match(r.out, said);
      assert.match(verifyExport(join(l), pem).join("\n"), /altered|deleted|reordered|added|not signed|cut off/);
    });
  test("T40: signed anew with another key it is not taken for ours", () => {
    const other = crypto.generateKeyPairSync("ed25519"), wrong = path.join(dir, "other.pem");
    fs.writeFileSync(wrong, other.publicKey.export({ type: "spki", format: "pem" }), { mode: 0o644 });
    const r = command(made.text, wrong);
    assert.equal(r.code, 1);
    assert.match(r.out, /not signed with this key/);
  });
  test("a file that is none is said to be none", () => {
    for (const text of ["", "\n", "{}\n", "[1]\n", "not json\n", '{"format":"foyer-trail-export-1"}\n', `{"a":${"[".repeat(200)}\n`]) {
      const r = command(text, key);
      assert.equal(r.code, 1, `${text}: ${r.out}`);
    }
  });
});

describe("A-15 S-07 L18: having a copy made is in the trail", () => {
  test("with what was copied, and whom; the download as well", async () => {
    const client = h.one("SELECT client_id FROM audit.event WHERE tenant_id = :'v1' AND client_id IS NOT NULL AND action = 'client.read' ORDER BY at DESC LIMIT 1", tenant) || h.one("SELECT id FROM app.client WHERE tenant_id = :'v1' ORDER BY id LIMIT 1", tenant);
    await v.get(`/clients/${client}`);
    const page = await v.get(`/audit/clients/${client}?from=${today}&to=${today}`);
    const link = h.decode(page.text).match(/href="(\/audit\/exports\?[^"]*)"/)[1];
    const form = h.formOf((await v.get(link)).text, "/audit/exports");
    assert.equal(form.values.client_id, client);
    assert.equal(form.values.from, today);
    const c = await copy({ client_id: client, kind: "jsonl" });
    const row = h.trail(c.asked.id);
    assert.deepEqual(row.map((e) => [e.action, e.clients.join()]), [["audit.export", client]]);
    assert.match(row[0].reason, new RegExp(`^JSON lines, ${today} to ${today}, \\d+ rows$`));
    assert.deepEqual(h.trail(c.file.id).map((e) => [e.action, e.outcome]), [["audit.export.read", "ok"]]);
    const rows = c.text.trim().split("\n").slice(1, -1).map((l) => JSON.parse(l));
    assert.ok(rows.length > 0 && rows.every((r) => r.fields[13].includes(client)));
  });
  test("who has not just proved who she is gets neither; what she filled in is kept", async () => {
    const old = await h.staff("glow", "owner", { fresh: true });
    const id = newest();
    h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); UPDATE sec.session SET proved_at = now() - interval '6 minutes' WHERE tenant_id = :'v1'::uuid AND id = (SELECT id FROM sec.session WHERE tenant_id = :'v1'::uuid ORDER BY created_at DESC LIMIT 1); COMMIT`, tenant);
    const r = await old.submit("/audit/exports", { from: "2026-01-02", to: "2026-01-03", kind: "csv" }, { action: "/audit/exports" });
    assert.equal(r.status, 422);
    assert.match(r.text, /value="2026-01-02"/);
    assert.match(r.text, /Confirm that it is you/);
    assert.equal(newest(), id);
    const file = await old.get(`/audit/exports/${id}/trail.copy`);
    assert.equal(file.status, 303);
    assert.match(file.location, /^\/confirm/);
  });
  test("days the wrong way round, and more rows than a copy may hold, are refused with words", async () => {
    const r = await v.submit("/audit/exports", { from: "2026-02-03", to: "2026-02-01", kind: "csv" }, { action: "/audit/exports" });
    assert.equal(r.status, 422);
    assert.match(r.text, /lies before the first one/);
    assert.throws(() => h.sql(`SET SESSION AUTHORIZATION foyer_jobs; SELECT audit.export_count('2020-01-01', '2030-01-01', NULL, NULL, NULL, false, 5)`), /permission denied/);
    const text = (() => { try { return h.one(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true), set_config('foyer.actor_kind', 'job', true); SELECT audit.export_count('2020-01-01', '2030-01-01', NULL, NULL, NULL, false, 5)`, tenant); } catch (e) { return e.message; } })();
    assert.match(text, /more than 5 rows/);
  });
  test("D-26: one copy of a business is made at a time, and so many are kept", async () => {
    const insert = (n, state) => h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); SET LOCAL session_replication_role = replica;
      INSERT INTO app.trail_export (tenant_id, kind, from_day, to_day, act, state) SELECT :'v1'::uuid, 'csv', '2026-01-02', '2026-01-02', 'seeded', :'v2' FROM generate_series(1, :v3); COMMIT`, tenant, state, n);
    const ask = () => v.submit("/audit/exports", { from: today, to: today, kind: "csv" }, { action: "/audit/exports" });
    const forget = () => h.sql("DELETE FROM app.trail_export WHERE act = 'seeded'");
    try {
      for (const [n, state, words] of [[1, "waiting", /still being made/], [50, "ready", /No more copies can be kept/]]) {
        insert(n, state);
        const r = await ask();
        assert.equal(r.status, 422);
        assert.match(r.text, words);
        forget();
      }
    } finally { forget(); }
    assert.equal((await copy({ kind: "csv" })).file.status, 200);
  });
  test("another studio's copy is not there", async () => {
    const other = await h.staff("first-light", "owner", { fresh: true });
    assert.equal((await other.get(`/audit/exports/${newest()}/trail.copy`)).status, 404);
  });
});

describe("V-04: a copy as a table", () => {
  test("every cell is quoted, and what begins a formula begins with an apostrophe", async () => {
    const evil = ["=HYPERLINK(\"http://evil\")", "+1+1", "-2+3", "@SUM(A1)", "\tx", "\rx", "plain \"quoted\", with a comma"];
    for (const reason of evil) h.sql("INSERT INTO audit.event (tenant_id, actor_kind, action, outcome, reason) VALUES (:'v1'::uuid, 'system', 'operator.command', 'ok', :'v2')", tenant, reason);
    const c = await copy({ kind: "csv", act: "operator.command" });
    assert.match(c.file.headers["content-type"], /^text\/csv/);
    const rows = [...c.text.matchAll(/((?:"(?:[^"]|"")*",?)+)\r\n/g)].map(([, l]) => [...l.matchAll(/"((?:[^"]|"")*)"/g)].map(([, x]) => x.replace(/""/g, '"')));
    assert.ok(rows.every((r) => r.length === 14), "a row has other cells");
    const at = rows[0].indexOf("reason");
    for (const reason of evil) assert.ok(rows.some((r) => r[at] === (/^[=+\-@\t\r]/.test(reason) ? `'${reason}` : reason)), JSON.stringify(reason));
    for (const r of rows.slice(1)) for (const cell of r) assert.doesNotMatch(cell, /^[=+\-@\t\r]/);
  });
});
