-- add_key
INSERT INTO api_keys (uuid, reference, user_id, name, operations, collections, purposes, calls_a_minute, made_at, expires_at) VALUES (?, ?, (SELECT users.id
FROM users
WHERE users.uuid = ?), ?, ?, ?, ?, ?, ?, ?);
SELECT api_keys.id, api_keys.uuid, api_keys.reference, api_keys.user_id, api_keys.name, api_keys.operations AS operations, api_keys.collections AS collections, api_keys.purposes AS purposes, api_keys.calls_a_minute, api_keys.made_at AS made_at, api_keys.expires_at AS expires_at, api_keys.revoked_at AS revoked_at, api_keys.last_used_on AS last_used_on, users.uuid AS owner_uuid
FROM api_keys JOIN users ON users.id = api_keys.user_id
WHERE api_keys.uuid = ? ORDER BY api_keys.id;

-- find_key
SELECT api_keys.id, api_keys.uuid, api_keys.reference, api_keys.user_id, api_keys.name, api_keys.operations AS operations, api_keys.collections AS collections, api_keys.purposes AS purposes, api_keys.calls_a_minute, api_keys.made_at AS made_at, api_keys.expires_at AS expires_at, api_keys.revoked_at AS revoked_at, api_keys.last_used_on AS last_used_on, users.uuid AS owner_uuid
FROM api_keys JOIN users ON users.id = api_keys.user_id
WHERE api_keys.reference = ? ORDER BY api_keys.id;

-- get_key
SELECT api_keys.id, api_keys.uuid, api_keys.reference, api_keys.user_id, api_keys.name, api_keys.operations AS operations, api_keys.collections AS collections, api_keys.purposes AS purposes, api_keys.calls_a_minute, api_keys.made_at AS made_at, api_keys.expires_at AS expires_at, api_keys.revoked_at AS revoked_at, api_keys.last_used_on AS last_used_on, users.uuid AS owner_uuid
FROM api_keys JOIN users ON users.id = api_keys.user_id
WHERE api_keys.uuid = ? ORDER BY api_keys.id;

-- iter_keys
SELECT api_keys.id, api_keys.uuid, api_keys.reference, api_keys.user_id, api_keys.name, api_keys.operations AS operations, api_keys.collections AS collections, api_keys.purposes AS purposes, api_keys.calls_a_minute, api_keys.made_at AS made_at, api_keys.expires_at AS expires_at, api_keys.revoked_at AS revoked_at, api_keys.last_used_on AS last_used_on, users.uuid AS owner_uuid
FROM api_keys JOIN users ON users.id = api_keys.user_id ORDER BY api_keys.id;

-- note_use
UPDATE api_keys SET last_used_on=? WHERE api_keys.uuid = ?;

-- revoke_key
SELECT api_keys.id, api_keys.uuid, api_keys.reference, api_keys.user_id, api_keys.name, api_keys.operations AS operations, api_keys.collections AS collections, api_keys.purposes AS purposes, api_keys.calls_a_minute, api_keys.made_at AS made_at, api_keys.expires_at AS expires_at, api_keys.revoked_at AS revoked_at, api_keys.last_used_on AS last_used_on, users.uuid AS owner_uuid
FROM api_keys JOIN users ON users.id = api_keys.user_id
WHERE api_keys.uuid = ? ORDER BY api_keys.id;
UPDATE api_keys SET revoked_at=? WHERE api_keys.uuid = ?;
SELECT api_keys.id, api_keys.uuid, api_keys.reference, api_keys.user_id, api_keys.name, api_keys.operations AS operations, api_keys.collections AS collections, api_keys.purposes AS purposes, api_keys.calls_a_minute, api_keys.made_at AS made_at, api_keys.expires_at AS expires_at, api_keys.revoked_at AS revoked_at, api_keys.last_used_on AS last_used_on, users.uuid AS owner_uuid
FROM api_keys JOIN users ON users.id = api_keys.user_id
WHERE api_keys.uuid = ? ORDER BY api_keys.id;
