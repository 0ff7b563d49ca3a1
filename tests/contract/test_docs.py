"""Links, anchors and files that the docs name exist, also pages that code names; the index has every page."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from config.settings import ROOT

DOCS = ROOT / "docs"
INDEX = DOCS / "README.md"
TRACKED = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
    cwd=ROOT,
    capture_output=True,
    text=True,
    check=True,
).stdout.splitlines()
# without files that git's index still has, although they were moved or deleted
FILES = [ROOT / name for name in TRACKED if (ROOT / name).is_file()]
PAGES = [path for path in FILES if path.suffix == ".md"]
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE_BLOCK = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
NAMED_PAGE = re.compile(r"(?<![\w/.-])docs/[\w/-]+\.(?:md|svg|patch)\b")
# a file or folder of the repository in backticks
NAMED_FILE = re.compile(r"`((?:[a-z]\w+/)+[\w.-]*)`")
MAX_LINE_LENGTH = 100
UNBREAKABLE = re.compile(r"[-*\s]*!?\[.*\]\(.*\)\S?")
# pages that a program writes
GENERATED = re.compile(r"Written by `make \w+`")
# created by a run, a build, or a reader of the tutorial
NOT_TRACKED = ("engine/target/", "node_modules/", "forms/laboratory_call.form")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose_of(page: Path) -> str:
    return CODE_BLOCK.sub("", page.read_text(encoding="utf-8"))


def anchors_of(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(prose_of(page)))
    return {heading.replace(" ", "-") for heading in headings}


def find_broken_links(page: Path) -> list[str]:
    broken = []
    for link in LINK.findall(prose_of(page)):
        address, _, anchor = link.partition("#")
        if ":" in address:
            continue
        target = page.parent / address if address else page
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            broken.append(link)
    return broken


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_existing_files_and_headings(page: Path) -> None:
    assert find_broken_links(page) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Here\n[a](page.md#here) [b](missing.md) [c](https://example.org) ![d](missing.png) [e](#there)")
    assert find_broken_links(page) == ["missing.md", "missing.png", "#there"]


def test_pages_that_files_name_exist() -> None:
    texts = {path: path.read_text(encoding="utf-8", errors="ignore") for path in FILES}
    missing = {
        f"{name_of(path)}: {name}"
        for path, text in texts.items()
        for name in NAMED_PAGE.findall(text)
        if not (ROOT / name).exists()
    }
    assert missing == set()


@pytest.mark.parametrize("page", [page for page in PAGES if DOCS in page.parents], ids=name_of)
def test_files_that_a_page_names_exist(page: Path) -> None:
    named = [name for name in NAMED_FILE.findall(prose_of(page)) if (ROOT / name.split("/")[0]).is_dir()]
    assert [name for name in named if not name.startswith(NOT_TRACKED) and not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", [page for page in PAGES if DOCS in page.parents and page != INDEX], ids=name_of)
def test_the_index_has_each_page(page: Path) -> None:
    assert f"]({page.relative_to(DOCS)})" in INDEX.read_text()


@pytest.mark.parametrize("page", [page for page in PAGES if not GENERATED.search(page.read_text())], ids=name_of)
def test_lines_are_not_too_long(page: Path) -> None:
    """Tables, and lines that can't be broken, may be longer."""
    lines = [line for line in prose_of(page).splitlines() if " " in line.strip() and not line.lstrip().startswith("|")]
    assert [line for line in lines if len(line) > MAX_LINE_LENGTH and not UNBREAKABLE.fullmatch(line)] == []


def test_the_prose_linter_reads_each_phrase_as_one_word() -> None:
    word = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["codespell"]["regex"]
    entries = [line.split("->")[0] for line in (ROOT / "tools/prose/words.txt").read_text().splitlines()]
    assert [entry for entry in entries if re.findall(word, entry) != [entry]] == []
