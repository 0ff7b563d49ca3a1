"""Pictures of diagrams: the shape of each element; a damaged diagram is drawn without its faulty elements."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from camunda7.diagrams import draw_svg, read_picture
from camunda7.xml import XmlError, parse
from config.settings import ROOT

SVG = "{http://www.w3.org/2000/svg}"
EVERY_ELEMENT = (ROOT / "tests/oracle/diagrams/every_element.bpmn").read_text()
TELL_BY_TELEPHONE = (ROOT / "processes/tell_by_telephone.bpmn").read_text()
STEP = 'bpmnElement="Task_TellPatient"'


def picture_of(text: str) -> ElementTree.Element:
    [plane] = read_picture(parse(text)).planes
    return ElementTree.fromstring(draw_svg(plane, {}, "a picture"))


def group_of(svg: ElementTree.Element, element: str) -> ElementTree.Element:
    return next(group for group in svg.iter(f"{SVG}g") if group.get("id") == element)


@pytest.mark.parametrize(
    ("element", "first", "text"),
    [
        ("TextAnnotation_1", "rect", "Ask twice, and note both answers"),
        ("Group_1", "rect", "Samples"),
        ("DataObjectReference_1", "path", "Order"),
        ("DataStoreReference_1", "path", "Kits"),
        ("Participant_Laboratory", "rect", "Laboratory"),
        ("Participant_Upright", "rect", "From top to bottom"),
        ("SubProcess_CollapsedAdHoc", "rect", "CollapsedAdHoc"),
        ("SubProcess_Transaction", "rect", "Transaction"),
        ("Task_Call", "rect", "callActivity"),
        ("Event_Multiple", "circle", ""),
        ("Gateway_complexGateway", "polygon", ""),
    ],
)
def test_each_element_has_its_shape_and_its_text(element: str, first: str, text: str) -> None:
    group = group_of(picture_of(EVERY_ELEMENT), element)
    assert group[0].tag == SVG + first
    assert " ".join(part.strip() for part in group.itertext() if part.strip()) == text


def test_artifacts_and_containers_do_not_cover_what_is_below_them() -> None:
    svg = picture_of(EVERY_ELEMENT)
    for element in ("TextAnnotation_1", "Group_1", "Lane_Upper", "SubProcess_Expanded"):
        fills = [part.get("fill", "none") for part in group_of(svg, element) if part.tag != f"{SVG}text"]
        assert set(fills) == {"none"}, element
    # a group is drawn before the elements within it
    ids = [group.get("id") for group in svg.iter(f"{SVG}g")]
    assert ids.index("Group_1") < ids.index("DataObjectReference_1")


def test_the_diagrams_of_the_processes_have_no_faults() -> None:
    for path in [*(ROOT / "processes").glob("*.bpmn"), ROOT / "tests/oracle/diagrams/every_element.bpmn"]:
        assert read_picture(parse(path.read_bytes())).faults == []


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ('bpmnElement="Collaboration_tell_by_telephone"', 'bpmnElement="Process_1"', "the plane is of Process_1"),
        (STEP, 'bpmnElement="Task_Other"', "it is drawn for Task_Other, which isn't in the file"),
        (STEP, "", "it is drawn for no element"),
        (STEP, 'bpmnElement="Event_CallMissed"', "it is drawn twice"),
        (rf'({STEP}>\s*)<dc:Bounds[^>]*>', r"\1", "its shape has no bounds"),
        (rf'({STEP}>\s*)(<dc:Bounds[^>]*>)', r"\1\2\2", "its shape has several bounds"),
        (rf'({STEP}>\s*<dc:Bounds) x="\d+"', r"\1", "its x is missing instead of a number"),
        (rf'({STEP}>\s*<dc:Bounds) x="\d+"', r'\1 x="left"', "its x is “left” instead of a number"),
        (rf'({STEP}>\s*<dc:Bounds) x="\d+"', r'\1 x="NaN"', "its x is “NaN” instead of a number"),
        (rf'({STEP}>\s*<dc:Bounds) x="\d+"', r'\1 x="1e300"', "its x is beyond 100000 pixels"),
        (rf'({STEP}>\s*<dc:Bounds x="\d+" y="\d+") width="\d+"', r'\1 width="-5"', "its size is -5 × 80"),
        (r'(Edge_Flow_CallMissed_CallToMake"[^>]*>\s*<di:waypoint[^>]*>).*?(</bpmndi:BPMNEdge>)', r"\1\2",
         "its line has 1 of at least 2 points"),
        (r'(<bpmndi:BPMNLabel>\s*<dc:Bounds x=)"\d+"', r'\1"?"', "its label can't be placed"),
    ],
)  # fmt: skip
def test_an_element_that_can_not_be_drawn_is_a_fault_and_the_rest_is_drawn(old: str, new: str, wrong: str) -> None:
    text, count = re.subn(old, new, TELL_BY_TELEPHONE, count=1, flags=re.DOTALL)
    assert count
    picture = read_picture(parse(text))
    assert wrong in picture.faults[0].wrong
    assert len(picture.planes[0].shapes) >= 8
    assert draw_svg(picture.planes[0], {}, "a picture")


@pytest.mark.parametrize(
    "diagram",
    [
        "",
        "<bpmndi:BPMNDiagram/>",
        '<bpmndi:BPMNDiagram><bpmndi:BPMNPlane bpmnElement="x"/></bpmndi:BPMNDiagram>',
    ],
)
def test_a_file_without_diagram_interchange_has_no_picture(diagram: str) -> None:
    text = re.sub(r"<bpmndi:BPMNDiagram.*</bpmndi:BPMNDiagram>", diagram, TELL_BY_TELEPHONE, flags=re.DOTALL)
    assert read_picture(parse(text)).planes == []


def test_several_diagrams_are_several_pictures() -> None:
    diagram = re.search(r"<bpmndi:BPMNDiagram.*</bpmndi:BPMNDiagram>", TELL_BY_TELEPHONE, re.DOTALL)
    assert diagram
    assert len(read_picture(parse(TELL_BY_TELEPHONE.replace(diagram[0], diagram[0] * 2))).planes) == 2


def test_a_reference_may_have_a_namespace_and_a_label_no_size() -> None:
    text = TELL_BY_TELEPHONE.replace(STEP, 'bpmnElement="tns:Task_TellPatient"')
    label = r'(<bpmndi:BPMNLabel>\s*<dc:Bounds x="\d+" y="\d+") width="\d+" height="\d+"'
    text = re.sub(label, r'\1 width="0" height="0"', text)
    assert read_picture(parse(text)).faults == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no element found"),
        (b"diagram", "syntax error"),
        (b"<a", "unclosed token"),
        (b"<b:a/>", "unbound prefix"),
        (b'<?xml version="1.0" encoding="x-none"?><a/>', "unknown encoding"),
        (b'<?xml version="1.0" encoding="shift_jis"?><a/>', "multi-byte encodings"),
        (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "document type"),
        (b"<a>" * 1000 + b"</a>" * 1000, "nested more than 200 deep"),
    ],
)
def test_invalid_and_unsafe_xml_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(XmlError, match=reason):
        parse(content)


def test_other_encodings_are_read() -> None:
    for encoding in ("utf-16", "iso-8859-1", "utf-8-sig"):
        declared = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?><a b="é"/>'
        assert parse(declared.encode(encoding)).get("b") == "é"
