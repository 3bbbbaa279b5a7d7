// deploy.test.js -- takes about 1 min. scripts/deploy from a checkout of its own into a Foyer that people are using:
// what fails changes nothing, or is taken back; what succeeds is noticed by nobody (Reload).
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { spawn, spawnSync } = require("node:child_process");
const stack = require("./stack");

let s, checkout, owner;
const file = (name) => path.join(checkout, name);
before(async () => {
  s = stack.start("deploy");
  checkout = fs.mkdtempSync(path.join(os.tmpdir(), "foyer-checkout-"));
  fs.chmodSync(checkout, 0o755);
  for (const part of ["Makefile", "cgi-src", "include", "sql", "templates", "nginx", "scripts", "build"])
    spawnSync("cp", ["-a", path.join(stack.root, part), checkout]);
  fs.mkdirSync(path.join(checkout, "tests", "db"), { recursive: true });
  fs.copyFileSync(path.join(stack.root, "tests", "db", "lint.sql"), file("tests/db/lint.sql")); // a release has it, for the drill
  owner = await s.h.staff("glow", "owner");
});
after(() => {
  fs.rmSync(checkout, { recursive: true, force: true });
  s.stop();
});

const release = () => fs.readlinkSync(path.join(s.vardir, "app"));
const releases = () => fs.readdirSync(fs.realpathSync(s.vardir)).filter((f) => /^app-/.test(f)).sort();
const programs = () => ["staff", "public", "slow", "status"].map((pool) => fs.readlinkSync(`/proc/${s.workers(pool)[0]}/exe`));
const has = (table, column) => s.h.one(`SELECT count(*) FROM information_schema.columns WHERE table_schema = 'app' AND table_name = '${table}' AND column_name = '${column}'`) === "1";

// Runs scripts/deploy while people use every pool: {code, text, seen: how often each status was answered}.
async function deploy(answers = [200]) {
  const seen = new Map();
  let running = true;
  const use = async (get) => {
    while (running) {
      const status = await get().then((r) => r.status, (e) => e.code || e.message);
      seen.set(status, (seen.get(status) || 0) + 1);
      await stack.sleep(5);
    }
  };
  const users = [() => owner.get("/clients"), () => owner.get("/day/2026-11-23"), () => s.h.request("glow", "/book"), () => s.h.request("glow", "/login")].map(use);
  const env = { ...process.env, FOYER_VAR: s.vardir };
  for (const name of ["FOYER_TEST_VAR", "FOYER_RUN"]) delete env[name];
  const child = spawn(file("scripts/deploy"), [], { cwd: checkout, env });
  let text = "";
  for (const from of [child.stdout, child.stderr]) from.on("data", (d) => { text += d; });
  const code = await new Promise((r) => child.on("close", r));
  await stack.sleep(300);
  running = false;
  await Promise.all(users);
  assert.ok([...seen.values()].reduce((a, b) => a + b, 0) > 20);
  assert.deepEqual([...seen.keys()].filter((status) => !answers.includes(status)), [], `somebody saw ${JSON.stringify([...seen])}\n${text}`);
  return { code, text };
}
async function assertUnchanged(was) {
  assert.equal(release(), was.release);
  assert.deepEqual(releases(), was.releases, "a release was left behind");
  await stack.until(() => programs().every((p) => p.startsWith(path.join(fs.realpathSync(s.vardir), was.release))), "a pool runs another program");
  assert.equal((await owner.get("/clients")).status, 200);
}
const now = () => ({ release: release(), releases: releases() });

test("a migration that fails leaves nothing behind: the old release goes on, with the old schema", async () => {
  const was = now();
  fs.writeFileSync(file("sql/schema/9990_half.sql"), "SET LOCAL ROLE foyer_owner;\nALTER TABLE app.client ADD COLUMN half text;\nSELECT 1 / 0;\n");
  const r = await deploy();
  assert.equal(r.code, 1);
  assert.match(r.text, /9990_half\.sql.*division by zero/);
  assert.match(r.text, /migrate failed; the old release goes on running/);
  assert.equal(has("client", "half"), false);
  await assertUnchanged(was);
  fs.rmSync(file("sql/schema/9990_half.sql"));
});

test("a program that is unfit is found out before anything is changed, the schema too", async () => {
  const was = now(), view = file("templates/booking/services.mustache"), good = fs.readFileSync(view);
  fs.writeFileSync(view, "{{#never_closed}}");
  fs.writeFileSync(file("sql/schema/9991_early.sql"), "SET LOCAL ROLE foyer_owner;\nALTER TABLE app.client ADD COLUMN early text;\n");
  const r = await deploy();
  assert.equal(r.code, 1);
  assert.match(r.text, /the new program is unfit for pool staff; nothing was changed/);
  assert.equal(has("client", "early"), false);
  await assertUnchanged(was);
  fs.writeFileSync(view, good);
  fs.rmSync(file("sql/schema/9991_early.sql"));
});

test("what fails after the new release was put in place is taken back; a migration that has landed stays", async () => {
  const was = now(), conf = file("nginx/server.conf.in"), good = fs.readFileSync(conf);
  fs.writeFileSync(conf, `${good}\nno_such_directive on;\n`);
  fs.writeFileSync(file("sql/schema/9992_stays.sql"), "SET LOCAL ROLE foyer_owner;\nALTER TABLE app.client ADD COLUMN stays text;\n");
  const r = await deploy();
  assert.equal(r.code, 1);
  assert.match(r.text, /the configuration is refused; went back to app-/);
  assert.equal(has("client", "stays"), true);
  await assertUnchanged(was);
  assert.doesNotMatch(fs.readFileSync(path.join(s.vardir, "nginx", "server.conf"), "utf8"), /no_such_directive/);
  fs.writeFileSync(conf, good);
});

test("old workers answer while a migration adds a column under them, and when the new ones come nobody notices", async () => {
  const was = now();
  fs.writeFileSync(file("sql/schema/9993_column.sql"), "SELECT pg_sleep(2);\nSET LOCAL ROLE foyer_owner;\nALTER TABLE app.client ADD COLUMN shoe text NOT NULL DEFAULT '';\nSELECT pg_sleep(1);\n");
  const r = await deploy();
  assert.equal(r.code, 0, r.text);
  assert.match(r.text, /landed 9993_column/);
  assert.equal(has("client", "shoe"), true);
  assert.notEqual(release(), was.release);
  assert.ok(programs().every((p) => p.startsWith(path.join(fs.realpathSync(s.vardir), release()))));
  assert.ok(releases().includes(was.release), "the release before is kept");
  assert.equal(s.program(["foyer", "audit", "verify"]).status, 0);
});

test("another server module: PostgreSQL starts anew with it, and nobody gets worse than being asked to try again", async () => {
  const module = file("cgi-src/pgmodule/foyerctx.c"), was = s.child("postgresql");
  fs.appendFileSync(module, "\nconst char foyer_other_module[] = \"another\";\n");
  fs.writeFileSync(file("sql/schema/9994_module.sql"), "SELECT pg_sleep(1);\nSET LOCAL ROLE foyer_owner;\nALTER TABLE app.client ADD COLUMN hat text;\n");
  const r = await deploy([200, 503]);
  assert.equal(r.code, 0, r.text);
  assert.notEqual(s.child("postgresql"), was);
  assert.match(fs.readFileSync(`/proc/${s.child("postgresql")}/maps`, "utf8"), new RegExp(`${release()}/lib/foyerctx.so`));
  assert.equal(has("client", "hat"), true);
  assert.equal((await owner.get("/clients")).status, 200);
});
