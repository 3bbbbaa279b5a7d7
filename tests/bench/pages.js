// pages.js -- requests a second, latency, and CPU microseconds per page of nginx, workers and PostgreSQL, read from
// /proc, since rates drift on shared machines. Prints a table; the last column compares with the static file.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { execFileSync } = require("node:child_process");
const h = require("../http/harness");

const seconds = Number(process.argv[2]) || 5;
const ticks = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
const child = (name) => Number(fs.readFileSync(path.join(h.env.vardir, "run", `${name}.child`), "utf8"));

// A process and all below it.
function tree(pid) {
  const own = [pid];
  try {
    for (const c of fs.readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean))
      own.push(...tree(Number(c)));
  } catch { /* it has just ended */ }
  return own;
}
// CPU time of a part, in microseconds; a backend that ends meanwhile is lost, which a pool of kept connections has not.
function cpu(names) {
  let sum = 0;
  for (const pid of names.flatMap((n) => tree(child(n)))) {
    try {
      const f = fs.readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ");
      sum += Number(f[11]) + Number(f[12]);
    } catch { /* ended */ }
  }
  return (sum / ticks) * 1e6;
}
function pss(names) {
  const sizes = names.flatMap((n) => tree(child(n)).slice(1)).map((pid) => {
    const m = fs.readFileSync(`/proc/${pid}/smaps_rollup`, "utf8").match(/^Pss:\s+(\d+)/m);
    return Number(m[1]);
  });
  return Math.round(sizes.reduce((a, b) => a + b, 0) / sizes.length);
}
const parts = { nginx: ["nginx"], worker: ["staff", "public", "slow"], database: ["postgresql"] };

function measure(label, target, cookie, connections) {
  const before = Object.fromEntries(Object.entries(parts).map(([k, v]) => [k, cpu(v)]));
  const args = ["-t1", `-c${connections}`, `-d${seconds}s`, "--latency", "-H", `Host: ${h.host(label)}:${h.env.port}`];
  if (cookie) args.push("-H", `Cookie: ${cookie}`);
  const out = execFileSync("wrk", [...args, `https://127.0.0.1:${h.env.port}${target}`], { encoding: "utf8" });
  const pages = Number(out.match(/(\d+) requests in/)[1]);
  const wrong = Number((out.match(/Non-2xx or 3xx responses: (\d+)/) || [0, 0])[1]);
  if (wrong) throw new Error(`${target}: ${wrong} of ${pages} answers were not good; raise FOYER_RATE of the stack`);
  const cost = Object.fromEntries(Object.entries(parts).map(([k, v]) => [k, (cpu(v) - before[k]) / pages]));
  return { rate: pages / seconds, p50: out.match(/^\s+50%\s+(\S+)/m)[1], p99: out.match(/^\s+99%\s+(\S+)/m)[1], cost };
}

async function main() {
  const v = await h.staff("glow", "owner");
  const cookie = v.cookieFor("/");
  const busiest = h.sql(`SELECT (a.starts_at AT TIME ZONE l.zone)::date, a.location_id FROM app.appointment a
    JOIN app.location l ON l.id = a.location_id WHERE a.tenant_id = :'v1' AND a.status <> 'cancelled'
    GROUP BY 1, 2 ORDER BY count(*) DESC LIMIT 1`, h.tenantId("glow"))[0];
  const client = h.one("SELECT client_id FROM app.chart_note WHERE tenant_id = :'v1' GROUP BY 1 ORDER BY count(*) DESC LIMIT 1", h.tenantId("glow"));
  const service = h.one("SELECT id FROM app.service WHERE tenant_id = :'v1' ORDER BY position LIMIT 1", h.tenantId("glow"));
  const clients = h.one("SELECT count(*) FROM app.client"), visits = h.one("SELECT count(*) FROM app.appointment");
  const style = (await h.request("", "/")).text.match(/href="(\/static\/base[^"]*\.css)"/)[1];
  const cases = [
    ["static file", "", style],
    ["calendar of a day", "glow", `/day/${busiest[0]}?location=${busiest[1]}`, cookie],
    ["chart", "glow", `/clients/${client}/chart`, cookie],
    ["client search", "glow", "/clients?q=an+ok", cookie],
    ["free times, public", "glow", `/book/${service}`],
  ];
  console.log(`${clients} clients, ${visits} visits; ${seconds} s each; CPU in microseconds per page; ` +
    `a worker takes ${pss(["staff"])} KB (PSS)\n`);
  console.log("| page | bytes | connections | pages/s | p50 | p99 | nginx | worker | database | all | of static |");
  console.log("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
  for (const connections of [1, 8, 32]) {
    let still;
    for (const [name, label, target, session] of cases) {
      const bytes = (await h.request(label, target, { cookie: session })).bytes.length;
      const m = measure(label, target, session, connections);
      still = still || m.rate;
      const c = Object.values(m.cost).map((x) => x.toFixed(0));
      const all = Object.values(m.cost).reduce((a, b) => a + b, 0).toFixed(0);
      console.log(`| ${name} | ${bytes} | ${connections} | ${m.rate.toFixed(0)} | ${m.p50} | ${m.p99} | ${c.join(" | ")} | ${all} | ${(m.rate / still).toFixed(3)} |`);
    }
  }
  process.exit(0);
}
main();
