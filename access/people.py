"""The people file: groups, their members, and the technical accounts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, ValidationError

from config.settings import ROOT, Section, SettingsError, describe_error

Account = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,60}$")]


class Person(Section):
    given_name: str
    family_name: str
    groups: list[str]
    email: str | None = None
    phone: str | None = None

    @property
    def full_name(self) -> str:
        return f"{self.given_name} {self.family_name}"


class People(Section):
    groups: dict[str, str]
    people: dict[Account, Person]
    services: list[Account]

    @property
    def doctors(self) -> dict[str, str | None]:
        """E-mail addresses of the doctors by account, or None."""
        return {account: person.email for account, person in self.people.items() if "doctors" in person.groups}

    @property
    def doctors_phones(self) -> dict[str, str]:
        """Mobile numbers of the doctors who have one, by account."""
        phones = {account: person.phone for account, person in self.people.items() if "doctors" in person.groups}
        return {account: phone for account, phone in phones.items() if phone}

    @property
    def managers_addresses(self) -> list[tuple[str, str]]:
        """Channels and addresses of the process managers."""
        managers = [person for person in self.people.values() if "process-managers" in person.groups]
        addresses = [each for person in managers for each in (("email", person.email), ("sms", person.phone))]
        return [(channel, address) for channel, address in addresses if address]

    @property
    def accounts(self) -> list[str]:
        return [*self.people, *self.services]


def load_people(path: Path) -> People:
    """Read a people file; a relative path is relative to the repository's root.

    Raises:
        SettingsError: the file is missing or invalid.
    """
    file = ROOT / path
    if not file.is_file():
        raise SettingsError(f"people: there is no file {path}")
    try:
        return People.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise SettingsError(
            "\n".join(f"{path}: {describe_error(e['loc'], e['msg'])}" for e in error.errors())
        ) from None
