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

// Rows of a page of the trail, by their ids.
const rowsOf = (text) => [...text.matchAll(/href="\/audit\/events\/([0-9a-f-]{36})"/g)].map(([, id]) => id);

describe("L27 A-13: the trail by period, person, client and action", () => {
  test("each filter gives exactly the rows that the database has, and each of these pages is in the trail itself", async () => {
    const v = await h.staff("glow", "owner"), tenant = h.tenantId("glow");
    const zone = h.one("SELECT zone FROM app.tenant WHERE id = :'v1'", tenant);
    const [actor] = h.sql(`SELECT actor_id FROM audit.event WHERE tenant_id = :'v1' AND action = 'client.search' AND outcome = 'ok' LIMIT 1`, tenant)[0];
    const today = h.one("SELECT (now() AT TIME ZONE :'v1')::date", zone);
    const wanted = (where) => h.sql(`SELECT id FROM audit.event WHERE tenant_id = :'v1'::uuid AND at >= :'v2'::date::timestamp AT TIME ZONE :'v3' AND at < (:'v2'::date + 1)::timestamp AT TIME ZONE :'v3'
      AND ${where} AND at < :'v4'::timestamptz ORDER BY at DESC, id LIMIT 35`, tenant, today, zone, before).map(([id]) => id);
    let before = "infinity";
    for (const [query, where] of [[`staff_id=${actor}`, `actor_id = '${actor}'`], ["act=client.search", "action = 'client.search'"], ["refused=1", "outcome <> 'ok'"],
      [`staff_id=${actor}&act=client.read`, `actor_id = '${actor}' AND action = 'client.read'`]]) {
      before = h.one("SELECT clock_timestamp()");
      const r = await v.get(`/audit?from=${today}&to=${today}&${query}`);
      assert.equal(r.status, 200);
      assert.deepEqual(rowsOf(r.text).filter((id, i, all) => all.indexOf(id) === i), wanted(where), query);
      assert.deepEqual(h.trail(r.id).map((e) => [e.action, e.outcome]), [["audit.read", "ok"]]);
    }
    const none = await v.get("/audit?from=2019-02-01&to=2019-02-03");
    assert.equal(rowsOf(none.text).length, 0);
    assert.match(none.text, /Nothing happened in this time/);
  });
  test("what was narrowed down stays so on the next page and on the day before", async () => {
    const v = await h.staff("glow", "owner");
    const me = h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email_norm = 'owner@glow.example'", h.tenantId("glow"));
    const r = h.decode((await v.get(`/audit?staff_id=${me}&act=audit.read`)).text);
    assert.match(r, new RegExp(`href="/audit\\?page=2&staff_id=${me}&act=audit.read"`));
    assert.match(r, new RegExp(`href="/audit\\?from=[-0-9]{10}&to=[-0-9]{10}&staff_id=${me}&act=audit.read"`));
  });
  test("a day that is none is not found, and not taken for another", async () => {
    const v = await h.staff("glow", "owner");
    assert.equal((await v.get("/audit?from=2026-02-31")).status, 404);
    assert.equal((await v.get("/audit?staff_id=nobody")).status, 404);
  });
  test("the day's rows come from one statement: the trail is asked once for a page", () => {
    const { readFileSync } = require("node:fs");
    assert.equal(readFileSync(`${h.root}/sql/queries/audit.sql`, "utf8").match(/audit\.look\(/g).length, 1);
  });
});

describe("A-08 A-14: one row, with the proof that it was sealed", () => {
  test("the page's proof leads from the row as it stands to the signed root", async () => {
    const v = await h.staff("glow", "owner");
    const look = await v.get(`/clients/${someClient()[0]}`);
    const event = h.one("SELECT id FROM audit.event WHERE request_id = :'v1'::uuid", look.id);
    let page;
    for (let i = 0; i < 40; i++) {
      page = h.decode((await v.get(`/audit/events/${event}`)).text);
      if (!page.includes("waits to be sealed")) break;
      await new Promise((r) => setTimeout(r, 500));
    }
    assert.match(page, /exactly as it was sealed/);
    const { fromProofText, verifyRow } = require("./verify_trail");
    const row = h.sql(`SELECT f::text FROM audit.event e, LATERAL (SELECT to_json(ARRAY[e.tenant_id::text, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), e.id::text, e.xid::text, e.actor_kind,
      e.actor_id::text, e.session_id::text, e.link_id::text, e.ip::text, e.agent, e.action, e.object_kind, e.object_id::text, e.client_ids::text, e.fields::text, e.outcome, e.reason, e.request_id::text]) AS f) x WHERE e.id = :'v1'::uuid`, event)[0][0];
    const proof = fromProofText(page.match(/<pre class="proof"[^>]*>([^<]*)<\/pre>/)[1]);
    assert.equal(verifyRow({ index: proof.index, fields: JSON.parse(row), path: proof.path }, proof), null);
    const other = JSON.parse(row);
    other[10] = "client.update";
    assert.match(verifyRow({ index: proof.index, fields: other, path: proof.path }, proof), /altered/);
    assert.match(verifyRow({ index: proof.index + 1, fields: JSON.parse(row), path: proof.path }, proof), /altered/);
  });
  test("an auditor sees that the row names a client, and not which", async () => {
    const v = await h.staff("glow", "auditor"), [id, name] = someClient();
    const event = h.one(`SELECT id FROM audit.event WHERE tenant_id = :'v1' AND client_id = :'v2'::uuid ORDER BY at LIMIT 1`, h.tenantId("glow"), id);
    const r = await v.get(`/audit/events/${event}`);
    assert.equal(r.status, 200);
    assert.ok(!h.decode(r.text).includes(name));
  });
});
