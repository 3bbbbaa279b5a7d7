// frames.test.js -- clickjacking (S-13, B56): no page of the table may be shown inside another site's. Generated from the table. A page
// that a business may show on its own site says so in its row ("framed"), and lets in the business's own sites alone.
"use strict";
const { test } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");
const { fill } = require("./samples");

const labelOf = (p) => (p.realm === "site" ? "" : p.realm === "operator" ? "ops" : "glow");
const ancestors = (r) => (r.headers["content-security-policy"] || "").split(";").map((d) => d.trim()).filter((d) => d.startsWith("frame-ancestors"));

test("S-13 B56: every page, to whoever asks for it and however it answers, says that nobody frames it", async () => {
  const pages = h.routes(), seen = new Map();
  for (const p of pages) {
    const label = labelOf(p), target = fill(p, label) ?? p.path.replace(/\{\w+:\w+\}/g, "x");
    const who = p.door === "staff" ? await h.staff(label, label === "ops" ? "operator" : "owner") : new h.Visitor(label);
    // A form without its token: refused, and refusals are pages too.
    for (const [v, method] of p.method === "GET" ? [[who, "GET"], [new h.Visitor(label), "GET"]] : [[who, "POST"]]) {
      const r = method === "GET" ? await v.get(target) : await v.post(target, {});
      const name = `${method} ${p.realm} ${p.path}: ${r.status}`;
      const [found, ...more] = ancestors(r);
      assert.ok(found, `${name} has no frame-ancestors`);
      assert.deepEqual(more, [], name);
      if (p.framed) {
        for (const one of found.split(" ").slice(1)) assert.match(one, /^('none'|'self'|https:\/\/[a-z0-9.-]+(:\d+)?)$/, `${name} may be framed by ${one}`);
      } else {
        assert.equal(found, "frame-ancestors 'none'", name);
        assert.equal(r.headers["x-frame-options"], "DENY", name);
      }
      seen.set(r.status, (seen.get(r.status) || 0) + 1);
    }
  }
  for (const status of [200, 303, 403, 404]) assert.ok(seen.get(status), `no page answered ${status}`);
  for (const [label, target] of [["glow", "/nowhere"], ["", "/nowhere"], ["glow", "/static/nothing.css"]])
    assert.deepEqual(ancestors(await h.request(label, target)), ["frame-ancestors 'none'"], target);
});
