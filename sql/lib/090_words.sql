-- 090_words: small words for people, and the zone in which a business reads its own clock.

SET LOCAL ROLE foyer_owner;

-- The business's own zone: that of its first location; UTC when it has none.
CREATE OR REPLACE FUNCTION app.zone() RETURNS text
LANGUAGE sql STABLE
AS $$
    SELECT coalesce((SELECT l.zone FROM app.location l ORDER BY NOT l.is_active, l.position, l.name LIMIT 1), 'UTC')
$$;

-- A zone as people call it: 'America/New_York' is "New York time".
CREATE OR REPLACE FUNCTION app.zone_words(zone text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT replace(regexp_replace(zone, '^.*/', ''), '_', ' ') || ' time' $$;

CREATE OR REPLACE FUNCTION app.part_of_day(wall timestamp) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT CASE WHEN wall::time < '12:00' THEN 'Morning' WHEN wall::time < '17:00' THEN 'Afternoon' ELSE 'Evening' END $$;

CREATE OR REPLACE FUNCTION app.message_state_words(state text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE state
        WHEN 'kept' THEN 'kept here'
        WHEN 'queued' THEN 'waiting'
        WHEN 'sending' THEN 'being sent'
        WHEN 'sent' THEN 'sent'
        WHEN 'failed' THEN 'not delivered'
        WHEN 'suppressed' THEN 'refused'
        ELSE 'unknown whether sent'
    END
$$;

-- Why a message was not delivered; NULL: nothing is known against it.
CREATE OR REPLACE FUNCTION app.message_problem_words(problem text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE problem
        WHEN 'refused' THEN 'The mail server does not take it. Is the address right?'
        WHEN 'tries' THEN 'The mail server could not be reached, or asked to wait, until the last try.'
        WHEN 'stopped' THEN 'The program that sends it stopped at each try. Whoever runs Foyer finds why in its log.'
        WHEN 'budget' THEN 'Today''s number of messages is used up. It goes out tomorrow.'
        WHEN 'not_asked' THEN 'The client has not said yes to this kind of message on this way. It was not sent.'
        WHEN 'objected' THEN 'The client does not want this kind of message on this way. It was not sent.'
        WHEN 'opted_out' THEN 'This address has opted out of all messages. It was not sent.'
        WHEN 'erased' THEN 'The client was erased before it went out. It was dropped, and its text is gone.'
        WHEN 'suspended' THEN 'The pages of the business are closed for now. It goes out when they are open again.'
        WHEN 'text' THEN 'Its text could not be opened. Whoever runs Foyer finds why in the log.'
    END
$$;

-- Who acted, when it was nobody of the staff.
CREATE OR REPLACE FUNCTION app.actor_words(kind text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE kind
        WHEN 'client' THEN 'The client'
        WHEN 'visitor' THEN 'A visitor'
        WHEN 'job' THEN 'Foyer, by itself,'
        WHEN 'operator' THEN 'The operator of Foyer'
        WHEN 'studio' THEN 'The business'
        ELSE 'The operator''s command'
    END
$$;

-- The catalogue: every action that the trail can hold, in words to be read after a person's name. tests/http/audit_actions.test.js
-- refuses an action that is not in it.
CREATE OR REPLACE FUNCTION app.actions() RETURNS TABLE (action text, words text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT w.* FROM (VALUES
        ('login', 'logged in'),
        ('login.password', 'gave the right password'),
        ('login.second', 'took the second step of a log-in'),
        ('logout', 'logged out'),
        ('session.list', 'looked at somebody''s sessions'),
        ('session.end', 'ended a session'),
        ('sso.discover', 'asked the provider of single sign-on for its addresses and keys'),
        ('sso.exchange', 'asked the provider of single sign-on who came'),
        ('sso.change', 'changed single sign-on'),
        ('sso.bind', 'was recognised by single sign-on for the first time'),
        ('sso.unbind', 'took somebody out of single sign-on'),
        ('booking.due_date', 'told the due date'),
        ('booking_page.change', 'changed how the booking page is set'),
        ('entry.change', 'changed how long a session lasts'),
        ('confirm', 'confirmed who they are'),
        ('mfa.app', 'set up codes of an app'),
        ('mfa.app_begin', 'began to set up codes of an app'),
        ('mfa.app_remove', 'removed the codes of an app'),
        ('mfa.passkey', 'added a passkey'),
        ('mfa.passkey_rename', 'renamed a passkey'),
        ('mfa.passkey_remove', 'removed a passkey'),
        ('mfa.codes', 'made new recovery codes'),
        ('mfa.reset_ask', 'asked to remove the second factors of a colleague'),
        ('mfa.reset_drop', 'withdrew a request to remove second factors'),
        ('mfa.reset', 'removed the second factors of a colleague'),
        ('login.flood', 'found many log-ins failing, and made unknown browsers wait'),
        ('password.set', 'set a password'),
        ('password.reset_asked', 'asked for a link to a new password'),
        ('password.reset', 'set a new password by a link'),
        ('password.change', 'changed the own password'),
        ('signup.ask', 'asked to set up a business'),
        ('signup.confirm', 'confirmed the setting up of a business'),
        ('account.signup', 'set up a business that had signed up'),
        ('account.join', 'accepted an invitation'),
        ('account.change', 'changed the own name or phone'),
        ('account.verified', 'confirmed the own address'),
        ('account.email_asked', 'asked for another address'),
        ('account.email_stopped', 'kept the own address'),
        ('account.email_changed', 'changed the own address'),
        ('account.reset', 'answered who asked for a new password'),
        ('account.flood', 'told the owners of many failed log-ins'),
        ('person.list', 'looked at who works here'),
        ('person.read', 'opened a colleague''s account'),
        ('person.invite', 'invited somebody to the staff'),
        ('person.withdraw', 'withdrew an invitation'),
        ('person.change', 'changed a colleague''s name or roles'),
        ('person.deactivate', 'deactivated a colleague''s account'),
        ('person.reactivate', 'activated a colleague''s account again'),
        ('person.reset', 'sent a colleague a link to a new password'),
        ('business.change', 'changed the business''s name or phone'),
        ('agreement.accept', 'accepted the agreement with whoever runs Foyer'),
        ('business.location', 'changed a location''s address'),
        ('service.create', 'added a service'),
        ('service.change', 'changed a service'),
        ('service.put', 'put a service away, or brought it back'),
        ('form.create', 'began a form'),
        ('form.change', 'changed when a form is asked for'),
        ('form.put', 'put a form away, or brought it back'),
        ('form.draft', 'worked on the draft of a form'),
        ('form.translate', 'worked on a translation of a form'),
        ('form.publish', 'published a form'),
        ('form.withdraw', 'withdrew a form'),
        ('form.reminder', 'changed when clients are reminded of forms'),
        ('form.remind', 'reminded clients of forms that are due'),
        ('service.person', 'changed how somebody does a service'),
        ('addon.create', 'added an add-on'),
        ('addon.change', 'changed an add-on'),
        ('addon.put', 'put an add-on away, or brought it back'),
        ('unit.create', 'added a room or a device'),
        ('unit.change', 'changed a room or a device'),
        ('opening.change', 'changed the opening hours of a place'),
        ('closure.add', 'closed a place for some time'),
        ('closure.drop', 'took a closure back'),
        ('shift.week', 'changed somebody''s week'),
        ('shift.day', 'changed somebody''s hours of one day'),
        ('shift.day_drop', 'took back hours of one day'),
        ('licence.add', 'added a licence'),
        ('licence.drop', 'removed a licence'),
        ('time_off.ask', 'asked for time off'),
        ('time_off.withdraw', 'withdrew time off'),
        ('time_off.enter', 'entered time off for somebody'),
        ('time_off.decide', 'decided about time off'),
        ('closure.preview', 'looked at what a holiday calendar would close'),
        ('closure.import', 'read closures from a holiday calendar'),
        ('outside.add', 'added a calendar from elsewhere'),
        ('outside.drop', 'removed a calendar from elsewhere'),
        ('outside.now', 'had a calendar from elsewhere read at once'),
        ('outside.read', 'read a calendar from elsewhere'),
        ('rule.publish', 'changed the rules of booking'),
        ('unit.put', 'put a room or a device away, or brought it back'),
        ('tenant.new', 'set this business up'),
        ('tenant.messages', 'changed how many messages may go out in a day'),
        ('tenant.suspend', 'closed the pages of a business'),
        ('tenant.resume', 'opened the pages of a business again'),
        ('tenant.read', 'looked at a business'),
        ('tenant.list', 'looked at the list of businesses'),
        ('key.master_rotate', 'wrapped the keys of this business anew under a new master key'),
        ('key.master_retire', 'destroyed the master key of before'),
        ('key.rotate', 'gave this business a new key'),
        ('key.rewrap', 'sealed anew what an old key of this business had sealed'),
        ('key.destroy', 'destroyed an old key of this business'),
        ('support.ask', 'asked for support access'),
        ('support.approve', 'approved support access'),
        ('support.refuse', 'refused support access'),
        ('support.end', 'ended support access'),
        ('support.give_back', 'gave support access back'),
        ('support.ticket', 'opened a way in for support'),
        ('support.enter', 'came in for support'),
        ('support.read', 'looked at support access'),
        ('trail.retire', 'let a month of this trail go, as its term was over'),
        ('trail.keep', 'changed how long this trail is kept'),
        ('calendar.read', 'looked at a day of the calendar'),
        ('appointment.read', 'opened an appointment'),
        ('appointment.move', 'moved an appointment'),
        ('appointment.status', 'changed the state of an appointment'),
        ('appointment.create', 'booked an appointment'),
        ('appointment.over', 'booked an appointment over what was taken'),
        ('appointment.looked', 'looked at an appointment again and left it as it is'),
        ('appointment.waive', 'let a rule pass for an appointment'),
        ('calendar.export', 'took a list of appointments along as a file'),
        ('appointment.cancel', 'cancelled an appointment'),
        ('series.read', 'looked at a series of appointments'),
        ('series.create', 'booked a series of appointments'),
        ('series.change', 'changed a series of appointments'),
        ('waitlist.read', 'looked at the waitlist'),
        ('waitlist.join', 'put somebody on the waitlist'),
        ('waitlist.leave', 'took somebody off the waitlist'),
        ('waitlist.offer', 'offered a time to somebody on the waitlist'),
        ('waitlist.withdraw', 'took back a time that was offered'),
        ('waitlist.accept', 'took a time that was offered'),
        ('waitlist.decline', 'declined a time that was offered'),
        ('waitlist.fill', 'offered a time that had become free'),
        ('waitlist.look', 'offered a time that other hours had opened'),
        ('waitlist.lapse', 'ended an offer that nobody answered'),
        ('waitlist.settings', 'changed how long an offer stands'),
        ('booking.create', 'booked online'),
        ('booking.read', 'looked at a booking'),
        ('feed.make', 'made an address for a calendar program'),
        ('feed.revoke', 'revoked an address for a calendar program'),
        ('feed.read', 'had a calendar program read visits with details'),
        ('booking.move', 'moved a booking'),
        ('booking.cancel', 'cancelled a booking'),
        ('client.search', 'searched for clients'),
        ('client.read', 'opened a client''s page'),
        ('client.create', 'added a client'),
        ('client.update', 'changed a client''s details'),
        ('client.contact', 'changed how a client is reached'),
        ('client.photo', 'saw a client''s picture'),
        ('client.photo_change', 'put in a client''s picture, or took it away'),
        ('media.remove', 'took a removed file off the disk'),
        ('media.sweep', 'looked for files that nobody needs'),
        ('client.guardian', 'changed who answers for a client'),
        ('client.due', 'changed a client''s due date'),
        ('client.tag', 'changed a client''s tags'),
        ('client.field', 'changed what is noted of a client in fields of the business''s own'),
        ('correction.read', 'opened what was asked to be corrected'),
        ('correction.ask', 'asked for a correction'),
        ('correction.decide', 'decided about a correction'),
        ('correction.disagree', 'stated a disagreement with a refused correction'),
        ('correction.rebut', 'answered a statement of disagreement'),
        ('client.export', 'took out the list of clients as a file'),
        ('client.import', 'entered clients from a file'),
        ('client.import.list', 'looked at which files of clients were read in'),
        ('client.import.upload', 'chose a file of clients to read in'),
        ('client.import.look', 'looked at a file of clients'),
        ('client.import.map', 'said what the columns of a file of clients hold'),
        ('client.import.check', 'looked at the rows of a file of clients'),
        ('client.import.verdicts', 'took out what was found of the rows of a file of clients'),
        ('client.import.start', 'had a file of clients read in'),
        ('client.import.drop', 'removed a file of clients'),
        ('client.import.take', 'had the clients of a file taken out again'),
        ('client.import.undo', 'took the clients of a file out again'),
        ('client.duplicates', 'looked for records of the same person'),
        ('client.join', 'joined two records of the same person'),
        ('client.unjoin', 'took joined records apart again'),
        ('client.apart', 'said that two records are two people''s'),
        ('tag.change', 'changed the list of tags'),
        ('client_field.change', 'changed the business''s own fields of clients'),
        ('chart.read', 'read a chart'),
        ('consent.list', 'opened the list of what a client allowed'),
        ('chart.export', 'took a chart along, printed or as a file'),
        ('chart.pdf', 'set a chart as a file'),
        ('consent.read', 'read a signed form'),
        ('consent.withdraw', 'took back what was allowed'),
        ('guardian.prove', 'proved to be the guardian'),
        ('note.create', 'wrote a note'),
        ('note.sign', 'signed a note'),
        ('note.list', 'looked at the own notes that are not signed'),
        ('note.discard', 'discarded a draft of a note'),
        ('note.sealed', 'had the hash of a signed note kept here'),
        ('encounter.create', 'noted a treatment'),
        ('encounter.sign', 'signed a treatment, or added to a signed one'),
        ('encounter.sealed', 'had the hash of a signed treatment kept here'),
        ('encounter.added', 'had the hash of an addendum to a treatment kept here'),
        ('encounter.marked', 'had the hash of an error in a signed treatment kept here'),
        ('encounter.change', 'changed what is noted of a treatment'),
        ('encounter.void', 'marked a treatment as entered in error'),
        ('plan.create', 'made a treatment plan'),
        ('plan.change', 'changed a treatment plan'),
        ('recall.read', 'looked who had received a lot'),
        ('recall.export', 'took a list of who had received a lot as a file'),
        ('recall.prepare', 'prepared letters of a recall'),
        ('recall.send', 'sent the letters of a recall'),
        ('recall.print', 'had letters of a recall written on paper'),
        ('recall.paper', 'opened letters of a recall to print them'),
        ('product.create', 'added a product'),
        ('product.change', 'changed a product'),
        ('product.put', 'put a product away, or brought it back'),
        ('product.lot', 'registered a lot of a product'),
        ('product.lot_put', 'noted whether a lot is used up'),
        ('product.lot_received', 'corrected when a lot came'),
        ('note_template.create', 'added a template for notes'),
        ('note_template.change', 'changed a template for notes'),
        ('note_template.put', 'put a template for notes away, or brought it back'),
        ('allergy.create', 'added an allergy'),
        ('allergy.end', 'ended an allergy'),
        ('medication.create', 'added a medication'),
        ('medication.end', 'ended a medication'),
        ('condition.create', 'added a condition'),
        ('condition.end', 'ended a condition'),
        ('health.none_known', 'noted that nothing is known, or took that back'),
        ('form.again', 'asked for a form again'),
        ('form.ask', 'asked for a form by hand'),
        ('form.drop', 'said that a form is not needed'),
        ('form.look', 'looked again at what visits ask for'),
        ('signature.withdraw', 'took back a signed form'),
        ('form.code', 'had a code sent for signing a form'),
        ('form.declined', 'told the staff that a form was declined'),
        ('link.locked', 'told the staff that a link was locked'),
        ('correction.told', 'told a client how a correction was decided'),
        ('form.decline', 'did not want to sign a form'),
        ('form.desk', 'opened forms at the desk'),
        ('form.done', 'put the tablet away'),
        ('form.kiosk', 'handed over the tablet'),
        ('kiosk.leave', 'took the tablet back'),
        ('kiosk.pin', 'set a PIN for the tablet'),
        ('form.send', 'sent a link to forms'),
        ('form.unsigned', 'looked who has forms to sign'),
        ('form.read', 'opened a form'),
        ('form.save', 'saved a form'),
        ('form.attach', 'attached files to a form'),
        ('form.file', 'opened a file attached to a form'),
        ('form.files', 'had the hashes of files attached to a signed form kept here'),
        ('consent.file', 'opened a file attached to a signed form'),
        ('form.sign', 'signed a form'),
        ('form.sealed', 'had the hash of a signed form kept here'),
        ('form.verify', 'asked whether a document was signed here'),
        ('form.copy', 'took a copy of a form'),
        ('form.copy.send', 'sent a link to the copy of a signed form'),
        ('form.try', 'tried a form as a client would see it'),
        ('form.paper', 'noted that a form was signed on paper'),
        ('form.pdf', 'made the copy of a signed form'),
        ('form.pdfs', 'looked for signed forms without a copy'),
        ('consent.copy', 'downloaded a signed form'),
        ('copies.change', 'changed when copies of signed forms are sent'),
        ('link.prove', 'gave a date of birth'),
        ('message.list', 'looked through the messages'),
        ('message.read', 'opened a message'),
        ('message.send', 'sent a message'),
        ('messaging.choose', 'chose which messages may be sent'),
        ('messaging.note', 'noted what may be sent to a client'),
        ('messaging.wording', 'changed the words that clients agree to'),
        ('report.read', 'looked at a report'),
        ('report.export', 'took a report along as a file'),
        ('role.create', 'made a role'),
        ('role.change', 'changed what a role may do'),
        ('role.remove', 'removed a role'),
        ('access.read', 'looked through who may do what'),
        ('access.export', 'took a file of who may do what'),
        ('access.sign', 'signed off who may do what'),
        ('emergency.ask', 'went to open a chart in an emergency'),
        ('emergency.list', 'looked through the emergencies'),
        ('emergency.open', 'opened a client''s chart in an emergency'),
        ('emergency.end', 'ended an emergency'),
        ('emergency.review', 'looked at what was opened in an emergency'),
        ('emergency.officer', 'chose who looks after privacy'),
        ('audit.read', 'read the audit trail'),
        ('audit.event', 'read one row of the audit trail, with its proof'),
        ('audit.export', 'had a copy of the audit trail made'),
        ('audit.export.list', 'looked at the copies of the audit trail'),
        ('audit.export.read', 'downloaded a copy of the audit trail'),
        ('audit.review', 'read the review of unusual access'),
        ('audit.review.gather', 'gathered the review of a week'),
        ('audit.review.sign', 'signed the review of a week'),
        ('trail.digest', 'mailed the day''s signed head of the trail'),
        ('trail.review', 'gathered the review of unusual access'),
        ('trail.export', 'made a copy of the audit trail'),
        ('looked.read', 'looked who had opened the record'),
        ('client.watch', 'put a client under watch'),
        ('client.unwatch', 'ended the watch over a client'),
        ('client.erase', 'erased a client'),
        ('message.opt_out', 'noted that an address wants no more messages'),
        ('message.opt_in', 'noted that an address wants messages again'),
        ('system.restore', 'restored this business from a backup'),
        ('objections.list', 'wrote what clients had taken back beside the backups'),
        ('restore.replay', 'did once more what had been erased or ended since the backup'),
        ('operator.command', 'worked with the operator''s command'),
        ('job.claim', 'took up work that waited'),
        ('privacy.change', 'changed what clients read of who looked')
    ) AS w (action, words)
$$;

-- What an action of the trail means. A refused page without an action of its own stands for itself.
CREATE OR REPLACE FUNCTION app.action_words(action text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT coalesce((SELECT w.words FROM app.actions() w WHERE w.action = action_words.action),
        CASE WHEN action LIKE 'GET /%' THEN 'asked for the page ' || regexp_replace(substr(action, 5), ':[a-z]+\}', '}', 'g')
             WHEN action LIKE 'POST /%' THEN 'sent a form to ' || regexp_replace(substr(action, 6), ':[a-z]+\}', '}', 'g')
        END, action)
$$;

GRANT EXECUTE ON FUNCTION app.zone(), app.zone_words(text), app.part_of_day(timestamp), app.message_state_words(text), app.message_problem_words(text), app.actions(), app.action_words(text), app.actor_words(text) TO foyer_staff, foyer_public, foyer_slow, foyer_jobs;
GRANT EXECUTE ON FUNCTION app.zone(), app.actions(), app.action_words(text), app.actor_words(text) TO foyer_audit_reader, foyer_seal_owner;
RESET ROLE;
