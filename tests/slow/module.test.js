// module.test.js -- takes about 15 s. A database server without the module that guards the context: nothing runs
// (SECURITY.md D-03b: there anybody could set the tenant).
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const stack = require("./stack");

let s;
before(() => { s = stack.start("module"); });
after(() => s.stop());

const unload = () => {
  const conf = path.join(s.vardir, "pg", "foyer.conf"), text = fs.readFileSync(conf, "utf8");
  assert.match(text, /^shared_preload_libraries = /m);
  fs.writeFileSync(conf, text.replace(/^shared_preload_libraries = .*$/m, ""));
};

test("D-03b: without the module a Foyer that runs stops, and nothing answers", async () => {
  assert.equal((await s.h.request("glow", "/book")).status, 200);
  unload();
  process.kill(s.child("postgresql"), "SIGINT"); // scripts/supervise starts it again, as it is configured now
  await stack.until(async () => {
    await s.h.request("glow", "/book").catch(() => {}); // who asks makes a worker look at the server
    return !s.isUp();
  }, "it goes on without the module");
  await assert.rejects(s.h.request("glow", "/book"));
});

test("D-03b: each program refuses a server without the module: status 78, and words that say what to do", async () => {
  const config = ["--config", path.join(s.vardir, "foyer.conf")];
  const database = s.postgres();
  try {
    await stack.until(() => database.answers(), "PostgreSQL does not answer");
    const programs = [
      ...["staff", "public", "slow", "status"].flatMap((pool) => [["foyer-web", ...config, "--pool", pool, "--check"], ["foyer-web", ...config, "--pool", pool]]),
      ["foyer-web", ...config, "--page", "GET", "/login", "-", "--host", `glow.${s.h.env.domain}`],
      ["foyer-jobs", ...config],
      ...["migrate", "tenant list", "demo", "audit verify", "audit seal"].map((c) => ["foyer", ...c.split(" ")]),
    ];
    for (const words of programs) {
      const r = s.program(words), what = words.filter((w) => !config.includes(w)).join(" ");
      assert.equal(r.status, 78, `${what}: ${r.stdout}${r.stderr}`);
      assert.match(r.stdout + r.stderr, /foyerctx/, `${what} does not say why`);
    }
  } finally {
    await database.stop();
  }
});

test("D-03b: with the module all of it runs again", async () => {
  s.up(); // writes the server's configuration anew
  assert.equal((await s.h.request("glow", "/book")).status, 200);
  assert.equal(s.program(["foyer", "tenant", "list"]).status, 0);
});
