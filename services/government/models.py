"""What the government keeps: confirmed cases, their contacts, and whether each contact was reached."""

from __future__ import annotations

import peewee

MODELS: list[type[peewee.Model]] = []


class Base(peewee.Model):
    def __init_subclass__(cls) -> None:
        MODELS.append(cls)


class Case(Base):
    case_reference = peewee.TextField(unique=True)
    given_name = peewee.TextField()
    family_name = peewee.TextField()
    date_of_birth = peewee.TextField()
    email = peewee.TextField(null=True)
    phone = peewee.TextField(null=True)
    exposed_to = peewee.TextField(null=True)

    class Meta:
        table_name = "registered_case"


class Contact(Base):
    """A close contact of a case. `token` opens the contact's own page, and nothing else."""

    case = peewee.ForeignKeyField(Case, backref="contacts")
    name = peewee.TextField()
    email = peewee.TextField(null=True)
    phone = peewee.TextField(null=True)
    relation = peewee.TextField()
    exposure = peewee.TextField()
    last_exposure_date = peewee.TextField()
    health_worker = peewee.BooleanField()
    token = peewee.TextField(unique=True)
    outcome = peewee.TextField(null=True)
