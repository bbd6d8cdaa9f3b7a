"""`python -m trailwatch.simulate OUT`: write simulated logs into a folder."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

from trailwatch.simulate import write


def main() -> None:
    """Read the options, write the logs, and print what was written."""
    parser = argparse.ArgumentParser(
        prog="trailwatch simulate", description="Write simulated CloudTrail logs into a folder."
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--days", type=int, default=75)
    parser.add_argument("--start", type=date.fromisoformat, default=date(2026, 6, 1))
    parser.add_argument("--people", type=int)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--no-story", dest="story", action="store_false", help="dense days of ordinary life only")
    options = parser.parse_args()
    done = write(
        options.folder,
        seed=options.seed,
        days=options.days,
        start=options.start,
        people=options.people,
        scale=options.scale,
        story=options.story,
    )
    sys.stdout.write(
        f"{done.events:,} events in {done.objects:,} objects, {done.doubles} of them twice, {done.neighbours} other objects, {done.bytes / 1e6:.2f} MB, {done.first} to {done.last}\n"
    )


if __name__ == "__main__":
    main()
