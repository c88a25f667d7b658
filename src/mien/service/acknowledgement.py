"""Acknowledgements: that a request came in, until when it is answered, and what happens next.

Signed like a certificate, and made of what the case says: asked for again, it is the same.
"""

from __future__ import annotations

from mien.permission.case import CaseKind, CaseState
from mien.service import audit
from mien.service.case import Case
from mien.service.deployment import Deployment
from mien.service.document import sign_statement

_TYPE = "mien-acknowledgement/1"
_HIDDEN = (
    "What you mean was taken out of every search when your request came in. Somebody decides "
    "about it now, and you get the decision with its reason."
)
_WAITS = (
    "Somebody looks at what you mean and decides about it. If they grant it, it is taken out of "
    "every search and erased. You get the decision with its reason."
)
_NEXT = {
    CaseKind.ACCESS: "You get everything that is held about what you named.",
    CaseKind.RECTIFICATION: "Somebody looks at your correction, and you get the decision.",
}


def acknowledge(deployment: Deployment, case: Case) -> str:
    """The acknowledgement of a case, as text; it names nobody."""
    signer = deployment.vault.notary.signer
    received = case.find(CaseState.RECEIVED)
    statement = {
        "type": _TYPE,
        "case": case.case_id,
        "kind": case.kind,
        "received_at": audit.format_time(case.opened_at),
        "due_at": audit.format_time(case.due_at),
        "next": tell_next(case),
        "audit_log": deployment.vault.notary.logs.current.origin,
        "audit_entry": received.details.get("audit") if received else None,
    }
    return sign_statement(signer, "acknowledgement", statement=statement)


def tell_next(case: Case) -> str:
    """What happens now, in words for whoever asked; the same whatever is held."""
    return _NEXT.get(case.kind) or (_HIDDEN if case.was_hidden else _WAITS)
