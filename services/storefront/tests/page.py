"""A strict HTML parser for tests. Markup that does not nest correctly fails the test."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "img", "input", "br"}


@dataclass
class Element:
    """An element with its attributes and its content."""

    tag: str
    attributes: dict[str, str]
    content: "list[Element | str]" = field(default_factory=list)

    def all(self, *tags: str, **attributes: str) -> "list[Element]":
        """Return all elements inside with one of these tags (or any tag if none is given) and these attributes."""
        found = []
        for part in self.content:
            if isinstance(part, Element):
                if part.tag in (tags or (part.tag,)) and attributes.items() <= part.attributes.items():
                    found.append(part)
                found += part.all(*tags, **attributes)
        return found

    def one(self, *tags: str, **attributes: str) -> "Element":
        """Return the only such element."""
        (found,) = self.all(*tags, **attributes)
        return found

    @property
    def texts(self) -> list[str]:
        """Every text node."""
        return [text for part in self.content for text in ([part] if isinstance(part, str) else part.texts)]

    @property
    def text(self) -> str:
        """The text, with single spaces."""
        return " ".join(" ".join(self.texts).split())

    def __getitem__(self, attribute: str) -> str:
        return self.attributes[attribute]


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("document", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].content.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].content.append(data)

    def close(self) -> None:
        super().close()
        assert self._open == [self.root], f"never closed: {[element.tag for element in self._open[1:]]}"


def parse(html: str) -> Element:
    """Return the document. Fails if elements are not closed in order or have an attribute twice."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    return builder.root
