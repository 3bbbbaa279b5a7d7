// naughty.test.js -- S-13, T12: the pages that show what people typed, when what they typed is hostile (tests/http/naughty.js): no
// dialog, no breach of the content security policy, no address asked but ours, and the text in the page is the text that was typed.
"use strict";
const { test, before } = require("node:test");
const assert = require("node:assert/strict");
const b = require("./harness");
const h = require("../http/harness");
const k = require("../http/booking_client");
const naughty = require("../http/naughty");

const kept = (s) => s.replace(/^[ \t\n\r\f\v]+|[ \t\n\r\f\v]+$/g, "");
function pack(texts, max, joint) {
  const all = [];
  for (const t of texts) {
    if ([...t].length > max) continue;
    if (all.length && [...(all.at(-1) + joint + t)].length <= max) all[all.length - 1] += joint + t;
    else all.push(t);
  }
  return all;
}
const names = pack(naughty.one_line, 118, "¦"), notes = pack(naughty.one_line, 9000, "\n"), things = pack(naughty.one_line, 100, "¦");

let owner, ops, client, at, mine;
const demos = [];
before(async () => {
  h.sql("DELETE FROM sec.throttle");
  owner = await h.staff("glow", "owner");
  ops = await h.staff("ops", "operator");
  const form = h.formOf((await owner.get("/clients/new")).text, "/clients/new").values;
  for (const name of names) at = (await owner.post("/clients/new", { ...form, idem: h.uuid(), name, preferred_name: name, birth_date: "1990-01-01", is_new: "true" })).location || at;
  client = at.slice(-36);
  const send = async (action, values) => assert.equal((await owner.post(action, { ...form, idem: h.uuid(), ...values })).status, 303, action);
  for (const body of notes) await send(`/clients/${client}/notes/sign`, { body, id: "", name: undefined });
  for (const substance of things) await send(`/clients/${client}/allergies`, { substance, reaction: substance, severity: "mild" });
  for (const text of names.slice(0, 4)) {
    const email = `${h.uuid()}@example.com`;
    await new h.Visitor("").submit("/demo", { name: text, spa_name: text, email, location_count: "1", provider_count: "1", platform: "paper", message: notes[0].slice(0, 1000) }, { action: "/demo", from: h.somewhere() });
    demos.push(h.one("SELECT id FROM app.demo_request WHERE email = :'v1'", email));
  }
  const c = k.corner("glow", { minutes: 10 });
  mine = await k.book(c, { slot: 0, days: 2, person: { name: names[0].slice(0, 100), preferred_name: "" } });
  mine.corner = c;
  h.sql("DELETE FROM sec.throttle");
});

// Opens a page as somebody who is logged in already; says what it did that it must not.
async function look(visitor, target, width = "desk") {
  const page = await b.open(width);
  const dialogs = [], breaches = [];
  page.on("dialog", (d) => { dialogs.push(d.message()); d.dismiss(); });
  await page.addInitScript(() => {
    window.breaches = [];
    document.addEventListener("securitypolicyviolation", (e) => window.breaches.push(`${e.violatedDirective} ${e.blockedURI}`));
  });
  await page.context().addCookies([...visitor.jar.values()].map((x) => ({ name: x.name, value: x.value, domain: h.host(visitor.label), path: x.at, secure: true, httpOnly: true })));
  await page.goto(h.origin(visitor.label) + target);
  await page.waitForTimeout(150);
  breaches.push(...await page.evaluate(() => window.breaches));
  assert.deepEqual([dialogs, breaches, page.foyer.faults], [[], [], []], target);
  return page;
}
const texts = (page, selector) => page.$$eval(selector, (all) => all.map((x) => x.textContent));

test("S-13 T12: a chart with all of them in notes and allergies", async () => {
  const page = await look(owner, `/clients/${client}/chart`);
  const lines = await texts(page, ".note .lines");
  for (const note of notes) assert.ok(lines.includes(kept(note)), `a note is not what was typed: ${note.slice(0, 60)}`);
  const all = await page.evaluate(() => document.body.textContent);
  for (const thing of things) assert.ok(all.includes(kept(thing)), `an allergy is not what was typed: ${thing}`);
  assert.equal(await page.$$eval("main script, main iframe, main img, main object, main embed, main base, main style, main link", (x) => x.length), 0);
  await page.context().close();
});
test("S-13 T12: clients of such names, in the list of those lately added, on their pages and in the trail", async () => {
  const ids = h.sql("SELECT id, encode(convert_to(name, 'UTF8'), 'hex') FROM app.client WHERE name = ANY (SELECT convert_from(decode(x, 'hex'), 'UTF8') FROM unnest(string_to_array(:'v1', ',')) AS x)",
    names.map((x) => Buffer.from(kept(x)).toString("hex")).join(","));
  assert.ok(ids.length >= names.length - 1);
  for (const [id, hex] of ids.slice(0, 12)) {
    const page = await look(owner, `/clients/${id}`, id < "8" ? "desk" : "phone");
    assert.ok((await page.evaluate(() => document.querySelector("main").textContent)).includes(Buffer.from(hex, "hex").toString()), "her name is not what was typed");
    await page.context().close();
  }
  for (const target of ["/clients", `/clients/${client}/edit`, `/audit/clients/${client}`, "/audit", "/messages", `/appointments/new?client_id=${client}`]) await (await look(owner, target)).context().close();
});
test("S-13 T12: requests for a demo at the operator's", async () => {
  for (const target of ["/demos", ...demos.map((id) => `/demos/${id}`)]) {
    const page = await look(ops, target);
    if (target !== "/demos") assert.ok((await page.evaluate(() => document.querySelector("main").textContent)).includes(notes[0].slice(0, 200)));
    await page.context().close();
  }
});
test("S-13 T12: a visitor of such a name, on the pages of her link, and her visit in the calendar", async () => {
  for (const end of ["/visit", "/booked", "/move"]) await (await look(mine.v, mine.at + end, "phone")).context().close();
  const page = await look(owner, `/appointments/${mine.appointment}`);
  assert.ok((await page.evaluate(() => document.body.textContent)).includes(names[0].slice(0, 100)));
  await page.context().close();
  await (await look(owner, `/day/${k.dayIn(2)}`)).context().close();
  k.close(mine.corner);
});
test("S-13 T12: a form that was refused shows what was typed, as text in its fields", async () => {
  const page = await look(owner, "/clients/new");
  for (const text of naughty.one_line.filter((_, i) => i % 25 === 0)) {
    await page.fill("#name", text);
    await page.fill("#phone", "no phone");
    await Promise.all([page.waitForLoadState("load"), page.evaluate(() => document.querySelector('form[action="/clients/new"]').requestSubmit())]);
    await page.waitForSelector("#phone-error");
    assert.equal(await page.inputValue("#name"), text);
  }
  assert.deepEqual(page.foyer.faults.filter((x) => !/422/.test(x)), []);
  await page.context().close();
});
