-- find_landed
SELECT photos.id, indexed_photos.id AS indexed_photo_id, photos.sha256, photos.width_px, photos.height_px, indexed_photos.dropped - indexed_photos.unfit AS hidden
FROM locations JOIN photos ON photos.id = locations.photo_id JOIN indexed_photos ON indexed_photos.photo_id = photos.id
WHERE locations.uri = ? AND locations.grant_id = ? AND locations.state = ? AND indexed_photos.collection_id = ? ORDER BY locations.id DESC
 LIMIT ? OFFSET ?;
SELECT faces.id, faces.uuid, faces.x1, faces.y1, faces.x2, faces.y2
FROM faces
WHERE faces.indexed_photo_id = ? ORDER BY faces.id;
