// inject.test.js -- takes about half an hour. In each handler that matters every single call for memory, to write, to read and of libpq fails once
// (SECURITY.md H-08, SQLite's method): nothing half is kept, nothing is confirmed that is not there, the same form then succeeds
// once, and the pool serves on. tests/slow/fault.c stands before the libraries; the programs are those that are installed.
"use strict";
const { test, before, after, describe } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const stack = require("./stack");
const faulty = require("./faulty");

const { KINDS, patient } = faulty;
const kinds = ["memory", "write", "read", "libpq"];
let s, h, k, library, corner;
const running = [];

before(() => {
  s = stack.start("inject", { env: { FOYER_SANITIZED: "" } }); // a sanitizer has its own memory
  h = s.h;
  k = require("../http/booking_client");
  corner = k.corner("glow", { minutes: 5, people: 12, starts: "00:00", ends: "23:55", forms: true });
  library = faulty.build(s.vardir);
});
after(() => {
  for (const it of running) it.stop();
  s?.stop();
});

async function broken(pool) {
  const it = await faulty.pool({ run: s.run, vardir: s.vardir, h, library }, pool);
  running.push(it);
  return it;
}

// prepare(visitor class, n) gives {send(): the reply, accept(reply), once(): throws unless its effect is there exactly once, none(): whether it is not there}.
function each(pool, handler, prepare) {
  for (const word of kinds)
    test(`H-08: ${handler}, ${word}`, async (t) => {
      const it = await broken(pool), kind = KINDS[word], seen = {};
      let n = Number(process.env.FOYER_TEST_FROM) || 1, ended = 0, last = 0; // (to look at one call again)
      const from = n;
      for (;; n++) {
        const one = await prepare(it, n);
        const worker = it.worker();
        it.arm(kind, n);
        const r = await one.send();
        const { count, fired } = it.state();
        it.disarm();
        if (!fired) { last = count; assert.ok(one.accept(r), `without a fault it answered ${r.status}: ${r.text.slice(0, 2000)}`); break; }
        const outcome = r.status === 0 ? "no answer" : one.accept(r) ? "done" : String(r.status);
        seen[outcome] = (seen[outcome] || 0) + 1;
        assert.ok(outcome === "no answer" || outcome === "done" || r.status >= 500, `call ${n} failed, and a person was told ${r.status}: ${r.text.match(/<h1>[^<]*/)} ${r.text.match(/class="error"[^>]*>[^<]*/g)}`);
        if (outcome === "done") one.once(`call ${n} failed, and it was confirmed`);
        else assert.ok(one.none() || one.onceQuiet(), `call ${n} failed, and it is half done`);
        const again = await patient(one.send);
        assert.ok(one.accept(again), `call ${n} failed; the same form then answered ${again.status}: ${again.text.match(/<h1>[^<]*/)} ${again.text.match(/class="error"[^>]*>[^<]*/g)}`);
        one.once(`call ${n} failed, and it was sent again`);
        if (it.worker() !== worker) ended++;
      }
      assert.ok(n > from, "no call was made to fail");
      const signals = [...it.log.matchAll(/"event":"worker.died","signal":"(\d+)"/g)].map(([, x]) => x);
      // libical does not look whether its properties' parts got memory: the worker dies of it, which is as good as abort() here.
      const ends = handler === "confirming" ? ["6", "11"] : ["6"];
      assert.deepEqual(signals.filter((x) => !ends.includes(x)), [], "a worker crashed");
      t.diagnostic(`${n - from} calls failed in turn (${last} in a good one): ${JSON.stringify(seen)}; ${ended} times the worker ended, ${signals.length} by abort()`);
      // Nothing piles up in a worker that lives on.
      const files = (pid) => fs.readdirSync(`/proc/${pid}/fd`).length;
      const w = it.worker(), one = await prepare(it, n + 1), were = files(w);
      for (let i = 0; i < 3; i++) await one.send();
      if (it.worker() === w) await stack.until(() => files(w) <= were, "files are left open", 5000);
      await it.stop();
    });
}
const counts = (text, ...v) => Number(h.one(text, ...v));

describe("H-08: log-in", () => {
  const account = () => h.staffOf("glow", "manager");
  each("slow", "log-in", async (it) => {
    const v = new it.Visitor("glow");
    const page = await patient(() => v.get("/login"));
    const values = { ...h.formOf(page.text).values, email: account().email, password: account().password };
    const sessions = () => counts("SELECT count(*) FROM sec.session");
    const before = sessions();
    return {
      send: () => v.post("/login", values),
      accept: (r) => r.status === 303 && r.cookies.some((c) => /__Host-sid=[A-Za-z0-9_-]{43}/.test(c)),
      none: () => sessions() === before,
      onceQuiet: () => sessions() > before, // each log-in is a session of its own: one that nobody heard of ends by itself
      once: (what) => assert.ok(sessions() > before, what),
    };
  });
});

describe("H-08: booking", () => {
  each("public", "keeping a time", async (it, n) => {
    const v = new it.Visitor("glow"), day = k.dayIn(2 + (n % 50));
    const page = await patient(() => v.get(`${corner.path}?week=${day}&day=${day}`));
    const form = h.formOf(page.text, /^\/book\//), slots = k.slotsOf(page.text), slot = slots[(n * 7) % slots.length];
    h.sql("DELETE FROM sec.throttle"); // one address may keep thirty times an hour
    const held = () => counts("SELECT count(*) FROM app.appointment WHERE service_id = :'v1' AND starts_at = to_timestamp(:v2) AND status = 'held'", corner.service, slot);
    const before = held(), rows = () => counts(`SELECT count(*) FROM app.slot t JOIN app.appointment a ON a.id = t.appointment_id WHERE a.service_id = :'v1' AND a.starts_at = to_timestamp(:v2) AND t.state = 'hold'`, corner.service, slot);
    const rowsBefore = rows();
    const isOnce = () => held() === before + 1 && rows() === rowsBefore + 1;
    return {
      send: () => v.post(form.action, { ...form.values, slot }), accept: (r) => r.status === 303 && /^\/book\/hold\//.test(r.location),
      none: () => held() === before && rows() === rowsBefore, onceQuiet: isOnce, once: (what) => assert.ok(isOnce(), what),
    };
  });
  each("public", "confirming", async (it, n) => {
    const v = new it.Visitor("glow"), day = k.dayIn(2 + (n % 50)), person = k.person();
    const page = await patient(() => v.get(`${corner.path}?week=${day}&day=${day}`));
    const form = h.formOf(page.text, /^\/book\//), slots = k.slotsOf(page.text);
    h.sql("DELETE FROM sec.throttle");
    const held = await patient(() => v.post(form.action, { ...form.values, slot: slots[(n * 11) % slots.length] }));
    const hold = held.location.match(/[0-9a-f-]{36}/)[0];
    const details = h.formOf((await patient(() => v.get(held.location))).text);
    const found = () => h.sql(`SELECT (SELECT count(*) FROM app.client WHERE email = :'v1'), (SELECT count(*) FROM app.appointment WHERE id = :'v2' AND status = 'booked'),
      (SELECT count(*) FROM app.message WHERE to_address = :'v1'), (SELECT count(*) FROM app.slot WHERE appointment_id = :'v2' AND state = 'booked')`, person.email, hold)[0].join();
    return {
      send: () => v.post(details.action || held.location, { ...details.values, ...person }), accept: (r) => r.status === 303 && /\/booked$/.test(r.location),
      none: () => found() === "0,0,0,0", onceQuiet: () => found() === "1,1,2,1", once: (what) => assert.equal(found(), "1,1,2,1", what),
    };
  });
});

describe("H-08: signing", () => {
  const answers = { "q-reason": "A line between the brows", "q-skin_type": "Tans easily", "q-conditions": ["Cold sores"], "q-pregnant": "no", "q-medication": "no",
    "q-surgery": "no", "q-allergies": "none", "q-allergies-substance": ["", "", ""], "q-allergies-reaction": ["", "", ""], "q-allergies-severity": ["", "", ""], "q-truthful": "yes" };
  let who;
  each("public", "signing a form", async (it) => {
    who ??= await require("../http/form_client").somebody("glow");
    const v = new it.Visitor("glow");
    v.jar = who.v.jar;
    const [form] = h.sql(`INSERT INTO app.form_assignment (tenant_id, client_id, form_id) SELECT tenant_id, client_id, form_id FROM app.form_assignment WHERE id = :'v1' RETURNING id`, who.intake)[0];
    const at = `${who.at}/${form}`;
    const questions = h.formOf((await patient(() => v.get(at))).text);
    await patient(() => v.post(at, { ...questions.values, ...answers, intent: "next" }));
    const consent = h.formOf((await patient(() => v.get(`${at}/consent`))).text).values;
    const found = () => h.sql(`SELECT (SELECT count(*) FROM app.signature WHERE assignment_id = :'v1'), (SELECT count(*) FROM app.form_assignment WHERE id = :'v1' AND state = 'signed')`, form)[0].join();
    return {
      send: () => v.post(`${at}/consent`, { ...consent, accepts: "yes", signer_name: "Zoë O'Hara", name_meant: "Zoë O'Hara" }), accept: (r) => r.location === `${at}/copy?signed=1`,
      none: () => found() === "0,0", onceQuiet: () => found() === "1,1", once: (what) => assert.equal(found(), "1,1", what),
    };
  });
});

describe("H-08: saving", () => {
  each("staff", "adding a client", async (it) => {
    const browser = await h.staff("glow", "front-desk"), v = new it.Visitor("glow");
    v.jar = browser.jar;
    const page = await patient(() => v.get("/clients/new"));
    const values = { ...h.formOf(page.text).values, name: `Fault ${h.uuid()}`, email: "", phone: "(212) 555-0100", birth_date: "1980-02-03", is_new: "true" };
    const found = () => h.sql(`SELECT count(*), (SELECT count(*) FROM app.client_key y WHERE y.client_id IN (SELECT id FROM app.client WHERE name = :'v1')) FROM app.client WHERE name = :'v1'`, values.name)[0].join();
    return {
      send: () => v.post("/clients/new", values), accept: (r) => r.status === 303 && /^\/clients\/[0-9a-f-]{36}$/.test(r.location),
      none: () => found() === "0,0", onceQuiet: () => found() === "1,1", once: (what) => assert.equal(found(), "1,1", what),
    };
  });
});

test("the trail is whole afterwards", () => {
  assert.equal(s.program(["foyer", "audit", "seal"]).status, 0);
  const r = s.program(["foyer", "audit", "verify"]);
  assert.equal(r.status, 0, r.stdout + r.stderr);
});
