"""What became known since a card was set aside, and changes what it would say: it says it.

The rules apply as before, for the same reasons; it is their advice and their proposals that differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hooks import overrides
from tests.quiet.test_over_http import Hospital, by_rule, held
from tests.trust.databases import sqlite_database


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[Hospital]:
    opened = Hospital(sqlite_database(tmp_path))
    yield opened
    opened.close()


def resource(hospital: Hospital, request: str, key: str, code: str) -> dict[str, Any]:
    """What another story holds under a prefetch key with this code."""
    entries = hospital.request(request)["prefetch"][key]["entry"]
    found = [e["resource"] for e in entries if code in _codes(e["resource"])]
    assert found, f"{request} has no {code}"
    return deepcopy(found[0])


def _codes(of: dict[str, Any]) -> list[str]:
    return [coding.get("code") for coding in of["code"].get("coding", ())]


def with_more(request: dict[str, Any], key: str, more: dict[str, Any]) -> dict[str, Any]:
    found = deepcopy(request)
    subject = {"reference": f"Patient/{request['context']['patientId']}"}
    entry = {"resource": more | {"id": "just-recorded", "subject": subject}}
    found["prefetch"][key].setdefault("entry", []).insert(0, entry)
    found["prefetch"][key].pop("total", None)
    return found


PREGNANT = ("conditions", "aml-pregnant.order-select.hydroxyurea", "O09.91")
LONG_QTC = ("performance", "apl-provisional.order-select.arsenic-long-qtc", "8636-3")
PHILADELPHIA = ("conditions", "als-ph-positive-all.order-select.dasatinib", "425688002")

SET_ASIDE = {
    "a pregnancy, where the card proposed hydroxyurea": (
        "als-entered-in-error.patient-view",
        "hyperleukocytosis-emergency",
        PREGNANT,
    ),
    "a pregnancy, where hydroxyurea was to replace leukapheresis": (
        "als-aml-emergency.order-select.leukapheresis",
        "leukapheresis-als",
        PREGNANT,
    ),
    "a long QTc, where none was known for ciprofloxacin": (
        "als-aml-prophylaxis.order-select.ciprofloxacin",
        "infection-prophylaxis-als",
        LONG_QTC,
    ),
}


@pytest.mark.parametrize(("name", "rule", "new"), SET_ASIDE.values(), ids=SET_ASIDE)
def test_a_card_that_was_set_aside_shows_again_with(
    hospital: Hospital, name: str, rule: str, new: tuple[str, str, str]
) -> None:
    request = hospital.request(name)
    card = by_rule(hospital.call(request))[rule]
    hospital.override(card, overrides.QUIET_24_HOURS, request["hook"])
    hospital.now += timedelta(minutes=20)
    assert rule in held(hospital.call(request))
    key, story, code = new
    more = resource(hospital, story, key, code)
    assert rule in by_rule(hospital.call(with_more(request, key, more)))


def test_a_pathway_shows_again_in_its_encounter_when_it_has_become_another(
    hospital: Hospital,
) -> None:
    """Genetics come days after the chart was opened first, in the same stay."""
    request = hospital.request("all-older-adult.patient-view", encounterId="stay-1")
    assert "all-older-adult" in by_rule(hospital.call(request))
    hospital.now += timedelta(minutes=20)
    assert held(hospital.call(request)) == ["all-older-adult"]
    key, story, code = PHILADELPHIA
    now = hospital.call(with_more(request, key, resource(hospital, story, key, code)))
    assert "tyrosine kinase inhibitor" in by_rule(now)["all-older-adult"]["detail"]
