// second_factor.test.js -- the owner of the demo studio sets up an app and a passkey in Chromium, with its virtual authenticator, and
// logs in by each; and by the passkey alone. B46 S-04 S-05 S-07.
"use strict";
const { describe, before, after } = require("node:test");
const b = require("./harness");
const { test, assert } = b;

const owner = () => b.staffOf("glow", "owner");
const idOf = (a) => b.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email_norm = lower(:'v2')", b.tenantId(a.label), a.email);
function strip(account) {
  b.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); DELETE FROM sec.totp WHERE staff_id = :'v2'; DELETE FROM sec.passkey WHERE staff_id = :'v2';
    DELETE FROM sec.recovery_code WHERE staff_id = :'v2'; COMMIT`, b.tenantId(account.label), idOf(account));
}
// An authenticator inside Chromium: a fingerprint reader whose owner always puts her finger on it.
async function authenticator(page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", { options: {
    protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
  return {
    keys: async () => (await cdp.send("WebAuthn.getCredentials", { authenticatorId })).credentials,
    finger: (isHers) => cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: isHers }),
  };
}
const at = (page) => new URL(page.url()).pathname;
const home = (page) => page.waitForURL((url) => url.pathname.startsWith("/day/"));
const out = async (page) => {
  await page.locator(".menu > summary").click();
  await page.getByRole("button", { name: "Log out" }).click();
  await page.waitForURL(/\/login/);
};
async function password(page) {
  await page.goto(`${b.origin("glow")}/login`);
  await page.getByLabel("E-mail").fill(owner().email);
  await page.getByLabel("Password").fill(owner().password);
  await page.getByRole("button", { name: "Log in", exact: true }).click();
}

describe("B46 S-05: the owner with an app and a passkey", () => {
  let page, device, key, codes;
  before(async () => {
    b.sql("DELETE FROM sec.throttle");
    strip(owner());
    page = await b.open("desk");
    device = await authenticator(page);
    await b.logIn(page, "glow", "owner");
  });
  after(() => { strip(owner()); b.sql("DELETE FROM sec.throttle"); });

  test("nothing is set up yet", async () => {
    await page.locator(".menu > summary").click();
    await page.getByRole("link", { name: "Security of your account" }).click();
    await b.check(page, "security, nothing set up", { dark: true, shot: "security-none" });
  });
  test("she sets up an app: the square, the code, the recovery codes", async () => {
    await page.getByRole("button", { name: "Set up an app" }).click();
    await page.getByText("Type it instead").click();
    key = (await page.locator(".secret code").textContent()).replace(/ /g, "");
    await b.check(page, "setting up an app", { dark: true, shot: "security-app" });
    await page.getByLabel("Six digits").fill("000000");
    await page.getByRole("button", { name: "Turn it on" }).click();
    await b.check(page, "a wrong code", { shot: "security-app-wrong" });
    await page.getByLabel("Six digits").fill(b.totp(key));
    await page.getByRole("button", { name: "Turn it on" }).click();
    codes = (await page.locator("pre.codes").textContent()).trim().split("\n");
    assert.equal(codes.length, 10);
    await b.check(page, "recovery codes", { dark: true, shot: "security-codes" });
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save as a text file" }).click()]);
    assert.equal(file.suggestedFilename(), "recovery-codes.txt");
    assert.ok(require("node:fs").readFileSync(await file.path(), "utf8").includes(codes[9]));
    await page.getByRole("link", { name: "I have kept them" }).click();
  });
  test("she adds a passkey: it can be found without a name, and its key is verified by her finger", async () => {
    await page.getByLabel("Name for a new passkey").fill("Office computer");
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await page.locator(".passkey strong", { hasText: "Office computer" }).waitFor();
    const [made, ...more] = await device.keys();
    assert.equal(more.length, 0);
    assert.equal(made.isResidentCredential, true);
    assert.equal(made.rpId, b.host("glow"));
    await page.goto(`${b.origin("glow")}/account/security?done=1`);
    await b.check(page, "security, all set up", { dark: true, shot: "security-all" });
  });
  test("the same device is not taken twice", async () => {
    await page.getByLabel("Name for a new passkey").fill("Once more");
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await page.getByText("has a passkey for your account already").waitFor();
    assert.equal((await device.keys()).length, 1);
  });
  test("she logs in by password and code", async () => {
    await out(page);
    await password(page);
    assert.equal(at(page), "/login/second");
    await b.check(page, "the second step", { dark: true, shot: "second" });
    b.freshCodes("glow", owner().email);
    await page.getByLabel("Code of your app").fill(b.totp(key));
    await page.getByRole("button", { name: "Log in", exact: true }).click();
    await home(page);
  });
  test("by password and passkey", async () => {
    await out(page);
    await password(page);
    await page.getByRole("button", { name: "Use a passkey" }).click();
    await home(page);
    assert.equal(b.one("SELECT how FROM sec.session WHERE staff_id = :'v1' ORDER BY created_at DESC LIMIT 1", idOf(owner())), "passkey");
  });
  test("by the passkey alone, and on to where she wanted", async () => {
    await out(page);
    await page.goto(`${b.origin("glow")}/clients`);
    await b.check(page, "log-in with a passkey", { dark: true, shot: "login" });
    await page.getByRole("button", { name: "Log in with a passkey" }).click();
    await page.waitForURL((url) => url.pathname === "/clients");
  });
  test("by a recovery code", async () => {
    await out(page);
    await password(page);
    await page.getByText("Use a recovery code").click();
    await page.getByLabel("Recovery code", { exact: true }).fill(codes[3]);
    await page.getByRole("button", { name: "Log in with this code" }).click();
    await home(page);
  });
  test("not by a finger that is not hers; she is told what else she can do", async () => {
    await out(page);
    await device.finger(false);
    await page.goto(`${b.origin("glow")}/login`);
    await page.getByRole("button", { name: "Log in with a passkey" }).click();
    await page.getByText("No passkey was given").waitFor();
    assert.equal(at(page), "/login");
    await device.finger(true);
    await page.getByRole("button", { name: "Log in with a passkey" }).click();
    await home(page);
  });
  test("S-07: a proof that is too old is asked for anew, and her passkey gives it", async () => {
    b.sql("UPDATE sec.session SET proved_at = now() - interval '6 minutes' WHERE staff_id = :'v1'", idOf(owner()));
    await page.goto(`${b.origin("glow")}/account/security`);
    await page.getByRole("button", { name: "Make ten new codes" }).click();
    await b.check(page, "a proof is needed", { dark: true, shot: "security-proof" });
    const [proof] = await Promise.all([page.context().waitForEvent("page"), page.getByRole("link", { name: /Confirm that it is you/ }).click()]);
    await proof.waitForLoadState();
    b.freshCodes("glow", owner().email);
    await proof.getByLabel("The code of your app").fill(b.totp(key));
    await proof.getByRole("button", { name: "Confirm", exact: true }).click();
    await proof.getByText("go back to your form").waitFor();
    await proof.close();
    await page.getByRole("button", { name: "Make ten new codes" }).click();
    await page.locator("pre.codes").waitFor();
    b.sql("UPDATE sec.session SET proved_at = now() - interval '6 minutes' WHERE staff_id = :'v1'", idOf(owner()));
    await page.goto(`${b.origin("glow")}/account/security/app`);
    assert.equal(at(page), "/confirm");
    await b.check(page, "confirm", { dark: true, shot: "confirm" });
    await page.getByRole("button", { name: "Confirm by passkey" }).click();
    await page.waitForURL((url) => url.pathname === "/account/security");
  });
  test("on a phone", async () => {
    const phone = await b.open("phone", { state: await page.context().storageState() });
    for (const [path, shot] of [["/account/security", "security-all"], ["/confirm", "confirm"], ["/confirm?done=1", "confirm-done"], [`/people/${idOf(b.staffOf("glow", "manager"))}/factors`, "factors"]]) {
      await phone.goto(`${b.origin("glow")}${path}`);
      await b.check(phone, path, { dark: true, shot });
    }
    await password(phone);
    await b.check(phone, "the second step", { dark: true, shot: "second" });
  });
  test("without script, codes do and passkeys are not offered", async () => {
    const plain = await b.open("phone", { script: false });
    await password(plain);
    assert.equal(await plain.getByRole("button", { name: /passkey/ }).count(), 0);
    b.freshCodes("glow", owner().email);
    await plain.getByLabel("Code of your app").fill(b.totp(key));
    await plain.getByRole("button", { name: "Log in", exact: true }).click();
    await home(plain);
    await plain.goto(`${b.origin("glow")}/account/security`);
    await b.check(plain, "security without script", { shot: "security" });
  });
});

describe("B45: a role that asks for it, and nothing set up", () => {
  const who = () => b.staffOf("first-light", "biller");
  const need = (on) => b.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); UPDATE app.role SET needs_mfa = ${on} WHERE tenant_id = :'v1' AND slug = 'biller'; COMMIT`, b.tenantId("first-light"));
  before(() => { strip(who()); need(true); });
  after(() => { need(false); strip(who()); });
  test("the page says why, and nothing else opens", async () => {
    for (const width of ["desk", "phone"]) {
      const page = await b.open(width);
      await b.logIn(page, "first-light", "biller");
      assert.equal(at(page), "/account/security");
      await b.check(page, "must enrol", { dark: true, shot: "security-must" });
      await page.goto(`${b.origin("first-light")}/clients`);
      assert.equal(at(page), "/account/security");
    }
  });
});
