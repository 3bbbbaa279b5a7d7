// security_doc.test.js -- docs/security.md and docs/requirements.md say nothing of tests that is not so: each file that it names exists and holds the ids that
// stand behind it; each of the forty threats has its line; one that is "not yet" tested has really no test.
"use strict";
const { test } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");

const root = path.join(__dirname, "..", "..");
const text = fs.readFileSync(path.join(root, "docs", "security.md"), "utf8");
const read = (file) => fs.readFileSync(path.join(root, file), "utf8");
const has = (content, id) => new RegExp(`(^|[^A-Za-z0-9-])${id}($|[^A-Za-z0-9-])`, "m").test(content);
const threats = [...text.matchAll(/^\| (T\d\d) \| ([^|]+) \| ([^|]+) \|$/gm)].map(([, id, what, shown]) => ({ id, what, shown }));
function testsIn(dir) {
  return fs.readdirSync(path.join(root, dir), { withFileTypes: true }).filter((e) => e.name !== "node_modules")
    .flatMap((e) => (e.isDirectory() ? testsIn(path.join(dir, e.name)) : [path.join(dir, e.name)]))
    .filter((f) => /\.(test\.js|sql|_test\.c|c)$/.test(f) && !f.endsWith("security_doc.test.js"));
}

test("T01 to T40: each threat has one line, in order", () =>
  assert.deepEqual(threats.map((t) => t.id), Array.from({ length: 40 }, (_, i) => `T${String(i + 1).padStart(2, "0")}`)));
test("every test that is named exists and holds the ids named behind it", () => {
  let n = 0;
  for (const [, file, ids] of text.matchAll(/`(tests\/[\w./]+)`((?: [A-Z]+-?\d\d)*)/g)) {
    assert.ok(fs.existsSync(path.join(root, file)), `${file} does not exist`);
    for (const id of ids.trim().split(" ").filter(Boolean)) assert.ok(has(read(file), id), `${file} has no ${id}`);
    n++;
  }
  assert.ok(n > 60, `only ${n}`);
});
test("a threat with tests names one that holds its id, or says how far it goes; one that is not yet covered has none", () => {
  const all = testsIn("tests").map((f) => [f, read(f)]);
  for (const { id, shown } of threats) {
    const holds = all.filter(([, content]) => has(content, id)).map(([f]) => f);
    if (/^not yet/.test(shown)) assert.deepEqual(holds, [], `${id} has a test now: say so`);
    else if (!/^part of it/.test(shown)) assert.ok(holds.some((f) => shown.includes(`\`${f}\` ${id}`)), `${id}: no test of its own is named`);
  }
});
test("docs/requirements.md: each requirement has its line and a test that holds its id", () => {
  const page = read("docs/requirements.md"), count = { R: 5, S: 16, A: 15, D: 26, H: 10, K: 3 }, none = ["D-24"];
  const wanted = ["B03", "B12", "B19", "B45", "B46", "B47", "B48", "B56", "L18", "L27", "L37", "L48", "L49", "L50", "S-20", "H-13",
    "B13", "B15", "B18", "B50", "L02", "L10", "L11", "L12", "L13", "L14", "L20", "L26", "L54",
    ...Object.entries(count).flatMap(([k, n]) => Array.from({ length: n }, (_, i) => `${k}-${String(i + 1).padStart(2, "0")}`))].filter((id) => !none.includes(id));
  const lines = new Map([...page.matchAll(/^\| (\w+(?:-\d\d)?) \| ([^|]+) \| ([^|]+) \|$/gm)].map(([, id, , kept]) => [id, kept]));
  for (const id of wanted) assert.match(lines.get(id) || "", new RegExp(`\`tests/[\\w./]+\` ${id}(;|$| )`), `${id} has no line`);
  for (const [, file, id] of page.matchAll(/`(tests\/[\w./]+)`(?: ([A-Z]+-?\d\d))?/g)) {
    assert.ok(fs.existsSync(path.join(root, file)), `${file} does not exist`);
    if (id) assert.ok(has(read(file), id), `${file} has no ${id}`);
  }
});
test("README.md leads to it", () => assert.match(read("README.md"), /\(docs\/security\.md\)/));
