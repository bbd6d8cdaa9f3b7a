"""All detections: the built-in folder, the folders of the configuration, and what could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import msgspec

from trailwatch.config import Config
from trailwatch.detect.detection import Detection, read
from trailwatch.detect.laws import Bench, problems
from trailwatch.errors import DetectionError, TrailwatchError


@dataclass(frozen=True)
class Broken:
    """A detection file that cannot be used, or a setting that names none, with the reason."""

    path: str
    error: str


@dataclass(frozen=True)
class Catalogue:
    """The detections that will run, those that are switched off, and those that are broken."""

    detections: tuple[Detection, ...]
    off: tuple[Detection, ...] = ()
    broken: tuple[Broken, ...] = ()

    def __getitem__(self, name: str) -> Detection:
        for detection in (*self.detections, *self.off):
            if detection.id == name:
                return detection
        raise DetectionError(f"there is no detection {name!r}", hint="trailwatch rules list")

    def __iter__(self) -> Iterator[Detection]:
        return iter(self.detections)

    def __len__(self) -> int:
        return len(self.detections)


def builtin() -> Path:
    """Return the folder of the built-in detections."""
    return Path(str(resources.files("trailwatch") / "detections"))


def source(name: str, config: Config | None = None) -> str:
    """Return the text of a detection's file."""
    return Path(load(config, checked=False)[name].path).read_text(encoding="utf-8")


def load(config: Config | None = None, *, checked: bool = True) -> Catalogue:
    """Read every detection of the package and of the configured folders; a broken file never stops the others.

    The laws of the built-in ones are held by the package's tests; with `checked` those of the user's are held here.
    """
    rules = (config or Config()).rules
    found, broken = _read(files([builtin()]))
    folders = []
    for folder in rules.folders:
        place = Path(folder).expanduser()
        folders.append(place)
        if not place.exists():
            broken.append(Broken(folder, "there is no such folder ([rules] folders)"))
    own, broken_own = _read(files(folders))
    own, unlawful = _lawful(own) if checked else (own, [])
    broken += broken_own + unlawful
    kept: dict[str, Detection] = {}
    for detection in (*found, *own):
        if detection.id in kept:
            broken.append(Broken(detection.path, f"the id {detection.id!r} is taken by {kept[detection.id].path}"))
        else:
            kept[detection.id] = detection
    for name, override in rules.severity.items():
        if name in kept:
            kept[name] = msgspec.structs.replace(
                kept[name], severity=override.severity, severity_reason=override.reason)  # fmt: skip
    for setting, names in (("off", rules.off), ("severity", rules.severity)):
        broken += [
            Broken(f"[rules] {setting}", f"there is no detection {name!r}") for name in names if name not in kept
        ]
    return Catalogue(
        tuple(d for d in kept.values() if d.id not in rules.off),
        tuple(d for d in kept.values() if d.id in rules.off),
        tuple(broken),
    )


def lawful(paths: Iterable[Path]) -> Catalogue:
    """Read the detections of files and folders and hold each to the laws; those that break one are told apart."""
    found, broken = _read(files(paths))
    kept, unlawful = _lawful(found)
    return Catalogue(tuple(kept), broken=(*broken, *unlawful))


def files(folders: Iterable[Path]) -> Iterator[Path]:
    """Yield the detection files of folders, and files as they are."""
    for folder in folders:
        if folder.is_file():
            yield folder
        else:
            yield from sorted(path for path in folder.rglob("*.toml") if not path.name.startswith("."))


def _read(paths: Iterable[Path]) -> tuple[list[Detection], list[Broken]]:
    found, broken = [], []
    for path in paths:
        try:
            found.append(read(path))
        except TrailwatchError as error:
            broken.append(Broken(str(path), str(error)))
    return found, broken


def _lawful(detections: list[Detection]) -> tuple[list[Detection], list[Broken]]:
    if not detections:
        return [], []
    lawful, broken = [], []
    with Bench() as bench:
        for detection in detections:
            if found := problems(detection, bench):
                broken.append(Broken(detection.path, "; ".join(str(problem) for problem in found)))
            else:
                lawful.append(detection)
    return lawful, broken
