"""The first link of a card leads to the page of its rule: https://cds-hooks.hl7.org/2.0/#link"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

import hooks
from cds_service.engine import load_engine
from cds_service.settings import Settings
from tests.protocol.support import NOW, ORDER, VIEW, Caller, application, good

BASE = "https://cds.hospital.example/leukemia"
JOINED = "als-aml-emergency.order-select.leukapheresis-and-catheter"
EXTENSION = "org.als-leukemia-cds.rule"


def first_links(app: Any, name: str = VIEW, **headers: str) -> list[dict[str, Any]]:
    body = good(name)
    path = f"/cds-services/als-leukemia-{body['hook']}"
    answer = app.test_client().post(path, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return [card.get("links", [{}])[0] for card in answer.json["cards"]]


@pytest.mark.parametrize("name", [VIEW, ORDER])
def test_the_first_link_leads_to_the_page_of_the_rule(name: str) -> None:
    app = application()
    cards = Caller(app).cards(good(name))
    assert cards
    for card in cards:
        rule = card["source"]["topic"]["code"]
        link = card["links"][0]
        assert link["label"] == f"Why this card: rule {rule}"
        assert link["url"] == f"http://localhost/rules/{rule}"
        page = app.test_client().get(link["url"])
        assert (page.status_code, page.mimetype) == (200, "text/html")
        assert card["summary"] in page.get_data(as_text=True)


def engine_cards(name: str, base: str = "") -> list[dict[str, Any]]:
    """The cards of the engine itself, which is what `check` and `replay` ask."""
    engine = load_engine(hooks, Settings())
    body = good(name)
    service = engine.service(f"als-leukemia-{body['hook']}")
    return engine.respond(service, msgspec.json.encode(body), NOW, base=base).cards


def test_every_other_rule_on_the_card_has_its_link_too() -> None:
    cards = engine_cards(JOINED, BASE)
    joined = [card for card in cards if "also" in card["extension"][EXTENSION]]
    assert joined
    for card in joined:
        also = card["extension"][EXTENSION]["also"]
        found = [link["url"] for link in card["links"][1 : 1 + len(also)]]
        assert found == [f"{BASE}/rules/{rule}" for rule in also]


def test_who_knows_no_address_gives_no_such_link() -> None:
    cards = engine_cards(VIEW)
    assert cards
    urls = [link["url"] for card in cards for link in card.get("links", ())]
    assert [url for url in urls if "/rules/" in url] == []


def test_an_address_that_is_set_is_the_one_that_counts() -> None:
    for link in first_links(application(base_url=f"{BASE}/"), Host="other.example"):
        assert link["url"].startswith(f"{BASE}/rules/")


@pytest.mark.parametrize("host", ['a"b', "a b.example", "<b>", "a\u200b.example", ""])
def test_a_host_that_cannot_be_one_gives_no_link(host: str) -> None:
    for link in first_links(application(), Host=host.encode().decode("latin-1")):
        assert "/rules/" not in link.get("url", "") or link["url"].startswith("http://localhost/")


def test_the_link_of_one_call_is_not_on_the_cards_of_the_next() -> None:
    caller = Caller(application())
    first, second = ([len(c["links"]) for c in caller.cards(good(VIEW))] for _ in range(2))
    assert first == second


def test_a_client_that_shows_registered_links_alone_gets_no_other(tmp_path: Any) -> None:
    clients = tmp_path / "clients.toml"
    clients.write_text(
        '[[client]]\nname = "millennium"\nprofile = "oracle"\n'
        'fhir_servers = ["https://fhir.hospital.example/r4"]\n',
        encoding="utf-8",
    )
    body = good(VIEW) | {"fhirServer": "https://fhir.hospital.example/r4"}
    cards = Caller(application(clients=str(clients))).cards(body)
    assert cards
    assert [link for card in cards for link in card.get("links", ())] == []


def test_where_readers_would_not_be_let_in_there_is_no_link(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cds_service.door.Door.asks_for_discovery", lambda door: True)
    for link in first_links(application()):
        assert "/rules/" not in link.get("url", "")
