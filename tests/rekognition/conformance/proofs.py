"""What a test proves of which members; the guide's tables are made of it without running any.

Members are named by botocore's shape and their own name. A test that says that a member is
supported must have sent it, or been answered it; one that says that a member is refused or always
empty must never have been answered it. The fixture `_proven` sees to that after each test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from types import ModuleType
from typing import Any, TypeVar

from rekognition.conformance.watch import Watch

Test = TypeVar("Test", bound=Callable[..., object])

_PROOFS = "__proofs__"


class Status(StrEnum):
    """How Mien keeps to a member."""

    SUPPORTED = "supported"
    DIFFERS = "differs"
    EMPTY = "never filled, as at Amazon"
    REFUSED = "refused"


@dataclass(frozen=True)
class Proof:
    """A test's word on some members of a shape; `why` where it is not simply supported."""

    shape: str
    members: tuple[str, ...]
    status: Status
    why: str

    def iter_gaps(self, watch: Watch) -> Iterator[str]:
        """What the test that just ended did not show."""
        for name in self.members:
            was_there = (self.shape, name) in watch.sent | watch.answered
            if self._must_be_there and not was_there:
                yield f"{self.shape}.{name} was neither sent nor answered"
            if not self._must_be_there and (self.shape, name) in watch.answered:
                yield f"{self.shape}.{name} was answered"

    @property
    def _must_be_there(self) -> bool:
        return self.status in (Status.SUPPORTED, Status.DIFFERS)


def proves(
    shape: str, *members: str, status: Status = Status.SUPPORTED, why: str = ""
) -> Callable[[Test], Test]:
    """Says of the test below which members of the shape it proves something about."""
    if (status in (Status.DIFFERS, Status.REFUSED)) != bool(why):
        raise ValueError(f"{shape}: say why where something differs or is refused, and only there")
    proof = Proof(shape, members, status, why)

    def note(test: Test) -> Test:
        setattr(test, _PROOFS, (proof, *proofs_of(test)))
        return test

    return note


def proofs_of(test: Any) -> tuple[Proof, ...]:
    return getattr(test, _PROOFS, ())


def iter_proofs(*modules: ModuleType) -> Iterator[Proof]:
    """Of all tests of the modules, in their order."""
    for module in modules:
        for name, test in vars(module).items():
            if name.startswith("test_"):
                yield from proofs_of(test)
