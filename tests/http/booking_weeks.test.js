// booking_weeks.test.js -- weeks of pregnancy at the booking page: a due date that stays sealed, days that fit and no others, kind
// words otherwise; several services and add-ons in one visit; a month at a glance. L21 B14 B57 B-09.
"use strict";
const { test, describe, after } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");
const k = require("./booking_client");

const c = k.corner("first-light"), g = k.corner("glow");
after(() => { k.close(c); k.close(g); h.sql("UPDATE app.service SET is_active = false WHERE id = :'v1'", second); });
h.sql("UPDATE app.service SET week_from = 26, week_to = 32 WHERE id = :'v1'", c.service);
// The due date of somebody whose week 26 begins in so many days.
const dueIn = (days) => k.dayIn(280 - 26 * 7 + days);
const tell = async (v, due_date, path = c.path) => v.submit(path, { due_date }, { action: new RegExp("/weeks$") });
const daysOf = (html) => [...html.matchAll(/class="(?:day-chip|month-day)" href="\?week=[^&]*&amp;day=(\d{4}-\d\d-\d\d)/g)].map(([, d]) => d);
const timesForm = (html) => h.formOf(html, /^\/book\/[0-9a-f-]{36}\?/);
const notices = (r) => h.decode((r.text.match(/class="errors"[\s\S]*?<\/div>/) || [""])[0]);

const second = h.uuid(), addon = h.uuid();
h.sql(`INSERT INTO app.service (tenant_id, id, name, category, duration_min, step_min, min_notice_min, horizon_days, price_cents, position)
       VALUES (:'v1', :'v2', 'Zz second', 'Zz test', 20, 20, 0, 60, 2000, 901);
       INSERT INTO app.service_staff (tenant_id, service_id, staff_id) VALUES (:'v1', :'v2', :'v3');
       INSERT INTO app.addon (tenant_id, id, name, minutes, price_cents) VALUES (:'v1', :'v4', 'Zz light', 15, 1500);
       INSERT INTO app.service_addon (tenant_id, service_id, addon_id) VALUES (:'v1', :'v5', :'v4')`, g.tenant, second, g.people[0], addon, g.service);

describe("a due date, told before a time is chosen", () => {
  test("leads on without standing in the address; only days that fit are offered, each with the week she will be in", async () => {
    const v = new h.Visitor("first-light");
    const asked = await v.get(c.path);
    assert.match(asked.text, /When is your baby due\?/);
    assert.match(asked.text, /best between weeks 26 and 32/);
    const due = dueIn(10), r = await tell(v, due);
    assert.equal(r.status, 303);
    assert.ok(!r.location.includes(due) && !r.location.includes(due.replace(/-/g, "")), "the date stands in the address");
    const page = await v.get(r.location);
    assert.deepEqual(page.cookies, []);
    const [first, last] = [k.dayIn(10), k.dayIn(10 + 7 * 7 - 1)];
    const shown = daysOf(page.text);
    assert.ok(shown.length >= 5 && shown.every((d) => d >= first && d <= last), shown.join());
    assert.match(page.text, /you will be in week 26/);
    const far = await v.get(`${r.location}&week=${k.dayIn(57)}`);
    assert.ok(daysOf(far.text).every((d) => d <= last), "a day after week 32 is offered");
    const month = await v.get(`${r.location}&month=${first.slice(0, 8)}01`);
    const inMonth = daysOf(month.text.slice(month.text.indexOf('class="month"'), month.text.indexOf("The small number")));
    assert.ok(inMonth.length > 0 && inMonth.every((d) => d >= first && d <= last), inMonth.join());
    assert.match(month.text, /times free/);
  });
  test("a token that was altered, or made for another studio, tells nothing and harms nothing", async () => {
    const v = new h.Visitor("first-light"), r = await tell(v, dueIn(10));
    const token = new URL(r.location, "https://x").searchParams.get("due");
    for (const bad of [`${token.slice(0, 60)}${token[60] === "A" ? "B" : "A"}${token.slice(61)}`, token.slice(0, 40), "2026-01-01", "A".repeat(63)])
      assert.match((await v.get(`${c.path}?due=${bad}`)).text, /When is your baby due\?/, bad);
    h.sql("UPDATE app.service SET week_from = 26, week_to = 32 WHERE id = :'v1'", g.service);
    assert.match((await h.request("glow", `${g.path}?due=${token}`)).text, /When is your baby due\?/);
    h.sql("UPDATE app.service SET week_from = NULL, week_to = NULL WHERE id = :'v1'", g.service);
  });
  test("what cannot be a due date is said beside the field; weeks that are over, or too far ahead, in kind words", async () => {
    const v = new h.Visitor("first-light");
    for (const odd of [k.dayIn(400), k.dayIn(-60)]) {
      const r = await tell(v, odd);
      assert.equal(r.status, 422);
      assert.match(r.text, /id="due_date-error">Please look again: a due date lies/);
    }
    const over = await v.get((await tell(v, k.dayIn(14))).location);
    assert.match(over.text, /the weeks for this visit are behind you/);
    assert.equal(k.slotsOf(over.text).length, 0);
    const later = await v.get((await tell(v, dueIn(90))).location);
    assert.match(later.text, /further ahead than can be booked today/);
    assert.equal(k.slotsOf(later.text).length, 0);
  });
});

describe("confirming a visit for some weeks", () => {
  test("the due date goes along, is asked for when it was not told, and one that does not fit is refused with the way to other days", async () => {
    const v = new h.Visitor("first-light"), due = dueIn(8);
    const page = await v.get((await tell(v, due)).location), form = timesForm(page.text);
    const held = await v.post(form.action, { ...form.values, slot: k.slotsOf(page.text)[0] }, { from: h.somewhere() });
    assert.equal(held.status, 303);
    assert.ok(!held.location.includes(due));
    const details = await v.get(held.location), filled = h.formOf(details.text);
    assert.equal(filled.values.due_date, due);
    assert.match(details.text, /you will be in week 26/);
    const person = k.person(), send = (more) => v.post(held.location.split("?")[0], { ...filled.values, ...person, idem: h.uuid(), ...more }, { from: h.somewhere() });
    const none = await send({ due_date: "" });
    assert.equal(none.status, 422);
    assert.match(none.text, /id="due_date-error">Please give your due date/);
    const wrong = await send({ due_date: dueIn(60) });
    assert.equal(wrong.status, 422);
    assert.match(notices(wrong), /weeks 26 to 32 of a pregnancy/);
    const others = h.decode(wrong.text.match(/href="(\/book\/[^"]*due=[^"]*)">Look at other days/)[1]);
    assert.match((await v.get(others)).text, /You are due on/);
    assert.equal(h.formOf(wrong.text).values.name, person.name);
    assert.equal((await send({})).status, 303);
    assert.equal(h.one("SELECT due_date FROM app.client WHERE email = :'v1'", person.email), due);
  });
  test("B57: for new or for known clients, or after another visit: said on the list, refused kindly with what to do", async () => {
    const v = new h.Visitor("glow");
    k.within(g.tenant, "UPDATE app.service SET new_client_rule = 'known' WHERE id = :'v1'", g.service);
    assert.match((await v.get("/book")).text, /For people who have been with us before/);
    const at = await k.hold(v, g, 0, { days: 20 }), r = await k.confirm(v, at);
    assert.equal(r.status, 422);
    assert.match(notices(r), /for people who have been with us before/);
    assert.match(r.text, /Look at other days[\s\S]*Other services[\s\S]*href="tel:/);
    k.within(g.tenant, "UPDATE app.service SET new_client_rule = 'any', prerequisite_id = :'v2', prerequisite_days = 30 WHERE id = :'v1'", g.service, second);
    const early = await k.confirm(v, at);
    assert.equal(early.status, 422);
    assert.match(notices(early), /Zz second/);
    k.within(g.tenant, "UPDATE app.service SET prerequisite_id = NULL, prerequisite_days = NULL WHERE id = :'v1'", g.service);
    assert.equal((await k.confirm(v, at)).status, 303);
  });
});

describe("more than one thing in a visit", () => {
  test("an add-on takes its time and costs its price, and is left out by a second tap", async () => {
    const v = new h.Visitor("glow"), day = k.dayIn(21);
    const plain = await v.get(`${g.path}?week=${day}&day=${day}`);
    const add = h.decode(plain.text.match(/href="(\?addons=[^"]*)"[^>]*><b>Add: Zz light/)[1]);
    const page = await v.get(`${g.path}${add}&week=${day}&day=${day}`);
    assert.match(page.text, /45 min · \$65\.00/);
    assert.match(page.text, /With: Zz light/);
    assert.ok(k.slotsOf(page.text).length < k.slotsOf(plain.text).length);
    const form = timesForm(page.text), held = await v.post(form.action, { ...form.values, slot: k.slotsOf(page.text)[1] }, { from: h.somewhere() });
    const details = await v.get(held.location);
    assert.match(details.text, /with Zz light/);
    assert.match(details.text, /\$65\.00, paid at the studio/);
    const done = await k.confirm(v, held.location);
    assert.equal(done.status, 303);
    assert.match((await v.get(done.location)).text, /with Zz light/);
    const off = h.decode(page.text.match(/href="(\?addons=[^"]*)"[^>]*><b>With: Zz light/)[1]);
    assert.match((await v.get(`${g.path}${off}&week=${day}&day=${day}`)).text, /30 min · \$50\.00/);
    assert.equal((await v.get(`${g.path}?addons=nonsense,,x&also=none`)).status, 200);
  });
  test("B14: two services one after the other: held, refused to others and booked together", async () => {
    const v = new h.Visitor("glow"), day = k.dayIn(22), at = `${g.path}?also=${second}&week=${day}&day=${day}`;
    const page = await v.get(at), form = timesForm(page.text), slot = k.slotsOf(page.text)[2];
    assert.match(page.text, /One after the other, in one visit/);
    const held = await v.post(form.action, { ...form.values, slot }, { from: h.somewhere() });
    assert.equal(held.status, 303);
    const details = await v.get(held.location);
    assert.match(details.text, /Zz second, 20 min/);
    assert.ok(!k.slotsOf((await v.get(at)).text).includes(slot));
    const person = k.person(), done = await k.confirm(v, held.location, person);
    assert.equal(done.status, 303);
    const parts = h.sql(`SELECT a.group_position, a.status, extract(epoch FROM a.starts_at)::bigint - :v2, extract(epoch FROM a.ends_at - a.starts_at)::int
                         FROM app.appointment a JOIN app.client c ON c.id = a.client_id WHERE c.email = :'v1' ORDER BY 1`, person.email, slot);
    assert.deepEqual(parts, [["1", "booked", "0", "1800"], ["2", "booked", "1800", "1200"]]);
    const shown = await v.get(done.location);
    assert.match(shown.text, /Part 1 of 2 of one visit[\s\S]*Part 2 of 2 of one visit/);
    const client = h.one("SELECT id FROM app.client WHERE email = :'v1'", person.email);
    assert.match((await k.message(g, client, "booked")).text, /has 2 parts, one after the other, until/);
  });
  test("B14: each part has its own add-ons, and loses them when it is left out", async () => {
    const v = new h.Visitor("glow"), day = k.dayIn(24), when = `&week=${day}&day=${day}`;
    h.sql("INSERT INTO app.service_addon (tenant_id, service_id, addon_id) VALUES (:'v1', :'v2', :'v3')", g.tenant, second, addon);
    const links = (text, word) => [...text.matchAll(new RegExp(`href="(\\?(?:addons|also)=[^"]*)"[^>]*><b>${word}: (Zz [^<]*)</b><small>(?:to (Zz [^,]*), )?`, "g"))]
      .map(([, href, name, to]) => [h.decode(href), name, to]);
    const both = await v.get(`${g.path}?also=${second}${when}`), [first, other] = links(both.text, "Add").filter(([, name]) => name === "Zz light");
    assert.match(first[2], /^Zz test/);
    assert.equal(other[2], "Zz second");
    const one = await v.get(`${g.path}${other[0]}${when}`);
    assert.match(one.text, /1 h 5 min · \$85\.00/);
    const two = await v.get(`${g.path}${links(one.text, "Add").find(([, name]) => name === "Zz light")[0]}${when}`);
    assert.match(two.text, /1 h 20 min · \$100\.00/);
    const less = await v.get(`${g.path}${links(two.text, "With").find(([, name]) => name === "Zz second")[0]}${when}`);
    assert.match(less.text, /45 min · \$65\.00/, "the add-on of a part that was left out stays");
    const form = timesForm(one.text), slot = k.slotsOf(one.text)[1], held = await v.post(form.action, { ...form.values, slot }, { from: h.somewhere() });
    assert.equal(held.status, 303);
    assert.match((await v.get(held.location)).text, /Zz second[\s\S]*with Zz light/);
    const person = k.person();
    assert.equal((await k.confirm(v, held.location, person)).status, 303);
    assert.deepEqual(h.sql(`SELECT a.group_position, extract(epoch FROM a.starts_at)::bigint - :v2, extract(epoch FROM a.ends_at - a.starts_at)::int, a.price_cents, (SELECT count(*) FROM app.appointment_addon d WHERE d.appointment_id = a.id)
      FROM app.appointment a JOIN app.client c ON c.id = a.client_id WHERE c.email = :'v1' ORDER BY 1`, person.email, slot), [["1", "0", "1800", "5000", "0"], ["2", "1800", "2100", "3500", "1"]]);
  });
  test("taken while she looked: the nearest times for the whole visit", async () => {
    const v = new h.Visitor("glow"), day = k.dayIn(23), at = `${g.path}?also=${second}&week=${day}&day=${day}`;
    const page = await v.get(at), form = timesForm(page.text), slot = k.slotsOf(page.text)[2];
    await k.hold(new h.Visitor("glow"), g, slot, { days: 23 });
    const r = await v.post(form.action, { ...form.values, slot }, { from: h.somewhere() });
    assert.equal(r.status, 409);
    const near = k.slotsOf(r.text.slice(r.text.indexOf("Nearest free times"), r.text.indexOf("data-slots>")));
    assert.ok(near.length === 6 && !near.includes(slot));
    const again = timesForm(r.text);
    assert.equal((await v.post(again.action, { ...again.values, slot: near[0] }, { from: h.somewhere() })).status, 303);
  });
});

test("B-09: the page of times is the same whoever stands in the way: another client, or nobody at all", async () => {
  const v = new h.Visitor("glow"), at = `${g.path}?week=${k.dayIn(25)}&day=${k.dayIn(25)}`;
  const plain = async (path = at) => (await v.get(path)).text.replace(/name="(csrf|idem)" value="[^"]*"/g, "");
  const free = k.slotsOf(await plain());
  const b = await k.book(g, { slot: free[4], days: 25, person: { name: "Secret Somebody" } });
  const taken = [await plain(), await plain(`${at}&month=${k.dayIn(25).slice(0, 8)}01`)];
  k.within(g.tenant, `UPDATE app.slot SET state = 'released', hold_until = NULL WHERE appointment_id = :'v1';
    INSERT INTO app.time_off (tenant_id, staff_id, starts_at, ends_at) SELECT tenant_id, staff_id, starts_at, ends_at FROM app.appointment WHERE id = :'v1'`, b.appointment);
  assert.ok(!k.slotsOf(taken[0]).includes(free[4]));
  assert.deepEqual([await plain(), await plain(`${at}&month=${k.dayIn(25).slice(0, 8)}01`)], taken);
  h.sql("DELETE FROM app.time_off WHERE staff_id = :'v1'", g.people[0]);
});
