"""The server's pages: templates filled with plain values, and the files that they refer to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from gettext import NullTranslations
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

_STATIC_NAME = re.compile(r"[a-z][a-z0-9-]{0,60}\.[a-z0-9]{1,8}")


def render_page(name: str, values: Mapping[str, Any]) -> str:
    """The page of `mien/templates/NAME.html` with these values; nothing in them becomes markup."""
    return _environment().get_template(f"{name}.html").render(values)


def read_static(name: str) -> bytes | None:
    """A file of `mien/static`; nothing where there is none of that name."""
    is_plain = _STATIC_NAME.fullmatch(name) is not None
    file = files("mien").joinpath("static", name)
    return file.read_bytes() if is_plain and file.is_file() else None


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("mien", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_translations(NullTranslations(), newstyle=True)  # type: ignore[attr-defined]
    return environment
