"""Canonical bodies of what AWS answers, the same from a live call as from an exported file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

from trailwatch.snapshot.export import COMMANDS, DETAILS, TRAILS, USES, Unusable, moment

LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
TRAIL = (
    "Name", "TrailARN", "HomeRegion", "IsMultiRegionTrail", "IsOrganizationTrail", "LogFileValidationEnabled",
    "KmsKeyId", "CloudWatchLogsLogGroupArn", "IsLogging", "LatestDeliveryError", "EventSelectors",
    "AdvancedEventSelectors",
)  # fmt: skip
_DOCUMENTS = {"PolicyDocument", "AssumeRolePolicyDocument", "Document"}
_MOMENTS = {
    "CreateDate", "UpdateDate", "LastUsedDate", "LastAuthenticated", "LastAccessedTime", "JobCreationDate",
    "JobCompletionDate",
}  # fmt: skip
_ORDER = ("Arn", "PolicyArn", "PolicyName", "Key", "VersionId", "ServiceNamespace", "ActionName")


def details(pages: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Join pages of authorization details: every document an object, every list in order."""
    found: dict[str, dict[str, Any]] = {}
    for page in pages:
        for name in LISTS:
            if name not in page:
                continue
            entries = page[name]
            if not isinstance(entries, list):
                raise _odd(f"{name} is no list", DETAILS)
            kept = found.setdefault(name, {})
            for place, entry in enumerate(entries):
                where = f"{name}[{place}]"
                if not isinstance(entry, dict) or not isinstance(entry.get("Arn"), str):
                    raise _odd(f"{where} has no Arn", DETAILS)
                kept[entry["Arn"]] = _plain(entry, where)
    if missing := [name for name in LISTS if name not in found]:
        raise _odd(f"{', '.join(missing)} is missing: the export was cut or filtered", DETAILS)
    # A policy of AWS that nobody has attached grants nothing, and every account has a thousand of them.
    policies = {arn: one for arn, one in found["Policies"].items() if ":iam::aws:" not in arn or _attached(one)}
    return {name: _sorted(list((policies if name == "Policies" else found[name]).values())) for name in LISTS}


def document(value: Any) -> Any:
    """Return a policy document as an object; AWS also writes it as text, URL-encoded or not."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    try:
        return json.loads(text if text.startswith("{") else unquote_to_bytes(text).decode())
    except (ValueError, RecursionError) as error:
        raise Unusable("the policy document is neither JSON nor URL-encoded JSON") from error


def policy(answer: Any) -> dict[str, Any]:
    """Return the password policy; None is AWS's own default."""
    return dict(answer) if answer else {"default": True}


def uses(answers: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """Return the last accessed services of each ARN."""
    for arn, services in answers.items():
        if not isinstance(services, list) or not all(isinstance(one, dict) for one in services):
            raise _odd(f"what was accessed by {arn[:200]} is no list of services", USES)
    return {arn: _sorted([_plain(one, arn) for one in services]) for arn, services in answers.items()}


def trails(described: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return trails with the fields of interest; one that was not asked for is null."""
    found = {}
    for place, trail in enumerate(described):
        if not isinstance(trail, Mapping) or not isinstance(trail.get("TrailARN"), str):
            raise _odd(f"trail {place + 1} has no TrailARN", TRAILS)
        found[trail["TrailARN"]] = {name: trail.get(name) for name in TRAIL}
    return [found[arn] for arn in sorted(found)]


def _attached(policy: Mapping[str, Any]) -> bool:
    return bool(policy.get("AttachmentCount", 1) or policy.get("PermissionsBoundaryUsageCount"))


def _plain(value: Any, where: str) -> Any:
    if isinstance(value, list):
        return _sorted([_plain(one, f"{where}[{place}]") for place, one in enumerate(value)])
    if not isinstance(value, dict):
        return value
    plain = {}
    for key, inner in value.items():
        try:
            if key in _DOCUMENTS:
                plain[key] = document(inner)
            elif key in _MOMENTS and inner is not None:
                plain[key] = moment(inner)
            else:
                plain[key] = _plain(inner, f"{where}.{key}")
        except Unusable as error:
            if error.kind:
                raise
            raise _odd(f"{where}.{key}: {error.what}", DETAILS) from error
    return plain


def _sorted(entries: list[Any]) -> list[Any]:
    # The order in which AWS lists things means nothing; that of a document's statements is not touched here.
    def key(entry: Any) -> tuple[str, ...]:
        return tuple(str(entry.get(name, "")) for name in _ORDER) if isinstance(entry, dict) else (str(entry),)

    return sorted(entries, key=key)


def _odd(what: str, kind: str) -> Unusable:
    return Unusable(what, kind=kind, hint=f"{COMMANDS[kind]} again")
