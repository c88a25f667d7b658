-- add_key
INSERT INTO access_keys (key_id, user_id, grant_uuid, name, operations, collections, purpose, calls_a_minute, made_at, expires_at) VALUES (?, (SELECT users.id
FROM users
WHERE users.uuid = ?), ?, ?, ?, ?, ?, ?, ?, ?);
SELECT access_keys.id, access_keys.key_id, access_keys.user_id, access_keys.grant_uuid, access_keys.name, access_keys.operations AS operations, access_keys.collections AS collections, access_keys.purpose, access_keys.calls_a_minute, access_keys.made_at AS made_at, access_keys.expires_at AS expires_at, access_keys.revoked_at AS revoked_at, access_keys.last_used_on AS last_used_on, users.uuid AS owner_uuid
FROM access_keys JOIN users ON users.id = access_keys.user_id
WHERE access_keys.key_id = ? ORDER BY access_keys.id;

-- find_key
SELECT access_keys.id, access_keys.key_id, access_keys.user_id, access_keys.grant_uuid, access_keys.name, access_keys.operations AS operations, access_keys.collections AS collections, access_keys.purpose, access_keys.calls_a_minute, access_keys.made_at AS made_at, access_keys.expires_at AS expires_at, access_keys.revoked_at AS revoked_at, access_keys.last_used_on AS last_used_on, users.uuid AS owner_uuid
FROM access_keys JOIN users ON users.id = access_keys.user_id
WHERE access_keys.key_id = ? ORDER BY access_keys.id;

-- get_key
SELECT access_keys.id, access_keys.key_id, access_keys.user_id, access_keys.grant_uuid, access_keys.name, access_keys.operations AS operations, access_keys.collections AS collections, access_keys.purpose, access_keys.calls_a_minute, access_keys.made_at AS made_at, access_keys.expires_at AS expires_at, access_keys.revoked_at AS revoked_at, access_keys.last_used_on AS last_used_on, users.uuid AS owner_uuid
FROM access_keys JOIN users ON users.id = access_keys.user_id
WHERE access_keys.key_id = ? ORDER BY access_keys.id;

-- iter_keys
SELECT access_keys.id, access_keys.key_id, access_keys.user_id, access_keys.grant_uuid, access_keys.name, access_keys.operations AS operations, access_keys.collections AS collections, access_keys.purpose, access_keys.calls_a_minute, access_keys.made_at AS made_at, access_keys.expires_at AS expires_at, access_keys.revoked_at AS revoked_at, access_keys.last_used_on AS last_used_on, users.uuid AS owner_uuid
FROM access_keys JOIN users ON users.id = access_keys.user_id ORDER BY access_keys.id;

-- note_use
UPDATE access_keys SET last_used_on=? WHERE access_keys.key_id = ?;

-- revoke_key
SELECT access_keys.id, access_keys.key_id, access_keys.user_id, access_keys.grant_uuid, access_keys.name, access_keys.operations AS operations, access_keys.collections AS collections, access_keys.purpose, access_keys.calls_a_minute, access_keys.made_at AS made_at, access_keys.expires_at AS expires_at, access_keys.revoked_at AS revoked_at, access_keys.last_used_on AS last_used_on, users.uuid AS owner_uuid
FROM access_keys JOIN users ON users.id = access_keys.user_id
WHERE access_keys.key_id = ? ORDER BY access_keys.id;
UPDATE access_keys SET revoked_at=? WHERE access_keys.key_id = ?;
SELECT access_keys.id, access_keys.key_id, access_keys.user_id, access_keys.grant_uuid, access_keys.name, access_keys.operations AS operations, access_keys.collections AS collections, access_keys.purpose, access_keys.calls_a_minute, access_keys.made_at AS made_at, access_keys.expires_at AS expires_at, access_keys.revoked_at AS revoked_at, access_keys.last_used_on AS last_used_on, users.uuid AS owner_uuid
FROM access_keys JOIN users ON users.id = access_keys.user_id
WHERE access_keys.key_id = ? ORDER BY access_keys.id;
