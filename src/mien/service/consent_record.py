"""Consent as others can read it: JSON-LD in the form of ISO/IEC TS 27560, signed as a receipt.

A receipt is one JSON document, `{"receipt": ..., "public_key": ..., "signature": ...}`, both of
the latter in hexadecimal. Signed (Ed25519) are the bytes of the receipt as canonical JSON
(RFC 8785). docs/guide/people.md shows how to check one.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import NAMESPACE_URL, uuid4, uuid5

from mien.catalog.audit import Json, format_json
from mien.catalog.consents import StoredConsent, find_consents
from mien.catalog.people import StoredPerson, get_person
from mien.errors import AuditError, NotFoundError, SettingsError
from mien.permission.consent import Consent, ConsentEvent, ConsentState, Party, ends_at, state_at
from mien.service import audit
from mien.service.consent_fields import RECEIPT, RECORD, find_missing
from mien.service.consents import believe, open_details, open_statement
from mien.service.deployment import Deployment
from mien.service.policy_facts import Operator

NOT_STATED = "not stated by the operator"

_CONTEXT: dict[str, Json] = {
    "dpv": "https://w3id.org/dpv#",
    "pd": "https://w3id.org/dpv/pd#",
    "loc": "https://w3id.org/dpv/loc#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "dct": "http://purl.org/dc/terms/",
}
_RIGHTS = ("A7-3", "A13", "A15", "A16", "A17", "A18", "A20", "A77")
_PROCESSING = ("Collect", "Store", "Match", "Retrieve", "Erase")


def make_record(deployment: Deployment, name: str, *, operator: Operator) -> dict[str, Json]:
    """A person's newest consent.

    Raises `NotFoundError`, `ConflictError`, and `AuditError` for one whose rows are not what was
    recorded here.
    """
    with deployment.database.reading() as connection:
        person = get_person(connection, name)
        stored = find_consents(connection, [person.id]).get(person.id)
    if not stored:
        raise NotFoundError(f"There is no consent of {person.uuid}.")
    consent = believe(deployment, stored[-1])
    if not consent.is_vouched:
        raise AuditError(
            f"The consent {consent.consent_id} is not what was last recorded here, so no document "
            "is made of it. Restore the catalog from its newest backup, or withdraw the consent."
        )
    record = _describe(deployment, person, stored=stored[-1], operator=operator)
    missing = find_missing(record)
    if missing:
        raise SettingsError(f"The consent cannot be told in full; it lacks {', '.join(missing)}.")
    return record


def issue_receipt(deployment: Deployment, name: str, *, operator: Operator) -> str:
    """The record as a signed document to hand to the person. Raises as `make_record`."""
    receipt: dict[str, Json] = {
        "@context": _CONTEXT,
        "@type": "dpv:ConsentReceipt",
        "dct:conformsTo": RECEIPT,
        "dct:identifier": str(uuid4()),
        "dct:created": audit.format_time(deployment.clock()),
        "dct:publisher": _describe_controller(operator),
        "dpv:hasRecordOfActivity": make_record(deployment, name, operator=operator),
    }
    signer = deployment.vault.notary.signer
    signature = signer.sign_document(format_json(receipt))
    return format_json(
        {
            "receipt": receipt,
            "public_key": signer.public_key.hex(),
            "signature": signature.hex(),
        }
    ).decode()


def _describe(
    deployment: Deployment, person: StoredPerson, *, stored: StoredConsent, operator: Operator
) -> dict[str, Json]:
    consent, details = believe(deployment, stored), open_details(deployment, stored)
    jurisdiction = str(details.get("jurisdiction") or "")
    return {
        "@context": _CONTEXT,
        "@id": f"urn:uuid:{consent.consent_id}",
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": RECORD,
        "dct:identifier": consent.consent_id,
        "dct:language": details.get("language"),
        "dpv:hasDataSubject": {
            "@type": "dpv:Child" if person.of_age_at else "dpv:DataSubject",
            "dct:identifier": person.uuid,
            "dpv:hasName": person.name,
        },
        "dpv:hasDataController": _describe_controller(operator),
        "dpv:hasJurisdiction": f"loc:{jurisdiction}" if jurisdiction else NOT_STATED,
        "dpv:hasLegalBasis": ["eu-gdpr:A9-2-a", "eu-gdpr:A6-1-a"],
        "dpv:hasNotice": _describe_notice(details.get("notice")),
        "dpv:hasRight": [f"eu-gdpr:{right}" for right in _RIGHTS],
        "dpv:hasAuthority": {
            "@type": "dpv:DataProtectionAuthority",
            "dct:description": "The supervisory authority where the person lives or works.",
        },
        "dpv:hasProcess": [
            _describe_process(purpose, consent, contact=operator.contact or NOT_STATED)
            for purpose in sorted(consent.purposes)
        ],
        "dpv:hasConsentStatus": _describe_events(deployment, stored, consent=consent),
    }


def _describe_controller(operator: Operator) -> dict[str, Json]:
    """What nobody stated is said to be so."""
    name, contact = operator.controller or NOT_STATED, operator.contact or NOT_STATED
    return {
        "@type": "dpv:DataController",
        "dct:identifier": f"urn:uuid:{uuid5(NAMESPACE_URL, f'{name} {contact}')}",
        "dpv:hasName": name,
        "dpv:hasAddress": contact,
        "dpv:hasContact": contact,
    }


def _describe_notice(notice: Json) -> dict[str, Json]:
    described: dict[str, Json] = {"@type": "dpv:ConsentNotice"}
    if not isinstance(notice, Mapping):
        return described | {"dct:description": "Given with the evidence of the consent."}
    return described | {
        "dct:format": notice["media_type"],
        "dct:extent": notice["size_bytes"],
        "dct:identifier": f"sha256:{notice['sha256']}",
    }


def _describe_process(purpose: str, consent: Consent, *, contact: str) -> dict[str, Json]:
    return {
        "@type": "dpv:Process",
        "dpv:hasPurpose": {
            "@type": "dpv:SearchFunctionalities",
            "dct:identifier": purpose,
        },
        "dpv:hasPersonalData": [
            {"@type": ["pd:FacialPrint", "dpv:SpecialCategoryPersonalData"]},
            {"@type": "pd:Picture"},
        ],
        "dpv:hasProcessing": [f"dpv:{name}" for name in _PROCESSING],
        "dpv:hasDataSource": "dpv:DataSubject",
        "dpv:hasStorageCondition": [
            {
                "@type": "dpv:StorageLocation",
                "dct:description": "The controller's own machine. Nothing is transferred.",
            },
            {
                "@type": "dpv:StorageDuration",
                "dct:valid": audit.format_time(ends_at(consent)),
                "dct:description": "Erased after the consent ends, and at once when withdrawn.",
            },
        ],
        "dpv:hasRecipient": {
            "@type": "dpv:DataController",
            "dct:description": "The controller alone; no third party.",
        },
        "dpv:hasConsentControl": {
            "@type": "dpv:WithdrawConsent",
            "dct:description": "At any time, by asking the controller; it holds at once.",
            "dpv:hasContact": contact,
        },
    }


def _describe_events(
    deployment: Deployment, stored: StoredConsent, *, consent: Consent
) -> list[Json]:
    described: list[Json] = []
    for event, stored_event in zip(consent.events, stored.events, strict=True):
        details = open_statement(deployment, stored, event=stored_event)
        described.append(
            _describe_event(event, by=_describe_party(event, details))
            | {"dct:source": _describe_evidence(details.get("evidence"))}
        )
    last, now = consent.events[-1], deployment.clock()
    if state_at(consent, at=now) is not last.state:
        expired = ConsentEvent(state=ConsentState.EXPIRED, at=ends_at(consent))
        described.append(_describe_event(expired, by={"dct:description": "The passing of time."}))
    return described


def _describe_event(event: ConsentEvent, *, by: Mapping[str, Json]) -> dict[str, Json]:
    began, ends = audit.format_time(event.at), audit.format_time(event.valid_until or event.at)
    return {
        "@type": f"dpv:{event.state}",
        "dpv:hasLegalBasis": "dpv:ExplicitlyExpressedConsent",
        "dpv:isIndicatedAtTime": began,
        "dpv:isIndicatedBy": by,
        "dct:valid": f"{began}/{ends}",
    }


def _describe_party(event: ConsentEvent, details: Mapping[str, Json]) -> dict[str, Json]:
    if event.party is Party.PERSON:
        return {"@type": "dpv:DataSubject"}
    return {"@type": "dpv:GuardianOfDataSubject", "dpv:hasName": details.get("guardian")}


def _describe_evidence(evidence: Json) -> Json:
    if not isinstance(evidence, Mapping):
        return NOT_STATED
    if evidence.get("kind") == "reference":
        return evidence["text"]
    return {
        "dct:format": evidence["media_type"],
        "dct:extent": evidence["size_bytes"],
        "dct:identifier": f"sha256:{evidence['sha256']}",
    }
