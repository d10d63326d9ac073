"""The service that answers when orders are signed: the last look, with every dose known."""

from cds_service.service import Group, Service
from hooks import gaps
from hooks.rules.allo_hsct_all_mrd import allo_hsct_all_mrd
from hooks.rules.allo_hsct_als import allo_hsct_als
from hooks.rules.allo_hsct_favorable_aml import allo_hsct_favorable_aml
from hooks.rules.arsenic_als import arsenic_als
from hooks.rules.blinatumomab_eligibility import blinatumomab_eligibility
from hooks.rules.central_line_bleeding_risk import central_line_bleeding_risk
from hooks.rules.count_recovery import count_recovery
from hooks.rules.data_gaps import data_gaps
from hooks.rules.growth_factor_hyperleukocytosis import growth_factor_hyperleukocytosis
from hooks.rules.hydration_als import hydration_als
from hooks.rules.hydroxyurea_check import hydroxyurea_check
from hooks.rules.hypomethylating_agent_alone import hypomethylating_agent_alone
from hooks.rules.intensive_all_older_adult import intensive_all_older_adult
from hooks.rules.intensive_therapy_als import intensive_therapy_als
from hooks.rules.leukapheresis_als import leukapheresis_als
from hooks.rules.leukapheresis_apl import leukapheresis_apl
from hooks.rules.low_dose_cytarabine import low_dose_cytarabine
from hooks.rules.neurotoxic_drug_als import neurotoxic_drug_als
from hooks.rules.puncture_bleeding_risk import puncture_bleeding_risk
from hooks.rules.rasburicase_g6pd import rasburicase_g6pd
from hooks.rules.red_cells_hyperleukocytosis import red_cells_hyperleukocytosis
from hooks.rules.tki_missing_ph_all import tki_missing_ph_all
from hooks.rules.venetoclax_start import venetoclax_start
from hooks.services import ATTRIBUTION, QUERIES, QUIET, USAGE

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
        Group("intensive therapy", (intensive_therapy_als, intensive_all_older_adult)),
        Group("rasburicase", (rasburicase_g6pd,)),
        Group("central line", (central_line_bleeding_risk,)),
        Group("puncture", (puncture_bleeding_risk,)),
        Group("neurotoxic drug", (neurotoxic_drug_als,)),
        Group("blinatumomab", (blinatumomab_eligibility,)),
        Group("missing inhibitor", (tki_missing_ph_all,)),
        Group("growth factor", (growth_factor_hyperleukocytosis,)),
        Group("arsenic", (arsenic_als,)),
        Group("hydroxyurea", (hydroxyurea_check,)),
        Group("hydration", (hydration_als,)),
        Group("red cells", (red_cells_hyperleukocytosis,)),
        Group("venetoclax", (venetoclax_start,)),
        Group("low-dose cytarabine", (low_dose_cytarabine,)),
        Group("hypomethylating agent", (hypomethylating_agent_alone,)),
        Group("count recovery", (count_recovery,)),
    ),
    gaps=data_gaps,
    attribution=ATTRIBUTION,
    quiet=QUIET,
    card_limit=3,
    gaps_need_a_failed_read=True,
    joined=(
        (leukapheresis_apl, central_line_bleeding_risk),
        (leukapheresis_als, central_line_bleeding_risk),
        (allo_hsct_als, intensive_therapy_als),
        (intensive_therapy_als, neurotoxic_drug_als),
    ),
    gaps_alone_when=gaps.at_signing,
)
