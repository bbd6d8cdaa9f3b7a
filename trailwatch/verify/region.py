"""One account and region: its chains, and what they name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import partial

from trailwatch.ingest.items import Item
from trailwatch.verify import names
from trailwatch.verify.chain import Step, Walk
from trailwatch.verify.document import GENERATED, SIGNATURE, Document
from trailwatch.verify.judge import Found, Judge, opened
from trailwatch.verify.keyfile import Signature
from trailwatch.verify.keys import Keyring
from trailwatch.verify.listing import Listed, fetch, in_window
from trailwatch.verify.logs import Asked, Naming
from trailwatch.verify.names import Chain
from trailwatch.verify.spans import moments
from trailwatch.verify.vault import Cell, Vault
from trailwatch.verify.verdict import Judged
from trailwatch.window import Window


class Region:
    """Verifies one account and region, span of days by span of days, the latest first."""

    def __init__(
        self, vault: Vault, cell: Cell, keyring: Keyring, saved: Mapping[tuple[str, str], Signature], window: Window,
        now: datetime,
    ) -> None:  # fmt: skip
        self.cell = cell
        self._vault, self._keyring, self._saved, self._window, self._now = vault, keyring, saved, window, now
        self._walks: dict[Chain, Walk] = {}
        self._naming = Naming(vault, cell)
        self._good: list[tuple[Item, Document]] = []
        self._heads: list[Step] = []

    def digests(self, listed: Listed) -> Iterator[Judged]:
        """Yield the verdicts on the digests of a span of days, chain by chain, the backfill digests of a trail last."""
        self._naming.forget(listed.unit.days[1])
        self._good, self._heads = [], []
        found = self._opened(listed)
        judge = self._judge(listed)
        for chain in sorted({*found, *self._walks}):
            walk = self._walks.get(chain)
            if walk is None:
                walk = self._walks[chain] = Walk(chain, judge, self._window.start)
            walk.judge = judge
            several = found.get(chain, [])
            judge.listen(reversed(several))
            for step in walk.through(
                [one for one in several if in_window(one.end, self._window)],
                listed.unit.days[0],
                partial(fetch, self._vault),
            ):
                yield step.judged
                if step.found and not step.document:
                    self._naming.doubt(step.found.end)
                if step.document:
                    self._good.append((step.judged.item, step.document))
                    if step.head:
                        self._heads.append(step)

    def named(self, listed: Listed) -> Iterator[Asked]:
        """Yield the logs that the good digests of these days name."""
        return self._naming.take(self._good, listed.logs)

    def unnamed(self, listed: Listed) -> Iterator[Judged]:
        """Yield the logs of these days that no digest names."""
        return self._naming.unnamed(
            listed.logs, listed.unit.days, self._window, any_digest=bool(self._walks), now=self._now
        )

    def heads(self) -> dict[tuple[str, str], Signature]:
        """Return the signatures of the good digests of these days that no later one repeats."""
        found = {}
        for step in self._heads:
            if step.found and step.document and (told := step.found.metadata.get(SIGNATURE)):
                name = (step.document.bucket, step.document.key)
                found[name] = Signature(*name, told, step.found.metadata.get(GENERATED, ""))
        return found

    def repeated(self, kept: AbstractSet[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return which of some digests are good and have their signature in a later one."""
        heads = self.heads().keys()
        return {name for _, document in self._good if (name := (document.bucket, document.key)) in kept - heads}

    def _judge(self, listed: Listed) -> Judge:
        first, last = moments(listed.unit.days)
        span = (self._window.start or first, self._window.end or last)
        return Judge(self._vault, self._keyring, self._saved, span, self._now)

    def _opened(self, listed: Listed) -> dict[Chain, list[Found]]:
        """Return the digests of a unit by chain, with the oldest first."""
        found: dict[Chain, list[Found]] = {}
        for item, stored in listed.digests:
            if named := names.digest(item.key):
                chain, end = named
                found.setdefault(chain, []).append(opened(item, end, stored, copied=self._vault.copied))
        return {chain: sorted(several, key=lambda one: one.end) for chain, several in found.items()}
