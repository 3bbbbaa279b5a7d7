// rush.test.js -- opening day: five hundred visitors at once for fifty times. SECURITY.md section 3, T29.
"use strict";
const { test, after } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");
const k = require("./booking_client");

const VISITORS = 500, TIMES = 50;
const c = k.corner("glow", { minutes: 5, starts: "09:00", ends: "13:10" });
after(() => k.close(c));

test("L21 T29: 500 visitors for 50 times end with exactly 50 bookings, none overlapping, each refusal with alternatives", async () => {
  const page = await k.timesPage(new h.Visitor("glow"), c, 4);
  const form = h.formOf(page.text, /^\/book\//), slots = k.slotsOf(page.text);
  assert.equal(slots.length, TIMES);
  let bookings = 0, refused = 0;
  await Promise.all(Array.from({ length: VISITORS }, async (_, i) => {
    const v = new h.Visitor("glow");
    const r = await v.post(form.action, { ...form.values, idem: h.uuid(), slot: slots[i % TIMES] }, { from: h.somewhere() });
    if (r.status === 409) {
      assert.match(r.text, /has just been taken/);
      assert.ok(k.slotsOf(r.text).length > 0, "no alternatives");
      refused++;
      return;
    }
    assert.equal(r.status, 303);
    assert.equal((await k.confirm(v, r.location)).status, 303);
    bookings++;
  }));
  assert.deepEqual([bookings, refused], [TIMES, VISITORS - TIMES]);
  assert.equal(h.one("SELECT count(*) FROM app.appointment WHERE service_id = :'v1' AND status = 'booked'", c.service), String(TIMES));
  assert.equal(h.one(`SELECT count(*) FROM app.slot a JOIN app.slot b ON b.tenant_id = a.tenant_id AND b.resource_id = a.resource_id AND b.id <> a.id
                      AND b.during && a.during AND a.state IN ('hold', 'booked') AND b.state IN ('hold', 'booked')
                      WHERE a.resource_id = :'v1'`, c.people[0]), "0");
});
