"""One side of a replay: a process that answers requests with the content and settings it is given.

It is run as a file, so that this code works with the engine that the process finds: a checkout of
another version brings its own, which may know no replay. Therefore it asks of the engine only what
`check` asks too. Nothing is read from servers and nothing is recorded.

It reads, again and again, a line of JSON and the body of which that line gives the length; it
writes a line of JSON each, and before that one that describes the side or says what is wrong.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import IO, Any

Json = dict[str, Any]


def main(folder: str = "") -> None:
    """Answer what stdin asks. The content has to come from `folder`, where one is named."""
    # What content prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        side = _Side(folder)
        _write(answers, side.described())
    except Exception as problem:
        said = [f"{type(problem).__name__}: {problem}"]
        _write(answers, {"problems": list(getattr(problem, "problems", said))})
        return
    requests = sys.stdin.buffer
    for line in iter(requests.readline, b""):
        asked = json.loads(line)
        _write(answers, side.answers(requests.read(asked["bytes"]), asked))


def _write(answers: IO[bytes], value: Json) -> None:
    answers.write(json.dumps(value, default=str).encode() + b"\n")
    answers.flush()


class _Side:
    def __init__(self, folder: str) -> None:
        from cds_service import app
        from cds_service.engine import load_engine
        from cds_service.errors import CDSError, ContentError
        from cds_service.settings import read_settings

        self._refusals = CDSError
        self._statuses = app.STATUSES
        self._settings = read_settings()
        content = importlib.import_module(self._settings.content)
        if folder and not _place(content).is_relative_to(Path(folder).resolve()):
            raise ContentError(f"{folder} holds no package {self._settings.content}")
        self._engine = load_engine(content, self._settings)

    def described(self) -> Json:
        services = {
            service.id: {
                "hook": service.hook,
                "prefetch": dict(service.prefetch),
                "rules": {rule.id: rule.version for rule in service.rules()},
            }
            for service in self._engine.services.values()
        }
        return {"content": self._settings.content, "services": services}

    def answers(self, body: bytes, asked: Json) -> Json:
        """By service of the hook: what it answers."""
        as_of = datetime.fromisoformat(asked["asOf"])
        client = self._client(asked["fhirServer"])
        services = [s for s in self._engine.services.values() if s.hook == asked["hook"]]
        return {each.id: self._answer(each, body, as_of, client) for each in services}

    def _client(self, server: str) -> Any:
        """Who sent it: the server's address is no longer in the body."""
        known = self._engine.clients.clients
        return next((each for each in known if server.rstrip("/") in each.servers()), None)

    def _answer(self, service: Any, body: bytes, as_of: datetime, client: Any) -> Json:
        if len(body) > self._settings.max_body_bytes:
            return {"status": 413}
        try:
            decision = self._engine.respond(service, body, as_of, client)
        except self._refusals as refusal:
            status, _ = self._statuses.get(type(refusal), (500, ""))
            return {"status": status, "problems": list(getattr(refusal, "problems", ()))}
        except Exception as problem:
            # Its message may hold values of the patient.
            return {"status": 500, "problems": [f"unexpected {type(problem).__name__}"]}
        truths = {rule: truth for truth, rules in decision.truths().items() for rule in rules}
        return {"status": 200, "truths": truths, "cards": list(map(_plain, decision.cards))}


def _place(content: Any) -> Path:
    found = getattr(content, "__file__", None) or next(iter(getattr(content, "__path__", [""])))
    return Path(found).resolve()


def _plain(card: Json) -> Json:
    """The card without what differs at every call."""
    plain = {name: value for name, value in card.items() if name != "uuid"}
    if "suggestions" in plain:
        plain["suggestions"] = [
            {name: value for name, value in each.items() if name != "uuid"}
            for each in plain["suggestions"]
        ]
    return plain


if __name__ == "__main__":
    main(*sys.argv[1:])
