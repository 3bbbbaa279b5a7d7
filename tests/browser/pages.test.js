// pages.test.js -- every page of `foyer routes --json` that can be opened, by who may open it: at the width of a phone
// and of a desk, in light and in dark; and how much a first visit moves over the wire, compressed.
"use strict";
const { describe, before } = require("node:test");
const h = require("../http/harness");
const b = require("./harness");
const { fill } = require("../http/samples");
const { test, assert } = b;

// (a picture is no page)
const pages = b.routes().filter((p) => p.method === "GET" && !/\.\w+$|\/(whole|small)$/.test(p.path));
const siteFiles = ["/", "/privacy", "/security", "/nowhere"]; // rendered when the product is built
const BUDGET = 60 * 1024;

async function visit(page, label, target, o = {}) {
  const reply = await page.goto(b.origin(label) + target);
  assert.ok([200, ...(o.status || [])].includes(reply.status()), `${target} answered ${reply.status()}`);
  await b.check(page, target, { dark: true, ...o });
}

for (const width of ["phone", "desk"]) {
  describe(`L10 L50: staff pages at the width of a ${width}`, () => {
    let page;
    before(async () => { page = await b.staff(width, "glow", "owner"); });
    for (const p of pages.filter((x) => x.door === "staff" && x.realm !== "operator" && x.permission !== "chart_emergency"))
      test(p.path, async () => {
        const target = fill(p, "glow");
        assert.ok(target, `the demo data has no row for ${p.path}`);
        await visit(page, "glow", target);
      });
    // Beyond the plain addresses: nothing found, something found, another day, a day on which nobody works.
    const more = [["/clients?q=zzzzzz", "search-none"], ["/clients?q=an", "search-many"],
      ["/appointments/new?client_id=CLIENT", "new-visit-for"], ["/nowhere", "staff-404"], ["/day/2031-01-01", "day-empty"],
      [`/day/${busyDay()}`, "day-full"], ["/audit?day=2020-01-01", "audit-empty"]];
    for (const [target, shot] of more)
      test(shot, () => visit(page, "glow", target.replace("CLIENT", b.one("SELECT client_id FROM app.signature WHERE tenant_id = :'v1' ORDER BY id LIMIT 1", b.tenantId("glow"))), { shot, status: [404] }));
    test("T04: opening a chart in an emergency, and a calendar of which one sees a part", async () => {
      const provider = await b.staff(width, "first-light", "scanner");
      await visit(provider, "first-light", "/emergency");
      await visit(provider, "first-light", "/calendar");
      await provider.context().close();
    });
    test("a chart of First Light", async () => {
      const there = await b.staff(width, "first-light", "owner");
      for (const path of ["/clients/{client_id:uuid}", "/clients/{client_id:uuid}/chart", "/day/{day:date}"])
        await visit(there, "first-light", fill({ path }, "first-light"));
      await there.context().close();
    });
  });

  describe(`L50: the operator's pages at the width of a ${width}`, () => {
    let page;
    before(async () => { page = await b.staff(width, "ops", "operator"); });
    for (const p of pages.filter((x) => x.door === "staff" && (x.realm === "operator" || x.realm === "staffed")))
      test(p.path, async () => {
        const target = fill(p, "ops");
        if (!target) return; // the operator has none of these
        await visit(page, "ops", target, { status: [404] });
      });
  });

  describe(`B20 L08 L50: public pages at the width of a ${width}`, () => {
    let page;
    before(async () => { page = await b.open(width); });
    for (const target of siteFiles) test(`site ${target}`, () => visit(page, "", target, { status: [404] }));
    for (const p of pages.filter((x) => x.door === "public"))
      for (const label of p.realm === "site" ? [""] : p.realm === "studio" ? ["glow", "first-light"] : ["glow"])
        test(`${label || "site"} ${p.path}`, async () => {
          const target = fill(p, label || "ops");
          if (/\{hold_id/.test(p.path)) return; // belongs to one visitor; see visit.test.js
          await visit(page, label, target, { status: p.path.includes("{token") || p.path === "/support/enter" ? [404, 410] : [] });
        });
    test("a studio that does not exist", () => visit(page, "nobody", "/", { status: [404], shot: "no-such-studio" }));
    test("a link that has ended", () => visit(page, "glow", `/l/${"A".repeat(43)}`, { status: [404, 410], shot: "link-ended" }));
  });
}

// A weekday of the demo studio with the most visits.
function busyDay() {
  return b.one(`SELECT (a.starts_at AT TIME ZONE l.zone)::date FROM app.appointment a JOIN app.location l ON l.tenant_id = a.tenant_id AND l.id = a.location_id
    WHERE a.tenant_id = :'v1' AND a.status <> 'cancelled' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1`, b.tenantId("glow"));
}

describe("L37 L49: what the other roles see of the studio", () => {
  for (const role of ["manager", "front-desk", "provider", "biller", "auditor"])
    test(role, async () => {
      const page = await b.staff("desk", "glow", role), asker = await h.staff("glow", role);
      const perms = new Set(b.one("SELECT perms FROM app.staff WHERE tenant_id = :'v1' AND email_norm = :'v2'", b.tenantId("glow"), b.staffOf("glow", role).email).split(","));
      for (const p of pages.filter((x) => x.door === "staff" && x.realm !== "operator")) {
        const target = fill(p, "glow"), may = !p.permission || perms.has(p.permission);
        let answer = await asker.get(target);
        for (let hops = 0; answer.status === 303 && hops < 3; hops++) answer = await asker.get(answer.location); // to today, to the first page of the house
        // The file of a chart is for whom it was made alone, the owner here.
        assert.equal(answer.status, !may ? 403 : p.path.includes("{chart_copy_id:") ? 404 : 200, `${p.path} for ${role}`);
        // Opened in the browser only where it is built unlike what was judged before.
        if (!process.env.FOYER_SHOTS && b.wasJudged("desk light", answer.text)) continue;
        await page.goto(b.origin("glow") + target);
        await b.check(page, `${p.path} for ${role}`, { shot: `${b.nameOf(page)}-as-${role}` });
      }
      await page.context().close();
    });
});

describe("L08 STYLE: a first visit moves less than 60 KB, compressed", () => {
  for (const [label, path] of [["", "/"], ["", "/security"], ["", "/demo"], ["glow", "/login"], ["glow", "/book"], ["glow", "/book/{service_id:uuid}"],
    ["glow", "/day/{day:date}"], ["glow", "/clients"], ["glow", "/clients/{client_id:uuid}/chart"], ["glow", "/audit"]])
    test(`${label || "site"} ${path}`, async (t) => {
      const isStaffed = label && pages.find((p) => p.path === path).door === "staff";
      const page = isStaffed ? await b.staff("phone", label, "owner") : await b.open("phone");
      t.after(() => page.context().close());
      const bytes = await b.firstVisit(page, b.origin(label) + fill({ path }, label || "glow"));
      t.diagnostic(`${(bytes / 1024).toFixed(1)} KB`);
      assert.ok(bytes < BUDGET, `${bytes} bytes`);
    });
});
