"""Responses, cards, suggestions, actions and links: https://cds-hooks.hl7.org/2.0/#http-response

Every check runs over the answers to every fixture request. `test_the_fixtures_show_every_kind`
keeps the checks from passing because there is nothing to look at.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from fhir.resources.R4B import get_fhir_model_class
from markdown_it import MarkdownIt

import fixtures
from tests.protocol.support import (
    GOOD,
    REQUESTS,
    RESPONSE,
    VIEW,
    Caller,
    actions,
    empty_members,
    good,
    suggestions,
    walk,
    without_uuids,
)

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
ACTIVE_HTML = re.compile(r"<[a-z!/]|javascript:|data:text/html", re.IGNORECASE)


@pytest.fixture(scope="session")
def answers(caller: Caller) -> dict[str, dict[str, Any]]:
    """The body that answers each good fixture request."""
    return {name: caller.post(good(name)).json for name in GOOD}


@pytest.fixture(params=GOOD)
def name(request: pytest.FixtureRequest) -> str:
    """Every good fixture request in turn."""
    return str(request.param)


@pytest.fixture
def body(answers: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    return answers[name]


@pytest.fixture
def cards(body: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = body["cards"]
    return found


def codings(cards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    topics = [card["source"]["topic"] for card in cards if "topic" in card["source"]]
    return topics + [reason for card in cards for reason in card.get("overrideReasons", ())]


def links(cards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [link for card in cards for link in card.get("links", ())]


# --- Responses ------------------------------------------------------------------------------------


def test_a_good_request_is_answered_with_cards(caller: Caller, name: str) -> None:
    """REQ-01, RSP-01, RSP-02: https://cds-hooks.hl7.org/2.0/#cds-service-response"""
    answer = caller.post(good(name))
    assert answer.status_code == 200
    assert isinstance(answer.json["cards"], list)


def test_the_response_validates_and_holds_nothing_else(body: dict[str, Any]) -> None:
    """RSP-06, RSP-07, EXT-01 (and what the schema says of CARD, SUG, ACT, LINK and COD):
    https://cds-hooks.hl7.org/2.0/#http-response"""
    assert [error.message for error in RESPONSE.iter_errors(body)] == []


def test_the_response_holds_nothing_empty(body: dict[str, Any]) -> None:
    """RSP-03: https://cds-hooks.hl7.org/2.0/#use-of-json"""
    assert empty_members(body, "/cards") == []


def test_there_are_no_system_actions(body: dict[str, Any]) -> None:
    """RSP-04, ACT-03, ACT-11: https://cds-hooks.hl7.org/2.0/#system-action"""
    assert "systemActions" not in body


def test_nothing_to_say_is_an_empty_list(caller: Caller) -> None:
    """RSP-05: https://cds-hooks.hl7.org/2.0/#cds-service-response"""
    quiet = [name for name in GOOD if not fixtures.EXPECTED[name].cards]
    assert quiet
    assert [caller.post(good(name)).json for name in quiet] == [{"cards": []}] * len(quiet)


def test_extension_names_are_globally_unique(body: dict[str, Any]) -> None:
    """EXT-01, EXT-02: https://cds-hooks.hl7.org/2.0/#extensions"""
    for path, value in walk(body):
        if path.endswith("/extension"):
            assert isinstance(value, dict)
            assert all("." in name for name in value)


# --- Cards ----------------------------------------------------------------------------------------


def test_a_summary_is_one_short_sentence(cards: list[dict[str, Any]]) -> None:
    """CARD-01, CARD-02, CARD-03: https://cds-hooks.hl7.org/2.0/#card-attributes"""
    for card in cards:
        assert card["summary"].strip()
        assert len(card["summary"]) < 140
        assert re.search(r"[\r\n<>*`]|[.!?]\s+[A-Z]", card["summary"]) is None


def test_detail_is_markdown_with_its_lists(cards: list[dict[str, Any]]) -> None:
    """CARD-04: https://github.github.com/gfm/"""
    for card in cards:
        assert card["detail"].strip()
        assert "<li>" in MarkdownIt().render(card["detail"])


def test_no_text_holds_active_html(body: dict[str, Any]) -> None:
    """CARD-05: https://cds-hooks.hl7.org/2.0/#card-attributes (clients render detail as HTML)"""
    texts = [value for _, value in walk(body) if isinstance(value, str)]
    assert [text for text in texts if ACTIVE_HTML.search(text)] == []


def test_the_indicator_is_the_one_the_rule_has(name: str, cards: list[dict[str, Any]]) -> None:
    """CARD-06: https://cds-hooks.hl7.org/2.0/#card-attributes"""
    assert {card["indicator"] for card in cards} <= {"info", "warning", "critical"}
    expected = [indicator for _, indicator in fixtures.EXPECTED[name].cards]
    assert [card["indicator"] for card in cards] == expected


def test_the_most_urgent_card_comes_first(cards: list[dict[str, Any]]) -> None:
    """CARD-06; not every client sorts: https://cds-hooks.hl7.org/2.0/#card-attributes"""
    ranks = [("critical", "warning", "info").index(card["indicator"]) for card in cards]
    assert ranks == sorted(ranks)


def test_the_source_is_labelled(cards: list[dict[str, Any]]) -> None:
    """CARD-07, CARD-09, CARD-10 (there is no icon), CARD-11:
    https://cds-hooks.hl7.org/2.0/#source"""
    for card in cards:
        assert card["source"]["label"].strip()
        assert "icon" not in card["source"]
        assert isinstance(card["source"]["topic"], dict)


def test_urls_are_absolute_and_encrypted(cards: list[dict[str, Any]]) -> None:
    """CARD-08, LINK-02, LINK-06: https://cds-hooks.hl7.org/2.0/#link

    But for the service's own pages, where it is asked without encryption: test_rule_links.
    """
    urls = [card["source"]["url"] for card in cards if "url" in card["source"]]
    urls += [link["url"] for link in links(cards)]
    for url in (url for url in urls if not url.startswith("http://localhost/rules/")):
        assert urlsplit(url).scheme == "https"
        assert re.fullmatch(r"[a-z0-9.-]+\.[a-z]+", urlsplit(url).netloc)


def test_every_card_and_suggestion_has_its_own_uuid(cards: list[dict[str, Any]]) -> None:
    """CARD-12, CARD-13, CARD-21, SUG-02, SUG-07:
    https://cds-hooks.hl7.org/2.0/#card-attributes"""
    uuids = [each["uuid"] for each in [*cards, *suggestions(cards)]]
    assert all(UUID.fullmatch(uuid) for uuid in uuids)
    assert len(uuids) == len(set(uuids))


def test_the_same_request_gets_the_same_cards_under_other_uuids(
    caller: Caller, name: str, body: dict[str, Any]
) -> None:
    """REQ-09, CARD-13: https://cds-hooks.hl7.org/2.0/#card-attributes"""
    again = caller.post(good(name)).json
    assert without_uuids(again) == without_uuids(body)
    seen = {card["uuid"] for card in body["cards"]}
    assert seen.isdisjoint(card["uuid"] for card in again["cards"])


def test_suggestions_come_with_a_selection_behavior(cards: list[dict[str, Any]]) -> None:
    """CARD-14, CARD-15, CARD-16, CARD-17, CARD-18:
    https://cds-hooks.hl7.org/2.0/#card-attributes"""
    for card in cards:
        assert ("suggestions" in card) is ("selectionBehavior" in card)
        if "suggestions" in card:
            assert card["selectionBehavior"] in {"at-most-one", "any"}
            recommended = [s for s in card["suggestions"] if s.get("isRecommended")]
            assert card["selectionBehavior"] == "any" or len(recommended) <= 1


def test_override_reasons_are_distinct_codings(cards: list[dict[str, Any]]) -> None:
    """CARD-19, CARD-20: https://cds-hooks.hl7.org/2.0/#reasons-for-rejecting-a-card"""
    for card in cards:
        reasons = card["overrideReasons"]
        assert reasons
        assert all(reason["display"].strip() for reason in reasons)
        keys = [(reason["system"], reason["code"]) for reason in reasons]
        assert len(keys) == len(set(keys))


def test_codings_have_code_and_an_absolute_system(cards: list[dict[str, Any]]) -> None:
    """COD-01, COD-02: https://cds-hooks.hl7.org/2.0/#coding"""
    for coding in codings(cards):
        assert coding["code"].strip() == coding["code"] != ""
        assert urlsplit(coding["system"]).scheme in {"http", "https", "urn"}


def test_a_topic_code_is_one_that_a_client_can_list(cards: list[dict[str, Any]]) -> None:
    """CARD-11; no client lists longer codes, or other characters:
    https://cds-hooks.hl7.org/2.0/#source"""
    for card in cards:
        assert re.fullmatch(r"[A-Za-z0-9-]{1,100}", card["source"]["topic"]["code"])


# --- Suggestions, actions, links ------------------------------------------------------------------


def test_a_suggestion_has_a_label_and_actions(cards: list[dict[str, Any]]) -> None:
    """SUG-01, SUG-03, SUG-04, SUG-05, SUG-06 (actionSelectionBehavior is not sent):
    https://cds-hooks.hl7.org/2.0/#suggestion"""
    for suggestion in suggestions(cards):
        assert suggestion["label"].strip()
        assert isinstance(suggestion.get("isRecommended", True), bool)
        assert suggestion["actions"]
        assert "actionSelectionBehavior" not in suggestion


def test_an_action_has_a_type_and_a_description(cards: list[dict[str, Any]]) -> None:
    """ACT-01, ACT-02: https://cds-hooks.hl7.org/2.0/#action"""
    for action in actions(cards):
        assert action["type"] in {"create", "update", "delete"}
        assert action["description"].strip()


def drafts(name: str) -> dict[str, dict[str, Any]]:
    """The drafts of a request by type and id."""
    entries = good(name)["context"].get("draftOrders", {}).get("entry", ())
    found = [entry["resource"] for entry in entries]
    return {f"{each['resourceType']}/{each.get('id')}": each for each in found}


def test_a_suggested_resource_is_valid_r4_about_the_patient(
    name: str, cards: list[dict[str, Any]]
) -> None:
    """ACT-04, ACT-05, ACT-08, ACT-10: https://cds-hooks.hl7.org/2.0/#action"""
    patient = good(name)["context"]["patientId"]
    for action in actions(cards):
        if action["type"] == "create":
            resource = action["resource"]
            get_fhir_model_class(resource["resourceType"]).model_validate(resource)
            about = "for" if resource["resourceType"] == "Task" else "subject"
            assert resource[about] == {"reference": f"Patient/{patient}"}
            assert "id" not in resource


def test_an_update_leaves_whose_and_what_the_draft_is(
    name: str, cards: list[dict[str, Any]]
) -> None:
    """ACT-05, ACT-09: the whole draft as it came, valid if it was, but for what is proposed:
    https://cds-hooks.hl7.org/2.0/#action"""
    for action in actions(cards):
        if action["type"] == "update":
            resource = action["resource"]
            draft = drafts(name)[f"{resource['resourceType']}/{resource['id']}"]
            assert resource != draft
            assert set(draft) <= set(resource)
            for member in ("subject", "code", "medicationCodeableConcept", "medicationReference"):
                assert resource.get(member) == draft.get(member)
            model = get_fhir_model_class(draft["resourceType"])
            if is_valid(model, draft):
                assert is_valid(model, resource)


def is_valid(model: Any, resource: dict[str, Any]) -> bool:
    """Whether a resource is valid R4; some clients send drafts that are not."""
    try:
        model.model_validate(resource)
    except ValueError:
        return False
    return True


def test_a_deletion_names_a_draft_of_the_request(name: str, cards: list[dict[str, Any]]) -> None:
    """ACT-06, ACT-07, ACT-09: https://cds-hooks.hl7.org/2.0/#action"""
    drafts = good(name)["context"].get("draftOrders", {}).get("entry", ())
    named = {f"{d['resource']['resourceType']}/{d['resource']['id']}" for d in drafts}
    for action in actions(cards):
        if action["type"] == "delete":
            assert action["resourceId"] in named
            assert "resource" not in action


def test_no_suggestion_deletes_before_it_creates(cards: list[dict[str, Any]]) -> None:
    """ACT-01; the sandbox applies only one action of a suggestion to the order on screen:
    https://cds-hooks.hl7.org/2.0/#suggestion"""
    for suggestion in suggestions(cards):
        kinds = {action["type"] for action in suggestion["actions"]}
        assert kinds in ({"create"}, {"update"}, {"delete"})


def test_a_suggested_drug_has_text_and_a_product_code(cards: list[dict[str, Any]]) -> None:
    """ACT-10; a suggestion without them empties the order in the sandbox:
    https://hl7.org/fhir/R4/medicationrequest.html"""
    for action in actions(cards):
        resource = action.get("resource", {})
        if action["type"] == "create" and resource["resourceType"] == "MedicationRequest":
            medication = resource["medicationCodeableConcept"]
            assert medication["text"].strip()
            assert medication["coding"][0]["code"].isdigit()


def test_links_are_absolute(cards: list[dict[str, Any]]) -> None:
    """LINK-01, LINK-03, LINK-04, LINK-05: https://cds-hooks.hl7.org/2.0/#link"""
    for link in links(cards):
        assert link["label"].strip()
        assert link["type"] == "absolute"
        assert "appContext" not in link
        assert "autolaunchable" not in link


def test_the_fixtures_show_every_kind(answers: dict[str, dict[str, Any]]) -> None:
    """RSP-07: the checks above look at something: https://cds-hooks.hl7.org/2.0/#http-response"""
    cards = [card for body in answers.values() for card in body["cards"]]
    assert {card["indicator"] for card in cards} == {"info", "warning", "critical"}
    assert {action["type"] for action in actions(cards)} >= {"create", "delete"}
    kinds = {a["resource"]["resourceType"] for a in actions(cards) if "resource" in a}
    assert kinds >= {"ServiceRequest", "MedicationRequest"}
    assert any(suggestion.get("isRecommended") for suggestion in suggestions(cards))
    assert all((links(cards), codings(cards)))


# --- Text that came with the request --------------------------------------------------------------

PAYLOADS = {
    "a script": "<script>alert(1)</script>",
    "an image with a handler": '<img src=x onerror="alert(1)">',
    "a frame": "<iframe src=//evil.example></iframe>",
    "a markdown link": "[click](javascript:alert(1))",
    "a link in angle brackets": "<javascript:alert(1)>",
    "an HTML entity": "&lt;script&gt;alert(1)&lt;/script&gt;",
    "a broken line": "text\n\n<script>alert(1)</script>\n\n# heading",
    "a reference definition": "[x]: javascript:alert(1)",
}
ACTIVE_RENDERED = re.compile(
    r"<(script|img|iframe|h1)|href=\"(javascript|data)|<[^>]*\son\w+=", re.IGNORECASE
)


def planted(text: str) -> dict[str, Any]:
    """The main request with a text in every string that people write in a record."""
    request = good(VIEW)

    def plant(value: Any) -> None:
        if isinstance(value, dict):
            for name, item in value.items():
                if name in {"text", "display", "unit", "family", "valueString"}:
                    if isinstance(item, str):
                        value[name] = text if name != "unit" else f"{item}{text}"
                else:
                    plant(item)
        elif isinstance(value, list):
            for item in value:
                plant(item)

    plant(request)
    return request


@pytest.mark.parametrize("text", PAYLOADS.values(), ids=PAYLOADS)
def test_markup_from_the_record_stays_text(caller: Caller, text: str) -> None:
    """CARD-05: https://cds-hooks.hl7.org/2.0/#card-attributes"""
    cards = caller.cards(planted(text))
    assert cards
    renderer = MarkdownIt("commonmark", {"html": True})
    for card in cards:
        assert ACTIVE_RENDERED.search(renderer.render(card["detail"])) is None
        texts = [value for path, value in walk(card) if isinstance(value, str)]
        assert not any(re.search("<(script|img|iframe)", text, re.IGNORECASE) for text in texts)


def test_every_fixture_request_is_either_good_or_refused_on_purpose() -> None:
    """REQ-01: no request leaves the checks above unnoticed:
    https://cds-hooks.hl7.org/2.0/#http-status-codes_1"""
    refused = {name: fixtures.EXPECTED[name].status for name in set(REQUESTS) - set(GOOD)}
    assert set(refused.values()) == {412}
