// duplicate.test.js -- L10: one chart a client: records of the same person are found, joined with both histories, and taken apart again.
"use strict";
const { test, describe, before } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");

const uniq = () => h.uuid().replaceAll("-", "").slice(0, 12).replace(/[0-9]/g, (d) => "ghijklmnop"[d]);
let owner, provider, desk;
before(async () => { owner = await h.staff("glow", "owner"); provider = await h.staff("glow", "provider"); desk = await h.staff("glow", "front-desk"); });
const addClient = (values) => h.addClient(desk, values);
const idsOf = (html) => [...html.matchAll(/\/clients\/([0-9a-f-]{36})(?:\/chart)?"/g)].map(([, id]) => id);
async function join(into, other) {
  const r = await owner.submit(`/clients/${other}/join?other=${into}`, {}, { action: `/clients/${other}/join` });
  assert.equal(r.status, 303, r.text.slice(0, 400));
  assert.equal(r.location, `/clients/${into}/join`);
  return r;
}

describe("L10 who may be there twice", () => {
  test("by phone, by e-mail, by name and date of birth, by a similar name; found to be two people, they are not asked about again", async () => {
    const word = uniq(), base = { name: `Amelia Farnsworth ${word}`, birth_date: "1984-03-09", phone: "", email: `amelia.${word}@mail.example` };
    const id = await addClient(base);
    const cases = { "same e-mail": await addClient({ name: `Other ${uniq()}`, email: base.email }), "same name and date of birth": await addClient({ name: base.name.toUpperCase(), birth_date: base.birth_date }),
      "similar name, same date of birth": await addClient({ name: `${word} Farnsworth Amelie`, birth_date: base.birth_date }) };
    const stranger = await addClient({ name: `Amelia Brown ${uniq()}`, birth_date: base.birth_date });
    const page = await owner.get(`/clients/${id}/join`);
    for (const [reason, other] of Object.entries(cases)) {
      const at = page.text.indexOf(`?other=${other}`);
      assert.ok(at > 0, reason);
      assert.ok(page.text.slice(at, at + 400).includes(reason), reason);
    }
    assert.ok(!page.text.includes(stranger));
    const named = h.trail(page.id).find((e) => e.action === "client.duplicates").clients;
    for (const other of Object.values(cases)) assert.ok(named.includes(other));
    const phone = `+1718555${String(Math.floor(Math.random() * 9000) + 1000)}`;
    const [a, b] = [await addClient({ name: `Pia ${uniq()}`, phone }), await addClient({ name: `Pia ${uniq()}`, phone })].sort();
    assert.match((await owner.get(`/clients/${a}/join`)).text, /same phone/);
    // a further phone counts as a first one; a guardian's does unless the dates of birth say that they are two
    const child = await addClient({ name: `Tom ${uniq()}`, birth_date: "2015-05-05" }), [further, brother] = [await addClient({ name: `Pia ${uniq()}` }), await addClient({ name: `Jim ${uniq()}`, birth_date: "2012-02-02" })];
    h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); INSERT INTO app.client_contact (client_id, kind, value) VALUES (:'v2', 'phone', :'v5');
      INSERT INTO app.client_guardian (client_id, relation, name, phone) VALUES (:'v3', 'parent', 'A parent', :'v5'), (:'v4', 'parent', 'A parent', :'v5'); COMMIT`, h.tenantId("glow"), further, child, brother, phone);
    const twice = (await owner.get(`/clients/${further}/join`)).text;
    for (const other of [a, b]) assert.match(twice.slice(twice.indexOf(`?other=${other}`)).slice(0, 400), /same phone/);
    assert.match(twice.slice(twice.indexOf(`?other=${child}`)).slice(0, 400), /a guardian’s phone/);
    assert.ok(!(await owner.get(`/clients/${child}/join`)).text.includes(`?other=${brother}`), "brothers are two people");
    // who enters her is told before, as far as she sees clients, and goes on all the same
    const typed = { name: `Pia ${uniq()}`, phone, email: base.email };
    const hint = await desk.submit("/clients/new", typed, { action: "/clients/new" });
    assert.equal(hint.status, 422);
    assert.match(hint.text, /This person may be here already/);
    for (const [other, words] of [[a, "same phone"], [further, "same phone"], [id, "same e-mail"]]) assert.match(hint.text.slice(hint.text.indexOf(`/clients/${other}"`)).slice(0, 300), new RegExp(words));
    assert.ok(h.trail(hint.id).some((e) => e.action === "client.search" && [a, b, id, further].every((x) => e.clients.includes(x))), "the trail has whom she was shown");
    assert.equal((await desk.post("/clients/new", { ...h.formOf(hint.text, "/clients/new").values, is_new: "true" })).status, 303);
    const list = await owner.get("/clients/duplicates");
    assert.ok(idsOf(list.text).includes(cases["same name and date of birth"]));
    assert.equal((await desk.get("/clients/duplicates")).status, 403);
    const keys = h.formOf(list.text, /\/apart$/).values;
    const apart = await owner.post(`/clients/${a}/apart`, { ...keys, other_id: b });
    assert.equal(apart.status, 303);
    assert.ok(!(await owner.get(`/clients/${a}/join`)).text.includes(`?other=${b}`), "asked about again");
  });
});

describe("L10 joining", () => {
  test("both histories are read as one, sealed ones opened; the search finds the one that stays; undone, each is as it was", async () => {
    const word = uniq();
    const into = await addClient({ name: `Kept ${word}`, birth_date: "1990-04-04" }), other = await addClient({ name: `Twice ${word}`, birth_date: "1990-04-04", phone: "(929) 555-0101" });
    for (const [id, n] of [[into, "one"], [other, "two"]]) {
      const chart = `/clients/${id}/chart`;
      await provider.submit(chart, { body: `Note ${n} ${word}` }, { action: `/clients/${id}/notes` });
      await provider.submit(chart, { substance: `Nut ${n} ${word}`, reaction: "" }, { action: `/clients/${id}/allergies`, extra: { severity: "mild" } });
    }
    const before = h.sql("SELECT id, client_id, encode(body_sealed, 'hex') FROM app.chart_note WHERE client_id IN (:'v1', :'v2') ORDER BY id", into, other);
    const joined = await join(into, other);
    assert.deepEqual([...h.trail(joined.id).find((e) => e.action === "client.join").clients].sort(), [into, other].sort());
    const chart = await provider.get(`/clients/${into}/chart`);
    for (const words of [`Note one ${word}`, `Note two ${word}`, `Nut one ${word}`, `Nut two ${word}`]) assert.ok(chart.text.includes(words), words);
    const booking = await owner.get(`/appointments/new?client_id=${into}`);
    for (const words of [`Nut one ${word}`, `Nut two ${word}`]) assert.ok(booking.text.includes(words), `${words} where she is booked`);
    assert.match((await owner.get(`/clients/${into}/details`)).text, /929[^<]{1,3}555-0101[^]*on the record that was joined/);
    assert.deepEqual([...h.trail(chart.id).find((e) => e.action === "chart.read").clients].sort(), [into, other].sort());
    for (const q of [`twice ${word}`, `kept ${word}`]) assert.deepEqual(idsOf((await desk.get(`/clients?q=${encodeURIComponent(q)}`)).text), [into], q);
    assert.match((await desk.get(`/clients/${other}`)).text, new RegExp(`was joined to another one[^]*href="/clients/${into}"`));
    assert.deepEqual(h.sql("SELECT id, client_id, encode(body_sealed, 'hex') FROM app.chart_note WHERE client_id IN (:'v1', :'v2') ORDER BY id", into, other), before, "a row was moved");

    const again = await owner.submit(`/clients/${into}/join?other=${other}`, {}, { action: `/clients/${other}/join` });
    assert.equal(again.status, 422);
    assert.match(again.text, /joined already/);
    // Into a third one: all three are read there.
    const third = await addClient({ name: `Third ${word}`, birth_date: "1990-04-04" });
    await join(third, into);
    assert.ok((await provider.get(`/clients/${third}/chart`)).text.includes(`Note two ${word}`));
    const undoThird = await owner.submit(`/clients/${third}/join`, {}, { action: /\/undo$/ });
    assert.equal(undoThird.status, 303);

    const undone = await owner.submit(`/clients/${into}/join`, {}, { action: /\/undo$/ });
    assert.equal(undone.location, `/clients/${into}/join`);
    assert.ok(h.trail(undone.id).some((e) => e.action === "client.unjoin" && e.clients.length === 2));
    const alone = (await provider.get(`/clients/${into}/chart`)).text;
    assert.ok(alone.includes(`Note one ${word}`) && !alone.includes(`Note two ${word}`));
    assert.ok((await provider.get(`/clients/${other}/chart`)).text.includes(`Note two ${word}`));
    assert.deepEqual(idsOf((await desk.get(`/clients?q=twice+${word}`)).text), [other]);
  });

  test("not into itself, not another studio's, not by who may not; erasing the one that stays erases what was joined", async () => {
    const into = await addClient({ name: `Erase ${uniq()}`, birth_date: "1990-04-04" }), other = await addClient({ name: `Erase ${uniq()}`, birth_date: "1990-04-04" });
    const page = await owner.get(`/clients/${into}/join?other=${other}`), keys = h.formOf(page.text, `/clients/${other}/join`).values;
    assert.equal((await owner.post(`/clients/${into}/join`, { ...keys, idem: h.uuid(), other_id: into })).status, 422);
    const foreign = h.one("SELECT id FROM app.client WHERE tenant_id = :'v1' LIMIT 1", h.tenantId("first-light"));
    assert.equal((await owner.post(`/clients/${into}/join`, { ...keys, idem: h.uuid(), other_id: foreign })).status, 404);
    const deskKeys = h.formOf((await desk.get(`/clients/${into}`)).text, "/logout").values;
    assert.equal((await desk.post(`/clients/${into}/join`, { ...deskKeys, idem: h.uuid(), other_id: other })).status, 403);
    await join(into, other);
    h.sql("SELECT set_config('foyer.tenant_id', :'v1', true) \\g /dev/null\n SELECT set_config('foyer.actor_kind', 'system', true) \\g /dev/null\n BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true), set_config('foyer.actor_kind', 'system', true); SELECT app.client_erase(:'v2'::uuid); COMMIT", h.tenantId("glow"), into);
    assert.deepEqual(h.sql("SELECT DISTINCT name FROM app.client WHERE id IN (:'v1', :'v2')", into, other), [["Erased client"]]);
    assert.equal(h.one("SELECT count(*) FROM app.client_change WHERE client_id IN (:'v1', :'v2')", into, other), "0");
  });
});
