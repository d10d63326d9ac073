"""What to watch when tretinoin (ATRA) is ordered to be swallowed."""

from __future__ import annotations

import re

from cds_service.chart import Chart, order_fact
from cds_service.finding import FALSE, TRUE, Fact, Finding, all_of, any_of
from cds_service.orders import Order
from cds_service.readers import texts
from cds_service.rule import Escalation, Indicator, Suggestion, carrying, rule
from hooks import concepts, evidence, lines, overrides, proposals, questions, thresholds

_SWALLOWED = re.compile(
    r"\bcap(?:sule)?s?\b|softgel|\boral|by mouth|\bp\.?o\b|enteral|feeding tube|gastrostomy"
)
_ON_THE_SKIN = re.compile(
    r"topical|\bcream\b|\bgel\b|\blotion\b|\bemulsion\b|\bskin\b|cutaneous|\bface\b|\d ?%|retin-a"
)
_SKIN_DISEASE = re.compile(r"\bacne|photo-?(?:damage|ag)|wrinkl|melasma|actinic|rosacea")


def _is_systemic(order: Order) -> bool:
    """By product and route, then by reason: leukemia in the skin is treated with capsules too."""
    product = texts(order.resource.get("medicationCodeableConcept"))
    words = " ".join((*product, *order.recognised.values())).lower()
    words += " " + " ".join(dose.words for dose in order.doses())
    if _SWALLOWED.search(words):
        return True
    reason = order.words_without_notes()
    return not (_ON_THE_SKIN.search(words) or _SKIN_DISEASE.search(reason))


def _systemic_tretinoin(patient: Chart) -> Finding:
    """A selected order of tretinoin that no word about product or route puts on the skin."""
    patient.asked.add(concepts.TRETINOIN.id)
    orders = [order for order in patient.selected(concepts.TRETINOIN) if _is_systemic(order)]
    words = "Ordering tretinoin for systemic use"
    if not orders:
        fact = Fact(concepts.TRETINOIN.id, lambda: "Systemic tretinoin: not among the orders")
        return Finding(words, FALSE, (fact,))
    return Finding(words, TRUE, tuple(order_fact(each, concepts.TRETINOIN) for each in orders))


def _first_trimester_not_excluded(patient: Chart) -> Finding:
    """Pregnant, and not recorded as beyond the first trimester."""
    expecting, early = questions.pregnant(patient), questions.first_trimester(patient)
    not_known = questions.not_known(early, "Pregnant, trimester not known")
    return any_of(early, all_of(expecting, not_known))


def _interacting_drug(patient: Chart) -> Finding:
    interacting = (*concepts.AZOLES, *concepts.TETRACYCLINES)
    return any_of(*(questions.running_or_drafted(patient, drug) for drug in interacting))


def _warnings(patient: Chart) -> str | None:
    """What of the record speaks against tretinoin as ordered."""
    found = []
    if questions.is_yes(_first_trimester_not_excluded(patient)):
        found.append(
            "pregnancy is recorded and the first trimester not excluded: a contraindication "
            "unless agreed with the specialists"
        )
    if azoles := lines.running_or_drafted(patient, concepts.AZOLES):
        found.append(f"{azoles}: azoles raise tretinoin levels")
    if tetracyclines := lines.running_or_drafted(patient, concepts.TETRACYCLINES):
        found.append(f"{tetracyclines}: tetracyclines add to raised intracranial pressure")
    return f"On record: {'; '.join(found)}." if found else None


def _pregnancy_test(patient: Chart) -> Suggestion | None:
    """For women of fertile age, not known to be pregnant, without a status of the last week."""
    if not questions.is_yes(questions.pregnancy_open(patient)):
        return None
    return proposals.requesting("Draft pregnancy test", "Pregnancy test")(patient)


@rule(
    id="tretinoin-safety",
    version="1.0.0",
    indicator=Indicator.INFO,
    summary=(
        "Tretinoin (ATRA): watch differentiation syndrome and rising WBC; first trimester is "
        "a contraindication unless agreed; check swallowing."
    ),
    escalations=(
        Escalation(
            Indicator.WARNING,
            _first_trimester_not_excluded,
            "Tretinoin (ATRA) in pregnancy, first trimester not excluded: a contraindication "
            "unless agreed with obstetrics and hematology.",
        ),
        Escalation(
            Indicator.WARNING,
            _interacting_drug,
            "Tretinoin (ATRA) with an azole or tetracycline on the list: check the interaction; "
            "watch for headache and raised pressure.",
        ),
    ),
    evidence=(evidence.ELNAPL19, evidence.ELNAPLT3, evidence.ATOLABEL),
    strength="ELN level III (pregnancy)",
    statements=("S3-31", "X-06"),
    shows=(
        lines.value(concepts.LEUKOCYTES, thresholds.OLD_COUNT),
        lines.swallowing,
        lines.pregnancy_if_recorded,
    ),
    advice=(
        "At the first suspicion of differentiation syndrome: dexamethasone 10 mg every 12 h "
        "(label; choose the route by local protocol).",
        carrying(
            "S3-31",
            f"{lines.SUMMARY} ATRA corrects the clotting disorder fast and with little toxicity. "
            "Evidence: clotting improves, but early death is still seen, and differentiation "
            "syndrome, a rising count, pseudotumor cerebri and raised liver tests occur.",
        ),
        carrying("X-06", _warnings),
        "Capsules: where swallowing is weak ask pharmacy about the enteral route.",
    ),
    suggestions=(_pregnancy_test,),
    override_reasons=(
        overrides.KNOWN_AND_ACCEPTED,
        overrides.REVIEWED_WITH_SPECIALIST,
        overrides.OTHER,
    ),
)
def tretinoin_safety(patient: Chart) -> Finding:
    """Tretinoin is not harmless: differentiation syndrome and a rapidly rising count can follow
    within days. Pregnancy, interacting drugs and swallowing deserve a look before the first
    capsule."""
    return _systemic_tretinoin(patient)
