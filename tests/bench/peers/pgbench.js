// pgbench.js -- the database alone: pgbench sends what the calendar page sends, in one pipeline, prepared, as the same role.
// One script for all days that the pages are asked for: each parameter is taken by chance from a constant list, so that the same
// rows are read and each statement is planned once. Where the clients' ids are a parameter, they are known beforehand;
// statements whose results the worker keeps are not sent, as the worker does not.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { load } = require("./statements");

// A colon before a letter inside quoted text would be a variable to pgbench: written as an escape, it is the same text.
const quoted = (text) => text.replace(/'((?:[^']|'')*)'/g, (m, inner) =>
  (/:[a-z_0-9]/i.test(inner) ? `E'${inner.replace(/\\/g, "\\\\").replace(/:/g, "\\x3a")}'` : m));

// What changes with the day, and its type in the statements.
const kinds = { day: "date", location: "uuid", clients: "text" };
const item = (d, name) => (name === "clients" ? `"{${d.clients.join(",")}}"` : d[name]);

// Writes the script into folder. days: [{day, location, clients: [id]}]; begin: values of begin_staff's parameters;
// names: of statements, those of the page as `foyer routes --json` has them. Returns the arguments for pgbench.
function write(folder, names, days, begin) {
  const all = load();
  const args = Object.entries(begin).flatMap(([k, v]) => ["-D", `${k}=${v}`]);
  const flow = [...new Set(names)].map((name) => {
    const s = all.get(name);
    if (s.isKept) return "";
    const unknown = s.params.filter((p) => !(p in kinds) && !(p in begin));
    if (unknown.length) throw new Error(`${name} asks for ${unknown}, which the calendar's address does not give`);
    return s.with((p) => (p in kinds ? `('{${days.map((d) => item(d, p)).join(",")}}'::${kinds[p]}[])[:n]` : `:${p}`), quoted) + ";";
  });
  const file = path.join(folder, "days.sql");
  fs.writeFileSync(file, [`\\set n random(1, ${days.length})`, "\\startpipeline", ...flow, "\\endpipeline", ""].join("\n"));
  return [...args, "-f", file];
}

module.exports = { write };
