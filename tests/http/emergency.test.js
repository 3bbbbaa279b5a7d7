// emergency.test.js -- T04 R-03: a chart that one's role does not open, opened with a reason, for half an hour, to read only.
"use strict";
const { test, describe } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");

const label = "first-light";
const tenant = () => h.tenantId(label);
const me = () => h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email_norm = :'v2'", tenant(), h.staffOf(label, "scanner").email);
// Clients whom she has not seen, with a date of birth and a name that nobody else has on that day.
const others = (n) => h.sql(`SELECT c.id, c.name, c.birth_date::text FROM app.client c
  WHERE c.tenant_id = :'v1' AND c.birth_date IS NOT NULL AND EXISTS (SELECT FROM app.signature s WHERE s.tenant_id = c.tenant_id AND s.client_id = c.id)
    AND NOT EXISTS (SELECT FROM app.appointment a WHERE a.tenant_id = c.tenant_id AND a.client_id = c.id AND a.staff_id = :'v2')
    AND NOT EXISTS (SELECT FROM app.emergency e WHERE e.tenant_id = c.tenant_id AND e.client_id = c.id AND e.staff_id = :'v2')
    AND c.name LIKE '% %' -- the tests give half of it
    AND NOT EXISTS (SELECT FROM app.client d WHERE d.tenant_id = c.tenant_id AND d.id <> c.id AND d.name_norm = c.name_norm AND d.birth_date = c.birth_date)
  ORDER BY c.id LIMIT ${n}`, tenant(), me());
const forget = () => h.sql("DELETE FROM sec.throttle");
const reason = "Collapsed in the hall, provider away";
const fresh = async (role = "scanner") => { forget(); return h.staff(label, role, { fresh: true }); };
const open = (v, values, at = "/emergency") => v.submit(at, { reason, ...values }, { action: "/emergency" });
const cases = (client) => h.sql("SELECT id, reason, until - opened_at, ended_at IS NULL FROM app.emergency WHERE tenant_id = :'v1' AND client_id = :'v2' ORDER BY opened_at DESC", tenant(), client);
const mails = () => Number(h.one("SELECT count(*) FROM app.message WHERE tenant_id = :'v1' AND kind = 'account_emergency'", tenant()));

test("R-03 S-12: owners choose the privacy officer; nobody makes herself the one who signs her off", async () => {
  const was = h.one("SELECT privacy_officer FROM app.tenant WHERE id = :'v1'", tenant()), v = await fresh("manager");
  const id = h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email_norm = lower(:'v2')", tenant(), h.staffOf(label, "manager").email);
  const page = await v.get("/emergency/reviews");
  assert.doesNotMatch(page.text, /action="\/emergency\/officer"/);
  const r = await v.post("/emergency/officer", { ...h.formOf(page.text, "/logout").values, idem: h.uuid(), officer: id });
  assert.equal(r.status, 422);
  assert.match(r.text, /Only an owner chooses/);
  assert.equal(h.one("SELECT privacy_officer FROM app.tenant WHERE id = :'v1'", tenant()), was);
  const owner = await fresh("owner");
  assert.equal((await owner.submit("/emergency/reviews", { officer: was }, { action: "/emergency/officer" })).status, 303);
});
describe("T04 R-03: break-glass", () => {
  test("by name and date of birth, exactly: the chart opens, with a banner, for thirty minutes, and the privacy officer is told", async () => {
    const v = await fresh(), [[client, name, born]] = others(1), was = mails();
    assert.equal((await v.get(`/clients/${client}/chart`)).status, 404, "before");
    const r = await open(v, { name: ` ${name.toUpperCase()} `, birth_date: born });
    assert.equal(r.status, 303);
    assert.equal(r.location, `/clients/${client}/chart`);
    const row = h.trail(r.id).find((e) => e.action === "emergency.open");
    assert.equal(row.reason, reason);
    assert.deepEqual(row.clients, [client]);
    const chart = await v.get(`/clients/${client}/chart`);
    assert.equal(chart.status, 200);
    assert.match(chart.text, /Opened in an emergency/);
    assert.match(chart.text, /End now/);
    assert.doesNotMatch(chart.text, /Sign and add|chart\/notes|name="substance"/, "nothing to write with");
    assert.ok(h.trail(chart.id).some((e) => e.action === "chart.read" && e.reason === "in an emergency"), "what is shown meanwhile is marked");
    assert.match((await v.get(`/clients/${client}`)).text, /Opened in an emergency/, "on each of her pages");
    const signature = h.one("SELECT id FROM app.signature WHERE tenant_id = :'v1' AND client_id = :'v2' LIMIT 1", tenant(), client);
    const signed = await v.get(`/clients/${client}/signatures/${signature}`);
    assert.equal(signed.status, 200);
    assert.match(signed.text, /Opened in an emergency/);

    const [[id, why, length]] = cases(client);
    assert.equal(why, reason);
    assert.equal(length, "00:30:00");
    assert.equal(mails(), was + 1, "one mail");
    const [to, subject] = h.sql("SELECT to_staff, subject FROM app.message WHERE tenant_id = :'v1' AND kind = 'account_emergency' ORDER BY created_at DESC LIMIT 1", tenant())[0];
    assert.equal(to, h.one("SELECT privacy_officer FROM app.tenant WHERE id = :'v1'", tenant()));
    assert.ok(!subject.includes(name));
    assert.equal((await open(v, { name, birth_date: born })).status, 303, "again while it is open: the same one");
    assert.equal(cases(client).length, 1);
    assert.equal(mails(), was + 1);

    // write attempts
    const keys = h.formOf(chart.text, "/logout").values;
    const notes = () => h.one("SELECT (SELECT count(*) FROM app.chart_note WHERE client_id = :'v1') + (SELECT count(*) FROM app.allergy WHERE client_id = :'v1')", client);
    const before = notes();
    for (const [at, body] of [["notes", { body: "x" }], ["notes/sign", { body: "x" }], ["allergies", { substance: "x", severity: "mild" }]]) {
      const w = await v.post(`/clients/${client}/${at}`, { ...keys, ...body, idem: h.uuid() });
      assert.ok([403, 404].includes(w.status), `${at}: ${w.status}`);
    }
    assert.equal(notes(), before);

    // another session of hers reads it too; nobody else does
    assert.equal((await v.post(`/emergency/${id}/end`, { ...keys, idem: h.uuid() })).status, 303);
    assert.equal((await v.get(`/clients/${client}/chart`)).status, 404, "ended: closed again");
    assert.ok(Number(h.one("SELECT count(*) FROM audit.event WHERE tenant_id = :'v1' AND action = 'emergency.end' AND object_id = :'v2'", tenant(), id)) === 1);
  });
  test("after its time the chart is closed", async () => {
    const v = await fresh(), [[client, name, born]] = others(1);
    assert.equal((await open(v, { name, birth_date: born })).status, 303);
    assert.equal((await v.get(`/clients/${client}/chart`)).status, 200);
    h.sql("UPDATE app.emergency SET opened_at = opened_at - interval '31 minutes', until = until - interval '31 minutes' WHERE client_id = :'v1' AND ended_at IS NULL", client);
    assert.equal((await v.get(`/clients/${client}/chart`)).status, 404);
    assert.equal((await v.get(`/clients/${client}`)).status, 404);
  });
  test("without a reason, with nine letters, or none of the two: refused, and what was typed stays", async () => {
    const v = await fresh(), [[client, name, born]] = others(1);
    for (const bad of [{ reason: "" }, { reason: "  too short " }, { name: "" }, { birth_date: "" }]) {
      const r = await open(v, { name, birth_date: born, ...bad });
      assert.equal(r.status, 422, JSON.stringify(bad));
      if (bad.name !== "") assert.equal(h.formOf(r.text, "/emergency").values.name, name);
    }
    assert.deepEqual(cases(client), []);
    assert.equal((await v.get(`/clients/${client}/chart`)).status, 404);
  });
  test("without having proved of late who she is: refused", async () => {
    const v = await fresh(), [[client, name, born]] = others(1);
    h.sql("UPDATE sec.session SET proved_at = now() - interval '6 minutes' WHERE tenant_id = :'v1' AND staff_id = :'v2'", tenant(), me());
    const r = await open(v, { name, birth_date: born });
    assert.equal(r.status, 422);
    assert.match(r.text, /confirm that it is you/i);
    assert.equal(h.formOf(r.text, "/emergency").values.name, name);
    assert.deepEqual(cases(client), []);
  });
  test("a name that is wrong says nothing, is written down, and is not tried for long", async () => {
    const v = await fresh(), [[client, name, born]] = others(1);
    const wrong = [{ name: name.slice(0, -1), birth_date: born }, { name, birth_date: "1901-02-03" }, { name: "Nobody Here", birth_date: born }, { name: "%", birth_date: born }, { name: name.split(" ")[0], birth_date: born }];
    for (const values of wrong) {
      const r = await open(v, values);
      assert.equal(r.status, 422);
      assert.match(r.text, /Nobody has exactly/);
      assert.ok(!r.text.includes(client));
      assert.ok(h.trail(r.id).some((e) => e.action === "emergency.open" && e.outcome === "failed"), "not in the trail");
    }
    assert.equal((await open(v, { name, birth_date: born })).status, 429, "after five wrong ones the right one has to wait");
    assert.deepEqual(cases(client), []);
    forget();
  });
  test("who holds no such right is refused, and a client out of sight is not opened by her id", async () => {
    const [[client]] = others(1);
    for (const role of ["front-desk", "biller"]) assert.equal((await (await fresh(role)).get("/emergency")).status, 403, role);
    const v = await fresh(), page = await v.get("/emergency");
    const r = await v.post("/emergency", { ...h.formOf(page.text, "/emergency").values, client_id: client, reason });
    assert.equal(r.status, 404);
    assert.deepEqual(cases(client), []);
  });
  test("whose role opens the chart anyway is told so", async () => {
    const v = await fresh("provider"), [[client, name, born]] = others(1);
    const r = await open(v, { name, birth_date: born });
    assert.equal(r.status, 422);
    assert.match(r.text, /opens this chart already/);
    assert.deepEqual(cases(client), []);
  });
  test("the privacy officer finds it in the queue and signs it off; nobody signs her own, none twice", async () => {
    const v = await fresh(), [[client, name, born]] = others(1);
    assert.equal((await open(v, { name, birth_date: born })).status, 303);
    await v.get(`/clients/${client}/chart`);
    const [[id]] = cases(client), officer = await fresh("auditor"), owner = await fresh("owner"), at = `/emergency/reviews/${id}`;
    let queue = await officer.get("/emergency/reviews");
    assert.equal(queue.status, 200);
    assert.ok(h.decode(queue.text).includes(reason));
    assert.match(queue.text, /Still open/);
    const keys = (page) => h.formOf(page.text, "/logout").values;
    assert.equal((await officer.post(at, { ...keys(queue), verdict: "justified", idem: h.uuid() })).status, 422, "not while it is open");
    assert.equal((await v.post(`/emergency/${id}/end`, { ...keys(await v.get("/emergency")), idem: h.uuid() })).status, 303);
    assert.equal((await owner.post(at, { ...keys(await owner.get("/emergency/reviews")), verdict: "justified", idem: h.uuid() })).status, 403, "it is the officer's");
    assert.equal((await officer.post(at, { ...keys(queue), idem: h.uuid() })).status, 422, "without a verdict");
    queue = await officer.get("/emergency/reviews");
    assert.match(queue.text, new RegExp(`action="${at}"`));
    assert.equal((await officer.submit("/emergency/reviews", { verdict: "not_justified", review_note: "Talked it over." }, { action: at })).status, 303);
    const [verdict, by, note] = h.sql("SELECT verdict, reviewed_by, review_note FROM app.emergency WHERE id = :'v1'", id)[0];
    assert.equal(verdict, "not_justified");
    assert.equal(note, "Talked it over.");
    assert.equal(by, h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email_norm = :'v2'", tenant(), h.staffOf(label, "auditor").email));
    assert.equal((await officer.post(at, { ...keys(queue), verdict: "justified", idem: h.uuid() })).status, 422, "not twice");
    assert.match((await officer.get("/emergency/reviews")).text, /Not justified/);
  });
  test("without an officer the owners are told", async () => {
    const was = h.one("SELECT privacy_officer FROM app.tenant WHERE id = :'v1'", tenant());
    const owner = await fresh("owner");
    assert.equal((await owner.submit("/emergency/reviews", { officer: "" }, { action: "/emergency/officer" })).status, 303);
    try {
      const v = await fresh(), [[client, name, born]] = others(1);
      assert.equal((await open(v, { name, birth_date: born })).status, 303);
      const to = h.one("SELECT to_staff FROM app.message WHERE tenant_id = :'v1' AND kind = 'account_emergency' ORDER BY created_at DESC LIMIT 1", tenant());
      assert.equal(to, h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email_norm = :'v2'", tenant(), h.staffOf(label, "owner").email));
      h.sql("UPDATE app.emergency SET ended_at = now() WHERE client_id = :'v1' AND ended_at IS NULL", client);
    } finally {
      assert.equal((await owner.submit("/emergency/reviews", { officer: was }, { action: "/emergency/officer" })).status, 303);
    }
    assert.equal(h.one("SELECT privacy_officer FROM app.tenant WHERE id = :'v1'", tenant()), was);
  });
});
