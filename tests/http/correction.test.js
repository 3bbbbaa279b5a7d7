// correction.test.js -- B50: a client says what is wrong in her record, somebody decides with a reason, both values stay; and the
// clients as a file, which no program takes for formulas (V-04).
"use strict";
const { test, describe, before, after } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");
const booking = require("./booking_client");
const naughty = require("./naughty");

const uniq = () => h.uuid().replaceAll("-", "").slice(0, 12).replace(/[0-9]/g, (d) => "ghijklmnop"[d]);
let desk, owner, c, visit;
before(async () => {
  desk = await h.staff("glow", "front-desk");
  owner = await h.staff("glow", "owner");
  c = booking.corner("glow", {});
  visit = await booking.book(c, { person: { name: `Wrong ${uniq()}` } });
});
after(() => booking.close(c));

describe("B50 the right to have a record corrected", () => {
  test("she asks by her link, sealed; it waits; decided with a reason, which she reads; both values are kept", async () => {
    const at = `${visit.at}/correct`, words = `My name is written "${uniq()}" <b>wrongly</b>`;
    assert.match((await visit.v.get(`${visit.at}/visit`)).text, /Is something wrong in my record/);
    const asked = await visit.v.submit(at, { words }, { action: at, extra: { field: "name" } });
    assert.equal(asked.location, `${at}?sent=1`);
    assert.ok(h.trail(asked.id).some((e) => e.action === "correction.ask" && e.clients.includes(visit.client)));
    const [id, sealed] = h.sql("SELECT id, words_sealed IS NOT NULL AND position(convert_to(:'v2', 'UTF8') IN words_sealed) = 0 FROM app.correction WHERE client_id = :'v1'", visit.client, words)[0];
    assert.equal(sealed, "t");
    assert.match((await visit.v.get(at)).text, /Being looked at/);
    const list = await desk.get("/clients/corrections");
    assert.ok(list.text.includes(`/clients/${visit.client}/corrections"`));
    const page = `/clients/${visit.client}/corrections`;
    assert.ok(h.decode((await desk.get(page)).text).includes(words));
    const bare = await desk.submit(page, { reason: " " }, { action: `${page}/decide`, extra: { decision: "corrected" } });
    assert.equal(bare.status, 422);
    const was = h.one("SELECT name FROM app.client WHERE id = :'v1'", visit.client), now = `Right ${uniq()}`;
    await desk.submit(`/clients/${visit.client}/edit`, { name: now }, { action: /\/edit$/ });
    const keys = h.formOf((await desk.get(page)).text, `${page}/decide`).values;
    const reason = `As your passport says, ${uniq()}`;
    const decided = await desk.post(`${page}/decide`, { ...keys, decision: "corrected", reason });
    assert.equal(decided.status, 303);
    assert.ok(h.trail(decided.id).some((e) => e.action === "correction.decide" && e.clients.includes(visit.client)));
    assert.deepEqual(h.sql("SELECT decision, decided_by IS NOT NULL, position(convert_to(:'v2', 'UTF8') IN reason_sealed) FROM app.correction WHERE id = :'v1'", id, reason), [["corrected", "t", "0"]]);
    assert.deepEqual(h.sql("SELECT was, is_now FROM app.client_change WHERE client_id = :'v1' AND field = 'name'", visit.client), [[was, now]]);
    const hers = h.decode((await visit.v.get(at)).text);
    assert.ok(hers.includes(reason) && hers.includes("Corrected"));
    const twice = await desk.post(`${page}/decide`, { ...keys, idem: h.uuid(), decision: "refused", reason: "Another one" });
    assert.equal(twice.status, 422);
    assert.match(twice.text, /decided already/);
  });

  test("what she says of her chart is read and decided by who writes charts alone; she is mailed a link to the answer", async () => {
    const at = `${visit.at}/correct`, page = `/clients/${visit.client}/corrections`, words = `My allergy is ${uniq()}`;
    assert.equal((await visit.v.submit(at, { words }, { action: at, extra: { field: "chart" } })).status, 303);
    const id = h.one("SELECT id FROM app.correction WHERE client_id = :'v1' AND field = 'chart'", visit.client);
    assert.ok(!(await desk.get(page)).text.includes(words), "the front desk reads what was said of the chart");
    const keys = h.formOf((await desk.get(page)).text, "/logout").values;
    assert.notEqual((await desk.post(`${page}/decide`, { ...keys, idem: h.uuid(), id, decision: "refused", reason: "no" })).status, 303);
    assert.equal(h.one("SELECT decision IS NULL FROM app.correction WHERE id = :'v1'", id), "t");
    const doctor = await h.staff("glow", "owner"), seen = (await doctor.get(page)).text;
    assert.ok(seen.includes(words) && seen.includes("To be answered by"));
    const form = h.formOf(seen, `${page}/decide-chart`).values;
    assert.equal((await doctor.post(`${page}/decide-chart`, { ...form, decision: "corrected", reason: "It is noted now." })).status, 303);
    const told = () => h.sql("SELECT m.kind, m.to_address, m.subject FROM app.message m WHERE m.dedupe_key = 'correction:' || :'v1'", id);
    for (let i = 0; i < 100 && told().length === 0; i++) await new Promise((done) => setTimeout(done, 100));
    assert.deepEqual(told(), [["correction", visit.values.email, "An answer from Glow Medical Spa"]]);
    // what the desk notes of a chart it does not see again
    assert.equal((await desk.submit(page, { words: "She says her note is another one's." }, { action: page, extra: { field: "chart" } })).status, 303);
    assert.ok(!(await desk.get(page)).text.includes("another one"));
  });

  test("the staff notes one for her; whoever may not change clients decides nothing", async () => {
    const page = `/clients/${visit.client}/corrections`;
    const r = await desk.submit(page, { words: "She says that she was born on another day." }, { action: page, extra: { field: "birth_date" } });
    assert.equal(r.status, 303);
    assert.equal(h.one("SELECT asked_kind FROM app.correction WHERE client_id = :'v1' AND field = 'birth_date'", visit.client), "staff");
    const provider = await h.staff("glow", "provider");
    const seen = (await provider.get(page)).text;
    assert.ok(!/\/decide"/.test(seen));
    const keys = h.formOf(seen, "/logout").values;
    assert.equal((await provider.post(`${page}/decide`, { ...keys, idem: h.uuid(), id: h.uuid(), decision: "refused", reason: "no" })).status, 403);
  });
});

describe("V-04 the clients as a file", () => {
  test("what a spreadsheet would carry out is text; after a fresh proof only; in the trail with everybody in it", async () => {
    const formulas = naughty.one_line.filter((s) => /^[=+\-@]/.test(s) && s.length < 100);
    const made = [];
    for (const name of formulas) {
      const r = await owner.submit("/clients/new", { name }, { action: "/clients/new" });
      if (r.status === 303) made.push([r.location.slice(-36), name.trim()]);
    }
    assert.ok(made.length >= 5);
    const r = await owner.get("/clients/clients.csv");
    assert.equal(r.status, 200);
    assert.match(r.headers["content-disposition"], /attachment; filename="clients\.csv"/);
    const firsts = [...r.text.matchAll(/(?:^|\r\n)"((?:[^"]|"")*)"/g)].map(([, x]) => x.replaceAll('""', '"'));
    assert.equal(firsts[0], "name");
    for (const [, name] of made) assert.ok(firsts.includes(`'${name}`), name);
    assert.ok([...r.text.matchAll(/(?:^|,|\r\n)"([=+\-@\t\r])/g)].length === 0, "a cell begins like a formula");
    const named = h.trail(r.id).find((e) => e.action === "client.export").clients;
    for (const [id] of made) assert.ok(named.includes(id));
    assert.equal((await desk.get("/clients/clients.csv")).status, 403);
    // Nobody is called "-0" in what other tests look at.
    h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v2', true) \\g /dev/null
      UPDATE app.client SET name = 'Formula ' || right(id::text, 6) WHERE id = ANY (string_to_array(:'v1', ',')::uuid[]); COMMIT`, made.map(([id]) => id).join(","), h.tenantId("glow"));
  });

  test("L10 A-02: joined records are one line with the numbers and guardians of all, and one row of the trail names each", async () => {
    const word = h.uuid().slice(0, 8), made = [];
    for (const [n, phone] of [["One", "+12125550171"], ["Two", "+12125550172"]]) made.push((await owner.submit("/clients/new", { name: `Joined ${n} ${word}`, phone, is_new: "true" }, { action: "/clients/new", extra: { is_new: "true" } })).location.slice(-36));
    const [[tag]] = h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true) \\g /dev/null
      INSERT INTO app.tag (name) VALUES (:'v4') RETURNING id \\gset
      INSERT INTO app.client_tag (client_id, tag_id) VALUES (:'v3', :'id') \\g /dev/null
      INSERT INTO app.client_contact (client_id, kind, value) VALUES (:'v2', 'email', 'one@joined.example'), (:'v3', 'email', 'two@joined.example'), (:'v3', 'phone', '+12125550173'), (:'v3', 'phone', '+12125550171') \\g /dev/null
      INSERT INTO app.client_guardian (client_id, relation, name) VALUES (:'v2', 'parent', 'Same Mother'), (:'v3', 'parent', 'Same Mother'), (:'v3', 'carer', 'Other Carer') \\g /dev/null
      INSERT INTO app.client_merged (client_id, into_id) VALUES (:'v3', :'v2') \\g /dev/null
      SELECT :'id'; COMMIT`, h.tenantId("glow"), ...made, `Joined ${word}`);
    const r = await owner.get(`/clients/clients.csv?tag=${tag}`);
    const lines = r.text.trim().split("\r\n");
    assert.equal(lines.length, 2, r.text);
    for (const words of [`"Joined One ${word}"`, `"'+12125550173, +12125550172"`, '"one@joined.example, two@joined.example"', '"Same Mother, parent, may sign; Other Carer, carer, may sign"', `"Joined ${word}"`]) assert.ok(lines[1].includes(words), `${words} in ${lines[1]}`);
    assert.ok(!r.text.includes("Joined Two"));
    assert.deepEqual(h.trail(r.id).filter((e) => e.action === "client.export").map((e) => [...e.clients].sort()), [[...made].sort()]);
    assert.match((await owner.get(`/clients/files?tag=${tag}`)).text, /1 to 1, by name/);
  });
});
