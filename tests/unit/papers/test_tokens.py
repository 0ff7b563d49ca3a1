"""Tokens on papers: only what this installation has signed has a serial number."""

from __future__ import annotations

import pytest

from papers.tokens import create_token, new_serial, read_serial
from records.cipher import Cipher

CIPHER, OTHER = Cipher("k" * 32), Cipher("o" * 32)


def test_a_token_has_the_serial_number_that_it_was_created_from() -> None:
    serial = new_serial()
    token = create_token(CIPHER, serial)
    assert (len(token), token.isalnum(), token.isupper()) == (40, True, True)
    assert read_serial(CIPHER, token) == serial
    assert read_serial(CIPHER, token.lower()) == serial


@pytest.mark.parametrize("position", range(40))
def test_an_altered_token_is_refused(position: int) -> None:
    token = create_token(CIPHER, new_serial())
    other = "A" if token[position] != "A" else "B"
    assert read_serial(CIPHER, token[:position] + other + token[position + 1 :]) is None


@pytest.mark.parametrize("token", ["", "A", "A" * 40, "A" * 4000, "1" * 40, "é" * 40, "=" * 8, "\x00"])
def test_a_forged_token_is_refused(token: str) -> None:
    assert read_serial(CIPHER, token) is None


def test_the_token_of_another_installation_is_refused() -> None:
    assert read_serial(CIPHER, create_token(OTHER, new_serial())) is None


def test_a_token_with_something_after_it_is_refused() -> None:
    assert read_serial(CIPHER, create_token(CIPHER, new_serial()) + "A" * 8) is None
