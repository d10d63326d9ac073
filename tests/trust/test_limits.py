"""How much of what a request may hold: depth, entries, objects, lengths.

Sizes of bodies and headers, slow and many clients: tests/engine/test_server_limits.py.
"""

from __future__ import annotations

import copy
import json
import sys
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from cds_service import code_systems, protocol
from cds_service.errors import InvalidRequest
from cds_service.readers import MAX_DEPTH, MAX_PLAIN_BYTES, decode_any, is_too_deep
from tests.protocol.support import KEYS, ORDER, VIEW, Caller, application, good, without_uuids

Path = tuple[str | int, ...]
SIGN = "aml-g6pd-deficient.order-sign.four-orders"


@pytest.fixture(scope="module")
def caller() -> Caller:
    return Caller(application())


def said(answer: TestResponse) -> list[str]:
    """What the OperationOutcome of a refused request says."""
    assert answer.status_code == 400
    return [issue["diagnostics"] for issue in answer.json["issue"]]


def changed(name: str, path: Path, value: Any) -> dict[str, Any]:
    """A good request with another value in one place, which need not be there yet."""
    request = good(name)
    place: Any = request
    for step in path[:-1]:
        place = place[step] if isinstance(step, int) else place.setdefault(step, {})
    place[path[-1]] = value
    return request


# -- Depth -----------------------------------------------------------------------------------------


def nested(levels: int) -> Any:
    """Objects and lists in turn."""
    value: Any = 1
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


PLAIN: dict[str, Path] = {
    "context.draftOrders": ("context", "draftOrders", "a"),
    "context.selections": ("context", "selections"),
    "fhirServer": ("fhirServer",),
    "fhirAuthorization": ("fhirAuthorization", "a"),
    "extension": ("extension", "org.example"),
}


@pytest.mark.parametrize(("name", "path"), PLAIN.items(), ids=PLAIN)
def test_deep_nesting_is_refused_where_it_would_be_read(
    caller: Caller, name: str, path: Path
) -> None:
    """BAD-29"""
    answer = caller.post(changed(ORDER, path, nested(MAX_DEPTH + 1)))
    assert said(answer) == [f"{name}: is nested deeper than 100 levels"]


def test_nesting_up_to_the_limit_is_served(caller: Caller) -> None:
    expected = without_uuids(caller.cards(good(ORDER)))
    deep = changed(ORDER, ("extension", "org.example"), nested(MAX_DEPTH - 1))
    assert without_uuids(caller.cards(deep)) == expected


def test_a_deep_field_of_a_resource_is_not_readable_and_named(caller: Caller) -> None:
    place: Path = ("prefetch", "leukocytes", "entry", 0, "resource", "valueQuantity")
    request = changed(VIEW, place, nested(MAX_DEPTH + 1))
    [card] = caller.cards(request)
    assert card["source"]["topic"]["code"] != "hyperleukocytosis-emergency"
    assert "Leukocytes: not used, no value that can be read" in card["detail"]


@pytest.mark.parametrize("recursion_limit", [600, 10_000])
def test_the_limit_of_depth_is_not_that_of_the_interpreter(
    caller: Caller, recursion_limit: int
) -> None:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(recursion_limit)
    try:
        too_deep = caller.post(changed(ORDER, PLAIN["extension"], nested(MAX_DEPTH)))
        assert caller.post(changed(ORDER, PLAIN["extension"], nested(99))).status_code == 200
    finally:
        sys.setrecursionlimit(before)
    assert said(too_deep) == ["extension: is nested deeper than 100 levels"]


TEXTS = {
    "plain": "a",
    "brackets": "]]}}[[{{",
    "closing brackets": "]" * 200,
    "opening brackets": "[" * 200,
    "a quote": '"',
    "a backslash": "\\",
    "backslashes and quotes": '\\"\\\\""[',
    "escapes": "\n\u2028\U0001fa78",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_brackets_in_texts_are_no_levels(text: str, ascii_only: bool) -> None:
    for levels, too_deep in ((MAX_DEPTH, False), (MAX_DEPTH + 1, True)):
        value: Any = 1
        for _ in range(levels // 2):
            value = [text, {text: value}, text, {}, []]
        value = [value] if levels % 2 else value
        assert is_too_deep(json.dumps(value, ensure_ascii=ascii_only).encode()) is too_deep


@pytest.mark.parametrize("levels", [1, 50, MAX_DEPTH])
def test_many_shallow_values_are_not_deep(levels: int) -> None:
    assert not is_too_deep(json.dumps([nested(levels - 1)] * 500).encode())


def test_a_value_larger_than_an_element_can_be_is_not_read() -> None:
    assert decode_any(b'"%b"' % (b"a" * (MAX_PLAIN_BYTES - 2))) is not None
    assert decode_any(b'"%b"' % (b"a" * (MAX_PLAIN_BYTES - 1))) is None


# -- Amounts ---------------------------------------------------------------------------------------


def bundle(entry: str, times: int) -> bytes:
    """A good request whose labs are so many entries. Put together as text: it may be large."""
    request = changed(VIEW, ("prefetch", "labs", "entry"), "ENTRIES")
    entries = ",".join([entry] * times)
    return json.dumps(request).replace('"ENTRIES"', f"[{entries}]").encode()


def test_more_entries_than_allowed_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    held = sum(len((good(VIEW)["prefetch"][key] or {}).get("entry", ())) for key in KEYS)
    body = json.dumps(good(VIEW)).encode()
    assert protocol.parse(body, "patient-view", held).hook == "patient-view"
    with pytest.raises(InvalidRequest, match=f"more than {held - 1} Bundle entries"):
        protocol.parse(body, "patient-view", held - 1)


def test_entries_that_cannot_be_read_count_too() -> None:
    body = bundle('{"resource": {"resourceType": "Observation", "code": 1}}', 30)
    with pytest.raises(InvalidRequest, match="more than 29 Bundle entries"):
        protocol.parse(body, "patient-view", 29)


def test_fifty_thousand_entries_are_allowed(caller: Caller) -> None:
    others = len(good(VIEW)["prefetch"]["conditions"]["entry"]) + 100
    entry = '{"resource": {"resourceType": "Observation"}}'
    answer = caller.post(bundle(entry, protocol.MAX_ENTRIES - others), "als-leukemia-patient-view")
    assert answer.status_code == 200
    answer = caller.post(bundle(entry, protocol.MAX_ENTRIES + 1), "als-leukemia-patient-view")
    assert said(answer) == ["prefetch: holds more than 50,000 Bundle entries"]


def test_more_prefetch_keys_than_a_client_has_are_refused(caller: Caller) -> None:
    request = good(VIEW)
    request["prefetch"] |= {f"key{number}": None for number in range(protocol.MAX_KEYS)}
    assert said(caller.post(request)) == ["prefetch: holds more than 1,000 keys"]


SWOLLEN = {
    "empty entries": (bundle("{}", 4_000_000), "JSON objects"),
    "empty resources": (bundle('{"resource":{}}', 700_000), "JSON objects"),
    "entries that are none": (bundle("1", 5_000_000), "1,000,000 values"),
    "entries that are null": (bundle("null", 2_000_000), "1,000,000 values"),
}


@pytest.mark.parametrize(("body", "reason"), SWOLLEN.values(), ids=SWOLLEN)
def test_a_body_that_would_swell_is_refused_before_it_does(body: bytes, reason: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(InvalidRequest, match=reason):
            protocol.parse(body, "patient-view")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < len(body)


@pytest.mark.parametrize("name", ["context.draftOrders", "extension"])
def test_orders_and_extensions_of_megabytes_are_refused(caller: Caller, name: str) -> None:
    request = changed(ORDER, PLAIN[name], [1.5] * (MAX_PLAIN_BYTES // 4))
    assert said(caller.post(request)) == [f"{name}: is larger than 2,097,152 bytes"]


def test_what_does_not_fit_in_a_large_request_is_still_said(caller: Caller) -> None:
    request = json.loads(bundle('{"resource": {"resourceType": "Observation"}}', 40_000))
    request["context"]["userId"] = ""
    del request["context"]["patientId"]
    answer = caller.post(request)
    assert said(answer) == ["context: lacks patientId", "context.userId: must not be empty"]


def test_a_context_of_megabytes_that_does_not_fit_is_named(caller: Caller) -> None:
    request = changed(VIEW, ("context", "encounterId"), "x" * MAX_PLAIN_BYTES)
    assert caller.post(request).status_code == 200
    request["context"]["userId"] = ""
    assert said(caller.post(request)) == ["context: is larger than 2,097,152 bytes"]


# -- Lengths ---------------------------------------------------------------------------------------

LENGTHS: dict[str, tuple[Path, str, int]] = {
    "hookInstance": (("hookInstance",), "", 256),
    "context.userId": (("context", "userId"), "Practitioner/", 1024),
}


@pytest.mark.parametrize(("path", "start", "longest"), LENGTHS.values(), ids=LENGTHS)
def test_a_name_longer_than_any_is_refused(
    caller: Caller, path: Path, start: str, longest: int
) -> None:
    fits = start + "a" * (longest - len(start))
    assert caller.post(changed(VIEW, path, fits)).status_code == 200
    answer = caller.post(changed(VIEW, path, fits + "a"))
    assert said(answer) == [f"{'.'.join(path)}: must have at most {longest} characters"]


def test_a_hook_longer_than_any_is_refused_without_being_repeated(caller: Caller) -> None:
    answer = caller.post(changed(VIEW, ("hook",), "a" * 1000), "als-leukemia-patient-view")
    assert said(answer) == ["hook: must have at most 256 characters"]


def test_an_address_or_token_longer_than_any_is_not_used() -> None:
    def sent(server: str, token: str) -> protocol.HookRequest:
        request = good(VIEW) | {"fhirServer": server, "fhirAuthorization": {"access_token": token}}
        return protocol.parse(json.dumps(request).encode(), "patient-view")

    base = "https://ehr.example/"
    assert sent(base + "a" * (2048 - len(base)), "a").fhir_server is not None
    assert sent(base + "a" * (2049 - len(base)), "a").fhir_server is None
    assert sent(base, "a" * 16384).access_token is not None
    assert sent(base, "a" * 16385).access_token is None


def strings(node: Any, path: Path = ()) -> Iterator[Path]:
    match node:
        case dict():
            for name, value in node.items():
                yield from strings(value, (*path, name))
        case list():
            for place, value in enumerate(node):
                yield from strings(value, (*path, place))
        case str():
            yield path


@pytest.mark.parametrize("name", [VIEW, ORDER, SIGN])
def test_a_text_of_a_chart_is_shown_in_part_however_long_it_is(caller: Caller, name: str) -> None:
    """Of the client's own drafts, which it may get back as suggestions, every word is kept."""
    request = good(name)
    usual = len(caller.post(request).data)
    too_long = []
    for path in strings(request["prefetch"]):
        spoilt = copy.deepcopy(request)
        place: Any = spoilt["prefetch"]
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = "x" * 50_000
        if len(caller.post(spoilt).data) > usual + 20_000:
            too_long.append(path)
    assert too_long == []


def test_long_names_of_code_systems_are_not_remembered() -> None:
    before = code_systems._canonical.cache_info().currsize
    for number in range(10):
        assert code_systems.canonical(f"{'x' * 1000}{number}/").endswith(f"x{number}")
    assert code_systems._canonical.cache_info().currsize == before


# -- Strange values --------------------------------------------------------------------------------

A_THOUSAND_DIGITS = "7" * 1000


@pytest.mark.parametrize("number", [A_THOUSAND_DIGITS, f"1.{A_THOUSAND_DIGITS}", f"1e{10**6}"])
def test_a_number_of_a_thousand_digits_is_served_or_refused_wherever_it_stands(
    caller: Caller, number: str
) -> None:
    """BAD-25: and no card repeats it."""
    for name in (VIEW, ORDER, SIGN):
        for path in numbers(good(name)):
            marked = changed(name, path, "NUMBER")
            sent = json.dumps(marked).replace('"NUMBER"', number).encode()
            answer = caller.post(sent, f"als-leukemia-{name.split('.')[1]}")
            assert answer.status_code in {200, 400}
            if "draftOrders" not in path:
                assert number not in answer.text


def numbers(node: Any, path: Path = ()) -> Iterator[Path]:
    """Where a number stands."""
    match node:
        case dict():
            for name, value in node.items():
                yield from numbers(value, (*path, name))
        case list():
            for place, value in enumerate(node):
                yield from numbers(value, (*path, place))
        case bool():
            return
        case int() | float():
            yield path


def test_of_a_name_that_stands_twice_one_value_counts_everywhere(caller: Caller) -> None:
    """BAD-26: what is checked and what is used are the same."""
    text = json.dumps(good(VIEW))
    view = '"hook": "patient-view"'
    own = '"patientId": "als-aml-emergency"'
    assert view in text
    assert own in text
    last = text.replace(view, '"hook": "order-sign", ' + view).encode()
    first = text.replace(view, view + ', "hook": "order-sign"').encode()
    assert caller.post(last, "als-leukemia-patient-view").status_code == 200
    assert caller.post(first, "als-leukemia-patient-view").status_code == 400
    other = text.replace(own, own + ', "patientId": "another"').encode()
    assert caller.post(other, "als-leukemia-patient-view").status_code == 400
