-- 445_country: the countries are read by a function: no pool reads a table without a business entered (T14, D-19).

SET LOCAL ROLE foyer_owner;
REVOKE SELECT ON app.country FROM foyer_slow;
RESET ROLE;
