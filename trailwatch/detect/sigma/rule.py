"""One Sigma rule → the text of a detection file, with where it came from and what Sigma does not say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sigma.conditions import ConditionOR
from sigma.rule import SigmaRule

from trailwatch.detect.attack import KNOWN
from trailwatch.detect.detection import place
from trailwatch.detect.sigma.clause import Untranslatable, clause
from trailwatch.detect.sigma.example import counterexample, example
from trailwatch.detect.writing import block, comment, lines, quoted, value
from trailwatch.errors import DetectionError

_LEVELS = {"informational": "info"}
_WIDTH = 400
# Sigma's product and service of CloudTrail; a rule of another log asks for fields that are not there.
_PRODUCT, _SERVICE = "aws", "cloudtrail"


def translated(rule: SigmaRule, *, where: str, text: str) -> str:
    """Return a Sigma rule as the text of a detection file; errors name the field, with its line in the Sigma file."""
    source = rule.logsource
    if source.product != _PRODUCT or source.service != _SERVICE:
        named = f"product {source.product or '-'}, service {source.service or '-'}"
        raise DetectionError(f"it is for another log ({named})", where=place_of(where, text, "logsource"))
    node = _condition(rule, where)
    try:
        found = clause(node)
    except Untranslatable as error:
        raise DetectionError(error.what, where=place_of(where, text, error.field)) from error
    return "\n".join((*_origin(rule, where), "", *_head(rule, found), "", *_cases(node))) + "\n"


def place_of(where: str, text: str, field: str) -> str:
    """Return the file, with line and column of the first line that names a field."""
    for number, line in enumerate(text.splitlines(), start=1):
        if field and (found := re.search(rf"""(?:^|[\s{{,-])["']?({re.escape(field)})["']?\s*[|:]""", line)):
            return f"{where}:{number}:{found.start(1) + 1}"
    return place(where, text, field)


def _condition(rule: SigmaRule, where: str) -> Any:
    parsed = [one.parsed for one in rule.detection.parsed_condition]
    if not parsed or None in parsed:
        raise DetectionError("it has no condition", where=where)
    # Several conditions are several questions; one of them is enough.
    return parsed[0] if len(parsed) == 1 else ConditionOR(parsed)


def _origin(rule: SigmaRule, where: str) -> Iterator[str]:
    name = where.replace("\\", "/").rpartition("/")[2]
    yield comment(f"From the Sigma rule {name}: {_line(rule.title)}")
    for label, text in (("id", rule.id), ("author", rule.author), ("license", rule.license)):
        if text:
            yield comment(f"{label}: {_line(str(text))}")
    for reference in rule.references[:5]:
        yield comment(f"see {_line(str(reference))}")
    if unknown := [tag for tag in _techniques(rule) if tag not in KNOWN]:
        yield comment(f"techniques that are not of the cloud, left out: {', '.join(unknown)}")
    yield comment("The practice is a guess, and the examples were worked out from the condition itself: they prove that\n"
                  "it fires as it says, not that it finds what it is meant for.")  # fmt: skip


def _head(rule: SigmaRule, where: str) -> Iterator[str]:
    said = _line(rule.description or "") or f"A Sigma rule asks for it: {_line(rule.title)}"
    expected = "; ".join(_line(str(one)) for one in rule.falsepositives if str(one).strip())
    level = rule.level.name.lower() if rule.level else "medium"
    yield f"title     = {quoted(_plain(_line(rule.title)) + ': {who}, {action}')}"
    yield f"severity  = {quoted(_LEVELS.get(level, level))}"
    yield 'practices = ["monitoring"]'
    yield f"attack    = {value([tag for tag in _techniques(rule) if tag in KNOWN])}"
    yield f"why       = {quoted(said)}"
    yield f"misses    = {quoted('What its Sigma condition does not name.' + (f' Expected without harm: {expected}' if expected else ''))}"
    yield f"where     = {block(where)}"


def _cases(node: Any) -> Iterator[str]:
    for part, name, found in (("fires", "an event that meets the condition", example(node)),
                              ("silent", "the same with another value", counterexample(node))):  # fmt: skip
        if found is not None:
            yield f'[{part}."{name}"]'
            yield from lines(found)
            yield ""


def _techniques(rule: SigmaRule) -> list[str]:
    names = (tag.name.upper() for tag in rule.tags if tag.namespace == "attack")
    return list(dict.fromkeys(name for name in names if re.fullmatch(r"T\d{4}(\.\d{3})?", name)))


def _line(text: str) -> str:
    short = " ".join(text.split())
    return short if len(short) <= _WIDTH else short[: _WIDTH - 1] + "…"


def _plain(text: str) -> str:
    # Braces are placeholders of a title, and what is not ours fills none.
    return text.replace("{", "(").replace("}", ")")
