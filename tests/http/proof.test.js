// proof.test.js -- the signed copy: a PDF that proves itself, made once, handed to whom it belongs. E-02 E-04 E-06 L13 L26 T12 S-32.
"use strict";
const { test, describe, before, after } = require("node:test");
const assert = require("node:assert/strict");
const crypto = require("node:crypto");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { spawnSync } = require("node:child_process");
const h = require("./harness");
const { session, somebody } = require("./form_client");
const readSquare = require("jsqr");
const { sleep, until } = require("../slow/stack");

const dir = fs.mkdtempSync(path.join(os.tmpdir(), "proof-"));
fs.chmodSync(dir, 0o755);
after(() => fs.rmSync(dir, { recursive: true, force: true }));
const run = (program, args, o = {}) => {
  const r = spawnSync(program, args, { cwd: dir, encoding: "utf8", ...o });
  assert.equal(r.error, undefined, `${program}: ${r.error}`);
  return { code: r.status, out: `${r.stdout}${r.stderr}` };
};
const write = (name, bytes) => { fs.writeFileSync(path.join(dir, name), bytes, { mode: 0o644 }); return path.join(dir, name); };
const as = process.getuid() === 0 ? ["runuser", "-u", process.env.FOYER_OS_USER || "foyer", "--"] : [];
const verify = (name, ...more) => run("env", ["-i", `PATH=${process.env.PATH}`, "ASAN_OPTIONS=detect_leaks=0", path.join(h.env.bin, "foyer"), "form", "verify", name, ...more]);

// What is hostile in a page, a PDF or a terminal; and every direction of writing.
const hostile = "<script>alert(1)</script> (\\) endobj %%EOF /ByteRange [ 0 1 2 3 ] \"quoted\" 'single' & ${7*7} {{name}} =HYPERLINK";
const scripts = "Zoë שלום مرحبا 日本語 한글 สวัสดี नमस्ते Ελένη Владимир";
const strokes = JSON.stringify({ v: 1, w: 1000, h: 400, strokes: [[[10, 20, 0, 50], [300, 200, 40, 50], [500, 90, 80, 60]]] });
const answers = (reason) => ({ "q-reason": reason, "q-skin_type": "Tans easily", "q-conditions": ["Diabetes"], "q-pregnant": "no", "q-medication": "yes",
  "q-medication-more": scripts, "q-surgery": "no", "q-allergies": "none", "q-anything_else": hostile, "q-truthful": "yes", intent: "next" });

async function signed(o = {}) {
  const p = await somebody("glow");
  if (o.sent) { // by a link that the front desk mails to her
    assert.equal((await (await h.staff("glow", "front-desk")).submit(`/clients/${p.client}`, {}, { action: /form-link/ })).status, 303);
    p.link = h.one("SELECT link_id FROM app.message WHERE client_id = :'v1'::uuid AND kind = 'form_link' ORDER BY created_at DESC LIMIT 1", p.client);
    p.v = session("glow", p.link);
    p.at = `/v/${p.link}/forms`;
  }
  const at = `${p.at}/${p.intake}`;
  assert.equal((await p.v.submit(at, answers(o.reason || "Rosebud"))).status, 303);
  const values = o.drawn ? { method: "drawn", strokes } : {};
  const r = await p.v.submit(`${at}/consent`, { accepts: "yes", signer_name: "Zoë O'Hara", name_meant: "Zoë O'Hara", ...values });
  assert.equal(r.status, 303, h.decode(r.text));
  const [id, sha256] = h.sql("SELECT id, encode(document_sha256, 'hex') FROM app.signature WHERE assignment_id = :'v1'::uuid", p.intake)[0];
  return { ...p, at, id, sha256, chart: `/clients/${p.client}/signatures/${id}` };
}
const copies = (id) => Number(h.one("SELECT count(*) FROM app.signature_copy WHERE signature_id = :'v1'::uuid", id));
const made = (p) => until(() => copies(p.id) === 1, "its copy is not made", 60000);
const downloaded = async (p) => (await (await h.staff("glow", "owner")).get(`${p.chart}/signed-form.pdf`)).bytes;
const events = (p, kind) => Number(h.one("SELECT count(*) FROM app.form_event WHERE assignment_id = :'v1'::uuid AND kind = :'v2'", p.intake, kind));

let p, pdf;
before(async () => {
  p = await signed({ drawn: true });
  await made(p);
  pdf = await downloaded(p);
  write("copy.pdf", pdf);
  const keys = path.join(h.env.vardir, "keys"), list = run(as[0] || "sh", [...as.slice(1), ...(as.length ? ["sh"] : []), "-c", `cat '${keys}'/documents-*.pem`], { cwd: "/" });
  write("authority.pem", list.out);
});

describe("E-04: the copy proves itself", () => {
  test("pdfsig, qpdf and Foyer's command accept it", () => {
    assert.match(run("qpdf", ["--check", "copy.pdf"]).out, /No syntax or stream encoding errors/);
    const sig = run("pdfsig", ["copy.pdf"]).out;
    for (const words of [/Signature is Valid/, /Total document signed/, /ETSI\.CAdES\.detached/, /SHA-256/]) assert.match(sig, words);
    const r = verify("copy.pdf", "--authority", "authority.pem");
    assert.equal(r.code, 0, r.out);
    assert.match(r.out, /Good: not one byte/);
    assert.ok(r.out.includes(p.sha256) && r.out.includes("Zoë O'Hara"), r.out);
  });
  test("one changed byte fails, wherever it is; so do a byte more, and another authority", () => {
    const contents = pdf.indexOf("/Contents <");
    for (const at of [9, 2000, contents + 40, contents + 5000, contents + 16000, pdf.length - 300, pdf.length - 8]) {
      const bad = Buffer.from(pdf);
      bad[at] ^= 1;
      write("bad.pdf", bad);
      const r = verify("bad.pdf", "--authority", "authority.pem");
      assert.equal(r.code, 1, `byte ${at}: ${r.out}`);
      assert.match(r.out, /NOT GOOD/);
      if (at < contents || at > contents + 16500) assert.doesNotMatch(run("pdfsig", ["bad.pdf"]).out, /Signature is Valid[\s\S]*Total document signed|Total document signed[\s\S]*Signature is Valid/, `byte ${at}`);
    }
    write("bad.pdf", Buffer.concat([pdf, Buffer.from("\n")]));
    assert.equal(verify("bad.pdf").code, 1);
    run("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "other.key", "-out", "other.pem", "-subj", "/CN=Other", "-days", "2"]);
    assert.match(verify("copy.pdf", "--authority", "other.pem").out, /another authority/);
  });
  test("the documented commands with openssl alone verify it, and find a changed byte", () => {
    const doc = fs.readFileSync(path.join(h.root, "docs", "verify-a-signed-form.md"), "utf8");
    const blocks = [...doc.matchAll(/```sh\n([\s\S]*?)```/g)].map((m) => m[1]);
    assert.equal(blocks.length, 3);
    const r = run("sh", ["-e", "-c", blocks.join("\n")]);
    assert.equal(r.code, 0, r.out);
    assert.match(r.out, /CAdES Verification successful/);
    assert.ok(r.out.includes(`${p.sha256}  document.txt`), r.out);
    const bad = Buffer.from(pdf);
    bad[pdf.length - 300] ^= 1;
    const good = fs.readFileSync(path.join(dir, "copy.pdf"));
    write("copy.pdf", bad);
    const failed = run("sh", ["-e", "-c", blocks[0]]);
    write("copy.pdf", good);
    assert.notEqual(failed.code, 0);
    assert.match(failed.out, /Verification failure/);
  });
  test("it holds the exact wording, the answers, the signature and the certificate; its JSON twin says the same", () => {
    const text = run("pdftotext", ["-layout", "copy.pdf", "-"]).out, flat = text.replace(/\s+/g, " ");
    for (const words of ["Rosebud", "Certificate of completion", "Zoë O'Hara", "Drawn by hand", "Date of birth, typed in and right", p.id, "Page 1 of", "What happened, in order"])
      assert.ok(flat.includes(words), words);
    assert.ok(flat.replace(/ /g, "").includes(p.sha256));
    run("pdfdetach", ["-saveall", "copy.pdf"]);
    const kept = fs.readFileSync(path.join(dir, "document.txt")), record = JSON.parse(fs.readFileSync(path.join(dir, "record.json"), "utf8"));
    assert.equal(crypto.createHash("sha256").update(kept).digest("hex"), p.sha256);
    assert.equal(record.document.text, kept.toString("utf8"));
    assert.deepEqual([record.format, record.id, record.document.sha256, record.client.id, record.signature.name, record.signature.second_factor, record.signature.method, record.signature.place],
      ["foyer-signed-form-3", p.id, p.sha256, p.client, "Zoë O'Hara", "birth_date", "drawn", "link"]);
    assert.equal(crypto.createHash("sha256").update(record.signature.strokes).digest("hex"), record.signature.strokes_sha256);
    assert.equal(JSON.parse(record.signature.strokes).strokes.length, 1);
    const [row, idx] = h.sql(`SELECT e.id, coalesce((SELECT l.idx FROM audit.leaf l WHERE l.tenant_id = e.tenant_id AND l.id = e.id)::text, '') FROM audit.event e
      JOIN app.signature s ON s.tenant_id = e.tenant_id AND s.request_id = e.request_id WHERE s.id = :'v1'::uuid AND e.action = 'form.sealed'`, p.id)[0];
    assert.equal(record.audit.row, row);
    if (record.audit.index !== null) assert.equal(String(record.audit.index), idx);
  });
  test("it holds each element that certificates of completion elsewhere have: envelope, document, both hashes, who sent it, who signed, how identified, from where, in which session and time zone, what happened when, the seal", () => {
    const record = JSON.parse(fs.readFileSync(path.join(dir, "record.json"), "utf8")), { signature: s, document: d } = record;
    const flat = run("pdftotext", ["-layout", "copy.pdf", "-"]).out.replace(/\s+/g, "");
    const [zone, request, link, address, agent, signed, name, title, number] = h.sql(`SELECT s.zone, s.request_id, s.link_id, host(s.ip), s.agent, to_char(s.signed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), c.name, v.title, v.version
      FROM app.signature s JOIN app.client c ON c.id = s.client_id JOIN app.form_version v ON v.id = s.form_version_id WHERE s.id = :'v1'::uuid`, p.id)[0];
    // original: of what was shown before it was signed; final: of what was signed
    const kept = fs.readFileSync(path.join(dir, "document.txt"), "utf8"), sha = (x) => crypto.createHash("sha256").update(x).digest("hex");
    assert.deepEqual([d.shown_sha256, d.sha256], [sha(kept.slice(0, kept.indexOf("\nShown to the signer, SHA-256\n"))), sha(kept)]);
    assert.notEqual(d.shown_sha256, d.sha256);
    for (const [element, value, expected] of [["envelope and signature id", record.id, p.id], ["title", d.title, title], ["version", d.version, number], ["signer", s.name, "Zoë O'Hara"], ["client", record.client.name, name], ["role", s.signer, "client"],
      ["how identified", s.second_factor, "birth_date"], ["kind", s.method, "drawn"], ["address", s.address, address], ["browser", s.agent, agent], ["link", s.link, link], ["request", s.request, request], ["time zone", s.zone, zone], ["signed", s.at, signed],
      ["studio", record.studio.name, "Glow Medical Spa"], ["language", s.language, "en"]])
      assert.equal(value ?? "", expected, element);
    assert.ok(d.pages >= 2 && s.seconds_spent >= 0 && /^\d+$/.test(s.disclosure_version) && "sender" in s && "email" in record.client && "phone" in record.client && "witness" in s && "guardian" in s);
    assert.match(record.asked_at, /^\d{4}-\d\d-\d\dT[\d:]{8}Z$/);
    assert.match(kept, /^ {2}I have read this form\. .* I sign it electronically/m, "the reason of signing");
    assert.ok(kept.includes("Tans easily"), "the values of its fields");
    const kinds = record.events.map((e) => e.kind), times = record.events.map((e) => e.at);
    for (const kind of ["opened", "shown", "kept", "consented", "signed"]) assert.ok(kinds.includes(kind), kind);
    assert.deepEqual(times, [...times].sort(), "in order");
    assert.ok(kinds.indexOf("opened") < kinds.indexOf("consented") && kinds.indexOf("consented") <= kinds.indexOf("signed"));
    // The row of the trail that it names is of that session: by that link, from there, in that request.
    assert.deepEqual(h.sql("SELECT action, object_id, link_id, host(ip), request_id FROM audit.event WHERE id = :'v1'", record.audit.row)[0], ["form.sealed", p.id, link, address, request]);
    assert.match(record.authority_sha256, /^[0-9a-f]{64}$/);
    for (const words of [p.id, d.sha256, d.shown_sha256, d.wording_sha256, s.strokes_sha256, zone, request, link, address, record.audit.row, "Linkfrom", "Timespent", "Theaudittrail"]) assert.ok(flat.includes(words), words);
  });
  test("it is tagged, says its language, and the first page is Letter where paper is", () => {
    const info = run("pdfinfo", ["copy.pdf"]).out;
    assert.match(info, /Tagged:\s+yes/);
    assert.match(info, /Page size:\s+612 x 792/);
    const tags = run("pdfinfo", ["-struct", "copy.pdf"]).out;
    for (const t of ["Document", "H1", "H2", "P", "Table", "TR", "TH", "TD", "Figure"]) assert.match(tags, new RegExp(`^\\s*${t}\\b`, "m"), t);
  });
});

describe("T12: hostile text in a copy", () => {
  test("is text in every script, and nothing else", () => {
    const text = run("pdftotext", ["-raw", "copy.pdf", "-"]).out.replace(/[\s\u200e\u200f\u202a-\u202e]+/g, "");
    for (const words of hostile.split(" ")) assert.ok(text.includes(words.replace(/\s/g, "")), words);
    for (const word of ["Zoë", "日本語", "한글", "Ελένη", "Владимир"]) assert.ok(text.includes(word), word);
    assert.match(text, /[\u0590-\u05ff]{4}/);
    assert.match(text, /[\u0600-\u06ff\ufe70-\ufeff]{4}/);
    run("qpdf", ["--qdf", "--object-streams=disable", "copy.pdf", "plain.pdf"]);
    const plain = fs.readFileSync(path.join(dir, "plain.pdf"), "latin1");
    assert.doesNotMatch(plain, /\/(JavaScript|JS|OpenAction|AA|URI|Launch|SubmitForm)\b/);
  });
});

describe("L13: on the chart", () => {
  test("it is offered, downloaded as a file that nobody keeps on the way, and each download is in the trail", async () => {
    const v = await h.staff("glow", "owner");
    const page = await v.get(p.chart);
    assert.match(page.text, /Download PDF/);
    const r = await v.get(`${p.chart}/signed-form.pdf`);
    assert.equal(r.status, 200);
    assert.equal(r.headers["content-type"], "application/pdf");
    assert.match(r.headers["content-disposition"], /^attachment; filename="?signed-form-\d{4}-\d\d-\d\d\.pdf/);
    assert.match(r.headers["cache-control"], /no-store/);
    assert.deepEqual(h.trail(r.id).map((e) => [e.action, e.clients]), [["consent.copy", [p.client]]]);
    assert.equal(h.one("SELECT encode(pdf_sha256, 'hex') FROM app.signature_copy WHERE signature_id = :'v1'::uuid", p.id), crypto.createHash("sha256").update(r.bytes).digest("hex"));
    assert.ok(page.text.includes(crypto.createHash("sha256").update(r.bytes).digest("hex")));
  });
  test("who may not read charts, another studio, and another client's address get nothing", async () => {
    for (const [label, role, at] of [["glow", "front-desk", p.chart], ["first-light", "owner", p.chart], ["glow", "owner", `/clients/${(await somebody("glow")).client}/signatures/${p.id}`]]) {
      const r = await (await h.staff(label, role)).get(`${at}/signed-form.pdf`);
      assert.ok([403, 404].includes(r.status), `${label} ${role}: ${r.status}`);
      assert.ok(!r.bytes.includes("%PDF-1."));
    }
  });
  test("S-32: neither the text nor the file is in the database as it is", () => {
    const raw = h.one("SELECT encode(pdf_sealed, 'escape') FROM app.signature_copy WHERE signature_id = :'v1'::uuid", p.id);
    assert.doesNotMatch(raw, /%PDF-1\.|Rosebud/);
    const open = h.one("SELECT count(*) FROM app.job WHERE kind = 'form.pdf' AND to_jsonb(job)::text ~ 'Rosebud'");
    assert.equal(open, "0");
  });
});

// E-04: the certificate names the messages that carried the link, with a hint of the address; those to her it names elsewhere.
async function certified(q) {
  write("sent.pdf", await downloaded(q));
  run("pdfdetach", ["-saveall", "sent.pdf"]);
  const record = JSON.parse(fs.readFileSync(path.join(dir, "record.json"), "utf8")), address = record.client.email;
  const hint = address.replace(/^(.)[^@]*@/, "$1…@");
  assert.equal(record.signature.link, q.link);
  const [sender, asked] = h.sql(`SELECT f.name, to_char(a.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') FROM app.link l JOIN app.staff f ON f.id = l.created_by JOIN app.form_assignment a ON a.id = :'v2' WHERE l.id = :'v1'`, q.link, q.intake)[0];
  assert.deepEqual([record.signature.sender, record.asked_at, record.document.pages], [sender, asked, Number(run("qpdf", ["--show-npages", "sent.pdf"]).out)]);
  assert.deepEqual(record.messages.map((m) => [m.kind, m.channel, m.address]), [["form_link", "email", hint]]);
  const [written, sent, state] = h.sql(`SELECT to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), coalesce(to_char(sent_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), ''), state
    FROM app.message WHERE link_id = :'v1'::uuid`, q.link)[0];
  assert.deepEqual([record.messages[0].written_at, record.messages[0].sent_at || ""], [written, sent]);
  const words = { sent: "sent", kept: "kept to be handed over, not sent" }[record.messages[0].state];
  assert.equal(record.messages[0].state, state);
  const text = run("pdftotext", ["-raw", "sent.pdf", "-"]).out.replace(/\s+/g, "");
  assert.ok(text.includes("Messagesthatcarriedthelink") && text.includes(`E-mail to ${hint}: ${words}`.replace(/ /g, "")), text.slice(-3000));
}

describe("E-04: who holds the paper can ask", () => {
  const words = (r) => h.decode(r.text.replace(/<[^>]*>/g, " ")).replace(/\s+/g, " ");
  const ask = async (fingerprint, o = {}) => h.request(o.label || "glow", `/verify?fingerprint=${encodeURIComponent(fingerprint)}`, { from: h.somewhere(), ...o });
  test("the square on the last page is read by a phone and leads to the page that says on which day it was signed, and nothing else", async () => {
    const n = Number(run("pdfinfo", ["copy.pdf"]).out.match(/Pages:\s+(\d+)/)[1]);
    run("pdftoppm", ["-gray", "-r", "130", "-f", String(n), "-l", String(n), "-singlefile", "copy.pdf", "last"]);
    const pgm = fs.readFileSync(path.join(dir, "last.pgm")), [, wide, high] = pgm.toString("latin1", 0, 40).match(/^P5\s+(\d+)\s+(\d+)\s+255\s/);
    const grey = pgm.subarray(pgm.length - wide * high), rgba = new Uint8ClampedArray(wide * high * 4).fill(255);
    for (let i = 0; i < grey.length; i++) rgba.fill(grey[i], i * 4, i * 4 + 3);
    const square = readSquare(rgba, Number(wide), Number(high));
    assert.ok(square, "no square can be read");
    assert.equal(square.data, `${h.origin("glow")}/verify?fingerprint=${p.sha256}`);
    run("pdfdetach", ["-saveall", "copy.pdf"]);
    assert.equal(JSON.parse(fs.readFileSync(path.join(dir, "record.json"), "utf8")).verify, square.data);

    const r = await h.request("glow", new URL(square.data).pathname + new URL(square.data).search, { from: h.somewhere() });
    assert.equal(r.status, 200);
    assert.match(words(r), /A document with this fingerprint was signed at Glow Medical Spa on \w{3} \d+ \w+ 20\d\d\. Nothing that it allowed has been taken back\. No newer one has replaced it\./);
    const [name, title] = h.sql("SELECT c.name, v.title FROM app.signature s JOIN app.client c ON c.id = s.client_id JOIN app.form_version v ON v.id = s.form_version_id WHERE s.id = :'v1'::uuid", p.id)[0];
    for (const secret of [name, title, "Zoë", "Rosebud", p.client, p.id]) assert.ok(!h.decode(r.text).includes(secret), secret);
    assert.deepEqual(h.trail(r.id).map((e) => [e.action, e.outcome, e.clients]), [["form.verify", "ok", []]]);
    assert.match(r.headers["cache-control"], /no-store/);
  });
  test("the file's own fingerprint is known too; another's, another studio's and what is none are not; it is not in a log", async () => {
    const file = crypto.createHash("sha256").update(pdf).digest("hex");
    assert.match(words(await ask(file)), /It is the fingerprint of the file/);
    assert.match(words(await ask(` ${p.sha256.toUpperCase().replace(/(.{8})/g, "$1 ")}`)), /was signed at Glow/);
    const unknown = await ask(crypto.randomBytes(32).toString("hex"));
    assert.match(words(unknown), /No document with this fingerprint/);
    assert.deepEqual(h.trail(unknown.id), []);
    assert.match(words(await ask(p.sha256, { label: "first-light" })), /No document with this fingerprint/);
    assert.match(words(await ask("<script>alert(1)</script>")), /not a whole fingerprint/);
    assert.match(words(await h.request("glow", "/verify")), /You hold a form that was signed/);
    const log = fs.readFileSync(path.join(h.env.vardir, "log", "access.log"), "utf8");
    assert.ok(log.includes("/verify") && !log.includes(p.sha256));
  });
  test("V-07: sixty questions in an hour from one network, then it waits", async () => {
    const from = h.somewhere();
    h.sql("SELECT sec.throttle_fail(sec.throttle_key('try-verify', sec.throttle_net(:'v1'::inet))) FROM generate_series(1, 60)", from);
    const r = await ask(p.sha256, { from });
    assert.equal(r.status, 429);
    assert.doesNotMatch(r.text, /was signed/);
  });
});

describe("L26: the client's copy", () => {
  test("she downloads it by her link, and that is written down", async () => {
    const page = await p.v.get(`${p.at}/copy`);
    assert.match(page.text, /Download PDF/);
    const r = await p.v.get(`${p.at}/signed-form.pdf`);
    assert.equal(r.status, 200);
    assert.ok(r.bytes.equals(pdf));
    assert.match(r.headers["cache-control"], /no-store/);
    assert.equal(r.headers["x-robots-tag"], "noindex, nofollow", "S-16");
    assert.deepEqual(h.trail(r.id).map((e) => [e.action, e.clients]), [["form.copy", [p.client]]]);
    assert.ok(events(p, "copy_made") === 1 && events(p, "copy_read") >= 1);
    const other = await somebody("glow");
    assert.equal((await other.v.get(`${other.at}/${p.intake}/signed-form.pdf`)).status, 404);
    assert.equal((await other.v.get(`${other.at}/${other.intake}/signed-form.pdf`)).status, 404);
  });
  test("it is sent when staff sends it: a mail with a link behind the date of birth, and nothing attached", async () => {
    const mails = () => h.sql("SELECT id, ics_sealed IS NULL, link_sealed IS NOT NULL, subject FROM app.message WHERE client_id = :'v1'::uuid AND kind = 'form_copy'", p.client);
    assert.deepEqual(mails(), []);
    const v = await h.staff("glow", "owner");
    const r = await v.submit(p.chart, {}, { action: `${p.chart}/send` });
    assert.equal(r.location, `${p.chart}?sent=1`, r.text);
    assert.match((await v.get(r.location)).text, /A link to the copy is on its way/);
    const [[, noFile, hasLink, subject]] = mails();
    assert.deepEqual([noFile, hasLink, subject], ["t", "t", "Your copy from Glow Medical Spa"]);
    assert.equal(h.one("SELECT second_factor || purpose FROM app.link WHERE client_id = :'v1'::uuid ORDER BY created_at DESC LIMIT 1", p.client), "birth_dateform");
    assert.equal(events(p, "copy_sent"), 1);
    assert.deepEqual(h.trail(r.id).map((e) => [e.action, e.clients]), [["form.copy.send", [p.client]]]);
  });
  test("without an address or a date of birth nothing is sent, and the page says why", async () => {
    const v = await h.staff("glow", "owner"), was = h.sql("SELECT email, birth_date FROM app.client WHERE id = :'v1'::uuid", p.client)[0];
    const put = (email, born) => h.sql(`SELECT set_config('foyer.tenant_id', :'v4', false) \\g /dev/null
      UPDATE app.client SET email = nullif(:'v2', ''), birth_date = nullif(:'v3', '')::date WHERE id = :'v1'::uuid`, p.client, email, born, h.tenantId("glow"));
    try {
      put("", was[1]);
      const r = await v.submit(p.chart, {}, { action: `${p.chart}/send` });
      assert.equal(r.status, 422);
      assert.match(r.text, /no e-mail address/);
      put(was[0], "");
      assert.match((await v.submit(p.chart, {}, { action: `${p.chart}/send` })).text, /Add the date of birth first/);
    } finally {
      put(...was);
    }
  });
  test("a studio may let the link go out by itself; only who may change settings says so", async () => {
    const v = await h.staff("glow", "owner");
    assert.match((await v.get("/settings/copies")).text, /value="asked" required checked/);
    assert.equal((await v.submit("/settings/copies", { copy_sending: "signed" }, { action: "/settings/copies" })).location, "/settings/copies?saved=1");
    try {
      const q = await signed({ sent: true });
      await made(q);
      await certified(q);
      assert.equal(h.one("SELECT count(*) FROM app.message WHERE client_id = :'v1'::uuid AND kind = 'form_copy'", q.client), "1");
      assert.equal(events(q, "copy_sent"), 1);
    } finally {
      await v.submit("/settings/copies", { copy_sending: "asked" }, { action: "/settings/copies" });
    }
    assert.equal((await (await h.staff("glow", "front-desk")).get("/settings/copies")).status, 403);
  });
});

describe("E-02 E-06: it stays", () => {
  test("after the form gets another wording, is taken out of use, and whoever worked there has left, the same bytes come", async () => {
    const form = h.one("SELECT form_id FROM app.form_assignment WHERE id = :'v1'::uuid", p.intake);
    const one = (s) => h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v2', true) \\g /dev/null\n ${s}; COMMIT`, form, h.tenantId("glow"));
    const [v] = [await h.staff("glow", "owner")];
    // Another wording, by the builder's own pages; who made and published it leaves; the form is put away.
    const writer = await h.staff("glow", "manager", { fresh: true }), who = h.one("SELECT id FROM app.staff WHERE tenant_id = :'v2' AND starts_with(email_norm, 'manager@')", form, h.tenantId("glow"));
    const draft = `/settings/forms/${form}/draft`, before = h.sql("SELECT title, body FROM app.form_version WHERE id = app.form_in_force(:'v1')", form)[0];
    const again = async (title, body) => {
      if ((await writer.get(draft)).status === 404) assert.equal((await writer.submit(`/settings/forms/${form}`, {}, { action: draft })).status, 303);
      assert.equal((await writer.submit(draft, { title, body }, { action: `${draft}/wording` })).status, 303);
      assert.equal((await writer.submit(draft, {}, { action: `${draft}/publish` })).status, 303);
    };
    await again("Another title", "Another wording altogether.");
    one("UPDATE app.form SET is_active = false WHERE id = :'v1'::uuid");
    one(`UPDATE app.staff SET is_active = false, deactivated_at = now() WHERE id = '${who}'`);
    try {
      assert.equal((await writer.get("/clients")).status, 303, "who has left has no session");
      assert.ok((await v.get(`${p.chart}/signed-form.pdf`)).bytes.equals(pdf));
      assert.ok((await p.v.get(`${p.at}/signed-form.pdf`)).bytes.equals(pdf));
    } finally {
      one("UPDATE app.form SET is_active = true WHERE id = :'v1'::uuid");
      one(`UPDATE app.staff SET is_active = true, deactivated_at = NULL WHERE id = '${who}'`);
    }
    const returned = await h.staff("glow", "manager", { fresh: true });
    writer.jar = returned.jar;
    await again(before[0], before[1]);
    assert.ok((await v.get(`${p.chart}/signed-form.pdf`)).bytes.equals(pdf), "and once more");
    assert.equal(h.one("SELECT encode(document_sha256, 'hex') FROM app.signature WHERE id = :'v1'::uuid", p.id), p.sha256);
  });
  test("no role changes, removes or makes a second one", () => {
    const refused = (s) => { try { h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', '${h.tenantId("glow")}', true) \\g /dev/null\n ${s}; ROLLBACK`); return false; } catch (e) { return String(e.message || e); } };
    const where = `WHERE signature_id = '${p.id}'`;
    for (const role of ["foyer_owner", "postgres"]) {
      const be = role === "postgres" ? "" : `SET LOCAL ROLE ${role};`;
      assert.match(refused(`${be} UPDATE app.signature_copy SET n_pages = 9 ${where}`) || "", /written once/);
      assert.match(refused(`${be} DELETE FROM app.signature_copy ${where}`) || "", /written once/);
    }
    for (const role of ["foyer_staff", "foyer_public", "foyer_slow"])
      assert.match(refused(`SET LOCAL ROLE ${role}; DELETE FROM app.signature_copy ${where}`) || "", /permission denied/);
    assert.match(refused(`INSERT INTO app.signature_copy (client_id, signature_id, pdf_sealed, pdf_sha256, n_pages) SELECT client_id, signature_id, pdf_sealed, pdf_sha256, 1 FROM app.signature_copy ${where}`) || "", /signature_copy_once/);
  });
  test("a runner killed while it makes one leaves none; the next makes it, once", async () => {
    const child = path.join(process.env.FOYER_RUN || path.join(h.env.vardir, "run"), "jobs.child");
    const release = await h.lockTable("app.signature_copy");
    let q;
    try {
      q = await signed();
      await until(() => h.one("SELECT state FROM app.job WHERE kind = 'form.pdf' AND subject_id = :'v1'::uuid", q.id) === "running", "nobody takes it", 30000);
      await sleep(300);
      process.kill(Number(fs.readFileSync(child, "utf8")), "SIGKILL");
    } finally {
      await release();
    }
    assert.equal(copies(q.id), 0);
    h.sql("UPDATE app.job SET lease_until = now() - interval '1 second' WHERE kind = 'form.pdf' AND subject_id = :'v1'::uuid AND state = 'running'", q.id);
    await made(q);
    await until(() => h.one("SELECT state FROM app.job WHERE kind = 'form.pdf' AND subject_id = :'v1'::uuid", q.id) === "done", "it is not done", 20000);
    assert.equal(h.one("SELECT attempts FROM app.job WHERE kind = 'form.pdf' AND subject_id = :'v1'::uuid", q.id), "2");
    // Done once more by mistake, it finds that there is one.
    h.sql("UPDATE app.job SET state = 'ready', run_at = now(), finished_at = NULL WHERE kind = 'form.pdf' AND subject_id = :'v1'::uuid", q.id);
    await until(() => h.one("SELECT state FROM app.job WHERE kind = 'form.pdf' AND subject_id = :'v1'::uuid", q.id) === "done", "it is not done again", 20000);
    assert.equal(copies(q.id), 1);
    assert.equal(events(q, "copy_made"), 1);
  });
});

describe("L12 L13: medicines and allergies that she names in a form", () => {
  // A form that asks for both, due for her.
  function lists(q) {
    const form = h.uuid();
    h.sql(`SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null
      INSERT INTO app.form (id, name, kind) VALUES (:'v2'::uuid, 'Lists of a test ' || :'v2', 'intake');
      INSERT INTO app.form_version (id, form_id, version, title, body) VALUES (:'v2'::uuid, :'v2'::uuid, 1, 'What you take', '');
      INSERT INTO app.form_question (form_version_id, position, key, kind, label, is_required) VALUES
        (:'v2'::uuid, 1, 'medicines', 'medications', 'Which medicines do you take?', true), (:'v2'::uuid, 2, 'allergies', 'allergies', 'What are you allergic to?', true);
      UPDATE app.form_version SET published_at = now() WHERE id = :'v2'::uuid`, h.tenantId("glow"), form);
    return h.one("INSERT INTO app.form_assignment (tenant_id, client_id, form_id) VALUES (:'v1'::uuid, :'v2'::uuid, :'v3'::uuid) RETURNING id", h.tenantId("glow"), q.client, form);
  }
  const blank = { "q-medicines-name": ["", "", ""], "q-medicines-dose": ["", "", ""], "q-medicines-since": ["", "", ""],
    "q-allergies-substance": ["", "", ""], "q-allergies-reaction": ["", "", ""], "q-allergies-severity": ["", "", ""], intent: "next" };
  async function sign(answers) {
    const q = await somebody("glow"), which = lists(q), at = `${q.at}/${which}`;
    h.sql(`SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null
      UPDATE app.none_known SET ended_at = now() WHERE client_id = :'v2' AND ended_at IS NULL; UPDATE app.allergy SET ended_at = now() WHERE client_id = :'v2' AND ended_at IS NULL;
      UPDATE app.medication SET ended_at = now() WHERE client_id = :'v2' AND ended_at IS NULL`, h.tenantId("glow"), q.client);
    assert.equal((await q.v.submit(at, { ...blank, ...answers })).location, `${at}/consent`);
    assert.equal((await q.v.submit(`${at}/consent`, { accepts: "yes", signer_name: "Zoë O'Hara", name_meant: "Zoë O'Hara" })).status, 303);
    const id = h.one("SELECT id FROM app.signature WHERE assignment_id = :'v1'::uuid", which);
    return { ...q, id, intake: which, chart: `/clients/${q.client}/signatures/${id}` };
  }
  async function said(q) {
    await made(q);
    write("lists.pdf", await downloaded(q));
    run("pdfdetach", ["-saveall", "lists.pdf"]);
    const record = JSON.parse(fs.readFileSync(path.join(dir, "record.json"), "utf8"));
    const chart = h.decode((await (await h.staff("glow", "provider")).get(`/clients/${q.client}/chart`)).text.replace(/<[^>]*>/g, " ")).replace(/\s+/g, " ");
    return { text: record.document.text, pdf: run("pdftotext", ["-raw", "lists.pdf", "-"]).out.replace(/\s+/g, " "), chart };
  }
  test("stand in the PDF, in its text for programs and on her lists; and that she names none does too", async () => {
    const some = await sign({ "q-medicines": "some", "q-medicines-name": ["Aspirin <b>", "Zinc", ""], "q-medicines-dose": ["100 mg daily", "", ""], "q-medicines-since": ["2019", "", ""],
      "q-allergies": "some", "q-allergies-substance": ["Latex & \"gloves\"", "Ñuts", ""], "q-allergies-reaction": ["hives", "", ""], "q-allergies-severity": ["severe", "mild", ""] });
    const none = await sign({ "q-medicines": "none", "q-allergies": "none" });
    const a = await said(some), b = await said(none);
    const medicines = ["Aspirin <b>: 100 mg daily (2019)", "Zinc"], allergies = ["Latex & \"gloves\": hives (severe)", "Ñuts (mild)"];
    assert.ok(a.text.includes(`Answer 1\n  ${medicines.join("\n  ")}\n\n`) && a.text.includes(`Answer 2\n  ${allergies.join("\n  ")}\n\n`), a.text);
    for (const words of [...medicines, ...allergies]) assert.ok(a.pdf.includes(words), words);
    for (const words of ["Aspirin <b>", "100 mg daily", "2019", "Zinc", "Latex & \"gloves\"", "hives", "Ñuts"]) assert.ok(a.chart.includes(words), words);
    assert.ok(b.text.includes("Answer 1\n  None\n") && b.text.includes("Answer 2\n  No known allergies\n"), b.text);
    assert.ok(b.pdf.includes("Which medicines do you take? None") && b.pdf.includes("No known allergies"), b.pdf);
    assert.deepEqual(h.sql("SELECT kind, said_by IS NULL FROM app.none_known WHERE client_id = :'v1' AND ended_at IS NULL ORDER BY kind", none.client), [["allergy", "t"], ["medication", "t"]]);
    assert.ok((b.chart.match(/None known/g) || []).length >= 2);
    assert.equal(h.one("SELECT count(*) FROM app.medication WHERE client_id = :'v1' AND ended_at IS NULL", some.client), "2");
  });
});

describe("R-05: a chart on paper", () => {
  const powder = `Paperbotulin ${h.uuid().slice(0, 8)}`;
  const body = `Rosemary ${hostile} ${scripts}`;
  let chart, v;
  after(() => h.sql("SELECT set_config('foyer.tenant_id', :'v2', false) \\g /dev/null\nUPDATE app.client_guardian SET ended_at = now() WHERE client_id = :'v1' AND name = 'Basil Parent'", p.client, h.tenantId("glow")));
  before(async () => {
    v = await h.staff("glow", "provider");
    chart = `/clients/${p.client}/chart`;
    const page = await v.get(chart), form = h.formOf(page.text, `/clients/${p.client}/notes`);
    assert.equal((await v.post(`/clients/${p.client}/notes/sign`, { ...form.values, body })).status, 303);
    const note = h.one("SELECT id FROM app.chart_note WHERE client_id = :'v1'::uuid AND state = 'signed' ORDER BY signed_at DESC LIMIT 1", p.client);
    assert.equal((await v.submit(chart, { addendum: "Added later: thyme" }, { action: `/clients/${p.client}/notes/${note}/addendum` })).status, 303);
    h.sql(`SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null
      UPDATE app.client SET pronouns = 'ze/zir', street = '7 Sage Street', city = 'Troy', emergency_contact_name = 'Dill Example', emergency_contact_relation = 'sibling', emergency_contact_phone = '+12125550188' WHERE id = :'v2';
      INSERT INTO app.client_contact (tenant_id, client_id, kind, value, label) VALUES (:'v1', :'v2', 'phone', '+12125550199', 'work');
      INSERT INTO app.client_guardian (tenant_id, client_id, name, relation, birth_date) VALUES (:'v1', :'v2', 'Basil Parent', 'parent', '1970-02-03')`, h.tenantId("glow"), p.client);
    const [lot] = h.sql(`WITH p AS (INSERT INTO app.product (tenant_id, name, kind, unit) VALUES (:'v1', :'v2', 'toxin', 'units') RETURNING id, tenant_id)
      INSERT INTO app.product_lot (tenant_id, product_id, lot, expires_on, received_on) SELECT p.tenant_id, p.id, 'PAPER7', '2040-01-02', '2020-01-01' FROM p RETURNING id`,
      h.tenantId("glow"), powder)[0];
    const treated = (await v.post(`/clients/${p.client}/encounters/new`, { ...form.values, idem: h.uuid(), provider_id: "", done_on: "2026-01-05" })).location;
    const send = async (to, values) => assert.equal((await v.post(`${treated}/${to}`, { ...form.values, idem: h.uuid(), ...values })).status, 303, to);
    await send("products", { lot_id: lot, amount: "3", area: "Brow" });
    await send("map", { drawing: "face_front", region: "Forehead, middle", lot_id: lot, amount: "4", depth: "intramuscular", remark: "bleb basil" });
    await send("map", { drawing: "face_front", x: "123", y: "456", lot_id: lot, amount: "2,5" });
    await send("map", { drawing: "face_right", region: "Temple" });
    assert.equal((await v.submit(treated, {}, { action: `${treated}/sign` })).status, 303);
    await send("addendum", { addendum: "Called later: sage" });
    // a correction that was refused goes along, with what was said of it
    const owner = await h.staff("glow", "owner"), wrong = `/clients/${p.client}/corrections`;
    const tell = async (to, values) => assert.equal((await owner.submit(wrong, values, { action: to })).status, 303, to);
    await tell(wrong, { words: "Oregano is missing", field: "chart" });
    await tell(`${wrong}/decide-chart`, { decision: "refused", reason: "Never was noted" });
    await tell(`${wrong}/disagree-chart`, { statement: "Still oregano" });
    await tell(`${wrong}/rebut-chart`, { statement: "We keep it so" });
  });
  test("L11: points stand with the treatment, numbered as on the map, with product, amount, depth and lot; amounts are totalled, lines and points apart", async () => {
    const total = `In all: ${powder}, 3 units as noted above, 6.5 units at 2 points`;
    for (const at of [chart, `${chart}/print`]) {
      const text = h.decode((await v.get(at)).text.replace(/<[^>]*>/g, "")).replace(/\s+/g, " ");
      for (const words of [total, /1(: |, Forehead, middle: )Paperbotulin \S+ 4 units(, Forehead, middle)?, Intramuscular, bleb basil lot PAPER7, expires (2 Jan|Jan 2,?) 2040/, /2: Paperbotulin \S+ 2\.5 units lot PAPER7/, /1(, Temple)?: a point(, Temple)?/i])
        assert.ok(words.test ? words.test(text) : text.includes(words), `${at}: ${words}: ${text.slice(text.indexOf("Treatments"), text.indexOf("Treatments") + 900)}`);
    }
    const print = (await v.get(`${chart}/print`)).text;
    assert.match(print, /<circle class="map-point" cx="500" cy="220" r="14"\/><text class="map-number" x="522" y="230">1</);
    assert.equal(print.match(/<svg class="map-drawing"/g).length, 2);
  });
  test("nothing is cut short: 101 more treatments, visits and forms are on paper; on the pages they go on behind a link", async () => {
    const add = (s) => h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v1', true) \\g /dev/null
      ${s}; COMMIT`, h.tenantId("glow"), p.client, h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND is_active ORDER BY name LIMIT 1", h.tenantId("glow")));
    add(`INSERT INTO app.encounter (tenant_id, client_id, provider_id, done_on, noted_by) SELECT :'v1', :'v2', :'v3', date '2011-01-01' + g, :'v3' FROM generate_series(1, 101) AS g`);
    add(`INSERT INTO app.appointment (tenant_id, client_id, service_id, staff_id, location_id, starts_at, ends_at, status)
      SELECT a.tenant_id, a.client_id, a.service_id, a.staff_id, a.location_id, timestamptz '2012-01-01 12:00Z' + g * interval '1 day', timestamptz '2012-01-01 12:30Z' + g * interval '1 day', 'cancelled'
      FROM (SELECT * FROM app.appointment WHERE client_id = :'v2' LIMIT 1) AS a, generate_series(1, 101) AS g`);
    add(`INSERT INTO app.form_assignment (tenant_id, client_id, form_id, position) SELECT f.tenant_id, f.client_id, f.form_id, 5 FROM (SELECT * FROM app.form_assignment WHERE id = '${p.intake}') AS f, generate_series(1, 101)`);
    const count = (text, what) => ((what === form ? text.slice(text.indexOf('id="forms"')).split("</section>")[0] : text).match(what) || []).length;
    const treatment = /\/encounters\/[0-9a-f-]{36}"><strong>/g, visit = /<a class="list-item" href="\/appointments\//g, form = /<li><div class="list-item"><span class="list-main">(?:<a[^>]*>)?[^<]*(?:<\/a>)?<small>/g;
    const n = (table, where) => Number(h.one(`SELECT count(*) FROM app.${table} WHERE client_id = :'v1' AND ${where}`, p.client));
    const [treatments, visits, forms] = [n("encounter", "void_at IS NULL"), n("appointment", "true"), n("form_assignment", "state <> 'withdrawn'")];
    const page = (await v.get(chart)).text;
    assert.deepEqual([count(page, treatment), count(page, visit), count(page, form)], [100, 100, 100]);
    for (const [name, what, all] of [["treatments", treatment, treatments], ["visits", visit, visits], ["forms", form, forms]]) {
      assert.match(page, new RegExp(`href="\\?${name}_from=100#${name}">Older`), name);
      const rest = (await v.get(`${chart}?${name}_from=100`)).text;
      assert.equal(count(rest, what), all - 100, name);
      assert.match(rest, new RegExp(`href="\\?${name}_from=0#${name}">Newer`), name);
      assert.doesNotMatch(rest, new RegExp(`${name}_from=200`));
    }
    for (const bad of ["-1", "x", "99999999999"]) assert.equal(count((await v.get(`${chart}?visits_from=${bad}`)).text, visit), 100, bad);
    assert.match((await v.get(`/clients/${p.client}`)).text, /visits_from=100#visits">Older/);
    const print = (await v.get(`${chart}/print`)).text;
    assert.equal(count(print, /<article class="note">\s*<h3>[^<]*2011: /g) + count(print, /<article class="note">\s*<h3>[^<]*, 2011: /g), 101);
    assert.equal(count(print, /<li>[^<]*2012[^<]*: /g), 101);
  });
  test("the page to print holds contact, health, visits, notes with author and addenda, and signed forms; it is in the trail as taken along", async () => {
    const r = await v.get(`${chart}/print`), text = h.decode(r.text);
    assert.equal(r.status, 200);
    for (const words of ["Rosemary", "Added later: thyme", "Signed by ", "Called later: sage", "Oregano is missing", "Never was noted", "Still oregano", "We keep it so", "Allergies", "Medications", "Treatments", "Treatment plans", "Visits", "Signed forms", p.id, "ze/zir", "7 Sage Street, Troy", "Dill Example, sibling, (212) 555-0188", "work</dt><dd>(212) 555-0199", "Basil Parent, parent, born 3 Feb 1970"]) assert.ok(text.includes(words), words);
    assert.ok(!r.text.includes("<script>alert(1)"));
    assert.deepEqual(h.trail(r.id).map((e) => [e.action, e.clients]), [["chart.export", [p.client]]]);
    assert.match((await v.get(chart)).text, /\/chart\/print"/);
  });
  test("the PDF holds the same, in every script; only who asked for it has it, and it goes after a day", async () => {
    const asked = await v.submit(`${chart}/print`, {}, { action: `${chart}/copies` });
    assert.equal(asked.status, 303, asked.text);
    assert.deepEqual(h.trail(asked.id).map((e) => [e.action, e.clients]), [["chart.export", [p.client]]]);
    const id = asked.location.split("/").pop();
    const state = () => h.one("SELECT state FROM app.chart_copy WHERE id = :'v1'::uuid", id);
    if (state() === "waiting") assert.match((await v.get(asked.location)).text, /is being made|Download PDF/);
    await until(() => state() === "ready", "it is not made", 60000);
    assert.match((await v.get(asked.location)).text, /Download PDF/);
    const r = await v.get(`${asked.location}/chart.pdf`);
    assert.equal(r.headers["content-type"], "application/pdf");
    assert.match(r.headers["content-disposition"], /^attachment; filename="?chart-/);
    assert.deepEqual(h.trail(r.id).map((e) => [e.action, e.clients]), [["chart.export", [p.client]]]);
    write("chart.pdf", r.bytes);
    assert.match(run("qpdf", ["--check", "chart.pdf"]).out, /No syntax or stream encoding errors/);
    const text = run("pdftotext", ["-raw", "chart.pdf", "-"]).out.replace(/[\s\u200e\u200f\u202a-\u202e]+/g, "");
    for (const words of ["Rosemary", "Addedlater:thyme", "日本語", "한글", "<script>alert(1)</script>", p.id, "Madefor", "Page1of", "PAPER7", "6.5unitsat2points", "blebbasil", "Face,right1", "Signedby", "Calledlater:sage", "Oreganoismissing", "Neverwasnoted", "Statementofdisagreement", "Stilloregano", "Wekeepitso",  "ze/zir", "7SageStreet,Troy", "DillExample,sibling,(212)555-0188", "(212)555-0199", "BasilParent,parent,born3Feb1970"]) assert.ok(text.includes(words), words);
    assert.equal(run("pdftotext", ["-layout", "chart.pdf", "-"]).out.match(/ 2012, /g).length, 101);
    assert.equal(h.one("SELECT content_sealed IS NULL AND encode(pdf_sealed, 'escape') !~ '%PDF-1[.]' FROM app.chart_copy WHERE id = :'v1'::uuid", id), "t");
    assert.equal((await (await h.staff("glow", "owner")).get(`${asked.location}/chart.pdf`)).status, 404);
    assert.ok([403, 404].includes((await (await h.staff("glow", "front-desk")).get(`${chart}/print`)).status));
    h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', :'v2', true) \\g /dev/null
      UPDATE app.chart_copy SET asked_at = asked_at - interval '25 hours' WHERE id = :'v1'::uuid; COMMIT`, id, h.tenantId("glow"));
    await v.submit(`${chart}/print`, {}, { action: `${chart}/copies` });
    await until(() => h.one("SELECT count(*) FROM app.chart_copy WHERE id = :'v1'::uuid", id) === "0", "it does not go", 60000);
  });
});
