-- find_by_place
SELECT indexed_photos.id, indexed_photos.photo_id, indexed_photos.blob_id, indexed_photos.indexed_at, indexed_photos.dropped, photos.sha256, photos.width_px, photos.height_px, photos.size_bytes, photos.media_type, photos.caption, photos.credit, photos.copyright, locations.uri AS position_key, locations.photo_id AS position_id
FROM indexed_photos JOIN photos ON photos.id = indexed_photos.photo_id JOIN locations ON locations.photo_id = indexed_photos.photo_id
WHERE locations.uri >= ? AND locations.state = ? AND (locations.grant_id + ? IN (?) OR locations.grant_id + ? IN (?) AND locations.added_at > ?) AND locations.uri >= ? AND locations.uri < ? AND (locations.uri = ? OR locations.uri > ?) AND NOT (EXISTS (SELECT *
FROM locations AS locations_1
WHERE locations_1.photo_id = locations.photo_id AND locations_1.state = ? AND (locations_1.grant_id + ? IN (?) OR locations_1.grant_id + ? IN (?) AND locations_1.added_at > ?) AND locations_1.uri >= ? AND locations_1.uri < ? AND (locations_1.uri = ? OR locations_1.uri > ?) AND (locations_1.uri < locations.uri OR locations_1.uri = locations.uri AND locations_1.id < locations.id))) AND (locations.uri > ? OR locations.uri = ? AND locations.photo_id > ?) AND indexed_photos.collection_id + ? = ? AND indexed_photos.indexed_at > ? AND indexed_photos.indexed_at >= ? AND indexed_photos.indexed_at < ? ORDER BY locations.uri, locations.photo_id
 LIMIT ? OFFSET ?;

-- find_collection_of_face
SELECT collections.name, faces.id
FROM collections JOIN faces ON collections.id = faces.collection_id
WHERE faces.uuid = ?;

-- find_collections_of_person
SELECT collections.name
FROM collections
WHERE EXISTS (SELECT *
FROM faces
WHERE faces.collection_id = collections.id AND faces.person_id = ?) ORDER BY collections.id;

-- find_collections_of_photo
SELECT collections.name
FROM collections JOIN indexed_photos ON collections.id = indexed_photos.collection_id JOIN photos ON photos.id = indexed_photos.photo_id
WHERE photos.sha256 >= ? AND photos.sha256 < ? ORDER BY collections.id;

-- find_face_ids
SELECT faces.id, faces.indexed_photo_id
FROM faces
WHERE faces.indexed_photo_id IN (?) ORDER BY faces.id;

-- find_face_ids_beside
SELECT faces.id
FROM faces
WHERE faces.indexed_photo_id = (SELECT faces.indexed_photo_id
FROM faces
WHERE faces.id = ?) ORDER BY faces.id;

-- find_newest
SELECT indexed_photos.id, indexed_photos.photo_id, indexed_photos.blob_id, indexed_photos.indexed_at, indexed_photos.dropped, photos.sha256, photos.width_px, photos.height_px, photos.size_bytes, photos.media_type, photos.caption, photos.credit, photos.copyright, indexed_photos.indexed_at AS position_key, indexed_photos.id AS position_id
FROM indexed_photos JOIN photos ON photos.id = indexed_photos.photo_id
WHERE indexed_photos.collection_id = ? AND (EXISTS (SELECT *
FROM locations
WHERE locations.photo_id = indexed_photos.photo_id AND locations.state = ? AND (locations.grant_id + ? IN (?) OR locations.grant_id + ? IN (?) AND locations.added_at > ?) AND locations.uri >= ? AND locations.uri < ? AND (locations.uri = ? OR locations.uri > ?))) AND indexed_photos.indexed_at <= ? AND (indexed_photos.indexed_at < ? OR indexed_photos.indexed_at = ? AND indexed_photos.id < ?) AND indexed_photos.collection_id + ? = ? AND indexed_photos.indexed_at > ? AND indexed_photos.indexed_at >= ? AND indexed_photos.indexed_at < ? AND (EXISTS (SELECT *
FROM faces
WHERE faces.indexed_photo_id = indexed_photos.id AND faces.person_id IN (?))) ORDER BY indexed_photos.indexed_at DESC, indexed_photos.id DESC
 LIMIT ? OFFSET ?;

-- find_places
SELECT locations.photo_id, locations.uri, locations.added_at, grants.uuid
FROM locations JOIN grants ON grants.id = locations.grant_id
WHERE locations.photo_id IN (?) AND locations.state = ? AND (locations.grant_id + ? IN (?) OR locations.grant_id + ? IN (?) AND locations.added_at > ?) ORDER BY locations.id;

-- find_visible_photo
SELECT indexed_photos.id, indexed_photos.photo_id, indexed_photos.blob_id, indexed_photos.indexed_at, indexed_photos.dropped, photos.sha256, photos.width_px, photos.height_px, photos.size_bytes, photos.media_type, photos.caption, photos.credit, photos.copyright, indexed_photos.indexed_at AS position_key, indexed_photos.id AS position_id
FROM indexed_photos JOIN photos ON photos.id = indexed_photos.photo_id
WHERE photos.sha256 >= ? AND photos.sha256 < ? AND (EXISTS (SELECT *
FROM locations
WHERE locations.photo_id = indexed_photos.photo_id AND locations.state = ? AND (locations.grant_id + ? IN (?) OR locations.grant_id + ? IN (?) AND locations.added_at > ?))) AND indexed_photos.collection_id + ? = ? AND 1 = 1
 LIMIT ? OFFSET ?;
SELECT locations.photo_id, locations.uri, locations.added_at, grants.uuid
FROM locations JOIN grants ON grants.id = locations.grant_id
WHERE locations.photo_id IN (?) AND locations.state = ? AND (locations.grant_id + ? IN (?) OR locations.grant_id + ? IN (?) AND locations.added_at > ?) ORDER BY locations.id;
