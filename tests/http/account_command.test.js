// account_command.test.js -- accounts by the operator's command, for an installation without a mail server: it prints the links.
"use strict";
const { test, after } = require("node:test");
const assert = require("node:assert/strict");
const path = require("node:path");
const { execFileSync } = require("node:child_process");
const h = require("./harness");
const { pathOf, Patient } = require("./mailbox");

const email = `command-${h.uuid().slice(0, 8)}@glow.example`;
function foyer(...args) {
  const conf = path.join(h.env.vardir, "foyer.conf"), program = path.join(h.env.vardir, "app", "bin", "foyer");
  const all = [program, ...args, "--as", "postgres"], env = ["env", `FOYER_CONFIG=${conf}`];
  const line = process.getuid() === 0 ? ["runuser", "-u", process.env.FOYER_OS_USER || "foyer", "--", ...env, ...all] : [...env, ...all];
  return execFileSync(line[0], line.slice(1), { encoding: "utf8", cwd: "/", stdio: ["ignore", "pipe", "pipe"] });
}
after(() => h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true); DELETE FROM app.message WHERE to_staff IN (SELECT id FROM app.staff WHERE email = :'v2');
  DELETE FROM app.staff WHERE email = :'v2'; COMMIT;`, h.tenantId("glow"), email));

test("S-11 S-10: foyer user invite, reset and deactivate", async () => {
  const link = (said) => pathOf(said.match(/https:\S+/)[0]);
  const at = link(foyer("user", "invite", "--tenant", "glow", "--email", email, "--name", "Cora Command", "--role", "front-desk"));
  assert.equal((await new Patient("glow").submit(at, { password: "seven grey herons wade" })).status, 303);
  assert.throws(() => foyer("user", "invite", "--tenant", "glow", "--email", email, "--name", "Cora", "--role", "front-desk"), /works here/);
  const v = new Patient("glow");
  assert.equal((await v.submit("/login", { email, password: "seven grey herons wade" })).status, 303);
  const reset = link(foyer("user", "reset", "--tenant", "glow", "--email", email));
  assert.equal((await new Patient("glow").submit(reset, { password: "three brown owls hoot" })).status, 303);
  assert.equal((await v.submit("/login", { email, password: "three brown owls hoot" })).status, 303);
  foyer("user", "deactivate", "--tenant", "glow", "--email", email);
  assert.equal((await v.get("/clients")).status, 303);
  assert.throws(() => foyer("user", "deactivate", "--tenant", "glow", "--email", h.staffOf("glow", "owner").email), /last owner/);
  assert.throws(() => foyer("user", "reset", "--tenant", "glow", "--email", "nobody@glow.example"), /nobody there/);
});

test("S-04 B46: a new business asks for a second step from whoever works with clients' data, unless its maker says otherwise", () => {
  const made = [];
  const rolesOf = (...more) => {
    const slug = `zz-${h.uuid().slice(0, 8)}`;
    foyer("tenant", "create", slug, "Zz New", "--kind", "medspa", ...more);
    made.push(h.tenantId(slug));
    return h.sql("SELECT slug, needs_mfa FROM app.role WHERE tenant_id = :'v1' ORDER BY slug", made.at(-1));
  };
  try {
    const asked = rolesOf();
    assert.ok(asked.length >= 6);
    assert.deepEqual(asked.filter(([, needs]) => needs !== "t"), []);
    assert.deepEqual(rolesOf("--password-only").filter(([, needs]) => needs !== "f"), []);
  } finally {
    for (const tenant of made) {
      h.sql(`SET session_replication_role = replica; DELETE FROM app.role_permission WHERE tenant_id = :'v1'; DELETE FROM app.role WHERE tenant_id = :'v1';
        DELETE FROM sec.site WHERE tenant = :'v1'; DELETE FROM app.tenant WHERE id = :'v1'`, tenant);
    }
  }
});
