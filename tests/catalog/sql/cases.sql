-- add_case
INSERT INTO cases (uuid, kind, opened_at, due_at, sealed) VALUES (?, ?, ?, ?, ?) RETURNING id;

-- append_event
INSERT INTO case_events (case_id, number, state, at, sealed) VALUES (?, ?, ?, ?, ?);

-- count_remembered
SELECT count(*) AS count_1
FROM cases
WHERE cases.sealed != ? AND cases.id = ?;

-- find_case
SELECT cases.id, cases.uuid, cases.kind, cases.opened_at, cases.due_at, cases.sealed
FROM cases
WHERE cases.uuid = ?;

-- find_closed
SELECT cases.id
FROM cases JOIN case_events ON cases.id = case_events.case_id
WHERE case_events.state = ? AND case_events.at <= ? AND cases.sealed != ?;

-- find_events
SELECT case_events.id, case_events.case_id, case_events.number, case_events.state, case_events.at, case_events.sealed
FROM case_events
WHERE case_events.case_id = ? ORDER BY case_events.number;

-- find_uuids
SELECT cases.id, cases.uuid
FROM cases
WHERE cases.sealed != ? ORDER BY cases.id;

-- forget_cases
UPDATE case_events SET sealed=? WHERE case_events.case_id = ?;
UPDATE cases SET sealed=? WHERE cases.id = ?;

-- iter_cases
SELECT cases.id, cases.uuid, cases.kind, cases.opened_at, cases.due_at, cases.sealed
FROM cases ORDER BY cases.due_at, cases.id;

-- iter_remembered
SELECT cases.id, cases.uuid
FROM cases
WHERE cases.sealed != ? ORDER BY cases.id;
