// chart_map.test.js -- L11: points on drawings of face and body: by region or by numbers, without script; those of other treatments under
// them; an expired lot refused.
"use strict";
const { test, before } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");

const words = (html) => h.decode(html.slice(html.indexOf("<main")).replace(/<[^>]*>/g, "\u0000"));
let v, desk, keys, lot, old;
// A day of the studio's own calendar: at no hour still to come there.
const day = (n) => new Intl.DateTimeFormat("en-CA", { timeZone: "America/New_York" }).format(new Date(Date.now() + n * 86400000));
const client = () => h.addClient(desk, { name: `Mapped ${h.uuid().slice(0, 8)}` });
const post = (path, values, who = v) => who.post(path, { ...keys.get(who), idem: h.uuid(), ...values });
const encounter = async (id, on) => (await post(`/clients/${id}/encounters/new`, { done_on: on })).location;
before(async () => {
  [v, desk] = [await h.staff("glow", "provider"), await h.staff("glow", "front-desk")];
  keys = new Map();
  for (const who of [v, desk]) keys.set(who, h.formOf((await who.get("/clients")).text, "/logout").values);
  [lot, old] = h.sql(`WITH p AS (INSERT INTO app.product (tenant_id, name, kind, unit) VALUES (:'v1', :'v2', 'toxin', 'units') RETURNING id, tenant_id)
    INSERT INTO app.product_lot (tenant_id, product_id, lot, expires_on, received_on) SELECT p.tenant_id, p.id, x.lot, x.e::date, '2020-01-01' FROM p, (VALUES ('MAP1', '2040-01-01'), ('MAP0', '2021-01-01')) AS x (lot, e) RETURNING id`,
    h.tenantId("glow"), `Toxin ${h.uuid()}`).map(([id]) => id);
});

test("L11: points by region and by numbers, numbered, sealed, over those of an earlier treatment; errors marked", async () => {
  const id = await client(), first = await encounter(id, day(-40)), second = await encounter(id, day(0)), map = `${second}/map`;
  const remark = "a <b>\"small\"</b> {{bleb}}";
  assert.equal((await post(`${first}/map`, { drawing: "face_front", region: "Forehead, middle", lot_id: lot, amount: "4" })).status, 303);
  const typed = { ...keys.get(v), idem: h.uuid(), drawing: "face_front", region: "", x: "123", y: "456", lot_id: lot, amount: "2,5", depth: "intradermal", remark };
  const made = await v.post(map, typed);
  assert.equal(made.location, `${map}?drawing=face_front#place`);
  assert.ok(h.trail(made.id).some((e) => e.action === "encounter.change" && e.clients.includes(id)));
  assert.equal((await v.post(map, typed)).location, made.location);
  assert.deepEqual(h.sql("SELECT x, y, amount_milli, depth FROM app.body_point WHERE client_id = :'v1' ORDER BY noted_at", id), [["500", "220", "4000", ""], ["123", "456", "2500", "intradermal"]]);
  assert.equal(h.one("SELECT position('bleb' IN encode(remark_sealed, 'escape')) FROM app.body_point WHERE client_id = :'v1' AND remark_sealed IS NOT NULL", id), "0");
  const page = await v.get(map);
  assert.match(page.text, /<circle class="map-before" cx="500" cy="220"/);
  assert.match(page.text, /<circle class="map-point" cx="123" cy="456" r="14" data-point="[0-9a-f-]{36}"\/><text class="map-number" x="145" y="466">1</);
  assert.ok(words(page.text).includes(remark) && words(page.text).includes("2.5 units"));
  assert.doesNotMatch((await v.get(`${map}?drawing=body_back`)).text, /map-before|map-point/);
  // the last point's lot and depth are chosen for the next one
  const next = h.formOf(page.text, map).values;
  assert.deepEqual([next.lot_id, next.depth, next.amount], [lot, "intradermal", ""]);
  // those of the first are repeated with a lot of the same product, once; of another product there is nothing to repeat
  const under = first.slice(-36), third = await encounter(id, day(0)), here = `${third}/map`, repeat = (values) => post(`${here}/repeat`, { drawing: "face_front", under, ...values });
  const form = h.formOf((await v.get(here)).text, `${here}/repeat`);
  assert.ok(form.html.includes(`<option value="${under}">`) && form.values.under === "");
  const strange = h.sql(`WITH p AS (INSERT INTO app.product (tenant_id, name, kind, unit) VALUES (:'v1', :'v2', 'filler', 'ml') RETURNING id, tenant_id)
    INSERT INTO app.product_lot (tenant_id, product_id, lot, expires_on, received_on) SELECT tenant_id, id, 'OTHER', '2040-01-01', '2020-01-01' FROM p RETURNING id`, h.tenantId("glow"), `Filler ${h.uuid()}`)[0][0];
  const none = await repeat({ lot_id: strange });
  assert.equal(none.status, 422);
  assert.match(none.text, /Nothing was added/);
  assert.deepEqual([h.formOf(none.text, `${here}/repeat`).values.under], [under]);
  assert.match((await repeat({ lot_id: old })).text, /Nothing was added|expired on/);
  assert.equal((await repeat({ under: "" })).status, 422);
  const done = await repeat({ lot_id: lot });
  assert.equal(done.location, `${here}?drawing=face_front&under=${under}`);
  assert.equal((await repeat({ lot_id: lot })).status, 422, "they are here already");
  const points = (at) => h.sql("SELECT x, y, lot_id, amount_milli FROM app.body_point WHERE encounter_id = :'v1'", at.slice(-36));
  assert.deepEqual(points(third), [["500", "220", lot, "4000"]]);
  const both = (await v.get(done.location)).text;
  assert.match(both, /map-before" cx="500" cy="220"/);
  assert.doesNotMatch(both, /map-before" cx="123"/, "one alone lies under it");
  assert.match((await v.get(here)).text, /map-before" cx="123"/);
  const far = h.one("SELECT encounter_id FROM app.body_point WHERE tenant_id = :'v1' AND client_id <> :'v2' AND drawing = 'face_front' AND void_at IS NULL LIMIT 1", h.tenantId("glow"), id);
  assert.equal((await repeat({ under: far })).status, 422, "nobody else's");
  assert.equal(points(third).length, 1);
  for (const drawing of ["face_left", "face_right", "body_front", "body_back"]) assert.match((await v.get(`${map}?drawing=${drawing}`)).text, /<g class="map-outline">[^]*?<path/);
  for (const [bad, said] of [[{ x: "1001", y: "1" }, /0 to 1000/], [{ region: "Nowhere" }, /beside the drawing/], [{ x: "1", y: "1", lot_id: old, amount: "1" }, /expired on/], [{ x: "1", y: "1", amount: "some" }, /as a number/],
    [{ x: "1", y: "1", amount: "4", depth: "intradermal" }, /Choose the lot that this amount/], [{ x: "1", y: "1", lot_id: lot, amount: "a lot", depth: "subcutaneous" }, /as a number/]]) {
    const r = await post(map, { drawing: "face_front", remark: "kept words", ...bad });
    assert.equal(r.status, 422, JSON.stringify(bad));
    assert.match(r.text, said);
    const kept = h.formOf(r.text, map).values, { lot_id: chosen, ...others } = bad;
    for (const [name, value] of Object.entries({ remark: "kept words", ...others })) assert.equal(kept[name], value === "Nowhere" ? "" : value, name);
    if (chosen === lot) assert.equal(kept.lot_id, lot);
  }
  const point = h.one("SELECT id FROM app.body_point WHERE client_id = :'v1' AND x = 123", id), hers = await client();
  assert.equal((await post(`/clients/${hers}/encounters/${second.slice(-36)}/map/${point}/void`, {})).status, 404);
  assert.equal((await post(`/clients/${hers}/encounters/${second.slice(-36)}/map`, { drawing: "face_front", x: "1", y: "1" })).status, 404);
  assert.equal((await desk.get(map)).status, 403);
  assert.equal((await post(map, { drawing: "face_front", x: "1", y: "1" }, desk)).status, 403);
  assert.equal((await post(`${map}/${point}/void`, { void_reason: "Twice" })).status, 303);
  assert.doesNotMatch((await v.get(map)).text, /class="map-point"/);
  assert.match(h.decode((await v.get(second)).text), /<s>Toxin [^<]*2\.5 units, lot MAP1, Face, front 123, 456, a <b>"small"<\/b> \{\{bleb\}\}<\/s>[^<]*<span class="hush">[^<]*: Twice</);
});
