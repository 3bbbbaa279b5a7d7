// sso.test.js -- single sign-on: the whole way with a certified provider, and every lie of one of our own.
"use strict";
const { test, describe, before, after, beforeEach } = require("node:test");
const assert = require("node:assert/strict");
const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const h = require("./harness");
const { certified, visit, hostile, key, sign, b64 } = require("./sso_provider");

const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
const tenant = () => h.tenantId("glow");
const within = (s, t = tenant()) => h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', '${t}', true); ${s} COMMIT;`);
const one = (s, ...v) => h.one(s, ...v);
const staffId = (email) => one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email = :'v2'", tenant(), email);
const her = () => h.staffOf("glow", "biller");
const sso = (column) => one(`SELECT ${column} FROM app.sso WHERE tenant_id = :'v1'`, tenant());

// The studio's provider as its owner sets it up, by the page; waits until it is looked up.
async function setUp(o) {
  const v = await h.staff("glow", "owner", { fresh: true });
  const page = await v.get("/settings/sso");
  const { values } = h.formOf(page.text, "/settings/sso");
  delete values.is_on; delete values.is_alone;
  const r = await v.post("/settings/sso", { ...values, label: "Acme", sso_client: "foyer", client_secret: "a secret & more", domains: "", is_on: "on", ...o });
  if (r.status !== 303) return r;
  for (let n = 0; n < 100 && !sso("found_at IS NOT NULL OR problem IS NOT NULL").startsWith("t"); n++) await sleep(100);
  return r;
}

// A browser on its way: begins, and knows where it is to go.
async function begin(label = "glow", next = "") {
  const v = new h.Visitor(label);
  const { values } = h.formOf((await v.get(`/login${next && `?next=${encodeURIComponent(next)}`}`)).text, "/login/sso");
  const r = await v.post("/login/sso", values);
  assert.equal(r.status, 303, r.text);
  const page = await v.get(r.location);
  v.way = new URL(h.decode(page.text.match(/href="(http:[^"]*)"/)[1]));
  assert.ok(page.text.includes('http-equiv="refresh"'), "without script it goes on by itself");
  return v;
}
// Back from the provider: the browser comes from another site and so brings no cookie; then the page's own form.
async function back(v, address) {
  const url = new URL(address);
  const page = await h.request(v.label, url.pathname + url.search, { headers: { "Sec-Fetch-Site": "cross-site" } });
  assert.equal(page.status, 200);
  return v.post("/login/sso/callback", h.formOf(page.text, "/login/sso/callback").values);
}
// Until the provider's word is in: the page then.
async function word(v) {
  for (let n = 0; n < 300; n++) {
    const page = await v.get("/login/sso/wait");
    if (!page.text.includes("data-waiting")) return page;
    await sleep(100);
  }
  throw new Error("the provider's word never came");
}
async function finish(v) {
  const page = await word(v);
  assert.match(page.text, /You are recognised/, page.text);
  return v.post("/login/sso/finish", h.formOf(page.text, "/login/sso/finish").values);
}
const isIn = async (v) => (await v.get("/account/devices")).status === 200;
const forget = () => { h.sql("DELETE FROM sec.throttle"); within("DELETE FROM sec.sso_identity; DELETE FROM app.sso;"); };

before(forget);
after(forget);
beforeEach(() => h.sql("DELETE FROM sec.throttle"));

describe("single sign-on with a certified provider", () => {
  let p;
  const accounts = {};
  before(async () => {
    p = await certified({ accounts, clients: [{ client_id: "foyer", client_secret: "a secret & more", redirect_uris: [`${h.origin("glow")}/login/sso/callback`], grant_types: ["authorization_code"], response_types: ["code"] }] });
    Object.assign(accounts, {
      "ben-1": { email: her().email.toUpperCase(), email_verified: true },
      "nobody-1": { email: "nobody@glow.example", email_verified: true },
      "unverified-1": { email: h.staffOf("glow", "auditor").email, email_verified: false },
      "ben-2": { email: her().email, email_verified: true },
      "elsewhere-1": { email: h.staffOf("first-light", "owner").email, email_verified: true },
    });
    await setUp({ issuer: p.issuer });
  });
  after(() => p.close());
  const come = async (who, next) => {
    const v = await begin("glow", next);
    await back(v, await visit(v.way.href, who));
    return v;
  };

  test("its addresses and keys are looked up, and its secret is kept sealed", () => {
    assert.equal(sso("problem IS NULL AND found_at IS NOT NULL AND jwks IS NOT NULL"), "t", sso("problem"));
    assert.ok(!sso("encode(secret_sealed, 'escape')").includes("secret"));
  });
  test("S-08: the whole way in: code, PKCE S256, state and nonce; the session says how, a new browser is told of, and she goes where she wanted", async () => {
    const v = await come("ben-1", "/account/devices");
    for (const name of ["state", "nonce", "code_challenge"]) assert.match(v.way.searchParams.get(name), /^[\w-]{43}$/);
    assert.equal(v.way.searchParams.get("code_challenge_method"), "S256");
    const r = await finish(v);
    assert.equal(r.status, 303);
    assert.equal(r.location, "/account/devices");
    assert.match(r.cookies.find((c) => c.startsWith("__Host-sid=")), /; Path=\/; Secure; HttpOnly; SameSite=Strict$/);
    assert.ok(r.cookies.some((c) => /^__Host-sso=; .*Max-Age=0/.test(c)));
    assert.match((await v.get("/account/devices")).text, /Logged in by single sign-on/);
    assert.ok(h.trail(r.id).some((e) => e.action === "login" && e.reason === "sso" && e.actor === staffId(her().email)));
    assert.equal(one("SELECT count(*) FROM sec.sso_identity WHERE subject = 'ben-1' AND staff_id = :'v1'", staffId(her().email)), "1");
    assert.equal(one("SELECT count(*) FROM sec.sso_try WHERE asked_sealed IS NOT NULL"), "0", "no code is kept");
  });
  test("the second time she is known by what the provider calls her, whatever her e-mail has become", async () => {
    accounts["ben-1"].email = "someone.else@glow.example";
    accounts["ben-1"].email_verified = false;
    const v = await come("ben-1");
    assert.equal((await finish(v)).location, "/");
    assert.ok(await isIn(v));
  });
  test("S-12: her old e-mail, given to somebody else at the provider, does not open her account", async () => {
    assert.match((await word(await come("ben-2"))).text, /bound to somebody else/);
  });
  test("unknown and unverified e-mails come in nowhere, and a refusal is in the trail", async () => {
    assert.match((await word(await come("nobody-1"))).text, /no open account here/);
    assert.match((await word(await come("unverified-1"))).text, /not say that your e-mail address is verified/);
    assert.match((await word(await come("elsewhere-1"))).text, /no open account here/);
    assert.ok(Number(one("SELECT count(*) FROM audit.event WHERE action = 'login' AND outcome = 'failed' AND reason = 'sso: unverified'")) > 0);
  });
  test("T09: a deactivated account cannot come in, known or not", async () => {
    const id = staffId(her().email);
    within(`UPDATE app.staff SET is_active = false WHERE id = '${id}';`);
    try {
      assert.match((await word(await come("ben-1"))).text, /no open account here/);
      // and not between the provider's word and the last step either
      within(`UPDATE app.staff SET is_active = true WHERE id = '${id}';`);
      const v = await come("ben-1");
      const { values } = h.formOf((await word(v)).text, "/login/sso/finish");
      within(`UPDATE app.staff SET is_active = false WHERE id = '${id}';`);
      assert.equal((await v.post("/login/sso/finish", values)).status, 403);
      assert.equal(v.jar.has("__Host-sid /"), false);
    } finally { within(`UPDATE app.staff SET is_active = true WHERE id = '${id}';`); }
  });
  test("the same answer twice: the code, the state and the last step are good once", async () => {
    const v = await begin();
    const address = await visit(v.way.href, "ben-1");
    assert.equal((await back(v, address)).status, 303);
    assert.equal((await back(v, address)).status, 403);
    const page = await word(v);
    const { values } = h.formOf(page.text, "/login/sso/finish");
    const cookie = v.cookieFor("/");
    assert.equal((await v.post("/login/sso/finish", values)).status, 303);
    assert.equal((await h.request("glow", "/login/sso/finish", { method: "POST", body: values, cookie })).status, 403);
    // the code once more, in a log-in of one's own
    const other = await begin();
    const url = new URL(address);
    url.searchParams.set("state", other.way.searchParams.get("state"));
    await back(other, url.href);
    assert.match((await word(other)).text, /did not confirm/);
  });
  test("T10: an answer for another browser's log-in is refused (log-in CSRF), and so is one without a cookie", async () => {
    const mine = await begin(), victim = await begin();
    const address = await visit(mine.way.href, "ben-1");
    assert.equal((await back(victim, address)).status, 403);
    assert.equal((await back(new h.Visitor("glow"), address)).status, 403);
    assert.equal(victim.jar.has("__Host-sid /"), false);
    const crossed = await begin();
    const page = await h.request("glow", new URL(address).pathname + new URL(address).search);
    assert.equal((await crossed.post("/login/sso/callback", h.formOf(page.text, "/login/sso/callback").values, { origin: "https://evil.example", site: "cross-site" })).status, 403);
  });
  test("L01: a log-in begun at one studio is nothing at another, and one without a provider has none", async () => {
    const v = await begin();
    const address = await visit(v.way.href, "ben-1");
    const abroad = new h.Visitor("first-light");
    abroad.jar = v.jar;
    assert.equal((await back(abroad, address)).status, 403);
    assert.doesNotMatch((await abroad.get("/login")).text, /\/login\/sso/);
    const { values } = h.formOf((await abroad.get("/login")).text, "/login");
    assert.equal((await abroad.post("/login/sso", values)).status, 404);
  });
  test("the provider's refusal is told", async () => {
    const v = await begin();
    await back(v, `${h.origin("glow")}/login/sso/callback?error=access_denied&state=${v.way.searchParams.get("state")}`);
    assert.match((await word(v)).text, /did not confirm/);
  });
  test("only owners log in with a password when the studio says so, and are told of nothing by the answer", async () => {
    await setUp({ issuer: p.issuer, is_alone: "on", client_secret: "" });
    try {
      assert.match((await h.request("glow", "/login")).text, /Only owners log in with a password here/);
      const v = new h.Visitor("glow");
      const r = await v.submit("/login", { email: her().email, password: her().password }, { action: "/login" });
      assert.equal(r.status, 422);
      assert.match(r.text, /do not fit together/);
      await h.staff("glow", "owner", { fresh: true });
      assert.throws(() => within(`SELECT sec.session_new('${staffId(her().email)}', 'passkey', sha256('x'), NULL, NULL);`), /single sign-on only/);
      assert.equal((await finish(await come("ben-1"))).status, 303, "the secret of before is kept when none is typed");
    } finally { await setUp({ issuer: p.issuer, client_secret: "" }); }
  });
  test("an e-mail's domain is asked for the first time only", async () => {
    await setUp({ issuer: p.issuer, client_secret: "", domains: "Elsewhere.example" });
    accounts["auditor-1"] = { email: h.staffOf("glow", "auditor").email, email_verified: true };
    assert.match((await word(await come("auditor-1"))).text, /does not belong to this business/);
    assert.equal((await finish(await come("ben-1"))).status, 303);
    await setUp({ issuer: p.issuer, client_secret: "", domains: "elsewhere.example, glow.example" });
    assert.equal((await finish(await come("auditor-1"))).status, 303);
  });
  test("who is recognised is listed, and can be forgotten; her sessions by it end", async () => {
    const v = await come("ben-1");
    await finish(v);
    const owner = await h.staff("glow", "owner", { fresh: true });
    const page = await owner.get("/settings/sso");
    const forms = [...page.text.matchAll(/<form method="post" action="\/settings\/sso\/unbind">[\s\S]*?<\/form>/g)].map((m) => m[0]);
    const form = forms.find((f) => f.includes(staffId(her().email)));
    const r = await owner.post("/settings/sso/unbind", h.formOf(form, "/settings/sso/unbind").values);
    assert.equal(r.status, 303);
    assert.equal(await isIn(v), false);
    assert.equal(one("SELECT count(*) FROM sec.sso_identity WHERE subject = 'ben-1'"), "0");
  });
});

describe("single sign-on with a provider that lies", () => {
  let p;
  before(async () => { forget(); p = await hostile(); await setUp({ issuer: p.issuer }); });
  after(() => p.close());
  beforeEach(() => {
    Object.assign(p, { claims: { email: her().email, email_verified: true }, token: null, status: 200, slow: 0, redirect: null });
    within("UPDATE app.sso SET hold_until = NULL;");
  });
  const come = async (change = () => {}) => {
    const v = await begin();
    p.nonce = v.way.searchParams.get("nonce");
    change(v);
    await back(v, `${h.origin("glow")}/login/sso/callback?code=${h.uuid()}&state=${v.way.searchParams.get("state")}`);
    return v;
  };
  const refused = async (change) => {
    const v = await come(change);
    const page = await word(v);
    assert.match(page.text, /did not confirm/);
    assert.doesNotMatch(page.text, /\/login\/sso\/finish/);
    return sso("problem");
  };

  test("an honest answer is believed, and what was asked is right", async () => {
    p.asked.length = 0;
    const v = await come();
    assert.equal((await finish(v)).status, 303);
    const asked = p.asked.find((x) => x.path === "/token");
    assert.equal(asked.authorization, "Basic " + Buffer.from("foyer:a%20secret%20%26%20more").toString("base64"));
    assert.equal(asked.body.get("redirect_uri"), `${h.origin("glow")}/login/sso/callback`);
    assert.equal(b64(crypto.createHash("sha256").update(asked.body.get("code_verifier")).digest()), v.way.searchParams.get("code_challenge"));
  });
  for (const kind of ["ec", "ed"])
    test(`a token signed with ${kind === "ec" ? "ES256" : "EdDSA"} is believed`, async () => {
      const k = key(`of ${kind}`, kind);
      p.keys.unshift(k);
      within("UPDATE app.sso SET keys_at = now() - interval '2 minutes';");
      assert.equal((await finish(await come())).status, 303);
      p.keys.shift();
    });
  test("rotated keys are fetched anew, once a minute at most", async () => {
    const old = p.keys[0];
    p.keys = [key("two")];
    within("UPDATE app.sso SET keys_at = now() - interval '2 minutes';");
    assert.equal((await finish(await come())).status, 303);
    p.asked.length = 0;
    assert.match(await refused(() => { p.token = (c) => sign(old, c); }), /does not list/, "the old key is over");
    assert.equal(p.asked.filter((x) => x.path === "/keys").length, 0, "bounded");
  });
  const now = () => Math.floor(Date.now() / 1000);
  const lies = {
    "another nonce": [() => { p.claims.nonce = "x".repeat(43); }, /another log-in/],
    "no nonce": [() => { p.claims.nonce = undefined; }, /another log-in/],
    "another issuer": [() => { p.claims.iss = "https://evil.example"; }, /another issuer/],
    "another audience": [() => { p.claims.aud = "somebody"; }, /somebody else/],
    "several audiences without azp": [() => { p.claims.aud = ["foyer", "other"]; }, /somebody else/],
    "another azp": [() => { p.claims.azp = "other"; }, /somebody else/],
    "expired": [() => { p.claims.exp = now() - 120; }, /expired/],
    "without an end": [() => { p.claims.exp = undefined; }, /expired/],
    "made in the future": [() => { p.claims.iat = now() + 300; }, /just now/],
    "made long ago": [() => { p.claims.iat = now() - 4000; }, /just now/],
    "about nobody": [() => { p.claims.sub = ""; }, /names nobody/],
    "signed by nobody (alg none)": [() => { p.token = (c) => `${b64({ alg: "none" })}.${b64(c)}.`; }, /no signed token/],
    "alg none with a signature": [() => { p.token = (c) => `${b64({ alg: "none" })}.${b64(c)}.${b64("x")}`; }, /way that is not accepted/],
    "signed by HS256 with the client secret": [() => { p.token = (c) => { const t = `${b64({ alg: "HS256" })}.${b64(c)}`; return `${t}.${b64(crypto.createHmac("sha256", "a secret & more").update(t).digest())}`; }; }, /way that is not accepted/],
    "signed by HS256 with the public key": [() => { p.token = (c) => { const t = `${b64({ alg: "HS256", kid: p.keys[0].kid })}.${b64(c)}`; return `${t}.${b64(crypto.createHmac("sha256", p.keys[0].publicKey.export({ type: "spki", format: "pem" })).update(t).digest())}`; }; }, /way that is not accepted/],
    "signed by another key of the same name": [() => { const k = { ...key("x"), kid: p.keys[0].kid }; p.token = (c) => sign(k, c); }, /signature is wrong/],
    "signed by a key that it brings along": [() => { const k = { ...key("x"), kid: p.keys[0].kid }; p.token = (c) => sign(k, c, { jwk: k.jwk, jku: `${p.issuer}/keys` }); }, /signature is wrong/],
    "altered after signing": [() => { p.token = (c) => { const [a, , z] = sign(p.keys[0], c).split("."); return `${a}.${b64({ ...c, sub: "other" })}.${z}`; }; }, /signature is wrong/],
    "with an extension that must be understood": [() => { p.token = (c) => sign(p.keys[0], c, { crit: ["b64"], b64: false }); }, /way that is not accepted/],
    "no token at all": [() => { p.token = () => "x"; }, /no signed token/],
    "a code that was used": [() => { p.status = 400; }, /refused the code/],
    "a redirect (T15)": [() => { p.redirect = `${p.issuer}/token`; }, /status 302/],
  };
  for (const [name, [lie, why]] of Object.entries(lies))
    test(`refused: ${name}`, async () => assert.match(await refused(lie), why));

  test("an e-mail that is verified only in words binds nobody", async () => {
    const v = await come(() => { p.claims = { sub: "new-1", email: h.staffOf("glow", "manager").email, email_verified: "true" }; });
    assert.match((await word(v)).text, /not say that your e-mail address is verified/);
  });
  test("a provider that does not answer is away, and is not asked again for a minute", async () => {
    p.slow = 60000;
    assert.match((await word(await come())).text, /did not answer/);
    p.slow = 0;
    p.asked.length = 0;
    assert.match((await word(await come())).text, /did not answer/);
    assert.equal(p.asked.length, 0);
  });
  test("a runner that died with the code in hand loses that try and nothing else", async () => {
    const v = await begin();
    p.nonce = v.way.searchParams.get("nonce");
    p.slow = 60000;
    await back(v, `${h.origin("glow")}/login/sso/callback?code=${h.uuid()}&state=${v.way.searchParams.get("state")}`);
    const id = one("SELECT id FROM sec.sso_try WHERE tenant_id = :'v1' ORDER BY made_at DESC LIMIT 1", tenant());
    for (let n = 0; n < 100 && one("SELECT state FROM sec.sso_try WHERE id = :'v1'", id) !== "working"; n++) await sleep(50);
    process.kill(Number(fs.readFileSync(path.join(h.env.vardir, "run", "jobs.child"), "utf8")), "SIGKILL");
    within(`UPDATE app.job SET lease_until = now() - interval '1 second' WHERE subject_id = '${id}' AND state = 'running';`);
    assert.match((await word(v)).text, /stopped half-way/);
    p.slow = 0;
    assert.equal((await finish(await come())).status, 303);
  });
});

describe("T15: whom we connect to for a studio", () => {
  let v;
  before(async () => { forget(); v = await h.staff("glow", "owner", { fresh: true }); });
  const refusedAtOnce = ["http://login.example.com", "file:///etc/passwd", "ftp://login.example.com", "https://user:pw@login.example.com", "gopher://localhost", "http://127.0.0.1:1", "https://", "nonsense"];
  for (const issuer of refusedAtOnce)
    test(`refused when it is typed: ${issuer}`, async () => {
      const { values } = h.formOf((await v.get("/settings/sso")).text, "/settings/sso");
      const r = await v.post("/settings/sso", { ...values, label: "Acme", sso_client: "foyer", issuer });
      assert.equal(r.status, 422);
      assert.match(r.text, /begins with https:/);
      assert.equal(h.formOf(r.text, "/settings/sso").values.issuer, issuer, "what was typed is still there");
    });
  const refusedToConnect = ["https://127.0.0.1", "https://[::1]", "https://10.0.0.1", "https://192.168.1.1", "https://172.16.0.1", "https://169.254.169.254", "https://[fe80::1]",
    "https://[::ffff:127.0.0.1]", "https://0.0.0.0", "https://2130706433", "https://0x7f.1", "https://[fd00::1]", "https://100.64.0.1", "https://foyer.localhost"];
  for (const issuer of refusedToConnect)
    test(`not connected to: ${issuer}`, async () => {
      // A listener stands where loopback addresses lead: nothing may come.
      let came = 0;
      const server = require("node:net").createServer((c) => { came++; c.destroy(); });
      await new Promise((r) => server.listen(0, "0.0.0.0", r));
      await setUp({ issuer: `${issuer}:${server.address().port}` });
      server.close();
      assert.equal(came, 0);
      assert.equal(sso("found_at IS NULL"), "t");
      assert.match(sso("problem"), /was not reached/);
    });
  test("a provider that names other addresses than https is not used", async () => {
    const p = await hostile();
    for (const discovery of [{ token_endpoint: "http://10.0.0.1/token" }, { jwks_uri: "file:///etc/passwd" }, { authorization_endpoint: "javascript:alert(1)" }, { issuer: "https://evil.example" }]) {
      p.discovery = discovery;
      within("DELETE FROM app.sso;");
      await setUp({ issuer: p.issuer });
      assert.equal(sso("found_at IS NULL"), "t", JSON.stringify(discovery));
    }
    p.close();
  });
  test("S-12: a manager, who may change settings, sends nobody to a provider of her own, the owner least of all", async () => {
    const manager = await h.staff("glow", "manager", { fresh: true }), page = await manager.get("/settings/sso");
    const { values, html } = h.formOf(page.text, "/settings/sso");
    assert.doesNotMatch(html, /<button/);
    assert.match(page.text, /Only an owner/);
    const was = one("SELECT coalesce(md5(string_agg(s::text, '')), '') FROM app.sso s");
    const r = await manager.post("/settings/sso", { ...values, label: "Evil", sso_client: "foyer", issuer: "https://evil.example", is_on: "on" });
    assert.equal(r.status, 422);
    assert.match(r.text, /Only an owner/);
    assert.equal(h.formOf(r.text, "/settings/sso").values.issuer, "https://evil.example", "what was typed is still there");
    assert.equal(one("SELECT coalesce(md5(string_agg(s::text, '')), '') FROM app.sso s"), was);
    within(`INSERT INTO sec.sso_identity (tenant_id, issuer, subject, staff_id) SELECT tenant_id, 'https://x.example', 'x', id FROM app.staff WHERE id = '${staffId(her().email)}';`);
    assert.equal((await manager.post("/settings/sso/unbind", { csrf: values.csrf, idem: h.uuid(), person_id: staffId(her().email) })).status, 403);
    within("DELETE FROM sec.sso_identity WHERE subject = 'x';");
  });
  test("a secret stays with the provider that it was given for", async () => {
    within("DELETE FROM app.sso;");
    await setUp({ issuer: "https://127.0.0.1:1" });
    assert.equal(sso("secret_sealed IS NOT NULL"), "t");
    await setUp({ issuer: "https://127.0.0.1:1", client_secret: "" });
    assert.equal(sso("secret_sealed IS NOT NULL"), "t");
    await setUp({ issuer: "https://127.0.0.1:2", client_secret: "" });
    assert.equal(sso("secret_sealed IS NULL"), "t");
    within("DELETE FROM app.sso;");
  });
  test("S-07: who has not proved of late who she is changes nothing", async () => {
    v = await h.staff("glow", "owner", { fresh: true });
    h.sql("UPDATE sec.session SET proved_at = now() - interval '6 minutes' WHERE token_hash = sha256(decode(:'v1', 'hex'))", Buffer.from(v.jar.get("__Host-sid /").value, "base64url").toString("hex"));
    const { values } = h.formOf((await v.get("/settings/sso")).text, "/settings/sso");
    const was = one("SELECT count(*) FROM app.sso");
    const r = await v.post("/settings/sso", { ...values, label: "Evil", issuer: "https://login.example.com", sso_client: "foyer" });
    assert.equal(r.status, 422);
    assert.match(r.text, /confirm that it is you/i);
    assert.equal(one("SELECT count(*) FROM app.sso WHERE label = 'Evil'"), "0");
    assert.equal(one("SELECT count(*) FROM app.sso"), was);
  });
});
