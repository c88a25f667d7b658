"""What a machine makes of the OpenAPI document, sent to a real server: no crash, no surprise.

Bounded in number, and the same in every run.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from house.source import listing
from mien.permission.caller import Role
from mien.server.app import make_app
from server.door import Door, caller_of, make_site
from service.stage import Stage

EXAMPLES = {GenerationMode.POSITIVE: 2, GenerationMode.NEGATIVE: 1}
"""How many for each operation; there are many of them."""
HEADERS = {"Authorization": "Bearer admin"}
UNTRUE = [positive_data_acceptance]
"""That whatever fits the schema is accepted: a cursor is signed, a photo has to show somebody."""
FORM = "multipart/form-data"
"""Where whatever takes the place of a file is sent as a file, and is none of the wrong type."""


@contextmanager
def serving(stage: Stage) -> Iterator[str]:
    """A real server on this machine, which knows somebody who may do everything; its address."""
    door = Door({"admin": caller_of(Role.ADMIN, calls_a_minute=1_000_000)})
    stage.draw("ann.png", 1)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
        app = make_app(make_site(library, door))
        config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        deadline = time.monotonic() + 10
        while not server.started:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        try:
            yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


def try_out(operation: APIOperation, mode: GenerationMode, *, address: str) -> list[str]:
    """What went wrong with requests of this sort, at most one thing."""

    @settings(
        max_examples=EXAMPLES[mode],
        database=None,
        deadline=None,
        derandomize=True,
        report_multiple_bugs=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: schemathesis.Case) -> None:
        untrue = [*UNTRUE, negative_data_rejection] if case.media_type == FORM else UNTRUE
        case.call_and_validate(
            base_url=address, headers=HEADERS, excluded_checks=untrue, timeout=20
        )

    try:
        send()
    except (FailureGroup, Failure) as error:
        return [f"{operation.label} ({mode.value}): {error}"]
    except Unsatisfiable:  # there is nothing in it that could be wrong
        assert mode is GenerationMode.NEGATIVE
    return []


def test_a_real_server_keeps_to_its_own_description(stage: Stage) -> None:
    wrong = []
    with serving(stage) as address:
        schema = schemathesis.openapi.from_url(f"{address}/v1/openapi.json", headers=HEADERS)
        operations = [one.ok() for one in schema.get_all_operations()]
        for operation in operations:
            for mode in EXAMPLES:
                wrong += try_out(operation, mode, address=address)
    assert len(operations) > 40
    assert not wrong, listing("make the route and its description agree", wrong)
