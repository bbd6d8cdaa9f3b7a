"""The questions of the Python door about policies."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from trailwatch.config import Config
from trailwatch.policy import replay as replays
from trailwatch.policy.contradictions import refuse
from trailwatch.policy.document import Kind, Policy, load
from trailwatch.policy.evaluate import Policies
from trailwatch.policy.forms import Form
from trailwatch.policy.generate import generate
from trailwatch.policy.generated import Generated
from trailwatch.policy.replay import Replay
from trailwatch.store.tables import Store
from trailwatch.window import parse_window


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
    ) -> Replay:
        """Judge every past call of a principal by policies: allow, would deny, or cannot tell, with the reason.

        The policies are JSON files, joined; a boundary and each service control policy must allow as well.
        """
        given = (policies,) if isinstance(policies, str) else tuple(policies)
        chosen = Policies(
            _read(given, "identity"), _read((boundary,) if boundary else (), "boundary"), _read(tuple(scps), "scp")
        )
        window = parse_window(start, end, now=datetime.now(UTC))
        return replays.replay(self.store, chosen, principal=principal, window=window, config=self.config)

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


def _read(paths: Iterable[str], kind: Kind) -> tuple[Policy, ...]:
    return tuple(refuse(load(path, kind=kind)) for path in paths)
