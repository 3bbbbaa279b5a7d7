// smuggle.test.js -- bytes that no browser sends, straight into nginx's TLS port: requests that two parsers would read in
// two ways, headers with line ends in them, hosts that are none of ours, headers that want to be believed, and records
// straight into the sockets of the pools. T10, T17; V-09, V-10, V-11; H-09.
"use strict";
const { test, describe, before, after } = require("node:test");
const assert = require("node:assert/strict");
const { execFileSync, spawnSync } = require("node:child_process");
const fs = require("node:fs");
const net = require("node:net");
const path = require("node:path");
const tls = require("node:tls");
const h = require("./harness");
const { fill } = require("./samples");

const forget = () => h.sql("DELETE FROM sec.throttle");
before(forget);
after(forget);

// Sends bytes as they are and reads until the other side closes, or nothing has come for a while. o: {label, quiet (ms), from}
function raw(bytes, o = {}) {
  return new Promise((resolve) => {
    const socket = tls.connect({ host: "127.0.0.1", port: h.env.port, rejectUnauthorized: false, localAddress: o.from,
      servername: h.host(o.label ?? "glow") }, () => socket.write(bytes));
    const parts = [];
    const done = (how) => { socket.destroy(); resolve({ how, text: Buffer.concat(parts).toString("latin1") }); };
    socket.on("data", (d) => parts.push(d));
    socket.on("error", (e) => done(e.code));
    socket.on("close", () => done("closed"));
    socket.setTimeout(o.quiet || 1500, () => done("quiet"));
  });
}
// The answers in what came back: status, headers, body. Reads by Content-Length or chunks, as a client would.
function answers(text) {
  const found = [];
  let rest = text;
  while (rest.length) {
    const end = rest.indexOf("\r\n\r\n");
    const first = rest.slice(0, rest.indexOf("\r\n"));
    assert.match(first, /^HTTP\/1\.1 \d{3} /, `not an answer: ${rest.slice(0, 200)}`);
    const lines = rest.slice(0, end).split("\r\n").slice(1);
    for (const line of lines) assert.match(line, /^[A-Za-z-]+: [\x20-\x7e]*$/, "a header line that is none");
    const headers = Object.fromEntries(lines.map((l) => [l.slice(0, l.indexOf(":")).toLowerCase(), l.slice(l.indexOf(":") + 2)]));
    rest = rest.slice(end + 4);
    let body = "";
    if (headers["transfer-encoding"] === "chunked") {
      for (;;) {
        const size = parseInt(rest.slice(0, rest.indexOf("\r\n")), 16);
        rest = rest.slice(rest.indexOf("\r\n") + 2);
        body += rest.slice(0, size);
        rest = rest.slice(size + 2);
        if (!(size > 0)) break;
      }
    } else {
      const n = Number(headers["content-length"] || 0);
      body = rest.slice(0, n);
      rest = rest.slice(n);
    }
    found.push({ status: Number(first.slice(9, 12)), headers, body, lines });
  }
  return found;
}
const H = `Host: ${h.host("glow")}\r\n`;
const FORM = "Content-Type: application/x-www-form-urlencoded\r\n";
// What an attacker wants to be taken for a request of its own: its answer would be this style sheet.
const HIDDEN = `GET /brand.css HTTP/1.1\r\n${H}X-A: b\r\n\r\n`;
const isHidden = (a) => /^text\/css/.test(a.headers["content-type"] || "");
const post = (headers, body) => `POST /login HTTP/1.1\r\n${H}${FORM}${headers}\r\n${body}`;
const chunk = (s) => `${s.length.toString(16)}\r\n${s}\r\n`;

describe("T17 V-11: a request that could be read in two ways is not read at all", () => {
  const n = HIDDEN.length;
  const refused = {
    "CL.TE": post(`Content-Length: 5\r\nTransfer-Encoding: chunked\r\n`, `0\r\n\r\n${HIDDEN}`),
    "TE.CL": post(`Transfer-Encoding: chunked\r\nContent-Length: 4\r\n`, `${chunk(HIDDEN)}0\r\n\r\n`),
    "two lengths": post(`Content-Length: 0\r\nContent-Length: ${n}\r\n`, HIDDEN),
    "the same length twice": post(`Content-Length: 3\r\nContent-Length: 3\r\n`, "a=b"),
    "two lengths in one line": post(`Content-Length: 0, ${n}\r\n`, HIDDEN),
    "a length with a sign": post(`Content-Length: +3\r\n`, "a=b"),
    "a negative length": post(`Content-Length: -1\r\n`, HIDDEN),
    "a length in hex": post(`Content-Length: 0x3\r\n`, "a=b"),
    "a length too large for a number": post(`Content-Length: 99999999999999999999\r\n`, "a=b"),
    "TE twice": post(`Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n`, `0\r\n\r\n${HIDDEN}`),
    "TE: chunked, identity": post(`Transfer-Encoding: chunked, identity\r\n`, `0\r\n\r\n${HIDDEN}`),
    "TE: identity, chunked": post(`Transfer-Encoding: identity, chunked\r\n`, `0\r\n\r\n${HIDDEN}`),
    "TE: xchunked": post(`Transfer-Encoding: xchunked\r\n`, `0\r\n\r\n${HIDDEN}`),
    "TE: identity": post(`Transfer-Encoding: identity\r\nContent-Length: 3\r\n`, "a=b"),
    "TE: with a vertical tab": post(`Transfer-Encoding: \x0bchunked\r\n`, `0\r\n\r\n${HIDDEN}`),
    "TE: with a NUL": post("Transfer-Encoding: chunked\0\r\n", `0\r\n\r\n${HIDDEN}`),
    "TE in HTTP/1.0": post(`Transfer-Encoding: chunked\r\n`, `0\r\n\r\n${HIDDEN}`).replace("HTTP/1.1", "HTTP/1.0"),
    "a blank before the colon": post(`Content-Length : ${n}\r\n`, HIDDEN),
    "a tab before the colon": post(`Transfer-Encoding\t: chunked\r\n`, `0\r\n\r\n${HIDDEN}`),
    "a folded length": post(`Content-Length:\r\n ${n}\r\n`, HIDDEN),
    "a folded TE": post(`X-A: b\r\n\tTransfer-Encoding: chunked\r\n`, `0\r\n\r\n${HIDDEN}`),
    "a header line that begins with a blank": `GET /login HTTP/1.1\r\n X-A: b\r\n${H}\r\n`,
    "a NUL in a header": `GET /login HTTP/1.1\r\n${H}X-A: b\0c\r\n\r\n`,
    "a NUL in the path": `GET /log\0in HTTP/1.1\r\n${H}\r\n`,
    "a bare CR in a header": `GET /login HTTP/1.1\r\n${H}X-A: b\rContent-Length: 5\r\n\r\n`,
    "a bare CR after the request line": `GET /login HTTP/1.1\r${H}\r\n`,
    "a chunk size that is none": post(`Transfer-Encoding: chunked\r\n`, `zz\r\n${HIDDEN}`),
    "a chunk size with a sign": post(`Transfer-Encoding: chunked\r\n`, `-3\r\na=b\r\n0\r\n\r\n`),
    "a chunk size past all numbers": post(`Transfer-Encoding: chunked\r\n`, `ffffffffffffffffff\r\na=b\r\n0\r\n\r\n`),
    "a version of HTTP that is none": `GET /login HTTP/1.1x\r\n${H}\r\n`,
    "HTTP/3.0 in words": `GET /login HTTP/3.0\r\n${H}\r\n`,
    "no version, HTTP/0.9": `GET /login\r\n`,
    "a method in small letters": `get /login HTTP/1.1\r\n${H}\r\n`,
    "the preface of HTTP/2 without its negotiation": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  };
  for (const [what, bytes] of Object.entries(refused))
    test(what, async () => {
      const { text } = await raw(bytes);
      if (text && !text.startsWith("HTTP/1.1 ")) return assert.match(text, /400 Bad Request|50[15]/, text.slice(0, 200));
      const all = answers(text);
      assert.ok(all.length <= 1, `${all.length} answers`);
      for (const a of all) {
        assert.ok([400, 405, 413, 501, 505].includes(a.status), `answered ${a.status}`);
        assert.equal(a.headers.connection, "close", "the connection stays open");
      }
    });
  // Read in one way by everybody: one request, one answer, and what follows is not another.
  const last = `GET /login HTTP/1.1\r\n${H}Connection: close\r\n\r\n`; // so that nobody waits for more
  const taken = {
    "line ends without CR": [`GET /login HTTP/1.1\n${H.trim()}\nConnection: close\n\n`, 1],
    "a chunk with an extension that looks like a request": [post(`Transfer-Encoding: chunked\r\nConnection: close\r\n`,
      `3;x="GET /brand.css HTTP/1.1"\r\na=b\r\n0\r\n\r\n`), 1],
    "trailers that name a length": [post(`Transfer-Encoding: chunked\r\nConnection: close\r\n`,
      `3\r\na=b\r\n0\r\nContent-Length: 50\r\nHost: evil.example\r\n\r\n`), 1],
    "a hidden request in a body of its right length": [post(`Content-Length: ${n}\r\n`, HIDDEN) + last, 2],
    "a GET with a body": [`GET /login HTTP/1.1\r\n${H}Content-Length: ${n}\r\n\r\n${HIDDEN}${last}`, 2],
    "a HEAD with a body": [`HEAD /login HTTP/1.1\r\n${H}Content-Length: ${n}\r\nConnection: close\r\n\r\n${HIDDEN}`, 1],
  };
  for (const [what, [bytes, wanted]] of Object.entries(taken))
    test(what, async () => {
      const { text } = await raw(bytes, { quiet: 5000 });
      const head = text.split("\r\n\r\n")[0];
      if (what.startsWith("a HEAD")) return assert.equal(text.slice(head.length + 4), "", "a HEAD has a body");
      const all = answers(text);
      assert.equal(all.length, wanted);
      assert.ok(!all.some(isHidden), "the hidden request was answered");
      assert.ok(all[0].status < 500);
    });
  test("requests one behind the other are answered one by one, each as itself", async () => {
    const v = await h.staff("glow", "owner");
    const get = (target, cookie) => `GET ${target} HTTP/1.1\r\n${H}${cookie ? `Cookie: ${cookie}\r\n` : ""}\r\n`;
    const { text } = await raw(get("/clients", v.cookieFor("/")) + get("/clients") + get("/brand.css")
      + get("/clients", v.cookieFor("/")) + `GET /login HTTP/1.1\r\n${H}Connection: close\r\n\r\n`, { quiet: 5000 });
    const all = answers(text);
    assert.deepEqual(all.map((a) => a.status), [200, 303, 200, 200, 200], "a session reaches from one request into the next");
    assert.equal(new Set(all.map((a) => a.headers["x-request-id"])).size, 5);
  });
  test("T19: ten thousand headers, or one without end, are refused", async () => {
    const many = Array.from({ length: 10000 }, (_, i) => `X-${i}: ${"a".repeat(40)}\r\n`).join("");
    for (const bytes of [`GET /login HTTP/1.1\r\n${H}${many}\r\n`, `GET /login HTTP/1.1\r\n${H}X-A: ${"a".repeat(200000)}`,
      `GET /login?${"a".repeat(200000)}`]) {
      const { text, how } = await raw(bytes);
      assert.ok(/^HTTP\/1\.1 4\d\d /.test(text) || how !== "quiet", `${how}: ${text.slice(0, 80)}`);
      assert.doesNotMatch(text, /^HTTP\/1\.1 [235]/);
    }
  });
});

describe("T17: no line end that is sent in comes back as one", () => {
  const evil = ["%0d%0aX-Injected:%20yes", "%0aX-Injected:yes", "%0d", "%E5%98%8A%E5%98%8DX-Injected:yes", "%c4%8d%c4%8aX-Injected:yes",
    "%00", "%09x", "\x01", "%250d%250aX-Injected:yes"];
  const clean = (text, what) => {
    for (const a of answers(text)) {
      assert.ok(a.status < 500, `${what}: ${a.status}`);
      assert.ok(!a.lines.some((l) => /^x-injected/i.test(l)), `${what}: ${a.lines.join(" | ")}`);
      if (a.headers.location) assert.match(a.headers.location, /^(\/[\x21-\x7e]*|https:\/\/[a-z0-9.:-]+\/[\x21-\x7e]*)$/, what);
    }
  };
  for (const p of h.routes().filter((x) => x.method === "GET"))
    test(`${p.realm} ${p.path}`, async () => {
      const label = p.realm === "site" ? "" : p.realm === "operator" ? "ops" : "glow";
      const v = p.door === "staff" ? await h.staff(label, label === "ops" ? "operator" : "owner") : new h.Visitor(label);
      const target = fill(p, label, { hold_id: h.uuid() }) || p.path.replace(/\{[^}]*\}/g, h.uuid());
      const cookie = v.cookieFor(target) ? `Cookie: ${v.cookieFor(target)}\r\n` : "";
      const ask = (line, last) => `GET ${line} HTTP/1.1\r\nHost: ${h.host(label)}\r\n${cookie}${last ? "Connection: close\r\n" : ""}\r\n`;
      const paths = evil.flatMap((e) => [target + e, target + "/" + e, "/" + e + target]);
      const queries = evil.map((e) => `${target}?next=/${e}&day=${e}&q=${e}&sent=${e}&${e}=1`);
      // One connection for all of them, but for those after which nginx hangs up; what was not answered in it is asked alone.
      const all = [...paths, ...queries], together = all.filter((line) => !/%00|\x01/.test(line));
      const { text } = await raw(together.map((line, i) => ask(line, i === together.length - 1)).join(""), { label, quiet: 8000 });
      clean(text, target);
      const asked = new Set(together.slice(0, answers(text).length));
      assert.ok(asked.size > 0, "nothing was answered");
      for (const line of all) if (!asked.has(line)) clean((await raw(ask(line, true), { label, quiet: 8000 })).text, line);
    });
  test("an address to go on to after the log-in", async () => {
    const who = h.staffOf("glow", "provider");
    for (const next of ["/clients\r\nX-Injected: yes", "/clients\nSet-Cookie: a=b", "/\t/evil.example", "/clients?q=\u560a\u560dX", "/cl ients"]) {
      const v = new h.Visitor("glow");
      const { values } = h.formOf((await v.get("/login")).text);
      const r = await v.post("/login", { ...values, next_path: next, email: who.email, password: who.password });
      assert.ok([303, 422].includes(r.status));
      assert.equal(r.headers["x-injected"], undefined);
      if (r.location) assert.match(r.location, /^\/(?![/\\])[\x21-\x7e]*$/);
      assert.ok(r.cookies.every((c) => /^__Host-(sid|device)=/.test(c)));
    }
  });
});

describe("T10 V-09: which host", () => {
  const page = async (line, host, label) => {
    const { text } = await raw(`GET ${line} HTTP/1.1\r\n${host}Connection: close\r\n\r\n`, { label, quiet: 8000 });
    return text ? answers(text)[0] : { status: 0, headers: {}, body: "" };
  };
  const names = { glow: /Glow/, "first-light": /First Light/ };
  test("the address in the request line counts, whatever the Host header says; a session counts for its own host only", async () => {
    const v = await h.staff("glow", "owner");
    const cookie = `Cookie: ${v.cookieFor("/")}\r\n`;
    const a = await page(`https://${h.host("first-light")}/login`, H);
    assert.match(a.body, names["first-light"]);
    assert.doesNotMatch(a.body, names.glow);
    assert.equal((await page(`https://${h.host("first-light")}/clients`, H + cookie)).status, 303);
    assert.equal((await page("/clients", `Host: ${h.host("first-light")}\r\n${cookie}`)).status, 303);
    assert.equal((await page("/clients", H + cookie, "first-light")).status, 200, "the name in TLS decides nothing");
  });
  for (const [what, host, wanted] of [
    ["two hosts", H + `Host: ${h.host("first-light")}\r\n`, [400]], ["none", "", [400]], ["an empty one", "Host: \r\n", [0, 400, 404]],
    ["a strange port", `Host: ${h.host("glow")}:1\r\n`, [200]], ["a dot behind it", `Host: ${h.host("glow")}.\r\n`, [200]],
    ["two dots behind it", `Host: ${h.host("glow")}..\r\n`, [0, 400, 404]], ["capitals", `Host: ${h.host("glow").toUpperCase()}\r\n`, [200]],
    ["somebody before an @", `Host: evil@${h.host("glow")}\r\n`, [0, 400, 404]], ["a path", `Host: ${h.host("glow")}/x\r\n`, [0, 400]],
    ["one that only ends alike", `Host: evil${h.env.domain}\r\n`, [0, 400]], ["one below a studio", `Host: a.${h.host("glow")}\r\n`, [0, 404]],
    ["another's", "Host: evil.example\r\n", [0]], ["an address", "Host: 127.0.0.1\r\n", [0]], ["a blank within", `Host: ${h.host("glow")} x\r\n`, [0, 400, 404]],
    ["a quotation", `Host: "${h.host("glow")}"\r\n`, [0, 400, 404]], ["a percent", `Host: ${h.host("glow")}%00\r\n`, [0, 400, 404]],
  ])
    test(what, async () => {
      const a = await page("/login", host);
      assert.ok(wanted.includes(a.status), `answered ${a.status}`);
      if (a.status !== 200) return;
      assert.match(a.body, names.glow);
      assert.doesNotMatch(a.body, /evil|:1\//);
    });
});

describe("V-09 T17: what a client says of herself in headers is not believed", () => {
  const lies = { "X-Forwarded-For": "203.0.113.7", "X-Real-IP": "203.0.113.7", Forwarded: "for=203.0.113.7;host=first-light.foyer.localhost;proto=http",
    "True-Client-IP": "203.0.113.7", "X-Client-IP": "203.0.113.7", "CF-Connecting-IP": "203.0.113.7", "X-Forwarded-Host": h.host("first-light"),
    "X-Forwarded-Proto": "http", "X-Forwarded-Port": "1", "X-Host": h.host("first-light"), "X-Original-URL": "/audit", "X-Rewrite-URL": "/audit",
    "X-HTTP-Method-Override": "DELETE", "X-Method-Override": "POST", "X-Accel-Redirect": "/_error/503.html", "X-Accel-Expires": "9",
    "X-Accel-Limit-Rate": "1", "X-Sendfile": "/etc/passwd", "X-Request-Id": "00000000-0000-4000-8000-000000000000", Remote_Addr: "203.0.113.7",
    Request_Id: "x", "Remote-Addr": "203.0.113.7", "X-Tenant": "first-light", "X-Actor": "owner" };
  test("a failed log-in is noted at the address of the socket, under our own request id", async () => {
    for (const from of ["127.0.0.1", "127.8.7.6"]) {
      const v = new h.Visitor("glow");
      const r = await v.submit("/login", { email: `nobody@glow.example`, password: "wrong wrong wrong" }, { headers: lies, from });
      assert.equal(r.status, 422);
      assert.notEqual(r.id, lies["X-Request-Id"]);
      const rows = h.sql("SELECT host(ip), tenant_id FROM audit.event WHERE request_id = :'v1'::uuid", r.id);
      assert.deepEqual(rows, [[from, h.tenantId("glow")]]);
    }
    forget();
  });
  test("pages are the same with and without them, for each header alone", async () => {
    const plain = (r) => [r.status, r.location, r.text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "ID").replace(/value="[^"]*"/g, "").replace(/[0-9a-f]{8}\.[\w-]{32}/g, "")
      .replace(/data-left="\d+"/, "")].join("\n"); // (the seconds that are left of the session)
    const v = await h.staff("glow", "biller");
    for (const target of ["/login", "/clients", "/audit", "/settings"]) {
      const wanted = plain(await v.get(target));
      for (const [name, value] of Object.entries(lies))
        assert.equal(plain(await v.get(target, { headers: { [name]: value } })), wanted, `${name} changes ${target}`);
    }
  });
  test("H-09: a Proxy header (httpoxy) is given to no program; nothing is asked of that proxy", async () => {
    let asked = 0;
    const proxy = net.createServer((s) => { asked++; s.destroy(); });
    await new Promise((r) => proxy.listen(0, "127.0.0.1", r));
    const headers = { Proxy: `http://127.0.0.1:${proxy.address().port}` };
    const v = new h.Visitor("");
    const r = await v.submit("/demo", { name: "Ada", email: "ada@example.com", spa_name: "Ada's", location_count: "1", provider_count: "1", platform: "paper" },
      { headers, action: "/demo", from: h.somewhere() });
    assert.equal(r.status, 303);
    await new Promise((ok) => setTimeout(ok, 1500)); // the jobs write to the operator meanwhile
    proxy.close();
    assert.equal(asked, 0);
    for (const pid of fs.readdirSync("/proc").filter((n) => /^\d+$/.test(n))) {
      let words;
      try { words = fs.readFileSync(`/proc/${pid}/cmdline`, "utf8"); } catch { continue; }
      if (words.includes("foyer-web") && words.includes(h.env.vardir))
        assert.doesNotMatch(fs.readFileSync(`/proc/${pid}/environ`, "utf8"), /PROXY/i);
    }
  });
});

describe("V-10: methods", () => {
  const pages = h.routes().filter((p) => p.method === "GET");
  for (const method of ["TRACE", "TRACK", "CONNECT", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "COPY", "DEBUG", "PURGE", "X"])
    test(`${method} is refused on every page`, async () => {
      for (const p of method === "TRACE" ? pages : pages.slice(0, 6)) {
        const label = p.realm === "site" ? "" : p.realm === "operator" ? "ops" : "glow";
        const target = p.path.replace(/\{[^}]*\}/g, h.uuid());
        const { text } = await raw(`${method} ${target} HTTP/1.1\r\nHost: ${h.host(label)}\r\nX-Echo: canary\r\nConnection: close\r\n\r\n`, { label });
        assert.match(text, /^HTTP\/1\.1 (405|400) /, target);
        assert.doesNotMatch(text, /canary/);
      }
    });
});

describe("H-01 H-09: the sockets of the pools", () => {
  const conf = fs.readFileSync(path.join(h.env.vardir, "foyer.conf"), "utf8");
  const sockets = [...conf.matchAll(/^listen_(\w+)\s*=\s*unix:(\S+)$/gm)].map(([, pool, at]) => ({ pool, at }));
  const fcgi = (type, content) => Buffer.concat([Buffer.from([1, type, 0, 1, content.length >> 8, content.length & 255, 0, 0]), content]);
  const params = (o) => Buffer.concat(Object.entries(o).map(([k, v]) => {
    const size = (s) => (Buffer.byteLength(s) < 128 ? Buffer.from([Buffer.byteLength(s)]) : (() => { const b = Buffer.alloc(4); b.writeUInt32BE((Buffer.byteLength(s) | 0x80000000) >>> 0); return b; })());
    return Buffer.concat([size(k), size(v), Buffer.from(k), Buffer.from(v)]);
  }));
  const begin = fcgi(1, Buffer.from([0, 1, 0, 0, 0, 0, 0, 0]));
  const none = Buffer.alloc(0);
  const usual = { REQUEST_METHOD: "GET", REQUEST_URI: "/book", HTTP_HOST: h.host("glow"), REMOTE_ADDR: "127.0.0.1", REQUEST_ID: "0".repeat(32) };
  function say(at, ...records) {
    return new Promise((resolve) => {
      const socket = net.connect(at, () => socket.end(Buffer.concat(records)));
      const parts = [];
      const done = () => { socket.destroy(); resolve(Buffer.concat(parts).toString("latin1")); };
      socket.on("data", (d) => parts.push(d));
      socket.on("error", done);
      socket.on("close", done);
      socket.setTimeout(8000, done);
    });
  }
  const serves = async () => assert.equal((await h.request("glow", "/book")).status, 200, "the pool serves no longer");

  test("there is one for each pool; only our own user may connect", () => {
    assert.ok(sockets.length >= 3);
    for (const { at } of sockets) {
      const st = fs.statSync(at);
      assert.ok(st.isSocket());
      assert.equal(st.mode & 0o117, 0, `${at} is open to others`);
      assert.equal(st.uid, fs.statSync(path.join(h.env.vardir, "keys")).uid);
      if (process.getuid() !== 0) continue;
      const r = spawnSync("setpriv", ["--reuid", "65534", "--regid", "65534", "--clear-groups", process.execPath, "-e",
        `require("net").connect(process.argv[1]).on("error",e=>{console.log(e.code);process.exit(7)}).on("connect",()=>process.exit(0))`, at],
      { encoding: "utf8", cwd: "/" });
      assert.equal(r.status, 7, `a stranger can connect to ${at}`);
      assert.match(r.stdout, /EACCES|ENOENT/);
    }
  });
  const pub = () => sockets.find((s) => s.pool === "public").at;
  test("what nginx says is taken by the same road (so that the next ones prove something)", async () => {
    const text = await say(pub(), begin, fcgi(4, params(usual)), fcgi(4, none), fcgi(5, none));
    assert.match(text, /Status: 200 OK\r\n/);
  });
  const odd = {
    nothing: [], "bytes that are no record": [Buffer.from("GET / HTTP/1.1\r\n\r\n")], "another version": [Buffer.from([9, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])],
    "a request without parameters": [begin, fcgi(4, none), fcgi(5, none)], "parameters without a request": [fcgi(4, params(usual)), fcgi(4, none)],
    "parameters that break off": [begin, fcgi(4, params(usual).subarray(0, 20))], "a request that is taken back": [begin, fcgi(2, none)],
    "a role that is none of ours": [fcgi(1, Buffer.from([0, 9, 0, 0, 0, 0, 0, 0]))], "a question about the manager": [fcgi(9, params({ FCGI_MAX_CONNS: "" }))],
    "a type that is none": [fcgi(77, Buffer.from("x"))], "a NUL in a parameter": [begin, fcgi(4, params({ ...usual, REQUEST_URI: "/book\0/../audit" })), fcgi(4, none), fcgi(5, none)],
    "a length that is no number": [begin, fcgi(4, params({ ...usual, REQUEST_METHOD: "POST", CONTENT_LENGTH: "-5" })), fcgi(4, none), fcgi(5, none)],
    "a body shorter than it says": [begin, fcgi(4, params({ ...usual, REQUEST_METHOD: "POST", CONTENT_LENGTH: "500" })), fcgi(4, none), fcgi(5, Buffer.from("a=b")), fcgi(5, none)],
    "a body longer than it says": [begin, fcgi(4, params({ ...usual, REQUEST_METHOD: "POST", CONTENT_LENGTH: "2" })), fcgi(4, none), fcgi(5, Buffer.from("a=b&c=d")), fcgi(5, none)],
    "a megabyte and one byte": [begin, fcgi(4, params({ ...usual, REQUEST_METHOD: "POST", CONTENT_LENGTH: "1048577" })), fcgi(4, none)],
    "a name twice": [begin, fcgi(4, Buffer.concat([params({ ...usual, HTTP_HOST: h.host("first-light") }), params(usual)])), fcgi(4, none), fcgi(5, none)],
    "a page of another pool": [begin, fcgi(4, params({ ...usual, REQUEST_URI: "/clients", HTTP_COOKIE: "__Host-sid=" + "A".repeat(43) })), fcgi(4, none), fcgi(5, none)],
    "an address that is none": [begin, fcgi(4, params({ ...usual, REMOTE_ADDR: "'; DROP TABLE app.client; --" })), fcgi(4, none), fcgi(5, none)],
    "an id of the request that is none": [begin, fcgi(4, params({ ...usual, REQUEST_ID: "\r\nX: y".padEnd(32, "z") })), fcgi(4, none), fcgi(5, none)],
  };
  for (const [what, records] of Object.entries(odd))
    test(what, async () => {
      const text = await say(pub(), ...records);
      const status = text.match(/Status: (\d+)/)?.[1];
      assert.ok(!status || Number(status) < 500, `answered ${status}`);
      if (what === "a page of another pool") assert.equal(status, "404");
      await serves();
    });
  test("a socket that says nothing keeps no page waiting", async () => {
    const silent = Array.from({ length: 3 }, () => net.connect(pub()).on("error", () => {}));
    try {
      await new Promise((r) => setTimeout(r, 100));
      await serves();
    } finally {
      for (const s of silent) s.destroy();
    }
  });
});
