-- add_enrolments
INSERT INTO enrolments (person_id, model_digest, key_uuid, sealed, added_at) VALUES (?, ?, ?, ?, ?);

-- add_person
INSERT INTO people (uuid, name, of_age_at, enrolled_at, touched_at) VALUES (?, ?, ?, ?, ?) RETURNING id, uuid, name, of_age_at, enrolled_at, touched_at;

-- find_enrolments
SELECT enrolments.id, enrolments.person_id, enrolments.model_digest, enrolments.key_uuid, enrolments.sealed, enrolments.added_at
FROM enrolments
WHERE enrolments.person_id IN (?) AND enrolments.model_digest = ? ORDER BY enrolments.id;

-- count_enrolments
SELECT enrolments.person_id, count(*) AS number
FROM enrolments
WHERE enrolments.model_digest = ? GROUP BY enrolments.person_id;

-- find_perhaps_overdue
SELECT people.id, people.uuid, people.name, people.of_age_at, people.enrolled_at, people.touched_at
FROM people
WHERE people.touched_at <= ? OR ((EXISTS (SELECT *
FROM enrolments
WHERE enrolments.person_id = people.id)) OR (EXISTS (SELECT *
FROM faces
WHERE faces.person_id = people.id))) AND ((people.id NOT IN (SELECT consents.person_id
FROM consents JOIN consent_events ON consents.id = consent_events.consent_id
WHERE consent_events.valid_until > ?)) OR people.id IN (SELECT consents.person_id
FROM consents JOIN consent_events ON consents.id = consent_events.consent_id
WHERE consent_events.valid_until IS NULL) OR people.of_age_at <= ?) ORDER BY people.id;

-- find_people
SELECT people.id, people.uuid, people.name, people.of_age_at, people.enrolled_at, people.touched_at
FROM people
WHERE people.id IN (?) ORDER BY people.id;

-- find_person
SELECT people.id, people.uuid, people.name, people.of_age_at, people.enrolled_at, people.touched_at
FROM people
WHERE people.uuid = ?;

-- get_person
SELECT people.id, people.uuid, people.name, people.of_age_at, people.enrolled_at, people.touched_at
FROM people
WHERE people.uuid = ?;
SELECT people.id, people.uuid, people.name, people.of_age_at, people.enrolled_at, people.touched_at
FROM people ORDER BY people.id;

-- iter_people
SELECT people.id, people.uuid, people.name, people.of_age_at, people.enrolled_at, people.touched_at
FROM people ORDER BY people.id;

-- renew_enrolments
SELECT enrolments.id
FROM enrolments
WHERE enrolments.person_id = ?;
INSERT INTO enrolments (person_id, model_digest, key_uuid, sealed, added_at) SELECT enrolments.person_id, enrolments.model_digest, enrolments.key_uuid, enrolments.sealed, enrolments.added_at
FROM enrolments
WHERE enrolments.person_id = ? ORDER BY enrolments.id;
DELETE FROM enrolments WHERE enrolments.id IN (SELECT 1 FROM (SELECT 1) WHERE 1!=1);

-- rename_person
UPDATE people SET name=? WHERE people.id = ?;

-- touch_person
UPDATE people SET touched_at=? WHERE people.id = ?;
