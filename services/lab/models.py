"""Tables of the lab: its stock of kits, orders, the feed of results and granted kits, planned results, messages."""

from __future__ import annotations

import peewee

MODELS: list[type[peewee.Model]] = []
ORDER_PREFIX = "CC-"


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
    """A test that was ordered.

    `due_at` (epoch seconds) is set when the lab starts it; `date_of_birth` is in ISO 8601, and missing in old orders.
    """

    case_reference = peewee.TextField()
    sample_number = peewee.IntegerField()
    sample_barcode = peewee.TextField(unique=True)
    specimen_type = peewee.TextField()
    priority = peewee.IntegerField()
    state = peewee.TextField(default="ordered", index=True)
    due_at = peewee.DoubleField(null=True)
    date_of_birth = peewee.TextField(null=True)

    class Meta:
        table_name = "lab_order"

    @property
    def number(self) -> str:
        """The order's number outside: with a prefix, because a laboratory has numbers like 17 of its own."""
        return f"{ORDER_PREFIX}{self.id}"


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


class Transmission(Base):
    """What a laboratory sent at once: a message, a batch or a file.

    Attributes:
        digest: SHA-256 of the content; the same content is stored once.
        channel: http, mllp or folder.
        laboratory: name of the laboratory whose key was sent; None for other channels, and for staff.
        content: None after its retention, or after a case of it was erased.
        received_at: epoch seconds.
        total: number of its observations; None until it is read.
        decided: number of observations on which is decided; the others follow.
    """

    digest = peewee.TextField(unique=True)
    format = peewee.TextField()
    channel = peewee.TextField()
    laboratory = peewee.TextField(null=True)
    content = peewee.BlobField(null=True)
    received_at = peewee.DoubleField(index=True)
    total = peewee.IntegerField(null=True)
    decided = peewee.IntegerField(default=0)
    is_processed = peewee.BooleanField(default=False, index=True)

    class Meta:
        table_name = "lab_transmission"


class Decided(Base):
    """An observation of a transmission, and what became of it.

    Attributes:
        position: in the transmission, from 0.
        place: in the message, such as "OBX 2".
        fingerprint: of sender, identifiers, test, value and status; the same result has the same in another message.
        outcome: of services/lab/gateway/matching.py, or assigned or rejected by staff.
        observation: JSON of what was read; None unless staff decide, and after the retention.
        case_reference: to which it belongs; None if that is unknown.
        has_task: staff have a task for it.
        decided_at: epoch seconds of the last decision.
    """

    transmission_id = peewee.IntegerField(index=True)
    position = peewee.IntegerField()
    place = peewee.TextField()
    sender = peewee.TextField()
    control_id = peewee.TextField()
    fingerprint = peewee.TextField(index=True)
    outcome = peewee.TextField(index=True)
    reason = peewee.TextField()
    observation = peewee.TextField(null=True)
    case_reference = peewee.TextField(null=True, index=True)
    has_task = peewee.BooleanField(default=False)
    decided_at = peewee.DoubleField()

    class Meta:
        table_name = "lab_decided"
        indexes = ((("transmission_id", "position"), True), (("sender", "control_id"), False))


class CodeMapping(Base):
    """Meaning that staff gave to a code of one sender: services/lab/gateway/codes.py."""

    sender = peewee.TextField()
    key = peewee.TextField()
    meaning = peewee.TextField()

    class Meta:
        table_name = "lab_code_mapping"
        indexes = ((("sender", "key"), True),)
