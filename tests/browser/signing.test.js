// signing.test.js -- signing as people do it: on the studio's tablet with a finger, and a guardian on a phone. L20 L54 E-05.
"use strict";
const { test } = require("node:test");
const assert = require("node:assert/strict");
const b = require("./harness");
const h = require("../http/harness");
const { somebody } = require("../http/form_client");

test("L54 E-05: on the tablet a guardian signs with a finger; afterwards nothing of the client is there", async () => {
  const p = await somebody("glow");
  h.sql("UPDATE app.client SET birth_date = current_date - interval '15 years' WHERE id = :'v1'::uuid", p.client);
  h.sql("SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\nINSERT INTO app.client_guardian (tenant_id, client_id, name, relation, birth_date) VALUES (:'v1'::uuid, :'v2'::uuid, 'Ines Halvorsen', 'parent', '1981-05-17')", h.tenantId("glow"), p.client);
  const page = await b.staff("phone", "glow", "front-desk", { fresh: true });
  await page.goto(`${h.origin("glow")}/clients/${p.client}`);
  await page.getByRole("button", { name: "Hand over the tablet" }).click();
  await page.getByRole("heading", { name: "Your forms" }).waitFor();
  await b.check(page, "what is due, on the tablet", { dark: true, shot: "signing-list" });
  const forms = page.url();
  await page.goto(`${forms}/${p.consent}`);
  for (const box of await page.getByRole("checkbox").all()) await box.check();
  await page.getByRole("button", { name: "Continue to read and sign" }).last().click();
  await page.getByLabel("I am Ines Halvorsen").check();
  await page.getByLabel("Date of birth of the one who signs").fill("1981-05-17");
  await page.getByLabel("I have read").check();
  await page.getByLabel("Full name of the one who signs").fill("Ines Halvorsen");
  await b.drawByTouch(page);
  await b.check(page, "a guardian signs", { dark: true, shot: "signing-guardian" });
  await page.getByRole("button", { name: "I sign this form" }).click();
  await page.getByText("This form is signed").waitFor();
  await page.waitForLoadState();
  assert.equal(await page.locator(".sign-line polyline").count(), 1);
  assert.equal(h.one("SELECT place || ' ' || signer || ' ' || method FROM app.signature WHERE assignment_id = :'v1'::uuid", p.consent), "kiosk guardian drawn");
  await page.getByRole("button", { name: "I am done" }).click();
  await page.getByText("Please give the tablet back").waitFor();
  await page.getByText("For our team").click();
  await b.check(page, "the tablet is put away", { dark: true, shot: "signing-rest" });
  const name = h.one("SELECT name FROM app.client WHERE id = :'v1'::uuid", p.client);
  for (let i = 0; i < 3; i++) {
    await page.goBack();
    assert.ok(!(await page.content()).includes(name), `going back ${i + 1} times shows nothing of her`);
  }
  await page.goto(`${h.origin("glow")}/clients`);
  assert.match(page.url(), /\/login/);
  await page.context().close();
});

test("E-05: on the tablet who reads is reported now and then, who does nothing is not, and after five minutes without a touch the tablet is put away", async () => {
  const p = await somebody("glow"), page = await b.staff("phone", "glow", "owner", { fresh: true });
  await page.goto(`${h.origin("glow")}/clients/${p.client}`);
  await page.getByRole("button", { name: "Hand over the tablet" }).click();
  await page.getByRole("heading", { name: "Your forms" }).waitFor();
  const link = page.url().match(/\/v\/([0-9a-f-]{36})/)[1];
  await page.clock.install();
  await page.goto(`${page.url()}/${p.consent}`);
  const told = [];
  page.on("request", (r) => { if (new URL(r.url()).pathname === `/v/${link}/here`) told.push(r); });
  const minutes = async (n) => { await page.clock.runFor(n * 60000); await new Promise((r) => setTimeout(r, 300)); };
  const ends = () => Number(h.one("SELECT extract(epoch FROM expires_at - now()) FROM sec.link_session WHERE link_id = :'v1'::uuid", link));
  await minutes(3);
  assert.equal(told.length, 0, "nobody touched it, nothing is reported");
  // Scrolling is reading.
  h.sql("UPDATE sec.link_session SET expires_at = now() + interval '1 minute' WHERE link_id = :'v1'::uuid", link);
  await page.evaluate(() => dispatchEvent(new Event("scroll")));
  await minutes(1);
  assert.equal(told.length, 1, "once");
  assert.equal((await told[0].response()).status(), 200);
  assert.ok(ends() > 500, "and that keeps the page open");
  await page.mouse.move(20, 20);
  await page.evaluate(() => dispatchEvent(new Event("pointerdown")));
  await minutes(1);
  assert.equal(told.length, 1, "not at each touch");
  await minutes(1.2);
  assert.equal(told.length, 2, "every two minutes");
  assert.match(page.url(), new RegExp(link), "who reads is not cut off");
  await page.clock.runFor(6 * 60000);
  await page.getByText("Please give the tablet back").waitFor();
  assert.ok(h.one("SELECT count(*) FROM sec.link_session WHERE link_id = :'v1'::uuid AND expires_at > now()", link) === "0");
  await page.context().close();
});
