"""Lanes of the diagrams that workers execute, with the modules of their handlers."""

from __future__ import annotations

from types import ModuleType

from camunda7.worker import Handler, handlers_of
from workers import doctor, erasure, government, kpi, lab, patient

LANES: dict[str, ModuleType] = {
    "patient": patient,
    "lab": lab,
    "doctor": doctor,
    "government": government,
    "kpi": kpi,
    "erasure": erasure,
}


def all_handlers() -> list[Handler]:
    return [handler for lane in LANES.values() for handler in handlers_of(lane)]
