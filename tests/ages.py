"""Stores that were written some days ago."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from trailwatch.store.tables import Store


def age(store: Store, days: int) -> None:
    """Make everything that was written or replaced so much older."""
    back = days * 86_400_000
    for log in Path(store.uri).rglob("_delta_log/*.json"):
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        for line in lines:
            if "remove" in line:
                line["remove"]["deletionTimestamp"] -= back
            if "commitInfo" in line:
                line["commitInfo"]["timestamp"] -= back
        log.write_text("\n".join(map(json.dumps, lines)))
    then = time.time() - days * 86_400
    for path in Path(store.uri).rglob("*"):
        os.utime(path, (then, then))
