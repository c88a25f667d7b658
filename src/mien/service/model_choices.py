"""Which pack was chosen here, and whose licences were accepted: by whom, when, which licence.

One small TOML file beside the user's own models, so that it can be read and is in every backup.
An acceptance is of one licence of one model: where a card names another, it is asked for anew.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from mien.errors import ModelError


class Licensed(Protocol):
    """A model with its licence."""

    @property
    def id(self) -> str: ...

    @property
    def licence(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Somebody accepted a licence, for this deployment."""

    model: str
    licence: str
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What was chosen and accepted."""

    pack: str = ""
    accepted: tuple[Acceptance, ...] = ()


class ChoiceFile:
    """The file; where there is none, nothing was chosen."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Choices:
        """Raises `ModelError` for a file that cannot be read."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return Choices()
        except OSError as error:
            raise self._tell(error.strerror or "no reason given") from error
        try:
            table = tomllib.loads(content.decode())
            accepted = tuple(Acceptance(**one) for one in table.get("accepted", ()))
            return Choices(str(table.get("pack", "")), accepted)
        except (ValueError, TypeError) as error:
            raise self._tell(str(error)) from error

    def has_accepted(self, model: Licensed) -> bool:
        wanted = (model.id, model.licence)
        return any((one.model, one.licence) == wanted for one in self.read().accepted)

    def accept(self, model: Licensed, *, by: str, at: datetime) -> None:
        """Records an acceptance, once."""
        choices = self.read()
        if not self.has_accepted(model):
            new = Acceptance(model.id, model.licence, by, at.isoformat(timespec="seconds"))
            self._write(replace(choices, accepted=(*choices.accepted, new)))

    def choose(self, pack: str) -> None:
        self._write(replace(self.read(), pack=pack))

    def forget(self, model: Licensed) -> None:
        """Takes acceptances of a model's licences back."""
        choices = self.read()
        left = tuple(one for one in choices.accepted if one.model != model.id)
        if left != choices.accepted:
            self._write(replace(choices, accepted=left))

    def _write(self, choices: Choices) -> None:
        lines = [_format({"pack": choices.pack})]
        for one in choices.accepted:
            entry = {"model": one.model, "licence": one.licence, "by": one.by, "at": one.at}
            lines.append(f"\n[[accepted]]\n{_format(entry)}")
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = self._path.with_suffix(".new")
        with unfinished.open("w", encoding="utf-8") as file:
            file.write("".join(lines))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._path)

    def _tell(self, reason: str) -> ModelError:
        return ModelError(
            f"{self._path} cannot be read ({reason}). Put it right, or delete it and choose again."
        )


def _format(entry: Mapping[str, str]) -> str:
    # A JSON string in ASCII is a TOML string.
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in entry.items())
