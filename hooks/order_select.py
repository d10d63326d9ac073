"""The service that answers when orders are selected: advice on just these orders."""

from cds_service.service import Group, Service
from hooks.rules.allo_hsct_all_mrd import allo_hsct_all_mrd
from hooks.rules.allo_hsct_als import allo_hsct_als
from hooks.rules.allo_hsct_favorable_aml import allo_hsct_favorable_aml
from hooks.rules.arsenic_als import arsenic_als
from hooks.rules.data_gaps import data_gaps
from hooks.rules.growth_factor_hyperleukocytosis import growth_factor_hyperleukocytosis
from hooks.rules.infection_prophylaxis_als import infection_prophylaxis_als
from hooks.rules.intensive_therapy_als import intensive_therapy_als
from hooks.rules.leukapheresis_als import leukapheresis_als
from hooks.rules.leukapheresis_apl import leukapheresis_apl
from hooks.rules.leukapheresis_routine import leukapheresis_routine
from hooks.rules.tretinoin_safety import tretinoin_safety
from hooks.services import ATTRIBUTION, QUERIES, USAGE

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
        Group("growth factor", (growth_factor_hyperleukocytosis,)),
        Group("arsenic", (arsenic_als,)),
        Group("tretinoin", (tretinoin_safety,)),
        Group("infection prophylaxis", (infection_prophylaxis_als,)),
    ),
    gaps=data_gaps,
    attribution=ATTRIBUTION,
    card_limit=3,
    gaps_need_a_failed_read=True,
    joined=((allo_hsct_als, intensive_therapy_als),),
)
