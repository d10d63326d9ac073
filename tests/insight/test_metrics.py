"""The counters: what is counted under which names, and that several workers count together."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

import hooks
from cds_service.app import create_app
from cds_service.metrics import FOLDER, Meter, folder
from cds_service.record import UNLISTED, CardSent, Evaluation, OutcomeRecord, Shown
from cds_service.settings import Settings
from tests.insight.counting import RECORD
from tests.protocol.support import NOW, VIEW, good

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER, raising=False)


def counted(text: bytes | str) -> dict[str, float]:
    """Sample with its labels to value, without those that tell when a counter was made."""
    if isinstance(text, bytes):
        text = text.decode()
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if not sample.name.endswith("_created"):
                labels = ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))
                found[f"{sample.name}{{{labels}}}"] = sample.value
    return found


def after(*records: object, losses: Mapping[str, int] | None = None) -> dict[str, float]:
    meter = Meter(lambda: losses or {})
    sink = meter.sink()
    sink.write([each for each in records if not isinstance(each, OutcomeRecord)])
    sink.write_outcomes([each for each in records if isinstance(each, OutcomeRecord)])
    sink.tend()
    return counted(meter.text())


CARD = CardSent("u", "a", "1", "critical")
EVALUATIONS = (
    Evaluation("a", "1", "true", Shown.CARD, "u"),
    Evaluation("b", "1", "true", Shown.LINE, "u"),
    Evaluation("c", "1", "true", Shown.HELD),
    Evaluation("d", "1", "true", Shown.SILENT),
    Evaluation("e", "1", "true", Shown.NO),
    Evaluation("f", "1", "unknown", missing=("weight", "count")),
    Evaluation("g", "1", "unknown", missing=("count",)),
    Evaluation("h", "1", "error"),
)
WHOLE = replace(
    RECORD,
    cards=(CARD,),
    evaluations=EVALUATIONS,
    prefetch=(("labs", "answered"), ("body", "read")),
    callbacks=3,
)


def test_a_call_is_counted_with_all_that_it_leaves_behind() -> None:
    found = after(WHOLE, WHOLE)
    own = {name: value for name, value in found.items() if "_bucket" not in name}
    assert own == pytest.approx(
        {
            "cds_calls_total{hook=patient-view,service=the-service,status=2xx}": 2,
            "cds_call_seconds_count{service=the-service}": 2,
            "cds_call_seconds_sum{service=the-service}": 0.04,
            "cds_cards_total{indicator=critical,rule=a}": 2,
            "cds_rules_applied_total{rule=a,shown=card}": 2,
            "cds_rules_applied_total{rule=b,shown=line}": 2,
            "cds_rules_applied_total{rule=c,shown=held}": 2,
            "cds_rules_applied_total{rule=d,shown=silent}": 2,
            "cds_rule_errors_total{rule=h}": 2,
            "cds_missing_inputs_total{input=count}": 2,
            "cds_missing_inputs_total{input=weight}": 2,
            "cds_prefetch_keys_total{key=labs,service=the-service,state=answered}": 2,
            "cds_prefetch_keys_total{key=body,service=the-service,state=read}": 2,
            "cds_fhir_requests_total{service=the-service}": 6,
        }
    )


def test_time_is_that_of_calls_that_were_answered() -> None:
    refused = replace(RECORD, status=412, milliseconds=1.0)
    found = after(RECORD, refused, replace(RECORD, status=503))
    assert found["cds_call_seconds_count{service=the-service}"] == 1
    assert found["cds_call_seconds_bucket{le=0.01,service=the-service}"] == 0
    assert found["cds_call_seconds_bucket{le=0.025,service=the-service}"] == 1
    statuses = {name[-4:-1]: value for name, value in found.items() if "calls_total" in name}
    assert statuses == {"2xx": 1, "4xx": 1, "5xx": 1}


def test_answers_and_losses_are_counted() -> None:
    answer = OutcomeRecord("u", "the-service", "hospital", "overridden", NOW, NOW, UNLISTED)
    found = after(answer, answer, losses={"store": 7, "queue": 2})
    assert found == {
        "cds_feedback_total{outcome=overridden,service=the-service}": 2,
        "cds_records_lost_total{sink=store}": 7,
        "cds_records_lost_total{sink=queue}": 2,
    }


def test_what_was_lost_counts_once() -> None:
    losses = {"store": 2}
    meter = Meter(lambda: losses)
    sink = meter.sink()
    sink.tend()
    sink.tend()
    losses["store"] = 5
    sink.tend()
    assert counted(meter.text()) == {"cds_records_lost_total{sink=store}": 5}


def test_no_client_patient_or_user_is_a_label() -> None:
    named = replace(WHOLE, client="the-client", patient="Patient/the-patient", user="the-user")
    names = " ".join(after(named))
    assert not re.search("the-client|the-patient|the-user|hookInstance", names)


# --- In the service -------------------------------------------------------------------------------


def test_the_service_counts_its_calls(tmp_path: Path) -> None:
    app = create_app(Settings(store=f"sqlite:///{tmp_path}/x.sqlite3"), clock=lambda: NOW)
    client = app.test_client()
    assert (
        client.post("/cds-services/als-leukemia-patient-view", json=good(VIEW)).status_code == 200
    )
    client.post("/cds-services/als-leukemia-patient-view", json={})
    client.post("/cds-services/no-such-service", json={})
    app.extensions["recorder"].close()
    answer = client.get("/metrics")
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    found = counted(answer.text)
    calls = {name: value for name, value in found.items() if "calls_total" in name}
    assert calls == {
        "cds_calls_total{hook=patient-view,service=als-leukemia-patient-view,status=2xx}": 1,
        "cds_calls_total{hook=patient-view,service=als-leukemia-patient-view,status=4xx}": 1,
    }
    rules = {rule.id for service in hooks.SERVICES for rule in service.rules()}
    shown = set(re.findall("rule=([a-z-]+)", " ".join(found)))
    assert shown
    assert shown <= rules


def test_the_start_does_not_wait_for_the_library() -> None:
    text = "import cds_service.app, sys; print('prometheus_client' in sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ended.stdout.strip() == "False"


# --- Several workers ------------------------------------------------------------------------------


class Worker:
    """A process that counts calls when it is told to."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def count(self, calls: int) -> float:
        """So many calls more; how many all workers have counted."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{calls}\n")
        self.process.stdin.flush()
        found = counted(self.process.stdout.readline().replace("\\n", "\n"))
        total = "cds_calls_total{hook=patient-view,service=the-service,status=2xx}"
        assert found[total] == found["cds_call_seconds_count{service=the-service}"]
        return found[total]


@contextmanager
def worker(shared: Path) -> Iterator[Worker]:
    command = [sys.executable, "-m", "tests.insight.counting"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, FOLDER: str(shared)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield Worker(process)
        process.kill()


def test_workers_add_up_whichever_is_asked(tmp_path: Path) -> None:
    with worker(tmp_path) as one, worker(tmp_path) as other:
        assert one.count(3) == 3
        assert other.count(4) == 7
        assert one.count(1) == 8


def test_a_worker_that_was_killed_leaves_its_count_and_its_place(tmp_path: Path) -> None:
    with worker(tmp_path) as one:
        one.count(3)
        for calls in range(1, 4):
            with worker(tmp_path) as other:
                assert other.count(1) == 3 + calls
        assert one.count(0) == 6
    files = {path.name for path in tmp_path.iterdir() if path.suffix == ".db"}
    assert files == {f"{kind}_{place}.db" for kind in ("counter", "histogram") for place in (0, 1)}


def test_the_folder_is_there_while_several_serve_and_no_longer() -> None:
    with folder(2):
        shared = Path(os.environ[FOLDER])
        assert shared.is_dir()
        (shared / "counter_0.db").touch()
    assert not shared.exists()
    assert FOLDER not in os.environ


def test_one_worker_needs_no_folder() -> None:
    with folder(1):
        assert FOLDER not in os.environ


def test_a_folder_that_is_named_is_used_and_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    with folder(2):
        assert os.environ[FOLDER] == str(tmp_path)
    assert os.environ[FOLDER] == str(tmp_path)
    assert tmp_path.is_dir()
