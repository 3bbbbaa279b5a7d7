-- 390_visit_addons: whether a visit has add-ons, beside the visit itself: the day's page says so of each, and must not look for it.
-- Written by app.take_addons, which alone adds them. No visit has any before this.

SET LOCAL ROLE foyer_owner;
ALTER TABLE app.appointment ADD COLUMN has_addons boolean NOT NULL DEFAULT false;
RESET ROLE;
UPDATE app.appointment a SET has_addons = true
WHERE EXISTS (SELECT FROM app.appointment_addon o WHERE o.tenant_id = a.tenant_id AND o.appointment_id = a.id);
