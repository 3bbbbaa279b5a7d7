// direct.test.js -- what nginx would never pass on reaches the pools all the same, past it: the gate relies on nobody before it.
// SECURITY.md D-01, S-09, H-09.
"use strict";
const { test } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const h = require("./harness");
const fastcgi = require("../slow/fastcgi");

const conf = fs.readFileSync(path.join(h.env.vardir, "foyer.conf"), "utf8");
const socket = (pool) => conf.match(new RegExp(`^listen_${pool} = unix:([^,\\s]+)`, "m"))[1];
const ask = (pool, o) => fastcgi.ask(socket(pool), { host: h.host("glow"), target: "/book", id: h.uuid(), ...o });

test("D-01: a host that is no studio's has no pages, however near it looks", async () => {
  assert.equal((await ask("public", {})).status, 200);
  assert.equal((await ask("public", { host: `${h.host("glow").toUpperCase()}:${h.env.port}` })).status, 200, "a host has no case");
  for (const host of ["", "x", "glow", `glow${h.env.domain}`, `x${h.env.domain}`, `.${h.env.domain}`, `a.b.${h.env.domain}`, `glow.${h.env.domain}.evil.example`, `glow.${"x".repeat(h.env.domain.length)}`,
    "127.0.0.1", "[::1]", `glow.${h.env.domain}@evil.example`, `gl\0ow.${h.env.domain}`, `nobody.${h.env.domain}`]) {
    const r = await ask("public", { host });
    assert.ok([400, 404].includes(r.status), `${JSON.stringify(host)}: ${r.status}`);
    assert.doesNotMatch(r.text, /Glow/);
  }
});
test("methods that no page has", async () => {
  for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", ""]) assert.equal((await ask("public", { method })).status, 405, method);
  const r = await ask("public", { method: "POST", body: "x=1" }); // this one is looked at, not sent to
  assert.deepEqual([r.status, r.headers.allow], [405, "GET, HEAD"]);
  const head = await ask("public", { method: "HEAD" });
  assert.deepEqual([head.status, head.text], [200, ""]);
});
test("H-01: a pool has its own pages alone", async () => {
  for (const [pool, target] of [["public", "/clients"], ["staff", "/book"], ["slow", "/clients"], ["public", "/login"], ["staff", "/login"]])
    assert.equal((await ask(pool, { target })).status, 404, `${pool} ${target}`);
});
test("queries, cookies, paths and bodies that are none", async () => {
  for (const target of ["/book?a=%zz", `/book?a=${"x".repeat(9000)}`]) assert.ok([400, 413].includes((await ask("public", { target })).status), target.slice(0, 20));
  for (const target of ["/book%zz", "/book/%00", "/../book", "/book/%2e%2e/x", "book", "/%c3%28"]) assert.ok([400, 404].includes((await ask("public", { target })).status), target);
  const link = `/v/${h.uuid()}/prove`;
  for (const [type, body] of [["text/plain", "a=b"], ["application/json", "{}"], ["multipart/form-data", "x"], ["application/x-www-form-urlencoded", "a=%zz"], ["", "a=b"]])
    assert.equal((await ask("public", { target: link, method: "POST", type, body, cookie: "__Secure-link=x" })).status, 400, type);
  assert.equal((await ask("public", { target: link, method: "POST", body: `a=${"x".repeat(70000)}` })).status, 413);
  assert.equal((await ask("public", { target: link, method: "POST", body: "" })).status, 401, "nothing sent, no cookie");
});
test("a request without an id of ours gets one; an id is never a text", async () => {
  for (const id of ["", "x", "g".repeat(32), "../../../../etc/passwd", "a".repeat(31), h.uuid().toUpperCase()]) {
    const r = await ask("public", { id });
    assert.equal(r.status, 200, id);
  }
});
test("B-05: a form without its key, or with one that is none, does nothing", async () => {
  const desk = await h.staff("glow", "front-desk"), page = h.formOf((await desk.get("/clients/new")).text);
  const name = `Zz Direct ${h.uuid()}`, values = { ...page.values, name, birth_date: "1980-01-02" };
  for (const idem of [undefined, "", "short", "x".repeat(65)]) {
    const { idem: old, ...rest } = values;
    const r = await desk.post("/clients/new", idem === undefined ? rest : { ...rest, idem });
    assert.equal(r.status, 400, `${idem} instead of ${old}`);
  }
  assert.equal(h.one("SELECT count(*) FROM app.client WHERE name = :'v1'", name), "0");
  assert.equal((await desk.post("/clients/new", values)).status, 303);
});
