// people.test.js -- who works here: invited, joined, changed, deactivated; and who may do that to whom.
"use strict";
const { test, describe, beforeEach, after } = require("node:test");
const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const h = require("./harness");
const { mail, mails, pathOf, Patient } = require("./mailbox");

const glow = h.tenantId("glow");
const password = "seven grey herons wade";
beforeEach(() => h.sql("DELETE FROM sec.throttle"));
const address = () => `person-${h.uuid().slice(0, 8)}@glow.example`;
const roleId = (slug, label = "glow") => h.one("SELECT id FROM app.role WHERE tenant_id = :'v1' AND slug = :'v2'", h.tenantId(label), slug);
const idOf = (email) => h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email_norm = lower(:'v2')", glow, email);
const places = () => h.sql("SELECT id FROM app.location WHERE tenant_id = :'v1' AND is_active ORDER BY position", glow).map(([id]) => id);
const inside = (text) => h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', '${glow}', true); ${text} COMMIT;`);
const made = [];
after(() => {
  // Who came in here is gone afterwards, so that other files count the people they know.
  for (const email of made.reverse()) // (whoever was invited by another one first)
    inside(`DELETE FROM app.message WHERE to_staff IN (SELECT id FROM app.staff WHERE email = '${email}') OR created_by IN (SELECT id FROM app.staff WHERE email = '${email}');
            DELETE FROM app.staff WHERE email = '${email}';`);
});

async function invite(v, o = {}) {
  const email = o.email || address();
  made.push(email);
  const r = await v.submit("/people/new", { name: o.name || "Nova Person", email, title: "", given: o.given || roleId("front-desk") }, { action: "/people/new" });
  return { r, email };
}
async function join(email, o = {}) {
  const at = pathOf((await mail("glow", email, "account_invite")).link);
  return new Patient("glow").submit(at, { password: o.password || password });
}
async function logIn(email, secret = password) {
  const v = new Patient("glow");
  const r = await v.submit("/login", { email, password: secret });
  return { v, r };
}
async function member(o = {}) {
  const owner = await h.staff("glow", "owner", { fresh: true });
  const { r, email } = await invite(owner, o);
  assert.equal(r.status, 303, r.text);
  assert.equal((await join(email)).status, 303);
  const { v, r: entered } = await logIn(email);
  assert.equal(entered.status, 303);
  return { v, email, id: idOf(email), owner };
}

describe("S-11: an invitation", () => {
  test("B03 S-11: goes to its address, works once, sets a password, and logs nobody in by itself", async () => {
    const owner = await h.staff("glow", "owner", { fresh: true });
    const { r, email } = await invite(owner);
    assert.equal(r.status, 303);
    assert.equal(r.location, "/people?invited=1");
    assert.ok(h.trail(r.id).some((e) => e.action === "person.invite" && e.outcome === "ok"));
    const page = await owner.get("/people");
    assert.match(page.text, new RegExp(`${email}[\\s\\S]*?invited`));
    assert.equal((await logIn(email)).r.status, 422, "she can log in before she has accepted");
    const m = await mail("glow", email, "account_invite"), at = pathOf(m.link);
    assert.equal(new URL(m.link).origin, h.origin("glow"));
    const guest = new Patient("glow");
    for (let i = 0; i < 5; i++) assert.equal((await new Patient("glow").get(at)).status, 200, "a look used it up");
    const form = await guest.get(at);
    assert.match(form.text, /Nova Person/);
    const joined = await guest.submit(at, { password });
    assert.equal(joined.status, 303);
    assert.match(joined.location, /^\/login/);
    assert.ok(!joined.cookies.some((c) => c.startsWith("__Host-sid")), "accepting logged in");
    assert.equal((await guest.get(at)).status, 410);
    assert.equal((await guest.post(at, { ...h.formOf(form.text).values, password: "another good long one" })).status, 410);
    assert.equal((await logIn(email, "another good long one")).r.status, 422);
    const { v, r: entered } = await logIn(email);
    assert.equal(entered.status, 303);
    assert.equal((await v.get("/clients")).status, 200);
    assert.equal(h.one("SELECT email_verified_at IS NOT NULL FROM app.staff WHERE email = :'v1'", email), "t");
  });
  test("T08 S-11: a forged one, an expired one, one of another studio: all are over", async () => {
    const owner = await h.staff("glow", "owner", { fresh: true });
    const { email } = await invite(owner);
    const at = pathOf((await mail("glow", email, "account_invite")).link);
    assert.equal((await new Patient("glow").get("/invite/" + "A".repeat(43))).status, 410);
    assert.equal((await new Patient("glow").get("/invite/abc")).status, 410);
    assert.equal((await new Patient("first-light").get(at)).status, 410);
    assert.equal((await new Patient("glow").get(at.replace("/invite/", "/reset/"))).status, 410);
    inside(`UPDATE sec.account_token SET expires_at = now() - interval '1 second' WHERE email = '${email}';`);
    assert.equal((await new Patient("glow").get(at)).status, 410);
    assert.equal(h.one("SELECT extract(epoch FROM expires_at - created_at)::int > 0 FROM sec.account_token WHERE email = :'v1'", email), "f");
  });
  test("S-11: it lasts 72 hours; sent again, the earlier link ends; withdrawn, all of it", async () => {
    const owner = await h.staff("glow", "owner", { fresh: true });
    const { email } = await invite(owner), id = idOf(email);
    assert.equal(h.one("SELECT expires_at - created_at FROM sec.account_token WHERE email = :'v1'", email), "3 days");
    const first = pathOf((await mail("glow", email, "account_invite")).link);
    assert.equal((await owner.submit(`/people/${id}`, {}, { action: `/people/${id}/invite` })).status, 303);
    const second = pathOf((await mail("glow", email, "account_invite", 1)).link);
    assert.notEqual(first, second);
    assert.equal((await new Patient("glow").get(first)).status, 410);
    assert.equal((await new Patient("glow").get(second)).status, 200);
    assert.equal((await owner.submit(`/people/${id}`, {}, { action: `/people/${id}/withdraw` })).status, 303);
    assert.equal((await new Patient("glow").get(second)).status, 410);
    assert.equal(idOf(email), undefined);
  });
  test("S-11: an address that has an account is refused kindly, and its password stays", async () => {
    const owner = await h.staff("glow", "owner", { fresh: true });
    const known = h.staffOf("glow", "biller").email;
    const was = h.one("SELECT phc FROM sec.credential c JOIN app.staff f ON f.id = c.staff_id WHERE f.email = :'v1'", known);
    const r = await owner.submit("/people/new", { name: "Somebody", email: known.toUpperCase(), given: roleId("front-desk") }, { action: "/people/new" });
    assert.equal(r.status, 422);
    assert.match(r.text, /works here with this e-mail address already/);
    assert.match(r.text, /value="Somebody"/, "what was typed is lost");
    assert.match(h.formOf(r.text, "/people/new").html, new RegExp(`value="${roleId("front-desk")}" checked`), "what was ticked is lost");
    assert.equal(h.one("SELECT phc FROM sec.credential c JOIN app.staff f ON f.id = c.staff_id WHERE f.email = :'v1'", known), was);
  });
  test("V-13: at least one role, and a name, are asked for", async () => {
    const owner = await h.staff("glow", "owner", { fresh: true });
    const page = await owner.get("/people/new"), { values } = h.formOf(page.text, "/people/new");
    const r = await owner.post("/people/new", { ...values, name: "Nobody Role", email: address(), is_provider: "" });
    assert.equal(r.status, 422);
    assert.match(r.text, /at least one role/);
  });
});

describe("S-12: nobody gives what she has not, or changes somebody who may more", () => {
  test("S-12: a manager makes nobody an owner, by the page or past it", async () => {
    const manager = await h.staff("glow", "manager", { fresh: true });
    const page = await manager.get("/people/new");
    assert.match(page.text, new RegExp(`value="${roleId("owner")}" disabled`));
    for (const slug of ["owner", "provider"]) {
      const email = address();
      const r = await manager.submit("/people/new", { name: "Too Much", email, given: roleId(slug) }, { action: "/people/new" });
      assert.equal(r.status, 422);
      assert.match(r.text, /cannot give a role that allows more/);
      assert.equal(idOf(email), undefined);
    }
    const { r } = await invite(manager);
    assert.equal(r.status, 303, "she cannot give what she has");
  });
  test("S-12: a manager neither deactivates, changes nor resets an owner or somebody with charts", async () => {
    const manager = await h.staff("glow", "manager", { fresh: true });
    const keys = h.formOf((await manager.get("/people")).text, "/logout").values;
    for (const role of ["owner", "provider"]) {
      const id = idOf(h.staffOf("glow", role).email), before = mails("glow", h.staffOf("glow", role).email).length;
      assert.match((await manager.get(`/people/${id}`)).text, /may do more here than you/);
      for (const act of ["", "/deactivate", "/reset", "/reactivate", "/invite", "/withdraw"]) {
        const r = await manager.post(`/people/${id}${act}`, { csrf: keys.csrf, idem: h.uuid(), name: "X", given: roleId("front-desk") });
        assert.equal(r.status, 403, `${act} is let through`);
      }
      assert.equal(h.one("SELECT is_active FROM app.staff WHERE id = :'v1'", id), "t");
      assert.equal(mails("glow", h.staffOf("glow", role).email).length, before);
    }
  });
  test("S-12: she cannot make herself more, nor close her own account", async () => {
    const { v, id } = await member({ given: roleId("manager") });
    const r = await v.submit(`/people/${id}`, { given: [roleId("manager"), roleId("owner")] }, { action: `/people/${id}` });
    assert.equal(r.status, 422);
    const keys = h.formOf((await v.get("/people")).text, "/logout").values;
    assert.equal((await v.post(`/people/${id}/deactivate`, { csrf: keys.csrf, idem: h.uuid() })).status, 422);
  });
});

describe("S-20: roles", () => {
  test("S-20: several roles at several places; taken away, the next request is refused", async () => {
    const { v: before, id, owner, email } = await member();
    assert.equal((await before.get("/audit")).status, 403);
    const place = places()[1] || places()[0];
    let r = await owner.submit(`/people/${id}`, { given: [roleId("front-desk"), `${roleId("auditor")}`, `${roleId("biller")}:${place}`] }, { action: `/people/${id}` });
    assert.equal(r.status, 303, r.text);
    assert.deepEqual(h.sql(`SELECT r.slug, coalesce(sr.location_id::text, '') FROM app.staff_role sr JOIN app.role r ON r.id = sr.role_id WHERE sr.staff_id = :'v1' ORDER BY 1`, id),
      [["auditor", ""], ["biller", place], ["front-desk", ""]]);
    const { v } = await logIn(email); // who is given a role logs in anew
    assert.equal((await v.get("/audit")).status, 200, "what was given does not hold");
    const page = await owner.get(`/people/${id}`);
    assert.match(page.text, new RegExp(`value="${roleId("biller")}:${place}" checked`));
    r = await owner.submit(`/people/${id}`, { given: roleId("front-desk") }, { action: `/people/${id}` });
    assert.equal(r.status, 303);
    assert.equal((await v.get("/audit")).status, 403, "what was taken still holds");
    assert.ok(h.trail(r.id).some((e) => e.action === "person.change" && /->/.test(e.reason)));
  });
  test("T01: a role or a location of another studio is not there", async () => {
    const owner = await h.staff("glow", "owner", { fresh: true });
    const theirs = h.one("SELECT id FROM app.location WHERE tenant_id = :'v1' LIMIT 1", h.tenantId("first-light"));
    for (const given of [roleId("front-desk", "first-light"), `${roleId("front-desk")}:${theirs}`, "nonsense", `${roleId("front-desk")}:`, "{}", `${roleId("front-desk")},${roleId("owner")}`]) {
      const r = await owner.submit("/people/new", { name: "Nobody", email: address(), given }, { action: "/people/new" });
      assert.ok([404, 422].includes(r.status), `${given}: ${r.status}`);
    }
  });
  test("V-25: no field names another person, business or state", async () => {
    const { id, owner } = await member();
    const before = h.sql("SELECT email, is_active, perms, has_mfa FROM app.staff WHERE id = :'v1'", id);
    const r = await owner.submit(`/people/${id}`, { given: roleId("front-desk"), email: "other@glow.example", is_active: "false", perms: ",audit_read,", tenant_id: h.tenantId("first-light"), has_mfa: "true" }, { action: `/people/${id}` });
    assert.equal(r.status, 303);
    assert.deepEqual(h.sql("SELECT email, is_active, perms, has_mfa FROM app.staff WHERE id = :'v1'", id), before);
  });
});

describe("T09 R-03: deactivation", () => {
  test("T09: open sessions end with the next request, links end, and opening again brings no session back", async () => {
    const { v, id, email, owner } = await member();
    assert.equal((await v.get("/clients")).status, 200);
    assert.equal((await owner.submit(`/people/${id}`, {}, { action: `/people/${id}/reset` })).status, 303);
    const link = pathOf((await mail("glow", email, "account_reset")).link);
    assert.equal((await new Patient("glow").get(link)).status, 200);
    const r = await owner.submit(`/people/${id}`, {}, { action: `/people/${id}/deactivate` });
    assert.equal(r.status, 303);
    assert.ok(h.trail(r.id).some((e) => e.action === "person.deactivate"));
    const out = await v.get("/clients");
    assert.equal(out.status, 303);
    assert.match(out.location, /^\/login/);
    assert.equal((await new Patient("glow").get(link)).status, 410);
    assert.equal((await logIn(email)).r.status, 422);
    assert.match((await owner.get(`/people/${id}`)).text, /deactivated/);
    assert.equal((await owner.submit(`/people/${id}`, {}, { action: `/people/${id}/reactivate` })).status, 303);
    assert.equal((await v.get("/clients")).status, 303, "an old session lives again");
    assert.equal((await logIn(email)).r.status, 303);
  });
  test("S-12: the last owner keeps role and account, also when two go at the same time", async (t) => {
    const owner = await h.staff("glow", "owner", { fresh: true });
    const first = idOf(h.staffOf("glow", "owner").email);
    const r = await owner.submit(`/people/${first}`, { given: roleId("manager") }, { action: `/people/${first}` });
    assert.equal(r.status, 422);
    assert.match(r.text, /last owner/);
    const { id } = await member({ given: roleId("owner") });
    // Each takes the other away, both before either is done.
    const conninfo = require("node:fs").readFileSync(`${h.env.vardir}/foyer.conf`, "utf8").match(/^database\s*=\s*(.*)$/m)[1].trim();
    const psql = () => {
      const args = ["psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-d", `${conninfo} user=postgres`];
      const all = process.getuid() === 0 ? ["runuser", "-u", process.env.FOYER_OS_USER || "foyer", "--", ...args] : args;
      const c = spawn(all[0], all.slice(1), { cwd: "/", stdio: ["pipe", "pipe", "pipe"] });
      c.said = "";
      c.stdin.on("error", () => {}); // (it ends with the first error, which is the answer)
      c.stdout.on("data", (d) => { c.said += d; });
      c.stderr.on("data", (d) => { c.said += d; });
      c.over = new Promise((done) => c.on("close", done));
      c.until = async (text) => { for (let i = 0; i < 100 && !c.said.includes(text); i++) await new Promise((x) => setTimeout(x, 50)); };
      return c;
    };
    for (const act of [(who) => `UPDATE app.staff SET is_active = false WHERE id = '${who}'`,
      (who) => `DELETE FROM app.staff_role WHERE staff_id = '${who}' AND role_id = '${roleId("owner")}'`]) {
      const a = psql(), b = psql();
      t.after(() => { a.kill(); b.kill(); });
      for (const [c, who] of [[a, first], [b, id]])
        c.stdin.write(`BEGIN; SELECT set_config('foyer.tenant_id', '${glow}', true); SELECT 'ready-${who}';\n`);
      await Promise.all([a.until("ready"), b.until("ready")]);
      a.stdin.write(`${act(first)}; SELECT 'done';\n`);
      await a.until("done");
      assert.match(a.said, /done/);
      b.stdin.write(`${act(id)}; SELECT 'done';\n`);
      await new Promise((x) => setTimeout(x, 300)); // it waits for the first
      assert.ok(!b.said.includes("done"), "the second did not wait");
      a.stdin.end("COMMIT;\n");
      await a.over;
      b.stdin.end("COMMIT;\n");
      await b.over;
      assert.match(b.said, /last owner/);
      assert.equal(h.one(`SELECT count(*) FROM app.staff f JOIN app.staff_role sr ON sr.staff_id = f.id WHERE sr.role_id = :'v1' AND f.is_active`, roleId("owner")), "1");
      inside(`UPDATE app.staff SET is_active = true WHERE id = '${first}';
              INSERT INTO app.staff_role (tenant_id, staff_id, role_id) VALUES ('${glow}', '${first}', '${roleId("owner")}') ON CONFLICT DO NOTHING;`);
    }
  });
});

describe("S-11 S-12: an invitation is worth what who made it may", () => {
  const manager = (o = {}) => member({ given: roleId("manager"), ...o });
  const over = async (email, words) => {
    const at = pathOf((await mail("glow", email, "account_invite")).link);
    const r = await new Patient("glow").get(at);
    assert.equal(r.status, 410, words);
    const row = h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email_norm = lower(:'v2') AND invited_at IS NOT NULL", glow, email);
    assert.ok(row, "she is still invited, and can be invited again");
  };
  test("it ends with her who made it: deactivated, or no longer one who may invite, or give that role", async () => {
    const inviter = await manager();
    const a = await invite(inviter.v), b = await invite(inviter.v);
    assert.equal(a.r.status, 303);
    const at = pathOf((await mail("glow", a.email, "account_invite")).link);
    assert.equal((await new Patient("glow").get(at)).status, 200);
    await inviter.owner.submit(`/people/${inviter.id}`, { given: roleId("front-desk") }, { action: `/people/${inviter.id}` });
    await over(a.email, "she may invite nobody any more");
    assert.equal((await new Patient("glow").post(at, { csrf: "x", password })).status >= 400, true);
    await inviter.owner.submit(`/people/${inviter.id}`, { given: roleId("manager") }, { action: `/people/${inviter.id}` });
    assert.equal((await new Patient("glow").get(at)).status, 200, "it is looked at when it is used");
    await inviter.owner.submit(`/people/${inviter.id}`, {}, { action: `/people/${inviter.id}/deactivate` });
    await over(b.email, "she does not work here any more");
    const list = (await inviter.owner.get("/people")).text;
    assert.match(list, new RegExp(b.email));
    await inviter.owner.submit(`/people/${idOf(b.email)}`, {}, { action: `/people/${idOf(b.email)}/invite` });
    assert.equal((await join(b.email)).status, 303, "invited again by somebody who may, she comes in");
  });
  test("an owner's invitation of an owner ends when she is none", async () => {
    const inviter = await member({ given: roleId("owner") });
    const { r, email } = await invite(inviter.v, { given: roleId("owner") });
    assert.equal(r.status, 303);
    await inviter.owner.submit(`/people/${inviter.id}`, { given: roleId("manager") }, { action: `/people/${inviter.id}` });
    await over(email, "a manager makes no owner");
  });
});

describe("B48 S-06: another password ends what the old one had opened", () => {
  test("log-ins half way, trust in other browsers, links to a new password", async () => {
    const { v, email, id, owner } = await member();
    const other = await logIn(email);
    assert.equal(other.r.status, 303);
    const devices = () => h.sql("SELECT id FROM sec.device WHERE staff_id = :'v1'", id).length;
    assert.ok(devices() >= 2);
    inside(`INSERT INTO sec.login_ticket (tenant_id, token_hash, staff_id) VALUES ('${glow}', sha256('half way ${id}'), '${id}');`);
    await owner.submit(`/people/${id}`, {}, { action: `/people/${id}/reset` });
    const link = pathOf((await mail("glow", email, "account_reset")).link);
    assert.equal((await new Patient("glow").get(link)).status, 200);
    assert.equal((await v.submit("/account/password", { current: password, password: "nine brown otters sleep" })).status, 303);
    assert.equal((await other.v.get("/account")).status, 303, "the other session");
    assert.equal((await new Patient("glow").get(link)).status, 410, "the link that was on its way");
    assert.equal(h.one("SELECT count(*) FROM sec.login_ticket WHERE staff_id = :'v1' AND ended_at IS NULL", id), "0");
    assert.equal(devices(), 1, "only the browser that she is in is known");
    assert.equal((await v.get("/account")).status, 200);
    assert.equal(h.one("SELECT count(*) FROM sec.device d JOIN sec.session e ON e.tenant_id = d.tenant_id AND e.device_id = d.id WHERE d.staff_id = :'v1' AND e.revoked_at IS NULL", id), "1");
  });
});
