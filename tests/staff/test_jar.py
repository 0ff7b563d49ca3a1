"""The engine's jar has the libraries that tools/floors.yaml judges."""

from config.settings import ROOT
from tools.jars import libraries


def test_the_list_of_libraries_is_that_of_the_jar() -> None:
    assert libraries() == (ROOT / "engine/dependencies.txt").read_text().splitlines(), "run `make lock`"
