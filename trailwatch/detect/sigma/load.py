"""Sigma files and folders → detections, and for each rule that cannot be one the reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from sigma.collection import SigmaCollection
from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaError
from sigma.filters import SigmaFilter
from sigma.rule import SigmaRule

from trailwatch.detect.detection import Detection, parse
from trailwatch.detect.sigma.rule import translated
from trailwatch.detect.writing import slug
from trailwatch.errors import TrailwatchError

_LARGEST = 1_000_000
# What pySigma raises where a value is of a type that it does not expect.
_ODD = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


@dataclass(frozen=True)
class Translated:
    """One rule of a Sigma file: as a detection with its text, or the reason why it is none."""

    path: str
    title: str
    detection: Detection | None = None
    text: str = ""
    reason: str = ""


def translate(paths: Iterable[Path]) -> list[Translated]:
    """Translate every rule of Sigma files; a rule that cannot be told never stops the others."""
    return [one for path in paths for one in _file(path)]


def _file(path: Path) -> Iterator[Translated]:
    where = str(path)
    try:
        if path.stat().st_size > _LARGEST:
            yield Translated(where, path.name, reason=f"{where}: larger than a file of rules can be")
            return
        text = path.read_text(encoding="utf-8")
        documents = [one for one in yaml.safe_load_all(text) if one is not None]
        if not documents or not all(isinstance(one, dict) for one in documents):
            yield Translated(where, path.name, reason=f"{where}: it holds no Sigma rule")
            return
        found = SigmaCollection.from_dicts(documents, collect_errors=True, resolve_references=False)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, SigmaError, *_ODD) as error:
        yield Translated(where, path.name, reason=f"{where}: {_first(error)}")
        return
    of_rules = [error for rule in found for error in rule.errors]
    for one in found.errors:
        if one not in of_rules:
            yield Translated(where, path.name, reason=f"{where}: {_first(one)}")
    rules = list(found)
    for rule in rules:
        title = str(rule.title) or path.name
        if not isinstance(rule, SigmaRule):
            kind = "a correlation of rules" if isinstance(rule, SigmaCorrelationRule) else \
                "a filter of other rules" if isinstance(rule, SigmaFilter) else "no rule of single events"  # fmt: skip
            yield Translated(where, title, reason=f"{where}: {kind} cannot be told as one detection")
            continue
        yield _rule(rule, path, text, alone=len(rules) == 1)


def _rule(rule: SigmaRule, path: Path, text: str, *, alone: bool) -> Translated:
    where, title = str(path), str(rule.title) or path.name
    if rule.errors:
        return Translated(where, title, reason=f"{where}: {_first(rule.errors[0])}")
    # The file names its rule; of several in one file each has its own title.
    name = (slug(path.stem) if alone else slug(title)) or f"sigma-{slug(str(rule.id)) or 'rule'}"
    try:
        made = translated(rule, where=where, text=text)
        return Translated(where, title, parse(made, name=name, path=where, group="sigma"), made)
    except TrailwatchError as error:
        return Translated(where, title, reason=str(error))
    except (SigmaError, *_ODD) as error:
        return Translated(where, title, reason=f"{where}: {_first(error)}")


def _first(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
