-- iter_reviews
SELECT search_reviews.search_seq, search_reviews.review_seq
FROM search_reviews
WHERE search_reviews.search_seq IN (?);

-- put_review
DELETE FROM search_reviews WHERE search_reviews.search_seq = ?;
INSERT INTO search_reviews (search_seq, review_seq) VALUES (?, ?);
