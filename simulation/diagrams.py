"""What the simulation reads from the diagrams: who does each user task with which form, and names of elements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from camunda7.xml import XmlError, parse
from simulation.errors import ScenarioError

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
CAMUNDA = "{http://camunda.org/schema/1.0/bpmn}"
KINDS = (".bpmn", ".dmn")


@dataclass(frozen=True)
class UserTask:
    """A user task of a diagram.

    Attributes:
        role: its candidate group; None if patients do it.
        form: key of its form; its id if it has none.
    """

    id: str
    name: str
    role: str | None
    form: str


@dataclass(frozen=True)
class Diagrams:
    """The diagrams of a working copy.

    Attributes:
        files: to deploy: diagrams, decisions and forms.
        names: of elements by id.
    """

    files: tuple[Path, ...]
    user_tasks: Mapping[str, UserTask]
    names: Mapping[str, str]


def read_diagrams(root: Path) -> Diagrams:
    """Read the diagrams of a working copy.

    Raises:
        ScenarioError: a diagram isn't XML, or there is none.
    """
    diagrams = sorted((root / "processes").glob("*.bpmn"))
    if not diagrams:
        raise ScenarioError(f"{root}: has no diagram in processes/")
    models = [path for path in sorted((root / "processes").iterdir()) if path.suffix in KINDS]
    tasks: dict[str, UserTask] = {}
    names: dict[str, str] = {}
    for path in diagrams:
        try:
            nodes = list(parse(path.read_text(encoding="utf-8")).iter())
        except (XmlError, UnicodeDecodeError) as error:
            raise ScenarioError(f"{path}: {error}") from None
        for node in nodes:
            if (element := node.get("id")) and (name := node.get("name")):
                names[element] = name
            if node.tag == f"{BPMN}userTask":
                task = _read_user_task(dict(node.attrib))
                tasks[task.id] = task
    return Diagrams((*models, *_list_forms(root)), tasks, names)


def _list_forms(root: Path) -> Iterator[Path]:
    yield from sorted((root / "forms").glob("*.form"))


def _read_user_task(attributes: Mapping[str, str]) -> UserTask:
    groups = attributes.get(f"{CAMUNDA}candidateGroups", "").split(",")
    element = attributes["id"]
    form = attributes.get(f"{CAMUNDA}formRef", element)
    return UserTask(element, attributes.get("name", element), groups[0].strip() or None, form)
