"""Whoever comes without an account: which pages are open to them, and how often they may come."""

from __future__ import annotations

from http import HTTPStatus
from ipaddress import IPv6Address, IPv6Network, ip_address

from starlette.requests import Request

from mien.http.problem import ProblemError
from mien.http.site import Site, site_of

PUBLIC = "public"
"""What the audit log knows them by."""

_NETWORK_BITS = 64


def check_public(request: Request, page: str) -> Site:
    """The site, where the operator opened this page to anybody. Raises a problem, 404, else."""
    site = site_of(request)
    if not site.library.settings.is_public(page):
        raise not_found()
    return site


def not_found() -> ProblemError:
    """The same for what is closed and for what never was."""
    return ProblemError(HTTPStatus.NOT_FOUND, "not-found", "Not Found")


def name_visitor(request: Request) -> str:
    """What tells visitors apart, to count them by in memory; of an IPv6 address, the network."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return f"visitor:{host}"
    if isinstance(address, IPv6Address):
        network = IPv6Network((address, _NETWORK_BITS), strict=False)
        return f"visitor:{network.network_address}"
    return f"visitor:{address}"
