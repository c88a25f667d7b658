-- find_first_additions
SELECT locations.grant_id, min(locations.added_at) AS added_at
FROM locations GROUP BY locations.grant_id;

-- find_grant
SELECT grants.id, grants.uuid, grants.kind, grants.grantor, grants.scope, grants.uses, grants.purposes, grants.bases, grants.assessment, grants.retention_days, grants.terms, grants.valid_from, grants.valid_until, grants.recorded_at, grants.revoked_at
FROM grants
WHERE grants.uuid = ?;

-- find_latest_runs
SELECT runs.grant_id, max(coalesce(runs.ended_at, ?)) AS latest
FROM runs
WHERE runs.collection_id = ? GROUP BY runs.grant_id;

-- get_grant
SELECT grants.id, grants.uuid, grants.kind, grants.grantor, grants.scope, grants.uses, grants.purposes, grants.bases, grants.assessment, grants.retention_days, grants.terms, grants.valid_from, grants.valid_until, grants.recorded_at, grants.revoked_at
FROM grants
WHERE grants.uuid = ?;

-- iter_grants
SELECT grants.id, grants.uuid, grants.kind, grants.grantor, grants.scope, grants.uses, grants.purposes, grants.bases, grants.assessment, grants.retention_days, grants.terms, grants.valid_from, grants.valid_until, grants.recorded_at, grants.revoked_at
FROM grants ORDER BY grants.id;

-- iter_grants_of
SELECT grants.id, grants.uuid, grants.kind, grants.grantor, grants.scope, grants.uses, grants.purposes, grants.bases, grants.assessment, grants.retention_days, grants.terms, grants.valid_from, grants.valid_until, grants.recorded_at, grants.revoked_at
FROM grants
WHERE grants.id IN (SELECT runs.grant_id
FROM runs
WHERE runs.collection_id = ?);

-- narrow_grant
UPDATE grants SET scope=?, uses=?, purposes=?, retention_days=?, valid_until=? WHERE grants.uuid = ?;

-- record_grant
INSERT INTO grants (uuid, kind, grantor, scope, uses, purposes, bases, assessment, retention_days, terms, valid_from, valid_until, recorded_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- rename_grantor
UPDATE grants SET grantor=? WHERE grants.uuid = ?;

-- revoke_grant
SELECT grants.id, grants.uuid, grants.kind, grants.grantor, grants.scope, grants.uses, grants.purposes, grants.bases, grants.assessment, grants.retention_days, grants.terms, grants.valid_from, grants.valid_until, grants.recorded_at, grants.revoked_at
FROM grants
WHERE grants.uuid = ?;
UPDATE grants SET revoked_at=? WHERE grants.uuid = ? AND grants.revoked_at IS NULL;
