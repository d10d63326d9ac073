"""Every statement of the sources can be followed to the cards that say it, and back.

Where the clinical catalogue is at hand, its own mapping and its verification are compared too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cds_service.chart import Chart
from cds_service.rule import Line, Rule
from cds_service.service import Service
from hooks import PATIENT_VIEW, SERVICES, lines
from hooks.concepts import ALL, ALS, AML, APL, BCR_ABL1, PML_RARA
from hooks.source_attributes import NOT_USED, Inputs, inputs, source_attributes
from hooks.statements import SERVICE_WIDE, STATEMENTS
from tests.patients import answered, cards, chart, diagnosis, part
from tests.test_content import CATALOGUE, charts, needs_catalogue
from tests.test_wording import ORDERS, PATIENTS
from tools.pages import statements
from tools.pages.wording import all_rules, line_words, lines_of

ROOT = Path(__file__).resolve().parent.parent
RULES = all_rules()
PAGE = "\n".join(statements.page())
each_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES)

# -- from statement to rule, and back --------------------------------------------------------------

CARRIED_AS_A_WHOLE = {
    ("hyperleukocytosis-emergency", "S3-07"): "that it is an emergency is what the card is about",
    ("data-gaps", "X-04"): "the card lists what is too old to be used",
}
"""Rule and statement that no single line carries: summary and text of the card do."""


def test_every_statement_is_carried_by_a_rule_or_by_the_service() -> None:
    carried = {each for rule in RULES.values() for each in rule.statements}
    assert set(STATEMENTS) - carried - set(SERVICE_WIDE) == set()


@each_rule
def test_a_rule_carries_statements_and_all_of_them_are_known(rule: Rule) -> None:
    assert rule.statements
    assert set(rule.statements) - set(STATEMENTS) == set()
    assert len(rule.statements) == len(set(rule.statements))


def test_what_the_service_carries_are_statements() -> None:
    assert set(SERVICE_WIDE) - set(STATEMENTS) == set()


@each_rule
def test_each_statement_of_a_rule_stands_on_a_line_or_is_the_card_itself(rule: Rule) -> None:
    on_lines = {each for line in lines_of(rule) for each in line.statements}
    whole = {statement for of, statement in CARRIED_AS_A_WHOLE if of == rule.id}
    assert set(rule.statements) - on_lines - whole - set(SERVICE_WIDE) == set()
    assert whole & on_lines == set()


def part_of_the_page(statement: str) -> str:
    _, _, rest = PAGE.partition(f"\n### {statement}\n")
    return rest.split("\n### ")[0].split("\n## ")[0]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_page_leads_from_a_statement_to_every_line_that_carries_it(statement: str) -> None:
    found = part_of_the_page(statement)
    assert STATEMENTS[statement].words in found
    assert STATEMENTS[statement].verification in found
    for rule in RULES.values():
        carrying = [line for line in lines_of(rule) if statement in line.statements]
        assert (f"(rules.md#{rule.id})" in found) is (statement in rule.statements)
        assert [line for line in carrying if line_words(line) not in found] == []


# -- what is not confirmed is not asserted ---------------------------------------------------------

NOT_ASSERTED = {
    ("apl-suspected", "S3-30"): "the sentence is not printed (catalogue C12); ATRA stands anyway",
    ("als-acute-leukemia-goals", "S3-30"): (
        "the sentence is not printed (catalogue C12); the line names the drugs that it denies"
    ),
    ("als-acute-leukemia-goals", "S3-36"): "the wording of catalogue 4.4, without its number",
    (
        "aml-unfit",
        "S0-24",
    ): "the attributed line has the position; these are the figures against it",
    ("puncture-bleeding-risk", "S3-27"): (
        "the attributed line has the position; these have the numbers that narrow it"
    ),
}
"""Rule and statement, contradicted or not found, with a line that does not attribute it: why."""


def said_by(line: Line) -> list[str]:
    """What a line says of patients of many kinds; else all that its code could say."""
    if isinstance(line.text, str):
        return [line.text]
    drafts: tuple[tuple[Any, ...], ...] = ((), ORDERS)
    found = [line.text(chart(*records, *more)) for records in PATIENTS.values() for more in drafts]
    return [text for text in found if text] or [line_words(line)]


def not_attributed() -> set[tuple[str, str]]:
    """Rule and statement where a doubtful position of the summaries stands without their name."""
    return {
        (rule.id, statement)
        for rule in RULES.values()
        for line in lines_of(rule)
        for statement in line.statements
        # What this project added is a reading of its own and quotes no summary.
        if not statement.startswith("X-")
        and STATEMENTS[statement].verification in ("contradicted", "not found")
        and any(lines.SUMMARY not in text for text in said_by(line))
    }


def test_what_is_contradicted_or_not_found_is_attributed_to_the_summaries() -> None:
    assert not_attributed() == set(NOT_ASSERTED)


@pytest.mark.parametrize(
    "records",
    [
        (diagnosis(APL),),
        (diagnosis(AML), diagnosis(APL, "provisional")),
        (diagnosis(AML), answered(PML_RARA, "positive")),
        (diagnosis(ALL),),
        (diagnosis(ALL), answered(BCR_ABL1, "positive")),
    ],
    ids=["APL", "APL suspected", "PML::RARA positive", "ALL", "Ph-positive ALL"],
)
def test_the_low_intensity_drugs_of_aml_are_not_named_in_apl_or_all(records: Any) -> None:
    advice = part(
        cards(PATIENT_VIEW, diagnosis(ALS), *records)["als-acute-leukemia-goals"], "Consider"
    )
    assert advice
    assert [
        each for each in advice if re.search(r"low-dose|hypomethylating|venetoclax", each)
    ] == []


def test_the_low_intensity_drugs_of_aml_are_named_in_aml_with_what_the_summary_says() -> None:
    shown = cards(PATIENT_VIEW, diagnosis(ALS), diagnosis(AML))["als-acute-leukemia-goals"]
    (line,) = (each for each in part(shown, "Consider") if "low-dose cytarabine controls" in each)
    assert line.startswith(lines.SUMMARY)
    assert "no comparison of quality of life was found" in line


# -- source attributes -----------------------------------------------------------------------------

ATTRIBUTES = [
    "bibliographicCitation",
    "developer",
    "fundingSource",
    "releaseAndRevisionDates",
    "race",
    "ethnicity",
    "language",
    "sexualOrientation",
    "genderIdentity",
    "sex",
    "dateOfBirth",
    "socialDeterminantsOfHealth",
    "healthStatusAssessments",
]
"""45 CFR 170.315(b)(11)(iv)(A)(1) to (13), https://www.ecfr.gov/current/title-45/section-170.315"""


@each_rule
def test_a_rule_has_all_thirteen_source_attributes_and_none_is_empty(rule: Rule) -> None:
    attributes = source_attributes(rule)
    assert list(attributes) == ATTRIBUTES
    assert [name for name, value in attributes.items() if not value] == []
    assert attributes["bibliographicCitation"] == [
        f"{each.citation} ({each.identifier})" for each in rule.evidence
    ]


@pytest.mark.parametrize(
    ("rule", "attribute", "value"),
    [
        ("als-acute-leukemia-goals", "healthStatusAssessments", "used: performance status (ECOG)"),
        ("als-acute-leukemia-goals", "dateOfBirth", "used: age in years"),
        ("als-acute-leukemia-goals", "sex", NOT_USED),
        ("hyperleukocytosis-emergency", "sex", "used: Patient.gender"),
        ("hyperleukocytosis-emergency", "healthStatusAssessments", "used: pregnancy status"),
        ("leukapheresis-routine", "dateOfBirth", "used: age in years"),
        ("hyperleukocytosis-watch", "dateOfBirth", NOT_USED),
        ("red-cells-hyperleukocytosis", "healthStatusAssessments", NOT_USED),
    ],
)
def test_data_of_the_patient_is_declared_as_used_where_a_rule_asks_for_it(
    rule: str, attribute: str, value: str
) -> None:
    assert str(source_attributes(RULES[rule])[attribute]).startswith(value)


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts that remember no answers, so that each rule is seen to ask all that it asks."""

    def noted(name: str, note: Callable[..., str]) -> None:
        own = getattr(Chart, name)

        def ask(self: Chart, *concepts: Any) -> Any:
            self.asked.add(note(*concepts))
            return own(self, *concepts)

        monkeypatch.setattr(Chart, name, ask)

    noted("has", lambda diagnosis: diagnosis.id)
    noted("may_have", lambda diagnosis: diagnosis.id)
    noted("gender", lambda: "sex")
    noted("age_bounds", lambda: "birth date")
    monkeypatch.setattr(Chart, "recall", lambda self, key, work_out: work_out())


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.id)
@pytest.mark.usefixtures("forgetful")
def test_what_rules_ask_of_any_story_is_among_what_their_code_names(service: Service) -> None:
    """The declared inputs are read from the code: no chart may show that one was overlooked."""
    declared = {rule.id: names_of(inputs(rule)) for rule in service.rules()}
    for story in charts(service):
        for rule in service.rules():
            overlooked = asked(rule, story) - declared[rule.id]
            assert (rule.id, overlooked) == (rule.id, set())


def names_of(declared: Inputs) -> set[str]:
    of_patient = {"sex": declared.sex, "birth date": declared.birth_date}
    return {each.id for each in declared.concepts} | {
        name for name in of_patient if of_patient[name]
    }


def asked(rule: Rule, story: Chart) -> set[str]:
    """What a rule, its lines, values and proposals ask of one patient."""
    story.asked.clear()
    rule.applies(story)
    texts = (each.text if isinstance(each, Line) else each for each in rule.advice)
    questions = [escalation.when for escalation in rule.escalations]
    for ask in (*questions, *(each for each in texts if not isinstance(each, str))):
        ask(story)
    for show in rule.shows:
        list(show(story))
    for propose in rule.suggestions:
        propose(story)
    return story.asked


def test_of_the_patient_resource_only_birth_date_gender_and_death_are_read() -> None:
    """Race, ethnicity, language and the like cannot be used: nothing reads them."""
    files = [*(ROOT / "cds_service").glob("*.py"), *(ROOT / "hooks").rglob("*.py")]
    # The search of the demo endpoint finds a patient by name, as any FHIR server: no advice.
    files.remove(ROOT / "cds_service" / "demo_search.py")
    read = {
        field
        for path in files
        for field in re.findall(r"\bpatient\.get\(\"(\w+)\"", path.read_text(encoding="utf-8"))
    }
    assert read == {"birthDate", "gender", "deceasedBoolean", "deceasedDateTime"}


# -- the catalogue ---------------------------------------------------------------------------------


def catalogue_statements() -> dict[str, list[str]]:
    """Id to the cells of the three tables of section 2: words, when, trigger, rules, status..."""
    text = CATALOGUE.read_text(encoding="utf-8")
    section = text.partition("## 2. Every statement")[2].partition("## 3. ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines()]
    return {row[0]: row[1:] for row in rows if re.fullmatch(r"(S\d|X)-\d+", row[0])}


def rule_ids() -> dict[str, str]:
    """Number of a rule in the catalogue to its permanent id."""
    text = CATALOGUE.read_text(encoding="utf-8")
    return dict(re.findall(r"^### (R\w+) `([\w-]+)`", text, flags=re.MULTILINE))


@needs_catalogue
def test_rules_carry_what_the_catalogue_maps_to_them_and_nothing_else() -> None:
    numbers = rule_ids()
    mapped: dict[str, set[str]] = {rule: set() for rule in numbers.values()}
    for statement, cells in catalogue_statements().items():
        for number in cells[3].split():
            # R38 is the service as a whole.
            mapped.setdefault(numbers.get(number, number), set()).add(statement)
    assert mapped.pop("R38") == set(SERVICE_WIDE)
    # The comfort card comes from section 0.9, which has no table of statements.
    carried = {rule.id: set(rule.statements) for rule in RULES.values() if rule.id in mapped}
    assert set(RULES) - set(mapped) <= {"comfort-plan"}
    assert carried == mapped


@needs_catalogue
def test_statements_are_verified_and_sourced_as_in_the_catalogue() -> None:
    listed = {
        statement: (cells[0], cells[1], cells[4], cells[6].split(", "))
        for statement, cells in catalogue_statements().items()
    }
    assert len(listed) == 108
    held = {
        each.id: (
            each.words,
            each.applies_when,
            each.verification,
            [source.key for source in each.evidence],
        )
        for each in STATEMENTS.values()
    }
    assert held == listed
