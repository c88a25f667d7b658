"""The register of people as one object: enrol, renew, withdraw, show, and hand out receipts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from mien.catalog.audit import Json
from mien.service import people
from mien.service.consent_draft import ConsentDraft, RenewalDraft
from mien.service.consent_record import issue_receipt, make_record
from mien.service.deployment import Deployment
from mien.service.enrol import Enrolled, enrol_person
from mien.service.erase import ErasureReport
from mien.service.gallery import Galleries
from mien.service.handed_in import HandedIn
from mien.service.people import Person, Spoken
from mien.service.policy_facts import Operator
from mien.service.portraits import Portraits
from mien.service.renew import renew_consent
from mien.service.withdraw import withdraw_consent


@dataclass(frozen=True, slots=True)
class RegisterTerms:
    """Who answers for the register, how long what ended waits, and how large a photo may be."""

    operator: Operator
    grace: timedelta
    max_file_bytes: int


class Register:
    """Everybody who is enrolled in one deployment, or was and is still on record.

    People are named by id, or by a name that only one of them has; the methods raise
    `NotFoundError` and `ConflictError` where it is nobody's, or more than one person's.
    """

    def __init__(
        self,
        deployment: Deployment,
        galleries: Galleries,
        *,
        terms: RegisterTerms,
        look_again: Callable[[], object],
    ) -> None:
        """`look_again` is called for whoever has new templates."""
        self._deployment = deployment
        self._galleries = galleries
        self._terms = terms
        self._look_again = look_again

    def __iter__(self) -> Iterator[Person]:
        """All people as they stand now, in the order they were enrolled."""
        yield from people.list_people(self._deployment, grace=self._terms.grace)

    def get(self, name: str) -> Person:
        """One of them, as they stand now."""
        return people.get_person(self._deployment, name, grace=self._terms.grace)

    def enrol(
        self,
        name: str,
        *photos: HandedIn,
        consent: ConsentDraft,
        faces: Sequence[int] = (),
    ) -> Enrolled:
        """Records a person's consent, and a template of each photo; the photos are not kept.

        Then every collection of enrolled people is looked through again for them.
        `faces` chooses one in each photo that shows several. Raises `SettingsError`, and
        `PhotoError` for photos that do not show one and the same person.
        """
        portraits = self._gather(photos, faces=faces)
        return self._see(enrol_person(self._deployment, name, portraits=portraits, consent=consent))

    def renew(
        self,
        name: str,
        *photos: HandedIn,
        renewal: RenewalDraft,
        faces: Sequence[int] = (),
    ) -> Enrolled:
        """The person consents to the same for longer. Raises as `enrol`.

        Photos are needed where no template of theirs is left.
        """
        portraits = self._gather(photos, faces=faces)
        return self._see(
            renew_consent(self._deployment, name, renewal=renewal, portraits=portraits)
        )

    def withdraw(self, name: str, *, guardian: str = "") -> ErasureReport:
        """Ends what the person consented to; erases their templates and faces at once.

        `guardian` is who withdrew, if not the person.
        """
        return withdraw_consent(
            self._deployment, name, guardian=guardian, galleries=self._galleries
        )

    def events(self, name: str) -> list[Spoken]:
        """What was said of the person's consents, in order."""
        return people.list_events(self._deployment, name)

    def record(self, name: str) -> dict[str, Json]:
        """The person's newest consent as JSON-LD, in the form of ISO/IEC TS 27560.

        Raises `AuditError` where its rows are not what was recorded here.
        """
        return make_record(self._deployment, name, operator=self._terms.operator)

    def receipt(self, name: str) -> str:
        """The same as a signed document to hand to the person. Raises as `record`."""
        return issue_receipt(self._deployment, name, operator=self._terms.operator)

    def _see(self, enrolled: Enrolled) -> Enrolled:
        if enrolled.person is not None:
            self._look_again()
        return enrolled

    def _gather(self, photos: Sequence[HandedIn], *, faces: Sequence[int]) -> Portraits:
        return Portraits(
            photos=photos,
            faces=faces,
            max_bytes=self._terms.max_file_bytes,
            threads=os.cpu_count() or 1,
        )
