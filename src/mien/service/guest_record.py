"""What is kept of a guest while they wait, and how it goes.

What was handed in is sealed under a key of the request's own and bound to the state that the
request is in: a row that was edited, or put back from before, does not open. The key is
destroyed before the answer is looked for.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mien.catalog import guests as rows
from mien.catalog.connect import Connection
from mien.catalog.guests import StoredGuestRequest
from mien.errors import VaultError
from mien.permission.link import GuestState
from mien.service.deployment import Deployment
from mien.service.link import GuestRequest
from mien.vault.notary import Owner
from mien.vault.shreds import Shreds


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A picture that a guest handed in, and the name they gave, if one was asked for."""

    jpeg: bytes
    name: str


def describe(stored: StoredGuestRequest) -> GuestRequest:
    """The request, without anything that was sealed."""
    return GuestRequest(
        request_id=stored.uuid,
        state=stored.state,
        asked_at=stored.asked_at,
        decided_at=stored.decided_at,
        answered_at=stored.answered_at,
        ends_at=stored.ends_at,
        shown=stored.shown,
        downloads=stored.downloads,
        consent_version=stored.consent_version,
        is_enrolled=stored.person is not None,
    )


def seal_handed_over(deployment: Deployment, handed: HandedOver, *, uuid: str, part: str) -> bytes:
    """`part` says what it is, and where it has to go through states, which one."""
    content = {"jpeg": b64encode(handed.jpeg).decode(), "name": handed.name}
    document = json.dumps(content).encode()
    return deployment.vault.subjects.seal(document, subject=_selfie_subject(uuid), context=part)


def find_selfie(deployment: Deployment, stored: StoredGuestRequest) -> HandedOver | None:
    """What was handed in; nothing where it is gone, or is not of this state."""
    return _open(deployment, stored.selfie, uuid=stored.uuid, part=selfie_part(stored.state))


def find_crop(deployment: Deployment, stored: StoredGuestRequest) -> HandedOver | None:
    """What the host may look at, as long as nothing is decided."""
    if stored.state is not GuestState.WAITING:
        return None
    return _open(deployment, stored.crop, uuid=stored.uuid, part=CROP)


def move(
    deployment: Deployment,
    connection: Connection,
    *,
    stored: StoredGuestRequest,
    to: GuestState,
) -> StoredGuestRequest | None:
    """The request in another state, its selfie sealed anew; nothing where it is not in its own."""
    selfie = find_selfie(deployment, stored)
    if selfie is None or not rows.move_guest_request(connection, stored.id, of=stored.state, to=to):
        return None
    sealed = seal_handed_over(deployment, selfie, uuid=stored.uuid, part=selfie_part(to))
    rows.change_guest_request(connection, stored.id, selfie=sealed, crop=None)
    return replace(stored, state=to, selfie=sealed, crop=None)


def seal_found(deployment: Deployment, faces: Sequence[str], *, uuid: str) -> bytes:
    document = json.dumps(list(faces)).encode()
    return deployment.vault.subjects.seal(document, subject=_found_subject(uuid), context="found")


def open_found(deployment: Deployment, stored: StoredGuestRequest) -> list[str]:
    """The faces that the answer showed; none where it is over."""
    if stored.found is None or stored.state is not GuestState.ANSWERED:
        return []
    try:
        content = deployment.vault.subjects.unseal(
            stored.found, subject=_found_subject(stored.uuid), context="found"
        )
    except VaultError:
        return []
    return [str(face) for face in json.loads(content)]


def seal_person(deployment: Deployment, person_id: str, *, uuid: str) -> bytes | None:
    """Who enrolled, to withdraw later."""
    return deployment.vault.notary.seal_note(
        person_id.encode(), owner=Owner(), context=f"guest:{uuid}"
    )


def open_person(deployment: Deployment, stored: StoredGuestRequest) -> str:
    """Who enrolled; empty where nobody did, any more."""
    if stored.person is None:
        return ""
    try:
        return deployment.vault.notary.unseal_note(
            stored.person, owner=Owner(), context=f"guest:{stored.uuid}"
        ).decode()
    except VaultError:
        return ""


def destroy_selfies(deployment: Deployment, uuids: Sequence[str]) -> None:
    """From now on nothing opens what these guests handed in."""
    deployment.vault.shred(Shreds(subjects=[_selfie_subject(uuid) for uuid in uuids]))


def close_ended(deployment: Deployment) -> None:
    """Whatever is kept of guests whose time is over goes. Cheap where nothing is."""
    with deployment.database.reading() as connection:
        ended = rows.find_ended(connection, at=deployment.clock())
    if ended:
        close(deployment, ended)


def close(deployment: Deployment, ended: Sequence[tuple[int, str]]) -> None:
    """Destroys the keys of requests, by ids inside and outside, then what they sealed."""
    subjects = [of(uuid) for _, uuid in ended for of in (_selfie_subject, _found_subject)]
    deployment.vault.shred(Shreds(subjects=subjects))
    with deployment.database.writing() as connection:
        rows.close_guest_requests(connection, [request_id for request_id, _ in ended])


CROP = "crop"


def selfie_part(state: GuestState) -> str:
    return f"selfie:{state}"


def _open(
    deployment: Deployment, sealed: bytes | None, *, uuid: str, part: str
) -> HandedOver | None:
    if sealed is None:
        return None
    try:
        content = deployment.vault.subjects.unseal(
            sealed, subject=_selfie_subject(uuid), context=part
        )
    except VaultError:
        return None
    document = json.loads(content)
    return HandedOver(b64decode(document["jpeg"]), str(document["name"]))


def _selfie_subject(uuid: str) -> str:
    return f"selfie:{uuid}"


def _found_subject(uuid: str) -> str:
    return f"found:{uuid}"
