"""The house: rooms in order, libraries in their rooms, files of a size that one reads in one go."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import trailwatch

PACKAGE = Path(trailwatch.__file__).parent
ROOMS = (
    "errors", "finding", "window", "config", "progress", "workers", "cluster",
    "actions", "practices", "aws",
    "engine", "store", "ingest", "verify", "snapshot", "profile", "detect", "model", "findings",
    "charts", "investigate", "policy", "digest", "sinks", "simulate", "scorecard", "upkeep", "doctor", "outlets", "api", "cli", "__main__", "__init__",
)  # fmt: skip
CONFINED = {
    "duckdb": ("engine.py",),
    "deltalake": ("store/",),
    "boto3": ("aws.py",),
    "botocore": ("aws.py",),
    "distributed": ("cluster.py",),
    "dask": ("cluster.py",),
    "sklearn": ("model/",),
    "altair": ("charts/",),
    "vl_convert": ("charts/",),
}
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "_sample_logs" not in path.parts)
RELATIONS = sorted((PACKAGE / "sql").glob("*.sql"))
TESTS = sorted(Path(__file__).parent.rglob("*.py"))
WRITTEN = [*FILES, *RELATIONS, *TESTS]


def _name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imports(path: Path) -> list[tuple[str, int]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    found = []
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{_name(path)}:{node.lineno}: a relative import hides its room"
            found.append((node.module or "", node.lineno))
            if node.module == "trailwatch":
                found += [(f"trailwatch.{alias.name}", node.lineno) for alias in node.names]
    return found


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_imports_point_up_the_list_of_rooms(path: Path) -> None:
    here = ROOMS.index(_room(path))
    for module, line in _imports(path):
        if module.startswith("trailwatch."):
            room = module.split(".")[1]
            assert room in ROOMS, f"{_name(path)}:{line}: {room} is no room"
            assert ROOMS.index(room) <= here, f"{_name(path)}:{line}: {_room(path)} must not know {room}"


def test_no_cycles_between_modules() -> None:
    names = {_module(path): path for path in FILES}
    edges = {
        name: {target for module, _ in _imports(path) for target in [module] if target in names and target != name}
        for name, path in names.items()
        if path.name != "__init__.py"
    }
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " → ".join((*trail[trail.index(name) :], name))
        if name not in done:
            for target in sorted(edges.get(name, ())):
                visit(target, (*trail, name))
            done.add(name)

    for name in sorted(edges):
        visit(name, ())


def _module(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_libraries_stay_in_their_rooms(path: Path) -> None:
    for module, line in _imports(path):
        allowed = CONFINED.get(module.split(".")[0])
        if allowed:
            assert _name(path).startswith(allowed), f"{_name(path)}:{line}: {module} belongs into {allowed}"


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_files_stay_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


def test_every_room_stands_on_the_map() -> None:
    rooms = {_room(path) for path in FILES} - {"__init__", "__main__"}
    map_ = trailwatch.__doc__ or ""
    assert not [room for room in sorted(rooms) if room not in map_]
