"""What leaves a store for people: charts, pages, the archive of pages, and messages to the places where teams work."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime

from trailwatch.charts.gather import WINDOW, gather
from trailwatch.charts.shown import Charts
from trailwatch.config import Config
from trailwatch.digest.album import album
from trailwatch.digest.html import html
from trailwatch.digest.page import Digest
from trailwatch.digest.site import Site, site
from trailwatch.digest.week import kept
from trailwatch.engine import Engine
from trailwatch.errors import StoreError
from trailwatch.profile import identity
from trailwatch.sinks.deliver import Delivery, deliver
from trailwatch.store.tables import Store
from trailwatch.window import parse_day


class Outlets:
    """The part of the Python door that shows and sends."""

    store: Store
    config: Config

    def page(self, day: Digest | date | str | None = None) -> str:
        """Return the page of a digest with its charts and identities: one HTML file [default: the newest digest]."""
        digest = day if isinstance(day, Digest) else kept(self.store, _day(day))
        return html(digest, album=album(self.store, digest, config=self.config))

    def site(self, folder: str) -> Site:
        """Bring an archive of pages in a folder up to date: an index over all days, a page a day and an identity."""
        return site(self.store, folder, config=self.config)

    def send(self, *, sinks: Iterable[str] = (), dry_run: bool = False) -> list[Delivery]:
        """Send what is new or worse to the sinks of the configuration, or to some of them by name; each gets it once."""
        return deliver(self.store, self.config, page=self.page, now=datetime.now(UTC), only=sinks, dry_run=dry_run)

    def charts(self, name: str, *, day: date | str | None = None, days: int = WINDOW, theme: str = "light") -> Charts:
        """Return the charts of an identity in the days up to a day [default: the last one with activity]."""
        when = _day(day) or max((key[0] for key in self.store.partitions("activity")), default=date.max)
        with Engine() as engine:
            self.store.show(engine, "seen", days=(date.min, when))
            self.store.show(engine, "sessions")
            found = identity.find(engine, name)
        if not found:
            raise StoreError(f"no identity is called {name!r}", where=self.store.uri, hint=f"trailwatch show {name}")
        who = (found[0].kind, found[0].value)
        return Charts(gather(self.store, [who], day=when, config=self.config, window=days)[who[1]], theme=theme)


def _day(day: date | str | None) -> date | None:
    return parse_day(day, now=datetime.now(UTC)) if isinstance(day, str) else day
