// cfi.test.js -- takes about five minutes. The programs once more, with clang's control-flow integrity (SECURITY.md H-06): a call through a pointer
// that goes to no function of its type ends the process. So whoever overwrites a pointer cannot choose where it leads, and nothing of ours does it.
"use strict";
const { test } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { spawnSync } = require("node:child_process");

const root = path.join(__dirname, "..", "..");
const has = (program) => spawnSync(program, ["--version"]).status === 0;
const skip = !["clang", "ld.lld", "llvm-ar"].every(has) && "clang, lld or llvm is not installed";
const run = (program, words, o = {}) => spawnSync(program, words, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28, ...o });

test("H-06: the flags are in force: a call of another type ends the process, one of the same does not", { skip }, () => {
  const rules = run("make", ["-pn", "cfi"]).stdout, dir = fs.mkdtempSync(path.join(os.tmpdir(), "foyer-cfi-"));
  const said = (name) => rules.match(new RegExp(`^${name} := (.*)$`, "m"))[1].split(/\s+/).filter((w) => /^-f(?!ile|profile)/.test(w));
  const words = [...said("CFLAGS_CFI"), ...said("LINK_CFI")];
  assert.ok(words.includes("-fsanitize=cfi"));
  try {
    for (const [type, signal] of [["int", null], ["char *", "SIGILL"]]) {
      const at = path.join(dir, "call");
      const made = run("clang", ["-O2", "-w", ...words, "-pie", "-x", "c", "-o", at, "-"], { cwd: dir, input:
        `static int twice(int n) { return n * 2; }\nvoid *volatile at = (void *)twice;\nint main(int n, char **v) { (void)v; return ((int (*)(${type}))at)((${type})(long)n) == 2 ? 0 : 1; }\n` });
      assert.equal(made.status, 0, made.stderr);
      const r = run(at, []);
      assert.equal(r.signal, signal, `${type}: ${r.status}`);
      if (!signal) assert.equal(r.status, 0);
    }
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
});

test("H-06: all programs are built so, and their pages are a jump table", { skip, timeout: 1800000 }, () => {
  const made = run("make", ["-s", `-j${os.cpus().length}`, "all", "cfi"]);
  assert.equal(made.status, 0, made.stdout + made.stderr);
  for (const [name, least] of [["foyer-web", 150], ["foyer-jobs", 20], ["foyer", 20]]) {
    const symbols = run("nm", [path.join("build", "cfi", "bin", name)]).stdout;
    const held = symbols.split("\n").filter((l) => /\.cfi(_jt)?$/.test(l)).length;
    assert.ok(held >= least, `${name}: ${held} functions that are called through pointers`);
  }
});

test("H-06: every page opens, booking, signing, proofs and jobs work, and no worker dies", { skip, timeout: 1800000 }, () => {
  const vardir = path.join(process.env.FOYER_TEST_VAR || path.join(root, "var-test"), "slow", "cfi");
  fs.mkdirSync(path.dirname(vardir), { recursive: true });
  const env = { ...process.env, FOYER_TEST_CFI: "1", FOYER_TEST_BUILT: "1", FOYER_TEST_VAR: vardir, FOYER_TEST_PORT: String(Number(process.env.FOYER_TEST_PORT || 8543) + 40) };
  delete env.NODE_TEST_CONTEXT; // (by which node's test runner would refuse to run within another)
  const r = run("scripts/test", ["http", "whole", "booking.test", "signing.test", "proof.test", "message_waits"], { env });
  assert.match(r.stdout, /^[1-9][0-9]* passed, 0 failed$/m, `${r.stdout}${r.stderr}`);
  assert.equal(r.status, 0);
  const log = path.join(vardir, "log");
  const text = fs.readdirSync(log).filter((f) => /^(staff|public|slow|status|jobs)/.test(f)).map((f) => fs.readFileSync(path.join(log, f), "utf8")).join("\n");
  assert.match(text, /"route":/);
  assert.deepEqual(text.split("\n").filter((l) => /worker\.died/.test(l)), []);
  assert.match(run("nm", [path.join(vardir, "app", "bin", "foyer-web")]).stdout, /\.cfi$/m, "it was these programs that ran");
});
