"""The TOML files of a site: clients, approvals, switches. Each is one typed struct."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from cds_service.errors import ContentError

Shape = TypeVar("Shape")


def read_toml(path: str, setting: str, shape: type[Shape]) -> Shape:
    """The file that a setting names. Raises ContentError saying what does not fit."""
    try:
        document = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        return msgspec.convert(document, shape)
    except (OSError, UnicodeDecodeError) as problem:
        raise ContentError(f"{path}: cannot be read; {setting} names a TOML file") from problem
    except msgspec.ValidationError as problem:
        raise ContentError(f"{path}: {problem}{_choices(shape, str(problem))}") from problem
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        raise ContentError(f"{path}: {problem}") from problem


def _choices(shape: type, problem: str) -> str:
    """What may stand where something else stands, if there are only some words."""
    place = problem.partition(" - at `$")[2].rstrip("`")
    found: Any = msgspec.inspect.type_info(shape)
    for name in re.findall(r"\.(\w+)|\[", place):
        if name:
            fields = {field.encode_name: field.type for field in getattr(found, "fields", ())}
            found = fields.get(name)
        else:
            found = getattr(found, "item_type", None)
    values = getattr(found, "values", ())
    return f": it is one of {', '.join(map(str, values))}" if values else ""
