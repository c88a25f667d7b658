-- add_faces
INSERT INTO faces (uuid, collection_id, indexed_photo_id, person_id, x1, y1, x2, y2, landmarks, confidence, quality) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- close_photos
UPDATE indexed_photos SET scanned_to=? WHERE indexed_photos.blob_id = ?;

-- count_stale
SELECT count(*) AS count_1
FROM indexed_photos
WHERE indexed_photos.collection_id = ? AND indexed_photos.scanned_to < ? AND indexed_photos.photo_id IN (SELECT locations.photo_id
FROM locations
WHERE locations.state = ?);

-- find_boxes
SELECT faces.x1, faces.y1, faces.x2, faces.y2
FROM faces
WHERE faces.indexed_photo_id = ?;

-- find_first_indexings
SELECT indexed_photos.collection_id, min(indexed_photos.indexed_at) AS indexed_at
FROM indexed_photos GROUP BY indexed_photos.collection_id;

-- find_stale
SELECT indexed_photos.id, indexed_photos.blob_id, indexed_photos.quality_filter, photos.sha256, locations.uri, grants.uuid AS grant_uuid
FROM indexed_photos JOIN photos ON photos.id = indexed_photos.photo_id JOIN locations ON locations.photo_id = photos.id JOIN grants ON grants.id = locations.grant_id
WHERE indexed_photos.id IN (SELECT indexed_photos.id
FROM indexed_photos
WHERE indexed_photos.collection_id = ? AND indexed_photos.scanned_to < ? AND indexed_photos.id > ? ORDER BY indexed_photos.id
 LIMIT ? OFFSET ?) AND locations.state = ? ORDER BY indexed_photos.id, locations.id;

-- index_photo
SELECT photos.id
FROM photos
WHERE photos.sha256 = ?;
INSERT INTO photos (sha256, size_bytes, width_px, height_px, media_type, caption, credit, copyright, first_seen_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id;
INSERT INTO indexed_photos (collection_id, photo_id, blob_id, indexed_at, dropped, unfit, quality_filter, scanned_to) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id;
INSERT INTO faces (uuid, collection_id, indexed_photo_id, person_id, x1, y1, x2, y2, landmarks, confidence, quality) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- is_indexed
SELECT indexed_photos.id
FROM indexed_photos JOIN photos ON photos.id = indexed_photos.photo_id
WHERE photos.sha256 = ? AND indexed_photos.collection_id = ?;

-- is_there
SELECT indexed_photos.id
FROM indexed_photos
WHERE indexed_photos.id = ?;

-- mark_scanned
UPDATE indexed_photos SET dropped=?, unfit=?, scanned_to=? WHERE indexed_photos.id = ? AND indexed_photos.scanned_to < ?;

-- may_reopen
SELECT indexed_photos.id
FROM indexed_photos
WHERE indexed_photos.collection_id = ? AND indexed_photos.unfit > ? AND indexed_photos.quality_filter IN (?, ?, ?)
 LIMIT ? OFFSET ?;

-- reopen
UPDATE indexed_photos SET quality_filter=?, scanned_to=? WHERE indexed_photos.photo_id = ? AND indexed_photos.collection_id = ? AND indexed_photos.unfit > ? AND indexed_photos.quality_filter IN (?, ?, ?, ?) AND indexed_photos.scanned_to < ?;
