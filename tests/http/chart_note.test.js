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
const client = async () => (await desk.submit("/clients/new", { name: `Noted ${h.uuid().slice(0, 8)}` }, { action: "/clients/new" })).location.slice(-36);
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
