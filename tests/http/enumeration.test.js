// enumeration.test.js -- nobody finds out who is known here, by words, status or time: at log-in, lost password, invitation, booking,
// and sign-up (SECURITY.md T06, also where many are tried: T05). Both kinds of answer are asked for in turns, and only the ratio of their
// medians is looked at, with a bound that a missing hash or a look-up alone would break; no time is.
"use strict";
const { test, describe, before, after, beforeEach } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");
const b = require("./booking_client");

const glow = h.tenantId("glow");
const forget = () => h.sql("DELETE FROM sec.throttle");
beforeEach(forget);
after(forget);
const known = h.staffOf("glow", "biller").email;
const stranger = () => `nobody-${h.uuid().slice(0, 8)}@glow.example`;
const median = (list) => [...list].sort((x, y) => x - y)[Math.floor(list.length / 2)];
const took = async (ask) => { const t = process.hrtime.bigint(); const r = await ask(); return [Number(process.hrtime.bigint() - t), r]; };
// What a page says, without what differs in every page.
const plain = (r, ...own) => own.reduce((s, x) => s.replaceAll(x, "WHO"), h.decode(r.text)).replace(/value="[^"]*"/g, "").replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "");
const face = (r, ...own) => ({ status: r.status, location: r.location?.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "ID"), page: plain(r, ...own),
  headers: Object.keys(r.headers).sort().join(" "), cookies: r.cookies.map((c) => c.split("=")[0]).sort() });

// Two ways of asking, in turns; the order within a pair changes. bound: how far the medians may be apart, as a ratio. What else runs on
// the machine may push them apart once; what tells the two apart does so each time.
async function alike(a, c, n, bound, prepare = () => {}) {
  const ratios = [];
  for (let round = 0; round < 4; round++) {
    const times = [[], []];
    for (let i = 0; i < n; i++)
      for (const which of i % 2 ? [1, 0] : [0, 1]) {
        prepare();
        const [t, r] = await took(which ? c : a);
        times[which].push(r?.own ?? t); // (of a longer way, the part that it measured itself)
      }
    const ratio = median(times[0]) / median(times[1]);
    if (ratio < bound && ratio > 1 / bound) return;
    ratios.push(ratio.toFixed(2));
  }
  assert.fail(`one takes ${ratios.join(", ")} times as long as the other`);
}

describe("T06 T05: log-in", () => {
  const v = new h.Visitor("glow");
  let form;
  before(async () => { form = h.formOf((await v.get("/login")).text, "/login").values; });
  // From a browser that is new each time: nothing is known of it.
  const ask = (email, password = "a wrong one entirely") => h.request("glow", "/login", { method: "POST", body: { ...form, email, password }, from: h.somewhere() });

  test("a wrong password, an unknown address, one that is closed, one of another business: one answer", async () => {
    const inside = (s) => h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', '${glow}', true); ${s} COMMIT;`);
    const id = h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email_norm = :'v2'", glow, known);
    const elsewhere = h.staffOf("first-light", "owner").email, nobody = stranger();
    const wanted = face(await ask(known), known);
    assert.equal(wanted.status, 422);
    assert.deepEqual(face(await ask(nobody), nobody), wanted);
    assert.deepEqual(face(await ask(elsewhere), elsewhere), wanted);
    inside(`UPDATE app.staff SET is_active = false WHERE id = '${id}';`);
    try {
      assert.deepEqual(face(await ask(known, h.staffOf("glow", "biller").password), known), wanted, "closed, with the right password");
    } finally { inside(`UPDATE app.staff SET is_active = true WHERE id = '${id}';`); }
  });
  test("and as much work", () => alike(() => ask(known), () => ask(stranger()), 9, 2, forget));
  test("who has to wait is told so alike, known or not", async () => {
    const wait = async (email) => { for (let i = 0; i < 6; i++) await ask(email); return face(await ask(email), email); };
    const first = await wait(known);
    forget();
    const nobody = stranger();
    assert.match(first.page, /too many tries/);
    assert.deepEqual(await wait(nobody), first);
  });
});

describe("T06: a lost password", () => {
  const v = new h.Visitor("glow");
  let form;
  before(async () => { form = h.formOf((await v.get("/login/reset")).text, "/login/reset").values; });
  const ask = (email) => h.request("glow", "/login/reset", { method: "POST", body: { ...form, email }, from: h.somewhere() });
  test("one answer, one row of the trail, one job", async () => {
    const rows = (r) => h.trail(r.id).map((e) => [e.action, e.outcome, e.reason, e.actor]);
    const nobody = stranger(), a = await ask(known), c = await ask(nobody);
    assert.equal(a.status, 303);
    assert.deepEqual(face(c, nobody), face(a, known));
    assert.deepEqual(rows(c), rows(a));
  });
  test("and as much work", () => alike(() => ask(known), () => ask(stranger()), 25, 2, forget));
});

describe("T06: an invitation, and other links in mails", () => {
  const link = () => Buffer.from(h.uuid().replaceAll("-", "") + h.uuid().replaceAll("-", ""), "hex").toString("base64url");
  for (const path of ["invite", "reset", "email"])
    test(`/${path}/: one that was used, one that is over and one that never was look alike, and cost alike`, async () => {
      const kind = { invite: "invite", reset: "reset", email: "verify" }[path];
      const id = h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email_norm = :'v2'", glow, known);
      const make = (state) => {
        const token = link();
        h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', '${glow}', true); INSERT INTO sec.account_token (tenant_id, kind, staff_id, email, token_hash, expires_at, used_at)
          VALUES ('${glow}', '${kind}', '${id}', '${known}', sha256(decode('${Buffer.from(token, "base64url").toString("hex")}', 'hex')), now() + interval '${state === "over" ? "-1 hour" : "1 hour"}', ${state === "used" ? "now()" : "NULL"}); COMMIT;`);
        return token;
      };
      const used = make("used"), over = make("over");
      const get = (token) => h.request("glow", `/${path}/${token}`);
      const never = link(), wanted = face(await get(never), never);
      assert.equal(wanted.status, 410);
      assert.deepEqual(face(await get(used), used), wanted);
      assert.deepEqual(face(await get(over), over), wanted);
      await alike(() => get(used), () => get(link()), 25, 2);
    });
});

describe("T06: a booking", () => {
  let c;
  before(() => { c = b.corner("glow", { people: 2 }); });
  after(() => b.close(c));
  test("with a client's own address and with one that nobody has: one answer", async () => {
    const [email, birth] = h.sql("SELECT email, coalesce(birth_date, '1990-01-01') FROM app.client WHERE tenant_id = :'v1' AND email IS NOT NULL AND is_active AND coalesce(birth_date, '1990-01-01') < current_date - 8000 ORDER BY id LIMIT 1", glow)[0];
    const faces = new Set();
    const run = async (values) => {
      const v = new h.Visitor("glow"), at = await b.hold(v, c, 0);
      const [t, r] = await took(() => b.confirm(v, at, b.person(values)));
      const next = plain(await v.get(r.location), "WHO").replace(/Test Person \w+|Zz Tester \d|\d{1,2}:\d\d.{0,3}/g, "");
      faces.add(JSON.stringify([face(r).status, face(r).location, face(r).cookies, next]));
      return { own: t };
    };
    await alike(() => run({ email, birth_date: birth }), () => run({}), 3, 4);
    assert.equal(faces.size, 1, [...faces].join("\n"));
  });
});

describe("T06: a sign-up", () => {
  test("with an address that owns a business here, and with another: one answer", async () => {
    const v = new h.Visitor(""), form = h.formOf((await v.get("/signup")).text, "/signup").values;
    const ask = (email) => v.post("/signup", { ...form, name: "Dana Founder", email, password: "seven grey herons wade", business: "A Studio", kind: "medspa", street: "1 Lane", city: "Portland",
      region: "ME", postal_code: "04101", country_code: "US", time_zone: "America/New_York", phone: "(207) 555-0188" }, { from: h.somewhere() });
    const owner = h.staffOf("glow", "owner").email, nobody = stranger();
    const a = face(await ask(owner), owner);
    forget();
    assert.equal(a.status, 303);
    assert.deepEqual(face(await ask(nobody), nobody), a);
  });
});
