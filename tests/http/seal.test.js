// seal.test.js -- the trail proves itself: what is written is sealed, and whoever rewrites it is found out.
// Tampering happens in a database of its own, as the superuser, past all triggers.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert");
const crypto = require("node:crypto");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { spawn, spawnSync } = require("node:child_process");
const { env, sql, one, staff, uuid } = require("./harness.js");
const faulty = require("../slow/faulty");

const osUser = process.env.FOYER_OS_USER || "foyer";
const as = process.getuid() === 0 ? ["runuser", "-u", osUser, "--"] : [];
const program = path.join(env.vardir, "app", "bin", "foyer");
const conf = fs.readFileSync(path.join(env.vardir, "foyer.conf"), "utf8");
const socket = conf.match(/^database\s*=.*host=(\S+)/m)[1];
const database = `seal_${process.pid}`;
const conninfo = (name) => `host=${socket} dbname=${name} user=${process.env.FOYER_SUPERUSER || "postgres"}`;
let dir;

// Runs a program as the user of the stack: {code, out}.
function run(command, args, o = {}) {
  const all = [...as, "env", ...Object.entries(o.env || {}).map(([k, v]) => `${k}=${v}`), command, ...args];
  const r = spawnSync(all[0], all.slice(1), { encoding: "utf8", input: o.input, cwd: "/", maxBuffer: 1 << 28 });
  return { code: r.status, out: r.stdout + r.stderr };
}
const ours = () => ({ FOYER_CONFIG: path.join(env.vardir, "foyer.conf"), FOYER_DATABASE: `host=${socket} dbname=${database}`,
  FOYER_KEYS: dir, FOYER_MASTER_KEY: path.join(dir, "master.key"), FOYER_HEADS_FILE: path.join(dir, "heads") });
const foyer = (...args) => run(program, args, { env: ours() });
const psqlArgs = (name) => ["-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-d", conninfo(name)];
function query(text, name = database) {
  const r = run("psql", psqlArgs(name), { input: text });
  assert.strictEqual(r.code, 0, r.out);
  return r.out.trim().split("\n").filter(Boolean).map((l) => l.split("|"));
}
const tamper = (text) => query(`SET session_replication_role = replica; BEGIN; ${text}; COMMIT;`);

function seal() {
  const r = foyer("audit", "seal");
  assert.strictEqual(r.code, 0, r.out);
  return Number(r.out.match(/^(\d+) rows sealed/m)[1]);
}
const write = (tenant, n) => query(`INSERT INTO audit.event (tenant_id, actor_kind, action, client_ids, ip, fields)
  SELECT '${tenant}', 'system', 'seal.test' || n, ARRAY[gen_random_uuid(), gen_random_uuid()], '192.0.2.7', ARRAY['a "b"', NULL, 'ü']
  FROM generate_series(1, ${n}) n`);
// A tenant with two heads, over 4 and over 7 rows.
function studio() {
  const tenant = uuid();
  write(tenant, 4);
  seal();
  write(tenant, 3);
  seal();
  return tenant;
}
const eventAt = (tenant, idx) => query(`SELECT id FROM audit.leaf WHERE tenant_id = '${tenant}' AND idx = ${idx}`)[0][0];
// What verify finds about one tenant, a line each.
function findings(tenant, ...options) {
  const r = foyer("audit", "verify", "--tenant", tenant, ...options);
  const lines = r.out.trim().split("\n");
  const summary = lines.pop();
  assert.match(summary, new RegExp(`: ${lines.length} findings?$`), r.out);
  assert.strictEqual(r.code, lines.length ? 1 : 0, r.out);
  return lines;
}
function assertOne(lines, pattern) {
  assert.strictEqual(lines.length, 1, lines.join("\n"));
  assert.match(lines[0], pattern);
}

const sha256 = (...parts) => crypto.createHash("sha256").update(Buffer.concat(parts)).digest();
const h = (hex) => Buffer.from(hex, "hex");
// The leaf of a row, made here once more: each text behind its length.
function leafOf(tenant, idx) {
  const row = JSON.parse(query(`SELECT to_jsonb(ARRAY[tenant_id, at, id, xid, actor_kind, actor_id, session_id, link_id, ip, agent, action,
    object_kind, object_id, client_ids, fields, outcome, reason, request_id]) FROM audit.seal_leaves('${tenant}', ${idx}, 1, '-infinity')`)[0].join("|"));
  const field = (text) => {
    const n = Buffer.alloc(4);
    if (text === null) return Buffer.from([255, 255, 255, 255]);
    n.writeUInt32BE(Buffer.byteLength(text));
    return Buffer.concat([n, Buffer.from(text)]);
  };
  return sha256(Buffer.from([0]), field("foyer-leaf-v1"), field(String(idx)), ...row.map(field));
}
function signed(tenant, size, root, time, key, signature) {
  const pem = run("cat", [path.join(dir, `seal-${key}.pub`)]).out;
  return crypto.verify(null, Buffer.from(`foyer-sth-v1\n${tenant}\n${size}\n${root}\n${time}\n`), pem, h(signature));
}

before(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), "foyer-seal-"));
  fs.chmodSync(dir, 0o777);
  query(`CREATE DATABASE ${database} TEMPLATE template0 ENCODING UTF8`, "postgres");
  const r = foyer("migrate", "--role", "postgres");
  assert.strictEqual(r.code, 0, r.out);
});
after(() => {
  query(`DROP DATABASE ${database} WITH (FORCE)`, "postgres");
  fs.rmSync(dir, { recursive: true, force: true });
});

test("A-05 in the running stack every row is sealed once, within seconds, and the trail verifies", async () => {
  const owner = await staff("glow", "owner");
  const reply = await owner.get("/clients");
  assert.strictEqual(reply.status, 200);
  const [[id]] = sql("SELECT id FROM audit.event WHERE request_id = :'v1'::uuid", reply.id);
  const leaves = () => Number(one("SELECT count(*) FROM audit.leaf WHERE id = :'v1'::uuid", id));
  const start = Date.now();
  while (leaves() === 0 && Date.now() - start < 30000) await new Promise((r) => setTimeout(r, 250));
  assert.strictEqual(leaves(), 1, "sealed once");
  assert.strictEqual(one("SELECT count(*) FROM audit.seal_strays(NULL, '-infinity') WHERE is_late"), "0");
  const r = run(program, ["audit", "verify"], { env: { FOYER_CONFIG: path.join(env.vardir, "foyer.conf") } });
  assert.strictEqual(r.code, 0, r.out);
  assert.match(r.out, /: 0 findings$/m);
});

test("A-05 A-06 leaves, tree and head are those of the specification, and the head's signature is good", () => {
  const tenant = studio();
  assert.deepStrictEqual(findings(tenant), []);
  const stored = query(`SELECT encode(hash, 'hex') FROM audit.leaf WHERE tenant_id = '${tenant}' ORDER BY idx`).map(([x]) => x);
  const leaves = stored.map((_, i) => leafOf(tenant, i));
  assert.deepStrictEqual(leaves.map((x) => x.toString("hex")), stored);
  const node = (l, r) => sha256(Buffer.from([1]), l, r);
  const tree = (list) => {
    if (list.length === 1) return list[0];
    let k = 1;
    while (k * 2 < list.length) k *= 2;
    return node(tree(list.slice(0, k)), tree(list.slice(k)));
  };
  const heads = run("cat", [path.join(dir, "heads")]).out.trim().split("\n").map((l) => l.split(" ")).filter((l) => l[0] === tenant);
  assert.deepStrictEqual(heads.map((l) => l[1]), ["4", "7"]);
  for (const head of heads) {
    assert.strictEqual(head[2], tree(leaves.slice(0, Number(head[1]))).toString("hex"));
    assert.ok(signed(...head));
  }
  assert.strictEqual(run("stat", ["-c", "%a", path.join(dir, "sealer.key")]).out.trim(), "600");
});

test("A-08 the proof of one row leads to a signed root", () => {
  const tenant = studio();
  const id = eventAt(tenant, 5);
  const r = foyer("audit", "proof", id);
  assert.strictEqual(r.code, 0, r.out);
  const all = r.out.trim().split("\n").map((l) => l.split(" "));
  const get = (name) => all.find(([n]) => n === name)[1];
  let [place, last, up] = [Number(get("index")), Number(get("size")) - 1, h(get("leaf"))];
  assert.deepStrictEqual(up, leafOf(tenant, 5));
  for (const [, sibling] of all.filter(([n]) => n === "path")) {
    if (place % 2 || place === last) {
      up = sha256(Buffer.from([1]), h(sibling), up);
      while (place % 2 === 0 && place) [place, last] = [place >> 1, last >> 1];
    } else up = sha256(Buffer.from([1]), up, h(sibling));
    [place, last] = [place >> 1, last >> 1];
  }
  assert.strictEqual(last, 0);
  assert.strictEqual(up.toString("hex"), get("root"));
  assert.ok(signed(tenant, get("size"), get("root"), get("time"), get("key"), get("signature")));
  tamper(`UPDATE audit.event SET reason = 'x' WHERE id = '${id}'`);
  assert.strictEqual(foyer("audit", "proof", id).code, 1, "a row that was altered has no proof");
  assert.strictEqual(foyer("audit", "proof", uuid()).code, 1);
});

test("A-06 T40 an altered row is named, and is one finding", () => {
  const tenant = studio();
  const id = eventAt(tenant, 2);
  tamper(`UPDATE audit.event SET actor_kind = 'visitor' WHERE id = '${id}'`);
  assertOne(findings(tenant), new RegExp(`^${tenant}: index 2: altered: event ${id} of `));
  assert.deepStrictEqual(findings(tenant, "--since", "2999-01-01"), [], "A-08: older rows are not compared on request");
});

test("A-06 T40 an altered row whose leaf was made to fit is found by the signed root", () => {
  const tenant = studio();
  tamper(`UPDATE audit.event SET actor_kind = 'visitor' WHERE id = '${eventAt(tenant, 5)}'`);
  tamper(`UPDATE audit.leaf SET hash = '\\x${leafOf(tenant, 5).toString("hex")}' WHERE tenant_id = '${tenant}' AND idx = 5`);
  assertOne(findings(tenant), /: index 4 to 6: altered, with their leaves/);
});

test("A-06 T40 a leaf, a root and a signature that were altered are one finding each", () => {
  let tenant = studio();
  tamper(`UPDATE audit.leaf SET hash = sha256('x') WHERE tenant_id = '${tenant}' AND idx = 1`);
  assertOne(findings(tenant), /: index 1: altered: event /);
  tenant = studio();
  tamper(`UPDATE audit.tree_head SET root = sha256('x') WHERE tenant_id = '${tenant}' AND size = 4`);
  assertOne(findings(tenant), /: head of 4 rows: its signature/);
  tenant = studio();
  tamper(`UPDATE audit.tree_head SET key_id = '0123456789abcdef' WHERE tenant_id = '${tenant}' AND size = 7`);
  assertOne(findings(tenant), /: head of 7 rows: its signature/);
});

test("A-06 T40 a removed row is named, with or without its leaf", () => {
  const tenant = studio();
  const id = eventAt(tenant, 3);
  tamper(`DELETE FROM audit.event WHERE id = '${id}'`);
  assertOne(findings(tenant), new RegExp(`: index 3: removed: event ${id} of `));
  tamper(`DELETE FROM audit.leaf WHERE tenant_id = '${tenant}' AND idx = 3`);
  assertOne(findings(tenant), /: index 3 to 3: removed, with their leaves/);
});

test("A-06 T40 an added row is named, whatever transaction it claims", () => {
  for (const xid of ["3", "999999999999"]) {
    const tenant = studio();
    const id = uuid();
    tamper(`INSERT INTO audit.event (tenant_id, id, xid, actor_kind, action) VALUES ('${tenant}', '${id}', '${xid}', 'system', 'forged')`);
    seal();
    assertOne(findings(tenant), new RegExp(`added: event ${id} of .* was never sealed`));
  }
});

test("A-06 T40 reordered rows are named", () => {
  const tenant = studio();
  tamper(`UPDATE audit.leaf SET idx = 1000 WHERE tenant_id = '${tenant}' AND idx = 1;
    UPDATE audit.leaf SET idx = 1 WHERE tenant_id = '${tenant}' AND idx = 2;
    UPDATE audit.leaf SET idx = 2 WHERE tenant_id = '${tenant}' AND idx = 1000`);
  const lines = findings(tenant);
  assert.match(lines[0], /: index 1: reordered: event .* was sealed at index 2$/);
  assert.match(lines[1], /: index 2: reordered: event .* was sealed at index 1$/);
});

test("A-07 T40 a cut tail, with its leaves and its head, is found by the file of heads, and only by it", () => {
  const tenant = studio();
  const frontier = studio();
  tamper(`DELETE FROM audit.event e USING audit.leaf l WHERE l.tenant_id = '${tenant}' AND l.idx >= 4 AND e.id = l.id;
    DELETE FROM audit.leaf WHERE tenant_id = '${tenant}' AND idx >= 4;
    DELETE FROM audit.tree_head WHERE tenant_id = '${tenant}' AND size = 7`);
  const none = path.join(dir, "none");
  fs.writeFileSync(none, "");
  assert.deepStrictEqual(findings(tenant, "--heads", none), []);
  assertOne(findings(tenant, "--heads", path.join(dir, "heads")), /: index 4 to 6: cut off: a head over 7 rows was signed/);
  // the head alone
  tamper(`DELETE FROM audit.tree_head WHERE tenant_id = '${frontier}' AND size = 7`);
  assertOne(findings(frontier, "--heads", none), /: index 4 to 6: no signed head covers them/);
  // a line of the file that nobody signed
  const heads = run("cat", [path.join(dir, "heads")]).out.trim().split("\n");
  fs.writeFileSync(none, heads.find((l) => l.startsWith(frontier)).replace(/ 4 /, " 5 ") + "\n");
  assert.match(findings(frontier, "--heads", none)[0], /:1: is not a head that was signed/);
  // a tenant that was removed as a whole
  const gone = studio();
  tamper(`DELETE FROM audit.event WHERE tenant_id = '${gone}'; DELETE FROM audit.leaf WHERE tenant_id = '${gone}';
    DELETE FROM audit.tree_head WHERE tenant_id = '${gone}'; DELETE FROM audit.frontier WHERE tenant_id = '${gone}'`);
  const r = foyer("audit", "verify");
  assert.strictEqual(r.code, 1);
  assert.match(r.out, new RegExp(`^${gone}: index 0 to 6: cut off`, "m"));
});

// A psql that stays open; say() resolves when the statement is done.
function session() {
  const all = [...as, "psql", ...psqlArgs(database)];
  const child = spawn(all[0], all.slice(1), { cwd: "/", stdio: ["pipe", "pipe", "inherit"] });
  let heard = "";
  child.stdout.on("data", (d) => { heard += d; });
  let n = 0;
  return {
    say: async (text) => {
      const mark = `done ${++n}.`;
      child.stdin.write(`${text};\n\\echo ${mark}\n`);
      while (!heard.includes(mark)) await new Promise((r) => setTimeout(r, 10));
    },
    end: () => child.stdin.end(),
  };
}

test("A-05 A-08 three writers with open transactions: nothing is sealed early, nothing twice, nothing is left out", async () => {
  const tenant = uuid();
  const insert = `INSERT INTO audit.event (tenant_id, actor_kind, action) VALUES ('${tenant}', 'system', 'seal.writer')`;
  const sealed = () => Number(query(`SELECT count(*) FROM audit.leaf WHERE tenant_id = '${tenant}'`)[0][0]);
  const writers = [session(), session(), session()];
  seal();
  for (const w of writers) await w.say(`BEGIN; ${insert}`);
  await writers[2].say(`${insert}; COMMIT`);
  seal();
  assert.strictEqual(sealed(), 0, "committed, but older transactions are open: it waits its turn");
  const held = () => query(`SELECT (SELECT sealed_at FROM audit.seal_state) <= (SELECT min(at) FROM audit.event WHERE tenant_id = '${tenant}')`)[0][0];
  assert.strictEqual(held(), "t", "A-08: rows that wait hold back the time to which all is sealed");
  await writers[0].say("COMMIT");
  seal();
  assert.strictEqual(sealed(), 1);
  await writers[1].say("COMMIT");
  seal();
  assert.strictEqual(sealed(), 4);
  assert.strictEqual(held(), "f");
  // many transactions, and two sealers at the same time
  const sealing = [];
  const start = () => sealing.push(new Promise((resolve) => {
    const all = [...as, "env", ...Object.entries(ours()).map(([k, v]) => `${k}=${v}`), program, "audit", "seal"];
    spawn(all[0], all.slice(1), { cwd: "/", stdio: "ignore" }).on("close", resolve);
  }));
  await Promise.all(writers.map(async (w) => {
    for (let i = 0; i < 40; i++) {
      await w.say(`BEGIN; ${insert}; SELECT pg_sleep(random() * 0.03); ${insert}; ${i % 7 ? "COMMIT" : "ROLLBACK"}`);
      if (i % 10 === 0) start();
    }
  }));
  await Promise.all(sealing);
  writers.forEach((w) => w.end());
  seal();
  const [[rows, leaves, distinct, most]] = query(`SELECT (SELECT count(*) FROM audit.event WHERE tenant_id = '${tenant}'), count(*), count(DISTINCT id),
    max(idx) + 1 FROM audit.leaf WHERE tenant_id = '${tenant}'`);
  assert.strictEqual(rows, String(4 + 3 * 34 * 2));
  assert.deepStrictEqual([leaves, distinct, most], [rows, rows, rows]);
  assert.deepStrictEqual(findings(tenant), []);
});

test("A-05 a backlog of more than a batch is sealed once, batch by batch", () => {
  const tenant = uuid();
  write(tenant, 12000);
  assert.ok(seal() >= 12000);
  assert.deepStrictEqual(query(`SELECT count(*), count(DISTINCT id), max(idx) FROM audit.leaf WHERE tenant_id = '${tenant}'`), [["12000", "12000", "11999"]]);
  assert.deepStrictEqual(findings(tenant), []);
});

test("A-09 after a logical restore into another cluster no row is missed", () => {
  const tenant = studio();
  write(tenant, 2); // restored, but not sealed when it was dumped
  tamper("UPDATE audit.seal_state SET system_identifier = 1, watermark = '999999999999'");
  write(tenant, 3);
  const leaves = () => Number(query(`SELECT count(*) FROM audit.leaf WHERE tenant_id = '${tenant}'`)[0][0]);
  seal();
  assert.strictEqual(leaves(), 12);
  write(tenant, 1);
  seal();
  assert.strictEqual(leaves(), 13);
  assert.deepStrictEqual(findings(tenant), []);
});

function clear() { // what earlier tests damaged is none of ours
  tamper(`DELETE FROM audit.event; DELETE FROM audit.leaf; DELETE FROM audit.tree_head; DELETE FROM audit.frontier; DELETE FROM audit.seal_trouble`);
  run("rm", ["-f", path.join(dir, "heads")]);
}

// Runs the sealer of the stack against our database, with settings of its own.
const foyerWith = (more, ...args) => run(program, args, { env: { ...ours(), ...more } });

test("A-08 a damaged tree stands still alone: named, not sealed over; the others go on; mended, it lacks nothing", () => {
  const [hurt, other] = [studio(), studio()];
  const leaves = (t) => Number(query(`SELECT count(*) FROM audit.leaf WHERE tenant_id = '${t}'`)[0][0]);
  const nodes = query(`SELECT encode(nodes, 'hex') FROM audit.frontier WHERE tenant_id = '${hurt}'`)[0][0];
  tamper(`UPDATE audit.frontier SET size = 4, nodes = substr(nodes, 1, 32) WHERE tenant_id = '${hurt}'`);
  write(hurt, 2);
  write(other, 2);
  seal();
  assert.deepStrictEqual([leaves(hurt), leaves(other)], [7, 9]);
  assertOne(findings(hurt), /: not sealed since .*: its right edge does not end where its leaves end; see 'foyer audit mend'/);
  assert.deepStrictEqual(findings(other), []);
  seal(); // still damaged: tried once more, and nothing changes
  assert.deepStrictEqual([leaves(hurt), leaves(other)], [7, 9]);
  assert.match(foyer("audit", "mend", other).out, /does not stand still/);
  const r = foyer("audit", "mend", hurt);
  assert.strictEqual(r.code, 0, r.out);
  assert.strictEqual(query(`SELECT encode(nodes, 'hex') FROM audit.frontier WHERE tenant_id = '${hurt}'`)[0][0], nodes);
  write(hurt, 1);
  seal();
  assert.strictEqual(leaves(hurt), 10);
  assert.deepStrictEqual(findings(hurt), []);
});

test("A-08 a tree whose leaves are not those of its last head is not mended, nor one whose head is gone sealed over", () => {
  const [leafless, headless] = [studio(), studio()];
  tamper(`DELETE FROM audit.leaf WHERE tenant_id = '${leafless}' AND idx = 6; DELETE FROM audit.tree_head WHERE tenant_id = '${headless}' AND size = 7`);
  write(leafless, 1);
  write(headless, 1);
  seal();
  for (const t of [leafless, headless]) {
    const r = foyer("audit", "mend", t);
    assert.strictEqual(r.code, 1);
    assert.match(r.out, /nothing was changed/);
    assert.ok(findings(t).some((l) => /: not sealed since /.test(l)));
  }
  tamper(`DELETE FROM audit.seal_trouble`);
});

test("A-07 T40 heads are appended outside; where they cannot be, that is known, and they come later; a cut tail is found by them", () => {
  clear();
  const outside = path.join(dir, "outside"), copy = path.join(outside, "heads");
  const tenant = studio();
  const sealOut = () => foyerWith({ FOYER_HEADS_COPY: copy }, "audit", "seal");
  const watch = () => query(`SELECT unsent_seconds, is_failing, why FROM audit.heads_watch('{file}')`)[0];
  sealOut();
  assert.deepStrictEqual(watch().slice(1), ["t", "No such file or directory"]);
  fs.mkdirSync(outside);
  fs.chmodSync(outside, 0o777);
  sealOut();
  assert.deepStrictEqual(watch(), ["0", "f", ""]);
  const kept = () => run("cat", [copy]).out.trim().split("\n");
  assert.deepStrictEqual(kept().filter((l) => l.startsWith(tenant)).map((l) => l.split(" ")[1]), ["4", "7"]);
  write(tenant, 1);
  sealOut();
  const all = kept();
  assert.deepStrictEqual(all.filter((l) => l.startsWith(tenant)).map((l) => l.split(" ")[1]), ["4", "7", "8"]);
  assert.strictEqual(new Set(all).size, all.length, "a head stands twice");
  tamper(`DELETE FROM audit.event e USING audit.leaf l WHERE l.tenant_id = '${tenant}' AND l.idx >= 4 AND e.id = l.id;
    DELETE FROM audit.leaf WHERE tenant_id = '${tenant}' AND idx >= 4; DELETE FROM audit.tree_head WHERE tenant_id = '${tenant}' AND size > 4`);
  assertOne(findings(tenant, "--heads", copy), /: index 4 to 7: cut off: a head over 8 rows was signed/);
});

test("A-07 T40 heads are written into the outbox; while the mail is not taken that is known; a cut tail is found by the mail", () => {
  clear();
  const operator = uuid(), tenant = studio(), to = "heads@example.com";
  query(`BEGIN; SELECT set_config('foyer.tenant_id', '${operator}', true);
    INSERT INTO app.tenant (id, slug, name, kind, realm, country) VALUES ('${operator}', 'ops', 'Operator', 'operator', 'operator', 'US'); COMMIT`);
  const sealOut = () => assert.strictEqual(foyerWith({ FOYER_HEADS_MAIL: to }, "audit", "seal").code, 0);
  const mails = () => query(`SELECT id, state, replace(body, E'\\n', '~') FROM app.message WHERE to_address = '${to}' ORDER BY created_at`);
  const watch = () => query(`SELECT is_failing, why FROM audit.heads_watch('{${to}}')`)[0];
  const become = (id, state) => tamper(`UPDATE app.message SET state = '${state}', sent_at = CASE WHEN '${state}' = 'sent' THEN now() END WHERE id = '${id}'`);
  const later = () => tamper("UPDATE audit.head_outside SET queued_at = queued_at - interval '20 minutes'");
  sealOut();
  assert.strictEqual(mails().length, 1);
  assert.strictEqual(query(`SELECT count(*) FROM app.job WHERE subject_id = '${mails()[0][0]}' AND kind = 'message.send' AND state = 'ready'`)[0][0], "1");
  sealOut();
  assert.strictEqual(mails().length, 1, "one is under way");
  later();
  sealOut();
  assert.deepStrictEqual(watch(), ["t", "the mail server does not take it"]);
  assert.strictEqual(mails().length, 2, "and it is tried again");
  become(mails()[1][0], "failed");
  later();
  sealOut();
  assert.deepStrictEqual(watch(), ["t", "the mail was refused"]);
  const [id, , body] = mails()[2];
  become(id, "sent");
  sealOut();
  assert.deepStrictEqual(watch(), ["f", ""]);
  assert.strictEqual(mails().length, 3, "nothing new, no mail");
  const kept = path.join(dir, "mail");
  fs.writeFileSync(kept, body.replaceAll("~", "\n"));
  assert.deepStrictEqual(findings(tenant, "--heads", kept), []);
  tamper(`DELETE FROM audit.event e USING audit.leaf l WHERE l.tenant_id = '${tenant}' AND l.idx >= 4 AND e.id = l.id;
    DELETE FROM audit.leaf WHERE tenant_id = '${tenant}' AND idx >= 4; DELETE FROM audit.tree_head WHERE tenant_id = '${tenant}' AND size > 4`);
  assertOne(findings(tenant, "--heads", kept), /: index 4 to 6: cut off: a head over 7 rows was signed/);
  fs.writeFileSync(kept, body.replaceAll("~", "\n").replace(/[0-9a-f]{8}\n-----END/, "00000000\n-----END"));
  const r = foyer("audit", "verify", "--heads", kept);
  assert.match(r.out, /mail:\d+: is not a head that was signed/);
});

test("T40 rows of another tenant, another key, an older database: each is named", () => {
  // rows and leaves of two tenants swapped
  const [a, b] = [studio(), studio()];
  tamper(`UPDATE audit.leaf SET tenant_id = CASE tenant_id WHEN '${a}' THEN '${b}'::uuid ELSE '${a}'::uuid END, idx = idx + 1000 WHERE tenant_id IN ('${a}', '${b}');
    UPDATE audit.leaf SET idx = idx - 1000 WHERE tenant_id IN ('${a}', '${b}');
    UPDATE audit.event SET tenant_id = CASE tenant_id WHEN '${a}' THEN '${b}'::uuid ELSE '${a}'::uuid END WHERE tenant_id IN ('${a}', '${b}')`);
  for (const t of [a, b]) {
    const lines = findings(t);
    assert.strictEqual(lines.filter((l) => /: index \d: altered: event /.test(l)).length, 7, lines.join("\n"));
  }
  // the whole trail sealed again, altered, with another key
  const tenant = studio();
  const own = fs.mkdtempSync(path.join(os.tmpdir(), "foyer-forger-"));
  fs.chmodSync(own, 0o777);
  const kept = path.join(dir, "kept-heads");
  fs.writeFileSync(kept, run("cat", [path.join(dir, "heads")]).out);
  tamper(`DELETE FROM audit.leaf WHERE tenant_id = '${tenant}'; DELETE FROM audit.tree_head WHERE tenant_id = '${tenant}';
    DELETE FROM audit.frontier WHERE tenant_id = '${tenant}'; UPDATE audit.event SET reason = 'forged' WHERE tenant_id = '${tenant}';
    UPDATE audit.seal_state SET watermark = '0'`);
  const forged = foyerWith({ FOYER_KEYS: own, FOYER_MASTER_KEY: path.join(own, "master.key"), FOYER_HEADS_FILE: path.join(own, "heads") }, "audit", "seal");
  assert.strictEqual(forged.code, 0, forged.out);
  const lines = findings(tenant, "--heads", kept);
  assert.ok(lines.some((l) => /: head of 7 rows: its signature is not that of a known key/.test(l)), lines.join("\n"));
  assert.ok(lines.some((l) => /the root that was signed for 4 rows \(file of heads\) is another/.test(l)), lines.join("\n"));
  fs.rmSync(own, { recursive: true, force: true });
});

test("T40 A-07 a database that was set back is named by the heads outside", () => {
  clear();
  const tenant = studio();
  const old = `${database}_old`;
  query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`, "postgres");
  query(`CREATE DATABASE ${old} TEMPLATE ${database}`, "postgres");
  try {
    write(tenant, 2);
    seal();
    const r = run(program, ["audit", "verify", "--tenant", tenant], { env: { ...ours(), FOYER_DATABASE: `host=${socket} dbname=${old}` } });
    assert.strictEqual(r.code, 1);
    assert.match(r.out, /: index 7 to 8: cut off: a head over 9 rows was signed/);
  } finally {
    query(`DROP DATABASE ${old} WITH (FORCE)`, "postgres");
  }
});

// A tenant with rows in a month of its own, long ago, and newer ones.
function withMonth(month) {
  const tenant = uuid(), part = `event_${month.replace("-", "_")}`;
  query(`SET ROLE foyer_audit_owner; CREATE TABLE IF NOT EXISTS audit.${part} PARTITION OF audit.event
    FOR VALUES FROM ('${month}-01 00:00:00+00') TO (('${month}-01 00:00:00+00'::timestamptz AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC')`);
  query(`INSERT INTO audit.event (tenant_id, at, actor_kind, action, client_ids) SELECT '${tenant}', '${month}-15 12:00:00+00'::timestamptz + n * interval '1 minute',
    'system', 'seal.old', ARRAY[gen_random_uuid()] FROM generate_series(1, 5) n`);
  write(tenant, 3);
  seal();
  return [tenant, part];
}
const exists = (part) => query(`SELECT to_regclass('audit.${part}') IS NOT NULL`)[0][0] === "t";
test("A-11 a month past its term is retired: its rows go, its leaves stay, a signed record makes the trail verify", () => {
  clear();
  const [tenant, part] = withMonth("2019-03");
  const [, recent] = withMonth(new Date(Date.now() - 5.5 * 365 * 864e5).toISOString().slice(0, 7));
  const r = foyer("audit", "retire");
  assert.strictEqual(r.code, 0, r.out);
  assert.match(r.out, /^2019-03 retired: 5 rows; their leaves stay$/m);
  assert.deepStrictEqual([exists(part), exists(recent)], [false, true]);
  assert.strictEqual(query(`SELECT count(*) FROM audit.leaf WHERE tenant_id = '${tenant}'`)[0][0], "8");
  seal();
  assert.deepStrictEqual(findings(tenant), []);
  assert.strictEqual(query(`SELECT count(*) FROM audit.event WHERE tenant_id = '${tenant}' AND action = 'trail.retire'`)[0][0], "1");
  assert.match(foyer("audit", "retire").out, /no month is older than 6 years/);
  tamper(`UPDATE audit.retired SET leaves = 4 WHERE tenant_id = '${tenant}'`);
  assert.match(findings(tenant).join("\n"), /month 2019-03: the record of its retirement was not signed with a known key/);
  tamper(`DELETE FROM audit.retired WHERE tenant_id = '${tenant}'`);
  assertOne(findings(tenant), /month 2019-03: dropped: 5 rows are gone, and no signed record says that the month was retired/);
});

test("A-11 nobody but retirement drops a month; a month dropped without its record is named", () => {
  clear();
  const [tenant, part] = withMonth("2019-04");
  for (const who of ["postgres", "foyer_audit_owner"]) {
    for (const statement of [`DROP TABLE audit.${part}`, `ALTER TABLE audit.event DETACH PARTITION audit.${part}`])
      assert.match(run("psql", psqlArgs(database), { input: `SET ROLE ${who}; ${statement}` }).out, /append-only/, `${who}: ${statement}`);
  }
  const own = run("psql", psqlArgs(database), { input: `SET ROLE foyer_retirer; SELECT audit.retire('2019-04', 6, '{}', '{}', '{}', now(), '0123456789abcdef', '{}')` });
  assert.match(own.out, /the records of 2019-04 do not name its rows/);
  assert.match(run("psql", psqlArgs(database), { input: "SET ROLE foyer_retirer; SELECT audit.retire('2026-10', 6, '{}', '{}', '{}', now(), '0123456789abcdef', '{}')" }).out, /not due/);
  assert.ok(exists(part));
  query(`ALTER EVENT TRIGGER audit_is_never_dropped DISABLE; DROP TABLE audit.${part}; ALTER EVENT TRIGGER audit_is_never_dropped ENABLE`);
  assertOne(findings(tenant), /month 2019-04: dropped: 5 rows are gone, and no signed record/);
});

test("A-11 R-07 nothing is retired while there is a finding, within a longer term, or under a legal hold", () => {
  clear();
  const [tenant, part] = withMonth("2019-05");
  query(`BEGIN; SELECT set_config('foyer.tenant_id', '${tenant}', true);
    INSERT INTO app.tenant (id, slug, name, kind, realm, country) VALUES ('${tenant}', 'keeper', 'Keeper', 'medspa', 'studio', 'US'); COMMIT`);
  assert.match(foyer("audit", "keep", "keeper", "--years", "10").out, /^keeper: kept for 10 years$/m);
  assert.match(foyer("audit", "retire").out, /no month is older/);
  assert.match(foyer("audit", "keep", "keeper", "--years", "6", "--hold", "a court asked").out, /^keeper: kept for 6 years, held: a court asked$/m);
  assert.match(foyer("audit", "retire").out, /no month is older/);
  assert.match(foyer("audit", "keep", "keeper", "--release").out, /^keeper: kept for 6 years$/m);
  assert.match(foyerWith({ FOYER_TRAIL_YEARS: "20" }, "audit", "retire").out, /no month is older than 20 years/);
  seal();
  tamper(`UPDATE audit.event SET reason = 'x' WHERE id = '${eventAt(tenant, 0)}'`);
  const r = foyer("audit", "retire");
  assert.strictEqual(r.code, 1);
  assert.match(r.out, /nothing is retired before they are settled/);
  assert.ok(exists(part));
});

test("A-04 leaves and heads are append-only, and closed to all but the sealer", () => {
  tamper(`INSERT INTO audit.retired (tenant_id, month, leaves, root, retired_at, key_id, signature)
    VALUES ('${studio()}', '2001-01-01', 1, sha256('x'), now(), '0123456789abcdef', decode(repeat('00', 64), 'hex'))`);
  for (const statement of ["UPDATE audit.leaf SET idx = idx", "DELETE FROM audit.leaf", "TRUNCATE audit.leaf", "DELETE FROM audit.tree_head",
    "UPDATE audit.tree_head SET size = size", "TRUNCATE audit.tree_head", "DELETE FROM audit.frontier", "DROP TABLE audit.leaf", "DELETE FROM audit.retired", "UPDATE audit.retired SET leaves = 1", "TRUNCATE audit.retired",
    "ALTER TABLE audit.leaf DISABLE TRIGGER leaf_never_changes", "ALTER TABLE audit.tree_head DISABLE TRIGGER ALL"]) {
    const r = run("psql", psqlArgs(database), { input: statement });
    assert.match(r.out, /append-only/, statement);
  }
  assert.deepStrictEqual(query(`SELECT r, p.oid::regprocedure FROM unnest(ARRAY['foyer_staff', 'foyer_public', 'foyer_slow', 'foyer_jobs', 'foyer_auditor']) r,
    pg_proc p WHERE p.pronamespace = 'audit'::regnamespace AND p.proname ~ '^(seal|retir|keep|heads_(arrived|failed|for|by))' AND has_function_privilege(r, p.oid, 'EXECUTE')`), []);
  assert.deepStrictEqual(query(`SELECT r, t FROM unnest(ARRAY['foyer_staff', 'foyer_public', 'foyer_slow', 'foyer_jobs', 'foyer_sealer', 'foyer_retirer', 'foyer_auditor']) r,
    unnest(ARRAY['leaf', 'tree_head', 'frontier', 'seal_state', 'seal_trouble', 'retired', 'retention', 'head_outside', 'head_arrived']) t WHERE has_table_privilege(r, 'audit.' || t, 'SELECT,INSERT,UPDATE,DELETE,TRUNCATE')`), []);
});

test("H-08 A-05 A-07 each statement, each write and each file of a sealing fails once: nothing is sealed by halves, nothing twice, no head is lost", () => {
  clear();
  const tenant = studio(), still = studio(), copy = path.join(dir, "copy-heads"), orders = path.join(dir, "order");
  const library = faulty.build(dir, { withMemory: false }), order = faulty.order(orders);
  const nodes = query(`SELECT size, encode(nodes, 'hex') FROM audit.frontier WHERE tenant_id = '${still}'`)[0];
  const settings = { FOYER_HEADS_COPY: copy, FOYER_HEADS_MAIL: "heads@example.com" };
  let refused = 0;
  for (const kind of ["statement", "write", "file"])
    for (let n = 1; ; n++) {
      assert.ok(n < 100, "it never ends");
      const row = (t) => `INSERT INTO audit.event (tenant_id, actor_kind, action) VALUES ('${t}', 'system', 'seal.fault');`;
      // the other's tree stands still by turns, and goes on again
      query(`${row(tenant)} ${n % 2 ? row(still) : ""} SET session_replication_role = replica;
        UPDATE audit.head_outside SET queued_at = queued_at - interval '20 minutes';` + (n % 2
        ? `UPDATE audit.frontier SET size = 4, nodes = substr(nodes, 1, 32) WHERE tenant_id = '${still}'`
        : `UPDATE audit.frontier SET size = ${nodes[0]}, nodes = '\\x${nodes[1]}' WHERE tenant_id = '${still}' AND size = 4
           AND ${nodes[0]} = (SELECT count(*) FROM audit.leaf WHERE tenant_id = '${still}')`));
      order.arm(faulty.KINDS[kind], n);
      const r = foyerWith({ ...settings, ...faulty.before(library, orders) }, "audit", "seal");
      const { fired } = order.state();
      order.disarm();
      assert.ok(r.code === 0 || r.code === 1 || r.code === 78, `${kind} ${n}: it ended with ${r.code}: ${r.out}`);
      if (r.code) refused++;
      if (!fired) { assert.strictEqual(r.code, 0, r.out); break; }
    }
  assert.ok(refused > 5, "whoever asks is told");
  const r = foyer("audit", "mend", still);
  assert.ok(r.code === 0 || /does not stand still/.test(r.out), r.out);
  for (let i = 0; i < 2; i++) assert.strictEqual(foyerWith(settings, "audit", "seal").code, 0);
  for (const t of [tenant, still]) {
    const [[rows, leaves, distinct]] = query(`SELECT (SELECT count(*) FROM audit.event WHERE tenant_id = '${t}'), count(*), count(DISTINCT id) FROM audit.leaf WHERE tenant_id = '${t}'`);
    assert.deepStrictEqual([leaves, distinct], [rows, rows]);
    assert.deepStrictEqual(findings(t, "--heads", copy), []);
  }
  for (const line of run("cat", [path.join(dir, "heads")]).out.trim().split("\n")) assert.ok(signed(...line.split(" ")), line);
});
