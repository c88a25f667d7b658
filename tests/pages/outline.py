"""A whole page as a browser takes it: every tag in its place, with what it says."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser

VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


@dataclass(eq=False)
class Tag:
    """A tag with its attributes; `parts` are those within it, `texts` its own texts."""

    name: str
    attributes: dict[str, str]
    parent: Tag | None = None
    parts: list[Tag] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def get(self, name: str) -> str:
        return self.attributes.get(name, "")

    def has(self, name: str) -> bool:
        return name in self.attributes

    def within(self, name: str) -> Tag | None:
        """The nearest tag of this name around it."""
        above = self.parent
        while above is not None and above.name != name:
            above = above.parent
        return above

    @property
    def text(self) -> str:
        """All that is written in it, in no particular order of its parts."""
        return " ".join([*self.texts, *(part.text for part in self.parts)])


class Outline(HTMLParser):
    """Raises `AssertionError` where a tag is closed that was not open, or left open."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.root = Tag("", {})
        self.tags: list[Tag] = []
        self.comments: list[str] = []
        self._at = self.root
        self.feed(html)
        self.close()
        assert self._at is self.root, f"<{self._at.name}> is left open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == self._at.name == "option":
            self.handle_endtag(tag)  # the next one ends it
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"<{tag}> says twice: {names}"
        one = Tag(tag, {name: value or "" for name, value in attrs}, self._at)
        self._at.parts.append(one)
        self.tags.append(one)
        if tag not in VOID:
            self._at = one

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._at.name == "option" != tag and self._at.parent is not None:
            self._at = self._at.parent
        assert self._at.name == tag, f"</{tag}> closes <{self._at.name}>"
        assert self._at.parent is not None
        self._at = self._at.parent

    def handle_data(self, data: str) -> None:
        self._at.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def all(self, *names: str) -> list[Tag]:
        """The tags of these names, in the order of the page."""
        return [tag for tag in self.tags if tag.name in names]

    @cached_property
    def ids(self) -> list[str]:
        return [tag.get("id") for tag in self.tags if tag.has("id")]

    @property
    def shape(self) -> list[tuple[str, tuple[str, ...]]]:
        """The tags and the names of their attributes: what nothing that was typed may change."""
        return [(tag.name, tuple(tag.attributes)) for tag in self.tags]

    def says(self, text: str) -> bool:
        """Whether this stands in it, to be read or in a value, exactly as it is."""
        return any(
            any(text in one for one in (*tag.texts, *tag.attributes.values())) for tag in self.tags
        )
