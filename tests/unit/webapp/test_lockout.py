"""Failed sign-ins are limited per code, account, link and address, in whatever notation these are written."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest

from records.access import Access
from records.cipher import Cipher
from tests.support.tier import rounds
from tests.unit.webapp.test_application import application, sign_in
from webapp.sign_in import MAX_ATTEMPTS_PER_CODE, normalize_network

pytestmark = pytest.mark.usefixtures("records")
BORN = "1990-05-10"
GUESSES = rounds(test=20, verify=200)


@pytest.fixture
def access() -> Access:
    return Access(Cipher("r" * 32))


def vary_notation(code: str, chance: random.Random) -> str:
    """Return the code in another case, with hyphens, spaces and dashes in other places."""
    plain = [each for each in code if each.isalnum()]
    written = "".join(
        chance.choice((each, each.lower())) + chance.choice(("", "", "-", " ", "–", ".", "\t")) for each in plain
    )
    return chance.choice(("", " ", "-")) + written


def test_attempts_at_a_code_are_limited_in_any_notation(access: Access) -> None:
    code, chance = access.create_code("C-1", BORN), random.Random(25)
    client = application().test_client()
    statuses = [sign_in(client, vary_notation(code, chance)).status_code for _ in range(GUESSES)]
    print(f"{GUESSES} attempts at one code in different notations: {statuses.count(403)} were allowed")
    assert statuses == [403] * MAX_ATTEMPTS_PER_CODE + [429] * (GUESSES - MAX_ATTEMPTS_PER_CODE)


def test_a_code_in_another_notation_is_accepted_and_resets_the_limit(access: Access) -> None:
    code, chance = access.create_code("C-1", BORN), random.Random(25)
    client = application().test_client()
    for _ in range(3):
        for _ in range(MAX_ATTEMPTS_PER_CODE - 1):
            assert sign_in(client, vary_notation(code, chance)).status_code == 403
        token = csrf(client, "/sign-in")
        filled = {"access_code": vary_notation(code, chance), **born(), "csrf_token": token}
        assert client.post("/sign-in", data=filled).status_code == 303
        client.post("/sign-out", data={"csrf_token": csrf(client, "/sign-in")})


def test_attempts_at_all_links_to_a_case_are_limited_together(access: Access) -> None:
    access.create_code("C-1", BORN)
    tokens = [access.create_link(f"C-1/result_there/{number}", "C-1") for number in range(3)]
    client = application().test_client()
    token = csrf(client, "/sign-in")
    guesses = [f"/link/{tokens[number % 3]}" for number in range(9)]
    statuses = [client.post(link, data={"csrf_token": token, **born("1991")}).status_code for link in guesses]
    assert statuses == [403] * MAX_ATTEMPTS_PER_CODE + [429] * 4


def test_attempts_at_an_unknown_link_lock_no_other_link(access: Access) -> None:
    access.create_code("C-1", BORN)
    client = application().test_client()
    token = csrf(client, "/sign-in")
    for _ in range(MAX_ATTEMPTS_PER_CODE + 1):
        client.post("/link/unknown", data={"csrf_token": token, **born("1991")})
    assert (
        client.post(f"/link/{access.create_link('C-1/a/1', 'C-1')}", data={"csrf_token": token, **born()}).status_code
        == 303
    )


def test_attempts_at_a_staff_account_are_limited_in_any_notation_of_the_name() -> None:
    client = application().test_client()
    token = csrf(client, "/staff/sign-in")
    names = ["manager", "Manager", " manager", "MANAGER ", "mAnager", "manager\t", "MANAGER"]
    typed = {"csrf_token": token, "password": "secret"}
    answers = [client.post("/staff/sign-in", data={**typed, "username": name}) for name in names]
    # the engine is unreachable: an allowed attempt is answered by 503
    assert [answer.status_code for answer in answers] == [503] * MAX_ATTEMPTS_PER_CODE + [429] * 2


@pytest.mark.parametrize("name", ["manager:", "manager:a", "日本", "gérant"])
def test_a_user_name_of_any_characters_is_sent_to_the_engine_but_a_colon_is_refused(name: str) -> None:
    client = application().test_client()
    filled = {"csrf_token": csrf(client, "/staff/sign-in"), "username": name, "password": "пароль"}
    assert client.post("/staff/sign-in", data=filled).status_code == (403 if ":" in name else 503)


@pytest.mark.parametrize(
    ("written", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:4711", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::FFFF:c000:207", "192.0.2.7"),
        ("[::ffff:192.0.2.7]:80", "192.0.2.7"),
        ("2002:c000:207:1::1", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:DB8:0:0:ffff::1", "2001:db8::/64"),
        ("[2001:db8::1]", "2001:db8::/64"),
        ("[2001:db8::1]:443", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("[fe80::1%eth0]:443", "fe80::/64"),
        ("::1", "::/64"),
        ("unknown", "unknown"),
        ("_hidden", "_hidden"),
        ("", ""),
        ("999.1.1.1", "999.1.1.1"),
    ],
)
def test_the_network_of_an_address_in_any_notation(written: str, network: str) -> None:
    assert normalize_network(written) == network


@pytest.mark.parametrize("address", ["unknown", "[2001:db8::1]:443", "192.0.2.7:4711", "x" * 5000])
def test_sign_in_works_whatever_address_a_proxy_forwards(address: str) -> None:
    client = application(trusted_proxies=1).test_client()
    assert sign_in(client, headers={"X-Forwarded-For": address}).status_code == 403


def csrf(client: Any, path: str) -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)[1]


def born(year: str = "1990") -> dict[str, str]:
    return {"date_of_birth-year": year, "date_of_birth-month": "5", "date_of_birth-day": "10"}
