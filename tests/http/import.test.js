// import.test.js -- lists of clients as files: columns named, rows looked at, all read in or none, taken out again (T12, V-04, L10).
"use strict";
const { test, describe, before } = require("node:test");
const assert = require("node:assert/strict");
const crypto = require("node:crypto");
const h = require("./harness");

const uniq = () => h.uuid().replaceAll("-", "").slice(0, 12).replace(/[0-9]/g, (d) => "ghijklmnop"[d]);
let owner, desk, other;
// What a program reads from such a file: rows of cells.
const cellsOf = (text) => [...text.matchAll(/((?:"(?:[^"]|"")*",?)+)\r\n/g)].map(([, line]) => [...line.matchAll(/"((?:[^"]|"")*)"/g)].map(([, x]) => x.replaceAll('""', '"')));
const inside = (studio, text, ...values) => h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', '${h.tenantId(studio)}', true) \\g /dev/null\n${text}; COMMIT`, ...values);
before(async () => { owner = await h.staff("glow", "owner"); desk = await h.staff("glow", "front-desk"); other = await h.staff("first-light", "owner"); });

async function send(v, bytes, more = {}) {
  const { values } = h.formOf((await v.get("/clients/import")).text, "/clients/import");
  const mark = `----${h.uuid()}`;
  const body = Buffer.concat([Buffer.from(Object.entries({ ...values, ...more }).map(([k, x]) => `--${mark}\r\nContent-Disposition: form-data; name="${k}"\r\n\r\n${x}\r\n`).join("") +
    `--${mark}\r\nContent-Disposition: form-data; name="file"; filename="clients.csv"\r\nContent-Type: text/csv\r\n\r\n`), Buffer.from(bytes), Buffer.from(`\r\n--${mark}--\r\n`)]);
  return v.post("/clients/import", body, { headers: { "Content-Type": `multipart/form-data; boundary=${mark}` } });
}
async function chosen(bytes, more, v = owner) {
  const r = await send(v, bytes, more);
  assert.equal(r.status, 303, r.text.slice(0, 2000));
  return r.location.match(/import\/([0-9a-f-]{36})\/columns$/)[1];
}
// The form of the columns as it is shown; what a browser would send of selects that have one name.
async function columnsOf(id, v = owner) {
  const page = await v.get(`/clients/import/${id}/columns`);
  const form = h.formOf(page.text, `/clients/import/${id}/columns`);
  const column = [...form.html.matchAll(/<select[^>]* name="column"[^>]*>([\s\S]*?)<\/select>/g)].map(([, x]) => (x.match(/<option value="([^"]*)" selected>/) || ["", ""])[1]);
  return { ...form.values, column };
}
async function until(id, state) {
  for (let i = 0; i < 300; i++) {
    const now = h.one("SELECT state FROM app.client_import WHERE id = :'v1'", id);
    if (now === state) return;
    await new Promise((r) => setTimeout(r, 100));
  }
  assert.fail(`the list is ${h.one("SELECT state || ' ' || coalesce((SELECT string_agg(j.kind || ' ' || j.state || ' ' || coalesce(j.last_error, ''), '; ') FROM app.job j WHERE j.subject_id = i.id), '') FROM app.client_import i WHERE i.id = :'v1'", id)}, not ${state}`);
}
async function checked(id, change = {}, v = owner) {
  const r = await v.post(`/clients/import/${id}/columns`, { ...(await columnsOf(id, v)), ...change });
  assert.equal(r.status, 303, r.text.slice(0, 3000));
  await until(id, "checked");
}
const start = async (id, values = {}, v = owner) => v.submit(`/clients/import/${id}`, values, { action: /start$/ });
const rowsOf = (id) => h.sql("SELECT line, verdict, reason FROM app.client_import_row WHERE import_id = :'v1' ORDER BY n", id).map((r) => r.join(" | "));

describe("a file comes in", () => {
  test("T12 what is no text, no CSV or nothing is refused with the line and what to do; nothing of it is kept", async () => {
    const before = h.one("SELECT count(*) FROM app.client_import");
    for (const [bytes, words] of [
      [Buffer.from("name\nZo\xeb\n", "latin1"), /Line 2, column 3: The bytes here are no UTF-8/],
      ["name\nA\0b\n", /Line 2, column 2: There is a zero byte/],
      [Buffer.from("fffe41", "hex"), /ends within a character/],
      ['name,phone\nAnn,"1\n', /Line 2, column 5: The quote that begins here is never closed/],
      ["name\n", /nothing in it/], ["", /Choose a file/], [`${"x,".repeat(100)}x\n`, /more than 100 columns/],
      ["PK\x03\x04zip", /workbook/], [`name\n${"a\n".repeat(50001)}`, /more than 50,000 rows/],
    ]) {
      const r = await send(owner, bytes);
      assert.equal(r.status, 422, String(words));
      assert.match(h.decode(r.text), words);
    }
    assert.equal(h.one("SELECT count(*) FROM app.client_import"), before);
    const id = await chosen(Buffer.from("name\nZo\xeb\n", "latin1"), { encoding: "windows-1252" });
    assert.match((await owner.get(`/clients/import/${id}/columns`)).text, /Zoë/);
    const drop = await owner.submit(`/clients/import/${id}`, {}, { action: /drop$/ });
    assert.equal(drop.location, `/clients/import/${id}`);
    assert.equal(h.one("SELECT state || (SELECT count(*) FROM app.client_import_part p WHERE p.import_id = i.id) FROM app.client_import i WHERE id = :'v1'", id), "dropped0");
    assert.equal((await send(owner, Buffer.alloc(13 << 20, "a"))).status, 413);
  });

  test("only who may read in lists, of this business; it lies sealed", async () => {
    const word = uniq(), id = await chosen(`name\nSealed ${word}\n`);
    assert.equal((await desk.get("/clients/import")).status, 403);
    for (const path of ["", "/columns", "/rows.csv"]) {
      assert.equal((await other.get(`/clients/import/${id}${path}`)).status, 404, path);
      assert.equal((await desk.get(`/clients/import/${id}${path}`)).status, 403, path);
    }
    assert.equal(h.one("SELECT count(*) FROM app.client_import_part WHERE import_id = :'v1' AND position(convert_to(:'v2', 'UTF8') IN body_sealed) > 0", id, word), "0");
    await owner.submit(`/clients/import/${id}`, {}, { action: /drop$/ });
  });
});

describe("V-04 L10 the whole way", () => {
  test("columns are guessed, a mistake keeps what was chosen, each row gets its verdict; all come in at once, once; they are taken out but for who was touched", async () => {
    const word = uniq(), digits = String(crypto.randomInt(2_000_000, 9_999_990)); // (in Alaska, where nobody of the demo lives)
    await h.addClient(owner, { name: `Here ${word}`, email: `here.${word}@mail.example`, phone: "", birth_date: "", due_date: "" });
    const id = await chosen("\uFEFFFirst name;Last name;DOB;E-mail;Phone;Remark\r\n" +
      `Ann;${word};03/04/1990;ann.${word}@mail.example;'+1 907 ${digits};"=1+1; ""x"""\r\n` +   // line 2
      `HERE;${word};;here.${word}@mail.example;;\r\n` +                                             // 3
      `Child;${word};;here.${word}@mail.example;;\r\n` +                                            // 4
      `ann;${word.toUpperCase()};03/04/1990;;;\r\n` +                                               // 5
      `Bad;Day${word};30/30/1990;;;\r\n` +                                                          // 6
      `"<script>alert(1)</script>\n‮עברית";=HYPERLINK(${word});;;;\r\n` +                      // 7, and 8
      ";;;;;only a remark\r\n" + "too;few\r\n");                                                    // 9, 10
    const form = await columnsOf(id);
    assert.deepEqual(form.column, ["first_name", "last_name", "birth_date", "email", "phone", ""]);
    const wrong = await owner.post(`/clients/import/${id}/columns`, { ...form, column: ["first_name", "first_name", "birth_date", "email", "phone", "city"], date_format: "mdy" });
    assert.equal(wrong.status, 422);
    assert.match(h.decode(wrong.text), /Two columns cannot both hold "First name"/);
    assert.match(wrong.text, /name="column"[^>]*>(?:(?!<\/select>)[\s\S])*<option value="city" selected>/);
    assert.match(wrong.text, /<option value="mdy" selected>/);
    for (const [column, words] of [[["", "", "", "email", "", ""], /which column holds the name/], [["name"], /Say of each column/], [["tenant_id", "", "", "", "", "'}"], /Say of each column/]]) {
      const r = await owner.post(`/clients/import/${id}/columns`, { ...form, idem: h.uuid(), column });
      assert.equal(r.status, 422);
      assert.match(h.decode(r.text), words);
    }
    await checked(id, { date_format: "mdy" });
    assert.deepEqual(rowsOf(id), ["2 | add | ", "3 | here | same e-mail, same name", "4 | maybe | same e-mail", "5 | twice | The same person stands in line 2.",
      "6 | add | ", "7 | add | ", "9 | bad | There is no name.", "10 | bad | This row has 2 cells, the first line of the file 6."]);
    assert.equal(h.one("SELECT left_out FROM app.client_import_row WHERE import_id = :'v1' AND line = 6", id), "Date of birth: cannot be read in the format that was chosen, or cannot be right", "a cell that cannot be read does not lose the row");
    const page = await owner.get(`/clients/import/${id}`);
    assert.match(page.text, /Left out: Date of birth: cannot be read/);
    assert.ok(page.text.includes("&lt;script&gt;") && !page.text.includes("<script>alert"));
    assert.equal(h.trail(page.id)[0].action, "client.import.look");
    assert.doesNotMatch((await owner.get(`/clients/import/${id}?only=bad`)).text, new RegExp(`Ann ${word}`));
    const mine = (how) => h.sql(`UPDATE sec.session SET proved_at = now() - interval '${how}' WHERE id = (SELECT session_id FROM audit.event WHERE request_id = :'v1'::uuid AND session_id IS NOT NULL LIMIT 1)`, page.id);
    mine("6 minutes");
    const asked = await owner.get(`/clients/import/${id}/rows.csv`);
    assert.deepEqual([asked.status, /text\/csv/.test(asked.headers["content-type"] || ""), asked.text.includes(word)], [303, false, false], "the file takes a fresh proof");
    mine("0 minutes");
    const file = await owner.get(`/clients/import/${id}/rows.csv`);
    assert.match(file.text, /"'=1\+1; ""x"""/);
    assert.ok(file.text.includes(`"'=HYPERLINK(${word})"`));

    const found = () => h.one("SELECT count(*) FROM app.client WHERE import_id = :'v1'", id);
    const keys = h.formOf((await owner.get(`/clients/import/${id}`)).text, /start$/).values;
    const [one, two] = await Promise.all([owner.post(`/clients/import/${id}/start`, keys), owner.post(`/clients/import/${id}/start`, { ...keys, idem: h.uuid() })]);
    assert.deepEqual([one.status, two.status], [303, 303]);
    await until(id, "done");
    assert.equal((await owner.post(`/clients/import/${id}/start`, { ...keys, idem: h.uuid() })).status, 303);
    assert.equal(found(), "3");
    assert.deepEqual(h.sql("SELECT phone, email, birth_date::text, source FROM app.client WHERE import_id = :'v1' AND birth_date IS NOT NULL", id)[0],
      [h.one("SELECT app.phone_e164(:'v1', 'US')", `+1 907 ${digits}`) || `+1907${digits}`, `ann.${word}@mail.example`, "1990-03-04", "import"]);
    assert.equal(h.one("SELECT count(*) FROM app.client_import_part WHERE import_id = :'v1'", id), "0");
    assert.equal(h.one("SELECT string_agg(DISTINCT reason || cardinality(client_ids), ',') FROM audit.event WHERE action = 'client.import' AND object_id = :'v1'", id), "3 entered3");
    assert.equal([...(await desk.get(`/clients?q=${word}`)).text.matchAll(/data-label="Born"/g)].length, 3);

    // Once more the same: all are here by then.
    const again = await chosen(`name,dob\nAnn ${word},1990-03-04\n`);
    await checked(again);
    assert.deepEqual(rowsOf(again), ["2 | here | same name and date of birth"]);
    await owner.submit(`/clients/import/${again}`, {}, { action: /drop$/ });

    const ann = h.one("SELECT id FROM app.client WHERE import_id = :'v1' AND birth_date IS NOT NULL", id);
    assert.equal((await desk.submit(`/clients/${ann}/edit`, { preferred_name: "Annie" }, { action: /edit$/ })).status, 303);
    assert.equal((await owner.submit(`/clients/import/${id}`, {}, { action: /undo$/ })).status, 303);
    await until(id, "undone");
    assert.equal(found(), "1");
    const undone = await owner.get(`/clients/import/${id}`);
    assert.match(undone.text, /2 clients taken out again; 1 stayed/);
    assert.match(undone.text, /Ann [^<]*<\/a><\/th>[^]*was changed since/);
  });

  test("who is erased stands in no file that waits; who came since the check is not entered again", async () => {
    const word = uniq();
    const id = await chosen(`name,dob\nLate ${word},1991-01-01\nNew ${word},1992-02-02\n`);
    await checked(id);
    await h.addClient(owner, { name: `Late ${word}`, birth_date: "1991-01-01", email: "", phone: "", due_date: "" });
    const waiting = await chosen(`name\nWaits ${word}\n`);
    assert.equal((await start(id)).status, 303);
    await until(id, "done");
    assert.deepEqual(rowsOf(id), ["2 | here | same name and date of birth", "3 | add | "]);
    const made = h.one("SELECT id FROM app.client WHERE import_id = :'v1'", id);
    h.sql("SELECT set_config('foyer.tenant_id', :'v1', false), set_config('foyer.actor_kind', 'system', false); SELECT app.client_erase(:'v2')", h.tenantId("glow"), made);
    assert.equal(h.one("SELECT state FROM app.client_import WHERE id = :'v1'", waiting), "stopped");
    assert.equal(h.one("SELECT count(*) FROM app.client_import_row WHERE client_id = :'v1'", made), "0");
    assert.match((await owner.get(`/clients/import/${waiting}`)).text, /somebody was erased/);
  });

  test("A-02 B18: what other programs know of her comes along, a cell that cannot be read is left out and named, and all of it is taken out again", async () => {
    const word = uniq(), field = (name, kind, options = "{}") => inside("glow", "INSERT INTO app.client_field (name, kind, options) VALUES (:'v1', :'v2', :'v3') RETURNING id", `${name} ${word}`, kind, options)[0][0];
    const own = { size: field("size", "number"), day: field("day", "date"), likes: field("likes", "choice", "{Tea,Coffee}"), vip: field("vip", "yes_no"), note: field("note", "long") };
    inside("glow", "INSERT INTO app.tag (name) VALUES (:'v1')", `Tag, with comma ${word}`);
    const heads = ["Full name", "Mobile", "Phone 2", "Email 2", "Language", "Emergency contact", "Emergency contact relationship", "Emergency phone", "Guardian", "Guardian relationship", "Guardian email", "Guardian DOB",
      "Guardian may sign", "Email marketing", "SMS opt in", "SMS marketing", "Client since", "Tags", `size ${word}`, `day ${word}`, `likes ${word}`, `vip ${word}`, `note ${word}`];
    const digits = crypto.randomInt(2_000_000, 9_999_990), tel = (i) => `907${digits + i}`, typed = (i) => tel(i).replace(/(...)(...)/, "($1) $2-"); // nobody else's
    const good = [`All ${word}`, `+1${tel(0)}`, `${typed(1)}; +1${tel(0)}`, `second.${word}@mail.example`, "Spanish", "Ruth Call", "sister", typed(2), `Guard ${word}`, "Mother", `guard.${word}@mail.example`, "02/03/1970",
      "yes", "no", "yes", "no", "05/06/2019", `"Tag, with comma ${word}"`, "38,5", "31.12.2020", "coffee", "TRUE", "two\nlines"];
    const bad = [`Half ${word}`, "call me", "nothing", "at", "Elvish", "R".repeat(121), "s", "12", `Guard ${word}`, "cousin", "at", "99/99/1970", "perhaps", "perhaps", "x", "yes", "tomorrow", `No such ${word}`, "big", "31.02.2020", "Water", "so so", "a\u0007bell"];
    const line = (cells) => cells.map((x) => `"${x.replaceAll('"', '""')}"`).join(",") + "\r\n";
    const id = await chosen(line(heads) + line(good) + line(bad));
    const form = await columnsOf(id);
    assert.deepEqual(form.column, ["name", "phone", "further_phones", "further_emails", "preferred_language", "emergency_contact_name", "emergency_contact_relation", "emergency_contact_phone", "guardian_name", "guardian_relation", "guardian_email",
      "guardian_birth_date", "guardian_may_sign", "email_news", "sms_service", "sms_news", "client_since", "tags", ...Object.values(own).map((x) => `field_${x}`)]);
    const foreign = inside("first-light", "INSERT INTO app.client_field (name, kind, retired_at) VALUES (:'v1', 'text', now()) RETURNING id", `theirs ${word}`)[0][0];
    assert.equal((await owner.post(`/clients/import/${id}/columns`, { ...form, idem: h.uuid(), column: form.column.with(22, `field_${foreign}`) })).status, 422, "another business's field is none");
    await checked(id, { date_format: "dmy" });
    assert.deepEqual(rowsOf(id), ["2 | add | ", "4 | add | "]);
    const left = h.sql("SELECT n, left_out FROM app.client_import_row WHERE import_id = :'v1' ORDER BY n", id).map(([, x]) => x);
    assert.equal(left[0], "");
    for (const words of ["Phone: does not look like a number", "Further phones: one", "Further e-mails: one", "Preferred language: is none", "In an emergency: name: is longer", "In an emergency: phone", "Guardian: relation", "Guardian: e-mail",
      "Guardian: date of birth", "Guardian: may sign (yes or no): is neither", "offers and news (yes or no): is neither yes nor no", "Text messages about visits and forms (yes or no): is neither", "takes the client's own yes in writing", "Client since: cannot be read",
      "Tags: one is not among", `size ${word}: Give a number`, `day ${word}: cannot be read`, `likes ${word}: Please choose`, `vip ${word}: Please choose`, `note ${word}: has characters`]) assert.ok(left[1].includes(words), `${words}: ${left[1]}`);
    for (const said of ["Elvish", "cousin", "perhaps", "Water", "call me"]) assert.ok(!left[1].includes(said), "never what stands there");
    const page = await owner.get(`/clients/import/${id}?only=left`);
    assert.match(page.text, /<dt>With cells left out<\/dt><dd>1</);
    assert.ok(page.text.includes(`Half ${word}`) && !page.text.includes(`All ${word}`));
    assert.match((await (await h.staff("glow", "owner", { fresh: true })).get(`/clients/import/${id}/rows.csv`)).text, /"will be added","","Client since: cannot be read/);
    assert.equal((await start(id)).status, 303);
    await until(id, "done");

    const [all, half] = ["All", "Half"].map((name) => h.one("SELECT id FROM app.client WHERE import_id = :'v1' AND name = :'v2'", id, `${name} ${word}`));
    const of = (text, client) => h.sql(text, client).map((r) => r.join(" | "));
    assert.deepEqual(of("SELECT phone, preferred_language, emergency_contact_name, emergency_contact_relation, emergency_contact_phone FROM app.client WHERE id = :'v1'", all), [`+1${tel(0)} | es | Ruth Call | sister | +1${tel(2)}`]);
    assert.deepEqual(of("SELECT kind, value FROM app.client_contact WHERE client_id = :'v1' ORDER BY 1", all), [`email | second.${word}@mail.example`, `phone | +1${tel(1)}`], "the first number is no further one");
    assert.deepEqual(of("SELECT name, relation, email, birth_date, may_sign FROM app.client_guardian WHERE client_id = :'v1'", all), [`Guard ${word} | parent | guard.${word}@mail.example | 1970-03-02 | t`]);
    assert.deepEqual(of("SELECT name, relation, email, birth_date, may_sign FROM app.client_guardian WHERE client_id = :'v1'", half).map((x) => x.replace(/NULL|null/g, "")), [`Guard ${word} | other |  |  | f`]);
    assert.deepEqual(of("SELECT m.channel, m.purpose, m.is_given, m.source, w.version FROM app.messaging_consent m JOIN app.messaging_wording w ON w.id = m.wording_id WHERE m.client_id = :'v1' ORDER BY 1, 2", all).map((x) => x.replace(/\d+$/, "n")),
      ["email | news | f | import | n", "sms | forms | t | import | n", "sms | news | f | import | n", "sms | reminders | t | import | n", "sms | visits | t | import | n"]);
    assert.equal(of("SELECT m.channel FROM app.messaging_consent m WHERE m.client_id = :'v1'", half).length, 0, "what is not said in so many words is not said");
    assert.equal(h.one("SELECT count(*) FROM app.client_field_value WHERE client_id = :'v1' AND value_sealed IS NOT NULL AND position(convert_to('lines', 'UTF8') IN value_sealed) = 0", all), "5", "sealed");
    const details = h.decode((await desk.get(`/clients/${all}/details`)).text);
    for (const words of ["38.5", "2020-12-31", "Coffee", "Yes", "two\nlines", `Tag, with comma ${word}`, "Español"]) assert.ok(details.includes(words), words);
    assert.equal(h.one("SELECT to_char(created_at AT TIME ZONE (SELECT zone FROM app.tenant WHERE id = tenant_id), 'YYYY-MM-DD') FROM app.client WHERE id = :'v1'", all), "2019-06-05");
    for (const q of [tel(1), `guard.${word}`, `second.${word}`, `all ${word}`]) assert.ok((await desk.get(`/clients?q=${encodeURIComponent(q)}`)).text.includes(all), `found by ${q}`);
    const words = () => h.one("SELECT string_agg(word || kind || (SELECT string_agg(b, ' ' ORDER BY b) FROM unnest(string_to_array(beside, ' ')) AS b), ',' ORDER BY word) FROM app.client_word WHERE client_id = :'v1'", all), kept = words();
    inside("glow", "SELECT app.client_words_again(app.tenant(), :'v1')", all);
    assert.equal(words(), kept, "the words are those that she would have if they were made anew");

    assert.equal((await desk.submit(`/clients/${half}/details`, { contact_value: "(347) 555-0119" }, { action: `/clients/${half}/contacts`, extra: { contact_kind: "phone" } })).status, 303);
    assert.equal((await (await h.staff("glow", "owner", { fresh: true })).submit(`/clients/import/${id}`, {}, { action: /undo$/ })).status, 303);
    await until(id, "undone");
    assert.deepEqual(h.sql("SELECT id FROM app.client WHERE import_id = :'v1'", id), [[half]], "what the list brought itself keeps nobody; what came since does");
    for (const table of ["client_contact", "client_guardian", "client_change", "messaging_consent", "client_field_value", "client_word", "client_key"]) assert.equal(h.one(`SELECT count(*) FROM app.${table} WHERE client_id = :'v1'`, all), "0", table);
    inside("glow", "UPDATE app.client_field SET retired_at = now() WHERE name LIKE '% ' || :'v1'", word);
  });

  test("L10: a row with another number of cells does not push the dates of one client's own field to the next", async () => {
    const word = uniq(), field = inside("glow", "INSERT INTO app.client_field (name, kind) VALUES (:'v1', 'date') RETURNING id", `since ${word}`)[0][0];
    const names = ["One", "Two", "Three"].map((x) => `${x} ${word}`), days = ["2001-01-01", "2002-02-02", "2003-03-03"];
    const id = await chosen(`Full name,since ${word}\n${names[0]},${days[0]}\nShort ${word}\n${names[1]},${days[1]}\nLong ${word},2009-09-09,x\n${names[2]},${days[2]}\n`);
    await checked(id);
    assert.deepEqual(rowsOf(id).map((x) => x.slice(0, 7).trim()), ["2 | add", "3 | bad", "4 | add", "5 | bad", "6 | add"]);
    assert.equal(h.one("SELECT count(*) FROM app.client_import_row WHERE import_id = :'v1' AND left_out <> ''", id), "0", "no date is left out");
    assert.equal((await start(id)).status, 303);
    await until(id, "done");
    for (const [i, name] of names.entries()) {
      const page = (await desk.get(`/clients/${h.one("SELECT id FROM app.client WHERE import_id = :'v1' AND name = :'v2'", id, name)}/details`)).text;
      assert.deepEqual(days.filter((d) => page.includes(d)), [days[i]], name);
    }
    inside("glow", "UPDATE app.client_field SET retired_at = now() WHERE id = :'v1'", field);
  });

  test("L10 V-04: what clients.csv has of a business comes into another one as it was", async () => {
    const word = uniq(), tag = `Round; "trip", ${word}`;
    for (const studio of ["glow", "first-light"]) {
      inside(studio, "INSERT INTO app.tag (name) VALUES (:'v1')", tag);
      for (const [name, kind] of [["long", "long"], ["number", "number"], ["day", "date"]]) inside(studio, "INSERT INTO app.client_field (name, kind) VALUES (:'v1', :'v2')", `${name} ${word}`, kind);
    }
    const line = (cells) => cells.map((x) => `"${x.replaceAll('"', '""')}"`).join(",") + "\r\n";
    const id = await chosen(line(["name", "preferred_name", "pronouns", "phone", "email", "birth_date", "due_date", "street", "city", "region", "postal_code", "country", "tags", "client_since", "further_phones", "further_emails",
      "emergency_contact_name", "emergency_contact_relation", "emergency_contact_phone", "guardians", "messages", "preferred_language", "preferred_way", "best_time", `long ${word}`, `number ${word}`, `day ${word}`]) +
      line([`''=A ${word}`, "'=x", "they", "'+19075550121", `a.${word}@mail.example`, "2012-02-29", "", "1; \"Main\", Street", "Zürich", "NY", "00501", "us", `"${tag.replaceAll('"', '""')}"`, "2001-01-31", "+19075550122, +19075550123",
        `b.${word}@mail.example`, "Call, me", "aunt", "+19075550124", `"O""Neil; ""Bob"", the third", legal guardian, 1970-01-01, +19075550125, c.${word}@mail.example, may sign; Second Guard, other`,
        "About visits by text message: no; Offers and news by e-mail: yes", "hmn", "text", "after six", "=1+1\r\nsecond  line", "-12.5", "2020-02-02"]) +
      line([`Plain ${word}`, ...Array(11).fill(""), `"${tag.replaceAll('"', '""')}"`, "2002-02-28", ...Array(13).fill("")])); // (without a day it would be today there, which may be still to come here)
    await checked(id);
    assert.deepEqual(h.sql("SELECT verdict, left_out FROM app.client_import_row WHERE import_id = :'v1' ORDER BY n", id), [["add", ""], ["add", ""]]);
    assert.equal((await start(id)).status, 303);
    await until(id, "done");
    const download = async (studio) => {
      const v = await h.staff(studio, "owner", { fresh: true });
      const r = await v.get(`/clients/clients.csv?tag=${h.one("SELECT id FROM app.tag WHERE tenant_id = :'v1' AND name = :'v2'", h.tenantId(studio), tag)}`);
      assert.equal(r.status, 200);
      const [head, ...rows] = cellsOf(r.text);
      return { text: r.text, rows: rows.map((cells) => Object.fromEntries(head.map((x, i) => [x, cells[i]]).filter(([x]) => !/ [a-z]+$/.test(x) || x.endsWith(word)))) };
    };
    const was = await download("glow");
    assert.equal(was.rows.length, 2);
    assert.equal(was.rows.filter((r) => Object.values(r).filter(Boolean).length >= 26).length, 1, JSON.stringify(was.rows));
    const copy = await chosen(was.text, {}, other);
    await checked(copy, {}, other);
    assert.deepEqual(h.sql("SELECT verdict, left_out FROM app.client_import_row WHERE import_id = :'v1' ORDER BY n", copy), [["add", ""], ["add", ""]]);
    assert.equal((await start(copy, {}, other)).status, 303);
    await until(copy, "done");
    const now = await download("first-light");
    assert.deepEqual(now.rows, was.rows);
    assert.ok(was.rows.some((r) => r.client_since === "2001-01-31"));
    for (const studio of ["glow", "first-light"]) inside(studio, "UPDATE app.client_field SET retired_at = now() WHERE name LIKE '% ' || :'v1'", word);
  });
});
