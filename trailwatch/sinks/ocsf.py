"""A finding as an OCSF Detection Finding (class 2004): the mapping stands here and nowhere else."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from trailwatch.finding import Finding
from trailwatch.findings.names import called
from trailwatch.findings.titles import plain
from trailwatch.sinks.notice import Notice

VERSION = "1.5.0"
CLASS, CATEGORY = 2004, 2
SEVERITY = {"info": (1, "Informational"), "low": (2, "Low"), "medium": (3, "Medium"), "high": (4, "High"),
            "critical": (5, "Critical")}  # fmt: skip
ACTIVITY = {"new": (1, "Create"), "risen": (2, "Update"), "reopened": (2, "Update"), "ongoing": (2, "Update"),
            "ended": (3, "Close"), "resolved": (3, "Close")}  # fmt: skip
STATUS = {"ended": (4, "Resolved"), "resolved": (4, "Resolved")}
ANALYTIC = {
    "activity": (1, "Rule"),
    "posture": (1, "Rule"),
    "coverage": (1, "Rule"),
    "anomaly": (4, "Learning (ML/DL)"),
}


def ocsf(notice: Notice, *, product_version: str) -> dict[str, Any]:
    """Return a finding as an event of the class; what is not known is left out, never empty."""
    one = notice.finding
    activity, activity_name = ACTIVITY[one.status]
    severity, severity_name = SEVERITY[one.severity]
    status, status_name = STATUS.get(one.status, (1, "New"))
    return _filled({
        "activity_id": activity, "activity_name": activity_name,
        "category_uid": CATEGORY, "category_name": "Findings", "class_uid": CLASS, "class_name": "Detection Finding",
        "type_uid": CLASS * 100 + activity, "type_name": f"Detection Finding: {activity_name}",
        "time": _ms(one.last_time), "start_time": _ms(one.first_time), "end_time": _ms(one.last_time),
        "count": one.count or 1, "severity_id": severity, "severity": severity_name, "status_id": status,
        "status": status_name, "message": plain(one.title, longest=400), "is_alert": severity >= 3,
        "metadata": {
            "version": VERSION, "uid": notice.key, "profiles": ["cloud"], "log_name": "CloudTrail",
            "correlation_uid": one.incident,
            "product": {"name": "trailwatch", "vendor_name": "trailwatch", "version": product_version},
        },
        "cloud": {
            "provider": "AWS", "region": one.regions[0].value if one.regions else "",
            "account": {"uid": one.account, "name": one.account_name, "type_id": 10, "type": "AWS Account"} if one.account else {},
        },
        "finding_info": {
            "uid": one.id, "title": plain(one.title, longest=400), "desc": plain(one.why, longest=2000),
            "types": [one.kind], "first_seen_time": _ms(one.first_time), "last_seen_time": _ms(one.last_time),
            "created_time": _ms(one.first_time), "attacks": [_attack(name) for name in one.attack],
            "analytic": {"uid": one.detection, "name": one.detection, "version": one.detection_version,
                         "type_id": ANALYTIC[one.kind][0], "type": ANALYTIC[one.kind][1]},
            "related_events": [{"uid": id} for id in one.event_ids[:20]], "related_events_count": len(one.event_ids) or None,
            "data_sources": ["AWS CloudTrail"],
        },
        "evidences": _evidences(one),
        "resources": [_filled({"uid": plain(top.value, longest=400), "name": plain(top.value, longest=400)})
                      for top in one.targets],
        "observables": [*({"name": "src_endpoint.ip", "type_id": 2, "type": "IP Address", "value": top.value}
                          for top in one.addresses),
                        *([{"name": "actor.user.name", "type_id": 4, "type": "User Name", "value": called(one.person, one.principal)}]
                          if one.person or one.principal else [])],
        "remediation": {"desc": plain(one.next, longest=2000)} if one.next else {},
        "unmapped": {"practices": list(one.practices), "principal": one.principal, "digest_day": notice.day.isoformat(),
                     "trailwatch_status": one.status},
    })  # fmt: skip


def _evidences(one: Finding) -> list[dict[str, Any]]:
    user = _filled({"name": plain(called(one.person, one.principal), longest=400) if one.person or one.principal else "",
                    "uid": one.principal_id, "credential_uid": one.credential,
                    "email_addr": one.person if "@" in one.person else ""})  # fmt: skip
    endpoints = [top.value for top in one.addresses] or [""]
    shown = [
        _filled({"api": {"operation": action.value}, "actor": {"user": user} if user else {},
                 "src_endpoint": {"ip": endpoints[0]} if endpoints[0] else {}})
        for action in one.actions
    ]  # fmt: skip
    return shown or ([{"actor": {"user": user}}] if user else [])


def _attack(technique: str) -> dict[str, Any]:
    top, _, sub = technique.partition(".")
    named: dict[str, Any] = {"version": "18", "technique": {"uid": top}}
    return {**named, "sub_technique": {"uid": technique}} if sub else named


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _filled(value: dict[str, Any]) -> dict[str, Any]:
    full = {key: _filled(inner) if isinstance(inner, dict) else inner for key, inner in value.items()}
    return {key: inner for key, inner in full.items() if inner not in ("", None, [], {})}
