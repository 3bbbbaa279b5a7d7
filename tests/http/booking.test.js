// booking.test.js -- a visitor books. B02 B13 B14 B21 B57 L02 L09 L21 L54; SECURITY.md B-01 B-03 B-04 B-09 T28.
"use strict";
const { test, describe, after } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");
const k = require("./booking_client");

const c = k.corner("glow", { forms: true });
const pair = k.corner("glow", { people: 2 });
after(() => [c, pair].forEach(k.close));
const clients = () => Number(h.one("SELECT count(*) FROM app.client WHERE tenant_id = :'v1'", c.tenant));
const row = (id) => h.sql(`SELECT a.status, a.service_id, a.location_id, a.staff_id, extract(epoch FROM a.starts_at)::bigint, a.source
                           FROM app.appointment a WHERE a.id = :'v1'`, id)[0];
const errors = (r) => (r.text.match(/class="error"[^>]*>[^<]*/g) || []).map((e) => h.decode(e.replace(/^[^>]*>/, "")));

describe("L02 B21: the booking pages are for everybody", () => {
  test("no cookie, no script needed, nothing from elsewhere, in the studio's name", async () => {
    const v = new h.Visitor("glow");
    const at = await k.hold(v, c, 0);
    for (const target of ["/book", c.path, at, "/privacy", "/privacy/1"]) {
      const r = await v.get(target);
      assert.equal(r.status, 200, target);
      assert.deepEqual(r.cookies, [], target);
      assert.match(r.text, /Glow Medical Spa/);
      for (const [, address] of r.text.matchAll(/(?:src|href|action)="([^"]*)"/g))
        assert.match(h.decode(address), /^(\/(?!\/)|[?#]|tel:)/, `${target} points to ${address}`);
    }
  });
  test("B02: each page links the studio's own privacy text, in the version that is accepted", async () => {
    const v = new h.Visitor("glow");
    const page = await v.get(await k.hold(v, c, 1));
    assert.match(page.text, /href="\/privacy"/);
    const [, version] = page.text.match(/href="\/privacy\/(\d+)"/);
    const text = await v.get(`/privacy/${version}`);
    assert.match(text.text, /How Glow handles your data/);
    const b = await k.book(c, { slot: 0 });
    assert.equal(h.one(`SELECT p.version FROM app.appointment a JOIN app.policy_version p ON p.id = a.policy_version_id WHERE a.id = :'v1'`,
      b.appointment), version);
  });
  test("L01: another studio's service and hold are not there", async () => {
    const other = k.corner("first-light");
    const v = new h.Visitor("glow");
    assert.equal((await v.get(other.path)).status, 404);
    const held = await k.hold(new h.Visitor("first-light"), other, 0);
    const theirs = await v.get(held), nothing = await v.get(`/book/hold/${h.uuid()}`);
    assert.equal(theirs.status, 410);
    assert.equal(nothing.status, 410);
    k.close(other);
  });
});

describe("L21 B14: a booking", () => {
  test("holds service, place, person and time, and keeps the history of its status (L09)", async () => {
    const page = await k.timesPage(new h.Visitor("glow"), c);
    const slot = k.slotsOf(page.text)[3];
    const b = await k.book(c, { slot });
    assert.deepEqual(row(b.appointment), ["booked", c.service, c.place, c.people[0], slot, "online"]);
    assert.deepEqual(h.sql("SELECT status FROM app.appointment_event WHERE appointment_id = :'v1' ORDER BY at", b.appointment), [["held"], ["booked"]]);
    const shown = await b.v.get(`${b.at}/booked`);
    assert.equal(shown.status, 200);
    assert.match(shown.text, /Your appointment is booked/);
    assert.match(shown.text, /New York time/);
    assert.match(shown.text, /Fill in your forms/);
    assert.deepEqual(h.trail(shown.id).map((e) => [e.action, e.clients]), [["booking.read", [b.client]]]);
    const again = await k.timesPage(new h.Visitor("glow"), c);
    assert.ok(!k.slotsOf(again.text).includes(slot), "the time is still offered");
  });
  test("the client is kept as typed, the phone number as E.164, with what she attested (B13 B57)", async () => {
    const b = await k.book(c, { slot: 0, person: { name: "Zoë O'Hara", preferred_name: "Zo", phone: "212 555 0177" } });
    const [name, preferred, phone, born, attested, source] = h.sql(
      `SELECT name, preferred_name, phone, birth_date, adult_attested_at IS NOT NULL, source FROM app.client WHERE id = :'v1'`, b.client)[0];
    assert.deepEqual([name, preferred, phone, born, attested, source], ["Zoë O'Hara", "Zo", "+12125550177", "1990-04-05", "t", "online"]);
  });
  test("B13: two people may share an e-mail address, and neither touches the other", async () => {
    const email = `shared.${h.uuid().slice(0, 8)}@mail.example`;
    const one = await k.book(c, { slot: 0, person: { name: "First Person", email, phone: "(212) 555-0199" } });
    const two = await k.book(c, { slot: 0, person: { name: "Second Person", email, phone: "(212) 555-0111" } });
    assert.notEqual(one.client, two.client);
    assert.equal(h.one("SELECT name FROM app.client WHERE id = :'v1'", one.client), "First Person");
    assert.equal(h.one("SELECT phone FROM app.client WHERE id = :'v1'", one.client), "+12125550199");
  });
  test("nobody learns whether somebody is a client: the same details again answer alike, and touch nothing old", async () => {
    const one = await k.book(c, { slot: 0 });
    const two = await k.book(c, { slot: 0, person: one.values });
    assert.notEqual(one.client, two.client);
    assert.equal((await two.v.get(`${one.at}/visit`)).status, 401);
  });
  test("the person chosen is the person booked; with anyone, whoever has less to do", async () => {
    const chosen = await k.book(pair, { slot: 0, more: `&who=${pair.people[1]}` });
    assert.equal(row(chosen.appointment)[3], pair.people[1]);
    const any = await k.book(pair, { slot: 0 });
    assert.equal(row(any.appointment)[3], pair.people[0]);
  });
});

describe("what is wrong is said beside its field, and everything typed stays", () => {
  test("missing and impossible values", async () => {
    const v = new h.Visitor("glow");
    const at = await k.hold(v, c, 0, { days: 11 });
    const before = clients();
    const r = await k.confirm(v, at, k.person({ name: "  ", email: "no address", phone: "12", birth_date: "1990-02-31", preferred_name: "<b>Zo</b>" }));
    assert.equal(r.status, 422);
    assert.equal(errors(r).length, 4);
    assert.equal(h.formOf(r.text).values.preferred_name, "<b>Zo</b>");
    const odd = await k.confirm(v, at, k.person({ phone: "123 456 7890" }));
    assert.equal(odd.status, 422);
    assert.match(errors(odd).join(), /phone number/);
    assert.equal(clients(), before);
  });
  test("B57 L54: under 18, or not attested, is asked to call", async () => {
    const v = new h.Visitor("glow");
    const at = await k.hold(v, c, 0, { days: 4 });
    const young = await k.confirm(v, at, k.person({ birth_date: k.dayIn(-17 * 365) }));
    assert.equal(young.status, 422);
    assert.match(errors(young).join(), /18 years.*call the studio/);
    const { is_adult: _, ...rest } = k.person();
    const unsaid = await k.confirm(v, at, rest);
    assert.equal(unsaid.status, 422);
    assert.match(errors(unsaid).join(), /adults/);
    assert.equal(row(at.match(/[0-9a-f-]{36}/)[0])[0], "held");
  });
  test("B02: without accepting the text in force, or with an older version, nothing is booked", async () => {
    const v = new h.Visitor("first-light");
    const f = k.corner("first-light");
    const at = await k.hold(v, f, 0);
    const { policy: _, ...rest } = k.person();
    assert.equal((await k.confirm(v, at, rest)).status, 422);
    assert.equal((await k.confirm(v, at, k.person({ policy_version_id: "" }))).status, 422);
    h.sql(`INSERT INTO app.policy_version (tenant_id, kind, version, title, body, effective_on)
           SELECT tenant_id, kind, version + 1, title, body || ' And one thing more.', current_date - 1 FROM app.policy_version
           WHERE tenant_id = :'v1' AND kind = 'privacy' ORDER BY version DESC LIMIT 1`, f.tenant);
    const old = h.one("SELECT id FROM app.policy_version WHERE tenant_id = :'v1' AND kind = 'privacy' AND version = 1", f.tenant);
    const late = await k.confirm(v, at, k.person({ policy_version_id: old, name: "Kept Name" }));
    assert.equal(late.status, 422);
    assert.match(errors(late).join(), /terms have changed/);
    assert.equal(h.formOf(late.text).values.name, "Kept Name");
    assert.equal((await k.confirm(v, at, k.person())).status, 303);
    k.close(f);
  });
});

describe("L21 B-03: a time that somebody else was faster to take", () => {
  test("is answered at once with the nearest free ones, each a button", async () => {
    const first = new h.Visitor("glow"), second = new h.Visitor("glow");
    const page = await k.timesPage(second, c, 5);
    const form = h.formOf(page.text, /^\/book\//), slots = k.slotsOf(page.text);
    await k.hold(first, c, slots[4], { days: 5 });
    const r = await second.post(form.action, { ...form.values, slot: slots[4] });
    assert.equal(r.status, 409);
    assert.match(r.text, /has just been taken/);
    const offered = k.slotsOf(r.text.slice(r.text.indexOf("Nearest free times"), r.text.indexOf("data-slots>")));
    assert.equal(offered.length, 6);
    assert.ok(!offered.includes(slots[4]) && offered.includes(slots[3]) && offered.includes(slots[5]));
    const retry = h.formOf(r.text, /^\/book\//);
    assert.equal((await second.post(retry.action, { ...retry.values, slot: offered[0] })).status, 303);
  });
  test("while she typed: nothing is lost, the nearest ones stand in the form, and one of them is booked", async () => {
    const v = new h.Visitor("glow");
    const page = await k.timesPage(v, c, 6);
    const slot = k.slotsOf(page.text)[4];
    const at = await k.hold(v, c, slot, { days: 6 });
    const id = at.match(/[0-9a-f-]{36}/)[0];
    h.sql("UPDATE app.slot SET hold_until = now() - interval '1 minute' WHERE appointment_id = :'v1'", id);
    await k.book(c, { slot, days: 6 });
    const values = k.person({ name: "Slow Typist" });
    const r = await k.confirm(v, at, values);
    assert.equal(r.status, 409);
    assert.match(r.text, /Everything you typed is still there/);
    const form = h.formOf(r.text);
    for (const name of ["name", "email", "phone", "birth_date", "is_adult", "policy"])
      assert.equal(form.values[name], values[name], name);
    const offered = k.slotsOf(r.text);
    assert.equal(offered.length, 6);
    assert.ok(!offered.includes(slot));
    const wrong = await v.post(form.action, { ...form.values, slot: offered[2], phone: "12" });
    assert.equal(wrong.status, 422);
    assert.match(wrong.text, new RegExp(`value="${offered[2]}" required checked`));
    const done = await v.post(form.action, { ...h.formOf(wrong.text).values, slot: offered[2], phone: values.phone });
    assert.equal(done.status, 303);
    assert.equal(h.one(`SELECT extract(epoch FROM a.starts_at)::bigint FROM app.appointment a JOIN app.client c ON c.id = a.client_id
                        WHERE c.email = :'v1' AND a.status = 'booked'`, values.email), offered[2]);
  });
  test("a hold whose time is over is still hers as long as nobody took it", async () => {
    const v = new h.Visitor("glow");
    const at = await k.hold(v, c, 0, { days: 7 });
    const id = at.match(/[0-9a-f-]{36}/)[0];
    h.sql("UPDATE app.slot SET hold_until = now() - interval '1 minute' WHERE appointment_id = :'v1'", id);
    assert.match((await v.get(at)).text, /no longer kept for you/);
    assert.equal((await k.confirm(v, at)).status, 303);
    const w = new h.Visitor("glow");
    const freed = await k.hold(w, c, 1, { days: 7 });
    const other = freed.match(/[0-9a-f-]{36}/)[0];
    k.within(c.tenant, `UPDATE app.slot SET state = 'released', hold_until = NULL WHERE appointment_id = :'v1';
           UPDATE app.appointment SET status = 'expired' WHERE id = :'v1'`, other);
    assert.equal((await k.confirm(w, freed)).status, 303);
    assert.equal(row(other)[0], "booked");
  });
});

describe("B-04 T28: the same form twice is one booking", () => {
  test("at once and later; she is let in again; other content under the same key is refused", async () => {
    const v = new h.Visitor("glow");
    const at = await k.hold(v, c, 0, { days: 8 });
    const values = { ...h.formOf((await v.get(at)).text).values, ...k.person() };
    const before = clients();
    const replies = await Promise.all(Array.from({ length: 5 }, () => h.request("glow", at, { method: "POST", body: values })));
    assert.deepEqual(replies.map((r) => r.status), [303, 303, 303, 303, 303]);
    assert.equal(new Set(replies.map((r) => r.location)).size, 1);
    assert.equal(clients(), before + 1);
    for (const r of replies) {
      const w = new h.Visitor("glow");
      w.keep(r);
      assert.equal((await w.get(r.location)).status, 200);
    }
    const other = await h.request("glow", at, { method: "POST", body: { ...values, name: "Somebody Else" } });
    assert.equal(other.cookies.length, 0);
    assert.notEqual(other.status, 303);
    assert.equal(clients(), before + 1);
  });
  test("a time pressed twice is held once; going back to choose another is no repetition", async () => {
    const v = new h.Visitor("glow");
    const page = await k.timesPage(v, c, 9);
    const form = h.formOf(page.text, /^\/book\//), slots = k.slotsOf(page.text);
    const press = (slot) => v.post(form.action, { ...form.values, slot });
    const one = await press(slots[0]), same = await press(slots[0]), other = await press(slots[1]);
    assert.equal(one.location, same.location);
    assert.equal(other.status, 303);
    assert.notEqual(one.location, other.location);
  });
  test("without a key, or from another page, nothing is booked (L36)", async () => {
    const v = new h.Visitor("glow");
    const at = await k.hold(v, c, 0, { days: 9 });
    const values = { ...h.formOf((await v.get(at)).text).values, ...k.person() };
    assert.equal((await v.post(at, { ...values, csrf: "x" })).status, 403);
    assert.equal((await v.post(at, values, { origin: "https://evil.example", site: "cross-site" })).status, 403);
    assert.equal((await v.post(at, { ...values, idem: "" })).status, 400);
  });
});

describe("the message to her", () => {
  test("names no service, is sealed, carries a calendar entry and a link; the forms have their own", async () => {
    const b = await k.book(c, { slot: 0, days: 10 });
    const sealed = h.sql("SELECT kind, subject, body IS NULL, body_sealed IS NOT NULL, ics_sealed IS NOT NULL FROM app.message WHERE client_id = :'v1' ORDER BY kind", b.client);
    assert.deepEqual(sealed.map(([kind, , plain, body, ics]) => [kind, plain, body, ics]), [["booked", "t", "t", "t"], ["forms", "t", "t", "f"]]);
    for (const kind of ["booked", "forms"]) {
      const m = await k.message(c, b.client, kind);
      assert.doesNotMatch(m.text, /Zz test/, "the message names the service");
      assert.ok(m.token, "no link in it");
    }
    const raw = h.one("SELECT string_agg(encode(body_sealed, 'escape') || encode(coalesce(link_sealed, ''), 'escape'), '') FROM app.message WHERE client_id = :'v1'", b.client);
    assert.ok(!raw.includes("Glow") && !raw.includes("/l/"), "the text lies open in the database");
  });
});

test("B-09 V-07: one address cannot hold a whole calendar", async () => {
  const c2 = k.corner("glow", { minutes: 5, starts: "09:00", ends: "13:10" }), from = h.somewhere();
  try {
    const page = await k.timesPage(new h.Visitor("glow"), c2, 4);
    const form = h.formOf(page.text, /^\/book\//), slots = k.slotsOf(page.text);
    const seen = [];
    for (const slot of slots.slice(0, 33)) seen.push((await new h.Visitor("glow").post(form.action, { ...form.values, idem: h.uuid(), slot }, { from })).status);
    assert.equal(seen.filter((s) => s === 303).length, 30, seen.join(" "));
    assert.ok(seen.slice(30).every((s) => s === 429));
    const other = await new h.Visitor("glow").post(form.action, { ...form.values, idem: h.uuid(), slot: slots[40] }, { from: h.somewhere() });
    assert.equal(other.status, 303, "another visitor still books");
  } finally {
    k.close(c2);
  }
});
