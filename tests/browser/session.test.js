// session.test.js -- the end of a session as somebody at a desk meets it: the page says so before, covers itself, and what was typed is
// still there after logging in again. R-02 S-06 S-17 B48.
"use strict";
const { describe, before, beforeEach } = require("node:test");
const b = require("./harness");
const { test, assert } = b;

const desk = () => b.staffOf("glow", "front-desk");
const sessions = (change) => b.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true);
  UPDATE sec.session e SET ${change} FROM app.staff f WHERE f.tenant_id = e.tenant_id AND f.id = e.staff_id AND f.email_norm = :'v2'; COMMIT`, b.tenantId("glow"), desk().email);
// The way through the log-in's form in a page that another one opened.
async function enter(page, account) {
  await page.getByLabel("E-mail").fill(account.email);
  await page.getByLabel("Password").fill(account.password);
  await page.getByRole("button", { name: "Log in", exact: true }).click();
}
async function logInAgain(page, account) {
  const [other] = await Promise.all([page.context().waitForEvent("page"), page.getByRole("link", { name: "Log in" }).click()]);
  await other.waitForLoadState();
  assert.equal(new URL(other.url()).pathname, "/login");
  await enter(other, account);
  return other;
}
const name = (page) => page.getByLabel("Name", { exact: true });

describe("R-02 S-06: a session that nobody uses", () => {
  let page;
  before(() => b.sql("DELETE FROM sec.throttle"));
  beforeEach(async () => {
    page = await b.open("desk");
    await b.logIn(page, "glow", "front-desk");
    await page.clock.install();
    await page.goto(`${b.origin("glow")}/clients/new`);
  });

  test("the page says so two minutes before, and one press keeps it", async () => {
    await page.clock.fastForward("13:10");
    await page.getByRole("heading", { name: "Still there?" }).waitFor();
    await b.check(page, "still there?", { dark: true, shot: "session-still-there" });
    await page.getByRole("button", { name: "Stay logged in" }).click();
    await page.getByRole("heading", { name: "Still there?" }).waitFor({ state: "detached" });
    await page.clock.fastForward("12:00");
    assert.equal(await page.locator("dialog").count(), 0, "the time began anew");
  });
  test("B48: it covers itself; logged in again in a page beside it, she goes on where she was, with what she had typed", async () => {
    const typed = `Typed ${Date.now()}`;
    await name(page).fill(typed);
    sessions("last_seen_at = now() - interval '16 minutes'");
    await page.clock.fastForward("15:10");
    await page.getByRole("heading", { name: "You have been logged out" }).waitFor();
    const behind = await page.locator("dialog.is-curtain").evaluate((d) => getComputedStyle(d, "::backdrop").backgroundColor);
    assert.match(behind, /^(rgb|oklch|color)\([^/]+\)$/, "one can read through it");
    await b.check(page, "logged out", { dark: true, shot: "session-over" });
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("dialog").count(), 1, "the curtain stays");
    const other = await logInAgain(page, desk());
    await other.getByRole("heading", { name: "You are logged in" }).waitFor();
    await page.locator("dialog").waitFor({ state: "detached" });
    assert.equal(await name(page).inputValue(), typed);
    await other.close();
    await page.getByRole("button", { name: /^(Add|Save)/ }).first().click();
    await page.waitForURL(/\/clients\/[0-9a-f-]{36}/);
    assert.equal(b.one("SELECT count(*) FROM app.client WHERE name = :'v1'", typed), "1");
  });
  test("T09: somebody else who logs in there sees nothing of it", async () => {
    await name(page).fill("Hers Alone");
    sessions("last_seen_at = now() - interval '16 minutes'");
    await page.clock.fastForward("15:10");
    await page.getByRole("heading", { name: "You have been logged out" }).waitFor();
    const other = await logInAgain(page, b.staffOf("glow", "manager"));
    await other.getByRole("heading", { name: "You are logged in" }).waitFor();
    await page.locator("dialog").waitFor({ state: "detached" });
    assert.equal(await name(page).inputValue(), "");
  });
  test("what ends in any case is said as well, and pressing nothing but a new log-in helps", async () => {
    sessions("absolute_until = now() + interval '100 seconds'");
    await page.reload();
    await page.clock.fastForward("00:10");
    await page.getByRole("heading", { name: "Your session ends soon" }).waitFor();
    await b.check(page, "ends soon", { shot: "session-ends" });
    const other = await logInAgain(page, desk());
    await other.getByRole("heading", { name: "You are logged in" }).waitFor();
    await page.locator("dialog").waitFor({ state: "detached" });
  });
  test("without script too: what was sent too late is in the page that asks her to log in, and comes back from there", async () => {
    const plain = await b.open("phone", { script: false });
    await b.logIn(plain, "glow", "front-desk");
    await plain.goto(`${b.origin("glow")}/clients/new`);
    const typed = `Plain ${Date.now()}`;
    await name(plain).fill(typed);
    sessions("last_seen_at = now() - interval '16 minutes'");
    await plain.getByRole("button", { name: /^(Add|Save)/ }).first().click();
    await plain.getByRole("heading", { name: "You were logged out" }).waitFor();
    await b.check(plain, "logged out, without script", { dark: true, status: 401, shot: "session-kept" });
    const [other] = await Promise.all([plain.context().waitForEvent("page"), enter(plain, desk())]);
    await other.getByRole("heading", { name: "You are logged in" }).waitFor();
    await other.close();
    await plain.getByRole("button", { name: "Show my form again" }).click();
    await plain.getByText("Here is what you typed").waitFor();
    assert.equal(await name(plain).inputValue(), typed);
    await b.check(plain, "the form again", { dark: true, shot: "session-again" });
    await plain.getByRole("button", { name: /^(Add|Save)/ }).first().click();
    await plain.waitForURL(/\/clients\/[0-9a-f-]{36}/);
    assert.equal(b.one("SELECT count(*) FROM app.client WHERE name = :'v1'", typed), "1");
  });
});
