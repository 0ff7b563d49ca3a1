"""BPMN diagrams, drawn as SVG from their own diagram interchange, so that no browser has to run anything."""

from camunda7.diagrams.drawing import Heat, Mark, drawn
from camunda7.diagrams.reading import Element, Fault, Picture, Plane, planes_of, read_picture
from camunda7.diagrams.shapes import Paint

__all__ = ["Element", "Fault", "Heat", "Mark", "Paint", "Picture", "Plane", "drawn", "planes_of", "read_picture"]
