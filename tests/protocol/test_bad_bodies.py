"""Bodies that are no CDS Hooks request at all: https://cds-hooks.hl7.org/2.0/#use-of-json

`Caller` sees to it that no answer is a 5xx and that every refusal is an OperationOutcome.
"""

from __future__ import annotations

import gzip
import json

import pytest

from tests.protocol.support import VIEW, Caller, good, resources

SERVICE = "als-leukemia-patient-view"

WHOLE = json.dumps(good(VIEW)).encode()
NO_JSON = {
    "cut short": WHOLE[:-1],
    "cut in the middle": WHOLE[: len(WHOLE) // 2],
    "a trailing comma": WHOLE[:-1] + b",}",
    "a comment": b"/* request */" + WHOLE,
    "single quotes": WHOLE.replace(b'"', b"'"),
    "two documents": WHOLE + WHOLE,
    "text behind it": WHOLE + b" x",
    "nothing": b"",
    "blanks": b" \r\n\t ",
    "a word": b"hook",
    "an undefined value": WHOLE[:-1] + b', "a": undefined}',
    "a NUL byte": WHOLE + b"\0",
    "bytes that are none": b"\x00\x01\x02",
}


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON)
def test_a_body_that_is_no_json_is_refused(caller: Caller, body: bytes) -> None:
    """BAD-01, BAD-02: https://www.rfc-editor.org/rfc/rfc8259"""
    assert caller.post(body, service=SERVICE).status_code == 400


@pytest.mark.parametrize("body", [b"[]", b"null", b"1", b'"hook"', b"true", b"[" + WHOLE + b"]"])
def test_a_body_that_is_no_object_is_refused(caller: Caller, body: bytes) -> None:
    """BAD-03: https://cds-hooks.hl7.org/2.0/#http-request_1"""
    assert caller.post(body, service=SERVICE).status_code == 400


@pytest.mark.parametrize(
    "media_type",
    [
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/fhir+json",
        "text/plain",
        "text/plain; charset=application/json",
        "",
    ],
)
def test_another_media_type_is_refused(caller: Caller, media_type: str) -> None:
    """BAD-04, BAD-05 (a script may send text/plain without a preflight):
    https://fetch.spec.whatwg.org/#cors-safelisted-request-header"""
    assert caller.post(good(VIEW), content_type=media_type).status_code == 415


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP"])
def test_a_compressed_body_is_refused(caller: Caller, encoding: str) -> None:
    """BAD-33: https://www.rfc-editor.org/rfc/rfc9110#field.content-encoding"""
    headers = {"Content-Encoding": encoding}
    answer = caller.post(gzip.compress(WHOLE), service=SERVICE, headers=headers)
    assert answer.status_code == 415


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_does_not_know_are_refused(caller: Caller, number: str) -> None:
    """BAD-24: https://www.rfc-editor.org/rfc/rfc8259#section-6"""
    in_extension = WHOLE[:-1] + b', "extension": {"org.example": %s}}' % number.encode()
    in_value = WHOLE.replace(b'"value": 187', b'"value": ' + number.encode())
    assert in_value != WHOLE
    for body in (in_extension, in_value):
        assert caller.post(body, service=SERVICE).status_code == 400


HUGE = {
    "1e400": "1e400",
    "-1e400": "-1e400",
    "tiny": "1e-400",
    "a huge exponent": "1E+999999999999",
}
HUGE["6000 digits"] = "9" * 6000


@pytest.mark.parametrize("number", HUGE.values(), ids=HUGE)
def test_huge_numbers_do_no_harm(caller: Caller, number: str) -> None:
    """BAD-25: https://www.rfc-editor.org/rfc/rfc8259#section-6"""
    in_extension = WHOLE[:-1] + b', "extension": {"org.example": %s}}' % number.encode()
    in_value = WHOLE.replace(b'"value": 187', b'"value": ' + number.encode())
    for body in (in_extension, in_value):
        assert caller.post(body, service=SERVICE).status_code in {200, 400}


def test_an_implausible_count_is_not_taken_for_a_count(caller: Caller) -> None:
    """BAD-25: https://hl7.org/fhir/R4/datatypes.html#decimal"""
    request = good(VIEW)
    resources(request, "leukocytes")[0]["valueQuantity"]["value"] = 10**40
    assert "hyperleukocytosis-emergency" not in caller.rules(request)


def test_a_name_that_stands_twice_is_served_or_refused(caller: Caller) -> None:
    """BAD-26: https://www.rfc-editor.org/rfc/rfc8259#section-4"""
    for twice in (b'"hook": "patient-view", ', b'"context": {}, ', b'"prefetch": null, '):
        body = b"{" + twice + WHOLE[1:]
        assert caller.post(body, service=SERVICE).status_code in {200, 400}


BYTES = {
    "a lone continuation byte": WHOLE.replace(b"Practitioner/", b"Practitioner/\x80"),
    "Latin-1": WHOLE.replace(b"Walter", "Wälter".encode("latin-1")),
    "an overlong slash": WHOLE.replace(b"Walter", b"\xc0\xaf"),
    "a surrogate in UTF-8": WHOLE.replace(b"Walter", b"\xed\xa0\x80"),
}


@pytest.mark.parametrize("body", BYTES.values(), ids=BYTES)
def test_bytes_that_are_no_utf_8_are_refused(caller: Caller, body: bytes) -> None:
    """BAD-27: https://www.rfc-editor.org/rfc/rfc8259#section-8.1"""
    assert body != WHOLE
    answer = caller.post(body, service=SERVICE)
    assert answer.status_code == 400
    assert answer.json["issue"][0]["diagnostics"] == "the body is not UTF-8"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_other_encodings_are_served_or_refused(caller: Caller, encoding: str) -> None:
    """BAD-27: https://www.rfc-editor.org/rfc/rfc8259#section-8.1"""
    body = WHOLE.decode().encode(encoding)
    assert caller.post(body, service=SERVICE).status_code in {200, 400}


STRANGE = {"a lone surrogate": "\\ud800", "two low ones": "\\udc00\\udc00", "NUL": "\\u0000"}
PLACES = ["Practitioner/example", "als-aml-emergency", "Walter", "patient-view", "10*3/uL"]


@pytest.mark.parametrize("character", STRANGE.values(), ids=STRANGE)
@pytest.mark.parametrize("place", PLACES)
def test_strange_characters_are_served_or_refused(
    caller: Caller, character: str, place: str
) -> None:
    """BAD-28: https://www.rfc-editor.org/rfc/rfc8259#section-8.2"""
    body = WHOLE.replace(place.encode(), place.encode() + character.encode())
    assert body != WHOLE
    answer = caller.post(body, service=SERVICE)
    assert answer.status_code in {200, 400}
    answer.data.decode("utf-8")


DEEP = {
    "brackets": b"[" * 100_000,
    "closed brackets": b"[" * 100_000 + b"]" * 100_000,
    "objects": b'{"a":' * 50_000,
    "inside extension": WHOLE[:-1]
    + b', "extension": {"org.example": '
    + b"[" * 5000
    + b"]" * 5000
    + b"}}",
    "inside a resource": WHOLE.replace(
        b'"value": 187', b'"value": ' + b'{"a":' * 5000 + b"1" + b"}" * 5000
    ),
    "inside prefetch": WHOLE.replace(
        b'"prefetch": {', b'"prefetch": {"a": ' + b"[" * 900 + b"]" * 900 + b", "
    ),
    "inside context": WHOLE.replace(
        b'"context": {', b'"context": {"draftOrders": ' + b"[" * 900 + b"]" * 900 + b", "
    ),
}


@pytest.mark.parametrize("body", DEEP.values(), ids=DEEP)
def test_deep_nesting_is_served_or_refused(caller: Caller, body: bytes) -> None:
    """BAD-29: https://www.rfc-editor.org/rfc/rfc8259#section-9"""
    assert body != WHOLE
    for service in (SERVICE, "als-leukemia-order-select"):
        assert caller.post(body, service=service).status_code in {200, 400, 412}


def test_a_huge_body_is_413(caller: Caller) -> None:
    """BAD-30, BAD-34: https://www.rfc-editor.org/rfc/rfc9110#status.413"""
    assert caller.post(WHOLE + b" " * 40_000_000, service=SERVICE).status_code == 413
    assert caller.cards(good(VIEW))


def test_a_good_request_is_served_after_all_that(caller: Caller) -> None:
    """BAD-34, ERR-08: https://cds-hooks.hl7.org/2.0/#cds-service-response"""
    for body in (*NO_JSON.values(), *BYTES.values(), *DEEP.values()):
        caller.post(body, service=SERVICE)
    assert caller.rules(good(VIEW)) == ["hyperleukocytosis-emergency", "als-acute-leukemia-goals"]
