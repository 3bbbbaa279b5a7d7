// nginx.test.js -- what nginx promises by itself: headers of every answer, methods, hosts, TLS, limits,
// static files, and the page people see when no pool answers.
"use strict";
const { test, describe, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { spawn, execFileSync } = require("node:child_process");
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");
const tls = require("node:tls");
const net = require("node:net");
const h = require("./harness");

const always = {
  "strict-transport-security": /max-age=(\d{8,}); includeSubDomains/,
  "content-security-policy": /^default-src 'none'; .*frame-ancestors 'none'/,
  "x-content-type-options": /^nosniff$/,
  "x-frame-options": /^DENY$/,
  "referrer-policy": /^(same-origin|strict-origin|no-referrer)$/,
  "cross-origin-opener-policy": /^same-origin$/,
  "cross-origin-resource-policy": /^same-origin$/,
  "permissions-policy": /camera=\(\)/,
  "cache-control": /./,
};
function hasHeaders(reply, what) {
  for (const [name, pattern] of Object.entries(always))
    assert.match(String(reply.headers[name]), pattern, `${name} of ${what}`);
  assert.equal(reply.headers.server, "nginx", `no version in Server of ${what}`);
  assert.equal(reply.headers["x-powered-by"], undefined);
}
// Bytes as they are, for what an HTTP library would not send. Resolves with the first line.
function raw(text, o = {}) {
  return new Promise((resolve) => {
    const socket = tls.connect({ host: "127.0.0.1", port: o.port || h.env.port, rejectUnauthorized: false,
      servername: h.host("glow"), ...o.tls }, () => socket.write(text));
    let all = "";
    const done = (why) => { socket.destroy(); resolve(all.split("\r\n")[0] || why || "closed"); };
    socket.on("data", (d) => { all += d; if (all.includes("\r\n\r\n")) done(); });
    socket.on("error", (e) => done(e.code));
    socket.on("close", () => done());
    socket.setTimeout(15000, () => done("timeout"));
  });
}
const H = `Host: ${h.host("glow")}\r\n`;
const css = () => fs.readdirSync(path.join(h.env.vardir, "app", "www", "static"))
  .find((f) => f.startsWith("base.") && f.endsWith(".css"));

describe("headers of every answer (V-08, S-13, B27, L08)", () => {
  const cases = [
    ["glow", "/login", {}, 200], ["glow", "/no-such-page", {}, 404], ["", "/", {}, 200],
    ["", "/no-such-page", {}, 404], ["", "/_error/503.html", {}, 404],
    ["glow", "/static/none.css", {}, 404], ["glow", "/login", { method: "DELETE" }, 405],
    ["glow", "/a%00b", {}, 400], ["no-such-studio", "/login", {}, 404],
    ["glow", "/login", { method: "POST", body: "x".repeat(1100000) }, 413],
    ["glow", "/" + "a".repeat(9000), {}, 414],
    ["glow", "/login", { headers: { "X-Long": "a".repeat(9000) } }, 431],
  ];
  for (const [label, target, o, status] of cases)
    test(`${status} ${o.method || "GET"} ${label || "apex"}${target.slice(0, 30)}`, async () => {
      const reply = await h.request(label, target, o);
      assert.equal(reply.status, status);
      hasHeaders(reply, target);
      if (status >= 400) assert.equal(reply.headers["cache-control"], "no-store");
      if (status === 405) assert.ok(reply.headers.allow);
      // S-16: nothing on a studio's host is for a search engine, pages of errors, of links and booking pages included
      if (label === "glow") assert.equal(reply.headers["x-robots-tag"], "noindex, nofollow");
      if (label === "") assert.equal(reply.headers["x-robots-tag"], undefined, "the public site may be found");
    });
  test("static file", async () => hasHeaders(await h.request("glow", `/static/${css()}`), "static"));
  test("the policy allows nothing inline and nobody else", async () => {
    const csp = (await h.request("glow", "/login")).headers["content-security-policy"];
    assert.doesNotMatch(csp, /unsafe|https?:|\*|data:/);
    for (const rule of ["script-src 'self'", "style-src 'self'", "connect-src 'self'",
      "form-action 'self'", "base-uri 'none'", "require-trusted-types-for 'script'"])
      assert.ok(csp.split("; ").includes(rule), rule);
  });
  test("a path with a token never travels in a referrer, yet forms on it keep their origin (S-16)",
    async () => {
      const reply = await h.request("glow", "/l/" + "A".repeat(43));
      assert.equal(reply.headers["referrer-policy"], "strict-origin");
    });
});

describe("static files", () => {
  test("fingerprinted, kept for a year, compressed beforehand", async () => {
    const reply = await h.request("glow", `/static/${css()}`, { headers: { "Accept-Encoding": "gzip" } });
    assert.equal(reply.headers["cache-control"], "public, max-age=31536000, immutable");
    assert.equal(reply.headers["content-encoding"], "gzip");
    assert.equal(Number(reply.headers["content-length"]), reply.bytes.length);
    assert.match(css(), /^base\.[0-9a-f]{8}\.css$/);
  });
  test("nothing above the folder is reached (T18)", async () => {
    for (const p of ["/static/../../foyer.conf", "/static/%2e%2e/%2e%2e/foyer.conf",
      "/static/..%2f..%2f..%2fmaster.key", "/static/./../site/home.html", "/static//etc/passwd"]) {
      const line = await raw(`GET ${p} HTTP/1.1\r\n${H}Connection: close\r\n\r\n`);
      assert.match(line, / (303|400|404)\b/, p); // 303: to the log-in page
    }
  });
  test("the website sets no cookie and names no other origin (B21, B27, L35)", async () => {
    for (const file of fs.readdirSync(path.join(h.env.vardir, "app", "site")))
      if (file.endsWith(".html")) {
        const reply = await h.request("", file === "home.html" ? "/" : `/${file.slice(0, -5)}`);
        assert.equal(reply.status, 200, file);
        assert.deepEqual(reply.cookies, [], file);
        assert.doesNotMatch(reply.text, /<(script|img|link|iframe)[^>]*(src|href)="(https?:)?\/\//, file);
      }
  });
});

describe("methods (V-10)", () => {
  for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
    test(`${method} is refused`, async () => {
      for (const target of ["/login", "/static/x.css", "/"])
        assert.match(await raw(`${method} ${target} HTTP/1.1\r\n${H}Connection: close\r\n\r\n`), / 405 /);
    });
});

describe("malformed requests (V-11, T17, T19)", () => {
  const bad = {
    "length and chunked": `POST /login HTTP/1.1\r\n${H}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    "two lengths": `POST /login HTTP/1.1\r\n${H}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`,
    "folded header": `GET /login HTTP/1.1\r\n${H}X-A: b\r\n folded\r\n\r\n`,
    "blank in a header's name": `GET /login HTTP/1.1\r\n${H}Bad Name: x\r\n\r\n`,
    "two hosts": `GET /login HTTP/1.1\r\n${H}${H}\r\n`,
    "no host": "GET /login HTTP/1.1\r\n\r\n",
    "control character in the path": `GET /a\x01b HTTP/1.1\r\n${H}\r\n`,
  };
  for (const [what, bytes] of Object.entries(bad))
    test(what, async () => assert.match(await raw(bytes), / 400 /));
  test("ten thousand headers", async () => {
    const many = Array.from({ length: 10000 }, (_, i) => `X-${i}: ${"a".repeat(40)}\r\n`).join("");
    assert.match(await raw(`GET /login HTTP/1.1\r\n${H}${many}\r\n`), / 4\d\d |closed|ECONNRESET|EPIPE/);
  });
});

describe("hosts (L01, H-10)", () => {
  for (const name of ["evil.example", `a.b.${h.env.domain}`, `${h.env.domain}.evil.example`, "127.0.0.1"])
    test(`${name} gets no answer`, async () => {
      assert.match(await raw(`GET / HTTP/1.1\r\nHost: ${name}\r\n\r\n`), /^(closed|ECONNRESET)$/);
    });
  test("an unknown studio is 404", async () =>
    assert.equal((await h.request("no-such-studio", "/")).status, 404));
});

describe("TLS (B43, S-30)", () => {
  for (const version of ["TLSv1", "TLSv1.1"])
    test(`${version} is refused`, async () => {
      const line = await raw(`GET / HTTP/1.1\r\n${H}\r\n`, {
        tls: { minVersion: version, maxVersion: version, ciphers: "DEFAULT@SECLEVEL=0" } });
      assert.match(line, /^(ERR_SSL|EPROTO|ECONNRESET|closed)/);
    });
  test("plain HTTP only redirects", { skip: !process.env.FOYER_HTTP_PORT }, async () => {
    const reply = await new Promise((resolve, reject) => http.get({ host: "127.0.0.1",
      port: process.env.FOYER_HTTP_PORT, path: "/book?x=1", headers: { Host: h.host("glow") } },
    (r) => { r.resume(); resolve(r); }).on("error", reject));
    assert.equal(reply.statusCode, 301);
    assert.equal(reply.headers.location, `${h.origin("glow")}/book?x=1`);
  });
});

// The limits of the tested stack are raised, so the real ones are shown by a second nginx with the
// same files, whose pool public is away.
describe("limits, and a pool that is away", () => {
  const dir = path.join(h.env.vardir, `nginx-limits-${process.pid}`);
  const user = process.env.FOYER_USER || "foyer";
  const prefix = process.getuid() === 0 ? ["setpriv", "--reuid", user, "--regid", user,
    "--init-groups", "--"] : [];
  const as = (...words) => execFileSync([...prefix, ...words][0], [...prefix, ...words].slice(1));
  let child, port;
  const other = (label, target, o) => h.request(label, target, { ...o, port });

  before(async () => {
    port = await new Promise((resolve) => {
      const s = net.createServer().listen(0, "127.0.0.1", () => {
        const p = s.address().port;
        s.close(() => resolve(p));
      });
    });
    as("cp", "-r", path.join(h.env.vardir, "nginx"), dir);
    as("sed", "-i", "-E", `s/(listen .*):${h.env.port} /\\1:${port} /; /\\[::1\\]/d; `
      + `s/(listen 127.0.0.1):${process.env.FOYER_HTTP_PORT || 8080}/\\1:0/; `
      + "s/(zone=requests:4m +rate)=[0-9]+/\\1=50/; s/(zone=posts:4m +rate)=[0-9]+/\\1=5/; "
      + "s/limit_conn connections .*/limit_conn connections 40;/; s/limit_conn pages .*/limit_conn pages 20;/; s/(zone=requests) burst=[0-9]+/\\1 burst=100/; "
      + "s/(zone=studio:4m +rate)=[0-9]+/\\1=300/; s/(zone=studio) burst=[0-9]+/\\1 burst=600/; "
      + `s/(zone=posts) burst=[0-9]+/\\1 burst=20/; s|^pid .*|pid "${dir}/pid";|; `
      + "s|^    upstream public .*|    upstream public { server unix:/nonexistent max_fails=0; }|; "
      + `s|^    upstream slow .*|    upstream slow { server unix:${dir}/busy max_fails=0; }|; `
      + "/Plain HTTP only leads|Health and metrics: loopback/,$ { /^}/!d }",
    ...fs.readdirSync(dir).filter((f) => f.endsWith(".conf")).map((f) => path.join(dir, f)));
    const words = [...prefix, "/usr/sbin/nginx", "-e", "/dev/null", "-c", path.join(dir, "foyer.conf")];
    child = spawn(words[0], words.slice(1), { stdio: "inherit" });
    for (let i = 0; i < 600; i++) {
      if (await other("", "/").then(() => true, () => false)) return;
      await new Promise((r) => setTimeout(r, 50));
    }
    throw new Error("the second nginx does not answer");
  });
  after(() => {
    if (child) child.kill("SIGTERM");
    as("rm", "-rf", dir);
  });

  test("no pool: a kind page, 503, when to come back", async () => {
    for (const o of [{}, { method: "POST", body: "a=1" }]) {
      const reply = await other("", "/demo", o);
      assert.equal(reply.status, 503);
      assert.match(reply.text, /back in a moment/i);
      assert.equal(reply.headers["retry-after"], "10");
      hasHeaders(reply, "503");
    }
  });
  test("H-10: twenty pages of one address may wait at a time, the next is answered 429; another address is let in", async () => {
    // pool slow: takes every connection and never answers
    const waiting = new Set();
    const busy = net.createServer((c) => { waiting.add(c); c.on("error", () => {}); });
    await new Promise((r) => busy.listen(`${dir}/busy`, r));
    fs.chmodSync(`${dir}/busy`, 0o666);
    try {
      const replies = [], asked = [];
      const ask = (from) => asked.push(other("glow", "/login", { from }).then((r) => replies.push(r)));
      for (let i = 0; i < 30; i++) ask("127.0.0.3");
      const until = async (good, what) => {
        for (let i = 0; !good(); i++) {
          assert.ok(i < 400, `${what}: ${replies.length} answered, ${waiting.size} wait`);
          await new Promise((r) => setTimeout(r, 25));
        }
      };
      await until(() => replies.length + waiting.size >= 30, "thirty arrive");
      assert.equal(waiting.size, 20);
      assert.deepEqual(replies.map((r) => r.status), Array(10).fill(429));
      assert.match(replies[0].text, /One moment/);
      hasHeaders(replies[0], "429");
      ask("127.0.0.4");
      await until(() => waiting.size === 21, "somebody else waits as well");
      for (const c of waiting) c.destroy();
      await Promise.all(asked);
      const size = waiting.size;
      ask("127.0.0.3");
      await until(() => waiting.size === size + 1, "when they have been answered, the next is let in");
      for (const c of waiting) c.destroy();
      await Promise.all(asked);
    } finally {
      for (const c of waiting) c.destroy();
      busy.close();
    }
  });
  test("a flood of POSTs is answered 429 with a page (V-07)", async () => {
    const all = await Promise.all(Array.from({ length: 40 }, () =>
      other("", "/demo", { method: "POST", body: "a=1" })));
    const refused = all.filter((r) => r.status === 429);
    assert.ok(refused.length >= 5, `${refused.length} of 40 refused`);
    assert.match(refused[0].text, /One moment/);
    assert.ok(Number(refused[0].headers["retry-after"]) > 0);
    hasHeaders(refused[0], "429");
    assert.equal((await other("", "/")).status, 200, "reading goes on");
  });
});

test("the access log has neither query strings nor tokens nor referrers (V-26, S-16)", async () => {
  const token = "T".repeat(43), canary = `canary${Date.now()}`;
  await h.request("glow", `/l/${token}?q=${canary}`, { headers: { Referer: `https://x/${canary}` } });
  await h.request("glow", `/no/${token}/${token}?q=${canary}`);
  await new Promise((r) => setTimeout(r, 300));
  const dir = path.join(h.env.vardir, "log");
  for (const file of fs.readdirSync(dir)) {
    const text = fs.readFileSync(path.join(dir, file), "utf8");
    assert.ok(!text.includes(token), `token in ${file}`);
    assert.ok(!text.includes(canary), `query string or referrer in ${file}`);
  }
  const lines = fs.readFileSync(path.join(dir, "access.log"), "utf8").trim().split("\n").slice(-50);
  assert.ok(lines.map((l) => JSON.parse(l)).some((l) => l.path === "/l/-" && l.pool));
});
