"""Checks detection files before they are trusted: the laws, then every case."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from trailwatch.detect import cases
from trailwatch.detect.catalogue import files, from_sigma, sigma_files
from trailwatch.detect.detection import Detection, place, read
from trailwatch.detect.laws import Bench, Problem, problems
from trailwatch.errors import DetectionError


def check(path: str | Path, *, others: Sequence[Detection] = ()) -> list[Problem]:
    """Check one detection file, or every one of a folder; no problems mean that it may join the catalogue."""
    found: list[Problem] = []
    lawful: list[Detection] = []
    place_ = Path(path)
    if not place_.exists():
        return [Problem(place_.stem, "file", "there is no such file or folder", str(path))]
    paths, sigma = list(files([place_])), sigma_files([place_])
    if not paths and not sigma:
        return [Problem(place_.stem, "file", "there is no detection file (*.toml, or *.yml of Sigma) in it", str(path))]
    taken = {detection.id: detection.path for detection in others}
    with Bench() as bench:
        for file in paths:
            try:
                detection = read(file)
            except DetectionError as error:
                hint = f" Try: {error.hint}" if error.hint else ""
                found.append(Problem(file.stem, "file", error.what + hint, error.where))
                continue
            broken = problems(detection, bench)
            if detection.id in taken and Path(taken[detection.id]).resolve() != file.resolve():
                broken.append(Problem(detection.id, "id", f"the id is taken by {taken[detection.id]}", str(file)))
            taken.setdefault(detection.id, str(file))
            found += broken
            if not broken:
                lawful.append(detection)
        for one in from_sigma(sigma) if sigma else []:
            if one.detection is None:
                found.append(Problem(one.title, "sigma", one.reason.removeprefix(f"{one.path}: "), one.path))
                continue
            broken = problems(one.detection, bench)
            found += broken
            if not broken:
                lawful.append(one.detection)
    return found + _failures(lawful)


def _failures(detections: Sequence[Detection]) -> list[Problem]:
    by_id = {detection.id: detection for detection in detections}
    found = []
    for outcome in cases.run(detections):
        if not outcome.right:
            path = by_id[outcome.detection].path
            text = Path(path).read_text(encoding="utf-8") if path else ""
            said = "should fire and is silent" if outcome.case.fires else "should stay silent and fires"
            where = place(path or outcome.detection, text, outcome.case.name)
            what = f"case {outcome.case.name!r} {'cannot run: ' + outcome.error if outcome.error else said}"
            found.append(Problem(outcome.detection, "cases", what, where))
    return found
