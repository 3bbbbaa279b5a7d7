// slow_clients.js -- many connections that send and read as slowly as nginx lets them, and somebody who works meanwhile. Used by
// tests/http/slow.test.js (some) and tests/slow/slow_clients.test.js (two thousand). Not a test.
"use strict";
const assert = require("node:assert/strict");
const tls = require("node:tls");

const sleep = (ms) => new Promise((r) => setTimeout(r, ms));

// One of them. kind: "headers" never ends its head, "body" never ends its body, "read" asks for much and takes nothing.
function slow(h, kind, from, log) {
  const socket = tls.connect({ host: "127.0.0.1", port: h.env.port, localAddress: from, servername: h.host("glow"), rejectUnauthorized: false });
  const head = `Host: ${h.host("glow")}\r\nUser-Agent: slow\r\n`;
  let timer;
  socket.on("error", () => {});
  socket.on("secureConnect", () => {
    log.opened++;
    if (kind === "read") {
      // Pipelined, so that the answers are more than any buffer on the way holds.
      socket.pause();
      socket.write(`GET /book HTTP/1.1\r\n${head}\r\n`.repeat(60));
      return;
    }
    socket.write(kind === "headers" ? `GET /book HTTP/1.1\r\n${head}` : `POST /login HTTP/1.1\r\n${head}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\n`);
    timer = setInterval(() => socket.write(kind === "headers" ? `X-${Math.random()}: b\r\n` : "a"), 3000);
  });
  socket.on("data", (d) => { if (/^HTTP\/1\.1 429/.test(d.toString("latin1"))) log.refused++; });
  socket.on("close", () => { clearInterval(timer); log.closed++; });
  return socket;
}

/*
 * Attacks for some seconds; another person, from another address, opens pages all the while.
 * o: {connections, from: addresses of the attackers, seconds, per_address: what limit_conn lets one have, or nothing}
 */
async function attack(h, o) {
  const person = async () => {
    const began = Date.now();
    const r = await h.request("glow", "/book", { from: "127.0.0.2" });
    assert.equal(r.status, 200, "somebody else is not served");
    return Date.now() - began;
  };
  for (let i = 0; i < 5; i++) await person();
  const log = { opened: 0, closed: 0, refused: 0 };
  const kinds = ["headers", "body", "read"];
  const sockets = new Set();
  let on = true, asked = 0, longest = 0;
  const again = (i) => { // who is thrown out comes back
    if (!on) return;
    const socket = slow(h, kinds[i % 3], o.from[i % o.from.length], log);
    sockets.add(socket);
    socket.on("close", () => { sockets.delete(socket); setTimeout(() => again(i), 5000); }); // in no hurry: this is not a flood
  };
  const working = (async () => {
    while (on) {
      longest = Math.max(longest, await person());
      asked++;
      await sleep(200);
    }
  })();
  for (let i = 0; i < o.connections; i++) {
    again(i);
    if (i % 50 === 49) await sleep(50);
  }
  let failure;
  await Promise.race([working.catch((e) => { failure = e; }), sleep(o.seconds * 1000)]);
  on = false;
  await working.catch((e) => { failure = e; });
  for (const socket of sockets) socket.destroy();
  if (failure) throw failure;
  assert.ok(log.opened >= o.connections, `only ${log.opened} connections came about`);
  assert.ok(asked >= 5, `the other one was served ${asked} times in ${o.seconds} s`); // (nothing is said here of how fast)
  if (o.per_address && o.connections / o.from.length > o.per_address) assert.ok(log.closed > 0, "no connection past the limit was turned away");
  // Everything is back: the attackers' own address as well.
  const until = Date.now() + 30000;
  for (;;) {
    const r = await h.request("glow", "/book", { from: o.from[0] }).catch(() => ({ status: 0 }));
    if (r.status === 200) break;
    assert.ok(Date.now() < until, "the attackers' address is not served again within 30 s");
    await sleep(500);
  }
  const v = await h.staff("glow", "owner", { fresh: true });
  for (const target of ["/clients", "/calendar", "/messages"]) assert.equal((await v.follow(await v.get(target))).status, 200);
  return { ...log, asked, longest };
}

module.exports = { attack };
