"""The policy: what is held, by whose permission, for what, until when, and how to get out.

It is made anew each time from the record, and no copy is kept. Its version is the SHA-256 of
what it says, in the form of RFC 8785: the JSON document without `version` and `made_at`. The
same record gives the same version, and any other one another.
"""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from mien.catalog.audit import Json, find_next_seq, format_json
from mien.errors import SettingsError
from mien.pages.document import Block, Document, Drawing, Items, Table, render_html, render_markdown
from mien.service import audit
from mien.service.audit import Action, Event, Note
from mien.service.deployment import Deployment
from mien.service.policy_facts import Facts, Operator, SourceFacts, gather_facts
from mien.service.policy_record import Node, make_record
from mien.service.policy_words import say
from mien.service.retention import Terms

_TYPE = "mien-policy/1"


class Form(StrEnum):
    """What the policy can be written as."""

    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The policy at one moment: facts, the same in words, and the record of processing."""

    version: str
    made_at: datetime
    facts: Facts
    document: Document
    record: Node

    def render(self, form: Form) -> str:
        """The policy as text of this form."""
        if form is Form.JSON:
            head: Node = {"version": self.version, "made_at": audit.format_time(self.made_at)}
            return json.dumps(head | _describe(self), indent=2, ensure_ascii=False) + "\n"
        render = render_html if form is Form.HTML else render_markdown
        return render(self.document, colophon=self._colophon)

    @property
    def _colophon(self) -> str:
        made = self.made_at.isoformat(sep=" ", timespec="minutes")
        return (
            f"Made {made} from the records themselves. Version {self.version}: the SHA-256 of all "
            "that this page says, so that two copies can be told apart."
        )


def make_policy(deployment: Deployment, operator: Operator, *, terms: Terms) -> Policy:
    """The policy as the record has it now."""
    facts = gather_facts(deployment, operator, terms=terms)
    draft = Policy(
        version="",
        made_at=deployment.clock(),
        facts=facts,
        document=say(facts),
        record=make_record(facts),
    )
    version = sha256(format_json(_describe(draft))).hexdigest()
    return Policy(
        version=version,
        made_at=draft.made_at,
        facts=facts,
        document=draft.document,
        record=draft.record,
    )


def find_revision(deployment: Deployment) -> int:
    """Rises with whatever is done here, so that a policy made before is known to be old."""
    with deployment.database.reading() as connection:
        return find_next_seq(connection)


def publish_policy(deployment: Deployment, policy: Policy, *, path: Path, form: Form) -> None:
    """Writes the policy, and enters its version into the audit log in the same transaction.

    Raises `SettingsError` where the file cannot be written; then nothing is entered.
    """
    event = Event(
        action=Action.POLICY_PUBLISHED,
        facts={"version": policy.version, "form": form},
        note=Note({"path": str(path)}),
    )
    with deployment.database.writing() as connection:
        audit.append(deployment, connection, event=event)
        _replace(path, policy.render(form))


def _replace(path: Path, text: str) -> None:
    """Whoever reads the file meanwhile reads the old one or the new one."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        fresh.write_text(text, "utf-8")
        fresh.replace(path)
    except OSError as error:
        raise SettingsError(f"The policy {path} cannot be written: {error.strerror}.") from error
    finally:
        with suppress(OSError):
            fresh.unlink()


def _describe(policy: Policy) -> Node:
    """All that the policy says, as JSON; whole numbers and texts only."""
    facts = policy.facts
    return {
        "type": _TYPE,
        "controller": facts.operator.controller or None,
        "contact": facts.operator.contact or None,
        "collections": [
            {
                "name": found.name,
                "basis": found.basis,
                "model": found.model_id,
                "photos": found.photos,
                "faces": found.faces,
                "faces_not_kept": found.dropped,
                "sources": found.sources,
                "purposes": found.purposes,
                "assessment": found.assessment or None,
                "retention_days": found.retention_days,
                "first_erasure": _format(found.erase_at),
                "as_it_was_made": found.is_vouched,
            }
            for found in facts.collections
        ],
        "sources": [_describe_source(source) for source in facts.sources],
        "purposes": {purpose: facts.consented.get(purpose, 0) for purpose in facts.purposes},
        "people": facts.people,
        "people_first_erasure": _format(facts.people_until),
        "suppressed": dict(facts.suppressed),
        "cases": facts.cases,
        "photos_handed_in": facts.originals,
        "users": facts.users,
        "links_for_guests": facts.links,
        "grace_days": facts.terms.grace.days,
        "case_days": facts.terms.cases.days,
        "record_of_processing": policy.record,
        "text": _describe_document(policy.document),
    }


def _describe_source(source: SourceFacts) -> Node:
    return {
        "grant_id": source.grant_id,
        "kind": source.kind,
        "grantor": source.grantor or None,
        "places": source.places,
        "uses": source.uses,
        "purposes": source.purposes,
        "bases": source.bases,
        "jurisdiction": source.jurisdiction or None,
        "has_evidence": source.has_evidence,
        "assessment": source.assessment or None,
        "retention_days": source.retention_days,
        "valid_from": audit.format_time(source.valid_from),
        "valid_until": audit.format_time(source.valid_until),
        "in_force": source.verdict.is_allowed,
        "reasons": source.verdict.reasons,
        "photos": source.photos,
        "first_erasure": _format(source.erase_at),
    }


def _format(at: datetime | None) -> str | None:
    return None if at is None else audit.format_time(at)


def _describe_document(document: Document) -> Node:
    return {
        "title": document.title,
        "lead": document.lead,
        "sections": [
            {"title": section.title, "blocks": [_describe_block(b) for b in section.blocks]}
            for section in document.sections
        ],
    }


def _describe_block(block: Block) -> Json:
    if isinstance(block, Items):
        return {"items": block.texts}
    if isinstance(block, Table):
        return {"columns": block.columns, "rows": block.rows, "empty": block.empty}
    if isinstance(block, Drawing):
        return {"caption": block.caption}
    return block
