// calendar.test.js -- the calendar by hand: a visit is dragged, stretched and moved by keys, an empty hour becomes a booking in three
// steps, the board takes somebody in, and what a colleague changes appears by itself. B14 L09 L17 L24.
"use strict";
const { describe, before } = require("node:test");
const b = require("./harness");
const { test, assert } = b;

const glow = b.origin("glow"), tenant = () => b.tenantId("glow");
const as = "SELECT set_config('foyer.tenant_id', :'v1', false), set_config('foyer.actor_kind', 'job', false) \\g /dev/null\n";
let place, zone, staff, provider, service, day, another, client, clientName;

// Two weekdays far ahead on which nobody has booked at the place.
before(() => {
  [place, zone] = b.sql("SELECT id, zone FROM app.location WHERE tenant_id = :'v1' AND is_active ORDER BY position, name LIMIT 1", tenant())[0];
  [service, staff, provider] = b.sql(`SELECT v.id, f.id, f.name FROM app.service v JOIN app.service_staff x ON x.tenant_id = v.tenant_id AND x.service_id = v.id
    JOIN app.staff f ON f.tenant_id = x.tenant_id AND f.id = x.staff_id WHERE v.tenant_id = :'v1' AND v.name = 'Consultation' AND f.is_active
      AND EXISTS (SELECT FROM app.shift s WHERE s.tenant_id = f.tenant_id AND s.staff_id = f.id AND s.location_id = :'v2') ORDER BY f.position, f.name LIMIT 1`, tenant(), place)[0];
  [[day], [another]] = b.sql(`SELECT d::date FROM generate_series(current_date + 200, current_date + 260, interval '1 day') AS d
    WHERE extract(dow FROM d) BETWEEN 1 AND 5 AND NOT EXISTS (SELECT FROM app.appointment a WHERE a.tenant_id = :'v1' AND a.location_id = :'v2' AND (a.starts_at AT TIME ZONE :'v3')::date = d::date)
    ORDER BY d LIMIT 2`, tenant(), place, zone);
  [client, clientName] = b.sql("SELECT id, name FROM app.client WHERE tenant_id = :'v1' AND is_active AND name ~ '^[A-Z][a-z]+ [A-Z][a-z]+$' ORDER BY id LIMIT 1", tenant())[0];
});
const book = (time, on = day) => b.one(`${as} SELECT app.book(:'v2', :'v3', :'v4', (:'v5'::date + :'v6'::time) AT TIME ZONE :'v7', :'v8', NULL)`, tenant(), service, place, staff, on, time, zone, client);
const when = (id) => b.one(`SELECT to_char(starts_at AT TIME ZONE :'v2', 'HH24:MI') || ' ' || extract(epoch FROM ends_at - starts_at)::int / 60 FROM app.appointment WHERE id = :'v1'`, id, zone);
const dayPage = () => `${glow}/day/${day}?location=${place}`;
const card = (page, id) => page.locator(`.day .visit > a[href="/appointments/${id}"]`);
// Where a minute of the day lies on the screen, in the provider's column.
async function point(page, time) {
  const track = page.locator(".day-col", { hasText: provider }).locator(".day-track");
  const [hour, minute] = time.split(":").map(Number);
  const [box, from, to] = [await track.boundingBox(), ...await page.locator(".day").evaluate((d) => ["from-", "to-"].map((n) => Number([...d.classList].find((c) => c.startsWith(n)).slice(n.length))))];
  return { x: box.x + box.width / 2, y: box.y + (hour * 60 + minute - from * 60) / ((to - from) * 60) * box.height };
}
// What moves is loaded once a pointer comes to the grid.
async function ready(page, at) {
  await page.mouse.move(at.x, at.y);
  await page.locator("[data-grid][data-ready]").waitFor({ state: "attached" });
}
async function dragTo(page, from, to) {
  await ready(page, from);
  await page.mouse.down();
  await page.mouse.move(from.x, from.y + 8, { steps: 2 });
  await page.mouse.move(to.x, to.y, { steps: 6 });
  await page.mouse.up();
  await page.waitForURL(/\/move\?/);
}

describe("L24: a visit is moved", () => {
  let page, first, second;
  before(async () => {
    first = book("09:30");
    second = book("11:00");
    page = await b.staff("desk", "glow", "owner");
  });

  test("dragged onto another: the page says what stands in the way and what is free, before anything is saved; one of those moves it", async () => {
    const before = when(first);
    await page.goto(dayPage());
    await card(page, first).scrollIntoViewIfNeeded();
    const box = await card(page, first).boundingBox(), at = await point(page, "11:00");
    await dragTo(page, { x: box.x + 30, y: box.y + 4 }, { x: box.x + 30, y: at.y + 6 });
    await page.getByRole("heading", { name: "This does not fit" }).waitFor();
    await page.getByText(`${provider} has another visit at this time.`).waitFor();
    assert.equal(when(first), before, "nothing is saved yet");
    await b.check(page, "a conflict", { dark: true, shot: "move-conflict" });
    const free = page.locator(".conflict a").first();
    const words = (await free.textContent()).match(/(\d+:\d\d) (am|pm)/);
    await free.click();
    await page.getByText("This time is free").waitFor();
    await b.check(page, "a free time", { dark: true, shot: "move-free" });
    await page.getByLabel("Do not tell the client").check();
    await page.getByRole("button", { name: "Move", exact: true }).click();
    await page.waitForURL(/\/day\//);
    const hour = (Number(words[1].split(":")[0]) % 12) + (words[2] === "pm" ? 12 : 0);
    assert.equal(when(first), `${String(hour).padStart(2, "0")}:${words[1].split(":")[1]} ${before.split(" ")[1]}`);
  });

  test("stretched at its lower edge, by a finger as by the mouse", async () => {
    await page.goto(dayPage());
    await card(page, second).scrollIntoViewIfNeeded();
    const box = await card(page, second).boundingBox(), at = await point(page, "12:00");
    const edge = { x: box.x + 40, y: box.y + box.height - 3 };
    await dragTo(page, edge, { x: edge.x, y: at.y });
    assert.equal(new URL(page.url()).searchParams.get("minutes"), "60");
    await page.getByLabel("Do not tell the client").check();
    await page.getByRole("button", { name: "Move", exact: true }).click();
    await page.waitForURL(/\/day\//);
    assert.equal(when(second), "11:00 60");
    // a finger, held for a moment
    await card(page, second).scrollIntoViewIfNeeded();
    const now = await card(page, second).boundingBox(), to = await point(page, "14:00"), x = now.x + 40, y = now.y + 10;
    const finger = await page.context().newCDPSession(page);
    const touch = (type, points) => finger.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([px, py]) => ({ x: px, y: py })) });
    await finger.send("Emulation.setTouchEmulationEnabled", { enabled: true });
    await touch("touchStart", [[x, y]]);
    await page.locator("[data-moving]").waitFor();
    for (let i = 1; i <= 5; i++) await touch("touchMove", [[x, y + (to.y + 10 - y) * i / 5]]);
    await touch("touchEnd", []);
    await page.waitForURL(/\/move\?/);
    assert.equal(new URL(page.url()).searchParams.get("time"), "14:00");
    await finger.send("Emulation.setTouchEmulationEnabled", { enabled: false });
    await finger.detach();
    assert.equal(when(second), "11:00 60");
  });

  test("dragged from one room into another: the form has that room, and saves it", async () => {
    const rooms = [b.one("SELECT gen_random_uuid()"), b.one("SELECT gen_random_uuid()")], roomy = b.one("SELECT gen_random_uuid()");
    b.sql(`${as} INSERT INTO app.service (id, name, category, duration_min, price_cents, is_online, position) VALUES (:'v2', 'Zz roomy', 'Zz', 30, 0, false, 992);
      INSERT INTO app.service_staff (service_id, staff_id) VALUES (:'v2', :'v3');
      INSERT INTO app.resource (id, kind, name, location_id, position) VALUES (:'v4', 'room', 'Zz first', :'v6', 1), (:'v5', 'room', 'Zz second', :'v6', 1);
      INSERT INTO app.service_room (service_id, resource_id) VALUES (:'v2', :'v4'), (:'v2', :'v5')`, tenant(), roomy, staff, rooms[0], rooms[1], place);
    try {
      const id = b.one(`${as} SELECT app.book(:'v2', :'v3', :'v4', (:'v5'::date + time '10:00') AT TIME ZONE :'v6', :'v7', NULL)`, tenant(), roomy, place, staff, another, zone, client);
      await page.goto(`${glow}/rooms/${another}?location=${place}`);
      await card(page, id).scrollIntoViewIfNeeded();
      const box = await card(page, id).boundingBox(), there = await page.locator(`.day-track[data-unit="${rooms[1]}"]`).boundingBox();
      await dragTo(page, { x: box.x + 20, y: box.y + 4 }, { x: there.x + there.width / 2, y: box.y + 4 });
      assert.equal(new URL(page.url()).searchParams.get("room_id"), rooms[1]);
      await page.getByText("in Zz second").waitFor();
      await page.getByText("This time is free").waitFor();
      await b.check(page, "another room", { dark: true, shot: "move-room" });
      await page.getByLabel("Do not tell the client").check();
      await page.getByRole("button", { name: "Move", exact: true }).click();
      await page.waitForURL(/\/rooms\//);
      assert.equal(b.one("SELECT room_id FROM app.appointment WHERE id = :'v1'", id), rooms[1]);
    } finally {
      b.sql("UPDATE app.service SET is_active = false WHERE id = :'v1'; UPDATE app.resource SET is_active = false WHERE id IN (:'v2', :'v3')", roomy, ...rooms);
    }
  });

  test("by keys: arrows, Enter goes on, Escape gives up, and each step is said", async () => {
    await page.goto(dayPage());
    const status = page.locator("main [role=status]");
    await card(page, second).focus();
    await page.locator("[data-grid][data-ready]").waitFor({ state: "attached" });
    await page.keyboard.press("ArrowUp");
    assert.equal(await card(page, first).evaluate((a) => a === document.activeElement), true, "the arrows walk from visit to visit");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("v");
    assert.match(await status.textContent(), /Arrows choose the time.*11:00 am to 12:00 pm/);
    await page.keyboard.press("ArrowDown");
    assert.match(await status.textContent(), /11:15 am to 12:15 pm/);
    await page.keyboard.press("Escape");
    assert.match(await status.textContent(), /Not moved/);
    assert.equal(await card(page, second).evaluate((a) => a === document.activeElement), true, "focus is on the visit again");
    await page.keyboard.press("v");
    for (const key of ["ArrowDown", "ArrowDown", "-", "-"]) await page.keyboard.press(key);
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/move\?/);
    const asked = new URL(page.url()).searchParams;
    assert.deepEqual([asked.get("time"), asked.get("minutes"), asked.get("staff_id"), asked.get("day")], ["11:30", "30", staff, day]);
    await page.getByText("This time is free").waitFor();
    assert.equal(when(second), "11:00 60");
  });

  test("the views by their keys, and a page that says which there are", async () => {
    await page.goto(dayPage());
    for (const [key, path] of [["w", /\/week\//], ["m", /\/month\//], ["r", /\/rooms\//], ["?", /\/calendar\/keys/]]) {
      await page.keyboard.press(key);
      await page.waitForURL(path);
    }
    await page.goto(dayPage());
    await page.keyboard.press("ArrowRight");
    await page.waitForURL((url) => url.pathname === `/day/${b.one("SELECT :'v1'::date + 1", day)}`);
  });
});

describe("L24: from an empty hour to a booking in three steps", () => {
  for (const [width, script] of [["phone", false], ["phone", true], ["desk", false], ["desk", true]])
    test(`${width}, ${script ? "with" : "without"} script`, async () => {
      const page = await b.staff(width, "glow", "owner", { script });
      const count = () => Number(b.one(`SELECT count(*) FROM app.appointment WHERE tenant_id = :'v1' AND client_id = :'v2' AND (starts_at AT TIME ZONE :'v3')::date = :'v4'::date AND status = 'booked'`, tenant(), client, zone, day));
      const had = count();
      await page.goto(dayPage());
      // 1: the hour
      if (width === "desk" && script) {
        const at = await point(page, "16:30");
        await ready(page, at);
        await page.mouse.click(at.x, at.y + 4);
        await page.waitForURL(/time=16%3A30|time=16:30/);
      } else {
        await page.locator(`.shift a[href*="staff_id=${staff}"]`).click({ position: width === "desk" ? { x: 5, y: 5 } : undefined });
        await page.getByRole("heading", { name: "Free on this day" }).waitFor();
        await page.locator("section", { hasText: "Free on this day" }).getByRole("link").last().click();
      }
      // 2: who
      const who = page.getByRole("search", { name: "Client for this appointment" });
      await who.getByRole("searchbox").fill(clientName);
      await who.getByRole("button", { name: "Find" }).click();
      await page.locator(`a[href*="client_id=${client}"]`).first().click();
      // 3: what, and confirm
      await page.getByLabel("Service", { exact: true }).selectOption({ value: service });
      await page.getByLabel("Do not tell the client").check();
      await b.check(page, "the last step", { shot: "book-last-step" });
      const again = new URL(await page.getByRole("link", { name: "Repeat it" }).getAttribute("href"), glow);
      assert.deepEqual([again.pathname, again.searchParams.get("client_id"), again.searchParams.get("day"), again.searchParams.get("staff_id")], ["/series/new", client, day, staff]);
      await page.getByRole("button", { name: "Book", exact: true }).click();
      await page.getByRole("heading", { level: 1, name: clientName }).waitFor();
      assert.equal(count(), had + 1);
      await page.context().close();
    });

  test("over what is taken, with a reason; who may not is not asked for one; it stands beside the other one and says so", async () => {
    const page = await b.staff("desk", "glow", "owner"), third = book("15:00", another);
    await page.goto(`${glow}/appointments/new?day=${another}&time=15:00&location_id=${place}&staff_id=${staff}&client_id=${client}&service_id=${service}`);
    await page.getByLabel("Do not tell the client").check();
    await page.getByRole("button", { name: "Book", exact: true }).click();
    await page.getByText(`${provider} has another visit at this time.`).waitFor();
    await page.getByRole("button", { name: "Book all the same" }).click();
    await page.getByText("Say why, in 3 to 200 characters.").waitFor();
    await page.getByLabel("Reason to book over it").fill("She is leaving for the airport");
    await page.getByRole("button", { name: "Book all the same" }).click();
    await page.getByText("Booked over another visit: She is leaving for the airport").waitFor();
    await b.check(page, "booked over", { dark: true, shot: "booked-over" });
    const over = new URL(page.url()).pathname.split("/").at(-1);
    await page.goto(`${glow}/day/${another}?location=${place}`);
    await page.locator(`.visit.is-over a[href="/appointments/${over}"]`, { hasText: "Overbooked" }).waitFor();
    const [one, other] = [await card(page, third).boundingBox(), await card(page, over).boundingBox()];
    assert.ok(other.x > one.x + 20, "they can be told apart");
    await b.check(page, "a day with an overbooked visit", { dark: true, shot: "day-over" });
    const desk = await b.staff("desk", "glow", "front-desk");
    await desk.goto(`${glow}/appointments/${third}/move?day=${another}&time=15:15`);
    await desk.getByRole("heading", { name: "This does not fit" }).waitFor();
    assert.equal(await desk.getByLabel("Reason to book over it").count(), 0);
  });
});

describe("L09: the board, and what colleagues change", () => {
  test("one press says that somebody is here; the page of a colleague shows it without being loaded again, focus and all", async () => {
    const id = b.uuid();
    b.sql(`${as} INSERT INTO app.appointment SELECT n.* FROM app.appointment a, jsonb_populate_record(a, jsonb_build_object('id', :'v2'::text, 'status', 'booked', 'client_id', :'v4'::text,
        'location_id', :'v3'::text, 'starts_at', now(), 'ends_at', now() + interval '30 minutes')) AS n
      WHERE a.tenant_id = :'v1' AND a.status = 'booked' AND a.location_id = :'v3' LIMIT 1`, tenant(), id, place, client);
    const colleague = await b.staff("desk", "glow", "front-desk"), page = await b.staff("desk", "glow", "owner");
    await colleague.clock.install();
    await colleague.goto(`${glow}/board?location=${place}`);
    await colleague.evaluate(() => { window.isTheSame = true; });
    const theirs = colleague.locator(".board-card", { has: colleague.locator(`a[href="/appointments/${id}"]`) });
    await theirs.getByRole("link").focus();
    await page.goto(`${glow}/board?location=${place}`);
    await page.locator(".board-card", { has: page.locator(`a[href="/appointments/${id}"]`) }).getByRole("button", { name: /Is here/ }).click();
    await page.locator("form", { has: page.locator("#board-here") }).locator(`a[href="/appointments/${id}"]`).waitFor();
    await colleague.clock.fastForward(11000);
    await colleague.locator("form", { has: colleague.locator("#board-here") }).locator(`a[href="/appointments/${id}"]`).waitFor();
    assert.equal(await colleague.evaluate(() => window.isTheSame), true, "it was not loaded again");
    assert.equal(await theirs.getByRole("link").evaluate((a) => a === document.activeElement), true, "focus is where it was");
    await b.check(colleague, "the board", { dark: true, shot: "board-here" });
  });
});
