// import.test.js -- lists of clients as files: columns named, rows looked at, all read in or none, taken out again (T12, V-04, L10).
"use strict";
const { test, describe, before } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");

const uniq = () => h.uuid().replaceAll("-", "").slice(0, 12).replace(/[0-9]/g, (d) => "ghijklmnop"[d]);
let owner, desk, other;
before(async () => { owner = await h.staff("glow", "owner"); desk = await h.staff("glow", "front-desk"); other = await h.staff("first-light", "owner"); });

async function send(v, bytes, more = {}) {
  const { values } = h.formOf((await v.get("/clients/import")).text, "/clients/import");
  const mark = `----${h.uuid()}`;
  const body = Buffer.concat([Buffer.from(Object.entries({ ...values, ...more }).map(([k, x]) => `--${mark}\r\nContent-Disposition: form-data; name="${k}"\r\n\r\n${x}\r\n`).join("") +
    `--${mark}\r\nContent-Disposition: form-data; name="file"; filename="clients.csv"\r\nContent-Type: text/csv\r\n\r\n`), Buffer.from(bytes), Buffer.from(`\r\n--${mark}--\r\n`)]);
  return v.post("/clients/import", body, { headers: { "Content-Type": `multipart/form-data; boundary=${mark}` } });
}
async function chosen(bytes, more) {
  const r = await send(owner, bytes, more);
  assert.equal(r.status, 303, r.text.slice(0, 2000));
  return r.location.match(/import\/([0-9a-f-]{36})\/columns$/)[1];
}
// The form of the columns as it is shown; what a browser would send of selects that have one name.
async function columnsOf(id) {
  const page = await owner.get(`/clients/import/${id}/columns`);
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
async function checked(id, change = {}) {
  const r = await owner.post(`/clients/import/${id}/columns`, { ...(await columnsOf(id)), ...change });
  assert.equal(r.status, 303, r.text.slice(0, 3000));
  await until(id, "checked");
}
const start = async (id, values = {}) => owner.submit(`/clients/import/${id}`, values, { action: /start$/ });
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
    const word = uniq(), digits = String(Math.floor(Math.random() * 9000) + 1000);
    await owner.submit("/clients/new", { name: `Here ${word}`, email: `here.${word}@mail.example`, phone: "", birth_date: "", due_date: "" }, { action: "/clients/new" });
    const id = await chosen("\uFEFFFirst name;Last name;DOB;E-mail;Phone;Remark\r\n" +
      `Ann;${word};03/04/1990;ann.${word}@mail.example;'+1 212 555 ${digits};"=1+1; ""x"""\r\n` +   // line 2
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
      "6 | bad | The date of birth cannot be read in the format that was chosen.", "7 | add | ", "9 | bad | There is no name.", "10 | bad | This row has 2 cells, the first line of the file 6."]);
    const page = await owner.get(`/clients/import/${id}`);
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
    assert.equal(found(), "2");
    assert.deepEqual(h.sql("SELECT phone, email, birth_date::text, source FROM app.client WHERE import_id = :'v1' AND birth_date IS NOT NULL", id)[0],
      [h.one("SELECT app.phone_e164(:'v1', 'US')", `+1 212 555 ${digits}`) || `+1212555${digits}`, `ann.${word}@mail.example`, "1990-03-04", "import"]);
    assert.equal(h.one("SELECT count(*) FROM app.client_import_part WHERE import_id = :'v1'", id), "0");
    assert.equal(h.one("SELECT string_agg(DISTINCT reason || cardinality(client_ids), ',') FROM audit.event WHERE action = 'client.import' AND object_id = :'v1'", id), "2 entered2");
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
    assert.match(undone.text, /1 client taken out again; 1 stayed/);
    assert.match(undone.text, /Ann [^<]*<\/a><\/th>[^]*was changed since/);
  });

  test("who is erased stands in no file that waits; who came since the check is not entered again", async () => {
    const word = uniq();
    const id = await chosen(`name,dob\nLate ${word},1991-01-01\nNew ${word},1992-02-02\n`);
    await checked(id);
    await owner.submit("/clients/new", { name: `Late ${word}`, birth_date: "1991-01-01", email: "", phone: "", due_date: "" }, { action: "/clients/new" });
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
});
