import os
import stat
import tempfile
from pathlib import Path

import pytest

from stack.data import set_data_folder
from stack.platform import check_tools, prepare_folder
from stack.supervisor import PartFailed


def test_the_folder_of_a_run_is_accessible_by_its_owner_only(tmp_path: Path) -> None:
    """The permissions of an existing folder are restricted, too."""
    folder = tmp_path / "run"
    folder.mkdir(mode=0o755)
    prepare_folder(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(folder.iterdir()) == []


def test_a_folder_that_can_not_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file")
    with pytest.raises(PartFailed, match=r"run can't be written \(File exists\): .*CORONACARE_FOLDER=FOLDER"):
        prepare_folder(tmp_path / "run")


def test_a_missing_temporary_folder_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> str:
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", fail)
    monkeypatch.setenv("PATH", os.environ["PATH"])
    with pytest.raises(PartFailed, match="set TMPDIR"):
        check_tools()


@pytest.mark.parametrize("name", ["a#b", "a?b", "a;b"])
def test_a_folder_with_a_delimiter_of_urls_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PartFailed, match=r"path has one of # [?] ;: set another folder: CORONACARE_FOLDER"):
        set_data_folder(tmp_path / name)
