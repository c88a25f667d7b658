-- count_cases
SELECT count(*) AS count_1
FROM cases;

-- count_holdings
SELECT faces.collection_id, count(*) AS number
FROM faces GROUP BY faces.collection_id;
SELECT indexed_photos.collection_id, count(*) AS number, sum(indexed_photos.dropped) AS dropped, min(indexed_photos.indexed_at) AS since
FROM indexed_photos GROUP BY indexed_photos.collection_id;

-- count_originals
SELECT count(*) AS count_1
FROM originals;

-- count_people
SELECT count(*) AS count_1
FROM people;

-- count_photos_by_grant
SELECT locations.grant_id, count(distinct(locations.photo_id)) AS number
FROM locations GROUP BY locations.grant_id;

-- count_suppressions
SELECT suppressions.level, count(*) AS number
FROM suppressions GROUP BY suppressions.level ORDER BY suppressions.level;

-- find_sources
SELECT DISTINCT indexed_photos.collection_id, locations.grant_id
FROM indexed_photos JOIN locations ON indexed_photos.photo_id = locations.photo_id;
