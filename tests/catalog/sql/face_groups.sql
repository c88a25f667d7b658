-- add_group
INSERT INTO face_groups (uuid, collection_id, grant_id, reference, name, created_at) VALUES (?, ?, ?, ?, ?, ?) RETURNING id, uuid, collection_id, grant_id, reference, name, created_at;

-- count_groups
SELECT count(*) AS count_1
FROM face_groups
WHERE face_groups.collection_id = ? AND face_groups.grant_id IN (?, ?);

-- count_groups_left
SELECT count(*) AS count_1
FROM face_groups
WHERE face_groups.id IN (?);

-- delete_groups
DELETE FROM face_groups WHERE face_groups.id IN (?);

-- find_faces_of
SELECT face_group_faces.id, face_group_faces.group_id, face_group_faces.face_id
FROM face_group_faces
WHERE face_group_faces.group_id IN (?) ORDER BY face_group_faces.id;

-- find_going
SELECT face_groups.id, face_groups.uuid
FROM face_groups
WHERE face_groups.id IN (?);
SELECT face_groups.id, face_groups.uuid
FROM face_groups
WHERE face_groups.grant_id IN (?);
SELECT face_group_faces.face_id, face_group_faces.group_id
FROM face_group_faces
WHERE face_group_faces.face_id IN (?);
SELECT face_group_faces.id, face_group_faces.group_id, face_group_faces.face_id
FROM face_group_faces
WHERE face_group_faces.group_id IN (?) ORDER BY face_group_faces.id;
SELECT face_groups.id, face_groups.uuid
FROM face_groups
WHERE face_groups.id IN (?);

-- find_group
SELECT face_groups.id, face_groups.uuid, face_groups.collection_id, face_groups.grant_id, face_groups.reference, face_groups.name, face_groups.created_at
FROM face_groups
WHERE face_groups.collection_id = ? AND face_groups.grant_id IN (?, ?) AND face_groups.reference = ? ORDER BY face_groups.id
 LIMIT ? OFFSET ?;

-- find_group_ids
SELECT face_group_faces.face_id, face_group_faces.group_id
FROM face_group_faces
WHERE face_group_faces.face_id IN (?, ?);

-- find_groups
SELECT face_groups.id, face_groups.uuid, face_groups.collection_id, face_groups.grant_id, face_groups.reference, face_groups.name, face_groups.created_at
FROM face_groups
WHERE face_groups.collection_id = ? AND face_groups.grant_id IN (?, ?) AND face_groups.id > ? ORDER BY face_groups.id
 LIMIT ? OFFSET ?;

-- find_groups_by_id
SELECT face_groups.id, face_groups.uuid, face_groups.collection_id, face_groups.grant_id, face_groups.reference, face_groups.name, face_groups.created_at
FROM face_groups
WHERE face_groups.collection_id = ? AND face_groups.grant_id IN (?, ?) AND face_groups.id IN (?);

-- find_groups_of
SELECT face_groups.id, face_groups.uuid, face_groups.collection_id, face_groups.grant_id, face_groups.reference, face_groups.name, face_groups.created_at
FROM face_groups
WHERE face_groups.collection_id = ? AND face_groups.reference = ? ORDER BY face_groups.id;

-- find_groups_with
SELECT face_group_faces.face_id, face_group_faces.group_id
FROM face_group_faces
WHERE face_group_faces.face_id IN (?);
SELECT face_groups.id, face_groups.uuid, face_groups.collection_id, face_groups.grant_id, face_groups.reference, face_groups.name, face_groups.created_at
FROM face_groups
WHERE face_groups.id IN (?);

-- find_of_grants
SELECT face_groups.id
FROM face_groups
WHERE face_groups.grant_id IN (?);

-- iter_group_references
SELECT face_groups.id, face_groups.uuid
FROM face_groups;

-- iter_visible_members
SELECT face_group_faces.group_id, faces.id, faces.person_id
FROM face_group_faces JOIN face_groups ON face_groups.id = face_group_faces.group_id JOIN faces ON faces.id = face_group_faces.face_id JOIN indexed_photos ON indexed_photos.id = faces.indexed_photo_id
WHERE face_groups.collection_id = ? AND face_groups.grant_id IN (?, ?) AND faces.collection_id = ? AND indexed_photos.indexed_at > ? AND indexed_photos.indexed_at >= ? AND indexed_photos.indexed_at < ? AND (EXISTS (SELECT *
FROM locations
WHERE locations.photo_id = indexed_photos.photo_id AND locations.state = ? AND (locations.grant_id + ? IN (?) OR locations.grant_id + ? IN (?) AND locations.added_at > ?) AND locations.uri >= ? AND locations.uri < ? AND (locations.uri = ? OR locations.uri > ?))) ORDER BY face_group_faces.group_id, faces.id;

-- tie_faces
INSERT INTO face_group_faces (group_id, face_id) VALUES (?, ?);

-- untie_faces
DELETE FROM face_group_faces WHERE face_group_faces.group_id = ? AND face_group_faces.face_id IN (?);
