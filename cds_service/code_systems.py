"""One identifier per code system, whatever spelling of it a client sends.

https://hl7.org/fhir/R4/terminologies-systems.html
"""

from __future__ import annotations

from functools import lru_cache

SNOMED = "http://snomed.info/sct"
"""National editions and versions add to this: their codes are those of the one terminology."""

ALIASES = {
    "urn:oid:2.16.840.1.113883.6.96": SNOMED,
    "urn:oid:2.16.840.1.113883.6.1": "http://loinc.org",
    "urn:oid:2.16.840.1.113883.6.88": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "urn:oid:2.16.840.1.113883.6.90": "http://hl7.org/fhir/sid/icd-10-cm",
    "urn:oid:2.16.840.1.113883.6.3": "http://hl7.org/fhir/sid/icd-10",
    "urn:oid:2.16.840.1.113883.6.12": "http://www.ama-assn.org/go/cpt",
    "urn:oid:2.16.840.1.113883.6.4": "http://www.cms.gov/Medicare/Coding/ICD10",
    "http://www.icd10data.com/icd10pcs": "http://www.cms.gov/Medicare/Coding/ICD10",
    "http://hl7.org/fhir/sid/icd-10-pcs": "http://www.cms.gov/Medicare/Coding/ICD10",
}
"""The same code systems under the identifiers that converted C-CDA data and older feeds use."""


_OTHERS = ("http://www.whocc.no/atc",)
_BY_PLAIN = {name.lower(): own for alias, own in ALIASES.items() for name in (alias, own)}
_BY_PLAIN |= {name.lower(): name for name in _OTHERS}


def canonical(system: str) -> str:
    """The identifier that value sets use; a system not listed here as it was sent."""
    return _canonical(system) if len(system) <= _LONGEST else system.strip().rstrip("/")


_LONGEST = 256
"""Characters. Longer ones are none of ours, and would fill the memory of those that were read."""


@lru_cache(maxsize=256)
def _canonical(system: str) -> str:
    plain = system.strip().lower().rstrip("/").replace("https://", "http://")
    if plain.startswith(f"{SNOMED}/"):
        return SNOMED
    return _BY_PLAIN.get(plain, system.strip().rstrip("/"))
