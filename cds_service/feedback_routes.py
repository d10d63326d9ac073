"""`POST {base}/cds-services/{id}/feedback`: https://cds-hooks.hl7.org/#feedback

Success is answered when the store has it, and not before: a client that is told so forgets it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec
from flask import Flask, Response

from cds_service import feedback, logs
from cds_service.door import Door
from cds_service.engine import Engine
from cds_service.errors import StoreDown
from cds_service.late_store import LateStore
from cds_service.record import OutcomeRecord
from cds_service.recorder import Recorder
from cds_service.web import caller_of, json_answer, json_body, outcome

WAIT_SECONDS = 2.0
"""For a store that is still being opened."""

NO_STORE = "no feedback is kept here: this service has no store (CDS_STORE)"


def add(
    app: Flask,
    engine: Engine,
    door: Door,
    late: LateStore,
    recorder: Recorder,
    clock: Callable[[], datetime],
) -> None:
    """Adds the feedback endpoint of every service."""
    reasons = feedback.Reasons(engine.override_reasons())

    @app.post("/cds-services/<service_id>/feedback", provide_automatic_options=False)
    def take_feedback(service_id: str) -> Response:
        client = caller_of(door)
        service = engine.service(service_id)
        logs.note(service=service.id)
        if not late.is_configured:
            return outcome(501, "not-supported", [NO_STORE])
        sender = feedback.Sender(service.id, client.name if client is not None else None, clock())
        records = feedback.parse(json_body(feedback.MAX_BYTES), sender, reasons)
        unknown = _kept(late, recorder, records)
        logs.note(count=len(records))
        answer = {"recorded": len(records), "unknownCards": unknown}
        return json_answer(msgspec.json.encode(answer))


def _kept(late: LateStore, recorder: Recorder, records: list[OutcomeRecord]) -> int:
    """How many are about cards not known here. Raises StoreDown where they are not kept."""
    if late.get() is None:
        recorder.hurry()
    store = late.wait(WAIT_SECONDS)
    if store is None:
        raise StoreDown("the store is not open yet, or cannot be opened")
    # Imported here: what speaks to the database is not needed before.
    from cds_service.outcome_store import keep

    unknown = keep(store, records)
    recorder.put_outcomes(records)
    return unknown
