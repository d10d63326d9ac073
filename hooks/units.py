"""The units that laboratories, wards and clinics send, one table per kind of quantity.

Only spellings with one certain meaning stand here: those seen in public records, the UCUM codes,
and plain variants of both. What is ambiguous is left out on purpose and is then named on the card
as not readable: a missing unit is never inferred from the size of the number, because in leukemia
both 250 ×10⁹/L and 250 /µL are plausible counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from itertools import product

from cds_service.units import ONE, Units


def _of(factors: dict[str, Decimal | int | str]) -> dict[str, Decimal]:
    """A table in which each key holds one or more spellings, separated by bars."""
    return {
        spelling: Decimal(factor)
        for spellings, factor in factors.items()
        for spelling in spellings.split(" | ")
    }


def _per(numerators: Iterable[str], denominators: Iterable[str]) -> str:
    return " | ".join(
        f"{top}/{bottom}" for top, bottom in product(tuple(numerators), tuple(denominators))
    )


# fmt: off
_THOUSAND = (
    "K", "10*3", "10^3", "10**3", "10e3", "10e+03", "10x3", "10s3", "10'3", "10³", "10(3)", "(10)3",
    "10e+3", "x10*3", "x10^3", "x10**3", "x10e3", "x10e+3", "x10e+03", "x10³", "x10(3)", "x(10)3",
    "1000", "x1000",
    "thou", "thous", "thousand", "thousands", "th", "tho",
)
_BILLION = (
    "10*9", "10^9", "10**9", "10e9", "10e+9", "10e+09", "10⁹", "10(9)", "x10*9", "x10^9", "x10**9",
    "x10e9", "x10e+9", "x10e+09", "x10⁹", "x10(9)", "bil", "bill", "billion", "billions",
    # Giga particles, as laboratories in Germany write.
    "giga", "gpt",
)
_MILLION = ("10*6", "10^6", "10e6", "10⁶", "x10*6", "x10^6", "x10e6", "x10⁶")
_TRILLION = ("10*12", "10^12", "10e12", "10¹²", "x10*12", "x10^12", "x10e12", "x10¹²")
# fmt: on
_MICROLITER = ("uL", "mcL", "mm3", "mm^3", "mm*3", "cumm", "microliter", "microlitre")
_LITER = ("L", "liter", "litre")
_CELLS = ("{cells}", "{cell}", "cells", "{wbc}", "{leukocytes}", "{#}")
"""What is counted, as UCUM's annotation or as a plain word; it changes no number."""

CELL_COUNT = Units(
    "10*9/L",
    "×10⁹/L",
    _of(
        {
            # "cmm" is cubic millimeter only where the numerator says so: "/cmm" alone has been
            # used for single cells, thousands and millions and is left out.
            _per(_THOUSAND, (*_MICROLITER, "cmm")): 1,
            "K/ccm | K/cm | T/cmm | X(10)3 | X103 | 10**3": 1,
            "thousand per microliter | thousands per microliter": 1,
            "thousand per cubic millimeter | thousands per cubic millimeter": 1,
            "thousand per microlitre | thousands per microlitre": 1,
            _per((f"10*3{what}" for what in _CELLS), _MICROLITER): 1,
            _per((f"10^3{what}" for what in _CELLS), _MICROLITER): 1,
            _per(_BILLION, _LITER): 1,
            _per((f"10*9{what}" for what in _CELLS), _LITER): 1,
            _per((f"10^9{what}" for what in _CELLS), _LITER): 1,
            _per((f"x10^9{what}" for what in _CELLS), _LITER): 1,
            "billion per liter | billions per liter | billion per litre | /nL": 1,
            _per(_MILLION, ("mL",)): 1,
            _per(("", "#", "cell", *_CELLS), _MICROLITER): "0.001",
            "#/cmm | cells/cmm | wbc/cmm | wbc/uL | /cum | UL | CUMM | CMM": "0.001",
            "per microliter | cells per microliter | per cubic millimeter": "0.001",
            "cells per cubic millimeter | cells per microlitre": "0.001",
            _per(_MILLION, _LITER): "0.001",
            _per(("lakh", "lakhs", "lac", "lacs"), (*_MICROLITER, "cmm")): 100,
            _per(("million", "millions", "mill", *_MILLION), (*_MICROLITER, "cmm")): 1000,
            _per((*_TRILLION, "trillion", "tpt"), _LITER): 1000,
            _per(("", "cells", "{cells}"), ("L",)): "1e-9",
        }
    ),
    exact_spellings=_of({"G/L | G/l | M/mL": 1}),
)
"""Leukocytes, platelets, neutrophils, blasts. Left out: bare /cmm, K/mL, T/L, kilounit/L, percent,
g/L in lower case, and no unit at all."""

PERCENT = Units(
    "%",
    "%",
    _of(
        {
            "% | percent | pct | per cent": 1,
            "% predicted | % pred | % of predicted | percent predicted | %{predicted}": 1,
            "/100 WBC | /100{WBC} | /100 leukocytes | /100{leukocytes} | /100{cells}": 1,
            "1 | ratio | {ratio}": 100,
        }
    ),
)
"""A share. 0.82 is 82 % only where the unit says that the number is a ratio."""

FIBRINOGEN = Units(
    "mg/dL",
    "mg/dL",
    _of({"mg/dL | mg% | mg/100 mL": 1, "g/L | gm/L": 100, "g/dL | gm/dL": 1000, "mg/L": "0.1"}),
)
"""Molar fibrinogen is left out: assays disagree on the mass of a mole."""

HEMOGLOBIN = Units(
    "g/dL",
    "g/dL",
    _of({"g/dL | gm/dL | g% | gm% | g/100 mL": 1, "g/L | gm/L": "0.1"}),
)
"""Moles are left out: a mole of hemoglobin may mean the tetramer or one of its four chains."""

INR = Units(
    "{INR}",
    "",
    _of({"{INR} | INR | 1 | ratio | {ratio}": 1}),
    unitless_ok=True,
)

_UMOL = "umol/L | mcmol/L | micromol/L | micromoles/L | micromole per liter"
_MMOL = "mmol/L | millimol/L | millimoles/L | millimole per liter"
_MG_DL = "mg/dL | mg% | mg/100 mL | milligram per deciliter"

POTASSIUM = Units(
    "mmol/L",
    "mmol/L",
    # One charge per ion, so an equivalent is a mole.
    _of({f"{_MMOL} | mm/L | meq/L": 1}),
)

PHOSPHATE = Units("mg/dL", "mg/dL", _of({_MG_DL: 1, _MMOL: ONE / Decimal("0.3229")}))

CALCIUM = Units("mg/dL", "mg/dL", _of({_MG_DL: 1, _MMOL: ONE / Decimal("0.2495")}))

MAGNESIUM = Units(
    "mg/dL",
    "mg/dL",
    # 24.305 g/mol, two charges.
    _of({_MG_DL: 1, _MMOL: "2.4305", "mEq/L | meq/L": "1.21525"}),
)

BILIRUBIN = Units("mg/dL", "mg/dL", _of({_MG_DL: 1, _UMOL: ONE / Decimal("17.1")}))

ALBUMIN = Units(
    "g/dL",
    "g/dL",
    _of({"g/dL | gm/dL | g% | gm%": 1, "g/L | gm/L": "0.1", "mg/dL": "0.001"}),
)

URATE = Units(
    "mg/dL",
    "mg/dL",
    _of({_MG_DL: 1, _UMOL: ONE / Decimal("59.48"), _MMOL: Decimal(1000) / Decimal("59.48")}),
)

CREATININE = Units(
    "mg/dL",
    "mg/dL",
    _of({_MG_DL: 1, _UMOL: ONE / Decimal("88.42"), _MMOL: Decimal(1000) / Decimal("88.42")}),
)

LACTATE_DEHYDROGENASE = Units(
    "U/L",
    "U/L",
    _of(
        {
            "U/L | [U]/L | IU/L | [IU]/L | unit/L | units/L": 1,
            # One katal is a mole per second, one unit a micromole per minute.
            "ukat/L | mckat/L": 60,
            "nkat/L": "0.06",
        }
    ),
)

G6PD_ACTIVITY = Units(
    "U/g{Hb}", "U/g Hb", _of({"U/g{Hb} | U/g Hb | U/g | IU/g Hb | [IU]/g{Hb} | units/g Hb": 1})
)

WEIGHT = Units(
    "kg",
    "kg",
    _of(
        {
            "kg | kgs | kilogram | kilograms": 1,
            "g | gm | gram | grams": "0.001",
            "[lb_av] | lb | lbs | pound | pounds": "0.45359237",
            "[oz_av] | oz | ounce | ounces": "0.028349523125",
        }
    ),
)

HEIGHT = Units(
    "cm",
    "cm",
    _of(
        {
            "cm | cms | centimeter | centimeters | centimetre | centimetres": 1,
            "m | meter | meters | metre | metres": 100,
            "mm | millimeter | millimeters": "0.1",
            "[in_i] | in | inch | inches": "2.54",
            # The survey inch of older vital-sign profiles: 39.37 of them make a meter.
            "[in_us]": Decimal(100) / Decimal("39.37"),
            "[ft_i] | ft | foot | feet": "30.48",
        }
    ),
)

BODY_SURFACE_AREA = Units(
    "m2", "m²", _of({"m2 | m^2 | m*2 | sq m | sqm | square meter | square meters": 1})
)

PRESSURE_MMHG = Units("mm[Hg]", "mmHg", _of({"mm[Hg] | mmHg | mm(Hg) | torr": 1, "kPa": "7.5006"}))

PRESSURE_CMH2O = Units(
    "cm[H2O]",
    "cmH₂O",
    # A kilopascal is 10.197 cm of water: cm[H2O] is defined as 98.0665 Pa.
    _of({"cm[H2O] | cmH2O | cm(H2O)": 1, "kPa": ONE / Decimal("0.0980665")}),
)

MILLISECONDS = Units(
    "ms",
    "ms",
    _of(
        {
            "ms | msec | msecs | millisecond | milliseconds": 1,
            "s | sec | secs | second | seconds": 1000,
        }
    ),
)

SECONDS = Units("s", "s", _of({"s | sec | secs | second | seconds": 1}))

LITERS = Units(
    "L",
    "L",
    _of({"L | liter | liters | litre | litres": 1, "mL | milliliter | milliliters": "0.001"}),
)

SCORE = Units(
    "{score}",
    "",
    _of({"{score} | score | 1 | {points} | points | {grade} | grade": 1}),
    unitless_ok=True,
)

KARNOFSKY_SCORE = Units(
    "{score}",
    "",
    _of({"{score} | score | 1 | {points} | points | % | percent": 1}),
    unitless_ok=True,
)
"""The Karnofsky scale runs from 0 to 100 and is also written in percent."""

AGE = Units(
    "a",
    "years",
    _of(
        {
            "a | yr | yrs | y | year | years": 1,
            "mo | mos | month | months": ONE / Decimal(12),
        }
    ),
)
