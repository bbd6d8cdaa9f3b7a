"""SQL from detections: the only place where SQL text is put together, and only from detection files, never from data.

All clauses run fused in one scan over `scope`; what remembers (count, new) works on the narrow rows that come out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from trailwatch.detect.context import COLUMNS
from trailwatch.detect.detection import Count, Detection, New
from trailwatch.errors import DetectionError

# What every hit carries; the whole event is joined later, for the few that become findings.
KEYS = ("event_id", "event_time", "account", "principal", "person", "credential")

# Where the value of a dimension stands in an event. `seen` keeps the same values under the same names.
VALUES = {
    "action": "action", "service": "event_source", "region": "aws_region", "address": "address", "client": "client",
    "role": "role", "key": "long_term_key", "account": "account",
}  # fmt: skip

# The same events teach `seen`: neither a service's own acts nor failed sign-ins, which anybody can cause.
USED = "origin <> 'service' and not (coalesce(event_source, '') = 'signin.amazonaws.com' and outcome <> 'ok')"

# Columns of context that explain a hit when its clause reads them.
EXPLAINS = {
    "local_time": ("local_time", "time_zone"),
    "shift": ("shift", "local_time", "time_zone"),
    "network": ("network",),
    "network_rule": ("network_rule", "network", "country", "asn"),
    "ended": ("ended", "local_time", "time_zone"),
    "days_known": ("days_known",),
    "person_days_known": ("person_days_known",),
    "principal_gap": ("principal_gap", "principal_rhythm"),
    "person_gap": ("person_gap", "person_rhythm"),
    "key_gap": ("key_gap", "key_rhythm"),
    "hour_share": ("hour_share", "local_time", "time_zone"),
    "asn": ("asn",),
    "country": ("country",),
}


def bound(detection: Detection) -> str:
    """Return the query that binds one clause alone and reads nothing."""
    if detection.query:
        return f"{_given()}\nselect event_id from (\n{detection.query}\n) limit 0"
    return f"select (\n{detection.where}\n)::boolean from scope limit 0"


def fused(detections: Sequence[Detection]) -> str:
    """Return one scan for many clauses: narrow rows of `matches` (rule = position in the sequence)."""
    columns = dict.fromkeys(KEYS)
    for detection in detections:
        columns |= dict.fromkeys((*_by(detection), *_distinct(detection), *_explains(detection)))
    flags = ",\n".join(f"case when (\n{d.where}\n) then {rule} end" for rule, d in enumerate(detections))
    anything = "\nor ".join(f"(\n{d.where}\n)" for d in detections)
    return f"""
select {", ".join(KEYS)}, rule,
    {_cases(detections, _group, "varchar[]")} as group_key,
    {_cases(detections, _counted, "varchar")} as counted,
    {_cases(detections, _explanation, "varchar")} as evidence
from (
    select {", ".join(columns)}, unnest(list_filter([{flags}], lambda r: r is not null)) as rule
    from scope
    where {anything}
)"""


def counted(count: Count, rule: int) -> str:
    """Return the hits of a count: every match inside a window that reached the number."""
    what = "distinct nullif(counted, '')" if count.distinct else "*"
    window = f"to_seconds({count.seconds})"
    # Frames slide with the events: fixed buckets would cut a burst in two.
    return f"""
with matched as (select * from matches where rule = {rule}),
busy as (select group_key from matched group by group_key having count({what}) >= {int(count.at_least)}),
windows as (
    select *, count({what}) over (
        partition by group_key order by event_time range between {window} preceding and current row) as n
    from matched semi join busy using (group_key)
),
reached as (
    select *,
        min(case when n >= {int(count.at_least)} then event_time end) over (
            partition by group_key order by event_time range between current row and {window} following) as reached_at,
        max(n) over (partition by group_key) as peak
    from windows
)
select {", ".join(KEYS)}, group_key, to_json({{
    'count': peak, 'at_least': {int(count.at_least)}, 'within_seconds': {count.seconds},
    'distinct': {_text(count.distinct)}}}) as evidence
from reached where reached_at is not null"""


def news(detections: Sequence[Detection]) -> str:
    """Return one scan for all `new` detections: a row per rule, subject, value, day and group."""
    columns = dict.fromkeys((*KEYS, "days_known", "person_days_known", "origin", "event_source", "outcome"))
    for detection in detections:
        columns |= dict.fromkeys((VALUES[_new(detection).of], *detection.by))
    flags = ",\n".join(
        f"case when (\n{d.where or 'true'}\n) then {{'rule': {rule}, 'subject': {_new(d).for_}, 'value': {_value(_new(d))}, "
        f"'days': {_days(_new(d))}, 'group_key': {_group(d)}}} end"
        for rule, d in enumerate(detections))  # fmt: skip
    anything = "\nor ".join(f"(\n{d.where or 'true'}\n)" for d in detections)
    keys = ", ".join(f"'{key}': {key}" for key in KEYS)
    # A hundred events of a value are proof enough, and keep memory bounded; of one moment the ids decide, not the order
    # in which events are read.
    return f"""
select use.rule as rule, use.subject as subject, use.value as value, use.group_key as group_key,
    cast(event_time as date) as day, min(account) as account, max(use.days) as days_known, count(*) as events,
    min(event_time) as first_time, min_by({{{keys}}}, row(event_time, event_id), 100) as first_events
from (
    select {", ".join(columns)}, unnest(list_filter([{flags}], lambda u: u is not null)) as use
    from scope
    where {USED} and ({anything})
)
where use.value <> '' and use.subject <> ''
group by use.rule, use.subject, use.value, use.group_key, day"""


def queried(detection: Detection) -> str:
    """Return the hits of a whole query; its other columns are the evidence."""
    keys = ", ".join(f"s.{key}" for key in KEYS)
    group = ", ".join(f"coalesce(cast(s.{column} as varchar), '')" for column in _by(detection))
    return f"""{_given()}, found as (
{detection.query}
)
select {keys}, [{group}] as group_key, to_json(found) as evidence
from found join scope s on s.event_id = found.event_id
qualify row_number() over (partition by s.event_id) = 1"""


def columns_of(detection: Detection) -> tuple[str, ...]:
    """Return the columns that a detection reads beside those in its clause."""
    days = ("days_known", "person_days_known") if detection.new else ()
    return (*_by(detection), *_distinct(detection), *_explains(detection), *days)


def placeholders(title: str) -> list[str]:
    """Return the names in braces of a title."""
    return re.findall(r"\{(\w+)\}", title)


def _given() -> str:
    # Scope is at hand; the views below it would work out the meaning of every event once more for each query.
    context = ", ".join(f"'{name}'" for name in COLUMNS)
    plain = f"not materialized (select columns(lambda name: not list_contains([{context}], name)) from scope)"
    return f"with attributed as {plain}, events as {plain}"


def _cases(detections: Sequence[Detection], make: Callable[[Detection], str], kind: str) -> str:
    texts: dict[str, list[int]] = {}
    for rule, detection in enumerate(detections):
        texts.setdefault(make(detection), []).append(rule)
    branches = " ".join(
        f"when rule in ({', '.join(map(str, rules))}) then {text}" for text, rules in texts.items() if text)  # fmt: skip
    return f"case {branches} end" if branches else f"cast(null as {kind})"


def _by(detection: Detection) -> tuple[str, ...]:
    return detection.count.by if detection.count else detection.by


def _distinct(detection: Detection) -> tuple[str, ...]:
    return (detection.count.distinct,) if detection.count and detection.count.distinct else ()


def _group(detection: Detection) -> str:
    return "[" + ", ".join(f"coalesce(cast({column} as varchar), '')" for column in _by(detection)) + "]"


def _counted(detection: Detection) -> str:
    return "".join(f"cast({column} as varchar)" for column in _distinct(detection))


def _explains(detection: Detection) -> tuple[str, ...]:
    words = set(re.findall(r"\w+", detection.where))
    return tuple(dict.fromkeys(name for word, names in EXPLAINS.items() if word in words for name in names))


def _explanation(detection: Detection) -> str:
    fields = ", ".join(f"'{name}': {name}" for name in _explains(detection))
    return f"to_json({{{fields}}})" if fields else ""


def _new(detection: Detection) -> New:
    if detection.new is None:
        raise DetectionError(f"{detection.id} has no `new`", where=detection.path)
    return detection.new


def _value(new: New) -> str:
    column = VALUES[new.of]
    # Of calls that a service makes for somebody, address and client are the service's.
    return f"case when origin in ('direct', 'console') then {column} else '' end" if new.of in ("address", "client") \
        else f"coalesce({column}, '')"  # fmt: skip


def _days(new: New) -> str:
    return "person_days_known" if new.for_ == "person" else "days_known"


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
