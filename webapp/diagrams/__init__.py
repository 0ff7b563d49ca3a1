"""BPMN diagrams, drawn as SVG from their own diagram interchange, so that no browser has to run anything."""

from webapp.diagrams.drawing import Heat, Mark, drawn
from webapp.diagrams.reading import Element, Fault, Picture, Plane, planes_of, read_picture
from webapp.diagrams.shapes import Paint

__all__ = ["Element", "Fault", "Heat", "Mark", "Paint", "Picture", "Plane", "drawn", "planes_of", "read_picture"]
