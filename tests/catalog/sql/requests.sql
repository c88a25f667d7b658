-- begin_request
INSERT INTO requests (reference, fingerprint, process, began_at, status, location, facts) VALUES (?, ?, ?, ?, ?, ?, ?);

-- end_request
UPDATE requests SET status=?, location=?, facts=? WHERE requests.reference = ?;

-- find_request
SELECT requests.id, requests.reference, requests.fingerprint, requests.process, requests.began_at, requests.status, requests.location, requests.facts
FROM requests
WHERE requests.reference = ?;

-- forget_before
DELETE FROM requests WHERE requests.began_at < ?;

-- forget_request
DELETE FROM requests WHERE requests.reference = ?;
