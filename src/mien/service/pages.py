"""Where the next page of a list begins, as text that says nothing to whoever holds it.

It is sealed, since the place of a photo may stand in it, and fits the list alone that it was
made for.
"""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime

from mien.catalog.audit import format_json
from mien.catalog.browse import Position
from mien.catalog.parsing import format_instant, parse_instant
from mien.errors import SettingsError, VaultError
from mien.service.audit import DEPLOYMENT
from mien.service.deployment import Deployment


def seal_position(deployment: Deployment, position: Position, *, context: str) -> str:
    """The position in the list that the context names, for `open_position`."""
    key = position.key
    content = format_json([format_instant(key) if isinstance(key, datetime) else key, position.id])
    sealed = deployment.vault.notary.seal_note(content, owner=DEPLOYMENT, context=context)
    if sealed is None:  # the deployment's own key is never destroyed
        raise AssertionError
    return base64.urlsafe_b64encode(sealed).decode("ascii").rstrip("=")


def open_position(deployment: Deployment, text: str, *, context: str) -> Position | None:
    """Nothing for the first page. Raises `SettingsError` for what is of no page of this list."""
    if not text:
        return None
    try:
        sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        content = deployment.vault.notary.unseal_note(sealed, owner=DEPLOYMENT, context=context)
    except (binascii.Error, ValueError, VaultError) as error:
        raise SettingsError(
            "This is no page of this list. Begin again without naming a page."
        ) from error
    key, row_id = json.loads(content)
    return Position(parse_instant(key) if isinstance(key, int) else key, row_id)
