// site.test.js -- the public side: TLS, headers, cookies, the demo form, unknown hosts.
"use strict";
const { test, describe, after } = require("node:test");
const assert = require("node:assert/strict");
const tls = require("node:tls");
const h = require("./harness");

const publicPages = [["", "/"], ["", "/privacy"], ["", "/security"], ["glow", "/book"], ["glow", "/privacy"], ["first-light", "/book"]];

function handshake(version) {
  return new Promise((resolve) => {
    const s = tls.connect({ host: "127.0.0.1", port: h.env.port, servername: h.host("glow"), rejectUnauthorized: false,
      minVersion: version, maxVersion: version, ciphers: "DEFAULT@SECLEVEL=0" }, () => { const p = s.getProtocol(); s.end(); resolve(p); });
    s.on("error", () => resolve(null));
  });
}

describe("B43: transport", () => {
  test("TLS 1.2 and 1.3 are spoken, 1.0 and 1.1 are refused", async () => {
    assert.equal(await handshake("TLSv1.2"), "TLSv1.2");
    assert.equal(await handshake("TLSv1.3"), "TLSv1.3");
    assert.equal(await handshake("TLSv1.1"), null);
    assert.equal(await handshake("TLSv1"), null);
  });
});

describe("V-08 S-13: headers on every kind of answer", () => {
  const cases = [["", "/"], ["glow", "/book"], ["glow", "/login"], ["glow", "/nowhere"], ["glow", "/clients"], ["", "/static/nowhere.css"], ["glow", "/l/" + "A".repeat(43)]];
  for (const [label, path] of cases)
    test(`${label || "apex"} ${path}`, async () => {
      const { headers } = await h.request(label, path);
      assert.match(headers["strict-transport-security"], /max-age=(\d{8,})/);
      assert.equal(headers["x-content-type-options"], "nosniff");
      assert.ok(headers["referrer-policy"]);
      assert.ok(headers["permissions-policy"]);
      assert.equal(headers["cross-origin-opener-policy"], "same-origin");
      assert.equal(headers["cross-origin-resource-policy"], "same-origin");
      assert.match(headers["content-security-policy"], /default-src 'none'/);
      // Its booking pages alone may stand in a page of the business's own sites (booking_frame.test.js).
      const sites = label && path === "/book" ? h.one("SELECT array_to_string(frame_origins, ' ') FROM app.tenant WHERE slug = :'v1'", label) : "";
      assert.ok(headers["content-security-policy"].includes(`frame-ancestors ${sites || "'none'"};`), headers["content-security-policy"]);
      assert.doesNotMatch(headers["content-security-policy"], /unsafe/);
      assert.doesNotMatch(headers.server || "", /\d/);
      assert.equal([headers["content-security-policy"]].flat().length, 1);
    });
  // Not 'no-referrer': with that a browser sends 'Origin: null' with a form, and the form is refused.
  test("S-16: token paths send no path as a referrer and are not kept", async () => {
    const { headers } = await h.request("glow", "/l/" + "A".repeat(43));
    assert.match(headers["referrer-policy"], /^(no-referrer|strict-origin)$/);
    assert.match(headers["cache-control"], /no-store/);
  });
});

describe("B20 B21 L07 L08 L35: public pages", () => {
  for (const [label, path] of publicPages)
    test(`${label || "apex"} ${path} sets no cookie and asks no third party`, async () => {
      const r = await h.request(label, path);
      assert.equal(r.status, 200);
      assert.deepEqual(r.cookies, []);
      const urls = [...r.text.matchAll(/(?:src|href|action|srcset)\s*=\s*"([^"]*)"/g)].map(([, u]) => u).filter((u) => /^(https?:)?\/\//.test(u));
      assert.deepEqual(urls, [], "an address outside this host");
    });
  test("L35: of the marketing site only /demo sets a cookie", async () => {
    const r = await h.request("", "/demo");
    assert.equal(r.status, 200);
    assert.equal(r.cookies.length, 1);
    assert.match(r.cookies[0], /^__Host-form=[\w-]+; Path=\/; Secure; HttpOnly; SameSite=Strict/);
  });
});

describe("L01: the host names the studio", () => {
  test("an unknown studio is 404", async () => assert.equal((await h.request("nobody", "/book")).status, 404));
  test("a deeper name is not served", async () => assert.notEqual((await h.request("a.glow", "/book").catch(() => ({ status: 444 }))).status, 200));
  test("another domain is not served", async () => {
    const r = await h.request("", "/", { host: "evil.example" }).catch(() => ({ status: 444 }));
    assert.ok([404, 421, 444].includes(r.status));
  });
  test("L02 B02: each studio shows its own name and its own privacy text", async () => {
    const glow = await h.request("glow", "/privacy"), light = await h.request("first-light", "/privacy");
    assert.match(glow.text, /How Glow handles your data/);
    // (other tests publish new versions at First Light)
    assert.match(light.text, /First Light/);
    assert.doesNotMatch(light.text, /Glow/);
    assert.match((await h.request("first-light", "/privacy/1")).text, /How First Light handles your data/);
    for (const label of ["glow", "first-light"])
      assert.match((await h.request(label, "/book")).text, /href="\/privacy"/);
  });
});

describe("L04 L05 L36: asking for a demo", () => {
  const good = { name: "Ada O'Neill", email: "ada@studio.example", phone: "", spa_name: "Studio <Ada> & Co",
    location_count: "2", provider_count: "5", platform: "Paper", message: "" };
  const fields = ["name", "email", "phone", "spa_name", "location_count", "provider_count", "platform", "message"];
  const count = () => Number(h.one("SELECT count(*) FROM app.demo_request"));
  // The throttle counts this machine's address; the tests are not who it is for.
  const forget = () => h.sql("DELETE FROM sec.throttle");
  after(forget);

  test("L04: the form has the eight fields", async () => {
    const { values } = h.formOf((await h.request("", "/demo")).text);
    for (const f of fields) assert.ok(f in values, f);
  });
  test("L05: a request is stored and mailed to the operator's inbox", async () => {
    forget();
    const v = new h.Visitor("");
    const before = count();
    const r = await v.submit("/demo", good);
    assert.equal(r.status, 303);
    assert.equal(r.location, "/demo/thanks");
    assert.equal((await v.follow(r)).status, 200);
    assert.equal(count(), before + 1);
    const mail = h.sql(`SELECT to_address, body FROM app.message WHERE kind = 'demo_request' ORDER BY created_at DESC LIMIT 1`)[0];
    assert.match(mail[0], /@/);
    assert.ok(mail[1].includes("Studio <Ada> & Co"), "the mail is plain text, not escaped");
    const ops = await h.staff("ops", "operator");
    assert.match((await ops.get("/demos")).text, /Studio &lt;Ada&gt; &amp; Co/);
  });
  test("L04: phone and message are optional, the other six are not; what was typed stays", async () => {
    forget();
    for (const missing of ["name", "email", "spa_name", "location_count", "provider_count", "platform"]) {
      const v = new h.Visitor("");
      const r = await v.submit("/demo", { ...good, [missing]: " " });
      assert.equal(r.status, 422, missing);
      assert.match(r.text, /aria-invalid="true"/);
      const { values } = h.formOf(r.text);
      for (const f of fields.filter((x) => x !== missing)) assert.equal(values[f], good[f], `${f} is lost`);
    }
  });
  test("L04: the bait for machines is taken silently and stores nothing", async () => {
    forget();
    const before = count();
    const r = await new h.Visitor("").submit("/demo", { ...good, website: "http://spam.example" });
    assert.equal(r.status, 303);
    assert.equal(count(), before);
  });
  test("L36: without the cookie, or with another's, the token is nothing", async () => {
    const page = await h.request("", "/demo");
    const { values } = h.formOf(page.text);
    assert.equal((await h.request("", "/demo", { method: "POST", body: { ...values, ...good } })).status, 403);
    assert.equal((await h.request("", "/demo", { method: "POST", body: { ...values, ...good }, cookie: "__Host-form=" + "A".repeat(43) })).status, 403);
  });
  test("V-07: one address cannot ask without end", async () => {
    forget();
    const seen = [];
    for (let i = 0; i < 7; i++) seen.push((await new h.Visitor("").submit("/demo", good)).status);
    assert.ok(seen.includes(429), seen.join(" "));
    assert.equal(seen[0], 303);
    forget();
  });
  test("T28: the same form sent twice makes one request; with other words it is refused", async () => {
    forget();
    const v = new h.Visitor("");
    const { values } = h.formOf((await v.get("/demo")).text);
    const before = count();
    const both = await Promise.all([v.post("/demo", { ...values, ...good }), v.post("/demo", { ...values, ...good })]);
    for (const r of both) assert.equal(r.location, "/demo/thanks");
    assert.equal(count(), before + 1);
    assert.equal((await v.post("/demo", { ...values, ...good, name: "Other" })).status, 422);
    assert.equal(count(), before + 1);
    forget();
  });
});
