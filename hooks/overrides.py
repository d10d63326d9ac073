"""Override reasons, once: HL7's non-adherence codes where they fit, our own for the rest.

Few and stable, so that what was chosen can be counted over years.
"""

from cds_service.rule import OverrideReason

HL7 = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
OWN = "https://als-leukemia-cds.org/fhir/CodeSystem/override-reason"

ALREADY_DONE = OverrideReason(HL7, "action-completed", "Already done or addressed")
REVIEWED_WITH_SPECIALIST = OverrideReason(
    HL7, "expert-contradicts", "Decided with the specialist, plan documented"
)
PATIENT_CHOICE = OverrideReason(
    HL7, "prefers-alternative", "The patient chose otherwise after discussion"
)
DRUG_CONTRAINDICATED = OverrideReason(
    HL7, "patient-contraindication", "The alternative is contraindicated or has failed"
)
DIAGNOSIS_WRONG = OverrideReason(
    HL7, "patient-ineligible", "The diagnosis on record is wrong or no longer active"
)
LIFE_THREATENING_LEUKOSTASIS = OverrideReason(
    OWN, "life-threatening-indication", "Life-threatening cerebral or pulmonary leukostasis"
)
SYMPTOMATIC_LEUKOSTASIS = OverrideReason(OWN, "symptomatic-leukostasis", "Symptomatic leukostasis")
PREGNANCY = OverrideReason(OWN, "pregnancy", "Pregnancy")
BRIDGE_TO_THERAPY = OverrideReason(OWN, "bridge-to-therapy", "Bridge to definitive therapy")
COMFORT_PLAN = OverrideReason(OWN, "comfort-plan", "Comfort-only plan agreed")
DATA_WRONG = OverrideReason(OWN, "data-wrong", "The result is wrong; a repeat was sent")
OTHER_CAUSE = OverrideReason(
    OWN, "other-cause-of-count", "The count is reactive or a treatment effect (ATRA, G-CSF)"
)
APL_EXCLUDED = OverrideReason(OWN, "apl-excluded", "APL excluded by genetics or review")
FIRST_TRIMESTER = OverrideReason(
    OWN, "first-trimester", "First trimester, an alternative was agreed"
)
PRESERVED_FUNCTION = OverrideReason(
    OWN, "preserved-function", "ECOG 0-1 and preserved breathing, joint decision"
)
APL_REGIMEN = OverrideReason(OWN, "apl-high-risk-regimen", "High-risk APL regimen")
KNOWN_AND_ACCEPTED = OverrideReason(OWN, "known-and-accepted", "Known and acceptable")
KNOWN_AND_IMPROVING = OverrideReason(OWN, "known-and-improving", "Known and improving")
OTHER = OverrideReason(OWN, "other", "Other reason (please comment)")
