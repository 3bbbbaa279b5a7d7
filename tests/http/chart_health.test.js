// chart_health.test.js -- L12: allergies, medications, conditions, and that there is none, which is not the same as that nobody asked.
"use strict";
const { test, describe, before } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");
const naughty = require("./naughty");
const { somebody } = require("./form_client");

const words = (html) => h.decode(html.slice(html.indexOf("<main")).replace(/<[^>]*>/g, "\u0000"));
const open = (table, client) => h.sql(`SELECT id FROM app.${table} WHERE client_id = :'v1' AND ended_at IS NULL`, client).map(([id]) => id);
const none = (client) => h.sql("SELECT kind, coalesce(said_by::text, 'client') FROM app.none_known WHERE client_id = :'v1' AND ended_at IS NULL ORDER BY kind", client);
const lists = [
  { kind: "allergy", table: "allergy", path: "allergies", end: /\/allergies\/[0-9a-f-]+\/end$/, action: "allergy", one: (x) => ({ substance: x, reaction: `${x} r`, severity: "severe" }) },
  { kind: "medication", table: "medication", path: "medications", end: /\/medications\/[0-9a-f-]+\/end$/, action: "medication", one: (x) => ({ medication: x, dose: `${x} d`, taken_since: "2019" }) },
  { kind: "condition", table: "health_condition", path: "conditions", end: /\/conditions\/[0-9a-f-]+\/end$/, action: "condition", one: (x) => ({ condition: x, had_since: "childhood", remark: `${x} n` }) },
];
let desk, v, me;
const client = (name = "Health") => h.addClient(desk, { name: `${name} ${h.uuid().slice(0, 8)}`, birth_date: "1980-01-01" });
before(async () => {
  [desk, v] = [await h.staff("glow", "front-desk"), await h.staff("glow", "provider")];
  me = h.one("SELECT id FROM app.staff WHERE tenant_id = :'v1' AND email_norm = :'v2'", h.tenantId("glow"), h.staffOf("glow", "provider").email);
});

describe("L12: what is known of her health", () => {
  for (const list of lists)
    test(`${list.kind}: unknown, none known by whom, one that ends it, sealed, ended`, async () => {
      const id = await client(), chart = `/clients/${id}/chart`;
      assert.match((await v.get(chart)).text, /Not asked yet: unknown/);
      const said = await v.submit(chart, {}, { action: `/clients/${id}/none-known`, extra: { known_kind: list.kind } });
      assert.equal(said.location, chart);
      assert.deepEqual(none(id), [[list.kind, me]]);
      assert.ok(h.trail(said.id).some((e) => e.action === "health.none_known" && e.clients.includes(id)));
      let page = (await v.get(chart)).text;
      assert.match(page, /None known/);
      assert.match(page, new RegExp(`said by ${h.staffOf("glow", "provider").name || "[A-Z]"}`));
      // said anew it is the newer word, one of them
      const keys = h.formOf(page, "/logout").values;
      assert.equal((await v.post(`/clients/${id}/none-known`, { ...keys, idem: h.uuid(), known_kind: list.kind })).status, 303);
      assert.equal(none(id).length, 1);
      // one is noted: that was it
      const thing = `Thing ${h.uuid()}`, typed = { ...keys, idem: h.uuid(), ...list.one(thing) };
      const add = await v.post(`/clients/${id}/${list.path}`, typed);
      assert.equal(add.location, chart);
      assert.ok(h.trail(add.id).some((e) => e.action === `${list.action}.create` && e.clients.includes(id)));
      assert.deepEqual(none(id), []);
      // sent twice it is one
      assert.equal((await v.post(`/clients/${id}/${list.path}`, typed)).location, chart);
      assert.equal(open(list.table, id).length, 1);
      const column = list.table === "allergy" ? "substance_sealed" : `${list.kind}_sealed`;
      assert.equal(h.one(`SELECT position(convert_to(:'v2', 'UTF8') IN ${column}) FROM app.${list.table} WHERE client_id = :'v1'`, id, thing), "0");
      page = (await v.get(chart)).text;
      assert.ok(words(page).includes(thing));
      // "none" beside one that is listed is refused in words
      const no = await v.post(`/clients/${id}/none-known`, { ...keys, idem: h.uuid(), known_kind: list.kind });
      assert.equal(no.status, 422);
      assert.match(no.text, /There is one on the list/);
      const bad = await v.post(`/clients/${id}/${list.path}`, { ...keys, idem: h.uuid(), ...list.one("  ") });
      assert.equal(bad.status, 422);
      const ended = await v.submit(chart, { end_reason: `Was <i>wrong</i>` }, { action: list.end });
      assert.equal(ended.status, 303);
      assert.deepEqual(open(list.table, id), []);
      // it stays, with who ended it and why
      assert.deepEqual(h.sql(`SELECT ended_by, position('wrong' IN encode(end_reason_sealed, 'escape')) FROM app.${list.table} WHERE client_id = :'v1'`, id), [[me, "0"]]);
      for (const where of [chart, `${chart}/print`])
        assert.match(h.decode((await v.get(where)).text).replace(/\s+/g, " "), new RegExp(`<s>${thing}[^<]*</s> <small class="hush">noted [^<]+, ended [^<]+ by [^<]+: Was <i>wrong</i>`), where);
      assert.throws(() => h.sql(`SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\nUPDATE app.${list.table} SET ended_at = NULL WHERE client_id = :'v2'`, h.tenantId("glow"), id), /ended already/);
      assert.match((await v.get(chart)).text, /Not asked yet: unknown/);
      // taken back
      await v.post(`/clients/${id}/none-known`, { ...keys, idem: h.uuid(), known_kind: list.kind });
      assert.equal((await v.post(`/clients/${id}/none-known/end`, { ...keys, idem: h.uuid(), known_kind: list.kind })).status, 303);
      assert.deepEqual(none(id), []);
    });

  test("an allergy whose severity nobody knows is said to be so, and stands before milder ones", async () => {
    const id = await client(), chart = `/clients/${id}/chart`, keys = h.formOf((await v.get(chart)).text, "/logout").values;
    for (const [substance, severity] of [["Latex", "mild"], ["Lidocaine", "unknown"]])
      assert.equal((await v.post(`/clients/${id}/allergies`, { ...keys, idem: h.uuid(), substance, severity })).status, 303);
    assert.match((await v.get(chart)).text, /Lidocaine<\/strong> <em class="allergy-severity">severity unknown<[^]*Latex<\/strong>/);
  });

  test("T02 T03: another studio's client, another client's line, and who may not write", async () => {
    const mine = await client(), hers = await client();
    const keys = h.formOf((await v.get(`/clients/${mine}/chart`)).text, "/logout").values;
    const other = h.one("SELECT id FROM app.client WHERE tenant_id = :'v1' AND is_active LIMIT 1", h.tenantId("first-light"));
    for (const list of lists) {
      await v.post(`/clients/${hers}/${list.path}`, { ...keys, idem: h.uuid(), ...list.one("x") });
      const line = open(list.table, hers)[0];
      assert.equal((await v.post(`/clients/${mine}/${list.path}/${line}/end`, { ...keys, idem: h.uuid() })).status, 404);
      assert.equal(open(list.table, hers).length, 1);
      assert.equal((await v.post(`/clients/${other}/${list.path}`, { ...keys, idem: h.uuid(), ...list.one("x") })).status, 404);
      assert.notEqual((await v.post(`/clients/${other}/none-known`, { ...keys, idem: h.uuid(), known_kind: list.kind })).status, 303);
    }
    assert.deepEqual(none(other).filter(([, by]) => by === me), []);
    const page = await desk.get(`/clients/${hers}`);
    assert.ok(!words(page.text).includes("Medications"), "medications are of the chart");
    const dk = h.formOf(page.text, "/logout").values;
    for (const path of ["none-known", "none-known/end", "medications", "conditions"])
      assert.equal((await desk.post(`/clients/${mine}/${path}`, { ...dk, idem: h.uuid(), known_kind: "allergy", medication: "x", condition: "x" })).status, 403);
  });

  test("wherever she appears: client page, calendar card, check-in, board, visit: an allergy, none known, unknown", async () => {
    const [id, day, place, visit] = h.sql(`SELECT a.client_id, (a.starts_at AT TIME ZONE l.zone)::date, l.id, a.id FROM app.appointment a JOIN app.location l ON l.id = a.location_id
      WHERE a.tenant_id = :'v1' AND a.status IN ('booked', 'confirmed') AND a.starts_at > now() + interval '1 day'
      AND NOT EXISTS (SELECT FROM app.allergy y WHERE y.client_id = a.client_id AND y.ended_at IS NULL)
      AND (SELECT count(*) FROM app.appointment o WHERE o.client_id = a.client_id AND o.location_id = a.location_id AND (o.starts_at AT TIME ZONE l.zone)::date = (a.starts_at AT TIME ZONE l.zone)::date) = 1
      ORDER BY a.starts_at DESC LIMIT 1`, h.tenantId("glow"))[0];
    const owner = await h.staff("glow", "owner");
    const keys = h.formOf((await owner.get("/clients")).text, "/logout").values;
    const near = async (path) => {
      const html = (await owner.get(path)).text, all = [];
      for (let at = html.indexOf(`/appointments/${visit}"`); at >= 0; at = html.indexOf(`/appointments/${visit}"`, at + 1)) {
        const end = html.indexOf("</li>", at);
        all.push(html.slice(at, end));
      }
      return all.join("");
    };
    const see = async (pattern) => {
      for (const path of [`/day/${day}?location=${place}`, `/rooms/${day}?location=${place}`, `/week/${day}?location=${place}`]) assert.match(await near(path), pattern, path);
    };
    const state = (kind) => h.sql(`SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null
      UPDATE app.none_known SET ended_at = now() WHERE client_id = :'v2' AND kind = 'allergy' AND ended_at IS NULL;
      INSERT INTO app.none_known (tenant_id, client_id, kind) SELECT :'v1'::uuid, :'v2'::uuid, 'allergy' WHERE :'v3' = 'none'`, h.tenantId("glow"), id, kind);
    state("unknown");
    await see(/allergies unknown/i);
    assert.match((await owner.get(`/clients/${id}`)).text, /Not asked yet: unknown/);
    state("none");
    await see(/no known allergies/i);
    for (const path of [`/clients/${id}`, `/appointments/${visit}`, `/appointments/${visit}/move`, `/appointments/new?client_id=${id}`]) assert.match((await owner.get(path)).text, /None known<\/strong> <span class="small">said by the client/, path);
    await owner.post(`/clients/${id}/allergies`, { ...keys, idem: h.uuid(), substance: "Zinc oxide", reaction: "", severity: "mild" });
    await see(/Allergy: Zinc oxide/);
    h.sql("UPDATE app.allergy SET ended_at = now() WHERE client_id = :'v1' AND ended_at IS NULL", id);
    // Medications and conditions, for who opens charts: on her page, the visit, a treatment and its map.
    h.sql(`SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null
      UPDATE app.none_known SET ended_at = now() WHERE client_id = :'v2' AND ended_at IS NULL; UPDATE app.medication SET ended_at = now() WHERE client_id = :'v2' AND ended_at IS NULL;
      UPDATE app.health_condition SET ended_at = now() WHERE client_id = :'v2' AND ended_at IS NULL;
      UPDATE app.client SET preferred_name = 'Sammy-Jo', pronouns = 'they/them', emergency_contact_name = 'Ruth Example', emergency_contact_relation = 'sister', emergency_contact_phone = '+12125550177' WHERE id = :'v2'`, h.tenantId("glow"), id);
    const treated = (await owner.post(`/clients/${id}/encounters/new`, { ...keys, idem: h.uuid(), done_on: new Date(Date.now() - 86400000).toISOString().slice(0, 10) })).location;
    const everywhere = [`/clients/${id}`, `/appointments/${visit}`, treated, `${treated}/map`, `/clients/${id}/encounters/new`, `/clients/${id}/plans`];
    for (const path of everywhere) assert.match((await owner.get(path)).text, /<dt>Medications<\/dt><dd>Not asked yet: unknown<\/dd>[^]*<dt>Conditions<\/dt><dd>Not asked yet: unknown</, path);
    await owner.post(`/clients/${id}/medications`, { ...keys, idem: h.uuid(), medication: "Warfarin <b>", dose: "5 mg" });
    await owner.post(`/clients/${id}/none-known`, { ...keys, idem: h.uuid(), known_kind: "condition" });
    for (const path of everywhere) assert.match(h.decode((await owner.get(path)).text), /<dt>Medications<\/dt><dd><span>Warfarin <b> 5 mg<\/span> <\/dd>[^]*<dt>Conditions<\/dt><dd>None known</, path);
    for (const path of everywhere.slice(0, 2)) assert.doesNotMatch((await desk.get(path)).text, /Warfarin|<dt>Medications/, path);
    // Called as they wish, the legal name beside it; whom to call one look away.
    const legal = h.one("SELECT name FROM app.client WHERE id = :'v1'", id), called = `Sammy-Jo (${legal}), they/them`;
    for (const path of [`/day/${day}?location=${place}`, `/rooms/${day}?location=${place}`, `/week/${day}?location=${place}`]) assert.ok(h.decode(await near(path)).includes(called), path);
    for (const path of [`/appointments/${visit}`, treated, `${treated}/map`, `/visits?from=${day}&to=${day}&location=${place}`]) assert.ok(h.decode((await owner.get(path)).text).includes(called), path);
    for (const path of [`/appointments/${visit}`, `/clients/${id}/chart`]) assert.match(h.decode((await owner.get(path)).text), /Ruth Example, sister <a href="tel:\+12125550177">/, path);
    const found = async () => h.decode((await desk.get(`/clients?q=${encodeURIComponent(legal)}`)).text).match(new RegExp(`/clients/${id}[^]*?</tr>`))[0];
    assert.match(await found(), />Unknown</);
    state("none");
    assert.match(await found(), />None known</);
    h.sql("UPDATE app.client SET preferred_name = NULL, pronouns = NULL WHERE id = :'v1'", id);
    // At check-in (today's arrivals, the board) each says one of the three.
    const one = /class="allergy-flag"|No known allergies|Allergies unknown/;
    const places = h.sql("SELECT id, (now() AT TIME ZONE zone)::date FROM app.location WHERE tenant_id = :'v1' AND is_active", h.tenantId("glow"));
    for (const [at, today] of places) {
      const arrivals = (await owner.get(`/day/${today}?location=${at}`)).text.match(/<section class="arrivals"[\s\S]*?<\/section>/)[0];
      for (const [li] of arrivals.matchAll(/<li>[\s\S]*?<\/li>/g)) if (!li.includes("Another client")) assert.match(li, one);
      for (const [li] of (await owner.get(`/board?location=${at}`)).text.matchAll(/<li class="board-card[\s\S]*?<\/li>/g)) assert.match(li, one);
    }
  });

  test("a signed form that says none is her word; beside a listed one it is an answer and no more", async () => {
    const answers = { "q-reason": "x", "q-skin_type": "Tans easily", "q-conditions": ["Diabetes"], "q-pregnant": "no", "q-medication": "no", "q-surgery": "no",
      "q-last_treatment": "2025-03-04", "q-allergies": "none", "q-allergies-substance": ["", "", ""], "q-allergies-reaction": ["", "", ""], "q-allergies-severity": ["", "", ""], "q-truthful": "yes" };
    for (const listed of [false, true]) {
      const p = await somebody("glow"), at = `${p.at}/${p.intake}`;
      h.sql(`SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null
        UPDATE app.none_known SET ended_at = now() WHERE client_id = :'v2' AND ended_at IS NULL; UPDATE app.allergy SET ended_at = now() WHERE client_id = :'v2' AND ended_at IS NULL;
        UPDATE app.health_condition SET ended_at = now() WHERE client_id = :'v2' AND ended_at IS NULL;
        INSERT INTO app.allergy (tenant_id, client_id, substance_sealed) SELECT :'v1'::uuid, :'v2'::uuid, '\\x00' WHERE :'v3' = 'true'`, h.tenantId("glow"), p.client, String(listed));
      const r = await p.v.submit(at, { ...answers, intent: "next" });
      assert.equal(r.location, `${at}/consent`, h.decode(r.text));
      const signed = await p.v.submit(`${at}/consent`, { accepts: "yes", signer_name: "Zoë", name_meant: "Zoë" });
      assert.equal(signed.status, 303);
      assert.deepEqual(none(p.client), listed ? [] : [["allergy", "client"]]);
      h.sql("DELETE FROM app.allergy WHERE client_id = :'v1' AND substance_sealed = '\\x00'", p.client);
      // What she ticked of a list of conditions is on the chart, once; a form of before says nothing of it.
      const page = h.decode((await (await h.staff("glow", "owner")).get(`/clients/${p.client}/chart`)).text);
      assert.match(page.slice(page.indexOf('id="conditions-title"')), /Diabetes/);
      assert.equal(h.one("SELECT count(*) FROM app.health_condition WHERE client_id = :'v1' AND noted_by IS NULL AND ended_at IS NULL", p.client), "1");
    }
  });

  test("T12: what is typed reads back as typed, and nothing of it is markup", async () => {
    const id = await client(), chart = `/clients/${id}/chart`;
    const keys = h.formOf((await v.get(chart)).text, "/logout").values;
    const texts = naughty.one_line.filter((s) => [...s].length <= 40 && s.trim()).filter((s, i) => /[<>"'&{]/.test(s) ? i % 3 === 0 : i % 15 === 0);
    const kept = (s) => s.replace(/^[ \t\n\r\f\v]+|[ \t\n\r\f\v]+$/g, "");
    for (const text of texts) {
      await v.post(`/clients/${id}/medications`, { ...keys, idem: h.uuid(), medication: text, dose: text, taken_since: text });
      await v.post(`/clients/${id}/conditions`, { ...keys, idem: h.uuid(), condition: text, had_since: text, remark: text });
    }
    const page = await v.get(chart), seen = words(page.text);
    for (const text of texts) assert.ok(seen.split(kept(text)).length > 4, text);
    assert.doesNotMatch(page.text.slice(page.text.indexOf("<main")), /<script>|onerror=alert\(1\)>|<img|<iframe/);
  });

  test("R-12: erased with her", async () => {
    const id = await client();
    const keys = h.formOf((await v.get(`/clients/${id}/chart`)).text, "/logout").values;
    for (const list of lists) await v.post(`/clients/${id}/${list.path}`, { ...keys, idem: h.uuid(), ...list.one("x") });
    h.sql("INSERT INTO app.none_known (tenant_id, client_id, kind, ended_at) VALUES (:'v1', :'v2', 'allergy', now())", h.tenantId("glow"), (await client()));
    h.sql(`SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null
      SELECT app.client_erase(:'v2'::uuid)`, h.tenantId("glow"), id);
    for (const table of ["allergy", "medication", "health_condition", "none_known"]) assert.equal(h.one(`SELECT count(*) FROM app.${table} WHERE client_id = :'v1'`, id), "0", table);
  });
});
