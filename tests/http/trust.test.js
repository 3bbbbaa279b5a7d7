// trust.test.js -- what the product believes of a request: never who sends it, never whom it is about,
// unless a form's own fields, its path or the server say so (SECURITY.md V-09, V-25, S-03).
"use strict";
const { test, describe, beforeEach, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const h = require("./harness");
const { fill } = require("./samples");

const forget = () => h.sql("DELETE FROM sec.throttle");
beforeEach(forget);
after(forget);
const at = (id) => h.sql("SELECT host(ip), agent, tenant_id FROM audit.event WHERE request_id = :'v1'::uuid", id)
  .map(([ip, agent, tenant]) => ({ ip, agent, tenant }));
// The form of a page, sent to its address with a query string of our own.
async function submitWith(v, page, query, values, o = {}) {
  const form = h.formOf((await v.get(page)).text, o.action);
  return v.post(`${form.action || page}?${query}`, { ...form.values, ...values });
}

describe("V-09 V-25: an address bar says nothing about who asks", () => {
  const desk = () => h.staffOf("glow", "front-desk");
  test("a failed log-in is counted and noted at the address it came from, for the host it came to", async () => {
    const forged = `address=203.0.113.7&host=${h.host("first-light")}&agent=nobody&request_id=${h.uuid()}&email=other@glow.example`;
    const r = await submitWith(new h.Visitor("glow"), "/login", forged, { email: desk().email, password: "wrong wrong wrong" });
    assert.equal(r.status, 422);
    const rows = at(r.id);
    assert.equal(rows.length, 1);
    assert.equal(rows[0].ip, "127.0.0.1");
    assert.equal(rows[0].tenant, h.tenantId("glow"));
    assert.notEqual(rows[0].agent, "nobody");
  });
  test("S-03: a new address with each try does not help a guesser", async () => {
    for (let i = 0; i < 21; i++)
      await submitWith(new h.Visitor("glow"), "/login", `address=203.0.113.${i}`, { email: `guess${i}@glow.example`, password: "wrong wrong wrong" });
    const r = await new h.Visitor("glow").submit("/login", { email: desk().email, password: desk().password });
    assert.equal(r.status, 422);
    assert.match(r.text, /wait a little/);
  });
  test("V-07: nor somebody who asks for demos without end", async () => {
    const ask = (i) => submitWith(new h.Visitor(""), "/demo", `address=203.0.113.${i}&new_id=${h.uuid()}`, { name: "Ada", email: "ada@example.com",
      spa_name: "Ada's", location_count: "1", provider_count: "1", platform: "paper" }, { action: "/demo" });
    const seen = [];
    for (let i = 0; i < 7; i++) seen.push((await ask(i)).status);
    assert.equal(seen[0], 303);
    assert.equal(seen.at(-1), 429);
  });
  test("the id of what is made is ours: a sealed note can be read again", async () => {
    const v = await h.staff("glow", "owner");
    const client = await h.addClient(v, { name: `Trusted ${h.uuid().slice(0, 8)}` });
    const chart = `/clients/${client}/chart`;
    const made = "AAAAAAAA-BBBB-4CCC-8DDD-" + h.uuid().slice(-12).toUpperCase();
    const r = await submitWith(v, chart, `id=${h.uuid()}&new_id=${made}&client_id=${h.uuid()}`,
      { substance: "Nickel dust", reaction: "itching", severity: "mild" }, { action: `/clients/${client}/allergies` });
    assert.equal(r.status, 303);
    const page = await v.get(chart);
    assert.equal(page.status, 200, "the chart can no longer be opened");
    assert.match(page.text, /Nickel dust/);
    assert.equal(h.sql("SELECT id FROM app.allergy WHERE id = :'v1'::uuid", made).length, 0);
    const added = await submitWith(v, "/clients/new", `new_id=${made}`, { name: "Ulla Upper" });
    assert.equal(added.status, 303);
    assert.equal((await v.get(added.location)).status, 200);
    assert.equal((await v.get("/clients?q=ulla")).status, 200);
  });
  test("a browser whose name is not UTF-8 can log in", async () => {
    const v = new h.Visitor("glow");
    const form = h.formOf((await v.get("/login")).text);
    const r = await v.post("/login", { ...form.values, email: desk().email, password: desk().password }, { headers: { "User-Agent": "caf\xe9" } });
    assert.equal(r.status, 303);
  });
});

describe("V-05 V-07: a day that never comes", () => {
  const [service, place] = h.sql(`SELECT v.id, l.id FROM app.service v, app.location l
    WHERE v.tenant_id = :'v1' AND l.tenant_id = :'v1' AND v.is_online AND v.is_active LIMIT 1`, h.tenantId("glow"))[0];
  for (const q of ["slot=Infinity", "slot=-Infinity", "slot=infinity&week=infinity", "slot=NaN", "slot=1e300"])
    test(`${q} does not keep a worker busy`, async () => {
      const began = Date.now();
      const r = await h.request("glow", `/book/${service}?is_taken=1&place=${place}&${q}`);
      assert.ok(r.status < 500, `answered ${r.status}`);
      assert.ok(Date.now() - began < 5000, "it took as long as the database allows");
    });
  test("nor for the staff", async () => {
    const v = await h.staff("glow", "owner");
    const r = await v.get(`/appointments/new?service_id=${service}&location_id=${place}&day=infinity&time=10:00`);
    assert.ok(r.status < 500, `answered ${r.status}`);
  });
});

describe("V-05 T11: whatever stands in an address is never our fault", () => {
  const odd = ["-1", "'", "NaN", "Infinity", "-9223372036854775808", "2026-02-30", "infinity", "2026-01-01 10:00+99",
    "2026-01-01 00:00 Foo/Bar", "5874897-12-31", "23:59:60", "AAAAAAAA-AAAA-4AAA-8AAA-AAAAAAAAAAAA", "\u202E", "\\x00"];
  // Every name that a statement of the product takes.
  const names = new Set(fs.readdirSync(path.join(h.root, "sql", "queries")).flatMap((f) =>
    [...fs.readFileSync(path.join(h.root, "sql", "queries", f), "utf8").matchAll(/(?<![:\w]):([a-z_]+)/g)].map(([, n]) => n)));
  const together = [["week", "day", "slot", "page"], ["place", "who", "location", "staff_id"], ["day", "time", "q"], [...names]];
  for (const p of h.routes().filter((x) => x.method === "GET" && !x.door.startsWith("link")))
    test(`${p.realm} ${p.path}`, async () => {
      const label = p.realm === "site" ? "" : p.realm === "operator" ? "ops" : "glow";
      const v = label ? await h.staff(label, label === "ops" ? "operator" : "owner") : new h.Visitor("");
      const target = fill(p, label);
      for (const value of odd)
        for (const some of together) {
          const query = some.map((n) => `${n}=${encodeURIComponent(value)}`).join("&");
          if (query.length > 4000) continue;
          const r = await v.get(`${target}?${query}`);
          assert.ok(r.status < 500, `${r.status} for ${query.slice(0, 200)}`);
        }
    });
});

describe("S-20 A-04: who may not send a form is told so before it is read", () => {
  test("a mistake in the form does not hide the refusal", async () => {
    const v = await h.staff("glow", "biller"); // sees the calendar, may not change it
    const visit = h.one("SELECT id FROM app.appointment WHERE tenant_id = :'v1' AND status = 'booked' LIMIT 1", h.tenantId("glow"));
    const csrf = h.formOf((await v.get(`/appointments/${visit}`)).text, "/logout").values;
    const r = await v.post(`/appointments/${visit}/status`, { ...csrf, idem: "k".repeat(20), status: "nonsense" });
    assert.equal(r.status, 403);
    assert.ok(h.trail(r.id).some((e) => e.outcome === "refused" && e.reason === "denied"), "the refusal is not in the trail");
  });
});
