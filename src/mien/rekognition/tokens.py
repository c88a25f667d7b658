"""`NextToken`: where a list goes on, as text that says nothing and fits that list alone.

It is sealed, for the operation, the collection and the access key that it was made for. What it
names is an id inside, so it goes on at the right place whatever came in or went meanwhile.
"""

from __future__ import annotations

from mien.catalog.browse import Position
from mien.errors import SettingsError
from mien.rekognition.call import Call
from mien.rekognition.errors import Code, ServiceError
from mien.service.pages import open_position, seal_position


def make_token(call: Call, position: int, *, operation: str, collection_id: str = "") -> str:
    """The token of the page that begins after this id; of fewer than 255 characters."""
    context = _name(call, operation=operation, collection_id=collection_id)
    return seal_position(call.parts.deployment, Position("", position), context=context)


def read_token(call: Call, token: str, *, operation: str, collection_id: str = "") -> int:
    """After which id the page begins; 0 without a token. Raises `ServiceError` for any other."""
    context = _name(call, operation=operation, collection_id=collection_id)
    try:
        position = open_position(call.parts.deployment, token, context=context)
    except SettingsError as error:
        raise ServiceError(Code.INVALID_PAGE, "Invalid Pagination Token") from error
    return 0 if position is None else position.id


def _name(call: Call, *, operation: str, collection_id: str) -> str:
    # No collection's name and no actor's holds a slash.
    return f"rekognition/{operation}/{collection_id}/{call.caller.actor}"
