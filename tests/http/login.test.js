// login.test.js -- coming in, going out, and what a session is worth.
"use strict";
const { test, describe, beforeEach, after } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");

const forget = () => h.sql("DELETE FROM sec.throttle");
beforeEach(forget);
after(forget);
const account = () => h.staffOf("glow", "front-desk");

describe("L37 S-08: the session cookie", () => {
  test("has Secure, HttpOnly, SameSite=Strict, the __Host- prefix, and is not kept on disk", async () => {
    const v = new h.Visitor("glow");
    const r = await v.submit("/login", { email: account().email, password: account().password });
    assert.equal(r.status, 303);
    assert.match(r.cookies[0], /^__Host-sid=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict$/);
  });
  test("a link from another site shows the log-in page, not an error, and goes on from there", async () => {
    const r = await h.request("glow", "/clients", { headers: { "Sec-Fetch-Site": "cross-site" } });
    assert.equal(r.status, 303);
    const page = await h.request("glow", r.location);
    assert.equal(page.status, 200);
    assert.match(h.decode(page.text), /href="\/clients"/);
  });
});

describe("T06 S-03: guessing", () => {
  test("an unknown e-mail and a wrong password get the same answer", async () => {
    const plain = (r) => r.text.replace(/value="[^"]*"/g, "").replace(/[0-9a-f-]{36}/g, "");
    const wrong = await new h.Visitor("glow").submit("/login", { email: account().email, password: "not this one" });
    const unknown = await new h.Visitor("glow").submit("/login", { email: "nobody@glow.example", password: "not this one" });
    assert.equal(wrong.status, 422);
    assert.equal(unknown.status, 422);
    assert.equal(plain(wrong), plain(unknown));
    assert.doesNotMatch(wrong.text, /not this one/);
  });
  test("after five failures even the right password waits; others still come in", async () => {
    for (let i = 0; i < 6; i++) await new h.Visitor("glow").submit("/login", { email: account().email, password: "wrong wrong wrong" });
    const r = await new h.Visitor("glow").submit("/login", { email: account().email, password: account().password });
    assert.equal(r.status, 422);
    assert.match(r.text, /wait a little/);
    const other = h.staffOf("glow", "biller");
    assert.equal((await new h.Visitor("glow").submit("/login", { email: other.email, password: other.password })).status, 303);
  });
  test("every failure is in the trail", async () => {
    const r = await new h.Visitor("glow").submit("/login", { email: account().email, password: "wrong wrong wrong" });
    assert.ok(h.trail(r.id).some((e) => e.action === "login" && e.outcome === "failed"));
  });
});

describe("T09 S-20 L49: what a session is worth", () => {
  test("it ends at log-out, on the server", async () => {
    const v = await h.staff("glow", "biller", { fresh: true });
    const cookie = v.cookieFor("/");
    const page = await v.get("/clients");
    const r = await v.post("/logout", h.formOf(page.text, "/logout").values);
    assert.equal(r.status, 303);
    assert.equal(r.headers["clear-site-data"], '"cache", "storage"', "V-23: going back shows nothing");
    assert.equal((await h.request("glow", "/clients", { cookie })).headers["clear-site-data"], undefined);
    assert.equal((await h.request("glow", "/clients", { cookie })).status, 303);
  });
  test("L49: a right that is taken away is gone on the next request of an open session", async () => {
    const v = await h.staff("glow", "biller", { fresh: true });
    assert.equal((await v.get("/clients")).status, 200);
    const t = h.tenantId("glow");
    const take = (what) => h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); ${what} COMMIT;`, t);
    take(`DELETE FROM app.role_permission rp USING app.role r WHERE r.tenant_id = :'v1' AND rp.tenant_id = r.tenant_id AND rp.role_id = r.id AND r.slug = 'biller' AND rp.permission = 'client_read';`);
    try {
      assert.equal((await v.get("/clients")).status, 403);
    } finally {
      take(`INSERT INTO app.role_permission (tenant_id, role_id, permission) SELECT r.tenant_id, r.id, 'client_read' FROM app.role r WHERE r.tenant_id = :'v1' AND r.slug = 'biller';`);
    }
    assert.equal((await v.get("/clients")).status, 200);
  });
  test("a person who is deactivated is out on the next request", async () => {
    const v = await h.staff("glow", "auditor", { fresh: true });
    assert.equal((await v.get("/audit")).status, 200);
    const set = (on) => h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true);
      UPDATE app.staff SET is_active = :'v2' WHERE tenant_id = :'v1' AND email = 'auditor@glow.example'; COMMIT;`, h.tenantId("glow"), on);
    set("false");
    try {
      assert.equal((await v.get("/audit")).status, 303);
    } finally {
      set("true");
    }
  });
  test("15 minutes without a sign of life end it (R-02)", async () => {
    const v = await h.staff("glow", "biller", { fresh: true });
    h.sql(`UPDATE sec.session SET last_seen_at = now() - interval '15 minutes 1 second' WHERE staff_id = (SELECT id FROM app.staff WHERE email = 'biller@glow.example')`);
    assert.equal((await v.get("/clients")).status, 303);
  });
});

describe("B56: without cookies", () => {
  test("log-in says what it needs and does not go round in circles", async () => {
    const page = await h.request("glow", "/login");
    assert.match(page.text, /cookie/);
    const r = await h.request("glow", "/");
    assert.equal(r.status, 303);
    const again = await h.request("glow", r.location);
    assert.equal(again.status, 200);
  });
  test("a link page without its cookie says so plainly", async () => {
    const r = await h.request("glow", `/v/${h.uuid()}/forms`);
    assert.ok([401, 404, 410].includes(r.status));
    assert.match(r.text, /link|cookie/i);
  });
});

test("V-08: after log-in one goes only to a page of this host", async () => {
  for (const next of ["//evil.example/", "https://evil.example/", "/\\evil.example", "/\t/evil.example", "/\n/evil.example", "/\r\\evil.example", "/x\ty", "javascript:alert(1)"]) {
    const v = new h.Visitor("glow");
    const page = await v.get("/login?next=" + encodeURIComponent(next));
    // (a browser drops tabs and line ends out of an address before it reads it)
    assert.doesNotMatch(h.decode(page.text), /href="[^"]*evil|javascript:|\tevil|x\ty/, JSON.stringify(next));
    const { values } = h.formOf(page.text);
    const r = await v.post("/login", { ...values, next_path: next, email: account().email, password: account().password });
    // A line end is in no field of one line: then the form is shown again, as clean as before.
    if (r.status === 422) assert.doesNotMatch(h.decode(r.text), /href="[^"]*evil/, JSON.stringify(next));
    else assert.ok(r.location.startsWith("/") && !/^\/[/\\]/.test(r.location), r.location);
  }
});
