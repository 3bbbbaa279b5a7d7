// house.test.js -- how the installation is, drawn for its operator: by samples that the jobs take, for nobody else.
"use strict";
const { test } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");

const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
const number = (text) => Number(text.replaceAll(",", ""));
// Waits for the jobs' next look, which is taken every minute (every three seconds under scripts/test).
async function look() {
  const seen = () => h.one("SELECT max(at) FROM app.house_sample") || "";
  const before = seen();
  for (let i = 0; i < 75 * 4 && seen() === before; i++) await sleep(250);
  assert.notEqual(seen(), before, "the jobs took no look");
}

test("Seeing: the page draws what the pools counted and how the queues stand", async () => {
  const operator = await h.staff("ops", "operator");
  await look();
  const routes = () => new Map(h.sql("SELECT method || ' ' || route, statuses[3] FROM app.house_page WHERE pool = 'public'"));
  const before = Number(routes().get("GET /book") || 0);
  for (let i = 0; i < 9; i++) assert.equal((await h.request("glow", "/book")).status, 200);
  await sleep(200);
  await look();
  assert.equal(Number(routes().get("GET /book")), before + 9);
  const r = await operator.get("/house");
  assert.equal(r.status, 200);
  const text = h.decode(r.text);
  const sample = h.sql("SELECT due, running, dead, unsent_mail FROM app.house_sample ORDER BY at DESC LIMIT 1")[0].map(Number);
  assert.match(text, new RegExp(`<strong>Jobs</strong> ${sample[0]} due, ${sample[1]} running`));
  assert.match(text, new RegExp(`<strong>Given up</strong> ${sample[2]} jobs`));
  assert.equal(sample[2], Number(h.one("SELECT count(*) FROM app.job WHERE state = 'dead'")));
  for (const pool of ["staff", "public", "slow"]) assert.match(text, new RegExp(`<th scope="row">${pool}</th>`));
  // each bar of the drawing is a row of the table behind it
  const bars = [...text.matchAll(/<rect class="drawing-bar" x="(\d+)" y="(\d+)" width="14" height="(\d+)" rx="1"\/>/g)].map((m) => Number(m[3]));
  const rows = [...text.matchAll(/<tr><th scope="row"><?[^<]*<\/th><td class="is-number">([\d,]+)<\/td><td class="is-number">([\d,]+)<\/td><td class="is-number">[\d.]+<\/td>/g)].map((m) => number(m[1]));
  assert.equal(bars.length, 36);
  assert.equal(rows.length, 36);
  const most = Math.max(...rows, 1);
  assert.deepEqual(bars, rows.map((n) => Math.ceil((100 * n) / most)));
  assert.ok(rows.at(-1) + rows.at(-2) >= 9, "the requests just made are not in it");
  const durations = [...text.matchAll(/<tr><th scope="row">[^<]+<\/th><td class="is-number">([\d,]+)<\/td><\/tr>/g)].map((m) => number(m[1]));
  assert.deepEqual(durations, h.sql("SELECT sum(b.n) FROM app.house_page p, unnest(p.buckets) WITH ORDINALITY b (n, i) GROUP BY b.i ORDER BY b.i").map(([n]) => Number(n)));
});

test("Seeing: it is reached by a click, works without script, and says nothing of a request, a client or a business", async () => {
  const operator = await h.staff("ops", "operator");
  assert.match((await operator.get("/demos")).text, /<a href="\/house"/);
  const page = (await operator.get("/house")).text;
  assert.doesNotMatch(page.replace(/[\s\S]*<main/, ""), /<script/);
  for (const [name] of h.sql("SELECT name FROM app.client WHERE length(name) > 6 LIMIT 50")) assert.ok(!h.decode(page).includes(name));
  for (const [slug] of h.sql("SELECT slug FROM app.tenant WHERE realm = 'studio'")) assert.ok(!page.replace(/[\s\S]*<main/, "").includes(slug));
});

test("Seeing: who is not the operator sees none of it, not even in SQL", async () => {
  const owner = await h.staff("glow", "owner");
  assert.equal((await owner.get("/house")).status, 404);
  assert.equal((await h.request("ops", "/house")).status, 303);
  assert.equal((await h.request("", "/house")).status, 404);
  for (const table of ["house_sample", "house_pool", "house_page"])
    assert.equal(h.one(`BEGIN; SET LOCAL ROLE foyer_staff; SELECT count(*) FROM app.${table}; ROLLBACK`), "0", table);
  assert.throws(() => h.sql("BEGIN; SET LOCAL ROLE foyer_staff; INSERT INTO app.house_pool DEFAULT VALUES; ROLLBACK"));
});
