"""veraPDF (tests/verapdf) finds no error in papers by the rules of PDF/UA-1, and each planted one."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest

from config.settings import ROOT
from papers.letter import render
from tests.support.letters import TEXTS, write_letter

pytestmark = pytest.mark.verify

TARGET = ROOT / "tests" / "verapdf" / "target"
JAR = TARGET / "validator.jar"
TIMEOUT_S = 500


def delete_alternative_text(pdf: pikepdf.Pdf) -> None:
    for element in pdf.objects:
        if isinstance(element, pikepdf.Dictionary) and element.get("/S") == "/Figure":
            del element.Alt


# what is planted in a letter: clause of ISO 14289-1 that veraPDF names
PLANTED: dict[str, tuple[str, Callable[[pikepdf.Pdf], object]]] = {
    "untagged": ("6.2", lambda pdf: pdf.Root.__delitem__("/MarkInfo")),
    "language": ("7.2", lambda pdf: pdf.Root.__delitem__("/Lang")),
    "picture": ("7.3", delete_alternative_text),
    "title": ("7.1", lambda pdf: pdf.Root.ViewerPreferences.__setitem__("/DisplayDocTitle", False)),
}


@pytest.fixture(scope="module")
def errors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Clauses that each file breaks, by its name: one process for all."""
    assert JAR.is_file(), "make tests/verapdf/target/validator.jar"
    folder = tmp_path_factory.mktemp("papers")
    for language in TEXTS:
        (folder / language).write_bytes(render(write_letter(language)))
    for name, (_, plant) in PLANTED.items():
        with pikepdf.open(io.BytesIO(render(write_letter("en")))) as pdf:
            plant(pdf)
            pdf.save(folder / name)
    files = sorted(folder.iterdir())
    command = ["java", "-cp", f"{JAR}:{TARGET / 'lib'}/*", "Validate", *map(str, files)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
    found: dict[str, list[str]] = {file.name: [] for file in files}
    for line in run.stdout.splitlines():
        path, clause, _ = line.split("\t", 2)
        found[Path(path).name].append(clause)
    return found


@pytest.mark.parametrize("language", sorted(TEXTS))
def test_a_paper_is_a_pdf_ua(errors: dict[str, list[str]], language: str) -> None:
    assert errors[language] == []


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_error_is_found(errors: dict[str, list[str]], name: str) -> None:
    assert any(clause.startswith(PLANTED[name][0]) for clause in errors[name]), errors[name]
