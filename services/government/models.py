"""Tables of the government: confirmed cases, and their contacts with the outcome of notifying them."""

from __future__ import annotations

import re
import unicodedata

import peewee

MODELS: list[type[peewee.Model]] = []


class Base(peewee.Model):
    # peewee adds it
    id: peewee.AutoField

    class Meta:
        # save() writes changed columns only, so it doesn't overwrite another request's changes of the others
        only_save_dirty = True

    def __init_subclass__(cls) -> None:
        MODELS.append(cls)


class Case(Base):
    """A registered case; `result` is the laboratory's correction, or null.

    An erased case has only its reference, and `sealed`, its encrypted archive.
    """

    case_reference = peewee.TextField(unique=True)
    given_name = peewee.TextField(default="")
    family_name = peewee.TextField(default="")
    date_of_birth = peewee.TextField(default="")
    email = peewee.TextField(null=True)
    phone = peewee.TextField(null=True)
    exposed_to = peewee.TextField(null=True)
    result = peewee.TextField(null=True)
    erased = peewee.BooleanField(default=False)
    sealed = peewee.TextField(null=True)
    # backref of Contact.case
    contacts: peewee.ModelSelect[Contact]

    class Meta:
        table_name = "registered_case"


class Contact(Base):
    """A close contact of a case: one exposure of a person. `token` gives access to the contact's own page only.

    `person`, a keyed hash, is the same for all exposures of a person; `told_at` is the time of the message, in epoch
    seconds.
    """

    case = peewee.ForeignKeyField(Case, backref="contacts")
    person = peewee.TextField(index=True)
    name = peewee.TextField()
    email = peewee.TextField(null=True)
    phone = peewee.TextField(null=True)
    language = peewee.TextField()
    relation = peewee.TextField()
    exposure = peewee.TextField()
    last_exposure_date = peewee.TextField()
    health_worker = peewee.BooleanField()
    token = peewee.TextField(unique=True)
    outcome = peewee.TextField(null=True)
    told_at = peewee.DoubleField(null=True)
    call = peewee.TextField(null=True)
    released = peewee.BooleanField(default=False)


def person_key(name: str, email: str | None, phone: str | None) -> str:
    """Return a key that identifies a person: name with address, because families share telephones."""
    number = re.sub(r"^00", "+", re.sub(r"[^0-9+]", "", _normalize(phone)))
    return f"{' '.join(_normalize(name).split())}|{_normalize(email).strip() or number}"


def _normalize(text: str | None) -> str:
    """Normalize a text for comparison: case folding, and Unicode's NFKC."""
    return unicodedata.normalize("NFKC", text or "").casefold()
