-- create_collection
SELECT collections.id, collections.uuid, collections.name, collections.basis, collections.model_id, collections.model_digest, collections.dimension, collections.created_at, collections.revision
FROM collections
WHERE collections.name = ?;
INSERT INTO collections (uuid, name, basis, model_id, model_digest, dimension, created_at, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?);
SELECT collections.id, collections.uuid, collections.name, collections.basis, collections.model_id, collections.model_digest, collections.dimension, collections.created_at, collections.revision
FROM collections
WHERE collections.name = ?;

-- find_collection
SELECT collections.id, collections.uuid, collections.name, collections.basis, collections.model_id, collections.model_digest, collections.dimension, collections.created_at, collections.revision
FROM collections
WHERE collections.name = ?;

-- get_collection
SELECT collections.id, collections.uuid, collections.name, collections.basis, collections.model_id, collections.model_digest, collections.dimension, collections.created_at, collections.revision
FROM collections
WHERE collections.name = ?;

-- iter_collections
SELECT collections.id, collections.uuid, collections.name, collections.basis, collections.model_id, collections.model_digest, collections.dimension, collections.created_at, collections.revision
FROM collections ORDER BY collections.id;

-- raise_revision
UPDATE collections SET revision=(collections.revision + ?) WHERE collections.id = ?;
