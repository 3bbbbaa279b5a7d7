// slow.test.js -- T24 for the ordinary run: three hundred slow connections (the two thousand stand in tests/slow), and what nginx
// does with slow ones by its configuration. H-10.
"use strict";
const { test } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const h = require("./harness");
const { attack } = require("./slow_clients");

test("T24: 300 connections that send headers, bodies and take answers slowly; somebody else is served all along", { timeout: 120000 },
  async () => { await attack(h, { connections: 300, from: Array.from({ length: 10 }, (_, i) => `127.66.2.${i + 1}`), seconds: 16 }); });

test("H-10: limits of time, of connections and of headers stand in the configuration that runs", () => {
  const conf = fs.readFileSync(path.join(h.env.vardir, "nginx", "foyer.conf"), "utf8");
  for (const line of ["client_header_timeout 10s", "client_body_timeout 10s", "send_timeout 10s", "reset_timedout_connection on", "large_client_header_buffers 4 8k", "client_max_body_size 1m", "server_tokens off", "return 444"])
    assert.match(conf, new RegExp(`^\\s*${line.replace(/ /g, "\\s+")};`, "m"), line);
  assert.match(conf, /limit_conn connections \d+;/);
});
