"""BPMN diagrams, drawn as SVG from their own diagram interchange, so that no browser has to run anything."""

from webapp.diagrams.drawing import Heat, Mark, Paint, drawn
from webapp.diagrams.reading import Element, planes_of

__all__ = ["Element", "Heat", "Mark", "Paint", "drawn", "planes_of"]
