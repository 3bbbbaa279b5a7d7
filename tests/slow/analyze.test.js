// analyze.test.js -- takes four minutes. The analyzers over all sources (SECURITY.md H-07).
"use strict";
const { test } = require("node:test");
const assert = require("node:assert/strict");
const path = require("node:path");
const { spawnSync } = require("node:child_process");

const root = path.join(__dirname, "..", "..");

test("H-07: make analyze finds nothing", { timeout: 1800000 }, () => {
  const r = spawnSync("make", ["-s", "analyze"], { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 });
  for (const tool of ["cppcheck", "gcc", "clang-tidy"])
    assert.match(r.stdout, new RegExp(`^${tool}: 0 findings$|^${tool} is not installed; skipped$`, "m"), r.stdout + r.stderr);
  assert.match(r.stdout, /^gcc: 0 findings$/m, "the one that is always there");
  assert.equal(r.status, 0, r.stdout + r.stderr);
});
