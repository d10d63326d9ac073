"""What each EHR gets of a suggestion, a link and a topic; made-up cards, and those of the fixtures.

What each client does with a card stands, with its source, in docs/ehr-profiles.md.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from cds_service.card import EXTENSION
from cds_service.profiles import summary_with_guests, topic_code
from hooks import SERVICES
from tests.engine.test_profiles import Json, answered, show
from tests.protocol.support import RESPONSE


def create(kind: str = "ServiceRequest", **content: Any) -> Json:
    resource = {"resourceType": kind, "status": "draft", "intent": "proposal", **content}
    return {"type": "create", "description": f"Draft: {kind}", "resource": resource}


def delete(name: str = "MedicationRequest/a") -> Json:
    return {"type": "delete", "description": "Remove it", "resourceId": name}


def update(kind: str = "MedicationRequest", **content: Any) -> Json:
    return {**create(kind, id="a", **content), "type": "update", "description": "Change it"}


def drug(code: str = "197797", **content: Any) -> Json:
    coding = {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": code}
    concept = {"coding": [coding], "text": "a drug"}
    return create("MedicationRequest", medicationCodeableConcept=concept, **content)


DOSE = [{"text": "7 capsules by mouth once daily"}]


def card(*suggestions: Json, **members: Any) -> Json:
    own = {"id": "some-rule", "version": "1.0.0", "reviewStatus": "pending"}
    offered = {"suggestions": list(suggestions), "selectionBehavior": "any"} if suggestions else {}
    return {
        "uuid": "3f1dde72-162b-41ec-99e8-0050568b7be6",
        "summary": "Something matters.",
        "detail": "Why.\n\n**Evidence (1A)**\n\n- A paper",
        "indicator": "warning",
        "source": {"label": "A paper", "topic": {"system": "urn:x", "code": "some-rule"}},
        "extension": {EXTENSION: own},
        **offered,
        **members,
    }


def suggestion(*actions: Json, **members: Any) -> Json:
    return {
        "label": "Do it",
        "uuid": "613b0192-4243-4384-8294-4316dfb726bb",
        "actions": list(actions),
        **members,
    }


def one(profile: str, given: Json, links: tuple[str, ...] | None = None) -> tuple[Json, list[str]]:
    shown = show(profile, [given], links)
    assert not list(RESPONSE.iter_errors({"cards": shown.cards}))
    return shown.cards[0], list(shown.notes)


# -- Epic -----------------------------------------------------------------------------------------


def test_epic_gets_one_action_per_suggestion_and_any() -> None:
    split = 0
    for cards in answered():
        for before, after in zip(cards, show("epic", cards).cards, strict=True):
            assert after.get("selectionBehavior", "any") == "any"
            offered = after.get("suggestions", [])
            assert all(len(each["actions"]) == 1 for each in offered)
            assert len({each["label"] for each in offered}) == len(offered)
            split += len(offered) > len(before.get("suggestions", []))
    assert split > 10


def test_epic_gets_a_topic_of_letters_and_digits_and_the_rule_id_stays() -> None:
    for cards in answered():
        for before, after in zip(cards, show("epic", cards).cards, strict=True):
            rule = before["source"]["topic"]["code"]
            assert re.fullmatch(r"[A-Za-z0-9]{1,100}", after["source"]["topic"]["code"])
            assert after["source"]["topic"]["code"] == topic_code(rule)
            assert after["extension"][EXTENSION]["id"] == rule


def test_topic_codes_are_unique_among_all_rules() -> None:
    ids = {rule.id for service in SERVICES for rule in service.rules()}
    assert len({topic_code(each) for each in ids}) == len(ids) > 30
    assert topic_code("tretinoin-safety") == topic_code("TretinoinSafety") == "TretinoinSafety"


def test_long_topic_codes_stay_apart() -> None:
    one, other = topic_code("a-" + "x" * 120 + "1"), topic_code("a-" + "x" * 120 + "2")
    assert len(one) == len(other) == 100
    assert one != other


def test_the_parts_of_an_epic_suggestion_stand_alone() -> None:
    tests = suggestion(create(priority="stat"), create("ServiceRequest"), isRecommended=True)
    after, _ = one("epic", card(tests))
    assert [each["label"] for each in after["suggestions"]] == [
        "1 of 2: Draft: ServiceRequest; enter priority stat by hand",
        "2 of 2: Draft: ServiceRequest",
    ]
    # What Epic shows is the description.
    for each in after["suggestions"]:
        assert each["actions"][0]["description"] == each["label"]
        assert each["isRecommended"] is True


def test_a_regimen_that_is_removed_says_so_on_each_half() -> None:
    """Half of it would be another regimen."""
    both = suggestion(delete("MedicationRequest/a"), delete("MedicationRequest/b"))
    for profile in ("epic", "sandbox"):
        after, _ = one(profile, card(both))
        assert [each["label"][:19] for each in after["suggestions"]] == [
            "1 of 2, take all 2:",
            "2 of 2, take all 2:",
        ]
        assert "take all 2; what is not taken stays as it is" in after["detail"]


HALVES = {
    "delete, then create": (delete("ServiceRequest/a"), drug()),
    "create, then delete": (drug(), delete("ServiceRequest/a")),
    "two deleted for one": (delete("MedicationRequest/a"), delete("MedicationRequest/b"), drug()),
    "update and create": (update(), create()),
}


@pytest.mark.parametrize("profile", ["epic", "sandbox"])
@pytest.mark.parametrize("actions", HALVES.values(), ids=HALVES)
def test_no_half_of_a_replacement_is_offered(profile: str, actions: tuple[Json, ...]) -> None:
    """With the new drug alone both would run, with the deletion alone neither."""
    after, notes = one(profile, card(suggestion(*actions), suggestion(create())))
    assert [a["type"] for s in after["suggestions"] for a in s["actions"]] == ["create"]
    assert "Do it:" in after["detail"].split("**Evidence")[0]
    assert any("left out and named in the detail" in note for note in notes)


def test_a_card_whose_every_suggestion_is_left_out_stays_valid() -> None:
    after, _ = one("epic", card(suggestion(update())))
    assert "suggestions" not in after
    assert "selectionBehavior" not in after
    assert "please do it by hand" in after["detail"]


@pytest.mark.parametrize(
    "action", [update(), create("Task"), delete("Task/a")], ids=["update", "Task", "delete Task"]
)
def test_what_epic_cannot_do_is_named_in_the_detail(action: Json) -> None:
    after, notes = one("epic", card(suggestion(action)))
    assert "- Do it: this EHR" in after["detail"]
    assert any("left out" in note for note in notes)


def test_a_dose_that_epic_does_not_take_over_is_said_and_not_preselected() -> None:
    """The order opens with the EHR's own defaults, whatever the suggestion holds."""
    after, _ = one("epic", card(suggestion(drug(dosageInstruction=DOSE), isRecommended=True)))
    (offered,) = after["suggestions"]
    assert offered["label"] == "Do it; enter the dose by hand"
    assert offered["actions"][0]["description"].endswith(f"by hand: {DOSE[0]['text']}")
    assert "isRecommended" not in offered


def test_epic_gets_rxnorm_under_the_identifier_that_it_reads() -> None:
    after, _ = one("epic", card(suggestion(drug())))
    codings = after["suggestions"][0]["actions"][0]["resource"]["medicationCodeableConcept"]
    assert [(c["system"], c["code"]) for c in codings["coding"]] == [
        ("http://www.nlm.nih.gov/research/umls/rxnorm", "197797"),
        ("urn:oid:2.16.840.1.113883.6.88", "197797"),
    ]


def test_an_order_without_a_code_is_noted_for_the_site() -> None:
    assert any("without a code" in note for note in one("epic", card(suggestion(create())))[1])


def test_alternatives_say_so_where_only_any_is_known() -> None:
    given = card(suggestion(create()), suggestion(create(), label="Or this"))
    after, notes = one("epic", {**given, "selectionBehavior": "at-most-one"})
    assert after["selectionBehavior"] == "any"
    assert all(each["label"].startswith("Choose one only: ") for each in after["suggestions"])
    assert any("choose one only" in note for note in notes)


# -- links ----------------------------------------------------------------------------------------

PAPER, OTHER = "https://example.org/paper", "https://example.org/other"
LINKS = [{"label": url, "url": url, "type": "absolute"} for url in (PAPER, OTHER)]


def urls(given: Json) -> list[str]:
    return [link["url"] for link in given.get("links", ())]


@pytest.mark.parametrize("profile", ["epic", "oracle"])
def test_links_that_are_not_registered_are_dropped_and_noted(profile: str) -> None:
    after, notes = one(profile, card(links=LINKS), (f"{PAPER}/",))
    assert urls(after) == [PAPER]
    assert any(note.endswith(f"not registered: {OTHER}") for note in notes)
    assert "links" not in one(profile, card(links=LINKS), ())[0]
    with_slash = [{**LINKS[0], "url": f"{PAPER}/"}]
    assert urls(one(profile, card(links=with_slash), (PAPER,))[0]) == [f"{PAPER}/"]


def test_without_a_list_epic_keeps_links_and_oracle_has_none() -> None:
    after, notes = one("epic", card(links=LINKS))
    assert urls(after) == [PAPER, OTHER]
    assert any("links kept (2)" in note for note in notes)
    assert "links" not in one("oracle", card(links=LINKS))[0]


def test_oracle_gets_no_app_context_and_no_unregistered_source_link() -> None:
    smart = {"label": "App", "url": PAPER, "type": "smart", "appContext": "secret"}
    source = {"label": "A paper", "url": OTHER}
    after, notes = one("oracle", card(links=[smart], source=source), (PAPER,))
    assert after["links"] == [{"label": "App", "url": PAPER, "type": "smart"}]
    assert after["source"] == {"label": "A paper"}
    assert len(notes) == 2


# -- Oracle's narrow panel ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "ending"),
    [
        (60, "; 2 further points in the detail."),
        (125, " (+2 more)."),
        (133, " (+2)."),
        (139, None),
    ],
)
def test_the_summary_says_how_many_more_points_there_are(length: int, ending: str | None) -> None:
    summary = "x" * (length - 1) + "."
    said = summary_with_guests(summary, 2)
    if ending is None or said is None:
        assert (said, ending) == (None, None)
        return
    assert said == summary[:-1] + ending
    assert len(said) < 140
    assert summary_with_guests(said, 2) == said


def test_oracle_leaves_detail_and_suggestions_as_they_are() -> None:
    for cards in answered():
        for before, after in zip(cards, show("oracle", cards).cards, strict=True):
            assert after["detail"] == before["detail"]
            assert after.get("suggestions") == before.get("suggestions")
            guests = len(before["extension"][EXTENSION].get("also", ()))
            assert (after["summary"] != before["summary"]) == bool(guests)


# -- the sandbox ----------------------------------------------------------------------------------


@pytest.mark.parametrize("reverse", [False, True])
def test_a_replacement_is_one_update_in_the_sandbox(reverse: bool) -> None:
    """Of "delete, then create" it would apply the deletion alone."""
    actions = [delete("MedicationRequest/request-123"), drug("199159")]
    after, _ = one("sandbox", card(suggestion(*(actions[::-1] if reverse else actions))))
    ((action,),) = [each["actions"] for each in after["suggestions"]]
    assert action["type"] == "update"
    assert action["resource"]["id"] == "request-123"
    assert action["resource"]["medicationCodeableConcept"]["coding"][0]["code"] == "199159"


def test_what_the_sandbox_cannot_show_is_noted() -> None:
    assert any("changes nothing" in note for note in one("sandbox", card(suggestion(create())))[1])
    assert not any("changes nothing" in n for n in one("sandbox", card(suggestion(drug())))[1])


def test_what_the_sandbox_cannot_show_stays_one_suggestion() -> None:
    unseen, seen = suggestion(create(), create()), suggestion(drug(), drug("199159"))
    assert len(one("sandbox", card(unseen))[0]["suggestions"]) == 1
    assert len(one("sandbox", card(seen))[0]["suggestions"]) == 2
