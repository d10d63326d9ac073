"""A worker for test_metrics: counts one call, says what all have counted, and waits for its end."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from cds_service.metrics import Meter
from cds_service.record import CallRecord

RECORD = CallRecord(
    id="1",
    at=datetime(2026, 1, 15, tzinfo=UTC),
    service="the-service",
    hook="patient-view",
    client="hospital",
    mode="production",
    content_version="1",
    status=200,
    milliseconds=20.0,
)

if __name__ == "__main__":
    meter = Meter()
    sink = meter.sink()
    for line in sys.stdin:
        sink.write([RECORD] * int(line))
        sys.stdout.write(meter.text().decode().replace("\n", "\\n") + "\n")
        sys.stdout.flush()
