// photo.test.js -- a client's picture: what is taken and what is refused, who sees it and what the trail says, where it lies, and how it goes.
"use strict";
const { test, describe, before } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const h = require("./harness");
const { png, send } = require("./pictures");

const tenant = h.tenantId("glow"), shop = path.join(h.env.vardir, "media", tenant);
const at = (id) => `/clients/${id}/photo`;
const rows = (id) => h.sql("SELECT id, removed_at IS NULL, key_sealed IS NULL, bytes, small_bytes, width, height FROM app.media WHERE client_id = :'v1' ORDER BY made_at", id)
  .map(([media, stands, keyless, bytes, small, w, t]) => ({ id: media, stands: stands === "t", keyless: keyless === "t", bytes: Number(bytes), small: Number(small), size: [Number(w), Number(t)] }));
const file = (id, part) => path.join(shop, id.slice(0, 2), `${id}.${part}`);
const put = (v, id, bytes, type = "image/png") => send(v, at(id), at(id), "photo", { filename: "IMG_0042.png", type, bytes });
async function until(done, what, ms = 20000) {
  for (const end = Date.now() + ms; Date.now() < end; await new Promise((r) => setTimeout(r, 50))) if (await done()) return;
  assert.fail(what);
}
const addClient = (v) => h.addClient(v, { name: `Photo ${h.uuid().slice(0, 8)}`, birth_date: "1990-01-01" });
let desk, owner, her;
before(async () => { desk = await h.staff("glow", "front-desk"); owner = await h.staff("glow", "owner"); her = await addClient(desk); });

describe("B44 V-12 a client's picture", () => {
  test("one is put in, made anew and shown beside her name; each look is in the trail", async () => {
    assert.equal((await desk.get(`${at(her)}/small`)).status, 204);
    const sent = png(900, 600), r = await put(desk, her, sent);
    assert.equal(r.status, 303, r.text.match(/class="error"[^>]*>[^<]*/g)?.join());
    assert.ok(h.trail(r.id).some((e) => e.action === "client.photo_change" && e.outcome === "ok" && e.clients.includes(her)));
    const [row] = rows(her);
    assert.deepEqual([row.stands, row.size], [true, [900, 600]]);
    for (const part of ["whole", "small"]) {
      const seen = await desk.get(`${at(her)}/${part}`);
      assert.equal(seen.status, 200);
      assert.equal(seen.headers["content-type"], "image/jpeg");
      assert.equal(seen.headers["cache-control"], "no-store");
      assert.equal(seen.headers["x-content-type-options"], "nosniff", "T21");
      assert.match(seen.headers["content-security-policy"], /^default-src 'none'; sandbox;/, "T21");
      assert.equal(seen.bytes.subarray(0, 3).toString("hex"), "ffd8ff");
      assert.ok(!seen.bytes.includes("GPS") && !seen.bytes.includes("Location"));
      assert.equal(seen.bytes.length, part === "whole" ? row.bytes : row.small);
      assert.deepEqual(h.trail(seen.id).map((e) => [e.action, e.outcome, e.clients]), [["client.photo", "ok", [her]]]);
    }
    for (const page of [`/clients/${her}`, `/clients/${her}/details`]) assert.ok((await desk.get(page)).text.includes(`src="${at(her)}/small"`), page);
    assert.ok((await owner.get(`/clients/${her}/chart`)).text.includes(`src="${at(her)}/small"`));
  });

  test("B44 S-36: on the disk it is no picture; a changed byte, another's file in its place, and nothing is given", async () => {
    const [{ id }] = rows(her), whole = fs.readFileSync(file(id, 0));
    assert.equal(whole.subarray(0, 8).toString(), "FOYERM1\n");
    assert.ok(!whole.includes(Buffer.from([0xff, 0xd8, 0xff, 0xe0])) && !whole.includes("JFIF"));
    assert.equal(fs.statSync(file(id, 0)).mode & 0o007, 0);
    const flawed = Buffer.from(whole);
    flawed[flawed.length - 20] ^= 1;
    for (const bad of [flawed, whole.subarray(0, whole.length - 1), fs.readFileSync(file(id, 1))]) {
      fs.writeFileSync(file(id, 0), bad);
      const r = await desk.get(`${at(her)}/whole`);
      assert.equal(r.status, 500);
      assert.ok(!r.bytes.includes("JFIF"));
    }
    fs.writeFileSync(file(id, 0), whole);
    assert.equal((await desk.get(`${at(her)}/whole`)).status, 200);
  });

  test("another takes its place: the one before loses its key at once and its file soon", async () => {
    const [old] = rows(her);
    assert.equal((await put(desk, her, png(60, 90))).status, 303);
    const now = rows(her);
    assert.deepEqual(now.map((m) => [m.stands, m.keyless]), [[false, true], [true, false]]);
    assert.deepEqual(now[1].size, [60, 90]);
    await until(() => !fs.existsSync(file(old.id, 0)) && !fs.existsSync(file(old.id, 1)), "the old file stays");
    assert.ok(fs.existsSync(file(now[1].id, 0)));
  });

  test("removed, her initials stand there again; nothing comes back", async () => {
    const id = rows(her).find((m) => m.stands).id;
    const r = await desk.submit(at(her), {}, { action: `${at(her)}/remove` });
    assert.equal(r.location, at(her));
    assert.equal((await desk.get(`${at(her)}/whole`)).status, 204);
    assert.ok(!(await desk.get(`/clients/${her}`)).text.includes(`${at(her)}/small`));
    await until(() => !fs.existsSync(file(id, 0)), "the file stays");
    assert.throws(() => h.sql("SELECT set_config('foyer.tenant_id', :'v1', false); UPDATE app.media SET removed_at = NULL WHERE id = :'v2'", tenant, id), /never changed/);
  });
});

describe("T20 V-12 what is no picture is refused in words, and nothing of it is kept", () => {
  const heic = Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from("ftypheic\0\0\0\0mif1heic")]);
  const cases = [["an archive", Buffer.from("PK\x03\x04 archive"), /no picture/], ["HTML", Buffer.from("<!doctype html><script>alert(1)</script>"), /no picture/],
    ["SVG", Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'), /no picture/], ["a GIF", Buffer.from("GIF89a\x01\0\x01\0"), /GIF/],
    ["HEIC", heic, /HEIC.*JPEG/s], ["a page that begins as a JPEG", Buffer.from("\xff\xd8\xff\xe0<html><script>alert(1)</script>", "latin1"), /cannot be read/],
    ["50,000 by 50,000 points", png(8, 8, [0, 0, 0], [50000, 50000]), /50 million/], ["half a file", png(300, 300).subarray(0, 200), /cannot be read/],
    ["more than 10 MB", Buffer.concat([png(8, 8), Buffer.alloc(10 * 1024 * 1024)]), /10 MB/], ["nothing", Buffer.alloc(0), /Choose a picture/]];
  test("each of them, and the next good one is taken", async () => {
    const id = await addClient(desk);
    for (const [what, bytes, words] of cases) {
      const r = await put(desk, id, bytes, "image/jpeg");
      assert.equal(r.status, 422, what);
      assert.match(h.decode(r.text.match(/id="photo-error">([^<]*)/)?.[1] || ""), words, what);
      assert.deepEqual(rows(id), [], what);
    }
    const over = await put(desk, id, Buffer.alloc(12 * 1024 * 1024));
    assert.equal(over.status, 413);
    assert.equal((await put(desk, id, png(20, 20))).status, 303);
  });
});

describe("L48 whose it is not", () => {
  test("another business finds nobody; who may not change clients changes no picture, who may not see them sees none", async () => {
    const id = await addClient(desk);
    assert.equal((await put(desk, id, png(20, 20))).status, 303);
    const other = await h.staff("first-light", "owner"), own = h.one("SELECT id FROM app.client WHERE tenant_id = :'v1' LIMIT 1", h.tenantId("first-light"));
    for (const end of ["", "/whole", "/small"]) assert.equal((await other.get(at(id) + end)).status, 404, end);
    const form = h.formOf((await other.get(at(own))).text, at(own)).values;
    const { multipart } = require("./pictures"), m = multipart(form, { photo: { filename: "x.png", bytes: png(9, 9) } });
    assert.equal((await other.post(at(id), m.body, { headers: m.headers })).status, 404);
    assert.equal(rows(id).length, 1);
    const biller = await h.staff("glow", "biller"), auditor = await h.staff("glow", "auditor");
    assert.equal((await auditor.get(`${at(id)}/small`)).status, 403);
    const page = await biller.get(at(id));
    if (page.status === 200) assert.ok(!page.text.includes('type="file"'));
    const keys = h.formOf((await biller.get("/account")).text, "/logout").values, n = multipart(keys, { photo: { filename: "x.png", bytes: png(9, 9) } });
    assert.equal((await biller.post(at(id), n.body, { headers: n.headers })).status, 403);
  });
});

describe("R-05 B51 what goes with her, and what nobody needs", () => {
  test("erasing her takes key and file", async () => {
    const id = await addClient(desk);
    assert.equal((await put(desk, id, png(20, 20))).status, 303);
    const [{ id: media }] = rows(id);
    h.sql("SELECT set_config('foyer.tenant_id', :'v1', false); SELECT app.client_erase(:'v2')", tenant, id);
    assert.deepEqual(rows(id).map((m) => [m.stands, m.keyless]), [[false, true]]);
    assert.equal((await desk.get(`${at(id)}/whole`)).status, 204);
    await until(() => !fs.existsSync(file(media, 0)) && !fs.existsSync(file(media, 1)), "her file stays");
  });

  test("S-36: what a crash left in the store is swept after a day; what stands, and what is new, stays", async () => {
    const id = await addClient(desk);
    assert.equal((await put(desk, id, png(20, 20))).status, 303);
    const [{ id: stands }] = rows(id), old = new Date(Date.now() - 2 * 86400e3), left = [];
    for (const part of [0, 1]) fs.utimesSync(file(stands, part), old, old);
    for (let i = 0; i < 16; i++) { // in each of the eight parts of which a day looks at one; every second one is new
      const orphan = `0${(i % 8).toString(16)}${h.uuid().slice(2)}`;
      fs.mkdirSync(path.dirname(file(orphan, 0)), { recursive: true });
      fs.writeFileSync(file(orphan, 0), "left");
      if (i < 8) fs.utimesSync(file(orphan, 0), old, old);
      left.push(orphan);
    }
    fs.mkdirSync(path.dirname(file(left[0], 0)), { recursive: true });
    const owned = fs.statSync(shop);
    for (const orphan of left) { fs.chownSync(path.dirname(file(orphan, 0)), owned.uid, owned.gid); fs.chownSync(file(orphan, 0), owned.uid, owned.gid); }
    const key = `test ${h.uuid()}`;
    h.sql("SELECT set_config('foyer.tenant_id', :'v1', false); INSERT INTO app.job (tenant_id, kind, dedupe_key) VALUES (:'v1', 'media.sweep', :'v2')", tenant, key);
    await until(() => h.one("SELECT state FROM app.job WHERE tenant_id = :'v1' AND dedupe_key = :'v2'", tenant, key) === "done", "it is not swept");
    assert.equal(left.slice(0, 8).filter((o) => !fs.existsSync(file(o, 0))).length, 1, "one of the eight parts");
    assert.ok(left.slice(8).every((o) => fs.existsSync(file(o, 0))), "a new one was taken");
    assert.ok(fs.existsSync(file(stands, 0)) && fs.existsSync(file(stands, 1)));
    for (const o of left) fs.rmSync(file(o, 0), { force: true });
  });
});
