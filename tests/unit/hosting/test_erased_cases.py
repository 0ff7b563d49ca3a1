"""The list of erased cases outlives the databases."""

from __future__ import annotations

from pathlib import Path

from hosting.erased_cases import ErasedCases


def test_each_case_is_listed_once_in_the_order_of_erasures(tmp_path: Path) -> None:
    path = tmp_path / "erased" / "data.txt"
    assert ErasedCases(path).references() == []
    for reference in ("C-2", "C-1", "C-2"):
        ErasedCases(path).add(reference)
    assert ErasedCases(path).references() == ["C-2", "C-1"]


def test_a_line_that_a_full_disk_cut_short_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "data.txt"
    ErasedCases(path).add("C-1")
    with path.open("a") as file:
        file.write("\nC-")
    ErasedCases(path).add("C-3")
    assert ErasedCases(path).references() == ["C-1", "C-", "C-3"]


def test_a_restore_adds_the_cases_of_the_list_beside_the_backup(tmp_path: Path) -> None:
    cases = ErasedCases(tmp_path / "data.txt")
    cases.add("C-1")
    cases.mark_restored(["C-1", "C-2"])
    cases.add_restored()
    assert cases.references() == ["C-1", "C-2"]
