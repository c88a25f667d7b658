"""A case from its guided form: who asks for what, and what it is about."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from mien.http.asking import Asking
from mien.permission.case import CaseKind, Channel
from mien.permission.host import parse_host
from mien.permission.scope import is_scope
from mien.service.case import About
from mien.service.cases import CaseDraft
from mien.service.optout import is_sha256
from mien.sources.address import folder_scope
from mien.web.filled import Filled

WAYS = ("person", "photo", "source", "host", "grantor", "face", "like")
"""In which ways somebody may say what they mean, in the order in which they are asked."""

CORRECTIONS = {
    "photo": ("caption", "credit", "copyright"),
    "grantor": ("name", "contact"),
    "person": ("name",),
}
"""What can be put right, by what the case is about."""

_MOST = 1000


def read_draft(asking: Asking, typed: Filled) -> tuple[CaseDraft, bytes | None] | None:
    """What the form says, and the photo of whoever asks; nothing where something is wrong."""
    kind = typed.word(CaseKind, "kind")
    requester = typed.text("requester", is_needed=True)
    channel = typed.word(Channel, "channel")
    about = _read_about(typed, requester)
    photo = _read_photo(asking, typed)
    corrections = _read_corrections(typed, kind)
    if kind is None or channel is None or not typed.is_sound:
        return None
    draft = CaseDraft(
        kind=kind,
        requester=requester,
        contact=typed.text("contact"),
        channel=channel,
        about=about,
        reason=typed.text("reason"),
        statement=typed.text("statement"),
        is_intimate=bool(typed.text("intimate")),
        corrections=corrections,
    )
    return draft, photo


def _read_about(typed: Filled, requester: str) -> About:
    way = typed.text("way")
    if way not in WAYS:
        typed.errors["way"] = "Choose one of these."
    if way == "like":
        return About()
    if way == "person":  # who says no name means themselves
        return About(person=typed.text("what") or requester)
    lines = typed.lines("what", is_needed=True)
    if len(lines) > _MOST:
        typed.errors["what"] = f"Name {_MOST:,} at most; open another case for the rest."
    if way == "photo":
        return _read_photos(typed, lines)
    if way == "face":
        return _read_faces(typed, lines)
    if len(lines) > 1:
        typed.errors["what"] = "Name one only; open another case for the rest."
    return _read_place(typed, way=way, text=lines[0]) if lines else About()


def _read_photos(typed: Filled, lines: list[str]) -> About:
    wrong = [line for line in lines if not is_sha256(line)]
    if wrong:
        typed.errors["what"] = f"{wrong[0]!r} is no SHA-256: it has 64 hexadecimal digits."
    return About(photos=tuple(line.lower() for line in lines))


def _read_faces(typed: Filled, lines: list[str]) -> About:
    try:
        return About(faces=tuple(str(UUID(line)) for line in lines))
    except ValueError:
        typed.errors["what"] = "The id of a face is 32 hexadecimal digits with - between them."
        return About()


def _read_place(typed: Filled, *, way: str, text: str) -> About:
    if way == "source":
        text = folder_scope(Path(text)) if text.startswith("/") else text
        if not is_scope(text):
            typed.errors["what"] = "Write a link, as https://example.org/page, or /a/folder."
    if way == "host" and parse_host(text) is None:
        typed.errors["what"] = "Write the name of the site alone, as photos.example.org."
    return {
        "source": About(source=text),
        "host": About(host=text),
        "grantor": About(grantor=text),
    }.get(way, About())


def _read_photo(asking: Asking, typed: Filled) -> bytes | None:
    """Only where somebody wants to be found by it."""
    if typed.text("way") != "like":
        return None
    found = typed.file("photo", max_bytes=asking.library.parts.max_file_bytes)
    if found is None:
        typed.errors.setdefault("photo", "Choose a photo of whoever asks.")
        return None
    return found[1]


def _read_corrections(typed: Filled, kind: CaseKind | None) -> dict[str, str]:
    if kind is not CaseKind.RECTIFICATION:
        return {}
    fields = CORRECTIONS.get(typed.text("way"), ())
    if not fields:
        typed.errors["way"] = "Photos, a grantor and somebody by name can be put right."
    said = {name: typed.text(f"correct_{name}") for name in fields}
    corrections = {name: value for name, value in said.items() if value}
    if fields and not corrections:
        typed.errors[f"correct_{fields[0]}"] = "Say what it should say."
    return corrections
