// import.test.js -- takes some minutes. A list of 50,000 clients is chosen, looked at, read in and taken out again, while the jobs that do it are
// killed with signal 9 again and again (B-05, T30, D-26): nobody sees a part of it, nobody comes twice. Between, all clients come as a file. It prints what each step took.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const stack = require("./stack");

const ROWS = Number(process.env.FOYER_TEST_ROWS || 50000);
let s, owner, id, spent = {};
before(async () => { s = stack.start("import", { conf: "jobs_poll_ms = 200\n" }); owner = await s.h.staff("glow", "owner"); });
after(() => s?.stop());

const state = () => s.h.sql("SELECT state, n_done, n_added, n_removed, next_part FROM app.client_import WHERE id = :'v1'", id)[0];
const seen = () => Number(s.h.one("SELECT n FROM (SELECT set_config('foyer.tenant_id', :'v1', true), set_config('foyer.actor_kind', 'system', true)) AS e, LATERAL (SELECT count(*) AS n FROM app.client c WHERE c.import_id = :'v2' AND c.import_id <> ALL (app.imports_hidden())) AS x", s.h.tenantId("glow"), id));
// Waits for a state; kills the jobs as often as it is told to. A killed runner's lease lasts two minutes; the test does not wait for it.
async function until(wanted, kills, look = () => {}) {
  const began = Date.now();
  let killed = 0;
  for (;;) {
    const now = state();
    if (now[0] === wanted) return (Date.now() - began) / 1000;
    assert.ok(Date.now() - began < 900000, `the list is ${now}`);
    assert.ok(["checking", "importing", "undoing"].includes(now[0]), `the list is ${now}`);
    look(now);
    if (killed < kills && Number(now[4]) > 5 * (killed + 1)) {
      const pid = s.child("jobs");
      if (pid && stack.lives(pid)) { process.kill(pid, "SIGKILL"); killed++; }
    }
    s.h.sql(`SELECT set_config('foyer.tenant_id', '${s.h.tenantId("glow")}', false); UPDATE app.job SET lease_until = now() - interval '1 second'
      WHERE state = 'running' AND subject_id = '${id}' AND lease_until < now() + interval '90 seconds' AND lease_until > now();
      UPDATE app.job SET run_at = now() WHERE state = 'ready' AND subject_id = '${id}' AND run_at > now()`);
    await stack.sleep(500);
  }
}

test("50,000 rows are chosen: the file is taken apart and sealed within a request", async (t) => {
  const rows = Array.from({ length: ROWS }, (x, i) => `"Person${i}, the ""${i % 97}th""";+1212${String(2000000 + i).padStart(7, "0")};person.${i}@mail.example;${1950 + i % 50}-0${1 + i % 9}-1${i % 9};${i} Main Street;New York;10001`);
  rows[ROWS / 10 - 1] = rows[10];
  const text = `name;phone;email;dob;street;city;zip\r\n${rows.join("\r\n")}\r\n`;
  const { values } = s.h.formOf((await owner.get("/clients/import")).text, "/clients/import");
  const mark = `----${s.h.uuid()}`;
  const body = Object.entries(values).map(([k, v]) => `--${mark}\r\nContent-Disposition: form-data; name="${k}"\r\n\r\n${v}\r\n`).join("") + `--${mark}\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n${text}\r\n--${mark}--\r\n`;
  const began = Date.now();
  const r = await owner.post("/clients/import", body, { headers: { "Content-Type": `multipart/form-data; boundary=${mark}` } });
  spent.chosen = (Date.now() - began) / 1000;
  assert.equal(r.status, 303, r.text.slice(0, 500));
  id = r.location.match(/import\/([0-9a-f-]{36})/)[1];
  t.diagnostic(`${(text.length / 1e6).toFixed(1)} MB in ${spent.chosen} s`);
});

test("each row is looked at, by jobs that are killed", async (t) => {
  const page = await owner.get(`/clients/import/${id}/columns`);
  const form = s.h.formOf(page.text, /columns$/);
  const column = [...form.html.matchAll(/<select[^>]* name="column"[^>]*>([\s\S]*?)<\/select>/g)].map(([, x]) => (x.match(/<option value="([^"]*)" selected>/) || ["", ""])[1]);
  assert.deepEqual(column, ["name", "phone", "email", "birth_date", "street", "city", "postal_code"]);
  assert.equal((await owner.post(`/clients/import/${id}/columns`, { ...form.values, column })).status, 303);
  spent.checked = await until("checked", 2);
  assert.deepEqual(s.h.sql("SELECT verdict, count(*) FROM app.client_import_row WHERE import_id = :'v1' GROUP BY 1 ORDER BY 1", id), [["add", String(ROWS - 1)], ["twice", "1"]]);
  const proven = await s.h.staff("glow", "owner", { fresh: true }); // (the proof of the first log-in may be older than five minutes by then)
  const file = await proven.get(`/clients/import/${id}/rows.csv`);
  assert.equal(file.text.split("\r\n").length, ROWS + 2);
  t.diagnostic(`${spent.checked} s`);
});

test("T30 B-05: they are entered by jobs that are killed: nobody is seen before all are, nobody twice", async (t) => {
  assert.equal((await owner.submit(`/clients/import/${id}`, {}, { action: /start$/ })).status, 303);
  spent.entered = await until("done", 4, (now) => { if (now[0] === "importing" && state()[0] === "importing") assert.ok([0, ROWS - 1].includes(seen())); });
  assert.equal(seen(), ROWS - 1);
  assert.deepEqual(s.h.sql("SELECT count(*), count(DISTINCT c.phone), count(k.client_id), (SELECT sum(cardinality(e.client_ids)) FROM audit.event e WHERE e.action = 'client.import' AND e.object_id = :'v1') FROM app.client c LEFT JOIN app.client_key k ON k.tenant_id = c.tenant_id AND k.client_id = c.id WHERE c.import_id = :'v1'", id)[0],
    [ROWS - 1, ROWS - 1, ROWS - 1, ROWS - 1].map(String));
  assert.match((await owner.get(`/clients?q=person${ROWS - 2}`)).text, new RegExp(`Person${ROWS - 2}`));
  t.diagnostic(`${spent.entered} s`);
});

test("A-02: all of them come as a file, which names each in one row of the trail", async (t) => {
  const proven = await s.h.staff("glow", "owner", { fresh: true });
  const peak = () => Math.max(...s.workers("slow").map((pid) => Number(fs.readFileSync(`/proc/${pid}/status`, "utf8").match(/^VmHWM:\s+(\d+)/m)[1]) / 1024));
  const all = Number(s.h.one("SELECT count(*) FROM app.client c WHERE c.tenant_id = :'v1' AND c.is_active AND NOT EXISTS (SELECT FROM app.client_merged m WHERE m.tenant_id = c.tenant_id AND m.client_id = c.id AND m.undone_at IS NULL)", s.h.tenantId("glow")));
  const before = peak(), began = Date.now();
  const file = await proven.get(`/clients/clients.csv${all > 10000 ? "?part=1" : ""}`);
  spent.file = (Date.now() - began) / 1000;
  assert.equal(file.status, 200);
  assert.equal((file.text.match(/\r\n"/g) || []).length, Math.min(all, 10000), "a line for each");
  assert.deepEqual(s.h.trail(file.id).filter((e) => e.action === "client.export").map((e) => e.clients.length >= Math.min(all, 10000)), [true]);
  t.diagnostic(`${Math.min(all, 10000)} clients, ${(file.bytes.length / 1e6).toFixed(1)} MB in ${spent.file} s; the worker at most ${Math.round(peak())} MB, before ${Math.round(before)}`);
});

test("they are taken out again by jobs that are killed, but for who was changed", async (t) => {
  const one = s.h.one("SELECT id FROM app.client WHERE import_id = :'v1' ORDER BY id LIMIT 1", id);
  const edited = await owner.submit(`/clients/${one}/edit`, { preferred_name: "Stays" }, { action: /edit$/ });
  assert.equal(edited.status, 303, s.h.decode(edited.text).slice(0, 6000));
  const proven = await s.h.staff("glow", "owner", { fresh: true });
  assert.equal((await proven.submit(`/clients/import/${id}`, {}, { action: /undo$/ })).status, 303);
  spent.out = await until("undone", 2);
  assert.deepEqual(s.h.sql("SELECT id FROM app.client WHERE import_id = :'v1'", id), [[one]]);
  assert.equal(state()[3], String(ROWS - 2));
  t.diagnostic(`${spent.out} s`);
});
