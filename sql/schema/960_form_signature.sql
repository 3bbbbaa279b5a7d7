-- 960_form_signature: questions that are answered by a signature of their own, under a clause.

SET LOCAL ROLE foyer_owner;

ALTER TABLE app.form_question DROP CONSTRAINT form_question_kind_check,
    ADD CONSTRAINT form_question_kind_check CHECK (kind IN ('text', 'long', 'choice', 'multi', 'date', 'number', 'yes_no', 'allergies', 'medications', 'body',
                                                            'initials', 'acknowledge', 'file', 'signature'));

RESET ROLE;
