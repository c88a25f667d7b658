-- add_guest_request
INSERT INTO guest_requests (uuid, link_id, token_hash, guest_hash, state, consent_version, asked_at, ends_at, run_uuid, shown, downloads, selfie, crop) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- change_guest_request
UPDATE guest_requests SET crop=? WHERE guest_requests.id = ?;

-- close_guest_requests
UPDATE guest_requests SET state=?, selfie=?, crop=?, found=? WHERE guest_requests.id = ?;

-- count_download
UPDATE guest_requests SET downloads=(guest_requests.downloads + ?) WHERE guest_requests.id = ?;

-- count_use
SELECT count(*) AS count_1
FROM guest_requests
WHERE guest_requests.link_id = ?;
SELECT count(*) AS count_1
FROM guest_requests
WHERE guest_requests.link_id = ? AND guest_requests.asked_at > ?;
SELECT count(*) AS count_1
FROM guest_requests
WHERE guest_requests.link_id = ? AND guest_requests.guest_hash = ?;

-- find_ended
SELECT guest_requests.id, guest_requests.uuid
FROM guest_requests JOIN links ON links.id = guest_requests.link_id
WHERE guest_requests.state IN (?, ?, ?, ?, ?) AND (guest_requests.ends_at <= ? OR links.revoked_at IS NOT NULL) ORDER BY guest_requests.id;

-- find_guest_request
SELECT guest_requests.id, guest_requests.uuid, guest_requests.link_id, guest_requests.token_hash, guest_requests.guest_hash, guest_requests.state, guest_requests.consent_version, guest_requests.asked_at, guest_requests.decided_at, guest_requests.answered_at, guest_requests.ends_at, guest_requests.run_uuid, guest_requests.shown, guest_requests.downloads, guest_requests.selfie, guest_requests.crop, guest_requests.found, guest_requests.person, links.uuid AS link_uuid
FROM guest_requests JOIN links ON links.id = guest_requests.link_id
WHERE guest_requests.uuid = ?;

-- find_guest_request_by_token
SELECT guest_requests.id, guest_requests.uuid, guest_requests.link_id, guest_requests.token_hash, guest_requests.guest_hash, guest_requests.state, guest_requests.consent_version, guest_requests.asked_at, guest_requests.decided_at, guest_requests.answered_at, guest_requests.ends_at, guest_requests.run_uuid, guest_requests.shown, guest_requests.downloads, guest_requests.selfie, guest_requests.crop, guest_requests.found, guest_requests.person, links.uuid AS link_uuid
FROM guest_requests JOIN links ON links.id = guest_requests.link_id
WHERE guest_requests.token_hash = ?;

-- find_guest_requests
SELECT guest_requests.id, guest_requests.uuid, guest_requests.link_id, guest_requests.token_hash, guest_requests.guest_hash, guest_requests.state, guest_requests.consent_version, guest_requests.asked_at, guest_requests.decided_at, guest_requests.answered_at, guest_requests.ends_at, guest_requests.run_uuid, guest_requests.shown, guest_requests.downloads, guest_requests.selfie, guest_requests.crop, guest_requests.found, guest_requests.person, links.uuid AS link_uuid
FROM guest_requests JOIN links ON links.id = guest_requests.link_id
WHERE guest_requests.link_id = ? ORDER BY guest_requests.id DESC;

-- move_guest_request
UPDATE guest_requests SET state=? WHERE guest_requests.id = ? AND guest_requests.state = ?;
