"""The server's pages: templates filled with plain values, and the files that they refer to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from gettext import NullTranslations
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment


def render_page(name: str, values: Mapping[str, Any]) -> str:
    """The page of `mien/templates/NAME.html` with these values; nothing in them becomes markup."""
    return _environment().get_template(f"{name}.html").render(values)


def read_static(name: str) -> bytes | None:
    """A file of `mien/static`; nothing where there is none of that name."""
    file = files("mien").joinpath("static", name)
    is_plain = "/" not in name and "\\" not in name and not name.startswith(".")
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
