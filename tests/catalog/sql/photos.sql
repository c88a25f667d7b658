-- add_location
UPDATE locations SET state=? WHERE locations.uri = ? AND locations.photo_id != ? AND locations.state = ?;
UPDATE locations SET state=?, fingerprint=?, seen_at=?, quarantined_at=? WHERE locations.uri = ? AND locations.photo_id = ? AND locations.grant_id = ?;
INSERT INTO locations (photo_id, grant_id, uri, state, fingerprint, added_at, seen_at, quarantined_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- add_photo
SELECT photos.id
FROM photos
WHERE photos.sha256 = ?;
INSERT INTO photos (sha256, size_bytes, width_px, height_px, media_type, caption, credit, copyright, first_seen_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id;

-- correct_credit
UPDATE photos SET credit=? WHERE photos.sha256 = ?;

-- find_photo_id
SELECT photos.id
FROM photos
WHERE photos.sha256 = ?;

-- is_known
SELECT locations.id
FROM locations
WHERE locations.uri = ? AND locations.fingerprint = ? AND locations.grant_id = ? AND locations.state = ? AND (EXISTS (SELECT *
FROM indexed_photos
WHERE indexed_photos.photo_id = locations.photo_id AND indexed_photos.collection_id = ?))
 LIMIT ? OFFSET ?;

-- iter_photo_uuids
SELECT photos.sha256
FROM photos;

-- find_photos_at
SELECT locations.photo_id
FROM locations
WHERE locations.uri = ? AND locations.grant_id = ? AND locations.state = ?;

-- iter_present_uris
SELECT locations.id, locations.uri
FROM locations
WHERE locations.grant_id = ? AND locations.state = ? AND (locations.uri LIKE ? || '%' ESCAPE '/');

-- iter_uris
SELECT locations.id, locations.uri
FROM locations
WHERE locations.grant_id = ? AND locations.state != ?;

-- mark_vanished
UPDATE locations SET state=? WHERE locations.id = ?;

-- quarantine
UPDATE locations SET state=?, quarantined_at=? WHERE locations.id = ?;
