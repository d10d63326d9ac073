"""What EHR vendors ask for when a CDS service is registered, filled in as far as it is known.

By the vendors' public documentation, read in copies (docs/ehr-profiles.md). Forms change: what a
vendor or the hospital has to say is marked, and so is what has to be confirmed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from cds_service.profiles import topic_code
from cds_service.rule import Indicator, OverrideReason, Rule
from cds_service.service import Service

Json = dict[str, Any]
AddressOf = Callable[[Service], str]

HERE, VENDOR, HOSPITAL = "this service", "the vendor", "the hospital"
CONFIRM = "to be confirmed with the vendor"

ORACLE_ISSUER = "https://cds-hooks.cerner.com"
ORACLE_KEYS = "https://authorization.cerner.com/jwk"


def registrations(services: Sequence[Service], address_of: AddressOf, pages: str) -> Json:
    """The fields of each vendor, and the lists that several of them ask for.

    `pages` is the address below which rules have their pages; empty where cards link to none.
    """
    rules = _rules(services)
    return {
        "epic": _epic(services, address_of),
        "oracle": _oracle(services, address_of),
        "links": _links(rules, pages),
        "overrideReasons": _override_reasons(rules),
        "topics": {rule.id: topic_code(rule.id) for rule in rules},
    }


def _rules(services: Iterable[Service]) -> list[Rule]:
    return list({rule.id: rule for service in services for rule in service.rules()}.values())


def _field(name: str, value: str, says: str = HERE, *, confirm: bool = False) -> Json:
    return {"field": name, "value": value, "from": says, "confirm": confirm}


def _epic(services: Sequence[Service], address_of: AddressOf) -> list[Json]:
    urls = "; ".join(f"{each.hook}: {address_of(each)}" for each in services)
    return [
        _field("Client ID, production and non-production", "given by Epic for the app", VENDOR),
        _field("CDS service endpoint for each hook, exactly", urls),
        _field("FHIR version", "R4"),
        _field("Prefetch templates, entered by hand", "see Prefetch"),
        _field("FHIR APIs (scopes) of the app", "see FHIR resources and scopes"),
        _field(
            "Token: `iss` and `sub`",
            "to be entered as `issuer` of the client file (CDS_CLIENTS)",
            VENDOR,
            confirm=True,
        ),
        _field("Token: `aud`", "the endpoint of the hook, character for character"),
        _field(
            "Token: `jku`", "allow list in the client file; no other is asked", VENDOR, confirm=True
        ),
        _field("Override reasons", "each mapped to an acknowledgment reason", HOSPITAL),
        _field(
            "Orders that buttons draft",
            "each mapped to a preference list item; `lint --profile epic` names what has no code",
            HOSPITAL,
        ),
        _field("Links allow list", "see Links on cards", HOSPITAL, confirm=True),
        _field(
            "Indicators mapped to display", ", ".join(each.value for each in Indicator), HOSPITAL
        ),
        _field("`source.topic.code`, for reports", "see Topic codes"),
    ]


def _oracle(services: Sequence[Service], address_of: AddressOf) -> list[Json]:
    return [
        *(
            _field(f"Service for {each.hook}: title and URL", f"{each.title}: {address_of(each)}")
            for each in services
        ),
        _field("Which hooks are sent", "patient-view is documented alone", VENDOR, confirm=True),
        _field("FHIR server", "R4 base of the tenant", HOSPITAL),
        _field("Condition that triggers a call", "none: every chart", HOSPITAL, confirm=True),
        _field("Description", "; ".join(dict.fromkeys(each.description for each in services))),
        _field("Owner's email", "who answers for the service at the hospital", HOSPITAL),
        _field("Tenants", "to be entered as `tenants` of the client file", HOSPITAL),
        _field("FHIR scopes", "see FHIR resources and scopes"),
        _field("Allowed links", "see Links on cards: others are removed"),
        _field("SMART apps", "none: cards link to publications and to pages of this service"),
        _field("Token: `iss`", ORACLE_ISSUER, VENDOR, confirm=True),
        _field("Token: keys", ORACLE_KEYS, VENDOR, confirm=True),
    ]


def _links(rules: Sequence[Rule], pages: str) -> list[str]:
    """Where the links of all cards lead: the page of each rule, and publications."""
    own = [f"{pages}/{rule.id}" for rule in rules] if pages else []
    return own + sorted({source.url for rule in rules for source in rule.evidence if source.url})


def _override_reasons(rules: Iterable[Rule]) -> list[Json]:
    reasons: dict[OverrideReason, list[str]] = {}
    for rule in rules:
        for reason in rule.override_reasons:
            reasons.setdefault(reason, []).append(rule.id)
    return [
        {"system": r.system, "code": r.code, "display": r.display, "rules": len(named)}
        for r, named in reasons.items()
    ]
