"""The values of a request can be seen, changed, added and taken away, and the rules see it."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta

import pytest

import hooks
from cds_service.bench_values import BIRTH_DATE, Edit, unit_text
from cds_service.errors import InvalidRequest
from cds_service.terminology import Measurement
from tests.bench_page.conftest import Desk
from tests.catalogue import NOW

EMERGENCY = "als-aml-emergency.patient-view"
VALUES = hooks.bench().values


@pytest.mark.parametrize("editable", VALUES, ids=lambda each: each.id)
def test_what_is_offered_is_known_to_the_rules(desk: Desk, editable) -> None:
    codes = [each.codes for each in editable.concept.value_sets()]
    assert any(editable.code in each for each in codes), "the code is of another concept"
    keys = [q.key for s in desk.engine.services.values() for q in s.queries]
    assert any(
        editable.id == c.id
        for s in desk.engine.services.values()
        for q in s.queries
        for c in q.concepts
    ), keys
    if isinstance(editable.concept, Measurement):
        factors = [editable.concept.units.factor(unit) for unit in editable.units if unit]
        assert factors
        assert None not in factors, "a unit that the service does not read"
    else:
        assert set(editable.answers) <= editable.concept.yes | editable.concept.no


def test_the_form_shows_what_the_request_holds(desk: Desk) -> None:
    request = desk.request(EMERGENCY)
    count = desk.field(request, "leukocyte-count")
    assert (count["value"], count["unit"], count["taken"]) == ("187", "10*3/uL", "3 h")
    assert {"code": "10*3/uL", "text": "×10³/µL"} in count["units"]
    assert desk.field(request, "fvc-percent-predicted")["value"] == "44"
    # Sent as a coded answer.
    assert desk.field(request, "ecog-performance-status")["value"] == "3"
    missing = desk.field(request, "g6pd-presence")
    assert (missing["value"], missing["results"], missing["kind"]) == ("", 0, "answer")
    assert desk.field(request, BIRTH_DATE)["value"] == request["prefetch"]["patient"]["birthDate"]


def test_what_cannot_be_read_is_named_in_the_form(desk: Desk) -> None:
    request = desk.request(EMERGENCY)
    result = request["prefetch"]["leukocytes"]["entry"][0]["resource"]
    del result["valueQuantity"]
    result["valueString"] = "very high"
    field = desk.field(request, "leukocyte-count")
    assert field["value"] == ""
    assert field["remark"] == '"very high" sent as free text'


def test_a_lower_count_ends_the_emergency(desk: Desk) -> None:
    request = desk.request(EMERGENCY)
    assert "hyperleukocytosis-emergency" in desk.shown(request)
    edited = desk.changed(request, leukocyte_count=Edit("40", "10*3/uL", "3 h"))
    assert "hyperleukocytosis-emergency" not in desk.shown(edited.request)
    assert edited.changes == ("Leukocytes: 187 ×10³/µL, 3 h ago → 40 ×10³/µL, 3 h ago",)


def test_the_request_given_stays_as_it_is(desk: Desk) -> None:
    request = desk.request(EMERGENCY)
    before = deepcopy(request)
    desk.changed(
        request,
        leukocyte_count=Edit("1", "10*9/L"),
        birth_date=Edit("1950"),
        inr=Edit(None),
        g6pd_presence=Edit("deficient"),
    )
    assert request == before


@pytest.mark.parametrize(
    ("edit", "is_emergency"),
    [
        (Edit("99", "10*9/L", "3 h"), False),
        (Edit("100", "10*9/L", "3 h"), True),
        (Edit("187000", "/uL", "3 h"), True),
        (Edit("40000", "/uL", "3 h"), False),
        (Edit(">500", "10*9/L", "3 h"), True),
        (Edit("187", "10*9/L", "4 d"), False),
        (Edit("187", "", "3 h"), False),
    ],
    ids=str,
)
def test_number_unit_and_time_all_count(desk: Desk, edit: Edit, is_emergency: bool) -> None:
    request = desk.changed(desk.request(EMERGENCY), leukocyte_count=edit).request
    assert ("hyperleukocytosis-emergency" in desk.shown(request)) is is_emergency


def test_an_untouched_time_keeps_its_minutes(desk: Desk) -> None:
    request = desk.request(EMERGENCY)
    time = (NOW - timedelta(hours=3, minutes=20)).isoformat()
    request["prefetch"]["leukocytes"]["entry"][0]["resource"]["effectiveDateTime"] = time
    same = desk.changed(request, leukocyte_count=Edit("150", "10*9/L", "3 h")).request
    assert same["prefetch"]["leukocytes"]["entry"][0]["resource"]["effectiveDateTime"] == time
    moved = desk.changed(request, leukocyte_count=Edit("150", "10*9/L", "5 h")).request
    assert moved["prefetch"]["leukocytes"]["entry"][0]["resource"]["effectiveDateTime"] != time
    assert desk.field(moved, "leukocyte-count")["taken"] == "5 h"


def test_a_value_that_was_not_there_is_added_where_the_service_asks_for_it(desk: Desk) -> None:
    request = desk.request(EMERGENCY)
    edited = desk.changed(request, g6pd_presence=Edit("deficient"))
    assert edited.changes == ("G6PD screen: deficient, now added",)
    assert desk.field(edited.request, "g6pd-presence")["value"] == "deficient"
    bundle = edited.request["prefetch"]["molecular"]
    assert bundle["total"] == len(bundle["entry"])
    assert bundle["entry"][0]["resource"]["subject"]["reference"] == "Patient/als-aml-emergency"


@pytest.mark.parametrize("held", [None, {"resourceType": "OperationOutcome"}, {"entry": None}])
def test_a_value_is_added_also_where_the_key_was_not_answered(desk: Desk, held) -> None:
    request = desk.request(EMERGENCY)
    request["prefetch"]["leukocytes"] = held
    edited = desk.changed(request, leukocyte_count=Edit("187", "10*9/L", "1 h"))
    assert "hyperleukocytosis-emergency" in desk.shown(edited.request)


def test_taking_a_value_away_takes_every_result_away(desk: Desk) -> None:
    request = desk.request("aml-count-falling.patient-view")
    count = desk.field(request, "leukocyte-count")["results"]
    assert count > 1
    edited = desk.changed(request, leukocyte_count=Edit(None))
    assert edited.changes == (f"Leukocytes: {count} results removed",)
    assert desk.field(edited.request, "leukocyte-count")["results"] == 0
    assert "entry" not in edited.request["prefetch"]["leukocytes"], "FHIR allows no empty arrays"
    assert edited.request["prefetch"]["leukocytes"]["total"] == 0


def test_the_newest_result_is_the_one_that_is_changed(desk: Desk) -> None:
    request = desk.request("aml-count-falling.patient-view")
    request["prefetch"]["leukocytes"]["entry"].sort(
        key=lambda entry: entry["resource"]["valueQuantity"]["value"], reverse=True
    )
    assert desk.field(request, "leukocyte-count")["value"] == "42"
    edited = desk.changed(request, leukocyte_count=Edit("120", "10*9/L", "1 h"))
    assert desk.field(edited.request, "leukocyte-count")["value"] == "120"
    assert "hyperleukocytosis-emergency" in desk.shown(edited.request)


def test_a_record_under_several_keys_is_changed_under_all(desk: Desk) -> None:
    request = desk.request(EMERGENCY)
    request["prefetch"]["labs"]["entry"] += deepcopy(request["prefetch"]["leukocytes"]["entry"])
    assert desk.field(request, "leukocyte-count")["results"] == 1
    edited = desk.changed(request, leukocyte_count=Edit("40", "10*9/L", "3 h")).request
    assert "hyperleukocytosis-emergency" not in desk.shown(edited)
    fact = desk.field(edited, "leukocyte-count")
    assert (fact["value"], fact["results"]) == ("40", 1)


def test_a_result_within_a_panel_is_changed_in_place(desk: Desk) -> None:
    request = desk.request(EMERGENCY)
    entry = request["prefetch"]["leukocytes"]["entry"][0]
    result = entry["resource"]
    entry["resource"] = {
        **{key: value for key, value in result.items() if key not in ("code", "valueQuantity")},
        "code": {"text": "Blood count"},
        "component": [{"code": result["code"], "valueQuantity": result["valueQuantity"]}],
    }
    assert desk.field(request, "leukocyte-count")["value"] == "187"
    edited = desk.changed(request, leukocyte_count=Edit("40", "10*9/L", "3 h")).request
    panel = edited["prefetch"]["leukocytes"]["entry"][0]["resource"]
    assert panel["component"][0]["valueQuantity"]["value"] == 40
    assert "valueQuantity" not in panel
    gone = desk.changed(request, leukocyte_count=Edit(None)).request
    assert desk.field(gone, "leukocyte-count")["results"] == 0


def test_what_was_entered_in_error_is_not_the_value(desk: Desk) -> None:
    request = desk.request(EMERGENCY)
    request["prefetch"]["leukocytes"]["entry"][0]["resource"]["status"] = "entered-in-error"
    assert desk.field(request, "leukocyte-count")["results"] == 0


def test_entering_the_same_changes_nothing(desk: Desk) -> None:
    edited = desk.changed(desk.request(EMERGENCY), leukocyte_count=Edit("187", "10*3/uL", "3 h"))
    assert edited.changes == ()


def test_the_birth_date_can_be_changed(desk: Desk) -> None:
    edited = desk.changed(desk.request(EMERGENCY), birth_date=Edit("2012-05"))
    assert edited.request["prefetch"]["patient"]["birthDate"] == "2012-05"
    assert "als-acute-leukemia-goals" not in desk.shown(edited.request)


@pytest.mark.parametrize(
    ("name", "edit", "words"),
    [
        ("leukocyte_count", Edit("many"), "Leukocytes: enter a number"),
        ("leukocyte_count", Edit("1e5", "10*9/L"), "Leukocytes: enter a number"),
        ("leukocyte_count", Edit("40", "10*9/L", "soon"), "Leukocytes: say when it was taken"),
        ("leukocyte_count", Edit("40", "10*9/L", "999999 y"), "Leukocytes: say when it was taken"),
        ("g6pd_presence", Edit(" "), "G6PD screen: choose an answer"),
        ("birth_date", Edit("30.04.1961"), "Birth date: enter a year"),
        ("birth_date", Edit("1961-13"), "Birth date: enter a year"),
        ("shoe_size", Edit("44"), "shoe-size: is no value"),
    ],
)
def test_what_cannot_be_entered_is_said_in_words(
    desk: Desk, name: str, edit: Edit, words: str
) -> None:
    with pytest.raises(InvalidRequest, match=words):
        desk.changed(desk.request(EMERGENCY), **{name: edit})


@pytest.mark.parametrize(
    "prefetch", [None, [], {}, {"labs": 7, "body": {"entry": [None, {"resource": 3}]}}]
)
def test_a_request_of_whatever_shape_has_a_form(desk: Desk, prefetch) -> None:
    request = {"hook": "patient-view", "prefetch": prefetch, "context": {"patientId": "x"}}
    assert desk.field(request, "leukocyte-count")["results"] == 0
    edited = desk.changed(request, leukocyte_count=Edit("5", "10*9/L"))
    assert desk.field(edited.request, "leukocyte-count")["value"] == "5"


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("10*3/uL", "×10³/µL"),
        ("10*9/L", "×10⁹/L"),
        ("umol/L", "µmol/L"),
        ("", "no unit"),
        ("[lb_av]", "lb"),
    ],
)
def test_units_are_written_as_people_do(unit: str, text: str) -> None:
    assert unit_text(unit) == text
