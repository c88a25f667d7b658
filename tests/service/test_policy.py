"""The policy: made from the record and from nothing else, so that it cannot lag behind it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from mien.errors import SettingsError
from mien.library import Library
from mien.permission.basis import Basis
from mien.permission.case import CaseKind
from mien.permission.grant import GrantKind
from mien.permission.use import Use
from mien.service.case import About
from mien.service.cases import CaseDraft
from mien.service.grants import Narrowing
from mien.service.policy import Form, Policy
from mien.service.policy_facts import CollectionFacts, ErrorRate, SourceFacts
from mien.service.policy_tables import BASES, KINDS, USES
from service.enrolling import EVIDENCE, enrol
from service.stage import DOCUMENTED, NOON, Stage, query

PAPERS: dict[str, Any] = {
    "basis": "documented_basis",
    "purposes": ["press"],
    "assessment": "DPIA 8",
    "retention_days": 60,
}
WHO = {"controller": "SV Nord e.V.", "contact": "photos@sv-nord.example"}


@pytest.fixture
def filled(stage: Stage) -> Stage:
    """Two photos of three people in the default collection, under one household grant."""
    stage.draw("ann and ben.png", 1, 2)
    stage.draw("cid.png", 3)
    with stage.open() as library:
        assert library.add(stage.photos, grant=stage.grant(library)).photos_new == 2
    return stage


def texts(policy: Policy) -> dict[Form, str]:
    return {form: policy.render(form) for form in Form}


def source_of(policy: Policy, grant: str) -> SourceFacts:
    (found,) = (source for source in policy.facts.sources if source.grant_id == grant)
    return found


def collection_of(policy: Policy, name: str = "default") -> CollectionFacts:
    (found,) = (each for each in policy.facts.collections if each.name == name)
    return found


def row_of(policy: Policy, section: str, *, first: str) -> list[str]:
    """A row of a table in the words, by what stands first in it."""
    text = policy.render(Form.MARKDOWN).split(f"## {section}\n")[1].split("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line[:1] == "|"]
    (found,) = (line for line in lines if line[0] == first)
    return found


def test_an_empty_home_says_that_nothing_is_held(stage: Stage) -> None:
    with stage.open() as library:
        policy = library.policy()
    assert (policy.facts.collections, policy.facts.sources, policy.facts.purposes) == ((), (), ())
    text = policy.render(Form.MARKDOWN)
    assert "On record, sealed" not in text
    for sentence in (
        "There is no collection yet, and nothing is held.",
        "No permission is on record, so nothing can be added.",
        "No purpose is on record, so every search is refused.",
        "Nobody is known by name.",
        "Nobody has opted out so far.",
    ):
        assert sentence in text


def test_who_is_responsible_is_said_or_said_to_be_missing(stage: Stage) -> None:
    with stage.open(**WHO) as library:
        text = library.policy().render(Form.MARKDOWN)
    assert text.count("SV Nord e.V.") >= 3
    assert "Questions and requests go to: photos@sv-nord.example." in text
    assert "Write to photos@sv-nord.example, in your own words." in text
    with stage.open() as library:
        text = library.policy().render(Form.MARKDOWN)
    assert "The operator has not said yet who is responsible, though the law asks for it." in text
    assert "The operator has not said yet how to ask, though the law asks for it." in text
    assert "Write to the operator, in your own words." in text


def test_what_is_held_is_counted(filled: Stage) -> None:
    query(filled.home / "catalog.db", "UPDATE indexed_photos SET dropped = 4")
    with filled.open() as library:
        policy = library.policy()
        (grant,) = library.grants()
    held = collection_of(policy)
    assert (held.photos, held.faces, held.dropped) == (2, 3, 8)
    assert (held.basis, held.model_id, held.sources) == ("household", "fake", (grant.grant_id,))
    assert row_of(policy, "What is held", first="default")[2:] == ["2", "3", "8", "fake"]
    assert source_of(policy, grant.grant_id).photos == 2


def test_another_process_sees_what_the_first_one_did(filled: Stage) -> None:
    """There is no copy that could go stale, in memory or on the disk."""
    with filled.open() as reader, filled.open() as writer:
        before = reader.policy()
        filled.draw("new.png", 4)
        (grant,) = writer.grants()
        writer.add(filled.photos, grant=grant.grant_id)
        after = reader.policy()
    assert (collection_of(before).photos, collection_of(after).photos) == (2, 3)
    for path in filled.home.rglob("*"):
        if path.is_file():
            assert b"mien-policy" not in path.read_bytes()


CHANGES: dict[str, Callable[[Library, Stage, str], object]] = {
    "a grant is recorded": lambda library, stage, _: stage.grant(library, "press"),
    "a grant is narrowed": lambda library, _, grant: library.narrow(
        grant, Narrowing(uses=[Use.STORE, Use.TEMPLATE, Use.SEARCH])
    ),
    "a grant is revoked": lambda library, _, grant: library.revoke(grant),
    "a collection is made": lambda library, _, __: library.create_collection("archive", **PAPERS),
    "a photo is added": lambda library, stage, grant: (
        stage.draw("dora.png", 4),
        library.add(stage.photos, grant=grant),
    ),
    "somebody enrols": lambda library, stage, _: enrol(stage, library, 9, "Paula Person"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_of_the_record_changes_the_policy(filled: Stage, change: str) -> None:
    with filled.open() as library:
        (grant,) = library.grants()
        before = library.policy()
        CHANGES[change](library, filled, grant.grant_id)
        after = library.policy()
    assert after.version != before.version
    assert after.facts != before.facts
    for form in Form:
        assert after.render(form) != before.render(form)


def test_without_a_change_the_version_stays(filled: Stage) -> None:
    with filled.open() as library:
        before = library.policy()
        filled.now += timedelta(hours=5)
        after = library.policy()
    assert (after.version, after.document) == (before.version, before.document)
    assert after.made_at == before.made_at + timedelta(hours=5)


def test_time_alone_changes_it_when_a_permission_ends(filled: Stage) -> None:
    with filled.open() as library:
        (grant,) = library.grants()
        filled.now = grant.valid_until
        policy = library.policy()
    source = source_of(policy, grant.grant_id)
    assert not source.verdict.is_allowed
    state = row_of(
        policy, "Where it comes from, and by whose permission", first=source.grant_id[:8]
    )[-1]
    assert state == "ended on 2031-05-01"
    assert row_of(policy, "For which purposes", first="family-album")[2] == "none"


def test_what_is_overdue_is_erased_before_it_is_told_of(filled: Stage) -> None:
    filled.now += timedelta(days=365 + 31)
    with filled.open() as library:
        policy = library.policy()
    assert collection_of(policy).photos == 0
    assert [source.erase_at for source in policy.facts.sources] == [None]


def test_the_version_is_a_hash_that_anybody_can_compute(filled: Stage) -> None:
    with filled.open(controller="Vereinigung Übersee") as library:
        policy = library.policy()
    document = json.loads(policy.render(Form.JSON))
    assert document.pop("version") == policy.version
    assert document.pop("made_at") == "2030-05-01T12:00:00.000000Z"
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert sha256(canonical.encode()).hexdigest() == policy.version
    for form in Form:
        assert policy.version in policy.render(form)


def test_all_forms_say_the_same(filled: Stage) -> None:
    with filled.open(**WHO) as library:
        policy = library.policy()
    said = json.loads(policy.render(Form.JSON))["text"]
    html = policy.render(Form.HTML)
    markdown = policy.render(Form.MARKDOWN)
    assert [section["title"] for section in said["sections"]] == [
        line.removeprefix("## ") for line in markdown.splitlines() if line.startswith("## ")
    ]
    assert html.count("<h2 ") == len(said["sections"]) == 11
    for section in said["sections"]:
        for block in section["blocks"]:
            rows = block["rows"] if isinstance(block, dict) and "rows" in block else []
            for cell in (cell for row in rows for cell in row):
                assert cell.replace("'", "&#39;") in html


def test_a_source_is_told_in_full(stage: Stage) -> None:
    with stage.open() as library:
        grant = stage.grant(
            library,
            *("press", "yearbook"),
            kind=GrantKind.CONTRACT,
            grantor="Nordbild Archive",
            scope="https://nordbild.example/sport/",
            bases=[Basis.DOCUMENTED_BASIS],
            uses=[Use.STORE, Use.TEMPLATE, Use.SEARCH],
            assessment="DPIA-7",
            retention_days=90,
            jurisdiction="US-IL",
            evidence=[stage.draw("../letter.png", 1)],
            contact="Zoe, 555 0123",
            verified_by="Vera Verifier",
        )
        policy = library.policy()
    name = grant[:8]
    assert row_of(policy, "Where it comes from, and by whose permission", first=name)[1:] == [
        "Nordbild Archive",
        "a contract, under the law of US-IL, with evidence",
        "nordbild.example",
        "keep, recognise faces, search",
        "0",
        "in force until 2031-05-01",
    ]
    assert row_of(policy, "How long", first=name)[1:] == [
        "90 days at most",
        "2031-05-01",
        "nothing is held",
    ]
    assert row_of(policy, "On what basis", first=name) == [name, "DPIA-7"]
    for purpose in ("press", "yearbook"):
        assert row_of(policy, "For which purposes", first=purpose)[1:] == ["none", name, "0"]


def test_a_revoked_grant_is_told_as_revoked(filled: Stage) -> None:
    with filled.open() as library:
        (grant,) = library.grants()
        library.revoke(grant.grant_id)
        policy = library.policy()
    name = grant.grant_id[:8]
    where = "Where it comes from, and by whose permission"
    assert row_of(policy, where, first=name)[-1] == "revoked"
    assert row_of(policy, "How long", first=name)[2:] == ["revoked", "2030-05-31"]


def test_the_first_erasure_is_the_one_that_will_happen(filled: Stage) -> None:
    with filled.open(grace_days=3) as library:
        (deadline,) = library.deadlines()
        policy = library.policy()
    source = source_of(policy, deadline.grant.grant_id)
    assert source.erase_at == deadline.erase_at
    assert deadline.erase_at.date().isoformat() in policy.render(Form.MARKDOWN)
    assert "what it brought in is erased 3 days later." in policy.render(Form.MARKDOWN)
    with filled.open(grace_days=0) as library:
        assert "what it brought in is erased at once." in library.policy().render(Form.MARKDOWN)


def test_a_photo_in_two_collections_lends_each_only_the_grants_of_its_basis(filled: Stage) -> None:
    with filled.open() as library:
        (household,) = library.grants()
        other = stage_archive(filled, library)
        policy = library.policy()
    assert collection_of(policy).sources == (household.grant_id,)
    assert collection_of(policy, "archive").sources == (other,)
    assert collection_of(policy, "archive").purposes == ("press",)


def test_what_a_collection_was_made_for_is_told(filled: Stage) -> None:
    with filled.open() as library:
        stage_archive(filled, library)
        policy = library.policy()
    archive = collection_of(policy, "archive")
    assert (archive.assessment, archive.retention_days) == ("DPIA 8", 60)
    assert archive.erase_at == NOON + timedelta(days=60)
    assert row_of(policy, "On what basis", first="archive") == ["archive", "DPIA 8"]
    assert row_of(policy, "How long", first="archive")[1:] == ["60 days at most", "2030-06-30"]
    filled.now += timedelta(days=60)
    with filled.open() as library:
        policy = library.policy()
        assert collection_of(policy, "archive").photos == 0
        assert row_of(policy, "How long", first="archive")[2] == "nothing is held"


def test_a_purpose_of_a_collection_is_told_though_no_grant_names_it(filled: Stage) -> None:
    with filled.open() as library:
        library.create_collection("archive", **PAPERS | {"purposes": ["exhibition"]})
        policy = library.policy()
    assert row_of(policy, "For which purposes", first="exhibition")[1:] == ["archive", "none", "0"]


@pytest.mark.parametrize("table", ["grants", "collections"])
def test_a_row_that_was_edited_is_told_as_changed(filled: Stage, table: str) -> None:
    columns = {"grants": "purposes = '[\"sale\"]'", "collections": "basis = 'enrolled_only'"}
    query(filled.home / "catalog.db", f"UPDATE {table} SET {columns[table]}")  # noqa: S608  (above)
    with filled.open() as library:
        policy = library.policy()
    if table == "collections":
        assert not collection_of(policy).is_vouched
        told = row_of(policy, "What is held", first="default")[1]
        assert told == "changed since it was made: nothing is done in it"
        return
    (source,) = policy.facts.sources
    where = "Where it comes from, and by whose permission"
    assert row_of(policy, where, first=source.grant_id[:8])[-1] == "changed since, allows nothing"
    assert row_of(policy, "For which purposes", first="sale")[2] == "none"


def test_when_the_first_of_the_enrolled_goes_is_told(filled: Stage) -> None:
    with filled.open(grace_days=5) as library:
        assert library.policy().facts.people_until is None
        enrol(filled, library, 9, "Paula Person", days=100)
        enrol(filled, library, 10, "Otto Other", days=50)
        policy = library.policy()
        until = min(person.templates_until for person in library.people())
    assert policy.facts.people_until == until
    text = policy.render(Form.MARKDOWN)
    told = f"The first of what is kept of somebody who enrolled goes on {until.date()}."
    assert told in text
    assert "when it runs out, 5 days later." in text


def stage_archive(stage: Stage, library: Library) -> str:
    """The same photos in a collection of another basis."""
    library.create_collection("archive", **PAPERS)
    grant = stage.grant(library, "press", **DOCUMENTED)
    assert library.add(stage.photos, grant=grant, collection="archive").photos_new == 2
    return grant


def test_people_are_counted_by_purpose_and_not_named(filled: Stage) -> None:
    with filled.open() as library:
        enrol(filled, library, 9, "Paula Person", purposes=("yearbook", "press"))
        enrol(filled, library, 10, "Otto Other", purposes=("press",), days=10)
        policy = library.policy()
        assert dict(policy.facts.consented) == {"press": 2, "yearbook": 1}
        assert policy.facts.people == 2
        assert "Known by name, because they or their guardian consented: 2 people." in (
            policy.render(Form.MARKDOWN)
        )
        assert row_of(policy, "For which purposes", first="press")[1:] == ["none", "none", "2"]
        filled.now += timedelta(days=11)
        assert dict(library.policy().facts.consented) == {"press": 1, "yearbook": 1}


def test_a_consent_that_was_edited_counts_for_nobody(filled: Stage) -> None:
    with filled.open() as library:
        enrol(filled, library, 9, "Paula Person", purposes=("press",))
    query(filled.home / "catalog.db", "UPDATE consents SET purposes = ?", '["press", "sale"]')
    with filled.open() as library:
        assert dict(library.policy().facts.consented) == {"press": 0, "sale": 0}


def test_opt_outs_are_counted_by_level(filled: Stage) -> None:
    with filled.open() as library:
        library.optouts().item(filled.draw("../party.png", 9))
        library.optouts().source("https://site.example/people/ann/")
        for person in (50, 60):
            library.optouts().face(filled.draw(f"../{person}.png", person), consent=EVIDENCE)
        policy = library.policy()
    text = policy.render(Form.MARKDOWN)
    assert "Kept out because somebody opted out: 2 faces, 1 photo, 1 source." in text
    assert dict(policy.facts.suppressed) == {"face": 2, "item": 1, "source": 1}
    assert "site.example" not in text
    record = "Record of processing (GDPR article 30)"
    assert "people who opted out" in row_of(policy, record, first="Categories of people")[1]


def test_requests_are_told_of_and_who_asked_is_not(filled: Stage) -> None:
    with filled.open(case_days=400) as library:
        library.cases().open(
            CaseDraft(
                kind=CaseKind.TAKEDOWN,
                requester="Foto Hansen",
                contact="kanzlei@law.example",
                about=About(host="photos.example"),
            )
        )
        policy = library.policy()
    text = policy.render(Form.MARKDOWN)
    assert "who asked for what: 1 request of people and of holders of rights." in text
    assert (
        "What somebody asked for, and their name, goes 400 days after the request was closed."
        in text
    )
    for form, rendered in texts(policy).items():
        for word in ("Hansen", "kanzlei", "photos.example"):
            assert word not in rendered, form


SECRETS = [
    *("Greta Privat", "Karl Konto", "Paula Person"),
    *("Familie Privat", "Familie%20Privat", "Onkel Otto", "Onkel%20Otto"),
    *("call Zoe", EVIDENCE, "operator-zoe", "Vera Verifier", "zoe@mail.example", "letter.png"),
]


def test_nobody_private_is_in_it(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "operator-zoe")
    photo = stage.draw("Familie Privat/Onkel Otto.png", 1)
    with stage.open(**WHO) as library:
        grant = stage.grant(
            library,
            grantor="Greta Privat",
            scope=photo.parent,
            terms="call Zoe: 555 0123",
            verified_by="Vera Verifier",
            contact="zoe@mail.example",
            evidence=[stage.draw("../letter.png", 5)],
        )
        export = stage.grant(library, kind=GrantKind.ACCOUNT_EXPORT, grantor="Karl Konto")
        for each in (grant, export):
            library.add(photo, grant=each)
        enrol(stage, library, 9, "Paula Person")
        policy = library.policy()
    catalog = stage.home / "catalog.db"
    ids = [
        *query(catalog, "SELECT sha256 FROM photos"),
        *query(catalog, "SELECT uuid FROM faces"),
        *query(catalog, "SELECT uuid FROM people"),
        *query(catalog, "SELECT uuid FROM consents"),
    ]
    assert len(ids) == 4
    for form, text in texts(policy).items():
        found = [secret for secret in [*SECRETS, str(stage.folder), *ids] if secret in text]
        assert found == [], form
        assert grant in text or form is not Form.JSON
    where = "Where it comes from, and by whose permission"
    given = [row_of(policy, where, first=each[:8])[1] for each in (grant, export)]
    assert given == ["the operator", "the holder of the account"]


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "a | b", "\u202egrebdroN", "two\nlines", "\udcff"]
)
def test_what_somebody_typed_steers_nothing(stage: Stage, name: str) -> None:
    with stage.open(controller=name) as library:
        policy = library.policy()
        for text in texts(policy).values():
            assert "<script>" not in text or "{" in text[:2], "JSON shows it as it is"
            assert "\u202e" not in text
            assert "two lines" in text or "two" not in name


def test_it_says_how_often_the_model_is_wrong(filled: Stage) -> None:
    with filled.open() as library:
        policy = library.policy()
    assert policy.facts.model.rates == (
        ErrorRate(100, 0),
        ErrorRate(1000, 0),
        ErrorRate(10_000, 0),
    )
    assert row_of(policy, "How often it is wrong", first="1 in 1,000") == [
        "1 in 1,000",
        "0 in 1,000",
    ]
    assert "measured on drawn people" in policy.render(Form.MARKDOWN)


def test_the_default_model_says_what_its_card_does(stage: Stage) -> None:
    with Library(stage.home) as library:
        policy = library.policy()
    rates = {rate.strangers_one_in: rate.missed_per_mille for rate in policy.facts.model.rates}
    assert rates == {100: 9, 1000: 42, 10_000: 130}
    text = policy.render(Form.MARKDOWN)
    assert "about 42 in 1,000 of the photos of you slip through" in text
    assert "983 pairs of one person, in photos of public figures" in text


def test_in_a_large_collection_it_says_how_many_strangers_to_expect(filled: Stage) -> None:
    catalog = filled.home / "catalog.db"
    columns = "collection_id, indexed_photo_id, person_id, x1, y1, x2, y2, landmarks"
    columns += ", confidence, quality"
    query(
        catalog,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000) "  # noqa: S608  (columns above)
        f"INSERT INTO faces (uuid, {columns}) SELECT 'u' || i, {columns} "
        "FROM n JOIN (SELECT * FROM faces LIMIT 1)",
    )
    with filled.open() as library:
        text = library.policy().render(Form.MARKDOWN)
    assert (
        "In the largest collection here, of 25,003 faces, a score that 1 stranger in 10,000 "
        "reaches is reached by about 2 strangers in every search." in text
    )


def test_every_word_of_the_record_has_words_of_its_own() -> None:
    assert (set(BASES), set(KINDS), set(USES)) == (set(Basis), set(GrantKind), set(Use))


@pytest.mark.parametrize("basis", Basis)
def test_the_law_of_a_basis_is_told_where_the_basis_is_used(stage: Stage, basis: Basis) -> None:
    openings = {
        Basis.HOUSEHOLD: "- Household:",
        Basis.DOCUMENTED_BASIS: "- Documented basis:",
        Basis.ENROLLED_ONLY: "- Enrolled only:",
    }
    with stage.open() as library:
        papers = PAPERS if basis is Basis.DOCUMENTED_BASIS else {"basis": basis}
        library.create_collection("only", **papers)
        text = library.policy().render(Form.MARKDOWN)
    told = {each for each, opening in openings.items() if opening in text}
    assert told == {basis}
    by_mistake = "strangers who look like them are kept by mistake: about 1 in 1,000"
    assert (by_mistake in text) is (basis is Basis.ENROLLED_ONLY)


def test_nothing_is_left_unfilled(filled: Stage) -> None:
    with filled.open(**WHO) as library:
        text = library.policy().render(Form.MARKDOWN)
    assert not any(mark in text for mark in ("{", "}", "?!", "\n?", "- ?", "\n\\["))
    assert "\n\n\n" not in text


def test_publishing_writes_the_file_and_enters_its_version(filled: Stage) -> None:
    path = filled.folder / "policy.html"
    with filled.open() as library:
        policy = library.policy(to=path)
        entry = library.audit().entries(last=1)[0]
        details = library.audit().entry(int(str(entry["seq"]))).details
    assert path.read_text("utf-8") == policy.render(Form.HTML)
    assert (entry["action"], entry["outcome"]) == ("policy-published", "done")
    assert entry["facts"] == {"version": policy.version, "form": "html"}
    assert str(path) not in json.dumps(entry)
    assert details is not None
    assert details["path"] == str(path)
    assert [p.name for p in filled.folder.iterdir() if p.name.startswith(".")] == []


def test_reading_the_policy_enters_nothing(filled: Stage) -> None:
    with filled.open() as library:
        before = len(library.audit().entries())
        texts(library.policy())
        assert len(library.audit().entries()) == before


@pytest.mark.parametrize("form", Form)
def test_it_is_published_in_every_form(filled: Stage, form: Form) -> None:
    path = filled.folder / "policy"
    with filled.open() as library:
        policy = library.policy(to=path, form=form.value)
    assert path.read_text("utf-8") == policy.render(form)


def test_another_form_is_refused(filled: Stage) -> None:
    with filled.open() as library, pytest.raises(SettingsError, match="none of markdown, html"):
        library.policy(to=filled.folder / "policy", form="pdf")


@pytest.mark.parametrize("place", ["missing/policy.md", "folder", "file/below"])
def test_what_cannot_be_written_is_not_entered(filled: Stage, place: str) -> None:
    (filled.folder / "folder").mkdir()
    (filled.folder / "file").touch()
    with filled.open() as library:
        before = library.audit().entries()
        with pytest.raises(SettingsError, match="cannot be written"):
            library.policy(to=filled.folder / place)
        assert library.audit().entries() == before
        assert library.audit().verify().is_sound
    assert sorted(p.name for p in filled.folder.iterdir()) == ["file", "folder", "home", "photos"]


def test_an_older_copy_is_replaced_as_a_whole(filled: Stage) -> None:
    path: Path = filled.folder / "policy.md"
    path.write_text("what was true once " * 1000, "utf-8")
    with filled.open() as library:
        policy = library.policy(to=path, form=Form.MARKDOWN)
    assert path.read_text("utf-8") == policy.render(Form.MARKDOWN)
    assert policy.made_at == NOON
