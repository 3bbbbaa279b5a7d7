// valgrind.test.js -- takes five minutes. The unit tests once more, without sanitizers, under valgrind's memcheck: memory that is
// read before it was written, which ASan does not see, and leaks (SECURITY.md H-07). What is excepted: valgrind.supp.
"use strict";
const { test, before, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { spawnSync } = require("node:child_process");
const stack = require("./stack");

const { root } = stack;
// Each try of this one is a process that loads OpenSSL anew and ends in the midst, three hundred of them: a quarter of an hour here.
// And the children of a decoder may ask the kernel for less than memcheck itself does.
const without = ["crypto_fault_test", "decoder_test", "picture_test"];
const programs = fs.readdirSync(path.join(root, "tests", "unit")).filter((f) => f.endsWith("_test.c")).map((f) => f.slice(0, -2))
  .filter((f) => !without.includes(f));
const env = { PATH: process.env.PATH, LANG: "C.UTF-8", HOME: "/", FOYER_TEST_FEWER: "1" };
const memcheck = (program) => spawnSync("valgrind", ["-q", "--error-exitcode=99", "--leak-check=full", "--errors-for-leak-kinds=definite,indirect,possible", `--suppressions=${path.join(__dirname, "valgrind.supp")}`, program],
{ cwd: root, env, encoding: "utf8", timeout: 900000, maxBuffer: 1 << 26 });
const canRun = spawnSync("valgrind", ["--version"]).status === 0;
const skip = !canRun && "valgrind is not installed";
let s;

before(() => {
  if (!canRun) return;
  s = stack.start("valgrind"); // db_test asks a server with our module
  s.h.sql("CREATE DATABASE unit TEMPLATE template0");
  env.FOYER_TEST_DATABASE = `host='${s.run}' dbname=unit user=postgres`;
  const made = spawnSync("make", ["-s", "unit-valgrind"], { cwd: root, encoding: "utf8" });
  assert.equal(made.status, 0, made.stderr);
});
after(() => s?.stop());

test("H-07: memcheck notices a read of what was never written, and a leak", { skip }, () => {
  const at = path.join(s.vardir, "wrong");
  for (const body of ["int *p = malloc(8); return p[1] > 3 ? 1 : 0;", "char *volatile p = malloc(8); p = 0; return p != 0;"]) {
    const made = spawnSync("gcc", ["-O0", "-g", "-w", "-x", "c", "-o", at, "-"], { input: `#include <stdlib.h>\nint main(void) { ${body} }\n`, encoding: "utf8" });
    assert.equal(made.status, 0, made.stderr);
    assert.equal(memcheck(at).status, 99, body);
  }
});
for (const name of programs)
  test(`H-07: ${name} under memcheck`, { skip, timeout: 1000000 }, (t) => {
    const r = memcheck(path.join(root, "build", "mem", "unit", name));
    assert.equal(r.status, 0, `${r.stdout}${r.stderr}`.split("\n").filter((l) => !/^\[ (RUN|      OK)/.test(l)).join("\n"));
    const absent = (r.stdout + r.stderr).match(/^view_spec_test: skipped, .*$/m); // (the specification is not part of this tree)
    if (absent) return t.skip(absent[0]);
    assert.match(r.stdout + r.stderr, /^\[  PASSED  \] [1-9][0-9]* test/m, "its tests ran");
  });
