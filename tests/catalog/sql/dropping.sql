-- delete_collection
SELECT collections.id, collections.uuid, collections.name, collections.basis, collections.purposes AS purposes, collections.assessment, collections.retention_days, collections.confirmations, collections.model_id, collections.model_digest, collections.dimension, collections.slot, collections.next_digest, collections.created_at AS created_at, collections.revision
FROM collections
WHERE collections.name = ?;
INSERT INTO collections (uuid, name, basis, purposes, assessment, retention_days, confirmations, model_id, model_digest, dimension, slot, next_digest, created_at, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
SELECT collections.id, collections.uuid, collections.name, collections.basis, collections.purposes AS purposes, collections.assessment, collections.retention_days, collections.confirmations, collections.model_id, collections.model_digest, collections.dimension, collections.slot, collections.next_digest, collections.created_at AS created_at, collections.revision
FROM collections
WHERE collections.name = ?;
DELETE FROM tags WHERE tags.collection_id = ?;
DELETE FROM runs WHERE runs.collection_id = ?;
DELETE FROM collections WHERE collections.id = ?;

-- is_shared
SELECT (EXISTS (SELECT *
FROM indexed_photos
WHERE indexed_photos.collection_id = ? AND NOT (EXISTS (SELECT *
FROM locations
WHERE locations.photo_id = indexed_photos.photo_id AND locations.grant_id = ?)))) OR (EXISTS (SELECT *
FROM links
WHERE links.collection_id = ?)) OR (EXISTS (SELECT *
FROM face_groups
WHERE face_groups.collection_id = ? AND face_groups.grant_id != ?)) AS anon_1;

-- select_added
SELECT indexed_photos.id
FROM indexed_photos
WHERE indexed_photos.collection_id = ? AND (EXISTS (SELECT *
FROM locations
WHERE locations.photo_id = indexed_photos.photo_id AND locations.grant_id = ?));
SELECT face_groups.id
FROM face_groups
WHERE face_groups.collection_id = ? AND face_groups.grant_id = ?;

-- select_held_faces
SELECT faces.id, faces.indexed_photo_id
FROM faces
WHERE faces.indexed_photo_id IN (SELECT faces.indexed_photo_id
FROM faces
WHERE faces.id IN (?));
