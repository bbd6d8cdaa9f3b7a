"""The value of `userIdentity` → its columns; most events of a batch share a few identities, so each is read once."""

from __future__ import annotations

import re
from operator import attrgetter
from typing import Any

import msgspec

from trailwatch.ingest.records import Text, text, values

# Column → path below userIdentity.
PATHS: dict[str, tuple[str, ...]] = {
    "identity_type": ("type",),
    "identity_principal_id": ("principalId",),
    "identity_arn": ("arn",),
    "identity_account_id": ("accountId",),
    "access_key_id": ("accessKeyId",),
    "user_name": ("userName",),
    "invoked_by": ("invokedBy",),
    "identity_store_user": ("onBehalfOf", "userId"),
    "identity_provider": ("identityProvider",),
    "credential_id": ("credentialId",),
    "delegate_account_id": ("invokedByDelegate", "accountId"),
    "issuer_type": ("sessionContext", "sessionIssuer", "type"),
    "issuer_arn": ("sessionContext", "sessionIssuer", "arn"),
    "issuer_principal_id": ("sessionContext", "sessionIssuer", "principalId"),
    "issuer_account_id": ("sessionContext", "sessionIssuer", "accountId"),
    "issuer_name": ("sessionContext", "sessionIssuer", "userName"),
    "session_created": ("sessionContext", "attributes", "creationDate"),
    "mfa_authenticated": ("sessionContext", "attributes", "mfaAuthenticated"),
    "console_session": ("sessionContext", "attributes", "sessionCredentialFromConsole"),
    "source_identity": ("sessionContext", "sourceIdentity"),
    "role_delivery": ("sessionContext", "ec2RoleDelivery"),
    "assumed_root": ("sessionContext", "assumedRoot"),
    "web_id_provider": ("sessionContext", "webIdFederationData", "federatedProvider"),
    "in_scope_of": ("inScopeOf",),
}

Values = dict[str, msgspec.Raw]


class _Attributes(msgspec.Struct, gc=False, frozen=True, rename="camel"):
    creation_date: Text = None
    mfa_authenticated: Text = None
    session_credential_from_console: Text = None


class _Issuer(msgspec.Struct, gc=False, frozen=True, rename="camel"):
    type: Text = None
    arn: Text = None
    principal_id: Text = None
    account_id: Text = None
    user_name: Text = None


class _Federation(msgspec.Struct, gc=False, frozen=True, rename="camel"):
    federated_provider: Text = None


class _Session(msgspec.Struct, gc=False, frozen=True, rename="camel"):
    session_issuer: _Issuer = _Issuer()
    attributes: _Attributes = _Attributes()
    web_id_federation_data: _Federation = _Federation()
    source_identity: Text = None
    ec2_role_delivery: Text = None
    assumed_root: Text = None


class _Behalf(msgspec.Struct, gc=False, frozen=True, rename="camel"):
    user_id: Text = None


class _Delegate(msgspec.Struct, gc=False, frozen=True, rename="camel"):
    account_id: Text = None


class _Identity(_Issuer, gc=False, frozen=True, rename="camel"):
    access_key_id: Text = None
    invoked_by: Text = None
    identity_provider: Text = None
    credential_id: Text = None
    in_scope_of: msgspec.Raw = msgspec.Raw()
    on_behalf_of: _Behalf = _Behalf()
    invoked_by_delegate: _Delegate = _Delegate()
    session_context: _Session = _Session()


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


_identity = msgspec.json.Decoder(_Identity)
_get = attrgetter(*[".".join(_snake(name) for name in path) for path in PATHS.values()])
_BELOW = sorted({path[:depth] for path in PATHS.values() for depth in range(1, len(path))}, key=len)
_SCOPE = list(PATHS).index("in_scope_of")


def columns(raw: bytes) -> tuple[Text, ...]:
    """Return the values of one identity in the order of PATHS; what is of another type than expected is text."""
    try:
        found = list(_get(_identity.decode(raw)))
    except msgspec.MsgspecError:
        found = _loosely(raw)
    found[_SCOPE] = _json(found[_SCOPE])
    return tuple(found)


def _loosely(raw: bytes) -> list[Any]:
    levels: dict[tuple[str, ...], Values] = {(): (values(raw) if raw else None) or {}}
    for path in _BELOW:
        inner = levels[path[:-1]].get(path[-1])
        levels[path] = (values(inner) if inner is not None else None) or {}
    found: list[Any] = [levels[path[:-1]].get(path[-1]) for path in PATHS.values()]
    return [value if value is None or place == _SCOPE else text(value) for place, value in enumerate(found)]


def _json(value: msgspec.Raw | None) -> Text:
    plain = msgspec.json.format(bytes(value), indent=-1) if value else b"null"
    return None if plain == b"null" else plain.decode()
