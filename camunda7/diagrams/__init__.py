"""Draws BPMN diagrams as SVG from their diagram interchange (BPMN DI); browsers need no JavaScript."""

from camunda7.diagrams.drawing import Heat, Mark, draw_svg
from camunda7.diagrams.reading import Element, Fault, Picture, Plane, read_picture, read_planes
from camunda7.diagrams.shapes import Paint

__all__ = ["Element", "Fault", "Heat", "Mark", "Paint", "Picture", "Plane", "draw_svg", "read_picture", "read_planes"]
