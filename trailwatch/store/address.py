"""Where a store is, without what opens it: this travels to a worker, which opens the store by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trailwatch.store.tables import Store

if TYPE_CHECKING:
    from trailwatch.aws import Access


@dataclass(frozen=True)
class Address:
    """The folder or s3:// prefix of a store, how AWS is reached, and the versions that are read."""

    uri: str
    access: Access | None = None
    versions: Mapping[str, int] = field(default_factory=dict)

    def open(self) -> Store:
        """Open the store with the credentials of the machine that this runs on."""
        access, bucket = self.access, self.uri.removeprefix("s3://").partition("/")[0]
        if access is None or "://" not in self.uri:
            return Store.open(self.uri, versions=self.versions)
        # Asked at every opening of a table: temporary credentials outlive no long run.
        return Store.open(self.uri, options=lambda: access.storage_options(bucket), versions=self.versions)
