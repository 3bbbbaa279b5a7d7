// words.test.js -- the languages of a client's pages: the catalogues (templates/words), and a walk through every page of her link in Spanish.
// L20 L26 E-01; SECURITY.md E-02, E-04.
"use strict";
const { test, describe, before, after } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const h = require("./harness");
const booking = require("./booking_client");
const { reader } = require("./form_client");

const ROOT = path.join(__dirname, "../..");
const files = (dir, end) => fs.readdirSync(path.join(ROOT, dir), { recursive: true }).filter((f) => f.endsWith(end)).map((f) => fs.readFileSync(path.join(ROOT, dir, f), "utf8"));
const read = (file) => fs.readFileSync(path.join(ROOT, file), "utf8");
const plain = (s) => s.replaceAll('\\"', '"').replaceAll("\\n", "\n").replaceAll("\\\\", "\\");

// The texts of a catalogue: {english, words, isMessage}.
function catalogue(language) {
  return [...read(`templates/words/${language}.po`).matchAll(/(# message\n)?msgid ((?:".*"\n)+)msgstr ((?:".*"\n?)+)/g)].map(([, message, english, words]) => {
    const whole = (s) => plain([...s.matchAll(/"(.*)"/g)].map(([, x]) => x).join(""));
    return { english: whole(english), words: whole(words), isMessage: Boolean(message) };
  });
}
const languages = fs.readdirSync(path.join(ROOT, "templates/words")).map((f) => f.replace(/\.po$/, ""));

// What a reader of the language reads of a page: texts and labels, without what is marked as another language.
const VOID = new Set(["meta", "link", "input", "br", "use", "img", "path", "ellipse", "polyline", "hr"]);
function readIn(html, language) {
  const said = [], open = [];
  const lang = () => open.length ? open.at(-1).lang : "";
  for (const [, tag, text] of html.replace(/<!--[\s\S]*?-->|<!doctype html>/gi, "").matchAll(/(<[^>]+>)|([^<]+)/g)) {
    if (text !== undefined) {
      if (lang().startsWith(language) && !open.some((e) => e.name === "script" || e.name === "style") && text.trim()) said.push(h.decode(text).replace(/\s+/g, " ").trim());
      continue;
    }
    const name = tag.match(/^<\/?([a-z0-9]+)/i)[1].toLowerCase();
    if (tag.startsWith("</")) {
      while (open.length && open.pop().name !== name);
      continue;
    }
    const own = tag.match(/\slang="([^"]*)"/)?.[1] ?? lang();
    if (own.startsWith(language))
      for (const [, , words] of tag.matchAll(/\s(aria-label|title|alt|placeholder|data-say-[a-z-]+)="([^"]+)"/g)) said.push(h.decode(words));
    if (!VOID.has(name) && !tag.endsWith("/>")) open.push({ name, lang: own });
  }
  return said;
}

describe("the catalogues", () => {
  test("a further language is a file: each has the texts of the others, and nothing that nobody says", () => {
    assert.ok(languages.includes("es"));
    const own = files("templates", ".mustache").flatMap((s) => [...s.matchAll(/\{\{#say\}\}([\s\S]*?)\{\{\/say\}\}/g)].map(([, x]) => x));
    const said = new Set(own), code = [...files("cgi-src", ".c"), ...files("sql", ".sql")].join("\n").replaceAll(/"\s*\n\s*"/g, "").replaceAll("''", "'");
    // Codes of the database in words (app.in_words), and a sentence with the state of a form in it.
    const composed = new Set(["Preferred name", "Birth date", "Due date", "Email", "Chart", "Other", "Arrived", "In room", "Done", "Cancelled", "No show", "This form is signed already.", "This form is declined already.", "This form is withdrawn already.", "told you how a correction was decided"]);
    for (const language of languages) {
      const all = catalogue(language);
      assert.deepEqual(all.map((x) => x.english).sort(), catalogue("es").map((x) => x.english).sort(), language);
      for (const { english, words } of all) {
        assert.ok(words.trim(), english);
        const places = (s) => [...s.matchAll(/(?<!\{)\{\w+\}(?!\})/g)].map(([x]) => x).sort();
        assert.deepEqual(places(words), places(english), english);
        // A sentence of the program has its numbers in the place of {1}.
        const pattern = english.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{\d\}/g, "(?:\\{\\d\\}|%[a-z]+|\\d+)").replace(/ times?\\\./, " time(?:%s|s)?\\.").replaceAll('"', '\\\\?"');
        assert.ok(said.has(english) || new RegExp(pattern).test(code) || composed.has(english) || /^You can (move it|cancel) online until |^After \{1\} missed|^This visit could be (moved|cancelled) here|^Before this visit comes another/.test(english), `nobody says: ${english}`);
      }
    }
    for (const english of said) assert.ok(catalogue("es").some((x) => x.english === english), `no words for: ${english}`);
  });
  test("a script on a client's page has no words of its own", () => {
    for (const script of ["form", "files", "signature", "intake", "kiosk", "slots"])
      assert.doesNotMatch(read(`nginx/www/js/${script}.js`).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ""), /['"`][^'"`\n]*[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}[^'"`\n]*['"`]/, script);
  });
  test("what a client can be refused with has words in each language", () => {
    const known = new Set(catalogue("es").map((x) => x.english));
    const sources = ["answers", "clause", "code", "file_check", "files", "form", "lines", "sign", "signer"].map((f) => `cgi-src/features/form/${f}.c`).concat(["cgi-src/features/booking.c", "cgi-src/features/booking_code.c", "cgi-src/features/visit_message.c", "cgi-src/features/correction.c", "cgi-src/features/mail_code.c", "cgi-src/core/media_req.c", "cgi-src/core/form.c"]);
    // Of these files, what the staff alone is told.
    const staff = new Set(["Choose a form.", "Say why the form is not needed.", "Choose what it is about.", "Say whether it was corrected.", "Say why: the client reads it."]);
    let n = 0;
    for (const file of sources)
      for (const [, raw] of read(file).replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/"\s*\n\s*"/g, "").matchAll(/"([A-Z](?:[^"\\]|\\.)*[.:]\s?)"/g)) {
        let i = 0;
        const english = plain(raw).replace(/%[a-z]+/g, () => `{${++i}}`), plural = english.replace(/time\{\d\}\.$/, "times.");
        if (staff.has(english) || /^(SELECT|Studio|Client|Set-Cookie)/.test(english)) continue;
        assert.ok(known.has(english) || known.has(plural), `${file}: no words for: ${english}`);
        n++;
      }
    assert.ok(n > 60, `only ${n} found`);
    for (const file of ["sql/lib/094_signing.sql", "sql/lib/094_form_code.sql"])
      for (const [, english] of read(file).matchAll(/RAISE EXCEPTION '([A-Z](?:[^']|'')*\.)'\s*USING ERRCODE = 'FY422'/g))
        assert.ok(known.has(english) || /Note the date of birth first|a code or a witness/.test(english) || english === "This form is % already.", `${file}: ${english}`);
  });
});

const ENGLISH = /\b(the|you|your|is|are|was|were|this|that|these|with|for|not|please|of|to|have|has|it|its|from|at|by|and|or|yes|sign|signed|form|forms|when|what|who|which|where|been|will|can|here)\b/i;

describe("L20 E-01: her pages in her language", () => {
  const inside = "SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\n";
  const glow = () => h.tenantId("glow");
  let c;
  before(() => {
    c = booking.corner("glow", {});
  });
  after(() => booking.close(c));

  // Of the studio's own words, which nobody translates.
  let studio;
  const isStudios = (words) => {
    studio ||= h.sql(`SELECT name FROM app.tenant WHERE id = :'v1' UNION SELECT name FROM app.service WHERE tenant_id = :'v1' UNION SELECT name FROM app.location WHERE tenant_id = :'v1'
      UNION SELECT concat_ws(', ', nullif(street, ''), nullif(city, '')) FROM app.location WHERE tenant_id = :'v1' UNION SELECT name FROM app.staff WHERE tenant_id = :'v1' UNION SELECT name FROM app.addon WHERE tenant_id = :'v1'
      UNION SELECT description FROM app.service WHERE tenant_id = :'v1' AND description <> '' UNION SELECT category FROM app.service WHERE tenant_id = :'v1' AND category <> '' UNION SELECT tagline FROM app.tenant WHERE id = :'v1' AND tagline <> '' UNION SELECT title FROM app.staff WHERE tenant_id = :'v1' AND title <> ''
      UNION SELECT body FROM app.messaging_wording WHERE tenant_id = :'v1' UNION SELECT regexp_replace(unnest(ARRAY[title, body]), '\\s+', ' ', 'g') FROM app.policy_version WHERE tenant_id = :'v1'`, glow()).map(([x]) => x).sort((a, b) => b.length - a.length);
    return studio.reduce((s, x) => s.replaceAll(x, "…"), words);
  };
  const languageOf = (r) => r.text.match(/<html lang="([^"]*)"/)?.[1];
  const inSpanish = (r, what) => {
    assert.equal(languageOf(r), "es", what);
    const english = new Set(catalogue("es").filter((x) => x.english !== x.words && !/\{/.test(x.english) && x.english.length > 3).map((x) => x.english));
    const said = readIn(r.text, "es");
    assert.ok(said.length > 2, what);
    for (const words of said) {
      assert.ok(!english.has(words), `${what}: in English: ${words}`);
      assert.doesNotMatch(isStudios(words), ENGLISH, `${what}: ${words}`);
    }
    return r;
  };
  test("the walk: every page of her link speaks Spanish, with its messages and dates", async () => {
    const p = await reader("glow", "es-MX"), { v } = p;
    inSpanish(await v.get(p.at), "the list");
    const first = inSpanish(await v.get(p.page), "the questions");
    assert.match(first.text, /Título en español/);
    const missing = inSpanish(await v.submit(p.page, { "q-texto": "", "q-numero": "doce", "q-fecha": "2025-02-30", "q-alergias": "some", "q-alergias-substance": ["Látex", "", ""], "q-alergias-reaction": ["", "", ""], "q-alergias-severity": ["", "", ""], intent: "next" }), "refused answers");
    assert.match(h.decode(missing.text), /Escriba un número, por ejemplo/);
    inSpanish(await v.get(`${p.page}/files/archivo`), "files");
    const page = await v.get(`${p.page}/files/archivo`), keys = h.formOf(page.text, /archivo$/).values;
    inSpanish(await h.request("glow", `${p.page}/files/archivo`, { method: "POST", cookie: v.cookieFor(p.page), headers: { "Content-Type": "multipart/form-data; boundary=x" },
      body: ["csrf", "idem"].map((k) => `--x\r\nContent-Disposition: form-data; name="${k}"\r\n\r\n${keys[k]}\r\n`).join("") + "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nhola\r\n--x--\r\n" }), "a file that is none");
    const answered = await v.submit(p.page, { "q-texto": "Una prueba", "q-numero": "62", "q-fecha": "1990-05-03", "q-alergias": "none", "q-alergias-substance": ["", "", ""], "q-alergias-reaction": ["", "", ""], "q-alergias-severity": ["", "", ""], "q-medicinas": "none", "q-zonas": ["Nose", "Chin"], "q-si_no": "yes", "q-si_no-more": "Bastante", "q-marca": ["One"], intent: "next" });
    assert.equal(answered.location, `${p.page}/consent`, h.decode(answered.text).match(/class="error"[^<]*<?[^<]*/g)?.join());
    const consent = inSpanish(await v.get(`${p.page}/consent`), "reading and signing");
    for (const words of [/3 de mayo de 1990/, /62 libras/, /Nariz[\s\S]{0,20}Mentón/, /Ninguna alergia conocida/, /Sin respuesta/]) assert.match(h.decode(consent.text), words);
    inSpanish(await v.submit(`${p.page}/consent`, { signer_name: "" }, { action: `${p.page}/consent` }), "signing refused");
    const signed = await v.submit(`${p.page}/consent`, { accepts: "yes", signer_name: "Zoila Prueba" }, { action: `${p.page}/consent` });
    assert.equal(signed.location, `${p.page}/copy?signed=1`);
    assert.match(h.decode(inSpanish(await v.get(`${p.page}/copy?signed=1`), "the copy").text), /Gracias\. Este formulario está firmado/);
    assert.match(inSpanish(await v.get(p.at), "all done").text, /Firmado el (lun|mar|mié|jue|vie|sáb|dom) \d+ [a-z]{3} 20\d\d, \d+:\d\d [ap]\. m\./);
    inSpanish(await v.post(p.page, { ...h.formOf(first.text, p.page).values, idem: h.uuid(), intent: "next" }), "signed already");
    inSpanish(await v.get(`${p.home}/allowed`), "what she allowed");
    const signature = h.one("SELECT id FROM app.signature WHERE assignment_id = :'v1'", p.which);
    assert.equal((await v.submit(`${p.home}/allowed`, { reason: "Sí" }, { action: `${p.home}/signed/${signature}/withdraw` })).status, 303);
    inSpanish(await v.get(`${p.home}/allowed?revoked=1`), "taken back");
    inSpanish(await v.submit(`${p.home}/correct`, { words: "" }, { action: `${p.home}/correct` }), "a correction refused");
    assert.equal((await v.submit(`${p.home}/correct`, { words: "Mal escrito" }, { action: `${p.home}/correct`, extra: { field: "birth_date" } })).status, 303);
    inSpanish(await v.get(`${p.home}/correct?sent=1`), "corrections");
    inSpanish(await v.get(`${p.at}/${h.uuid()}`), "no such form");
    // A minor's: who may sign, with the relation, and a name that fits nobody.
    const minor = await reader("glow", "es");
    h.sql(`${inside} UPDATE app.client SET birth_date = current_date - 3650 WHERE id = :'v2'; INSERT INTO app.client_guardian (client_id, name, relation, birth_date) VALUES (:'v2', 'Zoila Mayor', 'parent', '1980-01-01'), (:'v2', 'Zoilo Mayor', 'legal_guardian', NULL)`, glow(), minor.client);
    assert.equal((await minor.v.submit(minor.page, { "q-texto": "x", intent: "next" })).status, 303);
    const guarded = inSpanish(await minor.v.get(`${minor.page}/consent`), "a minor's");
    assert.match(h.decode(guarded.text), /(?=[\s\S]*Soy Zoila Mayor <small class="hush">\(Madre o padre\))[\s\S]*Persona con la tutela legal; el estudio no conoce/);
    const guardian = guarded.text.match(/name="guardian_id" value="([^"]*)"[^>]*> <span>Soy Zoila/)[1];
    inSpanish(await minor.v.submit(`${minor.page}/consent`, { accepts: "yes", signer_name: "Qwrt Plmn", guardian_id: guardian, guardian_birth: "1980-01-01" }, { action: `${minor.page}/consent` }), "a name that fits nobody");
    const other = await reader("glow", "es");
    assert.equal((await other.v.submit(`${other.page}`, { "q-texto": "x", intent: "next" })).status, 303);
    assert.equal((await other.v.submit(`${other.page}/consent`, { reason: "" }, { action: `${other.page}/decline` })).status, 303);
    inSpanish(await other.v.get(`${other.at}?declined=1`), "the list after declining");
    inSpanish(await other.v.get(other.page), "declined");
  });

  test("the door: date of birth, wrong dates counted in her language, locked, ended", async () => {
    const p = await reader("glow", "es"), token = require("node:crypto").randomBytes(32);
    h.sql("UPDATE app.link SET token_hash = sha256(decode(:'v2', 'hex')) WHERE id = :'v1'", p.link, token.toString("hex"));
    const v = new h.Visitor("glow"), from = h.somewhere();
    assert.equal((await v.get(`/l/${token.toString("base64url")}`)).location, p.home);
    inSpanish(await v.get(p.home), "the door");
    for (const [left, words] of [[4, "4 veces más"], [3, "3 veces más"], [2, "2 veces más"], [1, "1 vez más"]]) {
      const wrong = inSpanish(await v.submit(p.home, { birth_date: "1980-01-01" }, { action: `${p.home}/prove`, from }), `${left} tries left`);
      assert.ok(h.decode(wrong.text).includes(`Puede intentarlo ${words}.`), words);
    }
    inSpanish(await v.submit(p.home, { birth_date: "1980-01-01" }, { action: `${p.home}/prove`, from }), "locked");
    inSpanish(await v.get(p.home, { headers: { "Accept-Language": "es-US,es;q=0.9,en;q=0.5" } }), "a link that has ended");
    inSpanish(await new h.Visitor("glow").get(p.at, { headers: { "Accept-Language": "es" } }), "without a cookie");
  });

  test("which language: what she picks, else what she is on record to prefer, else her browser's, else the studio's", async () => {
    const speaks = async (p, headers = {}) => languageOf(await p.v.get(p.at, { headers }));
    const es = { "Accept-Language": "fr-FR, es-MX;q=0.8, en;q=0.5" };
    const nobody = await reader("glow", "");
    assert.equal(await speaks(nobody), "en");
    assert.equal(await speaks(nobody, es), "es");
    assert.equal(await speaks(nobody, { "Accept-Language": "en-US,en;q=0.9,es;q=0.8" }), "en");
    assert.equal(await speaks(nobody, { "Accept-Language": "de, *;q=0.1" }), "en");
    assert.match((await nobody.v.get(nobody.page, { headers: es })).text, /<html lang="es">[\s\S]*Título en español/);
    assert.match((await nobody.v.get(nobody.page)).text, /<html lang="en">[\s\S]*English title/);
    assert.equal(await speaks(await reader("glow", "en"), es), "en");
    assert.equal(await speaks(await reader("glow", "ja"), es), "es", "there are no words in the language that she prefers");
    h.sql("UPDATE app.tenant SET locale = 'es-US' WHERE id = :'v1'", glow());
    try { assert.equal(await speaks(await reader("glow", "")), "es"); } finally { h.sql("UPDATE app.tenant SET locale = 'en-US' WHERE id = :'v1'", glow()); }
    // Picked on a page, it holds for all pages of the link, for the form too.
    const p = await reader("glow", "en"), page = await p.v.get(p.at), keys = h.formOf(page.text, `${p.home}/language`).values;
    assert.equal((await p.v.post(`${p.home}/language`, { ...keys, lang: "es" })).location, p.at);
    assert.equal(await speaks(p), "es");
    assert.match((await p.v.get(p.page)).text, /<html lang="es">[\s\S]*Título en español/);
    assert.equal((await p.v.post(`${p.home}/language`, { ...keys, lang: "en", at: "https://elsewhere.example/" })).location, p.home);
    assert.equal(await speaks(p, es), "en");
    await p.v.post(`${p.home}/language`, { ...keys, lang: "'; --" });
    assert.equal(h.one("SELECT language FROM app.link WHERE id = :'v1'", p.link), "en");
    // Picked on the form, it holds for the list.
    const form = await p.v.get(p.page);
    assert.equal((await p.v.post(p.page, { ...h.formOf(form.text, p.page).values, intent: "lang-es" })).status, 303);
    assert.equal(await speaks(p), "es");
    // Another link of hers is not changed by it.
    assert.equal(h.one("SELECT count(*) FROM app.link WHERE client_id = :'v1' AND language IS NOT NULL", p.client), "1");
  });

  test("E-01: the terms of signing by language: written, warned of where they are missing, signed under those of the language, which the digest binds", async () => {
    const owner = await h.staff("glow", "owner"), at = "/settings/texts/terms", p = await reader("glow", "es");
    const inForce = (language) => h.sql(`${inside} SELECT p.id, p.version, p.language FROM app.policy_version p WHERE p.id = app.terms_in_force(:'v2')`, glow(), language)[0];
    const without = (language, days) => h.sql("BEGIN; SET LOCAL session_replication_role = replica; UPDATE app.policy_version SET effective_on = effective_on + :'v3'::int WHERE tenant_id = :'v1' AND kind = 'terms' AND language = :'v2'; COMMIT", glow(), language, String(days));
    const answered = (q) => q.v.submit(q.page, { "q-texto": "Sí", intent: "next" });
    // None in Spanish: her page says in which language they are, and the terms are marked as that; the studio is warned where it publishes.
    without("es", 9000);
    let consent;
    try {
      assert.equal(inForce("es")[2], "en");
      assert.equal((await answered(p)).location, `${p.page}/consent`);
      consent = await p.v.get(`${p.page}/consent`);
      assert.match(h.decode(inSpanish(consent, "terms in English").text), /solo están en English[\s\S]*/);
      assert.match(consent.text, /<p class="lines" lang="en" dir="ltr">/);
      for (const page of ["/settings/forms"]) assert.match((await owner.get(page)).text, /no terms of signing electronically in <span lang="es">Español<\/span>[\s\S]*href="\/settings\/texts\/terms\?lang=es"/);
    } finally { without("es", -9000); }
    assert.doesNotMatch((await owner.get("/settings/forms")).text, /no terms of signing electronically in <span lang="es">/);
    // Meanwhile there are: what she read is not what she would sign under.
    const stale = await p.v.post(`${p.page}/consent`, { ...h.formOf(consent.text, `${p.page}/consent`).values, accepts: "yes", signer_name: "Zoila Prueba" });
    assert.equal(stale.status, 422);
    assert.match(h.decode(inSpanish(stale, "other terms by now").text), /Este formulario ha cambiado desde que lo abrió/);
    // A new version of one language leaves the other as it is.
    const english = inForce("en"), page = await owner.get(`${at}?lang=es`), words = `Usted elige, y el papel. ${h.uuid()}`;
    assert.match(page.text, /In Español[\s\S]*<textarea id="body"[^>]*lang="es"/);
    const r = await owner.post(at, { ...h.formOf(page.text, at).values, body: words });
    assert.equal(r.location, `${at}?lang=es`);
    assert.deepEqual(inForce("en"), english);
    const [id, version, language] = inForce("es");
    assert.equal(language, "es");
    assert.match((await owner.get(at)).text, new RegExp(`Version ${version}: Firma electrónica<small>Español`));
    assert.notEqual((await owner.post(at, { ...h.formOf((await owner.get(`${at}?lang=es`)).text, at).values, lang: "E!", body: "x" })).status, 303);
    // The library has the six elements of E-01 in Spanish too.
    const library = h.one("SELECT body FROM app.terms_library('Glow') WHERE language = 'es'");
    for (const element of [/papel en cualquier momento/, /retirar su consentimiento/, /Qué abarca/, /Avísenos cuando cambien/, /programa que muestre archivos PDF/, /No cobramos nada/]) assert.match(library, element);
    // Signed: the text has those words and their number, the row and its digest their id.
    const shown = await p.v.get(`${p.page}/consent`);
    assert.ok(h.decode(shown.text).includes(words));
    assert.doesNotMatch(h.decode(shown.text), /solo están en/);
    assert.equal((await p.v.post(`${p.page}/consent`, { ...h.formOf(shown.text, `${p.page}/consent`).values, accepts: "yes", signer_name: "Zoila Prueba" })).location, `${p.page}/copy?signed=1`);
    assert.deepEqual(h.sql(`SELECT s.disclosure_id = :'v2'::uuid, s.language,
        app.signature_digest(s) = app.signature_digest(jsonb_populate_record(s, jsonb_build_object('disclosure_id', :'v3'::text))),
        EXISTS (SELECT FROM audit.event e WHERE e.object_id = s.id AND e.action = 'form.sealed' AND e.reason = encode(app.signature_digest(s), 'hex'))
      FROM app.signature s WHERE s.assignment_id = :'v1'`, p.which, id, english[0]), [["t", "es", "f", "t"]]);
    const chart = h.decode((await owner.get(`/clients/${p.client}/signatures/${h.one("SELECT id FROM app.signature WHERE assignment_id = :'v1'", p.which)}`)).text);
    assert.ok(chart.includes(`Signing electronically, version:\n  ${version}`) || chart.includes(`version ${version}, accepted`), "the chart names the version");
    // What the library calls pages by is what they are called.
    const called = (english) => `«${catalogue("es").find((x) => x.english === english).words}»`;
    assert.ok(library.includes(called("Is something wrong in my record?")));
    assert.ok(h.one("SELECT content -> 'translations' -> 'es' -> 'authorisation' ->> 'taking_back' FROM app.form_library() WHERE slug = 'photo-release'").includes(called("What I allowed")));
    // Who reads English signs under the English ones.
    const q = await reader("glow", "en");
    await answered(q);
    assert.equal((await q.v.submit(`${q.page}/consent`, { accepts: "yes", signer_name: "Zoila Prueba" }, { action: `${q.page}/consent` })).location, `${q.page}/copy?signed=1`);
    assert.equal(h.one("SELECT disclosure_id FROM app.signature WHERE assignment_id = :'v1'", q.which), english[0]);
  });

  test("A-13: who looked at her record, each sentence of it", () => {
    const known = new Set(catalogue("es").map((x) => x.english)), said = (sql) => h.sql(sql).map(([x]) => x);
    // What the list does not show, and what is done with no client; all others have words.
    const rows = said("SELECT DISTINCT app.action_words_to_client(a.action) FROM app.actions() a WHERE a.action ~ '^(calendar|appointment|client|correction|chart|consent|note|allergy|encounter|plan|recall|medication|condition|health|form|message|booking|link|emergency|looked|series|waitlist|signature)\\.'"
      + " AND a.action !~ '^(client\\.(import|erase)|form\\.(change|create|draft|look|pdfs|publish|put|remind|translate|try|verify|withdraw$)|message\\.opt|emergency\\.officer|waitlist\\.settings)'"
      + " AND a.action NOT IN ('note.sealed', 'encounter.sealed', 'encounter.added', 'encounter.marked', 'form.sealed', 'form.files')");
    assert.ok(rows.length > 100, rows.length);
    for (const words of rows) assert.ok(known.has(words), words);
    const source = read("sql/lib/066_looked.sql"), body = source.slice(source.indexOf("audit.looked(lim"));
    const own = [...body.matchAll(/(?:THEN|ELSE|f\.name,|''\),) '([^']+)'/g)].map(([, x]) => x);
    assert.ok(own.length >= 11, own.join());
    for (const words of own) assert.ok(known.has(words), words);
    for (const role of ["Owner", "Manager", "Front desk", "Provider", "Biller", "Auditor"]) assert.ok(known.has(role), role);
  });
  test("B18 B21: why the database refuses her a time", () => {
    const known = new Set(catalogue("es").map((x) => x.english));
    const source = read("sql/lib/042_rules.sql"), own = source.slice(source.indexOf("FUNCTION app.client_rules("), source.indexOf("FUNCTION app.hold_to_rules("));
    const words = [...own.matchAll(/words := (?:\(SELECT format\()?'((?:[^']|'')+)'|RETURN \(SELECT format\('((?:[^']|'')+)'/g)].map(([, a, b]) => a || b);
    assert.ok(words.length >= 6, words.join());
    for (const one of words) {
      let i = 0;
      const english = one.replace(/%s/g, () => `{${++i}}`);
      assert.ok(known.has(english) || known.has(english.replace("{2} earlier", "{2} days earlier")) && known.has(english.replace("{2} earlier", "one day earlier")), one);
    }
  });
  test("the rules of booking, each sentence of them", () => {
    const known = new Set(catalogue("es").map((x) => x.english));
    const rows = h.sql(`SELECT DISTINCT w FROM unnest(ARRAY[0, 1, 24, 72]) AS c, unnest(ARRAY[0, 1, 12, 96]) AS m, unnest(ARRAY[NULL, 0, 1, 3]) AS n, unnest(ARRAY[1, 2]) AS x,
      LATERAL app.rule_words(c, m, n, 15, 2500, 4050, x) AS w`);
    assert.ok(rows.length > 15);
    for (const [words] of rows)
      for (const sentence of words.split(/(?<=\.) /)) {
        let i = 0;
        const pattern = sentence.replace(/\d+(\.\d+)?/g, () => `{${++i}}`);
        assert.ok(known.has(sentence) || known.has(pattern), sentence);
      }
  });
  test("mails to her are in the language that she prefers, subject and all, with her dates; without one in the studio's", async () => {
    const desk = await h.staff("glow", "front-desk");
    const last = async (client, kind) => {
      const [id, subject] = h.sql("SELECT id, subject FROM app.message WHERE client_id = :'v1' AND kind = :'v2' ORDER BY created_at DESC LIMIT 1", client, kind)[0];
      const text = h.decode((await desk.get(`/messages/${id}`)).text).match(/<(pre|div|section)[^>]*class="[^"]*(lines|message)[^"]*"[^>]*>([\s\S]*?)<\/\1>/)?.[3];
      assert.ok(text, kind);
      return { subject, text: text.replace(/<[^>]*>/g, " ").replace(/https:\S+/g, "") };
    };
    const spanish = ({ subject, text }, kind) => {
      for (const words of [subject, ...text.split("\n")]) assert.doesNotMatch(isStudios(words), ENGLISH, `${kind}: ${words}`);
    };
    const p = await reader("glow", "es"), q = await reader("glow", "");
    for (const one of [p, q]) assert.equal((await desk.submit(`/clients/${one.client}`, {}, { action: `/clients/${one.client}/form-link` })).status, 303);
    spanish(await last(p.client, "form_link"), "form_link");
    assert.match((await last(q.client, "form_link")).subject, /^Forms for your visit/);
    // Booked in English by whom nobody knew; then she prefers Spanish, and what follows is in it.
    const visit = await booking.book(c, {});
    assert.match((await last(visit.client, "booked")).subject, /^Your appointment at/);
    h.sql(`${inside} UPDATE app.client SET preferred_language = 'es' WHERE id = :'v2'`, glow(), visit.client);
    const { values } = h.formOf((await visit.v.get(`${visit.home || visit.at}/visit`)).text, /cancel$/);
    assert.equal((await visit.v.post(`${visit.at}/cancel`, values)).status, 303);
    const cancelled = await last(visit.client, "cancelled");
    spanish(cancelled, "cancelled");
    // On a page in English, which was picked there, it is in English.
    const other = await booking.book(c, {}), home = other.at.replace(/\/(visit|booked)$/, "");
    h.sql(`${inside} UPDATE app.client SET preferred_language = 'es' WHERE id = :'v2'; UPDATE app.link SET language = 'en' WHERE client_id = :'v2'`, glow(), other.client);
    const page = await other.v.get(`${home}/visit`);
    assert.equal(languageOf(page), "en");
    assert.equal((await other.v.post(`${home}/cancel`, h.formOf(page.text, /cancel$/).values)).status, 303);
    assert.match((await last(other.client, "cancelled")).subject, /is cancelled$/);
    assert.match(cancelled.text, /su cita del (lun|mar|mié|jue|vie|sáb|dom) \d+ [a-z]{3} 20\d\d, \d+:\d\d [ap]\. m\. \(hora de /);
  });

  test("L26 E-04: her copy as a PDF: the document in the language that she signed, the certificate in English and in it", async () => {
    const p = await reader("glow", "es");
    assert.equal((await p.v.submit(p.page, { "q-texto": "Una prueba", "q-fecha": "1990-05-03", intent: "next" })).status, 303);
    assert.equal((await p.v.submit(`${p.page}/consent`, { accepts: "yes", signer_name: "Zoila Prueba" }, { action: `${p.page}/consent` })).status, 303);
    const made = () => h.one("SELECT count(*) FROM app.signature_copy c JOIN app.signature s ON s.id = c.signature_id WHERE s.assignment_id = :'v1'", p.which) === "1";
    await h.until(made, "its copy is not made", 180000);
    const pdf = (await p.v.get(`${p.page}/signed-form.pdf`)).bytes, dir = fs.mkdtempSync(path.join(require("node:os").tmpdir(), "foyer-words-"));
    fs.writeFileSync(path.join(dir, "copy.pdf"), pdf);
    const pages = require("node:child_process").execFileSync("pdftotext", ["-raw", path.join(dir, "copy.pdf"), "-"], { encoding: "utf8" }).replace(/[ \n]+/g, " ");
    fs.rmSync(dir, { recursive: true });
    const [document, certificate] = [pages.slice(0, pages.indexOf("Certificate of completion")), pages.slice(pages.indexOf("Certificate of completion"))];
    for (const words of ["Título en español", "Versión del formulario", "Respuestas", "3 de mayo de 1990", "Lo acordado", "Declaración", "Firmado escribiendo el nombre", "de estas condiciones"]) assert.ok(document.includes(words), words);
    assert.doesNotMatch(document, /\b(Answers|What is agreed|Statement|Signed by typing|Version of the form|Not answered)\b/);
    for (const words of ["Certificate of completion · Certificado de finalización", "Signed by · Firmado por", "Zoila Prueba", "guarda el formulario anterior", "keeps the form above", "The form was signed · Se firmó el formulario", "Date of birth, typed in and right · Fecha de nacimiento, escrita y correcta", "Español"])
      assert.ok(certificate.includes(words), words);
  });

  describe("L02 B57: the pages before any link", () => {
    const es = { "Accept-Language": "es-MX,es;q=0.9,en;q=0.5" };
    const asSpanish = (v) => { const get = v.get.bind(v), post = v.post.bind(v); v.get = (t, o = {}) => get(t, { headers: es, ...o }); v.post = (t, b, o = {}) => post(t, b, { headers: es, ...o }); return v; };
    test("booking, from the services to the end, with what is refused on the way; what follows is in it too", async () => {
      const v = asSpanish(new h.Visitor("glow")), times = `${c.path}?week=${booking.dayIn(6)}&day=${booking.dayIn(6)}`;
      inSpanish(await v.get("/book"), "the services");
      const page = inSpanish(await v.get(times), "the times");
      assert.match(h.decode(page.text), /<p class="lead">30 min[\s\S]*Todas las horas son/);
      assert.equal((await v.get(times)).cookies.length, 0, "nothing is kept of who picked nothing");
      inSpanish(await v.get(`${c.path}?month=${booking.dayIn(6)}`), "the month");
      const form = h.formOf(page.text, /^\/book\/[0-9a-f-]{36}\?/), slots = booking.slotsOf(page.text);
      inSpanish(await v.post(form.action, { ...form.values, slot: "" }, { from: h.somewhere() }), "no time chosen");
      const held = await v.post(form.action, { ...form.values, idem: h.uuid(), slot: slots[0] }, { from: h.somewhere() });
      assert.equal(held.status, 303);
      inSpanish(await v.get(held.location), "the details");
      for (const [values, words] of [[{ name: "", email: "x", phone: "", birth_date: "", is_adult: "", rule: "", policy: "" }, /Díganos su nombre/], [booking.person({ birth_date: booking.dayIn(-5000) }), /18 años o más/],
        [booking.person({ phone: "+1 212 555 01" }), /No podemos leer este número/], [booking.person({ website: "x" }), /un campo que las personas no ven/], [booking.person({ booking_rule_id: h.uuid() }), /Estas reglas han cambiado/]])
        assert.match(h.decode(inSpanish(await v.submit(held.location, values), "details refused").text), words);
      const other = await booking.book(c, { slot: slots[1] }); // somebody else is faster
      assert.ok(other.client);
      const person = booking.person({ name: "Zoila Reserva" }), done = await v.submit(held.location, person, { from: h.somewhere() });
      assert.equal(done.status, 303, done.text);
      const [, link] = done.location.match(/^\/v\/([0-9a-f-]{36})\/booked$/), client = h.one("SELECT client_id FROM app.link WHERE id = :'v1'", link);
      assert.equal(h.one("SELECT preferred_language FROM app.client WHERE id = :'v1'", client), "es", "the language that she asked for is kept as hers");
      assert.match(h.one("SELECT subject FROM app.message WHERE client_id = :'v1' AND kind = 'booked'", client), /^Su cita en /);
      delete v.get; delete v.post; // her browser does not say it any more
      inSpanish(await v.get(done.location), "booked");
      const entry = (await v.get(`/v/${link}/visit.ics`)).text.replace(/\r\n /g, "");
      assert.match(entry, /SUMMARY:[^\r]+: cita\r\n/);
      assert.match(entry, /DESCRIPTION:Para cambiarla o cancelarla\\, use el enlace/);
      inSpanish(await asSpanish(v).get(held.location), "the time that was kept is booked");
      inSpanish(await v.get("/book/done"), "done, in a frame");
      inSpanish(await v.get(`/book/${h.uuid()}`), "no such service");
    });
    test("a service for some weeks of a pregnancy, and one that comes after another", async () => {
      const v = asSpanish(new h.Visitor("glow")), k = booking.corner("glow", {}), first = booking.corner("glow", {});
      h.sql("UPDATE app.service SET week_from = 20, week_to = 24 WHERE id = :'v1'", k.service);
      assert.match(h.decode(inSpanish(await v.get(k.path), "the weeks").text), /¿Cuándo nacerá su bebé\?/);
      inSpanish(await v.submit(k.path, { due_date: "" }, { action: `${k.path}/weeks` }), "no due date");
      for (const [days, words] of [[120, /Su fecha de parto es/], [20, /ya pasaron las semanas para esta visita/], [280, /Eso queda más lejos/]]) {
        const r = await v.submit(k.path, { due_date: booking.dayIn(days) }, { action: `${k.path}/weeks`, from: h.somewhere() });
        assert.equal(r.status, 303);
        assert.match(h.decode(inSpanish(await v.get(r.location), `due in ${days} days`).text), words);
      }
      const held = await booking.hold(v, k), late = inSpanish(await v.submit(held, booking.person({ due_date: booking.dayIn(5) }), { from: h.somewhere() }), "not in these weeks");
      assert.match(h.decode(late.text), /según su fecha de parto, este día no cae en ellas/);
      h.sql("UPDATE app.service SET week_from = NULL, week_to = NULL, prerequisite_id = :'v2', prerequisite_days = 5, new_client_rule = 'any' WHERE id = :'v1'", k.service, first.service);
      const after = inSpanish(await v.submit(await booking.hold(v, k, 1), booking.person(), { from: h.somewhere() }), "another comes first");
      assert.match(h.decode(after.text), /Antes de esta visita hace falta otra: “Zz test [0-9a-f]{8}”, como mucho 5 días antes/);
      booking.close(k);
      booking.close(first);
    });
    test("the code by e-mail, the studio's privacy text, and whether something was signed", async () => {
      const v = asSpanish(new h.Visitor("glow"));
      for (const at of ["/privacy", "/privacy/1"]) {
        const page = inSpanish(await v.get(at), at);
        assert.match(page.text, /<article class="document" lang="en">/);
      }
      for (const at of ["/verify", "/verify?fingerprint=12", `/verify?fingerprint=${"ab".repeat(32)}`]) inSpanish(await v.get(at), at);
      h.sql("UPDATE app.tenant SET booking_code = true WHERE id = :'v1'", glow());
      try {
        const at = await booking.hold(v, c, 2, { days: 7 }), person = booking.person();
        assert.match(h.decode(inSpanish(await v.submit(at, person, { from: h.somewhere() }), "a code is sent").text), /Hemos enviado seis cifras a/);
        assert.match(h.decode(inSpanish(await v.submit(at, { ...person, code: "000000" }, { from: h.somewhere() }), "a wrong code").text), /Este no es el código/);
        assert.match(h.one("SELECT subject FROM app.message WHERE tenant_id = :'v1' AND to_address = :'v2'", glow(), person.email), /^Su código para reservar en /);
      } finally {
        h.sql("UPDATE app.tenant SET booking_code = false WHERE id = :'v1'", glow());
      }
    });
    test("who picks a language keeps it, on that page and on the next ones; nobody else gets a cookie", async () => {
      const v = new h.Visitor("glow"), at = `${c.path}?week=${booking.dayIn(6)}&day=${booking.dayIn(6)}`;
      const page = await v.get(at);
      assert.equal(languageOf(page), "en");
      const picked = await v.submit(at, { lang: "es" }, { action: "/language" });
      assert.equal(picked.location, at);
      assert.match(picked.cookies.join(), /^__Host-language=es; Path=\/; Secure; HttpOnly; SameSite=Lax$/);
      for (const next of [at, "/book", "/privacy", await booking.hold(v, c, 3, { days: 6 })]) inSpanish(await v.get(next), next);
      assert.equal((await v.submit("/book", { lang: "en" }, { action: "/language" })).location, "/book");
      assert.equal(languageOf(await v.get("/book", { headers: es })), "en", "what was picked goes before what the browser asks for");
      assert.equal((await v.submit("/book", { lang: "xx" }, { action: "/language" })).status, 404);
      for (const away of ["//evil.example", "/\\evil.example", "https://evil.example/", "javascript:alert(1)"])
        assert.doesNotMatch((await v.submit("/book", { lang: "es" }, { action: "/language", extra: { at: away } })).location, /evil|javascript/);
      assert.match((await v.get("/book?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")).text, /name="at" value="(\/|&#47;)book\?q(=|&#61;)%22%3E%3Cscript%3Ealert\(1\)%3C(\/|&#47;)script%3E"/);
      for (const bad of ["es; x=1", "<script>", "", "e".repeat(3000)]) assert.equal((await new h.Visitor("glow").get("/book", { cookie: `__Host-language=${encodeURIComponent(bad)}` })).status, 200);
    });
    test("a studio that speaks Spanish is read in it by who asks for nothing else", async () => {
      const was = h.one("SELECT locale FROM app.tenant WHERE id = :'v1'", glow());
      h.sql("UPDATE app.tenant SET locale = 'es-MX' WHERE id = :'v1'", glow());
      try {
        const v = new h.Visitor("glow");
        inSpanish(await v.get("/book"), "the services");
        assert.equal(languageOf(await v.get("/book", { headers: { "Accept-Language": "fr, ru;q=0.8" } })), "es");
        assert.equal(languageOf(await v.get("/book", { headers: { "Accept-Language": "en" } })), "en");
        // Booked on the page in English: the mail is in English, and so is what follows.
        const english = new h.Visitor("glow"), from = h.somewhere(), headers = { "Accept-Language": "en" };
        const times = await english.get(`${c.path}?week=${booking.dayIn(8)}&day=${booking.dayIn(8)}`), form = h.formOf(times.text, /^\/book\/[0-9a-f-]{36}\?/);
        const held = await english.post(form.action, { ...form.values, slot: booking.slotsOf(times.text)[0] }, { from, headers });
        const details = h.formOf((await english.get(held.location, { headers })).text, /hold/);
        const done = await english.post(held.location, { ...details.values, ...booking.person() }, { from, headers });
        const client = h.one("SELECT client_id FROM app.link WHERE id = :'v1'", done.location.match(/^\/v\/([0-9a-f-]{36})/)[1]);
        assert.match(h.one("SELECT subject FROM app.message WHERE client_id = :'v1' AND kind = 'booked'", client), /^Your appointment at/);
        assert.equal(h.one("SELECT preferred_language FROM app.client WHERE id = :'v1'", client), "en");
        const asked = await booking.book(c, { days: 9 });
        assert.equal(h.one("SELECT coalesce(preferred_language, '-') FROM app.client WHERE id = :'v1'", asked.client), "-", "who asked for none is of no known language");
        assert.match(h.one("SELECT subject FROM app.message WHERE client_id = :'v1' AND kind = 'booked'", asked.client), /^Su cita en /);
      } finally {
        h.sql("UPDATE app.tenant SET locale = :'v2' WHERE id = :'v1'", glow(), was);
      }
    });
  });

  test("the walk goes on: her appointment, booked, to come, moved on record, cancelled", async () => {
    const visit = await booking.book(c, {}), { v, at } = visit;
    h.sql(`${inside} UPDATE app.client SET preferred_language = 'es' WHERE id = :'v2'`, glow(), visit.client);
    inSpanish(await v.get(`${at}/booked`), "booked");
    const page = inSpanish(await v.get(`${at}/visit`), "her appointment");
    assert.match(h.decode(page.text), /hora de [A-Z]/);
    const move = inSpanish(await v.get(`${at}/move`), "another time");
    assert.match(h.decode(move.text), /<small>(dom|lun|mar|mié|jue|vie|sáb)<\/small>[\s\S]*<legend>(Mañana|Tarde|Noche)<\/legend>/);
    assert.match(inSpanish(await v.get(`${at}/move?month=${new Date().toISOString().slice(0, 8)}01`), "the month").text, /<h2>[a-z]+ de 20\d\d<\/h2>/);
    inSpanish(await v.submit(`${at}/move`, { slot: "1000000000" }, { action: /\/move\?/ }), "a time that is none");
    const desk = await h.staff("glow", "front-desk"), line = `${at}/waitlist`;
    const { place, ...nowhere } = h.formOf(inSpanish(await v.get(line), "the waitlist").text, line).values;
    assert.match(h.decode(inSpanish(await v.post(line, { ...nowhere, service_id: c.service }), "nowhere to wait for").text), /Elija al menos un lugar/);
    assert.equal((await v.post(line, { ...h.formOf((await v.get(line)).text, line).values, service_id: c.service, place: c.place })).location, `${line}?done=joined`);
    const entry = `/waitlist/${h.one("SELECT id FROM app.waitlist_entry WHERE client_id = :'v1'", visit.client)}`, choices = (await desk.get(entry)).text;
    const choice = h.decode([...choices.matchAll(/name="choice" value="([^"]+)"/g)].at(-1)[1]);
    assert.equal((await desk.post(`${entry}/offer`, { ...h.formOf(choices, `${entry}/offer`).values, choice })).status, 303);
    assert.match(h.decode(inSpanish(await v.get(line), "an offer").text), /Hay una hora libre para usted[\s\S]*hora de [\s\S]*Tomar esta hora/);
    assert.equal((await desk.get(`/clients/${visit.client}`)).status, 200);
    await v.get(`${at}/looked`);
    const looked = h.decode(inSpanish(await v.get(`${at}/looked`), "who looked").text);
    for (const words of [/<strong>Recepción<\/strong> abrió su ficha/, /por su cita del \d+ [a-z]{3} 20\d\d/, /<strong>Usted<\/strong> abrió esta página/]) assert.match(looked, words);
    const { values } = h.formOf(page.text, /cancel$/);
    inSpanish(await v.post(`${at}/cancel`, { ...values, version: "999" }), "cancelling what has changed");
    assert.equal((await v.post(`${at}/cancel`, { ...values, idem: h.uuid() })).status, 303);
    assert.match(h.decode(inSpanish(await v.get(`${at}/visit`), "cancelled").text), /Esta cita está cancelada/);
  });
});
