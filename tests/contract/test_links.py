"""Links within the documentation lead to existing files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.settings import ROOT

PAGES = [*ROOT.glob("*.md"), *(ROOT / "camunda7").glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")


def broken(page: Path) -> list[str]:
    """Links of this page to files that don't exist."""
    links = [link.partition("#")[0] for link in LINK.findall(page.read_text()) if "://" not in link]
    return [link for link in links if link and not (page.parent / link).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_existing_files(page: Path) -> None:
    assert broken(page) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[a](page.md#part) [b](missing.md) [c](https://example.org/x) ![d](missing.png) [e](#here)")
    assert broken(page) == ["missing.md", "missing.png"]
