"""A bench without the web."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

import fixtures
import hooks
from cds_service.bench_values import Edit, Edited, changed, form
from cds_service.engine import Engine, load_engine
from cds_service.service import Decision
from cds_service.settings import Settings
from tests.catalogue import NOW

Json = dict[str, Any]


class Desk:
    """Requests of the stories, changed and asked."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.content = hooks.bench()

    def request(self, name: str) -> Json:
        return fixtures.request(name, NOW)

    def changed(self, request: Json, **edits: Edit) -> Edited:
        named = {name.replace("_", "-"): edit for name, edit in edits.items()}
        queries = next(iter(self.engine.services.values())).queries
        return changed(request, named, self.content, self.engine.lexicon, queries, NOW)

    def field(self, request: Json, name: str) -> Json:
        fields = form(request, self.content, self.engine.lexicon, NOW)
        return next(each for each in fields if each["id"] == name)

    def decision(self, request: Json) -> Decision:
        services = self.engine.services.values()
        service = next(each for each in services if each.hook == request["hook"])
        return self.engine.respond(service, msgspec.json.encode(request), NOW)

    def shown(self, request: Json) -> list[str]:
        """The rules that show a card."""
        return [each.rule.id for each in self.decision(request).applied]


@pytest.fixture(scope="session")
def desk() -> Desk:
    return Desk(load_engine(hooks, Settings()))
