"""What a model was fitted on, as a file: arrays and versions, never a pickle; from it the same model is made again."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import metadata
from typing import Any

import numpy as np
import numpy.typing as npt

from trailwatch.errors import StoreError
from trailwatch.profile.columns import NAMES
from trailwatch.profile.features import Matrix

FORMAT = 2  # raised when scorers, calibration or features mean something else
MOST_ROWS = 12_000  # sixty of them beyond the knee of a tail


@dataclass(frozen=True)
class Learnt:
    """The rows that a model learns from, few enough to be kept, and how many there were."""

    day: npt.NDArray[Any]
    scaled: npt.NDArray[np.float64]
    rows: int
    days: int
    seed: int

    def __len__(self) -> int:
        return len(self.day)

    @property
    def hash(self) -> str:
        """Return the hash of the rows."""
        total = hashlib.sha256(np.ascontiguousarray(self.scaled).tobytes())
        total.update(self.day.astype("datetime64[D]").astype(np.int64).tobytes())
        return total.hexdigest()[:16]


def learnt(train: Matrix, *, seed: int) -> Learnt:
    """Return what is kept of training rows: evenly over days and identities, as the rows are in their order."""
    places = np.arange(len(train))
    if len(train) > MOST_ROWS:
        places = np.linspace(0, len(train) - 1, MOST_ROWS, dtype=np.int64)
    return Learnt(train.day[places], train.scaled[places], len(train), len(np.unique(train.day)), seed)


def week_of(day: date) -> date:
    """Return the Monday before which a model of this day was fitted."""
    return day - timedelta(days=day.weekday())


def versions() -> dict[str, str]:
    """Return the versions on which the scores depend."""
    return {"format": str(FORMAT), "numpy": np.__version__, "scikit-learn": metadata.version("scikit-learn")}


def key(*, seed: int, scorers: Sequence[str], excluded: Sequence[tuple[str, str, date]]) -> str:
    """Return the hash of everything but the data that would make it another model."""
    said = json.dumps([versions(), seed, list(scorers), list(NAMES), sorted(map(str, excluded))])
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def dump(one: Learnt) -> bytes:
    """Return the file of a model."""
    out = io.BytesIO()
    said = {"versions": versions(), "rows": one.rows, "days": one.days, "seed": one.seed, "features": list(NAMES)}
    np.savez_compressed(
        out, scaled=one.scaled, day=one.day.astype("datetime64[D]").astype(np.int64), said=np.array(json.dumps(said))
    )
    return out.getvalue()


def load(body: bytes) -> Learnt:
    """Read the file of a model."""
    try:
        with np.load(io.BytesIO(body), allow_pickle=False) as found:
            said: Mapping[str, Any] = json.loads(str(found["said"]))
            scaled = found["scaled"]
            if scaled.ndim != 2 or scaled.shape[1] != len(NAMES):
                raise ValueError("other features")
            return Learnt(found["day"].astype("datetime64[D]"), scaled, said["rows"], said["days"], said["seed"])
    except (ValueError, KeyError, OSError) as error:
        raise StoreError(f"a model of the store cannot be read: {error}", where="models",
                         hint="it is made again when its rows are deleted") from error  # fmt: skip
