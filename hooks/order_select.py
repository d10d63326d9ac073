"""The service that answers when orders are selected: advice on just these orders."""

from cds_service.service import Group, Service
from hooks.rules.data_gaps import data_gaps
from hooks.rules.intensive_therapy_als import intensive_therapy_als
from hooks.rules.leukapheresis_als import leukapheresis_als
from hooks.rules.leukapheresis_apl import leukapheresis_apl
from hooks.rules.leukapheresis_routine import leukapheresis_routine
from hooks.services import ATTRIBUTION, QUERIES, USAGE

ORDER_SELECT = Service(
    id="als-leukemia-order-select",
    hook="order-select",
    title="Acute leukemia and ALS: selected orders",
    description=(
        "Reviews leukapheresis and intensive antileukemic therapy as they are selected, above all "
        "in patients with ALS, and offers alternatives with doses."
    ),
    usage_requirements=USAGE,
    queries=QUERIES,
    groups=(
        Group("leukapheresis", (leukapheresis_apl, leukapheresis_als, leukapheresis_routine)),
        Group("intensive therapy", (intensive_therapy_als,)),
    ),
    gaps=data_gaps,
    attribution=ATTRIBUTION,
    card_limit=3,
    gaps_need_a_failed_read=True,
)
