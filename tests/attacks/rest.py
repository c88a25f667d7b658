"""Every operation of the REST interface, with a request for each that makes sense as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from starlette.testclient import TestClient

from mien.testing import draw_photo
from service.stage import PURPOSE

NOBODY = "6e1f4bb6-5f63-4b1c-9d2e-0c8a51f3a7d4"
"""An id that nothing has."""

ENDLESS = "stream_run"
"""It answers as long as the run goes on."""

_METHODS = ("get", "post", "put", "patch", "delete")
_KNOWN: Mapping[str, object] = {
    "collection": "family",
    "contact": "anna@example.org",
    "folders": ["/srv/photos"],
    "grant": NOBODY,
    "grantor": "Anna Berg",
    "purpose": PURPOSE,
    "purposes": [PURPOSE],
    "reason": "because",
    "role": "viewer",
    "scope": ["https://photos.example.org/"],
    "kind": "access",
}
_KINDS: Mapping[str, str] = {
    "judge": "kept",
    "make_run": "add-folder",
    "record_grant": "owner-assertion",
}
_BODIES: Mapping[str, Mapping[str, object]] = {
    "erase": {"photo": "0" * 64},
    "preview_erasure": {"photo": "0" * 64},
    "search": {"face_id": NOBODY, "collection": "family", "purpose": PURPOSE},
    "decide_case": {"is_granted": True},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One operation as somebody may ask for it; `path` still names what stands in it."""

    name: str
    method: str
    path: str
    body: Mapping[str, object] | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    query: tuple[str, ...] = ()

    @property
    def is_change(self) -> bool:
        return self.method != "get"

    @property
    def places(self) -> list[str]:
        """What stands in the path."""
        return re.findall(r"\{(\w+)\}", self.path)

    def fill(self, value: str = NOBODY, **values: str) -> str:
        """The path with these values, and this one for all others."""
        return re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], value), self.path)

    def send(self, client: TestClient, *, path: str = "", **options: Any) -> Any:
        """The answer to the request as it is meant to be sent."""
        where = path or self.fill()
        if self.files:
            photo = _draw_photo()
            files = [(name, ("a.png", photo, "image/png")) for name in self.files]
            fields = dict(self.fields)
            return client.request(self.method, where, data=fields, files=files, **options)
        if self.fields:
            return client.request(self.method, where, data=dict(self.fields), **options)
        return client.request(self.method, where, json=self.body, **options)


@cache
def _draw_photo() -> bytes:
    return draw_photo(1)


def list_calls(client: TestClient) -> list[Call]:
    """All of them, as the server describes itself; not those that anybody may ask for."""
    document = client.get("/v1/openapi.json").json()
    return [
        _make_call(operation, method=method, path=path, schemas=document["components"]["schemas"])
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method in _METHODS and operation["security"]
    ]


def _make_call(
    operation: Mapping[str, Any], *, method: str, path: str, schemas: Mapping[str, Any]
) -> Call:
    name = operation["operationId"]
    content = operation.get("requestBody", {}).get("content", {})
    form = content.get("multipart/form-data") if "application/json" not in content else None
    texts: dict[str, str] = {}
    files: list[str] = []
    if form is not None:
        for key, schema, is_file in _iter_fields(form["schema"], schemas):
            if is_file:
                files.append(key)
            else:
                texts[key] = str(_find_value(key, schema, of=name, schemas=schemas))
    body = None
    if "application/json" in content:
        body = _BODIES.get(name) or _make_body(
            content["application/json"]["schema"], of=name, schemas=schemas
        )
    query = tuple(one["name"] for one in operation.get("parameters", ()) if one["in"] == "query")
    return Call(
        name=name,
        method=method,
        path=path,
        body=body,
        fields=texts,
        files=tuple(files),
        query=query,
    )


def _resolve(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return schemas[name] if name else schema


def _iter_fields(
    schema: Mapping[str, Any], schemas: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """What a form has to bring: names, what they hold, and whether that is a file."""
    found = _resolve(schema, schemas)
    for key in found.get("required", ()):
        one = found["properties"][key]
        inner = one.get("items", one)
        is_file = inner.get("format") == "binary" or "contentMediaType" in inner
        yield key, one, is_file


def _make_body(
    schema: Mapping[str, Any], *, of: str, schemas: Mapping[str, Any]
) -> dict[str, object]:
    found = _resolve(schema, schemas)
    return {
        key: _find_value(key, found["properties"][key], of=of, schemas=schemas)
        for key in found.get("required", ())
    }


def _find_value(
    key: str, schema: Mapping[str, Any], *, of: str, schemas: Mapping[str, Any]
) -> object:
    if key == "kind":
        return _KINDS.get(of, _KNOWN[key])
    return _KNOWN[key] if key in _KNOWN else _make_value(schema, of=of, schemas=schemas)


def _make_value(schema: Mapping[str, Any], *, of: str, schemas: Mapping[str, Any]) -> object:
    found = _resolve(schema, schemas)
    if "enum" in found:
        return found["enum"][0]
    if "anyOf" in found:
        return _make_value(found["anyOf"][0], of=of, schemas=schemas)
    made: dict[str, object] = {
        "integer": 1,
        "number": 0.5,
        "boolean": True,
        "object": {},
    }
    if found.get("type") == "array":
        return [_make_value(found["items"], of=of, schemas=schemas)]
    if found.get("type") == "object" and "properties" in found:
        return _make_body(found, of=of, schemas=schemas)
    if found.get("type") in made:
        return made[found["type"]]
    return _make_text(found)


def _make_text(schema: Mapping[str, Any]) -> str:
    forms = {"uuid": NOBODY, "date": "2031-01-01", "date-time": "2031-01-01T00:00:00Z"}
    if schema.get("format") in forms:
        return forms[schema["format"]]
    pattern = str(schema.get("pattern", ""))
    if "{64}" in pattern:
        return "0" * 64
    return "https://photos.example.org/" if "://" in pattern else "something"
