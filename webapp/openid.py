"""Sign-in of staff at an OpenID provider, by Authlib: authorization code flow with PKCE, state and nonce.

A session keeps the person's tokens. After half of `sign_in.checked_within` the provider must confirm it again, with the
person's groups; a session that isn't confirmed until the whole of it ends. The engine does the same for Tasklist and
Cockpit (engine/…/openid/SessionRenewal.java).
"""

from __future__ import annotations

import logging
import re
import time
from dataclasses import asdict, dataclass
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import FlaskOAuth2App, OAuth
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import IDToken
from flask import Flask, Response, current_app
from joserfc.errors import JoseError

from camunda7 import http_client
from webapp.openid_claims import find_claim, map_groups, person_id

log = logging.getLogger("webapp")

NAME = "openid"
EXTENSION_KEY = "openid_provider"
TIMEOUT_S = 5.0
# of clocks
LEEWAY_S = 60
KEYS_TTL_S = 900.0
# pause after an attempt while the provider was away
RETRIED_AFTER_S = 10.0
# signatures by a key pair: the client secret must not verify an ID token
ALGORITHMS = {f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)} | {"EdDSA"}
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass(frozen=True)
class OpenIdOptions:
    """Settings of sign-in by OpenID Connect: section `sign_in` of config/default.yaml."""

    issuer: str
    client_id: str
    client_secret: str
    scopes: list[str]
    groups_claim: str
    groups: dict[str, list[str]]
    checked_within_s: float
    contact: str
    has_emergency_account: bool
    callback_url: str
    signed_out_url: str
    engine_sign_out_url: str


@dataclass(frozen=True)
class Person:
    """What a session has of a person who has signed in.

    Attributes:
        account: id in the engine.
        groups: in the engine.
        sid: the provider's id of its session; empty if it doesn't tell.
        checked_at: when the provider confirmed account and groups.
        attempted_at: when the provider was last asked to.
    """

    account: str
    groups: list[str]
    sid: str
    id_token: str
    refresh_token: str
    checked_at: float
    attempted_at: float


class SignInFailed(Exception):
    """The provider refused, or its answer isn't one to our request; the message has no token."""


class ProviderUnavailable(Exception):
    """The provider doesn't answer."""


class _Session(OAuth2Session):  # type: ignore[misc]  # the library has no types
    """Connections as those of all our clients, with a timeout."""

    def __init__(self, *arguments: Any, **options: Any):
        super().__init__(*arguments, default_timeout=TIMEOUT_S, **options)
        http_client.configure_session(self)


class _App(FlaskOAuth2App):  # type: ignore[misc]  # the library has no types
    client_cls = _Session

    def load_server_metadata(self) -> dict[str, Any]:
        metadata: dict[str, Any] = super().load_server_metadata()
        offered = metadata.get("id_token_signing_alg_values_supported", ["RS256"])
        metadata["id_token_signing_alg_values_supported"] = sorted(ALGORITHMS.intersection(offered))
        return metadata

    def fetch_jwk_set(self, force: bool = False) -> Any:
        """Return the provider's keys; those that it has withdrawn verify nothing after KEYS_TTL_S."""
        now = time.monotonic()
        if force or now - getattr(self, "_keys_read_at", 0.0) > KEYS_TTL_S:
            keys = super().fetch_jwk_set(force=True)
            self._keys_read_at = now
            return keys
        return super().fetch_jwk_set()


class _LogoutToken(IDToken):  # type: ignore[misc]  # the library has no types
    """Claims of a logout token, which names the session, the person, or both."""

    ESSENTIAL_CLAIMS = ("iss", "aud", "iat")


class _OAuth(OAuth):  # type: ignore[misc]  # the library has no types
    oauth2_client_cls = _App


class Provider:
    """The OpenID provider. Reads its configuration at the first use, so that the application starts without it."""

    def __init__(self, app: Flask, options: OpenIdOptions):
        self.options = options
        self._client = _OAuth(app).register(
            NAME,
            client_id=options.client_id,
            client_secret=options.client_secret or None,
            server_metadata_url=options.issuer.rstrip("/") + "/.well-known/openid-configuration",
            client_kwargs={
                "scope": " ".join(options.scopes),
                "code_challenge_method": "S256",
                "token_endpoint_auth_method": "client_secret_basic" if options.client_secret else "none",
            },
        )

    def redirect_to_sign_in(self) -> Response:
        """Return a redirect to the provider; state, nonce and code verifier are in the session.

        Raises:
            ProviderUnavailable: its configuration can't be read.
        """
        try:
            response: Response = self._client.authorize_redirect(self.options.callback_url)
        except (requests.RequestException, ValueError) as error:
            raise ProviderUnavailable(type(error).__name__) from None
        return response

    def complete_sign_in(self) -> Person:
        """Return the person for whom the provider has redirected the browser to us; a state is accepted once.

        Raises:
            SignInFailed, ProviderUnavailable
        """
        try:
            token = self._client.authorize_access_token(leeway=LEEWAY_S, claims_options=self._claims_options())
            return self._read_person(token, token.get("userinfo"))
        except (requests.RequestException, OAuthError, AuthlibBaseError, JoseError, ValueError) as error:
            raise _translate(error) from None

    def confirm(self, person: Person) -> Person | None:
        """Return the person with current groups; None if the session must end."""
        now = time.time()
        within_s = self.options.checked_within_s
        if now - person.checked_at < within_s / 2:
            return person
        may_go_on = person if now - person.checked_at < within_s else None
        if not person.refresh_token or now - person.attempted_at < RETRIED_AFTER_S:
            return may_go_on
        try:
            return self._renew(person)
        except SignInFailed as error:
            log.warning("the provider has ended the session of %s: %s", person.account, error)
            return None
        except ProviderUnavailable as error:
            log.warning("the provider didn't confirm the session of %s: %s", person.account, error)
            return may_go_on and Person(**{**asdict(person), "attempted_at": now})

    def sign_out_url(self, person: Person) -> str | None:
        """Return the URL at which the provider ends its session, and returns to us; None if it has none, or is away."""
        try:
            result = self._client.create_logout_url(
                post_logout_redirect_uri=self.options.signed_out_url,
                id_token_hint=person.id_token,
                client_id=self.options.client_id,
            )
        except (requests.RequestException, ValueError, RuntimeError):
            return None
        url: str = result["url"]
        return url

    def read_logout_token(self, token: str) -> tuple[str, str]:
        """Return the name and value of what a logout token ends: the session `sid`, or the sessions of the `account`.

        Raises:
            SignInFailed: it isn't a valid token (OpenID Connect Back-Channel Logout 1.0, 2.6).
        """
        try:
            claims = self._client.parse_id_token(
                {"id_token": token},
                nonce=None,
                claims_options=self._claims_options(),
                claims_cls=_LogoutToken,
                leeway=LEEWAY_S,
            )
        except (requests.RequestException, OAuthError, AuthlibBaseError, JoseError, ValueError) as error:
            raise _translate(error) from None
        if LOGOUT_EVENT not in claims.get("events", {}) or "nonce" in claims:
            raise SignInFailed("not a logout token")
        if claims.get("sid"):
            return "sid", claims["sid"]
        return "account", person_id(claims["iss"], claims.get("sub", ""))

    def forward_logout_token(self, token: str) -> None:
        """Have the engine end its sessions, too: a provider calls one address for each client.

        Raises:
            ProviderUnavailable: the engine doesn't answer; the provider should call again.
        """
        try:
            http_client.request(
                "POST", self.options.engine_sign_out_url, data={"logout_token": token}, timeout=TIMEOUT_S
            ).raise_for_status()
        except requests.RequestException as error:
            raise ProviderUnavailable(type(error).__name__) from None

    def _renew(self, person: Person) -> Person:
        try:
            token = self._client.fetch_access_token(grant_type="refresh_token", refresh_token=person.refresh_token)
            claims = self._client.parse_id_token(
                token, nonce=None, claims_options=self._claims_options(), leeway=LEEWAY_S
            )
            renewed = self._read_person({"refresh_token": person.refresh_token, **token}, claims)
        except (requests.RequestException, OAuthError, AuthlibBaseError, JoseError, ValueError) as error:
            raise _translate(error) from None
        if renewed.account != person.account:
            raise SignInFailed("the ID token of another person")
        return renewed

    def _read_person(self, token: dict[str, Any], claims: dict[str, Any] | None) -> Person:
        if claims is None:
            raise SignInFailed("no ID token")
        if find_claim(claims, self.options.groups_claim) is None:
            claims = {**claims, **self._read_user_info(token, claims["sub"])}
        groups = map_groups(claims, self.options.groups_claim, self.options.groups)
        account = person_id(claims["iss"], claims["sub"])
        log.info("%s is subject %s of %s, groups %s", account, claims["sub"], claims["iss"], sorted(groups))
        return Person(
            account=account,
            groups=sorted(groups),
            sid=claims.get("sid") or "",
            id_token=token["id_token"],
            refresh_token=token.get("refresh_token") or "",
            checked_at=time.time(),
            attempted_at=0.0,
        )

    def _read_user_info(self, token: dict[str, Any], subject: str) -> dict[str, Any]:
        """Return the claims of the user info endpoint, for providers whose ID tokens have no groups; else empty."""
        if not self._client.load_server_metadata().get("userinfo_endpoint"):
            return {}
        claims: dict[str, Any] = self._client.userinfo(token=token)
        # OpenID Connect Core 1.0, 5.3.2
        return claims if claims.get("sub") == subject else {}

    def _claims_options(self) -> dict[str, Any]:
        # by default, Authlib accepts any audience
        return {
            "iss": {"essential": True, "value": self.options.issuer},
            "aud": {"essential": True, "value": self.options.client_id},
        }


def _translate(error: Exception) -> Exception:
    """Return our error for one of Authlib or requests: what the provider says may have anything in it."""
    if isinstance(error, requests.RequestException):
        return ProviderUnavailable(type(error).__name__)
    code = getattr(error, "error", None) or type(error).__name__
    if not re.fullmatch(r"\w{1,40}", str(code), re.ASCII):
        # part of a URL, which anyone may write
        code = "an invalid error code"
    is_away = isinstance(error, OAuthError) and code in ("server_error", "temporarily_unavailable")
    return (ProviderUnavailable if is_away else SignInFailed)(code)


def current_provider() -> Provider:
    """Return the provider; there is one if has_provider()."""
    provider: Provider = current_app.extensions[EXTENSION_KEY]
    return provider


def has_provider() -> bool:
    """Whether staff sign in at a provider, not by password."""
    return EXTENSION_KEY in current_app.extensions


def init_app(app: Flask, options: OpenIdOptions) -> None:
    """Have staff sign in at a provider."""
    app.extensions[EXTENSION_KEY] = Provider(app, options)
