"""A small OpenID provider on loopback, of Authlib's server: authorization code, refresh and client credentials.

It requires PKCE and a nonce, and keeps a session per browser. Tests change its people, keys and answers.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, TokenMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, Response, redirect, request, session
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import make_server

CLIENT, SECRET = "coronacare", "s-3kVn0qTz7YpLw2"
AUDIENCE = "coronacare-engine"
CONTACT = "access@hospital.example"
FORM = """<main><form method="post"><label>Username <input name="username" autofocus></label>
<button>Sign in</button></form></main>"""
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass
class Person:
    """A person at the provider.

    Attributes:
        claims: of the ID token, such as groups.
    """

    subject: str
    claims: dict[str, Any]
    is_enabled: bool = True

    def get_user_id(self) -> str:
        return self.subject


@dataclass
class Client(ClientMixin):  # type: ignore[misc]  # the library has no types
    client_id: str
    secret: str
    grants: tuple[str, ...]
    redirect_uris: tuple[str, ...] = ()
    back_channel_url: str = ""

    def get_client_id(self) -> str:
        return self.client_id

    def get_allowed_scope(self, scope: str | None) -> str:
        return scope or ""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == self.secret

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.grants


@dataclass
class Code(AuthorizationCodeMixin):  # type: ignore[misc]  # the library has no types
    code: str
    client_id: str
    username: str
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str
    code_challenge_method: str
    sid: str

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


@dataclass
class Refresh(TokenMixin):  # type: ignore[misc]  # the library has no types
    client_id: str
    username: str
    scope: str
    sid: str

    def check_client(self, client: Client) -> bool:
        return client.client_id == self.client_id

    def get_scope(self) -> str:
        return self.scope

    def get_expires_in(self) -> int:
        return 3600

    def is_expired(self) -> bool:
        return False

    def is_revoked(self) -> bool:
        return False


@dataclass
class OpenIdProvider:
    """State of the provider.

    Attributes:
        people: by username.
        keys: the first one signs.
        change_id_token: returns the claims of an ID token that a faulty or hostile provider sends instead.
        is_away: answer 503 to everything.
        token_lifetime_s: of access tokens.
    """

    issuer: str = ""
    people: dict[str, Person] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    keys: list[RSAKey] = field(default_factory=list)
    codes: dict[str, Code] = field(default_factory=dict)
    refresh_tokens: dict[str, Refresh] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    change_id_token: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
    is_away: bool = False
    token_lifetime_s: int = 300
    audience: str = AUDIENCE

    def rotate_key(self) -> None:
        """Sign with a new key from now on, and withdraw the old one."""
        self.keys = [RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig"})]

    def sign(self, claims: dict[str, Any], kind: str = "JWT") -> str:
        key = self.keys[0]
        return jwt.encode({"alg": "RS256", "kid": key.kid, "typ": kind}, claims, key)

    def access_token(self, subject: str, **claims: Any) -> str:
        """Return an access token for the REST API, with these claims instead of the usual ones."""
        now = int(time.time())
        usual = {"iss": self.issuer, "sub": subject, "aud": self.audience, "iat": now, "exp": now + 300}
        return self.sign({**usual, **claims}, "at+jwt")

    def logout_token(self, **claims: Any) -> str:
        now = int(time.time())
        usual = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 120, "jti": secrets.token_hex(8)}
        return self.sign({**usual, "events": {LOGOUT_EVENT: {}}, **claims}, "logout+jwt")

    def settings(self, groups: dict[str, list[str]], **more: Any) -> dict[str, Any]:
        """Return the platform's settings for this provider.

        Args:
            groups: the provider's groups by group of the engine.
            more: further settings of the section `sign_in`.
        """
        services = {name: client for name, client in self.clients.items() if name != CLIENT}
        return {
            "issuer": self.issuer,
            "client_id": CLIENT,
            "client_secret": SECRET,
            "audience": self.audience,
            "contact": CONTACT,
            "groups": groups,
            "services": {
                name: {"client_id": name, "client_secret": client.secret, "subject": name}
                for name, client in services.items()
            },
            **more,
        }

    def end_session(self, sid: str) -> int:
        """End a session at the client by back-channel logout; returns its status."""
        self.refresh_tokens = {key: each for key, each in self.refresh_tokens.items() if each.sid != sid}
        token = {"logout_token": self.logout_token(sid=sid)}
        return requests.post(self.clients[CLIENT].back_channel_url, data=token, timeout=10).status_code


@contextmanager
def openid_provider(*urls: str) -> Iterator[OpenIdProvider]:
    """Start a provider; yields its state.

    Args:
        urls: base URLs of the engine, and of the web application.
    """
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    provider = OpenIdProvider()
    provider.rotate_key()
    callbacks = ("/camunda/sign-in/callback", "/staff/sign-in/callback")
    provider.clients[CLIENT] = Client(
        CLIENT,
        SECRET,
        ("authorization_code", "refresh_token"),
        tuple(url + path for url in urls for path in callbacks),
        urls[-1] + "/staff/sign-out/back-channel",
    )
    for service in ("webapp", "workers", "deployer"):
        provider.clients[service] = Client(service, f"{service}-{SECRET}", ("client_credentials",))
    server = make_server("127.0.0.1", 0, _create_app(provider), threaded=True)
    provider.issuer = f"http://127.0.0.1:{server.port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()


def _create_app(provider: OpenIdProvider) -> Flask:
    app = Flask("openid_provider")
    app.secret_key = secrets.token_hex()
    app.config["SESSION_COOKIE_NAME"] = "provider"
    server = _create_server(app, provider)

    @app.before_request
    def answer_outage() -> Any:
        provider.calls.append(request.path)
        return ("away", 503) if provider.is_away else None

    @app.get("/.well-known/openid-configuration")
    def configuration() -> dict[str, Any]:
        paths = {
            "authorization_endpoint": "/authorize",
            "token_endpoint": "/token",
            "jwks_uri": "/keys",
            "end_session_endpoint": "/end-session",
            "userinfo_endpoint": "/userinfo",
        }
        return {
            "issuer": provider.issuer,
            **{name: provider.issuer + path for name, path in paths.items()},
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    @app.get("/keys")
    def keys() -> Any:
        return KeySet(provider.keys).as_dict(private=False)

    @app.route("/authorize", methods=["GET", "POST"])
    def authorize() -> Any:
        if request.method == "POST" and request.form["username"] in provider.people:
            session["username"], session["sid"] = request.form["username"], secrets.token_hex(8)
        if session.get("username") not in provider.people:
            return FORM
        grant = server.get_consent_grant(end_user=session["username"])
        return server.create_authorization_response(grant=grant, grant_user=session["username"])

    @app.post("/token")
    def token() -> Any:
        return server.create_token_response()

    @app.get("/userinfo")
    def user_info() -> Any:
        claims = jwt.decode(request.headers["Authorization"].removeprefix("Bearer "), KeySet(provider.keys)).claims
        person = next(each for each in provider.people.values() if each.subject == claims["sub"])
        return {"sub": person.subject, **person.claims}

    @app.get("/end-session")
    def end_session() -> Response:
        sid = session.pop("sid", "")
        session.clear()
        provider.refresh_tokens = {key: each for key, each in provider.refresh_tokens.items() if each.sid != sid}
        return redirect(request.args["post_logout_redirect_uri"])

    return app


def _create_server(app: Flask, provider: OpenIdProvider) -> AuthorizationServer:
    class IdToken(OpenIDCode):  # type: ignore[misc]  # the library has no types
        def exists_nonce(self, nonce: str, request: Any) -> bool:
            return any(code.nonce == nonce for code in provider.codes.values())

        def encode_id_token(self, token: dict[str, Any], request: Any) -> str:
            person, now = request.user, int(time.time())
            code, refresh = request.authorization_code, getattr(request, "refresh_token", None)
            claims = {
                "iss": provider.issuer,
                "sub": person.subject,
                "aud": CLIENT,
                "iat": now,
                "exp": now + 300,
                "sid": (code or refresh).sid,
                **({"nonce": code.nonce} if code else {}),
                **person.claims,
            }
            return provider.sign(provider.change_id_token(claims))

    class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]  # the library has no types
        def save_authorization_code(self, code: str, request: Any) -> None:
            payload = request.payload
            provider.codes[code] = Code(
                code,
                request.client.client_id,
                request.user,
                payload.redirect_uri,
                payload.scope,
                payload.data["nonce"],
                payload.data["code_challenge"],
                payload.data["code_challenge_method"],
                session["sid"],
            )

        def query_authorization_code(self, code: str, client: Client) -> Code | None:
            return provider.codes.get(code)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            del provider.codes[authorization_code.code]

        def authenticate_user(self, authorization_code: Code) -> Person | None:
            person = provider.people[authorization_code.username]
            return person if person.is_enabled else None

    class RefreshGrant(grants.RefreshTokenGrant):  # type: ignore[misc]  # the library has no types
        INCLUDE_NEW_REFRESH_TOKEN = True

        def authenticate_refresh_token(self, refresh_token: str) -> Refresh | None:
            return provider.refresh_tokens.get(refresh_token)

        def authenticate_user(self, refresh_token: Refresh) -> Person | None:
            person = provider.people.get(refresh_token.username)
            return person if person and person.is_enabled else None

        def revoke_old_credential(self, refresh_token: Refresh) -> None:
            provider.refresh_tokens = {
                key: each for key, each in provider.refresh_tokens.items() if each is not refresh_token
            }

    class Tokens(JWTBearerTokenGenerator):  # type: ignore[misc]  # the library has no types
        def access_token_generator(self, client: Client, grant_type: str, user: Any, scope: str) -> str:
            subject = user.subject if user else client.client_id
            return provider.access_token(subject, exp=int(time.time()) + provider.token_lifetime_s)

    def save_token(token: dict[str, Any], request: Any) -> None:
        if "refresh_token" in token:
            before = request.authorization_code or request.refresh_token
            provider.refresh_tokens[token["refresh_token"]] = Refresh(
                request.client.client_id, before.username, token["scope"], before.sid
            )

    server = AuthorizationServer(app, provider.clients.get, save_token)
    server.register_token_generator(
        "default",
        Tokens(
            "",
            refresh_token_generator=lambda *_, **__: secrets.token_hex(),
            expires_generator=lambda *_: provider.token_lifetime_s,
        ),
    )
    server.register_grant(CodeGrant, [IdToken(require_nonce=True), CodeChallenge(required=True)])
    server.register_grant(RefreshGrant, [IdToken()])
    server.register_grant(grants.ClientCredentialsGrant)
    return server
