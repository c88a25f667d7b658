-- close_cut_short
UPDATE runs SET state=?, ended_at=? WHERE runs.state = ?;

-- count_runs
SELECT runs.state, count(*) AS count_1
FROM runs GROUP BY runs.state;

-- drop_run
DELETE FROM runs WHERE runs.id = ?;

-- end_run
UPDATE runs SET state=?, ended_at=?, counts=? WHERE runs.id = ?;

-- end_small_run
INSERT INTO runs (uuid, collection_id, grant_id, state, started_at, counts) VALUES (?, ?, ?, ?, ?, ?) RETURNING id;
SELECT runs.id, runs.uuid, runs.collection_id, runs.grant_id, runs.state, runs.started_at, runs.ended_at, runs.counts
FROM runs
WHERE runs.id = ?;
SELECT runs.id, runs.counts
FROM runs
WHERE runs.collection_id = ? AND runs.grant_id = ? AND runs.state != ? ORDER BY runs.id DESC
 LIMIT ? OFFSET ?;
UPDATE runs SET state=?, ended_at=?, counts=? WHERE runs.id = ?;
INSERT INTO runs (uuid, collection_id, grant_id, state, started_at, counts) VALUES (?, ?, ?, ?, ?, ?) RETURNING id;
SELECT runs.id, runs.uuid, runs.collection_id, runs.grant_id, runs.state, runs.started_at, runs.ended_at, runs.counts
FROM runs
WHERE runs.id = ?;
SELECT runs.id, runs.counts
FROM runs
WHERE runs.collection_id = ? AND runs.grant_id = ? AND runs.state != ? ORDER BY runs.id DESC
 LIMIT ? OFFSET ?;
UPDATE runs SET started_at=?, ended_at=?, counts=? WHERE runs.id = ?;
DELETE FROM runs WHERE runs.id = ?;

-- start_run
INSERT INTO runs (uuid, collection_id, grant_id, state, started_at, counts) VALUES (?, ?, ?, ?, ?, ?) RETURNING id;
