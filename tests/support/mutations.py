"""Damaged copies of diagrams, decisions and forms: each attribute, property and element removed, emptied, of another
type, repeated or huge; and files that are damaged as a whole."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

HUGE = "9" * 20_000
# in place of an attribute or a text of XML
TEXTS = ("", " ", "x", "-1", "0", "NaN", "1e999", "true", "_x", "Task_Nowhere", "${", "${x", "=", '"', "P1W2D", HUGE)
# in place of a value of JSON
VALUES: tuple[Any, ...] = (
    None, "", "x", "2", "today", "=", "=x +", "={}", "{{x}}", "{{", "=x", "\ud83d", "\x00", HUGE,
    True, False, 0, -1, 1.5, 10**30, [], [None], ["x", "x"], [{}], {}, {"x": 1},
)  # fmt: skip
PREFIXES = (
    ("", "http://www.w3.org/2001/XMLSchema"),
    ("bpmn", "http://www.omg.org/spec/BPMN/20100524/MODEL"),
    ("bpmndi", "http://www.omg.org/spec/BPMN/20100524/DI"),
    ("dc", "http://www.omg.org/spec/DD/20100524/DC"),
    ("di", "http://www.omg.org/spec/DD/20100524/DI"),
    ("camunda", "http://camunda.org/schema/1.0/bpmn"),
)


def mutations(name: str, content: bytes, chance: random.Random, count: int) -> Iterator[bytes]:
    """So many damaged copies of a file; the same for the same seed.

    Args:
        name: of the file, whose ending says what it is.
    """
    mutate = _mutated_json if name.endswith(".form") else _mutated_xml
    for _ in range(count):
        yield damaged_whole(content, chance) if chance.random() < 0.05 else mutate(content, chance)


def damaged_whole(content: bytes, chance: random.Random) -> bytes:
    """Cut off, in another encoding, with a document type, with bytes that are wrong."""
    place = chance.randrange(len(content))
    text = content.decode()
    return chance.choice(
        [
            b"",
            content[:place],
            content[place:],
            content[:place] + bytes([chance.randrange(256)]) + content[place + 1 :],
            text.encode("utf-16"),
            text.replace("UTF-8", "x-none", 1).encode(),
            text.replace("?>", '?><!DOCTYPE a [<!ENTITY b "c">]>', 1).encode(),
            text.replace("<bpmn:", "<unknown:", 1).encode(),
            b"[" * 100_000,
            b"null",
            b"<a/>",
        ]
    )


def _mutated_xml(content: bytes, chance: random.Random) -> bytes:
    root = ElementTree.fromstring(content)
    parents = {child: parent for parent in root.iter() for child in parent}
    found = chance.choice([*parents])
    parent = parents[found]
    match chance.randrange(8):
        case 0:
            parent.remove(found)
        case 1:
            parent.append(copy.deepcopy(found))
        case 2:
            found[:] = []
        case 3:
            found.tag = chance.choice([*parents]).tag
        case 4:
            found.text = chance.choice(TEXTS)
        case 5 if found.attrib:
            del found.attrib[chance.choice([*found.attrib])]
        case _ if found.attrib:
            ids = [each.get("id") for each in parents if each.get("id")]
            found.set(chance.choice([*found.attrib]), chance.choice([*TEXTS, *chance.choices(ids, k=3)]))
        case _:
            chance.choice([*parents]).append(copy.deepcopy(found))
    for prefix, namespace in PREFIXES[1:]:
        ElementTree.register_namespace(prefix, namespace)
    return ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _mutated_json(content: bytes, chance: random.Random) -> bytes:
    form = json.loads(content)
    places = list(_places(form))
    holder, key = chance.choice(places)
    match chance.randrange(6):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        case 2:
            # a property that is elsewhere, with its value or with any
            other, its = chance.choice(places)
            if isinstance(holder, dict) and isinstance(its, str):
                holder[its] = copy.deepcopy(chance.choice([other[its], chance.choice(VALUES)]))
        case _:
            holder[key] = copy.deepcopy(chance.choice(VALUES))
    return json.dumps(form).encode()


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each object or list, with each key or index of it."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])
