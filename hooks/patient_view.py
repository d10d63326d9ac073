"""The service that answers when a chart is opened: at most an emergency and a direction card."""

from cds_service.service import Group, Service
from hooks.rules.all_mrd import all_mrd
from hooks.rules.all_older_adult import all_older_adult
from hooks.rules.all_relapsed_refractory import all_relapsed_refractory
from hooks.rules.als_acute_leukemia_goals import als_acute_leukemia_goals
from hooks.rules.aml_fit import aml_fit
from hooks.rules.aml_relapsed_refractory import aml_relapsed_refractory
from hooks.rules.aml_unfit import aml_unfit
from hooks.rules.apl_suspected import apl_suspected
from hooks.rules.comfort_plan import comfort_plan
from hooks.rules.data_gaps import data_gaps
from hooks.rules.hyperleukocytosis_emergency import hyperleukocytosis_emergency
from hooks.rules.hyperleukocytosis_watch import hyperleukocytosis_watch
from hooks.rules.t_all_response_group import t_all_response_group
from hooks.services import ATTRIBUTION, QUERIES, QUIET, USAGE

DIRECTION = (
    all_relapsed_refractory,
    aml_relapsed_refractory,
    aml_unfit,
    aml_fit,
    all_older_adult,
    t_all_response_group,
    all_mrd,
)
"""Section 6 of the catalogue: these pathways are shown once in an encounter."""

PATIENT_VIEW = Service(
    id="als-leukemia-patient-view",
    hook="patient-view",
    title="Acute leukemia and ALS: emergencies and direction",
    description=(
        "Shows hyperleukocytosis and APL emergencies in acute leukemia, and the direction of "
        "treatment with what to weigh when the patient also has ALS, with the values it rests on, "
        "doses and what is missing."
    ),
    usage_requirements=USAGE,
    queries=QUERIES,
    groups=(
        Group(
            "emergency",
            (apl_suspected, hyperleukocytosis_emergency, hyperleukocytosis_watch),
        ),
        Group("direction", (als_acute_leukemia_goals, *DIRECTION)),
    ),
    instead=comfort_plan,
    gaps=data_gaps,
    attribution=ATTRIBUTION,
    quiet=QUIET,
    card_limit=2,
    once_per_encounter=DIRECTION,
)
