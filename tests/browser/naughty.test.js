// naughty.test.js -- S-13, T12: the pages that show what people typed, when what they typed is hostile (tests/http/naughty.js): no
// dialog, no breach of the content security policy, no address asked but ours, and the text in the page is the text that was typed.
"use strict";
const { test, before } = require("node:test");
const assert = require("node:assert/strict");
const b = require("./harness");
const h = require("../http/harness");
const k = require("../http/booking_client");
const naughty = require("../http/naughty");
const { spawnSync } = require("node:child_process");
const { session } = require("../http/form_client");
const { png, multipart } = require("../http/pictures");

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
    await Promise.all([page.waitForEvent("framenavigated"), page.evaluate(() => document.querySelector('form[action="/clients/new"]').requestSubmit())]);
    await page.waitForLoadState();
    await page.waitForSelector("#phone-error");
    assert.equal(await page.inputValue("#name"), text);
  }
  assert.deepEqual(page.foyer.faults.filter((x) => !/422/.test(x)), []);
  await page.context().close();
});

/*
 * Every field of text of a client, a form and a chart, as the pages themselves ask for it: each input and box for text of a form that has no text of its own
 * here is filled with a mark and hostile markup up to its length. Then each page is opened, and wherever a mark stands, the whole text stands, as text; each
 * mark is seen somewhere; and the same comes back out of the PDFs.
 */
test("S-13 T12: every text field of a client, a form and a chart reads back as text, on each page and in each PDF", async () => {
  const typed = new Map(), seen = new Set(), seed = h.uuid().slice(0, 4), marks = new RegExp(`Z${seed}q\\d+z`, "g");
  const evil = (max) => {
    const n = typed.size + 1, mark = `Z${seed}q${n}z`, text = `${mark} </textarea></title>"'><img src=x onerror=alert(${n})><script>alert(${n})</script>{{name}}&lt;=1+1`.slice(0, max).trim();
    typed.set(mark, text);
    return text;
  };
  const attribute = (tag, name) => h.decode(tag.match(new RegExp(`\\s${name}="([^"]*)"`))?.[1] ?? "");
  // Fills in a form of a page; what it asks for besides text comes in `values`.
  async function fill(v, target, action, values = {}, sent = {}, to = "") {
    const page = await v.get(target), form = h.formOf(page.text, action), filled = {};
    for (const [tag, kind] of form.html.matchAll(/<(input|textarea)\b[^>]*>/g)) {
      const name = attribute(tag, "name"), type = attribute(tag, "type") || "text";
      if (!name || name in values || name === "none_option" || // (a choice of the question, which these have not)
         kind === "input" && type !== "text" || /inputmode="(numeric|decimal|tel|email)"/.test(tag)) continue;
      const max = Number(attribute(tag, "maxlength")) || 200;
      if (max >= 12) filled[name] = evil(Math.min(max, 200));
    }
    Object.assign(sent, filled);
    const r = await v.post(to || form.action || target, { ...form.values, ...filled, ...values });
    assert.equal(r.status, 303, `${action}: ${[...r.text.matchAll(/class="error"[^>]*>([^<]*)/g)].map((m) => h.decode(m[1])).join(" | ")}`);
    return r.location;
  }
  const id = (location) => location.match(/[0-9a-f]{8}-[0-9a-f-]{27}(?!.*[0-9a-f]{8}-)/)[0];
  // Opens a page: a mark that stands there stands with its whole text, in the page or in a field of it.
  const readBack = async (v, target) => {
    const shown = await look(v, target);
    const text = await shown.evaluate(() => [document.body.textContent, ...[...document.querySelectorAll("input, textarea, option")].map((x) => x.value)].join("\n"));
    for (const mark of new Set(text.match(marks) || [])) {
      assert.ok(text.includes(typed.get(mark)), `${target}: ${mark} is not what was typed: ${text.slice(text.indexOf(mark), text.indexOf(mark) + 120)}`);
      seen.add(mark);
    }
    assert.equal(await shown.$$eval("main script, main iframe, main img[src=x]", (x) => x.length), 0, target);
    await shown.context().close();
  };
  const tenant = h.tenantId("glow"), inside = "SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\n";

  const who = id(await fill(owner, "/clients/new", "/clients/new", { email: "", phone: "", birth_date: "1990-01-01" })), at = `/clients/${who}`;
  await fill(owner, `${at}/details`, `${at}/about`, { country: "US", postal_code: "10001", emergency_contact_phone: "" });
  await fill(owner, `${at}/details`, `${at}/contacts`, { contact_kind: "email", contact_value: `${h.uuid()}@mail.example` });
  await fill(owner, `${at}/details`, `${at}/guardians`, { guardian_relation: "other", guardian_phone: "", guardian_email: "", guardian_birth_date: "" });
  await fill(owner, "/settings/tags", "/settings/tags");
  const tag = h.one("SELECT id FROM app.tag WHERE tenant_id = :'v1' AND starts_with(name, :'v2') LIMIT 1", tenant, `Z${seed}q`);
  await fill(owner, `${at}/details`, `${at}/tags`, { tag_ids: tag });
  for (const kind of ["text", "long", "choice"]) await fill(owner, "/settings/client-fields", "/settings/client-fields", { kind, on_page: "true", options: kind === "choice" ? `${evil(60)}\n${evil(60)}` : "" });
  await fill(owner, `${at}/fields`, `${at}/fields`);
  await fill(owner, `${at}/corrections`, `${at}/corrections`);
  await fill(owner, `${at}/chart`, `${at}/allergies`, { severity: "mild" });
  await fill(owner, `${at}/chart`, `${at}/medications`);
  await fill(owner, `${at}/chart`, `${at}/conditions`);
  await fill(owner, `${at}/chart`, `${at}/notes`, {}, {}, `${at}/notes/sign`);
  await fill(owner, `${at}/plans`, `${at}/plans`, { visits: "2", every_days: "10" });
  const product = id(await fill(owner, "/settings/products/new", "/settings/products/new", { product_kind: "other", unit: "ml" })), shelf = `/settings/products/${product}`;
  await fill(owner, shelf, `${shelf}/lots`, { expires_on: "2099-01-01", received_on: "2026-01-01" });
  const lot = h.one("SELECT id FROM app.product_lot WHERE product_id = :'v1'", product);
  const treated = `${at}/encounters/${id(await fill(owner, `${at}/encounters/new`, `${at}/encounters/new`, { done_on: "2026-02-02" }))}`;
  await fill(owner, treated, `${treated}/products`, { lot_id: lot, amount: "1" });
  await fill(owner, treated, `${treated}/devices`, { device_id: h.one("SELECT id FROM app.resource WHERE tenant_id = :'v1' AND kind = 'device' ORDER BY position, id LIMIT 1", tenant) });
  await fill(owner, `${treated}/map?drawing=face_front`, `${treated}/map`, { x: "500", y: "500", lot_id: lot, amount: "1", region: "" });

  // A form of hers: the builder's texts in two languages, her answers, her name, the name of a file, why she declines another.
  const form = id(await fill(owner, "/settings/forms/new", "/settings/forms/new", { start: "", kind: "consent" })), draft = `/settings/forms/${form}/draft`;
  await fill(owner, draft, `${draft}/wording`);
  for (const kind of ["text", "long", "choice", "multi", "yes_no", "signature", "file", "acknowledge", "initials"])
    await fill(owner, `${draft}/questions/new`, `${draft}/questions/new`, { kind, purpose: "", shown_when: "", number_min: "", number_max: "", ...(kind === "yes_no" ? {} : { follow_up: "" }), options: ["choice", "multi"].includes(kind) ? `${evil(90)}\n${evil(90)}` : "", unit: "" });
  await fill(owner, draft, `${draft}/languages`, { language: "es" });
  await fill(owner, `${draft}/languages/es`, `${draft}/languages/es`);
  const questions = h.sql("SELECT q.id, q.key, q.kind, q.options[1] FROM app.form_question q JOIN app.form_version v ON v.id = q.form_version_id WHERE v.form_id = :'v1' ORDER BY q.position", form);
  for (const [question, , kind] of questions)
    await fill(owner, `${draft}/languages/es/questions/${question}`, `${draft}/languages/es/questions/${question}`, ["choice", "multi"].includes(kind) ? { options: `${evil(90)}\n${evil(90)}` } : {});
  const version = h.one("SELECT id FROM app.form_version WHERE form_id = :'v1'", form);
  await (await look(owner, `/settings/forms/${form}/draft/questions/${questions[4][0]}`)).context().close();
  h.sql(`${inside} UPDATE app.form_question SET is_required = false WHERE form_version_id = :'v2' AND kind = 'file'`, tenant, version);
  await fill(owner, draft, `${draft}/publish`);
  const [signed, declined] = [h.uuid(), h.uuid()], link = h.uuid();
  h.sql(`${inside} INSERT INTO app.form_assignment (id, client_id, form_id) VALUES (:'v2', :'v4', :'v5'), (:'v3', :'v4', :'v5');
    INSERT INTO app.link (id, purpose, client_id, token_hash, expires_at) VALUES (:'v6', 'form', :'v4', sha256(gen_random_uuid()::text::bytea), now() + interval '1 day')`, tenant, signed, declined, who, form, link);
  const her = session("glow", link), hers = `/v/${link}/forms`, key = (kind) => `q-${questions.find(([, , k]) => k === kind)[1]}`, first = (kind) => questions.find(([, , k]) => k === kind)[3];
  const page = `${hers}/${signed}`, asked = h.formOf((await her.get(`${page}/files/${key("file").slice(2)}`)).text).values;
  delete asked.file;
  const name = evil(90).replace(/[/\\]/g, "-");
  typed.set(name.match(marks)[0], name);
  const sent = multipart(asked, { file: [{ filename: name.replace(/"/g, "%22"), bytes: png(40, 40), type: "image/png" }] });
  assert.equal((await her.post(`${page}/files/${key("file").slice(2)}`, sent.body, { headers: sent.headers })).status, 303);
  const answers = {};
  const chosen = { intent: "next", lang: "en", [key("choice")]: first("choice"), [key("multi")]: [first("multi")], [key("yes_no")]: "yes", [key("acknowledge")]: "yes", [key("initials")]: "<b>'\"&" };
  await fill(her, page, page, chosen, answers);
  await fill(her, `${page}/consent`, `${page}/consent`, { accepts: "yes" }, answers);
  await fill(her, `${hers}/${declined}`, `${hers}/${declined}`, chosen);
  await readBack(her, `${hers}/${declined}`);
  await readBack(her, `${hers}/${declined}/consent`);
  await fill(her, `${hers}/${declined}/consent`, `${hers}/${declined}/decline`);
  await fill(her, `/v/${link}/correct`, `/v/${link}/correct`);
  const signature = h.one("SELECT id FROM app.signature WHERE assignment_id = :'v1'", signed);
  await h.until(() => h.one("SELECT count(*) FROM app.signature_copy WHERE signature_id = :'v1'", signature) !== "0", "its copy is not made", 180000);

  const pages = [[owner, at], [owner, `${at}/details`], [owner, `${at}/edit`], [owner, `${at}/fields`], [owner, `${at}/chart`], [owner, `${at}/chart/print`], [owner, `${at}/corrections`], [owner, `${at}/plans`], [owner, treated], [owner, `${treated}/map?drawing=face_front`],
    [owner, `${at}/signatures/${signature}`], [owner, shelf], [owner, "/settings/products"], [owner, "/settings/tags"], [owner, "/settings/client-fields"], [owner, "/settings/forms"], [owner, `/settings/forms/${form}`], [owner, `/settings/forms/${form}/versions/${version}`],
    [owner, `/settings/forms/${form}/versions/${version}?lang=es`], [owner, `/settings/forms/${form}/versions/${version}/paper`], [owner, `/clients?q=Z${seed}q1z`], [owner, `/audit/clients/${who}`], [her, hers], [her, `${page}/copy`], [her, `${hers}/${declined}`], [her, `/v/${link}/allowed`], [her, `/v/${link}/correct`]];
  for (const [v, target] of pages) await readBack(v, target);
  const missing = [...typed].filter(([mark]) => !seen.has(mark)).map(([, text]) => text.slice(0, 40));
  assert.deepEqual(missing, [], "typed, and shown nowhere");
  // The signed copy: its letters without the blanks of its lines.
  const bare = (s) => s.replace(/\s/g, ""), paper = bare(spawnSync("pdftotext", ["-raw", "-", "-"], { input: (await owner.get(`${at}/signatures/${signature}/signed-form.pdf`)).bytes, encoding: "utf8" }).stdout);
  for (const text of Object.values(answers)) assert.ok(paper.includes(bare(text)), `not in the PDF: ${text}`);
  await owner.submit(`/settings/forms/${form}`, {}, { action: `/settings/forms/${form}/put` });
});
