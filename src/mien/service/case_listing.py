"""What is held about somebody, as Markdown: the same as the document, for people to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mien.service.case_letter import make_plain

_NOTHING = "Nothing."


def write_listing(document: Mapping[str, Any]) -> str:
    """The whole page."""
    parts = [
        f"# What is held\n\nCase {document['case']}, as of {document['as_of']}.",
        *_iter_person(document["person"]),
        "## Photos",
        *(_tell_photo(photo) for photo in document["photos"]),
        *([] if document["photos"] else [_NOTHING]),
        "## By whose permission",
        "\n".join(_tell_grant(grant) for grant in document["grants"]) or _NOTHING,
        "## Searches that showed you",
        "\n".join(_tell_search(search) for search in document["searches"]) or _NOTHING,
        *_iter_judgements(document["judgements"]),
        *_iter_groups(document["face_groups"]),
    ]
    if document["pictures_damaged"]:
        damaged = ", ".join(document["pictures_damaged"])
        parts.append(f"## Pictures that could not be read\n\n{damaged}")
    return "\n\n".join(parts) + "\n"


def _iter_person(person: Mapping[str, Any] | None) -> Iterator[str]:
    if person is None:
        return
    name, known_since = make_plain(person["name"]), person["enrolled_at"]
    templates_until = person["templates_erased_at_the_latest"]
    lines = [
        f"- known as {name}, under the id {person['person']}, since {known_since}",
        f"- {person['templates']} templates, erased at the latest on {templates_until}",
        f"- this record, erased at the latest on {person['record_erased_at_the_latest']}",
        *(f"- {event['at']}: {event['state']}{_by(event)}" for event in person["consents"]),
    ]
    yield "## You on record"
    yield "\n".join(lines)


def _by(event: Mapping[str, Any]) -> str:
    return f", by {make_plain(event['guardian'])}" if event["guardian"] else ""


def _tell_photo(photo: Mapping[str, Any]) -> str:
    size = f"{photo['width_px']} by {photo['height_px']} pixels"
    lines = [
        f"### Photo {photo['sha256']}",
        "",
        f"- {size}, {photo['media_type']}, known since {photo['first_seen_at']}",
        *(["- the photo itself lies sealed here: it was handed in"] * photo["is_sealed_here"]),
        *(f"- called {make_plain(name)} by a program that handed it in" for name in photo["names"]),
        *_iter_credit(photo),
        *(_tell_place(place) for place in photo["locations"]),
        *(_tell_index(held) for held in photo["collections"]),
    ]
    return "\n".join(lines)


def _iter_judgements(judgements: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if judgements:
        yield "## What people said of matches with you"
        yield "\n".join(
            f"- {one['time']}, of face {one['face']}: {_SAID[one['said']]}" for one in judgements
        )


_SAID = {
    "kept": "worth keeping",
    "rejected": "not the person who was searched for",
    "confirmed": "the person who was searched for",
}


def _iter_credit(photo: Mapping[str, Any]) -> Iterator[str]:
    for name in ("caption", "credit", "copyright"):
        if photo[name]:
            yield f"- {name}: {make_plain(photo[name])}"


def _tell_place(place: Mapping[str, Any]) -> str:
    return (
        f"- found at {make_plain(place['address'])} ({place['state']}) on {place['added_at']}, by "
        f"grant {place['grant']}; erased at the latest on {place['erased_at_the_latest']}"
    )


def _tell_index(held: Mapping[str, Any]) -> str:
    faces = "; ".join(_tell_face(face) for face in held["faces"]) or "no face"
    return (
        f"- in the collection {make_plain(held['collection'])} since {held['indexed_at']}: "
        f"{faces}; {held['faces_not_kept']} found and not kept"
    )


def _tell_face(face: Mapping[str, Any]) -> str:
    left, top, right, bottom = (round(edge) for edge in face["box"])
    whose = f"yours, {face['face']}," if face["is_meant"] else "another"
    return f"{whose} from {left}, {top} to {right}, {bottom}"


def _tell_grant(grant: Mapping[str, Any]) -> str:
    end = f", revoked {grant['revoked_at']}" if grant["revoked_at"] else ""
    purposes, uses = ", ".join(grant["purposes"]), ", ".join(grant["uses"])
    return (
        f"- {grant['grant']}: {make_plain(grant['grantor'])} allowed {uses} for {purposes}, from "
        f"{grant['valid_from']} until {grant['valid_until']}{end}"
    )


_DONE = {
    "viewed": "somebody looked at the photo with",
    "judged": "somebody said of a match what they thought of it:",
    "exported": "somebody took along a candidate:",
    "photo-handed-out": "a guest took along the photo with",
    "faces-grouped": "a program put under a name the",
    "faces-ungrouped": "a program took out from under a name the",
}


def _iter_groups(groups: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if groups:
        yield "## Names that faces of yours were put under"
        yield "\n".join(line for group in groups for line in _iter_group(group))


def _iter_group(group: Mapping[str, Any]) -> Iterator[str]:
    yield f"- {make_plain(group['name'])}, since {group['made_at']}: {', '.join(group['faces'])}"
    for search in group["searches"]:
        yield (
            f"  - named by a search at {search['time']}, for {search['purpose']}, as number "
            f"{search['rank']}, similarity {search['similarity']}"
        )


def _tell_search(search: Mapping[str, Any]) -> str:
    if search["action"] in _DONE:
        return f"- {search['time']}, {_DONE[search['action']]} face {search['face']}"
    purpose = search["purpose"] or "a request like yours"
    return (
        f"- {search['time']}, for {purpose}: face {search['face']} as number {search['rank']}, "
        f"score {search['score']}"
    )
