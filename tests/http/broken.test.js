// broken.test.js -- the connection to the database breaks at each statement of a page in turn: whoever only looks sees the page, or
// kind words and when to come back; of what was sent nothing half is kept, and the same form then goes through, once.
// SECURITY.md H-08, D-20; every other call that can fail: tests/slow/inject.test.js.
"use strict";
const { test, describe, before, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const h = require("./harness");
const k = require("./booking_client");
const faulty = require("../slow/faulty");

const corner = k.corner("glow", { people: 2, forms: true });
let dir, library, it;
before(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), "foyer-broken-"));
  fs.chmodSync(dir, 0o755);
  library = faulty.build(dir, { withMemory: false });
  h.sql("DELETE FROM sec.throttle");
});
after(() => {
  k.close(corner);
  fs.rmSync(dir, { recursive: true, force: true });
});
// One worker of this pool for a group of tests.
function pool(name) {
  before(async () => {
    const run = fs.readFileSync(path.join(h.env.vardir, "foyer.conf"), "utf8").match(/^boards = (.*)$/m)[1];
    it = await faulty.pool({ run, vardir: h.env.vardir, h, library }, name);
  });
  after(() => it.stop());
}
const browser = (v) => Object.assign(new it.Visitor(v.label), { jar: v.jar });

// Sends the same again and again, each time with another statement that fails, until none is left to fail. none: whether nothing is kept.
async function each(send, accept, none = () => true) {
  let n = 1;
  for (;; n++) {
    assert.ok(n < 60, "it never ends");
    it.arm(faulty.KINDS.statement, n);
    const r = await send();
    const { fired } = it.state();
    it.disarm();
    if (!fired) {
      assert.ok(accept(r), `without a fault it answered ${r.status}: ${r.text.match(/<h1>[^<]*/)} ${r.text.match(/class="error"[^>]*>[^<]*/g)}`);
      break;
    }
    if (accept(r)) continue; // asked for once more, by itself
    assert.equal(r.status, 503, `statement ${n} failed: ${r.text.match(/<h1>[^<]*/)}`);
    assert.ok(Number(r.headers["retry-after"]) > 0);
    assert.equal(r.cookies.length, 0, "a cookie of what did not happen");
    assert.ok(none(), `statement ${n} failed, and something is kept`);
  }
  assert.ok(n > 1, "no statement was made to fail");
}
const looks = (v, at, good = 200) => each(() => v.get(at), (r) => r.status === good);
const count = (text, ...v) => Number(h.one(text, ...v));

describe("H-08: booking", () => {
  pool("public");
  const day = k.dayIn(3), week = `${corner.path}?week=${day}&day=${day}`;
  test("the pages of times", async () => {
    const v = new it.Visitor("glow");
    for (const at of ["/book", corner.path, week, `${week}&who=${corner.people[0]}`]) await looks(v, at);
    h.sql("UPDATE app.service SET min_notice_min = 60 * 24 * 20 WHERE id = :'v1'", corner.service); // so that this week has none
    try { await looks(v, week); } finally { h.sql("UPDATE app.service SET min_notice_min = 0 WHERE id = :'v1'", corner.service); }
  });
  test("keeping a time, confirming it, and coming in once more by the same form", async () => {
    const v = new it.Visitor("glow"), person = k.person();
    const page = await v.get(week), form = h.formOf(page.text, /^\/book\//), slot = k.slotsOf(page.text)[3];
    const held = () => count("SELECT count(*) FROM app.appointment WHERE service_id = :'v1' AND status = 'held'", corner.service);
    const were = held();
    let r;
    await each(async () => (r = await v.post(form.action, { ...form.values, slot })), (x) => x.status === 303, () => held() === were);
    const at = r.location;
    assert.equal((await v.post(form.action, { ...form.values, slot })).location, at, "the same form, the same time");
    await looks(v, at);
    const details = h.formOf((await v.get(at)).text);
    const known = () => count("SELECT count(*) FROM app.client WHERE email = :'v1'", person.email) + count("SELECT count(*) FROM app.message WHERE to_address = :'v1'", person.email);
    const confirm = async () => (r = await v.post(details.action || at, { ...details.values, ...person }));
    await each(confirm, (x) => x.status === 303, () => known() === 0);
    assert.equal(known(), 3, "one client, two messages");
    await each(confirm, (x) => x.status === 303, () => known() === 3);
    assert.equal(known(), 3);
  });
  test("another time in the place of one that is taken", async () => {
    const v = new it.Visitor("glow"), person = k.person();
    const at = await k.hold(v, corner, 5);
    const hold = at.match(/[0-9a-f-]{36}/)[0], details = h.formOf((await v.get(at)).text);
    const other = k.slotsOf((await v.get(week)).text)[9];
    await looks(v, `${at}?slot=${other}`);
    const booked = () => count("SELECT count(*) FROM app.client WHERE email = :'v1'", person.email);
    await each(() => v.post(details.action || at, { ...details.values, ...person, slot: other }), (x) => x.status === 303, () => booked() === 0);
    assert.equal(booked(), 1);
    assert.ok(hold);
  });
  test("what was taken meanwhile is answered with what is free", async () => {
    const [one, two] = [new it.Visitor("glow"), new it.Visitor("glow")];
    const page = await one.get(`${week}&who=${corner.people[1]}`), form = h.formOf(page.text, /^\/book\//), slot = k.slotsOf(page.text)[7];
    const other = h.formOf((await two.get(`${week}&who=${corner.people[1]}`)).text, /^\/book\//);
    assert.equal((await one.post(form.action, { ...form.values, slot })).status, 303);
    await each(() => two.post(other.action, { ...other.values, slot }), (x) => x.status === 409);
  });
});

describe("H-08: a link in a message", () => {
  pool("public");
  let b;
  before(async () => { b = await k.book(corner, { slot: 2, days: 9 }); });
  test("following it, and the second factor", async () => {
    const v = new it.Visitor("glow"), { token } = await k.message(corner, b.client, "booked");
    let r;
    await each(async () => (r = await v.get(`/l/${token}`)), (x) => x.status === 303);
    const at = r.location;
    await looks(v, at);
    const page = h.formOf((await v.get(at)).text);
    const proofs = () => count("SELECT count(*) FROM sec.link_session WHERE link_id = :'v1'", at.slice(3));
    await each(() => v.post(page.action, { ...page.values, birth_date: "1991-01-01" }), (x) => x.status === 422, () => proofs() === 0);
    await each(() => v.post(page.action, { ...page.values, birth_date: "1990-04-05" }), (x) => x.status === 303, () => proofs() === 0);
    assert.equal(proofs(), 1);
    await looks(v, at, 303);
  });
  test("her appointment: its pages, its forms, moving and cancelling it", async () => {
    const v = browser(b.v), state = () => h.sql("SELECT status, version FROM app.appointment WHERE id = :'v1'", b.appointment)[0].join();
    for (const end of ["/booked", "/visit", "/visit.ics", "/move", "/move?with=any", `/move?week=${k.dayIn(12)}&day=${k.dayIn(12)}`]) await looks(v, b.at + end);
    const links = () => count("SELECT count(*) FROM app.link WHERE client_id = :'v1'", b.client);
    const had = links(), visit = (await v.get(`${b.at}/visit`)).text, fill = h.formOf(visit, `${b.at}/fill`);
    await each(() => v.post(fill.action, fill.values), (x) => x.status === 303, () => links() === had);
    const day = k.dayIn(12), times = (await v.get(`${b.at}/move?week=${day}&day=${day}`)).text, move = h.formOf(times, /\/move\?/);
    const was = state(), messages = () => count("SELECT count(*) FROM app.message WHERE client_id = :'v1'", b.client), sent = messages();
    await each(() => v.post(move.action, { ...move.values, slot: k.slotsOf(times)[0] }), (x) => x.status === 303, () => state() === was && messages() === sent);
    assert.equal(messages(), sent + 1);
    const moved = state(), cancel = h.formOf((await v.get(`${b.at}/visit`)).text, `${b.at}/cancel`);
    await each(() => v.post(cancel.action, cancel.values), (x) => x.status === 303, () => state() === moved && messages() === sent + 1);
    assert.match(state(), /^cancelled/);
  });
});

describe("H-08: the desk", () => {
  pool("staff");
  let v, b;
  before(async () => {
    v = browser(await h.staff("glow", "front-desk"));
    b = await k.book(corner, { slot: 4, days: 11 });
  });
  test("the pages of the day, of a client and of a visit", async () => {
    await looks(v, "/calendar", 303);
    for (const at of [`/day/${k.dayIn(11)}`, "/clients?q=test", `/clients/${b.client}`, `/clients/${b.client}/edit`, 
      `/appointments/${b.appointment}`, `/appointments/new?client_id=${b.client}&service_id=${corner.service}&location_id=${corner.place}&day=${k.dayIn(5)}`, "/messages"])
      await looks(v, at);
  });
  test("booking somebody new, moving her, cancelling", async () => {
    const at = `/appointments/new?service_id=${corner.service}&location_id=${corner.place}&day=${k.dayIn(13)}`;
    const page = (await v.get(at)).text, form = h.formOf(page.slice(page.indexOf('<form class="form" method="post"')), "/appointments/new"), name = `Zz Broken ${h.uuid()}`, email = `${h.uuid()}@mail.example`;
    const values = { ...form.values, name, email, birth_date: "1980-02-03", service_id: corner.service, location_id: corner.place, staff_id: corner.people[0], day: k.dayIn(13), time: "10:00" };
    const known = () => count("SELECT count(*) FROM app.client WHERE name = :'v1'", name) + count("SELECT count(*) FROM app.message WHERE to_address = :'v1'", email);
    let r;
    await each(async () => (r = await v.post("/appointments/new", values)), (x) => x.status === 303, () => known() === 0);
    assert.ok(known() > 1, "a client and what she is told");
    const visit = r.location, id = visit.split("/")[2], state = () => h.sql("SELECT status, version FROM app.appointment WHERE id = :'v1'", id)[0].join();
    for (const [end, more] of [["/move", { day: k.dayIn(13), time: "11:00", staff_id: corner.people[0] }], ["/status", { status: "confirmed" }], ["/cancel", { reason: "client_ill" }]]) {
      const was = state(), page = h.formOf((await v.get(visit)).text, visit + end), told = known();
      await each(() => v.post(visit + end, { ...page.values, ...more }), (x) => x.status === 303, () => state() === was && known() === told);
      assert.notEqual(state(), was, end);
    }
  });
  test("adding a client, and sending her a link to her forms", async () => {
    const form = h.formOf((await v.get("/clients/new")).text), name = `Zz Broken ${h.uuid()}`;
    const known = () => count("SELECT count(*) FROM app.client WHERE name = :'v1'", name);
    await each(() => v.post("/clients/new", { ...form.values, name, birth_date: "1980-02-03", email: `${h.uuid()}@mail.example` }), (x) => x.status === 303, () => known() === 0);
    assert.equal(known(), 1);
    const link = h.formOf((await v.get(`/clients/${b.client}`)).text, /\/form-link$/);
    const sent = () => count("SELECT count(*) FROM app.message WHERE client_id = :'v1' AND kind = 'form_link'", b.client);
    await each(() => v.post(link.action, link.values), (x) => x.status === 303, () => sent() === 0);
    assert.equal(sent(), 1);
  });
  test("logging out", async () => {
    const w = browser(await h.staff("glow", "biller", { fresh: true }));
    const page = h.formOf((await w.get("/clients")).text, "/logout");
    await each(() => w.post("/logout", page.values), (x) => x.status === 303);
    assert.equal((await w.get("/clients")).status, 303);
  });
});

describe("H-08: log-in", () => {
  pool("slow");
  test("a session, or none", async () => {
    const v = new it.Visitor("glow"), { email, password } = h.staffOf("glow", "manager");
    await looks(v, "/login");
    const form = h.formOf((await v.get("/login")).text);
    const sessions = () => count("SELECT count(*) FROM sec.session s JOIN app.staff p ON p.id = s.staff_id WHERE p.email = :'v1'", email);
    const had = sessions();
    await each(() => v.post("/login", { ...form.values, email, password: "not this one" }), (x) => x.status === 422);
    await each(() => v.post("/login", { ...form.values, email, password }), (x) => x.status === 303, () => sessions() === had);
    assert.equal(sessions(), had + 1);
    h.sql("DELETE FROM sec.throttle");
  });
});
