"""Table of the gateway: accepted messages."""

from __future__ import annotations

import peewee


class Sms(peewee.Model):
    # peewee adds it
    id: peewee.AutoField

    key = peewee.TextField(index=True)
    recipient = peewee.TextField(index=True)
    text = peewee.TextField()

    class Meta:
        table_name = "sms"
