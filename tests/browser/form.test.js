// form.test.js -- a client's way through her forms, as a person goes it: on a phone with a finger, at a desk with keys,
// without script. L13 L20; every page accessible, valid and inside its width.
"use strict";
const { test } = require("node:test");
const assert = require("node:assert/strict");
const b = require("./harness");
const h = require("../http/harness");
const { somebody, session, withFiles, reader } = require("../http/form_client");
const { png } = require("../http/pictures");

async function enter(page, p, v = p.v) {
  const [cookie] = [...v.jar.values()];
  await page.context().addCookies([{ name: cookie.name, value: cookie.value, domain: h.host(p.label), path: cookie.at, secure: true, httpOnly: true, sameSite: "Lax" }]);
  await page.goto(h.origin(p.label) + p.at);
}
const next = (page) => page.getByRole("button", { name: "Continue to read and sign" }).last();

// touch: with a finger, as on a phone.
async function answerAll(page, touch = false) {
  const choose = (where) => (touch ? b.tapUntil(where, where) : where.check());
  await page.getByLabel("What brings you to us?").fill("A line between the brows");
  await choose(page.getByRole("radio", { name: "Tans easily" }));
  await choose(page.getByRole("checkbox", { name: "Cold sores" }));
  for (const [question, answer] of [["Are you pregnant", "No"], ["Do you take any medicine", "Yes"], ["Have you had surgery", "No"]])
    await choose(page.getByRole("group", { name: question }).getByRole("radio", { name: answer }));
  await page.getByLabel("Which, and how much?").fill("Aspirin");
  await choose(page.getByRole("radio", { name: "I am allergic to something" }));
  const line = page.getByRole("group", { name: "Allergy 1" });
  await line.getByLabel("Allergic to").fill("Latex");
  await line.getByLabel("What happens").fill("hives");
  await line.getByLabel("How strong").selectOption("severe");
  await choose(page.getByRole("checkbox", { name: /These answers are true/ }));
}

test("L20 L13: on a phone by touch alone: begun, kept by itself, gone on with, signed with a finger, the copy; each field by the name that a screen reader says", async () => {
  const p = await somebody("glow"), page = await b.open("phone");
  await enter(page, p);
  await b.check(page, "what is due", { dark: true });
  await page.goto(`${h.origin("glow")}${p.at}/${p.intake}`);
  await b.check(page, "the questions", { dark: true });
  for (const target of await page.locator(".choice, .button:visible, .field > input").all()) {
    const box = await target.boundingBox();
    assert.ok(!box || box.height >= 43.5, `${await target.evaluate((e) => e.outerHTML.slice(0, 80))} is ${box?.height} px high`);
  }
  await page.getByLabel("What brings you to us?").fill("Kept by itself");
  await page.getByText("Kept at").waitFor();
  const tomorrow = await b.open("desk");
  await enter(tomorrow, p, session("glow", p.link));
  await tomorrow.goto(`${h.origin("glow")}${p.at}/${p.intake}`);
  assert.equal(await tomorrow.getByLabel("What brings you to us?").inputValue(), "Kept by itself");
  await tomorrow.context().close();

  await b.tapTo(next(page), page.getByRole("alert"));
  await b.check(page, "what is missing", { dark: true, shot: "form-missing" });
  await answerAll(page, true);
  await b.tapTo(next(page), page.getByRole("button", { name: "I sign this form" }));
  await b.check(page, "the document", { dark: true });
  const heard = await page.locator("form.sign-form").ariaSnapshot();
  for (const words of [/checkbox "I have read “Signing electronically” above, .* I agree to sign electronically\."/, /group "Your signature":/, /textbox "Your full name"/, /img "Drawn signature, empty"/,
    /button "Undo"/, /button "Clear"/, /button "I sign this form"/]) assert.match(heard, words);
  assert.match(await page.locator("main").ariaSnapshot(), /article "The document":[\s\S]*heading "Answers" \[level=2\][\s\S]*heading "Statement" \[level=2\]/);
  await b.tapUntil(page.getByRole("checkbox", { name: /I have read/ }), page.getByRole("checkbox", { name: /I have read/ }));
  await page.getByRole("textbox", { name: "Your full name" }).fill("Ülo Kõivmägi");
  await b.drawByTouch(page);
  await page.getByRole("img", { name: "Drawn signature, strokes: 1" }).waitFor();
  await b.check(page, "signing", { shot: "form-signing" });
  h.sql("SELECT set_config('foyer.tenant_id', :'v2', false) \\g /dev/null\n UPDATE app.client SET preferred_name = 'Ülo Kõivmägi' WHERE id = :'v1'::uuid", p.client, h.tenantId("glow"));
  await b.tapTo(page.getByRole("button", { name: "I sign this form" }), page.getByText("This form is signed"));
  await page.waitForLoadState();
  assert.equal(await page.getByRole("img", { name: "Drawn signature of Ülo Kõivmägi" }).locator("polyline").count(), 1);
  await b.check(page, "her copy", { dark: true });
  await page.goBack();
  await page.reload();
  assert.match(page.url(), /\/copy$/);
  await page.context().close();
});

test("L20: at a desk without script: the same, by typing", async () => {
  const p = await somebody("glow"), page = await b.open("desk", { script: false });
  await enter(page, p);
  await b.check(page, "what is due");
  await page.goto(`${h.origin("glow")}${p.at}/${p.intake}`);
  await answerAll(page);
  await page.getByRole("button", { name: "Add another allergy" }).click();
  assert.equal(await page.getByRole("group", { name: /^Allergy \d/ }).count(), 4);
  assert.equal(await page.getByRole("group", { name: "Allergy 1" }).getByLabel("Allergic to").inputValue(), "Latex");
  await b.check(page, "more lines");
  await page.getByRole("button", { name: "Save for later" }).click();
  await page.getByText("Come back with the same link").waitFor();
  await b.check(page, "kept", { shot: "form-kept" });
  await page.goto(`${h.origin("glow")}${p.at}/${p.intake}`);
  await page.getByLabel("What brings you to us?").press("Enter"); // Enter goes on, it does not ask for another line
  assert.match(page.url(), /\/consent$/);
  await page.getByLabel("I have read").check();
  await page.getByLabel("Your full name").fill("Ülo Kõivmägi");
  await page.getByLabel("Your full name").press("Enter");
  await page.getByText("You typed “Ülo Kõivmägi”").waitFor();
  await page.getByLabel("Your full name").press("Enter");
  await page.getByText("Signed by typing the name").waitFor();
  await b.check(page, "her copy");
  await page.context().close();
});

test("L20: in Spanish, what scripts say too: kept by itself, not kept without a connection, a signature drawn, files that are too many; another language by a button", async () => {
  const p = await reader("glow", "es"), page = await b.open("phone");
  await enter(page, p);
  await b.check(page, "what is due, in Spanish", { dark: true, shot: "form-list-es" });
  await page.goto(`${h.origin("glow")}${p.page}`);
  await b.check(page, "the questions, in Spanish", { dark: true });
  await page.getByLabel("Pregunta texto").fill("Una línea");
  await page.getByText(/^Guardado: \d+:\d\d/).waitFor();
  await page.route("**/forms/**", (route) => (route.request().method() === "POST" ? route.abort() : route.continue()));
  await page.getByLabel("Pregunta texto").fill("Otra línea");
  await page.getByText(/^Sin conexión\. Lo que escribió sigue en esta página/).waitFor();
  await page.unroute("**/forms/**");
  await page.getByText(/^Guardado: \d+:\d\d/).waitFor();
  await page.getByRole("img", { name: "Firma dibujada, vacía" }).waitFor();
  await b.drawByTouch(page);
  await page.getByRole("img", { name: "Firma dibujada, trazos: 1" }).waitFor();
  await page.goto(`${h.origin("glow")}${p.page}/files/archivo`);
  const one = { name: "a.png", mimeType: "image/png", buffer: png(20, 20) };
  await page.locator("input[type=file]").setInputFiles([one, one, one, one, one, one]);
  await page.getByText("Caben 5 más. Elija menos.").waitFor();
  await page.goto(h.origin("glow") + p.at);
  await b.tapTo(page.getByRole("button", { name: "English" }), page.getByRole("heading", { name: "Your forms" }));
  assert.equal(await page.evaluate(() => document.documentElement.lang), "en");
  await page.context().close();
});

test("L20 V-12 E-03: on a phone regions are touched on the drawings, a clause is signed with a finger, a picture is attached to a form, in sight, taken away and attached again, and signed; the page says what is too much before it is sent", async () => {
  const p = await withFiles("glow"), page = await b.open("phone"), picture = (name, more = 0) => ({ name, mimeType: "image/png", buffer: Buffer.concat([png(120, 80), Buffer.alloc(more)]) });
  await enter(page, p);
  await page.goto(`${h.origin("glow")}${p.questions}`);
  await page.getByLabel("What is it about?").fill("A spot");
  // The drawings and the boxes say the same, whichever of them is touched.
  const region = (name) => page.locator(`.body-touch details[open] [data-region="${name}"] > *`).first(), box = (name) => page.getByRole("checkbox", { name, exact: true });
  await b.tapUntil(region("Nose"), box("Nose"));
  await b.tapTo(page.getByText("Body, back"), region("Upper back"));
  await b.tapUntil(region("Upper back"), box("Upper back"));
  await b.tapUntil(region("Hands"), box("Hands"));
  await b.tapUntil(region("Hands"), box("Hands"), false);
  await b.tapUntil(box("Chin"), box("Chin"));
  assert.deepEqual(await page.locator(".body-touch .is-on").evaluateAll((all) => [...new Set(all.map((g) => g.dataset.region))].sort()), ["Chin", "Nose", "Upper back"]);
  for (const target of await page.locator(".body-touch summary").all()) assert.ok((await target.boundingBox()).height >= 43.5);
  const clause = page.getByRole("group", { name: "You may show it to a colleague" });
  await clause.getByLabel("Your full name").fill("Maya Ångström");
  await b.drawByTouch(page);
  await page.getByText("Kept at").waitFor();
  await b.check(page, "regions touched, a clause signed", { dark: true, shot: "form-body" });
  const add = async (...files) => {
    await b.tapTo(page.getByRole("button", { name: /^Add (a picture or a PDF|another)$/ }).first(), page.getByLabel("Pictures or a PDF"));
    await page.getByLabel("Pictures or a PDF").setInputFiles(files);
  };
  await add(picture("a.png", 6 << 20), picture("b.png", 6 << 20));
  await page.getByText("Together these are larger than 10 MB").waitFor();
  await b.check(page, "the page on which files are attached", { dark: true });
  await page.getByLabel("Pictures or a PDF").setInputFiles([picture("first.png"), picture("second.png")]);
  await b.tapTo(page.getByRole("button", { name: "Attach" }), page.getByRole("button", { name: "Remove first.png" }));
  assert.equal(await page.getByLabel("What is it about?").inputValue(), "A spot");
  await b.check(page, "what is attached", { dark: true });
  for (const target of await page.locator(".attached .button, .attached a").all()) assert.ok((await target.boundingBox()).height >= 43.5);
  const gone = page.getByRole("button", { name: "Remove first.png" });
  await b.tapTo(gone, { waitFor: (o) => gone.waitFor({ ...o, state: "detached" }) });
  await b.tapTo(next(page), page.getByText("Please read this through"));
  await page.getByText("Nose\nChin\nUpper back").waitFor();
  await page.waitForLoadState();
  assert.equal(await page.getByRole("img", { name: "Drawn signature of Maya Ångström" }).locator("polyline").count(), 1);
  await page.getByText(/^second\.png\s+JPEG, \d+ bytes\s+SHA-256/).waitFor();
  await page.getByLabel("I have read").check();
  await page.getByLabel("Your full name").fill("Maya Ångström");
  // Her name is another one: she is asked once, and what she drew is still there.
  await b.drawByTouch(page);
  await b.tapTo(page.getByRole("button", { name: "I sign this form" }), page.getByText("You typed “Maya Ångström”"));
  assert.ok(await page.getByLabel("I have read").isChecked());
  await b.check(page, "another name than hers", { dark: true, shot: "form-name" });
  await b.tapTo(page.getByRole("button", { name: "Sign all the same" }), page.getByRole("heading", { name: "What you attached" }));
  await b.check(page, "her copy with a picture", { dark: true });
  await page.context().close();
});

test("L13: the chart shows the signed form with its evidence", async () => {
  const [client, id] = h.sql("SELECT client_id, id FROM app.signature WHERE tenant_id = :'v1'::uuid AND method = 'drawn' ORDER BY signed_at DESC LIMIT 1", h.tenantId("glow"))[0];
  for (const width of ["phone", "desk"]) {
    const page = await b.staff(width, "glow", "owner");
    await page.goto(`${h.origin("glow")}/clients/${client}/signatures/${id}`);
    await page.getByText("The exact text that was hashed").click();
    await page.getByText("Unchanged since it was signed").waitFor();
    await b.check(page, "the signed form", { dark: true });
  }
});

test("L20 R-02: what form.js says when a draft is not kept: logged out, no right, closed, too much, too fast, a fault, no connection; what may pass is tried again, and what was typed stays", async () => {
  const p = await somebody("glow"), page = await b.open("phone");
  await enter(page, p);
  await page.goto(`${h.origin("glow")}${p.at}/${p.intake}`);
  const field = page.getByLabel("What brings you to us?"), note = page.locator("[data-saved]");
  let tries = 0, answer = null;
  await page.route((url) => url.pathname === `${p.at}/${p.intake}`, (route) => {
    if (route.request().method() !== "POST" || !answer) return route.fallback();
    tries++;
    return answer === "gone" ? route.abort("internetdisconnected") : route.fulfill(answer);
  });
  await page.clock.install();
  const moment = (ms) => new Promise((r) => setTimeout(r, ms));
  // Types, and lets the quiet second pass, and then the eight after which what failed is tried again. (The page's clock stands meanwhile.)
  const typed = async (words, isTriedAgain) => {
    tries = 0;
    await note.evaluate((e) => { e.textContent = ""; });
    await field.fill(words);
    await page.clock.runFor(1500);
    let said = "";
    for (let i = 0; i < 100 && !said; i++, await moment(50)) said = await note.textContent();
    await page.clock.runFor(9000);
    await moment(300);
    for (let i = 0; isTriedAgain && i < 100 && tries < 2; i++) await moment(50);
    assert.equal(await field.inputValue(), words, "what was typed stays");
    return { said, tries };
  };
  for (const [status, words, isTriedAgain] of [[401, /^This page has ended\. Please open your link again/], [403, /^Not kept: this page may not save any more/], [404, /^Not kept: this is not open any more/],
    [410, /^Not kept: this is not open any more/], [413, /^Not kept: this is too much for one page/], [422, /^Not kept\. Press the button/], [429, /^Not kept yet, as too much came at once; it will be tried again/, true],
    [500, /^Not kept yet; it will be tried again/, true], [503, /^Not kept yet; it will be tried again/, true]]) {
    answer = { status, contentType: "text/html", body: "<p>Not for a form.</p>" };
    const r = await typed(`After ${status}`, isTriedAgain);
    assert.match(r.said, words, String(status));
    assert.equal(r.tries > 1, !!isTriedAgain, `${status}: tried ${r.tries} times`);
    answer = null;
    for (let i = 0; isTriedAgain && i < 100 && !/^Kept at/.test(await note.textContent()); i++, await moment(100)) await page.clock.runFor(9000);
  }
  // A refusal in the server's own words is said as it is.
  answer = { status: 409, contentType: "text/plain; charset=utf-8", body: "Not kept: answers were changed on another phone or screen.\n" };
  assert.equal((await typed("In words")).said, "Not kept: answers were changed on another phone or screen.");
  answer = "gone";
  const gone = await typed("Without a connection", true);
  assert.match(gone.said, /^No connection\. What you typed is still on this page/);
  assert.ok(gone.tries > 1);
  // Back again: the next try keeps it.
  answer = null;
  for (let i = 0; i < 20 && !/^Kept at/.test(await note.textContent()); i++, await moment(200)) await page.clock.runFor(9000);
  assert.match(await note.textContent(), /^Kept at/);
  assert.equal(await session("glow", p.link).get(`${p.at}/${p.intake}`).then((r) => h.formOf(r.text).values["q-reason"]), "Without a connection");
  page.foyer.faults.length = 0; // (those of the answers above)
  await page.context().close();
});
