"""A resource that was sent twice counts once: as corrected, or not at all once withdrawn."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.revisions import newest_revisions
from tests.engine.made_up import coded, condition, observation, resource

EARLY, LATE = "2026-11-21T08:00:00Z", "2026-11-21T08:00:00.500Z"


def result(value: float, status: str | None = "final", **fields: Any) -> dict[str, Any]:
    return observation("SHINE", value, id="r1", status=status, **fields)


def updated(time: str, version: str | None = None) -> dict[str, Any]:
    return {"meta": {"lastUpdated": time, **({"versionId": version} if version else {})}}


def version(number: str) -> dict[str, Any]:
    return {"meta": {"versionId": number}}


KEPT: dict[str, tuple[list[dict[str, Any]], list[int]]] = {
    "one copy": ([result(1)], [0]),
    "corrected over final": ([result(1), result(2, "corrected")], [1]),
    "amended over final": ([result(1), result(2, "amended")], [1]),
    "final over preliminary": ([result(1, "preliminary"), result(2)], [1]),
    "preliminary over registered": ([result(1, "registered"), result(2, "preliminary")], [1]),
    "withdrawn over corrected": ([result(1, "corrected"), result(2, "entered-in-error")], [1]),
    "called off over preliminary": ([result(1, "preliminary"), result(2, "cancelled")], [1]),
    "corrected to an earlier time": (
        [result(1), result(1, "corrected", effectiveDateTime="2026-11-20T08:00:00Z")],
        [1],
    ),
    "updated later, whatever the status": (
        [result(1, "corrected", **updated(EARLY)), result(2, "final", **updated(LATE))],
        [1],
    ),
    "of a higher version": ([result(1, **version("9")), result(2, **version("10"))], [1]),
    "updated at one time, of a higher version": (
        [result(1, **updated(EARLY, "1")), result(2, **updated(EARLY, "2"))],
        [1],
    ),
    "versions that are no count": (
        [result(1, **version("b")), result(2, "corrected", **version("a"))],
        [1],
    ),
    "one without a version": ([result(1, **version("9")), result(2, "corrected")], [1]),
    "a broken meta": ([result(1, meta="new"), result(2, meta={"versionId": 7})], [0, 1]),
    "nothing that tells": ([result(1), result(2)], [0, 1]),
    "other ids": ([result(1), result(2) | {"id": "r2"}], [0, 1]),
    "no ids": ([observation(value=1), observation(value=2)], [0, 1]),
    "the same id of another type": ([result(1), condition(id="r1")], [0, 1]),
    "one id for two results": (
        [result(1, "preliminary"), observation("GLOW", 2, id="r1", status="final")],
        [0, 1],
    ),
    "one id for two results, of different versions": (
        [result(1, **version("1")), observation("GLOW", 2, id="r1", **version("2"))],
        [0, 1],
    ),
    "one id for two results, one of them twice": (
        [result(1), result(2, "corrected"), observation("GLOW", 2, id="r1")],
        [1, 2],
    ),
    "withdrawn, without its code": (
        [result(1), result(2, "entered-in-error") | {"code": None}],
        [1],
    ),
    "with one more code": (
        [result(1), result(2, "corrected", code=coded("GLOW", "SHINE"))],
        [1],
    ),
    "a diagnosis entered in error": (
        [condition(id="c1"), condition(id="c1", verification="entered-in-error")],
        [1],
    ),
    "a diagnosis confirmed and refuted": (
        [condition(id="c1"), condition(id="c1", verification="refuted")],
        [0, 1],
    ),
    "a prescription entered in error": (
        [
            {"resourceType": "MedicationRequest", "id": "m1", "status": "active"},
            {"resourceType": "MedicationRequest", "id": "m1", "status": "entered-in-error"},
        ],
        [1],
    ),
    "a prescription running and stopped": (
        [
            {"resourceType": "MedicationRequest", "id": "m1", "status": "active"},
            {"resourceType": "MedicationRequest", "id": "m1", "status": "stopped"},
        ],
        [0, 1],
    ),
}


@pytest.mark.parametrize(("sent", "kept"), KEPT.values(), ids=KEPT)
@pytest.mark.parametrize("backwards", [False, True])
def test_the_newest_copy_counts(
    sent: list[dict[str, Any]], kept: list[int], backwards: bool
) -> None:
    read = [resource(each) for each in sent]
    given = read[::-1] if backwards else read
    expected = [read[place] for place in kept]
    found = newest_revisions(given)
    assert [id(each) for each in found] == [id(each) for each in given if each in expected]
    assert len(found) == len(kept)
