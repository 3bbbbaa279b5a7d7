// harness.js -- talks to the running stack as a browser would, and looks into the database as its
// superuser to see what really happened. Settings come from scripts/test:
//   FOYER_VAR, FOYER_PORT, FOYER_BIN, FOYER_DOMAIN.
"use strict";
const https = require("node:https");
const fs = require("node:fs");
const path = require("node:path");
const { execFileSync, spawn } = require("node:child_process");
const crypto = require("node:crypto");
const { psql } = require("./psql");

const root = path.join(__dirname, "..", "..");
const env = {
  port: Number(process.env.FOYER_PORT || 8443),
  vardir: process.env.FOYER_VAR || path.join(root, "var"),
  bin: process.env.FOYER_BIN || path.join(root, "build", "bin"),
  domain: process.env.FOYER_DOMAIN || "foyer.localhost",
};
const host = (label) => (label ? `${label}.${env.domain}` : env.domain);
const origin = (label) => `https://${host(label)}:${env.port}`;

const agent = new https.Agent({ keepAlive: true, maxSockets: 600, rejectUnauthorized: false });

// One request. label: "glow", "ops", "" for the apex; or o.host for a whole Host header.
// o: {port, method, headers, body (string or form object), cookie, origin, site, from (a loopback address)}
function request(label, target, o = {}) {
  const name = o.host || host(label);
  const method = o.method || "GET";
  const headers = { Host: `${name}:${env.port}`, ...o.headers };
  let body = o.body;
  if (body && typeof body === "object" && !Buffer.isBuffer(body)) {
    body = new URLSearchParams(Object.entries(body).flatMap(
      ([k, v]) => (Array.isArray(v) ? v.map((x) => [k, x]) : [[k, v]]))).toString();
    headers["Content-Type"] = "application/x-www-form-urlencoded";
  }
  if (body !== undefined) headers["Content-Length"] = Buffer.byteLength(body);
  if (o.cookie) headers.Cookie = o.cookie;
  if (method === "POST") {
    if (o.origin !== null) headers.Origin = o.origin || `https://${name}:${env.port}`;
    if (o.site !== null) headers["Sec-Fetch-Site"] = o.site || "same-origin";
  }
  const once = () => new Promise((resolve, reject) => {
    const req = https.request(
      { host: "127.0.0.1", port: o.port || env.port, servername: name, path: target, method, headers, agent,
        localAddress: o.from, timeout: 60000 },
      (res) => {
        const parts = [];
        res.on("data", (d) => parts.push(d));
        res.on("error", reject);
        res.on("end", () => resolve({
          status: res.statusCode, headers: res.headers, bytes: Buffer.concat(parts),
          text: Buffer.concat(parts).toString("utf8"), location: res.headers.location,
          cookies: res.headers["set-cookie"] || [], id: res.headers["x-request-id"],
        }));
      });
    // A connection that was kept and that nginx has closed meanwhile: as browsers do, once more on another one. (While this process
    // waits for psql it does not see that one was closed.)
    req.on("error", (e) => (e.code === "ECONNRESET" && req.reusedSocket ? resolve(once()) : reject(e)));
    req.on("timeout", () => req.destroy(new Error(`no answer from ${target}`)));
    req.end(body);
  });
  return once();
}

// A browser for one host: keeps cookies, fills in forms.
class Visitor {
  constructor(label) {
    this.label = label;
    this.jar = new Map();
  }
  keep(reply) {
    for (const line of reply.cookies) {
      const [pair, ...rest] = line.split(";").map((s) => s.trim());
      const name = pair.slice(0, pair.indexOf("="));
      const at = (rest.find((s) => s.toLowerCase().startsWith("path=")) || "path=/").slice(5);
      if (rest.some((s) => s.toLowerCase() === "max-age=0")) this.jar.delete(`${name} ${at}`);
      else this.jar.set(`${name} ${at}`, { name, at, value: pair.slice(pair.indexOf("=") + 1) });
    }
    return reply;
  }
  cookieFor(target) {
    const p = target.split("?")[0];
    return [...this.jar.values()]
      .filter((c) => c.at === "/" || p === c.at || p.startsWith(c.at.replace(/\/$/, "") + "/"))
      .map((c) => `${c.name}=${c.value}`).join("; ") || undefined;
  }
  async get(target, o = {}) {
    return this.keep(await request(this.label, target, { cookie: this.cookieFor(target), ...o }));
  }
  async post(target, body, o = {}) {
    return this.keep(await request(this.label, target,
      { method: "POST", body, cookie: this.cookieFor(target), ...o }));
  }
  // Follows redirects as GET; returns the last reply, its address in reply.at.
  async follow(reply, from = "/") {
    let at = from;
    for (let n = 0; n < 8 && reply.location; n++) {
      at = new URL(reply.location, origin(this.label)).href.slice(origin(this.label).length);
      reply = await this.get(at);
    }
    reply.at = at;
    return reply;
  }
  // Loads a page, fills in its form (the one whose action matches, or the only one) and sends it.
  async submit(target, values, o = {}) {
    const page = await this.get(target);
    const form = formOf(page.text, o.action);
    return this.post(form.action || target, { ...form.values, ...values, ...o.extra }, o);
  }
}

function decode(s) {
  return s.replace(/&#x?([0-9a-fA-F]+);/g, (m, n) =>
    String.fromCodePoint(parseInt(n, m[2] === "x" ? 16 : 10)))
    .replace(/&quot;/g, '"').replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
}
function attribute(tag, name) {
  const m = tag.match(new RegExp(`\\s${name}\\s*=\\s*"([^"]*)"`));
  return m ? decode(m[1]) : undefined;
}

// A form as a browser would send it untouched. action: text or RegExp that its action must match.
function formOf(html, action) {
  const forms = [...html.matchAll(/<form\b[^>]*>([\s\S]*?)<\/form>/g)];
  const found = forms.find(([all]) => {
    const tag = all.slice(0, all.indexOf(">") + 1);
    const a = attribute(tag, "action") || "";
    if (action === undefined) return /method="post"/i.test(tag) && a !== "/logout";
    return action instanceof RegExp ? action.test(a) : a === action;
  });
  if (!found) throw new Error(`no form ${action || ""} in page:\n${html.slice(0, 3000)}`);
  const tag = found[0].slice(0, found[0].indexOf(">") + 1);
  const values = {};
  for (const [t] of found[1].matchAll(/<input\b[^>]*>/g)) {
    const name = attribute(t, "name");
    const type = (attribute(t, "type") || "text").toLowerCase();
    if (!name || type === "submit") continue;
    if ((type === "checkbox" || type === "radio") && !/\schecked\b/.test(t)) continue;
    values[name] = attribute(t, "value") ?? (type === "checkbox" ? "on" : "");
  }
  for (const [, t, inner] of found[1].matchAll(/<textarea\b([^>]*)>([\s\S]*?)<\/textarea>/g))
    values[attribute(` ${t}`, "name")] = decode(inner.replace(/^\n/, ""));
  for (const [, t, inner] of found[1].matchAll(/<select\b([^>]*)>([\s\S]*?)<\/select>/g)) {
    const options = [...inner.matchAll(/<option\b[^>]*>/g)].map(([x]) => x);
    const chosen = options.find((x) => /\sselected\b/.test(x)) || options[0];
    if (chosen) values[attribute(` ${t}`, "name")] = attribute(chosen, "value") ?? "";
  }
  return { action: attribute(tag, "action"), values, html: found[0] };
}

// Rows of a statement, as the cluster's superuser, each row an array of texts.
function sql(text, ...values) {
  const conf = fs.readFileSync(path.join(env.vardir, "foyer.conf"), "utf8");
  const conninfo = conf.match(/^database\s*=\s*(.*)$/m)[1].trim();
  const out = psql(`${conninfo} user=${process.env.FOYER_SUPERUSER || "postgres"}`, text, values);
  return out.replace(/\n$/, "").split("\x1e").filter((l) => l.length).map((l) => l.split("\x1f"));
}
const one = (text, ...values) => (sql(text, ...values)[0] || [])[0];

// A transaction of the superuser's that stays open until the function that it gives is called (again: nothing happens).
async function holding(statement) {
  const conninfo = fs.readFileSync(path.join(env.vardir, "foyer.conf"), "utf8").match(/^database\s*=\s*(.*)$/m)[1].trim();
  const args = ["psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-d", `${conninfo} user=${process.env.FOYER_SUPERUSER || "postgres"}`];
  const all = process.getuid() === 0 ? ["runuser", "-u", process.env.FOYER_OS_USER || "foyer", "--", ...args] : args;
  const child = spawn(all[0], all.slice(1), { cwd: "/", stdio: ["pipe", "pipe", "inherit"] });
  const over = new Promise((r) => child.on("close", r));
  let said = "";
  const held = new Promise((r) => child.stdout.on("data", (d) => { if ((said += d).includes("held")) r(); }));
  child.stdin.write(`BEGIN; ${statement}; SELECT 'held';\n`);
  await Promise.race([held, over]);
  if (!said.includes("held")) throw new Error(`the transaction does not begin: ${statement}`);
  return async () => { if (!child.stdin.writableEnded) child.stdin.end("ROLLBACK;\n"); await over; };
}
// Locks a table against everybody.
const lockTable = (name) => holding(`LOCK TABLE ${name}`);

// Demo accounts: what `foyer demo` wrote for people to log in with.
function logins() {
  return fs.readFileSync(path.join(env.vardir, "demo-logins.txt"), "utf8").split("\n")
    .filter((l) => l && !l.startsWith("#")).map((l) => {
      const [label, role, email, password, key] = l.split("\t");
      return { label, role, email, password, key };
    });
}
const staffOf = (label, role) => logins().find((l) => l.label === label && l.role === role);

// What an authenticator app shows for a key, now or some steps of half a minute away (RFC 6238).
function totp(key, steps = 0) {
  const bits = [...key.replace(/ /g, "")].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const secret = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigInt64BE(BigInt(Math.floor(Date.now() / 30000) + steps));
  const sum = crypto.createHmac("sha1", secret).update(counter).digest();
  const at = sum[19] & 15;
  return String((sum.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, "0");
}
// No code counts twice, and tests log in more often than every half a minute: what was used last is forgotten.
const freshCodes = (label, email) => sql(`UPDATE sec.totp k SET last_step = 0 FROM app.staff f
  WHERE f.tenant_id = k.tenant_id AND f.id = k.staff_id AND f.tenant_id = :'v1' AND f.email_norm = lower(:'v2')`, tenantId(label), email);
// The whole way in, with the second step where the account has an app; returns the last answer.
async function logIn(v, account, o = {}) {
  const first = await v.submit("/login", { email: account.email, password: account.password, ...o }, { action: "/login" });
  if (!first.location?.startsWith("/login/second")) return first;
  freshCodes(account.label, account.email);
  return v.submit(first.location, { code: totp(account.key) });
}

const sessions = new Map();
// A visitor logged in as the demo studio's person of a role; kept for the whole file.
async function staff(label, role, o = {}) {
  const key = `${label} ${role}`;
  if (!o.fresh && sessions.has(key)) return sessions.get(key);
  const account = staffOf(label, role);
  if (!account) throw new Error(`no demo login for ${role} at ${label}`);
  const v = new Visitor(label);
  const reply = await logIn(v, account);
  if (reply.status !== 303) throw new Error(`log-in of ${key} answered ${reply.status}`);
  if (!o.fresh) sessions.set(key, v);
  return v;
}

// A new client, entered on the page for it by who is logged in as v, though somebody alike may be there: her id.
async function addClient(v, values) {
  const r = await v.submit("/clients/new", { is_new: "true", ...values }, { action: "/clients/new" });
  if (r.status !== 303) throw new Error(`a client was not added: ${r.status} ${decode((r.text.match(/class="error"[^>]*>[^<]*/g) || []).join())}`);
  return r.location.match(/^\/clients\/([0-9a-f-]{36})$/)[1];
}

// Until good() is true (or a promise of it): what else the machine does may delay a job, so the bound is wide.
async function until(good, what, ms = 60000) {
  const end = Date.now() + ms;
  while (!(await good())) {
    if (Date.now() > end) throw new Error(`${what} (after ${ms / 1000} s)`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

function routes() {
  return JSON.parse(execFileSync(path.join(env.bin, "foyer"), ["routes", "--json"],
    { encoding: "utf8" }));
}
const uuid = () => crypto.randomUUID();
// Another loopback address each time: visitors do not all come from one.
const somewhere = () => `127.${crypto.randomInt(1, 255)}.${crypto.randomInt(1, 255)}.${crypto.randomInt(1, 255)}`;
const tenantId = (label) => one("SELECT id FROM app.tenant WHERE slug = :'v1'", label);

// Stops the stack's jobs, between two pieces of work: one that stops with the file of heads or a transaction in hand would keep whoever
// the test starts in its place waiting. Returns what lets them go on.
async function pauseJobs(pid = Number(fs.readFileSync(path.join(process.env.FOYER_RUN || path.join(env.vardir, "run"), "jobs.child"), "utf8"))) {
  for (let i = 0; i < 600; i++) {
    process.kill(pid, "SIGSTOP");
    while (!/^State:\tT/m.test(fs.readFileSync(`/proc/${pid}/status`, "utf8"))) await new Promise((r) => setTimeout(r, 5));
    const isLocking = fs.readFileSync("/proc/locks", "utf8").split("\n").some((l) => l.split(/\s+/)[4] === String(pid));
    if (!isLocking && one("SELECT count(*) FROM pg_stat_activity WHERE usename IN ('foyer_jobs', 'foyer_sealer') AND state <> 'idle'") === "0")
      return () => process.kill(pid, "SIGCONT");
    process.kill(pid, "SIGCONT");
    await new Promise((r) => setTimeout(r, 20));
  }
  throw new Error("the jobs never come to rest");
}

// The day that it is for a studio: in the zone of its first location. (As a superuser app.today() would look at everybody's.)
const today = (label) => one("SELECT (now() AT TIME ZONE l.zone)::date::text FROM app.location l WHERE l.tenant_id = :'v1' ORDER BY NOT l.is_active, l.position, l.name LIMIT 1", tenantId(label));

// Rows of the trail for one request.
function trail(requestId) {
  return sql(`SELECT action, outcome, coalesce(reason, ''), coalesce(actor_id::text, ''), coalesce(client_ids::text, '{}')
              FROM audit.event WHERE request_id = :'v1'::uuid`, requestId)
    .map(([action, outcome, reason, actor, clients]) =>
      ({ action, outcome, reason, actor, clients: clients.slice(1, -1).split(",").filter(Boolean) }));
}

module.exports = { env, host, origin, request, Visitor, formOf, decode, sql, one, holding, lockTable, logins, staff, addClient, until,
  staffOf, totp, freshCodes, logIn, routes, uuid, somewhere, tenantId, today, trail, pauseJobs, root };
