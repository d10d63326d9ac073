"""Venetoclax started while the count is too high or not known, or with an inhibitor."""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import Finding, all_of, any_of, none_of
from cds_service.limits import Stated
from cds_service.rule import Escalation, Indicator, carrying, rule
from hooks import concepts, evidence, lines, overrides, proposals, questions, thresholds

INHIBITORS = (*concepts.P_GLYCOPROTEIN_OR_CYP3A_INHIBITORS, concepts.CIPROFLOXACIN)
"""Ciprofloxacin inhibits CYP3A moderately: the label halves venetoclax with such a drug."""


def _acute_leukemia(patient: Chart) -> Finding:
    """Live, suspected or in remission, of any lineage: chronic leukemia has a ramp-up instead."""
    return any_of(
        questions.possible_acute_leukemia(patient), questions.leukemia_in_remission(patient)
    )


def _count_not_below_limit(patient: Chart) -> Finding:
    """High; or, while the leukemia is live, no usable count that rules it out."""
    high = patient.latest(concepts.LEUKOCYTES, thresholds.OLD_COUNT).at_least(
        thresholds.VENETOCLAX_COUNT
    )
    return any_of(
        high,
        all_of(
            questions.possible_acute_leukemia(patient),
            questions.not_known(high, "Leukocyte count not known within its window"),
        ),
    )


def _inhibitor(patient: Chart) -> Finding:
    return questions.running_or_drafted(patient, *INHIBITORS)


def _inhibitor_alone(patient: Chart) -> Finding:
    """The count is low enough, so that the interaction is what there is to say."""
    return all_of(_inhibitor(patient), none_of(_count_not_below_limit(patient)))


def _named_inhibitors(patient: Chart) -> str:
    found = lines.running_or_drafted(patient, INHIBITORS)
    named = f"On the list now: {found}. " if found else ""
    return (
        f"{named}Inhibitors of P-glycoprotein or CYP3A raise venetoclax levels: the label reduces "
        "the dose. Dextromethorphan/quinidine, used in ALS, contains such an inhibitor."
    )


@rule(
    id="venetoclax-start",
    version="1.0.0",
    indicator=Indicator.WARNING,
    summary=Stated(
        "Venetoclax start: reduce WBC below {.number} first and check tumor lysis prophylaxis and "
        "interacting drugs (quinidine, azoles).",
        thresholds.VENETOCLAX_COUNT,
    ),
    escalations=(
        Escalation(
            Indicator.WARNING,
            _inhibitor_alone,
            "Venetoclax start with an interacting drug on the list: the label lowers the dose; "
            "check it and tumor lysis prophylaxis.",
        ),
    ),
    evidence=(evidence.VENLABEL, evidence.PPOVEN, evidence.NUEDEXTA),
    strength="Label",
    statements=("S3-09", "X-02"),
    shows=(
        lines.value(concepts.LEUKOCYTES, thresholds.OLD_COUNT),
        lines.value(concepts.POTASSIUM, thresholds.TUMOR_LYSIS_SHOWN),
        lines.value(concepts.PHOSPHATE, thresholds.TUMOR_LYSIS_SHOWN),
        lines.calcium,
        lines.value(concepts.URATE, thresholds.TUMOR_LYSIS_SHOWN),
        lines.value(concepts.CREATININE, thresholds.TUMOR_LYSIS_SHOWN),
    ),
    advice=(
        carrying(
            "S3-09 X-02",
            f"{lines.SUMMARY} hydroxyurea aims at a count below 10-20. Evidence: label and reviews "
            "advise a count below 10-25 before the first dose; tumor lysis occurred in 1.1-5.6%.",
        ),
        carrying("X-02", _named_inhibitors),
        lines.count_is_old,
        lines.suspected_leukemia,
    ),
    suggestions=(
        proposals.requesting(
            "Draft tumor lysis labs",
            "Potassium, phosphate, calcium, urate and creatinine, every 6-8 h at the start",
            priority="urgent",
        ),
        proposals.requesting(
            "Draft pharmacist review", "Pharmacist: venetoclax interactions and dose"
        ),
    ),
    override_reasons=(overrides.CORRECTED, overrides.DOSE_ADJUSTED, overrides.OTHER),
    only_for=questions.ordering(concepts.VENETOCLAX),
)
def venetoclax_start(patient: Chart) -> Finding:
    """The first doses of venetoclax can bring on tumor lysis, the more so with a high count. Some
    drugs raise its level, so that the dose has to be lowered."""
    return all_of(
        _acute_leukemia(patient),
        none_of(patient.prescribed(concepts.VENETOCLAX)),
        any_of(_count_not_below_limit(patient), _inhibitor(patient)),
    )
