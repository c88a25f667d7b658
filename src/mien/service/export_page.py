"""Candidates as a page of faces: what a score is worth is said on it, and whom to write to."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote

from mien.errors import VaultError
from mien.pages.takeaway import Card, Takeaway, render_takeaway
from mien.service.parts import Parts
from mien.service.pictures import read_crop
from mien.service.strength_words import show_band, show_strangers
from mien.service.taken import Taken, say

_CAUTION = (
    "These are candidates, ranked by how strong the match is. None of them is an identification, "
    "and nobody shown here endorses anything."
)
_MEANING = (
    "Strangers: how many score as high, and how many of them were expected among the faces that "
    "were searched. Counted on press photos: on others, such as portraits of one studio, many "
    "times more may."
)
_UNMEASURED = "What the scores of this model are worth was never measured."


def make_page(parts: Parts, taken: Sequence[Taken], *, left_out: int) -> bytes:
    """As HTML; a face that was erased at this very moment is left out of it."""
    cards = [card for one in taken if (card := _make_card(parts, one)) is not None]
    is_measured = any(one.shown.strength is not None for one in taken)
    page = Takeaway(
        purpose=taken[0].shown.purpose,
        collection=taken[0].shown.collection,
        made_at=parts.deployment.clock().strftime("%Y-%m-%d %H:%M UTC"),
        meaning=(_CAUTION, _MEANING if is_measured else _UNMEASURED),
        controller=parts.operator.controller,
        contact=parts.operator.contact,
        cards=cards,
        left_out=left_out + len(taken) - len(cards),
    )
    return render_takeaway(page).encode()


def _make_card(parts: Parts, one: Taken) -> Card | None:
    try:
        crop = read_crop(parts.deployment, one.face)
    except VaultError:
        return None
    if crop is None:
        return None
    uris = list(dict.fromkeys(place.uri for place in one.places))
    credit = one.face.credit
    return Card(
        crop_jpeg=crop,
        title=unquote(uris[0].rsplit("/", 1)[-1]) if uris else one.face.sha256[:12],
        rank=one.shown.rank,
        score=one.shown.score,
        match=show_band(one.shown.strength),
        strangers=show_strangers(one.shown.strength),
        said=say(one.opinion),
        uris=uris,
        credit=" · ".join(filter(None, (credit.caption, credit.credit, credit.copyright))),
    )
