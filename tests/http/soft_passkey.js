// soft_passkey.js -- an authenticator in software: makes passkeys (ES256) and signs with them, as Web Authentication level 2
// says, and wrongly wherever a test asks for it.
"use strict";
const crypto = require("node:crypto");
const { host, origin } = require("./harness");

const sha256 = (b) => crypto.createHash("sha256").update(b).digest();
const b64 = (b) => Buffer.from(b).toString("base64url");

// CBOR of a COSE key for ES256: {1: 2, 3: -7, -1: 1, -2: x, -3: y}
function coseKey(publicKey) {
  const { x, y } = publicKey.export({ format: "jwk" });
  return Buffer.concat([Buffer.from("a5010203262001215820", "hex"), Buffer.from(x, "base64url"), Buffer.from("225820", "hex"), Buffer.from(y, "base64url")]);
}

class SoftPasskey {
  constructor(label) {
    this.label = label;
    this.id = crypto.randomBytes(32);
    this.count = 0;
    this.pair = crypto.generateKeyPairSync("ec", { namedCurve: "P-256" });
  }
  clientData(type, challenge, o) {
    return Buffer.from(JSON.stringify({ type: o.type || type, challenge: o.challenge || challenge, origin: o.origin || origin(this.label), crossOrigin: false, ...o.client }));
  }
  // o: {rpId, flags, count}: 0x01 present, 0x04 verified
  authData(o, more = Buffer.alloc(0), extra = 0) {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(o.count ?? ++this.count);
    return Buffer.concat([sha256(o.rpId || host(this.label)), Buffer.from([(o.flags ?? 0x05) | extra]), count, more]);
  }
  // Answer to what the server asked for when a passkey is to be added.
  made(asked, o = {}) {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(this.id.length);
    const attested = Buffer.concat([Buffer.alloc(16), length, this.id, coseKey(this.pair.publicKey)]);
    return { credential: b64(this.id), client_data: b64(this.clientData("webauthn.create", asked.challenge, o)), auth_data: b64(this.authData(o, attested, 0x40)) };
  }
  // Answer to what the server asked to be signed. o.key: signs with another key
  signed(asked, o = {}) {
    const client = this.clientData("webauthn.get", asked.challenge, o), auth = this.authData(o);
    const signature = crypto.sign("sha256", Buffer.concat([auth, sha256(client)]), o.key || this.pair.privateKey);
    if (o.broken) signature[signature.length - 1] ^= 1;
    return { credential: b64(o.id || this.id), client_data: b64(client), auth_data: b64(auth), signature: b64(signature), user_handle: o.handle ?? "" };
  }
}
module.exports = { SoftPasskey, b64 };
