"""Writes the evidence that an authority asks for, under one signed manifest.

    audit/          the audit log, its checkpoints and its verifier, as `mien audit export` has it
    grants.json     every grant as it is recorded
    certificates/   the certificate of each erasure
    policy.md       the policy, with policy.html and policy.json
    manifest.json   SHA-256 of each of these files, signed with the log's key

Unlike the audit log it names names: grants tell grantors and folders. docs/guide/audit.md has
a short program that checks it without Mien.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from mien.catalog.audit import Json
from mien.catalog.erasures import iter_certificates
from mien.errors import SettingsError
from mien.permission.grant import Grant
from mien.service import audit
from mien.service.audit import Action, Event, Note
from mien.service.audit_bundle import export_log
from mien.service.deployment import Deployment
from mien.service.document import sign_statement
from mien.service.policy import Form, Policy
from mien.service.standing import iter_grants

_TYPE = "mien-evidence/1"
_POLICY_FILES = {
    "policy.md": Form.MARKDOWN,
    "policy.html": Form.HTML,
    "policy.json": Form.JSON,
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """A written folder: how much of what it holds, and the key that its manifest is signed with."""

    folder: Path
    grants: int
    certificates: int
    files: int
    policy_version: str
    public_key: str


def export_evidence(deployment: Deployment, policy: Policy, *, folder: Path) -> Evidence:
    """Writes all of it into a new folder.

    Raises `SettingsError` where the folder cannot be made, `AuditError` where the log cannot
    be signed.
    """
    _make_folder(folder)
    event = Event(
        action=Action.EVIDENCE_EXPORTED,
        facts={"policy": policy.version},
        note=Note({"folder": str(folder)}),
    )
    with deployment.database.writing() as connection:
        audit.append(deployment, connection, event=event)
        grants = [stored.grant for stored in iter_grants(deployment, connection)]
        certificates = dict(iter_certificates(connection))
    export_log(deployment, folder / "audit")
    contents = {
        "grants.json": _format({"grants": [describe_grant(grant) for grant in grants]}),
        **{f"certificates/{uuid}.json": text for uuid, text in certificates.items()},
        **{name: policy.render(form) for name, form in _POLICY_FILES.items()},
    }
    _write(folder, contents)
    hashes = _hash_files(folder)
    manifest = _sign(deployment, policy, hashes=hashes)
    _write(folder, {"manifest.json": manifest})
    return Evidence(
        folder,
        grants=len(grants),
        certificates=len(certificates),
        files=len(hashes),
        policy_version=policy.version,
        public_key=deployment.vault.notary.signer.public_key.hex(),
    )


def describe_grant(grant: Grant) -> Json:
    """Every field of a grant, whichever there are, as JSON values."""
    return _describe(grant)


def _describe(value: object) -> Json:
    if is_dataclass(value):
        return {each.name: _describe(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, datetime):
        return audit.format_time(value)
    if isinstance(value, timedelta):
        return {"days": value.days}
    if isinstance(value, str | int | float | None):
        return value
    if isinstance(value, frozenset):
        return sorted(map(str, value))
    if isinstance(value, Iterable):
        return [_describe(each) for each in value]
    raise TypeError(f"a grant holds {type(value).__name__}, which has no form in JSON yet")


def _sign(deployment: Deployment, policy: Policy, *, hashes: dict[str, str]) -> str:
    signer = deployment.vault.notary.signer
    statement = {
        "type": _TYPE,
        "made_at": audit.format_time(deployment.clock()),
        "audit_log": deployment.vault.notary.logs.current.origin,
        "policy_version": policy.version,
        "files": hashes,
    }
    return sign_statement(signer, "manifest", statement=statement)


def _hash_files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, mode=0o700)
    except FileExistsError as error:
        raise SettingsError(f"{folder} is there already. Name a folder to be made.") from error
    except OSError as error:
        raise SettingsError(f"{folder} cannot be made: {error.strerror}.") from error


def _write(folder: Path, contents: dict[str, str]) -> None:
    try:
        for name, content in contents.items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(content, "utf-8")
    except OSError as error:
        raise SettingsError(f"{folder} cannot be written: {error.strerror}.") from error


def _format(document: dict[str, object]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
