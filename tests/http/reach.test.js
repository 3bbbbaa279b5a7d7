// reach.test.js -- within one studio: whom a role of narrower reach sees, on every page, and what of a client a role hides.
"use strict";
const { test, describe, before, after } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");
const { fill } = require("./samples");

const label = "first-light";
const tenant = () => h.tenantId(label);
const email = () => h.staffOf(label, "scanner").email;
const scanner = () => h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email_norm = :'v2'", tenant(), email());
const own = () => h.one("SELECT client_id FROM app.appointment WHERE tenant_id = :'v1' AND staff_id = :'v2' AND client_id IS NOT NULL ORDER BY starts_at DESC LIMIT 1", tenant(), scanner());
// Somebody whom she has never seen, with a signed form and a note.
const others = () => h.sql(`SELECT s.client_id, s.id, c.name, c.phone, c.email,
    (SELECT a.id FROM app.appointment a WHERE a.tenant_id = c.tenant_id AND a.client_id = c.id LIMIT 1)
  FROM app.signature s JOIN app.client c ON c.tenant_id = s.tenant_id AND c.id = s.client_id
  WHERE s.tenant_id = :'v1' AND NOT EXISTS (SELECT FROM app.appointment a WHERE a.tenant_id = s.tenant_id AND a.client_id = s.client_id AND a.staff_id = :'v2')
  ORDER BY s.id LIMIT 1`, tenant(), scanner())[0];

describe("T02 B45: another provider's client is as if she did not exist", () => {
  test("no page of her opens, and no byte of her is in the answer; each try is in the trail", async () => {
    const v = await h.staff(label, "scanner"), [client, signature, name, phone, mail, visit] = others(), nothing = h.uuid();
    for (const at of [`/clients/${client}`, `/clients/${client}/chart`, `/clients/${client}/signatures/${signature}`, `/appointments/${visit}`]) {
      const r = await v.get(at), none = await v.get(at.replace(/[0-9a-f-]{36}/, nothing));
      assert.equal(r.status, 404, at);
      for (const byte of [name, phone, mail].filter(Boolean)) assert.ok(!h.decode(r.text).includes(byte), `${at} shows ${byte}`);
      const plain = (x) => x.text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "ID").replace(/value="[^"]*"/g, "");
      assert.equal(plain(r), plain(none), `${at}: the answer differs from that for an id that does not exist`);
      assert.ok(h.trail(r.id).some((e) => e.outcome === "refused" && e.reason === "not_found"), at);
    }
  });
  test("she is not found by her name", async () => {
    const v = await h.staff(label, "scanner"), [client, , name] = others();
    const r = await v.get(`/clients?q=${encodeURIComponent(name)}`);
    assert.ok(!r.text.includes(client));
  });
  test("one's own client opens, chart and all", async () => {
    const v = await h.staff(label, "scanner");
    for (const at of [`/clients/${own()}`, `/clients/${own()}/chart`]) assert.equal((await v.get(at)).status, 200, at);
  });
  test("nothing is written for another's client", async () => {
    const v = await h.staff(label, "scanner"), [client, , , , , visit] = others(), keys = h.formOf((await v.get("/clients")).text, "/logout").values;
    const count = () => h.one("SELECT (SELECT count(*) FROM app.chart_note WHERE client_id = :'v1') + (SELECT count(*) FROM app.allergy WHERE client_id = :'v1')", client);
    const was = count();
    for (const [at, body] of [[`/clients/${client}/notes`, { body: "x" }], [`/clients/${client}/notes/sign`, { body: "x" }], [`/clients/${client}/allergies`, { substance: "x", severity: "mild" }],
      [`/appointments/${visit}/status`, { status: "confirmed", version: 1 }], [`/appointments/${visit}/cancel`, { reason: "other", version: 1 }]])
      assert.equal((await v.post(at, { ...keys, ...body, idem: h.uuid() })).status, 404, at);
    assert.equal(count(), was);
  });
  test("the calendar shows her own visits alone, also after a colleague's whole calendar was kept by the same worker", async () => {
    const v = await h.staff(label, "scanner"), w = await h.staff(label, "owner"), me = scanner();
    const [day, place] = h.sql(`SELECT (a.starts_at AT TIME ZONE l.zone)::date, a.location_id FROM app.appointment a JOIN app.location l ON l.tenant_id = a.tenant_id AND l.id = a.location_id
      WHERE a.tenant_id = :'v1' AND a.status IN ('booked', 'confirmed', 'done') GROUP BY 1, 2 HAVING bool_or(a.staff_id = :'v2') AND bool_or(a.staff_id <> :'v2') ORDER BY 1 DESC LIMIT 1`, tenant(), me)[0];
    const mine = new Set(h.sql("SELECT id FROM app.appointment WHERE tenant_id = :'v1' AND staff_id = :'v2'", tenant(), me).map(([x]) => x));
    for (let i = 0; i < 6; i++) {
      const all = await w.get(`/day/${day}?location=${place}`), part = await v.get(`/day/${day}?location=${place}`);
      const visits = (r) => [...r.text.matchAll(/href="\/appointments\/([0-9a-f-]{36})"/g)].map(([, x]) => x);
      assert.ok(visits(all).some((x) => !mine.has(x)), "the owner sees the others'");
      assert.ok(visits(part).length > 0 && visits(part).every((x) => mine.has(x)), "she sees her own");
      assert.match(part.text, /a part of the calendar/);
      assert.doesNotMatch(all.text, /a part of the calendar/);
    }
    assert.match((await v.get("/calendar")).location, new RegExp(`location=${place}`), "it opens where she works");
  });
  test("she books for her own client, with herself, and for nobody else", async () => {
    const v = await h.staff(label, "scanner");
    const page = await v.get(`/appointments/new?client_id=${others()[0]}`);
    assert.ok(!h.decode(page.text).includes(others()[2]));
  });
});

describe("masks: a phone number, an e-mail address that a role hides are on no page and in no answer", () => {
  const canaries = ["canary.mail@example.com", "+15125550199", "5125550199", "(512) 555-0199", "canary.mail"];
  let client, was;
  before(() => {
    client = own();
    was = h.sql("SELECT email, phone FROM app.client WHERE id = :'v1'", client)[0];
    h.sql("BEGIN; SELECT set_config('foyer.tenant_id', :'v2', true); UPDATE app.client SET email = 'canary.mail@example.com', phone = '+15125550199' WHERE id = :'v1'; COMMIT", client, tenant());
  });
  after(() => h.sql("BEGIN; SELECT set_config('foyer.tenant_id', :'v2', true); UPDATE app.client SET email = nullif(:'v3', ''), phone = nullif(:'v4', '') WHERE id = :'v1'; COMMIT", client, tenant(), was[0], was[1]));
  const shows = (text) => canaries.filter((c) => h.decode(text).includes(c));

  test("walking every page that she may open, by this client's ids: none of the canaries", async () => {
    const v = await h.staff(label, "scanner"), visit = h.one("SELECT id FROM app.appointment WHERE tenant_id = :'v1' AND client_id = :'v2' AND staff_id = :'v3' LIMIT 1", tenant(), client, scanner());
    let opened = 0;
    for (const p of h.routes().filter((x) => x.method === "GET" && x.door === "staff" && x.realm !== "operator")) {
      const at = fill(p, label, { client_id: client, appointment_id: visit });
      if (!at) continue;
      for (const target of [at, `${at}?client_id=${client}&q=${encodeURIComponent(h.one("SELECT name FROM app.client WHERE id = :'v1'", client))}`]) {
        const r = await v.get(target);
        opened += r.status === 200;
        assert.deepEqual(shows(r.text), [], target);
      }
    }
    assert.ok(opened > 10, `only ${opened} pages opened`);
  });
  test("(the owner's pages show them: they are there to be hidden)", async () => {
    const w = await h.staff(label, "owner");
    assert.deepEqual(shows((await w.get(`/clients/${client}`)).text).slice(0, 1), ["canary.mail@example.com"]);
  });
  test("she is not found by what is hidden, and is by her name; the owner finds her by either", async () => {
    const v = await h.staff(label, "scanner"), w = await h.staff(label, "owner");
    for (const typed of ["canary.mail@example.com", "canary.mail", "5125550199", "0199"]) {
      assert.ok(!(await v.get(`/clients?q=${encodeURIComponent(typed)}`)).text.includes(`/clients/${client}`), `found by ${typed}`);
      assert.ok((await w.get(`/clients?q=${encodeURIComponent(typed)}`)).text.includes(`/clients/${client}`), `the owner does not find her by ${typed}`);
    }
    assert.ok((await v.get(`/clients?q=${encodeURIComponent(h.one("SELECT name FROM app.client WHERE id = :'v1'", client))}`)).text.includes(client));
  });
  test("a form that she sends without them leaves them as they are", async () => {
    const role = h.one("SELECT id FROM app.role WHERE tenant_id = :'v1' AND slug = 'scanner'", tenant());
    const give = (sql) => h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); ${sql}; COMMIT`, tenant(), role);
    give("INSERT INTO app.role_permission (role_id, permission, scope) VALUES (:'v2', 'client_write', 'own')");
    try {
      const v = await h.staff(label, "scanner"), name = h.one("SELECT name FROM app.client WHERE id = :'v1'", client);
      const page = await v.get(`/clients/${client}/edit`);
      assert.equal(page.status, 200);
      assert.deepEqual(shows(page.text), []);
      assert.match(page.text, /does not show the phone number/);
      for (const more of [{}, { phone: "", email: "" }, { phone: "+15125550111", email: "other@example.com" }])
        assert.equal((await v.post(`/clients/${client}/edit`, { ...h.formOf(page.text, /\/edit$/).values, name, ...more, idem: h.uuid() })).status, 303);
      assert.deepEqual(h.sql("SELECT email, phone FROM app.client WHERE id = :'v1'", client)[0], ["canary.mail@example.com", "+15125550199"]);
    } finally {
      give("DELETE FROM app.role_permission WHERE role_id = :'v2' AND permission = 'client_write'");
    }
  });
});
