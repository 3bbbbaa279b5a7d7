// compile.js -- the day's calendar as a PHP page: the same statements, and the product's own templates turned into plain PHP
// (echo, foreach, if), as a template engine with a compiled cache or a patient person would write it. So the peer does the
// same work and stays the same page when the product's changes.
// Understands what these templates use of Mustache; what it does not know is an error.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { load, shows: showsOf, disclosure } = require("../statements");

const root = path.join(__dirname, "..", "..", "..", "..");

// ---- templates to trees ----

// Tags that stand alone on a line take the line with them.
function tokens(source) {
  const found = [];
  const tag = /\{\{!([\s\S]*?)\}\}|\{\{([#^/$<>]?)\s*([^{}]+?)\s*\}\}/g;
  let at = 0;
  for (const m of source.matchAll(tag)) {
    const kind = m[1] !== undefined ? "!" : m[2] || "name";
    let from = m.index, to = m.index + m[0].length;
    const before = source.lastIndexOf("\n", from - 1) + 1;
    const after = source.slice(to).match(/^[ \t]*(\n|$)/);
    if (kind !== "name" && after && /^[ \t]*$/.test(source.slice(before, from)) && before >= at) {
      from = before;
      to += after[0].length;
    }
    if (from > at) found.push({ kind: "text", text: source.slice(at, from) });
    found.push({ kind, name: m[3] });
    at = to;
  }
  found.push({ kind: "text", text: source.slice(at) });
  return found;
}
function tree(list, file) {
  const top = { children: [] };
  const open = [top];
  for (const t of list) {
    const here = open[open.length - 1];
    if (t.kind === "/") {
      if (here.name !== t.name) throw new Error(`${file}: {{/${t.name}}} closes {{${here.name}}}`);
      open.pop();
    } else if (t.kind !== "!") {
      here.children.push(t);
      if ("#^$<".includes(t.kind[0]) && t.kind.length === 1) {
        t.children = [];
        open.push(t);
      }
    }
  }
  return top.children;
}
const asset = path.join(root, "build", "templates");
function template(name) {
  const file = [path.join(root, "templates", `${name}.mustache`), path.join(asset, `${name}.mustache`), path.join(asset, name)]
    .find((f) => fs.existsSync(f));
  if (!file) throw new Error(`no template ${name}`);
  return tree(tokens(fs.readFileSync(file, "utf8")), file);
}

// ---- trees to PHP ----

const php = (text) => `'${text.replace(/[\\']/g, "\\$&")}'`;

class Page {
  // lists: {name: {columns: Map(name, type), by}}; context: columns of begin_staff's row
  constructor(lists, context) {
    Object.assign(this, { lists, context, out: [], echoes: [], depth: 0 });
  }
  flush() {
    if (this.echoes.length) this.out.push(`echo ${this.echoes.join(", ")};`);
    this.echoes = [];
  }
  line(code) {
    this.flush();
    this.out.push(code);
  }
  // {value, type} of a name, innermost row first; or a list.
  find(name, rows) {
    if (name.startsWith("may.")) return { type: "boolean", truth: `str_contains($context['perms'], ',${name.slice(4)},')` };
    if (name.startsWith("error.")) return { type: "nothing" };
    if (name.startsWith("value.")) return { type: "text", value: `($_GET['${name.slice(6)}'] ?? '')` };
    if (name === "csrf") return { type: "text", value: "form_token($host, $session)" };
    if (name === "idem") return { type: "text", value: "$idem" };
    const row = [...rows].reverse().find((r) => r.columns.has(name));
    if (row) return { type: row.columns.get(name), value: `${row.variable}['${name}']`, row, name };
    if (this.lists[name]) return { type: "list", list: this.lists[name], name };
    if (this.context.has(name)) return { type: this.context.get(name), value: `$context['${name}']` };
    throw new Error(`{{${name}}} is known to nobody`);
  }
  truth(f) {
    if (f.truth) return f.truth;
    if (f.type === "boolean") return `${f.value} === 't'`;
    if (/^(integer|bigint|smallint)$/.test(f.type)) return `(int)${f.value} !== 0`;
    if (f.type === "text") return `(${f.value} ?? '') !== ''`;
    return `${f.value} !== null`;
  }
  rowsOf(f, rows) {
    const outer = rows[rows.length - 1];
    const some = f.list.by && outer && outer.columns.has(f.list.by)
      ? `($${f.name}_by[${outer.variable}['${f.list.by}']] ?? [])` : `$${f.name}`;
    return f.list.isOnce ? `array_slice(${some}, 0, 1)` : some;
  }
  value(text, rows) {
    const [name, modifier] = text.split(":");
    const f = this.find(name, rows);
    if (f.type === "nothing") return;
    if (f.type === "bytea") {
      const origin = { substance_sealed: ["app.allergy", "substance_sealed"] }[name];
      if (!origin) throw new Error(`{{${name}}} is sealed; which table is it of?`);
      const r = f.row.variable;
      this.echoes.push(`h($keys->plain(${r}['client_id'], '${origin[0]}', '${origin[1]}', ${r}['id'], ${f.value}))`);
    } else if (modifier) this.echoes.push(`h(as_${modifier}(${f.value}))`);
    else this.echoes.push(/^(integer|bigint|smallint|uuid)$/.test(f.type) ? f.value : `h(${f.value})`);
  }
  part(nodes, rows, blocks) {
    for (const n of nodes) {
      if (n.kind === "text") {
        if (n.text) this.echoes.push(php(n.text));
      } else if (n.kind === "name") this.value(n.name, rows);
      else if (n.kind === ">") this.part(template(n.name), rows, blocks);
      else if (n.kind === "<") {
        const own = Object.fromEntries(n.children.filter((c) => c.kind === "$").map((c) => [c.name, c.children]));
        this.part(template(n.name), rows, { ...own, ...blocks });
      } else if (n.kind === "$") this.part(blocks[n.name] || n.children, rows, blocks);
      else this.section(n, rows, blocks);
    }
  }
  section(n, rows, blocks) {
    const f = this.find(n.name, rows), is = n.kind === "#";
    if (f.type === "nothing") {
      if (!is) this.part(n.children, rows, blocks);
      return;
    }
    if (f.type === "list" && is) {
      const variable = `$r${++this.depth}`;
      this.line(`foreach (${this.rowsOf(f, rows)} as ${variable}) {`);
      this.part(n.children, [...rows, { variable, columns: f.list.columns }], blocks);
      this.depth--;
    } else {
      const truth = f.type === "list" ? `${this.rowsOf(f, rows)} !== []` : this.truth(f);
      this.line(is ? `if (${truth}) {` : `if (!(${truth})) {`);
      this.part(n.children, rows, blocks);
    }
    this.line("}");
  }
}

// ---- the page ----

// o: {folder, queries (of the page's row), columns(sql) -> [[name, type]], sample {day, location}, conninfo, host, keys,
// master (hex), entered: columns of begin_staff's row}. Writes calendar.php and studio.php into folder.
function compile(o) {
  const statements = load();
  const shows = showsOf("calendar", "/day/{day:date}");
  if (shows.map((s) => s.query).join() !== o.queries.join())
    throw new Error(`the calendar's row shows ${o.queries}, but ${shows.map((s) => s.query)} was read in calendar.c`);
  const lists = {};
  for (const { name, query, by, isOnce } of shows) {
    const text = statements.get(query).with((p) => `'${o.sample[p]}'`);
    lists[name] = { columns: new Map(o.columns(text)), by, isOnce };
  }
  const last = disclosure(statements, o.queries);
  const used = ["begin_staff", ...new Set(o.queries), last];
  const values = {
    host: "$host", token: "'\\\\x' . bin2hex($token)", perm: "'calendar_read'", action: "'calendar.read'",
    ip: "$_SERVER['REMOTE_ADDR']", agent: "$_SERVER['HTTP_USER_AGENT'] ?? ''", request: "$_SERVER['REQUEST_ID']",
    day: "$day", location: "$location", clients: "'{' . implode(',', array_keys($clients)) . '}'",
  };
  const given = (name) => statements.get(name).params.map((p) => values[p]).join(", ");
  const ask = (name) => `rows($db, '${name}', [${given(name)}])`;
  const page = new Page(lists, new Map(o.entered));
  page.part(template("calendar/day"), [], {});
  page.flush();
  const first = new Map();
  const fetches = shows.map(({ name, query, by }) => {
    const rows = first.get(query) || ask(query);
    first.set(query, `$${name}`);
    return `$${name} = ${rows};` + (by ? `\n$${name}_by = by($${name}, '${by}');` : "");
  });
  const withClients = [...new Map(shows.map((s) => [s.query, s.name])).values()].filter((n) => lists[n].columns.has("client_id"));
  const code = `<?php
// calendar.php -- made by compile.js from templates/calendar/day.mustache and sql/queries/calendar.sql
declare(strict_types=1);
const KEYS = ${php(o.keys)};
define('MASTER_KEY', hex2bin('${o.master}'));
const FORM_KEY = 'a key of this peer only';
require __DIR__ . '/studio.php';

const STATEMENTS = [
${used.map((n) => `    '${n}' => ${php(statements.get(n).with((p, i) => `$${i}`))},`).join("\n")}
];

if (!preg_match('~^/day/(\\d{4}-\\d\\d-\\d\\d)(?:\\?|$)~', $_SERVER['REQUEST_URI'], $found))
    stop(404);
$day = $found[1];
$location = $_GET['location'] ?? null;
if ($location !== null && !preg_match('~^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$~', $location))
    stop(404);
$host = $_SERVER['HTTP_HOST'];
$session = $_COOKIE['__Host-sid'] ?? '';
$token = base64_decode(strtr($session, '-_', '+/'), true);
if ($token === false || strlen($token) !== 32)
    stop(401);
$idem = base64url(random_bytes(32));

[$db, $context] = studio_begin(${php(o.conninfo)}, STATEMENTS, [${given("begin_staff")}]);
${fetches.join("\n")}
$clients = [];
foreach ([${withClients.map((n) => `$${n}`).join(", ")}] as $list)
    foreach ($list as $row)
        if ($row['client_id'] !== null)
            $clients[$row['client_id']] = true;
$keys = new Keys($context['tenant_id'], array_column(${ask(last)}, 'wrapped_key', 'client_id'));
pg_query($db, 'COMMIT') ?: stop(503);

ob_start();
${page.out.join("\n")}
header('Content-Type: text/html; charset=utf-8');
header('Cache-Control: no-store');
header('Content-Length: ' . ob_get_length());
`;
  fs.writeFileSync(path.join(o.folder, "calendar.php"), code);
  fs.copyFileSync(path.join(__dirname, "studio.php"), path.join(o.folder, "studio.php"));
}

module.exports = { compile };
