"""Safe XML parser for diagrams and decisions."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

MAX_DEPTH = 200


class XmlError(Exception):
    """The content isn't valid XML; the message has the reason."""


def parse(content: bytes | str) -> ElementTree.Element:
    """Parse a file and return its root.

    Raises:
        XmlError: the content isn't XML, has a document type, or is nested too deeply.
    """
    parser = ElementTree.XMLParser(target=_TreeBuilder())  # noqa: S314 - refuses document types, and so entities
    try:
        parser.feed(content)
        return parser.close()
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        # LookupError and ValueError: the declared encoding is unknown or has several bytes a character
        raise XmlError(str(error)) from None


class _TreeBuilder(ElementTree.TreeBuilder):
    """Tree builder that refuses document types (entity expansion) and deep nesting."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def doctype(self, name: str, public_id: str | None, system_id: str | None) -> None:
        raise XmlError("it has a document type (<!DOCTYPE …>), which may define entities")

    def start(self, tag: str, attributes: dict[str, str]) -> Any:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise XmlError(f"its elements are nested more than {MAX_DEPTH} deep")
        return super().start(tag, attributes)

    def end(self, tag: str) -> Any:
        self._depth -= 1
        return super().end(tag)
