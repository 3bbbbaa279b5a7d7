-- name: invitation_link :one
-- What the page of a mailed link may say: for whom it is, and what becomes of it.
-- clients: none
SELECT k.kind, k.person, k.email, k.new_email, k.role_names, k.other_is_open
FROM sec.account_link(:account_token::bytea, :wanted) k;

-- name: invitation_accept :one
-- She joins, with the password that she has chosen.
-- clients: none
SELECT a.staff_id, a.email
FROM sec.invite_accept(:account_token::bytea, :new_phc) a;
