"""Cards as each EHR can show them: nothing is lost unsaid, and half a suggestion is never offered.

What each client does with a card stands, with its source, in docs/ehr-profiles.md.
"""

from __future__ import annotations

import copy
import json
import re
from functools import cache
from typing import Any

import pytest

import fixtures
import hooks
from cds_service.engine import load_engine
from cds_service.profiles import PROFILES, Shown, detect, rule_of
from cds_service.settings import Settings
from tests.protocol.support import GOOD, NOW, RESPONSE

Json = dict[str, Any]
FITTED = ["epic", "oracle", "sandbox"]
EPIC_KEY = "com.epic.cdshooks.request.fhir-version"


@cache
def answered() -> list[list[Json]]:
    """The cards of every fixture request that is answered, as they leave the engine."""
    engine = load_engine(hooks, Settings())
    services = {service.hook: service for service in engine.services.values()}
    found = []
    for name in GOOD:
        request = {k: v for k, v in fixtures.request(name, NOW).items() if k != "extension"}
        service = services[request["hook"]]
        found.append(engine.respond(service, json.dumps(request).encode(), NOW).cards)
    return found


def show(profile: str, cards: list[Json], links: tuple[str, ...] | None = None) -> Shown:
    return PROFILES[profile].show(cards, links)


# -- every profile, on the cards of the fixtures ---------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
def test_what_comes_out_is_a_valid_response_and_the_input_is_untouched(profile: str) -> None:
    for cards in answered():
        before = copy.deepcopy(cards)
        shown = show(profile, cards)
        assert cards == before
        assert not list(RESPONSE.iter_errors({"cards": shown.cards}))
        uuids = re.findall(r'"uuid": "([^"]+)"', json.dumps(shown.cards))
        assert len(uuids) == len(set(uuids))


@pytest.mark.parametrize("profile", PROFILES)
def test_fitting_twice_is_fitting_once(profile: str) -> None:
    for cards in answered():
        once = show(profile, cards).cards
        assert show(profile, once).cards == once


@pytest.mark.parametrize("profile", PROFILES)
def test_no_card_is_lost_and_each_keeps_its_rule_and_its_urgency(profile: str) -> None:
    for cards in answered():
        shown = show(profile, cards).cards
        assert [(rule_of(c), c["indicator"], c["uuid"]) for c in shown] == [
            (rule_of(c), c["indicator"], c["uuid"]) for c in cards
        ]


def acts(given: Json) -> list[str]:
    """What the suggestions of a card do, in whatever order and words; added codes left out."""
    found = []
    for each in given.get("suggestions", ()):
        for action in each["actions"]:
            resource = copy.deepcopy(action.get("resource", {}))
            codes = resource.get("medicationCodeableConcept", {}).get("coding", [])
            codes[:] = [c for c in codes if not c["system"].startswith("urn:oid:")]
            found.append(json.dumps([action["type"], action.get("resourceId"), resource]))
    return sorted(found)


@pytest.mark.parametrize("profile", FITTED)
def test_an_action_is_there_or_named_in_the_detail_and_in_a_note(profile: str) -> None:
    for cards in answered():
        shown = show(profile, cards)
        for before, after in zip(cards, shown.cards, strict=True):
            assert set(acts(after)) <= set(acts(before))
            gone = len(acts(before)) - len(acts(after))
            left_out = [n for n in shown.notes if n.startswith(rule_of(before)) and "left out" in n]
            assert bool(gone) == ("Not offered as a button" in after["detail"])
            assert not gone or left_out


@pytest.mark.parametrize("profile", FITTED)
def test_notes_name_the_rule_and_hold_nothing_of_the_patient(profile: str) -> None:
    for cards in answered():
        ids = "|".join(re.escape(rule_of(each)) for each in cards)
        for note in show(profile, cards).notes:
            assert re.match(rf"({ids}): ", note)
            for each in cards:
                labels = [s["label"] for s in each.get("suggestions", ())]
                assert not any(label in note for label in labels)


def test_generic_hands_over_the_very_list() -> None:
    for cards in answered():
        shown = show("generic", cards)
        assert shown.cards is cards
        assert shown.notes == ()


# -- detection ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("extension", "profile"),
    [
        ({EPIC_KEY: "R4"}, "epic"),
        ({"org.example": 1, EPIC_KEY: None}, "epic"),
        ({"com.epic.other": 1}, "generic"),
        ({"com.cerner.anything": 1}, "generic"),
        ({}, "generic"),
        (None, "generic"),
        ([EPIC_KEY], "generic"),
        (EPIC_KEY, "generic"),
    ],
)
def test_a_client_is_known_by_documented_keys_only(extension: Any, profile: str) -> None:
    assert detect(extension) == profile
