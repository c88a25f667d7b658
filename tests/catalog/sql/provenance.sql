-- find_photo
SELECT photos.id, photos.sha256, photos.media_type, photos.width_px, photos.height_px, photos.first_seen_at
FROM photos
WHERE photos.sha256 = ?;

-- iter_indexings
SELECT indexed_photos.id, indexed_photos.indexed_at, indexed_photos.dropped, collections.name
FROM indexed_photos JOIN collections ON collections.id = indexed_photos.collection_id
WHERE indexed_photos.photo_id = ? ORDER BY indexed_photos.id;
SELECT faces.uuid
FROM faces
WHERE faces.indexed_photo_id = ? ORDER BY faces.id;

-- iter_places
SELECT locations.uri, locations.state, locations.added_at, locations.seen_at, grants.uuid
FROM locations JOIN grants ON grants.id = locations.grant_id
WHERE locations.photo_id = ? ORDER BY locations.id;
