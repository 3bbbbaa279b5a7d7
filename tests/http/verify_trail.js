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
// A copy of the trail (docs/security.md, "A copy of the trail"): the list of what is wrong with it, empty when nothing is.
function verifyExport(text, pem) {
  const lines = text.split("\n"), wrong = [];
  if (lines.pop() !== "") wrong.push("cut off");
  const header = JSON.parse(lines[0]), head = { tenant: header.tenant, ...header.head }, end = JSON.parse(lines.at(-1));
  if (header.format !== "foyer-trail-export-1" || !signed(pem, headText(head), head.signature)) wrong.push("the head is not signed");
  const rows = lines.slice(1, end.indexes ? -1 : undefined).map((l) => JSON.parse(l));
  rows.forEach((row, i) => {
    const bad = row.fields[0] === head.tenant ? verifyRow(row, head) : `index ${row.index}: altered`;
    if (bad) wrong.push(bad);
    if (i > 0 && row.index <= rows[i - 1].index) wrong.push(`index ${row.index}: reordered`);
  });
  if (!end.indexes) return [...wrong, "cut off"];
  const hex = (s) => sha(Buffer.from(s)).toString("hex"), list = end.indexes.join(",");
  if (!signed(pem, `foyer-export-v1\n${head.tenant}\n${hex(lines[0])}\n${end.rows}\n${hex(list)}\n${end.time}\n`, end.signature)) wrong.push("the copy is not signed");
  for (const i of end.indexes) if (!rows.some((r) => r.index === i)) wrong.push(`index ${i}: deleted`);
  for (const r of rows) if (!end.indexes.includes(r.index)) wrong.push(`index ${r.index}: added`);
  return wrong;
}
module.exports = { verifyExport, leafOf, verifyRow, signed, headText, fromProofText, sha };
