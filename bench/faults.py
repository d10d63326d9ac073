"""What the service answers when the client's FHIR server fails, and after what time.

python -m bench.faults     measure every fault of tests/faults and write docs/faults.md
"""

import http.client
import json
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fixtures
from bench.callback import TEMPLATES, VIEW
from bench.servers import JSON, SERVICE, Server, running
from tests.faults.server import FaultServer, record, with_access
from tests.faults.table import FAULTS, Fault, Outcome

PAGE = Path(__file__).parents[1] / "docs" / "faults.md"

HEAD = """# Faults of FHIR servers

Written by `python -m bench.faults`; do not edit. A patient-view request about an emergency goes to
the service with its default settings (deadline 2 s for all reads), twice: without any prefetch, and
with all of it but one key. The FHIR server that it names fails in the way of the first column
(`tests/faults/`, where a test holds every answer to the table). "Same cards" are those of a request
with full prefetch. Everything else is named on a card, or refused with 412 where Conditions could
not be had. Times depend on the machine; what matters is that none is far beyond the deadline.
"""

COLUMNS = ("The FHIR server", "Without prefetch", "Seconds", "Without one key", "Seconds")


@dataclass(frozen=True)
class Measured:
    """What came back, in words, and when."""

    words: str
    seconds: float

    def cells(self) -> tuple[str, str]:
        return self.words, f"{self.seconds:.2f}"


def measure(service: Server, fault: Fault) -> tuple[Measured, Measured]:
    """The answers to a request without prefetch and to one that lacks the fault's key."""
    first, second = (_measure(service, fault, keys) for keys in (TEMPLATES, [fault.key]))
    return first, second


def _measure(service: Server, fault: Fault, lacking: Iterable[str]) -> Measured:
    request = fixtures.request(VIEW, datetime.now(UTC))
    held = record(TEMPLATES, request)
    with FaultServer(held) as elsewhere, FaultServer(held, fault.on(TEMPLATES)) as server:
        server.elsewhere = elsewhere.base
        expected = _rules(_post(service.port, request)[1])
        started = time.perf_counter()
        status, answer = _post(service.port, with_access(request, server.base, "a-token", lacking))
        seconds = time.perf_counter() - started
    return Measured(_in_words(fault, status, answer, expected), seconds)


def _post(port: int, request: dict[str, Any]) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        path = "/cds-services/als-leukemia-patient-view"
        connection.request("POST", path, json.dumps(request), JSON)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def _rules(answer: Any) -> list[str]:
    return [card["source"]["topic"]["code"] for card in answer["cards"]]


def _in_words(fault: Fault, status: int, answer: Any, expected: list[str]) -> str:
    if status != 200:
        said = answer["issue"][0]["diagnostics"]
        return f"{status}: {said.rpartition('could not be had: ')[2]}"
    text = "\n".join(card.get("detail", "") for card in answer["cards"])
    named = dict(re.findall(r"Data under (\S+) could not be read: (.*)", text))
    if named:
        key = fault.key if fault.key in named else next(iter(named))
        others = f", and {len(named) - 1} more" if len(named) > 1 else ""
        return f"200, card names `{key}`{others}: {named[key]}"
    if fault.outcome is Outcome.SAID and re.search(fault.reason, text):
        return "200, said on the card"
    return "200, same cards" if _rules(answer) == expected else "200, **other cards**"


def table(found: dict[str, tuple[Measured, Measured]]) -> str:
    """The table in Markdown."""
    rows = [COLUMNS, *((name, *a.cells(), *b.cells()) for name, (a, b) in found.items())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def main() -> None:
    found: dict[str, tuple[Measured, Measured]] = {}
    with running(SERVICE) as service:
        for name, fault in FAULTS.items():
            found[name] = measure(service, fault)
            print(name, *(cell for each in found[name] for cell in each.cells()), sep=" | ")
    longest = max(each.seconds for pair in found.values() for each in pair)
    parts = [HEAD, table(found) + "\n", f"The longest answer took {longest:.2f} s.\n"]
    PAGE.write_text("\n".join(parts), "utf-8")


if __name__ == "__main__":
    main()
