"""`/docs`: every route of the REST interface, on one page that needs no other machine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from mien.http.etag import answer
from mien.http.site import site_of
from mien.web.show import show

router = APIRouter(include_in_schema=False)

Node = Mapping[str, Any]
_DEEPEST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One route as it stands on the page.

    A field is its name, its type, whether it must be there, and what it is.
    """

    method: str
    path: str
    anchor: str
    summary: str
    description: str
    fields: Sequence[tuple[str, str, bool, str]]
    answers: Sequence[tuple[str, str]]
    example: str


@router.get("/docs")
def get_api_reference(request: Request) -> Response:
    """The reference of all routes, made from the OpenAPI document."""
    document = request.app.openapi()
    groups = tell_routes(document, origin=site_of(request).origin)
    page = show("api", version=document["info"]["version"], groups=groups)
    return answer(request, bytes(page.body), media_type="text/html")


def tell_routes(document: Node, *, origin: str) -> list[tuple[str, str, list[Told]]]:
    """The routes by their tag, each tag with what it is about."""
    about = {tag["name"]: tag["description"] for tag in document["tags"]}
    found: dict[str, list[Told]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            tag = operation.get("tags", ["other"])[0]
            told = _tell(document, operation, method=method.upper(), path=path, origin=origin)
            found.setdefault(tag, []).append(told)
    return [(tag, about.get(tag, ""), routes) for tag, routes in sorted(found.items())]


def _tell(document: Node, operation: Node, *, method: str, path: str, origin: str) -> Told:
    kind, schema = _find_body(document, operation)
    parameters = [
        (
            one["name"],
            _name_type(document, one["schema"]),
            bool(one.get("required")),
            one.get("description", ""),
        )
        for one in operation.get("parameters", [])
    ]
    required = schema.get("required", [])
    fields = [
        (name, _name_type(document, one), name in required, one.get("description", ""))
        for name, one in schema.get("properties", {}).items()
    ]
    return Told(
        method=method,
        path=path,
        anchor=operation["operationId"].replace("_", "-"),
        summary=operation["summary"],
        description=operation["description"],
        fields=parameters + fields,
        answers=[
            (status, " ".join(str(one.get("description", "")).split()))
            for status, one in operation["responses"].items()
            if status.startswith("2")
        ],
        example="\n".join(
            _iter_curl(document, schema, kind=kind, method=method, url=f"{origin}{path}")
        ),
    )


def _iter_curl(document: Node, schema: Node, *, kind: str, method: str, url: str) -> Iterator[str]:
    flags = "" if method == "GET" else f" -X {method}"
    yield f"curl{flags} '{url}' \\"
    yield '  -H "Authorization: Bearer $MIEN_KEY"' + (" \\" if kind else "")
    required = schema.get("required", []) or list(schema.get("properties", {}))[:1]
    values = {
        name: _make_example(document, schema["properties"][name])
        for name in required
        if name in schema.get("properties", {})
    }
    if kind == "application/json":
        yield "  -H 'Content-Type: application/json' \\"
        yield f"  -d '{json.dumps(values)}'"
    elif kind:
        parts = [f"  -F {name}={_format_part(value)}" for name, value in values.items()]
        yield " \\\n".join(parts)


def _format_part(value: object) -> str:
    first = value[0] if isinstance(value, list) and value else value
    return f"'{first}'"


def _find_body(document: Node, operation: Node) -> tuple[str, Node]:
    """The media type of the body and its schema; nothing where there is none."""
    content = operation.get("requestBody", {}).get("content", {})
    for kind, one in content.items():
        return kind, _resolve(document, one.get("schema", {}))
    return "", {}


def _resolve(document: Node, schema: Node) -> Node:
    reference = schema.get("$ref")
    if reference is None:
        whole = schema.get("allOf", [])
        return _resolve(document, whole[0]) if len(whole) == 1 else schema
    found: Node = document["components"]["schemas"][reference.rsplit("/", 1)[-1]]
    return found


def _name_type(document: Node, schema: Node) -> str:
    if "anyOf" in schema:
        named = [_name_type(document, one) for one in schema["anyOf"]]
        return " or ".join(one for one in named if one != "null")
    found = _resolve(document, schema)
    if "enum" in found:
        return " | ".join(map(str, found["enum"]))
    if "const" in found:
        return str(found["const"])
    if found.get("type") == "array":
        return f"list of {_name_type(document, found.get('items', {}))}"
    if "contentMediaType" in found or found.get("format") == "binary":
        return "file"
    return str(found.get("format") or found.get("type", "value"))


def _make_example(document: Node, schema: Node, *, depth: int = 0) -> Any:  # noqa: ANN401  (any JSON)
    if schema.get("examples"):
        return schema["examples"][0]
    found = _resolve(document, schema)
    if found.get("examples"):
        return found["examples"][0]
    if "anyOf" in found:
        return _make_example(document, found["anyOf"][0], depth=depth)
    if "enum" in found:
        return found["enum"][0]
    if found.get("type") == "array" and depth < _DEEPEST:
        return [_make_example(document, found.get("items", {}), depth=depth + 1)]
    return _EXAMPLES.get(_name_type(document, found), {} if found.get("type") == "object" else "…")


_EXAMPLES: Mapping[str, object] = {
    "boolean": True,
    "date": "2031-12-31",
    "file": "@photo.jpg",
    "integer": 1,
    "number": 0.5,
    "uuid": "6e1f4bb6-5f63-4b1c-9d2e-0c8a51f3a7d4",
}
