"""How this process connects to the engine: credentials and certificates."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from camunda7.authentication import ClientCredentials, Credentials, Password
from camunda7.http_client import Tls


def connection_options(
    username: str, password: str, client: Mapping[str, Any] | None, certificates: Mapping[str, Path | None]
) -> dict[str, Any]:
    """Return `credentials` and `tls` of a client of the engine, by the settings' `engine_account`.

    Args:
        client: arguments of ClientCredentials; None for sign-in by password.
        certificates: arguments of Tls.
    """
    credentials: Credentials = ClientCredentials(**client) if client else Password(username, password)
    return {"credentials": credentials, "tls": Tls(**certificates)}
