// measure.js EACH SIDE... -- what a search among a million clients costs, side by side. SIDE: NAME=HOST/DATABASE[=FUNCTION], FUNCTION in the place
// of app.client_find. Processor time of the server's process that answers, by the kernel's own count, in milliseconds: the statement of the
// page, prepared, as foyer_staff under row security; each query twice on each side, by turns, the better one counts. It asserts nothing.
"use strict";
const { spawn, spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { load } = require("../peers/statements");

const [each, ...sides] = process.argv.slice(2);
const as = process.env.FOYER_BENCH_AS || ",client_read,client_write,show_phone,show_email,"; // permissions of who searches
const actor = process.env.FOYER_BENCH_ACTOR || "be000000-0000-4000-8000-0000000000aa";
const quote = (s) => (s === null ? "NULL" : `'${s.replace(/'/g, "''")}'`);

class Side {
  constructor(word) {
    [this.name, this.where, this.find = "app.client_find"] = word.split("=");
    const [, host, db] = this.where.match(/^(.*)\/([^/]+)$/);
    this.args = ["-X", "-At", "-q", "-h", host, "-U", "postgres", "-d", db];
    this.psql = spawn("psql", [...this.args, "-v", "ON_ERROR_STOP=1"], { stdio: ["pipe", "pipe", "inherit"] });
    this.out = "";
    this.psql.stdout.on("data", (d) => { this.out += d; this.look?.(); });
    this.psql.on("exit", (code) => { if (!this.over) { console.error(`${this.name}: psql ended with ${code}`); process.exit(1); } });
  }
  ask(sql) {
    return new Promise((done) => {
      this.look = () => { const at = this.out.indexOf("-- end\n"); if (at >= 0) { const r = this.out.slice(0, at); this.out = ""; this.look = null; done(r); } };
      this.psql.stdin.write(`${sql}\n\\echo -- end\n`);
    });
  }
  async begin() {
    const s = load().get("client_search");
    await this.ask(`SELECT set_config('foyer.tenant_id', 'be000000-0000-4000-8000-000000000001', false), set_config('foyer.actor_kind', 'staff', false), set_config('foyer.perms', ${quote(as)}, false), set_config('foyer.actor', '${actor}', false);
      SET plan_cache_mode = force_generic_plan; SET jit = off; SET max_parallel_workers_per_gather = 0; SET ROLE foyer_staff;
      PREPARE search (text, uuid) AS ${s.with((n) => (n === "q" ? "$1" : "$2")).replaceAll("app.client_find", this.find)};`);
    this.pid = Number(await this.ask("SELECT pg_backend_pid();"));
    await this.ask("EXECUTE search('warm up', NULL);");
  }
  used() { return Number(fs.readFileSync(`/proc/${this.pid}/schedstat`, "utf8").split(" ")[0]) / 1e6; }
  async run(typed) {
    const before = this.used(), began = process.hrtime.bigint();
    const rows = (await this.ask(`EXECUTE search(${quote(typed)}, NULL);`)).split("\n").length - 1;
    return { cpu: this.used() - before, clock: Number(process.hrtime.bigint() - began) / 1e6, rows };
  }
}

async function main() {
  const on = sides.map((s) => new Side(s));
  const typed = spawnSync("psql", [...on[0].args, "-F", "\t", "-v", `each=${each}`, "-f", path.join(__dirname, "classes.sql")], { encoding: "utf8", maxBuffer: 1 << 26 });
  if (typed.status !== 0) throw new Error(typed.stderr);
  const classes = new Map();
  for (const line of typed.stdout.trim().split("\n")) {
    const [name, text] = line.split("\t");
    if (!new RegExp(process.env.FOYER_BENCH_ONLY || ".").test(name)) continue;
    if (!classes.has(name)) classes.set(name, []);
    classes.get(name).push(text);
  }
  for (const s of on) await s.begin();
  for (const list of classes.values()) for (const s of on) for (const text of list.slice(0, 20)) await s.run(text); // warm
  const at = (list, q) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.ceil(q * list.length) - 1)];
  const f = (x) => (x < 9.95 ? x.toFixed(1) : x.toFixed(0));
  console.log(`| typed | queries | ${on.map((s) => `${s.name}: median | p95 | most`).join(" | ")} | ${on.length > 1 ? "p95, times | " : ""}most |\n|---|--:|${"--:|--:|--:|".repeat(on.length)}${on.length > 1 ? "--:|" : ""}---|`);
  const all = on.map(() => []);
  for (const [name, list] of classes) {
    const took = on.map(() => []), worst = on.map(() => ["", 0]);
    for (const text of list) {
      const best = on.map(() => null);
      for (let turn = 0; turn < 2; turn++) {
        for (const [i, s] of on.entries()) {
          const r = await s.run(text);
          if (!best[i] || r.cpu < best[i].cpu) best[i] = r;
        }
      }
      if (new Set(best.map((b) => b.rows)).size > 1) console.error(`differ: ${JSON.stringify(text)} ${best.map((b) => b.rows)}`);
      best.forEach((b, i) => { took[i].push(b.cpu); all[i].push(b.cpu); if (b.cpu > worst[i][1]) worst[i] = [text, b.cpu]; });
    }
    const last = on.length - 1;
    console.log(`| ${name} | ${list.length} | ${took.map((t) => [0.5, 0.95, 1].map((q) => f(at(t, q))).join(" | ")).join(" | ")} | ${on.length > 1 ? `${(at(took[0], 0.95) / at(took[last], 0.95)).toFixed(1)} | ` : ""}\`${worst[last][0]}\` |`);
  }
  console.log(`| all | ${all[0].length} | ${all.map((t) => [0.5, 0.95, 1].map((q) => f(at(t, q))).join(" | ")).join(" | ")} | ${on.length > 1 ? `${(at(all[0], 0.95) / at(all[on.length - 1], 0.95)).toFixed(1)} | ` : ""}${on.map((s, i) => `${s.name}: ${all[i].filter((x) => x >= 20).length} past 20 ms`).join(", ")} |`);
  for (const s of on) { s.over = true; s.psql.stdin.end(); }
}
main().catch((e) => { console.error(e); process.exit(1); });
