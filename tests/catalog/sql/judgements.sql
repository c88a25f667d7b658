-- count_judgements_of
SELECT judgements.id
FROM judgements
WHERE judgements.face_id IN (?) OR judgements.probe_face_id IN (?);

-- delete_judgement
DELETE FROM judgements WHERE judgements.uuid = ?;

-- delete_judgements_of
DELETE FROM judgements WHERE judgements.face_id IN (?) OR judgements.probe_face_id IN (?);

-- find_judgement
SELECT judgements.id, judgements.uuid, judgements.face_id, judgements.probe_face_id, judgements.probe, judgements.actor, judgements.kind, judgements.search, judgements.made_at, judgements.mark
FROM judgements
WHERE judgements.uuid = ?;

-- find_judgements_of
SELECT judgements.id, judgements.uuid, judgements.face_id, judgements.probe_face_id, judgements.probe, judgements.actor, judgements.kind, judgements.search, judgements.made_at, judgements.mark
FROM judgements
WHERE judgements.probe = ? OR judgements.face_id = ? AND judgements.probe_face_id IS NOT NULL ORDER BY judgements.id;

-- find_judgements_about
SELECT judgements.id, judgements.uuid, judgements.face_id, judgements.probe_face_id, judgements.probe, judgements.actor, judgements.kind, judgements.search, judgements.made_at, judgements.mark
FROM judgements
WHERE judgements.face_id IN (?) OR judgements.probe_face_id IN (?) ORDER BY judgements.id;

-- find_judgements_in
SELECT judgements.id, judgements.uuid, judgements.face_id, judgements.probe_face_id, judgements.probe, judgements.actor, judgements.kind, judgements.search, judgements.made_at, judgements.mark
FROM judgements
WHERE judgements.search = ? ORDER BY judgements.id;

-- put_judgement
DELETE FROM judgements WHERE judgements.face_id = ? AND judgements.probe = ? AND judgements.actor = ?;
INSERT INTO judgements (uuid, face_id, probe_face_id, probe, actor, kind, search, made_at, mark) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);
