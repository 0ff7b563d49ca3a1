"""Mutated copies of diagrams, decisions and forms: an attribute, property or element is removed, emptied, duplicated,
or has another type or a huge value; or the file as a whole is damaged."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

HUGE = "9" * 20_000
# replacements of an attribute or a text of XML
TEXTS = ("", " ", "x", "-1", "0", "NaN", "1e999", "true", "_x", "Task_Nowhere", "${", "${x", "=", '"', "P1W2D", HUGE)
# replacements of a value of JSON
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


def mutations(name: str, content: bytes, rng: random.Random, count: int) -> Iterator[bytes]:
    """Yield `count` mutated copies of a file, which are the same for the same seed.

    Args:
        name: of the file; its suffix says whether it is JSON or XML.
    """
    mutate = _mutate_json if name.endswith(".form") else _mutate_xml
    for _ in range(count):
        yield damage_file(content, rng) if rng.random() < 0.05 else mutate(content, rng)


def damage_file(content: bytes, rng: random.Random) -> bytes:
    """Truncate a file, change its encoding, add a document type, replace a byte, or return another file's content."""
    place = rng.randrange(len(content))
    text = content.decode()
    return rng.choice(
        [
            b"",
            content[:place],
            content[place:],
            content[:place] + bytes([rng.randrange(256)]) + content[place + 1 :],
            text.encode("utf-16"),
            text.replace("UTF-8", "x-none", 1).encode(),
            text.replace("?>", '?><!DOCTYPE a [<!ENTITY b "c">]>', 1).encode(),
            text.replace("<bpmn:", "<unknown:", 1).encode(),
            b"[" * 100_000,
            b"null",
            b"<a/>",
        ]
    )


def _mutate_xml(content: bytes, rng: random.Random) -> bytes:
    root = ElementTree.fromstring(content)
    parents = {child: parent for parent in root.iter() for child in parent}
    found = rng.choice([*parents])
    parent = parents[found]
    match rng.randrange(8):
        case 0:
            parent.remove(found)
        case 1:
            parent.append(copy.deepcopy(found))
        case 2:
            found[:] = []
        case 3:
            found.tag = rng.choice([*parents]).tag
        case 4:
            found.text = rng.choice(TEXTS)
        case 5 if found.attrib:
            del found.attrib[rng.choice([*found.attrib])]
        case _ if found.attrib:
            ids = [each.get("id") for each in parents if each.get("id")]
            found.set(rng.choice([*found.attrib]), rng.choice([*TEXTS, *rng.choices(ids, k=3)]))
        case _:
            rng.choice([*parents]).append(copy.deepcopy(found))
    for prefix, namespace in PREFIXES[1:]:
        ElementTree.register_namespace(prefix, namespace)
    return ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _mutate_json(content: bytes, rng: random.Random) -> bytes:
    form = json.loads(content)
    places = list(_places(form))
    holder, key = rng.choice(places)
    match rng.randrange(6):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        case 2:
            # a property of another place, with its value there or with a replacement
            other, its = rng.choice(places)
            if isinstance(holder, dict) and isinstance(its, str):
                holder[its] = copy.deepcopy(rng.choice([other[its], rng.choice(VALUES)]))
        case _:
            holder[key] = copy.deepcopy(rng.choice(VALUES))
    return json.dumps(form).encode()


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each object or list in a JSON value, with each of its keys or indexes."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])
