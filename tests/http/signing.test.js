// signing.test.js -- who signs, where and how, what is written down of it, and what it allows until it is taken back.
// L20 L54; SECURITY.md E-01 E-03 E-05 S-14 S-15 T22 T23. (What is shown and signed: form.test.js.)
"use strict";
const { test, describe } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");
const { somebody, reader } = require("./form_client");

const glow = h.tenantId("glow");
// The words of a page, without its markup.
const sentence = (s) => h.decode(s.replace(/<[^>]*>/g, " ")).replace(/\s+/g, " ");
const signaturesOf = (which) => Number(h.one("SELECT count(*) FROM app.signature WHERE assignment_id = :'v1'::uuid", which));
const consentPage = (p) => `${p.at}/${p.consent}/consent`;
// All boxes of a consent ticked: it may be read and signed.
async function filled(p, which) {
  p ??= await somebody("glow");
  which ??= p.consent;
  const page = await p.v.get(`${p.at}/${which}`);
  const ticks = Object.fromEntries([...page.text.matchAll(/type="checkbox" name="(q-[a-z_]+)" value="yes"/g)].map(([, n]) => [n, "yes"]));
  assert.equal((await p.v.submit(`${p.at}/${which}`, { ...ticks, intent: "next" })).location, `${p.at}/${which}/consent`);
  return p;
}
const signing = { accepts: "yes", signer_name: "Zoë O'Hara", name_meant: "Zoë O'Hara" };
// Makes her a minor of so many years, with guardians [name, relation, birth date or null].
function minor(p, years, ...guardians) {
  h.sql("SELECT set_config('foyer.tenant_id', :'v2', false) \\g /dev/null\nUPDATE app.client SET birth_date = :'v4'::date - make_interval(years => :'v3') WHERE id = :'v1'::uuid", p.client, glow, years, h.today("glow"));
  return guardians.map(([name, relation, born]) => h.one(`INSERT INTO app.client_guardian (tenant_id, client_id, name, relation, birth_date)
    VALUES (:'v1'::uuid, :'v2'::uuid, :'v3', :'v4', nullif(:'v5', '')::date) RETURNING id`, glow, p.client, name, relation, born || ""));
}

describe("L54 E-05: a minor's forms are signed by a guardian", () => {
  test("nobody on record: the page says who has to come, and nothing can be signed; the chart says so too", async () => {
    const p = await filled();
    const before = h.formOf((await p.v.get(consentPage(p))).text).values;
    minor(p, 17);
    const page = await p.v.get(consentPage(p));
    assert.match(sentence(page.text), /is under eighteen, so a parent or guardian signs this form/);
    assert.doesNotMatch(page.text, /name="signer_name"/);
    const r = await p.v.post(consentPage(p), { ...before, ...signing });
    assert.equal(r.status, 422);
    assert.equal(signaturesOf(p.consent), 0);
    const doctor = await h.staff("glow", "owner");
    assert.match(sentence((await doctor.get(`/clients/${p.client}/chart`)).text), /no parent or guardian is on record who may sign/);
  });
  test("he is named, proves his own date of birth, and his name and relation stand with the signature", async () => {
    const p = await filled();
    const [mother, uncle] = minor(p, 16, ["Ines Halvorsen", "parent", "1981-05-17"], ["Ole Halvorsen", "other", null]);
    const page = await p.v.get(consentPage(p));
    assert.match(sentence(page.text), /Who signs for .* I am Ines Halvorsen \(Parent\) .*I am Ole Halvorsen \(Guardian; the studio does not know the date of birth/);
    assert.doesNotMatch(page.text, /name="guardian_id"[^>]*checked|name="accepts"[^>]*checked/);
    const refused = async (values, words) => {
      const r = await p.v.submit(consentPage(p), { ...signing, ...values });
      assert.equal(r.status, 422, JSON.stringify(values));
      assert.match(sentence(r.text), words);
      assert.equal(signaturesOf(p.consent), 0);
    };
    await refused({}, /Choose who signs/);
    await refused({ guardian_id: h.uuid(), guardian_birth: "1981-05-17" }, /Choose who signs/);
    await refused({ guardian_id: uncle, guardian_birth: "1981-05-17" }, /sign at the desk/);
    await refused({ guardian_id: mother, guardian_birth: "1981-05-18" }, /You can try 4 more times/);
    const own = h.one("SELECT birth_date FROM app.client WHERE id = :'v1'::uuid", p.client);
    await refused({ guardian_id: mother, guardian_birth: own }, /You can try 3 more times/);
    // Another name than hers and the child's is asked about; who was chosen stays chosen.
    const asked = await p.v.submit(consentPage(p), { ...signing, signer_name: "Xenophon Quist", name_meant: "", guardian_id: mother, guardian_birth: "1981-05-17" }); // (whoever of the demo she is)
    assert.equal(asked.status, 422);
    assert.match(sentence(asked.text), /and the parent or guardian chosen above signs it/);
    assert.match(asked.text, new RegExp(`value="${mother}" required checked`));
    const r = await p.v.submit(consentPage(p), { ...signing, signer_name: "Ines Halvorsen", guardian_id: mother, guardian_birth: "1981-05-17" });
    assert.equal(r.status, 303, sentence(r.text).slice(0, 500));
    const [signer, guardian, id] = h.sql("SELECT signer, guardian_id, id FROM app.signature WHERE assignment_id = :'v1'::uuid", p.consent)[0];
    assert.deepEqual([signer, guardian], ["guardian", mother]);
    const raw = (await (await h.staff("glow", "owner")).get(`/clients/${p.client}/signatures/${id}`)).text, chart = sentence(raw);
    assert.match(h.decode(raw), /Signed as\n {2}guardian\n\nGuardian\n {2}Ines Halvorsen\n\nGuardian, relation\n {2}Parent\n\nPlace\n {2}link\n/, "it is part of what was signed");
    assert.match(chart, /Ines Halvorsen, parent/);
    assert.match(chart, /The guardian's date of birth, proven/);
  });
  test("T23: five wrong dates lock the link, whoever's they are", async () => {
    const p = await filled();
    const [mother] = minor(p, 12, ["Ines", "parent", "1981-05-17"]);
    let r;
    for (let i = 1; i <= 5; i++) r = await p.v.submit(consentPage(p), { ...signing, guardian_id: mother, guardian_birth: `1981-06-0${i}` }, { from: h.somewhere() });
    assert.equal(r.status, 410);
    assert.match(r.text, /This link is locked/);
    assert.equal((await p.v.get(consentPage(p))).status, 410);
    assert.equal(h.trail(r.id).some((e) => e.action === "guardian.prove" && e.outcome === "failed" && e.reason === "locked"), true);
    assert.equal(signaturesOf(p.consent), 0);
  });
  test("on her eighteenth birthday, in the studio's zone, she signs herself, and nobody for her", async () => {
    const p = await filled();
    const [mother] = minor(p, 18, ["Ines", "parent", "1981-05-17"]);
    const page = await p.v.get(consentPage(p));
    assert.doesNotMatch(page.text, /guardian_id|guardian_birth/);
    const r = await p.v.submit(consentPage(p), { ...signing, guardian_id: mother, guardian_birth: "1981-05-17" });
    assert.equal(r.status, 303);
    assert.deepEqual(h.sql("SELECT signer, coalesce(guardian_id::text, '') FROM app.signature WHERE assignment_id = :'v1'::uuid", p.consent)[0], ["client", ""]);
  });
  test("staff sends a minor's link to her guardian: his date of birth opens it, and he signs without giving it again", async () => {
    const p = await filled();
    const [mother] = minor(p, 15, ["Ines Halvorsen", "parent", "1981-05-17"]);
    h.sql("UPDATE app.client_guardian SET email = 'ines@example.com' WHERE id = :'v1'::uuid", mother);
    const desk = await h.staff("glow", "front-desk");
    assert.equal((await desk.submit(`/clients/${p.client}`, {}, { action: /form-link/ })).status, 303);
    assert.deepEqual(h.sql("SELECT m.to_address FROM app.message m WHERE m.client_id = :'v1'::uuid ORDER BY m.created_at DESC LIMIT 1", p.client)[0], ["ines@example.com"]);
    const link = h.one("SELECT id FROM app.link WHERE guardian_id = :'v1'::uuid", mother);
    const token = Buffer.alloc(32, 7 + Math.floor(Math.random() * 200));
    h.sql("UPDATE app.link SET token_hash = sha256(decode(:'v2', 'hex')) WHERE id = :'v1'::uuid", link, token.toString("hex"));
    const v = new h.Visitor("glow");
    assert.equal((await v.get(`/l/${token.toString("base64url")}`)).status, 303);
    const own = h.one("SELECT birth_date FROM app.client WHERE id = :'v1'::uuid", p.client);
    assert.equal((await v.submit(`/v/${link}`, { birth_date: own })).status, 422);
    assert.equal((await v.submit(`/v/${link}`, { birth_date: "1981-05-17" })).location, `/v/${link}/forms`);
    assert.match(sentence((await v.get(`/v/${link}/forms`)).text), /Forms for .* Hello Ines Halvorsen\. Please fill in and sign for .* what is open below/, "he is greeted, and not the child");
    const page = await v.get(`/v/${link}/forms/${p.consent}/consent`);
    assert.doesNotMatch(page.text, /name="guardian_birth"/);
    assert.equal((await v.submit(`/v/${link}/forms/${p.consent}/consent`, { ...signing, guardian_id: mother })).status, 303);
    assert.equal(h.one("SELECT guardian_id FROM app.signature WHERE assignment_id = :'v1'::uuid", p.consent), mother);
  });
});

describe("L20 E-04: what happened to a form is written down", () => {
  test("opened, each page shown, kept, consented, signed, copy read; and the time that it took, without the hours away", async () => {
    const p = await filled();
    await p.v.get(consentPage(p));
    assert.equal((await p.v.submit(consentPage(p), signing, { action: consentPage(p) })).status, 303);
    await p.v.get(`${p.at}/${p.consent}/copy`);
    const events = h.sql("SELECT kind, detail, actor_kind, link_id, host(ip) FROM app.form_event WHERE assignment_id = :'v1'::uuid ORDER BY at, kind", p.consent);
    assert.deepEqual([...new Set(events.map(([kind, detail]) => `${kind} ${detail}`.trim()))].sort(),
      ["consented disclosure", "copy_read", "kept", "opened", "shown disclosure", "shown document", "shown questions", "signed link"]);
    for (const [kind, , actor, link, ip] of events) assert.deepEqual([actor, link, ip], ["client", p.link, "127.0.0.1"], kind);
    assert.ok(Number(h.one("SELECT seconds_spent FROM app.signature WHERE assignment_id = :'v1'::uuid", p.consent)) < 300);
  });
  test("what she answers is not in it", async () => {
    const p = await somebody("glow");
    await p.v.submit(`${p.at}/${p.intake}`, { "q-reason": "Rosebud", intent: "save" });
    assert.doesNotMatch(JSON.stringify(h.sql("SELECT e::text FROM app.form_event e WHERE e.assignment_id = :'v1'::uuid", p.intake)), /Rosebud/);
  });
});

// A form of three questions that ask for consents, due for her.
function photographs(p) {
  const form = h.uuid();
  h.sql(`SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null
    INSERT INTO app.form (id, name, kind) VALUES (:'v2'::uuid, 'Photographs of a test', 'consent');
    INSERT INTO app.form_version (id, form_id, version, title, body) VALUES (:'v2'::uuid, :'v2'::uuid, 1, 'Photographs', 'As I say below.');
    INSERT INTO app.form_question (form_version_id, position, key, kind, label, purpose) VALUES
      (:'v2'::uuid, 1, 'chart', 'yes_no', 'In your chart?', 'photo_chart'), (:'v2'::uuid, 2, 'teaching', 'yes_no', 'To teach?', 'photo_teaching'),
      (:'v2'::uuid, 3, 'website', 'acknowledge', 'On the website, too.', 'photo_website');
    UPDATE app.form_version SET published_at = now() WHERE id = :'v2'::uuid`, glow, form);
  return () => h.one("INSERT INTO app.form_assignment (tenant_id, client_id, form_id) VALUES (:'v1'::uuid, :'v2'::uuid, :'v3'::uuid) RETURNING id", glow, p.client, form);
}
const stands = (p) => h.sql(`SELECT FROM set_config('foyer.tenant_id', :'v2', false);
  SELECT app.consent_stands(:'v1'::uuid, 'photo_chart'), app.consent_stands(:'v1'::uuid, 'photo_teaching'), app.consent_stands(:'v1'::uuid, 'photo_website')`, p.client, glow)
  .at(-1).join("");

describe("L20: consents by purpose, and taking them back", () => {
  test("what is signed stands; what she takes back ends at once, on her page and on the chart; another signature replaces it", async () => {
    const p = await somebody("glow"), ask = photographs(p);
    const before = h.sql("SELECT id FROM app.form_event WHERE client_id = :'v1'::uuid", p.client).flat().join(","); // others may have asked her too
    const sign = async (answers) => {
      const which = ask();
      assert.equal((await p.v.submit(`${p.at}/${which}`, { ...answers, intent: "next" })).location, `${p.at}/${which}/consent`);
      assert.equal((await p.v.submit(`${p.at}/${which}/consent`, signing)).status, 303);
    };
    assert.match((await p.v.get(`/v/${p.link}/allowed`)).text, /Nothing so far/);
    assert.equal(stands(p), "fff");
    await sign({ "q-chart": "yes", "q-teaching": "yes", "q-website": "yes" });
    assert.equal(stands(p), "ttt");
    const r = await p.v.submit(`/v/${p.link}/allowed`, { purpose: "photo_website" });
    assert.equal(r.location, `/v/${p.link}/allowed?done=photo_website`);
    assert.equal(stands(p), "ttf");
    assert.deepEqual(h.trail(r.id).map((e) => [e.action, e.outcome, e.clients]), [["consent.withdraw", "ok", [p.client]]]);
    assert.match(sentence((await p.v.get(r.location)).text), /Taken back\. From this moment .* Photographs on the website Taken back/);
    assert.equal((await p.v.submit(`/v/${p.link}/allowed`, { purpose: "everything" })).status, 422);

    const doctor = await h.staff("glow", "owner");
    const chart = await doctor.get(`/clients/${p.client}/chart`);
    assert.match(sentence(chart.text), /Photographs for teaching Allowed since .* Photographs on the website Taken back/);
    const form = h.formOf(chart.text, `/clients/${p.client}/consents/withdraw`).values;
    const s = await doctor.post(`/clients/${p.client}/consents/withdraw`, { ...form, purpose: "photo_chart" });
    assert.equal(s.status, 303);
    assert.equal(stands(p), "ftf");
    assert.deepEqual(h.trail(s.id).map((e) => [e.action, e.clients]), [["consent.withdraw", [p.client]]]);
    assert.match(sentence((await p.v.get(`/v/${p.link}/allowed`)).text), /by the studio as you asked/);

    await sign({ "q-chart": "yes", "q-teaching": "no", "q-website": "" });
    assert.equal(stands(p), "tff");
    assert.equal(Number(h.one("SELECT count(*) FROM app.form_event WHERE client_id = :'v1'::uuid AND kind = 'withdrawn' AND id <> ALL (string_to_array(:'v2', ',')::uuid[])", p.client, before)), 2);
  });
  test("T02: another client's are not hers to take back; who may not write charts takes none back", async () => {
    const p = await somebody("glow"), q = await somebody("glow"), ask = photographs(p), which = ask();
    await p.v.submit(`${p.at}/${which}`, { "q-chart": "yes", "q-website": "yes", intent: "next" });
    await p.v.submit(`${p.at}/${which}/consent`, signing);
    assert.equal(stands(p), "tft");
    await q.v.submit(`${q.at.replace("/forms", "")}/allowed`, { purpose: "photo_chart" }).catch(() => {});
    assert.equal(stands(p), "tft");
    const desk = await h.staff("glow", "front-desk"), own = h.formOf((await desk.get("/account")).text).values;
    assert.equal((await desk.post(`/clients/${p.client}/consents/withdraw`, { csrf: own.csrf, idem: h.uuid(), purpose: "photo_chart" })).status, 403);
    assert.equal(stands(p), "tft");
  });
});

describe("L54 B1: a signed form is asked for, shown as due, signed, and taken back", () => {
  // The day of her visit, its week, and the board where it is today.
  const calendar = (p) => {
    const [visit, day, place] = h.sql(`SELECT a.id, (a.starts_at AT TIME ZONE l.zone)::date, l.id FROM app.form_assignment t JOIN app.appointment a ON a.id = t.appointment_id
      JOIN app.location l ON l.id = a.location_id WHERE t.id = :'v1'`, p.consent)[0];
    return { visit, pages: [`/day/${day}?location=${place}`, `/week/${day}?location=${place}`] };
  };
  const card = (text, visit) => sentence(text.slice(text.indexOf(`/appointments/${visit}"`)).split("</li>")[0]);
  test("L20: due on calendar, board, chart and visit before it is signed; taken back, it says so everywhere, and /verify too", async () => {
    const p = await filled(), doctor = await h.staff("glow", "owner"), { visit, pages } = calendar(p);
    const count = () => h.one("SELECT count(*) FROM app.form_assignment WHERE appointment_id = :'v1' AND state = 'due'", visit);
    const due = count();
    for (const at of pages) assert.match(card((await doctor.get(at)).text, visit), new RegExp(`Forms due: ${due}\\b`), at);
    const name = h.one("SELECT o.name FROM app.form_assignment t JOIN app.form o ON o.id = t.form_id WHERE t.id = :'v1'", p.consent);
    const forms = async (at) => sentence((await doctor.get(at)).text.match(/<h2>Forms[\s\S]*?<\/ul>/)[0]);
    for (const at of [`/clients/${p.client}`, `/clients/${p.client}/chart`, `/appointments/${visit}`]) assert.match(await forms(at), new RegExp(`${name}.{0,80} Due`), at);
    // the board is of today: her visit is brought there for the moment
    const [was] = h.sql(`SELECT set_config('foyer.tenant_id', :'v2', false) \\g /dev/null
      SET session_replication_role = replica; WITH was AS (SELECT id, starts_at, ends_at FROM app.appointment WHERE id = :'v1')
      UPDATE app.appointment a SET starts_at = date_trunc('hour', now()), ends_at = date_trunc('hour', now()) + interval '1 hour' FROM was WHERE a.id = was.id RETURNING was.starts_at, was.ends_at`, visit, glow);
    try {
      assert.match(card((await doctor.get(`/board?location=${pages[0].split("=")[1]}`)).text, visit), new RegExp(`Forms due: ${due}\\b`), "board");
    } finally {
      h.sql("SET session_replication_role = replica; UPDATE app.appointment SET starts_at = :'v2', ends_at = :'v3' WHERE id = :'v1'", visit, ...was);
    }
    assert.equal((await p.v.submit(consentPage(p), signing)).status, 303);
    assert.equal(Number(count()), Number(due) - 1);

    const allowed = `/v/${p.link}/allowed`, signature = h.one("SELECT id FROM app.signature WHERE assignment_id = :'v1'", p.consent);
    const r = await p.v.submit(allowed, { reason: "I slept on it, Rosebud" }, { action: `/v/${p.link}/signed/${signature}/withdraw` });
    assert.equal(r.location, `${allowed}?revoked=1#signed`, sentence(r.text).slice(0, 300));
    assert.deepEqual(h.trail(r.id).map((e) => [e.action, e.outcome, e.clients]), [["signature.withdraw", "ok", [p.client]]]);
    assert.equal(h.one("SELECT encode(reason_sealed, 'escape') LIKE '%Rosebud%' FROM app.form_withdrawal WHERE signature_id = :'v1'", signature), "f");
    assert.match(sentence((await p.v.get(r.location)).text), /Taken back\. It no longer stands .* Taken back .*: I slept on it, Rosebud/);
    assert.match((await p.v.get(`${p.at}/${p.consent}/copy`)).text, /The signed document/, "the signed copy stays");
    assert.equal(count(), due, "and the visit to come asks anew");
    for (const at of pages) assert.match(card((await doctor.get(at)).text, visit), new RegExp(`Forms due: ${due}, taken back`), at);
    for (const at of [`/clients/${p.client}`, `/clients/${p.client}/chart`, `/appointments/${visit}`]) assert.match(await forms(at), new RegExp(`${name}.{0,120} Taken back`), at);
    assert.match(sentence((await doctor.get(`/clients/${p.client}/signatures/${signature}`)).text), /Taken back .* by the client\. It stands no more\. Why: I slept on it, Rosebud/);
    const print = h.one("SELECT encode(document_sha256, 'hex') FROM app.signature WHERE id = :'v1'", signature);
    assert.match(sentence((await new h.Visitor("glow").get(`/verify?fingerprint=${print}`)).text), /It was taken back as a whole on/);
    const again = await p.v.post(`/v/${p.link}/signed/${signature}/withdraw`, { ...h.formOf((await p.v.get(allowed)).text).values, reason: "" });
    assert.equal(again.status, 422, "once");
    // Joined to another record, it is there behind that one's link; and is taken back there as well.
    const other = await reader("glow", ""), third = await reader("glow", ""), hers = `/v/${third.link}/allowed`;
    for (const x of [other, third]) {
      assert.equal((await x.v.submit(x.page, { "q-texto": "x", intent: "next" })).status, 303);
      assert.equal((await x.v.submit(`${x.page}/consent`, signing)).status, 303);
    }
    const own2 = h.one("SELECT id FROM app.signature WHERE assignment_id = :'v1'", other.which);
    assert.ok(!(await third.v.get(hers)).text.includes(own2), "while they are two people it is hers alone");
    h.sql("SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\nINSERT INTO app.client_merged (tenant_id, client_id, into_id) VALUES (:'v1', :'v2', :'v3')", glow, other.client, third.client);
    const joined = await third.v.get(hers), both = await third.v.submit(hers, { reason: "" }, { action: `/v/${third.link}/signed/${own2}/withdraw` });
    assert.deepEqual(h.trail(joined.id).filter((e) => e.action === "consent.list").flatMap((e) => e.clients).sort(), [other.client, third.client].sort());
    assert.equal(both.status, 303, sentence(both.text).slice(0, 300));
    assert.equal(h.one("SELECT revoked_at IS NOT NULL FROM app.form_assignment WHERE id = :'v1'", other.which), "t");
    assert.ok(!(await third.v.get(hers)).text.includes(`/signed/${own2}/withdraw`), "once");
    h.sql("SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\nUPDATE app.client_merged SET undone_at = now() WHERE client_id = :'v2'", glow, other.client);
    const q = await somebody("glow"), own = h.formOf((await q.v.get(q.at.replace("/forms", "/allowed"))).text).values;
    assert.equal((await q.v.post(`/v/${q.link}/signed/${signature}/withdraw`, { ...own, reason: "" })).status, 404, "T02: another's is not there");
  });
  test("staff writes it down on the chart, and asks for a form by hand, with a visit or without, and takes that back with a reason", async () => {
    const p = await filled(), doctor = await h.staff("glow", "owner"), desk = await h.staff("glow", "front-desk"), { visit } = calendar(p);
    assert.equal((await p.v.submit(consentPage(p), signing)).status, 303);
    const signature = h.one("SELECT id FROM app.signature WHERE assignment_id = :'v1'", p.consent), page = `/clients/${p.client}/signatures/${signature}`;
    const r = await doctor.submit(page, { reason: "Told us by phone" }, { action: `${page}/withdraw` });
    assert.equal(r.location, page);
    assert.deepEqual(h.trail(r.id).map((e) => [e.action, e.clients]), [["signature.withdraw", [p.client]]]);
    assert.match(sentence((await doctor.get(page)).text), /noted by .*Why: Told us by phone/);

    const ask = `/clients/${p.client}/forms/ask`, [form, name] = h.sql("SELECT f.id, f.name FROM app.form f WHERE f.tenant_id = :'v1' AND f.name = 'Photographs of a test' LIMIT 1", glow)[0];
    assert.match((await desk.get(`${ask}?appointment_id=${visit}`)).text, new RegExp(`value="${visit}" selected`));
    assert.equal((await desk.submit(ask, { form_id: "" })).status, 422);
    const rows = () => h.sql("SELECT coalesce(appointment_id::text, '-'), state FROM app.form_assignment WHERE client_id = :'v1' AND form_id = :'v2' ORDER BY appointment_id NULLS FIRST", p.client, form);
    const asked = await desk.submit(ask, { form_id: form, appointment_id: "" });
    assert.equal(asked.location, `/clients/${p.client}#forms`, sentence(asked.text).slice(0, 400));
    assert.deepEqual(h.trail(asked.id).map((e) => [e.action, e.clients]), [["form.ask", [p.client]]]);
    assert.equal((await desk.submit(ask, { form_id: form, appointment_id: visit })).status, 303);
    const twice = await desk.submit(ask, { form_id: form, appointment_id: visit });
    assert.equal(twice.status, 422);
    assert.match(sentence(twice.text), /This form is asked for already/);
    assert.deepEqual(rows(), [["-", "due"], [visit, "due"]]);
    assert.match(sentence((await p.v.get(p.at)).text), /Photographs.* For your record/, "her link has it");
    const one = h.one("SELECT id FROM app.form_assignment WHERE appointment_id = :'v1' AND form_id = :'v2'", visit, form), drop = `/clients/${p.client}/forms/${one}/drop`;
    assert.equal((await desk.submit(`/clients/${p.client}`, { reason: "" }, { action: drop })).status, 422);
    const gone = await desk.submit(`/clients/${p.client}`, { reason: "No pictures, Rosebud" }, { action: drop });
    assert.equal(gone.status, 303);
    assert.deepEqual(h.trail(gone.id).map((e) => [e.action, e.clients]), [["form.drop", [p.client]]]);
    assert.deepEqual(rows(), [["-", "due"], [visit, "withdrawn"]]);
    assert.match(sentence((await doctor.get(`/clients/${p.client}/chart`)).text), new RegExp(`${name}, not needed, says .*: No pictures, Rosebud`));
    const seen = sentence((await desk.get(`/clients/${p.client}`)).text);
    assert.match(seen, /Not needed/);
    assert.doesNotMatch(seen, /Rosebud/, "why is for who reads charts");
    const biller = await h.staff("glow", "biller"), own = h.formOf((await biller.get("/account")).text).values;
    for (const at of [ask, drop]) assert.equal((await biller.post(at, { csrf: own.csrf, idem: h.uuid(), form_id: form, reason: "x" })).status, 403, at);
  });
  test("B5: what a cancelled visit asked for is asked no more, on her link, her page and the chart alike", async () => {
    const p = await somebody("glow"), desk = await h.staff("glow", "front-desk"), { visit } = calendar(p);
    const link = async () => sentence((await p.v.get(p.at)).text), when = h.one("SELECT to_char(a.starts_at AT TIME ZONE l.zone, 'FMDD Mon YYYY, FMHH12:MI') FROM app.appointment a JOIN app.location l ON l.id = a.location_id WHERE a.id = :'v1'", visit);
    assert.ok((await link()).includes(when));
    assert.match((await desk.get(`/clients/${p.client}`)).text, /Hand over the tablet/);
    const r = await desk.submit(`/appointments/${visit}`, { reason: "client_asked", quiet: "1" }, { action: `/appointments/${visit}/cancel` });
    assert.equal(r.status, 303);
    assert.deepEqual(h.sql("SELECT DISTINCT state FROM app.form_assignment WHERE appointment_id = :'v1'", visit).flat(), ["withdrawn"]);
    assert.ok(!(await link()).includes(when), "not on her link");
    const left = h.one("SELECT count(*) FROM app.form_assignment WHERE client_id = :'v1' AND state = 'due'", p.client) !== "0"; // of other visits
    for (const at of [`/clients/${p.client}`, `/clients/${p.client}/chart`]) assert.equal((await desk.get(at)).text.includes("Hand over the tablet"), left && (await desk.get(at)).status === 200, at);
  });
});

const openDesk = async (v, client, what) => v.submit(`/clients/${client}`, {}, { action: `/clients/${client}/${what}` });
const ready = async (v, link, which) => {
  const at = `/v/${link}/forms/${which}`, page = await v.get(at);
  const ticks = Object.fromEntries([...page.text.matchAll(/type="checkbox" name="(q-[a-z_]+)" value="yes"/g)].map(([, n]) => [n, "yes"]));
  assert.equal((await v.submit(at, { ...ticks, intent: "next" }, { action: at })).location, `${at}/consent`);
  return `${at}/consent`;
};

describe("E-05: at the desk, before a witness", () => {
  test("the client signs on the staff's screen, and who watched is named; nobody signs there without that", async () => {
    const p = await somebody("glow"), desk = await h.staff("glow", "front-desk", { fresh: true });
    const opened = await openDesk(desk, p.client, "desk");
    assert.equal(opened.status, 303);
    const link = opened.location.split("/")[2];
    assert.match(sentence((await desk.get(opened.location)).text), /At the desk, with Nina Alvarez/);
    const at = await ready(desk, link, p.consent);
    const go = (values, v = desk) => v.submit(at, { ...signing, ...values }, { action: at });
    assert.doesNotMatch((await desk.get(at)).text, /name="witnessed"[^>]*checked/);
    const bare = await go({});
    assert.equal(bare.status, 422);
    assert.match(sentence(bare.text), /is the witness/);
    // The same page in a browser in which the witness is not logged in.
    const alone = new h.Visitor("glow");
    for (const [k, c] of desk.jar) if (c.name === "__Secure-link") alone.jar.set(k, c);
    assert.equal((await go({ witnessed: "yes" }, alone)).status, 422);
    assert.equal(signaturesOf(p.consent), 0);
    assert.equal((await go({ witnessed: "yes" })).status, 303);
    const [place, witness, agent, factor, id] = h.sql(`SELECT s.place, f.name, s.agent IS NULL, s.second_factor, s.id FROM app.signature s
      JOIN app.staff f ON f.id = s.witness_id WHERE s.assignment_id = :'v1'::uuid`, p.consent)[0];
    assert.deepEqual([place, witness, agent, factor], ["desk", "Nina Alvarez", "t", "staff"]);
    const chart = (await (await h.staff("glow", "owner")).get(`/clients/${p.client}/signatures/${id}`)).text;
    assert.match(sentence(chart), /At the desk, before a witness: Nina Alvarez/);
    assert.match(h.decode(chart), /Signed as\n {2}client\n\nWitness\n {2}Nina Alvarez\n\nPlace\n {2}desk\n/, "it is part of what was signed");
  });
  test("L54: where nobody knows how old she is the staff is asked first: without an answer nothing opens, a date of birth makes her a minor or not, or it is seen that she is of age", async () => {
    const desk = await h.staff("glow", "front-desk", { fresh: true });
    const unknown = (p) => h.sql("SELECT set_config('foyer.tenant_id', :'v2', false) \\g /dev/null\nUPDATE app.client SET birth_date = NULL WHERE id = :'v1'::uuid", p.client, glow);
    const at = (p) => `/clients/${p.client}`, open = (p, values) => desk.submit(at(p), values, { action: `${at(p)}/kiosk` });
    const p = await somebody("glow");
    unknown(p);
    const bare = await open(p, {});
    assert.equal(bare.status, 422);
    assert.match(sentence(bare.text), /Give the date of birth, or tick that you have seen that the client is eighteen or older/);
    assert.equal(h.one("SELECT count(*) FROM app.link WHERE client_id = :'v1'::uuid AND place <> 'link'", p.client), "0");
    // at the desk, with the date of a child: a guardian signs
    const page = h.formOf((await desk.get(at(p))).text, `${at(p)}/kiosk`).values;
    const young = await desk.post(`${at(p)}/desk`, { ...page, seen_birth: `${new Date().getFullYear() - 12}-01-01` });
    assert.equal(young.status, 303, sentence(young.text).slice(0, 400));
    const sign = await ready(desk, young.location.split("/")[2], p.consent);
    assert.match(sentence((await desk.get(sign)).text), /is under eighteen, so a parent or guardian signs this form/);
    // seen to be of age: by whom stands on her page, and the tablet opens
    const q = await somebody("glow");
    unknown(q);
    assert.equal((await open(q, { seen_adult: "yes" })).status, 303);
    assert.match(sentence((await (await h.staff("glow", "owner")).get(at(q))).text), /Eighteen or older, seen by Nina Alvarez on/);
  });
  test("who does not book opens no forms at the desk", async () => {
    const p = await somebody("glow"), biller = await h.staff("glow", "biller");
    const own = h.formOf((await biller.get("/account")).text).values;
    for (const what of ["desk", "kiosk"])
      assert.equal((await biller.post(`/clients/${p.client}/${what}`, { csrf: own.csrf })).status, 403);
  });
});

describe("E-05: on the studio's tablet", () => {
  test("the session is set aside, the form is signed, nothing stays, and only the PIN brings the staff back", async () => {
    const p = await somebody("glow"), tablet = await h.staff("glow", "front-desk", { fresh: true });
    const sid = () => [...tablet.jar.values()].find((c) => c.name === "__Host-sid")?.value;
    const before = sid();
    assert.equal((await tablet.submit("/account/pin", { pin: "1234" }, { action: "/account/pin" })).status, 422);
    assert.equal((await tablet.submit("/account/pin", { pin: "480215" }, { action: "/account/pin" })).location, "/account/pin?done=1");
    assert.match(h.one("SELECT k.phc FROM sec.kiosk_pin k JOIN app.staff f ON f.id = k.staff_id WHERE f.email = 'desk@glow.example'"), /^\$argon2id\$/);
    const opened = await openDesk(tablet, p.client, "kiosk");
    assert.equal(opened.status, 303);
    assert.match(opened.headers["clear-site-data"], /cache/);
    assert.equal(sid(), undefined);
    const link = opened.location.split("/")[2];
    // Neither the browser nor who has kept its old cookie reaches a page of the staff.
    for (const at of ["/", "/clients", `/clients/${p.client}`, "/account"]) assert.match((await tablet.get(at)).location, /^\/login/);
    assert.equal((await h.request("glow", "/clients", { cookie: `__Host-sid=${before}` })).status, 303);
    const page = await tablet.get(opened.location);
    assert.match(page.text, /I am done/);
    assert.equal(page.headers["cache-control"], "no-store");
    assert.doesNotMatch(page.text, /href="\/book"|href="\/privacy"|\/looked/);
    for (const other of ["looked", "allowed", "correct", "waitlist"]) assert.equal((await tablet.get(`/v/${link}/${other}`)).status, 404, other);
    const hers = h.formOf(page.text, `/v/${link}/done`).values, [mine] = h.sql("SELECT id FROM app.signature WHERE client_id = :'v1'::uuid LIMIT 1", p.client).concat([[h.uuid()]])[0];
    for (const [to, values] of [["allowed", { purpose: "photo_chart" }], [`signed/${mine}/withdraw`, {}], ["messages", {}]])
      assert.equal((await tablet.post(`/v/${link}/${to}`, { ...hers, idem: h.uuid(), ...values })).status, 404, `${to}: nothing is taken back on the tablet`);
    const at = await ready(tablet, link, p.consent);
    const signPage = (await tablet.get(at)).text;
    assert.match(signPage, /name="signer_name"[^>]*autocomplete="off"/, "the browser of the tablet offers nobody's name to the next");
    assert.doesNotMatch(signPage, /autocomplete="(name|bday)"/);
    // who only reads is reported by the script, and that alone keeps her session
    h.sql("UPDATE sec.link_session SET expires_at = now() + interval '1 minute' WHERE link_id = :'v1'::uuid", link);
    assert.equal((await tablet.post(`/v/${link}/here`, h.formOf(signPage, `/v/${link}/done`).values)).status, 200);
    assert.equal(h.one("SELECT expires_at > now() + interval '8 minutes' FROM sec.link_session WHERE link_id = :'v1'::uuid", link), "t");
    assert.equal((await tablet.submit(at, signing, { action: at })).status, 303);
    assert.deepEqual(h.sql("SELECT place, coalesce(witness_id::text, '') FROM app.signature WHERE assignment_id = :'v1'::uuid", p.consent)[0], ["kiosk", ""]);
    const [signature, giver] = h.sql("SELECT s.id, f.name FROM app.signature s JOIN app.link k ON k.id = s.link_id JOIN app.staff f ON f.id = k.created_by WHERE s.assignment_id = :'v1'::uuid", p.consent)[0];
    assert.ok(h.decode((await (await h.staff("glow", "owner")).get(`/clients/${p.client}/signatures/${signature}`)).text).includes(`On the studio's tablet, handed over by ${giver}`));
    const done = await tablet.submit(opened.location, {}, { action: `/v/${link}/done` });
    assert.equal(done.location, "/kiosk");
    assert.match(done.headers["clear-site-data"], /storage/);
    assert.ok([401, 410].includes((await tablet.get(opened.location)).status));
    const rest = await tablet.get("/kiosk"), name = h.one("SELECT name FROM app.client WHERE id = :'v1'::uuid", p.client);
    assert.match(sentence(rest.text), /Please give the tablet back/);
    assert.ok(!rest.text.includes(name) && !rest.text.includes(p.client));
    const wrong = await tablet.submit("/kiosk", { pin: "480216" }, { action: "/kiosk/leave" });
    assert.equal(wrong.status, 422);
    assert.match(sentence(wrong.text), /You can try 4 more times/);
    const back = await tablet.submit("/kiosk", { pin: "480215" }, { action: "/kiosk/leave" });
    assert.equal(back.location, `/clients/${p.client}`);
    assert.equal((await tablet.get(back.location)).status, 200);
    assert.notEqual(sid(), before);
  });
  test("five wrong PINs end the session that was set aside; ten minutes without a touch end the client's", async () => {
    const p = await somebody("glow"), tablet = await h.staff("glow", "front-desk", { fresh: true });
    const opened = await openDesk(tablet, p.client, "kiosk");
    h.sql("UPDATE sec.link_session SET expires_at = now() - interval '1 second' WHERE link_id = :'v1'::uuid", opened.location.split("/")[2]);
    const late = await tablet.get(opened.location);
    assert.notEqual(late.status, 200);
    for (let i = 1; i <= 4; i++) assert.equal((await tablet.submit("/kiosk", { pin: `11${i}7` }, { action: "/kiosk/leave" })).status, 422);
    const last = await tablet.submit("/kiosk", { pin: "0000" }, { action: "/kiosk/leave" });
    assert.equal(last.location, "/login");
    assert.equal(h.one("SELECT e.revoked_at IS NOT NULL FROM sec.session e JOIN sec.kiosk k ON k.session_id = e.id WHERE k.link_id = :'v1'::uuid", opened.location.split("/")[2]), "t");
    assert.equal((await tablet.get("/kiosk")).location, "/login");
  });
});

describe("E-03: who does not want to sign says so", () => {
  test("it is kept, her reason sealed, the staff sees it, nothing can be signed until the form is asked for again", async () => {
    const p = await filled(), page = await p.v.get(consentPage(p));
    const open = h.formOf(page.text, consentPage(p)).values;
    const r = await p.v.submit(consentPage(p), { reason: "I want to think about Rosebud" }, { action: /decline$/ });
    assert.equal(r.location, `${p.at}?declined=1`);
    assert.deepEqual(h.trail(r.id).map((e) => [e.action, e.clients]), [["form.decline", [p.client]]]);
    assert.deepEqual(h.sql(`SELECT a.state, e.kind, encode(d.reason_sealed, 'escape') LIKE '%Rosebud%' FROM app.form_assignment a
      JOIN app.form_event e ON e.assignment_id = a.id AND e.kind = 'declined' JOIN app.form_decline d ON d.assignment_id = a.id WHERE a.id = :'v1'::uuid`, p.consent)[0], ["declined", "declined", "f"]);
    for (const at of [consentPage(p), `${p.at}/${p.consent}`]) assert.match((await p.v.get(at)).text, /You chose not to sign this/);
    assert.notEqual((await p.v.post(consentPage(p), { ...open, ...signing })).status, 303);
    assert.equal(signaturesOf(p.consent), 0);
    const doctor = await h.staff("glow", "owner"), chart = await doctor.get(`/clients/${p.client}/chart`);
    assert.match(sentence(chart.text), /declined .*: I want to think about Rosebud/);
    // the front desk is told too, sees that it was declined, not why, and asks again
    const desk = await h.staff("glow", "front-desk"), her = sentence((await desk.get(`/clients/${p.client}`)).text);
    assert.match(her, /Declined .*Ask again/);
    assert.doesNotMatch(her, /Rosebud/);
    // whoever has the visit gets a mail that leads there, and says nothing of her
    const told = () => h.sql(`SELECT m.kind, m.client_id IS NULL, m.subject FROM app.form_decline d JOIN app.form_assignment a ON a.id = d.assignment_id JOIN app.appointment v ON v.id = a.appointment_id
      JOIN app.message m ON m.dedupe_key = 'declined:' || d.id || ':' || v.staff_id AND m.to_staff = v.staff_id WHERE a.id = :'v1'::uuid`, p.consent)[0];
    await h.until(told, "nobody is told");
    assert.deepEqual(told(), ["account_form_declined", "t", "A form was not signed at Glow Medical Spa"]);
    // not while the form is out of use, for it could not be signed
    const inForce = "SELECT v.id FROM app.form_version v JOIN app.form_assignment t ON t.form_id = v.form_id WHERE t.id = :'v1' AND v.published_at IS NOT NULL ORDER BY v.version DESC LIMIT 1";
    const version = h.one(inForce, p.consent), out = (at) => h.sql("SET session_replication_role = replica; UPDATE app.form_version SET withdrawn_at = nullif(:'v2', '')::timestamptz WHERE id = :'v1'", version, at);
    out("2026-01-01");
    try {
      const refused = await desk.submit(`/clients/${p.client}`, {}, { action: new RegExp(`${p.consent}/again$`) });
      assert.equal(refused.status, 422);
      assert.match(sentence(refused.text), /This form is out of use/);
    } finally { out(""); }
    assert.equal((await desk.submit(`/clients/${p.client}`, {}, { action: new RegExp(`${p.consent}/again$`) })).status, 303);
    assert.equal((await p.v.submit(consentPage(p), signing, { action: consentPage(p) })).status, 303);
  });
});

describe("E-04: a form that takes a code by e-mail", () => {
  const crypto = require("node:crypto"), fs = require("node:fs"), path = require("node:path");
  test("it is sent, a wrong one is counted, the right one signs, and the signature says so", async () => {
    const p = await filled();
    const form = h.one("SELECT form_id FROM app.form_assignment WHERE id = :'v1'::uuid", p.consent), v = await h.staff("glow", "owner");
    const needs = async (yes) => {
      const page = h.formOf((await v.get(`/settings/forms/${form}`)).text, `/settings/forms/${form}`).values;
      delete page.needs_code;
      const services = h.sql("SELECT service_id FROM app.service_form WHERE form_id = :'v1'", form).flat();
      assert.equal((await v.post(`/settings/forms/${form}`, { ...page, services, ...(yes ? { needs_code: "true" } : {}) })).status, 303);
    };
    await needs(true);
    try {
      const first = await p.v.get(consentPage(p));
      assert.match(sentence(first.text), /you type six digits that we send to .…@/);
      assert.doesNotMatch(first.text, /name="signer_name"/);
      const sent = await p.v.submit(consentPage(p), {}, { action: `${p.at}/${p.consent}/code` });
      assert.equal(sent.location, `${consentPage(p)}?code=sent#code`);
      assert.deepEqual(h.trail(sent.id).map((e) => [e.action, e.clients]), [["form.code", [p.client]]]);
      assert.equal(h.one("SELECT count(*) FROM app.message WHERE kind = 'account_form_code' AND client_id IS NULL AND to_address = (SELECT email FROM app.client WHERE id = :'v1')", p.client), "1");
      // nobody reads a code: the test puts one there that it knows
      const file = fs.readFileSync(path.join(h.env.vardir, "master.key")), master = file.length === 32 ? file : Buffer.from(file.toString().trim(), "hex");
      const key = Buffer.from(crypto.hkdfSync("sha256", master, Buffer.alloc(0), "foyer/form-code", 32));
      const mac = crypto.createHmac("sha256", key).update(`${glow}\n${p.consent}\n123456`).digest("hex");
      h.sql("UPDATE sec.form_code SET code_mac = decode(:'v2', 'hex') WHERE assignment_id = :'v1'::uuid", p.consent, mac);
      // Another one, from the page that she has begun to sign on: what she typed stays; pressed twice it is one code.
      const code = `${p.at}/${p.consent}/code`, begun = await p.v.get(consentPage(p)), keys = h.formOf(begun.text, consentPage(p)).values;
      assert.match(begun.text, new RegExp(`form="sign" formaction="${code}" formnovalidate`));
      const kept = await p.v.post(code, { ...keys, signer_name: "Zoë O'Hara", accepts: "yes" });
      assert.match(h.decode(kept.text), /six digits[\s\S]*name="signer_name" value="Zoë O'Hara"/);
      assert.doesNotMatch(kept.text, /name="accepts"[^>]*checked|data-errors/);
      assert.equal((await p.v.post(code, { ...keys, signer_name: "Zoë O'Hara", accepts: "yes" })).location, sent.location);
      assert.equal(h.one("SELECT count(*) FROM app.form_event WHERE assignment_id = :'v1'::uuid AND kind = 'code_sent'", p.consent), "2");
      h.sql("UPDATE sec.form_code SET code_mac = decode(:'v2', 'hex') WHERE assignment_id = :'v1'::uuid", p.consent, mac);
      const wrong = await p.v.submit(consentPage(p), { ...signing, code: "654321" }, { action: consentPage(p) });
      assert.equal(wrong.status, 422);
      assert.match(sentence(wrong.text), /not the code that we sent\. You can try 4 more times/);
      assert.equal(signaturesOf(p.consent), 0);
      const r = await p.v.submit(consentPage(p), { ...signing, code: "123 456" }, { action: consentPage(p) });
      assert.equal(r.status, 303, sentence(r.text).slice(0, 400));
      const [id, channel] = h.sql("SELECT id, code_channel FROM app.signature WHERE assignment_id = :'v1'::uuid", p.consent)[0];
      assert.equal(channel, "email");
      assert.equal(h.one("SELECT string_agg(kind, ' ' ORDER BY at) FROM app.form_event WHERE assignment_id = :'v1'::uuid AND kind LIKE 'code%'", p.consent), "code_sent code_sent code_proven");
      assert.match(sentence((await v.get(`/clients/${p.client}/signatures/${id}`)).text), /a code sent by e-mail, typed in/);
    } finally {
      await needs(false);
    }
  });
});
