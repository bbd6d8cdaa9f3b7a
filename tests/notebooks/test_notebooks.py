"""Every notebook runs from top to bottom in a kernel of its own, and is kept without outputs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import trailwatch

ROOT = Path(__file__).parent.parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# In a process of its own: the loops and sockets of Jupyter warn, and warnings are errors here.
RUN = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=200, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[2])
"""


def _cells(path: Path) -> list[dict[str, Any]]:
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in found if cell["cell_type"] == "code"]


def _text(cell: dict[str, Any], kind: str) -> str:
    return "".join("".join(output.get("data", {}).get(kind, [])) for output in cell["outputs"])


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """The cells of every notebook, with what they showed."""
    folder = tmp_path_factory.mktemp("notebooks")
    # A kernel of this very Python, whatever is installed under the name elsewhere.
    spec = folder / "kernels" / "python3"
    spec.mkdir(parents=True)
    arguments = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": arguments, "display_name": "Python 3", "language": "python"}))
    environment = os.environ | {
        "PYTHONPATH": str(Path(trailwatch.__file__).parent.parent), "JUPYTER_PATH": str(folder),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"), "IPYTHONDIR": str(folder / "ipython"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }  # fmt: skip
    for path in NOTEBOOKS:
        done = subprocess.run(
            [sys.executable, "-c", RUN, path, folder / path.name],
            cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=280,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
    return {path.name: _cells(folder / path.name) for path in NOTEBOOKS}


def test_there_are_notebooks() -> None:
    assert "01-first-look.ipynb" in {path.name for path in NOTEBOOKS}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_kept_without_outputs(path) -> None:
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in _cells(path))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_runs_and_complains_of_nothing(path, executed) -> None:
    outputs = [output for cell in executed[path.name] for output in cell["outputs"]]
    assert outputs
    assert [output for output in outputs if output["output_type"] == "error" or output.get("name") == "stderr"] == []


def test_the_first_look_shows_the_story(executed) -> None:
    cells = executed["01-first-look.ipynb"]
    shown = ["".join("".join(output.get("text", [])) for output in cell["outputs"]) for cell in cells]
    assert re.search(r"\d\d,\d{3} events from", shown[0])
    pages = [_text(cell, "text/html") for cell in cells]
    assert pages[2].startswith("<iframe sandbox")
    assert "svc-reports" in pages[2]
    assert "admin" in pages[3]
    assert pages[4].startswith("<pre")
    assert "Europe/Berlin" in pages[4]
    assert "alice@example.com" in pages[5]
    assert "45.155.205.0/24" in pages[6]
    assert "times in UTC" in pages[6]
