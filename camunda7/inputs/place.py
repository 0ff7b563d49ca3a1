"""Where people are: what their clocks show, and which country a telephone number without a country code is of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo


@dataclass(frozen=True)
class Place:
    """Attributes:
    zone: in which people read a clock.
    telephone_region: ISO 3166-1 code of the country; None where numbers need a country code.
    """

    zone: tzinfo = UTC
    telephone_region: str | None = None


# UTC, and no country
NOWHERE = Place()
