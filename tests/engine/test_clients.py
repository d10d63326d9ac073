"""The file that describes the calling EHRs, and what of it decides a request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cds_service.clients import read_clients
from cds_service.errors import ContentError
from cds_service.protocol import HookRequest, parse
from cds_service.settings import Settings

HOSPITAL = """
[[client]]
name = "general hospital"
fhir_servers = ["https://fhir.hospital.example/r4/", "https://backup.hospital.example/r4"]
profile = "oracle"
fhir_deadline_seconds = 0.5
patient_search = "reference"
links = ["https://pathways.hospital.example/als"]

[[client]]
name = "clinic"
fhir_servers = ["https://clinic.example"]
"""


def read(folder: Path, text: str) -> Any:
    file = folder / "clients.toml"
    file.write_text(text, encoding="utf-8")
    return read_clients(Settings(clients=str(file)))


def request(server: str | None = None, **more: Any) -> HookRequest:
    body = {
        "hook": "patient-view",
        "hookInstance": "x",
        "context": {"userId": "Practitioner/1", "patientId": "7"},
        **({"fhirServer": server} if server else {}),
        **more,
    }
    return parse(json.dumps(body).encode(), "patient-view")


@pytest.mark.parametrize(
    "server",
    [
        "https://fhir.hospital.example/r4",
        "https://fhir.hospital.example/r4/",
        "https://backup.hospital.example/r4",
    ],
)
def test_a_client_is_known_by_its_fhir_server(tmp_path: Path, server: str) -> None:
    clients = read(tmp_path, HOSPITAL)
    asked = request(server, fhirAuthorization={"access_token": "t"})
    access = clients.access(asked)
    assert (access.server, access.token, access.patient_id) == (server.rstrip("/"), "t", "7")
    assert (access.deadline, access.patient_search) == (0.5, "reference")
    assert clients.profile(asked) == "oracle"
    assert clients.of(asked).links == ("https://pathways.hospital.example/als",)


def test_what_an_entry_leaves_out_is_as_for_everybody(tmp_path: Path) -> None:
    clients = read(tmp_path, HOSPITAL)
    access = clients.access(request("https://clinic.example"))
    assert (access.deadline, access.patient_search) == (Settings().fhir_deadline_seconds, None)
    assert clients.profile(request("https://clinic.example")) == "generic"


@pytest.mark.parametrize("server", [None, "https://elsewhere.example", "https://clinic.example/r4"])
def test_a_client_that_no_entry_names_is_served_all_the_same(
    tmp_path: Path, server: str | None
) -> None:
    clients = read(tmp_path, HOSPITAL)
    assert clients.of(request(server)) is None
    assert clients.profile(request(server)) == "generic"
    assert clients.access(request(server)).deadline == Settings().fhir_deadline_seconds


def test_without_a_file_every_client_is_a_generic_one() -> None:
    assert read_clients(Settings()).by_server == {}


def test_a_profile_is_detected_unless_it_is_configured(tmp_path: Path) -> None:
    clients = read(tmp_path, HOSPITAL)
    extension = {"com.epic.cdshooks.request.bpa-trigger-action": "23"}
    assert clients.profile(request(extension=extension)) == "epic"
    assert clients.profile(request("https://clinic.example", extension=extension)) == "epic"
    hospital = request("https://fhir.hospital.example/r4", extension=extension)
    assert clients.profile(hospital) == "oracle"


WRONG = {
    "no TOML": ("[[client]", "clients.toml"),
    "an unknown field": (HOSPITAL + "colour = 1\n", "colour"),
    "no server": ('[[client]]\nname = "a"\nfhir_servers = []\n', "fhir_servers"),
    "no name": ('[[client]]\nfhir_servers = ["https://a.example"]\n', "name"),
    "an unknown profile": (HOSPITAL + 'profile = "other"\n', "clinic: profile other is none of"),
    "an unknown search": (HOSPITAL + 'patient_search = "name"\n', "patient_search"),
    "a deadline of none": (HOSPITAL + "fhir_deadline_seconds = 0\n", "fhir_deadline_seconds"),
    "a server twice": (
        HOSPITAL + '[[client]]\nname = "b"\nfhir_servers = ["https://clinic.example/"]\n',
        "clients clinic and b share https://clinic.example/",
    ),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG)
def test_a_file_that_does_not_fit_stops_the_start(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ContentError, match=r"clients\.toml") as problem:
        read(tmp_path, text)
    assert said in str(problem.value)


def test_a_file_that_is_not_there_stops_the_start() -> None:
    with pytest.raises(ContentError, match="cannot be read"):
        read_clients(Settings(clients="/nowhere/clients.toml"))
