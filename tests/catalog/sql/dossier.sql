-- find_photo_ids
SELECT indexed_photos.photo_id
FROM indexed_photos JOIN faces ON indexed_photos.id = faces.indexed_photo_id
WHERE faces.id IN (?);
SELECT indexed_photos.photo_id
FROM indexed_photos JOIN faces ON indexed_photos.id = faces.indexed_photo_id
WHERE faces.person_id IN (?);
SELECT locations.photo_id
FROM locations
WHERE locations.id IN (?);
SELECT locations.photo_id
FROM locations
WHERE locations.grant_id IN (?, ?);

-- iter_held
SELECT locations.id, locations.photo_id, locations.grant_id, locations.uri, locations.state, locations.fingerprint, locations.added_at, locations.seen_at, locations.quarantined_at
FROM locations
WHERE locations.photo_id IN (?) ORDER BY locations.id;
SELECT faces.id, faces.uuid, faces.collection_id, faces.indexed_photo_id, faces.person_id, faces.x1, faces.y1, faces.x2, faces.y2, faces.landmarks, faces.confidence, faces.quality
FROM faces JOIN indexed_photos ON indexed_photos.id = faces.indexed_photo_id
WHERE indexed_photos.photo_id IN (?) ORDER BY faces.id;
SELECT indexed_photos.id, indexed_photos.collection_id, indexed_photos.photo_id, indexed_photos.blob_id, indexed_photos.indexed_at, indexed_photos.dropped, indexed_photos.unfit, indexed_photos.quality_filter, indexed_photos.scanned_to, collections.name
FROM indexed_photos JOIN collections ON collections.id = indexed_photos.collection_id
WHERE indexed_photos.photo_id IN (?) ORDER BY indexed_photos.id;
SELECT locations.photo_id, image_names.name
FROM image_names JOIN locations ON locations.id = image_names.location_id
WHERE locations.photo_id IN (?) ORDER BY image_names.id;
SELECT originals.photo_id
FROM originals
WHERE originals.photo_id IN (?);
SELECT photos.id, photos.sha256, photos.size_bytes, photos.width_px, photos.height_px, photos.media_type, photos.caption, photos.credit, photos.copyright, photos.first_seen_at
FROM photos
WHERE photos.id IN (?) ORDER BY photos.id;
