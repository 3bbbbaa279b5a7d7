// booking_client.js -- a studio's corner of its own for booking tests, and a visitor's way through
// the booking pages. Not a test.
"use strict";
const assert = require("node:assert/strict");
const h = require("./harness");

// A statement with the studio entered, for what its triggers write.
const within = (tenant, text, ...values) => h.sql(`SET foyer.tenant_id = '${tenant}'; ${text}`, ...values);

// A service of its own at the studio's first place, with providers of its own who work on every day
// from 9 to 17; nobody else's appointments are in the way. o: {people, minutes, starts, ends, forms}
function corner(label = "glow", o = {}) {
  const tenant = h.tenantId(label);
  const service = h.uuid();
  within(tenant, "UPDATE app.tenant SET booking_seconds = 0 WHERE id = :'v1' AND booking_seconds > 0", tenant); // tests type faster than people
  const people = Array.from({ length: o.people || 1 }, () => h.uuid());
  const place = h.one("SELECT id FROM app.location WHERE tenant_id = :'v1' ORDER BY position LIMIT 1", tenant);
  h.sql(`INSERT INTO app.service (tenant_id, id, name, category, duration_min, step_min, min_notice_min, horizon_days, price_cents, position)
         VALUES (:'v1', :'v2', 'Zz test ' || left(:'v2', 8), 'Zz test', :v3, :v3, 0, 60, 5000, 900)`, tenant, service, o.minutes || 30);
  people.forEach((id, i) => within(tenant,
    `INSERT INTO app.staff (tenant_id, id, name, email, is_provider, position) VALUES (:'v1', :'v2', 'Zz Tester ' || :v3, :'v2' || '@test.example', true, 900);
     INSERT INTO app.service_staff (tenant_id, service_id, staff_id) VALUES (:'v1', :'v4', :'v2');
     INSERT INTO app.shift (tenant_id, staff_id, location_id, weekday, starts, ends, valid_from)
     SELECT :'v1', :'v2', :'v5', d, :'v6', :'v7', current_date - 1 FROM generate_series(0, 6) AS d`,
    tenant, id, i + 1, service, place, o.starts || "09:00", o.ends || "17:00"));
  h.sql("DELETE FROM app.job WHERE tenant_id = :'v1' AND kind = 'waitlist.look' AND state = 'ready'", tenant); // new hours are offered to who waits a minute later, in the middle of some test
  if (o.forms)
    h.sql("INSERT INTO app.service_form (tenant_id, service_id, form_id) SELECT :'v1', :'v2', id FROM app.form WHERE tenant_id = :'v1' AND is_active",
      tenant, service);
  return { label, tenant, service, people, place, path: `/book/${service}` };
}
// Out of sight again, so that the studio's booking page stays as it was.
const close = (c) => h.sql("UPDATE app.service SET is_active = false WHERE tenant_id = :'v1' AND id = :'v2'", c.tenant, c.service);

const slotsOf = (html) => [...html.matchAll(/name="slot" value="(\d+)"/g)].map(([, s]) => s);
const dayIn = (days) => new Date(Date.now() + days * 86400000).toISOString().slice(0, 10);
let count = 0;
const phone = () => `(212) ${200 + Math.floor(Math.random() * 799)}-${1000 + Math.floor(Math.random() * 8999)}`;
const person = (values = {}) => ({
  name: `Test Person ${h.uuid().slice(0, 8)}`, email: `person${++count}.${h.uuid().slice(0, 8)}@mail.example`, phone: phone(),
  birth_date: "1990-04-05", is_adult: "true", policy: "true", rule: "true", ...values,
});

// The page of times some days ahead, where every time of the day is still free.
const timesPage = (v, c, days = 3, more = "") => v.get(`${c.path}?week=${dayIn(days)}&day=${dayIn(days)}${more}`);

// Chooses a time: the reply to pressing its button. slot: seconds, or an index among those shown.
async function choose(v, c, slot = 0, o = {}) {
  const page = await timesPage(v, c, o.days, o.more);
  assert.equal(page.status, 200);
  const form = h.formOf(page.text, /^\/book\/[0-9a-f-]{36}\?/); // the one with the times, not the one for a due date
  const value = typeof slot === "number" ? slotsOf(page.text)[slot] : slot;
  return v.post(form.action, { ...form.values, slot: value, ...o.values }, { from: o.from || h.somewhere() });
}
async function hold(v, c, slot = 0, o = {}) {
  const r = await choose(v, c, slot, o);
  assert.equal(r.status, 303, r.text.match(/<h1>.*?<\/h1>/)?.[0]);
  return r.location;
}
// The details form with a person's answers; the reply.
const confirm = (v, at, values = person(), o = {}) => v.submit(at, values, { from: h.somewhere(), ...o });

// All of it. Returns {v, at (of the booked page), link, appointment, client, values}.
async function book(c, o = {}) {
  const v = new h.Visitor(c.label);
  const values = person(o.person);
  const at = await hold(v, c, o.slot ?? 0, o);
  const r = await confirm(v, at, values);
  assert.equal(r.status, 303, r.text.match(/class="error"[^>]*>[^<]*/g)?.join());
  const link = r.location.match(/^\/v\/([0-9a-f-]{36})\/booked$/)[1];
  const [appointment, client] = h.sql("SELECT appointment_id, client_id FROM app.link WHERE id = :'v1'", link)[0];
  return { v, at: `/v/${link}`, link, appointment, client, values, hold: at };
}

// What the staff see of a message to her: its page's text, and the link in it.
async function message(c, client, kind) {
  const id = h.one("SELECT id FROM app.message WHERE client_id = :'v1' AND kind = :'v2' ORDER BY created_at DESC LIMIT 1", client, kind);
  assert.ok(id, `no message '${kind}'`);
  const desk = await h.staff(c.label, "front-desk");
  const page = await desk.get(`/messages/${id}`);
  assert.equal(page.status, 200);
  const text = h.decode(page.text);
  return { id, text, token: text.match(/\/l\/([A-Za-z0-9_-]{43})/)?.[1] };
}

module.exports = { within, corner, close, slotsOf, dayIn, person, timesPage, choose, hold, confirm, book, message };
