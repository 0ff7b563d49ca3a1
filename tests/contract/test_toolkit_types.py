"""A type checker accepts right uses of the installed toolkit, and finds wrong ones."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.toolkit_wheel import build_wheel

pytestmark = pytest.mark.slow
RIGHT = """\
from camunda7.engine import Engine
from camunda7.variables import Catalogue, Variable
from camunda7.worker import Context, Handler, Retry, run, topic

URL = "http://localhost:8080"
CATALOGUE = Catalogue(Variable("amount", "Double", "what is to be paid"), source="variables.py")


class Bank:
    def charge(self, card: str, amount: float) -> bool:
        return bool(card) and amount > 0


@topic("invoice.charge_card", retry=Retry(attempts=3), occurrence="number")
def charge_card(amount: float, card: str, effect_key: str, *, bank: Bank) -> dict[str, object]:
    return {"charged": bank.charge(card, amount)}


@topic("invoice.archive")
def archive(context: Context) -> None:
    context.wait(0)


def main() -> None:
    Engine(URL, catalogue=CATALOGUE).start("invoice", "invoice 1", {"amount": 9.5}, key="1")
    result: dict[str, object] = charge_card(9.5, "4111", "1", bank=Bank())
    handler: Handler = charge_card.handler
    print(result, handler.topic)
    run(URL, charge_card, archive, resources={"bank": Bank()}, catalogue=CATALOGUE)
"""
IMPORTS = """\
from camunda7.engine import Engine
from camunda7.variables import Catalogue, Variable
from camunda7.worker import run, topic
from right import CATALOGUE, URL, Bank, charge_card
"""
# each line has one error, of the code that it ends with
WRONG = """\
run(URL, len)  # arg-type
run(charge_card)  # arg-type
run(URL, charge_card, slots="8")  # arg-type
run(URL, charge_card, catalogue={"amount": "Double"})  # arg-type
charge_card("9.5", "4111", "1", bank=Bank())  # arg-type
charge_card(9.5, "4111", "1")  # call-arg
charge_card.handler.topics  # attr-defined
topic("invoice.charge_card", retry=3)  # arg-type
topic("invoice.count")(lambda amount: 1)  # type-var
Engine(URL, timeout=20)  # call-arg
Engine(URL).start("invoice", "invoice 1", {"amount": 9.5})  # call-arg
Catalogue(amount="Double")  # call-arg
Variable("amount", "Double", "what is to be paid", values="EUR USD")  # arg-type
CATALOGUE.to_engine(["amount"])  # arg-type
"""


def test_right_uses_pass_and_each_wrong_one_is_found(tmp_path: Path) -> None:
    python = environment_with_the_wheel(tmp_path)
    (tmp_path / "right.py").write_text(RIGHT)
    (tmp_path / "wrong.py").write_text(IMPORTS + WRONG)
    lines = enumerate(WRONG.splitlines(), 1 + len(IMPORTS.splitlines()))
    assert found_by_mypy(python, tmp_path) == {f"wrong.py:{number} {line.split()[-1]}" for number, line in lines}


def environment_with_the_wheel(folder: Path) -> Path:
    """Create a virtual environment with the wheel and this environment's packages; returns its Python."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    [packages] = (folder / "venv/lib").glob("python*/site-packages")
    with zipfile.ZipFile(build_wheel(folder)) as wheel:
        wheel.extractall(packages)
    ours = next(path for path in sys.path if path.endswith("site-packages"))
    (packages / "needs.pth").write_text(ours + os.linesep)
    return folder / "venv/bin/python"


def found_by_mypy(python: Path, folder: Path) -> set[str]:
    command = [sys.executable, "-m", "mypy", "--strict", "--no-color-output", "--hide-error-context"]
    command += ["--python-executable", str(python), "--cache-dir", str(folder / "cache"), "right.py", "wrong.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    found = re.findall(r"^(\S+?):(\d+): error: .*\[([a-z-]+)\]$", done.stdout, re.MULTILINE)
    return {f"{file}:{line} {code}" for file, line, code in found}
