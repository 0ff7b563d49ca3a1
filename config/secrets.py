"""What is secret must be one: given, long, and nothing that everybody knows."""

from __future__ import annotations

import re

from config.settings import Settings, SettingsError, environment_name, load

LEAST = 12
# what remains of a secret without these words must still be long enough to be one
KNOWN = re.compile(
    "coronacare|camunda|password|passw0rd|changeme|change-me|change_me|secret|letmein|welcome|default|example|"
    "admin|demo|test|qwerty|0123456789|123456789|12345678|123456|1234|abcdef"
)
LEAST_WITHOUT_KNOWN, LEAST_CHARACTERS = 8, 6


def weakness(secret: str) -> str | None:
    """Why this can't be a password or key; None for a good one."""
    if not secret:
        return "is empty"
    if len(secret) < LEAST:
        return f"is shorter than {LEAST} characters"
    rest = KNOWN.sub("", secret.lower())
    if len(rest) < LEAST_WITHOUT_KNOWN or len(set(secret)) < LEAST_CHARACTERS:
        return "is one that everybody knows"
    return None


def load_with(*names: str) -> Settings:
    """The settings, for a part that needs these secrets: "engine.password" and the like.

    Raises:
        SettingsError: also when one of them is empty or weak; names each, and says what to do.
    """
    settings = load()
    complaints = []
    for name in names:
        section, key = name.split(".")
        weak = weakness(getattr(getattr(settings, section), key).get_secret_value())
        if weak:
            variable = environment_name(section, key)
            complaints.append(f"{name} {weak}: set {variable} to {LEAST} random characters or more")
    if complaints:
        raise SettingsError("\n".join(complaints))
    return settings
