"""Commands of trailwatch in processes of their own, and what each cost."""

from __future__ import annotations

import json
import subprocess
import sys

COMMAND = """
import resource, sys, time
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
worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
figures = (time.perf_counter() - begun, time.process_time(), peak / 2**20, worker / 2**20, code)
print('{"seconds": %f, "processor": %f, "peak": %f, "worker": %f, "code": %d}' % figures, file=sys.stderr)
"""


def ran(*words: str) -> dict[str, float]:
    """Run a command that must succeed, and return its seconds, those of its own processor time, and its peak in GB.

    To the peak belong as many times that of the largest worker as it had workers.
    """
    done = subprocess.run([sys.executable, "-c", COMMAND, *words], capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stderr.splitlines()[-1])
    assert not found["code"], done.stderr
    if "--workers" in words:
        found["peak"] += int(words[words.index("--workers") + 1]) * found["worker"]
    return found
