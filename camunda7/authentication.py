"""How a client authenticates at the REST API of the engine: by a password, or by access tokens of an OAuth server."""

from __future__ import annotations

import base64
import threading
import time
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

import requests

from camunda7.http_client import NO_TLS, Tls, new_session
from camunda7.outages import CredentialsRefused, SafeToLog

TIMEOUT_S = 10.0
# after a failure the token endpoint is left alone for this time
RETRY_INTERVAL_S = 5.0
# a token is renewed when this share of its lifetime is left, so that it doesn't expire on its way
RENEWED_BEFORE_END = 0.2
# RFC 6749, 5.1 only recommends that a server tells the lifetime
DEFAULT_LIFETIME_S = 60.0


class Credentials(Protocol):
    """Authenticate requests."""

    def authorization(self) -> str:
        """Return the value of the header Authorization; empty for none."""

    def invalidate(self) -> None:
        """Get new credentials before the next request, because the engine has refused these (401)."""


class TokenUnavailable(SafeToLog):
    """The token endpoint doesn't answer, or not with a token; a later attempt may succeed."""


class TokenRefused(TokenUnavailable, CredentialsRefused):
    """The token endpoint refuses the client: an operator must correct its id, secret, or scope."""


@dataclass(frozen=True)
class Password:
    """Account and password (HTTP Basic, RFC 7617); without an account requests have no authentication."""

    username: str = ""
    password: str = ""

    def authorization(self) -> str:
        if not self.username:
            return ""
        # the engine decodes UTF-8
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()

    def invalidate(self) -> None:
        pass


class ClientCredentials:
    """Access tokens by the client credentials grant (RFC 6749, 4.4): cached, and renewed before they end. Thread-safe.

    While the token endpoint is away, a token is used until its end.

    Args:
        client_id, client_secret: of this client at the OAuth server.
        token_url: of the token endpoint.
        issuer: of the OpenID provider that tells the token endpoint, instead of token_url.
        scope: space-separated; empty for the server's default.
        tls: of the connection to the OAuth server.
        parameters: further parameters of the request, such as `audience` or `resource`.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        *,
        token_url: str = "",
        issuer: str = "",
        scope: str = "",
        tls: Tls = NO_TLS,
        parameters: dict[str, str] | None = None,
    ):
        self._client_id = client_id
        self._client_secret = client_secret
        self._token_url = token_url
        self._issuer = issuer
        self._tls = tls
        self._form = {"grant_type": "client_credentials", **({"scope": scope} if scope else {}), **(parameters or {})}
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = self._expires_at = 0.0
        self._failure: TokenUnavailable | None = None

    def authorization(self) -> str:
        """Return the header's value.

        Raises:
            TokenUnavailable: there is no valid token, and none can be got now.
        """
        with self._lock:
            if time.monotonic() >= self._renew_at:
                self._renew()
            if self._failure and time.monotonic() >= self._expires_at:
                raise self._failure.with_traceback(None)
            return f"Bearer {self._token}"

    def invalidate(self) -> None:
        with self._lock:
            self._renew_at = self._expires_at = 0.0

    def _renew(self) -> None:
        started_at = time.monotonic()
        try:
            answer = self._request_token()
            self._token = answer["access_token"]
            lifetime_s = float(answer.get("expires_in") or DEFAULT_LIFETIME_S)
        except TokenRefused as error:
            self._fail(error)
            return
        except (requests.RequestException, ValueError, KeyError, TypeError) as error:
            self._fail(TokenUnavailable(f"no access token for {self._client_id} ({type(error).__name__})"))
            return
        self._failure = None
        self._expires_at = started_at + lifetime_s
        self._renew_at = started_at + lifetime_s * (1 - RENEWED_BEFORE_END)

    def _fail(self, error: TokenUnavailable) -> None:
        """Store why there is no new token: for some seconds no caller waits for the token endpoint again."""
        self._failure = error
        self._renew_at = time.monotonic() + RETRY_INTERVAL_S

    def _request_token(self) -> dict[str, Any]:
        with new_session(self._tls) as session:
            if not self._token_url:
                url = self._issuer.rstrip("/") + "/.well-known/openid-configuration"
                self._token_url = self._send(session, "GET", url)["token_endpoint"]
            # HTTP Basic: form-encoded as RFC 6749, 2.3.1 requires
            credentials = (quote(self._client_id, safe=""), quote(self._client_secret, safe=""))
            return self._send(session, "POST", self._token_url, data=self._form, auth=credentials)

    def _send(self, session: requests.Session, method: str, url: str, **options: Any) -> dict[str, Any]:
        response = session.request(method, url, timeout=TIMEOUT_S, allow_redirects=False, **options)
        if response.status_code in (400, 401, 403):
            raise TokenRefused(f"the token endpoint refuses the client {self._client_id} ({response.status_code})")
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer
