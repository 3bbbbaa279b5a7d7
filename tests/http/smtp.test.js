// smtp.test.js -- mail leaves once, whatever the mail server does (SECURITY.md T35, V-26).
// The server is a real one on loopback, bad at will; foyer-jobs is the installed program with smtp_url set, run
// for one case at a time while the stack's own is stopped.
"use strict";
const { test, describe, before, after, afterEach } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const net = require("node:net");
const path = require("node:path");
const { spawn } = require("node:child_process");
const h = require("./harness");
const { sealed } = require("./mailbox");
const naughty = require("./naughty");

// Whatever a test that failed has left running, for which this process would wait for ever.
const left = [];
after(() => { for (const end of left) end(); });
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
const operator = h.tenantId("ops");
const within = (s) => `BEGIN; SELECT set_config('foyer.tenant_id', '${operator}', true); ${s} COMMIT;`;

// A mail server. o: what it answers to a command's first word ("RCPT": "550 no"); silent: never answers after DATA.
function server(o = {}) {
  const mails = [], sockets = new Set();
  const s = net.createServer((c) => {
    sockets.add(c);
    let mail, data = "", inData = false, rest = "";
    const say = (line) => c.write(line + "\r\n");
    c.on("error", () => {});
    say(o.greeting || "220 test ESMTP");
    c.on("data", (bytes) => {
      rest += bytes.toString("utf8");
      for (let at; (at = rest.indexOf("\r\n")) >= 0;) {
        const line = rest.slice(0, at);
        rest = rest.slice(at + 2);
        if (inData) {
          if (line !== ".") { data += line + "\n"; continue; }
          inData = false;
          // (what other tests have left in the outbox goes out as well)
          if (!mail.to.some((to) => /<canary-/.test(to))) { say("250 taken"); continue; }
          if (o.silent) { o.silent(); continue; }
          if (o.hangsUp) { mails.push({ ...mail, data }); c.destroy(); return; }
          mails.push({ ...mail, data });
          say(o.END || "250 taken");
          continue;
        }
        const word = line.split(/[ :]/)[0].toUpperCase();
        if (o[word]) { say(o[word]); continue; }
        if (word === "EHLO") { say("250-test"); if (o.AUTH) say("250-AUTH PLAIN"); say("250 8BITMIME"); }
        else if (word === "MAIL") { mail = { from: line, to: [] }; data = ""; say("250 ok"); }
        else if (word === "RCPT") { mail.to.push(line); say("250 ok"); }
        else if (word === "DATA") { inData = true; say("354 go on"); }
        else if (word === "QUIT") { say("221 bye"); c.end(); }
        else say("250 ok");
      }
    });
  });
  left.push(() => { for (const c of sockets) c.destroy(); s.close(); });
  return new Promise((resolve) => s.listen(0, "127.0.0.1", () => resolve({
    mails, url: (user = "") => `smtp://${user}127.0.0.1:${s.address().port}`,
    close: () => { for (const c of sockets) c.destroy(); s.close(); },
  })));
}

function runner(url) {
  const program = path.join(h.env.vardir, "app", "bin", "foyer-jobs");
  const args = ["--config", path.join(h.env.vardir, "foyer.conf")];
  const env = { PATH: process.env.PATH, FOYER_SMTP_URL: url, FOYER_JOBS_POLL_MS: "100", ASAN_OPTIONS: process.env.ASAN_OPTIONS || "" };
  const root = process.getuid() === 0;
  const child = root
    ? spawn("setpriv", ["--reuid", process.env.FOYER_OS_USER || "foyer", "--regid", process.env.FOYER_OS_USER || "foyer", "--init-groups", "--", program, ...args], { env, cwd: "/" })
    : spawn(program, args, { env, cwd: "/" });
  left.push(() => child.kill("SIGKILL"));
  child.text = "";
  child.stdout.on("data", (d) => { child.text += d; });
  child.stderr.on("data", (d) => { child.text += d; });
  child.over = new Promise((r) => child.on("exit", (code, signal) => r(signal || code)));
  return child;
}

const words = "Canary Wördsworth";
// A message and its job, as a handler would have written them.
function write(o = {}) {
  const id = h.uuid();
  h.sql(within(`
    INSERT INTO app.message (tenant_id, id, kind, channel, to_address, subject, body, dedupe_key, state, ics_sealed)
    VALUES ('${operator}', '${id}', 'test', 'email', 'canary-${id}@example.com', :'v1', :'v2', '${id}', '${o.state || "queued"}',
      ${o.ics ? `'\\x${sealed(operator, `app.message|ics_sealed|${id}`, o.ics).toString("hex")}'` : "NULL"});
    INSERT INTO app.job (tenant_id, kind, subject_id, dedupe_key, attempts) VALUES ('${operator}', 'message.send', '${id}', '${id}', ${o.attempts || 0});`), o.subject || "A test ü", o.body || words);
  return id;
}
const now = (id) => {
  const [state, job, attempts, error, later, problem] = h.sql(`SELECT m.state, j.state, j.attempts, coalesce(j.last_error, ''), j.run_at > now(), coalesce(m.problem, '')
    FROM app.message m JOIN app.job j ON j.tenant_id = m.tenant_id AND j.subject_id = m.id WHERE m.id = '${id}'`)[0];
  return { state, job, attempts: Number(attempts), error, later: later === "t", problem };
};
async function until(id, good, what) {
  for (let i = 0; i < 600; i++) {
    if (good(now(id))) return now(id);
    await sleep(100);
  }
  assert.fail(`${what}: ${JSON.stringify(now(id))}`);
}
const due = (id) => h.sql(within(`UPDATE app.job SET run_at = now(), lease_until = CASE WHEN state = 'running' THEN now() - interval '1 second' END WHERE subject_id = '${id}';`));
// One message through a server that behaves like o, until good.
async function send(o, good, message, user) {
  const s = await server(o), id = write(message), r = runner(s.url(user));
  try {
    const end = await until(id, good, "the message did not come to its end");
    return { ...end, id, mails: s.mails, text: r.text };
  } finally {
    r.kill("SIGTERM");
    const code = await r.over;
    s.close();
    assert.equal(code, 0, r.text);
    assert.doesNotMatch(r.text, /canary|Canary|W.{1,2}rdsworth/, "the log of the runner quotes the mail");
  }
}

test("L26: a signed copy that may go in the mail itself is attached, whole; the others are links", async () => {
  const glow = h.tenantId("glow"), id = h.uuid();
  const copy = () => h.sql("SELECT id, client_id, encode(pdf_sha256, 'hex') FROM app.signature_copy WHERE tenant_id = :'v1' LIMIT 1", glow)[0];
  if (!copy()) h.sql("SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\nINSERT INTO app.job (kind, subject_id, dedupe_key) SELECT 'form.pdf', s.id, 'sample ' || s.id FROM app.signature s WHERE s.tenant_id = :'v1' ORDER BY s.id LIMIT 1; NOTIFY foyer_jobs", glow);
  for (let i = 0; i < 300 && !copy(); i++) await sleep(100);
  const [file, , hash] = copy();
  const goOn = await h.pauseJobs();
  const s = await server();
  let r;
  try {
    // (Which copies a message may carry is the database's to say, tests/db/075_signing.sql; here a sample is put past it.)
    h.sql(`BEGIN; SET LOCAL session_replication_role = replica;
      INSERT INTO app.message (tenant_id, id, kind, channel, to_address, subject, body, dedupe_key, state, attached_copy) VALUES ('${glow}', '${id}', 'test', 'email', 'canary-${id}@example.com', 'A copy', 'Words', '${id}', 'queued', '${file}');
      INSERT INTO app.job (tenant_id, kind, subject_id, dedupe_key) VALUES ('${glow}', 'message.send', '${id}', '${id}'); COMMIT;`);
    r = runner(s.url());
    await until(id, (x) => x.state === "sent" && x.job === "done", "the mail with the copy");
    const part = s.mails[0].data.split("filename=\"signed-form.pdf\"")[1].split("\n\n")[1].split("\n--")[0];
    assert.match(s.mails[0].data, /Content-Type: application\/pdf/);
    assert.equal(require("node:crypto").createHash("sha256").update(Buffer.from(part, "base64")).digest("hex"), hash);
  } finally {
    r?.kill("SIGTERM");
    await r?.over;
    s.close();
    goOn();
  }
});

describe("T35: mail", () => {
  let goOn;
  before(async () => { goOn = await h.pauseJobs(); });
  after(() => goOn());
  // What is still to be tried belongs to no other case.
  afterEach(() => h.sql(within(`UPDATE app.job SET state = 'done' WHERE state = 'ready'
    AND subject_id IN (SELECT id FROM app.message WHERE tenant_id = '${operator}' AND kind = 'test');`)));

  test("arrives once, whole, with headers that a mail server likes", async () => {
    const m = await send({}, (x) => x.state === "sent" && x.job === "done");
    assert.equal(m.mails.length, 1);
    assert.deepEqual(m.mails[0].to, [`RCPT TO:<canary-${m.id}@example.com>`]);
    const { data } = m.mails[0];
    for (const line of [/^Subject: =\?UTF-8\?B\?/m, /^From: .*</m, /^Date: /m, new RegExp(`^Message-ID: <${m.id}@`, "m"), /^Auto-Submitted: auto-generated/m])
      assert.match(data, line);
    assert.match(data, /W=C3=B6rdsworth/);
  });
  test("RFC 6047: a calendar entry is another way to say the same, with its method in the type, and a file beside it", async () => {
    const ics = ["BEGIN:VCALENDAR", "VERSION:2.0", "METHOD:REQUEST", "BEGIN:VEVENT", "UID:x", "END:VEVENT", "END:VCALENDAR", ""].join("\r\n");
    const m = await send({}, (x) => x.state === "sent" && x.job === "done", { ics });
    const parts = (text) => {
      const [head, ...rest] = text.split("\n\n"), body = rest.join("\n\n"), type = head.replace(/\n[ \t]+/g, " ").match(/^Content-Type: (.*)$/m)?.[1] || "";
      const boundary = type.match(/boundary="?([^";]+)/)?.[1];
      return { type: type.split(/; ?boundary/)[0], head, body, of: boundary ? body.split(`--${boundary}`).slice(1, -1).map((p) => parts(p.replace(/^\n/, ""))) : [] };
    };
    const whole = parts(m.mails[0].data), [ways, file] = whole.of, [text, entry] = ways.of;
    assert.deepEqual([whole.type, ways.type, text.type, entry.type, file.type.split(";")[0]],
      ["multipart/mixed", "multipart/alternative", "text/plain; charset=utf-8", "text/calendar; charset=utf-8; method=REQUEST", "application/ics"]);
    assert.match(file.head, /filename="appointment\.ics"/);
    for (const part of [entry, file]) assert.equal(Buffer.from(part.body, "base64").toString("utf8"), ics);
  });
  test("T12: whatever is in its text and subject stays text: no header, no command, no part of its own", async () => {
    const body = [...naughty.one_line, ".", "..", ".\r\nMAIL FROM:<x@evil.example>", "\r\n.\r\nQUIT", "--\r\nContent-Type: text/html\r\n\r\n<b>x</b>", "From x", "Bcc: y@evil.example"].join("\n");
    const subject = naughty.one_line.filter((s) => /[<{="\\]/.test(s)).slice(0, 6).join(" ") + " ü";
    const m = await send({}, (x) => x.state === "sent" && x.job === "done", { subject, body });
    assert.equal(m.mails.length, 1);
    assert.deepEqual(m.mails[0].to, [`RCPT TO:<canary-${m.id}@example.com>`]);
    const data = m.mails[0].data.replace(/^\.\./gm, "."), at = data.indexOf("\n\n"), head = data.slice(0, at).replace(/\n[ \t]+/g, " ");
    assert.doesNotMatch(head, /^(Bcc|X-Injected|To: .*evil)/im);
    const words = head.match(/^Subject: (.*)$/m)[1].replace(/\?= =\?/g, "?==?");
    assert.equal(Buffer.concat([...words.matchAll(/=\?UTF-8\?B\?([^?]*)\?=/g)].map(([, x]) => Buffer.from(x, "base64"))).toString("utf8"), subject);
    const parts = data.slice(at).split(`\n--${head.match(/boundary="?([^";\s]+)/)[1]}`);
    assert.equal(parts.length, 3, "one part, and the end");
    assert.match(parts[1], /^\nContent-Type: text\/plain; charset=utf-8$/im);
    assert.match(parts[1], /^Content-Transfer-Encoding: quoted-printable$/im);
    const rest = [parts[1].slice(parts[1].indexOf("\n\n") + 2)];
    const plain = Buffer.from(rest.join("\n\n").replace(/=\n/g, "").replace(/=([0-9A-F]{2})/g, (_, x) => String.fromCharCode(parseInt(x, 16))), "latin1").toString("utf8");
    const seen = new Set(plain.split("\n").map((l) => l.trim()));
    for (const line of body.split(/\r?\n/)) assert.ok(seen.has(line.trim()), `not as it was: ${line}`);
  });
  test("a server that says later is asked again later", async () => {
    const m = await send({ RCPT: "451 busy" }, (x) => x.job === "ready" && x.attempts === 1);
    assert.equal(m.state, "queued");
    assert.ok(m.later);
    assert.doesNotMatch(m.error, /canary/);
    const s = await server(), r = runner(s.url());
    due(m.id);
    await until(m.id, (x) => x.state === "sent" && x.job === "done", "it was not tried again");
    r.kill("SIGTERM");
    await r.over;
    s.close();
    assert.equal(s.mails.length, 1);
  });
  test("an address that does not exist is given up at once, and seen", async () => {
    const m = await send({ RCPT: "550 no such mailbox" }, (x) => x.job === "dead");
    assert.equal(m.state, "failed");
    assert.equal(m.problem, "refused");
    assert.equal(m.attempts, 1);
    const ops = await h.staff("ops", "operator");
    assert.match((await ops.get(`/messages/${m.id}`)).text, /<dt>Why<\/dt><dd>The mail server does not take it/);
  });
  test("our own wrong password gives no mail up", async () => {
    const m = await send({ AUTH: "535 wrong" }, (x) => x.job !== "running" && x.attempts === 1, {}, "user:wrong@");
    assert.equal(m.state, "queued");
    assert.equal(m.job, "ready");
    assert.equal(m.mails.length, 0);
  });
  test("garbage, and nobody there at all: later", async () => {
    assert.equal((await send({ greeting: "HTTP/1.1 400 Bad Request" }, (x) => x.job === "ready" && x.attempts === 1)).state, "queued");
    const id = write(), r = runner("smtp://127.0.0.1:9");
    await until(id, (x) => x.job === "ready" && x.attempts === 1, "not put back");
    r.kill("SIGTERM");
    await r.over;
    assert.equal(now(id).state, "queued");
  });
  test("after the last try it is not delivered, and says so", async () => {
    const m = await send({ RCPT: "451 busy" }, (x) => x.job === "dead", { attempts: 7 });
    assert.equal(m.state, "failed");
    assert.equal(m.problem, "tries");
  });
  test("T30: a runner that is killed while it sends leaves it unknown; it is never sent again", async () => {
    let reached;
    const sending = new Promise((r) => { reached = r; });
    const s = await server({ silent: () => reached() }), id = write(), r = runner(s.url());
    await sending;
    assert.equal(now(id).state, "sending");
    r.kill("SIGKILL");
    await r.over;
    s.close();
    due(id);
    const good = await server(), next = runner(good.url());
    await until(id, (x) => x.job === "done", "the lost job was not picked up");
    next.kill("SIGTERM");
    await next.over;
    good.close();
    assert.equal(now(id).state, "unknown");
    assert.equal(good.mails.length, 0);
  });
  test("a server that hangs up when it has the mail: nobody knows whether it was taken, so it is not sent again", async () => {
    const m = await send({ hangsUp: true }, (x) => x.job !== "running" && x.attempts === 1);
    assert.deepEqual([m.state, m.job, m.mails.length], ["unknown", "done", 1]);
  });
  test("a server that says later when it has the mail is asked again", async () => {
    const m = await send({ END: "451 busy" }, (x) => x.job === "ready" && x.attempts === 1);
    assert.equal(m.state, "queued");
  });
  test("the same when only the database did not hear how it ended", async () => {
    const m = await send({}, (x) => x.job === "done", { state: "sending", attempts: 1 });
    assert.equal(m.state, "unknown");
    assert.equal(m.mails.length, 0);
  });
  for (const [state, end] of [["queued", "failed"], ["sending", "unknown"]])
    test(`a job that kills its runner each time is given up; a message that was ${state} is ${end}, and says why`, async () => {
      const id = write({ attempts: 8, state });
      h.sql(within(`UPDATE app.job SET state = 'running', lease_until = now() - interval '1 second' WHERE subject_id = '${id}';`));
      const s = await server(), r = runner(s.url());
      await until(id, (x) => x.job === "dead", "it goes on for ever");
      r.kill("SIGTERM");
      await r.over;
      s.close();
      assert.equal(s.mails.length, 0);
      assert.deepEqual([now(id).state, now(id).problem], [end, "stopped"]);
    });
  test("T36: a message whose text cannot be opened is tried again, then given up in words; it is never sent without its text", async () => {
    // A message to a client, sealed with bytes that are no ciphertext of hers.
    const id = h.uuid(), tenant = h.tenantId("glow");
    const inside = (text) => h.sql(`BEGIN; SELECT set_config('foyer.tenant_id', '${tenant}', true); ${text} COMMIT;`);
    inside(`INSERT INTO app.message (tenant_id, id, client_id, kind, channel, to_address, subject, body_sealed, dedupe_key)
            SELECT '${tenant}', '${id}', c.id, 'lot_recall', 'email', 'canary-${id}@example.com', 'A test', '\\x00112233'::bytea, '${id}' FROM app.client c JOIN app.client_key k ON k.tenant_id = c.tenant_id AND k.client_id = c.id WHERE c.tenant_id = '${tenant}' AND k.destroyed_at IS NULL LIMIT 1;
            INSERT INTO app.job (tenant_id, kind, subject_id, dedupe_key, attempts) VALUES ('${tenant}', 'message.send', '${id}', '${id}', 6);`);
    const s = await server(), r = runner(s.url());
    await until(id, (x) => x.job === "ready" && x.attempts === 7, "not put back");
    assert.equal(now(id).state, "queued");
    inside(`UPDATE app.job SET run_at = now() WHERE subject_id = '${id}';`);
    await until(id, (x) => x.job === "dead", "it goes on for ever");
    r.kill("SIGTERM");
    await r.over;
    s.close();
    assert.equal(s.mails.filter((m) => m.data.includes(id)).length, 0);
    assert.deepEqual([now(id).state, now(id).problem], ["failed", "text"]);
  });
});
