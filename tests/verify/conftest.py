"""A store, a copy of a chain, and CloudTrail's API for the tests of verification."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from servers import S3Server
from verify.awscli import kept
from verify.chains import Chain, key_file, pairs, to_folder
from verify.cloudtrail import CloudTrail, serving

from trailwatch.store.tables import Store
from trailwatch.verify.report import Verified
from trailwatch.verify.run import verify


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(str(tmp_path / "store"), create=True)


class Copy:
    """Chains copied into a folder, with their keys in a file."""

    def __init__(self, folder: Path, store: Store, *chains: Chain, signatures: bool = True) -> None:
        self.root, self.store = folder / "copy", store
        for chain in chains:
            to_folder(chain, self.root)
        self.keys = key_file(folder / "keys.json", *chains, signatures=signatures)

    def verify(self, **options: Any) -> Verified:
        return verify(self.store, str(self.root), **{"keys": str(self.keys), **options})

    def verdicts(self) -> dict[str, str]:
        """Return the name of each file → the verdict in the table."""
        return {where.rpartition("/")[2]: said for (_, where), said in kept(self.store).items()}


@pytest.fixture
def copied(tmp_path: Path, store: Store) -> Callable[..., Copy]:
    return lambda *chains, **options: Copy(tmp_path, store, *chains, **options)


@pytest.fixture
def api(aws: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudTrail]:
    """CloudTrail's API with the two published keys, found through the environment."""
    with serving() as state:
        state.keys = [pair.public() for pair in pairs()[:2]]
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDTRAIL", state.endpoint)
        yield state
