-- add_checkpoint
INSERT INTO audit_checkpoints (size, note) VALUES (?, ?);

-- add_entry
INSERT INTO audit_entries (seq, content, leaf_hash, mark) VALUES (?, ?, ?, ?);

-- add_notes
INSERT INTO audit_notes (seq, number, owner, sealed) VALUES (?, ?, ?, ?);

-- delete_beyond
DELETE FROM audit_notes WHERE audit_notes.seq >= ?;
DELETE FROM audit_checkpoints WHERE audit_checkpoints.size > ?;

-- delete_notes_of
DELETE FROM audit_notes WHERE audit_notes.owner = ?;

-- find_entry
SELECT audit_entries.seq, CAST(audit_entries.content AS BLOB) AS content, CAST(audit_entries.leaf_hash AS BLOB) AS leaf_hash, CAST(audit_entries.mark AS BLOB) AS mark
FROM audit_entries
WHERE audit_entries.seq = ?;

-- find_last_checkpoint
SELECT audit_checkpoints.size, CAST(audit_checkpoints.note AS VARCHAR) AS note
FROM audit_checkpoints ORDER BY audit_checkpoints.size DESC
 LIMIT ? OFFSET ?;

-- find_next_seq
SELECT max(audit_entries.seq) AS max_1
FROM audit_entries;

-- find_notes
SELECT audit_notes.seq, audit_notes.number, audit_notes.owner, CAST(audit_notes.sealed AS BLOB) AS sealed
FROM audit_notes
WHERE audit_notes.seq = ? ORDER BY audit_notes.number;

-- find_notes_of
SELECT audit_notes.seq, audit_notes.number, audit_notes.owner, CAST(audit_notes.sealed AS BLOB) AS sealed
FROM audit_notes
WHERE audit_notes.owner = ? ORDER BY audit_notes.id;

-- iter_checkpoints
SELECT audit_checkpoints.size, CAST(audit_checkpoints.note AS VARCHAR) AS note
FROM audit_checkpoints ORDER BY audit_checkpoints.size;

-- iter_entries
SELECT audit_entries.seq, CAST(audit_entries.content AS BLOB) AS content, CAST(audit_entries.leaf_hash AS BLOB) AS leaf_hash, CAST(audit_entries.mark AS BLOB) AS mark
FROM audit_entries
WHERE audit_entries.seq >= ? ORDER BY audit_entries.seq;

-- iter_entries_back
SELECT audit_entries.seq, CAST(audit_entries.content AS BLOB) AS content, CAST(audit_entries.leaf_hash AS BLOB) AS leaf_hash, CAST(audit_entries.mark AS BLOB) AS mark
FROM audit_entries
WHERE audit_entries.seq < ? ORDER BY audit_entries.seq DESC;
