"""The one route: whose signature is right is answered, in the service's own kind of way."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from rekognition.client import Key, calling
from service.stage import Stage


def test_an_operation_that_is_not_there_is_the_services_own_kind_of_error(stage: Stage) -> None:
    with (
        stage.open() as library,
        calling(library, Key("g", "research")) as client,
        pytest.raises(ClientError) as refused,
    ):
        client.detect_labels(Image={"Bytes": b"x"})
    told = refused.value.response["Error"]
    assert told["Code"] == "UnknownOperationException"
    assert "'DetectLabels'" in told["Message"]
    assert "faces in photos" in told["Message"]
