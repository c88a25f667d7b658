-- add_user
INSERT INTO users (uuid, reference, name, role, state, collections, purposes, password, second_factor, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
SELECT users.id, users.uuid, users.reference, users.name, users.role, users.state, users.collections AS collections, users.purposes AS purposes, users.password, users.second_factor, users.created_at AS created_at
FROM users
WHERE users.uuid = ? ORDER BY users.id;

-- find_user_by_name
SELECT users.id, users.uuid, users.reference, users.name, users.role, users.state, users.collections AS collections, users.purposes AS purposes, users.password, users.second_factor, users.created_at AS created_at
FROM users
WHERE users.reference = ? ORDER BY users.id;

-- get_user
SELECT users.id, users.uuid, users.reference, users.name, users.role, users.state, users.collections AS collections, users.purposes AS purposes, users.password, users.second_factor, users.created_at AS created_at
FROM users
WHERE users.uuid = ? ORDER BY users.id;

-- iter_users
SELECT users.id, users.uuid, users.reference, users.name, users.role, users.state, users.collections AS collections, users.purposes AS purposes, users.password, users.second_factor, users.created_at AS created_at
FROM users ORDER BY users.id;

-- update_user
UPDATE users SET reference=?, name=?, role=?, state=?, collections=?, purposes=?, password=?, second_factor=?, created_at=? WHERE users.uuid = ?;
SELECT users.id, users.uuid, users.reference, users.name, users.role, users.state, users.collections AS collections, users.purposes AS purposes, users.password, users.second_factor, users.created_at AS created_at
FROM users
WHERE users.uuid = ? ORDER BY users.id;
