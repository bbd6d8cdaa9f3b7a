"""Bytes guided by coverage, with atheris, through the readers that are Python all through.

PYTHONPATH=.:tests python tests/fuzzing/guided.py TARGET RUNS SEED
"""

from __future__ import annotations

import contextlib
import gzip
import json
import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-not-found]  # in no extra: it has no wheels for some systems
import exports
from fuzzing import seeds

ROOMS = ["trailwatch.ingest.split", "trailwatch.ingest.salvage", "trailwatch.ingest.keys", "trailwatch.policy",
         "trailwatch.snapshot", "trailwatch.detect.detection", "trailwatch.config"]  # fmt: skip
with atheris.instrument_imports(include=ROOMS):
    from trailwatch.detect.detection import parse
    from trailwatch.errors import TrailwatchError
    from trailwatch.ingest import keys
    from trailwatch.ingest.split import split
    from trailwatch.policy import document
    from trailwatch.snapshot.export import Unusable
    from trailwatch.snapshot.reading import read


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


TARGETS = {
    "split": split, "export": read, "key": lambda data: keys.read(_text(data)),
    "rule": lambda data: parse(_text(data), name="x"), "policy": lambda data: document.parse(_text(data)),
}  # fmt: skip


def _corpus(target: str) -> list[bytes]:
    """Return sound inputs to begin with."""
    if target == "split":
        logs = sorted((seeds.ROOT / "sample_logs").rglob("*.json.gz"))[:20]
        return [gzip.decompress(path.read_bytes())[:4000] for path in logs]
    texts = {"export": [exports.REPORT, *map(json.dumps, seeds.EXPORTS)], "key": seeds.KEYS, "rule": seeds.RULES,
             "policy": map(json.dumps, seeds.POLICIES)}  # fmt: skip
    return [text.encode() for text in texts[target]]


def main() -> None:
    """Run one target; anything but the project's own errors ends the process with its traceback."""
    target, runs, seed = sys.argv[1:4]

    def one(data: bytes) -> None:
        with contextlib.suppress(TrailwatchError, Unusable):
            TARGETS[target](data)

    folder = tempfile.mkdtemp()
    for number, data in enumerate(_corpus(target)):
        (Path(folder) / str(number)).write_bytes(data)
    options = [f"-runs={runs}", f"-seed={seed}", "-max_len=4096", "-timeout=20", "-verbosity=0", "-rss_limit_mb=2048"]
    atheris.Setup([sys.argv[0], *options, folder], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
