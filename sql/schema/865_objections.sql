-- 865_objections: what a client has taken back holds after a restore of an older database too (docs/backup.md).

SET LOCAL ROLE foyer_owner;

-- What a restore does once more comes from the list beside the backups: no page, no form and nobody of the staff said it again.
ALTER TABLE app.messaging_consent
    DROP CONSTRAINT messaging_consent_source_check,
    ADD CONSTRAINT messaging_consent_source_check CHECK (source IN ('form', 'link', 'desk', 'paper', 'import', 'booking', 'restore')),
    DROP CONSTRAINT messaging_consent_names_its_words,
    ADD CONSTRAINT messaging_consent_names_its_words CHECK (CASE source WHEN 'restore' THEN num_nonnulls(wording_id, signature_id) = 0 AND NOT is_given
        ELSE num_nonnulls(wording_id, signature_id) = 1 AND (source = 'form') = (signature_id IS NOT NULL) END);
ALTER TABLE app.consent
    DROP CONSTRAINT consent_withdrawn_kind_check,
    ADD CONSTRAINT consent_withdrawn_kind_check CHECK (withdrawn_kind IN ('client', 'staff', 'restore'));

RESET ROLE;
