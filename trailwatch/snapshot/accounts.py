"""The accounts of an organization, each entered by a role, a few at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial

from trailwatch.aws import Access, Caller, Refused
from trailwatch.errors import ConfigError, SourceError
from trailwatch.snapshot import live
from trailwatch.snapshot.export import KINDS, USES, Export, Passed, Unusable, failed
from trailwatch.snapshot.live import LIVE, Patience

# What is called besides the calls inside of an account.
ACTIONS = ("organizations:ListAccounts", "sts:AssumeRole", "sts:GetCallerIdentity")
_AT_ONCE = 4


def collect(
    access: Access, *, accounts: Collection[str] = (), role_name: str = "", entities: int = 200,
    patience: Patience | None = None,
) -> Iterator[Export | Passed]:  # fmt: skip
    """Yield the exports of the own account, or with a role those of the given accounts or the whole organization.

    Nothing is asked of an account that is not active. An account that cannot be entered gives failed exports.
    """
    access.credentials()
    caller = Caller(access)
    me = caller.call("sts:GetCallerIdentity")
    if "Account" not in me:
        raise SourceError("AWS does not say whose credentials these are", where="AWS", hint="--endpoint-url")
    own, partition = str(me["Account"]), str(me["Arn"]).split(":")[1]
    wanted: list[str] = []
    for found in _targets(caller, own, accounts, role_name):
        if isinstance(found, Passed):
            yield found
        else:
            wanted.append(found)
    if not wanted:
        raise SourceError("the organization has no active account", where="AWS", hint="--account ID")
    waiting: deque[Future[list[Export]]] = deque()
    pool = ThreadPoolExecutor(_AT_ONCE)
    try:
        for account in wanted:
            entered = access if account == own else access.into(f"arn:{partition}:iam::{account}:role/{role_name}")
            waiting.append(pool.submit(partial(_enter, entered, account, entities, patience or Patience())))
            if len(waiting) > _AT_ONCE:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _targets(caller: Caller, own: str, accounts: Collection[str], role_name: str) -> Iterator[str | Passed]:
    if not role_name:
        if others := sorted(set(accounts) - {own}):
            what = f"the credentials are of account {own}, not of {', '.join(others)}"
            raise ConfigError(what, where="--account", hint="--role-name NAME, a role to assume in each account")
        yield own
    elif accounts:
        yield from dict.fromkeys(accounts)
    else:
        yield from _organization(caller)


def _organization(caller: Caller) -> Iterator[str | Passed]:
    try:
        for page in caller.pages("organizations:ListAccounts", sent="NextToken", told="NextToken"):
            for account in live.told(page, "Accounts"):
                state = account.get("State") or account.get("Status", "")
                active = state == "ACTIVE"
                yield str(account["Id"]) if active else Passed(str(account["Id"]), f"the account is {state}")
    except (Refused, Unusable) as error:
        what = f"the accounts of the organization cannot be listed: {error.what}"
        raise SourceError(what, where="AWS", hint="--account ID for each account, or the credentials of the management "
                          "account or a delegated administrator") from error  # fmt: skip


def _enter(access: Access, account: str, entities: int, patience: Patience) -> list[Export]:
    caller = Caller(access)
    try:
        inside = caller.call("sts:GetCallerIdentity").get("Account")
        reason = "" if inside == account else f"the credentials are of account {inside}"
    except SourceError as error:
        reason = f"the account cannot be entered: {error}"
    if reason:
        now = datetime.now(UTC)
        kinds = [kind for kind in KINDS if entities or kind != USES]
        return [failed(account, kind, now, LIVE, reason) for kind in kinds]
    return list(live.account(caller, account, entities=entities, patience=patience))
