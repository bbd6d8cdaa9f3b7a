"""Findings for AWS Security Hub: per account, in batches; what rises later is an update of the same finding."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime

from trailwatch.aws import Access, Caller, Refused
from trailwatch.config.sinks import SecurityHubSink
from trailwatch.sinks.asff import asff
from trailwatch.sinks.cloud import failed
from trailwatch.sinks.notice import Message, Notice, SinkError, batches

MOST = 100  # what BatchImportFindings takes


class ToSecurityHub:
    """Imports findings, those of each account with credentials of that account where there is a role for it."""

    def __init__(
        self, name: str, sink: SecurityHubSink, *, access: Access, now: datetime, home: Callable[[], tuple[str, str]]
    ) -> None:
        self._where, self._sink, self._now = f"sink {name}", sink, now
        self._access, self._home, self._callers = access, home, dict[str, Caller]()
        self._region = access.home

    def pack(self, notices: list[Notice]) -> Iterable[Message]:
        """Return batches, each of one account and with a finding once, as it is told last."""
        own, partition = self._home()
        by_account: dict[str, dict[str, list[Notice]]] = {}
        for one in notices:
            account = (one.finding.account if self._sink.role_name else "") or own or one.finding.account
            by_account.setdefault(account, {}).setdefault(one.finding.id, []).append(one)
        for account, findings in sorted(by_account.items()):
            newest = [several[-1] for several in findings.values()]
            for some in batches(newest, MOST):
                body = [
                    asff(one, account=account, region=self._region, partition=partition, now=self._now) for one in some
                ]
                told = tuple(older for one in some for older in findings[one.finding.id])
                yield Message(told, json.dumps({"Findings": body}, indent=1), (account, partition, body))

    def send(self, message: Message) -> set[str]:
        """Import a batch; what Security Hub refuses of it is told and stays."""
        account, partition, body = message.body
        try:
            answer = self._caller(account, partition).call(
                "securityhub:BatchImportFindings", region=self._region, Findings=body
            )
        except Refused as error:
            raise failed(error, where=self._where) from error
        refused = {one["Id"].rpartition("/")[2] for one in answer.get("FailedFindings", ())}
        return {one.key for one in message.notices if one.finding.id in refused}

    def _caller(self, account: str, partition: str) -> Caller:
        if account not in self._callers:
            access, role = self._access, self._sink.role_name
            if role:
                if not account.isdigit():
                    raise SinkError(f"{account!r} is no account", where=self._where, later=False)
                access = access.into(f"arn:{partition}:iam::{account}:role/{role}")
            self._callers[account] = Caller(access)
        return self._callers[account]
