-- 790_messaging_consent: what a client allows to be sent to her: by channel and purpose, in which words, since when; asked by the outbox.

SET LOCAL ROLE foyer_owner;

-- The words in which a purpose is asked for, in versions; the newest of a channel and purpose is in force. Written once.
CREATE TABLE app.messaging_wording (
    tenant_id  uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    id         uuid NOT NULL DEFAULT gen_random_uuid(),
    channel    text COLLATE "C" NOT NULL CHECK (channel IN ('email', 'sms', 'phone')),
    purpose    text COLLATE "C" NOT NULL CHECK (purpose IN ('visits', 'forms', 'reminders', 'news')),
    version    int NOT NULL CHECK (version > 0),
    body       text NOT NULL CONSTRAINT messaging_wording_has_words CHECK (length(btrim(body)) BETWEEN 10 AND 1000),
    made_at    timestamptz NOT NULL DEFAULT now(),
    made_by    uuid DEFAULT app.actor(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT messaging_wording_is_numbered_once UNIQUE (tenant_id, channel, purpose, version),
    UNIQUE (tenant_id, id, channel, purpose),
    FOREIGN KEY (tenant_id, made_by) REFERENCES app.staff (tenant_id, id)
);
COMMENT ON CONSTRAINT messaging_wording_has_words ON app.messaging_wording IS 'body: Write 10 to 1000 letters.';
CREATE INDEX messaging_wording_by_author ON app.messaging_wording (tenant_id, made_by);
SELECT app.guard_table('app.messaging_wording');
CREATE TRIGGER messaging_wording_never_changes BEFORE UPDATE OR DELETE ON app.messaging_wording FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER messaging_wording_never_truncated BEFORE TRUNCATE ON app.messaging_wording FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
GRANT SELECT ON app.messaging_wording TO foyer_staff, foyer_public, foyer_slow, foyer_jobs;

-- What she said, each time, in order; only ever added to, by the functions of sql/lib/110_messaging.sql. No row of a channel and purpose:
-- she was not asked. source: a signed form (signature_id: its version is the wording), her own page, the desk by word of mouth, a
-- paper that she signed, a list that was read in, online booking.
CREATE TABLE app.messaging_consent (
    tenant_id    uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    id           uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id    uuid NOT NULL,
    channel      text COLLATE "C" NOT NULL CHECK (channel IN ('email', 'sms', 'phone')),
    purpose      text COLLATE "C" NOT NULL CHECK (purpose IN ('visits', 'forms', 'reminders', 'news')),
    is_given     boolean NOT NULL,
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    source       text COLLATE "C" NOT NULL CHECK (source IN ('form', 'link', 'desk', 'paper', 'import', 'booking')),
    wording_id   uuid,
    signature_id uuid,
    noted_by     uuid DEFAULT app.actor(),
    link_id      uuid DEFAULT nullif(current_setting('foyer.link_id', true), '')::uuid,
    ip           inet DEFAULT nullif(current_setting('foyer.ip', true), '')::inet,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, wording_id, channel, purpose) REFERENCES app.messaging_wording (tenant_id, id, channel, purpose),
    FOREIGN KEY (tenant_id, client_id, signature_id) REFERENCES app.signature (tenant_id, client_id, id),
    FOREIGN KEY (tenant_id, noted_by) REFERENCES app.staff (tenant_id, id),
    CONSTRAINT messaging_consent_names_its_words CHECK (num_nonnulls(wording_id, signature_id) = 1 AND (source = 'form') = (signature_id IS NOT NULL)),
    CONSTRAINT messaging_consent_to_adverts_is_hers CHECK (NOT (is_given AND purpose = 'news' AND channel IN ('sms', 'phone')) OR source IN ('form', 'link', 'paper'))
);
COMMENT ON CONSTRAINT messaging_consent_to_adverts_is_hers ON app.messaging_consent
    IS 'source: For advertising by text message or phone it takes her own yes in writing: a signed form, a signed paper, or her own page.';
CREATE INDEX messaging_consent_by_client ON app.messaging_consent (tenant_id, client_id, channel, purpose, at);
CREATE INDEX messaging_consent_by_wording ON app.messaging_consent (tenant_id, wording_id, channel, purpose);
CREATE INDEX messaging_consent_by_signature ON app.messaging_consent (tenant_id, client_id, signature_id);
CREATE INDEX messaging_consent_by_staff ON app.messaging_consent (tenant_id, noted_by);
SELECT app.guard_table('app.messaging_consent');
CREATE TRIGGER messaging_consent_never_changes BEFORE UPDATE OR DELETE ON app.messaging_consent FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER messaging_consent_never_truncated BEFORE TRUNCATE ON app.messaging_consent FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
GRANT SELECT ON app.messaging_consent TO foyer_staff, foyer_public, foyer_slow, foyer_jobs;
CREATE POLICY staff_may_see ON app.messaging_consent AS RESTRICTIVE FOR SELECT TO foyer_staff, foyer_slow
    USING ((SELECT app.may('client_read')) OR ((SELECT app.may_some('client_read')) AND app.reaches('client_read', client_id)));
CREATE POLICY own_client ON app.messaging_consent AS RESTRICTIVE TO foyer_public USING (client_id = (SELECT app.own_client()));

-- A question of a form may ask for messages too: 'service' is visits, forms and reminders together.
ALTER TABLE app.form_question DROP CONSTRAINT form_question_purpose_check,
    ADD CONSTRAINT form_question_purpose_check CHECK (purpose IN ('photo_chart', 'photo_teaching', 'photo_website',
        'email_service', 'sms_service', 'phone_service', 'email_news', 'sms_news', 'phone_news'));

-- Why a message was refused: she was not asked (not_asked), she said no (objected), the address wants nothing more (opted_out).
-- address_hash: what app.suppression knows the address by.
ALTER TABLE app.message ADD COLUMN address_hash bytea CHECK (length(address_hash) = 32),
    DROP CONSTRAINT message_problem_is_known,
    ADD CONSTRAINT message_problem_is_known CHECK (problem IN ('refused', 'tries', 'stopped', 'text', 'budget', 'erased', 'suspended', 'not_asked', 'objected', 'opted_out'));
GRANT INSERT (address_hash) ON app.message TO foyer_staff, foyer_public, foyer_slow, foyer_jobs;
GRANT UPDATE (address_hash) ON app.message TO foyer_jobs;

-- Their bodies stand in sql/lib/110_messaging.sql.
CREATE FUNCTION app.message_gate() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER message_needs_consent BEFORE INSERT OR UPDATE OF state ON app.message FOR EACH ROW EXECUTE FUNCTION app.message_gate();
CREATE FUNCTION app.add_messaging_wordings() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO app.messaging_wording (channel, purpose, version, body, made_by)
    SELECT c.channel, p.purpose, 1, format(p.words, c.words), NULL
    FROM (VALUES ('email', 'by e-mail'), ('sms', 'by text message'), ('phone', 'by phone')) AS c (channel, words)
    CROSS JOIN (VALUES
        ('visits', 'The studio may tell me %s about visits that I booked: that one is booked, moved or cancelled, and a time that I waited for.'),
        ('forms', 'The studio may reach me %s with links to forms that I have to fill in, and to copies of those that I signed.'),
        ('reminders', 'The studio may remind me %s of what is still to be done before a visit.'),
        ('news', 'The studio may reach me %s with offers and news. This is no condition of being treated or of buying anything, and I can end it at any time.'))
        AS p (purpose, words)
    WHERE NOT EXISTS (SELECT FROM app.messaging_wording w WHERE w.tenant_id = app.tenant() AND w.channel = c.channel AND w.purpose = p.purpose)
$$;
REVOKE ALL ON FUNCTION app.add_messaging_wordings() FROM PUBLIC;

RESET ROLE;
-- What was refused before was refused for one reason; and the words for each business that is there. (A superuser's steps.)
UPDATE app.message SET problem = 'opted_out' WHERE state = 'suppressed' AND problem IS NULL;
DO $$
DECLARE
    t record;
BEGIN
    FOR t IN SELECT x.id FROM app.tenant x LOOP
        PERFORM set_config('foyer.tenant_id', t.id::text, true);
        PERFORM app.add_messaging_wordings();
    END LOOP;
    PERFORM set_config('foyer.tenant_id', '', true);
    ASSERT (SELECT count(*) FROM app.messaging_wording) = 12 * (SELECT count(*) FROM app.tenant), 'a business without words';
END $$;
