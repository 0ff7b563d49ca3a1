"""BPMN diagrams, drawn as SVG from their own diagram interchange, so that no browser has to run anything."""

from webapp.diagrams.drawing import Mark, drawn
from webapp.diagrams.reading import Element, Plane, planes_of

__all__ = ["Element", "Mark", "Plane", "drawn", "planes_of"]
