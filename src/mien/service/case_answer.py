"""The answer to a case: a folder to hand out, whole or not at all.

    letter.md              in plain words
    acknowledgement.json   signed: when the request came in, and until when it was due
    certificate-N.json     signed: what was erased
    proof.json             that both stand in the audit log: entries, hashes, a signed head
    held.json, held.md     everything that is held, where that was asked
    receipt.json           signed: what somebody who is enrolled has consented to
    crops/, thumbnails/    pictures that show nobody else
    for-you-to-check/      instead of all that: faces that were found by a photo, until somebody
                           has looked at them; for whoever handles the case, and nobody else

The folder can be read by its owner alone. Where it cannot be written, the case stays as it was.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mien.catalog import erasures as ledger
from mien.errors import AuditError, ConflictError, NotFoundError, SettingsError
from mien.permission.case import CaseKind, CaseState
from mien.service.acknowledgement import acknowledge
from mien.service.audit_checkpoint import make_checkpoint
from mien.service.audit_read import prove_entries, read_entry
from mien.service.case import Case, CaseRequest, Details
from mien.service.case_held import Held, gather_held
from mien.service.case_letter import Findings, write_letter
from mien.service.case_listing import write_listing
from mien.service.case_pictures import read_crops
from mien.service.case_record import CaseRecord
from mien.service.deployment import Deployment
from mien.service.policy_facts import Operator
from mien.service.retention import Terms

Contents = dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was written, and the case as it is now. `is_final` unless somebody has to look first."""

    case: Case
    folder: Path
    files: tuple[str, ...]
    is_final: bool


@dataclass(frozen=True, slots=True)
class AnswerDraft:
    """What an answer consists of, by the names of its files."""

    case: Case
    contents: Contents
    is_final: bool


def answer_case(
    deployment: Deployment, case_id: str, *, folder: Path, terms: Terms, operator: Operator
) -> Answer:
    """Writes the answer into a folder that is to be made. Access is granted by it, if undecided.

    Raises `ConflictError` where there is nothing to answer yet, or no more; `SettingsError`
    where the folder cannot be written.
    """
    draft = draft_answer(deployment, case_id, terms=terms, operator=operator)
    _write(folder, draft.contents)
    case = hand_out(deployment, draft)
    return Answer(case, folder, tuple(sorted(draft.contents)), is_final=draft.is_final)


def draft_answer(
    deployment: Deployment, case_id: str, *, terms: Terms, operator: Operator
) -> AnswerDraft:
    """The answer, before anybody has it; the case is as it was. Raises `ConflictError`."""
    with deployment.database.reading() as connection:
        case = CaseRecord(deployment, connection).get(case_id)
    if case.request is None or case.is_closed:
        raise ConflictError(f"The case {case.case_id} is closed. Open another: mien case open")
    if not case.is_checked:
        contents = _make_check(deployment, case, request=case.request)
        return AnswerDraft(case, contents, is_final=False)
    _check_state(case)
    contents = make_answer(deployment, case, terms=terms, operator=operator)
    return AnswerDraft(case, contents, is_final=True)


def hand_out(deployment: Deployment, draft: AnswerDraft) -> Case:
    """Notes that somebody has the answer now. What access asks for was executed by that."""
    return _enter(deployment, draft.case) if draft.is_final else draft.case


def _check_state(case: Case) -> None:
    is_handed_out = case.kind is CaseKind.ACCESS and case.state in {
        CaseState.RECEIVED,
        CaseState.DECIDED,
    }
    if case.state is not CaseState.VERIFIED and not is_handed_out:
        raise ConflictError(
            f"The case {case.case_id} is {case.state}. What was decided is answered when it is "
            f"done: mien case decide {case.case_id} --grant, or --refuse"
        )


def _enter(deployment: Deployment, case: Case) -> Case:
    with deployment.database.writing_durably() as connection:
        record = CaseRecord(deployment, connection)
        case = record.get(case.case_id)
        if case.state is CaseState.RECEIVED:
            granted: Details = {"granted": True, "reason": "", "erasure": ""}
            case = record.move(case, to=CaseState.DECIDED, details=granted)
        if case.state is CaseState.DECIDED:
            case = record.move(case, to=CaseState.EXECUTED, details={})
            case = record.move(case, to=CaseState.VERIFIED, details={})
        return record.note(case, did="answered", details={})


def _make_check(deployment: Deployment, case: Case, *, request: CaseRequest) -> Contents:
    crops = read_crops(deployment, [like.face_id for like in request.lookalikes])
    lines = [
        "# For you to check, not to hand out",
        "",
        "These faces may be of whoever asked: candidates, no more. Look at each crop, then say",
        f"`mien case confirm {case.case_id} --face ID …` or `--nobody`, and answer again.",
        "",
        *(
            f"- {like.face_id}: score {like.score}, collection {like.collection}"
            for like in request.lookalikes
        ),
    ]
    folder = "for-you-to-check"
    return {
        "acknowledgement.json": _text(acknowledge(deployment, case)),
        f"{folder}/candidates.md": _text("\n".join(lines)),
        **{f"{folder}/{face_id}.jpg": crop for face_id, crop in crops.items()},
    }


def make_answer(
    deployment: Deployment, case: Case, *, terms: Terms, operator: Operator
) -> Contents:
    """The files of an answer by name, as things stand now."""
    certificates = _find_certificates(deployment, case)
    is_refused = case.decision is not None and not case.decision.is_granted
    tells = case.kind is CaseKind.ACCESS and not is_refused
    held = Held()
    if tells:
        held = gather_held(deployment, case, grace=terms.grace, operator=operator)
    erased: Counter[str] = Counter()
    for certificate in certificates:
        erased.update(json.loads(certificate)["certificate"]["erased"])
    acknowledgement = acknowledge(deployment, case)
    proof = _prove(deployment, acknowledgement, certificates=certificates)
    findings = Findings(
        is_on_record=bool(held.document.get("person")),
        photos=held.photos,
        faces=held.faces,
        erased=erased,
        certificates=len(certificates),
        at=deployment.clock(),
        kept_days=terms.cases.days,
        is_proven=bool(proof),
        operator=operator,
    )
    contents = {
        "letter.md": _text(write_letter(case, findings=findings)),
        "acknowledgement.json": _text(acknowledgement),
    }
    if proof:
        contents["proof.json"] = _text(proof)
    for number, certificate in enumerate(certificates, 1):
        contents[f"certificate-{number}.json"] = _text(certificate)
    if held.document:
        contents["held.json"] = _text(json.dumps(held.document, indent=2))
        contents["held.md"] = _text(write_listing(held.document))
        contents |= {name: p for name, p in held.pictures.items() if p is not None}
    if held.receipt:
        contents["receipt.json"] = _text(held.receipt)
    return contents


def _find_certificates(deployment: Deployment, case: Case) -> list[str]:
    with deployment.database.reading() as connection:
        found = [ledger.get_certificate(connection, uuid) for uuid in case.erasure_ids]
    return [certificate for certificate in found if certificate]


def _prove(deployment: Deployment, acknowledgement: str, *, certificates: list[str]) -> str:
    """That the entries which the documents name stand in the log; nothing if it is damaged."""
    named = [json.loads(acknowledgement)["acknowledgement"]["audit_entry"]]
    named += [json.loads(one)["certificate"]["audit_entry"] for one in certificates]
    seqs = [seq for seq in named if isinstance(seq, int)]
    try:
        checkpoint = make_checkpoint(deployment) or ""
        proofs = prove_entries(deployment, seqs, checkpoint=checkpoint)
    except (
        AuditError,
        NotFoundError,
    ):  # told of by mien audit verify; the answer is due all the same
        return ""
    document: Mapping[str, object] = {
        "key": deployment.vault.notary.logs.current.signer.verification_key,
        "checkpoint": checkpoint,
        "entries": [
            {
                "entry": read_entry(deployment, proof.seq).entry,
                "leaf_hash": proof.leaf_hash.hex(),
                "hashes": [each.hex() for each in proof.hashes],
            }
            for proof in proofs
        ],
    }
    return json.dumps(document, indent=2)


def _text(text: str) -> bytes:
    return (text.rstrip("\n") + "\n").encode(errors="backslashreplace")


def _write(folder: Path, contents: Contents) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    except OSError as error:
        raise _refusal(folder, error) from error
    try:
        for name, content in contents.items():
            path = draft / name
            path.parent.mkdir(exist_ok=True, mode=0o700)
            with open(path, "xb", opener=_open_own) as file:
                file.write(content)
        draft.rename(folder)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise _refusal(folder, error) from error


def _open_own(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _refusal(folder: Path, error: OSError) -> SettingsError:
    return SettingsError(
        f"The answer cannot be written to {folder} ({error.strerror}), and the case is as it was. "
        "Name a folder that does not exist yet, where you may write."
    )
