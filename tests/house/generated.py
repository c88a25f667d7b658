"""Parts of the documentation that are written from the code: `scripts/docs [--check]`.

A block of a page stands between `<!-- generated: NAME -->` and `<!-- end of NAME -->`;
everything outside the markers is written by hand and left alone.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from fastapi import FastAPI

from house.rights import rights_table
from house.source import PACKAGE, ROOT, Module, modules
from house.strings import CATALOG, string_template
from mien import errors
from mien.evaluation.figures import Figure, Standing
from mien.evaluation.report import Judgement, Report, parse_report
from mien.evidence.similarity import ANCHORS, find_threshold, is_reached
from mien.pages.document import render_markdown
from mien.permission.platforms import PLATFORMS
from mien.permission.prohibited import PROHIBITIONS, Prohibition
from mien.permission.verdict import Reason
from mien.server.interface import ROUTERS
from mien.server.openapi import describe_with, name_operation
from mien.service.evaluation_document import make_colophon, make_document
from mien.service.import_report import Loss
from mien.settings import Settings
from mien.vision.cards import Card, load_calibration, load_cards
from rekognition.conformance.table import operation_tables

ACCURACY = ROOT / "docs" / "accuracy"
DECISIONS = ROOT / "docs" / "decisions"
REFERENCE = ROOT / "docs" / "reference"


def module_table() -> str:
    """Every module with the first line of its docstring."""
    rows = [f"| {_module_link(module)} | {_sentence(module)} |" for module in modules()]
    return "\n".join(["| module | what it is |", "| --- | --- |", *rows])


def error_sections() -> str:
    """Every exception with its parent, its sentence and what else its docstring says."""
    return "\n\n".join(_error_section(error) for error in iter_errors(errors.MienError))


def reason_sections() -> str:
    """Every reason for which permission refuses, with its explanation."""
    return "\n\n".join(f"### {reason}\n\n{reason.explanation}" for reason in Reason)


def platform_table() -> str:
    """Every platform that no grant reaches."""
    rows = [
        f"| {one.name} | {' '.join(f'`{domain}`' for domain in one.domains)} | {one.reason} "
        f"| {one.instead} | {one.checked.isoformat()} |"
        for one in PLATFORMS
    ]
    head = "| platform | domains | what it forbids | use instead | looked up |"
    return "\n".join([head, "| --- | --- | --- | --- | --- |", *rows])


def prohibition_table() -> str:
    """Every purpose that nothing is done for, and by which words it is told."""
    rows = [f"| {one.sentence} | {_show_words(one)} |" for one in PROHIBITIONS]
    return "\n".join(["| refused | told by |", "| --- | --- |", *rows])


def failure_table() -> str:
    """What `error.reason` says for every exception that may end a command."""
    rows = [
        f"| `{error().code}` | [`{error.__name__}`](errors.md#{error.__name__.lower()}) |"
        for error in iter_errors(errors.MienError)
        if error not in {errors.MienError, errors.PhotoError}
    ]
    return "\n".join(["| reason | exception |", "| --- | --- |", *rows])


def setting_table() -> str:
    """Every setting with its variable, its default and its sentence."""
    rows = [
        f"| `{entry.metadata['variable']}` | {_default(entry)} | {entry.metadata['sentence']} |"
        for entry in dataclasses.fields(Settings)
    ]
    return "\n".join(["| variable | default | meaning |", "| --- | --- | --- |", *rows])


def route_table() -> str:
    """Every operation of the REST interface with its summary."""
    app = FastAPI(generate_unique_id_function=name_operation)
    for router in ROUTERS:
        app.include_router(router)
    describe_with(app)
    rows = [
        f"| `{method.upper()} {path}` | {operation['summary']} |"
        for path, operations in sorted(app.openapi()["paths"].items())
        for method, operation in operations.items()
    ]
    return "\n".join(["| route | what it does |", "| --- | --- |", *rows])


def similarity_tables() -> str:
    """What programs' thresholds mean, for each model that has a calibration."""
    return "\n\n".join(table for card in load_cards() for table in _iter_similarities(card))


def decision_list() -> str:
    return "\n".join(f"- [{_title(page)}]({page.name})" for page in decision_pages())


def decision_pages() -> list[Path]:
    return [path for path in sorted(DECISIONS.glob("*.md")) if path.name != "README.md"]


def accuracy_sections() -> str:
    """Every saved report as Markdown, one level below the page's own title."""
    parts = []
    for report in saved_reports():
        document = make_document(report, has_plots=False)
        text = render_markdown(document, colophon=make_colophon(report))
        parts.append(re.sub(r"^#", "##", text.removesuffix("\n"), flags=re.MULTILINE))
    return "\n\n".join(parts)


def accuracy_figures() -> str:
    """The README's figures: those of the saved reports that a user asks for first."""
    rows = [row for report in saved_reports() for row in _iter_figures(report)]
    return "\n".join(["| what | result | 95 % interval |", "| --- | --- | --- |", *rows])


def saved_reports() -> list[Report]:
    """The reports in docs/accuracy, the largest set first."""
    paths = sorted(ACCURACY.glob("*.json"))
    reports = [parse_report(json.loads(path.read_text(encoding="utf-8"))) for path in paths]
    return sorted(reports, key=lambda report: -report.photos)


def _iter_group_figures(judgement: Judgement) -> Iterator[tuple[str, Figure]]:
    """The best and the worst of the groups by each attribute that carry a figure."""
    for found in judgement.differentials:
        carried = [group for group in found.groups if group.fmr.standing is Standing.CARRIED]
        carried.sort(key=lambda group: group.fmr.value or 0.0)
        where = f"where 1 in {round(1 / found.fmr):,} of all pairs of strangers match"
        attribute = found.attribute.replace("_", " ")
        for group in (carried[:1] + carried[-1:]) if len(carried) > 1 else []:
            who = f"{group.people} people of `{group.group}` ({attribute})"
            yield f"pairs of different people match among the {who}, {where}", group.fmr


def _iter_figures(report: Report) -> Iterator[str]:
    """Of the last score, the normalised one where there are both: what is carried."""
    judgement = report.judgements[-1]
    stated = [
        (
            f"two photos of one person match where 1 pair of strangers in {round(1 / rate):,} does",
            tmr,
        )
        for rate, tmr in ((point.fmr, point.tmr) for point in judgement.halves[1:3])
    ]
    searched = judgement.identification
    if searched is not None and searched.sizes:
        largest = searched.sizes[-1]
        enrolled = f"of {largest.gallery:,} people enrolled with one photo each"
        stated.append((f"a search puts the right one first {enrolled}", largest.rank_one))
        missed = "a search misses the right one {}, where 1 in 100 for nobody raises an alarm"
        stated += [
            (missed.format(enrolled), point.fnir) for point in largest.points if point.fpir == 1e-2
        ]
    stated += [*_iter_group_figures(judgement)]
    for what, figure in stated:
        if figure.value is not None and figure.low is not None and figure.high is not None:
            mark = "" if figure.standing is Standing.CARRIED else f" ({figure.standing})"
            interval = f"{100 * figure.low:.1f} to {100 * figure.high:.1f} %"
            yield f"| `{report.title}`: {what} | {100 * figure.value:.1f} %{mark} | {interval} |"


_SIMILARITY_HEAD = (
    "threshold",
    "strangers who reach it",
    "that rate was",
    "normalised score",
    "pairs of one person missed (by the cosine)",
)


def _iter_similarities(card: Card) -> Iterator[str]:
    """The table of a model, if it was calibrated."""
    calibration = load_calibration(card)
    if calibration is None or card.embedding is None:
        return
    rows = []
    for similarity, rate in ANCHORS.items():
        score = find_threshold(similarity, calibration)
        known = "counted" if score < calibration.extrapolated_from else "extrapolated"
        if not is_reached(similarity, calibration):
            known = "not known: rarer than the last rate of the model"
        missed = card.embedding.missed_by_fmr.get(rate)
        share = "not measured" if missed is None else f"{100 * missed:.2g} %"
        rows.append(f"| {similarity:g} | 1 in {1 / rate:,.0f} | {known} | {score:.2f} | {share} |")
    yield "\n".join(
        [
            f"`{card.id}`, measured on {card.embedding.measured_on}:\n",
            f"| {' | '.join(_SIMILARITY_HEAD)} |",
            "| ---: | ---: | --- | ---: | ---: |",
            *rows,
        ]
    )


def loss_table() -> str:
    """Why something of another service could not come along."""
    rows = [f"| `{loss}` | {loss.explanation} |" for loss in Loss]
    return "\n".join(["| reason | what it means |", "| --- | --- |", *rows])


BLOCKS: dict[str, tuple[Path, Callable[[], str]]] = {
    "modules": (ROOT / "ARCHITECTURE.md", module_table),
    "errors": (REFERENCE / "errors.md", error_sections),
    "reasons": (REFERENCE / "reasons.md", reason_sections),
    "platforms": (REFERENCE / "platforms.md", platform_table),
    "prohibitions": (REFERENCE / "purposes.md", prohibition_table),
    "failures": (REFERENCE / "reasons.md", failure_table),
    "settings": (REFERENCE / "settings.md", setting_table),
    "decisions": (DECISIONS / "README.md", decision_list),
    "accuracy": (ROOT / "docs" / "accuracy.md", accuracy_sections),
    "figures": (ROOT / "README.md", accuracy_figures),
    "rights": (ROOT / "docs" / "rights.md", rights_table),
    "similarities": (ROOT / "docs" / "guide" / "rekognition.md", similarity_tables),
    "rekognition-losses": (ROOT / "docs" / "guide" / "rekognition.md", loss_table),
    "operations": (ROOT / "docs" / "guide" / "rekognition.md", operation_tables),
    "routes": (ROOT / "docs" / "guide" / "api.md", route_table),
}


def iter_errors(base: type[errors.MienError]) -> Iterator[type[errors.MienError]]:
    """The tree below and with `base`, parents first, as `mien.errors` declares it."""
    yield base
    for child in base.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from iter_errors(child)


def renew(page: str, name: str, content: str) -> str:
    """The page with the block's content replaced. Raises `LookupError` without the markers."""
    start, end = f"<!-- generated: {name} -->", f"<!-- end of {name} -->"
    block = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", re.DOTALL)
    if len(block.findall(page)) != 1:
        raise LookupError(f"write {start} and {end} once, where the block belongs")
    return block.sub(lambda _: f"{start}\n{content}\n{end}", page)


def stale_pages() -> dict[Path, str]:
    """Pages that differ from what the code says, with the text they should have."""
    stale: dict[Path, str] = {}
    for name, (path, content) in BLOCKS.items():
        page = stale.get(path) or path.read_text(encoding="utf-8")
        fresh = renew(page, name, content())
        if fresh != page:
            stale[path] = fresh
    strings = string_template()
    if not CATALOG.exists() or CATALOG.read_text(encoding="utf-8") != strings:
        stale[CATALOG] = strings
    return stale


def _show_words(prohibition: Prohibition) -> str:
    told = [*sorted(prohibition.words), *(f"…{part}…" for part in prohibition.parts)]
    pairs = [
        f"one of *{', '.join(sorted(one))}* beside one of *{', '.join(sorted(other))}*"
        for one, other in prohibition.pairs
    ]
    return "; ".join([", ".join(told), *pairs] if told else pairs)


def _module_link(module: Module) -> str:
    path = module.path.relative_to(PACKAGE)
    name = path.parent if path.name == "__init__.py" and path.parent.parts else path
    suffix = "/" if name == path.parent else ""
    return f"[`{name.as_posix()}{suffix}`]({module.relative})"


def _sentence(module: Module) -> str:
    return module.docstring.partition("\n")[0]


def _error_section(error: type[errors.MienError]) -> str:
    parent = error.__base__
    heading = f"## {error.__name__}"
    if parent is not None and issubclass(parent, errors.MienError):
        heading += f"\n\nA [`{parent.__name__}`](#{parent.__name__.lower()})."
    return f"{heading}\n\n{inspect.cleandoc(error.__doc__ or '')}"


def _default(entry: dataclasses.Field[object]) -> str:
    """A default as it is written, or what the function that makes it says of itself."""
    if entry.default_factory is not dataclasses.MISSING:
        return (inspect.getdoc(entry.default_factory) or "").rstrip(".")
    return f"`{entry.default}`" if entry.default else "none"


def _title(page: Path) -> str:
    return page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")


def main(arguments: list[str]) -> int:
    stale = stale_pages()
    checks = "--check" in arguments
    for path, text in stale.items():
        if not checks:
            path.write_text(text, encoding="utf-8")
        print(f"{'stale, run scripts/docs' if checks else 'written'}: {path.relative_to(ROOT)}")  # noqa: T201 - it is a program
    return 1 if checks and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
