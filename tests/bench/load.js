// load.js -- makes the load: wrk for pages, pgbench for the database alone, a client of our own for forms.
"use strict";
const fs = require("node:fs");
const https = require("node:https");
const path = require("node:path");
const crypto = require("node:crypto");
const { spawn } = require("node:child_process");

function run(command, args, o = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...o });
    let out = "", err = "";
    child.stdout.on("data", (d) => { out += d; });
    child.stderr.on("data", (d) => { err += d; });
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve(out) : reject(new Error(`${command}: ${(err || out).trim().slice(-600)}`))));
  });
}

const ms = (text) => {
  const [, n, unit] = text.match(/^([\d.]+)(us|ms|s|m)$/);
  return Number(n) * { us: 1e-3, ms: 1, s: 1e3, m: 6e4 }[unit];
};

// Pages, the paths by turns. wrk does not say when connections are never answered; but in a closed loop rate times mean latency
// is how many are busy, so that is computed and told (served).
async function pages(o) {
  const threads = o.connections >= 8 ? 2 : 1;
  const args = [`-t${threads}`, `-c${o.connections}`, `-d${o.seconds}s`, "--latency", "--timeout", "10s",
    "-s", path.join(__dirname, "paths.lua"), "-H", `Host: ${o.host}`];
  if (o.cookie) args.push("-H", `Cookie: ${o.cookie}`);
  for (const [k, v] of Object.entries(o.headers || {})) args.push("-H", `${k}: ${v}`);
  const out = await run("wrk", [...args, `https://127.0.0.1:${o.port}/`], { env: { ...process.env, BENCH_PATHS: o.paths } });
  const count = (re) => Number((out.match(re) || [0, 0])[1]);
  const [, requests, took] = out.match(/(\d+) requests in ([\d.]+m?s),/);
  const rate = Number(requests) / (ms(took) / 1000);
  const mean = ms(out.match(/Latency\s+(\S+)/)[1]);
  const errors = out.match(/Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/);
  return {
    done: Number(requests), rate, p50: ms(out.match(/^\s+50%\s+(\S+)/m)[1]), p99: ms(out.match(/^\s+99%\s+(\S+)/m)[1]),
    served: (rate * mean) / 1000,
    wrong: count(/Non-2xx or 3xx responses: (\d+)/) + (errors ? errors.slice(1).reduce((a, b) => a + Number(b), 0) : 0),
  };
}

const at = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];

// Transactions of pgbench, by its log. Its connections prepare their statements first: measured is from the second second to
// the last but half, while they live; window(f) is told when to look.
async function pgbench(o) {
  for (const f of fs.readdirSync(o.folder)) if (f.startsWith("latency.")) fs.unlinkSync(path.join(o.folder, f));
  const lead = 2, looks = [];
  const look = (after) => setTimeout(() => looks.push({ at: Date.now(), snapshot: o.snapshot() }), after * 1000);
  look(lead);
  look(lead + o.seconds);
  const out = await o.run([...o.args, "-n", "-M", "prepared", "-c", String(o.connections), "-j", String(Math.min(2, o.connections)),
    "-T", String(o.seconds + lead + 1), "--log", `--log-prefix=${path.join(o.folder, "latency")}`]);
  const [begun, ended] = looks;
  const times = fs.readdirSync(o.folder).filter((f) => f.startsWith("latency."))
    .flatMap((f) => fs.readFileSync(path.join(o.folder, f), "utf8").trim().split("\n").map((l) => l.split(" ").map(Number)))
    .filter(([, , , , s, us]) => s * 1000 + us / 1000 >= begun.at && s * 1000 + us / 1000 < ended.at)
    .map(([, , us]) => us / 1000).sort((a, b) => a - b);
  return {
    done: times.length, rate: times.length / ((ended.at - begun.at) / 1000), p50: at(times, 0.5), p99: at(times, 0.99),
    served: o.connections, wrong: Number((out.match(/number of failed transactions: (\d+)/) || [0, 0])[1]),
    before: begun.snapshot, after: ended.snapshot,
  };
}

// Forms: each connection sends one after the other. next() gives {path, body} or undefined when there are no more.
async function forms(o) {
  const agent = new https.Agent({ keepAlive: true, maxSockets: o.connections, rejectUnauthorized: false });
  const times = [], until = Date.now() + o.seconds * 1000;
  let wrong = 0, served = 0;
  const odd = new Map();
  const post = (form) => new Promise((resolve) => {
    const body = new URLSearchParams({ ...form.body, idem: crypto.randomBytes(32).toString("base64url") }).toString();
    const begun = process.hrtime.bigint();
    const request = https.request({ host: "127.0.0.1", port: o.port, servername: o.host.split(":")[0], path: form.path, method: "POST", agent,
      headers: { Host: o.host, Cookie: o.cookie, Origin: `https://${o.host}`, "Sec-Fetch-Site": "same-origin",
        "Content-Type": "application/x-www-form-urlencoded", "Content-Length": Buffer.byteLength(body) } }, (reply) => {
      reply.resume();
      reply.on("end", () => {
        times.push(Number(process.hrtime.bigint() - begun) / 1e6);
        if (reply.statusCode !== 303) {
          wrong++;
          odd.set(reply.statusCode, (odd.get(reply.statusCode) || 0) + 1);
        }
        resolve();
      });
    });
    request.on("error", () => {
      wrong++;
      resolve();
    });
    request.end(body);
  });
  const begun = Date.now();
  await Promise.all(Array.from({ length: o.connections }, async () => {
    let n = 0;
    for (let form; Date.now() < until && (form = o.next()); n++) await post(form);
    if (n > 0) served++;
  }));
  const took = (Date.now() - begun) / 1000;
  agent.destroy();
  times.sort((a, b) => a - b);
  return { done: times.length, rate: times.length / took, p50: at(times, 0.5), p99: at(times, 0.99), served, wrong,
    odd: Object.fromEntries(odd) };
}

module.exports = { pages, pgbench, forms, run };
