// recall.test.js -- takes some minutes. A lot that 50,001 clients received (L11): the list is paged to its end without one missing or twice, the
// file is refused rather than cut short and whole with one client fewer, letters are written 500 at a time, and each person gets one.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const stack = require("./stack");

const CLIENTS = 50001;
let s, owner, lot;
before(async () => {
  s = stack.start("recall", { env: { FOYER_DEMO: `--clients ${CLIENTS}` } });
  owner = await s.h.staff("glow", "owner");
  lot = s.h.one(`WITH p AS (INSERT INTO app.product (tenant_id, name, kind, unit) VALUES (:'v1', 'Recalled by everybody', 'toxin', 'units') RETURNING id, tenant_id)
    INSERT INTO app.product_lot (tenant_id, product_id, lot, expires_on, received_on) SELECT p.tenant_id, p.id, 'BIG1', '2040-01-01', '2020-01-01' FROM p RETURNING id`, s.h.tenantId("glow"));
  // As many clients, none of whom is joined to another.
  s.h.sql(`SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null
    CREATE TEMP TABLE made AS SELECT c.id, gen_random_uuid() AS encounter, (SELECT t.id FROM app.staff t WHERE t.tenant_id = :'v1' ORDER BY t.id LIMIT 1) AS staff
      FROM app.client c WHERE c.tenant_id = :'v1' AND NOT EXISTS (SELECT FROM app.client_merged m WHERE c.id IN (m.client_id, m.into_id)) ORDER BY c.id LIMIT ${CLIENTS};
    INSERT INTO app.encounter (tenant_id, id, client_id, provider_id, done_on, noted_by) SELECT :'v1', m.encounter, m.id, m.staff, current_date - 3, m.staff FROM made m;
    INSERT INTO app.encounter_product (tenant_id, client_id, encounter_id, lot_id, amount_milli, noted_by) SELECT :'v1', m.id, m.encounter, :'v2', 1000, m.staff FROM made m;
    -- (every other one has no address: where a letter goes is looked for among guardians and joined records then)
    UPDATE app.client c SET email = NULL FROM (SELECT m.id, row_number() OVER (ORDER BY m.id) AS n FROM made m) AS o WHERE c.tenant_id = :'v1' AND c.id = o.id AND o.n % 2 = 0;
    ANALYZE app.client, app.encounter, app.encounter_product`, s.h.tenantId("glow"), lot);
  assert.equal(s.h.one("SELECT count(*) FROM app.encounter_product WHERE lot_id = :'v1'", lot), String(CLIENTS));
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
  owner = await s.h.staff("glow", "owner", { fresh: true }); // (the pages took longer than a proof is fresh)
  const refused = await owner.get(`/recalls/${lot}/list.csv`);
  assert.equal(refused.status, 422);
  assert.match(refused.text, /more than 50000 lines\. It was not cut short/);
  assert.doesNotMatch(refused.text, /@mail\.example/);
  s.h.sql("SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\nUPDATE app.encounter_product SET void_at = now() WHERE lot_id = :'v2' AND id = (SELECT id FROM app.encounter_product WHERE lot_id = :'v2' LIMIT 1)", s.h.tenantId("glow"), lot);
  const file = await owner.get(`/recalls/${lot}/list.csv`);
  assert.equal(file.status, 200);
  assert.equal(file.text.trim().split("\n").length, 50001);
  assert.equal(s.h.trail(file.id).reduce((n, e) => n + e.clients.length, 0), 50000, "the trail names each of them");
});

test("L11 letters: 500 at a time, to each once, and the page says how many are left", async (t) => {
  const post = async (path, values = {}) => owner.post(path, { ...s.h.formOf((await owner.get(`/recalls/${lot}/letters`)).text, `/recalls/${lot}/prepare`).values, ...values });
  const began = Date.now();
  const first = await post(`/recalls/${lot}/prepare`, { body: "Please call us." });
  t.diagnostic(`500 letters in ${(Date.now() - began) / 1000} s`);
  assert.match(first.location, /prepared=500&more=1$/);
  const page = await owner.get(first.location);
  assert.match(page.text, /There are more than 500, and 500 letters were written/);
  assert.match(page.text, /Waiting to be sent: 500\./);
  const unreached = Number(s.h.one(`SELECT count(*) FROM app.client c WHERE c.email IS NULL AND c.is_active AND EXISTS (SELECT FROM app.encounter_product x WHERE x.client_id = c.id AND x.lot_id = :'v1' AND x.void_at IS NULL)
    AND NOT (c.birth_date > current_date - interval '18 years' AND EXISTS (SELECT FROM app.client_guardian g WHERE g.client_id = c.id AND g.may_sign AND g.ended_at IS NULL AND g.email IS NOT NULL))`, lot));
  assert.ok(unreached > 20000, String(unreached));
  assert.match(page.text, new RegExp(`Without an e-mail address: ${unreached.toLocaleString("en-US")}\\.`));
  const second = await post(`/recalls/${lot}/prepare`, { body: "Please call us." });
  assert.match(second.location, /prepared=500&more=1$/);
  assert.deepEqual(s.h.sql("SELECT count(*), count(DISTINCT client_id) FROM app.recall_message WHERE lot_id = :'v1'", lot), [["1000", "1000"]]);
  assert.match((await post(`/recalls/${lot}/send`)).location, /sent=1000$/);
  assert.match((await post(`/recalls/${lot}/send`)).location, /sent=0$/);
});
