// client.test.js -- finding a client, her page at the front desk, her chart.
"use strict";
const { test, describe } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");

const glow = () => h.tenantId("glow");
const rowsOf = (html) => [...html.matchAll(/\/clients\/([0-9a-f-]{36})(?:\/chart)?"/g)].map(([, id]) => id);
const uniq = () => h.uuid().replaceAll("-", "").slice(0, 12).replace(/[0-9]/g, (d) => "ghijklmnop"[d]);

describe("L10 finding a client", () => {
  test("by the beginning of any word of the name, in any order, without accents; by e-mail; by phone", async () => {
    const v = await h.staff("glow", "front-desk");
    const word = uniq();
    const id = await h.addClient(v, { name: `Éloïse Ångström-${word}`, preferred_name: "Lulu", email: `eloise.${word}@mail.example`,
      phone: "(646) 555-0187", birth_date: "1984-02-29" });
    for (const q of [word, word.slice(0, 8), word.toUpperCase(), `eloise ${word}`, `${word} ÉLOÏSE`, `${word.slice(0, 9)} angstr`, `lulu ${word}`,
      `eloise.${word}@mail.example`, `eloise.${word}@ma`]) {
      const r = await v.get(`/clients?q=${encodeURIComponent(q)}`);
      assert.equal(r.status, 200);
      assert.ok(rowsOf(r.text).includes(id), `'${q}' did not find her`);
    }
    for (const q of ["6465550187", "(646) 555-0187", "+1 646 555 0187", "0187"])
      assert.ok(rowsOf((await v.get(`/clients?q=${encodeURIComponent(q)}`)).text).includes(id), `'${q}' did not find her`);
    for (const q of [`x${word}`, `${word} nobody`, "'; --", "%", "*"])
      assert.ok(!rowsOf((await v.get(`/clients?q=${encodeURIComponent(q)}`)).text).includes(id), `'${q}' found her`);
  });

  test("L18: a list of hits names exactly those in the trail; an empty one leaves its row too", async () => {
    const v = await h.staff("glow", "front-desk");
    const r = await v.get("/clients?q=ma");
    const shown = [...new Set(rowsOf(r.text))].sort();
    assert.ok(shown.length > 0 && shown.length <= 50);
    assert.deepEqual([...h.trail(r.id).find((e) => e.action === "client.search").clients].sort(), shown);
    const none = await v.get("/clients?q=qqqqzzzz");
    assert.match(none.text, /Nobody is found/);
    assert.deepEqual(h.trail(none.id).find((e) => e.action === "client.search").clients, []);
  });
});

describe("the page at the front desk", () => {
  test("contact details are changed; a bad phone number keeps what was typed and says so beside the field", async () => {
    const v = await h.staff("glow", "front-desk");
    const id = await h.addClient(v, { name: `Page ${uniq()}`, birth_date: "1990-05-05" });
    const bad = await v.submit(`/clients/${id}/edit`, { name: "Changed Name", phone: "212 155 0100" }, { action: /\/edit$/ });
    assert.equal(bad.status, 422);
    assert.match(bad.text, /value="Changed Name"/);
    assert.match(bad.text, /id="phone-error">/);
    const r = await v.submit(`/clients/${id}/edit`, { name: "Changed Name", phone: "+49 30 901820" }, { action: /\/edit$/ });
    assert.equal(r.location, `/clients/${id}`);
    assert.deepEqual(h.sql(`SELECT name, phone, birth_date::text FROM app.client WHERE id = :'v1'`, id), [["Changed Name", "+4930901820", "1990-05-05"]]);
    assert.ok(h.trail(r.id).some((e) => e.action === "client.update" && e.clients.includes(id)));
  });

  test("T03: it shows allergies, visits and forms, but no note or answer, and says so", async () => {
    const v = await h.staff("glow", "front-desk");
    const id = h.one(`SELECT n.client_id FROM app.chart_note n JOIN app.allergy y ON y.client_id = n.client_id AND y.ended_at IS NULL
      WHERE n.tenant_id = :'v1' AND n.state = 'signed' LIMIT 1`, glow());
    const page = await v.get(`/clients/${id}`);
    assert.match(page.text, /class="allergy is-/);
    assert.match(page.text, /does not open charts/);
    assert.doesNotMatch(page.text, /\/chart"/);
    const chart = await v.get(`/clients/${id}/chart`);
    assert.equal(chart.status, 403);
    assert.ok(h.trail(chart.id).some((e) => e.outcome === "refused" && e.reason === "denied" && e.action === "chart.read"));
  });

  test("a fresh form link goes by the outbox, sealed; without an e-mail address it is refused in words", async () => {
    const v = await h.staff("glow", "front-desk");
    const id = await h.addClient(v, { name: `Link ${uniq()}`, email: `link.${uniq()}@mail.example`, birth_date: "1980-01-02" });
    const r = await v.submit(`/clients/${id}`, {}, { action: /\/form-link$/ });
    assert.equal(r.location, `/clients/${id}?sent=form_link`);
    assert.deepEqual(h.sql(`SELECT kind, body IS NULL, body_sealed IS NOT NULL, link_sealed IS NOT NULL FROM app.message WHERE client_id = :'v1'`, id),
      [["form_link", "t", "t", "t"]]);
    assert.equal(h.one(`SELECT purpose FROM app.link WHERE client_id = :'v1'`, id), "form");
    assert.ok(h.trail(r.id).some((e) => e.action === "form.send" && e.clients.includes(id)));
    const other = await h.addClient(v, { name: `Link ${uniq()}`, birth_date: "1980-01-02" });
    const { values } = h.formOf((await v.get(`/clients/${other}`)).text, /form-link$/);
    const no = await v.post(`/clients/${other}/form-link`, values);
    assert.equal(no.status, 422);
    assert.match(no.text, /no e-mail address/);
  });
});

describe("the chart", () => {
  test("L14: a draft may change, a signed note stays; what comes later is added to it", async () => {
    const desk = await h.staff("glow", "front-desk"), v = await h.staff("glow", "provider");
    const id = await h.addClient(desk, { name: `Chart ${uniq()}`, birth_date: "1975-07-07" });
    const chart = `/clients/${id}/chart`;
    const empty = await v.submit(chart, { body: "   " }, { action: `/clients/${id}/notes` });
    assert.equal(empty.status, 422);
    assert.match(empty.text, /Write the note first/);

    const secret = `<b>first</b> words ${uniq()}`;
    const kept = await v.submit(chart, { body: secret }, { action: `/clients/${id}/notes` });
    assert.equal(kept.location, chart);
    assert.ok(h.trail(kept.id).some((e) => e.action === "note.create" && e.clients.includes(id)));
    const noteId = h.one(`SELECT id FROM app.chart_note WHERE client_id = :'v1'`, id);
    assert.equal(h.one(`SELECT position(convert_to(:'v2', 'UTF8') IN body_sealed) FROM app.chart_note WHERE id = :'v1'`, noteId, secret), "0");

    let page = (await v.get(chart)).text;
    assert.ok(h.decode(page).includes(secret) && !page.includes("<b>first"), "the draft is not shown, or not escaped");
    const keys = h.formOf(page, `/clients/${id}/notes`).values;
    const changed = await v.post(`/clients/${id}/notes`, { ...keys, id: noteId, version: "1", body: "second words" });
    assert.equal(changed.status, 303);
    assert.equal(h.one(`SELECT count(*) FROM app.chart_note WHERE client_id = :'v1'`, id), "1");

    page = (await v.get(chart)).text;
    const signed = await v.post(`/clients/${id}/notes/sign`, { ...h.formOf(page, `/clients/${id}/notes`).values, id: noteId, version: "2", body: "final words" });
    assert.equal(signed.status, 303);
    assert.ok(h.trail(signed.id).some((e) => e.action === "note.sign"));
    page = (await v.get(chart)).text;
    assert.match(page, /final words/);
    assert.match(page, /Signed \w+ \d+ \w+ \d{4}/);
    const late = await v.post(`/clients/${id}/notes`, { ...h.formOf(page, `/clients/${id}/notes`).values, id: noteId, body: "rewritten" });
    assert.equal(late.status, 422);
    assert.match(late.text, /This note is signed/);

    const added = await v.submit(chart, { addendum: "an afterthought" }, { action: new RegExp(`${noteId}/addendum$`) });
    assert.equal(added.status, 303);
    page = (await v.get(chart)).text;
    assert.ok(page.indexOf("final words") < page.indexOf("an afterthought"));
  });

  test("a draft is its author's: nobody else may change it", async () => {
    const desk = await h.staff("glow", "front-desk"), v = await h.staff("glow", "provider"), w = await h.staff("glow", "owner");
    const id = await h.addClient(desk, { name: `Draft ${uniq()}` });
    await v.submit(`/clients/${id}/chart`, { body: "mine" }, { action: `/clients/${id}/notes` });
    const noteId = h.one(`SELECT id FROM app.chart_note WHERE client_id = :'v1'`, id);
    const { values } = h.formOf((await w.get(`/clients/${id}/chart`)).text, `/clients/${id}/notes`);
    assert.equal((await w.post(`/clients/${id}/notes`, { ...values, id: noteId, body: "not mine" })).status, 403);
    assert.match((await v.get(`/clients/${id}/chart`)).text, />mine</);
  });

  test("L12: an allergy is noted, stands on every page of the client, and is ended", async () => {
    const desk = await h.staff("glow", "front-desk"), v = await h.staff("glow", "provider");
    const id = await h.addClient(desk, { name: `Allergy ${uniq()}` });
    assert.match((await v.get(`/clients/${id}/chart`)).text, /Not asked yet/);
    const substance = `Latex ${uniq()}`;
    const r = await v.submit(`/clients/${id}/chart`, { substance, reaction: "hives" }, { action: `/clients/${id}/allergies`, extra: { severity: "severe" } });
    assert.equal(r.status, 303);
    assert.ok(h.trail(r.id).some((e) => e.action === "allergy.create"));
    for (const page of [`/clients/${id}/chart`, `/clients/${id}`, `/appointments/new?client_id=${id}`])
      assert.ok((await desk.get(page)).text.includes(substance) || page.endsWith("chart"), page);
    const chart = await v.get(`/clients/${id}/chart`);
    assert.match(chart.text, new RegExp(`allergy is-severe"><strong>${substance}`));
    const end = await v.submit(`/clients/${id}/chart`, {}, { action: /\/end$/ });
    assert.equal(end.status, 303);
    assert.match((await v.get(`/clients/${id}/chart`)).text, /Not asked yet/);
  });

  test("L13: signed consents stand in the chart with a link to their evidence", async () => {
    const v = await h.staff("glow", "provider");
    const [client, signature] = h.sql(`SELECT client_id, id FROM app.signature WHERE tenant_id = :'v1' ORDER BY id LIMIT 1`, glow())[0];
    const page = await v.get(`/clients/${client}/chart`);
    assert.ok(page.text.includes(`/clients/${client}/signatures/${signature}"`));
  });

  test("a chart that is read is in the trail as such", async () => {
    const v = await h.staff("glow", "provider");
    const id = h.one(`SELECT client_id FROM app.chart_note WHERE tenant_id = :'v1' LIMIT 1`, glow());
    const r = await v.get(`/clients/${id}/chart`);
    assert.deepEqual(h.trail(r.id).filter((e) => e.outcome === "ok").map((e) => [e.action, e.clients]), [["chart.read", [id]]]);
  });
});
