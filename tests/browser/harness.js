// harness.js -- a person's browser: Chromium at the width of a phone and of a desk, with and without script, in light
// and in dark, and what every page must keep whoever opens it.
//
//   const page = await b.open("phone", { script: false });    a page in a context of its own
//   await b.check(page, "what it is");                        accessible, valid, quiet, inside its width, ours alone
//   FOYER_SHOTS=DIR                                           check() also leaves a picture of the page there
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { test, after } = require("node:test");
const assert = require("node:assert/strict");
const { chromium } = require("playwright-core");
const { HtmlValidate } = require("html-validate");
const h = require("../http/harness");

const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const shots = process.env.FOYER_SHOTS;
if (shots) fs.mkdirSync(shots, { recursive: true });

const widths = {
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: shots ? 2 : 1 },
  desk: { viewport: { width: 1280, height: 900 } },
};

// Real errors of HTML, not one house's style of writing it.
const validator = new HtmlValidate({
  root: true,
  extends: ["html-validate:recommended"],
  rules: {
    "void-style": "off", "no-trailing-whitespace": "off", "doctype-style": "off", "attribute-boolean-style": "off",
    "attribute-empty-style": "off", "long-title": "off", "no-implicit-button-type": "off", "tel-non-breaking": "off",
    "require-sri": "off", "no-redundant-role": "off", "attr-quotes": "off", "no-raw-characters": ["error", { relaxed: true }],
    "valid-id": ["error", { relaxed: true }], "no-implicit-input-type": "off",
    "wcag/h32": "off", "aria-label-misuse": ["error", { allowAnyNamable: true }],
    "form-dup-name": "off", // lines of a list share their names, and buttons say by theirs which was pressed
  },
});

let browser;
async function start() {
  browser ??= await chromium.launch({
    executablePath: process.env.FOYER_CHROMIUM || "/usr/bin/chromium-headless-shell",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run",
      "--renderer-process-limit=1", // one for each browser of a test takes as long to start as a page to be judged
      `--host-resolver-rules=MAP *.${h.env.domain} 127.0.0.1,MAP ${h.env.domain} 127.0.0.1`],
  });
  return browser;
}
after(async () => { await browser?.close(); });

// A browser of its own (cookies, cache), and in it one page that remembers what went wrong.
async function open(width, o = {}) {
  const context = await (await start()).newContext({
    ...widths[width], ignoreHTTPSErrors: true, javaScriptEnabled: o.script !== false, colorScheme: o.theme || "light",
    reducedMotion: "reduce", locale: "en-US", timezoneId: "America/New_York",
    storageState: o.state,
  });
  context.setDefaultTimeout(15000);
  const page = await context.newPage();
  const state = { width, script: o.script !== false, theme: o.theme || "light", faults: [], document: null };
  page.foyer = state;
  page.on("console", (m) => {
    // That a page was refused or not found is what some tests ask for; the browser says so as well.
    if (m.type() !== "error" || /Failed to load resource: the server responded with a status of 4\d\d/.test(m.text())) return;
    state.faults.push(`console: ${m.text()}`);
  });
  page.on("pageerror", (e) => state.faults.push(`script: ${e.message}`));
  page.on("request", (r) => {
    const url = new URL(r.url());
    const ours = url.hostname === h.env.domain || url.hostname.endsWith(`.${h.env.domain}`);
    if (!ours && url.protocol !== "data:") state.faults.push(`asks ${url.origin}`);
    if (r.isNavigationRequest() && r.frame() === page.mainFrame()) state.asked = r;
  });
  page.on("response", (r) => {
    if (r.request() === state.asked) state.document = r;
    else if (r.status() >= 400) state.faults.push(`${r.status()} for ${new URL(r.url()).pathname}`);
  });
  return page;
}

// Runs axe in the page; where script is off, in a page with script that is given the same bytes at the same address.
const readers = new Map();
async function violations(page, html, rules) {
  let there = page;
  if (!page.foyer.script) {
    const key = `${page.foyer.width} ${page.foyer.theme}`;
    if (!readers.has(key)) readers.set(key, await open(page.foyer.width, { theme: page.foyer.theme }));
    there = readers.get(key);
    const url = page.url().split("#")[0];
    await there.unrouteAll();
    await there.route(url, (route) => route.fulfill({ status: 200, contentType: "text/html; charset=utf-8", body: html.replace(/<script\b[^>]*><\/script>/g, "") }));
    await there.goto(url);
  }
  const has = await there.evaluate(() => typeof window.axe === "object");
  if (!has) await there.evaluate(axe);
  const found = await there.evaluate(async (only) => {
    const result = await window.axe.run(document, {
      resultTypes: ["violations"],
      runOnly: only ? { type: "rule", values: only } : { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] },
    });
    return result.violations.map((v) => `${v.id} (${v.help}): ${v.nodes.slice(0, 3).map((n) => `${n.html.slice(0, 160)} ${n.any[0]?.message ?? ""}`).join(" | ")}`);
  }, rules);
  return found.map((v) => `axe: ${v}`);
}

async function invalid(html) {
  const report = await validator.validateString(html);
  return report.results.flatMap((r) => r.messages).filter((m) => m.severity === 2)
    .map((m) => `html ${m.line}:${m.column} ${m.ruleId}: ${m.message}`);
}

// What sticks out of the page at its right, smallest first.
const overflow = () => {
  const most = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= most) return [];
  const wide = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > most + 1);
  return wide.slice(-3).map((e) => `wider than ${most}: ${e.outerHTML.slice(0, 120)}`).concat(wide.length ? [] : ["page scrolls sideways"]);
};

// The address without what differs from run to run.
const nameOf = (page) => {
  const url = new URL(page.url());
  const label = url.hostname === h.env.domain ? "site" : url.hostname.split(".")[0];
  return `${label}${url.pathname}`.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "ID").replace(/\d{4}-\d\d-\d\d/g, "DAY")
    .replace(/\/[A-Za-z0-9_-]{43}(?=\/|$)/g, "/TOKEN").replace(/[^A-Za-z0-9]+/g, "-").replace(/-$/, "");
};
async function shoot(page, name) {
  if (!shots) return;
  const { width, theme, script } = page.foyer;
  const file = `${name || nameOf(page)}.${width}.${theme}${script ? "" : ".plain"}.png`;
  await page.screenshot({ path: path.join(shots, file), fullPage: true });
}

// A page without its words and ids: two that are built alike are judged once. Elements that are built alike one after the other count
// as one (a list is as right with three lines as with two), and the list of rooms, of which each role has others, counts by itself.
const skeletons = new Map();
function skeleton(html) {
  if (skeletons.has(html)) return skeletons.get(html);
  const plain = html.replace(/>[^<]+</g, "><").replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "ID").replace(/\s(value|href|content|datetime|action|data-left)="[^"]*"/g, "")
    .replace(/\b[hmd]\d+\b/g, "");
  const rooms = (plain.match(/<ul class="shell-list">.*?<\/ul>/s) || [""])[0];
  const parts = [plain.replace(rooms, ""), rooms.replace(/ aria-current="[^"]*"/g, "")].map((part) => {
    const tags = [];
    for (const tag of part.match(/<[^>]*>/g) || []) {
      tags.push(tag);
      for (let n = 1; n <= 60 && 2 * n <= tags.length; n++) {
        let i = 1;
        while (i <= n && tags.at(-i) === tags.at(-i - n)) i++;
        if (i > n) { tags.length -= n; break; }
      }
    }
    return tags.join("");
  });
  skeletons.clear(); // (one page is asked about several times, and then the next)
  skeletons.set(html, parts);
  return parts;
}
const judged = new Set();
const wasJudged = (how, html) => skeleton(html).every((part) => judged.has(`${how} ${part}`));
function isNew(how, html) {
  const was = wasJudged(how, html);
  for (const part of skeleton(html)) judged.add(`${how} ${part}`);
  return !was;
}

// A tap, again when nothing came of it: one that falls into the end of a scroll only stops that, on every phone.
async function tapTo(button, seen) {
  for (let tries = 1; ; tries++) {
    if (await button.isVisible()) await button.tap();
    try { return await seen.waitFor({ timeout: 5000 }); } catch (e) { if (tries === 4) throw e; }
  }
}
// The same for what ticks a box or a circle: where is touched until box is checked, or no longer is.
async function tapUntil(where, box, isChecked = true) {
  for (let tries = 1; ; tries++) {
    await where.tap();
    for (let i = 0; i < 20; i++, await new Promise((r) => setTimeout(r, 100))) if (await box.isChecked() === isChecked) return;
    assert.ok(tries < 4, "it cannot be touched");
  }
}

// All that a page keeps. o: {dark: also the contrast in dark, shot: name of the picture, also: [faults known from elsewhere]}
async function check(page, what, o = {}) {
  await page.waitForLoadState(); // a click returns when the next page has begun
  const html = (await page.foyer.document.body()).toString("utf8");
  const look = `${page.foyer.width} ${page.foyer.theme}`;
  const faults = isNew("html", html) ? await invalid(html) : [];
  faults.push(...await page.evaluate(overflow));
  await shoot(page, o.shot);
  // The other width shows the same elements, some of them beside others: what then may scroll is asked again.
  if (isNew(look, html)) faults.push(...await violations(page, html, isNew("axe", html) ? undefined : ["scrollable-region-focusable"]));
  if (o.dark && page.foyer.script) {
    await page.emulateMedia({ colorScheme: "dark" });
    page.foyer.theme = "dark";
    await shoot(page, o.shot);
    if (isNew("in dark", html)) // (colours are the same at every width)
      faults.push(...(await violations(page, html, ["color-contrast"])).map((v) => `dark ${v}`));
    await page.emulateMedia({ colorScheme: "light" });
    page.foyer.theme = "light";
  }
  faults.push(...page.foyer.faults.splice(0));
  assert.deepEqual(faults, [], `${what || nameOf(page)} at ${page.url()} (${page.foyer.width}, ${page.foyer.theme}${page.foyer.script ? "" : ", no script"})`);
}

// Bytes of a first visit, compressed as they travel; without headers, and without photos. In a page that is new.
async function firstVisit(page, url) {
  await page.goto(url, { waitUntil: "networkidle" });
  return page.evaluate(() => performance.getEntries().filter((e) => e.encodedBodySize && !/\.(jpe?g|webp|avif|png)$/.test(new URL(e.name).pathname))
    .reduce((sum, e) => sum + e.encodedBodySize, 0));
}

// Logs in by the form, as a person would.
async function logIn(page, label, role) {
  const account = h.staffOf(label, role);
  await page.goto(`${h.origin(label)}/login`);
  await page.getByLabel("E-mail").fill(account.email);
  await page.getByLabel("Password").fill(account.password);
  await page.getByRole("button", { name: "Log in", exact: true }).click();
  if (page.url().includes("/login/second")) {
    h.freshCodes(label, account.email);
    await page.getByLabel("Code of your app").fill(h.totp(account.key));
    await page.getByRole("button", { name: "Log in", exact: true }).click();
  }
  assert.doesNotMatch(page.url(), /\/login/, `${role} of ${label} could not log in`);
}

// One log-in per studio and role in a file: later pages take its cookies.
const known = new Map();
async function staff(width, label, role, o = {}) {
  const key = `${label} ${role}`;
  if (!known.has(key)) {
    const first = await open(width, o);
    await logIn(first, label, role);
    known.set(key, await first.context().storageState());
    return first;
  }
  return open(width, { ...o, state: known.get(key) });
}

// A finger's line over the pad of a signature, by touch events alone.
async function drawByTouch(page) {
  const pad = page.locator("[data-sign-pad]");
  await pad.scrollIntoViewIfNeeded();
  const box = await pad.boundingBox(), cdp = await page.context().newCDPSession(page);
  const at = (i) => [{ x: box.x + 30 + i * 6, y: box.y + 50 + 20 * Math.sin(i / 3) }];
  await cdp.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: at(0) });
  for (let i = 1; i < 35; i++) await cdp.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: at(i) });
  await cdp.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
}

module.exports = { ...h, drawByTouch, open, check, tapTo, tapUntil, wasJudged, shoot, firstVisit, logIn, staff, overflow, nameOf, test, assert };
