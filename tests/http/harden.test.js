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
  const words = as(["env", `FOYER_LISTEN_STAFF=unix:${dir}/s`, `FOYER_BOARDS=${dir}`, "FOYER_WORKERS_STAFF=1",
    plain("foyer-web"), "--config", path.join(h.env.vardir, "foyer.conf"), "--pool", "staff"]);
  pool = spawn(words[0], words.slice(1), { stdio: ["ignore", "ignore", fs.openSync(path.join(h.env.vardir, "log", "harden.log"), "a")] });
  for (let i = 0; i < 200 && childrenOf(pool.pid).filter((p) => status(p, "Seccomp") === "2").length < 1; i++) await sleep(50);
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
    assert.deepEqual(imports("foyer-web"), ["execv", "execve", "fork"]); // reload.c; foyer-decode, before a worker's sandbox; its workers
    assert.deepEqual(imports("foyer-decode"), ["fork"]); // a child for each picture
    assert.deepEqual(imports("foyer-jobs"), ["fork"]); // the self-test
    assert.deepEqual(imports("foyer"), []);
  });
});

describe("H-03 H-04: what a worker, and what reads files for it, may ask of the kernel", () => {
  for (const [program, words] of [...["staff", "public", "slow", "status"].map((p) => ["foyer-web", ["--pool", p]]), ["foyer-jobs", []]])
    test(`${program} ${words.join(" ")}: --selftest-sandbox`, () => {
      const all = as([plain(program), "--config", path.join(h.env.vardir, "foyer.conf"), ...words, "--selftest-sandbox"]);
      const got = spawnSync(all[0], all.slice(1), { encoding: "utf8" });
      assert.equal(got.status, 0, got.stdout + got.stderr);
      for (const what of ["execute a shell", "trace the parent", "mount", "fork", "io_uring", "open a file outside"])
        assert.match(got.stdout, new RegExp(`^ok +${what}.*: (killed|refused|done)$`, "m"));
      // By the list of calls, for Landlock forbids it on newer kernels alone.
      if (program === "foyer-web") assert.match(got.stdout, /^ok +open a file for reading and empty it: killed$/m);
      if (program === "foyer-web") {
        const child = Object.fromEntries([...got.stdout.matchAll(/^ok +decoder: (.*): (\w+)$/gm)].map((m) => m.slice(1)));
        for (const what of ["open a file", "socket", "fork", "thread", "execute a program"]) assert.equal(child[what], "killed", `H-04: a decoder's child: ${what}`);
        assert.equal(child["take 600 MB of memory"], "refused", "H-04");
        assert.equal(child["read, write and end"], "done", "H-04: after all of those a worker in its sandbox still has its decoder");
      }
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

describe("H-02: the units of a host (scripts/systemd)", () => {
  const from = path.join(root, "scripts", "systemd");
  const services = fs.readdirSync(from).filter((f) => f.endsWith(".service"));
  const sandbox = fs.readFileSync(path.join(from, "foyer-.service.d", "10-sandbox.conf"), "utf8");
  test("one sandbox for all, every line of it", () => {
    for (const line of ["NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes", "PrivateDevices=yes",
      "ProtectKernelTunables=yes", "ProtectKernelModules=yes", "ProtectKernelLogs=yes", "ProtectControlGroups=yes", "ProtectClock=yes",
      "ProtectHostname=yes", "ProtectProc=invisible", "ProcSubset=pid", "RestrictNamespaces=yes", "RestrictSUIDSGID=yes",
      "RestrictRealtime=yes", "LockPersonality=yes", "MemoryDenyWriteExecute=yes", "SystemCallArchitectures=native",
      "CapabilityBoundingSet=", "RestrictAddressFamilies=AF_UNIX", "IPAddressDeny=any", "UMask=0077", "LimitCORE=0",
      "SystemCallFilter=~@privileged @resources @mount"])
      assert.ok(sandbox.split("\n").includes(line), line);
    assert.match(sandbox, /^SystemCallFilter=@system-service /m);
    assert.ok(services.length >= 8);
    for (const f of services) {
      assert.match(f, /^foyer-/, "the drop-in reaches it by its name");
      const text = fs.readFileSync(path.join(from, f), "utf8");
      for (const key of ["User", "MemoryMax", "TasksMax"]) assert.match(text, new RegExp(`^${key}=`, "m"), `${f}: ${key}`);
      assert.doesNotMatch(text, /^User=root|^(NoNewPrivileges|ProtectSystem|PrivateTmp|CapabilityBoundingSet)=/m, f);
      // (a path below %d is a credential's)
      assert.doesNotMatch(text, /^Environment=.*(KEY|PASSWORD|SECRET|SMTP)[A-Z_]*=(?!%d\/)/m, "secrets are credentials");
    }
  });
  test("only nginx and the jobs reach the network, and the drill itself; only what has secrets gets them", () => {
    const open = fs.readdirSync(from).filter((d) => d.endsWith(".service.d") && d !== "foyer-.service.d")
      .filter((d) => fs.readdirSync(path.join(from, d)).some((f) => /AF_INET/.test(fs.readFileSync(path.join(from, d, f), "utf8"))));
    assert.deepEqual(open.sort(), ["foyer-drill.service.d", "foyer-jobs.service.d", "foyer-nginx.service.d"]);
    const drill = fs.readdirSync(path.join(from, "foyer-drill.service.d")).map((f) => fs.readFileSync(path.join(from, "foyer-drill.service.d", f), "utf8")).join("");
    assert.match(drill, /^IPAddressAllow=(localhost|127\.0\.0\.\S+)$/m, "the drill asks its own pages, on loopback");
    const secrets = (n) => [...fs.readFileSync(path.join(from, `foyer-${n}.service`), "utf8").matchAll(/^LoadCredential=([^:]+)/gm)].map((m) => m[1]);
    assert.deepEqual(secrets("staff"), ["master.key"]);
    assert.deepEqual(secrets("status"), []);
    assert.deepEqual(secrets("db"), []);
    assert.deepEqual(secrets("nginx"), ["cert.pem", "key.pem"]);
    assert.deepEqual(secrets("jobs"), ["master.key", "sealer.key", "smtp_url"]);
  });
  const canAnalyze = spawnSync("systemd-analyze", ["--version"]).status === 0;
  for (const service of services)
    test(`${service}: exposure at most 2.0`, { skip: !canAnalyze && "systemd-analyze is not installed" }, () => {
      const fake = fs.mkdtempSync(path.join(require("node:os").tmpdir(), "foyer-units-"));
      try {
        const to = path.join(fake, "usr/lib/systemd/system");
        fs.cpSync(from, to, { recursive: true });
        fs.mkdirSync(path.join(fake, "etc"));
        const said = run("systemd-analyze", "security", "--offline=true", `--root=${fake}`, "--no-pager", service);
        const level = Number(said.match(/Overall exposure level for \S+: ([0-9.]+)/)[1]);
        assert.ok(level <= 2.0, `${service}: ${level}`);
      } finally {
        fs.rmSync(fake, { recursive: true });
      }
    });
});

describe("H-10: nginx's limits", () => {
  const made = (name) => fs.readFileSync(path.join(h.env.vardir, "nginx", `${name}.conf`), "utf8");
  test("as generated", () => {
    const conf = made("foyer");
    for (const line of [/client_header_timeout\s+10s;/, /client_body_timeout\s+10s;/, /send_timeout\s+10s;/, /client_max_body_size\s+1m;/,
      /large_client_header_buffers 4 8k;/, /server_tokens off;/, /limit_conn_zone \$binary_remote_addr zone=pages:/,
      /limit_req_zone\s+\$binary_remote_addr zone=requests:/, /listen \S+ ssl http2 default_server;\s+server_name _;\s+access_log off;\s+return 444;/])
      assert.match(conf, line);
    for (const pool of ["staff", "public", "slow"]) {
      assert.match(made(`fastcgi_${pool}`), /^limit_conn pages \d+;$/m);
      assert.match(made(`fastcgi_${pool}`), /^limit_req zone=requests /m);
      assert.match(made(`fastcgi_${pool}`), /^limit_req zone=studio burst=\d+ nodelay;$/m, "D-26: one studio's visitors together");
    }
    assert.match(fs.readFileSync(path.join(root, "scripts/configuration.sh"), "utf8"), /PAGES "\$\{FOYER_CONNECTIONS:-20\}"/, "twenty, unless told otherwise");
    assert.doesNotMatch(conf.replace(/client_max_body_size\s+1m;/, ""), /client_max_body_size/, "one limit for all");
  });
  test("H-09 what a worker is told is an explicit list; no header by its own name, nothing that changes while it is read", () => {
    const conf = made("fastcgi_common");
    assert.match(conf, /^fastcgi_pass_request_headers off;$/m);
    assert.doesNotMatch(conf, /include\s+fastcgi_params|tcpinfo|\$http_(proxy|x_forwarded|x_accel)/);
    const sources = run("cat", ...fs.readdirSync(path.join(root, "cgi-src/core")).filter((f) => f.endsWith(".c")).map((f) => path.join(root, "cgi-src/core", f)));
    assert.doesNotMatch(sources, /fcgi_stdio|extern char \*\*environ|FCGI_Accept\b/);
    assert.match(sources, /FCGX_Accept_r/);
  });
  test("no version is told", async () => {
    for (const target of ["/", "/no-such-page", "/static/none"]) {
      const reply = await h.request("", target);
      assert.doesNotMatch(reply.headers.server || "", /\d/);
      assert.doesNotMatch(reply.text, /nginx\/\d/);
    }
  });
  const silent = (bytes) => new Promise((resolve) => {
    const tls = require("node:tls").connect({ host: "127.0.0.1", port: h.env.port, servername: h.host("glow"), rejectUnauthorized: false });
    const began = Date.now();
    tls.on("secureConnect", () => tls.write(bytes));
    tls.on("data", () => {});
    tls.on("error", () => {});
    tls.on("close", () => resolve((Date.now() - began) / 1000));
  });
  test("who does not finish a header or a body is hung up on", async () => {
    const waits = await Promise.all([silent("GET /login HTTP/1.1\r\nHost: "),
      silent(`POST /login HTTP/1.1\r\nHost: ${h.host("glow")}\r\nContent-Length: 10\r\n\r\na`)]);
    for (const s of waits) assert.ok(s < 60, `after ${s} s`); // it says 10; nobody is timed here, only ended
  });
});

// One request to a pool of our own, without nginx. FastCGI 1.0: begin, parameters, end of both; then what comes back.
function ask(socket, host, target, cookie, body) {
  const record = (type, body) => {
    const head = Buffer.from([1, type, 0, 1, body.length >> 8, body.length & 255, 0, 0]);
    return Buffer.concat([head, body]);
  };
  const long = (n) => (n < 128 ? Buffer.from([n]) : Buffer.from([(n >> 24) | 128, (n >> 16) & 255, (n >> 8) & 255, n & 255]));
  const form = body && { CONTENT_TYPE: "application/x-www-form-urlencoded", CONTENT_LENGTH: String(body.length), HTTP_ORIGIN: `https://${host}:${h.env.port}`, HTTP_SEC_FETCH_SITE: "same-origin" };
  const input = [];
  for (let at = 0; body && at < body.length; at += 32768) input.push(record(5, Buffer.from(body.slice(at, at + 32768))));
  const pairs = { ...form, REQUEST_METHOD: body ? "POST" : "GET", REQUEST_URI: target, HTTP_HOST: host, HTTP_COOKIE: cookie, REMOTE_ADDR: "127.0.0.1", HTTPS: "on",
    REQUEST_ID: require("node:crypto").randomBytes(16).toString("hex"), HTTP_USER_AGENT: "harden.test.js" };
  const params = Buffer.concat(Object.entries(pairs).flatMap(([k, v]) => {
    const value = Buffer.from(v || "");
    return [long(k.length), long(value.length), Buffer.from(k), value];
  }));
  return new Promise((resolve, reject) => {
    const parts = [];
    const c = require("node:net").connect(socket);
    c.on("error", reject);
    c.on("data", (d) => parts.push(d));
    c.on("close", () => {
      const all = Buffer.concat(parts), out = [];
      for (let at = 0; at + 8 <= all.length;) {
        const n = all.readUInt16BE(at + 4);
        if (all[at + 1] === 6) out.push(all.subarray(at + 8, at + 8 + n));
        at += 8 + n + all[at + 6];
      }
      const text = Buffer.concat(out).toString("utf8");
      resolve({ status: Number((text.match(/^Status: (\d+)/) || [])[1]), text });
    });
    c.write(Buffer.concat([record(1, Buffer.from([0, 1, 0, 0, 0, 0, 0, 0])), record(4, params), record(4, Buffer.alloc(0)), ...input, record(5, Buffer.alloc(0))]));
  });
}

describe("D-04 H-09: one worker, two studios by turns", () => {
  const cookieOf = async (slug) => (await h.staff(slug, "owner")).cookieFor("/clients");
  test("no byte of one in the pages of the other", { timeout: 280000 }, async () => {
    const turns = Number(process.env.FOYER_TURNS || 1000); // scripts/test --all: 10,000
    const slugs = ["glow", "first-light"], cookie = {}, names = {}, shown = { glow: 0, "first-light": 0 };
    for (const slug of slugs) {
      cookie[slug] = await cookieOf(slug);
      names[slug] = new Set(h.sql("SELECT c.name FROM app.client c JOIN app.tenant t ON t.id = c.tenant_id WHERE t.slug = :'v1'", slug).map((r) => r[0]));
      assert.ok(names[slug].size > 20, slug);
    }
    const only = { glow: [...names.glow].filter((n) => !names["first-light"].has(n)), "first-light": [...names["first-light"]].filter((n) => !names.glow.has(n)) };
    const worker = childrenOf(pool.pid);
    assert.equal(worker.length, 1);
    for (let i = 0; i < turns; i++) {
      const slug = slugs[i % 2], other = slugs[1 - (i % 2)];
      const reply = await ask(`${dir}/s`, h.host(slug), i % 4 < 2 ? "/clients?q=a" : "/clients?q=m", cookie[slug]);
      assert.equal(reply.status, 200, `turn ${i}`);
      for (const name of only[other]) assert.ok(!reply.text.includes(name), `${name} of ${other} in ${slug}`);
      if (only[slug].some((n) => reply.text.includes(n))) shown[slug]++;
    }
    for (const slug of slugs) assert.ok(shown[slug] >= turns / 4, `${slug} was shown ${shown[slug]} times`);
    assert.deepEqual(childrenOf(pool.pid), worker, "it was the same worker all the time");
  });
  // A pool of one worker with a setting of its own.
  async function one(name, setting) {
    const words = as(["env", `FOYER_LISTEN_STAFF=unix:${dir}/${name}`, `FOYER_BOARDS=${dir}`, "FOYER_WORKERS_STAFF=1", setting,
      plain("foyer-web"), "--config", path.join(h.env.vardir, "foyer.conf"), "--pool", "staff"]);
    const started = spawn(words[0], words.slice(1), { stdio: "ignore" });
    for (let i = 0; i < 200 && !fs.existsSync(`${dir}/${name}`); i++) await sleep(50);
    return started;
  }
  test("H-09 a worker is renewed when it has grown by more than max_growth_mb, and not before", async () => {
    const body = `name=${"a".repeat(1048000)}`; // is read whole, then refused: a worker keeps its buffer for that
    const cookie = await cookieOf("glow");
    const workersFor = async (name, setting) => {
      const pool = await one(name, setting), seen = new Set();
      try {
        for (let i = 0; i < 105; i++) {
          // small first; then what fills the buffer for a body, the memory of a request, the statements
          const large = i > 0 && i % 10 === 0;
          assert.ok((await ask(`${dir}/${name}`, h.host("glow"), large ? "/clients/new" : i ? "/clients?q=a" : "/brand.css", cookie, large && body)).status > 0);
          if (i < 90 || i > 101) childrenOf(pool.pid).forEach((p) => seen.add(p));
        }
        await sleep(50);
        childrenOf(pool.pid).forEach((p) => seen.add(p));
        return seen.size;
      } finally {
        pool.kill("SIGTERM");
      }
    };
    assert.equal(await workersFor("grown", "FOYER_MAX_GROWTH_MB=0"), 2, "looked at after a hundred requests");
    assert.equal(await workersFor("ungrown", "FOYER_MAX_GROWTH_MB=100"), 1);
  });
  test("H-09 a worker is renewed after max_requests", async () => {
    const few = await one("few", "FOYER_MAX_REQUESTS=5");
    try {
      const seen = new Set();
      for (let i = 0; i < 12; i++) {
        assert.equal((await ask(`${dir}/few`, h.host("glow"), "/brand.css", "")).status > 0, true);
        await sleep(20);
        childrenOf(few.pid).forEach((p) => seen.add(p));
      }
      assert.ok(seen.size >= 3, `${seen.size} workers for 12 requests`);
    } finally {
      few.kill("SIGTERM");
    }
  });
});
