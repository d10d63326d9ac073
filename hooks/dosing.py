"""The names under which doses were asked for before each subject had a module of its own."""

from hooks.calculations.body import (
    body_surface_area_m2,
    dosing_weight_kg,
    height_cm,
    ideal_weight_kg,
    weight_kg,
)
from hooks.calculations.hydration import hydration_ml_per_hour
from hooks.calculations.hydroxyurea import (
    CAPSULE_MG,
    FULL_BAND_MG_PER_KG,
    LARGEST_DAILY_MG,
    REDUCED_BAND_MG_PER_KG,
    REDUCED_BELOW_ML_PER_MIN,
    HydroxyureaDose,
    capsules_for,
    hydroxyurea_dose,
)
from hooks.calculations.kidney import creatinine_clearance_ml_per_min
from hooks.calculations.tretinoin import tretinoin_dose_mg

__all__ = [
    "CAPSULE_MG",
    "FULL_BAND_MG_PER_KG",
    "LARGEST_DAILY_MG",
    "REDUCED_BAND_MG_PER_KG",
    "REDUCED_BELOW_ML_PER_MIN",
    "HydroxyureaDose",
    "body_surface_area_m2",
    "capsules_for",
    "creatinine_clearance_ml_per_min",
    "dosing_weight_kg",
    "height_cm",
    "hydration_ml_per_hour",
    "hydroxyurea_dose",
    "ideal_weight_kg",
    "tretinoin_dose_mg",
    "weight_kg",
]
