"""What the bench lets a person change, and the course that it draws."""

from __future__ import annotations

from cds_service.bench_values import BenchContent, Course, Editable
from hooks import concepts, thresholds

_LOINC = "http://loinc.org"
_COUNTS = ("10*9/L", "10*3/uL", "/uL", "")
"""Among them no unit: what then becomes of a count is worth seeing."""
_DETECTED = ("detected", "not detected")
_DEFICIENT = ("deficient", "normal")

# Codes are those of the value sets; a test holds that the concepts know them.
VALUES = (
    Editable(concepts.LEUKOCYTES, "Leukocytes", (_LOINC, "6690-2"), _COUNTS),
    Editable(concepts.PLATELETS, "Platelets", (_LOINC, "777-3"), _COUNTS),
    Editable(concepts.FIBRINOGEN, "Fibrinogen", (_LOINC, "3255-7"), ("mg/dL", "g/L")),
    Editable(concepts.INR, "INR", (_LOINC, "6301-6"), ("{INR}",)),
    Editable(concepts.HEMOGLOBIN, "Hemoglobin", (_LOINC, "718-7"), ("g/dL", "g/L")),
    Editable(concepts.CREATININE, "Creatinine", (_LOINC, "2160-0"), ("mg/dL", "umol/L")),
    Editable(concepts.URATE, "Urate", (_LOINC, "3084-1"), ("mg/dL", "umol/L")),
    Editable(concepts.POTASSIUM, "Potassium", (_LOINC, "2823-3"), ("mmol/L",)),
    Editable(concepts.ECOG, "ECOG", (_LOINC, "89247-1"), ("{score}",)),
    Editable(concepts.FVC, "FVC, % predicted", (_LOINC, "19872-1"), ("%",)),
    Editable(concepts.BODY_WEIGHT, "Weight", (_LOINC, "29463-7"), ("kg", "[lb_av]")),
    Editable(concepts.BODY_HEIGHT, "Height", (_LOINC, "8302-2"), ("cm", "[in_i]")),
    Editable(concepts.G6PD_SCREEN, "G6PD screen", (_LOINC, "2356-4"), answers=_DEFICIENT),
    Editable(concepts.PML_RARA, "PML::RARA", (_LOINC, "21551-7"), answers=_DETECTED),
)

BENCH = BenchContent(
    VALUES,
    Course(
        concepts.LEUKOCYTES,
        (
            (thresholds.HYPERLEUKOCYTOSIS, "hyperleukocytosis"),
            (thresholds.HIGH_COUNT, "watch, in AML"),
            (thresholds.VENETOCLAX_COUNT, "before venetoclax"),
            (thresholds.APL_HIGH_RISK, "APL, high risk"),
        ),
        (
            (thresholds.FRESH_COUNT, "older: to be repeated"),
            (thresholds.OLD_COUNT, "older: no longer used"),
        ),
    ),
)
