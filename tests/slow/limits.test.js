// limits.test.js -- takes about a minute and a half. Memory, files and keys run out, jobs hang (SECURITY.md T33, T36): who is not concerned serves on, nothing
// loops, and all comes back by itself.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");
const { spawnSync } = require("node:child_process");
const stack = require("./stack");
const { checkKind } = require("./storm");

let s, h;
before(() => {
  s = stack.start("limits", { conf: "memory_cap_mb = 1\n" });
  h = s.h;
});
after(() => s?.stop());

const ready = () => new Promise((resolve, reject) => http.get({ host: "127.0.0.1", port: s.inner, path: "/health/ready", headers: { Host: "localhost" } }, (r) => {
  let text = "";
  r.on("data", (d) => { text += d; });
  r.on("end", () => resolve({ status: r.statusCode, text }));
}).on("error", reject));
// Limits the open files of a process, as whoever it runs as.
const files = (pid, n) => {
  const words = stack.asOwner(["prlimit", "--pid", String(pid), `--nofile=${n}:`]);
  const r = spawnSync(words[0], words.slice(1), { encoding: "utf8" });
  assert.equal(r.status, 0, r.stderr);
};
const most = (pid) => fs.readFileSync(`/proc/${pid}/limits`, "utf8").match(/^Max open files\s+(\S+)/m)[1];

test("T33: who reaches the cap of memory gets 503, her worker is replaced, everybody else is served", async (t) => {
  // A form with a mistake comes back with all that was typed, each sign of it six bytes long: more than the cap of this test's Foyer.
  const owner = await h.staff("glow", "owner"), desk = await h.staff("glow", "front-desk"), master = s.child("staff");
  const { csrf, idem } = h.formOf((await owner.get("/settings/texts/privacy")).text, /texts/).values;
  let ended = 0;
  for (let i = 0; i < 12; i++) {
    const r = await owner.post("/settings/texts/privacy", `csrf=${encodeURIComponent(csrf)}&idem=${idem}&kind=privacy&title=&effective_on=&body=${'"'.repeat(62000)}`,
      { headers: { "Content-Type": "application/x-www-form-urlencoded" } });
    if (r.status === 503) { checkKind(r, "a greedy form"); ended++; }
    else assert.equal(r.status, 422);
    assert.equal((await desk.get("/clients")).status, 200, "the others of the pool serve");
    assert.equal((await h.request("glow", "/book")).status, 200);
  }
  t.diagnostic(`${ended} workers ended`);
  assert.ok(ended > 0, "the cap was not reached");
  assert.equal(s.child("staff"), master);
});

test("T33: an out-of-memory kill takes one worker, not the pool", async () => {
  const master = s.child("staff"), desk = await h.staff("glow", "front-desk"), [victim, ...others] = s.workers("staff");
  process.kill(victim, "SIGKILL"); // as the kernel does
  for (let i = 0; i < 10; i++) assert.equal((await desk.get("/clients")).status, 200);
  // (one that ended in the test before may come back meanwhile)
  await stack.until(() => s.workers("staff").filter((p) => p !== victim).length > others.length, "it is not replaced", 10000);
  assert.equal(s.child("staff"), master);
});

test("T33: a pool without files left says so, the others serve, its workers are not started in a loop, and it comes back", async () => {
  const master = s.child("public"), workers = s.workers("public"), usual = most(master), desk = await h.staff("glow", "front-desk");
  files(master, 6);
  try {
    for (const pid of workers) process.kill(pid, "SIGKILL");
    await stack.sleep(2500);
    const born = new Set(s.workers("public"));
    let seen = 0;
    for (let i = 0; i < 60; i++) {
      await stack.sleep(50);
      for (const pid of s.workers("public")) if (!born.has(pid)) { born.add(pid); seen++; }
    }
    assert.ok(seen <= 8 * 6, `${seen} workers were started within 3 s`);
    const r = await h.request("glow", "/book");
    checkKind(r, "a pool without files");
    assert.equal((await desk.get("/clients")).status, 200);
  } finally {
    files(master, usual);
  }
  await stack.until(async () => (await h.request("glow", "/book")).status === 200, "it does not come back", 20000);
  assert.equal(s.child("public"), master);
  await stack.until(() => s.workers("public").length === workers.length, "workers are missing", 10000);
});

test("T36: with a tenant's key unreadable her clients' pages are 503, never ciphertext or half a page; afterwards they are as before", async () => {
  const owner = await h.staff("glow", "owner"), key = path.join(s.vardir, "keys", `${h.tenantId("glow")}.key`);
  const [signer, signature] = h.sql("SELECT client_id, id FROM app.signature WHERE tenant_id = :'v1' LIMIT 1", h.tenantId("glow"))[0];
  const at = `/clients/${signer}/signatures/${signature}`;
  const was = await owner.get(at);
  assert.equal(was.status, 200);
  const add = { ...h.formOf((await owner.get("/clients/new")).text).values, name: `No Key ${h.uuid()}`, email: "", phone: "(212) 555-0100", birth_date: "1980-02-03", is_new: "true" };
  fs.chmodSync(key, 0); // there, and not to be read
  try {
    for (let i = 0; i < 12; i++) {
      const r = await owner.get(at);
      checkKind(r, "a signed form");
    }
    checkKind(await owner.post("/clients/new", add), "a new client");
    assert.equal((await owner.get("/settings")).status, 200, "pages without clients' texts serve");
    assert.equal(h.one("SELECT count(*) FROM app.client WHERE name = :'v1'", add.name), "0");
    const other = await h.staff("first-light", "owner");
    assert.equal((await other.get("/clients?q=a")).status, 200, "another studio is not concerned");
  } finally {
    fs.chmodSync(key, 0o600);
  }
  assert.equal((await owner.get(at)).text.match(/<pre class="exact">[\s\S]*<\/pre>/)[0], was.text.match(/<pre class="exact">[\s\S]*<\/pre>/)[0]);
  assert.equal((await owner.post("/clients/new", add)).status, 303);
});

test("T36: jobs that hang or die hold up no page; what was not sealed meanwhile is sealed afterwards", async () => {
  const waiting = () => Number(h.one("SELECT (SELECT count(*) FROM audit.event) - (SELECT count(*) FROM audit.leaf)"));
  const desk = await h.staff("glow", "front-desk");
  for (const [hurt, heal] of [["SIGSTOP", "SIGCONT"], ["SIGKILL", null]]) {
    const pid = s.child("jobs");
    process.kill(pid, hurt);
    for (let i = 0; i < 20; i++) assert.equal((await desk.get("/clients?q=a")).status, 200);
    if (heal) {
      assert.ok(waiting() >= 20, "somebody else seals");
      process.kill(pid, heal);
    }
    await stack.until(() => waiting() === 0, `sealing does not catch up after ${hurt}`, 30000);
  }
  assert.equal((await ready()).status, 200);
  const r = s.program(["foyer", "audit", "verify"]);
  assert.equal(r.status, 0, r.stdout + r.stderr);
});
