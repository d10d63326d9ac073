"""The TOML files of a site: clients, approvals, switches. Each is one typed struct."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

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
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, RecursionError) as problem:
        raise ContentError(f"{path}: {problem}") from problem
