"""What is fuzzed: how its inputs are made, and what must hold for each; only the project's own errors may come out."""

from __future__ import annotations

import contextlib
import json
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import exports
from fuzzing import seeds
from fuzzing.odd import EDITS, SPANS, TEXTS, VALUES, damaged, edited, toml
from hypothesis import strategies as some

from trailwatch import config
from trailwatch.detect.catalogue import from_sigma
from trailwatch.detect.detection import parse
from trailwatch.detect.laws import Bench, problems
from trailwatch.errors import TrailwatchError
from trailwatch.ingest import keys
from trailwatch.policy import document
from trailwatch.policy.evaluate import OUTCOMES, Policies, Request, applies, evaluate
from trailwatch.policy.patterns import Context
from trailwatch.snapshot import files, shape
from trailwatch.snapshot.export import Export, Passed, Unusable

SECONDS = 10.0  # of processor time, for one input; a bound on what is without end, not on what is slow
NOW = datetime(2026, 8, 1, tzinfo=UTC)


@dataclass
class Outcome:
    """What became of a set of inputs."""

    inputs: int = 0
    taken: int = 0
    refused: int = 0
    slowest: float = 0.0


@dataclass(frozen=True)
class Area:
    """One kind of input: where it comes from, and what reads it; the reader tells whether it was taken."""

    name: str
    inputs: some.SearchStrategy[Any] = field(repr=False)
    read: Callable[[Any], bool] = field(repr=False)
    outcome: Outcome = field(default_factory=Outcome, compare=False)

    def survive(self, given: Any) -> None:
        """Read one input; a refusal must say what, and where or what to try."""
        start = time.process_time()
        refusal: TrailwatchError | None = None
        taken = False
        try:
            taken = self.read(given)
        except TrailwatchError as error:
            refusal = error
        if refusal is not None:
            assert refusal.what
            assert refusal.where or refusal.hint, f"{refusal.what!r} says neither where nor what to try"
        spent = time.process_time() - start
        assert spent < SECONDS, f"{spent:.1f} s for one input"
        self.outcome.inputs += 1
        self.outcome.taken += taken
        self.outcome.refused += not taken
        self.outcome.slowest = max(self.outcome.slowest, round(spent, 3))


def _read_key(given: tuple[str, str]) -> bool:
    bucket, key = given
    place = keys.read(key)
    assert place.kind
    assert not place.account or (place.account.isdigit() and len(place.account) == 12)
    assert 0 <= keys.identify(bucket, key) < 2**63
    return place.day is not None


def _read_config(text: str) -> bool:
    with _file("trailwatch.toml", text) as path:
        found = config.load(str(path), environment={})
    found.aliases()
    return True


def _read_export(data: bytes) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "111122223333.json").write_bytes(data)
        found = list(files.exports(folder, now=NOW))
    for one in found:
        assert isinstance(one, Export | Passed)
        if isinstance(one, Export) and one.good:
            json.loads(one.body.encode("utf-8"))
        else:
            assert one.reason
    return any(isinstance(one, Export) and one.good for one in found)


@cache
def _bench() -> Bench:
    return Bench()


def _read_rule(text: str) -> bool:
    detection = parse(text, name="fuzzed", path="fuzzed.toml")
    found = problems(detection, _bench(), text=text)
    assert all(one.what and (one.where or one.detection) for one in found)
    return not found


def _read_sigma(text: str) -> bool:
    with _file("rule.yml", text) as path:
        made = from_sigma([path])
    for one in made:
        assert one.reason or one.detection
        if one.detection:
            problems(one.detection, _bench())
    return any(one.detection for one in made)


def _read_policy(given: tuple[str, document.Kind, tuple[str, str, dict[str, Any]]]) -> bool:
    text, kind, (action, resource, context) = given
    with contextlib.suppress(Unusable):
        shape.document(text)
    policy = document.parse(text, kind=kind)
    group = {"identity": (policy,), "boundary": (), "scp": (), "resource": ()}
    beside = {"boundary": "boundaries", "scp": "scps", "resource": "resource"}.get(kind)
    request = Request(action, resource, Context(context))
    verdict = evaluate(request, Policies(group[kind], **({beside: (policy,)} if beside else {})))
    assert verdict.outcome in OUTCOMES
    assert all(applies(statement, request) in (True, False, None) for statement in policy.statements)
    return True


@contextmanager
def _file(name: str, text: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
        yield path


def _tables(values: dict[str, Any]) -> str:
    return "\n".join(f"{json.dumps(str(key))} = {toml(value)}" for key, value in values.items())


PARTS = some.sampled_from(seeds.KEY_PARTS) | TEXTS
KEYS = some.one_of(
    some.lists(PARTS, max_size=12).map("/".join), some.lists(PARTS, max_size=12).map("_".join),
    some.builds(damaged, some.sampled_from(seeds.KEYS), SPANS),
)  # fmt: skip
CONFIGS = some.one_of(
    some.builds(edited, some.sampled_from([tomllib.loads(text) for text in seeds.CONFIGS]), EDITS).map(
        lambda made: _tables(made) if isinstance(made, dict) else toml(made)),
    some.builds(damaged, some.sampled_from(seeds.CONFIGS), SPANS),
)  # fmt: skip
EXPORTS = some.one_of(
    some.builds(edited, some.sampled_from(seeds.EXPORTS), EDITS).map(lambda made: json.dumps(made).encode()),
    some.builds(damaged, some.sampled_from([*map(json.dumps, seeds.EXPORTS), exports.REPORT]), SPANS).map(
        lambda made: made.encode("utf-8", "surrogatepass")),
)  # fmt: skip
RULES = some.one_of(
    some.builds(edited, some.sampled_from([tomllib.loads(text) for text in seeds.RULES]), EDITS).map(
        lambda made: _tables(made) if isinstance(made, dict) else toml(made)),
    some.builds(damaged, some.sampled_from(seeds.RULES), SPANS),
    some.builds(lambda clause, spans: seeds.rule(damaged(clause, spans)), some.sampled_from(seeds.CLAUSES), SPANS),
    some.builds(seeds.rule, some.sampled_from(seeds.CLAUSES), some.sampled_from(["where", "query", "snapshot"])),
)  # fmt: skip
SIGMA = some.one_of(
    some.builds(edited, some.sampled_from(seeds.SIGMA), EDITS).map(json.dumps),  # JSON is YAML
    some.builds(damaged, some.sampled_from(seeds.SIGMA_TEXTS), SPANS),
)  # fmt: skip
CONTEXTS = some.dictionaries(
    some.sampled_from(seeds.CONTEXT_KEYS) | TEXTS, some.lists(TEXTS, max_size=2).map(tuple), max_size=3
)
POLICIES = some.tuples(
    some.one_of(
        some.builds(edited, some.sampled_from(seeds.POLICIES), EDITS).map(json.dumps),
        some.builds(damaged, some.sampled_from(seeds.POLICIES).map(json.dumps), SPANS),
        some.builds(seeds.condition, some.sampled_from(seeds.OPERATORS) | TEXTS, some.sampled_from(seeds.CONTEXT_KEYS) | TEXTS, VALUES).map(json.dumps),
    ),
    some.sampled_from(["identity", "boundary", "scp", "resource"]),
    some.tuples(some.sampled_from(["s3:GetObject", "*", "\0"]) | TEXTS, TEXTS, CONTEXTS),
)  # fmt: skip

# How many inputs of each the campaign reads; 20,000 more are those of test_mutations.py, which damage log files.
AREAS = {
    Area("keys", some.tuples(TEXTS, KEYS), _read_key): 20_000,
    Area("configuration", CONFIGS, _read_config): 15_000,
    Area("snapshots", EXPORTS, _read_export): 15_000,
    Area("rules", RULES, _read_rule): 10_000,
    Area("sigma", SIGMA, _read_sigma): 5_000,
    Area("policies", POLICIES, _read_policy): 15_000,
}
