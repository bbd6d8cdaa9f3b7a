"""Detections with one condition dropped or turned round, and which of them a detection's own cases catch.

A condition is a leaf of the conjunctions in `where`, or in any WHERE, HAVING or QUALIFY of a query, read from DuckDB's own
syntax tree. A mutant is caught when at least one case of its detection no longer does what it says.
"""

from __future__ import annotations

import copy
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from trailwatch.detect import cases
from trailwatch.detect import compile as sql
from trailwatch.detect.cases import Stage, Trial
from trailwatch.detect.detection import Detection
from trailwatch.detect.scan import evaluate
from trailwatch.engine import Engine
from trailwatch.errors import EngineError

Node = dict[str, Any]
_CONJUNCTIONS = {"CONJUNCTION_AND": True, "CONJUNCTION_OR": False}
# What filters rows; a condition of a join says which rows belong together, which is another matter.
_FILTERS = ("where_clause", "having", "qualify")


@dataclass(frozen=True)
class Mutant:
    """A detection whose `condition` was dropped or negated; `number` is the condition's place among the leaves."""

    detection: Detection
    number: int
    how: str
    condition: str

    def __str__(self) -> str:
        return f"{self.detection.id}: {self.how} {' '.join(self.condition.split())}"


def mutants(engine: Engine, detection: Detection) -> list[Mutant]:
    """Return every mutant of a detection."""
    whole = detection.query or detection.snapshot
    text = whole or (f"select (\n{detection.where}\n) from scope" if detection.where else "")
    if not text:
        return []
    tree = _tree(engine, text)
    found = []
    for number, path in enumerate(_leaves(tree, whole=bool(whole))):
        condition = _text(engine, {"select_list": _at(tree, path[0])})
        for how, replace in (("without", _dropped), ("negated", _negated)):
            changed = copy.deepcopy(tree)
            *above, last = path[0]
            _at(changed, above)[last] = replace(engine, _at(tree, path[0]), neutral=path[1])
            found.append(Mutant(_with(engine, detection, changed), number, how, condition))
    return found


def survivors(
    detections: Sequence[Detection], choose: Callable[[Sequence[Mutant]], Sequence[Mutant]] = list
) -> tuple[list[Mutant], list[Mutant]]:
    """Return the mutants that no case catches, and all that were tried."""
    caught = list(catches(detections, choose))
    return [mutant for mutant, names in caught if not names], [mutant for mutant, _ in caught]


def catches(
    detections: Sequence[Detection],
    choose: Callable[[Sequence[Mutant]], Sequence[Mutant]] = list,
    *,
    every: bool = False,
) -> Iterator[tuple[Mutant, set[str]]]:
    """Yield every mutant with the names of the cases that catch it; of a query's the first alone, unless `every`."""
    trials, broken = cases.expanded(detections)
    assert not broken, [str(outcome) for outcome in broken]
    by_id: dict[str, list[Trial]] = defaultdict(list)
    for trial in trials:
        by_id[trial.detection.id].append(trial)
    with cases.staged(trials) as stage:
        cases.divide(stage)
        for detection in detections:
            if mine := list(choose(mutants(stage.engine, detection))):
                of = by_id[detection.id]
                found = (
                    _queries(stage, of, mine, every=every)
                    if detection.query
                    else _SHAPES[detection.shape](stage, of, mine)
                )
                yield from zip(mine, found, strict=True)


def _clauses(stage: Stage, trials: Sequence[Trial], mine: Sequence[Mutant]) -> list[set[str]]:
    """Catch mutants of plain clauses: all cases at once, an event meets a clause by itself."""
    return _caught(trials, _meeting(stage, trials, mine))


def _novelties(stage: Stage, trials: Sequence[Trial], mine: Sequence[Mutant]) -> list[set[str]]:
    """Catch mutants of `new`: what is new does not depend on the clause, so each case asks once what is."""
    anything = msgspec.structs.replace(trials[0].detection, where="true")
    fresh: set[str] = set()
    for trial in trials:
        cases.show(stage, trial)
        fresh |= set(evaluate(stage.engine, [anything], history=True).hits.column("event_id").to_pylist())
    return _caught(trials, [events & fresh for events in _meeting(stage, trials, mine)])


def _counts(stage: Stage, trials: Sequence[Trial], mine: Sequence[Mutant]) -> list[set[str]]:
    """Catch mutants of counts: one scan for all, a window for each; the cases lie weeks apart."""
    _show_all(stage, trials)
    stage.engine.execute(f"create or replace table matches as {sql.fused([mutant.detection for mutant in mine])}")
    hits = []
    for rule, mutant in enumerate(mine):
        assert mutant.detection.count
        text = sql.counted(mutant.detection.count, rule)
        hits.append({event for (event,) in stage.engine.rows(f"select event_id from ({text})")})
    return _caught(trials, hits)


def _queries(stage: Stage, trials: Sequence[Trial], mine: Sequence[Mutant], *, every: bool) -> list[set[str]]:
    """Catch mutants of queries: case after case, until one catches it."""
    caught: list[set[str]] = [set() for _ in mine]
    for trial in sorted(trials, key=lambda trial: len(trial.records)):
        cases.show(stage, trial)
        for mutant, names in zip(mine, caught, strict=True):
            if names and not every:
                continue
            try:
                rows = stage.engine.rows(f"select event_id from ({sql.queried(mutant.detection)})")
            except EngineError:
                names.add("it does not run")
                continue
            if bool({event for (event,) in rows} & trial.ids) is not trial.case.fires:
                names.add(trial.case.name)
    return caught


_SHAPES = {"where": _clauses, "new": _novelties, "count": _counts}


def _meeting(stage: Stage, trials: Sequence[Trial], mine: Sequence[Mutant]) -> list[set[str]]:
    _show_all(stage, trials)
    columns = ", ".join(f"list(event_id) filter (coalesce((\n{mutant.detection.where}\n), false))" for mutant in mine)
    (row,) = stage.engine.rows(f"select {columns} from scope")
    return [set(events or ()) for events in row]


def _show_all(stage: Stage, trials: Iterable[Trial]) -> None:
    stage.engine.execute("delete from case_events")
    ids = [event for trial in trials for event in trial.ids]
    stage.engine.execute("insert into case_events select unnest($ids)", ids=ids)


def _caught(trials: Sequence[Trial], hits: Sequence[set[str]]) -> list[set[str]]:
    return [
        {trial.case.name for trial in trials if bool(events & trial.ids) is not trial.case.fires} for events in hits
    ]


def _tree(engine: Engine, text: str) -> Node:
    tree: Node = json.loads(engine.rows("select json_serialize_sql($text::varchar)", text=text)[0][0])
    assert not tree["error"], tree
    return tree


def _with(engine: Engine, detection: Detection, tree: Node) -> Detection:
    text = engine.rows("select json_deserialize_sql($tree::json)", tree=json.dumps(tree))[0][0]
    if detection.query:
        return msgspec.structs.replace(detection, query=text)
    if detection.snapshot:
        return msgspec.structs.replace(detection, snapshot=text)
    return msgspec.structs.replace(detection, where=_inner(text))


def _inner(text: str) -> str:
    # The clause between the frame that `mutants` put around it.
    return text.removeprefix("SELECT ").removesuffix(' FROM "scope"')


def _leaves(tree: Any, *, whole: bool) -> Iterator[tuple[list[Any], bool]]:
    """Yield the path of every condition, and what leaves its conjunction as it is: true or false."""
    if not whole:
        yield from _parts(tree, ["statements", 0, "node", "select_list", 0], neutral=True)
        return
    for path in _filters(tree, []):
        yield from _parts(tree, path, neutral=True)


def _filters(node: Any, path: list[Any]) -> Iterator[list[Any]]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in _FILTERS and value:
                yield [*path, key]
            yield from _filters(value, [*path, key])
    elif isinstance(node, list):
        for place, value in enumerate(node):
            yield from _filters(value, [*path, place])


def _parts(tree: Any, path: list[Any], *, neutral: bool) -> Iterator[tuple[list[Any], bool]]:
    node = _at(tree, path)
    kind = node.get("type")
    if kind in _CONJUNCTIONS:
        for place in range(len(node["children"])):
            yield from _parts(tree, [*path, "children", place], neutral=_CONJUNCTIONS[kind])
    elif kind == "OPERATOR_NOT" and node["children"][0].get("type") in _CONJUNCTIONS:
        yield from _parts(tree, [*path, "children", 0], neutral=neutral)
    else:
        yield path, neutral


def _at(node: Any, path: Sequence[Any]) -> Any:
    for step in path:
        node = node[step]
    return node


def _dropped(engine: Engine, node: Node, *, neutral: bool) -> Node:
    kept: Node = _at(_tree(engine, f"select {str(neutral).lower()}"), ["statements", 0, "node", "select_list", 0])
    return {**kept, "alias": node.get("alias", "")}


def _negated(engine: Engine, node: Node, *, neutral: bool) -> Node:
    turned: Node = _at(_tree(engine, "select not coalesce(x, false)"), ["statements", 0, "node", "select_list", 0])
    turned["children"][0]["children"][0] = {**node, "alias": ""}
    return {**turned, "alias": node.get("alias", "")}


def _text(engine: Engine, part: Node) -> str:
    tree = _tree(engine, "select 1")
    tree["statements"][0]["node"]["select_list"] = [{**part["select_list"], "alias": ""}]
    return str(engine.rows("select json_deserialize_sql($tree::json)", tree=json.dumps(tree))[0][0]).removeprefix(
        "SELECT "
    )
