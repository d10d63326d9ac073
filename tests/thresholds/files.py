"""Files of limits as a site writes them."""

from __future__ import annotations

from pathlib import Path

SIGNED = {
    "reason": '"Local protocol 12"',
    "approved_by": '"Leukemia committee"',
    "date": "2026-10-01",
}


def entry(kind: str, **fields: str) -> str:
    """One entry; fields are TOML, an empty one is left out."""
    given = {**SIGNED, **fields}
    lines = [f"{name} = {value}" for name, value in given.items() if value]
    return "\n".join((f"[[{kind}]]", *lines, ""))


def threshold(name: str, value: str, unit: str = "10*9/L", **fields: str) -> str:
    return entry("threshold", name=f'"{name}"', value=value, unit=f'"{unit}"', **fields)


def window(name: str, **fields: str) -> str:
    return entry("window", name=f'"{name}"', **fields)


def written(folder: Path, *entries: str) -> Path:
    path = folder / "thresholds.toml"
    path.write_text("\n".join(entries), encoding="utf-8")
    return path
