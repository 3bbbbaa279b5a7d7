// settings.test.js -- the studio's own texts, and the operator's list of requests.
"use strict";
const { test, describe } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");

describe("B02 L57: the studio's own texts", () => {
  test("a new version is shown to clients, and the old one stays as it was", async () => {
    const v = await h.staff("first-light", "manager");
    const words1 = "we do not show it to advertisers";
    assert.ok(h.decode((await h.request("first-light", "/privacy/1")).text).includes(words1));
    const page = await v.get("/settings/texts/privacy");
    const { values } = h.formOf(page.text, "/settings/texts/privacy");
    assert.match(values.body, /First Light/, "the form begins with the text in force");
    const words = `We keep <less> & tell you why. ${h.uuid()}`;
    const r = await v.post("/settings/texts/privacy", { ...values, title: "Privacy, anew", body: words });
    assert.equal(r.status, 303);
    assert.match(h.decode((await h.request("first-light", "/privacy")).text), new RegExp(words.slice(-36)));
    assert.ok(h.decode((await h.request("first-light", "/privacy/1")).text).includes(words1), "the old text is gone");
    assert.match((await v.get("/settings/texts/privacy")).text, /Version 2/);
    assert.match((await h.request("glow", "/privacy")).text, /How Glow handles your data/, "another studio's text is its own");
  });
  test("what was typed stays when something is missing", async () => {
    const v = await h.staff("glow", "manager");
    const before = h.one("SELECT count(*) FROM app.policy_version");
    const { values } = h.formOf((await v.get("/settings/texts/terms")).text, "/settings/texts/terms");
    const r = await v.post("/settings/texts/terms", { ...values, title: "", body: "A long thought" });
    assert.equal(r.status, 422);
    assert.equal(h.formOf(r.text, "/settings/texts/terms").values.body, "A long thought");
    assert.equal(h.one("SELECT count(*) FROM app.policy_version"), before);
  });
  test("a published text cannot be changed, not even by the owner of the table", () => {
    assert.throws(() => h.sql("UPDATE app.policy_version SET body = 'other'"), /written once/);
    assert.throws(() => h.sql("DELETE FROM app.policy_version"), /written once/);
  });
  test("a text that does not exist is not found", async () => {
    const v = await h.staff("glow", "manager");
    assert.equal((await v.get("/settings/texts/nonsense")).status, 404);
  });
});

describe("L05 L43: the operator works on requests", () => {
  const request = (name) => {
    const id = h.uuid();
    h.sql(`INSERT INTO app.demo_request (tenant_id, id, name, email, spa_name, locations, providers, platform)
           SELECT t.id, :'v1', 'Somebody', 's@example.org', :'v2', 1, 1, 'Paper' FROM app.tenant t WHERE t.slug = 'ops'`, id, name);
    return id;
  };
  test("where it stands can be kept", async () => {
    const id = request("Stand Studio"), v = await h.staff("ops", "operator");
    const r = await v.submit(`/demos/${id}`, { state: "quoted" }, { action: `/demos/${id}/state` });
    assert.equal(r.status, 303);
    assert.equal(h.one("SELECT state FROM app.demo_request WHERE id = :'v1'", id), "quoted");
    const bad = await v.submit(`/demos/${id}`, { state: "sold" }, { action: `/demos/${id}/state` });
    assert.equal(bad.status, 422);
  });
  test("L43: it can be deleted for good", async () => {
    const id = request("Gone Studio"), v = await h.staff("ops", "operator");
    const r = await v.submit(`/demos/${id}`, {}, { action: `/demos/${id}/delete` });
    assert.equal(r.status, 303);
    assert.equal(h.one("SELECT count(*) FROM app.demo_request WHERE id = :'v1'", id), "0");
    assert.equal((await v.get(`/demos/${id}`)).status, 404);
  });
  test("L23: after 24 months it is gone, unless it became a customer", () => {
    const [old, won, young] = [request("Old"), request("Won"), request("Young")];
    h.sql(`UPDATE app.demo_request SET created_at = now() - interval '24 months 1 day' WHERE id IN (:'v1', :'v2')`, old, won);
    h.sql(`UPDATE app.demo_request SET created_at = now() - interval '24 months' + interval '1 day' WHERE id = :'v1'`, young);
    h.sql("UPDATE app.demo_request SET state = 'won' WHERE id = :'v1'", won);
    h.sql("SELECT sec.tidy()");
    const left = h.sql("SELECT id FROM app.demo_request WHERE id IN (:'v1', :'v2', :'v3')", old, won, young).map(([id]) => id).sort();
    assert.deepEqual(left, [won, young].sort());
  });
  test("a studio's staff never see them, and the operator sees no studio's clients (B19)", async () => {
    const owner = await h.staff("glow", "owner"), ops = await h.staff("ops", "operator");
    assert.equal((await owner.get("/demos")).status, 404);
    for (const path of ["/clients", "/calendar", `/clients/${h.uuid()}`]) assert.equal((await ops.get(path)).status, 404);
    const messages = await ops.get("/messages");
    assert.doesNotMatch(messages.text, /mail\.example/);
  });
});

test("R-02: how long a session may last is the studio's to say, within bounds", async () => {
  const v = await h.staff("first-light", "manager");
  const kept = () => h.sql("SELECT idle_minutes, absolute_hours, session_days FROM app.tenant WHERE slug = 'first-light'")[0].join(" ");
  const was = kept(), { values } = h.formOf((await v.get("/settings/entry")).text, "/settings/entry");
  assert.equal([values.idle_minutes, values.absolute_hours, values.session_days].join(" "), was, "the form begins with what is in force");
  const refused = await v.submit("/settings/entry", { idle_minutes: "60" }, { action: "/settings/entry" });
  assert.equal(refused.status, 422);
  assert.equal(kept(), was);
  const r = await v.submit("/settings/entry", { idle_minutes: "20" }, { action: "/settings/entry" });
  assert.equal(r.status, 303);
  assert.equal(kept().split(" ")[0], "20");
  await v.submit("/settings/entry", values, { action: "/settings/entry" });
  assert.equal(kept(), was);
});
