// statements.js -- the statements that the product really sends, read from sql/queries, so that the peers stay honest when
// they change.
"use strict";
const fs = require("node:fs");
const path = require("node:path");

const folder = path.join(__dirname, "..", "..", "..", "sql", "queries");

// What the gate sends before and after a staff page's own statements (cgi-src/core/begin.c, disclosure.c).
const machine = {
  begin_staff: "SELECT * FROM sec.begin_staff(:host, :token, :perm, :action, :ip, :agent, :request, false)",
  disclose: "SELECT client_id, wrapped_key FROM app.disclose(:clients)",
  disclose_seen: "SELECT client_id, wrapped_key FROM app.disclose_seen()",
};

// Text and parameters by turns: quoted text, comments and casts (::) hold no parameter.
function split(sql) {
  const parts = [];
  let text = "";
  const token = /'(?:[^']|'')*'|"[^"]*"|--[^\n]*|::|:([a-z_][a-z0-9_]*)|[\s\S]/gy;
  for (const m of sql.matchAll(token)) {
    if (m[0].startsWith("--")) continue;
    if (m[1]) {
      parts.push({ text }, { param: m[1] });
      text = "";
    } else text += m[0];
  }
  parts.push({ text });
  return parts;
}

class Statement {
  constructor(name, sql) {
    this.name = name;
    this.isKept = /^-- keeps: reference/m.test(sql); // by the worker, which asks again only when something changed
    this.notesClients = /^-- clients: seen/m.test(sql); // in the server itself, so that disclose needs no list of them
    this.parts = split(sql.trim().replace(/;$/, ""));
    this.params = [...new Set(this.parts.filter((p) => p.param).map((p) => p.param))];
  }
  // The statement with each parameter as f(name, its number from 1) writes it, and each text as quoted(text) does.
  with(f, quoted = (t) => t) {
    return this.parts.map((p) => (p.param ? f(p.param, this.params.indexOf(p.param) + 1) : quoted(p.text))).join("");
  }
}

function load() {
  const all = new Map(Object.entries(machine).map(([name, sql]) => [name, new Statement(name, sql)]));
  for (const file of fs.readdirSync(folder).filter((f) => f.endsWith(".sql"))) {
    const blocks = fs.readFileSync(path.join(folder, file), "utf8").split(/^-- name: /m).slice(1);
    for (const block of blocks) {
      const name = block.match(/^[a-z0-9_]+/)[0];
      all.set(name, new Statement(name, block.slice(block.indexOf("\n"))));
    }
  }
  return all;
}

// What a page of calendar.c shows: [{name, query, by, isOnce}], as its row in the table says.
function shows(feature, pattern) {
  const table = fs.readFileSync(path.join(folder, "..", "..", "cgi-src", "features", `${feature}.c`), "utf8");
  const row = table.slice(table.indexOf(`{GET, "${pattern}"`));
  const list = row.slice(row.indexOf(".show = {"), row.indexOf(".view ="));
  return [...list.matchAll(/\{"(\w+)",\s*Q_(\w+)([^}]*)\}/g)]
    .map(([, name, query, more]) => ({ name, query, by: (more.match(/\.by = "(\w+)"/) || [])[1], isOnce: /\.once = true/.test(more) }));
}
// The last statement of a page with these: who was shown, and their keys.
const disclosure = (all, queries) => (queries.some((q) => all.get(q).notesClients) ? "disclose_seen" : "disclose");

module.exports = { load, shows, disclosure };
