// servers.js -- nginx as the product configures it, in front of somebody else; PHP-FPM; the null responder. All end with us.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { spawn } = require("node:child_process");

const started = [];

// As the user whom the product runs as: the database knows him, and nothing here needs more.
function asUser(command, args) {
  return process.getuid() === 0
    ? ["setpriv", ["--reuid", process.env.FOYER_OS_USER || "foyer", "--regid", process.env.FOYER_OS_USER || "foyer", "--init-groups",
      "--inh-caps=-all", "--no-new-privs", "--", command, ...args]]
    : [command, args];
}
function start(log, command, args) {
  const out = fs.openSync(log, "w");
  const child = spawn("setpriv", ["--pdeathsig", "TERM", "--", ...asUser(command, args).flat()], { stdio: ["ignore", out, out], cwd: "/" });
  child.on("exit", (code) => { child.ended = code ?? 1; });
  started.push(child);
  return child;
}
async function until(child, log, ready) {
  for (let i = 0; i < 100; i++) {
    if (child.ended !== undefined) throw new Error(`${log}: ${fs.readFileSync(log, "utf8").trim().slice(-400)}`);
    if (await ready()) return child.pid;
    await new Promise((r) => setTimeout(r, 100));
  }
  throw new Error(`${log}: no answer within 10 s`);
}

// o: {from (the product's nginx directory), folder, run (its directory of sockets), port, oldPort, name,
//     socket: who answers the staff's pages, or statics: a folder of pages, script: SCRIPT_FILENAME}
async function nginx(o) {
  const own = path.join(o.folder, `nginx-${o.name}`);
  fs.mkdirSync(own, { recursive: true });
  if (process.getuid() === 0) fs.chownSync(own, ...ids());
  for (const file of fs.readdirSync(o.from).filter((f) => f.endsWith(".conf"))) {
    let text = fs.readFileSync(path.join(o.from, file), "utf8")
      .replaceAll(`:${o.oldPort} ssl`, `:${o.port} ssl`)
      .replace(/^pid .*$/m, `pid "${own}/nginx.pid";`)
      .replace(/^(error_log) "[^"]*"/m, `$1 "${own}/error.log"`)
      .replace(/^(\s*access_log) "[^"]*"/m, `$1 "${own}/access.log"`)
      .replace(/(_temp_path\s+)"[^"]*\/([a-z]+)"/g, `$1"${own}/$2"`);
    if (o.socket) text = text.replace(/upstream staff\s+\{[^}]*\}/, `upstream staff { server "unix:${o.socket}" max_fails=0; }`);
    if (o.statics)
      text = text.replace(/^(\s*)include routes\.conf;/m,
        `$1location ~ ^/day/ { root "${o.statics}"; default_type text/html; try_files $uri/$arg_location.html =404; }\n$&`);
    if (o.script && file === "fastcgi_common.conf") text += `\nfastcgi_param SCRIPT_FILENAME ${o.script};\n`;
    fs.writeFileSync(path.join(own, file), text);
  }
  const log = path.join(own, "log");
  const child = start(log, "nginx", ["-e", path.join(own, "error.log"), "-c", path.join(own, "foyer.conf")]);
  return until(child, log, () => fs.existsSync(path.join(own, "nginx.pid")));
}

function ids() {
  const line = fs.readFileSync("/etc/passwd", "utf8").split("\n").find((l) => l.startsWith(`${process.env.FOYER_OS_USER || "foyer"}:`));
  return line.split(":").slice(2, 4).map(Number);
}

const bound = (socket) => () => fs.existsSync(socket);

async function php(o) {
  const binary = fs.readdirSync("/usr/sbin").filter((f) => /^php-fpm[\d.]+$/.test(f)).sort().pop();
  if (!binary) throw new Error("php-fpm is missing");
  const socket = path.join(o.run, "php.sock"), conf = path.join(o.folder, "php-fpm.conf");
  fs.rmSync(socket, { force: true });
  fs.writeFileSync(conf, `[global]
error_log = ${o.folder}/php-fpm.error.log
daemonize = no
[peer]
listen = ${socket}
listen.backlog = 1024
pm = static
pm.max_children = ${o.workers}
php_admin_value[opcache.validate_timestamps] = 0
php_admin_value[memory_limit] = 64M
php_admin_flag[display_errors] = off
php_admin_flag[log_errors] = on
catch_workers_output = yes
`);
  const log = path.join(o.folder, "php-fpm.log");
  const child = start(log, `/usr/sbin/${binary}`, ["-F", "-O", "-y", conf]);
  return { pid: await until(child, log, bound(socket)), socket, version: binary.replace("php-fpm", "") };
}

async function nobody(o) {
  const socket = path.join(o.run, "null.sock"), log = path.join(o.folder, "null.log");
  fs.rmSync(socket, { force: true });
  const child = start(log, o.program, [socket, String(o.workers), o.file]);
  return { pid: await until(child, log, bound(socket)), socket };
}

function stopAll() {
  for (const child of started.reverse()) if (child.ended === undefined) child.kill("SIGTERM");
}

module.exports = { asUser, ids, nginx, php, nobody, stopAll };
