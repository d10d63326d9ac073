"""Marks are recognised with the key alone, and tell nothing of one another."""

from __future__ import annotations

import stat
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest

from cds_service.errors import ContentError
from cds_service.hashes import Hasher, kept_key
from cds_service.settings import read_settings

HASHER = Hasher(b"k" * 32)
WHO = ("ehr", "https://fhir.example", "patient-1", "Practitioner/1")
SUBJECT = HASHER.subject(*WHO)
OTHER = HASHER.subject("ehr", "https://fhir.example", "patient-2", "Practitioner/1")


def test_the_same_has_the_same_mark() -> None:
    assert Hasher(b"k" * 32).subject(*WHO) == SUBJECT
    assert len(SUBJECT) == 32


DIFFERENT = {
    "another key": Hasher(b"l" * 32).subject(*WHO),
    "another client": HASHER.subject("other", *WHO[1:]),
    "no client": HASHER.subject(None, *WHO[1:]),
    "another server": HASHER.subject("ehr", None, *WHO[2:]),
    "another patient": OTHER,
    "another user": HASHER.subject(*WHO[:3], "Practitioner/2"),
    "a part moved to its neighbour": HASHER.subject("ehr", *WHO[1:2], "patient-1P", WHO[3][1:]),
    "an encounter": HASHER.encounter(SUBJECT, "1"),
    "an encounter of another": HASHER.encounter(OTHER, "1"),
    "orders": HASHER.orders(SUBJECT, "1"),
    "orders of another": HASHER.orders(OTHER, "1"),
    "orders in two parts": HASHER.orders(SUBJECT, "1", ""),
    "a value": HASHER.basis(SUBJECT, "1"),
    "a value of another": HASHER.basis(OTHER, "1"),
    "half a character": HASHER.basis(SUBJECT, "\ud800"),
}


def test_no_two_have_the_same_mark() -> None:
    marks = {"the subject": SUBJECT, **DIFFERENT}
    assert [pair for pair in combinations(marks, 2) if marks[pair[0]] == marks[pair[1]]] == []


# -- the key ---------------------------------------------------------------------------------------


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "cds.sqlite3.key"
    key = kept_key(path)
    assert len(key) == 64
    assert kept_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_workers_that_start_at_once_get_the_same_key(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from cds_service.hashes import kept_key; "
        "sys.stdin.readline(); print(kept_key(Path(sys.argv[1])).decode())"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "key")]
    pipe = subprocess.PIPE
    workers = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(4)]
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
    assert len({worker.communicate()[0] for worker in workers}) == 1


def test_a_key_that_another_has_made_meanwhile_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"o" * 64)
    monkeypatch.setattr(Path, "exists", lambda _: False)
    assert kept_key(path) == b"o" * 64


@pytest.mark.parametrize("held", [b"", b"short\n"])
def test_a_file_that_holds_no_key_is_none(tmp_path: Path, held: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(held)
    with pytest.raises(ValueError, match="holds no key"):
        kept_key(path)
    assert path.read_bytes() == held


def test_a_key_that_can_be_guessed_stops_the_start() -> None:
    with pytest.raises(ContentError, match="HASH_KEY") as refused:
        read_settings({"CDS_HASH_KEY": "correct-horse"})
    assert "correct-horse" not in str(refused.value)
    assert read_settings({"CDS_HASH_KEY": "k" * 32}).hash_key
