// seeing.test.js -- one request can be followed from nginx to PostgreSQL, and where its time went is told to operators alone.
"use strict";
const { test } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const h = require("./harness");

const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
const lines = (name, id) => fs.readFileSync(path.join(h.env.vardir, "log", name), "utf8").split("\n").filter((l) => l.includes(id));
async function logged(name, id) {
  for (let i = 0; i < 50 && lines(name, id).length === 0; i++) await sleep(50);
  return lines(name, id);
}
const lock = () => h.lockTable("app.client");
const id = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

test("V-26 a statement that fails stands under the same id in the logs of nginx, the worker and PostgreSQL, without its text", async () => {
  const owner = await h.staff("glow", "owner");
  const release = await lock();
  let r;
  try {
    r = await owner.get("/clients?q=canary");
  } finally {
    await release();
  }
  assert.equal(r.status, 503);
  assert.match(r.id, id);
  const [access] = await logged("access.log", r.id);
  assert.equal(JSON.parse(access).status, 503);
  const worker = (await logged("staff.log", r.id)).map((l) => JSON.parse(l));
  assert.ok(worker.some((l) => l.request === r.id && l.status === "503"), JSON.stringify(worker));
  const [server, ...more] = await logged("postgresql.log", r.id);
  assert.match(server, new RegExp(` ${r.id} LOG:  a statement failed: SQLSTATE 55P03$`));
  assert.deepEqual(more, []);
  assert.doesNotMatch(fs.readFileSync(path.join(h.env.vardir, "log", "postgresql.log"), "utf8"), /canary|SELECT /);
});

test("V-26 a slow statement stands in PostgreSQL's log by its name and the request's id", async () => {
  const owner = await h.staff("glow", "owner");
  const release = await lock();
  const asked = owner.get("/clients");
  await sleep(2200);
  await release();
  const r = await asked;
  assert.equal(r.status, 200);
  const [server] = await logged("postgresql.log", r.id);
  assert.match(server, new RegExp(` ${r.id} LOG:  duration: \\d+\\.\\d+ ms  (parse|bind|execute) [qm]_client_\\w+$`));
});

test("V-26 what a refused statement quotes does not come into PostgreSQL's log", async () => {
  assert.throws(() => h.sql("SELECT 'canary-4711'::uuid"));
  await sleep(200);
  const log = fs.readFileSync(path.join(h.env.vardir, "log", "postgresql.log"), "utf8");
  assert.match(log, /a statement failed: SQLSTATE 22P02$/m);
  assert.doesNotMatch(log, /canary-4711/);
});

test("V-27 a logged-in operator is told where the time went, nobody else", async () => {
  const operator = await h.staff("ops", "operator"), owner = await h.staff("glow", "owner");
  for (const target of ["/demos", "/audit", "/messages"]) {
    const r = await operator.get(target);
    assert.equal(r.status, 200);
    assert.match(r.headers["server-timing"], /^gate;dur=\d+\.\d{3}, db;dur=\d+\.\d{3}, render;dur=\d+\.\d{3}$/);
    assert.ok(Number(r.headers["server-timing"].match(/db;dur=([\d.]+)/)[1]) > 0);
  }
  const silent = [await owner.get("/clients"), await owner.get("/audit"), await h.request("glow", "/book"), await h.request("", "/demo"),
    await h.request("ops", "/login"), await h.request("ops", "/demos"), await operator.get("/demos/00000000-0000-4000-8000-000000000000"),
    await h.request("ops", "/demos", { cookie: owner.cookieFor("/") })];
  for (const r of silent) assert.equal(r.headers["server-timing"], undefined, String(r.status));
});
