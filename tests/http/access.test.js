// access.test.js -- the access review: who may do what, where, since when, and when they last did; its file; its sign-off.
"use strict";
const { test, describe } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");

const tenant = () => h.tenantId("first-light");
const fresh = (role) => h.staff("first-light", role, { fresh: true });
// Cells of a file by RFC 4180.
function cells(text) {
  const rows = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,"\r\n]*))(,|\r\n|$)/g)) {
    rows.at(-1).push((quoted ?? plain).replaceAll('""', '"'));
    if (end === "\r\n") rows.push([]);
    if (end === "") break;
  }
  return rows.filter((r) => r.length > 1);
}

describe("S-20 164.308(a)(4): the access review", () => {
  test("each action of the trail counts for the permission that its page asks for", () => {
    const of = new Map();
    for (const p of h.routes().filter((x) => x.door === "staff" && x.action)) of.set(p.action, (of.get(p.action) || new Set()).add(p.permission));
    const known = h.sql("SELECT action, permission FROM app.action_permissions()");
    assert.ok(known.length > 20);
    for (const [action, permission] of known)
      if (of.has(action)) assert.ok(of.get(action).has(permission), `${action} is ${permission}, but its pages ask for ${[...of.get(action)]}`);
    for (const permission of h.sql("SELECT name FROM app.permission WHERE realm <> 'operator' AND name <> 'settings_write'").map(([n]) => n))
      assert.ok(known.some(([, p]) => p === permission), `no action counts for ${permission}`);
  });
  test("it says of each person what she may, how far, and when she last did", async () => {
    const v = await fresh("auditor"), scanner = await fresh("scanner");
    await scanner.get(`/clients/${h.one("SELECT client_id FROM app.appointment a JOIN app.staff f ON f.tenant_id = a.tenant_id AND f.id = a.staff_id WHERE a.tenant_id = :'v1' AND f.email_norm = :'v2' AND a.client_id IS NOT NULL LIMIT 1", tenant(), h.staffOf("first-light", "scanner").email)}/chart`);
    const r = await v.get("/access"), text = h.decode(r.text).replace(/<[^>]+>/g, " ").replace(/\s+/g, " ");
    assert.equal(r.status, 200);
    const name = h.one("SELECT name FROM app.staff WHERE tenant_id = :'v1' AND email_norm = :'v2'", tenant(), h.staffOf("first-light", "scanner").email);
    const part = text.slice(text.indexOf(`${name} Sonographer`));
    assert.match(part, /Scanner, own clients only, Denver, since/);
    assert.match(part, /Last logged in/);
    assert.match(part.slice(0, 1500), /Read charts[^.]*?own, Denver (?!not in three months)/);
    assert.match(text, /Never logged in|Last logged in/);
    assert.ok(h.trail(r.id).some((e) => e.action === "access.read"));
  });
  test("V-04: the file neutralises formulas; it asks for a proof of late and leaves its row", async () => {
    const v = await fresh("auditor"), mail = h.staffOf("first-light", "biller").email;
    const was = h.one("SELECT name FROM app.staff WHERE tenant_id = :'v1' AND email_norm = :'v2'", tenant(), mail);
    const call = (name) => h.sql("BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); UPDATE app.staff SET name = :'v3' WHERE email_norm = :'v2'; COMMIT", tenant(), mail, name);
    try {
      for (const evil of ['=HYPERLINK("https://evil.example","x")', "+1+1", "-2", "@SUM(A1)"]) {
        call(evil);
        const r = await v.get("/access.csv");
        assert.equal(r.status, 200);
        assert.match(r.headers["content-type"], /^text\/csv/);
        assert.match(r.headers["content-disposition"], /attachment/);
        const rows = cells(r.text);
        assert.deepEqual(rows[0].slice(0, 2), ["name", "email"]);
        assert.ok(rows.length > 20 && rows.every((x) => x.length === rows[0].length), "every row has each column");
        assert.ok(rows.some((x) => x[0] === `'${evil}`), evil);
        assert.ok(rows.flat().every((c) => !/^[=+\-@]/.test(c)), "a cell begins like a formula");
        assert.ok(h.trail(r.id).some((e) => e.action === "access.export"), "no row in the trail");
      }
    } finally {
      call(was);
    }
    h.sql("UPDATE sec.session SET proved_at = now() - interval '6 minutes' WHERE tenant_id = :'v1'", tenant());
    const late = await v.get("/access.csv");
    assert.equal(late.status, 303);
    assert.match(late.location, /^\/confirm/);
    h.sql("UPDATE sec.session SET proved_at = now() WHERE tenant_id = :'v1'", tenant());
  });
  test("it is overdue after a quarter, until somebody signs", async () => {
    const v = await fresh("auditor"), created = h.one("SELECT created_at FROM app.tenant WHERE id = :'v1'", tenant());
    h.sql("UPDATE app.tenant SET created_at = now() - interval '93 days' WHERE id = :'v1'", tenant());
    try {
      const signed = Number(h.one("SELECT count(*) FROM app.access_review WHERE tenant_id = :'v1' AND at > now() - interval '92 days'", tenant()));
      if (signed === 0) assert.match((await v.get("/access")).text, /overdue/);
      assert.equal((await v.submit("/access", { note: "All is as it should be." }, { action: "/access" })).status, 303);
      const page = await v.get("/access");
      assert.doesNotMatch(page.text, /overdue/);
      assert.match(page.text, /All is as it should be/);
      const [people, by] = h.sql("SELECT people, signed_by FROM app.access_review WHERE tenant_id = :'v1' ORDER BY at DESC LIMIT 1", tenant())[0];
      assert.equal(people, h.one("SELECT count(*) FROM app.staff WHERE tenant_id = :'v1' AND is_active", tenant()));
      assert.equal(by, h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email_norm = :'v2'", tenant(), h.staffOf("first-light", "auditor").email));
    } finally {
      h.sql("UPDATE app.tenant SET created_at = :'v2' WHERE id = :'v1'", tenant(), created);
    }
  });
  test("T03: who reads no trail sees none of it", async () => {
    for (const role of ["front-desk", "scanner", "biller"]) {
      const v = await fresh(role);
      for (const at of ["/access", "/access.csv"]) assert.equal((await v.get(at)).status, 403, `${role} ${at}`);
    }
  });
});
