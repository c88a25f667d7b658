-- find_ids_of_photo
SELECT faces.id
FROM faces JOIN indexed_photos ON indexed_photos.id = faces.indexed_photo_id JOIN photos ON photos.id = indexed_photos.photo_id
WHERE photos.sha256 = ? AND indexed_photos.collection_id = ? ORDER BY faces.id;

-- find_landmarks
SELECT faces.id, faces.landmarks
FROM faces
WHERE faces.id IN (?);
