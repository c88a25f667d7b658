-- add_original
SELECT EXISTS (SELECT *
FROM originals
WHERE originals.photo_id = ?) AS anon_1;
INSERT INTO originals (photo_id, blob_id, added_at) VALUES (?, ?, ?);

-- find_original
SELECT originals.blob_id
FROM originals JOIN photos ON photos.id = originals.photo_id
WHERE photos.sha256 = ?;

-- iter_original_ids
SELECT originals.blob_id
FROM originals;
