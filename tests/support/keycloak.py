"""A real Keycloak on loopback, with a realm whose people sign in with a password and a second factor (TOTP)."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import signal
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from config.settings import ROOT
from tests.support.ports import free_port

FOLDER = ROOT / "tests/keycloak/target"
REALM, CLIENT, AUDIENCE = "hospital", "coronacare", "coronacare-engine"
PASSWORD, TOTP_KEY, SECRET = "x7Qm-Lr2v-Tn9k", "JZ4kQm8wXt2vLr7n", "p9Vw3-Zk5Rt-8Lm"
ADMIN = "keeper"
START_TIMEOUT_S = 600


@dataclass(frozen=True)
class Keycloak:
    url: str

    @property
    def issuer(self) -> str:
        return f"{self.url}/realms/{REALM}"

    def disable(self, username: str) -> None:
        """Disable a person, and end their sessions, as an administrator does when a person leaves."""
        users = f"{self.url}/admin/realms/{REALM}/users"
        found = self._call("GET", f"{users}?username={username}&exact=true").json()[0]
        self._call("PUT", f"{users}/{found['id']}", json={**found, "enabled": False})
        self._call("POST", f"{users}/{found['id']}/logout")

    def _call(self, method: str, url: str, **options: Any) -> requests.Response:
        form = {"grant_type": "password", "client_id": "admin-cli", "username": ADMIN, "password": PASSWORD}
        answer = requests.post(f"{self.url}/realms/master/protocol/openid-connect/token", data=form, timeout=20)
        header = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        response = requests.request(method, url, headers=header, timeout=20, **options)
        response.raise_for_status()
        return response


def one_time_code() -> str:
    """Return the current code of the second factor (RFC 6238)."""
    counter = struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.new(TOTP_KEY.encode(), counter, hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def service_subject(account: str) -> str:
    """Return the subject of a service account's tokens: the id of its user."""
    return f"00000000-0000-4000-8000-{hashlib.sha256(account.encode()).hexdigest()[:12]}"


@contextmanager
def keycloak(folder: Path, engine: str, webapp: str, people: dict[str, str]) -> Iterator[Keycloak]:
    """Start a Keycloak, and stop it at the end.

    Args:
        people: group by username.
    """
    home = next(FOLDER.glob("keycloak-*/bin/kc.sh")).parents[1]
    port, management = free_port(), free_port()
    environment = {
        **os.environ,
        "KC_BOOTSTRAP_ADMIN_USERNAME": ADMIN,
        "KC_BOOTSTRAP_ADMIN_PASSWORD": PASSWORD,
        "JAVA_OPTS_KC_HEAP": "-Xms128m -Xmx512m",
    }
    options = ["--http-host=127.0.0.1", f"--http-port={port}", f"--http-management-port={management}"]
    options += ["--http-enabled=true", "--hostname-strict=false"]
    with (folder / "keycloak.log").open("w") as log:
        script = str(home / "bin/kc.sh")
        imports = home / "data/import"
        imports.mkdir(parents=True, exist_ok=True)
        target = imports / f"{REALM}-realm.json"
        target.write_text(json.dumps(_realm(engine, webapp, people)))
        # built once, for later starts
        if not (home / ".built").exists():
            subprocess.run([script, "build", "--db=dev-mem"], env=environment, stdout=log, stderr=log, check=True)
            (home / ".built").touch()
        command = [script, "start", "--optimized", "--import-realm", *options]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        try:
            server = Keycloak(f"http://127.0.0.1:{port}")
            _wait_until_ready(server, process)
            yield server
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)
            target.unlink()


def _wait_until_ready(server: Keycloak, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        assert process.poll() is None, "Keycloak has ended: its log says why"
        try:
            if requests.get(server.issuer, timeout=5).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.5)
    raise AssertionError("Keycloak isn't ready")


def _realm(engine: str, webapp: str, people: dict[str, str]) -> dict[str, Any]:
    mappers = [
        _mapper("groups", "oidc-group-membership-mapper", {"claim.name": "groups", "full.path": "true"}),
        _mapper("audience", "oidc-audience-mapper", {"included.custom.audience": AUDIENCE}),
    ]
    signed_out = f"{engine}/camunda/signed-out##{webapp}/staff/signed-out"
    staff = {
        "clientId": CLIENT,
        "secret": SECRET,
        "redirectUris": [f"{engine}/camunda/sign-in/callback", f"{webapp}/staff/sign-in/callback"],
        "attributes": {
            "post.logout.redirect.uris": signed_out,
            "backchannel.logout.url": f"{webapp}/staff/sign-out/back-channel",
            "backchannel.logout.session.required": "true",
            "pkce.code.challenge.method": "S256",
        },
        "protocolMappers": mappers[:1],
    }
    services = [
        {
            "clientId": account,
            "secret": f"{account}-{SECRET}",
            "serviceAccountsEnabled": True,
            "standardFlowEnabled": False,
            "protocolMappers": mappers[1:],
        }
        for account in ("webapp", "workers", "deployer")
    ]
    users = [_person(username, group) for username, group in people.items()]
    users += [
        {
            "id": service_subject(account),
            "username": f"service-account-{account}",
            "enabled": True,
            "serviceAccountClientId": account,
        }
        for account in ("webapp", "workers", "deployer")
    ]
    return {
        "realm": REALM,
        "enabled": True,
        "sslRequired": "none",
        "groups": [{"name": name} for name in sorted(set(people.values()))],
        "clients": [{"publicClient": False, "directAccessGrantsEnabled": False, **each} for each in (staff, *services)],
        "users": users,
    }


def _mapper(name: str, kind: str, config: dict[str, str]) -> dict[str, Any]:
    usual = {"id.token.claim": "true", "access.token.claim": "true", "userinfo.token.claim": "true"}
    return {"name": name, "protocol": "openid-connect", "protocolMapper": kind, "config": {**usual, **config}}


def _person(username: str, group: str) -> dict[str, Any]:
    otp = {
        "type": "otp",
        "secretData": json.dumps({"value": TOTP_KEY}),
        "credentialData": json.dumps({"subType": "totp", "digits": 6, "period": 30, "algorithm": "HmacSHA1"}),
    }
    return {
        "username": username,
        "firstName": username.title(),
        "lastName": "Keycloak",
        "email": f"{username}@hospital.example",
        "emailVerified": True,
        "enabled": True,
        "groups": [f"/{group}"],
        "credentials": [{"type": "password", "value": PASSWORD}, otp],
    }
