// processes.js -- what processes have used, from /proc: CPU time by part, and memory.
// /proc/PID/task/*/schedstat counts in nanoseconds; what ended and was waited for is in its parent's stat, in clock ticks
// (10 ms), which matters for autovacuum only.
"use strict";
const fs = require("node:fs");
const { execFileSync } = require("node:child_process");

const tick = 1e6 / Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

const read = (file) => {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return ""; // it has just ended
  }
};
const children = (pid) => read(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean).map(Number);
const tree = (pid) => [pid, ...children(pid).flatMap(tree)];
const title = (pid) => read(`/proc/${pid}/cmdline`).replace(/\0/g, " ").trim();

function running(pid) {
  let ns = 0;
  try {
    for (const task of fs.readdirSync(`/proc/${pid}/task`))
      ns += Number(read(`/proc/${pid}/task/${task}/schedstat`).split(" ")[0]) || 0;
  } catch { /* ended */ }
  return ns / 1000;
}
function ended(pid) {
  const fields = read(`/proc/${pid}/stat`).replace(/^.*\) /s, "").split(" ");
  return fields.length > 14 ? (Number(fields[13]) + Number(fields[14])) * tick : 0;
}
const used = (pids) => pids.reduce((sum, pid) => sum + running(pid), 0);
const whole = (pid) => used(tree(pid)) + ended(pid);

// Microseconds of CPU so far. roots: {nginx: [pid], worker: [pid], postgresql: pid, jobs: pid or undefined}
//   database  PostgreSQL's processes of the pools (and of pgbench)
//   behind    PostgreSQL's own (checkpointer, WAL writer, autovacuum ...)
//   jobs      foyer-jobs, which seals the trail and sends messages, and its connections
function snapshot(roots) {
  const postgres = children(roots.postgresql);
  const titles = new Map(postgres.map((pid) => [pid, title(pid)]));
  const of = (re) => postgres.filter((pid) => re.test(titles.get(pid)));
  const jobs = of(/foyer_(jobs|sealer)/), pools = of(/foyer_(staff|public|slow)/);
  const rest = postgres.filter((pid) => !jobs.includes(pid) && !pools.includes(pid));
  return {
    nginx: roots.nginx.reduce((s, p) => s + whole(p), 0),
    worker: roots.worker.reduce((s, p) => s + whole(p), 0),
    database: used(pools),
    behind: used([...rest, roots.postgresql]) + ended(roots.postgresql),
    jobs: used(jobs) + (roots.jobs ? whole(roots.jobs) : 0),
  };
}

// Kilobytes of memory that a worker has for itself, shared pages counted by their share: mean, least and most.
function pss(root) {
  const sizes = children(root).map((pid) => Number((read(`/proc/${pid}/smaps_rollup`).match(/^Pss:\s+(\d+)/m) || [0, 0])[1]))
    .filter((n) => n > 0);
  if (!sizes.length) return undefined;
  return { mean: Math.round(sizes.reduce((a, b) => a + b, 0) / sizes.length), least: Math.min(...sizes), most: Math.max(...sizes) };
}

module.exports = { snapshot, pss, tick };
