// password_cost.test.js -- what a password costs: a hash with yesterday's costs gets today's when it is next used (SECURITY.md S-01, PROMISES
// B46), and an unknown address costs what a known one does (T06).
"use strict";
const { test, after } = require("node:test");
const assert = require("node:assert/strict");
const crypto = require("node:crypto");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { execFileSync } = require("node:child_process");
const h = require("./harness");

const glow = h.tenantId("glow");
const who = h.staffOf("glow", "biller");
const phc = () => h.one(`SELECT c.phc FROM sec.credential c JOIN app.staff f ON f.tenant_id = c.tenant_id AND f.id = c.staff_id
  WHERE f.tenant_id = :'v1' AND f.email_norm = :'v2'`, glow, who.email);
const put = (hash) => h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true);
  UPDATE sec.credential c SET phc = :'v3' FROM app.staff f WHERE f.tenant_id = c.tenant_id AND f.id = c.staff_id AND f.email_norm = :'v2' AND c.tenant_id = :'v1'; COMMIT`,
  glow, who.email, hash);
const before = phc();
after(() => put(before));

// As cgi-src/core/crypto.c peppers it, hashed with the least that was ever good enough.
function weak(password) {
  const pepper = require("./mailbox").lastingKey("password-pepper");
  const program = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "weak-")), "weak_hash");
  execFileSync("gcc", ["-O1", "-o", program, path.join(__dirname, "weak_hash.c"), "-largon2"]);
  const hash = execFileSync(program, { input: crypto.createHmac("sha256", pepper).update(password).digest(), encoding: "utf8" }).trim();
  fs.rmSync(path.dirname(program), { recursive: true });
  return hash;
}

test("S-01 B46: a hash of yesterday's costs lets in, and is today's from then on; a wrong password changes nothing", async () => {
  const old = weak(who.password);
  assert.match(old, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  put(old);
  const wrong = await new h.Visitor("glow").submit("/login", { email: who.email, password: `${who.password}.` });
  assert.equal(wrong.status, 422);
  assert.equal(phc(), old);
  const v = new h.Visitor("glow");
  assert.equal((await v.submit("/login", { email: who.email, password: who.password })).status, 303);
  const upgraded = phc();
  assert.match(upgraded, /^\$argon2id\$v=19\$m=65536,t=3,p=1\$/);
  assert.equal((await new h.Visitor("glow").submit("/login", { email: who.email, password: who.password })).status, 303);
  assert.equal(phc(), upgraded, "what is strong enough is left as it is");
});

// Nanoseconds of processor that the workers of the slow pool have used.
function used() {
  let sum = 0n;
  for (const pid of fs.readdirSync("/proc").filter((n) => /^\d+$/.test(n))) {
    try {
      const words = fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      if (words.includes("slow") && words.some((w) => w.startsWith(`${h.env.vardir}/`)))
        sum += BigInt(fs.readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]);
    } catch { /* gone */ }
  }
  return sum;
}

test("T06 S-03 V-14: an unknown address takes the processor as long as a wrong password, and answers with the same words", async () => {
  const cost = { known: 0n, unknown: 0n }, said = new Set();
  for (let i = 0; i < 16; i++) {
    const kind = i % 2 ? "known" : "unknown", was = (h.sql("DELETE FROM sec.throttle"), used());
    const r = await new h.Visitor("glow").submit("/login", { email: kind === "known" ? who.email : `nobody-${i}@glow.example`, password: "not her password" }, { from: h.somewhere() });
    cost[kind] += used() - was;
    assert.equal(r.status, 422);
    said.add(r.text.match(/role="alert"[\s\S]*?<\/div>/)[0]);
  }
  assert.equal(said.size, 1);
  const ratio = Number(cost.known) / Number(cost.unknown);
  // Without a hash for whom nobody knows it would be twenty and more.
  assert.ok(cost.unknown > 0n && ratio > 0.6 && ratio < 1.7, `known costs ${ratio.toFixed(2)} times unknown`);
});
