"""Tables of the lab: its stock of kits, orders, the feed of results and granted kits, and planned results."""

from __future__ import annotations

import peewee

MODELS: list[type[peewee.Model]] = []


class Base(peewee.Model):
    # peewee adds it
    id: peewee.AutoField

    def __init_subclass__(cls) -> None:
        MODELS.append(cls)


class Stock(Base):
    """Number of free kits, in a single row."""

    kits = peewee.IntegerField(constraints=[peewee.Check("kits >= 0")])


class Reservation(Base):
    """A kit that is reserved for one sample of a case."""

    case_reference = peewee.TextField()
    sample_number = peewee.IntegerField()

    class Meta:
        indexes = ((("case_reference", "sample_number"), True),)


class Waiting(Base):
    """A sample on the waiting list for a kit. `since` is in epoch seconds."""

    case_reference = peewee.TextField()
    sample_number = peewee.IntegerField()
    priority = peewee.IntegerField()
    since = peewee.DoubleField()

    class Meta:
        indexes = ((("case_reference", "sample_number"), True),)


class Release(Base):
    """Release of a case's samples up to this one: later requests for them are refused."""

    case_reference = peewee.TextField(unique=True)
    through_sample = peewee.IntegerField()


class Order(Base):
    """A test that was ordered. `due_at` (epoch seconds) is set when the lab starts it."""

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
    """A result or a granted kit, for the platform to fetch. `status` of a result is as in FHIR R4."""

    kind = peewee.TextField()
    case_reference = peewee.TextField()
    sample_number = peewee.IntegerField()
    sample_barcode = peewee.TextField(null=True)
    status = peewee.TextField(null=True)
    result = peewee.TextField(null=True)
    acknowledged = peewee.BooleanField(default=False, index=True)


class Plan(Base):
    """Planned result of a sample, and duration of its test in seconds; a sample with `never` isn't tested."""

    sample_barcode = peewee.TextField(unique=True)
    result = peewee.TextField()
    after_s = peewee.DoubleField(null=True)
