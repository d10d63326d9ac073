"""Requests made from the service's own description: https://schemathesis.io

Every status must be described, every answer must have its schema, what fits must be taken, and what
does not fit must be refused.
"""

from __future__ import annotations

import schemathesis
from schemathesis.config import SchemathesisConfig

from cds_service.openapi import document
from cds_service.settings import Settings
from hooks import SERVICES
from tests.described import EXAMPLES
from tests.protocol.support import application

CONFIG = SchemathesisConfig.from_dict(
    {
        "seed": 1,
        "checks": {
            # Made-up requests hold no patient: that data is lacking is the right answer to them.
            "positive_data_acceptance": {"expected-statuses": ["200", "412"]},
            # 404: a rule that there is not.
            "negative_data_rejection": {"expected-statuses": ["400", "404", "412", "415"]},
        },
    }
)
schema = schemathesis.openapi.from_dict(document(SERVICES, Settings()), config=CONFIG)
schema.app = application()


@schema.parametrize()
@EXAMPLES
def test_the_service_does_what_its_description_says(case: schemathesis.Case) -> None:
    case.call_and_validate()
