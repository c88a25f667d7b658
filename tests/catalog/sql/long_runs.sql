-- add_long_run
INSERT INTO long_runs (uuid, state, asked_at, cut_short, is_unwanted, counts, sealed) VALUES (?, ?, ?, ?, ?, ?, ?);

-- begin_queued
UPDATE long_runs SET state=?, started_at=? WHERE long_runs.uuid = ? AND long_runs.state = ?;

-- count_waiting
SELECT count(*) AS count_1
FROM long_runs
WHERE (long_runs.state NOT IN (?, ?, ?, ?));

-- end_queued
UPDATE long_runs SET state=?, ended_at=? WHERE long_runs.uuid = ? AND long_runs.state = ?;

-- find_long_runs
SELECT long_runs.id, long_runs.uuid, long_runs.state, long_runs.asked_at, long_runs.started_at, long_runs.ended_at, long_runs.cut_short, long_runs.is_unwanted, long_runs.counts, long_runs.sealed, long_runs.outcome
FROM long_runs
WHERE long_runs.id < ? ORDER BY long_runs.id DESC
 LIMIT ? OFFSET ?;

-- find_waiting
SELECT long_runs.id, long_runs.uuid, long_runs.state, long_runs.asked_at, long_runs.started_at, long_runs.ended_at, long_runs.cut_short, long_runs.is_unwanted, long_runs.counts, long_runs.sealed, long_runs.outcome
FROM long_runs
WHERE (long_runs.state NOT IN (?, ?, ?, ?)) ORDER BY long_runs.id;

-- forget_long_runs
DELETE FROM long_runs WHERE long_runs.state IN (?, ?, ?, ?) AND long_runs.ended_at <= ?;

-- get_long_run
SELECT long_runs.id, long_runs.uuid, long_runs.state, long_runs.asked_at, long_runs.started_at, long_runs.ended_at, long_runs.cut_short, long_runs.is_unwanted, long_runs.counts, long_runs.sealed, long_runs.outcome
FROM long_runs
WHERE long_runs.uuid = ?;

-- note_outcome
UPDATE long_runs SET outcome=? WHERE long_runs.uuid = ?;

-- note_progress
UPDATE long_runs SET counts=? WHERE long_runs.uuid = ?;
SELECT long_runs.is_unwanted
FROM long_runs
WHERE long_runs.uuid = ?;

-- note_unwanted
UPDATE long_runs SET is_unwanted=? WHERE long_runs.uuid = ?;

-- requeue_cut_short
UPDATE long_runs SET state=?, cut_short=(long_runs.cut_short + ?) WHERE long_runs.state = ?;

-- set_state
UPDATE long_runs SET state=?, ended_at=? WHERE long_runs.uuid = ?;
