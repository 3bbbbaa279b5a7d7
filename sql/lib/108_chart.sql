-- 108_chart: amounts as people write them. Rights and rows of the caller.

SET LOCAL ROLE foyer_owner;

-- A typed amount in thousandths; FY422 (field amount) for what is none.
CREATE OR REPLACE FUNCTION app.amount_kept(typed text) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
BEGIN
    IF replace(btrim(typed), ',', '.') !~ '^[0-9]{1,5}(\.[0-9]{1,3})?$' THEN
        RAISE EXCEPTION 'Give the amount as a number, such as 12 or 0.5.' USING ERRCODE = 'FY422', COLUMN = 'amount';
    END IF;
    RETURN (replace(btrim(typed), ',', '.')::numeric * 1000)::bigint;
END $$;

-- Thousandths of a unit in words: "12.5 units".
CREATE OR REPLACE FUNCTION app.amount_words(amount_milli bigint, unit text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT trim_scale(amount_milli / 1000.0)::text || ' ' || unit $$;

REVOKE ALL ON FUNCTION app.amount_kept(text), app.amount_words(bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.amount_kept(text), app.amount_words(bigint, text) TO foyer_staff;
GRANT EXECUTE ON FUNCTION app.amount_words(bigint, text) TO foyer_slow, foyer_jobs;

RESET ROLE;
