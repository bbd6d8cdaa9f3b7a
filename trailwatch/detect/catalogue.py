"""All detections: the built-in folder, the folders of the configuration, and what could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from trailwatch.config import Config
from trailwatch.detect.detection import Detection, read
from trailwatch.detect.laws import OPEN, Bench, problems
from trailwatch.errors import DetectionError, MissingExtra, TrailwatchError

if TYPE_CHECKING:
    from trailwatch.detect.sigma.load import Translated

SIGMA, SIGMA_GROUP = (".yml", ".yaml"), "sigma"


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
    found, broken = list(_builtins()[0]), list(_builtins()[1])
    folders = []
    for folder in rules.folders:
        place = Path(folder).expanduser()
        folders.append(place)
        if not place.exists():
            broken.append(Broken(folder, "there is no such folder ([rules] folders)"))
    own, broken_own = _read(files(folders))
    sigma, broken_sigma = _sigma(folders)
    own, unlawful = _lawful([*own, *sigma]) if checked else ([*own, *sigma], [])
    broken += broken_own + broken_sigma + unlawful
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
    """Read the detections of files and folders, drafts too, and tell apart those that break a law."""
    paths = list(paths)
    found, broken = _read(files(paths))
    sigma, broken_sigma = _sigma(paths)
    kept, unlawful = _lawful([*found, *sigma], drafts=True)
    return Catalogue(tuple(kept), broken=(*broken, *broken_sigma, *unlawful))


def files(folders: Iterable[Path]) -> Iterator[Path]:
    """Yield the detection files of folders, and files as they are."""
    for folder in folders:
        if folder.is_file():
            yield from [folder] if folder.suffix not in SIGMA else []
        else:
            yield from sorted(path for path in folder.rglob("*.toml") if not path.name.startswith("."))


def sigma_files(folders: Iterable[Path]) -> list[Path]:
    """Return the Sigma files of folders, and those that are named themselves."""
    found = [path for folder in folders for path in ([folder] if folder.is_file() else sorted(folder.rglob("*.y*ml")))]
    return [path for path in found if path.suffix in SIGMA and not path.name.startswith(".")]


def from_sigma(paths: Sequence[Path]) -> list[Translated]:
    """Translate every rule of Sigma files; what cannot be told as a detection comes with its reason."""
    try:
        from trailwatch.detect.sigma.load import translate  # noqa: PLC0415 - an extra that many do without
    except ImportError as error:
        raise MissingExtra("Sigma rules need pySigma", hint="pip install 'trailwatch-cloudtrail[sigma]'") from error
    return translate(paths)


@cache
def _builtins() -> tuple[tuple[Detection, ...], tuple[Broken, ...]]:
    found, broken = _read(files([builtin()]))
    return tuple(found), tuple(broken)


def _read(paths: Iterable[Path]) -> tuple[list[Detection], list[Broken]]:
    found, broken = [], []
    for path in paths:
        try:
            found.append(read(path))
        except TrailwatchError as error:
            broken.append(Broken(str(path), str(error)))
    return found, broken


def _sigma(folders: Iterable[Path]) -> tuple[list[Detection], list[Broken]]:
    paths = sigma_files(folders)
    if not paths:
        return [], []
    try:
        found = from_sigma(paths)
    except MissingExtra as error:
        return [], [Broken(str(path), str(error)) for path in paths]
    return [one.detection for one in found if one.detection], [
        Broken(one.path, one.reason) for one in found if not one.detection
    ]


def _lawful(detections: list[Detection], *, drafts: bool = False) -> tuple[list[Detection], list[Broken]]:
    if not detections:
        return [], []
    lawful, broken = [], []
    with Bench() as bench:
        for detection in detections:
            # A Sigma rule brings no cases; those that were worked out for it may be missing.
            found = [
                one
                for one in problems(detection, bench)
                if (one.law != "cases" or detection.group != SIGMA_GROUP) and not (drafts and one.law == OPEN)
            ]
            if found:
                broken.append(Broken(detection.path, "; ".join(str(problem) for problem in found)))
            else:
                lawful.append(detection)
    return lawful, broken
