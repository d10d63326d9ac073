"""The least that any service on this server can do: parse the body, return three constant cards.

python -m bench.floor PORT
"""

import sys
from typing import Any

import orjson
from flask import Flask, Response, request

from cds_service.server import serve
from cds_service.settings import Settings

CARD = {
    "uuid": "5b0d2f8e-0c8a-4a39-9d5a-6a3c0f9d0d11",
    "summary": "A summary as long as a card may carry, so that the floor writes as much as a card.",
    "detail": "One line of detail, with a value, its unit and its date.\n" * 25,
    "indicator": "warning",
    "source": {"label": "The floor", "url": "https://example.org", "topic": {"code": "floor"}},
    "suggestions": [{"label": "Order a count", "actions": [{"type": "create", "resource": {}}]}],
}
SERVICES = [
    {
        "hook": "patient-view",
        "id": "floor",
        "prefetch": {
            "patient": "Patient/{{context.patientId}}",
            "conditions": "Condition?patient={{context.patientId}}",
            "labs": "Observation?patient={{context.patientId}}",
            "medications": "MedicationRequest?patient={{context.patientId}}",
        },
    },
    {"hook": "order-select", "id": "floor"},
    {"hook": "order-sign", "id": "floor"},
]


def create_app() -> Flask:
    app = Flask(__name__, static_folder=None)

    @app.get("/cds-services")
    def discover() -> dict[str, Any]:
        return {"services": SERVICES}

    @app.post("/cds-services/<service_id>")
    def call(service_id: str) -> Response:
        orjson.loads(request.get_data(cache=False))
        return Response(orjson.dumps({"cards": [CARD] * 3}), mimetype="application/json")

    return app


if __name__ == "__main__":
    serve("bench.floor:create_app", "127.0.0.1", int(sys.argv[1]), 1, Settings().threads)
