"""Concepts that rules ask about: value sets, diagnoses, measurements, orderables, limits.

A concept carries its clinical title and the codes that mean it. The `Lexicon` is the index over
all concepts of a content package: it answers, for the codings of one resource, which value sets
they belong to. Codes decide; names decide only for orders, where the card says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Context, Decimal
from importlib.resources import files
from typing import Any, NamedTuple

from cds_service import code_systems
from cds_service.errors import ContentError
from cds_service.instants import duration_text
from cds_service.units import Units

ICD_SYSTEMS = frozenset({"http://hl7.org/fhir/sid/icd-10-cm", "http://hl7.org/fhir/sid/icd-10"})


@dataclass(frozen=True, slots=True)
class ValueSet:
    """The codes that mean one thing. `single_source` codes are backed by one source only.

    With `by_heading` every ICD-10 code that begins like a listed one belongs too: that many
    characters without the dot (4: C92.12 with C92.10; 1: the whole chapter). A site's code may
    belong to two sets of one kind where both have `shares_codes`, or where theirs overlap anyway.
    """

    id: str
    title: str
    url: str
    version: str
    codes: Mapping[tuple[str, str], str] = field(repr=False, hash=False, compare=False)
    single_source: frozenset[tuple[str, str]] = field(repr=False, default=frozenset())
    by_heading: int = 0
    shares_codes: bool = False

    def of_system(self, system: str) -> list[str]:
        """The codes of one code system, sorted: for prefetch templates."""
        return sorted(code for own, code in self.codes if own == system)


SINGLE_SOURCE = "https://als-leukemia-cds.org/fhir/StructureDefinition/single-source"


def load_value_sets(package: str) -> dict[str, ValueSet]:
    """Every FHIR ValueSet file of a package, by id. Raises ContentError naming the file."""
    found: dict[str, ValueSet] = {}
    for entry in sorted(files(package).iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".json"):
            value_set = read_value_set(json.loads(entry.read_text(encoding="utf-8")), entry.name)
            found[value_set.id] = value_set
    return found


def read_value_set(resource: Mapping[str, Any], origin: str) -> ValueSet:
    """A FHIR R4 ValueSet with an enumerated compose. Raises ContentError naming `origin`."""
    try:
        codes = {
            (include["system"], concept["code"]): concept.get("display", "")
            for include in resource["compose"]["include"]
            for concept in include.get("concept", ())
        }
        single = frozenset(
            (include["system"], concept["code"])
            for include in resource["compose"]["include"]
            for concept in include.get("concept", ())
            if any(
                extension.get("url") == SINGLE_SOURCE and extension.get("valueBoolean") is True
                for extension in concept.get("extension", ())
            )
        )
        return ValueSet(
            resource["id"], resource["title"], resource["url"], resource["version"], codes, single
        )
    except (KeyError, TypeError, AttributeError) as problem:
        raise ContentError(f"{origin} is not a FHIR ValueSet with codes: {problem!r}") from problem


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A disease on the problem list, with the code lists that also tell its state.

    `active` codes leave the state to Condition.clinicalStatus; `remission` and `relapse` codes
    carry it; `category` codes are headers that carry none. `suspected_by` codes are too broad to
    prove the disease. A `lifelong` disease cannot be over: "resolved" is an implausible entry.
    """

    id: str
    title: str
    active: ValueSet
    category: ValueSet | None = None
    remission: ValueSet | None = None
    relapse: ValueSet | None = None
    suspected_by: ValueSet | None = None
    suspected_words: str = ""
    lifelong: bool = False
    _value_sets: tuple[ValueSet, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        sets = (self.active, self.category, self.remission, self.relapse, self.suspected_by)
        found = tuple(value_set for value_set in sets if value_set is not None)
        object.__setattr__(self, "_value_sets", found)

    def value_sets(self) -> Iterable[ValueSet]:
        """All code lists of this concept."""
        return self._value_sets


@dataclass(frozen=True, slots=True)
class Measurement:
    """Something observed with a number: codes, accepted units, plausible range in them.

    `answers` maps coded answers to numbers (a performance grade sent as a code). `preferred`
    codes win over the others when both were measured at the same time. A `whole` measurement has
    grades: between two of them lies none.
    """

    id: str
    title: str
    codes: ValueSet
    units: Units
    plausible: tuple[Decimal, Decimal] | None = None
    answers: Mapping[tuple[str, str], Decimal] = field(
        default_factory=dict, hash=False, compare=False
    )
    preferred: ValueSet | None = None
    whole: bool = False

    def value_sets(self) -> Iterable[ValueSet]:
        """All code lists of this concept."""
        return (self.codes,) if self.preferred is None else (self.codes, self.preferred)


@dataclass(frozen=True, slots=True)
class QualitativeTest:
    """Something observed with a yes-or-no answer, as whole words or interpretation codes.

    With `amount_means_yes` a measured share above zero is a yes and zero is a no. A site may code
    its answers too: `yes_codes` and `no_codes`.

    https://terminology.hl7.org/CodeSystem-v3-ObservationInterpretation.html
    """

    id: str
    title: str
    codes: ValueSet
    yes: frozenset[str] = frozenset({"positive", "detected", "present", "pos"})
    no: frozenset[str] = frozenset({"negative", "not detected", "absent", "neg", "not present"})
    amount_means_yes: bool = False
    yes_codes: ValueSet | None = None
    no_codes: ValueSet | None = None

    def value_sets(self) -> Iterable[ValueSet]:
        """All code lists of this concept."""
        return (self.codes,)

    def answer_sets(self) -> Iterable[ValueSet]:
        """The lists of coded answers: found in a value, never asked for in a search."""
        return tuple(each for each in (self.yes_codes, self.no_codes) if each is not None)


@dataclass(frozen=True, slots=True)
class Orderable:
    """A drug or a procedure that can be ordered, recognised by code, else by name.

    `names` are whole words or phrases; a text holding one of `unless` is something else
    (liposomal cytarabine is not cytarabine).
    """

    id: str
    title: str
    codes: ValueSet
    names: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()

    def value_sets(self) -> Iterable[ValueSet]:
        """All code lists of this concept."""
        return (self.codes,)


Concept = Diagnosis | Measurement | QualitativeTest | Orderable


SHOWN_DIGITS = 6
_SHOWN = Context(prec=SHOWN_DIGITS)


@dataclass(frozen=True, slots=True)
class Threshold:
    """A number that decides, in one unit, with the reason for it and where it comes from.

    A site may set another within `allowed`, or from half of it to its double where nothing else is
    said; not where `fixed` says why not.
    """

    name: str
    value: Decimal
    units: Units
    reason: str
    source: str
    allowed: tuple[Decimal, Decimal] | None = None
    fixed: str = ""
    title: str = field(default="", compare=False)
    """What a card calls it, to be followed by the value; without one, the name in words."""

    _text: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_text", f"{self.number} {self.units.display}".strip())

    def __str__(self) -> str:
        return self._text

    @property
    def number(self) -> str:
        """Without its unit, for a text that does not repeat it.

        Of what a site's unit converts to, as many digits as anybody reads: the value stays exact.
        """
        return f"{_SHOWN.plus(self.value).normalize():f}"


@dataclass(frozen=True, slots=True)
class Window:
    """How far back a value still counts, with the reason for it. The rest is as for a limit."""

    name: str
    length: timedelta
    reason: str
    allowed: tuple[timedelta, timedelta] | None = None
    title: str = field(default="", compare=False)
    _text: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_text", duration_text(self.length))

    def __str__(self) -> str:
        return self._text

    @property
    def in_words(self) -> str:
        """As a sentence says it: "24 h", "90 days"."""
        return duration_text(self.length).replace(" d", " days")


class Match(NamedTuple):
    """One value set that a coding belongs to. `note` says what was assumed to see that."""

    value_set: str
    system: str
    code: str
    note: str = ""


def _is_mapped(concept: Concept) -> bool:
    named = isinstance(concept, Orderable) and bool(concept.names)
    return named or any(value_set.codes for value_set in concept.value_sets())


class Lexicon:
    """Which value sets a code belongs to; which orderables a name belongs to. Built once.

    `local` codes are a site's own. They count with their code system only: short codes of one
    hospital mean too many things, and must not make a public code ambiguous that came without it.
    """

    def __init__(
        self, concepts: Iterable[Concept], local: Collection[tuple[str, str]] = ()
    ) -> None:
        self.concepts = {concept.id: concept for concept in concepts}
        self._local = frozenset(local)
        self._exact: dict[tuple[str | None, str | None], tuple[Match, ...]] = {}
        self._squeezed: dict[tuple[str | None, str], tuple[str, str]] = {}
        self._systems_of: dict[str, set[tuple[str, str]]] = {}
        self._headings: dict[str, Match] = {}
        for value_set in self._value_sets():
            for system, code in value_set.codes:
                self._add(value_set.id, system, code)
                if value_set.by_heading and system in ICD_SYSTEMS:
                    heading = _squeeze(code)[: value_set.by_heading]
                    self._headings[heading] = Match(value_set.id, system, code)
        systems = {system for system, _ in self._exact if system is not None}
        self._plain_systems = systems - ICD_SYSTEMS
        self._named: dict[str, tuple[str, ...]] = {}
        self._orderables = [c for c in self.concepts.values() if isinstance(c, Orderable)]
        self._coded_by: dict[str, list[int]] = {}
        for place, orderable in enumerate(self._orderables):
            self._coded_by.setdefault(orderable.codes.id, []).append(place)
        self._mapped = frozenset(c.id for c in self.concepts.values() if _is_mapped(c))
        self._names = _name_pattern(self._orderables)

    def _value_sets(self) -> Iterable[ValueSet]:
        unique = {s.id: s for concept in self.concepts.values() for s in concept.value_sets()}
        return unique.values()

    def _add(self, value_set: str, system: str, code: str) -> None:
        key = (system, code)
        self._exact[key] = (*self._exact.get(key, ()), Match(value_set, system, code))
        if system in ICD_SYSTEMS:
            self._squeezed[system, _squeeze(code)] = key
        if key not in self._local:
            self._systems_of.setdefault(_squeeze(code), set()).add(key)

    def is_mapped(self, concept: Concept) -> bool:
        """Whether anything can match it here: codes of ours or of the site, or names of orders."""
        return concept.id in self._mapped if concept.id in self.concepts else _is_mapped(concept)

    def orderables_of(self, value_sets: frozenset[str]) -> list[Orderable]:
        """The concepts whose codes are among these value sets, in the order of all concepts."""
        places = sorted(p for each in value_sets for p in self._coded_by.get(each, ()))
        return [self._orderables[place] for place in places]

    def match(self, system: str | None, code: str | None) -> tuple[Match, ...]:
        """The value sets one coding belongs to; empty for codes no rule asks about."""
        exact = self._exact.get((system, code))
        if exact is not None:
            return exact
        # Most codes of most charts end here: a known system, and nothing that a rule asks about.
        if not code or system in self._plain_systems:
            return ()
        return self._match_loosely(system, code)

    def _match_loosely(self, system: str | None, code: str) -> tuple[Match, ...]:
        """Other identifiers of a system; ICD without dot or in lower case; no system at all."""
        if not system:
            return self._without_system(code)
        own = code_systems.canonical(system)
        if own in ICD_SYSTEMS:
            return self._match_icd(own, code)
        return self._exact.get((own, code), ())

    def _without_system(self, code: str) -> tuple[Match, ...]:
        """Used when all systems that know the code mean the same by it."""
        known = sorted(self._systems_of.get(_squeeze(code), ()))
        meanings = {frozenset(match.value_set for match in self._exact[key]) for key in known}
        if len(meanings) != 1:
            return ()
        return self._noted(known[0], "code sent without its code system")

    def _match_icd(self, system: str, code: str) -> tuple[Match, ...]:
        """In its own edition; else in the other one, which a wrong system URI hides; else by class.

        ICD-10-CM and WHO ICD-10 share their categories, and each has codes that only it can mean.
        """
        squeezed = _squeeze(code)
        for edition in (system, *sorted(ICD_SYSTEMS - {system})):
            key = self._squeezed.get((edition, squeezed))
            if key is not None:
                other = "" if edition == system else "code belongs to the other edition of ICD-10"
                spelled = "" if key[1] == code else f'code sent as "{code}"'
                return self._noted(key, other or spelled)
        lengths = sorted({len(heading) for heading in self._headings}, reverse=True)
        found = (self._headings.get(squeezed[:length]) for length in lengths)
        return tuple(match for match in found if match is not None)[:1]

    def _noted(self, key: tuple[str, str], note: str) -> tuple[Match, ...]:
        return tuple(match._replace(note=note) for match in self._exact[key])

    def named(self, text: str) -> tuple[str, ...]:
        """Ids of the orderables whose name stands in the text as a whole word."""
        known = self._named.get(text)
        if known is None:
            known = self._find_names(text.lower())
            # The same product names come with every chart; free texts are long and come once.
            if len(self._named) < _REMEMBERED_NAMES and len(text) <= _LONGEST_NAME:
                self._named[text] = known
        return known

    def _find_names(self, lowered: str) -> tuple[str, ...]:
        found = {self._names[1][hit.group()] for hit in self._names[0].finditer(lowered)}
        return tuple(
            orderable.id
            for owners in found
            for orderable in owners
            if not any(word in lowered for word in orderable.unless)
        )


_REMEMBERED_NAMES = 5000
_LONGEST_NAME = 100


def _squeeze(code: str) -> str:
    return code.replace(".", "").strip().upper()


def _name_pattern(
    orderables: Iterable[Orderable],
) -> tuple[re.Pattern[str], dict[str, tuple[Orderable, ...]]]:
    """One pattern for all names, longest first, and whose name each is."""
    owners: dict[str, tuple[Orderable, ...]] = {}
    for orderable in orderables:
        for name in orderable.names:
            owners[name.lower()] = (*owners.get(name.lower(), ()), orderable)
    words = sorted(owners, key=len, reverse=True) or ["(?!)"]
    alternatives = "|".join(re.escape(word) if word in owners else word for word in words)
    return re.compile(rf"(?<![a-z0-9])(?:{alternatives})(?![a-z0-9])"), owners
