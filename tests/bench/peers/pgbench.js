// pgbench.js -- the database alone: pgbench sends what the calendar page sends, in one pipeline, prepared, as the same role.
// Each day has a script, with statements of its own, so there are few days. Where the clients' ids are a parameter, they are
// known beforehand; statements whose results the worker keeps are not sent, as the worker does not.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { load } = require("./statements");

// A colon before a letter inside quoted text would be a variable to pgbench: written as an escape, it is the same text.
const quoted = (text) => text.replace(/'((?:[^']|'')*)'/g, (m, inner) =>
  (/:[a-z_0-9]/i.test(inner) ? `E'${inner.replace(/\\/g, "\\\\").replace(/:/g, "\\x3a")}'` : m));

// Writes the scripts into folder. days: [{day, location, clients: [id]}]; begin: values of begin_staff's parameters;
// names: of statements, those of the page as `foyer routes --json` has them. Returns the arguments for pgbench.
function write(folder, names, days, begin) {
  const all = load();
  const args = Object.entries(begin).flatMap(([k, v]) => ["-D", `${k}=${v}`]);
  days.forEach((d, i) => {
    const own = { day: d.day, location: d.location, clients: `{${d.clients.join(",")}}` };
    for (const [k, v] of Object.entries(own)) args.push("-D", `${k}_${i}=${v}`);
    const flow = [...new Set(names)].map((name) => {
      const s = all.get(name);
      if (s.isKept) return "";
      const unknown = s.params.filter((p) => !(p in own) && !(p in begin));
      if (unknown.length) throw new Error(`${name} asks for ${unknown}, which the calendar's address does not give`);
      return s.with((p) => (p in own ? `:${p}_${i}` : `:${p}`), quoted) + ";";
    });
    const file = path.join(folder, `day-${i}.sql`);
    fs.writeFileSync(file, ["\\startpipeline", ...flow, "\\endpipeline", ""].join("\n"));
    args.push("-f", file);
  });
  return args;
}

module.exports = { write };
