"""The table of aims and what was measured, for the terminal and for docs/performance.md."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"

HEAD = """# Performance

Written by `make bench`; do not edit. Judged by CPU time per request of the server process, and by
its ratio to a floor measured in the same run, turn by turn: a Flask handler on the same server that
parses the same body with orjson and returns three constant cards (`bench/floor.py`). Wall times and
CPU milliseconds depend on the machine and on what else it does; the ratios hardly do.

Rows up to the callbacks are of a service without a store; "recorded" says what a store adds, and
"looked up" what the look for cards that stay quiet adds, where one user asks again and again about
one patient. Start and memory are as `make run` serves.
"""


@dataclass(frozen=True)
class Row:
    """One figure beside its aim. `limit` None: for information."""

    what: str
    unit: str
    measured: float
    limit: float | None = None

    def cells(self) -> tuple[str, str, str, str]:
        aim = "" if self.limit is None else f"at most {self.limit:g} {self.unit}".rstrip()
        met = "" if self.limit is None else "yes" if self.measured <= self.limit else "**no**"
        return self.what, aim, f"{self.measured:.3g} {self.unit}".rstrip(), met


def table(rows: list[Row]) -> str:
    cells = [("Figure", "Aim", "Measured", "Met"), *(row.cells() for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(4)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def write(rows: list[Row], bodies: list[str]) -> None:
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    python = f"{platform.python_implementation()} {platform.python_version()}"
    parts = [
        HEAD,
        table(rows) + "\n",
        "## Bodies\n\n" + "\n".join(f"- {body}" for body in bodies) + "\n",
        f"## Machine\n\n{machine}, {python}. One worker process.\n",
    ]
    PAGE.write_text("\n".join(parts), "utf-8")
