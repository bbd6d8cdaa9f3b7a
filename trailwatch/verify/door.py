"""The part of the Python door that proves logs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from trailwatch.config import Config
from trailwatch.errors import ConfigError
from trailwatch.progress import Progress
from trailwatch.store.tables import Store
from trailwatch.verify.report import Verified
from trailwatch.window import parse_window


class Integrity:
    """The part of the Python door that proves logs."""

    store: Store
    config: Config

    def verify(
        self,
        source: str | None = None,
        *,
        start: str | None = None,
        end: str | None = None,
        accounts: Iterable[str] = (),
        regions: Iterable[str] = (),
        keys: str | None = None,
        save_keys: str | None = None,
        progress: Progress | None = None,
    ) -> Verified:
        """Check the logs of a bucket, or of a copy in its layout, against the digest files that CloudTrail signed.

        With `keys`, a file that `save_keys` wrote, AWS is not asked for public keys. A bucket is checked since three days
        before the last complete run, the first time from its first day on; `start` and `end` choose another span.
        """
        from trailwatch import aws
        from trailwatch.verify import run

        where = source or self.config.source.path
        if not where:
            raise ConfigError("no source is given", where="source", hint="trailwatch verify s3://bucket/prefix")
        window = parse_window(start, end, now=datetime.now(UTC)) if start or end else None
        return run.verify(
            self.store, where, access=aws.access(self.config.source), window=window, accounts=tuple(accounts),
            regions=tuple(regions), keys=keys, save_keys=save_keys, progress=progress,
        )  # fmt: skip
