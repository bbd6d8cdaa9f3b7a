"""The questions of the Python door about policies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from trailwatch.config import Config
from trailwatch.policy import replay as replays
from trailwatch.policy.contradictions import refuse
from trailwatch.policy.document import Kind, Policy, load
from trailwatch.policy.evaluate import Policies
from trailwatch.policy.forms import Form
from trailwatch.policy.generate import generate
from trailwatch.policy.generated import Generated
from trailwatch.policy.intruder import beside
from trailwatch.policy.proposal import Conditions
from trailwatch.policy.propose import of_day, propose
from trailwatch.policy.replay import Replay
from trailwatch.policy.review import review
from trailwatch.policy.reviewed import Review
from trailwatch.policy.working import Workloads
from trailwatch.policy.workloads import workloads
from trailwatch.store.tables import Store
from trailwatch.window import parse_day, parse_window


class Permissions:
    """What a store tells about policies."""

    store: Store
    config: Config

    def replay(
        self,
        policies: str | Iterable[str],
        *,
        principal: str,
        start: str | None = None,
        end: str | None = None,
        boundary: str | None = None,
        scps: Iterable[str] = (),
        techniques: str = "",
    ) -> Replay:
        """Judge every past call of a principal by policies: allow, would deny, or cannot tell, with the reason.

        The policies are JSON files, joined; a boundary and each service control policy must allow as well. `techniques`
        is a folder of labelled attack logs: what of them would still have been allowed stands beside it.
        """
        given = (policies,) if isinstance(policies, str) else tuple(policies)
        chosen = Policies(
            _read(given, "identity"), _read((boundary,) if boundary else (), "boundary"), _read(tuple(scps), "scp")
        )
        window = parse_window(start, end, now=datetime.now(UTC))
        made = replays.replay(self.store, chosen, principal=principal, window=window, config=self.config)
        if not techniques:
            return made
        attacked = beside(
            self.store, chosen, principal=made.principals[0], window=window, config=self.config, folder=techniques
        )
        return replace(made, intruder=attacked)

    def policy(
        self,
        *identities: str,
        group: str = "",
        start: str | None = None,
        end: str | None = None,
        form: Form = "managed",
        failed: bool = False,
        suggest: bool = False,
    ) -> Generated:
        """Make a least-privilege policy of what users, roles, permission sets or a group used, without what findings tell.

        The window is by default the last 90 days of the store. The result holds the documents, and what is uncertain.
        """
        window = parse_window(start, end, now=datetime.now(UTC))
        return generate(
            self.store,
            identities,
            group=group,
            window=window,
            form=form,
            failed=failed,
            suggest=suggest,
        )

    def conditions(
        self, identity: str, *, start: str | None = None, end: str | None = None, techniques: str = ""
    ) -> Conditions:
        """Propose access conditions for a user or role, proved on the last third of the window [default: 90 days].

        `techniques` is a folder of labelled attack logs: what of them would still have been allowed stands beside it.
        """
        window = parse_window(start, end, now=datetime.now(UTC))
        return propose(self.store, identity, window=window, config=self.config, techniques=techniques)

    def shift_policy(self, identity: str, *, day: str | None = None) -> dict[str, Any]:
        """Return the policy that holds people to their declared shift on one day [default: tomorrow]."""
        now = datetime.now(UTC)
        when = parse_day(day, now=now) if day else now.date() + timedelta(days=1)
        return of_day(self.store, identity, day=when, config=self.config)

    def review(
        self,
        identity: str = "",
        *,
        account: str = "",
        start: str | None = None,
        end: str | None = None,
        sign: str = "",
    ) -> Review:
        """Compare what users and roles are granted with what they used [default: the last 90 days of the store].

        With a name to `sign`, the table `reviews` keeps who looked at which identities, and when.
        """
        window = parse_window(start, end, now=datetime.now(UTC))
        return review(self.store, window=window, config=self.config, identity=identity, account=account, sign=sign)

    def workloads(self, *, start: str | None = None, end: str | None = None) -> Workloads:
        """Find long-term keys that programs on instances, functions or tasks use, with the role to give instead."""
        return workloads(self.store, window=parse_window(start, end, now=datetime.now(UTC)), config=self.config)


def _read(paths: Iterable[str], kind: Kind) -> tuple[Policy, ...]:
    return tuple(refuse(load(path, kind=kind)) for path in paths)
