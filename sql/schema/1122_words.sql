-- 1122_words: what constraints say to people does not say that somebody is a woman.

SET LOCAL ROLE foyer_owner;

COMMENT ON CONSTRAINT staff_email_is_used_once ON app.staff IS 'email: Somebody here has this e-mail address already. Look in the list of people.';
COMMENT ON CONSTRAINT guardian_is_somebody_else ON app.client_guardian IS 'name: Nobody is their own guardian.';
COMMENT ON CONSTRAINT messaging_consent_to_adverts_is_hers ON app.messaging_consent
    IS 'source: For advertising by text message or phone it takes the client''s own yes in writing: a signed form, a signed paper, or the client''s own page.';

RESET ROLE;
