// booking.test.js -- an appointment booked on a phone by touch alone, counted in taps, with script and without; and inside a page of
// the business's own site, where no other site may show it. L09 L10 L21 B14 B21; S-13.
"use strict";
const { describe, before, after } = require("node:test");
const b = require("./harness");
const h = require("../http/harness");
const { test, assert } = b;

before(() => h.sql("UPDATE app.tenant SET booking_seconds = 0 WHERE slug IN ('glow', 'first-light')")); // this one types faster than people
const day = (days) => new Date(Date.now() + days * 86400000).toISOString().slice(0, 10);

for (const script of [true, false])
  for (const [studio, service] of [["glow", /^Hydrating facial/], ["first-light", /^3D\/4D session/]])
    test(`L21 B21: under 15 taps from the services to "booked" at ${studio}, ${script ? "with" : "without"} script`, async () => {
      const page = await b.open("phone", { script });
      let taps = 0;
      const tap = async (what, seen) => { taps++; await b.tapTo(what.first(), seen); };
      const type = async (label, text) => { taps++; await page.getByLabel(label, { exact: true }).first().fill(text); };
      await page.goto(`${b.origin(studio)}/book`);
      await tap(page.getByRole("link", { name: service }), page.getByRole("heading", { level: 1, name: service }));
      if (studio === "first-light") {
        await b.check(page, "weeks asked", { shot: `booking-weeks-${studio}` });
        await type("Due date", day(78));
        await tap(page.getByRole("button", { name: "Show the days that fit" }), page.getByText("You are due on"));
      }
      await b.check(page, "times", { shot: `booking-times-${studio}` });
      await tap(page.getByRole("button", { name: /^First free time/ }), page.getByRole("heading", { name: "Your details" }));
      await page.waitForLoadState();
      const tag = Math.random().toString(36).slice(2, 8);
      await type("Name", "Thea Thumb");
      await type("E-mail", `thea.${tag}@mail.example`);
      await type("Phone", `(212) ${200 + Math.floor(Math.random() * 700)}-${1000 + Math.floor(Math.random() * 8999)}`);
      await type("Date of birth", "1991-02-03");
      for (const label of ["I agree to these rules", "I am 18", "I have read"]) if (await page.getByLabel(label).count()) { taps++; await b.tapUntil(page.getByLabel(label).first(), page.getByLabel(label).first()); }
      await b.check(page, "details", { shot: `booking-details-${studio}` });
      await tap(page.getByRole("button", { name: "Confirm booking" }), page.getByRole("heading", { name: "Your appointment is booked" }));
      await b.check(page, "booked", { shot: `booking-booked-${studio}` });
      assert.ok(taps < 15, `${taps} taps`);
      await page.context().close();
    });

describe("inside a page of another site", () => {
  let page;
  before(async () => {
    page = await b.open("desk");
    await page.context().grantPermissions(["local-network-access"]); // Foyer is on this machine; the browser would ask for that first
  });
  after(async () => { h.sql("UPDATE app.tenant SET frame_origins = '{https://www.glow.example}' WHERE slug = 'glow'"); await page?.context().close(); });
  test("S-13: by a site on the list it is shown and booked in, without a cookie; by any other the browser refuses", async () => {
    h.sql("UPDATE app.tenant SET frame_origins = '{https://friend.example}' WHERE slug = 'glow'");
    const html = `<!doctype html><html lang="en"><title>A site</title><iframe src="${b.origin("glow")}/book" title="Book" width="800" height="900"></iframe></html>`;
    for (const [host, may] of [["friend.example", true], ["stranger.example", false]]) {
      await page.route(`https://${host}/**`, (route) => route.fulfill({ status: 200, contentType: "text/html", body: html }));
      await page.goto(`https://${host}/`);
      const frame = page.frameLocator("iframe");
      if (!may) {
        assert.ok(!page.frames().some((f) => f.url().includes("/book")), "a stranger's page shows it");
        assert.equal(await frame.getByRole("heading", { name: "Book an appointment" }).count(), 0);
        continue;
      }
      await frame.getByRole("link", { name: /^Hydrating facial/ }).click();
      await frame.locator("button.slot").first().click();
      await frame.getByLabel("Name", { exact: true }).fill("Fiona Frame");
      await frame.getByLabel("E-mail").fill(`fiona.${Math.random().toString(36).slice(2, 8)}@mail.example`);
      await frame.getByLabel("Phone").fill(`(212) ${200 + Math.floor(Math.random() * 700)}-4321`);
      await frame.getByLabel("Date of birth").fill("1991-02-03");
      for (const label of ["I agree to these rules", "I am 18", "I have read"]) for (const one of await frame.getByLabel(label).all()) await one.check();
      await frame.getByRole("button", { name: "Confirm booking" }).click();
      await frame.getByRole("heading", { name: "Your appointment is booked" }).waitFor();
      assert.deepEqual((await page.context().cookies()).map((c) => c.name), []);
    }
  });
});
