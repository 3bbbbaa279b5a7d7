// visit.test.js -- one visit, as people go through it by clicking: somebody books, fills her forms in and signs; the
// studio sees her, moves her, opens her chart; the trail tells who saw what. Four times over: on a phone and at a desk,
// with script and without. Every page on the way keeps what b.check() asks of it.
"use strict";
const { describe, before, after } = require("node:test");
const b = require("./harness");
const { test, assert } = b;

const glow = b.origin("glow");
before(() => require("../http/harness").sql("UPDATE app.tenant SET booking_seconds = 0 WHERE slug = 'glow'")); // this one types faster than people
function person() {
  const tag = Math.random().toString(36).slice(2, 8).replace(/\d/g, (d) => "ghijklmnop"[d]), born = "1990-04-12";
  const last = tag[0].toUpperCase() + tag.slice(1);
  const digits = String(2e6 + Math.floor(Math.random() * 7999999));
  return { name: `Zofia ${last}`, last, email: `zofia.${tag}@mail.example`, phone: `(212) ${digits.slice(0, 3)}-${digits.slice(3)}`, born };
}
const click = async (page, name, o = {}) => {
  await page.getByRole(o.role || "button", { name, exact: o.exact }).first().click();
  await page.waitForLoadState();
};

// From the list of services to a page with free times. o.who: a provider's name instead of anyone.
async function toTimes(page, service, o = {}) {
  await page.goto(`${glow}/book`);
  if (o.check) await b.check(page, "services");
  await page.getByRole("link", { name: service }).click();
  if (o.place) await page.getByRole("navigation", { name: "Place" }).getByRole("link", { name: o.place }).click();
  if (o.who) await page.getByRole("navigation", { name: "Person" }).getByRole("link").nth(1).click();
  const days = page.locator("a.day-chip");
  for (let weeks = 0; weeks < 4 && (weeks === 0 || !await days.count()); weeks++) {
    const later = page.getByRole("link", { name: "Later" });
    const { search } = new URL(await later.getAttribute("href"), page.url());
    await later.click();
    await page.waitForURL((url) => url.search === search);
  }
  await days.nth(Math.min(o.day ?? 1, await days.count() - 1)).click();
}
async function fillDetails(page, p) {
  await page.getByLabel("Name", { exact: true }).fill(p.name);
  await page.getByLabel("What may we call you?").fill("Zo");
  await page.getByLabel("E-mail").fill(p.email);
  await page.getByLabel("Phone").fill(p.phone);
  await page.getByLabel("Date of birth").fill(p.born);
  await page.getByLabel("I am 18 years old or more").check();
  await page.getByLabel("I have read").check();
  for (const rules of await page.getByLabel("I agree to these rules").all()) await rules.check();
}
// Proves who she is at a link.
async function prove(page, born) {
  await page.getByLabel("Date of birth").fill(born);
  await click(page, "Continue");
}
// Answers what a form asks, whatever it asks. part: only the first answer.
async function answer(page, part) {
  for (const q of await page.locator(".question").all()) {
    if (await q.getByLabel("I am allergic to something").count()) {
      await q.getByLabel("I am allergic to something").check();
      await q.getByRole("textbox", { name: "Allergic to" }).first().fill("Latex");
      await q.getByRole("textbox", { name: "What happens" }).first().fill("Hives");
      await q.getByRole("combobox", { name: "How strong" }).first().selectOption("severe");
    } else if (await q.getByLabel("Yes", { exact: true }).count()) {
      const more = await q.locator("textarea").count();
      await q.getByLabel(more ? "Yes" : "No", { exact: true }).check();
      if (more) await q.locator("textarea").fill("Aspirin, 100 mg a day");
    } else if (await q.locator("input[type=date]").count()) await q.locator("input[type=date]").fill("2026-01-15");
    else if (await q.locator("textarea").count()) await q.locator("textarea").fill("A calm look, nothing more.");
    else if (await q.locator("input[type=radio], input[type=checkbox]").count()) await q.locator("input[type=radio], input[type=checkbox]").first().check();
    else await q.locator("input").fill("The line between my brows");
    if (part) return;
  }
}
// A signature drawn on the pad: with a finger on a phone, with the mouse at a desk.
async function draw(page) {
  const pad = page.locator("[data-sign-pad]");
  await pad.scrollIntoViewIfNeeded();
  const box = await pad.boundingBox();
  const line = Array.from({ length: 30 }, (_, i) => [box.x + 24 + i * (box.width - 60) / 30, box.y + box.height / 2 + Math.sin(i / 2.2) * box.height / 4 * (1 - i / 45)]);
  if (page.foyer.width === "phone") {
    const finger = await page.context().newCDPSession(page);
    const touch = (type, points) => finger.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y]) => ({ x, y })) });
    await touch("touchStart", [line[0]]);
    for (const point of line.slice(1)) await touch("touchMove", [point]);
    await touch("touchEnd", []);
    await finger.detach();
  } else {
    await page.mouse.move(...line[0]);
    await page.mouse.down();
    for (const point of line.slice(1)) await page.mouse.move(...point);
    await page.mouse.up();
  }
}

for (const [width, script] of [["phone", true], ["phone", false], ["desk", true], ["desk", false]])
  describe(`the visit: ${width}, ${script ? "with" : "without"} script`, () => {
    const she = person();
    const o = { script };
    let page, desk, link, when, day, appointment;
    before(async () => { page = await b.open(width, o); });
    after(async () => { for (const p of [page, desk]) await p?.context().close(); });

    test("1. L09 L10 B13: she books without an account: service, place, person, day, time, details", async () => {
      await toTimes(page, "Hydrating facial", { check: true, place: script ? "SoHo" : "Santa Monica", who: width === "desk" });
      await b.check(page, "free times");
      await page.locator("button.slot").first().click();
      await b.check(page, "details");
      when = (await page.locator(".receipt-when").textContent()).trim();
      await fillDetails(page, she);
      await page.getByLabel("Phone").fill("12");
      await click(page, "Confirm booking");
      await b.check(page, "details with a mistake", { shot: "booking-mistake" });
      assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), she.name, "what was typed is gone");
      assert.ok(await page.getByLabel("I have read").isChecked());
      await page.getByLabel("Phone").fill(she.phone);
      await click(page, "Confirm booking");
      await page.getByRole("heading", { name: "Your appointment is booked" }).waitFor();
      assert.match(page.url(), /\/v\/[0-9a-f-]{36}\/booked$/);
      await b.check(page, "booked");
      assert.ok((await page.textContent("main")).includes(when), `"${when}" is not on the confirmation`);
    });

    test("1. B14: from the confirmation she may look at it, and at other times", async () => {
      await click(page, "Move or cancel", { role: "link" });
      await b.check(page, "her appointment");
      await click(page, "Choose another time", { role: "link" });
      await b.check(page, "other times");
      await page.goBack();
      await page.context().close();
    });

    test("2. L13: the message with her form link is under Messages", async () => {
      desk = await b.staff(width, "glow", "owner", o);
      await desk.goto(`${glow}/messages`);
      await b.check(desk, "messages");
      const mine = desk.getByRole("link").filter({ hasText: she.name });
      assert.ok(await mine.count() >= 1, "no message for her");
      await mine.filter({ hasText: /form/i }).first().click();
      await b.check(desk, "the message");
      link = await desk.getByRole("link", { name: "Open the link in this message" }).getAttribute("href");
      assert.match(link, /^https:\/\/glow\.[^/]*\/l\/[A-Za-z0-9_-]{43}$/);
    });

    test("2. L02 S-16: the link asks for her date of birth; the token leaves the address bar; a wrong date shows nothing", async () => {
      page = await b.open(width, o);
      await page.goto(link);
      assert.match(page.url(), /\/v\/[0-9a-f-]{36}$/);
      await b.check(page, "is it you");
      await prove(page, "1991-04-12");
      assert.ok(!(await page.textContent("body")).includes(she.last), "her name is shown to a stranger");
      await b.check(page, "a wrong date", { shot: "prove-wrong" });
      await prove(page, she.born);
      await b.check(page, "what is due");
    });

    test("2. L20: half filled in, left, and still there from another device", async () => {
      await click(page, /^Begin with/, { role: "link" });
      await b.check(page, "questions");
      await answer(page, true);
      const first = await page.locator(".question").first().evaluate((q) => q.querySelector("input, textarea").value);
      await click(page, "Save for later");
      await b.check(page, "kept");
      await page.context().close();
      page = await b.open(width, o);
      await page.goto(link);
      await prove(page, she.born);
      await click(page, /^Go on with/, { role: "link" });
      assert.equal(await page.locator(".question").first().evaluate((q) => q.querySelector("input, textarea").value), first);
      await page.getByRole("button", { name: "Continue to read and sign" }).last().click();
      await b.check(page, "what is missing", { shot: "form-missing" });
      assert.equal(await page.locator(".question").first().evaluate((q) => q.querySelector("input, textarea").value), first);
    });

    test(`2. L12 L20 B21: she reads and signs ${script ? "with her hand" : "by typing her name"}, and has her copy`, async () => {
      for (let n = 1; n <= 2; n++) {
        if (n > 1) {
          await click(page, "Back to your forms", { role: "link" });
          await click(page, /^(Begin|Go on) with/, { role: "link" });
          await b.check(page, "the next form");
        }
        await answer(page);
        await page.getByRole("button", { name: "Continue to read and sign" }).last().click();
        await page.getByRole("heading", { name: "Your signature" }).or(page.getByText("Your signature")).first().waitFor();
        await page.getByLabel("Your full name").fill(she.name);
        await page.getByLabel("I have read").check();
        if (script) await draw(page);
        await b.check(page, "reading and signing", { shot: `signing-${n}` });
        await click(page, "I sign this form");
        await page.getByText("This form is signed").waitFor();
        assert.match(page.url(), /\/copy/);
        assert.equal(await page.locator(".sign-line polyline").count(), script ? 1 : 0);
        await b.check(page, "her copy");
      }
      await click(page, "Back to your forms", { role: "link" });
      await page.getByText("Everything is signed").waitFor();
      await b.check(page, "all done", { shot: "forms-done" });
      await page.context().close();
    });

    test("3. L21: the studio sees her day by provider, opens the appointment, and nothing is outstanding", async () => {
      await desk.goto(`${glow}/`);
      await b.check(desk, "today");
      [appointment, day] = b.sql(`SELECT a.id, (a.starts_at AT TIME ZONE l.zone)::date FROM app.appointment a JOIN app.client c ON c.tenant_id = a.tenant_id AND c.id = a.client_id
        JOIN app.location l ON l.tenant_id = a.tenant_id AND l.id = a.location_id WHERE c.name = :'v1'`, she.name)[0];
      await desk.goto(`${glow}/calendar?day=${day}`);
      if (!script) await desk.getByRole("navigation", { name: "Places" }).getByRole("link", { name: "Santa Monica" }).click();
      await b.check(desk, "her day");
      const card = desk.getByRole("link", { name: new RegExp(she.name) });
      assert.match(await card.textContent(), /Latex/, "her allergy is not on the calendar");
      assert.doesNotMatch(await card.textContent(), /Forms due/);
      await card.click();
      assert.ok(desk.url().endsWith(`/appointments/${appointment}`));
      await b.check(desk, "the appointment");
    });

    test("3. B13 B14: she is moved; a time that is not free is refused with those that are", async () => {
      await desk.getByText("Move to another time or provider").click();
      await desk.getByLabel("Day", { exact: true }).fill(day);
      await desk.getByLabel(/^Time at/).fill("03:00");
      await click(desk, "Move", { exact: true });
      await b.check(desk, "not free then", { shot: "move-refused" });
      assert.equal(await desk.getByLabel(/^Time at/).inputValue(), "03:00", "what was typed is gone");
      const free = desk.getByRole("region", { name: "This does not fit" }).getByRole("link").last();
      const [to] = (await free.textContent()).match(/\d+:\d\d [ap]m/);
      await free.click();
      await desk.getByText("This time is free").waitFor();
      await click(desk, "Move", { exact: true });
      await b.check(desk, "moved", { shot: "moved" });
      assert.ok((await desk.locator(".page-head").textContent()).includes(to));
      assert.match(await desk.locator(".timeline").textContent(), /Moved/);
    });

    test("3. L21: she is checked in on her day, not before", async () => {
      const [starts] = b.sql(`SELECT (a.starts_at AT TIME ZONE l.zone)::date <= (now() AT TIME ZONE l.zone)::date FROM app.appointment a JOIN app.location l ON l.tenant_id = a.tenant_id AND l.id = a.location_id WHERE a.id = :'v1'`, appointment)[0];
      assert.equal(await desk.getByRole("button", { name: "Check in" }).count(), starts === "t" ? 1 : 0);
      // Somebody whose time has come: the last one who did not.
      const [late] = b.sql(`SELECT id FROM app.appointment WHERE tenant_id = :'v1' AND status IN ('booked','confirmed','no_show') AND starts_at < now() ORDER BY starts_at DESC, id LIMIT 1`, b.tenantId("glow"))[0];
      await desk.goto(`${glow}/appointments/${late}`);
      await click(desk, "Check in");
      await desk.locator(".page-head .chip.is-arrived").waitFor();
      await b.check(desk, "checked in", { shot: "checked-in" });
      await click(desk, "Take to the room");
      await desk.locator(".page-head .chip.is-in_room").waitFor();
    });

    test("3. L12 L21: her chart: allergies first, the signed consent with its evidence, notes", async () => {
      await desk.goto(`${glow}/appointments/${appointment}`);
      await desk.locator(".facts").getByRole("link", { name: she.name }).click();
      await b.check(desk, "her chart");
      const heads = await desk.locator("main h2").allTextContents();
      assert.match(heads[0], /Allergies/);
      assert.match(await desk.locator("section.allergies").textContent(), /Latex.*severe/s);
      await desk.getByText("Write a note").click();
      await desk.getByLabel("Note", { exact: true }).fill("Skin calm.\nNext time in four weeks.");
      await desk.locator("#new-note").getByRole("button", { name: "Sign" }).click();
      await desk.getByText("Next time in four weeks.").waitFor();
      await b.check(desk, "with a note", { shot: "chart-note" });
      await desk.locator("#forms").getByRole("link", { name: /Consent/ }).click();
      await desk.getByText("Unchanged since it was signed").waitFor();
      await desk.waitForLoadState();
      const evidence = await desk.locator(".evidence").textContent();
      assert.match(evidence, /127\.0\.0\.1|::1/);
      assert.match(evidence, /Mozilla\/5\.0/);
      assert.match(evidence, /[0-9a-f]{64}/);
      assert.match(evidence, script ? /[Dd]raw/ : /[Tt]yp/);
      assert.equal(await desk.locator(".sign-line polyline").count(), script ? 1 : 0);
      await b.check(desk, "the signed consent");
    });

    test("3. L21: search finds her by a part of name, phone or e-mail", async () => {
      for (const part of [she.last.slice(0, 4), she.phone.replace(/\D/g, "").slice(-7), she.email.slice(0, 10)]) {
        await desk.getByRole("searchbox").first().fill(part);
        await desk.getByRole("button", { name: "Find" }).first().click();
        await desk.getByRole("rowheader", { name: she.name }).waitFor();
      }
      await b.check(desk, "found");
      await desk.getByRole("link", { name: she.name }).click();
    });

    test("4. L18 B47: the trail shows each of these by client, by person and by day", async () => {
      await click(desk, "Who looked", { role: "link" });
      await b.check(desk, "who looked at her");
      let seen = await desk.locator(".timeline").textContent();
      for (const older = desk.getByRole("link", { name: "Older", exact: true }); await older.count(); seen += await desk.locator(".timeline").textContent()) {
        await older.click();
        await desk.waitForLoadState();
      }
      for (const words of ["read a chart", "read a signed form", "opened an appointment", "moved an appointment", "looked at a day of the calendar", "signed a note", "opened a message",
        "signed a form", "opened a form", "saved a form", "gave a date of birth", "booked online"])
        assert.ok(seen.includes(words), `"${words}" is not in the trail of her record`);
      await click(desk, "Person", { role: "link", exact: true });
      await b.check(desk, "people");
      await desk.locator("main").getByRole("link", { name: /Vivian Marsh/ }).click();
      await b.check(desk, "what one person did");
      assert.match(await desk.locator(".timeline").textContent(), new RegExp(she.name));
      await click(desk, "Period", { role: "link", exact: true });
      await b.check(desk, "the day's trail");
      assert.match(await desk.locator(".timeline").textContent(), new RegExp(she.name));
    });

    test("4. L18 L49: a provider without the permission gets 403, and that is recorded", async () => {
      const provider = await b.staff(width, "glow", "provider", o);
      const reply = await provider.goto(`${glow}/audit`);
      assert.equal(reply.status(), 403);
      const id = reply.headers()["x-request-id"];
      await b.check(provider, "refused", { shot: "refused" });
      await provider.context().close();
      await desk.goto(`${glow}/audit/refusals`);
      await b.check(desk, "refusals");
      assert.ok((await desk.locator(".timeline").textContent()).includes(id.replaceAll("-", "").slice(0, 8)), "the refusal is not listed");
    });

    test("5. L04 L05 L08: the site: home, privacy, security, and a demo asked for reaches the operator", async () => {
      b.sql("DELETE FROM sec.throttle"); // one address may ask only so often, and other tests come from here as well
      const visitor = await b.open(width, o);
      await visitor.goto(`${b.origin("")}/`);
      await b.check(visitor, "home");
      for (const name of ["Security", "Privacy"]) {
        await visitor.getByRole("navigation").getByRole("link", { name }).click();
        await b.check(visitor, name);
      }
      await visitor.getByRole("link", { name: "Ask for a demo" }).first().click();
      await b.check(visitor, "demo");
      const studio = `Atelier ${she.last}`;
      for (const [label, value] of [["Your name", she.name], ["Work e-mail", she.email], ["Phone", she.phone], ["Name of your business", studio], ["Locations", "2"],
        ["People who treat or scan", "x"], ["What do you use today?", "A paper book"], ["Anything we should know", "We open in May."]])
        await visitor.getByLabel(label).fill(value);
      await click(visitor, "Send", { exact: true });
      await b.check(visitor, "demo with a mistake", { shot: "demo-mistake" });
      assert.equal(await visitor.getByLabel("Name of your business").inputValue(), studio);
      await visitor.getByLabel("People who treat or scan").fill("5");
      await click(visitor, "Send", { exact: true });
      assert.match(visitor.url(), /\/demo\/thanks$/);
      await b.check(visitor, "thanks");
      await visitor.context().close();

      const operator = await b.staff(width, "ops", "operator", o);
      await operator.goto(`${b.origin("ops")}/demos`);
      await b.check(operator, "demo requests");
      await operator.getByRole("link", { name: studio }).click();
      assert.match(await operator.textContent("main"), /We open in May\./);
      await b.check(operator, "the demo request");
      await operator.context().close();
    });
  });

describe("B02 T08: two visitors for one time", () => {
  const pages = [];
  after(async () => { for (const p of pages) await p.context().close(); });
  const visitor = async (width, o) => { const p = await b.open(width, o); pages.push(p); return p; };

  for (const script of [true, false]) {
    test(`the slower one is shown the nearest free ones (${script ? "with" : "without"} script)`, async () => {
      const [one, two] = [await visitor("phone", { script }), await visitor("phone", { script })];
      for (const p of [one, two]) await toTimes(p, "Microneedling", { who: true, day: script ? 0 : 1 });
      const wanted = two.locator("button.slot").last();
      const time = (await wanted.textContent()).trim();
      await one.locator("button.slot").last().click();
      await one.getByText("is kept for you").waitFor();
      await wanted.click();
      await two.getByText("This time has just been taken").waitFor();
      await b.check(two, "taken", { shot: "slot-taken" });
      const near = two.getByRole("group", { name: "Nearest free times" }).getByRole("button");
      assert.ok(await near.count() >= 2, "no others are offered");
      assert.ok(!(await near.allTextContents()).some((x) => x.endsWith(time) && x === time));
      await near.first().click();
      await two.getByText("is kept for you").waitFor();
    });

    test(`nothing she typed is lost when it goes while she types (${script ? "with" : "without"} script)`, async () => {
      const she = person(), other = person();
      const [one, two] = [await visitor("phone", { script }), await visitor("desk", { script })];
      for (const p of [one, two]) await toTimes(p, "Chemical peel", { who: true, day: script ? 0 : 1 });
      const slot = await two.locator("button.slot").last().getAttribute("value");
      await two.locator("button.slot").last().click();
      await fillDetails(two, she);
      // Her hold runs out, as it does after some minutes, and another visitor books the time.
      b.sql("UPDATE app.slot SET hold_until = now() - interval '1 minute' WHERE state = 'hold' AND appointment_id = :'v1'", two.url().match(/[0-9a-f-]{36}/)[0]);
      await one.reload();
      await one.locator(`button.slot[value="${slot}"]`).click();
      await fillDetails(one, other);
      await click(one, "Confirm booking");
      await one.getByText("Your appointment is booked").waitFor();

      await click(two, "Confirm booking");
      await two.getByText("This time has just been taken").waitFor();
      await b.check(two, "taken while typing", { shot: "details-taken" });
      for (const [label, value] of [["Name", she.name], ["What may we call you?", "Zo"], ["E-mail", she.email], ["Date of birth", she.born]])
        assert.equal(await two.getByLabel(label, { exact: label === "Name" }).inputValue(), value, `${label} is lost`);
      assert.equal((await two.getByLabel("Phone").inputValue()).replace(/\D/g, ""), she.phone.replace(/\D/g, ""));
      assert.ok(await two.getByLabel("I am 18 years old or more").isChecked());
      assert.ok(await two.getByLabel("I have read").isChecked());
      await two.getByRole("group", { name: "Nearest free times" }).locator("label").nth(1).click();
      await click(two, "Confirm booking");
      await two.getByText("Your appointment is booked").waitFor();
    });
  }
});
