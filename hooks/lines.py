"""Lines of advice and values shown, that several cards share or that depend on the patient."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from cds_service.amount import bounds_text, number_text
from cds_service.chart import Chart
from cds_service.finding import FALSE, TRUE, UNKNOWN, Fact
from cds_service.limits import Stated
from cds_service.terminology import Diagnosis, Measurement, Orderable, Window
from hooks import concepts, questions, thresholds, urate
from hooks.calculations import body
from hooks.calculations import hydration as fluids
from hooks.calculations import hydroxyurea as capsules
from hooks.calculations import tumor_lysis as lysis
from hooks.calculations.performance import disagreement as disagreement_of_scales
from hooks.calculations.performance import ecog_of_karnofsky
from hooks.calculations.tretinoin import tretinoin_dose_mg
from hooks.no_dose import why_no_dose

SUMMARY = "Guideline summary:"
"""How a position that only the unreviewed summaries take is introduced."""


def value(measurement: Measurement, window: Window | None = None) -> Callable[[Chart], list[Fact]]:
    """Shows the latest value with its age; a missing one as a gap."""

    def show(patient: Chart) -> list[Fact]:
        amount = patient.latest(measurement, window)
        return [amount.fact] if amount.doubt is None else [amount.fact, amount.doubt]

    return show


def age(patient: Chart) -> list[Fact]:
    """Where figures of an age are quoted."""
    return [patient.age().fact]


def value_if_recorded(measurement: Measurement) -> Callable[[Chart], list[Fact]]:
    """As `value`, where there is one: not recorded is no gap that decides anything."""

    def show(patient: Chart) -> list[Fact]:
        known = patient.latest(measurement).bounds is not None
        return value(measurement)(patient) if known else []

    return show


def remission_if_reported(patient: Chart) -> list[Fact]:
    """A response assessment that says complete remission: at odds with a high count."""
    finding = patient.test_is_positive(concepts.COMPLETE_REMISSION)
    return list(finding.facts) if finding.truth is TRUE else []


def ph_status(patient: Chart) -> list[Fact]:
    """BCR::ABL1 or the Philadelphia chromosome, as on record; what could not be read of it."""
    finding = questions.ph_positive_all(patient)
    if finding.truth is UNKNOWN:
        return [*ph_negative(patient), *ph_unread(patient)]
    return [fact for fact in finding.deciding() if not fact.missing]


def ph_negative(patient: Chart) -> list[Fact]:
    """The newest BCR::ABL1 where it says negative, which an older result may contradict."""
    newest = patient.test_is_negative(concepts.BCR_ABL1)
    return list(newest.facts) if newest.truth is TRUE else []


def ph_unread(patient: Chart) -> list[Fact]:
    """Why BCR::ABL1 is not known, where a result is on record or was not looked for."""
    ever = patient.test_was_positive(concepts.BCR_ABL1)
    return list(ever.facts) if ever.truth is UNKNOWN else []


def creatinine_in_als(patient: Chart) -> str | None:
    """Little muscle makes little creatinine."""
    if patient.may_have(concepts.ALS).truth is not TRUE:
        return None
    return (
        "ALS: muscle loss lowers creatinine, so a normal clearance does not prove normal kidneys "
        "(reasoned); consider cystatin C."
    )


def running_or_drafted(patient: Chart, drugs: Iterable[Orderable]) -> str:
    """Which of the drugs are prescribed or among the drafts, by name; empty for none."""
    found = (
        drug.title
        for drug in drugs
        if questions.is_yes(questions.running_or_drafted(patient, drug))
    )
    return ", ".join(found)


def count_is_old(patient: Chart) -> str | None:
    """Says that the leukocyte count is one of yesterday or the day before."""
    fresh = patient.latest(concepts.LEUKOCYTES, thresholds.FRESH_COUNT).bounds
    old = patient.latest(concepts.LEUKOCYTES, thresholds.OLD_COUNT).bounds
    if fresh is not None or old is None:
        return None
    window = patient.limit(thresholds.FRESH_COUNT)
    return f"The leukocyte count is older than {window}: repeat it before acting on it."


def diagnosis_if_recorded(*diagnoses: Diagnosis) -> Callable[[Chart], list[Fact]]:
    """Shows diagnoses that are on record; absence is said elsewhere or needs no line."""

    def show(patient: Chart) -> list[Fact]:
        found = [patient.may_have(diagnosis) for diagnosis in diagnoses]
        return [fact for each in found if each.truth is not FALSE for fact in each.facts]

    return show


def pregnancy_if_recorded(patient: Chart) -> list[Fact]:
    """What says that the patient is pregnant, on the problem list or as a status."""
    expecting = questions.pregnant(patient)
    return list(expecting.deciding()) if expecting.truth is TRUE else []


def residual_disease(patient: Chart) -> list[Fact]:
    """The MRD that counts: of a time point where that is the newest."""
    return value(questions.mrd_time_point(patient) or concepts.MRD, thresholds.MRD)(patient)


def ventilation(patient: Chart) -> list[Fact]:
    """Ventilation support, shown also when none is recorded."""
    return list(patient.has(concepts.VENTILATOR_DEPENDENCE).facts)


def swallowing(patient: Chart) -> list[Fact]:
    """Dysphagia or a feeding tube, shown also when none is recorded."""
    return list(patient.has(concepts.DYSPHAGIA).facts)


def performance(patient: Chart) -> list[Fact]:
    """ECOG and Karnofsky as recorded, and where they disagree which of them counts."""
    ecog = patient.latest(concepts.ECOG, thresholds.PERFORMANCE_STATUS)
    karnofsky = patient.latest(concepts.KARNOFSKY, thresholds.PERFORMANCE_STATUS)
    if karnofsky.bounds is None:
        return [ecog.fact]
    grade = ecog_of_karnofsky(karnofsky.bounds)
    words = f"Karnofsky corresponds to ECOG {grade}" if grade else ""
    converted = [Fact("karnofsky as ecog", lambda: words)] if words else []
    shown = [karnofsky.fact, *converted]
    disagreement = disagreement_of_scales(patient)
    shown += [disagreement] if disagreement else []
    return shown if ecog.bounds is None else [ecog.fact, *shown]


def calcium(patient: Chart) -> list[Fact]:
    """As reported corrected; else the total, with the albumin that corrects it."""
    window = thresholds.TUMOR_LYSIS_SHOWN
    corrected = patient.latest(concepts.CALCIUM_CORRECTED, window)
    if corrected.bounds is not None:
        return [corrected.fact]
    total = patient.latest(concepts.CALCIUM, window)
    albumin = patient.latest(concepts.ALBUMIN, window)
    correcting = [albumin.fact] if total.bounds is not None and albumin.bounds is not None else []
    return [total.fact, *correcting]


# -- hyperleukocytosis ---------------------------------------------------------------------------


def cytoreduction(patient: Chart) -> str:
    """By lineage; the dose as computed, or why there is none."""
    if patient.may_have(concepts.ALL).truth is TRUE:
        return (
            "Cytoreduction in ALL: lineage therapy or a steroid prephase is usual; hydroxyurea is "
            "not the first choice. Leukostasis symptoms are uncommon below about 400, while the "
            "tumor lysis risk is already high."
        )
    lineage = ""
    if patient.has(concepts.AML).truth is not TRUE:
        lineage = " Lineage is not known: review the smear for APL and ALL before hydroxyurea."
    return (
        f"Cytoreduction. {_in_order(patient)} {SUMMARY} hydroxyurea 50-60 mg/kg/day at once as the "
        "first drug, aiming at a count below 10-20 ×10⁹/L. Off-label; "
        f"titrate down as the count nears 20.{lineage} {_hydroxyurea_text(patient)}"
    )


def _in_order(patient: Chart) -> str:
    """The question of APL goes before hydroxyurea by minutes, genetics do not."""
    smear, atra = ", smear for APL, clotting", "; ATRA in its place if the smear suggests APL"
    if apl_not_excluded(patient) is None:
        smear = atra = ""
    return (
        f"Step 1, in minutes: diagnostic samples{smear}. Step 2, at once after it: hydroxyurea, "
        f"without waiting for genetics{atra}."
    )


def _hydroxyurea_text(patient: Chart) -> str:
    suspected = questions.acute_leukemia_only_suspected(patient).truth is TRUE
    dose = None if suspected else capsules.hydroxyurea_dose(patient)
    if dose is None:
        child = ""
        if patient.age().below(thresholds.ADULT).truth is TRUE:
            child = " The dose named here is one of adults: decide with pediatric hematology."
        return f"No dose is proposed: {why_no_dose(patient)}.{child}"
    band = (
        "25-30 mg/kg (halved, creatinine clearance below 60)" if dose.is_reduced else "50-60 mg/kg"
    )
    below = (
        " No number of capsules meets the band, so the next lower one is shown."
        if dose.is_below_band
        else ""
    )
    return (
        f"Computed: {number_text(dose.daily_mg)} mg/day in 500 mg capsules, from {band} of "
        f"{number_text(round(dose.weight_kg, 1))} kg (the lower of actual and ideal weight, "
        f"label), that is {_rounded(dose.lowest_mg)}-{_rounded(dose.highest_mg)} mg/day; "
        f"creatinine clearance {_rounded(dose.clearance_ml_per_min)} mL/min.{below}"
    )


def _rounded(value: Decimal) -> str:
    """To whole units."""
    return number_text(round(value, 0))


def tumor_lysis(patient: Chart) -> str:
    """High risk, what to do, and which laboratory criteria are met today."""
    return (
        "Tumor lysis: high risk. Hydration and urate lowering now; potassium, calcium, phosphate, "
        "urate, creatinine and LDH every 6-8 h. "
        f"{_criteria_text(patient)} {urate.choice(patient)}"
    )


def _criteria_text(patient: Chart) -> str:
    met = tumor_lysis_criteria(patient)
    child = " Urate of a child is not judged." if lysis.is_child(patient) else ""
    found = lysis.criteria(patient)
    if all(each.truth is UNKNOWN for each in found):
        return f"{_no_criterion_judged(patient, found)}{child}"
    rest = _not_judged(each for each in found if not (child and each.name == "urate"))
    if not met:
        window = patient.limit(thresholds.TUMOR_LYSIS_VALUES)
        return (
            f"No laboratory criterion is met in the values of the last {window} that are on record."
            f"{rest}{child}"
        )
    words = ", ".join(met)
    syndrome = (
        "two or more of four: laboratory tumor lysis syndrome"
        if len(met) >= lysis.CRITERIA_OF_THE_SYNDROME
        else "one of four; two make laboratory tumor lysis syndrome"
    )
    return f"Laboratory criteria met today: {words} ({syndrome}).{rest}{child}"


def _no_criterion_judged(patient: Chart, found: Iterable[lysis.Criterion]) -> str:
    if any(_is_unread(each) for each in found):
        return f"Laboratory criteria cannot be judged.{_not_judged(found)}"
    return (
        "Laboratory criteria cannot be judged: no usable potassium, phosphate, urate or calcium of "
        f"the last {patient.limit(thresholds.TUMOR_LYSIS_VALUES)} is on record."
    )


def _not_judged(found: Iterable[lysis.Criterion]) -> str:
    """Which criteria are open, those whose values could not be read apart from the others."""
    is_open = [each for each in found if each.truth is UNKNOWN]
    unread = [each.name.split(" (")[0] for each in is_open if _is_unread(each)]
    lacking = [each.name.split(" (")[0] for each in is_open if not _is_unread(each)]
    text = f" Not judged, could not be read: {', '.join(unread)}." if unread else ""
    return f"{text} Not judged, no usable value: {', '.join(lacking)}." if lacking else text


def _is_unread(criterion: lysis.Criterion) -> bool:
    return any(fact.unread for fact in criterion.facts)


def tumor_lysis_criteria(patient: Chart) -> list[str]:
    """The laboratory criteria that recent values meet, in words."""
    return [
        f"{each.name} {bounds_text(each.bounds)} {each.unit}"
        for each in lysis.met(patient)
        if each.bounds is not None
    ]


def hydration(patient: Chart) -> str:
    """The reference target with its rate for this body; the extra risk in ALS."""
    area = body.body_surface_area_m2(patient)
    rate = ""
    if area is not None:
        low, high = fluids.hydration_ml_per_hour(area)
        rate = (
            f", here {_rounded(low)}-{_rounded(high)} mL/h at a body "
            f"surface area of {number_text(area)} m² (Mosteller)"
        )
    text = f"Hydration: {SUMMARY} 2.5-3 L/m²/day intravenously{rate}."
    if patient.may_have(concepts.HEART_FAILURE).truth is TRUE:
        text += " Heart failure is recorded: it may not tolerate this volume; set limits first."
    if patient.may_have(concepts.ALS).truth is TRUE:
        text += (
            " In ALS fluid and red-cell volume carry extra respiratory risk: set balance limits "
            "and watch oxygen and carbon dioxide. No fluid order is proposed."
        )
    return text


def swallowing_in_als(patient: Chart) -> str | None:
    """Capsules need a swallow that ALS may have taken."""
    if patient.may_have(concepts.ALS).truth is not TRUE:
        return None
    return "ALS: check swallowing before capsules; ask pharmacy for a liquid or enteral form."


def apl_not_excluded(patient: Chart) -> str | None:
    """Said while PML::RARA has no answer, or two that differ."""
    if patient.may_have(concepts.ALL).truth is TRUE:
        return None
    if patient.test_is_negative(concepts.PML_RARA).truth is not TRUE:
        unread = questions.is_unread(patient.test_is_negative(concepts.PML_RARA))
        why = "PML::RARA could not be read" if unread else "no negative PML::RARA on record"
        return f"APL not yet excluded ({why}): smear and clotting first, a matter of minutes."
    if patient.test_was_positive(concepts.PML_RARA).truth is not TRUE:
        return None
    return (
        "PML::RARA was positive before it was negative: APL, treated or not, is not excluded; "
        "settle the diagnosis, smear and clotting first."
    )


def leukapheresis_in_apl(patient: Chart) -> str | None:
    """The card for APL takes the place of the others, unless a site does not have it in use."""
    if questions.apl_suspected_or_confirmed(patient).truth is not TRUE:
        return None
    return (
        "APL is suspected or confirmed: there leukapheresis can bring on fatal bleeding, and is "
        "advised against. The card that says so, with its sources, is not in use here."
    )


def bleeding(patient: Chart) -> str:
    """Platelets without a number outside APL, lines and punctures, growth factors."""
    growth_factor = "Hold G-CSF."
    if questions.growth_factor_running(patient).truth is TRUE:
        growth_factor = "G-CSF is prescribed now: hold it, and weigh it as a cause of the count."
    return (
        "Bleeding: avoid non-urgent central lines and punctures until counts and clotting are "
        "known. No platelet threshold is established in hyperleukocytosis; set one with hematology "
        f"or transfusion medicine. {growth_factor}"
    )


RED_CELLS = Stated(
    "Red cells: avoid transfusing above about hemoglobin {} before the count falls, unless there "
    "is bleeding or ischemia.",
    thresholds.HIGH_HEMOGLOBIN,
)
LEUKAPHERESIS_NOT_ROUTINE = (
    "Leukapheresis: not routine. Pooled AML cohorts show no change in early death with "
    "leukapheresis or with hydroxyurea or low-dose chemotherapy: cytoreduction is a bridge, not "
    "proof of benefit."
)
SPURIOUS_VALUES = (
    "Potassium, glucose, PaO2, phosphate and platelets may be spurious at this count: confirm at "
    "once on a new sample, and do not wait for it where the ECG or the patient's state threatens "
    "life."
)


def early_death(patient: Chart) -> str | None:
    """A figure of AML, which on a card of ALL would frighten for the wrong disease."""
    is_all = patient.may_have(concepts.ALL).truth is TRUE
    if is_all and patient.has(concepts.AML).truth is not TRUE:
        return None
    return (
        "For clinicians: early death is about 20% (15-25%) in AML cohorts with counts above 100, "
        "mainly from leukostasis, brain or lung hemorrhage and tumor lysis."
    )


# -- ALS -----------------------------------------------------------------------------------------


def suspected_als(patient: Chart) -> str | None:
    """Says that ALS is not confirmed."""
    if patient.has(concepts.ALS).truth is TRUE or patient.may_have(concepts.ALS).truth is not TRUE:
        return None
    return "ALS is not confirmed: clarify the diagnosis before it weighs on the choice."


def suspected_leukemia(patient: Chart) -> str | None:
    """Says that acute leukemia is not confirmed."""
    if questions.acute_leukemia_only_suspected(patient).truth is not TRUE:
        return None
    return "Acute leukemia is suspected, not confirmed: settle the diagnosis without delay."


def is_treated_as_aml(patient: Chart) -> bool:
    """Neither ALL nor APL is on record or suspected: the low-intensity drugs of AML may fit."""
    lymphoblastic = patient.may_have(concepts.ALL).truth is TRUE
    promyelocytic = questions.apl_suspected_or_confirmed(patient).truth is TRUE
    return not (lymphoblastic or promyelocytic)


def lower_intensity(patient: Chart) -> str:
    """Today's lower-intensity choices, specific drugs among them, by the lineage on record."""
    lines = []
    if questions.apl_suspected_or_confirmed(patient).truth is TRUE:
        lines.append("APL: ATRA now; ALS by itself excludes neither ATRA nor arsenic trioxide.")
    if patient.may_have(concepts.ALL).truth is TRUE:
        lines.append("ALL: confirm BCR::ABL1; Ph-positive ALL is treated with a TKI and steroid.")
    if is_treated_as_aml(patient):
        lines.append(
            "AML: a hypomethylating agent (or low-dose cytarabine) with venetoclax, or a targeted "
            "drug when a mutation is present, is preferred when suitable; either alone or "
            "supportive care when that is not tolerated or not wanted."
        )
    return "Lower-intensity choices. " + " ".join(lines) + " Cytopenias and infection still occur."


CODE_STATUS = (
    "A do-not-resuscitate status by itself changes none of this; a comfort-only plan does."
)

# -- leukapheresis -------------------------------------------------------------------------------

NOT_FOR_COLLECTIONS = (
    "Not meant for a collection of stem cells, CAR-T cells or donor cells: name that reason in the "
    "order, and this advice does not show."
)
EARLY_DEATH_AFTER_LEUKAPHERESIS = (
    "Meta-analyses of AML cohorts: early death unchanged (Oberoi 2014, 21 studies; Bewersdorf "
    "2020, relative risk 0.88, 95% CI 0.69-1.13). One small matched study (26 v 26) found lower "
    "28-day death."
)
LEUKAPHERESIS_HARMS = (
    "Harms: large-bore catheter while platelets or clotting may be poor, platelet loss, fluid "
    "shifts, citrate hypocalcemia with neuromuscular effects."
)


def dose_basis(patient: Chart) -> list[Fact]:
    """Weight and height with their dates, where a dose rests on them."""
    if capsules.hydroxyurea_dose(patient) is None and tretinoin_dose_mg(patient) is None:
        return []
    return _weight_and_height(patient)


def _weight_and_height(patient: Chart) -> list[Fact]:
    weight = patient.latest(concepts.BODY_WEIGHT, thresholds.WEIGHT_FOR_DOSE)
    return [weight.fact, patient.latest(concepts.BODY_HEIGHT).fact]


def body_basis(patient: Chart) -> list[Fact]:
    """Weight and height with their dates, where a body surface area rests on them.

    So does every dose of `dose_basis`: without one there is the other neither.
    """
    if body.body_surface_area_m2(patient) is None:
        return []
    return _weight_and_height(patient)


def hydroxyurea_for_aml(patient: Chart) -> str | None:
    """The alternative with its dose, where it is one."""
    if patient.has(concepts.AML).truth is not TRUE:
        return None
    return f"Hydroxyurea instead. {_hydroxyurea_text(patient)}"


def pregnancy_not_known(patient: Chart) -> list[Fact]:
    """A gap in a woman of fertile age: the proposed drugs harm an embryo."""
    if not questions.is_yes(questions.pregnancy_open(patient)):
        return []
    tested = patient.test_is_negative(concepts.PREGNANCY_STATUS, thresholds.PREGNANCY_TEST)
    if questions.is_unread(tested):
        return list(tested.facts)
    window = patient.limit(thresholds.PREGNANCY_TEST)
    words = f"Pregnancy: no result of the last {window.in_words} is recorded"
    return [Fact(concepts.PREGNANCY_STATUS.id, lambda: words, missing=True)]


def pregnancy_before_chemotherapy(patient: Chart) -> str | None:
    """General advice on chemotherapy was written without pregnancy in mind."""
    if questions.pregnant(patient).truth is not TRUE:
        return None
    return (
        "Pregnancy is recorded or suspected: what follows was not written for it. Chemotherapy can "
        "harm the fetus; the trimester decides with the disease."
    )


def pregnancy_in_emergency(patient: Chart) -> str | None:
    """Where hydroxyurea is not offered, leukapheresis is not called wrong."""
    if questions.pregnant(patient).truth is not TRUE:
        return None
    return (
        "Pregnancy is recorded or suspected: decide cytoreduction with hematology and obstetrics "
        "today. Leukapheresis may be one of the accepted uses there (unverified)."
    )


def genetics(patient: Chart) -> list[Fact]:
    """PML::RARA while it has no answer, or was once positive; ALL needs none."""
    if apl_not_excluded(patient) is None:
        return []
    answer = patient.test_was_positive(concepts.PML_RARA)
    if answer.truth is not FALSE:
        return list(answer.facts)
    return [Fact(concepts.PML_RARA.id, lambda: "Genetics (PML::RARA): no result", missing=True)]
