"""BPMN diagrams, drawn as SVG from their own diagram interchange, so that no browser has to run anything."""

from camunda7.diagrams.drawing import Heat, Mark, draw_svg
from camunda7.diagrams.reading import Element, Fault, Picture, Plane, read_picture, read_planes
from camunda7.diagrams.shapes import Paint

__all__ = ["Element", "Fault", "Heat", "Mark", "Paint", "Picture", "Plane", "draw_svg", "read_picture", "read_planes"]
