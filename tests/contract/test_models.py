"""Beside what `make check` finds (deployment/check/): nothing else lies beside the diagrams."""

from config.settings import ROOT


def test_nothing_else_lies_beside_the_diagrams() -> None:
    suffixes = {path.suffix for path in (ROOT / "processes").iterdir() if path.is_file()}
    assert suffixes == {".bpmn", ".dmn", ".py", ".yaml"}
