// mailbox.js -- mails about accounts as their readers would have them: sealed in the outbox, opened here with the
// installation's own keys (the test runs as who may read them), for the stack of the tests has no mail server.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const crypto = require("node:crypto");
const h = require("./harness");

const conf = () => Object.fromEntries(fs.readFileSync(path.join(h.env.vardir, "foyer.conf"), "utf8").split("\n")
  .map((l) => l.match(/^(\w+)\s*=\s*(.*)$/)).filter(Boolean).map(([, k, v]) => [k, v.trim().replace(/^'(.*)'$/, "$1")]));

// AES-256-GCM in the envelope of crypto.h: version 1 | key id 8 | nonce 12 | ciphertext | tag 16.
function open(key, aad, sealed) {
  const d = crypto.createDecipheriv("aes-256-gcm", key, sealed.subarray(9, 21));
  d.setAAD(Buffer.from(aad));
  d.setAuthTag(sealed.subarray(sealed.length - 16));
  return Buffer.concat([d.update(sealed.subarray(21, sealed.length - 16)), d.final()]);
}
function masterKey() {
  const raw = fs.readFileSync(conf().master_key);
  return raw.length === 32 ? raw : Buffer.from(raw.toString().trim(), "hex");
}
// A business's key; behind it in its file are those of before (cgi-src/core/keystore_internal.h).
const keys = new Map();
const newestOf = (file) => file.subarray(0, 69);
function tenantKey(tenant) {
  if (!keys.has(tenant))
    keys.set(tenant, open(masterKey(), `tenant_key|${tenant}`, newestOf(fs.readFileSync(path.join(conf().keys, `${tenant}.key`)))));
  return keys.get(tenant);
}
// The key of a purpose that stays when the master key changes: from HKDF's extract of the first one, kept since then.
function lastingKey(purpose) {
  const file = path.join(conf().keys, "lasting.key");
  const prk = fs.existsSync(file) ? open(masterKey(), "lasting_key", fs.readFileSync(file)) : crypto.createHmac("sha256", Buffer.alloc(32)).update(masterKey()).digest();
  return crypto.createHmac("sha256", prk).update(`foyer/${purpose}\x01`).digest();
}

// What was sealed under a client's key; what: "TABLE|COLUMN|ROW".
function opened(tenant, client, what, sealed) {
  const wrapped = Buffer.from(h.one("SELECT encode(wrapped_key, 'hex') FROM app.client_key WHERE tenant_id = :'v1' AND client_id = :'v2'", tenant, client), "hex");
  return open(open(tenantKey(tenant), `client_key|${tenant}|${client}`, wrapped), `${tenant}|${what}`, sealed);
}

// The same out of another Foyer's directory: its configuration says where its keys are.
function openedWith({ vardir }, tenant, client, what, wrapped, sealed) {
  const text = fs.readFileSync(path.join(vardir, "foyer.conf"), "utf8"), of = (name) => text.match(new RegExp(`^${name}\\s*=\\s*(.*)$`, "m"))[1].trim().replace(/^'(.*)'$/, "$1");
  const raw = fs.readFileSync(of("master_key")), master = raw.length === 32 ? raw : Buffer.from(raw.toString().trim(), "hex");
  const own = open(master, `tenant_key|${tenant}`, newestOf(fs.readFileSync(path.join(of("keys"), `${tenant}.key`))));
  return open(open(own, `client_key|${tenant}|${client}`, wrapped), `${tenant}|${what}`, sealed);
}

// The same way round under the business's own key, for a row without a client.
const sealed = (tenant, what, text) => sealedBy(tenantKey(tenant), `${tenant}|${what}`, text);
function sealedBy(key, aad, text) {
  const nonce = crypto.randomBytes(12), c = crypto.createCipheriv("aes-256-gcm", key, nonce);
  c.setAAD(Buffer.from(aad));
  const body = Buffer.concat([c.update(text), c.final()]);
  return Buffer.concat([Buffer.from([1]), crypto.createHash("sha256").update(key).digest().subarray(0, 8), nonce, body, c.getAuthTag()]);
}

// Mails of a business about accounts, the newest first: {kind, to, subject, text, link}.
function mails(label, to, kind = "") {
  const tenant = h.tenantId(label);
  return h.sql(`SELECT id, kind, to_address, subject, encode(body_sealed, 'hex') FROM app.message
      WHERE tenant_id = :'v1' AND kind LIKE 'account\\_%' AND lower(to_address) = lower(:'v2') AND (:'v3' = '' OR kind = :'v3') ORDER BY created_at DESC, id`,
    tenant, to, kind).map(([id, is, address, subject, hex]) => {
    const text = open(tenantKey(tenant), `${tenant}|app.message|body_sealed|${id}`, Buffer.from(hex, "hex")).toString("utf8");
    return { id, kind: is, to: address, subject, text, link: (text.match(/https:\/\/\S+/) || [])[0] };
  });
}
// The newest mail to an address that was not there before, once a job or a page has written it.
async function mail(label, to, kind, before = 0) {
  for (let i = 0; i < 150; i++) {
    const all = mails(label, to, kind);
    if (all.length > before) return all[0];
    await new Promise((r) => setTimeout(r, 100));
  }
  throw new Error(`no mail ${kind} to ${to}`);
}
// A browser that comes again when it is told that there is too much to do at this moment, as a person would.
class Patient extends h.Visitor {
  async again(ask) {
    for (let i = 0; ; i++) {
      const r = await ask();
      if (r.status !== 503 || i > 20) return r;
      await new Promise((done) => setTimeout(done, 150));
    }
  }
  get(target, o) { return this.again(() => super.get(target, o)); }
  post(target, body, o) { return this.again(() => super.post(target, body, o)); }
}
const pathOf = (link) => new URL(link).pathname;
module.exports = { conf, open, masterKey, tenantKey, lastingKey, opened, openedWith, sealed, sealedBy, mails, mail, pathOf, Patient };
