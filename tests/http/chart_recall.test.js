// chart_recall.test.js -- L11: who received a lot: all of them and nobody else, in the trail by id; as a file; a letter to each, kept until it is
// sent, once.
"use strict";
const { test } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");

// A day of the studio's own calendar: at no hour still to come there.
const day = (n) => new Intl.DateTimeFormat("en-CA", { timeZone: "America/New_York" }).format(new Date(Date.now() + n * 86400000));

test("L11: a recall: the list, the file, the letters", async () => {
  const [owner, v, desk] = [await h.staff("glow", "owner", { fresh: true }), await h.staff("glow", "provider"), await h.staff("glow", "front-desk")];
  const keys = new Map();
  for (const who of [owner, v, desk]) keys.set(who, h.formOf((await who.get("/clients")).text, "/logout").values);
  const post = (path, values, who = owner) => who.post(path, { ...keys.get(who), idem: h.uuid(), ...values });
  const [lot, other] = h.sql(`WITH p AS (INSERT INTO app.product (tenant_id, name, kind, unit) VALUES (:'v1', :'v2', 'toxin', 'units') RETURNING id, tenant_id)
    INSERT INTO app.product_lot (tenant_id, product_id, lot, expires_on, received_on) SELECT p.tenant_id, p.id, x.lot, '2040-01-01', '2020-01-01' FROM p, (VALUES ('R1'), ('R2')) AS x (lot) RETURNING id`,
    h.tenantId("glow"), `Recalled ${h.uuid()}`).map(([id]) => id);
  const made = [];
  for (const [name, email] of [["=HYPERLINK(1) <b>", `a.${h.uuid()}@mail.example`], ["No Address", ""], ["By Point", `b.${h.uuid()}@mail.example`], ["Another Lot", `c.${h.uuid()}@mail.example`], ["In Error", `d.${h.uuid()}@mail.example`], ["Erased Soon", `e.${h.uuid()}@mail.example`]]) {
    const id = await h.addClient(desk, { name: `${name} ${h.uuid().slice(0, 6)}`, email, birth_date: "1980-01-01" });
    const at = (await post(`/clients/${id}/encounters/new`, { done_on: day(-3) }, v)).location;
    const r = name === "By Point" ? await post(`${at}/map`, { drawing: "face_front", x: "1", y: "1", lot_id: lot, amount: "1" }, v)
      : await post(`${at}/products`, { lot_id: name === "Another Lot" ? other : lot, amount: "1" }, v);
    assert.equal(r.status, 303);
    if (name === "In Error") await post(`${at}/void`, {}, v);
    made.push(id);
  }
  const [a, none, point, , , gone] = made, received = [a, none, point, gone].sort();
  const page = await owner.get(`/recalls/${lot}`);
  assert.deepEqual([...page.text.matchAll(/\/clients\/([0-9a-f-]{36})\/chart"/g)].map(([, id]) => id).sort(), received);
  assert.deepEqual([...h.trail(page.id).find((e) => e.action === "recall.read").clients].sort(), received, "the trail names exactly them");
  assert.doesNotMatch(page.text, /<b> /);
  const csv = await owner.get(`/recalls/${lot}/list.csv`);
  assert.equal(csv.status, 200);
  assert.match(csv.headers["content-type"], /text\/csv/);
  assert.match(csv.text, /'=HYPERLINK\(1\) <b>/, "no formula");
  assert.equal(csv.text.trim().split("\n").length, 5);
  assert.deepEqual([...h.trail(csv.id).find((e) => e.action === "recall.export").clients].sort(), received);
  assert.equal((await desk.get(`/recalls/${lot}`)).status, 403);
  const far = h.one("SELECT id FROM app.product_lot WHERE tenant_id = :'v1' LIMIT 1", h.tenantId("first-light"));
  assert.equal((await owner.get(`/recalls/${far}`)).status, 404);

  const letters = () => h.sql(`SELECT m.client_id, g.state, g.body IS NULL, g.body_sealed IS NOT NULL, (SELECT count(*) FROM app.job j WHERE j.subject_id = g.id), g.id FROM app.recall_message m JOIN app.message g ON g.tenant_id = m.tenant_id AND g.id = m.message_id WHERE m.lot_id = :'v1' ORDER BY 1`, lot);
  // a lot is found by its number, from the menu of clients; a minor's letter goes to her guardian; who has no address is listed
  assert.match((await owner.get("/clients")).text, /href="\/recalls"/);
  assert.ok((await owner.get("/recalls?lot=r1")).text.includes(`/recalls/${lot}"`));
  assert.ok(!(await owner.get("/recalls?lot=R2")).text.includes(`/recalls/${lot}"`));
  const mother = `mother.${h.uuid()}@mail.example`;
  h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); UPDATE app.client SET birth_date = current_date - 4000 WHERE id = :'v2'::uuid; UPDATE app.client SET street = '7 Quiet Lane' WHERE id = :'v4'::uuid;
    INSERT INTO app.client_guardian (client_id, relation, name, email) VALUES (:'v2'::uuid, 'parent', 'A Mother', :'v3'); COMMIT`, h.tenantId("glow"), point, mother, none);
  const unreached = await owner.get(`/recalls/${lot}/unreached`);
  assert.match(unreached.text, /7 Quiet Lane/);
  assert.deepEqual(h.trail(unreached.id).find((e) => e.action === "recall.read").clients, [none]);
  // on paper: a sheet for each who has a postal address, noted as printed with who and when, once
  assert.equal((await post(`/recalls/${lot}/paper`, { paper_body: "x" })).status, 422, "a street alone reaches nobody");
  h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); UPDATE app.client SET city = 'Albany', region = 'NY', postal_code = '12207' WHERE id = :'v2'::uuid; COMMIT`, h.tenantId("glow"), none);
  assert.ok((await owner.get(`/recalls/${lot}/unreached`)).text.includes(`/recalls/${lot}/letters#paper`));
  assert.match(h.decode((await owner.get(`/recalls/${lot}/letters`)).text), /no letter on paper yet: 1\./);
  assert.equal((await post(`/recalls/${lot}/paper`, { paper_body: "x" }, v)).status, 403, "who may not write to clients prints nothing");
  assert.match(h.decode((await post(`/recalls/${lot}/paper`, { paper_body: " " })).text), /Write what they shall read/);
  const printed = await owner.submit(`/recalls/${lot}/letters`, { paper_body: "On paper: <b>call</b> us." }, { action: `/recalls/${lot}/paper` });
  assert.equal(printed.status, 303, printed.text);
  assert.deepEqual(h.trail(printed.id).map((e) => [e.action, e.clients]), [["recall.print", [none]]], "whose letters are noted as printed is in the trail");
  const sheet = await owner.get(printed.location);
  assert.match(h.decode(sheet.text), /<p class="letter-to lines">No Address [0-9a-f]{6}\n7 Quiet Lane\nAlbany, NY 12207<\/p>/);
  assert.ok(h.decode(sheet.text).includes("On paper: <b>call</b> us.") && !sheet.text.includes("<b>call"));
  assert.equal([...sheet.text.matchAll(/class="letter"/g)].length, 1);
  assert.deepEqual(h.trail(sheet.id).map((e) => [e.action, e.clients]), [["recall.paper", [none]]], "each address that is shown is in the trail");
  assert.equal((await (await h.staff("first-light", "owner")).get(printed.location)).status, 404);
  assert.match(h.decode((await owner.get(`/recalls/${lot}/unreached`)).text), new RegExp(`No Address [^]*Letter printed [^]*${h.one("SELECT s.name FROM app.recall_paper p JOIN app.staff s ON s.id = p.made_by WHERE p.lot_id = :'v1'", lot)}`));
  assert.match(h.decode((await owner.get(`/recalls/${lot}`)).text), /No Address [^]*?Letter printed/);
  assert.match((await owner.get(`/recalls/${lot}/list.csv`)).text, /"No Address [^\n]*"printed"/);
  assert.equal((await post(`/recalls/${lot}/paper`, { paper_body: "again" })).status, 422, "a letter each");
  const empty = await post(`/recalls/${lot}/prepare`, { body: " " });
  assert.equal(empty.status, 422);
  const body = { ...keys.get(owner), idem: h.uuid(), body: "Please call us <i>soon</i>." };
  for (let i = 0; i < 2; i++) assert.match((await owner.post(`/recalls/${lot}/prepare`, body)).location, /prepared=3$/);
  const withAddress = [a, point, gone].sort();
  assert.deepEqual(letters().map((x) => x.slice(0, 5)), withAddress.map((id) => [id, "kept", "t", "t", "0"]), "kept, sealed, and nothing goes out by itself");
  assert.equal(h.one("SELECT g.to_address FROM app.recall_message m JOIN app.message g ON g.id = m.message_id WHERE m.lot_id = :'v1' AND m.client_id = :'v2'", lot, point), mother);
  const nobody = await post(`/recalls/${lot}/prepare`, { body: "again" });
  assert.match(nobody.location, /letters\?nobody=1$/, "one letter each");
  const after = h.decode((await owner.get(nobody.location)).text);
  assert.match(after, /No letter was written/);
  assert.doesNotMatch(after, /Letters are prepared/);
  assert.match(after, /Without an e-mail address: 1\./, "whom no letter reaches is counted");
  const message = letters().find(([id]) => id === a)[5];
  const read = await owner.get(`/messages/${message}`);
  assert.match(h.decode(read.text), /Please call us <i>soon<\/i>\./);
  assert.doesNotMatch(h.one("SELECT subject FROM app.message WHERE id = :'v1'", message), /Recalled|R1/);
  assert.equal((await post(`/recalls/${lot}/send`, {}, v)).status, 403, "who may not write to clients sends nothing");
  h.sql("SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\nSELECT app.client_erase(:'v2'::uuid)", h.tenantId("glow"), gone);
  const send = await post(`/recalls/${lot}/send`, {});
  assert.match(send.location, /sent=\d+$/);
  assert.deepEqual(letters().filter(([id]) => id !== gone).map((x) => x[4]), ["1", "1"]);
  assert.equal(letters().find(([id]) => id === gone)[4], "0", "who was erased is written no more");
  assert.match((await post(`/recalls/${lot}/send`, {})).location, /sent=0$/);
  assert.equal((await post(`/recalls/${far}/prepare`, { body: "x" })).status, 404);
  assert.equal((await post(`/recalls/${far}/paper`, { paper_body: "x" })).status, 404);
});
