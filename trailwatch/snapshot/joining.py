"""Answers of AWS that make one export together: pages of authorization details, services, a trail and its selectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trailwatch.snapshot import shape
from trailwatch.snapshot.export import COMMANDS, DETAILS, TRAILS, USES, Unusable
from trailwatch.snapshot.reading import Part


def join(kind: str, parts: Sequence[Part]) -> Any:
    """Return the canonical body of the parts of one account and kind."""
    if kind == DETAILS:
        return _details(parts)
    if kind == TRAILS:
        return _trails(parts)
    if kind == USES:
        return shape.uses({arn: services for part in parts for arn, services in part.value.items()})
    return parts[-1].value


def _details(parts: Sequence[Part]) -> Any:
    if all(part.more for part in parts):
        what = "AWS said that more pages follow, and none of these files is the last one"
        raise Unusable(what, kind=DETAILS, hint=f"{COMMANDS[DETAILS]} without --max-items and --no-paginate")
    return shape.details(page for part in parts for page in part.value)


def _trails(parts: Sequence[Part]) -> Any:
    found: dict[str, dict[str, Any]] = {}
    states = []
    for part in parts:
        for one in part.value:
            if not isinstance(one, dict):
                raise Unusable("its list of trails holds something else", kind=TRAILS, hint=f"{COMMANDS[TRAILS]} again")
            if "TrailARN" in one:
                found.setdefault(str(one["TrailARN"]), {}).update(one)
            else:
                states.append(one)
    if states and len(found) != 1:
        what = "a status does not say which trail it is of"
        raise Unusable(what, kind=TRAILS, hint='add "TrailARN" to each answer of aws cloudtrail get-trail-status')
    if nameless := [arn for arn, trail in found.items() if "Name" not in trail]:
        what = f"selectors or status of {nameless[0][:200]} and no description of it"
        raise Unusable(what, kind=TRAILS, hint=f"{COMMANDS[TRAILS]} into the same folder")
    for state in states:
        next(iter(found.values())).update(state)
    return shape.trails(found.values())
