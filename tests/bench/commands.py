"""Commands of trailwatch in processes of their own, and what each cost."""

from __future__ import annotations

import json
import subprocess
import sys

COMMAND = """
import sys, time
begun = time.perf_counter()
from pathlib import Path
from trailwatch import cli
code = 0
try:
    cli.main()
except SystemExit as left:
    code = left.code or 0
# The peak of this program alone: ru_maxrss begins with that of the process that started it.
peak = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
figures = (time.perf_counter() - begun, time.process_time(), peak / 2**20, code)
print('{"seconds": %f, "processor": %f, "peak": %f, "code": %d}' % figures, file=sys.stderr)
"""


def ran(*words: str) -> dict[str, float]:
    """Run a command that must succeed, and return its seconds, those of the processor, and its peak in GB."""
    done = subprocess.run([sys.executable, "-c", COMMAND, *words], capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stderr.splitlines()[-1])
    assert not found["code"], done.stderr
    return found
