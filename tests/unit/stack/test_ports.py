import os
import socket

import pytest

from config import settings
from config.settings import PREFIX
from stack import ports


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(os, "environ", dict(os.environ))


def test_a_part_whose_port_is_taken_moves_and_says_so() -> None:
    said: list[str] = []
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        os.environ["CORONACARE_LAB__URL"] = f"http://127.0.0.1:{port}"
        moved = ports.settle(settings.load(), said.append)
    assert moved["CORONACARE_LAB__URL"] != f"http://127.0.0.1:{port}"
    assert any(line.startswith(f"port {port} is taken: lab answers on") for line in said)
    assert settings.load().lab.url == moved["CORONACARE_LAB__URL"]


def test_two_parts_on_one_port_are_told_apart() -> None:
    os.environ["CORONACARE_LAB__URL"] = os.environ["CORONACARE_GOVERNMENT__URL"] = "http://127.0.0.1:45999"
    moved = ports.settle(settings.load(), lambda line: None)
    assert moved["CORONACARE_LAB__URL"] != moved["CORONACARE_GOVERNMENT__URL"]


def test_a_part_that_is_elsewhere_is_left_alone() -> None:
    os.environ["CORONACARE_LAB__URL"] = "https://lab.example"
    assert "CORONACARE_LAB__URL" not in ports.settle(settings.load(), lambda line: None)
