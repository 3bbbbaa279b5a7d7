// chart_note.test.js -- L14: notes begun from templates, drafts that no other window overwrites, and what is signed: whoever changes it,
// the owner of the database included, is named by the comparison with the trail.
"use strict";
const { test, describe, before } = require("node:test");
const assert = require("node:assert/strict");
const path = require("node:path");
const { spawnSync } = require("node:child_process");
const h = require("./harness");
const naughty = require("./naughty");

let v, desk, owner;
before(async () => { [v, desk, owner] = [await h.staff("glow", "provider"), await h.staff("glow", "front-desk"), await h.staff("glow", "owner")]; });
const client = () => h.addClient(desk, { name: `Noted ${h.uuid().slice(0, 8)}` });
const noteOf = (id) => h.sql("SELECT id, version, state FROM app.chart_note WHERE client_id = :'v1' ORDER BY written_at, id", id);
const newForm = async (id) => h.formOf((await v.get(`/clients/${id}/chart`)).text, `/clients/${id}/notes`).values;
const draftForm = (html, id, note) => [...html.matchAll(/<form\b[^>]*>[\s\S]*?<\/form>/g)].map(([f]) => f).filter((f) => f.includes(`value="${note}"`) && f.includes(`/clients/${id}/notes"`)).map((f) => h.formOf(f).values)[0];

describe("L14: drafts", () => {
  test("one page's savings are one draft: by the script, by the button, then signed", async () => {
    const id = await client(), form = await newForm(id);
    const notes = `/clients/${id}/notes`;
    for (const body of ["a", "a b", "a b c"]) assert.equal((await v.post(notes, { ...form, idem: h.uuid(), body })).status, 303);
    assert.equal(noteOf(id).length, 1);
    assert.equal(noteOf(id)[0][1], "3");
    assert.equal((await v.post(`${notes}/sign`, { ...form, idem: h.uuid(), body: "a b c d" })).status, 303);
    assert.deepEqual(noteOf(id).map(([, , s]) => s), ["signed"]);
    const page = (await v.get(`/clients/${id}/chart`)).text;
    assert.match(page, /a b c d/);
    assert.match(page, /<strong>[^<]+<\/strong> <time datetime/, "author and time");
    // The name of the day on which it was signed, whatever its author is called since.
    const [author, was] = h.sql("SELECT f.id, f.name FROM app.chart_note n JOIN app.staff f ON f.id = n.author_id WHERE n.client_id = :'v1'", id)[0];
    const rename = (name) => h.sql("SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\nUPDATE app.staff SET name = :'v3' WHERE id = :'v2'", h.tenantId("glow"), author, name);
    rename("Married Since");
    const later = (await v.get(`/clients/${id}/chart`)).text;
    rename(was);
    assert.equal(h.decode(later).split(`<strong>${was}</strong>`).length - 1, 1);
    assert.equal((await v.post(notes, { ...form, idem: h.uuid(), body: "late" })).status, 422);
  });
  test("two windows: the later one is told, both texts are there, and hers becomes a draft of its own", async () => {
    const id = await client(), notes = `/clients/${id}/notes`;
    await v.post(notes, { ...(await newForm(id)), body: "as it was" });
    const [note] = noteOf(id)[0], chart = `/clients/${id}/chart`;
    const one = draftForm((await v.get(chart)).text, id, note), two = draftForm((await v.get(chart)).text, id, note);
    assert.ok(one.editor !== two.editor && one.version === "1");
    assert.equal((await v.post(notes, { ...one, body: "from window one" })).status, 303);
    const late = await v.post(notes, { ...two, body: "from window two" });
    assert.equal(late.status, 422);
    assert.match(late.text, /changed in another window/);
    const draft = await v.post(notes, { ...two, idem: h.uuid(), body: "from window two" }, { headers: { Accept: "text/plain" } });
    assert.deepEqual([draft.status, draft.text], [422, "This draft was changed in another window meanwhile. Both texts are here: yours below, the other among the notes."], "who keeps a draft is told why it was not kept");
    assert.match(late.text, /from window one/);
    const again = h.formOf(late.text, notes).values;
    assert.equal(again.body, "from window two");
    assert.notEqual(again.id, note);
    assert.equal((await v.post(`${notes}/sign`, { ...two, idem: h.uuid(), body: "from window two" })).status, 422, "nor is it signed away");
    assert.equal((await v.post(notes, again)).status, 303);
    assert.equal(noteOf(id).length, 2);
    assert.equal((await v.post(notes, { ...one, idem: h.uuid(), body: "window one goes on" })).status, 303);
  });
  test("T02: a note of another client or studio is not reached by its id", async () => {
    const id = await client(), other = await client(), form = await newForm(id);
    await v.post(`/clients/${id}/notes`, { ...form, body: "mine" });
    const keys = await newForm(other);
    const r = await v.post(`/clients/${other}/notes`, { ...keys, id: form.id, version: "1", body: "not hers" });
    assert.ok([403, 404, 422].includes(r.status), String(r.status));
    assert.equal(noteOf(other).length, 0);
    const far = h.one("SELECT id FROM app.chart_note WHERE tenant_id = :'v1' LIMIT 1", h.tenantId("first-light"));
    assert.notEqual((await v.post(`/clients/${id}/notes/${far}/addendum`, { ...keys, idem: h.uuid(), body: "x" })).status, 303);
  });
});

describe("L14: a note is about a visit", () => {
  const visited = () => h.sql(`SELECT a.id, a.client_id, b.id FROM app.appointment a JOIN app.appointment b ON b.tenant_id = a.tenant_id AND b.client_id = a.client_id AND b.id <> a.id AND b.status = 'done'
    WHERE a.tenant_id = :'v1' AND a.status = 'done' AND NOT EXISTS (SELECT FROM app.chart_note n WHERE n.tenant_id = a.tenant_id AND n.client_id = a.client_id AND n.state = 'draft')
    ORDER BY a.starts_at DESC, b.id LIMIT 1`, h.tenantId("glow"))[0];
  const about = (note) => h.sql("SELECT appointment_id, state FROM app.chart_note WHERE id = :'v1'", note)[0];
  test("chosen after the script has kept the first words, changed in the draft, and signed: it is the one chosen last", async () => {
    const [visit, id, other] = visited(), notes = `/clients/${id}/notes`, form = await newForm(id);
    assert.equal(form.appointment_id, "");
    assert.equal((await v.post(notes, { ...form, idem: h.uuid(), body: "first words" })).status, 303);
    assert.equal((await v.post(notes, { ...form, idem: h.uuid(), body: "first words", appointment_id: visit })).status, 303);
    assert.deepEqual(about(form.id), [visit, "draft"]);
    const draft = draftForm((await v.get(`/clients/${id}/chart`)).text, id, form.id);
    assert.equal(draft.appointment_id, visit, "the draft's own form shows it");
    assert.equal((await v.post(notes, { ...draft, idem: h.uuid(), appointment_id: other })).status, 303);
    const again = draftForm((await v.get(`/clients/${id}/chart`)).text, id, form.id);
    assert.equal((await v.post(`${notes}/sign`, { ...again, idem: h.uuid() })).status, 303);
    assert.deepEqual(about(form.id), [other, "signed"]);
    assert.throws(() => h.sql("SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\nUPDATE app.chart_note SET appointment_id = NULL WHERE id = :'v2'", h.tenantId("glow"), form.id), /signed/);
    const direct = h.formOf((await v.get(`/clients/${id}/chart?appointment_id=${visit}`)).text, notes);
    assert.equal(h.formOf((await v.get(`/clients/${id}/chart?appointment_id=${visit}`)).text, notes).values.appointment_id, visit, "from the visit's page");
    const refused = await v.post(notes, { ...direct.values, idem: h.uuid(), body: "", appointment_id: other });
    assert.equal(refused.status, 422);
    assert.equal(h.formOf(refused.text, notes).values.appointment_id, other, "and after a refusal");
  });
  test("L10: a visit of a record that was joined is written about on that record's page, and shows on hers", async () => {
    const into = await client();
    const [visit, id] = h.sql(`SELECT a.id, a.client_id FROM app.appointment a WHERE a.tenant_id = :'v1' AND a.status = 'done' AND NOT EXISTS (SELECT FROM app.client_merged m WHERE a.client_id IN (m.client_id, m.into_id))
      AND NOT EXISTS (SELECT FROM app.appointment x WHERE x.tenant_id = a.tenant_id AND x.client_id = a.client_id AND x.ends_at > now() AND x.status IN ('held', 'booked', 'confirmed', 'arrived', 'in_room'))
      AND NOT EXISTS (SELECT FROM app.encounter e WHERE e.tenant_id = a.tenant_id AND e.appointment_id = a.id) ORDER BY a.starts_at LIMIT 1`, h.tenantId("glow"))[0];
    h.sql("SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\nINSERT INTO app.client_merged (tenant_id, client_id, into_id) VALUES (:'v1', :'v2', :'v3')", h.tenantId("glow"), id, into);
    const page = (await v.get(`/clients/${into}/chart`)).text, there = `/clients/${id}/chart?appointment_id=${visit}`;
    assert.ok(!h.formOf(page, `/clients/${into}/notes`).html.includes(`<option value="${visit}"`));
    assert.ok(h.formOf(page, `/clients/${into}/notes`).html.includes(`href="${there}#new-note"`));
    const form = h.formOf((await v.get(there)).text, `/clients/${id}/notes`).values;
    assert.equal((await v.post(`/clients/${id}/notes/sign`, { ...form, body: "Of the joined record" })).status, 303);
    assert.deepEqual(about(form.id), [visit, "signed"]);
    assert.match((await v.get(`/clients/${into}/chart`)).text, /Of the joined record/);
    const treat = `/clients/${id}/encounters/new`, offer = (await v.get(`/clients/${into}/encounters/new`)).text;
    assert.ok(offer.includes(`href="${treat}?appointment_id=${visit}"`));
    assert.equal((await v.post(treat, h.formOf((await v.get(`${treat}?appointment_id=${visit}`)).text, treat).values)).status, 303);
    assert.equal(h.one("SELECT client_id FROM app.encounter WHERE appointment_id = :'v1'", visit), id);
    h.sql("SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\nUPDATE app.client_merged SET undone_at = now() WHERE client_id = :'v2'", h.tenantId("glow"), id);
  });
});

describe("L14: drafts that are put away", () => {
  test("listed with their number, discarded by their author alone, and not made anew by a window that still shows one", async () => {
    const id = await client(), form = await newForm(id), notes = `/clients/${id}/notes`;
    await v.post(notes, { ...form, body: "begun and left" });
    const count = Number(h.one("SELECT count(*) FROM app.chart_note n JOIN app.staff f ON f.id = n.author_id WHERE n.tenant_id = :'v1' AND n.state = 'draft' AND f.email_norm = :'v2'", h.tenantId("glow"), h.staffOf("glow", "provider").email))
      + Number(h.one("SELECT count(*) FROM app.encounter e JOIN app.staff f ON f.id = e.provider_id WHERE e.tenant_id = :'v1' AND e.signed_at IS NULL AND e.void_at IS NULL AND f.email_norm = :'v2'", h.tenantId("glow"), h.staffOf("glow", "provider").email));
    assert.match((await v.get("/clients")).text, new RegExp(`not signed yet: ${count}<`));
    const list = await v.get("/notes");
    assert.ok(list.text.includes(`href="/clients/${id}/chart#note-${form.id}"`));
    assert.ok(h.trail(list.id).some((e) => e.action === "note.list" && e.clients.includes(id)));
    assert.doesNotMatch((await owner.get("/notes")).text, new RegExp(form.id));
    assert.equal((await desk.get("/notes")).status, 403);
    const chart = (await v.get(`/clients/${id}/chart`)).text, draft = draftForm(chart, id, form.id);
    const keys = h.formOf((await owner.get(`/clients/${id}/chart`)).text, "/logout").values;
    assert.equal((await owner.post(`${notes}/${form.id}/discard`, { ...keys, idem: h.uuid() })).status, 404, "not by another");
    const other = await client();
    assert.equal((await v.post(`/clients/${other}/notes/${form.id}/discard`, { ...h.formOf(chart, "/logout").values, idem: h.uuid() })).status, 404);
    const gone = await v.submit(`/clients/${id}/chart`, {}, { action: `${notes}/${form.id}/discard` });
    assert.equal(gone.status, 303);
    assert.ok(h.trail(gone.id).some((e) => e.action === "note.discard" && e.clients.includes(id)));
    assert.deepEqual(noteOf(id), []);
    const late = await v.post(notes, { ...draft, body: "typed on in another window" });
    assert.equal(late.status, 422);
    assert.match(late.text, /discarded in another window/);
    assert.equal(h.formOf(late.text, notes).values.body, "typed on in another window");
    assert.deepEqual(noteOf(id), []);
    // signed, it stays; and of somebody who left a colleague may put it away
    const kept = await newForm(id);
    await v.post(`${notes}/sign`, { ...kept, body: "done" });
    assert.equal((await v.post(`${notes}/${kept.id}/discard`, { ...h.formOf(chart, "/logout").values, idem: h.uuid() })).status, 404);
    const left = h.one(`SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null
      WITH gone AS (INSERT INTO app.staff (tenant_id, name, email, is_active) VALUES (:'v1', 'Gone Away', :'v2', false) RETURNING id)
      INSERT INTO app.chart_note (tenant_id, client_id, body_sealed, author_id) SELECT :'v1', :'v3', '\\x00', id FROM gone RETURNING id`, h.tenantId("glow"), `gone.${h.uuid()}@glow.example`, id);
    assert.equal((await owner.post(`${notes}/${left}/discard`, { ...keys, idem: h.uuid() })).status, 303);
    assert.deepEqual(noteOf(id).map(([, , s]) => s), ["signed"]);
  });
  test("what is added to a note comes back beside that note when it is refused", async () => {
    const id = await client(), form = await newForm(id), to = `/clients/${id}/notes/${form.id}/addendum`;
    await v.post(`/clients/${id}/notes/sign`, { ...form, body: "signed" });
    const add = h.formOf((await v.get(`/clients/${id}/chart`)).text, to).values, long = "x".repeat(10001);
    const refused = await v.post(to, { ...add, addendum: long });
    assert.equal(refused.status, 422);
    assert.equal(h.formOf(refused.text, to).values.addendum, long);
    assert.equal(h.formOf(refused.text, `/clients/${id}/notes`).values.body, "");
    assert.match(refused.text, /note-more no-print" open/);
    assert.equal((await v.post(to, { ...add, idem: h.uuid(), addendum: "and this" })).status, 303);
    assert.match((await v.get(`/clients/${id}/chart`)).text, /is-addendum[^]*and this/);
  });
});

describe("L14: templates", () => {
  test("made, chosen for a note without script, changed, put away; their texts read back as typed", async () => {
    const id = await client(), at = "/settings/note-templates", name = `After laser ${h.uuid().slice(0, 8)}`;
    const text = naughty.one_line.filter((s) => /[<>"'&{]/.test(s)).slice(0, 40).join("\n").trim();
    const made = await owner.submit(`${at}/new`, { name, body: text }, { action: `${at}/new` });
    assert.match(made.location, /saved=1$/);
    const template = made.location.match(/[0-9a-f-]{36}/)[0];
    assert.ok(h.trail(made.id).some((e) => e.action === "note_template.create"));
    const twice = await owner.submit(`${at}/new`, { name, body: "x" }, { action: `${at}/new` });
    assert.equal(twice.status, 422);
    assert.match(twice.text, /of this name already/);
    let page = await v.get(`/clients/${id}/chart`);
    assert.ok(page.text.includes(`template_id=${template}#new-note`));
    page = await v.get(`/clients/${id}/chart?template_id=${template}`);
    assert.equal(h.formOf(page.text, `/clients/${id}/notes`).values.body.replace(/\r\n/g, "\n"), text);
    assert.equal((await owner.submit(`${at}/${template}`, { name, body: "Changed" }, { action: `${at}/${template}` })).status, 303);
    assert.equal(h.formOf((await owner.get(`${at}/${template}`)).text, `${at}/${template}`).values.body, "Changed");
    assert.equal((await owner.submit(`${at}/${template}`, {}, { action: `${at}/${template}/put` })).status, 303);
    page = await v.get(`/clients/${id}/chart?template_id=${template}`);
    assert.ok(!page.text.includes(name));
    assert.match((await owner.get(at)).text, /put away/);
    for (const who of [v, desk]) assert.equal((await who.get(`${at}/new`)).status, 403);
    const far = h.one("INSERT INTO app.note_template (tenant_id, name, body) VALUES (:'v1', :'v2', 'x') RETURNING id", h.tenantId("first-light"), name);
    assert.equal((await owner.get(`${at}/${far}`)).status, 404);
    assert.equal(h.formOf((await v.get(`/clients/${id}/chart?template_id=${far}`)).text, `/clients/${id}/notes`).values.body, "");
  });
});

describe("R-05 A-02: a signed note", () => {
  const foyer = (...args) => {
    const as = process.getuid() === 0 ? ["runuser", "-u", process.env.FOYER_OS_USER || "foyer", "--"] : [];
    const all = [...as, "env", `FOYER_CONFIG=${path.join(h.env.vardir, "foyer.conf")}`, path.join(h.env.vardir, "app", "bin", "foyer"), ...args];
    return spawnSync(all[0], all.slice(1), { encoding: "utf8", cwd: "/" }).stdout;
  };
  const verify = (note) => foyer("audit", "verify", "--tenant", "glow").split("\n").filter((l) => l.includes(note));
  const raw = (note, statement) => h.sql(`SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null
    BEGIN; SET LOCAL ROLE foyer_owner; ${statement.replaceAll("NOTE", "'" + note + "'")}; COMMIT;`, h.tenantId("glow"));
  test("its hash is in the trail; an owner past the trigger is found out; who puts it back is not", async () => {
    const id = await client(), form = await newForm(id);
    const signed = await v.post(`/clients/${id}/notes/sign`, { ...form, body: "What was done" });
    const [note] = noteOf(id)[0];
    const row = h.sql("SELECT reason, request_id, client_ids[1] FROM audit.event WHERE action = 'note.sealed' AND object_id = :'v1'", note);
    assert.deepEqual(row.map(([d, r, c]) => [d, r, c]), [[h.one("SELECT encode(app.note_digest(n), 'hex') FROM app.chart_note n WHERE id = :'v1'", note), signed.id, id]]);
    assert.deepEqual(verify(note), []);
    // its owner is refused while the trigger stands
    for (const statement of ["UPDATE app.chart_note SET body_sealed = '\\x00' WHERE id = NOTE", "UPDATE app.chart_note SET state = 'draft', signed_at = NULL WHERE id = NOTE",
      "UPDATE app.chart_note SET author_id = author_id, signed_at = now() WHERE id = NOTE", "DELETE FROM app.chart_note WHERE id = NOTE", "TRUNCATE app.chart_note CASCADE"])
      assert.throws(() => raw(note, statement), /signed|written once/, statement);
    // and past it, seen
    const past = (statement) => raw(note, `ALTER TABLE app.chart_note DISABLE TRIGGER USER; ${statement}; ALTER TABLE app.chart_note ENABLE TRIGGER USER`);
    const was = h.sql("SELECT encode(body_sealed, 'hex'), signed_at, author_id FROM app.chart_note WHERE id = :'v1'", note)[0];
    past("UPDATE app.chart_note SET body_sealed = '\\x00' WHERE id = NOTE");
    assert.match(verify(note).join(), /is not what was signed/);
    past(`UPDATE app.chart_note SET body_sealed = '\\x${was[0]}', signed_at = signed_at - interval '1 second' WHERE id = NOTE`);
    assert.match(verify(note).join(), /is not what was signed/);
    past(`UPDATE app.chart_note SET signed_at = '${was[1]}', state = 'signed' WHERE id = NOTE`);
    assert.deepEqual(verify(note), []);
    past("UPDATE app.chart_note SET state = 'draft', signed_at = NULL WHERE id = NOTE");
    assert.match(verify(note).join(), /gone or no longer signed/);
    past(`UPDATE app.chart_note SET signed_at = '${was[1]}', state = 'signed' WHERE id = NOTE`);
    // signed without a word in the trail
    const silent = h.uuid();
    past(`INSERT INTO app.chart_note (tenant_id, id, client_id, body_sealed, author_id, state, signed_at) SELECT tenant_id, '${silent}', client_id, body_sealed, author_id, 'signed', now() FROM app.chart_note WHERE id = NOTE`);
    assert.match(verify(silent).join(), /the trail does not know of it/);
    past(`DELETE FROM app.chart_note WHERE id = '${silent}'`);
    assert.deepEqual([...verify(note), ...verify(silent)], []);
  });
});
