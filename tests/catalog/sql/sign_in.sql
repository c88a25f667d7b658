-- add_link
INSERT INTO one_time_links (reference, user_id, purpose, expires_at) VALUES (?, (SELECT users.id
FROM users
WHERE users.uuid = ?), ?, ?);

-- add_session
INSERT INTO sessions (uuid, reference, user_id, made_at, seen_at, expires_at) VALUES (?, ?, (SELECT users.id
FROM users
WHERE users.uuid = ?), ?, ?, ?);

-- delete_links
DELETE FROM one_time_links WHERE one_time_links.reference IN (?);

-- delete_sessions
DELETE FROM sessions WHERE sessions.uuid IN (?);

-- delete_tries
DELETE FROM failed_tries WHERE failed_tries.reference = ?;

-- find_expired_links
SELECT one_time_links.id, one_time_links.reference, one_time_links.user_id, one_time_links.purpose, one_time_links.expires_at AS expires_at, users.uuid AS user_uuid
FROM one_time_links JOIN users ON users.id = one_time_links.user_id
WHERE one_time_links.expires_at <= ? ORDER BY one_time_links.id;

-- find_expired_sessions
SELECT sessions.id, sessions.uuid, sessions.reference, sessions.user_id, sessions.made_at AS made_at, sessions.seen_at AS seen_at, sessions.expires_at AS expires_at, users.uuid AS user_uuid
FROM sessions JOIN users ON users.id = sessions.user_id
WHERE sessions.expires_at <= ? ORDER BY sessions.id;

-- find_link
SELECT one_time_links.id, one_time_links.reference, one_time_links.user_id, one_time_links.purpose, one_time_links.expires_at AS expires_at, users.uuid AS user_uuid
FROM one_time_links JOIN users ON users.id = one_time_links.user_id
WHERE one_time_links.reference = ?;

-- find_links_of
SELECT one_time_links.id, one_time_links.reference, one_time_links.user_id, one_time_links.purpose, one_time_links.expires_at AS expires_at, users.uuid AS user_uuid
FROM one_time_links JOIN users ON users.id = one_time_links.user_id
WHERE users.uuid = ? ORDER BY one_time_links.id;

-- find_session
SELECT sessions.id, sessions.uuid, sessions.reference, sessions.user_id, sessions.made_at AS made_at, sessions.seen_at AS seen_at, sessions.expires_at AS expires_at, users.uuid AS user_uuid
FROM sessions JOIN users ON users.id = sessions.user_id
WHERE sessions.reference = ?;

-- find_sessions_of
SELECT sessions.id, sessions.uuid, sessions.reference, sessions.user_id, sessions.made_at AS made_at, sessions.seen_at AS seen_at, sessions.expires_at AS expires_at, users.uuid AS user_uuid
FROM sessions JOIN users ON users.id = sessions.user_id
WHERE users.uuid = ? ORDER BY sessions.id;

-- find_tries
SELECT failed_tries.id, failed_tries.reference, failed_tries.failures, failed_tries.last_at, failed_tries.blocked_until
FROM failed_tries
WHERE failed_tries.reference = ?;

-- forget_tries
DELETE FROM failed_tries WHERE failed_tries.last_at < ?;

-- note_seen
UPDATE sessions SET seen_at=? WHERE sessions.uuid = ?;

-- put_tries
DELETE FROM failed_tries WHERE failed_tries.reference = ?;
INSERT INTO failed_tries (reference, failures, last_at, blocked_until) VALUES (?, ?, ?, ?);

-- use_code
DELETE FROM used_codes WHERE used_codes.user_id = (SELECT users.id
FROM users
WHERE users.uuid = ?) AND used_codes.step < ?;
INSERT INTO used_codes (user_id, step) VALUES ((SELECT users.id
FROM users
WHERE users.uuid = ?), ?);
