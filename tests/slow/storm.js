// storm.js -- many people at once, each going the whole way: book a time, fill in a form, sign it; and staff who add and
// change clients. Each answer that confirmed something is written down; what broke is sent again with the same form, as a
// person does who presses the button again. Afterwards the database must hold each confirmed thing exactly once. Not a test.
"use strict";
const assert = require("node:assert/strict");
const net = require("node:net");
const { sleep, dice } = require("./stack");

// A mail server that takes everything. o.answer(n): what it says after the n-th mail's DATA, or null for silence.
function mailServer(o = {}) {
  const mails = [], sockets = new Set();
  const server = net.createServer((c) => {
    sockets.add(c);
    let id = "", inData = false, rest = "";
    const say = (line) => { if (!c.destroyed) c.write(`${line}\r\n`); };
    c.on("error", () => {});
    c.on("close", () => sockets.delete(c));
    say(o.greeting || "220 test ESMTP");
    c.on("data", (bytes) => {
      rest += bytes.toString("latin1");
      for (let at; (at = rest.indexOf("\r\n")) >= 0;) {
        const line = rest.slice(0, at);
        rest = rest.slice(at + 2);
        if (inData) {
          const m = line.match(/^Message-ID: <([0-9a-f-]{36})@/i);
          if (m) id = m[1];
          if (line !== ".") continue;
          inData = false;
          mails.push(id);
          setTimeout(() => say("250 taken"), o.delay ? o.delay() : 0);
          continue;
        }
        const word = line.split(/[ :]/)[0].toUpperCase();
        if (word === "DATA") { inData = true; say("354 go on"); }
        else if (word === "QUIT") { say("221 bye"); c.end(); }
        else say("250 ok");
      }
    });
  });
  return new Promise((resolve) => server.listen(o.port || 0, "127.0.0.1", () => resolve({
    mails, port: server.address().port, url: `smtp://127.0.0.1:${server.address().port}`,
    close: () => { for (const c of sockets) c.destroy(); server.close(); },
  })));
}

// 503 as a person must find it: a page in words, when to come again, nothing kept, every header of the house.
function checkKind(r, what) {
  assert.equal(r.status, 503, `${what} answered ${r.status}`);
  assert.ok(r.headers["retry-after"], `${what}: no Retry-After`);
  assert.match(r.headers["content-type"], /^text\/html/, what);
  assert.match(r.text, /<!doctype html>/i, `${what}: no whole page`);
  assert.match(r.text, /<\/html>\s*$/, `${what}: half a page`);
  assert.match(r.text, /<h1>[^<]{5,}<\/h1>/, what);
  assert.doesNotMatch(r.text, /nginx|postgres|sql|upstream|gateway/i, `${what}: words of machines`);
  assert.equal(r.headers["cache-control"], "no-store", what);
  for (const name of ["strict-transport-security", "content-security-policy", "x-content-type-options", "x-frame-options",
    "referrer-policy", "cross-origin-opener-policy", "cross-origin-resource-policy", "permissions-policy", "x-request-id"])
    assert.ok(r.headers[name], `${what}: no ${name}`);
}

const answers = {
  "q-reason": "A line between the brows", "q-skin_type": "Tans easily", "q-conditions": ["Cold sores"], "q-pregnant": "no", "q-medication": "no",
  "q-surgery": "no", "q-allergies": "some", "q-allergies-substance": ["Latex", "", ""], "q-allergies-reaction": ["hives", "", ""],
  "q-allergies-severity": ["severe", "", ""], "q-truthful": "yes",
};

// o: {people: how many go at once, staff: how many of the staff, patience: ms after which nobody tries again}
async function storm(s, o = {}) {
  const { h } = s, k = require("../http/booking_client");
  const c = k.corner("glow", { minutes: 5, people: o.providers || 6, starts: "00:00", ends: "23:55", forms: true });
  const ledger = { holds: [], bookings: [], signatures: [], drafts: [], clients: [], edits: [], repeats: 0, broken: new Map(), steps: 0, given_up: [] };
  const patience = o.patience || 60000;
  const random = dice();
  let running = true, day = 2;

  // Sends until somebody answers. The same form, the same key. check: also what 503 looks like.
  async function insist(what, send) {
    const end = Date.now() + patience;
    for (let tries = 1; ; tries++) {
      let r;
      try {
        r = await send();
      } catch (e) {
        r = { status: e.code || "no answer" };
      }
      if (Number.isInteger(r.status) && r.status < 500) { ledger.steps++; return r; }
      ledger.broken.set(`${r.status}`, (ledger.broken.get(`${r.status}`) || 0) + 1);
      if (Number.isInteger(r.status)) checkKind(r, what);
      if (Date.now() > end) { ledger.given_up.push(`${what}: ${r.status}`); throw new Error(`${what}: given up after ${tries} tries with ${r.status}`); }
      await sleep(50 + random.below(150));
    }
  }
  const get = (v, at) => insist(`GET ${at.replace(/[0-9a-f-]{36}/g, "ID")}`, () => v.get(at));
  const post = (v, at, values, from) => insist(`POST ${at.replace(/[0-9a-f-]{36}/g, "ID")}`, () => v.post(at, values, { from }));
  // Sends it once more although it was confirmed: the same answer.
  async function again(v, at, values, from, first) {
    if (random.below(4)) return;
    const r = await post(v, at, values, from);
    assert.deepEqual([r.status, r.location], [first.status, first.location], "the same form was answered in another way");
    ledger.repeats++;
  }

  async function visit(n) {
    const v = new h.Visitor("glow"), from = h.somewhere(), person = k.person();
    const days = 2 + (n % 40);
    let r, form;
    for (let tries = 0; ; tries++) {
      const page = await get(v, `${c.path}?week=${k.dayIn(days)}&day=${k.dayIn(days)}`);
      assert.equal(page.status, 200);
      form = h.formOf(page.text, /^\/book\//);
      const slots = k.slotsOf(page.text);
      assert.ok(slots.length > 0, "no free time");
      form.values.slot = random.of(slots);
      r = await post(v, form.action, form.values, from);
      if (r.status === 303) break;
      assert.equal(r.status, 409, `choosing a time answered ${r.status}`); // somebody was faster
      assert.ok(tries < 20);
    }
    ledger.holds.push(r.location.match(/[0-9a-f-]{36}/)[0]);
    const at = r.location;
    r = await get(v, at);
    assert.equal(r.status, 200);
    form = h.formOf(r.text);
    const values = { ...form.values, ...person };
    const target = form.action || at;
    const booked = await post(v, target, values, from);
    assert.equal(booked.status, 303, `confirming answered ${booked.status}: ${booked.text.match(/class="error"[^>]*>[^<]*/g)}`);
    ledger.bookings.push({ hold: at.match(/[0-9a-f-]{36}/)[0], link: booked.location.match(/^\/v\/([0-9a-f-]{36})\/booked$/)[1], email: person.email });
    await again(v, target, values, from, booked);
    if (o.noForms) return;

    r = await get(v, booked.location);
    assert.equal(r.status, 200, "who has booked is let in");
    const fill = h.formOf(r.text, /\/fill$/);
    r = await post(v, fill.action, fill.values, from);
    assert.equal(r.status, 303);
    const forms = r.location;
    r = await get(v, forms);
    for (const one of new Set([...r.text.matchAll(new RegExp(`${forms}/[0-9a-f-]{36}`, "g"))].map(([x]) => x))) {
      r = await get(v, one);
      if (!r.text.includes("q-reason")) continue; // the consent: another form, the same way
      const assignment = one.slice(-36);
      form = h.formOf(r.text);
      const kept = await post(v, one, { ...form.values, "q-reason": `Half of it, ${n}`, intent: "save" }, from);
      assert.equal(kept.status, 303);
      ledger.drafts.push({ assignment, n });
      const next = await post(v, one, { ...form.values, ...answers, intent: "next" }, from);
      assert.equal(next.location, `${one}/consent`, h.decode(next.text));
      r = await get(v, next.location);
      const sign = { ...h.formOf(r.text).values, accepts: "yes", signer_name: person.name };
      const signed = await post(v, `${one}/consent`, sign, from);
      assert.equal(signed.location, `${one}/copy?signed=1`, h.decode(signed.text).slice(0, 2000));
      ledger.signatures.push(assignment);
      await again(v, `${one}/consent`, sign, from, signed);
    }
  }

  async function desk(n) {
    const v = await h.staff("glow", "front-desk");
    const name = `Storm ${h.uuid()}`;
    let r = await get(v, "/clients/new");
    const form = { ...h.formOf(r.text).values, name, email: `${h.uuid()}@mail.example`, phone: "(212) 555-0100", birth_date: "1980-02-03", is_new: "true" };
    const made = await post(v, "/clients/new", form);
    assert.equal(made.status, 303, `adding a client answered ${made.status}`);
    const id = made.location.match(/[0-9a-f-]{36}/)[0];
    ledger.clients.push({ id, name });
    await again(v, "/clients/new", form, undefined, made);
    r = await get(v, `/clients/${id}/edit`);
    const edit = { ...h.formOf(r.text).values, preferred_name: `Called ${n}` };
    const changed = await post(v, `/clients/${id}/edit`, edit);
    assert.equal(changed.status, 303, `changing a client answered ${changed.status}`);
    ledger.edits.push({ id, called: `Called ${n}` });
    await again(v, `/clients/${id}/edit`, edit, undefined, changed);
  }

  await h.staff("glow", "front-desk");
  let count = 0;
  const failures = [];
  const loop = async (one) => {
    while (running) {
      try {
        await one(++count);
      } catch (e) {
        failures.push(e);
        if (failures.length > 20) running = false;
      }
    }
  };
  const all = [...Array.from({ length: o.people ?? 8 }, () => loop(visit)), ...Array.from({ length: o.staff ?? 2 }, () => loop(desk))];
  void day;
  return {
    ledger, corner: c, failures,
    // Waits until everybody has finished what she began.
    end: async () => {
      running = false;
      await Promise.all(all);
      k.close(c);
      if (failures.length) throw failures[0];
    },
  };
}

const list = (ids) => `'{${ids.join(",")}}'`;

// Everything confirmed is there once; nothing is doubled, nothing half. The text says what was found.
function compare(s, { ledger: l, corner: c }) {
  const { h } = s, rows = (text) => h.sql(text), n = (text) => Number(h.one(text));
  assert.ok(l.bookings.length > 0 && l.holds.length > 0);
  // Bookings: one client, one appointment, its slots, one message of each kind, with one job.
  const emails = l.bookings.map((b) => b.email);
  const found = new Map(rows(`
    SELECT c.email, count(DISTINCT c.id), count(DISTINCT a.id), min(a.id::text),
           (SELECT count(*) FROM app.message m WHERE m.to_address = c.email AND m.kind = 'booked'),
           (SELECT count(*) FROM app.message m WHERE m.to_address = c.email AND m.kind = 'forms'),
           (SELECT count(*) FROM app.message m JOIN app.job j ON j.tenant_id = m.tenant_id AND j.subject_id = m.id WHERE m.to_address = c.email),
           (SELECT count(*) FROM app.slot t WHERE t.appointment_id = min(a.id::text)::uuid AND t.state = 'booked')
    FROM app.client c LEFT JOIN app.appointment a ON a.tenant_id = c.tenant_id AND a.client_id = c.id AND a.status = 'booked'
    WHERE c.email = ANY (${list(emails)}) GROUP BY c.email`).map(([email, ...x]) => [email, x]));
  for (const b of l.bookings) {
    assert.deepEqual(found.get(b.email), ["1", "1", b.hold, "1", "1", "2", "1"], `a confirmed booking: client, appointment, its id, messages, jobs, slots`);
  }
  assert.equal(n(`SELECT count(*) FROM app.link WHERE id = ANY (${list(l.bookings.map((b) => b.link))})`), l.bookings.length, "a way in was confirmed and is gone");
  // What nobody was told of is a whole booking or none: somebody gave up, or her answer was lost and the next was the same.
  assert.equal(n(`SELECT count(*) FROM app.appointment WHERE service_id = '${c.service}' AND status = 'booked'`), l.bookings.length + 0, "bookings that nobody confirmed to anybody");
  assert.equal(n(`SELECT count(*) FROM app.slot a JOIN app.slot b ON b.tenant_id = a.tenant_id AND b.resource_id = a.resource_id AND b.id <> a.id
    AND b.during && a.during AND a.state IN ('hold', 'booked') AND b.state IN ('hold', 'booked') WHERE a.resource_id = ANY (${list(c.people)})`), 0, "two at one time");
  // Signatures, drafts, clients, changes.
  assert.equal(n(`SELECT count(*) FROM app.signature WHERE assignment_id = ANY (${list(l.signatures)})`), l.signatures.length, "signatures");
  assert.equal(n(`SELECT count(*) FROM app.form_assignment WHERE id = ANY (${list(l.signatures)}) AND state = 'signed'`), l.signatures.length);
  assert.equal(n(`SELECT count(*) FROM app.form_draft d WHERE d.assignment_id = ANY (${list(l.drafts.map((d) => d.assignment))})`), l.drafts.length, "drafts");
  assert.equal(n(`SELECT count(*) FROM app.client WHERE name = ANY (${list(l.clients.map((x) => `"${x.name}"`))})`), l.clients.length, "clients that staff added");
  const called = new Map(rows(`SELECT id, preferred_name FROM app.client WHERE id = ANY (${list(l.edits.map((x) => x.id))})`));
  for (const e of l.edits) assert.equal(called.get(e.id), e.called, "a change that was confirmed");
  // The trail says of each who did it, once.
  const trail = new Map(rows(`SELECT unnest(client_ids), count(*) FILTER (WHERE action = 'client.create'), count(*) FILTER (WHERE action = 'client.update')
    FROM audit.event WHERE outcome = 'ok' AND client_ids && ${list(l.clients.map((x) => x.id))}::uuid[] GROUP BY 1`).map(([id, ...x]) => [id, x]));
  for (const e of l.edits) {
    assert.ok(Number(trail.get(e.id)?.[0]) >= 1, "an added client without its row in the trail");
    assert.ok(Number(trail.get(e.id)?.[1]) >= 1, "a changed client without its row in the trail");
  }
  const broken = [...l.broken].map(([status, times]) => `${times} x ${status}`).join(", ") || "nothing";
  return `${l.bookings.length} bookings, ${l.signatures.length} signatures, ${l.clients.length} clients added, ${l.edits.length} changed, ${l.repeats} sent twice; broken and sent again: ${broken}`;
}

// After the last message had its time: each went out once, or is flagged.
function compareMail(s, mails, since) {
  const times = new Map();
  for (const id of mails) times.set(id, (times.get(id) || 0) + 1);
  const states = {};
  for (const [id, state, job] of s.h.sql(`SELECT m.id, m.state, j.state FROM app.message m JOIN app.job j ON j.tenant_id = m.tenant_id AND j.subject_id = m.id
       WHERE m.created_at > '${since}'`)) {
    states[state] = (states[state] || 0) + 1;
    const sent = times.get(id) || 0;
    if (state === "sent") assert.equal(sent, 1, `a message that counts as sent went out ${sent} times`);
    else if (state === "unknown") assert.ok(sent <= 1, `a message of unknown fate went out ${sent} times`);
    else assert.fail(`a message is ${state}, its job ${job}, and went out ${sent} times`);
  }
  return states;
}

module.exports = { mailServer, storm, compare, compareMail, checkKind };
