"""Value sets of one site: its own codes, added to those that the content ships.

Where no public code exists the content ships an empty value set, and the rules that need it stay
dormant until a site says which of its codes mean it. A folder holds one FHIR R4 ValueSet a file
(https://hl7.org/fhir/R4/valueset.html) with enumerated codes. Whatever in it could not take effect
stops the start, everything at once: a mapping that is silently not used looks like "no finding".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from itertools import combinations
from pathlib import Path
from typing import Any

from cds_service.code_systems import canonical
from cds_service.errors import ContentError
from cds_service.terminology import (
    ICD_SYSTEMS,
    Concept,
    Diagnosis,
    Lexicon,
    Measurement,
    Orderable,
    QualitativeTest,
    ValueSet,
)

Key = tuple[str, str]

_KINDS: Mapping[type, str] = {
    Diagnosis: "diagnosis",
    Measurement: "result",
    QualitativeTest: "result",
    Orderable: "order",
}
"""What is coded in the same place of a record: there one code must not mean two things."""

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s|]+")
_CODE = re.compile(r"[^\s]+(?: [^\s]+)*")
"""https://hl7.org/fhir/R4/datatypes.html#code"""


# -- reading -------------------------------------------------------------------------------------


def load_site_value_sets(folder: str | Path, concepts: Iterable[Concept]) -> dict[str, ValueSet]:
    """The site's value sets by the id that they fill. Raises ContentError naming every problem."""
    content = _Content(concepts)
    problems: list[str] = []
    found: dict[str, ValueSet] = {}
    files: dict[str, str] = {}
    for path in _files(Path(folder), problems):
        value_set = _load(path, content, problems)
        if value_set is None:
            continue
        if value_set.id in found:
            problems.append(f"{path.name}: {value_set.id} is filled by {files[value_set.id]} too")
        found[value_set.id], files[value_set.id] = value_set, path.name
    for name, value_set in found.items():
        problems += (f"{files[name]}: {each}" for each in content.objections(value_set, found))
    if problems:
        raise ContentError(*(f"site value sets: {problem}" for problem in problems))
    return found


def _files(folder: Path, problems: list[str]) -> list[Path]:
    """Every file that must be a value set. Hidden files and Markdown are for people and tools."""
    try:
        present = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as problem:
        problems.append(f"the folder {folder} cannot be read: {problem.strerror}")
        return []
    read = [path for path in present if path.suffix == ".json" and path.is_file()]
    strange = [path for path in present if path not in read and path.suffix != ".md"]
    problems += (f"{path.name}: is no .json file and would not be read" for path in strange)
    if not read:
        problems.append(f"the folder {folder} holds no .json file")
    return read


def _load(path: Path, content: _Content, problems: list[str]) -> ValueSet | None:
    try:
        resource = json.loads(path.read_bytes(), object_pairs_hook=_each_name_once)
    except OSError as problem:
        problems.append(f"{path.name}: cannot be read: {problem.strerror}")
        return None
    except (ValueError, RecursionError) as problem:
        problems.append(f"{path.name}: is not JSON: {problem}")
        return None
    reading = _Reading(content)
    value_set = reading.value_set(resource)
    problems += (f"{path.name}: {problem}" for problem in reading.problems)
    return value_set


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON readers take the last of two values under one name, and drop the other."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = sorted({name for name, _ in pairs if [n for n, _ in pairs].count(name) > 1})
        raise ValueError(f"{', '.join(twice)} stands twice in one object")
    return found


class _Reading:
    """Reads one file, and collects what is wrong with it."""

    def __init__(self, content: _Content) -> None:
        self.problems: list[str] = []
        self._content = content
        self._codes: dict[Key, str] = {}

    def value_set(self, resource: Any) -> ValueSet | None:
        """The site's value set under the id of ours; None when it cannot be told which it is."""
        if not isinstance(resource, dict) or resource.get("resourceType") != "ValueSet":
            self.problems.append("is not a FHIR ValueSet")
            return None
        if resource.get("status") == "retired":
            self.problems.append("is retired")
        self._refuse_modifiers(resource)
        self._compose(resource.get("compose"))
        named = self._identity(resource)
        if named is None:
            return None
        shipped = self._content.value_sets[named]
        about = {name: _text(resource.get(name)) for name in ("title", "url", "version")}
        return ValueSet(
            named, about["title"] or shipped.title, about["url"], about["version"], self._codes
        )

    def _identity(self, resource: Mapping[str, Any]) -> str | None:
        """The one id of ours that name, id or the end of the url spell."""
        url = _text(resource.get("url")).split("|")[0].split("#")[0].rstrip("/")
        said = [_text(resource.get("name")), _text(resource.get("id")), url.rpartition("/")[2]]
        said = list(dict.fromkeys(each for each in said if each))
        known = [each for each in said if each in self._content.value_sets]
        if len(known) == 1:
            return known[0]
        if known:
            self.problems.append(f"is named {' and '.join(known)} at once")
            return None
        near = [n for each in said for n in get_close_matches(each, self._content.value_sets, 2)]
        hint = f"; did you mean {' or '.join(dict.fromkeys(near))}?" if near else ""
        names = ", ".join(said) or "nothing"
        self.problems.append(f"is named {names}, which is no value set of the content{hint}")
        return None

    def _compose(self, compose: Any) -> None:
        includes = compose.get("include") if isinstance(compose, dict) else None
        if not isinstance(includes, list) or not includes:
            self.problems.append("has no compose.include")
            return
        self._refuse_modifiers(compose)
        if compose.get("exclude"):
            self.problems.append("has compose.exclude, which is not supported: list codes only")
        for place, include in enumerate(includes, 1):
            self._include(include, f"include {place}")

    def _include(self, include: Any, place: str) -> None:
        if not isinstance(include, dict):
            self.problems.append(f"{place} is not an object")
            return
        self._refuse_modifiers(include)
        for name in ("filter", "valueSet"):
            if include.get(name):
                self.problems.append(f"{place} has a {name}, which cannot be expanded here")
        system = self._system(include.get("system"), place)
        concepts = include.get("concept")
        if not isinstance(concepts, list) or not concepts:
            self.problems.append(f"{place} lists no code")
            return
        for concept in concepts:
            self._concept(concept, system, place)

    def _system(self, system: Any, place: str) -> str | None:
        if not _text(system):
            self.problems.append(f"{place} has codes without a system")
            return None
        if not isinstance(system, str) or not _URI.fullmatch(system):
            self.problems.append(f"{place}: {system!r} is not the URI of a code system")
            return None
        usual = canonical(system)
        if usual != system and usual in self._content.systems:
            self.problems.append(f"{place}: write the code system {system} as {usual}")
            return None
        return system

    def _concept(self, concept: Any, system: str | None, place: str) -> None:
        code = concept.get("code") if isinstance(concept, dict) else None
        if not isinstance(code, str) or not _CODE.fullmatch(code):
            self.problems.append(f"{place}: {code!r} is not a code")
            return
        self._refuse_modifiers(concept)
        if system is None:
            return
        if (system, code) in self._codes:
            self.problems.append(f"{place} lists {code} twice")
        self._codes[system, code] = _text(concept.get("display"))

    def _refuse_modifiers(self, element: Mapping[str, Any]) -> None:
        """https://hl7.org/fhir/R4/extensibility.html#modifierExtension"""
        for name in ("modifierExtension", "implicitRules"):
            if element.get(name):
                self.problems.append(f"has {name}, whose meaning is not known here")


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


# -- what the content allows ---------------------------------------------------------------------


class _Content:
    """The shipped value sets: who uses each, and which of them may have codes in common."""

    def __init__(self, concepts: Iterable[Concept]) -> None:
        self.concepts = tuple(concepts)
        self.lexicon = Lexicon(self.concepts)
        self.value_sets: dict[str, ValueSet] = {}
        self._users: dict[str, list[Concept]] = {}
        self._answers: dict[str, list[QualitativeTest]] = {}
        for concept in self.concepts:
            for value_set in concept.value_sets():
                self.value_sets[value_set.id] = value_set
                self._users.setdefault(value_set.id, []).append(concept)
            if isinstance(concept, QualitativeTest):
                for value_set in concept.answer_sets():
                    self.value_sets[value_set.id] = value_set
                    self._answers.setdefault(value_set.id, []).append(concept)
        self.systems = {system for each in self.value_sets.values() for system, _ in each.codes}
        self._overlapping = self._overlaps()

    def _overlaps(self) -> set[frozenset[str]]:
        """Pairs of value sets, and of concepts, that have codes in common as shipped."""
        sets_of: dict[Key, list[str]] = {}
        for value_set in self.value_sets.values():
            for key in value_set.codes:
                sets_of.setdefault(key, []).append(value_set.id)
        pairs = {frozenset(p) for sets in sets_of.values() for p in combinations(sets, 2)}
        return pairs | {
            frozenset((a, b))
            for one, other in map(tuple, pairs)
            for a in self._named(one)
            for b in self._named(other)
            if a != b
        }

    def _named(self, value_set: str) -> set[str]:
        """The concepts that use a value set, marked so that no id of a value set is equal."""
        return {f"concept {concept.id}" for concept in self._users.get(value_set, ())}

    def objections(self, own: ValueSet, site: Mapping[str, ValueSet]) -> Iterator[str]:
        """Why codes of a value set could not take effect, or would mean something else as well."""
        for test in self._answers.get(own.id, ()):
            if not test.codes.codes and test.codes.id not in site:
                yield f"codes answers of {test.codes.id}, for which no code is mapped"
        for measurement in self._preferring(own.id):
            for system, code in own.codes.keys() - _union(measurement.codes, site):
                yield f"{system}|{code} must be in {measurement.codes.id} as well"
        for system, code in own.codes:
            if self.value_sets[own.id].by_heading and system in ICD_SYSTEMS:
                yield f"ICD-10 code {code} would bring every code that begins like it; not here"
            for other in self._other_meanings(own, (system, code), site):
                yield f"{system}|{code} already means {other}"

    def _preferring(self, value_set: str) -> Iterator[Measurement]:
        for concept in self._users.get(value_set, ()):
            if isinstance(concept, Measurement) and _id(concept.preferred) == value_set:
                yield concept

    def _other_meanings(
        self, own: ValueSet, key: Key, site: Mapping[str, ValueSet]
    ) -> Iterator[str]:
        """Value sets with this code that must not have it in common with `own`."""
        shipped = {match.value_set for match in self.lexicon.match(*key)}
        # Of two files with one code the later one is named, once.
        earlier = list(site)[: list(site).index(own.id)]
        added = {each for each in earlier if _spelled(key) in map(_spelled, site[each].codes)}
        for other in sorted((shipped | added) - {own.id}):
            if not self._may_share(own.id, other):
                yield other

    def _may_share(self, one: str, other: str) -> bool:
        if frozenset((one, other)) in self._overlapping:
            return True
        if self.value_sets[one].shares_codes and self.value_sets[other].shares_codes:
            return True
        preferring = (*self._preferring(one), *self._preferring(other))
        if any(each.codes.id in (one, other) for each in preferring):
            return True
        mine, theirs = self._named(one), self._named(other)
        if any(frozenset((a, b)) in self._overlapping for a in mine for b in theirs):
            return True
        return not self._kinds(one) & self._kinds(other)

    def _kinds(self, value_set: str) -> set[str]:
        """Where its codes stand: answers conflict with other answers to the same test only."""
        answers = {f"answer of {test.id}" for test in self._answers.get(value_set, ())}
        return answers | {_KINDS[type(concept)] for concept in self._users.get(value_set, ())}


def _id(value_set: ValueSet | None) -> str | None:
    return None if value_set is None else value_set.id


def _union(value_set: ValueSet, site: Mapping[str, ValueSet]) -> set[Key]:
    added = site[value_set.id].codes if value_set.id in site else {}
    return {*value_set.codes, *added}


def _spelled(key: Key) -> Key:
    """ICD-10 codes are the same with and without the dot."""
    system, code = key
    return (system, code.replace(".", "").upper()) if system in ICD_SYSTEMS else key


# -- taking effect -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Site:
    """What a site has mapped, ready to be added to concepts."""

    value_sets: Mapping[str, ValueSet]
    added: Mapping[str, Mapping[Key, str]]

    def codes(self) -> set[Key]:
        """Every code of the site's own: those that the content did not list."""
        return {key for codes in self.added.values() for key in codes}

    def extend(self, concept: Concept) -> Concept:
        """The concept with the site's codes; the very same one when it has none of them."""
        changed: dict[str, Any] = {}
        for field in fields(concept):
            value = getattr(concept, field.name)
            if field.init and isinstance(value, ValueSet) and value.id in self.added:
                # Shipped codes and their names stand, whatever a file says about them.
                codes = {**self.added[value.id], **value.codes}
                changed[field.name] = replace(value, codes=codes)
        return replace(concept, **changed) if changed else concept


def read_site(folder: str | Path, concepts: Iterable[Concept]) -> Site:
    """The site in a folder; one without value sets when no folder is named."""
    concepts = tuple(concepts)
    if not str(folder):
        return Site({}, {})
    value_sets = load_site_value_sets(folder, concepts)
    lexicon = Lexicon(concepts)
    added: dict[str, dict[Key, str]] = {}
    for value_set in value_sets.values():
        for key, display in value_set.codes.items():
            # A code that was read as one of ours (by its ICD-10 heading) keeps that meaning.
            kept = [match.value_set for match in lexicon.match(*key)]
            # Answers are looked up by the plain spelling of their system.
            plain = (canonical(key[0]), key[1])
            for name in {value_set.id, *kept}:
                added.setdefault(name, {}).update({key: display, plain: display})
    return Site(value_sets, added)
