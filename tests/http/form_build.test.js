// form_build.test.js -- forms as a studio builds them: drafts, versions, questions that hang on answers, languages, validity and rules,
// reminders, what a permission must say. L13 L20 T02 T22; SECURITY.md E-02 E-06 V-04 D-26 R-10.
"use strict";
const { test, describe, before } = require("node:test");
const assert = require("node:assert/strict");
const { spawnSync } = require("node:child_process");
const h = require("./harness");
const { somebody } = require("./form_client");

let v; // the owner
before(async () => { v = await h.staff("glow", "owner"); });
const glow = () => h.tenantId("glow");
const at = (form, end = "") => `/settings/forms/${form}${end}`;
const idOf = (location) => location.match(/forms\/([0-9a-f-]{36})/)[1];
const send = (page, action, values) => v.submit(page, values, { action });
async function begin(start, name = "") {
  const r = await send("/settings/forms/new", "/settings/forms/new", { start, name, kind: "consent" });
  assert.equal(r.status, 303, h.decode(r.text).slice(0, 600));
  return idOf(r.location);
}
const publish = (form, values = {}) => send(at(form, "/draft"), at(form, "/draft/publish"), values);
const ask = async (form, values) => {
  const r = await send(at(form, "/draft/questions/new"), at(form, "/draft/questions/new"), values);
  assert.equal(r.status, 303, h.decode(r.text).match(/class="error"[^<]*<?[^<]*/)?.[0]);
  return h.one("SELECT q.id FROM app.form_question q JOIN app.form_version f ON f.id = q.form_version_id AND f.form_id = :'v1'::uuid AND f.published_at IS NULL ORDER BY q.position DESC LIMIT 1", form);
};
const keyOf = (question) => `q-${h.one("SELECT key FROM app.form_question WHERE id = :'v1'::uuid", question)}`;
// Somebody who is asked for this form, for her record.
async function asked(form) {
  const p = await somebody("glow");
  p.which = h.one("INSERT INTO app.form_assignment (tenant_id, client_id, form_id) SELECT tenant_id, client_id, :'v2'::uuid FROM app.link WHERE id = :'v1'::uuid RETURNING id", p.link, form);
  p.page = `${p.at}/${p.which}`;
  p.answer = (values) => p.v.submit(p.page, values);
  p.kept = () => Number(h.one("SELECT count(*) FROM app.form_answer WHERE assignment_id = :'v1'::uuid", p.which));
  p.state = () => h.one("SELECT state FROM app.form_assignment WHERE id = :'v1'::uuid", p.which);
  p.sign = () => p.v.submit(`${p.page}/consent`, { accepts: "yes", signer_name: "Ana Sol", name_meant: "Ana Sol" });
  return p;
}
const text = (r) => h.decode(r.text);
// A visit of somebody on that day from now, without what booking does; what it would ask for.
function visit(client, days, service) {
  return h.sql(`SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null
    INSERT INTO app.appointment (tenant_id, client_id, service_id, staff_id, location_id, starts_at, ends_at, status)
    SELECT :'v1'::uuid, :'v2'::uuid, coalesce(nullif(:'v4', '')::uuid, (SELECT id FROM app.service WHERE tenant_id = :'v1'::uuid ORDER BY position, id LIMIT 1)),
           (SELECT id FROM app.staff WHERE tenant_id = :'v1'::uuid AND is_provider ORDER BY position, id LIMIT 1), (SELECT id FROM app.location WHERE tenant_id = :'v1'::uuid ORDER BY position LIMIT 1), now() + make_interval(days => :'v3'::int), now() + make_interval(days => :'v3'::int, mins => 30), 'booked'
    RETURNING id`, glow(), client, String(days), service || "")[0][0];
}
const wanted = (appointment, form) => h.sql(`SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null
  SELECT EXISTS (SELECT FROM app.forms_asked(:'v2'::uuid) WHERE form_id = :'v3'::uuid)`, glow(), appointment, form)[0][0] === "t";
// Visits booked already were looked at again by the rules of now, which the jobs do.
async function looked(form) {
  const open = () => h.one("SELECT count(*) FROM app.job WHERE kind = 'form.look' AND subject_id = :'v1' AND state IN ('ready', 'running')", form);
  await h.until(() => open() === "0", "the jobs do not look", 180000);
}
const newClient = (birth) => h.sql(`SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null
  INSERT INTO app.client (tenant_id, name, birth_date) VALUES (:'v1'::uuid, 'Sample ¦ of forms', nullif(:'v2', '')::date) RETURNING id`, glow(), birth || "")[0][0];

describe("L20: a form is built", () => {
  test("out of the library, seen as on a phone, published once however often it is sent; then it stands", async () => {
    const form = await begin("medspa-intake", "Our history");
    const version = h.one("SELECT id FROM app.form_version WHERE form_id = :'v1'::uuid", form);
    const phone = await v.get(at(form, `/versions/${version}`));
    assert.match(phone.text, /class="phone"/);
    assert.match(phone.text, /data-when="conditions" data-when-value="Cold sores" hidden disabled/);
    assert.match((await v.get(at(form, `/versions/${version}?lang=es`))).text, /Su historia médica/);
    // Tried: the server opens what an answer asks for and says what is missing; then comes the signing; nothing is kept.
    const preview = at(form, `/versions/${version}`), answers = { "q-reason": "x", "q-skin_type": "Almost never burns", "q-conditions": ["Cold sores"], "q-may_be_pregnant": "No", "q-allergies": "none", "q-medications": "none", "q-treated_before": "no", "q-smokes": "no", "q-truthful": "yes", intent: "next" };
    const kept = () => h.one("SELECT (SELECT count(*) FROM app.form_answer) || ' ' || (SELECT count(*) FROM app.form_draft)"), was = kept(), opened = await send(preview, preview, answers);
    assert.equal(opened.status, 422);
    assert.match(text(opened), /This answer opens more questions/);
    assert.doesNotMatch(opened.text, /data-when-value="Cold sores" hidden/);
    assert.match(text(await send(preview, preview, { ...answers, "q-reason": "", shown: ["cold_sore_last"] })), /A client would be told here what is missing[\s\S]*id="q-reason-error"/);
    const signing = await send(preview, preview, { ...answers, "q-cold_sore_last": "May", shown: ["cold_sore_last"] });
    assert.equal(signing.location, `${preview}?step=sign&lang=en#signing`);
    const step = text(await v.get(signing.location.replace("#signing", "")));
    for (const words of [/I sign this form/, /aria-label="Signing electronically, version/, /class="qr"/, new RegExp(`href="https://[^"]*${preview}"`)]) assert.match(step, words);
    assert.equal(kept(), was);
    const page = await v.get(at(form, "/draft")), { values } = h.formOf(page.text, at(form, "/draft/publish"));
    const twice = await Promise.all([1, 2].map(() => v.post(at(form, "/draft/publish"), values)));
    assert.deepEqual(twice.map((r) => r.location), [at(form, "?published=0"), at(form, "?published=0")]);
    assert.equal(h.one("SELECT count(*) FROM app.form_version WHERE form_id = :'v1'::uuid AND published_at IS NOT NULL", form), "1");
    assert.equal((await v.get(at(form, "/draft"))).status, 404);
    for (const q of ["UPDATE app.form_translation SET body = 'x'", "DELETE FROM app.form_question_translation", "UPDATE app.form_question SET label = 'x'", "UPDATE app.form_version SET edition = 9"])
      assert.throws(() => h.sql(`${q} WHERE ${q.includes("form_version SET") ? "id" : "form_version_id"} = :'v1'::uuid`, version), /published and stays/, q);
    // The next version begins with it, with its languages; thrown away, nothing of it is left.
    assert.equal((await send(at(form), at(form, "/draft"), {})).location, at(form, "/draft"));
    assert.match((await v.get(at(form, "/draft"))).text, /Español[\s\S]{0,80}complete/);
    assert.equal((await send(at(form, "/draft"), at(form, "/draft/drop"), {})).status, 303);
    assert.equal(h.one("SELECT count(*) FROM app.form_version WHERE form_id = :'v1'::uuid", form), "1");
  });
  test("L12: a list of conditions goes onto the chart when it is signed; its \"none\" is that none is known, and stands alone; an older form says nothing of it", async () => {
    const form = await begin("", `Listed ${h.uuid()}`), listed = { label: "Any of these?", kind: "multi", options: "Gout\nAsthma <b>\nNone", is_required: "on" };
    const bad = await send(at(form, "/draft/questions/new"), at(form, "/draft/questions/new"), { ...listed, none_option: "Nothing" });
    assert.equal(bad.status, 422);
    assert.match(bad.text, /id="none_option-error">Write it as it stands/);
    const question = await ask(form, { ...listed, none_option: "None" }), key = keyOf(question), old = await ask(form, { ...listed, label: "And of old?" });
    await publish(form);
    const known = (p) => h.sql("SELECT 'none' FROM app.none_known WHERE client_id = :'v1' AND kind = 'condition' AND ended_at IS NULL UNION ALL SELECT 'one' FROM app.health_condition WHERE client_id = :'v1' AND ended_at IS NULL", p.client).map(([w]) => w);
    const p = await asked(form);
    h.sql(`SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null
      UPDATE app.health_condition SET ended_at = now() WHERE client_id = :'v2' AND ended_at IS NULL; UPDATE app.none_known SET ended_at = now() WHERE client_id = :'v2' AND ended_at IS NULL`, glow(), p.client);
    const both = await p.answer({ [key]: ["Gout", "None"], [keyOf(old)]: ["Asthma <b>"], intent: "next" });
    assert.equal(both.status, 422);
    assert.match(both.text, /but not both/);
    await p.answer({ [key]: ["None"], [keyOf(old)]: ["Asthma <b>"], intent: "next" });
    assert.equal((await p.sign()).status, 303);
    assert.deepEqual(known(p), ["none"]);
    await send(at(form), at(form, "/draft"), {});
    assert.equal(h.one("SELECT q.none_option FROM app.form_question q JOIN app.form_version f ON f.id = q.form_version_id AND f.form_id = :'v1'::uuid AND f.published_at IS NULL ORDER BY q.position LIMIT 1", form), "None");
    p.which = h.one("INSERT INTO app.form_assignment (tenant_id, client_id, form_id) SELECT tenant_id, client_id, :'v2'::uuid FROM app.link WHERE id = :'v1'::uuid RETURNING id", p.link, form);
    p.page = `${p.at}/${p.which}`;
    await p.answer({ [key]: ["Gout", "Asthma <b>"], [keyOf(old)]: ["None"], intent: "next" });
    assert.equal((await p.sign()).status, 303);
    assert.deepEqual(known(p), ["one", "one"]);
    assert.equal(h.one("SELECT count(*) FROM app.health_condition WHERE client_id = :'v1' AND (encode(condition_sealed, 'escape') ~ 'Gout' OR noted_by IS NOT NULL) AND ended_at IS NULL", p.client), "0");
  });
  test("each form of the library can be published as it is", async () => {
    for (const slug of h.sql("SELECT slug FROM app.form_library() ORDER BY n").map(([s]) => s)) {
      const form = await begin(slug);
      assert.match((await publish(form)).location, /published=0/, slug);
      assert.equal((await send(at(form), at(form, "/put"), {})).status, 303); // so that no other test's visit asks for it
    }
  });
  test("questions are added, changed, moved, taken out; a condition names an answer before it, also when it is published", async () => {
    const form = await begin("", "Moves");
    const first = await ask(form, { kind: "choice", label: "Tea or coffee?", options: "Tea\nCoffee\n\nTea", is_required: "on" });
    const key = keyOf(first).slice(2);
    assert.equal(h.one("SELECT array_to_string(options, '/') FROM app.form_question WHERE id = :'v1'::uuid", first), "Tea/Coffee");
    const second = await ask(form, { kind: "text", label: "With sugar?", shown_when: `${key}=Tea` });
    const bad = await v.submit(at(form, "/draft/questions/new"), { kind: "text", label: "x", shown_when: `${key}=Water` }, { action: at(form, "/draft/questions/new") });
    assert.equal(bad.status, 422);
    assert.equal((await v.submit(at(form, "/draft/questions/new"), { kind: "choice", label: "Of nothing" }, { action: at(form, "/draft/questions/new") })).status, 422);
    assert.match(text(await v.submit(at(form, "/draft/questions/new"), { kind: "number", label: "n", number_min: "9", number_max: "1" }, { action: at(form, "/draft/questions/new") })), /smaller than the smallest/);
    const up = at(form, `/draft/questions/${second}/move`);
    assert.equal((await send(at(form, "/draft"), up, { direction: "up" })).status, 303);
    const refused = await publish(form);
    assert.equal(refused.status, 422);
    assert.match(text(refused), /“With sugar\?” is shown after an answer that is not there/);
    await send(at(form, "/draft"), up, { direction: "down" });
    const one = at(form, `/draft/questions/${first}`);
    assert.equal((await send(one, one, { kind: "choice", label: "Tea or milk?", options: "Tea\nMilk" })).status, 303);
    assert.equal(keyOf(first).slice(2), key, "its answers go on with it");
    assert.equal((await send(at(form, `/draft/questions/${second}`), at(form, `/draft/questions/${second}/drop`), {})).status, 303);
    assert.match((await publish(form)).location, /published/);
  });
  test("L26: a signed copy goes in the mail itself only where nothing of the form is about health; then the letter carries it", async () => {
    const form = await begin("", "House rules"), copy = (values) => v.post(at(form, "/draft/copy"), { ...values, ...keys });
    const page = async () => (await v.get(at(form, "/draft"))).text;
    let keys = h.formOf(await page(), at(form, "/draft/copy")).values;
    const again = async () => { keys = h.formOf(await page(), at(form, "/draft/copy")).values; delete keys.is_without_health; delete keys.copy_attached; };
    const refused = await copy({ copy_attached: "true" });
    assert.equal(refused.status, 422);
    assert.match(text(refused), /A form that asks about health is never sent in a mail/);
    await again();
    const free = await ask(form, { kind: "long", label: "Anything else?" });
    await again();
    const said = await copy({ is_without_health: "true" });
    assert.equal(said.status, 422);
    assert.match(text(said), /can hold something about health/);
    assert.equal((await send(at(form, `/draft/questions/${free}`), at(form, `/draft/questions/${free}/drop`), {})).status, 303);
    await ask(form, { kind: "acknowledge", label: "I have read the rules.", is_required: "true" });
    await again();
    assert.equal((await copy({ is_without_health: "true", copy_attached: "true" })).status, 303);
    assert.equal((await publish(form)).status, 303);
    const p = await asked(form);
    await p.answer({ [`q-${h.one("SELECT q.key FROM app.form_question q JOIN app.form_version f ON f.id = q.form_version_id WHERE f.form_id = :'v1'", form)}`]: "yes", intent: "next" });
    assert.equal((await p.sign()).status, 303);
    const signed = () => h.sql("SELECT s.id, x.id FROM app.signature s JOIN app.signature_copy x ON x.signature_id = s.id WHERE s.assignment_id = :'v1'", p.which)[0];
    for (let i = 0; i < 300 && !signed(); i++) await new Promise((done) => setTimeout(done, 100));
    const [signature, file] = signed(), chart = `/clients/${p.client}/signatures/${signature}`;
    assert.equal((await send(chart, `${chart}/send`, {})).status, 303);
    assert.equal(h.one("SELECT attached_copy FROM app.message WHERE client_id = :'v1' AND kind = 'form_copy' ORDER BY created_at DESC LIMIT 1", p.client), file);
    h.sql("DELETE FROM app.job j USING app.message m WHERE m.client_id = :'v1' AND m.kind = 'form_copy' AND j.subject_id = m.id; DELETE FROM app.message WHERE client_id = :'v1' AND kind = 'form_copy'", p.client); // of proof.test.js she has had none
  });
  test("L20 E-03: a clause is signed by itself, typed or drawn, bound to its question in the signed text and drawn in the copy; under other words it is signed anew", async () => {
    const form = await begin("", "Clauses"), accepts = { kind: "signature", is_required: "on" };
    const typed = await ask(form, { ...accepts, label: "The most serious risk", help: "Read it twice." }), drawn = await ask(form, { ...accepts, label: "The pictures" });
    const [risk, pictures] = [typed, drawn].map(keyOf), strokes = JSON.stringify({ v: 1, w: 1000, h: 400, strokes: [[[10, 20, 0, 50], [300, 200, 40, 50], [500, 90, 80, 60]]] });
    assert.equal((await publish(form)).status, 303);
    const p = await asked(form), none = await p.answer({ intent: "next" });
    assert.equal(none.status, 422);
    assert.equal(text(none).match(/Please sign here\./g).length, 2);
    for (const [values, words] of [[{ [`${risk}-strokes`]: strokes }, /Type your full name to sign here/], [{ [risk]: "Ana Sol", [`${risk}-strokes`]: "[[1,2]]" }, /did not arrive whole/], [{ [risk]: "A".repeat(121) }, /120/]])
      assert.match(text(await p.answer({ ...values, intent: "next" })), words);
    const answers = { [risk]: "Ana Sol", [`${risk}-strokes`]: "", [pictures]: "Ana B. Sol", [`${pictures}-strokes`]: strokes };
    assert.equal((await p.answer({ ...answers, intent: "save" })).status, 303);
    const kept = h.formOf((await p.v.get(p.page)).text).values;
    assert.deepEqual([kept[risk], kept[`${risk}-strokes`], kept[pictures], kept[`${pictures}-strokes`]], ["Ana Sol", "", "Ana B. Sol", strokes]);
    assert.ok(!["Ana Sol", "Ana B. Sol"].some((x) => h.one("SELECT string_agg(encode(answer_sealed, 'hex'), ' ') FROM app.form_answer WHERE assignment_id = :'v1'", p.which).includes(Buffer.from(x).toString("hex"))), "B44: it lies open");
    // Another wording of a clause: what was signed under the old one is not taken over, the other is.
    await send(at(form), at(form, "/draft"), {});
    const [[id]] = h.sql("SELECT q.id FROM app.form_question q JOIN app.form_version v ON v.id = q.form_version_id WHERE v.form_id = :'v1' AND v.published_at IS NULL AND q.key = :'v2'", form, risk.slice(2));
    await send(at(form, `/draft/questions/${id}`), at(form, `/draft/questions/${id}`), { help: "Read it three times." });
    assert.equal((await publish(form)).status, 303);
    const after = h.formOf((await p.v.get(p.page)).text).values;
    assert.deepEqual([after[risk], after[pictures]], ["", "Ana B. Sol"]);
    assert.equal((await p.answer({ ...answers, intent: "next" })).location, `${p.page}/consent`);
    const consent = await p.v.get(`${p.page}/consent`);
    assert.match(text(consent), /The most serious risk<\/dt><dd class="lines">Signed: Ana Sol/);
    assert.match(consent.text, /aria-label="Drawn signature of Ana B\. Sol"><polyline points="10,20 300,200 500,90"/);
    assert.equal((await p.sign()).status, 303);
    assert.match((await p.v.get(`${p.page}/copy`)).text, /points="10,20 300,200 500,90"/);
    const signature = h.one("SELECT id FROM app.signature WHERE assignment_id = :'v1'", p.which), chart = await v.get(`/clients/${p.client}/signatures/${signature}`);
    for (const part of [`Answer 1, key\n  ${risk.slice(2)}\n\nAnswer 1, signed by\n  Ana Sol\n\nAnswer 1, method\n  typed\n`, `Answer 2, key\n  ${pictures.slice(2)}\n\nAnswer 2, signed by\n  Ana B. Sol\n\nAnswer 2, method\n  drawn\n\nAnswer 2, strokes\n  ${strokes}\n`])
      assert.ok(text(chart).includes(part), part);
    for (let i = 0; i < 300 && h.one("SELECT count(*) FROM app.signature_copy WHERE signature_id = :'v1'", signature) === "0"; i++) await new Promise((done) => setTimeout(done, 100));
    const pdf = (await v.get(`/clients/${p.client}/signatures/${signature}/signed-form.pdf`)).bytes;
    const paper = spawnSync("pdftotext", ["-layout", "-", "-"], { input: pdf, encoding: "utf8" }).stdout;
    for (const words of ["Signed: Ana Sol", "Drawn by hand, and the name typed: Ana B. Sol"]) assert.ok(paper.replace(/\s+/g, " ").includes(words), paper);
  });
  test("T02: a question of another form, a version of another form, an own form without a draft are not there", async () => {
    const form = await begin("", "Mine"), other = await begin("", "Other");
    const question = await ask(other, { kind: "text", label: "Whose?" });
    const { values } = h.formOf((await v.get(at(form, "/draft"))).text, at(form, "/draft/wording"));
    for (const end of ["", "/move", "/drop"]) {
      const r = await v.post(at(form, `/draft/questions/${question}${end}`), { ...values, idem: h.uuid(), kind: "text", label: "Stolen", direction: "up", seen_edition: "1" });
      assert.equal(r.status, 404, end);
    }
    assert.equal((await v.get(at(form, `/draft/questions/${question}`))).status, 404);
    assert.equal((await v.get(at(form, `/versions/${h.one("SELECT id FROM app.form_version WHERE form_id = :'v1'::uuid", other)}`))).status, 404);
    assert.equal(h.one("SELECT label FROM app.form_question WHERE id = :'v1'::uuid", question), "Whose?");
  });
  test("two people at one draft at once: who saves second is told, both texts are before her, nothing is lost", async () => {
    const form = await begin("", "Two hands"), question = await ask(form, { kind: "text", label: "First words" });
    const manager = await h.staff("glow", "manager");
    const mine = h.formOf((await v.get(at(form, "/draft"))).text, at(form, "/draft/wording")).values;
    const hers = h.formOf((await manager.get(at(form, "/draft"))).text, at(form, "/draft/wording")).values;
    assert.equal((await manager.post(at(form, "/draft/wording"), { ...hers, title: "Hers", body: "What she wrote" })).status, 303);
    const r = await v.post(at(form, "/draft/wording"), { ...mine, title: "Mine", body: "What I wrote" });
    assert.equal(r.status, 422);
    assert.match(text(r), /Somebody saved this meanwhile/);
    assert.match(text(r), /What she wrote/);
    const again = h.formOf(r.text, at(form, "/draft/wording")).values;
    assert.equal(again.body, "What I wrote");
    assert.equal(h.one("SELECT body FROM app.form_version WHERE form_id = :'v1'::uuid", form), "What she wrote");
    assert.equal((await v.post(at(form, "/draft/wording"), { ...again, body: "What both wrote" })).status, 303);
    const page = at(form, `/draft/questions/${question}`), q = h.formOf((await v.get(page)).text, page).values;
    assert.equal((await send(page, page, { label: "Hers" })).status, 303);
    const late = await v.post(page, { ...q, label: "Mine" });
    assert.equal(late.status, 422);
    assert.match(text(late), /<strong>Hers<\/strong>/);
    assert.equal(h.formOf(late.text, page).values.label, "Mine");
    // Nor does anything go live that whoever publishes has not seen: a question changed, moved or taken out, a language, how the copy is sent.
    const seen = () => v.get(at(form, "/draft")).then((r) => h.formOf(r.text, at(form, "/draft/publish")).values), second = await ask(form, { kind: "text", label: "Second" });
    for (const change of [() => send(page, page, { label: "Hers again" }), () => send(at(form, "/draft"), at(form, `/draft/questions/${second}/move`), { direction: "up" }), () => send(at(form, "/draft"), at(form, "/draft/languages"), { language: "es" }),
      () => send(at(form, "/draft/languages/es"), at(form, "/draft/languages/es/drop"), {}), () => send(at(form, `/draft/questions/${second}`), at(form, `/draft/questions/${second}/drop`), {})]) {
      const before = await seen();
      assert.equal((await change()).status, 303);
      const unseen = await v.post(at(form, "/draft/publish"), before);
      assert.equal(unseen.status, 422);
      assert.match(text(unseen), /Somebody changed the draft since you opened this page/);
    }
    assert.equal((await v.post(at(form, "/draft/publish"), await seen())).status, 303);
    await send(at(form), at(form, "/put"), {});
  });
  test("V-04: what is typed into a form is text, on every page that shows it", async () => {
    const evil = (n) => `<script>alert(${n})</script>"'><img src=x onerror=alert(${n})>{{x}}`;
    const form = await begin("", evil(1).slice(0, 110));
    await send(at(form, "/draft"), at(form, "/draft/wording"), { title: evil(2), body: evil(3) });
    const list = await ask(form, { kind: "choice", label: evil(4), help: evil(5), options: `${evil(6)}\nplain`, is_required: "on" });
    await ask(form, { kind: "yes_no", label: evil(7), follow_up: evil(8), shown_when: `${keyOf(list).slice(2)}=${evil(6)}` });
    const number = await ask(form, { kind: "number", label: evil(9), unit: "<b>\"'&" });
    await send(at(form, "/draft"), at(form, "/draft/languages"), { language: "es" });
    for (const question of h.sql("SELECT q.id FROM app.form_question q JOIN app.form_version f ON f.id = q.form_version_id WHERE f.form_id = :'v1'::uuid", form).map(([id]) => id)) {
      const page = at(form, `/draft/languages/es/questions/${question}`);
      assert.equal((await send(page, page, { label: evil(10), help: evil(11), options: question === list ? `${evil(12)}\nllano` : "", follow_up: evil(13), unit: "<i>" })).status, 303);
    }
    await send(at(form, "/draft/languages/es"), at(form, "/draft/languages/es"), { title: evil(14), body: evil(15) });
    const version = h.one("SELECT id FROM app.form_version WHERE form_id = :'v1'::uuid", form);
    const pages = ["/draft", `/draft/questions/${list}`, `/draft/questions/${number}`, "/draft/questions/new", "/draft/languages/es", `/draft/languages/es/questions/${list}`, `/versions/${version}`, `/versions/${version}?lang=es`];
    const clean = (r, where) => {
      assert.equal(r.status, 200, where);
      assert.doesNotMatch(r.text, /<script>alert|<img src=x|<b>"|<i>/, where);
      assert.match(text(r), /<script>alert/, where);
    };
    for (const end of pages) clean(await v.get(at(form, end)), end);
    assert.match((await publish(form)).location, /published/);
    const p = await asked(form);
    for (const lang of ["en", "es"]) clean(await p.v.get(`${p.page}?lang=${lang}`), lang);
    const r = await p.answer({ [keyOf(list)]: evil(6), [keyOf(number)]: "3", intent: "next" });
    assert.equal(r.status, 422, "the yes or no has come into sight");
    clean({ ...r, status: 200 }, "again");
    const more = h.formOf(r.text).values;
    const opened = Object.keys(h.formOf((await p.v.get(p.page)).text).values).concat("q-" + h.one("SELECT key FROM app.form_question WHERE form_version_id = :'v1'::uuid AND when_key IS NOT NULL", version)).pop();
    assert.equal((await p.v.post(p.page, { ...more, [opened]: "yes", [`${opened}-more`]: evil(16), intent: "next" })).location, `${p.page}/consent`);
    clean(await p.v.get(`${p.page}/consent`), "consent");
    clean(await p.v.get(p.at), "list");
    await send(at(form), at(form, "/withdraw"), { why: evil(17) });
    for (const end of ["", "/../"]) clean(await v.get(end ? "/settings/forms" : at(form)), end);
  });
});

describe("L20 E-02: what is asked after an answer", () => {
  let form;
  const base = { "q-reason": "Lines", "q-skin_type": "Almost never burns", "q-conditions": ["None of these"], "q-may_be_pregnant": "No", "q-allergies": "none",
    "q-medications": "none", "q-treated_before": "no", "q-smokes": "no", "q-truthful": "yes" };
  before(async () => { form = await begin("medspa-intake", "Conditions"); await publish(form); });
  const answered = (p) => h.sql("SELECT q.key FROM app.form_answer a JOIN app.form_question q ON q.id = a.question_id WHERE a.assignment_id = :'v1'::uuid ORDER BY 1", p.which).map(([k]) => k);
  test("hidden answers are not stored, whatever is posted, and not signed; hidden questions are not required", async () => {
    const p = await asked(form);
    const r = await p.answer({ ...base, "q-cold_sore_last": "never mind", "q-weeks": "12", "q-condition_more": "ALS", intent: "next" });
    assert.equal(r.location, `${p.page}/consent`);
    assert.ok(!answered(p).some((k) => ["cold_sore_last", "weeks", "condition_more"].includes(k)), answered(p).join());
    const document = text(await p.v.get(`${p.page}/consent`));
    assert.doesNotMatch(document, /never mind|How far along|When did you last have a cold sore/);
    assert.match(document, /Almost never burns/);
  });
  test("it opens in the language that she prefers, where there is a translation", async () => {
    const p = await asked(form), prefer = (language) => h.sql("SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\nUPDATE app.client SET preferred_language = nullif(:'v3', '') WHERE id = :'v2'", glow(), p.client, language);
    for (const [language, title] of [["es", /Su historia médica/], ["ja", /Your medical history/], ["", /Your medical history/]]) {
      prefer(language);
      assert.match(text(await p.v.get(p.page)), title, language);
    }
  });
  test("without script what an answer opens comes with the next page; closed again, its answer is gone", async () => {
    const p = await asked(form);
    const first = await p.answer({ ...base, "q-conditions": ["Cold sores"], intent: "next" });
    assert.equal(first.status, 422);
    assert.match(text(first), /opens more questions below/);
    assert.doesNotMatch(first.text, /data-when-value="Cold sores" hidden/);
    assert.match(first.text, /data-when-value="Pregnant" hidden disabled/);
    const open = { ...h.formOf(first.text).values, ...base, "q-conditions": ["Cold sores"], shown: ["cold_sore_last"] };
    const missing = await p.v.post(p.page, { ...open, "q-cold_sore_last": "", intent: "next" });
    assert.match(missing.text, /id="q-cold_sore_last-error"/);
    assert.equal((await p.v.post(p.page, { ...open, idem: h.uuid(), "q-cold_sore_last": "In May", intent: "next" })).location, `${p.page}/consent`);
    assert.ok(answered(p).includes("cold_sore_last"));
    await p.answer({ ...base, "q-cold_sore_last": "In May", intent: "save" });
    assert.ok(!answered(p).includes("cold_sore_last"), "what is no longer asked is no longer kept");
  });
  test("numbers within their range, medicines line by line, regions of the server's list, initials", async () => {
    const p = await asked(form), pregnant = { ...base, "q-may_be_pregnant": "Pregnant", shown: ["weeks"], intent: "next" };
    for (const [name, value, message] of [["q-weeks", "44", /from 1 to 43 weeks/], ["q-weeks", "1e1", /Please give a number/], ["q-weeks", "-", /Please give a number/], ["q-area", "Elbow", /choose from the list/],
      ["q-medications", "perhaps", /choose from the list/]]) {
      const r = await p.answer({ ...pregnant, [name]: value });
      assert.equal(r.status, 422, `${name} ${value}`);
      assert.match(text(r), message);
    }
    const lines = { "q-medications": "some", "q-medications-name": ["Aspirin", "", ""], "q-medications-dose": ["100 mg daily", "", ""], "q-medications-since": ["2019", "", ""] };
    assert.match(text(await p.answer({ ...pregnant, ...lines, "q-medications": "none" })), /"I take none" and also named one/);
    assert.match(text(await p.answer({ ...pregnant, ...lines, "q-medications-name": ["", "", ""] })), /name what you take/);
    assert.equal((await p.answer({ ...pregnant, ...lines, "q-weeks": "12,5", "q-area": ["Nose", "Hands"] })).location, `${p.page}/consent`);
    const document = text(await p.v.get(`${p.page}/consent`));
    for (const words of ["12.5 weeks", "Aspirin: 100 mg daily (2019)", "Nose\nHands"]) assert.ok(document.includes(words), words);
    assert.equal((await p.answer({ ...pregnant, ...lines, intent: "more-medications" })).location, `${p.page}?more=1#q-medications`);
  });
  test("in her language: shown, kept by the studio's choices, and signed as it was shown", async () => {
    const p = await asked(form);
    const page = await p.v.get(`${p.page}?lang=es`);
    assert.match(page.text, /Rara vez se quema/);
    assert.match(page.text, /value="Burns rarely, tans easily"/);
    // another language, by a button: what is typed is kept, also on the page that is signed
    const turn = async (lang) => {
      const r = await p.v.submit(p.page, { "q-reason": `Rosebud ${lang}`, "q-weeks": "x", intent: `lang-${lang}` });
      assert.equal(r.location, p.page);
      const turned = (await p.v.get(r.location)).text;
      assert.equal(h.formOf(turned).values["q-reason"], `Rosebud ${lang}`);
      return turned;
    };
    assert.doesNotMatch(await turn("en"), /Rara vez se quema/);
    assert.match(await turn("es"), /Rara vez se quema/);
    const bad = await p.v.submit(p.page, { ...base, "q-may_be_pregnant": "Pregnant", "q-weeks": "44", "q-allergies": "some", shown: ["weeks"], intent: "next" }), plain = text(bad).replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
    assert.equal(bad.status, 422);
    for (const said of ["Escriba un número de 1 a 43", "Anote sus alergias, o elija «Ninguna alergia conocida»", "Todo lo demás está guardado", "Tengo alergia a algo", "Continuar para leer y firmar"]) assert.ok(plain.includes(said), said);
    assert.doesNotMatch(plain, /\b(Yes|optional|Save for later|Your answers|Kept|Choose|Mild|Add another)\b/);
    await p.answer({ ...base, intent: "save" });
    const values = { ...h.formOf((await p.v.get(p.page)).text).values, ...base };
    assert.equal(values.lang, "es");
    assert.equal((await p.v.post(p.page, { ...values, intent: "next" })).location, `${p.page}/consent`);
    const drawn = JSON.stringify({ v: 1, w: 1000, h: 400, strokes: [[[10, 20, 0, 50], [300, 200, 40, 50]]] });
    const signPage = h.formOf((await p.v.get(`${p.page}/consent`)).text, `${p.page}/consent`).values;
    const turned = await p.v.post(`${p.page}/language`, { ...signPage, accepts: "yes", signer_name: "Ana Sol", name_meant: "Ana Sol", strokes: drawn, intent: "lang-en" });
    assert.doesNotMatch(text(turned), /Casi nunca se quema/);
    const typed = h.formOf(turned.text, `${p.page}/consent`).values;
    assert.deepEqual([typed.signer_name, typed.strokes, typed.accepts, typed.lang], ["Ana Sol", drawn, undefined, "en"], "name and strokes stay, the box was ticked under the other text");
    assert.equal((await p.v.post(`${p.page}/language`, { ...typed, signer_name: "", strokes: "", intent: "lang-es" })).location, `${p.page}/consent`, "with nothing typed the page is simply read anew");
    const consent = await p.v.get(`${p.page}/consent`), words = text(consent).replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
    assert.match(consent.text, /<html lang="es">/);
    for (const said of ["Firmo este formulario", "Lo firmo por medios electrónicos, por mi propia voluntad", "No tiene que hacerlo: pídanos papel en cualquier momento", "He leído arriba", "No quiero firmar esto"])
      assert.ok(words.includes(said), said);
    assert.doesNotMatch(words, /\b(Read and sign|Your signature|I sign this form|Statement|What is agreed|optional)\b/);
    const unsigned = await p.v.submit(`${p.page}/consent`, { signer_name: "" }, { action: `${p.page}/consent` });
    assert.equal(unsigned.status, 422);
    for (const said of [/Escriba su nombre completo para firmar/, /Marque esto para firmar en esta página/, /Revise esto, por favor/]) assert.match(text(unsigned), said, "what is wrong is said in her language too");
    for (const words of ["Casi nunca se quema", "Ninguna alergia conocida", "Confirmado", "He respondido con sinceridad"]) assert.ok(text(consent).includes(words), words);
    assert.equal((await p.sign()).status, 303);
    const copy = text(await p.v.get(`${p.page}/copy`));
    for (const said of ["¿Qué le trae a nosotros?", "He leído este formulario. Lo que he respondido es cierto"]) assert.ok(copy.includes(said), said);
    assert.equal(h.one("SELECT language FROM app.signature WHERE assignment_id = :'v1'::uuid", p.which), "es");
  });
  test("E-01: while no terms of signing are in force, the forms' list and the page that publishes say so, and lead there", async () => {
    const form = await begin("", "Without terms"), past = (days) => h.sql(`BEGIN; SET LOCAL session_replication_role = replica;
      UPDATE app.policy_version SET effective_on = effective_on + :'v2'::int WHERE tenant_id = :'v1'::uuid AND kind = 'terms'; COMMIT`, glow(), String(days));
    const says = async () => [at("").slice(0, -1), at(form, "/draft")].map((page) => v.get(page)).reduce(async (all, r) => [...(await all), /Nothing can be signed yet[^]*href="\/settings\/texts\/terms"/.test((await r).text)], []);
    assert.deepEqual(await says(), [false, false]);
    past(20000);
    try {
      assert.deepEqual(await says(), [true, true]);
    } finally {
      past(-20000);
    }
    await send(at(form), at(form, "/put"), {});
  });
  test("B8: translated text says its language, and from which side it is read", async () => {
    const form = await begin("", "Letters");
    await send(at(form, "/draft"), at(form, "/draft/wording"), { title: "Letters", body: "Words." });
    const name = keyOf(await ask(form, { kind: "text", label: "Your name?" }));
    for (const [language, title] of [["es", "Cartas"], ["ar", "رسائل"]]) {
      await send(at(form, "/draft"), at(form, "/draft/languages"), { language });
      const question = h.one("SELECT q.id FROM app.form_question q JOIN app.form_version f ON f.id = q.form_version_id WHERE f.form_id = :'v1'::uuid", form), page = at(form, `/draft/languages/${language}/questions/${question}`);
      assert.equal((await send(page, page, { label: title, help: "", options: "", follow_up: "", unit: "" })).status, 303);
      assert.equal((await send(at(form, `/draft/languages/${language}`), at(form, `/draft/languages/${language}`), { title, body: title })).status, 303);
    }
    assert.match((await publish(form)).location, /published/);
    const p = await asked(form);
    for (const [language, dir] of [["en", "ltr"], ["es", "ltr"], ["ar", "rtl"]]) {
      assert.equal((await p.answer({ [name]: "Ana", intent: `lang-${language}` })).status, 303);
      const page = (await p.v.get(p.page)).text, wrap = `lang="${language}" dir="${dir}"`;
      for (const tag of ["h1", `div class="intake"`]) assert.ok(page.includes(`<${tag} ${wrap}>`), `${tag}: ${page.match(/<h1[^]*?<.h1>/)} ${page.match(/<div class="intake"[^>]*>/)}`);
      const read = await p.v.get(`${p.page}/consent`);
      // The house's own sentence is in its language, or in English where it has none of it.
      assert.match(h.decode(read.text), { en: /<p lang="en" dir="ltr">I have read this form/, es: /<p lang="es" dir="ltr">He leído este formulario/, ar: /<p lang="en" dir="ltr">I have read this form/ }[language]);
      assert.ok(read.text.includes(`<div class="document-body" ${wrap}>`), `${language} ${read.status} ${read.location} ${read.text.match(/<div class="document-body"[^>]*>/)}`);
    }
    assert.equal((await p.sign()).status, 303);
    assert.ok((await p.v.get(`${p.page}/copy`)).text.includes(`<div class="document-body" lang="ar" dir="rtl">`));
    await send(at(form), at(form, "/put"), {});
  });
  test("E-02: a choice keeps its own words in another language, wherever it stands; said otherwise it is translated anew", async () => {
    const form = await begin("", "Choices"), draft = at(form, "/draft");
    await send(draft, at(form, "/draft/wording"), { title: "Choices", body: "" });
    const question = await ask(form, { kind: "choice", label: "May we?", options: "Yes\nNo\nAsk me" }), own = at(form, `/draft/questions/${question}`);
    await send(draft, at(form, "/draft/languages"), { language: "es" });
    const said = at(form, `/draft/languages/es/questions/${question}`), translated = () => h.one("SELECT coalesce(nullif(array_to_string(options, ','), ''), 'none') FROM app.form_question_translation WHERE question_id = :'v1'", question);
    assert.equal((await send(said, said, { label: "¿Podemos?", help: "", options: "Sí\nNo\nPregúnteme", follow_up: "", unit: "" })).status, 303);
    assert.equal((await send(own, own, { options: "No\nYes" })).status, 303);
    assert.equal(translated(), "No,Sí");
    assert.equal((await send(own, own, { label: "May we, please?" })).status, 303);
    assert.equal(translated(), "No,Sí");
    assert.equal((await send(own, own, { options: "No\nNever" })).status, 303);
    assert.equal(translated(), "none");
    assert.match(text(await v.get(draft)), /1 question missing/);
    assert.match(text(await publish(form)), /Not translated yet: Español/);
    assert.equal((await send(draft, at(form, "/draft/drop"), {})).status, 303);
  });
  test("E-02: what changed in the form's own language after it was translated is looked at again before it is published: text, question, permission", async () => {
    const form = await begin("photo-release", "Changed"), draft = at(form, "/draft"), es = at(form, "/draft/languages/es");
    const refused = async (words) => {
      assert.match(text(await v.get(draft)), /1 to look at again/);
      const r = await publish(form);
      assert.equal(r.status, 422);
      assert.match(text(r), words);
    };
    assert.equal((await send(draft, at(form, "/draft/wording"), { body: "A no changes nothing. A yes may be taken back." })).status, 303);
    await refused(/Changed since it was translated: Español: the text\./);
    assert.match(text(await v.get(es)), /has changed since this was written/);
    assert.equal((await send(es, es, { body: "Un no no cambia nada. Un sí se puede retirar." })).status, 303);
    const question = h.one("SELECT q.id FROM app.form_question q JOIN app.form_version f ON f.id = q.form_version_id WHERE f.form_id = :'v1'::uuid AND q.key = 'photo_teaching'", form);
    const own = at(form, `/draft/questions/${question}`), said = at(form, `/draft/languages/es/questions/${question}`);
    assert.equal((await send(own, own, { label: "May we show these photographs at congresses?" })).status, 303);
    await refused(/Español: “May we show these photographs at congresses\?”/);
    assert.match(text(await v.get(es)), /at congresses\?<\/small><\/span>\s*<span class="chip is-warn">changed since: look again/);
    assert.equal((await send(said, said, { label: "¿Podemos mostrar estas fotografías en congresos?" })).status, 303);
    const allowed = (language) => at(form, `/draft/authorisation/${language}`);
    assert.equal((await send(allowed("en"), allowed("en"), { used_until: "For one year." })).status, 303);
    assert.match(text(await v.get(draft)), /changed since: look again/);
    await refused(/Español: what is allowed/);
    assert.equal((await send(allowed("es"), allowed("es"), { used_until: "Durante un año." })).status, 303);
    assert.match((await publish(form)).location, /published/);
    // The next draft begins with what was looked at.
    assert.equal((await send(at(form), at(form, "/draft"), {})).status, 303);
    assert.doesNotMatch(text(await v.get(draft)), /look again|look at again/);
    assert.match((await publish(form)).location, /published/);
    await send(at(form), at(form, "/put"), {});
  });
  test("a translation that is not whole is not published", async () => {
    const one = await begin("photo-release", "Half said");
    await ask(one, { kind: "text", label: "In English only" });
    const r = await publish(one);
    assert.equal(r.status, 422);
    assert.match(text(r), /Not translated yet: Español: “In English only”/);
    assert.equal((await send(at(one, "/draft/languages/es"), at(one, "/draft/languages/es/drop"), {})).status, 303);
    assert.match((await publish(one)).location, /published/);
    const two = await begin("photo-release", "Half written"), half = at(two, "/draft/languages/es");
    assert.equal((await send(half, half, { title: "Fotografías", body: " " })).status, 303);
    assert.match(text(await v.get(at(two, "/draft"))), /Español<\/span> <span class="chip is-warn">text missing/);
    assert.match(text(await publish(two)), /Español: the text stands in one language alone/);
    assert.equal((await send(half, half, { title: "Fotografías", body: "Usted decide." })).status, 303);
    assert.match((await publish(two)).location, /published/);
    assert.equal((await send(at(one, "/draft"), at(one, "/draft/languages"), { language: "es" }).catch(() => ({ status: 0 }))).status, 0, "there is no draft any more");
  });
});

describe("L20: of whom a form is asked, and how long it stands", () => {
  const rules = (form, values) => send(at(form), at(form), { services: [], ...values });
  test("by service, at the first visit, by age, by guardian", async () => {
    const form = await begin("", "Rules");
    await send(at(form, "/draft"), at(form, "/draft/wording"), { title: "Rules", body: "Words." });
    await publish(form);
    const child = newClient("2015-01-01"), adult = newClient("1980-01-01"), unknown = newClient("");
    const first = visit(adult, 400), second = visit(adult, 401), young = visit(child, 402), who = visit(unknown, 403);
    const seen = () => [first, second, young, who].map((a) => (wanted(a, form) ? 1 : 0)).join("");
    assert.equal(seen(), "0000");
    const service = h.one("SELECT service_id FROM app.appointment WHERE id = :'v1'::uuid", first);
    assert.equal((await rules(form, { validity: "visit", asked_with: "services", for_whom: "everybody", services: [service] })).status, 303);
    assert.equal(seen(), "1111");
    await rules(form, { asked_with: "first_visit", for_whom: "everybody" });
    assert.equal(seen(), "1011");
    await rules(form, { asked_with: "every_visit", for_whom: "minors" });
    assert.equal(seen(), "0010");
    await rules(form, { asked_with: "every_visit", for_whom: "adults" });
    assert.equal(seen(), "1101");
    h.sql("INSERT INTO app.client_guardian (tenant_id, client_id, name, relation) VALUES (:'v1'::uuid, :'v2'::uuid, 'A parent', 'parent')", glow(), child);
    await rules(form, { asked_with: "every_visit", for_whom: "guarded" });
    assert.equal(seen(), "0010");
    assert.equal((await rules(form, { validity: "days", valid_days: "", asked_with: "services", for_whom: "everybody" })).status, 422);
    await send(at(form), at(form, "/put"), {});
    assert.equal(seen(), "0000");
  });
  test("a standing signature is not asked again; a version that needs signing again is asked of those whose stood, once", async () => {
    const form = await begin("", "Validity");
    await send(at(form, "/draft"), at(form, "/draft/wording"), { title: "Validity", body: "Words." });
    await publish(form);
    await rules(form, { validity: "days", valid_days: "30", asked_with: "every_visit", for_whom: "everybody" });
    await looked(form);
    const p = await asked(form), soon = visit(p.client, 10), late = visit(p.client, 50);
    const other = h.one("INSERT INTO app.form_assignment (tenant_id, client_id, appointment_id, form_id) VALUES (:'v1'::uuid, :'v2'::uuid, :'v3'::uuid, :'v4'::uuid) RETURNING id", glow(), p.client, soon, form);
    assert.ok(wanted(soon, form) && wanted(late, form));
    assert.equal((await p.sign()).status, 303);
    assert.deepEqual([wanted(soon, form), wanted(late, form)], [false, true]);
    assert.equal(h.one("SELECT state FROM app.form_assignment WHERE id = :'v1'::uuid", other), "withdrawn", "what stands is not due elsewhere either");
    await rules(form, { validity: "life", asked_with: "every_visit", for_whom: "everybody" });
    assert.equal(wanted(late, form), false);
    await send(at(form), at(form, "/draft"), {});
    assert.equal((await publish(form)).location, at(form, "?published=0"), "a new wording alone asks nobody again");
    assert.equal(wanted(late, form), false);
    await send(at(form), at(form, "/draft"), {});
    await looked(form); // else it is due still by the rules of before, and of whom it is due nobody asks again
    assert.equal((await publish(form, { asks_again: "on" })).location, at(form, "?published=1"));
    assert.equal(wanted(late, form), true);
    assert.equal(h.one("SELECT count(*) FROM app.form_assignment WHERE client_id = :'v1'::uuid AND form_id = :'v2'::uuid AND state = 'due'", p.client, form), "1");
    await send(at(form), at(form, "/put"), {});
  });
  test("E-06: withdrawn, it is asked of nobody, what was due is taken back, what was signed stays; a new version brings it back", async () => {
    const form = await begin("", "Ends");
    await send(at(form, "/draft"), at(form, "/draft/wording"), { title: "Ends", body: "Words." });
    await publish(form);
    await rules(form, { validity: "visit", asked_with: "every_visit", for_whom: "everybody" });
    const p = await asked(form), q = await asked(form), ready = h.formOf((await p.v.get(`${p.page}/consent`)).text).values, next = visit(p.client, 30);
    const signed = await q.sign();
    assert.equal(signed.status, 303, text(signed).slice(text(signed).indexOf('class="errors"'), text(signed).indexOf('class="errors"') + 400));
    assert.equal((await send(at(form), at(form, "/withdraw"), { why: "" })).status, 422);
    const r = await send(at(form), at(form, "/withdraw"), { why: "Our lawyer asked for it" });
    assert.equal(r.status, 303);
    assert.match(text(await v.get(at(form))), /Our lawyer asked for it/);
    assert.deepEqual([p.state(), q.state(), wanted(next, form)], ["withdrawn", "signed", false]);
    assert.equal(h.one("SELECT kind || ' ' || detail FROM app.form_event WHERE assignment_id = :'v1'::uuid ORDER BY at DESC LIMIT 1", p.which), "withdrawn the form");
    assert.equal((await p.v.get(p.page)).status, 410);
    assert.equal((await p.v.post(`${p.page}/consent`, { ...ready, accepts: "yes", signer_name: "Late" })).status, 410);
    await send(at(form), at(form, "/draft"), {});
    await publish(form);
    assert.equal(wanted(next, form), true);
    await send(at(form), at(form, "/put"), {});
  });
});

describe("R-10: a permission says what it must", () => {
  const whole = { described: "Photographs of the treated area", used_by: "This studio", used_for: "Everybody, on the website", used_until: "Until the end of 2039", taking_back: "Tell us at the desk" };
  const named = { described: "what may be used", used_by: "who may use it", used_for: "for whom, and what for", used_until: "until when", taking_back: "how to take it back" };
  const allow = (form, values, language = "en") => send(at(form, `/draft/authorisation/${language}`), at(form, `/draft/authorisation/${language}`), values);
  const missing = async (form) => { const r = await publish(form); return r.status === 303 ? "" : text(r).match(/Still missing: ([^<]*)\.</)[1]; };
  const away = (form) => send(at(form), at(form, "/put"), {});
  test("one element after the other: a form that lacks it is not published, and the page says which; then it is, and what she signs holds all of them", async () => {
    const form = await begin("", "Shown on the website");
    await ask(form, { kind: "yes_no", label: "On our website?", purpose: "photo_website" });
    assert.equal(await missing(form), Object.values(named).join(", "));
    assert.match(text(await v.get(at(form, "/draft"))), /Missing: what may be used, who may use it/);
    for (const [element, words] of Object.entries(named)) {
      assert.equal((await allow(form, { ...whole, [element]: "  " })).status, 303);
      assert.equal(await missing(form), words);
    }
    assert.equal((await allow(form, whole)).status, 303);
    await send(at(form, "/draft"), at(form, "/draft/languages"), { language: "es" });
    const [question] = h.sql("SELECT q.id FROM app.form_question q JOIN app.form_version f ON f.id = q.form_version_id WHERE f.form_id = :'v1'::uuid", form)[0], said = at(form, `/draft/languages/es/questions/${question}`);
    await send(said, said, { label: "¿En nuestro sitio web?" });
    assert.equal(await missing(form), `Español: ${Object.values(named).join(", ")}`);
    await allow(form, { ...whole, used_until: "Hasta fines de 2039" }, "es");
    const version = h.one("SELECT id FROM app.form_version WHERE form_id = :'v1'::uuid", form);
    assert.match(text(await v.get(at(form, `/versions/${version}?lang=es`))), /Hasta cuándo: Hasta fines de 2039/);
    assert.equal(await missing(form), "");
    const p = await asked(form);
    await p.answer({ [keyOf(question)]: "yes", intent: "next" });
    assert.equal((await p.sign()).status, 303);
    const copy = text(await p.v.get(`${p.page}/copy`));
    for (const words of ["What may be used: Photographs of the treated area", "Who may use it: This studio", "For whom, and what for: Everybody, on the website", "Until when: Until the end of 2039", "How to take it back: Tell us at the desk"])
      assert.ok(copy.includes(words), words);
    assert.match(text(await v.get(at(form, `/versions/${version}/paper`))), /Until when: Until the end of 2039/, "and on paper");
    for (const q of ["UPDATE app.form_authorisation SET used_until = 'x'", "DELETE FROM app.form_authorisation"])
      assert.throws(() => h.sql(`${q} WHERE form_version_id = :'v1'::uuid`, version), /published and stays/, q);
    // The next version begins with them; thrown away, nothing of it is left.
    await send(at(form), at(form, "/draft"), {});
    assert.equal(h.formOf((await v.get(at(form, "/draft/authorisation/es"))).text, at(form, "/draft/authorisation/es")).values.used_until, "Hasta fines de 2039");
    assert.equal((await send(at(form, "/draft/languages/es"), at(form, "/draft/languages/es/drop"), {})).status, 303);
    assert.equal((await v.get(at(form, "/draft/authorisation/es"))).status, 404);
    assert.equal((await send(at(form, "/draft"), at(form, "/draft/drop"), {})).status, 303);
    await away(form);
  });
  test("teaching, the website and each way of offers take it; the chart and messages about visits do not", async () => {
    const form = await begin("", "Which of them");
    const question = await ask(form, { kind: "yes_no", label: "May we?", purpose: "photo_teaching" }), one = at(form, `/draft/questions/${question}`);
    for (const purpose of ["photo_teaching", "photo_website", "email_news", "sms_news", "phone_news"]) {
      assert.equal((await send(one, one, { kind: "yes_no", label: "May we?", purpose })).status, 303);
      assert.match(await missing(form), /what may be used/, purpose);
    }
    for (const purpose of ["photo_chart", "email_service", "sms_service", "phone_service", ""]) {
      assert.equal((await send(one, one, { kind: "yes_no", label: "May we?", purpose })).status, 303);
      assert.equal(h.one("SELECT count(*) FROM app.form_version v CROSS JOIN LATERAL app.authorisation_missing(v.id) WHERE v.form_id = :'v1'::uuid", form), "0", purpose);
    }
    assert.equal(await missing(form), "");
    await away(form);
  });
  test("two pages at once: who saves over what somebody else wrote is shown both", async () => {
    const form = await begin("", "Two pages"), page = at(form, "/draft/authorisation/en"), opened = h.formOf((await v.get(page)).text, page).values;
    assert.equal((await allow(form, whole)).status, 303);
    const late = await v.post(page, { ...opened, ...whole, used_by: "Others" });
    assert.equal(late.status, 422);
    assert.match(text(late), /Somebody saved this meanwhile[\s\S]*This studio[\s\S]*Others/);
    assert.equal((await v.post(page, { ...h.formOf(late.text, page).values })).status, 303);
    assert.equal(h.one("SELECT a.used_by FROM app.form_authorisation a JOIN app.form_version v ON v.id = a.form_version_id WHERE v.form_id = :'v1'::uuid", form), "Others");
    for (const end of ["xx", "es"]) assert.equal((await v.get(at(form, `/draft/authorisation/${end}`))).status, 404);
    await send(at(form, "/draft"), at(form, "/draft/drop"), {});
  });
});

test("L20 D-26: who still has forms to fill in is reminded once, so long before the visit as was set", async () => {
  const p = await somebody("glow"), visitOf = h.one("SELECT appointment_id FROM app.form_assignment WHERE id = :'v1'::uuid", p.intake);
  const was = h.formOf((await v.get("/settings/forms")).text, "/settings/forms").values.form_reminder_hours;
  h.sql(`UPDATE app.form_assignment SET created_at = now() - interval '2 days' WHERE id = :'v1'::uuid;
         DELETE FROM app.form_reminder WHERE appointment_id = :'v3'::uuid;
         INSERT INTO app.form_reminder (tenant_id, appointment_id, client_id, hours) SELECT a.tenant_id, a.id, a.client_id, 2 FROM app.appointment a
         WHERE a.tenant_id = :'v2'::uuid AND a.client_id IS NOT NULL AND a.id <> :'v3'::uuid AND a.starts_at BETWEEN now() AND now() + interval '15 days' ON CONFLICT DO NOTHING`, p.intake, glow(), visitOf);
  const hours = Math.min(336, Math.ceil(Number(h.one("SELECT extract(epoch FROM starts_at - now()) / 3600 FROM app.appointment WHERE id = :'v1'::uuid", visitOf))) + 1);
  if (hours === 336) h.sql("SELECT set_config('foyer.tenant_id', :'v2', false) \\g /dev/null\n UPDATE app.appointment SET starts_at = now() + interval '300 hours', ends_at = now() + interval '301 hours' WHERE id = :'v1'::uuid", visitOf, glow());
  h.sql("SELECT set_config('foyer.tenant_id', :'v2', false) \\g /dev/null\n UPDATE app.client SET email = 'reminded@mail.example' WHERE id = :'v1'::uuid", p.client, glow());
  const mails = () => h.sql("SELECT id FROM app.message WHERE client_id = :'v1'::uuid AND kind = 'forms_due'", p.client).length;
  const run = async (n) => {
    h.sql("UPDATE app.job SET run_at = now() WHERE tenant_id = :'v1'::uuid AND kind = 'form.remind' AND state = 'ready'; SELECT pg_notify('foyer_jobs', '')", glow());
    await h.until(() => h.one("SELECT count(*) FROM app.job WHERE tenant_id = :'v1'::uuid AND kind = 'form.remind' AND state = 'ready' AND run_at > now()", glow()) === "1", "nobody is reminded");
    assert.equal(mails(), n);
  };
  assert.equal((await send("/settings/forms", "/settings/forms", { form_reminder_hours: "1" })).status, 422);
  assert.equal((await send("/settings/forms", "/settings/forms", { form_reminder_hours: String(hours) })).status, 303);
  await run(1);
  await run(1);
  assert.equal(h.one("SELECT detail FROM app.form_event WHERE assignment_id = :'v1'::uuid AND kind = 'sent'", p.intake), "reminder");
  await send("/settings/forms", "/settings/forms", { form_reminder_hours: was || "" });
});
