"""How this process signs in to the engine, by the settings."""

from __future__ import annotations

from camunda7.authentication import ClientCredentials, Credentials, Password
from camunda7.http_client import Tls
from config.settings import Settings


def create_credentials(settings: Settings) -> Credentials:
    """Return the credentials of the account `engine.username`."""
    account, sign_in = settings.engine, settings.sign_in
    if not sign_in.is_by_provider:
        return Password(account.username, account.password.get_secret_value())
    service = sign_in.services[account.username]
    return ClientCredentials(
        service.client_id,
        service.client_secret.get_secret_value(),
        issuer=sign_in.issuer,
        scope=sign_in.service_scope,
    )


def create_tls(settings: Settings) -> Tls:
    return Tls(settings.engine.ca, settings.engine.certificate, settings.engine.key)
