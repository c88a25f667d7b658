"""Audit logs to look at and to tamper with."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from mien.library import Library
from mien.service.audit_check import AuditReport
from service.stage import Stage

SESSIONS, EACH = 3, 4
ENTRIES = SESSIONS * EACH


def make_log(stage: Stage) -> None:
    """Twelve entries with a checkpoint after each four."""
    for _ in range(SESSIONS):
        with stage.open() as library:
            for _ in range(EACH):
                stage.grant(library)


def tamper(stage: Stage, *statements: str) -> None:
    """Does what somebody with the database and without the keys can do."""
    with closing(sqlite3.connect(stage.home / "catalog.db")) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def verify(stage: Stage, *, against: str | None = None) -> AuditReport:
    with stage.open() as library:
        return library.audit().verify(against=against)


def faults(stage: Stage, *, against: str | None = None) -> list[tuple[str, int]]:
    """What is wrong, as code and number."""
    findings = verify(stage, against=against).findings
    return [(finding.fault.value, finding.number) for finding in findings]


def head_of(library: Library) -> str:
    note = library.audit().checkpoint()
    assert note
    return note


def copy_of(path: Path) -> dict[Path, bytes]:
    """Every file below a folder, to be put back."""
    return {each: each.read_bytes() for each in path.rglob("*") if each.is_file()}


def put_back(files: dict[Path, bytes]) -> None:
    for path, content in files.items():
        path.write_bytes(content)
