// fastcgi.js -- asks a pool directly, as nginx does, so that a test can stand between. Not a test.
"use strict";
const net = require("node:net");

const frame = (type, content) => {
  const head = Buffer.alloc(8);
  head[0] = 1; head[1] = type; head[3] = 1;
  head.writeUInt16BE(content.length, 4);
  return Buffer.concat([head, content]);
};
const length = (n) => (n < 128 ? Buffer.from([n]) : (() => { const b = Buffer.alloc(4); b.writeUInt32BE((n | 0x80000000) >>> 0); return b; })());
const pair = (name, value) => Buffer.concat([length(Buffer.byteLength(name)), length(Buffer.byteLength(value)), Buffer.from(name), Buffer.from(value)]);

// As harness.request; status 0: the worker ended, or answered with something that is no answer.
function ask(socket, { host, method = "GET", target, body = "", cookie, id, type = "application/x-www-form-urlencoded" }) {
  const params = Object.entries({
    REQUEST_METHOD: method, REQUEST_URI: target, QUERY_STRING: target.split("?")[1] || "", HTTP_HOST: host, REMOTE_ADDR: "127.0.0.1",
    REQUEST_ID: id, HTTPS: "on", HTTP_USER_AGENT: "fastcgi.js",
    ...(method === "POST" && { CONTENT_TYPE: type, CONTENT_LENGTH: String(Buffer.byteLength(body)) }),
    ...(method === "POST" && { HTTP_SEC_FETCH_SITE: "same-origin" }),
    ...(cookie && { HTTP_COOKIE: cookie }),
  }).map(([n, v]) => pair(n, v));
  return new Promise((resolve) => {
    const c = net.connect(socket), parts = [];
    let out = Buffer.alloc(0), isWhole = false;
    c.on("data", (d) => parts.push(d));
    c.on("error", () => {});
    c.setTimeout(8000, () => c.destroy());
    c.on("close", () => {
      let all = Buffer.concat(parts);
      while (all.length >= 8) {
        const n = all.readUInt16BE(4), padding = all[6];
        if (all.length < 8 + n + padding) break;
        if (all[1] === 6) out = Buffer.concat([out, all.subarray(8, 8 + n)]);
        if (all[1] === 3) isWhole = true;
        all = all.subarray(8 + n + padding);
      }
      const text = out.toString("utf8"), end = text.indexOf("\r\n\r\n");
      if (!isWhole || end < 0) return resolve({ status: 0, text: "", headers: {}, cookies: [] });
      const lines = text.slice(0, end).split("\r\n").map((l) => [l.slice(0, l.indexOf(":")).toLowerCase(), l.slice(l.indexOf(":") + 2)]);
      const headers = Object.fromEntries(lines);
      resolve({ status: parseInt(headers.status, 10), headers, text: text.slice(end + 4), location: headers.location,
        cookies: lines.filter(([n]) => n === "set-cookie").map(([, v]) => v) });
    });
    c.write(Buffer.concat([frame(1, Buffer.from([0, 1, 0, 0, 0, 0, 0, 0])), ...params.map((p) => frame(4, p)), frame(4, Buffer.alloc(0)),
      ...(body.match(/[^]{1,16000}/g) || []).map((part) => frame(5, Buffer.from(part))), frame(5, Buffer.alloc(0))]));
  });
}

module.exports = { ask };
