"""The service that answers when orders are selected: advice on just these orders."""

from cds_service.service import Group, Service
from hooks import gaps
from hooks.rules.allo_hsct_all_mrd import allo_hsct_all_mrd
from hooks.rules.allo_hsct_als import allo_hsct_als
from hooks.rules.allo_hsct_favorable_aml import allo_hsct_favorable_aml
from hooks.rules.allopurinol_high_tls_risk import allopurinol_high_tls_risk
from hooks.rules.arsenic_als import arsenic_als
from hooks.rules.central_line_bleeding_risk import central_line_bleeding_risk
from hooks.rules.data_gaps import data_gaps
from hooks.rules.growth_factor_hyperleukocytosis import growth_factor_hyperleukocytosis
from hooks.rules.hydration_als import hydration_als
from hooks.rules.hydroxyurea_check import hydroxyurea_check
from hooks.rules.infection_prophylaxis_als import infection_prophylaxis_als
from hooks.rules.intensive_therapy_als import intensive_therapy_als
from hooks.rules.leukapheresis_als import leukapheresis_als
from hooks.rules.leukapheresis_apl import leukapheresis_apl
from hooks.rules.leukapheresis_routine import leukapheresis_routine
from hooks.rules.neurotoxic_drug_als import neurotoxic_drug_als
from hooks.rules.platelet_threshold import platelet_threshold
from hooks.rules.puncture_bleeding_risk import puncture_bleeding_risk
from hooks.rules.rasburicase_g6pd import rasburicase_g6pd
from hooks.rules.red_cells_hyperleukocytosis import red_cells_hyperleukocytosis
from hooks.rules.tretinoin_safety import tretinoin_safety
from hooks.services import ATTRIBUTION, QUERIES, QUIET, USAGE

ORDER_SELECT = Service(
    id="als-leukemia-order-select",
    hook="order-select",
    title="Acute leukemia and ALS: selected orders",
    description=(
        "Reviews orders of acute leukemia care as they are selected, above all in patients with "
        "ALS: leukapheresis, transplant, intensive therapy, tumor lysis, transfusion, lines, "
        "punctures and drug safety; offers alternatives with doses."
    ),
    usage_requirements=USAGE,
    queries=QUERIES,
    groups=(
        Group("leukapheresis", (leukapheresis_apl, leukapheresis_als, leukapheresis_routine)),
        Group("transplant", (allo_hsct_als, allo_hsct_favorable_aml, allo_hsct_all_mrd)),
        Group("intensive therapy", (intensive_therapy_als,)),
        Group("rasburicase", (rasburicase_g6pd,)),
        Group("central line", (central_line_bleeding_risk,)),
        Group("puncture", (puncture_bleeding_risk,)),
        Group("neurotoxic drug", (neurotoxic_drug_als,)),
        Group("growth factor", (growth_factor_hyperleukocytosis,)),
        Group("arsenic", (arsenic_als,)),
        Group("hydroxyurea", (hydroxyurea_check,)),
        Group("hydration", (hydration_als,)),
        Group("red cells", (red_cells_hyperleukocytosis,)),
        Group("platelets", (platelet_threshold,)),
        Group("allopurinol", (allopurinol_high_tls_risk,)),
        Group("tretinoin", (tretinoin_safety,)),
        Group("infection prophylaxis", (infection_prophylaxis_als,)),
    ),
    gaps=data_gaps,
    attribution=ATTRIBUTION,
    quiet=QUIET,
    card_limit=3,
    gaps_need_a_failed_read=True,
    gaps_alone_when=gaps.order_hinges_on_als,
    joined=(
        (leukapheresis_apl, central_line_bleeding_risk),
        (leukapheresis_als, central_line_bleeding_risk),
        (leukapheresis_routine, central_line_bleeding_risk),
        (allo_hsct_als, intensive_therapy_als),
        (intensive_therapy_als, neurotoxic_drug_als),
    ),
)
