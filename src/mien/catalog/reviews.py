"""Reviews of searches as rows: which entry of the audit log is the review of which search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, delete, insert, select

from mien.catalog.accounts_schema import search_reviews


def put_review(connection: Connection, search_seq: int, *, review_seq: int) -> None:
    """Keeps the entry of the newest review of a search, in the place of the one before."""
    connection.execute(delete(search_reviews).where(search_reviews.c.search_seq == search_seq))
    connection.execute(insert(search_reviews).values(search_seq=search_seq, review_seq=review_seq))


def iter_reviews(connection: Connection, search_seqs: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Of those of these searches that were reviewed, the entry and that of the review."""
    found = select(search_reviews.c.search_seq, search_reviews.c.review_seq)
    rows = connection.execute(found.where(search_reviews.c.search_seq.in_(search_seqs)))
    for row in rows:
        yield row.search_seq, row.review_seq
