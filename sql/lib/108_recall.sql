-- 108_recall: who received a lot. Rights and rows of the caller.

SET LOCAL ROLE foyer_owner;

-- Each client who received this lot, by a line of a treatment or by a point of a map; what was entered in error does not count.
CREATE OR REPLACE FUNCTION app.lot_received(lot uuid) RETURNS TABLE (client_id uuid, last_on date, n_treatments bigint)
LANGUAGE sql STABLE
AS $$
    SELECT u.client_id, max(u.done_on), count(DISTINCT u.encounter_id)
    FROM (SELECT x.client_id, x.encounter_id, e.done_on
          FROM app.encounter_product x JOIN app.encounter e ON e.id = x.encounter_id AND e.client_id = x.client_id AND e.void_at IS NULL
          WHERE x.lot_id = lot AND x.void_at IS NULL
          UNION ALL
          SELECT p.client_id, p.encounter_id, e.done_on
          FROM app.body_point p JOIN app.encounter e ON e.id = p.encounter_id AND e.client_id = p.client_id AND e.void_at IS NULL
          WHERE p.lot_id = lot AND p.void_at IS NULL) AS u
    GROUP BY u.client_id
$$;
REVOKE ALL ON FUNCTION app.lot_received(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.lot_received(uuid) TO foyer_staff;

RESET ROLE;
