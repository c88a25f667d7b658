-- delete_tags
DELETE FROM tags WHERE tags.collection_id = ? AND tags.reference IN (?);

-- find_tags
SELECT tags.reference, tags.sealed
FROM tags
WHERE tags.collection_id = ? ORDER BY tags.id;

-- put_tags
DELETE FROM tags WHERE tags.collection_id = ? AND tags.reference IN (?);
INSERT INTO tags (collection_id, reference, sealed) VALUES (?, ?, ?);
