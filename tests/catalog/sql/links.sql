-- add_case_link
INSERT INTO case_links (case_id, token_hash, sealed) VALUES (?, ?, ?);

-- add_link
INSERT INTO links (uuid, token_hash, collection_id, purpose, made_at, expires_at, approves, searches_each, searches_hourly, searches_total, sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- find_link
SELECT links.id, links.uuid, links.token_hash, links.collection_id, links.purpose, links.made_at AS made_at, links.expires_at AS expires_at, links.revoked_at AS revoked_at, links.approves, links.searches_each, links.searches_hourly, links.searches_total, links.sealed, collections.name AS collection
FROM links JOIN collections ON collections.id = links.collection_id
WHERE links.uuid = ?;

-- find_link_by_token
SELECT links.id, links.uuid, links.token_hash, links.collection_id, links.purpose, links.made_at AS made_at, links.expires_at AS expires_at, links.revoked_at AS revoked_at, links.approves, links.searches_each, links.searches_hourly, links.searches_total, links.sealed, collections.name AS collection
FROM links JOIN collections ON collections.id = links.collection_id
WHERE links.token_hash = ?;

-- find_linked_case
SELECT cases.uuid, case_links.sealed
FROM case_links JOIN cases ON cases.id = case_links.case_id
WHERE case_links.token_hash = ?;

-- iter_links
SELECT links.id, links.uuid, links.token_hash, links.collection_id, links.purpose, links.made_at AS made_at, links.expires_at AS expires_at, links.revoked_at AS revoked_at, links.approves, links.searches_each, links.searches_hourly, links.searches_total, links.sealed, collections.name AS collection
FROM links JOIN collections ON collections.id = links.collection_id ORDER BY links.id DESC;

-- revoke_link
UPDATE links SET revoked_at=? WHERE links.uuid = ? AND links.revoked_at IS NULL;
