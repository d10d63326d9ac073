"""The file of AuditEvents and GuidanceResponses: FHIR NDJSON, one resource a line.

It names patients and users by id, so it is made for the service's user alone. Several processes
append to it, and it may be rotated under them. What cannot be written raises: the recorder counts
the loss, and answers go out as ever.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import msgspec

from cds_service.fhir_forms import Forms, Input
from cds_service.record import CallRecord

LOCK_SECONDS = 1.0
"""A process that was stopped in the midst of a write must not stop the others for good."""

_LINES = msgspec.json.Encoder()
# For reading too: how the file ends is looked at before more is appended.
_OPEN = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOCTTY


class FhirLog:
    """Appends what calls left behind. Used by one thread."""

    def __init__(self, path: str, inputs: Mapping[str, Input]) -> None:
        self._path = path
        self._forms = Forms(f"als-leukemia-cds {version('als-leukemia-cds')}", inputs)
        self._file: int | None = None

    def write(self, records: Sequence[CallRecord]) -> None:
        """All of it, or nothing that counts. Raises OSError."""
        lines = _LINES.encode_lines(
            [resource for record in records for resource in self._forms.resources(record)]
        )
        if not lines:
            return
        file = self._current()
        _lock(file)
        try:
            _append(file, lines)
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the file; the next write opens it again."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _current(self) -> int:
        """The file that has the name now: it may have been rotated since."""
        if self._file is not None and _is_at(self._file, self._path):
            return self._file
        self.close()
        self._file = _opened(self._path, _OPEN | os.O_CREAT)
        return self._file


def problems(path: str) -> Iterator[str]:
    """Why a file cannot be written, if so. Makes none: who asks may be another user."""
    if not path:
        return
    folder = Path(path).parent
    try:
        os.close(_opened(path, _OPEN))
    except FileNotFoundError:
        if not folder.is_dir():
            yield f"CDS_FHIR_LOG: there is no folder {folder}; make it first"
        elif not os.access(folder, os.W_OK | os.X_OK):
            yield f"CDS_FHIR_LOG: {path} cannot be made: let the service write to {folder}"
    except OSError as problem:
        yield f"CDS_FHIR_LOG: {path} cannot be opened: {problem.strerror}"


def _opened(path: str, flags: int) -> int:
    file = os.open(path, flags, 0o600)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError(errno.EINVAL, "it is no plain file")
    return file


def _is_at(file: int, path: str) -> bool:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return False
    return os.path.samestat(found, os.fstat(file))


def _lock(file: int) -> None:
    end = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return


def _append(file: int, lines: bytes) -> None:
    """In one write. What a full disk cut off is taken back, so that the last line is whole."""
    size = os.fstat(file).st_size
    if size and os.pread(file, 1, size - 1) != b"\n":
        # A process was killed as it wrote: what it left must not spoil the next line.
        lines = b"\n" + lines
    written = os.write(file, lines)
    if written < len(lines):
        with suppress(OSError):
            os.ftruncate(file, size)
        raise OSError(f"only {written} of {len(lines)} bytes could be written")
