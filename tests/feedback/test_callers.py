"""Who may say what became of a card: in production the client that it was sent to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from cds_service.app import create_app
from cds_service.settings import Settings
from tests.feedback.support import Clock, Site, overridden
from tests.protocol.support import VIEW, check_outcome, good
from tests.trust.databases import Database
from tests.trust.test_nothing_leaks_in_processes import BASE, production, token

CALL = "/cds-services/als-leukemia-patient-view"
FEEDBACK = f"{CALL}/feedback"


class Hospital(Site):
    """A production service and its one client."""

    def send(self, path: str, body: object, bearer: str | None) -> TestResponse:
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        return self.app.test_client().post(path, json=body, headers=headers)

    def tell_with(self, bearer: str | None, card: str | None = None) -> TestResponse:
        return self.send(FEEDBACK, {"feedback": [overridden(card)]}, bearer)


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[Hospital]:
    app = create_app(Settings(**production(tmp_path)))  # type: ignore[arg-type]
    database = Database(f"sqlite:///{tmp_path}/cds.sqlite3")
    opened = Hospital(app, database, Clock())
    yield opened
    opened.recorder.close()
    opened.late.close()


def token_for(path: str) -> str:
    return token(aud=BASE + path)


def sent_card(hospital: Hospital) -> str:
    request = {**good(VIEW), "fhirServer": None}
    answer = hospital.send(CALL, request, token_for(CALL))
    assert answer.status_code == 200
    hospital.written("cards", 1)
    card: str = answer.json["cards"][0]["uuid"]
    return card


def test_feedback_with_a_token_for_its_own_address_is_kept(hospital: Hospital) -> None:
    card = sent_card(hospital)
    answer = hospital.tell_with(token_for(FEEDBACK), card)
    assert (answer.status_code, answer.json) == (200, {"recorded": 1, "unknownCards": 0})
    assert hospital.rows("outcomes", "card, client") == [(card, "hospital")]
    assert hospital.rows("calls", "client, mode") == [("hospital", "production")]


@pytest.mark.parametrize("path", [CALL, f"{FEEDBACK}/", "/cds-services", ""])
def test_a_token_for_another_address_is_refused(hospital: Hospital, path: str) -> None:
    answer = hospital.tell_with(token_for(path))
    assert answer.status_code == 401
    check_outcome(answer.json)
    assert hospital.rows("outcomes") == []


def test_without_a_token_nothing_is_kept(hospital: Hospital) -> None:
    assert hospital.tell_with(None).status_code == 401
    assert hospital.rows("outcomes") == []


def test_a_token_is_good_for_one_feedback(hospital: Hospital) -> None:
    bearer = token_for(FEEDBACK)
    assert hospital.tell_with(bearer).status_code == 200
    assert hospital.tell_with(bearer).status_code == 401
    assert len(hospital.rows("outcomes")) == 1


def test_whose_card_it_is_nobody_else_learns(hospital: Hospital) -> None:
    """It is recorded as about an unknown card, as one that was never sent."""
    card = sent_card(hospital)
    hospital.database.say("UPDATE calls SET client = 'clinic'")
    answer = hospital.tell_with(token_for(FEEDBACK), card)
    assert answer.json == {"recorded": 1, "unknownCards": 1}


def test_calls_without_a_token_leave_no_rows(hospital: Hospital) -> None:
    """Anybody could fill the database."""
    for _ in range(3):
        assert hospital.send(CALL, good(VIEW), None).status_code == 401
    sent_card(hospital)
    assert hospital.rows("calls", "status") == [(200,)]
