// account.test.js -- somebody is invited, accepts and logs in, as people do it by clicking: on a phone and at a desk (S-11, B03, B46). Every
// page on the way keeps what b.check() asks of it.
"use strict";
const { after } = require("node:test");
const b = require("./harness");
const h = require("../http/harness");
const { mail } = require("../http/mailbox");
const { test, assert } = b;

const glow = b.origin("glow"), made = [];
after(() => {
  for (const email of made)
    h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true);
      DELETE FROM app.message WHERE to_staff IN (SELECT id FROM app.staff WHERE email = :'v2'); DELETE FROM app.staff WHERE email = :'v2'; COMMIT;`, h.tenantId("glow"), email);
});
for (const [width, script] of [["desk", true], ["phone", false]])
  test(`S-11 B03: invite, accept, log in, one's own account: ${width}, ${script ? "with" : "without"} script`, async () => {
    h.sql("DELETE FROM sec.throttle");
    const email = `walk-${h.uuid().slice(0, 8)}@glow.example`, manager = h.staffOf("glow", "manager");
    made.push(email);
    const page = await b.open(width, { script });
    await page.goto(`${glow}/login`);
    await page.getByLabel("E-mail", { exact: true }).fill(manager.email);
    await page.getByLabel("Password", { exact: true }).fill(manager.password);
    await page.getByRole("button", { name: "Log in", exact: true }).click();
    await page.goto(`${glow}/people`);
    await b.check(page, "people");
    await page.getByRole("link", { name: "Invite somebody" }).click();
    await b.check(page, "invite");
    await page.getByLabel("Name", { exact: true }).fill("Walda Walker");
    await page.getByLabel("E-mail", { exact: true }).fill(email);
    await page.getByRole("group", { name: "Front desk" }).getByLabel("Everywhere").check();
    await page.getByRole("button", { name: "Send the invitation" }).click();
    await page.getByText("The invitation is on its way").waitFor();
    const guest = await b.open(width, { script });
    await guest.goto((await mail("glow", email, "account_invite")).link);
    await b.check(guest, "invitation");
    await guest.getByLabel("Password", { exact: true }).fill("passwordpassword");
    await guest.getByRole("button", { name: "Join" }).click();
    await guest.getByText("too easy to guess").waitFor();
    await guest.getByLabel("Password", { exact: true }).fill("seven grey herons wade");
    await guest.getByRole("button", { name: "Join" }).click();
    await guest.getByText("Log in with the password that you have just chosen").waitFor();
    await guest.getByLabel("E-mail", { exact: true }).fill(email);
    await guest.getByLabel("Password", { exact: true }).fill("seven grey herons wade");
    await guest.getByRole("button", { name: "Log in", exact: true }).click();
    await guest.goto(`${glow}/account`);
    await b.check(guest, "account");
    assert.equal(await guest.getByLabel("Name", { exact: true }).inputValue(), "Walda Walker");
    for (const at of ["/account/email", "/account/password"]) {
      await guest.goto(glow + at);
      await b.check(guest, at);
    }
  });
