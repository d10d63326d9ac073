"""The service that answers when a chart is opened: at most an emergency and a direction card."""

from cds_service.service import Group, Service
from hooks.rules.als_acute_leukemia_goals import als_acute_leukemia_goals
from hooks.rules.apl_suspected import apl_suspected
from hooks.rules.data_gaps import data_gaps
from hooks.rules.hyperleukocytosis_emergency import hyperleukocytosis_emergency
from hooks.rules.hyperleukocytosis_watch import hyperleukocytosis_watch
from hooks.services import ATTRIBUTION, QUERIES, USAGE

PATIENT_VIEW = Service(
    id="als-leukemia-patient-view",
    hook="patient-view",
    title="Acute leukemia and ALS: emergencies and direction",
    description=(
        "Shows hyperleukocytosis and APL emergencies in acute leukemia, and what to weigh when the "
        "patient also has ALS, with the values it rests on, doses and what is missing."
    ),
    usage_requirements=USAGE,
    queries=QUERIES,
    groups=(
        Group(
            "emergency",
            (apl_suspected, hyperleukocytosis_emergency, hyperleukocytosis_watch),
        ),
        Group("direction", (als_acute_leukemia_goals,)),
    ),
    gaps=data_gaps,
    attribution=ATTRIBUTION,
    card_limit=2,
)
