-- find_places
SELECT DISTINCT locations.uri
FROM locations JOIN photos ON photos.id = locations.photo_id
WHERE photos.sha256 = ?;

-- find_recoveries
SELECT suppressions.uuid, suppressions.recovery
FROM suppressions;

-- find_uuids
SELECT suppressions.uuid
FROM suppressions;

-- get_suppression
SELECT suppressions.id, suppressions.uuid, suppressions.level, suppressions.made_at, suppressions.sealed, suppressions.portrait, suppressions.recovery
FROM suppressions
WHERE suppressions.uuid = ?;

-- iter_held_photos
SELECT photos.sha256, indexed_photos.blob_id
FROM indexed_photos JOIN photos ON photos.id = indexed_photos.photo_id;
SELECT photos.sha256, indexed_photos.blob_id
FROM indexed_photos JOIN photos ON photos.id = indexed_photos.photo_id
WHERE photos.sha256 = ?;

-- iter_suppressions
SELECT suppressions.id, suppressions.uuid, suppressions.level, suppressions.made_at, suppressions.sealed, suppressions.portrait, suppressions.recovery
FROM suppressions ORDER BY suppressions.id;

-- put_recoveries
UPDATE suppressions SET recovery=? WHERE suppressions.uuid = ?;

-- record_suppression
UPDATE suppressions SET level=?, made_at=?, sealed=?, portrait=?, recovery=? WHERE suppressions.uuid = ?;
INSERT INTO suppressions (uuid, level, made_at, sealed, portrait, recovery) VALUES (?, ?, ?, ?, ?, ?);
