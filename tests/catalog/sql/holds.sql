-- find_matters
SELECT cases.uuid, holds.sealed
FROM holds JOIN cases ON cases.id = holds.case_id
WHERE holds.sealed IS NOT NULL ORDER BY holds.id;

-- hold
INSERT INTO holds (case_id, location_id, was) SELECT ? AS anon_1, locations.id, coalesce((SELECT min(holds_1.was) AS min_1
FROM holds AS holds_1
WHERE holds_1.location_id = locations.id), locations.state) AS coalesce_1
FROM locations
WHERE locations.photo_id IN (SELECT indexed_photos.photo_id
FROM indexed_photos JOIN faces ON indexed_photos.id = faces.indexed_photo_id
WHERE faces.id IN (?)) AND NOT (EXISTS (SELECT *
FROM holds
WHERE holds.location_id = locations.id AND holds.case_id = ?));
UPDATE locations SET state=? WHERE locations.photo_id IN (SELECT indexed_photos.photo_id
FROM indexed_photos JOIN faces ON indexed_photos.id = faces.indexed_photo_id
WHERE faces.id IN (?));
INSERT INTO holds (case_id, location_id, was) SELECT ? AS anon_1, locations.id, coalesce((SELECT min(holds_1.was) AS min_1
FROM holds AS holds_1
WHERE holds_1.location_id = locations.id), locations.state) AS coalesce_1
FROM locations
WHERE locations.photo_id IN (SELECT indexed_photos.photo_id
FROM indexed_photos JOIN faces ON indexed_photos.id = faces.indexed_photo_id
WHERE faces.person_id IN (?)) AND NOT (EXISTS (SELECT *
FROM holds
WHERE holds.location_id = locations.id AND holds.case_id = ?));
UPDATE locations SET state=? WHERE locations.photo_id IN (SELECT indexed_photos.photo_id
FROM indexed_photos JOIN faces ON indexed_photos.id = faces.indexed_photo_id
WHERE faces.person_id IN (?));
INSERT INTO holds (case_id, location_id, was) SELECT ? AS anon_1, locations.id, coalesce((SELECT min(holds_1.was) AS min_1
FROM holds AS holds_1
WHERE holds_1.location_id = locations.id), locations.state) AS coalesce_1
FROM locations
WHERE locations.id IN (?) AND NOT (EXISTS (SELECT *
FROM holds
WHERE holds.location_id = locations.id AND holds.case_id = ?));
UPDATE locations SET state=? WHERE locations.id IN (?);
INSERT INTO holds (case_id, location_id, was) SELECT ? AS anon_1, locations.id, coalesce((SELECT min(holds_1.was) AS min_1
FROM holds AS holds_1
WHERE holds_1.location_id = locations.id), locations.state) AS coalesce_1
FROM locations
WHERE locations.grant_id IN (?, ?) AND NOT (EXISTS (SELECT *
FROM holds
WHERE holds.location_id = locations.id AND holds.case_id = ?));
UPDATE locations SET state=? WHERE locations.grant_id IN (?, ?);
INSERT INTO holds (case_id, grant_id) VALUES (?, ?);
INSERT INTO holds (case_id, sealed) VALUES (?, ?);

-- is_held
SELECT holds.id
FROM holds
WHERE holds.grant_id = ?
 LIMIT ? OFFSET ?;
SELECT holds.id
FROM holds JOIN locations ON locations.id = holds.location_id JOIN photos ON photos.id = locations.photo_id
WHERE photos.sha256 = ?
 LIMIT ? OFFSET ?;

-- release
INSERT INTO holds (case_id, location_id, was) SELECT ? AS anon_1, locations.id, coalesce((SELECT min(holds_1.was) AS min_1
FROM holds AS holds_1
WHERE holds_1.location_id = locations.id), locations.state) AS coalesce_1
FROM locations
WHERE locations.photo_id IN (SELECT indexed_photos.photo_id
FROM indexed_photos JOIN faces ON indexed_photos.id = faces.indexed_photo_id
WHERE faces.id IN (?)) AND NOT (EXISTS (SELECT *
FROM holds
WHERE holds.location_id = locations.id AND holds.case_id = ?));
UPDATE locations SET state=? WHERE locations.photo_id IN (SELECT indexed_photos.photo_id
FROM indexed_photos JOIN faces ON indexed_photos.id = faces.indexed_photo_id
WHERE faces.id IN (?));
INSERT INTO holds (case_id, location_id, was) SELECT ? AS anon_1, locations.id, coalesce((SELECT min(holds_1.was) AS min_1
FROM holds AS holds_1
WHERE holds_1.location_id = locations.id), locations.state) AS coalesce_1
FROM locations
WHERE locations.photo_id IN (SELECT indexed_photos.photo_id
FROM indexed_photos JOIN faces ON indexed_photos.id = faces.indexed_photo_id
WHERE faces.person_id IN (?)) AND NOT (EXISTS (SELECT *
FROM holds
WHERE holds.location_id = locations.id AND holds.case_id = ?));
UPDATE locations SET state=? WHERE locations.photo_id IN (SELECT indexed_photos.photo_id
FROM indexed_photos JOIN faces ON indexed_photos.id = faces.indexed_photo_id
WHERE faces.person_id IN (?));
INSERT INTO holds (case_id, location_id, was) SELECT ? AS anon_1, locations.id, coalesce((SELECT min(holds_1.was) AS min_1
FROM holds AS holds_1
WHERE holds_1.location_id = locations.id), locations.state) AS coalesce_1
FROM locations
WHERE locations.id IN (?) AND NOT (EXISTS (SELECT *
FROM holds
WHERE holds.location_id = locations.id AND holds.case_id = ?));
UPDATE locations SET state=? WHERE locations.id IN (?);
INSERT INTO holds (case_id, location_id, was) SELECT ? AS anon_1, locations.id, coalesce((SELECT min(holds_1.was) AS min_1
FROM holds AS holds_1
WHERE holds_1.location_id = locations.id), locations.state) AS coalesce_1
FROM locations
WHERE locations.grant_id IN (?, ?) AND NOT (EXISTS (SELECT *
FROM holds
WHERE holds.location_id = locations.id AND holds.case_id = ?));
UPDATE locations SET state=? WHERE locations.grant_id IN (?, ?);
INSERT INTO holds (case_id, grant_id) VALUES (?, ?);
SELECT locations.id, locations.uri, locations.grant_id
FROM locations
WHERE locations.id IN (SELECT holds.location_id
FROM holds
WHERE holds.case_id = ? AND holds.location_id IS NOT NULL) AND NOT (EXISTS (SELECT *
FROM holds AS holds_1
WHERE holds_1.location_id = locations.id AND holds_1.case_id != ?)) AND locations.quarantined_at IS NULL;
UPDATE locations SET state=(SELECT min(holds.was) AS min_1
FROM holds
WHERE holds.location_id = locations.id) WHERE locations.id IN (SELECT holds.location_id
FROM holds
WHERE holds.case_id = ? AND holds.location_id IS NOT NULL) AND NOT (EXISTS (SELECT *
FROM holds AS holds_1
WHERE holds_1.location_id = locations.id AND holds_1.case_id != ?)) AND locations.quarantined_at IS NULL;
DELETE FROM holds WHERE holds.case_id = ?;
UPDATE locations SET state=? WHERE locations.id IN (?, ?) AND locations.state = ? AND (EXISTS (SELECT *
FROM locations AS locations_1
WHERE locations_1.uri = locations.uri AND locations_1.photo_id != locations.photo_id AND locations_1.state = ?));
