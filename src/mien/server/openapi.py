"""The OpenAPI document: what FastAPI knows of the routes, and what all of them share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from mien.http.asking import CSRF_HEADER, SESSION_COOKIE
from mien.http.problem import MEDIA_TYPE

Node = dict[str, Any]

PUBLIC = frozenset({"tell_alive", "tell_ready", "get_api_reference"})
"""Operations that anybody may ask for."""

_PROBLEMS: Mapping[int, str] = {
    400: "The request makes no sense as it is.",
    401: "Nobody knows who asks: send a key, or sign in.",
    403: "You may not do this here.",
    404: "There is nothing of that name that you may reach.",
    409: "That does not go with how things stand.",
    412: "It was changed since you looked.",
    422: "Something that was sent cannot be used.",
    429: "That is too often; `Retry-After` says when to come back.",
    503: "There is no room or no way to do it now; `Retry-After` says when to come back.",
}
_PUBLIC_PROBLEMS = (422, 429, 503)

_TAGS: Mapping[str, str] = {
    "access-keys": "Who may ask with a client of Amazon's interface, and what.",
    "audit": "What was done, and the proof of it.",
    "cases": "What somebody asks for, and the answer to it.",
    "collections": "Galleries of faces that are searched together.",
    "comparisons": "Whether two faces are alike, with what a score is worth.",
    "erasures": "Out of every answer, file, index and key.",
    "exports": "What was found, to take along.",
    "faces": "Faces that were found in photos.",
    "grants": "By whose permission, for what, where and until when.",
    "health": "Whether the server is well.",
    "judgements": "What people said of candidates.",
    "keys": "Who may ask with a program, and what.",
    "links": "Collections that are open to those who were photographed.",
    "models": "What recognises faces here.",
    "opt-outs": "What stays out, for ever.",
    "people": "Who is known by name, and what they consented to.",
    "photos": "Photos that are held.",
    "policy": "What is held here, and why.",
    "retention": "Until when what is held may be kept.",
    "reviews": "Searches that somebody looks at again.",
    "runs": "Photos that are handed in, and long work with its progress.",
    "searches": "Every photo of a person, as far as permission reaches; results are candidates.",
    "sources": "Where photos come from.",
    "uploads": "Photos handed in, stored sealed.",
    "users": "Who may sign in.",
}

_PROBLEM: Node = {
    "title": "Problem",
    "description": "What went wrong (RFC 9457). `code` is stable; `detail` is for people.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:mien:problem:operation-not-yours"]},
        "title": {"type": "string", "examples": ["Forbidden"]},
        "status": {"type": "integer", "examples": [403]},
        "detail": {"type": "string", "examples": ["The account or key is not for this."]},
        "code": {"type": "string", "examples": ["operation-not-yours"]},
        "reasons": {
            "description": "Why permission refused, with the codes that are used everywhere.",
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "explanation"],
                "properties": {"code": {"type": "string"}, "explanation": {"type": "string"}},
            },
        },
        "errors": {
            "description": "What of the request cannot be used, and why.",
            "type": "array",
            "items": {
                "type": "object",
                "required": ["at", "message"],
                "properties": {"at": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}

_SCHEMES: Node = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, which an administrator makes: `Authorization: Bearer KEY`.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SESSION_COOKIE,
        "description": f"Who signed in with a browser; a change brings the session's token along "
        f"in `{CSRF_HEADER}`.",
    },
}


def describe_with(app: FastAPI) -> None:
    """From now on the application describes itself in this way."""

    @cache
    def describe() -> Node:
        return _describe(app)

    app.openapi = describe  # type: ignore[method-assign]


def name_operation(route: APIRoute) -> str:
    """The id of an operation: what the function is called."""
    return route.name


def _describe(app: FastAPI) -> Node:
    document = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version="3.1.0",
        summary=app.summary,
        description="Whatever goes wrong is told as problem details (RFC 9457) with a stable code.",
        routes=app.routes,
    )
    used = {tag for operation in iter_operations(document) for tag in operation.get("tags", [])}
    document["tags"] = [{"name": tag, "description": _TAGS.get(tag, "")} for tag in sorted(used)]
    parts = document.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    parts["securitySchemes"] = _SCHEMES
    for operation in iter_operations(document):
        _complete(operation, schemas)
    return document


def iter_operations(document: Node) -> Iterator[Node]:
    for path in document["paths"].values():
        for method, operation in path.items():
            if method in {"get", "post", "put", "patch", "delete"}:
                yield operation


def _complete(operation: Node, schemas: Mapping[str, Node]) -> None:
    """Summary from the docstring, problems, and who may ask."""
    text = " ".join(str(operation.get("description", "")).split())
    first, _, rest = text.partition(". ")
    operation["summary"], operation["description"] = first.removesuffix("."), rest
    is_public = operation["operationId"] in PUBLIC
    operation["security"] = [] if is_public else [{"key": []}, {"session": []}]
    for answer in operation["responses"].values():
        if answer.get("description") == "Successful Response":
            answer["description"] = _tell_answer(answer, schemas)
    for status in _PUBLIC_PROBLEMS if is_public else _PROBLEMS:
        operation["responses"][str(status)] = {
            "description": _PROBLEMS[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }


def _tell_answer(answer: Node, schemas: Mapping[str, Node]) -> str:
    """What the answer's own schema says that it is."""
    for one in answer.get("content", {}).values():
        name = one.get("schema", {}).get("$ref", "").rsplit("/", 1)[-1]
        if name in schemas:
            return " ".join(str(schemas[name].get("description", "")).split())
    return "Done."
