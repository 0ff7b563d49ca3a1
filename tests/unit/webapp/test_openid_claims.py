"""Groups of a person in the engine, by the claims of the provider's token."""

from __future__ import annotations

from typing import Any

import pytest
from authlib.integrations.base_client import OAuthError

from webapp.openid import _translate
from webapp.openid_claims import map_groups, person_id

TABLE = {"doctors": ["/h/doctors", "doc@h.example"], "camunda-admin": ["it"]}


@pytest.mark.parametrize(
    ("claim", "claims", "groups"),
    [
        ("groups", {"groups": ["/h/doctors", "it", "x"]}, {"doctors", "camunda-admin"}),
        ("groups", {"groups": "it"}, {"camunda-admin"}),
        # our own names mean nothing unless the table lists them
        ("groups", {"groups": ["doctors", "camunda-admin"]}, set()),
        ("groups", {"groups": [["it"], {"it": 1}, None, 1]}, set()),
        ("groups", {}, set()),
        ("realm_access.roles", {"realm_access": {"roles": ["it"]}}, {"camunda-admin"}),
        ("realm_access.roles", {"realm_access": "it"}, set()),
        ("https://h.example/groups", {"https://h.example/groups": ["it"]}, {"camunda-admin"}),
        ("email", {"email": "doc@h.example", "email_verified": True}, {"doctors"}),
        ("email", {"email": "doc@h.example", "email_verified": "true"}, set()),
        ("email", {"email": "doc@h.example"}, set()),
    ],
)
def test_the_table_gives_the_groups(claim: str, claims: dict[str, Any], groups: set[str]) -> None:
    assert map_groups(claims, claim, TABLE) == groups


def test_the_id_is_the_same_as_in_java() -> None:
    """PersonTest.java has the same values."""
    assert person_id("https://id.example", "auth0|ä") == "322b5101deeb382bc7d8a123c6eb3286"


@pytest.mark.parametrize(
    ("code", "logged"),
    [("access_denied", "access_denied"), ("x\nERROR the emergency account is used", "an invalid error code")],
)
def test_an_error_code_of_a_url_forges_no_line_of_the_log(code: str, logged: str) -> None:
    assert str(_translate(OAuthError(code))) == logged
