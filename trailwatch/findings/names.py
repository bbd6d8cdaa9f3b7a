"""What to call an identity on a page: the person, else the role's, user's or service's own name, never a long path."""

from __future__ import annotations

from trailwatch.findings.titles import plain

_RESERVED = "AWSReservedSSO_"
_LONGEST = 60


def short(principal: str) -> str:
    """Return a principal in words: 'role deploy', 'PlatformEngineer (SSO)', 'root', 'an outsider of 999988887777'."""
    account, _, rest = principal.partition("/")
    kind, _, name = rest.partition("/")
    if account == "service":
        return plain(rest, longest=_LONGEST)
    if kind == "role":
        own = f"{name.removeprefix(_RESERVED)} (SSO)" if name.startswith(_RESERVED) else f"role {name}"
    elif kind == "external":
        outside, _, inner = name.partition("/")
        own = f"{inner} of account {outside}" if inner else f"account {outside}"
    elif kind in {"root", "unknown"}:
        own = kind if kind == "root" else f"somebody unknown {name}".strip()
    else:
        own = f"{kind} {name}" if kind in {"user", "person"} else name or principal
    return plain(own, longest=_LONGEST)


def called(person: str, principal: str) -> str:
    """Return the name to call an identity by: its person's, else its own."""
    name = plain(person, longest=_LONGEST) or short(principal)
    return "Root" if name == "root" else name


def introduced(person: str, principal: str) -> str:
    """Return who it was, and as what where that is something else: 'alice@example.com as PlatformEngineer (SSO)'."""
    name, kind, own = called(person, principal), principal.partition("/")[2].partition("/")[0], short(principal)
    # An IAM user, a federated subject and an Identity Center user are the person themselves.
    as_what = bool(person) and kind not in {"user", "person", "federated", ""} and own != name
    return f"{name} as {own}" if as_what else name
