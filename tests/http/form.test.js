// form.test.js -- a client's forms: kept half done, checked by the server, signed once and exactly as
// shown; and the signed form on the chart. L13 L20 L27 T22; SECURITY.md E-01 E-02 E-03 E-06 S-32.
"use strict";
const { test, describe } = require("node:test");
const assert = require("node:assert/strict");
const crypto = require("node:crypto");
const h = require("./harness");
const k = require("./booking_client");
const { session, somebody } = require("./form_client");

const full = {
  "q-reason": "A line between the brows", "q-skin_type": "Tans easily", "q-conditions": ["Cold sores", "Diabetes"],
  "q-pregnant": "no", "q-medication": "yes", "q-medication-more": "Aspirin", "q-surgery": "no", "q-last_treatment": "2025-03-04",
  "q-allergies": "some", "q-allergies-substance": ["Latex", "", ""], "q-allergies-reaction": ["hives", "", ""],
  "q-allergies-severity": ["severe", "", ""], "q-anything_else": "", "q-truthful": "yes",
};
const questions = (p, which = p.intake) => `${p.at}/${which}`;
const answer = (p, values, which = p.intake, v = p.v) => v.submit(questions(p, which), { ...values });
const count = (statement, ...v) => Number(h.one(statement, ...v));
const answersOf = (p, which = p.intake) => count("SELECT count(*) FROM app.form_answer WHERE assignment_id = :'v1'::uuid", which);
const keptKeys = (p) => h.sql("SELECT q.key FROM app.form_answer a JOIN app.form_question q ON q.id = a.question_id WHERE a.assignment_id = :'v1'::uuid ORDER BY q.key", p.intake).flat();
const signaturesOf = (which) => count("SELECT count(*) FROM app.signature WHERE assignment_id = :'v1'::uuid", which);

async function filled(label = "glow") {
  const p = await somebody(label);
  const r = await answer(p, { ...full, intent: "next" });
  assert.equal(r.location, `${questions(p)}/consent`, h.decode(r.text));
  return p;
}
const signing = { accepts: "yes", signer_name: "Zoë O'Hara", name_meant: "Zoë O'Hara" };
const strokes = (points) => JSON.stringify({ v: 1, w: 1000, h: 400, strokes: [points] });

describe("L20: what is due", () => {
  test("the list names her forms, offers one next step, and leaves its row in the trail", async () => {
    const p = await somebody("glow");
    const r = await p.v.get(p.at);
    assert.equal(r.status, 200);
    assert.equal(r.text.match(/class="forms-next"/g).length, 1);
    assert.ok(r.text.includes(`${p.at}/${p.intake}`) && r.text.includes(`${p.at}/${p.consent}`));
    assert.deepEqual(h.trail(r.id).map((e) => [e.action, e.clients]), [["form.read", [p.client]]]);
  });
  test("S-15: before the second factor nothing is shown", async () => {
    const p = await somebody("glow");
    const r = await h.request("glow", p.at, { cookie: "__Secure-link=" + "A".repeat(43) });
    assert.notEqual(r.status, 200);
    assert.equal(h.trail(r.id).filter((e) => e.outcome === "ok").length, 0);
    assert.equal((await h.request("glow", p.at)).status, 401);
  });
  test("T02: another client's form, and another studio's, are not there", async () => {
    const p = await somebody("glow"), q = await somebody("glow"), other = await somebody("first-light");
    for (const id of [q.intake, other.intake, h.uuid()])
      for (const end of ["", "/consent", "/copy"])
        assert.equal((await p.v.get(`${p.at}/${id}${end}`)).status, 404);
    const r = await h.request("first-light", p.at, { cookie: p.v.cookieFor(p.at) });
    assert.notEqual(r.status, 200);
  });
  test("S-14: a link that is over answers 410, a withdrawn form too, a link to a booking opens no form", async () => {
    const p = await somebody("glow");
    h.sql("UPDATE app.form_assignment SET state = 'withdrawn' WHERE id = :'v1'::uuid", p.intake);
    assert.equal((await p.v.get(questions(p))).status, 410);
    h.sql("UPDATE app.link SET revoked_at = now() WHERE id = :'v1'::uuid", p.link);
    assert.equal((await p.v.get(p.at)).status, 410);
    h.sql("UPDATE app.link SET revoked_at = NULL, expires_at = now() - interval '1 minute' WHERE id = :'v1'::uuid", p.link);
    assert.equal((await p.v.get(questions(p, p.consent))).status, 410);
    h.sql("UPDATE app.link SET expires_at = now() + interval '1 day', purpose = 'manage' WHERE id = :'v1'::uuid", p.link);
    assert.equal((await p.v.get(p.at)).status, 404);
  });
});

describe("L20: the answers", () => {
  test("half filled, the phone closed, continued on another: it is kept, and there tomorrow", async () => {
    const p = await somebody("glow");
    const r = await answer(p, { "q-reason": "Half a sentence", "q-conditions": ["Epilepsy"], intent: "save" });
    assert.equal(r.location, `${p.at}?kept=1`);
    assert.match((await p.v.get(r.location)).text, /Come back with the same\s+link until/);
    const page = await session("glow", p.link).get(questions(p));
    assert.equal(h.formOf(page.text).values["q-reason"], "Half a sentence");
    assert.match(page.text, /value="Epilepsy" checked/);
    assert.match((await p.v.get(p.at)).text, /Go on with/);
  });
  test("S-32 B44: in the database they are ciphertext, another for each saving", async () => {
    const p = await somebody("glow");
    const kept = () => h.one(`SELECT string_agg(id || encode(answer_sealed, 'escape'), '') FROM app.form_answer WHERE assignment_id = :'v1'::uuid`, p.intake);
    await answer(p, { "q-reason": "Rosebud", intent: "save" });
    const first = kept();
    assert.doesNotMatch(first, /Rosebud/);
    await answer(p, { "q-reason": "Rosebud", intent: "save" });
    assert.equal(kept(), first, "what does not change is not written again");
    await answer(p, { "q-reason": "Another", intent: "save" });
    await answer(p, { "q-reason": "Rosebud", intent: "save" });
    assert.notEqual(kept(), first);
    assert.equal(answersOf(p), 1);
  });
  test("what is missing is said beside each field, with 422; all that was typed stays, and is kept", async () => {
    const p = await somebody("glow");
    const r = await answer(p, { "q-reason": "Typed <b>&\"text\"", "q-medication": "yes", "q-allergies": "some",
      "q-allergies-substance": ["Latex", "", ""], "q-allergies-reaction": ["", "itching", ""], "q-allergies-severity": ["", "", ""], intent: "next" });
    assert.equal(r.status, 422);
    assert.equal(h.formOf(r.text).values["q-reason"], "Typed <b>&\"text\"");
    for (const id of ["q-skin_type-error", "q-conditions-error", "q-pregnant-error", "q-medication-more-error", "q-surgery-error",
      "q-allergies-1-error", "q-allergies-2-error", "q-truthful-error"])
      assert.ok(r.text.includes(`id="${id}"`), id);
    assert.doesNotMatch(r.text, /q-reason-error|q-last_treatment-error|q-anything_else-error/);
    assert.match((await p.v.get(questions(p))).text, /value="itching"/);
    assert.equal((await p.v.get(`${questions(p)}/consent`)).location, `${questions(p)}?check=1`);
    assert.match((await p.v.get(`${questions(p)}?check=1`)).text, /id="q-truthful-error"/);
  });
  test("only the server's list of choices, real dates and lengths that fit are taken", async () => {
    const p = await somebody("glow"), all = { ...full, "q-anything_else": "More" };
    for (const [name, value] of [["q-skin_type", "Green"], ["q-conditions", "Green"], ["q-pregnant", "maybe"], ["q-truthful", "no"],
      ["q-last_treatment", "2025-02-30"], ["q-reason", "x".repeat(301)], ["q-anything_else", "x".repeat(4001)], ["q-allergies", "perhaps"],
      ["q-allergies-severity", ["deadly", "", ""]], ["q-allergies-substance", ["a\tb", "", ""]], ["q-medication-more", "y".repeat(2001)]])
      for (const intent of ["next", "save"]) {
        const r = await answer(p, { ...all, [name]: value, intent });
        assert.equal(r.status, 422, `${name} ${intent}`);
        assert.match(r.text, /class="error"/);
        const key = name.slice(2).replace(/-.*/, ""), good = Object.keys(all).map((n) => n.slice(2).replace(/-.*/, ""));
        assert.deepEqual(keptKeys(p), [...new Set(good)].filter((k) => k !== key || name === "q-medication-more").sort(), `${name}: the others are kept`);
      }
    assert.equal(h.sql("SELECT detail_sealed IS NULL FROM app.form_answer a JOIN app.form_question q ON q.id = a.question_id WHERE a.assignment_id = :'v1'::uuid AND q.key = 'medication'", p.intake)[0][0], "t");
  });
  test("no known allergies is said in so many words, and not beside an allergy", async () => {
    const p = await somebody("glow");
    const both = await answer(p, { ...full, "q-allergies": "none", intent: "next" });
    assert.equal(both.status, 422);
    assert.match(h.decode(both.text), /You chose "No known allergies" and also named one/);
    const none = { ...full, "q-allergies": "none", "q-allergies-substance": ["", "", ""], "q-allergies-reaction": ["", "", ""], "q-allergies-severity": ["", "", ""] };
    assert.equal((await answer(p, { ...none, intent: "next" })).status, 303);
    assert.match((await p.v.get(`${questions(p)}/consent`)).text, /No known allergies/);
  });
  test("without script another line for an allergy comes by a button, with what is typed kept", async () => {
    const p = await somebody("glow");
    const r = await answer(p, { "q-allergies": "some", "q-allergies-substance": ["A", "B", "C"], "q-allergies-reaction": ["", "", ""],
      "q-allergies-severity": ["mild", "", ""], intent: "more" });
    assert.equal(r.location, `${questions(p)}?more=1#q-allergies`);
    const page = await p.v.get(`${questions(p)}?more=1`);
    assert.equal(page.text.match(/name="q-allergies-substance"/g).length, 6);
  });
  test("form.js keeps drafts: a short answer, no redirect; what cannot be kept is refused", async () => {
    const p = await somebody("glow");
    const good = await answer(p, { "q-reason": "auto" });
    assert.deepEqual([good.status, good.text], [200, "kept\n"]);
    assert.equal(h.trail(good.id)[0].action, "form.save");
    const bad = await answer(p, { "q-reason": "auto, more", "q-last_treatment": "2025-02-30" });
    assert.equal(bad.status, 422);
    assert.match(bad.text, /^Kept, but not this, which needs a change: “[^”]*last[^”]*”$/);
    assert.match(bad.headers["content-type"], /^text\/plain/);
    assert.equal(h.formOf((await p.v.get(questions(p))).text).values["q-reason"], "auto, more", "one bad field does not stop the others");
    const page = session("glow", p.link), opened = h.formOf((await page.get(questions(p))).text).values;
    h.sql("UPDATE sec.link_session SET expires_at = now() - interval '1 second' WHERE link_id = :'v1'::uuid", p.link);
    const over = await page.post(questions(p), { ...opened, "q-reason": "x" }, { headers: { Accept: "text/plain" } });
    assert.equal(over.status, 401, "a page that has ended is not led elsewhere, which would count as kept");
  });
  test("two pages: what another has changed is overwritten by neither, and shown beside; by its own savings a page is not stopped; without a difference nobody is", async () => {
    const p = await somebody("glow"), other = session("glow", p.link), at = questions(p);
    const open = async (v) => h.formOf((await v.get(at)).text).values, reason = async () => (await open(p.v))["q-reason"];
    const send = (v, page, values, intent) => v.post(at, { ...page, ...values, idem: h.uuid(), ...(intent ? { intent } : {}) });
    for (const [first, second] of [[p.v, other], [other, p.v]]) {
      const old = await open(first), fresh = await open(second), words = `Newer ${h.uuid()}`;
      assert.equal((await send(second, fresh, { "q-reason": words, "q-skin_type": "Tans easily" })).status, 200);
      assert.equal((await send(second, fresh, { "q-reason": `${words}!`, "q-skin_type": "Tans easily" })).status, 200, "its own saving does not stop it");
      const auto = await send(first, old, { "q-reason": "Older" });
      assert.equal(auto.status, 409);
      assert.match(auto.text, /^Not kept: answers were changed on another phone or screen/);
      const r = await send(first, old, { "q-reason": "Older", "q-skin_type": "Tans easily" }, "save");
      assert.equal(r.status, 422);
      assert.match(h.decode(r.text), new RegExp(`id="q-reason-kept"[\\s\\S]*?${words}!`));
      assert.doesNotMatch(r.text, /q-skin_type-kept|data-autosave/, "what is alike is not shown twice, and no script settles it");
      assert.equal(await reason(), `${words}!`);
      assert.equal(h.formOf(r.text).values["q-reason"], "Older");
      assert.equal((await send(first, h.formOf(r.text).values, { "q-skin_type": "Tans easily" }, "save")).status, 303, "now she has seen both");
      assert.equal(await reason(), "Older");
      assert.equal((await send(second, fresh, { "q-reason": `${words}!`, "q-skin_type": "Tans easily" })).status, 409, "the other way round too");
      assert.equal((await send(second, fresh, { "q-reason": "Older", "q-skin_type": "Tans easily" }, "save")).status, 303, "what changes nothing is no conflict");
    }
    const [mine, hers] = [await open(p.v), await open(other)];
    const both = await Promise.all([send(p.v, mine, { "q-reason": "Mine" }), send(other, hers, { "q-reason": "Hers" })]);
    assert.deepEqual(both.map((r) => r.status).sort(), [200, 409]);
    assert.equal(await reason(), both[0].status === 200 ? "Mine" : "Hers");
    const begun = await somebody("glow"), [a, b] = [begun.v, session("glow", begun.link)], pages = await Promise.all([a, b].map((v) => v.get(questions(begun))));
    const at_once = await Promise.all([a, b].map((v, i) => v.post(questions(begun), { ...h.formOf(pages[i].text).values, "q-reason": `Begun ${i}` })));
    assert.deepEqual(at_once.map((r) => r.status).sort(), [200, 409], "also where nothing was kept before");
  });
});

describe("L20 L13: signing", () => {
  test("E-02 T22: what was shown is what is kept, byte for byte, with its evidence", async () => {
    const p = await filled();
    const page = await p.v.get(`${questions(p)}/consent`);
    const shown = h.formOf(page.text).values.document_sha256;
    const allergies = count("SELECT count(*) FROM app.allergy WHERE client_id = :'v1'::uuid", p.client);
    const r = await p.v.post(`${questions(p)}/consent`, { ...h.formOf(page.text).values, ...signing }, { headers: { "User-Agent": "A phone" } });
    assert.equal(r.location, `${questions(p)}/copy?signed=1`);
    assert.deepEqual(h.trail(r.id).map((e) => [e.action, e.clients]).sort(), [["form.sealed", [p.client]], ["form.sign", [p.client]]]);
    const [state, method, agent, address, link, factor, zone, fresh] = h.sql(`
      SELECT a.state, s.method, s.agent, host(s.ip), s.link_id, s.second_factor, s.zone, s.signed_at > now() - interval '1 minute'
      FROM app.signature s JOIN app.form_assignment a ON a.id = s.assignment_id WHERE s.assignment_id = :'v1'::uuid`, p.intake)[0];
    assert.deepEqual([state, method, agent, address, link, factor, fresh], ["signed", "typed", "A phone", "127.0.0.1", p.link, "birth_date", "t"]);
    assert.match(zone, /^America\//);
    assert.equal(count("SELECT count(*) FROM app.allergy WHERE client_id = :'v1'::uuid", p.client), allergies + 1);

    // The text on the chart is the whole: its beginning has the hash that the form carried.
    const doctor = await h.staff("glow", "owner");
    const id = h.one("SELECT id FROM app.signature WHERE assignment_id = :'v1'::uuid", p.intake);
    const chart = await doctor.get(`/clients/${p.client}/signatures/${id}`);
    const text = h.decode(chart.text.match(/<pre class="exact">([\s\S]*?)<\/pre>/)[1]);
    const sha = (s) => crypto.createHash("sha256").update(s).digest("hex");
    assert.equal(sha(text.slice(0, text.indexOf("\nShown to the signer"))), shown);
    assert.equal(sha(text), h.one("SELECT encode(document_sha256, 'hex') FROM app.signature WHERE id = :'v1'::uuid", id));
    assert.match(text, /Question 1\n {2}What brings you to us\?\n\nAnswer 1\n {2}A line between the brows\n/);
    assert.match(text, /^Signed form, format\n {2}3\n[\s\S]*\nLanguage\n {2}English\n\nLanguage, code\n {2}en\n/);
    assert.match(text, /Signed by\n {2}Zoë O'Hara\n\nSigned as\n {2}client\n\nPlace\n {2}link\n\nSigned at\n {2}20\d\d-\d\d-\d\dT[\d:]{8}Z\n\nMethod\n {2}typed\n$/);
  });
  test("E-02: the chart says so when what is kept beside the text is not what was signed; a text of format 1 is still read and compared", async () => {
    const [client, id, language] = h.sql("SELECT client_id, id, language FROM app.signature WHERE tenant_id = :'v1'::uuid ORDER BY signed_at DESC LIMIT 1", h.tenantId("glow"))[0];
    const v = await h.staff("glow", "owner"), says = async (c, s) => h.decode((await v.get(`/clients/${c}/signatures/${s}`)).text);
    const past = (value) => h.sql("BEGIN; SET LOCAL session_replication_role = replica; UPDATE app.signature SET language = :'v2' WHERE id = :'v1'::uuid; COMMIT", id, value);
    past("es");
    try {
      assert.match(await says(client, id), /is not what was signed/);
    } finally {
      past(language);
    }
    assert.match(await says(client, id), /Unchanged since it was signed/);
    // (the demo's consents about photographs)
    const [who, old] = h.sql("SELECT s.client_id, s.id FROM app.signature s JOIN app.form_version v ON v.id = s.form_version_id WHERE s.tenant_id = :'v1'::uuid AND v.title = :'v2' AND s.ip = '192.0.2.23' LIMIT 1",
      h.tenantId("glow"), "Use of photographs")[0];
    const text = await says(who, old);
    assert.match(text, /Unchanged since it was signed/);
    assert.match(text, /Signed form, format\n {2}1\n/);
  });
  test("B57 L09: a due date in a form that she signs is hers from then on, and her visits that no longer fit ask for a look; one that cannot be one is an answer only", async () => {
    const c = k.corner("first-light", { forms: true, people: 2 }), week = (w) => k.dayIn(280 - w * 7 + 20);
    h.sql("UPDATE app.service SET week_from = 26, week_to = 32 WHERE id = :'v1'", c.service);
    try {
      for (const [told, due, look] of [[week(20), week(20), "due_date"], ["1999-02-03", week(28), ""]]) {
        const b = await k.book(c, { slot: 2, days: 20, person: { due_date: week(28) } });
        const keys = h.formOf((await b.v.get(`${b.at}/visit`)).text, `${b.at}/fill`).values, fill = await b.v.post(`${b.at}/fill`, keys);
        const intake = h.one("SELECT a.id FROM app.form_assignment a JOIN app.form f ON f.id = a.form_id WHERE a.appointment_id = :'v1' AND f.kind = 'intake'", b.appointment);
        const now = () => h.sql("SELECT c.due_date, coalesce(a.asks_look, '') FROM app.client c JOIN app.appointment a ON a.client_id = c.id WHERE a.id = :'v1'", b.appointment)[0];
        const at = `${fill.location}/${intake}`;
        const asked = await b.v.submit(at, { "q-due_date": told, "q-care_provider": "Dr. Ames", "q-medical_scan": "no", "q-multiples": "One", "q-complications": "no",
          "q-allergies": "none", "q-truthful": "yes", intent: "next" });
        assert.equal(asked.location, `${at}/consent`, h.decode(asked.text));
        assert.deepEqual(now(), [week(28), ""], "it counts before it is signed");
        const r = await b.v.submit(`${at}/consent`, signing);
        assert.equal(r.location, `${at}/copy?signed=1`);
        assert.deepEqual(now(), [due, look]);
        assert.equal(signaturesOf(intake), 1);
        const desk = await h.staff("first-light", "front-desk"), page = (await desk.get(`/appointments/${b.appointment}`)).text;
        assert.equal(/The due date has changed, and the week of this visit no longer fits/.test(page), look !== "");
        assert.equal(/This visit is best between weeks 26 and 32/.test((await b.v.get(`${b.at}/visit`)).text), look !== "");
      }
    } finally {
      k.close(c);
    }
  });
  test("the same allergy is not noted twice", async () => {
    const p = await filled();
    const sign = async () => p.v.submit(`${questions(p)}/consent`, signing);
    await sign();
    const before = count("SELECT count(*) FROM app.allergy WHERE client_id = :'v1'::uuid", p.client);
    // (she may have other forms that belong to no visit)
    const again = h.one(`INSERT INTO app.form_assignment (tenant_id, client_id, form_id) SELECT tenant_id, client_id, form_id FROM app.form_assignment WHERE id = :'v1'::uuid RETURNING id`, p.intake);
    await answer(p, { ...full, "q-allergies-substance": ["LATEX", "Nuts", ""], "q-allergies-severity": ["severe", "mild", ""], intent: "next" }, again);
    const r = await p.v.submit(`${questions(p, again)}/consent`, signing);
    assert.equal(r.status, 303);
    assert.equal(count("SELECT count(*) FROM app.allergy WHERE client_id = :'v1'::uuid", p.client), before + 1);
  });
  test("drawn: the strokes are kept sealed, and drawn again on her copy", async () => {
    const p = await filled();
    const r = await p.v.submit(`${questions(p)}/consent`, { ...signing, method: "drawn", strokes: strokes([[10, 20, 0, 50], [300, 200, 40, 50], [500, 90, 80, 60]]) });
    assert.equal(r.status, 303);
    const copy = await p.v.get(`${questions(p)}/copy`);
    assert.match(copy.text, /<polyline points="10,20 300,200 500,90"\/>/);
    assert.equal(h.trail(copy.id)[0].action, "form.copy");
    assert.doesNotMatch(h.one("SELECT encode(strokes_sealed, 'escape') FROM app.signature WHERE assignment_id = :'v1'::uuid", p.intake), /strokes/);
  });
  test("E-01 E-03: nothing is signed without the terms accepted, a name, and real strokes", async () => {
    const p = await filled();
    const refused = async (values, message) => {
      const r = await p.v.submit(`${questions(p)}/consent`, { ...signing, ...values });
      assert.equal(r.status, 422, JSON.stringify(values).slice(0, 80));
      assert.match(h.decode(r.text), message);
      assert.equal(signaturesOf(p.intake), 0);
    };
    assert.doesNotMatch((await p.v.get(`${questions(p)}/consent`)).text, /name="accepts"[^>]*checked/);
    await refused({ accepts: "" }, /Tick this to sign/);
    await refused({ disclosure_id: "" }, /changed since you opened it/);
    await refused({ disclosure_id: h.uuid() }, /changed since you opened it/);
    await refused({ signer_name: "  " }, /Type your full name/);
    await refused({ method: "drawn" }, /did not arrive whole/);
    await refused({ method: "drawn", strokes: strokes([]) }, /did not arrive whole/);
    await refused({ method: "drawn", strokes: '{"v":1,"w":1000,"h":400,"strokes":[]}' }, /is empty/);
    await refused({ method: "drawn", strokes: strokes([[5, 5, 0, 50], [9, 9, 1, 50]]) }, /is empty/);
    await refused({ method: "drawn", strokes: strokes([[5, 5, 0, 50], [2000, 9, 1, 50]]) }, /did not arrive whole/);
    await refused({ method: "stamp" }, /Please look at this again/);
    await refused({ document_sha256: "" }, /changed since you opened it/);
    await refused({ document_sha256: "a".repeat(64) }, /changed since you opened it/);
  });
  test("E-03: a name that fits nobody is asked about once, with all that was typed kept; sent again it is signed, and stands as it was typed", async () => {
    const p = await filled(), at = `${questions(p)}/consent`, named = (name, calling = "") => h.sql(`SELECT set_config('foyer.tenant_id', :'v4', false) \\g /dev/null
      UPDATE app.client SET name = :'v2', preferred_name = nullif(:'v3', ''), preferred_language = NULL WHERE id = :'v1'::uuid`, p.client, name, calling, h.tenantId("glow"));
    named("Johanna Ågren", "Hanna");
    assert.doesNotMatch((await p.v.get(`${at}?accepts=yes&signer_name=x&name_meant=x`)).text, /checked|Sign all the same/, "no address ticks a box");
    const asked = await p.v.submit(at, { accepts: "yes", signer_name: "Piet Mondriaan" });
    assert.equal(asked.status, 422);
    assert.match(h.decode(asked.text), /Nothing is signed yet[\s\S]*You typed “Piet Mondriaan”\. This form is for Johanna Ågren\.[\s\S]*Sign all the same/);
    assert.equal(signaturesOf(p.intake), 0);
    const kept = h.formOf(asked.text, at).values;
    assert.deepEqual([kept.signer_name, kept.accepts, kept.name_meant], ["Piet Mondriaan", "yes", "Piet Mondriaan"]);
    const another = await p.v.post(at, { ...kept, signer_name: "Frida Kahlo" });
    assert.equal(another.status, 422, "another stranger's name is asked about again");
    assert.match(h.decode(another.text), /You typed “Frida Kahlo”/);
    const spanish = await p.v.post(at, { ...h.formOf((await p.v.get(`${at}?lang=es`)).text, at).values, accepts: "yes", signer_name: "Piet Mondriaan" });
    if (/lang="es"/.test(spanish.text)) assert.match(h.decode(spanish.text), /Escribió «Piet Mondriaan»[\s\S]*Firmar de todos modos/);
    assert.equal((await p.v.post(at, h.formOf(another.text, at).values)).status, 303);
    assert.match(h.decode((await p.v.get(`${questions(p)}/copy`)).text), /Frida Kahlo/);
    const q = await filled();
    h.sql("SELECT set_config('foyer.tenant_id', :'v2', false) \\g /dev/null\n UPDATE app.client SET name = 'Johanna Ågren' WHERE id = :'v1'::uuid", q.client, h.tenantId("glow"));
    assert.equal((await q.v.submit(`${questions(q)}/consent`, { accepts: "yes", signer_name: "Dr. J. AGREN" })).status, 303, "one that fits is not");
  });
  test("E-01 E-03: what she accepts stands on the page that she signs on, which she says that she can open and keep; and nothing on it, or in any form, is ticked before she ticks it", async () => {
    const p = await somebody("glow"), boxes = (text) => [...text.matchAll(/<input[^>]*type="(?:checkbox|radio)"[^>]*>/g)].map(([x]) => x);
    for (const which of [p.intake, p.consent]) {
      const page = await p.v.get(questions(p, which)), all = boxes(page.text);
      assert.ok(all.length > 0);
      assert.deepEqual(all.filter((x) => / checked/.test(x)), []);
      const pressed = boxes((await p.v.get(`${questions(p, which)}?${all.map((x) => `${x.match(/name="([^"]*)"/)[1]}=${encodeURIComponent(x.match(/value="([^"]*)"/)[1])}`).join("&")}`)).text);
      assert.deepEqual(pressed.filter((x) => / checked/.test(x)), [], "nor by an address");
    }
    await answer(p, { ...full, intent: "next" });
    const page = h.decode((await p.v.get(`${questions(p)}/consent`)).text), [version, body] = h.sql("SELECT version, body FROM app.policy_version WHERE id = :'v1'::uuid", h.formOf(page, /consent$/).values.disclosure_id)[0];
    assert.deepEqual(boxes(page).filter((x) => / checked/.test(x)), []);
    assert.ok(body.split("\n").filter(Boolean).every((line) => page.includes(line)), "the terms, whole, in the format in which she signs");
    assert.match(page, /I have read “Signing electronically” above, I can open and keep this page, and I agree to sign electronically\./);
    assert.equal((await p.v.submit(`${questions(p)}/consent`, signing)).status, 303);
    assert.equal(h.one("SELECT p.version FROM app.signature s JOIN app.policy_version p ON p.id = s.disclosure_id WHERE s.assignment_id = :'v1'::uuid", p.intake), version);
    assert.equal(count("SELECT count(*) FROM app.form_event WHERE assignment_id = :'v1'::uuid AND kind = 'consented'", p.intake), 1);
    assert.match(h.decode((await p.v.get(`${questions(p)}/copy`)).text), new RegExp(`Signing electronically[\\s\\S]*${body.split("\n")[0].slice(0, 20).replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`), "she has it with her copy");
  });
  test("L20: blank: a form without its answers cannot be signed past the page", async () => {
    const p = await somebody("glow"), ready = await filled();
    const values = h.formOf((await ready.v.get(`${questions(ready)}/consent`)).text).values;
    const own = h.formOf((await p.v.get(questions(p))).text).values;
    const r = await p.v.post(`${questions(p)}/consent`, { ...values, ...signing, csrf: own.csrf, idem: own.idem });
    assert.equal(r.status, 422);
    assert.match(r.text, /Some answers are missing/);
    assert.equal(signaturesOf(p.intake), 0);
  });
  test("L20 E-02: stale: answers changed on another phone meanwhile, and she is asked to read again", async () => {
    const p = await filled();
    const opened = h.formOf((await p.v.get(`${questions(p)}/consent`)).text).values;
    await answer(p, { ...full, "q-reason": "Something else", intent: "save" }, p.intake, session("glow", p.link));
    const r = await p.v.post(`${questions(p)}/consent`, { ...opened, ...signing });
    assert.equal(r.status, 422);
    assert.match(r.text, /This form changed since you opened it/);
    assert.match(r.text, /Something else/);
    assert.doesNotMatch(r.text, /name="accepts"[^>]*checked/);
    assert.equal((await p.v.post(`${questions(p)}/consent`, { ...h.formOf(r.text).values, ...signing })).status, 303);
  });
  test("L20: replayed: signed once. The same key gives the same answer, another says that it is signed", async () => {
    const p = await filled();
    const values = { ...h.formOf((await p.v.get(`${questions(p)}/consent`)).text).values, ...signing };
    const first = await p.v.post(`${questions(p)}/consent`, values);
    const second = await p.v.post(`${questions(p)}/consent`, values);
    assert.deepEqual([second.status, second.location], [303, first.location]);
    const third = await p.v.post(`${questions(p)}/consent`, { ...values, idem: h.uuid() });
    assert.equal(third.status, 409);
    assert.match(third.text, /This form is signed already/);
    const late = await p.v.post(questions(p), { ...full, csrf: values.csrf, intent: "save" });
    assert.equal(late.status, 409);
    assert.equal(signaturesOf(p.intake), 1);
    assert.equal((await p.v.get(questions(p))).location, `${questions(p)}/copy`);
  });
  test("L20 T22: expired, withdrawn, another person's, another studio's: a page that was opened in time signs nothing any more", async () => {
    const p = await filled(), q = await filled(), far = await somebody("first-light"), at = `${questions(p)}/consent`;
    const theirs = h.formOf((await far.v.get(questions(far))).text).values;
    const values = { ...h.formOf((await p.v.get(at)).text).values, ...signing };
    const own = h.formOf((await q.v.get(`${questions(q)}/consent`)).text).values;
    const refused = async (what, ask, statuses) => {
      const r = await ask();
      // (who has not proven herself for this link may be led to its door)
      assert.ok(statuses.includes(r.status) || (statuses.includes(401) && r.status === 303 && !/copy/.test(r.location)), `${what}: ${r.status} ${r.location}`);
      assert.equal(signaturesOf(p.intake), 0, what);
    };
    const link = (change, back) => async () => {
      const set = (to) => h.sql(`SELECT set_config('foyer.tenant_id', :'v2', false) \\g /dev/null\nUPDATE app.link SET ${to} WHERE id = :'v1'::uuid`, p.link, h.tenantId("glow"));
      set(change);
      const r = await p.v.post(at, { ...values, idem: h.uuid() });
      set(back);
      return r;
    };
    const until = h.one("SELECT expires_at FROM app.link WHERE id = :'v1'::uuid", p.link);
    await refused("expired", link("expires_at = now() - interval '1 second'", `expires_at = '${until}'`), [410]);
    await refused("revoked", link("revoked_at = now()", "revoked_at = NULL"), [410]);
    await refused("locked", link("locked_at = now()", "locked_at = NULL"), [410]);
    const form = (state) => h.sql("UPDATE app.form_assignment SET state = :'v2' WHERE id = :'v1'::uuid", p.intake, state);
    form("withdrawn");
    await refused("the form was withdrawn", () => p.v.post(at, { ...values, idem: h.uuid() }), [410, 422]);
    form("due");
    await refused("another person, by her own link", () => q.v.post(`${q.at}/${p.intake}/consent`, { ...values, csrf: own.csrf, idem: h.uuid() }), [404]);
    await refused("another person, by the address of the first", () => q.v.post(at, { ...values, csrf: own.csrf, idem: h.uuid() }, { cookie: q.v.cookieFor(questions(q)) }), [401, 403, 404]);
    await refused("another studio's link", () => far.v.post(`${far.at}/${p.intake}/consent`, { ...values, csrf: theirs.csrf, idem: h.uuid() }), [404]);
    await refused("another studio's host", () => h.request("first-light", at, { method: "POST", body: { ...values, idem: h.uuid() }, cookie: p.v.cookieFor(at) }), [401, 403, 404]);
    await refused("nobody", () => h.request("glow", at, { method: "POST", body: { ...values, idem: h.uuid() } }), [401, 403]);
    assert.equal((await p.v.post(at, { ...values, idem: h.uuid() })).status, 303, "and it was good all along");
    assert.equal(signaturesOf(p.intake), 1);
  });
  test("L20: two people signing at once, each in her own browser, one of them twice: one signature", async () => {
    const p = await filled(), other = session("glow", p.link);
    const opened = async (v) => ({ ...h.formOf((await v.get(`${questions(p)}/consent`)).text).values, ...signing });
    const [mine, hers] = [await opened(p.v), await opened(other)];
    const replies = await Promise.all([[p.v, mine], [other, hers], [p.v, mine], [other, hers]].map(([v, values]) => v.post(`${questions(p)}/consent`, { ...values, idem: h.uuid() })));
    assert.equal(signaturesOf(p.intake), 1);
    assert.equal(replies.filter((r) => r.location?.includes("signed=1")).length, 1);
    assert.deepEqual(replies.filter((r) => r.status !== 303).map((r) => r.status), [409, 409, 409]);
  });
});

describe("E-02 E-06: a new wording", () => {
  const publish = (assignment, words) => h.sql(`
    SELECT FROM set_config('foyer.tenant_id', (SELECT tenant_id::text FROM app.form_assignment WHERE id = :'v1'::uuid), false);
    INSERT INTO app.form_version (tenant_id, form_id, version, title, body)
    SELECT v.tenant_id, v.form_id, v.version + 1, v.title, :'v2' FROM app.form_version v JOIN app.form_assignment a ON a.form_id = v.form_id
    WHERE a.id = :'v1'::uuid ORDER BY v.version DESC LIMIT 1;
    WITH old AS (SELECT v.* FROM app.form_version v JOIN app.form_assignment a ON a.form_id = v.form_id WHERE a.id = :'v1'::uuid AND v.published_at IS NOT NULL ORDER BY v.version DESC LIMIT 1),
    new AS (SELECT v.* FROM app.form_version v, old WHERE v.form_id = old.form_id AND v.published_at IS NULL)
    INSERT INTO app.form_question (tenant_id, form_version_id, position, key, kind, label, help, options, is_required, follow_up_label)
    SELECT q.tenant_id, new.id, q.position, q.key, q.kind, q.label, q.help, q.options, q.is_required, q.follow_up_label
    FROM new, old, app.form_question q WHERE q.form_version_id = old.id;
    UPDATE app.form_version v SET published_at = now() FROM app.form_assignment a WHERE a.id = :'v1'::uuid AND v.form_id = a.form_id AND v.published_at IS NULL;`, assignment, words);
  test("stale: a page opened before it cannot be signed; her answers are carried over; what was signed stays", async () => {
    const p = await somebody("first-light"), q = await somebody("first-light");
    const tick = { "q-in_care": "yes", "q-not_medical": "yes", "q-understood": "yes", intent: "next" };
    for (const who of [p, q]) {
      const page = await who.v.get(questions(who, who.consent));
      const ticks = Object.fromEntries([...page.text.matchAll(/name="(q-[a-z_]+)" value="yes"/g)].map(([, n]) => [n, "yes"]));
      assert.equal((await answer(who, { ...tick, ...ticks }, who.consent)).location, `${questions(who, who.consent)}/consent`);
    }
    const consent = (who) => `${questions(who, who.consent)}/consent`;
    assert.equal((await q.v.submit(consent(q), signing)).status, 303);
    const before = (await q.v.get(`${questions(q, q.consent)}/copy`)).text;
    const opened = h.formOf((await p.v.get(consent(p))).text).values;

    const words = `Quite other words, ${h.uuid()}.`;
    publish(p.consent, words);
    const stale = await p.v.post(consent(p), { ...opened, ...signing });
    assert.equal(stale.status, 422);
    assert.match(stale.text, /This form changed since you opened it/);
    assert.ok(stale.text.includes(words));
    assert.equal((await p.v.post(consent(p), { ...h.formOf(stale.text).values, ...signing })).status, 303);

    const plain = (s) => s.match(/<article[\s\S]*<\/article>/)[0];
    const after = (await q.v.get(`${questions(q, q.consent)}/copy`)).text;
    assert.equal(plain(after), plain(before));
    assert.ok(!after.includes(words));
  });
});

describe("L13 L18: the signed form on the chart", () => {
  test("the owner sees the document, the strokes and the evidence, and leaves a row", async () => {
    const p = await filled();
    await p.v.post(`${questions(p)}/consent`, { ...h.formOf((await p.v.get(`${questions(p)}/consent`)).text).values, ...signing, method: "drawn",
      strokes: strokes([[10, 20, 0, 50], [300, 200, 40, 50]]) }, { headers: { "User-Agent": "A phone <x>" } });
    const id = h.one("SELECT id FROM app.signature WHERE assignment_id = :'v1'::uuid", p.intake);
    const r = await (await h.staff("glow", "owner")).get(`/clients/${p.client}/signatures/${id}`);
    assert.equal(r.status, 200);
    for (const words of [/points="10,20 300,200"/, /A phone <x>/, /127\.0\.0\.1/, /Unchanged since it was signed/, /America\//, /Date of birth, proven/, /Latex: hives \(severe\)/])
      assert.match(h.decode(r.text), words);
    assert.doesNotMatch(r.text, /A phone <x>/);
    assert.deepEqual(h.trail(r.id).map((e) => [e.action, e.clients]), [["consent.read", [p.client]]]);
    const other = one2(p.client);
    assert.equal((await (await h.staff("glow", "owner")).get(`/clients/${other}/signatures/${id}`)).status, 404);
  });
  const one2 = (not) => h.one("SELECT id FROM app.client WHERE tenant_id = :'v1'::uuid AND id <> :'v2'::uuid LIMIT 1", h.tenantId("glow"), not);
  test("L49: the front desk, which reads no charts, is refused, and that is in the trail", async () => {
    const [client, id] = h.sql("SELECT client_id, id FROM app.signature WHERE tenant_id = :'v1'::uuid LIMIT 1", h.tenantId("glow"))[0];
    const r = await (await h.staff("glow", "front-desk")).get(`/clients/${client}/signatures/${id}`);
    assert.equal(r.status, 403);
    assert.ok(h.trail(r.id).some((e) => e.outcome === "refused" && e.reason === "denied"));
  });
});
