"""Names of collections as Amazon writes them: ARNs, with an account number that stands for a home.

Programs send them back with `arn:` in front or without it; both are read.
"""

from __future__ import annotations

import re

from mien.rekognition.call import Call
from mien.rekognition.errors import Code, ServiceError, invalid
from mien.rekognition.kinds import COLLECTION_ID

_DIGITS = 12
_ARN = re.compile(
    r"(?:arn:)?aws:rekognition:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):(?P<resource>.+)"
)
_COLLECTION = "collection/"


def tell_arn(call: Call, collection_id: str) -> str:
    """The collection as a resource of this home."""
    return f"aws:rekognition:{call.site.region}:{_tell_account(call)}:{_COLLECTION}{collection_id}"


def read_arn(call: Call, text: str) -> str:
    """The name of the collection that is meant. Raises `ServiceError` for anything else."""
    found = _ARN.fullmatch(text)
    if found is None:
        raise invalid("'ResourceArn' must be an ARN, as CreateCollection answers it.")
    is_here = (found["region"], found["account"]) == (call.site.region, _tell_account(call))
    if not is_here or not found["resource"].startswith(_COLLECTION):
        raise ServiceError(Code.NOT_FOUND, "There is no resource of this ARN here.")
    name = found["resource"].removeprefix(_COLLECTION)
    return COLLECTION_ID.read(name, at="ResourceArn")


def _tell_account(call: Call) -> str:
    """Always the same digits for a home, and others for the next one."""
    reference = call.parts.deployment.vault.notary.refer("account", "amazon")
    return f"{int(reference, 16) % 10**_DIGITS:0{_DIGITS}d}"
