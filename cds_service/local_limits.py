"""The limits and windows that a site has set (CDS_THRESHOLDS): read at the start, all or nothing.

A file with one thing wrong is refused as a whole, and all that is wrong is said: a limit that is
taken for another would be silent where a card is due. The file has a `[[threshold]]` with `value`
and `unit`, or a `[[window]]` with `hours` or `days`, for each change, and always `name`, `reason`,
`approved_by` and `date`: a changed limit is a changed rule, which somebody answers for.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from cds_service.errors import ContentError
from cds_service.limits import Changeable, Limit, Limits, Local
from cds_service.rule import SUMMARY_LIMIT, Rule
from cds_service.terminology import SHOWN_DIGITS, Threshold, Window
from cds_service.toml_file import read_toml

log = logging.getLogger(__name__)

Day = date
"""`date` is the name of a field below."""

LimitsOf = Callable[[Rule], Iterable[Limit]]
"""Of the content: on which limits a rule rests, whatever the patient."""

SETTING = "CDS_THRESHOLDS"

_Words = Annotated[str, Meta(pattern=r"^[^\x00-\x1f]{1,300}$")]
_Name = Annotated[str, Meta(pattern=r"^[\w .,'()/-]{1,80}$")]


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    reason: _Words
    approved_by: _Name
    date: Day


class _Threshold(_Entry, frozen=True):
    value: int | float
    unit: str


class _Window(_Entry, frozen=True):
    hours: int | None = None
    days: int | None = None


class _File(msgspec.Struct, forbid_unknown_fields=True):
    threshold: list[dict[str, Any]] | None = None
    window: list[dict[str, Any]] | None = None


class _Unfit(Exception):  # noqa: N818 it says what an entry is
    """What is wrong with one entry."""


def read_limits(
    path: str, changeable: Changeable, rules: Iterable[Rule], limits_of: LimitsOf
) -> Limits:
    """The limits of a file. Raises ContentError naming all that does not fit."""
    file = read_toml(path, SETTING, _File)
    problems: list[str] = []
    local = dict(_read_all(file, changeable, problems))
    if file.threshold is None and file.window is None:
        # A file that was cut off must not bring the defaults back.
        problems.append("holds neither [[threshold]] nor [[window]]")
    limits = Limits(local)
    if not problems:
        rules = {rule.id: rule for rule in rules}.values()
        by_rule = {rule.id: _local_of(limits_of(rule), local) for rule in rules}
        limits = Limits(local, {rule: found for rule, found in by_rule.items() if found})
        problems += _out_of_order(limits, changeable)
        problems += _too_long(limits, rules)
    if problems:
        raise ContentError(*(f"{path}: {problem}" for problem in problems))
    return limits


def _local_of(asked: Iterable[Limit], local: Mapping[str, Local]) -> tuple[Local, ...]:
    return tuple(local[each.name] for each in asked if each.name in local)


def remarks(limits: Limits) -> Iterator[str]:
    """What the site has set, and which rules that changes: their approval was of other numbers."""
    for each in limits.local.values():
        rules = [rule for rule, found in limits.by_rule.items() if each in found]
        yield f"{each.words()} changes {', '.join(rules) or 'no rule'}: {each.reason}"


def announce(limits: Limits, mode: str, today: date) -> None:
    """Say at the start what is not as it was delivered.

    Raises ContentError where production would rest on what nobody can have approved yet.
    """
    later = list(dated_later(limits, today)) if mode == "production" else []
    if later:
        raise ContentError(*(f"{SETTING}: {each}" for each in later))
    if limits.local:
        set_here = [f"{each.default.name} {each.own}" for each in limits.local.values()]
        log.info("limits set by this site: %d", len(set_here), extra={"limits": set_here})


def dated_later(limits: Limits, today: date) -> Iterator[str]:
    """What nobody can have approved yet."""
    for each in limits.local.values():
        if each.date > today:
            yield f"{each.default.name}: approved on {each.date.isoformat()}, which is to come"


# -- one entry -------------------------------------------------------------------------------------


def _read_all(
    file: _File, changeable: Changeable, problems: list[str]
) -> Iterator[tuple[str, Local]]:
    known = {limit.name: limit for limit in changeable.limits}
    seen: set[str] = set()
    kinds = (("threshold", file.threshold, _threshold), ("window", file.window, _window))
    for kind, entries, read in kinds:
        for place, entry in enumerate(entries or (), start=1):
            name = entry.get("name")
            title = f"{kind} {name}" if isinstance(name, str) and name else f"{kind} {place}"
            try:
                local = read(entry, known)
            except _Unfit as problem:
                problems += [f"{title}: {each}" for each in problem.args]
                continue
            if local.default.name in seen:
                problems.append(f"{title}: stands twice")
            seen.add(local.default.name)
            if _measure(local.own) != _measure(local.default):
                yield local.default.name, local


def _threshold(entry: dict[str, Any], known: Mapping[str, Limit]) -> Local:
    given = _convert(entry, _Threshold, ("value", "unit"))
    default = _known(given.name, known, Threshold)
    value = Decimal(str(given.value))
    if not value.is_finite():
        raise _Unfit("value: is no number")
    if len(value.normalize().as_tuple().digits) > SHOWN_DIGITS:
        # What a card states is what was approved, to the last digit.
        raise _Unfit(f"value: has more digits than are shown, which are {SHOWN_DIGITS}")
    factor = Decimal(1) if given.unit == default.units.canonical else _factor(default, given.unit)
    if factor is None:
        unit = default.units.canonical
        raise _Unfit(f'unit "{given.unit}": is not "{unit}", and does not convert to it')
    own = replace(default, value=value * factor, reason=given.reason, source=_set_by(given))
    _check_bounds(default, own)
    return Local(default, own, given.reason, given.approved_by, given.date)


def _factor(limit: Threshold, unit: str) -> Decimal | None:
    # Where a quantity needs no unit, none is written as such: an empty one says nothing.
    return limit.units.factor(unit) if unit.strip() else None


def _window(entry: dict[str, Any], known: Mapping[str, Limit]) -> Local:
    given = _convert(entry, _Window, ())
    default = _known(given.name, known, Window)
    if (given.hours is None) == (given.days is None):
        raise _Unfit("give either hours or days")
    try:
        length = timedelta(hours=given.hours or 0, days=given.days or 0)
    except OverflowError as problem:
        raise _Unfit("is too long") from problem
    if length > _SHORT and length % timedelta(days=1):
        raise _Unfit("beyond 72 hours only whole days are read")
    own = replace(default, length=length, reason=given.reason)
    _check_bounds(default, own)
    return Local(default, own, given.reason, given.approved_by, given.date)


def _set_by(given: _Entry) -> str:
    return f"set by {given.approved_by}, {given.date.isoformat()}"


def _convert(entry: dict[str, Any], shape: Any, needed: Iterable[str]) -> Any:
    """The entry as a typed one. All that is missing is said at once."""
    needed = ("name", *needed, "reason", "approved_by", "date")
    missing = [f"{name}: is missing" for name in needed if entry.get(name) in (None, "")]
    if missing:
        raise _Unfit(*missing)
    if isinstance(entry["date"], datetime):
        raise _Unfit("date: write a day, without a time")
    try:
        return msgspec.convert(entry, shape)
    except msgspec.ValidationError as problem:
        raise _Unfit(str(problem)) from problem


def _known(name: str, known: Mapping[str, Limit], kind: type[Any]) -> Any:
    found = known.get(name)
    if found is None:
        raise _Unfit("there is no such limit")
    if not isinstance(found, kind):
        raise _Unfit(f"write it under [[{type(found).__name__.lower()}]]")
    if isinstance(found, Threshold) and found.fixed:
        raise _Unfit(f"a site cannot set it: {found.fixed}")
    return found


_SHORT = timedelta(hours=72)
"""Up to here a time is said in hours, beyond it in days."""

# -- bounds ----------------------------------------------------------------------------------------


def bounds(limit: Limit) -> tuple[Limit, Limit]:
    """The lowest and the highest that a site may set: as declared, else half and double."""
    if isinstance(limit, Threshold):
        low, high = limit.allowed or sorted((limit.value / 2, limit.value * 2))
        return replace(limit, value=low), replace(limit, value=high)
    first, last = limit.allowed or (_whole(limit.length / 2), limit.length * 2)
    return replace(limit, length=first), replace(limit, length=last)


def _whole(length: timedelta) -> timedelta:
    """As it can be written: half of 7 days are 3."""
    unit = timedelta(hours=1) if length <= _SHORT else timedelta(days=1)
    return length // unit * unit


def _check_bounds(default: Limit, own: Limit) -> None:
    low, high = bounds(default)
    if not _measure(low) <= _measure(own) <= _measure(high):
        raise _Unfit(f"{own} is outside of what may be set, {low} to {high} (default {default})")


def _measure(limit: Limit) -> Decimal:
    """As a number, whichever kind it is."""
    if isinstance(limit, Threshold):
        return limit.value
    return Decimal(limit.length // timedelta(minutes=1))


def _out_of_order(limits: Limits, changeable: Changeable) -> Iterator[str]:
    """Limits that would contradict each other."""
    for pair in changeable.ascending:
        low, high = map(limits.of, pair)
        if _measure(low) > _measure(high):
            yield f"{low.name} {low} would be above {high.name} {high}"


def _too_long(limits: Limits, rules: Iterable[Rule]) -> Iterator[str]:
    """A number with many digits may not fit into a summary."""
    for rule in rules:
        summaries = [rule.summary, *(each.summary or "" for each in rule.escalations)]
        if any(len(limits.say(each)) > SUMMARY_LIMIT for each in summaries):
            yield f"the summary of {rule.id} would be longer than {SUMMARY_LIMIT} characters"
