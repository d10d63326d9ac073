"""What no card may assert: the wording table of the catalogue, section 4.4.

The unreviewed summaries say some of it. A card may report that in a sentence that begins with
"Guideline summary:", and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

import hooks
from cds_service.rule import Line, Rule
from cds_service.terminology import Orderable
from hooks import lines
from hooks.concepts import (
    ALL,
    ALS,
    AML,
    APL,
    CREATININE,
    CYTARABINE,
    DAUNORUBICIN,
    DYSPHAGIA,
    ECOG,
    FVC,
    G6PD_DEFICIENCY,
    HYDROXYUREA,
    LEUKAPHERESIS,
    PML_RARA,
    PREGNANCY,
    TRETINOIN,
    UNSPECIFIED_ACUTE_LEUKEMIA,
    URATE,
    VENTILATOR_DEPENDENCE,
)
from tests.patients import (
    BODY,
    CPT,
    SCENARIO_1,
    aged,
    answered,
    cards,
    chart,
    count,
    diagnosis,
    in_remission,
    order,
    person,
    prescription,
    result,
)

FORBIDDEN = {
    "every ALS patient has a poor performance status": (
        r"\b(all|every|most|any) (patients? with )?als\b.*poor performance"
        r"|als (means|implies|has|gives|confers) (a )?poor performance"
    ),
    "absolute contraindication": r"absolute(ly)? contraindicat",
    "ELN states that patients should receive supportive care": (
        r"eln\b.*\b(states?|says|recommends?)\b.*supportive"
        r"|patients should receive supportive care"
    ),
    "leukapheresis does not work, or is forbidden": (
        r"leukapheresis (does not|doesn't|never) (work|help)"
        r"|leukapheresis (is|was) (forbidden|contraindicated|useless|ineffective|prohibited)"
        r"|leukapheresis has no benefit|do not use leukapheresis"
    ),
    "deferred indefinitely": r"indefinite",
    "arsenic should be avoided in ALS": r"(avoid|withhold|do not (give|use))\b[^.;]*\barsenic"
    r"|arsenic\b[^.;]*\b(avoid|contraindicat)",
    "the only scenario": r"only (scenario|situation|setting|case)\b",
    "minimal toxicity": r"(minimal|little|no|negligible) toxicity|well tolerated",
    "weeks to months": r"weeks to months|survival of (weeks|months)|median survival",
    "never, must, mandatory": r"\b(never|must|mandatory|always)\b",
    "no ALS found": r"\bno als\b|als (was )?not found",
    "no contraindication found": r"no contraindications?\b",
}

RULES = list({rule.id: rule for service in hooks.SERVICES for rule in service.rules()}.values())

PATIENTS = {
    "nobody": (),
    "ALS and AML, everything measured": SCENARIO_1,
    "ALS and AML, nothing measured": (diagnosis(ALS), diagnosis(AML)),
    "suspected ALS and suspected AML": (
        diagnosis(ALS, "provisional"),
        diagnosis(AML, "provisional"),
        count(182),
    ),
    "APL in pregnancy with ALS": (
        diagnosis(APL),
        diagnosis(ALS),
        diagnosis(PREGNANCY),
        answered(PML_RARA, "negative"),
        count(14),
    ),
    "a child with ALL": (aged(9), diagnosis(ALL), count(310), *BODY),
    "G6PD deficiency on hydroxyurea": (
        diagnosis(AML),
        count(182),
        diagnosis(G6PD_DEFICIENCY),
        prescription(HYDROXYUREA),
        result(URATE, 9.1),
    ),
    "no lineage, no birth date": (
        person(None),
        diagnosis(UNSPECIFIED_ACUTE_LEUKEMIA),
        count(150),
        *BODY,
    ),
    "a remission at odds with the count": (in_remission(AML), count(130)),
    "an old count": (diagnosis(AML), count(150, hours_ago=36)),
    "a count that no leukemia explains": (count(150),),
    "on a ventilator": (
        diagnosis(ALS),
        diagnosis(AML),
        diagnosis(VENTILATOR_DEPENDENCE),
        diagnosis(DYSPHAGIA),
        result(ECOG, 4),
        result(FVC, 20),
        result(CREATININE, 2.5),
        *BODY,
    ),
}
ORDERS = (
    order(LEUKAPHERESIS, system=CPT),
    order(DAUNORUBICIN),
    order(CYTARABINE),
    order(TRETINOIN),
)
EVERYTHING = tuple(order(each) for each in hooks.CONCEPTS if isinstance(each, Orderable))
"""Each thing that can be ordered, so that no line waits for a draft that no case has."""


def texts_of(rule: Rule) -> Iterator[str]:
    """All that a rule may print, for every kind of patient; sources are quoted, not said."""
    yield rule.summary
    yield rule.text
    yield from (escalation.summary for escalation in rule.escalations if escalation.summary)
    yield from (reason.display for reason in rule.override_reasons)
    for records in PATIENTS.values():
        for found in (chart(*records), chart(*records, *ORDERS), chart(*records, *EVERYTHING)):
            texts = (line.text if isinstance(line, Line) else line for line in rule.advice)
            said = (text if isinstance(text, str) else text(found) for text in texts)
            yield from (text for text in said if text)
            yield from (fact.say() for show in rule.shows for fact in show(found))
            yield from (fact.say() for fact in rule.applies(found).deciding())
            for suggestion in filter(None, (propose(found) for propose in rule.suggestions)):
                yield suggestion.label
                for action in suggestion.actions:
                    yield action.description
                    yield from strings(action.resource)


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)


def asserted(text: str) -> list[str]:
    """The sentences of a text that are not attributed to the summaries."""
    sentences = re.split(r"(?<=[.!?])\s+", " ".join(text.split()))
    return [sentence for sentence in sentences if not sentence.startswith(lines.SUMMARY)]


def violations(text: str) -> set[str]:
    found = {
        (what, sentence)
        for what, pattern in FORBIDDEN.items()
        for sentence in asserted(text)
        if re.search(pattern, sentence, re.IGNORECASE)
    }
    return {f"{what}: {sentence}" for what, sentence in found}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_no_rule_asserts_what_the_evidence_does_not_carry(rule):
    assert {problem for text in texts_of(rule) for problem in violations(text)} == set()


@pytest.mark.parametrize("service", hooks.SERVICES, ids=lambda service: service.id)
@pytest.mark.parametrize("records", PATIENTS.values(), ids=PATIENTS)
def test_no_card_asserts_what_the_evidence_does_not_carry(service, records):
    for card in cards(service, *records, *ORDERS).values():
        said = card["detail"].split("**Evidence")[0]
        assert violations(card["summary"]) == set()
        assert {p for line in said.split("\n") for p in violations(line.lstrip("- "))} == set()


NOT_TO_BE_SAID = {
    "every ALS patient has a poor performance status": (
        "Every ALS patient has a poor performance status."
    ),
    "absolute contraindication": "ALS is an absolute contraindication to 7+3.",
    "ELN states that patients should receive supportive care": (
        "ELN states that such patients receive supportive care."
    ),
    "leukapheresis does not work, or is forbidden": "Leukapheresis does not work in AML.",
    "deferred indefinitely": "Lumbar puncture is deferred indefinitely.",
    "arsenic should be avoided in ALS": "Arsenic trioxide should be avoided in ALS.",
    "the only scenario": "APL is the only scenario for specific therapy.",
    "minimal toxicity": "It has minimal toxicity.",
    "weeks to months": "Survival is weeks to months.",
    "never, must, mandatory": "Cytoreduction must start today.",
    "no ALS found": "No ALS found.",
    "no contraindication found": "No contraindication found.",
}


@pytest.mark.parametrize(("what", "sentence"), NOT_TO_BE_SAID.items())
def test_each_entry_of_the_table_is_recognised(what, sentence):
    assert violations(f"All is well. {sentence}") == {f"{what}: {sentence}"}


@pytest.mark.parametrize("sentence", NOT_TO_BE_SAID.values())
def test_an_attributed_sentence_is_a_report_and_the_next_one_is_not(sentence):
    assert violations(f"{lines.SUMMARY} {sentence}") == set()
    assert violations(f"{lines.SUMMARY} it depends. {sentence}") != set()


def test_every_entry_has_a_sentence_that_shows_it():
    assert set(NOT_TO_BE_SAID) == set(FORBIDDEN)


def test_the_summaries_are_quoted_where_a_card_rests_on_them():
    """Catalogue section 0: nothing of the summaries is dropped."""
    quoting = {rule.id for rule in RULES if any(lines.SUMMARY in text for text in rule.texts())}
    assert quoting >= {
        "leukapheresis-als",
        "intensive-therapy-als",
        "als-acute-leukemia-goals",
        "apl-suspected",
    }


KNOWN_TO_A_RESIDENT = {
    *("ALS", "AML", "ALL", "APL", "T-ALL", "B-ALL", "Ph", "CD19", "CD22", "ECOG"),
    *("WBC", "CBC", "INR", "LP", "G6PD", "ECG", "QT", "QTc"),
}
SPELLED_OUT_BESIDE = {
    "MRD": "residual disease",
    "ATRA": "tretinoin",
    "TKI": "tyrosine kinase inhibitor",
}
"""Abbreviations that stand on a card only with their meaning, or in its name of a test."""
AS_THE_CATALOGUE_HAS_THEM = {
    ("apl-suspected", "ATRA"),
    ("leukapheresis-apl", "ATRA"),
    ("all-mrd", "MRD"),
    ("t-all-response-group", "MRD"),
}
"""Known to whoever treats APL or reads an MRD result; spelled out they would be too long."""


def summaries(rule: Rule) -> list[str]:
    return [rule.summary, *(each.summary for each in rule.escalations if each.summary)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_summary_holds_no_abbreviation_that_a_resident_would_not_know(rule):
    for summary in summaries(rule):
        for word in re.findall(r"[A-Za-z0-9-]*[A-Z][A-Z0-9]+[a-z]?", summary):
            plain = word.removeprefix("-")
            spelled = SPELLED_OUT_BESIDE.get(plain, "") in summary.lower()
            named = plain in SPELLED_OUT_BESIDE and spelled
            excused = (rule.id, plain) in AS_THE_CATALOGUE_HAS_THEM
            assert plain in KNOWN_TO_A_RESIDENT or named or excused, word


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_summary_fits_a_narrow_panel_and_is_one_sentence(rule):
    for summary in summaries(rule):
        assert len(summary) < 140
        assert summary.endswith(".")
        assert ". " not in summary
