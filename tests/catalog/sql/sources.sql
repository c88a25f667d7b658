-- count_photos_below
SELECT locations.state, count(distinct(locations.photo_id)) AS number
FROM locations
WHERE locations.grant_id = ? AND locations.uri >= ? AND locations.uri < ? AND (locations.uri = ? OR locations.uri > ?) AND (EXISTS (SELECT *
FROM indexed_photos
WHERE indexed_photos.photo_id = locations.photo_id AND indexed_photos.collection_id = ?)) GROUP BY locations.state ORDER BY locations.state;

-- iter_latest_runs
SELECT runs.id, runs.uuid, runs.collection_id, runs.grant_id, runs.state, runs.started_at, runs.ended_at, runs.counts
FROM runs JOIN grants ON grants.id = runs.grant_id
WHERE runs.id IN (SELECT max(runs.id) AS max_1
FROM runs
WHERE runs.collection_id = ? GROUP BY runs.grant_id) ORDER BY grants.id;
