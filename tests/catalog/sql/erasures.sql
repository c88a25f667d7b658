-- begin_scrubbing
UPDATE erasures SET state=?, work=? WHERE erasures.uuid = ?;

-- end_erasure
UPDATE erasures SET state=?, done_at=?, certificate=? WHERE erasures.uuid = ?;

-- find_states
SELECT erasures.uuid, erasures.state
FROM erasures;

-- find_unfinished
SELECT erasures.id, erasures.uuid, erasures.kind, erasures.state, erasures.began_at, erasures.done_at, erasures.marks, erasures.work, erasures.counts, erasures.audit_seq, erasures.certificate
FROM erasures
WHERE erasures.state != ? ORDER BY erasures.id;

-- get_certificate
SELECT erasures.certificate
FROM erasures
WHERE erasures.uuid = ?;

-- has_lapsed
SELECT lapsed.id, lapsed.mark
FROM lapsed
WHERE lapsed.mark = ?;

-- iter_certificates
SELECT erasures.uuid, erasures.certificate
FROM erasures
WHERE erasures.certificate IS NOT NULL ORDER BY erasures.id;

-- iter_entries
SELECT erasures.id, erasures.uuid, erasures.kind, erasures.state, erasures.began_at, erasures.done_at, erasures.marks, erasures.work, erasures.counts, erasures.audit_seq, erasures.certificate
FROM erasures
WHERE erasures.uuid = ?;

-- record_erasure
INSERT INTO erasures (uuid, kind, state, began_at, marks, work, counts, audit_seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- record_lapsed
SELECT lapsed.mark
FROM lapsed
WHERE lapsed.mark = ?;
INSERT INTO lapsed (mark) VALUES (?);

-- restore_entries
INSERT INTO erasures (uuid, kind, state, began_at, marks, counts) VALUES (?, ?, ?, ?, ?, ?);
