// booking_frame.test.js -- the booking pages inside a business's own site: framed by who is on its list, and by nobody else; every
// other page by nobody at all. S-13 V-08 (clickjacking), L02, B21.
"use strict";
const { test, describe, before, after } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");
const k = require("./booking_client");
const { fill } = require("./samples");

const site = "https://www.glow.example", second = "https://shop.glow.example:8444";
let c, owner, was;
const setting = (frame_origins) => owner.submit("/settings/booking", { frame_origins }, { action: "/settings/booking" });
const kept = () => h.one("SELECT array_to_string(frame_origins, ' ') FROM app.tenant WHERE slug = 'glow'") ?? "";
const ancestors = (r) => r.headers["content-security-policy"].match(/frame-ancestors ([^;]*)/)[1];
before(async () => {
  c = k.corner("glow");
  owner = await h.staff("glow", "owner");
  was = kept().replace(/ /g, "\n");
});
after(async () => {
  await setting(was);
  k.close(c);
});

describe("who may frame a page", () => {
  test("by the list: each site an https origin, ten at most; what is none is refused beside the field", async () => {
    const saved = await setting(`${site}/\n  HTTPS://Shop.Glow.example:8444`);
    assert.deepEqual([saved.status, saved.location], [303, "/settings/booking?saved=1"]);
    assert.deepEqual(kept().split(" ").sort(), [second, site].sort());
    for (const bad of ["http://www.glow.example", "https://www.glow.example/book", "https://*.glow.example", "*", "'self'", "https://a.example; script-src *", "data:",
      Array.from({ length: 11 }, (_, i) => `https://site${i}.example`).join("\n")]) {
      const r = await setting(bad);
      assert.equal(r.status, 422, bad);
      assert.match(r.text, /id="frame-error"/, bad);
      assert.ok(h.formOf(r.text, "/settings/booking").values.frame_origins.includes(bad), "what was typed is gone");
    }
    assert.deepEqual(kept().split(" ").sort(), [second, site].sort());
    const page = await owner.get("/settings/booking");
    assert.match(h.decode(page.text), /<iframe src="https:\/\/glow\.[^"]*\/book" title=/);
  });
  test("booking, and its refusals, by the sites on the list and no X-Frame-Options; all else of the policy stays", async () => {
    const v = new h.Visitor("glow"), plain = (await h.request("glow", "/login")).headers["content-security-policy"];
    const at = await k.hold(v, c, 0, { days: 12 });
    const wrong = await k.confirm(v, at, k.person({ phone: "12" }));
    assert.equal(wrong.status, 422);
    for (const r of [await v.get("/book"), await v.get(c.path), await v.get(at), wrong, await v.get(`/book/hold/${h.uuid()}`), await v.get("/book/done")]) {
      assert.deepEqual(ancestors(r).split(" ").sort(), [second, site].sort());
      assert.equal(r.headers["x-frame-options"], undefined);
      assert.equal(r.headers["x-foyer-frame"], undefined);
      assert.equal(r.headers["content-security-policy"].replace(ancestors(r), "'none'"), plain);
    }
  });
  test("S-13: every other page of the house by nobody; only public pages of booking say that they may be", async () => {
    const pages = h.routes();
    for (const p of pages.filter((q) => q.framed)) {
      assert.match(p.path, /^\/book(\/|$)/);
      assert.deepEqual([p.door, p.pool], ["public", "public"]);
    }
    // one of each kind of door and pool, and everything that is public
    const seen = new Set(), asked = pages.filter((p) => !p.framed && p.method === "GET" && (p.door === "public" || !seen.has(`${p.door} ${p.pool} ${p.realm}`) && seen.add(`${p.door} ${p.pool} ${p.realm}`)));
    assert.ok(asked.length > 8);
    for (const p of asked) {
      const label = { studio: "glow", staffed: "glow", operator: "ops", site: "" }[p.realm], target = fill(p, label || "ops");
      if (!target) continue;
      for (const r of [await h.request(label, target), ...(p.door === "staff" && label === "glow" ? [await owner.get(target)] : [])]) {
        assert.equal(ancestors(r), "'none'", p.path);
        assert.equal(r.headers["x-frame-options"], "DENY", p.path);
      }
    }
    for (const target of ["/book/nothing", "/nowhere", "/static/none.css"]) assert.equal(ancestors(await h.request("glow", target)), "'none'", target);
  });
  test("another studio, which has no such list, is framed by nobody", async () => {
    const r = await h.request("first-light", "/book");
    if (h.one("SELECT cardinality(frame_origins) FROM app.tenant WHERE slug = 'first-light'") === "0") assert.deepEqual([ancestors(r), r.headers["x-frame-options"]], ["'none'", "DENY"]);
    assert.ok(!ancestors(r).includes("glow"));
  });
});

describe("in a frame no cookie is needed, for browsers keep none there", () => {
  const framed = { headers: { "Sec-Fetch-Dest": "iframe" } };
  test("L02: from the services to the end without one; the rest opens from the message", async () => {
    const v = new h.Visitor("glow"), day = k.dayIn(12), values = k.person(), all = [];
    const keep = (r) => { all.push(r); return r; };
    keep(await v.get("/book", framed));
    const times = keep(await v.get(`${c.path}?week=${day}&day=${day}`, framed)), form = h.formOf(times.text, /^\/book\//);
    const held = keep(await v.post(form.action, { ...form.values, slot: k.slotsOf(times.text)[3] }, { ...framed, from: h.somewhere() }));
    const details = keep(await v.get(held.location, framed)), filled = { ...h.formOf(details.text).values, ...values };
    const done = keep(await v.post(held.location, filled, framed));
    assert.deepEqual([done.status, done.location], [303, "/book/done"]);
    assert.equal((keep(await v.post(held.location, filled, framed))).location, "/book/done", "the same form again");
    const shown = keep(await v.get("/book/done", framed));
    assert.match(shown.text, /Your appointment is booked/);
    assert.ok(!shown.text.includes(values.name) && !shown.text.includes(values.email));
    assert.match(shown.text, /href="\/privacy" target="_blank"/, "what a frame may not show opens beside it");
    assert.match(shown.text, /<form class="languages" method="post" action="\/language" target="_blank"/, "a language is kept by a cookie, so it opens beside it too");
    for (const r of all) assert.deepEqual(r.cookies, []);
    const client = h.one("SELECT id FROM app.client WHERE email = :'v1'", values.email);
    assert.ok((await k.message(c, client, "booked")).token);
    assert.equal(h.one("SELECT count(*) FROM app.link WHERE client_id = :'v1' AND purpose = 'manage'", client), "1", "no link that nobody has");
  });
  test("a page of another origin that shows it sends nothing in her name: the form's origin is asked as ever (T10)", async () => {
    const v = new h.Visitor("glow"), at = await k.hold(v, c, 5, { days: 12 }), form = h.formOf((await v.get(at)).text);
    assert.equal((await v.post(at, { ...form.values, ...k.person() }, { ...framed, origin: site, site: "cross-site" })).status, 403);
  });
});
