"""The detections that a person names: by id, or by a file or folder that is checked before it runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trailwatch.config import Config
from trailwatch.detect import catalogue
from trailwatch.detect.catalogue import Broken
from trailwatch.detect.detection import Detection
from trailwatch.detect.fields import nearest
from trailwatch.errors import DetectionError


@dataclass(frozen=True)
class Chosen:
    """The detections that can run, and the files that cannot, each with its reason."""

    detections: tuple[Detection, ...]
    broken: tuple[Broken, ...] = ()


def choose(what: str, config: Config | None = None) -> Chosen:
    """Return the detection of an id, or those of a file or folder; where none can run, that is an error."""
    if Path(what).exists():
        found = catalogue.lawful([Path(what)])
        if not found.detections:
            first = found.broken[0] if found.broken else Broken(what, "there is no detection file in it")
            raise DetectionError(first.error, where="" if first.error.startswith(first.path) else first.path)
        return Chosen(found.detections, found.broken)
    known = catalogue.load(config)
    every = {detection.id: detection for detection in (*known.detections, *known.off)}
    if what not in every:
        near = nearest(what, every)
        raise DetectionError(f"there is no detection, file or folder {what!r}",
                             hint=near or "trailwatch rules list")  # fmt: skip
    return Chosen((every[what],))


def in_use(chosen: Chosen, config: Config | None = None) -> tuple[Detection, ...]:
    """Return the versions in use of the chosen detections, those of them that say something else."""
    known = catalogue.load(config)
    mine = {one.id: one.version for one in chosen.detections}
    return tuple(one for one in (*known.detections, *known.off) if one.id in mine and one.version != mine[one.id])
