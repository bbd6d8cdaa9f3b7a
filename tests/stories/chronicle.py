"""What the fixtures of the stories hand to the tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from trailwatch import api
from trailwatch.digest.page import Digest


@dataclass(frozen=True)
class Lived:
    """A store of the sample logs, its digests by day, and what was planted."""

    trail: api.Trail
    digests: Mapping[date, Digest]
    story: Mapping[str, dict[str, Any]]
