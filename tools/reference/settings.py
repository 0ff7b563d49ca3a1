"""Generates docs/reference/settings.md: each setting with type, unit, default and meaning.

Defaults are those of config/default.yaml, whose comments are the meanings. Types are those of config/settings.py, which
also has the meanings of secrets.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from config.settings import ROOT, Settings, environment_name
from tools.reference.markdown import code, table

FILE = ROOT / "config" / "default.yaml"
INTRODUCTION = """# Settings

Written by `make reference` from `config/default.yaml` and `config/settings.py`, so change those, not this page; a test
compares them.

Another file overrides some (`CORONACARE_CONFIG=my.yaml`, same layout), and the environment overrides both: `engine.url`
is `CORONACARE_ENGINE__URL`. An unknown name, or a value of another type, is refused at the start. Secrets have no
default: `make up` generates them into `.run/secrets.json`; elsewhere they come from the environment.
"""
HEADER = ("setting", "type", "unit", "default", "meaning")
SETTING = re.compile(r"^( *)(\w+):(.*?)(?: +# (.*))?$")
REMARK = re.compile(r"^( +)# (.*)$")
# by the suffix of a name
UNITS = {"_s": "seconds", "_hours": "hours", "_days": "days", "_days_before_onset": "days", "_weeks": "weeks"}
# by the prefix of a pattern
PATTERNS = {"^P": "duration", "^R": "repetition", "^https?": "URL"}
FORMATS = {"duration": "duration", "password": "secret", "path": "path"}
ISO_8601 = {"duration", "duration or null", "repetition"}
BOUNDS = {"minimum": "≥ {}", "exclusiveMinimum": "> {}", "maximum": "≤ {}", "exclusiveMaximum": "< {}"}
SIMPLE = {"integer": "whole number", "number": "number", "boolean": "true or false", "string": "text", "null": "null"}


def render_page() -> str:
    """Render the page."""
    text = FILE.read_text(encoding="utf-8")
    defaults, meanings = yaml.safe_load(text), read_meanings(text)
    schema = Settings.model_json_schema()
    definitions = schema["$defs"]
    parts, others = [INTRODUCTION], []
    for name, field in schema["properties"].items():
        if "$ref" not in field:
            others.append(_row(name, field, defaults[name], meanings[name]))
            continue
        parts += [f"## {name}\n", f"{_sentence(meanings[name])}\n"]
        rows = []
        for key, each in _resolve(field, definitions)["properties"].items():
            path = f"{name}.{key}"
            meaning = meanings[path] if path in meanings else _secret(path, each)
            rows.append(_row(path, _resolve(each, definitions), defaults[name].get(key, ""), meaning))
        parts.append(table(HEADER, rows))
    return "\n".join([*parts, "## Other settings\n", table(HEADER, others)])


def read_meanings(text: str) -> dict[str, str]:
    """Return the comment of each setting and section by name: behind it, and in the lines below."""
    found: dict[str, str] = {}
    section = current = ""
    for line in text.splitlines():
        if setting := SETTING.match(line):
            indent, key, _, comment = setting.groups()
            section = section if indent else key
            current = f"{section}.{key}" if indent else key
            found[current] = comment or ""
        elif remark := REMARK.match(line):
            # a comment with the settings' indentation belongs to their section
            place = current if len(remark[1]) > 2 else section
            is_new_sentence = remark[2][0].isupper() and not found[place].endswith(".")
            found[place] += f"{'.' if is_new_sentence else ''} {remark[2]}"
    return found


def _secret(path: str, field: dict[str, Any]) -> str:
    """Return the meaning of a secret, which isn't in the file."""
    return f"{field['description']}: {code(environment_name(*path.split('.')))}"


def _row(path: str, field: dict[str, Any], default: Any, meaning: str) -> tuple[str, ...]:
    kind = _type_of(field)
    unit = next((unit for end, unit in UNITS.items() if path.endswith(end)), "ISO 8601" if kind in ISO_8601 else "")
    return code(path), kind, unit, code(_format_default(default)), meaning


def _type_of(field: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(map(_type_of, field["anyOf"]))
    if field["type"] == "object":
        if "properties" in field:
            return ", ".join(f"{code(name)}: {_type_of(each)}" for name, each in field["properties"].items())
        of_pattern = next(iter(field.get("patternProperties", {}).values()), None)
        if "$ref" in field.get("additionalProperties", {}):
            return "section by name"
        return f"{_type_of(of_pattern or field['additionalProperties'])} by name"
    if field["type"] == "array":
        return f"list of {len(field['prefixItems'])} numbers" if "prefixItems" in field else "list"
    by_pattern = (kind for start, kind in PATTERNS.items() if field.get("pattern", "").startswith(start))
    kind = FORMATS.get(field.get("format", "")) or next(by_pattern, SIMPLE[field["type"]])
    return " ".join([kind, *(text.format(field[bound]) for bound, text in BOUNDS.items() if bound in field)])


def _resolve(field: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return a field, with its reference to a section resolved."""
    return definitions[field["$ref"].rpartition("/")[2]] if "$ref" in field else field


def _format_default(value: Any) -> str:
    """Format a default as in YAML."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case list() if all(isinstance(each, str) for each in value):
            return ", ".join(value)
        case dict():
            return ", ".join(f"{key}: {_format_default(each)}" for key, each in value.items())
    return str(value)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
