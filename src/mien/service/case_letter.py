"""The letter that answers a case, in plain words, as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mien.permission.case import CaseKind, CaseState, Channel
from mien.service.case import About, Case, CaseRequest
from mien.service.policy_facts import Operator

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~-])")

_ASKED = {
    CaseKind.TAKEDOWN: "that we take down",
    CaseKind.ACCESS: "what we hold about",
    CaseKind.OBJECTION: "that we do not search",
    CaseKind.ERASURE: "that we erase",
    CaseKind.RECTIFICATION: "that we put right",
}

_BY = {
    Channel.WEB: "on our page",
    Channel.MAIL: "by mail",
    Channel.API: "through a program",
    Channel.DESK: "in person or by letter",
}

_CLASSES = {
    "photos": "photo",
    "faces": "face",
    "locations": "place",
    "grants": "permission",
    "consents": "consent",
    "templates": "template",
}
"""What certificates count, as far as it says anything to the person, in their words."""

_RIGHTS = """\
## What you may do

- Ask again, at any time and as often as you like. You need no proof of identity and no photo.
- Ask us to erase what is held, not to search it, or to put it right.
- Complain to the data protection authority of the place where you live or work, or go to court.
"""

_REDRESS = """\
## What you may do

- Send us another notice, at any time, with whatever shows what we did not see.
- Go to court.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a letter tells: what is held, what went, when; how long the case itself is kept.

    `is_on_record` for somebody who is enrolled, or was; `is_proven` where a proof from the audit
    log lies beside the letter.
    """

    is_on_record: bool
    photos: int
    faces: int
    erased: Mapping[str, int]
    certificates: int
    at: datetime
    kept_days: int
    is_proven: bool
    operator: Operator


def write_letter(case: Case, *, findings: Findings) -> str:
    """The whole letter; nothing for a case that was forgotten."""
    request = case.request
    if request is None:
        return ""
    parts = [
        "# Answer to your request",
        f"Case {case.case_id}",
        f"To {_address(request.requester, request.contact)}",
        *_iter_sender(findings.operator),
        "## What you asked",
        _tell_asked(case, request),
        "## What we did",
        *_iter_done(case, findings=findings),
        (_REDRESS if case.kind is CaseKind.TAKEDOWN else _RIGHTS).strip(),
        "## About this case",
        _tell_end(findings),
    ]
    return "\n\n".join(parts) + "\n"


def _tell_end(findings: Findings) -> str:
    end = (
        f"What this case says about you is sealed, and is erased {findings.kept_days:,} days after "
        "the case is closed. acknowledgement.json, which is signed, says when it came in."
    )
    proof = " proof.json shows that it stands in our audit log."
    return end + (proof if findings.is_proven else "")


def make_plain(text: str) -> str:
    """Somebody's words, in one line, of which nothing is read as Markdown or HTML."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return _SPECIAL.sub(r"\\\1", " ".join(printable.split()))


def _iter_sender(operator: Operator) -> Iterator[str]:
    if operator.controller:
        yield f"From {_address(operator.controller, operator.contact)}"


def _address(name: str, contact: str) -> str:
    return make_plain(", ".join(part for part in (name, contact) if part))


def _tell_asked(case: Case, request: CaseRequest) -> str:
    asked = (
        f"On {_day(case.opened_at)} you asked us, {_BY[request.channel]}, {_ASKED[case.kind]} "
        f"{_tell_about(request.about)}."
    )
    corrections = "; ".join(
        f"{name} to “{make_plain(value)}”" for name, value in request.corrections.items()
    )
    wanted = f" You want to correct {corrections}." if corrections else ""
    reason = f" You wrote: “{make_plain(request.reason)}”" if request.reason else ""
    return asked + wanted + reason


def _tell_about(about: About) -> str:
    told = {
        "photo": _list("photo", about.photos),
        "face": _list("face", about.faces),
        "source": f"what was found at {make_plain(about.source)}",
        "host": f"what was found on {make_plain(about.host)} and the hosts below it",
        "grantor": f"what we have by permission of {make_plain(about.grantor)}",
        "person": f"the person {make_plain(about.person)}",
        "like": "whoever is shown by the photo that you handed in",
    }
    return told[about.kind]


def _iter_done(case: Case, *, findings: Findings) -> Iterator[str]:
    decision = case.decision
    if decision is not None and not decision.is_granted:
        yield f"We did not do it. Our reason: {make_plain(decision.reason)}"
        if case.was_hidden:
            yield "What had been hidden meanwhile is shown again."
        return
    if decision is not None and decision.reason:
        yield f"We did it. Our reason: {make_plain(decision.reason)}"
    if case.kind is CaseKind.ACCESS:
        yield _tell_held(findings)
    elif case.kind is CaseKind.RECTIFICATION:
        yield _tell_corrected(case)
    else:
        yield from _iter_erased(case, findings=findings)


def _tell_held(findings: Findings) -> str:
    if not findings.photos and not findings.is_on_record:
        return f"Nothing is held about what you named. We looked on {_day(findings.at)}."
    record = "You are enrolled here, or were. " if findings.is_on_record else ""
    return (
        f"{record}We hold {_count(findings.photos, 'photo')}, with "
        f"{_count(findings.faces, 'face')} that you mean. held.md tells all that is held, and "
        "held.json the same for programs. Pictures are in this folder where they show nobody else."
    )


def _tell_corrected(case: Case) -> str:
    done = case.find(CaseState.EXECUTED)
    changed = done.details.get("corrected") if done else 0
    if not changed:
        return "There is nothing here to correct: nothing of that name is held."
    return "It is corrected, and what stood there before is erased."


def _iter_erased(case: Case, *, findings: Findings) -> Iterator[str]:
    if case.was_hidden:
        yield (
            f"From {_day(case.opened_at)} on, the moment your request came in, no search showed "
            "any of it: a program saw to that. The decision was made by a person."
        )
    if not findings.certificates:
        yield f"Nothing of it is held. We looked in everything, and again on {_day(findings.at)}."
    else:
        gone = ", ".join(
            _count(findings.erased[name], word)
            for name, word in _CLASSES.items()
            if findings.erased.get(name)
        )
        yield (
            f"It is erased: {gone}. Everything was counted again, and nothing is left. The signed "
            "certificates in this folder prove it; they name nobody."
        )
        yield "Files in our own folders, outside the search engine, were not touched by it."
    if case.block_ids:
        yield "It is kept out from now on."


def _list(name: str, ids: Sequence[str]) -> str:
    return f"the {name}{'' if len(ids) == 1 else 's'} {', '.join(map(make_plain, ids))}"


def _count(number: int, name: str) -> str:
    return f"{number:,} {name}{'' if number == 1 else 's'}"


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"
