// slow_clients.test.js -- T24: two thousand connections from one place that send and read as slowly as they can (headers, bodies,
// answers), while somebody else works. H-10. Takes about three minutes, most of it waiting.
"use strict";
const { test, before, after } = require("node:test");
const stack = require("./stack");
const { attack } = require("../http/slow_clients");

let s;
before(() => { s = stack.start("slow-clients", { env: { FOYER_CONNECTIONS: "40" } }); });
after(() => s?.stop());

test("T24: 2,000 slow connections; the others are served all along, and afterwards all is as before within 30 s", { timeout: 300000 },
  async (t) => t.diagnostic(JSON.stringify(await attack(s.h, { connections: 2000, from: ["127.66.0.1"], seconds: 45, per_address: 40 }))));
test("T24: 2,000 slow connections from a hundred addresses", { timeout: 300000 },
  async (t) => t.diagnostic(JSON.stringify(await attack(s.h, { connections: 2000, from: Array.from({ length: 100 }, (_, i) => `127.66.1.${i + 1}`), seconds: 30, per_address: 40 }))));
