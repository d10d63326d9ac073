"""The file that describes the calling EHRs, and what of it decides a request."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cds_service.clients import profile_of, read_clients
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
    client = clients.of(asked)
    access = clients.access(asked, client)
    assert (access.server, access.token, access.patient_id) == (server.rstrip("/"), "t", "7")
    assert (access.deadline, access.patient_search) == (0.5, "reference")
    assert profile_of(asked, client) == "oracle"
    assert client.links == ("https://pathways.hospital.example/als",)


def test_what_an_entry_leaves_out_is_as_for_everybody(tmp_path: Path) -> None:
    clients = read(tmp_path, HOSPITAL)
    asked = request("https://clinic.example")
    access = clients.access(asked, clients.of(asked))
    assert (access.deadline, access.patient_search) == (Settings().fhir_deadline_seconds, None)
    assert profile_of(asked, clients.of(asked)) == "generic"


@pytest.mark.parametrize("server", ["https://elsewhere.example", "https://clinic.example/r4"])
def test_a_client_that_no_entry_names_is_served_all_the_same(tmp_path: Path, server: str) -> None:
    clients = read(tmp_path, HOSPITAL)
    assert clients.of(request(server)) is None
    assert profile_of(request(server), None) == "generic"
    assert clients.access(request(server), None).deadline == Settings().fhir_deadline_seconds


def test_without_a_fhir_server_there_is_nothing_to_read(tmp_path: Path) -> None:
    clients = read(tmp_path, HOSPITAL)
    assert clients.of(request()) is None
    assert clients.access(request(), None) is None


def test_who_a_client_has_shown_to_be_counts_before_the_server_it_names(tmp_path: Path) -> None:
    clients = read(tmp_path, HOSPITAL)
    hospital, clinic = clients.clients
    assert clients.of(request("https://clinic.example"), hospital) is hospital
    assert clients.of(request(), clinic) is clinic


@pytest.mark.parametrize(
    ("server", "is_read"),
    [
        ("https://clinic.example", True),
        ("https://clinic.example/", True),
        ("https://clinic.example/r4", False),
        ("https://clinic.example.evil.example", False),
        ("https://fhir.hospital.example/r4", False),
        ("http://clinic.example", False),
    ],
)
def test_production_reads_the_registered_servers_of_the_caller_alone(
    tmp_path: Path, server: str, is_read: bool
) -> None:
    clients = replace(read(tmp_path, HOSPITAL), only_known=True)
    clinic = clients.clients[1]
    assert (clients.access(request(server), clinic) is not None) is is_read
    assert clients.access(request(server), None) is None


def test_without_a_file_every_client_is_a_generic_one() -> None:
    assert read_clients(Settings()).clients == ()


def test_a_profile_is_detected_unless_it_is_configured(tmp_path: Path) -> None:
    clients = read(tmp_path, HOSPITAL)
    extension = {"com.epic.cdshooks.request.bpa-trigger-action": "23"}
    hospital, clinic = clients.clients
    assert profile_of(request(extension=extension), None) == "epic"
    assert profile_of(request(extension=extension), clinic) == "epic"
    assert profile_of(request(extension=extension), hospital) == "oracle"


WRONG = {
    "no TOML": ("[[client]", "clients.toml"),
    "an unknown field": (HOSPITAL + "colour = 1\n", "colour"),
    "no server": ('[[client]]\nname = "a"\nfhir_servers = []\n', "fhir_servers"),
    "no name": ('[[client]]\nfhir_servers = ["https://a.example"]\n', "name"),
    "an unknown profile": (HOSPITAL + 'profile = "other"\n', "clinic: profile other is none of"),
    "an unknown search": (HOSPITAL + 'patient_search = "name"\n', "patient_search"),
    "a deadline of none": (HOSPITAL + "fhir_deadline_seconds = 0\n", "fhir_deadline_seconds"),
    "a name twice": (
        HOSPITAL + '[[client]]\nname = "clinic"\nfhir_servers = ["https://c.example/"]\n',
        "share the name clinic",
    ),
    "an issuer twice": (
        'issuer = "https://i.example"\n'.join(HOSPITAL.split("profile", 1)[:1])
        + 'issuer = "https://i.example"\n[[client]]\nname = "b"\n'
        + 'fhir_servers = ["https://b.example"]\nissuer = "https://i.example"\n',
        "general hospital and b share the issuer https://i.example",
    ),
    "a server twice": (
        HOSPITAL + '[[client]]\nname = "b"\nfhir_servers = ["https://clinic.example/"]\n',
        "clients clinic and b share https://clinic.example",
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
