-- create_collection
SELECT collections.id, collections.uuid, collections.name, collections.basis, collections.purposes AS purposes, collections.assessment, collections.retention_days, collections.confirmations, collections.model_id, collections.model_digest, collections.dimension, collections.slot, collections.next_digest, collections.created_at AS created_at, collections.revision
FROM collections
WHERE collections.name = ?;
INSERT INTO collections (uuid, name, basis, purposes, assessment, retention_days, confirmations, model_id, model_digest, dimension, slot, next_digest, created_at, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
SELECT collections.id, collections.uuid, collections.name, collections.basis, collections.purposes AS purposes, collections.assessment, collections.retention_days, collections.confirmations, collections.model_id, collections.model_digest, collections.dimension, collections.slot, collections.next_digest, collections.created_at AS created_at, collections.revision
FROM collections
WHERE collections.name = ?;

-- find_collection
SELECT collections.id, collections.uuid, collections.name, collections.basis, collections.purposes AS purposes, collections.assessment, collections.retention_days, collections.confirmations, collections.model_id, collections.model_digest, collections.dimension, collections.slot, collections.next_digest, collections.created_at AS created_at, collections.revision
FROM collections
WHERE collections.name = ?;

-- get_collection
SELECT collections.id, collections.uuid, collections.name, collections.basis, collections.purposes AS purposes, collections.assessment, collections.retention_days, collections.confirmations, collections.model_id, collections.model_digest, collections.dimension, collections.slot, collections.next_digest, collections.created_at AS created_at, collections.revision
FROM collections
WHERE collections.name = ?;

-- is_there
SELECT collections.id
FROM collections
WHERE collections.id = ?;

-- iter_collections
SELECT collections.id, collections.uuid, collections.name, collections.basis, collections.purposes AS purposes, collections.assessment, collections.retention_days, collections.confirmations, collections.model_id, collections.model_digest, collections.dimension, collections.slot, collections.next_digest, collections.created_at AS created_at, collections.revision
FROM collections ORDER BY collections.id;

-- raise_revision
UPDATE collections SET revision=(collections.revision + ?) WHERE collections.id = ?;

-- set_next_model
UPDATE collections SET next_digest=? WHERE collections.id = ?;

-- switch_model
SELECT collections.id, collections.uuid, collections.name, collections.basis, collections.purposes AS purposes, collections.assessment, collections.retention_days, collections.confirmations, collections.model_id, collections.model_digest, collections.dimension, collections.slot, collections.next_digest, collections.created_at AS created_at, collections.revision
FROM collections
WHERE collections.name = ?;
UPDATE collections SET model_id=?, model_digest=?, dimension=?, slot=?, revision=(collections.revision + ?) WHERE collections.id = ?;
