// sso_provider.js -- identity providers for the tests of single sign-on: a certified one (npm oidc-provider), and one of our own that
// lies in every way it is told to. Both on loopback, without TLS (setting sso_own_hosts), the first one also with it.
"use strict";
const http = require("node:http");
const https = require("node:https");
const crypto = require("node:crypto");

const b64 = (x) => Buffer.from(typeof x === "string" || Buffer.isBuffer(x) ? x : JSON.stringify(x)).toString("base64url");

// accounts: by the subject, which is also the name to log in with there: {email, email_verified}
// tls: {key, cert}; none: without.
async function certified({ clients, accounts, tls }) {
  const { default: Provider } = await import("oidc-provider");
  const server = tls ? https.createServer(tls) : http.createServer();
  await new Promise((r) => server.listen(0, "127.0.0.1", r));
  const issuer = `http${tls ? "s" : ""}://localhost:${server.address().port}`;
  const warn = console.warn;
  console.warn = console.info = () => {};
  const provider = new Provider(issuer, {
    clients, pkce: { required: () => true }, claims: { openid: ["sub"], email: ["email", "email_verified"] },
    scopes: ["openid", "email"], cookies: { keys: ["a key of the tests"] },
    features: { devInteractions: { enabled: true } },
    findAccount: (ctx, id) => accounts[id] && { accountId: id, claims: () => ({ sub: id, ...accounts[id] }) },
    ttl: { Interaction: 600, Session: 600, Grant: 600 },
  });
  console.warn = warn;
  provider.on("server_error", (ctx, e) => process.stderr.write(`provider: ${e.stack}\n`));
  server.on("request", provider.callback());
  return { issuer, provider, close: () => { server.closeAllConnections(); server.close(); } };
}

// Goes through the certified one as a browser would, and gives the address that it sends back to.
async function visit(address, login) {
  const jar = new Map();
  const keep = (r) => { for (const c of r.headers.getSetCookie()) { const [k, v] = c.split(";")[0].split("="); if (v) jar.set(k, v); else jar.delete(k); } return r; };
  const cookie = () => [...jar].map(([k, v]) => `${k}=${v}`).join("; ");
  let url = address, body;
  for (let n = 0; n < 15; n++) {
    const r = keep(await fetch(url, { method: body ? "POST" : "GET", body, redirect: "manual", headers: { cookie: cookie() } }));
    body = undefined;
    if (r.status >= 300 && r.status < 400) {
      url = new URL(r.headers.get("location"), url).href;
      if (!url.startsWith(new URL(address).origin)) return url;
      continue;
    }
    const page = await r.text();
    const action = page.match(/<form[^>]*action="([^"]+)"/);
    if (!action) throw new Error(`the provider shows no form: ${r.status} ${page.slice(0, 500)}`);
    url = new URL(action[1], url).href;
    const prompt = page.match(/name="prompt" value="(\w+)"/)[1];
    body = new URLSearchParams(prompt === "login" ? { prompt, login, password: "any" } : { prompt });
  }
  throw new Error("the provider goes round in circles");
}

const key = (kid, kind = "rsa") => {
  const pair = kind === "rsa" ? crypto.generateKeyPairSync("rsa", { modulusLength: 2048 })
    : kind === "ec" ? crypto.generateKeyPairSync("ec", { namedCurve: "P-256" }) : crypto.generateKeyPairSync("ed25519");
  const alg = { rsa: "RS256", ec: "ES256", ed: "EdDSA" }[kind];
  return { kid, alg, ...pair, jwk: { ...pair.publicKey.export({ format: "jwk" }), kid, alg, use: "sig" } };
};
function sign(k, claims, header = {}) {
  const text = `${b64({ alg: k.alg, kid: k.kid, typ: "JWT", ...header })}.${b64(claims)}`;
  const sig = k.alg === "RS256" ? crypto.sign("sha256", Buffer.from(text), k.privateKey)
    : k.alg === "ES256" ? crypto.sign("sha256", Buffer.from(text), { key: k.privateKey, dsaEncoding: "ieee-p1363" })
      : crypto.sign(null, Buffer.from(text), k.privateKey);
  return `${text}.${b64(sig)}`;
}

// One that answers as it is told: p.keys in its key set; p.token(claims) makes the ID token of a code; p.claims overrides; p.status,
// p.slow (ms), p.redirect change its token endpoint. What it was asked is in p.asked.
async function hostile() {
  const p = { keys: [key("one")], asked: [], claims: {}, token: null, status: 200, slow: 0, redirect: null, discovery: {} };
  const server = http.createServer((req, res) => {
    let body = "";
    req.on("data", (d) => { body += d; });
    req.on("end", async () => {
      const path = req.url.split("?")[0];
      p.asked.push({ path, body: new URLSearchParams(body), authorization: req.headers.authorization });
      const say = (status, o, headers = {}) => { res.writeHead(status, { "content-type": "application/json", ...headers }); res.end(typeof o === "string" ? o : JSON.stringify(o)); };
      if (path === "/.well-known/openid-configuration")
        return say(200, { issuer: p.issuer, authorization_endpoint: `${p.issuer}/authorize`, token_endpoint: `${p.issuer}/token`,
          jwks_uri: `${p.issuer}/keys`, response_types_supported: ["code"], ...p.discovery });
      if (path === "/keys") return say(200, { keys: p.keys.map((k) => k.jwk) });
      if (path === "/token") {
        if (p.slow) await new Promise((r) => setTimeout(r, p.slow));
        if (p.redirect) return say(302, "", { location: p.redirect });
        if (p.status !== 200) return say(p.status, { error: "invalid_grant" });
        const now = Math.floor(Date.now() / 1000);
        const claims = { iss: p.issuer, aud: "foyer", exp: now + 300, iat: now, nonce: p.nonce, sub: "s-1", ...p.claims };
        for (const k of Object.keys(claims)) if (claims[k] === undefined) delete claims[k];
        return say(200, { token_type: "Bearer", id_token: p.token ? p.token(claims) : sign(p.keys[0], claims) });
      }
      return say(404, {});
    });
  });
  await new Promise((r) => server.listen(0, "127.0.0.1", r));
  p.port = server.address().port;
  p.issuer = `http://localhost:${p.port}`;
  p.close = () => { server.closeAllConnections(); server.close(); };
  return p;
}

module.exports = { certified, visit, hostile, key, sign, b64 };
