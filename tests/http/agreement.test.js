// agreement.test.js -- a business agrees with whoever runs the installation before it enters its first client (R-06, PROMISES L03): whose
// words, which version, who accepted them and when.
"use strict";
const { test, describe, before, after } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");
const b = require("./booking_client");

const label = "first-light", tenant = h.tenantId(label);
const fresh = (role) => { h.sql("DELETE FROM sec.throttle"); return h.staff(label, role, { fresh: true }); };
const accepted = () => h.sql("SELECT version, accepted_name FROM app.agreement WHERE tenant_id = :'v1' ORDER BY version", tenant);
// As if it had not accepted anything: nobody but a superuser without triggers does that.
let was;
const without = () => h.sql(`BEGIN; SET LOCAL session_replication_role = replica; DELETE FROM app.agreement WHERE tenant_id = '${tenant}'; COMMIT;`);
const restore = () => { without(); h.sql(`BEGIN; SET LOCAL session_replication_role = replica; INSERT INTO app.agreement SELECT * FROM jsonb_populate_recordset(NULL::app.agreement, :'v1'); COMMIT;`, was); };
before(() => { was = h.one("SELECT jsonb_agg(a) FROM app.agreement a WHERE a.tenant_id = :'v1'", tenant); });
after(() => {
  restore();
  h.sql("BEGIN; SET LOCAL session_replication_role = replica; DELETE FROM app.policy_version WHERE tenant_id = :'v1' AND kind = 'agreement' AND version > 1; COMMIT;", h.tenantId("ops"));
});
const person = () => ({ name: `New Client ${h.uuid().slice(0, 8)}`, email: "new.client@example.com", is_new: "true" });

describe("R-06 L03: the agreement", () => {
  test("the demo's businesses have accepted it, and the page of the business says so", async () => {
    assert.equal(accepted().length, 1);
    const page = (await (await fresh("owner")).get("/settings/business")).text;
    assert.match(page, /version 1, accepted by/);
  });
  test("R-06: without one no client is entered, by the desk or by a booking, and each is told in her own words", async () => {
    without();
    const desk = await fresh("front-desk"), c = b.corner(label);
    try {
      const r = await desk.submit("/clients/new", person());
      assert.equal(r.status, 422);
      assert.match(r.text, /an owner accepts the agreement/);
      const v = new h.Visitor(label), at = await b.hold(v, c, 0);
      const booked = await b.confirm(v, at, b.person());
      assert.equal(booked.status, 422);
      assert.match(booked.text, /not open for booking yet/);
      assert.doesNotMatch(booked.text, /agreement/);
    } finally { b.close(c); }
    // Whatever reads a list in passes the same rule, be it the superuser that these tests are.
    assert.throws(() => h.sql("BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); INSERT INTO app.client (tenant_id, name) SELECT :'v1'::uuid, 'Client ' || n FROM generate_series(1, 3) n; COMMIT", tenant),
      /an owner accepts the agreement/);
    assert.match((await (await fresh("owner")).get("/settings/business")).text, /No client can be entered before an owner has accepted/);
  });
  test("an owner accepts it, after a fresh proof, having read it; a manager does not; the trail and the page say who", async () => {
    const manager = await fresh("manager");
    const read = await manager.get("/settings/agreement");
    assert.match(read.text, /Only an owner accepts it/);
    const keys = h.formOf(read.text, "/logout").values;
    const no = await manager.post("/settings/agreement", { ...keys, idem: h.uuid(), version: "1", is_read: "true" });
    assert.equal(no.status, 422);
    assert.deepEqual(accepted(), []);

    const owner = await fresh("owner");
    assert.equal((await owner.submit("/settings/agreement", {}, { action: "/settings/agreement" })).status, 422, "it has not been read");
    const form = h.formOf((await owner.get("/settings/agreement")).text, "/settings/agreement").values;
    h.sql("UPDATE sec.session SET proved_at = now() - interval '6 minutes' WHERE tenant_id = :'v1'", tenant);
    assert.match((await owner.post("/settings/agreement", { ...form, is_read: "true" })).text, /confirm that it is you/);
    h.sql("UPDATE sec.session SET proved_at = now() WHERE tenant_id = :'v1'", tenant);
    assert.equal((await owner.post("/settings/agreement", { ...form, idem: h.uuid(), version: "7", is_read: "true" })).status, 422, "a version that there is not");
    const yes = await owner.post("/settings/agreement", { ...form, idem: h.uuid(), is_read: "true" });
    assert.equal(yes.status, 303);
    assert.equal(accepted()[0][0], "1");
    assert.ok(h.trail(yes.id).some((e) => e.action === "agreement.accept" && e.reason === "version 1"));
    assert.equal(h.one("SELECT a.text_sha = v.sha256 FROM app.agreement a, app.policy_version v WHERE a.tenant_id = :'v1' AND v.tenant_id = :'v2' AND v.kind = 'agreement' AND v.version = a.version", tenant, h.tenantId("ops")), "t");
    assert.equal((await (await fresh("front-desk")).submit("/clients/new", person())).status, 303);
    assert.throws(() => h.sql("UPDATE app.agreement SET version = 9"), /written once/);
  });
  test("the operator publishes the next version: the business is asked for it, and goes on meanwhile", async () => {
    const operator = await h.staff("ops", "operator", { fresh: true });
    // who has no terms of signing electronically yet is offered some, with the six elements of E-01
    const terms = await operator.get("/settings/texts/terms"), offered = h.formOf(terms.text, "/settings/texts/terms").values;
    assert.match(terms.text, /This is a text to begin with, and not published yet/);
    for (const words of [/ask us for paper at any time/, /take back your consent[^\n]*at any time/, /What it covers\./, /Tell us when it changes/, /What you need\./, /We take no fee/]) assert.match(offered.body, words);
    assert.ok(!offered.body.includes("{studio}"));
    const page = await operator.get("/settings/texts/agreement");
    assert.equal(page.status, 200);
    const form = h.formOf(page.text, "/settings/texts/agreement").values;
    assert.equal((await operator.post("/settings/texts/agreement", { ...form, body: "Other words." })).status, 303);
    const owner = await fresh("owner");
    assert.match((await owner.get("/settings/business")).text, /has a new version/);
    assert.match((await owner.get("/settings/agreement")).text, /Other words\./);
    assert.equal((await (await fresh("front-desk")).submit("/clients/new", person())).status, 303, "it was accepted once: nobody is shut out in the middle of a day");
    assert.equal((await owner.get("/settings/texts/agreement")).status, 404, "a business has no such text of its own");
    const own = h.formOf((await owner.get("/settings/texts/terms")).text, "/settings/texts/terms").values;
    assert.equal((await owner.post("/settings/texts/agreement", { ...own, kind: "agreement" })).status, 404, "nor writes one");
  });
});
