"""The fixtures are what they claim to be: valid, current, movable in time, and nobody's data."""

import csv
import json
import re
import runpy
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from pydantic import ValidationError

import fixtures
from fixtures.stories import (
    AT_EXAMPLE_SITE,
    EXPECTED,
    MESSY_DRAFTS,
    MESSY_RECORDS,
    RULES,
    STORIES,
)

ROOT = Path(__file__).resolve().parent.parent
CODES = ROOT.parent / "shared" / "terminology" / "codes.csv"
AS_OF = datetime(2031, 3, 2, 7, 45, 30, tzinfo=UTC)
REQUESTS = [name for story in fixtures.stories() for name in fixtures.requests(story)]
SITE = "http://example-hospital.example/fhir/CodeSystem/local"
SIGNS_OF_LIFE = {"identifier", "telecom", "address", "photo", "contact"}


def moved(value: Any, as_of: datetime = AS_OF) -> Any:
    return fixtures.shift(value, as_of)


def walk(value: Any) -> Iterator[tuple[str, Any]]:
    """Every member of a JSON value, by name, however deep."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield name, item
            yield from walk(item)
    elif isinstance(value, list):
        for item in value:
            yield from walk(item)


def test_files_are_those_the_tool_writes(capsys):
    """README included: a story changed by hand, or templates changed since, fail here."""
    tool = runpy.run_path(str(ROOT / "tools" / "fixtures.py"), run_name="fixtures_tool")
    stale = tool["main"](["--check"])
    assert stale == 0, capsys.readouterr().out


def test_writing_removes_what_no_story_tells_and_leaves_other_folders_alone(tmp_path):
    """The value sets of the example site lie beside the stories and are not generated."""
    tool = runpy.run_path(str(ROOT / "tools" / "fixtures.py"), run_name="fixtures_tool")
    for name in ("site/mrd.json", "patients/gone.json", "requests/gone.patient-view.json"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("{}")
    assert tool["stale"]({}, tmp_path) == ["patients/gone.json", "requests/gone.patient-view.json"]
    tool["write"]({"patients/new.json": "{}"}, tmp_path)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.json")}
    assert left == {"site/mrd.json", "patients/new.json"}


def test_every_story_is_named_and_told_by_requests():
    assert set(fixtures.stories()) == set(STORIES)
    assert {name.split(".")[0] for name in REQUESTS} == set(STORIES)


def test_stories_of_the_example_site_are_the_ones_that_use_its_codes():
    users = {
        story
        for story in fixtures.stories()
        for request in (
            fixtures.patient(story, AS_OF),
            *map(stored_request, fixtures.requests(story)),
        )
        for name, value in walk(request)
        if name == "system" and value == SITE
    }
    assert users == set(AT_EXAMPLE_SITE)


def stored_request(name: str) -> Any:
    return fixtures.request(name, AS_OF)


def test_every_request_has_an_expectation_and_no_other():
    assert set(REQUESTS) == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_expectation_is_consistent(name):
    expected = EXPECTED[name]
    shown = {rule for rule, _ in expected.cards}
    assert shown <= RULES
    assert not shown & set(expected.must_not)
    assert set(expected.must_not) <= RULES
    assert {indicator for _, indicator in expected.cards} <= {"info", "warning", "critical"}
    assert expected.status == 200 or not expected.cards


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_has_a_story_that_shows_it(rule):
    assert any(rule == shown for expected in EXPECTED.values() for shown, _ in expected.cards)


@pytest.mark.parametrize("story", sorted(set(STORIES) - set(MESSY_RECORDS)))
def test_patient_record_is_valid_r4(story):
    record = fixtures.patient(story, AS_OF)
    Bundle.model_validate(record)
    patient = next(e["resource"] for e in record["entry"] if e["resource"]["id"] == story)
    assert patient["resourceType"] == "Patient"
    assert patient["name"][0]["given"]
    assert patient["birthDate"]
    assert patient["gender"]


@pytest.mark.parametrize("story", MESSY_RECORDS)
def test_messy_record_is_not_valid_r4(story):
    with pytest.raises(ValidationError):
        Bundle.model_validate(fixtures.patient(story, AS_OF))


def drafts(name: str) -> Any:
    return fixtures.request(name, AS_OF)["context"].get("draftOrders")


@pytest.mark.parametrize("name", [n for n in REQUESTS if drafts(n) and n not in MESSY_DRAFTS])
def test_draft_orders_are_valid_r4(name):
    Bundle.model_validate(drafts(name))


@pytest.mark.parametrize("name", MESSY_DRAFTS)
def test_messy_draft_orders_are_not_valid_r4(name):
    # A type that R4 does not have, such as DSTU2's MedicationOrder, is a KeyError there.
    with pytest.raises((ValidationError, KeyError)):
        Bundle.model_validate(drafts(name))


@pytest.mark.parametrize("name", REQUESTS)
def test_request_is_complete(name):
    request = fixtures.request(name, AS_OF)
    story, hook = name.split(".")[:2]
    assert request["hook"] == hook
    assert request["context"]["patientId"] == story
    assert request["context"]["userId"]
    if hook == "order-sign":
        assert request["context"]["draftOrders"]["entry"]
    if request["context"].get("draftOrders") and hook == "order-select":
        drafted = {
            f"{entry['resource']['resourceType']}/{entry['resource']['id']}"
            for entry in request["context"]["draftOrders"]["entry"]
        }
        assert request["context"]["selections"]
        assert set(request["context"]["selections"]) <= drafted


def test_each_call_gets_its_own_hook_instance():
    first, second = (fixtures.request("healthy.patient-view", AS_OF) for _ in range(2))
    assert first.pop("hookInstance") != second.pop("hookInstance")
    assert first == second


def test_unknown_names_are_refused_with_a_hint():
    with pytest.raises(LookupError, match=r"fixtures/README\.md"):
        fixtures.patient("nobody", AS_OF)
    with pytest.raises(LookupError, match=r"fixtures/README\.md"):
        fixtures.request("../patients/healthy", AS_OF)


# --- Nobody's data -------------------------------------------------------------------------------


def stored() -> list[Any]:
    paths = [*ROOT.glob("fixtures/patients/*.json"), *ROOT.glob("fixtures/requests/*.json")]
    return [json.loads(path.read_text("utf-8")) for path in paths]


def test_nobody_real_is_described():
    for name, value in walk(stored()):
        assert name not in SIGNS_OF_LIFE
        if name == "family":
            assert value == "Example"
        if isinstance(value, str):
            assert not re.search(r"\d{3}-\d{2}-\d{4}|@|\(\d{3}\)", value), value


def test_addresses_lead_nowhere():
    """Beside code systems, only names reserved for examples: no request can reach a real host."""
    systems = ("hl7.org", "snomed.info", "loinc.org", "nlm.nih.gov", "unitsofmeasure.org")
    systems += ("whocc.no", "ama-assn.org", "cms.gov")
    for _, value in walk(stored()):
        if isinstance(value, str) and (host := re.match(r"https?://([^/]+)", value)):
            assert host[1].endswith((".example", *systems)), value


@pytest.mark.skipif(not CODES.is_file(), reason=f"needs the terminology list {CODES}")
def test_codes_stand_in_the_terminology_list():
    with CODES.open(encoding="utf-8") as lines:
        known = {(row["system"], row["code"]) for row in csv.DictReader(lines)}
    used = {
        (item["system"], item["code"])
        for name, items in walk(stored())
        if name == "coding"
        for item in items
    }
    local = ("https://ehr.example/", SITE)
    unknown = {pair for pair in used - known if not pair[0].startswith(local)}
    assert unknown == set()


# --- Moving in time ------------------------------------------------------------------------------


TIMES = {
    "instant": ("2026-01-15T09:00:00Z", "2026-01-17T10:00:00Z"),
    "offset kept": ("2026-01-15T05:30:00-05:00", "2026-01-17T06:30:00-05:00"),
    "fraction kept": ("2026-01-15T09:00:00.250Z", "2026-01-17T10:00:00.250Z"),
    "no zone": ("2026-01-15T09:00:00", "2026-01-17T10:00:00"),
    "minutes only": ("2026-01-15T09:00Z", "2026-01-17T10:00Z"),
    "date": ("2026-01-15", "2026-01-17"),
    "words": ("recently", "recently"),
    "a dose": ("2000", "2000"),
}


@pytest.mark.parametrize(("stored_time", "expected"), TIMES.values(), ids=TIMES)
def test_shift_keeps_precision_and_zone(stored_time, expected):
    as_of = fixtures.ANCHOR + timedelta(days=2, hours=1)
    assert moved({"valueString": [stored_time]}, as_of) == {"valueString": [expected]}


@pytest.mark.parametrize(
    ("stored_date", "expected"),
    [("1958", "1963"), ("1958-11", "1963-11"), ("1958-11-30", "1963-11-30")],
)
def test_birth_dates_move_by_the_days_that_passed(stored_date, expected):
    as_of = fixtures.ANCHOR.replace(year=2031)
    assert moved({"birthDate": stored_date}, as_of) == {"birthDate": expected}


def test_codes_of_four_digits_are_not_years():
    order = {"coding": [{"code": "3041"}], "authoredOn": "2025"}
    shifted = moved(order, fixtures.ANCHOR.replace(year=2031))
    assert shifted == {"coding": [{"code": "3041"}], "authoredOn": "2030"}


@pytest.mark.parametrize("name", REQUESTS)
def test_shifting_keeps_every_age(name):
    """A result three hours old at the anchor is three hours old whenever it is used."""
    for before, after in zip(times(name, fixtures.ANCHOR), times(name, AS_OF), strict=True):
        assert AS_OF - after == fixtures.ANCHOR - before


def times(name: str, as_of: datetime) -> list[datetime]:
    """Every time with a zone in the request."""
    values = (value for _, value in walk(fixtures.request(name, as_of)))
    texts = (value for value in values if isinstance(value, str) and "T" in value)
    zoned = (text for text in texts if re.fullmatch(r"\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)", text))
    return [datetime.fromisoformat(text) for text in zoned]


def test_dates_move_by_calendar_days_of_utc():
    """Late on the evening before in New York it is already the day in question in UTC."""
    as_of = datetime(2026, 1, 17, 22, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert moved({"onsetDateTime": "2026-01-15"}, as_of) == {"onsetDateTime": "2026-01-18"}


def test_shift_at_the_anchor_changes_nothing():
    for content in stored():
        assert moved(content, fixtures.ANCHOR) == content


def test_shift_refuses_a_time_without_zone():
    with pytest.raises(ValueError, match="time zone"):
        moved({}, AS_OF.replace(tzinfo=None))


# --- Answering prefetch templates ----------------------------------------------------------------


def result(name: str, code: str, time: str, **changed: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": time,
        **changed,
    }


RECORD = {
    "entry": [
        {"resource": resource}
        for resource in (
            {"resourceType": "Patient", "id": "p"},
            result("morning", "6690-2", "2026-01-15T05:30:00-05:00"),
            result("night", "6690-2", "2026-01-15T06:00:00Z"),
            result("date-only", "804-5", "2026-01-14"),
            result("undated", "804-5", "recently"),
            result("not-asked", "777-3", "2026-01-15T06:00:00Z"),
            result(
                "other-patient",
                "6690-2",
                "2026-01-15T06:00:00Z",
                subject={"reference": "Patient/q"},
            ),
        )
    ]
}
OBSERVATIONS = "Observation?patient={{context.patientId}}"
COUNTS = f"{OBSERVATIONS}&code=http://loinc.org|6690-2,804-5"


def found(template: str) -> list[str]:
    page = fixtures.answer_templates({"key": template}, RECORD)["key"]
    assert page["type"] == "searchset"
    return [entry["resource"]["id"] for entry in page.get("entry", ())]


def test_read_is_answered_with_the_resource_or_null():
    templates = {"patient": "Patient/{{context.patientId}}", "gone": "Patient/gone"}
    answers = fixtures.answer_templates(templates, RECORD)
    assert answers == {"patient": {"resourceType": "Patient", "id": "p"}, "gone": None}


SEARCHES = {
    "by code, of this patient": (COUNTS, ["morning", "night", "date-only", "undated"]),
    "newest first, undated last": (
        f"{COUNTS}&_sort=-date",
        ["morning", "night", "date-only", "undated"],
    ),
    "oldest first": (f"{COUNTS}&_sort=date", ["undated", "date-only", "night", "morning"]),
    "newest one": (f"{COUNTS}&_sort=-date&_count=1", ["morning"]),
    "another system": (f"{OBSERVATIONS}&code=http://snomed.info/sct|6690-2", []),
    "another status": (f"{OBSERVATIONS}&status=amended,corrected", []),
    "another type": ("Condition?patient={{context.patientId}}", []),
}


@pytest.mark.parametrize(("template", "expected"), SEARCHES.values(), ids=SEARCHES)
def test_search_is_answered_like_a_fhir_server(template, expected):
    assert found(template) == expected


def test_sorting_needs_no_luck_with_the_order_of_the_record():
    page = fixtures.answer_templates(
        {"key": f"{COUNTS}&_sort=-date"}, {"entry": RECORD["entry"][::-1]}
    )
    ids = [entry["resource"]["id"] for entry in page["key"]["entry"]]
    assert ids == ["morning", "night", "date-only", "undated"]


def test_a_full_page_says_that_there_is_more():
    page = fixtures.answer_templates({"key": f"{COUNTS}&_count=2"}, RECORD)["key"]
    assert page["total"] == 4
    assert [link["relation"] for link in page["link"]] == ["self", "next"]


@pytest.mark.parametrize(
    "template",
    [
        f"{OBSERVATIONS}&value-quantity=gt100",
        f"{OBSERVATIONS}&_sort=status",
        "Observation?patient={{context.encounterId}}",
        "Observation?patient={{today()}}",
    ],
)
def test_what_cannot_be_answered_is_refused(template):
    with pytest.raises(ValueError, match="no answer for"):
        found(template)
