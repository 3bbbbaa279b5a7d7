// disk.test.js -- takes about a minute. Disks are full: of the database, of its WAL, of the logs, of the spool, of the key store (SECURITY.md
// T32). Each is a small tmpfs of its own, which needs root; without that the tests are skipped.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const stack = require("./stack");
const { mailServer, storm, compare } = require("./storm");

let s, mail, may;
before(async () => {
  mail = await mailServer();
  s = stack.start("disk", { conf: `smtp_url = ${mail.url}\n` });
  // Few segments kept for later use: the disk is full when the writing reaches the end of these.
  for (const size of ["min_wal_size = '32MB'", "max_wal_size = '64MB'"]) s.h.sql(`ALTER SYSTEM SET ${size}`);
  s.stop();
  may = s.small("pg", 420);
  if (may) {
    const wal = path.join(s.vardir, "wal"), inside = path.join(s.vardir, "pg", "pg_wal");
    const { uid, gid } = fs.statSync(inside);
    fs.cpSync(inside, wal, { recursive: true });
    fs.chmodSync(wal, 0o700);
    require("node:child_process").execFileSync("chown", ["-R", `${uid}:${gid}`, wal]);
    fs.rmSync(inside, { recursive: true });
    s.small("wal", 300);
    fs.symlinkSync(path.join(fs.realpathSync(s.vardir), "wal"), inside);
    for (const dir of ["log", "keys", "nginx/tmp"]) s.small(dir, 40);
  }
  s.up();
});
after(() => { mail?.close(); s?.stop(); });

const answers = () => { try { return s.h.one("SELECT 1") === "1"; } catch { return false; } };
async function allBack() {
  const desk = await s.h.staff("glow", "front-desk");
  for (const ask of [() => desk.get("/clients"), () => s.h.request("glow", "/book")])
    await stack.until(async () => (await ask().catch(() => ({}))).status === 200, "pages are back", 10000);
}
function trailIsWhole() {
  assert.equal(s.program(["foyer", "audit", "seal"]).status, 0);
  const r = s.program(["foyer", "audit", "verify"]);
  assert.equal(r.status, 0, r.stdout + r.stderr);
}

for (const [dir, what] of [["pg", "the database's data"], ["wal", "the database's WAL"]])
  test(`T32: the disk of ${what} is full under a booking storm: said kindly, nothing confirmed is lost, and it goes on when there is room`, async (t) => {
    if (!may) return t.skip("needs root, to mount a small disk");
    const people = await storm(s);
    t.after(() => people.end().catch(() => {}));
    await stack.until(() => people.ledger.bookings.length > 3, "nobody books", 30000);
    // As when archiving is stuck: no segment may be used again. And those that are there already are used up.
    if (dir === "wal") s.h.sql("SELECT pg_create_physical_replication_slot('stuck', true)");
    const makeRoom = s.fill(dir);
    for (let i = 0; dir === "wal" && i < 40 && people.ledger.broken.size === 0; i++) {
      try { s.h.sql("SELECT pg_create_restore_point('x'); SELECT pg_switch_wal()"); } catch { break; }
      await stack.sleep(50);
    }
    try {
      await stack.until(() => people.ledger.broken.size > 0, "a full disk is noticed", 60000);
      await stack.sleep(3000);
    } finally {
      makeRoom();
    }
    await stack.until(answers, "PostgreSQL does not answer", 90000);
    if (dir === "wal") s.h.sql("SELECT pg_drop_replication_slot('stuck')");
    await allBack();
    const done = people.ledger.bookings.length;
    await stack.until(() => people.failures.length || people.ledger.bookings.length > done + 3, "nobody books any more", 30000);
    await people.end();
    t.diagnostic(compare(s, people));
    trailIsWhole();
  });

test("T32: a log that cannot be written stops no page, and the trail is written all the same", async (t) => {
  if (!may) return t.skip("needs root, to mount a small disk");
  const makeRoom = s.fill("log");
  let id;
  try {
    const desk = await s.h.staff("glow", "front-desk");
    const found = await desk.get("/clients?q=an");
    assert.equal(found.status, 200);
    id = found.id;
    const people = await storm(s, { people: 4, staff: 1 });
    await stack.until(() => people.ledger.bookings.length > 3, "nobody books", 30000);
    await people.end();
    assert.equal(people.ledger.broken.size, 0, "a person noticed the full log");
    t.diagnostic(compare(s, people));
    assert.deepEqual(s.h.trail(id).map((e) => [e.action, e.outcome]), [["client.search", "ok"]]);
    trailIsWhole();
  } finally {
    makeRoom();
  }
  const before = s.log("public").length;
  await s.h.request("glow", "/book");
  assert.ok(s.log("public").length > before, "the log goes on by itself");
});

test("T32: a full spool stops no form: bodies up to the limit stay in memory", async (t) => {
  if (!may) return t.skip("needs root, to mount a small disk");
  const makeRoom = s.fill("nginx/tmp");
  try {
    const owner = await s.h.staff("glow", "owner");
    const form = s.h.formOf((await owner.get("/settings/texts/privacy")).text, /texts/);
    const r = await owner.post(form.action || "/settings/texts/privacy", { ...form.values, title: "Long", body: "word ".repeat(7900), effective_on: "2031-01-01" });
    assert.equal(r.status, 303, r.text.match(/class="error"[^>]*>[^<]*/g)?.join());
    assert.equal((await s.h.request("glow", "/book", { method: "POST", body: "x".repeat(1 << 20) })).status, 405);
  } finally {
    makeRoom();
  }
});

test("T32: a full key store: no half key, no half line of heads; sealing goes on, and a studio is made whole or not at all", async (t) => {
  if (!may) return t.skip("needs root, to mount a small disk");
  const heads = path.join(s.vardir, "keys", "heads");
  const makeRoom = s.fill("keys");
  const keys = fs.readdirSync(path.join(s.vardir, "keys")).sort();
  try {
    const unsealed = () => Number(s.h.one("SELECT count(*) FROM audit.event") - s.h.one("SELECT count(*) FROM audit.leaf"));
    let said = "";
    for (let i = 0; i < 80 && !said.includes("seal.heads_file"); i++) { // until the file has reached the end of its last block
      await (await s.h.staff("glow", "front-desk")).get("/clients?q=b");
      const r = s.program(["foyer", "audit", "seal"]);
      assert.equal(r.status, 0, r.stderr);
      said += r.stderr + s.log("jobs");
    }
    assert.match(said, /seal\.heads_file/, "the file of heads was not full");
    assert.match(fs.readFileSync(heads, "utf8"), /\n$/, "half a line of heads");
    await stack.until(() => unsealed() === 0, "sealing has stopped", 20000);
    const r = s.program(["foyer", "tenant", "create", "full", "Full", "--kind", "medspa"], { FOYER_MIGRATE_ROLE: "postgres" });
    assert.notEqual(r.status, 0, r.stdout);
    assert.match(r.stderr, /\S/);
    assert.equal(s.h.one("SELECT count(*) FROM app.tenant WHERE slug = 'full'"), "0");
    assert.deepEqual(fs.readdirSync(path.join(s.vardir, "keys")).sort(), keys, "half a key is left");
  } finally {
    makeRoom();
  }
  for (const line of fs.readFileSync(heads, "utf8").split("\n").slice(0, -1)) assert.equal(line.split(" ").length, 6, "half a line");
  const r = s.program(["foyer", "tenant", "create", "full", "Full", "--kind", "medspa"], { FOYER_MIGRATE_ROLE: "postgres" });
  assert.equal(r.status, 0, r.stderr);
  await (await s.h.staff("glow", "front-desk")).get("/clients?q=c");
  trailIsWhole();
  assert.match(fs.readFileSync(heads, "utf8"), /\n$/);
});
