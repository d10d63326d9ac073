"""What stands behind each rule: the source attributes of evidence-based decision support.

The thirteen of 45 CFR 170.315(b)(11)(iv)(A), https://www.ecfr.gov/current/title-45/section-170.315
None is ever empty: "not used" is an answer. Which data a rule uses is read from its code, all
branches and texts of the card included, so that the answer cannot lag behind the rule.
"""

from __future__ import annotations

import dis
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from types import CodeType, FunctionType, ModuleType
from typing import Any

from cds_service.limits import Stated
from cds_service.rule import Line, Rule
from cds_service.terminology import Concept, Threshold, Window
from hooks import concepts

CONTENT = "hooks"
"""The package whose functions are read; the engine's own are the same for every rule."""

HEALTH_STATUS_ASSESSMENTS = {
    concepts.ECOG.id: "performance status (ECOG)",
    concepts.KARNOFSKY.id: "performance status (Karnofsky)",
    concepts.PREGNANCY.id: "pregnancy status",
    concepts.PREGNANCY_STATUS.id: "pregnancy status",
    concepts.FIRST_TRIMESTER.id: "pregnancy status",
    concepts.LATER_TRIMESTER.id: "pregnancy status",
}
"""Concepts that the USCDI counts as Health Status Assessments, by id, and how they are named."""

NOT_USED = "not used"

_PATIENT_NAMES = frozenset({"patient", "chart", "found"})
_SEX = "sex"
_BIRTH_DATE = "birth date"
_PATIENT_QUESTIONS = {"gender": _SEX, "age": _BIRTH_DATE, "age_bounds": _BIRTH_DATE}


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that a rule may ask of a chart, whatever the patient: each thing once, by name."""

    concepts: tuple[Concept, ...]
    thresholds: tuple[Threshold, ...]
    windows: tuple[Window, ...]
    sex: bool
    birth_date: bool


def inputs(rule: Rule) -> Inputs:
    """What the rule's questions, values shown, lines and proposals may ask together."""
    lines = [each.text if isinstance(each, Line) else each for each in rule.advice]
    stated = (rule.summary, rule.text)
    return _inputs(rule.applies, rule.escalations, rule.shows, lines, rule.suggestions, stated)


def deciding_inputs(rule: Rule) -> Inputs:
    """What the rule may ask to decide whether it applies, and how urgent it is."""
    return _inputs(rule.applies, rule.escalations)


def source_attributes(rule: Rule) -> dict[str, str | list[str]]:
    """The thirteen attributes of one rule, ready to be written as JSON."""
    asked = inputs(rule)
    assessments = sorted(
        {
            HEALTH_STATUS_ASSESSMENTS[concept.id]
            for concept in asked.concepts
            if concept.id in HEALTH_STATUS_ASSESSMENTS
        }
    )
    return {
        "bibliographicCitation": [
            f"{source.citation} ({source.identifier})" for source in rule.evidence
        ],
        "developer": "The als-leukemia-cds project, as open source under the Apache License 2.0",
        "fundingSource": "none declared for the technical implementation",
        "releaseAndRevisionDates": (
            f"rule version {rule.version}, not released yet; guideline summaries of 2026-01-05; "
            "the date of each publication stands in its citation"
        ),
        "race": NOT_USED,
        "ethnicity": NOT_USED,
        "language": NOT_USED,
        "sexualOrientation": NOT_USED,
        "genderIdentity": NOT_USED,
        "sex": "used: Patient.gender as recorded" if asked.sex else NOT_USED,
        "dateOfBirth": (
            "used: age in years from Patient.birthDate" if asked.birth_date else NOT_USED
        ),
        "socialDeterminantsOfHealth": NOT_USED,
        "healthStatusAssessments": f"used: {', '.join(assessments)}" if assessments else NOT_USED,
    }


# -- reading the code of a rule ------------------------------------------------------------------


def _inputs(*roots: object) -> Inputs:
    found = _Found({}, set(), set())
    for root in roots:
        _visit(root, found)
    named = found.named.values()
    return Inputs(
        concepts=tuple(each for each in named if isinstance(each, Concept)),
        thresholds=tuple(each for each in named if isinstance(each, Threshold)),
        windows=tuple(each for each in named if isinstance(each, Window)),
        sex=_SEX in found.asked_of_patient,
        birth_date=_BIRTH_DATE in found.asked_of_patient,
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """What was met on the way; `seen` are the identities of what has been visited."""

    named: dict[str, Concept | Threshold | Window]
    asked_of_patient: set[str]
    seen: set[int]


def _visit(thing: object, found: _Found) -> None:
    """Collect what is named in a thing, and in all that it refers to within the content."""
    if id(thing) in found.seen:
        return
    found.seen.add(id(thing))
    if isinstance(thing, Concept | Threshold | Window):
        name = thing.name if isinstance(thing, Threshold | Window) else thing.id
        found.named.setdefault(f"{type(thing).__name__} {name}", thing)
        return
    for part in _parts(thing, found):
        _visit(part, found)


def _parts(thing: object, found: _Found) -> Iterator[object]:
    if isinstance(thing, FunctionType):
        if thing.__module__.split(".")[0] == CONTENT:
            yield from _named_in(thing.__code__, thing.__globals__, found)
        # A question that is remembered is the engine's function around one of the content.
        yield from _closure(thing)
    elif isinstance(thing, type):
        if thing.__module__.split(".")[0] == CONTENT:
            yield from (each for each in vars(thing).values() if isinstance(each, FunctionType))
    elif isinstance(thing, Stated):
        yield from thing.limits
    elif isinstance(thing, Mapping):
        yield from thing.keys()
        yield from thing.values()
    elif isinstance(thing, tuple | list):
        yield from thing
    elif isinstance(thing, set | frozenset):
        yield from sorted(thing, key=repr)
    elif isinstance(thing, property):
        yield thing.fget
    elif isinstance(thing, Rule):
        yield thing.applies
    elif is_dataclass(thing):
        yield type(thing)
        yield from (getattr(thing, name) for name in thing.__dataclass_fields__)


def _closure(function: FunctionType) -> Iterator[object]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # Python's word for a cell that nothing was put into.
            continue


def _named_in(code: CodeType, known: Mapping[str, Any], found: _Found) -> Iterator[object]:
    """The global names of a function, and `concepts.FVC` for a module and what is taken of it."""
    current: object = None
    variable = ""
    for step in dis.get_instructions(code):
        if step.opname.startswith(("LOAD_GLOBAL", "LOAD_NAME")):
            current, variable = known.get(step.argval), ""
        elif step.opname.startswith(("LOAD_ATTR", "LOAD_METHOD")):
            if variable in _PATIENT_NAMES and step.argval in _PATIENT_QUESTIONS:
                found.asked_of_patient.add(_PATIENT_QUESTIONS[step.argval])
            is_module = isinstance(current, ModuleType)
            current, variable = getattr(current, step.argval, None) if is_module else None, ""
        elif step.opname.startswith(("LOAD_FAST", "LOAD_DEREF")):
            name = step.argval[-1] if isinstance(step.argval, tuple) else step.argval
            current, variable = None, str(name)
        else:
            current, variable = None, ""
        if current is not None and not isinstance(current, ModuleType):
            yield current
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _named_in(constant, known, found)
