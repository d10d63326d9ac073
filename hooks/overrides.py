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
PLAN_DOCUMENTED = OverrideReason(
    HL7, "indication-order-exists", "Already planned; the plan is documented"
)
PROTOCOL_DIRECTED = OverrideReason(
    OWN, "protocol-directed", "The trial or treatment protocol says so"
)
NOT_NEW_DISEASE = OverrideReason(OWN, "not-new-disease", "Not newly diagnosed")
FIT_ON_REVIEW = OverrideReason(OWN, "fit-on-review", "Fit for intensive therapy on clinical review")
LEUKEMIA_CAUSES_STATUS = OverrideReason(
    OWN, "status-due-to-leukemia", "Poor status comes from the leukemia and may improve"
)
SECOND_OPINION = OverrideReason(OWN, "second-opinion", "Referred for a second opinion only")
MRD_POSITIVE = OverrideReason(OWN, "mrd-positive", "MRD positive or rising")
RISK_RECLASSIFIED = OverrideReason(OWN, "risk-reclassified", "The risk group was reclassified")
CLEARANCE_FAILED = OverrideReason(
    OWN, "clearance-failed", "MRD clearance failed; transplant is the best option left"
)
TIME_CRITICAL = OverrideReason(OWN, "time-critical", "Donor or condition does not allow delay")
DOSE_INTENDED = OverrideReason(OWN, "dose-intended", "The dose is intended")
PREGNANCY_AGREED = OverrideReason(
    OWN, "pregnancy-agreed", "Pregnancy known, agreed with the patient"
)
G6PD_NORMAL_ELSEWHERE = OverrideReason(
    OWN, "g6pd-normal-elsewhere", "G6PD is normal, tested elsewhere"
)
TLS_RISK_ACCEPTED = OverrideReason(
    OWN, "life-threatening-tumor-lysis", "Life-threatening tumor lysis, risk accepted"
)
G6PD_NOT_USABLE = OverrideReason(OWN, "g6pd-deficient-or-unknown", "G6PD deficient or not known")
SUPPLY_OR_COST = OverrideReason(OWN, "supply-or-cost", "Supply or cost")
TLS_RISK_FALLING = OverrideReason(OWN, "tumor-lysis-risk-falling", "Tumor lysis risk is falling")
VOLUME_AGREED = OverrideReason(OWN, "volume-agreed", "Volume agreed, with monitoring")
INTENSIVE_CARE = OverrideReason(
    OWN, "intensive-care", "Monitored in intensive or high-dependency care"
)
BLEEDING_OR_SHOCK = OverrideReason(OWN, "bleeding-or-shock", "Active bleeding or shock")
ISCHEMIA = OverrideReason(OWN, "symptomatic-ischemia", "Symptomatic ischemia")
COUNT_FALLING = OverrideReason(OWN, "count-falling", "The leukocyte count is falling")
NO_PERIPHERAL_ACCESS = OverrideReason(
    OWN, "no-peripheral-access", "No peripheral access and urgent therapy"
)
CORRECTED = OverrideReason(OWN, "corrected-and-rechecked", "Corrected and checked again")
RESUSCITATION = OverrideReason(OWN, "resuscitation", "Resuscitation")
CNS_EMERGENCY = OverrideReason(OWN, "cns-emergency", "Meningitis or another CNS emergency")
MARROW_ASPIRATE = OverrideReason(OWN, "marrow-aspirate", "Bone marrow aspirate, low bleeding risk")
MOBILISATION = OverrideReason(OWN, "mobilisation", "Stem-cell mobilisation")
POST_NADIR = OverrideReason(OWN, "post-nadir", "Neutropenia after the chemotherapy nadir")
QTC_MONITORED = OverrideReason(OWN, "qtc-monitored", "QTc is normal and monitored")
NO_ALTERNATIVE = OverrideReason(OWN, "no-alternative", "There is no alternative")
ORAL_FORM = OverrideReason(OWN, "oral-form-available", "An oral form is available")
MONITORED = OverrideReason(HL7, "mitigate-risk-negative-outcome", "The interaction is monitored")
PARTNER_UNSUITABLE = OverrideReason(OWN, "venetoclax-unsuitable", "Venetoclax is not suitable")
OTHER_USE = OverrideReason(OWN, "other-use", "Maintenance or another use")
DOSE_ADJUSTED = OverrideReason(OWN, "dose-adjusted", "The dose was adjusted")
CD19_CONFIRMED = OverrideReason(OWN, "cd19-confirmed", "CD19 confirmed elsewhere")
TKI_NOT_POSSIBLE = OverrideReason(
    OWN, "tki-not-possible", "Intolerance, resistance mutation or toxicity"
)
AFTER_TRANSPLANT = OverrideReason(OWN, "after-transplant", "Plan after transplant")
KNOWN_AND_ACCEPTED = OverrideReason(OWN, "known-and-accepted", "Known and acceptable")
KNOWN_AND_IMPROVING = OverrideReason(OWN, "known-and-improving", "Known and improving")
QUIET_24_HOURS = OverrideReason(
    OWN, "quiet-24-hours", "Reviewed: do not show this again for 24 hours", quiets_critical=True
)
"""Ours, beside the common codes of the catalogue: it alone holds a critical card back, so offer it
on every card that can be critical."""

OTHER = OverrideReason(OWN, "other", "Other reason (please comment)")
