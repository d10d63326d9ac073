"""FAULTS: what a FHIR server may do wrong, and what the service is to answer.

A fault strikes every read, or only that of one key. Expected are four outcomes; docs/faults.md
shows the table with the answers as measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from tests.faults import content, transport
from tests.faults.server import Behaviour, Exchange, well
from tests.faults.transport import once, status


class Outcome(Enum):
    """What a fault does to the answer."""

    UNHARMED = "the same cards as without the fault"
    SAID = "all data is used, and a card says what is odd about it"
    PARTLY = "what came is used, and a card names the key and the reason"
    LOST = "nothing came: 412 where it is required, else a card names the key and the reason"


@dataclass(frozen=True)
class Fault:
    """A behaviour and what becomes of it. `reason` is looked for on the card, or in the 412."""

    behave: Behaviour
    outcome: Outcome = Outcome.LOST
    reason: str = ""
    only: str = ""
    hangs: bool = False
    """Whether only the deadline ends it."""

    @property
    def key(self) -> str:
        """The key to leave out of a request that lacks one; it is optional where it may be."""
        return self.only or "labs"

    def on(self, templates: Mapping[str, str]) -> Behaviour:
        """The behaviour where it strikes, and a good server's elsewhere."""
        if not self.only:
            return self.behave
        start, _, end = templates[self.only].partition("{{context.patientId}}")

        def behave(exchange: Exchange) -> None:
            struck = exchange.path.startswith(start) and end in exchange.path
            (self.behave if struck else well)(exchange)

        return behave


HTML = b"<!DOCTYPE html><html><body>Please sign in</body></html>"
XML = b'<?xml version="1.0"?><Bundle xmlns="http://hl7.org/fhir"><type value="searchset"/></Bundle>'
TOO_LATE = "did not answer in time"
UNREACHED = "could not be reached"
NO_FHIR = "is not FHIR JSON"
ELSEWHERE = "next page lies elsewhere"
PAGES = "page"
OTHERS = "another patient"
TOO_LARGE = "too large"


def _too_late(behave: Behaviour) -> Fault:
    return Fault(behave, Outcome.LOST, TOO_LATE, hangs=True)


def _unharmed(behave: Behaviour, only: str = "") -> Fault:
    return Fault(behave, Outcome.UNHARMED, only=only)


def _lost(behave: Behaviour, reason: str, only: str = "") -> Fault:
    return Fault(behave, Outcome.LOST, reason, only)


def _partly(behave: Behaviour, reason: str, only: str = "") -> Fault:
    return Fault(behave, Outcome.PARTLY, reason, only)


def _said(behave: Behaviour, reason: str, only: str) -> Fault:
    return Fault(behave, Outcome.SAID, reason, only)


LATE_AND_ENDLESS = {
    "answers late, but in time": _unharmed(transport.late(0.3)),
    "answers after the deadline": _too_late(transport.late(4)),
    "accepts and never answers": _too_late(transport.hangs),
    "stops within the body": _too_late(transport.hangs_within_the_body),
    "drips a header that never ends": _too_late(transport.drips_a_header),
    "drips 100 Continue for ever": _too_late(transport.drips_interim_answers),
    "drips the body": _too_late(transport.drips_the_body),
    "drips a chunked body": _too_late(transport.drips_chunks),
    "drips a body that only the end of the connection ends": _too_late(
        transport.drips_an_unmeasured_body
    ),
    "drips trailers after the body": _too_late(transport.drips_trailers),
}

CUT_OFF = {
    "closes the connection before the headers, once": _unharmed(once(transport.drops)),
    "closes the connection before the headers": _lost(transport.drops, UNREACHED),
    "resets the connection, once": _unharmed(once(transport.resets)),
    "resets the connection": _lost(transport.resets, UNREACHED),
    "closes the connection after the headers, once": _unharmed(
        once(transport.drops_after_the_headers)
    ),
    "closes the connection after the headers": _lost(transport.drops_after_the_headers, UNREACHED),
    "closes the connection within the body": _lost(transport.drops_within_the_body, UNREACHED),
    "closes the connection within a chunk": _lost(transport.drops_within_a_chunk, UNREACHED),
    "sends half of the JSON as if it were all": _lost(transport.cuts_the_json, NO_FHIR),
    "announces less than it sends": _lost(transport.announces_too_little, NO_FHIR),
    "closes every connection after one answer": _unharmed(transport.closes_after_each_answer),
    "closes a kept connection as it is used again": _unharmed(transport.closes_kept_connections),
    "sends a second answer that nobody asked for": _unharmed(transport.answers_twice),
    "breaks a header line": _unharmed(transport.breaks_a_header),
    "speaks no HTTP": _lost(transport.speaks_no_http, UNREACHED),
}

TOO_MUCH = {
    "sends headers without end": _lost(transport.sends_headers_without_end, UNREACHED),
    "announces and sends a huge body": _lost(transport.announces_a_huge_body, TOO_LARGE),
    "sends chunks without end": _lost(transport.sends_chunks_without_end, TOO_LARGE),
    "sends a gzip bomb": _lost(transport.sends_a_gzip_bomb(1), TOO_LARGE),
    "sends a gzip bomb that is packed twice": _lost(transport.sends_a_gzip_bomb(2), TOO_LARGE),
}

STATUSES = {
    **{f"answers {n}": _lost(status(n), f"answered {n}") for n in (401, 403, 404, 410, 500)},
    "answers 502 with HTML": _lost(status(502, HTML, "text/html"), "answered 502"),
    "answers 503": _lost(status(503), "answered 503"),
    "answers 503 once": _unharmed(once(status(503))),
    "answers 502 once, with HTML": _unharmed(once(status(502, HTML, "text/html"))),
    "answers 429, to come back in a second, once": _unharmed(once(status(429, Retry_After="1"))),
    "answers 429, to come back in an hour": _lost(status(429, Retry_After="3600"), "answered 429"),
    "answers 429 with a Retry-After that is none": _lost(
        status(429, Retry_After="soon"), "answered 429"
    ),
    "answers 202": _lost(status(202), "answered 202"),
    "redirects to another server with 302": _lost(transport.redirects(302), "answered 302"),
    "redirects to another server with 308": _lost(transport.redirects(308), "answered 308"),
}

NO_FHIR_R4 = {
    "answers 200 with HTML": _lost(status(200, HTML, "text/html"), NO_FHIR),
    "answers 200 with XML": _lost(status(200, XML, "application/fhir+xml"), NO_FHIR),
    "answers 200 with nothing": _lost(status(200), NO_FHIR),
    "answers with a JSON array": _lost(content.instead([]), NO_FHIR),
    "answers with null": _lost(content.instead(None), NO_FHIR),
    "answers with an OperationOutcome": _lost(
        content.instead(content.OUTCOME), r"OperationOutcome"
    ),
    "answers with a broken gzip": _lost(
        status(200, b"no gzip", Content_Encoding="gzip"), UNREACHED
    ),
    "sends bytes that are no UTF-8": _lost(
        content.text_changed(content.with_broken_text), "read|JSON", "labs"
    ),
    "sends NaN": _lost(content.text_changed(content.with_nan), "read|JSON", "labs"),
    "nests an extension 100,000 levels deep": _lost(
        content.text_changed(content.with_deep_nesting), "read|JSON", "labs"
    ),
    "sends Conditions in the shape of DSTU2": _partly(
        content.each(content.dstu2_condition), "shape of FHIR DSTU2, not R4", "conditions"
    ),
    "sends MedicationOrders, as DSTU2 calls them": _partly(
        content.each(content.dstu2_medication), "shape of FHIR DSTU2, not R4", "medications"
    ),
    "sends MedicationRequests in the shape of R5": _partly(
        content.each(content.r5_medication), "shape of FHIR R5, not R4", "medications"
    ),
}

PAGED = {
    "pages more finely than asked": _unharmed(content.in_pages_of(2)),
    "has a next page that never is the last": _partly(content.never_ending_pages(0), PAGES),
    "has slow pages without end": Fault(
        content.never_ending_pages(0.12), Outcome.PARTLY, f"{PAGES}|{TOO_LATE}"
    ),
    "has a next page that is the page itself": _partly(
        content.next_page_at("{base}/{path}"), PAGES
    ),
    "has a next page that is not there": _partly(content.second_page_fails, "answered 404"),
    "has its next page on another port": _partly(
        content.next_page_at("{elsewhere}/page-2"), ELSEWHERE
    ),
    "has its next page on another scheme": _partly(
        content.next_page_at("https://127.0.0.1:{port}/page-2"), ELSEWHERE
    ),
    "has its next page under another host name": _partly(
        content.next_page_at("http://localhost:{port}/page-2"), ELSEWHERE
    ),
    "has a user in the address of its next page": _partly(
        content.next_page_at("http://user:password@127.0.0.1:{port}/page-2"), ELSEWHERE
    ),
}

OUTCOMES = {
    "puts a note beside the matches": _unharmed(
        content.outcome_beside("information", "informational")
    ),
    "says beside the matches that there are more": _partly(
        content.outcome_beside("warning", "incomplete"), "left a part out"
    ),
    "says beside the matches that some are withheld": _partly(
        content.outcome_beside("warning", "suppressed"), "left a part out"
    ),
    "puts an error beside the matches": _partly(
        content.outcome_beside("error", "processing"), "OperationOutcome"
    ),
    "has nothing but an OperationOutcome in each Bundle": _lost(
        content.changed(content.outcome_alone), "OperationOutcome"
    ),
}

WHOSE = {
    "sends only somebody else's resources": _lost(content.each(content.of_a_stranger), OTHERS),
    "sends somebody else's resources beside the patient's": _partly(
        content.changed(content.with_a_stranger), OTHERS
    ),
    "sends somebody else as the patient": _lost(content.another_patient, OTHERS, "patient"),
    "finds nothing by a bare patient id": _unharmed(content.only_by_reference),
    "refuses a search by Patient/ID": _unharmed(content.only_by_bare_id),
}

CONTRADICTIONS = {
    "sends every resource twice": _unharmed(content.changed(content.twice)),
    "sends two values under one id": _said(
        content.changed(content.with_another_value), "contradict each other", "leukocytes"
    ),
    "sends a result as final and as entered in error": _said(
        content.changed(content.with_an_error_of_the_same_id), "Leukocytes: not", "leukocytes"
    ),
    "sends a newer result that was entered in error": _unharmed(
        content.changed(content.with_a_newer_error), "leukocytes"
    ),
    "sends a diagnosis as confirmed and as refuted": _said(
        # Refuted is as if absent: of the two the warning is kept.
        content.with_another_status("verificationStatus", "refuted"),
        r"Acute myeloid leukemia \(AML\): active",
        "conditions",
    ),
    "sends a diagnosis as active and as resolved": _said(
        content.with_another_status("clinicalStatus", "resolved"),
        "contradict each other",
        "conditions",
    ),
}


FAULTS: dict[str, Fault] = {
    **LATE_AND_ENDLESS,
    **CUT_OFF,
    **TOO_MUCH,
    **STATUSES,
    **NO_FHIR_R4,
    **PAGED,
    **OUTCOMES,
    **WHOSE,
    **CONTRADICTIONS,
}
