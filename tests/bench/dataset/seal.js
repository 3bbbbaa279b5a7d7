// seal.js -- makes keys and sealed values as the product does (cgi-src/core/crypto.c, keystore.c), for data written by SQL.
// Reads items.tsv: tenant, client, kind (key, allergy, note), row, and one or two texts; the items of a client together,
// her key first. Writes key.tsv, allergy.tsv, note.tsv. The key store comes from FOYER_KEYS and FOYER_MASTER_KEY.
"use strict";
const fs = require("node:fs");
const readline = require("node:readline");
const crypto = require("node:crypto");

const sha = (b) => crypto.createHash("sha256").update(b).digest();

// A key with its id, which is slow to make for each value anew.
const keyed = (key) => ({ key, id: sha(key).subarray(0, 8) });

// Envelope: version 1 | first 8 bytes of SHA-256(key) | nonce 12 | ciphertext | tag 16.
let nonces = Buffer.alloc(0);
function seal({ key, id }, aad, plain) {
  if (nonces.length < 12) nonces = crypto.randomBytes(12 * 4096);
  const nonce = nonces.subarray(0, 12);
  nonces = nonces.subarray(12);
  const gcm = crypto.createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(aad));
  return Buffer.concat([Buffer.from([1]), id, nonce, gcm.update(plain), gcm.final(), gcm.getAuthTag()]);
}
function open({ key, id }, aad, sealed) {
  if (sealed[0] !== 1 || !sealed.subarray(1, 9).equals(id)) throw new Error("sealed under another key");
  const gcm = crypto.createDecipheriv("aes-256-gcm", key, sealed.subarray(9, 21)).setAAD(Buffer.from(aad));
  gcm.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([gcm.update(sealed.subarray(21, -16)), gcm.final()]);
}

function masterKey() {
  const raw = fs.readFileSync(process.env.FOYER_MASTER_KEY);
  return raw.length === 32 ? raw : Buffer.from(raw.toString("latin1").trim(), "hex");
}
const master = keyed(masterKey());
const tenants = new Map();
function tenantKey(id) {
  if (!tenants.has(id))
    tenants.set(id, keyed(open(master, `tenant_key|${id}`, fs.readFileSync(`${process.env.FOYER_KEYS}/${id}.key`))));
  return tenants.get(id);
}

class Table {
  constructor(name) {
    this.file = fs.openSync(`${name}.tsv`, "w", 0o600);
    this.rows = [];
  }
  add(...fields) {
    this.rows.push(fields.map((f) => (Buffer.isBuffer(f) ? `\\\\x${f.toString("hex")}` : f)).join("\t"));
    if (this.rows.length === 5000) this.flush();
  }
  flush() {
    if (this.rows.length) fs.writeSync(this.file, this.rows.join("\n") + "\n");
    this.rows = [];
  }
}

async function main() {
  const out = { key: new Table("key"), allergy: new Table("allergy"), note: new Table("note") };
  let client, own;
  for await (const line of readline.createInterface({ input: fs.createReadStream("items.tsv") })) {
    const [tenant, id, kind, row, first, second] = line.split("\t");
    if (kind === "key") {
      client = id;
      const key = crypto.randomBytes(32);
      own = keyed(key);
      out.key.add(tenant, id, seal(tenantKey(tenant), `client_key|${tenant}|${id}`, key));
      continue;
    }
    if (id !== client) throw new Error(`the key of ${id} must come first`);
    const of = (column, text) => seal(own, `${tenant}|${column}|${row}`, Buffer.from(text));
    if (kind === "allergy")
      out.allergy.add(row, of("app.allergy|substance_sealed", first), of("app.allergy|reaction_sealed", second));
    else out.note.add(row, of("app.chart_note|body_sealed", first));
  }
  Object.values(out).forEach((t) => t.flush());
}
main().catch((e) => {
  console.error(`seal: ${e.message}`);
  process.exit(1);
});
