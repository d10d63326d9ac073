"""A documented comfort-only plan: one line in place of all cards when the chart is opened.

Only codes that a site maps mean it; palliative care and a do-not-resuscitate order do not.
"""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import Finding
from cds_service.rule import Indicator, carrying, rule
from hooks import concepts, evidence, overrides


@rule(
    id="comfort-plan",
    version="1.0.0",
    indicator=Indicator.INFO,
    summary=(
        "Comfort plan documented: leukemia emergency and treatment advice is not shown; checks of "
        "orders stay active."
    ),
    evidence=(evidence.READING,),
    strength="Design rule",
    statements=("X-07",),
    advice=(
        carrying(
            "X-07",
            "A do-not-resuscitate status or palliative care alone does not have this effect. If "
            "the plan has changed, correct its entry and the advice comes back.",
        ),
    ),
    override_reasons=(overrides.KNOWN_AND_ACCEPTED, overrides.DIAGNOSIS_WRONG, overrides.OTHER),
)
def comfort_plan(patient: Chart) -> Finding:
    """A comfort-only plan is on record, so advice on the leukemia is not shown here. It stands
    back for this patient's plan, and does not mean that nothing was found."""
    return patient.has(concepts.COMFORT_PLAN)
