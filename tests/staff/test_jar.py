"""The engine's jar has the libraries that tools/floors.yaml checks, and an archive of its classes (CDS)."""

import subprocess

from config.settings import ROOT
from stack.parts import CLASS_PATH, CLASSES
from tools.jars import list_libraries


def test_the_list_of_libraries_is_that_of_the_jar() -> None:
    assert list_libraries() == (ROOT / "engine/dependencies.txt").read_text().splitlines(), "run `make lock`"


def test_the_jdk_can_use_the_archive_of_classes() -> None:
    """Without `-Xshare:on` an unusable archive is ignored silently, and the engine's start takes twice as long."""
    command = ["java", "-Xshare:on", f"-XX:SharedArchiveFile={CLASSES}", "-cp", CLASS_PATH, "-version"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
