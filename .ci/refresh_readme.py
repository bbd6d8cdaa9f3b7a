"""Bring what the README shows of the demo up to date: python .ci/refresh_readme.py, then read the difference.

A shown line that is not real any more is replaced by the most similar real line after the one before it.
"""

from __future__ import annotations

import difflib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"


def main() -> None:
    """Run the demo and the Python of the README, and write what they print now."""
    text = README.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        real = _run(folder, "-m", "trailwatch", "demo", "--keep", "demo").splitlines()
        text = _replace(text, r"(<!-- digest: .*? -->\n```text\n)(.*?)(```\n)", lambda shown: _renewed(shown, real))
        code = re.search(r"<!-- python: .*? -->\n```python\n(.*?)```\n", text, re.DOTALL)
        if code is None:
            sys.exit("the README holds no Python block any more")
        printed = _run(folder, "-c", code[1])
        text = _replace(text, r"(<!-- python: .*?```\n\n```text\n)(.*?)(```\n)", lambda _: printed)
    README.write_text(text, encoding="utf-8")


def _run(folder: str, *arguments: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def _replace(text: str, pattern: str, renew: Callable[[str], str]) -> str:
    return re.sub(pattern, lambda found: found[1] + renew(found[2]) + found[3], text, count=1, flags=re.DOTALL)


def _renewed(shown: str, real: list[str]) -> str:
    lines, place = [], 0
    for line in shown.splitlines():
        if line == "…":
            lines.append(line)
            continue
        near = (
            line
            if line in real[place:]
            else (difflib.get_close_matches(line, real[place:], n=1, cutoff=0.0) or [""])[0]
        )
        at = real.index(near, place)
        if lines and lines[-1] != "…" and at != place:
            lines.append("…")
        lines.append(near)
        place = at + 1
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
