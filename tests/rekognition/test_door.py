"""What comes before an operation: limits and places, told so that an SDK understands them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from mien.http.site import Site
from rekognition.client import KEY_ID, Key
from server.door import Door, make_site
from service.stage import Stage

KEY = Key("g", "family-album")
FIVE_MB = 5_242_880


@pytest.fixture
def site(stage: Stage) -> Iterator[Site]:
    with stage.open() as library:
        yield make_site(library, Door(access_keys={KEY_ID: KEY.as_access()}))


def code_of(call: Any, **asked: object) -> str:
    with pytest.raises(ClientError) as refused:
        call(**asked)
    return str(refused.value.response["Error"]["Code"])
