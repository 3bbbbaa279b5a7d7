// stack.js -- a Foyer of one slow test's own, which it may crash, starve and corrupt. Built on scripts/run.
//
//   const stack = require("./stack");
//   const s = stack.start("faults", { conf: "smtp_url = ...", env: { FOYER_MAX_CONNECTIONS: "40" } });
//   s.h                  tests/http/harness.js, talking to this Foyer
//   s.child("public")    process id of what scripts/supervise started: postgresql staff public slow status jobs nginx
//   s.kids(pid)          its children; s.workers("public"), s.backends()
//   s.small("pg", 400), s.fill("pg")   a directory on a small disk of its own, and that disk full
//   s.stop()             ends it; also done when the test's process ends
//
// Whether its programs have the sanitizers is scripts/test's decision (FOYER_TEST_PLAIN=1: they have not). Not a test.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const crypto = require("node:crypto");
const { spawn, spawnSync } = require("node:child_process");

const root = path.join(__dirname, "..", "..");
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
const lives = (pid) => { try { return process.kill(pid, 0); } catch (e) { return e.code === "EPERM"; } };
const osUser = process.env.FOYER_USER || "foyer";
const isRoot = process.getuid() === 0;

// A port from first on that nobody listens at.
function freePort(first) {
  const taken = new Set(["tcp", "tcp6"].flatMap((f) => {
    try {
      return fs.readFileSync(`/proc/net/${f}`, "utf8").split("\n").slice(1).map((l) => l.trim().split(/\s+/))
        .filter((w) => w[3] === "0A").map((w) => parseInt(w[1].split(":")[1], 16));
    } catch { return []; }
  }));
  while (taken.has(first)) first++;
  return first;
}

function mountsBelow(dir) {
  let real;
  try { real = fs.realpathSync(dir); } catch { return []; }
  return fs.readFileSync("/proc/mounts", "utf8").split("\n").map((l) => l.split(" ")[1] || "").filter((at) => at.startsWith(`${real}/`)).reverse();
}

// Words before a command that make it run as the user who owns the Foyer.
const asOwner = (words) => (isRoot ? ["setpriv", "--reuid", osUser, "--regid", osUser, "--init-groups", "--", ...words] : words);

function start(name, o = {}) {
  const parent = path.join(process.env.FOYER_TEST_VAR || path.join(root, "var-test"), "slow");
  const vardir = path.join(parent, name);
  fs.mkdirSync(parent, { recursive: true });
  const env = {};
  // Two checkouts that test at once must not choose the same one between looking and listening.
  const first = Number(process.env.FOYER_TEST_SLOW_PORT) || 20000 + crypto.createHash("sha256").update(vardir).digest().readUInt16BE(0) % 10000;
  for (const key of Object.keys(process.env))
    if (!/^(FOYER_|PG)|^APP$/.test(key) || key === "FOYER_USER" || key === "FOYER_SANITIZED") env[key] = process.env[key];
  Object.assign(env, {
    FOYER_VAR: vardir, FOYER_PORT: String(freePort(first)), FOYER_HTTP_PORT: "0", FOYER_INNER_PORT: String(freePort(first + 137)),
    FOYER_RATE: "10000", FOYER_BURST: "20000", FOYER_POST_RATE: "10000", FOYER_POST_BURST: "20000", FOYER_CONNECTIONS: "5000",
    FOYER_STUDIO_RATE: "10000", FOYER_STUDIO_BURST: "20000", FOYER_STUDIO_SHARE: "100",
    FOYER_MIN_FREE_MB: "200",
    FOYER_DB_USERS: isRoot ? "root" : "", ...o.env,
  });
  const script = (...words) => spawnSync(path.join(root, "scripts", "run"), words, { env, encoding: "utf8", timeout: 300000 });
  script("--stop");
  for (const at of mountsBelow(vardir)) spawnSync("umount", ["-l", at]);
  // the database of the last run is not kept: tests break it
  if (fs.existsSync(path.join(vardir, ".foyer"))) {
    const real = fs.realpathSync(vardir);
    for (const entry of fs.readdirSync(real))
      if (entry !== ".foyer" && entry !== "run") fs.rmSync(path.join(real, entry), { recursive: true, force: true });
  }
  const stop = () => script("--stop");
  // Puts a directory of this Foyer, which is stopped, on a small disk of its own. false: this machine does not allow it.
  const small = (dir, megabytes) => {
    const at = path.join(fs.realpathSync(vardir), dir), was = `${at}.was`;
    if (!isRoot) return false;
    fs.mkdirSync(at, { recursive: true });
    const { uid, gid, mode } = fs.statSync(at);
    fs.renameSync(at, was);
    fs.mkdirSync(at);
    const options = `size=${megabytes}m,uid=${uid},gid=${gid},mode=${(mode & 0o777).toString(8)}`;
    if (spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", at]).status !== 0) {
      fs.rmdirSync(at);
      fs.renameSync(was, at);
      return false;
    }
    spawnSync("cp", ["-a", `${was}/.`, at]);
    fs.rmSync(was, { recursive: true });
    return true;
  };
  // Fills that disk to the last byte; the answer makes room again.
  const fill = (dir) => {
    const balloon = path.join(vardir, dir, ".balloon"), fd = fs.openSync(balloon, "w");
    for (let size = 1 << 20; size >= 1; size = size === 1 ? 0 : size >> 4) {
      const block = Buffer.alloc(size, 1);
      try { for (;;) fs.writeSync(fd, block); } catch (e) { if (e.code !== "ENOSPC") throw e; }
    }
    fs.closeSync(fd);
    return () => fs.rmSync(balloon, { force: true });
  };
  // Starts what is installed and configured; throws with what it said.
  const up = () => {
    const r = script("--background");
    if (r.status !== 0) throw new Error(`scripts/run: ${r.stdout}${r.stderr}`);
  };
  process.on("exit", () => {
    stop();
    for (const at of mountsBelow(vardir)) spawnSync("umount", [at]);
  });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(130));
  if (o.conf || o.before) {
    fs.mkdirSync(vardir, { recursive: true });
    fs.writeFileSync(path.join(vardir, ".foyer"), "");
    if (o.conf) fs.writeFileSync(path.join(vardir, "local.conf"), o.conf);
    if (o.before) o.before(vardir);
  }
  up();
  Object.assign(process.env, { FOYER_VAR: vardir, FOYER_PORT: env.FOYER_PORT, FOYER_BIN: path.join(vardir, "app", "bin") });
  if (isRoot) process.env.FOYER_OS_USER = osUser;

  const conf = () => fs.readFileSync(path.join(vardir, "foyer.conf"), "utf8");
  const run = conf().match(/^boards = (.*)$/m)[1];
  const child = (which) => Number(fs.readFileSync(path.join(run, `${which}.child`), "utf8"));
  const kids = (pid) => {
    try {
      return fs.readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(/\s+/).filter(Boolean).map(Number);
    } catch { return []; }
  };
  const h = require("../http/harness");
  // A program of the installed copy, as the user who runs it. Returns {status, stdout, stderr}.
  const program = (words, more = {}) => {
    const all = asOwner([path.join(vardir, "app", "bin", words[0]), ...words.slice(1)]);
    return spawnSync(all[0], all.slice(1), { cwd: "/", encoding: "utf8", timeout: 120000,
      env: { PATH: process.env.PATH, FOYER_CONFIG: path.join(vardir, "foyer.conf"), ASAN_OPTIONS: process.env.ASAN_OPTIONS || "", ...more } });
  };
  // Only its PostgreSQL, while the rest is stopped. Returns {answers(), stop()}.
  const postgres = () => {
    const words = asOwner(["/usr/lib/postgresql/15/bin/postgres", "-D", path.join(vardir, "pg")]);
    const server = spawn(words[0], words.slice(1), { cwd: "/", stdio: "ignore" });
    const over = new Promise((r) => server.on("exit", r));
    return {
      answers: () => { try { return h.one("SELECT 1") === "1"; } catch { return false; } },
      stop: () => { server.kill("SIGINT"); return over; },
    };
  };
  return {
    env: Object.fromEntries(Object.entries(env).filter(([n]) => n.startsWith("FOYER_"))), small, fill, postgres, h, vardir, run, port: Number(env.FOYER_PORT), inner: Number(env.FOYER_INNER_PORT), stop, up, child, kids, program, conf,
    workers: (pool) => kids(child(pool)),
    isUp: () => script("--status").status === 0,
    log: (which) => { try { return fs.readFileSync(path.join(vardir, "log", `${which}.log`), "utf8"); } catch { return ""; } },
  };
}

// Asks until it is so; what: for the failure. Returns the last answer.
async function until(good, what, ms = 30000) {
  const end = Date.now() + ms;
  for (;;) {
    const answer = await good();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await sleep(50);
  }
}

// Numbers that look random and come again with the same seed. FOYER_TEST_SEED chooses another.
function dice(seed = Number(process.env.FOYER_TEST_SEED) || 20261121) {
  let x = seed >>> 0;
  const next = () => { // mulberry32
    x = (x + 0x6d2b79f5) >>> 0;
    let t = x;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return { seed, next, below: (n) => Math.floor(next() * n), of: (list) => list[Math.floor(next() * list.length)] };
}

module.exports = { start, sleep, lives, until, dice, asOwner, isRoot, osUser, root };
