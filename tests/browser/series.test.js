// series.test.js -- as people click through it: a series is planned, booked and changed at the desk; somebody on the waitlist takes a
// time on her phone that the desk has offered. B-07 L21.
"use strict";
const { describe, after } = require("node:test");
const b = require("./harness");
const h = require("../http/harness");
const k = require("../http/booking_client");
const { test, assert } = b;

const glow = b.origin("glow");
const c = k.corner("glow");
after(() => k.close(c));
const click = async (page, name, o = {}) => {
  await page.getByRole(o.role || "button", { name, exact: o.exact }).first().click();
  await page.waitForLoadState();
};

describe("a series, without script", () => {
  test("B-07: from the client's page to the series, changed from its second visit on", async () => {
    const desk = await b.staff("desk", "glow", "owner", { script: false });
    const client = await h.addClient(await h.staff("glow", "front-desk"), { name: `Series ${h.uuid().slice(0, 8)}`, email: `${h.uuid()}@mail.example`, birth_date: "1990-01-01" });
    await desk.goto(`${glow}/clients/${client}`);
    await click(desk, "Book a series", { role: "link" });
    await desk.getByLabel("Service").selectOption(c.service);
    await desk.getByLabel("Place").selectOption(c.place);
    await desk.getByLabel("First day").fill(k.dayIn(50));
    await desk.getByLabel("Time there").fill("11:00");
    await desk.getByLabel("Every how many weeks").fill("2");
    await desk.getByLabel("How many times").fill("4");
    await click(desk, "Show all dates");
    await b.check(desk, "what the series would be", { shot: "series-preview" });
    assert.equal(await desk.locator("tbody tr").count(), 4);
    await click(desk, "Book as chosen");
    await b.check(desk, "the series", { shot: "series-booked" });
    await desk.getByRole("link", { name: "From here on" }).nth(1).click();
    await desk.getByLabel("New time there").fill("14:00");
    await click(desk, "Show what changes");
    await b.check(desk, "what a change does", { shot: "series-change" });
    assert.equal(await desk.locator("tbody tr").count(), 3);
    await click(desk, "Change as chosen");
    assert.match(await desk.locator("h1").textContent(), /Every 2 weeks on .*2:00 pm/);
    assert.equal(await desk.locator("tbody tr").count(), 3);
    await desk.context().close();
  });
});

describe("the waitlist, on her phone", () => {
  test("L21: the desk offers a time; she follows the link, sees it, and takes it by a button", async () => {
    const { client } = await k.book(c, { slot: 2, days: 8 });
    const desk = await b.staff("desk", "glow", "owner");
    await desk.goto(`${glow}/waitlist/new?client_id=${client}&service_id=${c.service}`);
    await click(desk, "Put on the waitlist");
    await b.check(desk, "on the list", { shot: "waitlist-joined" });
    await desk.getByRole("group", { name: "Free, and as the client wishes" }).getByRole("button").first().click();
    await b.check(desk, "offered", { shot: "waitlist-offered" });
    await desk.context().close();
    const { token } = await k.message(c, client, "waitlist_offer");
    const phone = await b.open("phone");
    await phone.goto(`${glow}/l/${token}`);
    await phone.getByLabel("Date of birth").fill("1990-04-05");
    await click(phone, "Continue");
    await b.check(phone, "her offer", { shot: "waitlist-hers", dark: true });
    await phone.getByText("Wait for a time").click();
    await b.check(phone, "her form", { shot: "waitlist-form", dark: true });
    await click(phone, "Take this time");
    await phone.getByText("what you booked is on its way").waitFor();
    await b.check(phone, "taken", { shot: "waitlist-taken" });
    await phone.context().close();
  });
});
