// form_due.test.js -- what is due: one link carries all of it, the staff sees who has not signed yet and sends the link, and who was asked for
// a form for her record is reminded. L20; SECURITY.md D-26.
"use strict";
const { test, describe, after } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");
const { session } = require("./form_client");

const glow = () => h.tenantId("glow");
const inside = "SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\n";
const text = (r) => h.decode(r.text);
const forms = [];
// A form of one text, published; asked of nobody by itself.
function form(title) {
  const [id, version] = [h.uuid(), h.uuid()];
  h.sql(`${inside} INSERT INTO app.form (tenant_id, id, name, kind) VALUES (:'v1', :'v2', :'v4', 'consent');
    INSERT INTO app.form_version (tenant_id, id, form_id, version, title, body) VALUES (:'v1', :'v3', :'v2', 1, :'v4', 'I agree.');
    UPDATE app.form_version SET published_at = now() WHERE id = :'v3'`, glow(), id, version, title);
  forms.push(id);
  return id;
}
after(() => h.sql(`${inside} UPDATE app.form SET is_active = false WHERE id = ANY (string_to_array(:'v2', ',')::uuid[])`, glow(), forms.join(",")));
// A new client, entered as the desk does it.
async function client(values = {}) {
  const name = `Due ${h.uuid().slice(0, 8)}`;
  return { name, id: await h.addClient(await h.staff("glow", "front-desk"), { name, birth_date: "1990-01-01", email: `${h.uuid()}@mail.example`, ...values }) };
}
// A visit of hers in so many days, without what booking does.
const visit = (c, days) => h.sql(`${inside} INSERT INTO app.appointment (tenant_id, client_id, service_id, staff_id, location_id, starts_at, ends_at, status)
  SELECT :'v1'::uuid, :'v2'::uuid, (SELECT id FROM app.service WHERE tenant_id = :'v1'::uuid ORDER BY position, id LIMIT 1), (SELECT id FROM app.staff WHERE tenant_id = :'v1'::uuid AND is_provider ORDER BY position, id LIMIT 1),
    (SELECT id FROM app.location WHERE tenant_id = :'v1'::uuid ORDER BY position LIMIT 1), now() + make_interval(days => :'v3'::int), now() + make_interval(days => :'v3'::int, mins => 30), 'booked' RETURNING id`, glow(), c.id, String(days))[0][0];
// A form that she was asked for so many days ago, with a visit or for her record.
const asked = (c, which, appointment = "", days = 0) => h.sql(`${inside} INSERT INTO app.form_assignment (tenant_id, client_id, form_id, appointment_id, due_by, created_at)
  SELECT :'v1'::uuid, :'v2'::uuid, :'v3'::uuid, a.id, a.starts_at, now() - make_interval(days => :'v5'::int) FROM (SELECT) AS one LEFT JOIN app.appointment a ON a.id = nullif(:'v4', '')::uuid RETURNING id`, glow(), c.id, which, appointment, String(days))[0][0];
const link = (c, appointment = "") => h.one(`INSERT INTO app.link (tenant_id, purpose, client_id, appointment_id, token_hash, expires_at)
  VALUES (:'v1'::uuid, 'form', :'v2'::uuid, nullif(:'v3', '')::uuid, sha256(gen_random_uuid()::text::bytea), now() + interval '1 day') RETURNING id`, glow(), c.id, appointment);

test("L20: one link carries all that is due: two visits and the record, each signed by it, and nobody else's", async () => {
  const [first, second, record] = [1, 2, 3].map((n) => form(`Due with ${n} ${h.uuid().slice(0, 8)}`)), she = await client(), other = await client();
  const near = visit(she, 3), far = visit(she, 9);
  const all = [asked(she, first, near), asked(she, second, far), asked(she, record)], hers = [asked(other, first, visit(other, 3)), asked(other, record)];
  const id = link(she, near), v = session("glow", id), at = `/v/${id}/forms`;
  const list = await v.get(at);
  assert.deepEqual([...new Set([...list.text.matchAll(new RegExp(`${at}/([0-9a-f-]{36})`, "g"))].map(([, x]) => x))].sort(), [...all].sort(), "the three that are hers, and no other");
  const state = (x) => h.one("SELECT state FROM app.form_assignment WHERE id = :'v1'::uuid", x);
  for (const [n, x] of all.entries()) {
    assert.deepEqual(all.map(state), all.map((_, i) => (i < n ? "signed" : "due")), "each by itself");
    const r = await v.submit(`${at}/${x}/consent`, { accepts: "yes", signer_name: she.name });
    assert.equal(r.location, `${at}/${x}/copy?signed=1`, text(r));
  }
  assert.deepEqual(all.map(state), ["signed", "signed", "signed"]);
  assert.equal(h.one("SELECT count(DISTINCT link_id) || ' ' || min(link_id::text) FROM app.signature WHERE client_id = :'v1'::uuid", she.id), `1 ${id}`);
  assert.match((await v.get(at)).text, /Everything is signed/);
  const ready = h.formOf((await session("glow", link(other)).get(`/v/${h.one("SELECT id FROM app.link WHERE client_id = :'v1'::uuid", other.id)}/forms/${hers[1]}/consent`)).text).values;
  const keys = h.formOf((await v.get(`/v/${id}/allowed`)).text).values;
  for (const x of hers) {
    for (const end of ["", "/consent", "/copy"]) assert.equal((await v.get(`${at}/${x}${end}`)).status, 404);
    assert.equal((await v.post(`${at}/${x}/consent`, { ...ready, csrf: keys.csrf, idem: h.uuid(), accepts: "yes", signer_name: she.name, name_meant: she.name })).status, 404);
  }
  assert.deepEqual(hers.map(state), ["due", "due"]);
});

describe("L20: not signed yet", () => {
  const page = "/clients/unsigned";
  // The lines about somebody, wherever in the list they stand; and how many pages that took.
  async function lines(v, c) {
    const found = [], shown = new Set();
    for (let at = page, n = 1; at; n++) {
      const r = await v.get(at);
      assert.equal(r.status, 200);
      const rows = [...r.text.matchAll(/<tr><th scope="row">[\s\S]*?<\/tr>/g)].map(([x]) => x), ids = rows.map((x) => x.match(/\/clients\/([0-9a-f-]{36})/)[1]);
      assert.ok(rows.length <= 50);
      assert.deepEqual(h.trail(r.id).map((e) => [e.action, [...e.clients].sort()]), [["form.unsigned", [...new Set(ids)].sort()]], "the trail names whom the page showed");
      for (const row of rows) {
        const key = row.match(/data-label="Form">[^<]*/)[0] + row.match(/\/clients\/([0-9a-f-]{36})/)[1];
        if (row.includes(c.id)) found.push(row), assert.ok(!shown.has(key), "no line twice"), shown.add(key);
      }
      const next = r.text.match(/\?page=(\d+)">Further/);
      at = next && `${page}?page=${next[1]}`;
      if (!at) return { found, pages: n };
    }
  }
  test("a line for each form, in the order of the visits, with since when and when a link went out last; the link is sent from there", async () => {
    const v = await h.staff("glow", "front-desk"), she = await client(), many = await client(), [a, b, c] = ["A", "B", "C"].map((x) => form(`Listed ${x} ${h.uuid().slice(0, 8)}`));
    for (let i = 0; i < 51; i++) asked(many, form(`Many ${i}`), "", 1);
    asked(she, c, "", 4);
    asked(she, b, visit(she, 9));
    asked(she, a, visit(she, 2));
    const { found, pages } = await lines(v, she);
    assert.ok(pages > 1);
    assert.deepEqual(found.map((x) => x.match(/Listed (.)/)[1]), ["A", "B", "C"]);
    assert.match(found[2], /The record/);
    for (const x of found) assert.match(x, /Not yet/);
    const send = `${page}/${she.id}/send`;
    assert.equal((await lines(v, many)).found.filter((x) => x.includes("Send the link")).length <= 2, true, "one button for lines that stand together");
    const keys = h.formOf((await v.get(page)).text).values, sent = await v.post(send, { ...keys, idem: h.uuid() });
    assert.equal(sent.location, `${page}?sent=form_link`);
    assert.match((await v.get(sent.location)).text, /A fresh form link is on its way/);
    assert.deepEqual(h.trail(sent.id).map((e) => [e.action, e.clients]), [["form.send", [she.id]]]);
    assert.equal(h.one("SELECT count(*) FROM app.message WHERE client_id = :'v1'::uuid AND kind = 'form_link'", she.id), "1");
    for (const x of (await lines(v, she)).found) assert.match(x, /data-label="Link sent">[A-Z][a-z]{2} \d/);
  });
  test("whom no link reaches has no button, and it says why; who objected is not told to have been sent one", async () => {
    const v = await h.staff("glow", "front-desk"), f = form(`Reached ${h.uuid().slice(0, 8)}`), [mute, ageless, no] = [await client({ email: "" }), await client({ birth_date: "" }), await client()];
    for (const c of [mute, ageless, no]) asked(c, f);
    assert.match((await lines(v, mute)).found[0], /No e-mail address/);
    assert.match((await lines(v, ageless)).found[0], /No date of birth/);
    for (const c of [mute, ageless]) assert.ok(!(await lines(v, c)).found[0].includes("Send the link"));
    const keys = h.formOf((await v.get(page)).text).values;
    const refused = await v.post(`${page}/${mute.id}/send`, { ...keys, idem: h.uuid() });
    assert.equal(refused.status, 422);
    assert.match(text(refused), /There is no e-mail address/);
    h.sql(`INSERT INTO app.messaging_consent (tenant_id, client_id, channel, purpose, is_given, source, wording_id) SELECT w.tenant_id, :'v2'::uuid, 'email', 'forms', false, 'link', w.id FROM app.messaging_wording w
      WHERE w.tenant_id = :'v1'::uuid AND w.channel = 'email' AND w.purpose = 'forms' ORDER BY w.version DESC LIMIT 1`, glow(), no.id);
    assert.equal((await v.post(`${page}/${no.id}/send`, { ...keys, idem: h.uuid() })).location, `${page}?refused=form_link`);
    assert.match((await lines(v, no)).found[0], /Not yet/);
  });
  test("T02: a role sees whom it reaches; who may not write sends nothing; without clients there is no page", async () => {
    const scanner = await h.staff("first-light", "scanner"), owner = await h.staff("first-light", "owner");
    const shown = async (v) => { const all = new Set(); for (let n = 1, more = true; more; n++) { const r = await v.get(`${page}?page=${n}`); for (const [, x] of r.text.matchAll(/<th scope="row"><a href="\/clients\/([0-9a-f-]{36})/g)) all.add(x); more = /">Further/.test(r.text); } return all; };
    const hers = await shown(scanner), all = await shown(owner), other = [...all].find((x) => !hers.has(x));
    assert.ok(all.size > hers.size && other, "the owner sees more");
    for (const x of hers) assert.ok(all.has(x));
    const keys = h.formOf((await scanner.get("/clients")).text, "/logout").values;
    assert.ok([403, 404].includes((await scanner.post(`${page}/${other}/send`, { ...keys, idem: h.uuid() })).status));
    assert.equal((await (await h.staff("glow", "auditor")).get(page)).status, 403);
    assert.match((await (await h.staff("glow", "front-desk")).get("/board")).text, new RegExp(`href="${page}"`));
    assert.match((await (await h.staff("glow", "front-desk")).get("/clients")).text, new RegExp(`href="${page}"`));
  });
});

test("L20 D-26: who was asked for a form for her record is reminded after so many days, once more, and never again; not who objects, was sent a link since, or has no address; a minor's guardian is", async () => {
  const v = await h.staff("glow", "owner"), settings = "/settings/forms", was = h.formOf((await v.get(settings)).text, settings).values;
  const f = form(`Reminded ${h.uuid().slice(0, 8)}`), g = form(`Reminded too ${h.uuid().slice(0, 8)}`);
  const [ripe, fresh, objects, written, mute] = [await client(), await client(), await client(), await client(), await client({ email: "" })], child = await client({ birth_date: h.one("SELECT (current_date - interval '9 years')::date") });
  const guardian = `${h.uuid()}@mail.example`;
  h.sql("INSERT INTO app.client_guardian (tenant_id, client_id, name, relation, birth_date, email) VALUES (:'v1'::uuid, :'v2'::uuid, 'Ines Due', 'parent', '1981-05-17', :'v3')", glow(), child.id, guardian);
  const which = asked(ripe, f, "", 5), other = asked(ripe, g, "", 4);
  asked(fresh, f, "", 2);
  for (const c of [objects, written, mute, child]) asked(c, f, "", 5);
  h.sql(`INSERT INTO app.messaging_consent (tenant_id, client_id, channel, purpose, is_given, source, wording_id) SELECT w.tenant_id, :'v2'::uuid, 'email', 'reminders', false, 'link', w.id FROM app.messaging_wording w
    WHERE w.tenant_id = :'v1'::uuid AND w.channel = 'email' AND w.purpose = 'reminders' ORDER BY w.version DESC LIMIT 1`, glow(), objects.id);
  await (await h.staff("glow", "front-desk")).submit(`/clients/${written.id}`, {}, { action: /form-link/ });
  const mails = (c) => h.sql("SELECT state = 'suppressed' FROM app.message WHERE client_id = :'v1'::uuid AND kind = 'forms_open' ORDER BY created_at", c.id).map(([x]) => x).join(" ");
  const events = (x) => h.one("SELECT count(*) FROM app.form_event WHERE assignment_id = :'v1'::uuid AND kind = 'sent' AND detail = 'reminder'", x);
  const run = async () => {
    h.sql("UPDATE app.job SET run_at = now() WHERE tenant_id = :'v1'::uuid AND kind = 'form.remind' AND state = 'ready'; SELECT pg_notify('foyer_jobs', '')", glow());
    await h.until(() => h.one("SELECT count(*) FROM app.job WHERE tenant_id = :'v1'::uuid AND kind = 'form.remind' AND state = 'ready' AND run_at > now()", glow()) === "1", "nobody is reminded");
  };
  // As if so many days had gone by for these clients.
  const later = (days, ...who) => h.sql(`${inside} SET session_replication_role = replica; UPDATE app.form_record_reminder SET at = at - make_interval(days => :'v2'::int) WHERE client_id = ANY (string_to_array(:'v3', ',')::uuid[]);
    UPDATE app.message SET created_at = created_at - make_interval(days => :'v2'::int) WHERE client_id = ANY (string_to_array(:'v3', ',')::uuid[])`, glow(), String(days), who.map((c) => c.id).join(","));
  assert.equal((await v.submit(settings, { form_reminder_days: "91" }, { action: settings })).status, 422);
  assert.equal((await v.submit(settings, { form_reminder_days: "3" }, { action: settings })).status, 303);
  try {
    await run();
    // (others' forms of the demo may be ripe as well, fifty letters at a time)
    for (let i = 0; i < 20 && (mails(ripe) === "" || mails(child) === ""); i++) await run();
    assert.deepEqual([ripe, fresh, objects, written, mute, child].map(mails), ["f", "", "t", "", "", "f"]);
    assert.deepEqual([events(which), events(other)], ["1", "1"], "one letter for all of hers, and it stands with each");
    assert.equal(h.one("SELECT to_address FROM app.message WHERE client_id = :'v1'::uuid AND kind = 'forms_open'", child.id), guardian);
    assert.equal(h.one("SELECT count(*) FROM app.link l JOIN app.message m ON m.link_id = l.id WHERE m.client_id = :'v1'::uuid AND m.kind = 'forms_open' AND l.guardian_id IS NOT NULL AND l.appointment_id IS NULL", child.id), "1");
    assert.ok(h.sql("SELECT 1 FROM audit.event WHERE tenant_id = :'v1'::uuid AND action = 'form.remind' AND :'v2'::uuid = ANY (client_ids)", glow(), ripe.id).length > 0);
    await run();
    assert.equal(mails(ripe), "f", "not twice on one day");
    later(4, ripe, objects, child);
    await run();
    assert.deepEqual([ripe, objects, child].map(mails), ["f f", "t t", "f f"], "once more");
    later(40, ripe, objects, child);
    await run();
    assert.deepEqual([ripe, objects, child].map(mails), ["f f", "t t", "f f"], "and never again");
    assert.equal(events(which), "2");
    // Declined and asked for again, it is due anew, and reminded of anew.
    h.sql(`${inside} UPDATE app.form_assignment SET state = 'declined' WHERE id = :'v2'::uuid; UPDATE app.form_assignment SET state = 'due' WHERE id = :'v2'::uuid`, glow(), which);
    await run();
    assert.equal(mails(ripe), "f f", "not at once");
    h.sql("UPDATE app.form_assignment SET due_again_at = now() - interval '4 days' WHERE id = :'v1'::uuid", which);
    later(40, ripe);
    await run();
    assert.equal(mails(ripe), "f f f");
    h.sql("UPDATE app.form_assignment SET state = 'withdrawn' WHERE id = :'v1'::uuid", other);
    later(40, written);
    await run();
    assert.equal(mails(written), "f", "a link that was sent counts from its day");
  } finally {
    await v.submit(settings, { form_reminder_days: was.form_reminder_days || "" }, { action: settings });
  }
});
