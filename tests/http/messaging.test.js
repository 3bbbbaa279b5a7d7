// messaging.test.js -- what may be sent to a client: her own page, the desk, a signed form, online booking; and what is refused for it.
// B18; SECURITY.md X-01 X-03. (What the table of messages refuses, by kind and way: tests/db/130_messaging.sql.)
"use strict";
const { test, before } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");
const { somebody } = require("./form_client");

const glow = h.tenantId("glow");
const words = (s) => h.decode(s.replace(/<[^>]*>/g, " ")).replace(/\s+/g, " ");
const wording = (channel, purpose) => h.one("SELECT id FROM app.messaging_wording WHERE tenant_id = :'v1' AND channel = :'v2' AND purpose = :'v3' ORDER BY version DESC LIMIT 1", glow, channel, purpose);
const ledger = (client) => h.sql("SELECT channel || ' ' || purpose, is_given, source FROM app.messaging_consent WHERE client_id = :'v1' ORDER BY at DESC", client);
const ticked = (html) => [...html.matchAll(/name="allows" value="([0-9a-f-]{36})" checked/g)].map(([, id]) => id);
let p, page;
before(async () => {
  p = await somebody("glow");
  page = `/v/${p.link}/allowed`;
});

test("B18: on her own page she sees each choice in its words, takes one back, and it counts at once, also for what waits", async () => {
  const before = await p.v.get(page), was = ticked(before.text);
  assert.ok(was.includes(wording("email", "forms")), "allowed until she objects");
  assert.ok(!was.includes(wording("email", "news")) && !was.includes(wording("sms", "visits")), "nothing that takes a yes is ticked beforehand");
  const v = await h.staff("glow", "owner");
  const last = () => h.sql("SELECT id, state FROM app.message WHERE client_id = :'v1' AND kind = 'form_link' ORDER BY created_at DESC LIMIT 1", p.client)[0];
  assert.equal((await v.submit(`/clients/${p.client}`, {}, { action: `/clients/${p.client}/form-link` })).status, 303);
  await h.until(() => last()[1] === "kept", "the link is not sent"); // there is no mail server here; and now it waits again
  const id = last()[0];
  h.sql("SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\nUPDATE app.message SET state = 'queued' WHERE id = :'v2'", glow, id);
  const keys = h.formOf(before.text, `/v/${p.link}/messages`).values;
  delete keys.allows;
  const r = await p.v.post(`/v/${p.link}/messages`, { ...keys, allows: [...was.filter((w) => w !== wording("email", "forms")), wording("email", "news")] });
  assert.equal(r.location, `/v/${p.link}/allowed?chosen=1#messages`, words(r.text).slice(0, 400));
  assert.deepEqual(h.trail(r.id).map((e) => [e.action, e.clients]), [["messaging.choose", [p.client]]]);
  assert.deepEqual(ledger(p.client).map((l) => l.join(" ")).sort(), ["email forms f link", "email news t link"]);
  h.sql(`SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null
    INSERT INTO app.job (kind, subject_id, dedupe_key) VALUES ('message.send', :'v2', 'again ' || :'v2')`, glow, id);
  await h.until(() => last()[1] !== "queued", "it waits for ever");
  assert.deepEqual(h.sql("SELECT state, problem FROM app.message WHERE id = :'v1'", id)[0], ["suppressed", "objected"]);
  assert.match(words((await v.get(`/messages/${id}`)).text), /refused Why The client does not want this kind of message/);
});

test("B18: the desk sees what she said and in which words, sends nothing that she refused, and notes what she says now", async () => {
  const v = await h.staff("glow", "owner"), at = `/clients/${p.client}/messages`;
  const sent = await v.submit(`/clients/${p.client}`, {}, { action: `/clients/${p.client}/form-link` });
  assert.equal(sent.location, `/clients/${p.client}?refused=form_link`);
  assert.match(words((await v.get(sent.location)).text), /The form link was not sent: such mails are not wanted/);
  assert.deepEqual(h.sql("SELECT state, problem, address_hash IS NOT NULL FROM app.message WHERE client_id = :'v1' ORDER BY created_at DESC LIMIT 1", p.client)[0], ["suppressed", "objected", "t"]);
  const shown = words((await v.get(at)).text);
  assert.match(shown, /Forms and copies, E-mail: no .*on the client's own page/);
  assert.match(shown, /Refused messages .*The client does not want this kind of message/);
  const refused = await v.submit(at, { wording_id: wording("sms", "news"), given: "yes", source: "desk" }, { action: at });
  assert.equal(refused.status, 422);
  assert.match(words(refused.text), /it takes the client's own yes in writing/);
  const r = await v.submit(at, { wording_id: wording("email", "forms"), given: "yes", source: "desk" }, { action: at });
  assert.equal(r.location, `${at}?done=1`);
  assert.deepEqual(h.trail(r.id).map((e) => [e.action, e.clients]), [["messaging.note", [p.client]]]);
  assert.equal(ledger(p.client)[0].join(" "), "email forms t desk");
  assert.equal((await (await h.staff("glow", "biller")).post(at, {})).status, 403);
});

test("B18: who books online reads the words about visits, and that she goes on is her yes, in these words", async () => {
  const b = require("./booking_client"), corner = b.corner("glow");
  try {
    const booked = await b.book(corner);
    assert.deepEqual(h.sql("SELECT channel, purpose, is_given, source, wording_id FROM app.messaging_consent WHERE client_id = :'v1'", booked.client),
      [["email", "visits", "t", "booking", wording("email", "visits")]]);
  } finally {
    b.close(corner);
  }
});

test("B18: other words are another version; who still has the old page is shown the new ones and says yes to none", async () => {
  const v = await h.staff("glow", "owner"), old = wording("phone", "news"), stale = h.formOf((await p.v.get(page)).text, `/v/${p.link}/messages`).values;
  const saved = await v.submit(`/settings/messaging/${old}`, { body: "You may call me with offers, once a month." });
  assert.equal(saved.location, "/settings/messaging?saved=1", words(saved.text).slice(0, 300));
  assert.match((await v.get("/settings/messaging")).text, /once a month/);
  const r = await p.v.post(`/v/${p.link}/messages`, { ...stale, allows: [old] });
  assert.equal(r.status, 422);
  assert.match(words(r.text), /The words have changed .*once a month/);
  assert.equal(h.one("SELECT count(*) FROM app.messaging_consent WHERE client_id = :'v1' AND channel = 'phone'", p.client), "0");
  assert.equal((await v.submit(`/settings/messaging/${old}`, { body: "Older words, saved over newer ones." })).status, 422);
});

test("B18: a signed form about messages is a yes or a no for each way, and the form is its wording", async () => {
  const q = await somebody("glow");
  const assignment = h.uuid();
  const version = h.one(`SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null
    WITH f AS (INSERT INTO app.form (name, kind) VALUES ('Messages ' || :'v3', 'consent') RETURNING id),
         a AS (INSERT INTO app.form_assignment (id, client_id, form_id, state) SELECT :'v3', :'v2', f.id, 'due' FROM f)
    INSERT INTO app.form_version (form_id, version, title, body) SELECT f.id, 1, 'Messages', 'As you say.' FROM f RETURNING id`, glow, q.client, assignment);
  h.sql(`SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null
    INSERT INTO app.form_question (form_version_id, position, key, kind, label, purpose) VALUES
      (:'v2', 1, 'texts', 'yes_no', 'Texts?', 'sms_service'), (:'v2', 2, 'mails', 'yes_no', 'Adverts?', 'email_news');
    UPDATE app.form_version SET published_at = now() WHERE id = :'v2'`, glow, version);
  const form = `/v/${q.link}/forms/${assignment}`;
  assert.equal((await q.v.submit(form, { "q-texts": "yes", "q-mails": "no", intent: "next" })).location, `${form}/consent`);
  const r = await q.v.submit(`${form}/consent`, { accepts: "yes", signer_name: "Zoë O'Hara", name_meant: "Zoë O'Hara" });
  assert.match(r.location || words(r.text), /signed=1/);
  assert.deepEqual(ledger(q.client).map((l) => l.join(" ")).sort(), ["email news f form", "sms forms t form", "sms reminders t form", "sms visits t form"]);
  assert.match(words((await (await h.staff("glow", "owner")).get(`/clients/${q.client}/messages`)).text), /in a signed form The signed form/);
});
