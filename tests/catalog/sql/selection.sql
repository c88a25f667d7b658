-- select_before
SELECT locations.id
FROM locations
WHERE locations.added_at < ?;

-- select_below
SELECT locations.id, locations.uri
FROM locations
WHERE locations.uri = ? OR (locations.uri LIKE ? || '%' ESCAPE '/');

-- select_enrolled
SELECT faces.id
FROM faces
WHERE faces.person_id IN (?);
SELECT enrolments.id
FROM enrolments
WHERE enrolments.person_id IN (?);

-- select_face_groups
SELECT face_group_faces.id, face_group_faces.group_id, face_group_faces.face_id
FROM face_group_faces
WHERE face_group_faces.group_id IN (?) ORDER BY face_group_faces.id;
SELECT faces.uuid
FROM faces
WHERE faces.id IN (?);
SELECT faces_1.id
FROM faces JOIN indexed_photos ON indexed_photos.id = faces.indexed_photo_id JOIN indexed_photos AS indexed_photos_1 ON indexed_photos_1.photo_id = indexed_photos.photo_id JOIN faces AS faces_1 ON faces_1.indexed_photo_id = indexed_photos_1.id
WHERE (faces_1.id = faces.id OR faces_1.collection_id != faces.collection_id) AND faces_1.x1 BETWEEN faces.x1 - ? AND faces.x1 + ? AND faces_1.y1 BETWEEN faces.y1 - ? AND faces.y1 + ? AND faces_1.x2 BETWEEN faces.x2 - ? AND faces.x2 + ? AND faces_1.y2 BETWEEN faces.y2 - ? AND faces.y2 + ? AND faces.uuid = ?;

-- select_faces
SELECT faces_1.id
FROM faces JOIN indexed_photos ON indexed_photos.id = faces.indexed_photo_id JOIN indexed_photos AS indexed_photos_1 ON indexed_photos_1.photo_id = indexed_photos.photo_id JOIN faces AS faces_1 ON faces_1.indexed_photo_id = indexed_photos_1.id
WHERE (faces_1.id = faces.id OR faces_1.collection_id != faces.collection_id) AND faces_1.x1 BETWEEN faces.x1 - ? AND faces.x1 + ? AND faces_1.y1 BETWEEN faces.y1 - ? AND faces.y1 + ? AND faces_1.x2 BETWEEN faces.x2 - ? AND faces.x2 + ? AND faces_1.y2 BETWEEN faces.y2 - ? AND faces.y2 + ? AND faces.uuid = ?;

-- select_grant
SELECT locations.id
FROM locations
WHERE locations.grant_id = ?;

-- select_grantor
SELECT grants.id, grants.grantor
FROM grants;

-- select_host
SELECT grants.id, grants.uuid, grants.kind, grants.grantor, grants.contact, grants.verified_by, grants.jurisdiction, grants.assessment, grants.terms, grants.scope AS scope, grants.uses AS uses, grants.purposes AS purposes, grants.bases AS bases, grants.evidence AS evidence, grants.retention_days, grants.valid_from AS valid_from, grants.valid_until AS valid_until, grants.recorded_at AS recorded_at, grants.revoked_at AS revoked_at
FROM grants ORDER BY grants.id;
SELECT locations.id, locations.uri, locations.grant_id
FROM locations
WHERE (locations.uri NOT LIKE ? || '%' ESCAPE '/') AND (locations.uri NOT LIKE ? || '%' ESCAPE '/') OR locations.grant_id IN (SELECT 1 FROM (SELECT 1) WHERE 1!=1);

-- select_overdue
SELECT locations.id, locations.grant_id
FROM locations
WHERE locations.grant_id = ?;
SELECT locations.id, locations.grant_id
FROM locations
WHERE locations.grant_id = ? AND locations.added_at <= ?;
SELECT locations.id, locations.grant_id
FROM locations
WHERE locations.quarantined_at <= ?;
SELECT indexed_photos.id
FROM indexed_photos
WHERE indexed_photos.collection_id = ? AND indexed_photos.indexed_at <= ?;
SELECT face_groups.id
FROM face_groups
WHERE face_groups.grant_id IN (?);

-- select_photo
SELECT locations.id
FROM locations JOIN photos ON photos.id = locations.photo_id
WHERE photos.sha256 = ?;

-- select_suppression
SELECT suppressions.id
FROM suppressions
WHERE suppressions.uuid = ?;
