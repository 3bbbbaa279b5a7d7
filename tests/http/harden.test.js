// harden.test.js -- what holds when the code is wrong: compiler, kernel, secrets, nginx's limits.
// The stack under test may run the programs with sanitizers; what only plain programs show is shown
// by those of FOYER_BIN, started beside it with the same settings.
"use strict";
const { test, describe, before, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { execFileSync, spawnSync, spawn } = require("node:child_process");
const h = require("./harness");

const root = path.join(__dirname, "..", "..");
const run = (program, ...words) => execFileSync(program, words, { encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "ignore"] });
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
const rundir = process.env.FOYER_RUN || path.join(h.env.vardir, "run");
const child = (name) => Number(fs.readFileSync(path.join(rundir, `${name}.child`), "utf8"));
const childrenOf = (pid) => fs.readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(/\s+/).filter(Boolean).map(Number);
const status = (pid, what) => (fs.readFileSync(`/proc/${pid}/status`, "utf8").match(new RegExp(`^${what}:\\s+(\\S+)`, "m")) || [])[1];
const isRoot = process.getuid() === 0;
const user = process.env.FOYER_USER || "foyer";
const as = (words) => (isRoot ? ["setpriv", "--reuid", user, "--regid", user, "--init-groups", "--", ...words] : words);
const isPlain = !run("nm", "-D", `/proc/${child("staff")}/exe`).includes("__asan_init");

// The plain programs, where the user of the stack can reach them, and a pool of them.
const dir = path.join(h.env.vardir, `harden-${process.pid}`);
const plain = (name) => path.join(dir, name);
let pool;
before(async () => {
  fs.mkdirSync(dir, { mode: 0o755 });
  for (const name of ["foyer-web", "foyer-jobs"]) fs.copyFileSync(path.join(h.env.bin, name), plain(name));
  if (isRoot) execFileSync("chown", ["-R", `${user}:`, dir]);
  const words = as(["env", `FOYER_LISTEN_STAFF=unix:${dir}/s`, `FOYER_BOARDS=${dir}`, "FOYER_WORKERS_STAFF=2",
    plain("foyer-web"), "--config", path.join(h.env.vardir, "foyer.conf"), "--pool", "staff"]);
  pool = spawn(words[0], words.slice(1), { stdio: ["ignore", "ignore", fs.openSync(path.join(h.env.vardir, "log", "harden.log"), "a")] });
  for (let i = 0; i < 200 && childrenOf(pool.pid).filter((p) => status(p, "Seccomp") === "2").length < 2; i++) await sleep(50);
});
after(() => {
  if (pool) pool.kill("SIGTERM");
  fs.rmSync(dir, { recursive: true, force: true });
});

describe("H-05: how the programs are built", () => {
  const programs = ["foyer", "foyer-web", "foyer-jobs"].map((n) => path.join(h.env.bin, n));
  const module = path.join(h.env.bin, "..", "lib", "foyerctx.so");
  for (const file of [...programs, module])
    test(path.basename(file), () => {
      const header = run("readelf", "-hW", file), segments = run("readelf", "-lW", file);
      const dynamic = run("readelf", "-dW", file), imports = run("nm", "-D", "--undefined-only", file);
      assert.match(header, /Type:\s+DYN/, "position-independent");
      if (file !== module) assert.match(dynamic, /FLAGS_1.*PIE/);
      assert.match(dynamic, /BIND_NOW/);
      assert.match(segments, /GNU_RELRO/, "with BIND_NOW: full RELRO");
      assert.match(segments, /GNU_STACK\s+\S+ \S+ \S+ \S+ \S+ RW\s/, "no executable stack");
      assert.doesNotMatch(segments, /\bRWE\b/);
      assert.doesNotMatch(dynamic, /RPATH|RUNPATH|TEXTREL/);
      if (process.arch === "x64")
        assert.match(run("readelf", "-nW", file), /x86 feature: IBT, SHSTK/);
      if (file === module) return;
      assert.match(imports, /__stack_chk_fail/);
      assert.match(imports, /__\w+_chk\b/, "_FORTIFY_SOURCE");
      // Each compilation unit says how it was compiled.
      const units = run("readelf", "--debug-dump=info", file).split("\n").filter((l) => /DW_AT_producer.*GNU C/.test(l));
      assert.ok(units.length > 40, `${units.length} units`);
      for (const flag of ["-O2", "-fstack-protector-strong", "-fstack-clash-protection", "-ftrivial-auto-var-init=zero", "-fPIE",
        ...(process.arch === "x64" ? ["-fcf-protection=full"] : [])])
        for (const unit of units) assert.ok(unit.includes(flag), `${flag}: ${unit}`);
    });
  test("_FORTIFY_SOURCE is 3", () => assert.match(fs.readFileSync(path.join(root, "Makefile"), "utf8"), /-D_FORTIFY_SOURCE=3/));
  test("V-03: nothing can start another program; the master alone, itself (SIGHUP)", () => {
    const starts = /^(system|popen|posix_spawnp?|exec\w+|fexecve|vfork|fork|dlopen|wordexp)$/;
    const imports = (name) => run("nm", "-D", "--undefined-only", path.join(h.env.bin, name)).split("\n")
      .map((l) => (l.trim().split(/\s+/)[1] || "").split("@")[0]).filter((s) => starts.test(s)).sort();
    assert.deepEqual(imports("foyer-web"), ["execv", "fork"]); // reload.c; its workers
    assert.deepEqual(imports("foyer-jobs"), ["fork"]); // the self-test
    assert.deepEqual(imports("foyer"), []);
  });
});

describe("H-03: what a worker may ask of the kernel", () => {
  for (const [program, words] of [...["staff", "public", "slow", "status"].map((p) => ["foyer-web", ["--pool", p]]), ["foyer-jobs", []]])
    test(`${program} ${words.join(" ")}: --selftest-sandbox`, () => {
      const all = as([plain(program), "--config", path.join(h.env.vardir, "foyer.conf"), ...words, "--selftest-sandbox"]);
      const got = spawnSync(all[0], all.slice(1), { encoding: "utf8" });
      assert.equal(got.status, 0, got.stdout + got.stderr);
      for (const what of ["execute a shell", "trace the parent", "mount", "fork", "io_uring", "open a file outside"])
        assert.match(got.stdout, new RegExp(`^ok +${what}.*: (killed|refused|done)$`, "m"));
      assert.match(got.stdout, new RegExp(`socket to the network: ${program === "foyer-jobs" ? "done" : "killed"}`));
    });
  test("every worker of the running stack has its filter; masters, which start them, have none", () => {
    let seen = 0;
    for (const name of ["staff", "public", "slow", "status"]) {
      assert.equal(status(child(name), "Seccomp"), "0");
      for (const pid of childrenOf(child(name))) {
        if (fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("--check")) continue;
        assert.equal(status(pid, "Seccomp"), "2", `${name} ${pid}`);
        assert.equal(status(pid, "NoNewPrivs"), "1");
        seen++;
      }
    }
    assert.ok(seen >= 4);
    assert.equal(status(child("jobs"), "Seccomp"), "2");
  });
});

describe("no memory of a worker reaches a disk or a neighbour (H-11, S-31)", () => {
  const alive = () => [pool.pid, ...childrenOf(pool.pid)];
  test("no core files", () => {
    for (const pid of [...alive(), ...["staff", "public", "slow", "status", "jobs"].map(child)])
      assert.match(fs.readFileSync(`/proc/${pid}/limits`, "utf8"), /^Max core file size\s+0\s+0\s/m, String(pid));
  });
  test("not to be read or traced by others of the same user", () => {
    for (const pid of alive()) assert.equal(fs.statSync(`/proc/${pid}/mem`).uid, 0, "not dumpable: the kernel gives its files to root");
    if (!isRoot) return;
    const words = as(["cat", `/proc/${childrenOf(pool.pid)[0]}/environ`]);
    assert.notEqual(spawnSync(words[0], words.slice(1)).status, 0);
  });
  test("keys are locked in memory, in each worker", () => {
    for (const pid of alive()) assert.ok(Number(status(pid, "VmLck")) >= 40, `${pid}: ${status(pid, "VmLck")} kB`);
    for (const name of ["staff", "public", "slow"])
      for (const pid of childrenOf(child(name))) assert.ok(isPlain ? Number(status(pid, "VmLck")) >= 40 : true, String(pid));
  });
  test("secrets are wiped by OPENSSL_cleanse, which no compiler leaves out", () => {
    for (const name of ["foyer-web", "foyer-jobs", "foyer"])
      assert.match(run("nm", "-D", "--undefined-only", path.join(h.env.bin, name)), /OPENSSL_cleanse/);
    // and nobody wipes a key by memset
    const got = spawnSync("grep", ["-rnE", "memset\\([^;]*(key|secret|password|token|master)", path.join(root, "cgi-src"), "--include=*.c"],
      { encoding: "utf8" });
    assert.equal(got.stdout, "");
  });
});

describe("V-22: secrets are neither in the environment, nor in arguments, nor in the repository", () => {
  test("of no process of the stack", { skip: !isRoot && "reads /proc of another user" }, () => {
    const supervisor = Number(fs.readFileSync(path.join(rundir, "supervise.pid"), "utf8"));
    const all = [];
    const walk = (pid) => { all.push(pid); try { childrenOf(pid).forEach(walk); } catch { /* it has just ended */ } };
    walk(supervisor);
    assert.ok(all.length > 20, "the stack's processes");
    const master = fs.readFileSync(path.join(h.env.vardir, "master.key"));
    const secrets = [master, Buffer.from(master.toString("hex")), Buffer.from(master.toString("base64").slice(0, 40))];
    for (const file of ["sealer.key", "tls/key.pem"])
      secrets.push(Buffer.from(fs.readFileSync(path.join(h.env.vardir, file), "utf8").split("\n")[1]));
    for (const pid of all)
      for (const what of ["environ", "cmdline"]) {
        let bytes;
        try { bytes = fs.readFileSync(`/proc/${pid}/${what}`); } catch { continue; }
        for (const secret of secrets) assert.ok(!bytes.includes(secret), `a secret in ${what} of ${pid}`);
        assert.doesNotMatch(bytes.toString("latin1"), /(PASSWORD|SECRET|TOKEN|SMTP_URL)[A-Z_]*=./, `${what} of ${pid}`);
      }
  });
  test("nor in the history of the repository", { skip: !fs.existsSync(path.join(root, ".git")) && "no history here" }, () => {
    const got = spawnSync("git", ["-c", "safe.directory=*", "-C", root, "log", "-p", "--no-color", "--no-ext-diff", "HEAD"],
      { encoding: "latin1", maxBuffer: 1 << 30 });
    assert.equal(got.status, 0, got.stderr);
    const added = got.stdout.split("\n").filter((l) => l.startsWith("+"));
    assert.ok(added.length > 10000);
    const shapes = [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]/, /\bAKIA[0-9A-Z]{16}\b/, /\bsk_live_[0-9a-zA-Z]{10}/,
      /\bgh[pousr]_[A-Za-z0-9]{30}/, /\bxox[abprs]-[0-9A-Za-z-]{10}/, /\bSG\.[\w-]{20,}\.[\w-]{20,}/, /\bAC[0-9a-f]{32}\b/];
    for (const line of added) for (const shape of shapes) assert.doesNotMatch(line, shape);
    const names = run("git", "-c", "safe.directory=*", "-C", root, "log", "--format=", "--name-only", "HEAD").split("\n");
    assert.deepEqual([...new Set(names)].filter((n) => /\.(key|pem|p12|pfx)$|(^|\/)\.env$|id_(rsa|ed25519)$/.test(n)), []);
  });
});
