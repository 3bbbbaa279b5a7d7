// role.test.js -- the page of roles: what a role may do, how far, what it hides; who may change it, and when that counts.
"use strict";
const { test, describe } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");

const tenant = () => h.tenantId("glow");
const role = (slug) => h.one("SELECT id FROM app.role WHERE tenant_id = :'v1' AND slug = :'v2'", tenant(), slug);
const named = (name) => h.one("SELECT id FROM app.role WHERE tenant_id = :'v1' AND name = :'v2'", tenant(), name);
const of = (id) => Object.fromEntries(h.sql("SELECT permission, scope FROM app.role_permission WHERE role_id = :'v1'", id));
const fresh = (who) => h.staff("glow", who, { fresh: true });
const fields = (id) => h.sql("SELECT coalesce(fields::text, ''), actor_id FROM audit.event WHERE object_id = :'v1' ORDER BY at DESC LIMIT 1", id)[0];
const unique = (what) => `${what} ${h.uuid().slice(0, 8)}`;
async function make(v, like, name = unique("Role")) {
  const r = await v.submit("/roles", { source: role(like), name }, { action: "/roles" });
  assert.equal(r.status, 303);
  return { id: named(name), name };
}
const save = async (v, id, values) => v.submit(`/roles/${id}`, values, { action: `/roles/${id}` });

describe("B45 S-12 L49: roles are made, changed and removed by who may, and no further than she may herself", () => {
  test("the owner makes one like another, narrows it, and the trail says what changed", async () => {
    const v = await fresh("owner"), { id, name } = await make(v, "front-desk");
    assert.deepEqual(of(id), of(role("front-desk")));
    const r = await save(v, id, { client_read: "own", message_write: "none", mask_phone: "1", needs_mfa: "1" });
    assert.equal(r.status, 303);
    assert.equal(of(id).client_read, "own");
    assert.equal(of(id).message_write, undefined);
    const [changed, actor] = fields(id);
    for (const word of ["client_read: tenant to own", "message_write: tenant to none", "phone: hidden", "second factor: asked for"]) assert.ok(changed.includes(word), `${word} is not in ${changed}`);
    assert.ok(actor);
    assert.ok(!changed.includes("name"));
    const page = await v.get("/roles");
    assert.match(page.text, new RegExp(name));
    assert.equal((await v.submit(`/roles/${id}`, {}, { action: `/roles/${id}/remove` })).status, 303);
    assert.equal(named(name), undefined);
  });
  test("its form knows every permission, so that none is lost when it is saved as it stands", async () => {
    const form = h.routes().find((p) => p.method === "POST" && p.path === "/roles/{role_id:uuid}").fields;
    for (const [name] of h.sql("SELECT name FROM app.permission")) assert.ok(form.includes(name), `${name} is not in the form`);
    const v = await fresh("owner"), { id } = await make(v, "manager"), was = of(id);
    assert.ok(was.booking_over && was.report_read);
    assert.equal((await save(v, id, {})).status, 303);
    assert.deepEqual(of(id), was);
    assert.equal((await v.submit(`/roles/${id}`, {}, { action: `/roles/${id}/remove` })).status, 303);
  });
  test("a role that somebody holds, or that came with the business, is not removed", async () => {
    const v = await fresh("owner"), page = await v.get(`/roles/${role("front-desk")}`);
    assert.ok(!page.text.includes("Remove this role"));
    const r = await v.post(`/roles/${role("front-desk")}/remove`, { ...h.formOf(page.text, "/logout").values, idem: h.uuid() });
    assert.equal(r.status, 422);
    assert.match(r.text, /came with the business/);
    assert.ok(role("front-desk"));
  });
  test("S-12: a manager, who reads no charts, gives nobody charts and changes no role that reads them", async () => {
    const v = await fresh("manager"), { id } = await make(v, "front-desk");
    const page = await v.get(`/roles/${id}`), keys = h.formOf(page.text, `/roles/${id}`).values;
    const r = await v.post(`/roles/${id}`, { ...keys, chart_read: "own" });
    assert.equal(r.status, 422);
    assert.match(h.decode(r.text), /You may not do this yourself/);
    assert.equal(of(id).chart_read, undefined);
    for (const above of ["owner", "provider"]) {
      const other = await v.get(`/roles/${role(above)}`), was = of(role(above));
      assert.match(other.text, /may do what you may not yourself/);
      assert.equal((await v.post(`/roles/${role(above)}`, { ...h.formOf(other.text, `/roles/${role(above)}`).values, name: "Mine" })).status, 422);
      assert.deepEqual(of(role(above)), was);
      const list = await v.get("/roles");
      assert.equal((await v.post("/roles", { ...h.formOf(list.text, "/roles").values, source: role(above), name: unique("Copy") })).status, 422);
    }
    assert.equal((await v.submit(`/roles/${id}`, {}, { action: `/roles/${id}/remove` })).status, 303);
  });
  test("S-12: a field that names another role or a person changes nothing", async () => {
    const v = await fresh("manager"), { id } = await make(v, "front-desk"), was = of(role("owner"));
    assert.equal((await save(v, id, { role_id: role("owner"), tenant_id: h.tenantId("first-light"), actor_id: h.uuid() })).status, 303);
    assert.deepEqual(of(role("owner")), was);
    assert.equal((await v.submit(`/roles/${id}`, {}, { action: `/roles/${id}/remove` })).status, 303);
  });
  test("the owner's role keeps the right to change people and settings", async () => {
    const v = await fresh("owner"), id = role("owner");
    for (const field of ["staff_write", "settings_write"]) {
      const r = await save(v, id, { [field]: "none" });
      assert.equal(r.status, 422);
      assert.match(h.decode(r.text), /Owners keep the right/);
    }
    assert.equal(of(id).staff_write, "tenant");
  });
  test("S-07: whoever proved who she is long ago confirms first, and loses nothing of what she chose", async () => {
    const v = await fresh("owner"), { id } = await make(v, "biller"), page = await v.get(`/roles/${id}`);
    h.sql("UPDATE sec.session SET proved_at = now() - interval '6 minutes' WHERE tenant_id = :'v1' AND revoked_at IS NULL AND staff_id = (SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email_norm = :'v2')", tenant(), h.staffOf("glow", "owner").email);
    const r = await v.post(`/roles/${id}`, { ...h.formOf(page.text, `/roles/${id}`).values, client_read: "own", name: "Typed name" });
    assert.equal(r.status, 422);
    assert.match(r.text, /confirm that it is you/i);
    assert.equal(of(id).client_read, "tenant");
    const again = h.formOf(r.text, `/roles/${id}`).values;
    assert.equal(again.client_read, "own");
    assert.equal(again.name, "Typed name");
    h.sql("UPDATE sec.session SET proved_at = now() WHERE tenant_id = :'v1' AND revoked_at IS NULL AND staff_id = (SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email_norm = :'v2')", tenant(), h.staffOf("glow", "owner").email);
    assert.equal((await v.submit(`/roles/${id}`, {}, { action: `/roles/${id}/remove` })).status, 303);
  });
  test("L49 S-20: what is taken from a role is gone at the next click of an open session, and what is narrowed is narrowed", async () => {
    const v = await fresh("owner"), id = role("biller"), was = of(id), b = await h.staff("glow", "biller");
    const client = h.one("SELECT client_id FROM app.signature WHERE tenant_id = :'v1' LIMIT 1", tenant());
    assert.equal((await b.get(`/clients/${client}`)).status, 200);
    try {
      assert.equal((await save(v, id, { client_read: "own" })).status, 303);
      assert.equal((await b.get(`/clients/${client}`)).status, 404);
      assert.equal((await save(v, id, { client_read: "none" })).status, 303);
      assert.equal((await b.get(`/clients/${client}`)).status, 403);
    } finally {
      assert.equal((await save(v, id, { client_read: "tenant" })).status, 303);
    }
    assert.deepEqual(of(id), was);
    assert.equal((await b.get(`/clients/${client}`)).status, 200);
  });
  test("who may not change people sees neither the page nor the form", async () => {
    const v = await h.staff("glow", "front-desk");
    assert.equal((await v.get("/roles")).status, 403);
  });
});
