"""What the lab keeps: its stock of kits, orders and their results, the feed, and a plan for simulations."""

from __future__ import annotations

import peewee

MODELS: list[type[peewee.Model]] = []


class Base(peewee.Model):
    def __init_subclass__(cls) -> None:
        MODELS.append(cls)


class Stock(Base):
    """One row: how many kits are free."""

    kits = peewee.IntegerField(constraints=[peewee.Check("kits >= 0")])


class Reservation(Base):
    case_reference = peewee.TextField()
    sample_number = peewee.IntegerField()
    priority = peewee.IntegerField()

    class Meta:
        indexes = ((("case_reference", "sample_number"), True),)


class Order(Base):
    """A test that was ordered. `due_at` (epoch seconds) is set when the lab begins with it."""

    case_reference = peewee.TextField()
    sample_barcode = peewee.TextField(unique=True)
    specimen_type = peewee.TextField()
    priority = peewee.IntegerField()
    state = peewee.TextField(default="ordered", index=True)
    due_at = peewee.DoubleField(null=True)

    class Meta:
        table_name = "lab_order"


class FeedItem(Base):
    """A result, to be fetched by the platform."""

    case_reference = peewee.TextField()
    sample_barcode = peewee.TextField()
    result = peewee.TextField()
    acknowledged = peewee.BooleanField(default=False, index=True)


class Plan(Base):
    """What the simulated lab will find in a sample."""

    sample_barcode = peewee.TextField(unique=True)
    result = peewee.TextField()
