// second_factor_passkey.test.js -- passkeys, with an authenticator in software that can lie in every way (soft_passkey.js).
"use strict";
const { test, describe, before, beforeEach, after } = require("node:test");
const assert = require("node:assert/strict");
const crypto = require("node:crypto");
const h = require("./harness");
const { SoftPasskey, b64 } = require("./soft_passkey");

const forget = () => h.sql("DELETE FROM sec.throttle");
const idOf = (account) => h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email_norm = lower(:'v2')", h.tenantId(account.label), account.email);
function strip(account) {
  h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); DELETE FROM sec.totp WHERE staff_id = :'v2'; DELETE FROM sec.passkey WHERE staff_id = :'v2';
    DELETE FROM sec.recovery_code WHERE staff_id = :'v2'; COMMIT`, h.tenantId(account.label), idOf(account));
}
const lastAct = (action, account) => h.sql(`SELECT outcome, coalesce(reason, '') FROM audit.event WHERE tenant_id = :'v1' AND action = :'v2' AND (actor_id = :'v3' OR object_id = :'v3') ORDER BY at DESC LIMIT 1`,
  h.tenantId(account.label), action, idOf(account))[0];
const handleOf = (account) => b64(Buffer.from(idOf(account).replace(/-/g, ""), "hex"));

// What a page's passkey form asks, and sending its answer.
async function ask(v, page, action) {
  const form = h.formOf((await v.get(page)).text, action);
  const to = form.html.match(/data-ask="([^"]*)"/)[1];
  const reply = await v.post(to, { csrf: form.values.csrf, ...(form.values.alone ? { alone: form.values.alone } : {}) });
  return { form, reply, asked: reply.status === 200 ? JSON.parse(reply.text) : null };
}
async function add(v, passkey, name, o) {
  const { form, asked } = await ask(v, "/account/security", "/account/security/passkeys");
  return v.post(form.action, { ...form.values, ...passkey.made(asked, o), name });
}
async function alone(label, answer) {
  const v = new h.Visitor(label);
  const { form, asked } = await ask(v, "/login", "/login/passkey");
  return [v, await v.post(form.action, { ...form.values, ...answer(asked) })];
}
async function second(account, answer) {
  const v = new h.Visitor(account.label);
  await v.submit("/login", { email: account.email, password: account.password });
  const form = h.formOf((await v.get("/login/second")).text, "/login/second");
  const asked = JSON.parse((await v.post("/login/passkey/ask", { csrf: form.values.csrf })).text);
  return [v, await v.post("/login/second", { csrf: form.values.csrf, ...answer(asked) }), asked];
}

beforeEach(forget);
const me = h.staffOf("glow", "biller");
const other = h.staffOf("glow", "auditor");
after(() => { forget(); strip(me); strip(other); });

describe("B46 S-05: passkeys of a person", () => {
  const office = new SoftPasskey("glow"), phone = new SoftPasskey("glow");
  let v;
  before(async () => { forget(); strip(me); v = new h.Visitor("glow"); await h.logIn(v, me); });

  test("the first one is added, with recovery codes; the session gets a new token", async () => {
    const old = v.cookieFor("/");
    const r = await add(v, office, "Office computer");
    assert.equal(r.status, 200);
    assert.match(r.text, /Keep these codes/);
    assert.equal((await h.request("glow", "/account/security", { cookie: old })).status, 303, "S-06: the token of before is nothing");
    assert.match((await v.get("/account/security")).text, /Office computer/);
    assert.deepEqual(lastAct("mfa.passkey", me), ["ok", ""]);
  });
  test("a second one has a name of its own; the same one is not taken twice", async () => {
    assert.equal((await add(v, phone, "My phone")).location, "/account/security?done=1");
    const r = await add(v, phone, "Again");
    assert.equal(r.status, 422);
    assert.match(r.text, /known here already/);
  });
  test("it is the second step after the password", async () => {
    const [w, r, asked] = await second(me, (a) => office.signed(a, { handle: handleOf(me) }));
    assert.equal(r.location, "/");
    assert.equal(asked.passkeys.length, 2, "only hers are asked for");
    assert.equal((await w.get("/clients")).status, 200);
    assert.equal(h.one("SELECT how FROM sec.session WHERE staff_id = :'v1' ORDER BY created_at DESC LIMIT 1", idOf(me)), "passkey");
    assert.match((await v.get("/account/security")).text, /Office computer<\/strong><small>Added [^<]*, last used/);
  });
  test("it is enough alone, and says whose it is", async () => {
    const [w, r] = await alone("glow", (a) => phone.signed(a, { handle: handleOf(me) }));
    assert.equal(r.location, "/");
    assert.equal((await w.get("/clients")).status, 200);
  });
  test("alone, the question names nobody's passkeys", async () => {
    const { asked } = await ask(new h.Visitor("glow"), "/login", "/login/passkey");
    assert.deepEqual(asked.passkeys, []);
    assert.equal(Buffer.from(asked.challenge, "base64url").length, 32);
  });
  test("it is renamed and removed; the last one not while a role asks for it", async () => {
    let page = (await v.get("/account/security")).text;
    const rename = [...page.matchAll(/action="(\/account\/security\/passkeys\/[0-9a-f-]{36}\/name)"/g)].map((m) => m[1])[1];
    const form = h.formOf(page, rename);
    assert.equal((await v.post(rename, { ...form.values, name: "Old phone" })).status, 303);
    page = (await v.get("/account/security")).text;
    assert.match(page, /Old phone/);
    const remove = rename.replace(/name$/, "remove");
    assert.equal((await v.post(remove, { ...h.formOf(page, remove).values })).status, 303);
    assert.doesNotMatch((await v.get("/account/security")).text, /Old phone/);
    const [, r] = await alone("glow", (a) => phone.signed(a, { handle: handleOf(me) }));
    assert.equal(r.status, 422);
  });
});

describe("S-05 T07: twelve and more answers that are wrong", () => {
  const mine = new SoftPasskey("glow"), foreign = new SoftPasskey("glow"), unknown = new SoftPasskey("glow");
  before(async () => {
    forget();
    strip(me);
    strip(other);
    for (const [account, passkey] of [[me, mine], [other, foreign]]) {
      const v = new h.Visitor("glow");
      await h.logIn(v, account);
      assert.equal((await add(v, passkey, "One")).status, 200);
    }
  });
  const good = (a) => mine.signed(a, { handle: handleOf(me) });
  const wrong = {
    "another origin": (a) => mine.signed(a, { origin: "https://glow.evil.example" }),
    "the origin of another studio": (a) => mine.signed(a, { origin: h.origin("first-light") }),
    "the origin without its port": (a) => mine.signed(a, { origin: `https://${h.host("glow")}` }),
    "the type of a registration": (a) => mine.signed(a, { type: "webauthn.create" }),
    "another challenge": (a) => mine.signed(a, { challenge: b64(crypto.randomBytes(32)) }),
    "a shorter challenge": (a) => mine.signed(a, { challenge: a.challenge.slice(0, 40) }),
    "from within a frame of another site": (a) => mine.signed(a, { client: { crossOrigin: true } }),
    "with a page above it": (a) => mine.signed(a, { client: { topOrigin: "https://evil.example" } }),
    "crossOrigin that is no boolean": (a) => mine.signed(a, { client: { crossOrigin: "false" } }),
    "for another site's name": (a) => mine.signed(a, { rpId: "evil.example" }),
    "for another studio's name": (a) => mine.signed(a, { rpId: h.host("first-light") }),
    "for the name above": (a) => mine.signed(a, { rpId: h.env.domain }),
    "the user was not verified": (a) => mine.signed(a, { flags: 0x01 }),
    "the user was not there": (a) => mine.signed(a, { flags: 0x04 }),
    "synced though it cannot be": (a) => mine.signed(a, { flags: 0x15 }),
    "a broken signature": (a) => mine.signed(a, { broken: true }),
    "signed by another key": (a) => mine.signed(a, { key: foreign.pair.privateKey }),
    "somebody else's passkey": (a) => foreign.signed(a, { handle: handleOf(other) }),
    "a passkey that nobody knows": (a) => unknown.signed(a),
    "somebody else's name on it": (a) => mine.signed(a, { handle: handleOf(other) }),
    "client data that are no JSON": (a) => ({ ...good(a), client_data: b64("{") }),
    "client data with more behind them": (a) => ({ ...good(a), client_data: b64(`${Buffer.from(good(a).client_data, "base64url")} x`) }),
    "no signature": (a) => ({ ...good(a), signature: "" }),
    "too little of the device's data": (a) => ({ ...good(a), auth_data: good(a).auth_data.slice(0, 40) }),
  };
  for (const [what, answer] of Object.entries(wrong))
    test(`${what}: refused, and in the trail`, async () => {
      const [v, r] = await second(me, answer);
      assert.equal(r.status, 422, what);
      assert.ok(!r.cookies.some((c) => c.startsWith("__Host-sid")));
      assert.equal((await v.get("/clients")).status, 303);
      assert.deepEqual(lastAct("login.second", me), ["failed", "passkey: wrong"]);
    });
  test("the counter went back, or stayed: refused as a copy would be", async () => {
    const [, fine] = await second(me, good);
    assert.equal(fine.status, 303);
    for (const count of [mine.count, 1]) {
      const [, r] = await second(me, (a) => mine.signed(a, { count, handle: handleOf(me) }));
      assert.equal(r.status, 422);
      assert.match(r.text, /counted backwards/);
      assert.deepEqual(lastAct("login.second", me), ["failed", "passkey: counter"]);
    }
  });
  test("a challenge is answered once: not again in the same log-in, and not in another", async () => {
    const v = new h.Visitor("glow");
    await v.submit("/login", { email: me.email, password: me.password });
    const csrf = h.formOf((await v.get("/login/second")).text, "/login/second").values.csrf;
    const asked = JSON.parse((await v.post("/login/passkey/ask", { csrf })).text);
    assert.equal((await v.post("/login/second", { csrf, ...mine.signed(asked, { broken: true }) })).status, 422);
    assert.equal((await v.post("/login/second", { csrf, ...good(asked) })).status, 422, "its challenge was taken by the try before");
    const answer = good(JSON.parse((await v.post("/login/passkey/ask", { csrf })).text));
    const [, r] = await second(me, () => answer);
    assert.equal(r.status, 422);
    assert.equal((await v.post("/login/second", { csrf, ...answer })).status, 303);
  });
  test("alone, it must say whose it is, and the ticket of one browser is no use in another", async () => {
    assert.equal((await alone("glow", (a) => mine.signed(a)))[1].status, 422);
    const { asked } = await ask(new h.Visitor("glow"), "/login", "/login/passkey");
    const v = new h.Visitor("glow");
    const form = h.formOf((await v.get("/login")).text, "/login/passkey");
    assert.equal((await v.post(form.action, { ...form.values, ...good(asked) })).status, 303);
    assert.equal((await v.get("/clients")).status, 303, "no session");
  });
  test("a passkey of Glow opens nothing at First Light (L01)", async () => {
    const there = new SoftPasskey("first-light");
    Object.assign(there, { id: mine.id, pair: mine.pair });
    assert.equal((await alone("first-light", (a) => there.signed(a, { handle: handleOf(me) })))[1].status, 422);
  });
  test("who is deactivated does not come in by it", async () => {
    const set = (on) => h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); UPDATE app.staff SET is_active = ${on} WHERE id = :'v2'; COMMIT`, h.tenantId("glow"), idOf(me));
    set(false);
    try {
      assert.notEqual((await alone("glow", good))[1].location, "/");
    } finally { set(true); }
    assert.equal((await alone("glow", good))[1].location, "/");
  });
  test("wrong signatures make nobody else wait: only the address counts them", async () => {
    for (let i = 0; i < 7; i++) await alone("glow", (a) => mine.signed(a, { broken: true, handle: handleOf(me) }));
    const [, r] = await second(me, good);
    assert.equal(r.status, 303);
  });
});

describe("S-05: a new passkey that is not one", () => {
  let v;
  before(async () => { forget(); strip(me); v = new h.Visitor("glow"); await h.logIn(v, me); });
  const wrong = {
    "another origin": { origin: "https://evil.example" }, "the type of a log-in": { type: "webauthn.get" }, "another challenge": { challenge: b64(crypto.randomBytes(32)) },
    "another site's name": { rpId: "evil.example" }, "the user was not verified": { flags: 0x01 }, "the user was not there": { flags: 0x04 }, "from a frame": { client: { crossOrigin: true } },
  };
  for (const [what, o] of Object.entries(wrong))
    test(what, async () => {
      const r = await add(v, new SoftPasskey("glow"), "Forged", o);
      assert.equal(r.status, 422);
      assert.match(r.text, /could not be added/);
      assert.equal(h.one("SELECT count(*) FROM sec.passkey WHERE staff_id = :'v1'", idOf(me)), "0");
    });
  test("device's data without a key, cut off, or with a key of no known kind", async () => {
    for (const change of [(b) => b.subarray(0, 37), (b) => b.subarray(0, b.length - 9), (b) => { b[b.length - 74] = 0x05; return b; }, (b) => Buffer.concat([b.subarray(0, 55), Buffer.alloc(40, 0xff)])]) {
      const passkey = new SoftPasskey("glow");
      const { form, asked } = await ask(v, "/account/security", "/account/security/passkeys");
      const made = passkey.made(asked);
      made.auth_data = b64(change(Buffer.from(made.auth_data, "base64url")));
      assert.equal((await v.post(form.action, { ...form.values, ...made, name: "Cut" })).status, 422);
    }
  });
  test("without a challenge of this session, and with one that was answered", async () => {
    const form = h.formOf((await v.get("/account/security")).text, "/account/security/passkeys");
    const { asked } = await ask(v, "/account/security", "/account/security/passkeys");
    const first = new SoftPasskey("glow").made(asked, { origin: "https://evil.example" });
    assert.equal((await v.post(form.action, { ...form.values, ...first, name: "One" })).status, 422);
    const again = h.formOf((await v.get("/account/security")).text, "/account/security/passkeys");
    assert.equal((await v.post(again.action, { ...again.values, ...new SoftPasskey("glow").made(asked), name: "Two" })).status, 422);
  });
});
