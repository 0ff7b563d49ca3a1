"""Links within the documentation lead to files that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.settings import ROOT

PAGES = [*ROOT.glob("*.md"), *(ROOT / "camunda7").glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")


def broken(page: Path) -> list[str]:
    """Links to files that aren't there, from this page."""
    links = [link.partition("#")[0] for link in LINK.findall(page.read_text()) if "://" not in link]
    return [link for link in links if link and not (page.parent / link).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    assert broken(page) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[a](page.md#part) [b](gone.md) [c](https://example.org/x) ![d](gone.png) [e](#here)")
    assert broken(page) == ["gone.md", "gone.png"]
