"""What a search of the demo endpoint finds, with made-up resources: every parameter, every refusal.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cds_service.demo_fhir import DemoRequest, DemoServer
from cds_service.demo_search import MAX_COUNT, MAX_PARAMETERS, DemoRefusal

BASE = "http://service.example/demo/fhir"
NOW = datetime(2026, 11, 21, 12, 34, 56, tzinfo=UTC)


def concept(*codings: tuple[str, str]) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code} for system, code in codings]}


def observation(name: str, time: str, code: tuple[str, str], **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "category": [concept(("urn:categories", "laboratory"))],
        "code": concept(code),
        "subject": {"reference": "Patient/anna"},
        "effectiveDateTime": time,
        **more,
    }


RESOURCES: list[dict[str, Any]] = [
    {
        "resourceType": "Patient",
        "id": "anna",
        "name": [{"given": ["Anna", "Maria"], "family": "Example"}],
        "gender": "female",
    },
    {"resourceType": "Patient", "id": "bert", "gender": "male", "name": [{"text": "Old Bert"}]},
    observation("third", "2026-01-15T05:30:00Z", ("urn:a", "1")),
    observation("first", "2026-01-15T05:30:00-05:00", ("urn:a", "2")),
    observation("second", "2026-01-15T09:00:00+01:00", ("urn:b", "1"), status="amended"),
    observation("odd", "2026-01-14", ("urn:odd|system", "a,b")),
    observation("undated", "", ("urn:a", "3"), encounter={"reference": "Encounter/e"}),
    observation("berts", "2026-01-13", ("urn:a", "1"), subject={"reference": "Patient/bert"}),
    {
        "resourceType": "Encounter",
        "id": "e",
        "status": "in-progress",
        "class": {"system": "urn:classes", "code": "IMP"},
        "subject": {"reference": "Patient/anna"},
    },
    *(
        {
            "resourceType": "MedicationRequest",
            "id": f"order-{number}",
            "status": status,
            "intent": "order",
            "subject": {"reference": "Patient/anna"},
            "medicationReference": {"reference": reference},
        }
        for number, (status, reference) in enumerate(
            [
                ("active", "Medication/drug"),
                ("stopped", f"{BASE}/Medication/drug"),
                ("draft", "Medication/not-here"),
                ("on-hold", "https://elsewhere.example/fhir/Medication/drug"),
            ]
        )
    ),
    {"resourceType": "Medication", "id": "drug", "code": concept(("urn:drugs", "d"))},
    {
        "resourceType": "FamilyMemberHistory",
        "id": "mother",
        "status": "completed",
        "patient": {"reference": "Patient/anna"},
    },
]
SERVER = DemoServer(lambda as_of: RESOURCES, "made up")


def search(kind: str, *pairs: tuple[str, str], strict: bool = False) -> dict[str, Any]:
    return SERVER.answer(DemoRequest("GET", kind, BASE, pairs, strict), NOW)


def ids(bundle: dict[str, Any], mode: str = "match") -> list[str]:
    entries = bundle.get("entry", ())
    return [each["resource"]["id"] for each in entries if each["search"]["mode"] == mode]


# --- What is found --------------------------------------------------------------------------------

ANNAS = ["third", "first", "second", "odd", "undated"]


@pytest.mark.parametrize(
    ("kind", "name", "value", "found"),
    [
        ("Patient", "_id", "bert", ["bert"]),
        ("Patient", "_id", "bert,anna,nobody", ["anna", "bert"]),
        ("Patient", "name", "maria", ["anna"]),
        ("Patient", "name", "exam", ["anna"]),
        ("Patient", "name", "OLD", ["bert"]),
        ("Patient", "family", "Anna", []),
        ("Patient", "given", "Anna,Bert", ["anna"]),
        ("Patient", "gender", "male", ["bert"]),
        ("Observation", "patient", "anna", ANNAS),
        ("Observation", "patient", "Patient/anna", ANNAS),
        ("Observation", "patient", f"{BASE}/Patient/anna", ANNAS),
        ("Observation", "subject", "Patient/bert", ["berts"]),
        ("Observation", "subject", "bert,anna", [*ANNAS, "berts"]),
        ("Observation", "patient", "ann", []),
        ("Observation", "patient", "https://elsewhere.example/Patient/anna", []),
        ("Observation", "patient", "Group/anna", []),
        ("Observation", "encounter", "e", ["undated"]),
        ("Observation", "code", "1", ["third", "second", "berts"]),
        ("Observation", "code", "urn:a|1", ["third", "berts"]),
        ("Observation", "code", "urn:a|1,urn:b|1", ["third", "second", "berts"]),
        ("Observation", "code", "urn:a|", ["third", "first", "undated", "berts"]),
        ("Observation", "code", "|1", []),
        ("Observation", "code", "urn:b|2", []),
        ("Observation", "code", r"urn:odd\|system|a\,b", ["odd"]),
        ("Observation", "status", "final,amended", [*ANNAS, "berts"]),
        ("Observation", "status", "amended", ["second"]),
        ("Observation", "category", "urn:categories|laboratory", [*ANNAS, "berts"]),
        ("Observation", "category", "vital-signs", []),
        ("Encounter", "class", "urn:classes|IMP", ["e"]),
        ("Encounter", "class", "urn:others|IMP", []),
        ("MedicationRequest", "status", "active,on-hold", ["order-0", "order-3"]),
        ("MedicationRequest", "medication", "drug", ["order-0", "order-1"]),
        ("Medication", "code", "d", ["drug"]),
        ("FamilyMemberHistory", "patient", "anna", ["mother"]),
    ],
)
def test_a_parameter_finds_what_it_means(
    kind: str, name: str, value: str, found: list[str]
) -> None:
    bundle = search(kind, (name, value))
    assert (ids(bundle), bundle["total"]) == (found, len(found))
    assert ("entry" in bundle) == bool(found), "FHIR knows no empty lists"


def test_all_parameters_have_to_be_met_and_a_repeated_one_each_time() -> None:
    patient = ("patient", "anna")
    assert ids(search("Observation", patient, ("code", "1"), ("status", "final"))) == ["third"]
    assert ids(search("Observation", ("code", "1,2"), ("code", "2,3"), patient)) == ["first"]


def test_times_are_sorted_as_instants_and_what_has_none_is_oldest() -> None:
    rising = ["undated", "odd", "third", "second", "first"]
    patient = ("patient", "anna")
    assert ids(search("Observation", patient, ("_sort", "date"))) == rising
    assert ids(search("Observation", patient, ("_sort", "-date"))) == rising[::-1]
    assert ids(search("Observation", patient, ("_sort", "-_id"))) == sorted(rising, reverse=True)


def test_what_is_included_stands_beside_the_matches_once() -> None:
    include = ("_include", "MedicationRequest:medication")
    bundle = search("MedicationRequest", include)
    assert ids(bundle, "include") == ["drug"]
    assert (len(ids(bundle)), bundle["total"]) == (4, 4)
    # A drug on another server under the same id is another drug.
    assert ids(search("MedicationRequest", include, ("status", "on-hold")), "include") == []
    targeted = ("_include", "MedicationRequest:medication:Medication")
    assert ids(search("MedicationRequest", targeted, ("_count", "1")), "include") == ["drug"]
    assert ids(search("Observation", ("_include", "Observation:patient")), "include") == [
        "anna",
        "bert",
    ]


# --- Pages ----------------------------------------------------------------------------------------


def links(bundle: dict[str, Any]) -> dict[str, str]:
    return {link["relation"]: link["url"] for link in bundle["link"]}


def test_pages_lead_through_everything_once_in_order() -> None:
    asked = [("patient", "anna"), ("_sort", "-date"), ("_count", "2")]
    whole = ids(search("Observation", *asked[:2]))
    seen, offset, pages = [], "0", 0
    while offset:
        bundle = search("Observation", *asked, ("_offset", offset))
        assert bundle["total"] == 5
        seen += ids(bundle)
        pages += 1
        following = links(bundle).get("next", "")
        offset = following.rpartition("_offset=")[2]
    assert (seen, pages) == (whole, 3)
    assert links(bundle)["previous"].endswith("_count=2&_offset=2")
    assert links(bundle)["self"].startswith(f"{BASE}/Observation?patient=anna&_sort=-date")


def test_a_page_that_ends_with_the_last_match_has_no_next() -> None:
    assert "next" not in links(search("Observation", ("patient", "anna"), ("_count", "5")))


def test_a_page_beyond_the_end_is_empty() -> None:
    bundle = search("Observation", ("_offset", "999"))
    assert (ids(bundle), bundle["total"], "next" in links(bundle)) == ([], 6, False)


@pytest.mark.parametrize("asked", [("_summary", "count"), ("_count", "0")])
def test_the_number_alone_can_be_asked_for(asked: tuple[str, str]) -> None:
    bundle = search("Observation", ("patient", "anna"), asked)
    assert bundle["total"] == 5
    assert "entry" not in bundle
    assert [*links(bundle)] == ["self"]


def test_a_page_has_an_upper_limit_whatever_is_asked_for() -> None:
    many = [observation(str(n), "2026-01-15", ("urn:a", "1")) for n in range(MAX_COUNT + 1)]
    server = DemoServer(lambda as_of: many, "many")
    request = DemoRequest("GET", "Observation", BASE, [("_count", "999999999")])
    bundle = server.answer(request, NOW)
    assert (len(ids(bundle)), bundle["total"]) == (MAX_COUNT, MAX_COUNT + 1)
    assert links(bundle)["next"].endswith(f"_offset={MAX_COUNT}")


# --- What is not understood -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("Observation", "code:not", "urn:a|1"),
        ("Observation", "code:in", "http://example.org/set"),
        ("Observation", "patient:Patient", "anna"),
        ("Observation", "patient.name", "Anna"),
        ("Observation", "_has:Observation:patient:code", "1"),
        ("Observation", "patient", ""),
        ("Observation", "patient", " "),
        ("Observation", "code", ",,"),
        ("Observation", "_sort", "code"),
        ("Observation", "_sort", "-date,value"),
        ("Observation", "_count", "-1"),
        ("Observation", "_count", "ten"),
        ("Observation", "_count", "9" * 5000),
        ("Observation", "_count", "\u0661"),
        ("Observation", "_offset", "1.5"),
        ("Observation", "_total", "some"),
        ("Observation", "_summary", "true"),
        ("Observation", "_include", "*"),
        ("Observation", "_include", "Observation:code"),
        ("Observation", "_include", "MedicationRequest:medication"),
        ("Observation", "_include", "Observation:patient:Group"),
        ("Observation", "_include:iterate", "Observation:patient"),
    ],
)
def test_what_would_find_too_much_or_too_little_is_refused(
    kind: str, name: str, value: str
) -> None:
    with pytest.raises(DemoRefusal) as refusal:
        search(kind, (name, value))
    assert (refusal.value.status, refusal.value.code) in {(400, "invalid"), (400, "not-supported")}


def test_a_parameter_that_is_not_known_is_passed_over_and_named() -> None:
    bundle = search("Observation", ("patient", "anna"), ("value-quantity", "gt100"))
    assert ids(bundle) == ANNAS
    [outcome] = [e["resource"] for e in bundle["entry"] if e["search"]["mode"] == "outcome"]
    [issue] = outcome["issue"]
    assert (issue["severity"], issue["code"]) == ("warning", "not-supported")
    assert "value-quantity" in issue["diagnostics"]
    assert bundle["total"] == 5, "an outcome is no match"
    assert "value-quantity" not in links(bundle)["self"], "self says what was understood"


def test_it_is_refused_where_the_client_asks_for_that() -> None:
    with pytest.raises(DemoRefusal, match="value-quantity") as refusal:
        search("Observation", ("value-quantity", "gt100"), strict=True)
    assert refusal.value.status == 400
    assert ids(search("Patient", ("_id", "bert"), ("_format", "json"), strict=True)) == ["bert"]


def test_there_may_not_be_endlessly_many_parameters() -> None:
    with pytest.raises(DemoRefusal):
        search("Observation", *[("code", "1")] * (MAX_PARAMETERS + 1))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "Patient/nobody", 404),
        ("GET", "Medication/anna", 404),
        ("GET", "Procedure", 404),
        ("GET", "Procedure/anna", 404),
        ("GET", "", 404),
        ("GET", "Patient/anna/_history", 404),
        ("GET", "Patient/anna/$everything", 404),
        ("GET", "metadata/more", 404),
        ("POST", "Patient", 405),
        ("POST", "", 405),
        ("POST", "Patient/anna", 405),
        ("POST", "Procedure/_search", 404),
        ("PUT", "Patient/anna", 405),
        ("PATCH", "Patient/anna", 405),
        ("DELETE", "Patient/anna", 405),
    ],
)
def test_everything_else_is_refused(method: str, path: str, status: int) -> None:
    with pytest.raises(DemoRefusal) as refusal:
        SERVER.answer(DemoRequest(method, path, BASE), NOW)
    assert refusal.value.status == status


# --- Time -----------------------------------------------------------------------------------------


def test_dates_move_by_the_hour_and_stand_still_in_between() -> None:
    asked: list[datetime] = []
    server = DemoServer(lambda as_of: asked.append(as_of) or RESOURCES, "moving")
    request = DemoRequest("GET", "Patient/anna", BASE)
    for minute in (0, 30, 59):
        server.answer(request, NOW.replace(minute=minute))
    assert asked == [datetime(2026, 11, 21, 12, tzinfo=UTC)]
    server.answer(request, NOW.replace(hour=13, minute=0))
    assert asked[1:] == [datetime(2026, 11, 21, 13, tzinfo=UTC)]
