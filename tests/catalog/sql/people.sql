-- add_enrolments
INSERT INTO enrolments (person_id, model_digest, sealed, added_at) VALUES (?, ?, ?, ?);

-- add_person
INSERT INTO people (uuid, name, of_age_at, enrolled_at, touched_at) VALUES (?, ?, ?, ?, ?) RETURNING id, uuid, name, of_age_at, enrolled_at, touched_at;

-- find_enrolments
SELECT enrolments.id, enrolments.person_id, enrolments.model_digest, enrolments.sealed, enrolments.added_at
FROM enrolments
WHERE enrolments.person_id IN (?) AND enrolments.model_digest = ? ORDER BY enrolments.id;

-- find_person
SELECT people.id, people.uuid, people.name, people.of_age_at, people.enrolled_at, people.touched_at
FROM people
WHERE people.uuid = ?;

-- iter_people
SELECT people.id, people.uuid, people.name, people.of_age_at, people.enrolled_at, people.touched_at
FROM people ORDER BY people.id;

-- touch_person
UPDATE people SET touched_at=? WHERE people.id = ?;
