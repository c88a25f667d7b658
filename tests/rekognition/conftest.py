from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rekognition.conformance.endpoint import AWS, CHOSEN, Endpoint, kinds, opening
from rekognition.conformance.proofs import proofs_of
from rekognition.process import DRAWN
from service.stage import Stage

Open = Callable[[str], Endpoint]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """As of now: what is signed by real clients names the hour."""
    return Stage(tmp_path, now=datetime.now(UTC))


@pytest.fixture(scope="session")
def _open(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, cache_folder: Path
) -> Iterator[Open]:
    """Each kind of endpoint once, and only where a test asks for it."""
    opened: dict[str, Endpoint] = {}
    with ExitStack() as stack:

        def open_once(kind: str) -> Endpoint:
            if kind not in opened:
                home = tmp_path_factory.mktemp(kind) / "home"
                photos = None if kind == DRAWN else request.getfixturevalue("data_folder")
                opened[kind] = stack.enter_context(
                    opening(kind, home=home, cache=cache_folder, photos=photos)
                )
            return opened[kind]

        yield open_once


@pytest.fixture(scope="session", params=kinds())
def endpoint(request: pytest.FixtureRequest, _open: Open) -> Endpoint:
    """For what photos are needed for: with drawn ones, and with real ones."""
    return _open(str(request.param))


@pytest.fixture(scope="session", params=[AWS if CHOSEN == AWS else DRAWN])
def wire(request: pytest.FixtureRequest, _open: Open) -> Endpoint:
    """For what is the same whatever the photos are."""
    return _open(str(request.param))


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """A test that says what it proves has sent it, and been answered it."""
    given = pyfuncitem.funcargs.values()
    found = [one for one in given if isinstance(one, Endpoint)]
    for one in found:
        one.watch.forget()
    result = yield
    for proof in proofs_of(pyfuncitem.function):
        assert found, "what a test proves, it proves at an endpoint"
        gaps = list(proof.iter_gaps(found[0].watch))
        assert not gaps, gaps
    return result
