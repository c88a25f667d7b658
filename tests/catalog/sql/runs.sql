-- close_cut_short
UPDATE runs SET state=?, ended_at=? WHERE runs.state = ?;

-- count_runs
SELECT runs.state, count(*) AS count_1
FROM runs GROUP BY runs.state;

-- end_run
UPDATE runs SET state=?, ended_at=?, counts=? WHERE runs.id = ?;

-- start_run
INSERT INTO runs (uuid, collection_id, grant_id, state, started_at, counts) VALUES (?, ?, ?, ?, ?, ?) RETURNING id;
