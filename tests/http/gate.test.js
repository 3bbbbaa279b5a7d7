// gate.test.js -- for every page of `foyer routes --json`: who is let in, who is not, and what it
// leaves in the trail. Generated from the table, so a new page is tested the moment it exists.
"use strict";
const { test, describe } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");
const { fill, paramsOf, owned } = require("./samples");

const pages = h.routes();
const labelOf = (p) => (p.realm === "site" ? "" : p.realm === "operator" ? "ops" : "glow");
// Who may open a page: the owner, but for what she needs no exception for.
const owner = (p) => (p.realm === "operator" ? ["ops", "operator"] : ["glow", p.permission === "chart_emergency" ? "provider" : "owner"]);
const name = (p) => `${p.method} ${p.realm} ${p.path}`;
const staffPages = pages.filter((p) => p.door === "staff");

// Roles of the demo studio and what each may do, as the database has it.
function roles(label) {
  return h.logins().filter((l) => l.label === label).map((l) => ({
    role: l.role,
    // of any reach: "chart_read@own" opens the pages of charts, and says of whose (reach.test.js)
    perms: new Set(h.one(`SELECT perms FROM app.staff WHERE tenant_id = :'v1' AND email_norm = lower(:'v2')`,
      h.tenantId(label), l.email).split(",").filter(Boolean).map((p) => p.split("@")[0])),
  })).map((r) => ({ ...r, sees: (p) => !p.permission || p.permission === "self" || r.perms.has(p.permission) }))
    .filter((r, i, all) => all.findIndex((x) => x.role === r.role) === i);
}
// A POST that is right in everything but what is being tested.
async function tokens(v, target) {
  const page = await v.get(target);
  return h.formOf(page.text, "/logout").values;
}

test("the permissions of the program and of the database are the same list (B45)", () => {
  const used = new Set(pages.map((p) => p.permission).filter(Boolean));
  const known = new Set(h.sql("SELECT name FROM app.permission").map(([n]) => n));
  for (const p of used) assert.ok(known.has(p), `${p} is not in app.permission`);
});

describe("L37 S-20: without a session no staff page opens", () => {
  for (const p of staffPages)
    test(name(p), async () => {
      const target = fill(p, labelOf(p));
      assert.ok(target, `the demo data has no row for ${p.path}`);
      const r = await h.request(labelOf(p), target, { method: p.method, body: p.method === "POST" ? "" : undefined });
      if (p.method === "GET") {
        assert.equal(r.status, 303);
        assert.match(r.location, /^\/login\?next=/);
      } else assert.ok([401, 403].includes(r.status), `answered ${r.status}`);
    });
});

describe("B45 L49 T03: each role reaches what its permissions say, and nothing else", () => {
  for (const label of ["glow", "first-light", "ops"])
    for (const { role, sees } of roles(label))
      for (const p of staffPages.filter((x) => x.method === "GET" && (x.realm === "staffed" || (x.realm === "operator") === (label === "ops"))))
        test(`${role} at ${label}: ${name(p)}`, async () => {
          const target = fill(p, label);
          if (!target && p.realm === "staffed") return; // this host has no such row
          assert.ok(target, `the demo data has no row for ${p.path}`);
          const v = await h.staff(label, role);
          const r = await v.get(target);
          if (sees(p)) {
            // 404: what is asked for lies beyond her reach, or is for who asked for it alone
            assert.ok([200, 204, 303].includes(r.status) || ((role === "scanner" || p.path.includes("{chart_copy_id:")) && r.status === 404), `answered ${r.status}`);
            assert.notEqual(r.location?.startsWith("/login"), true, "sent to the log-in page");
          } else {
            assert.equal(r.status, 403);
            assert.ok(h.trail(r.id).some((e) => e.outcome === "refused" && e.reason === "denied"), "the refusal is not in the trail");
          }
        });
});

describe("T03 S-20: each role sends the forms that its permissions say, and no other", () => {
  for (const label of ["glow", "first-light", "ops"])
    for (const { role, sees } of roles(label))
      test(`${role} at ${label}`, async () => {
        const v = await h.staff(label, role);
        const home = await v.follow(await v.get("/"));
        const keys = h.formOf(home.text, "/logout").values;
        for (const p of staffPages.filter((x) => x.method === "POST" && x.path !== "/logout" && (x.realm === "staffed" || (x.realm === "operator") === (label === "ops")))) {
          const target = p.path.replace(/\{(\w+):(\w+)\}/g, (m, n, kind) => (kind === "uuid" ? h.uuid() : kind === "date" ? "2030-01-01" : "nonsense"));
          const r = await v.post(target, { ...keys, idem: h.uuid() });
          if (sees(p)) {
            assert.notEqual(r.status, 403, `${name(p)} is refused`);
            assert.ok(r.status < 500, `${name(p)}: ${r.status}`);
          } else {
            assert.equal(r.status, 403, `${name(p)} is let in`);
            assert.ok(h.trail(r.id).some((e) => e.outcome === "refused" && e.reason === "denied"), `${name(p)}: the refusal is not in the trail`);
          }
        }
      });
});

// What a studio's data are, without what changes by itself: the jobs' and the installation's own tables, signs of life of sessions.
function everything() {
  const tables = h.sql(`SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('app', 'sec') AND c.relkind = 'r' AND c.relname !~ '^(job|message|house_.*|session|link_session|throttle|migration|seal.*)$' ORDER BY 1`).map(([t]) => t);
  return h.sql(tables.map((t) => `SELECT '${t}', count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM ${t} AS t`).join(" UNION ALL "));
}
test("T10: all pages that are asked for with GET or HEAD, by everybody who may, change no row but those of the trail", async () => {
  const was = everything();
  assert.ok(was.length > 20);
  for (const p of pages.filter((x) => x.method === "GET" && !x.path.startsWith("/l/")))
    for (const method of ["GET", "HEAD"]) {
      const label = labelOf(p), target = fill(p, label);
      if (!target) continue;
      const v = p.door === "staff" ? await h.staff(...owner(p)) : new h.Visitor(label);
      await v.get(`${target}?done=1&sent=1&q=a&delete=1&status=cancelled`, { method });
    }
  assert.deepEqual(everything(), was);
});

describe("T01 L48 L01: with another studio's ids every page answers as for an id that does not exist", () => {
  for (const p of pages.filter((x) => x.door === "staff" && x.realm !== "operator" && paramsOf(x).some(({ name: n }) => owned.has(n))))
    test(name(p), async () => {
      const v = await h.staff(...owner(p));
      const theirs = fill(p, "first-light");
      assert.ok(theirs, `the demo data of First Light has no row for ${p.path}`);
      const nothing = fill(p, "glow", Object.fromEntries(paramsOf(p).filter(({ kind }) => kind === "uuid").map(({ name: n }) => [n, h.uuid()])));
      const before = p.method === "POST" ? await tokens(v, "/clients") : undefined;
      const ask = (target) => (p.method === "GET" ? v.get(target) : v.post(target, { ...before, idem: "k".repeat(20) + Math.random().toString(36).slice(2) }));
      const a = await ask(theirs), b = await ask(nothing);
      const plain = (r) => r.text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "ID").replace(/value="[^"]*"/g, "");
      if (p.method === "POST" && p.fields.length && a.status === 422 && b.status === 422) return;
      assert.equal(a.status, 404);
      assert.equal(b.status, 404);
      assert.equal(plain(a), plain(b), "the two answers differ");
      assert.ok(h.trail(a.id).some((e) => e.outcome === "refused" && e.reason === "not_found"), "the try is not in the trail");
    });
  test("a session of Glow is nothing at First Light (L01 S-08)", async () => {
    const v = await h.staff("glow", "owner");
    const r = await h.request("first-light", "/clients", { cookie: v.cookieFor("/clients") });
    assert.equal(r.status, 303);
    assert.match(r.location, /^\/login/);
  });
});

describe("L36 S-09 T10: a form is taken only from our own page", () => {
  for (const p of pages.filter((x) => x.method === "POST")) {
    const send = async (body, o) => {
      const label = labelOf(p), target = fill(p, label) || fill(p, label, Object.fromEntries(paramsOf(p).map(({ name: n }) => [n, h.uuid()])));
      const cookie = p.door === "staff" ? (await h.staff(...owner(p))).cookieFor("/") : "__Secure-link=" + "A".repeat(43);
      return h.request(label, target, { method: "POST", body, cookie, ...o });
    };
    test(`${name(p)}: without a token 403`, async () => assert.equal((await send({ a: "b" })).status, 403));
    test(`${name(p)}: with a wrong token 403`, async () =>
      assert.equal((await send({ csrf: Math.floor(Date.now() / 1000).toString(16) + "." + "A".repeat(32) })).status, 403));
    test(`${name(p)}: from another origin 403`, async () =>
      assert.equal((await send({ a: "b" }, { origin: "https://evil.example", site: "cross-site" })).status, 403));
    test(`${name(p)}: with null as origin, or neither header, 403`, async () => {
      assert.equal((await send({ a: "b" }, { origin: "null", site: null })).status, 403);
      assert.equal((await send({ a: "b" }, { origin: null, site: null })).status, 403);
      assert.equal((await send({ a: "b" }, { origin: h.origin("first-light"), site: "same-site" })).status, 403);
    });
    test(`${name(p)}: a body over the limit is refused with 413`, async () => {
      const r = await send("a=" + "x".repeat(p.max_body + 10), { headers: { "Content-Type": "application/x-www-form-urlencoded" } });
      assert.equal(r.status, 413);
    });
  }
});

describe("A-02 L18 B47: a page that discloses leaves its row in the trail", () => {
  for (const p of staffPages.filter((x) => x.method === "GET" && x.action))
    test(name(p), async () => {
      const [label, role] = owner(p);
      const v = await h.staff(label, role);
      const r = await v.get(fill(p, label));
      if (r.status === 303) return;
      assert.ok([200, 204].includes(r.status), `answered ${r.status}`); // 204: there is no such picture, and that was seen
      const rows = h.trail(r.id);
      const row = rows.find((e) => e.action === p.action && e.outcome === "ok");
      assert.ok(row, `no row '${p.action}' for this request, only ${JSON.stringify(rows)}`);
      assert.ok(row.actor, "the row names no person");
      const client = p.path.includes("{client_id:") && fill(p, label).match(/clients\/([0-9a-f-]{36})/)?.[1];
      if (client) assert.ok(row.clients.includes(client), "the row does not name the client");
    });
});

describe("V-10: methods", () => {
  test("unlisted methods are refused with 405", async () => {
    for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
      assert.equal((await h.request("glow", "/book", { method })).status, 405, method);
  });
  test("the wrong one of GET and POST says which one works", async () => {
    const r = await h.request("glow", "/logout");
    assert.equal(r.status, 405);
    assert.equal(r.headers.allow, "POST");
  });
  test("HEAD answers as GET without a body", async () => {
    const r = await h.request("glow", "/book", { method: "HEAD" });
    assert.equal(r.status, 200);
    assert.equal(r.bytes.length, 0);
  });
});
