"""A policy as a document: read from JSON, every mistake named by statement and key."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from trailwatch.errors import PolicyError
from trailwatch.policy import operators, patterns
from trailwatch.policy.operators import Test
from trailwatch.policy.patterns import Text

Kind = Literal["identity", "boundary", "scp", "resource"]
# Characters without white space, as IAM and Organizations count them; an inline policy of a role is the largest.
LIMITS: dict[Kind, tuple[int, str]] = {
    "identity": (10_240, "even as a role's inline policy; split it"),
    "boundary": (6_144, "a boundary is a managed policy; join statements or use wildcards"),
    "scp": (5_120, "split it, or join statements"),
    "resource": (20_480, "split it, or join statements"),
}
MANAGED = 6_144
_MOST_BYTES = 1_000_000
_VERSIONS = ("2012-10-17", "2008-10-17")
_KEYS = ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
_ACTION = re.compile(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?-]+")


@dataclass(frozen=True)
class Statement:
    """One statement of a policy."""

    name: str  # its Sid, or its number
    allows: bool
    actions: tuple[str, ...]  # patterns in lower case
    not_actions: bool
    resources: tuple[Text, ...]
    not_resources: bool
    principals: tuple[tuple[str, str], ...]  # kind (AWS, Service, Federated, CanonicalUser) and who
    not_principals: bool
    tests: tuple[Test, ...]

    @property
    def keys(self) -> set[str]:
        """The context keys that decide whether it applies, in lower case."""
        read = [key for test in self.tests for key in test.keys]
        return {key.lower() for key in (*read, *(key for text in self.resources for key in text.keys))}

    @property
    def any_resource(self) -> bool:
        """Whether it is the same to the statement which resource is meant."""
        return not self.not_resources and (
            not self.resources or any(text.pieces == (patterns.ANY,) for text in self.resources)
        )


@dataclass(frozen=True)
class Policy:
    """A policy that IAM would take."""

    name: str
    kind: Kind
    statements: tuple[Statement, ...]
    size: int  # characters without white space


def load(path: str, *, kind: Kind = "identity") -> Policy:
    """Read a policy from a file."""
    try:
        with Path(path).open("rb") as file:
            raw = file.read(_MOST_BYTES + 1)
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PolicyError("this is no UTF-8 text", where=path, hint="a JSON file") from error
    except OSError as error:
        raise PolicyError(f"cannot be read: {error.strerror}", where=path, hint="another file") from error
    if len(raw) > _MOST_BYTES:
        raise PolicyError(f"this is larger than {_MOST_BYTES:,} bytes", where=path, hint="the policy alone")
    return parse(text, name=path, kind=kind)


def parse(text: str, *, name: str = "policy", kind: Kind = "identity") -> Policy:
    """Read a policy from JSON text, or raise a PolicyError that names the statement and the key."""
    try:
        body = json.loads(text, object_pairs_hook=lambda pairs: _once(pairs, name))
    except json.JSONDecodeError as error:
        place = f"{name}:{error.lineno}:{error.colno}"
        raise PolicyError(f"this is no JSON: {error.msg}", where=place, hint="a comma or a quote near by") from error
    except RecursionError as error:
        raise PolicyError("this is nested too deeply", where=name, hint="a policy has five levels") from error
    if not isinstance(body, dict):
        raise PolicyError("a policy is one JSON object", where=name, hint='{"Version": …, "Statement": […]}')
    _known(body, ("Version", "Id", "Statement"), name)
    version = body.get("Version", "2008-10-17")
    if version not in _VERSIONS:
        raise PolicyError(f"there is no version {version!r}", where=f"{name}: Version", hint='"2012-10-17"')
    size = len(json.dumps(body, ensure_ascii=False, separators=(",", ":")))
    most, remedy = LIMITS[kind]
    if size > most:
        where = f"{name}: {_largest(body.get('Statement'))}"
        raise PolicyError(f"{size:,} characters are more than {most:,}, most of them here", where=where, hint=remedy)
    given = body.get("Statement", [])
    entries = given if isinstance(given, list) else [given]
    if not entries:
        raise PolicyError("there is no statement", where=f"{name}: Statement", hint="at least one")
    statements = tuple(
        _statement(entry, number, name=name, kind=kind, variables=version == _VERSIONS[0])
        for number, entry in enumerate(entries, 1)
    )
    sids = [entry["Sid"] for entry in entries if entry.get("Sid")]
    if twice := sorted({sid for sid in sids if sids.count(sid) > 1}):
        raise PolicyError(f"two statements are called {twice[0]!r}", where=f"{name}: Sid", hint="another Sid")
    return Policy(name, kind, statements, size)


def _largest(given: Any) -> str:
    """Return the place of the longest value of the longest statement."""
    entries = given if isinstance(given, list) else [given]
    number, entry = max(enumerate(entries, 1), key=lambda pair: len(json.dumps(pair[1])), default=(1, None))
    key = max(entry, key=lambda name: len(json.dumps(entry[name])), default="") if isinstance(entry, dict) else ""
    return f"statement {number}" + (f", {key}" if key else "")


def _once(pairs: list[tuple[str, Any]], name: str) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in names if names.count(key) > 1)
        raise PolicyError(f"{twice!r} stands twice in one object", where=name, hint="one list of both values")
    return made


def _known(given: Mapping[str, Any], allowed: tuple[str, ...], where: str) -> None:
    for key in given:
        if key not in allowed:
            near = difflib.get_close_matches(key, allowed, 1, 0.5)
            raise PolicyError(f"there is no key {key!r}", where=where, hint=near[0] if near else ", ".join(allowed))


def _statement(given: Any, number: int, *, name: str, kind: Kind, variables: bool) -> Statement:
    where = f"{name}: statement {number}"
    if not isinstance(given, dict):
        raise PolicyError("a statement is a JSON object", where=where, hint='{"Effect": …, "Action": …}')
    sid = given.get("Sid", "")
    if not isinstance(sid, str) or (kind != "resource" and not re.fullmatch(r"[A-Za-z0-9]*", sid)):
        raise PolicyError("a Sid is letters and digits", where=f"{where}, Sid", hint="leave it out")
    where += f" ({sid})" if sid else ""
    _known(given, _KEYS, where)
    if given.get("Effect") not in ("Allow", "Deny"):
        raise PolicyError("an effect is Allow or Deny, spelled so", where=f"{where}, Effect", hint='"Effect": "Allow"')
    not_action, actions = _either(given, "Action", "NotAction", where)
    for action in actions:
        if not _ACTION.fullmatch(action):
            what = f"{action!r} is no action"
            raise PolicyError(what, where=f"{where}, {'Not' * not_action}Action", hint='"s3:GetObject", "s3:*" or "*"')
    not_resource, resources = _either(given, "Resource", "NotResource", where, needed=kind != "resource")
    named = "Principal" in given or "NotPrincipal" in given
    if named and kind != "resource":
        key = "Principal" if "Principal" in given else "NotPrincipal"
        raise PolicyError(
            "only the policy of a resource names principals", where=f"{where}, {key}", hint="leave it out"
        )
    not_principal, principals = _principals(given, where) if kind == "resource" else (False, ())
    return Statement(
        sid or f"number {number}", given["Effect"] == "Allow",
        tuple(patterns.glob(action.lower()) for action in actions), not_action,
        tuple(_resource(text, f"{where}, {'Not' * not_resource}Resource", variables) for text in resources),
        not_resource, principals, not_principal, _condition(given.get("Condition", {}), where, variables=variables),
    )  # fmt: skip


def _either(
    given: Mapping[str, Any], plain: str, opposite: str, where: str, *, needed: bool = True
) -> tuple[bool, list[str]]:
    if plain in given and opposite in given:
        what = f"{plain} and {opposite} contradict each other"
        raise PolicyError(what, where=f"{where}, {opposite}", hint="two statements")
    key = opposite if opposite in given else plain
    if key not in given and not needed:
        return False, []
    found = given.get(key)
    values = [found] if isinstance(found, str) else found
    if not isinstance(values, list) or not values or not all(isinstance(one, str) and one for one in values):
        hint = f'"{plain}": "…" or a list of texts'
        raise PolicyError(f"{plain} or {opposite} is needed, as text", where=f"{where}, {key}", hint=hint)
    return key == opposite, values


def _resource(text: str, where: str, variables: bool) -> Text:
    # The last wildcard may stand for what follows, colons too.
    if text != "*" and not (text.startswith("arn:") and (text.count(":") >= 5 or text.endswith("*"))):
        raise PolicyError(f"{text!r} is neither an ARN nor *", where=where, hint='"arn:aws:s3:::bucket/*"')
    try:
        return patterns.read(text, variables=variables, wildcards=True)
    except ValueError as error:
        raise PolicyError(str(error), where=where, hint="${aws:username}, or ${$} for a dollar sign") from error


def _principals(given: Mapping[str, Any], where: str) -> tuple[bool, tuple[tuple[str, str], ...]]:
    if "Principal" in given and "NotPrincipal" in given:
        what = "Principal and NotPrincipal contradict each other"
        raise PolicyError(what, where=f"{where}, NotPrincipal", hint="two statements")
    key = "NotPrincipal" if "NotPrincipal" in given else "Principal"
    found = given.get(key)
    if found == "*":
        return key == "NotPrincipal", (("AWS", "*"),)
    if not isinstance(found, dict) or not found:
        hint = '{"AWS": "arn:aws:iam::111122223333:role/name"}'
        raise PolicyError("the policy of a resource needs principals", where=f"{where}, {key}", hint=hint)
    _known(found, ("AWS", "Service", "Federated", "CanonicalUser"), f"{where}, {key}")
    pairs = [(kind, who) for kind, value in found.items() for who in (value if isinstance(value, list) else [value])]
    if not pairs or not all(isinstance(who, str) and who for _, who in pairs):
        raise PolicyError("a principal is a text", where=f"{where}, {key}", hint="an ARN, an account, or *")
    for kind, who in pairs:
        if kind == "AWS" and who != "*" and ("*" in who or "?" in who):
            raise PolicyError(f"{who!r}: a principal takes no wildcard but *", where=f"{where}, {key}",
                              hint="ArnLike on aws:PrincipalArn")  # fmt: skip
    return key == "NotPrincipal", tuple(pairs)


def _condition(given: Any, where: str, *, variables: bool) -> tuple[Test, ...]:
    where = f"{where}, Condition"
    if not isinstance(given, dict):
        raise PolicyError("a condition is a JSON object", where=where, hint='{"Bool": {"aws:SecureTransport": "true"}}')
    found = []
    for operator, keys in given.items():
        if not isinstance(keys, dict) or not keys:
            raise PolicyError("an operator holds keys", where=f"{where}, {operator}", hint='{"aws:SourceIp": "…"}')
        for key, value in keys.items():
            values = value if isinstance(value, list) else [value]
            place = f"{where}, {operator}, {key}"
            if not all(isinstance(one, (str, int, float)) for one in values):
                raise PolicyError("a value is a text, a number, or true or false", where=place, hint="a list of texts")
            try:
                found.append(operators.parse(operator, key, values, variables=variables))
            except LookupError as error:
                near = difflib.get_close_matches(str(error.args[0]), operators.OPERATORS, 1, 0.5)
                hint = near[0] if near else "StringEquals, ArnLike, IpAddress, Bool, and so on"
                raise PolicyError(f"there is no operator {operator!r}", where=where, hint=hint) from error
            except ValueError as error:
                raise PolicyError(str(error), where=place, hint="the operator that fits the key") from error
    return tuple(found)
