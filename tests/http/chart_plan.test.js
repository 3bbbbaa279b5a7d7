// chart_plan.test.js -- L11: what is intended over several visits: steps in order, the next with its day and a way to book it.
"use strict";
const { test, before } = require("node:test");
const assert = require("node:assert/strict");
const h = require("./harness");

const words = (html) => h.decode(html.slice(html.indexOf("<main")).replace(/<[^>]*>/g, "\u0000"));
let v, desk, keys, service;
const client = () => h.addClient(desk, { name: `Planned ${h.uuid().slice(0, 8)}` });
const post = (path, values, who = v) => who.post(path, { ...keys.get(who), idem: h.uuid(), ...values });
const steps = (id) => h.sql("SELECT s.id, s.state, s.plan_id, s.after_days FROM app.plan_step s WHERE s.client_id = :'v1' ORDER BY s.position", id);
before(async () => {
  [v, desk] = [await h.staff("glow", "provider"), await h.staff("glow", "front-desk")];
  keys = new Map();
  for (const who of [v, desk]) keys.set(who, h.formOf((await who.get("/clients")).text, "/logout").values);
  service = h.one("SELECT id FROM app.service WHERE tenant_id = :'v1' AND is_active ORDER BY name LIMIT 1", h.tenantId("glow"));
});

test("L11: a plan of three visits: sealed, in order, the next is due after the one that was done, and leads to booking it", async () => {
  const id = await client(), plans = `/clients/${id}/plans`, title = "Hair <b>& \"legs\" {{x}}";
  const typed = { ...keys.get(v), idem: h.uuid(), title, service_id: service, visits: "3", every_days: "30" };
  const made = await v.post(plans, typed);
  assert.equal(made.location, plans);
  assert.ok(h.trail(made.id).some((e) => e.action === "plan.create" && e.clients.includes(id)));
  assert.equal((await v.post(plans, typed)).location, plans, "sent twice it is one");
  assert.deepEqual(steps(id).map(([, s, , n]) => [s, n]), [["open", "0"], ["open", "30"], ["open", "30"]]);
  assert.equal(h.one("SELECT position('legs' IN encode(title_sealed, 'escape')) FROM app.treatment_plan WHERE client_id = :'v1'", id), "0");
  const [[first, , plan], [second]] = steps(id);
  const book = async () => ((await v.get(plans)).text.match(/\/appointments\/new\?client_id=[^"]+/g) || []).map(h.decode);
  const today = h.today("glow");
  const chart = words((await v.get(`/clients/${id}/chart`)).text);
  assert.ok(chart.includes(title) && chart.includes("next: "));
  const may = (await book()).length > 0; // (a provider whose role books)
  if (may) assert.deepEqual(await book(), [`/appointments/new?client_id=${id}&service_id=${service}&day=${today}`]);
  assert.equal((await post(`${plans}/${plan}/steps/${first}`, { state: "done" })).location, plans);
  const due = h.one("SELECT (:'v1'::date + 30)::text", today);
  if (may) assert.match((await book())[0], new RegExp(`day=${due}$`));
  assert.match(words((await v.get(plans)).text), /1 of 3 done/);
  assert.equal((await post(`${plans}/${plan}/steps`, { service_id: service, every_days: "90" })).status, 303);
  assert.equal((await post(`${plans}/${plan}/steps/${second}`, { state: "dropped" })).status, 303);
  assert.match(words((await v.get(plans)).text), /1 of 3 done/);
  for (const bad of [{ visits: "0" }, { visits: "25" }, { every_days: "731" }, { title: " " }]) {
    const r = await post(plans, { title: "kept words", service_id: service, visits: "3", every_days: "30", ...bad });
    assert.equal(r.status, 422);
    if (!bad.title) assert.equal(h.formOf(r.text, plans).values.title, "kept words");
  }
  // others
  const hers = await client(), far = h.one("SELECT id FROM app.treatment_plan WHERE tenant_id = :'v1' LIMIT 1", h.tenantId("first-light"));
  assert.ok(far, "both studios have plans");
  for (const [path, values] of [[`${plan}/steps/${first}`, { state: "open" }], [`${plan}/end`, {}], [`${plan}/steps`, { service_id: service, every_days: "1" }], [`${far}/end`, {}]])
    assert.equal((await post(`/clients/${hers}/plans/${path}`, values)).status, 404, path);
  assert.equal((await desk.get(plans)).status, 403);
  assert.equal((await post(plans, { title: "x", service_id: service, visits: "1", every_days: "1" }, desk)).status, 403);
  assert.equal((await post(`${plans}/${plan}/end`, {})).status, 303);
  assert.ok(!words((await v.get(`/clients/${id}/chart`)).text).includes(title));
  h.sql("SELECT set_config('foyer.tenant_id', :'v1', false) \\g /dev/null\nSELECT app.client_erase(:'v2'::uuid)", h.tenantId("glow"), id);
  assert.deepEqual(steps(id), []);
});
