"""What rules can lack besides concepts, by the key of its fact: names for the record of a call.

A key that stands neither here nor among the concepts is not recorded.
"""

from __future__ import annotations

OTHER_INPUTS = (
    "age",
    "all lineage",
    "aml genetics",
    "clearance",
    "creatinine clearance",
    "cytarabine intensity",
    "cytarabine schedule",
    "ecog against karnofsky",
    "first remission",
    "fluid volume",
    "g6pd",
    "hydroxyurea dose",
    "intrathecal drug",
    "trimester",
    "urate of a child",
)
