// database.test.js -- takes about two minutes. PostgreSQL is restarted and killed under a booking storm; its connections run
// out (SECURITY.md T31, T33). Nobody removes postmaster.pid: the server itself sees whether another still holds the data.
"use strict";
const { test, before, after, describe } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { spawn } = require("node:child_process");
const stack = require("./stack");
const { mailServer, storm, compare, checkKind } = require("./storm");

let s, mail;
before(async () => {
  mail = await mailServer();
  s = stack.start("database", { conf: `smtp_url = ${mail.url}\n`, env: { FOYER_MAX_CONNECTIONS: "40" } });
});
after(() => { mail?.close(); s?.stop(); });

const answers = () => { try { return s.h.one("SELECT 1") === "1"; } catch { return false; } };
const supervisor = () => Number(fs.readFileSync(path.join(s.run, "supervise.pid"), "utf8"));
// Pages of each pool, as somebody who is logged in.
const pages = async () => {
  const desk = await s.h.staff("glow", "front-desk");
  return [["staff", () => desk.get("/clients")], ["public", () => s.h.request("glow", "/book")], ["slow", () => s.h.request("glow", "/login")]];
};
async function allBack(what) {
  for (const [pool, ask] of await pages()) {
    // Each worker finds out for itself: thirty answers in a row have come from all of them.
    await stack.until(async () => {
      for (let i = 0; i < 30; i++) if ((await ask().catch(() => ({}))).status !== 200) return false;
      return true;
    }, `${pool}: all workers are back after ${what}`, 15000);
  }
}
function trailIsWhole() {
  assert.equal(s.program(["foyer", "audit", "seal"]).status, 0);
  const r = s.program(["foyer", "audit", "verify"]);
  assert.equal(r.status, 0, r.stdout + r.stderr);
}

describe("T31: the server goes away under a booking storm", () => {
  for (const [what, harm] of [
    ["an immediate restart", () => process.kill(s.child("postgresql"), "SIGQUIT")],
    ["kill -9 of the postmaster", () => process.kill(s.child("postgresql"), "SIGKILL")],
    ["kill -9 of one backend", () => {
      const [pid] = s.h.sql("SELECT pid FROM pg_stat_activity WHERE usename = 'foyer_public' ORDER BY state = 'active' DESC LIMIT 1")[0];
      process.kill(Number(pid), "SIGKILL");
    }],
  ])
    test(`${what}: every answer that was given holds, each retry has one result, and all comes back by itself`, async (t) => {
      const people = await storm(s), postmaster = s.child("postgresql"), lost = () => (s.log("public") + s.log("staff")).split("db.lost").length, before = lost();
      await stack.until(() => people.ledger.bookings.length > 3, "nobody books", 30000);
      harm();
      if (!what.includes("backend")) await stack.until(() => s.child("postgresql") !== postmaster, "PostgreSQL is not started again");
      await stack.until(answers, "PostgreSQL does not answer", 60000);
      await allBack(what);
      const done = people.ledger.bookings.length;
      await stack.until(() => people.failures.length || people.ledger.bookings.length > done + 3, "nobody books any more", 30000);
      await people.end();
      assert.ok(lost() > before, "no worker noticed anything: it was no storm");
      t.diagnostic(compare(s, people));
      trailIsWhole();
    });
});

describe("T31: what people see meanwhile", () => {
  test("without a database each pool says so kindly; forms that were sent are kept nowhere, and work afterwards", async () => {
    const desk = await s.h.staff("glow", "front-desk");
    const form = { ...s.h.formOf((await desk.get("/clients/new")).text).values, name: `Waited ${s.h.uuid()}` };
    process.kill(supervisor(), "SIGSTOP"); // else it starts the server again at once
    try {
      process.kill(s.child("postgresql"), "SIGKILL");
      await stack.until(() => !stack.lives(s.child("postgresql")) || !answers(), "it lives");
      for (const [pool, ask] of await pages()) checkKind(await ask(), pool);
      checkKind(await desk.post("/clients/new", form), "a form");
      const ready = await new Promise((resolve, reject) => require("node:http").get(
        { host: "127.0.0.1", port: s.inner, path: "/health/ready", headers: { Host: "localhost" } }, (r) => { r.resume(); resolve(r.statusCode); }).on("error", reject));
      assert.equal(ready, 503);
    } finally {
      process.kill(supervisor(), "SIGCONT");
    }
    await stack.until(answers, "PostgreSQL does not answer", 60000);
    await allBack("a time without a database");
    assert.equal((await desk.post("/clients/new", form)).status, 303);
    assert.equal(s.h.one("SELECT count(*) FROM app.client WHERE name = :'v1'", form.name), "1");
  });
  test("without a pool nginx says so with the same words and headers; the other pools serve", async () => {
    process.kill(supervisor(), "SIGSTOP");
    const master = s.child("public");
    try {
      process.kill(master, "SIGKILL");
      let r;
      await stack.until(async () => (r = await s.h.request("glow", "/book")).status === 503, "it still answers");
      checkKind(r, "public");
      const desk = await s.h.staff("glow", "front-desk");
      assert.equal((await desk.get("/clients")).status, 200);
      assert.equal((await s.h.request("glow", "/login")).status, 200);
    } finally {
      process.kill(supervisor(), "SIGCONT");
    }
    await stack.until(() => s.child("public") !== master, "the pool is not started again");
    await allBack("a time without a pool");
  });
});

describe("T33: connections run out", () => {
  test("who has one goes on, who has none says so kindly, nothing ends or loops, and all comes back", async () => {
    // Every place is taken; then workers lose theirs and find none.
    const took = [];
    const conninfo = s.conf().match(/^database\s*=\s*(.*)$/m)[1];
    const take = () => {
      const words = stack.asOwner(["psql", "-X", "-q", "-d", `${conninfo} user=foyer_auditor`]);
      const p = spawn(words[0], words.slice(1), { cwd: "/", stdio: ["pipe", "ignore", "ignore"] });
      p.over = new Promise((r) => p.on("exit", r));
      took.push(p);
    };
    const free = () => Number(s.h.one("SELECT 37 - count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")); // of 40, three are the superuser's; these tests' own counts
    const masters = ["staff", "public", "slow", "jobs"].map((n) => s.child(n)), workers = s.workers("public");
    try {
      s.h.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'foyer_public'");
      for (let i = 0; i < 60 && free() > 0; i++) { take(); await stack.sleep(100); }
      await stack.until(() => free() <= 0, "every place is taken");
      const seen = await Promise.all(Array.from({ length: 24 }, () => s.h.request("glow", "/book")));
      const away = seen.filter((r) => r.status !== 200);
      assert.ok(away.length > 0, "there were connections left");
      for (const r of away) checkKind(r, "public");
      const desk = await s.h.staff("glow", "front-desk");
      assert.equal((await desk.get("/clients")).status, 200, "those who have a connection serve");
    } finally {
      for (const p of took) p.kill("SIGTERM");
      await Promise.all(took.map((p) => p.over));
    }
    await allBack("a time without connections");
    assert.deepEqual(["staff", "public", "slow", "jobs"].map((n) => s.child(n)), masters, "somebody was started anew");
    assert.deepEqual(s.workers("public").sort(), workers.sort(), "workers ended");
  });
});
