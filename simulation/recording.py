"""What one run of the time lapse records: each wait, and how the resources were used."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

# of the time from the request for an evaluation to the result, which is no element of a diagram
JOURNEY = "request_to_result"


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait for a resource, in simulated milliseconds since the epoch.

    Attributes:
        started_ms: when the work began; None if it hadn't at the end of the run.
        ended_ms: when the work ended; None as well.
        work_ms: how long the work takes.
        priority: when it began.
    """

    ready_ms: int
    started_ms: int | None
    ended_ms: int | None
    case: str = ""
    work_ms: int = 0
    priority: int = 0


@dataclass
class Usage:
    """How a resource was used.

    Attributes:
        available_ms: places times the time they were there, over the run.
        needed_ms: time of work that all requests need, also those that still wait.
        places: their highest number at the same time.
    """

    busy_ms: int = 0
    available_ms: int = 0
    needed_ms: int = 0
    places: int = 0


@dataclass
class Recording:
    """One run.

    Attributes:
        waits: by step.
        arrivals_ms: when each case arrived.
        roles: resource for which each step waits.
        usage: by resource.
        kits: requested, granted, and when a request first found none.
        unmodelled: topics and user tasks that were completed at once, as nothing is known of them.
        ended: number of cases that ended.
    """

    start_ms: int
    end_ms: int
    waits: dict[str, list[Wait]] = field(default_factory=lambda: defaultdict(list))
    arrivals_ms: dict[str, int] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    usage: dict[str, Usage] = field(default_factory=lambda: defaultdict(Usage))
    kits_requested: int = 0
    kits_granted: int = 0
    kits_empty_ms: int | None = None
    ended: int = 0
    unmodelled: set[str] = field(default_factory=set)

    @property
    def arrived(self) -> int:
        return len(self.arrivals_ms)
