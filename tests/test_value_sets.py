"""The value sets of the clinical content: valid FHIR, well-formed codes, nothing from memory.

A valid check digit proves nothing about meaning, so membership in the verified code list is
tested as well, where that list is at hand.
"""

from __future__ import annotations

import csv
import importlib.util
import json
import re
import sys
from collections import Counter
from itertools import combinations
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from fhir.resources.R4B.valueset import ValueSet
from pydantic import ValidationError

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "hooks" / "valuesets"
FILES = {path.stem: path for path in sorted(FOLDER.glob("*.json"))}
SETS: dict[str, dict[str, Any]] = {
    name: json.loads(path.read_text(encoding="utf-8")) for name, path in FILES.items()
}
BASE = "https://als-leukemia-cds.org/fhir/ValueSet/"

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD_10 = "http://hl7.org/fhir/sid/icd-10"
ICD_10_PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
CPT = "http://www.ama-assn.org/go/cpt"
HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
OVERRIDE_REASONS = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"

FORMATS = {
    SNOMED: r"[1-9][0-9]{5,17}",
    LOINC: r"(LA)?[1-9][0-9]{0,6}-[0-9]",
    ICD_10_CM: r"[A-TV-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?",
    ICD_10: r"[A-Z][0-9]{2}(\.[0-9]{1,2})?",
    ICD_10_PCS: r"[0-9A-HJ-NP-Z]{7}",
    CPT: r"[0-9]{4}[0-9A-Z]",
    HCPCS: r"[A-V][0-9]{4}",
    RXNORM: r"[1-9][0-9]{0,7}",
    ATC: r"[A-Z][0-9]{2}[A-Z]{2}[0-9]{2}",
    OVERRIDE_REASONS: r"[a-z]+(-[a-z]+)*",
}

CODINGS = [
    (name, include["system"], concept["code"])
    for name, resource in SETS.items()
    for include in resource["compose"]["include"]
    for concept in include["concept"]
]


def codes(name: str) -> set[tuple[str, str]]:
    """The (system, code) pairs of one value set."""
    return {(system, code) for own, system, code in CODINGS if own == name}


# The tables of the Verhoeff check digit, with which every SNOMED CT identifier ends.
# fmt: off
_MULTIPLY = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)
_PERMUTE = (
    "0123456789", "1576283094", "5803796142", "8916043527",
    "9453126870", "4286573901", "2793806415", "7046913258",
)
# fmt: on


def verhoeff_holds(code: str) -> bool:
    """Whether the last digit is the Verhoeff check digit of the others."""
    check = 0
    for position, digit in enumerate(reversed(code)):
        check = int(_MULTIPLY[check][int(_PERMUTE[position % 8][int(digit)])])
    return check == 0


def mod_10_holds(code: str) -> bool:
    """Whether a LOINC code ends in its mod 10 check digit."""
    number, check = code.split("-")
    total = sum(
        int(digit) if position % 2 else sum(divmod(2 * int(digit), 10))
        for position, digit in enumerate(reversed(number))
    )
    return (10 - total % 10) % 10 == int(check)


@pytest.mark.parametrize("name", SETS)
def test_value_set_is_valid_fhir_r4(name: str) -> None:
    ValueSet.model_validate(SETS[name])


def test_the_validator_refuses_a_broken_value_set() -> None:
    broken = SETS["als"] | {"status": ["active"]}
    with pytest.raises(ValidationError):
        ValueSet.model_validate(broken)


@pytest.mark.parametrize("name", SETS)
def test_identity_follows_the_file_name(name: str) -> None:
    resource = SETS[name]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert resource["id"] == name
    assert resource["url"] == BASE + name
    assert re.fullmatch(r"[A-Z][A-Za-z0-9]{0,254}", resource["name"])
    assert resource["name"].lower() == name.replace("-", "")


@pytest.mark.parametrize("field", ["id", "url", "name", "title"])
def test_identity_is_unique(field: str) -> None:
    values = [resource[field] for resource in SETS.values()]
    assert len(set(values)) == len(values)


@pytest.mark.parametrize("name", SETS)
def test_value_set_says_what_it_means(name: str) -> None:
    purpose = SETS[name]["purpose"]
    positions = [purpose.find(f"{word}:") for word in ("Clinical focus", "Includes", "Excludes")]
    assert -1 not in positions
    assert positions == sorted(positions)
    assert SETS[name]["status"] == "active"
    assert SETS[name]["title"].strip() == SETS[name]["title"]


@pytest.mark.parametrize("name", SETS)
def test_codes_are_sorted_and_stand_once(name: str) -> None:
    systems = [include["system"] for include in SETS[name]["compose"]["include"]]
    assert systems == sorted(set(systems))
    for include in SETS[name]["compose"]["include"]:
        listed = [concept["code"] for concept in include["concept"]]
        assert listed
        assert listed == sorted(set(listed))
        assert all(concept["display"] for concept in include["concept"])


@pytest.mark.parametrize("name", SETS)
def test_licensed_content_carries_its_notice(name: str) -> None:
    owners = {SNOMED: "SNOMED", LOINC: "LOINC", CPT: "CPT", ATC: "ATC"}
    notice = SETS[name].get("copyright", "")
    used = {owner for system, owner in owners.items() if system in {s for s, _ in codes(name)}}
    assert used == {owner for owner in owners.values() if owner in notice}


def test_every_code_has_the_form_of_its_system() -> None:
    assert [c for c in CODINGS if not re.fullmatch(FORMATS[c[1]], c[2])] == []


def test_every_snomed_code_has_its_check_digit_and_is_a_concept() -> None:
    snomed = [(name, code) for name, system, code in CODINGS if system == SNOMED]
    assert [c for c in snomed if not verhoeff_holds(c[1]) or c[1][-3:-1] not in ("00", "10")] == []


def test_every_loinc_code_has_its_check_digit() -> None:
    """Answers (LA...) are numbered by another scheme; they are tested by form and membership."""
    loinc = [(n, code) for n, system, code in CODINGS if system == LOINC and code[0] != "L"]
    assert loinc
    assert [c for c in loinc if not mod_10_holds(c[1])] == []


@pytest.mark.parametrize("code", ["86044006", "68044005", "91861008", "1201863000"])
def test_a_wrong_snomed_digit_is_noticed(code: str) -> None:
    assert not verhoeff_holds(code)


@pytest.mark.parametrize("code", ["6690-3", "6960-2", "26464-7"])
def test_a_wrong_loinc_digit_is_noticed(code: str) -> None:
    assert not mod_10_holds(code)


LEUKEMIAS = ("aml", "apl", "all", "acute-leukemia-unspecified")
STATES = ("active", "category", "remission", "relapse")
LINEAGES = (*LEUKEMIAS, "mixed-phenotype-acute-leukemia")
NEVER_ACUTE = (
    "aml-borderline",
    "other-leukemia",
    "chronic-myeloid-leukemia-blast-crisis",
    "lymphoblastic-lymphoma",
    "personal-history-of-leukemia",
)


def of_leukemia(name: str) -> set[tuple[str, str]]:
    """All codes of one leukemia, whatever its state."""
    return set().union(*(codes(own) for own in (name, *(f"{name}-{s}" for s in STATES))))


@pytest.mark.parametrize("leukemia", LEUKEMIAS)
@pytest.mark.parametrize(("one", "other"), list(combinations(STATES, 2)))
def test_a_code_states_one_state(leukemia: str, one: str, other: str) -> None:
    assert codes(f"{leukemia}-{one}")
    assert codes(f"{leukemia}-{one}").isdisjoint(codes(f"{leukemia}-{other}"))


@pytest.mark.parametrize(("one", "other"), list(combinations((*LINEAGES, *NEVER_ACUTE), 2)))
def test_a_leukemia_code_means_one_disease(one: str, other: str) -> None:
    assert of_leukemia(one).isdisjoint(of_leukemia(other))


UNIONS = ("crystalloid-infusion",)


def test_a_drug_code_means_one_drug() -> None:
    drugs = [
        (system, code)
        for name, system, code in CODINGS
        if system in (RXNORM, ATC) and name not in UNIONS
    ]
    assert drugs
    assert [coding for coding, count in Counter(drugs).items() if count > 1] == []


APART = [
    ("als", "motor-neuron-disease"),
    ("dnr-status", "full-code-status"),
    ("dnr-status", "code-status"),
    ("dnr-status", "palliative-care"),
    ("pregnancy", "not-pregnant"),
    ("pregnancy-first-trimester", "pregnancy-later-trimester"),
    ("leukapheresis", "other-apheresis"),
    ("leukapheresis", "apheresis-parent"),
    ("hsct-allogeneic", "hsct-autologous"),
    ("hsct-allogeneic", "hsct-any"),
    ("hsct-allogeneic", "hsct-other"),
    ("b-all", "t-all"),
    ("blasts-blood-percent", "blasts-blood-absolute"),
    ("blasts-blood-percent", "blasts-blood-percent-by-lineage"),
    ("blasts-blood-absolute", "blasts-blood-absolute-by-lineage"),
    ("blasts-blood-percent", "blasts-marrow-percent"),
    ("calcium-total", "calcium-ionized"),
    ("calcium-total", "calcium-albumin-corrected"),
    ("d-dimer-feu", "d-dimer-ddu"),
    ("fvc-percent-predicted", "fvc-volume"),
    ("g6pd-activity", "g6pd-presence"),
    ("ecog-performance-status", "karnofsky-performance-status"),
    ("ventilator-dependence", "tracheostomy"),
    ("red-cell-transfusion", "platelet-transfusion"),
    ("central-venous-catheter", "picc"),
    ("leukemia-complete-remission-answer", "leukemia-partial-remission-answer"),
    ("leukemia-complete-remission-answer", "leukemia-worsened-answer"),
    ("leukemia-disease-status", "leukemia-disease-status-answer"),
]


@pytest.mark.parametrize(("one", "other"), APART)
def test_meanings_that_must_not_be_merged_share_no_code(one: str, other: str) -> None:
    assert codes(one)
    assert codes(other)
    assert codes(one).isdisjoint(codes(other))


WITHIN = [
    ("leukocyte-count-corrected", "leukocyte-count"),
    ("acute-respiratory-failure", "respiratory-failure"),
    ("chronic-respiratory-failure", "respiratory-failure"),
    ("pregnancy-first-trimester", "pregnancy"),
    ("pregnancy-later-trimester", "pregnancy"),
    ("promyelocytes-blood-percent", "promyelocytes"),
    ("promyelocytes-blood-absolute", "promyelocytes"),
    ("intrathecal-chemotherapy", "lumbar-puncture"),
    ("leukemia-complete-remission-answer", "leukemia-disease-status-answer"),
    ("leukemia-worsened-answer", "leukemia-disease-status-answer"),
    ("sodium-chloride-infusion", "crystalloid-infusion"),
    ("glucose-infusion", "crystalloid-infusion"),
]


@pytest.mark.parametrize(("narrow", "wide"), WITHIN)
def test_a_narrower_set_lies_within_the_wider(narrow: str, wide: str) -> None:
    assert codes(narrow) < codes(wide)


def test_motor_neuron_disease_is_what_does_not_name_a_sibling_of_als() -> None:
    """Lateral sclerosis, muscular atrophy and the other named siblings do not count as ALS."""
    assert codes("motor-neuron-disease") == {
        (ICD_10_CM, "G12.2"),
        (ICD_10_CM, "G12.20"),
        (ICD_10_CM, "G12.22"),
        (ICD_10_CM, "G12.24"),
        (ICD_10, "G12.2"),
        (SNOMED, "37340000"),
    }


def test_only_one_icd_code_is_als() -> None:
    icd = {code for system, code in codes("als") if system in (ICD_10_CM, ICD_10)}
    assert icd == {"G12.21"}


def test_a_grade_finding_may_be_the_observation_itself() -> None:
    grades = {coding for coding in codes("ecog-answer") if coding[0] == SNOMED}
    assert len(grades) == 5
    assert grades <= codes("ecog-performance-status")
    assert not any(code.startswith("LA") for _, code in codes("ecog-performance-status"))


def test_leukocytes_are_counted_in_blood_only() -> None:
    """The look-alikes are other specimens: body fluid, urine, cord and fetal blood, product."""
    assert {code for _, code in codes("leukocyte-count")} == {
        "6690-2",
        "26464-8",
        "804-5",
        "49498-9",
        "12227-5",
        "33256-9",
    }


# From here on against the verified code list, which is not part of this repository.


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """tools/value_sets.py, where the code list is at hand."""
    spec = importlib.util.spec_from_file_location(
        "value_sets_tool", ROOT / "tools" / "value_sets.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    if not module.CODES.exists():
        pytest.skip(f"the verified code list {module.CODES.name} is not here")
    return module


def test_value_sets_are_what_the_tool_generates(tool: ModuleType) -> None:
    assert tool.outdated(tool.files(tool.read_codes(tool.CODES)), FOLDER) == []


def test_check_notices_a_change(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, path in FILES.items():
        (tmp_path / f"{name}.json").write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(tool, "TARGET", tmp_path)
    assert tool.main(["--check"]) == 0
    (tmp_path / "als.json").write_text("{}\n", encoding="utf-8")
    assert tool.main(["--check"]) == 1


def test_check_without_the_code_list_says_so(
    tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tool.main(["--check", "--codes", str(tmp_path / "none.csv")]) == 0
    assert "skipped" in capsys.readouterr().out


def test_every_code_stands_in_its_groups_of_the_code_list(tool: ModuleType) -> None:
    groups: dict[tuple[str, str], set[str]] = {}
    for row in tool.read_codes(tool.CODES):
        groups.setdefault((row.system, row.code), set()).add(row.group)
    named = {concept.id: {part.group for part in concept.parts} for concept in tool.CONCEPTS}
    strays = [c for c in CODINGS if not groups.get((c[1], c[2]), set()) & named[c[0]]]
    assert strays == []


def test_codes_backed_by_one_source_are_marked(tool: ModuleType) -> None:
    single = {(row.system, row.code) for row in tool.read_codes(tool.CODES) if row.single}
    marked = {
        (include["system"], concept["code"])
        for resource in SETS.values()
        for include in resource["compose"]["include"]
        for concept in include["concept"]
        if concept.get("extension") == [{"url": tool.SINGLE_SOURCE, "valueBoolean": True}]
    }
    used = {(system, code) for _, system, code in CODINGS}
    assert marked == single & used


def test_every_group_is_used_or_left_out_with_a_reason(tool: ModuleType) -> None:
    rows = tool.read_codes(tool.CODES)
    assert tool.forgotten(rows) == []
    assert set(tool.LEFT_OUT) <= {row.group for row in rows}
    assert all(tool.LEFT_OUT.values())


def test_an_added_code_is_verified_by_two_repositories(tool: ModuleType) -> None:
    for row in csv.DictReader(tool.ADDED_CODES.read_text(encoding="utf-8").splitlines()):
        found_in = {row[key].split(":")[0] for key in ("source1", "source2") if row[key]}
        assert len(found_in) == {"verified": 2, "single": 1}[row["status"]], row


def test_a_misspelled_code_is_an_error(tool: ModuleType) -> None:
    rows = tool.read_codes(tool.CODES)
    with pytest.raises(ValueError, match=r"G12\.99"):
        tool.rows_of(tool.some("mnd_other", only="G12.99"), rows)
