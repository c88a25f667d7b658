"""`/policy` and `/about`: what is held and why, and who runs this, where anybody may read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from mien.http.asking import find_signed_in
from mien.http.etag import answer_unchanged, is_known, make_etag
from mien.http.site import SignedIn, Site, site_of
from mien.http.visitor import check_public, name_visitor
from mien.pages.document import Block, Items, Table
from mien.service.policy import Form, Policy, find_revision
from mien.web.show import show

router = APIRouter(include_in_schema=False)

_A_MINUTE = 60
_FORM_BY_TYPE = {
    "text/html": Form.HTML,
    "application/json": Form.JSON,
    "text/markdown": Form.MARKDOWN,
}


async def find_reader(request: Request) -> SignedIn | None:
    """Who reads: whoever signed in may, and others where it is public. Raises a problem."""
    signed_in = await find_signed_in(request)
    if signed_in is None:
        check_public(request, "policy")
    return signed_in


@router.get("/policy")
def get_policy(
    request: Request, reader: Annotated[SignedIn | None, Depends(find_reader)]
) -> Response:
    """The policy as it is now: a page, or as Markdown or JSON for those who ask for that."""
    site = site_of(request)
    site.throttle.check(f"policy:{name_visitor(request)}", a_minute=_A_MINUTE)
    policy = get_current(site)
    form = _choose_form(request.headers.get("Accept", ""))
    etag = make_etag(policy.version, form, "" if reader is None else reader.csrf_token)
    if is_known(request, etag):
        return answer_unchanged(etag)
    is_page = form is Form.HTML
    page = _show_policy(policy, reader) if is_page else _write_policy(policy, form)
    page.headers.update({"ETag": etag, "Cache-Control": "no-cache", "Vary": "Accept, Cookie"})
    return page


@router.get("/about")
def get_about(request: Request) -> Response:
    """What this is, who runs it, and where to turn."""
    site = check_public(request, "policy")
    settings = site.library.settings
    return show(
        "about",
        controller=settings.controller,
        contact=settings.contact,
        takes_requests=settings.is_public("requests"),
        has_policy=True,
    )


def get_current(site: Site) -> Policy:
    """The policy, made again where anything was recorded since, or a minute is over."""
    revision = find_revision(site.library.parts.deployment)
    return site.policy.get(site.library.policy, revision=revision)


def _choose_form(accept: str) -> Form:
    """What is asked for first of what there is; a page where nothing of it is."""
    for wanted in accept.split(","):
        form = _FORM_BY_TYPE.get(wanted.partition(";")[0].strip().lower())
        if form is not None:
            return form
    return Form.HTML


def _write_policy(policy: Policy, form: Form) -> Response:
    media_type = next(kind for kind, one in _FORM_BY_TYPE.items() if one is form)
    return Response(policy.render(form), media_type=media_type)


def _show_policy(policy: Policy, reader: SignedIn | None) -> Response:
    document = policy.document
    who: dict[str, Any] = (
        {} if reader is None else {"me": reader.caller, "csrf_token": reader.csrf_token}
    )
    return show(
        "policy",
        **who,
        has_policy=True,
        title=document.title,
        lead=document.lead,
        sections=[
            {
                "title": section.title,
                "anchor": section.anchor,
                "blocks": [_describe(block) for block in section.blocks],
            }
            for section in document.sections
        ],
        version=policy.version,
        made_at=policy.made_at.isoformat(sep=" ", timespec="minutes"),
    )


def _describe(block: Block) -> Mapping[str, Any]:
    if isinstance(block, Items):
        return {"kind": "items", "texts": block.texts}
    if isinstance(block, Table) and block.rows:
        rows: Sequence[Sequence[tuple[str, str]]] = [
            list(zip(block.columns, row, strict=True)) for row in block.rows
        ]
        return {"kind": "table", "columns": block.columns, "rows": rows}
    return {"kind": "text", "text": block.empty if isinstance(block, Table) else block}
