// looked.test.js -- the client sees who looked at her record (PRODUCT, A-13): when, who, what and why, and nothing of anybody else.
"use strict";
const { test, describe, after } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");
const booking = require("./booking_client");
const { session, somebody } = require("./form_client");

const tenant = h.tenantId("glow");
const setNames = (how) => h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); UPDATE app.tenant SET names_to_clients = :'v2' WHERE id = :'v1'::uuid; COMMIT`, tenant, how);
const was = h.one("SELECT names_to_clients FROM app.tenant WHERE id = :'v1'", tenant);
after(() => setNames(was));
let visit;
async function booked() {
  if (visit) return visit;
  const c = booking.corner("glow", {});
  visit = await booking.book(c, { person: { name: `Seen${h.uuid().slice(0, 8).replace(/\d/g, "x")} Person` } }); // (many are called Test)
  booking.close(c);
  return visit;
}
// The page as lines: time and words of each row.
const rowsOf = (text) => [...h.decode(text).matchAll(/<li class="event( is-refused)?( is-now)?"><time[^>]*>([^<]*)<\/time>\s*<div class="event-body"><p>([\s\S]*?)<\/p>(?:<p class="hush small">([^<]*)<\/p>)?/g)]
  .map(([, emergency, own, time, what, why]) => ({ isEmergency: !!emergency, isOwn: !!own, time, what: what.replace(/<[^>]+>/g, "").replace(/\s+/g, " ").trim(), why }));

describe("A-13 B47: who has looked at my record", () => {
  test("a look of the desk stands there by role or by name, with what and why; her own looks are marked as hers", async () => {
    const v = await booked(), desk = await h.staff("glow", "front-desk");
    const who = h.sql("SELECT name, role_names FROM app.staff WHERE tenant_id = :'v1' AND email_norm = lower(:'v2')", tenant, h.staffOf("glow", "front-desk").email)[0];
    assert.equal((await desk.get(`/clients/${v.client}`)).status, 200);
    setNames("role");
    let r = await v.v.get(`${v.at}/looked`);
    assert.equal(r.status, 200);
    let look = rowsOf(r.text).find((x) => x.what === `${who[1]} opened your page`);
    assert.ok(look && !look.isOwn, JSON.stringify(rowsOf(r.text)));
    assert.match(look.why, /^for your visit on |^because of/);
    assert.ok(!h.decode(r.text).includes(who[0]), "the name is shown although the studio chose roles");
    setNames("name");
    r = await v.v.get(`${v.at}/looked`);
    look = rowsOf(r.text).find((x) => x.what === `${who[0]} opened your page`);
    assert.ok(look);
    const own = rowsOf(r.text).filter((x) => x.isOwn);
    assert.ok(own.some((x) => x.what.startsWith("You opened this page")), JSON.stringify(own));
  });
  test("that she read it is in the trail, with her name alone", async () => {
    const v = await booked();
    const r = await v.v.get(`${v.at}/looked`);
    assert.deepEqual(h.trail(r.id).map((e) => [e.action, e.outcome, e.clients.join()]), [["looked.read", "ok", v.client]]);
  });
  test("a list that named many shows her row and none of the others; no address, no browser, no id of anybody", async () => {
    const v = await booked(), owner = await h.staff("glow", "owner");
    const name = h.one("SELECT name FROM app.client WHERE id = :'v1'::uuid", v.client);
    h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); INSERT INTO app.client (tenant_id, name) VALUES (:'v1'::uuid, :'v2'); COMMIT`, tenant, `${name.split(" ")[0]} Other ${h.uuid().slice(0, 8)}`);
    const list = await owner.get(`/clients?q=${encodeURIComponent(name.split(" ")[0])}`);
    const named = h.trail(list.id)[0].clients;
    assert.ok(named.includes(v.client) && named.length > 1, "the list shows only her");
    const page = h.decode((await v.v.get(`${v.at}/looked`)).text);
    assert.ok(rowsOf(page).some((x) => / saw your name in a list of clients$/.test(x.what)));
    const others = h.sql("SELECT name FROM app.client WHERE tenant_id = :'v1' AND id = ANY (:'v2'::uuid[]) AND id <> :'v3'::uuid AND name <> :'v4'", tenant, `{${named.join()}}`, v.client, name);
    for (const [other] of others) assert.ok(!page.includes(other), other);
    for (const hidden of ["127.0.0.1", "Mozilla", "node"]) assert.ok(!page.includes(hidden), hidden);
    const ids = new Set([...page.matchAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g)].map(([x]) => x));
    ids.delete(v.at.split("/")[2]);
    for (const id of ids) assert.equal(h.one("SELECT count(*) FROM (SELECT id FROM app.client UNION SELECT id FROM app.staff UNION SELECT id FROM audit.event) x WHERE id = :'v1'::uuid", id), "0", id);
  });
  test("an emergency is said to be one, and the reason that was typed stays with the studio", async () => {
    const v = await booked(), reason = `secret ${h.uuid()}`;
    const staff = h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' ORDER BY id LIMIT 1", tenant);
    h.sql(`INSERT INTO audit.event (tenant_id, actor_kind, actor_id, action, object_kind, client_ids, reason) VALUES (:'v1'::uuid, 'staff', :'v2'::uuid, 'chart.read', 'emergency', ARRAY[:'v3'::uuid], :'v4')`, tenant, staff, v.client, reason);
    const r = await v.v.get(`${v.at}/looked`);
    const row = rowsOf(r.text)[0];
    assert.ok(row.isEmergency && row.why === "in an emergency" && / read your chart$/.test(row.what), JSON.stringify(row));
    assert.ok(!r.text.includes(reason));
  });
  test("before the date of birth, with another's cookie and without one nothing is shown", async () => {
    const v = await booked();
    const bare = await new h.Visitor("glow").get(`${v.at}/looked`);
    assert.ok(bare.status === 401 || bare.status === 303, String(bare.status));
    const other = await somebody("glow");
    const r = await h.request("glow", `${v.at}/looked`, { cookie: other.v.cookieFor(`${other.at}`) });
    assert.ok([401, 303, 404].includes(r.status), String(r.status));
  });
  test("it is reached from the appointment and from the forms, and each of her links shows her own", async () => {
    const v = await booked(), due = await somebody("glow");
    assert.match((await v.v.get(`${v.at}/visit`)).text, new RegExp(`href="${v.at}/looked"`));
    const forms = await due.v.get(due.at);
    const target = forms.text.match(/href="(\/v\/[0-9a-f-]{36}\/looked)"/)[1];
    const r = await due.v.get(target);
    assert.equal(r.status, 200);
    assert.deepEqual(h.trail(r.id).map((e) => e.clients.length), [1]);
  });
  test("sixty rows a page, and nothing is out of reach", async () => {
    const v = await booked();
    for (let i = 0; i < 65; i++) await v.v.get(`${v.at}/visit`);
    const first = await v.v.get(`${v.at}/looked`);
    assert.equal(rowsOf(first.text).length, 60);
    const second = await v.v.get(`${v.at}/looked?page=2`);
    assert.ok(rowsOf(second.text).length > 5);
    assert.match(second.text, /looked\?page=1/);
  });
});
describe("D-18 T02: the database gives it to nobody else", () => {
  test("a visitor, a member of staff, a link before its proof: refused", () => {
    const ask = (enter, role = "foyer_public") => { try { h.sql(`SET SESSION AUTHORIZATION ${role}; BEGIN; SELECT 1 FROM ${enter}; SELECT count(*) FROM audit.looked(5, 0);`); return "open"; } catch (e) { return /not allowed|permission denied|not proven/.test(e.message) ? "refused" : e.message; } };
    assert.equal(ask(`sec.begin_public('${h.host("glow")}', 'x', NULL, NULL, NULL)`), "refused");
    assert.equal(ask(`sec.begin_public('${h.host("glow")}', 'x', NULL, NULL, NULL)`, "foyer_staff"), "refused");
  });
});
describe("the studio chooses", () => {
  test("names or roles, and the number that is unusual; what cannot be is refused and kept as typed", async () => {
    const v = await h.staff("glow", "owner");
    const r = await v.submit("/settings/privacy", { names_to_clients: "name", review_charts_hour: "40" }, { action: "/settings/privacy" });
    assert.equal(r.status, 303);
    assert.deepEqual(h.trail(r.id).map((e) => e.action), ["privacy.change"]);
    assert.deepEqual(h.sql("SELECT names_to_clients, review_charts_hour FROM app.tenant WHERE id = :'v1'", tenant)[0], ["name", "40"]);
    const bad = await v.submit("/settings/privacy", { names_to_clients: "role", review_charts_hour: "3" }, { action: "/settings/privacy" });
    assert.equal(bad.status, 422);
    assert.match(bad.text, /Choose 5 to 500/);
    assert.match(bad.text, /value="3"/);
    await v.submit("/settings/privacy", { names_to_clients: "role", review_charts_hour: "30" }, { action: "/settings/privacy" });
    // nobody loosens what she is measured by herself; to be stricter is everybody's who may.
    const manager = await h.staff("glow", "manager");
    const raised = await manager.submit("/settings/privacy", { names_to_clients: "role", review_charts_hour: "31" }, { action: "/settings/privacy" });
    assert.equal(raised.status, 422);
    assert.match(raised.text, /Only an owner raises this number/);
    assert.equal((await manager.submit("/settings/privacy", { names_to_clients: "role", review_charts_hour: "29" }, { action: "/settings/privacy" })).status, 303);
    assert.equal((await v.submit("/settings/privacy", { names_to_clients: "role", review_charts_hour: "30" }, { action: "/settings/privacy" })).status, 303);
  });
});
