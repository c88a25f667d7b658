"""Every page with values that somebody may have written: of one text, so many of each thing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace as Thing
from typing import Any

from starlette.datastructures import FormData

from house.source import PACKAGE
from mien.pages.web import render_page
from mien.permission.basis import Basis
from mien.permission.caller import Operation, Role
from mien.web.filled import Filled

NOW = datetime(2030, 5, 31, 12, 30, tzinfo=UTC)
PARTS = {"audit_words", "base", "forms", "permission", "tiles", "words"}
"""Templates that are no page: what others are made of."""

PAGES = sorted({path.stem for path in (PACKAGE / "templates").glob("*.html")} - PARTS)
PUBLIC = {"about", "find", "find_answer", "policy", "problem", "request", "request_standing"} | {
    "request_trap",
    "sign_in",
    "welcome",
}
"""Pages for people who did not sign in."""

KINDS = ["owner_assertion", "site_grant", "open_licence", "account_export", "contract"]
USES = ["store", "template", "search", "display", "fetch", "train"]
CASE_KINDS = ["access", "erasure", "objection", "rectification", "takedown"]
CHANNELS = ["mail", "desk", "web", "api"]
WAYS = ["person", "photo", "face", "source", "host", "grantor", "like"]


def fill(page: str, text: str = "plain", *, count: int = 2, **others: Any) -> str:
    """The page in which everything that is free to be written says this, so many times."""
    is_public = page in PUBLIC
    base = {
        "page": page,
        "status": 200,
        "me": None if is_public else Thing(name=text, operations=frozenset(Operation)),
        "csrf_token": "" if is_public else "token",
    }
    return render_page(page, {**base, **_VALUES[page](text, count), **others})


def form_of(text: str, *names: str) -> Filled:
    """A form in which this stands in each field, and which is wrong in each."""
    form = Filled(FormData([(name, text) for name in names]))
    form.errors.update(dict.fromkeys(names, text))
    return form


def grant_of(text: str, number: int = 1, **others: Any) -> Thing:
    values = {
        "grant_id": f"g-{number}",
        "grantor": text,
        "kind": KINDS[0],
        "scope": [text, "upload:///club/", "file:///srv/photos"],
        "purposes": {text},
        "bases": set(Basis),
        "uses": set(USES),
        "valid_from": NOW,
        "valid_until": NOW + timedelta(days=9),
        "revoked_at": None,
        "retention": timedelta(days=30),
        "contact": text,
        "verified_by": text,
        "jurisdiction": text,
        "assessment": text,
        "terms": text,
        "evidence": [Thing(name=text, sha256="0" * 64)],
        "is_vouched": True,
        "id": f"g-{number}",
        "until": "2031-01-01",
    }
    return Thing(**(values | others))


def case_of(text: str, state: str = "quarantined", **others: Any) -> Thing:
    kind = _Kind(others.pop("kind", "erasure"))
    request = Thing(
        requester=text,
        contact=text,
        channel="mail",
        about=Thing(kind="like"),
        is_intimate=True,
        reason=text,
        statement=text,
        lookalikes=[Thing(face_id="f-1"), Thing(face_id="f-2")],
    )
    events = [
        Thing(at=NOW, state="received", details={}),
        Thing(at=NOW, state="quarantined", details=_Details(held=2)),
        Thing(at=NOW, state="quarantined", details=_Details(did=text)),
        Thing(
            at=NOW, state="quarantined", details=_Details(did="countered", by=text, statement=text)
        ),
        Thing(at=NOW, state="decided", details=_Details(granted=False, reason=text)),
    ]
    values = {
        "case_id": "c-1",
        "kind": kind,
        "state": state,
        "is_closed": state == "closed",
        "is_checked": False,
        "is_answered": False,
        "due_at": NOW,
        "opened_at": NOW,
        "request": request,
        "decision": Thing(is_granted=True, reason=text),
        "events": events,
    }
    return Thing(**(values | others))


def person_of(text: str, *, consents: bool = True) -> Thing:
    reasons = [] if consents else [Thing(explanation=text, code="no-consent")]
    return Thing(
        stored=Thing(uuid="p-1", name=text),
        consent=Thing(purposes={text}, valid_until=NOW),
        verdict=Thing(is_allowed=consents, reasons=reasons),
        templates=3,
        templates_until=NOW,
    )


def photo_of(text: str, count: int, *, shows_others: bool = False) -> Thing:
    row = Thing(
        uuid="ph-1",
        width_px=640,
        height_px=480,
        added_at=NOW,
        dropped=count,
        credit=Thing(caption=text, credit=text, copyright=text),
        size_bytes=12_345,
        media_type="image/jpeg",
        sha256="0" * 64,
    )
    box = Thing(x1=1, y1=2, width=3, height=4)
    faces = [
        Thing(
            face_id=f"f-{number}",
            face=Thing(box=box, quality=Thing(flaws=["too-small"] * (number % 2))),
            person=Thing(person_id="p-1", name=text) if number else None,
        )
        for number in range(count)
    ]
    return Thing(photo=row, collection=text, shows_others=shows_others, faces=faces)


def tile_of(text: str, number: int) -> Thing:
    photo = photo_of(text, number, shows_others=bool(number % 2))
    return Thing(photo=photo, place=Thing(name=text, folder=text, link=""))


def link_of(text: str, number: int = 1, **others: Any) -> Thing:
    terms = Thing(
        expires_at=NOW, approves=True, searches_each=3, searches_hourly=50, searches_total=500
    )
    values = {"link_id": f"l-{number}", "name": text, "collection": text, "purpose": text}
    return Thing(**(values | {"revoked_at": None, "terms": terms} | others))


def user_of(text: str, number: int = 1, **others: Any) -> Thing:
    values = {
        "user_id": f"u-{number}",
        "name": text,
        "role": Role.SEARCHER,
        "collections": {text},
        "purposes": {text},
        "is_vouched": True,
        "is_active": True,
        "has_password": True,
        "has_second_factor": True,
    }
    return Thing(**(values | others))


def entry_of(text: str, seq: int) -> dict[str, Any]:
    return {
        "seq": seq,
        "time": "2030-05-31T12:30:00.000000Z",
        "actor": "ref",
        "action": text,
        "outcome": "refused",
        "purpose": text,
        "reasons": [text],
        "facts": {text: text, "photos": [text, text], "more": {text: text}},
    }


class _Kind(str):
    """A kind of case, which says whether it hides what is meant."""

    __slots__ = ()
    hides = True


class _Details(dict[str, Any]):
    """What an event tells, read as the templates read it."""

    def __init__(self, **told: Any) -> None:
        super().__init__({"reason": "", "granted": False} | told)


def _about(text: str, count: int) -> dict[str, Any]:
    return {"controller": text, "contact": text, "takes_requests": count > 0}


def _account(text: str, count: int) -> dict[str, Any]:
    sessions = [
        Thing(session_id=f"s-{n}", made_at=NOW, seen_at=NOW, expires_at=NOW) for n in range(count)
    ]
    user = user_of(text, has_second_factor=count > 0)
    told = {"user": user, "sessions": sessions, "this_session": "s-0"}
    return told | {"refused": "unfit" if count else "", "detail": text}


def _add(text: str, count: int) -> dict[str, Any]:
    grants = [
        {"id": f"g-{n}", "grantor": text, "purposes": [text], "until": "2031-01-01"}
        for n in range(count)
    ]
    return {
        "grants": grants,
        "limits": {"files": 9, "bytes": 99},
        "suggestion": text,
        "may_make": True,
        "chosen": "g-1",
        "folders": [text] * count,
        "runs": [Thing(run_id=f"r-{n}") for n in range(count)],
    }


def _api(text: str, count: int) -> dict[str, Any]:
    routes = [
        Thing(
            anchor=f"get-{n}",
            method="GET",
            path=text,
            summary=text,
            description=text,
            fields=[(text, text, True, text)],
            example=text,
            answers=[("200", text)],
        )
        for n in range(count)
    ]
    return {"version": text, "groups": [("photos", text, routes)] if count else []}


def _audit(text: str, count: int) -> dict[str, Any]:
    entries = [entry_of(text, seq) for seq in range(count, 0, -1)]
    return {
        "entries": entries,
        "names": {"ref": text},
        "reasons": {text: text},
        "size": count,
        "first": 1,
        "newer": 3,
    }


def _audit_entry(text: str, count: int) -> dict[str, Any]:
    held = {"actor": "ref", text: text, "list": [text, text], "map": {text: text}}
    return {
        "entry": entry_of(text, 7),
        "names": {"ref": text},
        "reasons": {},
        "details": held if count else {},
        "matches": [{"face": text, "score": text}] * count,
    }


def _audit_proof(text: str, count: int) -> dict[str, Any]:
    report = Thing(
        is_sound=False,
        entries=4,
        checkpoints=2,
        findings=[Thing(explanation=text, fault=text)] * count,
        cuts=[Thing(explanation=text, acknowledged_in=3)] * count,
    )
    return {
        "form": form_of(text, "kept") if count else Filled(),
        "report": report if count else None,
        "was_kept": False,
        "heads": [Thing(size=n, note=text) for n in range(count)],
        "number": count,
        "key": text,
    }


def _case(text: str, count: int) -> dict[str, Any]:
    names = ("faces", "reason", "decision", "counter_name", "counter_statement")
    return {
        "case": case_of(text) if count else case_of(text, request=None, is_checked=True, events=[]),
        "line": Thing(tone="warn", days=count),
        "told": "opened",
        "form": form_of(text, *names) if count else Filled(),
        "may_decide": count > 0,
        "may_counter": count > 0,
        "meant": {"faces": 1_234, text: 5} if count else {},
        "about": [text] * count,
        "corrections": {text: text} if count else {},
    }


def _case_new(text: str, count: int) -> dict[str, Any]:
    names = ["kind", "requester", "contact", "way", "what", "photo", "reason", "statement"]
    names += [f"correct_{one}" for one in ("caption", "credit", "copyright", "name", "contact")]
    form = form_of(text, *names) if count else Filled()
    return {"form": form, "kinds": CASE_KINDS, "channels": CHANNELS, "ways": WAYS}


def _cases(text: str, count: int) -> dict[str, Any]:
    case = case_of(text)
    lines = [Thing(case=case, tone=("bad", "warn", "")[n % 3], days=n) for n in range(count)]
    return {"lines": lines, "here": "open"}


def _collection_new(text: str, count: int) -> dict[str, Any]:
    names = ("name", "basis", "purposes", "retention_days", "assessment")
    return {"form": form_of(text, *names) if count else Filled(), "bases": list(Basis)}


def _collections(text: str, count: int) -> dict[str, Any]:
    charter = Thing(is_vouched=False, purposes={text}, retention=timedelta(days=3), confirmations=2)
    one = Thing(name=text, charter=charter, photos=1_234, faces=1, basis=Basis.HOUSEHOLD)
    return {"collections": [one] * count, "told": "made", "deadlines": {text: NOW}}


def _doctor(text: str, count: int) -> dict[str, Any]:
    one = Thing(
        name=text,
        basis=Basis.HOUSEHOLD,
        photos=1_234,
        faces=5,
        engine=text,
        recall=0.99,
        search_ms=1.5,
        unreadable_faces=2,
        waiting=3,
    )
    model = Thing(card=Thing(id=text, licence=text), is_pulled=False)
    return {
        "diagnosis": Thing(changed_grants=["g-1"] * count, grants=3, grants_in_force=2),
        "changed_collections": [text] * count,
        "collections": [one] * count,
        "models": [model] * count,
        "versions": {text: text},
        "home": text,
    }


def _find(text: str, count: int) -> dict[str, Any]:
    return {
        "link": link_of(text),
        "wrong": text if count else "",
        "terms": ["It is deleted."] * count,
        "agreement": "I agree.",
        "controller": text if count else "",
        "contact": text,
        "takes_requests": True,
        "token": "abc",
        "version": "1",
        "enrols": count > 0,
        "guest_name": text,
        "most_mb": 12,
    }


def _find_answer(text: str, count: int) -> dict[str, Any]:
    box = Thing(x1=1, y1=2, width=3, height=4)
    photos = [
        Thing(shows_all=bool(n % 2), width=640, height=480, number=n, small="s", whole="w", box=box)
        for n in range(count)
    ]
    return {
        "link": link_of(text),
        "asked": Thing(state="answered", ends_at=NOW, is_enrolled=count > 0),
        "photos": photos,
        "token": "abc",
        "answer": "def",
        "looks_again": count > 0,
    }


def _grant(text: str, count: int) -> dict[str, Any]:
    folder = Thing(address=text, photos={"present": 2, "quarantined": 1})
    run = Thing(started_at=NOW, state="done", counts={"photos_new": 2})
    return {
        "grant": grant_of(text),
        "state": text,
        "may_change": True,
        "told": "recorded",
        "sources": [Thing(collection=text, folders=[folder], last_run=run)] * count,
        "deadline": NOW if count else None,
        "last_day": NOW,
    }


def _grant_narrow(text: str, count: int) -> dict[str, Any]:
    names = ("scope", "purposes", "uses", "until", "retention_days")
    form = form_of(text, *names) if count else Filled()
    return {"form": form, "grant": grant_of(text), "grace_days": 30}


def _grant_new(text: str, count: int) -> dict[str, Any]:
    names = ["grantor", "kind", "contact", "shelf", "addresses", "purposes", "basis"]
    names += ["assessment", "retention_days", "until", "uses", "evidence", "jurisdiction", "terms"]
    return {
        "form": form_of(text, *names) if count else Filled(),
        "kinds": KINDS,
        "bases": list(Basis),
        "uses": USES,
        "usual_uses": USES[:3],
        "usual_until": "2031-05-31",
        "purposes": [text] * count,
    }


def _grant_revoke(text: str, count: int) -> dict[str, Any]:
    return {
        "grant": grant_of(text),
        "photos": count,
        "collections": [text] * count,
        "grace_days": 30,
    }


def _grants(text: str, count: int) -> dict[str, Any]:
    lines = [
        Thing(grant=grant_of(text, n), state="in-force", last_day=NOW, photos=n)
        for n in range(count)
    ]
    return {"lines": lines}


def _link(text: str, count: int) -> dict[str, Any]:
    asked = [
        Thing(
            request_id=f"q-{n}",
            asked_at=NOW,
            state="answered",
            answered_at=NOW,
            shown=n,
            downloads=n,
        )
        for n in range(count)
    ]
    return {
        "link": link_of(text),
        "is_over": False,
        "is_public": False,
        "waiting": [(one, text) for one in asked],
        "log": asked,
        "address": f"http://127.0.0.1/find/{text}",
    }


def _link_poster(text: str, count: int) -> dict[str, Any]:
    return {"link": link_of(text), "address": text}


def _links(text: str, count: int) -> dict[str, Any]:
    known = {"name": text, "collection": text, "purpose": text, "days": "7", "approves": "yes"}
    known |= {"searches_each": "3", "searches_hourly": "50", "searches_total": "500"}
    return {
        "is_public": count > 0,
        "links": [link_of(text, n) for n in range(count)],
        "waits": {"l-0": 2},
        "wrong": text if count else "",
        "known": known,
        "collections": [text] * count,
        "purposes": [text] * count,
        "longest_days": 90,
    }


def _optout(text: str, count: int) -> dict[str, Any]:
    optout = Thing(level="item", kept_out=text, made_at=NOW, finds_copies=False, optout_id="o-1")
    return {"optout": optout, "erasure": "e-1" if count else "", "erased": {"faces": 2}}


def _optout_lift(text: str, count: int) -> dict[str, Any]:
    optout = Thing(level="source", kept_out=text, made_at=NOW, optout_id="o-1")
    return {"optout": optout, "form": form_of(text, "reason") if count else Filled()}


def _optout_person(text: str, count: int) -> dict[str, Any]:
    return {"form": form_of(text, "photo", "consent", "letter", "fmr") if count else Filled()}


def _optout_photo(text: str, count: int) -> dict[str, Any]:
    form = form_of(text, "photo", "sha256") if count else Filled()
    return {"form": form, "sha256": "" if count else text, "meant": {"faces": 2}}


def _optout_place(text: str, count: int) -> dict[str, Any]:
    return {"form": form_of(text, "place") if count else Filled()}


def _optouts(text: str, count: int) -> dict[str, Any]:
    optouts = [
        Thing(level="source", is_readable=n != 1, kept_out=text, made_at=NOW, optout_id=f"o-{n}")
        for n in range(count)
    ]
    return {"told": "lifted", "optouts": optouts}


def _people(text: str, count: int) -> dict[str, Any]:
    people = [
        (person_of(text, consents=bool(n % 2)), Thing(collections=[text])) for n in range(count)
    ]
    return {"people": people, "last_day": _last_day}


def _person(text: str, count: int) -> dict[str, Any]:
    return {
        "person": person_of(text, consents=not count),
        "last_day": _last_day,
        "collections": [text] * count,
        "chosen": text,
        "tiles": [tile_of(text, n) for n in range(count)],
        "next": text,
    }


def _photo(text: str, count: int) -> dict[str, Any]:
    place = Thing(name=text, folder=text, link="")
    linked = Thing(name=text, folder=text, link=f"https://example.org/{text}")
    found = Thing(grant_id="g-1", added_at=NOW)
    return {
        "photo": photo_of(text, count),
        "places": [(place, found), (linked, found)],
        "terms": Thing(purposes=[text]) if count else None,
        "grants": {"g-1": grant_of(text)} if count else {},
        "last_day": _last_day,
    }


def _photos(text: str, count: int) -> dict[str, Any]:
    wish = Thing(
        source="g-1", since=text, until=text, order="place", after=text, address=_describe_page
    )
    return {
        "collections": [text] * count,
        "chosen": text,
        "sources": [Thing(grant=grant_of(text, n)) for n in range(count)],
        "wish": wish,
        "reasons": [],
        "tiles": [tile_of(text, n) for n in range(count)],
        "next": _describe_page(text),
    }


def _policy(text: str, count: int) -> dict[str, Any]:
    blocks = [
        Thing(kind="items", texts=[text, text]),
        Thing(kind="table", rows=[[(text, text), (text, text)]]),
        Thing(kind="text", text=text),
    ]
    sections = [Thing(anchor=f"part-{n}", title=text, blocks=blocks) for n in range(count)]
    told = {"title": text, "lead": text, "sections": sections}
    return told | {"made_at": text, "version": "0" * 64}


def _problem(text: str, count: int) -> dict[str, Any]:
    reasons = [Thing(explanation=text, code=text)] * count
    return {"status": 403, "detail": text, "reasons": reasons}


def _request(text: str, count: int) -> dict[str, Any]:
    known = dict.fromkeys(("name", "number", "address", "value", "words", "contact"), text)
    known |= {"wish": "access", "matter": "face", "field": "credit"}
    return {
        "known": known,
        "wrong": text if count else "",
        "most_mb": 12,
        "is_intimate": count > 0,
        "controller": text,
        "contact": text,
    }


def _request_standing(text: str, count: int) -> dict[str, Any]:
    standing = Thing(
        case_id="c-1",
        received_at=NOW,
        due_at=NOW,
        state="closed",
        next=text,
        has_contact=False,
    )
    letter = [("heading", text), ("item", text), ("text", text)] * count
    told = {"is_new": count > 0, "link": text, "standing": standing, "letter": letter}
    return told | {"token": "abc", "kept_days": 90}


def _reviews(text: str, count: int) -> dict[str, Any]:
    review = Thing(finding="objected", reviewer=text, at="2030-05-31T12:30", comment=text)
    searches = [
        Thing(
            seq=n,
            actor=text,
            at="2030-05-31T12:30",
            collection=text,
            purpose=text,
            reason=text,
            was_refused=False,
            shown=3,
            review=review,
            is_own=n == 1,
        )
        for n in range(count)
    ]
    return {"share": 5, "refused": text if count else "", "searches": searches, "next": 3}


def _search(text: str, count: int) -> dict[str, Any]:
    terms = [{"collection": text, "purposes": [text], "sources": [text]}] * count
    return {"terms": terms, "face": None, "chosen": text}


def _second_factor(text: str, count: int) -> dict[str, Any]:
    told = {"refused": count > 0, "qr": "data:image/svg+xml,%3Csvg/%3E"}
    return told | {"secret": text, "sealed": text}


def _sign_in(text: str, count: int) -> dict[str, Any]:
    refused = "too-many-tries" if count else ""
    return {"refused": refused, "wait_s": 30, "pending": "", "then": text}


def _users(text: str, count: int) -> dict[str, Any]:
    rights = Thing(operations={"view", "search"}, collections={text}, purposes=None)
    keys = [
        Thing(
            key_id=f"k-{n}",
            name=text,
            owner_id="u-0",
            rights=rights,
            last_used_on=None,
            expires_at=NOW,
            revoked_at=None,
            is_vouched=n != 1,
        )
        for n in range(count)
    ]
    typed = dict.fromkeys(("name", "role", "owner", "collections", "purposes"), text)
    typed |= {"days": "7", "calls_a_minute": "60"}
    names = ("refused", "link", "link_name", "secret", "environment", "secret_name")
    told = dict.fromkeys(names, text)
    access_keys = [
        Thing(
            access_key_id=f"MIEN{n:016}",
            name=text,
            owner_id="u-0",
            operations={"view", "add"},
            terms=Thing(grant_id="g-0", collections={text}, purpose=text),
            last_used_on=None,
            expires_at=NOW,
            revoked_at=NOW if n == 2 else None,
            is_vouched=n != 1,
        )
        for n in range(count)
    ]
    grants = [
        {"id": f"g-{n}", "grantor": text, "purposes": [text], "until": "2031-01-01"}
        for n in range(count)
    ]
    bound = dict.fromkeys(("name", "owner", "grant", "purpose", "collections"), text)
    bound |= {"days": "7", "calls_a_minute": "60"}
    return {
        **(told if count else dict.fromkeys(told, "")),
        "users": [user_of(text, n) for n in range(count)],
        "keys": keys,
        "owners": {"u-0": text},
        "own_id": "u-0",
        "roles": list(Role),
        "operations": list(Operation),
        "invited": typed,
        "wanted": typed,
        "ticked": [Operation.VIEW],
        "access_keys": access_keys,
        "grants": grants,
        "signed_operations": [Operation.VIEW, Operation.ADD],
        "bound": bound,
        "bound_ticked": [Operation.VIEW],
    }


def _welcome(text: str, count: int) -> dict[str, Any]:
    refused = "unfit" if count else ""
    return {"is_gone": False, "whose": text, "refused": refused, "detail": text, "token": "abc"}


def _nothing(text: str, count: int) -> dict[str, Any]:
    return {}


def _last_day(consent: object) -> datetime:
    return NOW


def _describe_page(after: str) -> str:
    return f"/photos?after={after}"


_VALUES: Mapping[str, Callable[[str, int], dict[str, Any]]] = {
    "about": _about,
    "account": _account,
    "add": _add,
    "api": _api,
    "audit": _audit,
    "audit_entry": _audit_entry,
    "audit_proof": _audit_proof,
    "case": _case,
    "case_new": _case_new,
    "cases": _cases,
    "collection_new": _collection_new,
    "collections": _collections,
    "doctor": _doctor,
    "find": _find,
    "find_answer": _find_answer,
    "grant": _grant,
    "grant_narrow": _grant_narrow,
    "grant_new": _grant_new,
    "grant_revoke": _grant_revoke,
    "grants": _grants,
    "link": _link,
    "link_poster": _link_poster,
    "links": _links,
    "optout": _optout,
    "optout_lift": _optout_lift,
    "optout_person": _optout_person,
    "optout_photo": _optout_photo,
    "optout_place": _optout_place,
    "optouts": _optouts,
    "people": _people,
    "person": _person,
    "photo": _photo,
    "photos": _photos,
    "policy": _policy,
    "problem": _problem,
    "request": _request,
    "request_standing": _request_standing,
    "request_trap": _nothing,
    "reviews": _reviews,
    "search": _search,
    "second_factor": _second_factor,
    "sign_in": _sign_in,
    "users": _users,
    "welcome": _welcome,
}
