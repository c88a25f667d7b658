-- add_faces
INSERT INTO faces (uuid, collection_id, indexed_photo_id, person_id, x1, y1, x2, y2, landmarks, confidence) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- find_first_indexings
SELECT indexed_photos.collection_id, min(indexed_photos.indexed_at) AS indexed_at
FROM indexed_photos GROUP BY indexed_photos.collection_id;

-- index_photo
SELECT photos.id
FROM photos
WHERE photos.sha256 = ?;
INSERT INTO photos (sha256, size_bytes, width_px, height_px, media_type, caption, credit, copyright, first_seen_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id;
INSERT INTO indexed_photos (collection_id, photo_id, blob_id, indexed_at, dropped, scanned_to) VALUES (?, ?, ?, ?, ?, ?) RETURNING id;
INSERT INTO faces (uuid, collection_id, indexed_photo_id, person_id, x1, y1, x2, y2, landmarks, confidence) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- is_indexed
SELECT indexed_photos.id
FROM indexed_photos JOIN photos ON photos.id = indexed_photos.photo_id
WHERE photos.sha256 = ? AND indexed_photos.collection_id = ?;
