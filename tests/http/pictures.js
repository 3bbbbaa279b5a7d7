// pictures.js -- files as people send them, good and bad, and the form that sends them.
"use strict";
const crypto = require("node:crypto");
const zlib = require("node:zlib");
const h = require("./harness");

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]), out = Buffer.alloc(12 + data.length);
  let crc = 0xffffffff;
  for (const b of body) {
    crc ^= b;
    for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(~crc >>> 0, 8 + data.length);
  return out;
}
// A PNG of one colour, with a remark of where it was taken; claimed: what its header says instead of its size.
function png(width, height, rgb = [200, 60, 60], claimed = [width, height]) {
  const head = Buffer.alloc(13), line = Buffer.concat([Buffer.alloc(1), Buffer.concat(Array(width).fill(Buffer.from(rgb)))]);
  head.writeUInt32BE(claimed[0], 0);
  head.writeUInt32BE(claimed[1], 4);
  head.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", head), chunk("tEXt", Buffer.from("Location\0GPS 52.520008 13.404954")),
    chunk("IDAT", zlib.deflateSync(Buffer.concat(Array(height).fill(line)))), chunk("IEND", Buffer.alloc(0))]);
}
// A multipart body out of values and files ({name: {filename, type, bytes}}, or several of a name in an array).
function multipart(values, files) {
  const mark = `B${crypto.randomBytes(12).toString("hex")}`, parts = [];
  for (const [name, value] of Object.entries(values)) parts.push(`--${mark}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`);
  for (const [name, list] of Object.entries(files)) for (const f of [].concat(list)) parts.push(`--${mark}\r\nContent-Disposition: form-data; name="${name}"; filename="${f.filename || ""}"\r\nContent-Type: ${f.type || "application/octet-stream"}\r\n\r\n`, f.bytes, "\r\n");
  parts.push(`--${mark}--\r\n`);
  return { body: Buffer.concat(parts.map((p) => Buffer.from(p))), headers: { "Content-Type": `multipart/form-data; boundary=${mark}` } };
}
// Fills in the form at a page and sends it with a file, as a browser without script does.
async function send(v, page, action, name, file, more = {}) {
  const form = h.formOf((await v.get(page)).text, action), values = { ...form.values, ...more };
  delete values[name];
  const m = multipart(values, { [name]: file });
  return v.post(form.action, m.body, { headers: m.headers });
}
module.exports = { png, multipart, send };
