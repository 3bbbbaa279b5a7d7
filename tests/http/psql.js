// psql.js -- one psql for all questions of a test file, asked and answered without waiting in turns of the event loop: starting
// one for each question was a third of the suites' time. It is spoken to through a pair of named pipes; what a question leaves
// behind (an open transaction, settings, roles) is undone after it, as if each had a connection of its own.
"use strict";
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { execFileSync, spawn } = require("node:child_process");

const END = "foyer-end-of-answer";
// As psql reads an argument of \set in single quotes.
const quoted = (s) => `'${String(s).replace(/\\/g, "\\\\").replace(/'/g, "''").replace(/\n/g, "\\n").replace(/\r/g, "\\r")}'`;

let dir, it, used = 0;
function start(conninfo) {
  if (!dir) {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), "foyer-psql-"));
    fs.chmodSync(dir, 0o755); // as root, psql runs as the user of the stack
    process.on("exit", () => fs.rmSync(dir, { recursive: true, force: true }));
  }
  for (const name of ["in", "out"]) fs.rmSync(path.join(dir, name), { force: true });
  fs.writeFileSync(path.join(dir, "err"), "");
  execFileSync("mkfifo", [path.join(dir, "in"), path.join(dir, "out")]);
  const words = ["psql", "-X", "-q", "-A", "-t", "-F", "\x1f", "-R", "\x1e", "-v", "ON_ERROR_STOP=1", "-d", conninfo];
  if (process.getuid() === 0) words.unshift("runuser", "-u", process.env.FOYER_OS_USER || "foyer", "--");
  const child = spawn("sh", ["-c", 'exec "$@" <"$0/in" >"$0/out" 2>>"$0/err"', dir, ...words], { stdio: "ignore", cwd: "/" });
  child.unref();
  it = { conninfo, child, to: fs.openSync(path.join(dir, "in"), "w"), from: fs.openSync(path.join(dir, "out"), "r"), asked: 0 };
}
function stop() {
  fs.closeSync(it.to);
  fs.closeSync(it.from);
  it = null;
}
// What it printed up to the end of the answer; null when it has ended instead.
function answer() {
  const parts = [], end = Buffer.from(END), buffer = Buffer.alloc(1 << 16);
  let tail = Buffer.alloc(0);
  for (;;) {
    let n;
    try { n = fs.readSync(it.from, buffer, 0, buffer.length, null); } catch (e) { if (e.code === "EINTR") continue; throw e; }
    if (n === 0) return null;
    parts.push(Buffer.from(buffer.subarray(0, n)));
    tail = Buffer.concat([tail, parts.at(-1)]).subarray(-(end.length + 1));
    if (tail.subarray(0, end.length).equals(end) && tail[end.length] === 10) return Buffer.concat(parts).subarray(0, -(end.length + 1)).toString("utf8");
  }
}
function once(conninfo, text, values) {
  if (it && it.conninfo !== conninfo) stop();
  if (!it) start(conninfo);
  const isFresh = it.asked++ === 0;
  fs.writeFileSync(path.join(dir, "text"), text, { mode: 0o644 });
  const lines = values.map((v, i) => `\\set v${i + 1} ${quoted(v)}`);
  for (let i = values.length; i < used; i++) lines.push(`\\unset v${i + 1}`);
  used = values.length;
  lines.push(`\\i ${path.join(dir, "text")}`, "ROLLBACK;", "DISCARD ALL;", "\\o", `\\echo ${END}`, "");
  fs.truncateSync(path.join(dir, "err"));
  try { fs.writeSync(it.to, lines.join("\n")); } catch (e) { if (e.code !== "EPIPE") throw e; }
  const said = answer();
  if (said !== null) return said;
  stop();
  const stderr = fs.readFileSync(path.join(dir, "err"), "utf8");
  throw Object.assign(new Error(`psql: ${stderr}`), { stderr, isFresh });
}

// What psql prints for a text of statements, with :'v1' and on for the values. Fails with its words, .stderr too.
function psql(conninfo, text, values) {
  try {
    return once(conninfo, text, values);
  } catch (e) {
    // The database was restarted since the last question.
    if (e.isFresh === false && /terminating connection|server closed the connection|connection to server was lost|could not receive data/.test(e.stderr)) return once(conninfo, text, values);
    throw e;
  }
}
module.exports = { psql };
