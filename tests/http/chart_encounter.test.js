// chart_encounter.test.js -- L11: treatments with service, provider, products by lot, devices as they were set, aftercare; in order. The
// register of products; an expired lot is refused.
"use strict";
const { test, describe, before } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");
const naughty = require("./naughty");

const words = (html) => h.decode(html.slice(html.indexOf("<main")).replace(/<[^>]*>/g, "\u0000"));
let owner, v, desk, keys, product, lots;
// A day of the studio's own calendar: at no hour still to come there.
const day = (n) => new Intl.DateTimeFormat("en-CA", { timeZone: "America/New_York" }).format(new Date(Date.now() + n * 86400000));
const client = () => h.addClient(desk, { name: `Treated ${h.uuid().slice(0, 8)}` });
const post = (who, path, values) => who.post(path, { ...keys.get(who), idem: h.uuid(), ...values });
before(async () => {
  [owner, v, desk] = [await h.staff("glow", "owner"), await h.staff("glow", "provider"), await h.staff("glow", "front-desk")];
  keys = new Map();
  for (const who of [owner, v, desk]) keys.set(who, h.formOf((await who.get("/clients")).text, "/logout").values);
});

describe("the register of products", () => {
  test("a product and its lots: made once, changed, used up, put away", async () => {
    const name = `Filler ${h.uuid().slice(0, 8)}`;
    const made = await owner.submit("/settings/products/new", { name, product_kind: "filler", unit: "ml" }, { action: "/settings/products/new" });
    assert.match(made.location, /saved=1$/);
    assert.ok(h.trail(made.id).some((e) => e.action === "product.create"));
    product = made.location.match(/[0-9a-f-]{36}/)[0];
    const at = `/settings/products/${product}`;
    const twice = await post(owner, "/settings/products/new", { name, product_kind: "filler", unit: "ml" });
    assert.equal(twice.status, 422);
    assert.match(twice.text, /of this name already/);
    for (const [lot, expires_on, received_on] of [["GOOD1", day(200), day(-300)], ["OLD1", day(-1), day(-300)], ["<b>&\"'{{x}}", day(90), day(-10)]])
      assert.equal((await post(owner, `${at}/lots`, { lot, expires_on, received_on })).status, 303);
    assert.match((await post(owner, `${at}/lots`, { lot: "GOOD1", expires_on: day(10) })).text, /in the register already/);
    assert.match((await post(owner, `${at}/lots`, { lot: "BAD", expires_on: day(-10), received_on: day(0) })).text, /expired before it came/);
    lots = Object.fromEntries(h.sql("SELECT lot, id FROM app.product_lot WHERE product_id = :'v1'", product));
    assert.equal((await post(owner, `${at}/lots/${lots.GOOD1}/put`, { put: "away" })).status, 303);
    assert.match((await owner.get(at)).text, /used up/);
    assert.equal((await post(owner, `${at}/lots/${lots.GOOD1}/put`, { put: "back" })).status, 303);
    assert.equal((await post(owner, `${at}/lots/${lots.OLD1}/received`, { came_on: day(-299) })).status, 303);
    assert.match((await post(owner, `${at}/lots/${lots.OLD1}/received`, { came_on: day(0) })).text, /expired before it came/);
    assert.equal((await post(owner, at, { name: `${name} b`, product_kind: "filler", unit: "ml" })).status, 303);
    for (const put of ["away", "back"]) assert.equal((await post(owner, `${at}/put`, { put })).status, 303);
    assert.match((await owner.get("/settings/products")).text, /a lot has expired/);
    assert.ok(words((await owner.get(at)).text).includes("<b>&\"'{{x}}"));
    for (const who of [v, desk]) assert.equal((await who.get(at)).status, 403);
    const far = h.one("INSERT INTO app.product (tenant_id, name, kind, unit) VALUES (:'v1', :'v2', 'other', 'g') RETURNING id", h.tenantId("first-light"), name);
    assert.equal((await owner.get(`/settings/products/${far}`)).status, 404);
    assert.equal((await post(owner, `/settings/products/${far}/lots`, { lot: "X", expires_on: day(9) })).status, 404);
  });
});

describe("L11: treatments", () => {
  test("noted without a visit, with product, lot, device and aftercare; in order on the chart; errors marked, an expired lot refused in words", async () => {
    const id = await client(), base = `/clients/${id}/encounters`;
    const service = h.one("SELECT id FROM app.service WHERE tenant_id = :'v1' AND is_active ORDER BY name LIMIT 1", h.tenantId("glow"));
    const form = h.formOf((await v.get(`${base}/new`)).text, `${base}/new`).values;
    const typed = { ...form, appointment_id: "", service_id: service, done_on: day(-30), aftercare: "Cool it <i>today</i>" };
    const made = await v.post(`${base}/new`, typed);
    assert.equal(made.status, 303, words(made.text).slice(0, 300));
    assert.ok(h.trail(made.id).some((e) => e.action === "encounter.create" && e.clients.includes(id)));
    assert.equal((await v.post(`${base}/new`, typed)).location, made.location, "sent twice it is one");
    const one = made.location, encounter = one.slice(-36);
    assert.equal(h.one("SELECT count(*) FROM app.encounter WHERE client_id = :'v1'", id), "1");
    assert.equal(h.one("SELECT position('today' IN encode(advice_sealed, 'escape')) FROM app.encounter_advice WHERE encounter_id = :'v1'", encounter), "0");
    const twice = { ...keys.get(v), idem: h.uuid(), lot_id: lots.GOOD1, amount: "0,5", area: "lips \"<>&" };
    for (let i = 0; i < 2; i++) assert.equal((await v.post(`${one}/products`, twice)).location, one);
    const line = h.sql("SELECT id, amount_milli FROM app.encounter_product WHERE encounter_id = :'v1'", encounter);
    assert.deepEqual(line.map(([, n]) => n), ["500"]);
    // The lot had not expired on the day of the treatment; today it has: it is offered there, and one that came later is neither offered nor taken.
    const offered = async (where) => [...h.formOf((await v.get(where)).text, `${where}/products`).html.matchAll(/<option value="([0-9a-f-]{36})"/g)].map(([, x]) => x);
    const late = Object.entries(lots).find(([lot]) => lot.startsWith("<b>"))[1];
    assert.deepEqual(await (async (all) => [lots.GOOD1, lots.OLD1, late].map((x) => all.includes(x)))(await offered(one)), [true, true, false]);
    assert.match((await post(v, `${one}/products`, { lot_id: late, amount: "1" })).text, /This lot came on \d+ \w+ \d{4}, after the treatment/);
    assert.equal((await post(v, `${one}/products`, { lot_id: lots.OLD1, amount: "1" })).status, 303);
    const later = (await v.post(`${base}/new`, { ...form, idem: h.uuid(), appointment_id: "", service_id: service, done_on: day(0), aftercare: "" })).location;
    const expired = await post(v, `${later}/products`, { lot_id: lots.OLD1, amount: "1", area: "kept words" });
    assert.equal(expired.status, 422);
    assert.match(expired.text, /expired on \d+ \w+ \d{4} and must not be used/);
    assert.equal(h.formOf(expired.text, `${later}/products`).values.area, "kept words");
    assert.ok(!(await offered(later)).includes(lots.OLD1));
    // what was chosen is still chosen when something else was wrong
    const wrong = h.formOf((await post(v, `${later}/products`, { lot_id: lots.GOOD1, amount: "a lot", area: "lips" })).text, `${later}/products`).values;
    assert.deepEqual([wrong.lot_id, wrong.amount, wrong.area], [lots.GOOD1, "a lot", "lips"]);
    for (const amount of ["a lot", "0", "-1", "1e3"]) assert.equal((await post(v, `${later}/products`, { lot_id: lots.GOOD1, amount })).status, 422, amount);
    const device = h.one("SELECT id FROM app.resource WHERE tenant_id = :'v1' AND kind = 'device' AND is_active LIMIT 1", h.tenantId("glow"));
    assert.equal(h.formOf((await post(v, `${one}/devices`, { device_id: device, settings: " " })).text, `${one}/devices`).values.device_id, device);
    assert.equal((await post(v, `${one}/devices`, { device_id: device, settings: "Fluence: 12 J/cm²\nSpot: 8 mm\n<script>x</script>" })).status, 303);
    const chart = words((await v.get(`/clients/${id}/chart`)).text);
    for (const text of ["0.5 ml", "lips \"<>&", "GOOD1", "Fluence: 12 J/cm²", "<script>x</script>", "Cool it <i>today</i>"]) assert.ok(chart.includes(text), text);
    const html = (await v.get(`/clients/${id}/chart`)).text;
    assert.ok(html.indexOf(later) < html.indexOf(one), "the newest first");
    // what was told stays, and what is added stands beside it, each with who noted it and when; an error stays too, struck through
    assert.equal((await post(v, `${one}/aftercare`, { aftercare: "Sunscreen" })).status, 303);
    assert.match((await post(v, `${one}/aftercare`, { aftercare: " " })).text, /Write what the client was told/);
    const told = words((await v.get(one)).text);
    assert.ok(told.includes("Cool it <i>today</i>") && told.includes("Sunscreen"));
    assert.equal((await v.get(one)).text.match(/<small>[^<]+, [^<]*\d{4}[^<]*<\/small>/g).length, 3, "a line is its author's, as of the device and what was told");
    const setting = h.one("SELECT id FROM app.encounter_device WHERE encounter_id = :'v1'", encounter);
    assert.equal((await post(v, `${one}/devices/${setting}/void`, {})).status, 303);
    const advice = h.one("SELECT id FROM app.encounter_advice WHERE encounter_id = :'v1' ORDER BY noted_at DESC LIMIT 1", encounter);
    assert.equal((await post(v, `${one}/aftercare/${advice}/void`, {})).status, 303);
    const wrong_lot = `${one}/products/${line[0][0]}/void`;
    assert.equal((await post(v, wrong_lot, { void_reason: "x".repeat(201) })).status, 422);
    assert.equal((await post(v, wrong_lot, { void_reason: "The <b>other</b> side" })).location, one);
    assert.equal((await post(v, wrong_lot, { void_reason: "again" })).status, 404);
    const me = h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email_norm = :'v2'", h.tenantId("glow"), h.staffOf("glow", "provider").email);
    for (const table of ["encounter_product", "encounter_device", "encounter_advice"])
      assert.deepEqual(h.sql(`SELECT void_by FROM app.${table} WHERE encounter_id = :'v1' AND void_at IS NOT NULL`, encounter), [[me]], table);
    assert.equal(h.one("SELECT position('other' IN encode(void_reason_sealed, 'escape')) FROM app.encounter_product WHERE id = :'v1'", line[0][0]), "0");
    for (const where of [one, `/clients/${id}/chart`]) {
      const html = h.decode((await v.get(where)).text);
      assert.match(html, /<s>[^]*?0\.5 ml, lot GOOD1, lips[^]*?<\/s> <span class="hush">noted by [^;]+; entered in error, said [^:]+:\d\d[^:]*: The <b>other<\/b> side/, where);
      assert.match(html, /<s>[^<]*: Fluence: 12 J/, where);
      assert.match(html, /<s>Aftercare: Sunscreen<\/s>/, where);
    }
    const again = (statement) => () => h.sql(`SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\n${statement}`, h.tenantId("glow"), line[0][0]);
    assert.throws(again("UPDATE app.encounter_product SET void_at = NULL WHERE id = :'v2'"), /stays so/);
    assert.throws(again("UPDATE app.encounter_product SET void_reason_sealed = '\\x01' WHERE id = :'v2'"), /stays so/);
    assert.equal(h.one("SELECT count(*) FROM app.encounter_product WHERE encounter_id = :'v1'", encounter), "2", "what was entered in error stays");
    assert.equal((await post(v, `${one}/void`, { void_reason: "Another client" })).location, `/clients/${id}/chart`);
    assert.match((await v.get(`/clients/${id}/chart`)).text, new RegExp(`<s><a href="${one}">[^]*?</s></p>\\s*<p class="small hush">Entered in error, said [^<]*: Another client<`));
    assert.match((await v.get(one)).text, /The whole treatment was entered in error, said [^<]*: Another client/);
    assert.equal((await post(v, `${one}/aftercare`, { aftercare: "late" })).status, 422);
    assert.equal((await post(v, `${one}/devices`, { device_id: device, settings: "late" })).status, 422);
    assert.equal((await post(v, `${one}/products`, { lot_id: lots.GOOD1, amount: "1" })).status, 422);
    // erased with her: what names a place on her body goes
    await post(v, `${later}/products`, { lot_id: lots.GOOD1, amount: "1", area: "chin" });
    await post(v, `${later}/aftercare`, { aftercare: "No sun" });
    h.sql("SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\nSELECT app.client_erase(:'v2'::uuid)", h.tenantId("glow"), id);
    assert.equal(h.one("SELECT count(*) FROM app.encounter_product WHERE client_id = :'v1' AND area_sealed IS NOT NULL", id), "0");
    for (const table of ["encounter_device", "encounter_advice"]) assert.equal(h.one(`SELECT count(*) FROM app.${table} WHERE client_id = :'v1'`, id), "0", table);
    for (const table of ["encounter_product", "encounter"]) assert.equal(h.one(`SELECT count(*) FROM app.${table} WHERE client_id = :'v1' AND void_reason_sealed IS NOT NULL`, id), "0", table);
  });

  test("of a visit, by its page: the form's own values give it the visit's service, provider and day; two at once have one between them; none of a day to come", async () => {
    const [visit, id, service, staff, on] = h.sql(`SELECT a.id, a.client_id, a.service_id, a.staff_id, (a.starts_at AT TIME ZONE l.zone)::date FROM app.appointment a
      JOIN app.location l ON l.tenant_id = a.tenant_id AND l.id = a.location_id
      WHERE a.tenant_id = :'v1' AND a.status = 'done' AND NOT EXISTS (SELECT FROM app.encounter e WHERE e.appointment_id = a.id)
        AND (SELECT count(*) FROM app.appointment x WHERE x.tenant_id = a.tenant_id AND x.client_id = a.client_id) < 50 ORDER BY a.starts_at DESC LIMIT 1`, h.tenantId("glow"))[0];
    const base = `/clients/${id}/encounters/new`, from = await owner.get(`/appointments/${visit}`);
    assert.ok(from.text.includes(`href="${base}?appointment_id=${visit}"`), "the visit's page leads there");
    const form = h.formOf((await owner.get(`${base}?appointment_id=${visit}`)).text, base).values;
    assert.equal(form.appointment_id, visit);
    assert.equal(h.formOf((await owner.get(base)).text, base).values.appointment_id, "", "none is chosen by itself");
    const tomorrow = await owner.post(base, { ...form, idem: h.uuid(), done_on: day(1), provider_id: staff, service_id: service });
    assert.equal(tomorrow.status, 422);
    assert.match(tomorrow.text, /still to come/);
    const kept = h.formOf(tomorrow.text, base).values;
    assert.deepEqual([kept.appointment_id, kept.provider_id, kept.service_id, kept.done_on], [visit, staff, service, day(1)]);
    assert.equal(h.formOf((await owner.post(base, { ...form, idem: h.uuid(), appointment_id: "", done_on: day(1) })).text, base).values.appointment_id, "", "nor after a refusal");
    const both = await Promise.all([1, 2].map(() => owner.post(base, { ...form, idem: h.uuid() })));
    assert.deepEqual(both.map((r) => r.status), [303, 303]);
    assert.equal(both[0].location, both[1].location);
    assert.deepEqual(h.sql("SELECT service_id, provider_id, done_on FROM app.encounter WHERE appointment_id = :'v1'", visit), [[service, staff, on]]);
    assert.ok((await owner.get(`/appointments/${visit}`)).text.includes(`href="${both[0].location}"`), "and afterwards to what was noted");
    // a second window that says something else is told, and keeps what it says
    const late = await owner.post(base, { ...form, idem: h.uuid(), aftercare: "from the second window" });
    assert.equal(late.status, 422);
    assert.match(late.text, /has noted the treatment of this visit meanwhile/);
    const said = h.formOf(late.text, base).values;
    assert.deepEqual([said.appointment_id, said.aftercare], [visit, "from the second window"]);
    assert.equal(h.one("SELECT count(*) FROM app.encounter_advice x JOIN app.encounter e ON e.id = x.encounter_id WHERE e.appointment_id = :'v1'", visit), "0");
    const other = h.one("SELECT id FROM app.appointment WHERE tenant_id = :'v1' AND client_id <> :'v2' AND status = 'done' LIMIT 1", h.tenantId("glow"), id);
    assert.equal((await post(owner, base, { appointment_id: other })).status, 404, "another client's visit");
  });

  test("T02 T03: other clients', other studios', and who may not", async () => {
    const mine = await client(), hers = await client();
    const at = (await post(v, `/clients/${hers}/encounters/new`, { done_on: day(0) })).location, encounter = at.slice(-36);
    const wrong = `/clients/${mine}/encounters/${encounter}`;
    assert.equal((await v.get(wrong)).status, 404);
    for (const [path, values] of [["products", { lot_id: lots.GOOD1, amount: "1" }], ["aftercare", { aftercare: "x" }], ["void", {}]])
      assert.equal((await post(v, `${wrong}/${path}`, values)).status, 404, path);
    assert.equal((await desk.get(at)).status, 403);
    assert.equal((await post(desk, `${at}/products`, { lot_id: lots.GOOD1, amount: "1" })).status, 403);
    const far = h.sql(`WITH p AS (INSERT INTO app.product (tenant_id, name, kind, unit) VALUES (:'v1', :'v2', 'other', 'g') RETURNING id, tenant_id)
      INSERT INTO app.product_lot (tenant_id, product_id, lot, expires_on, received_on) SELECT tenant_id, id, 'X', '2040-01-01', '2020-01-01' FROM p RETURNING id`, h.tenantId("first-light"), h.uuid())[0][0];
    assert.notEqual((await post(v, `${at}/products`, { lot_id: far, amount: "1" })).status, 303);
    assert.equal(h.one("SELECT count(*) FROM app.encounter_product WHERE encounter_id = :'v1'", encounter), "0");
  });

  test("T12: what is typed reads back as typed", async () => {
    const id = await client(), at = (await post(v, `/clients/${id}/encounters/new`, { done_on: day(0) })).location;
    const texts = naughty.one_line.filter((s) => /[<>"'&{]/.test(s) && s.trim() === s && [...s].length <= 100).filter((s, i) => i % 6 === 0);
    for (const area of texts) await post(v, `${at}/products`, { lot_id: lots.GOOD1, amount: "1", area });
    for (const target of [at, `/clients/${id}/chart`]) {
      const page = await v.get(target), seen = words(page.text);
      for (const text of texts) assert.ok(seen.includes(text), text);
      assert.doesNotMatch(page.text.slice(page.text.indexOf("<main")), /<script>|onerror=alert\(1\)>|<img|<iframe/);
    }
  });
});
