"""Every spelling of the terminology notes, one by one, and the traps among them.

The tables below stand on their own; where the notes are here too, nothing in them may be missing.
"""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from cds_service.units import Units
from hooks import units

NOTES = Path(__file__).resolve().parents[3] / "shared" / "terminology" / "notes.md"

# fmt: off
COUNTS: dict[str, tuple[str, ...]] = {
    "1": (
        "K/uL", "K/mcL", "K/mm3", "K/cmm", "K/cumm", "K/ccm", "K/cm", "10*3/uL", "10^3/uL",
        "10e3/uL", "x10e3/uL", "x10e+03/uL", "10x3/uL", "10x3/cmm", "10s3/uL", "10'3/uL", "103/uL",
        "X(10)3", "X103", "10**3", "x10(3)/uL", "10(3)/mcL", "x1000/uL", "1000/uL", "1000/mcL",
        "1000/mm3", "thou/uL", "thou/cumm", "thou/mm3", "thous/uL", "thous/cmm", "thousand/uL",
        "th/uL", "th/mm3", "th/cumm", "tho/mm3", "T/cmm", "10*9/L", "10^9/L", "10e9/L", "x10e9/L",
        "x10(9)/L", "x10e+09/l", "bil/L", "bill/L", "G/L", "/nL", "Thousands Per MicroLiter",
        "billion per liter",
    ),
    "0.001": (
        "/uL", "#/uL", "cells/uL", "cells/mcL", "/mm3", "/cumm", "#/cmm", "wbc/cmm", "/cum", "UL",
        "CUMM", "CMM", "{cells}/uL", "10*6/L",
    ),
    "100": ("lakh/cumm",),
    "1000": ("million/uL", "10*6/uL"),
}
"""The factor to 10*9/L, and what the notes list for it."""

MORE_COUNTS: dict[str, tuple[str, ...]] = {
    "1": (
        "K/µL", "K/μL", "K / uL", "K\u00a0/\u202fuL", "k/ul", "THOU/MCL", "thou./cu.mm", "K/㎕",
        "10³/µL", "10³/mm³", "x 10³/μL", "10ˆ3/uL", "10∗3/uL", "10*3∕uL", "10*3{cells}/uL",
        "10^3 cells/uL", "10*9{cells}/L", "10^9 cells/L", "×10⁹/L", "10⁹/l", "10 9/L", "109/L",
        "\u200bK/uL\ufeff", "K/u\u00adL", "G/l", "Gpt/l", "Giga/L", "billion per litre",
        "thousand/microliter", "10*6/mL",
    ),
    "0.001": (
        "cells/cu mm", "cells/cu.mm", "cells/mm³", "{cells}/µL", "{wbc}/uL", "cells/cmm",
        "cells per microlitre", "/㎣", "10⁶/L",
    ),
    "100": ("Lakhs/cumm", "lakh/µL", "lac/cumm", "lakhs/cu.mm"),
    "1000": ("million/cumm", "millions/cu.mm", "mill/cmm", "10*12/L", "10¹²/L", "Tpt/l"),
    "1e-9": ("/L", "cells/L"),
}
"""The same spellings as they are typed elsewhere: no doubt is left what each means."""

NO_COUNTS: dict[str, tuple[str, ...]] = {
    "used for single cells, for thousands and for millions": ("/cmm", "/CMM", "/ cmm"),
    "used for K/uL, which is 1,000 times as much": ("K/mL", "K/ML", "10*3/mL", "thou/mL"),
    "no factor is known": ("kilounit/L", "kU/L", "units/L"),
    "to UCUM tesla, kelvin, atomic mass units": ("T/L", "K", "10*3/u", "kelvin per microliter"),
    "kelvin in full, as one public warehouse has it": ("Kelvin per cubic millimeter",),
    "grams, not giga": ("g/L", "g/l", "g/dL"),
    "million in one laboratory, milli in another": ("m/mL", "mM/L"),
    "a share of all cells is no count": ("%", "percent", "/100 WBC", "/100{WBC}"),
    "no volume": ("10*3", "10*9", "cells", "thousand", "G", "K"),
    "no unit of a count": ("1", "{cells}", "fL", "pg", "/[HPF]", "/[LPF]", "/HPF"),
    "what the annotation says is not what UCUM reads": ("{thousand}/uL", "{K}/uL", "{10*3}/uL"),
    "several things at once": ("K/uL or 10*9/L", "K/uL (or /uL)", "10*3/uL;/uL", "K/uL/uL"),
    "another power": ("10*4/uL", "10*2/uL", "10*10/L", "10e10/L", "10*-3/uL", "10⁻³/uL"),
    "a number, not a power": ("103.5/uL", "10.3/uL", "10,3/uL", "1.000/uL"),
    "letters that only look alike": ("К/uL", "K/υL"),
}
# fmt: on

OF_OTHERS: dict[str, tuple[Units, dict[str, str]]] = {
    "potassium": (units.POTASSIUM, {"mEq/L": "1", "mm/l": "1", "mmol/L": "1"}),
    "Hb": (units.HEMOGLOBIN, {"gm/dL": "1", "g%": "1", "gm%": "1", "g/L": "0.1"}),
    "LDH": (units.LACTATE_DEHYDROGENASE, {"IU/L": "1"}),
    "clotting": (units.SECONDS, {"sec": "1", "secs.": "1", "seconds": "1"}),
    "pressure": (units.PRESSURE_MMHG, {"mmHg": "1", "mm Hg": "1", "kPa": "7.5006"}),
    "weight": (
        units.WEIGHT,
        {"lbs": "0.45359237", "[lb_av]": "0.45359237", "oz": "0.028349523125"},
    ),
}
NOT_ASKED = {"eGFR": "no rule asks for it", "D-dimer": "no rule reads its value"}


def pairs(table: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(spelling, key) for key, spellings in table.items() for spelling in spellings]


@pytest.mark.parametrize(("spelling", "factor"), pairs(COUNTS) + pairs(MORE_COUNTS))
def test_a_spelling_of_a_count_is_worth_its_factor(spelling: str, factor: str) -> None:
    for sent in ((spelling, None), (None, spelling), (spelling, spelling), (f" {spelling} ",)):
        assert units.CELL_COUNT.factor(*sent) == Decimal(factor)


@pytest.mark.parametrize(("spelling", "reason"), pairs(NO_COUNTS))
def test_a_trap_is_no_unit_of_a_count(spelling: str, reason: str) -> None:
    for sent in ((spelling, None), (None, spelling), (spelling, spelling)):
        assert units.CELL_COUNT.factor(*sent) is None, reason


@pytest.mark.parametrize("name", OF_OTHERS)
def test_spellings_of_other_quantities_are_worth_their_factor(name: str) -> None:
    table, factors = OF_OTHERS[name]
    assert {each: table.factor(each) for each in factors} == {
        each: Decimal(factor) for each, factor in factors.items()
    }


# -- unit and code beside each other --------------------------------------------------------------

BESIDE_EACH_OTHER: dict[str, tuple[tuple[str | None, str | None], str | None]] = {
    "the same in two spellings": (("K/uL", "10*3/uL"), "1"),
    "only in the code": ((None, "10*3/uL"), "1"),
    "a blank unit": (("\u00a0", "10*3/uL"), "1"),
    "a note beside a code": (("automated count", "10*3/uL"), "1"),
    "a local code beside a unit": (("K/uL", "17"), "1"),
    "an ambiguous unit that the code makes clear": (("/cmm", "10*3/uL"), "1"),
    "two counts": (("/uL", "10*3/uL"), None),
    "a share and a count": (("%", "10*3/uL"), None),
    "a count and a share": (("10*3/uL", "%"), None),
    "grams and giga": (("g/L", "10*9/L"), None),
    "giga and ten to the ninth": (("G/L", "10*9/L"), "1"),
    "seconds and a count": (("s", "/uL"), None),
}


@pytest.mark.parametrize(("sent", "factor"), BESIDE_EACH_OTHER.values(), ids=BESIDE_EACH_OTHER)
def test_unit_and_code_agree_or_neither_is_believed(
    sent: tuple[str | None, str | None], factor: str | None
) -> None:
    assert units.CELL_COUNT.factor(*sent) == (None if factor is None else Decimal(factor))


OF_ANOTHER_QUANTITY = [
    (units.WEIGHT, "kg", "cm"),
    (units.HEIGHT, "kg", "cm"),
    (units.FIBRINOGEN, "s", "mg/dL"),
    (units.POTASSIUM, "mg/dL", "mmol/L"),
    (units.PERCENT, "L", "%"),
    (units.INR, "s", "{INR}"),
    (units.KARNOFSKY_SCORE, "kg", "{score}"),
]


@pytest.mark.parametrize(("table", "first", "second"), OF_ANOTHER_QUANTITY)
def test_a_unit_of_another_quantity_contradicts(table: Units, first: str, second: str) -> None:
    assert table.factor(first, second) is None
    assert table.factor(second, first) is None


def test_an_annotation_alone_is_the_unit_of_a_score_only() -> None:
    """https://ucum.org/ucum#para-6: to UCUM it is the number one."""
    assert units.SCORE.factor("{ECOG}") == 1
    assert units.SCORE.factor("{ECOG}/{max}") is None
    assert units.CELL_COUNT.factor("{ECOG}") is None
    assert units.PERCENT.factor("{percent}") is None


def test_long_texts_are_not_kept_in_memory() -> None:
    table = Units("x", "x", {"x": Decimal(1)})
    assert table.factor("y" * 65, "x") == 1
    assert table.factor("x", "x") == 1
    assert list(table._known) == [("x", "x")]


# -- the notes themselves -------------------------------------------------------------------------


def section_8() -> str:
    if not NOTES.exists():
        pytest.skip(f"the terminology notes ({NOTES.name}) are not here")
    return NOTES.read_text(encoding="utf-8").split("## 8. Units")[1].split("\n## ")[0]


def listed(text: str) -> list[str]:
    return [part.strip(" .").removeprefix("bare ") for part in text.split(",") if part.strip(" .")]


def counts_in_the_notes(section: str) -> dict[str, set[str]]:
    """Factor to spellings, from the lines of counts."""
    found: dict[str, set[str]] = {}
    for line in (line for line in section.splitlines() if line.startswith("* Factor")):
        for factor, text in re.findall(r"Factor ([\d.]+)[^:]*: (.*?)(?:\. |\.?$)", line):
            found.setdefault(factor, set()).update(listed(text))
        words = re.search(r"Written as text: (.*)\.", line)
        if words:
            found["1"] |= {text.strip(' "') for text in words[1].split(",")}
    return found


def test_every_spelling_of_a_count_in_the_notes_is_in_the_table() -> None:
    found = counts_in_the_notes(section_8())
    assert {factor: len(texts) for factor, texts in found.items()} == {
        "1": 49,
        "0.001": 12,
        "100": 1,
        "1000": 1,
    }
    for factor, texts in found.items():
        assert texts <= set(COUNTS[factor])


def test_every_trap_in_the_notes_is_in_the_table() -> None:
    section = section_8()
    traps = {spelling for spelling, _ in pairs(NO_COUNTS)}
    ambiguous = next(line for line in section.splitlines() if line.startswith("* Ambiguous"))
    named = set(re.findall(r"`([^`]+)`", ambiguous))
    assert named == {"/cmm", "K/ML"}
    assert named <= traps
    assert "reject" in section.split("kilounit/L:")[1][:10]
    meant = re.findall(r"`([^`]+)`", section.split("**Traps")[1].split("apply the lab")[0])
    as_a_count = {each for each in meant if units.CELL_COUNT.factor(each) is not None}
    assert as_a_count == {"K/uL", "K/mm3", "G/L"}
    assert set(meant) - as_a_count == {"T/L", "10*3/u"} <= traps


def test_every_other_spelling_in_the_notes_is_read_or_not_asked_for() -> None:
    line = next(line for line in section_8().splitlines() if line.startswith("* mEq/L"))
    groups = [group.strip(" .*") for group in line.split(";")]
    named = dict(reversed(group.split(" for ")) for group in groups if " for " in group)
    assert set(named) - set(NOT_ASKED) == {"potassium", "Hb", "LDH", "clotting"}
    for name in set(named) - set(NOT_ASKED):
        table = OF_OTHERS[name][0]
        assert all(table.factor(text) for text in named[name].split(", "))
    plain = [text for group in groups if " for " not in group for text in group.split(", ")]
    tables = (units.PRESSURE_MMHG, units.WEIGHT)
    assert len(plain) == 5
    assert all(any(table.factor(text) for table in tables) for text in plain)
