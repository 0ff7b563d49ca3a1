"""Whether an issued paper still holds, by what its case says now."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from papers.documents import NOTICES, Kind, Paper
from papers.register import IssuedPaper


class State(enum.StrEnum):
    """What the check of a paper's code says.

    Attributes:
        CORRECTED: another paper replaces it.
        WITHDRAWN: it doesn't hold any more, and nothing replaces it.
        UNKNOWN: forged, of another installation, erased or expired.
    """

    VALID = "valid"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Verdict:
    """The state of a paper.

    Attributes:
        since: when the paper was corrected or withdrawn, if that is known.
    """

    state: State
    since: datetime | None = None


def check(
    issued: IssuedPaper, fingerprints: dict[str, Paper], values: dict[str, Any], starts: Sequence[datetime]
) -> Verdict:
    """Compare an issued paper with those that its case gives now.

    Args:
        fingerprints: the papers that the case gives now, by their fingerprint.
        values: process variables of the case.
        starts: when the instances of the case started, in order; each correction has started another one.
    """
    corrections = values.get("correction_number") or 0
    same = fingerprints.get(issued.content)
    if same and (issued.correction == corrections or not same.is_current):
        return Verdict(State.VALID)
    is_replaced = values.get("lab_result") != "entered_in_error" and (
        issued.kind == Kind.RESULT or any(_replaces(paper, issued) for paper in fingerprints.values())
    )
    if issued.correction < corrections:
        since = starts[issued.correction + 1] if issued.correction + 1 < len(starts) else None
    else:
        since = values.get("report_published_at")
    return Verdict(State.CORRECTED if is_replaced else State.WITHDRAWN, since)


def _replaces(paper: Paper, issued: IssuedPaper) -> bool:
    return paper.kind == issued.kind or {paper.kind, issued.kind} <= NOTICES
