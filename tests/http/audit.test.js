// audit.test.js -- the trail: complete, readable by day, person and client, and never rewritten.
"use strict";
const { test, describe } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");

const someClient = () => h.sql(`SELECT c.id, c.name FROM app.client c WHERE c.tenant_id = :'v1' ORDER BY c.id LIMIT 1`, h.tenantId("glow"))[0];

describe("L18 L27 B47: who saw what", () => {
  test("a look at a client is in the trail by client, by person and by day", async () => {
    const [id, name] = someClient();
    const desk = await h.staff("glow", "front-desk"), owner = await h.staff("glow", "owner");
    const look = await desk.get(`/clients/${id}`);
    assert.equal(look.status, 200);
    const row = h.trail(look.id).find((e) => e.action === "client.read");
    assert.deepEqual(row.clients, [id]);

    const byClient = h.decode((await owner.get(`/audit/clients/${id}`)).text);
    assert.ok(byClient.includes(look.id.slice(0, 8)), "by client");
    const byPerson = h.decode((await owner.get(`/audit/people/${row.actor}`)).text);
    assert.ok(byPerson.includes(look.id.slice(0, 8)), "by person");
    const byDay = h.decode((await owner.get("/audit")).text);
    assert.ok(byDay.includes(look.id.slice(0, 8)) && byDay.includes(name), "by day");
  });
  test("a search names exactly the clients it showed", async () => {
    const v = await h.staff("glow", "front-desk");
    const r = await v.get("/clients?q=an");
    const shown = [...new Set([...h.decode(r.text).matchAll(/href="\/clients\/([0-9a-f-]{36})"/g)].map(([, x]) => x))].sort();
    assert.ok(shown.length > 1);
    assert.deepEqual(h.trail(r.id).find((e) => e.action === "client.search").clients.sort(), shown);
  });
  test("an auditor reads the trail, but no names", async () => {
    const [id, name] = someClient();
    const v = await h.staff("glow", "auditor");
    const page = h.decode((await v.get(`/audit/clients/${id}`)).text);
    assert.doesNotMatch(page, new RegExp(name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")));
    assert.equal((await v.get(`/clients/${id}`)).status, 403);
  });
  test("reading the trail is in the trail (A-13)", async () => {
    const v = await h.staff("glow", "auditor");
    const r = await v.get("/audit");
    assert.ok(h.trail(r.id).some((e) => e.action === "audit.read" && e.outcome === "ok"));
  });
  test("B45: a provider without the permission is refused, and the refusal can be read", async () => {
    const v = await h.staff("glow", "provider"), owner = await h.staff("glow", "owner");
    const r = await v.get("/audit");
    assert.equal(r.status, 403);
    const page = h.decode((await owner.get("/audit/refusals")).text);
    assert.ok(page.includes(r.id.slice(0, 8)));
  });
});

describe("L50 A-04: the trail is append-only", () => {
  for (const what of ["UPDATE audit.event SET action = 'x'", "DELETE FROM audit.event", "TRUNCATE audit.event", "DROP TABLE audit.event CASCADE"])
    test(`${what}: refused, even to the superuser`, () => assert.throws(() => h.sql(`BEGIN; ${what}; ROLLBACK;`), /append-only/));
});

describe("A-03: no audit, no data", () => {
  test("when the row cannot be written, the page is not shown", async () => {
    const [id, name] = someClient(), v = await h.staff("glow", "front-desk");
    h.sql("REVOKE EXECUTE ON FUNCTION app.disclose(uuid[]) FROM foyer_staff");
    try {
      const r = await v.get(`/clients/${id}`);
      assert.ok(r.status >= 400, `answered ${r.status}`);
      assert.ok(!r.text.includes(name));
    } finally {
      h.sql("GRANT EXECUTE ON FUNCTION app.disclose(uuid[]) TO foyer_staff");
    }
    assert.equal((await v.get(`/clients/${id}`)).status, 200);
  });
});

describe("R-01: every act has an actor", () => {
  test("no row of a member of staff is without her name", () =>
    assert.equal(h.one("SELECT count(*) FROM audit.event WHERE actor_kind = 'staff' AND actor_id IS NULL"), "0"));
});

test("L27: nothing of the trail is out of reach: it goes on on the next page", async () => {
  const v = await h.staff("glow", "owner");
  for (let i = 0; i < 105; i++) await v.get("/audit/people");
  const first = h.decode((await v.get("/audit")).text);
  const next = first.match(/href="(\/audit\?page=2[^"]*)"/);
  assert.ok(next, "no way to the next page");
  const second = await v.get(next[1]);
  assert.equal(second.status, 200);
  assert.match(h.decode(second.text), /href="\/audit\?page=1/);
});
