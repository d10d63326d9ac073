"""The entries of one disease on a problem list: where it stands, and which entry counts.

https://hl7.org/fhir/R4/condition.html
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import inf

from cds_service.instants import ClinicalTime
from cds_service.terminology import Diagnosis


class Course(Enum):
    """Where a disease stands, from Condition.clinicalStatus and codes that carry the state."""

    ACTIVE = "active"
    RELAPSE = "in relapse"
    REMISSION = "in remission"
    RESOLVED = "resolved or inactive"


LIVE = frozenset({Course.ACTIVE, Course.RELAPSE})

_COURSES = {
    "active": Course.ACTIVE,
    "recurrence": Course.RELAPSE,
    "relapse": Course.RELAPSE,
    "remission": Course.REMISSION,
    "inactive": Course.RESOLVED,
    "resolved": Course.RESOLVED,
}

ABSENT = frozenset({"refuted", "entered-in-error"})
SUSPECTED = frozenset({"provisional", "differential", "unconfirmed"})


@dataclass(frozen=True, slots=True)
class DiagnosisRecord:
    """One Condition, read: where the disease stands, whether confirmed, since when."""

    course: Course
    suspected: bool
    recorded: ClinicalTime | None
    words: str


@dataclass(frozen=True, slots=True)
class DiagnosisView:
    """All records of one diagnosis together. `current` is None when there is none or a conflict."""

    current: DiagnosisRecord | None
    records: tuple[DiagnosisRecord, ...]

    @property
    def in_conflict(self) -> bool:
        """Records contradict each other and no date tells which is newer."""
        return bool(self.records) and self.current is None


NOT_ON_RECORD = DiagnosisView(None, ())


def course_of(diagnosis: Diagnosis, hits: set[str], clinical: str | None) -> tuple[Course, str]:
    """State by code and by status; where they disagree the more cautious one, and a remark."""
    stated = _COURSES.get(clinical or "")
    in_remission = diagnosis.remission is not None and diagnosis.remission.id in hits
    in_relapse = diagnosis.relapse is not None and diagnosis.relapse.id in hits
    if in_relapse:
        contradicted = stated in (Course.REMISSION, Course.RESOLVED)
        return Course.RELAPSE, f"though its status says {clinical}" if contradicted else ""
    if in_remission:
        if stated is Course.RELAPSE:
            return Course.RELAPSE, "though its code says in remission"
        return Course.REMISSION, "though its status says active" if stated is Course.ACTIVE else ""
    if stated is None:
        return Course.ACTIVE, f"clinical status {clinical or 'not sent'}"
    return stated, ""


def current_of(records: tuple[DiagnosisRecord, ...]) -> DiagnosisRecord | None:
    """The record that counts; None for none, and for a conflict that no date settles."""
    if not records:
        return None
    confirmed = [record for record in records if not record.suspected]
    if any(record.course in LIVE for record in confirmed):
        # A remission that is only suspected does not end a disease that is confirmed.
        records = tuple(r for r in records if r.course in LIVE or not r.suspected)
    live = [record for record in records if record.course in LIVE]
    if len(live) == len(records):
        pool = confirmed or list(records)
        return max(pool, key=lambda r: (r.course is Course.RELAPSE, *_when(r)))
    if not live:
        return max(confirmed or records, key=_when)
    last = max(_when(record)[0] for record in records)
    newest = {record.course in LIVE for record in records if _when(record)[0] == last}
    if any(record.recorded is None for record in records) or len(newest) > 1:
        return None
    return max(records, key=_when)


def _when(record: DiagnosisRecord) -> tuple[float, str]:
    """Undated records first; of one time always the same one, in whatever order they came."""
    recorded = record.recorded
    return -inf if recorded is None else recorded.earliest.timestamp(), record.words
