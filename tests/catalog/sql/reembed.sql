-- find_held
SELECT indexed_photos.id, indexed_photos.blob_id, photos.sha256
FROM indexed_photos JOIN photos ON photos.id = indexed_photos.photo_id
WHERE indexed_photos.collection_id = ? AND indexed_photos.id > ? ORDER BY indexed_photos.id
 LIMIT ? OFFSET ?;
SELECT faces.indexed_photo_id, faces.uuid, faces.person_id, faces.x1, faces.y1, faces.x2, faces.y2
FROM faces
WHERE faces.indexed_photo_id IN (?) ORDER BY faces.id;
SELECT indexed_photos.id, locations.uri, grants.uuid, locations.state
FROM indexed_photos JOIN locations ON locations.photo_id = indexed_photos.photo_id JOIN grants ON grants.id = locations.grant_id
WHERE indexed_photos.id IN (?) ORDER BY indexed_photos.id, locations.id;
