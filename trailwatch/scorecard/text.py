"""The scorecard in words: text and Markdown tables, and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from trailwatch.scorecard.card import DETAILED, FIVE, Card, Line
from trailwatch.scorecard.recall import BUDGETS

_HEAD = (
    "way to rank",
    *(f"recall at {one}" for one in BUDGETS),
    "false at 5",
    "first ten precise",
    "empty days",
    "days to alert",
)


def markdown(card: Card) -> str:
    """Return the scorecard as Markdown."""
    return "\n".join(_lines(card, _table))


def text(card: Card) -> str:
    """Return the scorecard as plain text."""
    return "\n".join(_lines(card, _columns))


def as_dict(card: Card) -> dict[str, Any]:
    """Return the scorecard as JSON has it."""
    return asdict(card)


def _lines(card: Card, draw: Any) -> Iterator[str]:
    seeds = ", ".join(map(str, card.seeds))
    yield (f"Recall of attacks by false findings per 1000 identity-days, the threshold set on quiet days before. Seeds {seeds}: "
           f"{card.attacks} attacks in {card.identity_days:,} identity-days.")  # fmt: skip
    if card.learnt_on:
        yield f"The yardstick learnt the labels of seeds {', '.join(map(str, card.learnt_on))}: it is no method, it is what the features could give."
    yield ""
    yield from draw([_HEAD, *(_row(one) for one in card.lines)])
    shown = [one for one in card.lines if one.name in DETAILED]
    for part in ("kind", "stealth", "class", "technique"):
        names = list(dict.fromkeys(name for one in shown for name in one.parts.get(part, {})))
        if not names:
            continue
        yield ""
        head = [f"found at {FIVE}, by {part}", *(one.name for one in shown), "attacks"]
        rows = [[name, *(_share(one.parts.get(part, {}).get(name, (0, 0))) for one in shown),
                 str(shown[0].parts[part][name][1])] for name in names]  # fmt: skip
        yield from draw([head, *rows])
    told = card.told
    yield ""
    yield (f"Explanations: {_of(told.faithful, told.anomalies)} faithful (at usual values of at most five facts the score falls under "
           f"the cut), first fact a planted one in {_of(told.hits, told.attacks)} of the attacks found.")  # fmt: skip
    yield f"Another seed of the forest finds {card.stable:.0%} the same."
    if card.ablation:
        yield ""
        model = card.line("model alone")
        yield from draw([_HEAD, _row(model), *(_row(one) for one in card.ablation)])


def _row(line: Line) -> list[str]:
    if 0 in line.recall:  # it has a cut of its own
        return [line.name, *("" for _ in BUDGETS[:-2]), f"{line.recall[0]:.2f} (own cut)", "", f"{line.false[0]:.0f}",
                _number(line.precise), f"{line.empty:.0%}", _number(line.days, 0)]  # fmt: skip
    return [line.name, *(f"{line.recall[one]:.2f}" for one in BUDGETS), f"{line.false[FIVE]:.1f}", _number(line.precise),
            f"{line.empty:.0%}", _number(line.days, 0)]  # fmt: skip


def _number(value: float, digits: int = 2) -> str:
    return "-" if value != value else f"{value:.{digits}f}"  # noqa: PLR0124  # nan is not itself


def _share(pair: tuple[int, int]) -> str:
    return f"{pair[0] / pair[1]:.2f}" if pair[1] else "-"


def _of(part: int, whole: int) -> str:
    return f"{part} of {whole} ({part / whole:.0%})" if whole else "none of 0"


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(rows[0]) + " |"
    yield "|" + "---|" * len(rows[0])
    for row in rows[1:]:
        yield "| " + " | ".join(row) + " |"


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        cells = [
            value.ljust(width) if not place else value.rjust(width)
            for place, (value, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
