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
    await h.until(() => told().length > 0, "nobody is told");
    assert.deepEqual(told(), [["correction", visit.values.email, "An answer from Glow Medical Spa"]]);
    // what the desk notes of a chart it does not see again
    assert.equal((await desk.submit(page, { words: "She says her note is another one's." }, { action: page, extra: { field: "chart" } })).status, 303);
    assert.ok(!(await desk.get(page)).text.includes("another one"));
  });

  test("refused: the page says what that means; she states that she disagrees, once, sealed; the studio answers; it stands with the record, on paper and in the PDF's lines", async () => {
    const at = `${visit.at}/correct`, page = `/clients/${visit.client}/corrections`, doctor = await h.staff("glow", "owner");
    const ask = async (field, words) => {
      assert.equal((await visit.v.submit(at, { words }, { action: at, extra: { field } })).status, 303);
      return h.one("SELECT id FROM app.correction WHERE client_id = :'v1' AND field = :'v2' AND decision IS NULL ORDER BY asked_at DESC LIMIT 1", visit.client, field);
    };
    const keys = h.formOf((await doctor.get(page)).text, "/logout").values, key = h.formOf((await desk.get(page)).text, "/logout").values;
    const send = (who, to, values) => who.post(`${page}/${to}`, { ...(who === doctor ? keys : key), idem: h.uuid(), ...values });
    const mine = (to, values) => visit.v.submit(at, values, { action: to });
    const asked = `No ${uniq()}`, id = await ask("chart", asked), reason = `As was measured ${uniq()}`, said = `I disagree: <b>${uniq()}</b> "so"`, answer = `Noted, yet ${uniq()}`;
    // not before it is refused
    assert.equal((await send(doctor, "disagree-chart", { correction_id: id, statement: "early" })).status, 422);
    assert.ok(!(await visit.v.get(at)).text.includes(`${at}/disagree`));
    assert.equal((await send(doctor, "decide-chart", { id, decision: "refused", reason })).status, 303);
    assert.equal((await send(doctor, "rebut-chart", { correction_id: id, statement: "to nothing" })).status, 422);
    const told = h.decode((await visit.v.get(at)).text);
    for (const words of ["Write a statement of disagreement", "Your request and this answer stay with your record", "you can complain to Glow Medical Spa", "Office for Civil Rights"]) assert.ok(told.includes(words), words);
    const empty = await mine(`${at}/disagree`, { statement: " " });
    assert.equal(empty.status, 422);
    assert.match(empty.text, /Write the statement first/);
    const form = h.formOf((await visit.v.get(at)).text, `${at}/disagree`).values;
    assert.equal(form.correction_id, id);
    const made = await visit.v.post(`${at}/disagree`, { ...form, statement: said });
    assert.equal(made.location, `${at}?stated=1`);
    assert.equal((await visit.v.post(`${at}/disagree`, { ...form, statement: said })).location, made.location, "sent twice it is one");
    assert.ok(h.trail(made.id).some((e) => e.action === "correction.disagree" && e.clients.includes(visit.client)));
    assert.deepEqual(h.sql("SELECT kind, said_by IS NULL, position(convert_to('I disagree', 'UTF8') IN statement_sealed) FROM app.correction_statement WHERE correction_id = :'v1'", id), [["disagreement", "t", "0"]]);
    const twice = await visit.v.post(`${at}/disagree`, { ...form, idem: h.uuid(), statement: "Once more" });
    assert.equal(twice.status, 422);
    assert.match(twice.text, /said already/);
    assert.match(twice.text, /readonly>Once more<\/textarea>/, "what was written is not lost");
    assert.throws(() => h.sql("UPDATE app.correction_statement SET statement_sealed = '\\x00' WHERE correction_id = :'v1'", id), /written once/);
    // the studio: of the chart, by who writes charts
    assert.ok(!h.decode((await desk.get(page)).text).includes(said), "the front desk reads what was said of the chart");
    assert.equal((await send(desk, "rebut-chart", { correction_id: id, statement: "no" })).status, 403);
    assert.notEqual((await send(desk, "rebut", { correction_id: id, statement: "no" })).status, 303);
    const rebut = h.formOf((await doctor.get(page)).text, `${page}/rebut-chart`).values;
    assert.equal(rebut.correction_id, id);
    const answered = await doctor.post(`${page}/rebut-chart`, { ...rebut, statement: answer });
    assert.equal(answered.status, 303);
    assert.ok(h.trail(answered.id).some((e) => e.action === "correction.rebut" && e.clients.includes(visit.client)));
    const again = await send(doctor, "rebut-chart", { correction_id: id, statement: "Again" });
    assert.equal(again.status, 422);
    assert.match(again.text, /readonly>Again<\/textarea>/);
    const hers = (await visit.v.get(at)).text;
    assert.ok(h.decode(hers).includes(said) && h.decode(hers).includes(answer) && !hers.includes("I disagree: <b>"), "as she wrote it, escaped");
    const provider = await h.staff("glow", "provider");
    for (const [who, where] of [[doctor, page], [provider, `/clients/${visit.client}/chart`], [provider, `/clients/${visit.client}/chart/print`], [provider, `/clients/${visit.client}`]]) {
      const r = await who.get(where), text = h.decode(r.text.slice(r.text.indexOf("<main")).replace(/<[^>]*>/g, ""));
      for (const words of [asked, reason, said, answer]) assert.ok(text.includes(words), `${where}: ${words}`);
      assert.ok(!r.text.includes("I disagree: <b>"));
    }
    assert.ok(!h.decode((await desk.get(`/clients/${visit.client}`)).text).includes(asked), "nor on her page");
    // of anything else the front desk notes what she wrote, and answers
    const other = await ask("due_date", `Another ${uniq()}`);
    assert.equal((await send(desk, "decide", { id: other, decision: "refused", reason: "As you told us" })).status, 303);
    assert.equal((await send(desk, "disagree", { correction_id: other, statement: "By letter: I do not agree" })).status, 303);
    assert.equal((await send(desk, "rebut", { correction_id: other, statement: "We read it" })).status, 303);
    assert.match(h.decode((await desk.get(`/clients/${visit.client}`)).text).replace(/<[^>]*>/g, " "), /By letter: I do not agree\s+[^,]+, [^,]+, noted by the staff/);
    // nobody else's
    const stranger = await booking.book(c, { person: { name: `Other ${uniq()}` } });
    assert.notEqual((await stranger.v.post(`${stranger.at}/correct/disagree`, { ...h.formOf((await stranger.v.get(`${stranger.at}/correct`)).text, `${stranger.at}/correct`).values, idem: h.uuid(), correction_id: other, statement: "not mine" })).status, 303);
    assert.ok(!(await stranger.v.get(`${stranger.at}/correct`)).text.includes(reason));
  });

  test("of a record that was joined to another: seen and disagreed with from that one's link, and seen at its chart", async () => {
    const one = await booking.book(c, { person: { name: `Joined ${uniq()}` } });
    const two = { client: await h.addClient(desk, { name: `Joined ${uniq()}` }) };
    const words = `Of the other record ${uniq()}`, at = `${one.at}/correct`, page = `/clients/${two.client}/corrections`;
    assert.equal((await desk.submit(page, { words }, { action: page, extra: { field: "other" } })).status, 303);
    assert.ok(!h.decode((await one.v.get(at)).text).includes(words), "while they are two people it is hers alone");
    h.sql("SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\nINSERT INTO app.client_merged (tenant_id, client_id, into_id) VALUES (:'v1', :'v2', :'v3')", h.tenantId("glow"), two.client, one.client);
    const seen = await one.v.get(at);
    assert.ok(h.decode(seen.text).includes(words));
    assert.deepEqual(h.trail(seen.id).find((e) => e.action === "correction.read").clients.sort(), [one.client, two.client].sort());
    const form = h.formOf((await desk.get(page)).text, `${page}/decide`).values;
    assert.equal((await desk.post(`${page}/decide`, { ...form, decision: "refused", reason: "It is right" })).status, 303);
    const mine = h.formOf((await one.v.get(at)).text, `${at}/disagree`).values, said = `Still wrong ${uniq()}`;
    const made = await one.v.post(`${at}/disagree`, { ...mine, statement: said });
    assert.equal(made.location, `${at}?stated=1`);
    assert.equal(h.one("SELECT client_id FROM app.correction_statement WHERE correction_id = :'v1'", form.id), two.client);
    for (const text of [(await one.v.get(at)).text, (await desk.get(`/clients/${one.client}`)).text, (await owner.get(`/clients/${one.client}/chart`)).text]) assert.ok(h.decode(text).includes(said));
    h.sql("SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\nUPDATE app.client_merged SET undone_at = now() WHERE client_id = :'v2'", h.tenantId("glow"), two.client);
    assert.ok(!h.decode((await one.v.get(at)).text).includes(words), "and no more when that is undone");
    // erased with whom it is of
    const held = () => h.sql("SELECT (SELECT count(*) FROM app.correction WHERE client_id = :'v1'), (SELECT count(*) FROM app.correction_statement WHERE client_id = :'v1')", two.client)[0];
    assert.deepEqual(held(), ["1", "1"]);
    h.sql("SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\nSELECT app.client_erase(:'v2'::uuid)", h.tenantId("glow"), two.client);
    assert.deepEqual(held(), ["0", "0"]);
  });

  test("the staff notes one for her; whoever may not change clients decides nothing", async () => {
    const page = `/clients/${visit.client}/corrections`;
    const r = await desk.submit(page, { words: "She says that she was born on another day." }, { action: page, extra: { field: "birth_date" } });
    assert.equal(r.status, 303);
    assert.equal(h.one("SELECT asked_kind FROM app.correction WHERE client_id = :'v1' AND field = 'birth_date'", visit.client), "staff");
    // Two are open: what was typed of one stands at that one alone when the page comes back.
    assert.equal((await desk.submit(page, { words: "And what she is called." }, { action: page, extra: { field: "preferred_name" } })).status, 303);
    const [one, other] = h.sql("SELECT id FROM app.correction WHERE client_id = :'v1' AND decision IS NULL AND field IN ('birth_date', 'preferred_name')", visit.client).map(([x]) => x);
    const { values } = h.formOf((await desk.get(page)).text, `${page}/decide`);
    const back = await desk.post(`${page}/decide`, { ...values, id: one, decision: "refused", reason: " " });
    assert.equal(back.status, 422);
    const parts = h.decode(back.text).split("<details").filter((x) => x.includes(`/decide"`)), partOf = (id) => parts.find((x) => x.includes(`value="${id}"`));
    assert.match(partOf(one), /^[^>]* open>[\s\S]*value="refused" checked[\s\S]*class="error" id="reason-/);
    assert.doesNotMatch(partOf(other), /^[^>]* open>| checked|class="error"/);
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
    for (const [n, phone] of [["One", "+12125550171"], ["Two", "+12125550172"]]) made.push(await h.addClient(owner, { name: `Joined ${n} ${word}`, phone }));
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
