-- count_left
SELECT count(*) AS count_1
FROM faces
WHERE faces.id IN (?, ?);
SELECT judgements.id
FROM judgements
WHERE judgements.face_id IN (?, ?) OR judgements.probe_face_id IN (?, ?);
SELECT count(*) AS count_1
FROM photos
WHERE photos.id IN (?);
SELECT count(*) AS count_1
FROM locations
WHERE locations.id IN (?, ?);
SELECT count(*) AS count_1
FROM grants
WHERE grants.id IN (?);
SELECT count(*) AS count_1
FROM people
WHERE people.id IN (?);
SELECT count(*) AS count_1
FROM consents
WHERE consents.id IN (?);
SELECT count(*) AS count_1
FROM enrolments
WHERE enrolments.id IN (?);
SELECT count(*) AS count_1
FROM originals
WHERE originals.id IN (?);
SELECT count(*) AS count_1
FROM cases
WHERE cases.sealed != ? AND cases.id = ?;
SELECT count(*) AS count_1
FROM suppressions
WHERE suppressions.id IN (?);
SELECT count(*) AS count_1
FROM face_groups
WHERE face_groups.id IN (?);

-- delete_rows
DELETE FROM judgements WHERE judgements.face_id IN (?, ?) OR judgements.probe_face_id IN (?, ?);
DELETE FROM face_groups WHERE face_groups.id IN (?);
DELETE FROM faces WHERE faces.id IN (?, ?);
DELETE FROM image_names WHERE NOT (EXISTS (SELECT *
FROM faces
WHERE faces.indexed_photo_id = image_names.indexed_photo_id));
DELETE FROM indexed_photos WHERE indexed_photos.id IN (?);
DELETE FROM locations WHERE locations.id IN (?, ?);
DELETE FROM originals WHERE originals.id IN (?);
DELETE FROM photos WHERE photos.id IN (?);
DELETE FROM runs WHERE runs.grant_id IN (?);
DELETE FROM grants WHERE grants.id IN (?);
DELETE FROM suppressions WHERE suppressions.id IN (?);
UPDATE grants SET revoked_at=? WHERE grants.uuid = ? AND grants.revoked_at IS NULL AND grants.valid_until > ?;
DELETE FROM enrolments WHERE enrolments.id IN (?);
DELETE FROM consent_events WHERE consent_events.consent_id IN (?);
DELETE FROM consents WHERE consents.id IN (?);
DELETE FROM people WHERE people.id IN (?);
UPDATE case_events SET sealed=? WHERE case_events.case_id = ?;
UPDATE cases SET sealed=? WHERE cases.id = ?;
UPDATE collections SET revision=(collections.revision + ?) WHERE collections.id = ?;

-- iter_blobs
SELECT indexed_photos.blob_id, photos.sha256
FROM indexed_photos JOIN photos ON photos.id = indexed_photos.photo_id;

-- iter_covers
SELECT DISTINCT photos.sha256, grants.uuid
FROM locations JOIN photos ON photos.id = locations.photo_id JOIN grants ON grants.id = locations.grant_id;

-- plan_removal
SELECT locations.id, locations.uri, locations.photo_id, locations.grant_id, locations.added_at, photos.sha256, grants.uuid AS grant_uuid
FROM locations JOIN photos ON photos.id = locations.photo_id JOIN grants ON grants.id = locations.grant_id
WHERE locations.id IN (?);
SELECT locations.id, locations.uri, locations.photo_id, locations.grant_id, locations.added_at, photos.sha256, grants.uuid AS grant_uuid
FROM locations JOIN photos ON photos.id = locations.photo_id JOIN grants ON grants.id = locations.grant_id
WHERE locations.grant_id IN (?);
SELECT indexed_photos.id, indexed_photos.blob_id, indexed_photos.photo_id, photos.sha256, collections.uuid AS collection_uuid
FROM indexed_photos JOIN photos ON photos.id = indexed_photos.photo_id JOIN collections ON collections.id = indexed_photos.collection_id
WHERE indexed_photos.id IN (?);
SELECT indexed_photos.id, indexed_photos.photo_id
FROM indexed_photos
WHERE indexed_photos.photo_id IN (?);
SELECT locations.id, locations.uri, locations.photo_id, locations.grant_id, locations.added_at, photos.sha256, grants.uuid AS grant_uuid
FROM locations JOIN photos ON photos.id = locations.photo_id JOIN grants ON grants.id = locations.grant_id
WHERE locations.photo_id IN (?);
SELECT locations.id, locations.photo_id
FROM locations
WHERE (locations.uri LIKE ? || '%' ESCAPE '/') AND locations.photo_id IN (?);
SELECT originals.id, originals.blob_id
FROM originals
WHERE originals.photo_id IN (?);
SELECT faces.id, faces.uuid, faces.collection_id, indexed_photos.photo_id
FROM faces JOIN indexed_photos ON indexed_photos.id = faces.indexed_photo_id
WHERE faces.id IN (?);
SELECT faces.id, faces.uuid, faces.collection_id, indexed_photos.photo_id
FROM faces JOIN indexed_photos ON indexed_photos.id = faces.indexed_photo_id
WHERE faces.person_id IN (?);
SELECT faces.id, faces.uuid, faces.collection_id, indexed_photos.photo_id
FROM faces JOIN indexed_photos ON indexed_photos.id = faces.indexed_photo_id
WHERE indexed_photos.photo_id IN (?);
SELECT faces.id, faces.uuid, faces.collection_id, indexed_photos.photo_id
FROM faces JOIN indexed_photos ON indexed_photos.id = faces.indexed_photo_id
WHERE faces.indexed_photo_id IN (?);
SELECT indexed_photos.id, indexed_photos.blob_id, photos.sha256, indexed_photos.photo_id
FROM indexed_photos JOIN photos ON photos.id = indexed_photos.photo_id
WHERE indexed_photos.photo_id IN (?);
SELECT grants.id, grants.uuid
FROM grants
WHERE grants.id IN (?);
SELECT enrolments.id, enrolments.key_uuid
FROM enrolments
WHERE enrolments.person_id IN (?);
SELECT enrolments.id, enrolments.key_uuid
FROM enrolments
WHERE enrolments.id IN (?);
SELECT people.id, people.uuid
FROM people
WHERE people.id IN (?);
SELECT consents.id, consents.uuid
FROM consents
WHERE consents.person_id IN (?);
SELECT cases.id, cases.uuid
FROM cases
WHERE cases.sealed != ? ORDER BY cases.id;
SELECT suppressions.id, suppressions.uuid
FROM suppressions
WHERE suppressions.id IN (?);
SELECT face_groups.id, face_groups.uuid
FROM face_groups
WHERE face_groups.id IN (?);
SELECT face_groups.id, face_groups.uuid
FROM face_groups
WHERE face_groups.grant_id IN (?, ?);
SELECT face_group_faces.face_id, face_group_faces.group_id
FROM face_group_faces
WHERE face_group_faces.face_id IN (?, ?);
SELECT face_group_faces.id, face_group_faces.group_id, face_group_faces.face_id
FROM face_group_faces
WHERE face_group_faces.group_id IN (?) ORDER BY face_group_faces.id;
SELECT face_groups.id, face_groups.uuid
FROM face_groups
WHERE face_groups.id IN (?);
