// chart_signed.test.js -- L11, L14, R-05: a treatment is signed by its provider and stands: lines, devices, points, aftercare. Afterwards there
// are addenda and errors with a reason. Whoever changes it past the triggers is named by the comparison with the trail. L11: points that are moved.
"use strict";
const { test, describe, before } = require("node:test");
const assert = require("node:assert/strict");
const path = require("node:path");
const { spawnSync } = require("node:child_process");
const h = require("./harness");

const words = (html) => h.decode(html.slice(html.indexOf("<main")).replace(/<[^>]*>/g, " ")).replace(/\s+/g, " ");
let v, owner, desk, keys, lot, device, me;
const day = (n) => new Intl.DateTimeFormat("en-CA", { timeZone: "America/New_York" }).format(new Date(Date.now() + n * 86400000));
const client = () => h.addClient(desk, { name: `Signed ${h.uuid().slice(0, 8)}` });
const post = (who, to, values) => who.post(to, { ...keys.get(who), idem: h.uuid(), ...values });
const ok = async (to, values, who = v) => { const r = await post(who, to, values); assert.equal(r.status, 303, `${to}: ${words(r.text).slice(0, 300)}`); return r; };
const seen = async (at, who = v) => h.formOf((await who.get(at)).text, `${at}/sign`).values;
// A treatment with one of each: product, device, aftercare, point.
async function treated(id) {
  const at = (await ok(`/clients/${id}/encounters/new`, { done_on: day(0), provider_id: me })).location;
  await ok(`${at}/products`, { lot_id: lot, amount: "2", area: "brow" });
  await ok(`${at}/devices`, { device_id: device, settings: "Fluence: 12" });
  await ok(`${at}/aftercare`, { aftercare: "Cool it" });
  await ok(`${at}/map`, { drawing: "face_front", x: "100", y: "200", lot_id: lot, amount: "1", depth: "intradermal", remark: "bleb" });
  return at;
}
const lines = { encounter_product: "products", encounter_device: "devices", encounter_advice: "aftercare", body_point: "map" };
const lineOf = (table, at) => h.one(`SELECT id FROM app.${table} WHERE encounter_id = :'v1' AND void_at IS NULL ORDER BY noted_at LIMIT 1`, at.slice(-36));
const foyer = (...args) => {
  const as = process.getuid() === 0 ? ["runuser", "-u", process.env.FOYER_OS_USER || "foyer", "--"] : [];
  const all = [...as, "env", `FOYER_CONFIG=${path.join(h.env.vardir, "foyer.conf")}`, path.join(h.env.vardir, "app", "bin", "foyer"), ...args];
  return spawnSync(all[0], all.slice(1), { encoding: "utf8", cwd: "/" }).stdout;
};
const verify = (id) => foyer("audit", "verify", "--tenant", "glow").split("\n").filter((l) => l.includes(id));
const raw = (statement) => h.sql(`SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null
  BEGIN; SET LOCAL ROLE foyer_owner; ${statement}; COMMIT;`, h.tenantId("glow"));
const past = (table, statement) => raw(`ALTER TABLE app.${table} DISABLE TRIGGER USER; ${statement}; ALTER TABLE app.${table} ENABLE TRIGGER USER`);

before(async () => {
  [v, owner, desk] = [await h.staff("glow", "provider"), await h.staff("glow", "owner"), await h.staff("glow", "front-desk")];
  keys = new Map();
  for (const who of [v, owner, desk]) keys.set(who, h.formOf((await who.get("/clients")).text, "/logout").values);
  me = h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email_norm = :'v2'", h.tenantId("glow"), h.staffOf("glow", "provider").email);
  device = h.one("SELECT id FROM app.resource WHERE tenant_id = :'v1' AND kind = 'device' AND is_active LIMIT 1", h.tenantId("glow"));
  lot = h.sql(`WITH p AS (INSERT INTO app.product (tenant_id, name, kind, unit) VALUES (:'v1', :'v2', 'toxin', 'units') RETURNING id, tenant_id)
    INSERT INTO app.product_lot (tenant_id, product_id, lot, expires_on, received_on) SELECT p.tenant_id, p.id, 'SIGN1', '2040-01-01', '2020-01-01' FROM p RETURNING id`,
    h.tenantId("glow"), `Toxin ${h.uuid()}`)[0][0];
});

describe("L11 L14: a treatment is signed", () => {
  test("by its provider, as it was seen; listed until then; author and time on each page; then it stands, with addenda and errors that say why", async () => {
    const id = await client(), at = await treated(id), chart = `/clients/${id}/chart`;
    const list = await v.get("/notes");
    assert.ok(list.text.includes(`href="${at}#sign"`));
    assert.ok(h.trail(list.id).some((e) => e.action === "note.list" && e.clients.includes(id)));
    assert.ok(!(await owner.get("/notes")).text.includes(at));
    assert.match(words((await v.get(chart)).text), /Not signed Noted by /);
    assert.match(words((await v.get(`${chart}/print`)).text), /Noted by .{3,60}\. Not signed\./);
    // by nobody else; and not with what she has not seen
    assert.ok(!(await owner.get(at)).text.includes(`${at}/sign`), "the page offers it to the provider alone");
    const form = await seen(at), other = await post(owner, `${at}/sign`, { seen: form.seen });
    assert.equal(other.status, 422);
    assert.match(other.text, /signed by its provider/);
    assert.equal((await post(v, `${at}/addendum`, { addendum: "too early" })).status, 422);
    await ok(`${at}/aftercare`, { aftercare: "Meanwhile" }, owner);
    const stale = await v.post(`${at}/sign`, form);
    assert.equal(stale.status, 422);
    assert.match(words(stale.text), /Something was noted of this treatment meanwhile.*Meanwhile/);
    const first = lineOf("encounter_product", at);
    await ok(`${at}/products/${first}/void`, {});
    await ok(`${at}/products`, { lot_id: lot, amount: "3", area: "chin" });
    const sign = await seen(at), signed = await v.post(`${at}/sign`, sign);
    assert.equal(signed.location, at);
    assert.equal((await v.post(`${at}/sign`, sign)).location, at, "sent twice it is one");
    assert.deepEqual(h.trail(signed.id).map((e) => [e.action, e.clients]).sort(), [["encounter.sealed", [id]], ["encounter.sign", [id]]]);
    assert.ok(!(await v.get("/notes")).text.includes(at));
    const name = h.one("SELECT name FROM app.staff WHERE id = :'v1'", me);
    for (const where of [at, chart, `${chart}/print`]) assert.match(words((await v.get(where)).text), new RegExp(`Signed by ${name}, [^.]*\\d:\\d\\d`), where);
    // what she was called then
    h.sql("SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\nUPDATE app.staff SET name = 'Married Since' WHERE id = :'v2'", h.tenantId("glow"), me);
    const later = words((await v.get(at)).text);
    h.sql("SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\nUPDATE app.staff SET name = :'v3' WHERE id = :'v2'", h.tenantId("glow"), me, name);
    assert.ok(later.includes(`Signed by ${name}`));
    // nothing comes to it any more, by no page; none offers it
    const page = (await v.get(at)).text;
    for (const to of ["products", "devices", "aftercare", "sign"]) assert.ok(!page.includes(`action="${at}/${to}"`), to);
    assert.ok(!(await v.get(`${at}/map`)).text.includes("data-map-form"));
    const point = lineOf("body_point", at);
    const product = h.one("SELECT p.name FROM app.product p JOIN app.product_lot l ON l.product_id = p.id WHERE l.id = :'v1'", lot);
    for (const [to, values, text] of [["products", { lot_id: lot, amount: "1", area: "<chin>" }, `1 units of ${product}, lot SIGN1, <chin>`], ["devices", { device_id: device, settings: "x" }, /: x$/], ["aftercare", { aftercare: "x" }, "x"],
      ["map", { drawing: "face_front", x: "1", y: "2", lot_id: lot, amount: "4", depth: "intradermal", remark: "a \"bleb\"" }, new RegExp(`^Face, front, 1, 2: 4 units of ${product}, lot SIGN1, [^:]+: a "bleb"$`)],
      [`map/${point}/move`, { drawing: "face_front", to_x: "5", to_y: "6" }, "Face, front, a point to 5, 6"]]) {
      const r = await post(v, `${at}/${to}`, values);
      assert.equal(r.status, 422, to);
      assert.match(r.text, /This treatment is signed, and stays as it is/, to);
      assert[typeof text === "string" ? "equal" : "match"](h.formOf(r.text, `${at}/addendum`).values.addendum, text, "what was typed meanwhile is not lost");
    }
    const again = await post(v, `${at}/sign`, { seen: sign.seen });
    assert.equal(again.status, 422);
    // an addendum, by whoever writes charts
    const add = h.formOf((await owner.get(at)).text, `${at}/addendum`).values;
    assert.equal((await owner.post(`${at}/addendum`, { ...add, addendum: " " })).status, 422);
    const added = await owner.post(`${at}/addendum`, { ...add, addendum: "Called: <b>swelling</b> \"gone\"" });
    assert.equal(added.location, at);
    assert.deepEqual(h.trail(added.id).map((e) => e.action).sort(), ["encounter.added", "encounter.sign"]);
    assert.equal(h.one("SELECT position('swelling' IN encode(addendum_sealed, 'escape')) FROM app.encounter_addendum WHERE encounter_id = :'v1'", at.slice(-36)), "0");
    for (const where of [at, chart, `${chart}/print`]) assert.ok(words((await v.get(where)).text).includes("Called: <b>swelling</b> \"gone\""), where);
    assert.equal((await post(desk, `${at}/addendum`, { addendum: "x" })).status, 403);
    const hers = await client();
    for (const [to, values] of [["sign", { seen: sign.seen }], ["addendum", { addendum: "x" }]]) assert.equal((await post(v, `/clients/${hers}/encounters/${at.slice(-36)}/${to}`, values)).status, 404, to);
    // an error, with why alone
    for (const [table, to] of Object.entries(lines)) {
      const mark = `${at}/${to}/${lineOf(table, at)}/void`, bare = await post(v, mark, {});
      assert.equal(bare.status, 422, table);
      assert.match(bare.text, /say why it is an error/);
      const marked = await ok(mark, { void_reason: `Wrong ${table}` });
      assert.ok(h.trail(marked.id).some((e) => e.action === "encounter.marked" && e.clients.includes(id)), table);
      assert.ok(words((await v.get(at)).text).includes(`: Wrong ${table}`));
    }
    assert.deepEqual(verify(at.slice(-36)), []);
    assert.equal((await post(v, `${at}/void`, {})).status, 422);
    await ok(`${at}/void`, { void_reason: "Another client" });
    for (const [to, values] of [["addendum", { addendum: "<late>" }], ["aftercare", { aftercare: "<late>" }]]) {
      const late = await post(v, `${at}/${to}`, values);
      assert.equal(late.status, 422);
      assert.match(late.text, /readonly>&lt;late&gt;<\/textarea>/, "what was typed meanwhile is not lost");
    }
  });

  test("what it says of its products stays: neither name nor unit changes on the page of the product; an unused one may", async () => {
    const id = await client(), name = `Kept ${h.uuid().slice(0, 8)}`;
    const [product, mine] = h.sql(`WITH p AS (INSERT INTO app.product (tenant_id, name, kind, unit) VALUES (:'v1', :'v2', 'toxin', 'units') RETURNING id, tenant_id)
      INSERT INTO app.product_lot (tenant_id, product_id, lot, expires_on, received_on) SELECT p.tenant_id, p.id, 'KEPT1', '2040-01-01', '2020-01-01' FROM p RETURNING product_id, id`, h.tenantId("glow"), name)[0];
    const to = `/settings/products/${product}`, change = (values) => post(owner, to, { name, product_kind: "toxin", unit: "units", ...values });
    assert.equal((await change({ unit: "ml" })).status, 303, "while nothing was counted in it");
    assert.equal((await change({})).status, 303);
    const at = (await ok(`/clients/${id}/encounters/new`, { done_on: day(0), provider_id: me })).location;
    await ok(`${at}/map`, { drawing: "face_front", x: "100", y: "200", lot_id: mine, amount: "1" });
    const counted = await change({ unit: "ml" });
    assert.equal(counted.status, 422);
    assert.match(counted.text, /Treatments count this product in units/);
    assert.equal((await change({ name: `${name} b` })).status, 303, "its name may change until somebody signs");
    assert.match(words((await v.get(at)).text), new RegExp(`Face, front 1[^:]*: ${name} b, 1 units`), "who signs sees the points");
    await v.post(`${at}/sign`, await seen(at));
    const r = await change({ name: "Another" });
    assert.equal(r.status, 422);
    assert.match(r.text, /Signed treatments name it so/);
    assert.equal(h.formOf(r.text, to).values.name, "Another", "what was typed is there");
    assert.equal((await change({ name: `${name} b`, product_kind: "filler" })).status, 303);
    assert.equal((await post(owner, `${to}/lots/${mine}/received`, { came_on: "2020-01-02" })).status, 303);
    assert.ok(words((await v.get(at)).text).includes(`${name} b, 1 units`));
    assert.deepEqual(verify(at.slice(-36)), []);
    past("product_lot", `UPDATE app.product_lot SET lot = 'OTHER' WHERE id = '${mine}'`);
    assert.match(verify(at.slice(-36)).join(), /treatment .* is not what was signed/);
    past("product_lot", `UPDATE app.product_lot SET lot = 'KEPT1' WHERE id = '${mine}'`);
    assert.deepEqual(verify(at.slice(-36)), []);
  });

  test("who gave it while it was noted by another signs it; one that was an error is signed by nobody", async () => {
    const id = await client(), at = (await ok(`/clients/${id}/encounters/new`, { done_on: day(0), provider_id: me }, owner)).location;
    assert.ok(!(await owner.get("/notes")).text.includes(at));
    assert.ok((await v.get("/notes")).text.includes(at));
    const form = await seen(at);
    await ok(`${at}/void`, {});
    assert.ok(!(await v.get("/notes")).text.includes(at));
    const late = await v.post(`${at}/sign`, form);
    assert.equal(late.status, 422);
    assert.match(late.text, /entered in error/);
  });

  test("signing and a line at once: the line is part of what was signed, or refused, and never beside it", async () => {
    for (let i = 0; i < 6; i++) {
      const id = await client(), at = (await ok(`/clients/${id}/encounters/new`, { done_on: day(0), provider_id: me })).location;
      const form = await seen(at);
      const both = await Promise.all([v.post(`${at}/sign`, form), post(owner, `${at}/products`, { lot_id: lot, amount: "1" })]);
      assert.deepEqual(both.map((r) => r.status).sort(), [303, 422]);
      assert.deepEqual(verify(at.slice(-36)), []);
    }
  });
});

describe("R-05 A-02: a signed treatment", () => {
  test("no role changes it; its owner past the triggers is found out; who puts it back is not", async () => {
    const id = await client(), at = await treated(id), e = at.slice(-36);
    const signed = await v.post(`${at}/sign`, await seen(at));
    await ok(`${at}/addendum`, { addendum: "After" });
    const addendum = h.one("SELECT id FROM app.encounter_addendum WHERE encounter_id = :'v1'", e);
    assert.deepEqual(h.sql("SELECT reason, request_id, client_ids[1] FROM audit.event WHERE action = 'encounter.sealed' AND object_id = :'v1'", e),
      [[h.one("SELECT encode(app.encounter_digest(x), 'hex') FROM app.encounter x WHERE id = :'v1'", e), signed.id, id]]);
    assert.deepEqual([...verify(e), ...verify(addendum)], []);
    // its owner is refused while the triggers stand
    const inserts = {
      encounter_product: `(tenant_id, client_id, encounter_id, lot_id, amount_milli, noted_by) SELECT tenant_id, client_id, id, '${lot}', 1, provider_id FROM app.encounter WHERE id = '${e}'`,
      encounter_device: `(tenant_id, client_id, encounter_id, device_id, settings_sealed, noted_by) SELECT tenant_id, client_id, id, '${device}', '\\x00', provider_id FROM app.encounter WHERE id = '${e}'`,
      encounter_advice: `(tenant_id, client_id, encounter_id, advice_sealed, noted_by) SELECT tenant_id, client_id, id, '\\x00', provider_id FROM app.encounter WHERE id = '${e}'`,
      body_point: `(tenant_id, client_id, encounter_id, drawing, x, y, noted_by) SELECT tenant_id, client_id, id, 'face_front', 1, 1, provider_id FROM app.encounter WHERE id = '${e}'`,
    };
    const changes = { encounter_product: "amount_milli = 7", encounter_device: "settings_sealed = '\\x00'", encounter_advice: "noted_at = now()", body_point: "x = 7" };
    const elsewhere = h.one("SELECT id FROM app.encounter WHERE tenant_id = :'v1' AND client_id = :'v2' AND id <> :'v3' UNION ALL SELECT :'v3'::uuid LIMIT 1", h.tenantId("glow"), id, e);
    for (const table of Object.keys(lines)) {
      const line = lineOf(table, at);
      for (const statement of [`UPDATE app.${table} SET ${changes[table]} WHERE id = '${line}'`, `UPDATE app.${table} SET noted_by = NULL, encounter_id = '${elsewhere}' WHERE id = '${line}'`, `DELETE FROM app.${table} WHERE id = '${line}'`,
        `INSERT INTO app.${table} ${inserts[table]}`, `TRUNCATE app.${table} CASCADE`]) assert.throws(() => raw(statement), /is signed|written once/, statement);
      assert.throws(() => h.sql(`UPDATE app.${table} SET ${changes[table]} WHERE id = :'v1'`, line), /is signed/, "nor the superuser, with no studio set");
    }
    for (const statement of [`UPDATE app.encounter SET done_on = done_on - 1 WHERE id = '${e}'`, `UPDATE app.encounter SET signed_at = NULL, signed_name = NULL WHERE id = '${e}'`, `DELETE FROM app.encounter WHERE id = '${e}'`,
      "TRUNCATE app.encounter CASCADE", `UPDATE app.encounter_addendum SET addendum_sealed = '\\x00' WHERE id = '${addendum}'`, `DELETE FROM app.encounter_addendum WHERE id = '${addendum}'`])
      assert.throws(() => raw(statement), /is signed|written once/, statement);
    // and past them, seen: each of its lines, added, changed, removed or marked
    for (const table of Object.keys(lines)) {
      const line = lineOf(table, at), was = h.one(`SELECT encode(convert_to(to_jsonb(r)::text, 'UTF8'), 'hex') FROM app.${table} r WHERE id = :'v1'`, line);
      const back = `DELETE FROM app.${table} WHERE encounter_id = '${e}'; INSERT INTO app.${table} SELECT * FROM jsonb_populate_record(NULL::app.${table}, convert_from(decode('${was}', 'hex'), 'UTF8')::jsonb)`;
      for (const statement of [`UPDATE app.${table} SET ${changes[table]} WHERE id = '${line}'`, `DELETE FROM app.${table} WHERE id = '${line}'`, `INSERT INTO app.${table} ${inserts[table]}`]) {
        past(table, statement);
        assert.match(verify(e).join(), /treatment .* is not what was signed/, statement);
        past(table, back);
        assert.deepEqual(verify(e), [], "put back");
      }
      past(table, `UPDATE app.${table} SET void_at = now() WHERE id = '${line}'`);
      assert.match(verify(line).join(), /error in a signed treatment .* the trail does not know of it/, table);
      past(table, back);
    }
    past("encounter", `UPDATE app.encounter SET done_on = done_on - 1 WHERE id = '${e}'`);
    assert.match(verify(e).join(), /treatment .* is not what was signed/);
    past("encounter", `UPDATE app.encounter SET done_on = done_on + 1 WHERE id = '${e}'`);
    assert.deepEqual(verify(e), []);
    const when = h.one("SELECT signed_at FROM app.encounter WHERE id = :'v1'", e), name = h.one("SELECT signed_name FROM app.encounter WHERE id = :'v1'", e);
    past("encounter", `UPDATE app.encounter SET signed_at = NULL, signed_name = NULL WHERE id = '${e}'`);
    assert.match(verify(e).join(), /treatment .* gone or no longer signed/);
    past("encounter", `UPDATE app.encounter SET signed_at = '${when}', signed_name = 'Somebody' WHERE id = '${e}'`);
    assert.match(verify(e).join(), /treatment .* is not what was signed/);
    past("encounter", `UPDATE app.encounter SET signed_name = '${name.replaceAll("'", "''")}' WHERE id = '${e}'`);
    past("encounter_addendum", `UPDATE app.encounter_addendum SET addendum_sealed = addendum_sealed || '\\x00' WHERE id = '${addendum}'`);
    assert.match(verify(addendum).join(), /addendum to a treatment .* is not what was signed/);
    past("encounter_addendum", `UPDATE app.encounter_addendum SET addendum_sealed = substr(addendum_sealed, 1, length(addendum_sealed) - 1) WHERE id = '${addendum}'`);
    assert.deepEqual([...verify(e), ...verify(addendum)], []);
    // erased with her: signed it stays, as bytes that nobody can read, and is what was signed
    h.sql("SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\nSELECT app.client_erase(:'v2'::uuid)", h.tenantId("glow"), id);
    assert.deepEqual(h.sql("SELECT count(*), count(area_sealed) FROM app.encounter_product WHERE encounter_id = :'v1'", e), [["1", "1"]]);
    assert.equal(h.one("SELECT wrapped_key IS NULL FROM app.client_key WHERE client_id = :'v1'", id), "t");
    assert.deepEqual([...verify(e), ...verify(addendum)], []);
  });
});

describe("L11: a point is moved", () => {
  test("by numbers, while the treatment is not signed: its number and what it says stay, and where it stood is kept, with who and when", async () => {
    const id = await client(), at = await treated(id), map = `${at}/map`;
    await ok(map, { drawing: "face_front", x: "300", y: "300" });
    const point = lineOf("body_point", at), to = `${map}/${point}/move`;
    const form = h.formOf((await v.get(map)).text, to).values;
    assert.deepEqual([form.to_x, form.to_y], ["100", "200"]);
    for (const [bad, said] of [[{ to_x: "1001" }, /0 to 1000/], [{ to_y: "" }, /./]]) {
      const r = await v.post(to, { ...form, ...bad });
      assert.equal(r.status, 422);
      assert.match(h.formOf(r.text, to).html + r.text, said);
      assert.match(r.text, new RegExp(`data-move="${point}" open`));
      assert.deepEqual(h.formOf(r.text, to).values.to_x, bad.to_x || "100", "what was typed is there");
    }
    const moved = await v.post(to, { ...form, to_x: "150", to_y: "260" });
    assert.equal(moved.location, `${map}?drawing=face_front`);
    assert.equal((await v.post(to, { ...form, to_x: "150", to_y: "260" })).location, moved.location, "sent twice it is one");
    assert.ok(h.trail(moved.id).some((e) => e.action === "encounter.change" && e.clients.includes(id)));
    assert.equal((await post(v, to, { drawing: "face_front", to_x: "1", to_y: "1" })).status, 404, "it stands there no more");
    const rows = h.sql("SELECT x, y, amount_milli, depth, lot_id = :'v2', void_by IS NOT NULL, was_id FROM app.body_point WHERE encounter_id = :'v1' AND (x, y) <> (300, 300) ORDER BY noted_at", at.slice(-36), lot);
    assert.deepEqual(rows, [["100", "200", "1000", "intradermal", "t", "t", ""], ["150", "260", "1000", "intradermal", "t", "f", point]]);
    const page = (await v.get(map)).text, name = h.one("SELECT name FROM app.staff WHERE id = :'v1'", me);
    assert.match(page, /cx="150" cy="260" r="14" data-point="[0-9a-f-]{36}"\/><text class="map-number" x="172" y="270">1</, "its number stays");
    assert.ok(words(page).includes("bleb"), "and its note");
    assert.match(words(page), new RegExp(`Former places 100, 200: moved to 150, 260 by ${name}, [^.]*\\d:\\d\\d`));
    assert.doesNotMatch(page, /cx="100" cy="200"/);
    assert.doesNotMatch(words((await v.get(at)).text), /Face, front 100, 200/, "which is no error");
    assert.match(words((await v.get(`/clients/${id}/chart`)).text), /Face, front 1(, [^:]*)?: Toxin \S+ 1 units/);
    // another's, another studio's, and who may not
    const hers = await client(), now = lineOf("body_point", at);
    assert.equal((await post(v, `/clients/${hers}/encounters/${at.slice(-36)}/map/${now}/move`, { drawing: "face_front", to_x: "1", to_y: "1" })).status, 404);
    assert.equal((await post(desk, `${map}/${now}/move`, { drawing: "face_front", to_x: "1", to_y: "1" })).status, 403);
    // two at once: one place follows
    const next = h.one("SELECT id FROM app.body_point WHERE was_id = :'v1'", point);
    const both = await Promise.all([1, 2].map((n) => post(v, `${map}/${next}/move`, { drawing: "face_front", to_x: String(n), to_y: "9" })));
    assert.deepEqual(both.map((r) => r.status).sort(), [303, 404]);
    assert.equal(h.one("SELECT count(*) FROM app.body_point WHERE encounter_id = :'v1' AND void_at IS NULL", at.slice(-36)), "2");
    await v.post(`${at}/sign`, await seen(at));
    assert.deepEqual(verify(at.slice(-36)), []);
    assert.match((await v.get(map)).text, /Former places/);
    assert.doesNotMatch((await v.get(map)).text, /data-move/);
  });
});
