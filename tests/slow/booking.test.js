// booking.test.js -- takes about two minutes. The storm of tests/db/055_storm.sql at its full size: ten thousand attempts on fifty
// times, by two hundred clients at once, each with a connection of its own, in a database of its own (SECURITY.md T29, B-01, B-02).
"use strict";
const { test } = require("node:test");
const assert = require("node:assert/strict");
const path = require("node:path");
const { spawnSync } = require("node:child_process");

test("B-01 B-02 T29 L21: ten thousand attempts of two hundred clients at once on fifty times overlap nowhere, lose no booking, and refuse with other times", () => {
  const run = spawnSync(path.join(__dirname, "..", "db", "run"), [], { encoding: "utf8",
    env: { ...process.env, FOYER_STORM_CLIENTS: "200", FOYER_STORM_ATTEMPTS: "50", FOYER_DB_TESTS: "055*", FOYER_DB_VERBOSE: "-v" } });
  assert.equal(run.status, 0, run.stdout + run.stderr);
  assert.match(run.stdout, /^Result: PASS$/m);
});
