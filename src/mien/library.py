"""Mien from Python: one object for one deployment.

    from datetime import date
    from mien import Library

    with Library() as library:
        grant = library.grant("photos", grantor="A. Holder", purposes=["family-album"],
                              basis="household", until=date(2030, 1, 1))
        library.add("photos", grant=grant.grant_id)
        for candidate in library.search("me.jpg", purpose="family-album").candidates:
            print(candidate.rank, candidate.score, candidate.face.locations[0].uri)

A refusal is no exception: reports and results carry a verdict with reasons.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from copy import copy
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Self

from mien.evaluation.resampling import Resampling
from mien.permission.basis import Basis
from mien.permission.charter import ALONE
from mien.permission.grant import Grant, GrantKind
from mien.permission.quality import QualityFilter
from mien.service import collections, grants, retention
from mien.service.audit_checkpoint import make_checkpoint
from mien.service.audit_log import AuditLog
from mien.service.case_book import BookTerms, CaseBook
from mien.service.collections import DEFAULT_COLLECTION, CollectionDraft, CollectionSummary
from mien.service.consent_draft import ConsentDraft
from mien.service.deployment import Deployment, Home, find_user
from mien.service.doctor import Diagnosis, examine
from mien.service.drafts import parse_word
from mien.service.enrol import Enrolled
from mien.service.erase import ErasureReport, Target, erase, preview_erasure
from mien.service.evaluation import Evaluation, Workers
from mien.service.evidence_bundle import Evidence, export_evidence
from mien.service.explain import Explanation, explain_photo
from mien.service.gallery import Galleries
from mien.service.grants import GrantDraft, Narrowing
from mien.service.handed_in import HandedIn, read_photo
from mien.service.ingest import AddReport, AddRequest, Progress, add_photos
from mien.service.installed import InstalledModels
from mien.service.model_book import ModelBook
from mien.service.optouts import OptOuts
from mien.service.parts import Parts
from mien.service.pictures import read_crop, read_thumbnail
from mien.service.policy import Form, Policy, make_policy, publish_policy
from mien.service.policy_facts import Operator
from mien.service.ports import Clock, Models
from mien.service.register import Register, RegisterTerms
from mien.service.rescan import RescanProgress, RescanReport, RescanRequest, rescan
from mien.service.retention import CollectionDeadline, Deadline, Terms
from mien.service.search import Candidate, SearchRequest, SearchResult, search_photos
from mien.service.session import Session
from mien.settings import Settings, load_settings

FilePath = str | os.PathLike[str]


def _now() -> datetime:
    return datetime.now(UTC)


def _silent(_: object) -> None:
    pass


class Library:
    """The grants, photos and faces of one home. Threads may share it."""

    def __init__(
        self,
        home: FilePath | None = None,
        *,
        settings: Settings | None = None,
        models: Models | None = None,
        clock: Clock = _now,
    ) -> None:
        """Opens the home, made where there is none; without one, that of the environment.

        `models` and `clock` let a test stand in for the real ones.
        Raises `VaultError`, `CatalogError`, `SettingsError`.
        """
        chosen = None if home is None else Path(home)
        self.settings = settings or load_settings(os.environ, home=chosen)
        where = Home(chosen or self.settings.home)
        self._installed = InstalledModels(
            self.settings.cache / "models",
            where.models,
            pack=self.settings.pack,
            max_bytes=self.settings.max_file_bytes,
            max_pixels=self.settings.max_pixels,
        )
        self._deployment = Deployment(
            where,
            root_key=self.settings.root_key,
            models=models or self._installed,
            clock=clock,
            actor=find_user(),
        )
        self._galleries = Galleries(self._deployment)
        self._operator = Operator(self.settings.controller, self.settings.contact)
        self._terms = Terms(
            grace=timedelta(days=self.settings.grace_days),
            cases=timedelta(days=self.settings.case_days),
        )
        self._session = Session(self._deployment, self._galleries, terms=self._terms)
        self._session.begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def acting(self, actor: str) -> Library:
        """The same library, as somebody else acts in it: the audit log names them, keyed."""
        other = copy(self)
        other._deployment = self._deployment.acting(actor)  # noqa: SLF001  (its own class)
        other._session = self._session.acting(other._deployment)  # noqa: SLF001
        return other

    @property
    def parts(self) -> Parts:
        """What it is made of, for use cases that stand beside it, such as a server's."""
        return Parts(
            deployment=self._deployment,
            galleries=self._galleries,
            session=self._session,
            operator=self._operator,
            terms=self._terms,
            workers=self.settings.workers,
            max_file_bytes=self.settings.max_file_bytes,
        )

    def close(self) -> None:
        """Finishes what a search has left to do, and signs the audit log."""
        self._session.end()

    def grant(
        self,
        *scope: FilePath,
        grantor: str,
        purposes: Sequence[str],
        basis: Basis | str | Sequence[Basis | str],
        until: date,
        kind: GrantKind | str = GrantKind.OWNER_ASSERTION,
    ) -> Grant:
        """Records it; `record` takes more terms. Raises `SettingsError` where it is incomplete."""
        return self.record(
            GrantDraft(
                kind=parse_word(GrantKind, kind),
                grantor=grantor,
                scope=[os.fspath(part) for part in scope],
                purposes=purposes,
                bases=[
                    parse_word(Basis, one) for one in ([basis] if isinstance(basis, str) else basis)
                ],
                until=until,
            )
        )

    def record(self, draft: GrantDraft) -> Grant:
        """Records a grant. Raises `SettingsError` where the draft is incomplete."""
        return grants.add_grant(self._deployment, draft)

    def grants(self) -> list[Grant]:
        """All grants, in the order they were recorded."""
        return grants.list_grants(self._deployment)

    def get_grant(self, grant_id: str) -> Grant:
        """Raises `NotFoundError`."""
        return grants.get_grant(self._deployment, grant_id)

    def revoke(self, grant_id: str) -> Grant:
        """Nothing enters and nothing is found under it from now on. Raises `NotFoundError`."""
        return grants.revoke_grant(self._deployment, grant_id)

    def narrow(self, grant_id: str, narrowing: Narrowing) -> Grant:
        """From now on the grant allows less. Raises `SettingsError` for more than it allowed."""
        return grants.narrow_grant(self._deployment, grant_id, narrowing=narrowing)

    def people(self, *, progress: RescanProgress = _silent) -> Register:
        """Those who are enrolled; collections are looked through again for whoever is new."""
        return Register(
            self._deployment,
            self._galleries,
            terms=RegisterTerms(self._operator, self._terms.grace, self.settings.max_file_bytes),
            look_again=lambda: self.rescan(progress=progress),
        )

    def enrol(
        self,
        name: str,
        *photos: FilePath,
        consent: ConsentDraft,
        faces: Sequence[int] = (),
        progress: RescanProgress = _silent,
    ) -> Enrolled:
        """Records a person's consent, and a template of each photo; as `people().enrol`."""
        return self.people(progress=progress).enrol(name, *photos, consent=consent, faces=faces)

    def rescan(self, *, progress: RescanProgress = _silent) -> RescanReport:
        """Looks again at photos for people enrolled since, as enrolling and `add` do; goes on."""
        request = RescanRequest(
            workers=self.settings.workers, max_file_bytes=self.settings.max_file_bytes
        )
        self._session.prepare_to_add()
        return rescan(self._deployment, request, progress=progress)

    def erase(self, target: Target) -> ErasureReport:
        """Erases a target, of `mien.service.erase`, from everything this home holds.

        Raises `NotFoundError` where there is nothing of that kind.
        """
        return erase(self._deployment, target, galleries=self._galleries)

    def preview_erasure(self, target: Target) -> Mapping[str, int]:
        """How much an erasure would take, by class. Raises as `erase`."""
        return preview_erasure(self._deployment, target, galleries=self._galleries)

    def optouts(self) -> OptOuts:
        """What is kept out, and the way to opt out: items, sources and faces."""
        return OptOuts(
            deployment=self._deployment,
            galleries=self._galleries,
            read=partial(read_photo, max_bytes=self.settings.max_file_bytes),
            max_bytes=self.settings.max_file_bytes,
        )

    def enforce_retention(self) -> ErasureReport | None:
        """Erases what may not be kept any longer; nothing to tell where nothing is due.

        It is done before every `add`, `explain` and `examine` too. A `search` only sees to it
        that nothing overdue answers, and leaves the rest to them, or to `close`.
        """
        return self._session.enforce_retention()

    def deadlines(self) -> list[Deadline]:
        """When the first of what each grant brought in is to be erased, the soonest first."""
        return retention.list_deadlines(self._deployment, grace=self._terms.grace)

    def collection_deadlines(self) -> list[CollectionDeadline]:
        """The same of what each collection with a retention of its own holds."""
        return retention.list_collection_deadlines(self._deployment)

    def create_collection(
        self,
        name: str,
        *,
        basis: Basis | str,
        purposes: Sequence[str] = (),
        assessment: str = "",
        retention_days: int | None = None,
        one_person_confirms: bool = False,
    ) -> CollectionSummary:
        """Makes an empty collection; with purposes, it is searched for no other.

        Raises `ConflictError` where the name is taken, `SettingsError` for what cannot be.
        """
        draft = CollectionDraft(
            name=name,
            basis=parse_word(Basis, basis),
            purposes=purposes,
            assessment=assessment,
            retention_days=retention_days,
            confirmations=ALONE if one_person_confirms else None,
        )
        return collections.create_collection(self._deployment, draft)

    def collections(self) -> list[CollectionSummary]:
        """All collections and how much they hold."""
        return collections.list_collections(self._deployment)

    def add(
        self,
        *paths: FilePath,
        grant: str | None,
        collection: str = DEFAULT_COLLECTION,
        quality: QualityFilter | str = QualityFilter.NONE,
        progress: Progress = _silent,
    ) -> AddReport:
        """Adds the photos at and below these paths, as far as the grant and the filter reach."""
        request = AddRequest(
            paths=[Path(path) for path in paths],
            grant_id=grant,
            collection=collection,
            workers=self.settings.workers,
            max_file_bytes=self.settings.max_file_bytes,
            quality=parse_word(QualityFilter, quality),
        )

        def note(report: AddReport) -> None:
            self._session.keep_signed()
            progress(report)

        seen = self._session.prepare_to_add(collection)
        report = add_photos(seen, request, progress=note)
        self.rescan()
        return report

    def search(
        self,
        *photos: HandedIn,
        purpose: str,
        collection: str = DEFAULT_COLLECTION,
        limit: int = 20,
        min_score: float = -1.0,
        max_fmr: float | None = None,
        face: int | None = None,
    ) -> SearchResult:
        """Every photo of the person shown, strongest first; of several faces the largest counts.

        Several photos of one person find more than one does. `face` chooses another face of a
        single photo, counted from 0 in the order of `result.probe.analysis.faces`.
        Raises `PhotoError` where a photo cannot be read, `NotFoundError` for an unknown collection.
        """
        request = SearchRequest(
            purpose=purpose,
            collection=collection,
            limit=limit,
            min_score=min_score,
            max_fmr=max_fmr,
            face=face,
            threads=os.cpu_count() or 1,
            max_file_bytes=self.settings.max_file_bytes,
        )
        seen = self._session.prepare_to_search(collection)
        result = search_photos(seen, request, galleries=self._galleries, photos=photos)
        self._session.keep_signed()
        return result

    def read_crop(self, candidate: Candidate) -> bytes | None:
        """A JPEG of the candidate's face; nothing where no grant allows showing it."""
        return read_crop(self._deployment, candidate.face)

    def read_thumbnail(self, candidate: Candidate) -> bytes | None:
        """A small JPEG of the candidate's photo; as `read_crop`, and if no face was erased."""
        return read_thumbnail(self._deployment, candidate.face)

    def explain(self, sha256: str) -> Explanation:
        """Why a photo is here: places, grants, what may be done with it now, audit entries.

        Raises `NotFoundError`, and `SettingsError` for what is no SHA-256.
        """
        self.enforce_retention()
        return explain_photo(self._deployment, sha256)

    def evaluation(self, *, replicates: int = 500) -> Evaluation:
        """How well people are told apart; intervals come from so many draws of the people."""
        workers = Workers(self.settings.workers, self.settings.max_file_bytes)
        return Evaluation(self._deployment, self._galleries, workers, Resampling(replicates))

    def cases(self) -> CaseBook:
        """All requests of subjects and rights holders, with all that can be done about them."""
        terms = BookTerms(self._terms, self._operator, self.settings.max_file_bytes)
        return CaseBook(self._deployment, self._galleries, terms=terms)

    def models(self) -> ModelBook:
        """What recognises faces here, and the way to another model."""
        return ModelBook(
            self._deployment,
            self._galleries,
            installed=self._installed,
            workers=self.settings.workers,
            max_file_bytes=self.settings.max_file_bytes,
            prepare=self._session.prepare_to_add,
        )

    def audit(self) -> AuditLog:
        """The log of what was done here, with all that can be asked of it."""
        return AuditLog(self._deployment)

    def checkpoint(self) -> str | None:
        """Signs the audit log as it is; nothing for an empty one. Raises `AuditError`."""
        return make_checkpoint(self._deployment)

    def policy(self, *, to: FilePath | None = None, form: Form | str = Form.HTML) -> Policy:
        """What is held and why, as of now; written to a file, its version enters the audit log."""
        self.enforce_retention()
        policy = make_policy(self._deployment, self._operator, terms=self._terms)
        if to is not None:
            publish_policy(self._deployment, policy, path=Path(to), form=parse_word(Form, form))
        return policy

    def export_evidence(self, folder: FilePath) -> Evidence:
        """Writes log, grants, certificates and policy, signed. Raises `SettingsError`."""
        return export_evidence(self._deployment, self.policy(), folder=Path(folder))

    def examine(self) -> Diagnosis:
        """The state of the deployment: counts, index recall and latency."""
        self.enforce_retention()
        return examine(self._deployment, self._galleries)
