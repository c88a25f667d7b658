"""Says the policy's facts in plain words, for those whom they concern and not for experts.

The words stand in policy.txt. A paragraph that begins with `?name` is there only where there is
something of that name, with `?!name` only where there is nothing; `[name]` is a table;
`{name}` is filled in, and whatever is filled in stays text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files

from mien.pages.document import Block, Document, Items, Section, Table
from mien.permission.basis import Basis
from mien.permission.suppression import USUAL_FMR, Level
from mien.service.enrolled import FMR
from mien.service.policy_facts import Facts
from mien.service.policy_tables import make_tables

_CONDITION = re.compile(r"\?(!?)(\w+) ")
_LEVELS = {Level.ITEM.value: "photo"}


@dataclass(frozen=True, slots=True)
class _Filling:
    """What goes into the words: texts, empty where there is nothing to say, and tables."""

    texts: Mapping[str, str]
    tables: Mapping[str, Table]


def say(facts: Facts) -> Document:
    """The policy as a document."""
    filling = _Filling(_fill(facts), make_tables(facts))
    words = (files("mien.service") / "policy.txt").read_text("utf-8")
    head, *parts = words.removeprefix("# ").split("\n## ")
    title, _, lead = head.partition("\n\n")
    sections = [part.partition("\n\n") for part in parts]
    return Document(
        title=title,
        lead=_fill_in(lead.strip(), filling),
        sections=tuple(
            Section(name, tuple(_parse_blocks(text, filling))) for name, _, text in sections
        ),
    )


def _parse_blocks(text: str, filling: _Filling) -> Iterator[Block]:
    for part in text.strip().split("\n\n"):
        if part.startswith("["):
            yield filling.tables[part.strip("[]")]
        elif part.startswith("- "):
            lines = [_fill_in(line.removeprefix("- "), filling) for line in part.split("\n")]
            yield Items(tuple(filter(None, lines)))
        elif said := _fill_in(part, filling):
            yield said


def _fill_in(words: str, filling: _Filling) -> str:
    """The words with everything filled in; nothing where their condition does not hold."""
    condition = _CONDITION.match(words)
    if condition:
        words = words[condition.end() :]
        if bool(filling.texts[condition[2]]) is bool(condition[1]):
            return ""
    return words.format_map(filling.texts)


def _fill(facts: Facts) -> dict[str, str]:
    """Every text that the words ask for, and every condition."""
    operator, model, grace = facts.operator, facts.model, facts.terms.grace
    bases = {found.basis for found in facts.collections}
    bases |= {basis for source in facts.sources for basis in source.bases}
    in_use = dict.fromkeys((basis.value for basis in Basis), "")
    suppressed = [
        _count(number, _LEVELS.get(level, level)) for level, number in facts.suppressed.items()
    ]
    return {
        **(in_use | {basis.value: "used" for basis in bases}),
        "who": f"{operator.controller} keeps" if operator.controller else "The operator keeps",
        "controller": operator.controller,
        "contact": operator.contact,
        "people": _count(facts.people, "person", many="people") if facts.people else "",
        "people_until": facts.people_until.date().isoformat() if facts.people_until else "",
        "suppressed": ", ".join(suppressed),
        "originals": _count(facts.originals, "photo") if facts.originals else "",
        "users": _count(facts.users, "user") if facts.users else "",
        "links": _count(facts.links, "link") if facts.links else "",
        "cases": _count(facts.cases, "request") if facts.cases else "",
        "case_days": _count(facts.terms.cases.days, "day"),
        "grace": f"{_count(grace.days, 'day')} later" if grace else "at once",
        "model": model.model_id,
        "measured_on": model.measured_on or "nothing that is known here",
        "missed": _say_missed(facts),
        "kept_one_in": f"{round(1 / FMR):,}",
        **_say_strangers(facts),
    }


def _say_missed(facts: Facts) -> str:
    by_rate = {rate.strangers_one_in: rate.missed_per_mille for rate in facts.model.rates}
    missed = by_rate.get(round(1 / USUAL_FMR))
    return "an unknown share" if missed is None else f"about {missed:,} in 1,000"


def _say_strangers(facts: Facts) -> dict[str, str]:
    largest = max((found.faces for found in facts.collections), default=0)
    strictest = max((rate.strangers_one_in for rate in facts.model.rates), default=0)
    is_large = 0 < strictest <= largest
    return {
        "large": "yes" if is_large else "",
        "largest": f"{largest:,}",
        "strangers_one_in": f"{strictest:,}",
        "strangers": f"{largest // strictest:,}" if is_large else "",
    }


def _count(number: int, word: str, *, many: str = "") -> str:
    return f"{number:,} {word if number == 1 else many or f'{word}s'}"
