"""Units are read by table: known spellings convert exactly, everything else is not readable."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from cds_service.units import Units
from hooks import units

CODES = Path(__file__).resolve().parents[3] / "shared" / "terminology" / "codes.csv"

# fmt: off
THOUSANDS = (
    "K/uL", "K/mcL", "K/mm3", "K/cmm", "K/cumm", "K/ccm", "K/cm", "10*3/uL", "10^3/uL", "10e3/uL",
    "x10e3/uL", "x10e+03/uL", "10x3/uL", "10x3/cmm", "10s3/uL", "10'3/uL", "103/uL", "X(10)3",
    "X103", "10**3", "x10(3)/uL", "10(3)/mcL", "x1000/uL", "1000/uL", "1000/mcL", "1000/mm3",
    "thou/uL", "thou/cumm", "thou/mm3", "thous/uL", "thous/cmm", "thousand/uL", "th/uL", "th/mm3",
    "th/cumm", "tho/mm3", "T/cmm", "10*9/L", "10^9/L", "10e9/L", "x10e9/L", "x10(9)/L",
    "x10e+09/l", "bil/L", "bill/L", "G/L", "/nL", "10*3/mm3", "10*6/mL", "M/mL",
)
SINGLE_CELLS = (
    "/uL", "#/uL", "cells/uL", "cells/mcL", "{cells}/uL", "cells/mm3", "/mm3", "/cumm", "#/cmm",
    "wbc/cmm", "/cum", "UL", "CUMM", "CMM", "10*6/L",
)
# fmt: on

CELL_COUNTS = {
    **dict.fromkeys(THOUSANDS, "1"),
    **dict.fromkeys(SINGLE_CELLS, "0.001"),
    "lakh/cumm": "100",
    "million/uL": "1000",
    "10*6/uL": "1000",
    "10*12/L": "1000",
    "{cells}/L": "1e-9",
    "/L": "1e-9",
    "Thousands Per MicroLiter": "1",
    "billion per liter": "1",
}

SPELLED_DIFFERENTLY = {
    "case": ("k/UL", "K/uL"),
    "capitals": ("10E3/UL", "10e3/uL"),
    "blanks": (" K / uL ", "K/uL"),
    "no-break space": ("10*9\u00a0/L", "10*9/L"),
    "a loose dot": ("thou./uL", "thou/uL"),
    "micro sign": ("K/\u00b5L", "K/uL"),
    "Greek mu": ("K/\u03bcL", "K/uL"),
    "superscript": ("10⁹/L", "10*9/L"),
    "superscript three": ("10³/µL", "10*3/uL"),
    "multiplication sign": ("×10⁹/L", "10*9/L"),
    "cubed": ("K/mm³", "K/mm3"),
}

NOT_A_CELL_COUNT = {
    "per cmm has meant cells, thousands and millions": "/cmm",
    "K per milliliter is used for K per microliter": "K/mL",
    "no factor is known for kilounits": "kilounit/L",
    "tesla per liter to UCUM": "T/L",
    "percent": "%",
    "gram per liter is not giga per liter": "g/L",
    "grams": "g/dL",
    "a thousand what": "10*3",
    "kelvin": "K",
    "atomic mass units": "10*3/u",
    "a number with a decimal dot": "10.9/L",
    "a high-power field": "/[HPF]",
    "words": "see comment",
    "a long text": "K/uL" + " " * 100,
}

CONVERSIONS = [
    (units.PERCENT, "%", "1"),
    (units.PERCENT, "Percent", "1"),
    (units.PERCENT, "% predicted", "1"),
    (units.PERCENT, "ratio", "100"),
    (units.PERCENT, "1", "100"),
    (units.FIBRINOGEN, "mg/dL", "1"),
    (units.FIBRINOGEN, "MG/DL", "1"),
    (units.FIBRINOGEN, "g/L", "100"),
    (units.INR, "{INR}", "1"),
    (units.INR, "INR", "1"),
    (units.INR, "1", "1"),
    (units.INR, "ratio", "1"),
    (units.HEMOGLOBIN, "g/dL", "1"),
    (units.HEMOGLOBIN, "gm/dL", "1"),
    (units.HEMOGLOBIN, "gm%", "1"),
    (units.HEMOGLOBIN, "g/L", "0.1"),
    (units.POTASSIUM, "mmol/L", "1"),
    (units.POTASSIUM, "mEq/L", "1"),
    (units.POTASSIUM, "mm/l", "1"),
    (units.LACTATE_DEHYDROGENASE, "U/L", "1"),
    (units.LACTATE_DEHYDROGENASE, "IU/L", "1"),
    (units.LACTATE_DEHYDROGENASE, "µkat/L", "60"),
    (units.WEIGHT, "kg", "1"),
    (units.WEIGHT, "g", "0.001"),
    (units.WEIGHT, "lbs", "0.45359237"),
    (units.WEIGHT, "[lb_av]", "0.45359237"),
    (units.WEIGHT, "oz", "0.028349523125"),
    (units.HEIGHT, "cm", "1"),
    (units.HEIGHT, "m", "100"),
    (units.HEIGHT, "mm", "0.1"),
    (units.HEIGHT, "in", "2.54"),
    (units.HEIGHT, "[in_i]", "2.54"),
    (units.HEIGHT, "ft", "30.48"),
    (units.BODY_SURFACE_AREA, "m²", "1"),
    (units.PRESSURE_MMHG, "mm[Hg]", "1"),
    (units.PRESSURE_MMHG, "mm Hg", "1"),
    (units.PRESSURE_MMHG, "kPa", "7.5006"),
    (units.PRESSURE_CMH2O, "cmH2O", "1"),
    (units.PRESSURE_CMH2O, "cmH₂O", "1"),
    (units.MILLISECONDS, "ms", "1"),
    (units.MILLISECONDS, "msec.", "1"),
    (units.MILLISECONDS, "s", "1000"),
    (units.SECONDS, "secs.", "1"),
    (units.LITERS, "mL", "0.001"),
    (units.SCORE, "{score}", "1"),
    (units.SCORE, "1", "1"),
    (units.KARNOFSKY_SCORE, "%", "1"),
    (units.G6PD_ACTIVITY, "U/g Hb", "1"),
    (units.AGE, "years", "1"),
]

MASS_AND_MOLES = [
    (units.PHOSPHATE, "mmol/L", "0.3229"),
    (units.CALCIUM, "mmol/L", "0.2495"),
    (units.URATE, "umol/L", "59.48"),
    (units.URATE, "mmol/L", "0.05948"),
    (units.CREATININE, "µmol/L", "88.42"),
    (units.CREATININE, "mmol/L", "0.08842"),
    (units.HEIGHT, "[in_us]", "0.3937"),
    (units.PRESSURE_CMH2O, "kPa", "0.0980665"),
    (units.AGE, "mo", "12"),
]

WRONG_QUANTITY = [
    (units.HEMOGLOBIN, "mmol/L"),
    (units.FIBRINOGEN, "umol/L"),
    (units.PERCENT, "10*9/L"),
    (units.PERCENT, "L"),
    (units.POTASSIUM, "mg/dL"),
    (units.CREATININE, "mL/min"),
    (units.INR, "s"),
    (units.INR, "%"),
    (units.WEIGHT, "[lb_tr]"),
    (units.HEIGHT, "kg"),
    (units.MILLISECONDS, "min"),
    (units.PRESSURE_MMHG, "%"),
    (units.SCORE, "%"),
]

ALL_TABLES = {name: table for name, table in vars(units).items() if isinstance(table, Units)}
UNITLESS = {"INR", "SCORE", "KARNOFSKY_SCORE"}


@pytest.mark.parametrize(("spelling", "factor"), CELL_COUNTS.items())
def test_cell_counts_convert(spelling: str, factor: str) -> None:
    assert units.CELL_COUNT.factor(spelling, None) == Decimal(factor)
    assert units.CELL_COUNT.factor(None, spelling) == Decimal(factor)


@pytest.mark.parametrize(
    ("spelling", "plain"), SPELLED_DIFFERENTLY.values(), ids=SPELLED_DIFFERENTLY
)
def test_case_blanks_and_lookalikes_make_no_difference(spelling: str, plain: str) -> None:
    assert units.CELL_COUNT.factor(spelling) == units.CELL_COUNT.factor(plain) == 1


@pytest.mark.parametrize("spelling", NOT_A_CELL_COUNT.values(), ids=NOT_A_CELL_COUNT)
def test_ambiguous_and_foreign_units_are_not_readable(spelling: str) -> None:
    assert units.CELL_COUNT.factor(spelling, None) is None
    assert units.CELL_COUNT.factor(None, spelling) is None
    assert units.CELL_COUNT.factor(spelling, spelling) is None


@pytest.mark.parametrize(("table", "spelling", "factor"), CONVERSIONS)
def test_spellings_convert(table: Units, spelling: str, factor: str) -> None:
    assert table.factor(spelling) == Decimal(factor)


@pytest.mark.parametrize(("table", "spelling", "divisor"), MASS_AND_MOLES)
def test_conversions_by_division(table: Units, spelling: str, divisor: str) -> None:
    factor = table.factor(spelling)
    assert factor is not None
    assert abs(factor * Decimal(divisor) - 1) < Decimal("1e-20")


@pytest.mark.parametrize(("table", "spelling"), WRONG_QUANTITY)
def test_units_of_another_quantity_are_not_readable(table: Units, spelling: str) -> None:
    assert table.factor(spelling) is None


@pytest.mark.parametrize("name", ALL_TABLES)
def test_canonical_and_displayed_unit_are_read_as_themselves(name: str) -> None:
    table = ALL_TABLES[name]
    assert table.factor(table.canonical) == 1
    assert not table.display or table.factor(table.display) == 1


@pytest.mark.parametrize("name", ALL_TABLES)
@pytest.mark.parametrize("texts", [(), (None,), (None, None), ("", " ")])
def test_a_missing_unit_is_never_inferred(name: str, texts: tuple[str | None, ...]) -> None:
    """Only a quantity that has no unit is complete without one."""
    assert ALL_TABLES[name].factor(*texts) == (1 if name in UNITLESS else None)


@pytest.mark.parametrize("name", sorted(UNITLESS))
def test_an_unknown_unit_is_not_a_missing_one(name: str) -> None:
    assert ALL_TABLES[name].factor("furlong") is None


AGREEMENT = {
    "both say the same": (("K/uL", "10*3/uL"), "1"),
    "only the code is readable": (("thousands, automated", "10*3/uL"), "1"),
    "only the unit is readable": (("cells/uL", "see unit"), "0.001"),
    "only the unit was sent": (("K/uL", None), "1"),
    "a blank is not a unit": (("", "10*9/L"), "1"),
}


@pytest.mark.parametrize(("texts", "factor"), AGREEMENT.values(), ids=AGREEMENT)
def test_unit_and_code_are_both_read(texts: tuple[str | None, ...], factor: str) -> None:
    assert units.CELL_COUNT.factor(*texts) == Decimal(factor)


def test_unit_and_code_that_contradict_each_other_are_not_readable() -> None:
    assert units.CELL_COUNT.factor("K/uL", "/uL") is None
    assert units.FIBRINOGEN.factor("mg/dL", "g/L") is None


def test_k_is_thousand_and_not_kelvin() -> None:
    """To UCUM, K/uL is kelvin per microliter: 182 K/uL must be 182 ×10⁹/L."""
    factor = units.CELL_COUNT.factor("K/uL", "K/uL")
    assert factor is not None
    assert Decimal("182") * factor == Decimal("182")


def test_factors_are_exact() -> None:
    factor = units.CELL_COUNT.factor("/uL")
    assert factor is not None
    assert Decimal("100000") * factor == 100
    assert Decimal("99999") * factor < 100


def test_a_table_with_two_factors_for_one_spelling_is_refused() -> None:
    with pytest.raises(ValueError, match="two factors"):
        Units("g", "g", {"g": Decimal(1), " G ": Decimal(1000)})


def test_units_can_be_keys() -> None:
    assert len({units.WEIGHT, units.HEIGHT, units.WEIGHT}) == 2


UCUM = {
    "ucum.leukocyte_count": (units.CELL_COUNT,),
    "ucum.blasts_percent": (units.PERCENT,),
    "ucum.hemoglobin": (units.HEMOGLOBIN,),
    "ucum.uric_acid": (units.URATE,),
    "ucum.ldh": (units.LACTATE_DEHYDROGENASE,),
    "ucum.potassium": (units.POTASSIUM,),
    "ucum.phosphate": (units.PHOSPHATE,),
    "ucum.calcium": (units.CALCIUM,),
    "ucum.creatinine": (units.CREATININE,),
    "ucum.inr": (units.INR,),
    "ucum.pt_aptt": (units.SECONDS,),
    "ucum.fibrinogen": (units.FIBRINOGEN,),
    "ucum.body_weight": (units.WEIGHT,),
    "ucum.body_height": (units.HEIGHT,),
    "ucum.body_surface_area": (units.BODY_SURFACE_AREA,),
    "ucum.ecog": (units.SCORE,),
    "ucum.fvc": (units.PERCENT, units.LITERS),
    "ucum.pressure_mip": (units.PRESSURE_CMH2O,),
    "ucum.spo2": (units.PERCENT,),
    "ucum.pco2": (units.PRESSURE_MMHG,),
    "ucum.qtc": (units.MILLISECONDS,),
    "ucum.lvef": (units.PERCENT,),
    "ucum.g6pd": (units.G6PD_ACTIVITY,),
}
NOT_CONVERTED = {
    ("ucum.hemoglobin", "mmol/L"): "a mole may mean the tetramer or a chain",
    ("ucum.hematocrit", None): "no rule asks for it",
    ("ucum.egfr", None): "no rule asks for it",
    ("ucum.d_dimer", None): "no rule reads its value",
}


def test_every_ucum_code_of_the_code_list_converts_or_is_left_out_with_a_reason() -> None:
    if not CODES.exists():
        pytest.skip(f"the verified code list {CODES.name} is not here")
    with CODES.open(encoding="utf-8", newline="") as lines:
        rows = [
            (row["group"], row["code"])
            for row in csv.DictReader(lines)
            if row["group"].startswith("ucum.")
        ]
    assert rows
    unread = {
        (group, code)
        for group, code in rows
        if not any(table.factor(code, code) for table in UCUM.get(group, ()))
        and (group, None) not in NOT_CONVERTED
    }
    assert unread == {row for row in NOT_CONVERTED if row[1] is not None}
