"""Regional settings of users: time zone, and country of telephone numbers without a country code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo


@dataclass(frozen=True)
class Place:
    """Regional settings.

    Attributes:
        zone: time zone.
        telephone_region: ISO 3166-1 code of the country, like DE; None if numbers need a country code.
    """

    zone: tzinfo = UTC
    telephone_region: str | None = None


DEFAULT_PLACE = Place()
