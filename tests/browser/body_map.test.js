// body_map.test.js -- L11: a point is put on the drawing by a click, moved by the arrow keys, and sent by the form's button; a note is kept
// as it is typed (L14).
"use strict";
const { test } = require("node:test");
const assert = require("node:assert/strict");
const b = require("./harness");
const h = require("../http/harness");

async function open(target) {
  const v = await h.staff("glow", "provider"), page = await b.open("desk");
  await page.context().addCookies([...v.jar.values()].map((x) => ({ name: x.name, value: x.value, domain: h.host("glow"), path: x.at, secure: true, httpOnly: true })));
  await page.goto(h.origin("glow") + target);
  return page;
}
test("L11: by click and by keys, and where the region lies", async () => {
  const [client, encounter] = h.sql("SELECT client_id, id FROM app.encounter WHERE tenant_id = :'v1' AND void_at IS NULL AND signed_at IS NULL ORDER BY id LIMIT 1", h.tenantId("glow"))[0];
  const page = await open(`/clients/${client}/encounters/${encounter}/map?drawing=body_back`);
  const box = await page.locator("[data-map]").boundingBox();
  await page.mouse.click(box.x + box.width / 4, box.y + box.height / 2);
  const at = async () => [await page.inputValue("#x"), await page.inputValue("#y")].map(Number);
  const [x, y] = await at();
  assert.ok(Math.abs(x - 250) < 6 && Math.abs(y - 500) < 6, `${x} ${y}`);
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Shift+ArrowUp");
  assert.deepEqual(await at(), [x + 10, y - 50]);
  await page.selectOption("#region", "Lower back");
  assert.deepEqual(await at(), [500, 430]);
  await page.focus(".map-mark");
  await page.keyboard.press("ArrowDown");
  assert.deepEqual(await at(), [500, 440]);
  await page.click("[data-map-form] button");
  await page.waitForSelector(".map-point");
  assert.deepEqual(h.sql("SELECT x, y FROM app.body_point WHERE encounter_id = :'v1' AND drawing = 'body_back'", encounter).at(-1), ["500", "440"]);
  assert.deepEqual(page.foyer.faults, []);
  await b.check(page, "a map");
  await page.context().close();
});
test("L11: a point is taken hold of and moved, by the pointer and by keys; the button keeps the place, and where it stood stays", async () => {
  const [client, encounter, point] = h.sql(`SELECT e.client_id, e.id, p.id FROM app.encounter e JOIN app.body_point p ON p.tenant_id = e.tenant_id AND p.encounter_id = e.id AND p.void_at IS NULL AND p.drawing = 'face_front'
    AND (p.x, p.y) = (500, 360) WHERE e.tenant_id = :'v1' AND e.void_at IS NULL AND e.signed_at IS NULL ORDER BY e.id LIMIT 1`, h.tenantId("glow"))[0];
  const page = await open(`/clients/${client}/encounters/${encounter}/map?drawing=face_front`), circle = page.locator(`[data-point="${point}"]`), more = page.locator(`[data-move="${point}"]`);
  const at = async () => [await more.locator("[name=to_x]").inputValue(), await more.locator("[name=to_y]").inputValue()].map(Number);
  assert.deepEqual(await at(), [500, 360]);
  await circle.scrollIntoViewIfNeeded();
  const box = await page.locator("[data-map]").boundingBox(), to = (x, y) => [box.x + box.width * x / 1000, box.y + box.height * y / 1000];
  await page.mouse.move(...to(500, 360));
  await page.mouse.down();
  await page.mouse.move(...to(560, 380), { steps: 4 });
  await page.mouse.up();
  const [x, y] = await at();
  assert.ok(Math.abs(x - 560) < 8 && Math.abs(y - 380) < 8, `${x} ${y}`);
  assert.equal(await page.inputValue("#x"), "", "no new point is begun by it");
  await circle.focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Shift+ArrowUp");
  assert.deepEqual(await at(), [x + 10, y - 50]);
  assert.equal(h.one("SELECT count(*) FROM app.body_point WHERE was_id = :'v1'", point), "0", "nothing is sent yet");
  // what was moved and not sent is asked about before it is left; a place that is half typed moves nothing
  const asked = page.waitForEvent("dialog"), left = page.evaluate(() => { location.href = "/clients"; }), dialog = await asked;
  assert.equal(dialog.type(), "beforeunload");
  await dialog.dismiss();
  await left;
  assert.match(page.url(), /map\?drawing=face_front$/);
  // nor does another form of the page take it away, and that one can be sent once more when the answer is to stay
  const other = page.locator(`[data-move]:not([data-move="${point}"])`).first(), send = other.locator("button");
  await other.locator("summary").click();
  for (let i = 0; i < 2; i++) {
    const again = page.waitForEvent("dialog");
    await send.click({ noWaitAfter: true });
    await (await again).dismiss();
    await page.evaluate(() => new Promise((done) => setTimeout(done, 20))); // (the page has said "busy" by then)
    await page.waitForFunction((button) => !button.hasAttribute("data-busy"), await send.elementHandle());
  }
  await more.locator("[name=to_x]").fill("");
  assert.equal(await circle.getAttribute("cx"), String(x + 10));
  await more.locator("[name=to_x]").fill(String(x + 10));
  await circle.focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await page.waitForURL(/map\?drawing=face_front$/);
  await page.waitForSelector("text=Former places");
  assert.deepEqual(h.sql("SELECT x, y FROM app.body_point WHERE was_id = :'v1'", point), [[String(x + 10), String(y - 50)]]);
  assert.deepEqual(page.foyer.faults, []);
  await b.check(page, "a map with a point that was moved");
  await page.context().close();
});
test("L11: on a phone the points of a printed map stand below their drawing, on a desk beside it", async () => {
  const client = h.one("SELECT p.client_id FROM app.body_point p JOIN app.encounter e ON e.tenant_id = p.tenant_id AND e.id = p.encounter_id AND e.void_at IS NULL WHERE p.tenant_id = :'v1' AND p.void_at IS NULL AND p.lot_id IS NOT NULL ORDER BY p.id LIMIT 1", h.tenantId("glow"));
  const page = await open(`/clients/${client}/chart/print`), figure = page.locator(".map-on-paper").first();
  for (const [width, isBeside] of [[1280, true], [390, false]]) {
    await page.setViewportSize({ width, height: 900 });
    const drawing = await figure.locator("svg").boundingBox(), list = await figure.locator("ul").boundingBox();
    assert.equal(list.x > drawing.x + drawing.width - 1, isBeside, `${width}`);
    assert.equal(list.y > drawing.y + drawing.height - 1, !isBeside, `${width}`);
    assert.ok(list.width > 200, `${width}: ${list.width}`);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${width}: it runs out of the page`);
  }
  await b.check(page, "a chart to print");
  await page.context().close();
});
test("L14: what is typed is kept without a button", async () => {
  const client = h.one("SELECT c.id FROM app.client c WHERE c.tenant_id = :'v1' AND c.is_active AND EXISTS (SELECT FROM app.appointment a WHERE a.tenant_id = c.tenant_id AND a.client_id = c.id AND a.status = 'done') ORDER BY c.id LIMIT 1", h.tenantId("glow"));
  const page = await open(`/clients/${client}/chart`), text = `Kept quietly ${h.uuid()}`;
  await page.click("#new-note > summary");
  for (const body of [text, `${text} and more`]) {
    const kept = page.waitForResponse(/\/notes$/);
    await page.fill("#note-body", body);
    await kept;
  }
  await page.waitForFunction(() => /^Kept at/.test(document.querySelector("#new-note [data-saved]").textContent));
  assert.equal(h.one("SELECT version FROM app.chart_note WHERE client_id = :'v1' AND state = 'draft' ORDER BY written_at DESC LIMIT 1", client), "2");
  // the visit is picked last, and is kept with the words
  const visit = await page.$eval("#note-visit", (s) => s.options[1]?.value);
  assert.ok(visit);
  const kept = page.waitForResponse(/\/notes$/);
  await page.selectOption("#note-visit", visit);
  await kept;
  assert.equal(h.one("SELECT appointment_id FROM app.chart_note WHERE client_id = :'v1' AND state = 'draft' ORDER BY written_at DESC LIMIT 1", client), visit);
  await page.reload();
  assert.ok((await page.$$eval("textarea[name=body]", (all) => all.map((x) => x.value))).includes(`${text} and more`));
  await page.context().close();
});
