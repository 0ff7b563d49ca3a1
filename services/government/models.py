"""What the government keeps: confirmed cases, their contacts, and how each contact was reached."""

from __future__ import annotations

import re
import unicodedata

import peewee

MODELS: list[type[peewee.Model]] = []


class Base(peewee.Model):
    # peewee adds it
    id: peewee.AutoField

    class Meta:
        # saving a row leaves what another request has changed of it since it was read
        only_save_dirty = True

    def __init_subclass__(cls) -> None:
        MODELS.append(cls)


class Case(Base):
    """A registered case; `result` is what the laboratory says of it now.

    Of an erased one there is the reference, and `sealed`, what the law keeps of it.
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
    # the other end of Contact.case
    contacts: peewee.ModelSelect[Contact]

    class Meta:
        table_name = "registered_case"


class Contact(Base):
    """A close contact of a case: one exposure of a person. `token` opens the contact's own page, and nothing else.

    `person`, a keyed hash, is alike for all exposures of one person; `told_at` (epoch seconds) is when a message was
    sent.
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


def person_of(name: str, email: str | None, phone: str | None) -> str:
    """What tells a person from others: a family that shares a telephone has several."""
    number = re.sub(r"^00", "+", re.sub(r"[^0-9+]", "", _folded(phone)))
    return f"{' '.join(_folded(name).split())}|{_folded(email).strip() or number}"


def _folded(text: str | None) -> str:
    """A text as it is compared: without the differences of case and of Unicode's forms."""
    return unicodedata.normalize("NFKC", text or "").casefold()
