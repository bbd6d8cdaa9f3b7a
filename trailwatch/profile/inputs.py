"""What settle made from which inputs: a day is made again exactly when the hash of its inputs changes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache

import pyarrow as pa

from trailwatch.engine import Engine, relation_text
from trailwatch.store.commits import StoreConflict
from trailwatch.store.schema import SETTLED
from trailwatch.store.tables import Store

MEANING = 1
"""Raise this when profile/sessions.py changes what the tables hold; changes of the SQL are seen by themselves."""

RELATIONS = ("parts", "events", "sessions", "links", "attributed", "activity", "identities", "identity_days", "seen")
FILES = 16  # more files than this in the memory are put together

Key = tuple[str, date, int]


def digest(*parts: str | Iterable[str]) -> str:
    """Return a hash of texts; the order of a list of them does not matter."""
    total = hashlib.sha256()
    for part in parts:
        for text in [part] if isinstance(part, str) else sorted(part):
            total.update(text.encode("utf-8", "surrogatepass") + b"\0")
        total.update(b"\1")
    return total.hexdigest()[:24]


@cache
def meaning() -> str:
    """Return a hash of the rules by which records become profiles."""
    lines = [line for name in RELATIONS for line in relation_text(name).splitlines()]
    bare = (" ".join(line.split()) for line in lines if not line.lstrip().startswith("--"))
    return digest(str(MEANING), "\n".join(line for line in bare if line))


def aliases_hash(aliases: Mapping[str, str]) -> str:
    """Return a hash of the alias table."""
    return digest([f"{alias}\0{person}" for alias, person in aliases.items()])


@dataclass
class Memory:
    """The inputs of everything that was made, by stage, day and shard."""

    store: Store
    engine: Engine
    inputs: dict[Key, str] = field(default_factory=dict)
    doubles: dict[Key, int] = field(default_factory=dict)

    def refresh(self) -> Memory:
        """Read the newest row of each (stage, day, shard)."""
        self.store.show(self.engine, "settled", name="settled_rows")
        rows = self.engine.rows(
            "select stage, dt, shard, arg_max(inputs, settled_at), arg_max(doubles, settled_at) from settled_rows "
            "group by stage, dt, shard"
        )
        self.inputs = {(stage, day, shard): inputs for stage, day, shard, inputs, _ in rows}
        self.doubles = {(stage, day, shard): doubles for stage, day, shard, _, doubles in rows}
        return self

    def holds(self, stage: str, day: date, shard: int, inputs: str) -> bool:
        """Return whether this was made from exactly these inputs."""
        return self.inputs.get((stage, day, shard)) == inputs

    def remember(
        self, stage: str, made: Mapping[tuple[date, int], str], *, doubles: Mapping[tuple[date, int], int] | None = None
    ) -> None:
        """Note the inputs of what was made, by day and shard. Call it after the result is written.

        Doubles add up: a day of which copies were taken out yesterday still says so today.
        """
        now = datetime.now(UTC)
        keys = [(stage, day, shard) for day, shard in made]
        for key in keys:
            self.doubles[key] = self.doubles.get(key, 0) + (doubles or {}).get(key[1:], 0)
        self.inputs |= {key: made[key[1:]] for key in keys}
        stages, days, shards = zip(*keys, strict=True) if keys else ((), (), ())
        columns = {
            "dt": days, "shard": shards, "stage": stages, "inputs": [self.inputs[key] for key in keys],
            "rows": [None] * len(keys), "doubles": [self.doubles[key] for key in keys], "settled_at": [now] * len(keys),
        }  # fmt: skip
        self.store.append("settled", pa.table(columns, schema=SETTLED.columns))

    def tidy(self) -> None:
        """Put many small files of the memory together, keeping the newest row of each key."""
        version = self.store.version("settled")
        if len(self.store.partitions("settled", version=version).get((), [])) <= FILES:
            return
        self.store.show(self.engine, "settled", name="settled_rows", version=version)
        newest = self.engine.query(
            "select * from settled_rows qualify row_number() over "
            "(partition by stage, dt, shard order by settled_at desc) = 1 order by stage, dt, shard"
        )
        # Another run added rows meanwhile: nothing is lost by leaving this to the next one.
        with suppress(StoreConflict):
            self.store.replace("settled", newest, where="true", version=version)
