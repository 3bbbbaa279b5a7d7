// form_token.test.js -- the proof that a form came from a page of ours (SECURITY.md S-09, T10; PROMISES L36): what one of yesterday
// does, which nobody forged but which is too old to be carried out.
"use strict";
const { test } = require("node:test");
const assert = require("node:assert/strict");
const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const h = require("./harness");

// The token as the server makes it (cgi-src/core/form_token.c), with the master key of the stack under test.
function token(host, binding, made) {
  const master = fs.readFileSync(path.join(h.env.vardir, "master.key"));
  const key = master.length === 32 ? master : Buffer.from(master.toString().trim(), "hex");
  const form = crypto.hkdfSync("sha256", key, Buffer.alloc(0), "foyer/form-token", 32);
  const stamp = made.toString(16);
  const mac = crypto.createHmac("sha256", Buffer.from(form)).update(`${host}\n${binding}\n${stamp}`).digest();
  return `${stamp}.${mac.subarray(0, 24).toString("base64url")}`;
}

const now = () => Math.floor(Date.now() / 1000);
const asked = (name) => Number(h.one("SELECT count(*) FROM app.demo_request WHERE name = :'v1'", name));

async function demoForm(name, csrf) {
  const v = new h.Visitor("");
  const page = await v.get("/demo");
  const form = h.formOf(page.text);
  const binding = [...v.jar.values()].find((c) => c.name === "__Host-form").value;
  const filled = { ...form.values, name, email: "old@visitor.example", spa_name: "Yesterday & Sons", location_count: "2",
    provider_count: "3", platform: "paper", message: "typed <b>slowly</b>" };
  return { v, reply: await v.post("/demo", { ...filled, csrf: csrf(binding) }, { from: h.somewhere() }) };
}

test("T10 L36: a form of yesterday is shown again with what was typed, does nothing, and goes through the second time", async () => {
  const name = `Old ${h.uuid()}`;
  const { v, reply } = await demoForm(name, (binding) => token(h.env.domain, binding, now() - 25 * 3600));
  assert.equal(reply.status, 422);
  assert.match(reply.text, /open for more than a day/);
  assert.equal(asked(name), 0);
  const again = h.formOf(reply.text);
  assert.equal(again.values.spa_name, "Yesterday & Sons");
  assert.equal(again.values.message, "typed <b>slowly</b>");
  const sent = await v.post("/demo", again.values, { from: h.somewhere() });
  assert.equal(sent.status, 303);
  assert.equal(asked(name), 1);
});

for (const [what, make] of [
  ["one of tomorrow", (b) => token(h.env.domain, b, now() + 3600)],
  ["one of another host", (b) => token(h.host("glow"), b, now())],
  ["one of another visitor", () => token(h.env.domain, "somebody else", now())],
  ["an old one of another visitor", () => token(h.env.domain, "somebody else", now() - 25 * 3600)],
  ["one whose time was changed", (b) => token(h.env.domain, b, now() - 25 * 3600).replace(/^[^.]*/, now().toString(16))],
])
  test(`T10 S-09: ${what} is refused`, async () => {
    const name = `Forged ${h.uuid()}`;
    assert.equal((await demoForm(name, make)).reply.status, 403);
    assert.equal(asked(name), 0);
  });

test("T10 S-09: a fresh one, made in the same way, is taken: the test makes them right", async () => {
  const name = `Fresh ${h.uuid()}`;
  assert.equal((await demoForm(name, (b) => token(h.env.domain, b, now()))).reply.status, 303);
  assert.equal(asked(name), 1);
});
