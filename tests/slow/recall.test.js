// recall.test.js -- takes some minutes. A lot that 50,001 clients received (L11): the list is paged to its end without one missing or twice, the
// file is refused rather than cut short and whole with one client fewer, letters are written 2,000 at a time, and each person gets one.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const stack = require("./stack");

const CLIENTS = 50001;
let s, owner, lot;
before(async () => {
  s = stack.start("recall");
  owner = await s.h.staff("glow", "owner");
  lot = s.h.one(`WITH p AS (INSERT INTO app.product (tenant_id, name, kind, unit) VALUES (:'v1', 'Recalled by everybody', 'toxin', 'units') RETURNING id, tenant_id)
    INSERT INTO app.product_lot (tenant_id, product_id, lot, expires_on, received_on) SELECT p.tenant_id, p.id, 'BIG1', '2040-01-01', '2020-01-01' FROM p RETURNING id`, s.h.tenantId("glow"));
  // As many clients of whom two have one address, and the last 101 none. Their keys are made when something of theirs is sealed.
  s.h.sql(`SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null
    CREATE TEMP TABLE made AS SELECT gen_random_uuid() AS id, gen_random_uuid() AS encounter, n FROM generate_series(1, ${CLIENTS}) AS n;
    INSERT INTO app.client (tenant_id, id, name, email) SELECT :'v1', m.id, 'Received ' || m.n, CASE WHEN m.n <= ${CLIENTS} - 101 THEN 'r' || greatest(m.n, 2) || '@mail.example' END FROM made m;
    INSERT INTO app.encounter (tenant_id, id, client_id, provider_id, done_on, noted_by)
      SELECT :'v1', m.encounter, m.id, o.id, current_date - 3, o.id FROM made m, (SELECT t.id FROM app.staff t WHERE t.tenant_id = :'v1' ORDER BY t.id LIMIT 1) AS o;
    INSERT INTO app.encounter_product (tenant_id, client_id, encounter_id, lot_id, amount_milli, noted_by)
      SELECT :'v1', m.id, m.encounter, :'v2', 1000, o.id FROM made m, (SELECT t.id FROM app.staff t WHERE t.tenant_id = :'v1' ORDER BY t.id LIMIT 1) AS o;
    ANALYZE app.client, app.encounter, app.encounter_product`, s.h.tenantId("glow"), lot);
});
after(() => s?.stop());

const idsOf = (text) => [...text.matchAll(/\/clients\/([0-9a-f-]{36})\/chart"/g)].map(([, id]) => id);

test("L11 the list has all of them, page by page, each once", async (t) => {
  const all = new Set();
  let n = 0, at = `/recalls/${lot}`;
  const began = Date.now();
  while (at) {
    const page = await owner.get(at);
    assert.equal(page.status, 200);
    for (const id of idsOf(page.text)) { all.add(id); n++; }
    at = (page.text.match(/href="([^"]*)">Further/) || [])[1];
    if (n === 200) assert.match(page.text, /50,?001 received it/);
  }
  assert.equal(n, CLIENTS);
  assert.equal(all.size, CLIENTS);
  t.diagnostic(`${(Date.now() - began) / 1000} s for ${Math.ceil(CLIENTS / 200)} pages`);
});

test("L11 a file of more than 50,000 is refused with words; of 50,000 it is whole", async () => {
  const refused = await owner.get(`/recalls/${lot}/list.csv`);
  assert.equal(refused.status, 422);
  assert.match(refused.text, /more than 50000 lines\. It was not cut short/);
  assert.doesNotMatch(refused.text, /Received 1,/);
  s.h.sql("SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\nUPDATE app.encounter_product SET void_at = now() WHERE lot_id = :'v2' AND client_id = (SELECT id FROM app.client WHERE name = 'Received 50001')", s.h.tenantId("glow"), lot);
  const file = await owner.get(`/recalls/${lot}/list.csv`);
  assert.equal(file.status, 200);
  assert.equal(file.text.trim().split("\n").length, 50001);
  assert.equal(s.h.trail(file.id).reduce((n, e) => n + e.clients.length, 0), 50000, "the trail names each of them");
});

test("L11 letters: 2,000 at a time, to each once, and the page says how many are left", async (t) => {
  const post = async (path, values = {}) => owner.post(path, { ...s.h.formOf((await owner.get(`/recalls/${lot}/letters`)).text, `/recalls/${lot}/prepare`).values, ...values });
  const began = Date.now();
  const first = await post(`/recalls/${lot}/prepare`, { body: "Please call us." });
  t.diagnostic(`2,000 letters in ${(Date.now() - began) / 1000} s`);
  assert.match(first.location, /prepared=2000&more=1$/);
  const page = await owner.get(first.location);
  assert.match(page.text, /There are more than 2,000, and 2000 letters were written/);
  assert.match(page.text, /Waiting to be sent: 2,000\./);
  assert.match(page.text, /Without an e-mail address: 100\./);
  const second = await post(`/recalls/${lot}/prepare`, { body: "Please call us." });
  assert.match(second.location, /prepared=2000&more=1$/);
  assert.deepEqual(s.h.sql("SELECT count(*), count(DISTINCT client_id) FROM app.recall_message WHERE lot_id = :'v1'", lot), [["4000", "4000"]]);
  assert.match((await post(`/recalls/${lot}/send`)).location, /sent=4000$/);
  assert.match((await post(`/recalls/${lot}/send`)).location, /sent=0$/);
});
