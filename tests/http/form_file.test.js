// form_file.test.js -- files that a client attaches to a form: what is taken and what is refused, whose they are, what of them is signed and
// stays, what is swept, and that an altered or missing one is found. L20 V-12 T20 T21 E-02 S-36 B44; SECURITY.md.
"use strict";
const { test, describe, before } = require("node:test");
const assert = require("node:assert/strict");
const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { spawnSync } = require("node:child_process");
const h = require("./harness");
const { png, multipart } = require("./pictures");
const { withFiles } = require("./form_client");

const pdf = (inside = "") => Buffer.from(`%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n${inside}\ntrailer\n<< /Root 1 0 R >>\nstartxref\n9\n%%EOF\n`, "latin1");
const file = (filename, bytes, type = "image/png") => ({ filename, bytes, type });
const files = (p) => h.sql(`SELECT m.id, f.question_key, m.type, m.removed_at IS NULL, m.bytes, encode(f.name_sealed, 'hex') FROM app.form_file f JOIN app.media m ON f.tenant_id = m.tenant_id AND f.id = m.id
  WHERE f.assignment_id = :'v1' ORDER BY f.added_at`, p.form).map(([id, key, type, stands, bytes, name]) => ({ id, key, type, stands: stands === "t", bytes: Number(bytes), name: Buffer.from(name, "hex").toString("latin1") }));
const standing = (p) => files(p).filter((f) => f.stands);
const stored = (id, part = 0, label = "glow") => path.join(h.env.vardir, "media", h.tenantId(label), id.slice(0, 2), `${id}.${part}`);
// Sends files as a browser without script does; values: those of a form that was opened before.
async function attach(p, list, key = "picture", { v = p.v, values, at = p.questions } = {}) {
  const where = `${at}/files/${key}`, form = values || h.formOf((await p.v.get(`${p.questions}/files/picture`)).text, /\/files\//).values;
  delete form.file; // (a browser sends the input as files)
  const sent = multipart(form, { file: list });
  return v.post(where, sent.body, { headers: sent.headers });
}
const errorOf = (r) => h.decode(r.text.match(/data-files-error[^>]*>([^<]*)/)?.[1] || "");
const save = (p, values) => p.v.submit(p.questions, values);
const drop = (p, id, values = {}) => save(p, { ...values, intent: `drop-${id}` });
async function until(done, what, ms = 20000) {
  for (const end = Date.now() + ms; Date.now() < end; await new Promise((r) => setTimeout(r, 50))) if (await done()) return;
  assert.fail(what);
}
function foyer(...args) {
  const as = process.getuid() === 0 ? ["runuser", "-u", process.env.FOYER_OS_USER || "foyer", "--"] : [];
  const all = [...as, "env", `FOYER_CONFIG=${path.join(h.env.vardir, "foyer.conf")}`, path.join(h.env.vardir, "app", "bin", "foyer"), ...args];
  return spawnSync(all[0], all.slice(1), { encoding: "utf8", cwd: "/" }).stdout;
}
let her;
before(async () => { her = await withFiles("glow"); });

describe("L20 V-12: attaching", () => {
  test("from the form, with what is typed kept; a picture is made anew, a PDF is kept as it came; each is shown, sealed, and in the trail", async () => {
    const asked = await save(her, { "q-reason": "A spot", intent: "files-picture" });
    assert.equal(asked.location, `${her.questions}/files/picture`);
    const name = `a/b\\\u202egnp.<b>%22scan ${"x".repeat(300)}.png`, letter = pdf();
    const r = await attach(her, [file(name, png(90, 60)), file("letter.pdf", letter, "application/pdf")]);
    assert.equal(r.location, `${her.questions}#q-picture`, errorOf(r));
    assert.deepEqual(h.trail(r.id).map((e) => [e.action, e.outcome, e.clients]), [["form.attach", "ok", [her.client]]]);
    const [one, two] = files(her);
    assert.deepEqual([one.type, two.type, two.bytes], ["image/jpeg", "application/pdf", letter.length]);
    assert.ok(!/letter\.|gnp\./.test(one.name + two.name), "B44: a name lies open");
    const page = await her.v.get(her.questions);
    assert.equal(h.formOf(page.text).values["q-reason"], "A spot");
    const shown = [...page.text.matchAll(/<bdi>([^<]*)<\/bdi><small>([^<]*)/g)].map(([, n, what]) => [h.decode(n), what]);
    assert.equal(shown[0][0].length, 120);
    assert.ok(shown[0][0].startsWith('gnp.<b>"scan xxx') && shown[0][0].endsWith("xxxxxxxx.png") && !shown[0][0].includes("\u202e"), shown[0][0]);
    assert.deepEqual([shown[1][0], /^PDF, \d+ bytes$/.test(shown[1][1])], ["letter.pdf", true]);
    const sealed = fs.readFileSync(stored(two.id));
    assert.ok(!sealed.includes("%PDF") && sealed.subarray(0, 8).toString() === "FOYERM1\n");
    assert.equal(h.one("SELECT encode(stored_sha256, 'hex') FROM app.form_file WHERE id = :'v1'", two.id), crypto.createHash("sha256").update(sealed).digest("hex"));
    for (const [id, part, type, disposition] of [[one.id, "whole", "image/jpeg"], [one.id, "small", "image/jpeg"], [two.id, "whole", "application/pdf", 'attachment; filename="attached.pdf"']]) {
      const seen = await her.v.get(`${her.questions}/files/${id}/${part}`);
      assert.deepEqual([seen.status, seen.headers["content-type"], seen.headers["content-disposition"], seen.headers["x-content-type-options"], seen.headers["cache-control"]],
        [200, type, disposition, "nosniff", "no-store"], "T21");
      assert.match(seen.headers["content-security-policy"], /^default-src 'none'; sandbox;/, "T21");
      assert.equal(seen.headers["x-robots-tag"], "noindex, nofollow", "S-16: no file by a link is found by a search engine");
      assert.deepEqual(h.trail(seen.id).map((e) => [e.action, e.clients]), [["form.file", [her.client]]]);
      if (type === "image/jpeg") assert.ok(seen.bytes.subarray(0, 2).toString("hex") === "ffd8" && !seen.bytes.includes("GPS"));
      else assert.ok(seen.bytes.equals(letter));
    }
    assert.equal((await her.v.get(`${her.questions}/files/${two.id}/small`)).status, 404);
    for (const log of fs.readdirSync(path.join(h.env.vardir, "log"))) assert.ok(!fs.readFileSync(path.join(h.env.vardir, "log", log)).includes("gnp."), `a name stands in ${log}`);
  });
  test("T20: what is not taken is refused in words, with nothing of it kept, and the others beside it neither", async () => {
    const many = Array(6).fill(file("x.png", png(9, 9))), before = files(her).length;
    const cases = [[[file("", Buffer.alloc(0))], /^Choose a picture or a PDF first/], [[file("nothing.png", Buffer.alloc(0))], /is empty/], [many, /more than there is room for/],
      [[file("page.pdf", Buffer.from("<html>%PDF-1.7 startxref %%EOF"))], /no picture/], [[file("cut.pdf", pdf().subarray(0, 40))], /not whole/],
      [[file("locked.pdf", pdf("<< /Encrypt 3 0 R >>"))], /locked with a password/], [[file("bomb.png", png(8, 8, [0, 0, 0], [50000, 50000]))], /50 million/],
      [[file("polyglot.jpg", Buffer.concat([Buffer.from("GIF89a"), pdf()]))], /GIF/], [[file("good.png", png(9, 9)), file("run.exe", Buffer.from("MZ\x90"))], /^“run.exe”: .*Nothing was attached/]];
    for (const [list, words] of cases) {
      const r = await attach(her, list);
      assert.equal(r.status, 422, String(words));
      assert.match(errorOf(r), words);
      assert.equal(files(her).length, before, String(words));
    }
    assert.equal((await attach(her, [file("large.png", Buffer.alloc(12 * 1024 * 1024))])).status, 413);
  });
  test("sent twice it is there once; five are as many as can be, also of two at once; one removed makes room", async () => {
    const values = h.formOf((await her.v.get(`${her.questions}/files/picture`)).text, /\/files\//).values, list = [file("3.png", png(9, 9)), file("4.png", png(9, 9))];
    for (let i = 0; i < 2; i++) assert.equal((await attach(her, list, "picture", { values })).location, `${her.questions}#q-picture`);
    assert.equal(standing(her).length, 4);
    const forms = []; // both are opened before one is sent
    for (let i = 0; i < 2; i++) forms.push(h.formOf((await her.v.get(`${her.questions}/files/picture`)).text, /\/files\//).values);
    const both = await Promise.all(forms.map((form) => attach(her, [file("5.png", png(9, 9))], "picture", { values: form })));
    assert.deepEqual(both.map((r) => r.status).sort(), [303, 422]);
    assert.ok(both.some((r) => /Five files can be attached here/.test(r.text)));
    assert.match((await her.v.get(`${her.questions}/files/picture`)).text, /as many as can be/);
    const [first] = standing(her);
    assert.equal((await drop(her, first.id)).location, `${her.questions}#q-picture`);
    await until(() => !fs.existsSync(stored(first.id)) && !fs.existsSync(stored(first.id, 1)), "its file stays");
    assert.equal(h.one("SELECT key_sealed IS NULL FROM app.media WHERE id = :'v1'", first.id), "t");
    for (const f of standing(her).slice(1)) assert.equal((await drop(her, f.id, { "q-reason": "x".repeat(301) })).status, 422, "it goes, whatever is wrong elsewhere");
    assert.equal(standing(her).length, 1);
  });
});

describe("T01 T02 L48: whose it is not", () => {
  test("another client's form, another question, another business: nothing is attached, opened or removed", async () => {
    const other = await withFiles("glow"), far = await withFiles("first-light"), [mine] = standing(her);
    for (const [who, at, key] of [[other, `${other.at}/${her.form}`, "picture"], [other, her.questions, "picture"], [far, `${far.at}/${her.form}`, "picture"], [her, her.questions, "reason"], [her, her.questions, "none"]]) {
      const r = await attach(who, [file("x.png", png(9, 9))], key, { at });
      assert.ok([401, 403, 404].includes(r.status), `${at} ${key}: ${r.status}`);
      assert.ok([401, 404].includes((await who.v.get(`${at}/files/${key}`)).status));
    }
    assert.deepEqual([standing(other).length, standing(her).length], [0, 1]);
    for (const at of [`${other.questions}/files/${mine.id}`, `${other.at}/${her.form}/files/${mine.id}`, `${her.questions}/files/${h.uuid()}`]) {
      const v = at.startsWith(her.at) ? her.v : other.v;
      for (const end of ["whole", "small"]) assert.equal((await v.get(`${at}/${end}`)).status, 404);
    }
    await drop(other, mine.id);
    assert.equal(standing(her).length, 1);
    const fake = await h.request("glow", `${her.questions}/files/${mine.id}/whole`, { cookie: "__Secure-link=" + "A".repeat(43) });
    assert.equal(fake.status, 303, "to where her link is opened");
    const owner = await h.staff("glow", "owner"); // not signed: not the staff's to see
    assert.equal((await owner.get(`/clients/${her.client}/files/${mine.id}/whole`)).status, 204);
  });
});

describe("L20 E-02: asked, signed, kept", () => {
  let signature, letter, keys;
  test("one that must be attached is missed in words; what an answer closes goes with its files when she goes on, and not while she types", async () => {
    const [mine] = standing(her);
    await drop(her, mine.id);
    const r = await save(her, { intent: "next" });
    assert.equal(r.status, 422);
    assert.match(r.text, /id="q-picture-error">Please attach a picture or a PDF/);
    assert.equal((await attach(her, [file("spot.png", png(60, 40))])).status, 303);
    await save(her, { "q-has_letter": "yes", intent: "files-letter" });
    assert.equal((await attach(her, [file("Befund.pdf", pdf(), "application/pdf")], "letter")).status, 303);
    assert.equal((await save(her, { "q-has_letter": "no" })).text, "kept\n");
    assert.equal(standing(her).length, 2, "it went while she typed");
    await save(her, { "q-has_letter": "no", intent: "save" });
    assert.deepEqual(standing(her).map((f) => f.key), ["picture"]);
    await save(her, { "q-has_letter": "yes", intent: "files-letter" });
    assert.equal((await attach(her, [file("Befund.pdf", pdf(), "application/pdf")], "letter")).status, 303);
    letter = standing(her).find((f) => f.key === "letter");
  });
  test("the text that is signed names each with its size and the hash of what is kept; another one than was shown is not signed", async () => {
    assert.equal((await save(her, { "q-has_letter": "yes", intent: "next" })).location, `${her.questions}/consent`);
    const shown = await her.v.get(`${her.questions}/consent`), values = { ...h.formOf(shown.text, /consent$/).values, accepts: "yes", signer_name: "Ada Ames", name_meant: "Ada Ames" };
    const whole = (await her.v.get(`${her.questions}/files/${standing(her)[0].id}/whole`)).bytes, sha = (b) => crypto.createHash("sha256").update(b).digest("hex");
    assert.ok(h.decode(shown.text).includes(`spot.png\nJPEG, ${whole.length} bytes\nSHA-256 ${sha(whole)}`));
    assert.ok(h.decode(shown.text).includes(`Befund.pdf\nPDF, ${pdf().length} bytes\nSHA-256 ${sha(pdf())}`));
    await attach(her, [file("late.png", png(9, 9))]);
    assert.equal((await her.v.post(`${her.questions}/consent`, values)).status, 422, "E-02: a file was added meanwhile");
    await drop(her, standing(her).at(-1).id, { "q-has_letter": "yes" });
    const again = h.formOf((await her.v.get(`${her.questions}/consent`)).text, /consent$/).values;
    keys = h.formOf((await her.v.get(`${her.questions}/files/picture`)).text, /\/files\//).values;
    const r = await her.v.post(`${her.questions}/consent`, { ...again, accepts: "yes", signer_name: "Ada Ames", name_meant: "Ada Ames" });
    assert.equal(r.location, `${her.questions}/copy?signed=1`, h.decode(r.text).match(/class="error"[^>]*>[^<]*/g)?.join());
    assert.deepEqual(h.trail(r.id).map((e) => e.action).sort(), ["form.files", "form.sealed", "form.sign"]);
    signature = h.one("SELECT id FROM app.signature WHERE assignment_id = :'v1'", her.form);
  });
  test("signed, nothing is attached or taken away, by no page and no role; her copy and the chart have them, and who may not read charts has not", async () => {
    const late = await attach(her, [file("late.png", png(9, 9))], "picture", { values: { ...keys, idem: h.uuid() } });
    assert.equal(late.status, 404);
    assert.equal((await her.v.post(her.questions, { ...keys, idem: h.uuid(), intent: `drop-${letter.id}` })).status, 409);
    for (const statement of ["UPDATE app.media SET removed_at = now() WHERE id = :'v2'", "DELETE FROM app.form_file WHERE id = :'v2'", "UPDATE app.form_file SET stored_sha256 = sha256('') WHERE id = :'v2'"])
      assert.throws(() => h.sql(`SELECT set_config('foyer.tenant_id', :'v1', false); ${statement}`, h.tenantId("glow"), letter.id), /signed|written once/, statement);
    assert.equal(standing(her).length, 2);
    const copy = (await her.v.get(`${her.questions}/copy`)).text;
    assert.ok(copy.includes(`${her.questions}/files/${letter.id}/whole`) && copy.includes("<bdi>Befund.pdf</bdi>"));
    assert.ok((await her.v.get(`${her.questions}/files/${letter.id}/whole`)).bytes.equals(pdf()));
    const doctor = await h.staff("glow", "provider"), chart = `/clients/${her.client}/signatures/${signature}`, at = `/clients/${her.client}/files/${letter.id}`;
    const page = (await (await h.staff("glow", "owner")).get(chart)).text;
    assert.match(page, /Unchanged since it was signed/);
    assert.ok(page.includes(`${at}/whole`) && page.includes("<bdi>spot.png</bdi>"));
    assert.match((await (await h.staff("glow", "owner")).get(`/clients/${her.client}/chart/print`)).text, /Attached: <bdi>spot\.png<\/bdi>/);
    const seen = await (await h.staff("glow", "owner")).get(`${at}/whole`);
    assert.ok(seen.bytes.equals(pdf()) && /^attachment;/.test(seen.headers["content-disposition"]) && /sandbox/.test(seen.headers["content-security-policy"]));
    assert.deepEqual(h.trail(seen.id).map((e) => [e.action, e.clients]), [["consent.file", [her.client]]]);
    assert.notEqual((await doctor.get(`${at}/whole`)).status, 403);
    for (const role of ["front-desk", "biller"]) assert.equal((await (await h.staff("glow", role)).get(`${at}/whole`)).status, 403, role);
    assert.equal((await (await h.staff("first-light", "owner")).get(`${at}/whole`)).status, 404);
  });
  test("E-02: foyer audit verify names the file that was altered, that is missing, whose row is another; put back, nothing is said", () => {
    const said = () => foyer("audit", "verify", "--tenant", "glow").split("\n").filter((l) => l.includes(letter.id) || l.includes(signature));
    assert.deepEqual(said(), []);
    const at = stored(letter.id), whole = fs.readFileSync(at), flawed = Buffer.from(whole);
    flawed[flawed.length - 1] ^= 1;
    fs.writeFileSync(at, flawed);
    assert.deepEqual(said().map((l) => /is not what was attached/.test(l)), [true]);
    fs.renameSync(at, `${at}.away`);
    assert.deepEqual(said().map((l) => /is not in the store/.test(l)), [true]);
    fs.renameSync(`${at}.away`, at);
    fs.writeFileSync(at, whole);
    const past = (statement) => h.sql(`BEGIN; SET LOCAL session_replication_role = replica; ${statement}; COMMIT`, letter.id);
    const [was] = h.sql("SELECT encode(stored_sha256, 'hex') FROM app.form_file WHERE id = :'v1'", letter.id)[0];
    past("UPDATE app.form_file SET stored_sha256 = sha256('other') WHERE id = :'v1'");
    assert.deepEqual(said().map((l) => /list of files of signed form .* is not what was signed|is not what was attached/.test(l)), [true, true]);
    past(`UPDATE app.form_file SET stored_sha256 = '\\x${was}' WHERE id = :'v1'`);
    assert.deepEqual(said(), []);
  });
});

describe("E-05 L20: in the studio", () => {
  for (const place of ["desk", "kiosk"])
    test(`files are attached and signed at the ${place}; on the tablet nobody opens them afterwards`, async () => {
      const p = await withFiles("glow"), v = await h.staff("glow", "front-desk", { fresh: true });
      if (place === "kiosk") assert.equal((await v.submit("/account/pin", { pin: "480215" }, { action: "/account/pin" })).status, 303);
      const opened = await v.submit(`/clients/${p.client}`, {}, { action: `/clients/${p.client}/${place}` });
      assert.equal(opened.status, 303, h.decode(opened.text).slice(0, 500));
      const link = opened.location.split("/")[2], here = { ...p, v, questions: `/v/${link}/forms/${p.form}` };
      const keep = (values) => v.submit(here.questions, values, { action: here.questions }); // (a tablet's page has another form above it)
      assert.equal((await keep({ "q-reason": "A spot", intent: "files-picture" })).location, `${here.questions}/files/picture`);
      assert.equal((await attach(here, [file("spot.png", png(60, 40))])).location, `${here.questions}#q-picture`);
      assert.equal((await keep({ "q-reason": "A spot", intent: "next" })).location, `${here.questions}/consent`);
      const at = `${here.questions}/files/${standing(p)[0].id}/whole`, copy = await v.get(at);
      assert.equal(copy.status, place === "desk" ? 200 : 404, "a file would stay on the tablet");
      assert.equal(copy.headers["cache-control"], "no-store");
      const small = await v.get(at.replace(/whole$/, "small"));
      assert.equal(small.status, 200, "but what she attached is seen");
      assert.equal(h.decode((await v.get(here.questions)).text).includes(`href="${at}"`), place === "desk");
      const sign = { accepts: "yes", signer_name: "Ada Ames", name_meant: "Ada Ames", ...(place === "desk" ? { witnessed: "yes" } : {}) };
      assert.equal((await v.submit(`${here.questions}/consent`, sign, { action: `${here.questions}/consent` })).location, `${here.questions}/copy?signed=1`);
      const [where, files_sealed] = h.sql("SELECT s.place, (SELECT count(*) FROM audit.event e WHERE e.action = 'form.files' AND e.object_id = s.id) FROM app.signature s WHERE s.assignment_id = :'v1'", p.form)[0];
      assert.deepEqual([where, files_sealed], [place, "1"]);
      const kept = await v.get(`${here.questions}/copy`);
      assert.ok(h.decode(kept.text).includes("spot.png"));
      assert.equal(/Your link shows/.test(kept.text) && kept.text.includes(at), place === "desk");
      assert.ok((place === "desk" ? [303, 200] : [404]).includes((await v.get(`${here.questions}/signed-form.pdf`)).status)); // (it is made within seconds)
      if (place === "desk") return;
      const done = await v.submit(opened.location, {}, { action: `/v/${link}/done` });
      assert.equal(done.status, 303);
      for (const path of [at, `${here.questions}/copy`]) assert.ok([303, 401, 410].includes((await v.get(path)).status), path);
      assert.match((await v.get(`/clients/${p.client}`)).location, /^\/login/, "the tablet is the staff's again with the PIN alone");
    });
});

describe("R-05 B51 L20: what goes", () => {
  test("erasing her takes key and files; what nobody will sign is swept", async () => {
    const gone = await withFiles("glow"), left = await withFiles("glow"), stays = await withFiles("glow"), tenant = h.tenantId("glow");
    for (const p of [gone, left, stays]) assert.equal((await attach(p, [file("x.png", png(9, 9))])).status, 303);
    const ids = [gone, left, stays].map((p) => standing(p)[0].id), key = `test ${h.uuid()}`;
    h.sql("SELECT set_config('foyer.tenant_id', :'v1', false); SELECT app.client_erase(:'v2'); SELECT app.client_erase(:'v3')", tenant, gone.client, her.client);
    const [signature] = h.sql("SELECT id FROM app.signature WHERE client_id = :'v1' LIMIT 1", her.client)[0], stood = await (await h.staff("glow", "owner")).get(`/clients/${her.client}/signatures/${signature}`);
    assert.equal(stood.status, 200);
    assert.match(h.decode(stood.text), /The client was erased, and with her key what she wrote and signed[\s\S]*SHA-256 of the signed text/);
    assert.doesNotMatch(stood.text, /Unchanged since|not what was signed|class="document"|A spot/);
    assert.deepEqual([standing(gone).length, standing(her).length], [0, 0]);
    assert.equal(h.one("SELECT count(*) FROM app.form_file WHERE id = :'v1'", ids[0]), "0", "what describes it goes with it");
    assert.equal((await (await h.staff("glow", "owner")).get(`/clients/${her.client}/files/${ids[0]}/whole`)).status, 204);
    h.sql("UPDATE app.form_assignment SET state = 'withdrawn' WHERE id = :'v1'", left.form);
    h.sql("SELECT set_config('foyer.tenant_id', :'v1', false); INSERT INTO app.job (tenant_id, kind, dedupe_key) VALUES (:'v1', 'media.sweep', :'v2')", tenant, key);
    await until(() => h.one("SELECT state FROM app.job WHERE tenant_id = :'v1' AND dedupe_key = :'v2'", tenant, key) === "done", "it is not swept");
    assert.deepEqual([standing(left).length, standing(stays).length], [0, 1]);
    await until(() => !fs.existsSync(stored(ids[0])) && !fs.existsSync(stored(ids[1])), "their files stay");
    assert.ok(fs.existsSync(stored(ids[2])));
  });
});

describe("L20 E-02 E-05: signed on paper", () => {
  let him, desk, form;
  const at = (p) => `/forms/${p.form}/paper`;
  // What the desk sends, as a browser does.
  async function note(p, values, list = [file("page 1.png", png(90, 120)), file("page 2.pdf", pdf(), "application/pdf")], v = desk) {
    const keys = h.formOf((await v.get(at(p))).text, at(p)).values;
    delete keys.file;
    const sent = multipart({ ...keys, ...values }, { file: list });
    return v.post(at(p), sent.body, { headers: sent.headers });
  }
  const today = () => h.one("SELECT to_char(now() AT TIME ZONE coalesce((SELECT zone FROM app.location WHERE tenant_id = :'v1' ORDER BY position LIMIT 1), 'UTC'), 'YYYY-MM-DD')", h.tenantId("glow"));
  before(async () => { him = await withFiles("glow"); desk = await h.staff("glow", "front-desk"); form = pictured(); });
  const pictured = () => h.one("SELECT form_id FROM app.form_assignment WHERE id = :'v1'", him.form);
  const answer = (p) => h.sql("SELECT s.id, s.place, s.method, s.disclosure_id, s.second_factor, s.seconds_spent, s.link_id, (SELECT count(*) FROM app.signature_copy x WHERE x.signature_id = s.id), (SELECT count(*) FROM app.job j WHERE j.kind = 'form.pdf' AND j.subject_id = s.id) FROM app.signature s WHERE s.assignment_id = :'v1'", p.form)[0];
  test("a blank sheet can be printed by whoever sees clients, with room for each answer and for the signatures", async () => {
    const version = h.one("SELECT id FROM app.form_version WHERE form_id = :'v1' AND published_at IS NOT NULL", form);
    const sheet = h.decode((await desk.get(`/settings/forms/${form}/versions/${version}/paper`)).text).replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
    for (const words of ["What we should see", "Date of birth", "A picture of it", "Please hand it in with this sheet.", "Is there a letter about it?", "Between the brows", "You may show it to a colleague", "Witness (staff)", "version 1, en"]) assert.ok(sheet.includes(words), `${words}: ${sheet}`);
    const spanish = h.sql("SELECT v.form_id, v.id FROM app.form_version v JOIN app.form_translation t ON t.form_version_id = v.id AND t.language = 'es' WHERE v.tenant_id = :'v1' LIMIT 1", h.tenantId("glow"))[0];
    assert.match((await desk.get(`/settings/forms/${spanish[0]}/versions/${spanish[1]}/paper?lang=es`)).text, /lang="es"[\s\S]*Fecha de nacimiento[\s\S]*Firma/);
  });
  test("what is wrong is refused in words, and nothing of it is kept", async () => {
    const good = { signed_on: today(), signer_name: "Ana Sol" };
    for (const [values, words, list] of [[{}, /Which day stands on the paper/], [{ signed_on: good.signed_on }, /Write the name that stands/], [{ ...good, signed_on: "2099-01-01" }, /still to come/],
      [{ ...good, signed_on: "2019-01-01" }, /This wording was published on/], [good, /Add a picture or a PDF/, []], [good, /no picture/, [file("x.png", Buffer.from("no picture at all"))]], [good, /Five files at most/, Array(6).fill(file("x.png", png(9, 9)))]]) {
      const r = await note(him, values, list);
      assert.equal(r.status, 422, String(words));
      assert.match(h.decode(r.text), words);
    }
    assert.deepEqual([files(him).length, h.one("SELECT state FROM app.form_assignment WHERE id = :'v1'", him.form)], [0, "due"]);
    const auditor = await h.staff("glow", "auditor"), { values } = h.formOf((await auditor.get("/account")).text, "/logout");
    assert.equal((await auditor.post(at(him), { ...values, ...good })).status, 403);
    const late = await withFiles("glow"); // what was due last week is due no more, on paper neither
    h.sql("UPDATE app.form_assignment SET due_by = now() - interval '4 days' WHERE id = :'v1'", late.form);
    assert.equal((await desk.get(at(late))).status, 404);
    const half = await withFiles("glow"); // half filled in on a phone: of that nothing is taken for signed
    assert.equal((await save(half, { "q-reason": "typed on the phone", intent: "save" })).status, 303);
    assert.equal((await note(half, good)).status, 303);
    assert.equal(h.one("SELECT count(*) FROM app.form_answer WHERE assignment_id = :'v1'", half.form), "0");
    assert.equal((await half.v.get(half.questions)).location, `${half.questions}/copy`);
  });
  test("noted, it stands as signed and says everywhere that it was on paper: no terms, no link, no certificate; the pictures stay sealed and are bound to the text", async () => {
    const witness = h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email_norm LIKE 'provider%' LIMIT 1", h.tenantId("glow"));
    const day = today(), r = await note(him, { signed_on: day, signer_name: "Ana Sol", witness_id: witness });
    assert.equal(r.location, `/clients/${him.client}#forms`, h.decode(r.text).match(/class="error"[^<]*<?[^<]*/)?.[0]);
    assert.deepEqual(h.trail(r.id).map((e) => e.action).sort(), ["form.files", "form.paper", "form.sealed"]);
    const [id, ...row] = answer(him);
    assert.deepEqual(row, ["paper", "paper", "", "none", "", "", "0", "0"]);
    const owner = await h.staff("glow", "owner"), chart = h.decode((await owner.get(`/clients/${him.client}/signatures/${id}`)).text);
    for (const words of [/Signed by hand, on paper: [^<]+ noted it/, /Unchanged since it was signed/, /Signed form, format\n {2}paper-1\n/, new RegExp(`Witness\\n  [^\\n]+\\n\\nPlace\\n  paper\\n\\nSigned at\\n  ${day}\\n\\nNoted by`), /page 2\.pdf/, /SHA-256 [0-9a-f]{64}/]) assert.match(chart, words);
    assert.doesNotMatch(chart, /Download PDF|Terms of signing electronically<|Signing electronically/);
    assert.match(h.decode((await owner.get(`/clients/${him.client}/chart`)).text), /signed on paper, [\s\S]{0,200}Signed on paper/);
    // Who reads no charts sees it too; so does who holds the paper and asks.
    assert.match(h.decode((await desk.get(`/clients/${him.client}`)).text), /<span class="chip is-good">Signed on paper<\/span>/);
    const asked = await h.request("glow", `/verify?fingerprint=${h.one("SELECT encode(document_sha256, 'hex') FROM app.signature WHERE id = :'v1'", id)}`, { from: h.somewhere() });
    assert.match(h.decode(asked.text), /was signed at Glow[\s\S]*It was signed by hand, on paper/, "E-04");
    const mine = await him.v.get(`${him.questions}/copy`);
    assert.match(mine.text, /You signed this form on paper/);
    assert.equal((await him.v.get(`${him.questions}/signed-form.pdf`)).status, 303);
    const [page] = files(him);
    assert.equal((await owner.get(`/clients/${him.client}/files/${page.id}/whole`)).status, 200);
    assert.throws(() => h.sql("UPDATE app.media SET removed_at = now() WHERE id = :'v1'", page.id), /stays/);
    assert.equal((await desk.get(at(him))).status, 404, "it is signed");
    assert.throws(() => h.sql("SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\n INSERT INTO app.signature (assignment_id, client_id, form_version_id, document_sealed, document_sha256, wording_sha256, method, signer_name_sealed, zone, place) SELECT assignment_id, client_id, form_version_id, document_sealed, document_sha256, wording_sha256, 'typed', signer_name_sealed, zone, 'paper' FROM app.signature WHERE id = :'v2'", h.tenantId("glow"), id));
    assert.ok(!foyer("audit", "verify", "--tenant", "glow").includes(id), "it is not what the trail says");
  });
  test("R-05: what the form asks to be allowed is noted as it is ticked, from that day on; marked as on paper", async () => {
    const owner = await h.staff("glow", "owner"), begun = await owner.submit("/settings/forms/new", { start: "photo-release", name: "Photographs on paper", kind: "consent" }, { action: "/settings/forms/new" });
    const [one] = begun.location.match(/[0-9a-f-]{36}/), draft = `/settings/forms/${one}/draft`;
    assert.equal((await owner.submit(draft, {}, { action: `${draft}/publish` })).status, 303);
    const which = h.one("SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\n INSERT INTO app.form_assignment (client_id, form_id) VALUES (:'v2', :'v3') RETURNING id", h.tenantId("glow"), him.client, one), p = { ...him, form: which };
    const values = { signed_on: today(), signer_name: "Ana Sol", "p-photo_chart": "yes", "p-photo_website": "no" };
    // In which language the paper is has to be said; what was said of it stays on a page that comes back.
    for (const lang of ["", "fr"]) assert.match(h.decode((await note(p, { ...values, "p-photo_teaching": "yes", lang })).text), /Say in which language the paper is/);
    const back = await note(p, { ...values, lang: "es" });
    assert.match(h.decode(back.text), /Say for each what is ticked/);
    assert.deepEqual([...back.text.matchAll(/name="(p-\w+|lang)" value="(\w+)"(?: required)? checked/g)].map(([, name, value]) => `${name} ${value}`), ["lang es", "p-photo_chart yes", "p-photo_website no"]);
    assert.match(h.decode(back.text), /On the paper: <span lang="es">¿Podemos fotografiar/);
    const noted = await note(p, { ...values, "p-photo_teaching": "yes", lang: "es" });
    assert.equal(noted.status, 303);
    const [signature, language] = h.sql("SELECT id, language FROM app.signature WHERE assignment_id = :'v1'", which)[0];
    assert.equal(language, "es");
    const page = h.decode((await owner.get(`/clients/${him.client}/signatures/${signature}`)).text);
    for (const words of ["Usted decide para cada fin por separado.", "Qué puede usarse: Fotografías", "¿Podemos mostrar estas fotografías para la enseñanza?", "El papel firmado, como imagen", "Unchanged since it was signed"]) assert.ok(page.includes(words), words);
    assert.doesNotMatch(page, /You decide for each purpose|May we photograph/, "E-02: nothing of a wording that was not on the paper");
    const stands = h.sql("SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\n SELECT purpose, is_given FROM app.consent WHERE client_id = :'v2' ORDER BY 1", h.tenantId("glow"), him.client);
    assert.deepEqual(stands, [["photo_chart", "t"], ["photo_teaching", "t"], ["photo_website", "f"]]);
    assert.match((await owner.get(`/clients/${him.client}/chart`)).text, /Photographs in the chart[\s\S]{0,300}the signed form<\/a>, on paper/);
    assert.equal((await owner.submit(`/settings/forms/${one}`, {}, { action: `/settings/forms/${one}/put` })).status, 303);
  });
});
