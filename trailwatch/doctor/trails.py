"""The trails: whether they log all regions and all management events, with validation, and what of data events."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trailwatch.config import Config
from trailwatch.doctor.check import Check
from trailwatch.engine import Engine
from trailwatch.errors import TrailwatchError
from trailwatch.snapshot import live
from trailwatch.snapshot.export import TRAILS, Unusable
from trailwatch.store.tables import Store

Trail = Mapping[str, Any]
_AWS = "aws cloudtrail"


def checks(config: Config, store: Store, *, offline: bool) -> Iterator[Check]:
    """Yield what trails log: as AWS says it now, or else as the newest snapshots do."""
    found, since = ({}, "offline") if offline else _live(config)
    if not found:
        found = _kept(store)
        since = f"as of the last snapshot ({since})"
    if not found:
        yield Check(
            "trails",
            None,
            f"not looked at: {since.removeprefix('as of the last snapshot ').strip('()')}, and no snapshot holds them",
        )
    for account, trails in found.items():
        yield from account_checks(account, trails, since)


def account_checks(account: str, trails: Sequence[Trail], since: str = "") -> Iterator[Check]:
    """Yield what the trails of one account log."""
    name = f"trails {account}".strip()
    more = f" ({since})" if since else ""
    if not trails:
        yield Check(
            name,
            False,
            f"there is no trail{more}",
            f"{_AWS} create-trail --is-multi-region-trail --enable-log-file-validation",
        )
        return
    good = [
        one
        for one in trails
        if one.get("IsLogging") is not False and one.get("IsMultiRegionTrail") and _management(one) in ("All", None)
    ]
    named = ", ".join(f"{one.get('Name')}{' (organization)' if one.get('IsOrganizationTrail') else ''}" for one in good)
    if good:
        yield Check(name, True, f"all management events of all regions are logged by {named}{more}")
    for one in trails:
        yield from _faults(name, one, alone=not good)
    data = any(_data(one) for one in trails)
    yield Check(f"{name} data events", True, "some are logged" if data else
                "none are logged: reads and writes of objects, items and functions are not seen")  # fmt: skip


def _faults(name: str, trail: Trail, *, alone: bool) -> Iterator[Check]:
    label, trail_name = f"{name} {trail.get('Name')}", trail.get("TrailARN") or trail.get("Name")
    if trail.get("IsLogging") is False:
        yield Check(label, False, "does not log", f"{_AWS} start-logging --name {trail_name}")
    if trail.get("LatestDeliveryError"):
        yield Check(
            label, False, f"cannot deliver: {trail['LatestDeliveryError']}", "the policy of its bucket and of its key"
        )
    if not trail.get("LogFileValidationEnabled"):
        yield Check(label, False, "writes no digest files, so that nothing proves its logs whole",
                    f"{_AWS} update-trail --name {trail_name} --enable-log-file-validation")  # fmt: skip
    if alone and not trail.get("IsMultiRegionTrail"):
        yield Check(label, False, f"logs {trail.get('HomeRegion')} alone",
                    f"{_AWS} update-trail --name {trail_name} --is-multi-region-trail")  # fmt: skip
    if alone and _management(trail) not in ("All", None):
        yield Check(label, False, f"logs of management events: {_management(trail)}",
                    f"{_AWS} put-event-selectors --trail-name {trail_name}, with ReadWriteType All")  # fmt: skip


def _management(trail: Trail) -> str | None:
    """Return which management events are logged, None where the selectors are not shown."""
    basic, advanced = trail.get("EventSelectors"), trail.get("AdvancedEventSelectors")
    if basic is None and advanced is None:
        return None
    if not basic and not advanced:
        return "All"
    kinds: set[str] = set()
    for one in basic or ():
        if one.get("IncludeManagementEvents", True):
            kinds |= {"All": {"Read", "Write"}, "ReadOnly": {"Read"}, "WriteOnly": {"Write"}}.get(
                one.get("ReadWriteType", "All"), set()
            )
    for one in advanced or ():
        fields = {field.get("Field", "").lower(): field for field in one.get("FieldSelectors", ())}
        if "Management" in (fields.get("eventcategory", {}).get("Equals") or ()):
            only = fields.get("readonly", {}).get("Equals") or ()
            kinds |= {"Read", "Write"} if not only else {"Read"} if "true" in only else {"Write"}
    return "All" if len(kinds) == 2 else f"{kinds.pop()}Only" if kinds else "None"


def _data(trail: Trail) -> bool:
    return any(one.get("DataResources") for one in trail.get("EventSelectors") or ()) or any(
        "Data" in (field.get("Equals") or ())
        for one in trail.get("AdvancedEventSelectors") or ()
        for field in one.get("FieldSelectors", ())
    )


def _live(config: Config) -> tuple[dict[str, Sequence[Trail]], str]:
    if not (config.source.path.startswith("s3://") or config.snapshot.wanted):
        return {}, "AWS is not used"
    from trailwatch import aws  # noqa: PLC0415  # boto3 is slow to import, and a store in a folder does without it

    try:
        caller = aws.Caller(aws.access(config.source))
        account = str(caller.call("sts:GetCallerIdentity").get("Account", ""))
        return {account: live.trails(caller, account)}, ""
    except (TrailwatchError, Unusable) as error:
        return {}, getattr(error, "what", str(error))


def _kept(store: Store) -> dict[str, Sequence[Trail]]:
    try:
        with Engine() as engine:
            store.show(engine, "snapshots")
            rows = engine.rows(
                "select account, arg_max(body, taken_at) from snapshots where kind = $kind and status = 'good' "
                "group by account order by account", kind=TRAILS)  # fmt: skip
    except TrailwatchError:
        return {}  # the damage is told with the tables
    return {account: json.loads(body) for account, body in rows}
