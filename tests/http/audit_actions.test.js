// audit_actions.test.js -- the catalogue of actions: whatever the program can write into the trail has words for people in it.
"use strict";
const { test } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const h = require("./harness");

const catalogue = new Map(h.sql("SELECT action, words FROM app.actions()"));
const isAction = (s) => /^[a-z_]+(\.[a-z_]+)+$|^(login|logout|confirm)$/.test(s);
function sources(dir) {
  return fs.readdirSync(dir, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? sources(path.join(dir, e.name)) : [path.join(dir, e.name)]));
}

test("L27 A-02: every action of a page is in the catalogue", () => {
  const missing = h.routes().map((p) => p.action).filter((a) => a && !catalogue.has(a));
  assert.deepEqual([...new Set(missing)], []);
});
test("L27 A-02: every action that a function of the database writes is in the catalogue", () => {
  const bodies = h.sql(`SELECT replace(p.prosrc, E'\\n', ' ') FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname IN ('app', 'sec', 'audit', 'ops') AND p.prosrc ~ 'note\\(|audit\\.event|enter_tenant|enter_host'`).map(([s]) => s);
  const written = new Set();
  for (const body of bodies) {
    // sec.note('x', ...) and sec.note(CASE WHEN .. THEN 'x' ELSE 'y' END, ...): what it may be, not what decides that
    for (const [, first] of body.matchAll(/(?:sec\.)?\bnote(?:_fields)?\(((?:CASE [^;]*? END|'[^']*'))\s*,/g))
      for (const [, word] of first.matchAll(/(?:^|\b(?:THEN|ELSE)\s+)'([^']*)'/g)) written.add(word);
    for (const [, list] of body.matchAll(/INSERT INTO audit\.event \([^)]*\)\s*SELECT([^;]*?)FROM/g)) for (const [, word] of list.matchAll(/'([^']*)'/g)) if (isAction(word)) written.add(word);
    for (const [, word] of body.matchAll(/enter_(?:tenant|host)\([^;]*?'([a-z_]+\.[a-z_.]+|login)'/g)) written.add(word);
  }
  assert.ok(written.size > 8, `only ${[...written]}`);
  assert.deepEqual([...written].filter((a) => isAction(a) && !catalogue.has(a)), []);
});
test("L27 A-02: every action of a job is in the catalogue", () => {
  const kinds = sources(path.join(h.root, "cgi-src", "features")).filter((f) => f.endsWith(".c")).flatMap((f) => {
    const table = fs.readFileSync(f, "utf8").match(/const struct job_kind job_kinds\[\] = \{([\s\S]*?)\n\};/);
    return table ? [...table[1].matchAll(/\{"[a-z_.]+",\s*"([a-z_.]+)"/g)].map(([, a]) => a) : [];
  });
  assert.ok(kinds.includes("message.send"));
  assert.deepEqual(kinds.filter((a) => !catalogue.has(a)), []);
});
test("L27: whatever all tests until now have left in the trail can be read in words", () => {
  const left = h.sql(`SELECT DISTINCT action FROM audit.event WHERE action NOT LIKE '% /%' AND (request_id IS NOT NULL OR actor_kind <> 'staff') AND agent IS DISTINCT FROM 'harden.test.js'`).map(([a]) => a);
  assert.ok(left.length > 5);
  assert.deepEqual(left.filter((a) => !catalogue.has(a) && a !== "test" && a !== "job"), []);
});
test("the words are words: each action once, none without, none a code", () => {
  const all = h.sql("SELECT action, words FROM app.actions()");
  assert.equal(new Set(all.map(([a]) => a)).size, all.length);
  for (const [action, words] of all) assert.ok(words.length > 5 && !words.includes(".") && isAction(action), action);
});
