"""BPMN diagrams, drawn as SVG from their own diagram interchange, so that no browser has to run anything."""

from webapp.diagrams.drawing import Mark, drawn
from webapp.diagrams.reading import Element, planes_of

__all__ = ["Element", "Mark", "drawn", "planes_of"]
