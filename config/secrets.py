"""Strength of passwords and keys: they must be set, long, and not widely known."""

from __future__ import annotations

import re

from pydantic import SecretStr

from config.settings import Settings, SettingsError, environment_name, load

MIN_LENGTH = 12
# common words are removed before the length is checked, so that "coronacare-admin1" isn't a password
COMMON_WORDS = re.compile(
    "coronacare|camunda|password|passw0rd|changeme|change-me|change_me|secret|letmein|welcome|default|example|"
    "admin|demo|test|qwerty|0123456789|123456789|12345678|123456|1234|abcdef"
)
MIN_LENGTH_WITHOUT_COMMON_WORDS, MIN_DISTINCT_CHARACTERS = 8, 6


def find_weakness(secret: str) -> str | None:
    """Return why a password or key is weak, or None for a strong one."""
    if not secret:
        return "is empty"
    if len(secret) < MIN_LENGTH:
        return f"is shorter than {MIN_LENGTH} characters"
    rest = COMMON_WORDS.sub("", secret.lower())
    if len(rest) < MIN_LENGTH_WITHOUT_COMMON_WORDS or len(set(secret)) < MIN_DISTINCT_CHARACTERS:
        return "is easily guessed"
    return None


def _list_secrets(
    path: tuple[str, ...], value: SecretStr | dict[str, SecretStr]
) -> list[tuple[tuple[str, ...], SecretStr]]:
    return [((*path, name), each) for name, each in value.items()] if isinstance(value, dict) else [(path, value)]


def _find_missing_service(settings: Settings) -> list[str]:
    """Return an error unless the process has a service account at the provider."""
    if settings.engine.username in settings.sign_in.services:
        return []
    return [f"sign_in.services.{settings.engine.username} is missing: set its client_id, client_secret and subject"]


def load_with_secrets(*names: str) -> Settings:
    """Load the settings of a part that needs these secrets, like "engine.password".

    Raises:
        SettingsError: a setting is invalid, or a secret is empty or weak; the message names each and its variable.
    """
    settings = load()
    errors = []
    if settings.sign_in.is_by_provider and "engine.password" in names:
        names = tuple(name for name in names if name != "engine.password")
        errors += _find_missing_service(settings)
    for name in names:
        section, key = name.split(".")
        value = getattr(getattr(settings, section), key)
        for path, secret in _list_secrets((section, key), value):
            if weakness := find_weakness(secret.get_secret_value()):
                variable = environment_name(*path)
                errors.append(f"{'.'.join(path)} {weakness}: set {variable} to {MIN_LENGTH} random characters or more")
        if isinstance(value, dict) and len({*value.values()}) < len(value):
            errors.append(f"{name} has the same key twice: each needs its own")
    if errors:
        raise SettingsError("\n".join(errors))
    return settings
