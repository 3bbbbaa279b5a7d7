// faulty.js -- a pool, or a program, whose calls fail when told to: fault.c stands before its libraries. Not a test.
//
//   const library = faulty.build(dir);                    {withMemory: false}: for programs with the sanitizers
//   const it = await faulty.pool({ run, vardir, h, library }, "public");
//   it.arm(faulty.KINDS.libpq, 3); await new it.Visitor("glow").get("/book"); it.state().fired; it.disarm(); it.stop();
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { execFileSync, spawn } = require("node:child_process");
const stack = require("./stack");
const fastcgi = require("./fastcgi");

const KINDS = { memory: 1, write: 2, read: 3, libpq: 4, statement: 5, file: 6 };

function build(dir, o = {}) {
  const library = path.join(dir, "fault.so");
  execFileSync("gcc", ["-shared", "-fPIC", "-O1", "-w", ...(o.withMemory === false ? ["-DWITHOUT_MEMORY"] : []), "-o", library,
    path.join(__dirname, "fault.c"), "-ldl"]);
  fs.chmodSync(library, 0o755);
  return library;
}

// The file through which a program is told which call is to fail, and tells how many there were.
function order(file) {
  fs.writeFileSync(file, Buffer.alloc(4096));
  fs.chmodSync(file, 0o666);
  const fd = fs.openSync(file, "r+");
  return {
    arm(kind, at) {
      const b = Buffer.alloc(32);
      b.writeBigUInt64LE(BigInt(at), 8);
      fs.writeSync(fd, b, 8, 24, 8);
      b.writeBigUInt64LE(BigInt(kind), 0);
      fs.writeSync(fd, b, 0, 8, 0); // the kind last: from here on it counts
    },
    state() {
      const b = Buffer.alloc(32);
      fs.readSync(fd, b, 0, 32, 0);
      return { count: Number(b.readBigUInt64LE(16)), fired: b.readBigUInt64LE(24) === 1n };
    },
    disarm: () => fs.writeSync(fd, Buffer.alloc(8), 0, 8, 0),
  };
}
// The words of the environment that put it before a program's libraries.
const before = (library, file) => ({ LD_PRELOAD: library, FAULT_FILE: file, ASAN_OPTIONS: "verify_asan_link_order=0:detect_leaks=0" });

// A pool with one worker.
async function pool({ run, vardir, h, library }, name) {
  const dir = path.join(run, `fault-${name}`), socket = path.join(dir, "sock");
  fs.rmSync(dir, { recursive: true, force: true });
  fs.mkdirSync(dir);
  const it = order(path.join(dir, "order"));
  if (stack.isRoot) execFileSync("chown", ["-R", stack.osUser, dir]);
  const words = stack.asOwner([path.join(vardir, "app", "bin", "foyer-web"), "--config", path.join(vardir, "foyer.conf"), "--pool", name]);
  const { LD_PRELOAD, ...env } = before(library, path.join(dir, "order"));
  const p = spawn("env", ["-C", "/", `LD_PRELOAD=${LD_PRELOAD}`, ...words], { stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: process.env.PATH, ...env, [`FOYER_LISTEN_${name.toUpperCase()}`]: `unix:${socket}`,
      [`FOYER_WORKERS_${name.toUpperCase()}`]: "1", FOYER_BOARDS: dir } });
  Object.assign(it, { p, socket, log: "" });
  p.stderr.on("data", (d) => { it.log += d; });
  const over = new Promise((r) => p.on("exit", r));
  it.stop = () => { p.kill("SIGTERM"); return over; };
  it.worker = () => {
    try {
      return Number(fs.readFileSync(`/proc/${p.pid}/task/${p.pid}/children`, "utf8").trim().split(/\s+/)[0]);
    } catch { return 0; }
  };
  // A browser that speaks to this pool.
  it.Visitor = class extends h.Visitor {
    ask(target, o) {
      return fastcgi.ask(socket, { host: h.host(this.label), target, cookie: this.cookieFor(target), id: h.uuid().replaceAll("-", ""), ...o });
    }
    async get(target, o) { return this.keep(await this.ask(target, { ...o })); }
    async post(target, values) {
      const body = new URLSearchParams(Object.entries(values).flatMap(([n, v]) => (Array.isArray(v) ? v.map((x) => [n, x]) : [[n, v]]))).toString();
      return this.keep(await this.ask(target, { method: "POST", body }));
    }
  };
  await stack.until(() => fs.existsSync(socket) && it.worker(), "the pool does not start");
  return it;
}
// The worker may just be starting again.
async function patient(send, good = (r) => r.status && r.status < 500) {
  let r;
  await stack.until(async () => good(r = await send()), () => `the pool does not serve any more: ${r?.status}`, 20000);
  return r;
}

module.exports = { KINDS, build, order, before, pool, patient };
