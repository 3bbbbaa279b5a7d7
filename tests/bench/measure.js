// measure.js -- runs every case and its peers, prints the table, writes it as JSON. Started by tests/bench/run.
// Asserts nothing: what answered wrongly or not at all is told beside its row.
"use strict";
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const crypto = require("node:crypto");
const h = require("../http/harness");
const processes = require("./processes");
const load = require("./load");
const servers = require("./peers/servers");
const pgbench = require("./peers/pgbench");
const { load: loadStatements, disclosure } = require("./peers/statements");
const { compile } = require("./peers/php/compile");

const quick = process.argv.includes("--quick");
const seconds = quick ? 2 : 8;
const workers = Number(process.env.FOYER_WORKERS_STAFF);
const setting = (key) => fs.readFileSync(path.join(h.env.vardir, "foyer.conf"), "utf8").match(new RegExp(`^${key} = (.*)$`, "m"))[1];
const run = setting("boards"), folder = path.join(h.env.vardir, "bench");
const child = (name) => Number(fs.readFileSync(path.join(run, `${name}.child`), "utf8"));
const sleep = (s) => new Promise((r) => setTimeout(r, s * 1000));
const own = { nginx: [child("nginx")], postgresql: child("postgresql"), jobs: child("jobs") };
const host = `${h.host("bench")}:${h.env.port}`;
const conninfo = `${setting("database")} user=foyer_staff`;

// ---- what is asked for ----

const tenant = h.tenantId("bench");
const statement = (text) => h.sql(text, tenant);

// Days of the next two weeks at all places with about thirty visits.
function days() {
  return statement(`
    SELECT to_char(d.day, 'YYYY-MM-DD'), d.location_id, array_to_string(d.clients, ','), d.n
    FROM (SELECT (a.starts_at AT TIME ZONE l.zone)::date AS day, a.location_id, array_agg(DISTINCT a.client_id) AS clients, count(*) AS n
          FROM app.appointment a JOIN app.location l ON l.tenant_id = a.tenant_id AND l.id = a.location_id
          WHERE a.tenant_id = :'v1' AND a.starts_at > now() - interval '1 day' AND a.starts_at < now() + interval '14 days'
          GROUP BY 1, 2) AS d
    WHERE d.n BETWEEN 28 AND 32 ORDER BY d.day, d.location_id LIMIT 32`)
    .map(([day, location, clients, n]) => ({ day, location, clients: clients.split(","), n: Number(n), path: `/day/${day}?location=${location}` }));
}
const charts = () => statement(`
    SELECT n.client_id FROM app.chart_note n JOIN app.allergy y ON y.tenant_id = n.tenant_id AND y.client_id = n.client_id
    WHERE n.tenant_id = :'v1' GROUP BY 1 HAVING count(*) BETWEEN 5 AND 8 ORDER BY 1 LIMIT 64`).map(([id]) => `/clients/${id}/chart`);
const searches = () => statement(`
    SELECT DISTINCT left(w[1], 3) || ' ' || left(w[2], 4) FROM (
        SELECT string_to_array(c.name_norm, ' ') AS w FROM app.client c WHERE c.tenant_id = :'v1' ORDER BY c.id LIMIT 400) AS x
    WHERE length(w[1]) > 3 AND length(w[2]) > 3 AND w[1] ~ '^[a-z]+$' ORDER BY 1 LIMIT 64`).map(([q]) => `/clients?q=${encodeURIComponent(q).replace("%20", "+")}`);
const slots = () => statement(`
    SELECT v.id, l.id FROM app.service v JOIN app.location l ON l.tenant_id = v.tenant_id
    WHERE v.tenant_id = :'v1' AND v.is_online ORDER BY 1, 2`).map(([service, place]) => `/book/${service}?place=${place}`);

// Hours that nobody has taken, behind the days that the data fills; each is used once.
function freeHours(n) {
  return statement(`
    SELECT s.location_id, s.staff_id, to_char(d.day, 'YYYY-MM-DD'), to_char(t.hour, 'HH24:MI'),
           (SELECT id FROM app.service v WHERE v.tenant_id = :'v1' AND v.before_min + v.after_min = 0 AND v.duration_min <= 60 LIMIT 1),
           (SELECT c.id FROM app.client c WHERE c.tenant_id = :'v1' AND c.id >= gen_random_uuid() AND d.day IS NOT NULL LIMIT 1)
    FROM (SELECT DISTINCT location_id, staff_id FROM app.shift WHERE tenant_id = :'v1') AS s
    CROSS JOIN (SELECT (current_date + 62 + g)::date AS day FROM generate_series(0, 600) AS g) AS d
    CROSS JOIN (VALUES (time '09:00'), ('10:00'), ('11:00'), ('12:00'), ('14:00'), ('15:00'), ('16:00'), ('17:00')) AS t (hour)
    WHERE extract(dow FROM d.day) <> 0 AND NOT EXISTS (
        SELECT FROM app.slot x WHERE x.tenant_id = :'v1' AND x.resource_id = s.staff_id
          AND x.starts_at = (d.day + t.hour) AT TIME ZONE 'America/New_York')
    ORDER BY d.day / 30 * 30, random() LIMIT ${n}`.replace("d.day / 30 * 30", "(d.day - current_date) / 60"));
}

// ---- measuring ----

// Milliseconds of CPU that a fixed piece of work takes (SHA-256 of 256 MB): how fast this machine is just now.
function yardstick() {
  const block = Buffer.alloc(1 << 20, 7), hash = crypto.createHash("sha256"), begun = process.cpuUsage();
  for (let i = 0; i < 256; i++) hash.update(block);
  hash.digest();
  const took = process.cpuUsage(begun);
  return (took.user + took.system) / 1000;
}

const results = [];
async function once(o, connections) {
  h.sql("CHECKPOINT");
  const begun = processes.snapshot(o.roots);
  const { before = begun, after: ended, ...m } = await o.load(connections, false);
  if (!quick) await sleep(2.5); // what follows by itself: the trail is sealed every two seconds
  const after = ended || processes.snapshot(o.roots);
  const cost = Object.fromEntries(Object.keys(before).map((k) => [k, (after[k] - before[k]) / m.done]));
  return { name: o.name, bytes: o.bytes, connections, seconds, ...m, cost, all: Object.values(cost).reduce((a, b) => a + b, 0) };
}
async function measure(o) {
  if (!o.isWarm) await o.load(1, true); // connections are made, statements prepared, caches filled
  for (const connections of o.connections || [1, 8, 32]) {
    results.push(await once(o, connections));
    row(results[results.length - 1]);
  }
}

// Ours, the PHP page and the database alone by turns: where others use the machine too, rates a minute apart say nothing of each
// other, so a ratio is of two that were measured side by side, and the one told is the middle one of all rounds.
async function inTurns(n, ours, php, alone) {
  const rounds = [];
  for (let i = 0; i < n; i++) rounds.push({ ours: await once(ours, 32), php: await once(php, 32), alone: await once(alone, 16) });
  return rounds;
}

const round = (n) => (n < 9.95 ? n.toFixed(1) : n.toFixed(0));
const columns = ["page", "bytes", "conn.", "pages/s", "p50 ms", "p99 ms", "nginx", "worker", "database", "behind", "jobs", "all"];
function row(r) {
  const c = r.cost;
  const notes = [];
  if (r.wrong) notes.push(`${r.wrong} wrong answers${r.odd ? ` ${JSON.stringify(r.odd)}` : ""}`);
  if (r.served < 0.75 * r.connections) notes.push(`only ${r.served.toFixed(0)} connections served`);
  console.log(`| ${[r.name + (notes.length ? ` (${notes.join("; ")})` : ""), r.bytes || "", r.connections, r.rate.toFixed(0), r.p50.toFixed(2), r.p99.toFixed(2),
    ...[c.nginx, c.worker, c.database, c.behind, c.jobs].map(round), round(r.all)].join(" | ")} |`);
}

function pagesCase(name, paths, o = {}) {
  const file = path.join(folder, `${name.replace(/\W+/g, "-")}.paths`);
  fs.writeFileSync(file, paths.join("\n") + "\n");
  return {
    name, bytes: o.bytes, roots: { ...own, worker: [], ...o.roots },
    load: (connections, warm) => load.pages({ connections: warm ? 16 : connections, seconds: warm ? 1 : seconds, paths: file, host,
      port: o.port || h.env.port, cookie: o.cookie, headers: o.headers }),
  };
}
async function sizes(label, paths, cookie, port) {
  let sum = 0;
  for (const p of paths) {
    const reply = await h.request(label, p, { cookie, port, headers: { Host: host } });
    if (reply.status !== 200) throw new Error(`${p} answers ${reply.status}`);
    sum += reply.bytes.length;
  }
  return Math.round(sum / paths.length);
}

// ---- peers ----

// Whether two calendars say the same: form tokens differ by nature, blanks and the spelling of ' do not matter.
const essence = (html) => html.replace(/(name="(?:csrf|idem)" value=")[^"]*/g, "$1").replace(/&#0?39;/g, "'").replace(/\s+/g, " ").replace(/> | </g, (m) => m.trim());

async function startPhp(set, cookie, queries) {
  const token = Buffer.from(cookie.match(/__Host-sid=([\w-]+)/)[1], "base64url").toString("hex");
  const described = (text) => h.sql(`${text} \\gdesc`).map(([name, type]) => [name, type]);
  const dir = path.join(folder, "php");
  fs.mkdirSync(dir, { recursive: true });
  const master = fs.readFileSync(setting("master_key"));
  compile({
    folder: dir, queries, sample: set[0], conninfo, host: h.host("bench"), keys: setting("keys"),
    columns: described, entered: described("SELECT (NULL::sec.entered).*"),
    master: master.length === 32 ? master.toString("hex") : master.toString("latin1").trim(),
  });
  fs.chmodSync(path.join(dir, "calendar.php"), 0o640); // it holds the master key of this stack, which holds made-up data only
  if (process.getuid() === 0) fs.chownSync(path.join(dir, "calendar.php"), ...servers.ids());
  const fpm = await servers.php({ folder, run, workers });
  const port = h.env.port + 3;
  const front = await servers.nginx({ ...peer("php", port), socket: fpm.socket, script: path.join(dir, "calendar.php") });
  let different = 0;
  for (const d of set) {
    const reply = await h.request("bench", d.path, { cookie, port, headers: { Host: host } });
    if (reply.status !== 200) throw new Error(`the PHP page answers ${reply.status}; see ${folder}/php-fpm.log`);
    const [a, b] = [essence(reply.text), essence((await h.request("bench", d.path, { cookie })).text)];
    if (a === b) continue;
    if (!different++) {
      fs.writeFileSync(path.join(folder, "php-page.html"), a);
      fs.writeFileSync(path.join(folder, "our-page.html"), b);
    }
  }
  if (different) console.log(`NOTE: ${different} of ${set.length} PHP pages differ from ours (${folder}/php-page.html, our-page.html)`);
  return { fpm, port, front, token };
}
// What each statement takes of the database's CPU: what it adds to a pipeline of begin_staff alone.
async function statements(names, send) {
  const parts = {};
  console.log("\n| statement | database, microseconds |\n|---|--:|");
  for (const name of names) {
    const m = await send(["begin_staff", name], 8);
    parts[name] = (m.after.database - m.before.database) / m.done - (parts.begin_staff || 0);
    console.log(`| ${name} | ${round(parts[name])} |`);
  }
  return parts;
}
// What row security costs an insert of one row (SECURITY.md D-24): two tables alike, one of them guarded, the same statements.
// send(file) runs a script of pgbench.
async function rowSecurity(scripts, send) {
  const drop = () => h.sql("DROP SCHEMA IF EXISTS bench CASCADE");
  drop();
  h.sql(`CREATE SCHEMA bench; GRANT USAGE ON SCHEMA bench TO foyer_staff;
    CREATE TABLE bench.plain (tenant_id uuid NOT NULL DEFAULT app.tenant(), id uuid PRIMARY KEY DEFAULT gen_random_uuid(), note text NOT NULL);
    CREATE TABLE bench.guarded (LIKE bench.plain INCLUDING ALL);
    SELECT app.guard_table('bench.guarded'); GRANT INSERT ON bench.plain, bench.guarded TO foyer_staff`);
  const cost = {};
  try {
    for (const name of ["plain", "guarded"]) {
      const file = path.join(scripts, `insert-${name}.sql`);
      fs.writeFileSync(file, "\\startpipeline\nSELECT 1 FROM sec.begin_staff(:host, :token, :perm, :action, :ip, :agent, :request);\n" +
        `INSERT INTO bench.${name} (note) VALUES ('a row');\n\\endpipeline\n`);
      const m = await send(file);
      cost[name] = (m.after.database - m.before.database) / m.done;
    }
  } finally { drop(); }
  return cost.guarded / cost.plain;
}
const peer = (name, port) => ({ name, port, oldPort: h.env.port, from: path.join(h.env.vardir, "nginx"), folder, run });

async function main() {
  fs.mkdirSync(folder, { recursive: true });
  if (process.getuid() === 0) fs.chownSync(folder, ...servers.ids());
  const v = await h.staff("bench", "owner");
  const cookie = v.cookieFor("/");
  const set = days(), calendar = set.map((d) => d.path);
  if (set.length < 8) throw new Error("too few days with about thirty visits; is the data set complete?");
  const queries = h.routes().find((p) => p.method === "GET" && p.path === "/day/{day:date}").queries;
  const pages = new Map();
  for (const p of calendar) pages.set(p, (await v.get(p)).bytes);
  const bytes = Math.round([...pages.values()].reduce((s, b) => s + b.length, 0) / pages.size);
  const cpus = os.cpus();
  const facts = {
    when: new Date().toISOString(), commit: process.env.BENCH_COMMIT, cpu: `${cpus.length} x ${cpus[0].model}`,
    memory_mb: Math.round(os.totalmem() / 1048576), load_before: os.loadavg()[0], yardstick_ms: yardstick(),
    visits: Number(h.one("SELECT count(*) FROM app.appointment WHERE tenant_id = :'v1'", tenant)),
    visits_of_all: Number(h.one("SELECT count(*) FROM app.appointment")),
    clients: Number(h.one("SELECT count(*) FROM app.client WHERE tenant_id = :'v1'", tenant)),
    visits_a_day: set.reduce((s, d) => s + d.n, 0) / set.length, days: set.length, workers, seconds,
    postgresql: h.one("SHOW server_version"), durability: h.sql("SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes')").map((r) => r.join("=")).join(" "),
  };
  console.log(`${facts.when}, ${facts.cpu}, load ${facts.load_before.toFixed(2)} before, 256 MB of SHA-256 in ${facts.yardstick_ms.toFixed(0)} ms; commit ${facts.commit}`);
  console.log(`${facts.visits} visits of ${facts.clients} clients in this studio, ${facts.visits_of_all} in all; ${facts.days} days, ${facts.visits_a_day.toFixed(1)} visits each`);
  console.log(`${workers} workers; ${facts.durability}; ${seconds} s a case\n`);
  console.log("CPU in microseconds a page:\n");
  console.log(`| ${columns.join(" | ")} |\n|---|${"--:|".repeat(columns.length - 1)}`);

  const staff = { worker: [child("staff")] }, open = { worker: [child("public")] };
  const oursCase = pagesCase("calendar of a day", calendar, { cookie, bytes, roots: staff });
  await measure(oursCase);
  const memory = { staff: processes.pss(child("staff")) };
  const more = [["chart", charts(), staff, cookie], ["client search", searches(), staff, cookie], ["free times, public", slots(), open, undefined]];
  for (const [name, paths, roots, session] of more)
    await measure(pagesCase(name, paths, { cookie: session, roots, bytes: await sizes("bench", paths.slice(0, 8), session) }));

  // Saving: the form is asked for once, its key is another each time, as with many open forms.
  const form = h.formOf((await v.get("/appointments/new")).text);
  const hours = freeHours(quick ? 9000 : 30000);
  const next = () => {
    const [location_id, staff_id, day, time, service_id, client_id] = hours.pop() || [];
    return location_id && { path: "/appointments/new", body: { ...form.values, client_id, service_id, location_id, staff_id, day, time, starts_at: "" } };
  };
  await measure({ name: "save a booking", roots: { ...own, ...staff },
    load: (connections, warm) => load.forms({ connections: warm ? 16 : connections, seconds: warm ? 1 : seconds, next, host, port: h.env.port, cookie }) });
  memory.public = processes.pss(child("public"));

  // The same bytes without any work.
  const statics = path.join(folder, "static");
  for (const [p, body] of pages) {
    const file = path.join(statics, p.replace("?location=", "/") + ".html");
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, body);
  }
  let port = h.env.port + 1;
  let front = await servers.nginx({ ...peer("static", port), statics });
  await sizes("bench", calendar.slice(0, 2), undefined, port);
  await measure(pagesCase("peer: same bytes, static", calendar, { port, bytes, roots: { nginx: [front] } }));
  port = h.env.port + 2;
  const nobody = await servers.nobody({ folder, run, workers, program: process.env.BENCH_NULL,
    file: path.join(statics, calendar[0].replace("?location=", "/") + ".html") });
  front = await servers.nginx({ ...peer("null", port), socket: nobody.socket });
  await measure(pagesCase("peer: null FastCGI in C", calendar, { port, cookie, bytes: pages.get(calendar[0]).length, roots: { nginx: [front], worker: [nobody.pid] } }));

  const php = await startPhp(set, cookie, queries);
  const phpCase = pagesCase(`peer: PHP ${php.fpm.version} FPM`, calendar, { port: php.port, cookie, bytes: await sizes("bench", calendar, cookie, php.port),
    roots: { nginx: [php.front], worker: [php.fpm.pid] } });
  await measure(phpCase);
  memory.php = processes.pss(php.fpm.pid);

  const scripts = path.join(folder, "pgbench");
  fs.mkdirSync(scripts, { recursive: true });
  if (process.getuid() === 0) fs.chownSync(scripts, ...servers.ids());
  const begin = { host: h.host("bench"), token: `\\x${php.token}`, perm: "calendar_read", action: "calendar.read", ip: "127.0.0.1", agent: "pgbench", request: h.uuid() };
  const whole = ["begin_staff", ...queries, disclosure(loadStatements(), queries)];
  const bench = (a) => load.run(...servers.asUser(process.env.BENCH_PGBENCH, [...a, "-h", run, "-U", "foyer_staff", "foyer"]), { cwd: "/" });
  const alonePids = { ...own, nginx: [], worker: [] };
  const send = (names, connections) => load.pgbench({ connections, seconds, args: pgbench.write(scripts, names, set, begin),
    folder: scripts, run: bench, snapshot: () => processes.snapshot(alonePids) });
  const aloneCase = { name: "peer: pgbench, one pipeline", connections: [16], isWarm: true, roots: alonePids,
    load: (connections) => send(whole, connections) };
  await measure(aloneCase);
  const rounds = await inTurns(quick ? 5 : 7, oursCase, phpCase, aloneCase);
  const parts = process.argv.includes("--statements") ? await statements(new Set(whole), send) : undefined;

  const secured = await rowSecurity(scripts, (file) => load.pgbench({ connections: 8, seconds, folder: scripts, run: bench,
    args: [...Object.entries(begin).flatMap(([k, v]) => ["-D", `${k}=${v}`]), "-f", file], snapshot: () => processes.snapshot(alonePids) }));

  // ---- ratios ----
  const of = (name, n) => results.find((r) => r.name.startsWith(name) && r.connections === n);
  const three = (r) => r.cost.nginx + r.cost.worker + r.cost.database;
  const spread = (f) => {
    const all = rounds.map(f).sort((a, b) => a - b);
    return { median: all[Math.floor(all.length / 2)], least: all[0], most: all[all.length - 1] };
  };
  const ratios = {
    of_database_alone: spread((r) => r.ours.rate / r.alone.rate), to_php: spread((r) => r.ours.rate / r.php.rate),
    microseconds: spread((r) => three(r.ours)), worker_microseconds: spread((r) => r.ours.cost.worker),
    php_microseconds: spread((r) => three(r.php)), php_to_ours: spread((r) => three(r.php) / three(r.ours)),
    alone_microseconds: spread((r) => r.alone.cost.database), alone_to_ours: spread((r) => r.alone.cost.database / r.ours.cost.database),
    of_null: of("calendar", 32).rate / of("peer: null", 32).rate, row_security: secured,
  };
  const told = (of, scale, digits, unit) => `${(of.median * scale).toFixed(digits)}${unit} (${(of.least * scale).toFixed(digits)} to ${(of.most * scale).toFixed(digits)})`;
  console.log(`
| calendar at 32 connections, ${rounds.length} rounds | measured | to reach | to look for |
|---|--:|--:|--:|
| of the database alone (pgbench, 16) | ${told(ratios.of_database_alone, 100, 0, " %")} | 70 % | 75 % |
| to the PHP page | ${told(ratios.to_php, 1, 2, " x")} | 1.6 x | 2 x |
| nginx + worker + database | ${told(ratios.microseconds, 1, 0, " µs")} | 350 | 300 |
| worker | ${told(ratios.worker_microseconds, 1, 0, " µs")} | 60 | |
| the same three of the PHP page | ${told(ratios.php_microseconds, 1, 0, " µs")} | | |
| those, to ours | ${told(ratios.php_to_ours, 1, 2, " x")} | | |
| the database alone | ${told(ratios.alone_microseconds, 1, 0, " µs")} | | |
| that, to the database's part of ours | ${told(ratios.alone_to_ours, 1, 2, " x")} | | |
| begin and one insert under row security, of the same without (D-24) | ${secured.toFixed(2)} x | | |
| memory of a staff worker (PSS) | ${memory.staff.mean} KB (${memory.staff.least} to ${memory.staff.most}) | | |
| memory of a PHP worker (PSS) | ${memory.php.mean} KB (${memory.php.least} to ${memory.php.most}) | | |`);
  const out = path.join(h.env.vardir, "bench.json");
  fs.writeFileSync(out, JSON.stringify({ facts, ratios, memory_kb: memory, statements: parts, results, rounds }, null, 1));
  console.log(`\n${out}`);
}

const end = (code) => {
  servers.stopAll();
  setTimeout(() => process.exit(code), 300);
};
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => end(130));
main().then(() => end(0), (e) => {
  console.error(`bench: ${e.message}`);
  end(1);
});
