// sso_tls.test.js -- single sign-on over TLS, as providers outside are spoken to: the certified provider with a certificate of an authority
// that the installation was told to trust (sso_ca), and certificates that must not be believed (S-08, V-20).
"use strict";
const { test, describe, before, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { execFileSync, spawn } = require("node:child_process");
const h = require("./harness");
const { certified, visit } = require("./sso_provider");

process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0"; // (the browser of this test believes everything; foyer-jobs does not)
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
const tenant = h.tenantId("glow");
const within = (s) => h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', '${tenant}', true); ${s} COMMIT;`);
const sso = (column) => h.one(`SELECT ${column} FROM app.sso WHERE tenant_id = :'v1'`, tenant);
const her = h.staffOf("glow", "biller");
const forget = () => { h.sql("DELETE FROM sec.throttle"); within("DELETE FROM sec.sso_identity; DELETE FROM app.sso;"); };

// Authorities and certificates, made here.
const dir = fs.mkdtempSync(path.join(os.tmpdir(), "foyer-tls-"));
fs.chmodSync(dir, 0o755);
const at = (name) => path.join(dir, name);
const openssl = (...args) => execFileSync("openssl", args, { stdio: "pipe" });
function authority(name) {
  openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", `/CN=${name}`,
    "-keyout", at(`${name}.key`), "-out", at(`${name}.pem`));
  fs.chmodSync(at(`${name}.pem`), 0o644);
}
function certificate(name, by, host, days = "2") {
  fs.writeFileSync(at(`${name}.ext`), `subjectAltName=DNS:${host}\n`);
  openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", `/CN=${host}`, "-keyout", at(`${name}.key`), "-out", at(`${name}.csr`));
  openssl("x509", "-req", "-in", at(`${name}.csr`), "-CA", at(`${by}.pem`), "-CAkey", at(`${by}.key`), "-CAcreateserial", "-days", days, "-extfile", at(`${name}.ext`), "-out", at(`${name}.pem`));
  return { key: fs.readFileSync(at(`${name}.key`)), cert: fs.readFileSync(at(`${name}.pem`)) };
}
// foyer-jobs with settings of its own; the stack's own sleeps meanwhile.
function jobs(ca) {
  const program = path.join(h.env.vardir, "app", "bin", "foyer-jobs");
  const args = ["--config", path.join(h.env.vardir, "foyer.conf")];
  const env = { PATH: process.env.PATH, FOYER_JOBS_POLL_MS: "100", FOYER_SSO_OWN_HOSTS: "localhost", FOYER_SSO_CA: ca, ASAN_OPTIONS: process.env.ASAN_OPTIONS || "" };
  const user = process.env.FOYER_OS_USER || "foyer";
  const child = process.getuid() === 0 ? spawn("setpriv", ["--reuid", user, "--regid", user, "--init-groups", "--", program, ...args], { env, cwd: "/" }) : spawn(program, args, { env, cwd: "/" });
  child.text = "";
  child.stdout.on("data", (d) => { child.text += d; });
  child.stderr.on("data", (d) => { child.text += d; });
  child.over = new Promise((r) => child.on("exit", (code, signal) => r(signal || code)));
  return child;
}
async function ended(child) { child.kill("SIGTERM"); assert.equal(await child.over, 0, child.text); }

async function setUp(issuer) {
  forget();
  const v = await h.staff("glow", "owner", { fresh: true });
  const { values } = h.formOf((await v.get("/settings/sso")).text, "/settings/sso");
  delete values.is_on; delete values.is_alone;
  const r = await v.post("/settings/sso", { ...values, issuer, label: "Acme", sso_client: "foyer", client_secret: "a secret & more", domains: "", is_on: "on" });
  assert.equal(r.status, 303, r.text);
  for (let n = 0; n < 150 && !sso("found_at IS NOT NULL OR problem IS NOT NULL").startsWith("t"); n++) await sleep(100);
  return { found: sso("found_at IS NOT NULL") === "t", problem: sso("problem") || "" };
}
const clients = [{ client_id: "foyer", client_secret: "a secret & more", redirect_uris: [`${h.origin("glow")}/login/sso/callback`], grant_types: ["authorization_code"], response_types: ["code"] }];
const accounts = { "ben-1": { email: her.email, email_verified: true } };
const provider = (tls) => certified({ clients, accounts, tls });

describe("S-08 V-20: single sign-on over TLS", () => {
  const good = [];
  let goOn;
  before(async () => {
    goOn = await h.pauseJobs();
    authority("ours");
    authority("others");
  });
  after(async () => {
    goOn();
    forget();
    for (const p of good) p.close();
    fs.rmSync(dir, { recursive: true });
  });

  test("an authority that the installation trusts: the whole way in", async () => {
    const p = await provider(certificate("good", "ours", "localhost")), j = jobs(at("ours.pem"));
    good.push(p);
    try {
      assert.deepEqual(await setUp(p.issuer), { found: true, problem: "" });
      const v = new h.Visitor("glow");
      const begun = await v.post("/login/sso", h.formOf((await v.get("/login")).text, "/login/sso").values);
      const way = h.decode((await v.get(begun.location)).text.match(/href="(https:[^"]*)"/)[1]);
      assert.ok(way.startsWith(`${p.issuer}/`));
      const url = new URL(await visit(way, "ben-1"));
      const page = await h.request("glow", url.pathname + url.search, { headers: { "Sec-Fetch-Site": "cross-site" } });
      await v.post("/login/sso/callback", h.formOf(page.text, "/login/sso/callback").values);
      let word;
      for (let n = 0; n < 200 && (word = await v.get("/login/sso/wait")).text.includes("data-waiting"); n++) await sleep(100);
      assert.match(word.text, /You are recognised/);
      assert.equal((await v.post("/login/sso/finish", h.formOf(word.text, "/login/sso/finish").values)).location, "/");
      assert.equal((await v.get("/account")).status, 200);
    } finally { await ended(j); }
  });
  test("the same provider is not believed where nobody said whom to trust: the system's authorities do not know its own", async () => {
    const j = jobs("");
    try {
      const { found, problem } = await setUp(good[0].issuer);
      assert.equal(found, false);
      assert.match(problem, /not reached: .*(certificate|SSL)/i);
    } finally { await ended(j); }
  });
  test("wrong certificates are refused: of another authority, for another host, of itself, one that is over", async () => {
    const j = jobs(at("ours.pem"));
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", at("self.key"), "-out", at("self.pem"));
    const wrong = {
      "another authority": certificate("foreign", "others", "localhost"),
      "another host": certificate("elsewhere", "ours", "elsewhere.example"),
      itself: { key: fs.readFileSync(at("self.key")), cert: fs.readFileSync(at("self.pem")) },
      "over": certificate("over", "ours", "localhost", "-1"),
    };
    try {
      for (const [what, tls] of Object.entries(wrong)) {
        const p = await provider(tls);
        try {
          const { found, problem } = await setUp(p.issuer);
          assert.equal(found, false, what);
          assert.match(problem, /not reached: .*(certificate|SSL)/i, what);
        } finally { p.close(); }
      }
    } finally { await ended(j); }
  });
  test("a file without a certificate is said at the start", async () => {
    fs.writeFileSync(at("empty.pem"), "nothing\n");
    fs.chmodSync(at("empty.pem"), 0o644);
    const j = jobs(at("empty.pem"));
    assert.equal(await j.over, 78);
    assert.match(j.text, /sso_ca = .*empty\.pem: no certificate/);
  });
});
