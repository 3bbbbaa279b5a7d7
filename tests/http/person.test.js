// person.test.js -- a client as a person: how she is reached, who answers for her, weeks of a pregnancy, tags, what was changed.
"use strict";
const { test, describe, before } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");
const naughty = require("./naughty");

const uniq = () => h.uuid().replaceAll("-", "").slice(0, 12).replace(/[0-9]/g, (d) => "ghijklmnop"[d]);
const found = async (v, q) => [...(await v.get(`/clients?q=${encodeURIComponent(q)}`)).text.matchAll(/href="\/clients\/([0-9a-f-]{36})(?:\/chart)?"/g)].map(([, id]) => id);
const details = (id) => `/clients/${id}/details`;
// Sends one of the forms of her details; it must be taken.
async function send(v, id, action, values, extra = {}) {
  const r = await v.submit(details(id), values, { action: action instanceof RegExp ? action : `/clients/${id}/${action}`, extra });
  assert.equal(r.status, 303, `${action}: ${r.status} ${r.text.match(/class="error"[^>]*>[^<]*/g)?.join()}`);
  return r;
}
let desk, owner;
before(async () => { desk = await h.staff("glow", "front-desk"); owner = await h.staff("glow", "owner"); });

describe("B13 how a client is reached", () => {
  test("several phones and e-mails, never identity; each finds her; one of them is made the first", async () => {
    const word = uniq(), shared = `family.${word}@mail.example`;
    const id = await h.addClient(desk, { name: `Reach ${word}`, phone: "(646) 555-0142", email: shared, birth_date: "1990-01-01" });
    const other = await h.addClient(desk, { name: `Sister ${word}`, email: shared });
    const added = await send(desk, id, "contacts", { contact_value: "(718) 555-0163", contact_label: "work" }, { contact_kind: "phone" });
    assert.ok(h.trail(added.id).some((e) => e.action === "client.contact" && e.clients.includes(id)));
    await send(desk, id, "contacts", { contact_value: ` Second.${word}@Mail.Example `, contact_label: "" }, { contact_kind: "email" });
    assert.deepEqual(h.sql("SELECT kind, value, label FROM app.client_contact WHERE client_id = :'v1' ORDER BY kind DESC", id),
      [["phone", "+17185550163", "work"], ["email", `second.${word}@mail.example`, ""]]);
    for (const q of [`${word} 7185550163`.slice(-10), `second.${word}@mail.example`]) assert.ok((await found(desk, q)).includes(id), q);
    const both = await found(desk, shared);
    assert.ok(both.includes(id) && both.includes(other), "two clients share an address");
    const page = await desk.get(details(id));
    assert.match(page.text, /work/);
    const phone = h.one("SELECT id FROM app.client_contact WHERE client_id = :'v1' AND kind = 'phone'", id);
    await send(desk, id, new RegExp(`/contacts/${phone}/first$`), {});
    const labels = () => h.sql("SELECT c.phone, c.phone_label, x.value, x.label FROM app.client c JOIN app.client_contact x ON x.client_id = c.id AND x.kind = 'phone' WHERE c.id = :'v1'", id);
    assert.deepEqual(labels(), [["+17185550163", "work", "+16465550142", ""]], "the label goes along");
    assert.match((await desk.get(details(id))).text, /first phone · work/);
    assert.equal(h.one("SELECT email FROM app.client WHERE id = :'v1'", other), shared, "the other one is as she was");
    const email = h.one("SELECT id FROM app.client_contact WHERE client_id = :'v1' AND kind = 'email'", id);
    await send(desk, id, new RegExp(`/contacts/${email}/remove$`), {});
    assert.ok(!(await found(desk, `second.${word}@mail.example`)).includes(id), "found by an address that she has no more");
    for (const [kind, value] of [["phone", "12"], ["email", "no address"], ["phone", "+16465550142"]]) {
      const r = await desk.submit(details(id), { contact_value: value }, { action: `/clients/${id}/contacts`, extra: { contact_kind: kind } });
      assert.equal(r.status, 422, value);
      assert.match(r.text, /id="contact_value-error"/);
    }
  });

  test("address, pronouns and whom to call; the history holds both values, and says who", async () => {
    const id = await h.addClient(desk, { name: `Address ${uniq()}` });
    await send(desk, id, "about", { pronouns: "they/them", street: "1 First Street", city: "Troy", region: "NY", postal_code: "12180", country: "us",
      emergency_contact_name: "Sam Example", emergency_contact_relation: "brother", emergency_contact_phone: "(212) 555-0134" });
    await send(desk, id, "about", { street: "2 Second Street" });
    assert.deepEqual(h.sql("SELECT street, country, emergency_contact_phone FROM app.client WHERE id = :'v1'", id), [["2 Second Street", "US", "+12125550134"]]);
    assert.deepEqual(h.sql("SELECT was, is_now, actor_kind FROM app.client_change WHERE client_id = :'v1' AND field = 'street' ORDER BY at", id),
      [["", "1 First Street", "staff"], ["1 First Street", "2 Second Street", "staff"]]);
    const page = h.decode((await desk.get(details(id))).text);
    for (const text of ["they/them", "2 Second Street, Troy NY 12180, US", "Sam Example, brother", "<del>1 First Street</del>"]) assert.ok(page.includes(text), text);
    assert.throws(() => h.sql("UPDATE app.client_change SET was = 'x' WHERE client_id = :'v1'", id), /./, "the history can be changed");
  });

  test("what was changed goes on behind a link, a hundred at a time: of the record, and of the business's own fields", async () => {
    const id = await h.addClient(desk, { name: `Often ${uniq()}` }), me = h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND is_active ORDER BY name LIMIT 1", h.tenantId("glow"));
    h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true) \\g /dev/null
      INSERT INTO app.client_change (tenant_id, client_id, field, was, is_now, actor_kind, at) SELECT :'v1', :'v2', 'street', 'Street ' || g, 'Street ' || g + 1, 'staff', timestamptz '2020-01-01' + g * interval '1 hour' FROM generate_series(1, 230) AS g;
      SET LOCAL session_replication_role = replica;
      INSERT INTO app.client_field_value (tenant_id, client_id, field_id, value_sealed, at, by_id, ended_at)
      SELECT :'v1', :'v2', (SELECT f.id FROM app.client_field f WHERE f.tenant_id = :'v1' ORDER BY f.position LIMIT 1), NULL, timestamptz '2020-01-01' + g * interval '1 hour', :'v3', now() FROM generate_series(1, 120) AS g; COMMIT`, h.tenantId("glow"), id, me);
    const all = Number(h.one("SELECT count(*) FROM app.client_change WHERE client_id = :'v1'", id)), look = async (query) => (await desk.get(`${details(id)}${query}`)).text;
    const lines = (text, part) => (text.slice(text.indexOf(`id="${part}"`)).split("</section>")[0].match(/ → /g) || []).length;
    const first = await look("");
    assert.deepEqual([lines(first, "changes"), lines(first, "fields")], [100, 100]);
    assert.match(first, new RegExp(`href="\\?changes_from=100#changes">Older changes</a> <span[^>]*>${all} in all`));
    assert.match(first, /href="\?field_changes_from=100#fields">Older changes<\/a> <span[^>]*>120 in all/);
    assert.doesNotMatch(first, /<details class="more" open>\s*<summary>What was changed/);
    const seen = new Set();
    for (const from of [0, 100, 200]) {
      const text = await look(`?changes_from=${from}`);
      assert.match(text, /<details class="more" open>\s*<summary>What was changed</);
      for (const [, n] of text.matchAll(/<del>Street (\d+)<\/del>/g)) seen.add(n);
      assert.equal(lines(text, "changes"), Math.min(100, all - from));
      assert.equal(/changes_from=(100|200|300)#changes">Older/.test(text), from < 200);
    }
    assert.equal(seen.size, 230, "none is left out");
    assert.match(await look("?changes_from=200"), /href="\?changes_from=100#changes">Newer changes/);
    assert.equal(lines(await look("?field_changes_from=100"), "fields"), 20);
    assert.equal(lines(await look("?changes_from=x"), "changes"), 100);
  });

  test("language, way and best time: kept, in the history and the file; a language that is none is refused", async () => {
    const id = await h.addClient(desk, { name: `Spoken ${uniq()}` });
    await send(desk, id, "communication", { preferred_language: "es", preferred_way: "text", best_time: "after 5 <b>pm" });
    assert.deepEqual(h.sql("SELECT preferred_language, preferred_way, best_time FROM app.client WHERE id = :'v1'", id), [["es", "text", "after 5 <b>pm"]]);
    assert.equal(h.one("SELECT count(*) FROM app.client_change WHERE client_id = :'v1' AND field IN ('preferred_language', 'preferred_way', 'best_time')", id), "3");
    const page = (await desk.get(details(id))).text;
    for (const text of ["<dd>Español</dd>", "<dd>Text message</dd>", "<dd>after 5 &lt;b&gt;pm</dd>", '<option value="es" selected>']) assert.ok(page.includes(text), text);
    const bad = await desk.submit(details(id), { preferred_language: "<x>" }, { action: `/clients/${id}/communication` });
    assert.equal(bad.status, 422);
    await send(desk, id, "communication", { preferred_language: "", preferred_way: "", best_time: "" });
    assert.deepEqual(h.sql("SELECT preferred_language IS NULL, preferred_way IS NULL, best_time IS NULL FROM app.client WHERE id = :'v1'", id), [["t", "t", "t"]]);
  });
});

describe("B50 nobody saves over what she has not seen", () => {
  // The form as it stood when it was opened: what its hidden fields say, too.
  const opened = async (path, action) => h.formOf((await desk.get(path)).text, action).values;
  const post = (path, values) => desk.post(path, { ...values, idem: h.uuid() });
  const error = (r, field) => h.decode((r.text.match(new RegExp(`id="${field}-error">([^<]*)`)) || ["", ""])[1]);
  const day = (n) => new Date(Date.now() + n * 86400000).toISOString().slice(0, 10);

  test("contact: refused with both values; sent again it counts; what was left alone stays as the other one left it", async () => {
    const word = uniq(), id = await h.addClient(desk, { name: `Seen ${word}`, phone: "(212) 555-0155", due_date: day(60) });
    const edit = `/clients/${id}/edit`, mine = await opened(edit, edit);
    await send(desk, id, "due", { new_due: day(90) });
    assert.equal((await desk.submit(edit, { phone: "(212) 555-0156" }, { action: edit })).status, 303);
    const both = () => h.sql("SELECT name, phone, due_date::text FROM app.client WHERE id = :'v1'", id)[0];
    // a mistake of her own first: the form that comes back still knows what it was opened with
    const bad = await post(edit, { ...mine, email: "no address", phone: "+12125550157" });
    assert.equal(bad.status, 422);
    const again = { ...h.formOf(bad.text, edit).values, email: "" };
    const r = await post(edit, again);
    assert.equal(r.status, 422, "saved over a number that was not seen");
    assert.match(error(r, "phone"), /Somebody else changed this meanwhile: it now says “\+12125550156”/);
    assert.equal(h.formOf(r.text, edit).values.phone, "+12125550157", "what was typed is kept");
    assert.deepEqual(both(), [`Seen ${word}`, "+12125550156", day(90)]);
    assert.equal((await post(edit, h.formOf(r.text, edit).values)).status, 303);
    assert.deepEqual(both(), [`Seen ${word}`, "+12125550157", day(90)], "the due date that nobody touched here is the other one's");
  });

  test("details, due date and guardian likewise; dates that cannot be are refused by the database, whoever writes them", async () => {
    const id = await h.addClient(desk, { name: `Unseen ${uniq()}`, birth_date: "2015-01-01" });
    const about = await opened(details(id), `/clients/${id}/about`), due = await opened(details(id), `/clients/${id}/due`);
    await send(desk, id, "about", { city: "Troy", street: "1 First Street" });
    await send(desk, id, "due", { new_due: day(100) });
    const a = await post(`/clients/${id}/about`, { ...about, city: "Utica", region: "NY" });
    assert.equal(a.status, 422);
    assert.match(error(a, "city"), /it now says “Troy”/);
    const d = await post(`/clients/${id}/due`, { ...due, new_due: day(150) });
    assert.equal(d.status, 422);
    assert.match(error(d, "new_due"), new RegExp(`it now says “${day(100)}”`));
    assert.equal((await post(`/clients/${id}/about`, { ...about, region: "NY" })).status, 303);
    assert.deepEqual(h.sql("SELECT street, city, region, due_date::text FROM app.client WHERE id = :'v1'", id), [["1 First Street", "Troy", "NY", day(100)]]);
    await send(desk, id, "guardians", { guardian_name: "A parent" }, { guardian_relation: "parent", guardian_may_sign: "true" });
    const at = `/clients/${id}/guardians/${h.one("SELECT id FROM app.client_guardian WHERE client_id = :'v1'", id)}`, mine = await opened(at, at);
    const { guardian_may_sign: _, ...theirs } = mine;
    assert.equal((await post(at, { ...theirs, guardian_name: "A mother", guardian_relation: "legal_guardian" })).status, 303);
    const g = await post(at, { ...mine, guardian_name: "A father", guardian_relation: "carer", guardian_may_sign: "true" });
    assert.equal(g.status, 422);
    assert.match(error(g, "guardian_name"), /it now says “A mother”/);
    assert.match(error(g, "guardian_relation"), /it now says “legal_guardian”/);
    assert.equal(h.one("SELECT may_sign FROM app.client_guardian WHERE client_id = :'v1'", id), "f", "the right to sign that somebody took away came back");
    // what cannot be
    const future = await desk.submit(at, { guardian_birth_date: day(3) }, { action: at, extra: { guardian_relation: "legal_guardian" } });
    assert.match(error(future, "guardian_birth_date"), /lies in the future/);
    for (const [field, value, words] of [["birth_date", day(3), /lies in the future/], ["due_date", day(300), /at most 41 weeks ahead/], ["due_date", "1901-01-01", /look again/]]) {
      const no = await desk.submit(`/clients/${id}/edit`, { [field]: value }, { action: /\/edit$/ });
      assert.equal(no.status, 422, `${field} ${value}`);
      assert.match(error(no, field), words);
    }
    const early = await desk.submit(details(id), { earlier_due: day(40), earlier_end: "" }, { action: `/clients/${id}/pregnancies` });
    assert.match(error(early, "earlier_end"), /has not come yet/);
    for (const sql of ["UPDATE app.client SET birth_date = current_date + 3 WHERE id = :'v1'", "UPDATE app.client SET due_date = current_date + 300 WHERE id = :'v1'",
      "UPDATE app.client_guardian SET birth_date = current_date + 3 WHERE client_id = :'v1'"])
      assert.throws(() => h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v2', true); ${sql}; COMMIT`, id, h.tenantId("glow")), /future|41 weeks/, sql);
  });
});

describe("L54 guardians", () => {
  test("one is added, changed, found, linked to a client and ended; his line stays", async () => {
    const word = uniq(), born = `${new Date().getFullYear() - 12}-02-03`;
    const id = await h.addClient(desk, { name: `Child ${word}`, birth_date: born });
    assert.match((await desk.get(details(id))).text, /nobody is named who may sign/);
    assert.equal(h.one("SELECT app.is_minor(:'v1') FROM (SELECT set_config('foyer.tenant_id', :'v2', true)) AS q", id, h.tenantId("glow")), "t");
    const parent = await h.addClient(desk, { name: `Parent ${word}`, birth_date: "1980-05-05" });
    await send(desk, id, "guardians", { guardian_name: `Mother of ${word}`, guardian_phone: "(212) 555-0177", guardian_email: `mother.${word}@mail.example`, guardian_birth_date: "1980-05-05" }, { guardian_relation: "parent", guardian_may_sign: "true" });
    const g = h.one("SELECT id FROM app.client_guardian WHERE client_id = :'v1'", id), at = `/clients/${id}/guardians/${g}`;
    for (const q of [`mother ${word}`, `mother.${word}@mail.example`]) assert.ok((await found(desk, q)).includes(id), q);
    assert.match((await desk.get(details(id))).text, /May sign/);
    const changed = await desk.submit(at, { guardian_name: `Mum of ${word}` }, { action: at, extra: { guardian_relation: "legal_guardian", guardian_may_sign: "true" } });
    assert.equal(changed.location, `${details(id)}#guardians`);
    const hits = await desk.get(`${at}?q=${word}`);
    assert.ok(hits.text.includes(`value="${parent}"`) && !hits.text.includes(`value="${id}"`));
    assert.ok(h.trail(hits.id).find((e) => e.action === "client.read").clients.includes(parent));
    const linked = await desk.submit(at, {}, { action: `${at}/link`, extra: { guardian_client: parent } });
    assert.equal(linked.status, 303);
    assert.match((await desk.get(details(parent))).text, new RegExp(`Answers for <a href="/clients/${id}"`));
    // the page shows who was chosen, and sent as it stands it changes nothing
    assert.match((await desk.get(at)).text, new RegExp(`value="${parent}" checked>`));
    assert.equal((await desk.submit(at, {}, { action: `${at}/link` })).status, 303);
    assert.equal(h.one("SELECT guardian_client_id FROM app.client_guardian WHERE id = :'v1'", g), parent, "saving without looking unlinks");
    assert.equal((await desk.submit(at, { guardian_name: "" }, { action: at, extra: { guardian_relation: "parent" } })).status, 422);
    const ended = await desk.submit(at, {}, { action: `${at}/end` });
    assert.equal(ended.status, 303);
    assert.equal(h.one("SELECT ended_at IS NOT NULL FROM app.client_guardian WHERE id = :'v1'", g), "t");
    assert.ok(!(await found(desk, `mum ${word}`)).includes(id), "found by a guardian who is none any more");
    assert.match((await desk.get(at)).text, /This has ended/);
  });
});

describe("B15 due dates", () => {
  test("weeks and days on known dates", () => {
    const on = (due, day) => h.one("SELECT coalesce(app.gestation_words(:'v1'::date, :'v2'::date), '-')", due, day);
    // 280 days before 2026-12-25 is 2026-03-20.
    for (const [due, day, words] of [["2026-12-25", "2026-03-20", "0 weeks"], ["2026-12-25", "2026-03-19", "-"], ["2026-12-25", "2026-03-21", "0 weeks 1 day"], ["2026-12-25", "2026-09-07", "24 weeks 3 days"],
      ["2026-12-25", "2026-12-25", "40 weeks"], ["2026-12-25", "2027-01-01", "41 weeks"], ["2026-12-25", "2027-01-22", "44 weeks"], ["2026-12-25", "2027-01-23", "-"],
      ["2024-02-29", "2024-02-28", "39 weeks 6 days"], ["2024-12-03", "2024-02-29", "0 weeks 2 days"], ["2026-12-25", "2026-03-27", "1 week"]])
      assert.equal(on(due, day), words, `${due} on ${day}`);
  });
  test("several in time: a date dated anew is the same one, another one ends the one before; shown for any day", async () => {
    const now = Date.now(), day = (n) => new Date(now + n * 86400000).toISOString().slice(0, 10);
    const id = await h.addClient(desk, { name: `Due ${uniq()}`, due_date: day(100) });
    const known = () => h.sql("SELECT due_date::text, ended_on IS NULL FROM app.client_pregnancy WHERE client_id = :'v1' ORDER BY due_date", id);
    assert.deepEqual(known(), [[day(100), "t"]]);
    await send(desk, id, "due", { new_due: day(108) });
    assert.deepEqual(known(), [[day(108), "t"]]);
    const asked = await desk.get(`${details(id)}?on=${day(108 - 280 + 171)}`);
    assert.match(asked.text, /<strong>24 weeks 3 days<\/strong>/);
    await send(desk, id, "due", { new_due: "" });
    assert.deepEqual(known(), [[day(108), "f"]]);
    await send(desk, id, "pregnancies", { earlier_due: "2020-05-01", earlier_end: "2020-04-28" });
    assert.deepEqual(known(), [["2020-05-01", "f"], [day(108), "f"]]);
    const bad = await desk.submit(details(id), { earlier_due: "2020-05-01", earlier_end: "2022-01-01" }, { action: `/clients/${id}/pregnancies` });
    assert.equal(bad.status, 422);
    assert.match(bad.text, /does not go with that due date/);
    const earlier = h.one("SELECT id FROM app.client_pregnancy WHERE client_id = :'v1' AND due_date = '2020-05-01'", id);
    await send(desk, id, new RegExp(`/pregnancies/${earlier}/remove$`), {});
    await send(desk, id, "due", { new_due: day(250) });
    assert.deepEqual(known(), [[day(108), "f"], [day(250), "t"]]);
    assert.equal(h.one("SELECT due_date FROM app.client WHERE id = :'v1'", id), day(250));
  });
});

describe("tags", () => {
  test("the list is the studio's; a client has some; the list of clients is narrowed down by one", async () => {
    const name = `Tag ${uniq()}`;
    const made = await owner.submit("/settings/tags", { name }, { action: "/settings/tags", extra: { color: "warn" } });
    const tag = made.location.match(/tags\/([0-9a-f-]{36})/)[1];
    assert.match((await owner.get(made.location)).text, /Saved/);
    assert.equal((await owner.submit("/settings/tags", { name }, { action: "/settings/tags", extra: { color: "bad" } })).status, 422);
    const id = await h.addClient(desk, { name: `Tagged ${uniq()}` }), other = await h.addClient(desk, { name: `Untagged ${uniq()}` });
    await send(desk, id, "tags", {}, { tag_ids: [tag] });
    assert.match((await desk.get(`/clients/${id}`)).text, new RegExp(`chip is-warn" href="/clients\\?tag=${tag}">${name}`));
    const list = await desk.get(`/clients?tag=${tag}`);
    assert.ok(list.text.includes(`/clients/${id}"`) && !list.text.includes(`/clients/${other}"`));
    assert.deepEqual(h.trail(list.id).find((e) => e.action === "client.search").clients, [id]);
    const away = await owner.submit(`/settings/tags/${tag}`, { name: `${name} x` }, { action: `/settings/tags/${tag}`, extra: { color: "plain", tag_active: "" } });
    assert.equal(away.status, 303);
    await send(desk, id, "tags", {}, { tag_ids: [] });
    assert.equal(h.one("SELECT count(*) FROM app.client_tag WHERE client_id = :'v1'", id), "0");
    assert.equal((await desk.get("/settings/tags")).status, 403);
  });
});

describe("L10 fields of the business's own", () => {
  test("added, ordered, retired; filled in, kept sealed with what stood before, in the trail, in the file; hostile and stale ones refused", async () => {
    const word = uniq(), list = "/settings/client-fields", made = {};
    for (const [kind, options] of [["text", ""], ["long", ""], ["number", ""], ["date", ""], ["yes_no", ""], ["choice", "one\n two \n\none"]]) {
      const r = await owner.submit(list, { name: `${kind} ${word}`, options }, { action: list, extra: { kind, on_page: kind === "text" ? "true" : "" } });
      made[kind] = r.location.match(/#([0-9a-f-]{36})$/)[1];
    }
    assert.equal((await owner.submit(list, { name: `text ${word}`, options: "" }, { action: list, extra: { kind: "text" } })).status, 422, "a name is there once");
    assert.match((await owner.submit(list, { name: `c ${word}`, options: "alone" }, { action: list, extra: { kind: "choice" } })).text, /two to thirty choices/);
    const one = `${list}/${made.choice}`;
    assert.match((await owner.submit(one, { name: `choice ${word}`, options: "one\ntwo\nthree", help: "Which?" }, { action: one })).location, /saved=1$/);
    assert.equal((await owner.submit(list, {}, { action: `${list}/${made.choice}/rise` })).status, 303);
    const order = h.sql("SELECT id FROM app.client_field WHERE id IN (:'v1', :'v2') ORDER BY position", made.choice, made.yes_no).map(([id]) => id);
    assert.deepEqual(order, [made.choice, made.yes_no]);
    assert.equal((await desk.get(list)).status, 403);

    const id = await h.addClient(desk, { name: `Fields ${word}`, birth_date: "1990-01-01" }), at = `/clients/${id}/fields`;
    const fill = (values, v = desk) => v.submit(at, Object.fromEntries(Object.entries(values).map(([k, x]) => [`f-${made[k]}`, x])), { action: at });
    const hostile = `<script>${word}</script> =1+1`;
    const bad = await fill({ text: hostile, number: "twelve", date: "2026-02-30", choice: "four", yes_no: "Perhaps" });
    assert.equal(bad.status, 422);
    for (const words of [/Give a number/, /choose from the list/]) assert.match(bad.text, words);
    assert.ok(h.decode(bad.text).includes(hostile) && !bad.text.includes(`<script>${word}`), "what was typed stays, as text");
    assert.equal(h.one("SELECT count(*) FROM app.client_field_value WHERE client_id = :'v1'", id), "0", "nothing was saved");
    const stale = await desk.get(at);
    const good = await fill({ text: hostile, long: "two\nlines", number: "-12,50", date: "2026-02-28", choice: "two", yes_no: "Yes" });
    assert.equal(good.location, `/clients/${id}/details#fields`);
    assert.ok(h.trail(good.id).some((e) => e.action === "client.field" && e.clients.includes(id)));
    assert.equal(h.one("SELECT count(*) FROM app.client_field_value WHERE client_id = :'v1' AND position(convert_to(:'v2', 'UTF8') IN value_sealed) = 0", id, word), "6", "sealed");
    const shown = await desk.get(details(id));
    for (const words of [hostile, "-12.50", "2026-02-28", "two", "Yes"]) assert.ok(h.decode(shown.text).includes(words), words);
    assert.ok(h.decode((await desk.get(`/clients/${id}`)).text).includes(`text ${word}: ${hostile}`) || (await desk.get(`/clients/${id}`)).text.includes(word));

    const keys = h.formOf(stale.text, at).values;
    const over = await owner.post(at, { ...keys, csrf: h.formOf((await owner.get(at)).text, at).values.csrf, idem: h.uuid(), [`f-${made.choice}`]: "three" });
    assert.equal(over.status, 422);
    assert.match(h.decode(over.text), /Somebody else changed this meanwhile: it now says “two”/);
    assert.equal((await fill({ choice: "three", long: "" }, owner)).status, 303);
    const after = h.decode((await desk.get(details(id))).text);
    assert.match(after, /<del>two<\/del>[^]*?<ins>three<\/ins>/, "both values of a change");
    assert.equal(h.one("SELECT count(*) FROM app.client_field_value WHERE client_id = :'v1'", id), "8", "what was not changed was not written");

    const file = await owner.get("/clients/clients.csv");
    const row = file.text.split(/\r?\n(?=[^\n]*,)/).find((line) => line.includes(`Fields ${word}`));
    assert.ok(file.text.split("\n")[0].includes(`number ${word}`));
    assert.match(row, /three/);
    // only those with a tag, with what else is known of them: the values stand in their own lines
    const tag = h.one("INSERT INTO app.tag (tenant_id, name) VALUES (:'v1', :'v2') RETURNING id", h.tenantId("glow"), `File ${word}`);
    h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); INSERT INTO app.client_tag (client_id, tag_id) VALUES (:'v2', :'v3'); INSERT INTO app.client_contact (client_id, kind, value) VALUES (:'v2', 'phone', '+12125550198');
      INSERT INTO app.client_guardian (client_id, relation, name) VALUES (:'v2', 'parent', 'Parent Of Fields'); COMMIT`, h.tenantId("glow"), id, tag);
    assert.ok(h.decode((await owner.get(`/clients/files?tag=${tag}`)).text).includes(`/clients/clients.csv?tag=${tag}"`));
    const part = await owner.get(`/clients/clients.csv?tag=${tag}&part=1`);
    assert.ok(part.text.includes(`Fields ${word}`) && part.text.includes("three") && part.text.includes("12125550198") && part.text.includes("Parent Of Fields, parent"), part.text);
    assert.deepEqual(h.trail(part.id).find((e) => e.action === "client.export").clients, [id]);
    assert.match(row, /'?-12\.50/);

    assert.equal((await owner.submit(`${list}/${made.text}`, {}, { action: /\/retire$/ })).status, 303);
    assert.ok(!(await desk.get(at)).text.includes(`f-${made.text}`), "asked no more");
    assert.match((await desk.get(details(id))).text, new RegExp(`text ${word} · no longer asked`));
    for (const kind of Object.keys(made)) if (kind !== "text") await owner.submit(`${list}/${made[kind]}`, {}, { action: /\/retire$/ });
  });
});

describe("what a role does not show", () => {
  test("S-20: further phones, a guardian's and whom to call are masked, unfindable and unchanged", async () => {
    const word = uniq();
    const id = await h.addClient(desk, { name: `Masked ${word}`, phone: "(212) 555-0151" });
    await send(desk, id, "contacts", { contact_value: "(347) 555-0152" }, { contact_kind: "phone" });
    await send(desk, id, "guardians", { guardian_name: `Guard ${word}`, guardian_phone: "(347) 555-0153" }, { guardian_relation: "carer", guardian_may_sign: "true" });
    await send(desk, id, "about", { emergency_contact_name: "Called One", emergency_contact_phone: "(347) 555-0154" });
    const role = h.one("SELECT id FROM app.role WHERE tenant_id = :'v1' AND slug = 'front-desk'", h.tenantId("glow"));
    const mask = (masks) => h.sql("SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\n UPDATE app.role SET masks = string_to_array(:'v3', ',') WHERE id = :'v2'", h.tenantId("glow"), role, masks);
    mask("phone");
    try {
      const v = await h.staff("glow", "front-desk");
      const page = (await v.get(details(id))).text;
      for (const digits of ["555-0152", "5550152", "5550153", "555-0153", "5550154", "555-0154", "5550151"]) assert.ok(!page.includes(digits), digits);
      for (const q of ["3475550152", "3475550153"]) assert.ok(!(await found(v, q)).includes(id), q);
      await send(v, id, "about", { street: "3 Third Street" });
      assert.equal(h.one("SELECT emergency_contact_phone FROM app.client WHERE id = :'v1'", id), "+13475550154");
      const g = h.one("SELECT id FROM app.client_guardian WHERE client_id = :'v1'", id), at = `/clients/${id}/guardians/${g}`;
      assert.equal((await v.submit(at, { guardian_name: "Guard Renamed" }, { action: at, extra: { guardian_relation: "carer", guardian_may_sign: "true" } })).status, 303);
      assert.equal(h.one("SELECT phone FROM app.client_guardian WHERE id = :'v1'", g), "+13475550153");
      const keys = h.formOf((await v.get(details(id))).text, `/clients/${id}/contacts`).values;
      assert.notEqual((await v.post(`/clients/${id}/contacts`, { ...keys, contact_kind: "phone", contact_value: "(347) 555-0199" })).status, 303);
    } finally {
      mask("");
    }
  });
});

describe("T12 what is typed reads back as it was", () => {
  test("labels, address, pronouns, guardian, tag: markup is text on her page", async () => {
    const id = await h.addClient(desk, { name: `Words ${uniq()}` });
    const some = naughty.one_line.filter((s) => s.trim() === s && /[<"'{]/.test(s));
    const short = (n) => some.filter((s) => [...s].length <= n);
    for (let i = 0; i < 12; i++) {
      const pick = (n) => { const all = short(n); return all[(i * 17) % all.length]; };
      const values = { pronouns: pick(40), street: pick(200), city: pick(100), region: pick(100), emergency_contact_name: pick(120), emergency_contact_relation: pick(60) };
      await send(desk, id, "about", values);
      await send(desk, id, "guardians", { guardian_name: pick(100) }, { guardian_relation: "other" });
      await send(desk, id, "contacts", { contact_value: `x${i}.${uniq()}@mail.example`, contact_label: pick(40) }, { contact_kind: "email" });
      const page = await desk.get(details(id));
      const text = h.decode(page.text.slice(page.text.indexOf("<main")).replace(/<[^>]*>/g, "\u0000"));
      for (const v of Object.values(values)) assert.ok(text.includes(v), `not as typed: ${v}`);
      assert.doesNotMatch(page.text.slice(page.text.indexOf("<main")), /<script>|<img|<iframe|onerror=alert\(1\)>/);
    }
  });
});
