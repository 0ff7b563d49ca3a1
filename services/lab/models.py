"""What the lab keeps: its stock of kits, orders and their results, the feed, and a plan for simulations."""

from __future__ import annotations

import peewee

MODELS: list[type[peewee.Model]] = []


class Base(peewee.Model):
    # peewee adds it
    id: peewee.AutoField

    def __init_subclass__(cls) -> None:
        MODELS.append(cls)


class Stock(Base):
    """One row: how many kits are free."""

    kits = peewee.IntegerField(constraints=[peewee.Check("kits >= 0")])


class Reservation(Base):
    """A kit that is kept for one sample of a case."""

    case_reference = peewee.TextField()
    sample_number = peewee.IntegerField()

    class Meta:
        indexes = ((("case_reference", "sample_number"), True),)


class Waiting(Base):
    """A sample for which there was no kit. `since` is in epoch seconds."""

    case_reference = peewee.TextField()
    sample_number = peewee.IntegerField()
    priority = peewee.IntegerField()
    since = peewee.DoubleField()

    class Meta:
        indexes = ((("case_reference", "sample_number"), True),)


class Release(Base):
    """The case wants nothing more for its samples up to this one."""

    case_reference = peewee.TextField(unique=True)
    through_sample = peewee.IntegerField()


class Order(Base):
    """A test that was ordered. `due_at` (epoch seconds) is set when the lab begins with it."""

    case_reference = peewee.TextField()
    sample_number = peewee.IntegerField()
    sample_barcode = peewee.TextField(unique=True)
    specimen_type = peewee.TextField()
    priority = peewee.IntegerField()
    state = peewee.TextField(default="ordered", index=True)
    due_at = peewee.DoubleField(null=True)

    class Meta:
        table_name = "lab_order"


class FeedItem(Base):
    """A result or a granted kit, to be fetched by the platform. `status` is as in FHIR R4, of a result."""

    kind = peewee.TextField()
    case_reference = peewee.TextField()
    sample_number = peewee.IntegerField()
    sample_barcode = peewee.TextField(null=True)
    status = peewee.TextField(null=True)
    result = peewee.TextField(null=True)
    acknowledged = peewee.BooleanField(default=False, index=True)


class Plan(Base):
    """What the simulated lab will find in a sample, and after how many seconds; `never` leaves it untested."""

    sample_barcode = peewee.TextField(unique=True)
    result = peewee.TextField()
    after_s = peewee.DoubleField(null=True)
