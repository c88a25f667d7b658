-- count_faces
SELECT count(*) AS count_1
FROM faces
WHERE faces.collection_id = ?;
SELECT count(*) AS count_1
FROM faces
WHERE faces.collection_id = ? AND faces.id <= ?;

-- count_photos
SELECT count(*) AS count_1
FROM indexed_photos
WHERE indexed_photos.collection_id = ?;

-- find_kept_for
SELECT faces.id, faces.person_id
FROM faces
WHERE faces.id IN (?, ?);

-- find_faces_by_uuid
SELECT faces.id
FROM faces
WHERE faces.uuid IN (?);

-- find_newer_ids
SELECT faces.id
FROM faces
WHERE faces.collection_id = ? AND faces.id > ? ORDER BY faces.id;

-- find_stored_faces
SELECT faces.id, faces.uuid, photos.sha256, indexed_photos.blob_id
FROM faces JOIN indexed_photos ON indexed_photos.id = faces.indexed_photo_id JOIN photos ON photos.id = indexed_photos.photo_id
WHERE faces.id IN (?, ?);

-- find_visible_faces
SELECT faces.id, faces.uuid, faces.x1, faces.y1, faces.x2, faces.y2, faces.confidence, faces.person_id, faces.quality, photos.width_px, photos.height_px, photos.caption, photos.credit, photos.copyright, photos.sha256, indexed_photos.blob_id, locations.uri, locations.grant_id
FROM faces JOIN indexed_photos ON indexed_photos.id = faces.indexed_photo_id JOIN photos ON photos.id = indexed_photos.photo_id JOIN locations ON locations.photo_id = photos.id
WHERE faces.id IN (?, ?) AND faces.collection_id = ? AND 1 = 1 AND locations.state = ? AND (locations.grant_id + ? IN (?) OR locations.grant_id + ? IN (?) AND locations.added_at > ?) ORDER BY faces.id, locations.id;

-- iter_blob_ids
SELECT indexed_photos.blob_id
FROM indexed_photos;

-- iter_face_uuids
SELECT faces.uuid
FROM faces;

-- iter_identities
SELECT faces.id, faces.uuid
FROM faces
WHERE faces.collection_id = ? ORDER BY faces.id;

-- iter_visible_ids
SELECT faces.id
FROM faces JOIN indexed_photos ON indexed_photos.id = faces.indexed_photo_id
WHERE faces.collection_id = ? AND 1 = 1 AND (EXISTS (SELECT *
FROM locations
WHERE locations.photo_id = indexed_photos.photo_id AND locations.state = ? AND (locations.grant_id + ? IN (?) OR locations.grant_id + ? IN (?) AND locations.added_at > ?))) ORDER BY faces.id;
