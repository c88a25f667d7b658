-- count_visible
SELECT count(*) AS count_1
FROM faces JOIN indexed_photos ON indexed_photos.id = faces.indexed_photo_id
WHERE faces.collection_id = ? AND indexed_photos.indexed_at > ? AND indexed_photos.indexed_at >= ? AND indexed_photos.indexed_at < ? AND (EXISTS (SELECT *
FROM locations
WHERE locations.photo_id = indexed_photos.photo_id AND locations.state = ? AND (locations.grant_id + ? IN (?) OR locations.grant_id + ? IN (?) AND locations.added_at > ?) AND locations.uri >= ? AND locations.uri < ? AND (locations.uri = ? OR locations.uri > ?)));

-- find_ids
SELECT faces.uuid, faces.id
FROM faces
WHERE faces.collection_id = ? AND faces.uuid IN (?);

-- find_page
SELECT faces.id
FROM faces JOIN indexed_photos ON indexed_photos.id = faces.indexed_photo_id
WHERE faces.id > ? AND faces.collection_id = ? AND indexed_photos.indexed_at > ? AND indexed_photos.indexed_at >= ? AND indexed_photos.indexed_at < ? AND (EXISTS (SELECT *
FROM locations
WHERE locations.photo_id = indexed_photos.photo_id AND locations.state = ? AND (locations.grant_id + ? IN (?) OR locations.grant_id + ? IN (?) AND locations.added_at > ?) AND locations.uri >= ? AND locations.uri < ? AND (locations.uri = ? OR locations.uri > ?))) ORDER BY faces.id
 LIMIT ? OFFSET ?;
