"""Settings are read once, from CDS_* variables; what does not fit stops the start by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cds_service.errors import ContentError
from cds_service.settings import Settings, read_settings


def test_defaults_are_a_sandbox_on_this_machine() -> None:
    assert read_settings({}) == Settings()
    assert (Settings().host, Settings().port, Settings().mode) == ("127.0.0.1", 8080, "sandbox")
    assert Settings().content == "hooks"


GIVEN: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "host and port": ({"CDS_HOST": "::1", "CDS_PORT": "9000"}, {"host": "::1", "port": 9000}),
    "names that platforms set": (
        {"HOST": "0.0.0.0", "PORT": "80"},
        {"host": "0.0.0.0", "port": 80},
    ),
    "our names first": ({"CDS_PORT": "9000", "PORT": "80"}, {"port": 9000}),
    "any port": ({"CDS_PORT": "0"}, {"port": 0}),
    "empty means default": ({"CDS_PORT": "", "CDS_HOST": "", "PORT": ""}, {}),
    "a fraction of a second": (
        {"CDS_FHIR_DEADLINE_SECONDS": "0.5"},
        {"fhir_deadline_seconds": 0.5},
    ),
    "other content": ({"CDS_CONTENT": "other"}, {"content": "other"}),
    "other people's variables": ({"PATH": "/bin", "MODE": "production", "THREADS": "x"}, {}),
}


@pytest.mark.parametrize(("environment", "fields"), GIVEN.values(), ids=GIVEN)
def test_what_the_environment_sets(environment: dict[str, str], fields: dict[str, Any]) -> None:
    assert read_settings(environment) == Settings(**fields)


REFUSED = {
    "a port that is no number": ({"CDS_PORT": "http"}, "CDS_PORT does not fit"),
    "a port too high": ({"CDS_PORT": "65536"}, "CDS_PORT does not fit"),
    "a port below zero": ({"PORT": "-1"}, "CDS_PORT does not fit"),
    "no worker": ({"CDS_WORKERS": "0"}, "CDS_WORKERS does not fit"),
    "too many threads": ({"CDS_THREADS": "257"}, "CDS_THREADS does not fit"),
    "no body": ({"CDS_MAX_BODY_BYTES": "1023"}, "CDS_MAX_BODY_BYTES does not fit"),
    "no time": ({"CDS_FHIR_DEADLINE_SECONDS": "0"}, "CDS_FHIR_DEADLINE_SECONDS does not fit"),
    "time without end": (
        {"CDS_FHIR_DEADLINE_SECONDS": "inf"},
        "CDS_FHIR_DEADLINE_SECONDS does not fit",
    ),
    "time that is no number": (
        {"CDS_FHIR_DEADLINE_SECONDS": "nan"},
        "CDS_FHIR_DEADLINE_SECONDS does not fit",
    ),
    "a mode that was never filled in": ({"CDS_MODE": ""}, "CDS_MODE is empty"),
    "a file of the mode that holds none": ({"CDS_MODE_FILE": "/dev/null"}, "CDS_MODE is empty"),
    "a mode there is not": ({"CDS_MODE": "test"}, "CDS_MODE does not fit"),
    "a misspelled name": ({"CDS_PROT": "80"}, "CDS_PROT is no setting of this service"),
    "the name in lower case": ({"CDS_port": "80"}, "CDS_port is no setting of this service"),
    "a file that is not there": (
        {"CDS_STORE_FILE": "/nowhere/store"},
        "CDS_STORE_FILE: the file /nowhere/store cannot be read",
    ),
}


@pytest.mark.parametrize(("environment", "named"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_is_named(environment: dict[str, str], named: str) -> None:
    with pytest.raises(ContentError) as refused:
        read_settings(environment)
    assert named in str(refused.value)


def test_a_setting_may_stand_in_a_file(tmp_path: Path) -> None:
    """Secrets then need not stand in the environment, which child processes inherit."""
    secret = tmp_path / "store"
    secret.write_text("sqlite:///here.sqlite3\n", encoding="utf-8")
    given = {"CDS_STORE_FILE": str(secret)}
    assert read_settings(given).store == "sqlite:///here.sqlite3"
    assert read_settings({**given, "CDS_STORE": "sqlite:///there"}).store == "sqlite:///there"


def test_every_misspelled_name_is_named_at_once() -> None:
    with pytest.raises(ContentError) as refused:
        read_settings({"CDS_A": "1", "CDS_B": "2"})
    assert len(refused.value.problems) == 2


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_PORT", "9001")
    assert read_settings().port == 9001
