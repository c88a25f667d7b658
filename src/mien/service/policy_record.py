"""The record of processing that GDPR article 30 asks for, with terms of the W3C's DPV 2.1.

It is made from the same facts as the policy's words: a purpose, a source or a collection is in
it because it is on record, and for no other reason.
"""

from __future__ import annotations

from mien.catalog.audit import Json
from mien.permission.basis import Basis
from mien.permission.grant import GrantKind
from mien.permission.suppression import Level
from mien.service.policy_facts import CollectionFacts, Facts, SourceFacts

Node = dict[str, Json]

SUBJECTS = "people in the photos"
DATA = (
    ("pd:Picture", "thumbnails, crops of faces, captions and credits, and where the photos lie"),
    ("pd:FacialPrint", "templates of faces, which are biometric data (GDPR article 9)"),
)
RECIPIENTS = "whoever the operator lets search; the software hands data to nobody else"
TRANSFERS = (
    "none by the software; where the computer and its backups stand is for the operator to say"
)
MEASURES = (
    (
        "dpv:EncryptionAtRest",
        (
            "templates, crops and thumbnails are sealed with AES-256-GCM, under a key of each "
            "face, photo and permission"
        ),
    ),
    (
        "dpv:CryptographicKeyManagement",
        "keys lie apart from the data and its backups, and erasing destroys them",
    ),
    ("dpv:AccessControlMethod", "the operator's account alone can read the data folder"),
    ("dpv:ActivityMonitoring", "every search is entered into a log in which a change shows"),
    ("dpv:DigitalSignatures", "the log and the certificates of erasure are signed"),
)
RIGHTS = ("A7-3", "A13", "A14", "A15", "A16", "A17", "A18", "A21", "A77")

_CONTEXT = {
    "dpv": "https://w3id.org/dpv#",
    "pd": "https://w3id.org/dpv/pd#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "dct": "http://purl.org/dc/terms/",
}
_PROCESSING = ("dpv:Store", "dpv:Derive", "dpv:Analyse", "dpv:Display", "dpv:Erase")
_SOURCE_TYPES = {
    GrantKind.OWNER_ASSERTION: "dpv:DataControllerDataSource",
    GrantKind.ACCOUNT_EXPORT: "dpv:DataSubjectDataSource",
}
_CONSENT: Node = {"@type": "eu-gdpr:A9-2-a", "dct:description": "explicit consent"}
_DUTY: Node = {"@type": "eu-gdpr:A6-1-c", "dct:description": "a legal duty"}
_UNTOLD: Node = {"@type": "pd:Identifier", "dct:description": "what it is known by"}
_SUPPRESSED: dict[str, Node] = {
    Level.FACE: {"@type": "pd:FacialPrint", "dct:description": "one template of each face"},
    Level.ITEM: {"@type": "pd:Picture", "dct:description": "a hash and a coarse sketch"},
    Level.SOURCE: {"@type": "pd:Identifier", "dct:description": "the address"},
}


def make_record(facts: Facts) -> Node:
    """The record as JSON-LD."""
    return {
        "@context": _CONTEXT,
        "@type": "dpv:ROPA",
        "dpv:hasDataController": {
            "@type": "dpv:DataController",
            "dpv:hasName": facts.operator.controller or None,
            "dpv:hasContact": facts.operator.contact or None,
        },
        "dpv:hasProcess": [
            *(_describe_collection(found, facts) for found in facts.collections),
            *_describe_people(facts),
            *_describe_suppressions(facts),
            *_describe_cases(facts),
        ],
        "dpv:hasDataSource": [_describe_source(source) for source in facts.sources],
        "dpv:hasRecipient": {"dct:description": RECIPIENTS},
        "dpv:hasThirdCountry": {"dct:description": TRANSFERS},
        "dpv:hasTechnicalMeasure": [_node(term, text) for term, text in MEASURES],
        "dpv:hasRight": [f"eu-gdpr:{right}" for right in RIGHTS],
    }


def _describe_collection(found: CollectionFacts, facts: Facts) -> Node:
    sources = [source for source in facts.sources if source.grant_id in found.sources]
    return {
        "@type": "dpv:Process",
        "dct:title": found.name,
        "dpv:hasPurpose": [_purpose(purpose) for purpose in found.purposes],
        "dpv:hasDataSubject": _node("dpv:DataSubject", SUBJECTS),
        "dpv:hasPersonalData": [_node(term, text) for term, text in DATA],
        "dpv:hasProcessing": _PROCESSING,
        "dpv:hasLegalBasis": _describe_basis(found, sources),
        "dpv:hasDataSource": [source.grant_id for source in sources],
        "dpv:hasStorageCondition": [
            _describe_duration(found, name=found.name),
            *(_describe_duration(source, name=source.grant_id) for source in sources),
        ],
    }


def _describe_basis(found: CollectionFacts, sources: list[SourceFacts]) -> Node:
    if found.basis is Basis.ENROLLED_ONLY:
        return _CONSENT
    named = {found.assessment, *(source.assessment for source in sources)}
    assessments = sorted(named - {""})
    return {
        "@type": "dpv:LegalBasis",
        "dct:description": found.basis.value,
        "dpv:hasImpactAssessment": [
            {"@type": "dpv:DPIA", "dct:identifier": assessment} for assessment in assessments
        ],
    }


def _describe_people(facts: Facts) -> list[Node]:
    if not facts.people:
        return []
    return [
        {
            "@type": "dpv:Process",
            "dct:description": "enrolment of people by name",
            "dpv:hasPurpose": [_purpose(purpose) for purpose in facts.consented],
            "dpv:hasDataSubject": _node("dpv:DataSubject", "people who enrolled"),
            "dpv:hasPersonalData": [
                _node("pd:FacialPrint", "templates of the photos that they handed in"),
                _node("pd:Name", "names"),
            ],
            "dpv:hasLegalBasis": _CONSENT,
        }
    ]


def _describe_suppressions(facts: Facts) -> list[Node]:
    return [
        {
            "@type": "dpv:Process",
            "dct:description": f"keeping out, by {level}, what was opted out",
            "dpv:hasDataSubject": _node("dpv:DataSubject", "people who opted out"),
            "dpv:hasPersonalData": [_SUPPRESSED.get(level, _UNTOLD)],
            "dpv:hasLegalBasis": _CONSENT if level == Level.FACE else _DUTY,
        }
        for level in facts.suppressed
    ]


def _describe_cases(facts: Facts) -> list[Node]:
    if not facts.cases:
        return []
    return [
        {
            "@type": "dpv:Process",
            "dct:description": "answering requests",
            "dpv:hasDataSubject": _node("dpv:DataSubject", "people who asked for something"),
            "dpv:hasPersonalData": [_node("pd:Name", "names, contacts and what was asked for")],
            "dpv:hasLegalBasis": _DUTY,
            "dpv:hasStorageCondition": [
                {"@type": "dpv:StorageDuration", "dpv:hasDuration": f"P{facts.terms.cases.days}D"}
            ],
        }
    ]


def _describe_source(source: SourceFacts) -> Node:
    return {
        "@type": _SOURCE_TYPES.get(source.kind, "dpv:ThirdPartyDataSource"),
        "dct:identifier": source.grant_id,
        "dct:type": source.kind,
        "dpv:hasName": source.grantor or None,
        "dpv:hasLocation": list(source.places),
        "dpv:hasJurisdiction": source.jurisdiction or None,
        "dpv:hasPurpose": [_purpose(purpose) for purpose in source.purposes],
        "dct:valid": f"{source.valid_from.isoformat()}/{source.valid_until.isoformat()}",
    }


def _describe_duration(kept: CollectionFacts | SourceFacts, *, name: str) -> Node:
    return {
        "@type": "dpv:StorageDuration",
        "dct:source": name,
        "dpv:hasDuration": None if kept.retention_days is None else f"P{kept.retention_days}D",
        "dct:valid": None if kept.erase_at is None else kept.erase_at.isoformat(),
    }


def _purpose(slug: str) -> Node:
    return {"@type": "dpv:SearchFunctionalities", "dct:identifier": slug}


def _node(term: str, text: str) -> Node:
    return {"@type": term, "dct:description": text}
