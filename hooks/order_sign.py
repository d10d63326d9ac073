"""The service that answers when orders are signed: the last look, with every dose known."""

from cds_service.chart import Chart
from cds_service.finding import FALSE, TRUE, Fact, Finding, all_of
from cds_service.service import Group, Service
from hooks import concepts, questions, regimens
from hooks.rules.allo_hsct_all_mrd import allo_hsct_all_mrd
from hooks.rules.allo_hsct_als import allo_hsct_als
from hooks.rules.allo_hsct_favorable_aml import allo_hsct_favorable_aml
from hooks.rules.arsenic_als import arsenic_als
from hooks.rules.blinatumomab_eligibility import blinatumomab_eligibility
from hooks.rules.count_recovery import count_recovery
from hooks.rules.data_gaps import data_gaps
from hooks.rules.growth_factor_hyperleukocytosis import growth_factor_hyperleukocytosis
from hooks.rules.hypomethylating_agent_alone import hypomethylating_agent_alone
from hooks.rules.intensive_therapy_als import intensive_therapy_als
from hooks.rules.leukapheresis_als import leukapheresis_als
from hooks.rules.leukapheresis_apl import leukapheresis_apl
from hooks.rules.venetoclax_start import venetoclax_start
from hooks.services import ATTRIBUTION, QUERIES, USAGE


def cytarabine_not_classified(patient: Chart) -> Finding:
    """In acute leukemia, a cytarabine order that route and dose leave open: worth a card alone."""
    open_orders = [
        order
        for order in patient.selected(concepts.CYTARABINE)
        if regimens.cytarabine_intensity(patient, order) is regimens.Intensity.UNKNOWN
    ]
    words = "Order of cytarabine: intensity cannot be classified without route and dose"
    unclassified = Finding(
        "Cytarabine that cannot be classified",
        TRUE if open_orders else FALSE,
        (Fact("cytarabine intensity", lambda: words, missing=True),) if open_orders else (),
    )
    return all_of(questions.possible_acute_leukemia(patient), unclassified)


ORDER_SIGN = Service(
    id="als-leukemia-order-sign",
    hook="order-sign",
    title="Acute leukemia and ALS: orders being signed",
    description=(
        "Reviews the orders of acute leukemia care as they are signed: intensity in ALS, doses, "
        "contraindications, missing partners, and what could not be classified."
    ),
    usage_requirements=USAGE,
    queries=QUERIES,
    groups=(
        Group("leukapheresis", (leukapheresis_apl, leukapheresis_als)),
        Group("transplant", (allo_hsct_als, allo_hsct_favorable_aml, allo_hsct_all_mrd)),
        Group("intensive therapy", (intensive_therapy_als,)),
        Group("growth factor", (growth_factor_hyperleukocytosis,)),
        Group("arsenic", (arsenic_als,)),
        Group("blinatumomab", (blinatumomab_eligibility,)),
        Group("hypomethylating agent", (hypomethylating_agent_alone,)),
        Group("venetoclax", (venetoclax_start,)),
        Group("count recovery", (count_recovery,)),
    ),
    gaps=data_gaps,
    attribution=ATTRIBUTION,
    card_limit=3,
    gaps_need_a_failed_read=True,
    joined=((allo_hsct_als, intensive_therapy_als),),
    gaps_alone_when=cytarabine_not_classified,
)
