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

-- The drawings, and the regions that can be named instead of a point, each with where it lies.
CREATE OR REPLACE FUNCTION app.drawings() RETURNS TABLE (drawing text, words text, rank int)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    VALUES ('face_front', 'Face, front', 1), ('face_left', 'Face, left', 2), ('face_right', 'Face, right', 3),
           ('body_front', 'Body, front', 4), ('body_back', 'Body, back', 5)
$$;
CREATE OR REPLACE FUNCTION app.body_regions() RETURNS TABLE (drawing text, region text, x int, y int)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    VALUES ('face_front', 'Forehead, middle', 500, 220), ('face_front', 'Forehead, client''s right', 380, 230), ('face_front', 'Forehead, client''s left', 620, 230),
           ('face_front', 'Between the brows', 500, 360), ('face_front', 'Crow''s feet, client''s right', 250, 430), ('face_front', 'Crow''s feet, client''s left', 750, 430),
           ('face_front', 'Under the eye, client''s right', 385, 490), ('face_front', 'Under the eye, client''s left', 615, 490), ('face_front', 'Nose', 500, 540),
           ('face_front', 'Cheek, client''s right', 330, 580), ('face_front', 'Cheek, client''s left', 670, 580), ('face_front', 'Upper lip', 500, 675),
           ('face_front', 'Lower lip', 500, 730), ('face_front', 'Jaw, client''s right', 290, 730), ('face_front', 'Jaw, client''s left', 710, 730), ('face_front', 'Chin', 500, 830),
           ('face_left', 'Temple', 470, 350), ('face_left', 'Cheek', 400, 580), ('face_left', 'Jaw angle', 540, 720), ('face_left', 'Chin', 290, 830), ('face_left', 'Neck', 560, 900),
           ('face_right', 'Temple', 530, 350), ('face_right', 'Cheek', 600, 580), ('face_right', 'Jaw angle', 460, 720), ('face_right', 'Chin', 710, 830), ('face_right', 'Neck', 440, 900),
           ('body_front', 'Neck', 500, 175), ('body_front', 'Chest', 500, 280), ('body_front', 'Abdomen', 500, 420), ('body_front', 'Upper arm, client''s right', 345, 320),
           ('body_front', 'Upper arm, client''s left', 655, 320), ('body_front', 'Armpit, client''s right', 395, 260), ('body_front', 'Armpit, client''s left', 605, 260),
           ('body_front', 'Bikini line', 500, 540), ('body_front', 'Thigh, client''s right', 440, 660), ('body_front', 'Thigh, client''s left', 560, 660),
           ('body_front', 'Shin, client''s right', 445, 850), ('body_front', 'Shin, client''s left', 555, 850),
           ('body_back', 'Neck', 500, 175), ('body_back', 'Upper back', 500, 280), ('body_back', 'Lower back', 500, 430), ('body_back', 'Buttock, client''s left', 445, 540),
           ('body_back', 'Buttock, client''s right', 555, 540), ('body_back', 'Thigh, client''s left', 440, 670), ('body_back', 'Thigh, client''s right', 560, 670),
           ('body_back', 'Calf, client''s left', 445, 840), ('body_back', 'Calf, client''s right', 555, 840)
$$;

REVOKE ALL ON FUNCTION app.drawings(), app.body_regions() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.drawings(), app.body_regions() TO foyer_staff;
REVOKE ALL ON FUNCTION app.amount_kept(text), app.amount_words(bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.amount_kept(text), app.amount_words(bigint, text) TO foyer_staff;
GRANT EXECUTE ON FUNCTION app.amount_words(bigint, text) TO foyer_slow, foyer_jobs;

RESET ROLE;
