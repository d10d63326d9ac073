"""Feedback made from the service's own description: https://schemathesis.io"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig

from cds_service.openapi import document
from cds_service.settings import Settings
from hooks import SERVICES
from tests.described import EXAMPLES
from tests.protocol.support import application

FOLDER = tempfile.TemporaryDirectory()
STORE = f"sqlite:///{FOLDER.name}/cds.sqlite3"
CONFIG = SchemathesisConfig.from_dict(
    {
        "seed": 1,
        "checks": {
            # 400: a day that no calendar has.
            "positive_data_acceptance": {"expected-statuses": ["200", "400"]},
            "negative_data_rejection": {"expected-statuses": ["400", "404", "415"]},
        },
    }
)
described = document(SERVICES, Settings(store=STORE))
described["paths"] = {path: each for path, each in described["paths"].items() if "feedback" in path}
schema = schemathesis.openapi.from_dict(described, config=CONFIG)
schema.app = application(store=STORE)


@pytest.fixture(scope="module", autouse=True)
def ended() -> Iterator[None]:
    yield
    schema.app.extensions["recorder"].close()
    schema.app.extensions["store"].close()
    FOLDER.cleanup()


@schema.parametrize()
@EXAMPLES
def test_feedback_is_what_its_description_says(case: schemathesis.Case) -> None:
    case.call_and_validate()


def test_every_service_has_a_feedback_endpoint_where_there_is_a_store() -> None:
    assert list(described["paths"]) == [f"/cds-services/{each.id}/feedback" for each in SERVICES]
    assert not any("feedback" in path for path in document(SERVICES, Settings())["paths"])
