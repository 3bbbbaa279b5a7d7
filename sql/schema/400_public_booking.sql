-- 400_public_booking: on whose pages the booking pages may stand in a frame, how a form of theirs is told from a machine's, and the
-- code by which somebody shows that an e-mail address is hers.

SET LOCAL ROLE foyer_owner;

-- frame_origins: as a browser names them, "https://www.example.com". booking_seconds: who confirms sooner than this after a time
-- was kept for her is asked to look once more. booking_code: a code by e-mail before a booking counts.
ALTER TABLE app.tenant
    ADD COLUMN frame_origins text[] COLLATE "C" NOT NULL DEFAULT '{}'
        CONSTRAINT tenant_frames_are_few CHECK (cardinality(frame_origins) <= 10)
        CONSTRAINT tenant_frames_are_https CHECK (array_position(frame_origins, NULL) IS NULL
            AND array_to_string(frame_origins, ' ') ~ '^(https://[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[0-9]{1,5})?( |$))*$'),
    ADD COLUMN booking_seconds smallint NOT NULL DEFAULT 3
        CONSTRAINT tenant_booking_seconds_are_few CHECK (booking_seconds BETWEEN 0 AND 30),
    ADD COLUMN booking_code boolean NOT NULL DEFAULT false;
COMMENT ON CONSTRAINT tenant_frames_are_few ON app.tenant IS 'frame_origins: Name ten sites at most.';
COMMENT ON CONSTRAINT tenant_frames_are_https ON app.tenant IS
    'frame_origins: Write each site by itself on a line, as https://www.example.com, without a path.';
COMMENT ON CONSTRAINT tenant_booking_seconds_are_few ON app.tenant IS 'booking_seconds: Choose 0 to 30 seconds.';
GRANT UPDATE (frame_origins, booking_seconds, booking_code) ON app.tenant TO foyer_staff;

RESET ROLE;
SET LOCAL ROLE foyer_auth;

-- A code that was sent for one hold, to one address: only its MAC is kept, which holds the address too.
CREATE TABLE sec.booking_code (
    tenant_id  uuid NOT NULL,
    hold_id    uuid NOT NULL,
    code_mac   bytea NOT NULL CHECK (length(code_mac) = 32),
    email_hash bytea NOT NULL CHECK (length(email_hash) = 32),
    tries      int NOT NULL DEFAULT 0,
    made_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, hold_id)
);

RESET ROLE;
SELECT app.guard_table('sec.booking_code');
