-- iter_enrolment_references
SELECT enrolments.id, enrolments.key_uuid
FROM enrolments;

-- iter_face_references
SELECT faces.id, faces.uuid
FROM faces;

-- iter_grant_references
SELECT grants.id, grants.uuid
FROM grants;

-- iter_indexed_references
SELECT indexed_photos.id, indexed_photos.blob_id
FROM indexed_photos;

-- iter_location_references
SELECT locations.id, locations.uri, locations.photo_id, locations.grant_id, locations.added_at, photos.sha256, grants.uuid AS grant_uuid
FROM locations JOIN photos ON photos.id = locations.photo_id JOIN grants ON grants.id = locations.grant_id;

-- iter_person_references
SELECT people.id, people.uuid
FROM people;

-- iter_suppression_references
SELECT suppressions.id, suppressions.uuid
FROM suppressions;
