// verify_trail.js -- checks rows of the trail and copies of it from RFC 6962 and docs/security.md alone: nothing of Foyer's own code.
"use strict";
const { createHash, createPublicKey, verify } = require("node:crypto");
const sha = (...parts) => createHash("sha256").update(Buffer.concat(parts)).digest();
const length = (n) => { const b = Buffer.alloc(4); b.writeUInt32BE(n); return b; };
const field = (s) => (s === null ? length(0xffffffff) : Buffer.concat([length(Buffer.byteLength(s)), Buffer.from(s)]));
const leafOf = (index, fields) => sha(Buffer.from([0]), ...["foyer-leaf-v1", String(index), ...fields].map(field));
// RFC 9162, 2.1.3.2 (the same tree): whether a path leads from a leaf to the root.
function climbs(leaf, index, size, path, root) {
  let [fn, sn, r] = [index, size - 1, leaf];
  if (index >= size) return false;
  for (const p of path.map((x) => Buffer.from(x, "hex"))) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      r = sha(Buffer.from([1]), p, r);
      while (fn % 2 === 0 && fn > 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)];
    } else r = sha(Buffer.from([1]), r, p);
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 && r.toString("hex") === root;
}
// null: good. Otherwise what is wrong.
const verifyRow = (row, head) => (climbs(leafOf(row.index, row.fields), row.index, head.size, row.path, head.root) ? null : `index ${row.index}: altered`);
const signed = (pem, text, hex) => verify(null, Buffer.from(text), createPublicKey(pem), Buffer.from(hex, "hex"));
const headText = (h) => `foyer-sth-v1\n${h.tenant}\n${h.size}\n${h.root}\n${h.time}\n`;
// The lines of `foyer audit proof`.
function fromProofText(text) {
  const lines = text.trim().split("\n").map((l) => l.split(" ")), one = (k) => lines.find(([n]) => n === k)[1];
  return { tenant: one("tenant"), index: Number(one("index")), size: Number(one("size")), root: one("root"), time: one("time"), key: one("key"),
    signature: one("signature"), path: lines.filter(([n]) => n === "path").map(([, v]) => v) };
}
module.exports = { leafOf, verifyRow, signed, headText, fromProofText, sha };
