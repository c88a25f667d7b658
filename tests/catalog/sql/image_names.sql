-- add_name
SELECT locations.id, indexed_photos.id AS id_1
FROM locations JOIN indexed_photos ON indexed_photos.photo_id = locations.photo_id
WHERE locations.photo_id = ? AND locations.grant_id = ? AND locations.uri = ? AND indexed_photos.collection_id = ? AND (EXISTS (SELECT *
FROM faces
WHERE faces.indexed_photo_id = indexed_photos.id));
SELECT EXISTS (SELECT *
FROM image_names
WHERE image_names.indexed_photo_id = ? AND image_names.location_id = ? AND image_names.name = ?) AS anon_1;
INSERT INTO image_names (location_id, indexed_photo_id, name, given_at) VALUES (?, ?, ?, ?);

-- count_names
SELECT count(*) AS count_1
FROM image_names;

-- delete_names_of_nobody
DELETE FROM image_names WHERE NOT (EXISTS (SELECT *
FROM faces
WHERE faces.indexed_photo_id = image_names.indexed_photo_id));

-- find_faces_named
SELECT faces.id AS face_id, image_names.name
FROM image_names JOIN indexed_photos ON indexed_photos.id = image_names.indexed_photo_id JOIN faces ON faces.indexed_photo_id = indexed_photos.id JOIN locations ON locations.id = image_names.location_id
WHERE indexed_photos.collection_id = ? AND 1 = 1 AND locations.state = ? AND (locations.grant_id + ? IN (?) OR locations.grant_id + ? IN (?) AND locations.added_at > ?) AND image_names.name = ? ORDER BY faces.id;

-- find_names
SELECT faces.id AS face_id, image_names.name
FROM image_names JOIN indexed_photos ON indexed_photos.id = image_names.indexed_photo_id JOIN faces ON faces.indexed_photo_id = indexed_photos.id JOIN locations ON locations.id = image_names.location_id
WHERE indexed_photos.collection_id = ? AND 1 = 1 AND locations.state = ? AND (locations.grant_id + ? IN (?) OR locations.grant_id + ? IN (?) AND locations.added_at > ?) AND faces.id IN (?) ORDER BY image_names.id;

-- find_names_at
SELECT locations.photo_id, image_names.name
FROM image_names JOIN locations ON locations.id = image_names.location_id
WHERE locations.photo_id IN (?) ORDER BY image_names.id;
