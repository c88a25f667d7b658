-- correct_grantor
UPDATE grants SET grantor=?, contact=? WHERE grants.uuid = ?;

-- find_first_additions
SELECT locations.grant_id, min(locations.added_at) AS added_at
FROM locations GROUP BY locations.grant_id;

-- find_grant
SELECT grants.id, grants.uuid, grants.kind, grants.grantor, grants.contact, grants.verified_by, grants.jurisdiction, grants.assessment, grants.terms, grants.scope AS scope, grants.uses AS uses, grants.purposes AS purposes, grants.bases AS bases, grants.evidence AS evidence, grants.retention_days, grants.valid_from AS valid_from, grants.valid_until AS valid_until, grants.recorded_at AS recorded_at, grants.revoked_at AS revoked_at
FROM grants
WHERE grants.uuid = ? ORDER BY grants.id;

-- find_latest_runs
SELECT runs.grant_id, max(coalesce(runs.ended_at, ?)) AS latest
FROM runs
WHERE runs.collection_id = ? GROUP BY runs.grant_id;

-- get_grant
SELECT grants.id, grants.uuid, grants.kind, grants.grantor, grants.contact, grants.verified_by, grants.jurisdiction, grants.assessment, grants.terms, grants.scope AS scope, grants.uses AS uses, grants.purposes AS purposes, grants.bases AS bases, grants.evidence AS evidence, grants.retention_days, grants.valid_from AS valid_from, grants.valid_until AS valid_until, grants.recorded_at AS recorded_at, grants.revoked_at AS revoked_at
FROM grants
WHERE grants.uuid = ? ORDER BY grants.id;

-- iter_grants
SELECT grants.id, grants.uuid, grants.kind, grants.grantor, grants.contact, grants.verified_by, grants.jurisdiction, grants.assessment, grants.terms, grants.scope AS scope, grants.uses AS uses, grants.purposes AS purposes, grants.bases AS bases, grants.evidence AS evidence, grants.retention_days, grants.valid_from AS valid_from, grants.valid_until AS valid_until, grants.recorded_at AS recorded_at, grants.revoked_at AS revoked_at
FROM grants ORDER BY grants.id;

-- iter_grants_of
SELECT grants.id, grants.uuid, grants.kind, grants.grantor, grants.contact, grants.verified_by, grants.jurisdiction, grants.assessment, grants.terms, grants.scope AS scope, grants.uses AS uses, grants.purposes AS purposes, grants.bases AS bases, grants.evidence AS evidence, grants.retention_days, grants.valid_from AS valid_from, grants.valid_until AS valid_until, grants.recorded_at AS recorded_at, grants.revoked_at AS revoked_at
FROM grants
WHERE grants.id IN (SELECT runs.grant_id
FROM runs
WHERE runs.collection_id = ?) ORDER BY grants.id;

-- narrow_grant
UPDATE grants SET scope=?, uses=?, purposes=?, retention_days=?, valid_until=? WHERE grants.uuid = ?;

-- record_grant
INSERT INTO grants (uuid, kind, grantor, contact, verified_by, jurisdiction, assessment, terms, scope, uses, purposes, bases, evidence, retention_days, valid_from, valid_until, recorded_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
SELECT grants.id, grants.uuid, grants.kind, grants.grantor, grants.contact, grants.verified_by, grants.jurisdiction, grants.assessment, grants.terms, grants.scope AS scope, grants.uses AS uses, grants.purposes AS purposes, grants.bases AS bases, grants.evidence AS evidence, grants.retention_days, grants.valid_from AS valid_from, grants.valid_until AS valid_until, grants.recorded_at AS recorded_at, grants.revoked_at AS revoked_at
FROM grants
WHERE grants.uuid = ? ORDER BY grants.id;

-- revoke_grant
SELECT grants.id, grants.uuid, grants.kind, grants.grantor, grants.contact, grants.verified_by, grants.jurisdiction, grants.assessment, grants.terms, grants.scope AS scope, grants.uses AS uses, grants.purposes AS purposes, grants.bases AS bases, grants.evidence AS evidence, grants.retention_days, grants.valid_from AS valid_from, grants.valid_until AS valid_until, grants.recorded_at AS recorded_at, grants.revoked_at AS revoked_at
FROM grants
WHERE grants.uuid = ? ORDER BY grants.id;
UPDATE grants SET revoked_at=? WHERE grants.uuid = ?;
SELECT grants.id, grants.uuid, grants.kind, grants.grantor, grants.contact, grants.verified_by, grants.jurisdiction, grants.assessment, grants.terms, grants.scope AS scope, grants.uses AS uses, grants.purposes AS purposes, grants.bases AS bases, grants.evidence AS evidence, grants.retention_days, grants.valid_from AS valid_from, grants.valid_until AS valid_until, grants.recorded_at AS recorded_at, grants.revoked_at AS revoked_at
FROM grants
WHERE grants.uuid = ? ORDER BY grants.id;
