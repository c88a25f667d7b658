"""All cases as one object: open them, look at them, decide, answer and close them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from mien.service import cases
from mien.service.acknowledgement import acknowledge
from mien.service.case import Case
from mien.service.case_answer import Answer, AnswerDraft, answer_case, draft_answer, hand_out
from mien.service.case_like import Likes, find_like
from mien.service.cases import CaseDraft, OpenedCase
from mien.service.deployment import Deployment
from mien.service.gallery import Galleries
from mien.service.handed_in import HandedIn, naming, read_photo
from mien.service.policy_facts import Operator
from mien.service.retention import Terms


@dataclass(frozen=True, slots=True)
class BookTerms:
    """What an answer tells of the operator, and how large a photo may be that is handed in."""

    kept: Terms
    operator: Operator
    max_bytes: int


class CaseBook:
    """The cases of one deployment."""

    def __init__(self, deployment: Deployment, galleries: Galleries, *, terms: BookTerms) -> None:
        self._deployment = deployment
        self._galleries = galleries
        self._terms = terms

    def open(self, draft: CaseDraft, *, like: HandedIn | None = None) -> OpenedCase:
        """Records a case, and hides at once what it means to hide.

        `like` is a photo of whoever asks, to find them by; it is not kept.
        Raises `SettingsError` for what cannot be meant, `PhotoError` for no photo.
        """
        likes = None
        if like is not None:
            cases.check_draft(draft, has_photo=True)
            likes = self._find_like(like)
        return cases.open_case(self._deployment, draft, galleries=self._galleries, likes=likes)

    def list(self) -> list[Case]:
        """All cases, the one that is due first before the others."""
        return cases.list_cases(self._deployment)

    def get(self, case_id: str) -> Case:
        """Raises `NotFoundError`."""
        return cases.get_case(self._deployment, case_id)

    def due(self, *, within: timedelta) -> Sequence[Case]:
        """Open cases due by then, and those overdue, the first one first."""
        return cases.find_due(self._deployment, within=within)

    def acknowledge(self, case_id: str) -> str:
        """The signed acknowledgement of a case. Raises `NotFoundError`."""
        return acknowledge(self._deployment, self.get(case_id))

    def confirm(self, case_id: str, *, faces: Sequence[str]) -> Case:
        """Of the faces that a photo found, these are the person's; perhaps none.

        Raises `ConflictError`, `SettingsError`.
        """
        return cases.confirm_lookalikes(self._deployment, case_id, faces=faces)

    def counter(self, case_id: str, *, name: str, statement: str) -> Case:
        """What the other side says to a takedown. Raises `ConflictError` for other kinds."""
        return cases.counter_case(self._deployment, case_id, name=name, statement=statement)

    def decide(self, case_id: str, *, is_granted: bool, reason: str = "") -> Case:
        """Decides, and does what follows; repeat it where it was cut short.

        Raises `ConflictError`, `SettingsError`, and `CatalogError` where it cannot be done now.
        """
        return cases.decide_case(
            self._deployment,
            case_id,
            is_granted=is_granted,
            reason=reason,
            galleries=self._galleries,
        )

    def answer(self, case_id: str, folder: Path) -> Answer:
        """Writes the answer into a folder to be made. Raises `ConflictError`, `SettingsError`."""
        return answer_case(
            self._deployment,
            case_id,
            folder=folder,
            terms=self._terms.kept,
            operator=self._terms.operator,
        )

    def hand_out(self, case_id: str) -> AnswerDraft:
        """The answer by itself, noted as handed out. Raises `ConflictError`."""
        draft = draft_answer(
            self._deployment, case_id, terms=self._terms.kept, operator=self._terms.operator
        )
        hand_out(self._deployment, draft)
        return draft

    def close(self, case_id: str) -> Case:
        """Ends a case that is done and answered. Raises `ConflictError` for any other."""
        return cases.close_case(self._deployment, case_id)

    def _find_like(self, photo: HandedIn) -> Likes:
        with naming(photo):
            return find_like(
                self._deployment,
                self._galleries,
                content=read_photo(photo, max_bytes=self._terms.max_bytes),
                threads=os.cpu_count() or 1,
            )
