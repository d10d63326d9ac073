"""A real FHIR R4 server in memory (server.mjs), for tests that need more than a stub."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

HERE = Path(__file__).parent
KINDS = ("fhir", "references-only", "small-pages")
"""Bases of the server, all over one record: it finds `patient=ID`; it finds only
`patient=Patient/ID`; it gives pages of five, whatever `_count` asks for."""


@dataclass(frozen=True)
class FhirServer:
    """A server that runs. Its token is needed for all but the CapabilityStatement."""

    origin: str
    token: str

    def base(self, kind: str = "fhir") -> str:
        """What a client sends as fhirServer."""
        assert kind in KINDS
        return f"{self.origin}/{kind}"

    def get(self, path: str, kind: str = "fhir") -> requests.Response:
        return self._call("GET", f"{self.base(kind)}/{path}")

    def put(self, *resources: Mapping[str, Any]) -> None:
        for each in resources:
            path = f"{each['resourceType']}/{each['id']}"
            answer = self._call("PUT", f"{self.base()}/{path}", json=each)
            assert answer.ok, answer.text

    def delete(self, *addresses: str) -> None:
        for each in addresses:
            answer = self._call("DELETE", f"{self.base()}/{each}")
            assert answer.ok, answer.text

    def transact(self, *entries: Mapping[str, Any]) -> requests.Response:
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        return self._call("POST", self.base(), json=bundle)

    def _call(self, method: str, url: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.request(method, url, headers=headers, timeout=30, **options)


def missing() -> str:
    """What is not here that the server needs; empty when it can run."""
    if shutil.which("node") is None:
        return "the FHIR server of the tests needs Node.js 20.19 or newer"
    if not (HERE / "node_modules" / ".package-lock.json").exists():
        return "the FHIR server of the tests is not installed: make fhirserver"
    return ""


@contextmanager
def running(token: str) -> Iterator[FhirServer]:
    """An empty server. Skips the test where it cannot run, except in continuous integration."""
    if reason := missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    process = subprocess.Popen(
        ["node", str(HERE / "server.mjs")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "FHIR_TOKEN": token},
        text=True,
    )
    # Leaving closes its standard input, which ends it, even where this process is killed.
    with process:
        assert process.stdout is not None
        origin = process.stdout.readline().strip()
        assert origin, "the FHIR server of the tests did not start"
        yield FhirServer(origin, token)
