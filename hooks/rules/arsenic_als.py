"""Arsenic trioxide ordered in ALS, or where the heart rhythm or a pregnancy is at risk."""

from __future__ import annotations

from collections.abc import Callable

from cds_service.chart import Chart
from cds_service.finding import FALSE, Finding, all_of, any_of, none_of
from cds_service.limits import Stated
from cds_service.rule import Escalation, Indicator, Suggestion, carrying, rule
from hooks import (
    concepts,
    evidence,
    lines,
    overrides,
    proposals,
    questions,
    thresholds,
)

_WITHOUT_ALS = (
    "Arsenic trioxide with a heart-rhythm or pregnancy risk on record: check QTc, potassium, "
    "magnesium and interacting drugs first."
)

_DANGEROUS = Stated(
    "Arsenic trioxide with a QTc of {} or more, or with quinidine: risk of a dangerous rhythm; "
    "check and correct before the dose.",
    thresholds.DANGEROUS_QTC,
)


def _quinidine(patient: Chart) -> Finding:
    """Running, or drafted with the arsenic."""
    return questions.running_or_drafted(patient, *concepts.QUINIDINES)


def _dangerous_rhythm(patient: Chart) -> Finding:
    """QTc of {dangerous-qtc} or more, or quinidine, which prolongs it."""
    qtc = patient.latest(concepts.QTC, thresholds.QTC)
    return any_of(qtc.at_least(thresholds.DANGEROUS_QTC), _quinidine(patient))


def _no_als(patient: Chart) -> Finding:
    return questions.not_shown(
        patient.may_have(concepts.ALS), "ALS not on the problem list, or not clearly so"
    )


def _prolonged_qt_and_no_normal_qtc(patient: Chart) -> Finding:
    """Prolonged QT or a further drug that prolongs it is on record, and no recent QTc is normal."""
    qtc = patient.latest(concepts.QTC, thresholds.QTC)
    return all_of(
        any_of(
            patient.may_have(concepts.PROLONGED_QT),
            *(patient.taking(drug) for drug in concepts.QT_PROLONGING),
        ),
        questions.not_shown(
            # A value that a newer, unreadable one may deny is no normal QTc.
            none_of(qtc.at_least(thresholds.DANGEROUS_QTC)),
            f"No QTc below {patient.limit(thresholds.DANGEROUS_QTC)} within its window",
        ),
    )


def _of_als(text: str) -> Callable[[Chart], str | None]:
    """What is said only where ALS may be present."""

    def say(patient: Chart) -> str | None:
        return None if patient.may_have(concepts.ALS).truth is FALSE else text

    say.__doc__ = text
    return say


def _electrolytes(patient: Chart) -> str:
    """The targets, and what is below them."""
    window = thresholds.ELECTROLYTES_FOR_ARSENIC
    low = [
        f"{name} is below the target, correct first"
        for name, finding in (
            (
                "potassium",
                patient.latest(concepts.POTASSIUM, window).below(thresholds.POTASSIUM_FOR_ARSENIC),
            ),
            (
                "magnesium",
                patient.latest(concepts.MAGNESIUM, window).below(thresholds.MAGNESIUM_FOR_ARSENIC),
            ),
        )
        if questions.is_yes(finding)
    ]
    target = (
        "Label: boxed warnings for differentiation syndrome, QT prolongation with heart block, "
        f"and encephalopathy; keep potassium above {thresholds.POTASSIUM_FOR_ARSENIC} and "
        f"magnesium above {thresholds.MAGNESIUM_FOR_ARSENIC}; hold when QTc is prolonged."
        f"{_other_than_label(patient)}"
    )
    return f"{target} Now: {'; '.join(low)}." if low else target


def _other_than_label(patient: Chart) -> str:
    """What the values are compared with where the site has set another limit."""
    potassium = patient.limit(thresholds.POTASSIUM_FOR_ARSENIC)
    magnesium = patient.limit(thresholds.MAGNESIUM_FOR_ARSENIC)
    label = (thresholds.POTASSIUM_FOR_ARSENIC, thresholds.MAGNESIUM_FOR_ARSENIC)
    if (potassium, magnesium) == label:
        return ""
    return f" Compared here with potassium of {potassium} and magnesium of {magnesium}."


def _interactions(patient: Chart) -> str:
    running = lines.running_or_drafted(patient, concepts.QT_PROLONGING)
    found = f" Running or drafted: {running}." if running else ""
    return (
        "QT-prolonging drugs common in ALS and leukemia care: quinidine (in "
        "dextromethorphan/quinidine: hold it), macrolides, quinolones, azoles, ondansetron."
        f"{found}"
    )


def _pregnancy(patient: Chart) -> str | None:
    if not questions.is_yes(questions.pregnant(patient)):
        return None
    return "Pregnancy is recorded: arsenic is not used in pregnancy; decide with the specialists."


def _checks(patient: Chart) -> Suggestion:
    tests = ("12-lead ECG with QTc", "Potassium and magnesium")
    return proposals.requesting("Draft ECG, potassium and magnesium", *tests, priority="urgent")(
        patient
    )


@rule(
    id="arsenic-als",
    version="1.0.0",
    indicator=Indicator.WARNING,
    summary=(
        "Arsenic trioxide in ALS: check QTc, potassium, magnesium, interacting drugs and "
        "daily-infusion burden; not excluded by ALS itself."
    ),
    escalations=(
        Escalation(Indicator.CRITICAL, _dangerous_rhythm, _DANGEROUS),
        Escalation(Indicator.WARNING, _no_als, _WITHOUT_ALS),
    ),
    evidence=(
        evidence.ELNAPLT3,
        evidence.APLAC25,
        evidence.APL2012,
        evidence.ATOLABEL,
        evidence.NUEDEXTA,
    ),
    strength="ELN level III (unfit patients); label, boxed warning",
    statements=("S3-32", "X-06"),
    shows=(
        lines.value(concepts.QTC, thresholds.QTC),
        lines.value(concepts.POTASSIUM, thresholds.ELECTROLYTES_FOR_ARSENIC),
        lines.value(concepts.MAGNESIUM, thresholds.ELECTROLYTES_FOR_ARSENIC),
        lines.diagnosis_if_recorded(concepts.PROLONGED_QT),
    ),
    advice=(
        carrying(
            "S3-32",
            _of_als(
                f"{lines.SUMMARY} avoid arsenic in ALS because of daily infusions and cardiac "
                "risk. Evidence: patients with severe comorbidity who are unfit for chemotherapy "
                "are candidates for arsenic-based therapy (ELN, level III). ALS does not exclude "
                "arsenic; case by case."
            ),
        ),
        "For clinicians: first-line intravenous arsenic went with fewer early deaths (3.3 v 8.3%, "
        "retrospective); with tretinoin it is labelled for low-risk APL.",
        _electrolytes,
        _interactions,
        carrying("X-06", _pregnancy),
        _of_als(
            "Weakness or neuropathy under arsenic can look like progression of ALS: record "
            "strength before the start."
        ),
        _of_als(
            "Daily infusions and transport weigh in ALS: consider home nursing; an oral form "
            "exists in some countries."
        ),
        lines.suspected_als,
    ),
    suggestions=(
        _checks,
        proposals.requesting("Draft pharmacist review", "Pharmacist: QT and interaction review"),
    ),
    override_reasons=(
        overrides.QTC_MONITORED,
        overrides.NO_ALTERNATIVE,
        overrides.ORAL_FORM,
        overrides.QUIET_24_HOURS,
        overrides.OTHER,
    ),
    only_for=questions.ordering(concepts.ARSENIC_TRIOXIDE),
)
def arsenic_als(patient: Chart) -> Finding:
    """Arsenic trioxide can disturb the heart rhythm, and drugs used in ALS can add to it. With
    QTc, potassium and magnesium in order it remains an option."""
    qtc = patient.latest(concepts.QTC, thresholds.QTC)
    return all_of(
        any_of(
            patient.may_have(concepts.ALS),
            qtc.at_least(thresholds.DANGEROUS_QTC),
            _quinidine(patient),
            _prolonged_qt_and_no_normal_qtc(patient),
            questions.pregnant(patient),
        ),
    )
